/* SPDX-License-Identifier: MIT */
/*
 * What ThreadSanitizer has to be told. uring/inline.h includes this when the
 * program is compiled with -fsanitize=thread; otherwise none of it exists.
 *
 * TSan follows the program's own atomic accesses. Of the way from a submission
 * to its completion it sees the last step alone, the acquire of the CQ tail: the
 * store that this pairs with is the kernel's, and the release of the SQ tail is
 * made in the library. So memory that one thread fills before it submits and
 * another uses after it has seen the completion looks like a race. Here each
 * submission releases on the CQ tail in the kernel's stead. The edge is as wide
 * as the ring: who sees a completion has seen all that was submitted so far.
 *
 * Macros put themselves before the functions of the library that take part. A
 * call through a function's address is therefore not seen, nor is one of
 * io_uring_enter(), which has a descriptor in place of a ring.
 */
#ifndef URING_TSAN_H
#define URING_TSAN_H

#ifndef LIB_URING_H
#error "include <uring.h>: this is a part of it"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* As in <sanitizer/tsan_interface.h>, which not every compiler brings. */
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);

#define URING_TSAN_PLACE                                                       \
	__attribute__((__weak__, __visibility__("default"))) char

/*
 * Two places for edges that belong to no one ring: messages, as their sender
 * knows no more than a descriptor of the ring they go to; and the end of
 * mappings, as the kernel gives their addresses to the next ring.
 */
extern URING_TSAN_PLACE uring_tsan_messages;
extern URING_TSAN_PLACE uring_tsan_mappings;
URING_TSAN_PLACE uring_tsan_messages;
URING_TSAN_PLACE uring_tsan_mappings;

#undef io_uring_smp_load_acquire
#define io_uring_smp_load_acquire(p)                                           \
	__extension__({                                                        \
		__typeof__(*(p)) uring_tsan_value =                            \
			__atomic_load_n((p), __ATOMIC_ACQUIRE);                \
		__tsan_acquire(&uring_tsan_messages);                          \
		uring_tsan_value;                                              \
	})

/* All that is in the SQ and not yet submitted is about to be. */
URING_INLINE void uring_tsan_submit(struct io_uring *ring) LIBURING_NOEXCEPT
{
	unsigned shift = !!(ring->flags & IORING_SETUP_SQE128);
	unsigned i;

	for (i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
		if (ring->sq.sqes[(i & ring->sq.ring_mask) << shift].opcode ==
		    IORING_OP_MSG_RING)
			__tsan_release(&uring_tsan_messages);
	__tsan_release(ring->cq.ktail);
}

/* The library has looked at the CQ and may have found something. */
URING_INLINE void uring_tsan_look(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	(void)io_uring_smp_load_acquire(ring->cq.ktail);
}

/* ---- Mappings ---- */

URING_INLINE int
uring_tsan_io_uring_queue_init(unsigned entries, struct io_uring *ring,
		unsigned flags)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_queue_init(entries, ring, flags);

	__tsan_acquire(&uring_tsan_mappings);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
		struct io_uring_params *p)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_queue_init_params(entries, ring, p);

	__tsan_acquire(&uring_tsan_mappings);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_queue_init_mem(unsigned entries, struct io_uring *ring,
		struct io_uring_params *p, void *buf, size_t buf_size)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_queue_init_mem(entries, ring, p, buf, buf_size);

	__tsan_acquire(&uring_tsan_mappings);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_queue_mmap(int fd, struct io_uring_params *p,
		struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_queue_mmap(fd, p, ring);

	__tsan_acquire(&uring_tsan_mappings);
	return ret;
}

/* Requests may still be in flight, and end only after this. */
URING_INLINE void
uring_tsan_io_uring_queue_exit(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	__tsan_release(&uring_tsan_mappings);
	io_uring_queue_exit(ring);
}

/* Maps the new rings, then unmaps the old ones. */
URING_INLINE int
uring_tsan_io_uring_resize_rings(struct io_uring *ring,
		struct io_uring_params *p)
	LIBURING_NOEXCEPT
{
	int ret;

	__tsan_release(&uring_tsan_mappings);
	ret = io_uring_resize_rings(ring, p);
	__tsan_acquire(&uring_tsan_mappings);
	return ret;
}

URING_INLINE struct io_uring_buf_ring *
uring_tsan_io_uring_setup_buf_ring(struct io_uring *ring, unsigned nentries,
		int bgid, unsigned flags, int *err)
	LIBURING_NOEXCEPT
{
	struct io_uring_buf_ring *br = io_uring_setup_buf_ring(
		ring, nentries, bgid, flags, err);

	__tsan_acquire(&uring_tsan_mappings);
	return br;
}

URING_INLINE int
uring_tsan_io_uring_free_buf_ring(struct io_uring *ring,
		struct io_uring_buf_ring *br, unsigned nentries, int bgid)
	LIBURING_NOEXCEPT
{
	__tsan_release(&uring_tsan_mappings);
	return io_uring_free_buf_ring(ring, br, nentries, bgid);
}

/* ---- Submitting ---- */

URING_INLINE int
uring_tsan_io_uring_submit(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	uring_tsan_submit(ring);
	return io_uring_submit(ring);
}

URING_INLINE int
uring_tsan_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_nr)
	LIBURING_NOEXCEPT
{
	uring_tsan_submit(ring);
	return io_uring_submit_and_wait(ring, wait_nr);
}

URING_INLINE int
uring_tsan_io_uring_submit_and_get_events(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	uring_tsan_submit(ring);
	return io_uring_submit_and_get_events(ring);
}

URING_INLINE int
uring_tsan_io_uring_submit_and_wait_timeout(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
		struct __kernel_timespec *ts, sigset_t *sigmask)
	LIBURING_NOEXCEPT
{
	int ret;

	uring_tsan_submit(ring);
	ret = io_uring_submit_and_wait_timeout(
		ring, cqe_ptr, wait_nr, ts, sigmask);
	uring_tsan_look(ring);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_submit_and_wait_min_timeout(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
		struct __kernel_timespec *ts, unsigned min_wait,
		sigset_t *sigmask)
	LIBURING_NOEXCEPT
{
	int ret;

	uring_tsan_submit(ring);
	ret = io_uring_submit_and_wait_min_timeout(
		ring, cqe_ptr, wait_nr, ts, min_wait, sigmask);
	uring_tsan_look(ring);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_submit_and_wait_reg(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned wait_nr, int reg_index)
	LIBURING_NOEXCEPT
{
	int ret;

	uring_tsan_submit(ring);
	ret = io_uring_submit_and_wait_reg(ring, cqe_ptr, wait_nr, reg_index);
	uring_tsan_look(ring);
	return ret;
}

/* Sends a message without a ring of the sender's own. */
URING_INLINE int
uring_tsan_io_uring_register_sync_msg(struct io_uring_sqe *sqe)
	LIBURING_NOEXCEPT
{
	__tsan_release(&uring_tsan_messages);
	return io_uring_register_sync_msg(sqe);
}

/* ---- Completions that the library finds ---- */

URING_INLINE int
uring_tsan___io_uring_get_cqe(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned submit,
		unsigned wait_nr, sigset_t *sigmask)
	LIBURING_NOEXCEPT
{
	int ret;

	if (submit)
		uring_tsan_submit(ring);
	ret = __io_uring_get_cqe(ring, cqe_ptr, submit, wait_nr, sigmask);
	uring_tsan_look(ring);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_wait_cqes(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
		struct __kernel_timespec *ts, sigset_t *sigmask)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_wait_cqes(ring, cqe_ptr, wait_nr, ts, sigmask);

	uring_tsan_look(ring);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_wait_cqes_min_timeout(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, unsigned wait_nr,
		struct __kernel_timespec *ts, unsigned min_ts_usec,
		sigset_t *sigmask)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_wait_cqes_min_timeout(
		ring, cqe_ptr, wait_nr, ts, min_ts_usec, sigmask);

	uring_tsan_look(ring);
	return ret;
}

URING_INLINE int
uring_tsan_io_uring_wait_cqe_timeout(struct io_uring *ring,
		struct io_uring_cqe **cqe_ptr, struct __kernel_timespec *ts)
	LIBURING_NOEXCEPT
{
	int ret = io_uring_wait_cqe_timeout(ring, cqe_ptr, ts);

	uring_tsan_look(ring);
	return ret;
}

URING_INLINE unsigned
uring_tsan_io_uring_peek_batch_cqe(struct io_uring *ring,
		struct io_uring_cqe **cqes, unsigned count)
	LIBURING_NOEXCEPT
{
	unsigned found = io_uring_peek_batch_cqe(ring, cqes, count);

	uring_tsan_look(ring);
	return found;
}

#ifdef __cplusplus
}
#endif

/* ---- From here on a call by name goes through the above ---- */

#define io_uring_queue_init(...) uring_tsan_io_uring_queue_init(__VA_ARGS__)
#define io_uring_queue_init_params(...)                                        \
	uring_tsan_io_uring_queue_init_params(__VA_ARGS__)
#define io_uring_queue_init_mem(...)                                           \
	uring_tsan_io_uring_queue_init_mem(__VA_ARGS__)
#define io_uring_queue_mmap(...) uring_tsan_io_uring_queue_mmap(__VA_ARGS__)
#define io_uring_queue_exit(...) uring_tsan_io_uring_queue_exit(__VA_ARGS__)
#define io_uring_resize_rings(...) uring_tsan_io_uring_resize_rings(__VA_ARGS__)
#define io_uring_setup_buf_ring(...)                                           \
	uring_tsan_io_uring_setup_buf_ring(__VA_ARGS__)
#define io_uring_free_buf_ring(...)                                            \
	uring_tsan_io_uring_free_buf_ring(__VA_ARGS__)
#define io_uring_submit(...) uring_tsan_io_uring_submit(__VA_ARGS__)
#define io_uring_submit_and_wait(...)                                          \
	uring_tsan_io_uring_submit_and_wait(__VA_ARGS__)
#define io_uring_submit_and_get_events(...)                                    \
	uring_tsan_io_uring_submit_and_get_events(__VA_ARGS__)
#define io_uring_submit_and_wait_timeout(...)                                  \
	uring_tsan_io_uring_submit_and_wait_timeout(__VA_ARGS__)
#define io_uring_submit_and_wait_min_timeout(...)                              \
	uring_tsan_io_uring_submit_and_wait_min_timeout(__VA_ARGS__)
#define io_uring_submit_and_wait_reg(...)                                      \
	uring_tsan_io_uring_submit_and_wait_reg(__VA_ARGS__)
#define io_uring_register_sync_msg(...)                                        \
	uring_tsan_io_uring_register_sync_msg(__VA_ARGS__)
#define __io_uring_get_cqe(...) uring_tsan___io_uring_get_cqe(__VA_ARGS__)
#define io_uring_wait_cqes(...) uring_tsan_io_uring_wait_cqes(__VA_ARGS__)
#define io_uring_wait_cqes_min_timeout(...)                                    \
	uring_tsan_io_uring_wait_cqes_min_timeout(__VA_ARGS__)
#define io_uring_wait_cqe_timeout(...)                                         \
	uring_tsan_io_uring_wait_cqe_timeout(__VA_ARGS__)
#define io_uring_peek_batch_cqe(...)                                           \
	uring_tsan_io_uring_peek_batch_cqe(__VA_ARGS__)

#endif
