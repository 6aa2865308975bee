/* SPDX-License-Identifier: MIT */
/*
 * A million requests on one ring, in groups: each group says how many completions it will bring. After a tenth of them memory and descriptors
 * are measured, and again at the end.
 */
#include <poll.h>

#include "stress.h"

enum { REQUESTS = 1000000, MOST_UNDER_WAY = 500, GROWTH_KIB = 1024 };

static struct io_uring ring;
static atomic_ulong handed_in, came_back;
static int file, pipes[2], idle[2];
static char buffer[4096];
static struct __kernel_timespec at_once = { .tv_nsec = 1000 }, never = { .tv_sec = 36000 };
static uint64_t names;

enum { MAY_FAIL = 1 };

static struct io_uring_sqe *next(unsigned flags)
{
	struct io_uring_sqe *sqe = sqe_of(&ring);

	sqe->user_data = flags;
	atomic_fetch_add(&handed_in, 1);
	return sqe;
}

/* Prepares a group: it has to come out whole, so there is room for eight SQEs. */
static void group(uint64_t r)
{
	struct io_uring_sqe *sqe;

	if (io_uring_sq_space_left(&ring) < 8)
		OK(io_uring_submit(&ring));
	switch (r % 9) {
	case 0:
		io_uring_prep_nop(next(0));
		break;
	case 1:
		io_uring_prep_read(next(0), file, buffer, 512, r >> 8 & 0xff00);
		break;
	case 2:
		io_uring_prep_write(next(0), file, buffer + 512, 512, r >> 8 & 0xff00);
		break;
	case 3:
		/* A read that waits, then what it waits for. */
		io_uring_prep_read(next(0), pipes[0], buffer + 1024, 1, 0);
		io_uring_prep_write(next(0), pipes[1], "x", 1, 0);
		break;
	case 4:
		/* A poll that waits, and its end. */
		sqe = next(MAY_FAIL);
		io_uring_prep_poll_add(sqe, idle[0], POLLIN);
		sqe->user_data |= ++names << 8;
		sqe = next(0);
		io_uring_prep_cancel64(sqe, names << 8 | MAY_FAIL, 0);
		break;
	case 5:
		io_uring_prep_timeout(next(MAY_FAIL), &at_once, 0, 0);
		break;
	case 6:
		sqe = next(MAY_FAIL);
		io_uring_prep_timeout(sqe, &never, 0, 0);
		sqe->user_data |= ++names << 8;
		io_uring_prep_timeout_remove(next(0), names << 8 | MAY_FAIL, 0);
		break;
	case 7:
		/* A link that holds, with a guard. */
		sqe = next(0);
		io_uring_prep_nop(sqe);
		sqe->flags |= IOSQE_IO_LINK;
		sqe = next(0);
		io_uring_prep_read(sqe, file, buffer + 2048, 256, 0);
		sqe->flags |= IOSQE_IO_LINK | (r >> 20 & 1 ? IOSQE_ASYNC : 0);
		io_uring_prep_link_timeout(next(MAY_FAIL), &never, 0);
		break;
	default:
		/* One that breaks, and a poll that a linked timeout ends: the kernel looks for it by its data, so that has to be its own. */
		sqe = next(MAY_FAIL);
		io_uring_prep_read(sqe, -1, buffer, 1, 0);
		sqe->flags |= IOSQE_IO_LINK;
		io_uring_prep_nop(next(MAY_FAIL));
		sqe = next(MAY_FAIL);
		io_uring_prep_poll_add(sqe, idle[0], POLLIN);
		sqe->user_data |= ++names << 8;
		sqe->flags |= IOSQE_IO_LINK;
		io_uring_prep_link_timeout(next(MAY_FAIL), &at_once, 0);
		break;
	}
}

static void reap_to(unsigned long most)
{
	while (atomic_load(&handed_in) - atomic_load(&came_back) > most) {
		struct io_uring_cqe *cqe = cqe_of(&ring);

		if (cqe->res < 0 && !(cqe->user_data & MAY_FAIL))
			fail("a request that has to work: %s", strerror(-cqe->res));
		io_uring_cqe_seen(&ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
}

void run_million(double seconds)
{
	unsigned long resident = 0, requests = REQUESTS;
	unsigned open_then = 0;
	double until = now_s() + seconds;
	uint64_t random = 9;

	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	file = scratch_file(1 << 20, 0);
	SYS(pipe2(pipes, O_CLOEXEC));
	SYS(pipe2(idle, O_CLOEXEC));
	ring_up(&ring, 128, 2048, 0);
	while (atomic_load(&handed_in) < requests || now_s() < until) {
		for (int i = 0; i < 16; i++)
			group(random_u64(&random));
		OK(io_uring_submit(&ring));
		reap_to(MOST_UNDER_WAY);
		if (!resident && atomic_load(&handed_in) >= requests / 10) {
			reap_to(0);
			resident = resident_kib();
			open_then = descriptors();
		}
	}
	reap_to(0);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(atomic_load(&came_back), atomic_load(&handed_in));
	no_descriptor_left(open_then);
	if (resident_kib() > resident + GROWTH_KIB)
		fail("memory has grown from %lu KiB to %lu KiB", resident, resident_kib());
	printf("     %lu requests, %lu KiB then, %lu KiB now\n", atomic_load(&came_back), resident, resident_kib());
	ring_down(&ring);
}
