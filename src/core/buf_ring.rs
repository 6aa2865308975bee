// SPDX-License-Identifier: MIT
//! The program's side of a buffer ring: an array of buffers that the kernel takes from its head while the program adds at its
//! tail.
//!
//! The first entry's last 16 bits are the ring's tail, so adding a buffer writes the other fields of an entry, never the
//! whole.

use super::abi::{io_uring_buf, io_uring_buf_ring};
use ::core::ffi::c_void;
use ::core::ptr::addr_of_mut;
use ::core::sync::atomic::{AtomicU16, Ordering};

/// Empties a ring that the kernel does not know yet.
///
/// # Safety
/// `br` points to a buffer ring's memory.
#[inline]
pub unsafe fn init(br: *mut io_uring_buf_ring) {
    // SAFETY: the caller's promise.
    unsafe { (*br).tail = 0 };
}

/// What turns a position into an index, in a ring of so many entries (a power of two).
#[inline]
pub fn mask(ring_entries: u32) -> i32 {
    ring_entries.wrapping_sub(1) as i32
}

/// Writes a buffer `buf_offset` places behind the tail; the kernel sees it after [`advance`].
///
/// # Safety
/// `br` points to a buffer ring of `mask + 1` entries, and no other thread adds to it.
#[inline]
pub unsafe fn add(br: *mut io_uring_buf_ring, addr: *mut c_void, len: u32, bid: u16, mask: i32, buf_offset: i32) {
    // SAFETY: the ring's memory is valid, and only this thread writes the tail.
    let tail = unsafe { (*br).tail };
    let index = i32::from(tail).wrapping_add(buf_offset) & mask;
    // SAFETY: the mask keeps the index within the ring.
    unsafe {
        let buf = br.cast::<io_uring_buf>().add(index as usize);
        (*buf).addr = addr as usize as u64;
        (*buf).len = len;
        (*buf).bid = bid;
    }
}

/// Gives the kernel the `count` buffers behind the tail.
///
/// # Safety
/// `br` points to a buffer ring, and no other thread adds to it.
#[inline]
pub unsafe fn advance(br: *mut io_uring_buf_ring, count: i32) {
    // SAFETY: the tail is aligned and lives as long as the ring.
    let tail = unsafe { AtomicU16::from_ptr(addr_of_mut!((*br).tail)) };
    let new_tail = tail.load(Ordering::Relaxed).wrapping_add(count as u16);
    // Pairs with the kernel's acquire of the tail: it sees the entries that `add` wrote.
    tail.store(new_tail, Ordering::Release);
}

/// Buffers added and not yet taken, when the kernel's head is `head`. Both count modulo 65536.
///
/// # Safety
/// `br` points to a buffer ring.
#[inline]
pub unsafe fn unread(br: *const io_uring_buf_ring, head: u16) -> u16 {
    // SAFETY: the caller's promise; only the program writes the tail.
    unsafe { (*br).tail }.wrapping_sub(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> [io_uring_buf; 4] {
        [io_uring_buf { addr: 0, len: 0, bid: 0, resv: 0 }; 4]
    }

    #[test]
    fn the_tail_and_the_first_entry_share_memory_without_harm() {
        let mut bufs = ring();
        let br = bufs.as_mut_ptr().cast::<io_uring_buf_ring>();
        // SAFETY: `br` has 4 entries.
        unsafe {
            init(br);
            for offset in 0..4 {
                add(br, (0x1000 * (offset + 1)) as usize as *mut c_void, 64, offset as u16, mask(4), offset);
            }
            advance(br, 4);
            assert_eq!(unread(br, 0), 4);
            assert_eq!(unread(br, 3), 1);
            // The fifth goes where the first was; the tail stays.
            add(br, 0x9000 as *mut c_void, 32, 9, mask(4), 0);
            assert_eq!(unread(br, 0), 4);
        }
        assert_eq!((bufs[0].addr, bufs[0].len, bufs[0].bid, bufs[0].resv), (0x9000, 32, 9, 4));
        assert_eq!((bufs[3].addr, bufs[3].len, bufs[3].bid, bufs[3].resv), (0x4000, 64, 3, 0));
    }

    #[test]
    fn positions_wrap_at_16_bits() {
        let mut bufs = ring();
        let br = bufs.as_mut_ptr().cast::<io_uring_buf_ring>();
        // SAFETY: `br` has 4 entries.
        unsafe {
            init(br);
            advance(br, 0xffff);
            add(br, 0x10 as *mut c_void, 1, 7, mask(4), 0);
            add(br, 0x20 as *mut c_void, 1, 8, mask(4), 1);
            advance(br, 2);
            assert_eq!(unread(br, 0xffff), 2);
        }
        assert_eq!((bufs[3].bid, bufs[0].bid, bufs[0].resv), (7, 8, 1));
    }
}
