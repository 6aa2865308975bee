/* SPDX-License-Identifier: MIT */
/*
 * Completions that the ring had no room for, completions that the kernel holds back until it is entered, and rings whose entries are
 * of two sizes. The last are built by hand, so that the library's side is tested on kernels that do not know them as well.
 */
#include "test.h"

static void nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = data;
}

static void flood(struct io_uring *ring, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++) {
		nop(ring, i);
		submit(ring, 1);
	}
}

/* ---- overflow ---------------------------------------------------------------------------------------------------------------- */

TEST(an_overflowing_cq_says_so_and_loses_nothing)
{
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 4);
	CHECK(!io_uring_cq_has_overflow(&ring));
	CHECK_EQ(io_uring_cq_ready(&ring), 4);
	flood(&ring, 4, 100);
	CHECK(io_uring_cq_has_overflow(&ring));
	CHECK_EQ(io_uring_cq_ready(&ring), 4);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	CHECK(!io_uring_cq_has_overflow(&ring));
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(get_events_moves_overflown_completions_into_the_ring)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 6);
	CHECK_EQ(io_uring_cq_ready(&ring), 4);
	io_uring_cq_advance(&ring, 4);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 2);
	CHECK(!io_uring_cq_has_overflow(&ring));
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	CHECK_EQ(cqe->user_data, 4);
	io_uring_queue_exit(&ring);
}

TEST(peek_fetches_overflown_completions_by_itself)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 30);
	for (int i = 0; i < 30; i++) {
		CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
		CHECK_EQ(cqe->user_data, i);
		io_uring_cqe_seen(&ring, cqe);
	}
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(a_batch_fetches_overflown_completions_when_the_ring_is_empty)
{
	struct io_uring_cqe *batch[8];
	struct io_uring ring;
	uint64_t next = 0;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 22);
	while (next < 22) {
		unsigned n = io_uring_peek_batch_cqe(&ring, batch, 8);

		CHECK_EQ(n, next < 20 ? 4 : 2);
		for (unsigned i = 0; i < n; i++)
			CHECK_EQ(batch[i]->user_data, next++);
		io_uring_cq_advance(&ring, n);
	}
	CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_wait_for_several_counts_the_overflown)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 7);
	io_uring_cq_advance(&ring, 3);
	CHECK_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 4), 0);
	CHECK_EQ(cqe->user_data, 3);
	CHECK_EQ(io_uring_cq_ready(&ring), 4);
	for (int i = 3; i < 7; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	io_uring_queue_exit(&ring);
}

TEST(new_completions_queue_behind_the_overflown)
{
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	flood(&ring, 0, 6);
	io_uring_cq_advance(&ring, 2);
	flood(&ring, 6, 10);
	for (int i = 2; i < 10; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_may_end_with_overflown_completions)
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		ring_up(&ring, 2, 0);
		flood(&ring, 0, 64);
		io_uring_queue_exit(&ring);
	});
}

/* ---- held back until entered --------------------------------------------------------------------------------------------------- */

TEST(deferred_work_runs_when_events_are_asked_for)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up_or_skip(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	submit(&ring, 1);
	write_all(fds[1], "data", 4);
	sleep_ms(20);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	CHECK_EQ(reap(&ring).res, 4);
	io_uring_queue_exit(&ring);
}

TEST(with_the_taskrun_flag_peek_runs_what_is_held_back)
{
	static const unsigned flags[] = {
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	};
	char buf[8];

	for (int i = 0; i < 2; i++)
		for (int batched = 0; batched < 2; batched++) {
			struct io_uring_cqe *cqe = NULL;
			struct io_uring ring;
			int fds[2];

			pipe_up(fds);
			ring_up_or_skip(&ring, 8, flags[i]);
			io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
			submit(&ring, 1);
			CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
			write_all(fds[1], "data", 4);
			if (batched)
				WAIT_UNTIL(io_uring_peek_batch_cqe(&ring, &cqe, 1) == 1);
			else
				WAIT_UNTIL(io_uring_peek_cqe(&ring, &cqe) == 0);
			CHECK_EQ(cqe->res, 4);
			io_uring_cqe_seen(&ring, cqe);
			io_uring_queue_exit(&ring);
			close(fds[0]);
			close(fds[1]);
		}
}

/* ---- completions of two sizes ---------------------------------------------------------------------------------------------------- */

enum { FAKE_ENTRIES = 8 };

/* A ring in ordinary memory, without a kernel behind it: what the library reads and writes is all there is. */
struct fake {
	struct io_uring ring;
	unsigned sq_head, sq_tail, sq_mask, sq_entries, sq_flags, dropped;
	unsigned cq_head, cq_tail, cq_mask, cq_entries, cq_flags, overflow;
	struct io_uring_sqe sqes[FAKE_ENTRIES];
	/* Completions of 16 bytes: struct io_uring_cqe itself may end in a flexible array. */
	unsigned char cqes[FAKE_ENTRIES][16];
};

static void fake_up(struct fake *fake, unsigned flags)
{
	struct io_uring *ring = &fake->ring;

	memset(fake, 0, sizeof(*fake));
	fake->sq_mask = fake->cq_mask = FAKE_ENTRIES - 1;
	fake->sq_entries = fake->cq_entries = FAKE_ENTRIES;
	ring->flags = flags | IORING_SETUP_NO_SQARRAY;
	ring->features = IORING_FEAT_EXT_ARG;
	ring->ring_fd = ring->enter_ring_fd = -1;
	ring->sq.khead = &fake->sq_head;
	ring->sq.ktail = &fake->sq_tail;
	ring->sq.kring_mask = &fake->sq_mask;
	ring->sq.kring_entries = &fake->sq_entries;
	ring->sq.kflags = &fake->sq_flags;
	ring->sq.kdropped = &fake->dropped;
	ring->sq.sqes = fake->sqes;
	ring->sq.ring_mask = FAKE_ENTRIES - 1;
	ring->sq.ring_entries = FAKE_ENTRIES;
	ring->cq.khead = &fake->cq_head;
	ring->cq.ktail = &fake->cq_tail;
	ring->cq.kring_mask = &fake->cq_mask;
	ring->cq.kring_entries = &fake->cq_entries;
	ring->cq.kflags = &fake->cq_flags;
	ring->cq.koverflow = &fake->overflow;
	ring->cq.cqes = (struct io_uring_cqe *)(void *)fake->cqes;
	ring->cq.ring_mask = FAKE_ENTRIES - 1;
	ring->cq.ring_entries = FAKE_ENTRIES;
}

static void fake_slot(struct fake *fake, uint64_t data, unsigned flags)
{
	struct io_uring_cqe *cqe = &fake->ring.cq.cqes[fake->cq_tail++ & fake->cq_mask];

	cqe->user_data = data;
	cqe->res = 0;
	cqe->flags = flags;
}

/* Posts as the kernel does: a wide completion never wraps, a skip entry fills the slot at the end. */
static void fake_post(struct fake *fake, uint64_t data, bool wide)
{
	if (!wide) {
		fake_slot(fake, data, 0);
		return;
	}
	if ((fake->cq_tail & fake->cq_mask) == fake->cq_mask)
		fake_slot(fake, ~0ull, IORING_CQE_F_SKIP);
	fake_slot(fake, data, IORING_CQE_F_32);
	/* The second half: its bytes are payload and must not be taken for a completion. */
	fake_slot(fake, ~0ull, ~0u);
}

static bool wide_one(uint64_t i)
{
	return i % 3 != 1;
}

TEST(peek_passes_over_skip_entries_and_whole_wide_completions)
{
	static struct fake fake;
	struct io_uring_cqe *cqe;

	fake_up(&fake, IORING_SETUP_CQE_MIXED);
	for (uint64_t i = 0; i < 100; i++) {
		fake_post(&fake, i, wide_one(i));
		CHECK_EQ(io_uring_peek_cqe(&fake.ring, &cqe), 0);
		CHECK_EQ(cqe->user_data, i);
		CHECK_EQ(io_uring_cqe_nr(cqe), wide_one(i) ? 2 : 1);
		io_uring_cqe_seen(&fake.ring, cqe);
		CHECK_EQ(fake.cq_head, fake.cq_tail);
		CHECK_EQ(io_uring_peek_cqe(&fake.ring, &cqe), -EAGAIN);
	}
}

TEST(a_lone_skip_entry_is_consumed_and_is_no_completion)
{
	static struct fake fake;
	struct io_uring_cqe *cqe;

	fake_up(&fake, IORING_SETUP_CQE_MIXED);
	fake.cq_head = fake.cq_tail = 7;
	fake_slot(&fake, 1, IORING_CQE_F_SKIP);
	CHECK_EQ(io_uring_peek_cqe(&fake.ring, &cqe), -EAGAIN);
	CHECK_EQ(fake.cq_head, 8);
	fake_slot(&fake, 2, IORING_CQE_F_SKIP);
	CHECK_EQ(io_uring_peek_batch_cqe(&fake.ring, &cqe, 1), 0);
	CHECK_EQ(fake.cq_head, 9);
}

TEST(walking_a_mixed_cq_shows_each_completion_once_and_skip_entries_as_such)
{
	static struct fake fake;
	uint64_t next = 0;
	unsigned skips = 0;

	fake_up(&fake, IORING_SETUP_CQE_MIXED);
	for (int round = 0; round < 60; round++) {
		struct io_uring_cqe_iter iter;
		struct io_uring_cqe *cqe;
		uint64_t n = 0;
		unsigned head;

		fake_post(&fake, next, wide_one(next));
		fake_post(&fake, next + 1, wide_one(next + 1));
		fake_post(&fake, next + 2, wide_one(next + 2));
		iter = io_uring_cqe_iter_init(&fake.ring);
		while (io_uring_cqe_iter_next(&iter, &cqe)) {
			if (cqe->flags & IORING_CQE_F_SKIP)
				continue;
			CHECK_EQ(cqe->user_data, next + n);
			n++;
		}
		CHECK_EQ(n, 3);
		n = 0;
		io_uring_for_each_cqe(&fake.ring, head, cqe) {
			if (cqe->flags & IORING_CQE_F_SKIP) {
				/* Only the last slot needs filling up. */
				CHECK_EQ(head & fake.cq_mask, fake.cq_mask);
				skips++;
				continue;
			}
			CHECK_PTR(cqe, &fake.ring.cq.cqes[head & fake.cq_mask]);
			CHECK_EQ(cqe->user_data, next + n);
			n++;
		}
		CHECK_EQ(n, 3);
		next += 3;
		io_uring_cq_advance(&fake.ring, fake.cq_tail - fake.cq_head);
	}
	CHECK_CMP(skips, >, 5);
}

TEST(a_batch_of_a_mixed_cq_counts_completions_and_stops_before_a_skip_entry)
{
	static struct fake fake;
	struct io_uring_cqe *batch[8];
	unsigned n, used = 0;

	fake_up(&fake, IORING_SETUP_CQE_MIXED);
	fake.cq_head = fake.cq_tail = 4;
	fake_post(&fake, 1, true);
	fake_post(&fake, 2, false);
	/* Slot 7 is skipped, the wide one lies in 0 and 1. */
	fake_post(&fake, 3, true);
	fake_post(&fake, 4, false);
	CHECK_EQ(io_uring_peek_batch_cqe(&fake.ring, batch, 1), 1);
	CHECK_EQ(batch[0]->user_data, 1);
	n = io_uring_peek_batch_cqe(&fake.ring, batch, 8);
	CHECK_EQ(n, 2);
	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ(batch[i]->user_data, i + 1);
		used += io_uring_cqe_nr(batch[i]);
	}
	CHECK_EQ(used, 3);
	io_uring_cq_advance(&fake.ring, used);
	n = io_uring_peek_batch_cqe(&fake.ring, batch, 8);
	CHECK_EQ(n, 2);
	CHECK_EQ(batch[0]->user_data, 3);
	CHECK_PTR(batch[0], &fake.ring.cq.cqes[0]);
	CHECK_EQ(batch[1]->user_data, 4);
	io_uring_cq_advance(&fake.ring, 3);
	CHECK_EQ(fake.cq_head, fake.cq_tail);
	CHECK_EQ(io_uring_peek_batch_cqe(&fake.ring, batch, 8), 0);
}

TEST(a_wide_sqe_takes_two_slots_of_a_mixed_sq_and_never_wraps)
{
	static struct fake fake;
	struct io_uring_sqe *sqe;

	fake_up(&fake, IORING_SETUP_SQE_MIXED);
	sqe = io_uring_get_sqe(&fake.ring);
	CHECK_PTR(sqe, &fake.sqes[0]);
	sqe = io_uring_get_sqe128(&fake.ring);
	CHECK_PTR(sqe, &fake.sqes[1]);
	CHECK_EQ(io_uring_sq_ready(&fake.ring), 3);
	sqe = io_uring_get_sqe128(&fake.ring);
	CHECK_PTR(sqe, &fake.sqes[3]);
	sqe = io_uring_get_sqe128(&fake.ring);
	CHECK_PTR(sqe, &fake.sqes[5]);
	/* One slot is left: not enough. */
	CHECK_PTR(io_uring_get_sqe128(&fake.ring), NULL);
	CHECK_EQ(io_uring_sq_ready(&fake.ring), 7);
	/* The kernel takes four: the slot at the end becomes a NOP that completes in silence, and the wide one begins at 0. */
	fake.sq_head = 4;
	sqe = io_uring_get_sqe128(&fake.ring);
	CHECK_PTR(sqe, &fake.sqes[0]);
	CHECK_EQ(io_uring_sq_ready(&fake.ring), 6);
	CHECK_EQ(fake.sqes[7].opcode, IORING_OP_NOP);
	CHECK(fake.sqes[7].flags & IOSQE_CQE_SKIP_SUCCESS);
}

TEST(a_wide_sqe_at_the_end_needs_three_slots_of_a_mixed_sq)
{
	static struct fake fake;

	fake_up(&fake, IORING_SETUP_SQE_MIXED);
	fake.ring.sq.sqe_head = fake.ring.sq.sqe_tail = fake.sq_tail = 7;
	fake.sq_head = 1;
	/* Slots 7 and 0 are free: a wide entry would wrap, and there is no room to go round. */
	CHECK_PTR(io_uring_get_sqe128(&fake.ring), NULL);
	fake.sq_head = 2;
	CHECK_PTR(io_uring_get_sqe128(&fake.ring), &fake.sqes[0]);
}

TEST(a_mixed_cq_delivers_both_sizes)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;

	ring_up_or_skip(&ring, 8, IORING_SETUP_CQE_MIXED);
	for (unsigned i = 0; i < 200; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);
		bool wide = i % 3 != 1;

		io_uring_prep_nop(sqe);
		sqe->user_data = i;
		if (wide) {
			sqe->nop_flags = IORING_NOP_CQE32;
			sqe->off = i + 1000;
			sqe->addr = i + 2000;
		}
		submit(&ring, 1);
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ(cqe->user_data, i);
		CHECK_EQ(cqe->res, 0);
		CHECK_EQ(!!(cqe->flags & IORING_CQE_F_32), wide);
		CHECK_EQ(io_uring_cqe_nr(cqe), wide ? 2 : 1);
		if (wide) {
			CHECK_EQ(cqe->big_cqe[0], i + 1000);
			CHECK_EQ(cqe->big_cqe[1], i + 2000);
		}
		io_uring_cqe_seen(&ring, cqe);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

static void prepare_large(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = data;
	sqe->nop_flags = IORING_NOP_CQE32;
	sqe->off = data + 1000;
	sqe->addr = data + 2000;
}

TEST(large_entries_of_a_mixed_cq_keep_their_order_through_its_end_and_its_overflow)
{
	struct io_uring_params p;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE;
	p.cq_entries = 1;
	if (kernel_knows_setup_flags(IORING_SETUP_CQE_MIXED))
		CHECK_EQ(io_uring_queue_init_params(1, &ring, &p), -EOVERFLOW);
	p.flags = IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE;
	p.cq_entries = 4;
	ring_up_params(&ring, 4, &p);
	for (uint64_t i = 1; i <= 3; i++)
		nop(&ring, i);
	submit(&ring, 3);
	io_uring_cq_advance(&ring, 2);
	/* The last slot is too small for it: a filler. */
	prepare_large(&ring, 4);
	submit(&ring, 1);
	CHECK_EQ(*ring.cq.ktail, 6);
	CHECK_EQ(ring.cq.cqes[3].flags, IORING_CQE_F_SKIP);
	nop(&ring, 5);
	prepare_large(&ring, 6);
	nop(&ring, 7);
	submit(&ring, 3);
	CHECK(io_uring_cq_has_overflow(&ring));
	for (uint64_t i = 3; i <= 7; i++) {
		bool large = i == 4 || i == 6;

		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ(cqe->user_data, i);
		CHECK_EQ(cqe->flags, large ? IORING_CQE_F_32 : 0);
		if (large) {
			CHECK_EQ(cqe->big_cqe[0], i + 1000);
			CHECK_EQ(cqe->big_cqe[1], i + 2000);
		}
		io_uring_cqe_seen(&ring, cqe);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(only_rings_with_large_entries_are_asked_for_them)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	need_kernel_with(IORING_OP_PIPE, "rings of mixed sizes");
	ring_up(&ring, 8, 0);
	prepare_large(&ring, 1);
	nop(&ring, 2);
	/* What is refused ends the submission. */
	CHECK_EQ(io_uring_submit(&ring), 1);
	CHECK_EQ(reap_data(&ring, 1), -EINVAL);
	CHECK_EQ(io_uring_submit(&ring), 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	io_uring_queue_exit(&ring);
	ring_up(&ring, 8, IORING_SETUP_CQE32);
	prepare_large(&ring, 3);
	submit(&ring, 1);
	CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	CHECK_EQ(cqe->flags, 0);
	CHECK_EQ(cqe->big_cqe[0], 1003);
	CHECK_EQ(cqe->big_cqe[1], 2003);
	io_uring_queue_exit(&ring);
}

TEST(a_mixed_sq_of_the_kernel_takes_both_sizes,
     .kernel_only = "the engine has no SQEs of mixed sizes yet")
{
	struct io_uring ring;

	ring_up_or_skip(&ring, 8, IORING_SETUP_SQE_MIXED);
	for (unsigned i = 0; i < 100; i++) {
		struct io_uring_sqe *sqe;

		if (i % 3 == 1) {
			sqe = sqe_of(&ring);
			io_uring_prep_nop(sqe);
		} else {
			sqe = io_uring_get_sqe128(&ring);
			CHECK(sqe != NULL);
			io_uring_prep_nop128(sqe);
		}
		sqe->user_data = i;
		CHECK_CMP(io_uring_submit(&ring), >=, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}
