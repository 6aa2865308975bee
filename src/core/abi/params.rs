// SPDX-License-Identifier: MIT
//! What `io_uring_setup(2)` takes and answers.

use super::assert_layout;

/// Offsets of the SQ ring's fields from the start of its mapping, in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_sqring_offsets {
    pub head: u32,
    pub tail: u32,
    pub ring_mask: u32,
    pub ring_entries: u32,
    pub flags: u32,
    pub dropped: u32,
    pub array: u32,
    pub resv1: u32,
    /// With `IORING_SETUP_NO_MMAP`: the program's memory for the SQE array.
    pub user_addr: u64,
}

assert_layout!(io_sqring_offsets, size 40,
    head @ 0, tail @ 4, ring_mask @ 8, ring_entries @ 12, flags @ 16, dropped @ 20, array @ 24, user_addr @ 32);

/// Offsets of the CQ ring's fields from the start of its mapping, in bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_cqring_offsets {
    pub head: u32,
    pub tail: u32,
    pub ring_mask: u32,
    pub ring_entries: u32,
    pub overflow: u32,
    pub cqes: u32,
    pub flags: u32,
    pub resv1: u32,
    /// With `IORING_SETUP_NO_MMAP`: the program's memory for the rings.
    pub user_addr: u64,
}

assert_layout!(io_cqring_offsets, size 40,
    head @ 0, tail @ 4, ring_mask @ 8, ring_entries @ 12, overflow @ 16, cqes @ 20, flags @ 24, user_addr @ 32);

/// The argument of `io_uring_setup(2)`: wishes go in, the ring's shape comes out.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_params {
    pub sq_entries: u32,
    pub cq_entries: u32,
    /// `IORING_SETUP_*`.
    pub flags: u32,
    pub sq_thread_cpu: u32,
    /// Idle time in milliseconds after which an SQPOLL thread sleeps.
    pub sq_thread_idle: u32,
    /// `IORING_FEAT_*`.
    pub features: u32,
    pub wq_fd: u32,
    pub resv: [u32; 3],
    pub sq_off: io_sqring_offsets,
    pub cq_off: io_cqring_offsets,
}

assert_layout!(io_uring_params, size 120,
    sq_entries @ 0, cq_entries @ 4, flags @ 8, sq_thread_cpu @ 12, sq_thread_idle @ 16, features @ 20, wq_fd @ 24, sq_off @ 40,
    cq_off @ 80);

/// The extended argument of `io_uring_enter(2)` (`IORING_ENTER_EXT_ARG`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct io_uring_getevents_arg {
    pub sigmask: u64,
    pub sigmask_sz: u32,
    pub min_wait_usec: u32,
    pub ts: u64,
}

assert_layout!(io_uring_getevents_arg, size 24, sigmask @ 0, sigmask_sz @ 8, min_wait_usec @ 12, ts @ 16);
