/* SPDX-License-Identifier: MIT */
/*
 * Links of requests that say nothing when they succeed, done by workers, timers and descriptors in turn: only the last of each link tells,
 * and whoever waits has to be woken by that, wherever it ran. A round is begun when the one before has ended: nothing else wakes anybody.
 */
#include <poll.h>

#include "stress.h"

static atomic_ulong begun, ended;
static struct io_uring ring;
static int pipes[2], file;
static struct __kernel_timespec short_time = { .tv_nsec = 50000 }, long_time = { .tv_sec = 3600 };
static char byte;

/* A request that succeeds by itself, or by the write that the main thread makes later (true). */
static bool prepare(struct io_uring_sqe *sqe, uint64_t r)
{
	switch (r % 6) {
	case 0:
		io_uring_prep_nop(sqe);
		return false;
	case 1:
		io_uring_prep_fsync(sqe, file, IORING_FSYNC_DATASYNC);
		return false;
	case 2:
		io_uring_prep_read(sqe, file, &byte, 1, 0);
		sqe->flags |= IOSQE_ASYNC;
		return false;
	case 3:
		io_uring_prep_timeout(sqe, &short_time, 0, IORING_TIMEOUT_ETIME_SUCCESS);
		return false;
	case 4:
		io_uring_prep_fadvise(sqe, file, 0, 0, POSIX_FADV_NORMAL);
		return false;
	default:
		io_uring_prep_poll_add(sqe, pipes[0], POLLIN);
		return true;
	}
}

static void *waits(void *arg)
{
	(void)arg;
	for (;;) {
		struct io_uring_cqe *cqe = cqe_of(&ring);
		uint64_t data = cqe->user_data;

		if (cqe->res < 0 && cqe->res != -ETIME && cqe->res != -ECANCELED)
			fail("request %llu: %s", (unsigned long long)data, strerror(-cqe->res));
		io_uring_cqe_seen(&ring, cqe);
		progress();
		if (data == 0)
			return NULL;
		atomic_fetch_add(&ended, 1);
	}
}

/* Seen by the other thread, or looked for by this one now and then: both are ways that programs go. */
static void await_end(void)
{
	while (atomic_load(&ended) < atomic_load(&begun))
		sched_yield();
}

static void one_round(uint64_t r)
{
	unsigned length = 2 + (unsigned)(r % 4);
	bool needs_write = false;
	struct io_uring_sqe *sqe = NULL;

	r >>= 3;
	for (unsigned i = 0; i < length; i++) {
		sqe = sqe_of(&ring);
		needs_write |= prepare(sqe, r >> 8 * i);
		sqe->user_data = 1;
		if (i < length - 1)
			sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	}
	atomic_fetch_add(&begun, 1);
	if (r >> 40 & 1) {
		/* A guard that is never needed ends with what it guards: one more completion. */
		sqe->flags |= IOSQE_IO_LINK;
		sqe = sqe_of(&ring);
		io_uring_prep_link_timeout(sqe, &long_time, 0);
		sqe->user_data = 1;
		atomic_fetch_add(&begun, 1);
	}
	OK(io_uring_submit(&ring));
	if (needs_write) {
		if (r >> 41 & 1)
			usleep(100);
		CHECK_EQ(write(pipes[1], "x", 1), 1);
	}
	await_end();
	if (needs_write)
		CHECK_EQ(read(pipes[0], &byte, 1), 1);
}

void run_chains(double seconds)
{
	double until = now_s() + seconds;
	uint64_t random = 5;
	struct io_uring_sqe *last;
	pthread_t waiter;
	unsigned rounds = 0;

	watch_count("begun", &begun);
	watch_count("ended", &ended);
	file = scratch_file(4096, 0);
	SYS(pipe2(pipes, O_CLOEXEC));
	ring_up(&ring, 32, 0, 0);
	waiter = start(waits, NULL);
	for (; now_s() < until; rounds++)
		one_round(random_u64(&random));
	last = sqe_of(&ring);
	io_uring_prep_nop(last);
	last->user_data = 0;
	OK(io_uring_submit(&ring));
	join(waiter);
	CHECK_EQ(atomic_load(&ended), atomic_load(&begun));
	ring_down(&ring);
	printf("     %u links\n", rounds);
}
