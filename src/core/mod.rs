// SPDX-License-Identifier: MIT
//! What runs once in a ring's life, or fills an SQE; and the seam to what serves the ring.

pub mod abi;
pub mod backend;
pub mod buf_ring;
pub mod errno;
pub mod memcheck;
pub mod mmap;
pub mod policy;
pub mod prep;
pub mod primitive;
pub mod probe;
pub mod recvmsg;
pub mod register;
pub mod setup;
pub mod sys;
