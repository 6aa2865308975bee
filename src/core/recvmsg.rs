// SPDX-License-Identifier: MIT
//! Taking apart the buffer that a multishot `recvmsg` filled.
//!
//! The head comes first, then as much room for the peer's address and for control data as the message header of the request
//! asked for, then the payload. The head tells how much of each there is.

// Lengths in C's structures have 64 bits with glibc and 32 with musl.
#![allow(clippy::unnecessary_cast)]

use super::abi::io_uring_recvmsg_out;
use ::core::ffi::c_void;
use ::core::mem::size_of;
use ::core::ptr::null_mut;
use libc::{cmsghdr, msghdr};

/// Bytes before the payload; a sum beyond the address space wraps, as in C.
#[inline]
fn payload_offset(msgh: &msghdr) -> usize {
    size_of::<io_uring_recvmsg_out>().wrapping_add(msgh.msg_namelen as usize).wrapping_add(msgh.msg_controllen as usize)
}

/// Length of a control message with the padding behind it.
#[inline]
fn cmsg_space(len: usize) -> usize {
    len.wrapping_add(size_of::<usize>() - 1) & !(size_of::<usize>() - 1)
}

/// The head of the buffer; null where `buf_len` bytes do not hold what comes before the payload.
#[inline]
pub fn validate(buf: *mut c_void, buf_len: i32, msgh: &msghdr) -> *mut io_uring_recvmsg_out {
    // Taken off one by one: a sum of the lengths could wrap.
    let left = usize::try_from(buf_len)
        .ok()
        .and_then(|len| len.checked_sub(size_of::<io_uring_recvmsg_out>()))
        .and_then(|left| left.checked_sub(msgh.msg_namelen as usize))
        .and_then(|left| left.checked_sub(msgh.msg_controllen as usize));
    match left {
        Some(_) => buf.cast(),
        None => null_mut(),
    }
}

/// Where the peer's address begins.
#[inline]
pub fn name(o: *mut io_uring_recvmsg_out) -> *mut c_void {
    o.wrapping_add(1).cast()
}

#[inline]
fn control(o: *mut io_uring_recvmsg_out, msgh: &msghdr) -> *mut u8 {
    name(o).cast::<u8>().wrapping_add(msgh.msg_namelen as usize)
}

/// Where the payload begins.
#[inline]
pub fn payload(o: *mut io_uring_recvmsg_out, msgh: &msghdr) -> *mut c_void {
    o.cast::<u8>().wrapping_add(payload_offset(msgh)).cast()
}

/// Bytes of payload in a buffer of which the kernel filled `buf_len` bytes; 0 where what lies before it fills them.
#[inline]
pub fn payload_length(buf_len: i32, msgh: &msghdr) -> u32 {
    usize::try_from(buf_len).map_or(0, |len| len.saturating_sub(payload_offset(msgh))) as u32
}

/// The first control message; null where there is none.
///
/// # Safety
/// `o` is the head of a buffer that [`validate`] accepted with this `msgh`.
#[inline]
pub unsafe fn cmsg_firsthdr(o: *mut io_uring_recvmsg_out, msgh: &msghdr) -> *mut cmsghdr {
    // SAFETY: the caller's promise.
    let controllen = unsafe { (*o).controllen } as usize;
    if controllen < size_of::<cmsghdr>() {
        return null_mut();
    }
    control(o, msgh).cast()
}

/// The control message after `cmsg`; null where that was the last, or where lengths do not fit.
///
/// # Safety
/// As for [`cmsg_firsthdr`]; `cmsg` is a control message of the buffer.
#[inline]
pub unsafe fn cmsg_nexthdr(o: *mut io_uring_recvmsg_out, msgh: &msghdr, cmsg: *mut cmsghdr) -> *mut cmsghdr {
    // SAFETY: the caller's promise.
    let len = unsafe { (*cmsg).cmsg_len } as usize;
    if len < size_of::<cmsghdr>() {
        return null_mut();
    }
    // SAFETY: the caller's promise.
    let controllen = unsafe { (*o).controllen } as usize;
    // Compared as sizes: no sum with a length from outside can wrap.
    let left = controllen.saturating_sub((cmsg as usize).wrapping_sub(control(o, msgh) as usize));
    if len > left {
        return null_mut();
    }
    let Some(left) = left.checked_sub(cmsg_space(len)).filter(|left| *left >= size_of::<cmsghdr>()) else {
        return null_mut();
    };
    let next = cmsg.cast::<u8>().wrapping_add(cmsg_space(len)).cast::<cmsghdr>();
    // SAFETY: the header of `next` lies before the end of the control data.
    let next_len = unsafe { (*next).cmsg_len } as usize;
    if next_len > left || cmsg_space(next_len) > left {
        return null_mut();
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::core::mem::zeroed;

    const NAME_LEN: usize = 8;
    const CONTROL_LEN: usize = 64;
    const HEAD: usize = size_of::<io_uring_recvmsg_out>();

    #[repr(C, align(16))]
    struct Buffer([u8; 128]);

    fn header() -> msghdr {
        // SAFETY: all zeroes are a message header.
        let mut msgh: msghdr = unsafe { zeroed() };
        msgh.msg_namelen = NAME_LEN as _;
        msgh.msg_controllen = CONTROL_LEN as _;
        msgh
    }

    /// A buffer with control messages of the given lengths, and a head that counts `controllen` bytes of them.
    fn filled(controllen: usize, cmsg_lens: &[usize]) -> Buffer {
        let mut buffer = Buffer([0; 128]);
        let mut at = HEAD + NAME_LEN;
        for &len in cmsg_lens {
            buffer.0[at..at + size_of::<usize>()].copy_from_slice(&len.to_ne_bytes());
            at += cmsg_space(len);
        }
        buffer.0[4..8].copy_from_slice(&(controllen as u32).to_ne_bytes());
        buffer
    }

    /// Offsets of the control messages that a walk finds.
    fn walk(buffer: &mut Buffer) -> Vec<usize> {
        let msgh = header();
        let base = buffer.0.as_mut_ptr();
        let o = validate(base.cast(), 128, &msgh);
        let mut found = Vec::new();
        // SAFETY: `o` is the head of the buffer.
        let mut cmsg = unsafe { cmsg_firsthdr(o, &msgh) };
        while !cmsg.is_null() {
            found.push(cmsg as usize - base as usize);
            // SAFETY: `cmsg` is one of the buffer's control messages.
            cmsg = unsafe { cmsg_nexthdr(o, &msgh, cmsg) };
        }
        found
    }

    #[test]
    fn a_buffer_shorter_than_its_head_and_room_is_refused() {
        let mut buffer = filled(0, &[]);
        let (msgh, room) = (header(), (HEAD + NAME_LEN + CONTROL_LEN) as i32);
        let base: *mut c_void = buffer.0.as_mut_ptr().cast();
        assert!(validate(base, room - 1, &msgh).is_null());
        assert!(validate(base, -1, &msgh).is_null());
        assert_eq!(validate(base, room, &msgh).cast(), base);
    }

    #[test]
    fn lengths_whose_sum_wraps_are_refused_and_a_short_buffer_has_no_payload() {
        let mut buffer = filled(0, &[]);
        let mut msgh = header();
        let base: *mut c_void = buffer.0.as_mut_ptr().cast();
        assert_eq!(payload_length(-1, &msgh), 0);
        assert_eq!(payload_length(HEAD as i32, &msgh), 0);
        msgh.msg_controllen = (0usize.wrapping_sub(HEAD + NAME_LEN)) as _;
        assert!(validate(base, i32::MAX, &msgh).is_null());
    }

    #[test]
    fn name_and_payload_lie_around_the_control_data() {
        let mut buffer = filled(0, &[]);
        let msgh = header();
        let base = buffer.0.as_mut_ptr();
        let o = validate(base.cast(), 100, &msgh);
        assert_eq!(name(o) as usize - base as usize, HEAD);
        assert_eq!(payload(o, &msgh) as usize - base as usize, HEAD + NAME_LEN + CONTROL_LEN);
        assert_eq!(payload_length(100, &msgh) as usize, 100 - HEAD - NAME_LEN - CONTROL_LEN);
    }

    #[test]
    fn control_messages_are_walked_to_the_last() {
        let first = HEAD + NAME_LEN;
        assert_eq!(walk(&mut filled(0, &[])), [0usize; 0]);
        assert_eq!(walk(&mut filled(20, &[20])), [first]);
        assert_eq!(walk(&mut filled(48, &[20, 24])), [first, first + 24]);
    }

    #[test]
    fn a_control_message_that_lies_about_its_length_ends_the_walk() {
        let first = HEAD + NAME_LEN;
        assert_eq!(walk(&mut filled(48, &[0])), [first], "shorter than its own header");
        assert_eq!(walk(&mut filled(48, &[4096])), [first], "reaches beyond the control data");
        assert_eq!(walk(&mut filled(48, &[24, 40])), [first], "the second one does");
    }
}
