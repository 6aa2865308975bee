// SPDX-License-Identifier: MIT
//! What programs register with a ring: a table of files and one of buffers.
//!
//! An entry lives until it has left its table and the last request that uses it has ended; then its tag is posted, if it has one.

use super::buffers::{Buffer, MOST_BUFFERS};
use super::descriptors::dup_high;
use super::program::read;
use super::registry;
use super::ring::{Ring, State};
use crate::core::abi::*;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::sync::Arc;
use ::alloc::vec::Vec;
use ::core::ffi::c_int;
use ::core::mem::size_of;

/// Most files of a ring's table (the kernel's `IORING_MAX_FIXED_FILES`).
const MOST_FILES: u32 = 1 << 20;

/// An entry of a table.
#[derive(Debug)]
pub struct Node {
    /// 0 for none.
    tag: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Our own duplicate of the program's descriptor.
    File(c_int),
    Buffer(Arc<Buffer>),
}

impl Node {
    /// The descriptor of a file.
    pub fn fd(&self) -> c_int {
        match self.what {
            What::File(fd) => fd,
            What::Buffer(_) => -1,
        }
    }

    /// -EFAULT unless this is a buffer that holds these bytes.
    pub fn check_range(&self, address: u64, len: u64) -> Result<(), Errno> {
        match &self.what {
            What::Buffer(buffer) => buffer.check(address, len),
            What::File(_) => Err(Errno::FAULT),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let What::File(fd) = self.what {
            let _ = sys::close(fd);
        }
    }
}

/// Entries by index; empty where no table is registered.
type Table = Vec<Option<Arc<Node>>>;

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Files,
    Buffers,
}

/// A ring's resources.
pub struct Resources {
    files: Table,
    buffers: Table,
}

impl Resources {
    pub const fn new() -> Resources {
        Resources { files: Vec::new(), buffers: Vec::new() }
    }

    fn table(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::Files => &mut self.files,
            Kind::Buffers => &mut self.buffers,
        }
    }

    /// The descriptor of the file at an index, or -EBADF. It is good only while the ring's lock is held.
    pub fn file(&self, index: c_int) -> Result<c_int, Errno> {
        let node = usize::try_from(index).ok().and_then(|index| self.files.get(index)?.as_ref());
        node.map(|node| node.fd()).ok_or(Errno::BADF)
    }

    /// The file at an index, or -EBADF.
    pub fn file_node(&self, index: c_int) -> Result<Arc<Node>, Errno> {
        let node = usize::try_from(index).ok().and_then(|index| self.files.get(index)?.clone());
        node.ok_or(Errno::BADF)
    }

    /// The buffer at an index, or -EFAULT.
    pub fn buffer(&self, index: u16) -> Result<Arc<Node>, Errno> {
        self.buffers.get(index as usize).cloned().flatten().ok_or(Errno::FAULT)
    }

    /// The same while it is there.
    pub fn buffer_entry(&self, index: u16) -> Result<&Node, Errno> {
        self.buffers.get(index as usize).and_then(|node| node.as_deref()).ok_or(Errno::FAULT)
    }
}

/// A table of empty places.
fn empty_table(len: usize) -> Result<Table, Errno> {
    let mut table = Vec::new();
    table.try_reserve_exact(len).map_err(|_| Errno::NOMEM)?;
    table.resize(len, None);
    Ok(table)
}

/// The `index`-th tag of an array that may be missing.
fn tag_at(tags: u64, index: u32) -> Result<u64, Errno> {
    if tags == 0 {
        return Ok(0);
    }
    read(tags.wrapping_add(index as u64 * size_of::<u64>() as u64))
}

/// The `index`-th descriptor of the program's array.
fn fd_at(fds: u64, index: u32) -> Result<c_int, Errno> {
    read(fds.wrapping_add(index as u64 * size_of::<c_int>() as u64))
}

/// An entry for a file of the program's: -EBADF for what is not open, and for a ring, which must not hold rings.
fn file_node(fd: c_int, tag: u64) -> Result<Arc<Node>, Errno> {
    if registry::find(fd).is_some() {
        return Err(Errno::BADF);
    }
    Ok(Arc::new(Node { tag, what: What::File(dup_high(fd)?) }))
}

/// An entry for a buffer, none for an empty vector. `vectors` is 0 for a table to be filled later.
fn buffer_node(vectors: u64, index: u32, tags: u64) -> Result<Option<Arc<Node>>, Errno> {
    let mut buffer = None;
    if vectors != 0 {
        let vector = read_vector(vectors, index)?;
        buffer = Buffer::new(&vector)?;
    }
    let tag = tag_at(tags, index)?;
    match buffer {
        Some(buffer) => Ok(Some(Arc::new(Node { tag, what: What::Buffer(Arc::new(buffer)) }))),
        None if tag != 0 => Err(Errno::INVAL),
        None => Ok(None),
    }
}

/// The `index`-th vector of the program's array.
pub fn read_vector(vectors: u64, index: u32) -> Result<libc::iovec, Errno> {
    let [base, len]: [usize; 2] = read(vectors.wrapping_add(index as u64 * size_of::<libc::iovec>() as u64))?;
    Ok(libc::iovec { iov_base: base as *mut _, iov_len: len })
}

impl Ring {
    /// Gives up one use of an entry; the last posts its tag.
    pub fn put(&self, node: Option<Arc<Node>>) {
        let tag = node.and_then(Arc::into_inner).map_or(0, |node| node.tag);
        if tag != 0 {
            self.post(tag, 0, 0, false);
        }
    }

    /// Registers a table of files, or an empty one where `fds` is 0. On failure there is none, and no tag is posted.
    pub fn register_files(&self, fds: u64, tags: u64, count: u32) -> Result<(), Errno> {
        let mut st = self.state.lock();
        if !st.resources.files.is_empty() {
            return Err(Errno::BUSY);
        }
        if count == 0 {
            return Err(Errno::INVAL);
        }
        if count > MOST_FILES || count as u64 > sys::nofile_limit()?.cur {
            return Err(Errno::MFILE);
        }
        let mut table = empty_table(count as usize)?;
        for (index, place) in (0..count).zip(table.iter_mut()) {
            let tag = tag_at(tags, index)?;
            let fd = if fds == 0 { -1 } else { fd_at(fds, index)? };
            if fd != -1 {
                *place = Some(file_node(fd, tag)?);
            } else if tag != 0 {
                return Err(Errno::INVAL);
            }
        }
        st.resources.files = table;
        Ok(())
    }

    /// Registers a table of buffers, or an empty one where `vectors` is 0. On failure there is none, and no tag is posted.
    pub fn register_buffers(&self, vectors: u64, tags: u64, count: u32) -> Result<(), Errno> {
        let mut st = self.state.lock();
        if !st.resources.buffers.is_empty() {
            return Err(Errno::BUSY);
        }
        if count == 0 || count as usize > MOST_BUFFERS {
            return Err(Errno::INVAL);
        }
        let mut table = empty_table(count as usize)?;
        for (index, place) in (0..count).zip(table.iter_mut()) {
            *place = buffer_node(vectors, index, tags)?;
        }
        st.resources.buffers = table;
        Ok(())
    }

    /// Drops a table. The kernel empties it from its end, which shows in the order of the tags.
    pub fn unregister(&self, kind: Kind) -> Result<(), Errno> {
        let mut st = self.state.lock();
        let table = ::core::mem::take(st.resources.table(kind));
        if table.is_empty() {
            return Err(Errno::NXIO);
        }
        table.into_iter().rev().for_each(|node| self.put(node));
        Ok(())
    }

    /// Replaces places of a table; returns how many before the first that failed.
    pub fn update(&self, st: &mut State, kind: Kind, update: &io_uring_rsrc_update2) -> Result<c_int, Errno> {
        let end = update.offset.checked_add(update.nr).ok_or(Errno::OVERFLOW)?;
        let len = st.resources.table(kind).len();
        if len == 0 {
            return Err(Errno::NXIO);
        }
        if end as usize > len {
            return Err(Errno::INVAL);
        }
        for done in 0..update.nr {
            let place = (update.offset + done) as usize;
            let replaced = match kind {
                Kind::Files => self.update_file(st, place, update, done),
                Kind::Buffers => self.update_buffer(st, place, update, done),
            };
            match replaced {
                Err(e) if done == 0 => return Err(e),
                Err(_) => return Ok(done as c_int),
                Ok(()) => {}
            }
        }
        Ok(update.nr as c_int)
    }

    /// A file that cannot be had leaves an empty place: the kernel lets go of the old one first.
    fn update_file(&self, st: &mut State, place: usize, update: &io_uring_rsrc_update2, index: u32) -> Result<(), Errno> {
        let tag = tag_at(update.tags, index)?;
        let fd = fd_at(update.data, index)?;
        if tag != 0 && (fd == -1 || fd == IORING_REGISTER_FILES_SKIP) {
            return Err(Errno::INVAL);
        }
        if fd == IORING_REGISTER_FILES_SKIP {
            return Ok(());
        }
        self.put(st.resources.files[place].take());
        if fd != -1 {
            st.resources.files[place] = Some(file_node(fd, tag)?);
        }
        Ok(())
    }

    fn update_buffer(&self, st: &mut State, place: usize, update: &io_uring_rsrc_update2, index: u32) -> Result<(), Errno> {
        // Unlike in a registration, the array must be there.
        read_vector(update.data, index)?;
        let node = buffer_node(update.data, index, update.tags)?;
        self.put(::core::mem::replace(&mut st.resources.buffers[place], node));
        Ok(())
    }

    /// `IORING_REGISTER_CLONE_BUFFERS`: shares buffers of `source` with this ring.
    pub fn clone_buffers(&self, source: &Ring, arg: &io_uring_clone_buffers) -> Result<(), Errno> {
        if arg.nr == 0 && (arg.dst_off != 0 || arg.src_off != 0) {
            return Err(Errno::INVAL);
        }
        let replace = arg.flags & IORING_REGISTER_DST_REPLACE != 0;
        let shared = source.share_buffers(arg)?;
        let end = arg.dst_off.checked_add(shared.len() as u32).ok_or(Errno::OVERFLOW)? as usize;
        if end > MOST_BUFFERS {
            return Err(Errno::INVAL);
        }
        let mut st = self.state.lock();
        let old = &mut st.resources.buffers;
        if !replace && !old.is_empty() {
            return Err(Errno::BUSY);
        }
        if old.len() < end {
            old.try_reserve_exact(end - old.len()).map_err(|_| Errno::NOMEM)?;
            old.resize(end, None);
        }
        for (place, buffer) in (arg.dst_off as usize..end).zip(shared) {
            let node = buffer.map(|buffer| Arc::new(Node { tag: 0, what: What::Buffer(buffer) }));
            self.put(::core::mem::replace(&mut st.resources.buffers[place], node));
        }
        Ok(())
    }

    /// Is a table of buffers registered?
    pub fn has_buffers(&self) -> bool {
        !self.state.lock().resources.buffers.is_empty()
    }

    /// The buffers that a clone takes along.
    fn share_buffers(&self, arg: &io_uring_clone_buffers) -> Result<Vec<Option<Arc<Buffer>>>, Errno> {
        let st = self.state.lock();
        let table = &st.resources.buffers;
        if table.is_empty() {
            return Err(Errno::NXIO);
        }
        let count = if arg.nr == 0 { table.len() } else { arg.nr as usize };
        if count > table.len() {
            return Err(Errno::INVAL);
        }
        let first = arg.src_off as usize;
        let nodes = table.get(first..first + count).ok_or(Errno::OVERFLOW)?;
        let mut shared = Vec::new();
        shared.try_reserve_exact(count).map_err(|_| Errno::NOMEM)?;
        shared.extend(nodes.iter().map(|node| match &node.as_ref()?.what {
            What::Buffer(buffer) => Some(buffer.clone()),
            What::File(_) => None,
        }));
        Ok(shared)
    }
}
