// SPDX-License-Identifier: MIT
//! Registering resources with a ring, and controlling it: one `io_uring_register(2)` opcode each.

use super::abi::*;
use super::backend::Backend;
use super::errno::{check_int, Errno};
use super::mmap;
use super::sys;
use ::core::ffi::{c_int, c_uint, c_void};
use ::core::mem::size_of;
use ::core::ptr::null;

/// What the opcode answers.
pub type Answer = Result<c_int, Errno>;

/// `io_uring_register(2)` on a ring, by its registered index where that is possible: so it works on rings whose descriptor is closed.
///
/// # Safety
///
/// `arg` and what it points to must be what `opcode` wants; memory registered must stay mapped while it is.
pub unsafe fn register(ring: &io_uring, opcode: u32, arg: *const c_void, nr_args: u32) -> Answer {
    let (fd, opcode) = if ring.int_flags & INT_FLAG_REG_REG_RING != 0 {
        (ring.enter_ring_fd, opcode | IORING_REGISTER_USE_REGISTERED_RING)
    } else {
        (ring.ring_fd, opcode)
    };
    // SAFETY: the caller's promise.
    check_int(unsafe { Backend::of_ring(ring).register(fd, opcode, arg, nr_args) })
}

/// The same for opcodes that belong to no ring, which take -1 as the descriptor.
///
/// # Safety
///
/// As for [`register`].
pub unsafe fn register_without_ring(opcode: u32, arg: *const c_void, nr_args: u32) -> Answer {
    // SAFETY: the caller's promise.
    check_int(unsafe { Backend::register_without_ring(opcode, arg, nr_args) })
}

/// An opcode whose argument is one structure of the library's own making.
///
/// # Safety
///
/// What the structure points to must be what `opcode` wants.
unsafe fn register_struct<T>(ring: &io_uring, opcode: u32, arg: &T, nr_args: u32) -> Answer {
    // SAFETY: the structure is readable; the rest is the caller's promise.
    unsafe { register(ring, opcode, (arg as *const T).cast(), nr_args) }
}

/// An opcode without an argument.
pub fn register_bare(ring: &io_uring, opcode: u32) -> Answer {
    // SAFETY: no memory is involved.
    unsafe { register(ring, opcode, null(), 0) }
}

/// `files` or `iovecs`, with a tag each: the "2" opcodes, which take the size of their argument where others take a count.
///
/// # Safety
///
/// As for [`register`]: `data` and `tags` are arrays of `nr` or null.
unsafe fn register_tagged(ring: &io_uring, opcode: u32, data: *const c_void, tags: *const u64, nr: u32, flags: u32) -> Answer {
    let arg = io_uring_rsrc_register { nr, flags, resv2: 0, data: data as u64, tags: tags as u64 };
    // SAFETY: the caller's promise.
    unsafe { register_struct(ring, opcode, &arg, size_of::<io_uring_rsrc_register>() as u32) }
}

/// Replaces `nr` entries from `offset` on, and their tags.
///
/// # Safety
///
/// As for [`register_tagged`].
unsafe fn update_tagged(ring: &io_uring, opcode: u32, offset: u32, data: *const c_void, tags: *const u64, nr: u32) -> Answer {
    let arg = io_uring_rsrc_update2 { offset, resv: 0, data: data as u64, tags: tags as u64, nr, resv2: 0 };
    // SAFETY: the caller's promise.
    unsafe { register_struct(ring, opcode, &arg, size_of::<io_uring_rsrc_update2>() as u32) }
}

/// `io_uring_register_buffers_tags`.
///
/// # Safety
///
/// The buffers must stay mapped while they are registered.
pub unsafe fn buffers_tags(ring: &io_uring, iovecs: *const libc::iovec, tags: *const u64, nr: u32) -> Answer {
    // SAFETY: the caller's promise.
    unsafe { register_tagged(ring, IORING_REGISTER_BUFFERS2, iovecs.cast(), tags, nr, 0) }
}

/// `io_uring_register_buffers_sparse`.
pub fn buffers_sparse(ring: &io_uring, nr: u32) -> Answer {
    // SAFETY: a sparse table names no memory.
    unsafe { register_tagged(ring, IORING_REGISTER_BUFFERS2, null(), null(), nr, IORING_RSRC_REGISTER_SPARSE) }
}

/// `io_uring_register_buffers_update_tag`.
///
/// # Safety
///
/// The buffers must stay mapped while they are registered.
pub unsafe fn buffers_update_tag(ring: &io_uring, offset: u32, iovecs: *const libc::iovec, tags: *const u64, nr: u32) -> Answer {
    // SAFETY: the caller's promise.
    unsafe { update_tagged(ring, IORING_REGISTER_BUFFERS_UPDATE, offset, iovecs.cast(), tags, nr) }
}

/// Registers files; where `RLIMIT_NOFILE` forbids a table of `nr`, raises the soft limit and tries once more.
fn with_file_limit(nr: u32, attempt: impl Fn() -> Answer) -> Answer {
    let first = attempt();
    if first != Err(Errno::MFILE) {
        return first;
    }
    if let Ok(mut limit) = sys::nofile_limit() {
        if limit.cur < nr as u64 {
            limit.cur += nr as u64;
            // Beyond the hard limit this fails, and then so does the next attempt.
            let _ = sys::set_nofile_limit(limit);
        }
    }
    attempt()
}

/// `io_uring_register_files`.
///
/// # Safety
///
/// As for [`register`]: `files` is an array of `nr` descriptors.
pub unsafe fn files(ring: &io_uring, files: *const c_int, nr: u32) -> Answer {
    // SAFETY: the caller's promise.
    with_file_limit(nr, || unsafe { register(ring, IORING_REGISTER_FILES, files.cast(), nr) })
}

/// `io_uring_register_files_tags`.
///
/// # Safety
///
/// As for [`register_tagged`].
pub unsafe fn files_tags(ring: &io_uring, files: *const c_int, tags: *const u64, nr: u32) -> Answer {
    // SAFETY: the caller's promise.
    with_file_limit(nr, || unsafe { register_tagged(ring, IORING_REGISTER_FILES2, files.cast(), tags, nr, 0) })
}

/// `io_uring_register_files_sparse`.
pub fn files_sparse(ring: &io_uring, nr: u32) -> Answer {
    // SAFETY: a sparse table names no memory.
    with_file_limit(nr, || unsafe {
        register_tagged(ring, IORING_REGISTER_FILES2, null(), null(), nr, IORING_RSRC_REGISTER_SPARSE)
    })
}

/// `io_uring_register_files_update`.
///
/// # Safety
///
/// As for [`register`]: `files` is an array of `nr` descriptors.
pub unsafe fn files_update(ring: &io_uring, offset: u32, files: *const c_int, nr: u32) -> Answer {
    let arg = io_uring_files_update { offset, resv: 0, fds: files as u64 };
    // SAFETY: the caller's promise.
    unsafe { register_struct(ring, IORING_REGISTER_FILES_UPDATE, &arg, nr) }
}

/// `io_uring_register_files_update_tag`.
///
/// # Safety
///
/// As for [`register_tagged`].
pub unsafe fn files_update_tag(ring: &io_uring, offset: u32, files: *const c_int, tags: *const u64, nr: u32) -> Answer {
    // SAFETY: the caller's promise.
    unsafe { update_tagged(ring, IORING_REGISTER_FILES_UPDATE2, offset, files.cast(), tags, nr) }
}

/// `io_uring_register_file_alloc_range`.
pub fn file_alloc_range(ring: &io_uring, off: u32, len: u32) -> Answer {
    let arg = io_uring_file_index_range { off, len, resv: 0 };
    // SAFETY: the structure names no memory.
    unsafe { register_struct(ring, IORING_REGISTER_FILE_ALLOC_RANGE, &arg, 0) }
}

/// `io_uring_register_eventfd` and `io_uring_register_eventfd_async`: which of them, `opcode` says.
pub fn eventfd(ring: &io_uring, opcode: u32, fd: c_int) -> Answer {
    // SAFETY: the structure names no memory.
    unsafe { register_struct(ring, opcode, &fd, 1) }
}

/// `io_uring_unregister_personality`.
pub fn unregister_personality(ring: &io_uring, id: c_int) -> Answer {
    // SAFETY: no memory is involved.
    unsafe { register(ring, IORING_UNREGISTER_PERSONALITY, null(), id as c_uint) }
}

/// `io_uring_register_iowq_aff`: `size` is in bytes.
///
/// # Safety
///
/// As for [`register`]: `mask` is `size` bytes.
pub unsafe fn iowq_aff(ring: &io_uring, size: usize, mask: *const c_void) -> Answer {
    if size >= 1 << 31 {
        return Err(Errno::INVAL);
    }
    // SAFETY: the caller's promise.
    unsafe { register(ring, IORING_REGISTER_IOWQ_AFF, mask, size as u32) }
}

/// The argument of the ring descriptor opcodes: an index, and the descriptor that goes there.
fn ring_fd_update(offset: u32, fd: c_int) -> io_uring_files_update {
    // `struct io_uring_rsrc_update`, of the same shape: { offset, resv, data }.
    io_uring_files_update { offset, resv: 0, fds: fd as u64 }
}

/// Registers the ring's own descriptor, which saves looking it up on every enter (`io_uring_register_ring_fd`).
pub fn register_ring_fd(ring: &mut io_uring) -> Answer {
    if ring.int_flags & INT_FLAG_REG_RING != 0 {
        return Err(Errno::EXIST);
    }
    let mut arg = ring_fd_update(u32::MAX, ring.ring_fd);
    // SAFETY: one entry, which the kernel writes back.
    let registered = unsafe { register(ring, IORING_REGISTER_RING_FDS, (&raw mut arg).cast(), 1) }?;
    if registered == 1 {
        ring.enter_ring_fd = arg.offset as c_int;
        ring.int_flags |= INT_FLAG_REG_RING;
        if ring.features & IORING_FEAT_REG_REG_RING != 0 {
            ring.int_flags |= INT_FLAG_REG_REG_RING;
        }
    }
    Ok(registered)
}

/// Undoes it (`io_uring_unregister_ring_fd`).
pub fn unregister_ring_fd(ring: &mut io_uring) -> Answer {
    if ring.int_flags & INT_FLAG_REG_RING == 0 {
        return Err(Errno::INVAL);
    }
    let arg = ring_fd_update(ring.enter_ring_fd as u32, 0);
    // SAFETY: the structure names no memory.
    let unregistered = unsafe { register_struct(ring, IORING_UNREGISTER_RING_FDS, &arg, 1) }?;
    if unregistered == 1 {
        ring.enter_ring_fd = ring.ring_fd;
        ring.int_flags &= !(INT_FLAG_REG_RING | INT_FLAG_REG_REG_RING);
    }
    Ok(unregistered)
}

/// Closes the ring's descriptor and goes on by its registered index (`io_uring_close_ring_fd`).
pub fn close_ring_fd(ring: &mut io_uring) -> Answer {
    if ring.features & IORING_FEAT_REG_REG_RING == 0 {
        return Err(Errno::OPNOTSUPP);
    }
    if ring.int_flags & INT_FLAG_REG_RING == 0 {
        return Err(Errno::INVAL);
    }
    if ring.ring_fd == -1 {
        return Err(Errno::BADF);
    }
    Backend::of_ring(ring).close(ring.ring_fd);
    ring.ring_fd = -1;
    Ok(1)
}

/// Registers a buffer ring; `flags` (`IOU_PBUF_RING_*`) are added to those in `reg`.
///
/// # Safety
///
/// The ring that `reg` names must stay mapped while it is registered.
pub unsafe fn register_buf_ring(ring: &io_uring, reg: &mut io_uring_buf_reg, flags: u32) -> Answer {
    reg.flags |= flags as u16;
    // SAFETY: the caller's promise.
    unsafe { register(ring, IORING_REGISTER_PBUF_RING, (&raw mut *reg).cast(), 1) }
}

/// `io_uring_unregister_buf_ring`.
pub fn unregister_buf_ring(ring: &io_uring, bgid: c_int) -> Answer {
    let arg = io_uring_buf_reg { bgid: bgid as u16, ..Default::default() };
    // SAFETY: the structure names no memory.
    unsafe { register_struct(ring, IORING_UNREGISTER_PBUF_RING, &arg, 1) }
}

/// The buffer that the kernel will take next from a buffer ring.
pub fn buf_ring_head(ring: &io_uring, bgid: c_int) -> Result<u16, Errno> {
    let mut status = io_uring_buf_status { buf_group: bgid as u32, ..Default::default() };
    // SAFETY: one structure, which the kernel writes back.
    unsafe { register(ring, IORING_REGISTER_PBUF_STATUS, (&raw mut status).cast(), 1) }?;
    Ok(status.head as u16)
}

/// Bytes of a buffer ring.
fn buf_ring_size(entries: u32) -> usize {
    entries as usize * size_of::<io_uring_buf>()
}

/// Maps memory for a buffer ring and registers it; the ring is empty.
pub fn setup_buf_ring(ring: &io_uring, entries: u32, bgid: c_int, flags: u32) -> Result<*mut io_uring_buf_ring, Errno> {
    let size = buf_ring_size(entries);
    let memory = sys::mmap(size, libc::MAP_ANONYMOUS | libc::MAP_PRIVATE, -1, 0)?;
    let mut reg = io_uring_buf_reg { ring_addr: memory as u64, ring_entries: entries, bgid: bgid as u16, ..Default::default() };
    // SAFETY: the memory stays mapped until `free_buf_ring` has unregistered it. Fresh pages are zero: the tail is 0.
    match unsafe { register_buf_ring(ring, &mut reg, flags) } {
        Ok(_) => Ok(memory.cast()),
        Err(e) => {
            // SAFETY: mapped above and registered nowhere.
            let _ = unsafe { sys::munmap(memory, size) };
            Err(e)
        }
    }
}

/// Unregisters a buffer ring and unmaps it; where the kernel does not know the ring, its memory stays.
///
/// # Safety
///
/// `br` came from [`setup_buf_ring`] with the same `entries`; nothing uses it any more.
pub unsafe fn free_buf_ring(ring: &io_uring, br: *mut io_uring_buf_ring, entries: u32, bgid: c_int) -> Result<(), Errno> {
    unregister_buf_ring(ring, bgid)?;
    // SAFETY: the caller's promise.
    let _ = unsafe { sys::munmap(br.cast(), buf_ring_size(entries)) };
    Ok(())
}

/// Shares registered buffers with another ring. With `IORING_REGISTER_SRC_REGISTERED` the source goes by its registered index if it
/// has one, and by its descriptor else.
pub fn clone_buffers(dst: &io_uring, src: &io_uring, dst_off: u32, src_off: u32, nr: u32, flags: u32) -> Answer {
    let by_index = flags & IORING_REGISTER_SRC_REGISTERED != 0 && src.int_flags & INT_FLAG_REG_REG_RING != 0;
    let (src_fd, flags) =
        if by_index { (src.enter_ring_fd, flags) } else { (src.ring_fd, flags & !IORING_REGISTER_SRC_REGISTERED) };
    let arg = io_uring_clone_buffers { src_fd: src_fd as u32, flags, src_off, dst_off, nr, pad: [0; 3] };
    // SAFETY: the structure names no memory.
    unsafe { register_struct(dst, IORING_REGISTER_CLONE_BUFFERS, &arg, 1) }
}

/// Gives a ring other sizes; entries that wait in it move along. `p` is used up: its flags come back 0.
///
/// The library gives up the old memory only when it has mapped the new, so that a failure leaves a ring that can still be ended.
pub fn resize_rings(ring: &mut io_uring, p: &mut io_uring_params) -> Result<(), Errno> {
    if ring.flags & IORING_SETUP_NO_MMAP != 0 {
        return Err(Errno::INVAL);
    }
    let resized = resize_and_map(ring, p);
    p.flags = 0;
    let (mut sq, cq) = resized?;
    sq.sqe_head = ring.sq.sqe_head;
    sq.sqe_tail = ring.sq.sqe_tail;
    mmap::unmap_ring(Backend::of_ring(ring), &ring.sq, &ring.cq);
    ring.sq = sq;
    ring.cq = cq;
    Ok(())
}

fn resize_and_map(ring: &io_uring, p: &mut io_uring_params) -> Result<(io_uring_sq, io_uring_cq), Errno> {
    p.sq_off = io_sqring_offsets::default();
    p.cq_off = io_cqring_offsets::default();
    // SAFETY: one structure, which the kernel writes back.
    unsafe { register(ring, IORING_REGISTER_RESIZE_RINGS, (&raw mut *p).cast(), 1) }?;
    // The kernel answers sizes, offsets and the flags that shape them, but not the features.
    let made = io_uring_params { features: ring.features, ..*p };
    let io_uring { mut sq, mut cq, .. } = super::setup::empty_ring();
    mmap::map_ring(Backend::of_ring(ring), ring.ring_fd, &made, &mut sq, &mut cq)?;
    // SAFETY: the new ring's own index array.
    unsafe { mmap::fill_sq_array(&sq) };
    Ok((sq, cq))
}

/// Counts waits of this ring as I/O wait, or not (`io_uring_set_iowait`).
pub fn set_iowait(ring: &mut io_uring, enable: bool) -> Result<(), Errno> {
    if ring.features & IORING_FEAT_NO_IOWAIT == 0 {
        return Err(Errno::OPNOTSUPP);
    }
    if enable {
        ring.int_flags &= !INT_FLAG_NO_IOWAIT;
    } else {
        ring.int_flags |= INT_FLAG_NO_IOWAIT;
    }
    Ok(())
}
