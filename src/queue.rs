// SPDX-License-Identifier: MIT
//! The queue: handing out SQEs, submitting, waiting and looking at completions. This is what runs a million times a second.
//!
//! Return values are C's here already (`-errno` for a failure): the kernel's answer passes through unconverted.

use crate::core::abi::*;
use crate::core::backend::Backend;
use crate::core::errno::Errno;
use crate::core::memcheck;
use crate::core::mmap::{cqe_shift, sqe_shift};
use crate::core::prep;
use crate::core::primitive::{full_fence, load_acquire, load_relaxed, store_relaxed, store_release};
use crate::core::sys::SIGSET_SIZE;
use ::core::ffi::{c_int, c_void};
use ::core::mem::size_of;
use ::core::ptr::{null, null_mut};

const AGAIN: c_int = -libc::EAGAIN;
const TIME: c_int = -libc::ETIME;

// ---------------------------------------------------------------------------------------------------------------- SQEs

/// The SQ head: SQEs before it are the program's again.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
pub unsafe fn load_sq_head(ring: &io_uring) -> u32 {
    // SAFETY: a field of a valid ring.
    unsafe {
        if ring.flags & IORING_SETUP_SQPOLL != 0 {
            // Pairs with the kernel thread's release of the head: it has read the SQEs that we are about to overwrite.
            load_acquire(ring.sq.khead)
        } else {
            // The head moves only while this thread is inside io_uring_enter(2).
            load_relaxed(ring.sq.khead)
        }
    }
}

/// The next SQE, prepared to be filled; null where the SQ is full.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
pub unsafe fn get_sqe(ring: &mut io_uring) -> *mut io_uring_sqe {
    // SAFETY: a valid ring; the index is masked.
    unsafe {
        let (head, tail) = (load_sq_head(ring), ring.sq.sqe_tail);
        if tail.wrapping_sub(head) >= ring.sq.ring_entries {
            return null_mut();
        }
        let slot = ((tail & ring.sq.ring_mask) as usize) << sqe_shift(ring.flags);
        let sqe = ring.sq.sqes.add(slot);
        ring.sq.sqe_tail = tail.wrapping_add(1);
        prep::initialize(&mut *sqe);
        sqe
    }
}

/// The next SQE of 128 bytes, on rings whose SQEs are all so large or which mix both sizes; null where the SQ is full, or the ring has no
/// such SQEs.
///
/// On mixed rings it takes two slots that lie side by side: at the end of the array one slot is filled with a NOP that completes silently.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn get_sqe128(ring: &mut io_uring) -> *mut io_uring_sqe {
    if ring.flags & IORING_SETUP_SQE128 != 0 {
        // SAFETY: the caller's promise.
        return unsafe { get_sqe(ring) };
    }
    if ring.flags & IORING_SETUP_SQE_MIXED == 0 {
        return null_mut();
    }
    // SAFETY: a valid ring; the indices are masked.
    unsafe {
        let (head, mut tail) = (load_sq_head(ring), ring.sq.sqe_tail);
        let at_the_end = (tail.wrapping_add(1) & ring.sq.ring_mask) == 0;
        let needed = 2 + at_the_end as u32;
        if tail.wrapping_sub(head).wrapping_add(needed) > ring.sq.ring_entries {
            return null_mut();
        }
        if at_the_end {
            let filler = &mut *ring.sq.sqes.add((tail & ring.sq.ring_mask) as usize);
            prep::initialize(filler);
            prep::misc::nop(filler, IORING_OP_NOP);
            filler.flags |= IOSQE_CQE_SKIP_SUCCESS;
            tail = tail.wrapping_add(1);
        }
        let sqe = ring.sq.sqes.add((tail & ring.sq.ring_mask) as usize);
        ring.sq.sqe_tail = tail.wrapping_add(2);
        prep::initialize(&mut *sqe);
        sqe
    }
}

/// SQEs handed out and not yet consumed by the backend.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn sq_ready(ring: &io_uring) -> u32 {
    // SAFETY: the caller's promise. The real head, so that a short submit does not lose count.
    ring.sq.sqe_tail.wrapping_sub(unsafe { load_sq_head(ring) })
}

/// SQEs that can still be handed out.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn sq_space_left(ring: &io_uring) -> u32 {
    // SAFETY: the caller's promise.
    ring.sq.ring_entries.wrapping_sub(unsafe { sq_ready(ring) })
}

// ---------------------------------------------------------------------------------------------------------- submission

/// Publishes the SQEs handed out; returns how many wait to be consumed.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn flush_sq(ring: &mut io_uring) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        if ring.int_flags & INT_FLAG_UNCOMMON != 0 {
            return flush_sq_specially(ring);
        }
        flush_sq_plainly(ring)
    }
}

/// The same for rings without [`INT_FLAG_UNCOMMON`].
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn flush_sq_plainly(ring: &mut io_uring) -> u32 {
    let sq = &mut ring.sq;
    let tail = sq.sqe_tail;
    // SAFETY: fields of a valid ring.
    unsafe {
        if sq.sqe_head != tail {
            sq.sqe_head = tail;
            // Read by this very thread inside io_uring_enter(2).
            store_relaxed(sq.ktail, tail);
        }
        // Relaxed is enough: the head only tells which SQEs are consumed, nothing is read behind it.
        tail.wrapping_sub(load_relaxed(sq.khead))
    }
}

/// The same for rings with [`INT_FLAG_UNCOMMON`].
///
/// # Safety
///
/// A valid ring.
#[inline(never)]
unsafe fn flush_sq_specially(ring: &mut io_uring) -> u32 {
    if ring.int_flags & INT_FLAG_MEMCHECK != 0 {
        // SAFETY: a valid ring.
        unsafe { memcheck::announce_all(ring) };
    }
    let sq = &mut ring.sq;
    let tail = sq.sqe_tail;
    if ring.flags & IORING_SETUP_SQ_REWIND != 0 {
        // The kernel takes SQEs from the array's start on every submission and uses neither head nor tail.
        sq.sqe_tail = 0;
        return tail;
    }
    // SAFETY: fields of a valid ring.
    unsafe {
        if sq.sqe_head != tail {
            sq.sqe_head = tail;
            // With SQPOLL it pairs with the kernel thread's acquire of the tail: it sees the SQEs that the program filled.
            store_release(sq.ktail, tail);
        }
        tail.wrapping_sub(load_relaxed(sq.khead))
    }
}

/// True where submitting needs a system call; adds the wake-up flag where the kernel's SQPOLL thread sleeps.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn sq_needs_enter(ring: &io_uring, to_submit: u32, flags: &mut u32) -> bool {
    if to_submit == 0 {
        return false;
    }
    if ring.flags & IORING_SETUP_SQPOLL == 0 {
        return true;
    }
    // Our store of the tail before the load of the flags. Pairs with the thread's fence between setting NEED_WAKEUP and looking at the
    // tail a last time: one of the two sees the other.
    full_fence();
    // SAFETY: a field of a valid ring.
    if unsafe { load_relaxed(ring.sq.kflags) } & IORING_SQ_NEED_WAKEUP != 0 {
        *flags |= IORING_ENTER_SQ_WAKEUP;
        return true;
    }
    false
}

/// True where completions wait for an enter: overflowed ones, or task work to run.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn cq_needs_flush(ring: &io_uring) -> bool {
    // SAFETY: a field of a valid ring.
    unsafe { load_relaxed(ring.sq.kflags) & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN) != 0 }
}

/// The same, or a ring whose completions only ever appear in an enter.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
unsafe fn cq_needs_enter(ring: &io_uring) -> bool {
    // SAFETY: the caller's promise.
    ring.int_flags & INT_FLAG_CQ_ENTER != 0 || unsafe { cq_needs_flush(ring) }
}

/// The flags that every enter of this ring carries.
#[inline(always)]
fn enter_flags(ring: &io_uring) -> u32 {
    (ring.int_flags & (INT_FLAG_REG_RING | INT_FLAG_NO_IOWAIT)) as u32
}

/// `io_uring_enter(2)` without a signal mask or extended argument.
///
/// # Safety
///
/// A valid ring; the SQEs name memory that the program leaves to their requests.
#[inline(always)]
unsafe fn enter(ring: &io_uring, to_submit: u32, wait_nr: u32, flags: u32) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { Backend::of_ring(ring).enter(ring.enter_ring_fd, to_submit, wait_nr, flags, null(), SIGSET_SIZE) }
}

/// Submits what was handed out and waits for `wait_nr` completions; `get_events` lets the backend post completions in any case.
///
/// # Safety
///
/// As for [`enter`].
#[inline(always)]
unsafe fn submit_inner(ring: &mut io_uring, wait_nr: u32, get_events: bool) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        if ring.int_flags & INT_FLAG_UNCOMMON != 0 {
            return submit_specially(ring, wait_nr, get_events);
        }
        let to_submit = flush_sq_plainly(ring);
        let mut flags = enter_flags(ring);
        if get_events || wait_nr != 0 || cq_needs_enter(ring) {
            flags |= IORING_ENTER_GETEVENTS;
        } else if to_submit == 0 {
            return 0;
        }
        Backend::Kernel.enter(ring.enter_ring_fd, to_submit, wait_nr, flags, null(), SIGSET_SIZE)
    }
}

/// The same for rings with [`INT_FLAG_UNCOMMON`].
///
/// # Safety
///
/// As for [`enter`].
#[inline(never)]
unsafe fn submit_specially(ring: &mut io_uring, wait_nr: u32, get_events: bool) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        let to_submit = flush_sq_specially(ring);
        let mut flags = enter_flags(ring);
        let cq_enter = get_events || wait_nr != 0 || cq_needs_enter(ring);
        if !sq_needs_enter(ring, to_submit, &mut flags) && !cq_enter {
            return to_submit as c_int;
        }
        if cq_enter {
            flags |= IORING_ENTER_GETEVENTS;
        }
        enter(ring, to_submit, wait_nr, flags)
    }
}

/// `io_uring_submit`.
///
/// # Safety
///
/// As for [`enter`].
#[inline(always)]
pub unsafe fn submit(ring: &mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { submit_inner(ring, 0, false) }
}

/// `io_uring_submit_and_wait`.
///
/// # Safety
///
/// As for [`enter`].
#[inline(always)]
pub unsafe fn submit_and_wait(ring: &mut io_uring, wait_nr: u32) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { submit_inner(ring, wait_nr, false) }
}

/// `io_uring_submit_and_get_events`.
///
/// # Safety
///
/// As for [`enter`].
pub unsafe fn submit_and_get_events(ring: &mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { submit_inner(ring, 0, true) }
}

/// `io_uring_get_events`: lets the backend post what waits to be posted.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn get_events(ring: &io_uring) -> c_int {
    // SAFETY: nothing is submitted.
    unsafe { enter(ring, 0, 0, enter_flags(ring) | IORING_ENTER_GETEVENTS) }
}

/// `io_uring_sqring_wait`: waits until an SQPOLL ring's SQ has room. Other rings have nothing to wait for.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn sqring_wait(ring: &io_uring) -> c_int {
    if ring.flags & IORING_SETUP_SQPOLL == 0 {
        return 0;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if sq_space_left(ring) != 0 {
            return 0;
        }
        enter_sqring_wait(ring)
    }
}

/// The system call of it.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn enter_sqring_wait(ring: &io_uring) -> c_int {
    // SAFETY: nothing is submitted.
    unsafe { enter(ring, 0, 0, enter_flags(ring) | IORING_ENTER_SQ_WAIT) }
}

// --------------------------------------------------------------------------------------------------------- completions

/// CQ slots posted and not yet seen.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
pub unsafe fn cq_ready(ring: &io_uring) -> u32 {
    // SAFETY: fields of a valid ring. Acquire pairs with the backend's release of the tail: the CQEs before it are written.
    unsafe { load_acquire(ring.cq.ktail).wrapping_sub(load_relaxed(ring.cq.khead)) }
}

/// Gives `nr` CQ slots back.
///
/// # Safety
///
/// A valid ring; the program is done with those CQEs.
#[inline(always)]
pub unsafe fn cq_advance(ring: &io_uring, nr: u32) {
    if nr != 0 {
        // SAFETY: a field of a valid ring. Release pairs with the backend's acquire of the head: our reads of the CQEs come first.
        unsafe { store_release(ring.cq.khead, load_relaxed(ring.cq.khead).wrapping_add(nr)) };
    }
}

/// True where completions did not fit the CQ and wait for an enter.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn cq_has_overflow(ring: &io_uring) -> bool {
    // SAFETY: a field of a valid ring.
    unsafe { load_relaxed(ring.sq.kflags) & IORING_SQ_CQ_OVERFLOW != 0 }
}

/// True unless the program has switched the registered eventfd's notifications off.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn cq_eventfd_enabled(ring: &io_uring) -> bool {
    // SAFETY: a field of a valid ring.
    ring.cq.kflags.is_null() || unsafe { load_relaxed(ring.cq.kflags) } & IORING_CQ_EVENTFD_DISABLED == 0
}

/// Switches them.
///
/// # Safety
///
/// A valid ring.
pub unsafe fn cq_eventfd_toggle(ring: &io_uring, enabled: bool) -> Result<(), Errno> {
    // SAFETY: the caller's promise; the field is written by the program only.
    unsafe {
        if enabled == cq_eventfd_enabled(ring) {
            return Ok(());
        }
        if ring.cq.kflags.is_null() {
            return Err(Errno::OPNOTSUPP);
        }
        let flags = load_relaxed(ring.cq.kflags);
        let disabled = if enabled { 0 } else { IORING_CQ_EVENTFD_DISABLED };
        store_relaxed(ring.cq.kflags, flags & !IORING_CQ_EVENTFD_DISABLED | disabled);
    }
    Ok(())
}

/// CQ slots that a CQE takes: two for a large one on a ring that mixes sizes, else one.
pub fn cqe_slots(cqe: &io_uring_cqe) -> u32 {
    1 + (cqe.flags & IORING_CQE_F_32 != 0) as u32
}

/// Gives back a CQE that a peek or wait handed out.
///
/// # Safety
///
/// A valid ring; `cqe` is the entry at its CQ head, and the program is done with it.
pub unsafe fn cqe_seen(ring: &io_uring, cqe: &io_uring_cqe) {
    // Only mixed rings have CQEs of two slots: elsewhere the bit may be the program's own, sent by a message from another ring.
    let slots = if ring.flags & IORING_SETUP_CQE_MIXED != 0 { cqe_slots(cqe) } else { 1 };
    // SAFETY: the caller's promise.
    unsafe { cq_advance(ring, slots) };
}

/// An iterator over the CQEs posted so far.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
pub unsafe fn cqe_iter(ring: &io_uring) -> io_uring_cqe_iter {
    // SAFETY: fields of a valid ring. Acquire pairs with the backend's release of the tail: the CQEs before it are written.
    unsafe {
        io_uring_cqe_iter {
            cqes: ring.cq.cqes,
            mask: ring.cq.ring_mask,
            shift: cqe_shift(ring.flags),
            head: load_relaxed(ring.cq.khead),
            tail: load_acquire(ring.cq.ktail),
        }
    }
}

/// The next CQE of an iterator, null behind the last.
///
/// # Safety
///
/// The iterator came from [`cqe_iter`] and its ring is still valid.
#[inline(always)]
pub unsafe fn cqe_iter_next(iter: &mut io_uring_cqe_iter) -> *mut io_uring_cqe {
    if iter.head == iter.tail {
        return null_mut();
    }
    // SAFETY: between head and tail the CQEs are written; the index is masked.
    unsafe {
        let cqe = iter.cqes.add(((iter.head & iter.mask) as usize) << iter.shift);
        iter.head = iter.head.wrapping_add(cqe_slots(&*cqe));
        cqe
    }
}

/// True for an entry that is no completion: the filler at the end of a mixed CQ, or the library's own timeout. It is given back; a
/// timeout that ended badly leaves its error in `err`.
///
/// # Safety
///
/// A valid ring; `cqe` is the entry at its CQ head.
#[inline(always)]
unsafe fn skip_cqe(ring: &io_uring, cqe: &io_uring_cqe, err: &mut c_int) -> bool {
    // Only mixed rings have fillers: elsewhere the bit may be the program's own, sent by a message from another ring.
    if ring.flags & IORING_SETUP_CQE_MIXED == 0 || cqe.flags & IORING_CQE_F_SKIP == 0 {
        if ring.features & IORING_FEAT_EXT_ARG != 0 || cqe.user_data != LIBURING_UDATA_TIMEOUT {
            return false;
        }
        if cqe.res < 0 {
            *err = cqe.res;
        }
    }
    // SAFETY: the entry at the head, looked at for the last time.
    unsafe { cq_advance(ring, cqe_slots(cqe)) };
    // The timeout's own error is the answer of the wait that sent it; entries behind it are for the next.
    *err == 0
}

/// The first completion posted, without entering the backend: `-errno` and null, or 0 and a CQE or null.
///
/// `available` becomes the number of CQ slots posted.
///
/// # Safety
///
/// A valid ring.
#[inline(always)]
pub unsafe fn peek_posted(ring: &io_uring, cqe_out: &mut *mut io_uring_cqe, available: &mut u32) -> c_int {
    let mut err = 0;
    // SAFETY: fields of a valid ring; between head and tail the CQEs are written.
    *cqe_out = unsafe {
        loop {
            let head = load_relaxed(ring.cq.khead);
            *available = load_acquire(ring.cq.ktail).wrapping_sub(head);
            if *available == 0 {
                break null_mut();
            }
            let cqe = ring.cq.cqes.add(((head & ring.cq.ring_mask) as usize) << cqe_shift(ring.flags));
            if !skip_cqe(ring, &*cqe, &mut err) {
                break if err == 0 { cqe } else { null_mut() };
            }
        }
    };
    err
}

#[cfg(test)]
mod model;
mod wait;
pub use wait::*;
