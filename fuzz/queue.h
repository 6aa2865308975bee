/* SPDX-License-Identifier: MIT */
/* What queue.c, which drives the queues, and queue_model.c, which knows their answers, share. */
#ifndef URING_FUZZ_QUEUE_H
#define URING_FUZZ_QUEUE_H

#include "fuzz.h"

#include <uring.h>

enum { MOST_ENTRIES = 32, MOST_CQ_ENTRIES = 4 * MOST_ENTRIES, MOST_BATCH = 12, MOST_SAID = 4 * MOST_CQ_ENTRIES };

/* The library's own flags in ring->int_flags: completions appear only when the kernel is entered; submitting takes more than usual. */
#define INT_FLAG_CQ_ENTER 0x04
#define INT_FLAG_UNCOMMON 0x20

/* What the program does, and below what the kernel does; SCRAMBLE is neither. */
#define STEPS(X)                                                                                                       \
	X(GET_SQE) X(GET_SQE128) X(SQ_COUNTS) X(SQRING_WAIT) X(SUBMIT) X(SUBMIT_AND_WAIT) X(SUBMIT_AND_GET_EVENTS)     \
	X(GET_EVENTS) X(PEEK) X(PEEK_MEMORY) X(WAIT) X(WAIT_NR) X(WAIT_TIMEOUT) X(WAIT_CQES) X(WAIT_MIN_TIMEOUT)       \
	X(SUBMIT_WAIT_TIMEOUT) X(SUBMIT_WAIT_MIN_TIMEOUT) X(SUBMIT_WAIT_REG) X(GET_CQE) X(PEEK_BATCH) X(WALK)          \
	X(CQ_COUNTS) X(ADVANCE) X(SEEN) X(EVENTFD) X(BUF_ADVANCE) X(FILL_SQE)                                          \
	X(CONSUME) X(POST) X(KFLAGS)                                                                                   \
	X(SCRAMBLE)

#define ENUMERATOR(step) step,
enum step_kind { STEPS(ENUMERATOR) NR_STEPS };

struct cqe_values {
	uint64_t data;
	int res;
	unsigned flags;
};

struct step {
	enum step_kind what;
	unsigned n, m;
	bool timed, masked;
	unsigned slot;
	struct cqe_values cqe;
	unsigned words[8];
};

/* The answers of a step: return value, and which SQEs or CQEs by their slots, -1 for NULL. */
struct outcome {
	unsigned nr;
	long long says[MOST_SAID];
};

/* A ring as one would describe it: counters that never wrap, and what lies in the slots. */
struct model {
	/* False for a ring in a state that no kernel makes; then nothing below the sizes and flags is kept. */
	bool exact;
	unsigned entries, cq_entries;
	unsigned flags, features, int_flags;
	bool has_cq_kflags;

	unsigned kflags, cq_kflags;
	/* SQEs taken by the kernel, shown to it, handed out by the library; since the ring was made. */
	uint64_t khead, ktail, sqe_tail;
	uint64_t cq_head, cq_tail;
	uint16_t buf_tail;
	struct io_uring_sqe sqes[2 * MOST_ENTRIES];
	struct cqe_values cqes[MOST_CQ_ENTRIES];
};

/* What io_uring_enter(2) answers for descriptor -1 on this machine. */
extern int model_no_ring;

unsigned model_sqe_shift(const struct model *m);
unsigned model_cqe_shift(const struct model *m);
/* The slots of the first n CQEs, or of all where there are fewer. */
unsigned model_slots_of(const struct model *m, unsigned n);
void model_step(struct model *m, const struct step *step, struct outcome *out, const struct __kernel_timespec *ts);

#endif
