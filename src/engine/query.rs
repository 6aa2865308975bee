// SPDX-License-Identifier: MIT
//! `IORING_REGISTER_QUERY`: what the engine can do, asked without a ring.

use super::program::{read, write};
use super::{enter, ops, setup};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::c_int;
use ::core::mem::size_of;

/// `struct io_uring_query_hdr`: one question, in a chain of them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Header {
    next_entry: u64,
    query_data: u64,
    query_op: u32,
    size: u32,
    result: i32,
    resv: [u32; 3],
}

/// `struct io_uring_query_opcode`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Opcodes {
    nr_request_opcodes: u32,
    nr_register_opcodes: u32,
    feature_flags: u64,
    ring_setup_flags: u64,
    enter_flags: u64,
    sqe_flags: u64,
    nr_query_opcodes: u32,
    pad: u32,
}

::static_assertions::const_assert_eq!(size_of::<Header>(), 40);
::static_assertions::const_assert_eq!(size_of::<Opcodes>(), 48);

/// `IO_URING_QUERY_OPCODES`, the one question that is answered.
const QUERY_OPCODES: u32 = 0;
/// Most questions of one chain: it may lead back into itself.
const MOST: usize = 1000;

/// Answers a chain of questions, each in its own header.
pub fn query(chain: u64, nr_args: u32) -> Result<c_int, Errno> {
    if nr_args != 0 {
        return Err(Errno::INVAL);
    }
    let mut at = chain;
    for _ in 0..MOST {
        if at == 0 {
            return Ok(0);
        }
        let mut header: Header = read(at)?;
        let next = header.next_entry;
        header.result = match answer(&mut header) {
            Ok(()) => 0,
            Err(Errno::FAULT) => return Err(Errno::FAULT),
            Err(e) => e.to_c(),
        };
        write(at, &header)?;
        at = next;
    }
    Err(Errno::from_raw(libc::ERANGE))
}

fn answer(header: &mut Header) -> Result<(), Errno> {
    if header.query_op != QUERY_OPCODES {
        header.size = 0;
        return Err(Errno::OPNOTSUPP);
    }
    if header.resv != [0; 3] || header.result != 0 || header.size == 0 {
        header.size = 0;
        return Err(Errno::INVAL);
    }
    let opcodes = Opcodes {
        nr_request_opcodes: IORING_OP_LAST as u32,
        nr_register_opcodes: IORING_REGISTER_LAST,
        feature_flags: setup::FEATURES as u64,
        ring_setup_flags: setup::FLAGS as u64,
        enter_flags: enter::KNOWN_FLAGS as u64,
        sqe_flags: ops::SQE_FLAGS as u64,
        nr_query_opcodes: 1,
        pad: 0,
    };
    header.size = header.size.min(size_of::<Opcodes>() as u32);
    // SAFETY: at most as many bytes as the answer has.
    unsafe { sys::copy_to_program(header.query_data, (&raw const opcodes).cast(), header.size as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(query_op: u32, to: *mut Opcodes) -> Header {
        let size = size_of::<Opcodes>() as u32;
        Header { next_entry: 0, query_data: to as u64, query_op, size, result: 0, resv: [0; 3] }
    }

    #[test]
    fn a_chain_is_answered_one_by_one() {
        // SAFETY: zero is a value of every field.
        let mut opcodes: Opcodes = unsafe { ::core::mem::zeroed() };
        let mut second = header(QUERY_OPCODES, &raw mut opcodes);
        let mut first = header(77, &raw mut opcodes);
        first.next_entry = &raw mut second as u64;
        assert_eq!(query(&raw mut first as u64, 0), Ok(0));
        assert_eq!(first.result, Errno::OPNOTSUPP.to_c());
        assert_eq!(second.result, 0);
        assert_eq!(opcodes.nr_request_opcodes, IORING_OP_LAST as u32);
        assert_eq!(query(8, 0), Err(Errno::FAULT));
        assert_eq!(query(0, 1), Err(Errno::INVAL));
    }

    #[test]
    fn a_chain_that_leads_into_itself_ends() {
        let mut looped = header(77, ::core::ptr::null_mut());
        looped.next_entry = &raw mut looped as u64;
        assert_eq!(query(&raw mut looped as u64, 0), Err(Errno::from_raw(libc::ERANGE)));
    }
}
