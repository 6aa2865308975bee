// SPDX-License-Identifier: MIT
//! Making rings and ending them.

use super::abi::*;
use super::backend::Backend;
use super::errno::Errno;
use super::{memcheck, mmap, register, sys};
use ::core::ffi::{c_int, c_void};
use ::core::mem::{size_of, MaybeUninit};
use ::core::ptr::null_mut;

/// A ring that holds nothing: no memory, no descriptor.
pub fn empty_ring() -> io_uring {
    // SAFETY: null pointers and zeros are values of every field.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Makes a ring as `p` asks, in the program's memory where `buf` is not null (`io_uring_queue_init_mem`).
///
/// The SQ index array costs memory and a cache line per batch, and nothing here reorders SQEs: try without it first
/// (`IORING_SETUP_NO_SQARRAY`, Linux 6.6), and with it where the kernel answers -EINVAL.
///
/// Returns the bytes used of `buf`, 0 without one. On failure nothing is left: no descriptor, no mapping.
pub fn queue_init(
    entries: u32,
    ring: &mut io_uring,
    p: &mut io_uring_params,
    buf: *mut c_void,
    buf_size: usize,
) -> Result<c_int, Errno> {
    let asked = p.flags;
    p.flags |= IORING_SETUP_NO_SQARRAY;
    let first = try_queue_init(entries, ring, p, buf, buf_size);
    if first != Err(Errno::INVAL) || asked & IORING_SETUP_NO_SQARRAY != 0 {
        return first;
    }
    p.flags = asked;
    try_queue_init(entries, ring, p, buf, buf_size)
}

fn try_queue_init(
    entries: u32,
    ring: &mut io_uring,
    p: &mut io_uring_params,
    buf: *mut c_void,
    buf_size: usize,
) -> Result<c_int, Errno> {
    *ring = empty_ring();
    let no_mmap = p.flags & IORING_SETUP_NO_MMAP != 0;
    if p.flags & IORING_SETUP_REGISTERED_FD_ONLY != 0 && !no_mmap {
        return Err(Errno::INVAL);
    }
    let mut used = 0;
    if no_mmap {
        used = mmap::place_ring(entries, p, &mut ring.sq, &mut ring.cq, buf, buf_size)?;
        if !buf.is_null() {
            ring.int_flags |= INT_FLAG_APP_MEM;
        }
    }
    // SAFETY: `p` names memory only with IORING_SETUP_NO_MMAP, and then what `place_ring` found: ours, or the program's own.
    let (backend, fd) = match unsafe { Backend::setup(entries, p) } {
        Ok(made) => made,
        Err(e) => {
            release_memory(Backend::Kernel, ring);
            return Err(e);
        }
    };
    if no_mmap {
        // SAFETY: the backend has laid the rings out in the memory that `place_ring` noted.
        unsafe { mmap::find_fields(p, &mut ring.sq, &mut ring.cq) };
    } else if let Err(e) = mmap::map_ring(backend, fd, p, &mut ring.sq, &mut ring.cq) {
        backend.close(fd);
        return Err(e);
    }
    // SAFETY: the ring's own index array.
    unsafe { mmap::fill_sq_array(&ring.sq) };
    adopt_params(ring, p, backend, fd);
    if p.flags & IORING_SETUP_REGISTERED_FD_ONLY != 0 {
        // What came back is an index, and the only handle there is.
        ring.ring_fd = -1;
        ring.int_flags |= INT_FLAG_REG_RING | INT_FLAG_REG_REG_RING;
    }
    Ok(used as c_int)
}

/// Notes in the ring how it was made.
fn adopt_params(ring: &mut io_uring, p: &io_uring_params, backend: Backend, fd: c_int) {
    ring.flags = p.flags;
    ring.features = p.features;
    ring.ring_fd = fd;
    ring.enter_ring_fd = fd;
    ring.int_flags |= backend.int_flag();
    // With SQPOLL the kernel's thread reaps polled completions; without it only entering the kernel does.
    if p.flags & (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL) == IORING_SETUP_IOPOLL {
        ring.int_flags |= INT_FLAG_CQ_ENTER;
    }
    if memcheck::is_watching() {
        ring.int_flags |= INT_FLAG_MEMCHECK;
    }
    let uncommon_setup = p.flags & (IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND) != 0;
    if uncommon_setup || ring.int_flags & (INT_FLAG_USER | INT_FLAG_MEMCHECK) != 0 {
        ring.int_flags |= INT_FLAG_UNCOMMON;
    }
}

/// Maps a ring that was made by `io_uring_setup` with `p` (`io_uring_queue_mmap`). The descriptor stays the caller's on failure.
pub fn queue_mmap(fd: c_int, p: &io_uring_params, ring: &mut io_uring) -> Result<(), Errno> {
    *ring = empty_ring();
    let backend = Backend::of_ring_fd(fd);
    mmap::map_ring(backend, fd, p, &mut ring.sq, &mut ring.cq)?;
    adopt_params(ring, p, backend, fd);
    Ok(())
}

/// Ends a ring: its memory, its registered descriptor, its descriptor.
pub fn queue_exit(ring: &mut io_uring) {
    let backend = Backend::of_ring(ring);
    // Where the descriptor is registered too, its slot would live on until the thread ends.
    if ring.int_flags & INT_FLAG_REG_RING != 0 {
        let _ = register::unregister_ring_fd(ring);
    }
    if ring.ring_fd != -1 {
        backend.close(ring.ring_fd);
    }
    // Last: the engine works on this memory until its ring is closed.
    release_memory(backend, ring);
}

/// Unmaps a ring's memory unless it is the program's.
fn release_memory(backend: Backend, ring: &io_uring) {
    if ring.int_flags & INT_FLAG_APP_MEM == 0 {
        // What `place_ring` mapped is the library's own, whoever serves the ring.
        let owner = if ring.flags & IORING_SETUP_NO_MMAP != 0 { Backend::Kernel } else { backend };
        mmap::unmap_ring(owner, &ring.sq, &ring.cq);
    }
}

/// Keeps a ring's memory out of children that the process forks (`io_uring_ring_dontfork`).
pub fn ring_dontfork(ring: &io_uring) -> Result<(), Errno> {
    let (sq, cq) = (&ring.sq, &ring.cq);
    if sq.ring_ptr.is_null() || sq.sqes.is_null() || cq.ring_ptr.is_null() {
        return Err(Errno::INVAL);
    }
    let sqes_size = ((sq.ring_entries as usize) << mmap::sqe_shift(ring.flags)) * size_of::<io_uring_sqe>();
    sys::madvise_dontfork(sq.sqes.cast(), sqes_size)?;
    sys::madvise_dontfork(sq.ring_ptr, sq.ring_sz)?;
    if cq.ring_ptr != sq.ring_ptr {
        sys::madvise_dontfork(cq.ring_ptr, cq.ring_sz)?;
    }
    Ok(())
}

/// Bytes of locked memory that a ring needs: none where the kernel accounts them to the cgroup (Linux 5.12).
///
/// # Safety
///
/// `p` is readable; where the features tell, it is not looked at.
pub unsafe fn mlock_size(entries: u32, p: *const io_uring_params) -> Result<usize, Errno> {
    // The features tell. Where no ring can be had (an older kernel without memory to lock, most likely) none are reported.
    let mut made = io_uring_params::default();
    let mut ring = empty_ring();
    if queue_init(entries, &mut ring, &mut made, null_mut(), 0).is_ok() {
        queue_exit(&mut ring);
    }
    if made.features & IORING_FEAT_NATIVE_WORKERS != 0 {
        return Ok(0);
    }
    // SAFETY: the caller's promise.
    unsafe { mmap::memory_size(entries, p) }
}
