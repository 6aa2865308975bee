// SPDX-License-Identifier: MIT
//! The constants of the io_uring interface, under their C names.
//!
//! Values belong to the kernel and to liburing; `tests/golden.rs` compares every one of them with the ABI data.

// Setup flags: `io_uring_params.flags`, `io_uring_setup(2)`.
pub const IORING_SETUP_IOPOLL: u32 = 1;
pub const IORING_SETUP_SQPOLL: u32 = 2;
pub const IORING_SETUP_SQ_AFF: u32 = 4;
pub const IORING_SETUP_CQSIZE: u32 = 8;
pub const IORING_SETUP_CLAMP: u32 = 0x10;
pub const IORING_SETUP_ATTACH_WQ: u32 = 0x20;
pub const IORING_SETUP_R_DISABLED: u32 = 0x40;
pub const IORING_SETUP_SUBMIT_ALL: u32 = 0x80;
pub const IORING_SETUP_COOP_TASKRUN: u32 = 0x100;
pub const IORING_SETUP_TASKRUN_FLAG: u32 = 0x200;
pub const IORING_SETUP_SQE128: u32 = 0x400;
pub const IORING_SETUP_CQE32: u32 = 0x800;
pub const IORING_SETUP_SINGLE_ISSUER: u32 = 0x1000;
pub const IORING_SETUP_DEFER_TASKRUN: u32 = 0x2000;
pub const IORING_SETUP_NO_MMAP: u32 = 0x4000;
pub const IORING_SETUP_REGISTERED_FD_ONLY: u32 = 0x8000;
pub const IORING_SETUP_NO_SQARRAY: u32 = 0x10000;
pub const IORING_SETUP_HYBRID_IOPOLL: u32 = 0x20000;
pub const IORING_SETUP_CQE_MIXED: u32 = 0x40000;
pub const IORING_SETUP_SQE_MIXED: u32 = 0x80000;
pub const IORING_SETUP_SQ_REWIND: u32 = 0x100000;

// Features the kernel reports: `io_uring_params.features`.
pub const IORING_FEAT_SINGLE_MMAP: u32 = 1;
pub const IORING_FEAT_NODROP: u32 = 2;
pub const IORING_FEAT_SUBMIT_STABLE: u32 = 4;
pub const IORING_FEAT_RW_CUR_POS: u32 = 8;
pub const IORING_FEAT_CUR_PERSONALITY: u32 = 0x10;
pub const IORING_FEAT_FAST_POLL: u32 = 0x20;
pub const IORING_FEAT_POLL_32BITS: u32 = 0x40;
pub const IORING_FEAT_SQPOLL_NONFIXED: u32 = 0x80;
pub const IORING_FEAT_EXT_ARG: u32 = 0x100;
pub const IORING_FEAT_NATIVE_WORKERS: u32 = 0x200;
pub const IORING_FEAT_RSRC_TAGS: u32 = 0x400;
pub const IORING_FEAT_CQE_SKIP: u32 = 0x800;
pub const IORING_FEAT_LINKED_FILE: u32 = 0x1000;
pub const IORING_FEAT_REG_REG_RING: u32 = 0x2000;
pub const IORING_FEAT_RECVSEND_BUNDLE: u32 = 0x4000;
pub const IORING_FEAT_MIN_TIMEOUT: u32 = 0x8000;
pub const IORING_FEAT_RW_ATTR: u32 = 0x10000;
pub const IORING_FEAT_NO_IOWAIT: u32 = 0x20000;

// `mmap` offsets of the ring regions.
pub const IORING_OFF_SQ_RING: u64 = 0;
pub const IORING_OFF_PBUF_SHIFT: u32 = 16;
pub const IORING_OFF_CQ_RING: u64 = 0x8000000;
pub const IORING_OFF_SQES: u64 = 0x10000000;
pub const IORING_OFF_PBUF_RING: u64 = 0x80000000;
pub const IORING_OFF_MMAP_MASK: u64 = 0xf8000000;

// Flags of `io_uring_enter(2)`.
pub const IORING_ENTER_GETEVENTS: u32 = 1;
pub const IORING_ENTER_SQ_WAKEUP: u32 = 2;
pub const IORING_ENTER_SQ_WAIT: u32 = 4;
pub const IORING_ENTER_EXT_ARG: u32 = 8;
pub const IORING_ENTER_REGISTERED_RING: u32 = 0x10;
pub const IORING_ENTER_ABS_TIMER: u32 = 0x20;
pub const IORING_ENTER_EXT_ARG_REG: u32 = 0x40;
pub const IORING_ENTER_NO_IOWAIT: u32 = 0x80;

// SQ ring flags, written by the kernel.
pub const IORING_SQ_NEED_WAKEUP: u32 = 1;
pub const IORING_SQ_CQ_OVERFLOW: u32 = 2;
pub const IORING_SQ_TASKRUN: u32 = 4;

// CQ ring flags, written by the program.
pub const IORING_CQ_EVENTFD_DISABLED: u32 = 1;

// CQE flags.
pub const IORING_CQE_F_BUFFER: u32 = 1;
pub const IORING_CQE_F_MORE: u32 = 2;
pub const IORING_CQE_F_SOCK_NONEMPTY: u32 = 4;
pub const IORING_CQE_F_NOTIF: u32 = 8;
pub const IORING_CQE_F_BUF_MORE: u32 = 0x10;
pub const IORING_CQE_F_SKIP: u32 = 0x20;
pub const IORING_CQE_F_32: u32 = 0x8000;
pub const IORING_CQE_F_TSTAMP_HW: u32 = 0x10000;

// Bit numbers of the SQE flags.
pub const IOSQE_FIXED_FILE_BIT: u8 = 0;
pub const IOSQE_IO_DRAIN_BIT: u8 = 1;
pub const IOSQE_IO_LINK_BIT: u8 = 2;
pub const IOSQE_IO_HARDLINK_BIT: u8 = 3;
pub const IOSQE_ASYNC_BIT: u8 = 4;
pub const IOSQE_BUFFER_SELECT_BIT: u8 = 5;
pub const IOSQE_CQE_SKIP_SUCCESS_BIT: u8 = 6;

// SQE flags.
pub const IOSQE_FIXED_FILE: u8 = 1;
pub const IOSQE_IO_DRAIN: u8 = 2;
pub const IOSQE_IO_LINK: u8 = 4;
pub const IOSQE_IO_HARDLINK: u8 = 8;
pub const IOSQE_ASYNC: u8 = 0x10;
pub const IOSQE_BUFFER_SELECT: u8 = 0x20;
pub const IOSQE_CQE_SKIP_SUCCESS: u8 = 0x40;

// Opcodes: `io_uring_sqe.opcode`.
pub const IORING_OP_NOP: u8 = 0;
pub const IORING_OP_READV: u8 = 1;
pub const IORING_OP_WRITEV: u8 = 2;
pub const IORING_OP_FSYNC: u8 = 3;
pub const IORING_OP_READ_FIXED: u8 = 4;
pub const IORING_OP_WRITE_FIXED: u8 = 5;
pub const IORING_OP_POLL_ADD: u8 = 6;
pub const IORING_OP_POLL_REMOVE: u8 = 7;
pub const IORING_OP_SYNC_FILE_RANGE: u8 = 8;
pub const IORING_OP_SENDMSG: u8 = 9;
pub const IORING_OP_RECVMSG: u8 = 10;
pub const IORING_OP_TIMEOUT: u8 = 11;
pub const IORING_OP_TIMEOUT_REMOVE: u8 = 12;
pub const IORING_OP_ACCEPT: u8 = 13;
pub const IORING_OP_ASYNC_CANCEL: u8 = 14;
pub const IORING_OP_LINK_TIMEOUT: u8 = 15;
pub const IORING_OP_CONNECT: u8 = 16;
pub const IORING_OP_FALLOCATE: u8 = 17;
pub const IORING_OP_OPENAT: u8 = 18;
pub const IORING_OP_CLOSE: u8 = 19;
pub const IORING_OP_FILES_UPDATE: u8 = 20;
pub const IORING_OP_STATX: u8 = 21;
pub const IORING_OP_READ: u8 = 22;
pub const IORING_OP_WRITE: u8 = 23;
pub const IORING_OP_FADVISE: u8 = 24;
pub const IORING_OP_MADVISE: u8 = 25;
pub const IORING_OP_SEND: u8 = 26;
pub const IORING_OP_RECV: u8 = 27;
pub const IORING_OP_OPENAT2: u8 = 28;
pub const IORING_OP_EPOLL_CTL: u8 = 29;
pub const IORING_OP_SPLICE: u8 = 30;
pub const IORING_OP_PROVIDE_BUFFERS: u8 = 31;
pub const IORING_OP_REMOVE_BUFFERS: u8 = 32;
pub const IORING_OP_TEE: u8 = 33;
pub const IORING_OP_SHUTDOWN: u8 = 34;
pub const IORING_OP_RENAMEAT: u8 = 35;
pub const IORING_OP_UNLINKAT: u8 = 36;
pub const IORING_OP_MKDIRAT: u8 = 37;
pub const IORING_OP_SYMLINKAT: u8 = 38;
pub const IORING_OP_LINKAT: u8 = 39;
pub const IORING_OP_MSG_RING: u8 = 40;
pub const IORING_OP_FSETXATTR: u8 = 41;
pub const IORING_OP_SETXATTR: u8 = 42;
pub const IORING_OP_FGETXATTR: u8 = 43;
pub const IORING_OP_GETXATTR: u8 = 44;
pub const IORING_OP_SOCKET: u8 = 45;
pub const IORING_OP_URING_CMD: u8 = 46;
pub const IORING_OP_SEND_ZC: u8 = 47;
pub const IORING_OP_SENDMSG_ZC: u8 = 48;
pub const IORING_OP_READ_MULTISHOT: u8 = 49;
pub const IORING_OP_WAITID: u8 = 50;
pub const IORING_OP_FUTEX_WAIT: u8 = 51;
pub const IORING_OP_FUTEX_WAKE: u8 = 52;
pub const IORING_OP_FUTEX_WAITV: u8 = 53;
pub const IORING_OP_FIXED_FD_INSTALL: u8 = 54;
pub const IORING_OP_FTRUNCATE: u8 = 55;
pub const IORING_OP_BIND: u8 = 56;
pub const IORING_OP_LISTEN: u8 = 57;
pub const IORING_OP_RECV_ZC: u8 = 58;
pub const IORING_OP_EPOLL_WAIT: u8 = 59;
pub const IORING_OP_READV_FIXED: u8 = 60;
pub const IORING_OP_WRITEV_FIXED: u8 = 61;
pub const IORING_OP_PIPE: u8 = 62;
pub const IORING_OP_NOP128: u8 = 63;
pub const IORING_OP_URING_CMD128: u8 = 64;
pub const IORING_OP_LAST: u8 = 65;

// `fsync_flags`.
pub const IORING_FSYNC_DATASYNC: u32 = 1;

// `timeout_flags`.
pub const IORING_TIMEOUT_ABS: u32 = 1;
pub const IORING_TIMEOUT_UPDATE: u32 = 2;
pub const IORING_TIMEOUT_BOOTTIME: u32 = 4;
pub const IORING_TIMEOUT_REALTIME: u32 = 8;
pub const IORING_TIMEOUT_CLOCK_MASK: u32 = 0xc;
pub const IORING_LINK_TIMEOUT_UPDATE: u32 = 0x10;
pub const IORING_TIMEOUT_UPDATE_MASK: u32 = 0x12;
pub const IORING_TIMEOUT_ETIME_SUCCESS: u32 = 0x20;
pub const IORING_TIMEOUT_MULTISHOT: u32 = 0x40;
pub const IORING_TIMEOUT_IMMEDIATE_ARG: u32 = 0x80;

// Command flags of `IORING_OP_POLL_ADD`, in `len`.
pub const IORING_POLL_ADD_MULTI: u32 = 1;
pub const IORING_POLL_UPDATE_EVENTS: u32 = 2;
pub const IORING_POLL_UPDATE_USER_DATA: u32 = 4;
pub const IORING_POLL_ADD_LEVEL: u32 = 8;

// `cancel_flags`.
pub const IORING_ASYNC_CANCEL_ALL: u32 = 1;
pub const IORING_ASYNC_CANCEL_FD: u32 = 2;
pub const IORING_ASYNC_CANCEL_ANY: u32 = 4;
pub const IORING_ASYNC_CANCEL_FD_FIXED: u32 = 8;
pub const IORING_ASYNC_CANCEL_USERDATA: u32 = 0x10;
pub const IORING_ASYNC_CANCEL_OP: u32 = 0x20;

// `ioprio` flags of the send and receive requests.
pub const IORING_RECVSEND_POLL_FIRST: u16 = 1;
pub const IORING_RECV_MULTISHOT: u16 = 2;
pub const IORING_RECVSEND_FIXED_BUF: u16 = 4;
pub const IORING_SEND_ZC_REPORT_USAGE: u16 = 8;
pub const IORING_RECVSEND_BUNDLE: u16 = 0x10;
pub const IORING_SEND_VECTORIZED: u16 = 0x20;
pub const IORING_NOTIF_USAGE_ZC_COPIED: u32 = 0x80000000;

// `ioprio` flags of accept.
pub const IORING_ACCEPT_MULTISHOT: u16 = 1;
pub const IORING_ACCEPT_DONTWAIT: u16 = 2;
pub const IORING_ACCEPT_POLL_FIRST: u16 = 4;

// `IORING_OP_MSG_RING` commands and flags.
pub const IORING_MSG_DATA: u32 = 0;
pub const IORING_MSG_RING_CQE_SKIP: u32 = 1;
pub const IORING_MSG_SEND_FD: u32 = 1;
pub const IORING_MSG_RING_FLAGS_PASS: u32 = 2;

// `install_fd_flags`.
pub const IORING_FIXED_FD_NO_CLOEXEC: u32 = 1;

// `nop_flags`.
pub const IORING_NOP_INJECT_RESULT: u32 = 1;
pub const IORING_NOP_FILE: u32 = 2;
pub const IORING_NOP_FIXED_FILE: u32 = 4;
pub const IORING_NOP_FIXED_BUFFER: u32 = 8;
pub const IORING_NOP_TW: u32 = 0x10;
pub const IORING_NOP_CQE32: u32 = 0x20;

// `attr_type_mask` of reads and writes.
pub const IORING_RW_ATTR_FLAG_PI: u64 = 1;

// `uring_cmd_flags`.
pub const IORING_URING_CMD_FIXED: u32 = 1;
pub const IORING_URING_CMD_MASK: u32 = 1;

// Opcodes of `io_uring_register(2)`.
pub const IORING_REGISTER_BUFFERS: u32 = 0;
pub const IORING_UNREGISTER_BUFFERS: u32 = 1;
pub const IORING_REGISTER_FILES: u32 = 2;
pub const IORING_UNREGISTER_FILES: u32 = 3;
pub const IORING_REGISTER_EVENTFD: u32 = 4;
pub const IORING_UNREGISTER_EVENTFD: u32 = 5;
pub const IORING_REGISTER_FILES_UPDATE: u32 = 6;
pub const IORING_REGISTER_EVENTFD_ASYNC: u32 = 7;
pub const IORING_REGISTER_PROBE: u32 = 8;
pub const IORING_REGISTER_PERSONALITY: u32 = 9;
pub const IORING_UNREGISTER_PERSONALITY: u32 = 10;
pub const IORING_REGISTER_RESTRICTIONS: u32 = 11;
pub const IORING_REGISTER_ENABLE_RINGS: u32 = 12;
pub const IORING_REGISTER_FILES2: u32 = 13;
pub const IORING_REGISTER_FILES_UPDATE2: u32 = 14;
pub const IORING_REGISTER_BUFFERS2: u32 = 15;
pub const IORING_REGISTER_BUFFERS_UPDATE: u32 = 16;
pub const IORING_REGISTER_IOWQ_AFF: u32 = 17;
pub const IORING_UNREGISTER_IOWQ_AFF: u32 = 18;
pub const IORING_REGISTER_IOWQ_MAX_WORKERS: u32 = 19;
pub const IORING_REGISTER_RING_FDS: u32 = 20;
pub const IORING_UNREGISTER_RING_FDS: u32 = 21;
pub const IORING_REGISTER_PBUF_RING: u32 = 22;
pub const IORING_UNREGISTER_PBUF_RING: u32 = 23;
pub const IORING_REGISTER_SYNC_CANCEL: u32 = 24;
pub const IORING_REGISTER_FILE_ALLOC_RANGE: u32 = 25;
pub const IORING_REGISTER_PBUF_STATUS: u32 = 26;
pub const IORING_REGISTER_NAPI: u32 = 27;
pub const IORING_UNREGISTER_NAPI: u32 = 28;
pub const IORING_REGISTER_CLOCK: u32 = 29;
pub const IORING_REGISTER_CLONE_BUFFERS: u32 = 30;
pub const IORING_REGISTER_SEND_MSG_RING: u32 = 31;
pub const IORING_REGISTER_ZCRX_IFQ: u32 = 32;
pub const IORING_REGISTER_RESIZE_RINGS: u32 = 33;
pub const IORING_REGISTER_MEM_REGION: u32 = 34;
pub const IORING_REGISTER_QUERY: u32 = 35;
pub const IORING_REGISTER_ZCRX_CTRL: u32 = 36;
pub const IORING_REGISTER_BPF_FILTER: u32 = 37;
pub const IORING_REGISTER_LAST: u32 = 38;
pub const IORING_REGISTER_USE_REGISTERED_RING: u32 = 0x80000000;

// Flags of `IORING_REGISTER_CLONE_BUFFERS`.
pub const IORING_REGISTER_SRC_REGISTERED: u32 = 1;
pub const IORING_REGISTER_DST_REPLACE: u32 = 2;

// Flags of resource registration.
pub const IORING_RSRC_REGISTER_SPARSE: u32 = 1;

// Buffer ring registration.
pub const IOU_PBUF_RING_MMAP: u32 = 1;
pub const IOU_PBUF_RING_INC: u32 = 2;

// Restriction opcodes.
pub const IORING_RESTRICTION_REGISTER_OP: u32 = 0;
pub const IORING_RESTRICTION_SQE_OP: u32 = 1;
pub const IORING_RESTRICTION_SQE_FLAGS_ALLOWED: u32 = 2;
pub const IORING_RESTRICTION_SQE_FLAGS_REQUIRED: u32 = 3;
pub const IORING_RESTRICTION_LAST: u32 = 4;

// Memory regions and registered waits.
pub const IORING_MEM_REGION_TYPE_USER: u64 = 1;
pub const IORING_MEM_REGION_REG_WAIT_ARG: u64 = 1;
pub const IORING_REG_WAIT_TS: u64 = 1;

// io-wq worker classes.
pub const IO_WQ_BOUND: u32 = 0;
pub const IO_WQ_UNBOUND: u32 = 1;

// Socket commands of `IORING_OP_URING_CMD`.
pub const SOCKET_URING_OP_SIOCINQ: u32 = 0;
pub const SOCKET_URING_OP_SIOCOUTQ: u32 = 1;
pub const SOCKET_URING_OP_GETSOCKOPT: u32 = 2;
pub const SOCKET_URING_OP_SETSOCKOPT: u32 = 3;
pub const SOCKET_URING_OP_TX_TIMESTAMP: u32 = 4;
pub const SOCKET_URING_OP_GETSOCKNAME: u32 = 5;

// Block device commands of `IORING_OP_URING_CMD`.
pub const BLOCK_URING_CMD_DISCARD: u32 = 0x1200;
pub const BLOCK_URING_CMD_ZONE_RESET_ALL: u32 = 0x1201;

// Zero-copy receive.
pub const ZCRX_CTRL_FLUSH_RQ: u64 = 0;
pub const IORING_ZCRX_AREA_DMABUF: u64 = 1;
pub const ZCRX_REG_IMPORT: u64 = 1;
pub const ZCRX_FEATURE_RX_PAGE_SIZE: u64 = 1;
pub const ZCRX_CTRL_EXPORT: u64 = 1;
pub const ZCRX_REG_NODEV: u64 = 2;
pub const __ZCRX_CTRL_LAST: u64 = 2;
pub const IORING_ZCRX_AREA_SHIFT: u32 = 48;
pub const IORING_ZCRX_AREA_MASK: u64 = 0xffff000000000000;

// Queries.
pub const IO_URING_QUERY_OPCODES: u32 = 0;
pub const IO_URING_QUERY_ZCRX: u32 = 1;
pub const IO_URING_QUERY_SCQ: u32 = 2;
pub const __IO_URING_QUERY_MAX: u32 = 3;

// BPF filters.
pub const IO_URING_BPF_FILTER_DENY_REST: u32 = 1;
pub const IO_URING_BPF_CMD_FILTER: u32 = 1;
pub const IO_URING_BPF_FILTER_SZ_STRICT: u32 = 2;

// Single values.
pub const IORING_FILE_INDEX_ALLOC: u32 = 0xffffffff;
pub const IORING_REGISTER_FILES_SKIP: i32 = -2;
pub const LIBURING_UDATA_TIMEOUT: u64 = 0xffffffffffffffff;
pub const SPLICE_F_FD_IN_FIXED: u32 = 0x80000000;
pub const IO_URING_OP_SUPPORTED: u16 = 1;
pub const IORING_CQE_BUFFER_SHIFT: u32 = 16;
pub const IORING_TIMESTAMP_HW_SHIFT: u32 = 16;
pub const IORING_TIMESTAMP_TYPE_SHIFT: u32 = 17;
pub const IO_URING_VERSION_MAJOR: u32 = 2;
pub const IO_URING_VERSION_MINOR: u32 = 15;
