// SPDX-License-Identifier: MIT
//! A ring's memory, laid out as the kernel lays it out.

use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::primitive::store_relaxed;
use crate::core::sys;
use ::alloc::boxed::Box;
use ::core::ffi::c_void;
use ::core::mem::size_of;
use ::core::ops::Deref;
use ::core::ptr::null_mut;
use ::core::sync::atomic::{AtomicPtr, Ordering};

// Offsets of the fields, in bytes; `struct io_rings` of the kernel.
const SQ_HEAD: u32 = 0;
const SQ_TAIL: u32 = 4;
const CQ_HEAD: u32 = 8;
const CQ_TAIL: u32 = 12;
const SQ_MASK: u32 = 16;
const CQ_MASK: u32 = 20;
const SQ_ENTRIES: u32 = 24;
const CQ_ENTRIES: u32 = 28;
const SQ_DROPPED: u32 = 32;
const SQ_FLAGS: u32 = 36;
const CQ_FLAGS: u32 = 40;
const CQ_OVERFLOW: u32 = 44;
const CQES: u32 = 64;

/// Where a ring's fields lie. The program writes some of them at any time: only atomics go through these pointers.
#[derive(Debug)]
pub struct Memory {
    pub sq_head: *mut u32,
    pub sq_tail: *mut u32,
    pub sq_flags: *mut u32,
    pub sq_dropped: *mut u32,
    pub cq_head: *mut u32,
    pub cq_tail: *mut u32,
    pub cq_flags: *mut u32,
    pub cqes: *mut io_uring_cqe,
    pub sqes: *mut io_uring_sqe,
    /// Null with `IORING_SETUP_NO_SQARRAY`.
    pub sq_array: *mut u32,
    pub sq_entries: u32,
    pub cq_entries: u32,
    rings: *mut c_void,
    rings_size: usize,
    sqes_size: usize,
    /// The memory is the program's (`IORING_SETUP_NO_MMAP`).
    borrowed: bool,
}

// SAFETY: the memory is shared with the program in any case; access is atomic or under the ring's locks.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Memory for `p.sq_entries` and `p.cq_entries`, final already; writes the offsets to `p`.
    pub fn new(p: &mut io_uring_params) -> Result<Memory, Errno> {
        let (sq_entries, cq_entries) = (p.sq_entries, p.cq_entries);
        let cqe_shift = (p.flags & IORING_SETUP_CQE32 != 0) as u32;
        let sqe_shift = (p.flags & IORING_SETUP_SQE128 != 0) as u32;
        let sqes_size = (sq_entries as usize * size_of::<io_uring_sqe>()) << sqe_shift;
        let array_offset = CQES as usize + ((cq_entries as usize * size_of::<io_uring_cqe>()) << cqe_shift);
        let has_array = p.flags & IORING_SETUP_NO_SQARRAY == 0;
        let rings_size = array_offset + if has_array { sq_entries as usize * size_of::<u32>() } else { 0 };

        let borrowed = p.flags & IORING_SETUP_NO_MMAP != 0;
        let (rings, sqes) = if borrowed {
            program_memory(p, rings_size, sqes_size)?
        } else {
            // One mapping for both: it is half the work to make and to undo.
            let shared = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_POPULATE;
            let rings = sys::mmap(sqes_place(rings_size) + sqes_size, shared, -1, 0)?;
            (rings, rings.wrapping_byte_add(sqes_place(rings_size)))
        };
        let field = |offset: u32| rings.wrapping_byte_add(offset as usize).cast::<u32>();
        let memory = Memory {
            sq_head: field(SQ_HEAD),
            sq_tail: field(SQ_TAIL),
            sq_flags: field(SQ_FLAGS),
            sq_dropped: field(SQ_DROPPED),
            cq_head: field(CQ_HEAD),
            cq_tail: field(CQ_TAIL),
            cq_flags: field(CQ_FLAGS),
            cqes: field(CQES).cast(),
            sqes: sqes.cast(),
            sq_array: if has_array { field(array_offset as u32) } else { ::core::ptr::null_mut() },
            sq_entries,
            cq_entries,
            rings,
            rings_size,
            sqes_size,
            borrowed,
        };
        // SAFETY: fields of the memory just made.
        unsafe {
            for changing in [SQ_HEAD, SQ_TAIL, CQ_HEAD, CQ_TAIL, SQ_DROPPED, SQ_FLAGS, CQ_FLAGS, CQ_OVERFLOW] {
                store_relaxed(field(changing), 0);
            }
            store_relaxed(field(SQ_MASK), sq_entries - 1);
            store_relaxed(field(CQ_MASK), cq_entries - 1);
            store_relaxed(field(SQ_ENTRIES), sq_entries);
            store_relaxed(field(CQ_ENTRIES), cq_entries);
        }
        p.sq_off = io_sqring_offsets {
            head: SQ_HEAD,
            tail: SQ_TAIL,
            ring_mask: SQ_MASK,
            ring_entries: SQ_ENTRIES,
            flags: SQ_FLAGS,
            dropped: SQ_DROPPED,
            array: if has_array { array_offset as u32 } else { 0 },
            resv1: 0,
            user_addr: p.sq_off.user_addr,
        };
        p.cq_off = io_cqring_offsets {
            head: CQ_HEAD,
            tail: CQ_TAIL,
            ring_mask: CQ_MASK,
            ring_entries: CQ_ENTRIES,
            overflow: CQ_OVERFLOW,
            cqes: CQES,
            flags: CQ_FLAGS,
            resv1: 0,
            user_addr: p.cq_off.user_addr,
        };
        Ok(memory)
    }

    /// What `mmap` of the ring's descriptor would answer for a region: -EINVAL for one that is not there or too small, and for no bytes at all.
    pub fn region(&self, len: usize, offset: u64) -> Result<*mut c_void, Errno> {
        let (start, size) = match offset {
            IORING_OFF_SQ_RING | IORING_OFF_CQ_RING => (self.rings, self.rings_size),
            IORING_OFF_SQES => (self.sqes.cast(), self.sqes_size),
            _ => return Err(Errno::INVAL),
        };
        if self.borrowed || len == 0 || len > size.next_multiple_of(sys::page_size()) {
            return Err(Errno::INVAL);
        }
        Ok(start)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if !self.borrowed {
            // SAFETY: the ring has ended: nobody uses its memory any more.
            let _ = unsafe { sys::munmap(self.rings, sqes_place(self.rings_size) + self.sqes_size) };
        }
    }
}

/// Where the SQEs begin in memory of our own: on the first page behind the rings.
fn sqes_place(rings_size: usize) -> usize {
    rings_size.next_multiple_of(sys::page_size())
}

/// A ring's memory of the moment: a resize puts another in its place.
#[derive(Debug)]
pub struct Current {
    now: AtomicPtr<Memory>,
    /// What was before it: a thread that has no business in the ring may be looking at it still. Null before the first resize.
    before: AtomicPtr<Memory>,
}

impl Current {
    pub fn new(memory: Memory) -> Current {
        Current { now: AtomicPtr::new(Box::into_raw(Box::new(memory))), before: AtomicPtr::new(null_mut()) }
    }

    /// The caller holds the ring's locks.
    pub fn replace(&self, memory: Memory) {
        let old = self.now.swap(Box::into_raw(Box::new(memory)), Ordering::AcqRel);
        free(self.before.swap(old, Ordering::AcqRel));
    }
}

impl Deref for Current {
    type Target = Memory;
    #[inline(always)]
    fn deref(&self) -> &Memory {
        // SAFETY: from `Box::into_raw`; kept until the second resize after this one, and until the ring ends.
        unsafe { &*self.now.load(Ordering::Acquire) }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        free(*self.now.get_mut());
        free(*self.before.get_mut());
    }
}

/// Gives back memory that was taken out of a [`Current`]; null is nothing.
fn free(memory: *mut Memory) {
    if !memory.is_null() {
        // SAFETY: from `Box::into_raw`, and taken out: it is freed once.
        drop(unsafe { Box::from_raw(memory) });
    }
}

/// The places that a program names for its ring's memory: page-aligned and writable, or the kernel's error.
fn program_memory(p: &io_uring_params, rings_size: usize, sqes_size: usize) -> Result<(*mut c_void, *mut c_void), Errno> {
    let (rings, sqes) = (p.cq_off.user_addr, p.sq_off.user_addr);
    if rings == 0 || sqes == 0 {
        return Err(Errno::FAULT);
    }
    for (address, size) in [(rings, rings_size), (sqes, sqes_size)] {
        if address as usize % sys::page_size() != 0 {
            return Err(Errno::INVAL);
        }
        sys::populate_write(address as usize, size)?;
    }
    Ok((rings as usize as *mut c_void, sqes as usize as *mut c_void))
}
