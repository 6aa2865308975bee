// SPDX-License-Identifier: MIT
//! Setting rings up and ending them; versions; raw system calls.

use super::{ring_mut, ring_ref};
use crate::core::abi::*;
use crate::core::backend::Backend;
use crate::core::errno::IntoC;
use crate::core::sys::SIGSET_SIZE;
use crate::core::{mmap, probe, register, setup};
use ::core::ffi::{c_int, c_uint, c_void};
use ::core::ptr::null_mut;
use libc::{sigset_t, ssize_t};

/// Makes a ring with `entries` submission queue entries and twice as many completion queue entries.
///
/// `entries` is rounded up to a power of two; 1 to 32768. `flags` are `IORING_SETUP_*`, 0 for a plain ring. `ring` is the
/// program's memory and must stay where it is until io_uring_queue_exit().
///
/// Returns 0, or a negative errno: -EINVAL (entries or flags out of range), -EMFILE, -ENFILE (descriptors), -ENOMEM (memory), -EPERM
/// (SQPOLL before Linux 5.11 without privileges; io_uring refused by a security policy), -ENOSYS (no io_uring in this kernel). A failed
/// call leaves neither a descriptor nor a mapping behind. io_uring_queue_init(3).
///
/// # Safety
///
/// - `ring` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init(entries: c_uint, ring: *mut io_uring, flags: c_uint) -> c_int {
    let mut p = io_uring_params { flags, ..Default::default() };
    // SAFETY: the caller's promise.
    setup::queue_init(entries, unsafe { ring_mut(ring) }, &mut p, null_mut(), 0).map(|_| 0).into_c()
}

/// Makes a ring as `p` asks, and writes back to `p` what was made: entries, features, offsets.
///
/// Clear `p` and set what is wanted: `flags`; `cq_entries` with IORING_SETUP_CQSIZE; `sq_thread_idle` (milliseconds) and `sq_thread_cpu`
/// with IORING_SETUP_SQPOLL; `wq_fd` with IORING_SETUP_ATTACH_WQ. IORING_SETUP_NO_SQARRAY is added where the kernel knows it.
///
/// With IORING_SETUP_NO_MMAP the ring's memory is one or two huge pages that the library maps (one normal page each where a ring is that
/// small), -ENOMEM without them. IORING_SETUP_REGISTERED_FD_ONLY needs it, -EINVAL else.
///
/// Returns 0 or a negative errno, as io_uring_queue_init(). io_uring_queue_init_params(3).
///
/// # Safety
///
/// - `ring` and `p` are writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init_params(entries: c_uint, ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { setup::queue_init(entries, ring_mut(ring), &mut *p, null_mut(), 0) }.map(|_| 0).into_c()
}

/// Makes a ring in memory of the program's own (IORING_SETUP_NO_MMAP, Linux 6.5).
///
/// `buf` has `buf_size` bytes, starts on a page, and stays the ring's until io_uring_queue_exit(), which leaves it mapped.
/// io_uring_memory_size_params() tells how much is needed. Kernels before 6.13 want it physically contiguous: a huge page.
///
/// Returns the bytes used, or a negative errno: -ENOMEM where `buf` is too small, else as io_uring_queue_init().
/// io_uring_queue_init_mem(3).
///
/// # Safety
///
/// - `ring` and `p` are writable; `buf` is `buf_size` bytes that nothing else uses.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_init_mem(
    entries: c_uint,
    ring: *mut io_uring,
    p: *mut io_uring_params,
    buf: *mut c_void,
    buf_size: usize,
) -> c_int {
    // SAFETY: the caller's promise.
    let p = unsafe { &mut *p };
    p.flags |= IORING_SETUP_NO_MMAP;
    // SAFETY: the caller's promise.
    setup::queue_init(entries, unsafe { ring_mut(ring) }, p, buf, buf_size).into_c()
}

/// Maps the ring behind `fd`, which io_uring_setup() made with `p`, and fills `ring`.
///
/// Returns 0 or a negative errno; `fd` stays open and the caller's on failure. io_uring_queue_mmap(3).
///
/// # Safety
///
/// - `ring` is writable; `p` is what io_uring_setup() wrote for `fd`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_mmap(fd: c_int, p: *mut io_uring_params, ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { setup::queue_mmap(fd, &*p, ring_mut(ring)) }.into_c()
}

/// Keeps the ring's memory out of child processes that the program forks from now on.
///
/// Returns 0 or a negative errno: -EINVAL for a ring that is not set up. io_uring_ring_dontfork(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_ring_dontfork(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    setup::ring_dontfork(unsafe { ring_ref(ring) }).into_c()
}

/// Ends a ring: unmaps its memory, drops its registered descriptor and closes its descriptor.
///
/// Requests in flight are cancelled by the kernel; their memory must stay valid until then. io_uring_queue_exit(3).
///
/// # Safety
///
/// - `ring` is a valid ring, and is none afterwards.
#[no_mangle]
pub unsafe extern "C" fn io_uring_queue_exit(ring: *mut io_uring) {
    // SAFETY: the caller's promise.
    setup::queue_exit(unsafe { ring_mut(ring) });
}

/// Closes the descriptor of a ring that is registered (io_uring_register_ring_fd()) and goes on without it.
///
/// Returns 1, or a negative errno: -EINVAL where the ring is not registered, -EOPNOTSUPP before Linux 6.3, -EBADF where it is closed
/// already. io_uring_close_ring_fd(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_close_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    register::close_ring_fd(unsafe { ring_mut(ring) }).into_c()
}

/// Gives a ring other sizes while it is in use (Linux 6.13; rings with IORING_SETUP_DEFER_TASKRUN).
///
/// `p` names the new sizes: `sq_entries`, `cq_entries` with IORING_SETUP_CQSIZE, IORING_SETUP_CLAMP; its `flags` come back 0. Entries that
/// wait in the ring move along.
///
/// Returns 0 or a negative errno: -EINVAL for other flags or rings, -EOVERFLOW where what waits does not fit. io_uring_resize_rings(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `p` is writable; no SQE or CQE pointer into the ring is used afterwards.
#[no_mangle]
pub unsafe extern "C" fn io_uring_resize_rings(ring: *mut io_uring, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::resize_rings(ring_mut(ring), &mut *p) }.into_c()
}

/// Bytes of memory that io_uring_queue_init_mem() needs for a ring with these entries and setup flags.
///
/// Returns the size, a multiple of the page size, or -EINVAL for entries out of range.
#[no_mangle]
pub extern "C" fn io_uring_memory_size(entries: c_uint, flags: c_uint) -> ssize_t {
    let p = io_uring_params { flags, ..Default::default() };
    // SAFETY: readable parameters.
    size_or_errno(unsafe { mmap::memory_size(entries, &p) })
}

/// The same for parameters: `flags`, and `cq_entries` with IORING_SETUP_CQSIZE.
///
/// # Safety
///
/// - `p` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_memory_size_params(entries: c_uint, p: *mut io_uring_params) -> ssize_t {
    // SAFETY: the caller's promise.
    size_or_errno(unsafe { mmap::memory_size(entries, p) })
}

/// Bytes that a ring with these entries and setup flags counts against RLIMIT_MEMLOCK: 0 since Linux 5.12.
///
/// Returns the size or a negative errno: -EINVAL for entries out of range. io_uring_mlock_size(3).
#[no_mangle]
pub extern "C" fn io_uring_mlock_size(entries: c_uint, flags: c_uint) -> ssize_t {
    let p = io_uring_params { flags, ..Default::default() };
    // SAFETY: readable parameters.
    size_or_errno(unsafe { setup::mlock_size(entries, &p) })
}

/// The same for parameters.
///
/// # Safety
///
/// - `p` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_mlock_size_params(entries: c_uint, p: *mut io_uring_params) -> ssize_t {
    // SAFETY: the caller's promise.
    size_or_errno(unsafe { setup::mlock_size(entries, p) })
}

/// A size for C.
fn size_or_errno(size: Result<usize, crate::core::errno::Errno>) -> ssize_t {
    match size {
        Ok(size) => size as ssize_t,
        Err(e) => e.to_c() as ssize_t,
    }
}

/// Asks which opcodes are served, with a ring made for the purpose.
///
/// Returns a probe for io_uring_opcode_supported(), to be freed by io_uring_free_probe() or free(); NULL where no ring or no memory can be
/// had, or before Linux 5.6. io_uring_get_probe(3).
#[no_mangle]
pub extern "C" fn io_uring_get_probe() -> *mut io_uring_probe {
    probe::get_probe()
}

/// The same with a ring of the program's.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_get_probe_ring(ring: *mut io_uring) -> *mut io_uring_probe {
    // SAFETY: the caller's promise.
    probe::get_probe_ring(unsafe { ring_ref(ring) })
}

/// Frees a probe; NULL is nothing.
///
/// # Safety
///
/// - `probe` came from io_uring_get_probe() or io_uring_get_probe_ring(), or is NULL.
#[no_mangle]
pub unsafe extern "C" fn io_uring_free_probe(probe: *mut io_uring_probe) {
    probe::free_probe(probe);
}

/// The major version of the liburing interface that the library implements. See also IO_URING_VERSION_MAJOR, of the header.
#[no_mangle]
pub extern "C" fn io_uring_major_version() -> c_int {
    IO_URING_VERSION_MAJOR as c_int
}

/// The minor version of the liburing interface that the library implements. See also IO_URING_VERSION_MINOR, of the header.
#[no_mangle]
pub extern "C" fn io_uring_minor_version() -> c_int {
    IO_URING_VERSION_MINOR as c_int
}

/// True where the library is OLDER than the version asked for. See also IO_URING_CHECK_VERSION(), for the header.
/// io_uring_check_version(3).
#[no_mangle]
pub extern "C" fn io_uring_check_version(major: c_int, minor: c_int) -> bool {
    (major, minor) > (IO_URING_VERSION_MAJOR as c_int, IO_URING_VERSION_MINOR as c_int)
}

/// The system call: makes a ring. Returns its descriptor or a negative errno; errno itself stays as it is. io_uring_setup(2).
///
/// # Safety
///
/// - `p` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_setup(entries: c_uint, p: *mut io_uring_params) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { Backend::setup_raw(entries, p) }.map(|(_, fd)| fd).into_c()
}

/// The system call: submits `to_submit` SQEs and waits for `min_complete` CQEs, with the signals in `sig` blocked meanwhile.
///
/// `fd` is a ring's descriptor, or its registered index with IORING_ENTER_REGISTERED_RING. Returns the SQEs consumed or a negative
/// errno; errno itself stays as it is. io_uring_enter(2).
///
/// # Safety
///
/// - `sig` is readable or NULL; the memory that the SQEs name is left to their requests.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enter(
    fd: c_uint,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    sig: *mut sigset_t,
) -> c_int {
    let fd = fd as c_int;
    // SAFETY: the caller's promise.
    unsafe {
        Backend::of_fd(fd, flags & IORING_ENTER_REGISTERED_RING != 0).enter(
            fd,
            to_submit,
            min_complete,
            flags,
            sig.cast(),
            SIGSET_SIZE,
        )
    }
}

/// The system call with an argument of `sz` bytes: a signal mask, or what IORING_ENTER_EXT_ARG and IORING_ENTER_EXT_ARG_REG announce.
/// io_uring_enter2(2).
///
/// # Safety
///
/// - `arg` is what `flags` announce, or NULL; the memory that the SQEs name is left to their requests.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enter2(
    fd: c_uint,
    to_submit: c_uint,
    min_complete: c_uint,
    flags: c_uint,
    arg: *mut c_void,
    sz: usize,
) -> c_int {
    let fd = fd as c_int;
    // SAFETY: the caller's promise.
    unsafe { Backend::of_fd(fd, flags & IORING_ENTER_REGISTERED_RING != 0).enter(fd, to_submit, min_complete, flags, arg, sz) }
}

/// The system call: registers resources with a ring, or controls it. Returns what the opcode answers or a negative errno; errno itself
/// stays as it is. io_uring_register(2).
///
/// # Safety
///
/// - `arg` is what `opcode` wants; memory registered stays mapped while it is.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register(fd: c_uint, opcode: c_uint, arg: *const c_void, nr_args: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { Backend::register_fd(fd as c_int, opcode, arg, nr_args) }
}
