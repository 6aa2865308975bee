// SPDX-License-Identifier: MIT
//! io_uring in user space: the kernel's contract over plain system calls.
//!
//! # The contract
//!
//! What `core::backend` promises for every backend, plus:
//!
//! - A ring's descriptor is an epoll descriptor: it can be polled, watched and duplicated as a kernel ring's can.
//! - Whoever waits drives: the thread inside [`enter`] waits in the ring's reactor and does what became ready. Worker threads do what
//!   can only be done by blocking.
//! - The program's memory is read by system calls wherever it may be bad, so that a wild pointer is -EFAULT and not a crash.
//! - Each request ends exactly once, and nothing of the program's memory is touched after its last CQE.
//! - `errno`, signal handlers, signal masks and low descriptor numbers of the program stay as they are.

mod aio;
mod berths;
mod buffers;
mod cancel;
mod cq;
mod descriptors;
mod enter;
mod hints;
mod lookout;
mod memory;
mod merge;
mod names;
mod nudge;
mod ops;
mod own;
mod park;
mod pool;
mod process;
mod program;
mod query;
mod reactor;
mod region;
mod register;
mod registry;
mod request;
mod resize;
mod resources;
mod restrictions;
mod ring;
mod row;
mod setup;
mod signal;
mod slab;
mod sqpoll;
mod sync;
mod ticker;
mod timers;
mod watcher;

use crate::core::abi::io_uring_sqe;
use crate::core::errno::{Errno, IntoC};
use ::core::ffi::{c_int, c_uint, c_void};

pub use setup::{close, setup};

/// True where a descriptor, or a registered number, is a ring of the engine.
pub fn owns(fd: c_int, registered: bool) -> bool {
    find(fd, registered).is_some()
}

/// True while the engine has a ring.
pub fn in_use() -> bool {
    registry::any()
}

/// True once the engine has made a ring, here or in a process that this one was forked from.
pub fn was_used() -> bool {
    registry::ever()
}

/// A ring that a program names by a bare number, for certain.
fn find(fd: c_int, registered: bool) -> Option<registry::Handle> {
    process::notice_fork();
    if registered {
        registry::get(fd, true)
    } else {
        registry::find(fd)
    }
}

/// The ring that `enter` is to work on. The number is not checked against the file behind it: that would cost a system call each time.
fn ring(fd: c_int, registered: bool) -> Result<registry::Handle, Errno> {
    process::notice_fork();
    match registry::get(fd, registered) {
        Some(ring) => Ok(ring),
        None => ring_for_certain(fd, registered),
    }
}

/// The ring that any other call is to work on.
fn ring_for_certain(fd: c_int, registered: bool) -> Result<registry::Handle, Errno> {
    if let Some(ring) = find(fd, registered) {
        return Ok(ring);
    }
    if registered && !registry::is_registered_number(fd) {
        return Err(Errno::INVAL);
    }
    // As the kernel tells a descriptor that is none from one that is no ring.
    match crate::core::sys::fd_flags(fd) {
        Ok(_) if !registered => Err(Errno::OPNOTSUPP),
        _ => Err(Errno::BADF),
    }
}

/// `io_uring_enter(2)`.
///
/// # Safety
///
/// As for the system call: the requests' memory is left to them.
pub unsafe fn enter(
    fd: c_int,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *const c_void,
    arg_size: usize,
) -> c_int {
    // Before the descriptor is looked at: one of the flags says what kind of number it is.
    if flags & !enter::KNOWN_FLAGS != 0 {
        return Errno::INVAL.to_c();
    }
    let registered = flags & crate::core::abi::IORING_ENTER_REGISTERED_RING != 0;
    let entered = ring(fd, registered).and_then(|ring| {
        // SAFETY: the caller's promise.
        unsafe { ring.enter(to_submit, min_complete, flags, arg, arg_size) }
    });
    entered.into_c()
}

/// `io_uring_register(2)`.
///
/// # Safety
///
/// As for the system call.
pub unsafe fn register(fd: c_int, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
    const USE_REGISTERED: u32 = crate::core::abi::IORING_REGISTER_USE_REGISTERED_RING;
    if opcode & !USE_REGISTERED >= register::UNKNOWN {
        return Errno::INVAL.to_c();
    }
    let registered = ring_for_certain(fd, opcode & USE_REGISTERED != 0).and_then(|ring| {
        // SAFETY: the caller's promise.
        unsafe { ring.register(opcode & !USE_REGISTERED, arg, nr_args) }
    });
    registered.into_c()
}

/// `io_uring_register(2)` with `IORING_REGISTER_SEND_MSG_RING`, which belongs to no ring: the message at `arg` is an SQE.
pub fn send_message(arg: *const c_void, nr_args: c_uint) -> c_int {
    match message(arg, nr_args) {
        Ok(sqe) => ops::msg::send_now(&sqe).into_c(),
        Err(e) => e.to_c(),
    }
}

/// `io_uring_register(2)` with `IORING_REGISTER_QUERY`, which belongs to no ring either.
pub fn query(arg: *const c_void, nr_args: c_uint) -> c_int {
    query::query(arg as u64, nr_args).into_c()
}

/// True where such a message is to one of the engine's rings.
pub fn owns_target(arg: *const c_void, nr_args: c_uint) -> bool {
    message(arg, nr_args).is_ok_and(|sqe| owns(sqe.fd, false))
}

fn message(arg: *const c_void, nr_args: c_uint) -> Result<io_uring_sqe, Errno> {
    if arg.is_null() || nr_args != 1 {
        return Err(Errno::INVAL);
    }
    let mut sqe = io_uring_sqe::default();
    let size = ::core::mem::size_of::<io_uring_sqe>();
    // SAFETY: one structure, whose address may be bad.
    unsafe { crate::core::sys::copy_from_program((&raw mut sqe).cast(), arg as u64, size) }?;
    Ok(sqe)
}

/// What `mmap(2)` of a ring's descriptor would give. It lives until the ring is closed. Whose descriptor it is, is known: it was made just now,
/// or [`owns`] has said so.
#[cold]
#[inline(never)]
pub fn map(fd: c_int, len: usize, offset: u64) -> Result<*mut c_void, Errno> {
    ring(fd, false)?.memory.region(len, offset)
}
