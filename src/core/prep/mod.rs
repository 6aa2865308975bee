// SPDX-License-Identifier: MIT
//! Filling SQEs. A function writes the fields that its request uses and leaves every other byte as it was: `io_uring_get_sqe`
//! has cleared them, and what a program set before (`user_data`, a flag) has to survive.

pub mod fs;
pub mod misc;
pub mod net;
pub mod poll;
pub mod rw;

use super::abi::{io_uring_sqe, IORING_FILE_INDEX_ALLOC};

/// What every request starts from: operation, file, address, length and offset.
#[inline]
pub fn request(sqe: &mut io_uring_sqe, op: u8, fd: i32, addr: u64, len: u32, off: u64) {
    sqe.opcode = op;
    sqe.fd = fd;
    sqe.off = off;
    sqe.addr = addr;
    sqe.len = len;
}

/// A pointer as the kernel reads it from an SQE: 64 bits on every architecture.
#[inline]
pub fn address<T>(pointer: *const T) -> u64 {
    pointer as usize as u64
}

/// A signed number in a 64-bit place, as C converts it: with its sign.
#[inline]
fn widened(number: i32) -> u64 {
    i64::from(number) as u64
}

/// Names the slot of the file table that the new file goes to. The kernel counts slots from 1 there, since 0 asks for a
/// descriptor; a slot of all ones wraps to 0, as it does in C.
#[inline]
fn set_slot(sqe: &mut io_uring_sqe, slot: u32) {
    sqe.file_index = slot.wrapping_add(1);
}

/// Like [`set_slot`], but `IORING_FILE_INDEX_ALLOC` lets the kernel choose one.
#[inline]
fn set_slot_or_alloc(sqe: &mut io_uring_sqe, slot: u32) {
    sqe.file_index = if slot == IORING_FILE_INDEX_ALLOC { slot } else { slot + 1 };
}

/// Clears what the preparation functions count on being clear: everything they do not write themselves, except `user_data`.
#[inline]
pub fn initialize(sqe: &mut io_uring_sqe) {
    sqe.flags = 0;
    sqe.ioprio = 0;
    sqe.op_flags = 0;
    sqe.buf_index = 0;
    sqe.personality = 0;
    sqe.file_index = 0;
    sqe.addr3 = 0;
    sqe.pad2 = 0;
}
