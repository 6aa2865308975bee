// SPDX-License-Identifier: MIT
//! Futexes: waking, and waiting in a thread that sleeps on the program's words and on two of ours: one to call it back by, one to see
//! that it sleeps.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::{check_int, Errno};
use crate::core::sys;
use crate::engine::pool::{self, Job};
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Ring, State};
use ::alloc::sync::Arc;
use ::alloc::vec::Vec;
use ::core::mem::size_of;
use ::core::sync::atomic::{AtomicU32, Ordering};

/// The flags that name a word's size, and the one size there is.
const SIZE_MASK: u32 = 3;
const SIZE_U32: u32 = 2;
const NUMA: u32 = 4;
const MPOL: u32 = 8;
const PRIVATE: u32 = 128;
const KNOWN_FLAGS: u32 = SIZE_MASK | NUMA | MPOL | PRIVATE;
/// The mask of waits and wakes that do not choose.
const MATCH_ANY: u64 = 0xffff_ffff;
/// Words that one call can wait for.
const MOST_WORDS: usize = 128;

/// `struct futex_waitv`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

/// Of a wait that sleeps: what its thread shares with the ring.
#[derive(Debug)]
pub struct Sleep {
    words: Vec<Word>,
    /// The thread is called back by a wake here. The first of the words that it sleeps on: where several have been woken, the call answers
    /// the last of them, and so tells of a wake that was faster.
    control: AtomicU32,
    /// The last of the words that it sleeps on: while it sleeps here, it does so on all.
    witness: AtomicU32,
    /// What the call answered, or [`ASLEEP`].
    result: AtomicU32,
}

/// No call answers this.
const ASLEEP: u32 = i32::MIN as u32;
/// Looks that the submitter takes at once, before it waits a little between them.
const QUICK_LOOKS: u32 = 50;
const BETWEEN_LOOKS: __kernel_timespec = __kernel_timespec { tv_sec: 0, tv_nsec: 50_000 };

impl Sleep {
    /// The call, in its thread.
    fn sleep(&self) {
        let mut list = [Word::default(); MOST_WORDS];
        let last = self.words.len() + 1;
        list[0] = own_word(&self.control);
        list[1..last].copy_from_slice(&self.words);
        list[last] = own_word(&self.witness);
        // SAFETY: the list is ours, and the kernel checks the program's addresses in it.
        let result = unsafe { call(libc::SYS_futex_waitv, [list.as_ptr() as usize, last + 1, 0, 0, 0, 0]) };
        self.result.store(result.unwrap_or_else(Errno::to_c) as u32, Ordering::Release);
        sys::futex_wake(&self.result, 1);
    }

    /// Waits until the thread sleeps on all words, or has been answered without sleeping.
    fn until_asleep(&self) {
        let mut looks = 0;
        while self.result.load(Ordering::Acquire) == ASLEEP && !self.sleeps() {
            looks += 1;
            if looks < QUICK_LOOKS {
                // SAFETY: cannot fail.
                let _ = unsafe { call(libc::SYS_sched_yield, [0; 6]) };
            } else {
                sys::futex_wait(&self.result, ASLEEP, Some(&BETWEEN_LOOKS));
            }
        }
    }

    /// True while the thread sleeps on the last word. Moving the sleepers of a word to that same word moves nobody, and tells how many
    /// there are.
    fn sleeps(&self) -> bool {
        let (word, op) = (self.witness.as_ptr() as usize, (libc::FUTEX_CMP_REQUEUE | libc::FUTEX_PRIVATE_FLAG) as usize);
        // SAFETY: the kernel reads the word.
        let sleepers = unsafe { call(libc::SYS_futex, [word, op, 0, 1, word, 0]) };
        sleepers == Ok(1)
    }

    /// Calls the thread back. True where that ended the wait, false where one of the words had ended it before.
    fn call_back(&self) -> bool {
        sys::futex_wake(&self.control, 1);
        while self.result.load(Ordering::Acquire) == ASLEEP {
            sys::futex_wait(&self.result, ASLEEP, None);
        }
        self.was_called_back()
    }

    fn was_called_back(&self) -> bool {
        self.result.load(Ordering::Acquire) == 0
    }

    /// What the call answered, for a wait that was not called back.
    fn answer(&self) -> Result<i32, Errno> {
        match check_int(self.result.load(Ordering::Acquire) as i32) {
            // No such call here, or none that is allowed: as a kernel that does not know the operation.
            Err(Errno::NOSYS | Errno::PERM) => Err(Errno::INVAL),
            // Our own word stands before the program's.
            answer => answer.map(|index| index - 1),
        }
    }
}

/// One of ours, which stays 0.
fn own_word(word: &AtomicU32) -> Word {
    Word { address: word.as_ptr() as usize as u64, flags: SIZE_U32 | PRIVATE, ..Word::default() }
}

/// A request's answer from its call's: a wait for one word does not count them.
fn outcome(opcode: u8, sleep: &Sleep) -> Outcome {
    match sleep.answer() {
        Ok(index) => Ok(if opcode == IORING_OP_FUTEX_WAIT { 0 } else { index }).into(),
        Err(e) => Err(e).into(),
    }
}

fn check_flags(flags: u32) -> Result<(), Errno> {
    require(flags & !KNOWN_FLAGS == 0 && flags & SIZE_MASK == SIZE_U32)
}

/// A single word's request: the value stands at `addr2`, the mask at `addr3`, the flags of the word in place of a descriptor.
pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.len == 0 && sqe.op_flags == 0 && sqe.buf_index == 0 && sqe.file_index == 0)?;
    check_flags(sqe.fd as u32)?;
    require(sqe.off <= u32::MAX as u64 && sqe.addr3 <= u32::MAX as u64)
}

pub fn wake(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (word, flags) = (request.sqe.addr, request.sqe.fd as u32);
    let (count, mask) = (request.sqe.off as usize, request.sqe.addr3 as usize);
    let woken = if flags & (NUMA | MPOL) != 0 {
        // SAFETY: the kernel checks the address.
        unsafe { call(SYS_FUTEX_WAKE, [word as usize, mask, count, flags as usize, 0, 0]) }
    } else if mask == 0 {
        Err(Errno::INVAL)
    } else if count == 0 {
        // The older call would wake one.
        require(word % 4 == 0).map(|()| 0)
    } else {
        let private = if flags & PRIVATE != 0 { libc::FUTEX_PRIVATE_FLAG } else { 0 };
        let op = (libc::FUTEX_WAKE_BITSET | private) as usize;
        // SAFETY: the kernel checks the address.
        unsafe { call(libc::SYS_futex, [word as usize, op, count, 0, 0, mask]) }
    };
    woken.into()
}

/// `futex_wake(2)` of Linux 6.7, which has one number everywhere but on alpha.
const SYS_FUTEX_WAKE: libc::c_long = 454;

pub fn wait(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = request.sqe;
    let word = Word { value: sqe.off, address: sqe.addr, flags: sqe.fd as u32, reserved: 0 };
    if let Err(e) = require(sqe.addr3 != 0).and_then(|()| look_at(&word)) {
        return Err(e).into();
    }
    if sqe.addr3 != MATCH_ANY {
        // The call that waits for several words, without which a wait could not be called back, knows no masks.
        return Err(Errno::INVAL).into();
    }
    let mut words = Vec::new();
    if words.try_reserve_exact(1).is_err() {
        return Err(Errno::NOMEM).into();
    }
    words.push(word);
    begin(ring, st, id, words)
}

/// Tells without a thread what the call would: a word that is bad, or has another value already.
fn look_at(word: &Word) -> Result<(), Errno> {
    require(word.address % 4 == 0)?;
    let mut value = 0u32;
    // SAFETY: four bytes; the address may be bad.
    unsafe { sys::copy_from_program((&raw mut value).cast(), word.address, size_of::<u32>()) }?;
    if value as u64 != word.value {
        return Err(Errno::AGAIN);
    }
    Ok(())
}

pub fn prepare_several(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.fd == 0 && sqe.buf_index == 0 && sqe.file_index == 0 && sqe.off == 0 && sqe.op_flags == 0 && sqe.addr3 == 0)?;
    let count = sqe.len as usize;
    require(count != 0 && count <= MOST_WORDS)?;
    request.sqe.addr = request.keep_bytes(sqe.addr, count * size_of::<Word>())?;
    for index in 0..count {
        let word = kept_word(request, index);
        check_flags(word.flags)?;
        require(word.reserved == 0 && word.value <= u32::MAX as u64)?;
    }
    // Two places of the call's list are our own words'.
    require(count <= MOST_WORDS - 2)
}

/// One of the words that [`prepare_several`] has copied, `index` being below their number.
fn kept_word(request: &Request, index: usize) -> Word {
    // SAFETY: the copy holds as many words; its alignment is a byte's.
    unsafe { (request.sqe.addr as usize as *const Word).add(index).read_unaligned() }
}

pub fn wait_several(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let count = request.sqe.len as usize;
    let mut words = Vec::new();
    if words.try_reserve_exact(count).is_err() {
        return Err(Errno::NOMEM).into();
    }
    words.extend((0..count).map(|index| kept_word(request, index)));
    begin(ring, st, id, words)
}

/// Sends a thread to sleep, and waits until it does: a wake that follows the submission finds it.
fn begin(ring: &Ring, st: &mut State, id: ReqId, words: Vec<Word>) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sleep = Arc::new(Sleep { words, control: AtomicU32::new(0), witness: AtomicU32::new(0), result: AtomicU32::new(ASLEEP) });
    let sqe = request.sqe;
    request.stage = Stage::Asleep;
    request.own().sleep = Some(sleep.clone());
    let job = Job { ring: ring.handle(), id, sqe, fd: -1, file: None, sleep: Some(sleep.clone()) };
    if let Err(e) = pool::submit(job) {
        return Err(e).into();
    }
    sleep.until_asleep();
    if sleep.result.load(Ordering::Acquire) == ASLEEP {
        return Outcome::Parked;
    }
    // Answered already; the thread finds the request gone.
    outcome(sqe.opcode, &sleep)
}

/// In the thread.
pub fn work(job: &Job, sleep: &Sleep) -> Outcome {
    sleep.sleep();
    if sleep.was_called_back() {
        // Whoever called has ended the request.
        return Outcome::Parked;
    }
    outcome(job.sqe.opcode, sleep)
}

/// Ends a wait that sleeps. -ENOENT where a wake was faster: its completion is on its way.
pub fn cancel(request: &mut Request) -> Result<(), Errno> {
    match request.own.as_ref().and_then(|own| own.sleep.as_ref()) {
        Some(sleep) if !sleep.call_back() => Err(Errno::NOENT),
        _ => Ok(()),
    }
}
