// SPDX-License-Identifier: MIT
//! `IORING_REGISTER_RESIZE_RINGS`: other sizes for a ring in use; what is in it moves along.

use super::memory::Memory;
use super::program::{read, write};
use super::ring::Ring;
use super::setup::size_entries;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::primitive::{load_acquire, load_relaxed, store_release};
use ::core::ffi::c_int;

/// Setup flags that may be given; those that shape the entries are the ring's own.
const GIVEN: u32 = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
const INHERITED: u32 =
    IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED | IORING_SETUP_NO_MMAP;

impl Ring {
    /// Only rings of one thread can be resized: nobody else looks at their memory meanwhile but those who post, behind the CQ's lock.
    pub fn resize(&self, arg: u64) -> Result<c_int, Errno> {
        if self.flags & IORING_SETUP_DEFER_TASKRUN == 0 {
            return Err(Errno::INVAL);
        }
        let mut p: io_uring_params = read(arg)?;
        if p.flags & !GIVEN != 0 {
            return Err(Errno::INVAL);
        }
        p.flags |= self.flags & INHERITED;
        let wanted = p.sq_entries;
        size_entries(wanted, &mut p)?;
        let _st = self.state.lock();
        let _cq = self.cq.lock();
        let new = Memory::new(&mut p)?;
        let old: &Memory = &self.memory;
        // SAFETY: fields and entries of both memories, of rings whose entries have the same size; indices are masked.
        unsafe {
            let (sq_head, sq_tail) = (load_relaxed(old.sq_head), load_acquire(old.sq_tail));
            let (cq_head, cq_tail) = (load_acquire(old.cq_head), load_relaxed(old.cq_tail));
            let fits = |head: u32, tail: u32, room: u32| tail.wrapping_sub(head) <= room;
            if !fits(sq_head, sq_tail, new.sq_entries) || !fits(cq_head, cq_tail, new.cq_entries) {
                return Err(Errno::OVERFLOW);
            }
            write(arg, &p)?;
            let sqe_shift = (self.flags & IORING_SETUP_SQE128 != 0) as u32;
            let sqes = (old.sqes, old.sq_entries, new.sqes, new.sq_entries);
            move_entries(sqes, sqe_shift, sq_head, sq_tail);
            let cqe_shift = (self.flags & IORING_SETUP_CQE32 != 0) as u32;
            let cqes = (old.cqes, old.cq_entries, new.cqes, new.cq_entries);
            move_entries(cqes, cqe_shift, cq_head, cq_tail);
            store_release(new.sq_head, sq_head);
            store_release(new.sq_tail, sq_tail);
            store_release(new.cq_head, cq_head);
            store_release(new.cq_tail, cq_tail);
            store_release(new.sq_dropped, load_relaxed(old.sq_dropped));
            store_release(new.sq_flags, load_relaxed(old.sq_flags));
            store_release(new.cq_flags, load_relaxed(old.cq_flags));
        }
        self.memory.replace(new);
        Ok(0)
    }
}

/// Copies the entries from `head` to `tail` to the slots that they have in a ring of another size: (from, its entries, to, its entries).
///
/// # Safety
///
/// Both rings have as many entries as is said, each `1 << shift` of `T`.
unsafe fn move_entries<T: Copy>(rings: (*mut T, u32, *mut T, u32), shift: u32, head: u32, tail: u32) {
    let (from, from_entries, to, to_entries) = rings;
    let mut position = head;
    while position != tail {
        let source = ((position & (from_entries - 1)) as usize) << shift;
        let target = ((position & (to_entries - 1)) as usize) << shift;
        for part in 0..1usize << shift {
            // SAFETY: masked, so within both; the program may write meanwhile, which only spoils its own entries.
            unsafe { to.add(target + part).write_volatile(from.add(source + part).read_volatile()) };
        }
        position = position.wrapping_add(1);
    }
}
