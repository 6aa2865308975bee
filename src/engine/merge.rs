// SPDX-License-Identifier: MIT
//! Neighbours: consecutive requests of one submission that read, or write, one file from where the one before ends. Together they are one
//! system call.
//!
//! What came of it is told apart again: requests that were served completely end so; the first that was not, and those behind it, are
//! done one by one, so that each gets the answer that it would have got alone. A write that is done twice in this way writes the same bytes
//! to the same place.

use super::ops::rw::{self, Neighbours};
use super::ring::{Ring, State};
use super::row::Row;
use crate::core::abi::*;

/// Most requests in one call.
const MOST: usize = 64;
/// Most bytes: far below what a call may transfer.
const MOST_BYTES: u64 = 1 << 30;

/// True for an SQE that may have neighbours.
fn is_candidate(sqe: &io_uring_sqe) -> bool {
    matches!(sqe.opcode, IORING_OP_READ | IORING_OP_WRITE)
        && sqe.flags == 0
        && sqe.ioprio == 0
        && sqe.op_flags == 0
        && sqe.personality == 0
        && sqe.pad2 == 0
        && sqe.len != 0
        && (sqe.off as i64) >= 0
}

fn continues(before: &io_uring_sqe, sqe: &io_uring_sqe) -> bool {
    is_candidate(sqe)
        && sqe.opcode == before.opcode
        && sqe.fd == before.fd
        && before.off.checked_add(before.len as u64) == Some(sqe.off)
}

impl Ring {
    /// Does the SQE at `head` together with those behind it that continue it, at most `room` in all, and posts their completions. Returns
    /// how many have ended, and how many of the next are not to be looked at again.
    pub fn merge(&self, st: &mut State, row: &mut Row, first: &io_uring_sqe, head: u32, room: u32) -> (u32, u32) {
        if room < 2 || !is_candidate(first) {
            return (0, 0);
        }
        let mut last = match self.sqe_at(head.wrapping_add(1)) {
            Some(second) if continues(first, &second) => second,
            _ => return (0, 0),
        };
        let mut names = [0u64; MOST];
        let mut all = Neighbours::new(first);
        names[1] = last.user_data;
        all.add(&last);
        while all.len() < MOST.min(room as usize) {
            match self.sqe_at(head.wrapping_add(all.len() as u32)) {
                Some(next) if continues(&last, &next) && all.bytes() + next.len as u64 <= MOST_BYTES => {
                    names[all.len()] = next.user_data;
                    all.add(&next);
                    last = next;
                }
                _ => break,
            }
        }
        names[0] = first.user_data;
        // Nothing is known of the file: the first tells.
        let Some(mut left) = rw::together(st, first, &all) else { return (0, 0) };
        let mut ended = 0;
        for (name, len) in names.iter().zip(all.lengths()) {
            if left < len {
                break;
            }
            left -= len;
            self.keep_in_row(st, row, *name, len as i32, 0);
            ended += 1;
        }
        (ended, all.len() as u32 - ended)
    }
}
