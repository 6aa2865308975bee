// SPDX-License-Identifier: MIT
//! Looks after rings whose programs wait elsewhere: for an eventfd that they have registered.

use super::lookout::{epoll_of, Lookout};
use super::pool;
use super::registry;
use super::ring::Ring;
use crate::core::sys;
use ::core::ffi::c_void;
use ::core::ptr::null;

/// Its thread.
pub static WATCHER: Lookout = Lookout::new(run, libc::EPOLLIN | libc::EPOLLET);

extern "C" fn run(epoll: *mut c_void) -> *mut c_void {
    pool::name_thread(b"iou-evt-");
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 16];
    loop {
        // SAFETY: no signal mask.
        let found = unsafe { sys::epoll_wait(epoll_of(epoll), &mut events, None, null()) }.unwrap_or(0);
        for event in &events[..found] {
            registry::visit(event.u64, Ring::look_after);
        }
    }
}
