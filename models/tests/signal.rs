// SPDX-License-Identifier: MIT
//! The readable state of a ring's descriptor: `src/engine/signal.rs`, as `cq.rs` uses it (`announce`, `strike`), against a program that
//! sleeps on the descriptor and looks at an empty CQ now and then.

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use uring_rs_models::signal::Signal;
use uring_rs_models::{check, check_fails, fault, Fault, Level};

struct Ring {
    /// What the CQ's lock guards.
    cq: Mutex<Signal>,
    tail: AtomicU32,
    head: AtomicU32,
    evf: Level,
}

impl Ring {
    fn post(&self) {
        let mut signal = self.cq.lock().unwrap();
        self.tail.fetch_add(1, Ordering::Release);
        signal.posted();
        signal.given();
        self.evf.set();
    }

    fn is_empty(&self) -> bool {
        self.tail.load(Ordering::Acquire) == self.head.load(Ordering::Relaxed)
    }

    fn strike(&self) {
        let seen_empty = self.is_empty();
        let mut signal = self.cq.lock().unwrap();
        let empty = match fault() {
            Fault::LooksUnlocked => seen_empty,
            Fault::ClearsBlindly => true,
            _ => self.is_empty(),
        };
        if empty && signal.strike() {
            self.evf.clear();
        }
    }
}

/// A program that takes two completions: it looks, looks twice more where there is nothing, then sleeps until the descriptor is readable. A
/// second thread of it looks now and then, too.
fn a_program_that_sleeps() {
    let ring = Ring { cq: Mutex::new(Signal::new()), tail: AtomicU32::new(0), head: AtomicU32::new(0), evf: Level::new() };
    let ring = Arc::new(ring);
    let (poster, looker) = (ring.clone(), ring.clone());
    let poster = thread::spawn(move || {
        poster.post();
        poster.post();
    });
    let looker = thread::spawn(move || looker.strike());
    let mut taken = 0;
    while taken < 2 {
        ring.evf.wait();
        while !ring.is_empty() {
            taken += 1;
            ring.head.store(taken, Ordering::Release);
        }
        if taken < 2 {
            ring.strike();
            ring.strike();
        }
    }
    poster.join().unwrap();
    looker.join().unwrap();
    // All is taken: two looks at the empty CQ make the descriptor quiet.
    ring.strike();
    ring.strike();
    assert!(!ring.evf.is_set());
}

#[test]
fn a_descriptor_is_readable_while_completions_wait() {
    check(3, a_program_that_sleeps);
}

#[test]
fn a_look_without_the_lock_loses_a_signal() {
    check_fails(Fault::LooksUnlocked, 3, a_program_that_sleeps);
}

#[test]
fn clearing_without_a_look_loses_a_signal() {
    check_fails(Fault::ClearsBlindly, 3, a_program_that_sleeps);
}
