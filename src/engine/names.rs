// SPDX-License-Identifier: MIT
//! Requests by the program's name for them: what cancels and updates has a `user_data`, and a ring may hold a million requests.
//!
//! Chains of places in the slab, one for each of a power of two of hash values, linked both ways so that a request leaves in one step
//! however many share its `user_data`.

use ::alloc::vec::Vec;

const NONE: u32 = u32::MAX;
const FIRST_CHAINS: usize = 16;

#[derive(Clone, Copy)]
struct Link {
    user_data: u64,
    before: u32,
    after: u32,
}

/// Which places of a slab have which `user_data`.
pub struct Names {
    /// The first place of each chain. Its length is a power of two, or 0 before the first request.
    heads: Vec<u32>,
    /// By place.
    links: Vec<Link>,
    len: usize,
}

impl Names {
    pub const fn new() -> Names {
        Names { heads: Vec::new(), links: Vec::new(), len: 0 }
    }

    fn chain(&self, user_data: u64) -> usize {
        // Fibonacci hashing: the upper bits of the product are as good as random also for small numbers and addresses.
        let bits = self.heads.len().trailing_zeros();
        (user_data.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1 >> (63 - bits)) as usize
    }

    /// Makes room for a place, so that [`Names::add`] cannot fail. False where memory is short.
    pub fn reserve(&mut self, place: u32) -> bool {
        if self.len >= self.heads.len() {
            // Without more chains they become longer, which is slower and nothing else.
            let grown = self.grow();
            if !grown && self.heads.is_empty() {
                return false;
            }
        }
        let places = place as usize + 1;
        if self.links.len() < places {
            if self.links.try_reserve(places - self.links.len()).is_err() {
                return false;
            }
            self.links.resize(places, Link { user_data: 0, before: NONE, after: NONE });
        }
        true
    }

    fn grow(&mut self) -> bool {
        let mut heads = Vec::new();
        let chains = (2 * self.heads.len()).max(FIRST_CHAINS);
        if heads.try_reserve_exact(chains).is_err() {
            return false;
        }
        heads.resize(chains, NONE);
        let old = ::core::mem::replace(&mut self.heads, heads);
        self.len = 0;
        for head in old {
            let mut place = head;
            while place != NONE {
                let link = self.links[place as usize];
                self.add(place, link.user_data);
                place = link.after;
            }
        }
        true
    }

    /// Notes a place for which there is room.
    pub fn add(&mut self, place: u32, user_data: u64) {
        let chain = self.chain(user_data);
        let first = ::core::mem::replace(&mut self.heads[chain], place);
        if first != NONE {
            self.links[first as usize].before = place;
        }
        self.links[place as usize] = Link { user_data, before: NONE, after: first };
        self.len += 1;
    }

    /// Forgets a place that was added.
    pub fn remove(&mut self, place: u32) {
        let link = self.links[place as usize];
        if link.before == NONE {
            let chain = self.chain(link.user_data);
            self.heads[chain] = link.after;
        } else {
            self.links[link.before as usize].after = link.after;
        }
        if link.after != NONE {
            self.links[link.after as usize].before = link.before;
        }
        self.len -= 1;
    }

    /// The places of a `user_data`, in no order.
    pub fn of(&self, user_data: u64) -> impl Iterator<Item = u32> + '_ {
        let mut place = match self.heads.is_empty() {
            true => NONE,
            false => self.heads[self.chain(user_data)],
        };
        ::core::iter::from_fn(move || {
            while place != NONE {
                let (here, link) = (place, self.links[place as usize]);
                place = link.after;
                if link.user_data == user_data {
                    return Some(here);
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn places(names: &Names, user_data: u64) -> BTreeSet<u32> {
        let found: Vec<u32> = names.of(user_data).collect();
        let set: BTreeSet<u32> = found.iter().copied().collect();
        assert_eq!(set.len(), found.len(), "no place twice");
        set
    }

    #[test]
    fn nothing_has_a_name_at_first() {
        assert_eq!(places(&Names::new(), 0), BTreeSet::new());
    }

    #[test]
    fn places_come_and_go_as_in_a_map() {
        let mut names = Names::new();
        let mut model: BTreeMap<u32, u64> = BTreeMap::new();
        let mut random = 1_u64;
        for step in 0..20_000 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // More and more places, then fewer again; a few names that many share.
            let most = if step < 10_000 { 600 } else { 60 };
            let place = (random >> 33) as u32 % most;
            let user_data = if random >> 60 < 4 { 7 } else { (random >> 40) % 900 };
            if model.remove(&place).is_some() {
                names.remove(place);
            } else {
                assert!(names.reserve(place));
                names.add(place, user_data);
                model.insert(place, user_data);
            }
            let probe = if step % 3 == 0 { 7 } else { user_data };
            let expected = model.iter().filter(|(_, name)| **name == probe).map(|(place, _)| *place).collect();
            assert_eq!(places(&names, probe), expected);
        }
        assert!(names.heads.len() >= 256, "chains grow with what is in them");
    }
}
