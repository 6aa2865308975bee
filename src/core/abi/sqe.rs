// SPDX-License-Identifier: MIT
//! The submission queue entry.

use super::assert_layout;

/// A submission queue entry (SQE), 64 bytes; the second half of a 128-byte SQE follows it in memory.
///
/// C overlays most fields with unions. Here each place has one name, of its commonest use; the comment lists the others.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct io_uring_sqe {
    /// `IORING_OP_*`.
    pub opcode: u8,
    /// `IOSQE_*`.
    pub flags: u8,
    /// I/O priority; flags of accept, send and receive.
    pub ioprio: u16,
    /// File descriptor, or index of a fixed file.
    pub fd: i32,
    /// File offset; also `addr2`, and `cmd_op` in its first 32 bits.
    pub off: u64,
    /// Buffer, or array of `struct iovec`; also `splice_off_in`, and `level`, `optname` as two 32-bit halves.
    pub addr: u64,
    /// Buffer size in bytes, or number of vectors.
    pub len: u32,
    /// Flags of the operation (`rw_flags`, `fsync_flags`, `poll32_events`, `msg_flags`, `timeout_flags`, …).
    pub op_flags: u32,
    /// Copied to the CQE.
    pub user_data: u64,
    /// Index of a registered buffer; also `buf_group`.
    pub buf_index: u16,
    /// Registered credentials, 0 for the submitter's own.
    pub personality: u16,
    /// `splice_fd_in`, `file_index`, `zcrx_ifq_idx`, `optlen`, and `addr_len` in its first 16 bits.
    pub file_index: u32,
    /// Third address; also `attr_ptr`, `optval`, and the start of `cmd`.
    pub addr3: u64,
    /// Unused; also `attr_type_mask`.
    pub pad2: u64,
}

assert_layout!(io_uring_sqe, size 64,
    opcode @ 0, flags @ 1, ioprio @ 2, fd @ 4, off @ 8, addr @ 16, len @ 24, op_flags @ 28, user_data @ 32, buf_index @ 40,
    personality @ 42, file_index @ 44, addr3 @ 48, pad2 @ 56);

/// Where the first of two 32-bit fields lies in the 64-bit place that C keeps them in.
const FIRST_SHIFT: u32 = if cfg!(target_endian = "little") { 0 } else { 32 };

/// Two 32-bit fields that C keeps in one 64-bit place, in memory order.
const fn pair(first: u32, second: u32) -> u64 {
    (first as u64) << FIRST_SHIFT | (second as u64) << (32 - FIRST_SHIFT)
}

/// The first field of such a place.
const fn first_of_pair(place: u64) -> u32 {
    (place >> FIRST_SHIFT) as u32
}

/// The second field of such a place.
const fn second_of_pair(place: u64) -> u32 {
    (place >> (32 - FIRST_SHIFT)) as u32
}

impl io_uring_sqe {
    /// `cmd_op`: the command of `IORING_OP_URING_CMD`.
    pub const fn cmd_op(&self) -> u32 {
        first_of_pair(self.off)
    }

    /// Writes `cmd_op` and clears the padding behind it.
    pub fn set_cmd_op(&mut self, cmd_op: u32) {
        self.off = pair(cmd_op, 0);
    }

    /// `level` of a socket option command.
    pub const fn level(&self) -> u32 {
        first_of_pair(self.addr)
    }

    /// `optname` of a socket option command.
    pub const fn optname(&self) -> u32 {
        second_of_pair(self.addr)
    }

    /// Writes `level` and `optname`.
    pub fn set_level_optname(&mut self, level: u32, optname: u32) {
        self.addr = pair(level, optname);
    }

    /// `addr_len`: the length in bytes of the address a send goes to.
    pub const fn addr_len(&self) -> u16 {
        let b = self.file_index.to_ne_bytes();
        u16::from_ne_bytes([b[0], b[1]])
    }

    /// Writes `addr_len` and leaves the two bytes behind it alone.
    pub fn set_addr_len(&mut self, addr_len: u16) {
        let (l, b) = (addr_len.to_ne_bytes(), self.file_index.to_ne_bytes());
        self.file_index = u32::from_ne_bytes([l[0], l[1], b[2], b[3]]);
    }
}
