// SPDX-License-Identifier: MIT
//! What kind of file a descriptor was when it was last looked at.
//!
//! A hint saves a system call per request and may be wrong at any time: the program can close a descriptor and get its number for
//! another file. Whoever follows one must get the right answer from a wrong hint too, only later.

use ::core::ffi::c_int;

/// Kinds that are worth remembering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A regular file, through the page cache.
    Cached,
    /// The same, on a file system that cannot be told not to wait when it writes.
    CachedWaitingWrites,
    /// A regular file or block device, past it.
    Direct,
    Socket,
    /// A pipe, an eventfd or the like: it has no places, and what there is, is read.
    Stream,
}

/// Times a hint is followed before it is looked at again: a change of `O_DIRECT` shows in no answer.
const USES: u8 = 64;
const PLACES: usize = 64;

/// The hints of a ring.
pub struct Hints {
    places: [(c_int, u8, Hint); PLACES],
    /// Operations on directories that are still to be left to workers, after some that took long.
    slow: u8,
    /// How often that was seen lately: more with each that took long, less with each that did not.
    late: u8,
}

/// Nanoseconds that an operation on a directory may take in the thread that submits: much longer than one in memory.
const LONG_NS: u64 = 2_000_000;
/// One that does may have had to wait for a processor; several in a row wait for a disk.
const LATE_STEP: u8 = 8;
const LATE_MOST: u8 = 16;

impl Hints {
    pub const fn new() -> Hints {
        Hints { places: [(-1, 0, Hint::Cached); PLACES], slow: 0, late: 0 }
    }

    pub fn get(&mut self, fd: c_int) -> Option<Hint> {
        let (hinted, uses, hint) = &mut self.places[fd as usize % PLACES];
        if *hinted != fd || *uses == 0 {
            return None;
        }
        *uses -= 1;
        Some(*hint)
    }

    pub fn set(&mut self, fd: c_int, hint: Hint) {
        self.places[fd as usize % PLACES] = (fd, USES, hint);
    }

    pub fn forget(&mut self, fd: c_int) {
        self.places[fd as usize % PLACES].1 = 0;
    }
}

impl Hints {
    /// True where directories have been changed quickly of late.
    pub fn is_quick(&mut self) -> bool {
        self.slow = self.slow.saturating_sub(1);
        self.slow == 0
    }

    /// A directory was changed in this time.
    pub fn took(&mut self, ns: u64) {
        if ns <= LONG_NS {
            self.late = self.late.saturating_sub(1);
        } else if self.late >= LATE_MOST {
            (self.slow, self.late) = (USES, 0);
        } else {
            self.late += LATE_STEP;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_wears_out_and_belongs_to_one_descriptor() {
        let mut hints = Hints::new();
        hints.set(3, Hint::Socket);
        assert_eq!(hints.get(3 + PLACES as c_int), None);
        for _ in 0..USES {
            assert_eq!(hints.get(3), Some(Hint::Socket));
        }
        assert_eq!(hints.get(3), None);
        hints.set(3, Hint::Direct);
        hints.forget(3);
        assert_eq!(hints.get(3), None);
    }
}
