// SPDX-License-Identifier: MIT
//! Operations on the ring itself, and on epoll descriptors.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::engine::cancel::{self, Target};
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Completion, Ring, State};

/// `nop_flags` that are kept; those about files, buffers and task work need what part of the kernel they exercise.
const NOP_FLAGS: u32 = IORING_NOP_INJECT_RESULT;

pub fn prepare_nop(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.op_flags & !NOP_FLAGS == 0)
}

pub fn nop(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let inject = request.sqe.op_flags & IORING_NOP_INJECT_RESULT != 0;
    let res = if inject { request.sqe.len as i32 } else { 0 };
    Outcome::Done(Completion { res, flags: 0, failed: res < 0 })
}

fn target(sqe: &io_uring_sqe) -> Target {
    Target { flags: sqe.op_flags, user_data: sqe.addr, fd: sqe.fd, opcode: sqe.len as u8 }
}

pub fn prepare_cancel(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0 && request.sqe.file_index == 0)?;
    target(&request.sqe).check()
}

pub fn cancel(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let target = target(&request.sqe);
    cancel::cancel(ring, st, &target, true).into()
}

pub fn prepare_epoll_ctl(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.buf_index == 0 && request.sqe.file_index == 0)
}

pub fn epoll_ctl(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    let args = [sqe.fd as usize, sqe.len as usize, sqe.off as i32 as usize, sqe.addr as usize, 0, 0];
    // SAFETY: the kernel checks the pointer.
    unsafe { call(libc::SYS_epoll_ctl, args) }.into()
}
