/* SPDX-License-Identifier: MIT */
/*
 * Rounds of NOP requests, for counting instructions: what is left of io_uring
 * when the kernel does nothing is the library's own work. Builds against any
 * liburing since 2.0.
 *
 *	nop MODE DEPTH ROUNDS
 *
 * A round gets DEPTH SQEs, makes NOPs of them, and then, by MODE:
 *	wait	submits and waits in one call, peeks at each completion
 *	peek	submits, peeks at each completion
 *	each	submits, waits for each completion
 *	batch	submits, takes the completions as a batch
 * With MODE init a round sets up a ring of DEPTH entries and ends it again.
 */
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 128

enum mode { WAIT, PEEK, EACH, BATCH, INIT, MODES };

static const char *const names[MODES] = { "wait", "peek", "each", "batch", "init" };

static int prepare(struct io_uring *ring, unsigned depth)
{
	unsigned i;

	for (i = 0; i < depth; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		if (!sqe)
			return -1;
		io_uring_prep_nop(sqe);
	}
	return 0;
}

static int reap_each(struct io_uring *ring, unsigned depth, int may_wait)
{
	struct io_uring_cqe *cqe;
	unsigned i;

	for (i = 0; i < depth; i++) {
		int ret = may_wait ? io_uring_wait_cqe(ring, &cqe) : io_uring_peek_cqe(ring, &cqe);

		if (ret || cqe->res)
			return -1;
		io_uring_cqe_seen(ring, cqe);
	}
	return 0;
}

static int reap_batch(struct io_uring *ring, unsigned depth)
{
	struct io_uring_cqe *cqes[MOST_DEPTH];
	unsigned nr = io_uring_peek_batch_cqe(ring, cqes, depth);

	io_uring_cq_advance(ring, nr);
	return nr == depth ? 0 : -1;
}

static int run_round(struct io_uring *ring, enum mode mode, unsigned depth)
{
	int ret;

	if (prepare(ring, depth))
		return -1;
	ret = mode == WAIT ? io_uring_submit_and_wait(ring, depth) : io_uring_submit(ring);
	if (ret != (int)depth)
		return -1;
	return mode == BATCH ? reap_batch(ring, depth) : reap_each(ring, depth, mode == EACH);
}

int main(int argc, char **argv)
{
	struct io_uring ring;
	enum mode mode = WAIT;
	unsigned depth;
	long round, rounds;
	int ret;

	if (argc != 4)
		return 2;
	while (mode < MODES && strcmp(argv[1], names[mode]))
		mode = (enum mode)(mode + 1);
	depth = (unsigned)atoi(argv[2]);
	rounds = atol(argv[3]);
	if (mode == MODES || !depth || depth > MOST_DEPTH)
		return 2;

	ret = io_uring_queue_init(depth, &ring, 0);
	if (ret) {
		fprintf(stderr, "no ring: %s\n", strerror(-ret));
		return 77;
	}
	for (round = 0; round < rounds; round++) {
		if (mode == INIT) {
			io_uring_queue_exit(&ring);
			ret = io_uring_queue_init(depth, &ring, 0);
		} else {
			ret = run_round(&ring, mode, depth);
		}
		if (ret) {
			fprintf(stderr, "round %ld went wrong\n", round);
			return 1;
		}
	}
	io_uring_queue_exit(&ring);
	return 0;
}
