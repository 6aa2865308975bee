// SPDX-License-Identifier: MIT
//! What programs register with a ring: files, so far.

use super::ring::Ring;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::vec::Vec;
use ::core::ffi::c_int;

/// Most files of a ring's table (the kernel's `IORING_MAX_FIXED_FILES`).
const MOST_FILES: usize = 1 << 20;

/// A ring's resources.
pub struct Resources {
    /// Our own duplicates of the registered files, -1 for an empty place. None without a table.
    files: Option<Vec<c_int>>,
}

impl Resources {
    pub const fn new() -> Resources {
        Resources { files: None }
    }

    /// The descriptor behind place `index`.
    pub fn file(&self, index: c_int) -> Result<c_int, Errno> {
        let file = usize::try_from(index).ok().and_then(|index| self.files.as_ref()?.get(index).copied());
        file.filter(|fd| *fd != -1).ok_or(Errno::BADF)
    }

    /// Registers a table; on failure there is none.
    pub fn register_files(&mut self, ring: &Ring, fds: &[c_int]) -> Result<(), Errno> {
        if self.files.is_some() {
            return Err(Errno::BUSY);
        }
        if fds.is_empty() {
            return Err(Errno::INVAL);
        }
        if fds.len() > MOST_FILES || fds.len() as u64 > sys::nofile_limit()?.cur {
            return Err(Errno::MFILE);
        }
        let mut files = Vec::new();
        files.try_reserve_exact(fds.len()).map_err(|_| Errno::NOMEM)?;
        for fd in fds {
            match ring.duplicate(*fd) {
                Ok(own) => files.push(own),
                Err(e) => {
                    close_all(&files);
                    return Err(e);
                }
            }
        }
        self.files = Some(files);
        Ok(())
    }

    /// Drops the table.
    pub fn unregister_files(&mut self) -> Result<(), Errno> {
        let files = self.files.take().ok_or(Errno::NXIO)?;
        close_all(&files);
        Ok(())
    }

    /// Replaces places from `offset` on; returns how many before the first that failed.
    pub fn update_files(&mut self, ring: &Ring, offset: u32, fds: &[c_int]) -> Result<usize, Errno> {
        let files = self.files.as_mut().ok_or(Errno::NXIO)?;
        let offset = offset as usize;
        let end = offset.checked_add(fds.len()).ok_or(Errno::OVERFLOW)?;
        if end > files.len() {
            return Err(Errno::INVAL);
        }
        for (done, (place, fd)) in files[offset..end].iter_mut().zip(fds).enumerate() {
            if *fd == crate::core::abi::IORING_REGISTER_FILES_SKIP {
                continue;
            }
            let own = match ring.duplicate(*fd) {
                Ok(own) => own,
                Err(e) if done == 0 => return Err(e),
                Err(_) => return Ok(done),
            };
            if *place != -1 {
                let _ = sys::close(*place);
            }
            *place = own;
        }
        Ok(fds.len())
    }
}

impl Drop for Resources {
    fn drop(&mut self) {
        let _ = self.unregister_files();
    }
}

fn close_all(files: &[c_int]) {
    for fd in files.iter().filter(|fd| **fd != -1) {
        let _ = sys::close(*fd);
    }
}

impl Ring {
    /// A descriptor of our own for the program's file, out of the way of its numbers; -1 for -1.
    fn duplicate(&self, fd: c_int) -> Result<c_int, Errno> {
        if fd == -1 {
            return Ok(-1);
        }
        self.dup_high(fd)
    }

    /// A duplicate in the upper half of the descriptors that the process may have, or wherever there is room.
    pub fn dup_high(&self, fd: c_int) -> Result<c_int, Errno> {
        high(fd)
    }
}

/// A duplicate in the upper half of the descriptors that the process may have, or wherever there is room.
pub fn high(fd: c_int) -> Result<c_int, Errno> {
    let lowest = sys::nofile_limit().map_or(0, |limit| (limit.cur / 2).min(1 << 16) as c_int);
    match sys::dup_from(fd, lowest) {
        Err(Errno::MFILE) | Err(Errno::INVAL) => sys::dup_from(fd, 3),
        done => done,
    }
}
