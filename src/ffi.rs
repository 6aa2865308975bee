// SPDX-License-Identifier: MIT
//! The exported C functions: pointers in, one call of the core, a C result out.
//!
//! Their documentation becomes `include/uring.h`. They never call each other: a call between exports would go through the
//! dynamic linker.

mod buf_ring;
mod ctypes;
mod ext;
mod prep;
mod queue;
mod recvmsg;
mod register;
mod ring;

use crate::core::abi::{io_uring, io_uring_cqe};

/// The one place where a ring pointer of C becomes a reference.
///
/// # Safety
///
/// A valid ring, or one that is about to be made; nobody else changes it while the reference lives.
#[inline(always)]
unsafe fn ring_mut<'a>(ring: *mut io_uring) -> &'a mut io_uring {
    // SAFETY: the caller's promise.
    unsafe { &mut *ring }
}

/// The same for functions that only read the ring's own fields.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn ring_ref<'a>(ring: *const io_uring) -> &'a io_uring {
    // SAFETY: the caller's promise.
    unsafe { &*ring }
}

/// The place where C wants a completion.
///
/// # Safety
///
/// Writable.
#[inline(always)]
unsafe fn cqe_out<'a>(cqe_ptr: *mut *mut io_uring_cqe) -> &'a mut *mut io_uring_cqe {
    // SAFETY: the caller's promise. Programs leave the pointer uninitialised; null is what it becomes without a completion.
    unsafe {
        cqe_ptr.write(::core::ptr::null_mut());
        &mut *cqe_ptr
    }
}
