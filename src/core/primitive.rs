// SPDX-License-Identifier: MIT
//! Loads, stores and fences on memory shared with the kernel.
//!
//! Ring memory is only ever reached through these functions and raw pointers, never through Rust references: the kernel writes
//! it at any time.

use ::core::sync::atomic::fence;
pub use ::core::sync::atomic::{AtomicU32, Ordering};

/// The ring field as an atomic.
///
/// # Safety
///
/// `field` points to a mapped, aligned 32-bit ring field.
#[inline(always)]
unsafe fn atomic<'a>(field: *mut u32) -> &'a AtomicU32 {
    // SAFETY: the caller's promise; whoever else writes the field does so atomically.
    unsafe { AtomicU32::from_ptr(field) }
}

/// A load that orders nothing.
///
/// # Safety
///
/// As for [`atomic`].
#[inline(always)]
pub unsafe fn load_relaxed(field: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.load(Ordering::Relaxed)
}

/// A load before everything that follows.
///
/// # Safety
///
/// As for [`atomic`].
#[inline(always)]
pub unsafe fn load_acquire(field: *mut u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.load(Ordering::Acquire)
}

/// A store that orders nothing.
///
/// # Safety
///
/// As for [`atomic`].
#[inline(always)]
pub unsafe fn store_relaxed(field: *mut u32, value: u32) {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.store(value, Ordering::Relaxed);
}

/// A store after everything that precedes.
///
/// # Safety
///
/// As for [`atomic`].
#[inline(always)]
pub unsafe fn store_release(field: *mut u32, value: u32) {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.store(value, Ordering::Release);
}

/// Orders every store before it against every load after it.
#[inline(always)]
pub fn full_fence() {
    fence(Ordering::SeqCst);
}

/// Sets bits.
///
/// # Safety
///
/// As for [`atomic`].
pub unsafe fn atomic_or(field: *mut u32, bits: u32) {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.fetch_or(bits, Ordering::SeqCst);
}

/// Keeps only these bits.
///
/// # Safety
///
/// As for [`atomic`].
pub unsafe fn atomic_and(field: *mut u32, bits: u32) {
    // SAFETY: the caller's promise.
    unsafe { atomic(field) }.fetch_and(bits, Ordering::SeqCst);
}
