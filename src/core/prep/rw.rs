// SPDX-License-Identifier: MIT
//! Reading, writing, and moving bytes between files.

use super::{address, request};
use crate::core::abi::*;
use ::core::ffi::c_void;
use libc::iovec;

#[inline]
pub fn read(sqe: &mut io_uring_sqe, fd: i32, buf: *mut c_void, nbytes: u32, offset: u64) {
    request(sqe, IORING_OP_READ, fd, address(buf), nbytes, offset);
}

#[inline]
pub fn write(sqe: &mut io_uring_sqe, fd: i32, buf: *const c_void, nbytes: u32, offset: u64) {
    request(sqe, IORING_OP_WRITE, fd, address(buf), nbytes, offset);
}

#[inline]
pub fn readv(sqe: &mut io_uring_sqe, fd: i32, iovecs: *const iovec, nr_vecs: u32, offset: u64) {
    request(sqe, IORING_OP_READV, fd, address(iovecs), nr_vecs, offset);
}

#[inline]
pub fn writev(sqe: &mut io_uring_sqe, fd: i32, iovecs: *const iovec, nr_vecs: u32, offset: u64) {
    request(sqe, IORING_OP_WRITEV, fd, address(iovecs), nr_vecs, offset);
}

#[inline]
pub fn readv2(sqe: &mut io_uring_sqe, fd: i32, iovecs: *const iovec, nr_vecs: u32, offset: u64, flags: i32) {
    readv(sqe, fd, iovecs, nr_vecs, offset);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn writev2(sqe: &mut io_uring_sqe, fd: i32, iovecs: *const iovec, nr_vecs: u32, offset: u64, flags: i32) {
    writev(sqe, fd, iovecs, nr_vecs, offset);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn read_fixed(sqe: &mut io_uring_sqe, fd: i32, buf: *mut c_void, nbytes: u32, offset: u64, buf_index: i32) {
    request(sqe, IORING_OP_READ_FIXED, fd, address(buf), nbytes, offset);
    sqe.buf_index = buf_index as u16;
}

#[inline]
pub fn write_fixed(sqe: &mut io_uring_sqe, fd: i32, buf: *const c_void, nbytes: u32, offset: u64, buf_index: i32) {
    request(sqe, IORING_OP_WRITE_FIXED, fd, address(buf), nbytes, offset);
    sqe.buf_index = buf_index as u16;
}

#[inline]
pub fn readv_fixed(sqe: &mut io_uring_sqe, fd: i32, iovecs: *const iovec, nr_vecs: u32, offset: u64, flags: i32, buf_index: i32) {
    request(sqe, IORING_OP_READV_FIXED, fd, address(iovecs), nr_vecs, offset);
    sqe.op_flags = flags as u32;
    sqe.buf_index = buf_index as u16;
}

#[inline]
pub fn writev_fixed(
    sqe: &mut io_uring_sqe,
    fd: i32,
    iovecs: *const iovec,
    nr_vecs: u32,
    offset: u64,
    flags: i32,
    buf_index: i32,
) {
    request(sqe, IORING_OP_WRITEV_FIXED, fd, address(iovecs), nr_vecs, offset);
    sqe.op_flags = flags as u32;
    sqe.buf_index = buf_index as u16;
}

/// Sets `flags`, rather than adding to them: a multishot read always takes its buffers from a group.
#[inline]
pub fn read_multishot(sqe: &mut io_uring_sqe, fd: i32, nbytes: u32, offset: u64, buf_group: i32) {
    request(sqe, IORING_OP_READ_MULTISHOT, fd, 0, nbytes, offset);
    sqe.buf_index = buf_group as u16;
    sqe.flags = IOSQE_BUFFER_SELECT;
}

#[inline]
pub fn splice(sqe: &mut io_uring_sqe, fd_in: i32, off_in: i64, fd_out: i32, off_out: i64, nbytes: u32, splice_flags: u32) {
    request(sqe, IORING_OP_SPLICE, fd_out, off_in as u64, nbytes, off_out as u64);
    sqe.file_index = fd_in as u32;
    sqe.op_flags = splice_flags;
}

#[inline]
pub fn tee(sqe: &mut io_uring_sqe, fd_in: i32, fd_out: i32, nbytes: u32, splice_flags: u32) {
    request(sqe, IORING_OP_TEE, fd_out, 0, nbytes, 0);
    sqe.file_index = fd_in as u32;
    sqe.op_flags = splice_flags;
}
