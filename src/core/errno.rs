// SPDX-License-Identifier: MIT
//! Errors, and the one place where they become what C sees.

use ::core::ffi::c_int;

/// A Linux error number, positive as in `<errno.h>`. The library never touches the C library's `errno`.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(c_int);

impl Errno {
    pub const AGAIN: Errno = Errno(libc::EAGAIN);
    pub const ALREADY: Errno = Errno(libc::EALREADY);
    pub const BADFD: Errno = Errno(libc::EBADFD);
    pub const CHILD: Errno = Errno(libc::ECHILD);
    pub const BUSY: Errno = Errno(libc::EBUSY);
    pub const CANCELED: Errno = Errno(libc::ECANCELED);
    pub const FAULT: Errno = Errno(libc::EFAULT);
    pub const INTR: Errno = Errno(libc::EINTR);
    pub const NOENT: Errno = Errno(libc::ENOENT);
    pub const NOSYS: Errno = Errno(libc::ENOSYS);
    pub const NXIO: Errno = Errno(libc::ENXIO);
    pub const PERM: Errno = Errno(libc::EPERM);
    pub const TIME: Errno = Errno(libc::ETIME);
    pub const ACCES: Errno = Errno(libc::EACCES);
    pub const INPROGRESS: Errno = Errno(libc::EINPROGRESS);
    pub const ISDIR: Errno = Errno(libc::EISDIR);
    pub const ISCONN: Errno = Errno(libc::EISCONN);
    pub const NOTSOCK: Errno = Errno(libc::ENOTSOCK);
    pub const CONNABORTED: Errno = Errno(libc::ECONNABORTED);
    pub const SPIPE: Errno = Errno(libc::ESPIPE);
    pub const OVERFLOW: Errno = Errno(libc::EOVERFLOW);
    pub const BADF: Errno = Errno(libc::EBADF);
    pub const EXIST: Errno = Errno(libc::EEXIST);
    pub const INVAL: Errno = Errno(libc::EINVAL);
    pub const MFILE: Errno = Errno(libc::EMFILE);
    pub const NOMEM: Errno = Errno(libc::ENOMEM);
    pub const OPNOTSUPP: Errno = Errno(libc::EOPNOTSUPP);

    /// An error number that something else than a result register brought.
    pub const fn from_raw(errno: c_int) -> Errno {
        Errno(errno)
    }

    /// The value a C function of liburing returns for this error.
    pub const fn to_c(self) -> c_int {
        -self.0
    }
}

/// Splits what a system call left in its result register: -4095 to -1 are errors, all else is a value.
pub fn check(ret: isize) -> Result<usize, Errno> {
    if (-4095..0).contains(&ret) {
        Err(Errno(-ret as c_int))
    } else {
        Ok(ret as usize)
    }
}

/// The same for calls whose values fit a C `int`.
pub fn check_int(ret: c_int) -> Result<c_int, Errno> {
    if ret < 0 {
        Err(Errno(-ret))
    } else {
        Ok(ret)
    }
}

/// Turns a core result into a C return value.
pub trait IntoC {
    /// The value itself, 0 for nothing, `-errno` for an error.
    fn into_c(self) -> c_int;
}

impl IntoC for Result<c_int, Errno> {
    fn into_c(self) -> c_int {
        self.unwrap_or_else(Errno::to_c)
    }
}

impl IntoC for Result<(), Errno> {
    fn into_c(self) -> c_int {
        match self {
            Ok(()) => 0,
            Err(e) => e.to_c(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_4095_values_are_errors() {
        assert_eq!(check(-1), Err(Errno(1)));
        assert_eq!(check(-4095), Err(Errno(4095)));
        assert_eq!(check(-4096), Ok(-4096isize as usize));
        assert_eq!(check(0), Ok(0));
        assert_eq!(check(isize::MAX), Ok(isize::MAX as usize));
    }

    #[test]
    fn results_become_c_values() {
        assert_eq!(Err::<c_int, _>(Errno::BADF).into_c(), -9);
        assert_eq!(Ok::<c_int, Errno>(3).into_c(), 3);
        assert_eq!(Err::<(), _>(Errno::INVAL).into_c(), -22);
        assert_eq!(Ok::<(), Errno>(()).into_c(), 0);
    }
}
