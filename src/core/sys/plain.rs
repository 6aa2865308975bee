// SPDX-License-Identifier: MIT
//! System calls that the engine is made of. Where a call has arguments of its own meaning only to one operation, the operation makes it
//! through [`call`].

use super::{check, syscall, Errno, SIGSET_SIZE};
use crate::core::abi::__kernel_timespec;
use ::core::ffi::{c_int, c_void};
use ::core::ptr::null;
use ::core::sync::atomic::AtomicU32;

/// Any system call: its value or its error.
///
/// # Safety
///
/// The call must be sound with these arguments; pointers to the program's memory may be bad, the kernel checks them.
pub unsafe fn call(nr: libc::c_long, args: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller's promise.
    check(unsafe { syscall(nr, args) })
}

/// The same for calls that answer a descriptor or a small number.
///
/// # Safety
///
/// As for [`call`].
pub unsafe fn call_int(nr: libc::c_long, args: [usize; 6]) -> Result<c_int, Errno> {
    // SAFETY: the caller's promise.
    unsafe { call(nr, args) }.map(|value| value as c_int)
}

/// Sleeps while `word` is `expected`, at most `timeout`; may return early.
pub fn futex_wait(word: &AtomicU32, expected: u32, timeout: Option<&__kernel_timespec>) {
    let _ = futex_wait_once(word, expected, timeout);
}

/// The same, for whoever wants to know why it returned: -EINTR for a signal.
pub fn futex_wait_once(word: &AtomicU32, expected: u32, timeout: Option<&__kernel_timespec>) -> Result<(), Errno> {
    let op = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
    let ts = timeout.map_or(null(), |ts| ts as *const __kernel_timespec);
    // SAFETY: the kernel reads the word and the timespec.
    unsafe { call(libc::SYS_futex, [word.as_ptr() as usize, op, expected as usize, ts as usize, 0, 0]) }.map(drop)
}

/// Lets another thread run.
pub fn yield_now() {
    // SAFETY: no memory is involved.
    unsafe { syscall(libc::SYS_sched_yield, [0; 6]) };
}

/// Wakes up to `count` threads that sleep on `word`.
pub fn futex_wake(word: &AtomicU32, count: usize) {
    let op = (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG) as usize;
    // SAFETY: the kernel only uses the address.
    unsafe { syscall(libc::SYS_futex, [word.as_ptr() as usize, op, count, 0, 0, 0]) };
}

/// `epoll_create1(EPOLL_CLOEXEC)`.
pub fn epoll_create() -> Result<c_int, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call_int(libc::SYS_epoll_create1, [libc::EPOLL_CLOEXEC as usize, 0, 0, 0, 0, 0]) }
}

/// `epoll_ctl(2)`: `events` are `EPOLL*`, `data` comes back with the event.
pub fn epoll_ctl(epoll: c_int, op: c_int, fd: c_int, events: u32, data: u64) -> Result<(), Errno> {
    let mut event = libc::epoll_event { events, u64: data };
    let args = [epoll as usize, op as usize, fd as usize, &raw mut event as usize, 0, 0];
    // SAFETY: the kernel reads one event.
    unsafe { call(libc::SYS_epoll_ctl, args) }.map(drop)
}

/// `epoll_pwait2(2)` with a signal mask of the kernel's size, or `epoll_pwait(2)` where the kernel lacks it (before 5.11) or a filter
/// refuses it: then the timeout is rounded up to milliseconds. Returns the number of events.
///
/// # Safety
///
/// `sigmask` is null or readable.
pub unsafe fn epoll_wait(
    epoll: c_int,
    events: &mut [libc::epoll_event],
    timeout: Option<&__kernel_timespec>,
    sigmask: *const c_void,
) -> Result<usize, Errno> {
    let (list, room) = (events.as_mut_ptr() as usize, events.len());
    let ts = timeout.map_or(null(), |ts| ts as *const __kernel_timespec) as usize;
    // SAFETY: the kernel writes at most `room` events.
    let found = unsafe { call(libc::SYS_epoll_pwait2, [epoll as usize, list, room, ts, sigmask as usize, SIGSET_SIZE]) };
    if found != Err(Errno::NOSYS) && found != Err(Errno::PERM) {
        return found;
    }
    let milliseconds = timeout.map_or(-1, |ts| {
        let round_up = (ts.tv_nsec + 999_999) / 1_000_000;
        ts.tv_sec.saturating_mul(1000).saturating_add(round_up).min(c_int::MAX as i64) as c_int
    });
    // SAFETY: the kernel writes at most `room` events.
    unsafe { call(libc::SYS_epoll_pwait, [epoll as usize, list, room, milliseconds as usize, sigmask as usize, SIGSET_SIZE]) }
}

/// `eventfd2(0, EFD_CLOEXEC | EFD_NONBLOCK)`.
pub fn eventfd() -> Result<c_int, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call_int(libc::SYS_eventfd2, [0, (libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) as usize, 0, 0, 0, 0]) }
}

/// Adds one to an eventfd. One that is full is signalled already.
pub fn eventfd_signal(fd: c_int) {
    let one = 1u64;
    // SAFETY: the kernel reads eight bytes.
    let _ = unsafe { call(libc::SYS_write, [fd as usize, &raw const one as usize, 8, 0, 0, 0]) };
}

/// Sets an eventfd back to zero.
pub fn eventfd_clear(fd: c_int) {
    let mut count = 0u64;
    // SAFETY: the kernel writes eight bytes.
    let _ = unsafe { call(libc::SYS_read, [fd as usize, &raw mut count as usize, 8, 0, 0, 0]) };
}

/// `fcntl(fd, F_DUPFD_CLOEXEC, lowest)`.
pub fn dup_from(fd: c_int, lowest: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call_int(libc::SYS_fcntl, [fd as usize, libc::F_DUPFD_CLOEXEC as usize, lowest as usize, 0, 0, 0]) }
}

/// `clock_gettime(2)` in nanoseconds.
pub fn clock_ns(clock: c_int) -> u64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: through the C library, whose vDSO answers without a system call; valid clocks cannot fail.
    unsafe { libc::clock_gettime(clock, &mut ts) };
    ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64
}

/// The calling process.
pub fn getpid() -> c_int {
    // SAFETY: cannot fail.
    unsafe { syscall(libc::SYS_getpid, [0; 6]) as c_int }
}

/// Copies `len` bytes from the program's memory, which may be bad: -EFAULT then, as a system call answers.
///
/// # Safety
///
/// `to` has room for `len` bytes.
pub unsafe fn copy_from_program(to: *mut c_void, from: u64, len: usize) -> Result<(), Errno> {
    if len == 0 {
        return Ok(());
    }
    let local = libc::iovec { iov_base: to, iov_len: len };
    let remote = libc::iovec { iov_base: from as usize as *mut c_void, iov_len: len };
    let args = [getpid() as usize, &raw const local as usize, 1, &raw const remote as usize, 1, 0];
    // SAFETY: the kernel checks the program's side; the other is the caller's promise.
    match unsafe { call(libc::SYS_process_vm_readv, args) } {
        Ok(copied) if copied == len => Ok(()),
        _ => Err(Errno::FAULT),
    }
}

/// Makes sure that memory of the program can be written to (`MADV_POPULATE_WRITE`, Linux 5.14): -EFAULT where it cannot.
pub fn populate_write(address: usize, len: usize) -> Result<(), Errno> {
    let start = address & !(super::page_size() - 1);
    let len = (address + len).next_multiple_of(super::page_size()) - start;
    // SAFETY: the contents stay as they are.
    match unsafe { call(libc::SYS_madvise, [start, len, libc::MADV_POPULATE_WRITE as usize, 0, 0, 0]) } {
        Ok(_) => Ok(()),
        // Memory that may not be written to, or an older kernel, which cannot tell: then bad memory shows when it is used.
        Err(Errno::INVAL) if !knows_populate_write() => Ok(()),
        Err(_) => Err(Errno::FAULT),
    }
}

/// Does the kernel know this advice? It is checked before the memory, of which there is none here.
fn knows_populate_write() -> bool {
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_madvise, [0, 0, libc::MADV_POPULATE_WRITE as usize, 0, 0, 0]) }.is_ok()
}

/// `timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)`.
pub fn timerfd() -> Result<c_int, Errno> {
    let flags = (libc::TFD_CLOEXEC | libc::TFD_NONBLOCK) as usize;
    // SAFETY: no memory is involved.
    unsafe { call_int(libc::SYS_timerfd_create, [libc::CLOCK_MONOTONIC as usize, flags, 0, 0, 0, 0]) }
}

/// Lets a timer descriptor become readable in `in_ns` nanoseconds, once.
pub fn timerfd_set(fd: c_int, in_ns: u64) {
    let value = __kernel_timespec { tv_sec: (in_ns / 1_000_000_000) as i64, tv_nsec: (in_ns % 1_000_000_000) as i64 };
    // `struct __kernel_itimerspec`: interval, value.
    let setting = [__kernel_timespec::default(), value];
    #[cfg(target_pointer_width = "64")]
    let nr = libc::SYS_timerfd_settime;
    #[cfg(target_pointer_width = "32")]
    let nr = libc::SYS_timerfd_settime64;
    // SAFETY: the kernel reads one setting.
    let _ = unsafe { call(nr, [fd as usize, 0, &raw const setting as usize, 0, 0, 0]) };
}

/// True for a file that can be read and written at places, unlike streams.
pub fn has_places(fd: c_int) -> bool {
    // SAFETY: no memory is involved.
    let place = unsafe { syscall(libc::SYS_lseek, [fd as usize, 0, libc::SEEK_CUR as usize, 0, 0, 0]) };
    place >= 0
}

/// The status flags of a descriptor (`F_GETFL`).
pub fn fd_flags(fd: c_int) -> Result<c_int, Errno> {
    // SAFETY: no memory is involved.
    unsafe { call_int(libc::SYS_fcntl, [fd as usize, libc::F_GETFL as usize, 0, 0, 0, 0]) }
}

/// The file type bits of a descriptor (`S_IFMT`), and its size in bytes.
pub fn file_kind(fd: c_int) -> Result<(u32, u64), Errno> {
    let mut stat = ::core::mem::MaybeUninit::<libc::stat>::zeroed();
    #[cfg(target_pointer_width = "64")]
    // SAFETY: the kernel writes one `struct stat`, which is the C library's on 64-bit machines.
    unsafe {
        call(libc::SYS_fstat, [fd as usize, stat.as_mut_ptr() as usize, 0, 0, 0, 0])?;
    }
    #[cfg(target_pointer_width = "32")]
    // SAFETY: the C library writes one `struct stat`.
    if unsafe { libc::fstat(fd, stat.as_mut_ptr()) } != 0 {
        return Err(Errno::BADF);
    }
    // SAFETY: written, and zero before.
    let stat = unsafe { stat.assume_init() };
    Ok((stat.st_mode & libc::S_IFMT, stat.st_size as u64))
}

/// The device and inode of the file behind a descriptor; none where there is no file, and for one that says neither.
pub fn file_identity(fd: c_int) -> Option<(u64, u64)> {
    let mut stat = ::core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the C library writes one `struct stat`.
    if unsafe { libc::fstat(fd, stat.as_mut_ptr()) } != 0 {
        return None;
    }
    // SAFETY: written, and zero before.
    let stat = unsafe { stat.assume_init() };
    // Not all targets have them as 64 bits.
    #[allow(clippy::unnecessary_cast)]
    Some((stat.st_dev as u64, stat.st_ino as u64))
}

/// What of `events` a descriptor has now (`ppoll(2)` without waiting); -EBADF for one that is not open.
pub fn poll_now(fd: c_int, events: u16) -> Result<u16, Errno> {
    let mut list = libc::pollfd { fd, events: events as i16, revents: 0 };
    let zero = __kernel_timespec::default();
    let args = [&raw mut list as usize, 1, &raw const zero as usize, 0, SIGSET_SIZE, 0];
    // SAFETY: the kernel reads and writes one entry and reads one timespec.
    unsafe { call(libc::SYS_ppoll, args) }?;
    if list.revents & libc::POLLNVAL != 0 || fd < 0 {
        return Err(Errno::BADF);
    }
    Ok(list.revents as u16)
}

/// Waits until a descriptor is readable, time is up or a signal comes.
///
/// # Safety
///
/// `sigmask` is null or of the kernel's size; its address may be bad.
pub unsafe fn poll_in(fd: c_int, mut timeout: Option<__kernel_timespec>, sigmask: *const c_void) -> Result<(), Errno> {
    let mut list = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let ts = timeout.as_mut().map_or(null(), |ts| ts as *const __kernel_timespec);
    let args = [&raw mut list as usize, 1, ts as usize, sigmask as usize, SIGSET_SIZE, 0];
    // SAFETY: the kernel reads and writes one entry and one timespec, which is ours.
    unsafe { call(libc::SYS_ppoll, args) }.map(|_| ())
}

/// Copies `len` bytes into the program's memory, which may be bad: -EFAULT then.
///
/// # Safety
///
/// `from` has `len` bytes.
pub unsafe fn copy_to_program(to: u64, from: *const c_void, len: usize) -> Result<(), Errno> {
    let local = libc::iovec { iov_base: from.cast_mut(), iov_len: len };
    let remote = libc::iovec { iov_base: to as usize as *mut c_void, iov_len: len };
    let args = [getpid() as usize, &raw const local as usize, 1, &raw const remote as usize, 1, 0];
    // SAFETY: the kernel checks the program's side; the other is the caller's promise.
    match unsafe { call(libc::SYS_process_vm_writev, args) } {
        Ok(copied) if copied == len => Ok(()),
        _ => Err(Errno::FAULT),
    }
}

/// `madvise(addr, len, MADV_WIPEONFORK)`: a child process finds zeros.
pub fn madvise_wipe_on_fork(addr: *mut c_void, len: usize) -> Result<(), Errno> {
    // SAFETY: this advice changes nothing in this process.
    unsafe { call(libc::SYS_madvise, [addr as usize, len, libc::MADV_WIPEONFORK as usize, 0, 0, 0]) }.map(drop)
}

/// True where two descriptors name one open file (`kcmp(2)`); false, too, where the kernel does not say.
pub fn is_same_file(a: c_int, b: c_int) -> bool {
    const KCMP_FILE: usize = 0;
    let process = getpid() as usize;
    // SAFETY: no memory is involved.
    unsafe { call(libc::SYS_kcmp, [process, process, KCMP_FILE, a as usize, b as usize, 0]) == Ok(0) }
}

/// Sets the status flags of a descriptor (`F_SETFL`).
pub fn set_fd_flags(fd: c_int, flags: c_int) {
    // SAFETY: no memory is involved.
    let _ = unsafe { call(libc::SYS_fcntl, [fd as usize, libc::F_SETFL as usize, flags as usize, 0, 0, 0]) };
}
