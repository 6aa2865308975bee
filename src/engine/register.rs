// SPDX-License-Identifier: MIT
//! `io_uring_register(2)`.

use super::cancel;
use super::ops;
use super::registry;
use super::ring::Ring;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::vec::Vec;
use ::core::ffi::{c_int, c_void};
use ::core::mem::size_of;
use ::core::sync::atomic::Ordering;

/// Reads one structure or number of the program.
fn read<T: Copy>(arg: *const c_void) -> Result<T, Errno> {
    let mut value = ::core::mem::MaybeUninit::<T>::uninit();
    // SAFETY: room for one; the address may be bad. Every T here is made of integers.
    unsafe {
        sys::copy_from_program(value.as_mut_ptr().cast(), arg as u64, size_of::<T>())?;
        Ok(value.assume_init())
    }
}

/// Reads an array of numbers.
fn read_array(arg: u64, count: u32) -> Result<Vec<c_int>, Errno> {
    let mut values: Vec<c_int> = Vec::new();
    values.try_reserve_exact(count as usize).map_err(|_| Errno::NOMEM)?;
    // SAFETY: room for all of them; the address may be bad.
    unsafe {
        sys::copy_from_program(values.as_mut_ptr().cast(), arg, count as usize * size_of::<c_int>())?;
        values.set_len(count as usize);
    }
    Ok(values)
}

impl Ring {
    /// The system call on this ring.
    ///
    /// # Safety
    ///
    /// `arg` is what `opcode` wants, or bad memory; memory registered stays mapped while it is.
    pub unsafe fn register(&self, opcode: u32, arg: *const c_void, nr_args: u32) -> Result<c_int, Errno> {
        let bare = arg.is_null() && nr_args == 0;
        let refuse_unless = |fits: bool| if fits { Ok(()) } else { Err(Errno::INVAL) };
        match opcode {
            IORING_REGISTER_PROBE => {
                refuse_unless(!arg.is_null() && nr_args <= 256)?;
                ops::fill_probe(arg as u64, nr_args).map(|()| 0)
            }
            IORING_REGISTER_EVENTFD | IORING_REGISTER_EVENTFD_ASYNC => {
                refuse_unless(nr_args == 1)?;
                self.register_eventfd(read(arg)?, opcode == IORING_REGISTER_EVENTFD_ASYNC)
            }
            IORING_UNREGISTER_EVENTFD => {
                refuse_unless(bare)?;
                if self.forget_eventfd() {
                    Ok(0)
                } else {
                    Err(Errno::NXIO)
                }
            }
            IORING_REGISTER_FILES => {
                refuse_unless(!arg.is_null())?;
                self.register_files(arg as u64, nr_args)
            }
            IORING_UNREGISTER_FILES => {
                refuse_unless(bare)?;
                self.state.lock().resources.unregister_files().map(|()| 0)
            }
            IORING_REGISTER_FILES_UPDATE => {
                let update: io_uring_files_update = read(arg)?;
                refuse_unless(update.resv == 0 && nr_args != 0)?;
                let fds = read_array(update.fds, nr_args)?;
                self.state.lock().resources.update_files(self, update.offset, &fds).map(|done| done as c_int)
            }
            IORING_REGISTER_ENABLE_RINGS => {
                refuse_unless(bare)?;
                if !self.disabled.swap(false, Ordering::AcqRel) {
                    return Err(Errno::BADFD);
                }
                Ok(0)
            }
            IORING_REGISTER_RING_FDS => self.register_ring_fd(arg, nr_args),
            IORING_UNREGISTER_RING_FDS => {
                refuse_unless(nr_args == 1)?;
                let update: io_uring_files_update = read(arg)?;
                refuse_unless(update.resv == 0 && update.fds == 0)?;
                Ok(registry::unregister(update.offset as c_int) as c_int)
            }
            IORING_REGISTER_SYNC_CANCEL => {
                refuse_unless(nr_args == 1)?;
                cancel::synchronous(self, &read(arg)?)
            }
            IORING_REGISTER_CLOCK => {
                refuse_unless(!arg.is_null() && nr_args == 0)?;
                let clock: io_uring_clock_register = read(arg)?;
                refuse_unless(clock.__resv == [0; 3])?;
                refuse_unless([libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME].contains(&(clock.clockid as c_int)))?;
                self.wait_clock.store(clock.clockid as c_int, Ordering::Relaxed);
                Ok(0)
            }
            _ => Err(Errno::INVAL),
        }
    }

    fn register_eventfd(&self, fd: c_int, async_only: bool) -> Result<c_int, Errno> {
        let mut cq = self.cq.lock();
        if cq.eventfd.is_some() {
            return Err(Errno::BUSY);
        }
        if !is_eventfd(fd)? {
            return Err(Errno::INVAL);
        }
        let own = self.dup_high(fd)?;
        if let Err(e) = super::process::watch(self.inner, self.slot.key()) {
            let _ = sys::close(own);
            return Err(e);
        }
        cq.eventfd = Some((own, async_only));
        Ok(0)
    }

    fn register_files(&self, arg: u64, nr_args: u32) -> Result<c_int, Errno> {
        if nr_args == 0 {
            return Err(Errno::INVAL);
        }
        if nr_args as u64 > sys::nofile_limit()?.cur {
            return Err(Errno::MFILE);
        }
        let fds = read_array(arg, nr_args)?;
        self.state.lock().resources.register_files(self, &fds).map(|()| 0)
    }

    fn register_ring_fd(&self, arg: *const c_void, nr_args: u32) -> Result<c_int, Errno> {
        if nr_args == 0 || nr_args > 16 {
            return Err(Errno::INVAL);
        }
        let mut update: io_uring_files_update = read(arg)?;
        if update.resv != 0 {
            return Err(Errno::INVAL);
        }
        let named = registry::get(update.fds as c_int, false).ok_or(Errno::BADF)?;
        update.offset = registry::register(&named)? as u32;
        // SAFETY: one structure; the address may be bad.
        unsafe { sys::copy_to_program(arg as u64, (&raw const update).cast(), size_of::<io_uring_files_update>()) }?;
        Ok(1)
    }
}

/// Tells an eventfd by its name in `/proc`; where there is none, takes the program's word.
fn is_eventfd(fd: c_int) -> Result<bool, Errno> {
    const NAME: &[u8] = b"anon_inode:[eventfd]";
    let mut path = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0";
    let mut digits = [0u8; 10];
    let (mut rest, mut len) = (u32::try_from(fd).map_err(|_| Errno::BADF)?, 0);
    loop {
        digits[len] = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    for (place, digit) in path[14..].iter_mut().zip(digits[..len].iter().rev()) {
        *place = *digit;
    }
    // Where it is not open at all, no name can be asked for.
    sys::fd_flags(fd)?;
    let mut name = [0u8; 64];
    let args = [libc::AT_FDCWD as usize, path.as_ptr() as usize, name.as_mut_ptr() as usize, name.len(), 0, 0];
    // SAFETY: the kernel reads a terminated path and writes at most `name.len()` bytes.
    match unsafe { sys::call(libc::SYS_readlinkat, args) } {
        Ok(len) => Ok(&name[..len] == NAME),
        Err(_) => Ok(true),
    }
}
