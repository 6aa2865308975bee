// SPDX-License-Identifier: MIT
//! The memory that programs, library and kernel share: the types and numbers of `<liburing.h>` and `<linux/io_uring.h>`.
//!
//! Names are C's own, so that a reader of the manual finds them again. Nothing here depends on anything else in the crate.

// The interface is here whole, used or not.
#![allow(non_camel_case_types, dead_code)]

mod consts;
mod cqe;
mod params;
mod register;
mod ring;
mod sqe;

pub use consts::*;
pub use cqe::*;
pub use params::*;
pub use register::*;
pub use ring::*;
pub use sqe::*;

// Aliases under which C prints these types; the generated header keeps the names.
pub type __u8 = u8;
pub type __u16 = u16;
pub type __u32 = u32;
pub type __u64 = u64;
pub type __s32 = i32;

/// `struct __kernel_timespec`: 64-bit seconds and nanoseconds on every architecture.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct __kernel_timespec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds, 0 to 999 999 999.
    pub tv_nsec: i64,
}

/// Asserts the size of a C structure and the offsets of its fields where it is declared.
macro_rules! assert_layout {
    ($type:ty, size $size:expr $(, $field:ident @ $offset:expr)* $(,)?) => {
        ::static_assertions::const_assert_eq!(::core::mem::size_of::<$type>(), $size);
        $(::static_assertions::const_assert_eq!(::core::mem::offset_of!($type, $field), $offset);)*
    };
}
use assert_layout;

assert_layout!(__kernel_timespec, size 16, tv_sec @ 0, tv_nsec @ 8);
