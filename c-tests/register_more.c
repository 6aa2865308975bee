/* SPDX-License-Identifier: MIT */
/*
 * Registration beyond files and buffers: eventfds, probes, restrictions, workers, synchronous cancels and messages, clocks, regions,
 * resizing, and what this kernel or machine cannot do, which must answer as the system call does.
 */
#include "test.h"

#include <linux/filter.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>

static void nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = data;
}

/* ---- eventfds ------------------------------------------------------------------------------------------------------------------ */

static uint64_t events_of(int fd)
{
	uint64_t n = 0;

	if (read(fd, &n, sizeof(n)) < 0)
		CHECK_EQ(errno, EAGAIN);
	return n;
}

TEST(a_registered_eventfd_is_signalled_for_completions)
{
	struct io_uring ring;
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_unregister_eventfd(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), -EBUSY);
	CHECK_EQ(events_of(fd), 0);
	for (int i = 0; i < 3; i++) {
		nop(&ring, i);
		submit(&ring, 1);
		CHECK_CMP(events_of(fd), >=, 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	CHECK_EQ(io_uring_unregister_eventfd(&ring), 0);
	CHECK_EQ(io_uring_unregister_eventfd(&ring), -ENXIO);
	nop(&ring, 9);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 9), 0);
	CHECK_EQ(events_of(fd), 0);
	CHECK_EQ(io_uring_register_eventfd(&ring, NO_FD), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(a_blocking_read_of_the_eventfd_sees_a_late_completion)
{
	struct io_uring ring;
	uint64_t n;
	char buf[4];
	int fds[2], fd = (int)SYS(eventfd(0, EFD_CLOEXEC));

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, 4, 0);
	submit(&ring, 1);
	if (!SYS(fork())) {
		sleep_ms(20);
		write_all(fds[1], "data", 4);
		_exit(0);
	}
	CHECK_EQ(read(fd, &n, sizeof(n)), 8);
	CHECK_EQ(reap(&ring).res, 4);
	io_uring_queue_exit(&ring);
}

TEST(an_eventfd_for_async_completions_is_not_signalled_for_others)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_eventfd_async(&ring, fd), 0);
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(events_of(fd), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	submit(&ring, 1);
	CHECK_EQ(reap(&ring).res, 0);
	WAIT_UNTIL(events_of(fd) > 0);
	io_uring_queue_exit(&ring);
}

TEST(the_eventfd_can_be_hushed_in_the_ring)
{
	struct io_uring ring;
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	ring_up(&ring, 8, 0);
	CHECK(io_uring_cq_eventfd_enabled(&ring));
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, false), 0);
	CHECK(!io_uring_cq_eventfd_enabled(&ring));
	CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, false), 0);
	nop(&ring, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), 0);
	CHECK_EQ(events_of(fd), 0);
	CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
	CHECK(io_uring_cq_eventfd_enabled(&ring));
	nop(&ring, 2);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	CHECK_CMP(events_of(fd), >=, 1);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_without_flags_in_its_cq_cannot_hush_its_eventfd)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	/* As on kernels before 5.8. */
	ring.cq.kflags = NULL;
	CHECK(io_uring_cq_eventfd_enabled(&ring));
	CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, true), 0);
	CHECK_EQ(io_uring_cq_eventfd_toggle(&ring, false), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

/* ---- probe --------------------------------------------------------------------------------------------------------------------- */

TEST(a_probe_must_be_clean_and_may_be_short)
{
	size_t size = sizeof(struct io_uring_probe) + 257 * sizeof(struct io_uring_probe_op);
	struct io_uring_probe *probe = (struct io_uring_probe *)calloc(1, size);
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_probe(&ring, probe, 4), 0);
	CHECK_EQ(probe->ops_len, 4);
	CHECK_CMP(probe->last_op, >, 4);
	CHECK(probe->ops[3].flags & IO_URING_OP_SUPPORTED);
	CHECK_EQ(probe->ops[4].op, 0);
	CHECK_EQ(io_uring_register_probe(&ring, probe, 4), -EINVAL);
	memset(probe, 0, size);
	CHECK_EQ(io_uring_register_probe(&ring, probe, 257), -EINVAL);
	CHECK_EQ(io_uring_register_probe(&ring, NULL, 4), -EINVAL);
	free(probe);
	io_uring_queue_exit(&ring);
}

/* ---- restrictions and disabled rings ------------------------------------------------------------------------------------------- */

TEST(a_disabled_ring_takes_nothing_until_it_is_enabled)
{
	struct io_uring ring;

	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	nop(&ring, 1);
	CHECK_EQ(io_uring_submit(&ring), -EBADFD);
	CHECK_EQ(io_uring_get_events(&ring), -EBADFD);
	CHECK_EQ(io_uring_enable_rings(&ring), 0);
	CHECK_EQ(io_uring_enable_rings(&ring), -EBADFD);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(restrictions_hold_once_the_ring_is_enabled)
{
	struct io_uring_restriction res[4];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[4];
	int fd = file_with_pattern("f", 4);

	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	memset(res, 0, sizeof(res));
	res[0].opcode = IORING_RESTRICTION_SQE_OP;
	res[0].sqe_op = IORING_OP_READ;
	res[1].opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED;
	res[1].sqe_flags = IOSQE_FIXED_FILE;
	res[2].opcode = IORING_RESTRICTION_REGISTER_OP;
	res[2].register_op = IORING_REGISTER_FILES_UPDATE;
	res[3].opcode = IORING_RESTRICTION_REGISTER_OP;
	res[3].register_op = IORING_REGISTER_ENABLE_RINGS;
	CHECK_EQ(io_uring_register_files(&ring, &fd, 1), 0);
	CHECK_EQ(io_uring_register_restrictions(&ring, res, 4), 0);
	CHECK_EQ(io_uring_register_restrictions(&ring, res, 4), -EBUSY);
	CHECK_EQ(io_uring_enable_rings(&ring), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, 0, buf, 4, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), 4);
	/* The required flag is missing; a flag that is not allowed; an opcode that is not allowed. */
	io_uring_prep_read(sqe_of(&ring), fd, buf, 4, 0);
	CHECK_EQ(run_one(&ring), -EACCES);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, 0, buf, 4, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_ASYNC);
	CHECK_EQ(run_one(&ring), -EACCES);
	nop(&ring, 1);
	CHECK_EQ(run_one(&ring), -EACCES);
	CHECK_EQ(io_uring_register_files_update(&ring, 0, &fd, 1), 1);
	CHECK_EQ(io_uring_unregister_files(&ring), -EACCES);
	io_uring_queue_exit(&ring);
}

TEST(restrictions_need_a_disabled_ring_and_sense)
{
	struct io_uring_restriction res;
	struct io_uring ring;

	memset(&res, 0, sizeof(res));
	res.opcode = IORING_RESTRICTION_SQE_OP;
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_restrictions(&ring, &res, 1), -EBADFD);
	io_uring_queue_exit(&ring);
	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	res.opcode = IORING_RESTRICTION_LAST;
	CHECK_EQ(io_uring_register_restrictions(&ring, &res, 1), -EINVAL);
	CHECK_EQ(io_uring_register_restrictions(&ring, (struct io_uring_restriction *)8, 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

/* ---- workers ------------------------------------------------------------------------------------------------------------------- */

TEST(workers_are_bound_to_cpus_and_released)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	cpu_set_t mask;
	int cpu = sched_getcpu();

	CPU_ZERO(&mask);
	CPU_SET(cpu < 0 ? 0 : cpu, &mask);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_iowq_aff(&ring, sizeof(mask), &mask), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(io_uring_unregister_iowq_aff(&ring), 0);
	CHECK_EQ(io_uring_register_iowq_aff(&ring, 1ul << 31, &mask), -EINVAL);
	CHECK_EQ(io_uring_register_iowq_aff(&ring, 0, &mask), -EINVAL);
	CHECK_EQ(io_uring_register_iowq_aff(&ring, sizeof(mask), NULL), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(the_number_of_workers_is_asked_and_set)
{
	unsigned values[2] = { 0, 0 };
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_iowq_max_workers(&ring, values), 0);
	CHECK_CMP(values[0], >, 0);
	CHECK_CMP(values[1], >, 0);
	values[0] = 3;
	values[1] = 5;
	CHECK_EQ(io_uring_register_iowq_max_workers(&ring, values), 0);
	values[0] = values[1] = 0;
	CHECK_EQ(io_uring_register_iowq_max_workers(&ring, values), 0);
	CHECK_EQ(values[0], 3);
	CHECK_EQ(values[1], 5);
	CHECK_EQ(io_uring_register_iowq_max_workers(&ring, NULL), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- synchronous cancels and messages ------------------------------------------------------------------------------------------ */

TEST(a_request_is_cancelled_without_a_request)
{
	struct io_uring_sync_cancel_reg reg;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[4];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	for (int by_fd = 0; by_fd < 2; by_fd++) {
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, fds[0], buf, 4, 0);
		sqe->user_data = 77;
		submit(&ring, 1);
		memset(&reg, 0, sizeof(reg));
		reg.addr = 77;
		reg.fd = by_fd ? fds[0] : -1;
		reg.flags = by_fd ? IORING_ASYNC_CANCEL_FD : 0;
		reg.timeout.tv_sec = reg.timeout.tv_nsec = -1;
		CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), 0);
		CHECK_EQ(reap_data(&ring, 77), -ECANCELED);
		CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), -ENOENT);
	}
	memset(&reg, 0, sizeof(reg));
	reg.flags = 1 << 20;
	reg.timeout.tv_sec = reg.timeout.tv_nsec = -1;
	CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_synchronous_cancel_counts_where_a_request_does)
{
	struct io_uring_sync_cancel_reg reg;
	struct io_uring ring;
	uint32_t word = 0;
	char buf[4];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	memset(&reg, 0, sizeof(reg));
	reg.timeout.tv_sec = reg.timeout.tv_nsec = -1;
	for (int i = 0; i < 3; i++)
		io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	submit(&ring, 3);
	reg.flags = IORING_ASYNC_CANCEL_ALL;
	CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), 3);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(reap(&ring).res, -ECANCELED);
	CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	reg.flags = 0;
	io_uring_prep_futex_wait(sqe_of(&ring), &word, 0, ~0U, FUTEX2_SIZE_U32, 0);
	submit(&ring, 1);
	CHECK_EQ(io_uring_register_sync_cancel(&ring, &reg), 1);
	CHECK_EQ(reap(&ring).res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(a_message_is_sent_without_a_ring_of_one_s_own)
{
	struct io_uring_sqe sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	if (!kernel_knows_register(IORING_REGISTER_CLONE_BUFFERS))
		test_skip("the kernel cannot send a message without a ring");
	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_msg_ring(&sqe, ring.ring_fd, 55, 66, 0);
	CHECK_EQ(io_uring_register_sync_msg(&sqe), 0);
	CHECK_EQ(reap_data(&ring, 66), 55);
	io_uring_prep_msg_ring(&sqe, fds[0], 55, 66, 0);
	CHECK_EQ(io_uring_register_sync_msg(&sqe), -EBADFD);
	io_uring_prep_nop(&sqe);
	CHECK_EQ(io_uring_register_sync_msg(&sqe), -EINVAL);

	/* By the raw call, -1 in place of a ring; the flag for registered rings then means nothing. */
	io_uring_prep_msg_ring(&sqe, ring.ring_fd, 56, 67, 0);
	for (unsigned with = 0; with < 2; with++) {
		unsigned flag = with ? IORING_REGISTER_USE_REGISTERED_RING : 0;
		CHECK_EQ(io_uring_register(-1, IORING_REGISTER_SEND_MSG_RING | flag, &sqe, 1), 0);
		CHECK_EQ(reap_data(&ring, 67), 56);
		CHECK_EQ(io_uring_register(-1, IORING_REGISTER_SEND_MSG_RING | flag, &sqe, 2), -EINVAL);
		CHECK_EQ(io_uring_register(-1, IORING_REGISTER_SEND_MSG_RING | flag, NULL, 1), -EINVAL);
		CHECK_EQ(io_uring_register(-1, IORING_REGISTER_EVENTFD | flag, &fds[0], 1), -EINVAL);
		CHECK_EQ(io_uring_register(-1, 60 | flag, NULL, 0), -EINVAL);
	}
	io_uring_queue_exit(&ring);
}

/* ---- clocks -------------------------------------------------------------------------------------------------------------------- */

TEST(waits_follow_the_registered_clock)
{
	struct io_uring_clock_register clock = { .clockid = CLOCK_BOOTTIME };
	struct __kernel_timespec ts = timespec_ms(30);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	if (!kernel_knows_register(IORING_REGISTER_CLOCK))
		test_skip("the kernel cannot register a clock");
	CHECK_EQ(io_uring_register_clock(&ring, &clock), 0);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	clock.clockid = CLOCK_MONOTONIC;
	CHECK_EQ(io_uring_register_clock(&ring, &clock), 0);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	clock.clockid = CLOCK_REALTIME;
	CHECK_EQ(io_uring_register_clock(&ring, &clock), -EINVAL);
	clock = (struct io_uring_clock_register){ .clockid = CLOCK_MONOTONIC, .__resv = { 1 } };
	CHECK_EQ(io_uring_register_clock(&ring, &clock), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- resizing and regions ------------------------------------------------------------------------------------------------------ */

static void resizable_up(struct io_uring *ring, unsigned entries)
{
	ring_up_or_skip(ring, entries, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (!kernel_knows_register(IORING_REGISTER_RESIZE_RINGS))
		test_skip("the kernel cannot resize rings");
}

TEST(a_ring_grows_and_shrinks_and_keeps_its_completions)
{
	static const unsigned sizes[] = { 64, 8, 256, 4, 1024 };
	struct io_uring ring;

	resizable_up(&ring, 16);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct io_uring_params p = { .sq_entries = sizes[i] };

		for (int data = 1; data <= 4; data++)
			nop(&ring, data);
		submit(&ring, 4);
		CHECK_EQ(io_uring_get_events(&ring), 0);
		CHECK_EQ(io_uring_resize_rings(&ring, &p), 0);
		CHECK_EQ(ring.sq.ring_entries, sizes[i]);
		CHECK_EQ(ring.cq.ring_entries, 2 * sizes[i]);
		CHECK_EQ(ring.sq.ring_mask, sizes[i] - 1);
		CHECK_EQ(ring.cq.ring_mask, 2 * sizes[i] - 1);
		CHECK_EQ(io_uring_cq_ready(&ring), 4);
		CHECK_EQ(io_uring_sq_ready(&ring), 0);
		CHECK_EQ(io_uring_sq_space_left(&ring), sizes[i]);
		for (int data = 1; data <= 4; data++)
			CHECK_EQ(reap_data(&ring, data), 0);
		for (unsigned n = 0; n < 3 * sizes[i] && n < 600; n++) {
			nop(&ring, n);
			submit(&ring, 1);
			CHECK_EQ(reap_data(&ring, n), 0);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(a_resize_that_loses_completions_is_refused_and_changes_nothing)
{
	struct io_uring_params p = { .sq_entries = 1 };
	struct io_uring ring;

	resizable_up(&ring, 8);
	for (int i = 0; i < 8; i++)
		nop(&ring, i);
	submit(&ring, 8);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EOVERFLOW);
	CHECK_EQ(ring.cq.ring_entries, 16);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	p = (struct io_uring_params){ .sq_entries = 0 };
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	p = (struct io_uring_params){ .sq_entries = 65536 };
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	p = (struct io_uring_params){ .sq_entries = 8, .flags = IORING_SETUP_SQE128 };
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	nop(&ring, 5);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(rings_of_other_kinds_cannot_be_resized)
{
	struct io_uring_params p = { .sq_entries = 64 };
	struct io_uring ring;

	if (!kernel_knows_register(IORING_REGISTER_RESIZE_RINGS))
		test_skip("the kernel cannot resize rings");
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	io_uring_queue_exit(&ring);
	ring_up(&ring, 8, IORING_SETUP_NO_MMAP | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	CHECK_EQ(io_uring_resize_rings(&ring, &p), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(resizing_leaves_nothing_behind)
{
	struct io_uring ring;

	resizable_up(&ring, 8);
	CHECK_NO_LEAK(20, {
		struct io_uring_params p = { .sq_entries = 512 };

		CHECK_EQ(io_uring_resize_rings(&ring, &p), 0);
		p = (struct io_uring_params){ .sq_entries = 8 };
		CHECK_EQ(io_uring_resize_rings(&ring, &p), 0);
	});
	io_uring_queue_exit(&ring);
}

TEST(bad_regions_are_refused)
{
	struct io_uring_region_desc desc;
	struct io_uring_mem_region_reg reg;
	struct io_uring ring;
	void *area = pages(4096);

	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	if (!kernel_knows_register(IORING_REGISTER_MEM_REGION))
		test_skip("the kernel knows no memory regions");
	memset(&desc, 0, sizeof(desc));
	memset(&reg, 0, sizeof(reg));
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EFAULT);
	reg.region_uptr = (uintptr_t)&desc;
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	desc.user_addr = (uintptr_t)area;
	desc.size = 4095;
	desc.flags = IORING_MEM_REGION_TYPE_USER;
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	desc.size = 4096;
	reg.flags = 1ull << 40;
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	reg.flags = 0;
	CHECK_EQ(io_uring_register_region(&ring, &reg), 0);
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EBUSY);
	io_uring_queue_exit(&ring);
	/* Wait arguments can only be registered while the ring is disabled. */
	ring_up(&ring, 8, 0);
	reg.flags = IORING_MEM_REGION_REG_WAIT_ARG;
	CHECK_EQ(io_uring_register_region(&ring, &reg), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(the_old_way_to_register_waits_is_gone)
{
	struct io_uring_reg_wait *waits = (struct io_uring_reg_wait *)pages(4096);
	struct io_uring ring;

	ring_up(&ring, 8, IORING_SETUP_R_DISABLED);
	CHECK_EQ(io_uring_register_wait_reg(&ring, waits, 4), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- answers that must be the system call's ------------------------------------------------------------------------------------- */

#define SAME_AS_KERNEL(call, ring, opcode, arg, nr) CHECK_EQ(call, raw_register((ring)->ring_fd, opcode, arg, nr))

TEST(what_this_machine_may_lack_answers_as_the_system_call, .kernel_only = "compares with the system call on the same ring")
{
	struct io_uring_napi napi, napi2;
	struct zcrx_ctrl ctrl;
	struct io_uring_zcrx_ifq_reg ifq;
	struct io_uring_bpf bpf;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	memset(&ctrl, 0, sizeof(ctrl));
	memset(&ifq, 0, sizeof(ifq));
	memset(&bpf, 0, sizeof(bpf));
	SAME_AS_KERNEL(io_uring_register_ifq(&ring, &ifq), &ring, IORING_REGISTER_ZCRX_IFQ, &ifq, 1);
	SAME_AS_KERNEL(io_uring_register_ifq(&ring, NULL), &ring, IORING_REGISTER_ZCRX_IFQ, NULL, 1);
	SAME_AS_KERNEL(io_uring_register_zcrx_ctrl(&ring, &ctrl), &ring, IORING_REGISTER_ZCRX_CTRL, &ctrl, 0);
	SAME_AS_KERNEL(io_uring_register_bpf_filter(&ring, &bpf), &ring, IORING_REGISTER_BPF_FILTER, &bpf, 1);
	CHECK_EQ(io_uring_register_bpf_filter_task(&bpf), raw_register(-1, IORING_REGISTER_BPF_FILTER, &bpf, 1));
	memset(&napi, 0, sizeof(napi));
	napi.pad[0] = 1;
	napi2 = napi;
	SAME_AS_KERNEL(io_uring_register_napi(&ring, &napi), &ring, IORING_REGISTER_NAPI, &napi2, 1);
	memset(&napi, 0, sizeof(napi));
	napi2 = napi;
	napi.busy_poll_to = napi2.busy_poll_to = 50;
	SAME_AS_KERNEL(io_uring_register_napi(&ring, &napi), &ring, IORING_REGISTER_NAPI, &napi2, 1);
	SAME_AS_KERNEL(io_uring_unregister_napi(&ring, &napi), &ring, IORING_UNREGISTER_NAPI, &napi2, 1);
	SAME_AS_KERNEL(io_uring_unregister_napi(&ring, NULL), &ring, IORING_UNREGISTER_NAPI, NULL, 1);
	io_uring_queue_exit(&ring);
}

TEST(a_query_tells_of_the_opcodes, .needs_kernel = "asks the kernel about itself, without a ring")
{
	struct io_uring_query_opcode ops;
	struct io_uring_query_hdr hdr;
	int ret;

	memset(&ops, 0, sizeof(ops));
	memset(&hdr, 0, sizeof(hdr));
	hdr.query_data = (uintptr_t)&ops;
	hdr.query_op = IO_URING_QUERY_OPCODES;
	hdr.size = sizeof(ops);
	ret = io_uring_register_query(&hdr);
	CHECK_EQ(ret, raw_register(-1, IORING_REGISTER_QUERY, &hdr, 0));
	if (ret == -EINVAL)
		test_skip("the kernel cannot be queried");
	CHECK_EQ(ret, 0);
	CHECK_EQ(hdr.result, 0);
	CHECK_CMP(ops.nr_request_opcodes, >=, IORING_OP_PIPE);
	CHECK_CMP(ops.nr_register_opcodes, >=, IORING_REGISTER_QUERY);
	CHECK(ops.ring_setup_flags & IORING_SETUP_SQPOLL);
	CHECK(ops.feature_flags & IORING_FEAT_NODROP);
	CHECK_EQ(io_uring_register_query((struct io_uring_query_hdr *)8), -EFAULT);
}

TEST(registered_rings_register_by_their_index)
{
	struct io_uring ring;
	unsigned values[2] = { 0, 0 };
	int fds[2], fd = (int)SYS(eventfd(0, EFD_CLOEXEC));

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	need_feature(&ring, IORING_FEAT_REG_REG_RING);
	CHECK_EQ(io_uring_register_ring_fd(&ring), 1);
	CHECK_EQ(io_uring_close_ring_fd(&ring), 1);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	CHECK_EQ(io_uring_register_files_update(&ring, 0, &fds[1], 1), 1);
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	CHECK_EQ(io_uring_register_buffers_sparse(&ring, 4), 0);
	CHECK_EQ(io_uring_unregister_buffers(&ring), 0);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	CHECK_EQ(io_uring_unregister_eventfd(&ring), 0);
	CHECK_EQ(io_uring_register_iowq_max_workers(&ring, values), 0);
	io_uring_queue_exit(&ring);
}

TEST(several_ring_descriptors_are_registered_by_one_call)
{
	struct io_uring_rsrc_update two[2], bad = { .offset = 500 };
	struct io_uring rings[2];

	for (int i = 0; i < 2; i++) {
		ring_up(&rings[i], 4, 0);
		two[i] = (struct io_uring_rsrc_update){ .offset = -1U, .data = (uint64_t)rings[i].ring_fd };
	}
	bad.data = two[0].data;
	CHECK_EQ(io_uring_register((unsigned)rings[0].ring_fd, IORING_REGISTER_RING_FDS, &bad, 1), -EINVAL);
	CHECK_EQ(io_uring_register((unsigned)rings[0].ring_fd, IORING_REGISTER_RING_FDS, two, 17), -EINVAL);
	CHECK_EQ(io_uring_register((unsigned)rings[0].ring_fd, IORING_REGISTER_RING_FDS, two, 2), 2);
	CHECK(two[0].offset != two[1].offset);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(io_uring_enter(two[i].offset, 0, 0, IORING_ENTER_REGISTERED_RING, NULL), 0);
		two[i].data = 0;
	}
	CHECK_EQ(io_uring_register((unsigned)rings[0].ring_fd, IORING_UNREGISTER_RING_FDS, two, 2), 2);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(io_uring_enter(two[i].offset, 0, 0, IORING_ENTER_REGISTERED_RING, NULL), -EBADF);
		io_uring_queue_exit(&rings[i]);
	}
}
