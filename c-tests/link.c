/* SPDX-License-Identifier: MIT */
/* Requests that depend on each other: links, hard links, drain; silent successes; requests sent to a worker; cancellation. */
#include "test.h"

#include <poll.h>
#include <sys/stat.h>

static struct io_uring_sqe *nop(struct io_uring *ring, uint64_t data, unsigned flags)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, flags);
	sqe->user_data = data;
	return sqe;
}

/* A request that is issued and fails. */
static struct io_uring_sqe *failing(struct io_uring *ring, uint64_t data, unsigned flags)
{
	static char byte;
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_read(sqe, -1, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, flags);
	sqe->user_data = data;
	return sqe;
}

static struct io_uring_sqe *pending_read(struct io_uring *ring, int fd, uint64_t data, unsigned flags)
{
	static char buf[64];
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_read(sqe, fd, buf, 1, 0);
	io_uring_sqe_set_flags(sqe, flags);
	sqe->user_data = data;
	return sqe;
}

/* ---- links --------------------------------------------------------------------------------------------------------------------- */

TEST(a_link_runs_in_order)
{
	struct io_uring ring;
	char byte = 'x';
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, IOSQE_IO_LINK);
	nop(&ring, 2, IOSQE_IO_LINK);
	nop(&ring, 3, 0);
	/* Beyond the end of the link: not held up. */
	nop(&ring, 4, 0);
	submit(&ring, 4);
	CHECK_EQ(reap_data(&ring, 4), 0);
	check_quiet(&ring);
	write_all(fds[1], &byte, 1);
	CHECK_EQ(reap_data(&ring, 1), 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	CHECK_EQ(reap_data(&ring, 3), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_failure_cancels_the_rest_of_its_link)
{
	struct answer a[4];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1, IOSQE_IO_LINK);
	failing(&ring, 2, IOSQE_IO_LINK);
	nop(&ring, 3, IOSQE_IO_LINK);
	nop(&ring, 4, 0);
	submit(&ring, 4);
	reap_sorted(&ring, a, 4);
	CHECK_EQ(a[0].res, 0);
	CHECK_EQ(a[1].res, -EBADF);
	CHECK_EQ(a[2].res, -ECANCELED);
	CHECK_EQ(a[3].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(a_short_read_breaks_a_link)
{
	struct io_uring_sqe *sqe;
	struct answer a[2];
	struct io_uring ring;
	char buf[100];
	int fd = file_with_pattern("f", 10);

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fd, buf, sizeof(buf), 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 1;
	nop(&ring, 2, 0);
	submit(&ring, 2);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, 10);
	CHECK_EQ(a[1].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(a_hard_link_goes_on_after_a_failure)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	failing(&ring, 1, IOSQE_IO_HARDLINK);
	failing(&ring, 2, IOSQE_IO_HARDLINK);
	nop(&ring, 3, 0);
	submit(&ring, 3);
	CHECK_EQ(reap_data(&ring, 1), -EBADF);
	CHECK_EQ(reap_data(&ring, 2), -EBADF);
	CHECK_EQ(reap_data(&ring, 3), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_request_refused_at_submission_takes_its_link_with_it)
{
	struct answer a[3];
	struct io_uring ring;

	ring_up(&ring, 8, IORING_SETUP_SUBMIT_ALL);
	nop(&ring, 1, IOSQE_IO_LINK);
	nop(&ring, 2, IOSQE_IO_LINK)->opcode = 254;
	nop(&ring, 3, 0);
	submit(&ring, 3);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -EINVAL);
	CHECK_EQ(a[2].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(the_end_of_a_submission_ends_a_link)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, IOSQE_IO_LINK);
	submit(&ring, 1);
	nop(&ring, 2, 0);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap_data(&ring, 1), 1);
	io_uring_queue_exit(&ring);
}

TEST(data_passes_along_a_link)
{
	enum { SIZE = 8192 };
	static unsigned char buf[SIZE], back[SIZE];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int from = file_with_pattern("from", SIZE), to = file_empty("to");

	ring_up(&ring, 8, 0);
	for (int async = 0; async < 2; async++) {
		memset(buf, 0, SIZE);
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, from, buf, SIZE, 0);
		sqe->flags |= IOSQE_IO_LINK | (async ? IOSQE_ASYNC : 0);
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_write(sqe, to, buf, SIZE, async * SIZE);
		sqe->user_data = 2;
		submit(&ring, 2);
		CHECK_EQ(reap_data(&ring, 1), SIZE);
		CHECK_EQ(reap_data(&ring, 2), SIZE);
		CHECK_EQ(pread(to, back, SIZE, async * SIZE), SIZE);
		check_pattern(back, SIZE, 0);
	}
	io_uring_queue_exit(&ring);
}

/* ---- drain --------------------------------------------------------------------------------------------------------------------- */

TEST(a_drained_request_waits_for_all_before_it_and_holds_all_after_it)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, 0);
	nop(&ring, 2, IOSQE_IO_DRAIN);
	nop(&ring, 3, 0);
	submit(&ring, 3);
	check_quiet(&ring);
	nop(&ring, 4, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap_data(&ring, 1), 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	{
		struct answer a[2];

		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[0].data, 3);
		CHECK_EQ(a[1].data, 4);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_drained_request_with_nothing_before_it_runs_at_once)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 10; i++) {
		nop(&ring, i, IOSQE_IO_DRAIN);
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	io_uring_queue_exit(&ring);
}

/* ---- silence ------------------------------------------------------------------------------------------------------------------- */

TEST(a_silent_success_posts_nothing_and_a_failure_does)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1, IOSQE_CQE_SKIP_SUCCESS);
	nop(&ring, 2, 0);
	failing(&ring, 3, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 3);
	{
		struct answer a[2];

		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[0].data, 2);
		CHECK_EQ(a[0].res, 0);
		CHECK_EQ(a[1].data, 3);
		CHECK_EQ(a[1].res, -EBADF);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_silent_request_that_fails_hushes_the_rest_of_its_link)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	failing(&ring, 1, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	nop(&ring, 2, IOSQE_IO_LINK);
	nop(&ring, 3, 0);
	submit(&ring, 3);
	CHECK_EQ(reap_data(&ring, 1), -EBADF);
	check_quiet(&ring);
	/* One that speaks, in front of one that does not. */
	failing(&ring, 1, IOSQE_IO_LINK);
	nop(&ring, 2, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	nop(&ring, 3, 0);
	submit(&ring, 3);
	CHECK_EQ(reap_data(&ring, 1), -EBADF);
	CHECK_EQ(reap_data(&ring, 2), -ECANCELED);
	CHECK_EQ(reap_data(&ring, 3), -ECANCELED);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(silence_and_drain_do_not_go_together)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1, IOSQE_IO_DRAIN | IOSQE_CQE_SKIP_SUCCESS);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
	/* Nor one after the other. */
	ring_up(&ring, 8, 0);
	nop(&ring, 1, IOSQE_IO_DRAIN);
	CHECK_EQ(run_one(&ring), 0);
	nop(&ring, 1, IOSQE_CQE_SKIP_SUCCESS);
	submit(&ring, 1);
	nop(&ring, 1, IOSQE_IO_DRAIN);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

/* ---- workers ------------------------------------------------------------------------------------------------------------------- */

TEST(requests_forced_to_a_worker_complete_alike)
{
	enum { N = 64 };
	static unsigned char buf[N][256];
	struct answer a[N];
	struct io_uring ring;
	int fd = file_with_pattern("f", N * 256);

	ring_up(&ring, N, 0);
	for (int i = 0; i < N; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_read(sqe, fd, buf[i], 256, i * 256);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
		sqe->user_data = i;
	}
	submit(&ring, N);
	reap_sorted(&ring, a, N);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(a[i].data, i);
		CHECK_EQ(a[i].res, 256);
	}
	check_pattern(buf, sizeof(buf), 0);
	nop(&ring, 1, IOSQE_ASYNC);
	CHECK_EQ(run_one(&ring), 0);
	failing(&ring, 1, IOSQE_ASYNC);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- cancellation --------------------------------------------------------------------------------------------------------------- */

static int cancel_by_data(struct io_uring *ring, uint64_t data, int flags)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_cancel64(sqe, data, flags);
	sqe->user_data = 1000;
	submit(ring, 1);
	return 0;
}

TEST(a_pending_request_is_cancelled_by_its_data)
{
	struct answer a[2];
	struct io_uring ring;
	int fds[2], here;

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, 0);
	submit(&ring, 1);
	cancel_by_data(&ring, 1, 0);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	cancel_by_data(&ring, 1, 0);
	CHECK_EQ(reap_data(&ring, 1000), -ENOENT);
	/* By pointer. */
	pending_read(&ring, fds[0], (uintptr_t)&here, 0);
	submit(&ring, 1);
	io_uring_prep_cancel(sqe_of(&ring), &here, 0);
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, 0);
	CHECK_EQ(a[1].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(cancelled_data_stays_in_the_pipe)
{
	struct answer a[2];
	struct io_uring ring;
	char byte = 0;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, 0);
	submit(&ring, 1);
	cancel_by_data(&ring, 1, 0);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	write_all(fds[1], "y", 1);
	read_all(fds[0], &byte, 1);
	CHECK_EQ(byte, 'y');
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(all_requests_of_a_kind_are_cancelled_and_counted)
{
	struct answer a[5];
	struct io_uring ring;
	int one[2], other[2];
	struct io_uring_sqe *sqe;

	pipe_up(one);
	pipe_up(other);
	ring_up(&ring, 16, 0);
	need_kernel_with(IORING_OP_SOCKET, "cancellation by descriptor");
	/* By descriptor. */
	pending_read(&ring, one[0], 1, 0);
	pending_read(&ring, one[0], 2, 0);
	pending_read(&ring, other[0], 3, 0);
	submit(&ring, 3);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel_fd(sqe, one[0], IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = 1000;
	submit(&ring, 1);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ECANCELED);
	CHECK_EQ(a[2].res, 2);
	check_quiet(&ring);
	/* By descriptor, the first alone. */
	sqe = sqe_of(&ring);
	io_uring_prep_cancel_fd(sqe, other[0], 0);
	sqe->user_data = 1000;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].data, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	/* By data, several of the same. */
	pending_read(&ring, one[0], 5, 0);
	pending_read(&ring, other[0], 5, 0);
	pending_read(&ring, other[0], 6, 0);
	submit(&ring, 3);
	cancel_by_data(&ring, 5, IORING_ASYNC_CANCEL_ALL);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ECANCELED);
	CHECK_EQ(a[2].res, 2);
	/* Everything. */
	pending_read(&ring, one[0], 7, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_add(sqe, one[0], POLLIN);
	sqe->user_data = 8;
	submit(&ring, 2);
	cancel_by_data(&ring, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	reap_sorted(&ring, a, 4);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(a[i].data, 6 + i);
		CHECK_EQ(a[i].res, -ECANCELED);
	}
	CHECK_EQ(a[3].res, 3);
	/* All of none is no error. */
	cancel_by_data(&ring, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
	CHECK_EQ(reap_data(&ring, 1000), 0);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(requests_are_cancelled_by_their_opcode)
{
	struct io_uring_sqe *sqe;
	struct answer a[2];
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	need_kernel_with(IORING_OP_FUTEX_WAIT, "cancellation by opcode");
	pending_read(&ring, fds[0], 1, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_add(sqe, fds[0], POLLIN);
	sqe->user_data = 2;
	submit(&ring, 2);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_OP);
	sqe->len = IORING_OP_POLL_ADD;
	sqe->user_data = 1000;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].data, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_request_waiting_behind_a_link_is_cancelled_with_its_head)
{
	struct answer a[3];
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	pending_read(&ring, fds[0], 1, IOSQE_IO_LINK);
	nop(&ring, 2, 0);
	submit(&ring, 2);
	cancel_by_data(&ring, 1, 0);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ECANCELED);
	CHECK_EQ(a[2].res, 0);
	io_uring_queue_exit(&ring);
}

TEST(bad_cancellations_are_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	io_uring_prep_cancel64(sqe_of(&ring), 1, 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_cancel64(sqe_of(&ring), 1, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_cancel_fd(sqe_of(&ring), NO_FD, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->off = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- the end of a ring ------------------------------------------------------------------------------------------------------- */

TEST(what_has_not_begun_when_its_ring_ends_never_does)
{
	struct __kernel_timespec ts = timespec_ms(1000000);
	int fd = file_with_pattern("f", 0), fds[2];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct stat st;

	pipe_up(fds);
	/* Behind a timeout whose end does not break the link. */
	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->flags = IOSQE_IO_HARDLINK;
	io_uring_prep_write(sqe_of(&ring), fd, "link", 4, 0);
	submit(&ring, 2);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
	/* Behind a poll that it was to wait for. */
	ring_up(&ring, 8, 0);
	io_uring_prep_poll_add(sqe_of(&ring), fds[0], POLLIN);
	sqe = sqe_of(&ring);
	io_uring_prep_write(sqe, fd, "drain", 5, 0);
	sqe->flags = IOSQE_IO_DRAIN;
	submit(&ring, 2);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
	/* The kernel ends its rings in the background. */
	usleep(100000);
	SYS(fstat(fd, &st));
	CHECK_EQ(st.st_size, 0);
}
