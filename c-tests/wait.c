/* SPDX-License-Identifier: MIT */
/* Waiting for completions: time limits, minimum waits, registered waits, signals and masks, threads, kernels without EXT_ARG. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

enum { LONG_MS = 30000, PROMPT_MS = 10000 };

static void nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = data;
}

/* A ring with one request that does not complete: a read from an empty pipe. */
static void idle_ring(struct io_uring *ring, int fds[2])
{
	static char buf[64];

	pipe_up(fds);
	ring_up(ring, 8, 0);
	io_uring_prep_read(sqe_of(ring), fds[0], buf, sizeof(buf), 0);
	submit(ring, 1);
}

/* ---- time limits ------------------------------------------------------------------------------------------------------------- */

TEST(a_wait_with_a_limit_ends_with_etime_and_not_before)
{
	struct __kernel_timespec ts = timespec_ms(60);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t start;
	int fds[2];

	idle_ring(&ring, fds);
	start = now_ms();
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	CHECK_CMP(now_ms() - start, >=, 59);
	CHECK_PTR(cqe, NULL);
	start = now_ms();
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 3, &ts, NULL), -ETIME);
	CHECK_CMP(now_ms() - start, >=, 59);
	io_uring_queue_exit(&ring);
}

TEST(a_limit_of_zero_only_looks)
{
	struct __kernel_timespec ts = timespec_ms(0);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fds[2];

	idle_ring(&ring, fds);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), 0);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_queue_exit(&ring);
}

TEST(a_wait_with_a_limit_ends_when_the_completion_comes)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t start = now_ms();
	int fds[2];

	idle_ring(&ring, fds);
	write_all(fds[1], "data", 4);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), 0);
	CHECK_EQ(cqe->res, 4);
	io_uring_cqe_seen(&ring, cqe);
	CHECK_CMP(now_ms() - start, <, PROMPT_MS);
	io_uring_queue_exit(&ring);
}

TEST(no_limit_means_wait_as_long_as_it_takes)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	nop(&ring, 1);
	nop(&ring, 2);
	submit(&ring, 2);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 2, NULL, NULL), 0);
	CHECK_EQ(cqe->user_data, 1);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, NULL), 0);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_queue_exit(&ring);
}

TEST(too_few_completions_at_the_limit_are_still_a_success)
{
	struct __kernel_timespec ts = timespec_ms(30);
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	int fds[2];

	idle_ring(&ring, fds);
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 2, &ts, NULL), 0);
	CHECK(cqe != NULL);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_queue_exit(&ring);
}

TEST(submit_and_wait_timeout_tells_how_many_it_submitted)
{
	struct __kernel_timespec ts = timespec_ms(30), longer = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)8;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	nop(&ring, 1);
	nop(&ring, 2);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &longer, NULL), 2);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_cq_advance(&ring, 2);
	/* Submitted, but not complete in time: the number wins over -ETIME. */
	io_uring_prep_poll_add(sqe_of(&ring), fds[0], 1);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
	CHECK_PTR(cqe, NULL);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -ETIME);
	/* Without a limit. */
	nop(&ring, 3);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, NULL, NULL), 1);
	CHECK_EQ(cqe->user_data, 3);
	io_uring_queue_exit(&ring);
}

static void one_bad_of_four(struct io_uring *ring)
{
	nop(ring, 1);
	nop(ring, 2);
	nop(ring, 3);
	nop(ring, 4);
	ring->sq.sqes[1].opcode = 254;
}

TEST(a_wait_behind_a_bad_request_submits_the_rest_unless_it_has_a_limit)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	one_bad_of_four(&ring);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 4, &ts, NULL), 2);
	CHECK_EQ(cqe->user_data, 1);
	CHECK_EQ(io_uring_cq_ready(&ring), 2);
	CHECK_EQ(io_uring_sq_ready(&ring), 2);
	submit(&ring, 2);
	io_uring_cq_advance(&ring, 4);
	/* Without a limit it enters again, since it still waits. */
	one_bad_of_four(&ring);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 4, NULL, NULL), 2);
	CHECK_EQ(cqe->user_data, 1);
	CHECK_EQ(io_uring_cq_ready(&ring), 4);
	CHECK_EQ(io_uring_sq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_minimum_wait_ends_with_what_came)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t start;
	int fds[2];

	idle_ring(&ring, fds);
	if (!(ring.features & IORING_FEAT_MIN_TIMEOUT)) {
		CHECK_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 4, &ts, 1000, NULL), -EINVAL);
		CHECK_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 4, &ts, 1000, NULL), -EINVAL);
	}
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT);
	/* One of four is there: after the minimum that is enough. */
	nop(&ring, 1);
	start = now_ms();
	CHECK_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 4, &ts, 50000, NULL), 1);
	CHECK_CMP(now_ms() - start, >=, 49);
	CHECK_CMP(now_ms() - start, <, PROMPT_MS);
	CHECK_EQ(cqe->user_data, 1);
	start = now_ms();
	CHECK_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 4, &ts, 50000, NULL), 0);
	CHECK_CMP(now_ms() - start, >=, 49);
	CHECK_CMP(now_ms() - start, <, PROMPT_MS);
	io_uring_cqe_seen(&ring, cqe);
	/* All four are there: no need to wait for the minimum. */
	for (int i = 0; i < 4; i++)
		nop(&ring, i);
	start = now_ms();
	CHECK_EQ(io_uring_submit_and_wait_min_timeout(&ring, &cqe, 4, &ts, LONG_MS * 1000, NULL), 4);
	CHECK_CMP(now_ms() - start, <, PROMPT_MS);
	io_uring_queue_exit(&ring);
}

/* Waits in vain, and as long as both say. */
static void minimum_and_limit(unsigned min_ms, unsigned limit_ms)
{
	struct __kernel_timespec ts = timespec_ms(limit_ms);
	unsigned longer_ms = min_ms > limit_ms ? min_ms : limit_ms;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t start;
	int fds[2];

	idle_ring(&ring, fds);
	need_feature(&ring, IORING_FEAT_MIN_TIMEOUT);
	start = now_ms();
	CHECK_EQ(io_uring_wait_cqes_min_timeout(&ring, &cqe, 2, &ts, min_ms * 1000, NULL), -ETIME);
	CHECK_CMP(now_ms() - start, >=, longer_ms - 1);
	CHECK_CMP(now_ms() - start, <, PROMPT_MS);
	io_uring_queue_exit(&ring);
}

TEST(a_minimum_wait_without_any_completion_goes_on_to_the_limit)
{
	minimum_and_limit(10, 80);
}

TEST(a_minimum_wait_longer_than_the_limit_is_waited_for)
{
	minimum_and_limit(60, 5);
}

static void *ask_for_events(void *ring)
{
	CHECK_EQ(io_uring_get_events((struct io_uring *)ring), -EEXIST);
	return NULL;
}

TEST(only_the_submitter_harvests_a_ring_with_deferred_work)
{
	struct io_uring ring;
	pthread_t thread;

	ring_up_or_skip(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(pthread_create(&thread, NULL, ask_for_events, &ring), 0);
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
}

TEST(an_eventfd_tells_of_deferred_work_before_it_is_done)
{
	struct io_uring ring;
	struct pollfd pfd;
	eventfd_t value;
	int fds[2];

	pipe_up(fds);
	ring_up_or_skip(&ring, 8, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	pfd.fd = (int)SYS(eventfd(0, EFD_CLOEXEC));
	pfd.events = POLLIN;
	CHECK_EQ(io_uring_register_eventfd(&ring, pfd.fd), 0);
	io_uring_prep_poll_add(sqe_of(&ring), fds[0], POLLIN);
	submit(&ring, 1);
	CHECK_EQ(SYS(poll(&pfd, 1, 20)), 0);
	write_all(fds[1], "x", 1);
	CHECK_EQ(SYS(poll(&pfd, 1, LONG_MS)), 1);
	SYS(eventfd_read(pfd.fd, &value));
	sleep_ms(20);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	CHECK_EQ(reap(&ring).res, POLLIN);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_with_deferred_work_that_reads_its_own_eventfd_is_told_once)
{
	uint64_t value = 0;
	struct io_uring ring;
	struct answer a[2];
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC));

	ring_up_or_skip(&ring, 64, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	for (int round = 0; round < 20; round++) {
		CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, false), 0);
		io_uring_prep_read(sqe_of(&ring), fd, &value, sizeof(value), 0);
		submit(&ring, 1);
		for (int i = 0; i < 63; i++)
			io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 63);
		for (int i = 0; i < 63; i++)
			CHECK_EQ(reap(&ring).res, 0);
		CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
		io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 1);
		sleep_ms(2);
		reap_sorted(&ring, a, 2);
		/* The kernel tells of the completion and, a little later, of the work that this made. */
		CHECK_CMP(value, <=, 2);
		SYS(eventfd_write(fd, 1));
		SYS(eventfd_read(fd, &value));
	}
	io_uring_queue_exit(&ring);
}

/* ---- registered waits ---------------------------------------------------------------------------------------------------------- */

TEST(a_registered_wait_names_its_limit_by_index)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct io_uring_region_desc desc = { .user_addr = 0, .size = page, .flags = IORING_MEM_REGION_TYPE_USER };
	struct io_uring_mem_region_reg reg = { .region_uptr = (uintptr_t)&desc, .flags = IORING_MEM_REGION_REG_WAIT_ARG };
	struct io_uring_reg_wait *waits = (struct io_uring_reg_wait *)pages(page);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t start;
	int ret;

	desc.user_addr = (uintptr_t)waits;
	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	ret = io_uring_register_region(&ring, &reg);
	if (ret == -EINVAL && !kernel_knows_register(IORING_REGISTER_MEM_REGION))
		test_skip("the kernel knows no memory regions");
	CHECK_EQ(ret, 0);
	CHECK_EQ(io_uring_enable_rings(&ring), 0);
	waits[0].ts.tv_nsec = 60 * 1000000;
	waits[0].flags = IORING_REG_WAIT_TS;
	waits[1].ts.tv_sec = LONG_MS / 1000;
	waits[1].flags = IORING_REG_WAIT_TS;
	start = now_ms();
	CHECK_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -ETIME);
	CHECK_CMP(now_ms() - start, >=, 59);
	nop(&ring, 1);
	CHECK_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 1), 1);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);
	/* An index beyond the region. */
	CHECK_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, (int)(page / sizeof(*waits))), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(a_registered_wait_without_a_region_is_refused)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -EFAULT);
	ring.features &= ~IORING_FEAT_EXT_ARG;
	CHECK_EQ(io_uring_submit_and_wait_reg(&ring, &cqe, 1, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- signals ----------------------------------------------------------------------------------------------------------------- */

TEST(a_signal_ends_a_wait_with_eintr)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct pest *pest;
	int fds[2];

	idle_ring(&ring, fds);
	count_signal(SIGUSR1);
	pest = pest_start(SIGUSR1, 20);
	CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), -EINTR);
	CHECK_CMP(signals_seen, >, 0);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -EINTR);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), -EINTR);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -EINTR);
	pest_stop(pest);
	io_uring_queue_exit(&ring);
}

TEST(a_signal_after_a_submission_gives_the_number_submitted)
{
	struct io_uring ring;
	struct pest *pest;
	int fds[2];

	idle_ring(&ring, fds);
	count_signal(SIGUSR1);
	io_uring_prep_poll_add(sqe_of(&ring), fds[0], 1);
	pest = pest_start(SIGUSR1, 20);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 1);
	pest_stop(pest);
	CHECK_CMP(signals_seen, >, 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(no_completion_is_lost_to_signals)
{
	enum { ROUNDS = 200 };
	struct io_uring ring;
	struct pest *pest;
	char byte, buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	count_signal(SIGUSR1);
	pest = pest_start(SIGUSR1, 1);
	for (int i = 0; i < ROUNDS; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);
		struct io_uring_cqe *cqe;
		int ret;

		io_uring_prep_read(sqe, fds[0], buf, 1, 0);
		sqe->user_data = i;
		submit(&ring, 1);
		byte = (char)i;
		if (i % 2)
			sleep_ms(1);
		CHECK_EQ(write(fds[1], &byte, 1), 1);
		while ((ret = io_uring_wait_cqe(&ring, &cqe)) == -EINTR)
			;
		CHECK_EQ(ret, 0);
		CHECK_EQ(cqe->user_data, i);
		CHECK_EQ(cqe->res, 1);
		CHECK_EQ(buf[0], byte);
		io_uring_cqe_seen(&ring, cqe);
	}
	pest_stop(pest);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_mask_that_blocks_the_signal_keeps_the_wait_whole)
{
	struct __kernel_timespec ts = timespec_ms(120);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct pest *pest;
	sigset_t mask;
	int fds[2];

	idle_ring(&ring, fds);
	count_signal(SIGUSR1);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pest = pest_start(SIGUSR1, 5);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, &mask), -ETIME);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, &mask), -ETIME);
	pest_stop(pest);
	/* What was held back came when the wait was over. */
	CHECK_CMP(signals_seen, >, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_mask_that_opens_for_a_pending_signal_ends_the_wait)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	sigset_t block, open, now;
	int fds[2];

	idle_ring(&ring, fds);
	count_signal(SIGUSR1);
	sigemptyset(&open);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	for (int i = 0; i < 3; i++) {
		int before = signals_seen;

		raise(SIGUSR1);
		CHECK_EQ(signals_seen, before);
		if (i == 0)
			CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 1, NULL, &open), -EINTR);
		else if (i == 1)
			CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 1, &ts, &open), -EINTR);
		else
			CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, &open), -EINTR);
		CHECK_EQ(signals_seen, before + 1);
		/* The mask of before is back. */
		sigprocmask(SIG_BLOCK, NULL, &now);
		CHECK(sigismember(&now, SIGUSR1));
	}
	io_uring_queue_exit(&ring);
}

/* ---- threads ----------------------------------------------------------------------------------------------------------------- */

static void write_late(void *arg)
{
	sleep_ms(30);
	write_all(*(int *)arg, "data", 4);
}

static void *write_late_thread(void *arg)
{
	write_late(arg);
	return NULL;
}

TEST(a_sleeping_wait_is_woken_by_what_another_thread_does)
{
	static const unsigned flags[] = {
		0,
		IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	char buf[8];

	for (int i = 0; i < 3; i++) {
		struct io_uring ring;
		pthread_t thread;
		int fds[2];

		pipe_up(fds);
		ring_up_or_skip(&ring, 8, flags[i]);
		io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
		submit(&ring, 1);
		CHECK_EQ(pthread_create(&thread, NULL, write_late_thread, &fds[1]), 0);
		CHECK_EQ(reap(&ring).res, 4);
		pthread_join(thread, NULL);
		io_uring_queue_exit(&ring);
		close(fds[0]);
		close(fds[1]);
	}
}

static void *wait_for_two(void *arg)
{
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe_nr((struct io_uring *)arg, &cqe, 2), 0);
	return NULL;
}

TEST(several_threads_may_wait_for_the_same_completions)
{
	pthread_t threads[3];
	struct io_uring ring;
	char buf[2][8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 2; i++)
		io_uring_prep_read(sqe_of(&ring), fds[0], buf[i], 1, 0);
	submit(&ring, 2);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, wait_for_two, &ring), 0);
	sleep_ms(30);
	write_all(fds[1], "ab", 2);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(io_uring_cq_ready(&ring), 2);
	io_uring_queue_exit(&ring);
}

TEST(waiting_without_counting_as_io_is_a_switch)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fds[2], want;

	idle_ring(&ring, fds);
	want = ring.features & IORING_FEAT_NO_IOWAIT ? 0 : -EOPNOTSUPP;
	CHECK_EQ(io_uring_set_iowait(&ring, false), want);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	nop(&ring, 1);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 1);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(io_uring_set_iowait(&ring, true), want);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	io_uring_queue_exit(&ring);
}

/* ---- kernels without EXT_ARG: the library submits a timeout of its own ----------------------------------------------------------- */

static void old_ring(struct io_uring *ring, unsigned entries)
{
	ring_up(ring, entries, 0);
	ring->features &= ~IORING_FEAT_EXT_ARG;
}

/* As upstream's library has it, such a wait tells how many requests it submitted, its own timeout among them. */

TEST(without_ext_arg_a_limit_ends_a_wait_and_shows_no_completion)
{
	struct __kernel_timespec ts = timespec_ms(40);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	old_ring(&ring, 8);
	for (int i = 0; i < 10; i++) {
		uint64_t start = now_ms();

		cqe = (struct io_uring_cqe *)8;
		CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), 1);
		CHECK_PTR(cqe, NULL);
		CHECK_CMP(now_ms() - start, >=, 39);
		CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
		CHECK_EQ(io_uring_cq_ready(&ring), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(without_ext_arg_a_wait_submits_what_was_prepared)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	old_ring(&ring, 8);
	nop(&ring, 1);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), 2);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);
	CHECK_EQ(io_uring_sq_ready(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(without_ext_arg_a_completion_that_is_there_needs_no_sleep)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	old_ring(&ring, 8);
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_CMP(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), >=, 0);
	CHECK_EQ(cqe->user_data, 1);
	io_uring_cqe_seen(&ring, cqe);
	CHECK_EQ(io_uring_wait_cqe_nr(&ring, &cqe, 0), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(without_ext_arg_a_full_queue_is_submitted_to_make_room_for_the_timeout)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	old_ring(&ring, 4);
	for (int i = 0; i < 4; i++)
		nop(&ring, i);
	CHECK_EQ(io_uring_wait_cqes(&ring, &cqe, 4, &ts, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	/* The timeout that the fourth completion ended is nobody's completion. */
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	io_uring_queue_exit(&ring);
}

TEST(without_ext_arg_submit_and_wait_timeout_serves_too)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS), brief = timespec_ms(30);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	old_ring(&ring, 8);
	nop(&ring, 1);
	nop(&ring, 2);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 2, &ts, NULL), 3);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(reap_data(&ring, 2), 0);
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &brief, NULL), 1);
	CHECK_PTR(cqe, NULL);
	io_uring_queue_exit(&ring);
}
