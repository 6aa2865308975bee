// SPDX-License-Identifier: MIT
//! Buffer rings
//!
//! A buffer ring gives a group of buffers to the kernel, which requests with IOSQE_BUFFER_SELECT take from (since Linux
//! 5.19). The program makes it with io_uring_setup_buf_ring(), adds buffers and makes them visible; a CQE names the buffer
//! that a request used, and the program adds it again when it has done with it. Only one thread at a time may add to a ring.

use super::ctypes::*;
use super::ring_ref;
use crate::core::abi::*;
use crate::core::errno::IntoC;
use crate::core::{buf_ring, register};
use crate::queue;

/// Empties a buffer ring whose memory the program provides itself, before io_uring_register_buf_ring().
///
/// What io_uring_setup_buf_ring() returns is empty already. See io_uring_buf_ring_init(3).
///
/// # Safety
///
/// - `br` points to the ring's memory.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_init(br: *mut io_uring_buf_ring) {
    // SAFETY: the caller hands over the ring's memory.
    unsafe { buf_ring::init(br) };
}

/// Returns the mask that io_uring_buf_ring_add() wants for a ring of `ring_entries` entries, a power of two.
///
/// See io_uring_buf_ring_mask(3).
#[no_mangle]
pub extern "C" fn io_uring_buf_ring_mask(ring_entries: __u32) -> c_int {
    buf_ring::mask(ring_entries)
}

/// Writes a buffer of `len` bytes at `addr`, numbered `bid`, into the ring. The kernel sees it after
/// io_uring_buf_ring_advance().
///
/// `mask` comes from io_uring_buf_ring_mask(). `buf_offset` is 0 for the first buffer added since the last advance, 1 for the
/// second and so on. A full ring is not noticed: a program adds no more buffers than the ring has entries. See
/// io_uring_buf_ring_add(3).
///
/// # Safety
///
/// - `br` is a buffer ring of `mask` + 1 entries; `addr` stays valid until the buffer is used up or the ring is unregistered.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_add(
    br: *mut io_uring_buf_ring,
    addr: *mut c_void,
    len: c_uint,
    bid: c_ushort,
    mask: c_int,
    buf_offset: c_int,
) {
    // SAFETY: the caller hands over a buffer ring and its mask.
    unsafe { buf_ring::add(br, addr, len, bid, mask, buf_offset) };
}

/// Makes the `count` buffers that were added last visible to the kernel.
///
/// See io_uring_buf_ring_advance(3).
///
/// # Safety
///
/// - `br` is a buffer ring, to which `count` buffers were added since the last advance.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_advance(br: *mut io_uring_buf_ring, count: c_int) {
    // SAFETY: the caller hands over a buffer ring.
    unsafe { buf_ring::advance(br, count) };
}

/// Makes `count` buffers visible to the kernel and marks as many CQEs as seen, in one call.
///
/// For programs that add a buffer again for each CQE they handle. See io_uring_buf_ring_cq_advance(3).
///
/// # Safety
///
/// - `ring` is a valid ring and has `count` CQEs ready; `br` is a buffer ring, to which `count` buffers were added.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_cq_advance(ring: *mut io_uring, br: *mut io_uring_buf_ring, count: c_int) {
    // SAFETY: the caller hands over a buffer ring and a valid ring.
    unsafe {
        buf_ring::advance(br, count);
        queue::cq_advance(ring_ref(ring), count as c_uint);
    }
}

/// Like io_uring_buf_ring_cq_advance(), with `buf_count` buffers and `cq_count` CQEs.
///
/// # Safety
///
/// - `ring` is a valid ring and has `cq_count` CQEs ready; `br` is a buffer ring, to which `buf_count` buffers were added.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_buf_ring_cq_advance(
    ring: *mut io_uring,
    br: *mut io_uring_buf_ring,
    cq_count: c_int,
    buf_count: c_int,
) {
    // SAFETY: the caller hands over a buffer ring and a valid ring.
    unsafe {
        buf_ring::advance(br, buf_count);
        queue::cq_advance(ring_ref(ring), cq_count as c_uint);
    }
}

/// Returns how many buffers of the ring the kernel has not taken yet.
///
/// It asks the kernel where it stands, by a system call; requests that are under way may change the number at once. `bgid` is
/// the group that `br` was registered for. On failure it returns -ENOENT when there is no such group, -EINVAL when the group
/// is no ring or the kernel does not answer the question (before Linux 6.8). See io_uring_buf_ring_available(3).
///
/// # Safety
///
/// - `ring` is a valid ring, `br` the buffer ring that is registered there as `bgid`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_available(ring: *mut io_uring, br: *mut io_uring_buf_ring, bgid: c_ushort) -> c_int {
    // SAFETY: the caller hands over a valid ring.
    let head = register::buf_ring_head(unsafe { ring_ref(ring) }, c_int::from(bgid));
    // SAFETY: the caller hands over a buffer ring.
    head.map(|head| c_int::from(unsafe { buf_ring::unread(br, head) })).into_c()
}
