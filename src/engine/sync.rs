// SPDX-License-Identifier: MIT
//! A mutex of one word, and sleeping on a word: `futex(2)` and nothing else.
//!
//! The word tells who holds the mutex, so that a signal handler can find out that it interrupted the holder: waiting for that one would be
//! for ever.

use crate::core::sys;
use ::core::cell::UnsafeCell;
use ::core::ops::{Deref, DerefMut};
use ::core::sync::atomic::{AtomicU32, Ordering};

const FREE: u32 = 0;
/// Somebody sleeps for it; the other bits are its holder's.
const CONTENDED: u32 = 1;

/// Turns to spin before sleeping: a holder on another CPU is mostly done sooner.
const SPINS: u32 = 100;

/// The calling thread as a mutex names its holder. Control blocks of threads are pages apart, and all of them within a few terabytes.
#[inline(always)]
fn me() -> u32 {
    1 << 31 | ((sys::thread_address() >> 12) as u32) << 1
}

/// Mutual exclusion for the threads of one process.
pub struct Mutex<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the word admits one thread at a time to the value.
unsafe impl<T: Send> Sync for Mutex<T> {}
// SAFETY: a mutex owns its value.
unsafe impl<T: Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { word: AtomicU32::new(FREE), value: UnsafeCell::new(value) }
    }

    pub fn lock(&self) -> Guard<'_, T> {
        let me = me();
        if self.word.compare_exchange(FREE, me, Ordering::Acquire, Ordering::Relaxed).is_err() {
            wait_for(&self.word, me);
        }
        Guard { mutex: self }
    }

    /// True where some thread holds it, as far as others can tell.
    #[inline(always)]
    pub fn is_held(&self) -> bool {
        self.word.load(Ordering::Relaxed) != FREE
    }

    /// True where the calling thread holds it: a signal handler has interrupted the holder.
    #[cold]
    pub fn is_mine(&self) -> bool {
        self.word.load(Ordering::Relaxed) & !CONTENDED == me()
    }

    /// Makes the mutex free whoever held it: for a child after fork, where the holder may be a thread of the parent.
    ///
    /// # Safety
    ///
    /// No thread of this process is inside, and what the value was being changed to is of no use any more.
    pub unsafe fn reset(&self) {
        self.word.store(FREE, Ordering::Relaxed);
    }
}

/// Takes a word that was not free.
#[cold]
#[inline(never)]
fn wait_for(word: &AtomicU32, me: u32) {
    for _ in 0..SPINS {
        if word.load(Ordering::Relaxed) == FREE && word.compare_exchange(FREE, me, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            return;
        }
        ::core::hint::spin_loop();
    }
    let mut seen = word.load(Ordering::Relaxed);
    loop {
        // Whoever has slept cannot know that no other does: it takes the word as one that somebody sleeps for.
        let wanted = if seen == FREE { me | CONTENDED } else { seen | CONTENDED };
        if seen == wanted || word.compare_exchange(seen, wanted, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            if seen == FREE {
                return;
            }
            sys::futex_wait(word, wanted, None);
        }
        seen = word.load(Ordering::Relaxed);
    }
}

/// Wakes one of those who sleep for a word.
#[cold]
#[inline(never)]
fn pass_on(word: &AtomicU32) {
    sys::futex_wake(word, 1);
}

/// The right to the value; given back when dropped.
pub struct Guard<'a, T> {
    mutex: &'a Mutex<T>,
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if self.mutex.word.swap(FREE, Ordering::Release) & CONTENDED != 0 {
            pass_on(&self.mutex.word);
        }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard is the only way in while it lives.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the only way in while it lives.
        unsafe { &mut *self.mutex.value.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_told_from_others() {
        let mutex = Mutex::new(());
        assert!(!mutex.is_mine());
        let guard = mutex.lock();
        assert!(mutex.is_mine());
        std::thread::scope(|scope| assert!(!scope.spawn(|| mutex.is_mine()).join().unwrap()));
        drop(guard);
        assert!(!mutex.is_mine());
    }

    #[test]
    fn one_thread_at_a_time_is_inside() {
        let counter = Mutex::new(0u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| *counter.lock() += 1));
            }
        });
        assert_eq!(*counter.lock(), 40_000);
    }
}
