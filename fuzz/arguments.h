/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the target "arguments" share: arguments.c runs a program of
 * calls in one process for each library, arguments_program.c and arguments_calls.c
 * are the program, and arguments_raw.c makes the same calls without a library.
 */
#ifndef URING_FUZZ_ARGUMENTS_H
#define URING_FUZZ_ARGUMENTS_H

#include "fuzz.h"

#include <uring.h>

#define RING struct io_uring *r

/* Setup, and what works on a ring's mapping or descriptor itself. Not made without a library. */
#define SETUP_API(X)                                                                                                   \
	X(int, io_uring_queue_init, (unsigned n, RING, unsigned flags), (n, r, flags))                                 \
	X(int, io_uring_queue_init_params, (unsigned n, RING, struct io_uring_params *p), (n, r, p))                   \
	X(int, io_uring_queue_init_mem, (unsigned n, RING, struct io_uring_params *p, void *b, size_t s),              \
	  (n, r, p, b, s))                                                                                             \
	X(int, io_uring_queue_mmap, (int fd, struct io_uring_params *p, RING), (fd, p, r))                             \
	X(void, io_uring_queue_exit, (RING), (r))                                                                      \
	X(int, io_uring_ring_dontfork, (RING), (r))                                                                    \
	X(int, io_uring_close_ring_fd, (RING), (r))                                                                    \
	X(int, io_uring_resize_rings, (RING, struct io_uring_params *p), (r, p))                                       \
	X(ssize_t, io_uring_memory_size_params, (unsigned n, struct io_uring_params *p), (n, p))                       \
	X(ssize_t, io_uring_mlock_size, (unsigned n, unsigned flags), (n, flags))                                      \
	X(ssize_t, io_uring_mlock_size_params, (unsigned n, struct io_uring_params *p), (n, p))                        \
	X(struct io_uring_probe *, io_uring_get_probe_ring, (RING), (r))                                               \
	X(void, io_uring_free_probe, (struct io_uring_probe * p), (p))                                                 \
	X(int, io_uring_submit, (RING), (r))                                                                           \
	X(int, io_uring_get_events, (RING), (r))                                                                       \
	X(int, io_uring_wait_cqe_timeout, (RING, struct io_uring_cqe **c, struct __kernel_timespec *t), (r, c, t))     \
	X(int, io_uring_wait_cqes_min_timeout,                                                                         \
	  (RING, struct io_uring_cqe **c, unsigned n, struct __kernel_timespec *t, unsigned m, sigset_t *s),           \
	  (r, c, n, t, m, s))                                                                                          \
	X(int, io_uring_submit_and_wait_reg, (RING, struct io_uring_cqe **c, unsigned n, int i), (r, c, n, i))         \
	X(int, io_uring_set_iowait, (RING, bool on), (r, on))

/* Registration and raw calls: a system call each, and that is what arguments_raw.c makes of them. */
#define REGISTER_API(X)                                                                                                \
	X(int, io_uring_setup, (unsigned n, struct io_uring_params *p), (n, p))                                        \
	X(int, io_uring_enter, (unsigned fd, unsigned n, unsigned m, unsigned flags, sigset_t *s), (fd, n, m, flags, s)) \
	X(int, io_uring_enter2, (unsigned fd, unsigned n, unsigned m, unsigned flags, void *a, size_t s),              \
	  (fd, n, m, flags, a, s))                                                                                     \
	X(int, io_uring_register, (unsigned fd, unsigned op, const void *a, unsigned n), (fd, op, a, n))               \
	X(int, io_uring_register_buffers, (RING, const struct iovec *v, unsigned n), (r, v, n))                        \
	X(int, io_uring_register_buffers_tags, (RING, const struct iovec *v, const __u64 *t, unsigned n), (r, v, t, n)) \
	X(int, io_uring_register_buffers_sparse, (RING, unsigned n), (r, n))                                           \
	X(int, io_uring_register_buffers_update_tag,                                                                   \
	  (RING, unsigned off, const struct iovec *v, const __u64 *t, unsigned n), (r, off, v, t, n))                  \
	X(int, io_uring_unregister_buffers, (RING), (r))                                                               \
	X(int, io_uring_register_files, (RING, const int *f, unsigned n), (r, f, n))                                   \
	X(int, io_uring_register_files_tags, (RING, const int *f, const __u64 *t, unsigned n), (r, f, t, n))           \
	X(int, io_uring_register_files_sparse, (RING, unsigned n), (r, n))                                             \
	X(int, io_uring_register_files_update, (RING, unsigned off, const int *f, unsigned n), (r, off, f, n))         \
	X(int, io_uring_register_files_update_tag, (RING, unsigned off, const int *f, const __u64 *t, unsigned n),     \
	  (r, off, f, t, n))                                                                                           \
	X(int, io_uring_unregister_files, (RING), (r))                                                                 \
	X(int, io_uring_register_file_alloc_range, (RING, unsigned off, unsigned len), (r, off, len))                  \
	X(int, io_uring_register_eventfd, (RING, int fd), (r, fd))                                                     \
	X(int, io_uring_register_eventfd_async, (RING, int fd), (r, fd))                                               \
	X(int, io_uring_unregister_eventfd, (RING), (r))                                                               \
	X(int, io_uring_register_probe, (RING, struct io_uring_probe * p, unsigned n), (r, p, n))                      \
	X(int, io_uring_register_personality, (RING), (r))                                                             \
	X(int, io_uring_unregister_personality, (RING, int id), (r, id))                                               \
	X(int, io_uring_register_restrictions, (RING, struct io_uring_restriction * a, unsigned n), (r, a, n))         \
	X(int, io_uring_enable_rings, (RING), (r))                                                                     \
	X(int, io_uring_register_iowq_aff, (RING, size_t n, const cpu_set_t *m), (r, n, m))                            \
	X(int, io_uring_unregister_iowq_aff, (RING), (r))                                                              \
	X(int, io_uring_register_iowq_max_workers, (RING, unsigned *v), (r, v))                                        \
	X(int, io_uring_register_ring_fd, (RING), (r))                                                                 \
	X(int, io_uring_unregister_ring_fd, (RING), (r))                                                               \
	X(int, io_uring_register_buf_ring, (RING, struct io_uring_buf_reg * a, unsigned flags), (r, a, flags))         \
	X(int, io_uring_unregister_buf_ring, (RING, int bgid), (r, bgid))                                              \
	X(int, io_uring_buf_ring_head, (RING, int bgid, uint16_t *head), (r, bgid, head))                              \
	X(struct io_uring_buf_ring *, io_uring_setup_buf_ring, (RING, unsigned n, int bgid, unsigned flags, int *err), \
	  (r, n, bgid, flags, err))                                                                                    \
	X(int, io_uring_free_buf_ring, (RING, struct io_uring_buf_ring * b, unsigned n, int bgid), (r, b, n, bgid))    \
	X(int, io_uring_register_sync_cancel, (RING, struct io_uring_sync_cancel_reg * a), (r, a))                     \
	X(int, io_uring_register_sync_msg, (struct io_uring_sqe * sqe), (sqe))                                         \
	X(int, io_uring_register_napi, (RING, struct io_uring_napi * a), (r, a))                                       \
	X(int, io_uring_unregister_napi, (RING, struct io_uring_napi * a), (r, a))                                     \
	X(int, io_uring_register_clock, (RING, struct io_uring_clock_register * a), (r, a))                            \
	X(int, io_uring_register_region, (RING, struct io_uring_mem_region_reg * a), (r, a))                           \
	X(int, io_uring_register_wait_reg, (RING, struct io_uring_reg_wait * a, int n), (r, a, n))                     \
	X(int, io_uring_register_ifq, (RING, struct io_uring_zcrx_ifq_reg * a), (r, a))                                \
	X(int, io_uring_register_zcrx_ctrl, (RING, struct zcrx_ctrl * a), (r, a))                                      \
	X(int, io_uring_register_bpf_filter, (RING, struct io_uring_bpf * a), (r, a))                                  \
	X(int, io_uring_register_bpf_filter_task, (struct io_uring_bpf * a), (a))                                      \
	X(int, io_uring_register_query, (struct io_uring_query_hdr * a), (a))                                          \
	X(int, io_uring_clone_buffers, (struct io_uring * d, struct io_uring * s), (d, s))                             \
	X(int, __io_uring_clone_buffers, (struct io_uring * d, struct io_uring * s, unsigned flags), (d, s, flags))    \
	X(int, io_uring_clone_buffers_offset,                                                                          \
	  (struct io_uring * d, struct io_uring * s, unsigned o, unsigned p, unsigned n, unsigned flags),              \
	  (d, s, o, p, n, flags))                                                                                      \
	X(int, __io_uring_clone_buffers_offset,                                                                        \
	  (struct io_uring * d, struct io_uring * s, unsigned o, unsigned p, unsigned n, unsigned flags),              \
	  (d, s, o, p, n, flags))

struct api {
#define MEMBER(type, name, params, args) type(*name) params;
	SETUP_API(MEMBER) REGISTER_API(MEMBER)
};

/* Our library, and the system calls alone. */
extern const struct api our_api, raw_api;

/* ---- What a program of calls did ---- */

enum { MOST_RECORDS = 1024 };

/* The name of a record that a ring has. */
#define RING_FLAGS "ring: flags"

struct record {
	const char *call;
	const char *what;
	int64_t value;
};

struct transcript {
	unsigned nr;
	/* One past the last record that arguments_raw.c can follow, and 1 more; 0 for all of them. */
	unsigned raw_ends;
	struct record records[MOST_RECORDS];
};

/* The same addresses in every process: memory for arguments, mapped before the processes part. */
enum { ARENA_SIZE = 64 << 10, RING_MEMORY_SIZE = 256 << 10 };
extern uint8_t *arena, *read_only, *no_access, *ring_memory;

/* The descriptors of the pipes between the processes lie here; the other numbers of the range are taken too. */
enum { FIRST_PIPE = 200, LAST_PIPE = 241 };

/* Limits and memory, before the processes part; and what each of them does then. */
void arguments_prepare(void);
void arguments_start(void);
void arguments_run(const struct api *api, const uint8_t *data, size_t size, struct transcript *to);

#endif
