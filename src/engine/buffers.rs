// SPDX-License-Identifier: MIT
//! Fixed buffers: memory that a program registers once and names by an index.

use crate::core::errno::Errno;
use crate::core::sys;
use ::core::sync::atomic::{AtomicU64, Ordering};

/// Most buffers of a table (the kernel's `IORING_MAX_REG_BUFFERS`).
pub const MOST_BUFFERS: usize = 1 << 14;
/// Most bytes of one buffer.
const MOST_BYTES: usize = 1 << 30;

/// Pages that buffers of this process lock, as far as they are accounted.
static LOCKED_PAGES: AtomicU64 = AtomicU64::new(0);

/// A registered buffer; rings that cloned it share it.
#[derive(Debug)]
pub struct Buffer {
    pub address: u64,
    pub len: u64,
    /// Accounted for it.
    pages: u64,
}

impl Buffer {
    /// Registers what a vector names: none for an empty vector, which is an empty place in the table.
    ///
    /// The kernel pins the pages; here they are only made sure of, and a request finds out when they are gone.
    pub fn new(vector: &libc::iovec) -> Result<Option<Buffer>, Errno> {
        let (address, len) = (vector.iov_base as usize, vector.iov_len);
        if len > isize::MAX as usize {
            return Err(Errno::INVAL);
        }
        if address == 0 && len == 0 {
            return Ok(None);
        }
        if address == 0 || len == 0 || len > MOST_BYTES {
            return Err(Errno::FAULT);
        }
        let page = sys::page_size();
        let end = address.checked_add(len + page - 1).ok_or(Errno::OVERFLOW)? / page;
        let pages = account((end - address / page) as u64)?;
        let buffer = Buffer { address: address as u64, len: len as u64, pages };
        // On failure the drop gives the pages back.
        sys::populate_write(address, len)?;
        Ok(Some(buffer))
    }

    /// -EFAULT unless these bytes lie within it.
    pub fn check(&self, address: u64, len: u64) -> Result<(), Errno> {
        let end = address.checked_add(len).ok_or(Errno::FAULT)?;
        if address < self.address || end > self.address + self.len {
            return Err(Errno::FAULT);
        }
        Ok(())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        unaccount(self.pages);
    }
}

/// Forgets what the parent process has locked, in a child after fork: there, nothing of it is.
pub fn abandon() {
    LOCKED_PAGES.store(0, Ordering::Relaxed);
}

/// Gives back what [`account`] counted.
pub fn unaccount(pages: u64) {
    LOCKED_PAGES.fetch_sub(pages, Ordering::Relaxed);
}

/// Accounts pages against `RLIMIT_MEMLOCK`: -ENOMEM beyond it. Returns how many were: none for processes that may lock what they want.
pub fn account(pages: u64) -> Result<u64, Errno> {
    if may_lock_anything() {
        return Ok(0);
    }
    let mut limit = sys::Rlimit::default();
    // SAFETY: the kernel writes one `struct rlimit64`.
    unsafe { sys::call(libc::SYS_prlimit64, [0, libc::RLIMIT_MEMLOCK as usize, 0, &raw mut limit as usize, 0, 0]) }?;
    let most = limit.cur / sys::page_size() as u64;
    let fits = |locked: u64| locked.checked_add(pages).filter(|total| *total <= most);
    match LOCKED_PAGES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
        Ok(_) => Ok(pages),
        Err(_) => Err(Errno::NOMEM),
    }
}

/// Does the calling thread have `CAP_IPC_LOCK`?
fn may_lock_anything() -> bool {
    const VERSION_3: u32 = 0x2008_0522;
    const CAP_IPC_LOCK: u32 = 14;
    // `struct __user_cap_header_struct`, and two of `struct __user_cap_data_struct`: effective, permitted, inheritable.
    let header = [VERSION_3, 0];
    let mut data = [0u32; 6];
    // SAFETY: the kernel reads the header and writes both halves of the data.
    let asked = unsafe { sys::call(libc::SYS_capget, [&raw const header as usize, data.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    asked.is_ok() && data[0] & (1 << CAP_IPC_LOCK) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(address: usize, len: usize) -> libc::iovec {
        libc::iovec { iov_base: address as *mut _, iov_len: len }
    }

    #[test]
    fn bad_vectors_are_told_apart() {
        assert!(Buffer::new(&vector(0, 0)).unwrap().is_none());
        assert_eq!(Buffer::new(&vector(0, 8)).unwrap_err(), Errno::FAULT);
        assert_eq!(Buffer::new(&vector(4096, 0)).unwrap_err(), Errno::FAULT);
        assert_eq!(Buffer::new(&vector(4096, MOST_BYTES + 1)).unwrap_err(), Errno::FAULT);
        assert_eq!(Buffer::new(&vector(4096, usize::MAX)).unwrap_err(), Errno::INVAL);
        assert_eq!(Buffer::new(&vector(usize::MAX - 100, 8192)).unwrap_err(), Errno::OVERFLOW);
    }

    #[test]
    fn a_range_lies_within_its_buffer_or_is_a_fault() {
        let memory = [0u8; 100];
        let start = memory.as_ptr() as u64;
        let buffer = Buffer::new(&vector(start as usize, 100)).unwrap().unwrap();
        assert_eq!(buffer.check(start, 100), Ok(()));
        assert_eq!(buffer.check(start + 100, 0), Ok(()));
        assert_eq!(buffer.check(start - 1, 2), Err(Errno::FAULT));
        assert_eq!(buffer.check(start + 99, 2), Err(Errno::FAULT));
        assert_eq!(buffer.check(u64::MAX, 2), Err(Errno::FAULT));
    }
}
