// SPDX-License-Identifier: MIT
//! Operations: what each opcode accepts, and how it is done.
//!
//! The table below is the whole truth: what is in it works and is reported by the probe, everything else is refused as a kernel that
//! does not know the opcode refuses it.

mod cached;
mod cmd;
pub mod fixed;
mod fs;
pub mod futex;
mod message;
pub mod misc;
pub mod msg;
pub mod net;
pub mod poll;
pub mod quick;
pub mod rw;
mod splice;
pub mod timeout;
pub mod wait;
mod xattr;

use super::pool::Job;
use super::request::{ReqId, Request};
use super::ring::{Completion, Ring, State};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::mem::size_of;

/// What came of an attempt.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    Done(Completion),
    /// It has to wait until its descriptor has one of these events.
    Arm(u32),
    /// Only a worker can do it.
    Work,
    /// It goes past the page cache, with others of its submission.
    Direct,
    /// It waits for something else, or has ended already.
    Parked,
}

impl From<Result<i32, Errno>> for Outcome {
    fn from(result: Result<i32, Errno>) -> Outcome {
        Outcome::Done(result.into())
    }
}

/// An operation.
#[derive(Clone, Copy)]
struct Op {
    /// Checks the SQE and notes what has to be read while the submission lasts.
    prepare: fn(&mut Request) -> Result<(), Errno>,
    /// Tries without blocking.
    issue: fn(&Ring, &mut State, ReqId) -> Outcome,
    /// Does it in a worker, where it can be done there.
    work: Option<fn(&Job) -> Outcome>,
    /// It works on the file that the SQE names.
    file: bool,
    /// `ioprio` means something to it.
    ioprio: bool,
    /// It may wait for somebody else: without a bound on workers.
    waits: bool,
}

const UNKNOWN: Op = Op { prepare: |_| Err(Errno::INVAL), issue: to_worker, work: None, file: false, ioprio: false, waits: false };

/// For operations that always go to a worker.
fn to_worker(_: &Ring, _: &mut State, _: ReqId) -> Outcome {
    Outcome::Work
}

/// A path or file operation: checked, then done by a worker.
const fn worked(prepare: fn(&mut Request) -> Result<(), Errno>, work: fn(&Job) -> Outcome, file: bool) -> Op {
    Op { prepare, issue: to_worker, work: Some(work), file, ioprio: false, waits: false }
}

const fn socket(prepare: fn(&mut Request) -> Result<(), Errno>, issue: fn(&Ring, &mut State, ReqId) -> Outcome) -> Op {
    Op { prepare, issue, work: None, file: true, ioprio: true, waits: false }
}

const fn internal(prepare: fn(&mut Request) -> Result<(), Errno>, issue: fn(&Ring, &mut State, ReqId) -> Outcome) -> Op {
    Op { prepare, issue, work: None, file: false, ioprio: false, waits: false }
}

const fn op(opcode: u8) -> Op {
    match opcode {
        IORING_OP_NOP => internal(misc::prepare_nop, misc::nop),
        IORING_OP_READV_FIXED | IORING_OP_WRITEV_FIXED => Op { prepare: fixed::prepare_vectors, ..op(IORING_OP_READV) },
        IORING_OP_FILES_UPDATE => internal(fixed::prepare_update, fixed::update),
        IORING_OP_READV | IORING_OP_WRITEV | IORING_OP_READ | IORING_OP_WRITE | IORING_OP_READ_FIXED | IORING_OP_WRITE_FIXED => {
            Op { prepare: rw::prepare, issue: rw::issue, work: Some(rw::work), file: true, ioprio: true, waits: true }
        }
        IORING_OP_FSYNC => worked(fs::prepare_fsync, fs::fsync, true),
        IORING_OP_SYNC_FILE_RANGE => worked(fs::prepare_sync_file_range, fs::sync_file_range, true),
        IORING_OP_FALLOCATE => worked(fs::prepare_fallocate, fs::fallocate, true),
        IORING_OP_FTRUNCATE => worked(fs::prepare_ftruncate, fs::ftruncate, true),
        IORING_OP_FADVISE => worked(fs::prepare_fadvise, fs::fadvise, true),
        IORING_OP_MADVISE => worked(fs::prepare_madvise, fs::madvise, false),
        IORING_OP_OPENAT => worked(fs::prepare_openat, fs::openat, false),
        IORING_OP_OPENAT2 => worked(fs::prepare_openat2, fs::openat2, false),
        IORING_OP_CLOSE => internal(fs::prepare_close, fs::close),
        IORING_OP_STATX => worked(fs::prepare_statx, fs::statx, false),
        IORING_OP_RENAMEAT => Op { issue: cached::change, ..worked(fs::prepare_renameat, fs::renameat, false) },
        IORING_OP_LINKAT => Op { issue: cached::change, ..worked(fs::prepare_linkat, fs::linkat, false) },
        IORING_OP_UNLINKAT => Op { issue: cached::change, ..worked(fs::prepare_unlinkat, fs::unlinkat, false) },
        IORING_OP_MKDIRAT => Op { issue: cached::change, ..worked(fs::prepare_mkdirat, fs::mkdirat, false) },
        IORING_OP_SYMLINKAT => Op { issue: cached::change, ..worked(fs::prepare_symlinkat, fs::symlinkat, false) },
        IORING_OP_POLL_ADD => Op { file: true, ..internal(poll::prepare_add, poll::add) },
        IORING_OP_POLL_REMOVE => internal(poll::prepare_remove, poll::remove),
        IORING_OP_SENDMSG | IORING_OP_SENDMSG_ZC => socket(message::prepare, message::send),
        IORING_OP_RECVMSG => socket(message::prepare, message::receive),
        IORING_OP_SEND | IORING_OP_SEND_ZC => socket(net::prepare_send, net::send),
        IORING_OP_RECV => socket(net::prepare_recv, net::recv),
        IORING_OP_ACCEPT => Op { work: Some(net::accept_blocking), waits: true, ..socket(net::prepare_accept, net::accept) },
        IORING_OP_CONNECT => Op { ioprio: false, ..socket(net::prepare_connect, net::connect) },
        IORING_OP_SHUTDOWN => Op { ioprio: false, ..socket(net::prepare_shutdown, net::shutdown) },
        IORING_OP_SOCKET => internal(net::prepare_socket, net::socket),
        IORING_OP_BIND => Op { ioprio: false, ..socket(net::prepare_bind, net::bind) },
        IORING_OP_LISTEN => Op { ioprio: false, ..socket(net::prepare_listen, net::listen) },
        IORING_OP_TIMEOUT => internal(timeout::prepare, timeout::issue),
        IORING_OP_LINK_TIMEOUT => internal(timeout::prepare_link, timeout::issue_link),
        IORING_OP_TIMEOUT_REMOVE => internal(timeout::prepare_remove, timeout::remove),
        IORING_OP_ASYNC_CANCEL => internal(misc::prepare_cancel, misc::cancel),
        IORING_OP_EPOLL_CTL => internal(misc::prepare_epoll_ctl, misc::epoll_ctl),
        IORING_OP_SPLICE | IORING_OP_TEE => {
            Op { issue: splice::issue, waits: true, ..worked(splice::prepare, splice::work, true) }
        }
        IORING_OP_FSETXATTR => worked(xattr::prepare_fset, xattr::fset, true),
        IORING_OP_SETXATTR => worked(xattr::prepare_set, xattr::set, false),
        IORING_OP_FGETXATTR => worked(xattr::prepare_fget, xattr::fget, true),
        IORING_OP_GETXATTR => worked(xattr::prepare_get, xattr::get, false),
        IORING_OP_PIPE => internal(misc::prepare_pipe, misc::pipe),
        IORING_OP_EPOLL_WAIT => Op { file: true, ..internal(misc::prepare_epoll_wait, misc::epoll_wait) },
        IORING_OP_MSG_RING => internal(msg::prepare, msg::issue),
        IORING_OP_URING_CMD => Op { file: true, work: Some(cmd::work), ..internal(cmd::prepare, cmd::issue) },
        IORING_OP_FUTEX_WAKE => internal(futex::prepare, futex::wake),
        IORING_OP_FUTEX_WAIT => internal(futex::prepare, futex::wait),
        IORING_OP_FUTEX_WAITV => internal(futex::prepare_several, futex::wait_several),
        IORING_OP_WAITID => internal(wait::prepare, wait::issue),
        _ => UNKNOWN,
    }
}

const OPCODES: usize = IORING_OP_LAST as usize;

/// The table.
static OPS: [Op; OPCODES] = {
    let mut table = [UNKNOWN; OPCODES];
    let mut opcode = 0;
    while opcode < OPCODES {
        table[opcode] = op(opcode as u8);
        opcode += 1;
    }
    table
};

/// Opcodes in the table, for the probe.
const fn is_served(opcode: usize) -> bool {
    // A function pointer cannot be compared here: what is unknown is told by what it lacks.
    !matches!(
        opcode as u8,
        IORING_OP_PROVIDE_BUFFERS
            | IORING_OP_REMOVE_BUFFERS
            | IORING_OP_READ_MULTISHOT
            | IORING_OP_FIXED_FD_INSTALL
            | IORING_OP_RECV_ZC
            | IORING_OP_NOP128
            | IORING_OP_URING_CMD128
    ) && opcode < OPCODES
}

pub const SQE_FLAGS: u8 =
    IOSQE_FIXED_FILE | IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_ASYNC | IOSQE_CQE_SKIP_SUCCESS;

/// True for an SQE whose opcode and flags are known: only such a one counts for what comes after it.
pub fn is_known(sqe: &io_uring_sqe) -> bool {
    sqe.flags & !SQE_FLAGS == 0 && (sqe.opcode as usize) < OPCODES
}

fn find(opcode: u8) -> &'static Op {
    OPS.get(opcode as usize).unwrap_or(&UNKNOWN)
}

/// Checks an SQE: first what all requests have in common, then the operation's own. `previous` is the opcode before it in its link.
pub fn prepare(request: &mut Request, previous: Option<u8>, ring: &Ring, st: &State) -> Result<(), Errno> {
    let sqe = &request.sqe;
    let op = find(sqe.opcode);
    require(is_known(sqe))?;
    if sqe.flags & IOSQE_IO_DRAIN != 0 && !st.lets_drain() {
        return Err(Errno::OPNOTSUPP);
    }
    if let Some(restrictions) = st.restrictions() {
        restrictions.check_sqe(sqe)?;
    }
    if (sqe.ioprio != 0 && !op.ioprio) || sqe.personality != 0 {
        return Err(Errno::INVAL);
    }
    let opcode = sqe.opcode;
    require(!ring.polls_io() || may_be_polled(opcode))?;
    let waits = previous.is_some() || sqe.flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_IO_DRAIN) != 0;
    (op.prepare)(request)?;
    if waits {
        keep(request)?;
    }
    require(opcode != IORING_OP_LINK_TIMEOUT || previous.is_some_and(|previous| previous != IORING_OP_LINK_TIMEOUT))
}

/// What a ring that polls for the end of I/O takes.
fn may_be_polled(opcode: u8) -> bool {
    rw::transfers(opcode) || matches!(opcode, IORING_OP_NOP | IORING_OP_FILES_UPDATE | IORING_OP_MSG_RING | IORING_OP_URING_CMD)
}

/// Keeps what a request names that is not done at once, where its operation reads that as late as it can.
fn keep(request: &mut Request) -> Result<(), Errno> {
    match request.sqe.opcode {
        IORING_OP_SENDMSG | IORING_OP_SENDMSG_ZC | IORING_OP_RECVMSG => message::keep(request),
        _ => rw::keep_vectors(request),
    }
}

/// Begins a request.
pub fn issue(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    match st.requests.get(id) {
        Some(request) => (find(request.sqe.opcode).issue)(ring, st, id),
        None => Outcome::Parked,
    }
}

/// Its descriptor has become ready: `ready` are epoll's events.
pub fn retry(ring: &Ring, st: &mut State, id: ReqId, ready: u32) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    match request.sqe.opcode {
        IORING_OP_POLL_ADD => poll::ready(request, ready),
        IORING_OP_CONNECT => net::connected(request),
        opcode if rw::reads(&request.sqe) || matches!(opcode, IORING_OP_RECV | IORING_OP_RECVMSG) => {
            let outcome = issue(ring, st, id);
            net::unless_in_vain(st, id, outcome)
        }
        _ => issue(ring, st, id),
    }
}

/// Epoll cannot watch its descriptor.
pub fn unpollable(request: &Request) -> Outcome {
    match request.sqe.opcode {
        IORING_OP_POLL_ADD => poll::always_ready(request),
        // Told to wait before they look whether this is a socket.
        IORING_OP_RECV | IORING_OP_ACCEPT => Err(Errno::AGAIN).into(),
        opcode if can_work(opcode) => Outcome::Work,
        _ => Err(Errno::OPNOTSUPP).into(),
    }
}

/// A transfer past the page cache has ended with this number.
pub fn transferred(request: &Request, res: i32) -> Outcome {
    rw::transferred(request, res)
}

/// Does a request by calls that may wait.
fn work(job: &Job) -> Outcome {
    if let Some(sleep) = &job.sleep {
        return futex::work(job, sleep);
    }
    let Some(work) = find(job.sqe.opcode).work else { return Err(Errno::INVAL).into() };
    let moved = || job.file.is_some() && sys::file_identity(job.fd) != job.file;
    if moved() {
        return Err(Errno::BADF).into();
    }
    let outcome = work(job);
    // What a read has brought of another file is not passed off as this one's.
    if rw::reads(&job.sqe) && moved() {
        return Err(Errno::BADF).into();
    }
    outcome
}

/// Which file a worker has to find: that of a request which was tried at its submission. The others look for theirs when they begin, and
/// so do they in the kernel. To hold the file by a duplicate would not do: closing one gives up the process's POSIX locks on it.
pub fn file_for_worker(request: &Request) -> Option<(u64, u64)> {
    let tried = request.file.is_none() && !request.has(IOSQE_ASYNC) && rw::transfers(request.sqe.opcode);
    if tried {
        sys::file_identity(request.fd)
    } else {
        None
    }
}

/// Does a request in a worker, and notes what there is to know for the next of its kind.
pub fn work_apart(job: &Job) -> Outcome {
    let outcome = work(job);
    match job.sqe.opcode {
        IORING_OP_STATX => cached::learn(job.sqe.fd, job.sqe.addr),
        IORING_OP_RENAMEAT | IORING_OP_LINKAT | IORING_OP_UNLINKAT | IORING_OP_MKDIRAT | IORING_OP_SYMLINKAT => {
            cached::learn_from(&job.sqe)
        }
        _ => {}
    }
    outcome
}

/// Opcodes whose errors do not break a link: their code in the kernel does not say that they failed.
const fn fails_silently(opcode: u8) -> bool {
    matches!(
        opcode,
        IORING_OP_FSYNC
            | IORING_OP_SYNC_FILE_RANGE
            | IORING_OP_FALLOCATE
            | IORING_OP_FTRUNCATE
            | IORING_OP_MADVISE
            | IORING_OP_STATX
            | IORING_OP_RENAMEAT
            | IORING_OP_UNLINKAT
            | IORING_OP_MKDIRAT
            | IORING_OP_SYMLINKAT
            | IORING_OP_LINKAT
            | IORING_OP_FSETXATTR
            | IORING_OP_SETXATTR
            | IORING_OP_FGETXATTR
            | IORING_OP_GETXATTR
            | IORING_OP_SHUTDOWN
    )
}

/// Brings an error to what the kernel makes of it: it looks at the file before anything else, and not every error breaks a link.
pub fn judge(request: &Request, completion: Completion) -> Completion {
    if completion.res >= 0 {
        return completion;
    }
    let opcode = request.sqe.opcode;
    if find(opcode).file && sys::fd_flags(request.fd).map_or(true, |flags| flags & libc::O_PATH != 0) {
        // Only what is read with the SQE comes before it.
        return Err(if vectors_are_bad(request) { Errno::FAULT } else { Errno::BADF }).into();
    }
    let untried = request.sqe.ioprio != 0 && completion.res == Errno::AGAIN.to_c();
    if (untried || completion.res == Errno::NOTSOCK.to_c()) && message::is_bad(request) {
        return Err(Errno::FAULT).into();
    }
    // A fixed buffer is looked for before the file is asked how it was opened.
    let fixed = matches!(opcode, IORING_OP_READ_FIXED | IORING_OP_WRITE_FIXED | IORING_OP_READV_FIXED | IORING_OP_WRITEV_FIXED);
    if fixed && completion.res == Errno::FAULT.to_c() {
        return completion;
    }
    if let Some(e) = rw::earlier_error(request) {
        return Err(e).into();
    }
    let silent = fails_silently(opcode) && completion.res != Errno::NOTSOCK.to_c();
    Completion { failed: completion.failed && !silent, ..completion }
}

/// A worker has done a job: its outcome, and what belongs to it. The request may have been cancelled meanwhile, if its kind of work can be
/// abandoned.
pub fn worked_out(request: Option<&mut Request>, job: &Job, outcome: Outcome) -> Outcome {
    if job.sqe.opcode == IORING_OP_ACCEPT {
        return net::accepted(request, outcome);
    }
    outcome
}

/// True where vectors or a message header cannot be read: that comes before anything about the file.
pub fn vectors_are_bad(request: &Request) -> bool {
    rw::vectors_are_bad(request) || message::is_bad(request)
}

pub fn can_work(opcode: u8) -> bool {
    find(opcode).work.is_some()
}

pub fn takes_file(opcode: u8) -> bool {
    find(opcode).file
}

pub fn may_wait(opcode: u8) -> bool {
    find(opcode).waits
}

/// `IORING_REGISTER_PROBE`: fills the program's probe.
pub fn fill_probe(to: u64, room: u32) -> Result<(), Errno> {
    let listed = (room as usize).min(OPCODES);
    let mut head = io_uring_probe::default();
    // SAFETY: one structure; the address may be bad.
    unsafe { sys::copy_from_program((&raw mut head).cast(), to, size_of::<io_uring_probe>()) }?;
    let mut entries = [io_uring_probe_op::default(); OPCODES];
    let behind = to.wrapping_add(size_of::<io_uring_probe>() as u64);
    let entries_size = listed * size_of::<io_uring_probe_op>();
    // SAFETY: as many bytes as the structures have; the address may be bad.
    unsafe { sys::copy_from_program(entries.as_mut_ptr().cast(), behind, entries_size) }?;
    let empty = entries.iter().all(|entry| entry.op == 0 && entry.resv == 0 && entry.flags == 0 && entry.resv2 == 0);
    if !empty || head.last_op != 0 || head.ops_len != 0 || head.resv != 0 || head.resv2 != [0; 3] {
        return Err(Errno::INVAL);
    }
    head.last_op = OPCODES as u8 - 1;
    head.ops_len = listed as u8;
    for (opcode, entry) in entries.iter_mut().enumerate() {
        entry.op = opcode as u8;
        entry.flags = if is_served(opcode) { IO_URING_OP_SUPPORTED } else { 0 };
    }
    // SAFETY: as above.
    unsafe {
        sys::copy_to_program(to, (&raw const head).cast(), size_of::<io_uring_probe>())?;
        sys::copy_to_program(behind, entries.as_ptr().cast(), entries_size)
    }
}

/// A system call on behalf of a request: its value as a completion's.
///
/// # Safety
///
/// Pointers among the arguments come from the SQE; the kernel checks them.
unsafe fn call(nr: libc::c_long, args: [usize; 6]) -> Result<i32, Errno> {
    // SAFETY: the caller's promise.
    unsafe { sys::call(nr, args) }.map(|value| value as i32)
}

/// -EINVAL unless a condition holds.
fn require(fits: bool) -> Result<(), Errno> {
    if fits {
        Ok(())
    } else {
        Err(Errno::INVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_reports_what_the_table_has() {
        for opcode in 0..OPCODES {
            let mut request = Request::new(io_uring_sqe { opcode: opcode as u8, ..Default::default() });
            let op = find(opcode as u8);
            let unknown = ::core::ptr::fn_addr_eq(op.prepare, UNKNOWN.prepare);
            assert_eq!(is_served(opcode), !unknown, "opcode {opcode}");
            if unknown {
                assert_eq!((op.prepare)(&mut request), Err(Errno::INVAL));
            }
        }
    }
}
