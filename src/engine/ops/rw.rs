// SPDX-License-Identifier: MIT
//! Reading and writing.

use super::{call, require, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::hints::Hint;
use crate::engine::pool::Job;
use crate::engine::request::{ReqId, Request};
use crate::engine::ring::{Completion, Ring, State};
use ::core::ffi::c_int;
use ::core::mem::size_of;

const NOWAIT: u32 = libc::RWF_NOWAIT as u32;
/// Flags that every kind of file takes; the others need a file system that offers what they ask for.
const EVERYWHERE: u32 = 0x3f;
const DONTCACHE: u32 = 0x80;
/// Flags that contradict each other.
const APPEND_AND_NOT: u32 = (libc::RWF_APPEND | libc::RWF_NOAPPEND) as u32;
/// Flags that the kernel knows at all.
const SUPPORTED: u32 = 0x1ff;
/// The type of files that have none: eventfds and others that are made without a name.
const ANONYMOUS: u32 = 0;
/// The offset that means "where the file stands".
const CURRENT: u64 = u64::MAX;

pub fn prepare(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    // An I/O priority has one of four classes, and the first has no levels; a mask of attributes is younger than what is served here.
    require(sqe.ioprio >> 13 != 0 || sqe.ioprio & 7 == 0)?;
    require(sqe.ioprio >> 13 <= 3 && sqe.pad2 == 0)?;
    require(!matches!(sqe.opcode, IORING_OP_READV | IORING_OP_WRITEV) || sqe.len <= libc::UIO_MAXIOV as u32)
}

/// Keeps the vectors of a request that is not done at once: the program may use theirs anew as soon as the submission returns.
pub fn keep_vectors(request: &mut Request) -> Result<(), Errno> {
    let sqe = request.sqe;
    if !matches!(sqe.opcode, IORING_OP_READV | IORING_OP_WRITEV) || request.count != 0 {
        return Ok(());
    }
    require(sqe.len <= libc::UIO_MAXIOV as u32)?;
    request.sqe.addr = request.keep_bytes(sqe.addr, sqe.len as usize * size_of::<libc::iovec>())?;
    request.count = 1;
    Ok(())
}

/// True for the opcodes that end here.
pub fn transfers(opcode: u8) -> bool {
    matches!(
        opcode,
        IORING_OP_READ
            | IORING_OP_READV
            | IORING_OP_READ_FIXED
            | IORING_OP_READV_FIXED
            | IORING_OP_WRITE
            | IORING_OP_WRITEV
            | IORING_OP_WRITE_FIXED
            | IORING_OP_WRITEV_FIXED
    )
}

/// True for those of them that read.
pub fn reads(sqe: &io_uring_sqe) -> bool {
    matches!(sqe.opcode, IORING_OP_READ | IORING_OP_READV | IORING_OP_READ_FIXED | IORING_OP_READV_FIXED)
}

/// An error of a failed transfer that the kernel finds before the one that its system call found.
pub fn earlier_error(request: &Request) -> Option<Errno> {
    if vectors_are_bad(request) {
        return Some(Errno::FAULT);
    }
    let transfers = transfers(request.sqe.opcode);
    let wrong_mode = transfers && opened_for_the_other(&Transfer::new(&request.sqe, request.fd)).unwrap_or(false);
    if wrong_mode {
        return Some(Errno::BADF);
    }
    (transfers && request.sqe.op_flags & !SUPPORTED != 0).then_some(Errno::OPNOTSUPP)
}

/// True for a read of a file opened to be written only, or the other way round.
fn opened_for_the_other(transfer: &Transfer) -> Result<bool, Errno> {
    let mode = sys::fd_flags(transfer.fd)? & libc::O_ACCMODE;
    Ok(mode == if transfer.reads() { libc::O_WRONLY } else { libc::O_RDONLY })
}

/// True where a request's vectors cannot be read.
pub fn vectors_are_bad(request: &Request) -> bool {
    let sqe = &request.sqe;
    matches!(sqe.opcode, IORING_OP_READV | IORING_OP_WRITEV) && Transfer::new(sqe, request.fd).wanted().is_none()
}

/// What a socket answers to a place that it does not have.
fn no_places(offset: u64) -> Errno {
    if (offset as i64) < 0 {
        Errno::INVAL
    } else {
        Errno::SPIPE
    }
}

/// A read or write as its system call sees it.
struct Transfer<'a> {
    sqe: &'a io_uring_sqe,
    fd: c_int,
    /// One buffer as a vector, used unless the SQE brings vectors.
    single: libc::iovec,
}

impl Transfer<'_> {
    fn new(sqe: &io_uring_sqe, fd: c_int) -> Transfer<'_> {
        let single = libc::iovec { iov_base: sqe.addr as usize as *mut _, iov_len: sqe.len as usize };
        Transfer { sqe, fd, single }
    }

    fn reads(&self) -> bool {
        reads(self.sqe)
    }

    fn is_vectored(&self) -> bool {
        let opcode = self.sqe.opcode;
        matches!(opcode, IORING_OP_READV | IORING_OP_WRITEV | IORING_OP_READV_FIXED | IORING_OP_WRITEV_FIXED)
    }

    /// Address and number of the vectors.
    fn vectors(&self) -> (usize, usize) {
        if self.is_vectored() {
            (self.sqe.addr as usize, self.sqe.len as usize)
        } else {
            (&raw const self.single as usize, 1)
        }
    }

    /// `preadv2(2)` or `pwritev2(2)` with the SQE's flags and these. Streams have no offset, whatever the SQE says.
    fn run(&self, extra_flags: u32, stream: bool) -> Result<i32, Errno> {
        let nr = if self.reads() { libc::SYS_preadv2 } else { libc::SYS_pwritev2 };
        let (vectors, count) = self.vectors();
        let offset = if stream { CURRENT } else { self.sqe.off };
        let (low, high) = offset_halves(offset);
        let flags = (self.sqe.op_flags | extra_flags) as usize;
        // SAFETY: the kernel checks the vectors and what they name.
        unsafe { call(nr, [self.fd as usize, vectors, count, low, high, flags]) }
    }

    /// The same on a socket: never waits, never raises SIGPIPE. Sockets have no places, and refuse all but the first.
    fn run_on_socket(&self) -> Result<i32, Errno> {
        if self.sqe.off != CURRENT && self.sqe.off != 0 {
            return Err(no_places(self.sqe.off));
        }
        // A read of nothing does not even ask whether the socket is connected.
        if self.reads() && self.sqe.len == 0 {
            return sys::fd_flags(self.fd).map(|_| 0);
        }
        let (vectors, count) = self.vectors();
        // SAFETY: zero is a value of every field.
        let mut message: libc::msghdr = unsafe { ::core::mem::zeroed() };
        message.msg_iov = vectors as *mut libc::iovec;
        message.msg_iovlen = count as _;
        let nr = if self.reads() { libc::SYS_recvmsg } else { libc::SYS_sendmsg };
        let flags = (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as usize;
        // SAFETY: the kernel reads our header and checks the vectors.
        unsafe { call(nr, [self.fd as usize, &raw const message as usize, flags, 0, 0, 0]) }
    }

    /// Bytes asked for; none where the vectors cannot be read.
    fn wanted(&self) -> Option<u64> {
        if !self.is_vectored() {
            return Some(self.sqe.len as u64);
        }
        let mut total = 0u64;
        for index in 0..self.sqe.len as u64 {
            let mut vector = libc::iovec { iov_base: ::core::ptr::null_mut(), iov_len: 0 };
            let from = self.sqe.addr.wrapping_add(index * size_of::<libc::iovec>() as u64);
            // SAFETY: one vector; the address may be bad.
            unsafe { sys::copy_from_program((&raw mut vector).cast(), from, size_of::<libc::iovec>()) }.ok()?;
            total = total.saturating_add(vector.iov_len as u64);
        }
        Some(total)
    }

    /// The completion: a transfer shorter than asked for breaks its link.
    fn done(&self, result: Result<i32, Errno>) -> Outcome {
        let linked = self.sqe.flags & (IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS) != 0;
        Outcome::Done(match result {
            Ok(res) => Completion { res, flags: 0, failed: linked && self.wanted() != Some(res as u64) },
            Err(e) => Err(e).into(),
        })
    }

    fn events(&self) -> u32 {
        if self.reads() {
            (libc::EPOLLIN | libc::EPOLLRDNORM) as u32
        } else {
            (libc::EPOLLOUT | libc::EPOLLWRNORM) as u32
        }
    }

    /// Past the page cache at a place that the SQE names: there, even a call told not to wait waits for the disk.
    fn is_direct(&self) -> bool {
        self.sqe.off as i64 >= 0 && self.bypasses_cache()
    }

    fn bypasses_cache(&self) -> bool {
        sys::fd_flags(self.fd).is_ok_and(|flags| flags & libc::O_DIRECT != 0)
    }

    fn caller_refuses_to_wait(&self) -> bool {
        self.sqe.op_flags & NOWAIT != 0
    }
}

pub fn issue(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (sqe, fd) = (request.sqe, request.fd);
    if ring.polls_io() {
        return polled(request);
    }
    if sqe.op_flags & libc::RWF_HIPRI as u32 != 0 {
        // Polled I/O belongs to rings made for it.
        return Err(Errno::INVAL).into();
    }
    let transfer = Transfer::new(&sqe, fd);
    let outcome = attempt(st, &transfer, None);
    if let (Outcome::Work, Some(request)) = (outcome, st.requests.get(id)) {
        // Whoever goes to a worker without wanting to wait finds a pipe ready, which does not know the flag.
        request.sqe.op_flags &= !NOWAIT;
    }
    if !matches!(outcome, Outcome::Done(_)) {
        let kept = st.requests.get(id).map_or(Ok(()), keep_vectors);
        if let Err(e) = kept {
            return Err(e).into();
        }
    }
    outcome
}

/// Transfers of which each begins where the one before ends.
pub struct Neighbours {
    vectors: [libc::iovec; 64],
    count: usize,
    bytes: u64,
}

impl Neighbours {
    pub fn new(first: &io_uring_sqe) -> Neighbours {
        let none = libc::iovec { iov_base: ::core::ptr::null_mut(), iov_len: 0 };
        let mut all = Neighbours { vectors: [none; 64], count: 0, bytes: 0 };
        all.add(first);
        all
    }

    /// Adds one; there must be room for it.
    pub fn add(&mut self, sqe: &io_uring_sqe) {
        self.vectors[self.count] = libc::iovec { iov_base: sqe.addr as usize as *mut _, iov_len: sqe.len as usize };
        self.count += 1;
        self.bytes += sqe.len as u64;
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn lengths(&self) -> impl Iterator<Item = u64> + '_ {
        self.vectors[..self.count].iter().map(|vector| vector.iov_len as u64)
    }
}

/// Transfers neighbours, where their file is known to be one in the page cache: none where that is not known. Returns the bytes that were
/// moved from the first on; what went wrong is not told.
pub fn together(st: &mut State, first: &io_uring_sqe, all: &Neighbours) -> Option<u64> {
    let transfer = Transfer::new(first, first.fd);
    let extra_flags = match st.hints.get(first.fd) {
        Some(Hint::Cached) => NOWAIT,
        Some(Hint::CachedWaitingWrites) => NOWAIT * transfer.reads() as u32,
        _ => return None,
    };
    // Where every write goes to the end, none can be done again.
    let appends = || sys::fd_flags(first.fd).map_or(true, |flags| flags & libc::O_APPEND != 0);
    if !transfer.reads() && appends() {
        return Some(0);
    }
    let vectored = io_uring_sqe {
        opcode: if transfer.reads() { IORING_OP_READV } else { IORING_OP_WRITEV },
        addr: all.vectors.as_ptr() as usize as u64,
        len: all.count as u32,
        ..*first
    };
    Some(Transfer::new(&vectored, first.fd).run(extra_flags, false).map_or(0, |moved| moved as u64))
}

/// On a ring that polls: direct I/O on files and block devices, and nothing else.
fn polled(request: &mut Request) -> Outcome {
    request.sqe.op_flags &= !(libc::RWF_HIPRI as u32);
    let transfer = Transfer::new(&request.sqe, request.fd);
    let flags = request.sqe.op_flags;
    let kept = match sys::file_kind(request.fd) {
        Ok(_) if flags & !SUPPORTED == 0 && flags & APPEND_AND_NOT == APPEND_AND_NOT => Err(Errno::INVAL),
        Ok((libc::S_IFREG | libc::S_IFBLK, _)) if transfer.is_direct() => Ok(Outcome::Direct),
        Ok((libc::S_IFREG | libc::S_IFBLK, _)) if transfer.bypasses_cache() => Ok(Outcome::Work),
        Ok(_) => Err(Errno::OPNOTSUPP),
        Err(e) => Err(e),
    };
    match kept.and_then(|outcome| keep_vectors(request).map(|()| outcome)) {
        Ok(outcome) => outcome,
        Err(e) => Err(e).into(),
    }
}

/// The first try of a transfer with one buffer and without flags.
pub fn attempt_at(st: &mut State, sqe: &io_uring_sqe, fd: c_int, first_try: Option<Result<i32, Errno>>) -> Outcome {
    attempt(st, &Transfer::new(sqe, fd), first_try)
}

/// Reads what the page cache has, from a file that is known to be read through it: none where that is not known. Nothing but all that was asked
/// for is the last word.
pub fn read_cached(st: &mut State, fd: c_int, address: u64, len: u32, offset: u64) -> Option<Result<i32, Errno>> {
    if !matches!(st.hints.get(fd), Some(Hint::Cached | Hint::CachedWaitingWrites)) {
        return None;
    }
    let vector = libc::iovec { iov_base: address as usize as *mut _, iov_len: len as usize };
    let (low, high) = offset_halves(offset);
    let args = [fd as usize, &raw const vector as usize, 1, low, high, NOWAIT as usize];
    // SAFETY: the kernel checks the memory that the vector names.
    Some(unsafe { call(libc::SYS_preadv2, args) })
}

/// `preadv2(2)` takes the offset in two halves; on 64-bit machines the first holds all of it.
fn offset_halves(offset: u64) -> (usize, usize) {
    if cfg!(target_pointer_width = "64") {
        (offset as usize, 0)
    } else {
        (offset as u32 as usize, (offset >> 32) as usize)
    }
}

fn attempt(st: &mut State, transfer: &Transfer, first_try: Option<Result<i32, Errno>>) -> Outcome {
    let (sqe, fd) = (transfer.sqe, transfer.fd);
    let hinted = match first_try {
        Some(result) => cached(transfer, result),
        None => st.hints.get(fd).and_then(|hint| as_hinted(transfer, hint)),
    };
    if let Some(outcome) = hinted {
        return outcome;
    }
    st.hints.forget(fd);
    match sys::file_kind(fd) {
        Err(e) => Err(e).into(),
        Ok((libc::S_IFREG | libc::S_IFBLK, _)) if transfer.is_direct() => {
            st.hints.set(fd, Hint::Direct);
            Outcome::Direct
        }
        Ok((libc::S_IFREG, size)) => {
            let (outcome, hint) = regular(transfer, size);
            st.hints.set(fd, hint);
            outcome
        }
        Ok((libc::S_IFSOCK, _)) if sqe.op_flags == 0 => {
            st.hints.set(fd, Hint::Socket);
            on_socket(transfer, transfer.run_on_socket())
        }
        Ok((kind, _)) if kind != libc::S_IFREG && sqe.op_flags & !EVERYWHERE != 0 => refuse_flags(transfer).into(),
        // Where flags keep a socket from the way above, it refuses places all the same.
        Ok((libc::S_IFSOCK, _)) if !matches!(sqe.off, 0 | CURRENT) => {
            let contradict = sqe.op_flags & APPEND_AND_NOT == APPEND_AND_NOT;
            Err(if contradict { Errno::INVAL } else { no_places(sqe.off) }).into()
        }
        // As on any file without a call for vectors: nothing to read, nothing asked.
        Ok((libc::S_IFDIR, _)) if transfer.reads() && sqe.op_flags == 0 && sqe.len == 0 && sqe.off as i64 >= CURRENT as i64 => {
            Ok(0).into()
        }
        Ok((libc::S_IFDIR, _)) if transfer.reads() && sqe.op_flags & APPEND_AND_NOT == APPEND_AND_NOT => Err(Errno::INVAL).into(),
        Ok((libc::S_IFDIR, _)) if transfer.reads() && sqe.op_flags & NOWAIT != 0 => Err(Errno::OPNOTSUPP).into(),
        Ok((libc::S_IFDIR, _)) if transfer.reads() && sqe.off != CURRENT && (sqe.off as i64) < 0 => Err(Errno::INVAL).into(),
        Ok((libc::S_IFDIR, _)) if transfer.reads() => Err(Errno::ISDIR).into(),
        Ok((libc::S_IFBLK | libc::S_IFDIR, _)) => blocking_kind(transfer),
        Ok((kind, _)) => {
            if matches!(kind, libc::S_IFIFO | ANONYMOUS) {
                st.hints.set(fd, Hint::Stream);
            }
            stream(transfer)
        }
    }
}

/// Flags that a file of this kind does not take: the error, in the kernel's order.
fn refuse_flags(transfer: &Transfer) -> Result<i32, Errno> {
    if opened_for_the_other(transfer)? {
        return Err(Errno::BADF);
    }
    if transfer.sqe.op_flags & !SUPPORTED == 0 && transfer.sqe.op_flags & APPEND_AND_NOT == APPEND_AND_NOT {
        return Err(Errno::INVAL);
    }
    Err(Errno::OPNOTSUPP)
}

/// Follows a hint; none where the answer shows that it is wrong, or may be.
fn as_hinted(transfer: &Transfer, hint: Hint) -> Option<Outcome> {
    match hint {
        Hint::Socket if transfer.sqe.op_flags == 0 => match transfer.run_on_socket() {
            Err(Errno::NOTSOCK) => None,
            result => Some(on_socket(transfer, result)),
        },
        // Without a place in the file, a stream that came to this number would be written to, and could raise a signal.
        _ if transfer.sqe.off as i64 <= -1 && hint != Hint::Stream => None,
        // Native AIO on a stream that came to this number would wait in the submission.
        Hint::Direct => sys::has_places(transfer.fd).then_some(Outcome::Direct),
        Hint::CachedWaitingWrites if !transfer.reads() => match transfer.run(0, false) {
            Err(Errno::SPIPE) => None,
            result => Some(transfer.done(result)),
        },
        Hint::Cached | Hint::CachedWaitingWrites => cached(transfer, transfer.run(NOWAIT, false)),
        Hint::Stream if transfer.reads() && transfer.sqe.op_flags == 0 => hinted_stream(transfer),
        Hint::Socket | Hint::Stream => None,
    }
}

/// A read of what was a stream. Whatever it is now: without a place it is read from where it stands, and a place that it takes makes it one that
/// is none.
fn hinted_stream(transfer: &Transfer) -> Option<Outcome> {
    if transfer.sqe.off != CURRENT {
        match transfer.run(NOWAIT, false) {
            Err(Errno::SPIPE) => {}
            result => return cached(transfer, result),
        }
    }
    match transfer.run(NOWAIT, true) {
        Ok(res) => Some(transfer.done(Ok(res))),
        Err(Errno::AGAIN) => Some(Outcome::Arm(transfer.events())),
        Err(_) => None,
    }
}

/// What came of a try to which the page cache was to be enough; none where it was not, or the hint is wrong.
fn cached(transfer: &Transfer, result: Result<i32, Errno>) -> Option<Outcome> {
    match result {
        Err(Errno::SPIPE | Errno::OPNOTSUPP | Errno::AGAIN) => None,
        Ok(short) if transfer.wanted() != Some(short as u64) => {
            let size = sys::file_kind(transfer.fd).map_or(0, |(_, size)| size);
            let cut_short = transfer.reads() && is_cut_short(transfer, short, size);
            Some(if cut_short { Outcome::Work } else { transfer.done(Ok(short)) })
        }
        result => Some(transfer.done(result)),
    }
}

fn on_socket(transfer: &Transfer, result: Result<i32, Errno>) -> Outcome {
    if result == Err(Errno::AGAIN) {
        return Outcome::Arm(transfer.events());
    }
    transfer.done(result)
}

/// A file on a file system: from the page cache now, else in a worker.
fn regular(transfer: &Transfer, size: u64) -> (Outcome, Hint) {
    let outcome = match transfer.run(NOWAIT, false) {
        Err(Errno::AGAIN) if !transfer.caller_refuses_to_wait() => Outcome::Work,
        // No such mode here, or a flag of the SQE is refused: without it, the call itself tells.
        Err(Errno::OPNOTSUPP) if !transfer.caller_refuses_to_wait() => {
            let result = transfer.run(0, false);
            let hint = if result.is_ok() && !transfer.reads() { Hint::CachedWaitingWrites } else { Hint::Cached };
            return (transfer.done(result), hint);
        }
        // A write that must not wait, where every write may.
        Err(Errno::OPNOTSUPP) if !transfer.reads() && transfer.sqe.op_flags & !(EVERYWHERE | DONTCACHE) == 0 => {
            Err(Errno::AGAIN).into()
        }
        // The cached part of a read that goes on: the rest is on the disk.
        Ok(short) if transfer.reads() && is_cut_short(transfer, short, size) => Outcome::Work,
        result => transfer.done(result),
    };
    (outcome, Hint::Cached)
}

/// True for a read that ended neither because it was served nor because the file ended.
fn is_cut_short(transfer: &Transfer, short: i32, size: u64) -> bool {
    if transfer.caller_refuses_to_wait() || transfer.sqe.off == CURRENT {
        return false;
    }
    let end = transfer.sqe.off.saturating_add(short as u64);
    end < size && transfer.wanted().is_some_and(|wanted| (short as u64) < wanted)
}

/// Block devices wait for their medium; directories refuse.
fn blocking_kind(transfer: &Transfer) -> Outcome {
    match transfer.run(NOWAIT, false) {
        Err(Errno::AGAIN | Errno::OPNOTSUPP) if !transfer.caller_refuses_to_wait() => Outcome::Work,
        result => transfer.done(result),
    }
}

/// Pipes, terminals, eventfds and the like.
fn stream(transfer: &Transfer) -> Outcome {
    // Some character devices have positions, others refuse them.
    let mut result = transfer.run(NOWAIT, false);
    if result == Err(Errno::SPIPE) {
        result = transfer.run(NOWAIT, true);
    }
    match result {
        Err(Errno::AGAIN) if !transfer.caller_refuses_to_wait() => Outcome::Arm(transfer.events()),
        Err(Errno::OPNOTSUPP) if !transfer.caller_refuses_to_wait() => without_nowait(transfer),
        Err(Errno::OPNOTSUPP) => refusing_to_wait(transfer),
        result => transfer.done(result),
    }
}

/// A pipe cannot be told not to wait once `splice(2)` has worked on it, as ours has; a splice of the kernel's own rings leaves it as it is.
#[cold]
#[inline(never)]
fn refusing_to_wait(transfer: &Transfer) -> Outcome {
    match (sys::file_kind(transfer.fd), sys::poll_now(transfer.fd, transfer.events() as u16)) {
        (Ok((libc::S_IFIFO, _)), Ok(0)) => Err(Errno::AGAIN).into(),
        // Somebody else may be faster, and then the call waits: not in here.
        (Ok((libc::S_IFIFO, _)), Ok(_)) => Outcome::Work,
        _ => Err(Errno::OPNOTSUPP).into(),
    }
}

/// A stream whose driver cannot be told not to wait: when it is ready, and where its own flags say that it does not wait, now; else in a
/// worker, since another reader may be faster.
fn without_nowait(transfer: &Transfer) -> Outcome {
    match sys::poll_now(transfer.fd, transfer.events() as u16) {
        Err(e) => Err(e).into(),
        Ok(0) => Outcome::Arm(transfer.events()),
        Ok(_) => match sys::fd_flags(transfer.fd) {
            Ok(flags) if flags & libc::O_NONBLOCK != 0 => match either_way(transfer) {
                Err(Errno::AGAIN) => Outcome::Arm(transfer.events()),
                result => transfer.done(result),
            },
            _ => Outcome::Work,
        },
    }
}

fn either_way(transfer: &Transfer) -> Result<i32, Errno> {
    match transfer.run(0, false) {
        Err(Errno::SPIPE) => transfer.run(0, true),
        result => result,
    }
}

/// A transfer past the page cache has ended.
pub fn transferred(request: &Request, res: i32) -> Outcome {
    Transfer::new(&request.sqe, request.fd).done(if res < 0 { Err(Errno::from_raw(-res)) } else { Ok(res) })
}

/// In a worker: the plain call, repeated until a file has given or taken everything.
pub fn work(job: &Job) -> Outcome {
    let transfer = Transfer::new(&job.sqe, job.fd);
    let mut result = either_way(&transfer);
    while result == Err(Errno::AGAIN) && !transfer.caller_refuses_to_wait() {
        // The file is in non-blocking mode and has nothing: its own readiness is what is waited for.
        match sys::poll_now(job.fd, transfer.events() as u16) {
            Ok(0) => return Outcome::Arm(transfer.events()),
            Ok(_) => result = either_way(&transfer),
            Err(e) => result = Err(e),
        }
    }
    transfer.done(result)
}
