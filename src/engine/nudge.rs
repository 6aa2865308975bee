// SPDX-License-Identifier: MIT
//! Edges for programs that watch a ring's descriptor edge-triggered.
//!
//! What completes while a program submits finds `evf` signalled most of the time, and to write it again costs more than such completions
//! do. A program that peeks needs no new edge; one that sleeps in an edge-triggered epoll needs one, and nothing tells the two apart: both may
//! read nothing but memory. So where `evf` is not written again, a timer that is part of the ring's descriptor makes the edge a little later; it
//! is set once for all submissions until then. A program that stays away for a while between two of them was asleep, maybe for such an edge: its
//! next ones come at once.

use super::descriptors::make_high;
use crate::core::sys;
use ::core::ffi::c_int;

/// The longest that an edge is late.
const LATE_NS: u64 = 1_000_000;
/// Who stays away as long may have slept.
const SLEPT_NS: u64 = 200_000;
/// What a submission may take for each of its completions: that long it is no sleep.
const BUSY_NS: u64 = 5_000;
/// So many edges come at once then.
const EAGER: u32 = 1000;

/// What a ring knows of that.
pub struct Nudge {
    /// A timerfd, once it was needed; -1 before.
    timer: c_int,
    /// When the timer rings or has rung; 0 where it is not set.
    rings_at: u64,
    /// When the program last left completions behind a signalled `evf`, and what its submissions may have taken since.
    last: u64,
    /// Edges that are to come at once.
    eager: u32,
    /// The program has slept in the ring since.
    slept_here: bool,
}

impl Nudge {
    pub const fn new() -> Nudge {
        Nudge { timer: -1, rings_at: 0, last: 0, eager: 0, slept_here: false }
    }

    /// True where the edge has to be made now; where not, the timer will make it. `ring` is the ring's descriptor.
    pub fn is_due(&mut self, ring: c_int) -> bool {
        let now = sys::clock_ns(libc::CLOCK_MONOTONIC);
        let away = now.saturating_sub(::core::mem::replace(&mut self.last, now));
        if !::core::mem::take(&mut self.slept_here) && away >= SLEPT_NS {
            self.eager = EAGER;
        }
        if self.eager != 0 {
            self.eager -= 1;
            return true;
        }
        self.is_due_late(ring, now)
    }

    /// So many completions are a submission's own.
    pub fn was_busy(&mut self, completions: usize) {
        self.last += completions as u64 * BUSY_NS;
    }

    /// The program is going to sleep in the ring: its time there tells nothing about what it sleeps for elsewhere.
    pub fn sleeps_here(&mut self) {
        self.slept_here = true;
    }

    /// The same as [`Nudge::is_due`] for a program that does.
    pub fn is_due_asleep(&mut self, ring: c_int) -> bool {
        self.is_due_late(ring, sys::clock_ns(libc::CLOCK_MONOTONIC))
    }

    fn is_due_late(&mut self, ring: c_int, now: u64) -> bool {
        if now < self.rings_at {
            return false;
        }
        if self.timer == -1 && !self.make(ring) {
            return true;
        }
        self.rings_at = now + LATE_NS;
        sys::timerfd_set(self.timer, LATE_NS);
        false
    }

    /// The ring's descriptor is to be quiet: the program has seen everything.
    pub fn stop(&mut self) {
        if self.rings_at != 0 {
            self.rings_at = 0;
            // It stops being readable, too.
            sys::timerfd_set(self.timer, 0);
        }
    }

    fn make(&mut self, ring: c_int) -> bool {
        if ring == -1 {
            return false;
        }
        let Ok(timer) = make_high(sys::timerfd) else { return false };
        if sys::epoll_ctl(ring, libc::EPOLL_CTL_ADD, timer, libc::EPOLLIN as u32, 0).is_err() {
            let _ = sys::close(timer);
            return false;
        }
        self.timer = timer;
        true
    }
}

impl Drop for Nudge {
    fn drop(&mut self) {
        if self.timer != -1 {
            let _ = sys::close(self.timer);
        }
    }
}
