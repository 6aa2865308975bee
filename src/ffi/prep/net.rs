// SPDX-License-Identifier: MIT
//! Sockets: connect, accept, send, receive
//!
//! `flags` of send and receive are the MSG_* of send(2) and recv(2). A request on a socket that is not ready waits in the
//! kernel, without blocking the program; MSG_DONTWAIT makes it complete with -EAGAIN instead. No request raises SIGPIPE.
//! Flags of io_uring's own are added to the SQE's `ioprio` after preparing:
//! - IORING_RECVSEND_POLL_FIRST: waits until the socket is ready before the first attempt (since Linux 5.19).
//! - IORING_RECVSEND_BUNDLE: sends or receives several buffers of a group at once (since Linux 6.10).
//!
//! The CQE of a receive has IORING_CQE_F_SOCK_NONEMPTY when the socket holds more data (since Linux 5.19).
//!
//! A multishot request stays armed: it posts a CQE each time, with IORING_CQE_F_MORE as long as more will come. A CQE without
//! that flag is its last; an error is always the last.

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;

/// Makes a socket, like socket(2).
///
/// `domain` is AF_*; `type` is SOCK_*, to which SOCK_NONBLOCK and SOCK_CLOEXEC may be added. `flags` is 0.
/// - Result: the new file descriptor.
/// - Errors: -EAFNOSUPPORT, -EPROTONOSUPPORT, -EMFILE, -EACCES.
/// - Since: Linux 5.19. See io_uring_prep_socket(3), socket(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_socket(
    sqe: *mut io_uring_sqe,
    domain: c_int,
    r#type: c_int,
    protocol: c_int,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::socket(unsafe { sqe_mut(sqe) }, domain, r#type, protocol, flags);
}

/// Makes a socket in slot `file_index` of the ring's file table (see io_uring_prep_openat_direct()).
///
/// - Result: 0, or the slot when the kernel picked it.
/// - Errors: those of io_uring_prep_socket() and of the file table; -EINVAL for SOCK_CLOEXEC.
/// - Since: Linux 5.19. See io_uring_prep_socket_direct(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_socket_direct(
    sqe: *mut io_uring_sqe,
    domain: c_int,
    r#type: c_int,
    protocol: c_int,
    file_index: c_uint,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::socket_direct(unsafe { sqe_mut(sqe) }, domain, r#type, protocol, file_index, flags);
}

/// Makes a socket in a slot of the ring's file table that the kernel picks.
///
/// - Result: the slot.
/// - Errors: those of io_uring_prep_socket_direct(); -ENFILE when no slot is free.
/// - Since: Linux 5.19. See io_uring_prep_socket_direct_alloc(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_socket_direct_alloc(
    sqe: *mut io_uring_sqe,
    domain: c_int,
    r#type: c_int,
    protocol: c_int,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::socket_direct(unsafe { sqe_mut(sqe) }, domain, r#type, protocol, IORING_FILE_INDEX_ALLOC, flags);
}

/// Gives a socket its local address, like bind(2). `addr` has to stay until submission.
///
/// - Result: 0.
/// - Errors: -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -EINVAL when it has one already, -ENOTSOCK.
/// - Since: Linux 6.11. See io_uring_prep_bind(3), bind(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_bind(sqe: *mut io_uring_sqe, fd: c_int, addr: *const sockaddr, addrlen: socklen_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::with_address(unsafe { sqe_mut(sqe) }, IORING_OP_BIND, fd, addr, addrlen);
}

/// Makes a socket accept connections, up to `backlog` of which wait to be accepted, like listen(2).
///
/// - Result: 0.
/// - Errors: -EADDRINUSE; -EOPNOTSUPP for a kind of socket that has no connections; -ENOTSOCK.
/// - Since: Linux 6.11. See io_uring_prep_listen(3), listen(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_listen(sqe: *mut io_uring_sqe, fd: c_int, backlog: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::listen(unsafe { sqe_mut(sqe) }, fd, backlog);
}

/// Connects a socket to `addr`, like connect(2). `addr` has to stay until submission.
///
/// - Result: 0.
/// - Errors: -ECONNREFUSED, -ETIMEDOUT, -ENETUNREACH, -EISCONN; -EINPROGRESS for a socket with O_NONBLOCK.
/// - Since: Linux 5.5. See io_uring_prep_connect(3), connect(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_connect(sqe: *mut io_uring_sqe, fd: c_int, addr: *const sockaddr, addrlen: socklen_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::with_address(unsafe { sqe_mut(sqe) }, IORING_OP_CONNECT, fd, addr, addrlen);
}

/// Accepts one connection on listening socket `fd`, like accept4(2).
///
/// `addr` receives the peer's address and `*addrlen` its length in bytes (which holds the room there is before); both may be
/// NULL.
/// - Flags: SOCK_NONBLOCK, SOCK_CLOEXEC; IORING_ACCEPT_DONTWAIT and IORING_ACCEPT_POLL_FIRST go to `ioprio` (since Linux
///   6.10).
/// - Result: the new file descriptor.
/// - Errors: -EMFILE, -ECONNABORTED; -EINVAL when the socket does not listen.
/// - Since: Linux 5.5. See io_uring_prep_accept(3), accept4(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_accept(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    addr: *mut sockaddr,
    addrlen: *mut socklen_t,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::accept(unsafe { sqe_mut(sqe) }, fd, addr, addrlen, flags);
}

/// Accepts one connection into slot `file_index` of the ring's file table (see io_uring_prep_openat_direct()).
///
/// - Result: 0, or the slot when the kernel picked it.
/// - Errors: those of io_uring_prep_accept() and of the file table; -EINVAL for SOCK_CLOEXEC.
/// - Since: Linux 5.15. See io_uring_prep_accept_direct(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_accept_direct(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    addr: *mut sockaddr,
    addrlen: *mut socklen_t,
    flags: c_int,
    file_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::accept_direct(unsafe { sqe_mut(sqe) }, fd, addr, addrlen, flags, file_index);
}

/// Accepts every connection that comes in on `fd`: a CQE for each.
///
/// All connections share `addr` and `addrlen`, so they are NULL, unless it does not matter which one they belong to.
/// - Result, of each CQE: the new file descriptor.
/// - Errors: those of io_uring_prep_accept().
/// - Since: Linux 5.19. See io_uring_prep_multishot_accept(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_multishot_accept(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    addr: *mut sockaddr,
    addrlen: *mut socklen_t,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::multishot_accept(unsafe { sqe_mut(sqe) }, fd, addr, addrlen, flags);
}

/// Accepts every connection that comes in on `fd` into a slot of the ring's file table that the kernel picks.
///
/// - Result, of each CQE: the slot.
/// - Errors: those of io_uring_prep_accept_direct(); -ENFILE when no slot is free.
/// - Since: Linux 5.19. See io_uring_prep_multishot_accept_direct(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_multishot_accept_direct(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    addr: *mut sockaddr,
    addrlen: *mut socklen_t,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::multishot_accept_direct(unsafe { sqe_mut(sqe) }, fd, addr, addrlen, flags);
}

/// Ends sending, receiving or both on a connected socket, like shutdown(2).
///
/// - `how`: SHUT_RD, SHUT_WR or SHUT_RDWR.
/// - Result: 0.
/// - Errors: -ENOTCONN, -ENOTSOCK.
/// - Since: Linux 5.11. See io_uring_prep_shutdown(3), shutdown(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_shutdown(sqe: *mut io_uring_sqe, fd: c_int, how: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::shutdown(unsafe { sqe_mut(sqe) }, fd, how);
}

/// Sends `len` bytes from `buf`, like send(2).
///
/// - Flags: with MSG_WAITALL the kernel goes on after a short send on a stream socket (since Linux 5.19).
/// - Result: the number of bytes sent; fewer than `len` are possible.
/// - Errors: -EPIPE, -ECONNRESET, -ENOTCONN, -EMSGSIZE, -EDESTADDRREQ.
/// - Since: Linux 5.6. See io_uring_prep_send(3), send(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_send(sqe: *mut io_uring_sqe, sockfd: c_int, buf: *const c_void, len: usize, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::send(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags);
}

/// Sends several buffers of a group at once, in the order in which they were provided.
///
/// Needs IOSQE_BUFFER_SELECT and io_uring_sqe_set_buf_group() after it. `len` limits the bytes; 0 sends what the group has.
/// - Result: the number of bytes sent. The CQE's buffer number is the first one used, the others follow it in the ring.
/// - Errors: those of io_uring_prep_send(); -ENOBUFS when the group is empty.
/// - Since: Linux 6.10 (IORING_FEAT_RECVSEND_BUNDLE). See io_uring_prep_send_bundle(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_send_bundle(sqe: *mut io_uring_sqe, sockfd: c_int, len: usize, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::send_bundle(unsafe { sqe_mut(sqe) }, sockfd, len, flags);
}

/// Sends `len` bytes from `buf` to `addr`, like sendto(2). `addr` has to stay until submission.
///
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_send(); -EHOSTUNREACH, -EISCONN.
/// - Since: Linux 6.1. See io_uring_prep_sendto(3), sendto(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_sendto(
    sqe: *mut io_uring_sqe,
    sockfd: c_int,
    buf: *const c_void,
    len: usize,
    flags: c_int,
    addr: *const sockaddr,
    addrlen: socklen_t,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::sendto(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags, addr, addrlen);
}

/// Gives a prepared send the address it goes to: `addr_len` bytes at `dest_addr`, which have to stay until submission.
///
/// Call it after io_uring_prep_send() (since Linux 6.1), io_uring_prep_send_zc() or io_uring_prep_send_zc_fixed() (6.0).
/// See io_uring_prep_send_set_addr(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_send_set_addr(sqe: *mut io_uring_sqe, dest_addr: *const sockaddr, addr_len: __u16) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::send_set_addr(unsafe { sqe_mut(sqe) }, dest_addr, addr_len);
}

/// Sends `len` bytes from `buf` without copying them, where the network can do so.
///
/// It may post two CQEs. The first holds the result; when it has IORING_CQE_F_MORE, `buf` has to stay unchanged until a
/// second CQE comes, with IORING_CQE_F_NOTIF and the same `user_data`. Failures, too, may be followed by one.
/// - `zc_flags`: IORING_RECVSEND_*; IORING_SEND_ZC_REPORT_USAGE (since Linux 6.2) sets IORING_NOTIF_USAGE_ZC_COPIED in the
///   second CQE's `res` when data was copied after all; IORING_SEND_VECTORIZED takes `buf` as `len` vectors.
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_send(); -EOPNOTSUPP for protocols without zero-copy, such as Unix sockets.
/// - Since: Linux 6.0. See io_uring_prep_send_zc(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_send_zc(
    sqe: *mut io_uring_sqe,
    sockfd: c_int,
    buf: *const c_void,
    len: usize,
    flags: c_int,
    zc_flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::send_zc(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags, zc_flags);
}

/// Like io_uring_prep_send_zc(), from a part of registered buffer `buf_index`, whose pages need not be pinned for each send.
///
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_send_zc(); -EFAULT when the range is not within the buffer or no such buffer is
///   registered.
/// - Since: Linux 6.0. See io_uring_prep_send_zc_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_send_zc_fixed(
    sqe: *mut io_uring_sqe,
    sockfd: c_int,
    buf: *const c_void,
    len: usize,
    flags: c_int,
    zc_flags: c_uint,
    buf_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::send_zc_fixed(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags, zc_flags, buf_index);
}

/// Sends a message with an address, several buffers and control data, like sendmsg(2).
///
/// `msg`, its vectors, address and control data have to stay until submission, the buffers until completion.
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_send(); -EINVAL for bad control data.
/// - Since: Linux 5.3. See io_uring_prep_sendmsg(3), sendmsg(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_sendmsg(sqe: *mut io_uring_sqe, fd: c_int, msg: *const msghdr, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::message(unsafe { sqe_mut(sqe) }, IORING_OP_SENDMSG, fd, msg, flags);
}

/// Sends a message like io_uring_prep_sendmsg(), without copying, and with two CQEs, like io_uring_prep_send_zc().
///
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_sendmsg(); -EOPNOTSUPP for protocols without zero-copy.
/// - Since: Linux 6.1. See io_uring_prep_sendmsg_zc(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_sendmsg_zc(sqe: *mut io_uring_sqe, fd: c_int, msg: *const msghdr, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::message(unsafe { sqe_mut(sqe) }, IORING_OP_SENDMSG_ZC, fd, msg, flags);
}

/// Like io_uring_prep_sendmsg_zc(); every vector of the message lies within registered buffer `buf_index`.
///
/// - Result: the number of bytes sent.
/// - Errors: those of io_uring_prep_sendmsg_zc(); -EFAULT when a vector is not within the buffer or no such buffer is
///   registered.
/// - Since: Linux 6.15. See io_uring_prep_sendmsg_zc_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_sendmsg_zc_fixed(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    msg: *const msghdr,
    flags: c_uint,
    buf_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::sendmsg_zc_fixed(unsafe { sqe_mut(sqe) }, fd, msg, flags, buf_index);
}

/// Receives up to `len` bytes into `buf`, like recv(2).
///
/// With IOSQE_BUFFER_SELECT the buffer comes from a group, `buf` is NULL, and `len` 0 means the whole buffer.
/// - Flags: with MSG_WAITALL the kernel goes on until all `len` bytes are there (since Linux 5.19).
/// - Result: the number of bytes received; 0 when the peer sends no more.
/// - Errors: -ECONNRESET, -ENOTCONN, -ENOTSOCK, -ETIMEDOUT.
/// - Since: Linux 5.6. See io_uring_prep_recv(3), recv(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_recv(sqe: *mut io_uring_sqe, sockfd: c_int, buf: *mut c_void, len: usize, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::recv(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags);
}

/// Receives again and again, each time data arrives, into buffers of a group.
///
/// Needs IOSQE_BUFFER_SELECT and io_uring_sqe_set_buf_group() after it; `buf` is NULL. `len` limits each receive; 0 means the
/// whole buffer.
/// - Flags: MSG_WAITALL is -EINVAL.
/// - Result, of each CQE: the number of bytes received; 0, when the peer sends no more, is the last.
/// - Errors: those of io_uring_prep_recv(); -ENOBUFS when the group is empty: provide buffers and submit it again.
/// - Since: Linux 6.0. See io_uring_prep_recv_multishot(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_recv_multishot(
    sqe: *mut io_uring_sqe,
    sockfd: c_int,
    buf: *mut c_void,
    len: usize,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::recv_multishot(unsafe { sqe_mut(sqe) }, sockfd, buf, len, flags);
}

/// Receives a message with its address, control data and flags, like recvmsg(2).
///
/// `msg`, and all that it points to, has to stay until completion: the kernel writes to it.
/// - Result: the number of bytes received; 0 when the peer sends no more.
/// - Errors: those of io_uring_prep_recv().
/// - Since: Linux 5.3. See io_uring_prep_recvmsg(3), recvmsg(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_recvmsg(sqe: *mut io_uring_sqe, fd: c_int, msg: *mut msghdr, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::message(unsafe { sqe_mut(sqe) }, IORING_OP_RECVMSG, fd, msg, flags);
}

/// Receives messages again and again, each into a buffer of a group.
///
/// Needs IOSQE_BUFFER_SELECT and io_uring_sqe_set_buf_group() after it. Of `msg`, only `msg_namelen` and `msg_controllen`
/// count: the room in bytes that each buffer reserves for address and control data. Take the buffer apart with the
/// `io_uring_recvmsg_*` functions.
/// - Result, of each CQE: the number of bytes used in the buffer, head included.
/// - Errors: those of io_uring_prep_recv_multishot().
/// - Since: Linux 6.0. See io_uring_prep_recvmsg_multishot(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_recvmsg_multishot(sqe: *mut io_uring_sqe, fd: c_int, msg: *mut msghdr, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::recvmsg_multishot(unsafe { sqe_mut(sqe) }, fd, msg, flags);
}

/// Reads or sets an option of a socket, or asks for its state.
///
/// - `cmd_op`: SOCKET_URING_OP_GETSOCKOPT (only SOL_SOCKET), SOCKET_URING_OP_SETSOCKOPT; or SOCKET_URING_OP_SIOCINQ,
///   SOCKET_URING_OP_SIOCOUTQ, where the other arguments are 0.
/// - `level`, `optname`, `optval`, `optlen`: as in setsockopt(2), the length in bytes.
/// - Result: of GETSOCKOPT the length of the value in bytes; of SETSOCKOPT 0; of SIOCINQ and SIOCOUTQ the number of bytes not
///   yet received or sent.
/// - Errors: -EOPNOTSUPP for an unknown command or a level that is not supported; -ENOPROTOOPT.
/// - Since: Linux 6.7. See io_uring_prep_cmd_sock(3), setsockopt(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cmd_sock(
    sqe: *mut io_uring_sqe,
    cmd_op: c_int,
    fd: c_int,
    level: c_int,
    optname: c_int,
    optval: *mut c_void,
    optlen: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::cmd_sock(unsafe { sqe_mut(sqe) }, cmd_op, fd, level, optname, optval, optlen);
}

/// Tells the address of a socket, like getsockname(2), or with `peer` 1 that of its peer, like getpeername(2).
///
/// `*sockaddr_len` holds the room at `sockaddr` in bytes before, and the length of the address after.
/// - Result: 0.
/// - Errors: -ENOTCONN for the peer; -EOPNOTSUPP from kernels that do not know the command.
/// - Since: Linux 6.19. See io_uring_prep_cmd_getsockname(3), getsockname(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cmd_getsockname(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    sockaddr: *mut sockaddr,
    sockaddr_len: *mut socklen_t,
    peer: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::net::cmd_getsockname(unsafe { sqe_mut(sqe) }, fd, sockaddr, sockaddr_len, peer);
}
