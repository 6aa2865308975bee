/* SPDX-License-Identifier: MIT */
/*
 * Random reads of 4 KiB from one file through a ring, DEPTH of them under way
 * at a time. An operation is one read.
 *
 *	file=PATH depth=N
 *	how=buffered	from the page cache
 *	how=direct	O_DIRECT
 *	how=async	from the page cache, with IOSQE_ASYNC
 *	how=fixed	from the page cache, registered buffers and file
 *	wait=enter	submit and wait in one call
 *	wait=epoll	submit, then wait for the ring's descriptor with epoll
 *	threads=N	so many threads, each with a ring of its own
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define MOST_THREADS 64

struct lane {
	struct io_uring ring;
	struct iovec *buffers;
	uint64_t *blocks_wanted;
	unsigned *free_slots;
	uint64_t seed, ops, done;
	int epoll;
	pthread_t thread;
};

static struct lane lanes[MOST_THREADS];
static unsigned nr_threads, depth;
static int fd, is_async, is_fixed, is_epoll;
static uint64_t blocks;

static void make_lane(struct lane *lane, unsigned number)
{
	struct epoll_event event = { .events = EPOLLIN };
	char *memory;
	unsigned i;
	int ret = io_uring_queue_init(depth, &lane->ring, 0);

	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
	lane->buffers = calloc(depth, sizeof(*lane->buffers));
	lane->blocks_wanted = calloc(depth, sizeof(*lane->blocks_wanted));
	lane->free_slots = calloc(depth, sizeof(*lane->free_slots));
	if (!lane->buffers || !lane->blocks_wanted || !lane->free_slots ||
	    posix_memalign((void **)&memory, DATA_BLOCK, (size_t)depth * DATA_BLOCK))
		die("no memory");
	memset(memory, 0, (size_t)depth * DATA_BLOCK);
	for (i = 0; i < depth; i++) {
		lane->buffers[i].iov_base = memory + (size_t)i * DATA_BLOCK;
		lane->buffers[i].iov_len = DATA_BLOCK;
	}
	lane->seed = 88172645463325252u + number;
	if (is_fixed) {
		ret = io_uring_register_buffers(&lane->ring, lane->buffers, depth);
		if (!ret)
			ret = io_uring_register_files(&lane->ring, &fd, 1);
		if (ret)
			die("register: %s", strerror(-ret));
	}
	if (is_epoll) {
		lane->epoll = epoll_create1(EPOLL_CLOEXEC);
		if (lane->epoll < 0 || epoll_ctl(lane->epoll, EPOLL_CTL_ADD, lane->ring.ring_fd, &event))
			die("epoll: %s", strerror(errno));
	}
}

static void setup(void)
{
	const char *how = param("how", "buffered");
	unsigned i;

	depth = (unsigned)param_number("depth", 1);
	nr_threads = (unsigned)param_number("threads", 1);
	is_async = !strcmp(how, "async");
	is_fixed = !strcmp(how, "fixed");
	is_epoll = !strcmp(param("wait", "enter"), "epoll");
	if (!depth || !nr_threads || nr_threads > MOST_THREADS)
		die("depth=%u threads=%u?", depth, nr_threads);
	fd = open_data(O_RDONLY | (strcmp(how, "direct") ? 0 : O_DIRECT), &blocks);
	for (i = 0; i < nr_threads; i++)
		make_lane(&lanes[i], i);
}

static void prepare(struct lane *lane, unsigned slot)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&lane->ring);
	uint64_t block = random_next(&lane->seed) % blocks;

	if (!sqe)
		die("no SQE");
	if (is_fixed) {
		io_uring_prep_read_fixed(sqe, 0, lane->buffers[slot].iov_base, DATA_BLOCK, block * DATA_BLOCK, (int)slot);
		sqe->flags |= IOSQE_FIXED_FILE;
	} else {
		io_uring_prep_read(sqe, fd, lane->buffers[slot].iov_base, DATA_BLOCK, block * DATA_BLOCK);
	}
	if (is_async)
		sqe->flags |= IOSQE_ASYNC;
	sqe->user_data = slot;
	lane->blocks_wanted[slot] = block;
}

static void submit_and_wait(struct lane *lane)
{
	int ret;

	if (!is_epoll) {
		ret = io_uring_submit_and_wait(&lane->ring, 1);
		if (ret < 0 && ret != -EINTR)
			die("submit and wait: %s", strerror(-ret));
		return;
	}
	ret = io_uring_submit(&lane->ring);
	if (ret < 0)
		die("submit: %s", strerror(-ret));
	wait_readable(lane->epoll);
}

static void *run_lane(void *argument)
{
	struct lane *lane = argument;
	unsigned nr_free = depth, i, head;
	uint64_t began = 0;

	lane->done = 0;
	for (i = 0; i < depth; i++)
		lane->free_slots[i] = i;
	while (lane->done < lane->ops) {
		struct io_uring_cqe *cqe;
		unsigned seen = 0;

		if (latency_wanted)
			began = now_ns();
		while (nr_free && lane->done + (depth - nr_free) < lane->ops)
			prepare(lane, lane->free_slots[--nr_free]);
		submit_and_wait(lane);
		io_uring_for_each_cqe(&lane->ring, head, cqe) {
			unsigned slot = (unsigned)cqe->user_data;

			if (cqe->res != (int)DATA_BLOCK)
				die("read: %d", cqe->res);
			if (!block_is_right(lane->buffers[slot].iov_base, lane->blocks_wanted[slot]))
				die("wrong data");
			lane->free_slots[nr_free++] = slot;
			seen++;
		}
		io_uring_cq_advance(&lane->ring, seen);
		lane->done += seen;
		if (latency_wanted)
			latency_add(now_ns() - began);
	}
	return NULL;
}

static uint64_t run(uint64_t ops)
{
	uint64_t done = 0;
	unsigned i;

	for (i = 0; i < nr_threads; i++)
		lanes[i].ops = (ops + nr_threads - 1) / nr_threads;
	if (nr_threads == 1) {
		run_lane(&lanes[0]);
		return lanes[0].done;
	}
	for (i = 0; i < nr_threads; i++) {
		if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]))
			die("no thread");
	}
	for (i = 0; i < nr_threads; i++) {
		pthread_join(lanes[i].thread, NULL);
		done += lanes[i].done;
	}
	return done;
}

static void finish(void)
{
	unsigned i;

	for (i = 0; i < nr_threads; i++)
		io_uring_queue_exit(&lanes[i].ring);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
