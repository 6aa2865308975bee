// SPDX-License-Identifier: MIT
//! Requests that end as they are taken, one after the other: those that ask for nothing, and reads that the page cache serves. Nothing of them
//! is remembered, and no more of their SQEs is read than what shows that they are of this kind.
//!
//! Their completions are kept until there are some, or something else is to be done, and go into the CQ together: one lock, one store of the
//! tail. The kernel does the same.

use super::ops::rw;
use super::ring::{Ring, State};
use crate::core::abi::*;
use crate::core::errno::Errno;
use ::alloc::vec::Vec;
use ::core::mem::MaybeUninit;

/// Most completions that are kept.
const MOST: usize = 32;

/// Completions on their way into the CQ. They must get there before anything else is posted by the thread that has them.
pub struct Row {
    cqes: [MaybeUninit<io_uring_cqe>; MOST],
    len: usize,
}

impl Row {
    pub fn new() -> Row {
        Row { cqes: [const { MaybeUninit::uninit() }; MOST], len: 0 }
    }

    fn push(&mut self, user_data: u64, res: i32, flags: u32) {
        if let Some(place) = self.cqes.get_mut(self.len) {
            place.write(io_uring_cqe { user_data, res, flags });
            self.len += 1;
        }
    }

    fn take(&mut self) -> &[io_uring_cqe] {
        let len = ::core::mem::take(&mut self.len);
        // SAFETY: as many were written.
        unsafe { ::core::slice::from_raw_parts(self.cqes.as_ptr().cast(), len) }
    }
}

// The first eight bytes of an SQE are its opcode, flags, I/O priority and descriptor; bytes 40 to 47 its buffer, personality and second file.
const KIND: u64 = u64::from_ne_bytes([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
const NOP: u64 = u64::from_ne_bytes([IORING_OP_NOP, 0, 0, 0, 0, 0, 0, 0]);
const READ: u64 = u64::from_ne_bytes([IORING_OP_READ, 0, 0, 0, 0, 0, 0, 0]);
const READ_FIXED_FILE: u64 = u64::from_ne_bytes([IORING_OP_READ, IOSQE_FIXED_FILE, 0, 0, 0, 0, 0, 0]);
const READ_FIXED: u64 = u64::from_ne_bytes([IORING_OP_READ_FIXED, 0, 0, 0, 0, 0, 0, 0]);
const READ_FIXED_BOTH: u64 = u64::from_ne_bytes([IORING_OP_READ_FIXED, IOSQE_FIXED_FILE, 0, 0, 0, 0, 0, 0]);
const PERSONALITY: u64 = u64::from_ne_bytes([0, 0, 0xff, 0xff, 0, 0, 0, 0]);

/// An SQE in the program's memory. The program may be changing it: what is acted on is the very word that was checked.
#[derive(Clone, Copy)]
struct Raw(*const io_uring_sqe);

impl Raw {
    fn word<const AT: usize>(self) -> u64 {
        const { assert!(AT % 8 == 0 && AT < ::core::mem::size_of::<io_uring_sqe>()) };
        // SAFETY: within an SQE of the ring's, which is aligned.
        unsafe { self.0.cast::<u64>().add(AT / 8).read_volatile() }
    }

    /// The two halves of a word, in the order in which they lie in memory.
    fn halves<const AT: usize>(self) -> [u32; 2] {
        halves(self.word::<AT>())
    }
}

fn halves(word: u64) -> [u32; 2] {
    if cfg!(target_endian = "little") {
        [word as u32, (word >> 32) as u32]
    } else {
        [(word >> 32) as u32, word as u32]
    }
}

impl Ring {
    /// Keeps a completion of the thread that submits.
    pub fn keep_in_row(&self, st: &mut State, row: &mut Row, user_data: u64, res: i32, flags: u32) {
        if row.len == MOST {
            self.post_row(st, row);
        }
        row.push(user_data, res, flags);
    }

    /// Posts what is kept.
    pub fn post_row(&self, st: &mut State, row: &mut Row) {
        if row.len != 0 {
            st.timers.posted += row.len as u64;
            self.post_all(&mut self.cq.lock(), row.take());
        }
    }

    /// Posts the last completions of a submission after which nothing is pending, where the CQ then has as many as are wanted: all that is to be
    /// done on the way back to the program. Who is returned has to be told when the ring's lock is free. None where there is more to do.
    pub fn deliver(&self, st: &mut State, row: &mut Row, wanted: u32) -> Option<Vec<u64>> {
        st.timers.posted += row.len as u64;
        let mut cq = self.cq.lock();
        self.post_all(&mut cq, row.take());
        let served = !self.overflows() && self.cq_ready() >= wanted;
        served.then(|| self.settle_in(&mut cq, false))
    }

    /// Does what the SQEs from `head` on ask for, at most `room` of them, up to the first that is anything more. Returns how many have ended,
    /// and what came of a first try of the next, if there was one: not what was asked for.
    pub fn run_row(&self, st: &mut State, row: &mut Row, head: u32, room: u32) -> (u32, Option<Result<i32, Errno>>) {
        let mut ended = 0;
        let mut next = self.raw_sqe(head);
        while let Some(sqe) = next {
            let kind = sqe.word::<0>();
            let [len, op_flags] = sqe.halves::<24>();
            let numbers = sqe.word::<40>();
            if op_flags != 0 || numbers & PERSONALITY != 0 {
                break;
            }
            next = None;
            if kind & KIND == NOP {
                self.keep_in_row(st, row, sqe.word::<32>(), 0, 0);
                ended += 1;
                if ended < room {
                    next = self.raw_sqe(head.wrapping_add(ended));
                }
                continue;
            }
            let fd = halves(kind)[1] as i32;
            let fd = match kind & KIND {
                READ | READ_FIXED => fd,
                READ_FIXED_FILE | READ_FIXED_BOTH => match st.resources.file(fd) {
                    Ok(fd) => fd,
                    Err(_) => break,
                },
                _ => break,
            };
            let offset = sqe.word::<8>();
            if sqe.word::<56>() != 0 || (offset as i64) < 0 {
                break;
            }
            let address = sqe.word::<16>();
            if matches!(kind & KIND, READ_FIXED | READ_FIXED_BOTH) {
                let [first, second, ..] = numbers.to_ne_bytes();
                let buffer = st.resources.buffer_entry(u16::from_ne_bytes([first, second]));
                if buffer.and_then(|buffer| buffer.check_range(address, len as u64)).is_err() {
                    break;
                }
            }
            if ended + 1 < room {
                next = self.raw_sqe(head.wrapping_add(ended + 1));
                // One that goes on where this one ends: they are done together.
                if kind & KIND == READ
                    && next.is_some_and(|next| next.word::<0>() == kind && next.word::<8>() == offset.wrapping_add(len as u64))
                {
                    break;
                }
            }
            let Some(read) = rw::read_cached(st, fd, address, len, offset) else { break };
            if read != Ok(len as i32) {
                return (ended, Some(read));
            }
            self.keep_in_row(st, row, sqe.word::<32>(), len as i32, 0);
            ended += 1;
        }
        (ended, None)
    }

    fn raw_sqe(&self, head: u32) -> Option<Raw> {
        self.sqe_place(head).map(Raw)
    }
}
