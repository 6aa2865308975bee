// SPDX-License-Identifier: MIT
//! Random steps on rings in plain memory, against a model that counts in 64 bits and never wraps. No step makes a system call, so that
//! Miri can watch: `fuzz/miri.sh queue::model`.
//!
//! `fuzz/queue.c` does the same, with more steps and millions of them, for the C side and the exports.

use super::*;
use ::core::mem::zeroed;

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}

/// What a kernel shares with a program, as raw memory: both sides reach it through pointers alone.
struct Shared {
    fields: *mut [u32; 8],
    sqes: *mut [io_uring_sqe],
    cqes: *mut [io_uring_cqe],
}

impl Shared {
    fn new(sqes: usize, cqes: usize) -> Shared {
        Shared {
            fields: Box::into_raw(Box::new([0; 8])),
            sqes: Box::into_raw(vec![io_uring_sqe::default(); sqes].into_boxed_slice()),
            cqes: Box::into_raw(vec![io_uring_cqe::default(); cqes].into_boxed_slice()),
        }
    }

    fn field(&self, index: usize) -> *mut u32 {
        self.fields.cast::<u32>().wrapping_add(index)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: made by `new`, and no ring outlives it.
        unsafe {
            drop(Box::from_raw(self.fields));
            drop(Box::from_raw(self.sqes));
            drop(Box::from_raw(self.cqes));
        }
    }
}

const SQ_HEAD: usize = 0;
const SQ_TAIL: usize = 1;
const SQ_FLAGS: usize = 2;
const CQ_HEAD: usize = 3;
const CQ_TAIL: usize = 4;

/// A ring, and the same ring as one would describe it.
struct Pair {
    ring: io_uring,
    /// Freed with the ring.
    _shared: Shared,
    entries: u64,
    cq_entries: u64,
    /// SQEs that the kernel has taken, that it has been shown, that the library has handed out.
    sq_head: u64,
    sq_tail: u64,
    sqe_tail: u64,
    cq_head: u64,
    cq_tail: u64,
}

impl Pair {
    fn new(random: &mut Random) -> Pair {
        let entries = 1 << random.below(5);
        let cq_entries = entries << random.below(3);
        // With an SQ thread that is awake, submitting makes no system call.
        let mut flags = IORING_SETUP_SQPOLL;
        flags |= random.one_of(&[0, 0, IORING_SETUP_SQE128, IORING_SETUP_SQE_MIXED]);
        flags |= random.one_of(&[0, 0, IORING_SETUP_CQE32, IORING_SETUP_CQE_MIXED]);
        if entries < 2 {
            flags &= !IORING_SETUP_SQE_MIXED;
        }
        if cq_entries < 2 {
            flags &= !IORING_SETUP_CQE_MIXED;
        }
        let shared = Shared::new((entries << sqe_shift(flags)) as usize, (cq_entries << cqe_shift(flags)) as usize);
        // A few steps before the counters wrap.
        let sq_head = (1 << 32) - 1 - random.below(20);
        let cq_head = (1 << 32) - 1 - random.below(20);

        // SAFETY: null pointers and zeros are values of every field.
        let mut ring: io_uring = unsafe { zeroed() };
        ring.flags = flags;
        ring.features = IORING_FEAT_EXT_ARG;
        ring.int_flags = INT_FLAG_UNCOMMON;
        ring.ring_fd = -1;
        ring.enter_ring_fd = -1;
        ring.sq.khead = shared.field(SQ_HEAD);
        ring.sq.ktail = shared.field(SQ_TAIL);
        ring.sq.kflags = shared.field(SQ_FLAGS);
        ring.sq.sqes = shared.sqes.cast();
        ring.sq.ring_entries = entries as u32;
        ring.sq.ring_mask = entries as u32 - 1;
        ring.sq.sqe_head = sq_head as u32;
        ring.sq.sqe_tail = sq_head as u32;
        ring.cq.khead = shared.field(CQ_HEAD);
        ring.cq.ktail = shared.field(CQ_TAIL);
        ring.cq.cqes = shared.cqes.cast();
        ring.cq.ring_entries = cq_entries as u32;
        ring.cq.ring_mask = cq_entries as u32 - 1;
        let pair = Pair {
            ring,
            _shared: shared,
            entries,
            cq_entries,
            sq_head,
            sq_tail: sq_head,
            sqe_tail: sq_head,
            cq_head,
            cq_tail: cq_head,
        };
        pair.show_kernel_side();
        // SAFETY: memory of this ring's own.
        unsafe { store_relaxed(pair.ring.cq.khead, cq_head as u32) };
        pair
    }

    /// The kernel's stores.
    fn show_kernel_side(&self) {
        // SAFETY: memory of this ring's own.
        unsafe {
            store_release(self.ring.sq.khead, self.sq_head as u32);
            store_release(self.ring.cq.ktail, self.cq_tail as u32);
            if self.sq_tail == self.sq_head {
                store_relaxed(self.ring.sq.ktail, self.sq_tail as u32);
            }
        }
    }

    fn is_mixed(&self) -> bool {
        self.ring.flags & IORING_SETUP_CQE_MIXED != 0
    }

    /// The slot of a CQ position, and the CQE in it.
    fn cqe_at(&self, position: u64) -> (*mut io_uring_cqe, io_uring_cqe) {
        let slot = (position % self.cq_entries) << cqe_shift(self.ring.flags);
        let cqe = self.ring.cq.cqes.wrapping_add(slot as usize);
        // SAFETY: within the array.
        (cqe, unsafe { *cqe })
    }

    fn sqe_at(&self, position: u64) -> *mut io_uring_sqe {
        self.ring.sq.sqes.wrapping_add(((position % self.entries) << sqe_shift(self.ring.flags)) as usize)
    }

    /// The kernel posts a CQE; a large one that would reach round the end has a filler before it.
    fn post(&mut self, random: &mut Random) {
        let mut flags = if self.is_mixed() { random.one_of(&[0, IORING_CQE_F_32]) } else { 0 };
        let at_the_end = self.cq_tail % self.cq_entries == self.cq_entries - 1;
        if at_the_end && flags != 0 {
            flags = IORING_CQE_F_SKIP;
        }
        let slots = 1 + u64::from(flags == IORING_CQE_F_32);
        if self.cq_tail - self.cq_head + slots > self.cq_entries {
            return;
        }
        let (cqe, _) = self.cqe_at(self.cq_tail);
        // SAFETY: within the array, and not yet posted.
        unsafe { cqe.write(io_uring_cqe { user_data: self.cq_tail, res: 0, flags }) };
        self.cq_tail += slots;
        self.show_kernel_side();
    }

    /// Consumes fillers at the head, as a look at the queue does; the first CQE then, or null.
    fn first_cqe(&mut self) -> *mut io_uring_cqe {
        while self.cq_head < self.cq_tail {
            let (place, cqe) = self.cqe_at(self.cq_head);
            if cqe.flags & IORING_CQE_F_SKIP == 0 {
                return place;
            }
            self.cq_head += 1;
        }
        null_mut()
    }

    fn get_sqe(&mut self, random: &mut Random) {
        // SAFETY: a ring as `new` made it.
        let sqe = unsafe { get_sqe(&mut self.ring) };
        if self.sqe_tail - self.sq_head == self.entries {
            return assert!(sqe.is_null());
        }
        assert_eq!(sqe, self.sqe_at(self.sqe_tail));
        self.sqe_tail += 1;
        self.fill(sqe, random);
    }

    /// An SQE is clear where it has to be, and writable to its end.
    fn fill(&self, sqe: *mut io_uring_sqe, random: &mut Random) {
        // SAFETY: handed out by the library.
        let sqe = unsafe { &mut *sqe };
        assert_eq!((sqe.flags, sqe.ioprio, sqe.op_flags, sqe.file_index, sqe.addr3, sqe.pad2), (0, 0, 0, 0, 0, 0));
        let n = random.next();
        *sqe = io_uring_sqe { opcode: n as u8, flags: n as u8, fd: n as i32, addr3: n, pad2: n, user_data: n, ..*sqe };
    }

    fn get_sqe128(&mut self, random: &mut Random) {
        if self.ring.flags & IORING_SETUP_SQE128 != 0 {
            return self.get_sqe(random);
        }
        // SAFETY: a ring as `new` made it.
        let sqe = unsafe { get_sqe128(&mut self.ring) };
        let filler = u64::from(self.sqe_tail % self.entries == self.entries - 1);
        let no_room = self.sqe_tail - self.sq_head + filler + 2 > self.entries;
        if self.ring.flags & IORING_SETUP_SQE_MIXED == 0 || no_room {
            return assert!(sqe.is_null());
        }
        if filler == 1 {
            // SAFETY: within the array.
            let nop = unsafe { *self.sqe_at(self.sqe_tail) };
            assert_eq!((nop.opcode, nop.flags), (IORING_OP_NOP, IOSQE_CQE_SKIP_SUCCESS));
        }
        self.sqe_tail += filler;
        assert_eq!(sqe, self.sqe_at(self.sqe_tail));
        self.sqe_tail += 2;
        self.fill(sqe, random);
    }

    fn batch(&mut self, random: &mut Random) {
        let mut got = [null_mut(); 6];
        let count = random.below(7) as usize;
        // SAFETY: a ring as `new` made it, and room for `count`.
        let nr = unsafe { peek_batch(&self.ring, got.as_mut_ptr(), count as u32) } as usize;
        let mut want = Vec::new();
        if count > 0 {
            self.first_cqe();
        }
        let mut position = self.cq_head;
        while position < self.cq_tail && want.len() < count {
            let (place, cqe) = self.cqe_at(position);
            if cqe.flags & IORING_CQE_F_SKIP != 0 {
                break;
            }
            want.push(place);
            position += u64::from(cqe_slots(&cqe));
        }
        assert_eq!(got[..nr], want[..]);
    }

    fn walk(&self) {
        let mut position = self.cq_head;
        // SAFETY: a ring as `new` made it.
        let mut iter = unsafe { cqe_iter(&self.ring) };
        loop {
            // SAFETY: the iterator of a ring that is still there.
            let cqe = unsafe { cqe_iter_next(&mut iter) };
            if position == self.cq_tail {
                return assert!(cqe.is_null());
            }
            let (place, value) = self.cqe_at(position);
            assert_eq!(cqe, place);
            position += u64::from(cqe_slots(&value));
        }
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(12) {
            0..=2 => self.get_sqe(random),
            3 => self.get_sqe128(random),
            4 => {
                // SAFETY: a ring as `new` made it.
                let submitted = unsafe { submit(&mut self.ring) };
                self.sq_tail = self.sqe_tail;
                assert_eq!(submitted as u64, self.sq_tail - self.sq_head);
            }
            5 => {
                self.sq_head += random.below(1 + self.sq_tail - self.sq_head);
                self.show_kernel_side();
            }
            6 | 7 => self.post(random),
            8 => {
                let mut cqe = null_mut();
                // SAFETY: a ring as `new` made it.
                let ret = unsafe { peek_cqe(&self.ring, &mut cqe) };
                let want = self.first_cqe();
                assert_eq!((ret, cqe), (if want.is_null() { AGAIN } else { 0 }, want));
            }
            9 => self.batch(random),
            10 => self.walk(),
            _ => {
                let first = self.first_cqe();
                let slots = if first.is_null() { 0 } else { u64::from(cqe_slots(&self.cqe_at(self.cq_head).1)) };
                let mut cqe = null_mut();
                let mut available = 0;
                // SAFETY: a ring as `new` made it; nothing looks at the CQE any more.
                unsafe {
                    assert_eq!((peek_posted(&self.ring, &mut cqe, &mut available), cqe), (0, first));
                    cq_advance(&self.ring, slots as u32);
                }
                self.cq_head += slots;
            }
        }
        // SAFETY: a ring as `new` made it.
        unsafe {
            assert_eq!(u64::from(sq_ready(&self.ring)), self.sqe_tail - self.sq_head);
            assert_eq!(u64::from(sq_space_left(&self.ring)), self.entries - (self.sqe_tail - self.sq_head));
            assert_eq!(u64::from(cq_ready(&self.ring)), self.cq_tail - self.cq_head);
            assert_eq!(load_relaxed(self.ring.sq.ktail), self.sq_tail as u32);
            assert_eq!(load_relaxed(self.ring.cq.khead), self.cq_head as u32);
        }
    }
}

#[test]
fn the_queues_count_as_the_model_does() {
    let (rings, steps) = if cfg!(miri) { (40, 150) } else { (2000, 300) };
    let (mut sq_wrapped, mut cq_wrapped) = (0, 0);
    for seed in 0..rings {
        let mut random = Random(seed);
        let mut pair = Pair::new(&mut random);
        for _ in 0..steps {
            pair.step(&mut random);
        }
        sq_wrapped += u32::from(pair.sqe_tail > 1 << 32);
        cq_wrapped += u32::from(pair.cq_tail > 1 << 32);
    }
    assert!(sq_wrapped > 0 && cq_wrapped > 0, "{sq_wrapped} and {cq_wrapped} of {rings} rings went through 2^32");
}
