/* SPDX-License-Identifier: MIT */
/*
 * The types that a program and the library share: struct io_uring and what it
 * consists of. Programs keep struct io_uring in memory of their own and the
 * helpers in uring/inline.h reach into it, so its layout never changes: 216
 * bytes on 64-bit machines, for ever.
 */
#ifndef URING_ABI_H
#define URING_ABI_H

#ifndef LIB_URING_H
#error "include <uring.h>: this is a part of it"
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#ifdef __has_include
#if __has_include(<asm/unistd.h>)
#include <asm/unistd.h>
#endif
#endif

#ifndef __NR_io_uring_setup
#if defined(__alpha__)
#define __NR_io_uring_setup 535
#define __NR_io_uring_enter 536
#define __NR_io_uring_register 537
#elif defined(__mips__)
#define __NR_io_uring_setup (__NR_Linux + 425)
#define __NR_io_uring_enter (__NR_Linux + 426)
#define __NR_io_uring_register (__NR_Linux + 427)
#else
#define __NR_io_uring_setup 425
#define __NR_io_uring_enter 426
#define __NR_io_uring_register 427
#endif
#endif

/* No function here throws; in C++17 that is a part of its type. */
#ifdef __cplusplus
#define LIBURING_NOEXCEPT noexcept
#else
#define LIBURING_NOEXCEPT
#endif

/*
 * The submission side. The k-pointers lead into memory shared with the kernel;
 * sqe_head .. sqe_tail are the SQEs filled in but not yet shown to it.
 */
struct io_uring_sq {
	unsigned *khead;
	unsigned *ktail;
	/* Use ring_mask and ring_entries; kept filled for old programs. */
	unsigned *kring_mask;
	unsigned *kring_entries;
	unsigned *kflags;
	unsigned *kdropped;
	unsigned *array; /* NULL with IORING_SETUP_NO_SQARRAY */
	struct io_uring_sqe *sqes;

	unsigned sqe_head;
	unsigned sqe_tail;

	size_t ring_sz;
	void *ring_ptr;

	unsigned ring_mask;
	unsigned ring_entries;

	unsigned sqes_sz;

	unsigned pad;
};

/* The completion side. kflags is NULL where the kernel has no such flags. */
struct io_uring_cq {
	unsigned *khead;
	unsigned *ktail;
	unsigned *kring_mask;
	unsigned *kring_entries;
	unsigned *kflags;
	unsigned *koverflow;
	struct io_uring_cqe *cqes;

	size_t ring_sz;
	void *ring_ptr;

	unsigned ring_mask;
	unsigned ring_entries;

	unsigned pad[2];
};

struct io_uring {
	struct io_uring_sq sq;
	struct io_uring_cq cq;
	unsigned flags; /* IORING_SETUP_* */
	int ring_fd;

	unsigned features; /* IORING_FEAT_* */
	int enter_ring_fd; /* ring_fd, or the registered ring index */
	__u8 int_flags;    /* the library's own */
	__u8 pad[3];
	unsigned pad2;
};

/* The refill queue of zero-copy receive. */
struct io_uring_zcrx_rq {
	__u32 *khead;
	__u32 *ktail;
	__u32 rq_tail;
	unsigned ring_entries;
	struct io_uring_zcrx_rqe *rqes;
	void *ring_ptr;
};

/* A walk over the CQEs that were there when it began. */
struct io_uring_cqe_iter {
	struct io_uring_cqe *cqes;
	unsigned mask;
	unsigned shift;
	unsigned head;
	unsigned tail;
};

/* Types of prototypes that a program may never need complete. */
struct cmsghdr;
struct epoll_event;
struct iovec;
struct msghdr;
struct sockaddr;
struct statx;

/* sqe->user_data of timeouts that the library itself submits. */
#define LIBURING_UDATA_TIMEOUT 0xffffffffffffffffULL

/* io_uring_sqe_set_data64() and io_uring_cqe_get_data64() exist. */
#define LIBURING_HAVE_DATA64

#ifndef uring_likely
#define uring_likely(x) __builtin_expect(!!(x), 1)
#endif
#ifndef uring_unlikely
#define uring_unlikely(x) __builtin_expect(!!(x), 0)
#endif

/*
 * Loop over the CQEs that are ready, without consuming them: count them with
 * io_uring_cqe_nr() and call io_uring_cq_advance() afterwards. In the body pos
 * (an unsigned variable) is the index of cqe.
 */
#define io_uring_for_each_cqe(ring, pos, cqe)                                  \
	for (struct io_uring_cqe_iter uring_iter_ =                            \
		     io_uring_cqe_iter_init(ring);                             \
	     (pos) = uring_iter_.head,                                         \
	     io_uring_cqe_iter_next(&uring_iter_, &(cqe)); (void)(pos))

#endif
