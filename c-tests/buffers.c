/* SPDX-License-Identifier: MIT */
/* Buffers that the kernel picks: provided one by one or by ring, incremental rings, bundles, and the helpers around them. */
#include "test.h"

#include <arpa/inet.h>
#include <sys/uio.h>

enum { COUNT = 8, SIZE = 64, GROUP = 3 };

static unsigned char area[COUNT][SIZE];

static int buffer_id(unsigned flags)
{
	return flags & IORING_CQE_F_BUFFER ? (int)(flags >> IORING_CQE_BUFFER_SHIFT) : -1;
}

static struct io_uring_sqe *recv_selected(struct io_uring *ring, int fd, size_t len)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_recv(sqe, fd, NULL, len, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, GROUP);
	return sqe;
}

/* A ring of COUNT entries with all the buffers in it. */
static struct io_uring_buf_ring *buffers_up(struct io_uring *ring, unsigned flags)
{
	struct io_uring_buf_ring *br;
	int err = 77;

	br = io_uring_setup_buf_ring(ring, COUNT, GROUP, flags, &err);
	if (!br && err == -EINVAL && flags && !kernel_knows_op(IORING_OP_BIND))
		test_skip("the kernel does not know the buffer ring flags 0x%x", flags);
	CHECK_EQ(err, 0);
	CHECK(br != NULL);
	for (int i = 0; i < COUNT; i++)
		io_uring_buf_ring_add(br, area[i], SIZE, (unsigned short)i, io_uring_buf_ring_mask(COUNT), i);
	io_uring_buf_ring_advance(br, COUNT);
	return br;
}

/* ---- one by one ------------------------------------------------------------------------------------------------------------------ */

TEST(provided_buffers_are_picked_and_used_up, .part2 = true)
{
	struct io_uring ring;
	struct answer a;
	int sv[2];
	unsigned seen = 0;

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	need_op(&ring, IORING_OP_PROVIDE_BUFFERS);
	io_uring_prep_provide_buffers(sqe_of(&ring), area, SIZE, COUNT, GROUP, 0);
	CHECK_CMP(run_one(&ring), >=, 0);
	for (int i = 0; i < COUNT; i++) {
		write_all(sv[1], "1234", 4);
		recv_selected(&ring, sv[0], SIZE);
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_EQ(a.res, 4);
		CHECK_CMP(buffer_id(a.flags), >=, 0);
		CHECK_CMP(buffer_id(a.flags), <, COUNT);
		CHECK_MEM(area[buffer_id(a.flags)], "1234", 4);
		seen |= 1u << buffer_id(a.flags);
	}
	CHECK_EQ(seen, (1u << COUNT) - 1);
	write_all(sv[1], "1234", 4);
	recv_selected(&ring, sv[0], SIZE);
	CHECK_EQ(run_one(&ring), -ENOBUFS);
	/* One given back is one to be used. */
	io_uring_prep_provide_buffers(sqe_of(&ring), area[5], SIZE, 1, GROUP, 5);
	CHECK_CMP(run_one(&ring), >=, 0);
	recv_selected(&ring, sv[0], SIZE);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 4);
	CHECK_EQ(buffer_id(a.flags), 5);
	io_uring_queue_exit(&ring);
}

TEST(provided_buffers_are_removed_and_counted, .part2 = true)
{
	struct io_uring ring;

	ring_up(&ring, 16, 0);
	need_op(&ring, IORING_OP_REMOVE_BUFFERS);
	io_uring_prep_provide_buffers(sqe_of(&ring), area, SIZE, COUNT, GROUP, 0);
	CHECK_CMP(run_one(&ring), >=, 0);
	io_uring_prep_remove_buffers(sqe_of(&ring), 3, GROUP);
	CHECK_EQ(run_one(&ring), 3);
	io_uring_prep_remove_buffers(sqe_of(&ring), 100, GROUP);
	CHECK_EQ(run_one(&ring), COUNT - 3);
	io_uring_prep_remove_buffers(sqe_of(&ring), 100, GROUP);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_remove_buffers(sqe_of(&ring), 1, GROUP + 1);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_queue_exit(&ring);
}

TEST(bad_provisions_are_refused, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 16, 0);
	need_op(&ring, IORING_OP_PROVIDE_BUFFERS);
	io_uring_prep_provide_buffers(sqe_of(&ring), area, SIZE, 0, GROUP, 0);
	CHECK_EQ(run_one(&ring), -E2BIG);
	io_uring_prep_provide_buffers(sqe_of(&ring), area, SIZE, 65537, GROUP, 0);
	CHECK_EQ(run_one(&ring), -E2BIG);
	io_uring_prep_provide_buffers(sqe_of(&ring), area, 0, 1, GROUP, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_provide_buffers(sqe_of(&ring), (void *)(UINTPTR_MAX - 16), SIZE, 4, GROUP, 0);
	CHECK_CMP(run_one(&ring), <, 0);
	io_uring_prep_remove_buffers(sqe_of(&ring), 0, GROUP);
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_provide_buffers(sqe, area, SIZE, 1, GROUP, 0);
	sqe->rw_flags = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_request_without_its_buffer_group_is_enobufs, .part2 = true)
{
	struct io_uring ring;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	write_all(sv[1], "1234", 4);
	ring_up(&ring, 16, 0);
	recv_selected(&ring, sv[0], SIZE);
	CHECK_EQ(run_one(&ring), -ENOBUFS);
	io_uring_queue_exit(&ring);
}

TEST(a_write_cannot_select_a_buffer, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_write(sqe, fds[1], NULL, 4, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

TEST(a_vectored_read_with_a_selected_buffer_needs_one_vector, .part2 = true)
{
	struct iovec vecs[2] = { { NULL, 10 }, { NULL, 10 } };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fd = file_with_pattern("f", 100);

	ring_up(&ring, 16, 0);
	buffers_up(&ring, 0);
	for (int n = 1; n <= 2; n++) {
		sqe = sqe_of(&ring);
		io_uring_prep_readv(sqe, fd, vecs, n, 5);
		io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
		io_uring_sqe_set_buf_group(sqe, GROUP);
		submit(&ring, 1);
		a = reap(&ring);
		if (n == 1) {
			CHECK_EQ(a.res, 10);
			CHECK_EQ(buffer_id(a.flags), 0);
			check_pattern(area[0], 10, 5);
		} else {
			CHECK_EQ(a.res, -EINVAL);
		}
	}
	io_uring_queue_exit(&ring);
}

/* ---- buffer rings ---------------------------------------------------------------------------------------------------------------- */

TEST(a_buffer_ring_hands_out_its_buffers_in_order, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	struct answer a;
	uint16_t head = 77;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	br = buffers_up(&ring, 0);
	CHECK_EQ(io_uring_buf_ring_head(&ring, GROUP, &head), 0);
	CHECK_EQ(head, 0);
	CHECK_EQ(io_uring_buf_ring_available(&ring, br, GROUP), COUNT);
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < COUNT; i++) {
			write_all(sv[1], "1234", 4);
			/* A length of zero means: as much as the buffer takes. */
			recv_selected(&ring, sv[0], i % 2 ? SIZE : 0);
			submit(&ring, 1);
			a = reap(&ring);
			CHECK_EQ(a.res, 4);
			CHECK_EQ(buffer_id(a.flags), i);
			CHECK_MEM(area[i], "1234", 4);
			CHECK_EQ(io_uring_buf_ring_available(&ring, br, GROUP), COUNT - 1);
			CHECK_EQ(io_uring_buf_ring_head(&ring, GROUP, &head), 0);
			CHECK_EQ(head, round * COUNT + i + 1);
			io_uring_buf_ring_add(br, area[i], SIZE, (unsigned short)i, io_uring_buf_ring_mask(COUNT), 0);
			io_uring_buf_ring_advance(br, 1);
		}
	CHECK_EQ(io_uring_free_buf_ring(&ring, br, COUNT, GROUP), 0);
	io_uring_queue_exit(&ring);
}

TEST(an_empty_buffer_ring_is_enobufs, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	int sv[2], err;

	pair_up(SOCK_STREAM, sv);
	write_all(sv[1], "1234", 4);
	ring_up(&ring, 16, 0);
	br = io_uring_setup_buf_ring(&ring, COUNT, GROUP, 0, &err);
	CHECK(br != NULL);
	CHECK_EQ(io_uring_buf_ring_available(&ring, br, GROUP), 0);
	recv_selected(&ring, sv[0], SIZE);
	CHECK_EQ(run_one(&ring), -ENOBUFS);
	io_uring_queue_exit(&ring);
}

TEST(consuming_a_completion_and_returning_its_buffer_is_one_step, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	br = buffers_up(&ring, 0);
	for (int i = 0; i < 40; i++) {
		int id;

		write_all(sv[1], "1234", 4);
		recv_selected(&ring, sv[0], SIZE);
		submit(&ring, 1);
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		id = buffer_id(cqe->flags);
		CHECK_EQ(id, i % COUNT);
		io_uring_buf_ring_add(br, area[id], SIZE, (unsigned short)id, io_uring_buf_ring_mask(COUNT), 0);
		if (i % 2)
			io_uring_buf_ring_cq_advance(&ring, br, 1);
		else
			__io_uring_buf_ring_cq_advance(&ring, br, 1, 1);
		CHECK_EQ(io_uring_cq_ready(&ring), 0);
		CHECK_EQ(io_uring_buf_ring_available(&ring, br, GROUP), COUNT);
	}
	io_uring_queue_exit(&ring);
}

TEST(bad_buffer_rings_are_refused_and_leave_nothing_behind, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	uint16_t head;
	int err;

	ring_up(&ring, 16, 0);
	CHECK_NO_LEAK(10, {
		/* Not a power of two, none, too many. */
		err = 0;
		CHECK_PTR(io_uring_setup_buf_ring(&ring, 3, GROUP, 0, &err), NULL);
		CHECK_EQ(err, -EINVAL);
		err = 0;
		CHECK_PTR(io_uring_setup_buf_ring(&ring, 0, GROUP, 0, &err), NULL);
		CHECK_EQ(err, -EINVAL);
		err = 0;
		CHECK_PTR(io_uring_setup_buf_ring(&ring, 65536, GROUP, 0, &err), NULL);
		CHECK_EQ(err, -EINVAL);
		err = 0;
		CHECK_PTR(io_uring_setup_buf_ring(&ring, COUNT, GROUP, 1u << 15, &err), NULL);
		CHECK_EQ(err, -EINVAL);
		/* A group that is taken. */
		br = io_uring_setup_buf_ring(&ring, COUNT, GROUP, 0, &err);
		CHECK(br != NULL);
		CHECK_EQ(err, 0);
		CHECK_PTR(io_uring_setup_buf_ring(&ring, COUNT, GROUP, 0, &err), NULL);
		CHECK_EQ(err, -EEXIST);
		CHECK_EQ(io_uring_free_buf_ring(&ring, br, COUNT, GROUP), 0);
	});
	CHECK_EQ(io_uring_free_buf_ring(&ring, NULL, COUNT, GROUP), -ENOENT);
	CHECK_EQ(io_uring_unregister_buf_ring(&ring, GROUP), -ENOENT);
	CHECK_EQ(io_uring_buf_ring_head(&ring, GROUP, &head), -ENOENT);
	io_uring_queue_exit(&ring);
}

TEST(a_buffer_ring_lies_in_memory_of_the_caller, .part2 = true)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring_buf_ring *br = (struct io_uring_buf_ring *)pages(page);
	struct io_uring_buf_reg reg = { .ring_addr = (uintptr_t)br, .ring_entries = COUNT, .bgid = GROUP };
	struct io_uring ring;
	struct answer a;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	CHECK_EQ(io_uring_register_buf_ring(&ring, &reg, 0), 0);
	io_uring_buf_ring_init(br);
	io_uring_buf_ring_add(br, area[6], SIZE, 600, io_uring_buf_ring_mask(COUNT), 0);
	io_uring_buf_ring_advance(br, 1);
	write_all(sv[1], "1234", 4);
	recv_selected(&ring, sv[0], SIZE);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 4);
	CHECK_EQ(buffer_id(a.flags), 600);
	CHECK_MEM(area[6], "1234", 4);
	CHECK_EQ(io_uring_unregister_buf_ring(&ring, GROUP), 0);
	reg = (struct io_uring_buf_reg){ .ring_addr = (uintptr_t)br + 8, .ring_entries = COUNT, .bgid = GROUP };
	CHECK_EQ(io_uring_register_buf_ring(&ring, &reg, 0), -EINVAL);
	reg = (struct io_uring_buf_reg){ .ring_addr = 0, .ring_entries = COUNT, .bgid = GROUP };
	CHECK_EQ(io_uring_register_buf_ring(&ring, &reg, 0), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(an_incremental_ring_fills_a_buffer_bit_by_bit, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring ring;
	struct answer a;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 16, 0);
	memset(area, 0, sizeof(area));
	br = buffers_up(&ring, IOU_PBUF_RING_INC);
	for (int i = 0; i < 4; i++) {
		unsigned char part[SIZE / 4];

		pattern_fill(part, sizeof(part), i * sizeof(part));
		write_all(sv[1], part, sizeof(part));
		recv_selected(&ring, sv[0], 0);
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_EQ(a.res, (int)sizeof(part));
		CHECK_EQ(buffer_id(a.flags), 0);
		/* While there is room in the buffer it says so. */
		CHECK_EQ(!!(a.flags & IORING_CQE_F_BUF_MORE), i < 3);
	}
	check_pattern(area[0], SIZE, 0);
	write_all(sv[1], "1234", 4);
	recv_selected(&ring, sv[0], 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(buffer_id(a.flags), 1);
	CHECK_EQ(io_uring_free_buf_ring(&ring, br, COUNT, GROUP), 0);
	io_uring_queue_exit(&ring);
}

/* ---- bundles ---------------------------------------------------------------------------------------------------------------------- */

TEST(a_bundle_receives_into_several_buffers_at_once, .part2 = true)
{
	static unsigned char out[3 * SIZE + 10];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int sv[2], most = 0;

	tcp_pair(sv);
	ring_up(&ring, 16, 0);
	need_feature(&ring, IORING_FEAT_RECVSEND_BUNDLE);
	buffers_up(&ring, 0);
	pattern_fill(out, sizeof(out), 0);
	write_all(sv[1], out, sizeof(out));
	/* How much one takes is the kernel's choice; where each begins and ends is not. */
	for (int got = 0, next = 0; got < (int)sizeof(out); got += a.res, next += (a.res + SIZE - 1) / SIZE) {
		sqe = recv_selected(&ring, sv[0], 0);
		sqe->ioprio |= IORING_RECVSEND_BUNDLE;
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_CMP(a.res, >, 0);
		CHECK_EQ(buffer_id(a.flags), next);
		check_pattern(area[next], a.res, got);
		most = a.res > most ? a.res : most;
	}
	CHECK_CMP(most, >, SIZE);
	io_uring_queue_exit(&ring);
}

TEST(a_bundle_sends_what_lies_in_the_ring, .part2 = true)
{
	struct io_uring_buf_ring *br;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	unsigned char in[3 * SIZE];
	struct answer a;
	int sv[2], err;

	tcp_pair(sv);
	ring_up(&ring, 16, 0);
	need_feature(&ring, IORING_FEAT_RECVSEND_BUNDLE);
	br = io_uring_setup_buf_ring(&ring, COUNT, GROUP, 0, &err);
	CHECK(br != NULL);
	pattern_fill(area, sizeof(area), 0);
	for (int i = 0; i < 3; i++)
		io_uring_buf_ring_add(br, area[i], SIZE, (unsigned short)i, io_uring_buf_ring_mask(COUNT), i);
	io_uring_buf_ring_advance(br, 3);
	sqe = sqe_of(&ring);
	io_uring_prep_send_bundle(sqe, sv[0], 0, MSG_WAITALL);
	io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
	io_uring_sqe_set_buf_group(sqe, GROUP);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 3 * SIZE);
	CHECK_EQ(buffer_id(a.flags), 0);
	read_all(sv[1], in, sizeof(in));
	check_pattern(in, sizeof(in), 0);
	CHECK_EQ(io_uring_buf_ring_available(&ring, br, GROUP), 0);
	io_uring_queue_exit(&ring);
}

/* ---- the layout of a multishot recvmsg --------------------------------------------------------------------------------------------- */

TEST(the_parts_of_a_received_message_are_found)
{
	union {
		unsigned char bytes[256];
		struct io_uring_recvmsg_out out;
	} buf;
	struct msghdr msg = { .msg_namelen = 16, .msg_controllen = CMSG_SPACE(sizeof(int)) };
	struct io_uring_recvmsg_out *out;
	struct cmsghdr *cmsg;
	unsigned char *payload;
	size_t head = sizeof(struct io_uring_recvmsg_out);

	memset(&buf, 0, sizeof(buf));
	buf.out.namelen = 16;
	buf.out.controllen = CMSG_SPACE(sizeof(int));
	buf.out.payloadlen = 20;
	cmsg = (struct cmsghdr *)(void *)(buf.bytes + head + 16);
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	/* Too short for its header, its name, its control area. */
	CHECK_PTR(io_uring_recvmsg_validate(&buf, (int)head - 1, &msg), NULL);
	CHECK_PTR(io_uring_recvmsg_validate(&buf, (int)(head + 16 + msg.msg_controllen - 1), &msg), NULL);
	CHECK_PTR(io_uring_recvmsg_validate(&buf, -1, &msg), NULL);
	out = io_uring_recvmsg_validate(&buf, (int)(head + 16 + msg.msg_controllen + 20), &msg);
	CHECK_PTR(out, &buf);
	CHECK_PTR(io_uring_recvmsg_name(out), buf.bytes + head);
	payload = (unsigned char *)io_uring_recvmsg_payload(out, &msg);
	CHECK_PTR(payload, buf.bytes + head + 16 + msg.msg_controllen);
	CHECK_EQ(io_uring_recvmsg_payload_length(out, (int)(head + 16 + msg.msg_controllen + 20), &msg), 20);
	CHECK_PTR(io_uring_recvmsg_cmsg_firsthdr(out, &msg), cmsg);
	CHECK_PTR(io_uring_recvmsg_cmsg_nexthdr(out, &msg, cmsg), NULL);
	out->controllen = 4;
	CHECK_PTR(io_uring_recvmsg_cmsg_firsthdr(out, &msg), NULL);
}

TEST(two_control_messages_are_walked)
{
	union {
		unsigned char bytes[256];
		struct io_uring_recvmsg_out out;
	} buf;
	size_t each = CMSG_SPACE(8), head = sizeof(struct io_uring_recvmsg_out);
	struct msghdr msg = { .msg_controllen = 4 * each };
	struct cmsghdr *first, *second;

	memset(&buf, 0, sizeof(buf));
	buf.out.controllen = (uint32_t)(2 * each);
	first = (struct cmsghdr *)(void *)(buf.bytes + head);
	second = (struct cmsghdr *)(void *)(buf.bytes + head + each);
	first->cmsg_len = second->cmsg_len = CMSG_LEN(8);
	CHECK_PTR(io_uring_recvmsg_cmsg_firsthdr(&buf.out, &msg), first);
	CHECK_PTR(io_uring_recvmsg_cmsg_nexthdr(&buf.out, &msg, first), second);
	CHECK_PTR(io_uring_recvmsg_cmsg_nexthdr(&buf.out, &msg, second), NULL);
	/* A length that cannot be, as a broken peer would send it. */
	first->cmsg_len = 1;
	CHECK_PTR(io_uring_recvmsg_cmsg_nexthdr(&buf.out, &msg, first), NULL);
}
