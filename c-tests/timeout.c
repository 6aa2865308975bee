/* SPDX-License-Identifier: MIT */
/* Timeout requests: relative and absolute, by clock, by count, repeated, changed, removed, and as the second half of a link. */
#include "test.h"

#include <time.h>

enum { LONG_MS = 60000 };

static struct io_uring_sqe *timeout(struct io_uring *ring, const struct __kernel_timespec *ts, unsigned count, unsigned flags,
				    uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_timeout(sqe, ts, count, flags);
	sqe->user_data = data;
	return sqe;
}

static struct __kernel_timespec clock_plus(clockid_t clock, unsigned ms)
{
	struct __kernel_timespec ts;
	struct timespec now;

	clock_gettime(clock, &now);
	ts.tv_sec = now.tv_sec + ms / 1000;
	ts.tv_nsec = now.tv_nsec + (long long)(ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

TEST(a_timeout_expires_with_etime_and_not_before)
{
	struct __kernel_timespec ts = timespec_ms(50);
	struct io_uring ring;
	uint64_t start;

	ring_up(&ring, 8, 0);
	start = now_ms();
	timeout(&ring, &ts, 0, 0, 1);
	submit(&ring, 1);
	/* The time was read when it was submitted. */
	ts = timespec_ms(LONG_MS);
	CHECK_EQ(reap_data(&ring, 1), -ETIME);
	CHECK_CMP(now_ms() - start, >=, 49);
	io_uring_queue_exit(&ring);
}

TEST(timeouts_expire_in_the_order_of_their_times)
{
	static const unsigned ms[] = { 90, 30, 120, 60 }, order[] = { 1, 3, 0, 2 };
	struct __kernel_timespec ts[4];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++) {
		ts[i] = timespec_ms(ms[i]);
		timeout(&ring, &ts[i], 0, 0, i);
	}
	submit(&ring, 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(reap_data(&ring, order[i]), -ETIME);
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_of_zero_expires_at_once)
{
	struct __kernel_timespec ts = timespec_ms(0);
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	timeout(&ring, &ts, 0, 0, 1);
	CHECK_EQ(run_one(&ring), -ETIME);
	io_uring_queue_exit(&ring);
}

TEST(absolute_timeouts_follow_their_clock)
{
	static const struct {
		clockid_t clock;
		unsigned flag;
	} clocks[] = {
		{ CLOCK_MONOTONIC, 0 },
		{ CLOCK_BOOTTIME, IORING_TIMEOUT_BOOTTIME },
		{ CLOCK_REALTIME, IORING_TIMEOUT_REALTIME },
	};
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 3; i++) {
		struct __kernel_timespec ts = clock_plus(clocks[i].clock, 60);
		struct timespec now;

		timeout(&ring, &ts, 0, IORING_TIMEOUT_ABS | clocks[i].flag, 1);
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, 1), -ETIME);
		clock_gettime(clocks[i].clock, &now);
		CHECK(now.tv_sec > ts.tv_sec || (now.tv_sec == ts.tv_sec && now.tv_nsec >= ts.tv_nsec));
		/* A time that is over. */
		ts.tv_sec -= 100;
		timeout(&ring, &ts, 0, IORING_TIMEOUT_ABS | clocks[i].flag, 1);
		CHECK_EQ(run_one(&ring), -ETIME);
		/* Relative on the same clock. */
		ts = timespec_ms(20);
		timeout(&ring, &ts, 0, clocks[i].flag, 1);
		CHECK_EQ(run_one(&ring), -ETIME);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_count_of_completions_ends_a_timeout_with_zero)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	timeout(&ring, &ts, 3, 0, 9);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++) {
		check_quiet(&ring);
		io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 1);
		if (i < 2)
			CHECK_EQ(reap(&ring).res, 0);
	}
	{
		struct answer a[2];

		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[1].data, 9);
		CHECK_EQ(a[1].res, 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_can_count_its_expiry_as_success)
{
	struct __kernel_timespec ts = timespec_ms(10);
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	/* The result stays -ETIME, but the link goes on. */
	ring_up(&ring, 8, 0);
	sqe = timeout(&ring, &ts, 0, IORING_TIMEOUT_ETIME_SUCCESS, 1);
	sqe->flags |= IOSQE_IO_LINK;
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 2;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 1), -ETIME);
	CHECK_EQ(reap_data(&ring, 2), 0);
	sqe = timeout(&ring, &ts, 0, 0, 1);
	sqe->flags |= IOSQE_IO_LINK;
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 2;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 1), -ETIME);
	CHECK_EQ(reap_data(&ring, 2), -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_timeout_expires_the_number_of_times_asked)
{
	struct __kernel_timespec ts = timespec_ms(10);
	struct io_uring ring;
	uint64_t start = now_ms();

	ring_up(&ring, 8, 0);
	timeout(&ring, &ts, 4, IORING_TIMEOUT_MULTISHOT, 1);
	submit(&ring, 1);
	for (int i = 0; i < 4; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, -ETIME);
		CHECK_EQ(!!(a.flags & IORING_CQE_F_MORE), i < 3);
	}
	CHECK_CMP(now_ms() - start, >=, 39);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_timeout_without_a_count_goes_on_until_removed)
{
	struct __kernel_timespec ts = timespec_ms(5);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	bool removed = false, cancelled = false;

	ring_up(&ring, 8, 0);
	timeout(&ring, &ts, 0, IORING_TIMEOUT_MULTISHOT, 1);
	submit(&ring, 1);
	for (int i = 0; i < 6; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, -ETIME);
		CHECK(a.flags & IORING_CQE_F_MORE);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	while (!removed || !cancelled) {
		struct answer a = reap(&ring);

		if (a.data == 2) {
			CHECK_EQ(a.res, 0);
			removed = true;
		} else if (a.res == -ECANCELED) {
			CHECK(!(a.flags & IORING_CQE_F_MORE));
			cancelled = true;
		} else {
			/* One that was on its way. */
			CHECK_EQ(a.res, -ETIME);
		}
	}
	sleep_ms(20);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_can_be_removed)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_sqe *sqe;
	struct answer a[2];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	timeout(&ring, &ts, 0, 0, 1);
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout_remove(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, 0);
	io_uring_prep_timeout_remove(sqe_of(&ring), 1, 0);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_timeout_remove(sqe_of(&ring), 1, 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_timeout_can_be_given_another_time)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS), sooner = timespec_ms(20), at;
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int absolute = 0; absolute < 2; absolute++) {
		timeout(&ring, &ts, 0, 0, 1);
		submit(&ring, 1);
		at = absolute ? clock_plus(CLOCK_MONOTONIC, 20) : sooner;
		sqe = sqe_of(&ring);
		io_uring_prep_timeout_update(sqe, &at, 1, absolute ? IORING_TIMEOUT_ABS : 0);
		sqe->user_data = 2;
		submit(&ring, 1);
		CHECK_EQ(reap_data(&ring, 2), 0);
		CHECK_EQ(reap_data(&ring, 1), -ETIME);
	}
	io_uring_prep_timeout_update(sqe_of(&ring), &sooner, 1, 0);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_queue_exit(&ring);
}

TEST(bad_timeouts_are_refused)
{
	struct __kernel_timespec ts = timespec_ms(10), bad = { .tv_sec = 0, .tv_nsec = -1 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	timeout(&ring, &bad, 0, 0, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	bad = (struct __kernel_timespec){ .tv_sec = -1 };
	timeout(&ring, &bad, 0, 0, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	timeout(&ring, (struct __kernel_timespec *)8, 0, 0, 1);
	CHECK_EQ(run_one(&ring), -EFAULT);
	timeout(&ring, &ts, 0, IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	timeout(&ring, &ts, 0, 1 << 20, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = timeout(&ring, &ts, 0, 0, 1);
	sqe->len = 2;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- link timeouts ------------------------------------------------------------------------------------------------------------- */

/* A read with data 1 and behind it its limit with data 2, which is what comes back. */
static struct io_uring_sqe *prep_guarded_read(struct io_uring *ring, int fd, char *buf, unsigned len, struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_read(sqe, fd, buf, len, 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 1;
	sqe = sqe_of(ring);
	io_uring_prep_link_timeout(sqe, ts, 0);
	sqe->user_data = 2;
	return sqe;
}

TEST(a_link_timeout_cancels_a_request_that_takes_too_long)
{
	struct __kernel_timespec ts = timespec_ms(30);
	struct answer a[2];
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	prep_guarded_read(&ring, fds[0], buf, sizeof(buf), &ts);
	submit(&ring, 2);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ETIME);
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_that_comes_due_keeps_to_its_wish_for_silence)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	prep_guarded_read(&ring, fds[0], buf, sizeof(buf), &ts)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	submit(&ring, 2);
	CHECK_EQ(reap_data(&ring, 1), -ECANCELED);
	sleep_ms(30);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(a_refused_request_inside_a_link_does_not_end_the_submission)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct io_uring_sqe *sqe;
	struct answer a[4];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 3; i++) {
		sqe = sqe_of(&ring);
		if (i == 0)
			io_uring_prep_nop(sqe);
		else
			io_uring_prep_link_timeout(sqe, &ts, 0);
		sqe->flags |= IOSQE_IO_LINK;
		sqe->user_data = i;
	}
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 3;
	/* The third guards nothing: the second does already. */
	submit(&ring, 4);
	reap_sorted(&ring, a, 4);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ECANCELED);
	CHECK_EQ(a[2].res, -EINVAL);
	CHECK_EQ(a[3].res, -ECANCELED);
	/* The last of a link does. */
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 5;
	sqe = sqe_of(&ring);
	io_uring_prep_rw(IORING_OP_NOP, sqe, -1, NULL, 0, 0);
	sqe->ioprio = 1;
	sqe->user_data = 6;
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 7;
	CHECK_EQ(io_uring_submit(&ring), 2);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -EINVAL);
	CHECK_EQ(io_uring_submit(&ring), 1);
	CHECK_EQ(reap_data(&ring, 7), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_is_cancelled_by_a_request_that_is_quick)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS);
	struct answer a[2];
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	for (int ready = 0; ready < 2; ready++) {
		if (ready)
			write_all(fds[1], "data", 4);
		prep_guarded_read(&ring, fds[0], buf, sizeof(buf), &ts);
		submit(&ring, 2);
		if (!ready)
			write_all(fds[1], "data", 4);
		reap_sorted(&ring, a, 2);
		CHECK_EQ(a[0].res, 4);
		CHECK_EQ(a[1].res, -ECANCELED);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_guards_only_its_own_request)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring_sqe *sqe;
	struct answer a[3];
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	prep_guarded_read(&ring, fds[0], buf, sizeof(buf), &ts)->flags |= IOSQE_IO_LINK;
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 3;
	submit(&ring, 3);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ETIME);
	/* The rest of the chain falls with the request that failed. */
	CHECK_EQ(a[2].res, -ECANCELED);
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_without_a_link_is_refused)
{
	struct __kernel_timespec ts = timespec_ms(20);
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	io_uring_prep_link_timeout(sqe_of(&ring), &ts, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_can_be_given_another_time)
{
	struct __kernel_timespec ts = timespec_ms(LONG_MS), sooner = timespec_ms(10);
	struct io_uring_sqe *sqe;
	struct answer a[3];
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	prep_guarded_read(&ring, fds[0], buf, sizeof(buf), &ts);
	submit(&ring, 2);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout_update(sqe, &sooner, 2, IORING_LINK_TIMEOUT_UPDATE);
	sqe->user_data = 3;
	submit(&ring, 1);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, -ECANCELED);
	CHECK_EQ(a[1].res, -ETIME);
	CHECK_EQ(a[2].res, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_multishot_timeout_makes_up_for_nothing_while_nobody_looks)
{
	struct __kernel_timespec ts = timespec_ms(10);
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	/* On such a ring nothing completes until its thread comes in. */
	ring_up_or_skip(&ring, 4, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, IORING_TIMEOUT_MULTISHOT);
	submit(&ring, 1);
	usleep(300000);
	CHECK_EQ(io_uring_get_events(&ring), 0);
	CHECK_EQ(io_uring_cq_ready(&ring), 1);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(io_uring_wait_cqe(&ring, &cqe), 0);
		CHECK_EQ(cqe->res, -ETIME);
		CHECK_EQ(cqe->flags, IORING_CQE_F_MORE);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
}
