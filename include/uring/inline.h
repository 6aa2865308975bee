/* SPDX-License-Identifier: MIT */
/*
 * Bodies of the helpers that run per request: here those of the two queues and
 * of buffer rings, in prep.h and prep_net.h those that fill an SQE. Their
 * documentation stands beside their prototypes in uring.h; the comments here say
 * why they do what they do.
 *
 * gnu_inline with always_inline: a call is always expanded, at -O0 too, and the
 * object file never refers to the function, so a program needs no more than the
 * 82 functions of the library proper. The address of a helper, or a call as
 * (io_uring_prep_nop)(sqe) from a file compiled with URING_NO_INLINE, is that of
 * the function that the library exports.
 */
#ifndef URING_INLINE_H
#define URING_INLINE_H

#ifndef LIB_URING_H
#error "include <uring.h>: this is a part of it"
#endif

#define URING_INLINE                                                           \
	extern __inline                                                        \
		__attribute__((__gnu_inline__, __always_inline__, __artificial__))

/* ThreadSanitizer cannot see what the kernel orders: it is told. */
#ifdef __SANITIZE_THREAD__
#include "tsan.h"
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include "tsan.h"
#endif
#endif

/*
 * An SQE with all the members that this header knows. Where the system's older
 * <linux/io_uring.h> defined struct io_uring_sqe, the younger members are
 * reached through a struct that has just them, at their offsets.
 */
#ifdef URING_HOST_HEADER_FIRST
#define __uring_sqe(sqe) ((struct uring_sqe_view *)(void *)(sqe))
#else
#define __uring_sqe(sqe) (sqe)
#endif

/* AT_FDCWD, which <fcntl.h> hides from strict C99. */
#define __URING_AT_FDCWD (-100)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Completion queue: looking ---- */

/* 1 when each CQE takes two 16-byte slots, else 0. */
URING_INLINE unsigned io_uring_cqe_shift_from_flags(unsigned flags)
	LIBURING_NOEXCEPT
{
	return !!(flags & IORING_SETUP_CQE32);
}

URING_INLINE unsigned io_uring_cqe_shift(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return io_uring_cqe_shift_from_flags(ring->flags);
}

/*
 * How far the CQ head moves past this CQE: 2 for a big one in a mixed ring. In
 * an IORING_SETUP_CQE32 ring the index counts whole CQEs, and F_32 is not set.
 */
URING_INLINE unsigned io_uring_cqe_nr(const struct io_uring_cqe *cqe)
	LIBURING_NOEXCEPT
{
	return 1U + !!(cqe->flags & IORING_CQE_F_32);
}

URING_INLINE void *io_uring_cqe_get_data(const struct io_uring_cqe *cqe)
	LIBURING_NOEXCEPT
{
	return (void *)(uintptr_t)cqe->user_data;
}

URING_INLINE __u64 io_uring_cqe_get_data64(const struct io_uring_cqe *cqe)
	LIBURING_NOEXCEPT
{
	return cqe->user_data;
}

/* The acquire pairs with the kernel's release of the tail. */
URING_INLINE struct io_uring_cqe_iter
io_uring_cqe_iter_init(const struct io_uring *ring) LIBURING_NOEXCEPT
{
	struct io_uring_cqe_iter iter;

	iter.cqes = ring->cq.cqes;
	iter.mask = ring->cq.ring_mask;
	iter.shift = io_uring_cqe_shift(ring);
	iter.head = *ring->cq.khead;
	iter.tail = io_uring_smp_load_acquire(ring->cq.ktail);
	return iter;
}

/*
 * True when *cqe is set to the next CQE. Gap fillers (IORING_CQE_F_SKIP) are
 * delivered as well: the caller counts slots for io_uring_cq_advance().
 */
URING_INLINE bool io_uring_cqe_iter_next(struct io_uring_cqe_iter *iter,
					 struct io_uring_cqe **cqe) LIBURING_NOEXCEPT
{
	if (iter->head == iter->tail)
		return false;

	*cqe = &iter->cqes[(iter->head & iter->mask) << iter->shift];
	iter->head += io_uring_cqe_nr(*cqe);
	return true;
}

URING_INLINE unsigned io_uring_cq_ready(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return io_uring_smp_load_acquire(ring->cq.ktail) - *ring->cq.khead;
}

URING_INLINE bool io_uring_cq_has_overflow(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return (IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_CQ_OVERFLOW) !=
	       0;
}

/* ---- Completion queue: consuming ---- */

/*
 * Hands nr slots back. The release pairs with the kernel's acquire of the head:
 * it writes a slot again only after our reads of it.
 */
URING_INLINE void io_uring_cq_advance(struct io_uring *ring, unsigned nr)
	LIBURING_NOEXCEPT
{
	if (nr)
		io_uring_smp_store_release(ring->cq.khead,
					   *ring->cq.khead + nr);
}

URING_INLINE void io_uring_cqe_seen(struct io_uring *ring,
				    struct io_uring_cqe *cqe) LIBURING_NOEXCEPT
{
	unsigned nr = 1;

	if (!cqe)
		return;
	if (uring_unlikely(ring->flags & IORING_SETUP_CQE_MIXED))
		nr = io_uring_cqe_nr(cqe);
	io_uring_smp_store_release(ring->cq.khead, *ring->cq.khead + nr);
}

/*
 * True when cqe was none of the program's and has been consumed: a gap filler
 * of a mixed ring, or a timeout that the library submitted because the kernel
 * cannot take one in io_uring_enter(). If that timeout failed or ran out, *err
 * is set and the answer is false, though it has been consumed all the same.
 */
URING_INLINE bool io_uring_skip_cqe(struct io_uring *ring,
				    struct io_uring_cqe *cqe, int *err) LIBURING_NOEXCEPT
{
	/* Elsewhere the bit may be the program's own, sent by a msg_ring. */
	if (uring_unlikely(ring->flags & IORING_SETUP_CQE_MIXED) &&
	    (cqe->flags & IORING_CQE_F_SKIP)) {
		io_uring_cq_advance(ring, io_uring_cqe_nr(cqe));
		return true;
	}

	if (uring_likely(ring->features & IORING_FEAT_EXT_ARG))
		return false;
	if (cqe->user_data != LIBURING_UDATA_TIMEOUT)
		return false;

	if (cqe->res < 0)
		*err = cqe->res;
	io_uring_cq_advance(ring, io_uring_cqe_nr(cqe));
	return !*err;
}

/*
 * 0 with *cqe_ptr set to the first CQE, or to NULL when there is none; the
 * error of the library's own timeout otherwise. *nr_available is how many slots
 * were ready then. Looks at ring memory only.
 */
URING_INLINE int __io_uring_peek_cqe(struct io_uring *ring,
				     struct io_uring_cqe **cqe_ptr,
				     unsigned *nr_available) LIBURING_NOEXCEPT
{
	struct io_uring_cqe *cqe;
	unsigned available;
	int err = 0;

	do {
		unsigned tail = io_uring_smp_load_acquire(ring->cq.ktail);
		unsigned head = *ring->cq.khead;
		unsigned index = head & ring->cq.ring_mask;

		available = tail - head;
		if (!available) {
			cqe = NULL;
			break;
		}
		cqe = &ring->cq.cqes[index << io_uring_cqe_shift(ring)];
	} while (io_uring_skip_cqe(ring, cqe, &err));

	*cqe_ptr = uring_unlikely(err) ? NULL : cqe;
	if (nr_available)
		*nr_available = available;
	return err;
}

/*
 * True with *cqe_ptr set to the first CQE, where one is there. The common ring,
 * whose CQEs are all of 16 bytes and all the program's, needs no more than its
 * two counters; it is worth a path of its own.
 */
URING_INLINE bool __uring_first_cqe(struct io_uring *ring,
				    struct io_uring_cqe **cqe_ptr) LIBURING_NOEXCEPT
{
	if (uring_likely(!(ring->flags & (IORING_SETUP_CQE32 |
					  IORING_SETUP_CQE_MIXED)) &&
			 (ring->features & IORING_FEAT_EXT_ARG))) {
		unsigned tail = io_uring_smp_load_acquire(ring->cq.ktail);
		unsigned head = *ring->cq.khead;

		if (tail == head)
			return false;
		*cqe_ptr = &ring->cq.cqes[head & ring->cq.ring_mask];
		return true;
	}
	return !__io_uring_peek_cqe(ring, cqe_ptr, NULL) && *cqe_ptr;
}

/* 0 with *cqe_ptr set, or -errno; waits until wait_nr CQEs are there. */
URING_INLINE int io_uring_wait_cqe_nr(struct io_uring *ring,
				      struct io_uring_cqe **cqe_ptr,
				      unsigned wait_nr) LIBURING_NOEXCEPT
{
	return __io_uring_get_cqe(ring, cqe_ptr, 0, wait_nr, NULL);
}

/*
 * 0 with *cqe_ptr set, else -EAGAIN. With nothing in the CQ the library is
 * asked: it sees from the SQ flags whether the kernel holds CQEs back. A stale
 * timeout of the library's, found on the way, is not the program's concern.
 */
URING_INLINE int io_uring_peek_cqe(struct io_uring *ring,
				   struct io_uring_cqe **cqe_ptr) LIBURING_NOEXCEPT
{
	if (__uring_first_cqe(ring, cqe_ptr))
		return 0;
	return io_uring_wait_cqe_nr(ring, cqe_ptr, 0);
}

URING_INLINE int io_uring_wait_cqe(struct io_uring *ring,
				   struct io_uring_cqe **cqe_ptr) LIBURING_NOEXCEPT
{
	if (__uring_first_cqe(ring, cqe_ptr))
		return 0;
	return io_uring_wait_cqe_nr(ring, cqe_ptr, 1);
}

/* Also true where the kernel has no flag to disable the eventfd with. */
URING_INLINE bool io_uring_cq_eventfd_enabled(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	if (!ring->cq.kflags)
		return true;
	return !(*ring->cq.kflags & IORING_CQ_EVENTFD_DISABLED);
}

/* 0 when the eventfd is as asked for, -EOPNOTSUPP when that cannot be. */
URING_INLINE int io_uring_cq_eventfd_toggle(struct io_uring *ring, bool enabled)
	LIBURING_NOEXCEPT
{
	if (enabled == io_uring_cq_eventfd_enabled(ring))
		return 0;
	if (!ring->cq.kflags)
		return -EOPNOTSUPP;

	IO_URING_WRITE_ONCE(*ring->cq.kflags,
			    *ring->cq.kflags ^ IORING_CQ_EVENTFD_DISABLED);
	return 0;
}

/* ---- Submission queue ---- */

/* 1 when each SQE takes two 64-byte slots, else 0. */
URING_INLINE unsigned io_uring_sqe_shift_from_flags(unsigned flags)
	LIBURING_NOEXCEPT
{
	return !!(flags & IORING_SETUP_SQE128);
}

URING_INLINE unsigned io_uring_sqe_shift(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return io_uring_sqe_shift_from_flags(ring->flags);
}

/* The members that many operations expect to be 0 and no helper sets. */
URING_INLINE void io_uring_initialize_sqe(struct io_uring_sqe *sqe)
	LIBURING_NOEXCEPT
{
	sqe->flags = 0;
	sqe->ioprio = 0;
	sqe->rw_flags = 0;
	sqe->buf_index = 0;
	sqe->personality = 0;
	__uring_sqe(sqe)->file_index = 0;
	__uring_sqe(sqe)->addr3 = 0;
	__uring_sqe(sqe)->__pad2[0] = 0;
}

/*
 * The first SQE that the kernel has not consumed. Its SQ thread moves the head
 * at any time, and the acquire keeps us from filling an SQE that it still
 * reads. Without the thread the head moves only inside our own system call, and
 * a rewinding ring has no head: every submission begins at 0.
 */
URING_INLINE unsigned io_uring_load_sq_head(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	if (uring_unlikely(ring->flags &
			   (IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND))) {
		if (ring->flags & IORING_SETUP_SQ_REWIND)
			return 0;
		return io_uring_smp_load_acquire(ring->sq.khead);
	}
	return *ring->sq.khead;
}

/* SQEs that the kernel has yet to consume, submitted or not. */
URING_INLINE unsigned io_uring_sq_ready(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return ring->sq.sqe_tail - io_uring_load_sq_head(ring);
}

URING_INLINE unsigned io_uring_sq_space_left(const struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return ring->sq.ring_entries - io_uring_sq_ready(ring);
}

/* With an SQ thread: waits for room in the SQ. Else 0, at once. */
URING_INLINE int io_uring_sqring_wait(struct io_uring *ring) LIBURING_NOEXCEPT
{
	if (!(ring->flags & IORING_SETUP_SQPOLL))
		return 0;
	if (io_uring_sq_space_left(ring))
		return 0;
	return __io_uring_sqring_wait(ring);
}

URING_INLINE struct io_uring_sqe *_io_uring_get_sqe(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	struct io_uring_sq *sq = &ring->sq;
	unsigned tail = sq->sqe_tail;
	struct io_uring_sqe *sqe;

	if (uring_likely(!(ring->flags & (IORING_SETUP_SQPOLL |
					  IORING_SETUP_SQE128 |
					  IORING_SETUP_SQ_REWIND)))) {
		/* The common ring again has a path without detours. */
		if (tail - *sq->khead >= sq->ring_entries)
			return NULL;
		sqe = &sq->sqes[tail & sq->ring_mask];
	} else {
		if (tail - io_uring_load_sq_head(ring) >= sq->ring_entries)
			return NULL;
		sqe = &sq->sqes[(tail & sq->ring_mask)
				<< io_uring_sqe_shift(ring)];
	}
	sq->sqe_tail = tail + 1;
	io_uring_initialize_sqe(sqe);
	return sqe;
}

/* The next free SQE, or NULL when the SQ is full. */
URING_INLINE struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	return _io_uring_get_sqe(ring);
}

/* ---- Members that every SQE has ---- */

URING_INLINE __u64 uring_ptr_to_u64(const void *ptr) LIBURING_NOEXCEPT
{
	return (__u64)(uintptr_t)ptr;
}

URING_INLINE void io_uring_sqe_set_data(struct io_uring_sqe *sqe, void *data)
	LIBURING_NOEXCEPT
{
	sqe->user_data = uring_ptr_to_u64(data);
}

URING_INLINE void io_uring_sqe_set_data64(struct io_uring_sqe *sqe, __u64 data)
	LIBURING_NOEXCEPT
{
	sqe->user_data = data;
}

URING_INLINE void io_uring_sqe_set_flags(struct io_uring_sqe *sqe,
					 unsigned flags) LIBURING_NOEXCEPT
{
	sqe->flags = (__u8)flags;
}

URING_INLINE void io_uring_sqe_set_buf_group(struct io_uring_sqe *sqe, int bgid)
	LIBURING_NOEXCEPT
{
	sqe->buf_group = (__u16)bgid;
}

/* 0 in the SQE means "no direct descriptor", so slots are counted from 1. */
URING_INLINE void __io_uring_set_target_fixed_file(struct io_uring_sqe *sqe,
						   unsigned int file_index) LIBURING_NOEXCEPT
{
	__uring_sqe(sqe)->file_index = file_index + 1;
}

/*
 * For a request that creates a direct descriptor: a slot, or
 * IORING_FILE_INDEX_ALLOC, which goes into the SQE as it is.
 */
URING_INLINE void __uring_set_new_fixed_file(struct io_uring_sqe *sqe,
					     unsigned int file_index) LIBURING_NOEXCEPT
{
	if (file_index == IORING_FILE_INDEX_ALLOC)
		file_index--;
	__io_uring_set_target_fixed_file(sqe, file_index);
}

/*
 * Every operation starts here. What this does not write keeps the value that
 * io_uring_get_sqe() gave it.
 */
URING_INLINE void io_uring_prep_rw(int op, struct io_uring_sqe *sqe, int fd,
				   const void *addr, unsigned len, __u64 offset) LIBURING_NOEXCEPT
{
	sqe->opcode = (__u8)op;
	sqe->fd = fd;
	sqe->off = offset;
	sqe->addr = uring_ptr_to_u64(addr);
	sqe->len = len;
}

URING_INLINE void io_uring_prep_nop(struct io_uring_sqe *sqe) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_NOP, sqe, -1, NULL, 0, 0);
}

URING_INLINE void io_uring_prep_nop128(struct io_uring_sqe *sqe)
	LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_NOP128, sqe, -1, NULL, 0, 0);
}

/*
 * A 128-byte SQE: an ordinary one in an IORING_SETUP_SQE128 ring, two slots side
 * by side in a mixed ring, NULL in others or when there is no room. The last
 * slot has none beside it: a silent NOP fills it, if the pair behind it fits too.
 */
URING_INLINE struct io_uring_sqe *io_uring_get_sqe128(struct io_uring *ring)
	LIBURING_NOEXCEPT
{
	struct io_uring_sq *sq = &ring->sq;
	struct io_uring_sqe *sqe;
	unsigned filler;

	if (ring->flags & IORING_SETUP_SQE128)
		return _io_uring_get_sqe(ring);
	if (!(ring->flags & IORING_SETUP_SQE_MIXED))
		return NULL;

	filler = (sq->sqe_tail & sq->ring_mask) == sq->ring_mask;
	if (io_uring_sq_ready(ring) + filler + 2 > sq->ring_entries)
		return NULL;
	if (filler) {
		sqe = _io_uring_get_sqe(ring);
		io_uring_prep_nop(sqe);
		sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	}

	sqe = &sq->sqes[sq->sqe_tail & sq->ring_mask];
	sq->sqe_tail += 2;
	io_uring_initialize_sqe(sqe);
	return sqe;
}

/* ---- Buffer rings ---- */

URING_INLINE void io_uring_buf_ring_init(struct io_uring_buf_ring *br)
	LIBURING_NOEXCEPT
{
	br->tail = 0;
}

URING_INLINE int io_uring_buf_ring_mask(__u32 ring_entries) LIBURING_NOEXCEPT
{
	return (int)(ring_entries - 1);
}

/*
 * Fills the slot buf_offset places after the tail; io_uring_buf_ring_advance()
 * shows it to the kernel. resv stays untouched: in slot 0 it is the tail. The
 * slots are reached from the start of the ring, as bufs[] has no length.
 */
URING_INLINE void io_uring_buf_ring_add(struct io_uring_buf_ring *br,
					void *addr, unsigned int len,
					unsigned short bid, int mask,
					int buf_offset) LIBURING_NOEXCEPT
{
	struct io_uring_buf *buf = (struct io_uring_buf *)(void *)br;

	buf += (br->tail + buf_offset) & mask;
	buf->addr = uring_ptr_to_u64(addr);
	buf->len = len;
	buf->bid = bid;
}

/* The release pairs with the kernel's acquire of the tail. */
URING_INLINE void io_uring_buf_ring_advance(struct io_uring_buf_ring *br,
					    int count) LIBURING_NOEXCEPT
{
	io_uring_smp_store_release(&br->tail, (__u16)(br->tail + count));
}

URING_INLINE void __io_uring_buf_ring_cq_advance(struct io_uring *ring,
						 struct io_uring_buf_ring *br,
						 int cq_count, int buf_count) LIBURING_NOEXCEPT
{
	io_uring_buf_ring_advance(br, buf_count);
	io_uring_cq_advance(ring, (unsigned)cq_count);
}

URING_INLINE void io_uring_buf_ring_cq_advance(struct io_uring *ring,
					       struct io_uring_buf_ring *br,
					       int count) LIBURING_NOEXCEPT
{
	__io_uring_buf_ring_cq_advance(ring, br, count, count);
}

/* How many buffers the kernel has not used yet, or -errno. */
URING_INLINE int io_uring_buf_ring_available(struct io_uring *ring,
					     struct io_uring_buf_ring *br,
					     unsigned short bgid) LIBURING_NOEXCEPT
{
	uint16_t head = 0;
	int ret = io_uring_buf_ring_head(ring, bgid, &head);

	if (ret)
		return ret;
	return (uint16_t)(br->tail - head);
}

/* ---- Probes ---- */

/* 1 when the probed kernel has this opcode, else 0. */
URING_INLINE int io_uring_opcode_supported(const struct io_uring_probe *p,
					   int op) LIBURING_NOEXCEPT
{
	if (op < 0 || op > p->last_op)
		return 0;
	return (p->ops[op].flags & IO_URING_OP_SUPPORTED) != 0;
}

#ifdef __cplusplus
}
#endif

#include "prep.h"
#include "prep_net.h"

#endif
