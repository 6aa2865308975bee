/* SPDX-License-Identifier: MIT */
/*
 * One message there and back. The other end is a process that does recv and
 * send, on the same CPU as this one. An operation is one round trip.
 *
 *	socket=tcp|unix
 *	by=ring		a send and a receive, submitted and waited for in one call
 *	by=loop		send, recv
 *	by=epoll	send, epoll_wait, recv
 */
#include "harness.h"

#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_SIZE 64u

enum by { BY_RING, BY_LOOP, BY_EPOLL };

static struct io_uring ring;
static enum by by;
static int fd, epoll;
static pid_t other;
static uint64_t sequence;

/* Two connected TCP sockets. */
static void tcp_pair(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || ends[0] < 0 || bind(listener, (struct sockaddr *)&address, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) || connect(ends[0], (struct sockaddr *)&address, len))
		die("connect: %s", strerror(errno));
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (ends[1] < 0 || setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("accept: %s", strerror(errno));
	close(listener);
}

static void answer_all(int end)
{
	char buffer[MESSAGE_SIZE];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		ssize_t len = recv(end, buffer, sizeof(buffer), MSG_WAITALL);

		if (len <= 0)
			_exit(len < 0);
		if (send(end, buffer, (size_t)len, MSG_NOSIGNAL) != len)
			_exit(1);
	}
}

static void setup(void)
{
	const char *name = param("by", "ring");
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2], ret;

	by = !strcmp(name, "loop") ? BY_LOOP : !strcmp(name, "epoll") ? BY_EPOLL : BY_RING;
	if (strcmp(param("socket", "tcp"), "unix"))
		tcp_pair(ends);
	else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die("socketpair: %s", strerror(errno));
	other = fork();
	if (other < 0)
		die("fork: %s", strerror(errno));
	if (!other) {
		close(ends[0]);
		answer_all(ends[1]);
	}
	close(ends[1]);
	fd = ends[0];
	if (by == BY_EPOLL) {
		epoll = epoll_create1(EPOLL_CLOEXEC);
		if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
			die("epoll: %s", strerror(errno));
	}
	if (by != BY_RING)
		return;
	ret = io_uring_queue_init(8, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
}

static void trip_by_ring(char *message, char *answer)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned i;
	int ret;

	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, fd, message, MESSAGE_SIZE, MSG_NOSIGNAL);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_recv(sqe, fd, answer, MESSAGE_SIZE, MSG_WAITALL);
	ret = io_uring_submit_and_wait(&ring, 2);
	if (ret != 2)
		die("submit and wait: %d", ret);
	for (i = 0; i < 2; i++) {
		ret = io_uring_peek_cqe(&ring, &cqe);
		if (ret || cqe->res != (int)MESSAGE_SIZE)
			die("completion: %d, %d", ret, ret ? 0 : cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
}

static void trip_by_calls(char *message, char *answer)
{
	struct epoll_event event;

	if (send(fd, message, MESSAGE_SIZE, MSG_NOSIGNAL) != (ssize_t)MESSAGE_SIZE)
		die("send: %s", strerror(errno));
	if (by == BY_EPOLL && epoll_wait(epoll, &event, 1, -1) != 1)
		die("epoll_wait: %s", strerror(errno));
	if (recv(fd, answer, MESSAGE_SIZE, MSG_WAITALL) != (ssize_t)MESSAGE_SIZE)
		die("recv: %s", strerror(errno));
}

static uint64_t run(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done++) {
		uint64_t message[MESSAGE_SIZE / 8], answer[MESSAGE_SIZE / 8] = { 0 };
		uint64_t began = latency_wanted ? now_ns() : 0;
		unsigned i;

		sequence++;
		for (i = 0; i < MESSAGE_SIZE / 8; i++)
			message[i] = sequence * 0x9e3779b97f4a7c15u + i;
		if (by == BY_RING)
			trip_by_ring((char *)message, (char *)answer);
		else
			trip_by_calls((char *)message, (char *)answer);
		if (latency_wanted)
			latency_add(now_ns() - began);
		if (memcmp(message, answer, MESSAGE_SIZE))
			die("another message came back");
	}
	return done;
}

static void finish(void)
{
	int status = 0;

	if (by == BY_RING)
		io_uring_queue_exit(&ring);
	close(fd);
	if (waitpid(other, &status, 0) != other || status)
		die("the other end ended with %d", status);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
