// SPDX-License-Identifier: MIT
//! What a Rust library without `std` brings itself: an allocator, a panic handler, and the unwinder's hook.

#[cfg(panic = "unwind")]
compile_error!("without std there is no unwinder: build with panic = \"abort\", as both profiles in Cargo.toml do");

use ::core::alloc::{GlobalAlloc, Layout};
use ::core::panic::PanicInfo;

/// The C library's allocator.
struct Malloc;

// SAFETY: `malloc`, `posix_memalign`, `realloc` and `free` keep the promises of an allocator; a null return is one.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: any size is allowed.
            return unsafe { libc::malloc(layout.size()) }.cast();
        }
        let mut block = ::core::ptr::null_mut();
        // SAFETY: the alignment is a power of two and a multiple of a pointer's size; `block` is written on success only.
        unsafe { libc::posix_memalign(&mut block, layout.align(), layout.size()) };
        block.cast()
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= MALLOC_ALIGN {
            // SAFETY: any size is allowed.
            return unsafe { libc::calloc(1, layout.size()) }.cast();
        }
        // SAFETY: the caller's promise.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: `size` bytes were just allocated.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        // SAFETY: the block came from this allocator.
        unsafe { libc::free(block.cast()) };
    }
}

/// What `malloc` aligns to on every supported platform.
const MALLOC_ALIGN: usize = 2 * ::core::mem::size_of::<usize>();

#[global_allocator]
static ALLOCATOR: Malloc = Malloc;

/// A panic is a bug in the library. Ending the program is the only answer that cannot corrupt its data.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    // SAFETY: no preconditions.
    unsafe { libc::abort() }
}

// The precompiled `core` names its unwinder's personality although nothing here unwinds. Weak and hidden: a program that has a real
// one keeps it.
::core::arch::global_asm!(".weak rust_eh_personality", ".hidden rust_eh_personality", "rust_eh_personality:");
