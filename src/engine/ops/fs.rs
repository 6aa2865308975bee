// SPDX-License-Identifier: MIT
//! Files, their names and their metadata. All but closing is done by workers: a path may lead anywhere.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::pool::Job;
use crate::engine::registry;
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Ring, State};

/// A system call whose arguments come from the SQE.
fn done(nr: libc::c_long, args: [usize; 6]) -> Outcome {
    // SAFETY: the kernel checks what is a pointer among them.
    unsafe { call(nr, args) }.into()
}

/// A 64-bit number as the arguments of a call: one, or two halves on 32-bit machines. The calls below are given 64-bit machines' shape.
fn wide(value: u64) -> usize {
    value as usize
}

/// A descriptor as an argument: with its sign, for AT_FDCWD.
fn dir(fd: i32) -> usize {
    fd as isize as usize
}

pub fn prepare_fsync(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.addr == 0 && sqe.buf_index == 0 && sqe.file_index == 0)?;
    require(sqe.op_flags & !IORING_FSYNC_DATASYNC == 0 && sqe.off as i64 >= 0)
}

/// The kernel can flush a range of a file; a whole flush is what user space has, and includes it.
pub fn fsync(job: &Job) -> Outcome {
    let data_only = job.sqe.op_flags & IORING_FSYNC_DATASYNC != 0;
    let nr = if data_only { libc::SYS_fdatasync } else { libc::SYS_fsync };
    done(nr, [job.fd as usize, 0, 0, 0, 0, 0])
}

pub fn prepare_sync_file_range(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.addr == 0 && sqe.buf_index == 0 && sqe.file_index == 0)
}

pub fn sync_file_range(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_sync_file_range, [job.fd as usize, wide(sqe.off), sqe.len as usize, sqe.op_flags as usize, 0, 0])
}

pub fn prepare_fallocate(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.buf_index == 0 && sqe.op_flags == 0 && sqe.file_index == 0)
}

pub fn fallocate(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_fallocate, [job.fd as usize, sqe.len as usize, wide(sqe.off), wide(sqe.addr), 0, 0])
}

pub fn prepare_ftruncate(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.op_flags == 0 && sqe.addr == 0 && sqe.len == 0 && sqe.buf_index == 0)?;
    require(sqe.file_index == 0 && sqe.addr3 == 0)
}

pub fn ftruncate(job: &Job) -> Outcome {
    done(libc::SYS_ftruncate, [job.fd as usize, wide(job.sqe.off), 0, 0, 0, 0])
}

pub fn prepare_fadvise(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.buf_index == 0 && request.sqe.file_index == 0)
}

pub fn fadvise(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    // A 64-bit length has a place of its own; older programs use the 32-bit one.
    let len = if sqe.addr != 0 { sqe.addr } else { sqe.len as u64 };
    done(libc::SYS_fadvise64, [job.fd as usize, wide(sqe.off), wide(len), sqe.op_flags as usize, 0, 0])
}

pub fn prepare_madvise(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.buf_index == 0 && request.sqe.file_index == 0)
}

pub fn madvise(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    let len = if sqe.off != 0 { sqe.off } else { sqe.len as u64 };
    done(libc::SYS_madvise, [wide(sqe.addr), wide(len), sqe.op_flags as usize, 0, 0, 0])
}

/// Opening by path: never relative to a fixed file, and not into the file table.
fn prepare_open(sqe: &io_uring_sqe) -> Result<(), Errno> {
    require(sqe.buf_index == 0)?;
    if sqe.flags & IOSQE_FIXED_FILE != 0 {
        return Err(Errno::BADF);
    }
    // A direct descriptor has no table to go to.
    if sqe.file_index != 0 {
        return Err(Errno::NXIO);
    }
    Ok(())
}

pub fn prepare_openat(request: &mut Request) -> Result<(), Errno> {
    prepare_open(&request.sqe)
}

/// `force_o_largefile` of the kernel: on 64-bit machines the flag is implied.
pub fn openat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_openat, [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, sqe.len as usize, 0, 0])
}

pub fn prepare_openat2(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.len >= OPEN_HOW_SIZE)?;
    prepare_open(&request.sqe)
}

/// The first published size of `struct open_how`.
const OPEN_HOW_SIZE: u32 = 24;

pub fn openat2(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_openat2, [dir(sqe.fd), wide(sqe.addr), wide(sqe.off), sqe.len as usize, 0, 0])
}

pub fn prepare_close(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.off == 0 && sqe.addr == 0 && sqe.len == 0 && sqe.op_flags == 0 && sqe.buf_index == 0)?;
    if sqe.flags & IOSQE_FIXED_FILE != 0 {
        return Err(Errno::BADF);
    }
    if sqe.file_index != 0 {
        return Err(Errno::NXIO);
    }
    Ok(())
}

pub fn close(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let fd = request.sqe.fd;
    // A ring does not close rings: its own is in use, and others end by their owners' hands.
    if registry::get(fd, false).is_some() {
        return Err(Errno::BADF).into();
    }
    sys::close(fd).map(|()| 0).into()
}

/// Calls on paths take no fixed file, no buffer and no direct descriptor.
fn prepare_path(sqe: &io_uring_sqe) -> Result<(), Errno> {
    require(sqe.buf_index == 0 && sqe.file_index == 0)?;
    if sqe.flags & IOSQE_FIXED_FILE != 0 {
        return Err(Errno::BADF);
    }
    Ok(())
}

pub fn prepare_statx(request: &mut Request) -> Result<(), Errno> {
    prepare_path(&request.sqe)
}

pub fn statx(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_statx, [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, sqe.len as usize, wide(sqe.off), 0])
}

pub fn prepare_two_paths(request: &mut Request) -> Result<(), Errno> {
    prepare_path(&request.sqe)
}

pub fn renameat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    let args = [dir(sqe.fd), wide(sqe.addr), dir(sqe.len as i32), wide(sqe.off), sqe.op_flags as usize, 0];
    done(libc::SYS_renameat2, args)
}

pub fn linkat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    let args = [dir(sqe.fd), wide(sqe.addr), dir(sqe.len as i32), wide(sqe.off), sqe.op_flags as usize, 0];
    done(libc::SYS_linkat, args)
}

pub fn prepare_unlinkat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0 && request.sqe.len == 0)?;
    require(request.sqe.op_flags & !(libc::AT_REMOVEDIR as u32) == 0)?;
    prepare_path(&request.sqe)
}

pub fn unlinkat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_unlinkat, [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, 0, 0, 0])
}

pub fn prepare_mkdirat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0 && request.sqe.op_flags == 0)?;
    prepare_path(&request.sqe)
}

pub fn mkdirat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_mkdirat, [dir(sqe.fd), wide(sqe.addr), sqe.len as usize, 0, 0, 0])
}

pub fn prepare_symlinkat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.len == 0 && request.sqe.op_flags == 0)?;
    prepare_path(&request.sqe)
}

pub fn symlinkat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_symlinkat, [wide(sqe.addr), dir(sqe.fd), wide(sqe.off), 0, 0, 0])
}

pub fn prepare_splice(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    const KNOWN: u32 = libc::SPLICE_F_MOVE | libc::SPLICE_F_NONBLOCK | libc::SPLICE_F_MORE | libc::SPLICE_F_GIFT;
    require(sqe.op_flags & !KNOWN == 0)?;
    require(sqe.opcode == IORING_OP_SPLICE || (sqe.off == 0 && sqe.addr == 0))
}

/// Splice and tee: nothing moved breaks the link like an error does.
pub fn splice(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    let from = sqe.file_index as usize;
    let result = if sqe.opcode == IORING_OP_TEE {
        // SAFETY: no memory is involved.
        unsafe { call(libc::SYS_tee, [from, job.fd as usize, sqe.len as usize, sqe.op_flags as usize, 0, 0]) }
    } else {
        let (mut off_in, mut off_out) = (sqe.addr as i64, sqe.off as i64);
        let in_ptr = if off_in == -1 { 0 } else { &raw mut off_in as usize };
        let out_ptr = if off_out == -1 { 0 } else { &raw mut off_out as usize };
        let args = [from, in_ptr, job.fd as usize, out_ptr, sqe.len as usize, sqe.op_flags as usize];
        // SAFETY: the offsets are ours.
        unsafe { call(libc::SYS_splice, args) }
    };
    let mut completion: crate::engine::ring::Completion = result.into();
    completion.failed = result != Ok(sqe.len as i32);
    Outcome::Done(completion)
}
