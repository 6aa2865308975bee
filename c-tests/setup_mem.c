/* SPDX-License-Identifier: MIT */
/* Rings in memory of the caller, rings without a descriptor, rings mapped by hand, and what the size functions say. */
#include "test.h"

#include <sys/eventfd.h>
#include <sys/mman.h>

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void nops_work(struct io_uring *ring, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = sqe_of(ring);

		io_uring_prep_nop(sqe);
		sqe->user_data = i + 1;
		submit(ring, 1);
		CHECK_EQ(reap_data(ring, i + 1), 0);
	}
}

static bool lies_in(const void *p, const void *area, size_t len)
{
	return (const char *)p >= (const char *)area && (const char *)p < (const char *)area + len;
}

/* Free huge pages of the usual size, as the system tells. */
static long free_huge_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "r");
	long n = 0;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = 0;
		fclose(f);
	}
	return n;
}

/* ---- queue_init_mem ---------------------------------------------------------------------------------------------------------- */

TEST(a_ring_lives_in_memory_of_the_caller)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	size_t len = 16 * page_size();
	void *area = pages(len);
	int used = io_uring_queue_init_mem(16, &ring, &p, area, len);

	CHECK_CMP(used, >, 0);
	CHECK_CMP(used, <=, len);
	CHECK(p.flags & IORING_SETUP_NO_MMAP);
	CHECK(ring.flags & IORING_SETUP_NO_MMAP);
	CHECK_PTR(ring.sq.sqes, area);
	CHECK(lies_in(ring.sq.ring_ptr, area, used));
	CHECK(lies_in(ring.cq.cqes, area, used));
	CHECK_EQ(ring.sq.ring_entries, 16);
	CHECK_EQ(ring.cq.ring_entries, 32);
	nops_work(&ring, 100);
	io_uring_queue_exit(&ring);
	CHECK(!fd_is_open(ring.ring_fd));
	/* The memory is still the caller's. */
	memset(area, 0, len);
	SYS(munmap(area, len));
}

TEST(the_bytes_used_in_the_caller_s_memory_are_those_memory_size_tells)
{
	static const unsigned entries[] = { 1, 4, 32, 64, 65, 256, 1024, 4096 };
	static const unsigned flags[] = { 0, IORING_SETUP_SQE128, IORING_SETUP_CQE32, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 };
	size_t len = 4 << 20;
	char *area = (char *)pages(len);

	for (size_t e = 0; e < sizeof(entries) / sizeof(entries[0]); e++)
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			struct io_uring_params p = { .flags = flags[f] };
			struct io_uring ring;
			int used = io_uring_queue_init_mem(entries[e], &ring, &p, area, len);

			CHECK_CMP(used, >, 0);
			CHECK_EQ(used, io_uring_memory_size(entries[e], p.flags));
			io_uring_queue_exit(&ring);
		}
	SYS(munmap(area, len));
}

TEST(a_buffer_of_exactly_the_size_told_is_enough_for_the_kernel)
{
	static const unsigned entries[] = { 1, 8, 64, 127, 512, 2048 };
	static const unsigned flags[] = { 0, IORING_SETUP_SQE128, IORING_SETUP_CQE32, IORING_SETUP_SQE128 | IORING_SETUP_CQE32 };
	size_t len = 2 << 20;
	char *area = (char *)pages(len);

	for (size_t e = 0; e < sizeof(entries) / sizeof(entries[0]); e++)
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			struct io_uring_params p = { .flags = flags[f] };
			struct io_uring ring;
			ssize_t size;
			char *buf;
			int used;

			/* The told size ends right before memory that nobody may touch: more would be -EFAULT. */
			used = io_uring_queue_init_mem(entries[e], &ring, &p, area, len);
			CHECK_CMP(used, >, 0);
			io_uring_queue_exit(&ring);
			size = io_uring_memory_size(entries[e], p.flags);
			CHECK_CMP(size, >, 0);
			CHECK_EQ(size % (ssize_t)page_size(), 0);
			buf = area + len / 2 - size;
			SYS(mprotect(area + len / 2, len / 2, PROT_NONE));
			p = (struct io_uring_params){ .flags = flags[f] };
			CHECK_EQ(io_uring_queue_init_mem(entries[e], &ring, &p, buf, (size_t)size), size);
			nops_work(&ring, 3 * ring.cq.ring_entries > 400 ? 400 : 3 * ring.cq.ring_entries);
			io_uring_queue_exit(&ring);
			SYS(mprotect(area + len / 2, len / 2, PROT_READ | PROT_WRITE));
		}
	SYS(munmap(area, len));
}

TEST(a_buffer_too_short_is_enomem_and_stays_untouched)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	size_t size = (size_t)io_uring_memory_size(64, IORING_SETUP_NO_SQARRAY);
	unsigned char *area = (unsigned char *)pages(size), *copy = (unsigned char *)pages(size);

	memset(area, 0x5a, size);
	memset(copy, 0x5a, size);
	CHECK_EQ(io_uring_queue_init_mem(64, &ring, &p, area, size - 1), -ENOMEM);
	CHECK_EQ(io_uring_queue_init_mem(64, &ring, &p, area, page_size()), -ENOMEM);
	CHECK_EQ(io_uring_queue_init_mem(64, &ring, &p, area, 0), -ENOMEM);
	CHECK_MEM(area, copy, size);
}

TEST(a_misaligned_buffer_is_refused)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	char *area = (char *)pages(16 * page_size());

	CHECK_EQ(io_uring_queue_init_mem(8, &ring, &p, area + 64, 8 * page_size()), -EINVAL);
}

TEST(a_buffer_that_is_not_mapped_is_efault)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;

	/* Nothing is ever mapped there. Memory that was given back may belong to somebody else by then. */
	CHECK_EQ(io_uring_queue_init_mem(8, &ring, &p, (void *)page_size(), 8 * page_size()), -EFAULT);
}

TEST(bad_entries_are_refused_in_the_caller_s_memory_too)
{
	struct io_uring ring;
	size_t len = 4 << 20;
	void *area = pages(len);
	static const unsigned bad[] = { 0, 32769, ~0u };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct io_uring_params p = { .flags = 0 };

		CHECK_EQ(io_uring_queue_init_mem(bad[i], &ring, &p, area, len), -EINVAL);
	}
}

TEST(one_buffer_holds_ring_after_ring)
{
	size_t len = 64 * page_size(), at = 0;
	char *area = (char *)pages(len);
	struct io_uring rings[16];
	unsigned n = 0;

	for (;;) {
		struct io_uring_params p = { .flags = 0 };
		int used = io_uring_queue_init_mem(32, &rings[n], &p, area + at, len - at);

		if (used == -ENOMEM || n == 15)
			break;
		CHECK_CMP(used, >, 0);
		CHECK_EQ(used % (int)page_size(), 0);
		at += used;
		n++;
	}
	CHECK_CMP(n, >=, 8);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < n; i++)
			nops_work(&rings[i], 50);
	for (unsigned i = 0; i < n; i++)
		io_uring_queue_exit(&rings[i]);
	SYS(munmap(area, len));
}

TEST(a_ring_in_a_huge_page_works_where_there_are_huge_pages)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	size_t len = 2 << 20;
	void *area;
	int used;

	if (!free_huge_pages())
		test_skip("the system has no free huge pages of 2 MiB");
	area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0);
	if (area == MAP_FAILED)
		test_skip("no huge page to be had: %s", strerror(errno));
	used = io_uring_queue_init_mem(1024, &ring, &p, area, len);
	CHECK_EQ(used, io_uring_memory_size(1024, p.flags));
	nops_work(&ring, 100);
	io_uring_queue_exit(&ring);
	SYS(munmap(area, len));
}

/* ---- NO_MMAP with memory of the library --------------------------------------------------------------------------------------- */

TEST(no_mmap_without_a_buffer_allocates_for_itself)
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		ring_up_or_skip(&ring, 64, IORING_SETUP_NO_MMAP);
		CHECK_EQ(ring.sq.ring_entries, 64);
		nops_work(&ring, 200);
		io_uring_queue_exit(&ring);
	});
}

TEST(no_mmap_beyond_a_page_needs_a_huge_page)
{
	struct io_uring ring;
	long spare = free_huge_pages();
	int ret = io_uring_queue_init(256, &ring, IORING_SETUP_NO_MMAP);

	if (spare) {
		CHECK_EQ(ret, 0);
		nops_work(&ring, 600);
		io_uring_queue_exit(&ring);
	} else {
		CHECK_EQ(ret, -ENOMEM);
		CHECK_NO_LEAK(10, { CHECK_EQ(io_uring_queue_init(256, &ring, IORING_SETUP_NO_MMAP), -ENOMEM); });
	}
}

TEST(entries_that_fit_no_huge_page_are_enomem)
{
	struct io_uring_params p = { .cq_entries = 65536, .flags = IORING_SETUP_NO_MMAP | IORING_SETUP_CQE32 | IORING_SETUP_CQSIZE };
	struct io_uring ring;

	CHECK_EQ(io_uring_queue_init_params(32, &ring, &p), -ENOMEM);
	CHECK_EQ(io_uring_queue_init(32768, &ring, IORING_SETUP_NO_MMAP | IORING_SETUP_SQE128), -ENOMEM);
}

TEST(no_mmap_with_bad_entries_leaves_nothing_behind)
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		CHECK_EQ(io_uring_queue_init(0, &ring, IORING_SETUP_NO_MMAP), -EINVAL);
		CHECK_EQ(io_uring_queue_init(32769, &ring, IORING_SETUP_NO_MMAP), -EINVAL);
		/* Memory is there already when the system call refuses. */
		CHECK_EQ(io_uring_queue_init(8, &ring, IORING_SETUP_NO_MMAP | IORING_SETUP_TASKRUN_FLAG), -EINVAL);
	});
}

/* ---- REGISTERED_FD_ONLY ------------------------------------------------------------------------------------------------------ */

TEST(a_ring_without_a_descriptor_takes_none, .kernel_only = "an engine in user space needs descriptors of its own")
{
	struct census before = census_take();
	struct io_uring ring;

	ring_up_or_skip(&ring, 16, IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY);
	CHECK_EQ(census_take().fds, before.fds);
	io_uring_queue_exit(&ring);
	CHECK_EQ(census_take().fds, before.fds);
}

TEST(a_ring_can_do_without_a_descriptor)
{
	struct io_uring ring;

	CHECK_NO_LEAK(5, {
		ring_up_or_skip(&ring, 16, IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY);
		CHECK_EQ(ring.ring_fd, -1);
		CHECK_CMP(ring.enter_ring_fd, >=, 0);
		nops_work(&ring, 100);
		io_uring_queue_exit(&ring);
	});
}

TEST(a_ring_without_a_descriptor_registers_through_its_index)
{
	struct io_uring_probe *probe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up_or_skip(&ring, 16, IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY);
	probe = io_uring_get_probe_ring(&ring);
	CHECK(probe != NULL);
	io_uring_free_probe(probe);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	CHECK_EQ(io_uring_close_ring_fd(&ring), -EBADF);
	CHECK_EQ(io_uring_register_ring_fd(&ring), -EEXIST);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_without_a_descriptor_lives_in_the_caller_s_memory)
{
	struct io_uring_params p = { .flags = IORING_SETUP_REGISTERED_FD_ONLY };
	struct io_uring ring;
	size_t len = 8 * page_size();
	void *area = pages(len);

	CHECK_EQ(io_uring_queue_init_mem(16, &ring, &p, area, len), io_uring_memory_size(16, p.flags));
	CHECK_EQ(ring.ring_fd, -1);
	nops_work(&ring, 100);
	io_uring_queue_exit(&ring);
	SYS(munmap(area, len));
}

/* ---- queue_mmap -------------------------------------------------------------------------------------------------------------- */

TEST(a_ring_set_up_by_hand_can_be_mapped)
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		struct io_uring_params p = { .flags = 0 };
		int fd = io_uring_setup(8, &p);

		CHECK_CMP(fd, >=, 0);
		memset(&ring, 0xa5, sizeof(ring));
		CHECK_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
		CHECK_EQ(ring.ring_fd, fd);
		CHECK_EQ(ring.enter_ring_fd, fd);
		CHECK_EQ(ring.sq.ring_entries, 8);
		CHECK_EQ(ring.features, p.features);
		/* queue_mmap leaves the SQ array to its caller. */
		for (unsigned i = 0; i < 8; i++)
			ring.sq.array[i] = i;
		nops_work(&ring, 40);
		io_uring_queue_exit(&ring);
	});
}

TEST(two_maps_serve_as_well_as_one, .kernel_only = "other rings are one piece of memory whatever the features say")
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		struct io_uring_params p = { .flags = 0 };
		int fd = io_uring_setup(8, &p);

		CHECK_CMP(fd, >=, 0);
		p.features &= ~IORING_FEAT_SINGLE_MMAP;
		CHECK_EQ(io_uring_queue_mmap(fd, &p, &ring), 0);
		CHECK(ring.sq.ring_ptr != ring.cq.ring_ptr);
		CHECK_EQ(ring.sq.ring_sz, p.sq_off.array + 8 * sizeof(unsigned));
		CHECK_EQ(ring.cq.ring_sz, p.cq_off.cqes + 16 * sizeof(struct io_uring_cqe));
		for (unsigned i = 0; i < 8; i++)
			ring.sq.array[i] = i;
		nops_work(&ring, 40);
		CHECK_EQ(io_uring_ring_dontfork(&ring), 0);
		io_uring_queue_exit(&ring);
	});
}

TEST(mapping_what_is_no_ring_fails_and_leaves_nothing_behind)
{
	struct io_uring_params p = { .flags = 0 };
	struct io_uring ring;
	int other = (int)SYS(eventfd(0, EFD_CLOEXEC)), fd = io_uring_setup(8, &p);

	CHECK_CMP(fd, >=, 0);
	CHECK_NO_LEAK(10, {
		CHECK_EQ(io_uring_queue_mmap(other, &p, &ring), -ENODEV);
		CHECK(fd_is_open(other));
	});
	close(fd);
	CHECK_NO_LEAK(10, { CHECK_EQ(io_uring_queue_mmap(fd, &p, &ring), -EBADF); });
}

/* ---- sizes ------------------------------------------------------------------------------------------------------------------- */

TEST(memory_size_refuses_what_setup_refuses)
{
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE };

	CHECK_EQ(io_uring_memory_size(0, 0), -EINVAL);
	CHECK_EQ(io_uring_memory_size(32769, 0), -EINVAL);
	CHECK_EQ(io_uring_memory_size(~0u, 0), -EINVAL);
	CHECK_EQ(io_uring_memory_size_params(8, &p), -EINVAL);
	p.cq_entries = 4;
	CHECK_EQ(io_uring_memory_size_params(8, &p), -EINVAL);
	p.cq_entries = 65537;
	CHECK_EQ(io_uring_memory_size_params(8, &p), -EINVAL);
}

TEST(memory_size_counts_pages_of_sqes_and_of_the_rings)
{
	size_t page = page_size();

	if (page != 4096)
		test_skip("the numbers here are for pages of 4 KiB");
	CHECK_EQ(io_uring_memory_size(1, 0), 2 * page);
	CHECK_EQ(io_uring_memory_size(64, 0), 2 * page);
	CHECK_EQ(io_uring_memory_size(65, 0), 128 * 64 + 2 * page);
	CHECK_EQ(io_uring_memory_size(4096, 0), 4096 * 64 + 37 * page);
	CHECK_EQ(io_uring_memory_size(4096, IORING_SETUP_NO_SQARRAY), 4096 * 64 + 33 * page);
	CHECK_EQ(io_uring_memory_size(4096, IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQE128), 4096 * 128 + 33 * page);
	CHECK_EQ(io_uring_memory_size(4096, IORING_SETUP_NO_SQARRAY | IORING_SETUP_CQE32), 4096 * 64 + 65 * page);
	CHECK_EQ(io_uring_memory_size(32768, IORING_SETUP_NO_SQARRAY), 32768 * 64 + 257 * page);
	CHECK_EQ(io_uring_memory_size(~0u, IORING_SETUP_NO_SQARRAY | IORING_SETUP_CLAMP), 32768 * 64 + 257 * page);
}

TEST(memory_size_params_takes_the_cq_size)
{
	struct io_uring_params p = { .cq_entries = 4096, .flags = IORING_SETUP_CQSIZE | IORING_SETUP_NO_SQARRAY };

	if (page_size() != 4096)
		test_skip("the numbers here are for pages of 4 KiB");
	CHECK_EQ(io_uring_memory_size_params(8, &p), 18 * 4096);
	CHECK_EQ(p.cq_entries, 4096);
}

TEST(no_memory_needs_locking_on_kernels_since_5_12)
{
	struct io_uring_params p = { .flags = 0 };

	CHECK_EQ(io_uring_mlock_size(64, 0), 0);
	CHECK_EQ(io_uring_mlock_size(32768, IORING_SETUP_CQE32), 0);
	CHECK_EQ(io_uring_mlock_size_params(64, &p), 0);
	CHECK_EQ(io_uring_mlock_size(0, 0), -EINVAL);
	CHECK_EQ(io_uring_mlock_size(32769, 0), -EINVAL);
	CHECK_NO_LEAK(10, { CHECK_EQ(io_uring_mlock_size(64, 0), 0); });
}
