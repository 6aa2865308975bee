// SPDX-License-Identifier: MIT
//! Timeouts, alone and in links.

use super::{require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::cancel;
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Completion, Ring, State};
use crate::engine::timers::{timespec_ns, TimerKey};
use ::core::mem::size_of;

const FLAGS: u32 = IORING_TIMEOUT_ABS | IORING_TIMEOUT_CLOCK_MASK | IORING_TIMEOUT_ETIME_SUCCESS | IORING_TIMEOUT_MULTISHOT;

/// The time that an SQE's address names, read now: the program may reuse its timespec after the submission.
fn read_ns(address: u64) -> Result<u64, Errno> {
    let mut ts = __kernel_timespec::default();
    // SAFETY: one structure; the address may be bad.
    unsafe { sys::copy_from_program((&raw mut ts).cast(), address, size_of::<__kernel_timespec>()) }?;
    timespec_ns(&ts).ok_or(Errno::INVAL)
}

/// At most one clock is named.
fn one_clock(flags: u32) -> bool {
    flags & IORING_TIMEOUT_CLOCK_MASK != IORING_TIMEOUT_CLOCK_MASK
}

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    let flags = sqe.op_flags;
    require(sqe.buf_index == 0 && sqe.len == 1 && sqe.file_index == 0 && sqe.addr3 == 0 && sqe.pad2 == 0)?;
    require(flags & !FLAGS == 0 && one_clock(flags))?;
    require(flags & IORING_TIMEOUT_MULTISHOT == 0 || flags & IORING_TIMEOUT_ABS == 0)?;
    request.count = sqe.off as u32;
    request.ns = read_ns(sqe.addr)?;
    Ok(())
}

pub fn prepare_link(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0)?;
    prepare(request)
}

pub fn issue(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    request.stage = Stage::Timed;
    let (ns, flags, count) = (request.ns, request.sqe.op_flags, request.count);
    if count != 0 && flags & IORING_TIMEOUT_MULTISHOT == 0 {
        let target = st.timers.posted + count as u64;
        st.timers.counted.push((target, id));
    }
    let key = st.timers.add(id, ns, flags);
    if let Some(request) = st.requests.get(id) {
        request.timer = Some(key);
    }
    Outcome::Parked
}

/// A linked timeout never gets here by itself: whatever it guards has taken it along.
pub fn issue_link(_: &Ring, _: &mut State, _: ReqId) -> Outcome {
    Err(Errno::INVAL).into()
}

/// Starts the time of a linked timeout.
pub fn start(st: &mut State, id: ReqId) -> Result<(), Completion> {
    let Some(request) = st.requests.get(id) else { return Ok(()) };
    let (ns, flags) = (request.ns, request.sqe.op_flags);
    let key = st.timers.add(id, ns, flags);
    if let Some(request) = st.requests.get(id) {
        request.timer = Some(key);
    }
    Ok(())
}

/// Its time has come; the timers have let go of it.
pub fn fire(ring: &Ring, st: &mut State, id: ReqId, key: TimerKey) {
    let Some(request) = st.requests.get(id) else { return };
    request.timer = None;
    let looks_again = match request.sqe.opcode {
        IORING_OP_WAITID => Some(super::wait::issue(ring, st, id)),
        IORING_OP_CONNECT => Some(super::net::connect(ring, st, id)),
        _ => None,
    };
    if let Some(outcome) = looks_again {
        return ring.settle(st, id, outcome, false);
    }
    let Some(request) = st.requests.get(id) else { return };
    if let Some(guarded) = request.guarded {
        return fire_guard(ring, st, id, guarded);
    }
    let flags = request.sqe.op_flags;
    if flags & IORING_TIMEOUT_MULTISHOT != 0 && request.count != 1 {
        request.count = request.count.saturating_sub(1);
        let ns = request.ns;
        if ring.post_more(st, id, Errno::TIME.to_c()) {
            let key = st.timers.repeat(id, key, ns);
            if let Some(request) = st.requests.get(id) {
                request.timer = Some(key);
            }
            return;
        }
    }
    st.timers.counted.retain(|(_, counted)| *counted != id);
    let failed = flags & IORING_TIMEOUT_ETIME_SUCCESS == 0;
    ring.complete(st, id, Completion { res: Errno::TIME.to_c(), flags: 0, failed }, false);
}

/// A linked timeout cancels what it guards, and says whether that worked. That its time has come is no failure of its own: it keeps to its
/// wish for silence.
fn fire_guard(ring: &Ring, st: &mut State, id: ReqId, guarded: ReqId) {
    let mut counted = false;
    if let Some(request) = st.requests.get(guarded) {
        request.guard = None;
        counted = cancel::is_counted(request.sqe.opcode);
    }
    let res = match cancel::one(ring, st, guarded, false) {
        Ok(()) if counted => 1,
        Ok(()) => Errno::TIME.to_c(),
        Err(e) => e.to_c(),
    };
    ring.complete(st, id, Completion { res, flags: 0, failed: false }, false);
}

pub fn prepare_remove(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.flags & IOSQE_FIXED_FILE == 0)?;
    let flags = sqe.op_flags;
    require(sqe.buf_index == 0 && sqe.len == 0 && sqe.file_index == 0 && sqe.addr3 == 0 && sqe.pad2 == 0)?;
    if flags & IORING_TIMEOUT_UPDATE_MASK == 0 {
        return require(flags == 0);
    }
    require(flags & !(IORING_TIMEOUT_UPDATE_MASK | IORING_TIMEOUT_ABS) == 0)?;
    request.ns = read_ns(sqe.off)?;
    Ok(())
}

pub fn remove(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (sqe, ns) = (request.sqe, request.ns);
    // The flag for guards goes with the one for updates; without it this is a removal like any other.
    let update = sqe.op_flags & IORING_TIMEOUT_UPDATE != 0;
    let guards = update && sqe.op_flags & IORING_LINK_TIMEOUT_UPDATE != 0;
    let wanted = if guards { IORING_OP_LINK_TIMEOUT } else { IORING_OP_TIMEOUT };
    let is_pending = |request: &Request| request.sqe.opcode == wanted && request.timer.is_some();
    let timeouts = st.requests.named(sqe.addr).filter(|(_, request)| is_pending(request));
    let Some(timeout) = timeouts.map(|(id, _)| id).min() else { return Err(Errno::NOENT).into() };
    if !update {
        st.timers.counted.retain(|(_, counted)| *counted != timeout);
        ring.complete(st, timeout, Err(Errno::CANCELED).into(), true);
        return Ok(0).into();
    }
    if let Some(key) = st.requests.get(timeout).and_then(|request| request.timer.take()) {
        st.timers.remove(key);
    }
    // The clock stays the timeout's own unless another is named.
    let key = st.timers.add(timeout, ns, sqe.op_flags);
    if let Some(request) = st.requests.get(timeout) {
        request.timer = Some(key);
        request.ns = ns;
    }
    Ok(0).into()
}
