/* SPDX-License-Identifier: MIT */
/*
 * What a program may use anew as soon as its requests are submitted (IORING_FEAT_SUBMIT_STABLE), and what is read only when a request's
 * turn comes. A read from an empty pipe at the head of a link holds back what is behind it, so that "later" is certain.
 */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

enum { GATE = 9001 };

struct gate {
	int fds[2];
	char byte;
};

/* The next request to be prepared waits until the gate is opened. */
static void gate_shut(struct io_uring *ring, struct gate *gate)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	pipe_up(gate->fds);
	io_uring_prep_read(sqe, gate->fds[0], &gate->byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	io_uring_sqe_set_data64(sqe, GATE);
}

static void gate_gone(struct gate *gate)
{
	close(gate->fds[0]);
	close(gate->fds[1]);
}

/* Opens it; the result of the request behind. */
static int gate_open(struct io_uring *ring, struct gate *gate)
{
	write_all(gate->fds[1], "g", 1);
	CHECK_EQ(reap_data(ring, GATE), 1);
	gate_gone(gate);
	return reap(ring).res;
}

/* Submits a gate and behind it what is refused at once, and the gate with it; the result of that. */
static int gate_refused(struct io_uring *ring, struct gate *gate)
{
	submit(ring, 2);
	CHECK_EQ(reap_data(ring, GATE), -ECANCELED);
	gate_gone(gate);
	return reap(ring).res;
}

/* The memory of all SQEs, as a program that prepares its next requests would change it. */
static void spoil_sqes(struct io_uring *ring)
{
	memset(ring->sq.sqes, 0xa5, ring->sq.ring_entries * sizeof(*ring->sq.sqes));
}

static void udp_pair(int fds[2], struct sockaddr_in addr[2])
{
	for (int i = 0; i < 2; i++) {
		socklen_t len = sizeof(addr[i]);

		fds[i] = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0));
		memset(&addr[i], 0, len);
		addr[i].sin_family = AF_INET;
		addr[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		SYS(bind(fds[i], (struct sockaddr *)&addr[i], len));
		SYS(getsockname(fds[i], (struct sockaddr *)&addr[i], &len));
	}
}

/* A name that no file has, in place of one that was submitted. */
#define SPOIL(text) memset(text, '?', sizeof(text) - 1)

/* ---- messages ---------------------------------------------------------------------------------------------------------------- */

static void receives_where_it_was_told(unsigned flags)
{
	char buf[2][8] = { { 0 } }, control[2][64];
	struct sockaddr_in addr[2], from[2];
	struct iovec iov[2] = { { buf[0], 4 }, { buf[0] + 4, 4 } }, other = { buf[1], 8 };
	struct msghdr msg;
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	int fds[2];

	udp_pair(fds, addr);
	SYS(setsockopt(fds[0], SOL_SOCKET, SO_TIMESTAMP, &(int){ 1 }, sizeof(int)));
	ring_up(&ring, 8, 0);
	memset(from, 0, sizeof(from));
	memset(control, 0, sizeof(control));
	memset(&msg, 0, sizeof(msg));
	msg.msg_name = &from[0];
	msg.msg_namelen = sizeof(from[0]);
	msg.msg_iov = iov;
	msg.msg_iovlen = 2;
	msg.msg_control = control[0];
	msg.msg_controllen = sizeof(control[0]);
	sqe = sqe_of(&ring);
	io_uring_prep_recvmsg(sqe, fds[0], &msg, 0);
	sqe->flags = flags;
	submit(&ring, 1);
	spoil_sqes(&ring);
	/* The one thing that is read when the message has come: how much of its sender's address is wanted. */
	msg.msg_name = &from[1];
	msg.msg_namelen = 4;
	msg.msg_iov = &other;
	msg.msg_iovlen = 1;
	msg.msg_control = control[1];
	msg.msg_controllen = 1;
	msg.msg_flags = -1;
	iov[0] = iov[1] = other;
	check_quiet(&ring);
	SYS(sendto(fds[1], "abcdefghij", 10, 0, (struct sockaddr *)&addr[0], sizeof(addr[0])));
	CHECK_EQ(reap(&ring).res, 8);
	CHECK_MEM(buf[0], "abcdefgh", 8);
	CHECK_EQ(from[0].sin_port, addr[1].sin_port);
	CHECK_EQ(from[0].sin_addr.s_addr, 0);
	CHECK_EQ(from[1].sin_port, 0);
	CHECK_EQ(buf[1][0], 0);
	/* Its answers go to the header that was submitted, which has kept the program's new pointers. */
	CHECK_EQ(msg.msg_namelen, sizeof(struct sockaddr_in));
	CHECK_EQ(msg.msg_flags & MSG_TRUNC, MSG_TRUNC);
	CHECK_EQ(msg.msg_controllen, CMSG_SPACE(sizeof(struct timeval)));
	CHECK_PTR(msg.msg_name, &from[1]);
	CHECK_PTR(msg.msg_iov, &other);
	CHECK_PTR(msg.msg_control, control[1]);
	CHECK_EQ(((struct cmsghdr *)control[0])->cmsg_type, SCM_TIMESTAMP);
	CHECK_EQ(((struct cmsghdr *)control[1])->cmsg_type, 0);
	close(fds[0]);
	close(fds[1]);
	io_uring_queue_exit(&ring);
}

TEST(a_header_that_was_submitted_to_receive_may_change)
{
	receives_where_it_was_told(0);
	receives_where_it_was_told(IOSQE_ASYNC);
}

TEST(a_header_to_receive_may_change_while_its_link_waits)
{
	char buf[2][8] = { { 0 } };
	struct iovec iov = { buf[0], 8 };
	struct msghdr msg;
	struct io_uring ring;
	struct gate gate;
	int fds[2];

	pair_up(SOCK_STREAM, fds);
	ring_up(&ring, 8, 0);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	write_all(fds[1], "abcdefgh", 8);
	gate_shut(&ring, &gate);
	io_uring_prep_recvmsg(sqe_of(&ring), fds[0], &msg, 0);
	submit(&ring, 2);
	spoil_sqes(&ring);
	iov.iov_base = buf[1];
	msg.msg_iov = NULL;
	msg.msg_flags = -1;
	CHECK_EQ(gate_open(&ring, &gate), 8);
	CHECK_MEM(buf[0], "abcdefgh", 8);
	CHECK_EQ(msg.msg_flags & ~MSG_CMSG_CLOEXEC, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_bad_header_or_vector_is_found_when_it_is_submitted)
{
	struct iovec iov = { NULL, 0 };
	struct msghdr msg;
	struct io_uring ring;
	struct gate gate;
	int fds[2];

	pair_up(SOCK_STREAM, fds);
	ring_up(&ring, 8, 0);
	memset(&msg, 0, sizeof(msg));
	for (int i = 0; i < 4; i++) {
		struct io_uring_sqe *sqe;

		msg.msg_iov = i < 2 ? (struct iovec *)8 : &iov;
		msg.msg_iovlen = i < 2 ? 1 : 1025;
		gate_shut(&ring, &gate);
		sqe = sqe_of(&ring);
		if (i & 1)
			io_uring_prep_recvmsg(sqe, fds[0], &msg, 0);
		else
			io_uring_prep_sendmsg(sqe, fds[0], &msg, 0);
		CHECK_EQ(gate_refused(&ring, &gate), i < 2 ? -EFAULT : -EMSGSIZE);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_header_that_was_submitted_to_send_may_change)
{
	char text[2][5] = { "good", "bad!" }, got[8] = "";
	struct sockaddr_in addr[2], to;
	struct iovec iov = { text[0], 4 };
	struct msghdr msg;
	struct io_uring ring;
	struct gate gate;
	int fds[2];

	udp_pair(fds, addr);
	ring_up(&ring, 8, 0);
	to = addr[1];
	memset(&msg, 0, sizeof(msg));
	msg.msg_name = &to;
	msg.msg_namelen = sizeof(to);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	gate_shut(&ring, &gate);
	io_uring_prep_sendmsg(sqe_of(&ring), fds[0], &msg, 0);
	submit(&ring, 2);
	spoil_sqes(&ring);
	memset(&msg, 0xff, sizeof(msg));
	iov.iov_base = text[1];
	iov.iov_len = 1;
	memset(&to, 0, sizeof(to));
	CHECK_EQ(gate_open(&ring, &gate), 4);
	CHECK_EQ(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), 4);
	CHECK_STR(got, "good");
	io_uring_queue_exit(&ring);
}

TEST(a_header_may_change_while_its_message_waits_for_room)
{
	static char flood[1 << 16], text[2][5] = { "good", "bad!" };
	char got[5] = "";
	struct iovec iov = { text[0], 4 };
	struct msghdr msg;
	struct io_uring ring;
	int fds[2];

	pair_up(SOCK_SEQPACKET, fds);
	while (send(fds[0], flood, sizeof(flood), MSG_DONTWAIT) > 0)
		;
	while (send(fds[0], flood, 1, MSG_DONTWAIT) > 0)
		;
	ring_up(&ring, 8, 0);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	io_uring_prep_sendmsg(sqe_of(&ring), fds[0], &msg, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	memset(&msg, 0xff, sizeof(msg));
	iov.iov_base = text[1];
	iov.iov_len = 1;
	/* It may be sent as soon as there is some room, before the rest of the flood has been received. */
	while (strcmp(got, "good")) {
		ssize_t len = recv(fds[1], flood, sizeof(flood), MSG_DONTWAIT);

		if (len == 4)
			memcpy(got, flood, 4);
		else if (len < 0)
			io_uring_get_events(&ring);
		CHECK(len == 4 || len == 1 || len == sizeof(flood) || len == -1);
	}
	CHECK_EQ(reap(&ring).res, 4);
	io_uring_queue_exit(&ring);
}

TEST(control_data_is_where_the_header_said_and_read_when_it_is_sent)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control[2];
	char byte = 'c', got;
	struct iovec iov = { &byte, 1 }, into = { &got, 1 };
	struct msghdr msg, answer;
	struct io_uring ring;
	struct cmsghdr *cmsg;
	struct gate gate;
	int fds[2], sent;

	pair_up(SOCK_STREAM, fds);
	ring_up(&ring, 8, 0);
	memset(control, 0, sizeof(control));
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &control[0];
	msg.msg_controllen = sizeof(control[0]);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	sent = -1;
	memcpy(CMSG_DATA(cmsg), &sent, sizeof(sent));
	gate_shut(&ring, &gate);
	io_uring_prep_sendmsg(sqe_of(&ring), fds[0], &msg, 0);
	submit(&ring, 2);
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	/* Only now it holds a descriptor that can be sent. */
	sent = fds[0];
	memcpy(CMSG_DATA(cmsg), &sent, sizeof(sent));
	CHECK_EQ(gate_open(&ring, &gate), 1);
	memset(&answer, 0, sizeof(answer));
	answer.msg_iov = &into;
	answer.msg_iovlen = 1;
	answer.msg_control = &control[1];
	answer.msg_controllen = sizeof(control[1]);
	CHECK_EQ(SYS(recvmsg(fds[1], &answer, 0)), 1);
	CHECK_EQ(answer.msg_controllen, CMSG_SPACE(sizeof(int)));
	CHECK_EQ(CMSG_FIRSTHDR(&answer)->cmsg_type, SCM_RIGHTS);
	io_uring_queue_exit(&ring);
}

/* ---- addresses --------------------------------------------------------------------------------------------------------------- */

TEST(addresses_may_change_once_they_are_submitted)
{
	struct sockaddr_in addr, to, udp[2];
	struct io_uring ring;
	struct gate gate;
	int fds[2], listener = tcp_listener(&addr), fd;
	char got[8] = "";

	ring_up(&ring, 8, 0);
	to = addr;
	fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));
	gate_shut(&ring, &gate);
	io_uring_prep_connect(sqe_of(&ring), fd, (struct sockaddr *)&to, sizeof(to));
	submit(&ring, 2);
	spoil_sqes(&ring);
	memset(&to, 0xff, sizeof(to));
	CHECK_EQ(gate_open(&ring, &gate), 0);
	close(SYS(accept(listener, NULL, NULL)));
	close(fd);

	udp_pair(fds, udp);
	to = udp[1];
	gate_shut(&ring, &gate);
	io_uring_prep_sendto(sqe_of(&ring), fds[0], "good", 4, 0, (struct sockaddr *)&to, sizeof(to));
	submit(&ring, 2);
	memset(&to, 0xff, sizeof(to));
	CHECK_EQ(gate_open(&ring, &gate), 4);
	CHECK_EQ(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), 4);

	fd = (int)SYS(socket(AF_INET, SOCK_DGRAM, 0));
	need_op(&ring, IORING_OP_BIND);
	to = udp[0];
	to.sin_port = 0;
	gate_shut(&ring, &gate);
	io_uring_prep_bind(sqe_of(&ring), fd, (struct sockaddr *)&to, sizeof(to));
	submit(&ring, 2);
	memset(&to, 0xff, sizeof(to));
	CHECK_EQ(gate_open(&ring, &gate), 0);
	io_uring_queue_exit(&ring);
}

TEST(an_address_that_is_none_is_found_when_it_is_submitted)
{
	struct sockaddr_storage addr;
	struct io_uring ring;
	struct gate gate;
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

	memset(&addr, 0, sizeof(addr));
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_BIND);
	for (int i = 0; i < 6; i++) {
		const struct sockaddr *where = i < 2 ? (struct sockaddr *)8 : (struct sockaddr *)&addr;
		unsigned len = i < 2 ? 16 : i < 4 ? sizeof(addr) + 1 : (unsigned)-1;
		struct io_uring_sqe *sqe;

		gate_shut(&ring, &gate);
		sqe = sqe_of(&ring);
		if (i & 1)
			io_uring_prep_connect(sqe, fd, where, len);
		else
			io_uring_prep_bind(sqe, fd, (struct sockaddr *)where, len);
		CHECK_EQ(gate_refused(&ring, &gate), i < 2 ? -EFAULT : -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

TEST(the_room_for_a_peer_s_address_is_read_when_it_comes)
{
	struct sockaddr_in addr, peer;
	socklen_t len = 0;
	struct io_uring ring;
	int listener = tcp_listener(&addr), fd;

	memset(&peer, 0, sizeof(peer));
	ring_up(&ring, 8, 0);
	io_uring_prep_accept(sqe_of(&ring), listener, (struct sockaddr *)&peer, &len, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	len = sizeof(peer);
	fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));
	SYS(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	CHECK_CMP(reap(&ring).res, >=, 0);
	CHECK_EQ(peer.sin_family, AF_INET);
	CHECK_EQ(len, sizeof(peer));
	io_uring_queue_exit(&ring);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

static void vectors_stay(bool fixed)
{
	char buf[16] = "abcdefgh";
	struct iovec iov = { buf, 8 }, whole = { buf, sizeof(buf) };
	struct io_uring ring;
	struct gate gate;
	int fd = file_empty("f");

	ring_up(&ring, 8, 0);
	if (fixed)
		CHECK_EQ(io_uring_register_buffers(&ring, &whole, 1), 0);
	gate_shut(&ring, &gate);
	if (fixed)
		io_uring_prep_writev_fixed(sqe_of(&ring), fd, &iov, 1, 0, 0, 0);
	else
		io_uring_prep_writev(sqe_of(&ring), fd, &iov, 1, 0);
	submit(&ring, 2);
	spoil_sqes(&ring);
	iov.iov_base = (void *)8;
	iov.iov_len = 3;
	CHECK_EQ(gate_open(&ring, &gate), 8);
	iov.iov_base = buf + 8;
	iov.iov_len = 8;
	gate_shut(&ring, &gate);
	if (fixed)
		io_uring_prep_readv_fixed(sqe_of(&ring), fd, &iov, 1, 0, 0, 0);
	else
		io_uring_prep_readv(sqe_of(&ring), fd, &iov, 1, 0);
	submit(&ring, 2);
	iov.iov_base = (void *)8;
	iov.iov_len = 3;
	CHECK_EQ(gate_open(&ring, &gate), 8);
	CHECK_MEM(buf + 8, "abcdefgh", 8);
	io_uring_queue_exit(&ring);
}

TEST(vectors_of_a_link_may_change)
{
	vectors_stay(false);
}

TEST(vectors_into_fixed_buffers_may_change)
{
	need_kernel_with(IORING_OP_READV_FIXED, "vectors of fixed buffers");
	vectors_stay(true);
}

TEST(paths_may_change_once_they_are_submitted)
{
	char path[2][16] = { "", "" };
	struct open_how how;
	struct statx stx;
	struct io_uring ring;
	struct gate gate;
	int fd;

/* Submits what prepares `sqe`, with these paths; spoils them and waits for the result. */
#define LATER(first, second, PREPARE)                                                               \
	({                                                                                          \
		struct io_uring_sqe *sqe;                                                           \
		strcpy(path[0], first);                                                             \
		strcpy(path[1], second);                                                            \
		gate_shut(&ring, &gate);                                                            \
		sqe = sqe_of(&ring);                                                                \
		PREPARE;                                                                            \
		submit(&ring, 2);                                                                   \
		spoil_sqes(&ring);                                                                  \
		SPOIL(path[0]);                                                                     \
		SPOIL(path[1]);                                                                     \
		gate_open(&ring, &gate);                                                            \
	})

	ring_up(&ring, 8, 0);
	fd = LATER("a", "", io_uring_prep_openat(sqe, AT_FDCWD, path[0], O_CREAT | O_RDWR, 0600));
	CHECK_CMP(fd, >=, 0);
	CHECK_EQ(access("a", F_OK), 0);
	memset(&how, 0, sizeof(how));
	how.flags = O_CREAT | O_RDWR;
	how.mode = 0600;
	gate_shut(&ring, &gate);
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, strcpy(path[0], "b"), &how);
	submit(&ring, 2);
	SPOIL(path[0]);
	memset(&how, 0xff, sizeof(how));
	CHECK_CMP(gate_open(&ring, &gate), >=, 0);
	CHECK_EQ(access("b", F_OK), 0);
	CHECK_EQ(LATER("a", "", io_uring_prep_statx(sqe, AT_FDCWD, path[0], 0, STATX_SIZE, &stx)), 0);
	CHECK_EQ(LATER("a", "c", io_uring_prep_renameat(sqe, AT_FDCWD, path[0], AT_FDCWD, path[1], 0)), 0);
	CHECK_EQ(LATER("c", "d", io_uring_prep_linkat(sqe, AT_FDCWD, path[0], AT_FDCWD, path[1], 0)), 0);
	CHECK_EQ(LATER("d", "e", io_uring_prep_symlinkat(sqe, path[0], AT_FDCWD, path[1])), 0);
	CHECK_EQ(LATER("x", "", io_uring_prep_mkdirat(sqe, AT_FDCWD, path[0], 0700)), 0);
	CHECK_EQ(LATER("x", "", io_uring_prep_unlinkat(sqe, AT_FDCWD, path[0], AT_REMOVEDIR)), 0);
	CHECK_EQ(LATER("b", "", io_uring_prep_unlinkat(sqe, AT_FDCWD, path[0], 0)), 0);
	CHECK_EQ(access("c", F_OK) | access("d", F_OK) | access("e", F_OK), 0);
	CHECK_EQ(access("b", F_OK), -1);
	io_uring_queue_exit(&ring);
#undef LATER
}

TEST(attributes_may_change_once_they_are_submitted)
{
	char name[16] = "user.life", value[16] = "good", got[8] = "";
	struct io_uring ring;
	struct gate gate;
	int fd = file_empty("f");

	if (fsetxattr(fd, "user.probe", "x", 1, 0))
		test_skip("the file system of the temporary directory has no extended attributes: %s", strerror(errno));
	ring_up(&ring, 8, 0);
	gate_shut(&ring, &gate);
	io_uring_prep_fsetxattr(sqe_of(&ring), fd, name, value, 0, 4);
	submit(&ring, 2);
	spoil_sqes(&ring);
	SPOIL(name);
	SPOIL(value);
	CHECK_EQ(gate_open(&ring, &gate), 0);
	CHECK_EQ(fgetxattr(fd, "user.life", got, sizeof(got)), 4);
	CHECK_STR(got, "good");
	strcpy(name, "user.life");
	gate_shut(&ring, &gate);
	io_uring_prep_fgetxattr(sqe_of(&ring), fd, name, got, sizeof(got));
	submit(&ring, 2);
	SPOIL(name);
	CHECK_EQ(gate_open(&ring, &gate), 4);
	io_uring_queue_exit(&ring);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------------- */

TEST(times_may_change_once_they_are_submitted)
{
	struct __kernel_timespec ts = timespec_ms(1), guard = timespec_ms(1), update = timespec_ms(1);
	const struct __kernel_timespec bad = { .tv_sec = -1, .tv_nsec = -1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct gate gate;
	char byte;
	int fds[2];

	ring_up(&ring, 8, 0);
	gate_shut(&ring, &gate);
	io_uring_prep_timeout(sqe_of(&ring), &ts, 0, 0);
	submit(&ring, 2);
	spoil_sqes(&ring);
	ts = bad;
	CHECK_EQ(gate_open(&ring, &gate), -ETIME);

	pipe_up(fds);
	gate_shut(&ring, &gate);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(sqe_of(&ring), &guard, 0);
	submit(&ring, 3);
	guard = bad;
	write_all(gate.fds[1], "g", 1);
	CHECK_EQ(reap_data(&ring, GATE), 1);
	CHECK_EQ(reap(&ring).res + reap(&ring).res, -ECANCELED - ETIME);

	ts = timespec_ms(100000);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	io_uring_sqe_set_data64(sqe, 5);
	submit(&ring, 1);
	gate_shut(&ring, &gate);
	io_uring_prep_timeout_update(sqe_of(&ring), &update, 5, 0);
	submit(&ring, 2);
	update = bad;
	CHECK_EQ(gate_open(&ring, &gate), 0);
	CHECK_EQ(reap_data(&ring, 5), -ETIME);
	io_uring_queue_exit(&ring);
}

TEST(an_epoll_event_may_change_once_it_is_submitted)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 77 }, got;
	struct io_uring ring;
	struct gate gate;
	int ep = (int)SYS(epoll_create1(0)), fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	gate_shut(&ring, &gate);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_ADD, &event);
	submit(&ring, 2);
	spoil_sqes(&ring);
	memset(&event, 0xff, sizeof(event));
	CHECK_EQ(gate_open(&ring, &gate), 0);
	write_all(fds[1], "x", 1);
	CHECK_EQ(SYS(epoll_wait(ep, &got, 1, 1000)), 1);
	CHECK_EQ(got.data.u64, 77);
	io_uring_queue_exit(&ring);
}

TEST(futexes_of_a_wait_for_several_may_change)
{
	static uint32_t words[2] = { 1, 2 };
	struct futex_waitv list[2];
	struct io_uring ring;
	struct gate gate;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAITV);
	memset(list, 0, sizeof(list));
	for (int i = 0; i < 2; i++) {
		list[i].val = words[i];
		list[i].uaddr = (uintptr_t)&words[i];
		list[i].flags = FUTEX2_SIZE_U32 | FUTEX2_PRIVATE;
	}
	gate_shut(&ring, &gate);
	io_uring_prep_futex_waitv(sqe_of(&ring), list, 2, 0);
	submit(&ring, 2);
	spoil_sqes(&ring);
	memset(list, 0xff, sizeof(list));
	words[1] = 3;
	CHECK_EQ(gate_open(&ring, &gate), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(descriptors_for_the_file_table_are_read_when_their_turn_comes)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct gate gate;
	int fd = -1, none = -1;
	char byte;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, &none, 1), 0);
	gate_shut(&ring, &gate);
	io_uring_prep_files_update(sqe_of(&ring), &fd, 1, 0);
	submit(&ring, 2);
	fd = file_with_pattern("f", 10);
	CHECK_EQ(gate_open(&ring, &gate), 1);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, 0, &byte, 1, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	CHECK_EQ(run_one(&ring), 1);
	io_uring_queue_exit(&ring);
}

TEST(a_socket_option_is_read_when_its_turn_comes)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct gate gate;
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0)), on = 0, got = -1;
	socklen_t len = sizeof(got);

	ring_up(&ring, 8, 0);
	gate_shut(&ring, &gate);
	sqe = sqe_of(&ring);
	io_uring_prep_cmd_sock(sqe, SOCKET_URING_OP_SETSOCKOPT, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	submit(&ring, 2);
	spoil_sqes(&ring);
	on = 1;
	CHECK_EQ(gate_open(&ring, &gate), 0);
	SYS(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &got, &len));
	CHECK_EQ(got, 1);
	io_uring_queue_exit(&ring);
}
