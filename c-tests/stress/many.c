/* SPDX-License-Identifier: MIT */
/* Very many requests at once: 64 Ki polls that wait, and requests on ten thousand connections. */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "stress.h"

enum { POLLS = 65536, SINGLY = 1024, LEFT = 4096, FILES = 512, CONNECTIONS = 10000, LENGTH = 64 };

static atomic_ulong handed_in, came_back;

/* ---- polls ------------------------------------------------------------------------------------------------------------------- */

static unsigned char *seen;

/* Takes one completion for each of `n` requests whose data counts up from `first`, in any order. */
static void reap_each(struct io_uring *ring, uint64_t first, unsigned n, int want, int or_else)
{
	memset(seen, 0, n);
	for (unsigned i = 0; i < n; i++) {
		struct io_uring_cqe *cqe = cqe_of(ring);
		uint64_t at = cqe->user_data - first;

		if (at >= n || seen[at])
			fail("completion %llu: %s", (unsigned long long)cqe->user_data, at >= n ? "never asked for" : "a second one");
		if (cqe->res != want && cqe->res != or_else)
			fail("completion %llu: %d, not %d", (unsigned long long)cqe->user_data, cqe->res, want);
		seen[at] = 1;
		io_uring_cqe_seen(ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
}

static void hand_in(struct io_uring *ring)
{
	unsigned n = io_uring_sq_ready(ring);

	CHECK_EQ(OK(io_uring_submit(ring)), n);
	atomic_fetch_add(&handed_in, n);
	progress();
}

/* A free SQE; the others are handed in where there is none. */
static struct io_uring_sqe *next_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		hand_in(ring);
		sqe = io_uring_get_sqe(ring);
	}
	CHECK(sqe);
	return sqe;
}

static void arm(struct io_uring *ring, const int *files)
{
	for (unsigned i = 0; i < POLLS; i++) {
		struct io_uring_sqe *sqe = next_sqe(ring);

		io_uring_prep_poll_add(sqe, files[i % FILES], POLLIN);
		sqe->user_data = i;
	}
	hand_in(ring);
}

static void cancel(struct io_uring *ring, uint64_t data, unsigned flags)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_cancel64(sqe, data, (int)flags);
	sqe->user_data = 2ULL * POLLS + data;
}

/* All are fired: each file has its share of the polls. */
static void fire_all(struct io_uring *ring, const int *files)
{
	uint64_t one = 1;

	arm(ring, files);
	for (unsigned i = 0; i < FILES; i++)
		CHECK_EQ(write(files[i], &one, 8), 8);
	reap_each(ring, 0, POLLS, POLLIN, POLLIN);
	for (unsigned i = 0; i < FILES; i++)
		CHECK_EQ(read(files[i], &one, 8), 8);
}

/*
 * Most are fired, of the others some are cancelled one by one, the rest with one request. The answer to that comes before, between or behind
 * what it cancelled.
 */
static void cancel_all(struct io_uring *ring, const int *files)
{
	enum { ALL = 1 << 24, LEFT_FILES = LEFT / (POLLS / FILES) };
	unsigned fired = 0, cancelled = 0, answers = 0;
	uint64_t one = 1;

	arm(ring, files);
	memset(seen, 0, POLLS);
	for (unsigned i = 0; i < FILES - LEFT_FILES; i++)
		CHECK_EQ(write(files[i], &one, 8), 8);
	for (unsigned i = 0; i < SINGLY; i++)
		cancel(ring, i / LEFT_FILES * FILES + FILES - LEFT_FILES + i % LEFT_FILES, 0);
	hand_in(ring);
	while (fired + cancelled + answers < POLLS + SINGLY + 1) {
		struct io_uring_cqe *cqe;
		uint64_t data;

		/* Nothing that was fired waits any more: what is left is to be cancelled. */
		if (fired == POLLS - LEFT && answers == SINGLY) {
			cancel(ring, ALL, IORING_ASYNC_CANCEL_ANY);
			hand_in(ring);
			answers++;
		}
		cqe = cqe_of(ring);
		data = cqe->user_data;
		if (data < POLLS) {
			CHECK_EQ(cqe->res, data % FILES < FILES - LEFT_FILES ? POLLIN : -ECANCELED);
			CHECK_EQ(seen[data]++, 0);
			fired += cqe->res > 0;
			cancelled += cqe->res < 0;
		} else if (data == 2ULL * POLLS + ALL) {
			CHECK_EQ(cqe->res, LEFT - SINGLY);
		} else {
			CHECK_EQ(cqe->res, 0);
			answers++;
		}
		io_uring_cqe_seen(ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
	/* Its answer may be the last. */
	if (atomic_load(&came_back) < atomic_load(&handed_in)) {
		struct io_uring_cqe *cqe = cqe_of(ring);

		CHECK_EQ(cqe->user_data, 2ULL * POLLS + ALL);
		CHECK_EQ(cqe->res, LEFT - SINGLY);
		io_uring_cqe_seen(ring, cqe);
		atomic_fetch_add(&came_back, 1);
	}
	CHECK_EQ(cancelled, LEFT);
	for (unsigned i = 0; i < FILES - LEFT_FILES; i++)
		CHECK_EQ(read(files[i], &one, 8), 8);
}

void run_polls(double seconds)
{
	double until = now_s() + seconds;
	unsigned before, rounds = 0;
	struct io_uring ring;
	int files[FILES];

	seen = calloc(POLLS, 1);
	CHECK(seen);
	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	before = descriptors();
	do {
		ring_up(&ring, 4096, 65536, 0);
		for (unsigned i = 0; i < FILES; i++)
			files[i] = (int)SYS(eventfd(0, EFD_CLOEXEC));
		fire_all(&ring, files);
		cancel_all(&ring, files);
		CHECK_EQ(atomic_load(&came_back), atomic_load(&handed_in));
		/* And once more, left to the end of the ring. */
		arm(&ring, files);
		ring_down(&ring);
		atomic_store(&came_back, atomic_load(&handed_in));
		for (unsigned i = 0; i < FILES; i++)
			close(files[i]);
		no_descriptor_left(before);
		rounds++;
	} while (now_s() < until);
	printf("     %u times %u polls: fired, cancelled, left behind\n", rounds, POLLS);
}

/* ---- connections --------------------------------------------------------------------------------------------------------------- */

struct connection {
	int fd;
	unsigned rounds;
	bool under_way;
	uint32_t out[LENGTH / 4], in[LENGTH / 4];
};

enum { ACCEPTED = 0, SENT = 1, RECEIVED = 2, KINDS = 4 };

static void message(uint32_t *words, unsigned connection, unsigned round)
{
	for (unsigned i = 0; i < LENGTH / 4; i++)
		words[i] = connection * 2654435761U ^ round << 8 ^ i;
}

static void receive(struct io_uring *ring, struct connection *c, unsigned i)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_recv(sqe, c->fd, c->in, LENGTH, MSG_WAITALL);
	sqe->user_data = (uint64_t)i * KINDS + RECEIVED;
}

static void send_one(struct io_uring *ring, struct connection *c, unsigned i)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	message(c->out, i, c->rounds);
	io_uring_prep_send(sqe, c->fd, c->out, LENGTH, 0);
	sqe->user_data = (uint64_t)i * KINDS + SENT;
}

/* The result of the next completion, and of which connection and kind it is. */
static int next_result(struct io_uring *ring, unsigned *i, unsigned *kind)
{
	struct io_uring_cqe *cqe = cqe_of(ring);
	int res = cqe->res;

	*i = (unsigned)(cqe->user_data / KINDS);
	*kind = cqe->user_data % KINDS;
	io_uring_cqe_seen(ring, cqe);
	atomic_fetch_add(&came_back, 1);
	progress();
	return res;
}

/*
 * The other side, a process of its own with its own limit of descriptors: connects, sends back what it gets, and closes what has been shut down.
 * Its exit code says how it went.
 */
static void echo(const struct sockaddr_un *address, socklen_t length, unsigned n)
{
	int poller = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event events[64];

	for (unsigned i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		event.data.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (event.data.fd < 0 || connect(event.data.fd, (const struct sockaddr *)address, length) ||
		    epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event))
			_exit(2);
	}
	for (unsigned open = n; open;) {
		int ready = epoll_wait(poller, events, 64, -1);

		for (int e = 0; e < ready; e++) {
			char text[4 * LENGTH];
			ssize_t got = recv(events[e].data.fd, text, sizeof(text), 0);

			if (got < 0 || (got > 0 && send(events[e].data.fd, text, (size_t)got, MSG_NOSIGNAL) != got))
				_exit(3);
			if (!got) {
				close(events[e].data.fd);
				open--;
			}
		}
	}
	_exit(0);
}

/* `n` connections to `child`, which starts here; they are taken by the ring, which comes up behind the fork. */
static struct connection *connect_all(struct io_uring *ring, unsigned n, pid_t *child)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	socklen_t length = sizeof(address);
	struct connection *all = calloc(n, sizeof(*all));

	CHECK(all);
	/* A name of the system's choice, which no file has. */
	SYS(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)));
	SYS(getsockname(listener, (struct sockaddr *)&address, &length));
	SYS(listen(listener, 128));
	*child = (pid_t)SYS(fork());
	if (!*child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(listener);
		echo(&address, length, n);
	}
	ring_up(ring, 4096, 32768, 0);
	for (unsigned asked = 0, taken = 0; taken < n; taken++) {
		unsigned i, kind;
		int fd;

		for (; asked < n && asked - taken < 256; asked++) {
			struct io_uring_sqe *sqe = next_sqe(ring);

			io_uring_prep_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
			sqe->user_data = (uint64_t)asked * KINDS + ACCEPTED;
		}
		if (io_uring_sq_ready(ring))
			hand_in(ring);
		fd = OK(next_result(ring, &i, &kind));
		CHECK(i < asked && kind == ACCEPTED && !all[i].fd);
		all[i].fd = fd;
	}
	close(listener);
	return all;
}

/* Each connection has a receive that waits, always; sends go to connections in an order that is no order. */
void run_connections(double seconds)
{
	unsigned allowed = allow_descriptors(CONNECTIONS + 200), n = CONNECTIONS, before = descriptors(), i, kind;
	uint64_t random = 1, rounds = 0;
	struct connection *all;
	struct io_uring ring;
	double until;
	int status;
	pid_t child;

	if (allowed < n + 200) {
		n = allowed - 200;
		printf("     only %u descriptors are allowed: %u connections instead of %u\n", allowed, n, CONNECTIONS);
	}
	if (allowed < 300)
		skip("%u descriptors are too few", allowed);
	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	all = connect_all(&ring, n, &child);
	for (i = 0; i < n; i++)
		receive(&ring, &all[i], i);
	hand_in(&ring);
	until = now_s() + seconds;
	/* Every connection once, then as long as there is time. */
	for (unsigned under_way = 0, next = 0; next < n || under_way || now_s() < until;) {
		struct connection *c;
		int res;

		while (under_way < 1000 && (next < n || now_s() < until)) {
			i = next < n ? next++ : (unsigned)(random_u64(&random) % n);
			if (all[i].under_way)
				break;
			send_one(&ring, &all[i], i);
			/* Until the message has come back. */
			under_way++;
			all[i].under_way = true;
		}
		if (io_uring_sq_ready(&ring))
			hand_in(&ring);
		if (!under_way)
			continue;
		res = next_result(&ring, &i, &kind);
		CHECK(i < n);
		c = &all[i];
		CHECK_EQ(res, LENGTH);
		if (kind == RECEIVED) {
			uint32_t want[LENGTH / 4];

			message(want, i, c->rounds++);
			if (memcmp(want, c->in, LENGTH))
				fail("connection %u, message %u: another message", i, c->rounds - 1);
			memset(c->in, 0, LENGTH);
			receive(&ring, c, i);
			c->under_way = false;
			under_way--;
			rounds++;
		}
	}
	/* What is left are the answers to sends, and the receives: those end when the other side goes. */
	for (i = 0; i < n; i++)
		SYS(shutdown(all[i].fd, SHUT_WR));
	while (atomic_load(&came_back) < atomic_load(&handed_in)) {
		int res = next_result(&ring, &i, &kind);

		CHECK_EQ(res, kind == SENT ? LENGTH : 0);
	}
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	ring_down(&ring);
	for (i = 0; i < n; i++)
		close(all[i].fd);
	free(all);
	CHECK_EQ(SYS(waitpid(child, &status, 0)), child);
	CHECK_EQ(status, 0);
	no_descriptor_left(before);
	printf("     %u connections, %llu messages\n", n, (unsigned long long)rounds);
}
