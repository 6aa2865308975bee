// SPDX-License-Identifier: MIT
//! Requests: what they share
//!
//! A request is made in four steps: io_uring_get_sqe() hands out a submission queue entry (SQE), one `io_uring_prep_*`
//! function writes the request into it, the `io_uring_sqe_set_*` functions add to it (after the prep function), and
//! io_uring_submit() hands it to the kernel. Preparing makes no system call and cannot fail. What came of the request is told
//! by its completion (CQE): `res` holds the result, or a negative errno.
//!
//! The descriptions below say under "Result" what `res` holds on success, and under "Since" which Linux first knew the
//! request. Unless said otherwise, `fd` is a file descriptor, or a slot of the ring's file table when the SQE has
//! IOSQE_FIXED_FILE. What a pointer points to must stay valid and unchanged until the request has completed; where "until
//! submission" is said, until io_uring_submit() has returned (on rings with IORING_SETUP_SQPOLL: until the kernel thread has
//! taken the SQE).
//!
//! Any request can end with these errors, the others are listed with each function:
//! - -EINVAL: the kernel does not know the operation, a flag, or this combination of fields.
//! - -EBADF: `fd` is not open, or the slot is empty.
//! - -EFAULT: a pointer does not point to the program's memory.
//! - -ECANCELED: the request was cancelled, or an earlier one of its link failed.
//! - -EINTR: it was cancelled or its task received a signal while it ran.
//! - -EAGAIN: it would have had to wait and was told not to (for example by RWF_NOWAIT or MSG_DONTWAIT).
//! - -ENOMEM: the kernel had no memory for it.
//! - -ENOBUFS: it takes its buffer from a group (IOSQE_BUFFER_SELECT), and the group is empty.

mod fs;
mod misc;
mod names;
mod net;
mod poll;
mod rw;
#[cfg(test)]
mod vectors;

use super::ctypes::*;
use crate::core::abi::*;
use crate::core::prep;

/// The SQE behind a pointer from C.
///
/// # Safety
///
/// - `sqe` is a valid SQE, and nothing else uses it while the reference lives.
#[inline(always)]
unsafe fn sqe_mut<'a>(sqe: *mut io_uring_sqe) -> &'a mut io_uring_sqe {
    // SAFETY: the caller's promise.
    unsafe { &mut *sqe }
}

/// Clears what the prep functions count on being clear: all fields but `opcode`, `fd`, `off`, `addr`, `len` and `user_data`.
///
/// io_uring_get_sqe() has done this to the SQE it returns. A program that keeps SQEs of its own calls it before a prep
/// function.
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_initialize_sqe(sqe: *mut io_uring_sqe) {
    // SAFETY: the caller hands over a valid SQE.
    prep::initialize(unsafe { sqe_mut(sqe) });
}

/// Gives the request a pointer, which its CQE brings back: see io_uring_cqe_get_data().
///
/// The kernel does not look at it. Pointer and 64-bit number (io_uring_sqe_set_data64()) share one field, `user_data`; a prep
/// function does not touch it, and neither does io_uring_get_sqe(): a request without a value of its own carries an old one.
/// The value LIBURING_UDATA_TIMEOUT (all ones) belongs to the library. See io_uring_sqe_set_data(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_set_data(sqe: *mut io_uring_sqe, data: *mut c_void) {
    // SAFETY: the caller hands over a valid SQE.
    unsafe { sqe_mut(sqe) }.user_data = prep::address(data);
}

/// Gives the request a number, which its CQE brings back: see io_uring_cqe_get_data64().
///
/// Requests are also cancelled, updated and removed by this number. It shares its field with io_uring_sqe_set_data().
/// See io_uring_sqe_set_data64(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_set_data64(sqe: *mut io_uring_sqe, data: __u64) {
    // SAFETY: the caller hands over a valid SQE.
    unsafe { sqe_mut(sqe) }.user_data = data;
}

/// Sets the request's IOSQE_* flags, in place of those it had.
///
/// - IOSQE_FIXED_FILE: `fd` is a slot of the registered file table (since Linux 5.1).
/// - IOSQE_IO_DRAIN: starts when all earlier requests are complete; later ones wait for it (5.2).
/// - IOSQE_IO_LINK: the next SQE starts when this request has succeeded, and is cancelled when it fails (5.3).
/// - IOSQE_IO_HARDLINK: like a link, but the next SQE starts also after a failure (5.5).
/// - IOSQE_ASYNC: runs in a kernel worker at once, without trying to complete during submission (5.6).
/// - IOSQE_BUFFER_SELECT: takes a buffer from a group, see io_uring_sqe_set_buf_group() (5.7).
/// - IOSQE_CQE_SKIP_SUCCESS: posts a CQE only when it fails (5.17).
///
/// io_uring_prep_read_multishot() and io_uring_prep_fixed_fd_install() set flags of their own, which this call has to repeat.
/// See io_uring_sqe_set_flags(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_set_flags(sqe: *mut io_uring_sqe, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    unsafe { sqe_mut(sqe) }.flags = flags as u8;
}

/// Names the buffer group that a request with IOSQE_BUFFER_SELECT takes its buffer from.
///
/// `bgid` is the group's number, 0 to 65535, as given to io_uring_setup_buf_ring() or io_uring_prep_provide_buffers(). The
/// flag itself is set with io_uring_sqe_set_flags(). The CQE has IORING_CQE_F_BUFFER and the buffer's number in its upper 16
/// flag bits (`cqe->flags >> IORING_CQE_BUFFER_SHIFT`). See io_uring_sqe_set_buf_group(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_set_buf_group(sqe: *mut io_uring_sqe, bgid: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    unsafe { sqe_mut(sqe) }.buf_index = bgid as u16;
}

/// Returns the pointer that io_uring_sqe_set_data() gave to the request.
///
/// See io_uring_cqe_get_data(3).
///
/// # Safety
///
/// - `cqe` is a valid CQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_get_data(cqe: *const io_uring_cqe) -> *mut c_void {
    // SAFETY: the caller hands over a valid CQE.
    unsafe { (*cqe).user_data as usize as *mut c_void }
}

/// Returns the number that io_uring_sqe_set_data64() gave to the request.
///
/// See io_uring_cqe_get_data64(3).
///
/// # Safety
///
/// - `cqe` is a valid CQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_get_data64(cqe: *const io_uring_cqe) -> __u64 {
    // SAFETY: the caller hands over a valid CQE.
    unsafe { (*cqe).user_data }
}

/// Returns how many 16-byte slots of the CQ this CQE takes: 2 when it has IORING_CQE_F_32, else 1.
///
/// Of use on rings with IORING_SETUP_CQE_MIXED, to count what io_uring_cq_advance() is to be told. On rings with
/// IORING_SETUP_CQE32 every CQE counts as 1, although it is large.
///
/// # Safety
///
/// - `cqe` is a valid CQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_nr(cqe: *const io_uring_cqe) -> c_uint {
    // SAFETY: the caller hands over a valid CQE.
    crate::queue::cqe_slots(unsafe { &*cqe })
}

/// Returns 1 when the kernel knows the operation `op` (IORING_OP_*), else 0.
///
/// `p` comes from io_uring_get_probe() or io_uring_get_probe_ring(). That the operation is known does not say that each of
/// its flags is. Numbers outside 0 to 255 are not known. See io_uring_opcode_supported(3).
///
/// # Safety
///
/// - `p` is a probe that a probe call filled, followed by an entry for each opcode up to `last_op`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_opcode_supported(p: *const io_uring_probe, op: c_int) -> c_int {
    // SAFETY: the caller hands over a filled probe.
    c_int::from(unsafe { prep::misc::opcode_supported(p, op) })
}

/// Writes the fields that most requests begin with: operation, descriptor, address, length and offset.
///
/// This is what the other prep functions start from, for operations that have no function of their own. `op` is IORING_OP_*;
/// what `addr`, `len` and `offset` mean depends on it. All other fields keep their values.
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_rw(
    op: c_int,
    sqe: *mut io_uring_sqe,
    fd: c_int,
    addr: *const c_void,
    len: c_uint,
    offset: __u64,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::request(unsafe { sqe_mut(sqe) }, op as u8, fd, prep::address(addr), len, offset);
}

/// Does nothing, and completes at once. Good for waking a waiter, and for measuring.
///
/// - Result: 0. With IORING_NOP_INJECT_RESULT in `nop_flags` (since Linux 6.10) it is the SQE's `len`.
/// - Since: Linux 5.1. See io_uring_prep_nop(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_nop(sqe: *mut io_uring_sqe) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::nop(unsafe { sqe_mut(sqe) }, IORING_OP_NOP);
}

/// Does nothing, in an SQE of 128 bytes from io_uring_get_sqe128().
///
/// - Result: 0.
/// - Errors: -EINVAL where the ring has neither IORING_SETUP_SQE128 nor IORING_SETUP_SQE_MIXED.
/// - Since: Linux 6.19.
///
/// # Safety
///
/// - `sqe` is a valid SQE, of 128 bytes.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_nop128(sqe: *mut io_uring_sqe) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::nop(unsafe { sqe_mut(sqe) }, IORING_OP_NOP128);
}
