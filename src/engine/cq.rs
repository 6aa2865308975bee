// SPDX-License-Identifier: MIT
//! The completion side: posting, overflow, and telling whoever waits.

use super::nudge::Nudge;
use super::registry;
use super::ring::Ring;
use super::signal::Signal;
use super::sync::Guard;
use crate::core::abi::*;
use crate::core::primitive::{atomic_and, atomic_or, load_acquire, load_relaxed, store_relaxed, store_release};
use crate::core::sys;
use ::alloc::collections::VecDeque;
use ::alloc::vec::Vec;
use ::core::ffi::c_int;
use ::core::sync::atomic::Ordering;

/// An eventfd that the program has registered.
#[derive(Clone, Copy, Debug)]
pub struct Eventfd {
    /// Our own duplicate.
    pub fd: c_int,
    /// The program's number.
    pub number: c_int,
    /// Inline completions keep quiet.
    pub async_only: bool,
}

/// What the CQ's lock guards.
pub struct Cq {
    /// Our own copy of the tail: the program may scribble over the one it sees.
    tail: u32,
    /// Completions that found the CQ full, in order.
    overflow: VecDeque<(io_uring_cqe, Extra)>,
    /// Whether `evf` is readable, and should be.
    signal: Signal,
    nudge: Nudge,
    /// Posts are told of together, when the batch ends; and whether there was one.
    in_batch: bool,
    batch_is_owed: bool,
    /// A registered eventfd.
    pub eventfd: Option<Eventfd>,
    /// Rings that have polled this one, by their keys.
    watchers: Vec<u64>,
}

impl Cq {
    pub const fn new() -> Cq {
        Cq {
            tail: 0,
            overflow: VecDeque::new(),
            signal: Signal::new(),
            nudge: Nudge::new(),
            in_batch: false,
            batch_is_owed: false,
            eventfd: None,
            watchers: Vec::new(),
        }
    }
}

/// What a large entry has more than a small one.
pub type Extra = [u64; 2];

impl Ring {
    /// Completions posted and not consumed, as far as the program says.
    pub fn cq_ready(&self) -> u32 {
        // SAFETY: fields of the ring's memory.
        unsafe { load_acquire(self.memory.cq_tail).wrapping_sub(load_relaxed(self.memory.cq_head)) }
    }

    /// What a poll of the ring finds: completions to take, room for requests.
    pub fn poll_events(&self) -> u32 {
        let memory: &super::memory::Memory = &self.memory;
        // SAFETY: fields of the ring's memory.
        let (queued, overflown) = unsafe {
            let queued = load_acquire(memory.sq_tail).wrapping_sub(load_relaxed(memory.sq_head));
            (queued, load_relaxed(memory.sq_flags) & IORING_SQ_CQ_OVERFLOW != 0)
        };
        let mut events = 0;
        if self.cq_ready() != 0 || overflown {
            events |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        if queued < memory.sq_entries {
            events |= libc::EPOLLOUT | libc::EPOLLWRNORM;
        }
        events as u32
    }

    /// Posts a completion, or keeps it where the CQ is full. True where it is in the CQ.
    ///
    /// `inline` says that the thread which submits posts it, on its way out to the program.
    pub fn post(&self, user_data: u64, res: i32, flags: u32, inline: bool) -> bool {
        let mut cq = self.cq.lock();
        let posted = self.put_cqe(&mut cq, io_uring_cqe { user_data, res, flags }, [0; 2]);
        self.announce(cq, inline);
        posted
    }

    /// Posts a large completion, on a ring that has such.
    #[cold]
    pub fn post_large(&self, user_data: u64, res: i32, extra: Extra, inline: bool) {
        let mut cq = self.cq.lock();
        let flags = if self.flags & IORING_SETUP_CQE_MIXED != 0 { IORING_CQE_F_32 } else { 0 };
        self.put_cqe(&mut cq, io_uring_cqe { user_data, res, flags }, extra);
        self.announce(cq, inline);
    }

    /// Posts completions of the thread that submits, in order.
    pub fn post_all(&self, cq: &mut Cq, cqes: &[io_uring_cqe]) {
        if cqes.is_empty() {
            return;
        }
        let written = self.write_all(cq, cqes);
        for cqe in &cqes[written..] {
            self.put_cqe(cq, *cqe, [0; 2]);
        }
        cq.signal.posted();
        cq.nudge.was_busy(cqes.len());
        if cq.eventfd.is_some() {
            cqes.iter().for_each(|_| self.notify_eventfd(cq, true));
        }
    }

    /// Puts a completion into the CQ, or behind those that it has no room for.
    fn put_cqe(&self, cq: &mut Cq, cqe: io_uring_cqe, extra: Extra) -> bool {
        let posted = cq.overflow.is_empty() && self.write_cqe(cq, cqe, extra);
        if !posted {
            cq.overflow.push_back((cqe, extra));
            // SAFETY: a field of the ring's memory.
            unsafe { atomic_or(self.memory.sq_flags, IORING_SQ_CQ_OVERFLOW) };
        }
        posted
    }

    /// Tells of a completion whoever has to be told.
    fn announce(&self, mut cq: Guard<'_, Cq>, inline: bool) {
        cq.signal.posted();
        self.notify_eventfd(&cq, inline);
        if inline {
            return;
        }
        if cq.in_batch {
            cq.batch_is_owed = true;
            return;
        }
        self.signal(&mut cq);
        drop(cq);
        self.wake_sleepers();
    }

    /// Several completions may follow: who has to be told of them is told once, by [`Ring::end_batch`].
    pub fn begin_batch(&self) {
        self.cq.lock().in_batch = true;
    }

    /// Tells of what was posted since [`Ring::begin_batch`], by whichever thread. `visiting`: this one is the program's, inside the ring;
    /// before it sleeps or leaves it settles the signal, so one that is given is good enough here.
    pub fn end_batch(&self, visiting: bool) {
        let mut cq = self.cq.lock();
        cq.in_batch = false;
        if ::core::mem::take(&mut cq.batch_is_owed) {
            if !visiting || !cq.signal.is_given() {
                self.signal(&mut cq);
            }
            drop(cq);
            self.wake_sleepers();
        }
    }

    /// Wakes those who sleep in the ring, if there are any, to look at the CQ.
    pub fn wake_sleepers(&self) {
        self.parking.wake(self);
    }

    /// Posts a completion of a request that goes on, if the CQ has room; such a one never overflows.
    pub fn post_if_room(&self, user_data: u64, res: i32, flags: u32) -> bool {
        let mut cq = self.cq.lock();
        if !cq.overflow.is_empty() || !self.write_cqe(&mut cq, io_uring_cqe { user_data, res, flags }, [0; 2]) {
            return false;
        }
        self.announce(cq, false);
        true
    }

    /// Writes an entry and publishes it; false where the CQ is full.
    fn write_cqe(&self, cq: &mut Cq, cqe: io_uring_cqe, extra: Extra) -> bool {
        let memory: &super::memory::Memory = &self.memory;
        if self.flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED) != 0 {
            return self.write_large(cq, cqe, extra);
        }
        // SAFETY: fields of the ring's memory; the slot is masked, and the program has given it back.
        unsafe {
            let used = cq.tail.wrapping_sub(load_acquire(memory.cq_head));
            if used >= memory.cq_entries {
                return false;
            }
            memory.cqes.add((cq.tail & (memory.cq_entries - 1)) as usize).write_volatile(cqe);
            cq.tail = cq.tail.wrapping_add(1);
            store_release(memory.cq_tail, cq.tail);
        }
        true
    }

    /// Writes small entries as far as the CQ has room and publishes them together; returns how many.
    fn write_all(&self, cq: &mut Cq, cqes: &[io_uring_cqe]) -> usize {
        let memory: &super::memory::Memory = &self.memory;
        if self.flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED) != 0 || !cq.overflow.is_empty() {
            return 0;
        }
        // SAFETY: fields of the ring's memory; slots are masked, and the program has given back as many as are written.
        unsafe {
            let free = memory.cq_entries.saturating_sub(cq.tail.wrapping_sub(load_acquire(memory.cq_head)));
            let room = cqes.len().min(free as usize);
            for cqe in &cqes[..room] {
                memory.cqes.add((cq.tail & (memory.cq_entries - 1)) as usize).write_volatile(*cqe);
                cq.tail = cq.tail.wrapping_add(1);
            }
            store_release(memory.cq_tail, cq.tail);
            room
        }
    }

    /// The same on a ring of large entries, or of both sizes: there a large one is two small ones side by side. Where only the last slot
    /// is left before the CQ begins anew, a filler takes it.
    #[cold]
    fn write_large(&self, cq: &mut Cq, cqe: io_uring_cqe, extra: Extra) -> bool {
        let memory: &super::memory::Memory = &self.memory;
        let mixed = self.flags & IORING_SETUP_CQE_MIXED != 0;
        let large = !mixed || cqe.flags & IORING_CQE_F_32 != 0;
        let slots = 1 + (mixed && large) as u32;
        // SAFETY: fields of the ring's memory; slots are masked, and the program has given them back. Two are asked for together only where
        // the second does not begin anew.
        unsafe {
            let free = memory.cq_entries.saturating_sub(cq.tail.wrapping_sub(load_acquire(memory.cq_head)));
            let slot = |tail: u32| memory.cqes.add(((tail & (memory.cq_entries - 1)) as usize) << u32::from(!mixed));
            let mut left = free;
            if slots == 2 && cq.tail & (memory.cq_entries - 1) == memory.cq_entries - 1 && left != 0 {
                slot(cq.tail).write_volatile(io_uring_cqe { user_data: 0, res: 0, flags: IORING_CQE_F_SKIP });
                cq.tail = cq.tail.wrapping_add(1);
                left -= 1;
            }
            let fits = left >= slots;
            if fits {
                slot(cq.tail).write_volatile(cqe);
                if large {
                    slot(cq.tail).add(1).cast::<Extra>().write_volatile(extra);
                }
                cq.tail = cq.tail.wrapping_add(slots);
            }
            store_release(memory.cq_tail, cq.tail);
            fits
        }
    }

    /// True while completions wait for room in the CQ.
    pub fn overflows(&self) -> bool {
        // SAFETY: a field of the ring's memory.
        unsafe { load_relaxed(self.memory.sq_flags) & IORING_SQ_CQ_OVERFLOW != 0 }
    }

    /// Moves overflowed completions into the CQ as far as it has room.
    pub fn flush_overflow(&self) {
        if !self.overflows() {
            return;
        }
        let mut cq = self.cq.lock();
        while let Some((cqe, extra)) = cq.overflow.front().copied() {
            if !self.write_cqe(&mut cq, cqe, extra) {
                return;
            }
            cq.overflow.pop_front();
            cq.signal.posted();
        }
        // SAFETY: a field of the ring's memory.
        unsafe { atomic_and(self.memory.sq_flags, !IORING_SQ_CQ_OVERFLOW) };
    }

    /// Drops the program's eventfd; false where none is registered.
    pub fn forget_eventfd(&self) -> bool {
        let Some(Eventfd { fd, .. }) = self.cq.lock().eventfd.take() else { return false };
        super::watcher::WATCHER.remove(self.inner);
        let _ = sys::close(fd);
        true
    }

    /// Tells the program's own eventfd of completions to come, unless it has not read what it was told before: it will come for everything.
    /// Where the ring itself reads that eventfd, telling it again would be new work to tell of.
    pub fn tell_of_work(&self) {
        let cq = self.cq.lock();
        let unread = |own: Eventfd| sys::poll_now(own.fd, libc::POLLIN as u16).is_ok_and(|ready| ready != 0);
        if !cq.eventfd.is_some_and(unread) {
            self.notify_eventfd(&cq, false);
        }
    }

    /// True for the eventfd that is told of completions. The program knows it by `number`; `fd` is a duplicate.
    pub fn signals(&self, number: c_int, fd: c_int) -> bool {
        let eventfd = self.cq.lock().eventfd;
        eventfd.is_some_and(|own| own.number == number || sys::is_same_file(own.fd, fd))
    }

    /// Tells the program's own eventfd.
    fn notify_eventfd(&self, cq: &Cq, inline: bool) {
        let Some(Eventfd { fd, async_only, .. }) = cq.eventfd else { return };
        // SAFETY: a field of the ring's memory.
        let disabled = unsafe { load_relaxed(self.memory.cq_flags) } & IORING_CQ_EVENTFD_DISABLED != 0;
        let unheard = disabled || (async_only && inline);
        if !unheard {
            sys::eventfd_signal(fd);
        }
    }

    /// Makes the ring's descriptor readable. An edge-triggered watcher wants to hear of every batch, so it is written again.
    fn signal(&self, cq: &mut Cq) {
        cq.signal.given();
        sys::eventfd_signal(self.evf);
        // SAFETY: a field of the ring's memory.
        unsafe { atomic_or(self.memory.sq_flags, IORING_SQ_TASKRUN) };
    }

    /// On the way back to the program: its descriptor must be readable while the CQ is not empty, and become so anew for what is new. Programs
    /// that only ever wait never look at an empty CQ, so for them it stays readable and this costs little.
    pub fn settle_signal(&self) {
        let watchers = self.give_signal(&mut self.cq.lock(), Nudge::is_due);
        self.tell_watchers(watchers);
    }

    /// Before a thread of the program's sleeps in the ring for more completions: another may watch the ring's descriptor.
    pub fn settle_asleep(&self) {
        let mut cq = self.cq.lock();
        cq.nudge.sleeps_here();
        let watchers = self.give_signal(&mut cq, Nudge::is_due_asleep);
        drop(cq);
        self.tell_watchers(watchers);
    }

    /// The same together with [`Ring::update_taskrun`], under the ring's lock. Who is returned has to be told when it is free.
    pub fn settle_all(&self, pending: bool) -> Vec<u64> {
        self.settle_in(&mut self.cq.lock(), pending)
    }

    /// The same under the CQ's lock, too.
    pub fn settle_in(&self, cq: &mut Cq, pending: bool) -> Vec<u64> {
        self.mark_taskrun(cq, pending);
        self.give_signal(cq, Nudge::is_due)
    }

    /// Returns the rings that poll this one, where they have to hear of it.
    fn give_signal(&self, cq: &mut Cq, is_due: fn(&mut Nudge, c_int) -> bool) -> Vec<u64> {
        if !cq.signal.is_owed() || self.cq_ready() == 0 {
            return Vec::new();
        }
        if cq.signal.is_given() && cq.watchers.is_empty() && !is_due(&mut cq.nudge, self.fd.load(Ordering::Relaxed)) {
            return Vec::new();
        }
        self.signal(cq);
        cq.watchers.clone()
    }

    /// Rings that poll this one complete that now: their programs may look at the CQ's memory only.
    pub fn tell_watchers(&self, watchers: Vec<u64>) {
        for watcher in watchers {
            registry::visit(watcher, Ring::look_after);
        }
    }

    /// Remembers that this ring polls another.
    pub fn note_watched(&self, other: &Ring) {
        let key = self.slot.key();
        let mut cq = other.cq.lock();
        if key != other.slot.key() && !cq.watchers.contains(&key) && cq.watchers.try_reserve(1).is_ok() {
            cq.watchers.push(key);
        }
    }

    /// The program looked and found the CQ empty: after the second such look its descriptor stops being readable. True where that was now.
    pub fn strike(&self) -> bool {
        let mut cq = self.cq.lock();
        // Under the lock: what is posted after this look gives the signal anew.
        if self.cq_ready() != 0 || !cq.signal.strike() {
            return false;
        }
        sys::eventfd_clear(self.evf);
        cq.nudge.stop();
        true
    }

    /// `IORING_SQ_TASKRUN` makes the header's peek come in: needed while something can complete only in here, or `evf` may be stale.
    pub fn update_taskrun(&self, pending: bool) {
        self.mark_taskrun(&self.cq.lock(), pending);
    }

    fn mark_taskrun(&self, cq: &Cq, pending: bool) {
        // SAFETY: a field of the ring's memory; set and cleared under the lock.
        unsafe {
            let set = load_relaxed(self.memory.sq_flags) & IORING_SQ_TASKRUN != 0;
            match (pending || cq.signal.is_given(), set) {
                (true, false) => atomic_or(self.memory.sq_flags, IORING_SQ_TASKRUN),
                (false, true) => atomic_and(self.memory.sq_flags, !IORING_SQ_TASKRUN),
                _ => {}
            }
        }
    }

    /// Counts an SQ index that names no SQE.
    pub fn drop_sqe(&self) {
        // SAFETY: a field of the ring's memory, which only we write.
        unsafe { store_relaxed(self.memory.sq_dropped, load_relaxed(self.memory.sq_dropped).wrapping_add(1)) };
    }
}
