/* SPDX-License-Identifier: MIT */
/* Arguments that make no sense, where both backends have an answer: what is looked at first, and what nobody looks at. */
#include "test.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>

static void *out_of_reach(void)
{
	void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

TEST(a_time_limit_below_zero_is_one_that_has_passed)
{
	struct __kernel_timespec before = { -1, 0 }, slightly_before = { 0, -1 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &before), -ETIME);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &slightly_before), -ETIME);
	io_uring_queue_exit(&ring);
}

TEST(a_minimum_wait_without_a_longer_limit_is_the_whole_wait)
{
	struct __kernel_timespec none = { 0, 0 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t began;

	ring_up(&ring, 4, 0);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT);
	began = now_ms();
	CHECK_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, NULL, 30000, NULL), -ETIME);
	CHECK_CMP(now_ms() - began, >=, 29);
	began = now_ms();
	CHECK_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 1, &none, 30000, NULL), -ETIME);
	CHECK_CMP(now_ms() - began, >=, 29);
	io_uring_queue_exit(&ring);
}

TEST(a_signal_mask_out_of_reach_is_efault_though_time_is_up_at_once)
{
	struct __kernel_timespec none = { 0, 0 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &none, out_of_reach()), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(more_completions_than_an_int_holds_are_not_waited_for)
{
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	CHECK_EQ(io_uring_submit_and_wait(&ring, UINT32_MAX), 0);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(io_uring_submit_and_wait(&ring, UINT32_MAX), 1);
	io_uring_queue_exit(&ring);
}

TEST(unknown_flags_and_opcodes_are_einval_whatever_the_descriptor_is)
{
	int fd = SYS(open("/dev/null", O_RDWR));
	struct io_uring ring;

	/* Where the kernel refuses io_uring, it is the engine that answers, once it has been asked for a ring. */
	ring_up(&ring, 4, 0);
	io_uring_queue_exit(&ring);
	CHECK_EQ(io_uring_enter(fd, 0, 0, 1U << 20, NULL), -EINVAL);
	CHECK_EQ(io_uring_enter(fd, 0, 0, 0, NULL), -EOPNOTSUPP);
	CHECK_EQ(io_uring_register(fd, 2000, NULL, 0), -EINVAL);
	CHECK_EQ(io_uring_register(fd, IORING_UNREGISTER_FILES, NULL, 0), -EOPNOTSUPP);
	close(fd);
}

TEST(a_probe_whose_entries_are_not_zero_is_einval)
{
	struct { struct io_uring_probe head; struct io_uring_probe_op ops[256]; } probe;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	memset(&probe, 0, sizeof(probe));
	probe.ops[3].resv2 = 1;
	CHECK_EQ(io_uring_register_probe(&ring, &probe.head, 256), -EINVAL);
	CHECK_EQ(io_uring_register_probe(&ring, &probe.head, 3), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_mapping_of_no_size_is_einval)
{
	struct io_uring_params p, nothing;
	struct io_uring ring;
	int fd;

	memset(&p, 0, sizeof(p));
	memset(&nothing, 0, sizeof(nothing));
	fd = io_uring_setup(4, &p);
	CHECK_CMP(fd, >=, 0);
	CHECK_EQ(io_uring_queue_mmap(fd, &nothing, &ring), -EINVAL);
	CHECK_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(registering_with_null_is_einval_or_efault_as_the_kernel_has_it)
{
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	CHECK_EQ(io_uring_register(ring.ring_fd, IORING_REGISTER_SYNC_CANCEL, NULL, 1), -EINVAL);
	CHECK_EQ(io_uring_register(ring.ring_fd, IORING_REGISTER_CLONE_BUFFERS, NULL, 1), -EINVAL);
	CHECK_EQ(io_uring_register(ring.ring_fd, IORING_REGISTER_BUFFERS, NULL, 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(a_transfer_that_may_neither_try_nor_wait_is_eagain)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char byte = 0;
	int s[2];

	ring_up(&ring, 4, 0);
	pair_up(SOCK_STREAM, s);
	io_uring_prep_send(sqe = sqe_of(&ring), s[0], &byte, 1, MSG_DONTWAIT);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	CHECK_EQ(run_one(&ring), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(fields_that_a_timeout_does_not_have_are_einval)
{
	struct __kernel_timespec ts = { 0, 1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	io_uring_prep_timeout(sqe = sqe_of(&ring), &ts, 0, 0);
	sqe->addr3 = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_timeout_remove(sqe = sqe_of(&ring), 77, 0);
	sqe->addr3 = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_length_that_is_negative_as_an_int_is_einval_and_takes_nothing)
{
	struct io_uring ring;
	char bytes[4];
	int s[2];

	ring_up(&ring, 4, 0);
	pair_up(SOCK_STREAM, s);
	write_all(s[0], "abc", 3);
	io_uring_prep_recv(sqe_of(&ring), s[1], bytes, 1U << 31, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_send(sqe_of(&ring), s[1], bytes, 1U << 31, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_recv(sqe_of(&ring), s[1], bytes, 3, 0);
	CHECK_EQ(run_one(&ring), 3);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_poll_that_asks_to_be_told_once_is_told_once)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int p[2];

	ring_up(&ring, 4, 0);
	pipe_up(p);
	write_all(p[1], "a", 1);
	io_uring_prep_poll_multishot(sqe = sqe_of(&ring), p[0], POLLIN);
	sqe->poll32_events |= 1U << 30;
	CHECK_EQ(io_uring_submit(&ring), 1);
	a = reap(&ring);
	CHECK_EQ(a.res, POLLIN);
	CHECK_EQ(a.flags, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_bad_fixed_buffer_comes_before_a_file_that_is_not_open_for_it)
{
	struct io_uring ring;
	char byte = 0;
	int p[2];

	ring_up(&ring, 4, 0);
	pipe_up(p);
	io_uring_prep_write_fixed(sqe_of(&ring), p[0], &byte, 1, 0, 3);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(what_must_not_wait_takes_no_second_look_for_the_rest)
{
	char buf[16];
	struct iovec iov = { buf, 12 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct msghdr msg;
	int sv[2];

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++) {
		int flags = MSG_WAITALL | MSG_DONTWAIT | (i < 2 ? MSG_PEEK : 0);

		if (i != 1)
			write_all(sv[1], "five.", 5);
		sqe = sqe_of(&ring);
		if (i % 2)
			io_uring_prep_recvmsg(sqe, sv[0], &msg, flags);
		else
			io_uring_prep_recv(sqe, sv[0], buf, 12, flags);
		sqe->flags = IOSQE_IO_LINK;
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		sqe->user_data = 2;
		submit(&ring, 2);
		/* What the first two have only looked at is there for the third. */
		CHECK_EQ(reap_data(&ring, 1), i == 2 ? 10 : 5);
		CHECK_EQ(reap_data(&ring, 2), -ECANCELED);
	}
	io_uring_queue_exit(&ring);
}

TEST(to_accept_from_what_does_not_listen_fails_at_once)
{
	int fds[] = { file_empty("f"), (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) };
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);
		struct answer answers[2];

		io_uring_prep_accept(sqe, fds[i], NULL, NULL, 0);
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_cancel64(sqe, 1, 0);
		sqe->user_data = 2;
		submit(&ring, 2);
		reap_sorted(&ring, answers, 2);
		CHECK_EQ(answers[0].res, i ? -EINVAL : -ENOTSOCK);
		CHECK_EQ(answers[1].res, -ENOENT);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_receive_that_waits_first_waits_for_what_is_no_socket)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_recv(sqe, fds[0], buf, sizeof(buf), 0);
	sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
	sqe->user_data = 1;
	submit(&ring, 1);
	sleep_ms(10);
	check_quiet(&ring);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap_data(&ring, 1), -ENOTSOCK);
	/* A file that cannot be waited for, and one who is not to wait. */
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		io_uring_prep_recv(sqe, i ? fds[0] : file_empty("f"), buf, sizeof(buf), i ? MSG_DONTWAIT : 0);
		sqe->ioprio = IORING_RECVSEND_POLL_FIRST;
		CHECK_EQ(run_one(&ring), -EAGAIN);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_accept(sqe, file_empty("g"), NULL, NULL, 0);
	sqe->ioprio = IORING_ACCEPT_POLL_FIRST;
	CHECK_EQ(run_one(&ring), -EAGAIN);
	io_uring_queue_exit(&ring);
}

/* Two UDP sockets that send to each other. */
static void udp_pair(int fds[2])
{
	struct sockaddr_in addr[2];
	socklen_t len = sizeof(addr[0]);

	for (int i = 0; i < 2; i++) {
		addr[i] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		fds[i] = (int)SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
		SYS(bind(fds[i], (struct sockaddr *)&addr[i], len));
		SYS(getsockname(fds[i], (struct sockaddr *)&addr[i], &len));
	}
	for (int i = 0; i < 2; i++)
		SYS(connect(fds[i], (struct sockaddr *)&addr[!i], len));
}

TEST(a_datagram_that_was_cut_off_breaks_the_link_of_who_wanted_all)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int fds[2];

	udp_pair(fds);
	ring_up(&ring, 8, 0);
	for (int length = 4; length <= 8; length += 4) {
		struct answer answers[2];

		SYS(send(fds[1], "12345678", 8, 0));
		sqe = sqe_of(&ring);
		io_uring_prep_recv(sqe, fds[0], buf, (size_t)length, MSG_WAITALL);
		sqe->flags |= IOSQE_IO_LINK;
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		sqe->user_data = 2;
		submit(&ring, 2);
		reap_sorted(&ring, answers, 2);
		CHECK_EQ(answers[0].res, length);
		CHECK_EQ(answers[1].res, length == 4 ? -ECANCELED : 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(who_receives_from_a_socket_of_datagrams_that_is_shut_gets_nothing)
{
	struct io_uring ring;
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	ring_up(&ring, 8, 0);
	for (int shut_first = 0; shut_first < 2; shut_first++) {
		/* Of these only who wanted something in particular has failed. */
		for (int way = 0; way < 5; way++) {
			struct io_uring_sqe *sqe = sqe_of(&ring);
			struct answer answers[2];
			int fds[2];

			udp_pair(fds);
			if (shut_first)
				SYS(shutdown(fds[0], SHUT_RDWR));
			if (way < 2)
				io_uring_prep_recv(sqe, fds[0], buf, sizeof(buf), way == 1 ? MSG_WAITALL : 0);
			else if (way < 4)
				io_uring_prep_recvmsg(sqe, fds[0], &msg, way == 3 ? MSG_WAITALL : 0);
			else
				io_uring_prep_read(sqe, fds[0], buf, sizeof(buf), 0);
			sqe->flags |= IOSQE_IO_LINK;
			sqe->user_data = 1;
			sqe = sqe_of(&ring);
			io_uring_prep_nop(sqe);
			sqe->user_data = 2;
			submit(&ring, 2);
			if (!shut_first) {
				sleep_ms(5);
				check_quiet(&ring);
				SYS(shutdown(fds[0], SHUT_RDWR));
			}
			reap_sorted(&ring, answers, 2);
			CHECK_EQ(answers[0].res, 0);
			CHECK_EQ(answers[1].res, way == 0 || way == 2 ? 0 : -ECANCELED);
			close(fds[0]);
			close(fds[1]);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(a_ring_is_no_epoll_under_any_number)
{
	struct epoll_event events[2];
	struct io_uring ring, other;
	int again;

	ring_up(&ring, 8, 0);
	ring_up(&other, 8, 0);
	need_op(&ring, IORING_OP_EPOLL_WAIT);
	again = (int)SYS(fcntl(other.ring_fd, F_DUPFD_CLOEXEC, 0));
	for (int i = 0; i < 2; i++) {
		io_uring_prep_epoll_wait(sqe_of(&ring), i ? again : other.ring_fd, events, 2, 0);
		CHECK_EQ(run_one(&ring), -EINVAL);
	}
	close(again);
	io_uring_queue_exit(&other);
	io_uring_queue_exit(&ring);
}

TEST(a_refusal_fits_a_small_completion)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;

	ring_up_or_skip(&ring, 8, IORING_SETUP_CQE_MIXED);
	for (int bad = 0; bad < 2; bad++) {
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		sqe->nop_flags = IORING_NOP_CQE32 | (bad ? 1U << 20 : 0);
		submit(&ring, 1);
		a = reap(&ring);
		CHECK_EQ(a.res, bad ? -EINVAL : 0);
		CHECK_EQ(a.flags, bad ? 0 : IORING_CQE_F_32);
	}
	io_uring_queue_exit(&ring);
}

TEST(an_address_of_no_length_is_no_address)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct iovec iov = { (void *)"1234", 4 };
	struct io_uring ring;
	int fds[2];

	udp_pair(fds);
	ring_up(&ring, 8, 0);
	need_kernel_with(IORING_OP_PIPE, "sends from vectors");
	for (int vectored = 0; vectored < 2; vectored++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_send(sqe, fds[0], vectored ? (void *)&iov : iov.iov_base, vectored ? 1 : 4, 0);
		io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&addr, 0);
		sqe->ioprio |= vectored ? IORING_SEND_VECTORIZED : 0;
		CHECK_EQ(run_one(&ring), -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_fixed_file_of_a_nop_is_a_place_in_the_table)
{
	enum { LOOK_FOR_FILE = 1 << 1 };
	int fds[] = { file_empty("f"), -1 };
	struct io_uring ring;

	need_kernel_with(IORING_OP_EPOLL_WAIT, "the flags of NOP");
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	for (int i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_nop(sqe);
		sqe->nop_flags = LOOK_FOR_FILE;
		sqe->flags = i < 3 ? IOSQE_FIXED_FILE : 0;
		sqe->fd = i < 2 ? i : fds[0];
		CHECK_EQ(run_one(&ring), i == 0 || i == 3 ? 0 : -EBADF);
	}
	io_uring_queue_exit(&ring);
}

TEST(vectors_to_send_are_read_before_their_socket_is_looked_for)
{
	struct iovec iov = { (void *)"1234", (size_t)-1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	need_kernel_with(IORING_OP_PIPE, "sends from vectors");
	sqe = sqe_of(&ring);
	io_uring_prep_send(sqe, fds[1], &iov, 1, 0);
	sqe->ioprio |= IORING_SEND_VECTORIZED;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_receive_of_errors_gives_up_when_there_is_something_else)
{
	struct io_uring ring;
	char buf[8];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[2];

	tcp_pair(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_recvmsg(sqe_of(&ring), fds[0], &msg, MSG_ERRQUEUE);
	submit(&ring, 1);
	sleep_ms(5);
	check_quiet(&ring);
	write_all(fds[1], "1234", 4);
	CHECK_EQ(reap(&ring).res, -EAGAIN);
	io_uring_prep_recv(sqe_of(&ring), fds[0], buf, sizeof(buf), MSG_ERRQUEUE);
	CHECK_EQ(run_one(&ring), -EAGAIN);
	read_all(fds[0], buf, 4);
	io_uring_queue_exit(&ring);
}
