// SPDX-License-Identifier: MIT
//! The queue: SQEs, submission, waiting, completions.

use super::{cqe_out, ring_mut, ring_ref};
use crate::core::abi::*;
use crate::core::errno::IntoC;
use crate::core::mmap;
use crate::queue::{self, Limits};
use ::core::ffi::{c_int, c_uint};
use ::core::ptr::null;
use libc::sigset_t;

/// Hands out the next submission queue entry.
///
/// The SQE is initialised as io_uring_initialize_sqe() does, and is submitted by the next io_uring_submit() or its kin, in order.
///
/// Returns the SQE, or NULL where the submission queue is full: submit, and ask again. io_uring_get_sqe(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's promise.
    unsafe { queue::get_sqe(ring_mut(ring)) }
}

/// The same under the name that the header's other helpers call.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn _io_uring_get_sqe(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's promise.
    unsafe { queue::get_sqe(ring_mut(ring)) }
}

/// Hands out a 128-byte SQE, on rings with IORING_SETUP_SQE128 or IORING_SETUP_SQE_MIXED (Linux 6.19).
///
/// On a mixed ring it takes two slots, and a third one for a silent NOP where the two would not lie side by side.
///
/// Returns the SQE, or NULL where there is no room or the ring has no such SQEs. io_uring_get_sqe128(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_sqe128(ring: *mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: the caller's promise.
    unsafe { queue::get_sqe128(ring_mut(ring)) }
}

/// SQEs handed out that the kernel has not consumed yet: unsubmitted ones, and with SQPOLL those its thread has not come to.
/// io_uring_sq_ready(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sq_ready(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { queue::sq_ready(ring_ref(ring)) }
}

/// SQEs that io_uring_get_sqe() can still hand out. io_uring_sq_space_left(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sq_space_left(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { queue::sq_space_left(ring_ref(ring)) }
}

/// The SQ head: how many SQEs the kernel has consumed since the ring was made, modulo 2^32.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_load_sq_head(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { queue::load_sq_head(ring_ref(ring)) }
}

/// Waits until an SQPOLL ring's submission queue has room; other rings return at once.
///
/// Returns 0 or more, or a negative errno. io_uring_sqring_wait(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqring_wait(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::sqring_wait(ring_ref(ring)) }
}

/// The system call of io_uring_sqring_wait(), whatever room there is.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_sqring_wait(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::enter_sqring_wait(ring_ref(ring)) }
}

/// log2 of the slots that an SQE takes: 1 with IORING_SETUP_SQE128, else 0.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_sqe_shift(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    mmap::sqe_shift(unsafe { ring_ref(ring) }.flags)
}

/// The same for setup flags.
#[no_mangle]
pub extern "C" fn io_uring_sqe_shift_from_flags(flags: c_uint) -> c_uint {
    mmap::sqe_shift(flags)
}

/// log2 of the slots that a CQE takes: 1 with IORING_SETUP_CQE32, else 0.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_shift(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    mmap::cqe_shift(unsafe { ring_ref(ring) }.flags)
}

/// The same for setup flags.
#[no_mangle]
pub extern "C" fn io_uring_cqe_shift_from_flags(flags: c_uint) -> c_uint {
    mmap::cqe_shift(flags)
}

/// Submits every SQE handed out since the last submit.
///
/// Returns the number submitted, or a negative errno: -EAGAIN (no memory for requests, try again), -EBUSY (completions overflowed:
/// reap some first), -EBADF, -EBADFD (ring disabled), -EEXIST (IORING_SETUP_SINGLE_ISSUER and another thread's ring). Fewer than were
/// handed out means that the kernel stopped at a faulty SQE; the rest goes with the next call. With IORING_SETUP_SQPOLL it counts what
/// the thread has not consumed yet. io_uring_submit(3).
///
/// # Safety
///
/// - `ring` is a valid ring; the memory that the SQEs name is left to their requests until those complete.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::submit(ring_mut(ring)) }
}

/// Submits, and waits until `wait_nr` completions are there.
///
/// Returns the number submitted, or a negative errno: as io_uring_submit(), and -EINTR where a signal ended the wait before anything was
/// submitted. io_uring_submit_and_wait(3).
///
/// # Safety
///
/// - As for io_uring_submit().
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait(ring: *mut io_uring, wait_nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::submit_and_wait(ring_mut(ring), wait_nr) }
}

/// Submits, and waits until `wait_nr` completions are there, `ts` has passed, or a signal comes that `sigmask` does not block.
///
/// `ts` is relative; NULL for no limit. `sigmask` NULL keeps the thread's mask. The first completion is handed out in `cqe_ptr` but not
/// consumed.
///
/// Returns the number submitted (0 included), or a negative errno: -ETIME where time ran out with nothing submitted and nothing
/// completed, -EINTR. On kernels before 5.11 the limit is a timeout request of the library's own, which takes an SQE.
/// io_uring_submit_and_wait_timeout(3).
///
/// # Safety
///
/// - As for io_uring_submit(); `cqe_ptr` is writable; `ts` and `sigmask` are readable or NULL.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    sigmask: *mut sigset_t,
) -> c_int {
    let limits = Limits { ts, min_wait_usec: 0, sigmask };
    // SAFETY: the caller's promise.
    unsafe { queue::submit_and_wait_timeout(ring_mut(ring), cqe_ptr, wait_nr, &limits) }
}

/// The same with a minimum wait (Linux 6.12): after `min_wait` microseconds one completion is enough, before that only `wait_nr`.
///
/// Returns as io_uring_submit_and_wait_timeout(); -EINVAL without IORING_FEAT_MIN_TIMEOUT. Without `ts` the minimum is ignored.
/// io_uring_submit_and_wait_min_timeout(3).
///
/// # Safety
///
/// - As for io_uring_submit_and_wait_timeout().
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_min_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    min_wait: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    let limits = Limits { ts, min_wait_usec: min_wait, sigmask };
    // SAFETY: the caller's promise.
    unsafe { queue::submit_and_wait_min_timeout(ring_mut(ring), cqe_ptr, wait_nr, &limits) }
}

/// Submits and waits as entry `reg_index` of the registered wait region says (Linux 6.13; io_uring_register_region()): time limit, minimum
/// wait and signal mask are read there, nothing is copied in.
///
/// Returns as io_uring_submit_and_wait_timeout(); -EINVAL without IORING_FEAT_EXT_ARG, -EFAULT for an entry outside the region.
/// io_uring_submit_and_wait_reg(3).
///
/// # Safety
///
/// - As for io_uring_submit(); `cqe_ptr` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_wait_reg(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    reg_index: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::submit_and_wait_reg(ring_mut(ring), cqe_ptr, wait_nr, reg_index) }
}

/// Submits, and lets the kernel post what waits to be posted, without waiting for more: for rings with IORING_SETUP_DEFER_TASKRUN, whose
/// completions appear only then.
///
/// Returns as io_uring_submit(). io_uring_submit_and_get_events(3).
///
/// # Safety
///
/// - As for io_uring_submit().
#[no_mangle]
pub unsafe extern "C" fn io_uring_submit_and_get_events(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::submit_and_get_events(ring_mut(ring)) }
}

/// Lets the kernel post what waits to be posted: deferred task work, and completions that had overflowed.
///
/// Returns 0 or more, or a negative errno. io_uring_get_events(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_events(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::get_events(ring_ref(ring)) }
}

/// Waits for a completion and hands it out in `cqe_ptr`; io_uring_cqe_seen() gives it back.
///
/// Returns 0, or a negative errno and NULL in `cqe_ptr`: -EINTR, -EBADF and so on. io_uring_wait_cqe(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe_ptr` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe(ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::wait_cqe(ring_ref(ring), cqe_ptr) }
}

/// Waits until `wait_nr` completions are there and hands out the first. io_uring_wait_cqe_nr(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe_ptr` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe_nr(ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe, wait_nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::get_cqe(ring_ref(ring), cqe_ptr, 0, wait_nr, null()) }
}

/// Waits until `wait_nr` completions are there, `ts` has passed, or a signal comes that `sigmask` does not block.
///
/// Returns 0, or a negative errno: -ETIME where time ran out and nothing is there, -EINTR. On kernels before 5.11 it submits what was
/// handed out, with a timeout of the library's own: threads must not share the ring between submitting and waiting there.
/// io_uring_wait_cqes(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe_ptr` is writable; `ts` and `sigmask` are readable or NULL.
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqes(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    sigmask: *mut sigset_t,
) -> c_int {
    let limits = Limits { ts, min_wait_usec: 0, sigmask };
    // SAFETY: the caller's promise.
    unsafe { queue::wait_cqes(ring_mut(ring), cqe_ptr, wait_nr, &limits) }
}

/// The same with a minimum wait (Linux 6.12): after `min_ts_usec` microseconds one completion is enough, before that only `wait_nr`.
///
/// Returns as io_uring_wait_cqes(); -EINVAL without IORING_FEAT_MIN_TIMEOUT. io_uring_wait_cqes_min_timeout(3).
///
/// # Safety
///
/// - As for io_uring_wait_cqes().
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqes_min_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    wait_nr: c_uint,
    ts: *mut __kernel_timespec,
    min_ts_usec: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    let limits = Limits { ts, min_wait_usec: min_ts_usec, sigmask };
    // SAFETY: the caller's promise.
    unsafe { queue::wait_cqes_min_timeout(ring_ref(ring), cqe_ptr, wait_nr, &limits) }
}

/// Waits for one completion, no longer than `ts`. io_uring_wait_cqe_timeout(3).
///
/// # Safety
///
/// - As for io_uring_wait_cqes().
#[no_mangle]
pub unsafe extern "C" fn io_uring_wait_cqe_timeout(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    ts: *mut __kernel_timespec,
) -> c_int {
    let limits = Limits { ts, min_wait_usec: 0, sigmask: null() };
    // SAFETY: the caller's promise.
    unsafe { queue::wait_cqes(ring_mut(ring), cqe_ptr, 1, &limits) }
}

/// What the waiting helpers of the header call: submits `submit` SQEs that are published already, waits for `wait_nr` completions with the
/// signals in `sigmask` blocked, and hands out the first.
///
/// # Safety
///
/// - As for io_uring_wait_cqes().
#[no_mangle]
pub unsafe extern "C" fn __io_uring_get_cqe(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    submit: c_uint,
    wait_nr: c_uint,
    sigmask: *mut sigset_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::get_cqe(ring_ref(ring), cqe_ptr, submit, wait_nr, sigmask) }
}

/// Hands out a completion that is there already, without consuming it; does not wait.
///
/// Returns 0, or -EAGAIN and NULL in `cqe_ptr` where there is none. Enters the kernel only where completions wait behind the ring's
/// memory. io_uring_peek_cqe(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe_ptr` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_peek_cqe(ring: *mut io_uring, cqe_ptr: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::peek_cqe(ring_ref(ring), cqe_ptr) }
}

/// The completion at the head of the ring's memory, or NULL in `cqe_ptr`; `nr_available`, where it is not NULL, becomes the number of CQ
/// slots posted. Never enters the kernel.
///
/// Returns 0, or the error of a timeout that the library itself had sent (kernels before 5.11).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe_ptr` is writable; `nr_available` is writable or NULL.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_peek_cqe(
    ring: *mut io_uring,
    cqe_ptr: *mut *mut io_uring_cqe,
    nr_available: *mut c_uint,
) -> c_int {
    let mut unwanted = 0;
    // SAFETY: the caller's promise.
    unsafe {
        let available = nr_available.as_mut().unwrap_or(&mut unwanted);
        queue::peek_posted(ring_ref(ring), cqe_out(cqe_ptr), available)
    }
}

/// Hands out up to `count` completions that are there, in order, without consuming them.
///
/// On rings that mix CQE sizes, consume them by the sum of io_uring_cqe_nr(); a batch ends early in front of a filler entry.
///
/// Returns how many `cqes` now names. io_uring_peek_batch_cqe(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqes` has room for `count` pointers.
#[no_mangle]
pub unsafe extern "C" fn io_uring_peek_batch_cqe(ring: *mut io_uring, cqes: *mut *mut io_uring_cqe, count: c_uint) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { queue::peek_batch(ring_ref(ring), cqes, count) }
}

/// An iterator over the completions that are there now, for io_uring_cqe_iter_next(). io_uring_for_each_cqe(3) is made of it.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_iter_init(ring: *const io_uring) -> io_uring_cqe_iter {
    // SAFETY: the caller's promise.
    unsafe { queue::cqe_iter(ring_ref(ring)) }
}

/// Puts the iterator's next completion in `cqe` and returns true; false behind the last, and `cqe` stays as it is.
///
/// # Safety
///
/// - `iter` came from io_uring_cqe_iter_init(), of a ring that is still valid; `cqe` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_iter_next(iter: *mut io_uring_cqe_iter, cqe: *mut *mut io_uring_cqe) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let next = queue::cqe_iter_next(&mut *iter);
        if !next.is_null() {
            cqe.write(next);
        }
        !next.is_null()
    }
}

/// CQ slots posted and not consumed; those that overflowed are not among them. io_uring_cq_ready(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_ready(ring: *const io_uring) -> c_uint {
    // SAFETY: the caller's promise.
    unsafe { queue::cq_ready(ring_ref(ring)) }
}

/// True where completions did not fit the CQ: io_uring_get_events() or a wait brings them in. io_uring_cq_has_overflow(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_has_overflow(ring: *const io_uring) -> bool {
    // SAFETY: the caller's promise.
    unsafe { queue::cq_has_overflow(ring_ref(ring)) }
}

/// True unless io_uring_cq_eventfd_toggle() has silenced the registered eventfd. io_uring_cq_eventfd_enabled(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_eventfd_enabled(ring: *const io_uring) -> bool {
    // SAFETY: the caller's promise.
    unsafe { queue::cq_eventfd_enabled(ring_ref(ring)) }
}

/// Silences the registered eventfd, or lets it speak again.
///
/// Returns 0, or -EOPNOTSUPP before Linux 5.8. io_uring_cq_eventfd_toggle(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_eventfd_toggle(ring: *mut io_uring, enabled: bool) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { queue::cq_eventfd_toggle(ring_ref(ring), enabled) }.into_c()
}

/// Consumes `nr` CQ slots: on plain rings, as many completions. io_uring_cq_advance(3).
///
/// # Safety
///
/// - `ring` is a valid ring; the program is done with those CQEs.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cq_advance(ring: *mut io_uring, nr: c_uint) {
    // SAFETY: the caller's promise.
    unsafe { queue::cq_advance(ring_ref(ring), nr) }
}

/// Consumes a completion that a peek or wait handed out; NULL is nothing. io_uring_cqe_seen(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `cqe` is its first unconsumed CQE or NULL.
#[no_mangle]
pub unsafe extern "C" fn io_uring_cqe_seen(ring: *mut io_uring, cqe: *mut io_uring_cqe) {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some(cqe) = cqe.as_ref() {
            queue::cqe_seen(ring_ref(ring), cqe);
        }
    }
}
