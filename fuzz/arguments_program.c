/* SPDX-License-Identifier: MIT */
/*
 * One program of calls: an input decides how a ring is made and what is
 * registered with it, with which numbers, structures and pointers. Every answer
 * goes into a transcript, and so does what the kernel wrote into the arguments.
 *
 * Nothing here waits without a limit of 0, and nothing touches more than this
 * process: its descriptors, the arena, rings of its own. Sizes that the kernel
 * would grant are kept small; larger ones are left to the limits that
 * arguments_prepare() sets.
 */
#define _GNU_SOURCE
#include "arguments_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

uint8_t *arena, *read_only, *no_access, *ring_memory;

enum { LEAST_LOCKED = 1 << 20, MOST_LOCKED = 8 << 20 };

/* ---- The process ---- */

static void drop_capabilities(void)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	uint32_t none[6] = { 0 };

	/* What the kernel allows a user without privileges is what counts, and memory that is locked is counted then. */
	if (syscall(SYS_capset, &header, none))
		perror("capset");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void move_fd(int fd, int to)
{
	if (fd < 0 || dup2(fd, to) < 0) {
		perror("a descriptor");
		exit(2);
	}
	close(fd);
}

static uint8_t *map(size_t size)
{
	/* Pages around it that nobody may touch. */
	uint8_t *memory = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + 4096, size, PROT_READ | PROT_WRITE)) {
		perror("mmap");
		exit(2);
	}
	return memory + 4096;
}

/* With less, rings of several processes would be refused most of the time. */
static void need_locked_memory(void)
{
	struct rlimit locked = { 0, 0 };

	getrlimit(RLIMIT_MEMLOCK, &locked);
	if (locked.rlim_max >= LEAST_LOCKED)
		locked.rlim_cur = locked.rlim_max < MOST_LOCKED ? locked.rlim_max : MOST_LOCKED;
	if (locked.rlim_cur < LEAST_LOCKED || setrlimit(RLIMIT_MEMLOCK, &locked)) {
		fprintf(stderr, "only %llu KiB of locked memory are allowed here\n", (unsigned long long)locked.rlim_cur >> 10);
		exit(2);
	}
}

static void take_descriptors(void);

void arguments_prepare(void)
{
	struct rlimit files = { SOFT_FILES, HARD_FILES }, core = { 0, 0 };
	int fds[2];

	need_locked_memory();
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &core);
	drop_capabilities();
	arena = map(ARENA_SIZE);
	no_access = arena + ARENA_SIZE;
	ring_memory = map(RING_MEMORY_SIZE);
	read_only = map(4096);
	mprotect(read_only, 4096, PROT_READ);
	move_fd(open("/dev/null", O_RDWR), FD_NULL);
	move_fd(eventfd(0, EFD_NONBLOCK), FD_EVENT);
	if (pipe(fds))
		exit(2);
	move_fd(fds[0], FD_PIPE_READ);
	move_fd(fds[1], FD_PIPE_WRITE);
	move_fd(socket(AF_UNIX, SOCK_STREAM, 0), FD_SOCKET);
	move_fd(epoll_create1(0), FD_EPOLL);
}

/* In each process, when it has all the descriptors that it keeps. */
void arguments_start(void)
{
	for (int fd = FIRST_PIPE; fd <= LAST_PIPE; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			dup2(FD_NULL, fd);
	}
	take_descriptors();
}

/* ---- Records ---- */

void record(struct run *run, const char *call, const char *what, int64_t value)
{
	struct transcript *to = run->to;

	if (to->nr < MOST_RECORDS)
		to->records[to->nr++] = (struct record){ call, what, value };
}

int64_t hash(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t h = 0xcbf29ce484222325;

	while (size--)
		h = (h ^ *bytes++) * 0x100000001b3;
	return (int64_t)(h >> 1);
}

void called(struct run *run, const char *call, int ret)
{
	if (run->api == &our_api && errno != 4711)
		fuzz_fail("%s changed errno to %d", call, errno);
	record(run, call, "returns", ret);
	record(run, call, "arena", hash(arena, ARGS_SIZE));
}

/* What a program may look at; no addresses, no descriptors. */
void record_ring(struct run *run, const char *call)
{
	const struct io_uring *r = &run->ring;

	record(run, call, RING_FLAGS, r->flags);
	record(run, call, "ring: features", r->features);
	record(run, call, "ring: ring_fd is -1", r->ring_fd == -1);
	/* What the other handle is: a registered index can be any number, the descriptor's too. */
	record(run, call, "ring: enter_ring_fd", r->int_flags & REG_RING ? 1 : r->ring_fd == r->enter_ring_fd ? 2 : 3);
	if (run->api == &raw_api)
		return;
	record(run, call, "library only: int_flags", r->int_flags & ~OURS_ALONE);
	record(run, call, "library only: sq.ring_mask", r->sq.ring_mask);
	record(run, call, "library only: sq.ring_entries", r->sq.ring_entries);
	record(run, call, "library only: sq.sqes_sz", r->sq.sqes_sz);
	record(run, call, "library only: sq.array", r->sq.array != NULL);
	record(run, call, "library only: sq.sqe_head", r->sq.sqe_head);
	record(run, call, "library only: sq.sqe_tail", r->sq.sqe_tail);
	record(run, call, "library only: cq.ring_mask", r->cq.ring_mask);
	record(run, call, "library only: cq.ring_entries", r->cq.ring_entries);
	record(run, call, "library only: cq.kflags", r->cq.kflags != NULL);
	/* The kernel's answer to a resize lacks the features. liburing takes the program's for them and mostly maps twice. */
	if (run->is_resized)
		return;
	record(run, call, "library only: sq.ring_sz", (int64_t)r->sq.ring_sz);
	record(run, call, "library only: cq.ring_sz", (int64_t)r->cq.ring_sz);
	record(run, call, "library only: one map", r->cq.ring_ptr == r->sq.ring_ptr);
}

void record_params(struct run *run, const char *call, const struct io_uring_params *p)
{
	struct io_uring_params shown = *p;

	shown.sq_off.user_addr = shown.cq_off.user_addr = 0;
	record(run, call, "params: flags", shown.flags);
	record(run, call, "params: features", shown.features);
	record(run, call, "params: all", hash(&shown, sizeof(shown)));
}

/* What arguments_raw.c cannot follow: the program goes on in a library, and there it ends. */
bool beyond_raw(struct run *run)
{
	if (run->api == &raw_api) {
		run->over = true;
		return true;
	}
	if (!run->to->raw_ends)
		run->to->raw_ends = run->to->nr + 1;
	return false;
}

/* ---- Arguments ---- */

unsigned some(struct run *run)
{
	return input_one_in(&run->in, 4) ? (unsigned)input_number(&run->in) : input_below(&run->in, 20);
}

int some_fd(struct run *run)
{
	const int fds[] = { FD_NULL,   FD_EVENT, FD_PIPE_READ, FD_PIPE_WRITE, FD_SOCKET,	 FD_EPOLL,
			    FD_CLOSED, -1,	 -2,	       INT32_MAX,     run->ring.ring_fd, run->other.ring_fd };

	return fds[input_below(&run->in, sizeof(fds) / sizeof(fds[0]))];
}

/* A few numbers among zeros: enough of a structure to get past the first checks now and then. */
void fill_arena(struct run *run)
{
	unsigned nr = input_below(&run->in, 6);

	memset(arena, 0, ARGS_SIZE);
	while (nr--) {
		unsigned at = 4 * input_below(&run->in, 32);
		uint64_t number = input_number(&run->in);

		memcpy(arena + at, &number, input_one_in(&run->in, 2) ? 8 : 4);
	}
}

/* Memory for an argument: mostly the arena, with a few numbers in it. */
void *some_pointer(struct run *run)
{
	fill_arena(run);
	switch (input_below(&run->in, 16)) {
	case 0:
		return NULL;
	case 1:
		return arena + 1 + input_below(&run->in, 16);
	case 2:
		/* Its end is out of reach. */
		return no_access - 4 * (1 + input_below(&run->in, 16));
	case 3:
		return no_access;
	case 4:
		return read_only;
	case 5:
		return (void *)(uintptr_t)1;
	case 6:
		return (void *)(uintptr_t)0xffff800000001000;
	case 7:
		return (void *)(uintptr_t)0x0000800000000000;
	default:
		return arena;
	}
}

struct iovec *some_iovecs(struct run *run, unsigned nr)
{
	struct iovec *v = some_pointer(run);

	if ((uint8_t *)v != arena || input_one_in(&run->in, 4))
		return v;
	for (unsigned i = 0; i < nr && i < 16; i++) {
		v[i].iov_base = arena + 4096 * input_below(&run->in, 16) + (input_one_in(&run->in, 4) ? 100 : 0);
		v[i].iov_len = input_one_in(&run->in, 8) ? input_number(&run->in) : 512U * input_below(&run->in, 32);
		if (input_one_in(&run->in, 8))
			v[i].iov_base = NULL;
	}
	return v;
}

int *some_files(struct run *run, unsigned nr)
{
	int *files = some_pointer(run);

	if ((uint8_t *)files != arena || input_one_in(&run->in, 4))
		return files;
	for (unsigned i = 0; i < nr && i < 32; i++)
		files[i] = some_fd(run);
	return files;
}

__u64 *some_tags(struct run *run)
{
	/* Above the part of the arena that the other argument has. */
	__u64 *tags = (void *)(arena + 768);

	if (input_one_in(&run->in, 3))
		return NULL;
	if (input_one_in(&run->in, 6))
		return (void *)no_access;
	tags[0] = input_u8(&run->in);
	return tags;
}
/* ---- Making a ring ---- */

unsigned some_entries(struct run *run)
{
	static const unsigned edges[] = { 0, 1, 32767, 32768, 32769, 65536, 0x80000000, 0xffffffff };
	unsigned n;

	switch (input_below(&run->in, 8)) {
	case 0:
		n = edges[input_below(&run->in, 8)];
		break;
	case 1:
		n = (unsigned)input_number(&run->in);
		break;
	default:
		return 1 + input_below(&run->in, 64);
	}
	/* Large rings are slow to make and to end, and with IORING_SETUP_CLAMP any number above the limit makes one. */
	return n > 4096 && !input_one_in(&run->in, 40) ? n % 4096 : n;
}

unsigned some_setup_flags(struct run *run)
{
	unsigned flags = 0, nr = input_below(&run->in, 5);

	if (input_one_in(&run->in, 16)) {
		flags = (unsigned)input_number(&run->in);
	} else {
		while (nr--)
			flags |= 1U << input_below(&run->in, 21);
	}
	/* Each has a kernel thread of its own. */
	if ((flags & IORING_SETUP_SQPOLL) && !input_one_in(&run->in, 12))
		flags &= ~(unsigned)IORING_SETUP_SQPOLL;
	return flags;
}

void some_params(struct run *run, struct io_uring_params *p)
{
	memset(p, 0, sizeof(*p));
	p->flags = some_setup_flags(run);
	if ((p->flags & IORING_SETUP_CQSIZE) || input_one_in(&run->in, 4))
		p->cq_entries = some_entries(run);
	if (input_one_in(&run->in, 4))
		p->sq_entries = some(run);
	p->sq_thread_cpu = input_one_in(&run->in, 4) ? (unsigned)input_number(&run->in) : 0;
	p->sq_thread_idle = input_below(&run->in, 20);
	p->wq_fd = (unsigned)some_fd(run);
	if (input_one_in(&run->in, 8))
		p->features = some(run);
	if (input_one_in(&run->in, 16))
		p->resv[input_below(&run->in, 3)] = some(run);
}

/* Ends a ring that has only a registered index: a process has few of them. */
static void drop_index(int index)
{
	struct io_uring_rsrc_update update = { .offset = (unsigned)index };

	raw_api.io_uring_register((unsigned)index, IORING_UNREGISTER_RING_FDS | IORING_REGISTER_USE_REGISTERED_RING, &update, 1);
}

/* The descriptor first and the mapping after, with parameters that may have changed between. */
static int setup_and_map(struct run *run, unsigned entries, struct io_uring_params *p)
{
	int fd, ret;

	if (p->flags & IORING_SETUP_NO_MMAP) {
		uint8_t *const places[] = { NULL, ring_memory, ring_memory + 64, no_access, read_only };

		p->sq_off.user_addr = (uintptr_t)places[input_below(&run->in, 5)];
		p->cq_off.user_addr = (uintptr_t)places[input_below(&run->in, 5)];
		if (p->cq_off.user_addr == (uintptr_t)ring_memory)
			p->cq_off.user_addr += RING_MEMORY_SIZE / 2;
	}
	fd = run->api->io_uring_setup(entries, p);
	record(run, "io_uring_setup", "returns", fd < 0 ? fd : 1);
	record_params(run, "io_uring_setup", p);
	if (fd < 0)
		return fd;
	if (beyond_raw(run) || (p->flags & IORING_SETUP_NO_MMAP)) {
		if (p->flags & IORING_SETUP_REGISTERED_FD_ONLY)
			drop_index(fd);
		else
			close(fd);
		return -1;
	}
	switch (input_below(&run->in, 12)) {
	case 0:
		p->features &= ~(unsigned)IORING_FEAT_SINGLE_MMAP;
		break;
	case 1:
		p->flags ^= IORING_SETUP_SQE128;
		break;
	case 2:
		p->flags ^= IORING_SETUP_CQE32;
		break;
	case 3:
		/* Fewer than would make liburing's count of slots wrap. */
		p->sq_entries = some(run) >> 2;
		break;
	case 4:
		p->cq_entries = some(run) >> 2;
		break;
	case 5:
		ret = run->api->io_uring_queue_mmap(some_fd(run), p, &run->ring);
		record(run, "io_uring_queue_mmap", "returns for another descriptor", ret);
		break;
	default:
		break;
	}
	record(run, "io_uring_queue_mmap", "is given SQ entries", p->sq_entries);
	record(run, "io_uring_queue_mmap", "is given CQ entries", p->cq_entries);
	record(run, "io_uring_queue_mmap", "is given flags", p->flags);
	ret = run->api->io_uring_queue_mmap(fd, p, &run->ring);
	record(run, "io_uring_queue_mmap", "returns", ret);
	if (ret) {
		close(fd);
		return ret;
	}
	/*
	 * On such a ring completions appear only when the kernel is entered. liburing does not note that here, and a peek never finds
	 * any; ours does.
	 */
	if ((p->flags & (IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL)) == IORING_SETUP_IOPOLL)
		run->ring.int_flags |= CQ_ENTER;
	return 0;
}

static bool make_ring(struct run *run)
{
	unsigned entries = some_entries(run), flags;
	const char *call = "io_uring_queue_init_params";
	struct io_uring_params p;
	int ret;

	switch (input_below(&run->in, 6)) {
	case 0:
		flags = some_setup_flags(run);
		if ((flags & IORING_SETUP_NO_MMAP) && beyond_raw(run))
			return false;
		call = "io_uring_queue_init";
		ret = run->api->io_uring_queue_init(entries, &run->ring, flags);
		break;
	case 1: {
		size_t size = input_one_in(&run->in, 2) ? RING_MEMORY_SIZE : input_number(&run->in) % RING_MEMORY_SIZE;
		uint8_t *buf = ring_memory + (input_one_in(&run->in, 8) ? 64 : 0);
		ssize_t needed;

		if (beyond_raw(run))
			return false;
		some_params(run, &p);
		/* What it takes without the array of SQ indices, and one less or more. */
		p.flags |= IORING_SETUP_NO_SQARRAY;
		needed = run->api->io_uring_memory_size_params(entries, &p);
		if (needed > 0 && needed < RING_MEMORY_SIZE && input_one_in(&run->in, 2))
			size = (size_t)needed - 1 + input_below(&run->in, 3);
		if (input_one_in(&run->in, 2))
			p.flags &= ~(unsigned)IORING_SETUP_NO_SQARRAY;
		call = "io_uring_queue_init_mem";
		ret = run->api->io_uring_queue_init_mem(entries, &run->ring, &p, buf, size - (size_t)(buf - ring_memory));
		record_params(run, call, &p);
		if (ret >= 0) {
			record(run, call, "SQEs at", (uint8_t *)run->ring.sq.sqes - ring_memory);
			record(run, call, "rings at", (uint8_t *)run->ring.sq.ring_ptr - ring_memory);
		}
		break;
	}
	case 2:
		some_params(run, &p);
		call = "io_uring_queue_mmap";
		ret = setup_and_map(run, entries, &p);
		break;
	default:
		some_params(run, &p);
		if ((p.flags & IORING_SETUP_NO_MMAP) && beyond_raw(run))
			return false;
		ret = run->api->io_uring_queue_init_params(entries, &run->ring, &p);
		record_params(run, call, &p);
		break;
	}
	record(run, call, "returns", ret);
	if (ret < 0)
		return false;
	record_ring(run, call);
	return true;
}

/* A second ring, plain, for the calls that take two. */
struct io_uring *other_ring(struct run *run)
{
	if (!run->has_other) {
		int ret = run->api->io_uring_queue_init(4, &run->other, 0);

		record(run, "io_uring_queue_init", "returns for a second ring", ret);
		if (ret)
			return &run->ring;
		run->has_other = true;
	}
	if (input_one_in(&run->in, 4)) {
		run->has_index = true;
		CALL(io_uring_register_ring_fd, &run->other);
	}
	return input_one_in(&run->in, 8) ? &run->ring : &run->other;
}
/* ---- A program ---- */

/*
 * A ring whose restrictions forbid it cannot give its registered index back, and that stays until the process ends. The next program is to
 * find all of them free, as it does in the process that left this one early.
 */
static void free_indices(void)
{
	struct io_uring_rsrc_update updates[16];
	struct io_uring_params p;
	int fd;

	memset(&p, 0, sizeof(p));
	memset(updates, 0, sizeof(updates));
	for (unsigned i = 0; i < 16; i++)
		updates[i].offset = i;
	fd = raw_api.io_uring_setup(1, &p);
	if (fd < 0)
		return;
	raw_api.io_uring_register((unsigned)fd, IORING_UNREGISTER_RING_FDS, updates, 16);
	close(fd);
}

/*
 * A program's own descriptors are FIRST_FREE and those after it, in every process: so a descriptor is the same number everywhere, also as
 * an argument. Below them everything is taken, and between two programs they are taken as well, so that nobody else gets one.
 */
static void take_descriptors(void)
{
	int fd;

	do {
		fd = fcntl(FD_NULL, F_DUPFD, 0);
	} while (fd >= 0 && fd < FIRST_FREE);
	if (fd >= FD_NULL)
		close(fd);
	for (fd = FIRST_FREE; fd < FD_NULL; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			dup2(FD_NULL, fd);
	}
}

static void free_descriptors(void)
{
	for (int fd = FIRST_FREE; fd < FD_NULL; fd++)
		close(fd);
}

static unsigned open_descriptors(void)
{
	unsigned nr = 0;

	for (int fd = FIRST_FREE; fd < FD_NULL; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

/* Each call has bytes of its own: so it stays the same call when those before it change, or are left out. */
static bool next_part(struct run *run, struct input *rest, size_t size)
{
	size_t left = (size_t)(rest->end - rest->at);

	if (run->over || !left)
		return false;
	run->in.at = rest->at;
	rest->at += size < left ? size : left;
	run->in.end = rest->at;
	return true;
}

void arguments_run(const struct api *api, const uint8_t *data, size_t size, struct transcript *to)
{
	struct rlimit files = { SOFT_FILES, HARD_FILES };
	struct run run = { .api = api, .to = to };
	struct input rest = { data, data + size };

	to->nr = to->raw_ends = 0;
	run.ring.ring_fd = run.other.ring_fd = -1;
	memset(arena, 0, ARENA_SIZE);
	memset(ring_memory, 0, RING_MEMORY_SIZE);
	setrlimit(RLIMIT_NOFILE, &files);
	free_descriptors();

	for (unsigned tries = 0; tries < 3 && next_part(&run, &rest, SETUP_PART); tries++) {
		if (!make_ring(&run))
			continue;
		for (unsigned calls = 0; calls < MOST_CALLS && next_part(&run, &rest, CALL_PART); calls++)
			call(&run);
		api->io_uring_queue_exit(&run.ring);
		break;
	}
	if (run.buf_ring.br)
		munmap(run.buf_ring.br, run.buf_ring.nr * sizeof(struct io_uring_buf));
	if (run.has_other)
		api->io_uring_queue_exit(&run.other);
	if (run.has_index || (run.ring.flags & IORING_SETUP_REGISTERED_FD_ONLY))
		free_indices();
	getrlimit(RLIMIT_NOFILE, &files);
	record(&run, "at the end", "RLIMIT_NOFILE", (int64_t)files.rlim_cur);
	record(&run, "at the end", "descriptors left open", open_descriptors());
	take_descriptors();
}
