// SPDX-License-Identifier: MIT
//! Registering resources with a ring, and controlling it.

use super::{ring_mut, ring_ref};
use crate::core::abi::*;
use crate::core::errno::IntoC;
use crate::core::{probe, register};
use ::core::ffi::{c_int, c_uint};
use libc::{cpu_set_t, iovec};

/// Registers `nr_iovecs` buffers for io_uring_prep_read_fixed(), io_uring_prep_write_fixed() and the like: the kernel pins them once, and
/// requests name them by index. At most 16384, of at most 1 GiB each (Linux 5.13); a NULL base with length 0 is a hole (Linux 5.19).
///
/// Returns 0 or a negative errno: -EBUSY (buffers are registered already), -EFAULT (memory, or longer than 1 GiB), -EINVAL, -ENOMEM (over
/// RLIMIT_MEMLOCK), -EOPNOTSUPP (memory of a file that cannot be pinned). A failed call registers nothing. io_uring_register_buffers(3).
///
/// # Safety
///
/// - `ring` is a valid ring; the buffers stay mapped while they are registered.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers(ring: *mut io_uring, iovecs: *const iovec, nr_iovecs: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_BUFFERS, iovecs.cast(), nr_iovecs) }.into_c()
}

/// The same with a tag for each buffer (Linux 5.13): once a buffer is replaced or unregistered and nothing uses it any more, a CQE arrives with
/// its tag as `user_data` and 0 as `res`. A tag of 0 asks for none. `tags` may be NULL.
///
/// Returns 0 or a negative errno, as io_uring_register_buffers(). io_uring_register_buffers_tags(3).
///
/// # Safety
///
/// - `ring` is a valid ring; the buffers stay mapped while they are registered.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_tags(
    ring: *mut io_uring,
    iovecs: *const iovec,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::buffers_tags(ring_ref(ring), iovecs, tags, nr) }.into_c()
}

/// Registers a table of `nr` empty places (Linux 5.19), to be filled by io_uring_register_buffers_update_tag() or by cloning.
///
/// Returns 0 or a negative errno: -EBUSY, -EINVAL. io_uring_register_buffers_sparse(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_sparse(ring: *mut io_uring, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::buffers_sparse(ring_ref(ring), nr) }.into_c()
}

/// Replaces `nr` registered buffers from index `off` on, and their tags (Linux 5.13). Requests in flight keep the old ones.
///
/// Returns the number replaced or a negative errno: -ENXIO (no table), -EINVAL (out of range), -EFAULT. io_uring_register_buffers_update_tag(3).
///
/// # Safety
///
/// - `ring` is a valid ring; the buffers stay mapped while they are registered.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buffers_update_tag(
    ring: *mut io_uring,
    off: c_uint,
    iovecs: *const iovec,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::buffers_update_tag(ring_ref(ring), off, iovecs, tags, nr) }.into_c()
}

/// Drops all registered buffers; memory is released when the last request that uses it ends.
///
/// Returns 0, or -ENXIO where none are registered. io_uring_unregister_buffers(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_buffers(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_UNREGISTER_BUFFERS) }.into_c()
}

/// Registers `nr_files` files for IOSQE_FIXED_FILE: requests name them by index and save taking a reference. -1 leaves a place empty.
///
/// Where the table is larger than RLIMIT_NOFILE allows, the soft limit is raised once.
///
/// Returns 0 or a negative errno: -EBUSY (files are registered already), -EBADF, -EINVAL, -EMFILE (more than RLIMIT_NOFILE), -ENOMEM.
/// io_uring_register_files(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `files` is an array of `nr_files`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files(ring: *mut io_uring, files: *const c_int, nr_files: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::files(ring_ref(ring), files, nr_files) }.into_c()
}

/// The same with a tag for each file (Linux 5.13), posted as `user_data` of a CQE once the file is out of use. `tags` may be NULL.
///
/// Returns 0 or a negative errno, as io_uring_register_files(). io_uring_register_files_tags(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `files` and `tags` are arrays of `nr`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_tags(
    ring: *mut io_uring,
    files: *const c_int,
    tags: *const __u64,
    nr: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::files_tags(ring_ref(ring), files, tags, nr) }.into_c()
}

/// Registers a table of `nr` empty places (Linux 5.19), for direct descriptors and io_uring_register_files_update().
///
/// Returns 0 or a negative errno, as io_uring_register_files(). io_uring_register_files_sparse(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_sparse(ring: *mut io_uring, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::files_sparse(ring_ref(ring), nr) }.into_c()
}

/// Replaces `nr_files` registered files from index `off` on: -1 empties a place, IORING_REGISTER_FILES_SKIP (-2) leaves it as it is.
///
/// Returns the number replaced, which is smaller where a file in the middle is bad, or a negative errno: -ENXIO (no table), -EINVAL (out of
/// range), -EBADF. io_uring_register_files_update(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `files` is an array of `nr_files`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_update(
    ring: *mut io_uring,
    off: c_uint,
    files: *const c_int,
    nr_files: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::files_update(ring_ref(ring), off, files, nr_files) }.into_c()
}

/// The same with new tags (Linux 5.13). io_uring_register_files_update_tag(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `files` and `tags` are arrays of `nr_files`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_files_update_tag(
    ring: *mut io_uring,
    off: c_uint,
    files: *const c_int,
    tags: *const __u64,
    nr_files: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::files_update_tag(ring_ref(ring), off, files, tags, nr_files) }.into_c()
}

/// Drops all registered files; they are closed when the last request that uses them ends.
///
/// Returns 0, or -ENXIO where none are registered. io_uring_unregister_files(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_files(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_UNREGISTER_FILES) }.into_c()
}

/// Limits IORING_FILE_INDEX_ALLOC to `len` places from `off` on (Linux 6.0).
///
/// Returns 0 or a negative errno: -EINVAL (out of range), -EOVERFLOW. io_uring_register_file_alloc_range(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_file_alloc_range(ring: *mut io_uring, off: c_uint, len: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::file_alloc_range(ring_ref(ring), off, len) }.into_c()
}

/// Signals the eventfd `fd` on every completion posted.
///
/// Returns 0 or a negative errno: -EBUSY (one is registered), -EBADF, -EINVAL (not an eventfd). io_uring_register_eventfd(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_eventfd(ring: *mut io_uring, fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::eventfd(ring_ref(ring), IORING_REGISTER_EVENTFD, fd) }.into_c()
}

/// The same, but only for completions that come later than the submit that caused them. io_uring_register_eventfd_async(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_eventfd_async(ring: *mut io_uring, fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::eventfd(ring_ref(ring), IORING_REGISTER_EVENTFD_ASYNC, fd) }.into_c()
}

/// Returns 0, or -ENXIO where none is registered. io_uring_unregister_eventfd(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_eventfd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_UNREGISTER_EVENTFD) }.into_c()
}

/// Fills a probe of the program's own, zeroed and with room for `nr` (at most 256) opcodes. io_uring_get_probe() is simpler.
///
/// Returns 0 or a negative errno: -EINVAL (not zeroed, `nr` too large, before Linux 5.6), -EFAULT.
///
/// # Safety
///
/// - `ring` is a valid ring; `p` has room for `nr` entries.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_probe(ring: *mut io_uring, p: *mut io_uring_probe, nr: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { probe::register_probe(ring_ref(ring), p, nr) }.into_c()
}

/// Registers the calling thread's credentials, for `sqe->personality`.
///
/// Returns their id, positive, or a negative errno. io_uring_register_personality(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_personality(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_REGISTER_PERSONALITY) }.into_c()
}

/// Returns 0, or -EINVAL for an unknown id. io_uring_unregister_personality(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_personality(ring: *mut io_uring, id: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::unregister_personality(ring_ref(ring), id) }.into_c()
}

/// Limits what a ring made with IORING_SETUP_R_DISABLED may do: which opcodes, SQE flags and registrations. Requests outside of it fail with
/// -EACCES. Takes effect with io_uring_enable_rings(), once and for all.
///
/// Returns 0 or a negative errno: -EBADFD (the ring is not disabled), -EBUSY (it has restrictions), -EINVAL. io_uring_register_restrictions(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `res` is an array of `nr_res`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_restrictions(
    ring: *mut io_uring,
    res: *mut io_uring_restriction,
    nr_res: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_RESTRICTIONS, res.cast(), nr_res) }.into_c()
}

/// Lets a ring made with IORING_SETUP_R_DISABLED begin.
///
/// Returns 0, or -EBADFD where it is not disabled. io_uring_enable_rings(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_enable_rings(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_REGISTER_ENABLE_RINGS) }.into_c()
}

/// Lets the ring's worker threads run on the CPUs in `mask` only; `cpusz` is its size in bytes (Linux 5.14).
///
/// Returns 0 or a negative errno: -EINVAL, -EFAULT. io_uring_register_iowq_aff(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `mask` is `cpusz` bytes.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_iowq_aff(ring: *mut io_uring, cpusz: usize, mask: *const cpu_set_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::iowq_aff(ring_ref(ring), cpusz, mask.cast()) }.into_c()
}

/// Lets them run everywhere again. Returns 0 or a negative errno. io_uring_unregister_iowq_aff(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_iowq_aff(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_bare(ring_ref(ring), IORING_UNREGISTER_IOWQ_AFF) }.into_c()
}

/// Limits the worker threads (Linux 5.15): `values[0]` those for work that ends soon (files), `values[1]` those for work without a bound
/// (sockets, pipes). 0 changes nothing; the old limits come back in `values`.
///
/// Returns 0 or a negative errno. io_uring_register_iowq_max_workers(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `values` is an array of 2.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_iowq_max_workers(ring: *mut io_uring, values: *mut c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_IOWQ_MAX_WORKERS, values.cast(), 2) }.into_c()
}

/// Registers the ring's descriptor with the calling thread (Linux 5.18), which saves a look-up on every submit. For this thread only: others
/// must not use the ring then.
///
/// Returns 1 on success, or a negative errno: -EEXIST (registered already), -EBUSY (16 rings are), -EINVAL. io_uring_register_ring_fd(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_ring_fd(ring_mut(ring)) }.into_c()
}

/// Undoes it. Returns 1 on success, or a negative errno: -EINVAL where it is not registered. io_uring_unregister_ring_fd(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_ring_fd(ring: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::unregister_ring_fd(ring_mut(ring)) }.into_c()
}

/// Registers a ring of buffers that the kernel picks from (Linux 5.19). `reg` names its page-aligned memory, its entries (a power of two, at
/// most 32768) and its group; `flags` are IOU_PBUF_RING_*. io_uring_setup_buf_ring() is simpler.
///
/// Returns 0 or a negative errno: -EEXIST (the group has one), -EINVAL, -EFAULT, -ENOMEM. io_uring_register_buf_ring(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `reg` is writable; the memory it names stays mapped while it is registered.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_buf_ring(ring: *mut io_uring, reg: *mut io_uring_buf_reg, flags: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_buf_ring(ring_ref(ring), &mut *reg, flags) }.into_c()
}

/// Returns 0 or a negative errno: -ENOENT (no such group), -EINVAL (a group of another kind). io_uring_unregister_buf_ring(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_buf_ring(ring: *mut io_uring, bgid: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::unregister_buf_ring(ring_ref(ring), bgid) }.into_c()
}

/// Tells in `head` which entry of a buffer ring the kernel takes next (Linux 6.8).
///
/// Returns 0 or a negative errno: -ENOENT (no such group), -EINVAL. io_uring_buf_ring_head(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `head` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_buf_ring_head(ring: *mut io_uring, buf_group: c_int, head: *mut u16) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::buf_ring_head(ring_ref(ring), buf_group).map(|next| head.write(next)) }.into_c()
}

/// Cancels requests and waits until they are gone (Linux 6.0). `reg` says which, as io_uring_prep_cancel() does, and how long to wait: -1 in
/// both fields of `timeout` for no limit.
///
/// Returns 0 or more, or a negative errno: -ENOENT (none found), -ETIME, -EINVAL. io_uring_register_sync_cancel(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `reg` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_sync_cancel(ring: *mut io_uring, reg: *mut io_uring_sync_cancel_reg) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_SYNC_CANCEL, reg.cast(), 1) }.into_c()
}

/// Polls network devices while waiting (Linux 6.9): `busy_poll_to` microseconds, `prefer_busy_poll`. The old settings come back in `napi`.
///
/// Returns 0 or a negative errno: -EINVAL (IORING_SETUP_IOPOLL; a kernel without it). io_uring_register_napi(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `napi` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_napi(ring: *mut io_uring, napi: *mut io_uring_napi) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_NAPI, napi.cast(), 1) }.into_c()
}

/// Stops it; the settings come back in `napi`, which may be NULL. io_uring_unregister_napi(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `napi` is writable or NULL.
#[no_mangle]
pub unsafe extern "C" fn io_uring_unregister_napi(ring: *mut io_uring, napi: *mut io_uring_napi) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_UNREGISTER_NAPI, napi.cast(), 1) }.into_c()
}

/// Chooses the clock of the ring's wait limits (Linux 6.12): CLOCK_MONOTONIC, as before, or CLOCK_BOOTTIME.
///
/// Returns 0, or -EINVAL for another clock. io_uring_register_clock(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `arg` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_clock(ring: *mut io_uring, arg: *mut io_uring_clock_register) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_CLOCK, arg.cast(), 0) }.into_c()
}

/// Shares a region of memory with the kernel (Linux 6.13), for io_uring_submit_and_wait_reg() with IORING_MEM_REGION_REG_WAIT_ARG.
///
/// Returns 0 or a negative errno: -EBUSY (the ring has one), -EINVAL, -EFAULT. io_uring_register_region(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `reg` and the region it names are writable; the region stays mapped as long as the ring lives.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_region(ring: *mut io_uring, reg: *mut io_uring_mem_region_reg) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_MEM_REGION, reg.cast(), 1) }.into_c()
}

/// The interface of liburing 2.8 for registered waits, which no released kernel had: io_uring_register_region() took its place.
///
/// Returns -EINVAL, as in liburing since 2.9.
#[no_mangle]
pub extern "C" fn io_uring_register_wait_reg(ring: *mut io_uring, reg: *mut io_uring_reg_wait, nr: c_int) -> c_int {
    let _ = (ring, reg, nr);
    crate::core::errno::Errno::INVAL.to_c()
}

/// Registers a network interface queue for zero-copy receive (Linux 6.15; IORING_SETUP_DEFER_TASKRUN with IORING_SETUP_CQE32 or
/// IORING_SETUP_CQE_MIXED; CAP_NET_ADMIN).
///
/// Returns 0 or a negative errno: -EPERM, -EINVAL, -ENODEV, -EFAULT. io_uring_register_ifq(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `reg` is writable; the memory it names stays mapped as long as the ring lives.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_ifq(ring: *mut io_uring, reg: *mut io_uring_zcrx_ifq_reg) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_ZCRX_IFQ, reg.cast(), 1) }.into_c()
}

/// Controls a registered interface queue: flushes its refill queue, or exports it to other rings.
///
/// Returns 0 or a negative errno: -ENXIO (no such queue), -EINVAL, -EFAULT.
///
/// # Safety
///
/// - `ring` is a valid ring; `ctrl` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_zcrx_ctrl(ring: *mut io_uring, ctrl: *mut zcrx_ctrl) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_ZCRX_CTRL, ctrl.cast(), 0) }.into_c()
}

/// Attaches a BPF program that lets a ring's requests through or refuses them.
///
/// Returns 0 or a negative errno: -EINVAL (also on kernels without it), -EFAULT.
///
/// # Safety
///
/// - `ring` is a valid ring; `bpf` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_bpf_filter(ring: *mut io_uring, bpf: *mut io_uring_bpf) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register(ring_ref(ring), IORING_REGISTER_BPF_FILTER, bpf.cast(), 1) }.into_c()
}

/// Counts waits for this ring as I/O wait (true, as at the beginning) or as idle time (Linux 6.15).
///
/// Returns 0, or -EOPNOTSUPP without IORING_FEAT_NO_IOWAIT. io_uring_set_iowait(3).
///
/// # Safety
///
/// - `ring` is a valid ring.
#[no_mangle]
pub unsafe extern "C" fn io_uring_set_iowait(ring: *mut io_uring, enable_iowait: bool) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::set_iowait(ring_mut(ring), enable_iowait) }.into_c()
}

/// Shares all registered buffers of `src` with `dst`, which must have none (Linux 6.12).
///
/// Returns 0 or a negative errno: -ENXIO (`src` has none), -EBUSY (`dst` has some), -ENOMEM. io_uring_clone_buffers(3).
///
/// # Safety
///
/// - `dst` and `src` are valid rings.
#[no_mangle]
pub unsafe extern "C" fn io_uring_clone_buffers(dst: *mut io_uring, src: *mut io_uring) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::clone_buffers(ring_ref(dst), ring_ref(src), 0, 0, 0, IORING_REGISTER_SRC_REGISTERED) }.into_c()
}

/// Shares `nr` of them from `src_off` on, at `dst_off` on the other side (Linux 6.13); 0 for all. IORING_REGISTER_DST_REPLACE in `flags` lets
/// them take the places of others.
///
/// Returns 0 or a negative errno: as io_uring_clone_buffers(), and -EINVAL, -EOVERFLOW for a range that does not exist.
/// io_uring_clone_buffers_offset(3).
///
/// # Safety
///
/// - `dst` and `src` are valid rings.
#[no_mangle]
pub unsafe extern "C" fn io_uring_clone_buffers_offset(
    dst: *mut io_uring,
    src: *mut io_uring,
    dst_off: c_uint,
    src_off: c_uint,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    let flags = flags | IORING_REGISTER_SRC_REGISTERED;
    // SAFETY: the caller's promise.
    unsafe { register::clone_buffers(ring_ref(dst), ring_ref(src), dst_off, src_off, nr, flags) }.into_c()
}

/// As io_uring_clone_buffers() with flags, among them IORING_REGISTER_SRC_REGISTERED: without it a registered source is named by its
/// descriptor, which works from any thread.
///
/// # Safety
///
/// - `dst` and `src` are valid rings.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_clone_buffers(dst: *mut io_uring, src: *mut io_uring, flags: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::clone_buffers(ring_ref(dst), ring_ref(src), 0, 0, 0, flags) }.into_c()
}

/// As io_uring_clone_buffers_offset(), with IORING_REGISTER_SRC_REGISTERED left to the caller.
///
/// # Safety
///
/// - `dst` and `src` are valid rings.
#[no_mangle]
pub unsafe extern "C" fn __io_uring_clone_buffers_offset(
    dst: *mut io_uring,
    src: *mut io_uring,
    dst_off: c_uint,
    src_off: c_uint,
    nr: c_uint,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::clone_buffers(ring_ref(dst), ring_ref(src), dst_off, src_off, nr, flags) }.into_c()
}

/// Maps memory for a buffer ring of `nentries` (a power of two, at most 32768), registers it as group `bgid` and leaves it empty (Linux
/// 5.19). `flags` are IOU_PBUF_RING_*.
///
/// Returns the ring, or NULL and a negative errno in `err`, as io_uring_register_buf_ring(). io_uring_setup_buf_ring(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `err` is writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_setup_buf_ring(
    ring: *mut io_uring,
    nentries: c_uint,
    bgid: c_int,
    flags: c_uint,
    err: *mut c_int,
) -> *mut io_uring_buf_ring {
    // SAFETY: the caller's promise.
    let made = register::setup_buf_ring(unsafe { ring_ref(ring) }, nentries, bgid, flags);
    // SAFETY: the caller's promise.
    unsafe { err.write(made.map(drop).into_c()) };
    made.unwrap_or(::core::ptr::null_mut())
}

/// Unregisters a buffer ring and unmaps it.
///
/// Returns 0 or a negative errno; then the memory stays. io_uring_free_buf_ring(3).
///
/// # Safety
///
/// - `ring` is a valid ring; `br` came from io_uring_setup_buf_ring() with these `nentries` and `bgid`.
#[no_mangle]
pub unsafe extern "C" fn io_uring_free_buf_ring(
    ring: *mut io_uring,
    br: *mut io_uring_buf_ring,
    nentries: c_uint,
    bgid: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::free_buf_ring(ring_ref(ring), br, nentries, bgid) }.into_c()
}

/// Sends a message to a ring without having one (Linux 6.13): `sqe` is what io_uring_prep_msg_ring() filled.
///
/// Returns 0 or a negative errno: -EBADFD (no ring), -EOVERFLOW, -EINVAL. io_uring_register_sync_msg(3).
///
/// # Safety
///
/// - `sqe` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_sync_msg(sqe: *mut io_uring_sqe) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_without_ring(IORING_REGISTER_SEND_MSG_RING, sqe.cast(), 1) }.into_c()
}

/// Attaches a BPF program to every ring that the calling task makes from now on.
///
/// Returns 0 or a negative errno: -EINVAL (also on kernels without it), -EFAULT.
///
/// # Safety
///
/// - `bpf` is readable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_bpf_filter_task(bpf: *mut io_uring_bpf) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_without_ring(IORING_REGISTER_BPF_FILTER, bpf.cast(), 1) }.into_c()
}

/// Asks what the kernel's io_uring can do, without a ring (Linux 6.18): a chain of IO_URING_QUERY_*, each answered in its own `result`.
///
/// Returns 0 or a negative errno: -EINVAL on older kernels, -EFAULT.
///
/// # Safety
///
/// - `query` and what it names are writable.
#[no_mangle]
pub unsafe extern "C" fn io_uring_register_query(query: *mut io_uring_query_hdr) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { register::register_without_ring(IORING_REGISTER_QUERY, query.cast(), 0) }.into_c()
}
