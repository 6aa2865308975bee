/* SPDX-License-Identifier: MIT */
/*
 * What every benchmark program shares: parameters, a clock, and the conversation
 * with the driver (../src), which runs several programs in turns.
 *
 *	program NAME=VALUE...
 *
 * The program sets itself up, warms up, finds out how long an operation takes,
 * and writes "ready". It then answers these lines on its standard input:
 *
 *	time NS		does operations for about NS nanoseconds:
 *			"time OPERATIONS WALL_NS CPU_NS RSS_KIB"
 *	latency NS	the same with every operation timed:
 *			"latency COUNT P50 P90 P99 P99.9 P99.99 MAX", in ns
 *
 * The end of its input is the end.
 *
 * With ops=N as a parameter there is no conversation and no warming up: N
 * operations, then the end. That is for tools that count.
 *
 * A result that is wrong ends the program with 1, a thing that this machine
 * does not have with 77; either way the reason is on standard error.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>

struct bench {
	/* Everything that is not measured, once. */
	void (*setup)(void);
	/* At least `ops` operations, measured; returns how many it were. */
	uint64_t (*run)(uint64_t ops);
	/* After each run, not measured: whether what it did is right. May be NULL. */
	void (*check)(void);
	/* At the end. May be NULL. */
	void (*finish)(void);
};

int bench_main(int argc, char **argv, const struct bench *bench);

/* Parameters of the command line. One that nobody asks for is an error. */
const char *param(const char *name, const char *otherwise);
uint64_t param_number(const char *name, uint64_t otherwise);
int param_is(const char *name, const char *value);

void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

uint64_t now_ns(void);
/* The calling thread, and those it starts, stay on this CPU. */
void pin(unsigned cpu);
/* Room for many descriptors, as far as may be; returns the limit. */
uint64_t raise_descriptor_limit(void);

/* Until the one descriptor of an epoll is ready. The kernel interrupts the call when a ring of this thread has work to do. */
void wait_readable(int epoll);

/* A cheap generator; the same numbers in every program. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

/* Whether single operations are to be timed: then call latency_add for each. */
extern int latency_wanted;
void latency_add(uint64_t ns);

/*
 * The data file: blocks of 4 KiB that begin and end with their number plus one, so
 * that a block of zeroes is never right.
 */
#define DATA_BLOCK 4096u

static inline int block_is_right(const void *block, uint64_t number)
{
	const uint64_t *words = block;

	return words[0] == number + 1 && words[DATA_BLOCK / 8 - 1] == number + 1;
}

/* Opens the file of the parameter "file"; how many blocks it has. */
int open_data(int flags, uint64_t *blocks);

#endif
