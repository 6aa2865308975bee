/* SPDX-License-Identifier: MIT */
/*
 * What a queue answers, by the manual: in 64-bit counters and indices, without
 * the library's helpers. Entering the kernel always fails here (queue.c says
 * why), so a step enters at most once and that ends it.
 */
#include "queue.h"

#include <errno.h>
#include <string.h>

int model_no_ring;

unsigned model_sqe_shift(const struct model *m)
{
	return m->flags & IORING_SETUP_SQE128 ? 1 : 0;
}

unsigned model_cqe_shift(const struct model *m)
{
	return m->flags & IORING_SETUP_CQE32 ? 1 : 0;
}

static const struct cqe_values *cqe_at(const struct model *m, uint64_t position)
{
	return &m->cqes[position % m->cq_entries];
}

static unsigned slots_at(const struct model *m, uint64_t position)
{
	return cqe_at(m, position)->flags & IORING_CQE_F_32 ? 2 : 1;
}

unsigned model_slots_of(const struct model *m, unsigned n)
{
	uint64_t position = m->cq_head;

	while (n-- && position < m->cq_tail)
		position += slots_at(m, position);
	return (unsigned)(position - m->cq_head);
}

static void say(struct outcome *out, long long number)
{
	out->says[out->nr++] = number;
}

static long long slot_of(const struct model *m, uint64_t position)
{
	return (long long)(position % m->cq_entries) << model_cqe_shift(m);
}

/* ---- SQEs ---- */

static uint64_t sq_ready(const struct model *m)
{
	return m->sqe_tail - m->khead;
}

/* Clears the members that helpers for requests count on. */
static void clear(struct io_uring_sqe *sqe)
{
	struct io_uring_sqe before = *sqe;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = before.opcode;
	sqe->fd = before.fd;
	sqe->off = before.off;
	sqe->addr = before.addr;
	sqe->len = before.len;
	sqe->user_data = before.user_data;
}

static struct io_uring_sqe *get_sqe(struct model *m)
{
	struct io_uring_sqe *sqe;

	if (sq_ready(m) == m->entries)
		return NULL;
	sqe = &m->sqes[(m->sqe_tail % m->entries) << model_sqe_shift(m)];
	m->sqe_tail++;
	clear(sqe);
	return sqe;
}

static struct io_uring_sqe *get_sqe128(struct model *m)
{
	struct io_uring_sqe *sqe;
	uint64_t index = m->sqe_tail % m->entries;
	unsigned filler = index + 1 == m->entries;

	if (m->flags & IORING_SETUP_SQE128)
		return get_sqe(m);
	if (!(m->flags & IORING_SETUP_SQE_MIXED))
		return NULL;
	if (sq_ready(m) + filler + 2 > m->entries)
		return NULL;
	if (filler) {
		sqe = get_sqe(m);
		sqe->opcode = IORING_OP_NOP;
		sqe->fd = -1;
		sqe->addr = sqe->off = sqe->len = 0;
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	}
	sqe = get_sqe(m);
	m->sqe_tail++;
	return sqe;
}

/* ---- Submitting ---- */

static unsigned flush(struct model *m)
{
	unsigned handed_out = (unsigned)m->sqe_tail;

	if (m->flags & IORING_SETUP_SQ_REWIND) {
		m->sqe_tail = 0;
		return handed_out;
	}
	m->ktail = m->sqe_tail;
	return (unsigned)sq_ready(m);
}

static bool submitting_enters(const struct model *m, unsigned to_submit)
{
	if (!to_submit)
		return false;
	return !(m->flags & IORING_SETUP_SQPOLL) || (m->kflags & IORING_SQ_NEED_WAKEUP);
}

static bool completions_hide(const struct model *m)
{
	return m->kflags & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN);
}

static bool looking_enters(const struct model *m)
{
	return (m->int_flags & INT_FLAG_CQ_ENTER) || completions_hide(m);
}

static int submit(struct model *m, bool enters)
{
	unsigned to_submit = flush(m);

	return enters || looking_enters(m) || submitting_enters(m, to_submit) ? model_no_ring : (int)to_submit;
}

/* ---- Completions ---- */

/*
 * The first CQE for the program, as a position; m->cq_tail where there is none.
 * Fillers are consumed, and so are timeouts that the library sends itself where
 * io_uring_enter(2) takes none. A timeout's error ends the search.
 */
static int peek(struct model *m, uint64_t *cqe, unsigned *available)
{
	for (;;) {
		const struct cqe_values *first = cqe_at(m, m->cq_head);
		bool filler, timeout;

		*cqe = m->cq_head;
		*available = (unsigned)(m->cq_tail - m->cq_head);
		if (!*available)
			return 0;
		filler = (m->flags & IORING_SETUP_CQE_MIXED) && (first->flags & IORING_CQE_F_SKIP);
		timeout = !(m->features & IORING_FEAT_EXT_ARG) && first->data == LIBURING_UDATA_TIMEOUT;
		if (!filler && !timeout)
			return 0;
		m->cq_head += slots_at(m, m->cq_head);
		if (!filler && first->res < 0) {
			*cqe = m->cq_tail;
			return first->res;
		}
	}
}

static int get_cqe(struct model *m, uint64_t *cqe, unsigned to_submit, unsigned wait_nr)
{
	unsigned available;
	int err = peek(m, cqe, &available);

	if (err)
		return err;
	if (submitting_enters(m, to_submit) || wait_nr > available)
		return model_no_ring;
	if (available || wait_nr || to_submit)
		return 0;
	return looking_enters(m) ? model_no_ring : -EAGAIN;
}

static int peek_or_get(struct model *m, uint64_t *cqe, unsigned wait_nr)
{
	unsigned available;

	if (!peek(m, cqe, &available) && available)
		return 0;
	return get_cqe(m, cqe, 0, wait_nr);
}

/* The time limit of a kernel that takes none in io_uring_enter(2): a request of the library's. -errno or what waits to be submitted. */
static int timeout_request(struct model *m, unsigned wait_nr, const struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = get_sqe(m);

	if (!sqe) {
		int ret = submit(m, false);

		if (ret < 0)
			return ret;
		sqe = get_sqe(m);
		if (!sqe)
			return -EAGAIN;
	}
	sqe->opcode = IORING_OP_TIMEOUT;
	sqe->fd = -1;
	sqe->addr = (uintptr_t)ts;
	sqe->len = 1;
	sqe->off = wait_nr;
	sqe->user_data = LIBURING_UDATA_TIMEOUT;
	return (int)flush(m);
}

static int wait_limited(struct model *m, uint64_t *cqe, unsigned wait_nr, const struct __kernel_timespec *ts, bool submits)
{
	int to_submit = 0;

	if (ts && !(m->features & IORING_FEAT_EXT_ARG)) {
		to_submit = timeout_request(m, wait_nr, ts);
		if (to_submit < 0)
			return to_submit;
	} else if (submits) {
		to_submit = (int)flush(m);
	}
	return get_cqe(m, cqe, (unsigned)to_submit, wait_nr);
}

static void peek_batch(struct model *m, unsigned count, struct outcome *out)
{
	bool mixed = m->flags & IORING_SETUP_CQE_MIXED;
	uint64_t position = m->cq_head;
	unsigned nr = 0, said = out->nr;

	say(out, 0);
	while (position < m->cq_tail && nr < count) {
		if (mixed && (cqe_at(m, position)->flags & IORING_CQE_F_SKIP)) {
			/* One between CQEs ends the batch: the program is going to advance over what it got. */
			if (nr)
				break;
			m->cq_head = ++position;
			continue;
		}
		say(out, slot_of(m, position));
		position += mixed ? slots_at(m, position) : 1;
		nr++;
	}
	out->says[said] = nr;
	while (out->nr - said < MOST_BATCH + 2)
		say(out, -1);
}

static int eventfd(struct model *m, bool on)
{
	bool was_on = !(m->cq_kflags & IORING_CQ_EVENTFD_DISABLED);

	if (on == was_on)
		return 0;
	if (!m->has_cq_kflags)
		return -EOPNOTSUPP;
	m->cq_kflags ^= IORING_CQ_EVENTFD_DISABLED;
	return 0;
}

/* ---- Steps ---- */

static void say_sqe(const struct model *m, struct outcome *out, const struct io_uring_sqe *sqe)
{
	say(out, sqe ? sqe - m->sqes : -1);
}

/* The steps that end with a return value and a CQE. */
static void wait_step(struct model *m, const struct step *step, struct outcome *out, const struct __kernel_timespec *ts)
{
	/* A call that fails before it looks leaves the program's pointer, which is NULL here, as it was. */
	uint64_t cqe = m->cq_tail;
	unsigned n = step->n, available = 0;
	int ret = -EINVAL;

	switch (step->what) {
	case PEEK:
		ret = peek_or_get(m, &cqe, 0);
		break;
	case PEEK_MEMORY:
		ret = peek(m, &cqe, &available);
		say(out, available);
		break;
	case WAIT:
		ret = peek_or_get(m, &cqe, 1);
		break;
	case WAIT_NR:
		ret = get_cqe(m, &cqe, 0, n);
		break;
	case WAIT_TIMEOUT:
		ret = wait_limited(m, &cqe, 1, ts, false);
		break;
	case WAIT_CQES:
		ret = wait_limited(m, &cqe, n, ts, false);
		break;
	case WAIT_MIN_TIMEOUT:
		if (m->features & IORING_FEAT_MIN_TIMEOUT)
			ret = get_cqe(m, &cqe, 0, n);
		break;
	case SUBMIT_WAIT_TIMEOUT:
		ret = wait_limited(m, &cqe, n, ts, true);
		break;
	case SUBMIT_WAIT_MIN_TIMEOUT:
		if (m->features & IORING_FEAT_MIN_TIMEOUT)
			ret = wait_limited(m, &cqe, n, ts, true);
		break;
	case SUBMIT_WAIT_REG:
		available = flush(m);
		if (m->features & IORING_FEAT_EXT_ARG)
			ret = get_cqe(m, &cqe, available, n);
		break;
	default:
		ret = get_cqe(m, &cqe, step->m, n);
		break;
	}
	say(out, ret);
	say(out, cqe == m->cq_tail ? -1 : slot_of(m, cqe));
}

void model_step(struct model *m, const struct step *step, struct outcome *out, const struct __kernel_timespec *ts)
{
	uint64_t position;

	switch (step->what) {
	case GET_SQE:
		say_sqe(m, out, get_sqe(m));
		return;
	case GET_SQE128:
		say_sqe(m, out, get_sqe128(m));
		return;
	case SQ_COUNTS:
		say(out, (long long)sq_ready(m));
		say(out, (long long)(m->entries - sq_ready(m)));
		return;
	case SQRING_WAIT:
		say(out, (m->flags & IORING_SETUP_SQPOLL) && sq_ready(m) == m->entries ? model_no_ring : 0);
		return;
	case SUBMIT:
		say(out, submit(m, false));
		return;
	case SUBMIT_AND_WAIT:
		say(out, submit(m, step->n != 0));
		return;
	case SUBMIT_AND_GET_EVENTS:
		say(out, submit(m, true));
		return;
	case GET_EVENTS:
		say(out, model_no_ring);
		return;
	case PEEK_BATCH:
		peek_batch(m, step->n, out);
		return;
	case WALK:
		for (position = m->cq_head; position < m->cq_tail; position += slots_at(m, position)) {
			say(out, slot_of(m, position));
			say(out, slots_at(m, position));
		}
		return;
	case CQ_COUNTS:
		say(out, (long long)(m->cq_tail - m->cq_head));
		say(out, (m->kflags & IORING_SQ_CQ_OVERFLOW) != 0);
		return;
	case ADVANCE:
		m->cq_head += step->n;
		return;
	case SEEN:
		if (step->m)
			m->cq_head += slots_at(m, m->cq_head);
		return;
	case EVENTFD:
		say(out, eventfd(m, step->n & 1));
		say(out, !(m->cq_kflags & IORING_CQ_EVENTFD_DISABLED));
		return;
	case BUF_ADVANCE:
		m->cq_head += step->n;
		m->buf_tail += (uint16_t)(step->masked ? step->n : step->m);
		return;
	case FILL_SQE:
		memset(&m->sqes[step->slot], (int)step->m, sizeof(m->sqes[0]));
		return;
	case CONSUME:
		m->khead += step->n;
		return;
	case POST:
		m->cqes[m->cq_tail % m->cq_entries] = step->cqe;
		m->cq_tail += step->n;
		return;
	case KFLAGS:
		m->kflags = step->n;
		return;
	default:
		wait_step(m, step, out, step->timed ? ts : NULL);
		return;
	}
}
