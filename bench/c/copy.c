/* SPDX-License-Identifier: MIT */
/*
 * Copies a file, block by block and from the beginning to the end, over and over. An
 * operation is one block read and written. After each run, what was copied is
 * compared with the source and wiped out, so that the next copy has to be made.
 *
 *	file=PATH to=PATH block=BYTES depth=N
 *	by=ring		DEPTH blocks under way
 *	by=loop		pread and pwrite
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct io_uring ring;
static int from, to, is_loop;
static unsigned depth, block;
/* `copied` bytes from `checked` on have not been compared yet. */
static uint64_t size, position, checked, copied;
static char *memory, *source, *target;

struct slot {
	char *buffer;
	uint64_t offset;
	int is_writing;
};

static struct slot *slots;
static unsigned *ready_slots;

static void setup(void)
{
	const char *path = param("to", NULL);
	uint64_t blocks;
	unsigned i;
	int ret;

	block = (unsigned)param_number("block", 131072);
	depth = (unsigned)param_number("depth", 16);
	is_loop = param_is("by", "loop");
	from = open_data(O_RDONLY, &blocks);
	if (!path || !block || !depth || blocks * DATA_BLOCK < block)
		die("to=%s block=%u depth=%u?", path ? path : "", block, depth);
	size = blocks * DATA_BLOCK / block * block;
	to = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (to < 0 || ftruncate(to, (off_t)size) || (ret = posix_fallocate(to, 0, (off_t)size)) != 0)
		die("%s: %s", path, strerror(errno));
	source = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, from, 0);
	target = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, to, 0);
	if (source == MAP_FAILED || target == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	memset(target, 0, size);

	slots = calloc(depth, sizeof(*slots));
	ready_slots = calloc(depth, sizeof(*ready_slots));
	if (!slots || !ready_slots || posix_memalign((void **)&memory, DATA_BLOCK, (size_t)depth * block))
		die("no memory");
	memset(memory, 0, (size_t)depth * block);
	for (i = 0; i < depth; i++)
		slots[i].buffer = memory + (size_t)i * block;
	if (is_loop)
		return;
	ret = io_uring_queue_init(depth, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		skip("no ring: %s", strerror(-ret));
	if (ret)
		die("no ring: %s", strerror(-ret));
}

static uint64_t next_offset(void)
{
	uint64_t offset = position;

	position += block;
	if (position == size)
		position = 0;
	return offset;
}

static uint64_t run_loop(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done++) {
		off_t offset = (off_t)next_offset();

		if (pread(from, memory, block, offset) != (ssize_t)block || pwrite(to, memory, block, offset) != (ssize_t)block)
			die("copy at %lld: %s", (long long)offset, strerror(errno));
	}
	return done;
}

static struct io_uring_sqe *sqe_for(unsigned number)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)
		die("no SQE");
	sqe->user_data = number;
	return sqe;
}

static void prepare_read(unsigned number)
{
	struct slot *slot = &slots[number];
	struct io_uring_sqe *sqe = sqe_for(number);

	slot->offset = next_offset();
	slot->is_writing = 0;
	io_uring_prep_read(sqe, from, slot->buffer, block, slot->offset);
	sqe->user_data = number;
}

static void prepare_write(unsigned number)
{
	struct slot *slot = &slots[number];
	struct io_uring_sqe *sqe = sqe_for(number);

	slot->is_writing = 1;
	io_uring_prep_write(sqe, to, slot->buffer, block, slot->offset);
	sqe->user_data = number;
}

/* Each slot goes from a read to the write of the same block to the next read. */
static uint64_t run_ring(uint64_t ops)
{
	uint64_t done = 0, begun = 0;
	unsigned nr_ready = 0, i;

	for (i = 0; i < depth && begun < ops; i++, begun++)
		prepare_read(i);
	while (done < ops) {
		struct io_uring_cqe *cqe;
		unsigned head, seen = 0;
		int ret = io_uring_submit_and_wait(&ring, 1);

		if (ret < 0 && ret != -EINTR)
			die("submit and wait: %s", strerror(-ret));
		nr_ready = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			if (cqe->res != (int)block)
				die("%s: %d", slots[cqe->user_data].is_writing ? "write" : "read", cqe->res);
			ready_slots[nr_ready++] = (unsigned)cqe->user_data;
			seen++;
		}
		io_uring_cq_advance(&ring, seen);
		for (i = 0; i < nr_ready; i++) {
			unsigned number = ready_slots[i];

			if (!slots[number].is_writing) {
				prepare_write(number);
				continue;
			}
			done++;
			if (begun < ops) {
				prepare_read(number);
				begun++;
			}
		}
	}
	return done;
}

static uint64_t run(uint64_t ops)
{
	ops = is_loop ? run_loop(ops) : run_ring(ops);
	copied += ops * block;
	return ops;
}

static void check_range(uint64_t begin, uint64_t end)
{
	if (memcmp(source + begin, target + begin, end - begin))
		die("the copy differs from its source");
	memset(target + begin, 0, end - begin);
}

static void check(void)
{
	if (copied >= size) {
		check_range(0, size);
	} else if (checked + copied <= size) {
		check_range(checked, checked + copied);
	} else {
		check_range(checked, size);
		check_range(0, checked + copied - size);
	}
	copied = 0;
	checked = position;
}

static void finish(void)
{
	if (!is_loop)
		io_uring_queue_exit(&ring);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .check = check, .finish = finish };

	return bench_main(argc, argv, &bench);
}
