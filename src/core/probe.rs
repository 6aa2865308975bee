// SPDX-License-Identifier: MIT
//! Asking which opcodes are served.

use super::abi::*;
use super::errno::Errno;
use super::{register, setup};
use ::core::ffi::c_int;
use ::core::mem::size_of;
use ::core::ptr::null_mut;

/// Opcodes a probe asks about: as many as the kernel's interface can name.
const PROBE_OPS: u32 = 256;

/// Probes a ring. The answer comes from the C library's `malloc`: programs pass it to plain `free()`.
///
/// Null where there is no memory or the kernel cannot be probed (before 5.6).
pub fn get_probe_ring(ring: &io_uring) -> *mut io_uring_probe {
    let size = size_of::<io_uring_probe>() + PROBE_OPS as usize * size_of::<io_uring_probe_op>();
    // SAFETY: plain C allocation.
    let probe = unsafe { libc::calloc(1, size) }.cast::<io_uring_probe>();
    if probe.is_null() {
        return null_mut();
    }
    // SAFETY: zeroed, as the kernel wants it, with room for PROBE_OPS entries.
    if unsafe { register_probe(ring, probe, PROBE_OPS) }.is_err() {
        free_probe(probe);
        return null_mut();
    }
    probe
}

/// Probes a ring made for the purpose.
pub fn get_probe() -> *mut io_uring_probe {
    let mut ring = setup::empty_ring();
    if setup::queue_init(2, &mut ring, &mut io_uring_params::default(), null_mut(), 0).is_err() {
        return null_mut();
    }
    let probe = get_probe_ring(&ring);
    setup::queue_exit(&mut ring);
    probe
}

/// Frees a probe; null is nothing.
pub fn free_probe(probe: *mut io_uring_probe) {
    // SAFETY: from `calloc` above, or null; the program is done with it.
    unsafe { libc::free(probe.cast()) };
}

/// Fills the program's own probe with room for `nr` opcodes.
///
/// # Safety
///
/// As for [`register::register`].
pub unsafe fn register_probe(ring: &io_uring, probe: *mut io_uring_probe, nr: u32) -> Result<c_int, Errno> {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring, IORING_REGISTER_PROBE, probe.cast(), nr) }
}
