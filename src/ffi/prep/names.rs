// SPDX-License-Identifier: MIT
//! Names and attributes: stat, directories, links, extended attributes
//!
//! Paths have to stay until submission. A relative path starts at the directory that comes before it, a descriptor or
//! AT_FDCWD (never a slot of the file table), or at the current directory where the function takes none.

use super::super::ctypes::*;
use super::sqe_mut;
use crate::core::abi::*;
use crate::core::prep;
use libc::AT_FDCWD;

/// Tells a file's type, size, times and more, like statx(2).
///
/// - `flags`: AT_*, such as AT_SYMLINK_NOFOLLOW, or AT_EMPTY_PATH for the file `dfd` itself; `mask`: the STATX_* fields
///   wanted.
/// - Result: 0, with the answer in `statxbuf`, whose `stx_mask` tells which fields it holds.
/// - Errors: -ENOENT, -EACCES, -ENOTDIR, -ELOOP.
/// - Since: Linux 5.6. See io_uring_prep_statx(3), statx(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_statx(
    sqe: *mut io_uring_sqe,
    dfd: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    statxbuf: *mut statx,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::statx(unsafe { sqe_mut(sqe) }, dfd, path, flags, mask, statxbuf.cast());
}

/// Makes the directory `path` with permissions `mode` (less the umask), like mkdir(2).
///
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -EACCES, -ENOSPC.
/// - Since: Linux 5.15. See io_uring_prep_mkdir(3), mkdir(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_mkdir(sqe: *mut io_uring_sqe, path: *const c_char, mode: mode_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::mkdirat(unsafe { sqe_mut(sqe) }, AT_FDCWD, path, mode);
}

/// Makes the directory `path`, seen from `dfd`, with permissions `mode` (less the umask), like mkdirat(2).
///
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -EACCES, -ENOSPC, -ENOTDIR.
/// - Since: Linux 5.15. See io_uring_prep_mkdirat(3), mkdirat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_mkdirat(sqe: *mut io_uring_sqe, dfd: c_int, path: *const c_char, mode: mode_t) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::mkdirat(unsafe { sqe_mut(sqe) }, dfd, path, mode);
}

/// Removes the name `path`, like unlink(2), or with AT_REMOVEDIR in `flags` an empty directory, like rmdir(2).
///
/// - Result: 0.
/// - Errors: -ENOENT, -EACCES, -EISDIR; for directories -ENOTEMPTY, -ENOTDIR.
/// - Since: Linux 5.11. See io_uring_prep_unlink(3), unlink(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_unlink(sqe: *mut io_uring_sqe, path: *const c_char, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::unlinkat(unsafe { sqe_mut(sqe) }, AT_FDCWD, path, flags);
}

/// Removes the name `path`, seen from `dfd`, or with AT_REMOVEDIR in `flags` an empty directory, like unlinkat(2).
///
/// - Result: 0.
/// - Errors: -ENOENT, -EACCES, -EISDIR; for directories -ENOTEMPTY, -ENOTDIR.
/// - Since: Linux 5.11. See io_uring_prep_unlinkat(3), unlinkat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_unlinkat(sqe: *mut io_uring_sqe, dfd: c_int, path: *const c_char, flags: c_int) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::unlinkat(unsafe { sqe_mut(sqe) }, dfd, path, flags);
}

/// Renames `oldpath` to `newpath`, replacing what was there, like rename(2).
///
/// - Result: 0.
/// - Errors: -ENOENT, -EACCES, -EXDEV across file systems, -ENOTEMPTY, -EISDIR.
/// - Since: Linux 5.11. See io_uring_prep_rename(3), rename(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_rename(sqe: *mut io_uring_sqe, oldpath: *const c_char, newpath: *const c_char) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::renameat(unsafe { sqe_mut(sqe) }, AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
}

/// Renames `oldpath`, seen from `olddfd`, to `newpath`, seen from `newdfd`, like renameat2(2).
///
/// - Flags: RENAME_NOREPLACE fails with -EEXIST rather than replace, RENAME_EXCHANGE swaps the two, RENAME_WHITEOUT.
/// - Result: 0.
/// - Errors: those of io_uring_prep_rename(); -EINVAL for a flag that the file system does not know.
/// - Since: Linux 5.11. See io_uring_prep_renameat(3), renameat2(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_renameat(
    sqe: *mut io_uring_sqe,
    olddfd: c_int,
    oldpath: *const c_char,
    newdfd: c_int,
    newpath: *const c_char,
    flags: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::renameat(unsafe { sqe_mut(sqe) }, olddfd, oldpath, newdfd, newpath, flags);
}

/// Gives the file `oldpath` the further name `newpath` (a hard link), like link(2).
///
/// - Flags: as for io_uring_prep_linkat().
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -EXDEV across file systems, -EPERM for a directory, -EMLINK.
/// - Since: Linux 5.15. See io_uring_prep_link(3), link(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_link(
    sqe: *mut io_uring_sqe,
    oldpath: *const c_char,
    newpath: *const c_char,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::linkat(unsafe { sqe_mut(sqe) }, AT_FDCWD, oldpath, AT_FDCWD, newpath, flags);
}

/// Gives the file `oldpath`, seen from `olddfd`, the further name `newpath`, seen from `newdfd`, like linkat(2).
///
/// - Flags: AT_SYMLINK_FOLLOW to follow `oldpath` when it is a symbolic link, AT_EMPTY_PATH to link the file `olddfd` itself.
/// - Result: 0.
/// - Errors: those of io_uring_prep_link().
/// - Since: Linux 5.15. See io_uring_prep_linkat(3), linkat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_linkat(
    sqe: *mut io_uring_sqe,
    olddfd: c_int,
    oldpath: *const c_char,
    newdfd: c_int,
    newpath: *const c_char,
    flags: c_int,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::linkat(unsafe { sqe_mut(sqe) }, olddfd, oldpath, newdfd, newpath, flags);
}

/// Makes `linkpath` a symbolic link whose text is `target`, like symlink(2).
///
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -EACCES, -ENAMETOOLONG.
/// - Since: Linux 5.15. See io_uring_prep_symlink(3), symlink(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_symlink(sqe: *mut io_uring_sqe, target: *const c_char, linkpath: *const c_char) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::symlinkat(unsafe { sqe_mut(sqe) }, target, AT_FDCWD, linkpath);
}

/// Makes `linkpath`, seen from `newdirfd`, a symbolic link whose text is `target`, like symlinkat(2).
///
/// - Result: 0.
/// - Errors: -EEXIST, -ENOENT, -EACCES, -ENAMETOOLONG, -ENOTDIR.
/// - Since: Linux 5.15. See io_uring_prep_symlinkat(3), symlinkat(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_symlinkat(
    sqe: *mut io_uring_sqe,
    target: *const c_char,
    newdirfd: c_int,
    linkpath: *const c_char,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::symlinkat(unsafe { sqe_mut(sqe) }, target, newdirfd, linkpath);
}

/// Reads the extended attribute `name` of the file at `path` into the `len` bytes of `value`, like getxattr(2).
///
/// `name` has to stay until submission. With `len` 0 nothing is read and the result is the size.
/// - Result: the size of the attribute in bytes.
/// - Errors: -ENODATA when the file has no such attribute; -ERANGE when `value` is too small; -EOPNOTSUPP.
/// - Since: Linux 5.19. See io_uring_prep_getxattr(3), getxattr(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_getxattr(
    sqe: *mut io_uring_sqe,
    name: *const c_char,
    value: *mut c_char,
    path: *const c_char,
    len: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::getxattr(unsafe { sqe_mut(sqe) }, name, value, path, len);
}

/// Sets the extended attribute `name` of the file at `path` to the `len` bytes of `value`, like setxattr(2).
///
/// `name` and `value` have to stay until submission.
/// - Flags: 0, XATTR_CREATE (fails with -EEXIST if it exists), XATTR_REPLACE (fails with -ENODATA if it does not).
/// - Result: 0.
/// - Errors: -ENOSPC, -EDQUOT, -EOPNOTSUPP, -EPERM, -ERANGE.
/// - Since: Linux 5.19. See io_uring_prep_setxattr(3), setxattr(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_setxattr(
    sqe: *mut io_uring_sqe,
    name: *const c_char,
    value: *const c_char,
    path: *const c_char,
    flags: c_int,
    len: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::setxattr(unsafe { sqe_mut(sqe) }, name, value, path, flags, len);
}

/// Reads the extended attribute `name` of the open file `fd`, like fgetxattr(2). Otherwise as io_uring_prep_getxattr().
///
/// - Result: the size of the attribute in bytes.
/// - Errors: -ENODATA, -ERANGE, -EOPNOTSUPP.
/// - Since: Linux 5.19. See io_uring_prep_fgetxattr(3), fgetxattr(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fgetxattr(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    name: *const c_char,
    value: *mut c_char,
    len: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fgetxattr(unsafe { sqe_mut(sqe) }, fd, name, value, len);
}

/// Sets the extended attribute `name` of the open file `fd`, like fsetxattr(2). Otherwise as io_uring_prep_setxattr().
///
/// - Flags: 0, XATTR_CREATE, XATTR_REPLACE.
/// - Result: 0.
/// - Errors: -EEXIST, -ENODATA, -ENOSPC, -EDQUOT, -EOPNOTSUPP, -EPERM.
/// - Since: Linux 5.19. See io_uring_prep_fsetxattr(3), fsetxattr(2).
///
/// # Safety
///
/// - `sqe` is a valid SQE.
#[no_mangle]
pub unsafe extern "C" fn io_uring_prep_fsetxattr(
    sqe: *mut io_uring_sqe,
    fd: c_int,
    name: *const c_char,
    value: *const c_char,
    flags: c_int,
    len: c_uint,
) {
    // SAFETY: the caller hands over a valid SQE.
    prep::fs::fsetxattr(unsafe { sqe_mut(sqe) }, fd, name, value, flags, len);
}
