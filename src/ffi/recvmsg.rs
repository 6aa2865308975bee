// SPDX-License-Identifier: MIT
//! Buffers of a multishot recvmsg
//!
//! Each CQE of io_uring_prep_recvmsg_multishot() names a buffer that holds, one after the other: a head (`struct
//! io_uring_recvmsg_out`), room for the peer's address, room for control data, and the payload. `msgh` is the message header
//! that the request was prepared with; its `msg_namelen` and `msg_controllen` tell how much room there is. In the head,
//! `namelen` and `payloadlen` count what the message had before it was cut to the room, `controllen` what the control data
//! takes up, and `flags` are those of recvmsg(2) (MSG_TRUNC, MSG_CTRUNC). All lengths are in bytes.

use super::ctypes::*;
use crate::core::abi::*;
use crate::core::recvmsg;

/// Checks a filled buffer and returns its head; NULL when it is too short to be one.
///
/// `buf` is the buffer, `buf_len` the CQE's `res`, in bytes. The other functions take the head returned here.
/// See io_uring_recvmsg_validate(3).
///
/// # Safety
///
/// - `msgh` points to a message header.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_validate(
    buf: *mut c_void,
    buf_len: c_int,
    msgh: *mut msghdr,
) -> *mut io_uring_recvmsg_out {
    // SAFETY: the caller hands over a message header.
    recvmsg::validate(buf, buf_len, unsafe { &*msgh })
}

/// Returns where the peer's address is. Its length in bytes is the smaller of `o->namelen` and `msg_namelen`.
///
/// See io_uring_recvmsg_name(3).
///
/// # Safety
///
/// - `o` comes from io_uring_recvmsg_validate().
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_name(o: *mut io_uring_recvmsg_out) -> *mut c_void {
    recvmsg::name(o)
}

/// Returns the first control message, like CMSG_FIRSTHDR; NULL when there is none.
///
/// See io_uring_recvmsg_cmsg_firsthdr(3), cmsg(3).
///
/// # Safety
///
/// - `o` comes from io_uring_recvmsg_validate(), with the same `msgh`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_cmsg_firsthdr(o: *mut io_uring_recvmsg_out, msgh: *mut msghdr) -> *mut cmsghdr {
    // SAFETY: the caller hands over a head and its message header.
    unsafe { recvmsg::cmsg_firsthdr(o, &*msgh) }
}

/// Returns the control message after `cmsg`, like CMSG_NXTHDR; NULL when that was the last.
///
/// See io_uring_recvmsg_cmsg_nexthdr(3), cmsg(3).
///
/// # Safety
///
/// - `o` comes from io_uring_recvmsg_validate(), with the same `msgh`; `cmsg` from this function or
///   io_uring_recvmsg_cmsg_firsthdr().
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_cmsg_nexthdr(
    o: *mut io_uring_recvmsg_out,
    msgh: *mut msghdr,
    cmsg: *mut cmsghdr,
) -> *mut cmsghdr {
    // SAFETY: the caller hands over a head, its message header and one of its control messages.
    unsafe { recvmsg::cmsg_nexthdr(o, &*msgh, cmsg) }
}

/// Returns where the payload is.
///
/// See io_uring_recvmsg_payload(3).
///
/// # Safety
///
/// - `o` comes from io_uring_recvmsg_validate(), with the same `msgh`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_payload(o: *mut io_uring_recvmsg_out, msgh: *mut msghdr) -> *mut c_void {
    // SAFETY: the caller hands over a message header.
    recvmsg::payload(o, unsafe { &*msgh })
}

/// Returns how many bytes of payload the buffer holds, which is less than `o->payloadlen` when the payload was cut off.
///
/// `buf_len` is the CQE's `res`, in bytes. See io_uring_recvmsg_payload_length(3).
///
/// # Safety
///
/// - `o` comes from io_uring_recvmsg_validate(), with the same `buf_len` and `msgh`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_recvmsg_payload_length(
    o: *mut io_uring_recvmsg_out,
    buf_len: c_int,
    msgh: *mut msghdr,
) -> c_uint {
    let _ = o; // the length does not depend on where the head is
               // SAFETY: the caller hands over a message header.
    recvmsg::payload_length(buf_len, unsafe { &*msgh })
}
