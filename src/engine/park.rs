// SPDX-License-Identifier: MIT
//! Who sleeps in a ring, and how they are woken.
//!
//! One of the threads that wait *drives*: it sleeps in the reactor, where it hears of descriptors, timers and the bell. The others sleep behind
//! it. What keeps a wake-up from being lost:
//!
//! - A poster stores the CQ's tail, then looks who sleeps; a sleeper says that it sleeps, then looks at the tail. A full fence stands between
//!   the two halves on both sides, so at least one of them sees the other.
//! - Only a thread that drives silences the bell, and it does so before it says that it does not drive any more. A thread that passes by
//!   must not: the bell may have been rung for a driver that has not woken yet.
//! - Whoever stops driving wakes those behind it, so that one of them takes over.
//!
//! `models` checks this file with loom: atomics and fences come from `primitive`, which is another one there.

use crate::core::primitive::{full_fence, AtomicU32, Ordering};

/// The threads that sleep in a ring.
pub struct Parking {
    /// 1 while a thread drives.
    driven: AtomicU32,
    /// Threads that sleep behind it, or are about to.
    queued: AtomicU32,
}

/// What a ring wakes its threads by.
pub trait Bell {
    /// Makes the driver's sleep in the reactor end; one that is about to begin, too.
    fn ring(&self);
    /// The next sleep is to last again.
    fn silence(&self);
    /// Makes the sleep of everybody behind the driver end; of those that are about to begin one, too.
    fn wake_all(&self);
}

impl Parking {
    pub fn new() -> Parking {
        Parking { driven: AtomicU32::new(0), queued: AtomicU32::new(0) }
    }

    /// Tries to become the driver. One that does has to look at the CQ before it sleeps.
    pub fn drive(&self) -> bool {
        let free = self.driven.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Our store of `driven` before our look at the CQ.
        full_fence();
        free
    }

    /// True while a thread sleeps in the reactor, as far as others can tell.
    pub fn is_driven(&self) -> bool {
        self.driven.load(Ordering::Relaxed) != 0
    }

    /// The driver does not sleep any more. `rung`: the bell was among what ended its sleep. What it has cleared away here it makes good
    /// by looking at the CQ again, or by leaving; [`Parking::hand_over`] has to follow.
    pub fn leave(&self, bell: &impl Bell, rung: bool) {
        if rung {
            bell.silence();
        }
        self.driven.store(0, Ordering::Release);
    }

    /// One of those behind takes over; those that have what they wanted leave.
    pub fn hand_over(&self, bell: &impl Bell) {
        // Our store of `driven` before our look at who is queued: whoever comes to queue later sees that nobody drives.
        full_fence();
        if self.queued.load(Ordering::Relaxed) != 0 {
            self.kick(bell);
        }
    }

    /// A thread that does not sleep found the bell rung: it silences it if it was rung for nobody.
    pub fn pass_by(&self, bell: &impl Bell) {
        if self.drive() {
            self.leave(bell, true);
            self.hand_over(bell);
        }
    }

    /// Sleeps behind the driver by `sleep`, which [`Bell::wake_all`] ends from now on. Comes back at once where `done` says so, or where
    /// nobody drives.
    pub fn wait_behind<R>(&self, done: impl FnOnce() -> bool, sleep: impl FnOnce() -> R) -> Option<R> {
        self.queued.fetch_add(1, Ordering::Relaxed);
        // Our store of `queued` before our looks at the CQ and at who drives.
        full_fence();
        let slept = (!done() && self.driven.load(Ordering::Acquire) != 0).then(sleep);
        self.queued.fetch_sub(1, Ordering::Relaxed);
        slept
    }

    /// After a post: wakes those who sleep, if there are any, to look at the CQ.
    pub fn wake(&self, bell: &impl Bell) {
        // The tail's store before the loads of who sleeps.
        full_fence();
        if self.driven.load(Ordering::Relaxed) | self.queued.load(Ordering::Relaxed) != 0 {
            self.kick(bell);
        }
    }

    fn kick(&self, bell: &impl Bell) {
        if self.queued.load(Ordering::Relaxed) != 0 {
            bell.wake_all();
        }
        if self.driven.load(Ordering::Relaxed) != 0 {
            bell.ring();
        }
    }
}
