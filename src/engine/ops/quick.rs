// SPDX-License-Identifier: MIT
//! What can be done with an SQE before it becomes a request: most reads, sends and the like end at the first try, and then nothing has to
//! be remembered. Here are SQEs without anything special about them; every other way leads through a request, with its full checks.

use super::{cached, misc, net, rw, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::ring::{Completion, State};
use ::core::ffi::c_int;

/// Flags of an SQE that has nothing before it and nothing behind it.
const PLAIN: u8 = IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;

/// True where an SQE stands alone, as far as its flags say.
pub fn is_plain(sqe: &io_uring_sqe) -> bool {
    sqe.flags & !PLAIN == 0 && sqe.personality == 0 && sqe.ioprio == 0
}

/// True for a request to do nothing, and nothing else.
pub fn is_nop(sqe: &io_uring_sqe) -> bool {
    sqe.opcode == IORING_OP_NOP && sqe.op_flags == 0
}

/// The first try of an SQE that [`is_plain`]. None where it was not tried: what it asks for is not this simple. What has not ended well is
/// to become a request, which is checked as any other, and then goes on from the outcome given here. `first_try` is what [`rw::read_cached`] has
/// answered for it, if it was asked.
pub fn attempt(st: &mut State, sqe: &io_uring_sqe, first_try: Option<Result<i32, Errno>>) -> Option<Outcome> {
    match sqe.opcode {
        IORING_OP_READ | IORING_OP_WRITE if sqe.op_flags == 0 && sqe.pad2 == 0 => {
            let fd = file(st, sqe)?;
            Some(rw::attempt_at(st, sqe, fd, first_try))
        }
        // Where it was tried, its buffer was found good.
        IORING_OP_READ_FIXED if first_try.is_some() => {
            let fd = file(st, sqe)?;
            Some(rw::attempt_at(st, sqe, fd, first_try))
        }
        IORING_OP_RECV
            if sqe.len <= i32::MAX as u32 && sqe.off == 0 && sqe.file_index == 0 && sqe.op_flags & net::WAITALL == 0 =>
        {
            let fd = file(st, sqe)?;
            Some(net::recv_once(sqe, fd))
        }
        IORING_OP_SEND
            if sqe.len <= i32::MAX as u32 && sqe.off == 0 && sqe.file_index == 0 && sqe.op_flags & net::WAITALL == 0 =>
        {
            let fd = file(st, sqe)?;
            Some(net::send_once(sqe, fd))
        }
        _ if sqe.flags & IOSQE_FIXED_FILE != 0 => None,
        IORING_OP_OPENAT if sqe.buf_index == 0 && sqe.file_index == 0 => cached::open(sqe),
        IORING_OP_STATX if sqe.buf_index == 0 && sqe.file_index == 0 => cached::statx(sqe),
        IORING_OP_CLOSE if sqe.file_index == 0 => close(sqe),
        _ => None,
    }
}

/// The descriptor that the SQE works on.
fn file(st: &State, sqe: &io_uring_sqe) -> Option<c_int> {
    if sqe.flags & IOSQE_FIXED_FILE == 0 {
        return Some(sqe.fd);
    }
    st.resources.file(sqe.fd).ok()
}

fn close(sqe: &io_uring_sqe) -> Option<Outcome> {
    let plain = sqe.off == 0 && sqe.addr == 0 && sqe.len == 0 && sqe.op_flags == 0 && sqe.buf_index == 0;
    if !plain || misc::is_ring(sqe.fd) {
        return None;
    }
    Some(sys::close(sqe.fd).map(|()| 0).into())
}

/// A completion that ends its request well.
pub fn ended_well(tried: Option<Outcome>) -> Option<Completion> {
    match tried {
        Some(Outcome::Done(completion)) if !completion.failed && completion.res >= 0 => Some(completion),
        _ => None,
    }
}
