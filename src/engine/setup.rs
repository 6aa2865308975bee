// SPDX-License-Identifier: MIT
//! `io_uring_setup(2)`, and the end of a ring.

use super::berths::Berths;
use super::cancel::{self, Target};
use super::cq::Cq;
use super::descriptors::{lowest_high, make_from};
use super::memory::{Current, Memory};
use super::park::Parking;
use super::process;
use super::registry::{self, Handle, Slot};
use super::ring::{Ring, State};
use super::sqpoll::{self, Poller};
use super::sync::Mutex;
use super::ticker::TICKER;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::{c_int, c_uint};
use ::core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};

const MOST_SQ_ENTRIES: u32 = 32768;
const MOST_CQ_ENTRIES: u32 = 2 * MOST_SQ_ENTRIES;

/// Features a ring reports: each of them is kept.
pub const FEATURES: u32 = IORING_FEAT_SINGLE_MMAP
    | IORING_FEAT_NODROP
    | IORING_FEAT_SUBMIT_STABLE
    | IORING_FEAT_RW_CUR_POS
    | IORING_FEAT_CUR_PERSONALITY
    | IORING_FEAT_FAST_POLL
    | IORING_FEAT_POLL_32BITS
    | IORING_FEAT_EXT_ARG
    | IORING_FEAT_SQPOLL_NONFIXED
    | IORING_FEAT_NATIVE_WORKERS
    | IORING_FEAT_RSRC_TAGS
    | IORING_FEAT_CQE_SKIP
    | IORING_FEAT_LINKED_FILE
    | IORING_FEAT_REG_REG_RING
    | IORING_FEAT_MIN_TIMEOUT;

/// Setup flags that are kept. The others answer as on a kernel that lacks them.
pub const FLAGS: u32 = IORING_SETUP_CQSIZE
    | IORING_SETUP_ATTACH_WQ
    | IORING_SETUP_IOPOLL
    | IORING_SETUP_HYBRID_IOPOLL
    | IORING_SETUP_SQPOLL
    | IORING_SETUP_SQ_AFF
    | IORING_SETUP_CLAMP
    | IORING_SETUP_R_DISABLED
    | IORING_SETUP_SUBMIT_ALL
    | IORING_SETUP_COOP_TASKRUN
    | IORING_SETUP_TASKRUN_FLAG
    | IORING_SETUP_SQE128
    | IORING_SETUP_CQE32
    | IORING_SETUP_SINGLE_ISSUER
    | IORING_SETUP_DEFER_TASKRUN
    | IORING_SETUP_NO_MMAP
    | IORING_SETUP_REGISTERED_FD_ONLY
    | IORING_SETUP_NO_SQARRAY
    | IORING_SETUP_CQE_MIXED;

/// The kernel's rules for flags.
fn check_flags(flags: u32) -> Result<(), Errno> {
    let has = |flag: u32| flags & flag != 0;
    let refused = flags & !FLAGS != 0
        || has(IORING_SETUP_REGISTERED_FD_ONLY) && !has(IORING_SETUP_NO_MMAP)
        || has(IORING_SETUP_TASKRUN_FLAG) && !has(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN)
        || has(IORING_SETUP_CQE32) && has(IORING_SETUP_CQE_MIXED)
        || has(IORING_SETUP_DEFER_TASKRUN) && !has(IORING_SETUP_SINGLE_ISSUER)
        || has(IORING_SETUP_SQ_AFF) && !has(IORING_SETUP_SQPOLL)
        || has(IORING_SETUP_HYBRID_IOPOLL) && !has(IORING_SETUP_IOPOLL)
        || has(IORING_SETUP_SQPOLL) && has(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_DEFER_TASKRUN);
    if refused {
        return Err(Errno::INVAL);
    }
    Ok(())
}

/// The sizes that the kernel makes of what was asked for.
pub fn size_entries(entries: u32, p: &mut io_uring_params) -> Result<(), Errno> {
    let clamp = p.flags & IORING_SETUP_CLAMP != 0;
    let limit = |wanted: u32, most: u32| {
        if wanted == 0 || (wanted > most && !clamp) {
            Err(Errno::INVAL)
        } else {
            Ok(wanted.min(most).next_power_of_two())
        }
    };
    p.sq_entries = limit(entries, MOST_SQ_ENTRIES)?;
    if p.flags & IORING_SETUP_CQSIZE == 0 {
        p.cq_entries = 2 * p.sq_entries;
        return Ok(());
    }
    p.cq_entries = limit(p.cq_entries, MOST_CQ_ENTRIES)?;
    if p.cq_entries < p.sq_entries {
        return Err(Errno::INVAL);
    }
    if p.flags & IORING_SETUP_CQE_MIXED != 0 && p.cq_entries < 2 {
        // A large entry needs two.
        return Err(Errno::OVERFLOW);
    }
    Ok(())
}

/// The ring's own descriptors; closed again where one of them fails.
struct Descriptors {
    list: [c_int; 3],
    made: usize,
}

impl Descriptors {
    fn new() -> Result<Descriptors, Errno> {
        let mut own = Descriptors { list: [-1; 3], made: 0 };
        let lowest = lowest_high();
        for make in [sys::eventfd, sys::epoll_create, sys::eventfd] {
            own.list[own.made] = make_from(make, lowest)?;
            own.made += 1;
        }
        Ok(own)
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        for fd in &self.list[..self.made] {
            let _ = sys::close(*fd);
        }
    }
}

/// Makes a ring; answers its descriptor, or its registered number with `IORING_SETUP_REGISTERED_FD_ONLY`.
pub fn setup(entries: c_uint, p: &mut io_uring_params) -> Result<c_int, Errno> {
    if p.resv != [0; 3] {
        return Err(Errno::INVAL);
    }
    check_flags(p.flags)?;
    if p.flags & IORING_SETUP_ATTACH_WQ != 0 {
        // All rings share their workers, and each has its own submission thread; what remains of the flag is that it names a ring, and
        // one with such a thread where that is asked for.
        let other = p.wq_fd as c_int;
        sys::fd_flags(other).map_err(|_| Errno::NXIO)?;
        let other = registry::find(other).ok_or(Errno::INVAL)?;
        if p.flags & IORING_SETUP_SQPOLL != 0 && !other.has_poller() {
            return Err(Errno::INVAL);
        }
    }
    size_entries(entries, p)?;
    process::notice_fork();
    process::begin()?;
    let handle = registry::create(|slot| make(slot, p))?;
    p.features = FEATURES;
    if !handle.has_poller() {
        return name(handle, p.flags);
    }
    sqpoll::start(&handle)?;
    let ring = handle.clone();
    // Without a name nobody would end the thread.
    name(handle, p.flags).inspect_err(|_| {
        ring.stop_poller();
        ring.join_poller();
    })
}

/// Gives a new ring its name.
fn name(handle: Handle, flags: u32) -> Result<c_int, Errno> {
    let fd = handle.fd.load(Ordering::Relaxed);
    if flags & IORING_SETUP_REGISTERED_FD_ONLY != 0 {
        let number = registry::register(&handle)?;
        // The number is the ring's only name.
        let _ = sys::close(handle.fd.swap(-1, Ordering::Relaxed));
        return Ok(number);
    }
    if let Some(stale) = registry::publish(fd, handle)? {
        // The program closed that ring's descriptor by itself, and the number has come round.
        stale.fd.store(-1, Ordering::Relaxed);
        release(stale);
    }
    Ok(fd)
}

fn make(slot: &'static Slot, p: &mut io_uring_params) -> Result<Ring, Errno> {
    let poller = Poller::new(p)?;
    let mut own = Descriptors::new()?;
    let memory = Memory::new(p)?;
    let outer = sys::epoll_create()?;
    let [evf, inner, wake] = own.list;
    let ring = Ring {
        flags: p.flags,
        memory: Current::new(memory),
        fd: AtomicI32::new(outer),
        evf,
        inner,
        wake,
        alarm: AtomicI32::new(-1),
        state: Mutex::new(State::new()),
        cq: Mutex::new(Cq::new()),
        parking: Parking::new(),
        berths: Berths::new(),
        owner: AtomicUsize::new(if p.flags & IORING_SETUP_R_DISABLED == 0 { sys::thread_address() } else { 0 }),
        disabled: AtomicBool::new(p.flags & IORING_SETUP_R_DISABLED != 0),
        harvests: AtomicU32::new(0),
        wait_clock: AtomicI32::new(libc::CLOCK_MONOTONIC),
        poller,
        slot,
    };
    own.made = 0;
    // From here on the ring's drop closes them.
    ring.watch_own()?;
    sys::epoll_ctl(outer, libc::EPOLL_CTL_ADD, evf, libc::EPOLLIN as u32, 0)?;
    sys::epoll_ctl(outer, libc::EPOLL_CTL_ADD, inner, libc::EPOLLIN as u32, 1)?;
    Ok(ring)
}

/// Closes a ring's descriptor. Where it was the ring's last name, nothing touches the program's memory any more when this returns.
#[inline(never)]
pub fn close(fd: c_int) {
    process::notice_fork();
    if let Some(ring) = registry::withdraw(fd) {
        release(ring);
    } else {
        let _ = sys::close(fd);
    }
}

/// Takes a registered number back.
pub fn unregister(number: c_int) -> Result<(), Errno> {
    if let Some(ring) = registry::unregister(number)? {
        if registry::lose_name(&ring) {
            wind_up(&ring);
        }
    }
    Ok(())
}

/// The ring's descriptor is no name of it any more; it goes on while it has a registered number.
fn release(ring: Handle) {
    let fd = ring.fd.swap(-1, Ordering::AcqRel);
    if registry::lose_name(&ring) {
        wind_up(&ring);
    }
    if fd != -1 {
        let _ = sys::close(fd);
    }
}

/// Cancels everything, and waits for what a worker has begun: it works on the program's memory.
fn wind_up(ring: &Ring) {
    ring.stop_poller();
    let everything = Target { flags: IORING_ASYNC_CANCEL_ANY, user_data: 0, fd: 0, opcode: 0 };
    loop {
        let working = {
            let mut st = ring.state.lock();
            st.ends = true;
            let _ = cancel::cancel(ring, &mut st, &everything, true);
            ring.run(&mut st);
            ring.reap_gathered(&mut st, true);
            // Under the lock: a worker that has ended its request by now has done so before the cancelling, which found what came of that.
            ring.slot.working.load(Ordering::SeqCst)
        };
        if working == 0 {
            return ring.join_poller();
        }
        sys::futex_wait(&ring.slot.working, working, None);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.forget_eventfd();
        if self.state.lock().minded {
            TICKER.remove(self.inner);
        }
        let fd = self.fd.load(Ordering::Relaxed);
        for fd in [self.evf, self.inner, self.wake, self.alarm.load(Ordering::Relaxed), fd] {
            if fd != -1 {
                let _ = sys::close(fd);
            }
        }
    }
}
