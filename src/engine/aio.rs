// SPDX-License-Identifier: MIT
//! Reads and writes past the page cache (`O_DIRECT`), by the kernel's older interface for them: `io_submit(2)`. All that one submission
//! brings goes in one call, and the end of each makes the reactor wake.

use super::descriptors::make_high;
use super::ops::Outcome;
use super::request::{ReqId, Stage};
use super::ring::{Ring, State};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::primitive::{load_acquire, load_relaxed, store_release};
use crate::core::sys;
use ::alloc::vec::Vec;
use ::core::ffi::c_int;

// `aio_lio_opcode` of `struct iocb`.
const PREAD: u16 = 0;
const PWRITE: u16 = 1;
const PREADV: u16 = 7;
const PWRITEV: u16 = 8;
/// `aio_flags`: `aio_resfd` is an eventfd to be signalled.
const FLAG_RESFD: u32 = 1;

/// `struct iocb` of `<linux/aio_abi.h>`, on little-endian machines; on others its first two numbers change places.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Iocb {
    data: u64,
    key_and_flags: [u32; 2],
    opcode: u16,
    priority: i16,
    fd: u32,
    buf: u64,
    nbytes: u64,
    offset: i64,
    reserved: u64,
    flags: u32,
    resfd: u32,
}

/// `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Event {
    data: u64,
    obj: u64,
    res: i64,
    res2: i64,
}

static_assertions::const_assert_eq!(::core::mem::size_of::<Iocb>(), 64);
static_assertions::const_assert_eq!(::core::mem::size_of::<Event>(), 32);
static_assertions::const_assert_eq!(::core::mem::size_of::<EventRing>(), 32);

/// The head of what a context's number is the address of: a ring of events in the process's memory, which the kernel fills. Who takes
/// events from it by itself moves `head` on, as QEMU does; the kernel counts with that.
#[repr(C)]
struct EventRing {
    id: u32,
    entries: u32,
    head: u32,
    tail: u32,
    magic: u32,
    compatible: u32,
    incompatible: u32,
    header_length: u32,
}

const EVENT_RING_MAGIC: u32 = 0xa10a_10a1;

/// Most requests that a ring has under way in this manner; more go to workers.
const MOST: usize = 256;

/// A ring's part of it.
pub struct Aio {
    context: usize,
    /// Signalled by the kernel when a request has ended.
    ended: c_int,
    /// Gathered by the submission that is going on.
    gathered: Vec<(ReqId, Iocb)>,
    under_way: usize,
    /// It cannot be had here.
    refused: bool,
}

impl Aio {
    pub const fn new() -> Aio {
        Aio { context: 0, ended: -1, gathered: Vec::new(), under_way: 0, refused: false }
    }

    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Takes what has ended, waiting for it where `wait` says so: how many.
    fn take_ended(&self, events: &mut [Event], wait: bool) -> Result<usize, Errno> {
        match self.take_from_memory(events) {
            Some(0) | None if wait => {}
            Some(taken) => return Ok(taken),
            None => {}
        }
        let zero = __kernel_timespec::default();
        let limit = if wait { 0 } else { &raw const zero as usize };
        let args = [self.context, wait as usize, events.len(), events.as_mut_ptr() as usize, limit, 0];
        // SAFETY: the kernel writes at most as many events as there is room for, and reads the time limit.
        unsafe { sys::call(libc::SYS_io_getevents, args) }
    }

    /// The same without a system call; none where the memory is not what it is known to be. The caller holds the ring's lock, so nobody else
    /// takes events.
    fn take_from_memory(&self, events: &mut [Event]) -> Option<usize> {
        let ring = self.context as *mut EventRing;
        // SAFETY: the kernel has mapped it there for as long as the context lives.
        let header = unsafe { ring.read_volatile() };
        let size = ::core::mem::size_of::<EventRing>() as u32;
        if (header.magic, header.incompatible, header.header_length) != (EVENT_RING_MAGIC, 0, size) || header.entries == 0 {
            return None;
        }
        // SAFETY: fields of it. Acquire: what is before the tail is written.
        let (mut head, tail) = unsafe { (load_relaxed(&raw mut (*ring).head), load_acquire(&raw mut (*ring).tail)) };
        let mut taken = 0;
        while head != tail && head < header.entries && taken < events.len() {
            // SAFETY: one of as many entries behind the header.
            events[taken] = unsafe { ring.add(1).cast::<Event>().add(head as usize).read_volatile() };
            head = if head + 1 == header.entries { 0 } else { head + 1 };
            taken += 1;
        }
        // SAFETY: as above. Release: the kernel may write them anew.
        unsafe { store_release(&raw mut (*ring).head, head) };
        Some(taken)
    }

    /// True while something waits for its submission.
    pub fn has_gathered(&self) -> bool {
        !self.gathered.is_empty()
    }

    /// Ready for use, or not to be had.
    fn open(&mut self, ring: &Ring) -> bool {
        if self.context != 0 || self.refused {
            return !self.refused;
        }
        self.refused = true;
        let Ok(ended) = make_high(sys::eventfd) else { return false };
        let mut context = 0usize;
        // SAFETY: the kernel writes one number.
        let made = unsafe { sys::call(libc::SYS_io_setup, [MOST, &raw mut context as usize, 0, 0, 0, 0]) };
        if made.is_err() || ring.watch_ends(ended).is_err() {
            if made.is_ok() {
                destroy(context);
            }
            let _ = sys::close(ended);
            return false;
        }
        self.context = context;
        self.ended = ended;
        self.refused = false;
        true
    }
}

impl Drop for Aio {
    fn drop(&mut self) {
        if self.context != 0 {
            destroy(self.context);
            let _ = sys::close(self.ended);
        }
    }
}

fn destroy(context: usize) {
    // SAFETY: the kernel waits for what is under way.
    let _ = unsafe { sys::call(libc::SYS_io_destroy, [context, 0, 0, 0, 0, 0]) };
}

impl Ring {
    /// Gathers a read or write for the submission's end. A worker does it where this way is closed.
    pub fn gather(&self, st: &mut State, id: ReqId) -> Outcome {
        if !st.aio.open(self) || st.aio.under_way + st.aio.gathered.len() >= MOST {
            return Outcome::Work;
        }
        let Some(request) = st.requests.get(id) else { return Outcome::Parked };
        let sqe = &request.sqe;
        let opcode = match sqe.opcode {
            IORING_OP_READ | IORING_OP_READ_FIXED => PREAD,
            IORING_OP_WRITE | IORING_OP_WRITE_FIXED => PWRITE,
            IORING_OP_READV | IORING_OP_READV_FIXED => PREADV,
            _ => PWRITEV,
        };
        let iocb = Iocb {
            data: id.to_bits(),
            key_and_flags: if cfg!(target_endian = "little") { [0, sqe.op_flags] } else { [sqe.op_flags, 0] },
            opcode,
            fd: request.fd as u32,
            buf: sqe.addr,
            nbytes: sqe.len as u64,
            offset: sqe.off as i64,
            flags: FLAG_RESFD,
            resfd: st.aio.ended as u32,
            ..Iocb::default()
        };
        request.stage = Stage::Working;
        st.aio.gathered.push((id, iocb));
        Outcome::Parked
    }

    /// Submits what was gathered. True where that left something else to run.
    pub fn submit_gathered(&self, st: &mut State) -> bool {
        if st.aio.gathered.is_empty() {
            return false;
        }
        let mut gathered = ::core::mem::take(&mut st.aio.gathered);
        let mut pointers = [0usize; MOST];
        for (pointer, (_, iocb)) in pointers.iter_mut().zip(gathered.iter_mut()) {
            *pointer = iocb as *mut Iocb as usize;
        }
        let mut taken = 0;
        while taken < gathered.len() {
            let args = [st.aio.context, gathered.len() - taken, pointers[taken..].as_ptr() as usize, 0, 0, 0];
            // SAFETY: as many pointers to valid control blocks; the kernel checks the memory that they name.
            match unsafe { sys::call(libc::SYS_io_submit, args) } {
                Ok(more) if more > 0 => {
                    taken += more;
                    st.aio.under_way += more;
                }
                // The first of the rest was refused: a worker finds out why, or can do it.
                _ => {
                    self.settle(st, gathered[taken].0, Outcome::Work, true);
                    taken += 1;
                }
            }
        }
        gathered.clear();
        st.aio.gathered = gathered;
        true
    }

    /// Completes what has ended, waiting for it where `wait` says so.
    pub fn reap_gathered(&self, st: &mut State, wait: bool) {
        if st.aio.ended == -1 {
            return;
        }
        let mut events = [Event::default(); 64];
        while st.aio.under_way != 0 {
            let ended = match st.aio.take_ended(&mut events, wait) {
                Err(Errno::INTR) if wait => continue,
                Err(_) | Ok(0) => return,
                Ok(ended) => ended,
            };
            st.aio.under_way -= ended;
            for event in &events[..ended] {
                let id = ReqId::from_bits(event.data);
                let outcome = match st.requests.get(id) {
                    Some(request) => super::ops::transferred(request, event.res as i32),
                    None => continue,
                };
                self.settle(st, id, outcome, false);
            }
        }
    }

    /// Lets the reactor wake when a request has ended. It hears of each once, so nobody has to read the eventfd.
    fn watch_ends(&self, fd: c_int) -> Result<(), Errno> {
        sys::epoll_ctl(self.inner, libc::EPOLL_CTL_ADD, fd, (libc::EPOLLIN | libc::EPOLLET) as u32, super::reactor::ENDS)
    }
}
