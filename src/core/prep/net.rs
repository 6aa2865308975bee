// SPDX-License-Identifier: MIT
//! Sockets.

use super::{address, request, set_slot_or_alloc, widened};
use crate::core::abi::*;
use ::core::ffi::c_void;
use libc::{msghdr, sockaddr, socklen_t};

#[inline]
pub fn accept(sqe: &mut io_uring_sqe, fd: i32, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: i32) {
    request(sqe, IORING_OP_ACCEPT, fd, address(addr), 0, address(addrlen));
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn accept_direct(sqe: &mut io_uring_sqe, fd: i32, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: i32, file_index: u32) {
    accept(sqe, fd, addr, addrlen, flags);
    set_slot_or_alloc(sqe, file_index);
}

#[inline]
pub fn multishot_accept(sqe: &mut io_uring_sqe, fd: i32, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: i32) {
    accept(sqe, fd, addr, addrlen, flags);
    sqe.ioprio |= IORING_ACCEPT_MULTISHOT;
}

#[inline]
pub fn multishot_accept_direct(sqe: &mut io_uring_sqe, fd: i32, addr: *mut sockaddr, addrlen: *mut socklen_t, flags: i32) {
    multishot_accept(sqe, fd, addr, addrlen, flags);
    sqe.file_index = IORING_FILE_INDEX_ALLOC;
}

/// `connect` and `bind`, whose requests differ in the opcode only.
#[inline]
pub fn with_address(sqe: &mut io_uring_sqe, op: u8, fd: i32, addr: *const sockaddr, addrlen: socklen_t) {
    request(sqe, op, fd, address(addr), 0, u64::from(addrlen));
}

#[inline]
pub fn listen(sqe: &mut io_uring_sqe, fd: i32, backlog: i32) {
    request(sqe, IORING_OP_LISTEN, fd, 0, backlog as u32, 0);
}

#[inline]
pub fn shutdown(sqe: &mut io_uring_sqe, fd: i32, how: i32) {
    request(sqe, IORING_OP_SHUTDOWN, fd, 0, how as u32, 0);
}

#[inline]
pub fn socket(sqe: &mut io_uring_sqe, domain: i32, kind: i32, protocol: i32, flags: u32) {
    request(sqe, IORING_OP_SOCKET, domain, 0, protocol as u32, widened(kind));
    sqe.op_flags = flags;
}

#[inline]
pub fn socket_direct(sqe: &mut io_uring_sqe, domain: i32, kind: i32, protocol: i32, file_index: u32, flags: u32) {
    socket(sqe, domain, kind, protocol, flags);
    set_slot_or_alloc(sqe, file_index);
}

/// Lengths beyond 32 bits are cut, as an SQE cannot hold them.
#[inline]
pub fn send(sqe: &mut io_uring_sqe, sockfd: i32, buf: *const c_void, len: usize, flags: i32) {
    request(sqe, IORING_OP_SEND, sockfd, address(buf), len as u32, 0);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn send_bundle(sqe: &mut io_uring_sqe, sockfd: i32, len: usize, flags: i32) {
    send(sqe, sockfd, ::core::ptr::null(), len, flags);
    sqe.ioprio |= IORING_RECVSEND_BUNDLE;
}

/// Adds a destination to a send.
#[inline]
pub fn send_set_addr(sqe: &mut io_uring_sqe, dest_addr: *const sockaddr, addr_len: u16) {
    sqe.off = address(dest_addr);
    sqe.set_addr_len(addr_len);
}

#[inline]
pub fn sendto(
    sqe: &mut io_uring_sqe,
    sockfd: i32,
    buf: *const c_void,
    len: usize,
    flags: i32,
    addr: *const sockaddr,
    addrlen: socklen_t,
) {
    send(sqe, sockfd, buf, len, flags);
    send_set_addr(sqe, addr, addrlen as u16);
}

#[inline]
pub fn send_zc(sqe: &mut io_uring_sqe, sockfd: i32, buf: *const c_void, len: usize, flags: i32, zc_flags: u32) {
    request(sqe, IORING_OP_SEND_ZC, sockfd, address(buf), len as u32, 0);
    sqe.op_flags = flags as u32;
    sqe.ioprio = zc_flags as u16;
}

#[inline]
pub fn send_zc_fixed(
    sqe: &mut io_uring_sqe,
    sockfd: i32,
    buf: *const c_void,
    len: usize,
    flags: i32,
    zc_flags: u32,
    buf_index: u32,
) {
    send_zc(sqe, sockfd, buf, len, flags, zc_flags);
    use_registered_buffer(sqe, buf_index);
}

/// `sendmsg`, `sendmsg_zc` and `recvmsg`: one message header each.
#[inline]
pub fn message(sqe: &mut io_uring_sqe, op: u8, fd: i32, msg: *const msghdr, flags: u32) {
    request(sqe, op, fd, address(msg), 1, 0);
    sqe.op_flags = flags;
}

#[inline]
pub fn sendmsg_zc_fixed(sqe: &mut io_uring_sqe, fd: i32, msg: *const msghdr, flags: u32, buf_index: u32) {
    message(sqe, IORING_OP_SENDMSG_ZC, fd, msg, flags);
    use_registered_buffer(sqe, buf_index);
}

#[inline]
fn use_registered_buffer(sqe: &mut io_uring_sqe, buf_index: u32) {
    sqe.ioprio |= IORING_RECVSEND_FIXED_BUF;
    sqe.buf_index = buf_index as u16;
}

#[inline]
pub fn recv(sqe: &mut io_uring_sqe, sockfd: i32, buf: *mut c_void, len: usize, flags: i32) {
    request(sqe, IORING_OP_RECV, sockfd, address(buf), len as u32, 0);
    sqe.op_flags = flags as u32;
}

#[inline]
pub fn recv_multishot(sqe: &mut io_uring_sqe, sockfd: i32, buf: *mut c_void, len: usize, flags: i32) {
    recv(sqe, sockfd, buf, len, flags);
    sqe.ioprio |= IORING_RECV_MULTISHOT;
}

#[inline]
pub fn recvmsg_multishot(sqe: &mut io_uring_sqe, fd: i32, msg: *const msghdr, flags: u32) {
    message(sqe, IORING_OP_RECVMSG, fd, msg, flags);
    sqe.ioprio |= IORING_RECV_MULTISHOT;
}

/// A socket option, read or set.
#[inline]
pub fn cmd_sock(sqe: &mut io_uring_sqe, cmd_op: i32, fd: i32, level: i32, optname: i32, optval: *mut c_void, optlen: i32) {
    super::misc::uring_cmd(sqe, IORING_OP_URING_CMD, cmd_op as u32, fd);
    sqe.set_level_optname(level as u32, optname as u32);
    sqe.addr3 = address(optval);
    sqe.file_index = optlen as u32;
}

#[inline]
pub fn cmd_getsockname(sqe: &mut io_uring_sqe, fd: i32, addr: *mut sockaddr, addr_len: *mut socklen_t, peer: i32) {
    super::misc::uring_cmd(sqe, IORING_OP_URING_CMD, SOCKET_URING_OP_GETSOCKNAME, fd);
    sqe.addr = address(addr);
    sqe.addr3 = address(addr_len);
    sqe.file_index = peer as u32;
}
