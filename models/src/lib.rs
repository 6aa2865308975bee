// SPDX-License-Identifier: MIT
//! The engine's own files, compiled against loom's atomics, and what their surroundings do as loom sees it: descriptors, locks.
//!
//! A model takes one of these faults on purpose, to show that it can fail: see [`Fault`].

// The engine's files are modules there, not a public interface.
#![allow(clippy::new_without_default, clippy::len_without_is_empty)]

extern crate alloc;

/// What the engine's files find under these names.
pub mod core {
    pub mod primitive {
        pub use loom::sync::atomic::{AtomicU32, Ordering};

        /// A fence, unless the model is to do without.
        pub fn full_fence() {
            if crate::fault() != crate::Fault::NoFences {
                loom::sync::atomic::fence(Ordering::SeqCst);
            }
        }
    }
}

#[path = "../../src/engine/park.rs"]
pub mod park;
#[path = "../../src/engine/signal.rs"]
pub mod signal;
#[path = "../../src/engine/slab.rs"]
pub mod slab;

use loom::sync::{Condvar, Mutex};
use std::cell::Cell;
use std::process::Command;

/// Mistakes that a model must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Poster and sleeper look without a fence between store and look.
    NoFences,
    /// A thread that passes by silences the bell as if it were the driver.
    PasserSilences,
    /// A driver that finds its completions before it sleeps leaves without a word.
    LeavesQuietly,
    /// A driver says that it does not drive any more, and silences the bell then.
    SilencesLate,
    /// The look at the CQ before `evf` is cleared is made without the lock.
    LooksUnlocked,
    /// `evf` is cleared at a look, whatever was posted.
    ClearsBlindly,
    /// A request is cancelled though a worker has it.
    CancelsBegun,
    /// A worker completes whatever is in the place of its request.
    NamesByPlace,
}

thread_local!(static FAULT: Cell<Fault> = const { Cell::new(Fault::None) });

/// The fault of the model that runs on this thread. Loom runs all threads of a model on one.
pub fn fault() -> Fault {
    FAULT.with(Cell::get)
}

/// Checks every order of events of a model, as far as `preemptions` allow.
pub fn check(preemptions: usize, model: fn()) {
    FAULT.with(|fault| fault.set(Fault::None));
    run(preemptions, model);
}

/// The same with a fault, which has to be found. In a process of its own: where loom finds a deadlock, it may take the process along.
pub fn check_fails(fault: Fault, preemptions: usize, model: fn()) {
    if std::env::var_os(CHILD).is_some() {
        FAULT.with(|own| own.set(fault));
        return run(preemptions, model);
    }
    let name = std::thread::current().name().expect("a test's thread has its name").to_owned();
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    let output = child.args(["--exact", &name, "--nocapture"]).env(CHILD, "1").output().expect("this program again");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("running 1 test"), "{name} was not run:\n{told}");
    assert!(!output.status.success(), "{fault:?} goes unnoticed");
    assert!(FINDINGS.iter().any(|finding| told.contains(finding)), "{fault:?} fails otherwise than it should:\n{told}");
}

/// Set in such a process.
const CHILD: &str = "URING_RS_MODEL_CHILD";
/// What a model says that finds something: loom's word for threads that all sleep, and the models' own.
const FINDINGS: &[&str] = &["deadlock", "assertion"];

fn run(preemptions: usize, model: fn()) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(model);
}

/// A descriptor in level-triggered epoll: readable until it is cleared.
#[derive(Default)]
pub struct Level {
    readable: Mutex<bool>,
    changed: Condvar,
}

impl Level {
    pub fn new() -> Level {
        Level { readable: Mutex::new(false), changed: Condvar::new() }
    }

    pub fn set(&self) {
        *self.readable.lock().unwrap() = true;
        self.changed.notify_all();
    }

    pub fn clear(&self) {
        *self.readable.lock().unwrap() = false;
    }

    pub fn is_set(&self) -> bool {
        *self.readable.lock().unwrap()
    }

    /// Sleeps until it is readable.
    pub fn wait(&self) {
        let mut readable = self.readable.lock().unwrap();
        while !*readable {
            readable = self.changed.wait(readable).unwrap();
        }
    }
}
