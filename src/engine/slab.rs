// SPDX-License-Identifier: MIT
//! Requests by name. A name is good for one request: who is late with it, as a worker whose request was cancelled, finds nothing.
//!
//! `models` checks this file with loom.

use ::alloc::vec::Vec;

/// Names a request; a number used again has another generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReqId {
    index: u32,
    generation: u32,
}

impl ReqId {
    /// As one number, for the kernel to hand back.
    pub fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }

    /// Its place, which another request may have had before.
    pub fn place(self) -> u32 {
        self.index
    }

    pub fn from_bits(bits: u64) -> ReqId {
        ReqId { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

#[cfg(test)]
impl ReqId {
    /// Any name, for tests of what only passes names on.
    pub fn named(index: u32) -> ReqId {
        ReqId { index, generation: 0 }
    }
}

/// What a ring holds.
pub struct Slab<T> {
    slots: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    len: usize,
}

/// Requests that a ring can hold at once; further ones are refused with -EAGAIN.
pub const MOST_REQUESTS: usize = 1 << 20;

impl<T> Slab<T> {
    pub const fn new() -> Slab<T> {
        Slab { slots: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// None where the ring holds too many, or memory is short.
    pub fn insert(&mut self, request: T) -> Option<ReqId> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                if self.slots.len() >= MOST_REQUESTS || self.slots.try_reserve(1).is_err() {
                    return None;
                }
                // Room to free every slot there is: freeing must not fail.
                if self.free.try_reserve(self.slots.len() + 1).is_err() {
                    return None;
                }
                self.slots.push((0, None));
                self.slots.len() as u32 - 1
            }
        };
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(request);
        self.len += 1;
        Some(ReqId { index, generation: slot.0 })
    }

    pub fn get(&mut self, id: ReqId) -> Option<&mut T> {
        match self.slots.get_mut(id.index as usize) {
            Some((generation, request)) if *generation == id.generation => request.as_mut(),
            _ => None,
        }
    }

    /// What is at a place.
    pub fn at(&self, place: u32) -> Option<(ReqId, &T)> {
        let (generation, request) = self.slots.get(place as usize)?;
        request.as_ref().map(|request| (ReqId { index: place, generation: *generation }, request))
    }

    pub fn remove(&mut self, id: ReqId) -> Option<T> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.0 != id.generation {
            return None;
        }
        let request = slot.1.take()?;
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(id.index);
        self.len -= 1;
        Some(request)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Every request, oldest slots first.
    pub fn iter(&self) -> impl Iterator<Item = (ReqId, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, (generation, request))| {
            request.as_ref().map(|request| (ReqId { index: index as u32, generation: *generation }, request))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_used_again_has_another_name() {
        let mut slab = Slab::new();
        let first = slab.insert(1).unwrap();
        assert!(slab.remove(first).is_some());
        let second = slab.insert(1).unwrap();
        assert_ne!(first, second);
        assert!(slab.get(first).is_none());
        assert!(slab.remove(first).is_none());
        assert!(slab.get(second).is_some());
        assert_eq!(slab.len(), 1);
        assert_eq!(ReqId::from_bits(second.to_bits()), second);
    }
}
