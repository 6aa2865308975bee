// SPDX-License-Identifier: MIT
//! Requests: where each of them is on its way, links between them, and the order that drain asks for.

use super::names::Names;
use super::own::Own;
use super::resources::Node;
pub use super::slab::ReqId;
use super::slab::Slab;
use crate::core::abi::*;
use ::alloc::boxed::Box;
use ::alloc::sync::Arc;

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
pub struct Requests {
    slab: Slab<Request>,
    names: Names,
}

impl Requests {
    pub const fn new() -> Requests {
        Requests { slab: Slab::new(), names: Names::new() }
    }

    /// None where the ring holds too many, or memory is short.
    pub fn insert(&mut self, request: Request) -> Option<ReqId> {
        let user_data = request.sqe.user_data;
        let id = self.slab.insert(request)?;
        if !self.names.reserve(id.place()) {
            self.slab.remove(id);
            return None;
        }
        self.names.add(id.place(), user_data);
        Some(id)
    }

    /// Its `user_data` is changed by [`Requests::rename`] only.
    pub fn get(&mut self, id: ReqId) -> Option<&mut Request> {
        self.slab.get(id)
    }

    pub fn remove(&mut self, id: ReqId) -> Option<Request> {
        let request = self.slab.remove(id)?;
        self.names.remove(id.place());
        Some(request)
    }

    /// Gives a request another `user_data`.
    pub fn rename(&mut self, id: ReqId, user_data: u64) {
        if let Some(request) = self.slab.get(id) {
            request.sqe.user_data = user_data;
            self.names.remove(id.place());
            self.names.add(id.place(), user_data);
        }
    }

    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Every request, oldest places first.
    pub fn iter(&self) -> impl Iterator<Item = (ReqId, &Request)> {
        self.slab.iter()
    }

    /// Those with this `user_data`, in no order.
    pub fn named(&self, user_data: u64) -> impl Iterator<Item = (ReqId, &Request)> {
        self.names.of(user_data).filter_map(|place| self.slab.at(place))
    }
}
