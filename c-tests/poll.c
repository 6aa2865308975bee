/* SPDX-License-Identifier: MIT */
/* Polling descriptors, and being polled: POLL_ADD in its kinds, updates and removals, epoll requests, the ring's own descriptor. */
#include "test.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static struct io_uring_sqe *poll_add(struct io_uring *ring, int fd, unsigned mask, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_poll_add(sqe, fd, mask);
	sqe->user_data = data;
	return sqe;
}

/* ---- one shot ------------------------------------------------------------------------------------------------------------------ */

TEST(a_poll_completes_with_what_is_ready)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	poll_add(&ring, fds[1], POLLOUT | POLLIN, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), POLLOUT);
	poll_add(&ring, fds[0], POLLIN, 2);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap_data(&ring, 2), POLLIN);
	/* Ready already, and what was not asked for is left out. */
	poll_add(&ring, fds[0], POLLIN | POLLRDNORM, 3);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 3), POLLIN | POLLRDNORM);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_hangup_completes_a_poll_nobody_asked_it_of)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	poll_add(&ring, fds[0], POLLIN, 1);
	submit(&ring, 1);
	check_quiet(&ring);
	close(fds[1]);
	CHECK_EQ(reap_data(&ring, 1), POLLHUP);
	io_uring_queue_exit(&ring);
}

TEST(a_regular_file_is_ready_at_once)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	poll_add(&ring, file_with_pattern("f", 8), POLLIN | POLLOUT, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), POLLIN | POLLOUT);
	io_uring_queue_exit(&ring);
}

TEST(a_poll_for_nothing_waits_for_errors_only)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	poll_add(&ring, fds[1], 0, 1);
	submit(&ring, 1);
	check_quiet(&ring);
	close(fds[0]);
	CHECK_EQ(reap_data(&ring, 1), POLLERR);
	io_uring_queue_exit(&ring);
}

TEST(bad_polls_are_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	sqe = poll_add(&ring, fds[0], POLLIN, 1);
	sqe->len = 1 << 10;
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = poll_add(&ring, fds[0], POLLIN, 1);
	sqe->off = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	poll_add(&ring, NO_FD, POLLIN, 1);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- multishot ----------------------------------------------------------------------------------------------------------------- */

TEST(a_multishot_poll_completes_again_and_again)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	char byte;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_multishot(sqe, fds[0], POLLIN);
	sqe->user_data = 7;
	submit(&ring, 1);
	for (int i = 0; i < 20; i++) {
		check_quiet(&ring);
		write_all(fds[1], "x", 1);
		a = reap(&ring);
		CHECK_EQ(a.data, 7);
		CHECK_EQ(a.res, POLLIN);
		CHECK(a.flags & IORING_CQE_F_MORE);
		read_all(fds[0], &byte, 1);
	}
	/* Removed, it says -ECANCELED and that there is no more. */
	sqe = sqe_of(&ring);
	io_uring_prep_poll_remove(sqe, 7);
	sqe->user_data = 8;
	submit(&ring, 1);
	{
		struct answer both[2];

		reap_sorted(&ring, both, 2);
		CHECK_EQ(both[0].res, -ECANCELED);
		CHECK(!(both[0].flags & IORING_CQE_F_MORE));
		CHECK_EQ(both[1].res, 0);
	}
	write_all(fds[1], "x", 1);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(an_edge_triggered_multishot_poll_tells_of_new_data_only)
{
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_poll_multishot(sqe_of(&ring), fds[0], POLLIN);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		write_all(fds[1], "x", 1);
		CHECK_EQ(reap(&ring).res, POLLIN);
		/* The data is still there: no completion before there is more. */
		check_quiet(&ring);
	}
	io_uring_queue_exit(&ring);
}

/* ---- updates ------------------------------------------------------------------------------------------------------------------- */

TEST(removing_a_poll_cancels_it)
{
	struct io_uring_sqe *sqe;
	struct answer a[2];
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	poll_add(&ring, fds[0], POLLIN, 1);
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_remove(sqe, 1);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_remove(sqe, 1);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_queue_exit(&ring);
}

TEST(a_poll_s_data_and_events_can_be_changed)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int sv[2];

	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	poll_add(&ring, sv[0], POLLIN, 1);
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_update(sqe, 1, 11, 0, IORING_POLL_UPDATE_USER_DATA);
	sqe->user_data = 2;
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 2), 0);
	write_all(sv[1], "x", 1);
	CHECK_EQ(reap_data(&ring, 11), POLLIN);
	/* Events: what is ready under the new mask completes at once. */
	poll_add(&ring, sv[1], POLLIN, 3);
	submit(&ring, 1);
	check_quiet(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_update(sqe, 3, 0, POLLOUT, IORING_POLL_UPDATE_EVENTS);
	sqe->user_data = 4;
	submit(&ring, 1);
	{
		struct answer a[2];

		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[0].data, 3);
		CHECK_EQ(a[0].res, POLLOUT);
		CHECK_EQ(a[1].data, 4);
		CHECK_EQ(a[1].res, 0);
	}
	/* Of one that is gone, or with unknown flags. */
	sqe = sqe_of(&ring);
	io_uring_prep_poll_update(sqe, 3, 0, POLLOUT, IORING_POLL_UPDATE_EVENTS);
	CHECK_EQ(run_one(&ring), -ENOENT);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_update(sqe, 3, 0, POLLOUT, 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(an_update_leaves_a_multishot_poll_multishot_and_a_single_one_single)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a;
	int fds[2], sv[2];

	pipe_up(fds);
	pair_up(SOCK_STREAM, sv);
	ring_up(&ring, 8, 0);
	io_uring_prep_poll_multishot(sqe_of(&ring), fds[0], POLLPRI);
	submit(&ring, 1);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		io_uring_prep_poll_update(sqe, 0, 0, POLLIN, IORING_POLL_UPDATE_EVENTS);
		sqe->user_data = 2;
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, 2), 0);
	}
	for (int i = 0; i < 3; i++) {
		char c;

		write_all(fds[1], "x", 1);
		a = reap(&ring);
		CHECK_EQ(a.res, POLLIN);
		CHECK_EQ(a.flags, IORING_CQE_F_MORE);
		CHECK_EQ(SYS(read(fds[0], &c, 1)), 1);
	}
	poll_add(&ring, sv[0], POLLPRI, 3);
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_update(sqe, 3, 0, POLLIN, IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI);
	sqe->user_data = 4;
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 4), 0);
	write_all(sv[1], "x", 1);
	a = reap(&ring);
	CHECK_EQ(a.data, 3);
	CHECK_EQ(a.res, POLLIN);
	CHECK_EQ(a.flags, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_poll_of_the_eventfd_that_tells_of_its_own_completions_ends)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a[2];
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_eventfd(&ring, fd), 0);
	io_uring_prep_poll_multishot(sqe_of(&ring), fd, POLLIN);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 1;
	submit(&ring, 2);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, POLLIN);
	CHECK_EQ(a[0].flags, 0);
	CHECK_EQ(a[1].res, 0);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

/* ---- epoll requests -------------------------------------------------------------------------------------------------------------- */

TEST(epoll_sets_are_changed_by_requests)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 42 }, got;
	struct io_uring ring;
	int ep = (int)SYS(epoll_create1(EPOLL_CLOEXEC)), fds[2];

	pipe_up(fds);
	write_all(fds[1], "x", 1);
	ring_up(&ring, 8, 0);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_ADD, &ev);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(epoll_wait(ep, &got, 1, 0), 1);
	CHECK_EQ(got.data.u64, 42);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_ADD, &ev);
	CHECK_EQ(run_one(&ring), -EEXIST);
	ev.data.u64 = 43;
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_MOD, &ev);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(epoll_wait(ep, &got, 1, 0), 1);
	CHECK_EQ(got.data.u64, 43);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_DEL, NULL);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(epoll_wait(ep, &got, 1, 0), 0);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_DEL, NULL);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_epoll_ctl(sqe_of(&ring), fds[1], fds[0], EPOLL_CTL_ADD, &ev);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_epoll_ctl(sqe_of(&ring), ep, fds[0], EPOLL_CTL_ADD, (struct epoll_event *)8);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(epoll_sets_are_waited_for_by_requests)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 42 }, got[4];
	struct io_uring ring;
	int ep = (int)SYS(epoll_create1(EPOLL_CLOEXEC)), fds[2];

	pipe_up(fds);
	SYS(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev));
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_EPOLL_WAIT);
	memset(got, 0, sizeof(got));
	io_uring_prep_epoll_wait(sqe_of(&ring), ep, got, 4, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(fds[1], "x", 1);
	CHECK_EQ(reap(&ring).res, 1);
	CHECK_EQ(got[0].data.u64, 42);
	CHECK_EQ(got[0].events, EPOLLIN);
	io_uring_prep_epoll_wait(sqe_of(&ring), ep, got, 4, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_epoll_wait(sqe_of(&ring), fds[0], got, 4, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- the ring's descriptor ------------------------------------------------------------------------------------------------------- */

static short ready(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK_CMP(poll(&p, 1, timeout_ms), >=, 0);
	return p.revents & POLLIN;
}

TEST(the_ring_s_descriptor_is_readable_while_completions_wait)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(ready(ring.ring_fd, 0), 0);
	for (int i = 0; i < 5; i++) {
		io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 1);
		CHECK_EQ(ready(ring.ring_fd, 5000), POLLIN);
		CHECK_EQ(reap(&ring).res, 0);
		/* Some implementations need two looks at an empty queue before they take the signal back. */
		for (int look = 0; look < 3 && ready(ring.ring_fd, 0); look++)
			check_quiet(&ring);
		CHECK_EQ(ready(ring.ring_fd, 0), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(poll_on_the_ring_sleeps_until_a_completion_comes)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	submit(&ring, 1);
	if (!SYS(fork())) {
		sleep_ms(30);
		write_all(fds[1], "data", 4);
		_exit(0);
	}
	CHECK_EQ(ready(ring.ring_fd, 20000), POLLIN);
	CHECK_EQ(reap(&ring).res, 4);
	io_uring_queue_exit(&ring);
}

TEST(epoll_watches_rings_level_and_edge_triggered)
{
	static const unsigned events[] = { EPOLLIN, EPOLLIN | EPOLLET };

	for (int i = 0; i < 2; i++) {
		struct epoll_event ev = { .events = events[i], .data.u64 = 9 }, got;
		struct io_uring ring;
		int ep = (int)SYS(epoll_create1(EPOLL_CLOEXEC)), fds[2];
		char buf[8];

		pipe_up(fds);
		ring_up(&ring, 8, 0);
		SYS(epoll_ctl(ep, EPOLL_CTL_ADD, ring.ring_fd, &ev));
		CHECK_EQ(epoll_wait(ep, &got, 1, 0), 0);
		for (int round = 0; round < 10; round++) {
			io_uring_prep_read(sqe_of(&ring), fds[0], buf, 1, 0);
			submit(&ring, 1);
			write_all(fds[1], "x", 1);
			CHECK_EQ(epoll_wait(ep, &got, 1, 20000), 1);
			CHECK_EQ(got.data.u64, 9);
			CHECK_EQ(reap(&ring).res, 1);
		}
		io_uring_queue_exit(&ring);
		close(ep);
	}
}

TEST(a_ring_polls_itself)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a[2];

	ring_up(&ring, 8, 0);
	/* There is room for requests. */
	poll_add(&ring, ring.ring_fd, POLLIN | POLLOUT, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), POLLOUT);
	for (int i = 0; i < 3; i++) {
		poll_add(&ring, ring.ring_fd, POLLIN, 1);
		submit(&ring, 1);
		sqe = sqe_of(&ring);
		io_uring_prep_nop(sqe);
		sqe->user_data = 2;
		submit(&ring, 1);
		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[0].res, POLLIN);
		CHECK_EQ(a[1].res, 0);
		check_quiet(&ring);
	}
	/* Its own completion would be the next event. */
	io_uring_prep_poll_multishot(sqe_of(&ring), ring.ring_fd, POLLIN);
	submit(&ring, 1);
	check_quiet(&ring);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, POLLIN);
	CHECK_EQ(a[0].flags, 0);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_poll_of_another_ring_completes_before_the_submission_there_returns)
{
	struct io_uring watcher, watched;

	ring_up(&watcher, 8, 0);
	ring_up(&watched, 8, 0);
	poll_add(&watcher, watched.ring_fd, POLLIN, 1);
	submit(&watcher, 1);
	check_quiet(&watcher);
	io_uring_prep_nop(sqe_of(&watched));
	submit(&watched, 1);
	/* Nothing is entered: the program looks at the CQ's memory. */
	CHECK_EQ(io_uring_cq_ready(&watcher), 1);
	CHECK_EQ(reap_data(&watcher, 1) & POLLIN, POLLIN);
	CHECK_EQ(reap(&watched).res, 0);
	io_uring_queue_exit(&watched);
	io_uring_queue_exit(&watcher);
}

TEST(an_eventfd_is_read_and_polled_like_a_pipe)
{
	struct io_uring ring;
	uint64_t value = 0;
	int fd = (int)SYS(eventfd(0, EFD_CLOEXEC));

	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fd, &value, sizeof(value), 0);
	submit(&ring, 1);
	check_quiet(&ring);
	SYS(eventfd_write(fd, 5));
	CHECK_EQ(reap(&ring).res, 8);
	CHECK_EQ(value, 5);
	value = 3;
	io_uring_prep_write(sqe_of(&ring), fd, &value, sizeof(value), 0);
	CHECK_EQ(run_one(&ring), 8);
	poll_add(&ring, fd, POLLIN, 1);
	submit(&ring, 1);
	CHECK_EQ(reap_data(&ring, 1), POLLIN);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_poll_outlives_a_read_from_a_number_that_was_closed)
{
	struct rlimit few = { 1024, 1024 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2], other[2], upper;
	struct answer a[2];
	char buf;

	SYS(setrlimit(RLIMIT_NOFILE, &few));
	pipe_up(fds);
	pipe_up(other);
	ring_up(&ring, 8, 0);
	/* The next descriptor that the library makes for itself has this number. */
	upper = (int)SYS(fcntl(fds[0], F_DUPFD, few.rlim_cur / 2));
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, upper, &buf, 1, 0);
	sqe->user_data = 1;
	submit(&ring, 1);
	close(upper);
	sqe = sqe_of(&ring);
	io_uring_prep_poll_multishot(sqe, other[0], POLLIN);
	sqe->user_data = 3;
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	write_all(other[1], "x", 1);
	a[0] = reap(&ring);
	CHECK_EQ(a[0].data, 3);
	CHECK_EQ(a[0].res, POLLIN);
	CHECK_EQ(a[0].flags, IORING_CQE_F_MORE);
	io_uring_queue_exit(&ring);
}
