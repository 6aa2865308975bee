// SPDX-License-Identifier: MIT
//! The engine's own descriptors, out of the way of the program's numbers.

use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::c_int;

/// A duplicate in the upper half of the descriptors that the process may have, or wherever there is room.
pub fn dup_high(fd: c_int) -> Result<c_int, Errno> {
    dup_from(fd, lowest_high())
}

fn dup_from(fd: c_int, lowest: c_int) -> Result<c_int, Errno> {
    match sys::dup_from(fd, lowest) {
        Err(Errno::MFILE) | Err(Errno::INVAL) => sys::dup_from(fd, 3),
        done => done,
    }
}

/// Where that half begins.
pub fn lowest_high() -> c_int {
    sys::nofile_limit().map_or(0, |limit| (limit.cur / 2).min(1 << 16) as c_int)
}

/// What `make` makes, up there as far as there is room.
pub fn make_high(make: impl FnOnce() -> Result<c_int, Errno>) -> Result<c_int, Errno> {
    make_from(make, lowest_high())
}

/// The same for who knows where that is.
pub fn make_from(make: impl FnOnce() -> Result<c_int, Errno>, lowest: c_int) -> Result<c_int, Errno> {
    let low = make()?;
    let Ok(fd) = dup_from(low, lowest) else { return Ok(low) };
    let _ = sys::close(low);
    Ok(fd)
}
