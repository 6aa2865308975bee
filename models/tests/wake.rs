// SPDX-License-Identifier: MIT
//! Posters and those who wait: `src/engine/park.rs`, as `enter.rs` (`sleep`), `reactor.rs` (`harvest`) and `cq.rs` (`announce`) use it.

use loom::sync::atomic::{AtomicU32, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use uring_rs_models::park::{Bell, Parking};
use uring_rs_models::{check, check_fails, fault, Fault};

/// What the reactor's epoll holds.
#[derive(Default)]
struct Epoll {
    /// The eventfd that is the bell.
    rung: bool,
    /// A descriptor that a request waits for, registered for one event.
    ready: bool,
}

struct Ring {
    parking: Parking,
    tail: AtomicU32,
    epoll: Mutex<Epoll>,
    epoll_changed: Condvar,
    /// The berth of the one thread that sleeps behind the driver: taken, rung.
    berth: Mutex<(bool, bool)>,
    berth_changed: Condvar,
}

impl Bell for Ring {
    fn ring(&self) {
        self.epoll.lock().unwrap().rung = true;
        self.epoll_changed.notify_all();
    }

    fn silence(&self) {
        self.epoll.lock().unwrap().rung = false;
    }

    fn wake_all(&self) {
        let mut berth = self.berth.lock().unwrap();
        if berth.0 {
            berth.1 = true;
            self.berth_changed.notify_all();
        }
    }
}

impl Ring {
    fn new() -> Arc<Ring> {
        Arc::new(Ring {
            parking: Parking::new(),
            tail: AtomicU32::new(0),
            epoll: Mutex::new(Epoll::default()),
            epoll_changed: Condvar::new(),
            berth: Mutex::new((false, false)),
            berth_changed: Condvar::new(),
        })
    }

    /// `Ring::announce`: the tail, then whoever sleeps.
    fn post(&self) {
        self.tail.fetch_add(1, Ordering::Release);
        self.parking.wake(self);
    }

    fn done(&self, target: u32) -> bool {
        self.tail.load(Ordering::Acquire) >= target
    }

    /// A descriptor that a request waits for becomes ready: only the reactor hears of it.
    fn make_ready(&self) {
        self.epoll.lock().unwrap().ready = true;
        self.epoll_changed.notify_all();
    }

    /// `Ring::harvest`. `epoll_pwait` gives both events, and the descriptor's only once.
    fn harvest(&self, driving: bool) {
        let (rung, ready) = {
            let mut epoll = self.epoll.lock().unwrap();
            while driving && !epoll.rung && !epoll.ready {
                epoll = self.epoll_changed.wait(epoll).unwrap();
            }
            (epoll.rung, std::mem::take(&mut epoll.ready))
        };
        if driving && fault() == Fault::SilencesLate {
            self.parking.leave(self, false);
            if rung {
                self.silence();
            }
        } else if driving {
            self.parking.leave(self, rung);
        } else if rung && fault() == Fault::PasserSilences {
            self.silence();
        } else if rung {
            self.parking.pass_by(self);
        }
        if ready {
            self.post();
        }
    }

    /// `Ring::wait_for` and `Ring::sleep`.
    fn wait(&self, target: u32) {
        while !self.done(target) {
            if self.parking.drive() {
                if self.done(target) {
                    self.parking.leave(self, false);
                    if fault() != Fault::LeavesQuietly {
                        self.parking.hand_over(self);
                    }
                    return;
                }
                self.harvest(true);
                self.parking.hand_over(self);
                continue;
            }
            *self.berth.lock().unwrap() = (true, false);
            self.parking.wait_behind(
                || self.done(target),
                || {
                    let mut berth = self.berth.lock().unwrap();
                    while !berth.1 {
                        berth = self.berth_changed.wait(berth).unwrap();
                    }
                },
            );
            *self.berth.lock().unwrap() = (false, false);
        }
    }
}

fn a_poster_and_a_waiter() {
    let ring = Ring::new();
    let poster = {
        let ring = ring.clone();
        thread::spawn(move || ring.post())
    };
    ring.wait(1);
    poster.join().unwrap();
}

#[test]
fn a_post_wakes_the_waiter() {
    check(4, a_poster_and_a_waiter);
}

#[test]
fn without_fences_it_may_not() {
    check_fails(Fault::NoFences, 4, a_poster_and_a_waiter);
}

/// A worker posts, one thread waits, another comes by with a submission that looks for events and does not wait.
fn one_passes_by() {
    let ring = Ring::new();
    let poster = {
        let ring = ring.clone();
        thread::spawn(move || ring.post())
    };
    let passer = {
        let ring = ring.clone();
        thread::spawn(move || ring.harvest(false))
    };
    ring.wait(1);
    poster.join().unwrap();
    passer.join().unwrap();
}

#[test]
fn who_passes_by_takes_no_wake_up_away() {
    check(3, one_passes_by);
}

#[test]
fn who_passes_by_and_silences_the_bell_does() {
    check_fails(Fault::PasserSilences, 3, one_passes_by);
}

/// One thread wants a completion that a worker posts; another one more, which whoever drives has to harvest.
fn two_wait() {
    let ring = Ring::new();
    let (poster, first) = (ring.clone(), ring.clone());
    let poster = thread::spawn(move || {
        poster.post();
        poster.make_ready();
    });
    let first = thread::spawn(move || first.wait(1));
    ring.wait(2);
    poster.join().unwrap();
    first.join().unwrap();
}

#[test]
fn who_stops_driving_hands_over() {
    check(3, two_wait);
}

#[test]
fn who_leaves_quietly_strands_the_other() {
    check_fails(Fault::LeavesQuietly, 3, two_wait);
}

#[test]
fn without_fences_the_hand_over_is_missed() {
    check_fails(Fault::NoFences, 3, two_wait);
}

/// Two posts, and two threads that wait for one and for both.
fn two_posts() {
    let ring = Ring::new();
    let (poster, first) = (ring.clone(), ring.clone());
    let poster = thread::spawn(move || {
        poster.post();
        poster.post();
    });
    let first = thread::spawn(move || first.wait(1));
    ring.wait(2);
    poster.join().unwrap();
    first.join().unwrap();
}

#[test]
fn each_of_two_waiters_gets_its_number() {
    check(2, two_posts);
}

/// The bell is left rung from before, so the first sleep ends at once. Two threads want what a worker posts.
fn a_driver_follows_another() {
    let ring = Ring::new();
    ring.epoll.lock().unwrap().rung = true;
    let (poster, first) = (ring.clone(), ring.clone());
    let poster = thread::spawn(move || poster.post());
    let first = thread::spawn(move || first.wait(1));
    ring.wait(1);
    poster.join().unwrap();
    first.join().unwrap();
}

#[test]
fn a_bell_is_silenced_by_the_driver_it_was_rung_for() {
    check(3, a_driver_follows_another);
}

#[test]
fn a_bell_silenced_late_was_rung_for_the_next_driver() {
    check_fails(Fault::SilencesLate, 3, a_driver_follows_another);
}
