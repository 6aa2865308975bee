/* SPDX-License-Identifier: MIT */
/*
 * uring-echo - a TCP server that sends back what it receives, on 127.0.0.1.
 *
 * One thread, one ring. The rule that keeps it simple: each connection has
 * exactly one request in flight, either the recv that waits for its next bytes
 * or the send that returns them. So a ring with an entry for each connection
 * never overflows, and no locks are needed.
 *
 * With --self-test N the program also plays the client, in a process and with a
 * ring of its own, and checks every byte that comes back.
 */
#include "example.h"
#include "latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { BUFFER_SIZE = 16 * 1024, CONNECTIONS_MAX = 512, PATIENCE_SECONDS = 10 };

/* The client sends a whole payload before it reads, so both directions' socket
 * buffers together must hold one, or the two sides would wait for each other. */
enum { PAYLOAD_MAX = 64 * 1024 };

/* Answers would otherwise be held back in the hope of more to send along. */
static void send_without_delay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* ------------------------------------------------------------------ server */

struct connection {
	struct connection *next, **link;	/* in the server's list */
	int fd;
	bool sending;
	unsigned length, sent;			/* of `data` */
	char data[BUFFER_SIZE];
};

struct server {
	struct io_uring ring;
	int listen_fd;
	int signal_fd;			/* readable after SIGINT or SIGTERM; -1: not wanted */
	struct connection *connections;
	unsigned open;
	unsigned in_flight;		/* requests of any kind */
	bool accepting;			/* an accept is in flight */
	bool crowded;			/* out of descriptors: wait until somebody leaves */
	bool stopping;

	uint64_t accepts_left;		/* connections to serve before the end */
	uint64_t served, bytes;
};

/*
 * An SQE for one more request. Its user_data, which comes back with the CQE, is
 * to say whose it is: the address of a connection or of one of the two
 * descriptors, or NULL where the answer does not matter.
 */
static struct io_uring_sqe *server_request(struct server *server)
{
	server->in_flight++;
	return next_sqe(&server->ring);
}

static void start_accept(struct server *server)
{
	if (server->accepting || server->stopping || server->crowded ||
	    server->accepts_left == 0 || server->open == CONNECTIONS_MAX)
		return;

	struct io_uring_sqe *sqe = server_request(server);

	io_uring_prep_accept(sqe, server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data(sqe, &server->listen_fd);
	server->accepting = true;
}

static void start_recv(struct server *server, struct connection *connection)
{
	struct io_uring_sqe *sqe = server_request(server);

	connection->sending = false;
	io_uring_prep_recv(sqe, connection->fd, connection->data, BUFFER_SIZE, 0);
	io_uring_sqe_set_data(sqe, connection);
}

static void start_send(struct server *server, struct connection *connection)
{
	struct io_uring_sqe *sqe = server_request(server);

	connection->sending = true;
	io_uring_prep_send(sqe, connection->fd, connection->data + connection->sent,
			   connection->length - connection->sent, MSG_NOSIGNAL);
	io_uring_sqe_set_data(sqe, connection);
}

static void cancel(struct server *server, void *who)
{
	struct io_uring_sqe *sqe = server_request(server);

	io_uring_prep_cancel(sqe, who, 0);
	io_uring_sqe_set_data(sqe, NULL);
}

/*
 * A buffer belongs to the kernel until the CQE of its request is here, so
 * stopping means: make every request complete, then reap them all.
 */
static void stop(struct server *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	if (server->accepting)
		cancel(server, &server->listen_fd);
	if (server->signal_fd >= 0)
		cancel(server, &server->signal_fd);
	for (struct connection *c = server->connections; c != NULL; c = c->next)
		shutdown(c->fd, SHUT_RDWR);
}

static void on_accept(struct server *server, int res)
{
	server->accepting = false;
	if (res >= 0) {
		struct connection *connection = allocate(64, sizeof(*connection));

		connection->fd = res;
		connection->link = &server->connections;
		connection->next = server->connections;
		if (connection->next != NULL)
			connection->next->link = &connection->next;
		server->connections = connection;
		server->open++;
		server->served++;
		server->accepts_left--;
		send_without_delay(res);
		if (server->stopping)
			shutdown(res, SHUT_RDWR);
		start_recv(server, connection);
	} else if (res == -EMFILE || res == -ENFILE || res == -ENOBUFS || res == -ENOMEM) {
		if (server->open == 0)
			fail(res, "cannot accept a connection");
		server->crowded = true;
	} else if (res == -EBADF || res == -EINVAL || res == -ENOTSOCK || res == -EOPNOTSUPP) {
		fail(res, "cannot accept connections");
	}
	/* Anything else befell one connection, or is our own cancellation. */
	start_accept(server);
}

static void close_connection(struct server *server, struct connection *connection)
{
	*connection->link = connection->next;
	if (connection->next != NULL)
		connection->next->link = connection->link;
	close(connection->fd);
	free(connection);
	server->open--;
	server->crowded = false;
	start_accept(server);
	if (server->open == 0 && server->accepts_left == 0)
		stop(server);
}

static void on_transfer(struct server *server, struct connection *connection, int res)
{
	if (try_again(res)) {
		if (connection->sending)
			start_send(server, connection);
		else
			start_recv(server, connection);
	} else if (res <= 0) {
		close_connection(server, connection);	/* the other side left */
	} else if (!connection->sending) {
		connection->length = (unsigned)res;
		connection->sent = 0;
		start_send(server, connection);
	} else {
		connection->sent += (unsigned)res;
		server->bytes += (unsigned)res;
		if (connection->sent < connection->length)
			start_send(server, connection);	/* a short send: the rest */
		else
			start_recv(server, connection);
	}
}

static void serve(struct server *server)
{
	/* One entry for each connection; accept, poll, and the two that cancel those. */
	open_ring(&server->ring, CONNECTIONS_MAX + 4);
	if (server->signal_fd >= 0) {
		struct io_uring_sqe *sqe = server_request(server);

		io_uring_prep_poll_add(sqe, server->signal_fd, POLLIN);
		io_uring_sqe_set_data(sqe, &server->signal_fd);
	}
	start_accept(server);

	while (server->in_flight > 0) {
		struct io_uring_cqe *cqe;
		unsigned head, count = 0;

		submit_and_wait(&server->ring);
		io_uring_for_each_cqe(&server->ring, head, cqe) {
			void *who = io_uring_cqe_get_data(cqe);

			server->in_flight--;
			if (who == &server->listen_fd)
				on_accept(server, cqe->res);
			else if (who == &server->signal_fd)
				stop(server);
			else if (who != NULL)
				on_transfer(server, who, cqe->res);
			count++;
		}
		io_uring_cq_advance(&server->ring, count);
	}
}

static int listen_on_loopback(uint16_t port, uint16_t *actual)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail(errno, "cannot create a TCP socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		int error = errno;

		complain(error, "cannot listen on 127.0.0.1 port %u", port);
		if (error == EADDRINUSE)
			hint("another program has that port; --port 0 takes a free one");
		if (error == EACCES)
			hint("ports below 1024 need privileges");
		exit(1);
	}
	*actual = ntohs(address.sin_port);
	return fd;
}

/* SIGINT and SIGTERM become something to poll for. */
static int open_signal_fd(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		fail(errno, "cannot create a signalfd");
	return fd;
}

static void run_server(uint16_t port, bool once)
{
	struct server server = { .accepts_left = once ? 1 : UINT64_MAX };

	server.listen_fd = listen_on_loopback(port, &port);
	server.signal_fd = open_signal_fd();
	printf("listening on 127.0.0.1 port %u%s\n", port, once ? ", for one connection" : "");
	fflush(stdout);
	serve(&server);
	printf("%llu connections, %llu bytes echoed (%s backend)\n",
	       (unsigned long long)server.served, (unsigned long long)server.bytes,
	       backend_name(&server.ring));
	io_uring_queue_exit(&server.ring);
	close(server.signal_fd);
	close(server.listen_fd);
}

/* ------------------------------------------------------------------ client */

enum stage { CONNECTING, SENDING, RECEIVING };

struct client {
	int fd;
	enum stage stage;
	unsigned done;			/* bytes of the stage's payload */
	uint64_t started_ns;		/* of this round trip */
	unsigned char *out, *in;
};

struct self_test {
	struct io_uring ring;
	struct sockaddr_in address;
	unsigned clients;
	unsigned payload;
	uint64_t rounds, rounds_started;
	unsigned open;
	struct latency latency;
};

/* A payload that no other round has, so a stale or swapped answer is noticed. */
static void fill_payload(unsigned char *out, unsigned size, uint64_t round)
{
	uint64_t value = (round + 1) * 0x9e3779b97f4a7c15u;

	for (unsigned i = 0; i < size; i++) {
		value = value * 6364136223846793005u + 1442695040888963407u;
		out[i] = (unsigned char)(value >> 56);
	}
}

static void queue_stage(struct self_test *test, struct client *client)
{
	struct io_uring_sqe *sqe = next_sqe(&test->ring);
	unsigned left = test->payload - client->done;

	switch (client->stage) {
	case CONNECTING:
		io_uring_prep_connect(sqe, client->fd, (struct sockaddr *)&test->address,
				      sizeof(test->address));
		break;
	case SENDING:
		io_uring_prep_send(sqe, client->fd, client->out + client->done, left,
				   MSG_NOSIGNAL);
		break;
	case RECEIVING:
		io_uring_prep_recv(sqe, client->fd, client->in + client->done, left, 0);
		break;
	}
	io_uring_sqe_set_data(sqe, client);
}

/* The next round trip of this client, or its good-bye. */
static void start_round(struct self_test *test, struct client *client)
{
	if (test->rounds_started == test->rounds) {
		close(client->fd);
		test->open--;
		return;
	}
	fill_payload(client->out, test->payload, test->rounds_started++);
	memset(client->in, 0, test->payload);
	client->stage = SENDING;
	client->done = 0;
	client->started_ns = now_ns();
	queue_stage(test, client);
}

static void on_client(struct self_test *test, struct client *client, int res)
{
	static const char *const trying[] = { "connect to", "send to", "receive from" };

	if (try_again(res)) {
		queue_stage(test, client);
		return;
	}
	if (res < 0)
		fail(res, "cannot %s the server", trying[client->stage]);
	if (client->stage == CONNECTING) {
		start_round(test, client);
		return;
	}
	if (res == 0)
		fail(0, "the server closed the connection in the middle of a round trip");

	client->done += (unsigned)res;
	if (client->done < test->payload) {
		queue_stage(test, client);		/* a short send or recv: the rest */
	} else if (client->stage == SENDING) {
		client->stage = RECEIVING;
		client->done = 0;
		queue_stage(test, client);
	} else {
		latency_add(&test->latency, now_ns() - client->started_ns);
		if (memcmp(client->in, client->out, test->payload) != 0)
			fail(0, "a payload came back changed");
		start_round(test, client);
	}
}

/* As submit_and_wait(), but a server that has fallen silent is an error. */
static void submit_and_wait_patiently(struct io_uring *ring)
{
	struct __kernel_timespec patience = { .tv_sec = PATIENCE_SECONDS };
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &patience, NULL);

	if (ret == -ETIME)
		fail(0, "no answer from the server for %d seconds", PATIENCE_SECONDS);
	if (ret < 0 && !try_again(ret) && ret != -EBUSY)
		fail(ret, "cannot submit to the io_uring");
}

static void run_clients(struct self_test *test)
{
	struct client *clients = allocate(64, test->clients * sizeof(*clients));
	unsigned char *memory = allocate(64, 2 * (size_t)test->clients * test->payload);

	open_ring(&test->ring, test->clients);

	uint64_t started_ns = now_ns();

	for (unsigned i = 0; i < test->clients; i++) {
		clients[i].out = memory + 2 * (size_t)i * test->payload;
		clients[i].in = clients[i].out + test->payload;
		clients[i].stage = CONNECTING;
		clients[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (clients[i].fd < 0)
			fail(errno, "cannot create a TCP socket");
		send_without_delay(clients[i].fd);
		queue_stage(test, &clients[i]);
		test->open++;
	}
	while (test->open > 0) {
		struct io_uring_cqe *cqe;
		unsigned head, count = 0;

		submit_and_wait_patiently(&test->ring);
		io_uring_for_each_cqe(&test->ring, head, cqe) {
			on_client(test, io_uring_cqe_get_data(cqe), cqe->res);
			count++;
		}
		io_uring_cq_advance(&test->ring, count);
	}

	uint64_t elapsed_ns = now_ns() - started_ns;

	printf("%llu round trips of %u bytes, %u connections, in %.2f s (%s backend)\n",
	       (unsigned long long)test->latency.count, test->payload, test->clients,
	       (double)elapsed_ns / 1e9, backend_name(&test->ring));
	printf("  rate     %.0f round trips/s; every payload came back intact\n",
	       per_second((double)test->latency.count, elapsed_ns));
	latency_print(&test->latency);

	io_uring_queue_exit(&test->ring);
	free(memory);
	free(clients);
}

/* The server in a child, the clients here. Each process makes its own ring after the fork. */
static void run_self_test(struct self_test *test)
{
	struct server server = { .signal_fd = -1, .accepts_left = test->clients };
	pid_t parent = getpid();
	uint16_t port;
	int status;

	server.listen_fd = listen_on_loopback(0, &port);
	test->address.sin_family = AF_INET;
	test->address.sin_port = htons(port);
	test->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	pid_t child = fork();

	if (child < 0)
		fail(errno, "cannot start the server process");
	if (child == 0) {
		/* Whatever ends the parent, its server is not to outlive it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			exit(1);
		serve(&server);
		io_uring_queue_exit(&server.ring);
		close(server.listen_fd);
		exit(0);
	}
	close(server.listen_fd);
	run_clients(test);
	if (waitpid(child, &status, 0) != child || status != 0)
		fail(0, "the server process failed");
}

/* -------------------------------------------------------------------- main */

static void print_help(void)
{
	puts("Usage: uring-echo [--port N] [--once]\n"
	     "       uring-echo --self-test N [--clients N] [--size SIZE]\n"
	     "Send back what TCP connections to 127.0.0.1 send, until interrupted.\n"
	     "\n"
	     "  -p, --port N        the port to listen on (default 0: any free one)\n"
	     "  -1, --once          serve one connection and end\n"
	     "  -t, --self-test N   make N round trips to a server of our own and check them\n"
	     "  -c, --clients N     connections in the self-test (default 8)\n"
	     "  -s, --size SIZE     bytes in a payload of the self-test (default 512)\n"
	     "  -h, --help          print this");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "once", no_argument, NULL, '1' },
		{ "self-test", required_argument, NULL, 't' },
		{ "clients", required_argument, NULL, 'c' },
		{ "size", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	static struct self_test test = { .clients = 8, .payload = 512 };
	uint16_t port = 0;
	bool once = false;
	int option;

	guard_standard_fds();
	while ((option = getopt_long(argc, argv, "p:1t:c:s:h", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			port = (uint16_t)parse_count(optarg, "--port", 0, 65535);
			break;
		case '1':
			once = true;
			break;
		case 't':
			test.rounds = parse_count(optarg, "--self-test", 1, UINT64_MAX);
			break;
		case 'c':
			test.clients = (unsigned)parse_count(optarg, "--clients", 1, CONNECTIONS_MAX);
			break;
		case 's':
			test.payload = (unsigned)parse_count(optarg, "--size", 1, PAYLOAD_MAX);
			break;
		case 'h':
			print_help();
			return finish(0);
		default:
			bad_usage();
		}
	}
	if (optind != argc) {
		complain(0, "unexpected argument '%s'", argv[optind]);
		bad_usage();
	}

	if (test.rounds != 0)
		run_self_test(&test);
	else
		run_server(port, once);
	return finish(0);
}
