// SPDX-License-Identifier: MIT
//! The C types that exported functions name beside the ring's own. `cbindgen.toml` gives the structs among them their tag.

pub use ::core::ffi::{c_char, c_int, c_uint, c_ushort, c_void};
pub use libc::{
    cmsghdr, epoll_event, id_t, idtype_t, iovec, loff_t, mode_t, msghdr, off_t, open_how, siginfo_t, sockaddr, socklen_t,
};

/// `struct statx`, which the libc crate does not have for every C library. Only its address is used.
#[repr(C)]
pub struct statx {
    _private: [u8; 0],
}

/// `struct futex_waitv` of `<linux/futex.h>`. Only its address is used.
#[repr(C)]
pub struct futex_waitv {
    _private: [u8; 0],
}
