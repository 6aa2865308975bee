/* SPDX-License-Identifier: MIT */
/*
 * Bodies of the helpers that run per request. Their documentation stands beside
 * their prototypes in uring.h; the comments here say why they do what they do.
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

/* ---- Read and write ---- */

URING_INLINE void io_uring_prep_readv(struct io_uring_sqe *sqe, int fd,
				      const struct iovec *iovecs,
				      unsigned nr_vecs, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READV, sqe, fd, iovecs, nr_vecs, offset);
}

URING_INLINE void io_uring_prep_readv2(struct io_uring_sqe *sqe, int fd,
				       const struct iovec *iovecs,
				       unsigned nr_vecs, __u64 offset, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_readv(sqe, fd, iovecs, nr_vecs, offset);
	sqe->rw_flags = flags;
}

URING_INLINE void io_uring_prep_readv_fixed(struct io_uring_sqe *sqe, int fd,
					    const struct iovec *iovecs,
					    unsigned nr_vecs, __u64 offset,
					    int flags, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_readv2(sqe, fd, iovecs, nr_vecs, offset, flags);
	sqe->opcode = IORING_OP_READV_FIXED;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_read_fixed(struct io_uring_sqe *sqe, int fd,
					   void *buf, unsigned nbytes,
					   __u64 offset, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ_FIXED, sqe, fd, buf, nbytes, offset);
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_writev(struct io_uring_sqe *sqe, int fd,
				       const struct iovec *iovecs,
				       unsigned nr_vecs, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITEV, sqe, fd, iovecs, nr_vecs, offset);
}

URING_INLINE void io_uring_prep_writev2(struct io_uring_sqe *sqe, int fd,
					const struct iovec *iovecs,
					unsigned nr_vecs, __u64 offset,
					int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_writev(sqe, fd, iovecs, nr_vecs, offset);
	sqe->rw_flags = flags;
}

URING_INLINE void io_uring_prep_writev_fixed(struct io_uring_sqe *sqe, int fd,
					     const struct iovec *iovecs,
					     unsigned nr_vecs, __u64 offset,
					     int flags, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_writev2(sqe, fd, iovecs, nr_vecs, offset, flags);
	sqe->opcode = IORING_OP_WRITEV_FIXED;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_write_fixed(struct io_uring_sqe *sqe, int fd,
					    const void *buf, unsigned nbytes,
					    __u64 offset, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITE_FIXED, sqe, fd, buf, nbytes, offset);
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_read(struct io_uring_sqe *sqe, int fd,
				     void *buf, unsigned nbytes, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ, sqe, fd, buf, nbytes, offset);
}

/* Multishot reads always take their buffers from a group. */
URING_INLINE void io_uring_prep_read_multishot(struct io_uring_sqe *sqe, int fd,
					       unsigned nbytes, __u64 offset,
					       int buf_group) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ_MULTISHOT, sqe, fd, NULL, nbytes,
			 offset);
	sqe->buf_group = (__u16)buf_group;
	sqe->flags = IOSQE_BUFFER_SELECT;
}

URING_INLINE void io_uring_prep_write(struct io_uring_sqe *sqe, int fd,
				      const void *buf, unsigned nbytes,
				      __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITE, sqe, fd, buf, nbytes, offset);
}

URING_INLINE void io_uring_prep_splice(struct io_uring_sqe *sqe, int fd_in,
				       int64_t off_in, int fd_out,
				       int64_t off_out, unsigned int nbytes,
				       unsigned int splice_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SPLICE, sqe, fd_out, NULL, nbytes,
			 (__u64)off_out);
	sqe->splice_off_in = (__u64)off_in;
	sqe->splice_fd_in = fd_in;
	sqe->splice_flags = splice_flags;
}

URING_INLINE void io_uring_prep_tee(struct io_uring_sqe *sqe, int fd_in,
				    int fd_out, unsigned int nbytes,
				    unsigned int splice_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TEE, sqe, fd_out, NULL, nbytes, 0);
	sqe->splice_off_in = 0;
	sqe->splice_fd_in = fd_in;
	sqe->splice_flags = splice_flags;
}

/* ---- Network ---- */

URING_INLINE void io_uring_prep_accept(struct io_uring_sqe *sqe, int fd,
				       struct sockaddr *addr,
				       socklen_t *addrlen, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ACCEPT, sqe, fd, addr, 0,
			 uring_ptr_to_u64(addrlen));
	sqe->accept_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_accept_direct(struct io_uring_sqe *sqe, int fd,
					      struct sockaddr *addr,
					      socklen_t *addrlen, int flags,
					      unsigned int file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_multishot_accept(struct io_uring_sqe *sqe,
						 int fd, struct sockaddr *addr,
						 socklen_t *addrlen, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
}

URING_INLINE void
io_uring_prep_multishot_accept_direct(struct io_uring_sqe *sqe, int fd,
				      struct sockaddr *addr, socklen_t *addrlen,
				      int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_multishot_accept(sqe, fd, addr, addrlen, flags);
	__uring_set_new_fixed_file(sqe, IORING_FILE_INDEX_ALLOC);
}

URING_INLINE void io_uring_prep_connect(struct io_uring_sqe *sqe, int fd,
					const struct sockaddr *addr,
					socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_CONNECT, sqe, fd, addr, 0, addrlen);
}

URING_INLINE void io_uring_prep_bind(struct io_uring_sqe *sqe, int fd,
				     const struct sockaddr *addr,
				     socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_BIND, sqe, fd, addr, 0, addrlen);
}

URING_INLINE void io_uring_prep_listen(struct io_uring_sqe *sqe, int fd,
				       int backlog) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LISTEN, sqe, fd, NULL, (unsigned)backlog, 0);
}

URING_INLINE void io_uring_prep_shutdown(struct io_uring_sqe *sqe, int fd,
					 int how) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SHUTDOWN, sqe, fd, NULL, (unsigned)how, 0);
}

URING_INLINE void io_uring_prep_socket(struct io_uring_sqe *sqe, int domain,
				       int type, int protocol,
				       unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SOCKET, sqe, domain, NULL,
			 (unsigned)protocol, (__u64)type);
	sqe->rw_flags = (int)flags;
}

URING_INLINE void io_uring_prep_socket_direct(struct io_uring_sqe *sqe,
					      int domain, int type,
					      int protocol, unsigned file_index,
					      unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_socket(sqe, domain, type, protocol, flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_socket_direct_alloc(struct io_uring_sqe *sqe,
						    int domain, int type,
						    int protocol,
						    unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_socket(sqe, domain, type, protocol, flags);
	__uring_set_new_fixed_file(sqe, IORING_FILE_INDEX_ALLOC);
}

/* The SQE holds 32 bits of the length of a send or receive. */
URING_INLINE void io_uring_prep_send(struct io_uring_sqe *sqe, int sockfd,
				     const void *buf, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SEND, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_send_bundle(struct io_uring_sqe *sqe,
					    int sockfd, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_send(sqe, sockfd, NULL, len, flags);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
}

URING_INLINE void io_uring_prep_send_set_addr(struct io_uring_sqe *sqe,
					      const struct sockaddr *dest_addr,
					      __u16 addr_len) LIBURING_NOEXCEPT
{
	sqe->off = uring_ptr_to_u64(dest_addr);
	__uring_sqe(sqe)->addr_len = addr_len;
}

URING_INLINE void io_uring_prep_sendto(struct io_uring_sqe *sqe, int sockfd,
				       const void *buf, size_t len, int flags,
				       const struct sockaddr *addr,
				       socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_send(sqe, sockfd, buf, len, flags);
	io_uring_prep_send_set_addr(sqe, addr, (__u16)addrlen);
}

URING_INLINE void io_uring_prep_send_zc(struct io_uring_sqe *sqe, int sockfd,
					const void *buf, size_t len, int flags,
					unsigned zc_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SEND_ZC, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
	sqe->ioprio = (__u16)zc_flags;
}

URING_INLINE void io_uring_prep_send_zc_fixed(struct io_uring_sqe *sqe,
					      int sockfd, const void *buf,
					      size_t len, int flags,
					      unsigned zc_flags,
					      unsigned buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_send_zc(sqe, sockfd, buf, len, flags, zc_flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_sendmsg(struct io_uring_sqe *sqe, int fd,
					const struct msghdr *msg,
					unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SENDMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

URING_INLINE void io_uring_prep_sendmsg_zc(struct io_uring_sqe *sqe, int fd,
					   const struct msghdr *msg,
					   unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_sendmsg(sqe, fd, msg, flags);
	sqe->opcode = IORING_OP_SENDMSG_ZC;
}

URING_INLINE void io_uring_prep_sendmsg_zc_fixed(struct io_uring_sqe *sqe,
						 int fd,
						 const struct msghdr *msg,
						 unsigned flags,
						 unsigned buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_sendmsg_zc(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_recv(struct io_uring_sqe *sqe, int sockfd,
				     void *buf, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RECV, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_recv_multishot(struct io_uring_sqe *sqe,
					       int sockfd, void *buf,
					       size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_recv(sqe, sockfd, buf, len, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

URING_INLINE void io_uring_prep_recvmsg(struct io_uring_sqe *sqe, int fd,
					struct msghdr *msg, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RECVMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

URING_INLINE void io_uring_prep_recvmsg_multishot(struct io_uring_sqe *sqe,
						  int fd, struct msghdr *msg,
						  unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_recvmsg(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

/* ---- Multishot recvmsg: the parts of a filled buffer ---- */

/*
 * A buffer holds the header, then as much room for the name and for control
 * data as msgh asked for (used or not), then the payload.
 */

/* The header, or NULL when buf_len cannot even hold what stands before data. */
URING_INLINE struct io_uring_recvmsg_out *
io_uring_recvmsg_validate(void *buf, int buf_len, struct msghdr *msgh)
	LIBURING_NOEXCEPT
{
	size_t left = (size_t)buf_len;

	if (buf_len < 0 || left < sizeof(struct io_uring_recvmsg_out))
		return NULL;

	/* Taken off one by one: a sum of the lengths could wrap. */
	left -= sizeof(struct io_uring_recvmsg_out);
	if ((size_t)msgh->msg_namelen > left)
		return NULL;
	left -= (size_t)msgh->msg_namelen;
	if ((size_t)msgh->msg_controllen > left)
		return NULL;
	return (struct io_uring_recvmsg_out *)buf;
}

URING_INLINE void *io_uring_recvmsg_name(struct io_uring_recvmsg_out *o)
	LIBURING_NOEXCEPT
{
	return (void *)(o + 1);
}

URING_INLINE void *io_uring_recvmsg_payload(struct io_uring_recvmsg_out *o,
					    struct msghdr *msgh) LIBURING_NOEXCEPT
{
	return (void *)((unsigned char *)io_uring_recvmsg_name(o) +
			msgh->msg_namelen + msgh->msg_controllen);
}

/* What is left of buf_len after the parts before the payload; 0 if they fill it. */
URING_INLINE unsigned int
io_uring_recvmsg_payload_length(struct io_uring_recvmsg_out *o, int buf_len,
				struct msghdr *msgh) LIBURING_NOEXCEPT
{
	uintptr_t begin = (uintptr_t)io_uring_recvmsg_payload(o, msgh);
	uintptr_t end = (uintptr_t)o + (uintptr_t)buf_len;

	return buf_len < 0 || begin >= end ? 0 : (unsigned int)(end - begin);
}

/* The first control message, or NULL when there is none. */
URING_INLINE struct cmsghdr *
io_uring_recvmsg_cmsg_firsthdr(struct io_uring_recvmsg_out *o,
			       struct msghdr *msgh) LIBURING_NOEXCEPT
{
	if (o->controllen < sizeof(struct cmsghdr))
		return NULL;
	return (struct cmsghdr *)(void *)((unsigned char *)
						  io_uring_recvmsg_name(o) +
					  msgh->msg_namelen);
}

/* The control message after cmsg, or NULL when no whole one follows. */
URING_INLINE struct cmsghdr *
io_uring_recvmsg_cmsg_nexthdr(struct io_uring_recvmsg_out *o,
			      struct msghdr *msgh, struct cmsghdr *cmsg) LIBURING_NOEXCEPT
{
	unsigned char *first =
		(unsigned char *)io_uring_recvmsg_cmsg_firsthdr(o, msgh);
	size_t align = sizeof(size_t) - 1;
	size_t left, step, len = (size_t)cmsg->cmsg_len;

	if (!first || len < sizeof(struct cmsghdr))
		return NULL;

	/* Compared as sizes: no sum of an untrusted length can wrap. */
	left = o->controllen - (size_t)((unsigned char *)cmsg - first);
	if (len > left)
		return NULL;
	step = (len + align) & ~align;
	if (step > left || left - step < sizeof(struct cmsghdr))
		return NULL;
	left -= step;

	cmsg = (struct cmsghdr *)(void *)((unsigned char *)cmsg + step);
	len = (size_t)cmsg->cmsg_len;
	if (len > left || ((len + align) & ~align) > left)
		return NULL;
	return cmsg;
}

/* ---- Files and directories ---- */

URING_INLINE void io_uring_prep_openat(struct io_uring_sqe *sqe, int dfd,
				       const char *path, int flags,
				       mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_OPENAT, sqe, dfd, path, mode, 0);
	sqe->open_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_openat_direct(struct io_uring_sqe *sqe, int dfd,
					      const char *path, int flags,
					      mode_t mode, unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat(sqe, dfd, path, flags, mode);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_open(struct io_uring_sqe *sqe, const char *path,
				     int flags, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_openat(sqe, __URING_AT_FDCWD, path, flags, mode);
}

URING_INLINE void io_uring_prep_open_direct(struct io_uring_sqe *sqe,
					    const char *path, int flags,
					    mode_t mode, unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat_direct(sqe, __URING_AT_FDCWD, path, flags, mode,
				    file_index);
}

URING_INLINE void io_uring_prep_openat2(struct io_uring_sqe *sqe, int dfd,
					const char *path,
					const struct open_how *how) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_OPENAT2, sqe, dfd, path,
			 (unsigned)sizeof(*how), uring_ptr_to_u64(how));
}

URING_INLINE void io_uring_prep_openat2_direct(struct io_uring_sqe *sqe,
					       int dfd, const char *path,
					       const struct open_how *how,
					       unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat2(sqe, dfd, path, how);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_close(struct io_uring_sqe *sqe, int fd)
	LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_CLOSE, sqe, fd, NULL, 0, 0);
}

/* A slot that exists: there is nothing to allocate here. */
URING_INLINE void io_uring_prep_close_direct(struct io_uring_sqe *sqe,
					     unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_close(sqe, 0);
	__io_uring_set_target_fixed_file(sqe, file_index);
}

/* The fd is an index into the registered files, whatever flags said before. */
URING_INLINE void io_uring_prep_fixed_fd_install(struct io_uring_sqe *sqe,
						 int fd, unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FIXED_FD_INSTALL, sqe, fd, NULL, 0, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	__uring_sqe(sqe)->install_fd_flags = flags;
}

/* fds may be NULL for a removal of none; the slots start at offset. */
URING_INLINE void io_uring_prep_files_update(struct io_uring_sqe *sqe, int *fds,
					     unsigned nr_fds, int offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FILES_UPDATE, sqe, -1, fds, nr_fds,
			 (__u64)offset);
}

URING_INLINE void io_uring_prep_pipe(struct io_uring_sqe *sqe, int *fds,
				     int pipe_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_PIPE, sqe, 0, fds, 0, 0);
	__uring_sqe(sqe)->pipe_flags = (__u32)pipe_flags;
}

URING_INLINE void io_uring_prep_pipe_direct(struct io_uring_sqe *sqe, int *fds,
					    int pipe_flags,
					    unsigned int file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_pipe(sqe, fds, pipe_flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_fsync(struct io_uring_sqe *sqe, int fd,
				      unsigned fsync_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FSYNC, sqe, fd, NULL, 0, 0);
	sqe->fsync_flags = fsync_flags;
}

URING_INLINE void io_uring_prep_sync_file_range(struct io_uring_sqe *sqe,
						int fd, unsigned len,
						__u64 offset, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SYNC_FILE_RANGE, sqe, fd, NULL, len, offset);
	sqe->sync_range_flags = (__u32)flags;
}

/* The 64-bit length goes where an address would. */
URING_INLINE void io_uring_prep_fallocate(struct io_uring_sqe *sqe, int fd,
					  int mode, __u64 offset, __u64 len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FALLOCATE, sqe, fd, NULL, (unsigned)mode,
			 offset);
	sqe->addr = len;
}

#ifdef _GNU_SOURCE
URING_INLINE void io_uring_prep_ftruncate(struct io_uring_sqe *sqe, int fd,
					  loff_t len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FTRUNCATE, sqe, fd, NULL, 0, (__u64)len);
}
#endif

URING_INLINE void io_uring_prep_fadvise(struct io_uring_sqe *sqe, int fd,
					__u64 offset, __u32 len, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FADVISE, sqe, fd, NULL, len, offset);
	sqe->fadvise_advice = (__u32)advice;
}

/* The kernel takes the length from addr, and from len where addr is 0. */
URING_INLINE void io_uring_prep_fadvise64(struct io_uring_sqe *sqe, int fd,
					  __u64 offset, off_t len, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FADVISE, sqe, fd, NULL, 0, offset);
	sqe->addr = (__u64)len;
	sqe->fadvise_advice = (__u32)advice;
}

URING_INLINE void io_uring_prep_madvise(struct io_uring_sqe *sqe, void *addr,
					__u32 length, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MADVISE, sqe, -1, addr, length, 0);
	sqe->fadvise_advice = (__u32)advice;
}

/* Here it looks at off first, as addr is taken. */
URING_INLINE void io_uring_prep_madvise64(struct io_uring_sqe *sqe, void *addr,
					  off_t length, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MADVISE, sqe, -1, addr, 0, (__u64)length);
	sqe->fadvise_advice = (__u32)advice;
}

URING_INLINE void io_uring_prep_statx(struct io_uring_sqe *sqe, int dfd,
				      const char *path, int flags,
				      unsigned mask, struct statx *statxbuf) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_STATX, sqe, dfd, path, mask,
			 uring_ptr_to_u64(statxbuf));
	sqe->statx_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_unlinkat(struct io_uring_sqe *sqe, int dfd,
					 const char *path, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_UNLINKAT, sqe, dfd, path, 0, 0);
	__uring_sqe(sqe)->unlink_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_unlink(struct io_uring_sqe *sqe,
				       const char *path, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_unlinkat(sqe, __URING_AT_FDCWD, path, flags);
}

URING_INLINE void io_uring_prep_renameat(struct io_uring_sqe *sqe, int olddfd,
					 const char *oldpath, int newdfd,
					 const char *newpath,
					 unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RENAMEAT, sqe, olddfd, oldpath,
			 (unsigned)newdfd, uring_ptr_to_u64(newpath));
	__uring_sqe(sqe)->rename_flags = flags;
}

URING_INLINE void io_uring_prep_rename(struct io_uring_sqe *sqe,
				       const char *oldpath, const char *newpath) LIBURING_NOEXCEPT
{
	io_uring_prep_renameat(sqe, __URING_AT_FDCWD, oldpath, __URING_AT_FDCWD,
			       newpath, 0);
}

URING_INLINE void io_uring_prep_mkdirat(struct io_uring_sqe *sqe, int dfd,
					const char *path, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MKDIRAT, sqe, dfd, path, mode, 0);
}

URING_INLINE void io_uring_prep_mkdir(struct io_uring_sqe *sqe,
				      const char *path, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_mkdirat(sqe, __URING_AT_FDCWD, path, mode);
}

URING_INLINE void io_uring_prep_symlinkat(struct io_uring_sqe *sqe,
					  const char *target, int newdirfd,
					  const char *linkpath) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SYMLINKAT, sqe, newdirfd, target, 0,
			 uring_ptr_to_u64(linkpath));
}

URING_INLINE void io_uring_prep_symlink(struct io_uring_sqe *sqe,
					const char *target,
					const char *linkpath) LIBURING_NOEXCEPT
{
	io_uring_prep_symlinkat(sqe, target, __URING_AT_FDCWD, linkpath);
}

URING_INLINE void io_uring_prep_linkat(struct io_uring_sqe *sqe, int olddfd,
				       const char *oldpath, int newdfd,
				       const char *newpath, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LINKAT, sqe, olddfd, oldpath,
			 (unsigned)newdfd, uring_ptr_to_u64(newpath));
	__uring_sqe(sqe)->hardlink_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_link(struct io_uring_sqe *sqe,
				     const char *oldpath, const char *newpath,
				     int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_linkat(sqe, __URING_AT_FDCWD, oldpath, __URING_AT_FDCWD,
			     newpath, flags);
}

URING_INLINE void io_uring_prep_getxattr(struct io_uring_sqe *sqe,
					 const char *name, char *value,
					 const char *path, unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_GETXATTR, sqe, 0, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(path);
	__uring_sqe(sqe)->xattr_flags = 0;
}

URING_INLINE void io_uring_prep_setxattr(struct io_uring_sqe *sqe,
					 const char *name, const char *value,
					 const char *path, int flags,
					 unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SETXATTR, sqe, 0, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(path);
	__uring_sqe(sqe)->xattr_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_fgetxattr(struct io_uring_sqe *sqe, int fd,
					  const char *name, char *value,
					  unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FGETXATTR, sqe, fd, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->xattr_flags = 0;
}

URING_INLINE void io_uring_prep_fsetxattr(struct io_uring_sqe *sqe, int fd,
					  const char *name, const char *value,
					  int flags, unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FSETXATTR, sqe, fd, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->xattr_flags = (__u32)flags;
}

/* ---- Poll and epoll ---- */

/* The kernel reads the low half of the mask first, on every machine. */
URING_INLINE unsigned __io_uring_prep_poll_mask(unsigned poll_mask)
	LIBURING_NOEXCEPT
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	poll_mask = (poll_mask << 16) | (poll_mask >> 16);
#endif
	return poll_mask;
}

URING_INLINE void io_uring_prep_poll_add(struct io_uring_sqe *sqe, int fd,
					 unsigned poll_mask) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_ADD, sqe, fd, NULL, 0, 0);
	__uring_sqe(sqe)->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

URING_INLINE void io_uring_prep_poll_multishot(struct io_uring_sqe *sqe, int fd,
					       unsigned poll_mask) LIBURING_NOEXCEPT
{
	io_uring_prep_poll_add(sqe, fd, poll_mask);
	sqe->len = IORING_POLL_ADD_MULTI;
}

URING_INLINE void io_uring_prep_poll_remove(struct io_uring_sqe *sqe,
					    __u64 user_data) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
}

URING_INLINE void io_uring_prep_poll_update(struct io_uring_sqe *sqe,
					    __u64 old_user_data,
					    __u64 new_user_data,
					    unsigned poll_mask, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, flags,
			 new_user_data);
	sqe->addr = old_user_data;
	__uring_sqe(sqe)->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

URING_INLINE void io_uring_prep_epoll_ctl(struct io_uring_sqe *sqe, int epfd,
					  int fd, int op,
					  const struct epoll_event *ev) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_EPOLL_CTL, sqe, epfd, ev, (unsigned)op,
			 (unsigned)fd);
}

URING_INLINE void io_uring_prep_epoll_wait(struct io_uring_sqe *sqe, int fd,
					   struct epoll_event *events,
					   int maxevents, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_EPOLL_WAIT, sqe, fd, events,
			 (unsigned)maxevents, 0);
	sqe->rw_flags = (int)flags;
}

/* ---- Timeouts and cancellation ---- */

URING_INLINE void io_uring_prep_timeout(struct io_uring_sqe *sqe,
					const struct __kernel_timespec *ts,
					unsigned count, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT, sqe, -1, ts, 1, count);
	sqe->timeout_flags = flags;
}

URING_INLINE void io_uring_prep_timeout_remove(struct io_uring_sqe *sqe,
					       __u64 user_data, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->timeout_flags = flags;
}

URING_INLINE void
io_uring_prep_timeout_update(struct io_uring_sqe *sqe,
			     const struct __kernel_timespec *ts,
			     __u64 user_data, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0,
			 uring_ptr_to_u64(ts));
	sqe->addr = user_data;
	sqe->timeout_flags = flags | IORING_TIMEOUT_UPDATE;
}

URING_INLINE void io_uring_prep_link_timeout(struct io_uring_sqe *sqe,
					     const struct __kernel_timespec *ts,
					     unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LINK_TIMEOUT, sqe, -1, ts, 1, 0);
	sqe->timeout_flags = flags;
}

URING_INLINE void io_uring_prep_cancel64(struct io_uring_sqe *sqe,
					 __u64 user_data, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->cancel_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_cancel(struct io_uring_sqe *sqe,
				       const void *user_data, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_cancel64(sqe, uring_ptr_to_u64(user_data), flags);
}

URING_INLINE void io_uring_prep_cancel_fd(struct io_uring_sqe *sqe, int fd,
					  unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, fd, NULL, 0, 0);
	sqe->cancel_flags = flags | IORING_ASYNC_CANCEL_FD;
}

/* ---- Buffers ---- */

/* The number of buffers goes where a descriptor would. */
URING_INLINE void io_uring_prep_provide_buffers(struct io_uring_sqe *sqe,
						void *addr, int len, int nr,
						int bgid, int bid) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_PROVIDE_BUFFERS, sqe, nr, addr,
			 (unsigned)len, (__u64)bid);
	sqe->buf_group = (__u16)bgid;
}

URING_INLINE void io_uring_prep_remove_buffers(struct io_uring_sqe *sqe, int nr,
					       int bgid) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_REMOVE_BUFFERS, sqe, nr, NULL, 0, 0);
	sqe->buf_group = (__u16)bgid;
}

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

/* ---- Messages to other rings, futexes, processes ---- */

URING_INLINE void io_uring_prep_msg_ring(struct io_uring_sqe *sqe, int fd,
					 unsigned int len, __u64 data,
					 unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MSG_RING, sqe, fd, NULL, len, data);
	__uring_sqe(sqe)->msg_ring_flags = flags;
}

URING_INLINE void io_uring_prep_msg_ring_cqe_flags(struct io_uring_sqe *sqe,
						   int fd, unsigned int len,
						   __u64 data,
						   unsigned int flags,
						   unsigned int cqe_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring(sqe, fd, len, data,
			       IORING_MSG_RING_FLAGS_PASS | flags);
	__uring_sqe(sqe)->file_index = cqe_flags;
}

URING_INLINE void io_uring_prep_msg_ring_fd(struct io_uring_sqe *sqe, int fd,
					    int source_fd, int target_fd,
					    __u64 data, unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring(sqe, fd, 0, data, flags);
	sqe->addr = IORING_MSG_SEND_FD;
	__uring_sqe(sqe)->addr3 = (__u64)source_fd;
	__uring_set_new_fixed_file(sqe, (unsigned)target_fd);
}

URING_INLINE void io_uring_prep_msg_ring_fd_alloc(struct io_uring_sqe *sqe,
						  int fd, int source_fd,
						  __u64 data,
						  unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring_fd(sqe, fd, source_fd,
				  (int)IORING_FILE_INDEX_ALLOC, data, flags);
}

/* The futex's own flags (its size, whether it is private) go into fd. */
URING_INLINE void io_uring_prep_futex_wake(struct io_uring_sqe *sqe,
					   const uint32_t *futex, uint64_t val,
					   uint64_t mask, uint32_t futex_flags,
					   unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAKE, sqe, (int)futex_flags, futex, 0,
			 val);
	__uring_sqe(sqe)->futex_flags = flags;
	__uring_sqe(sqe)->addr3 = mask;
}

URING_INLINE void io_uring_prep_futex_wait(struct io_uring_sqe *sqe,
					   const uint32_t *futex, uint64_t val,
					   uint64_t mask, uint32_t futex_flags,
					   unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAIT, sqe, (int)futex_flags, futex, 0,
			 val);
	__uring_sqe(sqe)->futex_flags = flags;
	__uring_sqe(sqe)->addr3 = mask;
}

URING_INLINE void io_uring_prep_futex_waitv(struct io_uring_sqe *sqe,
					    const struct futex_waitv *futex,
					    uint32_t nr_futex,
					    unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAITV, sqe, 0, futex, nr_futex, 0);
	__uring_sqe(sqe)->futex_flags = flags;
}

URING_INLINE void io_uring_prep_waitid(struct io_uring_sqe *sqe,
				       idtype_t idtype, id_t id,
				       siginfo_t *infop, int options,
				       unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WAITID, sqe, (int)id, NULL,
			 (unsigned)idtype, uring_ptr_to_u64(infop));
	__uring_sqe(sqe)->waitid_flags = flags;
	__uring_sqe(sqe)->file_index = (__u32)options;
}

/* ---- Commands for a file's own driver ---- */

URING_INLINE void __io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int op,
					    __u32 cmd_op, int fd) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(op, sqe, fd, NULL, 0, 0);
	__uring_sqe(sqe)->cmd_op = cmd_op;
}

URING_INLINE void io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int cmd_op,
					  int fd) LIBURING_NOEXCEPT
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD, (__u32)cmd_op, fd);
}

URING_INLINE void io_uring_prep_uring_cmd128(struct io_uring_sqe *sqe,
					     int cmd_op, int fd) LIBURING_NOEXCEPT
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD128, (__u32)cmd_op,
				  fd);
}

URING_INLINE void io_uring_prep_cmd_sock(struct io_uring_sqe *sqe, int cmd_op,
					 int fd, int level, int optname,
					 void *optval, int optlen) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, cmd_op, fd);
	__uring_sqe(sqe)->level = (__u32)level;
	__uring_sqe(sqe)->optname = (__u32)optname;
	__uring_sqe(sqe)->optval = uring_ptr_to_u64(optval);
	__uring_sqe(sqe)->optlen = (__u32)optlen;
}

/* peer: 0 for the socket's own name, 1 for that of the other end. */
URING_INLINE void io_uring_prep_cmd_getsockname(struct io_uring_sqe *sqe,
						int fd,
						struct sockaddr *sockaddr,
						socklen_t *sockaddr_len,
						int peer) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, SOCKET_URING_OP_GETSOCKNAME, fd);
	sqe->addr = uring_ptr_to_u64(sockaddr);
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(sockaddr_len);
	__uring_sqe(sqe)->optlen = (__u32)peer;
}

URING_INLINE void io_uring_prep_cmd_discard(struct io_uring_sqe *sqe, int fd,
					    uint64_t offset, uint64_t nbytes) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_DISCARD, fd);
	sqe->addr = offset;
	__uring_sqe(sqe)->addr3 = nbytes;
}

URING_INLINE void io_uring_prep_cmd_zone_reset_all(struct io_uring_sqe *sqe,
						   int fd) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_ZONE_RESET_ALL, fd);
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

#endif
