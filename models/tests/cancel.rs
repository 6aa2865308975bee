// SPDX-License-Identifier: MIT
//! Cancelling against completing: `src/engine/slab.rs`, as `cancel.rs` (`one`), `pool.rs` (`withdraw`, `run`) and `ring.rs` (`work_done`,
//! `complete`) use it. A request ends once, and a worker that is late with it does nothing to the one that has its place now.

use loom::sync::{Arc, Mutex};
use loom::thread;
use uring_rs_models::slab::{ReqId, Slab};
use uring_rs_models::{check, check_fails, fault, Fault};

/// What the ring's lock guards: requests, by a letter, and the completions that were posted.
struct State {
    requests: Slab<char>,
    posted: Vec<char>,
}

impl State {
    /// `Ring::complete`.
    fn complete(&mut self, id: ReqId) {
        if let Some(letter) = self.requests.remove(id) {
            self.posted.push(letter);
        }
    }
}

struct Ring {
    state: Mutex<State>,
    /// Jobs that no worker has begun.
    jobs: Mutex<Vec<ReqId>>,
}

impl Ring {
    fn new() -> (Arc<Ring>, ReqId) {
        let mut requests = Slab::new();
        let id = requests.insert('a').unwrap();
        let state = Mutex::new(State { requests, posted: Vec::new() });
        (Arc::new(Ring { state, jobs: Mutex::new(vec![id]) }), id)
    }

    /// A worker's turn: takes the job, does it, completes it.
    fn work(&self) {
        let Some(id) = self.jobs.lock().unwrap().pop() else { return };
        let mut state = self.state.lock().unwrap();
        // With the fault, the number alone is the name: the place's next request has generation 1.
        let id = if fault() == Fault::NamesByPlace && state.requests.get(id).is_none() { ReqId::from_bits(1 << 32) } else { id };
        state.complete(id);
    }

    /// `cancel::one`: 0, -EALREADY (false) or -ENOENT (false).
    fn cancel(&self, id: ReqId, can_be_abandoned: bool) -> bool {
        let mut state = self.state.lock().unwrap();
        if state.requests.get(id).is_none() {
            return false;
        }
        let withdrawn = {
            let mut jobs = self.jobs.lock().unwrap();
            let queued = jobs.len();
            jobs.retain(|job| *job != id);
            jobs.len() < queued
        };
        if !withdrawn && !can_be_abandoned && fault() != Fault::CancelsBegun {
            return false;
        }
        state.complete(id);
        true
    }
}

/// A worker, a thread that cancels, and then a request in the same place. What a worker has begun is not cancelled.
fn a_job_is_cancelled() {
    let (ring, id) = Ring::new();
    let worker = {
        let ring = ring.clone();
        thread::spawn(move || {
            let begun = ring.jobs.lock().unwrap().pop();
            let Some(id) = begun else { return };
            // It works on the program's memory here: the request must not have ended.
            thread::yield_now();
            let mut state = ring.state.lock().unwrap();
            assert_eq!(state.requests.get(id), Some(&mut 'a'), "a worker was left with a request that has ended");
            state.complete(id);
        })
    };
    let cancelled = ring.cancel(id, false);
    worker.join().unwrap();
    let state = ring.state.lock().unwrap();
    assert_eq!(state.posted, ['a'], "cancelled: {cancelled}");
    assert_eq!(state.requests.len(), 0);
}

#[test]
fn a_request_ends_once_and_not_under_a_worker() {
    check(4, a_job_is_cancelled);
}

#[test]
fn cancelling_what_has_begun_is_found() {
    check_fails(Fault::CancelsBegun, 4, a_job_is_cancelled);
}

/// An accept may be left to its worker: it completes without it, and its place may be taken before the worker comes back.
fn a_job_is_abandoned() {
    let (ring, id) = Ring::new();
    let worker = {
        let ring = ring.clone();
        thread::spawn(move || ring.work())
    };
    ring.cancel(id, true);
    let next = ring.state.lock().unwrap().requests.insert('b').unwrap();
    worker.join().unwrap();
    let mut state = ring.state.lock().unwrap();
    assert_eq!(state.posted, ['a']);
    assert_eq!(state.requests.get(next), Some(&mut 'b'), "a late worker has ended another request");
}

#[test]
fn a_late_worker_ends_no_other_request() {
    check(4, a_job_is_abandoned);
}

#[test]
fn a_name_without_a_generation_is_found() {
    check_fails(Fault::NamesByPlace, 4, a_job_is_abandoned);
}
