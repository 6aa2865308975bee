// SPDX-License-Identifier: MIT
//! System calls on x86-64.

use ::core::arch::asm;

/// An address that belongs to the calling thread alone while it lives.
#[inline(always)]
pub fn thread_address() -> usize {
    let address: usize;
    // SAFETY: the first word of a thread's control block holds the block's address: so the ABI of thread-local storage has it.
    unsafe { asm!("mov {}, fs:0", out(reg) address, options(pure, readonly, nostack, preserves_flags)) };
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
    // SAFETY: the kernel's calling convention: it changes rax, rcx and r11, and what the arguments point to (caller's promise).
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") nr as isize => ret,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    ret
}
