// SPDX-License-Identifier: MIT
//! Requests on fixed buffers, and the one that changes the file table.

use super::{message, require, rw, Outcome};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::engine::request::{ReqId, Request};
use crate::engine::resources::{read_vector, Kind};
use crate::engine::ring::{Ring, State};
use ::core::mem::size_of;

/// Most vectors of a request (`UIO_MAXIOV` of the kernel).
const MOST_VECTORS: u32 = 1024;

/// READV_FIXED and WRITEV_FIXED: the vectors are copied, so that what was checked is what is used.
pub fn prepare_vectors(request: &mut Request) -> Result<(), Errno> {
    rw::prepare(request)?;
    let (from, count) = (request.sqe.addr, request.sqe.len);
    require(count <= MOST_VECTORS)?;
    if count == 0 {
        return Ok(());
    }
    let copy = request.keep_bytes(from, count as usize * size_of::<libc::iovec>())?;
    for index in 0..count {
        require(read_vector(copy, index)?.iov_len <= isize::MAX as usize)?;
    }
    request.sqe.addr = copy;
    Ok(())
}

/// Takes the fixed buffer that a request names, if it is of that kind; all it works on must lie in it, or it is -EFAULT.
pub fn import(st: &mut State, id: ReqId) -> Result<(), Errno> {
    let Some(request) = st.requests.get(id) else { return Ok(()) };
    let sqe = &request.sqe;
    if sqe.opcode == IORING_OP_SENDMSG_ZC {
        return import_for_send(st, id);
    }
    let vectored = match sqe.opcode {
        IORING_OP_READ_FIXED | IORING_OP_WRITE_FIXED => false,
        IORING_OP_READV_FIXED | IORING_OP_WRITEV_FIXED => true,
        _ => return Ok(()),
    };
    let buffer = st.resources.buffer(sqe.buf_index)?;
    if vectored {
        for index in 0..sqe.len {
            let vector = read_vector(sqe.addr, index)?;
            // The kernel takes no empty vector here.
            if vector.iov_len == 0 {
                return Err(Errno::FAULT);
            }
            buffer.check_range(vector.iov_base as u64, vector.iov_len as u64)?;
        }
    } else {
        buffer.check_range(sqe.addr, sqe.len as u64)?;
    }
    request.buffer = Some(buffer);
    Ok(())
}

/// The same for a send that is to copy nothing. One of a single buffer asks for the socket before, and waits where it was to.
#[inline(never)]
pub fn import_for_send(st: &mut State, id: ReqId) -> Result<(), Errno> {
    let State { requests, resources, .. } = st;
    let Some(request) = requests.get(id) else { return Ok(()) };
    if request.notifies && request.sqe.ioprio & IORING_RECVSEND_FIXED_BUF != 0 && request.buffer.is_none() {
        request.buffer = Some(resources.buffer(request.sqe.buf_index)?);
        return check_send(request);
    }
    Ok(())
}

/// All of a buffer, or of vectors, lies in the fixed buffer.
fn check_send(request: &mut Request) -> Result<(), Errno> {
    let one = request.sqe.opcode == IORING_OP_SEND_ZC && request.sqe.ioprio & IORING_SEND_VECTORIZED == 0;
    if !one {
        message::keep(request)?;
    }
    let Some(buffer) = &request.buffer else { return Ok(()) };
    if one {
        return buffer.check_range(request.sqe.addr, request.sqe.len as u64);
    }
    message::vectors(request).try_for_each(|vector| buffer.check_range(vector.iov_base as u64, vector.iov_len as u64))
}

pub fn prepare_update(request: &mut Request) -> Result<(), Errno> {
    let sqe = &request.sqe;
    require(sqe.flags & IOSQE_FIXED_FILE == 0 && sqe.op_flags == 0 && sqe.file_index == 0 && sqe.len != 0)
}

/// `IORING_FILE_INDEX_ALLOC` as the offset is beyond every table: -EOVERFLOW, as from a kernel that cannot choose places by itself.
pub fn update(ring: &Ring, st: &mut State, id: ReqId) -> Outcome {
    let Some(request) = st.requests.get(id) else { return Outcome::Parked };
    let sqe = &request.sqe;
    let update = io_uring_rsrc_update2 { offset: sqe.off as u32, data: sqe.addr, nr: sqe.len, ..Default::default() };
    ring.update(st, Kind::Files, &update).into()
}
