/* SPDX-License-Identifier: MIT */
/* What arguments_program.c, which makes rings and arguments, and arguments_calls.c, which calls with them, share. */
#ifndef URING_FUZZ_ARGUMENTS_RUN_H
#define URING_FUZZ_ARGUMENTS_RUN_H

#include "arguments.h"

#include <errno.h>

/* Descriptors that stay open, at the same numbers in every process. */
enum { FIRST_FREE = 40, FD_NULL = 60, FD_EVENT, FD_PIPE_READ, FD_PIPE_WRITE, FD_SOCKET, FD_EPOLL, FD_LAST, FD_CLOSED = 99 };
enum { SOFT_FILES = 256, HARD_FILES = 1024, MOST_CALLS = 24, SETUP_PART = 40, CALL_PART = 32, ARGS_SIZE = 1024 };

/* The library's own flags in ring->int_flags: three that liburing has too, and those that only ours has. */
enum { REG_REG_RING = 0x01, CQ_ENTER = 0x04, REG_RING = 0x10, OURS_ALONE = 0x68 };

struct run {
	const struct api *api;
	struct input in;
	struct transcript *to;
	struct io_uring ring, other;
	bool has_other, is_resized, has_index, over;
	struct {
		struct io_uring_buf_ring *br;
		unsigned nr;
		int bgid;
	} buf_ring;
};

/* ---- Records ---- */

void record(struct run *run, const char *call, const char *what, int64_t value);
void record_ring(struct run *run, const char *call);
void record_params(struct run *run, const char *call, const struct io_uring_params *p);
int64_t hash(const void *data, size_t size);

/*
 * A call: its answer, what it left in the arena, and whether it left errno alone. Descriptors are 1: their numbers may differ.
 */
#define CALL(function, ...)                                                                                            \
	do {                                                                                                           \
		errno = 4711;                                                                                          \
		int call_ret = (int)run->api->function(__VA_ARGS__);                                                   \
		called(run, #function, call_ret);                                                                      \
	} while (0)
void called(struct run *run, const char *call, int ret);

/* True where arguments_raw.c cannot follow: the program goes on in a library, and with bare system calls it ends. */
bool beyond_raw(struct run *run);

/* ---- Arguments ---- */

/* A small number, now and then any. */
unsigned some(struct run *run);
int some_fd(struct run *run);
void fill_arena(struct run *run);
void *some_pointer(struct run *run);
struct iovec *some_iovecs(struct run *run, unsigned nr);
int *some_files(struct run *run, unsigned nr);
__u64 *some_tags(struct run *run);
unsigned some_entries(struct run *run);
unsigned some_setup_flags(struct run *run);
void some_params(struct run *run, struct io_uring_params *p);
/* A second ring, plain, for the calls that take two. */
struct io_uring *other_ring(struct run *run);

/* One call, whichever the input says. */
void call(struct run *run);

#endif
