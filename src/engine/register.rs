// SPDX-License-Identifier: MIT
//! `io_uring_register(2)`.

use super::cancel;
use super::cq::Eventfd;
use super::descriptors::dup_high;
use super::ops;
use super::pool;
use super::program::{read, write};
use super::registry;
use super::resources::Kind;
use super::restrictions::Restrictions;
use super::ring::Ring;
use super::watcher::WATCHER;
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::core::ffi::{c_int, c_void};
use ::core::mem::size_of;
use ::core::sync::atomic::Ordering;

/// The first opcode that the engine has never heard of; below it some are refused, but only after a look at the ring.
pub const UNKNOWN: u32 = IORING_REGISTER_ZCRX_CTRL;

impl Ring {
    /// The system call on this ring.
    ///
    /// # Safety
    ///
    /// `arg` is what `opcode` wants, or bad memory; memory registered stays mapped while it is.
    pub unsafe fn register(&self, opcode: u32, arg: *const c_void, nr_args: u32) -> Result<c_int, Errno> {
        let bare = arg.is_null() && nr_args == 0;
        let refuse_unless = |fits: bool| if fits { Ok(()) } else { Err(Errno::INVAL) };
        self.check_reentry()?;
        self.check_register(opcode)?;
        match opcode {
            IORING_REGISTER_PROBE => {
                refuse_unless(!arg.is_null() && nr_args <= 256)?;
                ops::fill_probe(arg as u64, nr_args).map(|()| 0)
            }
            IORING_REGISTER_EVENTFD | IORING_REGISTER_EVENTFD_ASYNC => {
                refuse_unless(nr_args == 1)?;
                self.register_eventfd(read(arg as u64)?, opcode == IORING_REGISTER_EVENTFD_ASYNC)
            }
            IORING_UNREGISTER_EVENTFD => {
                refuse_unless(bare)?;
                if self.forget_eventfd() {
                    Ok(0)
                } else {
                    Err(Errno::NXIO)
                }
            }
            IORING_REGISTER_FILES | IORING_REGISTER_BUFFERS => {
                if arg.is_null() {
                    return Err(Errno::FAULT);
                }
                self.register_table(opcode == IORING_REGISTER_FILES, arg as u64, 0, nr_args)
            }
            IORING_REGISTER_FILES2 | IORING_REGISTER_BUFFERS2 => {
                refuse_unless(nr_args as usize == size_of::<io_uring_rsrc_register>())?;
                let table: io_uring_rsrc_register = read(arg as u64)?;
                let sparse = table.flags & IORING_RSRC_REGISTER_SPARSE != 0;
                refuse_unless(table.nr != 0 && table.resv2 == 0 && table.flags & !IORING_RSRC_REGISTER_SPARSE == 0)?;
                refuse_unless(!sparse || table.data == 0)?;
                self.register_table(opcode == IORING_REGISTER_FILES2, table.data, table.tags, table.nr)
            }
            IORING_UNREGISTER_FILES | IORING_UNREGISTER_BUFFERS => {
                refuse_unless(bare)?;
                let files = opcode == IORING_UNREGISTER_FILES;
                self.unregister(if files { Kind::Files } else { Kind::Buffers }).map(|()| 0)
            }
            IORING_REGISTER_FILES_UPDATE => {
                refuse_unless(nr_args != 0)?;
                let update: io_uring_files_update = read(arg as u64)?;
                refuse_unless(update.resv == 0)?;
                let update = io_uring_rsrc_update2 { offset: update.offset, data: update.fds, nr: nr_args, ..Default::default() };
                self.update(&mut self.state.lock(), Kind::Files, &update)
            }
            IORING_REGISTER_FILES_UPDATE2 | IORING_REGISTER_BUFFERS_UPDATE => {
                refuse_unless(nr_args as usize == size_of::<io_uring_rsrc_update2>())?;
                let update: io_uring_rsrc_update2 = read(arg as u64)?;
                refuse_unless(update.nr != 0 && update.resv == 0 && update.resv2 == 0)?;
                let files = opcode == IORING_REGISTER_FILES_UPDATE2;
                self.update(&mut self.state.lock(), if files { Kind::Files } else { Kind::Buffers }, &update)
            }
            IORING_REGISTER_CLONE_BUFFERS => {
                refuse_unless(!arg.is_null() && nr_args == 1)?;
                self.clone_buffers_from(&read(arg as u64)?)
            }
            IORING_REGISTER_ENABLE_RINGS => {
                refuse_unless(bare)?;
                self.enable()
            }
            IORING_REGISTER_RESIZE_RINGS => {
                refuse_unless(!arg.is_null() && nr_args == 1)?;
                self.resize(arg as u64)
            }
            IORING_REGISTER_MEM_REGION => {
                refuse_unless(!arg.is_null() && nr_args == 1)?;
                self.register_region(arg as u64)
            }
            IORING_REGISTER_IOWQ_MAX_WORKERS => {
                refuse_unless(!arg.is_null() && nr_args == 2)?;
                limit_workers(arg as u64)
            }
            IORING_REGISTER_IOWQ_AFF => {
                refuse_unless(!arg.is_null() && nr_args != 0)?;
                bind_workers(arg as u64, nr_args)
            }
            IORING_UNREGISTER_IOWQ_AFF => {
                refuse_unless(bare)?;
                pool::bind(None);
                Ok(0)
            }
            IORING_REGISTER_RESTRICTIONS => self.restrict(arg as u64, nr_args),
            IORING_REGISTER_RING_FDS => each_ring_fd(arg as u64, nr_args, |update, at| {
                self.register_ring_fd(update)?;
                // A number that nobody is told of would keep the ring for ever.
                let told = write(at, update);
                if told.is_err() {
                    let _ = super::setup::unregister(update.offset as c_int);
                }
                told
            }),
            IORING_UNREGISTER_RING_FDS => each_ring_fd(arg as u64, nr_args, |update, _| {
                refuse_unless(update.resv == 0 && update.fds == 0)?;
                super::setup::unregister(update.offset as c_int)
            }),
            IORING_REGISTER_SYNC_CANCEL => {
                refuse_unless(!arg.is_null() && nr_args == 1)?;
                cancel::synchronous(self, &read(arg as u64)?)
            }
            IORING_REGISTER_CLOCK => {
                refuse_unless(!arg.is_null() && nr_args == 0)?;
                let clock: io_uring_clock_register = read(arg as u64)?;
                refuse_unless(clock.__resv == [0; 3])?;
                refuse_unless([libc::CLOCK_MONOTONIC, libc::CLOCK_BOOTTIME].contains(&(clock.clockid as c_int)))?;
                self.wait_clock.store(clock.clockid as c_int, Ordering::Relaxed);
                Ok(0)
            }
            IORING_REGISTER_QUERY => super::query::query(arg as u64, nr_args),
            _ => Err(Errno::INVAL),
        }
    }

    fn register_eventfd(&self, fd: c_int, async_only: bool) -> Result<c_int, Errno> {
        let mut cq = self.cq.lock();
        if cq.eventfd.is_some() {
            return Err(Errno::BUSY);
        }
        if !is_eventfd(fd)? {
            return Err(Errno::INVAL);
        }
        let own = dup_high(fd)?;
        if let Err(e) = WATCHER.add(self.inner, self.slot.key()) {
            let _ = sys::close(own);
            return Err(e);
        }
        cq.eventfd = Some(Eventfd { fd: own, number: fd, async_only });
        Ok(0)
    }

    /// What holds for every opcode: -EEXIST for a foreign thread, -EACCES where restrictions forbid it.
    fn check_register(&self, opcode: u32) -> Result<(), Errno> {
        if self.flags & IORING_SETUP_SINGLE_ISSUER != 0 {
            let owner = self.owner.load(Ordering::Relaxed);
            if owner != 0 && owner != sys::thread_address() {
                return Err(Errno::EXIST);
            }
        }
        self.state.lock().restrictions().map_or(Ok(()), |restrictions| restrictions.check_register(opcode))
    }

    /// `IORING_REGISTER_RESTRICTIONS`: once, while the ring is disabled.
    fn restrict(&self, from: u64, count: u32) -> Result<c_int, Errno> {
        if !self.disabled.load(Ordering::Acquire) {
            return Err(Errno::BADFD);
        }
        let mut st = self.state.lock();
        if st.restrictions.is_some() {
            return Err(Errno::BUSY);
        }
        st.restrictions = Some((Restrictions::read(from, count)?, false));
        Ok(0)
    }

    /// `IORING_REGISTER_ENABLE_RINGS`: from now on the restrictions hold, and the ring is the caller's.
    fn enable(&self) -> Result<c_int, Errno> {
        let mut st = self.state.lock();
        if !self.disabled.load(Ordering::Acquire) {
            return Err(Errno::BADFD);
        }
        if let Some((_, hold)) = &mut st.restrictions {
            *hold = true;
        }
        if self.flags & IORING_SETUP_SINGLE_ISSUER != 0 {
            let _ = self.owner.compare_exchange(0, sys::thread_address(), Ordering::Relaxed, Ordering::Relaxed);
        }
        self.disabled.store(false, Ordering::SeqCst);
        if self.has_poller() {
            self.ring_poller();
        }
        Ok(0)
    }

    fn register_table(&self, files: bool, data: u64, tags: u64, count: u32) -> Result<c_int, Errno> {
        let made = if files { self.register_files(data, tags, count) } else { self.register_buffers(data, tags, count) };
        made.map(|()| 0)
    }

    fn clone_buffers_from(&self, arg: &io_uring_clone_buffers) -> Result<c_int, Errno> {
        if arg.flags & !(IORING_REGISTER_SRC_REGISTERED | IORING_REGISTER_DST_REPLACE) != 0 || arg.pad != [0; 3] {
            return Err(Errno::INVAL);
        }
        // Told before the source is looked for.
        if arg.flags & IORING_REGISTER_DST_REPLACE == 0 && self.has_buffers() {
            return Err(Errno::BUSY);
        }
        let registered = arg.flags & IORING_REGISTER_SRC_REGISTERED != 0;
        let source = super::ring_for_certain(arg.src_fd as c_int, registered)?;
        self.clone_buffers(&source, arg).map(|()| 0)
    }

    /// Gives the rings behind descriptors numbers, which the program is told in place of the ones that it has asked for.
    fn register_ring_fd(&self, update: &mut io_uring_files_update) -> Result<(), Errno> {
        if update.resv != 0 || (update.offset >= MOST_RING_FDS && update.offset != u32::MAX) {
            return Err(Errno::INVAL);
        }
        let named = super::ring_for_certain(update.fds as c_int, false)?;
        update.offset = registry::register(&named)? as u32;
        Ok(())
    }
}

/// Most ring descriptors that one call registers (the kernel's `IO_RINGFD_REG_MAX`).
const MOST_RING_FDS: u32 = 16;

/// Does something with each of the program's array, which it gets with its address. Returns how many before the first that failed.
fn each_ring_fd(
    from: u64,
    count: u32,
    mut work: impl FnMut(&mut io_uring_files_update, u64) -> Result<(), Errno>,
) -> Result<c_int, Errno> {
    if count == 0 || count > MOST_RING_FDS {
        return Err(Errno::INVAL);
    }
    for done in 0..count {
        let at = from.wrapping_add(done as u64 * size_of::<io_uring_files_update>() as u64);
        match read(at).and_then(|mut update| work(&mut update, at)) {
            Err(e) if done == 0 => return Err(e),
            Err(_) => return Ok(done as c_int),
            Ok(()) => {}
        }
    }
    Ok(count as c_int)
}

/// `IORING_REGISTER_IOWQ_MAX_WORKERS`: sets the limits that are not 0, and answers what they were. All rings share their workers.
fn limit_workers(arg: u64) -> Result<c_int, Errno> {
    let [bounded, unbounded]: [u32; 2] = read(arg)?;
    if bounded > i32::MAX as u32 || unbounded > i32::MAX as u32 {
        return Err(Errno::INVAL);
    }
    let mut processes = sys::Rlimit::default();
    // SAFETY: the kernel writes one `struct rlimit64`.
    unsafe { sys::call(libc::SYS_prlimit64, [0, libc::RLIMIT_NPROC as usize, 0, &raw mut processes as usize, 0, 0]) }?;
    let most = u32::try_from(processes.cur).unwrap_or(u32::MAX);
    write(arg, &pool::limit([bounded.min(most), unbounded.min(most)])).map(|()| 0)
}

/// `IORING_REGISTER_IOWQ_AFF`: the CPUs that workers may run on, of those that the program may.
fn bind_workers(arg: u64, len: u32) -> Result<c_int, Errno> {
    let mut wanted = pool::Cpus::default();
    let room = size_of::<pool::Cpus>();
    // SAFETY: at most as many bytes as there is room for; the address may be bad.
    unsafe { sys::copy_from_program((&raw mut wanted).cast(), arg, (len as usize).min(room)) }?;
    let mut allowed = pool::Cpus::default();
    // SAFETY: the kernel writes at most as many bytes as there is room for.
    let known = unsafe { sys::call(libc::SYS_sched_getaffinity, [0, room, &raw mut allowed as usize, 0, 0, 0]) }?;
    // Bits that name no CPU are cut off, as by the kernel.
    let words = known.div_ceil(size_of::<usize>());
    wanted.iter_mut().skip(words).for_each(|word| *word = 0);
    if wanted.iter().zip(&allowed).any(|(wanted, allowed)| wanted & !allowed != 0) {
        return Err(Errno::INVAL);
    }
    pool::bind(Some(wanted));
    Ok(0)
}

/// Tells an eventfd by its name in `/proc`; where there is none, takes the program's word.
fn is_eventfd(fd: c_int) -> Result<bool, Errno> {
    const NAME: &[u8] = b"anon_inode:[eventfd]";
    let mut path = *b"/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0";
    let mut digits = [0u8; 10];
    let (mut rest, mut len) = (u32::try_from(fd).map_err(|_| Errno::BADF)?, 0);
    loop {
        digits[len] = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    for (place, digit) in path[14..].iter_mut().zip(digits[..len].iter().rev()) {
        *place = *digit;
    }
    // Where it is not open at all, no name can be asked for.
    sys::fd_flags(fd)?;
    let mut name = [0u8; 64];
    let args = [libc::AT_FDCWD as usize, path.as_ptr() as usize, name.as_mut_ptr() as usize, name.len(), 0, 0];
    // SAFETY: the kernel reads a terminated path and writes at most `name.len()` bytes.
    match unsafe { sys::call(libc::SYS_readlinkat, args) } {
        Ok(len) => Ok(&name[..len] == NAME),
        Err(_) => Ok(true),
    }
}
