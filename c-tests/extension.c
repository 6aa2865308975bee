/* SPDX-License-Identifier: MIT */
/* What this library has beyond liburing: it tells what serves a ring, and lets a process choose. */
#include "test.h"

#include <uring_rs.h>

static void nop_works(struct io_uring *ring)
{
	io_uring_prep_nop(sqe_of(ring));
	CHECK_EQ(run_one(ring), 0);
}

TEST(a_ring_names_the_backend_that_was_asked_for)
{
	const char *asked = getenv("URING_RS_BACKEND"), *name;
	struct io_uring ring;

	ring_up(&ring, 4, 0);
	name = uring_rs_backend_name(uring_rs_backend(&ring));
	CHECK(name != NULL);
	if (asked && (!strcmp(asked, "kernel") || !strcmp(asked, "user")))
		CHECK_STR(name, asked);
	else
		CHECK(!strcmp(name, "kernel") || !strcmp(name, "user"));
	io_uring_queue_exit(&ring);
}

TEST(backends_have_names_and_other_numbers_have_none)
{
	CHECK_STR(uring_rs_backend_name(URING_RS_BACKEND_AUTO), "auto");
	CHECK_STR(uring_rs_backend_name(URING_RS_BACKEND_KERNEL), "kernel");
	CHECK_STR(uring_rs_backend_name(URING_RS_BACKEND_USER), "user");
	CHECK_PTR(uring_rs_backend_name(-1), NULL);
	CHECK_PTR(uring_rs_backend_name(3), NULL);
	CHECK_PTR(uring_rs_backend_name(99), NULL);
}

TEST(a_backend_that_does_not_exist_cannot_be_chosen)
{
	struct io_uring before, after;

	ring_up(&before, 4, 0);
	CHECK_EQ(uring_rs_set_backend(-1), -EINVAL);
	CHECK_EQ(uring_rs_set_backend(3), -EINVAL);
	ring_up(&after, 4, 0);
	CHECK_EQ(uring_rs_backend(&after), uring_rs_backend(&before));
	io_uring_queue_exit(&before);
	io_uring_queue_exit(&after);
}

TEST(a_process_chooses_for_the_rings_to_come, .needs_kernel = "one of its rings is the kernel's")
{
	struct io_uring kernel, user, again;

	CHECK_EQ(uring_rs_set_backend(URING_RS_BACKEND_KERNEL), 0);
	ring_up(&kernel, 4, 0);
	CHECK_EQ(uring_rs_backend(&kernel), URING_RS_BACKEND_KERNEL);
	CHECK_EQ(uring_rs_set_backend(URING_RS_BACKEND_USER), 0);
	ring_up(&user, 4, 0);
	CHECK_EQ(uring_rs_backend(&user), URING_RS_BACKEND_USER);
	CHECK_EQ(uring_rs_set_backend(URING_RS_BACKEND_AUTO), 0);
	ring_up(&again, 4, 0);
	/* This kernel let the first one be made. */
	CHECK_EQ(uring_rs_backend(&again), URING_RS_BACKEND_KERNEL);
	for (int i = 0; i < 10; i++) {
		nop_works(&kernel);
		nop_works(&user);
		nop_works(&again);
	}
	CHECK_EQ(uring_rs_backend(&kernel), URING_RS_BACKEND_KERNEL);
	io_uring_queue_exit(&kernel);
	nop_works(&user);
	io_uring_queue_exit(&user);
	io_uring_queue_exit(&again);
}

static void falls_back(int err, int want)
{
	struct io_uring ring;

	CHECK_EQ(uring_rs_set_backend(URING_RS_BACKEND_AUTO), 0);
	refuse_io_uring(err);
	CHECK_EQ(io_uring_queue_init(4, &ring, 0), want);
	if (want)
		return;
	CHECK_EQ(uring_rs_backend(&ring), URING_RS_BACKEND_USER);
	nop_works(&ring);
	io_uring_queue_exit(&ring);
	/* The kernel's errors are there for those who ask for the kernel. */
	CHECK_EQ(uring_rs_set_backend(URING_RS_BACKEND_KERNEL), 0);
	CHECK_EQ(io_uring_queue_init(4, &ring, 0), -err);
}

TEST(auto_turns_to_the_engine_on_enosys)
{
	falls_back(ENOSYS, 0);
}

TEST(auto_turns_to_the_engine_on_eperm)
{
	falls_back(EPERM, 0);
}

TEST(auto_turns_to_the_engine_on_eacces)
{
	falls_back(EACCES, 0);
}

TEST(auto_gives_other_errors_back, .needs_kernel = "a filter of its own decides the kernel's answer")
{
	falls_back(ENOMEM, -ENOMEM);
}
