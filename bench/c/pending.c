/* SPDX-License-Identifier: MIT */
/*
 * How the cost of one request grows with the number of those that wait beside it.
 *
 *	pending=N	so many requests wait all the time
 *	what=event	polls, each of an eventfd of its own; where the limit of descriptors does not
 *			allow that, the rest wait for one that stays silent. An operation makes one
 *			poll ready, waits for its completion, and sends it again
 *	what=cancel	the same polls. An operation cancels one and sends it again
 *	what=timeout	timeouts that end in an hour. An operation removes one and sends it again
 *
 * Which one it is comes from a fixed sequence of random numbers.
 */
#include "harness.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MOST_PENDING (1u << 20)
#define ENTRIES 256u
/* Descriptors left to the library and the C library. */
#define SPARE 256u
/* Marks the completions of the cancelling requests themselves. */
#define CANCELS (1ull << 32)

enum what { EVENT, CANCEL, TIMEOUT };

static struct io_uring ring;
static enum what what;
static unsigned nr_pending, nr_own;
static int *fds;
static uint64_t seed = 88172645463325252u;

static struct io_uring_sqe *sqe_for(uint64_t user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)
		die("no SQE");
	sqe->user_data = user_data;
	return sqe;
}

static void prepare(unsigned number)
{
	static struct __kernel_timespec hour = { .tv_sec = 3600 };
	struct io_uring_sqe *sqe = sqe_for(number);

	if (what == TIMEOUT)
		io_uring_prep_timeout(sqe, &hour, 0, 0);
	else
		io_uring_prep_poll_add(sqe, fds[number < nr_own ? number : nr_own], POLLIN);
	sqe->user_data = number;
}

/* One for each poll, as far as the limit allows, and one that never gets ready. */
static void make_descriptors(void)
{
	uint64_t limit = raise_descriptor_limit();
	unsigned i;

	if (limit < 2 * SPARE)
		skip("no more than %llu descriptors", (unsigned long long)limit);
	nr_own = nr_pending < limit - SPARE ? nr_pending : (unsigned)(limit - SPARE);
	fds = calloc(nr_own + 1, sizeof(*fds));
	if (!fds)
		die("no memory");
	for (i = 0; i <= nr_own; i++) {
		fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (fds[i] < 0)
			skip("eventfd %u: %s", i, strerror(errno));
	}
}

static void setup(void)
{
	const char *name = param("what", "event");
	unsigned i;
	int ret;

	what = !strcmp(name, "cancel") ? CANCEL : !strcmp(name, "timeout") ? TIMEOUT : EVENT;
	nr_pending = (unsigned)param_number("pending", 1);
	if (!nr_pending || nr_pending > MOST_PENDING)
		die("pending=%u?", nr_pending);
	ret = io_uring_queue_init(ENTRIES, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
	if (what != TIMEOUT)
		make_descriptors();
	for (i = 0; i < nr_pending; i++) {
		prepare(i);
		if (i % ENTRIES == ENTRIES - 1 || i == nr_pending - 1) {
			ret = io_uring_submit(&ring);
			if (ret < 0)
				die("submit: %s", strerror(-ret));
		}
	}
	if (io_uring_cq_ready(&ring))
		die("a request that should wait has completed");
}

/* What has to complete next: `user_data`, with `res`. */
static void expect(uint64_t user_data, int res)
{
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe(&ring, &cqe);

	if (ret || cqe->user_data != user_data || cqe->res != res)
		die("completion: %d, %llu, %d", ret, ret ? 0 : (unsigned long long)cqe->user_data, ret ? 0 : cqe->res);
	io_uring_cqe_seen(&ring, cqe);
}

/* A cancelled request and the one that cancelled it, in either order. */
static void expect_both(unsigned number)
{
	struct io_uring_cqe *cqe;
	unsigned i, seen = 0;

	for (i = 0; i < 2; i++) {
		int ret = io_uring_wait_cqe(&ring, &cqe);

		if (ret)
			die("wait: %s", strerror(-ret));
		if (cqe->user_data == CANCELS && !cqe->res)
			seen |= 1;
		else if (cqe->user_data == number && cqe->res == -ECANCELED)
			seen |= 2;
		else
			die("completion: %llu, %d", (unsigned long long)cqe->user_data, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	if (seen != 3)
		die("two completions of one request");
}

static void one_event(unsigned number)
{
	uint64_t value = 1;

	if (write(fds[number], &value, sizeof(value)) != (ssize_t)sizeof(value))
		die("write: %s", strerror(errno));
	expect(number, POLLIN);
	if (read(fds[number], &value, sizeof(value)) != (ssize_t)sizeof(value) || value != 1)
		die("read: %s", strerror(errno));
	prepare(number);
	if (io_uring_submit(&ring) != 1)
		die("submit");
}

static void one_cancel(unsigned number)
{
	struct io_uring_sqe *sqe = sqe_for(CANCELS);

	if (what == TIMEOUT)
		io_uring_prep_timeout_remove(sqe, number, 0);
	else
		io_uring_prep_poll_remove(sqe, number);
	sqe->user_data = CANCELS;
	if (io_uring_submit(&ring) != 1)
		die("submit");
	expect_both(number);
	prepare(number);
	if (io_uring_submit(&ring) != 1)
		die("submit");
}

static uint64_t run(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done++) {
		unsigned number = (unsigned)(random_next(&seed) % (what == EVENT ? nr_own : nr_pending));

		if (what == EVENT)
			one_event(number);
		else
			one_cancel(number);
	}
	return done;
}

static void finish(void)
{
	io_uring_queue_exit(&ring);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
