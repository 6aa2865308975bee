// SPDX-License-Identifier: MIT
//! The memory of a ring: how large it is, mapping it, and finding the fields in it.

use super::abi::*;
use super::backend::Backend;
use super::errno::Errno;
use super::primitive::load_relaxed;
use super::sys;
use ::core::ffi::{c_int, c_uint, c_void};
use ::core::mem::size_of;
use ::core::ptr::null_mut;

/// Most SQ entries the kernel gives a ring (`IORING_MAX_ENTRIES`).
const MAX_SQ_ENTRIES: u32 = 32768;
/// Most CQ entries the kernel gives a ring (`IORING_MAX_CQ_ENTRIES`).
const MAX_CQ_ENTRIES: u32 = 2 * MAX_SQ_ENTRIES;
/// Bytes of the rings' head and tail fields in front of the CQEs.
const RING_FIELDS_SIZE: usize = 64;
/// Size in bytes of the huge pages that `IORING_SETUP_NO_MMAP` rings take when the program brings no memory.
const HUGE_PAGE_SIZE: usize = 2 << 20;

/// log2 of the SQ slots that an SQE takes on a ring made with these setup flags.
pub const fn sqe_shift(flags: u32) -> u32 {
    (flags & IORING_SETUP_SQE128 != 0) as u32
}

/// log2 of the CQ slots that a CQE takes on a ring made with these setup flags.
pub const fn cqe_shift(flags: u32) -> u32 {
    (flags & IORING_SETUP_CQE32 != 0) as u32
}

/// SQ and CQ entries that the kernel makes of what was asked for, or its error.
fn ring_entries(entries: u32, p: &io_uring_params) -> Result<(u32, u32), Errno> {
    let limit = |wanted: u32, most: u32| {
        if wanted == 0 || (wanted > most && p.flags & IORING_SETUP_CLAMP == 0) {
            Err(Errno::INVAL)
        } else {
            Ok(wanted.min(most).next_power_of_two())
        }
    };
    let sq_entries = limit(entries, MAX_SQ_ENTRIES)?;
    if p.flags & IORING_SETUP_CQSIZE == 0 {
        return Ok((sq_entries, 2 * sq_entries));
    }
    let cq_entries = limit(p.cq_entries, MAX_CQ_ENTRIES)?;
    if cq_entries < sq_entries {
        return Err(Errno::INVAL);
    }
    Ok((sq_entries, cq_entries))
}

/// Bytes of memory that a ring needs.
struct RingMemory {
    /// The SQE array, in whole pages.
    sqes: usize,
    /// The rings: fields, CQEs, and behind them the SQ index array where the ring has one.
    rings: usize,
    page: usize,
}

impl RingMemory {
    fn of(entries: u32, p: &io_uring_params) -> Result<RingMemory, Errno> {
        let (sq_entries, cq_entries) = ring_entries(entries, p)?;
        let page = sys::page_size();
        let sqes = (sq_entries as usize * size_of::<io_uring_sqe>()) << sqe_shift(p.flags);
        let mut rings = RING_FIELDS_SIZE + ((cq_entries as usize * size_of::<io_uring_cqe>()) << cqe_shift(p.flags));
        if p.flags & IORING_SETUP_NO_SQARRAY == 0 {
            rings += sq_entries as usize * size_of::<u32>();
        }
        Ok(RingMemory { sqes: sqes.next_multiple_of(page), rings, page })
    }

    /// Bytes of both, in whole pages.
    fn total(&self) -> usize {
        (self.sqes + self.rings).next_multiple_of(self.page)
    }
}

/// Bytes of memory that a ring with these parameters needs (`io_uring_memory_size_params`).
///
/// # Safety
///
/// `p` is readable; without entries it is not looked at.
pub unsafe fn memory_size(entries: u32, p: *const io_uring_params) -> Result<usize, Errno> {
    if entries == 0 {
        return Err(Errno::INVAL);
    }
    // SAFETY: the caller's promise.
    RingMemory::of(entries, unsafe { &*p }).map(|memory| memory.total())
}

/// Places a `IORING_SETUP_NO_MMAP` ring in the program's memory, or in pages mapped here when `buf` is null.
///
/// Notes the places in `sq`, `cq` and `p`; returns the bytes used of `buf`. -ENOMEM where `buf` is too small, or where a ring
/// does not fit a huge page or there is none.
#[cold]
pub fn place_ring(
    entries: u32,
    p: &mut io_uring_params,
    sq: &mut io_uring_sq,
    cq: &mut io_uring_cq,
    buf: *mut c_void,
    buf_size: usize,
) -> Result<usize, Errno> {
    let memory = RingMemory::of(entries, p)?;
    let used = memory.total();
    let (sqes, available) = if buf.is_null() {
        if memory.sqes > HUGE_PAGE_SIZE || memory.rings > HUGE_PAGE_SIZE {
            return Err(Errno::NOMEM);
        }
        let (sqes, size) = map_contiguous(memory.sqes, memory.page)?;
        sq.sqes_sz = size as c_uint;
        (sqes, size)
    } else {
        if used > buf_size {
            return Err(Errno::NOMEM);
        }
        (buf, buf_size)
    };
    sq.sqes = sqes.cast();
    sq.ring_ptr = if used <= available {
        sqes.wrapping_byte_add(memory.sqes)
    } else {
        // Only where the memory is ours: the rings do not fit behind the SQEs.
        match map_contiguous(memory.rings, memory.page) {
            Ok((rings, size)) => {
                sq.ring_sz = size;
                rings
            }
            Err(e) => {
                // SAFETY: mapped above and shown to nobody.
                let _ = unsafe { sys::munmap(sqes, available) };
                return Err(e);
            }
        }
    };
    cq.ring_ptr = sq.ring_ptr;
    p.sq_off.user_addr = sq.sqes as u64;
    p.cq_off.user_addr = sq.ring_ptr as u64;
    Ok(used)
}

/// Maps memory that is contiguous for kernels that want it so: one page, or one huge page. Returns it and its size in bytes.
fn map_contiguous(len: usize, page: usize) -> Result<(*mut c_void, usize), Errno> {
    let anonymous = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let (size, flags) =
        if len <= page { (page, anonymous) } else { (HUGE_PAGE_SIZE, anonymous | libc::MAP_HUGETLB | libc::MAP_HUGE_2MB) };
    sys::mmap(size, flags, -1, 0).map(|addr| (addr, size))
}

/// Maps the rings and the SQE array of a ring made without `IORING_SETUP_NO_MMAP`.
///
/// On failure nothing stays mapped, and `sq` and `cq` must not be used.
#[inline]
pub fn map_ring(
    backend: Backend,
    fd: c_int,
    p: &io_uring_params,
    sq: &mut io_uring_sq,
    cq: &mut io_uring_cq,
) -> Result<(), Errno> {
    sq.ring_sz = p.sq_off.array as usize + p.sq_entries as usize * size_of::<c_uint>();
    cq.ring_sz = p.cq_off.cqes as usize + ((p.cq_entries as usize * size_of::<io_uring_cqe>()) << cqe_shift(p.flags));
    let single = p.features & IORING_FEAT_SINGLE_MMAP != 0;
    if single {
        sq.ring_sz = sq.ring_sz.max(cq.ring_sz);
        cq.ring_sz = sq.ring_sz;
    }
    sq.ring_ptr = backend.map(fd, sq.ring_sz, IORING_OFF_SQ_RING)?;
    cq.ring_ptr = sq.ring_ptr;
    if !single {
        match backend.map(fd, cq.ring_sz, IORING_OFF_CQ_RING) {
            Ok(addr) => cq.ring_ptr = addr,
            Err(e) => return give_up(backend, sq, cq, e),
        }
    }
    let sqes_size = (p.sq_entries as usize * size_of::<io_uring_sqe>()) << sqe_shift(p.flags);
    // `struct io_uring` has 32 bits for it. No ring is so large; parameters that the program made up may be.
    let Ok(sqes_sz) = c_uint::try_from(sqes_size) else {
        return give_up(backend, sq, cq, Errno::INVAL);
    };
    match backend.map(fd, sqes_size, IORING_OFF_SQES) {
        Ok(addr) => sq.sqes = addr.cast(),
        Err(e) => return give_up(backend, sq, cq, e),
    }
    sq.sqes_sz = sqes_sz;
    // SAFETY: just mapped with the sizes and offsets that the backend answered.
    unsafe { find_fields(p, sq, cq) };
    Ok(())
}

/// Unmaps the rings after an error.
#[cold]
fn give_up(backend: Backend, sq: &io_uring_sq, cq: &io_uring_cq, e: Errno) -> Result<(), Errno> {
    unmap_rings(backend, sq, cq);
    Err(e)
}

/// Unmaps the rings; a size of 0 stands for memory that is not the library's.
fn unmap_rings(backend: Backend, sq: &io_uring_sq, cq: &io_uring_cq) {
    // SAFETY: the library's own mappings, at the end of the ring's life or before it began.
    unsafe {
        if sq.ring_sz != 0 {
            backend.unmap(sq.ring_ptr, sq.ring_sz);
        }
        if cq.ring_sz != 0 && !cq.ring_ptr.is_null() && cq.ring_ptr != sq.ring_ptr {
            backend.unmap(cq.ring_ptr, cq.ring_sz);
        }
    }
}

/// Unmaps the rings and the SQE array.
pub fn unmap_ring(backend: Backend, sq: &io_uring_sq, cq: &io_uring_cq) {
    if sq.sqes_sz != 0 {
        // SAFETY: the library's own mapping, at the end of the ring's life.
        unsafe { backend.unmap(sq.sqes.cast(), sq.sqes_sz as usize) };
    }
    unmap_rings(backend, sq, cq);
}

/// Fills in where each field of the rings lies.
///
/// # Safety
///
/// `ring_ptr` of both queues points to rings that a backend laid out as `p` says.
pub unsafe fn find_fields(p: &io_uring_params, sq: &mut io_uring_sq, cq: &mut io_uring_cq) {
    let sq_field = |offset: u32| sq.ring_ptr.wrapping_byte_add(offset as usize).cast::<c_uint>();
    let cq_field = |offset: u32| cq.ring_ptr.wrapping_byte_add(offset as usize).cast::<c_uint>();

    sq.khead = sq_field(p.sq_off.head);
    sq.ktail = sq_field(p.sq_off.tail);
    sq.kring_mask = sq_field(p.sq_off.ring_mask);
    sq.kring_entries = sq_field(p.sq_off.ring_entries);
    sq.kflags = sq_field(p.sq_off.flags);
    sq.kdropped = sq_field(p.sq_off.dropped);
    sq.array = if p.flags & IORING_SETUP_NO_SQARRAY == 0 { sq_field(p.sq_off.array) } else { null_mut() };

    cq.khead = cq_field(p.cq_off.head);
    cq.ktail = cq_field(p.cq_off.tail);
    cq.kring_mask = cq_field(p.cq_off.ring_mask);
    cq.kring_entries = cq_field(p.cq_off.ring_entries);
    cq.koverflow = cq_field(p.cq_off.overflow);
    cq.cqes = cq_field(p.cq_off.cqes).cast();
    cq.kflags = if p.cq_off.flags != 0 { cq_field(p.cq_off.flags) } else { null_mut() };

    // SAFETY: fields of the rings (caller's promise); the backend wrote these four before it answered.
    unsafe {
        sq.ring_mask = load_relaxed(sq.kring_mask);
        sq.ring_entries = load_relaxed(sq.kring_entries);
        cq.ring_mask = load_relaxed(cq.kring_mask);
        cq.ring_entries = load_relaxed(cq.kring_entries);
    }
}

/// Lets slot `i` of the SQ name SQE `i`, for ever: the library never reorders SQEs.
///
/// # Safety
///
/// `sq.array` is null or the index array of a ring with `sq.ring_entries` entries.
pub unsafe fn fill_sq_array(sq: &io_uring_sq) {
    if sq.array.is_null() {
        return;
    }
    for index in 0..sq.ring_entries {
        // SAFETY: within the array (caller's promise).
        unsafe { sq.array.add(index as usize).write(index) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(flags: u32, cq_entries: u32) -> io_uring_params {
        io_uring_params { flags, cq_entries, ..Default::default() }
    }

    #[test]
    fn entries_are_rounded_up_and_the_cq_is_twice_the_sq() {
        assert_eq!(ring_entries(1, &params(0, 0)), Ok((1, 2)));
        assert_eq!(ring_entries(100, &params(0, 0)), Ok((128, 256)));
        assert_eq!(ring_entries(32768, &params(0, 0)), Ok((32768, 65536)));
    }

    #[test]
    fn entries_out_of_range_are_refused_or_clamped() {
        assert_eq!(ring_entries(0, &params(IORING_SETUP_CLAMP, 0)), Err(Errno::INVAL));
        assert_eq!(ring_entries(32769, &params(0, 0)), Err(Errno::INVAL));
        assert_eq!(ring_entries(u32::MAX, &params(IORING_SETUP_CLAMP, 0)), Ok((32768, 65536)));
    }

    #[test]
    fn a_cq_size_of_the_programs_choice_is_checked() {
        let sized = IORING_SETUP_CQSIZE;
        assert_eq!(ring_entries(8, &params(sized, 0)), Err(Errno::INVAL));
        assert_eq!(ring_entries(8, &params(sized, 4)), Err(Errno::INVAL));
        assert_eq!(ring_entries(8, &params(sized, 65537)), Err(Errno::INVAL));
        assert_eq!(ring_entries(8, &params(sized | IORING_SETUP_CLAMP, 65537)), Ok((8, 65536)));
        assert_eq!(ring_entries(5, &params(sized, 9)), Ok((8, 16)));
    }

    #[test]
    fn memory_holds_sqes_and_rings_in_whole_pages() {
        let page = sys::page_size();
        // SAFETY: readable parameters.
        let size = |entries, flags| unsafe { memory_size(entries, &params(flags, 0)) }.unwrap();
        assert_eq!(size(1, 0), 2 * page);
        // 64 SQEs fill a page of 4096 bytes; 64 bytes of fields and 128 CQEs of 16 bytes are another.
        assert_eq!(size(64, IORING_SETUP_NO_SQARRAY), (64 * 64usize).next_multiple_of(page) + page);
        assert_eq!(size(64, IORING_SETUP_SQE128), (64 * 128usize).next_multiple_of(page) + page);
        assert!(size(1024, IORING_SETUP_CQE32) >= 1024 * 64 + 2048 * 32 + 64);
    }
}
