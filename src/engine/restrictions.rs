// SPDX-License-Identifier: MIT
//! What a ring allows once it is enabled (`IORING_REGISTER_RESTRICTIONS`).

use super::program::read;
use crate::core::abi::*;
use crate::core::errno::Errno;
use ::core::mem::size_of;

/// More of them than there are things to allow make no sense.
const MOST: u32 = IORING_RESTRICTION_LAST + IORING_REGISTER_LAST + IORING_OP_LAST as u32;

/// Everything is forbidden but what is named.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restrictions {
    register_ops: u64,
    sqe_ops: u128,
    flags_allowed: u8,
    flags_required: u8,
}

impl Restrictions {
    /// Reads the program's array.
    pub fn read(from: u64, count: u32) -> Result<Restrictions, Errno> {
        if from == 0 || count > MOST {
            return Err(Errno::INVAL);
        }
        let mut all = Restrictions::default();
        for index in 0..count as u64 {
            let one: io_uring_restriction = read(from.wrapping_add(index * size_of::<io_uring_restriction>() as u64))?;
            all.add(&one)?;
        }
        Ok(all)
    }

    fn add(&mut self, one: &io_uring_restriction) -> Result<(), Errno> {
        // One byte, whose meaning the kind tells.
        let value = one.register_op;
        match one.opcode as u32 {
            IORING_RESTRICTION_REGISTER_OP if (value as u32) < IORING_REGISTER_LAST => self.register_ops |= 1 << value,
            IORING_RESTRICTION_SQE_OP if value < IORING_OP_LAST => self.sqe_ops |= 1 << value,
            IORING_RESTRICTION_SQE_FLAGS_ALLOWED => self.flags_allowed = value,
            IORING_RESTRICTION_SQE_FLAGS_REQUIRED => self.flags_required = value,
            _ => return Err(Errno::INVAL),
        }
        Ok(())
    }

    /// -EACCES for a request that they forbid.
    pub fn check_sqe(&self, sqe: &io_uring_sqe) -> Result<(), Errno> {
        let named = self.sqe_ops >> (sqe.opcode & 127) & 1 != 0 && sqe.opcode < 128;
        let has_required = sqe.flags & self.flags_required == self.flags_required;
        if named && has_required && sqe.flags & !(self.flags_allowed | self.flags_required) == 0 {
            Ok(())
        } else {
            Err(Errno::ACCES)
        }
    }

    /// -EACCES for an `io_uring_register(2)` opcode that they forbid.
    pub fn check_register(&self, opcode: u32) -> Result<(), Errno> {
        if opcode < 64 && self.register_ops >> opcode & 1 != 0 {
            Ok(())
        } else {
            Err(Errno::ACCES)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restriction(opcode: u32, value: u8) -> io_uring_restriction {
        io_uring_restriction { opcode: opcode as u16, register_op: value, ..Default::default() }
    }

    #[test]
    fn only_what_is_named_is_allowed() {
        let list = [
            restriction(IORING_RESTRICTION_SQE_OP, IORING_OP_READ),
            restriction(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE),
            restriction(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_IO_LINK),
            restriction(IORING_RESTRICTION_REGISTER_OP, IORING_REGISTER_ENABLE_RINGS as u8),
        ];
        let all = Restrictions::read(list.as_ptr() as u64, 4).unwrap();
        let sqe = |opcode, flags| io_uring_sqe { opcode, flags, ..Default::default() };
        assert_eq!(all.check_sqe(&sqe(IORING_OP_READ, IOSQE_FIXED_FILE)), Ok(()));
        assert_eq!(all.check_sqe(&sqe(IORING_OP_READ, IOSQE_FIXED_FILE | IOSQE_IO_LINK)), Ok(()));
        assert_eq!(all.check_sqe(&sqe(IORING_OP_READ, IOSQE_FIXED_FILE | IOSQE_ASYNC)), Err(Errno::ACCES));
        assert_eq!(all.check_sqe(&sqe(IORING_OP_READ, 0)), Err(Errno::ACCES));
        assert_eq!(all.check_sqe(&sqe(IORING_OP_WRITE, IOSQE_FIXED_FILE)), Err(Errno::ACCES));
        assert_eq!(all.check_register(IORING_REGISTER_ENABLE_RINGS), Ok(()));
        assert_eq!(all.check_register(IORING_REGISTER_FILES), Err(Errno::ACCES));
    }

    #[test]
    fn nonsense_is_refused() {
        let one = restriction(IORING_RESTRICTION_LAST, 0);
        assert_eq!(Restrictions::read(&raw const one as u64, 1).unwrap_err(), Errno::INVAL);
        let one = restriction(IORING_RESTRICTION_SQE_OP, IORING_OP_LAST);
        assert_eq!(Restrictions::read(&raw const one as u64, 1).unwrap_err(), Errno::INVAL);
        assert_eq!(Restrictions::read(8, 1).unwrap_err(), Errno::FAULT);
    }
}
