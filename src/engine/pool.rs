// SPDX-License-Identifier: MIT
//! Worker threads, for what can only be done by blocking.

use super::ops::{self, futex::Sleep};
use super::registry::Handle;
use super::request::ReqId;
use super::sync::Mutex;
use crate::core::abi::{__kernel_timespec, io_uring_sqe, IORING_OP_ACCEPT, IORING_OP_FUTEX_WAIT, IORING_OP_FUTEX_WAITV};
use crate::core::errno::Errno;
use crate::core::sys;
use ::alloc::collections::VecDeque;
use ::alloc::sync::Arc;
use ::core::ffi::{c_int, c_void};
use ::core::mem::MaybeUninit;
use ::core::ptr::{null, null_mut};
use ::core::sync::atomic::{AtomicU32, Ordering};

/// A request in a worker's hands. Whatever it needs it has in its copy of the SQE.
pub struct Job {
    pub ring: Handle,
    pub id: ReqId,
    pub sqe: io_uring_sqe,
    pub fd: c_int,
    /// The file that the number has to name still.
    pub file: Option<(u64, u64)>,
    /// A futex wait, for the thread that sleeps for it.
    pub sleep: Option<Arc<Sleep>>,
}

/// Threads of one kind and what waits for them.
struct Pool {
    state: Mutex<PoolState>,
    /// Changes whenever a job arrives.
    arrivals: AtomicU32,
    most: AtomicU32,
    /// A job may wait in line behind others. Where none may, it has a thread at once or is refused.
    queues: bool,
}

struct PoolState {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

impl Pool {
    const fn new(most: u32, queues: bool) -> Pool {
        let state = PoolState { jobs: VecDeque::new(), threads: 0, idle: 0 };
        Pool { state: Mutex::new(state), arrivals: AtomicU32::new(0), most: AtomicU32::new(most), queues }
    }
}

/// For work that ends soon: files and paths.
static BOUNDED: Pool = Pool::new(8, true);
/// For work that may wait for somebody: as many threads as there are such requests, up to a limit.
static UNBOUNDED: Pool = Pool::new(512, true);
/// For futex waits: whoever waits for one of them to begin waits for its thread.
static SLEEPERS: Pool = Pool::new(4096, false);

/// Bytes of a worker's stack.
const STACK_SIZE: usize = 256 << 10;
/// Seconds without work after which a worker ends.
const IDLE_SECONDS: i64 = 5;

/// Sets how many threads the bounded and the unbounded pool may have, where that is not 0; returns how many they might before.
pub fn limit(most: [u32; 2]) -> [u32; 2] {
    let mut before = [0; 2];
    for ((pool, most), before) in [&BOUNDED, &UNBOUNDED].into_iter().zip(most).zip(&mut before) {
        *before = pool.most.load(Ordering::Relaxed);
        if most != 0 {
            pool.most.store(most, Ordering::Relaxed);
        }
    }
    before
}

/// A set of CPUs, a bit each.
pub type Cpus = [usize; 1024 / usize::BITS as usize];

/// The CPUs that workers may run on; none where they may run on any that the program may.
static CPUS: Mutex<Option<Cpus>> = Mutex::new(None);
/// Counts its changes.
static CPUS_CHANGES: AtomicU32 = AtomicU32::new(0);

/// Lets workers run on these CPUs only.
pub fn bind(cpus: Option<Cpus>) {
    *CPUS.lock() = cpus;
    CPUS_CHANGES.fetch_add(1, Ordering::Release);
}

/// Moves the calling worker to the CPUs it belongs to, where they have changed since `seen`.
fn follow_cpus(seen: &mut u32) {
    let changes = CPUS_CHANGES.load(Ordering::Acquire);
    if *seen == changes {
        return;
    }
    *seen = changes;
    // Any CPU: the kernel takes those that the process may use.
    let cpus = CPUS.lock().unwrap_or([usize::MAX; 1024 / usize::BITS as usize]);
    let args = [0, ::core::mem::size_of::<Cpus>(), cpus.as_ptr() as usize, 0, 0, 0];
    // SAFETY: the kernel reads the set. An empty one is refused, and then nothing changes.
    let _ = unsafe { sys::call(libc::SYS_sched_setaffinity, args) };
}

/// The CPUs of the calling thread; none where they are more than the set has room for.
#[inline(never)]
fn own_cpus() -> Option<Cpus> {
    let mut own = Cpus::default();
    let args = [0, ::core::mem::size_of::<Cpus>(), own.as_mut_ptr() as usize, 0, 0, 0];
    // SAFETY: the kernel writes at most as many bytes as there is room for.
    unsafe { sys::call(libc::SYS_sched_getaffinity, args) }.ok().map(|_| own)
}

/// True for a CPU that the program may use.
pub fn may_use(cpu: usize) -> bool {
    let word = |allowed: Cpus| allowed.get(cpu / usize::BITS as usize).copied();
    own_cpus().and_then(word).is_some_and(|word| word >> (cpu % usize::BITS as usize) & 1 != 0)
}

/// The CPUs of the thread that was bound to one last, before it was.
static UNBOUND: Mutex<Option<Cpus>> = Mutex::new(None);

/// Begins a thread that may be started by one which is bound to a CPU, and is not to be bound with it.
#[inline(never)]
pub fn unbind() {
    let Some(unbound) = *UNBOUND.lock() else { return };
    if own_cpus().is_some_and(|own| own.iter().map(|word| word.count_ones()).sum::<u32>() == 1) {
        let args = [0, ::core::mem::size_of::<Cpus>(), unbound.as_ptr() as usize, 0, 0, 0];
        // SAFETY: the kernel reads the set.
        let _ = unsafe { sys::call(libc::SYS_sched_setaffinity, args) };
    }
}

/// Binds the calling thread to a CPU.
pub fn stay_on(cpu: usize) {
    *UNBOUND.lock() = own_cpus();
    let mut set = Cpus::default();
    if let Some(word) = set.get_mut(cpu / usize::BITS as usize) {
        *word |= 1 << (cpu % usize::BITS as usize);
    }
    let args = [0, ::core::mem::size_of::<Cpus>(), set.as_ptr() as usize, 0, 0, 0];
    // SAFETY: the kernel reads the set. It refuses a CPU that has gone meanwhile, and then nothing changes.
    let _ = unsafe { sys::call(libc::SYS_sched_setaffinity, args) };
}

fn pool_for(opcode: u8) -> &'static Pool {
    if matches!(opcode, IORING_OP_FUTEX_WAIT | IORING_OP_FUTEX_WAITV) {
        &SLEEPERS
    } else if ops::may_wait(opcode) {
        &UNBOUNDED
    } else {
        &BOUNDED
    }
}

/// 1 for a job that the end of its ring has to wait for: it works on the program's memory. An accept does not, and nobody can say how long
/// it takes.
fn awaited(job: &Job) -> u32 {
    !can_be_abandoned(job.sqe.opcode) as u32
}

/// True for work that may be left to itself when its request is cancelled.
pub fn can_be_abandoned(opcode: u8) -> bool {
    opcode == IORING_OP_ACCEPT
}

/// Gives a job to a worker. -EAGAIN where there is none and none can be made.
pub fn submit(job: Job) -> Result<(), Errno> {
    let pool = pool_for(job.sqe.opcode);
    if pool.state.is_mine() {
        // A signal handler has interrupted its thread in here.
        return Err(Errno::AGAIN);
    }
    job.ring.slot.working.fetch_add(awaited(&job), Ordering::Relaxed);
    let mut state = pool.state.lock();
    state.jobs.push_back(job);
    if state.idle < state.jobs.len() {
        let started = state.threads < pool.most.load(Ordering::Relaxed) as usize
            && start_thread(worker, (pool as *const Pool).cast_mut().cast());
        state.threads += started as usize;
        if !started && (state.threads == 0 || !pool.queues) {
            if let Some(job) = state.jobs.pop_back() {
                job.ring.slot.working.fetch_sub(awaited(&job), Ordering::Relaxed);
            }
            return Err(Errno::AGAIN);
        }
    }
    drop(state);
    pool.arrivals.fetch_add(1, Ordering::Release);
    sys::futex_wake(&pool.arrivals, 1);
    Ok(())
}

/// Takes a job back that no worker has begun. True where it was still there.
pub fn withdraw(opcode: u8, ring: &super::ring::Ring, id: ReqId) -> bool {
    let pool = pool_for(opcode);
    if pool.state.is_mine() {
        // As above.
        return false;
    }
    let mut state = pool.state.lock();
    let position = state.jobs.iter().position(|job| job.id == id && ::core::ptr::eq::<super::ring::Ring>(&*job.ring, ring));
    match position {
        Some(position) => {
            if let Some(job) = state.jobs.remove(position) {
                job.ring.slot.working.fetch_sub(awaited(&job), Ordering::Release);
            }
            true
        }
        None => false,
    }
}

/// Starts a detached thread with all signals blocked: the program's handlers belong to the program's threads.
pub fn start_thread(run: extern "C" fn(*mut c_void) -> *mut c_void, argument: *mut c_void) -> bool {
    start(run, argument, libc::PTHREAD_CREATE_DETACHED).is_some()
}

/// The same for a thread that is waited for by [`join`].
pub fn start_joinable(run: extern "C" fn(*mut c_void) -> *mut c_void, argument: *mut c_void) -> Option<libc::pthread_t> {
    start(run, argument, libc::PTHREAD_CREATE_JOINABLE)
}

/// Waits until such a thread has gone, with all that the C library keeps for it.
pub fn join(thread: libc::pthread_t) {
    // SAFETY: from `start_joinable`, and joined once.
    unsafe { libc::pthread_join(thread, null_mut()) };
}

fn start(
    run: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
    detached: libc::c_int,
) -> Option<libc::pthread_t> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: each object is initialised by the first call on it; the mask is put back as it was.
    unsafe {
        if libc::pthread_attr_init(attributes.as_mut_ptr()) != 0 {
            return None;
        }
        libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), detached);
        libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK_SIZE);
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
        let made = libc::pthread_create(thread.as_mut_ptr(), attributes.as_ptr(), run, argument) == 0;
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), null_mut());
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        made.then(|| thread.assume_init())
    }
}

extern "C" fn worker(pool: *mut c_void) -> *mut c_void {
    // SAFETY: the address of one of the pools.
    let pool = unsafe { &*pool.cast::<Pool>() };
    name_thread(b"iou-wrk-");
    unbind();
    let mut cpus_seen = 0;
    loop {
        let seen = pool.arrivals.load(Ordering::Acquire);
        let mut state = pool.state.lock();
        if let Some(job) = state.jobs.pop_front() {
            drop(state);
            follow_cpus(&mut cpus_seen);
            run(job);
            continue;
        }
        state.idle += 1;
        drop(state);
        sys::futex_wait(&pool.arrivals, seen, Some(&__kernel_timespec { tv_sec: IDLE_SECONDS, tv_nsec: 0 }));
        let mut state = pool.state.lock();
        state.idle -= 1;
        if state.jobs.is_empty() && pool.arrivals.load(Ordering::Acquire) == seen {
            state.threads -= 1;
            return null_mut();
        }
    }
}

/// Names the calling thread `<kind><pid>`, as the kernel names its own.
pub fn name_thread(kind: &[u8; 8]) {
    let mut name = [0u8; 16];
    name[..8].copy_from_slice(kind);
    let mut digits = [0u8; 10];
    let (mut pid, mut len) = (sys::getpid() as u32, 0);
    while pid != 0 {
        digits[len] = b'0' + (pid % 10) as u8;
        pid /= 10;
        len += 1;
    }
    for (place, digit) in name[8..15].iter_mut().zip(digits[..len].iter().rev()) {
        *place = *digit;
    }
    // SAFETY: a terminated string of at most 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), null::<c_void>(), null::<c_void>(), null::<c_void>()) };
}

/// Forgets threads and jobs that are the parent's, in a child after fork.
///
/// # Safety
///
/// No other thread of this process is in the engine.
pub unsafe fn abandon() {
    // SAFETY: the caller's promise.
    unsafe { CPUS.reset() };
    // SAFETY: the caller's promise.
    unsafe { UNBOUND.reset() };
    for pool in [&BOUNDED, &UNBOUNDED, &SLEEPERS] {
        // SAFETY: the caller's promise.
        unsafe { pool.state.reset() };
        // The jobs' uses of their rings are not given back: those rings are the parent's.
        let state = ::core::mem::replace(&mut *pool.state.lock(), PoolState { jobs: VecDeque::new(), threads: 0, idle: 0 });
        ::core::mem::forget(state);
    }
}

fn run(job: Job) {
    let outcome = ops::work_apart(&job);
    job.ring.work_done(&job, outcome);
    let (slot, awaited) = (job.ring.slot, awaited(&job));
    // The use of the ring ends first: whoever waits for its workers may find nothing of it left.
    drop(job);
    if awaited != 0 && slot.working.fetch_sub(awaited, Ordering::Release) == awaited {
        sys::futex_wake(&slot.working, i32::MAX as usize);
    }
}
