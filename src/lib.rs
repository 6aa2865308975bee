// SPDX-License-Identifier: MIT
//! `uring_rs`: liburing's C interface over a Rust core.
//!
//! Programs in C link to the shared or static library that the `Makefile` makes from this crate; nothing here is meant to be called
//! from Rust. Words that the documentation of the exports uses:
//!
//! - **a valid ring**: a `struct io_uring` that an `io_uring_queue_init*` or `io_uring_queue_mmap` call filled with success and
//!   that has not been through `io_uring_queue_exit`; no other thread uses it at the same time.
//! - **a valid SQE**: 64 bytes, aligned to 8, that the caller may write; what `io_uring_get_sqe` returned.
//! - **a valid CQE**: an entry that a peek or wait handed out and that has not been marked seen.
//!
//! The modules call downwards only: `ffi` → `queue`, `core::{setup, register, probe, prep, buf_ring}` → `core::backend` →
//! `core::sys` → `core::{abi, errno, primitive}`. `tests/tidy.rs` keeps it so.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

extern crate alloc;

mod core;
mod engine;
mod ffi;
mod queue;
#[cfg(not(feature = "std"))]
mod rt;
