// SPDX-License-Identifier: MIT
//! Files, their names and their metadata, as workers do them: a path may lead anywhere. What can be done at once, `cached` does. Paths are
//! copied when they are submitted: the program may change or free its own as soon as the submission returns.

use super::{call, misc, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::pool::Job;
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

/// Opening by path: never relative to a fixed file.
fn prepare_open(request: &mut Request, direct_close_on_exec: bool) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.buf_index == 0)?;
    if sqe.flags & IOSQE_FIXED_FILE != 0 {
        return Err(Errno::BADF);
    }
    request.sqe.addr = request.keep_path(request.sqe.addr, false)?;
    // A place in the file table has no such mark.
    require(request.sqe.file_index == 0 || !direct_close_on_exec)
}

/// What an open answered. A direct descriptor has no table to go to: the file is opened, and closed again.
fn opened(sqe: &io_uring_sqe, result: Result<i32, Errno>) -> Outcome {
    match result {
        Ok(fd) if sqe.file_index != 0 => {
            let _ = sys::close(fd);
            Err(Errno::NXIO).into()
        }
        result => result.into(),
    }
}

pub fn prepare_openat(request: &mut Request) -> Result<(), Errno> {
    let close_on_exec = request.sqe.op_flags & libc::O_CLOEXEC as u32 != 0;
    prepare_open(request, close_on_exec)
}

pub fn openat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    // A mode without a file to make is nothing to the kernel's rings, and nothing to this call.
    let args = [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, sqe.len as usize, 0, 0];
    // SAFETY: the path is our copy.
    opened(sqe, unsafe { call(libc::SYS_openat, args) })
}

/// The first published size of `struct open_how`, which is all of it so far.
const OPEN_HOW_SIZE: usize = 24;
/// A later, longer one is taken where what we do not know of it is zero; beyond this it is none.
const OPEN_HOW_MOST: usize = 4096;

pub fn prepare_openat2(request: &mut Request) -> Result<(), Errno> {
    let (from, len) = (request.sqe.off, request.sqe.len as usize);
    require(len >= OPEN_HOW_SIZE)?;
    if len > OPEN_HOW_MOST {
        return Err(Errno::from_raw(libc::E2BIG));
    }
    let mut how = [0u8; OPEN_HOW_MOST];
    // SAFETY: room for as many bytes; the address may be bad.
    unsafe { sys::copy_from_program(how.as_mut_ptr().cast(), from, len) }?;
    if how[OPEN_HOW_SIZE..len].iter().any(|byte| *byte != 0) {
        return Err(Errno::from_raw(libc::E2BIG));
    }
    request.sqe.off = request.keep(how[..OPEN_HOW_SIZE].to_vec())?;
    request.sqe.len = OPEN_HOW_SIZE as u32;
    let mut flags = [0u8; 8];
    flags.copy_from_slice(&how[..8]);
    prepare_open(request, u64::from_ne_bytes(flags) & libc::O_CLOEXEC as u64 != 0)
}

pub fn openat2(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    let args = [dir(sqe.fd), wide(sqe.addr), wide(sqe.off), sqe.len as usize, 0, 0];
    // SAFETY: both are our copies.
    opened(sqe, unsafe { call(libc::SYS_openat2, args) })
}

pub fn prepare_close(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.off == 0 && sqe.addr == 0 && sqe.len == 0 && sqe.op_flags == 0 && sqe.buf_index == 0)?;
    if sqe.flags & IOSQE_FIXED_FILE != 0 {
        return Err(Errno::BADF);
    }
    require(sqe.file_index == 0 || sqe.fd == 0)
}

pub fn close(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    if request.sqe.file_index != 0 {
        // There is no table of direct descriptors.
        return Err(Errno::NXIO).into();
    }
    let fd = request.sqe.fd;
    // A ring does not close rings: its own is in use, and others end by their owners' hands.
    if misc::is_ring(fd) {
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

/// True where the flags allow an empty path, which then names the descriptor itself.
fn allows_empty(sqe: &io_uring_sqe) -> bool {
    sqe.op_flags & libc::AT_EMPTY_PATH as u32 != 0
}

pub fn prepare_statx(request: &mut Request) -> Result<(), Errno> {
    prepare_path(&request.sqe)?;
    request.sqe.addr = request.keep_path(request.sqe.addr, allows_empty(&request.sqe))?;
    Ok(())
}

pub fn statx(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_statx, [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, sqe.len as usize, wide(sqe.off), 0])
}

/// Keeps the paths at `addr` and at `addr2`; an empty one only where the first may be.
fn keep_two_paths(request: &mut Request, first_empty: bool) -> Result<(), Errno> {
    request.sqe.addr = request.keep_path(request.sqe.addr, first_empty)?;
    request.sqe.off = request.keep_path(request.sqe.off, false)?;
    Ok(())
}

pub fn prepare_renameat(request: &mut Request) -> Result<(), Errno> {
    prepare_path(&request.sqe)?;
    keep_two_paths(request, false)
}

pub fn prepare_linkat(request: &mut Request) -> Result<(), Errno> {
    prepare_path(&request.sqe)?;
    keep_two_paths(request, allows_empty(&request.sqe))
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

fn keep_one_path(request: &mut Request) -> Result<(), Errno> {
    request.sqe.addr = request.keep_path(request.sqe.addr, false)?;
    Ok(())
}

pub fn prepare_unlinkat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0 && request.sqe.len == 0)?;
    prepare_path(&request.sqe)?;
    require(request.sqe.op_flags & !(libc::AT_REMOVEDIR as u32) == 0)?;
    keep_one_path(request)
}

pub fn unlinkat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_unlinkat, [dir(sqe.fd), wide(sqe.addr), sqe.op_flags as usize, 0, 0, 0])
}

pub fn prepare_mkdirat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.off == 0 && request.sqe.op_flags == 0)?;
    prepare_path(&request.sqe)?;
    keep_one_path(request)
}

pub fn mkdirat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_mkdirat, [dir(sqe.fd), wide(sqe.addr), sqe.len as usize, 0, 0, 0])
}

pub fn prepare_symlinkat(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.len == 0 && request.sqe.op_flags == 0)?;
    prepare_path(&request.sqe)?;
    keep_two_paths(request, false)
}

pub fn symlinkat(job: &Job) -> Outcome {
    let sqe = &job.sqe;
    done(libc::SYS_symlinkat, [wide(sqe.addr), dir(sqe.fd), wide(sqe.off), 0, 0, 0])
}
