// SPDX-License-Identifier: MIT
//! System calls on aarch64.

use ::core::arch::asm;

/// An address that belongs to the calling thread alone while it lives.
#[inline(always)]
pub fn thread_address() -> usize {
    let address: usize;
    // SAFETY: reads the register that the ABI of thread-local storage reserves for this.
    unsafe { asm!("mrs {}, tpidr_el0", out(reg) address, options(pure, nomem, nostack, preserves_flags)) };
    address
}

/// Makes a system call with up to six arguments and returns the result register as it is.
///
/// # Safety
///
/// The call must be sound with these arguments: pointers among them are read and written by the kernel as that call defines.
#[inline(always)]
pub unsafe fn syscall(nr: libc::c_long, args: [usize; 6]) -> isize {
    let ret: isize;
    // SAFETY: the kernel's calling convention: it changes x0, and what the arguments point to (caller's promise).
    unsafe {
        asm!(
            "svc #0",
            in("x8") nr as usize,
            inlateout("x0") args[0] as isize => ret,
            in("x1") args[1],
            in("x2") args[2],
            in("x3") args[3],
            in("x4") args[4],
            in("x5") args[5],
            options(nostack),
        );
    }
    ret
}
