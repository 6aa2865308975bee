/* SPDX-License-Identifier: MIT */
/*
 * Stress programs: many requests, many threads, for a time.
 *
 *	stress SCENARIO [SECONDS]     one scenario; 0 seconds, the default, stands for its bounded form
 *	stress --list                 the scenarios
 *
 * Every scenario counts what it hands in and what comes back, and fails with both numbers when they differ. A watchdog looks at a counter
 * of progress: when that stands still for STALL_S seconds, the state of the program is printed and the program fails.
 */
#ifndef STRESS_H
#define STRESS_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <uring.h>

enum { STALL_S = 20 };

struct scenario {
	const char *name;
	const char *what;
	void (*run)(double seconds);
	/* Of the bounded form. */
	double seconds;
};

extern const struct scenario scenarios[];

/* Fails the program, with the state of everything. */
void fail(const char *format, ...) __attribute__((__noreturn__, __format__(printf, 1, 2)));

/* Ends the program as skipped, exit code 77. */
void skip(const char *format, ...) __attribute__((__noreturn__, __format__(printf, 1, 2)));

#define CHECK(cond)                                                                            \
	do {                                                                                   \
		if (!(cond))                                                                   \
			fail("%s:%d: this does not hold: %s", __FILE__, __LINE__, #cond);      \
	} while (0)

#define CHECK_EQ(got, want)                                                                                    \
	do {                                                                                                   \
		long long got_ = (long long)(got), want_ = (long long)(want);                                  \
		if (got_ != want_)                                                                             \
			fail("%s:%d: %s is %lld, not %lld (%s)", __FILE__, __LINE__, #got, got_, want_, #want); \
	} while (0)

/* For a system call that must work; gives its result. */
#define SYS(call)                                                                                  \
	({                                                                                         \
		long ret_ = (long)(call);                                                          \
		if (ret_ < 0)                                                                      \
			fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror(errno));         \
		ret_;                                                                              \
	})

/* For what gives -errno. */
#define OK(call)                                                                                   \
	({                                                                                         \
		long ok_ = (long)(call);                                                           \
		if (ok_ < 0)                                                                       \
			fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror((int)-ok_));     \
		ok_;                                                                               \
	})

/* Something has come back: the watchdog is content. */
void progress(void);

/* A ring whose counters a failure prints. */
void watch_ring(const struct io_uring *ring);
void unwatch_ring(const struct io_uring *ring);

/* A number that a failure prints. */
void watch_count(const char *name, const atomic_ulong *count);

void ring_up(struct io_uring *ring, unsigned entries, unsigned cq_entries, unsigned flags);
void ring_down(struct io_uring *ring);
/* io_uring_get_sqe(), submitting where the queue is full. */
struct io_uring_sqe *sqe_of(struct io_uring *ring);
/* io_uring_wait_cqe(), again after a signal. */
struct io_uring_cqe *cqe_of(struct io_uring *ring);

double now_s(void);
/* Numbers of a generator of the caller's own. */
uint64_t random_u64(uint64_t *state);

/* Open descriptors, and resident memory in KiB; the greatest number where they cannot be counted. */
unsigned descriptors(void);
/* There are as many as `before`, but for a few that the library keeps for the process, not for a ring. */
void no_descriptor_left(unsigned before);
unsigned long resident_kib(void);

/* An empty file that is deleted already, `size` bytes long. */
int scratch_file(off_t size, int flags);

pthread_t start(void *(*run)(void *), void *argument);
void join(pthread_t thread);

/* Raises RLIMIT_NOFILE as far as it is allowed, to `wanted`; how many descriptors there may be now. */
unsigned allow_descriptors(unsigned wanted);

void run_storage(double seconds);
void run_polls(double seconds);
void run_connections(double seconds);
void run_threads(double seconds);
void run_forks(double seconds);
void run_million(double seconds);
void run_eventfds(double seconds);
void run_watched(double seconds);
void run_wrong_file(double seconds);
void run_chains(double seconds);

#endif
