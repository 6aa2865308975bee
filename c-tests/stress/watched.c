/* SPDX-License-Identifier: MIT */
/* Programs with an event loop of their own: they sleep on a registered eventfd, or in epoll on the ring's descriptor, and never in the library. */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "stress.h"

enum { PIPES = 8 };

static struct io_uring ring;
static int file, pipes[PIPES][2];
static atomic_int owed[PIPES];
static atomic_bool stop;
static atomic_ulong handed_in, came_back, wakes;
static char bytes[PIPES], block[512];
static struct __kernel_timespec soon = { .tv_nsec = 200000 };

/* Writes what reads wait for, a little later. */
static void *writes(void *arg)
{
	uint64_t random = 3;

	(void)arg;
	while (!atomic_load(&stop)) {
		for (int i = 0; i < PIPES; i++) {
			if (atomic_load(&owed[i]) == 0)
				continue;
			if (random_u64(&random) & 1)
				usleep(50);
			atomic_fetch_sub(&owed[i], 1);
			CHECK_EQ(write(pipes[i][1], "x", 1), 1);
		}
		sched_yield();
	}
	return NULL;
}

/* One request: of those that are done at once, or by a worker; or of those also that wait for a pipe or for time. */
static void request(uint64_t r, bool may_wait)
{
	struct io_uring_sqe *sqe = sqe_of(&ring);
	unsigned pipe = (unsigned)(r >> 8) % PIPES;

	switch (r % (may_wait ? 6 : 4)) {
	case 0:
	case 1:
		io_uring_prep_nop(sqe);
		break;
	case 2:
		io_uring_prep_read(sqe, file, block, sizeof(block), 0);
		sqe->flags |= IOSQE_ASYNC;
		break;
	case 3:
		io_uring_prep_fadvise(sqe, file, 0, 0, POSIX_FADV_NORMAL);
		break;
	case 4:
		io_uring_prep_read(sqe, pipes[pipe][0], &bytes[pipe], 1, 0);
		atomic_fetch_add(&owed[pipe], 1);
		break;
	default:
		io_uring_prep_timeout(sqe, &soon, 0, IORING_TIMEOUT_ETIME_SUCCESS);
		break;
	}
	atomic_fetch_add(&handed_in, 1);
}

static void seen(const struct io_uring_cqe *cqe)
{
	if (cqe->res < 0 && cqe->res != -ETIME)
		fail("a request: %s", strerror(-cqe->res));
	atomic_fetch_add(&came_back, 1);
	progress();
}

/* Looks into the library until it has nothing. */
static void drain(void)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&ring, &cqe) == 0) {
		seen(cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
}

/* Looks at the CQ's memory only. */
static void drain_memory(void)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&ring, head, cqe) {
		seen(cqe);
		n++;
	}
	io_uring_cq_advance(&ring, n);
}

/* Until all that was handed in has come back, and everybody sleeps as long as it takes. */
static void loop(double seconds, bool may_wait, bool memory_only, int (*sleeps)(int), int fd)
{
	double until = now_s() + seconds;
	uint64_t random = 17;

	while (now_s() < until) {
		unsigned n = 1 + (unsigned)(random_u64(&random) % 12);

		for (unsigned i = 0; i < n; i++)
			request(random_u64(&random), may_wait);
		OK(io_uring_submit(&ring));
		while (atomic_load(&came_back) < atomic_load(&handed_in)) {
			CHECK(sleeps(fd) > 0);
			atomic_fetch_add(&wakes, 1);
			if (memory_only)
				drain_memory();
			else
				drain();
		}
	}
}

static pthread_t up(void)
{
	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	watch_count("wakes", &wakes);
	file = scratch_file(4096, 0);
	for (int i = 0; i < PIPES; i++)
		SYS(pipe2(pipes[i], O_CLOEXEC));
	return start(writes, NULL);
}

static void down(pthread_t writer)
{
	atomic_store(&stop, true);
	join(writer);
	printf("     %lu requests, %lu wakes\n", atomic_load(&came_back), atomic_load(&wakes));
}

static int sleeps_on_eventfd(int fd)
{
	uint64_t count = 0;

	ssize_t len = read(fd, &count, sizeof(count));

	/* A worker of the kernel's that is made on this thread ends the wait like a signal. */
	return (len < 0 && errno == EINTR) || (len == sizeof(count) && count > 0);
}

void run_eventfds(double seconds)
{
	pthread_t writer = up();

	for (int memory_only = 0; memory_only < 2; memory_only++) {
		int fd = (int)SYS(eventfd(0, EFD_CLOEXEC));

		ring_up(&ring, 64, 0, 0);
		OK(io_uring_register_eventfd(&ring, fd));
		loop(seconds / 2, true, memory_only, sleeps_on_eventfd, fd);
		CHECK_EQ(io_uring_cq_ready(&ring), 0);
		OK(io_uring_unregister_eventfd(&ring));
		ring_down(&ring);
		close(fd);
	}
	down(writer);
}

static int sleeps_in_epoll(int fd)
{
	struct epoll_event event;

	/* A worker of the kernel's that is made on this thread ends the wait like a signal. */
	int n = epoll_wait(fd, &event, 1, -1);

	return n < 0 && errno == EINTR ? 1 : n;
}

void run_watched(double seconds)
{
	static const struct {
		unsigned events;
		bool may_wait, memory_only;
	} ways[] = {
		{ EPOLLIN, true, false },
		{ EPOLLIN | EPOLLET, true, false },
		{ EPOLLIN | EPOLLET, false, true },
		{ EPOLLIN | EPOLLET, true, true },
	};
	pthread_t writer = up();

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct epoll_event event = { .events = ways[i].events };
		int fd = (int)SYS(epoll_create1(EPOLL_CLOEXEC));

		ring_up(&ring, 64, 0, 0);
		SYS(epoll_ctl(fd, EPOLL_CTL_ADD, ring.ring_fd, &event));
		loop(seconds / 4, ways[i].may_wait, ways[i].memory_only, sleeps_in_epoll, fd);
		CHECK_EQ(io_uring_cq_ready(&ring), 0);
		ring_down(&ring);
		close(fd);
	}
	down(writer);
}
