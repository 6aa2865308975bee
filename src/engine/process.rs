// SPDX-License-Identifier: MIT
//! Forks: a child process begins anew.

use super::buffers;
use super::pool;
use super::registry;
use super::ticker::TICKER;
use super::watcher::WATCHER;
use crate::core::errno::Errno;
use crate::core::sys;
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
    let mark = page.cast::<AtomicU32>();
    let wiped = sys::madvise_wipe_on_fork(page, sys::page_size());
    // SAFETY: a fresh page, and aligned.
    unsafe { (*mark).store(KNOWN, Ordering::Relaxed) };
    if wiped.is_err() || MARK.compare_exchange(null_mut(), mark, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        // SAFETY: it is of no use, or another thread was first; nobody has seen this page.
        let _ = unsafe { sys::munmap(page, sys::page_size()) };
    }
    wiped
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
        WATCHER.abandon();
        TICKER.abandon();
    }
    buffers::abandon();
    mark.store(KNOWN, Ordering::Release);
}
