// SPDX-License-Identifier: MIT
//! Tables, buffers, messages between rings, futexes, processes, device commands

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;

/// Replaces `nr_fds` slots of the ring's file table, from slot `offset` on, by the descriptors in `fds`.
///
/// A descriptor of -1 empties its slot; IORING_REGISTER_FILES_SKIP (-2) leaves it. With `offset` IORING_FILE_INDEX_ALLOC the
/// kernel picks free slots and writes their numbers to `fds` (since Linux 6.0).
/// - Result: the number of slots updated, which may be short of `nr_fds` when a later one failed.
/// - Errors: -ENXIO without a file table; -EINVAL when it is too small; -EBADF for a descriptor that is not open.
/// - Since: Linux 5.6. See io_uring_prep_files_update(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_files_update(sqe: *mut io_uring_sqe, fds: *mut c_int, nr_fds: c_uint, offset: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::files_update(unsafe { sqe_mut(sqe) }, fds, nr_fds, offset);
}

/// Makes an ordinary descriptor for the file in slot `fd` of the ring's file table.
///
/// The descriptor is close-on-exec. The function sets IOSQE_FIXED_FILE in place of other SQE flags.
/// - Flags: 0, or IORING_FIXED_FD_NO_CLOEXEC.
/// - Result: the new file descriptor; the slot stays.
/// - Errors: -EBADF when the slot is empty; -EMFILE.
/// - Since: Linux 6.8. See io_uring_prep_fixed_fd_install(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fixed_fd_install(sqe: *mut io_uring_sqe, fd: c_int, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::fixed_fd_install(unsafe { sqe_mut(sqe) }, fd, flags);
}

/// Gives the kernel `nr` buffers of `len` bytes each, which lie one after the other from `addr` on, as group `bgid`.
///
/// They are numbered from `bid`. Requests with IOSQE_BUFFER_SELECT take them, each once. A buffer ring
/// (io_uring_setup_buf_ring()) does the same at less cost.
/// - Result: 0.
/// - Errors: -EINVAL when the group is a buffer ring, or the numbers do not fit 16 bits.
/// - Since: Linux 5.7. See io_uring_prep_provide_buffers(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE; the program does not use the buffers until a CQE names them or they are removed.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_provide_buffers(
    sqe: *mut io_uring_sqe,
    addr: *mut c_void,
    len: c_int,
    nr: c_int,
    bgid: c_int,
    bid: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::provide_buffers(unsafe { sqe_mut(sqe) }, addr, len, nr, bgid, bid);
}

/// Takes up to `nr` buffers of group `bgid` back that io_uring_prep_provide_buffers() gave and no request has taken.
///
/// - Result: the number of buffers removed.
/// - Errors: -ENOENT when there is no such group; -EINVAL when it is a buffer ring.
/// - Since: Linux 5.7. See io_uring_prep_remove_buffers(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_remove_buffers(sqe: *mut io_uring_sqe, nr: c_int, bgid: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::remove_buffers(unsafe { sqe_mut(sqe) }, nr, bgid);
}

/// Posts a CQE to the ring behind `fd`: its `res` is `len`, its `user_data` is `data`.
///
/// `fd` is the ring's descriptor; sending to the own ring works too.
/// - Flags: IORING_MSG_RING_FLAGS_PASS as in io_uring_prep_msg_ring_cqe_flags().
/// - Result, in the sender's CQE: 0.
/// - Errors: -EBADFD when `fd` is no ring, or one not yet enabled; -EOVERFLOW when the CQE could not be posted.
/// - Since: Linux 5.18. See io_uring_prep_msg_ring(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_msg_ring(sqe: *mut io_uring_sqe, fd: c_int, len: c_uint, data: __u64, flags: c_uint) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::msg_ring(unsafe { sqe_mut(sqe) }, fd, len, data, flags);
}

/// Like io_uring_prep_msg_ring(), and the posted CQE's `flags` are `cqe_flags`.
///
/// - Result, errors: those of io_uring_prep_msg_ring().
/// - Since: Linux 6.3. See io_uring_prep_msg_ring_cqe_flags(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_msg_ring_cqe_flags(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    len: c_uint,
    data: __u64,
    flags: c_uint,
    cqe_flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::msg_ring_cqe_flags(unsafe { sqe_mut(sqe) }, fd, len, data, flags, cqe_flags);
}

/// Puts the file in slot `source_fd` of this ring's file table into slot `target_fd` of the other ring's, and posts a CQE
/// there.
///
/// `fd` is the other ring's descriptor; a ring cannot send to itself here. The CQE's `user_data` is `data`. With `target_fd`
/// IORING_FILE_INDEX_ALLOC the other ring's kernel side picks the slot, and the CQE's `res` tells it.
/// - Flags: IORING_MSG_RING_CQE_SKIP posts no CQE to the other ring.
/// - Result, in the sender's CQE: 0, or the slot when the kernel picked it.
/// - Errors: -EBADFD when `fd` is no ring; -EBADF when slot `source_fd` is empty; those of the file table; -EOVERFLOW when
///   the file was put but the CQE could not be posted.
/// - Since: Linux 6.0. See io_uring_prep_msg_ring_fd(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_msg_ring_fd(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    source_fd: c_int,
    target_fd: c_int,
    data: __u64,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::msg_ring_fd(unsafe { sqe_mut(sqe) }, fd, source_fd, target_fd, data, flags);
}

/// Like io_uring_prep_msg_ring_fd(), with the target slot picked by the kernel.
///
/// - Result, in both CQEs: the slot.
/// - Errors: those of io_uring_prep_msg_ring_fd(); -ENFILE when the other ring has no free slot.
/// - Since: Linux 6.0. See io_uring_prep_msg_ring_fd_alloc(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_msg_ring_fd_alloc(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    source_fd: c_int,
    data: __u64,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::msg_ring_fd(unsafe { sqe_mut(sqe) }, fd, source_fd, IORING_FILE_INDEX_ALLOC as c_int, data, flags);
}

/// Waits until the futex is woken, if it holds `val`.
///
/// `mask` selects the wakers that count, FUTEX_BITSET_MATCH_ANY for all. `futex_flags` tells size and scope of the futex:
/// FUTEX2_SIZE_U32, and FUTEX2_PRIVATE when only this process uses it. `flags` is 0.
/// - Result: 0 when it was woken.
/// - Errors: -EAGAIN when the futex holds another value; -EINVAL for a mask of 0.
/// - Since: Linux 6.7. See io_uring_prep_futex_wait(3), futex(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_futex_wait(
    sqe: *mut io_uring_sqe,
    futex: *const u32,
    val: u64,
    mask: u64,
    futex_flags: u32,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::futex(unsafe { sqe_mut(sqe) }, IORING_OP_FUTEX_WAIT, futex, val, mask, futex_flags, flags);
}

/// Wakes up to `val` waiters on the futex whose mask has a bit in common with `mask`.
///
/// `futex_flags` and `flags` are as for io_uring_prep_futex_wait(). It wakes threads and requests alike.
/// - Result: the number of waiters woken.
/// - Errors: -EINVAL for a mask of 0.
/// - Since: Linux 6.7. See io_uring_prep_futex_wake(3), futex(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_futex_wake(
    sqe: *mut io_uring_sqe,
    futex: *const u32,
    val: u64,
    mask: u64,
    futex_flags: u32,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::futex(unsafe { sqe_mut(sqe) }, IORING_OP_FUTEX_WAKE, futex, val, mask, futex_flags, flags);
}

/// Waits until one of `nr_futex` futexes is woken, if each holds its value, like futex_waitv(2). `flags` is 0.
///
/// The array has to stay until submission.
/// - Result: the index of a futex that was woken.
/// - Errors: -EAGAIN when one holds another value; -EINVAL for more than 128 futexes or none.
/// - Since: Linux 6.7. See io_uring_prep_futex_waitv(3), futex_waitv(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_futex_waitv(
    sqe: *mut io_uring_sqe,
    futex: *const futex_waitv,
    nr_futex: u32,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::futex_waitv(unsafe { sqe_mut(sqe) }, futex.cast(), nr_futex, flags);
}

/// Waits until a child process changes its state, like waitid(2). `flags` is 0.
///
/// `idtype` and `id` name the children (P_PID, P_PGID, P_PIDFD, P_ALL), `options` the changes (WEXITED, WSTOPPED, WCONTINUED,
/// with WNOHANG, WNOWAIT).
/// - Result: 0, with the child's state in `infop`, which may be NULL.
/// - Errors: -ECHILD when there is no such child.
/// - Since: Linux 6.7. See io_uring_prep_waitid(3), waitid(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_waitid(
    sqe: *mut io_uring_sqe,
    idtype: idtype_t,
    id: id_t,
    infop: *mut siginfo_t,
    options: c_int,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::waitid(unsafe { sqe_mut(sqe) }, idtype, id, infop, options, flags);
}

/// Sends a command to the driver or subsystem behind `fd`: what ioctl(2) would be, but asynchronous.
///
/// `cmd_op` is the driver's own number. After preparing, the program fills the arguments: the SQE's fields as the driver
/// wants them, 16 bytes at `cmd`, or 80 on rings with IORING_SETUP_SQE128.
/// - Flags: IORING_URING_CMD_FIXED in `uring_cmd_flags` to use a registered buffer (since Linux 6.1).
/// - Result: the driver's; with IORING_SETUP_CQE32 it may have more in the CQE's second half.
/// - Errors: the driver's; -EOPNOTSUPP when the file takes no commands.
/// - Since: Linux 5.19. See io_uring_prep_uring_cmd(3), io_uring_enter(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_uring_cmd(sqe: *mut io_uring_sqe, cmd_op: c_int, fd: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::uring_cmd(unsafe { sqe_mut(sqe) }, IORING_OP_URING_CMD, cmd_op as u32, fd);
}

/// Like io_uring_prep_uring_cmd(), in an SQE of 128 bytes from io_uring_get_sqe128(), with 80 bytes at `cmd`.
///
/// - Errors: those of io_uring_prep_uring_cmd(); -EINVAL where the ring has neither IORING_SETUP_SQE128 nor
///   IORING_SETUP_SQE_MIXED.
/// - Since: Linux 6.19. See io_uring_prep_uring_cmd128(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE, of 128 bytes.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_uring_cmd128(sqe: *mut io_uring_sqe, cmd_op: c_int, fd: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::uring_cmd(unsafe { sqe_mut(sqe) }, IORING_OP_URING_CMD128, cmd_op as u32, fd);
}

/// What the command functions start from: writes operation `op`, command `cmd_op` and `fd`, and clears the address and the
/// length.
///
/// Programs call io_uring_prep_uring_cmd() or io_uring_prep_uring_cmd128().
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_prep_uring_cmd(sqe: *mut io_uring_sqe, op: c_int, cmd_op: __u32, fd: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::uring_cmd(unsafe { sqe_mut(sqe) }, op as u8, cmd_op, fd);
}

/// Discards `nbytes` bytes of block device `fd` from `offset` on: their contents are no longer needed.
///
/// Both are multiples of the device's logical block size. The page cache of the range is dropped.
/// - Result: 0.
/// - Errors: -EOPNOTSUPP for a device that cannot discard or a file that is no block device; -EINVAL for a range that is not
///   aligned or too long; -EBADF when not open for writing.
/// - Since: Linux 6.12. See io_uring_prep_cmd_discard(3).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cmd_discard(sqe: *mut io_uring_sqe, fd: c_int, offset: u64, nbytes: u64) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::cmd_discard(unsafe { sqe_mut(sqe) }, fd, offset, nbytes);
}

/// Resets the write pointers of all zones of the zoned block device `fd`, which drops all data on it.
///
/// - Result: 0.
/// - Errors: -EINVAL from kernels that do not know the command; -EOPNOTSUPP for a file that is no zoned block device; -EBADF
///   when not open for writing.
/// - Since: the kernel that defines BLOCK_URING_CMD_ZONE_RESET_ALL.
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_cmd_zone_reset_all(sqe: *mut io_uring_sqe, fd: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::misc::uring_cmd(unsafe { sqe_mut(sqe) }, IORING_OP_URING_CMD, BLOCK_URING_CMD_ZONE_RESET_ALL, fd);
}
