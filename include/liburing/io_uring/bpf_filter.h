/* SPDX-License-Identifier: MIT */
/*
 * IORING_REGISTER_BPF_FILTER: classic BPF programs that decide, per opcode,
 * whether a request may be issued.
 */
#ifndef LINUX_IO_URING_BPF_FILTER_H
#define LINUX_IO_URING_BPF_FILTER_H

#include "../compat.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a filter looks at. */
struct io_uring_bpf_ctx {
	__u64 user_data;
	__u8 opcode;
	__u8 sqe_flags;
	__u8 pdu_size; /* bytes of what follows that are valid */
	__u8 pad[5];
	__extension__ union {
		__extension__ struct {
			__u32 family;
			__u32 type;
			__u32 protocol;
		} socket; /* IORING_OP_SOCKET */
		__extension__ struct {
			__u64 flags;
			__u64 mode;
			__u64 resolve;
		} open; /* IORING_OP_OPENAT, IORING_OP_OPENAT2 */
	};
};

/* io_uring_bpf_filter.flags */
enum {
	IO_URING_BPF_FILTER_DENY_REST = 1, /* refuse opcodes without a filter */
	IO_URING_BPF_FILTER_SZ_STRICT = 2  /* the kernel's pdu_size must match */
};

struct io_uring_bpf_filter {
	__u32 opcode;
	__u32 flags;
	__u32 filter_len; /* instructions */
	__u8 pdu_size;
	__u8 resv[3];
	__u64 filter_ptr; /* struct sock_filter array */
	__u64 resv2[5];
};

/* io_uring_bpf.cmd_type */
enum {
	IO_URING_BPF_CMD_FILTER = 1
};

struct io_uring_bpf {
	__u16 cmd_type;
	__u16 cmd_flags;
	__u32 resv;
	__extension__ union {
		struct io_uring_bpf_filter filter;
	};
};

#ifdef __cplusplus
}
#endif

#endif
