// SPDX-License-Identifier: MIT
//! `struct io_uring`: the program's handle on a ring. Its layout never changes: programs allocate it and their inline helpers
//! read it.

use super::{assert_layout, io_uring_cqe, io_uring_sqe, IORING_ENTER_NO_IOWAIT, IORING_ENTER_REGISTERED_RING};
use ::core::ffi::{c_int, c_uint, c_void};

/// The submission side of a ring.
#[repr(C)]
#[derive(Debug)]
pub struct io_uring_sq {
    pub khead: *mut c_uint,
    pub ktail: *mut c_uint,
    /// Kept filled for programs compiled against liburing before 2.3, which read it instead of `ring_mask`.
    pub kring_mask: *mut c_uint,
    /// Kept filled for the same programs.
    pub kring_entries: *mut c_uint,
    pub kflags: *mut c_uint,
    pub kdropped: *mut c_uint,
    /// Null on rings with `IORING_SETUP_NO_SQARRAY`.
    pub array: *mut c_uint,
    pub sqes: *mut io_uring_sqe,
    /// First SQE handed out by `io_uring_get_sqe` and not yet published.
    pub sqe_head: c_uint,
    /// One past the last SQE handed out.
    pub sqe_tail: c_uint,
    /// Bytes mapped at `ring_ptr`, 0 when the program owns the memory.
    pub ring_sz: usize,
    pub ring_ptr: *mut c_void,
    pub ring_mask: c_uint,
    pub ring_entries: c_uint,
    /// Bytes mapped at `sqes`, 0 when the program owns the memory.
    pub sqes_sz: c_uint,
    pub pad: c_uint,
}

/// The completion side of a ring.
#[repr(C)]
#[derive(Debug)]
pub struct io_uring_cq {
    pub khead: *mut c_uint,
    pub ktail: *mut c_uint,
    /// Kept filled for programs compiled against liburing before 2.3.
    pub kring_mask: *mut c_uint,
    /// Kept filled for the same programs.
    pub kring_entries: *mut c_uint,
    /// Null where the kernel has no CQ flags (before 5.8).
    pub kflags: *mut c_uint,
    pub koverflow: *mut c_uint,
    pub cqes: *mut io_uring_cqe,
    pub ring_sz: usize,
    /// Equal to the SQ's where one mapping holds both rings.
    pub ring_ptr: *mut c_void,
    pub ring_mask: c_uint,
    pub ring_entries: c_uint,
    pub pad: [c_uint; 2],
}

/// A ring: what `io_uring_queue_init` fills and every other function takes.
#[repr(C)]
#[derive(Debug)]
pub struct io_uring {
    pub sq: io_uring_sq,
    pub cq: io_uring_cq,
    /// `IORING_SETUP_*` flags the ring was made with.
    pub flags: c_uint,
    /// The ring's descriptor, -1 when it was closed or never existed (`IORING_SETUP_REGISTERED_FD_ONLY`).
    pub ring_fd: c_int,
    /// `IORING_FEAT_*` flags of the backend.
    pub features: c_uint,
    /// What `io_uring_enter(2)` gets: the descriptor, or the index of the registered ring.
    pub enter_ring_fd: c_int,
    /// `INT_FLAG_*`.
    pub int_flags: u8,
    pub pad: [u8; 3],
    pub pad2: c_uint,
}

/// `io_uring_register(2)` takes `enter_ring_fd` too (`IORING_FEAT_REG_REG_RING`).
pub const INT_FLAG_REG_REG_RING: u8 = 0x01;
/// The ring's memory belongs to the program (`io_uring_queue_init_mem`).
pub const INT_FLAG_APP_MEM: u8 = 0x02;
/// Completions appear only inside `io_uring_enter(2)` (`IORING_SETUP_IOPOLL`): a peek that finds none has to enter.
pub const INT_FLAG_CQ_ENTER: u8 = 0x04;
/// The engine serves the ring, not the kernel.
pub const INT_FLAG_USER: u8 = 0x08;
/// Submitting is more than a store of the SQ tail and the kernel's `io_uring_enter(2)`: `IORING_SETUP_SQPOLL`,
/// `IORING_SETUP_SQ_REWIND`, another backend, or memcheck watches. One test keeps all of them off the common path.
pub const INT_FLAG_UNCOMMON: u8 = 0x20;
/// The process runs under valgrind's memcheck; comes with [`INT_FLAG_UNCOMMON`].
pub const INT_FLAG_MEMCHECK: u8 = 0x40;
/// `enter_ring_fd` is the index of a registered ring. Equals the flag `io_uring_enter(2)` wants then.
pub const INT_FLAG_REG_RING: u8 = IORING_ENTER_REGISTERED_RING as u8;
/// Waits do not count as I/O wait (`io_uring_set_iowait`). Equals the flag `io_uring_enter(2)` wants then.
pub const INT_FLAG_NO_IOWAIT: u8 = IORING_ENTER_NO_IOWAIT as u8;

static_assertions::const_assert_eq!(INT_FLAG_REG_RING, 0x10);
static_assertions::const_assert_eq!(INT_FLAG_NO_IOWAIT, 0x80);

#[cfg(target_pointer_width = "64")]
mod layout {
    use super::*;

    assert_layout!(io_uring_sq, size 104,
        khead @ 0, ktail @ 8, kring_mask @ 16, kring_entries @ 24, kflags @ 32, kdropped @ 40, array @ 48, sqes @ 56, sqe_head @ 64,
        sqe_tail @ 68, ring_sz @ 72, ring_ptr @ 80, ring_mask @ 88, ring_entries @ 92, sqes_sz @ 96, pad @ 100);
    assert_layout!(io_uring_cq, size 88,
        khead @ 0, ktail @ 8, kring_mask @ 16, kring_entries @ 24, kflags @ 32, koverflow @ 40, cqes @ 48, ring_sz @ 56,
        ring_ptr @ 64, ring_mask @ 72, ring_entries @ 76, pad @ 80);
    assert_layout!(io_uring, size 216,
        sq @ 0, cq @ 104, flags @ 192, ring_fd @ 196, features @ 200, enter_ring_fd @ 204, int_flags @ 208, pad @ 209, pad2 @ 212);
}
