// SPDX-License-Identifier: MIT
//! The memory region that a program registers with a ring, and the waits described in it.

use super::buffers;
use super::program::{read, write};
use super::ring::Ring;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::c_int;
use ::core::mem::size_of;
use ::core::sync::atomic::Ordering;

/// A ring's registered region.
#[derive(Debug)]
pub struct Region {
    address: u64,
    size: u64,
    /// Descriptions of waits lie in it.
    waits: bool,
    /// Accounted as locked for it.
    pages: u64,
}

impl Drop for Region {
    fn drop(&mut self) {
        buffers::unaccount(self.pages);
    }
}

impl Region {
    /// Checks a description as the kernel does, in its order, and makes sure of the memory.
    fn new(desc: &io_uring_region_desc, waits: bool) -> Result<Region, Errno> {
        let user = desc.flags & IORING_MEM_REGION_TYPE_USER as u32 != 0;
        if desc.__resv != [0; 4] || desc.flags & !(IORING_MEM_REGION_TYPE_USER as u32) != 0 {
            return Err(Errno::INVAL);
        }
        if user != (desc.user_addr != 0) {
            return Err(Errno::FAULT);
        }
        let page = sys::page_size() as u64;
        if desc.size == 0 || desc.mmap_offset != 0 || desc.id != 0 || (desc.user_addr | desc.size) % page != 0 {
            return Err(Errno::INVAL);
        }
        // Memory of the kernel's, to be mapped through the ring's descriptor: ours cannot be mapped.
        if !user {
            return Err(Errno::INVAL);
        }
        desc.user_addr.checked_add(desc.size).ok_or(Errno::OVERFLOW)?;
        let pages = buffers::account(desc.size / page)?;
        let region = Region { address: desc.user_addr, size: desc.size, waits, pages };
        sys::populate_write(desc.user_addr as usize, desc.size as usize)?;
        Ok(region)
    }
}

impl Ring {
    /// `IORING_REGISTER_MEM_REGION`.
    pub fn register_region(&self, arg: u64) -> Result<c_int, Errno> {
        let mut st = self.state.lock();
        if st.region.is_some() {
            return Err(Errno::BUSY);
        }
        let reg: io_uring_mem_region_reg = read(arg)?;
        let desc: io_uring_region_desc = read(reg.region_uptr)?;
        let waits = reg.flags & IORING_MEM_REGION_REG_WAIT_ARG != 0;
        if reg.__resv != [0; 2] || reg.flags & !IORING_MEM_REGION_REG_WAIT_ARG != 0 {
            return Err(Errno::INVAL);
        }
        // Nobody waits in a ring that is not enabled.
        if waits && !self.disabled.load(Ordering::Acquire) {
            return Err(Errno::INVAL);
        }
        let region = Region::new(&desc, waits)?;
        write(reg.region_uptr, &desc)?;
        st.region = Some(region);
        Ok(0)
    }

    /// The wait described at this offset of the region: -EFAULT outside of it, and without one.
    pub fn registered_wait(&self, offset: u64) -> Result<io_uring_reg_wait, Errno> {
        let st = self.state.lock();
        let region = st.region.as_ref().filter(|region| region.waits).ok_or(Errno::FAULT)?;
        let end = offset.checked_add(size_of::<io_uring_reg_wait>() as u64).ok_or(Errno::FAULT)?;
        if offset % size_of::<::core::ffi::c_long>() as u64 != 0 || end > region.size {
            return Err(Errno::FAULT);
        }
        read(region.address + offset)
    }
}
