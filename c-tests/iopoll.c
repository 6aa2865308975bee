/* SPDX-License-Identifier: MIT */
/* Rings that poll for the end of I/O instead of being told. */
#include "test.h"

enum { BLOCK = 4096, N = 16 };

static int direct_file(void)
{
	int fd;

	close(file_with_pattern("f", N * BLOCK));
	fd = open("f", O_RDWR | O_DIRECT);
	if (fd < 0)
		test_skip("the file system of the temporary directory has no direct I/O: %s", strerror(errno));
	return fd;
}

static void iopoll_reads(unsigned flags)
{
	unsigned char *buf = (unsigned char *)pages(N * BLOCK);
	struct io_uring_sqe first;
	struct io_uring ring;
	int fd = direct_file();

	memset(&first, 0, sizeof(first));
	io_uring_prep_read(&first, fd, buf, BLOCK, 0);
	ring_up_or_skip(&ring, N, flags);
	for (int i = 0; i < N; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_read(sqe, fd, buf + i * BLOCK, BLOCK, i * BLOCK);
		sqe->user_data = i;
	}
	CHECK_EQ(io_uring_submit(&ring), N);
	for (int i = 0; i < N; i++) {
		struct answer a = reap(&ring);

		/* Without poll queues in its driver the kernel refuses the reads. */
		if (a.res == -EOPNOTSUPP && raw_run(flags, &first) == -EOPNOTSUPP)
			test_skip("the device of the temporary directory cannot be polled");
		CHECK_EQ(a.res, BLOCK);
	}
	check_pattern(buf, N * BLOCK, 0);
	io_uring_queue_exit(&ring);
}

TEST(polled_reads_complete_when_they_are_looked_for)
{
	iopoll_reads(IORING_SETUP_IOPOLL);
}

TEST(hybrid_polling_completes_as_well)
{
	iopoll_reads(IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL);
}

TEST(what_cannot_be_polled_is_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up_or_skip(&ring, 8, IORING_SETUP_IOPOLL);
	/* A pipe has no polling; a poll request is no I/O. */
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, 8, 0);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_add(sqe, fds[0], 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	/* Buffered I/O cannot either. */
	io_uring_prep_read(sqe_of(&ring), file_with_pattern("g", 8), buf, 8, 0);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

TEST(what_is_no_input_or_output_is_refused_unseen)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int sv[2];

	tcp_pair(sv);
	ring_up_or_skip(&ring, 8, IORING_SETUP_IOPOLL);
	/* A path that cannot be read, and a second completion that nobody gets. */
	io_uring_prep_mkdirat(sqe_of(&ring), AT_FDCWD, (const char *)8, 0700);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_send_zc(sqe_of(&ring), sv[0], "1234", 4, 0, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, -EINVAL);
	CHECK_EQ(a.flags, 0);
	check_quiet(&ring);
	/* A command is refused when its turn comes, which ends no submission. */
	for (int async = 0; async < 2; async++) {
		sqe = sqe_of(&ring);
		io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SIOCINQ, sv[0], 0, 0, NULL, 0);
		sqe->flags |= async ? IOSQE_ASYNC : 0;
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		sqe->user_data = 2;
		submit(&ring, 2);
		for (int i = 0; i < 2; i++) {
			a = reap(&ring);
			CHECK_EQ(a.res, a.data == 1 ? -EOPNOTSUPP : 0);
		}
	}
	/* Flags that contradict each other come before what cannot be polled. */
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, sv[0], NULL, 0, 0);
	sqe->rw_flags = 0x30;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_polling_ring_has_nothing_when_nothing_was_asked)
{
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;

	ring_up_or_skip(&ring, 8, IORING_SETUP_IOPOLL);
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	CHECK_PTR(cqe, NULL);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	io_uring_queue_exit(&ring);
}
