// SPDX-License-Identifier: MIT
//! Sockets.

use super::{call, fixed, message, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::descriptors::dup_high;
use crate::engine::pool::Job;
use crate::engine::request::{ReqId, Request, Stage};
use crate::engine::ring::{Completion, Ring, State};
use ::core::ffi::c_int;
use ::core::mem::{size_of, zeroed};

pub const IN: u32 = (libc::EPOLLIN | libc::EPOLLRDNORM) as u32;
pub const OUT: u32 = (libc::EPOLLOUT | libc::EPOLLWRNORM) as u32;
pub const DONTWAIT: u32 = libc::MSG_DONTWAIT as u32;
pub const NOSIGNAL: u32 = libc::MSG_NOSIGNAL as u32;
/// The bits of a socket's type that name it; flags are above.
const SOCK_TYPE_MASK: u64 = 0xf;
pub const WAITALL: u32 = libc::MSG_WAITALL as u32;

/// `ioprio` flags that are kept.
const RECV_FLAGS: u16 = IORING_RECVSEND_POLL_FIRST;
const SEND_FLAGS: u16 = IORING_RECVSEND_POLL_FIRST | IORING_SEND_VECTORIZED;
const ZERO_COPY_FLAGS: u16 = SEND_FLAGS | IORING_RECVSEND_FIXED_BUF | IORING_SEND_ZC_REPORT_USAGE;

/// What all sends have in common: their flags, and the notification of those that are to copy nothing. Once that is promised it comes,
/// whatever becomes of the send.
pub fn check_send(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    if !matches!(sqe.opcode, IORING_OP_SEND_ZC | IORING_OP_SENDMSG_ZC) {
        require_length(sqe)?;
        return require(sqe.ioprio & !SEND_FLAGS == 0);
    }
    require(sqe.addr3 == 0 && sqe.pad2 == 0 && sqe.flags & IOSQE_CQE_SKIP_SUCCESS == 0)?;
    request.notifies = true;
    if request.sqe.ioprio & !ZERO_COPY_FLAGS != 0 {
        // Refused before the kernel looks at the wish for a report.
        request.sqe.ioprio &= !IORING_SEND_ZC_REPORT_USAGE;
        return Err(Errno::INVAL);
    }
    Ok(())
}

/// What the second CQE says: a plain send has copied everything, and is done with the buffer. Of memory that could not be read the kernel
/// has copied nothing, unless it did not even come to that.
pub fn notification(request: &Request, res: i32) -> i32 {
    let ioprio = request.sqe.ioprio;
    let unread = res == Errno::FAULT.to_c() && request.failed.is_none() && ioprio & IORING_RECVSEND_FIXED_BUF == 0;
    if ioprio & IORING_SEND_ZC_REPORT_USAGE != 0 && !unread {
        IORING_NOTIF_USAGE_ZC_COPIED as i32
    } else {
        0
    }
}

/// The flags of a send's system call. The kernel's own way to copy nothing would report to the socket.
pub fn send_flags(sqe: &io_uring_sqe) -> u32 {
    let zero_copy = matches!(sqe.opcode, IORING_OP_SEND_ZC | IORING_OP_SENDMSG_ZC);
    sqe.op_flags & !(if zero_copy { libc::MSG_ZEROCOPY as u32 } else { 0 }) | DONTWAIT | NOSIGNAL
}

/// -EOPNOTSUPP for sockets on which the kernel refuses sends that copy nothing.
pub fn check_zero_copy(request: &Request) -> Result<(), Errno> {
    if !request.notifies {
        return Ok(());
    }
    let family = option(request.fd, libc::SO_DOMAIN)?;
    let protocol = option(request.fd, libc::SO_PROTOCOL)?;
    let internet = matches!(family, libc::AF_INET | libc::AF_INET6);
    if internet && matches!(protocol, libc::IPPROTO_TCP | libc::IPPROTO_UDP) {
        Ok(())
    } else {
        Err(Errno::OPNOTSUPP)
    }
}

fn takes_errors(sqe: &io_uring_sqe) -> bool {
    matches!(sqe.opcode, IORING_OP_RECV | IORING_OP_RECVMSG) && sqe.op_flags & libc::MSG_ERRQUEUE as u32 != 0
}

/// A length that is negative to the kernel is -EINVAL, also where it means nothing.
pub fn require_length(sqe: &io_uring_sqe) -> Result<(), Errno> {
    require(sqe.len <= i32::MAX as u32)
}

pub fn prepare_send(request: &mut Request) -> Result<(), Errno> {
    check_send(request)?;
    // The upper half of the place where the address has its length.
    require(request.sqe.file_index >> 16 == 0)?;
    let (address, len) = (request.sqe.off, request.sqe.addr_len() as usize);
    if address != 0 {
        require(len <= size_of::<libc::sockaddr_storage>())?;
        request.sqe.off = request.keep_bytes(address, len)?;
    }
    let both = IORING_SEND_VECTORIZED | IORING_RECVSEND_FIXED_BUF;
    require(request.sqe.ioprio & both != both)?;
    if request.sqe.ioprio & IORING_SEND_VECTORIZED != 0 {
        return message::make(request);
    }
    Ok(())
}

pub fn prepare_recv(request: &mut Request) -> Result<(), Errno> {
    require_length(&request.sqe)?;
    require(request.sqe.off == 0 && request.sqe.file_index == 0 && request.sqe.ioprio & !RECV_FLAGS == 0)
}

/// Not yet tried, and told to wait before the first try.
pub fn waits_first(request: &mut Request, events: u32) -> Option<Outcome> {
    let first = request.sqe.ioprio & IORING_RECVSEND_POLL_FIRST != 0 && request.count == 0;
    request.count = 1;
    if !first {
        return None;
    }
    // What is no socket says so without a wait, save to a plain receive; and whoever is not to wait has nothing left to do.
    let known = match request.sqe.opcode {
        IORING_OP_RECV => sys::fd_flags(request.fd),
        _ => option(request.fd, libc::SO_TYPE),
    };
    Some(match known {
        Ok(_) if request.sqe.op_flags & DONTWAIT != 0 => Err(Errno::AGAIN).into(),
        Ok(_) => Outcome::Arm(events),
        Err(e) => Err(e).into(),
    })
}

/// What a transfer without waiting answered: with MSG_WAITALL a stream goes on until everything is there.
fn settle(request: &mut Request, result: Result<i32, Errno>, wanted: u32, events: u32) -> Outcome {
    let all = request.sqe.op_flags & WAITALL != 0;
    let completion = match result {
        Err(Errno::AGAIN) if request.sqe.op_flags & DONTWAIT == 0 => return Outcome::Arm(events),
        Err(e) if request.done == 0 => return Err(e).into(),
        // What came before the error is the answer; the error is for the next request.
        Err(_) | Ok(0) => request.done as i32,
        Ok(moved) => {
            request.done += moved as u32;
            let waits = request.sqe.op_flags & DONTWAIT == 0;
            if all && waits && request.done < wanted && goes_on(request.fd) {
                return Outcome::Arm(events);
            }
            request.done as i32
        }
    };
    Outcome::Done(Completion { res: completion, flags: 0, failed: all && (completion as u32) < wanted })
}

pub fn send(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    if request.sqe.ioprio & IORING_SEND_VECTORIZED != 0 {
        return message::send(ring, st, id);
    }
    if let Err(e) = check_zero_copy(request) {
        return Err(e).into();
    }
    if let Some(wait) = waits_first(request, OUT) {
        return wait;
    }
    if let Err(e) = fixed::import_for_send(st, id) {
        return Err(e).into();
    }
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = request.sqe;
    let flags = send_flags(&sqe) as usize;
    let buffer = sqe.addr as usize + request.done as usize;
    let left = (sqe.len - request.done) as usize;
    let (address, address_len) = (sqe.off as usize, sqe.addr_len() as usize);
    // SAFETY: the kernel checks both pointers.
    let result = unsafe { call(libc::SYS_sendto, [request.fd as usize, buffer, left, flags, address, address_len]) };
    settle(request, result, sqe.len, OUT)
}

pub fn recv(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    if let Some(wait) = waits_first(request, IN) {
        return wait;
    }
    let sqe = request.sqe;
    let flags = ((sqe.op_flags & !WAITALL) | DONTWAIT) as usize;
    let buffer = sqe.addr as usize + request.done as usize;
    let left = (sqe.len - request.done) as usize;
    // SAFETY: zero is a value of every field.
    let mut header: libc::msghdr = unsafe { zeroed() };
    let mut vector = libc::iovec { iov_base: buffer as *mut _, iov_len: left };
    (header.msg_iov, header.msg_iovlen) = (&raw mut vector, 1);
    // Whoever wants all is told what was cut off.
    let result = if sqe.op_flags & WAITALL != 0 {
        // SAFETY: the kernel writes into our header, and checks the buffer's address.
        unsafe { call(libc::SYS_recvmsg, [request.fd as usize, &raw mut header as usize, flags, 0, 0, 0]) }
    } else {
        // SAFETY: the kernel checks the pointer.
        unsafe { call(libc::SYS_recvfrom, [request.fd as usize, buffer, left, flags, 0, 0]) }
    };
    let mut outcome = settle(request, result, sqe.len, IN);
    if let Outcome::Done(completion) = &mut outcome {
        completion.failed |= header.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0;
        // A buffer that was not filled has emptied the socket.
        if result == Ok(left as i32) && left != 0 && has_more(request.fd) {
            completion.flags |= IORING_CQE_F_SOCK_NONEMPTY;
        }
    }
    outcome
}

/// A socket was ready and had nothing, and would be ready for ever: what a call that waits gives there. It gives 0 for datagrams where
/// receiving is shut, and never waits where there are no errors to take.
#[cold]
#[inline(never)]
pub fn unless_in_vain(st: &mut State, id: ReqId, outcome: Outcome) -> Outcome {
    let (Outcome::Arm(_), Some(request)) = (outcome, st.requests.get(id)) else { return outcome };
    if takes_errors(&request.sqe) {
        return Err(Errno::AGAIN).into();
    }
    let shut = libc::POLLRDHUP as u16;
    if option(request.fd, libc::SO_TYPE) == Ok(libc::SOCK_DGRAM)
        && sys::poll_now(request.fd, shut).is_ok_and(|ready| ready & shut != 0)
    {
        let sqe = &request.sqe;
        if !matches!(sqe.opcode, IORING_OP_RECV | IORING_OP_RECVMSG) {
            return super::transferred(request, 0);
        }
        let wanted = sqe.opcode == IORING_OP_RECVMSG || sqe.len != 0;
        return Outcome::Done(Completion { res: 0, flags: 0, failed: sqe.op_flags & WAITALL != 0 && wanted });
    }
    outcome
}

/// The first try of a send without an address.
pub fn send_once(sqe: &io_uring_sqe, fd: c_int) -> Outcome {
    let flags = (sqe.op_flags | DONTWAIT | NOSIGNAL) as usize;
    // SAFETY: the kernel checks the pointer.
    let result = unsafe { call(libc::SYS_sendto, [fd as usize, sqe.addr as usize, sqe.len as usize, flags, 0, 0]) };
    once(sqe, result, OUT)
}

/// The first try of a receive.
pub fn recv_once(sqe: &io_uring_sqe, fd: c_int) -> Outcome {
    let flags = (sqe.op_flags | DONTWAIT) as usize;
    // SAFETY: the kernel checks the pointer.
    let result = unsafe { call(libc::SYS_recvfrom, [fd as usize, sqe.addr as usize, sqe.len as usize, flags, 0, 0]) };
    let mut outcome = once(sqe, result, IN);
    if let Outcome::Done(completion) = &mut outcome {
        // A buffer that was not filled has emptied the socket.
        if result == Ok(sqe.len as i32) && sqe.len != 0 && has_more(fd) {
            completion.flags |= IORING_CQE_F_SOCK_NONEMPTY;
        }
    }
    outcome
}

fn once(sqe: &io_uring_sqe, result: Result<i32, Errno>, events: u32) -> Outcome {
    if result == Err(Errno::AGAIN) && sqe.op_flags & DONTWAIT == 0 {
        return Outcome::Arm(events);
    }
    result.into()
}

/// True for sockets on which the rest of a message may come later.
pub fn goes_on(fd: c_int) -> bool {
    matches!(option(fd, libc::SO_TYPE), Ok(libc::SOCK_STREAM | libc::SOCK_SEQPACKET))
}

/// True for a stream that has more to read, as far as its kind tells: TCP and Unix sockets do.
pub fn has_more(fd: c_int) -> bool {
    let mut readable = 0 as c_int;
    // SAFETY: the kernel writes one integer.
    let asked = unsafe { call(libc::SYS_ioctl, [fd as usize, libc::FIONREAD as usize, &raw mut readable as usize, 0, 0, 0]) };
    asked.is_ok() && readable > 0 && option(fd, libc::SO_TYPE) == Ok(libc::SOCK_STREAM)
}

pub fn prepare_accept(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    let known = (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u32;
    require(sqe.len == 0 && sqe.buf_index == 0 && sqe.file_index == 0)?;
    require(sqe.op_flags & !known == 0)?;
    require(sqe.ioprio & !(IORING_ACCEPT_DONTWAIT | IORING_ACCEPT_POLL_FIRST) == 0)
}

fn accept_now(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    let args = [fd as usize, sqe.addr as usize, sqe.off as usize, sqe.op_flags as usize, 0, 0];
    // SAFETY: the kernel checks both pointers.
    unsafe { call(libc::SYS_accept4, args) }
}

pub fn accept(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = request.sqe;
    let first = ::core::mem::replace(&mut request.count, 1) == 0;
    if first && sqe.ioprio & IORING_ACCEPT_POLL_FIRST != 0 {
        return Outcome::Arm(IN);
    }
    let dont_wait = sqe.ioprio & IORING_ACCEPT_DONTWAIT != 0;
    let non_blocking = match sys::fd_flags(request.fd) {
        Ok(flags) => flags & libc::O_NONBLOCK != 0,
        Err(e) => return Err(e).into(),
    };
    if !non_blocking {
        // Only a connection that is there may be asked for: the call itself would wait.
        match sys::poll_now(request.fd, IN as u16) {
            Ok(0) if is_listening(request.fd) => {
                return if dont_wait { Err(Errno::AGAIN).into() } else { Outcome::Arm(IN) };
            }
            // Another thread or process may take it first, and then the call waits: not in here. What does not listen refuses at once.
            Ok(ready) if ready & libc::POLLIN as u16 != 0 && is_listening(request.fd) => return Outcome::Work,
            _ => {}
        }
    }
    match accept_now(&sqe, request.fd) {
        Err(Errno::AGAIN) if !dont_wait => Outcome::Arm(IN),
        result => result.into(),
    }
}

/// In a worker: another may be faster between the look and the call, and then this waits for the next connection. It touches nothing of the
/// program's: its request may be cancelled any time.
pub fn accept_blocking(job: &Job) -> Outcome {
    if sys::poll_now(job.fd, IN as u16) == Ok(0) {
        return Outcome::Arm(IN);
    }
    let args = [job.fd as usize, 0, 0, job.sqe.op_flags as usize, 0, 0];
    // SAFETY: no memory is involved.
    match unsafe { call(libc::SYS_accept4, args) } {
        Err(Errno::AGAIN) => Outcome::Arm(IN),
        result => result.into(),
    }
}

/// Hands a worker's connection to its request, with the peer's address; closes it where the request has gone.
pub fn accepted(request: Option<&mut Request>, outcome: Outcome) -> Outcome {
    let Outcome::Done(completion) = outcome else { return outcome };
    if completion.res < 0 {
        return outcome;
    }
    let Some(request) = request else {
        let _ = sys::close(completion.res);
        return Outcome::Parked;
    };
    let sqe = &request.sqe;
    if sqe.addr == 0 {
        return outcome;
    }
    // SAFETY: the kernel checks both pointers.
    let named = unsafe { call(libc::SYS_getpeername, [completion.res as usize, sqe.addr as usize, sqe.off as usize, 0, 0, 0]) };
    match named {
        Err(e @ (Errno::FAULT | Errno::INVAL)) => {
            let _ = sys::close(completion.res);
            Err(e).into()
        }
        _ => outcome,
    }
}

/// True for a socket that accepts connections: others refuse at once, and must.
fn is_listening(fd: c_int) -> bool {
    option(fd, libc::SO_ACCEPTCONN) == Ok(1)
}

/// An integer option of a socket.
#[inline(never)]
pub fn option(fd: c_int, name: c_int) -> Result<c_int, Errno> {
    let (mut value, mut len) = (0 as c_int, size_of::<c_int>() as libc::socklen_t);
    let args = [fd as usize, libc::SOL_SOCKET as usize, name as usize, &raw mut value as usize, &raw mut len as usize, 0];
    // SAFETY: the kernel writes one integer and its length.
    unsafe { call(libc::SYS_getsockopt, args) }.map(|_| value)
}

pub fn prepare_connect(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.len == 0 && sqe.buf_index == 0 && sqe.op_flags == 0 && sqe.file_index == 0)?;
    keep_address(request)
}

/// Copies the address that a socket is to have, or to be connected to.
fn keep_address(request: &mut Request) -> Result<(), Errno> {
    // An `int` to the kernel; what is negative is more than there is room for.
    let len = request.sqe.off as u32 as usize;
    require(len <= size_of::<libc::sockaddr_storage>())?;
    request.sqe.addr = request.keep_bytes(request.sqe.addr, len)?;
    request.sqe.off = len as u64;
    Ok(())
}

fn connect_now(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    // SAFETY: the kernel checks the pointer.
    unsafe { call(libc::SYS_connect, [fd as usize, sqe.addr as usize, sqe.off as usize, 0, 0, 0]) }
}

/// A socket in blocking mode would wait in the call: it is out of it for the call's time. Nothing else can be done with a socket that is
/// being connected.
pub fn connect(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let mut result = without_waiting(&request.sqe, request.fd);
    if result == Err(Errno::CONNABORTED) {
        // What is left of an earlier attempt whose error was taken; it is over with this answer.
        result = without_waiting(&request.sqe, request.fd);
    }
    match result {
        Err(Errno::INPROGRESS) => Outcome::Arm(OUT),
        Err(Errno::AGAIN) => wait_for_room(st, id),
        result => result.into(),
    }
}

/// Nanoseconds between one look for room in a backlog and the next.
const ROOM_NS: u64 = 1_000_000;
/// Doublings of that.
const MOST_DOUBLINGS: u32 = 4;

/// The backlog of a Unix socket is full. A connect in blocking mode waits for room, as long as the socket's own timeout lets it; no
/// descriptor tells of room, so it tries again after a while.
#[cold]
#[inline(never)]
fn wait_for_room(st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let now = sys::clock_ns(libc::CLOCK_MONOTONIC);
    let waits = sys::fd_flags(request.fd).is_ok_and(|flags| flags & libc::O_NONBLOCK == 0);
    if request.count == 0 {
        request.ns = now.saturating_add(send_timeout_ns(request.fd));
    }
    if !waits || now >= request.ns {
        return Err(Errno::AGAIN).into();
    }
    if request.watch == -1 && request.file.is_none() {
        // By its number another socket might be connected later.
        match dup_high(request.fd) {
            Ok(own) => (request.fd, request.watch) = (own, own),
            Err(e) => return Err(e).into(),
        }
    }
    let pause = (ROOM_NS << request.count.min(MOST_DOUBLINGS)).min(request.ns - now);
    request.count += 1;
    request.stage = Stage::Timed;
    let key = st.timers.add(id, pause, 0);
    if let Some(request) = st.requests.get(id) {
        request.timer = Some(key);
    }
    Outcome::Parked
}

/// How long a socket's sends, and its attempts to connect, may take.
fn send_timeout_ns(fd: c_int) -> u64 {
    let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let mut len = size_of::<libc::timeval>() as libc::socklen_t;
    let args =
        [fd as usize, libc::SOL_SOCKET as usize, libc::SO_SNDTIMEO as usize, &raw mut time as usize, &raw mut len as usize, 0];
    // SAFETY: the kernel writes one structure and its length.
    match unsafe { call(libc::SYS_getsockopt, args) } {
        Ok(_) if time.tv_sec != 0 || time.tv_usec != 0 => time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000,
        _ => u64::MAX,
    }
}

fn without_waiting(sqe: &io_uring_sqe, fd: c_int) -> Result<i32, Errno> {
    let flags = sys::fd_flags(fd)?;
    if flags & libc::O_NONBLOCK != 0 {
        return connect_now(sqe, fd);
    }
    sys::set_fd_flags(fd, flags | libc::O_NONBLOCK);
    let result = connect_now(sqe, fd);
    sys::set_fd_flags(fd, flags);
    result
}

/// The socket is ready after a connect: a second call says how it ended and puts the socket's state in order. Taking the error by
/// SO_ERROR first would make that call, and the program's next one, fail for nothing.
pub fn connected(request: &Request) -> Outcome {
    match without_waiting(&request.sqe, request.fd) {
        Err(Errno::INPROGRESS | Errno::ALREADY) => match option(request.fd, libc::SO_ERROR) {
            Ok(0) => Outcome::Arm(OUT),
            Ok(error) => Err(Errno::from_raw(error)).into(),
            Err(e) => Err(e).into(),
        },
        Ok(_) | Err(Errno::ISCONN) => Ok(0).into(),
        Err(e) => Err(e).into(),
    }
}

pub fn prepare_shutdown(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.off == 0 && sqe.addr == 0 && sqe.op_flags == 0 && sqe.buf_index == 0 && sqe.file_index == 0)
}

pub fn shutdown(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_shutdown, [request.fd as usize, request.sqe.len as usize, 0, 0, 0, 0]) }.into()
}

pub fn prepare_socket(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.addr == 0 && sqe.op_flags == 0 && sqe.buf_index == 0 && sqe.file_index == 0)?;
    require(sqe.off & !(SOCK_TYPE_MASK | (libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK) as u64) == 0)
}

pub fn socket(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_socket, [sqe.fd as usize, sqe.off as usize, sqe.len as usize, 0, 0, 0]) }.into()
}

pub fn prepare_bind(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.len == 0 && sqe.buf_index == 0 && sqe.op_flags == 0 && sqe.file_index == 0)?;
    keep_address(request)
}

pub fn bind(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    // SAFETY: the kernel checks the pointer.
    unsafe { call(libc::SYS_bind, [request.fd as usize, request.sqe.addr as usize, request.sqe.off as usize, 0, 0, 0]) }.into()
}

pub fn prepare_listen(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.addr == 0 && sqe.buf_index == 0 && sqe.op_flags == 0 && sqe.file_index == 0 && sqe.off == 0)
}

pub fn listen(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_listen, [request.fd as usize, request.sqe.len as usize, 0, 0, 0, 0]) }.into()
}
