/* SPDX-License-Identifier: MIT */
/*
 * Threads that share a ring, for ThreadSanitizer: one submits, another reaps. What the submitter wrote before submitting belongs to the
 * reaper once it has seen the completion, though no lock of the program's says so; the ring does.
 *
 * The last case has a race on purpose. The script that runs this program under ThreadSanitizer expects a report there, and none
 * elsewhere.
 */
#include "../test.h"

#include <pthread.h>

enum { ENTRIES = 64, REQUESTS = 2000, SIZE = 32 };

/* What travels through the ring: made and filled by one thread, checked, changed and freed by the other. */
struct request {
	unsigned number;
	unsigned char bytes[SIZE];
};

static struct request *request_new(unsigned number)
{
	struct request *r = (struct request *)malloc(sizeof(*r));

	CHECK(r);
	r->number = number;
	pattern_fill(r->bytes, SIZE, number);
	return r;
}

static void request_end(struct request *r, unsigned *seen)
{
	check_pattern(r->bytes, SIZE, r->number);
	memset(r, 0xff, sizeof(*r));
	free(r);
	++*seen;
}

struct pair {
	struct io_uring ring;
	void (*look)(struct pair *pair, unsigned *seen);
	int fd;
};

static void submit_requests(struct pair *pair)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct io_uring_sqe *sqe;
		struct request *r = request_new(i);

		/* An SQ thread may be behind; on other rings the SQ is never full here. */
		while (!(sqe = io_uring_get_sqe(&pair->ring)))
			CHECK_CMP(io_uring_sqring_wait(&pair->ring), >=, 0);
		if (pair->fd >= 0)
			io_uring_prep_write(sqe, pair->fd, r->bytes, SIZE, (uint64_t)i * SIZE);
		else
			io_uring_prep_nop(sqe);
		io_uring_sqe_set_data(sqe, r);
		CHECK_CMP(io_uring_submit(&pair->ring), >=, 0);
	}
}

static void *reaper(void *arg)
{
	struct pair *pair = (struct pair *)arg;
	unsigned seen = 0;

	while (seen < REQUESTS)
		pair->look(pair, &seen);
	CHECK_EQ(seen, REQUESTS);
	return NULL;
}

static void take(struct pair *pair, struct io_uring_cqe *cqe, unsigned *seen)
{
	CHECK_EQ(cqe->res, pair->fd >= 0 ? SIZE : 0);
	request_end((struct request *)io_uring_cqe_get_data(cqe), seen);
}

static void run_pair(unsigned flags, int fd, void (*look)(struct pair *, unsigned *))
{
	struct io_uring_params p;
	struct pair pair;
	pthread_t thread;

	memset(&pair, 0, sizeof(pair));
	memset(&p, 0, sizeof(p));
	/* Room for everything: an overflow would need the reaper to enter the kernel, which not every way of looking does. */
	p.flags = flags | IORING_SETUP_CQSIZE;
	p.cq_entries = 2 * REQUESTS;
	p.sq_thread_idle = 10;
	ring_up_params(&pair.ring, ENTRIES, &p);
	pair.fd = fd;
	pair.look = look;
	CHECK_EQ(pthread_create(&thread, NULL, reaper, &pair), 0);
	submit_requests(&pair);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	io_uring_queue_exit(&pair.ring);
}

/* ---- every way to see a completion ------------------------------------------------------------------------------------------- */

static void by_wait_cqe(struct pair *pair, unsigned *seen)
{
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe(&pair->ring, &cqe), 0);
	take(pair, cqe, seen);
	io_uring_cqe_seen(&pair->ring, cqe);
}

static void by_peek_cqe(struct pair *pair, unsigned *seen)
{
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&pair->ring, &cqe))
		return;
	take(pair, cqe, seen);
	io_uring_cqe_seen(&pair->ring, cqe);
}

static void by_wait_cqe_timeout(struct pair *pair, unsigned *seen)
{
	struct __kernel_timespec ts = timespec_ms(20000);
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe_timeout(&pair->ring, &cqe, &ts), 0);
	take(pair, cqe, seen);
	io_uring_cqe_seen(&pair->ring, cqe);
}

static void by_wait_cqes(struct pair *pair, unsigned *seen)
{
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqes(&pair->ring, &cqe, 1, NULL, NULL), 0);
	take(pair, cqe, seen);
	io_uring_cqe_seen(&pair->ring, cqe);
}

static void by_wait_cqes_min_timeout(struct pair *pair, unsigned *seen)
{
	struct __kernel_timespec ts = timespec_ms(20000);
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqes_min_timeout(&pair->ring, &cqe, 1, &ts, 10, NULL), 0);
	take(pair, cqe, seen);
	io_uring_cqe_seen(&pair->ring, cqe);
}

static void by_peek_batch(struct pair *pair, unsigned *seen)
{
	struct io_uring_cqe *cqes[8];
	unsigned count = io_uring_peek_batch_cqe(&pair->ring, cqes, 8);

	for (unsigned i = 0; i < count; i++)
		take(pair, cqes[i], seen);
	io_uring_cq_advance(&pair->ring, count);
}

static void by_for_each(struct pair *pair, unsigned *seen)
{
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;

	io_uring_for_each_cqe(&pair->ring, head, cqe) {
		take(pair, cqe, seen);
		count++;
	}
	io_uring_cq_advance(&pair->ring, count);
}

static void by_ready(struct pair *pair, unsigned *seen)
{
	if (io_uring_cq_ready(&pair->ring))
		by_wait_cqe(pair, seen);
}

TEST(wait_cqe_hands_requests_over)
{
	run_pair(0, -1, by_wait_cqe);
}

TEST(wait_cqe_hands_buffers_over)
{
	run_pair(0, file_empty("f"), by_wait_cqe);
}

TEST(peek_cqe_hands_requests_over)
{
	run_pair(0, -1, by_peek_cqe);
}

TEST(wait_cqe_timeout_hands_requests_over)
{
	run_pair(0, -1, by_wait_cqe_timeout);
}

TEST(wait_cqes_hands_requests_over)
{
	run_pair(0, -1, by_wait_cqes);
}

TEST(wait_cqes_min_timeout_hands_requests_over)
{
	run_pair(0, -1, by_wait_cqes_min_timeout);
}

TEST(peek_batch_hands_requests_over)
{
	run_pair(0, -1, by_peek_batch);
}

TEST(for_each_hands_requests_over)
{
	run_pair(0, -1, by_for_each);
}

TEST(cq_ready_hands_requests_over)
{
	run_pair(0, -1, by_ready);
}

TEST(large_cqes_hand_requests_over)
{
	run_pair(IORING_SETUP_CQE32, -1, by_wait_cqe);
}

TEST(an_sq_thread_hands_requests_over, .part2 = true)
{
	run_pair(IORING_SETUP_SQPOLL, file_empty("f"), by_wait_cqe);
}

/* ---- every way to submit ----------------------------------------------------------------------------------------------------- */

struct ways {
	struct io_uring ring;
	unsigned char *bytes;
};

static void *see_one(void *arg)
{
	struct ways *ways = (struct ways *)arg;
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe(&ways->ring, &cqe), 0);
	pattern_fill(ways->bytes, SIZE, 1);
	io_uring_cqe_seen(&ways->ring, cqe);
	return NULL;
}

/* A submission by `way` carries `bytes` to a thread that has never synchronised with this one since it was born. */
static void submit_by(int (*way)(struct io_uring *ring))
{
	unsigned char bytes[SIZE];
	struct ways ways;
	pthread_t thread;

	ring_up(&ways.ring, 8, 0);
	ways.bytes = bytes;
	CHECK_EQ(pthread_create(&thread, NULL, see_one, &ways), 0);
	pattern_fill(bytes, SIZE, 0);
	io_uring_prep_nop(sqe_of(&ways.ring));
	CHECK_CMP(way(&ways.ring), >=, 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	io_uring_queue_exit(&ways.ring);
}

static int way_submit(struct io_uring *ring)
{
	return io_uring_submit(ring);
}

static int way_submit_and_wait(struct io_uring *ring)
{
	return io_uring_submit_and_wait(ring, 0);
}

static int way_submit_and_get_events(struct io_uring *ring)
{
	return io_uring_submit_and_get_events(ring);
}

static int way_submit_and_wait_timeout(struct io_uring *ring)
{
	struct __kernel_timespec ts = timespec_ms(1);
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit_and_wait_timeout(ring, &cqe, 0, &ts, NULL);

	return ret == -ETIME || ret == -EAGAIN ? 0 : ret;
}

static int way_submit_and_wait_min_timeout(struct io_uring *ring)
{
	struct __kernel_timespec ts = timespec_ms(1);
	struct io_uring_cqe *cqe;
	int ret = io_uring_submit_and_wait_min_timeout(ring, &cqe, 0, &ts, 1, NULL);

	return ret == -ETIME || ret == -EAGAIN ? 0 : ret;
}

TEST(submit_carries_what_was_written)
{
	submit_by(way_submit);
}

TEST(submit_and_wait_carries_what_was_written)
{
	submit_by(way_submit_and_wait);
}

TEST(submit_and_get_events_carries_what_was_written)
{
	submit_by(way_submit_and_get_events);
}

TEST(submit_and_wait_timeout_carries_what_was_written)
{
	submit_by(way_submit_and_wait_timeout);
}

TEST(submit_and_wait_min_timeout_carries_what_was_written)
{
	submit_by(way_submit_and_wait_min_timeout);
}

/* ---- rings that follow one another, and rings that talk ----------------------------------------------------------------------- */

static void *ring_life(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		struct io_uring ring;

		ring_up(&ring, 8, 0);
		for (int k = 0; k < 8; k++)
			io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 8);
		for (int k = 0; k < 8; k++)
			reap(&ring);
		io_uring_queue_exit(&ring);
	}
	return NULL;
}

/* The kernel gives one thread the addresses that another has just unmapped. */
TEST(rings_of_several_threads_reuse_addresses)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, ring_life, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

struct talk {
	struct io_uring there;
	unsigned seen;
};

static void *listener(void *arg)
{
	struct talk *talk = (struct talk *)arg;

	while (talk->seen < REQUESTS) {
		struct io_uring_cqe *cqe;

		CHECK_EQ(io_uring_wait_cqe(&talk->there, &cqe), 0);
		request_end((struct request *)io_uring_cqe_get_data(cqe), &talk->seen);
		io_uring_cqe_seen(&talk->there, cqe);
	}
	return NULL;
}

TEST(a_message_to_another_ring_hands_requests_over)
{
	struct io_uring here;
	struct io_uring_params p;
	struct talk talk;
	pthread_t thread;

	ring_up(&here, ENTRIES, 0);
	need_op(&here, IORING_OP_MSG_RING);
	memset(&talk, 0, sizeof(talk));
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 2 * REQUESTS;
	ring_up_params(&talk.there, ENTRIES, &p);
	CHECK_EQ(pthread_create(&thread, NULL, listener, &talk), 0);
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct io_uring_sqe *sqe = sqe_of(&here);

		io_uring_prep_msg_ring(sqe, talk.there.ring_fd, 0, (uint64_t)(uintptr_t)request_new(i), 0);
		CHECK_EQ(run_one(&here), 0);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
	io_uring_queue_exit(&talk.there);
	io_uring_queue_exit(&here);
}

/* ---- what must be reported --------------------------------------------------------------------------------------------------- */

static uint64_t raced;

static void *too_early(void *arg)
{
	(void)arg;
	/* No completion has been seen: this is still the other thread's. */
	raced++;
	return NULL;
}

TEST(race_a_buffer_touched_before_its_completion_is_reported, .kernel_only = "a report of ThreadSanitizer is what is wanted here")
{
	struct io_uring ring;
	pthread_t thread;

	ring_up(&ring, 8, 0);
	CHECK_EQ(pthread_create(&thread, NULL, too_early, NULL), 0);
	raced = 1;
	io_uring_prep_nop(sqe_of(&ring));
	submit(&ring, 1);
	reap(&ring);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_CMP(raced, >, 0);
	io_uring_queue_exit(&ring);
}
