// SPDX-License-Identifier: MIT
//! Path operations that can be done at once, because the kernel has everything they need in its caches: `RESOLVE_CACHED` (Linux 5.12) says
//! so. Anything else goes to a worker.

use super::{call, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;

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
    let args = [dir as isize as usize, path as usize, how as *const How as usize, ::core::mem::size_of::<How>(), 0, 0];
    // SAFETY: the kernel reads our structure and checks the path.
    unsafe { call(libc::SYS_openat2, args) }
}
