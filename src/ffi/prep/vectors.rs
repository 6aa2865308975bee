// SPDX-License-Identifier: MIT
//! Every preparation function against the golden vectors: the 64 bytes it leaves behind, whatever was there before.

use super::super::ctypes::*;
use super::{fs::*, misc::*, names::*, net::*, poll::*, rw::*, *};
use std::collections::BTreeSet;

const VECTORS: &str = include_str!("../../../c-tests/abi/sqe_vectors.tsv");

/// The arguments of one call, handed out in the type that the next parameter has.
struct Args<'a>(std::str::Split<'a, char>);

impl Args<'_> {
    fn next<T: Argument>(&mut self) -> T {
        let word = self.0.find(|&word| word != "SQE").expect("one more argument");
        let (digits, radix) = word.strip_prefix("0x").map_or((word, 10), |hex| (hex, 16));
        T::of(i128::from_str_radix(digits, radix).expect("a number"))
    }
}

trait Argument {
    fn of(number: i128) -> Self;
}

macro_rules! integer_arguments {
    ($($type:ty),*) => {
        $(impl Argument for $type {
            fn of(number: i128) -> Self {
                Self::try_from(number).expect("a number that fits its type")
            }
        })*
    };
}
integer_arguments!(i32, u32, i64, u64, u16, usize);

impl<T> Argument for *mut T {
    fn of(number: i128) -> Self {
        usize::of(number) as Self
    }
}

impl<T> Argument for *const T {
    fn of(number: i128) -> Self {
        usize::of(number) as Self
    }
}

/// Calls the named function on `s` with arguments from `a`.
///
/// # Safety
///
/// - `s` is a valid SQE.
unsafe fn call(name: &str, s: *mut io_uring_sqe, a: &mut Args) {
    // SAFETY: the functions need a valid SQE and look at no other pointer.
    unsafe {
        match name {
            "__io_uring_prep_uring_cmd" => __io_uring_prep_uring_cmd(s, a.next(), a.next(), a.next()),
            "io_uring_initialize_sqe" => io_uring_initialize_sqe(s),
            "io_uring_prep_accept" => io_uring_prep_accept(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_accept_direct" => io_uring_prep_accept_direct(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_bind" => io_uring_prep_bind(s, a.next(), a.next(), a.next()),
            "io_uring_prep_cancel" => io_uring_prep_cancel(s, a.next(), a.next()),
            "io_uring_prep_cancel64" => io_uring_prep_cancel64(s, a.next(), a.next()),
            "io_uring_prep_cancel_fd" => io_uring_prep_cancel_fd(s, a.next(), a.next()),
            "io_uring_prep_close" => io_uring_prep_close(s, a.next()),
            "io_uring_prep_close_direct" => io_uring_prep_close_direct(s, a.next()),
            "io_uring_prep_cmd_discard" => io_uring_prep_cmd_discard(s, a.next(), a.next(), a.next()),
            "io_uring_prep_cmd_getsockname" => io_uring_prep_cmd_getsockname(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_cmd_sock" => io_uring_prep_cmd_sock(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_cmd_zone_reset_all" => io_uring_prep_cmd_zone_reset_all(s, a.next()),
            "io_uring_prep_connect" => io_uring_prep_connect(s, a.next(), a.next(), a.next()),
            "io_uring_prep_epoll_ctl" => io_uring_prep_epoll_ctl(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_epoll_wait" => io_uring_prep_epoll_wait(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_fadvise" => io_uring_prep_fadvise(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_fadvise64" => io_uring_prep_fadvise64(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_fallocate" => io_uring_prep_fallocate(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_fgetxattr" => io_uring_prep_fgetxattr(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_files_update" => io_uring_prep_files_update(s, a.next(), a.next(), a.next()),
            "io_uring_prep_fixed_fd_install" => io_uring_prep_fixed_fd_install(s, a.next(), a.next()),
            "io_uring_prep_fsetxattr" => io_uring_prep_fsetxattr(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_fsync" => io_uring_prep_fsync(s, a.next(), a.next()),
            "io_uring_prep_ftruncate" => io_uring_prep_ftruncate(s, a.next(), a.next()),
            "io_uring_prep_futex_wait" => io_uring_prep_futex_wait(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_futex_waitv" => io_uring_prep_futex_waitv(s, a.next(), a.next(), a.next()),
            "io_uring_prep_futex_wake" => io_uring_prep_futex_wake(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_getxattr" => io_uring_prep_getxattr(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_link" => io_uring_prep_link(s, a.next(), a.next(), a.next()),
            "io_uring_prep_link_timeout" => io_uring_prep_link_timeout(s, a.next(), a.next()),
            "io_uring_prep_linkat" => io_uring_prep_linkat(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_listen" => io_uring_prep_listen(s, a.next(), a.next()),
            "io_uring_prep_madvise" => io_uring_prep_madvise(s, a.next(), a.next(), a.next()),
            "io_uring_prep_madvise64" => io_uring_prep_madvise64(s, a.next(), a.next(), a.next()),
            "io_uring_prep_mkdir" => io_uring_prep_mkdir(s, a.next(), a.next()),
            "io_uring_prep_mkdirat" => io_uring_prep_mkdirat(s, a.next(), a.next(), a.next()),
            "io_uring_prep_msg_ring" => io_uring_prep_msg_ring(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_msg_ring_cqe_flags" => {
                io_uring_prep_msg_ring_cqe_flags(s, a.next(), a.next(), a.next(), a.next(), a.next())
            }
            "io_uring_prep_msg_ring_fd" => io_uring_prep_msg_ring_fd(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_msg_ring_fd_alloc" => io_uring_prep_msg_ring_fd_alloc(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_multishot_accept" => io_uring_prep_multishot_accept(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_multishot_accept_direct" => {
                io_uring_prep_multishot_accept_direct(s, a.next(), a.next(), a.next(), a.next())
            }
            "io_uring_prep_nop" => io_uring_prep_nop(s),
            "io_uring_prep_nop128" => io_uring_prep_nop128(s),
            "io_uring_prep_open" => io_uring_prep_open(s, a.next(), a.next(), a.next()),
            "io_uring_prep_open_direct" => io_uring_prep_open_direct(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_openat" => io_uring_prep_openat(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_openat2" => io_uring_prep_openat2(s, a.next(), a.next(), a.next()),
            "io_uring_prep_openat2_direct" => io_uring_prep_openat2_direct(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_openat_direct" => io_uring_prep_openat_direct(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_pipe" => io_uring_prep_pipe(s, a.next(), a.next()),
            "io_uring_prep_pipe_direct" => io_uring_prep_pipe_direct(s, a.next(), a.next(), a.next()),
            "io_uring_prep_poll_add" => io_uring_prep_poll_add(s, a.next(), a.next()),
            "io_uring_prep_poll_multishot" => io_uring_prep_poll_multishot(s, a.next(), a.next()),
            "io_uring_prep_poll_remove" => io_uring_prep_poll_remove(s, a.next()),
            "io_uring_prep_poll_update" => io_uring_prep_poll_update(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_provide_buffers" => io_uring_prep_provide_buffers(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_read" => io_uring_prep_read(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_read_fixed" => io_uring_prep_read_fixed(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_read_multishot" => io_uring_prep_read_multishot(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_readv" => io_uring_prep_readv(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_readv2" => io_uring_prep_readv2(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_readv_fixed" => {
                io_uring_prep_readv_fixed(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next())
            }
            "io_uring_prep_recv" => io_uring_prep_recv(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_recv_multishot" => io_uring_prep_recv_multishot(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_recvmsg" => io_uring_prep_recvmsg(s, a.next(), a.next(), a.next()),
            "io_uring_prep_recvmsg_multishot" => io_uring_prep_recvmsg_multishot(s, a.next(), a.next(), a.next()),
            "io_uring_prep_remove_buffers" => io_uring_prep_remove_buffers(s, a.next(), a.next()),
            "io_uring_prep_rename" => io_uring_prep_rename(s, a.next(), a.next()),
            "io_uring_prep_renameat" => io_uring_prep_renameat(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_rw" => io_uring_prep_rw(a.next(), s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_send" => io_uring_prep_send(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_send_bundle" => io_uring_prep_send_bundle(s, a.next(), a.next(), a.next()),
            "io_uring_prep_send_set_addr" => io_uring_prep_send_set_addr(s, a.next(), a.next()),
            "io_uring_prep_send_zc" => io_uring_prep_send_zc(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_send_zc_fixed" => {
                io_uring_prep_send_zc_fixed(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next())
            }
            "io_uring_prep_sendmsg" => io_uring_prep_sendmsg(s, a.next(), a.next(), a.next()),
            "io_uring_prep_sendmsg_zc" => io_uring_prep_sendmsg_zc(s, a.next(), a.next(), a.next()),
            "io_uring_prep_sendmsg_zc_fixed" => io_uring_prep_sendmsg_zc_fixed(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_sendto" => io_uring_prep_sendto(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_setxattr" => io_uring_prep_setxattr(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_shutdown" => io_uring_prep_shutdown(s, a.next(), a.next()),
            "io_uring_prep_socket" => io_uring_prep_socket(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_socket_direct" => io_uring_prep_socket_direct(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_socket_direct_alloc" => io_uring_prep_socket_direct_alloc(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_splice" => io_uring_prep_splice(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_statx" => io_uring_prep_statx(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_symlink" => io_uring_prep_symlink(s, a.next(), a.next()),
            "io_uring_prep_symlinkat" => io_uring_prep_symlinkat(s, a.next(), a.next(), a.next()),
            "io_uring_prep_sync_file_range" => io_uring_prep_sync_file_range(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_tee" => io_uring_prep_tee(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_timeout" => io_uring_prep_timeout(s, a.next(), a.next(), a.next()),
            "io_uring_prep_timeout_remove" => io_uring_prep_timeout_remove(s, a.next(), a.next()),
            "io_uring_prep_timeout_update" => io_uring_prep_timeout_update(s, a.next(), a.next(), a.next()),
            "io_uring_prep_unlink" => io_uring_prep_unlink(s, a.next(), a.next()),
            "io_uring_prep_unlinkat" => io_uring_prep_unlinkat(s, a.next(), a.next(), a.next()),
            "io_uring_prep_uring_cmd" => io_uring_prep_uring_cmd(s, a.next(), a.next()),
            "io_uring_prep_uring_cmd128" => io_uring_prep_uring_cmd128(s, a.next(), a.next()),
            "io_uring_prep_waitid" => io_uring_prep_waitid(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_write" => io_uring_prep_write(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_write_fixed" => io_uring_prep_write_fixed(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_writev" => io_uring_prep_writev(s, a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_writev2" => io_uring_prep_writev2(s, a.next(), a.next(), a.next(), a.next(), a.next()),
            "io_uring_prep_writev_fixed" => {
                io_uring_prep_writev_fixed(s, a.next(), a.next(), a.next(), a.next(), a.next(), a.next())
            }
            "io_uring_sqe_set_buf_group" => io_uring_sqe_set_buf_group(s, a.next()),
            "io_uring_sqe_set_data" => io_uring_sqe_set_data(s, a.next()),
            "io_uring_sqe_set_data64" => io_uring_sqe_set_data64(s, a.next()),
            "io_uring_sqe_set_flags" => io_uring_sqe_set_flags(s, a.next()),
            _ => panic!("{name} has vectors but is not called here"),
        }
    }
}

fn bytes(hex: &str) -> [u8; 64] {
    assert_eq!(hex.len(), 128);
    std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hexadecimal digits"))
}

#[test]
#[cfg(target_endian = "little")]
fn every_vector_is_met_to_the_byte() {
    let mut names = BTreeSet::new();
    for line in VECTORS.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let mut fields = line.split('\t');
        let mut field = || fields.next().expect("four fields");
        let (name, fill, args, want) = (field(), field(), field(), field());
        let fill = u8::from_str_radix(fill, 16).expect("hexadecimal digits");
        let mut args = Args(args.split(' '));

        // SAFETY: an SQE is made of integers, any bytes are one.
        let mut sqe: io_uring_sqe = unsafe { std::mem::transmute([fill; 64]) };
        // SAFETY: a whole SQE, which nothing else uses.
        unsafe { call(name, &mut sqe, &mut args) };
        assert!(args.0.all(|word| word == "SQE"), "{name} takes fewer arguments than its vector has");
        // SAFETY: the same size, and no padding.
        let got: [u8; 64] = unsafe { std::mem::transmute(sqe) };
        assert_eq!(got, bytes(want), "{line}");
        names.insert(name);
    }
    assert_eq!(names.len(), 110, "functions with vectors");
}

/// The vectors never ask the kernel to pick a slot in these; in C all of them treat the request alike.
#[test]
fn a_slot_left_to_the_kernel_is_all_ones() {
    let mut sqe = io_uring_sqe::default();
    let s = &raw mut sqe;
    let all = IORING_FILE_INDEX_ALLOC;
    let check = |name: &str, prepare: &dyn Fn()| {
        // SAFETY: `s` is a whole SQE; the functions look at no other pointer.
        unsafe {
            (*s).file_index = 0;
            prepare();
            assert_eq!((*s).file_index, all, "{name}");
        }
    };
    let (path, how, fds) = (std::ptr::null(), std::ptr::null(), std::ptr::null_mut());
    // SAFETY: as above.
    unsafe {
        check("open_direct", &|| io_uring_prep_open_direct(s, path, 0, 0, all));
        check("openat_direct", &|| io_uring_prep_openat_direct(s, -100, path, 0, 0, all));
        check("openat2_direct", &|| io_uring_prep_openat2_direct(s, -100, path, how, all));
        check("pipe_direct", &|| io_uring_prep_pipe_direct(s, fds, 0, all));
        check("msg_ring_fd", &|| io_uring_prep_msg_ring_fd(s, 0, 0, all as i32, 0, 0));
    }
}

#[test]
fn a_descriptor_in_a_wide_place_carries_no_sign() {
    let mut sqe = io_uring_sqe::default();
    // SAFETY: a whole SQE; the event is not looked at.
    unsafe { io_uring_prep_epoll_ctl(&mut sqe, 3, -1, 1, std::ptr::null()) };
    assert_eq!(sqe.off, 0xffff_ffff);
}

#[test]
fn user_data_comes_back_as_it_was_given() {
    let mut sqe = io_uring_sqe::default();
    let mut here = 0u8;
    let data: *mut c_void = (&raw mut here).cast();
    // SAFETY: a whole SQE and a whole CQE.
    unsafe {
        io_uring_sqe_set_data(&mut sqe, data);
        let cqe = io_uring_cqe { user_data: sqe.user_data, ..Default::default() };
        assert_eq!(io_uring_cqe_get_data(&cqe), data);
        assert_eq!(io_uring_cqe_get_data64(&cqe), data as u64);
        assert_eq!(io_uring_cqe_nr(&cqe), 1);
        assert_eq!(io_uring_cqe_nr(&io_uring_cqe { flags: IORING_CQE_F_32, ..cqe }), 2);
    }
}

#[test]
fn a_probe_answers_for_the_opcodes_it_has() {
    #[repr(C)]
    struct Probe {
        head: io_uring_probe,
        ops: [io_uring_probe_op; 3],
    }
    let mut probe = Probe { head: io_uring_probe { last_op: 2, ops_len: 3, ..Default::default() }, ops: Default::default() };
    probe.ops[0].flags = IO_URING_OP_SUPPORTED;
    probe.ops[2].flags = IO_URING_OP_SUPPORTED;
    let p = (&raw const probe).cast();
    // SAFETY: a head with as many entries as it says.
    let answers = [-1, 0, 1, 2, 3, 255, 256, i32::MIN, i32::MAX].map(|op| unsafe { io_uring_opcode_supported(p, op) });
    assert_eq!(answers, [0, 1, 0, 1, 0, 0, 0, 0, 0]);
}
