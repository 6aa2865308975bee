// SPDX-License-Identifier: MIT
//! The arguments of `io_uring_register(2)`.

use super::{__kernel_timespec, assert_layout};

/// The argument of `IORING_REGISTER_FILES_UPDATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_files_update {
    pub offset: u32,
    pub resv: u32,
    pub fds: u64,
}

assert_layout!(io_uring_files_update, size 16, offset @ 0, resv @ 4, fds @ 8);

/// A memory region shared with the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_region_desc {
    pub user_addr: u64,
    pub size: u64,
    pub flags: u32,
    pub id: u32,
    pub mmap_offset: u64,
    pub __resv: [u64; 4],
}

assert_layout!(io_uring_region_desc, size 64,
    user_addr @ 0, size @ 8, flags @ 16, id @ 20, mmap_offset @ 24, __resv @ 32);

/// The argument of `IORING_REGISTER_MEM_REGION`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_mem_region_reg {
    pub region_uptr: u64,
    pub flags: u64,
    pub __resv: [u64; 2],
}

assert_layout!(io_uring_mem_region_reg, size 32, region_uptr @ 0, flags @ 8, __resv @ 16);

/// The argument of `IORING_REGISTER_FILES2` and `IORING_REGISTER_BUFFERS2`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_rsrc_register {
    pub nr: u32,
    pub flags: u32,
    pub resv2: u64,
    pub data: u64,
    pub tags: u64,
}

assert_layout!(io_uring_rsrc_register, size 32, nr @ 0, flags @ 4, resv2 @ 8, data @ 16, tags @ 24);

/// The argument of `IORING_REGISTER_FILES_UPDATE2` and `IORING_REGISTER_BUFFERS_UPDATE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_rsrc_update2 {
    pub offset: u32,
    pub resv: u32,
    pub data: u64,
    pub tags: u64,
    pub nr: u32,
    pub resv2: u32,
}

assert_layout!(io_uring_rsrc_update2, size 32, offset @ 0, resv @ 4, data @ 8, tags @ 16, nr @ 24, resv2 @ 28);

/// One opcode of a probe.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_probe_op {
    pub op: u8,
    pub resv: u8,
    pub flags: u16,
    pub resv2: u32,
}

assert_layout!(io_uring_probe_op, size 8, op @ 0, resv @ 1, flags @ 2, resv2 @ 4);

/// The head of a probe; `ops_len` entries of `io_uring_probe_op` follow it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_probe {
    pub last_op: u8,
    pub ops_len: u8,
    pub resv: u16,
    pub resv2: [u32; 3],
}

assert_layout!(io_uring_probe, size 16, last_op @ 0, ops_len @ 1, resv @ 2, resv2 @ 4);

/// One restriction of a ring.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_restriction {
    pub opcode: u16,
    pub register_op: u8,
    pub resv: u8,
    pub resv2: [u32; 3],
}

assert_layout!(io_uring_restriction, size 16, opcode @ 0, register_op @ 2, resv @ 3, resv2 @ 4);

/// The argument of `IORING_REGISTER_CLOCK`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_clock_register {
    pub clockid: u32,
    pub __resv: [u32; 3],
}

assert_layout!(io_uring_clock_register, size 16, clockid @ 0, __resv @ 4);

/// The argument of `IORING_REGISTER_CLONE_BUFFERS`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_clone_buffers {
    pub src_fd: u32,
    pub flags: u32,
    pub src_off: u32,
    pub dst_off: u32,
    pub nr: u32,
    pub pad: [u32; 3],
}

assert_layout!(io_uring_clone_buffers, size 32, src_fd @ 0, flags @ 4, src_off @ 8, dst_off @ 12, nr @ 16, pad @ 20);

/// One entry of a buffer ring; in the first, `resv` is the ring's tail.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_buf {
    pub addr: u64,
    pub len: u32,
    pub bid: u16,
    pub resv: u16,
}

assert_layout!(io_uring_buf, size 16, addr @ 0, len @ 8, bid @ 12, resv @ 14);

/// The argument of `IORING_REGISTER_PBUF_RING`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_buf_reg {
    pub ring_addr: u64,
    pub ring_entries: u32,
    pub bgid: u16,
    pub flags: u16,
    pub min_left: u32,
    pub resv: [u32; 5],
}

assert_layout!(io_uring_buf_reg, size 40,
    ring_addr @ 0, ring_entries @ 8, bgid @ 12, flags @ 14, min_left @ 16, resv @ 20);

/// The argument of `IORING_REGISTER_PBUF_STATUS`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_buf_status {
    pub buf_group: u32,
    pub head: u32,
    pub resv: [u32; 8],
}

assert_layout!(io_uring_buf_status, size 40, buf_group @ 0, head @ 4, resv @ 8);

/// The argument of `IORING_REGISTER_NAPI`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_napi {
    pub busy_poll_to: u32,
    pub prefer_busy_poll: u8,
    pub pad: [u8; 3],
    pub resv: u64,
}

assert_layout!(io_uring_napi, size 16, busy_poll_to @ 0, prefer_busy_poll @ 4, pad @ 5, resv @ 8);

/// One entry of a registered wait region.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_reg_wait {
    pub ts: __kernel_timespec,
    pub min_wait_usec: u32,
    pub flags: u32,
    pub sigmask: u64,
    pub sigmask_sz: u32,
    pub pad: [u32; 3],
    pub pad2: [u64; 2],
}

assert_layout!(io_uring_reg_wait, size 64,
    ts @ 0, min_wait_usec @ 16, flags @ 20, sigmask @ 24, sigmask_sz @ 32, pad @ 36, pad2 @ 48);

/// The argument of `IORING_REGISTER_SYNC_CANCEL`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_sync_cancel_reg {
    pub addr: u64,
    pub fd: i32,
    pub flags: u32,
    pub timeout: __kernel_timespec,
    pub opcode: u8,
    pub pad: [u8; 7],
    pub pad2: [u64; 3],
}

assert_layout!(io_uring_sync_cancel_reg, size 64,
    addr @ 0, fd @ 8, flags @ 12, timeout @ 16, opcode @ 32, pad @ 33, pad2 @ 40);

/// The argument of `IORING_REGISTER_FILE_ALLOC_RANGE`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_file_index_range {
    pub off: u32,
    pub len: u32,
    pub resv: u64,
}

assert_layout!(io_uring_file_index_range, size 16, off @ 0, len @ 4, resv @ 8);

/// The head of the buffer that a multishot `recvmsg` fills.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_recvmsg_out {
    pub namelen: u32,
    pub controllen: u32,
    pub payloadlen: u32,
    pub flags: u32,
}

assert_layout!(io_uring_recvmsg_out, size 16, namelen @ 0, controllen @ 4, payloadlen @ 8, flags @ 12);

/// A buffer ring: an array of [`io_uring_buf`] whose first entry shares its last field with the ring's tail.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_buf_ring {
    pub resv1: u64,
    pub resv2: u32,
    pub resv3: u16,
    /// Written by the program with release order.
    pub tail: u16,
}

assert_layout!(io_uring_buf_ring, size 16, resv1 @ 0, resv2 @ 8, resv3 @ 12, tail @ 14);

/// Arguments that the library only hands on, never looks into.
macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name {
            _private: [u8; 0],
        })*
    };
}

opaque! {
    /// The argument of `IORING_REGISTER_ZCRX_IFQ`.
    io_uring_zcrx_ifq_reg,
    /// The argument of `IORING_REGISTER_ZCRX_CTRL`.
    zcrx_ctrl,
    /// The argument of `IORING_REGISTER_BPF_FILTER`.
    io_uring_bpf,
    /// The argument of `IORING_REGISTER_QUERY`.
    io_uring_query_hdr,
}
