/* SPDX-License-Identifier: MIT */
/*
 * IORING_REGISTER_QUERY: asking a kernel what it supports without setting up a
 * ring. The argument is a chain of headers, each with a question of its own.
 */
#ifndef LINUX_IO_URING_QUERY_H
#define LINUX_IO_URING_QUERY_H

#include "../compat.h"

#ifdef __cplusplus
extern "C" {
#endif

struct io_uring_query_hdr {
	__u64 next_entry; /* the next header, 0 after the last */
	__u64 query_data; /* the structure for the answer */
	__u32 query_op;   /* IO_URING_QUERY_* */
	__u32 size;       /* of that structure; the kernel's on return */
	__s32 result;     /* 0 or -errno, for this question alone */
	__u32 __resv[3];
};

enum {
	IO_URING_QUERY_OPCODES = 0,
	IO_URING_QUERY_ZCRX = 1,
	IO_URING_QUERY_SCQ = 2,
	__IO_URING_QUERY_MAX
};

/* IO_URING_QUERY_OPCODES: opcode counts and the flags this kernel accepts. */
struct io_uring_query_opcode {
	__u32 nr_request_opcodes;
	__u32 nr_register_opcodes;
	__u64 feature_flags;
	__u64 ring_setup_flags;
	__u64 enter_flags;
	__u64 sqe_flags;
	__u32 nr_query_opcodes;
	__u32 __pad;
};

/* IO_URING_QUERY_ZCRX: zero-copy receive. */
struct io_uring_query_zcrx {
	__u64 register_flags;
	__u64 area_flags;
	__u32 nr_ctrl_opcodes;
	__u32 features;    /* ZCRX_FEATURE_* */
	__u32 rq_hdr_size; /* bytes before the refill queue's entries */
	__u32 rq_hdr_alignment;
	__u64 __resv2;
};

/* IO_URING_QUERY_SCQ: the header before the rings in memory of the caller's. */
struct io_uring_query_scq {
	__u64 hdr_size;
	__u64 hdr_alignment;
};

#ifdef __cplusplus
}
#endif

#endif
