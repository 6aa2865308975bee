// SPDX-License-Identifier: MIT
//! What valgrind's memcheck has to be told.
//!
//! Memcheck follows what a program writes, and what a system call writes during the call. What the kernel writes for a request comes
//! from neither: a buffer from `malloc` that a read filled counts as uninitialised for ever. So a ring that is made under memcheck is
//! marked, and each submission on it announces the memory that its requests will fill. Natively the library asks once, when it is loaded, in
//! a dozen instructions that do nothing, and that is all.
//!
//! The whole of a buffer is announced, as nobody can say here how much of it will be filled. Buffers that the kernel picks from a
//! buffer ring are not known here at all.

use super::abi::*;
use super::mmap::sqe_shift;
use ::core::mem::size_of;
use ::core::sync::atomic::{AtomicBool, Ordering};

/// Requests of `<valgrind/memcheck.h>`: the tool's letters, and a number.
const TOOL: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;
const GET_VBITS: usize = TOOL + 8;
const MAKE_MEM_DEFINED_IF_ADDRESSABLE: usize = TOOL + 11;

/// Memcheck looks at each byte of what is announced; a request that claims gigabytes is not to take minutes.
const MOST: usize = 64 << 20;

/// Asks memcheck; 0 where it is not there.
#[cfg(target_arch = "x86_64")]
fn ask(request: usize, addr: usize, other: usize, len: usize) -> usize {
    let args = [request, addr, other, len, 0, 0];
    let mut answer = 0usize;
    // SAFETY: these instructions change no register but the flags: rotations of 128 bits in all, and an exchange of a register with
    // itself. Valgrind knows the sequence, reads `args` and puts its answer into rdx.
    unsafe {
        ::core::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") args.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn ask(_: usize, _: usize, _: usize, _: usize) -> usize {
    0
}

static WATCHING: AtomicBool = AtomicBool::new(false);

/// Asks memcheck whether it is there.
fn look() {
    let (byte, mut bits) = (0u8, 0u8);
    WATCHING.store(ask(GET_VBITS, &raw const byte as usize, &raw mut bits as usize, 1) == 1, Ordering::Relaxed);
}

ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn look_for_memcheck() {
        look();
    }
}

/// True under memcheck.
#[inline]
pub fn is_watching() -> bool {
    WATCHING.load(Ordering::Relaxed)
}

/// The kernel will fill this memory.
fn filled(addr: u64, len: usize) {
    ask(MAKE_MEM_DEFINED_IF_ADDRESSABLE, addr as usize, len.min(MOST), 0);
}

/// Reads a structure of the program's, where there is one: a request may name any address.
fn load<T: Copy>(addr: u64) -> Option<T> {
    let mut bits = [0u8; 64];
    let size = size_of::<T>();
    debug_assert!(size <= bits.len());
    if addr == 0 || ask(GET_VBITS, addr as usize, bits.as_mut_ptr() as usize, size) != 1 {
        return None;
    }
    // SAFETY: memcheck has just said that these bytes are mapped and the program's; `T` is made of integers and pointers.
    Some(unsafe { (addr as usize as *const T).read_unaligned() })
}

fn vectors_filled(addr: u64, count: usize) {
    // The kernel refuses a request with more, and fills nothing.
    if count > libc::UIO_MAXIOV as usize {
        return;
    }
    let mut left = MOST;
    for i in 0..count {
        let Some(vector) = load::<libc::iovec>(addr.wrapping_add((i * size_of::<libc::iovec>()) as u64)) else { return };
        let len = vector.iov_len.min(left);
        filled(vector.iov_base as u64, len);
        left -= len;
    }
}

/// The counts in a `struct msghdr` have other types in other C libraries.
fn message_filled(addr: u64, picks_buffer: bool) {
    let Some(message) = load::<libc::msghdr>(addr) else { return };
    if !picks_buffer {
        vectors_filled(message.msg_iov as u64, message.msg_iovlen as _);
    }
    filled(message.msg_name as u64, message.msg_namelen as usize);
    filled(message.msg_control as u64, message.msg_controllen as _);
    filled(addr, size_of::<libc::msghdr>());
}

/// A socket address, and the variable that says how long it may be.
fn address_filled(addr: u64, len_addr: u64) {
    if let Some(len) = load::<libc::socklen_t>(len_addr) {
        filled(addr, len as usize);
    }
}

/// Announces what one request will fill.
fn announce(sqe: &io_uring_sqe) {
    let picks_buffer = sqe.flags & IOSQE_BUFFER_SELECT != 0;
    let len = sqe.len as usize;
    match sqe.opcode {
        IORING_OP_READ | IORING_OP_READ_FIXED | IORING_OP_RECV if !picks_buffer => filled(sqe.addr, len),
        IORING_OP_READV | IORING_OP_READV_FIXED if !picks_buffer => vectors_filled(sqe.addr, len),
        IORING_OP_RECVMSG => message_filled(sqe.addr, picks_buffer),
        IORING_OP_ACCEPT => address_filled(sqe.addr, sqe.off),
        IORING_OP_FILES_UPDATE => filled(sqe.addr, len.saturating_mul(size_of::<i32>())),
        IORING_OP_STATX => filled(sqe.off, size_of::<libc::statx>()),
        IORING_OP_PROVIDE_BUFFERS => filled(sqe.addr, len.saturating_mul(sqe.fd.max(0) as usize)),
        IORING_OP_FGETXATTR | IORING_OP_GETXATTR => filled(sqe.off, len),
        IORING_OP_WAITID => filled(sqe.off, size_of::<libc::siginfo_t>()),
        IORING_OP_EPOLL_WAIT => filled(sqe.addr, len.saturating_mul(size_of::<libc::epoll_event>())),
        IORING_OP_PIPE => filled(sqe.addr, 2 * size_of::<i32>()),
        IORING_OP_URING_CMD => match sqe.cmd_op() {
            SOCKET_URING_OP_GETSOCKOPT => filled(sqe.addr3, sqe.file_index as usize),
            SOCKET_URING_OP_GETSOCKNAME => address_filled(sqe.addr, sqe.addr3),
            _ => {}
        },
        _ => {}
    }
}

/// Announces what the requests in the SQ that are not yet submitted will fill.
///
/// # Safety
///
/// A valid ring.
#[cold]
#[inline(never)]
pub unsafe fn announce_all(ring: &io_uring) {
    let sq = &ring.sq;
    for i in 0..sq.sqe_tail.wrapping_sub(sq.sqe_head) {
        let slot = (sq.sqe_head.wrapping_add(i) & sq.ring_mask) as usize;
        // SAFETY: the index is masked, and the SQE is still the program's.
        announce(unsafe { &*sq.sqes.add(slot << sqe_shift(ring.flags)) });
    }
}
