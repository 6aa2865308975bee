// SPDX-License-Identifier: MIT
//! The completion queue entry.

use super::assert_layout;

/// A completion queue entry (CQE), 16 bytes; a 32-byte CQE has two more 64-bit words behind it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct io_uring_cqe {
    /// The submission's `user_data`.
    pub user_data: u64,
    /// Result of the operation, or a negative errno.
    pub res: i32,
    /// `IORING_CQE_F_*`; a provided buffer's number in the upper half.
    pub flags: u32,
}

assert_layout!(io_uring_cqe, size 16, user_data @ 0, res @ 8, flags @ 12);

/// Where `io_uring_cqe_iter_next` stands in a completion queue.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct io_uring_cqe_iter {
    /// The ring's CQE array.
    pub cqes: *mut io_uring_cqe,
    /// Entries minus one.
    pub mask: u32,
    /// 1 where every CQE takes two slots, else 0.
    pub shift: u32,
    /// Next entry to hand out.
    pub head: u32,
    /// First entry the kernel had not posted when the iterator was made.
    pub tail: u32,
}

#[cfg(target_pointer_width = "64")]
assert_layout!(io_uring_cqe_iter, size 24, cqes @ 0, mask @ 8, shift @ 12, head @ 16, tail @ 20);
