// SPDX-License-Identifier: MIT
//! `sendmsg` and `recvmsg`.
//!
//! A message that goes through at once is passed on as the program has it. One that has to wait, for its socket or for its turn, is
//! copied first: header, vectors, and the address it is sent to. Control data is read when it is sent, and the room for the sender's
//! address when it is received; so the kernel does it.

use super::net::{
    check_send, check_zero_copy, goes_on, has_more, option, require_length, send_flags, waits_first, DONTWAIT, IN, OUT, WAITALL,
};
use super::{call, fixed, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::engine::program;
use crate::engine::request::{ReqId, Request};
use crate::engine::resources::read_vector;
use crate::engine::ring::{Completion, Ring, State};
use ::core::mem::{offset_of, size_of, zeroed};
use ::core::ptr::null_mut;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    if request.sqe.opcode == IORING_OP_RECVMSG {
        require_length(&request.sqe)?;
        require(request.sqe.ioprio & !IORING_RECVSEND_POLL_FIRST == 0)?;
    } else {
        check_send(request)?;
    }
    require(request.sqe.off == 0 && request.sqe.file_index == 0)?;
    // Of a send that copies nothing the header is read with the SQE, before anybody asks for the socket.
    if request.sqe.opcode == IORING_OP_SENDMSG_ZC {
        return keep(request);
    }
    Ok(())
}

/// Makes a message of a send whose address names vectors.
pub fn make(request: &mut Request) -> Result<(), Errno> {
    // SAFETY: zero is a value of every field.
    let mut header: libc::msghdr = unsafe { zeroed() };
    if request.sqe.off != 0 {
        header.msg_name = request.sqe.off as usize as *mut _;
        header.msg_namelen = request.sqe.addr_len() as u32;
    }
    require(request.sqe.len <= libc::UIO_MAXIOV as u32)?;
    header.msg_iovlen = request.sqe.len as _;
    header.msg_iov = keep_vectors(request, request.sqe.addr, header.msg_iovlen)?;
    // No header of the program's; a send never looks for it.
    store(request, header, u64::MAX)
}

fn keep_vectors(request: &mut Request, from: u64, count: usize) -> Result<*mut libc::iovec, Errno> {
    match count {
        0 => Ok(null_mut()),
        _ => {
            let kept = request.keep_bytes(from, count * size_of::<libc::iovec>())?;
            for index in 0..count as u32 {
                require(read_vector(kept, index)?.iov_len <= isize::MAX as usize)?;
            }
            Ok(kept as usize as *mut libc::iovec)
        }
    }
}

fn store(request: &mut Request, header: libc::msghdr, theirs: u64) -> Result<(), Errno> {
    let room = request.keep_zeroes(size_of::<libc::msghdr>())?;
    // SAFETY: room for one header, which the kernel alone looks at while its calls last.
    unsafe { (room as usize as *mut libc::msghdr).write_unaligned(header) };
    request.sqe.addr = room;
    request.sqe.off = theirs;
    Ok(())
}

/// The vectors of a message that is kept.
pub fn vectors(request: &Request) -> impl Iterator<Item = libc::iovec> {
    let header = Kept::of(request).map(|kept| kept.header);
    let (first, count) = header.map_or((null_mut(), 0), |header| (header.msg_iov, header.msg_iovlen));
    // SAFETY: our copies of the vectors, as many as the header says.
    (0..count).map(move |index| unsafe { first.add(index).read_unaligned() })
}

/// True where a message's header cannot be read.
pub fn is_bad(request: &Request) -> bool {
    let message = matches!(request.sqe.opcode, IORING_OP_SENDMSG | IORING_OP_RECVMSG);
    message && request.sqe.off == 0 && program::read::<libc::msghdr>(request.sqe.addr).is_err()
}

/// Copies the message: from now on `addr` of the SQE is our header, and `off`, where nothing may stand, the program's.
pub fn keep(request: &mut Request) -> Result<(), Errno> {
    if request.sqe.off != 0 {
        return Ok(());
    }
    let theirs = request.sqe.addr;
    let mut header: libc::msghdr = program::read(theirs)?;
    if header.msg_name.is_null() {
        header.msg_namelen = 0;
    }
    require(header.msg_namelen as i32 >= 0)?;
    if request.sqe.opcode != IORING_OP_RECVMSG && header.msg_namelen != 0 {
        header.msg_namelen = header.msg_namelen.min(size_of::<libc::sockaddr_storage>() as u32);
        let name = request.keep_bytes(header.msg_name as u64, header.msg_namelen as usize)?;
        header.msg_name = name as usize as *mut _;
    }
    let count = header.msg_iovlen;
    if count > libc::UIO_MAXIOV as usize {
        return Err(Errno::from_raw(libc::EMSGSIZE));
    }
    header.msg_iov = keep_vectors(request, header.msg_iov as u64, count)?;
    store(request, header, theirs)
}

/// Our copy of a message.
struct Kept {
    header: libc::msghdr,
    ours: u64,
    theirs: u64,
}

impl Kept {
    fn of(request: &Request) -> Option<Kept> {
        let (ours, theirs) = (request.sqe.addr, request.sqe.off);
        // SAFETY: what stands there was written by `keep`, and lives as long as the request.
        (theirs != 0).then(|| Kept { header: unsafe { (ours as usize as *const libc::msghdr).read_unaligned() }, ours, theirs })
    }

    fn store(&self) {
        // SAFETY: as above.
        unsafe { (self.ours as usize as *mut libc::msghdr).write_unaligned(self.header) };
    }

    /// Asks for as much of the sender's address as the program wants by now.
    fn renew_room_for_name(&mut self) -> Result<(), Errno> {
        if !self.header.msg_name.is_null() {
            self.header.msg_namelen = program::read(self.theirs + offset_of!(libc::msghdr, msg_namelen) as u64)?;
            self.store();
        }
        Ok(())
    }

    /// Gives the program what receiving has put into the header.
    fn hand_back(&self) -> Result<(), Errno> {
        let header = &self.header;
        if !header.msg_name.is_null() {
            program::write(self.theirs + offset_of!(libc::msghdr, msg_namelen) as u64, &header.msg_namelen)?;
        }
        program::write(self.theirs + offset_of!(libc::msghdr, msg_flags) as u64, &header.msg_flags)?;
        program::write(self.theirs + offset_of!(libc::msghdr, msg_controllen) as u64, &header.msg_controllen)
    }

    /// Bytes of the message that are left.
    fn left(&self) -> u64 {
        let vectors = (0..self.header.msg_iovlen).map(|index| {
            // SAFETY: our copies of the vectors.
            unsafe { self.header.msg_iov.add(index).read_unaligned() }.iov_len as u64
        });
        vectors.fold(0, u64::saturating_add)
    }

    /// Takes off what has gone through.
    fn advance(&mut self, mut done: usize) {
        while done != 0 && self.header.msg_iovlen != 0 {
            let place = self.header.msg_iov;
            // SAFETY: the first of our copies of the vectors that are left.
            let mut vector = unsafe { place.read_unaligned() };
            let step = done.min(vector.iov_len);
            done -= step;
            vector.iov_base = vector.iov_base.wrapping_byte_add(step);
            vector.iov_len -= step;
            if vector.iov_len == 0 {
                self.header.msg_iov = place.wrapping_add(1);
                self.header.msg_iovlen -= 1;
            } else {
                // SAFETY: as above.
                unsafe { place.write_unaligned(vector) };
            }
        }
        self.store();
    }
}

pub fn send(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    if let Err(e) = check_zero_copy(request) {
        return Err(e).into();
    }
    if let Some(wait) = waits_first(request, OUT) {
        return wait.kept(request);
    }
    if request.sqe.opcode == IORING_OP_SEND_ZC {
        if let Err(e) = fixed::import_for_send(st, id) {
            return Err(e).into();
        }
    }
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    // An address of no length is none to the system call, and wrong to the kernel's own.
    let unnamed = |kept: &Kept| !kept.header.msg_name.is_null() && kept.header.msg_namelen == 0;
    let made = request.sqe.ioprio & IORING_SEND_VECTORIZED != 0 && Kept::of(request).as_ref().is_some_and(unnamed);
    if made && option(request.fd, libc::SO_PROTOCOL) == Ok(libc::IPPROTO_UDP) {
        return Err(Errno::INVAL).into();
    }
    transfer(request).kept(request)
}

pub fn receive(_: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    waits_first(request, IN).unwrap_or_else(|| transfer(request)).kept(request)
}

impl Outcome {
    /// A message that goes on waiting is ours from here on.
    fn kept(self, request: &mut Request) -> Outcome {
        match self {
            Outcome::Arm(_) => match keep(request) {
                Ok(()) => self,
                Err(e) => Err(e).into(),
            },
            _ => self,
        }
    }
}

fn transfer(request: &mut Request) -> Outcome {
    let receives = request.sqe.opcode == IORING_OP_RECVMSG;
    let (nr, events) = if receives { (libc::SYS_recvmsg, IN) } else { (libc::SYS_sendmsg, OUT) };
    let all = request.sqe.op_flags & WAITALL != 0;
    if all {
        // It may take several calls, each for what the last has left.
        if let Err(e) = keep(request) {
            return Err(e).into();
        }
    }
    let mut kept = Kept::of(request);
    if let Some(Err(e)) = kept.as_mut().filter(|_| receives).map(Kept::renew_room_for_name) {
        return Err(e).into();
    }
    let flags = if receives { request.sqe.op_flags | DONTWAIT } else { send_flags(&request.sqe) } as usize;
    // SAFETY: the kernel checks the header and what it names; a kept one is ours alone.
    let result = unsafe { call(nr, [request.fd as usize, request.sqe.addr as usize, flags, 0, 0, 0]) };
    let Some(wanted) = kept.as_ref().map(|kept| (kept.left(), kept.header.msg_controllen == 0)) else {
        return finish(request, result, events, receives, false);
    };
    let mut kept = Kept::of(request);
    if let (Some(kept), true, true) = (&kept, receives, result.is_ok()) {
        if let Err(e) = kept.hand_back() {
            return Err(e).into();
        }
    }
    let (wanted, without_control) = wanted;
    // Control data comes once: a message that has it is not put together from several.
    let short = all && without_control && result.is_ok_and(|moved| (moved as u64) < wanted);
    if let (Some(kept), Ok(moved @ 1..), true) = (kept.as_mut(), result, short) {
        if request.sqe.op_flags & DONTWAIT == 0 && goes_on(request.fd) {
            kept.advance(moved as usize);
            request.done += moved as u32;
            return Outcome::Arm(events);
        }
    }
    let cut = receives && all && kept.is_some_and(|kept| kept.header.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0);
    finish(request, result, events, receives, short || cut)
}

fn finish(request: &Request, result: Result<i32, Errno>, events: u32, receives: bool, failed: bool) -> Outcome {
    match result {
        Err(Errno::AGAIN) if request.sqe.op_flags & DONTWAIT == 0 => Outcome::Arm(events),
        Err(e) if request.done == 0 => Err(e).into(),
        // What came before an error is the answer.
        Err(_) => Outcome::Done(Completion { res: request.done as i32, flags: 0, failed: true }),
        Ok(res) => {
            let more = receives && res > 0 && has_more(request.fd);
            let flags = if more { IORING_CQE_F_SOCK_NONEMPTY } else { 0 };
            Outcome::Done(Completion { res: res + request.done as i32, flags, failed })
        }
    }
}
