// SPDX-License-Identifier: MIT
//! Requests that act on rings, tables, buffers, futexes, processes and drivers.

use super::{address, request, set_slot_or_alloc, widened};
use crate::core::abi::*;
use ::core::ffi::{c_int, c_void};
use ::core::mem::size_of;
use libc::siginfo_t;

#[inline]
pub fn nop(sqe: &mut io_uring_sqe, op: u8) {
    request(sqe, op, -1, 0, 0, 0);
}

#[inline]
pub fn files_update(sqe: &mut io_uring_sqe, fds: *mut c_int, nr_fds: u32, offset: i32) {
    request(sqe, IORING_OP_FILES_UPDATE, -1, address(fds), nr_fds, widened(offset));
}

/// Sets `flags`, rather than adding to them: `fd` is a slot of the file table by nature.
#[inline]
pub fn fixed_fd_install(sqe: &mut io_uring_sqe, fd: i32, flags: u32) {
    request(sqe, IORING_OP_FIXED_FD_INSTALL, fd, 0, 0, 0);
    sqe.flags = IOSQE_FIXED_FILE;
    sqe.op_flags = flags;
}

#[inline]
pub fn msg_ring(sqe: &mut io_uring_sqe, fd: i32, len: u32, data: u64, flags: u32) {
    request(sqe, IORING_OP_MSG_RING, fd, u64::from(IORING_MSG_DATA), len, data);
    sqe.op_flags = flags;
}

#[inline]
pub fn msg_ring_cqe_flags(sqe: &mut io_uring_sqe, fd: i32, len: u32, data: u64, flags: u32, cqe_flags: u32) {
    msg_ring(sqe, fd, len, data, flags | IORING_MSG_RING_FLAGS_PASS);
    sqe.file_index = cqe_flags;
}

#[inline]
pub fn msg_ring_fd(sqe: &mut io_uring_sqe, fd: i32, source_fd: i32, target_fd: i32, data: u64, flags: u32) {
    request(sqe, IORING_OP_MSG_RING, fd, u64::from(IORING_MSG_SEND_FD), 0, data);
    sqe.addr3 = widened(source_fd);
    set_slot_or_alloc(sqe, target_fd as u32);
    sqe.op_flags = flags;
}

/// The number of buffers takes the place of the descriptor, the first buffer's number that of the offset.
#[inline]
pub fn provide_buffers(sqe: &mut io_uring_sqe, addr: *mut c_void, len: i32, nr: i32, bgid: i32, bid: i32) {
    request(sqe, IORING_OP_PROVIDE_BUFFERS, nr, address(addr), len as u32, widened(bid));
    sqe.buf_index = bgid as u16;
}

#[inline]
pub fn remove_buffers(sqe: &mut io_uring_sqe, nr: i32, bgid: i32) {
    request(sqe, IORING_OP_REMOVE_BUFFERS, nr, 0, 0, 0);
    sqe.buf_index = bgid as u16;
}

/// Waiting on one futex and waking it: the futex's own flags take the place of the descriptor.
#[inline]
pub fn futex(sqe: &mut io_uring_sqe, op: u8, futex: *const u32, val: u64, mask: u64, futex_flags: u32, flags: u32) {
    request(sqe, op, futex_flags as i32, address(futex), 0, val);
    sqe.op_flags = flags;
    sqe.addr3 = mask;
}

#[inline]
pub fn futex_waitv(sqe: &mut io_uring_sqe, futexes: *const c_void, nr_futex: u32, flags: u32) {
    request(sqe, IORING_OP_FUTEX_WAITV, 0, address(futexes), nr_futex, 0);
    sqe.op_flags = flags;
}

#[inline]
pub fn waitid(sqe: &mut io_uring_sqe, idtype: u32, id: u32, infop: *mut siginfo_t, options: i32, flags: u32) {
    request(sqe, IORING_OP_WAITID, id as i32, 0, idtype, address(infop));
    sqe.op_flags = flags;
    sqe.file_index = options as u32;
}

/// Clears the padding behind `cmd_op`, as the kernel demands it.
#[inline]
pub fn uring_cmd(sqe: &mut io_uring_sqe, op: u8, cmd_op: u32, fd: i32) {
    request(sqe, op, fd, 0, 0, 0);
    sqe.set_cmd_op(cmd_op);
}

#[inline]
pub fn cmd_discard(sqe: &mut io_uring_sqe, fd: i32, offset: u64, nbytes: u64) {
    uring_cmd(sqe, IORING_OP_URING_CMD, BLOCK_URING_CMD_DISCARD, fd);
    sqe.addr = offset;
    sqe.addr3 = nbytes;
}

/// True when the kernel that filled the probe knows `op`. Numbers it has never heard of, negative ones too, are unknown.
///
/// # Safety
/// `probe` is followed by its entries, one for each opcode up to `last_op`.
#[inline]
pub unsafe fn opcode_supported(probe: *const io_uring_probe, op: c_int) -> bool {
    // SAFETY: the caller's promise.
    let last_op = unsafe { (*probe).last_op };
    let Ok(op) = u8::try_from(op) else { return false };
    if op > last_op {
        return false;
    }
    // SAFETY: the entries begin behind the head, and `op` is within them.
    let flags = unsafe {
        let entries = probe.cast::<u8>().add(size_of::<io_uring_probe>()).cast::<io_uring_probe_op>();
        (*entries.add(usize::from(op))).flags
    };
    flags & IO_URING_OP_SUPPORTED != 0
}
