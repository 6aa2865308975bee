/* SPDX-License-Identifier: MIT */
/*
 * The reads of read.c by other means. An operation is one read of 4 KiB.
 *
 *	file=PATH depth=N how=buffered|direct
 *	by=loop		pread, one after the other, whatever the depth
 *	by=pool		four threads that pread, behind one queue
 *	by=posix	glibc's POSIX AIO
 *	by=libaio	the kernel's old interface
 */
#include "harness.h"

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POOL_THREADS 4

struct slot {
	char *buffer;
	uint64_t block;
	ssize_t result;
	struct slot *next;
};

static struct slot *slots;
static unsigned *free_slots;
static unsigned nr_free, depth;
static int fd;
static uint64_t blocks, seed = 88172645463325252u;
static uint64_t (*run_by)(uint64_t ops);

static struct slot *take(void)
{
	struct slot *slot = &slots[free_slots[--nr_free]];

	slot->block = random_next(&seed) % blocks;
	return slot;
}

static void give_back(struct slot *slot)
{
	if (slot->result != (ssize_t)DATA_BLOCK)
		die("read: %zd", slot->result);
	if (!block_is_right(slot->buffer, slot->block))
		die("wrong data");
	free_slots[nr_free++] = (unsigned)(slot - slots);
}

/* -------------------------------------------------------------- plain loop */

static uint64_t run_loop(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done++) {
		uint64_t began = latency_wanted ? now_ns() : 0;
		struct slot *slot = take();

		slot->result = pread(fd, slot->buffer, DATA_BLOCK, (off_t)(slot->block * DATA_BLOCK));
		give_back(slot);
		if (latency_wanted)
			latency_add(now_ns() - began);
	}
	return done;
}

/* ------------------------------------------------------------- thread pool */

static struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	struct slot *first, **last, *done;
	unsigned idle;
	int submitter_waits;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .finished = PTHREAD_COND_INITIALIZER };

static void *pool_thread(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		struct slot *slot;

		while (!pool.first) {
			pool.idle++;
			pthread_cond_wait(&pool.work, &pool.lock);
			pool.idle--;
		}
		slot = pool.first;
		pool.first = slot->next;
		if (!pool.first)
			pool.last = &pool.first;
		pthread_mutex_unlock(&pool.lock);
		slot->result = pread(fd, slot->buffer, DATA_BLOCK, (off_t)(slot->block * DATA_BLOCK));
		pthread_mutex_lock(&pool.lock);
		slot->next = pool.done;
		pool.done = slot;
		if (pool.submitter_waits) {
			pool.submitter_waits = 0;
			pthread_cond_signal(&pool.finished);
		}
	}
	return NULL;
}

static void setup_pool(void)
{
	unsigned i;

	pool.last = &pool.first;
	for (i = 0; i < POOL_THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, pool_thread, NULL))
			die("no thread");
		pthread_detach(thread);
	}
}

static uint64_t run_pool(uint64_t ops)
{
	uint64_t done = 0, begun = 0;

	while (done < ops) {
		uint64_t began = latency_wanted ? now_ns() : 0;
		struct slot *slot;
		unsigned added = 0;

		/* One look at the lock for the whole batch, and no more wake-ups than threads that sleep. */
		pthread_mutex_lock(&pool.lock);
		while (nr_free && begun < ops) {
			slot = take();
			slot->next = NULL;
			*pool.last = slot;
			pool.last = &slot->next;
			added++;
			begun++;
		}
		if (added > pool.idle)
			added = pool.idle;
		while (added--)
			pthread_cond_signal(&pool.work);
		while (!pool.done) {
			pool.submitter_waits = 1;
			pthread_cond_wait(&pool.finished, &pool.lock);
		}
		slot = pool.done;
		pool.done = NULL;
		pthread_mutex_unlock(&pool.lock);
		while (slot) {
			struct slot *next = slot->next;

			give_back(slot);
			done++;
			slot = next;
		}
		if (latency_wanted)
			latency_add(now_ns() - began);
	}
	return done;
}

/* --------------------------------------------------------------- POSIX AIO */

static struct aiocb *controls;
static const struct aiocb **pending;

static void setup_posix(void)
{
	unsigned i;

	controls = calloc(depth, sizeof(*controls));
	pending = calloc(depth, sizeof(*pending));
	if (!controls || !pending)
		die("no memory");
	for (i = 0; i < depth; i++) {
		controls[i].aio_fildes = fd;
		controls[i].aio_buf = slots[i].buffer;
		controls[i].aio_nbytes = DATA_BLOCK;
		controls[i].aio_sigevent.sigev_notify = SIGEV_NONE;
	}
}

static uint64_t run_posix(uint64_t ops)
{
	uint64_t done = 0, begun = 0;
	unsigned i;

	while (done < ops) {
		uint64_t began = latency_wanted ? now_ns() : 0;

		while (nr_free && begun < ops) {
			struct slot *slot = take();
			unsigned number = (unsigned)(slot - slots);

			controls[number].aio_offset = (off_t)(slot->block * DATA_BLOCK);
			if (aio_read(&controls[number]))
				die("aio_read: %s", strerror(errno));
			pending[number] = &controls[number];
			begun++;
		}
		if (aio_suspend(pending, (int)depth, NULL) && errno != EINTR)
			die("aio_suspend: %s", strerror(errno));
		for (i = 0; i < depth; i++) {
			if (!pending[i] || aio_error(&controls[i]) == EINPROGRESS)
				continue;
			slots[i].result = aio_return(&controls[i]);
			pending[i] = NULL;
			give_back(&slots[i]);
			done++;
		}
		if (latency_wanted)
			latency_add(now_ns() - began);
	}
	return done;
}

/* ------------------------------------------------------------------ libaio */

static io_context_t context;
static struct iocb *iocbs, **batch;
static struct io_event *events;

static void setup_libaio(void)
{
	int ret = io_setup((int)depth, &context);

	if (ret)
		skip("io_setup: %s", strerror(-ret));
	iocbs = calloc(depth, sizeof(*iocbs));
	batch = calloc(depth, sizeof(struct iocb *));
	events = calloc(depth, sizeof(*events));
	if (!iocbs || !batch || !events)
		die("no memory");
}

static uint64_t run_libaio(uint64_t ops)
{
	uint64_t done = 0, begun = 0;

	while (done < ops) {
		uint64_t began = latency_wanted ? now_ns() : 0;
		int nr = 0, sent, i, ret;

		while (nr_free && begun < ops) {
			struct slot *slot = take();
			struct iocb *iocb = &iocbs[slot - slots];

			io_prep_pread(iocb, fd, slot->buffer, DATA_BLOCK, (long long)(slot->block * DATA_BLOCK));
			iocb->data = slot;
			batch[nr++] = iocb;
			begun++;
		}
		for (sent = 0; sent < nr; sent += ret) {
			ret = io_submit(context, nr - sent, batch + sent);
			if (ret <= 0)
				die("io_submit: %s", strerror(-ret));
		}
		ret = io_getevents(context, 1, (long)depth, events, NULL);
		if (ret < 1)
			die("io_getevents: %s", strerror(-ret));
		for (i = 0; i < ret; i++) {
			struct slot *slot = events[i].data;

			slot->result = (ssize_t)(long)events[i].res;
			give_back(slot);
		}
		done += (unsigned)ret;
		if (latency_wanted)
			latency_add(now_ns() - began);
	}
	return done;
}

static void finish(void)
{
	if (context)
		io_destroy(context);
}

static void setup(void)
{
	const char *by = param("by", "loop");
	char *memory;
	unsigned i;

	depth = (unsigned)param_number("depth", 1);
	if (!depth)
		die("depth=0?");
	fd = open_data(O_RDONLY | (param_is("how", "direct") ? O_DIRECT : 0), &blocks);
	slots = calloc(depth, sizeof(*slots));
	free_slots = calloc(depth, sizeof(*free_slots));
	if (!slots || !free_slots || posix_memalign((void **)&memory, DATA_BLOCK, (size_t)depth * DATA_BLOCK))
		die("no memory");
	memset(memory, 0, (size_t)depth * DATA_BLOCK);
	for (i = 0; i < depth; i++) {
		slots[i].buffer = memory + (size_t)i * DATA_BLOCK;
		free_slots[nr_free++] = i;
	}
	if (!strcmp(by, "loop")) {
		run_by = run_loop;
	} else if (!strcmp(by, "pool")) {
		setup_pool();
		run_by = run_pool;
	} else if (!strcmp(by, "posix")) {
		setup_posix();
		run_by = run_posix;
	} else if (!strcmp(by, "libaio")) {
		setup_libaio();
		run_by = run_libaio;
	} else {
		die("by=%s?", by);
	}
}

static uint64_t run(uint64_t ops)
{
	return run_by(ops);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .finish = finish };

	return bench_main(argc, argv, &bench);
}
