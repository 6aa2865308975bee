// SPDX-License-Identifier: MIT
//! The seam between the library and what serves its rings.
//!
//! # The contract of a backend
//!
//! The header's inline helpers read and write ring memory themselves, so a backend must present the kernel's own: the fields at the
//! offsets that `setup` writes into `io_uring_params`, SQEs taken in ring order between SQ head and tail, CQEs published by a
//! release store of the CQ tail, and the flags of `sq.kflags` kept true. Above that line nobody asks who serves a ring.
//!
//! - [`Backend::setup`] makes a ring and answers its descriptor. A failed call leaves nothing behind.
//! - [`Backend::enter`] and [`Backend::register`] are `io_uring_enter(2)` and `io_uring_register(2)`: same arguments, same
//!   results, `-errno` for a failure, the C library's `errno` untouched.
//! - [`Backend::map`] maps a region of a ring by the offsets `IORING_OFF_*`; [`Backend::unmap`] undoes it.
//! - [`Backend::close`] drops a ring's descriptor; the ring ends when its last descriptor and mapping are gone.
//!
//! On the kernel each of them is one system call: no allocation, no lock, no other thread.

use super::abi::*;
use super::errno::{check_int, Errno};
use super::policy::{self, Policy};
use super::sys;
use crate::engine;
use ::core::ffi::{c_int, c_uint, c_void};
use ::core::sync::atomic::{AtomicBool, Ordering};

/// The kernel was asked for a ring, and did not say that it has none.
static KERNEL_HAS_RINGS: AtomicBool = AtomicBool::new(false);

/// What serves a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The kernel's io_uring.
    Kernel,
    /// The library's own engine.
    User,
}

impl Backend {
    /// The backend of a ring that is set up.
    #[inline(always)]
    pub fn of_ring(ring: &io_uring) -> Backend {
        if ring.int_flags & INT_FLAG_USER == 0 {
            Backend::Kernel
        } else {
            Backend::User
        }
    }

    /// The backend behind a descriptor, or a registered ring's number, that a program passes without its ring.
    pub fn of_fd(fd: c_int, registered: bool) -> Backend {
        // A number that is nobody's is answered by whoever has rings: the kernel, unless only the engine does.
        let strays = engine::was_used() && !KERNEL_HAS_RINGS.load(Ordering::Relaxed);
        if strays || engine::owns(fd, registered) {
            Backend::User
        } else {
            Backend::Kernel
        }
    }

    /// The backend whose ring a descriptor is, for mapping it: anything else can be mapped by the kernel only, or not at all.
    pub fn of_ring_fd(fd: c_int) -> Backend {
        if engine::owns(fd, false) {
            Backend::User
        } else {
            Backend::Kernel
        }
    }

    /// The mark that a ring of this backend carries.
    #[inline]
    pub fn int_flag(self) -> u8 {
        match self {
            Backend::Kernel => 0,
            Backend::User => INT_FLAG_USER,
        }
    }

    /// Makes a ring; answers who serves it, and its descriptor (or number, with `IORING_SETUP_REGISTERED_FD_ONLY`).
    ///
    /// # Safety
    ///
    /// With `IORING_SETUP_NO_MMAP`, the memory that `p` names must stay the ring's own until it is closed.
    #[inline]
    pub unsafe fn setup(entries: c_uint, p: &mut io_uring_params) -> Result<(Backend, c_int), Errno> {
        let p: *mut io_uring_params = p;
        // SAFETY: the caller's promise; the reference is the only one while the closure runs.
        unsafe { setup_by(entries, p, || setup_known(entries, &mut *p)) }
    }

    /// The same for a structure of the program's, whose address may be bad.
    ///
    /// # Safety
    ///
    /// As for [`Backend::setup`].
    #[inline]
    pub unsafe fn setup_raw(entries: c_uint, p: *mut io_uring_params) -> Result<(Backend, c_int), Errno> {
        // SAFETY: the caller's promise.
        unsafe { setup_by(entries, p, || setup_user(entries, p)) }
    }

    /// Submits and waits: `io_uring_enter(2)`.
    ///
    /// # Safety
    ///
    /// As for [`sys::io_uring_enter`].
    #[inline(always)]
    pub unsafe fn enter(
        self,
        fd: c_int,
        to_submit: c_uint,
        min_complete: c_uint,
        flags: c_uint,
        arg: *const c_void,
        arg_size: usize,
    ) -> c_int {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Backend::Kernel => sys::io_uring_enter(fd, to_submit, min_complete, flags, arg, arg_size),
                Backend::User => engine::enter(fd, to_submit, min_complete, flags, arg, arg_size),
            }
        }
    }

    /// Registers resources and controls the ring: `io_uring_register(2)`.
    ///
    /// # Safety
    ///
    /// As for [`sys::io_uring_register`].
    pub unsafe fn register(self, fd: c_int, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Backend::Kernel => sys::io_uring_register(fd, opcode, arg, nr_args),
                Backend::User => engine::register(fd, opcode, arg, nr_args),
            }
        }
    }

    /// The same for a descriptor that a program passes without its ring, or for -1.
    ///
    /// # Safety
    ///
    /// As for [`sys::io_uring_register`].
    pub unsafe fn register_fd(fd: c_int, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
        let registered = opcode & IORING_REGISTER_USE_REGISTERED_RING != 0;
        // SAFETY: the caller's promise.
        unsafe {
            if fd == -1 {
                return Backend::register_without_ring(opcode & !IORING_REGISTER_USE_REGISTERED_RING, arg, nr_args);
            }
            Backend::of_fd(fd, registered).register(fd, opcode, arg, nr_args)
        }
    }

    /// The same for opcodes that belong to no ring. A message goes to whoever has the ring it names; what names none is answered by
    /// whoever makes rings here.
    ///
    /// # Safety
    ///
    /// As for [`sys::io_uring_register`].
    pub unsafe fn register_without_ring(opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
        let policy = policy::get();
        let message = opcode == IORING_REGISTER_SEND_MSG_RING && engine::in_use() && engine::owns_target(arg, nr_args);
        if policy != Policy::User && !message {
            // SAFETY: the caller's promise.
            let answer = unsafe { sys::io_uring_register(-1, opcode, arg, nr_args) };
            match check_int(answer) {
                Err(Errno::NOSYS | Errno::PERM | Errno::ACCES) if policy == Policy::Auto => {}
                _ => return answer,
            }
        }
        match opcode {
            IORING_REGISTER_SEND_MSG_RING => engine::send_message(arg, nr_args),
            IORING_REGISTER_QUERY => engine::query(arg, nr_args),
            _ => Errno::INVAL.to_c(),
        }
    }

    /// Maps `len` bytes of a ring's region `offset` (`IORING_OFF_*`), shared and populated.
    #[inline]
    pub fn map(self, fd: c_int, len: usize, offset: u64) -> Result<*mut c_void, Errno> {
        match self {
            Backend::Kernel => sys::mmap(len, libc::MAP_SHARED | libc::MAP_POPULATE, fd, offset),
            Backend::User => engine::map(fd, len, offset),
        }
    }

    /// Unmaps what [`Backend::map`] mapped; the engine's memory goes with its ring. Fails only for arguments that name no mapping, and
    /// then changes nothing.
    ///
    /// # Safety
    ///
    /// Nothing may use the memory any more.
    #[inline]
    pub unsafe fn unmap(self, addr: *mut c_void, len: usize) {
        if self == Backend::Kernel {
            // SAFETY: the caller's promise.
            let _ = unsafe { sys::munmap(addr, len) };
        }
    }

    /// Closes a ring's descriptor.
    #[inline]
    pub fn close(self, fd: c_int) {
        match self {
            Backend::Kernel => drop(sys::close(fd)),
            Backend::User => engine::close(fd),
        }
    }
}

/// Asks whom the policy names; `user` makes a ring of the engine's.
///
/// # Safety
///
/// As for [`Backend::setup`].
#[inline(always)]
unsafe fn setup_by(
    entries: c_uint,
    p: *mut io_uring_params,
    user: impl FnOnce() -> Result<c_int, Errno>,
) -> Result<(Backend, c_int), Errno> {
    let policy = policy::get();
    if policy != Policy::User {
        // SAFETY: the caller's promise.
        let made = check_int(unsafe { sys::io_uring_setup(entries, p) });
        match made {
            // Only these say that io_uring is not to be had here; any other error is about this ring.
            Err(Errno::NOSYS | Errno::PERM | Errno::ACCES) if policy == Policy::Auto => {}
            made => {
                KERNEL_HAS_RINGS.store(true, Ordering::Relaxed);
                return made.map(|fd| (Backend::Kernel, fd));
            }
        }
    }
    user().map(|fd| (Backend::User, fd))
}

/// A ring of the engine's. Parameters that were refused stay as they were.
#[cold]
#[inline(never)]
fn setup_known(entries: c_uint, p: &mut io_uring_params) -> Result<c_int, Errno> {
    let mut made = *p;
    let fd = engine::setup(entries, &mut made)?;
    *p = made;
    Ok(fd)
}

/// The same for parameters of the program's.
#[cold]
#[inline(never)]
fn setup_user(entries: c_uint, p: *mut io_uring_params) -> Result<c_int, Errno> {
    let size = ::core::mem::size_of::<io_uring_params>();
    let mut made = io_uring_params::default();
    // SAFETY: one structure, whose address may be bad.
    unsafe { sys::copy_from_program((&raw mut made).cast(), p as u64, size) }?;
    let fd = engine::setup(entries, &mut made)?;
    // SAFETY: one structure, whose address may be bad.
    if let Err(e) = unsafe { sys::copy_to_program(p as u64, (&raw const made).cast(), size) } {
        engine::close(fd);
        return Err(e);
    }
    Ok(fd)
}
