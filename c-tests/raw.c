/* SPDX-License-Identifier: MIT */
/* The system calls themselves, as the library offers them: -errno as their result, and errno left alone. */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { UNTOUCHED = 12345 };

#define QUIETLY(call, want)                                                                         \
	do {                                                                                        \
		errno = UNTOUCHED;                                                                  \
		CHECK_EQ(call, want);                                                               \
		CHECK_EQ(errno, UNTOUCHED);                                                         \
	} while (0)

TEST(setup_gives_a_descriptor_or_an_error_and_leaves_errno_alone)
{
	struct io_uring_params p;
	int fd;

	memset(&p, 0, sizeof(p));
	errno = UNTOUCHED;
	fd = io_uring_setup(8, &p);
	CHECK_CMP(fd, >=, 0);
	CHECK_EQ(errno, UNTOUCHED);
	CHECK_EQ(p.sq_entries, 8);
	CHECK_EQ(p.cq_entries, 16);
	CHECK_CMP(p.features, !=, 0);
	close(fd);
	memset(&p, 0, sizeof(p));
	QUIETLY(io_uring_setup(0, &p), -EINVAL);
	QUIETLY(io_uring_setup(32769, &p), -EINVAL);
	p.flags = 1u << 31;
	QUIETLY(io_uring_setup(8, &p), -EINVAL);
	p.flags = IORING_SETUP_TASKRUN_FLAG;
	QUIETLY(io_uring_setup(8, &p), -EINVAL);
}

TEST(setup_with_a_wild_pointer_is_efault)
{
	QUIETLY(io_uring_setup(8, NULL), -EFAULT);
	QUIETLY(io_uring_setup(8, (struct io_uring_params *)8), -EFAULT);
}

TEST(setup_without_a_free_descriptor_is_emfile)
{
	struct rlimit limit;
	struct io_uring_params p;
	int fd;

	memset(&p, 0, sizeof(p));
	fd = io_uring_setup(8, &p);
	CHECK_CMP(fd, >=, 0);
	close(fd);
	fd = (int)SYS(dup(0));
	close(fd);
	SYS(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = fd;
	SYS(setrlimit(RLIMIT_NOFILE, &limit));
	memset(&p, 0, sizeof(p));
	QUIETLY(io_uring_setup(8, &p), -EMFILE);
}

TEST(enter_refuses_unknown_flags_before_it_looks_for_the_ring)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	QUIETLY(io_uring_enter(ring.ring_fd, 1, 0, ~0U, NULL), -EINVAL);
	QUIETLY(io_uring_enter(ring.ring_fd, 0, 0, 0, NULL), 0);
	io_uring_queue_exit(&ring);
}

TEST(enter_answers_for_every_kind_of_descriptor, .needs_kernel = "what is no ring is answered by the kernel")
{
	int fds[2], fd;

	pipe_up(fds);
	QUIETLY(io_uring_enter(-1, 0, 0, 0, NULL), -EBADF);
	QUIETLY(io_uring_enter(NO_FD, 1, 1, IORING_ENTER_GETEVENTS, NULL), -EBADF);
	QUIETLY(io_uring_enter(fds[0], 0, 0, 0, NULL), -EOPNOTSUPP);
	QUIETLY(io_uring_enter2(fds[0], 0, 0, 0, NULL, 0), -EOPNOTSUPP);
	fd = (int)SYS(open("/dev/null", O_RDWR));
	QUIETLY(io_uring_enter(fd, 0, 0, 0, NULL), -EOPNOTSUPP);
	close(fd);
	QUIETLY(io_uring_enter2(fd, 0, 0, 0, NULL, 0), -EBADF);
}

TEST(register_answers_for_every_kind_of_descriptor, .needs_kernel = "what is no ring is answered by the kernel")
{
	int fds[2];

	pipe_up(fds);
	QUIETLY(io_uring_register(NO_FD, IORING_UNREGISTER_FILES, NULL, 0), -EBADF);
	QUIETLY(io_uring_register(fds[0], IORING_UNREGISTER_FILES, NULL, 0), -EOPNOTSUPP);
	/* -1 is no descriptor, but some operations need none: this is not one of them. */
	QUIETLY(io_uring_register(-1, IORING_UNREGISTER_FILES, NULL, 0), -EINVAL);
}

TEST(enter_submits_and_waits)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 3; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_nop(sqe);
		sqe->user_data = i;
	}
	/* By hand what io_uring_submit_and_wait() does. */
	io_uring_smp_store_release(ring.sq.ktail, ring.sq.sqe_tail);
	ring.sq.sqe_head = ring.sq.sqe_tail;
	QUIETLY(io_uring_enter(ring.ring_fd, 3, 3, IORING_ENTER_GETEVENTS, NULL), 3);
	CHECK_EQ(io_uring_cq_ready(&ring), 3);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	QUIETLY(io_uring_enter(ring.ring_fd, 5, 0, 0, NULL), 0);
	io_uring_queue_exit(&ring);
}

TEST(enter_refuses_unknown_flags)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int bit = 9; bit < 32; bit++)
		QUIETLY(io_uring_enter(ring.ring_fd, 0, 0, 1u << bit, NULL), -EINVAL);
	/* Indices of registered rings: one that is free, one that cannot be. */
	QUIETLY(io_uring_enter(0, 0, 0, IORING_ENTER_REGISTERED_RING, NULL), -EBADF);
	QUIETLY(io_uring_enter(1000, 0, 0, IORING_ENTER_REGISTERED_RING, NULL), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(enter2_takes_a_timeout_and_a_mask)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring_getevents_arg arg;
	struct io_uring ring;
	sigset_t mask;

	ring_up(&ring, 8, 0);
	memset(&arg, 0, sizeof(arg));
	arg.ts = (uintptr_t)&ts;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)), -ETIME);
	sigfillset(&mask);
	arg.sigmask = (uintptr_t)&mask;
	arg.sigmask_sz = 8;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)), -ETIME);
	/* A size that is not the structure's, a mask of another size. */
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg) - 1), -EINVAL);
	arg.sigmask_sz = 3;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)), -EINVAL);
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS, &mask, 3), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(enter2_with_wild_pointers_is_efault)
{
	struct io_uring_getevents_arg arg;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	memset(&arg, 0, sizeof(arg));
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (void *)8, sizeof(arg)), -EFAULT);
	arg.ts = 8;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)), -EFAULT);
	arg.ts = 0;
	arg.sigmask = 8;
	arg.sigmask_sz = 8;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg)), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(an_absolute_limit_is_a_point_in_time)
{
	struct io_uring_getevents_arg arg;
	struct __kernel_timespec ts;
	struct timespec now;
	struct io_uring ring;
	unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | IORING_ENTER_ABS_TIMER;
	uint64_t start = now_ms();

	ring_up(&ring, 8, 0);
	if (!kernel_knows_register(IORING_REGISTER_CLOCK))
		test_skip("the kernel does not know IORING_ENTER_ABS_TIMER");
	clock_gettime(CLOCK_MONOTONIC, &now);
	memset(&arg, 0, sizeof(arg));
	arg.ts = (uintptr_t)&ts;
	/* One that is over, one that comes. */
	ts.tv_sec = now.tv_sec - 10;
	ts.tv_nsec = now.tv_nsec;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, flags, &arg, sizeof(arg)), -ETIME);
	ts.tv_sec = now.tv_sec + (now.tv_nsec + 50000000) / 1000000000;
	ts.tv_nsec = (now.tv_nsec + 50000000) % 1000000000;
	QUIETLY(io_uring_enter2(ring.ring_fd, 0, 1, flags, &arg, sizeof(arg)), -ETIME);
	CHECK_CMP(now_ms() - start, >=, 49);
	io_uring_queue_exit(&ring);
}

TEST(register_passes_its_arguments)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	QUIETLY(io_uring_register(ring.ring_fd, IORING_UNREGISTER_FILES, NULL, 0), -ENXIO);
	QUIETLY(io_uring_register(ring.ring_fd, IORING_REGISTER_FILES, fds, 2), 0);
	QUIETLY(io_uring_register(ring.ring_fd, IORING_UNREGISTER_FILES, fds, 2), -EINVAL);
	QUIETLY(io_uring_register(ring.ring_fd, IORING_UNREGISTER_FILES, NULL, 0), 0);
	QUIETLY(io_uring_register(ring.ring_fd, 999, NULL, 0), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(no_function_of_the_library_touches_errno)
{
	struct __kernel_timespec ts = timespec_ms(1);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	QUIETLY(io_uring_queue_init(0, &ring, 0), -EINVAL);
	QUIETLY(io_uring_queue_init(8, &ring, 1u << 31), -EINVAL);
	QUIETLY(io_uring_queue_init(8, &ring, 0), 0);
	QUIETLY(io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	QUIETLY(io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	QUIETLY(io_uring_unregister_files(&ring), -ENXIO);
	QUIETLY(io_uring_register_files(&ring, (int *)8, 1), -EFAULT);
	QUIETLY(io_uring_unregister_buffers(&ring), -ENXIO);
	QUIETLY(io_uring_unregister_ring_fd(&ring), -EINVAL);
	io_uring_prep_read(sqe_of(&ring), -1, NULL, 1, 0);
	QUIETLY(io_uring_submit(&ring), 1);
	QUIETLY(io_uring_wait_cqe(&ring, &cqe), 0);
	CHECK_EQ(cqe->res, -EBADF);
	errno = UNTOUCHED;
	io_uring_queue_exit(&ring);
	CHECK_EQ(errno, UNTOUCHED);
	QUIETLY(io_uring_queue_mmap(fds[0], &(struct io_uring_params){ .sq_entries = 8, .cq_entries = 16 }, &ring), -EACCES);
}

TEST(calls_on_a_ring_from_many_threads_leave_each_errno_alone)
{
	struct io_uring ring;
	char buf[1];
	int fds[2];

	/* A read that is submitted in one thread and completed by another's write. */
	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, 1, 0);
	QUIETLY(io_uring_submit(&ring), 1);
	if (!SYS(fork())) {
		write_all(fds[1], "x", 1);
		_exit(0);
	}
	errno = UNTOUCHED;
	CHECK_EQ(reap(&ring).res, 1);
	CHECK_EQ(errno, UNTOUCHED);
	io_uring_queue_exit(&ring);
}
