/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the arithmetic of the queues, on rings in plain memory without a
 * kernel behind them. An input makes a ring and plays both parties: the program
 * that calls the library, and the kernel that takes SQEs and posts CQEs. The
 * same happens on one ring for the inline helpers, one for the functions that
 * the library exports and, where it is at hand, one for liburing's own library;
 * answers and memory stay equal.
 *
 * Most rings are such as a kernel makes, with counters that start a little below
 * 2^32. For these the model in queue_model.c, which counts in 64 bits and so
 * never wraps, knows every answer. The others hold random heads, tails and CQE
 * flags: they need no meaning, only equal answers.
 *
 * The ring's descriptor is -1: a call that enters the kernel comes back with
 * -EBADF at once, and so it shows that it did enter.
 */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- The functions under test ---- */

#define RING struct io_uring *r
#define CRING const struct io_uring *r
#define CQE_OUT struct io_uring_cqe **c
#define TS struct __kernel_timespec *t

#define QUEUE_API(X)                                                                                                   \
	X(struct io_uring_sqe *, io_uring_get_sqe, (RING), (r))                                                        \
	X(struct io_uring_sqe *, io_uring_get_sqe128, (RING), (r))                                                     \
	X(unsigned, io_uring_sq_ready, (CRING), (r))                                                                   \
	X(unsigned, io_uring_sq_space_left, (CRING), (r))                                                              \
	X(int, io_uring_sqring_wait, (RING), (r))                                                                      \
	X(int, io_uring_submit, (RING), (r))                                                                           \
	X(int, io_uring_submit_and_wait, (RING, unsigned n), (r, n))                                                   \
	X(int, io_uring_submit_and_get_events, (RING), (r))                                                            \
	X(int, io_uring_get_events, (RING), (r))                                                                       \
	X(int, io_uring_peek_cqe, (RING, CQE_OUT), (r, c))                                                             \
	X(int, __io_uring_peek_cqe, (RING, CQE_OUT, unsigned *n), (r, c, n))                                           \
	X(int, io_uring_wait_cqe, (RING, CQE_OUT), (r, c))                                                             \
	X(int, io_uring_wait_cqe_nr, (RING, CQE_OUT, unsigned n), (r, c, n))                                           \
	X(int, io_uring_wait_cqe_timeout, (RING, CQE_OUT, TS), (r, c, t))                                              \
	X(int, io_uring_wait_cqes, (RING, CQE_OUT, unsigned n, TS, sigset_t *s), (r, c, n, t, s))                      \
	X(int, io_uring_wait_cqes_min_timeout, (RING, CQE_OUT, unsigned n, TS, unsigned m, sigset_t *s),               \
	  (r, c, n, t, m, s))                                                                                          \
	X(int, io_uring_submit_and_wait_timeout, (RING, CQE_OUT, unsigned n, TS, sigset_t *s), (r, c, n, t, s))        \
	X(int, io_uring_submit_and_wait_min_timeout, (RING, CQE_OUT, unsigned n, TS, unsigned m, sigset_t *s),         \
	  (r, c, n, t, m, s))                                                                                          \
	X(int, io_uring_submit_and_wait_reg, (RING, CQE_OUT, unsigned n, int i), (r, c, n, i))                         \
	X(int, __io_uring_get_cqe, (RING, CQE_OUT, unsigned k, unsigned n, sigset_t *s), (r, c, k, n, s))              \
	X(unsigned, io_uring_peek_batch_cqe, (RING, CQE_OUT, unsigned n), (r, c, n))                                   \
	X(struct io_uring_cqe_iter, io_uring_cqe_iter_init, (CRING), (r))                                              \
	X(bool, io_uring_cqe_iter_next, (struct io_uring_cqe_iter * i, CQE_OUT), (i, c))                               \
	X(unsigned, io_uring_cqe_nr, (const struct io_uring_cqe *c), (c))                                              \
	X(unsigned, io_uring_cq_ready, (CRING), (r))                                                                   \
	X(bool, io_uring_cq_has_overflow, (CRING), (r))                                                                \
	X(void, io_uring_cq_advance, (RING, unsigned n), (r, n))                                                       \
	X(void, io_uring_cqe_seen, (RING, struct io_uring_cqe * c), (r, c))                                            \
	X(bool, io_uring_cq_eventfd_enabled, (CRING), (r))                                                             \
	X(int, io_uring_cq_eventfd_toggle, (RING, bool on), (r, on))                                                   \
	X(void, __io_uring_buf_ring_cq_advance, (RING, struct io_uring_buf_ring * b, int n, int m), (r, b, n, m))      \
	X(void, io_uring_buf_ring_cq_advance, (RING, struct io_uring_buf_ring * b, int n), (r, b, n))

struct api {
#define MEMBER(type, name, params, args) type(*name) params;
	QUEUE_API(MEMBER)
};

#define INLINED(type, name, params, args)                                                                              \
	static type inlined_##name params                                                                              \
	{                                                                                                              \
		return name args;                                                                                      \
	}
QUEUE_API(INLINED)

#define INLINED_ROW(type, name, params, args) .name = inlined_##name,
static const struct api inlined = { QUEUE_API(INLINED_ROW) };

/* The address of an inline helper is that of the exported function. */
#define EXPORTED_ROW(type, name, params, args) .name = name,
static const struct api exported = { QUEUE_API(EXPORTED_ROW) };

static struct api upstream;

/* ---- Rings ---- */

/* What the kernel shares with the program, beside the two arrays. */
struct shared {
	unsigned sq_head, sq_tail, sq_mask, sq_entries, sq_flags, sq_dropped;
	unsigned cq_head, cq_tail, cq_mask, cq_entries, cq_flags, cq_overflow;
	struct io_uring_buf bufs[4];
};

struct side {
	const char *name;
	const struct api *api;
	struct io_uring ring;
	/* Allocations of their own, exactly as large as they must be, so that a step outside shows. */
	struct shared *shared;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

enum { INLINED_SIDE, EXPORTED_SIDE, UPSTREAM_SIDE, MAX_SIDES };
static struct side sides[MAX_SIDES] = { { .name = "inline", .api = &inlined }, { .name = "exported", .api = &exported } };
static unsigned nr_sides = 2;

static struct fuzz_count steps = { "steps of a queue, inline and exported", 0, NULL };
static struct fuzz_count steps_model = { "of them also of the model", 0, NULL };
static struct fuzz_count steps_upstream = { "of them also of liburing's own functions", 0, NULL };
static struct fuzz_count wraps = { "times that a counter went through 2^32", 0, NULL };

static struct __kernel_timespec no_time;
static sigset_t no_signals;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (upstream_is_there()) {
#define UPSTREAM_ROW(type, name, params, args)                                                                         \
	{                                                                                                              \
		void *f = upstream_function(#name);                                                                    \
		if (!f)                                                                                                \
			fuzz_fail("liburing's library has no %s", #name);                                              \
		memcpy(&upstream.name, &f, sizeof(f));                                                                 \
	}
		QUEUE_API(UPSTREAM_ROW)
		sides[UPSTREAM_SIDE] = (struct side){ .name = "liburing", .api = &upstream };
		nr_sides = MAX_SIDES;
	}
	model_no_ring = (int)syscall(__NR_io_uring_enter, -1, 0, 0, 0, NULL, 8) < 0 ? -errno : 0;
	fuzz_count_register(&steps);
	fuzz_count_register(&steps_model);
	fuzz_count_register(&steps_upstream);
	fuzz_count_register(&wraps);
	return 0;
}

static void *sized(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static size_t sqes_size(const struct model *m)
{
	return (m->entries * sizeof(struct io_uring_sqe)) << model_sqe_shift(m);
}

static size_t cqes_size(const struct model *m)
{
	return (m->cq_entries * sizeof(struct io_uring_cqe)) << model_cqe_shift(m);
}

/* The ring that the model describes, as io_uring_queue_init() would have left it. */
static void make_side(struct side *s, const struct model *m)
{
	struct io_uring_sq *sq = &s->ring.sq;
	struct io_uring_cq *cq = &s->ring.cq;
	struct shared *k;

	s->shared = k = sized(sizeof(*k));
	s->sqes = sized(sqes_size(m));
	s->cqes = sized(cqes_size(m));
	memset(&s->ring, 0, sizeof(s->ring));
	k->sq_mask = sq->ring_mask = m->entries - 1;
	k->sq_entries = sq->ring_entries = m->entries;
	k->cq_mask = cq->ring_mask = m->cq_entries - 1;
	k->cq_entries = cq->ring_entries = m->cq_entries;
	sq->khead = &k->sq_head;
	sq->ktail = &k->sq_tail;
	sq->kring_mask = &k->sq_mask;
	sq->kring_entries = &k->sq_entries;
	sq->kflags = &k->sq_flags;
	sq->kdropped = &k->sq_dropped;
	sq->sqes = s->sqes;
	cq->khead = &k->cq_head;
	cq->ktail = &k->cq_tail;
	cq->kring_mask = &k->cq_mask;
	cq->kring_entries = &k->cq_entries;
	cq->kflags = m->has_cq_kflags ? &k->cq_flags : NULL;
	cq->koverflow = &k->cq_overflow;
	cq->cqes = s->cqes;
	s->ring.flags = m->flags;
	s->ring.features = m->features;
	s->ring.int_flags = m->int_flags;
	s->ring.ring_fd = s->ring.enter_ring_fd = -1;
	k->sq_head = k->sq_tail = sq->sqe_head = sq->sqe_tail = (unsigned)m->khead;
	k->cq_head = k->cq_tail = (unsigned)m->cq_head;
}

static void free_side(struct side *s)
{
	free(s->shared);
	free(s->sqes);
	free(s->cqes);
}

/* ---- One step of a side ---- */

static void say(struct outcome *out, long long number)
{
	if (out->nr < sizeof(out->says) / sizeof(out->says[0]))
		out->says[out->nr++] = number;
}

static void say_sqe(struct outcome *out, const struct side *s, const struct io_uring_sqe *sqe)
{
	say(out, sqe ? sqe - s->sqes : -1);
}

static void say_cqe(struct outcome *out, const struct side *s, const struct io_uring_cqe *cqe)
{
	say(out, cqe ? cqe - s->cqes : -1);
}

static void walk(struct side *s, struct outcome *out)
{
	struct io_uring_cqe_iter iter = s->api->io_uring_cqe_iter_init(&s->ring);
	struct io_uring_cqe *cqe = NULL;

	while (out->nr < MOST_SAID - 2 && s->api->io_uring_cqe_iter_next(&iter, &cqe)) {
		say_cqe(out, s, cqe);
		say(out, s->api->io_uring_cqe_nr(cqe));
	}
}

static void run_step(struct side *s, const struct step *step, struct outcome *out)
{
	struct io_uring_cqe *batch[MOST_BATCH + 1] = { NULL }, *none = NULL;
	struct io_uring_cqe **c = &none;
	struct io_uring *r = &s->ring;
	const struct api *api = s->api;
	struct __kernel_timespec *ts = step->timed ? &no_time : NULL;
	sigset_t *mask = step->masked ? &no_signals : NULL;
	unsigned n = step->n, available = ~0U;
	bool waits = true;
	int ret = 0;

	switch (step->what) {
	case GET_SQE:
		say_sqe(out, s, api->io_uring_get_sqe(r));
		return;
	case GET_SQE128:
		say_sqe(out, s, api->io_uring_get_sqe128(r));
		return;
	case SQ_COUNTS:
		say(out, api->io_uring_sq_ready(r));
		say(out, api->io_uring_sq_space_left(r));
		return;
	case SQRING_WAIT:
		ret = api->io_uring_sqring_wait(r);
		waits = false;
		break;
	case SUBMIT:
		ret = api->io_uring_submit(r);
		waits = false;
		break;
	case SUBMIT_AND_WAIT:
		ret = api->io_uring_submit_and_wait(r, n);
		waits = false;
		break;
	case SUBMIT_AND_GET_EVENTS:
		ret = api->io_uring_submit_and_get_events(r);
		waits = false;
		break;
	case GET_EVENTS:
		ret = api->io_uring_get_events(r);
		waits = false;
		break;
	case PEEK:
		ret = api->io_uring_peek_cqe(r, c);
		break;
	case PEEK_MEMORY:
		ret = api->__io_uring_peek_cqe(r, c, &available);
		say(out, available);
		break;
	case WAIT:
		ret = api->io_uring_wait_cqe(r, c);
		break;
	case WAIT_NR:
		ret = api->io_uring_wait_cqe_nr(r, c, n);
		break;
	case WAIT_TIMEOUT:
		ret = api->io_uring_wait_cqe_timeout(r, c, ts);
		break;
	case WAIT_CQES:
		ret = api->io_uring_wait_cqes(r, c, n, ts, mask);
		break;
	case WAIT_MIN_TIMEOUT:
		ret = api->io_uring_wait_cqes_min_timeout(r, c, n, ts, step->m, mask);
		break;
	case SUBMIT_WAIT_TIMEOUT:
		ret = api->io_uring_submit_and_wait_timeout(r, c, n, ts, mask);
		break;
	case SUBMIT_WAIT_MIN_TIMEOUT:
		ret = api->io_uring_submit_and_wait_min_timeout(r, c, n, ts, step->m, mask);
		break;
	case SUBMIT_WAIT_REG:
		ret = api->io_uring_submit_and_wait_reg(r, c, n, (int)step->m);
		break;
	case GET_CQE:
		ret = api->__io_uring_get_cqe(r, c, step->m, n, mask);
		break;
	case PEEK_BATCH:
		n = api->io_uring_peek_batch_cqe(r, batch, n);
		say(out, n);
		for (unsigned i = 0; i <= MOST_BATCH; i++)
			say_cqe(out, s, batch[i]);
		return;
	case WALK:
		walk(s, out);
		return;
	case CQ_COUNTS:
		say(out, api->io_uring_cq_ready(r));
		say(out, api->io_uring_cq_has_overflow(r));
		return;
	case ADVANCE:
		api->io_uring_cq_advance(r, n);
		return;
	case SEEN:
		api->io_uring_cqe_seen(r, step->m ? s->cqes + step->slot : NULL);
		return;
	case EVENTFD:
		say(out, api->io_uring_cq_eventfd_toggle(r, n & 1));
		say(out, api->io_uring_cq_eventfd_enabled(r));
		return;
	case BUF_ADVANCE:
		if (step->masked)
			api->io_uring_buf_ring_cq_advance(r, (void *)s->shared->bufs, (int)n);
		else
			api->__io_uring_buf_ring_cq_advance(r, (void *)s->shared->bufs, (int)n, (int)step->m);
		return;
	/* From here on the kernel's part, and the program's own writing. */
	case FILL_SQE:
		memset((char *)s->sqes + 64 * step->slot, (int)step->m, 64);
		return;
	case CONSUME:
		s->shared->sq_head += n;
		return;
	case POST:
		s->cqes[step->slot].user_data = step->cqe.data;
		s->cqes[step->slot].res = step->cqe.res;
		s->cqes[step->slot].flags = step->cqe.flags;
		s->shared->cq_tail += n;
		return;
	case KFLAGS:
		s->shared->sq_flags = n;
		return;
	case SCRAMBLE:
		s->shared->sq_head = step->words[0];
		s->shared->sq_tail = step->words[1];
		r->sq.sqe_head = step->words[2];
		r->sq.sqe_tail = step->words[3];
		s->shared->cq_head = step->words[4];
		s->shared->cq_tail = step->words[5];
		s->shared->sq_flags = step->words[6];
		s->shared->cq_flags = step->words[7];
		return;
	case NR_STEPS:
		abort();
	}
	say(out, ret);
	if (waits)
		say_cqe(out, s, *c);
}

/* ---- Comparing ---- */

static const char *const step_names[] = {
#define NAME(step) #step,
	STEPS(NAME)
};

static void show(const struct outcome *out, const char *name)
{
	fprintf(stderr, "  %-9s", name);
	for (unsigned i = 0; i < out->nr; i++)
		fprintf(stderr, " %lld", out->says[i]);
	fprintf(stderr, "\n");
}

static void show_ring(const struct model *m, const struct side *s)
{
	const struct shared *k = s->shared;

	fprintf(stderr,
		"  %-9s flags %x features %x int_flags %x, %u/%u entries; SQ head %x tail %x, SQEs %x to %x, flags %x; CQ head %x tail "
		"%x, flags %x; buffers' tail %x\n",
		s->name, m->flags, m->features, m->int_flags, m->entries, m->cq_entries, k->sq_head, k->sq_tail, s->ring.sq.sqe_head,
		s->ring.sq.sqe_tail, k->sq_flags, k->cq_head, k->cq_tail, k->cq_flags, k->bufs[0].resv);
}

static void same_answers(const struct model *m, const struct step *step, const struct outcome *a, const struct outcome *b,
			 const char *a_name, const char *b_name)
{
	if (a->nr == b->nr && !memcmp(a->says, b->says, a->nr * sizeof(a->says[0])))
		return;
	for (unsigned i = 0; i < nr_sides; i++)
		show_ring(m, &sides[i]);
	show(a, a_name);
	show(b, b_name);
	fuzz_fail("%s(n %u, m %u%s%s) answers differently", step_names[step->what], step->n, step->m, step->timed ? ", timed" : "",
		  step->masked ? ", masked" : "");
}

static void same_memory(const struct model *m, const struct step *step, const struct side *a, const struct side *b)
{
	bool rings = !memcmp(a->shared, b->shared, sizeof(*a->shared)) && !memcmp(a->sqes, b->sqes, sqes_size(m)) &&
		     !memcmp(a->cqes, b->cqes, cqes_size(m));

	if (rings && a->ring.sq.sqe_head == b->ring.sq.sqe_head && a->ring.sq.sqe_tail == b->ring.sq.sqe_tail &&
	    a->ring.flags == b->ring.flags && a->ring.int_flags == b->ring.int_flags)
		return;
	show_ring(m, a);
	show_ring(m, b);
	for (size_t i = 0; i < sqes_size(m); i++) {
		if (((char *)a->sqes)[i] != ((char *)b->sqes)[i])
			fprintf(stderr, "  SQE slot %zu differs at offset %zu\n", i / 64, i % 64);
	}
	fuzz_fail("%s(n %u, m %u) leaves different memory", step_names[step->what], step->n, step->m);
}

static void same_as_model(const struct model *m, const struct step *step, const struct side *s)
{
	const struct shared *k = s->shared;

	if (k->sq_head == (unsigned)m->khead && k->sq_tail == (unsigned)m->ktail && s->ring.sq.sqe_tail == (unsigned)m->sqe_tail &&
	    k->cq_head == (unsigned)m->cq_head && k->cq_tail == (unsigned)m->cq_tail && k->cq_flags == m->cq_kflags &&
	    k->bufs[0].resv == m->buf_tail && !memcmp(s->sqes, m->sqes, sqes_size(m)))
		return;
	show_ring(m, s);
	fprintf(stderr, "  model     SQ head %llx tail %llx, SQEs to %llx; CQ head %llx tail %llx, flags %x; buffers' tail %x\n",
		(unsigned long long)m->khead, (unsigned long long)m->ktail, (unsigned long long)m->sqe_tail,
		(unsigned long long)m->cq_head, (unsigned long long)m->cq_tail, m->cq_kflags, m->buf_tail);
	for (size_t i = 0; i < sqes_size(m); i++) {
		if (((char *)s->sqes)[i] != ((char *)m->sqes)[i])
			fprintf(stderr, "  SQE slot %zu differs at offset %zu\n", i / 64, i % 64);
	}
	fuzz_fail("%s(n %u, m %u) leaves other memory than the model says", step_names[step->what], step->n, step->m);
}

static void take_step(struct model *m, const struct step *step, bool *upstream_agrees)
{
	static struct outcome outs[MAX_SIDES], want;
	bool with_upstream = *upstream_agrees && nr_sides == MAX_SIDES;

	for (unsigned i = 0; i < (with_upstream ? MAX_SIDES : UPSTREAM_SIDE); i++) {
		outs[i].nr = 0;
		run_step(&sides[i], step, &outs[i]);
	}
	steps.nr++;
	same_answers(m, step, &outs[INLINED_SIDE], &outs[EXPORTED_SIDE], "inline", "exported");
	same_memory(m, step, &sides[INLINED_SIDE], &sides[EXPORTED_SIDE]);
	if (with_upstream) {
		same_answers(m, step, &outs[INLINED_SIDE], &outs[UPSTREAM_SIDE], "inline", "liburing");
		same_memory(m, step, &sides[INLINED_SIDE], &sides[UPSTREAM_SIDE]);
		steps_upstream.nr++;
	}
	if (!m->exact)
		return;
	want.nr = 0;
	model_step(m, step, &want, &no_time);
	same_answers(m, step, &outs[INLINED_SIDE], &want, "inline", "model");
	same_as_model(m, step, &sides[INLINED_SIDE]);
	steps_model.nr++;
}

/* ---- Inputs ---- */

/* A ring, and counters such that a few steps take them through 2^32. */
static void read_ring(struct input *in, struct model *m)
{
	static const unsigned sq_flags[] = { 0, 0, 0, IORING_SETUP_SQE128, IORING_SETUP_SQE_MIXED };
	static const unsigned cq_flags[] = { 0, 0, IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED, IORING_SETUP_CQE_MIXED };

	memset(m, 0, sizeof(*m));
	m->exact = !input_one_in(in, 4);
	m->entries = 1U << input_below(in, 6);
	m->cq_entries = m->entries << input_below(in, 3);
	m->flags = sq_flags[input_below(in, 5)] | cq_flags[input_below(in, 5)];
	/* A pair of slots does not fit one. */
	if (m->entries < 2)
		m->flags &= ~IORING_SETUP_SQE_MIXED;
	if (m->cq_entries < 2)
		m->flags &= ~IORING_SETUP_CQE_MIXED;
	if (input_one_in(in, 3))
		m->flags |= IORING_SETUP_SQPOLL;
	else if (input_one_in(in, 4))
		m->flags |= IORING_SETUP_SQ_REWIND | IORING_SETUP_NO_SQARRAY;
	if (input_one_in(in, 5))
		m->flags |= IORING_SETUP_IOPOLL;
	if (input_one_in(in, 2))
		m->flags |= IORING_SETUP_NO_SQARRAY;
	m->features = input_one_in(in, 3) ? 0 : IORING_FEAT_EXT_ARG;
	if (m->features && !input_one_in(in, 3))
		m->features |= IORING_FEAT_MIN_TIMEOUT;
	/* As the library sets them at setup. */
	if ((m->flags & (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL)) == IORING_SETUP_IOPOLL)
		m->int_flags |= INT_FLAG_CQ_ENTER;
	if (m->flags & (IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND))
		m->int_flags |= INT_FLAG_UNCOMMON;
	m->has_cq_kflags = !input_one_in(in, 4);
	m->khead = UINT64_C(0xffffffff) - input_below(in, 16);
	m->cq_head = UINT64_C(0xffffffff) - input_below(in, 16);
	if (m->flags & IORING_SETUP_SQ_REWIND)
		m->khead = 0;
	m->sqe_tail = m->ktail = m->khead;
	m->cq_tail = m->cq_head;
}

static struct cqe_values read_cqe(struct input *in, const struct model *m)
{
	struct cqe_values cqe = { input_u8(in), (int)input_u8(in) - 128, input_u32(in) };

	if (input_one_in(in, 4)) {
		cqe.data = LIBURING_UDATA_TIMEOUT;
		if (input_one_in(in, 2))
			cqe.res = 0;
	}
	if (m->exact)
		cqe.flags &= ~(unsigned)IORING_CQE_F_32;
	if (!(m->flags & IORING_SETUP_CQE_MIXED))
		return cqe;
	if (m->exact) {
		cqe.flags &= ~(unsigned)IORING_CQE_F_SKIP;
		if (input_one_in(in, 2))
			cqe.flags |= IORING_CQE_F_32;
		else if (input_one_in(in, 4))
			cqe.flags |= IORING_CQE_F_SKIP;
	}
	/* A filler is a small CQE, whatever its sender: kernels post no other. */
	if (cqe.flags & IORING_CQE_F_SKIP)
		cqe.flags &= ~(unsigned)IORING_CQE_F_32;
	return cqe;
}

/* How the kernel posts: a big CQE that would reach round the end of a mixed CQ has a filler before it. */
static void post(struct input *in, struct model *m, bool *upstream_agrees)
{
	struct step step = { .what = POST, .n = 1 };
	unsigned index, left;

	step.cqe = read_cqe(in, m);
	index = (unsigned)m->cq_tail & (m->cq_entries - 1);
	if (!m->exact) {
		/* Anywhere, and more than there is room for. */
		step.slot = input_below(in, m->cq_entries) << model_cqe_shift(m);
		step.n = input_below(in, 3);
		/* Two slots with CQEs for the program end a search that would go through 2^32 fillers. */
		if (step.slot <= 1U << model_cqe_shift(m)) {
			step.cqe.flags &= ~(unsigned)IORING_CQE_F_SKIP;
			step.cqe.data = 1;
		}
	} else {
		left = m->cq_entries - (unsigned)(m->cq_tail - m->cq_head);
		step.slot = index << model_cqe_shift(m);
		if (step.cqe.flags & IORING_CQE_F_32) {
			step.n = 2;
			if (index == m->cq_entries - 1) {
				step.n = 1;
				step.cqe.flags = IORING_CQE_F_SKIP;
			}
		}
		if (step.n > left)
			return;
	}
	/*
	 * A message from another ring can bring these two flags to a ring without fillers and big CQEs. There liburing takes the
	 * CQE for a filler all the same and swallows it, or counts two slots when it has been seen.
	 */
	if ((step.cqe.flags & (IORING_CQE_F_SKIP | IORING_CQE_F_32)) && !(m->flags & IORING_SETUP_CQE_MIXED))
		*upstream_agrees = false;
	take_step(m, &step, upstream_agrees);
}

static void scramble(struct input *in, struct model *m, bool *upstream_agrees)
{
	struct step step = { .what = SCRAMBLE };

	for (int i = 0; i < 8; i++)
		step.words[i] = (unsigned)input_number(in);
	/* A ring that rewinds has no head: the kernel leaves the field alone, and the inline helpers do not look at it. */
	if (m->flags & IORING_SETUP_SQ_REWIND)
		step.words[0] = 0;
	/* With a head beyond the tail there seems to be room for a pair of SQEs and none for one: in C that ends at NULL. */
	if (m->flags & IORING_SETUP_SQE_MIXED)
		step.words[3] = step.words[0] + step.words[3] % (m->entries + 1);
	take_step(m, &step, upstream_agrees);
}

static void read_step(struct input *in, struct model *m, bool *upstream_agrees)
{
	struct step step = { .what = (enum step_kind)input_below(in, NR_STEPS) };
	unsigned ready = (unsigned)(m->cq_tail - m->cq_head);

	step.n = input_below(in, 8);
	step.m = input_u8(in);
	step.timed = step.m & 0x40;
	step.masked = step.m & 0x80;
	switch (step.what) {
	case POST:
		post(in, m, upstream_agrees);
		return;
	case SCRAMBLE:
		if (!m->exact)
			scramble(in, m, upstream_agrees);
		return;
	case FILL_SQE:
		step.slot = input_below(in, m->entries << model_sqe_shift(m));
		break;
	case CONSUME:
		if (m->flags & IORING_SETUP_SQ_REWIND)
			return;
		if (m->exact && step.n > m->ktail - m->khead)
			step.n = (unsigned)(m->ktail - m->khead);
		ready = sides[0].ring.sq.sqe_tail - sides[0].shared->sq_head;
		if ((m->flags & IORING_SETUP_SQE_MIXED) && step.n > ready)
			step.n = ready;
		break;
	case KFLAGS:
		step.n = step.m & (IORING_SQ_NEED_WAKEUP | IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN);
		/* Most rings have none of these most of the time. */
		if (!input_one_in(in, 3))
			step.n = 0;
		break;
	case PEEK_BATCH:
		step.n = step.m % (MOST_BATCH + 1);
		break;
	case ADVANCE:
	case BUF_ADVANCE:
		/* Whole CQEs only: a program knows where they end. */
		if (m->exact)
			step.n = model_slots_of(m, step.n);
		break;
	case SEEN:
		step.m = !m->exact || ready ? step.m & 1 : 0;
		step.slot = m->exact ? ((unsigned)m->cq_head & (m->cq_entries - 1)) << model_cqe_shift(m) :
				       input_below(in, m->cq_entries << model_cqe_shift(m));
		break;
	case SUBMIT_WAIT_REG:
		if (input_one_in(in, 4))
			step.m = (unsigned)input_number(in);
		break;
	case GET_CQE:
		/* As many as are published, which is what the library passes itself; or what a caller makes up. */
		step.m = step.masked ? step.m % 4 : 0;
		break;
	default:
		break;
	}
	take_step(m, &step, upstream_agrees);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct input in = { data, data + size };
	bool upstream_agrees = true;
	uint64_t round = UINT64_C(0x100000000);

	read_ring(&in, &m);
	for (unsigned i = 0; i < nr_sides; i++)
		make_side(&sides[i], &m);
	if (!m.exact)
		scramble(&in, &m, &upstream_agrees);
	while (!input_is_empty(&in))
		read_step(&in, &m, &upstream_agrees);
	wraps.nr += m.exact && m.sqe_tail >= round;
	wraps.nr += m.exact && m.cq_head >= round;
	for (unsigned i = 0; i < nr_sides; i++)
		free_side(&sides[i]);
	return 0;
}
