// SPDX-License-Identifier: MIT
//! Messages from ring to ring.

use super::{require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::registry::{self, Handle};
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Ring, State};
use ::core::ffi::c_int;
use ::core::ptr::eq;
use ::core::sync::atomic::Ordering;

const FLAGS: u32 = IORING_MSG_RING_CQE_SKIP | IORING_MSG_RING_FLAGS_PASS;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    check(&request.sqe)
}

fn check(sqe: &io_uring_sqe) -> Result<(), Errno> {
    require(sqe.buf_index == 0 && sqe.personality == 0 && sqe.op_flags & !FLAGS == 0)
}

pub fn issue(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    if request.has(IOSQE_FIXED_FILE) {
        // A ring cannot be a registered file: whatever is there is something else.
        let index = request.sqe.fd;
        return st.resources.file(index).and(Err(Errno::BADFD)).into();
    }
    let sqe = request.sqe;
    let sent = target(sqe.fd).and_then(|target| {
        let to_itself = eq::<Ring>(ring, &*target);
        if sqe.addr == IORING_MSG_SEND_FD as u64 {
            return send_file(&sqe, st, &target, to_itself);
        }
        send_data(&sqe, &target, to_itself && st.submitting)?;
        // Timeouts of this ring that count completions count this one; another ring's lock is not ours to take.
        st.timers.posted += to_itself as u64;
        Ok(())
    });
    sent.map(|()| 0).into()
}

/// The ring that a message goes to.
fn target(fd: c_int) -> Result<Handle, Errno> {
    match registry::find(fd) {
        Some(target) => Ok(target),
        // Open, and no ring of ours; or not open.
        None => sys::fd_flags(fd).and(Err(Errno::BADFD)),
    }
}

/// Posts the completion that a message asks for. Only the target's CQ lock is taken, so that two rings may send to each other at once.
fn send_data(sqe: &io_uring_sqe, target: &Ring, to_itself: bool) -> Result<(), Errno> {
    require(sqe.addr == IORING_MSG_DATA as u64)?;
    let pass_flags = sqe.op_flags & IORING_MSG_RING_FLAGS_PASS != 0;
    require(sqe.addr3 == 0 && sqe.op_flags & IORING_MSG_RING_CQE_SKIP == 0)?;
    require(pass_flags || sqe.file_index == 0)?;
    if target.disabled.load(Ordering::Acquire) {
        return Err(Errno::BADFD);
    }
    let flags = if pass_flags { sqe.file_index } else { 0 };
    target.post(sqe.off, sqe.len as i32, flags, to_itself);
    Ok(())
}

/// Direct descriptors do not travel: no ring has a place for one.
fn send_file(sqe: &io_uring_sqe, st: &State, target: &Ring, to_itself: bool) -> Result<(), Errno> {
    require(sqe.len == 0 && !to_itself)?;
    if target.disabled.load(Ordering::Acquire) {
        return Err(Errno::BADFD);
    }
    let source = c_int::try_from(sqe.addr3).map_err(|_| Errno::BADF)?;
    st.resources.file(source).and(Err(Errno::NXIO))
}

/// `IORING_REGISTER_SEND_MSG_RING`: a message from no ring, which is data.
pub fn send_now(sqe: &io_uring_sqe) -> Result<(), Errno> {
    require(sqe.flags == 0 && sqe.opcode == IORING_OP_MSG_RING)?;
    check(sqe)?;
    require(sqe.addr == IORING_MSG_DATA as u64)?;
    send_data(sqe, &*target(sqe.fd)?, false)
}
