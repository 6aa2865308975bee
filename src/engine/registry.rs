// SPDX-License-Identifier: MIT
//! Which descriptor is which ring, and how long a ring lives.
//!
//! Rings live in slots that are never freed, only used again: a thread may look at a slot whose ring has just ended, and finds
//! its count of users at zero.

use super::ring::Ring;
use super::sync::Mutex;
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::boxed::Box;
use ::alloc::vec::Vec;
use ::core::cell::UnsafeCell;
use ::core::ffi::c_int;
use ::core::mem::MaybeUninit;
use ::core::ops::Deref;
use ::core::ptr::null_mut;
use ::core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// A place for a ring.
pub struct Slot {
    /// Users of the ring, its being open counted as one; 0 where there is none.
    users: AtomicU32,
    /// Jobs of the ring in workers' hands. Here, so that a worker can give up its use of the ring before it says that it is done.
    pub working: AtomicU32,
    /// Names of the ring: its descriptor and its registered numbers. It ends with the last of them.
    names: AtomicU32,
    ring: UnsafeCell<MaybeUninit<Ring>>,
}

// SAFETY: the ring is reached only with `users` above zero, and is Sync itself.
unsafe impl Sync for Slot {}

/// A use of a ring.
pub struct Handle {
    slot: &'static Slot,
}

impl Deref for Handle {
    type Target = Ring;
    fn deref(&self) -> &Ring {
        // SAFETY: initialised, and kept alive by this use.
        unsafe { (*self.slot.ring.get()).assume_init_ref() }
    }
}

impl Handle {
    /// Gives this use away, as a number.
    pub fn into_key(self) -> u64 {
        let key = self.slot.key();
        ::core::mem::forget(self);
        key
    }

    /// Takes it over.
    ///
    /// # Safety
    ///
    /// The number is from [`Handle::into_key`], and is taken once.
    pub unsafe fn from_key(key: u64) -> Handle {
        // SAFETY: a slot's address, as the caller promises; slots are never freed.
        Handle { slot: unsafe { &*(key as usize as *const Slot) } }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        self.slot.users.fetch_add(1, Ordering::Relaxed);
        Handle { slot: self.slot }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.slot.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: the last use; nobody can begin another at zero.
            unsafe { (*self.slot.ring.get()).assume_init_drop() };
            FREE_SLOTS.lock().push(self.slot);
        }
    }
}

impl Ring {
    /// One more use of this ring.
    pub fn handle(&self) -> Handle {
        self.slot.users.fetch_add(1, Ordering::Relaxed);
        Handle { slot: self.slot }
    }
}

static FREE_SLOTS: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

const CHUNK: usize = 1024;
const CHUNKS: usize = 1024;
type Chunk = [AtomicPtr<Slot>; CHUNK];

/// The rings by descriptor, in chunks made on demand and kept.
static TABLE: [AtomicPtr<Chunk>; CHUNKS] = [const { AtomicPtr::new(null_mut()) }; CHUNKS];

/// Rings of the engine that are open: while it is 0, no descriptor can be one.
static OPEN: AtomicU32 = AtomicU32::new(0);
/// There was one, ever.
static USED: AtomicBool = AtomicBool::new(false);

/// Registered rings. Their numbers begin where the kernel's end, so that a bare number tells whose it is.
static REGISTERED: [AtomicPtr<Slot>; REGISTERED_MOST] = [const { AtomicPtr::new(null_mut()) }; REGISTERED_MOST];
const REGISTERED_FIRST: c_int = 16;
const REGISTERED_MOST: usize = 256;

fn entry(fd: c_int) -> Option<&'static AtomicPtr<Slot>> {
    let number = usize::try_from(fd).ok()?;
    let chunk = TABLE.get(number / CHUNK)?.load(Ordering::Acquire);
    // SAFETY: chunks are never freed.
    unsafe { chunk.as_ref() }.map(|chunk| &chunk[number % CHUNK])
}

/// A use of the ring that a table entry names.
fn enter(entry: &AtomicPtr<Slot>) -> Option<Handle> {
    loop {
        let found = entry.load(Ordering::Acquire);
        // SAFETY: slots are never freed.
        let slot = unsafe { found.as_ref() }?;
        let mut users = slot.users.load(Ordering::Relaxed);
        while users != 0 {
            match slot.users.compare_exchange_weak(users, users + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => {
                    let handle = Handle { slot };
                    // Between the two loads the slot may have got another ring.
                    if entry.load(Ordering::Acquire) == found {
                        return Some(handle);
                    }
                    break;
                }
                Err(now) => users = now,
            }
        }
        if users == 0 {
            return None;
        }
    }
}

/// The ring behind a descriptor, or behind a registered number.
pub fn get(fd: c_int, registered: bool) -> Option<Handle> {
    if OPEN.load(Ordering::Relaxed) == 0 {
        return None;
    }
    if registered {
        let index = usize::try_from(fd.checked_sub(REGISTERED_FIRST)?).ok()?;
        return enter(REGISTERED.get(index)?);
    }
    enter(entry(fd)?)
}

/// Is any ring open?
pub fn any() -> bool {
    OPEN.load(Ordering::Relaxed) != 0
}

/// Was there ever a ring, in this process or one that it was forked from?
pub fn ever() -> bool {
    USED.load(Ordering::Relaxed)
}

/// Could this be the registered number of a ring, the kernel's included?
pub fn is_registered_number(number: c_int) -> bool {
    (0..REGISTERED_FIRST + REGISTERED_MOST as c_int).contains(&number)
}

/// The ring in a slot that a thread of the library's was given as a number, which came through the kernel.
fn by_key(key: u64) -> Option<Handle> {
    // After whoever made the slot.
    USED.load(Ordering::Acquire);
    let place = AtomicPtr::new(key as usize as *mut Slot);
    enter(&place)
}

/// Lets `work` at the ring in such a slot, if it has not ended; its end waits for that.
pub fn visit(key: u64, work: impl FnOnce(&Ring)) {
    let Some(ring) = by_key(key) else { return };
    let slot = ring.slot;
    // Ours before the look at the names; whoever takes the last name looks at ours after that.
    slot.working.fetch_add(1, Ordering::SeqCst);
    if slot.names.load(Ordering::SeqCst) != 0 {
        work(&ring);
    }
    drop(ring);
    if slot.working.fetch_sub(1, Ordering::Release) == 1 {
        sys::futex_wake(&slot.working, i32::MAX as usize);
    }
}

impl Slot {
    /// That number.
    pub fn key(&'static self) -> u64 {
        self as *const Slot as usize as u64
    }
}

/// The ring that a descriptor names for certain: the number of one that the program has closed by itself does not, a duplicate does.
pub fn find(fd: c_int) -> Option<Handle> {
    if OPEN.load(Ordering::Relaxed) == 0 {
        return None;
    }
    if let Some(ring) = get(fd, false) {
        if ring.is_behind(fd) {
            return Some(ring);
        }
    }
    let chunks = TABLE.iter().filter_map(|chunk| {
        // SAFETY: chunks are never freed.
        unsafe { chunk.load(Ordering::Acquire).as_ref() }
    });
    chunks.flatten().filter_map(enter).find(|ring| ring.is_behind(fd))
}

/// Forgets every ring, in a child after fork: they are the parent's. Their memory stays.
///
/// # Safety
///
/// No other thread of this process is in the engine.
pub unsafe fn abandon() {
    // SAFETY: the caller's promise.
    unsafe { FREE_SLOTS.reset() };
    ::core::mem::forget(::core::mem::take(&mut *FREE_SLOTS.lock()));
    for chunk in &TABLE {
        // SAFETY: chunks are never freed.
        if let Some(chunk) = unsafe { chunk.load(Ordering::Acquire).as_ref() } {
            chunk.iter().for_each(|entry| entry.store(null_mut(), Ordering::Relaxed));
        }
    }
    REGISTERED.iter().for_each(|entry| entry.store(null_mut(), Ordering::Relaxed));
    OPEN.store(0, Ordering::Relaxed);
}

/// Puts a new ring into a slot; the handle returned is its being open.
pub fn create(make: impl FnOnce(&'static Slot) -> Result<Ring, Errno>) -> Result<Handle, Errno> {
    let recycled = FREE_SLOTS.lock().pop();
    let slot = recycled.unwrap_or_else(|| {
        Box::leak(Box::new(Slot {
            users: AtomicU32::new(0),
            working: AtomicU32::new(0),
            names: AtomicU32::new(0),
            ring: UnsafeCell::new(MaybeUninit::uninit()),
        }))
    });
    match make(slot) {
        Ok(ring) => {
            // SAFETY: the slot has no ring, and nobody else has the slot.
            unsafe { (*slot.ring.get()).write(ring) };
            slot.users.store(1, Ordering::Release);
            // A release that later ones do not hide: see `by_key`.
            USED.swap(true, Ordering::Release);
            Ok(Handle { slot })
        }
        Err(e) => {
            FREE_SLOTS.lock().push(slot);
            Err(e)
        }
    }
}

/// Makes a ring known by its descriptor. Returns one that the table still had under this number: the program has closed it behind our back.
pub fn publish(fd: c_int, handle: Handle) -> Result<Option<Handle>, Errno> {
    let number = usize::try_from(fd).map_err(|_| Errno::BADF)?;
    let place = TABLE.get(number / CHUNK).ok_or(Errno::MFILE)?;
    if place.load(Ordering::Acquire).is_null() {
        let chunk = Box::into_raw(Box::new([const { AtomicPtr::new(null_mut()) }; CHUNK]));
        if place.compare_exchange(null_mut(), chunk, Ordering::AcqRel, Ordering::Acquire).is_err() {
            // SAFETY: another thread was first; nobody has seen this one.
            drop(unsafe { Box::from_raw(chunk) });
        }
    }
    let entry = entry(fd).ok_or(Errno::BADF)?;
    let ring_slot = handle.slot;
    let slot = ring_slot as *const Slot as *mut Slot;
    // The use that the handle stands for now belongs to the table.
    ::core::mem::forget(handle);
    OPEN.fetch_add(1, Ordering::Relaxed);
    ring_slot.names.fetch_add(1, Ordering::Relaxed);
    let old = entry.swap(slot, Ordering::AcqRel);
    Ok(reclaim(old))
}

/// Forgets a descriptor; returns the use that the table had.
pub fn withdraw(fd: c_int) -> Option<Handle> {
    reclaim(entry(fd)?.swap(null_mut(), Ordering::AcqRel))
}

fn reclaim(slot: *mut Slot) -> Option<Handle> {
    // SAFETY: slots are never freed.
    let slot = unsafe { slot.as_ref() }?;
    OPEN.fetch_sub(1, Ordering::Relaxed);
    Some(Handle { slot })
}

/// Gives a ring a registered number, which keeps it open as its descriptor does.
pub fn register(ring: &Ring) -> Result<c_int, Errno> {
    let slot = ring.slot as *const Slot as *mut Slot;
    for (index, entry) in REGISTERED.iter().enumerate() {
        if !entry.load(Ordering::Relaxed).is_null() {
            continue;
        }
        let handle = ring.handle();
        ring.slot.names.fetch_add(1, Ordering::Relaxed);
        OPEN.fetch_add(1, Ordering::Relaxed);
        if entry.compare_exchange(null_mut(), slot, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
            // The use belongs to the table now.
            ::core::mem::forget(handle);
            return Ok(REGISTERED_FIRST + index as c_int);
        }
        // Another thread was first. The ring has a name already, or its maker holds it: this is not its last.
        ring.slot.names.fetch_sub(1, Ordering::Relaxed);
        OPEN.fetch_sub(1, Ordering::Relaxed);
    }
    Err(Errno::BUSY)
}

/// Takes a registered number back; returns the use that the table had. -EINVAL for what cannot be such a number.
pub fn unregister(number: c_int) -> Result<Option<Handle>, Errno> {
    let index = usize::try_from(number.wrapping_sub(REGISTERED_FIRST)).ok();
    let entry = index.and_then(|index| REGISTERED.get(index)).ok_or(Errno::INVAL)?;
    Ok(reclaim(entry.swap(null_mut(), Ordering::AcqRel)))
}

/// A ring has lost a name. True where it was the last.
pub fn lose_name(ring: &Ring) -> bool {
    ring.slot.names.fetch_sub(1, Ordering::SeqCst) == 1
}
