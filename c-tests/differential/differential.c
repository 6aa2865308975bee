/* SPDX-License-Identifier: MIT */
/*
 * Random programs of SQEs on both backends, in one process: what the engine answers must be what the kernel answers.
 *
 *	differential [--seed N] [--programs N] [--show]
 *
 * A program is a few steps; each step submits a few requests to a ring of either backend, over files, pipes and sockets of the same
 * make, waits until nothing moves any more, and compares what came back: the same completions per user_data, with the same `res` and
 * `flags`, and the same contents of files and buffers. Requests that are still pending at the end of a step are cancelled, on both
 * sides, and that is compared too. Within a step no two requests race: those that touch the same thing are linked or kept apart.
 *
 * Left out of the comparison: descriptors that requests return (only whether they do), IORING_CQE_F_SOCK_NONEMPTY, the order of
 * completions of different requests, the number of requests that were still there to be cancelled, and whether a cancelled request
 * says -ECANCELED or -EINTR (the kernel's says the latter where one of its workers had it). The numbers of programs that differ are
 * printed; --seed with such a number repeats it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <uring.h>
#include <uring_rs.h>

enum { STEPS = 3, REQUESTS = 6, BUFFER = 64, SIDES = 2, CQES_KEPT = 64, CANCELLER = 1000 };
enum thing { FILE_RW, FILE_RO, PIPE_R, PIPE_W, SOCK_A, SOCK_B, DIRECTORY, CLOSED, LISTENER, NEGATIVE, THINGS };

static const int backends[SIDES] = { URING_RS_BACKEND_KERNEL, URING_RS_BACKEND_USER };

/* What a program works on; one for each backend. */
struct world {
	int fd[THINGS];
	char dir[64];
	unsigned char buf[STEPS][REQUESTS][BUFFER];
	struct iovec iov[STEPS][REQUESTS][2];
	struct statx stx;
};

struct request {
	uint8_t op, flags;
	uint16_t ioprio;
	enum thing thing;
	uint64_t off, addr;
	uint32_t len, op_flags, file_index;
	uint16_t buf_index, personality;
	uint8_t memory; /* what addr becomes: 0 the number itself, 1 a buffer, 2 vectors, 3 a wild pointer, 4 a path, 5 a timespec */
};

struct cqe {
	uint64_t data;
	int32_t res;
	uint32_t flags;
};

static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned below(unsigned n)
{
	return (unsigned)(rnd() >> 33) % n;
}

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

static struct __kernel_timespec soon = { 0, 1000000 }, bad_time = { -1, 0 };

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void make_world(struct world *w, int side)
{
	unsigned char pattern[256];
	struct sockaddr un = { .sa_family = AF_UNIX };
	char path[96];
	int p[2], s[2];

	memset(w, 0, sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "d%d", side);
	if (mkdir(w->dir, 0700) && errno != EEXIST)
		die("mkdir");
	for (int i = 0; i < 256; i++)
		pattern[i] = (unsigned char)(i * 7 + 1);
	snprintf(path, sizeof(path), "%s/file", w->dir);
	w->fd[FILE_RW] = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (write(w->fd[FILE_RW], pattern, 256) != 256)
		die("write");
	w->fd[FILE_RO] = open(path, O_RDONLY);
	if (pipe2(p, 0) || socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		die("pipe");
	w->fd[PIPE_R] = p[0];
	w->fd[PIPE_W] = p[1];
	w->fd[SOCK_A] = s[0];
	w->fd[SOCK_B] = s[1];
	w->fd[DIRECTORY] = open(w->dir, O_RDONLY | O_DIRECTORY);
	w->fd[LISTENER] = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Bound to a name of the kernel's choice. */
	if (bind(w->fd[LISTENER], &un, sizeof(sa_family_t)) || listen(w->fd[LISTENER], 4))
		die("listen");
	w->fd[CLOSED] = 9999;
	w->fd[NEGATIVE] = -1;
	memset(w->buf, 0xee, sizeof(w->buf));
	for (int step = 0; step < STEPS; step++)
		for (int i = 0; i < REQUESTS; i++) {
			w->iov[step][i][0] = (struct iovec){ w->buf[step][i], 24 };
			w->iov[step][i][1] = (struct iovec){ w->buf[step][i] + 24, BUFFER - 24 };
		}
}

static void drop_world(struct world *w)
{
	static const enum thing open_ones[] = { FILE_RW, FILE_RO, PIPE_R, PIPE_W, SOCK_A, SOCK_B, DIRECTORY, LISTENER };

	/* A program may have made a directory where the file was, or a file where it makes directories. */
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "new" : "file";

		if (unlinkat(w->fd[DIRECTORY], name, 0))
			unlinkat(w->fd[DIRECTORY], name, AT_REMOVEDIR);
	}
	for (unsigned i = 0; i < sizeof(open_ones) / sizeof(open_ones[0]); i++)
		close(w->fd[open_ones[i]]);
}

static enum thing any_thing(void)
{
	return (enum thing)below(THINGS);
}

/* A request that makes sense, mostly. */
static struct request make_request(void)
{
	static const uint8_t ops[] = {
		IORING_OP_NOP, IORING_OP_READ, IORING_OP_READ, IORING_OP_WRITE, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV,
		IORING_OP_FSYNC, IORING_OP_SYNC_FILE_RANGE, IORING_OP_FALLOCATE, IORING_OP_FTRUNCATE, IORING_OP_FADVISE, IORING_OP_POLL_ADD,
		IORING_OP_POLL_REMOVE, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_SHUTDOWN, IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE,
		IORING_OP_LINK_TIMEOUT, IORING_OP_ASYNC_CANCEL, IORING_OP_STATX, IORING_OP_OPENAT, IORING_OP_MKDIRAT, IORING_OP_UNLINKAT,
		IORING_OP_ACCEPT, IORING_OP_SOCKET, IORING_OP_CLOSE, IORING_OP_MADVISE, IORING_OP_LAST,
	};
	struct request r = { 0 };

	r.op = ops[below(sizeof(ops))];
	r.thing = any_thing();
	switch (r.op) {
	case IORING_OP_READ:
	case IORING_OP_WRITE:
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
		r.memory = r.op == IORING_OP_READ || r.op == IORING_OP_WRITE ? 1 : 2;
		r.len = r.memory == 1 ? 1 + below(BUFFER) : 1 + below(2);
		r.off = one_in(4) ? (uint64_t)-1 : below(300);
		break;
	case IORING_OP_SEND:
	case IORING_OP_RECV:
		r.thing = one_in(4) ? any_thing() : one_in(2) ? SOCK_A : SOCK_B;
		r.memory = 1;
		r.len = 1 + below(BUFFER);
		r.op_flags = one_in(5) ? MSG_DONTWAIT : 0;
		break;
	case IORING_OP_POLL_ADD:
		r.op_flags = POLLIN | (one_in(3) ? POLLOUT : 0);
		break;
	case IORING_OP_POLL_REMOVE:
	case IORING_OP_TIMEOUT_REMOVE:
	case IORING_OP_ASYNC_CANCEL:
		r.thing = NEGATIVE;
		r.addr = 1 + below(REQUESTS);
		break;
	case IORING_OP_TIMEOUT:
	case IORING_OP_LINK_TIMEOUT:
		r.thing = NEGATIVE;
		r.memory = 5;
		r.len = 1;
		break;
	case IORING_OP_FALLOCATE:
		r.off = below(300);
		r.addr = 1 + below(300);
		break;
	case IORING_OP_FTRUNCATE:
		r.off = below(300);
		break;
	case IORING_OP_SHUTDOWN:
		r.len = below(3);
		break;
	case IORING_OP_STATX:
	case IORING_OP_OPENAT:
	case IORING_OP_MKDIRAT:
	case IORING_OP_UNLINKAT:
		r.thing = one_in(4) ? any_thing() : DIRECTORY;
		r.memory = 4;
		r.len = r.op == IORING_OP_MKDIRAT ? 0700 : r.op == IORING_OP_STATX ? STATX_SIZE : 0;
		if (r.op == IORING_OP_UNLINKAT && one_in(2))
			r.op_flags = AT_REMOVEDIR;
		break;
	case IORING_OP_ACCEPT:
		r.thing = one_in(2) ? LISTENER : any_thing();
		break;
	case IORING_OP_SOCKET:
		r.off = SOCK_STREAM;
		r.len = 0;
		break;
	case IORING_OP_CLOSE:
		r.thing = one_in(2) ? CLOSED : NEGATIVE;
		break;
	default:
		r.len = below(100);
		break;
	}
	/* And now and then something that does not. */
	if (one_in(12))
		r.memory = 3;
	if (one_in(16))
		r.op_flags = (uint32_t)rnd() & (one_in(2) ? 0xff : 0xffffffff) & ~(uint32_t)RWF_HIPRI;
	if (one_in(20))
		r.buf_index = (uint16_t)below(3);
	if (one_in(20))
		r.file_index = below(3);
	if (one_in(24))
		r.ioprio = (uint16_t)(1 << below(16));
	if (one_in(24))
		r.personality = (uint16_t)below(4);
	if (one_in(24))
		r.off = rnd();
	if (one_in(8))
		r.flags |= IOSQE_ASYNC;
	if (one_in(16))
		r.flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (one_in(24))
		r.flags |= IOSQE_FIXED_FILE;
	return r;
}

/* What the answer depends on beside the request itself: how much a call that finds less than it wants to gives, and when. */
static bool is_left_to_chance(const struct request *r)
{
	/* A wild request of these could wait for or change what is not ours. */
	bool makes_a_descriptor = r->op == IORING_OP_ACCEPT || r->op == IORING_OP_SOCKET || r->op == IORING_OP_OPENAT;

	/* Direct descriptors and multishot requests come later. */
	if (makes_a_descriptor && r->file_index)
		return true;
	if (r->ioprio && (r->op == IORING_OP_RECV || r->op == IORING_OP_SEND || r->op == IORING_OP_ACCEPT))
		return true;
	return (r->op == IORING_OP_MADVISE && r->memory == 0 && r->addr) || (r->op == IORING_OP_SOCKET && r->personality);
}

static void fill(struct io_uring_sqe *sqe, const struct request *r, struct world *w, int step, int i)
{
	static const char *const names[] = { "file", "new", "missing/x", "new" };

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = r->op;
	sqe->flags = r->flags;
	sqe->ioprio = r->ioprio;
	sqe->fd = w->fd[r->thing];
	if (r->op == IORING_OP_SOCKET)
		sqe->fd = AF_UNIX;
	sqe->off = r->off;
	sqe->len = r->len;
	sqe->rw_flags = (__kernel_rwf_t)r->op_flags;
	sqe->user_data = (uint64_t)(i + 1);
	sqe->buf_index = r->buf_index;
	sqe->personality = r->personality;
	sqe->file_index = r->file_index;
	switch (r->memory) {
	case 0: sqe->addr = r->addr; break;
	case 1: sqe->addr = (uintptr_t)w->buf[step][i]; break;
	case 2: sqe->addr = (uintptr_t)w->iov[step][i]; break;
	case 3: sqe->addr = 0x10; break;
	case 4: sqe->addr = (uintptr_t)names[(r->len + r->off) % 4]; break;
	case 5: sqe->addr = (uintptr_t)(r->off == 7 ? &bad_time : &soon); break;
	}
	if (r->op == IORING_OP_STATX)
		sqe->off = (uintptr_t)&w->stx;
}

static int by_data(const void *a, const void *b)
{
	const struct cqe *x = a, *y = b;

	if (x->data != y->data)
		return x->data < y->data ? -1 : 1;
	return x->res < y->res ? -1 : x->res > y->res;
}

/* Takes completions until none has come for a while. */
static unsigned collect(struct io_uring *ring, struct cqe *kept, unsigned n, unsigned wanted, int patience_ms)
{
	while (n < CQES_KEPT) {
		struct __kernel_timespec ts = { 0, (n < wanted ? 8 * patience_ms : patience_ms) * 1000000LL };
		struct io_uring_cqe *cqe;
		int ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);

		/* The end of the other side's last ring can interrupt a wait of this one. */
		if (ret == -EINTR)
			continue;
		if (ret)
			break;
		kept[n++] = (struct cqe){ cqe->user_data, cqe->res, cqe->flags & ~(uint32_t)IORING_CQE_F_SOCK_NONEMPTY };
		/* How many it found depends on whether the kernel has one in a worker by then, and so does how that one ends. */
		if (cqe->user_data == CANCELLER)
			kept[n - 1].res = 0;
		if (cqe->res == -EINTR)
			kept[n - 1].res = -ECANCELED;
		io_uring_cqe_seen(ring, cqe);
	}
	return n;
}

/* One step on one side; returns the number of completions. */
static unsigned run_step(struct io_uring *ring, struct world *w, const struct request *requests, int n, int step, struct cqe *kept)
{
	unsigned got;
	struct io_uring_sqe *sqe;

	for (int i = 0; i < n; i++)
		fill(io_uring_get_sqe(ring), &requests[i], w, step, i);
	io_uring_submit(ring);
	got = collect(ring, kept, 0, (unsigned)n, 2);
	/* Whatever still waits is cancelled. */
	sqe = io_uring_get_sqe(ring);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY;
	sqe->user_data = CANCELLER;
	io_uring_submit(ring);
	got = collect(ring, kept, got, got + 1, 2);
	for (unsigned i = 0; i < got; i++) {
		const struct request *r = kept[i].data >= 1 && kept[i].data <= (uint64_t)n ? &requests[kept[i].data - 1] : NULL;

		/* A descriptor's number says nothing; it is given back at once. */
		if (r && kept[i].res >= 0 && (r->op == IORING_OP_OPENAT || r->op == IORING_OP_ACCEPT || r->op == IORING_OP_SOCKET)) {
			close(kept[i].res);
			kept[i].res = 0;
		}
	}
	qsort(kept, got, sizeof(*kept), by_data);
	return got;
}

static bool racy(const struct request *a, const struct request *b)
{
	/* Apart from links, two requests of a step may meet in any order: they must not touch the same thing. */
	if (a->thing == CLOSED || a->thing == NEGATIVE || b->thing == CLOSED || b->thing == NEGATIVE)
		return false;
	if ((a->thing <= FILE_RO || a->memory == 4 || a->thing == DIRECTORY) && (b->thing <= FILE_RO || b->memory == 4 || b->thing == DIRECTORY))
		return true;
	if ((a->thing == PIPE_R || a->thing == PIPE_W) && (b->thing == PIPE_R || b->thing == PIPE_W))
		return true;
	if ((a->thing == SOCK_A || a->thing == SOCK_B) && (b->thing == SOCK_A || b->thing == SOCK_B))
		return true;
	return a->thing == b->thing;
}

static bool names_another(const struct request *r)
{
	return r->op == IORING_OP_POLL_REMOVE || r->op == IORING_OP_TIMEOUT_REMOVE || r->op == IORING_OP_ASYNC_CANCEL;
}

/* Completes at once or waits for an event that does not come: no thread is in it that a cancellation could meet. */
static bool stays_put(uint8_t op)
{
	return op == IORING_OP_NOP || op == IORING_OP_POLL_ADD || op == IORING_OP_RECV || op == IORING_OP_ACCEPT;
}

/* Chooses the requests of a step so that its outcome is determined. */
static int make_step(struct request *requests)
{
	int n = 0, wanted = 1 + (int)below(REQUESTS);
	bool linked = one_in(2);

	while (n < wanted) {
		struct request r = make_request();
		bool fits = !is_left_to_chance(&r);

		/* Cancelling is determined only for what cannot have completed: linked steps leave it out. */
		if (names_another(&r) && (linked || (r.flags & IOSQE_ASYNC)))
			fits = false;
		for (int i = 0; i < n && !linked; i++) {
			fits &= !racy(&requests[i], &r);
			/* It may meet its target before, during or after a worker's or a timer's turn. */
			if (names_another(&r) && r.addr == (uint64_t)(i + 1))
				fits &= !(requests[i].flags & IOSQE_ASYNC) && stays_put(requests[i].op);
		}
		/* Two clocks that run out at the same time. */
		if (n && r.op == IORING_OP_LINK_TIMEOUT && requests[n - 1].op == IORING_OP_TIMEOUT)
			fits = false;
		if (!fits)
			continue;
		if (linked && n + 1 < wanted)
			r.flags |= one_in(4) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
		else if (!linked && r.op == IORING_OP_LINK_TIMEOUT && one_in(2))
			continue;
		requests[n++] = r;
	}
	return n;
}

static void show(const struct request *r, int i)
{
	printf("    %d: op %u flags %#x thing %d off %#llx len %u op_flags %#x memory %u addr %#llx buf_index %u file_index %u ioprio %#x "
	       "personality %u\n",
	       i + 1, r->op, r->flags, r->thing, (unsigned long long)r->off, r->len, r->op_flags, r->memory, (unsigned long long)r->addr,
	       r->buf_index, r->file_index, r->ioprio, r->personality);
}

static bool same_files(struct world *w)
{
	unsigned char a[1024], b[1024];
	ssize_t n = pread(w[0].fd[FILE_RW], a, sizeof(a), 0), m = pread(w[1].fd[FILE_RW], b, sizeof(b), 0);

	return n == m && (n <= 0 || memcmp(a, b, (size_t)n) == 0);
}

/* True where both backends agree on program `seed`. */
static bool run_program(uint64_t seed, bool verbose)
{
	static struct world w[SIDES];
	struct io_uring ring[SIDES];
	bool same = true;

	state = seed * 0x9e3779b97f4a7c15ULL + 0x1234567;
	for (int i = 0; i < 4; i++)
		rnd();
	for (int side = 0; side < SIDES; side++) {
		make_world(&w[side], side);
		uring_rs_set_backend(backends[side]);
		if (io_uring_queue_init(32, &ring[side], IORING_SETUP_SUBMIT_ALL))
			die("io_uring_queue_init");
	}
	for (int step = 0; step < STEPS && same; step++) {
		struct request requests[REQUESTS];
		struct cqe kept[SIDES][CQES_KEPT];
		unsigned n[SIDES];
		int count = make_step(requests);

		for (int side = 0; side < SIDES; side++)
			n[side] = run_step(&ring[side], &w[side], requests, count, step, kept[side]);
		same = n[0] == n[1] && memcmp(kept[0], kept[1], n[0] * sizeof(kept[0][0])) == 0 &&
		       memcmp(w[0].buf[step], w[1].buf[step], sizeof(w[0].buf[step])) == 0 && same_files(w);
		if (verbose) {
			printf("  step %d of program %llu: %s\n", step, (unsigned long long)seed, same ? "alike" : "DIFFERENT");
			for (int i = 0; i < count; i++)
				show(&requests[i], i);
			for (int side = 0; side < SIDES; side++) {
				printf("    %-6s:", uring_rs_backend_name(backends[side]));
				for (unsigned i = 0; i < n[side]; i++)
					printf(" %llu=%d/%#x", (unsigned long long)kept[side][i].data, kept[side][i].res, kept[side][i].flags);
				printf("\n");
			}
			if (!same && !same_files(w))
				printf("    the files differ\n");
		}
	}
	for (int side = 0; side < SIDES; side++) {
		io_uring_queue_exit(&ring[side]);
		drop_world(&w[side]);
	}
	return same;
}

/*
 * A machine that stalls for longer than a step has patience makes a difference once, a wrong answer makes it every time: a program counts
 * when it differs three times in a row.
 */
static bool differs(uint64_t seed, bool verbose)
{
	for (int i = 0; i < 3; i++)
		if (run_program(seed, verbose || i == 2))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, programs = 2000, different = 0;
	char dir[] = "/tmp/uring-differential-XXXXXX", command[64];
	bool verbose = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--programs") && i + 1 < argc)
			programs = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--show"))
			verbose = true;
		else
			return fprintf(stderr, "usage: differential [--seed N] [--programs N] [--show]\n"), 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!mkdtemp(dir) || chdir(dir))
		die("mkdtemp");
	for (uint64_t i = 0; i < programs && different < 10; i++)
		different += differs(seed + i, verbose);
	printf("%llu programs from %llu on: %llu different\n", (unsigned long long)programs, (unsigned long long)seed,
	       (unsigned long long)different);
	if (chdir("/"))
		die("chdir");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		fprintf(stderr, "%s stays\n", dir);
	return different != 0;
}
