// SPDX-License-Identifier: MIT
//! What belongs to the process as a whole: noticing a fork, and the thread that looks after rings nobody is inside of.

use super::buffers;
use super::pool;
use super::registry;
use super::ring::Ring;
use super::sync::Mutex;
use super::ticker;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::{c_int, c_void};
use ::core::ptr::null_mut;
use ::core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// A page that a child process finds empty (`MADV_WIPEONFORK`, Linux 4.14). Null until the first ring.
static MARK: AtomicPtr<AtomicU32> = AtomicPtr::new(null_mut());
/// What a child finds there.
const EMPTY: u32 = 0;
/// One of its threads is forgetting what is its parent's.
const NOTICED: u32 = 1;
/// The engine's state is this process's own.
const KNOWN: u32 = 2;

/// Prepares for a fork of the process.
pub fn begin() -> Result<(), Errno> {
    if !MARK.load(Ordering::Acquire).is_null() {
        return Ok(());
    }
    let page = sys::mmap(sys::page_size(), libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)?;
    sys::madvise_wipe_on_fork(page, sys::page_size())?;
    let mark = page.cast::<AtomicU32>();
    // SAFETY: a fresh page, and aligned.
    unsafe { (*mark).store(KNOWN, Ordering::Relaxed) };
    if MARK.compare_exchange(null_mut(), mark, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        // SAFETY: another thread was first; nobody has seen this page.
        let _ = unsafe { sys::munmap(page, sys::page_size()) };
    }
    Ok(())
}

/// In a child process, at its first call: the parent's rings stay the parent's, the engine begins anew.
///
/// Their descriptors are open in the child, too, but the requests and threads behind them are not there; the child's calls on them
/// answer -EOPNOTSUPP, or -EBADF by a registered number.
#[inline]
pub fn notice_fork() {
    // SAFETY: null, or a page that is never unmapped.
    if let Some(mark) = unsafe { MARK.load(Ordering::Acquire).as_ref() } {
        // Acquire: after what the thread that noticed it first has put in order.
        if mark.load(Ordering::Acquire) != KNOWN {
            start_anew(mark);
        }
    }
}

#[cold]
fn start_anew(mark: &AtomicU32) {
    if mark.compare_exchange(EMPTY, NOTICED, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        // Another thread of the child was first.
        while mark.load(Ordering::Acquire) == NOTICED {
            sys::yield_now();
        }
        return;
    }
    // SAFETY: of the child's threads this is the one that goes on from here; none has got further, and the fork has left the others behind.
    unsafe {
        registry::abandon();
        pool::abandon();
        WATCHER.reset();
    }
    *WATCHER.lock() = None;
    // SAFETY: as above.
    unsafe { ticker::abandon() };
    buffers::abandon();
    mark.store(KNOWN, Ordering::Release);
}

/// The epoll in which the watcher thread waits for rings; none before the first.
static WATCHER: Mutex<Option<c_int>> = Mutex::new(None);

/// Lets the watcher thread look after a ring whose program waits elsewhere, for an eventfd: `inner` is its reactor, `key` its slot.
pub fn watch(inner: c_int, key: u64) -> Result<(), Errno> {
    let mut watcher = WATCHER.lock();
    let epoll = match *watcher {
        Some(epoll) => epoll,
        None => {
            let low = sys::epoll_create()?;
            let epoll = super::resources::high(low);
            let _ = sys::close(low);
            let epoll = epoll?;
            if !pool::start_thread(run, epoll as usize as *mut c_void) {
                let _ = sys::close(epoll);
                return Err(Errno::AGAIN);
            }
            *watcher = Some(epoll);
            epoll
        }
    };
    sys::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, inner, (libc::EPOLLIN | libc::EPOLLET) as u32, key)
}

/// Ends that.
pub fn unwatch(inner: c_int) {
    if let Some(epoll) = *WATCHER.lock() {
        let _ = sys::epoll_ctl(epoll, libc::EPOLL_CTL_DEL, inner, 0, 0);
    }
}

extern "C" fn run(epoll: *mut c_void) -> *mut c_void {
    let epoll = epoll as usize as c_int;
    pool::name_thread(b"iou-evt-");
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 16];
    loop {
        // SAFETY: no signal mask.
        let found = unsafe { sys::epoll_wait(epoll, &mut events, None, ::core::ptr::null()) }.unwrap_or(0);
        for event in &events[..found] {
            registry::visit(event.u64, Ring::look_after);
        }
    }
}
