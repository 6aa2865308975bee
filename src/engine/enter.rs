// SPDX-License-Identifier: MIT
//! `io_uring_enter(2)`: submitting, and waiting for completions.

use super::berths;
use super::reactor::By;
use super::ring::Ring;
use super::row::Row;
use super::timers::{ns_timespec, timespec_ns};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::{c_int, c_uint, c_void};
use ::core::mem::size_of;
use ::core::ptr::null;
use ::core::sync::atomic::{AtomicU32, Ordering};

/// Others are refused before anything else is looked at.
pub const KNOWN_FLAGS: u32 = IORING_ENTER_GETEVENTS
    | IORING_ENTER_SQ_WAKEUP
    | IORING_ENTER_SQ_WAIT
    | IORING_ENTER_EXT_ARG
    | IORING_ENTER_EXT_ARG_REG
    | IORING_ENTER_REGISTERED_RING
    | IORING_ENTER_ABS_TIMER;

/// What a wait is limited by.
struct Limits {
    /// Nanoseconds on the ring's clock at which it ends.
    deadline: Option<u64>,
    /// Until then `min` completions are wanted, from then on one.
    relaxed_from: Option<u64>,
    sigmask: *const c_void,
}

impl Ring {
    /// The system call on this ring.
    ///
    /// # Safety
    ///
    /// The requests' memory is left to them; `arg` is what `flags` announce, or bad memory.
    pub unsafe fn enter(
        &self,
        to_submit: c_uint,
        min_complete: c_uint,
        flags: c_uint,
        arg: *const c_void,
        arg_size: usize,
    ) -> Result<c_int, Errno> {
        if self.disabled.load(Ordering::Acquire) {
            return Err(Errno::BADFD);
        }
        self.check_reentry()?;
        let mut submitted = 0;
        if self.has_poller() {
            self.call_poller(flags);
            submitted = to_submit;
        } else if to_submit != 0 {
            self.check_owner()?;
            let mut row = Row::new();
            let mut st = self.state.lock();
            submitted = self.submit(&mut st, &mut row, to_submit)?;
            // Where a faulty SQE ended the submission, the kernel comes back at once to say so.
            let asks = flags & IORING_ENTER_GETEVENTS != 0 && submitted == to_submit;
            let wanted = if asks { self.wanted(min_complete) } else { 0 };
            let pending = st.pending();
            let delivered = if pending { None } else { self.deliver(&mut st, &mut row, wanted) };
            if let Some(watchers) = delivered {
                drop(st);
                self.wake_sleepers();
                self.tell_watchers(watchers);
                return Ok(submitted as c_int);
            }
            self.post_row(&mut st, &mut row);
            // Another thread may be waiting for what this one has submitted.
            self.wake_sleepers();
            if !asks || self.is_served(wanted) {
                self.set_alarm(&mut st);
                let watchers = self.settle_all(pending);
                drop(st);
                self.tell_watchers(watchers);
                return Ok(submitted as c_int);
            }
            self.update_taskrun(pending);
        }
        let mut waited = Ok(());
        if flags & IORING_ENTER_GETEVENTS != 0 {
            // SAFETY: the caller's promise.
            waited = unsafe { self.get_events(submitted, min_complete, flags, arg, arg_size) };
            let mut st = self.state.lock();
            self.set_alarm(&mut st);
            let watchers = self.settle_all(st.pending());
            drop(st);
            self.tell_watchers(watchers);
        } else {
            self.settle_signal();
        }
        match waited {
            Err(e) if submitted == 0 => Err(e),
            _ => Ok(submitted as c_int),
        }
    }

    /// Completions that a wait is for; more than a CQ can hold where the kernel takes the number for a negative one.
    fn wanted(&self, min_complete: u32) -> u32 {
        if min_complete as i32 >= 0 {
            min_complete.min(self.memory.cq_entries)
        } else {
            u32::MAX
        }
    }

    /// True where one that has submitted something need not wait: there are as many completions as it wants. What is wrong with the wait's
    /// argument is not told where something was submitted.
    fn is_served(&self, wanted: u32) -> bool {
        !self.overflows() && wanted != 0 && self.cq_ready() >= wanted
    }

    /// -EAGAIN for a signal handler that has interrupted its thread at work in this ring: later it can.
    pub fn check_reentry(&self) -> Result<(), Errno> {
        let at_work = self.state.is_held() && self.state.is_mine() || self.cq.is_held() && self.cq.is_mine();
        if at_work || self.berths.is_mine() {
            return Err(Errno::AGAIN);
        }
        Ok(())
    }

    /// `IORING_SETUP_SINGLE_ISSUER`: the first thread that submits is the only one.
    pub fn check_owner(&self) -> Result<(), Errno> {
        if self.flags & IORING_SETUP_SINGLE_ISSUER == 0 {
            return Ok(());
        }
        let me = sys::thread_address();
        match self.owner.compare_exchange(0, me, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(owner) if owner == me => Ok(()),
            Err(_) => Err(Errno::EXIST),
        }
    }

    /// The waiting half.
    ///
    /// # Safety
    ///
    /// As for [`Ring::enter`].
    unsafe fn get_events(
        &self,
        submitted: u32,
        min_complete: u32,
        flags: u32,
        arg: *const c_void,
        arg_size: usize,
    ) -> Result<(), Errno> {
        // SAFETY: the caller's promise.
        let limits = unsafe { self.limits(flags, arg, arg_size) }?;
        if self.flags & IORING_SETUP_DEFER_TASKRUN != 0 {
            self.check_owner()?;
        }
        self.flush_overflow();
        // A number that is negative to the kernel is no number of completions to wait for.
        if min_complete as i32 <= 0 {
            if min_complete != 0 {
                check_mask_is_readable(limits.sigmask)?;
            }
            let pending = self.state.lock().pending();
            if pending {
                // SAFETY: no signal mask.
                match unsafe { self.harvest(Some(0), null(), By::Passer) } {
                    Ok(()) | Err(Errno::INTR) => {}
                    Err(e) => return Err(e),
                }
            }
            if submitted == 0 && self.cq_ready() == 0 && self.strike() && !pending {
                // The bell, or the alarm, may have been left behind by a wait that ended otherwise.
                // SAFETY: no signal mask.
                let _ = unsafe { self.harvest(Some(0), null(), By::Passer) };
            }
            return Ok(());
        }
        self.wait(min_complete.min(self.memory.cq_entries), &limits)
    }

    /// Reads the argument that `flags` announce.
    ///
    /// # Safety
    ///
    /// As for [`Ring::enter`].
    unsafe fn limits(&self, flags: u32, arg: *const c_void, arg_size: usize) -> Result<Limits, Errno> {
        if flags & IORING_ENTER_EXT_ARG == 0 {
            return Ok(Limits { deadline: None, relaxed_from: None, sigmask: check_mask(arg, arg_size)? });
        }
        if flags & IORING_ENTER_EXT_ARG_REG != 0 {
            return self.registered_limits(flags, arg as u64, arg_size);
        }
        if arg_size != size_of::<io_uring_getevents_arg>() {
            return Err(Errno::INVAL);
        }
        let mut ext = io_uring_getevents_arg::default();
        // SAFETY: one structure, whose address may be bad.
        unsafe { sys::copy_from_program((&raw mut ext).cast(), arg as u64, arg_size) }?;
        let now = sys::clock_ns(self.wait_clock.load(Ordering::Relaxed));
        let mut deadline = None;
        if ext.ts != 0 {
            let mut ts = __kernel_timespec::default();
            // SAFETY: one structure, whose address may be bad.
            unsafe { sys::copy_from_program((&raw mut ts).cast(), ext.ts, size_of::<__kernel_timespec>()) }?;
            // What is no time is one that is over: nobody checks it.
            let ns = timespec_ns(&ts).unwrap_or(0);
            deadline = Some(if flags & IORING_ENTER_ABS_TIMER != 0 { ns } else { now.saturating_add(ns) });
        }
        let relaxed_from = (ext.min_wait_usec != 0).then(|| now.saturating_add(ext.min_wait_usec as u64 * 1000));
        let sigmask = check_mask(ext.sigmask as usize as *const c_void, ext.sigmask_sz as usize)?;
        Ok(Limits { deadline, relaxed_from, sigmask })
    }

    /// The same for a wait that the program has described in its registered region.
    fn registered_limits(&self, flags: u32, offset: u64, size: usize) -> Result<Limits, Errno> {
        if size != size_of::<io_uring_reg_wait>() {
            return Err(Errno::INVAL);
        }
        let wait = self.registered_wait(offset)?;
        if wait.flags & !(IORING_REG_WAIT_TS as u32) != 0 {
            return Err(Errno::INVAL);
        }
        let now = sys::clock_ns(self.wait_clock.load(Ordering::Relaxed));
        let limited = wait.flags & IORING_REG_WAIT_TS as u32 != 0;
        let ns = timespec_ns(&wait.ts).unwrap_or(0);
        let absolute = flags & IORING_ENTER_ABS_TIMER != 0;
        let deadline = limited.then(|| if absolute { ns } else { now.saturating_add(ns) });
        let relaxed_from = (wait.min_wait_usec != 0).then(|| now.saturating_add(wait.min_wait_usec as u64 * 1000));
        let sigmask = check_mask(wait.sigmask as usize as *const c_void, wait.sigmask_sz as usize)?;
        Ok(Limits { deadline, relaxed_from, sigmask })
    }

    /// Waits until the CQ holds `target` completions, time is up, or a signal comes. Too few completions are a success, too: the kernel
    /// tells of time and signals only where there is nothing else to tell.
    fn wait(&self, target: u32, limits: &Limits) -> Result<(), Errno> {
        let waited = self.wait_for(target, limits);
        if waited.is_err() && self.cq_ready() != 0 {
            return Ok(());
        }
        waited
    }

    fn wait_for(&self, target: u32, limits: &Limits) -> Result<(), Errno> {
        let mut slept = false;
        loop {
            self.flush_overflow();
            if self.cq_ready() >= target {
                return Ok(());
            }
            // Who polls for the end of I/O does not wait where there is none; a submission thread polls by itself.
            if self.polls_io() && !self.has_poller() && self.state.lock().requests.len() == 0 {
                return Ok(());
            }
            let now = sys::clock_ns(self.wait_clock.load(Ordering::Relaxed));
            let mut until = limits.deadline;
            if let Some(relaxed_from) = limits.relaxed_from {
                if now < relaxed_from {
                    // The minimum is waited for even where the limit is shorter.
                    until = Some(relaxed_from);
                } else if self.cq_ready() >= 1 {
                    return Ok(());
                } else if limits.deadline.is_none() {
                    return Err(Errno::TIME);
                }
            }
            if until.is_some_and(|until| until <= now) {
                // A wait that sleeps hands the mask to the kernel, which looks at it.
                if !slept {
                    check_mask_is_readable(limits.sigmask)?;
                }
                return Err(Errno::TIME);
            }
            let remaining = until.map(|until| until.saturating_sub(now));
            self.sleep(target, remaining, limits)?;
            slept = true;
        }
    }

    /// Sleeps once: in the reactor, or behind the thread that is there.
    fn sleep(&self, target: u32, remaining_ns: Option<u64>, limits: &Limits) -> Result<(), Errno> {
        self.settle_asleep();
        if self.parking.drive() {
            if self.cq_ready() >= target {
                self.parking.leave(self, false);
                self.parking.hand_over(self);
                return Ok(());
            }
            let next_timer = self.state.lock().timers.next_in_ns();
            let timeout = match (remaining_ns, next_timer) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            // SAFETY: the mask was checked to be of the kernel's size; its address may be bad, which the kernel answers.
            let woken = unsafe { self.harvest(timeout, limits.sigmask, By::Driver) };
            self.parking.hand_over(self);
            return woken;
        }
        let Ok((berth, fd)) = self.berths.take() else {
            // No descriptor to be had: looking again and again is the next best.
            sys::futex_wait(&AtomicU32::new(0), 0, Some(&ns_timespec(1_000_000)));
            return Ok(());
        };
        let timeout = remaining_ns.map(ns_timespec);
        // SAFETY: as above.
        let sleep = || unsafe { berths::sleep(fd, timeout, limits.sigmask) };
        let slept = self.parking.wait_behind(|| self.cq_ready() >= target, sleep);
        self.berths.give_back(berth);
        slept.unwrap_or(Ok(()))
    }
}

/// A signal mask has the kernel's size or is refused.
fn check_mask(mask: *const c_void, size: usize) -> Result<*const c_void, Errno> {
    if !mask.is_null() && size != sys::SIGSET_SIZE {
        return Err(Errno::INVAL);
    }
    Ok(mask)
}

/// -EFAULT for a mask that cannot be read.
fn check_mask_is_readable(mask: *const c_void) -> Result<(), Errno> {
    let mut bytes = [0u8; sys::SIGSET_SIZE];
    if mask.is_null() {
        return Ok(());
    }
    // SAFETY: as many bytes as there is room for; the address may be bad.
    unsafe { sys::copy_from_program(bytes.as_mut_ptr().cast(), mask as u64, bytes.len()) }
}
