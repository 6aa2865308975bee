// SPDX-License-Identifier: MIT
//! Waiting for children: asked without waiting, then again when a process descriptor says that it ended, or after a while where none
//! can say it: for any child, a group, and children that stop or go on.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::descriptors::make_high;
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Ring, State};
use ::core::ffi::c_int;
use ::core::mem::{size_of, MaybeUninit};

const MILLISECOND_NS: u64 = 1_000_000;
/// Doublings of a millisecond between one look and the next.
const MOST_DOUBLINGS: u32 = 4;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.addr == 0 && sqe.buf_index == 0 && sqe.addr3 == 0 && sqe.op_flags == 0)
}

/// `waitid(2)` as the SQE says: which in `len`, whom in place of a descriptor, options in place of the file index.
pub fn issue(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = request.sqe;
    let looks = request.count;
    request.count += 1;
    if let Some(result) = look(&sqe) {
        return result.into();
    }
    if looks == 0 && sqe.file_index & (libc::WSTOPPED | libc::WCONTINUED) as u32 == 0 && watch(request) {
        // The number may have become another process's before it was watched, and then this one is no child.
        return look(&sqe).map_or(Outcome::Arm(libc::EPOLLIN as u32), Outcome::from);
    }
    request.stage = Stage::Timed;
    let key = st.timers.add(id, MILLISECOND_NS << looks.min(MOST_DOUBLINGS), 0);
    if let Some(request) = st.requests.get(id) {
        request.timer = Some(key);
    }
    Outcome::Parked
}

/// Finds the request a descriptor that tells of its process's end. False where there is none.
fn watch(request: &mut Request) -> bool {
    match request.sqe.len as libc::idtype_t {
        libc::P_PIDFD => {
            request.fd = request.sqe.fd;
            true
        }
        libc::P_PID => {
            // SAFETY: no memory is involved.
            let open = || unsafe { call(libc::SYS_pidfd_open, [request.sqe.fd as usize, 0, 0, 0, 0, 0]) };
            let Ok(own) = make_high(open) else { return false };
            (request.fd, request.watch) = (own, own);
            true
        }
        _ => false,
    }
}

/// Asks once; none where nobody has anything to tell yet and that is worth waiting for.
fn look(sqe: &io_uring_sqe) -> Option<Result<i32, Errno>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let (which, whom, options) = (sqe.len as usize, sqe.fd as usize, sqe.file_index as usize);
    let args = [which, whom, info.as_mut_ptr() as usize, options | libc::WNOHANG as usize, 0, 0];
    // SAFETY: the kernel writes one `siginfo_t`.
    let result = unsafe { call(libc::SYS_waitid, args) };
    // SAFETY: zero is a value of every field, and the kernel has written the rest.
    let signal = unsafe { info.assume_init_ref() }.si_signo;
    match result {
        Ok(_) if signal == 0 && !refuses_to_wait(sqe) => None,
        // Whoever has no such child is told nothing about it, which is zeroes.
        Ok(_) | Err(Errno::CHILD) => Some(tell(sqe, info.as_ptr()).and(result)),
        refused => Some(refused),
    }
}

/// The request, or its process descriptor, is in non-blocking mode.
fn refuses_to_wait(sqe: &io_uring_sqe) -> bool {
    let by_descriptor = sqe.len as libc::idtype_t == libc::P_PIDFD;
    sqe.file_index & libc::WNOHANG as u32 != 0
        || by_descriptor && sys::fd_flags(sqe.fd).is_ok_and(|flags| flags & libc::O_NONBLOCK != 0)
}

/// Where the fields of a child begin in a `siginfo_t`, behind three common ones.
const CHILD_FIELDS: usize = if cfg!(target_pointer_width = "64") { 16 } else { 12 };
/// Signal, error and code; process, user and status.
const THREE_FIELDS: usize = 3 * size_of::<c_int>();

/// Writes what the kernel writes into the program's `siginfo_t`, which stands at `addr2`, and nothing between.
fn tell(sqe: &io_uring_sqe, info: *const libc::siginfo_t) -> Result<(), Errno> {
    if sqe.off == 0 {
        return Ok(());
    }
    for at in [0, CHILD_FIELDS] {
        // SAFETY: within the structure; the program's address may be bad.
        unsafe { sys::copy_to_program(sqe.off + at as u64, info.cast::<u8>().add(at).cast(), THREE_FIELDS) }?;
    }
    Ok(())
}

/// A wait that is called off tells of nobody.
pub fn cancelled(sqe: &io_uring_sqe) {
    let nothing = MaybeUninit::<libc::siginfo_t>::zeroed();
    let _ = tell(sqe, nothing.as_ptr());
}
