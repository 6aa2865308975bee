/* SPDX-License-Identifier: MIT */
/*
 * The way a database does its I/O: several threads submit, one request at a time and under a lock, and one thread waits in
 * io_uring_wait_cqe() for all of them. Every so often all is drained, the ring made anew, and something changed: how many threads submit,
 * and how many requests each of them may have under way. With few of them, a single wake-up lost stops the program for good.
 *
 * A block holds its number and how often it was written: what a read brings is checked.
 */
#include "stress.h"

enum { BLOCK = 4096, BLOCKS = 256, SUBMITTERS = 4, DEPTH = 64, FILES = 2 };

struct slot {
	struct submitter *owner;
	struct slot *next;
	uint64_t *buffer;
	struct iovec vec;
	unsigned file, block;
	bool writes;
};

struct submitter {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct slot slots[DEPTH], *free;
	unsigned depth, under_way;
	unsigned number;
	uint64_t random;
	/* How often each of its blocks was written; being written or read just now. */
	uint64_t version[FILES][BLOCKS];
	bool busy[FILES][BLOCKS];
};

static struct io_uring ring;
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static struct submitter submitters[SUBMITTERS];
static int files[FILES];
static atomic_bool stop;
static atomic_ulong submitted, completed;

static void fill(uint64_t *buffer, unsigned file, unsigned owner, unsigned block, uint64_t version)
{
	for (unsigned i = 0; i < BLOCK / 8; i += 4) {
		buffer[i] = version;
		buffer[i + 1] = (uint64_t)file << 32 | owner;
		buffer[i + 2] = block;
		buffer[i + 3] = i;
	}
}

static void check(const struct slot *slot)
{
	const struct submitter *s = slot->owner;
	uint64_t want[BLOCK / 8];

	fill(want, slot->file, s->number, slot->block, s->version[slot->file][slot->block]);
	if (memcmp(want, slot->buffer, BLOCK))
		fail("block %u of submitter %u, file %u: version %llu of block %llu, not version %llu", slot->block, s->number, slot->file,
		     (unsigned long long)slot->buffer[0], (unsigned long long)slot->buffer[2],
		     (unsigned long long)s->version[slot->file][slot->block]);
}

/* Takes a free place and a block that is not under way. */
static struct slot *begin(struct submitter *s)
{
	struct slot *slot;

	pthread_mutex_lock(&s->lock);
	while (s->under_way >= s->depth)
		pthread_cond_wait(&s->freed, &s->lock);
	slot = s->free;
	s->free = slot->next;
	do {
		uint64_t r = random_u64(&s->random);

		slot->file = r & 1;
		slot->writes = (r >> 1 & 3) == 0;
		slot->block = (r >> 8) % BLOCKS;
	} while (s->busy[slot->file][slot->block]);
	s->busy[slot->file][slot->block] = true;
	/* Nothing was written yet: there is nothing to compare with. */
	if (s->version[slot->file][slot->block] == 0)
		slot->writes = true;
	s->under_way++;
	pthread_mutex_unlock(&s->lock);
	return slot;
}

static void end(struct slot *slot, int res)
{
	struct submitter *s = slot->owner;

	if (res != BLOCK)
		fail("%s of file %u: %d", slot->writes ? "write" : "read", slot->file, res);
	if (!slot->writes)
		check(slot);
	pthread_mutex_lock(&s->lock);
	s->busy[slot->file][slot->block] = false;
	slot->next = s->free;
	s->free = slot;
	s->under_way--;
	pthread_cond_signal(&s->freed);
	pthread_mutex_unlock(&s->lock);
}

static void *submits(void *arg)
{
	struct submitter *s = arg;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		struct slot *slot = begin(s);
		off_t at = ((off_t)s->number * BLOCKS + slot->block) * BLOCK;
		struct io_uring_sqe *sqe;

		if (slot->writes)
			fill(slot->buffer, slot->file, s->number, slot->block, ++s->version[slot->file][slot->block]);
		slot->vec = (struct iovec){ slot->buffer, BLOCK };
		pthread_mutex_lock(&ring_lock);
		sqe = sqe_of(&ring);
		switch (slot->writes | (slot->block & 1) << 1) {
		case 0:
			io_uring_prep_readv(sqe, files[slot->file], &slot->vec, 1, (uint64_t)at);
			break;
		case 1:
			io_uring_prep_writev(sqe, files[slot->file], &slot->vec, 1, (uint64_t)at);
			break;
		case 2:
			io_uring_prep_read(sqe, files[slot->file], slot->buffer, BLOCK, (uint64_t)at);
			break;
		default:
			io_uring_prep_write(sqe, files[slot->file], slot->buffer, BLOCK, (uint64_t)at);
			break;
		}
		io_uring_sqe_set_data(sqe, slot);
		if (slot->block % 16 == 0)
			sqe->flags |= IOSQE_ASYNC;
		CHECK_EQ(OK(io_uring_submit(&ring)), 1);
		pthread_mutex_unlock(&ring_lock);
		atomic_fetch_add(&submitted, 1);
	}
	pthread_mutex_lock(&s->lock);
	while (s->under_way)
		pthread_cond_wait(&s->freed, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void *reaps(void *arg)
{
	(void)arg;
	for (;;) {
		struct io_uring_cqe *cqe = cqe_of(&ring);
		struct slot *slot = io_uring_cqe_get_data(cqe);
		int res = cqe->res;

		io_uring_cqe_seen(&ring, cqe);
		progress();
		if (!slot)
			return NULL;
		atomic_fetch_add(&completed, 1);
		end(slot, res);
	}
}

static void one_life(double seconds, unsigned shape)
{
	static const unsigned depths[] = { 1, 2, 8, DEPTH };
	unsigned active = 1 + shape % SUBMITTERS;
	pthread_t threads[SUBMITTERS], reaper;
	struct io_uring_sqe *sqe;

	ring_up(&ring, 256, 0, 0);
	atomic_store(&stop, false);
	reaper = start(reaps, NULL);
	for (unsigned i = 0; i < active; i++) {
		submitters[i].depth = depths[shape / SUBMITTERS % 4];
		threads[i] = start(submits, &submitters[i]);
	}
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < active; i++)
		join(threads[i]);
	pthread_mutex_lock(&ring_lock);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data(sqe, NULL);
	CHECK_EQ(OK(io_uring_submit(&ring)), 1);
	pthread_mutex_unlock(&ring_lock);
	join(reaper);
	ring_down(&ring);
	CHECK_EQ(atomic_load(&completed), atomic_load(&submitted));
}

void run_storage(double seconds)
{
	double until = now_s() + seconds;
	unsigned shape = 0, before;

	watch_count("submitted", &submitted);
	watch_count("completed", &completed);
	files[0] = scratch_file((off_t)SUBMITTERS * BLOCKS * BLOCK, O_DIRECT);
	files[1] = scratch_file((off_t)SUBMITTERS * BLOCKS * BLOCK, 0);
	for (unsigned i = 0; i < SUBMITTERS; i++) {
		struct submitter *s = &submitters[i];

		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->freed, NULL);
		s->number = i;
		s->random = i;
		for (unsigned j = 0; j < DEPTH; j++) {
			s->slots[j] = (struct slot){ .owner = s, .next = s->free, .buffer = aligned_alloc(BLOCK, BLOCK) };
			s->free = &s->slots[j];
			CHECK(s->slots[j].buffer);
		}
	}
	before = descriptors();
	while (now_s() < until)
		one_life(0.3, shape++);
	no_descriptor_left(before);
	printf("     %lu requests\n", atomic_load(&completed));
}
