/* SPDX-License-Identifier: MIT */
/*
 * Calls with NULL, with numbers out of range, with descriptors that are closed or
 * no rings. Each runs in a process of its own and prints a line:
 *
 *	function <tab> what is odd <tab> who answers <tab> answer
 *
 * The answers that liburing gave stand in expected.tsv, and tests/nonsense.rs
 * compares. "library" answers hold everywhere; "kernel" ones are those of the
 * kernel that the table names. Where liburing would crash nothing is called.
 */
#ifndef URING_NONSENSE_H
#define URING_NONSENSE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liburing.h>

#ifdef __cplusplus
extern "C" {
#endif

/* True in a child that is to make the call; false in the parent, which has printed the line by then. */
bool row_begin(const char *function, const char *what, const char *who);
/* The end of the child. */
void row_number(long long answer) __attribute__((__noreturn__));
void row_bytes(const void *bytes, size_t len) __attribute__((__noreturn__));

/* A call that answers with a number. */
#define LIBRARY(function, what, ...)                                                                                   \
	do {                                                                                                           \
		if (row_begin(#function, what, "library"))                                                             \
			row_number((long long)(__VA_ARGS__));                                                          \
	} while (0)
#define KERNEL(function, what, ...)                                                                                    \
	do {                                                                                                           \
		if (row_begin(#function, what, "kernel"))                                                              \
			row_number((long long)(__VA_ARGS__));                                                          \
	} while (0)
/* One that answers nothing: 0 where it comes back. */
#define NOTHING(function, what, ...)                                                                                   \
	do {                                                                                                           \
		if (row_begin(#function, what, "library")) {                                                           \
			__VA_ARGS__;                                                                                   \
			row_number(0);                                                                                 \
		}                                                                                                      \
	} while (0)

/* Made for each row anew. */

/* A ring of 8 entries, as io_uring_queue_init() makes it with these flags; the row says "no ring" where there is none. */
struct io_uring *ring_with(unsigned flags);
#define RING ring_with(0)
/* The same; its descriptor is closed behind the library's back. */
struct io_uring *ring_closed(void);
/* The same; the library has closed its descriptor and goes by its registered index. */
struct io_uring *ring_registered(void);
/* The memory of a ring, and a descriptor that is none. */
struct io_uring *ring_of_null_device(void);
/* All zero, but for descriptors of -1. */
struct io_uring *ring_never_made(void);
/* A ring that knows of no feature but these. */
struct io_uring *ring_of_old_kernel(unsigned features);
/* A ring whose SQ is full. */
struct io_uring *ring_full(void);

/* Writable memory of some pages, zeroed; and some that nobody may touch. */
extern char *memory;
extern char *no_memory;
enum { MEMORY_SIZE = 1 << 20 };

/* The groups of rows. */
void rows_setup(void);
void rows_queue(void);
void rows_register(void);
/* Made from the list of functions: every helper that writes an SQE, with the least, the largest and the last numbers. */
void rows_prep(void);

#ifdef __cplusplus
}
#endif

#endif
