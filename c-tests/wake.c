/* SPDX-License-Identifier: MIT */
/* Whoever sleeps is woken: by what follows a silent request, by the end of a splice that was not ready, by what completes at submission, by a signal. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/stat.h>

enum { PROMPT_MS = 10000 };

static void *opens_fifo(void *arg)
{
	sleep_ms(100);
	close((int)SYS(open(arg, O_WRONLY)));
	return NULL;
}

/* A silent request that takes a tenth of a second: to open a FIFO. The next one prepared is linked behind it. */
static pthread_t silent_first(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = sqe_of(ring);
	pthread_t opener;

	SYS(mkfifo("fifo", 0600));
	io_uring_prep_openat(sqe, AT_FDCWD, "fifo", O_RDONLY, 0);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK;
	sqe->user_data = 1;
	CHECK_EQ(pthread_create(&opener, NULL, opens_fifo, "fifo"), 0);
	return opener;
}

TEST(what_follows_a_silent_request_wakes_the_waiter)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	pthread_t opener;

	ring_up(&ring, 8, 0);
	opener = silent_first(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 2;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 2), 0);
	pthread_join(opener, NULL);
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_behind_a_silent_request_wakes_the_waiter)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	pthread_t opener;

	ring_up(&ring, 8, 0);
	opener = silent_first(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->user_data = 2;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 2), -ETIME);
	pthread_join(opener, NULL);
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_behind_a_silent_request_makes_the_ring_readable)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct pollfd pfd;
	pthread_t opener;

	ring_up(&ring, 8, 0);
	opener = silent_first(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->user_data = 2;
	submit(&ring, 2);
	pfd = (struct pollfd){ .fd = ring.ring_fd, .events = POLLIN };
	do
		CHECK_EQ(poll(&pfd, 1, PROMPT_MS), 1);
	while (io_uring_peek_cqe(&ring, &cqe) == -EAGAIN);
	CHECK_EQ(cqe->res, -ETIME);
	pthread_join(opener, NULL);
	io_uring_queue_exit(&ring);
}

static void *fills_then_drains(void *arg)
{
	int *fds = arg;
	char page[4096];

	sleep_ms(50);
	CHECK_EQ(write(fds[1], "data", 4), 4);
	sleep_ms(50);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(read(fds[2], page, sizeof(page)), sizeof(page));
	return NULL;
}

TEST(a_splice_waits_for_one_end_and_then_for_the_other)
{
	int fds[4], size;
	struct io_uring ring;
	pthread_t thread;
	char page[4096] = { 0 };

	pipe_up(fds);
	pipe_up(fds + 2);
	size = (int)SYS(fcntl(fds[3], F_SETPIPE_SZ, 65536));
	for (int i = 0; i < size; i += 4096)
		CHECK_EQ(write(fds[3], page, sizeof(page)), sizeof(page));
	ring_up(&ring, 8, 0);
	io_uring_prep_splice(sqe_of(&ring), fds[0], -1, fds[3], -1, 4, 0);
	submit(&ring, 1);
	CHECK_EQ(pthread_create(&thread, NULL, fills_then_drains, fds), 0);
	CHECK_EQ(reap(&ring).res, 4);
	pthread_join(thread, NULL);
	CHECK_EQ(read(fds[2], page, sizeof(page)), 4);
	CHECK_MEM(page, "data", 4);
	io_uring_queue_exit(&ring);
}

/* ---- completions that are there when the submission returns -------------------------------------------------------------------- */

static int watch(const struct io_uring *ring, unsigned events)
{
	struct epoll_event ev = { .events = events };
	int ep = (int)SYS(epoll_create1(EPOLL_CLOEXEC));

	SYS(epoll_ctl(ep, EPOLL_CTL_ADD, ring->ring_fd, &ev));
	return ep;
}

static void nops(struct io_uring *ring, int n)
{
	for (int i = 0; i < n; i++)
		io_uring_prep_nop(sqe_of(ring));
	submit(ring, n);
}

static void edges_of_submissions(bool only_reads_memory)
{
	struct epoll_event got;
	struct io_uring ring;
	int ep;

	ring_up(&ring, 8, 0);
	ep = watch(&ring, EPOLLIN | EPOLLET);
	for (int round = 0; round < 20; round++) {
		struct io_uring_cqe *cqe;
		unsigned head, n = 0;

		nops(&ring, 3);
		CHECK_EQ(epoll_wait(ep, &got, 1, PROMPT_MS), 1);
		if (only_reads_memory) {
			io_uring_for_each_cqe(&ring, head, cqe)
				n++;
			io_uring_cq_advance(&ring, n);
		} else {
			for (; io_uring_peek_cqe(&ring, &cqe) == 0; n++)
				io_uring_cqe_seen(&ring, cqe);
		}
		CHECK_EQ(n, 3);
	}
	close(ep);
	io_uring_queue_exit(&ring);
}

TEST(an_edge_triggered_watcher_that_drains_hears_of_every_submission)
{
	edges_of_submissions(false);
}

TEST(an_edge_triggered_watcher_that_only_reads_memory_hears_of_every_submission)
{
	edges_of_submissions(true);
}

/* ---- several threads wait and a signal comes to each ---------------------------------------------------------------------------- */

struct sleeper {
	struct io_uring *ring;
	pthread_t thread;
	int ret;
	bool over;
};

static void *sleeps(void *arg)
{
	struct sleeper *s = arg;
	struct io_uring_cqe *cqe;

	s->ret = io_uring_wait_cqe(s->ring, &cqe);
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void nothing(int sig)
{
	(void)sig;
}

static void signal_ends_each_wait(int flags)
{
	struct sigaction act = { .sa_handler = nothing, .sa_flags = flags };
	struct sleeper sleepers[4];
	struct io_uring ring;

	SYS(sigaction(SIGUSR1, &act, NULL));
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++) {
		sleepers[i] = (struct sleeper){ .ring = &ring };
		CHECK_EQ(pthread_create(&sleepers[i].thread, NULL, sleeps, &sleepers[i]), 0);
	}
	sleep_ms(100);
	/* Last come, first gone: those that sleep behind another thread are asked first. */
	for (int i = 3; i >= 0; i--) {
		for (int ms = 0; ms < PROMPT_MS && !__atomic_load_n(&sleepers[i].over, __ATOMIC_ACQUIRE); ms += 20) {
			CHECK_EQ(pthread_kill(sleepers[i].thread, SIGUSR1), 0);
			sleep_ms(20);
		}
		CHECK(__atomic_load_n(&sleepers[i].over, __ATOMIC_ACQUIRE));
		CHECK_EQ(sleepers[i].ret, -EINTR);
		pthread_join(sleepers[i].thread, NULL);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_signal_ends_the_wait_of_each_thread)
{
	signal_ends_each_wait(0);
}

TEST(a_signal_ends_the_wait_of_each_thread_where_its_handler_restarts_calls_too)
{
	signal_ends_each_wait(SA_RESTART);
}
