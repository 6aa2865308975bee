/* SPDX-License-Identifier: MIT */
/*
 * Ordered access to memory that the kernel (or another thread) writes too.
 *
 * The rings are single-producer, single-consumer queues. Each index has one
 * writer, and the pairing is always the same:
 *
 *   writer   fills the entry, then io_uring_smp_store_release(index, new)
 *   reader   io_uring_smp_load_acquire(index), then looks at the entry
 *
 * Whoever owns an index may read it back plainly. io_uring_smp_mb() is for the
 * one pattern that needs more, "store mine, then load theirs" on both sides:
 * publishing the SQ tail before reading IORING_SQ_NEED_WAKEUP.
 *
 * The compiler's __atomic built-ins serve C and C++ alike and are what
 * ThreadSanitizer understands.
 */
#ifndef LIBURING_BARRIER_H
#define LIBURING_BARRIER_H

/* A single access that the compiler may neither split, repeat nor drop. */
#define IO_URING_READ_ONCE(var) __atomic_load_n(&(var), __ATOMIC_RELAXED)
#define IO_URING_WRITE_ONCE(var, val)                                          \
	__atomic_store_n(&(var), (val), __ATOMIC_RELAXED)

#define io_uring_smp_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define io_uring_smp_store_release(p, v)                                       \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define io_uring_smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
