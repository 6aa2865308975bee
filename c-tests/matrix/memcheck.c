/* SPDX-License-Identifier: MIT */
/*
 * Memory that requests fill, for valgrind's memcheck: it was never written by the program, and is used as soon as the completion is
 * there. Each operation that writes into the program's memory has a case; a report in any of them would be a false alarm.
 */
#include "../test.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

enum { SIZE = 3000 };

/* Fresh from malloc, with redzones around. */
static void *fresh(size_t size)
{
	void *memory = malloc(size);

	CHECK(memory);
	return memory;
}

static void ring_for(struct io_uring *ring)
{
	ring_up(ring, 8, 0);
}

TEST(what_a_read_fills_is_defined)
{
	unsigned char *buf = (unsigned char *)fresh(SIZE);
	struct io_uring ring;
	int fd = file_with_pattern("f", SIZE);

	ring_for(&ring);
	io_uring_prep_read(sqe_of(&ring), fd, buf, SIZE, 0);
	CHECK_EQ(run_one(&ring), SIZE);
	check_pattern(buf, SIZE, 0);
	free(buf);
	io_uring_queue_exit(&ring);
}

TEST(what_vectors_fill_is_defined)
{
	unsigned char *one = (unsigned char *)fresh(SIZE), *two = (unsigned char *)fresh(SIZE);
	struct iovec *iov = (struct iovec *)fresh(2 * sizeof(*iov));
	struct io_uring ring;
	int fd = file_with_pattern("f", 2 * SIZE);

	iov[0].iov_base = one;
	iov[0].iov_len = SIZE;
	iov[1].iov_base = two;
	iov[1].iov_len = SIZE;
	ring_for(&ring);
	io_uring_prep_readv(sqe_of(&ring), fd, iov, 2, 0);
	CHECK_EQ(run_one(&ring), 2 * SIZE);
	check_pattern(one, SIZE, 0);
	check_pattern(two, SIZE, SIZE);
	free(iov);
	free(one);
	free(two);
	io_uring_queue_exit(&ring);
}

TEST(what_a_registered_buffer_gets_is_defined)
{
	unsigned char *buf = (unsigned char *)fresh(SIZE);
	struct io_uring ring;
	struct iovec iov;
	int fd = file_with_pattern("f", SIZE);

	iov.iov_base = buf;
	iov.iov_len = SIZE;
	ring_for(&ring);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, buf, SIZE, 0, 0);
	CHECK_EQ(run_one(&ring), SIZE);
	check_pattern(buf, SIZE, 0);
	io_uring_queue_exit(&ring);
	free(buf);
}

TEST(what_is_received_is_defined)
{
	unsigned char sent[SIZE], *buf = (unsigned char *)fresh(SIZE);
	struct io_uring ring;
	int fds[2];

	pattern_fill(sent, SIZE, 0);
	pair_up(SOCK_STREAM, fds);
	ring_for(&ring);
	io_uring_prep_recv(sqe_of(&ring), fds[0], buf, SIZE, MSG_WAITALL);
	submit(&ring, 1);
	write_all(fds[1], sent, SIZE);
	CHECK_EQ(reap(&ring).res, SIZE);
	check_pattern(buf, SIZE, 0);
	free(buf);
	io_uring_queue_exit(&ring);
}

TEST(what_a_message_brings_is_defined)
{
	struct msghdr *msg = (struct msghdr *)fresh(sizeof(*msg));
	struct iovec *iov = (struct iovec *)fresh(sizeof(*iov));
	unsigned char *buf = (unsigned char *)fresh(100), sent[100];
	struct sockaddr_in *from = (struct sockaddr_in *)fresh(sizeof(*from)), addr;
	socklen_t len = sizeof(addr);
	struct io_uring ring;
	int here = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0)), there = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0));

	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SYS(bind(here, (struct sockaddr *)&addr, sizeof(addr)));
	SYS(bind(there, (struct sockaddr *)&addr, sizeof(addr)));
	SYS(getsockname(here, (struct sockaddr *)&addr, &len));
	pattern_fill(sent, sizeof(sent), 0);
	SYS(sendto(there, sent, sizeof(sent), 0, (struct sockaddr *)&addr, sizeof(addr)));

	/* All but what the kernel only writes. */
	iov->iov_base = buf;
	iov->iov_len = 100;
	msg->msg_name = from;
	msg->msg_namelen = sizeof(*from);
	msg->msg_iov = iov;
	msg->msg_iovlen = 1;
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	ring_for(&ring);
	io_uring_prep_recvmsg(sqe_of(&ring), here, msg, 0);
	CHECK_EQ(run_one(&ring), 100);
	check_pattern(buf, 100, 0);
	CHECK_EQ(msg->msg_flags, 0);
	CHECK_EQ(msg->msg_namelen, sizeof(*from));
	CHECK_EQ(from->sin_family, AF_INET);
	CHECK_EQ(from->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	free(buf);
	free(from);
	free(iov);
	free(msg);
	io_uring_queue_exit(&ring);
}

TEST(the_address_that_an_accept_gives_is_defined)
{
	struct sockaddr_in *peer = (struct sockaddr_in *)fresh(sizeof(*peer)), addr;
	socklen_t *len = (socklen_t *)fresh(sizeof(*len));
	struct io_uring ring;
	int listener = tcp_listener(&addr), client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

	*len = sizeof(*peer);
	ring_for(&ring);
	io_uring_prep_accept(sqe_of(&ring), listener, (struct sockaddr *)peer, len, 0);
	submit(&ring, 1);
	SYS(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK_CMP(reap(&ring).res, >=, 0);
	CHECK_EQ(*len, sizeof(*peer));
	CHECK_EQ(peer->sin_family, AF_INET);
	free(peer);
	free(len);
	io_uring_queue_exit(&ring);
}

TEST(what_statx_tells_is_defined)
{
	struct statx *stx = (struct statx *)fresh(sizeof(*stx));
	struct io_uring ring;

	close(file_with_pattern("f", SIZE));
	ring_for(&ring);
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "f", 0, STATX_SIZE, stx);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(stx->stx_size, SIZE);
	free(stx);
	io_uring_queue_exit(&ring);
}

TEST(the_value_of_an_attribute_is_defined)
{
	char *value = (char *)fresh(16);
	struct io_uring ring;
	int fd = file_empty("f");

	if (fsetxattr(fd, "user.test", "value", 5, 0))
		test_skip("no user attributes in the temporary directory: %s", strerror(errno));
	ring_for(&ring);
	io_uring_prep_getxattr(sqe_of(&ring), "user.test", value, "f", 16);
	CHECK_EQ(run_one(&ring), 5);
	CHECK_MEM(value, "value", 5);
	memset(value, 0, 16);
	free(value);
	value = (char *)fresh(16);
	io_uring_prep_fgetxattr(sqe_of(&ring), fd, "user.test", value, 16);
	CHECK_EQ(run_one(&ring), 5);
	CHECK_MEM(value, "value", 5);
	free(value);
	io_uring_queue_exit(&ring);
}

TEST(what_waitid_tells_is_defined)
{
	siginfo_t *info = (siginfo_t *)fresh(sizeof(*info));
	struct io_uring ring;
	pid_t pid = (pid_t)SYS(fork());

	if (!pid)
		_exit(7);
	ring_for(&ring);
	need_op(&ring, IORING_OP_WAITID);
	io_uring_prep_waitid(sqe_of(&ring), P_PID, (id_t)pid, info, WEXITED, 0);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(info->si_pid, pid);
	CHECK_EQ(info->si_status, 7);
	free(info);
	io_uring_queue_exit(&ring);
}

TEST(the_events_of_an_epoll_are_defined)
{
	struct epoll_event event, *events = (struct epoll_event *)fresh(4 * sizeof(*events));
	struct io_uring ring;
	int fds[2], epoll = (int)SYS(epoll_create1(0));

	pipe_up(fds);
	memset(&event, 0, sizeof(event));
	event.events = EPOLLIN;
	event.data.u64 = 42;
	SYS(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event));
	ring_for(&ring);
	need_op(&ring, IORING_OP_EPOLL_WAIT);
	io_uring_prep_epoll_wait(sqe_of(&ring), epoll, events, 4, 0);
	submit(&ring, 1);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap(&ring).res, 1);
	CHECK_EQ(events[0].data.u64, 42);
	CHECK_EQ(events[0].events, EPOLLIN);
	free(events);
	io_uring_queue_exit(&ring);
}

TEST(the_ends_of_a_new_pipe_are_defined)
{
	int *fds = (int *)fresh(2 * sizeof(*fds));
	struct io_uring ring;
	char c = 0;

	ring_for(&ring);
	need_op(&ring, IORING_OP_PIPE);
	io_uring_prep_pipe(sqe_of(&ring), fds, 0);
	CHECK_EQ(run_one(&ring), 0);
	write_all(fds[1], "x", 1);
	read_all(fds[0], &c, 1);
	CHECK_EQ(c, 'x');
	free(fds);
	io_uring_queue_exit(&ring);
}

TEST(the_value_of_a_socket_option_is_defined)
{
	int *value = (int *)fresh(sizeof(*value));
	struct io_uring ring;
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

	ring_for(&ring);
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_GETSOCKOPT, fd, SOL_SOCKET, SO_TYPE, value, sizeof(*value));
	CHECK_EQ(run_one(&ring), sizeof(*value));
	CHECK_EQ(*value, SOCK_STREAM);
	free(value);
	io_uring_queue_exit(&ring);
}

TEST(the_slots_that_an_update_chose_are_defined)
{
	int *fds = (int *)fresh(sizeof(*fds));
	struct io_uring ring;

	ring_for(&ring);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 4), 0);
	fds[0] = file_empty("f");
	io_uring_prep_files_update(sqe_of(&ring), fds, 1, IORING_FILE_INDEX_ALLOC);
	CHECK_EQ(run_one(&ring), 1);
	CHECK_EQ(fds[0], 0);
	free(fds);
	io_uring_queue_exit(&ring);
}

TEST(what_a_provided_buffer_gets_is_defined, .part2 = true)
{
	unsigned char *bufs = (unsigned char *)fresh(4 * SIZE);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fd = file_with_pattern("f", SIZE);

	ring_for(&ring);
	io_uring_prep_provide_buffers(sqe_of(&ring), bufs, SIZE, 4, 1, 0);
	CHECK_EQ(run_one(&ring), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fd, NULL, SIZE, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	io_uring_sqe_set_buf_group(sqe, 1);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, SIZE);
	check_pattern(bufs + (a.flags >> IORING_CQE_BUFFER_SHIFT) * SIZE, SIZE, 0);
	io_uring_queue_exit(&ring);
	free(bufs);
}

TEST(an_sq_thread_fills_defined_memory_too, .part2 = true)
{
	unsigned char *buf = (unsigned char *)fresh(SIZE);
	struct io_uring ring;
	int fd = file_with_pattern("f", SIZE);

	ring_up_or_skip(&ring, 8, IORING_SETUP_SQPOLL);
	io_uring_prep_read(sqe_of(&ring), fd, buf, SIZE, 0);
	submit(&ring, 1);
	CHECK_EQ(reap(&ring).res, SIZE);
	check_pattern(buf, SIZE, 0);
	free(buf);
	io_uring_queue_exit(&ring);
}

TEST(every_way_to_submit_announces)
{
	struct __kernel_timespec ts = timespec_ms(5000);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fd = file_with_pattern("f", SIZE);

	ring_for(&ring);
	for (int way = 0; way < 4; way++) {
		unsigned char *buf = (unsigned char *)fresh(SIZE);

		io_uring_prep_read(sqe_of(&ring), fd, buf, SIZE, 0);
		switch (way) {
		case 0:
			CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 1);
			break;
		case 1:
			CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
			break;
		case 2:
			CHECK_EQ(io_uring_submit_and_get_events(&ring), 1);
			break;
		case 3:
			CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL), 1);
			break;
		}
		CHECK_EQ(reap(&ring).res, SIZE);
		check_pattern(buf, SIZE, 0);
		free(buf);
	}
	io_uring_queue_exit(&ring);
}

TEST(wild_pointers_are_answered_and_not_followed)
{
	static const uintptr_t wild[] = { 0, 8, 4096, (uintptr_t)-4096, (uintptr_t)-1 };
	struct msghdr msg;
	struct io_uring ring;
	int fds[2], fd = file_with_pattern("f", SIZE);

	pair_up(SOCK_STREAM, fds);
	write_all(fds[1], "x", 1);
	memset(&msg, 0, sizeof(msg));
	ring_for(&ring);
	for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		void *where = (void *)wild[i];

		io_uring_prep_read(sqe_of(&ring), fd, where, SIZE, 0);
		CHECK_EQ(run_one(&ring), -EFAULT);
		io_uring_prep_readv(sqe_of(&ring), fd, (struct iovec *)where, 2, 0);
		CHECK_EQ(run_one(&ring), -EFAULT);
		io_uring_prep_recvmsg(sqe_of(&ring), fds[0], (struct msghdr *)where, 0);
		CHECK_EQ(run_one(&ring), -EFAULT);
	}
	io_uring_queue_exit(&ring);
}
