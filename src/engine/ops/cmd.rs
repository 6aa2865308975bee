// SPDX-License-Identifier: MIT
//! Commands to files: those that sockets know, and block devices' discard.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::pool::Job;
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Ring, State};
use ::core::ffi::c_int;
use ::core::mem::size_of;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    // The padding behind `cmd_op` shares its place.
    require(request.sqe.off == cmd_place(request.sqe.cmd_op()))?;
    require(request.sqe.op_flags & !IORING_URING_CMD_MASK == 0)
}

/// The 64-bit place that holds a command and no padding.
fn cmd_place(cmd_op: u32) -> u64 {
    let mut sqe = io_uring_sqe::default();
    sqe.set_cmd_op(cmd_op);
    sqe.off
}

pub fn issue(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (sqe, fd) = (request.sqe, request.fd);
    run(ring, &sqe, fd).unwrap_or(Outcome::Work)
}

pub fn work(job: &Job) -> Outcome {
    run(&job.ring, &job.sqe, job.fd).unwrap_or_else(|| discard(job))
}

/// Does what can be done without waiting; none for what takes its time.
fn run(ring: &Ring, sqe: &io_uring_sqe, fd: c_int) -> Option<Outcome> {
    match sys::file_kind(fd) {
        Err(e) => Some(Err(e).into()),
        // Commands can be polled for on files of other kinds than sockets and block devices only.
        Ok(_) if ring.polls_io() => Some(Err(Errno::OPNOTSUPP).into()),
        Ok((libc::S_IFSOCK, _)) => Some(on_socket(sqe, fd).into()),
        Ok((libc::S_IFBLK, _)) if sqe.cmd_op() == BLOCK_URING_CMD_DISCARD => None,
        Ok(_) => Some(Err(Errno::OPNOTSUPP).into()),
    }
}

fn on_socket(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    match sqe.cmd_op() {
        SOCKET_URING_OP_SIOCINQ => queued(fd, libc::FIONREAD),
        SOCKET_URING_OP_SIOCOUTQ => queued(fd, libc::TIOCOUTQ),
        SOCKET_URING_OP_GETSOCKOPT => get_option(sqe, fd),
        SOCKET_URING_OP_SETSOCKOPT => {
            let (level, name) = (sqe.level() as usize, sqe.optname() as usize);
            let args = [fd as usize, level, name, sqe.addr3 as usize, sqe.file_index as usize, 0];
            // SAFETY: the kernel checks the pointer.
            unsafe { call(libc::SYS_setsockopt, args) }
        }
        SOCKET_URING_OP_GETSOCKNAME => name(sqe, fd),
        _ => Err(Errno::OPNOTSUPP),
    }
}

/// Bytes that wait in one of a socket's queues. The kernel asks the protocol behind the socket, and only the Internet's protocols answer.
fn queued(fd: c_int, request: libc::Ioctl) -> Result<i32, Errno> {
    match option(fd, libc::SO_DOMAIN)? {
        libc::AF_INET | libc::AF_INET6 => {}
        _ => return Err(Errno::OPNOTSUPP),
    }
    let mut bytes: c_int = 0;
    // SAFETY: the kernel writes one integer.
    unsafe { call(libc::SYS_ioctl, [fd as usize, request as usize, &raw mut bytes as usize, 0, 0, 0]) }?;
    Ok(bytes)
}

/// An integer option of the socket level.
fn option(fd: c_int, name: c_int) -> Result<c_int, Errno> {
    let (mut value, mut len) = (0 as c_int, size_of::<c_int>() as libc::socklen_t);
    let args = [fd as usize, libc::SOL_SOCKET as usize, name as usize, &raw mut value as usize, &raw mut len as usize, 0];
    // SAFETY: the kernel writes one integer and its length.
    unsafe { call(libc::SYS_getsockopt, args) }.map(|_| value)
}

/// Only options of the socket level can be read; the answer is the option's length.
fn get_option(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    if sqe.level() != libc::SOL_SOCKET as u32 {
        return Err(Errno::OPNOTSUPP);
    }
    let mut len = sqe.file_index;
    let (level, name) = (sqe.level() as usize, sqe.optname() as usize);
    let args = [fd as usize, level, name, sqe.addr3 as usize, &raw mut len as usize, 0];
    // SAFETY: the length is ours; the kernel checks the other pointer.
    unsafe { call(libc::SYS_getsockopt, args) }.map(|_| len as i32)
}

/// The socket's own address, or its peer's.
fn name(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    let peer = sqe.file_index;
    require(sqe.len == 0 && sqe.op_flags == 0 && peer <= 1)?;
    let nr = if peer != 0 { libc::SYS_getpeername } else { libc::SYS_getsockname };
    // SAFETY: the kernel checks both pointers.
    unsafe { call(nr, [fd as usize, sqe.addr as usize, sqe.addr3 as usize, 0, 0, 0]) }
}

/// Discards a range of a block device: its beginning stands at `addr`, its length at `addr3`.
fn discard(job: &Job) -> Outcome {
    let range = [job.sqe.addr, job.sqe.addr3];
    // SAFETY: the kernel reads two numbers.
    unsafe { call(libc::SYS_ioctl, [job.fd as usize, BLKDISCARD, range.as_ptr() as usize, 0, 0, 0]) }.into()
}

/// `_IO(0x12, 119)`, of `<linux/fs.h>`.
const BLKDISCARD: usize = 0x1277;
