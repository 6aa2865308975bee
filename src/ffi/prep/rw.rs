// SPDX-License-Identifier: MIT
//! Reading, writing, splicing
//!
//! `offset` is a position in the file in bytes; -1 (`(__u64)-1`) stands for the file's own position and moves it (since Linux
//! 5.6, IORING_FEAT_RW_CUR_POS). Files without positions (pipes, sockets, terminals) take 0 or -1. Results may be short, as
//! with read(2) and write(2).

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;

/// Reads up to `nbytes` bytes at `offset` into `buf`, like pread(2).
///
/// With IOSQE_BUFFER_SELECT the buffer comes from a group and `buf` is not used; `nbytes` 0 then means the whole buffer.
/// RWF_* flags go to the SQE's `rw_flags`.
/// - Result: the number of bytes read; 0 at the end of the file.
/// - Errors: -EISDIR, -EIO; -EINVAL also where direct I/O needs another alignment.
/// - Since: Linux 5.6. See io_uring_prep_read(3), pread(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_read(sqe: *mut io_uring_sqe, fd: c_int, buf: *mut c_void, nbytes: c_uint, offset: __u64) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::read(unsafe { sqe_mut(sqe) }, fd, buf, nbytes, offset);
}

/// Writes `nbytes` bytes from `buf` at `offset`, like pwrite(2).
///
/// RWF_* flags go to the SQE's `rw_flags`; a file opened with O_APPEND is appended to, whatever `offset` is.
/// - Result: the number of bytes written.
/// - Errors: -ENOSPC, -EDQUOT, -EFBIG, -EIO; -EPIPE when nobody reads the pipe or socket.
/// - Since: Linux 5.6. See io_uring_prep_write(3), pwrite(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_write(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    buf: *const c_void,
    nbytes: c_uint,
    offset: __u64,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::write(unsafe { sqe_mut(sqe) }, fd, buf, nbytes, offset);
}

/// Reads at `offset` into the `nr_vecs` buffers of `iovecs`, one after the other, like preadv(2).
///
/// The array itself may go after submission (since Linux 5.5, IORING_FEAT_SUBMIT_STABLE), the buffers may not.
/// - Result: the number of bytes read; 0 at the end of the file.
/// - Errors: those of io_uring_prep_read(); -EINVAL for more than 1024 vectors.
/// - Since: Linux 5.1. See io_uring_prep_readv(3), preadv(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_readv(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::readv(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset);
}

/// Writes the `nr_vecs` buffers of `iovecs` at `offset`, one after the other, like pwritev(2).
///
/// The array itself may go after submission (since Linux 5.5, IORING_FEAT_SUBMIT_STABLE), the buffers may not.
/// - Result: the number of bytes written.
/// - Errors: those of io_uring_prep_write(); -EINVAL for more than 1024 vectors.
/// - Since: Linux 5.1. See io_uring_prep_writev(3), pwritev(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_writev(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::writev(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset);
}

/// Like io_uring_prep_readv(), with RWF_* flags, like preadv2(2).
///
/// - Flags: RWF_NOWAIT completes with -EAGAIN rather than wait for a device; RWF_HIPRI polls for the completion, on rings
///   with IORING_SETUP_IOPOLL only.
/// - Result: the number of bytes read; 0 at the end of the file.
/// - Errors: those of io_uring_prep_readv(); -EOPNOTSUPP for a flag that the file system does not know.
/// - Since: Linux 5.1. See io_uring_prep_readv2(3), preadv2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_readv2(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::readv2(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset, flags);
}

/// Like io_uring_prep_writev(), with RWF_* flags, like pwritev2(2).
///
/// - Flags: RWF_APPEND writes at the end of the file, RWF_DSYNC and RWF_SYNC make this write durable, RWF_NOWAIT completes
///   with -EAGAIN rather than wait.
/// - Result: the number of bytes written.
/// - Errors: those of io_uring_prep_writev(); -EOPNOTSUPP for a flag that the file system does not know.
/// - Since: Linux 5.1. See io_uring_prep_writev2(3), pwritev2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_writev2(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::writev2(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset, flags);
}

/// Reads like io_uring_prep_read() into a part of registered buffer `buf_index`, which spares the kernel mapping the pages.
///
/// `buf` points into the memory that io_uring_register_buffers() registered, and `nbytes` must not reach beyond its end.
/// - Result: the number of bytes read; 0 at the end of the file.
/// - Errors: -EFAULT when the range is not within the buffer or no such buffer is registered.
/// - Since: Linux 5.1. See io_uring_prep_read_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_read_fixed(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    buf: *mut c_void,
    nbytes: c_uint,
    offset: __u64,
    buf_index: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::read_fixed(unsafe { sqe_mut(sqe) }, fd, buf, nbytes, offset, buf_index);
}

/// Writes like io_uring_prep_write() from a part of registered buffer `buf_index`, which spares the kernel mapping the pages.
///
/// `buf` points into the memory that io_uring_register_buffers() registered, and `nbytes` must not reach beyond its end.
/// - Result: the number of bytes written.
/// - Errors: -EFAULT when the range is not within the buffer or no such buffer is registered.
/// - Since: Linux 5.1. See io_uring_prep_write_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_write_fixed(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    buf: *const c_void,
    nbytes: c_uint,
    offset: __u64,
    buf_index: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::write_fixed(unsafe { sqe_mut(sqe) }, fd, buf, nbytes, offset, buf_index);
}

/// Reads like io_uring_prep_readv2() into several parts of one registered buffer.
///
/// Every vector lies within registered buffer `buf_index`. `flags` are RWF_*.
/// - Result: the number of bytes read; 0 at the end of the file.
/// - Errors: -EFAULT when a vector is not within the buffer or no such buffer is registered.
/// - Since: Linux 6.15. See io_uring_prep_readv_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_readv_fixed(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
    flags: c_int,
    buf_index: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::readv_fixed(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset, flags, buf_index);
}

/// Writes like io_uring_prep_writev2() from several parts of one registered buffer.
///
/// Every vector lies within registered buffer `buf_index`. `flags` are RWF_*.
/// - Result: the number of bytes written.
/// - Errors: -EFAULT when a vector is not within the buffer or no such buffer is registered.
/// - Since: Linux 6.15. See io_uring_prep_writev_fixed(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_writev_fixed(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    iovecs: *const iovec,
    nr_vecs: c_uint,
    offset: __u64,
    flags: c_int,
    buf_index: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::writev_fixed(unsafe { sqe_mut(sqe) }, fd, iovecs, nr_vecs, offset, flags, buf_index);
}

/// Reads again and again, each time data arrives, into buffers of group `buf_group`.
///
/// For files that can be polled (pipes, sockets, terminals). Each CQE names its buffer; while it has IORING_CQE_F_MORE, more
/// will come. `nbytes` limits each read; 0 means the whole buffer. The function sets IOSQE_BUFFER_SELECT in place of other
/// SQE flags.
/// - Result, of each CQE: the number of bytes read; 0 at the end, which is the last.
/// - Errors, each the last CQE: -EBADFD for a file that cannot be polled, such as a regular one; -ENOBUFS when the group is
///   empty.
/// - Since: Linux 6.7. See io_uring_prep_read_multishot(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_read_multishot(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    nbytes: c_uint,
    offset: __u64,
    buf_group: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::read_multishot(unsafe { sqe_mut(sqe) }, fd, nbytes, offset, buf_group);
}

/// Moves up to `nbytes` bytes from `fd_in` to `fd_out` without copying them through the program; one of the two is a pipe.
///
/// `off_in` and `off_out` are positions in bytes, and -1 for a pipe or for the file's own position.
/// - Flags: SPLICE_F_* of splice(2), and SPLICE_F_FD_IN_FIXED when `fd_in` is a slot of the file table (IOSQE_FIXED_FILE
///   speaks of `fd_out`).
/// - Result: the number of bytes moved; 0 when the input has ended.
/// - Errors: -EINVAL when neither is a pipe; -ESPIPE when an offset is given for a pipe.
/// - Since: Linux 5.7. See io_uring_prep_splice(3), splice(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_splice(
    sqe: *mut io_uring_sqe,
    fd_in: c_int,
    off_in: i64,
    fd_out: c_int,
    off_out: i64,
    nbytes: c_uint,
    splice_flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::splice(unsafe { sqe_mut(sqe) }, fd_in, off_in, fd_out, off_out, nbytes, splice_flags);
}

/// Duplicates up to `nbytes` bytes of pipe `fd_in` into pipe `fd_out`, and leaves them in `fd_in`.
///
/// - Flags: as for io_uring_prep_splice().
/// - Result: the number of bytes duplicated; 0 when the input is empty and nobody writes to it.
/// - Errors: -EINVAL when one is not a pipe, or both are the same.
/// - Since: Linux 5.8. See io_uring_prep_tee(3), tee(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_tee(
    sqe: *mut io_uring_sqe,
    fd_in: c_int,
    fd_out: c_int,
    nbytes: c_uint,
    splice_flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::rw::tee(unsafe { sqe_mut(sqe) }, fd_in, fd_out, nbytes, splice_flags);
}
