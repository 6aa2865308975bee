/* SPDX-License-Identifier: MIT */
/* Sockets: made, bound, listened on, accepted, connected, sent to, received from, shut down. One completion for each request. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static int do_send(struct io_uring *ring, int fd, const void *buf, size_t len, int flags)
{
	io_uring_prep_send(sqe_of(ring), fd, buf, len, flags);
	return run_one(ring);
}

static int do_recv(struct io_uring *ring, int fd, void *buf, size_t len, int flags)
{
	io_uring_prep_recv(sqe_of(ring), fd, buf, len, flags);
	return run_one(ring);
}

/* A UDP socket on 127.0.0.1. */
static int udp(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = (int)SYS(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SYS(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
	SYS(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

/* ---- connections --------------------------------------------------------------------------------------------------------------- */

TEST(accept_and_connect_meet)
{
	struct sockaddr_in addr, peer, local;
	socklen_t len = sizeof(peer), local_len = sizeof(local);
	struct answer a[2];
	struct io_uring ring;
	int listener = tcp_listener(&addr), client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));
	struct io_uring_sqe *sqe;

	ring_up(&ring, 8, 0);
	memset(&peer, 0, sizeof(peer));
	sqe = sqe_of(&ring);
	io_uring_prep_accept(sqe, listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	sqe->user_data = 1;
	submit(&ring, 1);
	check_quiet(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_connect(sqe, client, (struct sockaddr *)&addr, sizeof(addr));
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[1].res, 0);
	CHECK_CMP(a[0].res, >=, 0);
	SYS(getsockname(client, (struct sockaddr *)&local, &local_len));
	CHECK_EQ(len, sizeof(peer));
	CHECK_MEM(&peer, &local, sizeof(peer));
	CHECK(fcntl(a[0].res, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(a[0].res, F_GETFL) & O_NONBLOCK);
	write_all(client, "ping", 4);
	{
		char buf[4];

		CHECK_EQ(do_recv(&ring, a[0].res, buf, 4, 0), 4);
		CHECK_MEM(buf, "ping", 4);
	}
	/* Connected already. */
	io_uring_prep_connect(sqe_of(&ring), client, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), -EISCONN);
	io_uring_queue_exit(&ring);
}

TEST(accept_on_a_blocking_listener_does_not_hold_the_submitter)
{
	struct sockaddr_in addr;
	struct io_uring ring;
	int listener = tcp_listener(&addr);

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++)
		io_uring_prep_accept(sqe_of(&ring), listener, NULL, NULL, 0);
	submit(&ring, 4);
	check_quiet(&ring);
	for (int i = 0; i < 4; i++) {
		int client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

		SYS(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
		CHECK_CMP(reap(&ring).res, >=, 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(bad_accepts_are_refused_as_by_the_system_call)
{
	struct sockaddr_in addr;
	struct io_uring ring;
	int listener = tcp_listener(&addr), plain = (int)SYS(socket(AF_INET, SOCK_STREAM, 0)), file = file_empty("f");

	ring_up(&ring, 8, 0);
	io_uring_prep_accept(sqe_of(&ring), file, NULL, NULL, 0);
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_prep_accept(sqe_of(&ring), plain, NULL, NULL, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_accept(sqe_of(&ring), listener, NULL, NULL, 1 << 30);
	CHECK_EQ(run_one(&ring), -EINVAL);
	close(plain);
	io_uring_prep_accept(sqe_of(&ring), plain, NULL, NULL, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(an_accept_that_must_not_wait_is_eagain)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int listener = tcp_listener(&addr);

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
	sqe->ioprio |= IORING_ACCEPT_DONTWAIT;
	CHECK_EQ(run_one(&ring), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(a_refused_connection_is_econnrefused)
{
	struct sockaddr_in addr;
	struct io_uring ring;
	int listener = tcp_listener(&addr), client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "nobody" };
	int unix_client = (int)SYS(socket(AF_UNIX, SOCK_STREAM, 0));

	close(listener);
	ring_up(&ring, 8, 0);
	io_uring_prep_connect(sqe_of(&ring), client, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), -ECONNREFUSED);
	io_uring_prep_connect(sqe_of(&ring), unix_client, (struct sockaddr *)&nowhere, sizeof(nowhere));
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_connect(sqe_of(&ring), unix_client, (struct sockaddr *)8, sizeof(nowhere));
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_connect(sqe_of(&ring), file_empty("f"), (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_queue_exit(&ring);
}

TEST(a_server_can_be_raised_with_requests_alone)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	struct io_uring ring;
	char buf[5];
	int server, client, conn;
	struct answer a[2];
	struct io_uring_sqe *sqe;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_LISTEN);
	io_uring_prep_socket(sqe_of(&ring), AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0);
	server = run_one(&ring);
	CHECK_CMP(server, >=, 0);
	CHECK(fcntl(server, F_GETFD) & FD_CLOEXEC);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	io_uring_prep_bind(sqe_of(&ring), server, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_listen(sqe_of(&ring), server, 8);
	CHECK_EQ(run_one(&ring), 0);
	SYS(getsockname(server, (struct sockaddr *)&addr, &len));
	io_uring_prep_bind(sqe_of(&ring), server, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_socket(sqe_of(&ring), AF_INET, SOCK_STREAM, 0, 0);
	client = run_one(&ring);
	CHECK_CMP(client, >=, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_accept(sqe, server, NULL, NULL, 0);
	sqe->user_data = 1;
	sqe = sqe_of(&ring);
	io_uring_prep_connect(sqe, client, (struct sockaddr *)&addr, sizeof(addr));
	sqe->user_data = 2;
	submit(&ring, 2);
	reap_sorted(&ring, a, 2);
	conn = a[0].res;
	CHECK_CMP(conn, >=, 0);
	CHECK_EQ(a[1].res, 0);
	CHECK_EQ(do_send(&ring, client, "hello", 5, 0), 5);
	CHECK_EQ(do_recv(&ring, conn, buf, 5, 0), 5);
	CHECK_MEM(buf, "hello", 5);
	io_uring_prep_shutdown(sqe_of(&ring), client, SHUT_WR);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(do_recv(&ring, conn, buf, 5, 0), 0);
	io_uring_queue_exit(&ring);
}

TEST(bad_sockets_are_refused_as_by_the_system_calls)
{
	struct sockaddr_in addr;
	struct io_uring ring;
	int file = file_empty("f"), plain = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

	ring_up(&ring, 8, 0);
	io_uring_prep_socket(sqe_of(&ring), 9999, SOCK_STREAM, 0, 0);
	CHECK_EQ(run_one(&ring), -EAFNOSUPPORT);
	io_uring_prep_socket(sqe_of(&ring), AF_INET, 1234, 0, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_socket(sqe_of(&ring), AF_INET, SOCK_STREAM, 0, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_shutdown(sqe_of(&ring), file, SHUT_WR);
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_prep_shutdown(sqe_of(&ring), plain, SHUT_WR);
	CHECK_EQ(run_one(&ring), -ENOTCONN);
	io_uring_prep_shutdown(sqe_of(&ring), plain, 77);
	CHECK_EQ(run_one(&ring), -EINVAL);
	need_op(&ring, IORING_OP_LISTEN);
	memset(&addr, 0, sizeof(addr));
	io_uring_prep_bind(sqe_of(&ring), file, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_prep_listen(sqe_of(&ring), file, 1);
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_queue_exit(&ring);
}

/* ---- send and recv --------------------------------------------------------------------------------------------------------------- */

TEST(recv_waits_for_data_and_ends_with_zero)
{
	struct io_uring ring;
	char buf[16];
	int sv[2];

	for (int tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			tcp_pair(sv);
		else
			pair_up(SOCK_STREAM, sv);
		ring_up(&ring, 8, 0);
		io_uring_prep_recv(sqe_of(&ring), sv[0], buf, sizeof(buf), 0);
		submit(&ring, 1);
		check_quiet(&ring);
		CHECK_EQ(do_recv(&ring, sv[0], buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
		write_all(sv[1], "abc", 3);
		CHECK_EQ(reap(&ring).res, 3);
		CHECK_MEM(buf, "abc", 3);
		io_uring_prep_recv(sqe_of(&ring), sv[0], buf, sizeof(buf), 0);
		submit(&ring, 1);
		check_quiet(&ring);
		close(sv[1]);
		CHECK_EQ(reap(&ring).res, 0);
		io_uring_queue_exit(&ring);
		close(sv[0]);
	}
}

TEST(recv_on_a_nonblocking_socket_waits_all_the_same)
{
	struct io_uring ring;
	char buf[16];
	int sv[2];

	pair_up(SOCK_STREAM | SOCK_NONBLOCK, sv);
	ring_up(&ring, 8, 0);
	io_uring_prep_recv(sqe_of(&ring), sv[0], buf, sizeof(buf), 0);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(sv[1], "abc", 3);
	CHECK_EQ(reap(&ring).res, 3);
	io_uring_queue_exit(&ring);
}

TEST(recv_with_waitall_collects_the_whole)
{
	struct io_uring ring;
	char buf[12];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	io_uring_prep_recv(sqe_of(&ring), sv[0], buf, 12, MSG_WAITALL);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		check_quiet(&ring);
		write_all(sv[1], "abcd", 4);
	}
	CHECK_EQ(reap(&ring).res, 12);
	CHECK_MEM(buf, "abcdabcdabcd", 12);
	/* The end before the whole: what came so far. */
	io_uring_prep_recv(sqe_of(&ring), sv[0], buf, 12, MSG_WAITALL);
	submit(&ring, 1);
	write_all(sv[1], "xyz", 3);
	check_quiet(&ring);
	close(sv[1]);
	CHECK_EQ(reap(&ring).res, 3);
	CHECK_MEM(buf, "xyz", 3);
	io_uring_queue_exit(&ring);
}

TEST(peeked_data_stays)
{
	struct io_uring ring;
	char buf[8];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	write_all(sv[1], "abcd", 4);
	CHECK_EQ(do_recv(&ring, sv[0], buf, 8, MSG_PEEK), 4);
	CHECK_EQ(do_recv(&ring, sv[0], buf, 8, 0), 4);
	CHECK_MEM(buf, "abcd", 4);
	io_uring_queue_exit(&ring);
}

TEST(recv_tells_whether_more_is_waiting)
{
	struct io_uring ring;
	struct answer a;
	char buf[8];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	write_all(sv[1], "abcdefgh", 8);
	io_uring_prep_recv(sqe_of(&ring), sv[0], buf, 4, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 4);
	CHECK(a.flags & IORING_CQE_F_SOCK_NONEMPTY);
	io_uring_prep_recv(sqe_of(&ring), sv[0], buf, 8, 0);
	submit(&ring, 1);
	a = reap(&ring);
	CHECK_EQ(a.res, 4);
	CHECK(!(a.flags & IORING_CQE_F_SOCK_NONEMPTY));
	io_uring_queue_exit(&ring);
}

TEST(poll_first_waits_for_readiness_before_it_tries)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_recv(sqe, sv[0], buf, 8, 0);
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(sv[1], "abcd", 4);
	CHECK_EQ(reap(&ring).res, 4);
	sqe = sqe_of(&ring);
	io_uring_prep_send(sqe, sv[0], "efgh", 4, 0);
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	CHECK_EQ(run_one(&ring), 4);
	sqe = sqe_of(&ring);
	io_uring_prep_recv(sqe, sv[0], buf, 8, 0);
	sqe->ioprio = 1 << 14;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

static void drain_slowly(void *arg)
{
	int fd = *(int *)arg;
	static unsigned char buf[65536];
	uint64_t at = 0;
	long n;

	while ((n = SYS(read(fd, buf, sizeof(buf)))) > 0) {
		check_pattern(buf, n, at);
		at += n;
	}
	CHECK_EQ(at, 4 << 20);
}

TEST(a_message_that_waits_for_all_is_put_together_from_what_comes)
{
	char buf[12] = "";
	struct iovec iov[3] = { { buf, 3 }, { buf + 3, 5 }, { buf + 8, 4 } };
	struct msghdr msg;
	struct io_uring ring;
	int sv[2];

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = 3;
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	io_uring_prep_recvmsg(sqe_of(&ring), sv[0], &msg, MSG_WAITALL);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		check_quiet(&ring);
		write_all(sv[1], &"abcdefghijkl"[i * 4], 4);
	}
	CHECK_EQ(reap(&ring).res, 12);
	CHECK_MEM(buf, "abcdefghijkl", 12);
	CHECK_EQ(iov[0].iov_len, 3);
	CHECK_PTR(iov[1].iov_base, buf + 3);
	/* The end comes first: what is there is the answer. */
	io_uring_prep_recvmsg(sqe_of(&ring), sv[0], &msg, MSG_WAITALL);
	submit(&ring, 1);
	write_all(sv[1], "1234567", 7);
	check_quiet(&ring);
	close(sv[1]);
	CHECK_EQ(reap(&ring).res, 7);
	CHECK_MEM(buf, "1234567h", 8);
	close(sv[0]);
	io_uring_queue_exit(&ring);
}

TEST(a_datagram_is_all_there_is_to_wait_for)
{
	char buf[12];
	struct iovec iov = { buf, 12 };
	struct msghdr msg;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int sv[2];

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	pair_up(SOCK_DGRAM, sv);
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		if (i)
			io_uring_prep_recvmsg(sqe, sv[0], &msg, MSG_WAITALL);
		else
			io_uring_prep_recv(sqe, sv[0], buf, 12, MSG_WAITALL);
		sqe->flags = IOSQE_IO_LINK;
		io_uring_sqe_set_data64(sqe, 1);
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		io_uring_sqe_set_data64(sqe, 2);
		submit(&ring, 2);
		write_all(sv[1], "seven..", 7);
		CHECK_EQ(reap_data(&ring, 1), 7);
		CHECK_EQ(reap_data(&ring, 2), -ECANCELED);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_message_larger_than_the_socket_s_buffer_is_sent_whole)
{
	enum { SIZE = 1 << 20 };
	unsigned char *buf = (unsigned char *)pages(SIZE), *got = (unsigned char *)pages(SIZE);
	struct iovec iov[2] = { { buf, 1000 }, { buf + 1000, SIZE - 1000 } };
	struct msghdr msg;
	struct io_uring ring;
	int sv[2];

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = iov;
	msg.msg_iovlen = 2;
	pattern_fill(buf, SIZE, 0);
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	io_uring_prep_sendmsg(sqe_of(&ring), sv[0], &msg, MSG_WAITALL);
	submit(&ring, 1);
	check_quiet(&ring);
	for (int at = 0; at < SIZE;) {
		ssize_t n = recv(sv[1], got + at, SIZE - at, MSG_DONTWAIT);

		CHECK(n > 0 || errno == EAGAIN);
		if (n > 0)
			at += n;
		io_uring_get_events(&ring);
	}
	CHECK_EQ(reap(&ring).res, SIZE);
	check_pattern(got, SIZE, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_refused_connect_leaves_the_socket_for_the_next)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	struct io_uring ring;
	int taken = (int)SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	/* A port that is taken and does not listen. */
	SYS(bind(taken, (struct sockaddr *)&addr, sizeof(addr)));
	SYS(getsockname(taken, (struct sockaddr *)&addr, &len));
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 3; i++) {
		io_uring_prep_connect(sqe_of(&ring), fd, (struct sockaddr *)&addr, sizeof(addr));
		CHECK_EQ(run_one(&ring), -ECONNREFUSED);
	}
	SYS(listen(taken, 1));
	io_uring_prep_connect(sqe_of(&ring), fd, (struct sockaddr *)&addr, sizeof(addr));
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void send_big(void *arg)
{
	enum { SIZE = 4 << 20 };
	unsigned char *buf = (unsigned char *)pages(SIZE);
	struct io_uring ring;
	int fd = *(int *)arg;

	pattern_fill(buf, SIZE, 0);
	ring_up(&ring, 8, 0);
	/* Far more than the socket's buffer: with MSG_WAITALL it goes on until all is gone. */
	CHECK_EQ(do_send(&ring, fd, buf, SIZE, MSG_WAITALL), SIZE);
	close(fd);
	io_uring_queue_exit(&ring);
}

TEST(a_send_larger_than_the_socket_s_buffer_goes_on_as_there_is_room)
{
	int sv[2], status;
	pid_t pid;

	tcp_pair(sv);
	pid = (pid_t)SYS(fork());
	if (!pid) {
		close(sv[0]);
		drain_slowly(&sv[1]);
		_exit(0);
	}
	close(sv[1]);
	in_thread(send_big, &sv[0]);
	SYS(waitpid(pid, &status, 0));
	CHECK_EQ(status, 0);
}

TEST(sending_to_a_closed_peer_is_epipe_without_a_signal)
{
	struct io_uring ring;
	int sv[2];

	/* SIGPIPE would end the case here. */
	signal(SIGPIPE, SIG_DFL);
	pair_up(SOCK_STREAM, sv);
	close(sv[1]);
	ring_up(&ring, 8, 0);
	CHECK_EQ(do_send(&ring, sv[0], "x", 1, 0), -EPIPE);
	{
		struct iovec iov = { (void *)"x", 1 };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

		io_uring_prep_sendmsg(sqe_of(&ring), sv[0], &msg, 0);
		CHECK_EQ(run_one(&ring), -EPIPE);
	}
	io_uring_queue_exit(&ring);
}

TEST(what_is_no_socket_is_enotsock)
{
	struct iovec iov = { NULL, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct io_uring ring;
	char buf[4];
	int file = file_empty("f");

	ring_up(&ring, 8, 0);
	CHECK_EQ(do_send(&ring, file, buf, 4, 0), -ENOTSOCK);
	CHECK_EQ(do_recv(&ring, file, buf, 4, 0), -ENOTSOCK);
	io_uring_prep_sendmsg(sqe_of(&ring), file, &msg, 0);
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	io_uring_prep_recvmsg(sqe_of(&ring), file, &msg, 0);
	CHECK_EQ(run_one(&ring), -ENOTSOCK);
	close(file);
	CHECK_EQ(do_recv(&ring, file, buf, 4, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(a_wild_pointer_in_a_socket_request_is_efault)
{
	struct io_uring ring;
	int sv[2];

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	write_all(sv[1], "abcd", 4);
	CHECK_EQ(do_recv(&ring, sv[0], (void *)8, 4, 0), -EFAULT);
	CHECK_EQ(do_send(&ring, sv[0], (void *)8, 4, 0), -EFAULT);
	io_uring_prep_sendmsg(sqe_of(&ring), sv[0], (struct msghdr *)8, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_recvmsg(sqe_of(&ring), sv[0], (struct msghdr *)8, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

/* ---- messages ------------------------------------------------------------------------------------------------------------------- */

TEST(messages_carry_vectors_and_the_sender_s_address)
{
	struct sockaddr_in a_addr, b_addr, from;
	char left[3], right[10];
	struct iovec out[2] = { { (void *)"hello ", 6 }, { (void *)"there", 5 } }, in[2] = { { left, 3 }, { right, 10 } };
	struct msghdr msg = { .msg_iov = out, .msg_iovlen = 2 };
	struct io_uring ring;
	int a = udp(&a_addr), b = udp(&b_addr);

	ring_up(&ring, 8, 0);
	msg.msg_name = &b_addr;
	msg.msg_namelen = sizeof(b_addr);
	io_uring_prep_sendmsg(sqe_of(&ring), a, &msg, 0);
	CHECK_EQ(run_one(&ring), 11);
	memset(&from, 0, sizeof(from));
	msg = (struct msghdr){ .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = in, .msg_iovlen = 2 };
	io_uring_prep_recvmsg(sqe_of(&ring), b, &msg, 0);
	CHECK_EQ(run_one(&ring), 11);
	CHECK_MEM(left, "hel", 3);
	CHECK_MEM(right, "lo there", 8);
	CHECK_EQ(msg.msg_namelen, sizeof(from));
	CHECK_MEM(&from, &a_addr, sizeof(from));
	CHECK_EQ(msg.msg_flags, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_datagram_cut_short_says_so)
{
	struct sockaddr_in addr, other;
	char buf[4];
	struct iovec in = { buf, 4 };
	struct msghdr msg = { .msg_iov = &in, .msg_iovlen = 1 };
	struct io_uring ring;
	int a = udp(&addr), b = udp(&other);

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 2; i++) {
		/* sendto() and its parts. */
		struct io_uring_sqe *sqe = sqe_of(&ring);

		if (i) {
			io_uring_prep_send(sqe, a, "12345678", 8, 0);
			io_uring_prep_send_set_addr(sqe, (struct sockaddr *)&other, sizeof(other));
		} else {
			io_uring_prep_sendto(sqe, a, "12345678", 8, 0, (struct sockaddr *)&other, sizeof(other));
		}
		CHECK_EQ(run_one(&ring), 8);
		io_uring_prep_recvmsg(sqe_of(&ring), b, &msg, i ? MSG_TRUNC : 0);
		CHECK_EQ(run_one(&ring), i ? 8 : 4);
		CHECK_MEM(buf, "1234", 4);
		CHECK_EQ(msg.msg_flags & MSG_TRUNC, MSG_TRUNC);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_descriptor_travels_in_a_control_message)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct io_uring ring;
	struct cmsghdr *cmsg;
	int sv[2], fds[2], got;
	char buf[4];

	pair_up(SOCK_STREAM, sv);
	pipe_up(fds);
	ring_up(&ring, 8, 0);
	memset(&control, 0, sizeof(control));
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fds[1], sizeof(int));
	io_uring_prep_sendmsg(sqe_of(&ring), sv[0], &msg, 0);
	CHECK_EQ(run_one(&ring), 1);
	memset(&control, 0, sizeof(control));
	msg.msg_controllen = sizeof(control);
	io_uring_prep_recvmsg(sqe_of(&ring), sv[1], &msg, MSG_CMSG_CLOEXEC);
	CHECK_EQ(run_one(&ring), 1);
	cmsg = CMSG_FIRSTHDR(&msg);
	CHECK(cmsg != NULL);
	CHECK_EQ(cmsg->cmsg_type, SCM_RIGHTS);
	memcpy(&got, CMSG_DATA(cmsg), sizeof(int));
	CHECK(got != fds[1]);
	write_all(got, "pass", 4);
	read_all(fds[0], buf, 4);
	CHECK_MEM(buf, "pass", 4);
	io_uring_queue_exit(&ring);
}

TEST(a_pending_recvmsg_completes_when_the_message_comes)
{
	struct sockaddr_in a_addr, b_addr;
	char buf[16];
	struct iovec in = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &in, .msg_iovlen = 1 };
	struct io_uring ring;
	int a = udp(&a_addr), b = udp(&b_addr);

	ring_up(&ring, 8, 0);
	io_uring_prep_recvmsg(sqe_of(&ring), b, &msg, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	SYS(sendto(a, "late", 4, 0, (struct sockaddr *)&b_addr, sizeof(b_addr)));
	CHECK_EQ(reap(&ring).res, 4);
	CHECK_MEM(buf, "late", 4);
	/* An empty datagram is a result of zero, not the end. */
	SYS(sendto(a, "", 0, 0, (struct sockaddr *)&b_addr, sizeof(b_addr)));
	CHECK_EQ(do_recv(&ring, b, buf, sizeof(buf), 0), 0);
	io_uring_queue_exit(&ring);
}

/* ---- a server -------------------------------------------------------------------------------------------------------------------- */

enum { CLIENTS = 24, MESSAGES = 50, MESSAGE = 200 };

static void client(int port_be, int id)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = (in_port_t)port_be };
	unsigned char out[MESSAGE], in[MESSAGE];
	int fd = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SYS(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	for (int i = 0; i < MESSAGES; i++) {
		pattern_fill(out, sizeof(out), (uint64_t)id * 100000 + i);
		write_all(fd, out, sizeof(out));
		read_all(fd, in, sizeof(in));
		CHECK_MEM(in, out, sizeof(in));
	}
	close(fd);
}

TEST(an_echo_server_serves_many_clients)
{
	static unsigned char bufs[4096][MESSAGE];
	enum { ACCEPT = 1 << 20, SEND = 1 << 19 };
	struct sockaddr_in addr;
	struct io_uring ring;
	int listener = tcp_listener(&addr), open_connections = 0, ended = 0;
	uint64_t echoed = 0;

	for (int i = 0; i < 3; i++)
		if (!SYS(fork())) {
			for (int j = 0; j < CLIENTS / 3; j++)
				client(addr.sin_port, i * 100 + j);
			_exit(0);
		}
	ring_up(&ring, 64, 0);
	io_uring_prep_accept(sqe_of(&ring), listener, NULL, NULL, 0);
	ring.sq.sqes[0].user_data = ACCEPT;
	while (ended < CLIENTS) {
		struct io_uring_sqe *sqe;
		struct answer a;
		int fd;

		CHECK_CMP(io_uring_submit_and_wait(&ring, 1), >=, 0);
		a = reap(&ring);
		CHECK_CMP(a.res, >=, 0);
		sqe = sqe_of(&ring);
		if (a.data == ACCEPT) {
			CHECK_CMP(a.res, <, 4096);
			open_connections++;
			io_uring_prep_accept(sqe, listener, NULL, NULL, 0);
			sqe->user_data = ACCEPT;
			sqe = sqe_of(&ring);
			io_uring_prep_recv(sqe, a.res, bufs[a.res], MESSAGE, 0);
			sqe->user_data = a.res;
			continue;
		}
		fd = (int)(a.data & (SEND - 1));
		if (a.data & SEND) {
			echoed += a.res;
			io_uring_prep_recv(sqe, fd, bufs[fd], MESSAGE, 0);
			sqe->user_data = fd;
		} else if (a.res) {
			io_uring_prep_send(sqe, fd, bufs[fd], a.res, MSG_WAITALL);
			sqe->user_data = fd | SEND;
		} else {
			io_uring_prep_nop(sqe);
			io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
			close(fd);
			ended++;
		}
	}
	CHECK_EQ(open_connections, CLIENTS);
	CHECK_EQ(echoed, (uint64_t)CLIENTS * MESSAGES * MESSAGE);
	for (int i = 0; i < 3; i++) {
		int status;

		SYS(wait(&status));
		CHECK_EQ(status, 0);
	}
	io_uring_queue_exit(&ring);
}
