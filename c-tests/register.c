/* SPDX-License-Identifier: MIT */
/* Registered files and buffers: tables, sparse tables, tags, updates, clones. The rest of registration: register_more.c. */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>

static int read_fixed_file(struct io_uring *ring, unsigned index, void *buf, unsigned len)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_read(sqe, (int)index, buf, len, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	return run_one(ring);
}

/* A file whose first byte is `mark`. */
static int marked(char mark)
{
	char name[2] = { mark, 0 };
	int fd = file_empty(name);

	write_all(fd, &mark, 1);
	return fd;
}

static char mark_at(struct io_uring *ring, unsigned index)
{
	char byte = 0;

	CHECK_EQ(read_fixed_file(ring, index, &byte, 1), 1);
	return byte;
}

/* ---- files --------------------------------------------------------------------------------------------------------------------- */

TEST(a_table_of_files_is_registered_once_at_a_time)
{
	struct io_uring ring;
	int fds[2] = { marked('a'), marked('b') };

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_unregister_files(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), -EBUSY);
	CHECK_EQ(mark_at(&ring, 0), 'a');
	CHECK_EQ(mark_at(&ring, 1), 'b');
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	CHECK_EQ(io_uring_unregister_files(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_files(&ring, fds + 1, 1), 0);
	CHECK_EQ(mark_at(&ring, 0), 'b');
	io_uring_queue_exit(&ring);
}

TEST(bad_tables_of_files_are_refused_and_leave_none)
{
	struct io_uring ring;
	int fds[3] = { marked('a'), marked('b'), NO_FD };

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, fds, 3), -EBADF);
	CHECK_EQ(io_uring_unregister_files(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_files(&ring, fds, 0), -EINVAL);
	CHECK_EQ(io_uring_register_files(&ring, (int *)8, 2), -EFAULT);
	/* A ring does not hold a ring. */
	fds[2] = ring.ring_fd;
	CHECK_EQ(io_uring_register_files(&ring, fds, 3), -EBADF);
	fds[2] = -1;
	CHECK_EQ(io_uring_register_files(&ring, fds, 3), 0);
	io_uring_queue_exit(&ring);
}

TEST(slots_of_a_table_are_changed_emptied_and_skipped)
{
	struct io_uring ring;
	int fds[3] = { marked('a'), marked('b'), marked('c') }, update[2];
	char byte;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_update(&ring, 0, fds, 1), -ENXIO);
	CHECK_EQ(io_uring_register_files(&ring, fds, 3), 0);
	update[0] = fds[2];
	update[1] = fds[0];
	CHECK_EQ(io_uring_register_files_update(&ring, 0, update, 2), 2);
	CHECK_EQ(mark_at(&ring, 0), 'c');
	CHECK_EQ(mark_at(&ring, 1), 'a');
	CHECK_EQ(mark_at(&ring, 2), 'c');
	update[0] = -1;
	update[1] = IORING_REGISTER_FILES_SKIP;
	CHECK_EQ(io_uring_register_files_update(&ring, 0, update, 2), 2);
	CHECK_EQ(read_fixed_file(&ring, 0, &byte, 1), -EBADF);
	CHECK_EQ(mark_at(&ring, 1), 'a');
	/* Beyond the table, and a descriptor that is none: what came before it counts. */
	CHECK_EQ(io_uring_register_files_update(&ring, 2, fds, 2), -EINVAL);
	update[0] = fds[1];
	update[1] = NO_FD;
	CHECK_EQ(io_uring_register_files_update(&ring, 0, update, 2), 1);
	CHECK_EQ(mark_at(&ring, 0), 'b');
	CHECK_EQ(io_uring_register_files_update(&ring, 0, update + 1, 1), -EBADF);
	CHECK_EQ(io_uring_register_files_update(&ring, 0, (int *)8, 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(a_sparse_table_is_filled_later)
{
	struct io_uring ring;
	int fd = marked('a');
	char byte;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 0), -EINVAL);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 100), 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 100), -EBUSY);
	CHECK_EQ(read_fixed_file(&ring, 99, &byte, 1), -EBADF);
	CHECK_EQ(io_uring_register_files_update(&ring, 99, &fd, 1), 1);
	CHECK_EQ(mark_at(&ring, 99), 'a');
	io_uring_queue_exit(&ring);
}

TEST(a_table_larger_than_the_descriptor_limit_raises_the_limit)
{
	struct rlimit limit;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	limit.rlim_cur = 64;
	limit.rlim_max = 4096;
	SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(io_uring_register_files_sparse(&ring, 100), 0);
	SYS(getrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(limit.rlim_cur, 164);
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	/* Where the hard limit forbids that, the kernel's answer comes back. */
	limit.rlim_cur = limit.rlim_max = 64;
	SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(io_uring_register_files_sparse(&ring, 100), -EMFILE);
	CHECK_EQ(io_uring_unregister_files(&ring), -ENXIO);
	io_uring_queue_exit(&ring);
}

TEST(files_update_is_a_request_too)
{
	struct io_uring ring;
	int fds[2] = { marked('a'), marked('b') }, update[2] = { fds[1], fds[0] };

	ring_up(&ring, 8, 0);
	io_uring_prep_files_update(sqe_of(&ring), update, 2, 0);
	CHECK_EQ(run_one(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	io_uring_prep_files_update(sqe_of(&ring), update, 2, 0);
	CHECK_EQ(run_one(&ring), 2);
	CHECK_EQ(mark_at(&ring, 0), 'b');
	CHECK_EQ(mark_at(&ring, 1), 'a');
	io_uring_prep_files_update(sqe_of(&ring), update, 2, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_files_update(sqe_of(&ring), update, 0, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_files_update(sqe_of(&ring), (int *)8, 1, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(a_tagged_file_posts_its_tag_when_it_goes)
{
	struct io_uring ring;
	struct answer a[2];
	int fds[2] = { marked('a'), marked('b') };
	__u64 tags[2] = { 111, 222 }, new_tag = 333;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_tags(&ring, fds, tags, 2), 0);
	check_quiet(&ring);
	CHECK_EQ(io_uring_register_files_update_tag(&ring, 0, &fds[1], &new_tag, 1), 1);
	CHECK_EQ(reap_data(&ring, 111), 0);
	CHECK_EQ(mark_at(&ring, 0), 'b');
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].data, 222);
	CHECK_EQ(a[1].data, 333);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_registered_file_lives_until_its_table_goes)
{
	struct io_uring ring;
	struct answer a;
	char buf[4];
	int fds[2];

	/* The last writer is in the table alone: its end is seen when the table goes. */
	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, &fds[1], 1), 0);
	close(fds[1]);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	submit(&ring, 1);
	check_quiet(&ring);
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	a = reap(&ring);
	CHECK_EQ(a.res, 0);
	io_uring_queue_exit(&ring);
}

TEST(the_end_of_a_ring_releases_its_files)
{
	struct io_uring ring;
	char byte;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, &fds[1], 1), 0);
	close(fds[1]);
	io_uring_queue_exit(&ring);
	CHECK_EQ(read(fds[0], &byte, 1), 0);
}

/* ---- buffers ------------------------------------------------------------------------------------------------------------------- */

static int read_fixed(struct io_uring *ring, int fd, void *buf, unsigned len, int index)
{
	io_uring_prep_read_fixed(sqe_of(ring), fd, buf, len, 0, index);
	return run_one(ring);
}

TEST(a_table_of_buffers_is_registered_once_at_a_time)
{
	struct iovec iov[2] = { { pages(8192), 8192 }, { pages(4096), 4096 } };
	struct io_uring ring;
	int fd = file_with_pattern("f", 8192);

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_unregister_buffers(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_buffers(&ring, iov, 2), 0);
	CHECK_EQ(io_uring_register_buffers(&ring, iov, 2), -EBUSY);
	CHECK_EQ(read_fixed(&ring, fd, iov[1].iov_base, 4096, 1), 4096);
	check_pattern(iov[1].iov_base, 4096, 0);
	CHECK_EQ(io_uring_unregister_buffers(&ring), 0);
	CHECK_EQ(io_uring_unregister_buffers(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_buffers(&ring, iov, 1), 0);
	CHECK_EQ(read_fixed(&ring, fd, iov[0].iov_base, 8192, 0), 8192);
	check_pattern(iov[0].iov_base, 8192, 0);
	CHECK_EQ(read_fixed(&ring, fd, iov[1].iov_base, 10, 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(bad_tables_of_buffers_are_refused_and_leave_none)
{
	struct iovec good = { pages(4096), 4096 }, bad[2];
	struct io_uring ring;
	char *gone = (char *)pages(4096);

	SYS(mprotect(gone, 4096, PROT_NONE));
	ring_up(&ring, 8, 0);
	bad[0] = good;
	bad[1] = (struct iovec){ gone, 4096 };
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 2), -EFAULT);
	bad[1] = (struct iovec){ NULL, 4096 };
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 2), -EFAULT);
	bad[1] = (struct iovec){ good.iov_base, 0 };
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 2), -EFAULT);
	/* More than a gigabyte in one. */
	bad[1] = (struct iovec){ good.iov_base, (1ul << 30) + 1 };
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 2), -EFAULT);
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 0), -EINVAL);
	CHECK_EQ(io_uring_register_buffers(&ring, bad, 16385), -EINVAL);
	CHECK_EQ(io_uring_register_buffers(&ring, (struct iovec *)8, 1), -EFAULT);
	CHECK_EQ(io_uring_unregister_buffers(&ring), -ENXIO);
	CHECK_EQ(io_uring_register_buffers(&ring, &good, 1), 0);
	io_uring_queue_exit(&ring);
}

TEST(an_empty_vector_registers_an_empty_slot)
{
	struct iovec iov[2] = { { NULL, 0 }, { pages(4096), 4096 } };
	struct io_uring ring;
	int fd = file_with_pattern("f", 4096);

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_buffers(&ring, iov, 2), 0);
	CHECK_EQ(read_fixed(&ring, fd, iov[1].iov_base, 100, 0), -EFAULT);
	CHECK_EQ(read_fixed(&ring, fd, iov[1].iov_base, 100, 1), 100);
	io_uring_queue_exit(&ring);
}

TEST(a_sparse_table_of_buffers_is_filled_and_emptied_later)
{
	struct iovec iov = { pages(4096), 4096 }, empty = { NULL, 0 };
	struct io_uring ring;
	int fd = file_with_pattern("f", 4096);

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_buffers_sparse(&ring, 0), -EINVAL);
	CHECK_EQ(io_uring_register_buffers_update_tag(&ring, 0, &iov, NULL, 1), -ENXIO);
	CHECK_EQ(io_uring_register_buffers_sparse(&ring, 10), 0);
	CHECK_EQ(read_fixed(&ring, fd, iov.iov_base, 100, 7), -EFAULT);
	CHECK_EQ(io_uring_register_buffers_update_tag(&ring, 7, &iov, NULL, 1), 1);
	CHECK_EQ(read_fixed(&ring, fd, iov.iov_base, 100, 7), 100);
	CHECK_EQ(io_uring_register_buffers_update_tag(&ring, 7, &empty, NULL, 1), 1);
	CHECK_EQ(read_fixed(&ring, fd, iov.iov_base, 100, 7), -EFAULT);
	CHECK_EQ(io_uring_register_buffers_update_tag(&ring, 10, &iov, NULL, 1), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_tagged_buffer_posts_its_tag_when_it_goes)
{
	struct iovec iov[2] = { { pages(4096), 4096 }, { pages(4096), 4096 } };
	struct io_uring ring;
	struct answer a[2];
	__u64 tags[2] = { 111, 222 }, new_tag = 333;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_buffers_tags(&ring, iov, tags, 2), 0);
	check_quiet(&ring);
	CHECK_EQ(io_uring_register_buffers_update_tag(&ring, 1, &iov[0], &new_tag, 1), 1);
	CHECK_EQ(reap_data(&ring, 222), 0);
	CHECK_EQ(io_uring_unregister_buffers(&ring), 0);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].data, 111);
	CHECK_EQ(a[1].data, 333);
	io_uring_queue_exit(&ring);
}

TEST(read_only_memory_cannot_be_registered)
{
	struct iovec iov = { pages(4096), 4096 };
	struct io_uring ring;

	SYS(mprotect(iov.iov_base, 4096, PROT_READ));
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(many_registrations_leave_nothing_behind)
{
	struct iovec iov = { pages(65536), 65536 };
	struct io_uring ring;
	int fds[4];

	pipe_up(fds);
	pipe_up(fds + 2);
	CHECK_NO_LEAK(20, {
		ring_up(&ring, 8, 0);
		CHECK_EQ(io_uring_register_files(&ring, fds, 4), 0);
		CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
		CHECK_EQ(io_uring_unregister_files(&ring), 0);
		CHECK_EQ(io_uring_register_files_sparse(&ring, 64), 0);
		io_uring_queue_exit(&ring);
	});
}

/* ---- clones -------------------------------------------------------------------------------------------------------------------- */

static void clone_up(struct io_uring *src, struct io_uring *dst, struct iovec *iov, unsigned n)
{
	ring_up(src, 8, 0);
	ring_up(dst, 8, 0);
	if (!kernel_knows_register(IORING_REGISTER_CLONE_BUFFERS))
		test_skip("the kernel cannot clone buffers");
	for (unsigned i = 0; i < n; i++)
		iov[i] = (struct iovec){ pages(4096), 4096 };
	CHECK_EQ(io_uring_register_buffers(src, iov, n), 0);
}

TEST(cloned_buffers_serve_another_ring_and_outlive_the_first)
{
	struct io_uring src, dst;
	struct iovec iov[2];
	int fd = file_with_pattern("f", 4096);

	clone_up(&src, &dst, iov, 2);
	CHECK_EQ(io_uring_clone_buffers(&dst, &src), 0);
	CHECK_EQ(io_uring_clone_buffers(&dst, &src), -EBUSY);
	io_uring_queue_exit(&src);
	CHECK_EQ(read_fixed(&dst, fd, iov[1].iov_base, 4096, 1), 4096);
	check_pattern(iov[1].iov_base, 4096, 0);
	CHECK_EQ(io_uring_unregister_buffers(&dst), 0);
	io_uring_queue_exit(&dst);
}

TEST(a_part_of_the_buffers_is_cloned_to_an_offset)
{
	struct io_uring src, dst;
	struct iovec iov[3];
	int fd = file_with_pattern("f", 4096);

	clone_up(&src, &dst, iov, 3);
	CHECK_EQ(io_uring_clone_buffers_offset(&dst, &src, 4, 1, 2, 0), 0);
	CHECK_EQ(read_fixed(&dst, fd, iov[1].iov_base, 100, 4), 100);
	CHECK_EQ(read_fixed(&dst, fd, iov[2].iov_base, 100, 5), 100);
	CHECK_EQ(read_fixed(&dst, fd, iov[1].iov_base, 100, 0), -EFAULT);
	CHECK_EQ(io_uring_clone_buffers_offset(&dst, &src, 0, 0, 1, 0), -EBUSY);
	CHECK_EQ(io_uring_clone_buffers_offset(&dst, &src, 0, 0, 1, IORING_REGISTER_DST_REPLACE), 0);
	CHECK_EQ(read_fixed(&dst, fd, iov[0].iov_base, 100, 0), 100);
	CHECK_EQ(read_fixed(&dst, fd, iov[1].iov_base, 100, 4), 100);
	/* More than there is. */
	CHECK_EQ(io_uring_clone_buffers_offset(&dst, &src, 0, 2, 2, IORING_REGISTER_DST_REPLACE), -EOVERFLOW);
	CHECK_EQ(io_uring_clone_buffers_offset(&dst, &src, 0, 0, 1, 1 << 10), -EINVAL);
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}

TEST(buffers_are_cloned_between_registered_rings)
{
	struct io_uring src, dst;
	struct iovec iov[1];
	int fd = file_with_pattern("f", 4096);

	clone_up(&src, &dst, iov, 1);
	CHECK_EQ(io_uring_register_ring_fd(&src), 1);
	CHECK_EQ(io_uring_register_ring_fd(&dst), 1);
	CHECK_EQ(io_uring_close_ring_fd(&src), 1);
	CHECK_EQ(io_uring_clone_buffers(&dst, &src), 0);
	CHECK_EQ(read_fixed(&dst, fd, iov[0].iov_base, 100, 0), 100);
	/* The bare functions take the flag from their caller: without it the source has no descriptor left. */
	CHECK_EQ(io_uring_unregister_buffers(&dst), 0);
	CHECK_EQ(__io_uring_clone_buffers(&dst, &src, 0), -EBADF);
	CHECK_EQ(__io_uring_clone_buffers(&dst, &src, IORING_REGISTER_SRC_REGISTERED), 0);
	CHECK_EQ(io_uring_unregister_buffers(&dst), 0);
	CHECK_EQ(__io_uring_clone_buffers_offset(&dst, &src, 0, 0, 0, IORING_REGISTER_SRC_REGISTERED), 0);
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}

TEST(cloning_from_a_ring_without_buffers_is_enxio)
{
	struct io_uring src, dst;

	ring_up(&src, 8, 0);
	ring_up(&dst, 8, 0);
	if (!kernel_knows_register(IORING_REGISTER_CLONE_BUFFERS))
		test_skip("the kernel cannot clone buffers");
	CHECK_EQ(io_uring_clone_buffers(&dst, &src), -ENXIO);
	io_uring_queue_exit(&src);
	io_uring_queue_exit(&dst);
}
