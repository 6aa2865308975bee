// SPDX-License-Identifier: MIT
//! System calls through the C library, for architectures without an assembly stub of their own.

/// An address that belongs to the calling thread alone while it lives.
pub fn thread_address() -> usize {
    // SAFETY: cannot fail.
    unsafe { libc::pthread_self() as usize }
}

/// Makes a system call with up to six arguments and returns its result as the kernel left it: `-errno` on failure.
///
/// `errno` is put back afterwards: programs may rely on liburing not touching it.
///
/// # Safety
///
/// The call must be sound with these arguments: pointers among them are read and written by the kernel as that call defines.
pub unsafe fn syscall(nr: libc::c_long, args: [usize; 6]) -> isize {
    // SAFETY: `__errno_location` always gives this thread's errno; the call itself is the caller's promise.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        let ret = libc::syscall(nr, args[0], args[1], args[2], args[3], args[4], args[5]);
        let failure = *errno;
        *errno = saved;
        if ret == -1 {
            -(failure as isize)
        } else {
            ret as isize
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_failing_call_returns_its_errno_and_leaves_errno_alone() {
        // SAFETY: closing a descriptor that cannot exist; errno is this thread's.
        unsafe {
            *libc::__errno_location() = 77;
            let ret = super::syscall(libc::SYS_close, [usize::MAX, 0, 0, 0, 0, 0]);
            assert_eq!(ret, -libc::EBADF as isize);
            assert_eq!(*libc::__errno_location(), 77);
        }
    }
    #[test]
    fn two_threads_that_live_have_different_addresses() {
        let mine = super::thread_address();
        assert_eq!(mine, super::thread_address());
        assert_ne!(mine, std::thread::spawn(super::thread_address).join().unwrap());
    }
}
