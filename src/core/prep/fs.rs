// SPDX-License-Identifier: MIT
//! Files and directories: opening, closing, allocating, names and attributes.

use super::{address, request, set_slot, set_slot_or_alloc};
use crate::core::abi::*;
use ::core::ffi::{c_char, c_int, c_void};
use ::core::mem::size_of;
use libc::{loff_t, mode_t, off_t, open_how};

#[inline]
pub fn openat(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, flags: i32, mode: mode_t) {
    request(sqe, IORING_OP_OPENAT, dfd, address(path), mode, 0);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn openat_direct(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, flags: i32, mode: mode_t, file_index: u32) {
    openat(sqe, dfd, path, flags, mode);
    set_slot_or_alloc(sqe, file_index);
}

#[inline]
pub fn openat2(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, how: *const open_how) {
    request(sqe, IORING_OP_OPENAT2, dfd, address(path), size_of::<open_how>() as u32, address(how));
}

#[inline]
pub fn openat2_direct(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, how: *const open_how, file_index: u32) {
    openat2(sqe, dfd, path, how);
    set_slot_or_alloc(sqe, file_index);
}

#[inline]
pub fn close(sqe: &mut io_uring_sqe, fd: i32) {
    request(sqe, IORING_OP_CLOSE, fd, 0, 0, 0);
}

/// There is nothing to allocate here: a slot of all ones becomes "no slot", so the request closes descriptor 0.
#[inline]
pub fn close_direct(sqe: &mut io_uring_sqe, file_index: u32) {
    close(sqe, 0);
    set_slot(sqe, file_index);
}

#[inline]
pub fn pipe(sqe: &mut io_uring_sqe, fds: *mut c_int, pipe_flags: i32) {
    request(sqe, IORING_OP_PIPE, 0, address(fds), 0, 0);
    sqe.op_flags = pipe_flags as u32;
}

#[inline]
pub fn pipe_direct(sqe: &mut io_uring_sqe, fds: *mut c_int, pipe_flags: i32, file_index: u32) {
    pipe(sqe, fds, pipe_flags);
    set_slot_or_alloc(sqe, file_index);
}

#[inline]
pub fn fsync(sqe: &mut io_uring_sqe, fd: i32, fsync_flags: u32) {
    request(sqe, IORING_OP_FSYNC, fd, 0, 0, 0);
    sqe.op_flags = fsync_flags;
}

#[inline]
pub fn sync_file_range(sqe: &mut io_uring_sqe, fd: i32, len: u32, offset: u64, flags: i32) {
    request(sqe, IORING_OP_SYNC_FILE_RANGE, fd, 0, len, offset);
    sqe.op_flags = flags as u32;
}

/// The length takes the place of the address, the mode that of the length.
#[inline]
pub fn fallocate(sqe: &mut io_uring_sqe, fd: i32, mode: i32, offset: u64, len: u64) {
    request(sqe, IORING_OP_FALLOCATE, fd, len, mode as u32, offset);
}

#[inline]
pub fn ftruncate(sqe: &mut io_uring_sqe, fd: i32, len: loff_t) {
    request(sqe, IORING_OP_FTRUNCATE, fd, 0, 0, len as u64);
}

#[inline]
pub fn fadvise(sqe: &mut io_uring_sqe, fd: i32, offset: u64, len: u32, advice: i32) {
    request(sqe, IORING_OP_FADVISE, fd, 0, len, offset);
    sqe.op_flags = advice as u32;
}

/// A 64-bit length goes where the address would be; the kernel looks there when the 32-bit one is 0.
#[inline]
pub fn fadvise64(sqe: &mut io_uring_sqe, fd: i32, offset: u64, len: off_t, advice: i32) {
    request(sqe, IORING_OP_FADVISE, fd, len as u64, 0, offset);
    sqe.op_flags = advice as u32;
}

#[inline]
pub fn madvise(sqe: &mut io_uring_sqe, addr: *mut c_void, length: u32, advice: i32) {
    request(sqe, IORING_OP_MADVISE, -1, address(addr), length, 0);
    sqe.op_flags = advice as u32;
}

/// A 64-bit length goes where the offset would be.
#[inline]
pub fn madvise64(sqe: &mut io_uring_sqe, addr: *mut c_void, length: off_t, advice: i32) {
    request(sqe, IORING_OP_MADVISE, -1, address(addr), 0, length as u64);
    sqe.op_flags = advice as u32;
}

#[inline]
pub fn statx(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, flags: i32, mask: u32, statxbuf: *mut c_void) {
    request(sqe, IORING_OP_STATX, dfd, address(path), mask, address(statxbuf));
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn mkdirat(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, mode: mode_t) {
    request(sqe, IORING_OP_MKDIRAT, dfd, address(path), mode, 0);
}

#[inline]
pub fn unlinkat(sqe: &mut io_uring_sqe, dfd: i32, path: *const c_char, flags: i32) {
    request(sqe, IORING_OP_UNLINKAT, dfd, address(path), 0, 0);
    sqe.op_flags = flags as u32;
}

/// The second directory takes the place of the length.
#[inline]
pub fn renameat(sqe: &mut io_uring_sqe, olddfd: i32, oldpath: *const c_char, newdfd: i32, newpath: *const c_char, flags: u32) {
    request(sqe, IORING_OP_RENAMEAT, olddfd, address(oldpath), newdfd as u32, address(newpath));
    sqe.op_flags = flags;
}

/// The second directory takes the place of the length.
#[inline]
pub fn linkat(sqe: &mut io_uring_sqe, olddfd: i32, oldpath: *const c_char, newdfd: i32, newpath: *const c_char, flags: i32) {
    request(sqe, IORING_OP_LINKAT, olddfd, address(oldpath), newdfd as u32, address(newpath));
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn symlinkat(sqe: &mut io_uring_sqe, target: *const c_char, newdirfd: i32, linkpath: *const c_char) {
    request(sqe, IORING_OP_SYMLINKAT, newdirfd, address(target), 0, address(linkpath));
}

#[inline]
pub fn getxattr(sqe: &mut io_uring_sqe, name: *const c_char, value: *mut c_char, path: *const c_char, len: u32) {
    request(sqe, IORING_OP_GETXATTR, 0, address(name), len, address(value));
    sqe.addr3 = address(path);
    sqe.op_flags = 0;
}

#[inline]
pub fn setxattr(sqe: &mut io_uring_sqe, name: *const c_char, value: *const c_char, path: *const c_char, flags: i32, len: u32) {
    request(sqe, IORING_OP_SETXATTR, 0, address(name), len, address(value));
    sqe.addr3 = address(path);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn fgetxattr(sqe: &mut io_uring_sqe, fd: i32, name: *const c_char, value: *mut c_char, len: u32) {
    request(sqe, IORING_OP_FGETXATTR, fd, address(name), len, address(value));
    sqe.op_flags = 0;
}

#[inline]
pub fn fsetxattr(sqe: &mut io_uring_sqe, fd: i32, name: *const c_char, value: *const c_char, flags: i32, len: u32) {
    request(sqe, IORING_OP_FSETXATTR, fd, address(name), len, address(value));
    sqe.op_flags = flags as u32;
}
