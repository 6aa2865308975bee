// SPDX-License-Identifier: MIT
//! What this library has beyond liburing: `include/uring_rs.h` documents it.

use super::ring_ref;
use crate::core::abi::io_uring;
use crate::core::backend::Backend;
use crate::core::errno::IntoC;
use crate::core::policy;
use ::core::ffi::{c_char, c_int};
use ::core::ptr::null;

const URING_RS_BACKEND_AUTO: c_int = 0;
const URING_RS_BACKEND_KERNEL: c_int = 1;
const URING_RS_BACKEND_USER: c_int = 2;

/// What serves a ring.
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn uring_rs_backend(ring: *const io_uring) -> c_int {
    // SAFETY: the caller's promise.
    match Backend::of_ring(unsafe { ring_ref(ring) }) {
        Backend::Kernel => URING_RS_BACKEND_KERNEL,
        Backend::User => URING_RS_BACKEND_USER,
    }
}

/// Which backend new rings get.
#[no_mangle]
pub extern "C" fn uring_rs_set_backend(backend: c_int) -> c_int {
    policy::set(backend).into_c()
}

/// The name of a backend.
#[no_mangle]
pub extern "C" fn uring_rs_backend_name(backend: c_int) -> *const c_char {
    match backend {
        URING_RS_BACKEND_AUTO => c"auto".as_ptr(),
        URING_RS_BACKEND_KERNEL => c"kernel".as_ptr(),
        URING_RS_BACKEND_USER => c"user".as_ptr(),
        _ => null(),
    }
}
