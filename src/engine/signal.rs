// SPDX-License-Identifier: MIT
//! The readable state of a ring's descriptor: what is to be done about `evf`, decided under the CQ's lock.
//!
//! `models` checks this file with loom.

/// Looks at an empty CQ before `evf` is cleared: a program that polls by peeking looks once per turn and finds its completions next time.
const STRIKES: u32 = 2;

/// Whether `evf` is readable, and whether it should be.
pub struct Signal {
    given: bool,
    /// Looks at an empty CQ since the last post.
    strikes: u32,
    /// Something was posted since the signal was last given.
    owed: bool,
}

impl Signal {
    pub const fn new() -> Signal {
        Signal { given: false, strikes: 0, owed: false }
    }

    /// A completion is in the CQ.
    pub fn posted(&mut self) {
        self.owed = true;
        self.strikes = 0;
    }

    /// `evf` is written.
    pub fn given(&mut self) {
        self.given = true;
        self.owed = false;
    }

    pub fn is_given(&self) -> bool {
        self.given
    }

    pub fn is_owed(&self) -> bool {
        self.owed
    }

    /// The program looked, and the CQ is empty. True where `evf` has to be cleared now.
    pub fn strike(&mut self) -> bool {
        if !self.given {
            return false;
        }
        self.strikes += 1;
        let out = self.strikes >= STRIKES;
        if out {
            self.given = false;
            self.strikes = 0;
        }
        out
    }
}
