// SPDX-License-Identifier: MIT
//! Looks after rings whose programs only look at the CQ's memory.
//!
//! A program that reads the CQ's tail by itself never comes in, and what waits for a descriptor or a time would never complete: nobody is
//! there to see that it can. So one thread of the process waits for all rings that have left such requests behind. It is in no hurry: a
//! program that waits in its ring, or comes in when the ring's descriptor says so, has mostly been faster, and pays nothing but this
//! thread's waking up every few milliseconds while there is something to do. While there is nothing, it sleeps.
//!
//! A ring with `IORING_SETUP_DEFER_TASKRUN` completes its requests when its program comes in and not before: it is left alone.

use super::lookout::{epoll_of, Lookout};
use super::pool;
use super::registry;
use super::ring::{Ring, State};
use crate::core::abi::{__kernel_timespec, IORING_SETUP_DEFER_TASKRUN};
use crate::core::sys;
use ::core::ffi::c_void;
use ::core::ptr::null;
use ::core::sync::atomic::{AtomicU32, Ordering};

/// Its thread.
pub static TICKER: Lookout = Lookout::new(run, libc::EPOLLIN);

/// Time that a program is given to do it by itself: the first once a program has not, the other when all have for a while.
const SHORT_NAP_US: i64 = 1000;
const LONG_NAP_US: i64 = 4000;

impl Ring {
    /// The program goes away and leaves requests behind: the thread is told of the ring, once. Where there can be no such thread the
    /// program has to come in by itself.
    #[cold]
    pub fn be_minded(&self, st: &mut State) {
        st.minded = true;
        if self.flags & IORING_SETUP_DEFER_TASKRUN == 0 {
            let _ = TICKER.add(self.inner, self.slot.key());
        }
    }
}

extern "C" fn run(epoll: *mut c_void) -> *mut c_void {
    const MOST: usize = 32;
    pool::name_thread(b"iou-tck-");
    pool::unbind();
    let nobody = AtomicU32::new(0);
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; MOST];
    let mut seen = [0; MOST];
    let mut nap_us = SHORT_NAP_US;
    loop {
        // SAFETY: no signal mask.
        let found = unsafe { sys::epoll_wait(epoll_of(epoll), &mut events, None, null()) }.unwrap_or(0);
        for (event, seen) in events[..found].iter().zip(&mut seen) {
            registry::visit(event.u64, |ring| *seen = ring.harvests.load(Ordering::Relaxed));
        }
        sys::futex_wait(&nobody, 0, Some(&__kernel_timespec { tv_sec: 0, tv_nsec: nap_us * 1000 }));
        let mut worked = false;
        for (event, seen) in events[..found].iter().zip(&seen) {
            registry::visit(event.u64, |ring| {
                // Somebody is there, or has been.
                if ring.parking.is_driven() || ring.harvests.load(Ordering::Relaxed) != *seen {
                    return;
                }
                ring.look_after();
                worked = true;
            });
        }
        nap_us = if worked { SHORT_NAP_US } else { (2 * nap_us).min(LONG_NAP_US) };
    }
}
