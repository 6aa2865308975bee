// SPDX-License-Identifier: MIT
//! System calls, marshalled and nothing more: no policy, no allocation, no `errno`.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(any(test, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod generic;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64::syscall;
#[cfg(target_arch = "aarch64")]
pub use aarch64::thread_address;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use generic::syscall;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use generic::thread_address;
#[cfg(target_arch = "x86_64")]
use x86_64::syscall;
#[cfg(target_arch = "x86_64")]
pub use x86_64::thread_address;

pub use plain::*;

use super::abi::io_uring_params;
use super::errno::{check, Errno};
use ::core::ffi::{c_int, c_uint, c_void};

/// The kernel's `sigset_t` in bytes (`_NSIG / 8`): not the C library's, which is larger.
#[cfg(not(any(target_arch = "mips", target_arch = "mips64")))]
pub const SIGSET_SIZE: usize = 8;
#[cfg(any(target_arch = "mips", target_arch = "mips64"))]
pub const SIGSET_SIZE: usize = 16;

/// `io_uring_setup(2)`: the ring's descriptor or `-errno`.
///
/// # Safety
///
/// With `IORING_SETUP_NO_MMAP`, the memory that `p` names must stay the ring's own until it is closed.
pub unsafe fn io_uring_setup(entries: c_uint, p: *mut io_uring_params) -> c_int {
    // SAFETY: the kernel answers -EFAULT for a bad `p`; memory handed over is the caller's promise.
    unsafe { syscall(libc::SYS_io_uring_setup, [entries as usize, p as usize, 0, 0, 0, 0]) as c_int }
}

/// `io_uring_enter(2)`: the number of SQEs consumed or `-errno`.
///
/// # Safety
///
/// The SQEs submitted must name memory that the program leaves to their requests; `arg` must be what `flags` announce.
#[inline(always)]
pub unsafe fn io_uring_enter(
    fd: c_int,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *const c_void,
    arg_size: usize,
) -> c_int {
    // SAFETY: the kernel checks the descriptor, the flags and the pointer; the requests' memory is the caller's promise.
    unsafe {
        let args = [fd as usize, to_submit as usize, min_complete as usize, flags as usize, arg as usize, arg_size];
        syscall(libc::SYS_io_uring_enter, args) as c_int
    }
}

/// `io_uring_register(2)`: what the opcode returns, or `-errno`.
///
/// # Safety
///
/// `arg` and what it points to must be what `opcode` wants; memory registered must stay mapped while it is.
pub unsafe fn io_uring_register(fd: c_int, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
    // SAFETY: the kernel checks the descriptor, the opcode and the pointer; registered memory is the caller's promise.
    unsafe { syscall(libc::SYS_io_uring_register, [fd as usize, opcode as usize, arg as usize, nr_args as usize, 0, 0]) as c_int }
}

/// `mmap(2)` at an address of the kernel's choice, readable and writable.
///
/// `offset` is in bytes and a multiple of the page size.
pub fn mmap(len: usize, flags: c_int, fd: c_int, offset: u64) -> Result<*mut c_void, Errno> {
    let prot = (libc::PROT_READ | libc::PROT_WRITE) as usize;
    #[cfg(target_pointer_width = "64")]
    let (nr, offset) = (libc::SYS_mmap, offset as usize);
    #[cfg(target_pointer_width = "32")]
    let (nr, offset) = (libc::SYS_mmap2, (offset >> 12) as usize);
    // SAFETY: without MAP_FIXED no existing mapping is touched.
    check(unsafe { syscall(nr, [0, len, prot, flags as usize, fd as usize, offset]) }).map(|addr| addr as *mut c_void)
}

/// `munmap(2)`.
///
/// # Safety
///
/// Nothing may use the memory any more.
pub unsafe fn munmap(addr: *mut c_void, len: usize) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    check(unsafe { syscall(libc::SYS_munmap, [addr as usize, len, 0, 0, 0, 0]) }).map(drop)
}

/// `madvise(addr, len, MADV_DONTFORK)`: children do not inherit the mapping.
pub fn madvise_dontfork(addr: *mut c_void, len: usize) -> Result<(), Errno> {
    // SAFETY: this advice changes nothing in this process.
    check(unsafe { syscall(libc::SYS_madvise, [addr as usize, len, libc::MADV_DONTFORK as usize, 0, 0, 0]) }).map(drop)
}

/// `close(2)`.
pub fn close(fd: c_int) -> Result<(), Errno> {
    // SAFETY: no memory is involved; the descriptor belongs to the caller.
    check(unsafe { syscall(libc::SYS_close, [fd as usize, 0, 0, 0, 0, 0]) }).map(drop)
}

/// `struct rlimit64`, as `prlimit64(2)` wants it on every architecture.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Rlimit {
    pub cur: u64,
    pub max: u64,
}

/// The calling process's `RLIMIT_NOFILE`.
pub fn nofile_limit() -> Result<Rlimit, Errno> {
    let mut limit = Rlimit::default();
    let args = [0, libc::RLIMIT_NOFILE as usize, 0, &raw mut limit as usize, 0, 0];
    // SAFETY: the kernel writes one `struct rlimit64`.
    check(unsafe { syscall(libc::SYS_prlimit64, args) }).map(|_| limit)
}

/// Sets the calling process's `RLIMIT_NOFILE`.
pub fn set_nofile_limit(limit: Rlimit) -> Result<(), Errno> {
    let args = [0, libc::RLIMIT_NOFILE as usize, &raw const limit as usize, 0, 0, 0];
    // SAFETY: the kernel reads one `struct rlimit64`.
    check(unsafe { syscall(libc::SYS_prlimit64, args) }).map(drop)
}

/// The size of a page in bytes.
pub fn page_size() -> usize {
    // SAFETY: `_SC_PAGESIZE` is answered from the auxiliary vector and cannot fail.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}
