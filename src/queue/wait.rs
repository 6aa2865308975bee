// SPDX-License-Identifier: MIT
//! Waiting for completions, with and without time limits.

use super::*;

/// What a wait wants.
struct Wait {
    /// SQEs to submit on the way; published already.
    to_submit: u32,
    /// Completions to wait for.
    wait_nr: u32,
    /// Flags of the enter beside the ring's own: which kind `arg` is.
    arg_flags: u32,
    /// A signal mask, an `io_uring_getevents_arg`, or an offset into the registered waits.
    arg: *const c_void,
    arg_size: usize,
    /// There is a time limit, so one enter is all the waiting.
    limited: bool,
    /// A wait that ends without a completion says -ETIME.
    timed: bool,
}

/// Submits, waits, and hands out the first completion without consuming it.
///
/// Returns the SQEs consumed by the first enter, 0 where none was needed, or the first error; `cqe_out` becomes null where no
/// completion is posted. A failed submission can leave both: its error, and an earlier completion.
///
/// # Safety
///
/// As for [`enter`]; `wait.arg` is what `wait.arg_flags` announce; `cqe_out` is writable by the time that the wait is over.
#[inline(always)]
unsafe fn wait_for_cqe(ring: &io_uring, cqe_out: *mut *mut io_uring_cqe, wait: Wait) -> c_int {
    // Written once and at the end, as by upstream: whoever waits for nothing that comes may give no place for it.
    let mut cqe = null_mut();
    // SAFETY: the caller's promise.
    unsafe {
        let ret = wait_and_peek(ring, &mut cqe, wait);
        cqe_out.write(cqe);
        ret
    }
}

/// # Safety
///
/// As for [`wait_for_cqe`].
#[inline(always)]
unsafe fn wait_and_peek(ring: &io_uring, cqe_out: &mut *mut io_uring_cqe, mut wait: Wait) -> c_int {
    let mut entered = None;
    loop {
        let mut available = 0;
        // SAFETY: a valid ring.
        let peeked = unsafe { peek_posted(ring, cqe_out, &mut available) };
        if peeked != 0 {
            return first_error(entered, peeked);
        }
        let mut flags = enter_flags(ring);
        let mut need_enter = wait.wait_nr > available;
        if cqe_out.is_null() && wait.wait_nr == 0 && wait.to_submit == 0 {
            // Nothing to submit, nothing to wait for: one look behind the ring's memory is worth a system call, a second is not.
            // SAFETY: a valid ring.
            if entered.is_some() || !unsafe { cq_needs_enter(ring) } {
                return first_error(entered, AGAIN);
            }
            need_enter = true;
        }
        if need_enter {
            flags |= IORING_ENTER_GETEVENTS | wait.arg_flags;
        }
        // SAFETY: a valid ring.
        if !unsafe { sq_needs_enter(ring, wait.to_submit, &mut flags) } && !need_enter {
            return entered.unwrap_or(0);
        }
        if entered.is_some() && wait.limited {
            let timed_out = cqe_out.is_null() && wait.timed;
            return first_error(entered, if timed_out { TIME } else { 0 });
        }
        // SAFETY: the caller's promise.
        let ret = unsafe {
            Backend::of_ring(ring).enter(ring.enter_ring_fd, wait.to_submit, wait.wait_nr, flags, wait.arg, wait.arg_size)
        };
        if ret < 0 {
            return first_error(entered, ret);
        }
        wait.to_submit = wait.to_submit.wrapping_sub(ret as u32);
        if !cqe_out.is_null() {
            return entered.unwrap_or(0);
        }
        if entered.is_none() {
            entered = Some(ret);
        }
    }
}

/// SQEs consumed earlier are reported before an error that came after; the error shows again in the next call.
fn first_error(entered: Option<c_int>, err: c_int) -> c_int {
    match entered {
        Some(consumed) if consumed != 0 => consumed,
        _ => err,
    }
}

/// Waits with a signal mask and no time limit (`__io_uring_get_cqe`).
///
/// # Safety
///
/// As for [`enter`]; `sigmask` is null or readable.
#[inline(always)]
pub unsafe fn get_cqe(
    ring: &io_uring,
    cqe_out: *mut *mut io_uring_cqe,
    to_submit: u32,
    wait_nr: u32,
    sigmask: *const libc::sigset_t,
) -> c_int {
    let wait =
        Wait { to_submit, wait_nr, arg_flags: 0, arg: sigmask.cast(), arg_size: SIGSET_SIZE, limited: false, timed: false };
    // SAFETY: the caller's promise.
    unsafe { wait_for_cqe(ring, cqe_out, wait) }
}

/// `io_uring_wait_cqe`: a posted completion at once, or a wait for one.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn wait_cqe(ring: &io_uring, cqe_out: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { peek_else_get(ring, cqe_out, 1) }
}

/// `io_uring_peek_cqe`: a posted completion, or one that a flush brings in.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn peek_cqe(ring: &io_uring, cqe_out: *mut *mut io_uring_cqe) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { peek_else_get(ring, cqe_out, 0) }
}

/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn peek_else_get(ring: &io_uring, cqe_out: *mut *mut io_uring_cqe, wait_nr: u32) -> c_int {
    let mut available = 0;
    // SAFETY: the caller's promise.
    unsafe {
        let mut cqe = null_mut();
        if peek_posted(ring, &mut cqe, &mut available) == 0 && !cqe.is_null() {
            cqe_out.write(cqe);
            return 0;
        }
        get_cqe(ring, cqe_out, 0, wait_nr, null())
    }
}

/// Waits with a signal mask and time limits (Linux 5.11, `IORING_FEAT_EXT_ARG`).
///
/// # Safety
///
/// As for [`enter`]; `ts` and `sigmask` are null or readable.
unsafe fn get_cqe_limited(
    ring: &io_uring,
    cqe_out: *mut *mut io_uring_cqe,
    to_submit: u32,
    wait_nr: u32,
    limits: &Limits,
) -> c_int {
    let arg = io_uring_getevents_arg {
        sigmask: limits.sigmask as u64,
        sigmask_sz: SIGSET_SIZE as u32,
        min_wait_usec: limits.min_wait_usec,
        ts: limits.ts as u64,
    };
    let has_ts = !limits.ts.is_null();
    let wait = Wait {
        to_submit,
        wait_nr,
        arg_flags: IORING_ENTER_EXT_ARG,
        arg: (&raw const arg).cast(),
        arg_size: size_of::<io_uring_getevents_arg>(),
        limited: has_ts,
        timed: has_ts,
    };
    // SAFETY: the caller's promise; `arg` lives to the end of the call.
    unsafe { wait_for_cqe(ring, cqe_out, wait) }
}

/// How long to wait, and with which signals blocked.
pub struct Limits {
    /// The longest wait; null for no limit.
    pub ts: *const __kernel_timespec,
    /// Microseconds in which fewer than `wait_nr` completions do not end the wait; 0 for none.
    pub min_wait_usec: u32,
    /// Signals blocked during the wait; null for the thread's own.
    pub sigmask: *const libc::sigset_t,
}

/// `io_uring_wait_cqes`: submits nothing, except a timeout of the library's own on kernels before 5.11.
///
/// # Safety
///
/// As for [`enter`]; `ts` and `sigmask` are null or readable.
pub unsafe fn wait_cqes(ring: &mut io_uring, cqe_out: *mut *mut io_uring_cqe, wait_nr: u32, limits: &Limits) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        if !limits.ts.is_null() && ring.features & IORING_FEAT_EXT_ARG != 0 {
            return get_cqe_limited(ring, cqe_out, 0, wait_nr, limits);
        }
        let mut to_submit = 0;
        if !limits.ts.is_null() {
            to_submit = match submit_timeout(ring, wait_nr, limits.ts) {
                Ok(to_submit) => to_submit,
                Err(ret) => return ret,
            };
        }
        get_cqe(ring, cqe_out, to_submit, wait_nr, limits.sigmask)
    }
}

/// `io_uring_wait_cqes_min_timeout` (Linux 6.12): -EINVAL on older kernels.
///
/// # Safety
///
/// As for [`wait_cqes`].
pub unsafe fn wait_cqes_min_timeout(ring: &io_uring, cqe_out: *mut *mut io_uring_cqe, wait_nr: u32, limits: &Limits) -> c_int {
    if ring.features & IORING_FEAT_MIN_TIMEOUT == 0 {
        return Errno::INVAL.to_c();
    }
    // SAFETY: the caller's promise.
    unsafe { get_cqe_limited(ring, cqe_out, 0, wait_nr, limits) }
}

/// `io_uring_submit_and_wait_timeout`. A minimum wait is only kept together with `ts`.
///
/// # Safety
///
/// As for [`wait_cqes`].
pub unsafe fn submit_and_wait_timeout(
    ring: &mut io_uring,
    cqe_out: *mut *mut io_uring_cqe,
    wait_nr: u32,
    limits: &Limits,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        if limits.ts.is_null() {
            let to_submit = flush_sq(ring);
            return get_cqe(ring, cqe_out, to_submit, wait_nr, limits.sigmask);
        }
        if ring.features & IORING_FEAT_EXT_ARG != 0 {
            let to_submit = flush_sq(ring);
            return get_cqe_limited(ring, cqe_out, to_submit, wait_nr, limits);
        }
        match submit_timeout(ring, wait_nr, limits.ts) {
            Ok(to_submit) => get_cqe(ring, cqe_out, to_submit, wait_nr, limits.sigmask),
            Err(ret) => ret,
        }
    }
}

/// `io_uring_submit_and_wait_min_timeout` (Linux 6.12): -EINVAL on older kernels.
///
/// # Safety
///
/// As for [`wait_cqes`].
pub unsafe fn submit_and_wait_min_timeout(
    ring: &mut io_uring,
    cqe_out: *mut *mut io_uring_cqe,
    wait_nr: u32,
    limits: &Limits,
) -> c_int {
    if ring.features & IORING_FEAT_MIN_TIMEOUT == 0 {
        return Errno::INVAL.to_c();
    }
    // SAFETY: the caller's promise.
    unsafe { submit_and_wait_timeout(ring, cqe_out, wait_nr, limits) }
}

/// `io_uring_submit_and_wait_reg` (Linux 6.13): limits and mask are those of entry `reg_index` of the registered waits.
///
/// # Safety
///
/// As for [`enter`].
pub unsafe fn submit_and_wait_reg(ring: &mut io_uring, cqe_out: *mut *mut io_uring_cqe, wait_nr: u32, reg_index: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let to_submit = unsafe { flush_sq(ring) };
    if ring.features & IORING_FEAT_EXT_ARG == 0 {
        return Errno::INVAL.to_c();
    }
    let offset = (reg_index as isize as usize).wrapping_mul(size_of::<io_uring_reg_wait>());
    let wait = Wait {
        to_submit,
        wait_nr,
        arg_flags: IORING_ENTER_EXT_ARG | IORING_ENTER_EXT_ARG_REG,
        arg: offset as *const c_void,
        arg_size: size_of::<io_uring_reg_wait>(),
        limited: true,
        timed: true,
    };
    // SAFETY: the caller's promise; the backend checks the offset.
    unsafe { wait_for_cqe(ring, cqe_out, wait) }
}

/// The way before Linux 5.11: a timeout request that completes after `wait_nr` others or when time is up. Returns the SQEs that wait to be
/// submitted, or a failed submit's `-errno`.
///
/// # Safety
///
/// As for [`enter`]; `ts` stays readable until the submit.
unsafe fn submit_timeout(ring: &mut io_uring, wait_nr: u32, ts: *const __kernel_timespec) -> Result<u32, c_int> {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sqe = get_sqe(ring);
        if sqe.is_null() {
            let ret = submit(ring);
            if ret < 0 {
                return Err(ret);
            }
            sqe = get_sqe(ring);
            if sqe.is_null() {
                return Err(AGAIN);
            }
        }
        let sqe = &mut *sqe;
        prep::poll::timeout(sqe, ts, wait_nr, 0);
        sqe.user_data = LIBURING_UDATA_TIMEOUT;
        Ok(flush_sq(ring))
    }
}

/// `io_uring_peek_batch_cqe`: hands out up to `count` posted completions without consuming them; enters only where the CQ is empty and more
/// wait behind it.
///
/// # Safety
///
/// A valid ring; `cqes` has room for `count` pointers.
pub unsafe fn peek_batch(ring: &io_uring, cqes: *mut *mut io_uring_cqe, count: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        let found = peek_posted_batch(ring, cqes, count);
        if found != 0 || !cq_needs_flush(ring) {
            return found;
        }
        get_events(ring);
        peek_posted_batch(ring, cqes, count)
    }
}

/// The batch in the ring's memory now.
///
/// # Safety
///
/// As for [`peek_batch`].
unsafe fn peek_posted_batch(ring: &io_uring, cqes: *mut *mut io_uring_cqe, count: u32) -> u32 {
    // SAFETY: a valid ring, and room for `count` pointers (caller's promise).
    unsafe {
        if ring.flags & IORING_SETUP_CQE_MIXED == 0 {
            // Every entry is a completion and of one size: their addresses are all that is needed.
            let (head, shift) = (load_relaxed(ring.cq.khead), cqe_shift(ring.flags));
            let found = count.min(load_acquire(ring.cq.ktail).wrapping_sub(head));
            for i in 0..found {
                let slot = (head.wrapping_add(i) & ring.cq.ring_mask) as usize;
                cqes.add(i as usize).write(ring.cq.cqes.add(slot << shift));
            }
            return found;
        }
        let mut iter = cqe_iter(ring);
        let mut found = 0;
        while found < count {
            let cqe = cqe_iter_next(&mut iter);
            if cqe.is_null() {
                break;
            }
            if (*cqe).flags & IORING_CQE_F_SKIP == 0 {
                cqes.add(found as usize).write(cqe);
                found += 1;
            } else if found == 0 {
                cq_advance(ring, cqe_slots(&*cqe));
            } else {
                // The program will advance over the CQEs it got and no further: a filler between them would throw its count off.
                break;
            }
        }
        found
    }
}
