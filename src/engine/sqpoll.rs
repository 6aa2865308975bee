// SPDX-License-Identifier: MIT
//! `IORING_SETUP_SQPOLL`: a thread that takes what the program queues, without being called.
//!
//! It sleeps after its idle time, and says so by `IORING_SQ_NEED_WAKEUP`: the program, which looks at that flag after it has queued
//! something, then rings the bell by `io_uring_enter(2)`. The thread sets the flag before it looks at the queue for the last time, so
//! that one of the two sees the other.

use super::pool;
use super::registry::Handle;
use super::ring::Ring;
use super::row::Row;
use super::sync::Mutex;
use super::timers::ns_timespec;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::primitive::{atomic_and, atomic_or, full_fence, load_acquire, load_relaxed};
use crate::core::sys;
use ::core::ffi::c_void;
use ::core::ptr::null_mut;
use ::core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Idle time where the program names none: a second, as the kernel has it.
const USUAL_IDLE_MS: u32 = 1000;
/// Looks at an empty queue before the thread rests between two looks, and how long it rests. The kernel's thread never does; a thread of
/// the program's own would take the CPU from those that fill the queue.
const LOOKS: u32 = 100;
const REST_NS: u64 = 50_000;

/// A ring's submission thread, and what it is told.
pub struct Poller {
    idle_ns: u64,
    cpu: Option<usize>,
    /// What the C library calls it, for whoever ends the ring.
    thread: Mutex<Option<libc::pthread_t>>,
    stop: AtomicBool,
    /// Counts the times it was woken; it sleeps on this.
    bell: AtomicU32,
    /// Counts the times it made room; those that wait for room sleep on this.
    taken: AtomicU32,
    waiting: AtomicU32,
}

impl Poller {
    /// As the parameters ask for; -EINVAL for a CPU that the program may not use.
    pub fn new(p: &io_uring_params) -> Result<Poller, Errno> {
        let bound = p.flags & IORING_SETUP_SQ_AFF != 0;
        let cpu = p.sq_thread_cpu as usize;
        if bound && !pool::may_use(cpu) {
            return Err(Errno::INVAL);
        }
        let idle_ms = if p.sq_thread_idle == 0 { USUAL_IDLE_MS } else { p.sq_thread_idle };
        Ok(Poller {
            idle_ns: idle_ms as u64 * 1_000_000,
            cpu: bound.then_some(cpu),
            thread: Mutex::new(None),
            stop: AtomicBool::new(false),
            bell: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
        })
    }
}

/// Starts a ring's thread. It counts as one of the ring's workers: whoever ends the ring waits for it.
pub fn start(ring: &Handle) -> Result<(), Errno> {
    ring.slot.working.fetch_add(1, Ordering::SeqCst);
    let key = ring.clone().into_key();
    // Held over the start: nobody ends the ring before the thread has its name.
    let mut thread = ring.poller.thread.lock();
    *thread = pool::start_joinable(run, key as usize as *mut c_void);
    if thread.is_some() {
        return Ok(());
    }
    drop(thread);
    // SAFETY: the use that was given away above, and nobody took.
    drop(unsafe { Handle::from_key(key) });
    ring.slot.working.fetch_sub(1, Ordering::SeqCst);
    Err(Errno::AGAIN)
}

extern "C" fn run(key: *mut c_void) -> *mut c_void {
    // SAFETY: `start` has given its use of the ring to this thread.
    let ring = unsafe { Handle::from_key(key as usize as u64) };
    pool::name_thread(b"iou-sqp-");
    if let Some(cpu) = ring.poller.cpu {
        pool::stay_on(cpu);
    }
    ring.take_submissions();
    let slot = ring.slot;
    // The use of the ring ends first, as with every worker.
    drop(ring);
    if slot.working.fetch_sub(1, Ordering::SeqCst) == 1 {
        sys::futex_wake(&slot.working, i32::MAX as usize);
    }
    null_mut()
}

impl Ring {
    /// True for a ring whose thread submits.
    pub fn has_poller(&self) -> bool {
        self.flags & IORING_SETUP_SQPOLL != 0
    }

    /// The submitting half of `io_uring_enter(2)` on such a ring.
    pub fn call_poller(&self, enter_flags: u32) {
        if enter_flags & IORING_ENTER_SQ_WAKEUP != 0 {
            self.ring_poller();
        }
        if enter_flags & IORING_ENTER_SQ_WAIT != 0 {
            self.wait_for_room();
        }
    }

    /// Wakes the thread if it sleeps.
    pub fn ring_poller(&self) {
        self.poller.bell.fetch_add(1, Ordering::SeqCst);
        sys::futex_wake(&self.poller.bell, 1);
    }

    /// Tells the thread to end.
    pub fn stop_poller(&self) {
        if self.has_poller() {
            self.poller.stop.store(true, Ordering::SeqCst);
            self.ring_poller();
        }
    }

    /// Waits until it has.
    pub fn join_poller(&self) {
        let thread = self.poller.thread.lock().take();
        if let Some(thread) = thread {
            pool::join(thread);
        }
    }

    /// SQEs that are queued.
    fn queued(&self) -> u32 {
        // SAFETY: fields of the ring's memory. Acquire pairs with the program's release of the tail.
        unsafe { load_acquire(self.memory.sq_tail).wrapping_sub(load_relaxed(self.memory.sq_head)) }
    }

    /// Sleeps until the queue has room, or a signal comes.
    fn wait_for_room(&self) {
        // With a time limit a handler's wish for calls to be restarted does not hold, as it does not in the kernel.
        let hour = ns_timespec(3_600_000_000_000);
        let mut interrupted = false;
        while !interrupted {
            let seen = self.poller.taken.load(Ordering::SeqCst);
            self.poller.waiting.fetch_add(1, Ordering::SeqCst);
            let full = self.queued() >= self.memory.sq_entries;
            if full {
                interrupted = sys::futex_wait_once(&self.poller.taken, seen, Some(&hour)) == Err(Errno::INTR);
            }
            self.poller.waiting.fetch_sub(1, Ordering::SeqCst);
            if !full {
                return;
            }
        }
    }

    /// The thread's life.
    fn take_submissions(&self) {
        let (mut looks, mut idle_until) = (0, 0);
        loop {
            // Before everything that the bell is rung for: what comes after these looks has rung it since.
            let bell = self.poller.bell.load(Ordering::SeqCst);
            if self.poller.stop.load(Ordering::SeqCst) {
                return;
            }
            let held_back = self.disabled.load(Ordering::Acquire);
            let queued = self.queued();
            if queued != 0 && !held_back && self.submit_queued(queued) {
                (looks, idle_until) = (0, 0);
                continue;
            }
            looks += 1;
            if looks < LOOKS {
                sys::yield_now();
                continue;
            }
            let now = sys::clock_ns(libc::CLOCK_MONOTONIC);
            if idle_until == 0 {
                idle_until = now.saturating_add(self.poller.idle_ns);
            }
            if now < idle_until && !held_back {
                sys::futex_wait(&self.poller.bell, bell, Some(&ns_timespec(REST_NS)));
            } else {
                self.sleep_until_called(bell);
                (looks, idle_until) = (0, 0);
            }
        }
    }

    /// Takes what is queued; false where nothing could be.
    fn submit_queued(&self, queued: u32) -> bool {
        let before = self.queued();
        let mut st = self.state.lock();
        let mut row = Row::new();
        let _ = self.submit(&mut st, &mut row, queued);
        self.post_row(&mut st, &mut row);
        self.update_taskrun(st.pending());
        self.wake_sleepers();
        self.set_alarm(&mut st);
        drop(st);
        self.settle_signal();
        self.poller.taken.fetch_add(1, Ordering::SeqCst);
        if self.poller.waiting.load(Ordering::SeqCst) != 0 {
            sys::futex_wake(&self.poller.taken, i32::MAX as usize);
        }
        self.queued() != before || before == 0
    }

    /// Sleeps until the bell rings, unless it did since `seen`, or something is queued that may be taken.
    fn sleep_until_called(&self, seen: u32) {
        // SAFETY: a field of the ring's memory.
        unsafe { atomic_or(self.memory.sq_flags, IORING_SQ_NEED_WAKEUP) };
        // The flag before the last look: a program that queued something after that look sees the flag.
        full_fence();
        if self.queued() == 0 || self.disabled.load(Ordering::SeqCst) {
            sys::futex_wait(&self.poller.bell, seen, None);
        }
        // SAFETY: as above.
        unsafe { atomic_and(self.memory.sq_flags, !IORING_SQ_NEED_WAKEUP) };
    }
}
