/* SPDX-License-Identifier: MIT */
/* One request, many completions: accept, recv, recvmsg, read, and how they end. */
#include "test.h"

#include <arpa/inet.h>
#include <sys/uio.h>

enum { COUNT = 8, SIZE = 64, GROUP = 5 };

static unsigned char area[COUNT][SIZE];
static struct io_uring_buf_ring *br;

static int buffer_id(unsigned flags)
{
	CHECK(flags & IORING_CQE_F_BUFFER);
	return (int)(flags >> IORING_CQE_BUFFER_SHIFT);
}

static void give(int id)
{
	io_uring_buf_ring_add(br, area[id], SIZE, (unsigned short)id, io_uring_buf_ring_mask(COUNT), 0);
	io_uring_buf_ring_advance(br, 1);
}

static void buffers_up(struct io_uring *ring)
{
	int err;

	br = io_uring_setup_buf_ring(ring, COUNT, GROUP, 0, &err);
	CHECK_EQ(err, 0);
	for (int i = 0; i < COUNT; i++)
		give(i);
}

static void select_buffers(struct io_uring_sqe *sqe)
{
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, GROUP);
}

static int connect_to(const struct sockaddr_in *addr)
{
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	SYS(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)));
	return fd;
}

TEST(one_accept_takes_connection_after_connection, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct sockaddr_in addr;
	struct answer both[2];
	struct io_uring ring;
	int listener = tcp_listener(&addr);

	ring_up(&ring, 16, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
	sqe->user_data = 1;
	submit(&ring, 1);
	for (int i = 0; i < 10; i++) {
		int client = connect_to(&addr);
		struct answer a = reap(&ring);
		char buf[2];

		CHECK_EQ(a.data, 1);
		CHECK_CMP(a.res, >=, 0);
		CHECK(a.flags & IORING_CQE_F_MORE);
		CHECK(fcntl(a.res, F_GETFD) & FD_CLOEXEC);
		write_all(client, "hi", 2);
		read_all(a.res, buf, 2);
		close(client);
		close(a.res);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, both, 2);
	CHECK_EQ(both[0].res, -ECANCELED);
	CHECK(!(both[0].flags & IORING_CQE_F_MORE));
	CHECK_EQ(both[1].res, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_accept_that_fails_has_no_more, .part2 = true)
{
	struct io_uring ring;
	struct answer a;

	ring_up(&ring, 16, 0);
	io_uring_prep_multishot_accept(sqe_of(&ring), file_empty("f"), NULL, NULL, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, -ENOTSOCK);
	CHECK(!(a.flags & IORING_CQE_F_MORE));
	io_uring_queue_exit(&ring);
}

TEST(one_recv_delivers_message_after_message, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int sv[2];

	pair_up(SOCK_SEQPACKET, sv);
	ring_up(&ring, 16, 0);
	buffers_up(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_recv_multishot(sqe, sv[0], NULL, 0, 0);
	select_buffers(sqe);
	submit(&ring, 1);
	for (int i = 0; i < 40; i++) {
		unsigned char text[8];
		int id;

		pattern_fill(text, sizeof(text), i * 8);
		write_all(sv[1], text, sizeof(text));
		a = reap(&ring);
		CHECK_EQ(a.res, 8);
		CHECK(a.flags & IORING_CQE_F_MORE);
		id = buffer_id(a.flags);
		check_pattern(area[id], 8, i * 8);
		give(id);
	}
	close(sv[1]);
	a = reap(&ring);
	CHECK_EQ(a.res, 0);
	CHECK(!(a.flags & IORING_CQE_F_MORE));
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_recv_ends_when_its_buffers_do, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int sv[2];

	pair_up(SOCK_SEQPACKET, sv);
	ring_up(&ring, 16, 0);
	buffers_up(&ring);
	for (int i = 0; i < COUNT + 1; i++)
		write_all(sv[1], "1234", 4);
	for (int round = 0; round < 2; round++) {
		sqe = sqe_of(&ring);
		io_uring_prep_recv_multishot(sqe, sv[0], NULL, 0, 0);
		select_buffers(sqe);
		submit(&ring, 1);
		for (int i = 0; i < (round ? 1 : COUNT); i++) {
			a = reap(&ring);
			CHECK_EQ(a.res, 4);
			CHECK(a.flags & IORING_CQE_F_MORE);
		}
		if (!round) {
			a = reap(&ring);
			CHECK_EQ(a.res, -ENOBUFS);
			CHECK(!(a.flags & IORING_CQE_F_MORE));
			/* The message that found no buffer is still there. */
			give(0);
			give(1);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_recv_needs_selected_buffers)
{
	struct io_uring ring;
	char buf[8];
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	io_uring_prep_recv_multishot(sqe_of(&ring), sv[0], buf, sizeof(buf), 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(one_recvmsg_delivers_addresses_and_payloads, .part2 = true)
{
	struct sockaddr_in a_addr, b_addr;
	struct msghdr msg = { .msg_namelen = sizeof(struct sockaddr_in) };
	socklen_t len = sizeof(a_addr);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int a = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0)), b = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0));

	memset(&a_addr, 0, sizeof(a_addr));
	a_addr.sin_family = AF_INET;
	a_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b_addr = a_addr;
	SYS(bind(a, (struct sockaddr *)&a_addr, sizeof(a_addr)));
	SYS(bind(b, (struct sockaddr *)&b_addr, sizeof(b_addr)));
	SYS(getsockname(a, (struct sockaddr *)&a_addr, &len));
	SYS(getsockname(b, (struct sockaddr *)&b_addr, &len));
	ring_up(&ring, 16, 0);
	buffers_up(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_recvmsg_multishot(sqe, b, &msg, 0);
	select_buffers(sqe);
	submit(&ring, 1);
	for (int i = 0; i < 20; i++) {
		struct io_uring_recvmsg_out *out;
		unsigned char text[10];
		struct answer ans;
		int id;

		pattern_fill(text, sizeof(text), i);
		SYS(sendto(a, text, sizeof(text), 0, (struct sockaddr *)&b_addr, sizeof(b_addr)));
		ans = reap(&ring);
		CHECK_CMP(ans.res, >, 0);
		CHECK(ans.flags & IORING_CQE_F_MORE);
		id = buffer_id(ans.flags);
		out = io_uring_recvmsg_validate(area[id], ans.res, &msg);
		CHECK(out != NULL);
		CHECK_EQ(out->namelen, sizeof(struct sockaddr_in));
		CHECK_EQ(out->flags, 0);
		CHECK_MEM(io_uring_recvmsg_name(out), &a_addr, sizeof(a_addr));
		CHECK_EQ(io_uring_recvmsg_payload_length(out, ans.res, &msg), 10);
		check_pattern(io_uring_recvmsg_payload(out, &msg), 10, i);
		give(id);
	}
	io_uring_queue_exit(&ring);
}

TEST(one_read_delivers_what_comes_through_a_pipe, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	need_op(&ring, IORING_OP_READ_MULTISHOT);
	buffers_up(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_read_multishot(sqe, fds[0], 0, 0, GROUP);
	submit(&ring, 1);
	for (int i = 0; i < 20; i++) {
		int id;

		write_all(fds[1], "12345", 5);
		a = reap(&ring);
		CHECK_EQ(a.res, 5);
		CHECK(a.flags & IORING_CQE_F_MORE);
		id = buffer_id(a.flags);
		CHECK_MEM(area[id], "12345", 5);
		give(id);
	}
	close(fds[1]);
	a = reap(&ring);
	CHECK_EQ(a.res, 0);
	CHECK(!(a.flags & IORING_CQE_F_MORE));
	io_uring_queue_exit(&ring);
}

TEST(bad_multishot_reads_are_refused, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	need_op(&ring, IORING_OP_READ_MULTISHOT);
	buffers_up(&ring);
	/* A regular file is always ready. */
	io_uring_prep_read_multishot(sqe_of(&ring), file_with_pattern("f", 8), 0, 0, GROUP);
	CHECK_EQ(run_one(&ring), -EBADFD);
	sqe = sqe_of(&ring);
	io_uring_prep_read_multishot(sqe, fds[0], 0, 0, GROUP);
	sqe->flags &= ~IOSQE_BUFFER_SELECT;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_request_that_overflows_the_cq_loses_nothing, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned messages = 0;
	int sv[2];
	bool more;

	pair_up(SOCK_SEQPACKET, sv);
	/* Four slots in the CQ, eight messages. */
	ring_up(&ring, 2, 0);
	buffers_up(&ring);
	for (int i = 0; i < COUNT; i++)
		write_all(sv[1], "1234", 4);
	while (messages < COUNT) {
		sqe = sqe_of(&ring);
		io_uring_prep_recv_multishot(sqe, sv[0], NULL, 0, 0);
		select_buffers(sqe);
		submit(&ring, 1);
		do {
			struct answer a = reap(&ring);

			CHECK_EQ(a.res, 4);
			CHECK_MEM(area[buffer_id(a.flags)], "1234", 4);
			messages++;
			more = a.flags & IORING_CQE_F_MORE;
		} while (more && messages < COUNT);
	}
	io_uring_queue_exit(&ring);
}
