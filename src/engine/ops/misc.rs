// SPDX-License-Identifier: MIT
//! Operations on the ring itself, on epoll descriptors, and pipes.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::cancel::{self, Target};
use crate::engine::cq::Extra;
use crate::engine::registry;
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Completion, Ring, State};
use ::core::ffi::c_int;
use ::core::mem::size_of;

/// True for a ring's own descriptor: what it is made of is not the program's business.
pub fn is_ring(fd: c_int) -> bool {
    registry::get(fd, false).is_some_and(|ring| ring.is_behind(fd))
}

/// `nop_flags` that are kept. `IORING_NOP_TW` asks for a way through the kernel that no completion tells of.
const NOP_FLAGS: u32 = IORING_NOP_INJECT_RESULT
    | IORING_NOP_FILE
    | IORING_NOP_FIXED_FILE
    | IORING_NOP_FIXED_BUFFER
    | IORING_NOP_TW
    | IORING_NOP_CQE32;

/// True for a request to do nothing whose completion is to be a large one.
pub fn is_large(sqe: &io_uring_sqe) -> bool {
    sqe.opcode == IORING_OP_NOP && sqe.op_flags & IORING_NOP_CQE32 != 0
}

/// What such a completion brings along, where the request had its turn.
pub fn extra(request: &Request) -> Option<Extra> {
    let sqe = &request.sqe;
    let done = request.stage != Stage::Waiting && is_large(sqe);
    done.then_some([sqe.off, sqe.addr])
}

pub fn prepare_nop(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.op_flags & !NOP_FLAGS == 0)
}

pub fn nop(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    if sqe.op_flags == 0 {
        return Outcome::Done(Completion { res: 0, flags: 0, failed: false });
    }
    let (flags, fd, buffer) = (sqe.op_flags, sqe.fd, sqe.buf_index);
    let mut res = if flags & IORING_NOP_INJECT_RESULT != 0 { sqe.len as i32 } else { 0 };
    if flags & IORING_NOP_FILE != 0 {
        // A place in the table by its own flag or by the SQE's.
        let fixed = flags & IORING_NOP_FIXED_FILE != 0 || sqe.flags & IOSQE_FIXED_FILE != 0;
        let found = if fixed { st.resources.file(fd).is_ok() } else { sys::fd_flags(fd).is_ok() };
        if !found {
            return Err(Errno::BADF).into();
        }
    }
    if flags & IORING_NOP_FIXED_BUFFER != 0 && st.resources.buffer(buffer).is_err() {
        res = Errno::FAULT.to_c();
    }
    Outcome::Done(Completion { res, flags: 0, failed: res < 0 })
}

fn target(sqe: &io_uring_sqe) -> Target {
    // A descriptor is a fixed file's place by its own flag or by the SQE's.
    let fixed = if sqe.flags & IOSQE_FIXED_FILE != 0 { IORING_ASYNC_CANCEL_FD_FIXED } else { 0 };
    Target { flags: sqe.op_flags | fixed, user_data: sqe.addr, fd: sqe.fd, opcode: sqe.len as u8 }
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
    let sqe = &request.sqe;
    require(sqe.buf_index == 0 && sqe.file_index == 0)?;
    if sqe.len != libc::EPOLL_CTL_DEL as u32 {
        request.sqe.addr = request.keep_bytes(request.sqe.addr, size_of::<libc::epoll_event>())?;
    }
    Ok(())
}

pub fn epoll_ctl(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    if is_ring(sqe.fd) {
        return Err(Errno::INVAL).into();
    }
    let args = [sqe.fd as usize, sqe.len as usize, sqe.off as i32 as usize, sqe.addr as usize, 0, 0];
    // SAFETY: the event is our copy.
    unsafe { call(libc::SYS_epoll_ctl, args) }.into()
}

pub fn prepare_epoll_wait(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.off == 0 && sqe.op_flags == 0 && sqe.buf_index == 0 && sqe.file_index == 0)
}

pub fn epoll_wait(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    // By whatever number: a ring's descriptor is an epoll of ours.
    if registry::find(request.fd).is_some() {
        return Err(Errno::INVAL).into();
    }
    let args = [request.fd as usize, request.sqe.addr as usize, request.sqe.len as usize, 0, 0, sys::SIGSET_SIZE];
    // SAFETY: the kernel checks the pointer; no timeout, no mask.
    match unsafe { call(libc::SYS_epoll_pwait, args) } {
        Ok(0) => Outcome::Arm(libc::EPOLLIN as u32),
        result => result.into(),
    }
}

/// `pipe2(2)`'s flags as the request has them.
const PIPE_FLAGS: u32 = (libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_DIRECT | libc::O_EXCL) as u32;

pub fn prepare_pipe(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.fd == 0 && sqe.off == 0 && sqe.addr3 == 0)?;
    require(sqe.op_flags & !PIPE_FLAGS == 0)
}

pub fn pipe(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    if sqe.file_index != 0 {
        // Direct descriptors have no such mark, and no table to go to.
        let marked = sqe.op_flags & libc::O_CLOEXEC as u32 != 0;
        return Err(if marked { Errno::INVAL } else { Errno::NXIO }).into();
    }
    // SAFETY: the kernel checks the pointer.
    unsafe { call(libc::SYS_pipe2, [sqe.addr as usize, sqe.op_flags as usize, 0, 0, 0, 0]) }.into()
}
