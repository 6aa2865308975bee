/* SPDX-License-Identifier: MIT */
/* What fails, how it says so, and that it leaves nothing behind: limits, refused system calls, closed rings. */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

static const char refused_here[] = "the answer of a kernel that refuses io_uring; another backend serves the ring";

static unsigned long long address_space(void)
{
	unsigned long long pages_used = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%llu", &pages_used) != 1)
		FAIL("no /proc/self/statm");
	fclose(f);
	return pages_used * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

TEST(without_a_free_descriptor_init_is_emfile)
{
	struct rlimit limit, low;
	struct io_uring ring;
	int probe_fd;

	/* A first ring, so that what the library opens only once is open. */
	ring_up(&ring, 8, 0);
	io_uring_queue_exit(&ring);
	SYS(getrlimit(RLIMIT_NOFILE, &limit));
	probe_fd = (int)SYS(dup(0));
	close(probe_fd);
	low = limit;
	low.rlim_cur = probe_fd;
	SYS(setrlimit(RLIMIT_NOFILE, &low));
	for (int i = 0; i < 20; i++)
		CHECK_EQ(io_uring_queue_init(8, &ring, 0), -EMFILE);
	SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_NO_LEAK(10, {
		SYS(setrlimit(RLIMIT_NOFILE, &low));
		CHECK_EQ(io_uring_queue_init(8, &ring, 0), -EMFILE);
		CHECK_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_NO_MMAP), -EMFILE);
		SYS(setrlimit(RLIMIT_NOFILE, &limit));
	});
	ring_up(&ring, 8, 0);
	io_uring_queue_exit(&ring);
}

/*
 * The address space ends a page later in every round, so that each mapping of the set-up is once the one that fails. What fails must
 * be -ENOMEM and leave neither descriptor nor mapping.
 */
static void starve(unsigned entries, unsigned flags)
{
	struct rlimit limit, low;
	struct io_uring ring;
	unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);
	int failures = 0;

	ring_up_or_skip(&ring, entries, flags);
	io_uring_queue_exit(&ring);
	SYS(getrlimit(RLIMIT_AS, &limit));
	for (unsigned spare = 0;; spare++) {
		struct census before = census_take();
		int ret;

		low = limit;
		low.rlim_cur = address_space() + spare * page;
		SYS(setrlimit(RLIMIT_AS, &low));
		ret = io_uring_queue_init(entries, &ring, flags);
		SYS(setrlimit(RLIMIT_AS, &limit));
		if (!ret)
			break;
		CHECK_EQ(ret, -ENOMEM);
		census_same(__FILE__, __LINE__, &before, 1);
		failures++;
		CHECK_CMP(failures, <, 1000);
	}
	CHECK_CMP(failures, >=, 2);
	io_uring_queue_exit(&ring);
}

TEST(without_address_space_init_is_enomem_at_whatever_mapping)
{
	starve(8, 0);
}

TEST(without_address_space_a_larger_ring_is_enomem_too)
{
	starve(512, IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
}

TEST(without_address_space_no_mmap_is_enomem)
{
	starve(64, IORING_SETUP_NO_MMAP);
}

TEST(without_address_space_setup_buf_ring_is_enomem)
{
	struct io_uring_buf_ring *br;
	struct rlimit limit, low;
	struct io_uring ring;
	int err = 1;

	ring_up(&ring, 8, 0);
	SYS(getrlimit(RLIMIT_AS, &limit));
	low = limit;
	low.rlim_cur = address_space();
	SYS(setrlimit(RLIMIT_AS, &low));
	br = io_uring_setup_buf_ring(&ring, 4096, 0, 0, &err);
	SYS(setrlimit(RLIMIT_AS, &limit));
	CHECK_PTR(br, NULL);
	CHECK_EQ(err, -ENOMEM);
	io_uring_queue_exit(&ring);
}

TEST(a_refused_init_leaves_nothing_behind)
{
	struct io_uring ring;

	CHECK_NO_LEAK(20, {
		CHECK_EQ(io_uring_queue_init(0, &ring, 0), -EINVAL);
		CHECK_EQ(io_uring_queue_init(32769, &ring, 0), -EINVAL);
		CHECK_EQ(io_uring_queue_init(8, &ring, 1u << 31), -EINVAL);
		CHECK_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_SQ_AFF), -EINVAL);
		CHECK_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_REGISTERED_FD_ONLY), -EINVAL);
	});
}

/* ---- refused system calls ------------------------------------------------------------------------------------------------------ */

static void refused_with(int err)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	char *area = (char *)pages(1 << 16);

	ring_up(&ring, 8, 0);
	refuse_io_uring(err);
	/* The rings from before. */
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(io_uring_submit(&ring), -err);
	CHECK_EQ(io_uring_get_events(&ring), -err);
	CHECK_EQ(io_uring_unregister_files(&ring), -err);
	CHECK_PTR(io_uring_get_probe_ring(&ring), NULL);
	io_uring_queue_exit(&ring);
	/* New ones. */
	CHECK_NO_LEAK(10, {
		CHECK_EQ(io_uring_queue_init(8, &ring, 0), -err);
		CHECK_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_NO_MMAP), -err);
		CHECK_EQ(io_uring_setup(8, &p), -err);
		p = (struct io_uring_params){ .flags = 0 };
		CHECK_EQ(io_uring_queue_init_mem(8, &ring, &p, area, 1 << 16), -err);
		p = (struct io_uring_params){ .flags = 0 };
		CHECK_PTR(io_uring_get_probe(), NULL);
	});
	CHECK_EQ(io_uring_enter(0, 0, 0, 0, NULL), -err);
	CHECK_EQ(io_uring_register(0, IORING_REGISTER_PROBE, NULL, 0), -err);
}

TEST(enosys_comes_back_where_the_kernel_has_no_io_uring, .kernel_only = refused_here)
{
	refused_with(ENOSYS);
}

TEST(eperm_comes_back_where_io_uring_is_forbidden, .kernel_only = refused_here)
{
	refused_with(EPERM);
}

TEST(mlock_size_falls_back_to_the_memory_size_without_io_uring, .kernel_only = refused_here)
{
	ssize_t want = io_uring_memory_size(64, 0);

	CHECK_CMP(want, >, 0);
	refuse_io_uring(ENOSYS);
	CHECK_EQ(io_uring_mlock_size(64, 0), want);
	CHECK_EQ(io_uring_mlock_size(0, 0), -EINVAL);
}

/* ---- closed rings -------------------------------------------------------------------------------------------------------------- */

TEST(entering_a_ring_whose_descriptor_is_closed_is_ebadf,
     .kernel_only = "the engine would have to ask the kernel each time whose descriptor it is")
{
	struct __kernel_timespec ts = timespec_ms(1);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	close(ring.ring_fd);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(io_uring_submit(&ring), -EBADF);
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), -EBADF);
	CHECK_EQ(io_uring_submit_and_get_events(&ring), -EBADF);
	CHECK_EQ(io_uring_get_events(&ring), -EBADF);
	CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), -EBADF);
	CHECK_EQ(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -EBADF);
	CHECK_EQ(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), -EBADF);
	/* Looking at an empty CQ enters nothing. */
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
}

TEST(registering_with_a_ring_whose_descriptor_is_closed_is_ebadf)
{
	struct iovec iov = { .iov_base = pages(4096), .iov_len = 4096 };
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	close(ring.ring_fd);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), -EBADF);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 2), -EBADF);
	CHECK_EQ(io_uring_unregister_files(&ring), -EBADF);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), -EBADF);
	CHECK_EQ(io_uring_unregister_buffers(&ring), -EBADF);
	CHECK_EQ(io_uring_register_eventfd(&ring, fds[0]), -EBADF);
	CHECK_EQ(io_uring_register_personality(&ring), -EBADF);
	CHECK_EQ(io_uring_enable_rings(&ring), -EBADF);
	CHECK_EQ(io_uring_unregister_iowq_aff(&ring), -EBADF);
	CHECK_EQ(io_uring_register_ring_fd(&ring), -EBADF);
	CHECK_EQ(io_uring_unregister_buf_ring(&ring, 0), -EBADF);
}

TEST(what_is_no_ring_is_eopnotsupp)
{
	struct io_uring ring;
	int fds[2], real;

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	real = ring.ring_fd;
	ring.ring_fd = ring.enter_ring_fd = fds[0];
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(io_uring_submit(&ring), -EOPNOTSUPP);
	CHECK_EQ(io_uring_get_events(&ring), -EOPNOTSUPP);
	CHECK_EQ(io_uring_unregister_files(&ring), -EOPNOTSUPP);
	ring.ring_fd = ring.enter_ring_fd = real;
	/* Nothing was lost: the request is still there. */
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_outlives_the_close_of_a_duplicate)
{
	struct io_uring ring;
	int copy;

	ring_up(&ring, 8, 0);
	copy = (int)SYS(dup(ring.ring_fd));
	CHECK_EQ(io_uring_enter(copy, 0, 0, IORING_ENTER_GETEVENTS, NULL), 0);
	close(copy);
	CHECK_EQ(io_uring_enter(copy, 0, 0, IORING_ENTER_GETEVENTS, NULL), -EBADF);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}
