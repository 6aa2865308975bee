/* SPDX-License-Identifier: MIT */
/* Sends without a copy: two completions for one request, the second when the data is no longer needed. */
#include "test.h"

#include <sys/uio.h>

TEST(a_zero_copy_send_completes_twice)
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

TEST(a_zero_copy_send_over_loopback_reports_that_it_was_copied)
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

TEST(a_zero_copy_send_that_fails_notifies_too)
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

TEST(a_zero_copy_send_takes_a_registered_buffer)
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

TEST(a_zero_copy_message_takes_vectors_in_a_registered_buffer)
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

static struct io_uring_sqe *prepare(struct io_uring *ring, int fd, const void *buf, size_t len, unsigned flags)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_send_zc(sqe, fd, buf, len, 0, flags);
	sqe->user_data = 5;
	return sqe;
}

/* Submits what was prepared: its result, and then its notification, which must say that. */
static void told_twice(struct io_uring *ring, int line, int res, unsigned note)
{
	struct answer a;

	submit(ring, 1);
	a = reap(ring);
	test_eq(__FILE__, line, "the result", "expected", a.res, res);
	test_eq(__FILE__, line, "its flags", "announcing another", a.flags, IORING_CQE_F_MORE);
	a = reap(ring);
	test_eq(__FILE__, line, "the notification", "expected", (unsigned)a.res, note);
	test_eq(__FILE__, line, "its flags", "a notification's", a.flags, IORING_CQE_F_NOTIF);
	test_eq(__FILE__, line, "its data", "the request's", (long long)a.data, 5);
}

#define TWICE(ring, res, note) told_twice(ring, __LINE__, res, note)

TEST(whatever_becomes_of_a_zero_copy_send_its_notification_follows)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct msghdr msg;
	char buf[16];
	int tcp[2], sv[2], file = file_empty("f");

	tcp_pair(tcp);
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	memset(&addr, 0, sizeof(addr));
	memset(&msg, 0, sizeof(msg));
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	prepare(&ring, -1, "abc", 3, 0);
	TWICE(&ring, -EBADF, 0);
	prepare(&ring, file, "abc", 3, 0);
	TWICE(&ring, -ENOTSOCK, 0);
	prepare(&ring, sv[0], "abc", 3, IORING_SEND_ZC_REPORT_USAGE);
	TWICE(&ring, -EOPNOTSUPP, IORING_NOTIF_USAGE_ZC_COPIED);
	prepare(&ring, tcp[0], "abc", 3, 1 << 9);
	TWICE(&ring, -EINVAL, 0);
	/* Among flags that are unknown, the wish for a report is none. */
	prepare(&ring, tcp[0], "abc", 3, 1 << 9 | IORING_SEND_ZC_REPORT_USAGE);
	TWICE(&ring, -EINVAL, 0);
	prepare(&ring, tcp[0], (void *)8, 3, 0);
	TWICE(&ring, -EFAULT, 0);
	prepare(&ring, tcp[0], "abc", 3, IORING_RECVSEND_FIXED_BUF);
	TWICE(&ring, -EFAULT, 0);
	prepare(&ring, tcp[0], "abc", 0, 0);
	TWICE(&ring, 0, 0);
	prepare(&ring, tcp[0], "abc", 3, IORING_RECVSEND_POLL_FIRST);
	TWICE(&ring, 3, 0);
	prepare(&ring, tcp[0], "def", 3, 0)->flags = IOSQE_ASYNC;
	TWICE(&ring, 3, 0);
	read_all(tcp[1], buf, 6);
	CHECK_MEM(buf, "abcdef", 6);
	sqe = prepare(&ring, tcp[0], "abc", 3, 0);
	io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&addr, 200);
	TWICE(&ring, -EINVAL, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_sendmsg_zc(sqe, tcp[0], (struct msghdr *)8, 0);
	sqe->user_data = 5;
	TWICE(&ring, -EFAULT, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_sendmsg_zc(sqe, tcp[0], &msg, 0);
	sqe->user_data = 5;
	sqe->file_index = 1;
	TWICE(&ring, -EINVAL, 0);
	/* What is refused before it has promised one has none. */
	prepare(&ring, tcp[0], "abc", 3, 0)->addr3 = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	prepare(&ring, tcp[0], "abc", 3, 0)->flags = IOSQE_CQE_SKIP_SUCCESS;
	CHECK_EQ(run_one(&ring), -EINVAL);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_zero_copy_send_whose_link_broke_notifies)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned notes = 0, next = 0;
	int tcp[2];

	tcp_pair(tcp);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, -1, NULL, 0, 0);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = 4;
	prepare(&ring, tcp[0], "abc", 3, 0);
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 4), -EBADF);
	for (int i = 0; i < 2; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.data, 5);
		CHECK_EQ(a.res, a.flags & IORING_CQE_F_NOTIF ? 0 : -ECANCELED);
		notes += !!(a.flags & IORING_CQE_F_NOTIF);
	}
	CHECK_EQ(notes, 1);
	/* One that succeeds hands on to the next. */
	prepare(&ring, tcp[0], "abc", 3, 0)->flags = IOSQE_IO_LINK;
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 6;
	submit(&ring, 2);
	notes = 0;
	for (int i = 0; i < 3; i++) {
		struct answer a = reap(&ring);
		bool is_note = a.flags & IORING_CQE_F_NOTIF;

		next += a.data == 6;
		notes += is_note;
		CHECK_EQ(a.res, a.data == 6 || is_note ? 0 : 3);
	}
	CHECK_EQ(next, 1);
	CHECK_EQ(notes, 1);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(what_has_been_sent_before_a_cancel_is_its_answer)
{
	enum { SIZE = 8 << 20 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	void *big = pages(SIZE);
	char got[8];
	int tcp[2], sv[2];

	tcp_pair(tcp);
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_send(sqe, tcp[0], big, SIZE, MSG_WAITALL);
	sqe->user_data = 5;
	submit(&ring, 1);
	check_quiet(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 5, 0);
	sqe->user_data = 7;
	submit(&ring, 1);
	for (int i = 0; i < 2; i++) {
		struct answer a = reap(&ring);

		if (a.data == 7)
			CHECK_EQ(a.res, 0);
		else
			CHECK(a.res > 0 && a.res < SIZE);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_recv(sqe, sv[0], got, 8, MSG_WAITALL);
	sqe->user_data = 5;
	submit(&ring, 1);
	write_all(sv[1], "abc", 3);
	check_quiet(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 5, 0);
	sqe->user_data = 7;
	submit(&ring, 1);
	for (int i = 0; i < 2; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, a.data == 7 ? 0 : 3);
	}
	CHECK_MEM(got, "abc", 3);
	io_uring_queue_exit(&ring);
}

TEST(a_send_may_take_its_data_from_vectors)
{
	char buf[16];
	struct iovec iov[3] = { { (void *)"ab", 2 }, { (void *)"cde", 3 }, { (void *)"f", 1 } }, other[3];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int tcp[2], gate[2];

	need_kernel_with(IORING_OP_PIPE, "sends of vectors");
	tcp_pair(tcp);
	pipe_up(gate);
	ring_up(&ring, 8, 0);
	for (int zero_copy = 0; zero_copy < 2; zero_copy++) {
		/* Behind a read that waits, so that the vectors may change. */
		memcpy(other, iov, sizeof(iov));
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, gate[0], buf, 1, 0);
		sqe->flags = IOSQE_IO_LINK;
		sqe = sqe_of(&ring);
		if (zero_copy)
			io_uring_prep_send_zc(sqe, tcp[0], other, 3, 0, IORING_SEND_VECTORIZED);
		else
			io_uring_prep_send(sqe, tcp[0], other, 3, 0);
		sqe->ioprio = IORING_SEND_VECTORIZED;
		submit(&ring, 2);
		memset(other, 0xff, sizeof(other));
		write_all(gate[1], "x", 1);
		CHECK_EQ(reap(&ring).res, 1);
		CHECK_EQ(reap(&ring).res, 6);
		if (zero_copy)
			CHECK(reap(&ring).flags & IORING_CQE_F_NOTIF);
		read_all(tcp[1], buf, 6);
		CHECK_MEM(buf, "abcdef", 6);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_send(sqe, tcp[0], (void *)8, 1, 0);
	sqe->ioprio = IORING_SEND_VECTORIZED;
	CHECK_EQ(run_one(&ring), -EFAULT);
	sqe = sqe_of(&ring);
	io_uring_prep_send(sqe, tcp[0], iov, 1025, 0);
	sqe->ioprio = IORING_SEND_VECTORIZED;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void zc_of(struct io_uring *ring, int fd, unsigned flags, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_send_zc(sqe, fd, "1234", 4, 0, 0);
	sqe->flags |= (uint8_t)flags;
	sqe->user_data = data;
}

static void bad_of(struct io_uring *ring, unsigned flags, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_fsync(sqe, -1, 0);
	sqe->ioprio = 1;
	sqe->flags |= (uint8_t)flags;
	sqe->user_data = data;
}

TEST(the_head_of_a_refused_link_announces_its_notification_and_the_others_do_not)
{
	struct answer answers[5];
	struct io_uring ring;
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, IORING_SETUP_SUBMIT_ALL);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	zc_of(&ring, sv[0], IOSQE_IO_LINK, 1);
	bad_of(&ring, IOSQE_IO_LINK, 2);
	zc_of(&ring, sv[0], 0, 3);
	submit(&ring, 3);
	for (int i = 0; i < 5; i++) {
		struct answer a = reap(&ring);
		bool again = a.flags & IORING_CQE_F_NOTIF;

		answers[i] = a;
		CHECK_EQ(a.res, again ? 0 : a.data == 2 ? -EINVAL : -ECANCELED);
		CHECK_EQ(a.flags, again ? IORING_CQE_F_NOTIF : a.data == 1 ? IORING_CQE_F_MORE : 0);
	}
	CHECK_EQ(answers[0].data + answers[1].data + answers[2].data + answers[3].data + answers[4].data, 10);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_send_that_is_cancelled_in_silence_notifies_all_the_same)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SENDMSG_ZC);
	for (int refused = 0; refused < 2; refused++) {
		if (refused) {
			bad_of(&ring, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS, 1);
		} else {
			sqe = sqe_of(&ring);
			io_uring_prep_read(sqe, -1, NULL, 0, 0);
			sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
			sqe->user_data = 1;
		}
		zc_of(&ring, sv[0], 0, 2);
		submit(&ring, 2);
		CHECK_EQ(reap_data(&ring, 1), refused ? -EINVAL : -EBADF);
		a = reap(&ring);
		CHECK_EQ(a.data, 2);
		CHECK_EQ(a.res, 0);
		CHECK_EQ(a.flags, IORING_CQE_F_NOTIF);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(of_several_things_wrong_with_a_zero_copy_send_the_first_is_told)
{
	enum { WITH_MESSAGE = 1, OVER_UDP = 2, OVER_UNIX = 4, NEGATIVE_LENGTH = 8, NO_BUFFER = 16, NO_MEMORY = 32, NO_ADDRESS = 64 };
	static const struct { unsigned how; uint16_t ioprio; int res; unsigned usage; } rows[] = {
		{ OVER_UNIX | NO_BUFFER, IORING_RECVSEND_FIXED_BUF, -EOPNOTSUPP, 0 },
		{ OVER_UNIX | NO_BUFFER | WITH_MESSAGE, IORING_RECVSEND_FIXED_BUF, -EFAULT, 0 },
		{ NO_BUFFER, IORING_RECVSEND_FIXED_BUF, -EFAULT, 0 },
		{ OVER_UNIX, IORING_RECVSEND_FIXED_BUF | IORING_SEND_VECTORIZED, -EINVAL, 0 },
		{ NO_ADDRESS, IORING_RECVSEND_FIXED_BUF | IORING_SEND_VECTORIZED, -EFAULT, 0 },
		{ OVER_UNIX | WITH_MESSAGE | NO_MEMORY, 0, -EFAULT, 0 },
		{ OVER_UNIX | NEGATIVE_LENGTH, 0, -EOPNOTSUPP, 0 },
		{ OVER_UDP | NEGATIVE_LENGTH, 0, -EMSGSIZE, 0 },
		{ NEGATIVE_LENGTH, IORING_SEND_VECTORIZED, -EINVAL, 0 },
		{ NEGATIVE_LENGTH | WITH_MESSAGE, 0, 4, 0 },
		/* What was not read was not copied, if it came to reading. */
		{ NO_MEMORY, IORING_SEND_ZC_REPORT_USAGE, -EFAULT, 0 },
		{ NO_MEMORY | WITH_MESSAGE, IORING_SEND_ZC_REPORT_USAGE, -EFAULT, IORING_NOTIF_USAGE_ZC_COPIED },
		{ OVER_UNIX | NO_MEMORY, IORING_SEND_ZC_REPORT_USAGE, -EOPNOTSUPP, IORING_NOTIF_USAGE_ZC_COPIED },
	};
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int tcp[2], pair[2], udp = (int)SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	static char text[] = "1234";
	struct iovec iov = { text, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	socklen_t len = sizeof(addr);
	struct io_uring ring;

	tcp_pair(tcp);
	pair_up(SOCK_STREAM, pair);
	SYS(bind(udp, (struct sockaddr *)&addr, sizeof(addr)));
	SYS(getsockname(udp, (struct sockaddr *)&addr, &len));
	SYS(connect(udp, (struct sockaddr *)&addr, len));
	ring_up(&ring, 8, 0);
	need_kernel_with(IORING_OP_PIPE, "sends from vectors");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned how = rows[i].how;
		struct io_uring_sqe *sqe = sqe_of(&ring);
		struct answer a;

		io_uring_prep_send_zc(sqe, how & OVER_UNIX ? pair[0] : how & OVER_UDP ? udp : tcp[0], text, 4, 0, rows[i].ioprio);
		if (how & WITH_MESSAGE) {
			sqe->opcode = IORING_OP_SENDMSG_ZC;
			sqe->addr = (uintptr_t)&msg;
		}
		if (how & NO_MEMORY)
			sqe->addr = 8;
		if (how & NO_ADDRESS)
			io_uring_prep_send_set_addr(sqe, (const struct sockaddr *)8, 2);
		if (how & NEGATIVE_LENGTH)
			sqe->len = 0xe0000000;
		sqe->buf_index = how & NO_BUFFER ? 3 : 0;
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_EQ(a.res, rows[i].res);
		CHECK_EQ(a.flags, IORING_CQE_F_MORE);
		a = reap(&ring);
		CHECK_EQ((unsigned)a.res, rows[i].usage);
		CHECK_EQ(a.flags, IORING_CQE_F_NOTIF);
	}
	io_uring_queue_exit(&ring);
}
