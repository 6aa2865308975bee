/* SPDX-License-Identifier: MIT */
/* Very many requests at once: 64 Ki polls that wait, and requests on ten thousand connections. */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

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
	int ends[2];
	unsigned rounds;
	bool sends_under_way;
	uint32_t out[LENGTH / 4], in[LENGTH / 4];
};

static void message(uint32_t *words, unsigned connection, unsigned round)
{
	for (unsigned i = 0; i < LENGTH / 4; i++)
		words[i] = connection * 2654435761U ^ round << 8 ^ i;
}

static void receive(struct io_uring *ring, struct connection *c, unsigned i)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	io_uring_prep_recv(sqe, c->ends[0], c->in, LENGTH, MSG_WAITALL);
	sqe->user_data = (uint64_t)i << 1;
}

static void send_one(struct io_uring *ring, struct connection *c, unsigned i)
{
	struct io_uring_sqe *sqe = next_sqe(ring);

	message(c->out, i, c->rounds);
	io_uring_prep_send(sqe, c->ends[1], c->out, LENGTH, 0);
	sqe->user_data = (uint64_t)i << 1 | 1;
}

/* Each connection has a receive that waits, always; sends go to connections in an order that is no order. */
void run_connections(double seconds)
{
	unsigned allowed = allow_descriptors(2 * CONNECTIONS + 200), n = CONNECTIONS, before = descriptors();
	double until;
	uint64_t random = 1, rounds = 0;
	struct connection *all;
	struct io_uring ring;

	if (allowed < 2 * n + 200) {
		n = (allowed - 200) / 2;
		printf("     only %u descriptors are allowed: %u connections instead of %u\n", allowed, n, CONNECTIONS);
	}
	if (n < 100)
		skip("%u descriptors are too few", allowed);
	all = calloc(n, sizeof(*all));
	CHECK(all);
	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	ring_up(&ring, 4096, 32768, 0);
	for (unsigned i = 0; i < n; i++) {
		SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, all[i].ends));
		receive(&ring, &all[i], i);
	}
	hand_in(&ring);
	until = now_s() + seconds;
	/* Every connection once, then as long as there is time. */
	for (unsigned under_way = 0, next = 0; next < n || under_way || now_s() < until;) {
		struct io_uring_cqe *cqe;
		struct connection *c;
		unsigned i;

		while (under_way < 1000 && (next < n || now_s() < until)) {
			i = next < n ? next++ : (unsigned)(random_u64(&random) % n);
			if (all[i].sends_under_way)
				break;
			send_one(&ring, &all[i], i);
			/* Until the message has been received. */
			under_way++;
			all[i].sends_under_way = true;
		}
		if (io_uring_sq_ready(&ring))
			hand_in(&ring);
		if (!under_way)
			continue;
		cqe = cqe_of(&ring);
		i = (unsigned)(cqe->user_data >> 1);
		CHECK(i < n);
		c = &all[i];
		CHECK_EQ(cqe->res, LENGTH);
		if (!(cqe->user_data & 1)) {
			uint32_t want[LENGTH / 4];

			message(want, i, c->rounds++);
			if (memcmp(want, c->in, LENGTH))
				fail("connection %u, message %u: another message", i, c->rounds - 1);
			memset(c->in, 0, LENGTH);
			receive(&ring, c, i);
			c->sends_under_way = false;
			under_way--;
			rounds++;
		}
		io_uring_cqe_seen(&ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
	/* What is left are the answers to sends, and the receives: all end when the other side goes. */
	for (unsigned i = 0; i < n; i++)
		close(all[i].ends[1]);
	while (atomic_load(&came_back) < atomic_load(&handed_in)) {
		struct io_uring_cqe *cqe = cqe_of(&ring);

		CHECK_EQ(cqe->res, cqe->user_data & 1 ? LENGTH : 0);
		io_uring_cqe_seen(&ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	ring_down(&ring);
	for (unsigned i = 0; i < n; i++)
		close(all[i].ends[0]);
	no_descriptor_left(before);
	printf("     %u connections, %llu messages\n", n, (unsigned long long)rounds);
}
