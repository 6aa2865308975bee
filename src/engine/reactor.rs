// SPDX-License-Identifier: MIT
//! Waiting for descriptors: which requests wait for which, and what happens when one is ready.

use super::descriptors::{dup_high, make_high};
use super::ops::{self, Outcome};
use super::park::Bell;
use super::request::{ReqId, Stage};
use super::ring::{Completion, Ring, State};
use super::timers::ns_timespec;
use crate::core::abi::IORING_SETUP_DEFER_TASKRUN;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::collections::{BTreeMap, VecDeque};
use ::core::ffi::{c_int, c_void};
use ::core::sync::atomic::Ordering;

/// What epoll hands back for the ring's own descriptors.
const WAKE: u64 = u64::MAX;
const ALARM: u64 = u64::MAX - 1;
pub const ENDS: u64 = u64::MAX - 2;

const ONESHOT: u32 = libc::EPOLLONESHOT as u32;
const EDGE: u32 = libc::EPOLLET as u32;
/// What every waiter hears of, asked for or not.
const ALWAYS: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32;

/// A descriptor that requests wait for.
struct Watched {
    /// Tells registrations of one number apart: the program may close a descriptor and get its number again.
    generation: u32,
    /// Registered in `inner`, as far as we know.
    registered: bool,
    /// Our own duplicate, for one multishot poll: edge-triggered and for good.
    own: bool,
    /// What any of `waiting` wants; it may be more for a while, when some have left.
    events: u32,
    waiting: VecDeque<ReqId>,
}

/// The descriptors that requests of a ring wait for.
pub struct FdTable {
    watched: BTreeMap<c_int, Watched>,
    next_generation: u32,
    armed: usize,
}

impl FdTable {
    pub const fn new() -> FdTable {
        FdTable { watched: BTreeMap::new(), next_generation: 0, armed: 0 }
    }

    /// Requests that wait for a descriptor.
    pub fn armed(&self) -> usize {
        self.armed
    }

    fn generation(&mut self) -> u32 {
        self.next_generation = (self.next_generation + 1) & 0x7fff_ffff;
        self.next_generation
    }

    /// Takes a request out of its descriptor's list.
    pub fn forget(&mut self, fd: c_int, id: ReqId) {
        let Some(watched) = self.watched.get_mut(&fd) else { return };
        // From both ends: those who cancel many mostly begin with the oldest or the youngest.
        let last = watched.waiting.len();
        let found = (0..last.div_ceil(2)).find_map(|n| [n, last - 1 - n].into_iter().find(|place| watched.waiting[*place] == id));
        if let Some(place) = found {
            watched.waiting.remove(place);
            self.armed -= 1;
        }
        if watched.own {
            self.watched.remove(&fd);
        }
    }
}

/// Who looks what became ready.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The driver, until its sleep ends.
    Driver,
    /// A thread of the program's that does not wait.
    Passer,
    /// A thread of the library's, while the program does something else.
    Aside,
}

fn close_own(own: Option<c_int>) {
    if let Some(own) = own {
        let _ = sys::close(own);
    }
}

fn event_data(fd: c_int, generation: u32) -> u64 {
    (generation as u64) << 32 | fd as u32 as u64
}

impl Ring {
    /// Registers the ring's own descriptors.
    pub fn watch_own(&self) -> Result<(), Errno> {
        sys::epoll_ctl(self.inner, libc::EPOLL_CTL_ADD, self.wake, libc::EPOLLIN as u32, WAKE)
    }

    /// Lets a request wait until its descriptor has one of `events`. Err with its completion where it ends here.
    pub fn arm(&self, st: &mut State, id: ReqId, events: u32) -> Result<(), Completion> {
        let Some(request) = st.requests.get(id) else { return Ok(()) };
        request.stage = Stage::Armed;
        request.events = events;
        let fd = request.fd;
        let generation = st.fds.generation();
        let watched = st.fds.watched.entry(fd).or_insert(Watched {
            generation,
            registered: false,
            own: false,
            events: 0,
            waiting: VecDeque::new(),
        });
        watched.waiting.push_back(id);
        watched.events |= events;
        st.fds.armed += 1;
        match self.rearm(st, fd) {
            Ok(()) => Ok(()),
            Err(e) => {
                st.fds.forget(fd, id);
                let Some(request) = st.requests.get(id) else { return Ok(()) };
                if e != Errno::PERM {
                    return Err(Err(e).into());
                }
                // Nothing to wait for: files of this kind are always ready, or only a thread can wait for them.
                match ops::unpollable(request) {
                    Outcome::Done(completion) => Err(completion),
                    outcome => {
                        self.settle(st, id, outcome, true);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Registers a descriptor for what its waiters want, once.
    fn rearm(&self, st: &mut State, fd: c_int) -> Result<(), Errno> {
        let Some(watched) = st.fds.watched.get(&fd) else { return Ok(()) };
        let events = ONESHOT | watched.events;
        if watched.registered {
            let data = event_data(fd, watched.generation);
            match sys::epoll_ctl(self.inner, libc::EPOLL_CTL_MOD, fd, events, data) {
                // The request that is being armed came last.
                Err(Errno::NOENT) => self.orphan(st, fd, 1),
                done => return done,
            }
        }
        let generation = st.fds.generation();
        let Some(watched) = st.fds.watched.get_mut(&fd) else { return Ok(()) };
        watched.generation = generation;
        let data = event_data(fd, generation);
        let added = match sys::epoll_ctl(self.inner, libc::EPOLL_CTL_ADD, fd, events, data) {
            // Registered by an earlier life of this number whose file lives on elsewhere.
            Err(Errno::EXIST) => sys::epoll_ctl(self.inner, libc::EPOLL_CTL_MOD, fd, events, data),
            done => done,
        };
        watched.registered = added.is_ok();
        added
    }

    /// The number names another file now: those that wait for the old one can only be cancelled, all but the last `kept`.
    fn orphan(&self, st: &mut State, fd: c_int, kept: usize) {
        let Some(watched) = st.fds.watched.get_mut(&fd) else { return };
        watched.registered = false;
        let old = watched.waiting.len().saturating_sub(kept);
        st.fds.armed -= old;
        for id in watched.waiting.drain(..old) {
            if let Some(request) = st.requests.get(id) {
                request.stage = Stage::Orphaned;
            }
        }
    }

    /// Lets a multishot poll hear of every event: a duplicate of its descriptor, registered for good.
    pub fn watch(&self, st: &mut State, id: ReqId, events: u32) -> Result<(), Errno> {
        let Some(request) = st.requests.get(id) else { return Ok(()) };
        let own = dup_high(request.fd)?;
        // The program has had this number, and closed it while requests waited for it.
        self.orphan(st, own, 0);
        let generation = st.fds.generation();
        if let Err(e) = sys::epoll_ctl(self.inner, libc::EPOLL_CTL_ADD, own, events | EDGE, event_data(own, generation)) {
            let _ = sys::close(own);
            return Err(e);
        }
        if let Some(request) = st.requests.get(id) {
            request.stage = Stage::Armed;
            request.events = events;
            request.watch = own;
        }
        let waiting = [id].into_iter().collect();
        st.fds.watched.insert(own, Watched { generation, registered: true, own: true, events, waiting });
        st.fds.armed += 1;
        Ok(())
    }

    /// Ends that. Closing the duplicate is not enough: epoll goes on with a file for as long as it is open under another number.
    pub fn unwatch(&self, own: c_int) {
        let _ = sys::epoll_ctl(self.inner, libc::EPOLL_CTL_DEL, own, 0, 0);
        let _ = sys::close(own);
    }

    /// Waits in the reactor, at most `timeout_ns`, and does what became ready. `by`: who the caller is; a driver is it until the sleep
    /// ends.
    ///
    /// # Safety
    ///
    /// `sigmask` is null or readable.
    pub unsafe fn harvest(&self, timeout_ns: Option<u64>, sigmask: *const c_void, by: By) -> Result<(), Errno> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        let timeout = timeout_ns.map(ns_timespec);
        // SAFETY: the caller's promise.
        let found = unsafe { sys::epoll_wait(self.inner, &mut events, timeout.as_ref(), sigmask) };
        let rung = found.is_ok_and(|found| events[..found].iter().any(|event| event.u64 == WAKE));
        if by == By::Driver {
            self.parking.leave(self, rung);
        } else if rung {
            self.parking.pass_by(self);
        }
        let found = found?;
        let mut st = self.state.lock();
        // Nobody else writes it: the lock is ours.
        self.harvests.store(self.harvests.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        self.begin_batch();
        for event in &events[..found] {
            let (data, ready) = (event.u64, event.events);
            match data {
                WAKE => {}
                // It has to be set again, also for a timer that is due soon after.
                ALARM => st.alarm_at = u64::MAX,
                ENDS => self.reap_gathered(&mut st, false),
                _ => self.dispatch(&mut st, data as u32 as c_int, (data >> 32) as u32, ready, by),
            }
        }
        self.fire_timers(&mut st);
        self.run(&mut st);
        self.end_batch(by != By::Aside);
        Ok(())
    }

    /// What the watcher thread does when the reactor has something: the program waits elsewhere. Where it has reserved that work for its
    /// own thread, it is told that there is some.
    pub fn look_after(&self) {
        if self.flags & IORING_SETUP_DEFER_TASKRUN != 0 {
            return self.tell_of_work();
        }
        // SAFETY: no signal mask.
        let _ = unsafe { self.harvest(Some(0), ::core::ptr::null(), By::Aside) };
        let mut st = self.state.lock();
        self.update_taskrun(st.pending());
        self.set_alarm(&mut st);
    }

    /// True where a descriptor is this ring's, or a duplicate of it: only then does it hold `evf`.
    pub fn is_behind(&self, fd: c_int) -> bool {
        sys::epoll_ctl(fd, libc::EPOLL_CTL_MOD, self.evf, libc::EPOLLIN as u32, 0).is_ok()
    }

    /// Completes what is due.
    pub fn fire_timers(&self, st: &mut State) {
        while let Some((id, key)) = st.timers.pop_due() {
            ops::timeout::fire(self, st, id, key);
        }
    }

    /// A descriptor is ready: its waiters try again, in the order in which they came.
    fn dispatch(&self, st: &mut State, fd: c_int, generation: u32, ready: u32, by: By) {
        let Some(watched) = st.fds.watched.get_mut(&fd) else { return };
        if watched.generation != generation {
            return;
        }
        if watched.own {
            if let Some(&id) = watched.waiting.front() {
                ops::poll::event(self, st, id, ready);
            }
            return;
        }
        if watched.waiting.is_empty() {
            return;
        }
        let first = watched.waiting[0];
        // The program goes on meanwhile and may close the number at any time: what a thread of the library's own retries on has to be its
        // own. These are no files that POSIX locks hang on, so closing the duplicate takes nothing along.
        let is_fixed = st.requests.get(first).is_some_and(|request| request.file.is_some());
        let own = if by == By::Aside && !is_fixed { dup_high(fd).ok() } else { None };
        // The number must still name the file that became ready, or the retry would work on another. That of a fixed file is ours, and does
        // while there is a request on it.
        if !is_fixed && sys::epoll_ctl(self.inner, libc::EPOLL_CTL_MOD, fd, ONESHOT, event_data(fd, generation)).is_err() {
            self.orphan(st, fd, 0);
            return close_own(own);
        }
        let Some(watched) = st.fds.watched.get_mut(&fd) else { return };
        let waiting = ::core::mem::take(&mut watched.waiting);
        watched.events = 0;
        let (mut still_waiting, mut still_wanted) = (VecDeque::new(), 0);
        st.fds.armed -= waiting.len();
        for id in waiting {
            let Some(request) = st.requests.get(id) else { continue };
            if ready & (request.events | ALWAYS) == 0 {
                still_wanted |= request.events;
                still_waiting.push_back(id);
                continue;
            }
            request.stage = Stage::Issuing;
            let tried_on = own.unwrap_or(fd);
            request.fd = tried_on;
            let outcome = ops::retry(self, st, id, ready);
            // It may want to wait for another descriptor now.
            let stays = st.requests.get(id).is_none_or(|request| request.fd == tried_on);
            if let Some(request) = st.requests.get(id).filter(|_| stays) {
                request.fd = fd;
            }
            match outcome {
                Outcome::Arm(events) if stays => {
                    if let Some(request) = st.requests.get(id) {
                        request.stage = Stage::Armed;
                        request.events = events;
                        still_wanted |= events;
                        still_waiting.push_back(id);
                    }
                }
                outcome => self.settle(st, id, outcome, false),
            }
        }
        close_own(own);
        let left = still_waiting.len();
        if left == 0 {
            return;
        }
        if let Some(watched) = st.fds.watched.get_mut(&fd) {
            // A request that another's completion brought in may be waiting already: those that came first stay first.
            still_waiting.append(&mut watched.waiting);
            watched.waiting = still_waiting;
            watched.events |= still_wanted;
            st.fds.armed += left;
        }
        let _ = self.rearm(st, fd);
    }

    /// Sets the alarm for programs that watch the ring's descriptor: it becomes readable when the next timer is due. Programs that watch
    /// nothing but memory have the ring looked after.
    pub fn set_alarm(&self, st: &mut State) {
        if !st.pending() {
            return;
        }
        if !st.minded {
            self.be_minded(st);
        }
        let Some(in_ns) = st.timers.next_in_ns() else { return };
        let at = sys::clock_ns(libc::CLOCK_MONOTONIC).saturating_add(in_ns);
        // A timer that is set rings early or late by less than this: good enough not to set it again.
        if at.abs_diff(st.alarm_at) < 50_000 {
            return;
        }
        // Without one, who sleeps on the descriptor is served when the ring is looked after.
        let Some(alarm) = self.alarm() else { return };
        st.alarm_at = at;
        sys::timerfd_set(alarm, in_ns.max(1));
    }

    /// The alarm, made when it is first needed. The caller holds the ring's lock.
    fn alarm(&self) -> Option<c_int> {
        let made = self.alarm.load(Ordering::Relaxed);
        if made != -1 {
            return Some(made);
        }
        let alarm = make_high(sys::timerfd).ok()?;
        if sys::epoll_ctl(self.inner, libc::EPOLL_CTL_ADD, alarm, libc::EPOLLIN as u32 | EDGE, ALARM).is_err() {
            let _ = sys::close(alarm);
            return None;
        }
        self.alarm.store(alarm, Ordering::Relaxed);
        Some(alarm)
    }
}

impl Bell for Ring {
    fn ring(&self) {
        sys::eventfd_signal(self.wake);
    }

    fn silence(&self) {
        sys::eventfd_clear(self.wake);
    }

    fn wake_all(&self) {
        self.berths.wake_all();
    }
}
