/* SPDX-License-Identifier: MIT */
/*
 * NOP requests: what is left of io_uring when the kernel does nothing is the
 * library's own work and the system call's. Builds against any liburing since 2.0.
 *
 * An operation is one request; DEPTH of them are prepared, and then, by mode=
 *	wait	submitted and waited for in one call, each completion peeked at
 *	peek	submitted, each completion peeked at
 *	each	submitted, each completion waited for
 *	batch	submitted, the completions taken as a batch
 *	sqpoll	left to the kernel's thread, on client_cpu=N, and looked for without entering
 * With mode=init an operation makes a ring of DEPTH entries and ends it again.
 * rings=N takes N rings in turns.
 */
#include "harness.h"

#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 1024
#define ALWAYS_INLINE inline __attribute__((always_inline))

enum mode { WAIT, PEEK, EACH, BATCH, SQPOLL, INIT, MODES };

static const char *const names[MODES] = { "wait", "peek", "each", "batch", "sqpoll", "init" };

static struct io_uring *rings;
static unsigned nr_rings, depth;
static enum mode mode;

static void make_ring(struct io_uring *ring)
{
	struct io_uring_params setup;
	int ret;

	memset(&setup, 0, sizeof(setup));
	if (mode == SQPOLL) {
		setup.flags = IORING_SETUP_SQPOLL;
		/* The thread would share the program's CPU otherwise. */
		if (param("client_cpu", NULL)) {
			setup.flags |= IORING_SETUP_SQ_AFF;
			setup.sq_thread_cpu = (unsigned)param_number("client_cpu", 0);
		}
		/* Not for long: the next program has its turn. */
		setup.sq_thread_idle = 5;
	}
	/* The thread gives SQEs back a little later than it completes them. */
	ret = setup.flags ? io_uring_queue_init_params(4 * depth, ring, &setup) : io_uring_queue_init(depth, ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES || (ret == -EINVAL && mode == SQPOLL))
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
}

static void setup(void)
{
	const char *name = param("mode", "wait");
	unsigned i;

	while (mode < MODES && strcmp(name, names[mode]))
		mode = (enum mode)(mode + 1);
	depth = (unsigned)param_number("depth", 1);
	nr_rings = (unsigned)param_number("rings", 1);
	if (mode == MODES || !depth || depth > MOST_DEPTH || !nr_rings)
		die("mode=%s depth=%u rings=%u?", name, depth, nr_rings);
	raise_descriptor_limit();
	rings = calloc(nr_rings, sizeof(*rings));
	if (!rings)
		die("no memory");
	for (i = 0; i < nr_rings; i++)
		make_ring(&rings[i]);
}

static ALWAYS_INLINE void prepare(struct io_uring *ring, enum mode way)
{
	unsigned i;

	for (i = 0; i < depth; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		if (!sqe && (way != SQPOLL || io_uring_sqring_wait(ring) < 0 || !(sqe = io_uring_get_sqe(ring))))
			die("no SQE");
		io_uring_prep_nop(sqe);
	}
}

static ALWAYS_INLINE void reap_each(struct io_uring *ring, int may_wait)
{
	struct io_uring_cqe *cqe;
	unsigned i;

	for (i = 0; i < depth; i++) {
		int ret = may_wait ? io_uring_wait_cqe(ring, &cqe) : io_uring_peek_cqe(ring, &cqe);

		if (ret || cqe->res)
			die("completion %u: %d, %d", i, ret, ret ? 0 : cqe->res);
		io_uring_cqe_seen(ring, cqe);
	}
}

static ALWAYS_INLINE void reap_batch(struct io_uring *ring)
{
	static struct io_uring_cqe *cqes[MOST_DEPTH];
	unsigned nr = io_uring_peek_batch_cqe(ring, cqes, depth);

	if (nr != depth)
		die("%u of %u completions", nr, depth);
	io_uring_cq_advance(ring, nr);
}

static ALWAYS_INLINE void reap_looking(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned seen = 0, looked = 0;

	while (seen < depth) {
		if (io_uring_peek_cqe(ring, &cqe)) {
			/* With one CPU for both, the other thread has to be let to it. */
			if (++looked % 65536 == 0)
				sched_yield();
			continue;
		}
		if (cqe->res)
			die("completion: %d", cqe->res);
		io_uring_cqe_seen(ring, cqe);
		seen++;
	}
}

/* One round of `depth` requests. A copy for each way, so that the choice costs nothing in the rounds. */
static ALWAYS_INLINE void round_trip(struct io_uring *ring, enum mode way)
{
	int ret;

	prepare(ring, way);
	ret = way == WAIT ? io_uring_submit_and_wait(ring, depth) : io_uring_submit(ring);
	if (ret != (int)depth && way != SQPOLL)
		die("submit: %d", ret);
	if (way == BATCH)
		reap_batch(ring);
	else if (way == SQPOLL)
		reap_looking(ring);
	else
		reap_each(ring, way == EACH);
}

static ALWAYS_INLINE uint64_t rounds(uint64_t ops, enum mode way)
{
	uint64_t done;
	unsigned next = 0;

	for (done = 0; done < ops; done += depth) {
		round_trip(&rings[next], way);
		if (++next == nr_rings)
			next = 0;
	}
	return done;
}

static uint64_t rings_made(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done++) {
		io_uring_queue_exit(&rings[0]);
		make_ring(&rings[0]);
	}
	return done;
}

static uint64_t run(uint64_t ops)
{
	switch (mode) {
	case WAIT:
		return rounds(ops, WAIT);
	case PEEK:
		return rounds(ops, PEEK);
	case EACH:
		return rounds(ops, EACH);
	case BATCH:
		return rounds(ops, BATCH);
	case SQPOLL:
		return rounds(ops, SQPOLL);
	default:
		return rings_made(ops);
	}
}

static void finish(void)
{
	unsigned i;

	for (i = 0; i < nr_rings; i++)
		io_uring_queue_exit(&rings[i]);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
