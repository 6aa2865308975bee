/* SPDX-License-Identifier: MIT */
/* Credentials that are registered with a ring and chosen for a request. */
#include "test.h"

#include <sys/fsuid.h>
#include <sys/stat.h>

static int open_as(struct io_uring *ring, int personality)
{
	struct io_uring_sqe *sqe = sqe_of(ring);
	int fd;

	io_uring_prep_openat(sqe, AT_FDCWD, "secret", O_RDONLY, 0);
	sqe->personality = (uint16_t)personality;
	fd = run_one(ring);
	if (fd >= 0)
		close(fd);
	return fd;
}

TEST(personalities_are_counted_and_released, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int first, second;

	ring_up(&ring, 8, 0);
	first = io_uring_register_personality(&ring);
	second = io_uring_register_personality(&ring);
	CHECK_CMP(first, >, 0);
	CHECK_CMP(second, >, 0);
	CHECK(first != second);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->personality = (uint16_t)first;
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(io_uring_unregister_personality(&ring, first), 0);
	CHECK_EQ(io_uring_unregister_personality(&ring, first), -EINVAL);
	CHECK_EQ(io_uring_unregister_personality(&ring, 12345), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->personality = (uint16_t)first;
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->personality = (uint16_t)second;
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_request_acts_with_the_credentials_it_names, .part2 = true)
{
	struct io_uring ring;
	int root;

	if (geteuid())
		test_skip("only root can become somebody else");
	close(file_with_pattern("secret", 8));
	SYS(chmod("secret", 0600));
	SYS(chmod(".", 0755));
	ring_up(&ring, 8, 0);
	root = io_uring_register_personality(&ring);
	CHECK_CMP(root, >, 0);
	CHECK_CMP(open_as(&ring, 0), >=, 0);
	/* The thread gives up its rights for files; the registered ones stay. */
	setfsuid(65534);
	setfsgid(65534);
	CHECK_EQ(open_as(&ring, 0), -EACCES);
	CHECK_CMP(open_as(&ring, root), >=, 0);
	CHECK_EQ(open_as(&ring, root + 1), -EINVAL);
	io_uring_queue_exit(&ring);
}
