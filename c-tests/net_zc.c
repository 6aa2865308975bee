/* SPDX-License-Identifier: MIT */
/* Sends without a copy: two completions for one request, the second when the data is no longer needed. */
#include "test.h"

#include <sys/uio.h>

TEST(a_zero_copy_send_completes_twice, .part2 = true)
{
	static const char text[] = "no copy of this";
	struct iovec iov = { (void *)text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;
	char buf[64];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	for (int as_message = 0; as_message < 2; as_message++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);
		struct answer a;

		if (as_message)
			io_uring_prep_sendmsg_zc(sqe, sv[0], &msg, 0);
		else
			io_uring_prep_send_zc(sqe, sv[0], text, sizeof(text), 0, 0);
		sqe->user_data = 5;
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_EQ(a.data, 5);
		CHECK_EQ(a.res, (int)sizeof(text));
		CHECK_EQ(a.flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF), IORING_CQE_F_MORE);
		read_all(sv[1], buf, sizeof(text));
		CHECK_MEM(buf, text, sizeof(text));
		a = reap(&ring);
		CHECK_EQ(a.data, 5);
		CHECK_EQ(a.res, 0);
		CHECK_EQ(a.flags & (IORING_CQE_F_MORE | IORING_CQE_F_NOTIF), IORING_CQE_F_NOTIF);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_zero_copy_send_over_loopback_reports_that_it_was_copied, .part2 = true)
{
	struct io_uring ring;
	struct answer a;
	char buf[64];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	io_uring_prep_send_zc(sqe_of(&ring), sv[0], "1234", 4, 0, IORING_SEND_ZC_REPORT_USAGE);
	submit(&ring, 1);
	CHECK_EQ(reap(&ring).res, 4);
	read_all(sv[1], buf, 4);
	a = reap(&ring);
	CHECK(a.flags & IORING_CQE_F_NOTIF);
	CHECK_EQ((unsigned)a.res, IORING_NOTIF_USAGE_ZC_COPIED);
	io_uring_queue_exit(&ring);
}

TEST(a_zero_copy_send_that_fails_notifies_too, .part2 = true)
{
	struct io_uring ring;
	struct answer a;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	/* AF_UNIX has no zero copy. */
	io_uring_prep_send_zc(sqe_of(&ring), sv[0], "1234", 4, 0, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, -EOPNOTSUPP);
	CHECK(a.flags & IORING_CQE_F_MORE);
	a = reap(&ring);
	CHECK_EQ(a.res, 0);
	CHECK(a.flags & IORING_CQE_F_NOTIF);
	io_uring_queue_exit(&ring);
}

TEST(a_zero_copy_send_takes_a_registered_buffer, .part2 = true)
{
	unsigned char *area = (unsigned char *)pages(4096);
	struct iovec iov = { area, 4096 };
	struct io_uring ring;
	unsigned char buf[1000];
	struct answer a;
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	pattern_fill(area, 4096, 0);
	io_uring_prep_send_zc_fixed(sqe_of(&ring), sv[0], area + 100, 1000, 0, 0, 0);
	submit(&ring, 1);
	CHECK_EQ(reap(&ring).res, 1000);
	read_all(sv[1], buf, 1000);
	check_pattern(buf, 1000, 100);
	CHECK(reap(&ring).flags & IORING_CQE_F_NOTIF);
	io_uring_prep_send_zc_fixed(sqe_of(&ring), sv[0], area + 4000, 1000, 0, 0, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, -EFAULT);
	if (a.flags & IORING_CQE_F_MORE)
		CHECK(reap(&ring).flags & IORING_CQE_F_NOTIF);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_zero_copy_message_takes_vectors_in_a_registered_buffer, .part2 = true)
{
	unsigned char *area = (unsigned char *)pages(8192);
	struct iovec whole = { area, 8192 }, parts[2] = { { area + 100, 300 }, { area + 5000, 700 } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned char buf[1000];
	struct answer a;
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_READV_FIXED);
	CHECK_EQ(io_uring_register_buffers(&ring, &whole, 1), 0);
	pattern_fill(area, 8192, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_sendmsg_zc_fixed(sqe, sv[0], &msg, 0, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 1000);
	CHECK(a.flags & IORING_CQE_F_MORE);
	read_all(sv[1], buf, 1000);
	check_pattern(buf, 300, 100);
	check_pattern(buf + 300, 700, 5000);
	CHECK(reap(&ring).flags & IORING_CQE_F_NOTIF);
	/* A vector that leaves the buffer. */
	parts[1].iov_base = area + 8000;
	sqe = sqe_of(&ring);
	io_uring_prep_sendmsg_zc_fixed(sqe, sv[0], &msg, 0, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, -EFAULT);
	if (a.flags & IORING_CQE_F_MORE)
		CHECK(reap(&ring).flags & IORING_CQE_F_NOTIF);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}
