// SPDX-License-Identifier: MIT
//! A ring of the engine: its parts, and a request's way through it.

use super::aio::Aio;
use super::berths::Berths;
use super::cq::Cq;
use super::hints::Hints;
use super::memory::{Current, Memory};
use super::ops::{self, quick, Outcome};
use super::park::Parking;
use super::pool;
use super::reactor::FdTable;
use super::region::Region;
use super::request::{ReqId, Request, Requests, Stage};
use super::resources::Resources;
use super::restrictions::Restrictions;
use super::row::Row;
use super::sqpoll::Poller;
use super::sync::Mutex;
use super::timers::Timers;
use crate::core::abi::*;
use crate::core::errno::Errno;
use ::alloc::collections::VecDeque;
use ::core::ffi::c_int;
use ::core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize};

/// A ring. Lock order: `state`, then the pool's, then `cq`.
pub struct Ring {
    /// Setup flags.
    pub flags: u32,
    pub memory: Current,
    /// The ring's descriptor: an epoll that holds `evf` and `inner`. -1 once closed.
    pub fd: AtomicI32,
    /// Readable while the CQ is not empty, and possibly a little longer.
    pub evf: c_int,
    /// The epoll that requests wait in.
    pub inner: c_int,
    /// Wakes the threads that sleep in the ring.
    pub wake: c_int,
    /// Makes `inner` readable when a timer is due, for programs that watch the ring's descriptor. -1 before the first.
    pub alarm: AtomicI32,
    pub state: Mutex<State>,
    pub cq: Mutex<Cq>,
    /// The threads that wait in `inner`, or behind the one that does.
    pub parking: Parking,
    pub berths: Berths,
    /// The one thread that may submit (`IORING_SETUP_SINGLE_ISSUER`), by an address of its own; 0 before the first.
    pub owner: AtomicUsize,
    /// `IORING_SETUP_R_DISABLED`, and not enabled yet.
    pub disabled: AtomicBool,
    /// The clock that waits are measured on.
    pub wait_clock: AtomicI32,
    /// Counts the times a thread has looked into `inner`.
    pub harvests: AtomicU32,
    /// Its submission thread, on rings that have one.
    pub poller: Poller,
    /// Where the ring lives.
    pub slot: &'static super::registry::Slot,
}

/// What the ring's lock guards.
pub struct State {
    pub requests: Requests,
    pub fds: FdTable,
    pub timers: Timers,
    pub resources: Resources,
    pub region: Option<Region>,
    /// Registered restrictions, and whether they hold: from the ring's being enabled on.
    pub restrictions: Option<(Restrictions, bool)>,
    pub aio: Aio,
    pub hints: Hints,
    /// Begun links whose next request can be issued.
    ready: VecDeque<ReqId>,
    /// Heads of links held back by a drain, in order.
    held: VecDeque<ReqId>,
    /// Requests in those links.
    held_requests: usize,
    /// The thread that holds the lock submits: on its way out it tells of all that it has posted. Whatever else posts has to tell at once.
    pub submitting: bool,
    /// When `alarm` is set to ring; `u64::MAX` for never.
    pub alarm_at: u64,
    /// A silent request has been submitted: from then on the kernel refuses drains.
    drains_refused: bool,
    /// The ring ends: what has not begun is not begun any more.
    pub ends: bool,
    /// The ticker knows of the ring, or is not to.
    pub minded: bool,
}

impl State {
    pub const fn new() -> State {
        State {
            requests: Requests::new(),
            fds: FdTable::new(),
            timers: Timers::new(),
            resources: Resources::new(),
            region: None,
            restrictions: None,
            aio: Aio::new(),
            hints: Hints::new(),
            ready: VecDeque::new(),
            held: VecDeque::new(),
            held_requests: 0,
            submitting: false,
            alarm_at: u64::MAX,
            drains_refused: false,
            ends: false,
            minded: false,
        }
    }

    /// The restrictions that hold.
    pub fn restrictions(&self) -> Option<&Restrictions> {
        self.restrictions.as_ref().filter(|(_, hold)| *hold).map(|(restrictions, _)| restrictions)
    }

    /// True where a request may wait for all before it.
    pub fn lets_drain(&self) -> bool {
        !self.drains_refused
    }

    /// True where nothing stands between an SQE and its issue: no drain, no restrictions, no timeout that counts completions.
    fn lets_pass(&self) -> bool {
        self.held.is_empty() && self.timers.counted.is_empty() && self.restrictions().is_none()
    }

    /// True where nothing can be issued, and nothing becomes possible by what has been posted.
    fn is_settled(&self) -> bool {
        self.ready.is_empty() && self.held.is_empty() && self.timers.counted.is_empty() && !self.aio.has_gathered()
    }

    /// True while something can complete only when a thread looks after it.
    pub fn pending(&self) -> bool {
        !self.timers.is_empty() || self.fds.armed() != 0 || self.aio.under_way() != 0
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug)]
pub struct Completion {
    pub res: i32,
    pub flags: u32,
    /// It breaks its link.
    pub failed: bool,
}

impl From<Result<i32, Errno>> for Completion {
    fn from(result: Result<i32, Errno>) -> Completion {
        match result {
            Ok(res) => Completion { res, flags: 0, failed: false },
            Err(e) => Completion { res: e.to_c(), flags: 0, failed: true },
        }
    }
}

impl Ring {
    // ------------------------------------------------------------------------------------------------------ submission

    /// Takes up to `to_submit` SQEs and begins their requests. Returns how many it took, or -EAGAIN where none could be. The last completions
    /// may be left in `row`, which the caller posts.
    pub fn submit(&self, st: &mut State, row: &mut Row, to_submit: u32) -> Result<u32, Errno> {
        let memory: &Memory = &self.memory;
        // SAFETY: fields of the ring's memory. Acquire pairs with the program's release of the tail: the SQEs are filled.
        let (mut head, tail) = unsafe {
            use crate::core::primitive::{load_acquire, load_relaxed};
            (load_relaxed(memory.sq_head), load_acquire(memory.sq_tail))
        };
        let begin = head;
        let wanted = to_submit.min(tail.wrapping_sub(head)).min(memory.sq_entries);
        let mut taken = 0;
        let mut link = Link::default();
        st.submitting = true;
        // SQEs that could not be done together with others.
        let mut alone = 0;
        while taken < wanted {
            let lets_pass = link.head.is_none() && !self.polls_io() && st.lets_pass();
            let mut first_try = None;
            if lets_pass && alone == 0 {
                let (ended, tried) = self.run_row(st, row, head, wanted - taken);
                head = head.wrapping_add(ended);
                taken += ended;
                if taken == wanted {
                    break;
                }
                first_try = tried;
            }
            let sqe = self.sqe_at(head);
            let Some(sqe) = sqe else {
                self.drop_sqe();
                head = head.wrapping_add(1);
                break;
            };
            st.drains_refused |= sqe.flags & IOSQE_CQE_SKIP_SUCCESS != 0 && ops::is_known(&sqe);
            let mut tried = None;
            if lets_pass && quick::is_plain(&sqe) {
                if alone == 0 && first_try.is_none() {
                    let (ended, others) = self.merge(st, row, &sqe, head, wanted - taken);
                    alone = others;
                    if ended != 0 {
                        head = head.wrapping_add(ended);
                        taken += ended;
                        continue;
                    }
                }
                alone = alone.saturating_sub(1);
                tried = self.try_now(st, row, &sqe, first_try);
                if let Some(Outcome::Parked) = tried {
                    head = head.wrapping_add(1);
                    taken += 1;
                    continue;
                }
            }
            self.post_row(st, row);
            let mut request = Request::new(sqe);
            let accepted =
                ops::prepare(&mut request, link.last.map(|(_, opcode)| opcode), self, st).and_then(|()| self.check_kind(&sqe));
            request.failed = accepted.err().map(Errno::to_c);
            let Some(id) = st.requests.insert(request) else { break };
            head = head.wrapping_add(1);
            taken += 1;
            if let (Some(outcome), Ok(())) = (tried, accepted) {
                self.begin_tried(st, id, outcome);
                self.run_ready(st);
                continue;
            }
            link.push(st, id, &sqe, accepted.is_err());
            if sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK) == 0 {
                self.begin(st, link.take());
                self.run_ready(st);
            }
            // A refusal inside a link ends the link only: the rest of it is taken all the same.
            let linked_on = sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK) != 0;
            if accepted.is_err() && !linked_on && self.flags & IORING_SETUP_SUBMIT_ALL == 0 {
                break;
            }
        }
        if link.head.is_some() || !st.is_settled() {
            self.post_row(st, row);
            self.begin(st, link.take());
        }
        // SAFETY: a field of the ring's memory. Release: the SQEs before the head are read, the program may fill them again.
        unsafe { crate::core::primitive::store_release(memory.sq_head, head) };
        self.run(st);
        st.submitting = false;
        if wanted != 0 && head == begin {
            return Err(Errno::AGAIN);
        }
        Ok(taken)
    }

    /// True for a ring with `IORING_SETUP_IOPOLL`: all it does is direct I/O, whose ends are looked for when the program asks.
    pub fn polls_io(&self) -> bool {
        self.flags & IORING_SETUP_IOPOLL != 0
    }

    /// Does what an SQE asks for, where that is possible before it becomes a request: `Parked` says that it is done, and its completion is in
    /// `row`. Anything else is what came of a first try, or none was made; one that was made before is not repeated.
    fn try_now(
        &self,
        st: &mut State,
        row: &mut Row,
        sqe: &io_uring_sqe,
        first_try: Option<Result<i32, Errno>>,
    ) -> Option<Outcome> {
        let tried = if quick::is_nop(sqe) { Some(Ok(0).into()) } else { quick::attempt(st, sqe, first_try) };
        let Some(done) = quick::ended_well(tried) else { return tried };
        if sqe.flags & IOSQE_CQE_SKIP_SUCCESS == 0 {
            self.keep_in_row(st, row, sqe.user_data, done.res, done.flags);
        }
        Some(Outcome::Parked)
    }

    /// What only some kinds of rings do.
    fn check_kind(&self, sqe: &io_uring_sqe) -> Result<(), Errno> {
        let small = self.flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED) == 0;
        if small && ops::misc::is_large(sqe) {
            return Err(Errno::INVAL);
        }
        Ok(())
    }

    /// A copy of the SQE that position `head` names; it is never read again. None for an index that names none.
    pub fn sqe_at(&self, head: u32) -> Option<io_uring_sqe> {
        // SAFETY: an SQE of the ring's. The program may be changing it: whatever is read is checked after this.
        self.sqe_place(head).map(|place| unsafe { place.read_volatile() })
    }

    /// Where that SQE is.
    pub fn sqe_place(&self, head: u32) -> Option<*const io_uring_sqe> {
        let memory: &Memory = &self.memory;
        let slot = head & (memory.sq_entries - 1);
        let index = if memory.sq_array.is_null() {
            slot
        } else {
            // SAFETY: within the array.
            unsafe { memory.sq_array.add(slot as usize).read_volatile() }
        };
        if index >= memory.sq_entries {
            return None;
        }
        let shift = (self.flags & IORING_SETUP_SQE128 != 0) as u32;
        // SAFETY: within the SQE array.
        Some(unsafe { memory.sqes.add((index as usize) << shift) })
    }

    /// Begins a link, a single request being one of length 1, unless a drain holds it back.
    fn begin(&self, st: &mut State, link: Link) {
        let Some(head) = link.head else { return };
        if link.failed {
            self.fail_link(st, head);
        } else if link.drain || !st.held.is_empty() {
            st.held.push_back(head);
            st.held_requests += link.len;
        } else {
            st.ready.push_back(head);
        }
    }

    /// Ends a link of which one request was refused: that one with its error, the others with -ECANCELED.
    fn fail_link(&self, st: &mut State, head: ReqId) {
        let silent = st.requests.get(head).is_some_and(|request| request.has(IOSQE_CQE_SKIP_SUCCESS));
        let second = st.requests.get(head).and_then(|request| request.next);
        let guards = |request: &mut Request| request.sqe.opcode == IORING_OP_LINK_TIMEOUT;
        let guard = second.filter(|id| st.requests.get(*id).is_some_and(guards));
        let mut next = Some(head);
        while let Some(id) = next {
            let Some(mut request) = st.requests.remove(id) else { return };
            next = request.next;
            let res = request.failed.unwrap_or(Errno::CANCELED.to_c());
            if id == head {
                // It is the one that the kernel ends as if its turn had come.
                request.stage = Stage::Issuing;
                request.failed = Some(res);
            }
            // Where the first wanted no CQE for success, it gets one for its failure and the others get none. A timeout that would have
            // guarded the first keeps to its own wish.
            let hushed = Some(id) == guard && request.has(IOSQE_CQE_SKIP_SUCCESS) && request.failed.is_none();
            if id == head || !(silent || hushed) {
                self.post_counted(st, &request, res, 0, true);
            } else {
                self.notify(st, &request, res, true);
            }
        }
    }

    /// Issues everything that can be, and what becomes possible by that.
    pub fn run(&self, st: &mut State) {
        if st.is_settled() {
            return;
        }
        loop {
            self.run_ready(st);
            if !self.submit_gathered(st) {
                return;
            }
        }
    }

    /// The same without what is gathered, to which the rest of a submission may add.
    fn run_ready(&self, st: &mut State) {
        loop {
            if let Some(id) = st.ready.pop_front() {
                self.issue(st, id);
            } else if !self.release_held(st) && !self.fire_counted(st) {
                return;
            }
        }
    }

    /// Lets the next link pass the drain where its turn has come: all before it have completed.
    fn release_held(&self, st: &mut State) -> bool {
        let Some(&head) = st.held.front() else { return false };
        let (mut len, mut drain, mut next) = (0, false, Some(head));
        while let Some(id) = next {
            let Some(request) = st.requests.get(id) else { break };
            len += 1;
            drain |= request.has(IOSQE_IO_DRAIN);
            next = request.next;
        }
        if drain && st.requests.len() != st.held_requests {
            return false;
        }
        st.held.pop_front();
        st.held_requests -= len;
        st.ready.push_back(head);
        true
    }

    /// Completes a timeout whose number of completions has been reached.
    fn fire_counted(&self, st: &mut State) -> bool {
        let posted = st.timers.posted;
        let Some(position) = st.timers.counted.iter().position(|(target, _)| *target <= posted) else { return false };
        let (_, id) = st.timers.counted.remove(position);
        self.complete(st, id, Ok(0).into(), true);
        true
    }

    /// Begins a request, and arms the linked timeout that guards it.
    fn issue(&self, st: &mut State, id: ReqId) {
        if st.ends {
            return self.complete(st, id, Err(Errno::CANCELED).into(), true);
        }
        self.attach_guard(st, id);
        let Some(request) = st.requests.get(id) else { return };
        request.stage = Stage::Issuing;
        // A program that asks for a worker counts on hearing of it as of something that happened later.
        let inline = !request.has(IOSQE_ASYNC);
        // What may wait for somebody is tried all the same, and waits in the reactor: there it can be cancelled.
        let at_once_to_worker = !inline && ops::can_work(request.sqe.opcode) && !ops::may_wait(request.sqe.opcode);
        if let Err(e) = take_file(st, id) {
            return self.complete(st, id, Err(e).into(), true);
        }
        if let Err(e) = ops::fixed::import(st, id) {
            self.settle(st, id, Err(e).into(), inline);
            return;
        }
        let outcome = if at_once_to_worker { Outcome::Work } else { ops::issue(self, st, id) };
        self.settle(st, id, outcome, inline);
        self.arm_guard(st, id);
    }

    /// Begins a request that was tried before it became one, with what came of that.
    fn begin_tried(&self, st: &mut State, id: ReqId, outcome: Outcome) {
        if let Some(request) = st.requests.get(id) {
            request.stage = Stage::Issuing;
        }
        if let Err(e) = take_file(st, id) {
            return self.complete(st, id, Err(e).into(), true);
        }
        let outcome = ops::fixed::import(st, id).map_or_else(|e| Err(e).into(), |()| outcome);
        self.settle(st, id, outcome, true);
    }

    /// Does what an operation answered.
    pub fn settle(&self, st: &mut State, id: ReqId, outcome: Outcome, inline: bool) {
        match outcome {
            Outcome::Done(completion) => {
                let judged = match st.requests.get(id) {
                    Some(request) => ops::judge(request, completion),
                    None => return,
                };
                self.complete(st, id, judged, inline);
            }
            Outcome::Arm(events) => {
                if let Err(completion) = self.arm(st, id, events) {
                    self.complete(st, id, completion, inline);
                }
            }
            Outcome::Work => self.hand_to_worker(st, id),
            Outcome::Direct => {
                let outcome = self.gather(st, id);
                self.settle(st, id, outcome, inline);
            }
            Outcome::Parked => {}
        }
    }

    fn hand_to_worker(&self, st: &mut State, id: ReqId) {
        let Some(request) = st.requests.get(id) else { return };
        request.stage = Stage::Working;
        let file = ops::file_for_worker(request);
        let job = pool::Job { ring: self.handle(), id, sqe: request.sqe, fd: request.fd, file, sleep: None };
        if let Err(e) = pool::submit(job) {
            self.complete(st, id, Err(e).into(), true);
        }
    }

    /// A linked timeout directly behind a request guards it; it leaves the link.
    fn attach_guard(&self, st: &mut State, id: ReqId) {
        let Some(guard) = st.requests.get(id).and_then(|request| request.next) else { return };
        let Some(request) = st.requests.get(guard) else { return };
        if request.sqe.opcode != IORING_OP_LINK_TIMEOUT {
            return;
        }
        let behind = request.next.take();
        request.guarded = Some(id);
        request.stage = Stage::Timed;
        if let Some(request) = st.requests.get(id) {
            request.guard = Some(guard);
            request.next = behind;
        }
    }

    /// Starts its time, if the request it guards is still under way.
    fn arm_guard(&self, st: &mut State, id: ReqId) {
        let Some(guard) = st.requests.get(id).and_then(|request| request.guard) else { return };
        if let Err(completion) = ops::timeout::start(st, guard) {
            // Its arguments were checked before: the program changed them since. The guard ends, what it guards goes on.
            if let Some(request) = st.requests.get(id) {
                request.guard = None;
            }
            self.complete(st, guard, completion, true);
        }
    }

    // ------------------------------------------------------------------------------------------------------ completion

    /// Posts a request's CQE and counts it for the timeouts that count.
    fn post_counted(&self, st: &mut State, request: &Request, res: i32, flags: u32, inline: bool) {
        if request.sqe.opcode != IORING_OP_TIMEOUT {
            st.timers.posted += 1;
        }
        let inline = inline && st.submitting;
        if self.flags & (IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED) != 0 {
            if let Some(extra) = ops::misc::extra(request).filter(|_| request.failed.is_none()) {
                return self.post_large(request.sqe.user_data, res, extra, inline);
            }
        }
        // One whose link broke before its turn announces no second CQE, and gets it: so it is seen with 6.18.
        let announced = request.notifies && request.stage != Stage::Waiting;
        self.post(request.sqe.user_data, res, flags | if announced { IORING_CQE_F_MORE } else { 0 }, inline);
        self.notify(st, request, res, inline);
    }

    /// Posts the second CQE of a request that has one, whatever became of the first.
    #[cold]
    #[inline(never)]
    fn notify(&self, st: &mut State, request: &Request, res: i32, inline: bool) {
        if request.notifies {
            st.timers.posted += 1;
            self.post(request.sqe.user_data, ops::net::notification(request, res), IORING_CQE_F_NOTIF, inline && st.submitting);
        }
    }

    /// Posts one of several CQEs of a request that goes on. False where the CQ is full: such a request has to end.
    pub fn post_more(&self, st: &mut State, id: ReqId, res: i32) -> bool {
        let Some(request) = st.requests.get(id) else { return false };
        let (user_data, counts) = (request.sqe.user_data, request.sqe.opcode != IORING_OP_TIMEOUT);
        let posted = self.post_if_room(user_data, res, IORING_CQE_F_MORE);
        st.timers.posted += (posted && counts) as u64;
        posted
    }

    /// Ends a request: its CQE, its guard, and the rest of its link.
    pub fn complete(&self, st: &mut State, id: ReqId, mut completion: Completion, inline: bool) {
        let Some(mut request) = st.requests.remove(id) else { return };
        if completion.res == Errno::CANCELED.to_c() && request.done != 0 {
            // What it has moved so far has left the socket, or is on its way.
            completion.res = request.done as i32;
        }
        if let Some(key) = request.timer {
            st.timers.remove(key);
        }
        if request.watch != -1 {
            self.unwatch(request.watch);
        }
        if let Some(guard) = request.guard {
            self.drop_guard(st, guard, inline);
        }
        let skip = request.has(IOSQE_CQE_SKIP_SUCCESS);
        if !skip || completion.failed {
            self.post_counted(st, &request, completion.res, completion.flags, inline);
        }
        self.put(request.file.take());
        self.put(request.buffer.take());
        let Some(next) = request.next else { return };
        if completion.failed && !request.has(IOSQE_IO_HARDLINK) {
            self.cancel_link(st, next, skip, inline);
        } else {
            st.ready.push_back(next);
        }
    }

    /// Ends a linked timeout that is no longer needed. Unlike others that are cancelled, it keeps to its own wish for silence.
    fn drop_guard(&self, st: &mut State, guard: ReqId, inline: bool) {
        let silent = st.requests.get(guard).is_some_and(|request| request.has(IOSQE_CQE_SKIP_SUCCESS));
        self.complete(st, guard, Completion { res: Errno::CANCELED.to_c(), flags: 0, failed: !silent }, inline);
    }

    /// Cancels the rest of a link. Where the request that failed wanted no CQE for success, the others are silent.
    fn cancel_link(&self, st: &mut State, first: ReqId, silent: bool, inline: bool) {
        let mut next = Some(first);
        while let Some(id) = next {
            let Some(request) = st.requests.remove(id) else { return };
            next = request.next;
            if !silent {
                self.post_counted(st, &request, Errno::CANCELED.to_c(), 0, inline);
            } else {
                self.notify(st, &request, Errno::CANCELED.to_c(), inline);
            }
        }
    }

    /// A worker has done a request.
    pub fn work_done(&self, job: &pool::Job, outcome: Outcome) {
        let mut st = self.state.lock();
        let outcome = ops::worked_out(st.requests.get(job.id), job, outcome);
        self.settle(&mut st, job.id, outcome, false);
        self.run(&mut st);
        self.update_taskrun(st.pending());
        // What came next in its link may be a timeout, and whoever sleeps does not know of it.
        self.set_alarm(&mut st);
    }
}

/// Takes the fixed file that a request works on, if it is of that kind.
fn take_file(st: &mut State, id: ReqId) -> Result<(), Errno> {
    let Some(request) = st.requests.get(id) else { return Ok(()) };
    if !request.has(IOSQE_FIXED_FILE) || !ops::takes_file(request.sqe.opcode) {
        return Ok(());
    }
    let file = match st.resources.file_node(request.sqe.fd) {
        Ok(file) => file,
        Err(e) => return Err(if ops::vectors_are_bad(request) { Errno::FAULT } else { e }),
    };
    request.fd = file.fd();
    request.file = Some(file);
    Ok(())
}

/// A link under construction while SQEs are read.
#[derive(Default)]
struct Link {
    head: Option<ReqId>,
    last: Option<(ReqId, u8)>,
    len: usize,
    failed: bool,
    drain: bool,
}

impl Link {
    fn push(&mut self, st: &mut State, id: ReqId, sqe: &io_uring_sqe, failed: bool) {
        if let Some(last) = self.last.and_then(|(last, _)| st.requests.get(last)) {
            last.next = Some(id);
        }
        self.head = self.head.or(Some(id));
        self.last = Some((id, sqe.opcode));
        self.len += 1;
        self.failed |= failed;
        self.drain |= sqe.flags & IOSQE_IO_DRAIN != 0;
    }

    fn take(&mut self) -> Link {
        ::core::mem::take(self)
    }
}
