/* SPDX-License-Identifier: MIT */
/* Getting SQEs, submitting them, looking at completions. Waiting with limits is in wait.c, overflow and task work in overflow.c. */
#include "test.h"

#include <pthread.h>

static struct io_uring_sqe *nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, data);
	return sqe;
}

/* A request that the kernel refuses when it reads it. */
static void bad(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = nop(ring, data);

	sqe->opcode = 254;
}

/* ---- SQEs -------------------------------------------------------------------------------------------------------------------- */

TEST(a_full_submission_queue_gives_null)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 8; i++) {
		CHECK_EQ(io_uring_sq_ready(&ring), i);
		CHECK_EQ(io_uring_sq_space_left(&ring), 8 - i);
		nop(&ring, i);
	}
	CHECK_PTR(io_uring_get_sqe(&ring), NULL);
	CHECK_PTR(io_uring_get_sqe(&ring), NULL);
	CHECK_EQ(io_uring_sq_ready(&ring), 8);
	CHECK_EQ(io_uring_sq_space_left(&ring), 0);
	submit(&ring, 8);
	CHECK_EQ(io_uring_sq_ready(&ring), 0);
	CHECK_EQ(io_uring_sq_space_left(&ring), 8);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	nop(&ring, 9);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_of_one_entry_works)
{
	struct io_uring ring;

	ring_up(&ring, 1, 0);
	for (int i = 0; i < 50; i++) {
		nop(&ring, i);
		CHECK_PTR(io_uring_get_sqe(&ring), NULL);
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_reused_sqe_keeps_no_flags_of_its_last_use)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 1, 0);
	memset(nop(&ring, 77), 0, sizeof(*sqe));
	CHECK_EQ(run_one(&ring), 0);
	memset(ring.sq.sqes, 0xff, sizeof(*sqe));
	sqe = sqe_of(&ring);
	CHECK_PTR(sqe, ring.sq.sqes);
	CHECK_EQ(sqe->flags, 0);
	CHECK_EQ(sqe->ioprio, 0);
	CHECK_EQ(sqe->rw_flags, 0);
	CHECK_EQ(sqe->buf_index, 0);
	CHECK_EQ(sqe->personality, 0);
	CHECK_EQ(sqe->file_index, 0);
	CHECK_EQ(sqe->addr3, 0);
	io_uring_prep_nop(sqe);
	sqe->user_data = 78;
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 78), 0);
	io_uring_queue_exit(&ring);
}

TEST(user_data_comes_back_bit_for_bit)
{
	static const uint64_t values[] = { 0, 1, 0xffffffff, 0x100000000, 0x8000000000000000, 0xfffffffffffffffe, 0x0123456789abcdef };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int here;

	ring_up(&ring, 4, 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		nop(&ring, values[i]);
		submit(&ring, 1);
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ(io_uring_cqe_get_data64(cqe), values[i]);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_sqe_set_data(nop(&ring, 0), &here);
	submit(&ring, 1);
	CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
	CHECK_PTR(io_uring_cqe_get_data(cqe), &here);
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
}

/* ---- submitting -------------------------------------------------------------------------------------------------------------- */

TEST(submit_tells_how_many_it_took)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_submit(&ring), 0);
	for (int n = 1; n <= 8; n++) {
		for (int i = 0; i < n; i++)
			nop(&ring, i);
		CHECK_EQ(io_uring_submit(&ring), n);
		for (int i = 0; i < n; i++)
			CHECK_EQ(reap_data(&ring, i), 0);
	}
	CHECK_EQ(io_uring_submit(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_bad_request_ends_the_batch_after_itself)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1);
	bad(&ring, 2);
	nop(&ring, 3);
	nop(&ring, 4);
	CHECK_EQ(io_uring_submit(&ring), 2);
	CHECK_EQ(io_uring_sq_ready(&ring), 2);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(reap_data(&ring, 2), -EINVAL);
	check_quiet(&ring);
	CHECK_EQ(io_uring_submit(&ring), 2);
	CHECK_EQ(reap_data(&ring, 3), 0);
	CHECK_EQ(reap_data(&ring, 4), 0);
	io_uring_queue_exit(&ring);
}

TEST(submit_all_goes_on_after_a_bad_request)
{
	struct io_uring ring;

	ring_up(&ring, 8, IORING_SETUP_SUBMIT_ALL);
	nop(&ring, 1);
	bad(&ring, 2);
	nop(&ring, 3);
	bad(&ring, 4);
	nop(&ring, 5);
	CHECK_EQ(io_uring_submit(&ring), 5);
	for (int i = 1; i <= 5; i++)
		CHECK_EQ(reap_data(&ring, i), i % 2 ? 0 : -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(submit_and_wait_returns_when_enough_is_complete)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int n = 1; n <= 8; n++) {
		for (int i = 0; i < n; i++)
			nop(&ring, i);
		CHECK_EQ(io_uring_submit_and_wait(&ring, n), n);
		CHECK_EQ(io_uring_cq_ready(&ring), n);
		io_uring_cq_advance(&ring, n);
	}
	/* Nothing to submit, but something that is already there to wait for. */
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 0);
	CHECK_EQ(reap_data(&ring, 1), 0);
	io_uring_queue_exit(&ring);
}

TEST(submit_and_wait_sleeps_until_the_data_is_there)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];
	pid_t pid;

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	pid = (pid_t)SYS(fork());
	if (!pid) {
		sleep_ms(50);
		write_all(fds[1], "late", 4);
		_exit(0);
	}
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 1);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	CHECK_EQ(reap(&ring).res, 4);
	CHECK_MEM(buf, "late", 4);
	io_uring_queue_exit(&ring);
}

TEST(waiting_for_more_than_the_cq_holds_ends_when_it_is_full)
{
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	nop(&ring, 1);
	nop(&ring, 2);
	submit(&ring, 2);
	nop(&ring, 3);
	nop(&ring, 4);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1000), 2);
	for (int i = 1; i <= 4; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	io_uring_queue_exit(&ring);
}

TEST(submit_and_get_events_submits_and_looks_without_sleeping)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_submit_and_get_events(&ring), 0);
	nop(&ring, 1);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	nop(&ring, 3);
	CHECK_EQ(io_uring_submit_and_get_events(&ring), 3);
	CHECK_EQ(io_uring_cq_ready(&ring), 2);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(reap_data(&ring, 3), 0);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(the_rings_go_round_many_times_in_order)
{
	enum { ROUNDS = 30000 };
	struct io_uring ring;
	uint64_t sent = 0, seen = 0;

	ring_up(&ring, 4, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + round % 4;

		for (unsigned i = 0; i < n; i++)
			nop(&ring, sent++);
		submit(&ring, n);
		for (unsigned i = 0; i < n; i++)
			CHECK_EQ(reap_data(&ring, seen++), 0);
	}
	CHECK_EQ(*ring.cq.ktail, sent);
	CHECK_EQ(*ring.cq.khead, sent);
	io_uring_queue_exit(&ring);
}

TEST(a_hundred_rings_live_side_by_side)
{
	enum { RINGS = 100 };
	static struct io_uring rings[RINGS];

	for (int i = 0; i < RINGS; i++)
		ring_up(&rings[i], 4, 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < RINGS; i++) {
			nop(&rings[i], i);
			submit(&rings[i], 1);
		}
		for (int i = RINGS - 1; i >= 0; i--)
			CHECK_EQ(reap_data(&rings[i], i), 0);
	}
	for (int i = 0; i < RINGS; i++)
		io_uring_queue_exit(&rings[i]);
}

static void submit_elsewhere(void *arg)
{
	struct io_uring *ring = (struct io_uring *)arg;

	nop(ring, 1);
	CHECK_EQ(io_uring_submit(ring), -EEXIST);
}

TEST(a_ring_for_a_single_issuer_refuses_another_thread)
{
	static const unsigned flags[] = { IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };

	for (int i = 0; i < 2; i++) {
		struct io_uring ring;

		ring_up_or_skip(&ring, 8, flags[i]);
		in_thread(submit_elsewhere, &ring);
		/* What the other thread prepared is still there. */
		CHECK_EQ(run_one(&ring), 0);
		io_uring_queue_exit(&ring);
	}
}

struct crowd {
	struct io_uring *ring;
	pthread_mutex_t lock;
	uint64_t next;
};

static void *submit_many(void *arg)
{
	struct crowd *crowd = (struct crowd *)arg;

	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&crowd->lock);
		nop(crowd->ring, crowd->next++);
		CHECK_EQ(io_uring_submit(crowd->ring), 1);
		pthread_mutex_unlock(&crowd->lock);
	}
	return NULL;
}

TEST(several_threads_may_submit_under_a_lock)
{
	struct io_uring ring;
	struct crowd crowd = { &ring, PTHREAD_MUTEX_INITIALIZER, 0 };
	pthread_t threads[4];
	bool seen[2000] = { false };

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, submit_many, &crowd), 0);
	for (int i = 0; i < 2000; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, 0);
		CHECK_CMP(a.data, <, 2000);
		CHECK(!seen[a.data]);
		seen[a.data] = true;
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------- */

TEST(peek_gives_eagain_and_null_when_there_is_nothing)
{
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)8, *batch[4];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	CHECK_PTR(cqe, NULL);
	CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 4), 0);
	/* Waiting for none is looking. */
	CHECK_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 0), -EAGAIN);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 0, NULL, NULL), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(peek_shows_the_same_completion_until_it_is_seen)
{
	struct io_uring_cqe *first, *again;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1);
	nop(&ring, 2);
	submit(&ring, 2);
	CHECK_EQ(io_uring_peek_cqe(&ring, &first), 0);
	CHECK_EQ(io_uring_peek_cqe(&ring, &again), 0);
	CHECK_PTR(again, first);
	CHECK_EQ(first->user_data, 1);
	io_uring_cqe_seen(&ring, first);
	CHECK_EQ(io_uring_peek_cqe(&ring, &again), 0);
	CHECK_EQ(again->user_data, 2);
	io_uring_cqe_seen(&ring, NULL);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	io_uring_cqe_seen(&ring, again);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_batch_holds_what_is_there_up_to_the_count_also_across_the_wrap)
{
	struct io_uring_cqe *batch[16];
	struct io_uring ring;
	uint64_t next = 0;

	ring_up(&ring, 8, 0);
	/* 16 completion slots, 7 a round: the batch begins at every slot in turn. */
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 7; i++)
			nop(&ring, next + i);
		submit(&ring, 7);
		CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 0), 0);
		CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 3), 3);
		CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 16), 7);
		for (int i = 0; i < 7; i++) {
			CHECK_EQ(batch[i]->user_data, next + i);
			CHECK_PTR(batch[i], &ring.cq.cqes[(next + i) & 15]);
		}
		io_uring_cq_advance(&ring, 7);
		next += 7;
	}
	io_uring_queue_exit(&ring);
}

TEST(a_batch_of_wide_completions_has_their_stride)
{
	struct io_uring_cqe *batch[8];
	struct io_uring ring;
	uint64_t next = 0;

	ring_up(&ring, 4, IORING_SETUP_CQE32);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 3; i++)
			nop(&ring, next + i);
		submit(&ring, 3);
		CHECK_EQ(io_uring_peek_batch_cqe(&ring, batch, 8), 3);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(batch[i]->user_data, next + i);
			CHECK_EQ((char *)batch[i] - (char *)ring.cq.cqes, (next + i) % 8 * 32);
		}
		io_uring_cq_advance(&ring, 3);
		next += 3;
	}
	io_uring_queue_exit(&ring);
}

static void walk_both_ways(unsigned flags)
{
	struct io_uring_cqe_iter iter;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t next = 0;
	unsigned head;

	ring_up(&ring, 4, flags);
	for (int round = 0; round < 30; round++) {
		unsigned n = 0;

		for (int i = 0; i < 3; i++)
			nop(&ring, next + i);
		submit(&ring, 3);
		io_uring_for_each_cqe(&ring, head, cqe) {
			CHECK_EQ(cqe->user_data, next + n);
			n++;
		}
		CHECK_EQ(n, 3);
		n = 0;
		iter = io_uring_cqe_iter_init(&ring);
		while (io_uring_cqe_iter_next(&iter, &cqe)) {
			CHECK_EQ(cqe->user_data, next + n);
			n++;
		}
		CHECK_EQ(n, 3);
		/* Walking consumes nothing. */
		CHECK_EQ(io_uring_cq_ready(&ring), 3);
		io_uring_cq_advance(&ring, 3);
		io_uring_for_each_cqe(&ring, head, cqe)
			FAIL("a completion in an empty CQ");
		next += 3;
	}
	io_uring_queue_exit(&ring);
}

TEST(walking_the_cq_shows_everything_once_and_consumes_nothing)
{
	walk_both_ways(0);
}

TEST(walking_a_cq_of_wide_completions_shows_everything_once)
{
	walk_both_ways(IORING_SETUP_CQE32);
}

TEST(cq_advance_by_zero_does_nothing)
{
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	nop(&ring, 1);
	submit(&ring, 1);
	io_uring_cq_advance(&ring, 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	io_uring_cq_advance(&ring, 1);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(the_function_beneath_the_waits_submits_and_waits)
{
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)8;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 0, NULL), -EAGAIN);
	CHECK_PTR(cqe, NULL);
	nop(&ring, 1);
	nop(&ring, 2);
	/* What old programs, with the helpers of their time compiled in, ask of it. */
	submit(&ring, 2);
	CHECK_EQ(__io_uring_get_cqe(&ring, &cqe, 0, 2, NULL), 0);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_cq_advance(&ring, 2);
	nop(&ring, 3);
	io_uring_smp_store_release(ring.sq.ktail, ring.sq.sqe_tail);
	ring.sq.sqe_head = ring.sq.sqe_tail;
	CHECK_EQ(__io_uring_get_cqe(&ring, &cqe, 1, 1, NULL), 1);
	CHECK_EQ(cqe->user_data, 3);
	io_uring_cqe_seen(&ring, cqe);
	CHECK_EQ(__io_uring_peek_cqe(&ring, &cqe, NULL), 0);
	CHECK_PTR(cqe, NULL);
	io_uring_queue_exit(&ring);
}

TEST(the_small_helpers_agree_with_the_ring)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	CHECK_EQ(io_uring_sqe_shift_from_flags(0), 0);
	CHECK_EQ(io_uring_sqe_shift_from_flags(IORING_SETUP_SQE128), 1);
	CHECK_EQ(io_uring_cqe_shift_from_flags(0), 0);
	CHECK_EQ(io_uring_cqe_shift_from_flags(IORING_SETUP_CQE32), 1);
	/* On a mixed ring the slots stay small. */
	CHECK_EQ(io_uring_sqe_shift_from_flags(IORING_SETUP_SQE_MIXED), 0);
	CHECK_EQ(io_uring_cqe_shift_from_flags(IORING_SETUP_CQE_MIXED), 0);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_load_sq_head(&ring), 0);
	sqe = _io_uring_get_sqe(&ring);
	CHECK(sqe != NULL);
	io_uring_prep_rw(IORING_OP_NOP, sqe, -1, NULL, 0, 0);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(io_uring_load_sq_head(&ring), 1);
	io_uring_queue_exit(&ring);
}

/* ---- registered ring descriptors --------------------------------------------------------------------------------------------- */

TEST(a_registered_ring_is_entered_by_its_index)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_unregister_ring_fd(&ring), -EINVAL);
	CHECK_EQ(io_uring_register_ring_fd(&ring), 1);
	CHECK(ring.enter_ring_fd != ring.ring_fd);
	CHECK_EQ(io_uring_register_ring_fd(&ring), -EEXIST);
	for (int i = 0; i < 20; i++) {
		nop(&ring, i);
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_unregister_ring_fd(&ring), 1);
	CHECK_EQ(ring.enter_ring_fd, ring.ring_fd);
	CHECK_EQ(io_uring_unregister_ring_fd(&ring), -EINVAL);
	nop(&ring, 1);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_registered_ring_can_close_its_descriptor_and_go_on)
{
	struct io_uring_probe *probe;
	struct io_uring ring;
	int fd;

	ring_up(&ring, 8, 0);
	if (!(ring.features & IORING_FEAT_REG_REG_RING))
		CHECK_EQ(io_uring_close_ring_fd(&ring), -EOPNOTSUPP);
	need_feature(&ring, IORING_FEAT_REG_REG_RING);
	CHECK_EQ(io_uring_close_ring_fd(&ring), -EINVAL);
	CHECK_EQ(io_uring_register_ring_fd(&ring), 1);
	fd = ring.ring_fd;
	CHECK_EQ(io_uring_close_ring_fd(&ring), 1);
	CHECK_EQ(ring.ring_fd, -1);
	CHECK(!fd_is_open(fd));
	CHECK_EQ(io_uring_close_ring_fd(&ring), -EBADF);
	for (int i = 0; i < 20; i++) {
		nop(&ring, i);
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	probe = io_uring_get_probe_ring(&ring);
	CHECK(probe != NULL);
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
}

TEST(rings_that_were_registered_or_closed_leave_nothing_behind)
{
	struct io_uring ring;

	CHECK_NO_LEAK(40, {
		ring_up(&ring, 8, 0);
		CHECK_EQ(io_uring_register_ring_fd(&ring), 1);
		if (ring.features & IORING_FEAT_REG_REG_RING)
			CHECK_EQ(io_uring_close_ring_fd(&ring), 1);
		nop(&ring, 1);
		CHECK_EQ(run_one(&ring), 0);
		io_uring_queue_exit(&ring);
	});
}

TEST(sqring_wait_has_nothing_to_wait_for_without_a_submission_thread)
{
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	CHECK_EQ(io_uring_sqring_wait(&ring), 0);
	nop(&ring, 1);
	nop(&ring, 2);
	CHECK_EQ(io_uring_sq_space_left(&ring), 0);
	CHECK_EQ(io_uring_sqring_wait(&ring), 0);
	io_uring_queue_exit(&ring);
}
