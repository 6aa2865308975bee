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

mod cancel;
mod cq;
mod enter;
mod memory;
mod ops;
mod pool;
mod reactor;
mod register;
mod registry;
mod request;
mod resources;
mod ring;
mod setup;
mod sync;
mod timers;

use crate::core::errno::{Errno, IntoC};
use ::core::ffi::{c_int, c_uint, c_void};

pub use setup::{close, setup};

/// True where a descriptor, or a registered number, is a ring of the engine.
pub fn owns(fd: c_int, registered: bool) -> bool {
    registry::get(fd, registered).is_some()
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
    let registered = flags & crate::core::abi::IORING_ENTER_REGISTERED_RING != 0;
    let Some(ring) = registry::get(fd, registered) else { return Errno::BADF.to_c() };
    // SAFETY: the caller's promise.
    unsafe { ring.enter(to_submit, min_complete, flags, arg, arg_size) }.into_c()
}

/// `io_uring_register(2)`.
///
/// # Safety
///
/// As for the system call.
pub unsafe fn register(fd: c_int, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
    const USE_REGISTERED: u32 = crate::core::abi::IORING_REGISTER_USE_REGISTERED_RING;
    let Some(ring) = registry::get(fd, opcode & USE_REGISTERED != 0) else { return Errno::BADF.to_c() };
    // SAFETY: the caller's promise.
    unsafe { ring.register(opcode & !USE_REGISTERED, arg, nr_args) }.into_c()
}

/// What `mmap(2)` of a ring's descriptor would give. It lives until the ring is closed.
pub fn map(fd: c_int, len: usize, offset: u64) -> Result<*mut c_void, Errno> {
    registry::get(fd, false).ok_or(Errno::BADF)?.memory.region(len, offset)
}
