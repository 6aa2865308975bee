// SPDX-License-Identifier: MIT
//! Reading and writing structures of the program, whose addresses may be bad: -EFAULT then.

use crate::core::errno::Errno;
use crate::core::sys;
use ::core::mem::{size_of, MaybeUninit};

/// Reads one structure or number. `T` is made of integers: every pattern of bits is a value.
pub fn read<T: Copy>(from: u64) -> Result<T, Errno> {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: room for one; written when the copy succeeds, and any bits are a value.
    unsafe {
        sys::copy_from_program(value.as_mut_ptr().cast(), from, size_of::<T>())?;
        Ok(value.assume_init())
    }
}

/// Writes one structure or number.
pub fn write<T: Copy>(to: u64, value: &T) -> Result<(), Errno> {
    // SAFETY: one value to read.
    unsafe { sys::copy_to_program(to, (value as *const T).cast(), size_of::<T>()) }
}
