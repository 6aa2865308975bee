/* SPDX-License-Identifier: MIT */
/*
 * The reads of read.c through libuv, which has a pool of four threads for them.
 * An operation is one read of 4 KiB.
 *
 *	file=PATH depth=N
 */
#include "harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct slot {
	uv_fs_t request;
	uv_buf_t buffer;
	uint64_t block;
};

static struct slot *slots;
static unsigned depth;
static int fd;
static uint64_t blocks, seed = 88172645463325252u, begun, done, wanted;

static void start(struct slot *slot);

static void finished(uv_fs_t *request)
{
	struct slot *slot = request->data;

	if (request->result != (ssize_t)DATA_BLOCK)
		die("read: %zd", request->result);
	if (!block_is_right(slot->buffer.base, slot->block))
		die("wrong data");
	uv_fs_req_cleanup(request);
	done++;
	if (begun < wanted)
		start(slot);
}

static void start(struct slot *slot)
{
	slot->block = random_next(&seed) % blocks;
	slot->request.data = slot;
	begun++;
	if (uv_fs_read(uv_default_loop(), &slot->request, fd, &slot->buffer, 1, (int64_t)(slot->block * DATA_BLOCK), finished))
		die("uv_fs_read");
}

static void setup(void)
{
	char *memory;
	unsigned i;

	/* libuv can use io_uring by itself; its pool is what is wanted here. */
	setenv("UV_USE_IO_URING", "0", 1);
	depth = (unsigned)param_number("depth", 1);
	fd = open_data(O_RDONLY, &blocks);
	slots = calloc(depth, sizeof(*slots));
	if (!depth || !slots || posix_memalign((void **)&memory, DATA_BLOCK, (size_t)depth * DATA_BLOCK))
		die("no memory");
	memset(memory, 0, (size_t)depth * DATA_BLOCK);
	for (i = 0; i < depth; i++)
		slots[i].buffer = uv_buf_init(memory + (size_t)i * DATA_BLOCK, DATA_BLOCK);
}

static uint64_t run(uint64_t ops)
{
	unsigned i;

	begun = done = 0;
	wanted = ops;
	for (i = 0; i < depth && begun < wanted; i++)
		start(&slots[i]);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return done;
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run };

	return bench_main(argc, argv, &bench);
}
