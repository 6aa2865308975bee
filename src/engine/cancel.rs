// SPDX-License-Identifier: MIT
//! Ending requests before they end themselves.

use super::ops;
use super::pool;
use super::request::{ReqId, Request, Stage};
use super::ring::{Completion, Ring, State};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::vec::Vec;
use ::core::ffi::c_int;

/// Flags that choose requests.
pub const FLAGS: u32 = IORING_ASYNC_CANCEL_ALL
    | IORING_ASYNC_CANCEL_FD
    | IORING_ASYNC_CANCEL_ANY
    | IORING_ASYNC_CANCEL_FD_FIXED
    | IORING_ASYNC_CANCEL_USERDATA
    | IORING_ASYNC_CANCEL_OP;

/// Which requests to cancel.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub flags: u32,
    pub user_data: u64,
    /// A descriptor, or a place in the file table with `IORING_ASYNC_CANCEL_FD_FIXED`.
    pub fd: c_int,
    pub opcode: u8,
}

impl Target {
    /// -EINVAL for flags that are unknown or contradict each other.
    pub fn check(&self) -> Result<(), Errno> {
        let any = self.flags & IORING_ASYNC_CANCEL_ANY != 0;
        let chosen = self.flags & (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP) != 0;
        if self.flags & !FLAGS != 0 || (any && chosen) {
            return Err(Errno::INVAL);
        }
        Ok(())
    }

    /// The descriptor of the file that it names, if it names one: -EBADF where there is none.
    fn file(&self, st: &State) -> Result<Option<c_int>, Errno> {
        if self.flags & IORING_ASYNC_CANCEL_FD == 0 {
            return Ok(None);
        }
        if self.flags & IORING_ASYNC_CANCEL_FD_FIXED != 0 {
            return st.resources.file(self.fd).map(Some);
        }
        sys::fd_flags(self.fd).map(|_| Some(self.fd))
    }

    /// `file` is what [`Target::file`] found.
    fn matches(&self, request: &Request, file: Option<c_int>) -> bool {
        if matches!(request.stage, Stage::Waiting | Stage::Issuing) || request.guarded.is_some() {
            return false;
        }
        if self.flags & IORING_ASYNC_CANCEL_ANY != 0 {
            return true;
        }
        if self.flags & IORING_ASYNC_CANCEL_OP != 0 && request.sqe.opcode != self.opcode {
            return false;
        }
        if self.has_user_data() && request.sqe.user_data != self.user_data {
            return false;
        }
        file.is_none_or(|file| works_on(request, file))
    }

    /// Only requests with its `user_data` are meant.
    fn has_user_data(&self) -> bool {
        let others = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ANY;
        self.flags & others == 0
            || self.flags & (IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_ANY) == IORING_ASYNC_CANCEL_USERDATA
    }

    fn wants_all(&self) -> bool {
        self.flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY) != 0
    }
}

/// True where a request works on the file that a descriptor of ours or the program's names, under whatever number.
fn works_on(request: &Request, file: c_int) -> bool {
    if !ops::takes_file(request.sqe.opcode) || request.stage == Stage::Orphaned {
        return false;
    }
    let own = request.file.as_ref().map_or(request.sqe.fd, |file| file.fd());
    own == file || sys::is_same_file(own, file)
}

/// 6.18 tells how many of these it cancelled even where only one was meant.
pub fn is_counted(opcode: u8) -> bool {
    matches!(opcode, IORING_OP_FUTEX_WAIT | IORING_OP_FUTEX_WAITV | IORING_OP_WAITID)
}

/// Cancels what `target` names; answers as the request does: 0, the number with ALL or ANY, -ENOENT, -EALREADY.
pub fn cancel(ring: &Ring, st: &mut State, target: &Target, inline: bool) -> Result<c_int, Errno> {
    let file = target.file(st)?;
    let mut named: Vec<ReqId> = Vec::new();
    let chosen = |(id, request): (ReqId, &Request)| target.matches(request, file).then_some(id);
    if target.has_user_data() {
        named.extend(st.requests.named(target.user_data).filter_map(chosen));
        named.sort_unstable();
    } else {
        named.extend(st.requests.iter().filter_map(chosen));
    }
    let mut cancelled = 0;
    for id in named {
        let counted = st.requests.get(id).is_some_and(|request| is_counted(request.sqe.opcode));
        let done = one(ring, st, id, inline);
        if !target.wants_all() {
            return done.map(|()| counted as c_int);
        }
        cancelled += done.is_ok() as c_int;
    }
    if target.wants_all() {
        Ok(cancelled)
    } else {
        Err(Errno::NOENT)
    }
}

/// Cancels one request: -EALREADY where a worker has begun it.
pub fn one(ring: &Ring, st: &mut State, id: ReqId, inline: bool) -> Result<(), Errno> {
    let request = st.requests.get(id).ok_or(Errno::NOENT)?;
    let (sqe, fd, watch, done) = (request.sqe, request.fd, request.watch, request.done);
    let opcode = sqe.opcode;
    match request.stage {
        Stage::Working if !pool::withdraw(opcode, ring, id) && !pool::can_be_abandoned(opcode) => {
            return Err(Errno::ALREADY);
        }
        Stage::Asleep => ops::futex::cancel(request)?,
        Stage::Armed => st.fds.forget(if watch != -1 { watch } else { fd }, id),
        Stage::Timed => st.timers.counted.retain(|(_, counted)| *counted != id),
        _ => {}
    }
    if opcode == IORING_OP_WAITID {
        ops::wait::cancelled(&sqe);
    }
    // What of a transfer has gone through is its answer.
    let res = if done != 0 { done as i32 } else { Errno::CANCELED.to_c() };
    ring.complete(st, id, Completion { res, flags: 0, failed: true }, inline);
    Ok(())
}

/// `IORING_REGISTER_SYNC_CANCEL`.
pub fn synchronous(ring: &Ring, reg: &io_uring_sync_cancel_reg) -> Result<c_int, Errno> {
    if reg.pad != [0; 7] || reg.pad2 != [0; 3] {
        return Err(Errno::INVAL);
    }
    let target = Target { flags: reg.flags, user_data: reg.addr, fd: reg.fd, opcode: reg.opcode };
    target.check()?;
    let mut st = ring.state.lock();
    let done = cancel(ring, &mut st, &target, false);
    ring.run(&mut st);
    ring.update_taskrun(st.pending());
    ring.set_alarm(&mut st);
    done
}
