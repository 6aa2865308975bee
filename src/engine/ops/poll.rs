// SPDX-License-Identifier: MIT
//! Waiting for a descriptor and nothing else.

use super::{require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::cancel;
use crate::engine::registry;
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Completion, Ring, State};

/// Events that a poll hears of whether it asked or not.
const ALWAYS: u32 = (libc::EPOLLERR | libc::EPOLLHUP | libc::EPOLLRDHUP) as u32;
/// Events that a program can ask for; the upper bits are epoll's own manners.
const EVENTS: u32 = 0xffff;
/// What a file that is always ready has.
const ALWAYS_READY: u32 = (libc::EPOLLIN | libc::EPOLLOUT | libc::EPOLLRDNORM | libc::EPOLLWRNORM) as u32;

/// `poll32_events` with its halves in the order of the machine.
fn wanted(sqe: &io_uring_sqe) -> u32 {
    if cfg!(target_endian = "big") {
        sqe.op_flags.rotate_left(16)
    } else {
        sqe.op_flags
    }
}

pub fn prepare_add(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.buf_index == 0 && sqe.off == 0 && sqe.addr == 0)?;
    // Level-triggered, the kernel knows polls inside only.
    require(sqe.len & !IORING_POLL_ADD_MULTI == 0)?;
    require(sqe.len & IORING_POLL_ADD_MULTI == 0 || sqe.flags & IOSQE_CQE_SKIP_SUCCESS == 0)?;
    request.events = wanted(sqe) & EVENTS | ALWAYS;
    // A poll that asks to be told once is no multishot, whatever else it says.
    if wanted(sqe) & libc::EPOLLONESHOT as u32 != 0 {
        request.sqe.len = 0;
    }
    Ok(())
}

pub fn add(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (events, multishot) = (request.events, request.sqe.len & IORING_POLL_ADD_MULTI != 0);
    if registry::get(request.fd, false).is_some() {
        if let Some(target) = registry::find(request.fd) {
            return add_for_ring(ring, request, &target).unwrap_or_else(|| watch(ring, st, id));
        }
    }
    if !multishot {
        return match sys::poll_now(request.fd, events as u16) {
            Err(e) => Err(e).into(),
            Ok(0) => Outcome::Arm(events),
            Ok(ready) => Ok(ready as i32).into(),
        };
    }
    watch(ring, st, id)
}

/// A poll of a ring of ours: what its descriptor says comes late, and never that there is room for requests. None for a multishot one.
fn add_for_ring(ring: &Ring, request: &mut Request, target: &Ring) -> Option<Outcome> {
    let ready = target.poll_events() & request.events;
    let own = target.slot.key() == ring.slot.key();
    if request.sqe.len & IORING_POLL_ADD_MULTI != 0 && !own {
        ring.note_watched(target);
        return None;
    }
    if ready != 0 {
        return Some(Ok(ready as i32).into());
    }
    if own {
        // A ring's descriptor cannot wait for itself. A multishot poll ends with its first event, which the ring has caused.
        request.fd = ring.evf;
    } else {
        ring.note_watched(target);
    }
    Some(Outcome::Arm(request.events))
}

/// Begins a multishot poll.
fn watch(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let events = request.events;
    match ring.watch(st, id, events) {
        Ok(()) => Outcome::Parked,
        Err(Errno::PERM) => match st.requests.get(id) {
            Some(request) => always_ready(request),
            None => Outcome::Parked,
        },
        Err(e) => Err(e).into(),
    }
}

/// One event for a one-shot poll.
pub fn ready(request: &Request, ready: u32) -> Outcome {
    match ready & (request.events | ALWAYS) {
        0 => Outcome::Arm(request.events),
        events => Ok(events as i32).into(),
    }
}

/// A file that epoll cannot watch is ready for what files always are, and nobody can wait for the rest.
pub fn always_ready(request: &Request) -> Outcome {
    match request.events & ALWAYS_READY {
        0 => Err(Errno::INVAL).into(),
        events => Ok(events as i32).into(),
    }
}

/// One of the events of a multishot poll.
pub fn event(ring: &Ring, st: &mut State, id: ReqId, ready: u32) {
    let Some(request) = st.requests.get(id) else { return };
    let (watch, events) = (request.watch, ready & (request.events | ALWAYS));
    if events == 0 {
        return;
    }
    // Where the CQE itself makes the descriptor readable again, this would never end: the kernel's poll ends with the first one.
    // And it ends with the CQE that did not fit the CQ: the program must be able to tell that it missed nothing.
    if ring.signals(request.sqe.fd, watch) || !ring.post_more(st, id, events as i32) {
        st.fds.forget(watch, id);
        let gone = Completion { res: events as i32, flags: 0, failed: false };
        ring.complete(st, id, gone, false);
    }
}

pub fn prepare_remove(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    let flags = sqe.len;
    require(sqe.buf_index == 0 && sqe.file_index == 0)?;
    require(flags & !(IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA | IORING_POLL_ADD_MULTI) == 0)?;
    // Multishot alone changes nothing.
    require(flags != IORING_POLL_ADD_MULTI)?;
    require(flags & IORING_POLL_UPDATE_USER_DATA != 0 || sqe.off == 0)?;
    require(flags & IORING_POLL_UPDATE_EVENTS != 0 || sqe.op_flags == 0)?;
    request.events = wanted(sqe) & EVENTS | ALWAYS;
    Ok(())
}

pub fn remove(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (sqe, events) = (request.sqe, request.events);
    let is_pending_poll = |request: &Request| request.sqe.opcode == IORING_OP_POLL_ADD && request.stage == Stage::Armed;
    let polls = st.requests.named(sqe.addr).filter(|(_, request)| is_pending_poll(request));
    let Some(poll) = polls.map(|(id, _)| id).min() else { return Err(Errno::NOENT).into() };
    if sqe.len & (IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA) == 0 {
        return cancel::one(ring, st, poll, true).map(|()| 0).into();
    }
    if sqe.len & IORING_POLL_UPDATE_USER_DATA != 0 {
        st.requests.rename(poll, sqe.off);
    }
    let Some(request) = st.requests.get(poll) else { return Err(Errno::NOENT).into() };
    let (fd, watch) = (request.fd, request.watch);
    if sqe.len & IORING_POLL_UPDATE_EVENTS != 0 {
        // One shot or several, level or edge: that stays as it was.
        request.events = events;
    }
    // It begins anew with what it wants now.
    st.fds.forget(if watch != -1 { watch } else { fd }, poll);
    if let Some(request) = st.requests.get(poll) {
        if request.watch != -1 {
            ring.unwatch(::core::mem::replace(&mut request.watch, -1));
        }
    }
    let outcome = add(ring, st, poll);
    ring.settle(st, poll, outcome, true);
    Ok(0).into()
}
