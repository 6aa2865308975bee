// SPDX-License-Identifier: MIT
//! Threads of the process's that wait for many rings: in an epoll that holds the rings' own, and gives their slots back as numbers.

use super::descriptors::make_high;
use super::pool;
use super::sync::Mutex;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::{c_int, c_void};

/// One such thread, started with the first ring.
pub struct Lookout {
    /// None before the first.
    epoll: Mutex<Option<c_int>>,
    /// Gets the epoll as its argument ([`epoll_of`]), and never returns.
    run: extern "C" fn(*mut c_void) -> *mut c_void,
    /// What it hears of a ring's reactor.
    events: c_int,
}

impl Lookout {
    pub const fn new(run: extern "C" fn(*mut c_void) -> *mut c_void, events: c_int) -> Lookout {
        Lookout { epoll: Mutex::new(None), run, events }
    }

    /// From now on the thread hears of a ring: `inner` is its reactor, `key` its slot.
    pub fn add(&self, inner: c_int, key: u64) -> Result<(), Errno> {
        let mut started = self.epoll.lock();
        let epoll = match *started {
            Some(epoll) => epoll,
            None => {
                let epoll = make_high(sys::epoll_create)?;
                if !pool::start_thread(self.run, epoll as usize as *mut c_void) {
                    let _ = sys::close(epoll);
                    return Err(Errno::AGAIN);
                }
                *started.insert(epoll)
            }
        };
        sys::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, inner, self.events as u32, key)
    }

    /// Ends that: closing `inner` does not where a child process has it, too.
    pub fn remove(&self, inner: c_int) {
        if let Some(epoll) = *self.epoll.lock() {
            let _ = sys::epoll_ctl(epoll, libc::EPOLL_CTL_DEL, inner, 0, 0);
        }
    }

    /// Forgets the parent's thread, in a child after fork.
    ///
    /// # Safety
    ///
    /// No other thread of this process is in the engine.
    pub unsafe fn abandon(&self) {
        // SAFETY: the caller's promise.
        unsafe { self.epoll.reset() };
        *self.epoll.lock() = None;
    }
}

/// The epoll that a thread was started with.
pub fn epoll_of(argument: *mut c_void) -> c_int {
    argument as usize as c_int
}
