// SPDX-License-Identifier: MIT
//! Requests: where each of them is on its way, links between them, and the order that drain asks for.

use super::own::Own;
use super::resources::Node;
use crate::core::abi::*;
use ::alloc::boxed::Box;
use ::alloc::sync::Arc;
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

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Behind another in its link, or behind a drain: not begun.
    Waiting,
    /// Being issued by the thread that holds the ring's lock.
    Issuing,
    /// Waits until a descriptor is ready.
    Armed,
    /// Waits for a point in time, or for a number of completions.
    Timed,
    /// In a worker's hands, or in the queue before them.
    Working,
    /// A thread sleeps for it, on futexes.
    Asleep,
    /// Its descriptor was closed and the number used anew: only a cancel ends it.
    Orphaned,
}

/// A request, from its SQE to its last CQE.
#[derive(Debug)]
pub struct Request {
    pub sqe: io_uring_sqe,
    pub stage: Stage,
    /// The next of its link.
    pub next: Option<ReqId>,
    /// The linked timeout that guards it.
    pub guard: Option<ReqId>,
    /// For a linked timeout: the request it guards.
    pub guarded: Option<ReqId>,
    /// Where it waits in the timers.
    pub timer: Option<super::timers::TimerKey>,
    /// The descriptor its operation works on: the SQE's own, or the fixed file's.
    pub fd: i32,
    /// The events it waits for while it is armed.
    pub events: u32,
    /// A multishot poll's own descriptor, or -1.
    pub watch: i32,
    /// Nanoseconds of a timeout.
    pub ns: u64,
    /// Bytes done by earlier attempts.
    pub done: u32,
    /// A small number of the operation's own: repeats of a timeout that are left.
    pub count: u32,
    /// A send that is to copy nothing: a CQE of its own tells that its buffer is free again.
    pub notifies: bool,
    /// The submission failed already: it completes with this as soon as its turn comes.
    pub failed: Option<i32>,
    /// Copies of what the SQE points to.
    pub own: Option<Box<Own>>,
    /// The fixed file it works on, and the fixed buffer, or a splice's fixed source: they stay until it ends.
    pub file: Option<Arc<Node>>,
    pub buffer: Option<Arc<Node>>,
}

impl Request {
    pub fn new(sqe: io_uring_sqe) -> Request {
        Request {
            sqe,
            stage: Stage::Waiting,
            next: None,
            guard: None,
            guarded: None,
            timer: None,
            fd: sqe.fd,
            events: 0,
            watch: -1,
            ns: 0,
            done: 0,
            count: 0,
            notifies: false,
            failed: None,
            own: None,
            file: None,
            buffer: None,
        }
    }

    pub fn has(&self, flag: u8) -> bool {
        self.sqe.flags & flag != 0
    }
}

/// All requests of a ring.
pub struct Slab {
    slots: Vec<(u32, Option<Request>)>,
    free: Vec<u32>,
    len: usize,
}

/// Requests that a ring can hold at once; further ones are refused with -EAGAIN.
pub const MOST_REQUESTS: usize = 1 << 20;

impl Slab {
    pub const fn new() -> Slab {
        Slab { slots: Vec::new(), free: Vec::new(), len: 0 }
    }

    /// None where the ring holds too many, or memory is short.
    pub fn insert(&mut self, request: Request) -> Option<ReqId> {
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

    pub fn get(&mut self, id: ReqId) -> Option<&mut Request> {
        match self.slots.get_mut(id.index as usize) {
            Some((generation, request)) if *generation == id.generation => request.as_mut(),
            _ => None,
        }
    }

    pub fn remove(&mut self, id: ReqId) -> Option<Request> {
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
    pub fn iter(&self) -> impl Iterator<Item = (ReqId, &Request)> {
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
        let first = slab.insert(Request::new(io_uring_sqe::default())).unwrap();
        assert!(slab.remove(first).is_some());
        let second = slab.insert(Request::new(io_uring_sqe::default())).unwrap();
        assert_ne!(first, second);
        assert!(slab.get(first).is_none());
        assert!(slab.remove(first).is_none());
        assert!(slab.get(second).is_some());
        assert_eq!(slab.len(), 1);
        assert_eq!(ReqId::from_bits(second.to_bits()), second);
    }
}
