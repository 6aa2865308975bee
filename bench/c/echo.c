/* SPDX-License-Identifier: MIT */
/*
 * A TCP echo server on the loopback device and CONNECTIONS clients that each send
 * a message, wait for it to come back, check it, and send the next. The server is
 * measured; the clients are one process with an epoll loop, the same for every
 * server. An operation is one message echoed.
 *
 *	connections=N	client_cpu=N
 *	by=ring		submit, wait, look at completions: recv, send, recv
 *	by=epoll	the same with epoll_wait, recv, send
 *	files=fixed	registered files
 *	ring=defer	IORING_SETUP_SINGLE_ISSUER and DEFER_TASKRUN
 *	wait=epoll	the ring's descriptor is waited for with epoll
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_SIZE 64u
#define BATCH 64

static unsigned nr_connections;

/* ---------------------------------------------------------------- clients */

struct client {
	int fd;
	uint64_t sequence;
	char message[MESSAGE_SIZE];
	unsigned received;
};

static void make_message(char *message, unsigned number, uint64_t sequence)
{
	uint64_t words[MESSAGE_SIZE / 8];
	unsigned i;

	for (i = 0; i < MESSAGE_SIZE / 8; i++)
		words[i] = (sequence << 16 ^ number) * 0x9e3779b97f4a7c15u + i;
	memcpy(message, words, MESSAGE_SIZE);
}

static void client_send(struct client *client, unsigned number)
{
	make_message(client->message, number, ++client->sequence);
	client->received = 0;
	if (send(client->fd, client->message, MESSAGE_SIZE, MSG_NOSIGNAL) != (ssize_t)MESSAGE_SIZE)
		die("client: send: %s", strerror(errno));
}

/* True when a whole message has come back. */
static int client_receive(struct client *client)
{
	char buffer[MESSAGE_SIZE];
	ssize_t ret = recv(client->fd, buffer, MESSAGE_SIZE - client->received, MSG_DONTWAIT);

	if (ret < 0 && errno == EAGAIN)
		return 0;
	if (ret <= 0)
		die("client: recv: %s", ret ? strerror(errno) : "end of the connection");
	if (memcmp(buffer, client->message + client->received, (size_t)ret))
		die("client: a message came back changed");
	client->received += (unsigned)ret;
	return client->received == MESSAGE_SIZE;
}

static void run_clients(struct client *clients, int epoll, uint64_t ops)
{
	uint64_t begun = 0, done = 0;
	unsigned i;

	for (i = 0; i < nr_connections && begun < ops; i++, begun++)
		client_send(&clients[i], i);
	while (done < ops) {
		struct epoll_event events[BATCH];
		int nr = epoll_wait(epoll, events, BATCH, -1), k;

		if (nr < 0 && errno != EINTR)
			die("client: epoll_wait: %s", strerror(errno));
		for (k = 0; k < nr; k++) {
			unsigned number = events[k].data.u32;

			if (!client_receive(&clients[number]))
				continue;
			done++;
			if (begun < ops) {
				client_send(&clients[number], number);
				begun++;
			}
		}
	}
}

/* Another process: how many messages to send comes through `orders`, until its end. */
static void clients_main(const struct sockaddr_in *address, int orders)
{
	struct client *clients = calloc(nr_connections, sizeof(*clients));
	int epoll = epoll_create1(EPOLL_CLOEXEC), one = 1;
	uint64_t ops;
	unsigned i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (param("client_cpu", NULL))
		pin((unsigned)param_number("client_cpu", 0));
	if (!clients || epoll < 0)
		die("client: no memory");
	for (i = 0; i < nr_connections; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		clients[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (clients[i].fd < 0 || connect(clients[i].fd, (const struct sockaddr *)address, sizeof(*address)) ||
		    setsockopt(clients[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
		    epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event))
			die("client: connection %u: %s", i, strerror(errno));
	}
	while (read(orders, &ops, sizeof(ops)) == (ssize_t)sizeof(ops))
		run_clients(clients, epoll, ops);
	_exit(0);
}

/* ----------------------------------------------------------------- server */

struct connection {
	int fd;
	unsigned len;
	int is_sending;
	char buffer[4096];
};

static struct connection *connections;
static struct io_uring ring;
static int orders, epoll = -1, is_fixed, by_epoll, wait_epoll;
static pid_t client_pid;

static void accept_all(int listener)
{
	unsigned i;
	int one = 1;

	for (i = 0; i < nr_connections; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
			die("accept: %s", strerror(errno));
		connections[i].fd = fd;
	}
}

static void start_clients(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) || listen(listener, 1024) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) || pipe2(ends, O_CLOEXEC))
		die("listen: %s", strerror(errno));
	client_pid = fork();
	if (client_pid < 0)
		die("fork: %s", strerror(errno));
	if (!client_pid) {
		close(ends[1]);
		close(listener);
		clients_main(&address, ends[0]);
	}
	close(ends[0]);
	orders = ends[1];
	accept_all(listener);
	close(listener);
}

static void make_ring(void)
{
	struct io_uring_params setup;
	unsigned entries = nr_connections < 4096 ? nr_connections : 4096, i;
	int ret;

	memset(&setup, 0, sizeof(setup));
#ifdef IORING_SETUP_DEFER_TASKRUN
	if (param_is("ring", "defer"))
		setup.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
#else
	if (param_is("ring", "defer"))
		skip("this liburing does not know IORING_SETUP_DEFER_TASKRUN");
#endif
	ret = io_uring_queue_init_params(entries, &ring, &setup);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
	if (is_fixed) {
		int *fds = calloc(nr_connections, sizeof(*fds));

		if (!fds)
			die("no memory");
		for (i = 0; i < nr_connections; i++)
			fds[i] = connections[i].fd;
		ret = io_uring_register_files(&ring, fds, nr_connections);
		if (ret)
			die("register files: %s", strerror(-ret));
		free(fds);
	}
}

static void prepare(struct connection *connection)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
	unsigned number = (unsigned)(connection - connections);
	int fd = is_fixed ? (int)number : connection->fd;

	if (!sqe) {
		if (io_uring_submit(&ring) < 0 || !(sqe = io_uring_get_sqe(&ring)))
			die("no SQE");
	}
	if (connection->is_sending)
		io_uring_prep_send(sqe, fd, connection->buffer, connection->len, MSG_NOSIGNAL);
	else
		io_uring_prep_recv(sqe, fd, connection->buffer, sizeof(connection->buffer), 0);
	if (is_fixed)
		sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = number;
}

static void setup(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	unsigned i;

	nr_connections = (unsigned)param_number("connections", 64);
	by_epoll = param_is("by", "epoll");
	is_fixed = param_is("files", "fixed");
	wait_epoll = param_is("wait", "epoll");
	param("client_cpu", NULL);
	if (!nr_connections || nr_connections > 65536)
		die("connections=%u?", nr_connections);
	if (raise_descriptor_limit() < nr_connections + 64u)
		skip("%u connections are more than the limit of descriptors", nr_connections);
	connections = calloc(nr_connections, sizeof(*connections));
	if (!connections)
		die("no memory");
	start_clients();
	if (by_epoll || wait_epoll)
		epoll = epoll_create1(EPOLL_CLOEXEC);
	if (by_epoll) {
		for (i = 0; i < nr_connections; i++) {
			event.data.u32 = i;
			if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event))
				die("epoll_ctl: %s", strerror(errno));
		}
		return;
	}
	make_ring();
	if (wait_epoll && epoll_ctl(epoll, EPOLL_CTL_ADD, ring.ring_fd, &event))
		die("epoll_ctl: %s", strerror(errno));
	for (i = 0; i < nr_connections; i++)
		prepare(&connections[i]);
	if (io_uring_submit(&ring) < 0)
		die("submit");
}

static void run_epoll(uint64_t bytes)
{
	while (bytes) {
		struct epoll_event events[BATCH];
		int nr = epoll_wait(epoll, events, BATCH, -1), k;

		if (nr < 0 && errno != EINTR)
			die("epoll_wait: %s", strerror(errno));
		for (k = 0; k < nr; k++) {
			struct connection *connection = &connections[events[k].data.u32];
			ssize_t len = recv(connection->fd, connection->buffer, sizeof(connection->buffer), MSG_DONTWAIT);

			if (len < 0 && errno == EAGAIN)
				continue;
			if (len <= 0)
				die("recv: %s", len ? strerror(errno) : "end of the connection");
			if (send(connection->fd, connection->buffer, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) != len)
				die("send: %s", strerror(errno));
			bytes -= (uint64_t)len;
		}
	}
}

static void submit_and_wait(void)
{
	int ret = wait_epoll ? io_uring_submit(&ring) : io_uring_submit_and_wait(&ring, 1);

	if (ret < 0 && ret != -EINTR)
		die("submit: %s", strerror(-ret));
	if (!wait_epoll)
		return;
	wait_readable(epoll);
	/* A ring with deferred work posts completions when it is entered. */
	ret = io_uring_get_events(&ring);
	if (ret < 0 && ret != -EINTR)
		die("get events: %s", strerror(-ret));
}

static void run_ring(uint64_t bytes)
{
	while (bytes) {
		struct io_uring_cqe *cqe;
		unsigned head, seen = 0;

		submit_and_wait();
		io_uring_for_each_cqe(&ring, head, cqe) {
			struct connection *connection = &connections[cqe->user_data];

			seen++;
			if (cqe->res <= 0)
				die("%s: %d", connection->is_sending ? "send" : "recv", cqe->res);
			if (connection->is_sending) {
				if (cqe->res != (int)connection->len)
					die("short send");
				bytes -= connection->len;
			} else {
				connection->len = (unsigned)cqe->res;
			}
			connection->is_sending = !connection->is_sending;
			prepare(connection);
		}
		io_uring_cq_advance(&ring, seen);
	}
	/* The receives for the next run. */
	if (io_uring_submit(&ring) < 0)
		die("submit");
}

static uint64_t run(uint64_t ops)
{
	if (write(orders, &ops, sizeof(ops)) != (ssize_t)sizeof(ops))
		die("the clients are gone");
	if (by_epoll)
		run_epoll(ops * MESSAGE_SIZE);
	else
		run_ring(ops * MESSAGE_SIZE);
	return ops;
}

static void finish(void)
{
	int status = 0;

	close(orders);
	if (waitpid(client_pid, &status, 0) != client_pid || status)
		die("the clients ended with %d", status);
	if (!by_epoll)
		io_uring_queue_exit(&ring);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
