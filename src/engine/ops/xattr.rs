// SPDX-License-Identifier: MIT
//! Extended attributes. Names, paths and new values are copied when they are submitted.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::engine::own::read_string;
use crate::engine::pool::Job;
use crate::engine::request::Request;

/// The longest name, its final zero not included (the kernel's `XATTR_NAME_MAX`).
const NAME_MAX: usize = 255;
/// The longest value (the kernel's `XATTR_SIZE_MAX`).
const VALUE_MAX: u32 = 65536;

/// Keeps the attribute's name, which stands at `addr`.
fn keep_name(request: &mut Request) -> Result<(), Errno> {
    match read_string(request.sqe.addr, NAME_MAX + 1)? {
        Some(name) if name.len() > 1 => {
            request.sqe.addr = request.keep(name)?;
            Ok(())
        }
        _ => Err(Errno::from_raw(libc::ERANGE)),
    }
}

/// Keeps the path, which stands at `addr3`.
fn keep_path(request: &mut Request) -> Result<(), Errno> {
    request.sqe.addr3 = request.keep_path(request.sqe.addr3, false)?;
    Ok(())
}

/// Attributes of a path have no file to go by.
fn refuse_fixed(request: &Request) -> Result<(), Errno> {
    if request.has(IOSQE_FIXED_FILE) {
        return Err(Errno::BADF);
    }
    Ok(())
}

pub fn prepare_fset(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.op_flags & !((libc::XATTR_CREATE | libc::XATTR_REPLACE) as u32) == 0)?;
    keep_name(request)?;
    let len = request.sqe.len;
    if len > VALUE_MAX {
        return Err(Errno::from_raw(libc::E2BIG));
    }
    // The value stands at `addr2`. An empty one is nowhere.
    request.sqe.off = if len == 0 { 0 } else { request.keep_bytes(request.sqe.off, len as usize)? };
    Ok(())
}

pub fn prepare_set(request: &mut Request) -> Result<(), Errno> {
    refuse_fixed(request)?;
    prepare_fset(request)?;
    keep_path(request)
}

pub fn prepare_fget(request: &mut Request) -> Result<(), Errno> {
    require(request.sqe.op_flags == 0)?;
    keep_name(request)
}

pub fn prepare_get(request: &mut Request) -> Result<(), Errno> {
    refuse_fixed(request)?;
    prepare_fget(request)?;
    keep_path(request)
}

/// One of the four calls, on what `object` names: a descriptor, or a path.
fn done(nr: libc::c_long, job: &Job, object: usize) -> Outcome {
    let sqe = &job.sqe;
    let args = [object, sqe.addr as usize, sqe.off as usize, sqe.len as usize, sqe.op_flags as usize, 0];
    // SAFETY: the kernel checks the one address that is the program's, where a value is read to.
    unsafe { call(nr, args) }.into()
}

pub fn fset(job: &Job) -> Outcome {
    done(libc::SYS_fsetxattr, job, job.fd as usize)
}

pub fn set(job: &Job) -> Outcome {
    done(libc::SYS_setxattr, job, job.sqe.addr3 as usize)
}

pub fn fget(job: &Job) -> Outcome {
    done(libc::SYS_fgetxattr, job, job.fd as usize)
}

pub fn get(job: &Job) -> Outcome {
    done(libc::SYS_getxattr, job, job.sqe.addr3 as usize)
}
