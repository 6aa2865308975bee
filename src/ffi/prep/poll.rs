// SPDX-License-Identifier: MIT
//! Polls, timeouts, cancellation, epoll
//!
//! Poll masks are the POLL* events of poll(2). A `struct __kernel_timespec` holds seconds and nanoseconds, 64 bits each, and
//! has to stay until submission.

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;

/// Waits until one of the events in `poll_mask` happens on `fd`, and completes once.
///
/// POLLERR and POLLHUP are always waited for. For the next event it has to be submitted again.
/// - Result: the events that are ready.
/// - Errors: -ECANCELED when it is removed or cancelled.
/// - Since: Linux 5.1. See io_uring_prep_poll_add(3), poll(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_poll_add(sqe: *mut io_uring_sqe, fd: c_int, poll_mask: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::add(unsafe { sqe_mut(sqe) }, fd, poll_mask);
}

/// Like io_uring_prep_poll_add(), but posts a CQE each time one of the events happens.
///
/// CQEs have IORING_CQE_F_MORE; one without is the last, and the poll no longer armed. A CQE tells of a change: an event that
/// was ready and still is, is not told again, unless IORING_POLL_ADD_LEVEL is added to the SQE's `len` (since Linux 6.0).
/// - Result, of each CQE: the events that are ready.
/// - Errors: -ECANCELED when it is removed or cancelled.
/// - Since: Linux 5.13. See io_uring_prep_poll_multishot(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_poll_multishot(sqe: *mut io_uring_sqe, fd: c_int, poll_mask: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::multishot(unsafe { sqe_mut(sqe) }, fd, poll_mask);
}

/// Removes the poll that was submitted with `user_data`. The poll itself completes with -ECANCELED.
///
/// - Result: 0.
/// - Errors: -ENOENT when there is no such poll; -EALREADY when it is just completing.
/// - Since: Linux 5.1. See io_uring_prep_poll_remove(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_poll_remove(sqe: *mut io_uring_sqe, user_data: __u64) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::remove(unsafe { sqe_mut(sqe) }, user_data);
}

/// Changes the poll that was submitted with `old_user_data`: its events, its `user_data`, or both.
///
/// - Flags: IORING_POLL_UPDATE_EVENTS takes `poll_mask`, IORING_POLL_UPDATE_USER_DATA takes `new_user_data`;
///   IORING_POLL_ADD_MULTI keeps a multishot poll one.
/// - Result: 0.
/// - Errors: -ENOENT when there is no such poll; -EALREADY when it is just completing.
/// - Since: Linux 5.13. See io_uring_prep_poll_update(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_poll_update(
    sqe: *mut io_uring_sqe,
    old_user_data: __u64,
    new_user_data: __u64,
    poll_mask: c_uint,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::update(unsafe { sqe_mut(sqe) }, old_user_data, new_user_data, poll_mask, flags);
}

/// Completes after the time `ts`, or when `count` other requests have completed since; with `count` 0 after the time only.
///
/// - Flags: IORING_TIMEOUT_ABS takes `ts` as a point in time; IORING_TIMEOUT_BOOTTIME and IORING_TIMEOUT_REALTIME name
///   another clock than CLOCK_MONOTONIC (since Linux 5.15); IORING_TIMEOUT_MULTISHOT fires every `ts`, `count` times, or for
///   ever when it is 0 (6.4); IORING_TIMEOUT_ETIME_SUCCESS does not break a link when it fires (5.16).
/// - Result: 0 when `count` requests have completed.
/// - Errors: -ETIME when the time is over, which is how it normally ends; -ECANCELED when it is removed.
/// - Since: Linux 5.4. See io_uring_prep_timeout(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_timeout(
    sqe: *mut io_uring_sqe,
    ts: *const __kernel_timespec,
    count: c_uint,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::timeout(unsafe { sqe_mut(sqe) }, ts, count, flags);
}

/// Removes the timeout that was submitted with `user_data`, which itself completes with -ECANCELED. `flags` is 0.
///
/// - Result: 0.
/// - Errors: -ENOENT when there is no such timeout; -EALREADY when it is just firing.
/// - Since: Linux 5.5. See io_uring_prep_timeout_remove(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_timeout_remove(sqe: *mut io_uring_sqe, user_data: __u64, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::timeout_remove(unsafe { sqe_mut(sqe) }, user_data, flags);
}

/// Gives the timeout that was submitted with `user_data` a new time.
///
/// - Flags: IORING_TIMEOUT_ABS, a clock, and IORING_LINK_TIMEOUT_UPDATE when it is a link timeout (since Linux 5.15).
///   IORING_TIMEOUT_UPDATE is set by the function.
/// - Result: 0.
/// - Errors: -ENOENT when there is no such timeout; -EALREADY when it is just firing.
/// - Since: Linux 5.11. See io_uring_prep_timeout_update(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_timeout_update(
    sqe: *mut io_uring_sqe,
    ts: *const __kernel_timespec,
    user_data: __u64,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::timeout_update(unsafe { sqe_mut(sqe) }, ts, user_data, flags);
}

/// Limits the time of the request before it, which has IOSQE_IO_LINK: cancels it when it takes longer than `ts`.
///
/// The time starts with that request. Both post a CQE; the request that was cut off completes with -ECANCELED or -EINTR, or
/// with what it achieved.
/// - Flags: as for io_uring_prep_timeout(), without the multishot one.
/// - Errors: -ETIME when it fired and cancelled the request; -ECANCELED when the request completed before; -EALREADY when the
///   request was already running and could not be cancelled.
/// - Since: Linux 5.5. See io_uring_prep_link_timeout(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_link_timeout(sqe: *mut io_uring_sqe, ts: *const __kernel_timespec, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::link_timeout(unsafe { sqe_mut(sqe) }, ts, flags);
}

/// Cancels a request that was submitted with the pointer `user_data`. Otherwise as io_uring_prep_cancel64().
///
/// - Result, errors: those of io_uring_prep_cancel64().
/// - Since: Linux 5.5. See io_uring_prep_cancel(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cancel(sqe: *mut io_uring_sqe, user_data: *const c_void, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::cancel(unsafe { sqe_mut(sqe) }, prep::address(user_data), flags);
}

/// Cancels a request that was submitted with the number `user_data`. What is cancelled completes with -ECANCELED or -EINTR.
///
/// - Flags: IORING_ASYNC_CANCEL_ALL cancels all that match, IORING_ASYNC_CANCEL_ANY whatever there is (since Linux 5.19);
///   IORING_ASYNC_CANCEL_OP matches the opcode in the SQE's `len` (6.6), in addition to `user_data` when
///   IORING_ASYNC_CANCEL_USERDATA is given as well.
/// - Result: 0; the number of requests cancelled with IORING_ASYNC_CANCEL_ALL or IORING_ASYNC_CANCEL_ANY.
/// - Errors: -ENOENT when nothing matches; -EALREADY when the request is running and may or may not stop early.
/// - Since: Linux 5.5. See io_uring_prep_cancel64(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cancel64(sqe: *mut io_uring_sqe, user_data: __u64, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::cancel(unsafe { sqe_mut(sqe) }, user_data, flags);
}

/// Cancels a request that uses the file `fd`; with IORING_ASYNC_CANCEL_ALL all of them.
///
/// - Flags: those of io_uring_prep_cancel64(), and IORING_ASYNC_CANCEL_FD_FIXED when `fd` is a slot of the file table (since
///   Linux 6.0). IORING_ASYNC_CANCEL_FD is set by the function.
/// - Result: 0; the number of requests cancelled with IORING_ASYNC_CANCEL_ALL.
/// - Errors: -ENOENT when nothing matches; -EALREADY when the request is running and may or may not stop early.
/// - Since: Linux 5.19. See io_uring_prep_cancel_fd(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cancel_fd(sqe: *mut io_uring_sqe, fd: c_int, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::cancel_fd(unsafe { sqe_mut(sqe) }, fd, flags);
}

/// Adds `fd` to the epoll instance `epfd`, changes or removes it, like epoll_ctl(2). `ev` has to stay until submission.
///
/// Neither descriptor can be a slot of the file table.
/// - `op`: EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL.
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -ELOOP, -EPERM for a file that cannot be polled.
/// - Since: Linux 5.6. See io_uring_prep_epoll_ctl(3), epoll_ctl(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_epoll_ctl(
    sqe: *mut io_uring_sqe,
    epfd: c_int,
    fd: c_int,
    op: c_int,
    ev: *const epoll_event,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::epoll_ctl(unsafe { sqe_mut(sqe) }, epfd, fd, op, ev);
}

/// Waits for events on the epoll instance `fd` and writes up to `maxevents` of them to `events`, like epoll_wait(2). `flags`
/// is 0.
///
/// There is no time limit: link a timeout to it, or cancel it.
/// - Result: the number of events.
/// - Errors: -EINVAL when `fd` is no epoll instance.
/// - Since: Linux 6.15. See io_uring_prep_epoll_wait(3), epoll_wait(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_epoll_wait(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    events: *mut epoll_event,
    maxevents: c_int,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::poll::epoll_wait(unsafe { sqe_mut(sqe) }, fd, events, maxevents, flags);
}
