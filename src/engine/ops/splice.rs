// SPDX-License-Identifier: MIT
//! Splice and tee: tried without waiting for pipes, and waited for like any other transfer.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::pool::Job;
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Completion, Ring, State};
use ::core::ffi::c_int;

const IN: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
const OUT: u32 = (libc::EPOLLOUT | libc::EPOLLWRNORM) as u32;
const KNOWN_FLAGS: u32 = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK | libc::SPLICE_F_MORE | libc::SPLICE_F_GIFT;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.op_flags & !(KNOWN_FLAGS | SPLICE_F_FD_IN_FIXED) == 0)?;
    require(sqe.opcode == IORING_OP_SPLICE || (sqe.off == 0 && sqe.addr == 0))
}

/// Where the data comes from and where it goes.
#[derive(Clone, Copy)]
struct Ends {
    from: c_int,
    to: c_int,
}

impl Ends {
    /// The ends of a request. A registered source becomes the request's own, as its registered target has before.
    fn of(st: &mut State, id: ReqId) -> Result<Ends, Errno> {
        let State { requests, resources, .. } = st;
        let request = requests.get(id).ok_or(Errno::NOENT)?;
        let to = request.file.as_ref().map_or(request.sqe.fd, |file| file.fd());
        let mut from = request.sqe.file_index as c_int;
        if request.sqe.op_flags & SPLICE_F_FD_IN_FIXED != 0 {
            if request.buffer.is_none() {
                request.buffer = Some(resources.file_node(from)?);
            }
            from = request.buffer.as_ref().map_or(-1, |file| file.fd());
        }
        Ok(Ends { from, to })
    }

    /// Both are pipes: nothing but the other end can make a transfer wait.
    fn are_pipes(self) -> Result<bool, Errno> {
        let (to, from) = (sys::file_kind(self.to)?.0, sys::file_kind(self.from)?.0);
        Ok(from == libc::S_IFIFO && to == libc::S_IFIFO)
    }

    fn run(self, sqe: &io_uring_sqe, extra_flags: u32) -> Result<i32, Errno> {
        let (from, to, len) = (self.from as usize, self.to as usize, sqe.len as usize);
        if len == 0 {
            return Ok(0);
        }
        let flags = (sqe.op_flags & KNOWN_FLAGS | extra_flags) as usize;
        if sqe.opcode == IORING_OP_TEE {
            // SAFETY: no memory is involved.
            return unsafe { call(libc::SYS_tee, [from, to, len, flags, 0, 0]) };
        }
        let (mut off_in, mut off_out) = (sqe.addr as i64, sqe.off as i64);
        let in_ptr = if off_in == -1 { 0 } else { &raw mut off_in as usize };
        let out_ptr = if off_out == -1 { 0 } else { &raw mut off_out as usize };
        // SAFETY: the offsets are ours.
        unsafe { call(libc::SYS_splice, [from, in_ptr, to, out_ptr, len, flags]) }
    }

    /// Tries without waiting for a pipe or a socket. None where that cannot be told from having to wait for something else.
    fn try_now(self, st: &mut State, id: ReqId, sqe: &io_uring_sqe) -> Option<Outcome> {
        let result = self.run(sqe, libc::SPLICE_F_NONBLOCK);
        if result != Err(Errno::AGAIN) || sqe.op_flags & libc::SPLICE_F_NONBLOCK != 0 {
            return Some(done(sqe, result));
        }
        self.wait(st, id)
    }

    /// Waits for the end that is not ready; none where both are.
    fn wait(self, st: &mut State, id: ReqId) -> Option<Outcome> {
        for (fd, events) in [(self.from, IN), (self.to, OUT)] {
            if sys::poll_now(fd, events as u16) == Ok(0) {
                st.requests.get(id)?.fd = fd;
                return Some(Outcome::Arm(events));
            }
        }
        None
    }
}

/// Less than asked for breaks a link like an error does.
fn done(sqe: &io_uring_sqe, result: Result<i32, Errno>) -> Outcome {
    Outcome::Done(Completion { failed: result != Ok(sqe.len as i32), ..result.into() })
}

pub fn issue(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let ends = match Ends::of(st, id) {
        Ok(ends) => ends,
        Err(e) => return Err(e).into(),
    };
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = request.sqe;
    match ends.are_pipes() {
        Err(e) => Err(e).into(),
        Ok(true) => ends.try_now(st, id, &sqe).unwrap_or(Outcome::Work),
        Ok(false) => Outcome::Work,
    }
}

/// In a worker: files at one end take their time, and pipes that are not ready are waited for elsewhere.
pub fn work(job: &Job) -> Outcome {
    let ends = Ends::of(&mut job.ring.state.lock(), job.id);
    let ends = match ends {
        Ok(ends) => ends,
        Err(e) => return Err(e).into(),
    };
    let result = ends.run(&job.sqe, libc::SPLICE_F_NONBLOCK);
    if result != Err(Errno::AGAIN) || job.sqe.op_flags & libc::SPLICE_F_NONBLOCK != 0 {
        return done(&job.sqe, result);
    }
    let wait = ends.wait(&mut job.ring.state.lock(), job.id);
    wait.unwrap_or_else(|| done(&job.sqe, ends.run(&job.sqe, 0)))
}
