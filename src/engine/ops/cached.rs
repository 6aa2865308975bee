// SPDX-License-Identifier: MIT
//! Path operations that are done at once. An open is, where the kernel has all of the path in its caches: `RESOLVE_CACHED` (Linux 5.12) says
//! so. The others are, where the path ends in a file system of this machine's own: one behind a network, or served by a process (which may
//! be this one, this thread), is never asked from here. Anything else goes to a worker.
//!
//! Which file system that is, the mount tells. Mounts have numbers that are never used twice (Linux 6.8); a worker looks once at the file
//! system behind each. On older kernels these operations stay with the workers.

use super::{call, work, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use crate::engine::pool::Job;
use crate::engine::request::ReqId;
use crate::engine::ring::{Ring, State};
use ::core::ffi::CStr;
use ::core::mem::{size_of, MaybeUninit};
use ::core::sync::atomic::{AtomicU64, Ordering};

/// `struct open_how`.
#[repr(C)]
struct How {
    flags: u64,
    mode: u64,
    resolve: u64,
}

const RESOLVE_CACHED: u64 = 0x20;

/// `O_LARGEFILE` as the kernel has it, which 64-bit programs need not give; 0 where we do not know.
const LARGE_FILE: u32 = if cfg!(target_arch = "x86_64") {
    0o100000
} else if cfg!(target_arch = "aarch64") {
    0o400000
} else {
    0
};

/// Flags of an open that makes nothing and waits for nobody.
const OPEN_FLAGS: u32 = (libc::O_ACCMODE
    | libc::O_CLOEXEC
    | libc::O_NOFOLLOW
    | libc::O_DIRECTORY
    | libc::O_NOCTTY
    | libc::O_APPEND
    | libc::O_NONBLOCK
    | libc::O_DIRECT
    | libc::O_NOATIME) as u32;

/// Flags that can be changed later: those that are not named to the call that changes them are cleared.
const CHANGEABLE: u32 = (libc::O_APPEND | libc::O_NONBLOCK | libc::O_DIRECT | libc::O_NOATIME) as u32;

/// Opens a file. The open itself is made not to wait, as the kernel's rings do; the descriptor gets the mode that was asked for.
pub fn open(sqe: &io_uring_sqe) -> Option<Outcome> {
    let flags = sqe.op_flags;
    if LARGE_FILE == 0 || flags & !(OPEN_FLAGS | LARGE_FILE) != 0 {
        return None;
    }
    let nonblock = libc::O_NONBLOCK as u32;
    let how = How { flags: (flags | LARGE_FILE | nonblock) as u64, mode: 0, resolve: RESOLVE_CACHED };
    let fd = match resolve(sqe.fd, sqe.addr, &how) {
        Ok(fd) => fd,
        // Not in the caches; or not known to this kernel, or forbidden.
        Err(Errno::AGAIN | Errno::INVAL | Errno::NOSYS | Errno::PERM) => return None,
        Err(e) => return Some(Err(e).into()),
    };
    if flags & nonblock == 0 {
        sys::set_fd_flags(fd, (flags & CHANGEABLE) as i32);
    }
    Some(Ok(fd).into())
}

fn resolve(dir: i32, path: u64, how: &How) -> Result<i32, Errno> {
    let args = [dir as isize as usize, path as usize, how as *const How as usize, size_of::<How>(), 0, 0];
    // SAFETY: the kernel reads our structure and checks the path.
    unsafe { call(libc::SYS_openat2, args) }
}

/// Opens a place on the path without opening the file: for asking about it.
fn place(dir: i32, path: u64, extra_flags: i32) -> Result<Place, Errno> {
    let flags = libc::O_PATH | libc::O_CLOEXEC | extra_flags;
    resolve(dir, path, &How { flags: flags as u64, mode: 0, resolve: RESOLVE_CACHED }).map(Place)
}

struct Place(i32);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = sys::close(self.0);
    }
}

/// `AT_STATX_DONT_SYNC`: a file system behind a network answers from what it knows.
const DONT_SYNC: i32 = 0x4000;
/// `STATX_MNT_ID_UNIQUE`.
const MOUNT_NUMBER: u32 = 0x4000;

fn statx_at(dir: i32, flags: i32, mask: u32, to: u64) -> Result<i32, Errno> {
    let flags = flags | libc::AT_EMPTY_PATH;
    let args = [dir as isize as usize, c"".as_ptr() as usize, flags as usize, mask as usize, to as usize, 0];
    // SAFETY: the kernel checks where it writes to.
    unsafe { call(libc::SYS_statx, args) }
}

/// The number of the mount that a descriptor is on.
fn mount_of(dir: i32) -> Option<u64> {
    let mut stat = MaybeUninit::<libc::statx>::zeroed();
    statx_at(dir, DONT_SYNC, MOUNT_NUMBER, stat.as_mut_ptr() as usize as u64).ok()?;
    // SAFETY: zeroed, and written by the kernel.
    let stat = unsafe { stat.assume_init() };
    (stat.stx_mask & MOUNT_NUMBER != 0).then_some(stat.stx_mnt_id)
}

/// Mounts that were looked at: twice their number, and one more for a file system of this machine's own.
static MOUNTS: [AtomicU64; 32] = [const { AtomicU64::new(0) }; 32];

fn entry(mount: u64) -> &'static AtomicU64 {
    &MOUNTS[mount as usize % MOUNTS.len()]
}

fn is_on_local_mount(dir: i32) -> bool {
    mount_of(dir).is_some_and(|mount| entry(mount).load(Ordering::Relaxed) == mount << 1 | 1)
}

/// File systems that are served by this kernel from memory or a disk.
const LOCAL: [i64; 12] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683e, // Btrfs
    0x0102_1994, // tmpfs
    0x794c_7630, // overlayfs
    0xf2f5_2010, // F2FS
    0x8584_58f6, // ramfs
    0x2fc1_2fc1, // ZFS
    0xca45_1a4e, // bcachefs
    0x7371_7368, // squashfs
    0xe0f5_e1e2, // EROFS
    0x4d44,      // FAT
];

/// In a worker: looks at the file system that a path leads to, for the next time.
pub fn learn(dir: i32, path: u64) {
    let flags = (libc::O_PATH | libc::O_CLOEXEC) as u64;
    let Ok(place) = resolve(dir, path, &How { flags, mode: 0, resolve: 0 }).map(Place) else { return };
    let Some(mount) = mount_of(place.0) else { return };
    if entry(mount).load(Ordering::Relaxed) >> 1 == mount {
        return;
    }
    let mut stat = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the kernel writes one `struct statfs`.
    if unsafe { call(libc::SYS_fstatfs, [place.0 as usize, stat.as_mut_ptr() as usize, 0, 0, 0, 0]) }.is_ok() {
        // SAFETY: zeroed, and written by the kernel.
        let local = LOCAL.contains(&(unsafe { stat.assume_init() }.f_type as u32 as i64));
        entry(mount).store(mount << 1 | local as u64, Ordering::Relaxed);
    }
}

/// Asks about a file whose path is cached.
pub fn statx(sqe: &io_uring_sqe) -> Option<Outcome> {
    let flags = sqe.op_flags as i32;
    if flags & !(libc::AT_SYMLINK_NOFOLLOW | libc::AT_NO_AUTOMOUNT) != 0 {
        return None;
    }
    let nofollow = if flags & libc::AT_SYMLINK_NOFOLLOW != 0 { libc::O_NOFOLLOW } else { 0 };
    let place = place(sqe.fd, sqe.addr, nofollow).ok()?;
    is_on_local_mount(place.0).then(|| statx_at(place.0, 0, sqe.len, sqe.off).into())
}

/// Room for a path. Workers have none of the allocator's: their first allocation would map an arena of their own.
type Room = [MaybeUninit<u8>; libc::PATH_MAX as usize];

const ROOM: Room = [const { MaybeUninit::uninit() }; libc::PATH_MAX as usize];

/// The path of the directory that the last name of a path is in; none for a name alone.
fn parent_of(path: u64, room: &mut Room) -> Option<&CStr> {
    // SAFETY: a string of ours, which lives as long as its request.
    let bytes = unsafe { CStr::from_ptr(path as usize as *const _) }.to_bytes();
    let name = bytes.iter().rposition(|byte| *byte != b'/')?;
    let slash = bytes[..name].iter().rposition(|byte| *byte == b'/')?;
    for (to, from) in room.iter_mut().zip(&bytes[..=slash]) {
        to.write(*from);
    }
    room.get_mut(slash + 1)?.write(0);
    // SAFETY: written up to that zero.
    Some(unsafe { CStr::from_ptr(room.as_ptr().cast()) })
}

/// True where that directory is on a local mount.
fn leads_to_local(dir: i32, parent: Option<&CStr>) -> bool {
    let Some(parent) = parent else { return is_on_local_mount(dir) };
    place(dir, parent.as_ptr() as usize as u64, libc::O_DIRECTORY).is_ok_and(|place| is_on_local_mount(place.0))
}

/// Changes names in directories: at once, where the directories are local and the file system has been quick.
pub fn change(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let (sqe, fd) = (request.sqe, request.fd);
    // Where a link leads to may be anywhere.
    if sqe.opcode == IORING_OP_LINKAT && sqe.op_flags != 0 || !st.hints.is_quick() {
        return Outcome::Work;
    }
    // The text of a symbolic link is no path yet: its other name is.
    let first = if sqe.opcode == IORING_OP_SYMLINKAT { sqe.off } else { sqe.addr };
    let (mut room, mut other_room) = (ROOM, ROOM);
    let parent = parent_of(first, &mut room);
    if !leads_to_local(sqe.fd, parent) {
        return Outcome::Work;
    }
    if matches!(sqe.opcode, IORING_OP_RENAMEAT | IORING_OP_LINKAT) {
        let (dir, other) = (sqe.len as i32, parent_of(sqe.off, &mut other_room));
        if (dir, other) != (sqe.fd, parent) && !leads_to_local(dir, other) {
            return Outcome::Work;
        }
    }
    let begin = sys::clock_ns(libc::CLOCK_MONOTONIC);
    let outcome = work(&Job { ring: ring.handle(), id, sqe, fd, file: None, sleep: None });
    st.hints.took(sys::clock_ns(libc::CLOCK_MONOTONIC) - begin);
    outcome
}

/// In a worker, after such a change: looks at the directory that it was in.
pub fn learn_from(sqe: &io_uring_sqe) {
    let path = if sqe.opcode == IORING_OP_SYMLINKAT { sqe.off } else { sqe.addr };
    let mut room = ROOM;
    match parent_of(path, &mut room) {
        Some(parent) => learn(sqe.fd, parent.as_ptr() as usize as u64),
        None => learn(sqe.fd, c".".as_ptr() as usize as u64),
    }
}
