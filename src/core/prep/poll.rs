// SPDX-License-Identifier: MIT
//! Waiting and not waiting any longer: polls, timeouts, cancellation, epoll.

use super::{address, request};
use crate::core::abi::*;
use libc::epoll_event;

/// A poll mask as the kernel reads it: a big-endian one keeps the 16 bits of the old interface in front.
#[inline]
fn kernel_mask(poll_mask: u32) -> u32 {
    if cfg!(target_endian = "big") {
        poll_mask.rotate_left(16)
    } else {
        poll_mask
    }
}

#[inline]
pub fn add(sqe: &mut io_uring_sqe, fd: i32, poll_mask: u32) {
    request(sqe, IORING_OP_POLL_ADD, fd, 0, 0, 0);
    sqe.op_flags = kernel_mask(poll_mask);
}

#[inline]
pub fn multishot(sqe: &mut io_uring_sqe, fd: i32, poll_mask: u32) {
    add(sqe, fd, poll_mask);
    sqe.len = IORING_POLL_ADD_MULTI;
}

#[inline]
pub fn remove(sqe: &mut io_uring_sqe, user_data: u64) {
    request(sqe, IORING_OP_POLL_REMOVE, -1, user_data, 0, 0);
}

#[inline]
pub fn update(sqe: &mut io_uring_sqe, old_user_data: u64, new_user_data: u64, poll_mask: u32, flags: u32) {
    request(sqe, IORING_OP_POLL_REMOVE, -1, old_user_data, flags, new_user_data);
    sqe.op_flags = kernel_mask(poll_mask);
}

#[inline]
pub fn timeout(sqe: &mut io_uring_sqe, ts: *const __kernel_timespec, count: u32, flags: u32) {
    request(sqe, IORING_OP_TIMEOUT, -1, address(ts), 1, u64::from(count));
    sqe.op_flags = flags;
}

#[inline]
pub fn timeout_remove(sqe: &mut io_uring_sqe, user_data: u64, flags: u32) {
    request(sqe, IORING_OP_TIMEOUT_REMOVE, -1, user_data, 0, 0);
    sqe.op_flags = flags;
}

#[inline]
pub fn timeout_update(sqe: &mut io_uring_sqe, ts: *const __kernel_timespec, user_data: u64, flags: u32) {
    request(sqe, IORING_OP_TIMEOUT_REMOVE, -1, user_data, 0, address(ts));
    sqe.op_flags = flags | IORING_TIMEOUT_UPDATE;
}

#[inline]
pub fn link_timeout(sqe: &mut io_uring_sqe, ts: *const __kernel_timespec, flags: u32) {
    request(sqe, IORING_OP_LINK_TIMEOUT, -1, address(ts), 1, 0);
    sqe.op_flags = flags;
}

#[inline]
pub fn cancel(sqe: &mut io_uring_sqe, user_data: u64, flags: i32) {
    request(sqe, IORING_OP_ASYNC_CANCEL, -1, user_data, 0, 0);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn cancel_fd(sqe: &mut io_uring_sqe, fd: i32, flags: u32) {
    request(sqe, IORING_OP_ASYNC_CANCEL, fd, 0, 0, 0);
    sqe.op_flags = flags | IORING_ASYNC_CANCEL_FD;
}

/// The descriptor to watch takes the place of the offset, without its sign.
#[inline]
pub fn epoll_ctl(sqe: &mut io_uring_sqe, epfd: i32, fd: i32, op: i32, ev: *const epoll_event) {
    request(sqe, IORING_OP_EPOLL_CTL, epfd, address(ev), op as u32, u64::from(fd as u32));
}

#[inline]
pub fn epoll_wait(sqe: &mut io_uring_sqe, fd: i32, events: *mut epoll_event, maxevents: i32, flags: u32) {
    request(sqe, IORING_OP_EPOLL_WAIT, fd, address(events), maxevents as u32, 0);
    sqe.op_flags = flags;
}

#[cfg(test)]
mod tests {
    use super::kernel_mask;

    /// `POLLIN` is 1 in memory's first byte on a little-endian machine, and in the fourth of the swapped word on a big-endian
    /// one.
    #[test]
    fn a_poll_mask_keeps_its_low_half_where_the_kernel_looks_for_it() {
        let first_half = u16::from_ne_bytes(kernel_mask(1).to_ne_bytes()[..2].try_into().unwrap());
        assert_eq!(first_half, 1);
    }
}
