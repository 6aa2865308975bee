/* SPDX-License-Identifier: MIT */
/*
 * The kernel interface of io_uring: the entries of the two rings, the opcodes,
 * and the arguments of the three system calls.
 *
 * The guard is the kernel's own, so that a later <linux/io_uring.h> adds
 * nothing. When the system's header came first its definitions stay, and
 * io_uring/host_first.h supplies what it is too old to know.
 */
#ifndef URING_IO_URING_H
#define URING_IO_URING_H

#include "compat.h"

#ifdef LINUX_IO_URING_H
#define URING_HOST_HEADER_FIRST 1
#include "io_uring/host_first.h"
#else
#define LINUX_IO_URING_H

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Submission queue entry ---- */

/*
 * What to do, to which file, with which memory. Most members have several
 * names: an operation uses the ones that carry its own. A helper for the
 * operation (io_uring_prep_*) fills the right ones.
 */
__extension__ struct io_uring_sqe {
	__u8 opcode;  /* IORING_OP_* */
	__u8 flags;   /* IOSQE_* */
	__u16 ioprio; /* I/O priority; for sockets, the operation's own flags */
	__s32 fd;
	__extension__ union {
		__u64 off; /* file offset, -1 for the current position */
		__u64 addr2;
		__extension__ struct {
			__u32 cmd_op;
			__u32 __pad1;
		};
	};
	__extension__ union {
		__u64 addr; /* a buffer, iovecs, a path ... */
		__u64 splice_off_in;
		__extension__ struct {
			__u32 level;
			__u32 optname;
		};
	};
	__u32 len; /* bytes, or the number of iovecs */
	__extension__ union {
		__kernel_rwf_t rw_flags;
		__u32 fsync_flags;
		__u16 poll_events;   /* kernels without IORING_FEAT_POLL_32BITS */
		__u32 poll32_events; /* big endian: the halves change places */
		__u32 sync_range_flags;
		__u32 msg_flags;
		__u32 timeout_flags;
		__u32 accept_flags;
		__u32 cancel_flags;
		__u32 open_flags;
		__u32 statx_flags;
		__u32 fadvise_advice;
		__u32 splice_flags;
		__u32 rename_flags;
		__u32 unlink_flags;
		__u32 hardlink_flags;
		__u32 xattr_flags;
		__u32 msg_ring_flags;
		__u32 uring_cmd_flags;
		__u32 waitid_flags;
		__u32 futex_flags;
		__u32 install_fd_flags;
		__u32 nop_flags;
		__u32 pipe_flags;
	};
	__u64 user_data; /* comes back in the CQE */
	__extension__ union {
		__u16 buf_index; /* a registered buffer */
		__u16 buf_group; /* with IOSQE_BUFFER_SELECT */
	} __attribute__((__packed__));
	__u16 personality; /* registered credentials, 0 for the caller's */
	__extension__ union {
		__s32 splice_fd_in;
		__u32 file_index; /* direct descriptor, counted from 1 */
		__u32 zcrx_ifq_idx;
		__u32 optlen;
		__extension__ struct {
			__u16 addr_len;
			__u16 __pad3[1];
		};
	};
	__extension__ union {
		__extension__ struct {
			__u64 addr3;
			__u64 __pad2[1];
		};
		__extension__ struct {
			__u64 attr_ptr; /* struct io_uring_attr_pi */
			__u64 attr_type_mask;
		};
		__u64 optval;
		/* 80 bytes for the command when SQEs have 128. */
		__extension__ __u8 cmd[0];
	};
};

/* sqe->file_index: let the kernel choose a free direct descriptor. */
#define IORING_FILE_INDEX_ALLOC 0xffffffffU

enum io_uring_sqe_flags_bit {
	IOSQE_FIXED_FILE_BIT,
	IOSQE_IO_DRAIN_BIT,
	IOSQE_IO_LINK_BIT,
	IOSQE_IO_HARDLINK_BIT,
	IOSQE_ASYNC_BIT,
	IOSQE_BUFFER_SELECT_BIT,
	IOSQE_CQE_SKIP_SUCCESS_BIT
};

/* sqe->flags */
#define IOSQE_FIXED_FILE (1U << 0)       /* fd is a registered file's index */
#define IOSQE_IO_DRAIN (1U << 1)         /* start when all before are done */
#define IOSQE_IO_LINK (1U << 2)          /* the next starts if this succeeds */
#define IOSQE_IO_HARDLINK (1U << 3)      /* the next starts in any case */
#define IOSQE_ASYNC (1U << 4)            /* straight to a worker thread */
#define IOSQE_BUFFER_SELECT (1U << 5)    /* take a buffer of sqe->buf_group */
#define IOSQE_CQE_SKIP_SUCCESS (1U << 6) /* post a CQE only on failure */

/* ---- io_uring_setup() flags ---- */

#define IORING_SETUP_IOPOLL (1U << 0)     /* busy-wait for completions */
#define IORING_SETUP_SQPOLL (1U << 1)     /* a kernel thread submits */
#define IORING_SETUP_SQ_AFF (1U << 2)     /* bind it to sq_thread_cpu */
#define IORING_SETUP_CQSIZE (1U << 3)     /* cq_entries is the CQ's size */
#define IORING_SETUP_CLAMP (1U << 4)      /* reduce sizes that are too big */
#define IORING_SETUP_ATTACH_WQ (1U << 5)  /* share the workers of wq_fd */
#define IORING_SETUP_R_DISABLED (1U << 6) /* start disabled */
#define IORING_SETUP_SUBMIT_ALL (1U << 7) /* go on after a bad SQE */
/* Run completion work when the task enters the kernel anyway, no interrupt. */
#define IORING_SETUP_COOP_TASKRUN (1U << 8)
/* Show IORING_SQ_TASKRUN while such work waits; with COOP or DEFER. */
#define IORING_SETUP_TASKRUN_FLAG (1U << 9)
#define IORING_SETUP_SQE128 (1U << 10) /* all SQEs have 128 bytes */
#define IORING_SETUP_CQE32 (1U << 11)  /* all CQEs have 32 bytes */
/* One task alone submits. */
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
/* Run completion work only when the task waits; needs SINGLE_ISSUER. */
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
/* The rings lie in memory of the caller's, named by the user_addr offsets. */
#define IORING_SETUP_NO_MMAP (1U << 14)
/* Return a registered ring index, not a descriptor; needs NO_MMAP. */
#define IORING_SETUP_REGISTERED_FD_ONLY (1U << 15)
/* No index array: SQEs are taken in ring order. */
#define IORING_SETUP_NO_SQARRAY (1U << 16)
/* Sleep for a while before busy-waiting; needs IOPOLL. */
#define IORING_SETUP_HYBRID_IOPOLL (1U << 17)
/* CQEs of 16 and of 32 bytes in one ring, marked by IORING_CQE_F_32. */
#define IORING_SETUP_CQE_MIXED (1U << 18)
/* SQEs of 64 and of 128 bytes in one ring, told apart by their opcode. */
#define IORING_SETUP_SQE_MIXED (1U << 19)
/* Every submission starts again at SQE 0; needs NO_SQARRAY. */
#define IORING_SETUP_SQ_REWIND (1U << 20)

/* ---- Operations ---- */

enum io_uring_op {
	IORING_OP_NOP,
	IORING_OP_READV,
	IORING_OP_WRITEV,
	IORING_OP_FSYNC,
	IORING_OP_READ_FIXED,
	IORING_OP_WRITE_FIXED,
	IORING_OP_POLL_ADD,
	IORING_OP_POLL_REMOVE,
	IORING_OP_SYNC_FILE_RANGE,
	IORING_OP_SENDMSG,
	IORING_OP_RECVMSG,
	IORING_OP_TIMEOUT,
	IORING_OP_TIMEOUT_REMOVE,
	IORING_OP_ACCEPT,
	IORING_OP_ASYNC_CANCEL,
	IORING_OP_LINK_TIMEOUT,
	IORING_OP_CONNECT,
	IORING_OP_FALLOCATE,
	IORING_OP_OPENAT,
	IORING_OP_CLOSE,
	IORING_OP_FILES_UPDATE,
	IORING_OP_STATX,
	IORING_OP_READ,
	IORING_OP_WRITE,
	IORING_OP_FADVISE,
	IORING_OP_MADVISE,
	IORING_OP_SEND,
	IORING_OP_RECV,
	IORING_OP_OPENAT2,
	IORING_OP_EPOLL_CTL,
	IORING_OP_SPLICE,
	IORING_OP_PROVIDE_BUFFERS,
	IORING_OP_REMOVE_BUFFERS,
	IORING_OP_TEE,
	IORING_OP_SHUTDOWN,
	IORING_OP_RENAMEAT,
	IORING_OP_UNLINKAT,
	IORING_OP_MKDIRAT,
	IORING_OP_SYMLINKAT,
	IORING_OP_LINKAT,
	IORING_OP_MSG_RING,
	IORING_OP_FSETXATTR,
	IORING_OP_SETXATTR,
	IORING_OP_FGETXATTR,
	IORING_OP_GETXATTR,
	IORING_OP_SOCKET,
	IORING_OP_URING_CMD,
	IORING_OP_SEND_ZC,
	IORING_OP_SENDMSG_ZC,
	IORING_OP_READ_MULTISHOT,
	IORING_OP_WAITID,
	IORING_OP_FUTEX_WAIT,
	IORING_OP_FUTEX_WAKE,
	IORING_OP_FUTEX_WAITV,
	IORING_OP_FIXED_FD_INSTALL,
	IORING_OP_FTRUNCATE,
	IORING_OP_BIND,
	IORING_OP_LISTEN,
	IORING_OP_RECV_ZC,
	IORING_OP_EPOLL_WAIT,
	IORING_OP_READV_FIXED,
	IORING_OP_WRITEV_FIXED,
	IORING_OP_PIPE,
	IORING_OP_NOP128,
	IORING_OP_URING_CMD128,

	IORING_OP_LAST /* one past the newest */
};

/* sqe->nop_flags */
#define IORING_NOP_INJECT_RESULT (1U << 0) /* complete with sqe->len */
#define IORING_NOP_CQE32 (1U << 5)         /* complete with a 32-byte CQE */

/* sqe->uring_cmd_flags */
#define IORING_URING_CMD_FIXED (1U << 0) /* sqe->buf_index is meant */
#define IORING_URING_CMD_MASK IORING_URING_CMD_FIXED

/* sqe->fsync_flags */
#define IORING_FSYNC_DATASYNC (1U << 0)

/* sqe->timeout_flags */
#define IORING_TIMEOUT_ABS (1U << 0)
#define IORING_TIMEOUT_UPDATE (1U << 1)
#define IORING_TIMEOUT_BOOTTIME (1U << 2)
#define IORING_TIMEOUT_REALTIME (1U << 3)
#define IORING_LINK_TIMEOUT_UPDATE (1U << 4)
#define IORING_TIMEOUT_ETIME_SUCCESS (1U << 5) /* expiry breaks no link */
#define IORING_TIMEOUT_MULTISHOT (1U << 6)
#define IORING_TIMEOUT_IMMEDIATE_ARG (1U << 7) /* nanoseconds, no timespec */
#define IORING_TIMEOUT_CLOCK_MASK                                              \
	(IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME)
#define IORING_TIMEOUT_UPDATE_MASK                                             \
	(IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE)

/* sqe->splice_flags, beside those of splice(): fd_in is a registered file. */
#define SPLICE_F_FD_IN_FIXED (1U << 31)

/* sqe->len of the poll operations (the events take the place for flags). */
#define IORING_POLL_ADD_MULTI (1U << 0) /* stay armed; see IORING_CQE_F_MORE */
#define IORING_POLL_UPDATE_EVENTS (1U << 1)
#define IORING_POLL_UPDATE_USER_DATA (1U << 2)
#define IORING_POLL_ADD_LEVEL (1U << 3) /* level triggered */

/* sqe->cancel_flags: which requests, and whether all that match. */
#define IORING_ASYNC_CANCEL_ALL (1U << 0)
#define IORING_ASYNC_CANCEL_FD (1U << 1)       /* those on sqe->fd */
#define IORING_ASYNC_CANCEL_ANY (1U << 2)      /* every request */
#define IORING_ASYNC_CANCEL_FD_FIXED (1U << 3) /* sqe->fd is registered */
#define IORING_ASYNC_CANCEL_USERDATA (1U << 4) /* those with this user_data */
#define IORING_ASYNC_CANCEL_OP (1U << 5)       /* those with this opcode */

/* sqe->ioprio of the send and receive operations. */
#define IORING_RECVSEND_POLL_FIRST (1U << 0)  /* wait before the first try */
#define IORING_RECV_MULTISHOT (1U << 1)       /* receive again and again */
#define IORING_RECVSEND_FIXED_BUF (1U << 2)   /* sqe->buf_index is meant */
#define IORING_SEND_ZC_REPORT_USAGE (1U << 3) /* say whether data was copied */
#define IORING_RECVSEND_BUNDLE (1U << 4)      /* several buffers at once */
#define IORING_SEND_VECTORIZED (1U << 5)      /* send: addr names iovecs */

/* cqe->res of a notification, asked for by IORING_SEND_ZC_REPORT_USAGE. */
#define IORING_NOTIF_USAGE_ZC_COPIED (1U << 31)

/* sqe->ioprio of IORING_OP_ACCEPT. */
#define IORING_ACCEPT_MULTISHOT (1U << 0)
#define IORING_ACCEPT_DONTWAIT (1U << 1)
#define IORING_ACCEPT_POLL_FIRST (1U << 2)

/* sqe->addr of IORING_OP_MSG_RING. */
enum io_uring_msg_ring_flags {
	IORING_MSG_DATA,   /* a CQE with len as res and off as user_data */
	IORING_MSG_SEND_FD /* a registered file moves to the other ring */
};

/* sqe->msg_ring_flags */
#define IORING_MSG_RING_CQE_SKIP (1U << 0)   /* no CQE on the other ring */
#define IORING_MSG_RING_FLAGS_PASS (1U << 1) /* file_index is its cqe->flags */

/* sqe->install_fd_flags */
#define IORING_FIXED_FD_NO_CLOEXEC (1U << 0)

/* sqe->attr_type_mask: which attributes attr_ptr names. */
#define IORING_RW_ATTR_FLAG_PI (1U << 0)

/* Protection information that goes with a read or write. */
struct io_uring_attr_pi {
	__u16 flags;
	__u16 app_tag;
	__u32 len;
	__u64 addr;
	__u64 seed;
	__u64 rsvd;
};

/* sqe->cmd_op of IORING_OP_URING_CMD on a socket. */
enum io_uring_socket_op {
	SOCKET_URING_OP_SIOCINQ,
	SOCKET_URING_OP_SIOCOUTQ,
	SOCKET_URING_OP_GETSOCKOPT,
	SOCKET_URING_OP_SETSOCKOPT,
	SOCKET_URING_OP_TX_TIMESTAMP,
	SOCKET_URING_OP_GETSOCKNAME
};

/* ---- Completion queue entry ---- */

__extension__ struct io_uring_cqe {
	__u64 user_data; /* as it stood in the SQE */
	__s32 res;       /* the result, or -errno */
	__u32 flags;     /* IORING_CQE_F_* */
	/* 16 bytes more with IORING_SETUP_CQE32 or IORING_CQE_F_32. */
	__extension__ __u64 big_cqe[];
};

/* cqe->flags */
#define IORING_CQE_F_BUFFER (1U << 0)        /* a buffer ID in the high half */
#define IORING_CQE_F_MORE (1U << 1)          /* this request posts more CQEs */
#define IORING_CQE_F_SOCK_NONEMPTY (1U << 2) /* the socket has more to read */
#define IORING_CQE_F_NOTIF (1U << 3)         /* zero-copy: the memory is free */
#define IORING_CQE_F_BUF_MORE (1U << 4)      /* the buffer has room left */
#define IORING_CQE_F_SKIP (1U << 5)          /* fills a gap: not a completion */
#define IORING_CQE_F_32 (1U << 15)           /* 32 bytes in a mixed ring */
/* A transmit timestamp is the device's, not the kernel's. */
#define IORING_CQE_F_TSTAMP_HW (1U << IORING_TIMESTAMP_HW_SHIFT)

#define IORING_CQE_BUFFER_SHIFT 16

/* Transmit timestamps: where cqe->flags holds their source and their type. */
#define IORING_TIMESTAMP_HW_SHIFT 16
#define IORING_TIMESTAMP_TYPE_SHIFT (IORING_TIMESTAMP_HW_SHIFT + 1)

/* The time in the second half of such a CQE. */
struct io_timespec {
	__u64 tv_sec;
	__u64 tv_nsec;
};

/* ---- Ring memory ---- */

/* Offsets for mmap() of the ring descriptor. */
#define IORING_OFF_SQ_RING 0ULL
#define IORING_OFF_CQ_RING 0x8000000ULL
#define IORING_OFF_SQES 0x10000000ULL
#define IORING_OFF_PBUF_RING 0x80000000ULL
#define IORING_OFF_PBUF_SHIFT 16
#define IORING_OFF_MMAP_MASK 0xf8000000ULL

/* Where in the SQ mapping each part lies. */
struct io_sqring_offsets {
	__u32 head;
	__u32 tail;
	__u32 ring_mask;
	__u32 ring_entries;
	__u32 flags;
	__u32 dropped;
	__u32 array;
	__u32 resv1;
	__u64 user_addr; /* with IORING_SETUP_NO_MMAP: the memory for the SQEs */
};

/* The SQ ring's flags, written by the kernel. */
#define IORING_SQ_NEED_WAKEUP (1U << 0) /* the SQ thread sleeps */
#define IORING_SQ_CQ_OVERFLOW (1U << 1) /* CQEs wait for room in the CQ */
#define IORING_SQ_TASKRUN (1U << 2)     /* work waits for the task to enter */

/* Where in the CQ mapping each part lies. */
struct io_cqring_offsets {
	__u32 head;
	__u32 tail;
	__u32 ring_mask;
	__u32 ring_entries;
	__u32 overflow;
	__u32 cqes;
	__u32 flags;
	__u32 resv1;
	__u64 user_addr; /* with IORING_SETUP_NO_MMAP: the memory for the rings */
};

/* The CQ ring's flags, written by the program. */
#define IORING_CQ_EVENTFD_DISABLED (1U << 0) /* no eventfd signals for now */

/* ---- io_uring_enter() ---- */

#define IORING_ENTER_GETEVENTS (1U << 0)
#define IORING_ENTER_SQ_WAKEUP (1U << 1)
#define IORING_ENTER_SQ_WAIT (1U << 2)
#define IORING_ENTER_EXT_ARG (1U << 3)         /* io_uring_getevents_arg */
#define IORING_ENTER_REGISTERED_RING (1U << 4) /* fd is a registered index */
#define IORING_ENTER_ABS_TIMER (1U << 5)       /* the timeout is a time */
#define IORING_ENTER_EXT_ARG_REG (1U << 6)     /* io_uring_reg_wait, by offset */
#define IORING_ENTER_NO_IOWAIT (1U << 7)       /* do not count as I/O wait */

/* The argument with IORING_ENTER_EXT_ARG. */
struct io_uring_getevents_arg {
	__u64 sigmask;
	__u32 sigmask_sz;
	__u32 min_wait_usec;
	__u64 ts; /* struct __kernel_timespec */
};

/* ---- io_uring_setup() ---- */

/* Filled in by the program, and by the kernel on success. */
struct io_uring_params {
	__u32 sq_entries;
	__u32 cq_entries;
	__u32 flags; /* IORING_SETUP_* */
	__u32 sq_thread_cpu;
	__u32 sq_thread_idle; /* milliseconds */
	__u32 features;       /* IORING_FEAT_*, from the kernel */
	__u32 wq_fd;
	__u32 resv[3];
	struct io_sqring_offsets sq_off;
	struct io_cqring_offsets cq_off;
};

/* params.features: what this kernel can do. */
#define IORING_FEAT_SINGLE_MMAP (1U << 0)     /* one mapping for both rings */
#define IORING_FEAT_NODROP (1U << 1)          /* CQEs are kept on overflow */
#define IORING_FEAT_SUBMIT_STABLE (1U << 2)   /* arguments are read at submit */
#define IORING_FEAT_RW_CUR_POS (1U << 3)      /* offset -1 works */
#define IORING_FEAT_CUR_PERSONALITY (1U << 4) /* the submitter's credentials */
#define IORING_FEAT_FAST_POLL (1U << 5)       /* waits need no thread */
#define IORING_FEAT_POLL_32BITS (1U << 6)     /* poll32_events */
#define IORING_FEAT_SQPOLL_NONFIXED (1U << 7) /* SQPOLL with plain files */
#define IORING_FEAT_EXT_ARG (1U << 8)         /* IORING_ENTER_EXT_ARG */
#define IORING_FEAT_NATIVE_WORKERS (1U << 9)
#define IORING_FEAT_RSRC_TAGS (1U << 10)
#define IORING_FEAT_CQE_SKIP (1U << 11)       /* IOSQE_CQE_SKIP_SUCCESS */
#define IORING_FEAT_LINKED_FILE (1U << 12)    /* files are found when issued */
#define IORING_FEAT_REG_REG_RING (1U << 13)   /* register by ring index */
#define IORING_FEAT_RECVSEND_BUNDLE (1U << 14)
#define IORING_FEAT_MIN_TIMEOUT (1U << 15)
#define IORING_FEAT_RW_ATTR (1U << 16)
#define IORING_FEAT_NO_IOWAIT (1U << 17)

/* ---- io_uring_register() ---- */

__extension__ enum io_uring_register_op {
	IORING_REGISTER_BUFFERS = 0,
	IORING_UNREGISTER_BUFFERS = 1,
	IORING_REGISTER_FILES = 2,
	IORING_UNREGISTER_FILES = 3,
	IORING_REGISTER_EVENTFD = 4,
	IORING_UNREGISTER_EVENTFD = 5,
	IORING_REGISTER_FILES_UPDATE = 6,
	IORING_REGISTER_EVENTFD_ASYNC = 7,
	IORING_REGISTER_PROBE = 8,
	IORING_REGISTER_PERSONALITY = 9,
	IORING_UNREGISTER_PERSONALITY = 10,
	IORING_REGISTER_RESTRICTIONS = 11,
	IORING_REGISTER_ENABLE_RINGS = 12,
	IORING_REGISTER_FILES2 = 13,
	IORING_REGISTER_FILES_UPDATE2 = 14,
	IORING_REGISTER_BUFFERS2 = 15,
	IORING_REGISTER_BUFFERS_UPDATE = 16,
	IORING_REGISTER_IOWQ_AFF = 17,
	IORING_UNREGISTER_IOWQ_AFF = 18,
	IORING_REGISTER_IOWQ_MAX_WORKERS = 19,
	IORING_REGISTER_RING_FDS = 20,
	IORING_UNREGISTER_RING_FDS = 21,
	IORING_REGISTER_PBUF_RING = 22,
	IORING_UNREGISTER_PBUF_RING = 23,
	IORING_REGISTER_SYNC_CANCEL = 24,
	IORING_REGISTER_FILE_ALLOC_RANGE = 25,
	IORING_REGISTER_PBUF_STATUS = 26,
	IORING_REGISTER_NAPI = 27,
	IORING_UNREGISTER_NAPI = 28,
	IORING_REGISTER_CLOCK = 29,
	IORING_REGISTER_CLONE_BUFFERS = 30,
	IORING_REGISTER_SEND_MSG_RING = 31,
	IORING_REGISTER_ZCRX_IFQ = 32,
	IORING_REGISTER_RESIZE_RINGS = 33,
	IORING_REGISTER_MEM_REGION = 34,
	IORING_REGISTER_QUERY = 35,
	IORING_REGISTER_ZCRX_CTRL = 36,
	IORING_REGISTER_BPF_FILTER = 37,

	IORING_REGISTER_LAST, /* one past the newest */

	/* ORed to the opcode: fd is a registered ring index. */
	IORING_REGISTER_USE_REGISTERED_RING = 1U << 31
};

/* The two limits of IORING_REGISTER_IOWQ_MAX_WORKERS. */
enum io_wq_type {
	IO_WQ_BOUND,  /* work on files and block devices */
	IO_WQ_UNBOUND /* work that may block for ever */
};

/* Memory that the program shares with the kernel. */
struct io_uring_region_desc {
	__u64 user_addr;
	__u64 size;
	__u32 flags; /* IORING_MEM_REGION_TYPE_* */
	__u32 id;
	__u64 mmap_offset;
	__u64 __resv[4];
};

enum {
	IORING_MEM_REGION_TYPE_USER = 1 /* memory of the program's, not mmap'ed */
};

enum {
	IORING_MEM_REGION_REG_WAIT_ARG = 1 /* holds struct io_uring_reg_wait */
};

/* IORING_REGISTER_MEM_REGION */
struct io_uring_mem_region_reg {
	__u64 region_uptr; /* struct io_uring_region_desc */
	__u64 flags;
	__u64 __resv[2];
};

/* The older form of struct io_uring_rsrc_update. */
struct io_uring_files_update {
	__u32 offset;
	__u32 resv;
	__aligned_u64 fds; /* __s32 array */
};

/* Register empty slots, to be filled later. */
#define IORING_RSRC_REGISTER_SPARSE (1U << 0)

/* IORING_REGISTER_FILES2, IORING_REGISTER_BUFFERS2 */
struct io_uring_rsrc_register {
	__u32 nr;
	__u32 flags;
	__u64 resv2;
	__aligned_u64 data;
	__aligned_u64 tags;
};

/* IORING_REGISTER_FILES_UPDATE, IORING_REGISTER_RING_FDS */
struct io_uring_rsrc_update {
	__u32 offset;
	__u32 resv;
	__aligned_u64 data;
};

/* IORING_REGISTER_FILES_UPDATE2, IORING_REGISTER_BUFFERS_UPDATE */
struct io_uring_rsrc_update2 {
	__u32 offset;
	__u32 resv;
	__aligned_u64 data;
	__aligned_u64 tags;
	__u32 nr;
	__u32 resv2;
};

/* In an update of files: leave this slot as it is. */
#define IORING_REGISTER_FILES_SKIP (-2)

/* io_uring_probe_op.flags */
#define IO_URING_OP_SUPPORTED (1U << 0)

struct io_uring_probe_op {
	__u8 op;
	__u8 resv;
	__u16 flags;
	__u32 resv2;
};

/* IORING_REGISTER_PROBE */
__extension__ struct io_uring_probe {
	__u8 last_op; /* the highest opcode this kernel knows */
	__u8 ops_len; /* how many of ops[] it filled in */
	__u16 resv;
	__u32 resv2[3];
	__extension__ struct io_uring_probe_op ops[];
};

/* One rule of IORING_REGISTER_RESTRICTIONS. */
struct io_uring_restriction {
	__u16 opcode; /* IORING_RESTRICTION_* */
	__extension__ union {
		__u8 register_op;
		__u8 sqe_op;
		__u8 sqe_flags;
	};
	__u8 resv;
	__u32 resv2[3];
};

/* Restrictions for every ring that the task creates from now on. */
__extension__ struct io_uring_task_restriction {
	__u16 flags;
	__u16 nr_res;
	__u32 resv[3];
	__extension__ struct io_uring_restriction restrictions[0];
};

enum io_uring_register_restriction_op {
	IORING_RESTRICTION_REGISTER_OP = 0,        /* allow this register op */
	IORING_RESTRICTION_SQE_OP = 1,             /* allow this opcode */
	IORING_RESTRICTION_SQE_FLAGS_ALLOWED = 2,  /* allow these SQE flags */
	IORING_RESTRICTION_SQE_FLAGS_REQUIRED = 3, /* demand these SQE flags */
	IORING_RESTRICTION_LAST
};

/* IORING_REGISTER_CLOCK: the clock of timeouts in io_uring_enter(). */
struct io_uring_clock_register {
	__u32 clockid;
	__u32 __resv[3];
};

/* io_uring_clone_buffers.flags */
enum {
	IORING_REGISTER_SRC_REGISTERED = 1U << 0, /* src_fd is a ring index */
	IORING_REGISTER_DST_REPLACE = 1U << 1     /* replace what is there */
};

/* IORING_REGISTER_CLONE_BUFFERS */
struct io_uring_clone_buffers {
	__u32 src_fd;
	__u32 flags;
	__u32 src_off;
	__u32 dst_off;
	__u32 nr;
	__u32 pad[3];
};

/* IORING_REGISTER_NAPI */
struct io_uring_napi {
	__u32 busy_poll_to; /* microseconds */
	__u8 prefer_busy_poll;
	__u8 pad[3];
	__u64 resv;
};

/* IORING_REGISTER_SYNC_CANCEL */
struct io_uring_sync_cancel_reg {
	__u64 addr; /* user_data */
	__s32 fd;
	__u32 flags; /* IORING_ASYNC_CANCEL_* */
	struct __kernel_timespec timeout;
	__u8 opcode;
	__u8 pad[7];
	__u64 pad2[3];
};

/* IORING_REGISTER_FILE_ALLOC_RANGE: slots off .. off + len - 1. */
struct io_uring_file_index_range {
	__u32 off;
	__u32 len;
	__u64 resv;
};

/* io_uring_reg_wait.flags */
enum {
	IORING_REG_WAIT_TS = 1U << 0 /* ts is valid */
};

/* How to wait, in a registered region; see IORING_ENTER_EXT_ARG_REG. */
struct io_uring_reg_wait {
	struct __kernel_timespec ts;
	__u32 min_wait_usec;
	__u32 flags;
	__u64 sigmask;
	__u32 sigmask_sz;
	__u32 pad[3];
	__u64 pad2[2];
};

/* ---- Provided buffers ---- */

struct io_uring_buf {
	__u64 addr;
	__u32 len;
	__u16 bid;
	__u16 resv;
};

/*
 * A ring of buffers shared with the kernel. The tail lies in the unused last
 * bytes of the first buffer, so a buffer is added without touching its resv.
 */
__extension__ struct io_uring_buf_ring {
	__extension__ union {
		__extension__ struct {
			__u64 resv1;
			__u32 resv2;
			__u16 resv3;
			__u16 tail;
		};
		__extension__ struct io_uring_buf bufs[0];
	};
};

/* io_uring_buf_reg.flags */
enum io_uring_register_pbuf_ring_flags {
	IOU_PBUF_RING_MMAP = 1, /* the kernel allocates, the program maps */
	IOU_PBUF_RING_INC = 2   /* a buffer is used up piece by piece */
};

/* IORING_REGISTER_PBUF_RING */
struct io_uring_buf_reg {
	__u64 ring_addr;
	__u32 ring_entries;
	__u16 bgid;
	__u16 flags;
	__u32 min_left;
	__u32 resv[5];
};

/* IORING_REGISTER_PBUF_STATUS */
struct io_uring_buf_status {
	__u32 buf_group;
	__u32 head;
	__u32 resv[8];
};

/* Stands before name, control data and payload in a multishot recvmsg buffer. */
struct io_uring_recvmsg_out {
	__u32 namelen;
	__u32 controllen;
	__u32 payloadlen;
	__u32 flags;
};

/* ---- Zero-copy receive ---- */

/* The newest kernels have this part in <linux/io_uring/zcrx.h>. */
#ifndef LINUX_IO_ZCRX_H
#define LINUX_IO_ZCRX_H

/* A CQE's or a refill entry's offset: area token above, place in it below. */
#define IORING_ZCRX_AREA_SHIFT 48
#define IORING_ZCRX_AREA_MASK (~((1ULL << IORING_ZCRX_AREA_SHIFT) - 1))

/* An entry of the refill queue: a buffer that goes back to the kernel. */
struct io_uring_zcrx_rqe {
	__u64 off;
	__u32 len;
	__u32 __pad;
};

/* The second half of a zero-copy receive's CQE. */
struct io_uring_zcrx_cqe {
	__u64 off;
	__u64 __pad;
};

/* Where in its region each part of the refill queue lies. */
struct io_uring_zcrx_offsets {
	__u32 head;
	__u32 tail;
	__u32 rqes;
	__u32 __resv2;
	__u64 __resv[2];
};

/* io_uring_zcrx_area_reg.flags */
enum io_uring_zcrx_area_flags {
	IORING_ZCRX_AREA_DMABUF = 1
};

struct io_uring_zcrx_area_reg {
	__u64 addr;
	__u64 len;
	__u64 rq_area_token;
	__u32 flags;
	__u32 dmabuf_fd;
	__u64 __resv2[2];
};

/* io_uring_zcrx_ifq_reg.flags */
enum zcrx_reg_flags {
	ZCRX_REG_IMPORT = 1,
	ZCRX_REG_NODEV = 2
};

enum zcrx_features {
	ZCRX_FEATURE_RX_PAGE_SIZE = 1 /* rx_buf_len may be chosen */
};

/* IORING_REGISTER_ZCRX_IFQ */
struct io_uring_zcrx_ifq_reg {
	__u32 if_idx;
	__u32 if_rxq;
	__u32 rq_entries;
	__u32 flags;
	__u64 area_ptr;   /* struct io_uring_zcrx_area_reg */
	__u64 region_ptr; /* struct io_uring_region_desc */
	struct io_uring_zcrx_offsets offsets;
	__u32 zcrx_id;
	__u32 rx_buf_len;
	__u64 __resv[3];
};

enum zcrx_ctrl_op {
	ZCRX_CTRL_FLUSH_RQ,
	ZCRX_CTRL_EXPORT,
	__ZCRX_CTRL_LAST
};

struct zcrx_ctrl_flush_rq {
	__u64 __resv[6];
};

struct zcrx_ctrl_export {
	__u32 zcrx_fd;
	__u32 __resv1[11];
};

/* IORING_REGISTER_ZCRX_CTRL */
struct zcrx_ctrl {
	__u32 zcrx_id;
	__u32 op; /* ZCRX_CTRL_* */
	__u64 __resv[2];
	__extension__ union {
		struct zcrx_ctrl_export zc_export;
		struct zcrx_ctrl_flush_rq zc_flush;
	};
};

#endif

#ifdef __cplusplus
}
#endif

#endif /* the system's header did not come first */
#endif
