/* SPDX-License-Identifier: MIT */
/* Setting rings up: sizes, flags, what comes back, probes, and the end of a ring. Memory of the caller: setup_mem.c. Failures: failure.c. */
#include "test.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { MAX_ENTRIES = 32768 };

static void nop_works(struct io_uring *ring)
{
	io_uring_prep_nop(sqe_of(ring));
	CHECK_EQ(run_one(ring), 0);
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------- */

TEST(a_new_ring_is_empty_and_says_what_it_is)
{
	struct io_uring ring;

	memset(&ring, 0xa5, sizeof(ring));
	ring_up(&ring, 8, 0);
	CHECK_CMP(ring.ring_fd, >=, 0);
	CHECK_EQ(ring.enter_ring_fd, ring.ring_fd);
	CHECK(fcntl(ring.ring_fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(ring.sq.ring_entries, 8);
	CHECK_EQ(ring.sq.ring_mask, 7);
	CHECK_EQ(*ring.sq.kring_entries, 8);
	CHECK_EQ(*ring.sq.kring_mask, 7);
	CHECK_EQ(ring.cq.ring_entries, 16);
	CHECK_EQ(ring.cq.ring_mask, 15);
	CHECK_EQ(*ring.cq.kring_entries, 16);
	CHECK_EQ(*ring.cq.kring_mask, 15);
	CHECK_EQ(*ring.sq.kflags, 0);
	CHECK_EQ(*ring.sq.kdropped, 0);
	CHECK_EQ(*ring.cq.koverflow, 0);
	CHECK_EQ(io_uring_sq_ready(&ring), 0);
	CHECK_EQ(io_uring_sq_space_left(&ring), 8);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK(!io_uring_cq_has_overflow(&ring));
	nop_works(&ring);
	io_uring_queue_exit(&ring);
}

TEST(every_feature_of_a_5_19_kernel_is_reported)
{
	const unsigned old = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RW_CUR_POS |
			     IORING_FEAT_CUR_PERSONALITY | IORING_FEAT_FAST_POLL | IORING_FEAT_POLL_32BITS | IORING_FEAT_SQPOLL_NONFIXED |
			     IORING_FEAT_EXT_ARG | IORING_FEAT_NATIVE_WORKERS | IORING_FEAT_RSRC_TAGS | IORING_FEAT_CQE_SKIP |
			     IORING_FEAT_LINKED_FILE;
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;

	ring_up_params(&ring, 4, &p);
	CHECK_EQ(p.features & old, old);
	CHECK_EQ(ring.features, p.features);
	io_uring_queue_exit(&ring);
}

TEST(entries_are_rounded_up_to_a_power_of_two)
{
	static const unsigned cases[][2] = {
		{ 1, 1 }, { 2, 2 }, { 3, 4 }, { 5, 8 }, { 33, 64 }, { 1000, 1024 }, { 32767, 32768 }, { MAX_ENTRIES, MAX_ENTRIES },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct io_uring_params p = { .flags = 0 };
		struct io_uring ring;

		ring_up_params(&ring, cases[i][0], &p);
		CHECK_EQ(p.sq_entries, cases[i][1]);
		CHECK_EQ(p.cq_entries, 2 * cases[i][1]);
		CHECK_EQ(ring.sq.ring_entries, cases[i][1]);
		CHECK_EQ(ring.cq.ring_entries, 2 * cases[i][1]);
		nop_works(&ring);
		io_uring_queue_exit(&ring);
	}
}

TEST(zero_entries_are_refused)
{
	struct io_uring ring;

	CHECK_EQ(io_uring_queue_init(0, &ring, 0), -EINVAL);
	CHECK_EQ(io_uring_queue_init(0, &ring, IORING_SETUP_CLAMP), -EINVAL);
}

TEST(more_entries_than_the_limit_are_refused)
{
	struct io_uring ring;

	CHECK_EQ(io_uring_queue_init(MAX_ENTRIES + 1, &ring, 0), -EINVAL);
	CHECK_EQ(io_uring_queue_init(0x80000000u, &ring, 0), -EINVAL);
	CHECK_EQ(io_uring_queue_init(~0u, &ring, 0), -EINVAL);
}

TEST(clamp_cuts_entries_to_the_limit)
{
	static const unsigned asked[] = { MAX_ENTRIES + 1, 1u << 20, ~0u };

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct io_uring_params p = { .flags = IORING_SETUP_CLAMP };
		struct io_uring ring;

		ring_up_params(&ring, asked[i], &p);
		CHECK_EQ(p.sq_entries, MAX_ENTRIES);
		CHECK_EQ(p.cq_entries, 2 * MAX_ENTRIES);
		nop_works(&ring);
		io_uring_queue_exit(&ring);
	}
}

TEST(cqsize_sets_the_completion_entries_apart)
{
	static const unsigned cases[][2] = { { 4, 4 }, { 5, 8 }, { 100, 128 }, { 2 * MAX_ENTRIES, 2 * MAX_ENTRIES } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct io_uring_params p = { .cq_entries = cases[i][0], .flags = IORING_SETUP_CQSIZE };
		struct io_uring ring;

		ring_up_params(&ring, 4, &p);
		CHECK_EQ(p.sq_entries, 4);
		CHECK_EQ(p.cq_entries, cases[i][1]);
		CHECK_EQ(ring.cq.ring_entries, cases[i][1]);
		CHECK_EQ(ring.cq.ring_mask, cases[i][1] - 1);
		nop_works(&ring);
		io_uring_queue_exit(&ring);
	}
}

TEST(cqsize_refuses_none_fewer_than_the_sq_and_too_many)
{
	static const unsigned bad[] = { 0, 1, 4, 2 * MAX_ENTRIES + 1, ~0u };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct io_uring_params p = { .cq_entries = bad[i], .flags = IORING_SETUP_CQSIZE };
		struct io_uring ring;

		CHECK_EQ(io_uring_queue_init_params(8, &ring, &p), -EINVAL);
	}
}

TEST(clamp_cuts_cqsize_too)
{
	struct io_uring_params p = { .cq_entries = ~0u, .flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP };
	struct io_uring ring;

	ring_up_params(&ring, 8, &p);
	CHECK_EQ(p.cq_entries, 2 * MAX_ENTRIES);
	io_uring_queue_exit(&ring);
}

TEST(cq_entries_are_ignored_without_cqsize)
{
	struct io_uring_params p = { .cq_entries = 1024, .flags = 0 };
	struct io_uring ring;

	ring_up_params(&ring, 8, &p);
	CHECK_EQ(p.cq_entries, 16);
	io_uring_queue_exit(&ring);
}

/* ---- flags ------------------------------------------------------------------------------------------------------------------- */

TEST(unknown_setup_flags_are_refused)
{
	for (int bit = 21; bit < 32; bit++) {
		struct io_uring ring;

		CHECK_EQ(io_uring_queue_init(4, &ring, 1u << bit), -EINVAL);
	}
}

struct combination {
	unsigned flags;
	int want;
};

#define DEFER (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER)

static const struct combination combinations[] = {
	{ 0, 0 },
	{ IORING_SETUP_SUBMIT_ALL, 0 },
	{ IORING_SETUP_R_DISABLED, 0 },
	{ IORING_SETUP_COOP_TASKRUN, 0 },
	{ IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, 0 },
	{ IORING_SETUP_SINGLE_ISSUER, 0 },
	{ DEFER, 0 },
	{ DEFER | IORING_SETUP_TASKRUN_FLAG, 0 },
	{ DEFER | IORING_SETUP_COOP_TASKRUN, 0 },
	{ IORING_SETUP_SQE128, 0 },
	{ IORING_SETUP_CQE32, 0 },
	{ IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0 },
	{ IORING_SETUP_NO_SQARRAY, 0 },
	{ IORING_SETUP_CLAMP, 0 },
	/* A flag that needs another one. */
	{ IORING_SETUP_SQ_AFF, -EINVAL },
	{ IORING_SETUP_TASKRUN_FLAG, -EINVAL },
	{ IORING_SETUP_DEFER_TASKRUN, -EINVAL },
	{ IORING_SETUP_HYBRID_IOPOLL, -EINVAL },
	{ IORING_SETUP_REGISTERED_FD_ONLY, -EINVAL },
	/* Flags that exclude each other. */
	{ IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN, -EINVAL },
	{ IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, -EINVAL },
	{ IORING_SETUP_SQPOLL | DEFER, -EINVAL },
	{ IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED, -EINVAL },
	{ IORING_SETUP_SQE128 | IORING_SETUP_SQE_MIXED, -EINVAL },
	{ IORING_SETUP_SQPOLL | IORING_SETUP_SQ_REWIND, -EINVAL },
};

TEST(combinations_of_setup_flags_work_or_are_refused_as_by_the_kernel)
{
	for (size_t i = 0; i < sizeof(combinations) / sizeof(combinations[0]); i++) {
		const struct combination *c = &combinations[i];
		struct io_uring ring;
		int ret = io_uring_queue_init(4, &ring, c->flags);

		if (ret != c->want)
			FAIL("flags 0x%x (line %zu of the table) give %d, not %d", c->flags, i, ret, c->want);
		if (ret)
			continue;
		if (c->flags & IORING_SETUP_R_DISABLED)
			CHECK_EQ(io_uring_enable_rings(&ring), 0);
		CHECK_EQ(ring.flags & c->flags, c->flags);
		nop_works(&ring);
		io_uring_queue_exit(&ring);
	}
}

TEST(the_kernel_answers_each_single_flag_alike_through_the_library, .needs_kernel = "compares with the system call",
     .kernel_only = "the engine does not take all setup flags yet")
{
	for (int bit = 0; bit < 32; bit++) {
		/*
		 * In the first three the library itself has a part: memory, the descriptor, SQ_REWIND's need of NO_SQARRAY. The last
		 * two have programs of their own: sqpoll.c and iopoll.c.
		 */
		const unsigned own = IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY | IORING_SETUP_SQ_REWIND |
				     IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL;
		struct io_uring_params raw = { .flags = 1u << bit }, p = raw;
		struct io_uring ring;
		int raw_fd, ret;

		if (raw.flags & own)
			continue;
		raw_fd = raw_setup(4, &raw);
		ret = io_uring_queue_init_params(4, &ring, &p);
		if (raw_fd >= 0) {
			close(raw_fd);
			raw_fd = 0;
		}
		/* A library that knows more than the kernel may serve more. */
		if (ret != raw_fd && !(raw_fd == -EINVAL && bit < 21))
			FAIL("flag 0x%x: %d, the kernel: %d", 1u << bit, ret, raw_fd);
		if (!ret)
			io_uring_queue_exit(&ring);
	}
}

TEST(a_nonzero_reserved_field_is_refused)
{
	for (int i = 0; i < 3; i++) {
		struct io_uring_params p = { .flags = 0 };
		struct io_uring ring;

		p.resv[i] = 1;
		CHECK_EQ(io_uring_queue_init_params(4, &ring, &p), -EINVAL);
	}
}

TEST(a_refusal_gives_the_flags_back_as_they_were)
{
	struct io_uring_params p = { .flags = IORING_SETUP_TASKRUN_FLAG };
	struct io_uring ring;

	CHECK_EQ(io_uring_queue_init_params(4, &ring, &p), -EINVAL);
	CHECK_EQ(p.flags, IORING_SETUP_TASKRUN_FLAG);
}

TEST(the_sq_array_is_left_out_where_the_kernel_can_do_without)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;

	ring_up_params(&ring, 4, &p);
	CHECK_EQ(ring.flags, p.flags);
	if (p.flags & IORING_SETUP_NO_SQARRAY) {
		CHECK_PTR(ring.sq.array, NULL);
		CHECK_EQ(p.sq_off.array, 0);
	} else {
		if (kernel_knows_setup_flags(IORING_SETUP_NO_SQARRAY))
			FAIL("the kernel knows IORING_SETUP_NO_SQARRAY, the ring does without");
		for (unsigned i = 0; i < 4; i++)
			CHECK_EQ(ring.sq.array[i], i);
	}
	nop_works(&ring);
	io_uring_queue_exit(&ring);
}

TEST(the_offsets_that_come_back_are_those_the_ring_uses)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	char *sq, *cq;

	ring_up_params(&ring, 8, &p);
	sq = (char *)ring.sq.ring_ptr;
	cq = (char *)ring.cq.ring_ptr;
	CHECK_PTR(ring.sq.khead, sq + p.sq_off.head);
	CHECK_PTR(ring.sq.ktail, sq + p.sq_off.tail);
	CHECK_PTR(ring.sq.kring_mask, sq + p.sq_off.ring_mask);
	CHECK_PTR(ring.sq.kring_entries, sq + p.sq_off.ring_entries);
	CHECK_PTR(ring.sq.kflags, sq + p.sq_off.flags);
	CHECK_PTR(ring.sq.kdropped, sq + p.sq_off.dropped);
	CHECK_PTR(ring.cq.khead, cq + p.cq_off.head);
	CHECK_PTR(ring.cq.ktail, cq + p.cq_off.tail);
	CHECK_PTR(ring.cq.kring_mask, cq + p.cq_off.ring_mask);
	CHECK_PTR(ring.cq.kring_entries, cq + p.cq_off.ring_entries);
	CHECK_PTR(ring.cq.koverflow, cq + p.cq_off.overflow);
	CHECK_PTR(ring.cq.cqes, cq + p.cq_off.cqes);
	CHECK_PTR(ring.cq.kflags, cq + p.cq_off.flags);
	CHECK(p.features & IORING_FEAT_SINGLE_MMAP);
	CHECK_PTR(sq, cq);
	CHECK_EQ(ring.sq.ring_sz, ring.cq.ring_sz);
	CHECK_EQ(ring.sq.sqes_sz, 8 * sizeof(struct io_uring_sqe));
	io_uring_queue_exit(&ring);
}

TEST(attach_wq_takes_a_ring_and_nothing_else)
{
	struct io_uring_params p = { .flags = IORING_SETUP_ATTACH_WQ };
	struct io_uring first, second;
	int fds[2];

	ring_up(&first, 4, 0);
	p.wq_fd = first.ring_fd;
	CHECK_EQ(io_uring_queue_init_params(4, &second, &p), 0);
	nop_works(&second);
	io_uring_queue_exit(&second);

	pipe_up(fds);
	p = (struct io_uring_params){ .flags = IORING_SETUP_ATTACH_WQ, .wq_fd = (unsigned)fds[0] };
	CHECK_EQ(io_uring_queue_init_params(4, &second, &p), -EINVAL);
	close(fds[0]);
	p = (struct io_uring_params){ .flags = IORING_SETUP_ATTACH_WQ, .wq_fd = (unsigned)fds[0] };
	CHECK_EQ(io_uring_queue_init_params(4, &second, &p), -ENXIO);
	io_uring_queue_exit(&first);
}

/* ---- wide entries ------------------------------------------------------------------------------------------------------------ */

TEST(sqe128_doubles_the_stride_of_the_sqes)
{
	struct io_uring ring;
	struct io_uring_sqe *first, *second;

	ring_up(&ring, 4, IORING_SETUP_SQE128);
	first = sqe_of(&ring);
	second = sqe_of(&ring);
	CHECK_EQ((char *)second - (char *)first, 128);
	CHECK_EQ(ring.sq.sqes_sz, 4 * 128);
	CHECK_EQ(io_uring_sqe_shift(&ring), 1);
	io_uring_prep_nop(first);
	first->user_data = 1;
	io_uring_prep_nop(second);
	second->user_data = 2;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(reap_data(&ring, 2), 0);
	/* Round the ring: the same slots again. */
	for (unsigned i = 0; i < 20; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		CHECK_EQ((char *)sqe - (char *)first, (i + 2) % 4 * 128);
		io_uring_prep_nop(sqe);
		sqe->user_data = i;
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(cqe32_doubles_the_stride_of_the_cqes)
{
	struct io_uring ring;
	struct io_uring_cqe *cqe;

	ring_up(&ring, 4, IORING_SETUP_CQE32);
	CHECK_EQ(io_uring_cqe_shift(&ring), 1);
	for (unsigned i = 0; i < 30; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_nop(sqe);
		sqe->user_data = i;
		submit(&ring, 1);
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ((char *)cqe - (char *)ring.cq.cqes, i % 8 * 32);
		CHECK_EQ(cqe->user_data, i);
		CHECK_EQ(cqe->big_cqe[0], 0);
		CHECK_EQ(cqe->big_cqe[1], 0);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
}

TEST(nop128_needs_a_ring_for_it)
{
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	io_uring_prep_nop128(sqe_of(&ring));
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(get_sqe128_needs_a_ring_for_it)
{
	struct io_uring ring;
	struct io_uring_sqe *sqe;

	ring_up(&ring, 4, 0);
	CHECK_PTR(io_uring_get_sqe128(&ring), NULL);
	CHECK_EQ(io_uring_sq_ready(&ring), 0);
	io_uring_queue_exit(&ring);

	ring_up(&ring, 4, IORING_SETUP_SQE128);
	sqe = io_uring_get_sqe128(&ring);
	CHECK(sqe != NULL);
	CHECK_EQ(io_uring_sq_ready(&ring), 1);
	io_uring_prep_nop(sqe);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(sq_rewind_starts_every_submission_at_slot_zero,
     .kernel_only = "it is about setup flags that the engine does not take yet")
{
	struct io_uring ring;
	struct io_uring_sqe *first = NULL;

	ring_up_or_skip(&ring, 4, IORING_SETUP_SQ_REWIND);
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 3; i++) {
			struct io_uring_sqe *sqe = sqe_of(&ring);

			if (!first)
				first = sqe;
			CHECK_EQ(sqe - first, i);
			io_uring_prep_nop(sqe);
			sqe->user_data = 10 * round + i;
		}
		submit(&ring, 3);
		for (unsigned i = 0; i < 3; i++)
			CHECK_EQ(reap_data(&ring, 10 * round + i), 0);
	}
	io_uring_queue_exit(&ring);
}

/* ---- probes ------------------------------------------------------------------------------------------------------------------ */

TEST(a_probe_knows_the_old_opcodes_and_not_those_to_come)
{
	struct io_uring_probe *probe = io_uring_get_probe();

	CHECK(probe != NULL);
	CHECK_CMP(probe->last_op, >=, IORING_OP_LINKAT);
	for (int op = IORING_OP_NOP; op <= IORING_OP_LINKAT; op++)
		if (op != IORING_OP_PROVIDE_BUFFERS && op != IORING_OP_REMOVE_BUFFERS)
			CHECK_EQ(io_uring_opcode_supported(probe, op), 1);
	CHECK_EQ(io_uring_opcode_supported(probe, probe->last_op + 1), 0);
	CHECK_EQ(io_uring_opcode_supported(probe, 255), 0);
	for (int op = 0; op < probe->ops_len; op++)
		CHECK_EQ(probe->ops[op].op, op);
	io_uring_free_probe(probe);
}

TEST(plain_free_takes_a_probe)
{
	struct io_uring ring;

	free(io_uring_get_probe());
	ring_up(&ring, 2, 0);
	free(io_uring_get_probe_ring(&ring));
	io_uring_queue_exit(&ring);
	io_uring_free_probe(NULL);
}

TEST(the_probe_of_a_ring_equals_the_registration_s)
{
	size_t size = sizeof(struct io_uring_probe) + 256 * sizeof(struct io_uring_probe_op);
	struct io_uring_probe *probe, *own = (struct io_uring_probe *)calloc(1, size);
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	CHECK_EQ(io_uring_register_probe(&ring, own, 256), 0);
	probe = io_uring_get_probe_ring(&ring);
	CHECK(probe != NULL);
	CHECK_MEM(probe, own, size);
	io_uring_free_probe(probe);
	free(own);
	io_uring_queue_exit(&ring);
}

TEST(the_probe_of_a_closed_ring_is_null)
{
	struct io_uring ring;

	ring_up(&ring, 2, 0);
	io_uring_queue_exit(&ring);
	CHECK_PTR(io_uring_get_probe_ring(&ring), NULL);
}

TEST(probing_leaves_nothing_behind)
{
	CHECK_NO_LEAK(20, { io_uring_free_probe(io_uring_get_probe()); });
}

/* ---- the end ----------------------------------------------------------------------------------------------------------------- */

TEST(exit_closes_the_descriptor_and_unmaps)
{
	struct io_uring ring;

	CHECK_NO_LEAK(30, {
		ring_up(&ring, 64, 0);
		nop_works(&ring);
		io_uring_queue_exit(&ring);
		CHECK(!fd_is_open(ring.ring_fd));
	});
}

TEST(exit_with_requests_in_flight_leaves_nothing_behind)
{
	struct io_uring ring;
	char buf[64];
	int fds[2];

	CHECK_NO_LEAK(10, {
		pipe_up(fds);
		ring_up(&ring, 8, 0);
		io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
		io_uring_prep_poll_add(sqe_of(&ring), fds[0], POLLIN);
		submit(&ring, 2);
		io_uring_queue_exit(&ring);
		close(fds[0]);
		close(fds[1]);
	});
}

/* What becomes of a child that looks at this address. */
static int child_reads(volatile const void *p)
{
	int status;
	pid_t pid = (pid_t)SYS(fork());

	if (!pid)
		_exit(*(volatile const unsigned *)p == 12345);
	SYS(waitpid(pid, &status, 0));
	return status;
}

TEST(a_ring_without_fork_is_missing_in_the_child)
{
	struct io_uring ring;

	for (int dontfork = 0; dontfork < 2; dontfork++) {
		const volatile void *places[3];

		ring_up(&ring, 8, 0);
		if (dontfork)
			CHECK_EQ(io_uring_ring_dontfork(&ring), 0);
		places[0] = ring.sq.khead;
		places[1] = &ring.sq.sqes[7];
		places[2] = &ring.cq.cqes[15];
		for (int i = 0; i < 3; i++) {
			int status = child_reads(places[i]);

			if (dontfork)
				CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
			else
				CHECK_EQ(status, 0);
		}
		nop_works(&ring);
		io_uring_queue_exit(&ring);
	}
}

TEST(dontfork_of_a_ring_that_was_never_set_up_is_refused)
{
	struct io_uring ring;

	memset(&ring, 0, sizeof(ring));
	CHECK_EQ(io_uring_ring_dontfork(&ring), -EINVAL);
}
