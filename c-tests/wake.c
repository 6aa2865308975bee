/* SPDX-License-Identifier: MIT */
/* Whoever sleeps is woken: by what follows a silent request too. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
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
