// SPDX-License-Identifier: MIT
//! Points in time that requests wait for, on three clocks; and completions counted.

use super::request::ReqId;
use crate::core::abi::*;
use crate::core::sys::clock_ns;
use ::alloc::collections::BTreeMap;
use ::alloc::vec::Vec;

/// The clocks, in the order of their tables.
const CLOCKS: [i32; 3] = [libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME, libc::CLOCK_REALTIME];

/// Where a request stands in the timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    clock: usize,
    /// Nanoseconds on that clock, and a number that keeps equal times in order.
    at: (u64, u64),
}

/// The timers of a ring.
pub struct Timers {
    due: [BTreeMap<(u64, u64), ReqId>; 3],
    next: u64,
    /// Requests that wait until so many completions have been posted.
    pub counted: Vec<(u64, ReqId)>,
    /// Completions posted so far, timeouts' own not counted.
    pub posted: u64,
}

/// The clock that timeout flags name.
fn clock_of(flags: u32) -> usize {
    match flags & IORING_TIMEOUT_CLOCK_MASK {
        IORING_TIMEOUT_BOOTTIME => 1,
        IORING_TIMEOUT_REALTIME => 2,
        _ => 0,
    }
}

impl Timers {
    pub const fn new() -> Timers {
        Timers { due: [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()], next: 0, counted: Vec::new(), posted: 0 }
    }

    /// Lets a request wait `ns` nanoseconds, or until then with `IORING_TIMEOUT_ABS`, on the clock that `flags` name.
    pub fn add(&mut self, id: ReqId, ns: u64, flags: u32) -> TimerKey {
        let clock = clock_of(flags);
        let deadline = if flags & IORING_TIMEOUT_ABS != 0 { ns } else { clock_ns(CLOCKS[clock]).saturating_add(ns) };
        self.next += 1;
        let key = TimerKey { clock, at: (deadline, self.next) };
        self.due[clock].insert(key.at, id);
        key
    }

    /// Lets it wait again, `ns` after it was due: repeats do not drift. Those that nobody looked for are not made up for.
    pub fn repeat(&mut self, id: ReqId, key: TimerKey, ns: u64) -> TimerKey {
        let now = clock_ns(CLOCKS[key.clock]);
        let next = key.at.0.saturating_add(ns);
        let deadline = if next > now { next } else { now.saturating_add(ns) };
        self.next += 1;
        let key = TimerKey { clock: key.clock, at: (deadline, self.next) };
        self.due[key.clock].insert(key.at, id);
        key
    }

    pub fn remove(&mut self, key: TimerKey) {
        self.due[key.clock].remove(&key.at);
    }

    /// A request whose time has come, taken out.
    pub fn pop_due(&mut self) -> Option<(ReqId, TimerKey)> {
        for (clock, due) in self.due.iter_mut().enumerate() {
            let Some((&at, &id)) = due.first_key_value() else { continue };
            if at.0 <= clock_ns(CLOCKS[clock]) {
                due.remove(&at);
                return Some((id, TimerKey { clock, at }));
            }
        }
        None
    }

    /// Nanoseconds until the next is due; none where none waits.
    pub fn next_in_ns(&self) -> Option<u64> {
        let until = |(clock, due): (usize, &BTreeMap<(u64, u64), ReqId>)| {
            due.first_key_value().map(|(at, _)| at.0.saturating_sub(clock_ns(CLOCKS[clock])))
        };
        self.due.iter().enumerate().filter_map(until).min()
    }

    pub fn is_empty(&self) -> bool {
        self.due.iter().all(BTreeMap::is_empty)
    }
}

/// Nanoseconds of a `struct __kernel_timespec` as the kernel reads it; none where it refuses it: negative, or nanoseconds out of range.
pub fn timespec_ns(ts: &__kernel_timespec) -> Option<u64> {
    if ts.tv_sec < 0 || ts.tv_nsec < 0 {
        return None;
    }
    Some((ts.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(ts.tv_nsec as u64))
}

/// Nanoseconds as a `struct __kernel_timespec`.
pub fn ns_timespec(ns: u64) -> __kernel_timespec {
    __kernel_timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_of_all_clocks_is_due_first_and_equal_times_keep_their_order() {
        let mut timers = Timers::new();
        let (a, b, c) = (ReqId::named(1), ReqId::named(2), ReqId::named(3));
        timers.add(c, 3_600_000_000_000, 0);
        timers.add(a, 0, IORING_TIMEOUT_ABS);
        timers.add(b, 0, IORING_TIMEOUT_ABS);
        assert_eq!(timers.next_in_ns(), Some(0));
        assert_eq!(timers.pop_due().unwrap().0, a);
        assert_eq!(timers.pop_due().unwrap().0, b);
        assert!(timers.pop_due().is_none());
        assert!(timers.next_in_ns().unwrap() > 3_000_000_000_000);
        assert!(!timers.is_empty());
    }
}
