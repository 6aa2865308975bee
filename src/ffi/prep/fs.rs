// SPDX-License-Identifier: MIT
//! Files: open, close, synchronise, allocate, advise
//!
//! The `_direct` functions put the new file into the ring's file table instead of the process's descriptor table.
//! `file_index` is the slot, counted from 0; what was in it is closed. Requests use the file with IOSQE_FIXED_FILE and the
//! slot as `fd`. With IORING_FILE_INDEX_ALLOC the kernel picks a free slot (since Linux 5.19) from the range of
//! io_uring_register_file_alloc_range().
//! - Result: 0, or the slot when the kernel picked it.
//! - Errors: -ENXIO without a file table; -EINVAL when the table has no such slot, or for a close-on-exec flag, which a slot
//!   cannot have; -ENFILE when there is no free slot to pick.

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;
use libc::AT_FDCWD;

/// Opens, and with O_CREAT creates, the file at `path`; a relative path starts at the current directory.
///
/// Like io_uring_prep_openat() with AT_FDCWD.
/// - Result: the new file descriptor.
/// - Errors: those of open(2): -ENOENT, -EACCES, -EEXIST, -EISDIR, -EMFILE and others.
/// - Since: Linux 5.6. See io_uring_prep_open(3), open(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_open(sqe: *mut io_uring_sqe, path: *const c_char, flags: c_int, mode: mode_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat(unsafe { sqe_mut(sqe) }, AT_FDCWD, path, flags, mode);
}

/// Opens the file at `path` into slot `file_index` of the ring's file table; a relative path starts at the current directory.
///
/// Like io_uring_prep_openat_direct() with AT_FDCWD.
/// - Result: 0, or the slot when the kernel picked it.
/// - Errors: those of open(2) and of the file table.
/// - Since: Linux 5.15. See io_uring_prep_open_direct(3), open(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_open_direct(
    sqe: *mut io_uring_sqe,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
    file_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat_direct(unsafe { sqe_mut(sqe) }, AT_FDCWD, path, flags, mode, file_index);
}

/// Opens, and with O_CREAT creates, the file at `path`; a relative path starts at directory `dfd`.
///
/// `dfd` is a descriptor or AT_FDCWD, never a slot. `path` has to stay until submission. `flags` are O_*, `mode` the
/// permissions of a file that is created.
/// - Result: the new file descriptor.
/// - Errors: those of openat(2): -ENOENT, -EACCES, -EEXIST, -ENOTDIR, -EMFILE and others.
/// - Since: Linux 5.6. See io_uring_prep_openat(3), openat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_openat(
    sqe: *mut io_uring_sqe,
    dfd: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat(unsafe { sqe_mut(sqe) }, dfd, path, flags, mode);
}

/// Opens the file at `path` into slot `file_index` of the ring's file table; a relative path starts at directory `dfd`.
///
/// Everything else is as for io_uring_prep_openat(); O_CLOEXEC is -EINVAL.
/// - Result: 0, or the slot when the kernel picked it.
/// - Errors: those of openat(2) and of the file table.
/// - Since: Linux 5.15. See io_uring_prep_openat_direct(3), openat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_openat_direct(
    sqe: *mut io_uring_sqe,
    dfd: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
    file_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat_direct(unsafe { sqe_mut(sqe) }, dfd, path, flags, mode, file_index);
}

/// Opens the file at `path`, told by `how` what to do and how to resolve the path, like openat2(2).
///
/// `how->flags` are O_*, `how->mode` the permissions of a new file, `how->resolve` the RESOLVE_* limits on the way there.
/// `path` and `how` have to stay until submission.
/// - Result: the new file descriptor.
/// - Errors: those of openat(2); -EXDEV or -ELOOP when a limit forbids the path; -EAGAIN when it could not be resolved
///   without waiting (RESOLVE_CACHED) or safely; -EINVAL for unknown flags, which open(2) would let pass.
/// - Since: Linux 5.6. See io_uring_prep_openat2(3), openat2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_openat2(sqe: *mut io_uring_sqe, dfd: c_int, path: *const c_char, how: *const open_how) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat2(unsafe { sqe_mut(sqe) }, dfd, path, how);
}

/// Opens like io_uring_prep_openat2(), into slot `file_index` of the ring's file table.
///
/// - Result: 0, or the slot when the kernel picked it.
/// - Errors: those of openat2(2) and of the file table.
/// - Since: Linux 5.15. See io_uring_prep_openat2_direct(3), openat2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_openat2_direct(
    sqe: *mut io_uring_sqe,
    dfd: c_int,
    path: *const c_char,
    how: *const open_how,
    file_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::openat2_direct(unsafe { sqe_mut(sqe) }, dfd, path, how, file_index);
}

/// Closes the file descriptor `fd`, like close(2).
///
/// Requests that already use the file keep it open until they complete.
/// - Result: 0.
/// - Errors: -EBADF, also when `fd` is a ring; -EIO and others from writing back, with the descriptor closed all the same.
/// - Since: Linux 5.6. See io_uring_prep_close(3), close(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_close(sqe: *mut io_uring_sqe, fd: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::close(unsafe { sqe_mut(sqe) }, fd);
}

/// Empties slot `file_index` of the ring's file table.
///
/// - Result: 0.
/// - Errors: -ENXIO without a file table; -EINVAL when it has no such slot; -EBADF when the slot is empty.
/// - Since: Linux 5.15. See io_uring_prep_close_direct(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_close_direct(sqe: *mut io_uring_sqe, file_index: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::close_direct(unsafe { sqe_mut(sqe) }, file_index);
}

/// Makes a pipe, like pipe2(2): `fds[0]` becomes the end to read from, `fds[1]` the end to write to.
///
/// - Flags: O_CLOEXEC, O_NONBLOCK, O_DIRECT, O_NOTIFICATION_PIPE.
/// - Result: 0, with both descriptors in `fds`.
/// - Errors: -EMFILE, -ENFILE.
/// - Since: Linux 6.16. See io_uring_prep_pipe(3), pipe2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_pipe(sqe: *mut io_uring_sqe, fds: *mut c_int, pipe_flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::pipe(unsafe { sqe_mut(sqe) }, fds, pipe_flags);
}

/// Makes a pipe in slots `file_index` (reading) and `file_index` + 1 (writing) of the ring's file table.
///
/// With IORING_FILE_INDEX_ALLOC the kernel picks two free slots, not necessarily neighbours.
/// - Flags: those of io_uring_prep_pipe() without O_CLOEXEC.
/// - Result: 0, with both slots in `fds`.
/// - Errors: those of the file table.
/// - Since: Linux 6.16. See io_uring_prep_pipe_direct(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_pipe_direct(
    sqe: *mut io_uring_sqe,
    fds: *mut c_int,
    pipe_flags: c_int,
    file_index: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::pipe_direct(unsafe { sqe_mut(sqe) }, fds, pipe_flags, file_index);
}

/// Makes what was written to the file durable, like fsync(2).
///
/// It covers what has been written when it runs. Writes that are still under way are not waited for: link it to them
/// (IOSQE_IO_LINK) or drain (IOSQE_IO_DRAIN). The SQE's `off` and `len` may name a range.
/// - Flags: 0, or IORING_FSYNC_DATASYNC to leave out metadata that reading does not need, like fdatasync(2).
/// - Result: 0.
/// - Errors: -EIO, -ENOSPC; -EINVAL for files that cannot be synchronised, such as pipes.
/// - Since: Linux 5.1. See io_uring_prep_fsync(3), fsync(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fsync(sqe: *mut io_uring_sqe, fd: c_int, fsync_flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fsync(unsafe { sqe_mut(sqe) }, fd, fsync_flags);
}

/// Writes back dirty pages of `len` bytes from `offset`, like sync_file_range(2). It does not make data durable by itself.
///
/// A `len` of 0 means to the end of the file.
/// - Flags: SYNC_FILE_RANGE_WAIT_BEFORE, SYNC_FILE_RANGE_WRITE, SYNC_FILE_RANGE_WAIT_AFTER.
/// - Result: 0.
/// - Errors: -EIO, -ENOSPC, -ESPIPE.
/// - Since: Linux 5.2. See io_uring_prep_sync_file_range(3), sync_file_range(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_sync_file_range(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    len: c_uint,
    offset: __u64,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::sync_file_range(unsafe { sqe_mut(sqe) }, fd, len, offset, flags);
}

/// Allocates, frees or zeroes `len` bytes of the file from `offset`, like fallocate(2).
///
/// - `mode`: 0 to allocate, or FALLOC_FL_*.
/// - Result: 0.
/// - Errors: -ENOSPC, -EFBIG, -EOPNOTSUPP where the file system cannot, -ENODEV or -ESPIPE when it is no regular file.
/// - Since: Linux 5.6. See io_uring_prep_fallocate(3), fallocate(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fallocate(sqe: *mut io_uring_sqe, fd: c_int, mode: c_int, offset: __u64, len: __u64) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fallocate(unsafe { sqe_mut(sqe) }, fd, mode, offset, len);
}

/// Sets the size of the file to `len` bytes, like ftruncate(2).
///
/// Declared only where _GNU_SOURCE is defined, which loff_t needs.
/// - Result: 0.
/// - Errors: -EINVAL for a negative size or a file not open for writing; -EFBIG, -EPERM.
/// - Since: Linux 6.9. See io_uring_prep_ftruncate(3), ftruncate(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_ftruncate(sqe: *mut io_uring_sqe, fd: c_int, len: loff_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::ftruncate(unsafe { sqe_mut(sqe) }, fd, len);
}

/// Tells how the program is going to use `len` bytes of the file from `offset`, like posix_fadvise(3).
///
/// A `len` of 0 means to the end of the file; for lengths of 4 GiB and more take io_uring_prep_fadvise64().
/// - `advice`: POSIX_FADV_*.
/// - Result: 0.
/// - Errors: -EINVAL for unknown advice; -ESPIPE for a pipe.
/// - Since: Linux 5.6. See io_uring_prep_fadvise(3), posix_fadvise(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fadvise(sqe: *mut io_uring_sqe, fd: c_int, offset: __u64, len: __u32, advice: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fadvise(unsafe { sqe_mut(sqe) }, fd, offset, len, advice);
}

/// Like io_uring_prep_fadvise(), with a 64-bit length.
///
/// - Result: 0.
/// - Errors: those of io_uring_prep_fadvise(); -EINVAL from kernels that know 32-bit lengths only.
/// - Since: Linux 6.11. See io_uring_prep_fadvise64(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fadvise64(sqe: *mut io_uring_sqe, fd: c_int, offset: __u64, len: off_t, advice: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fadvise64(unsafe { sqe_mut(sqe) }, fd, offset, len, advice);
}

/// Tells how the program is going to use `length` bytes of memory from `addr`, like madvise(2).
///
/// `addr` is the start of a page. For lengths of 4 GiB and more take io_uring_prep_madvise64().
/// - `advice`: MADV_*.
/// - Result: 0.
/// - Errors: -EINVAL for unknown advice or an address within a page; -ENOMEM when part of the range is not mapped.
/// - Since: Linux 5.6. See io_uring_prep_madvise(3), madvise(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE; when the advice drops contents (as MADV_DONTNEED does), nothing in the range is needed any more.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_madvise(sqe: *mut io_uring_sqe, addr: *mut c_void, length: __u32, advice: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::madvise(unsafe { sqe_mut(sqe) }, addr, length, advice);
}

/// Like io_uring_prep_madvise(), with a 64-bit length.
///
/// - Result: 0.
/// - Errors: those of io_uring_prep_madvise(); -EINVAL from kernels that know 32-bit lengths only.
/// - Since: Linux 6.11. See io_uring_prep_madvise64(3).
///
/// # Safety
///
/// - As for io_uring_prep_madvise().
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_madvise64(sqe: *mut io_uring_sqe, addr: *mut c_void, length: off_t, advice: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::madvise64(unsafe { sqe_mut(sqe) }, addr, length, advice);
}
