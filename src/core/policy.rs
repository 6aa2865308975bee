// SPDX-License-Identifier: MIT
//! Which backend new rings get.

use super::errno::Errno;
use ::core::ffi::{c_int, CStr};
use ::core::sync::atomic::{AtomicU32, Ordering};

/// What the process has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Policy {
    /// The kernel; the engine where the kernel refuses io_uring altogether.
    Auto = 0,
    /// The kernel, and its errors.
    Kernel = 1,
    /// The engine.
    User = 2,
}

static POLICY: AtomicU32 = AtomicU32::new(Policy::Auto as u32);

/// The policy in force.
pub fn get() -> Policy {
    match POLICY.load(Ordering::Relaxed) {
        1 => Policy::Kernel,
        2 => Policy::User,
        _ => Policy::Auto,
    }
}

/// Sets it for rings made from now on: -EINVAL for a number that is none.
pub fn set(number: c_int) -> Result<(), Errno> {
    if !(0..=2).contains(&number) {
        return Err(Errno::INVAL);
    }
    POLICY.store(number as u32, Ordering::Relaxed);
    Ok(())
}

/// Takes the wish of whoever started the program: `URING_RS_BACKEND=auto|kernel|user`. Other words change nothing.
fn read_environment() {
    // SAFETY: before `main`, nobody changes the environment. A program with privileges beyond its starter's does not listen to it.
    let wish = unsafe {
        if libc::getauxval(libc::AT_SECURE) != 0 {
            return;
        }
        let value = libc::getenv(c"URING_RS_BACKEND".as_ptr());
        if value.is_null() {
            return;
        }
        CStr::from_ptr(value)
    };
    let policy = match wish.to_bytes() {
        b"auto" => Policy::Auto,
        b"kernel" => Policy::Kernel,
        b"user" => Policy::User,
        _ => return,
    };
    POLICY.store(policy as u32, Ordering::Relaxed);
}

ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn choose_backend() {
        read_environment();
    }
}
