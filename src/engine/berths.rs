// SPDX-License-Identifier: MIT
//! Where threads sleep behind the driver: each at a descriptor of its own, since only a poll takes a signal mask and ends with every signal,
//! whatever its handler says about calls to be restarted.

use super::descriptors::make_high;
use super::sync::Mutex;
use crate::core::abi::__kernel_timespec;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::vec::Vec;
use ::core::ffi::{c_int, c_void};

struct Berth {
    /// An eventfd.
    fd: c_int,
    taken: bool,
    /// It was signalled since it was taken.
    rung: bool,
}

/// The berths of a ring: as many as threads have slept at once.
pub struct Berths(Mutex<Vec<Berth>>);

impl Berths {
    pub const fn new() -> Berths {
        Berths(Mutex::new(Vec::new()))
    }

    /// True where the calling thread is about to take a berth, to give one back or to wake somebody: a signal handler has interrupted it.
    #[inline(always)]
    pub fn is_mine(&self) -> bool {
        self.0.is_held() && self.0.is_mine()
    }

    /// A place in the list for the calling thread.
    pub fn take(&self) -> Result<(usize, c_int), Errno> {
        let mut berths = self.0.lock();
        if let Some(index) = berths.iter().position(|berth| !berth.taken) {
            berths[index].taken = true;
            return Ok((index, berths[index].fd));
        }
        berths.try_reserve(1).map_err(|_| Errno::NOMEM)?;
        let fd = make_high(sys::eventfd)?;
        berths.push(Berth { fd, taken: true, rung: false });
        Ok((berths.len() - 1, fd))
    }

    /// Gives it back.
    pub fn give_back(&self, index: usize) {
        let berth = &mut self.0.lock()[index];
        if berth.rung {
            sys::eventfd_clear(berth.fd);
        }
        berth.taken = false;
        berth.rung = false;
    }

    /// Wakes everybody who has one.
    pub fn wake_all(&self) {
        for berth in self.0.lock().iter_mut().filter(|berth| berth.taken && !berth.rung) {
            berth.rung = true;
            sys::eventfd_signal(berth.fd);
        }
    }
}

/// Sleeps until the berth is rung, time is up or a signal comes.
///
/// # Safety
///
/// `sigmask` is null or of the kernel's size; its address may be bad.
pub unsafe fn sleep(fd: c_int, timeout: Option<__kernel_timespec>, sigmask: *const c_void) -> Result<(), Errno> {
    // SAFETY: the caller's promise.
    unsafe { sys::poll_in(fd, timeout, sigmask) }
}

impl Drop for Berths {
    fn drop(&mut self) {
        for berth in self.0.lock().iter() {
            let _ = sys::close(berth.fd);
        }
    }
}
