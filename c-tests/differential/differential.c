/* SPDX-License-Identifier: MIT */
/*
 * Random programs of SQEs on both backends, in one process: what the engine answers must be what the kernel answers.
 *
 *	differential [--seed N] [--programs N] [--jobs N] [--show]
 *
 * A program is a few steps; each step submits a few requests (requests.c) to a ring of either backend, over files, pipes, sockets, an
 * epoll, futexes and another ring of the same make, waits until nothing moves any more, and compares what came back: the return values of
 * the submissions, the same completions per user_data, with the same `res` and `flags`, and the same contents of files and buffers.
 * Requests that are still pending at the end of a step are cancelled, on both sides, and that is compared too. Between steps tables of
 * files and buffers change. Within a step no two requests race: those that touch the same thing are linked or kept apart.
 *
 * Left out of the comparison: descriptors that requests return (only whether they do), IORING_CQE_F_SOCK_NONEMPTY, the order of
 * completions of different requests, the number of requests that were still there to be cancelled, and whether a cancelled request
 * says -ECANCELED or -EINTR (the kernel's says the latter where one of its workers had it). The numbers of programs that differ are
 * printed; --seed with such a number repeats it.
 */
#include "differential.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uring_rs.h>

enum { CQES_KEPT = 96, SUBMITS_KEPT = 8, CANCELLER = 1000 };

static const int backends[SIDES] = { URING_RS_BACKEND_KERNEL, URING_RS_BACKEND_USER };

struct cqe {
	uint64_t data;
	int32_t res;
	uint32_t flags;
	/* What large ones carry. */
	uint64_t extra[2];
};

/* What came of a step. */
struct outcome {
	unsigned cqes, submits;
	struct cqe cqe[CQES_KEPT];
	int submit[SUBMITS_KEPT];
};

static uint64_t state;

uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

unsigned below(unsigned n)
{
	return (unsigned)(rnd() >> 33) % n;
}

bool one_in(unsigned n)
{
	return below(n) == 0;
}

void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ------------------------------------------------------------------------------------------------------------------------ steps */

static int by_data(const void *a, const void *b)
{
	const struct cqe *x = a, *y = b;

	if (x->data != y->data)
		return x->data < y->data ? -1 : 1;
	if (x->res != y->res)
		return x->res < y->res ? -1 : 1;
	return x->flags < y->flags ? -1 : x->flags > y->flags;
}

static void keep(struct io_uring *ring, struct outcome *o, const struct io_uring_cqe *cqe)
{
	struct cqe *kept = &o->cqe[o->cqes++];

	*kept = (struct cqe){ .data = cqe->user_data, .res = cqe->res, .flags = cqe->flags & ~(uint32_t)IORING_CQE_F_SOCK_NONEMPTY };
	if (ring->flags & IORING_SETUP_CQE32 || (ring->flags & IORING_SETUP_CQE_MIXED && cqe->flags & IORING_CQE_F_32))
		memcpy(kept->extra, cqe->big_cqe, sizeof(kept->extra));
	/* How many it found depends on whether the kernel has one in a worker by then, and so does how that one ends. */
	if (cqe->user_data == CANCELLER)
		kept->res = 0;
	/* -512 is what a system call restarts with; a splice of the kernel's threads lets it through. */
	if (cqe->res == -EINTR || cqe->res == -512)
		kept->res = -ECANCELED;
}

/* Completions that others have promised: of sends that copy nothing, which the other end may keep waiting. */
static unsigned owed(const struct outcome *o, const struct request *requests, int n, int step)
{
	unsigned promised = 0;

	for (unsigned i = 0; i < o->cqes; i++) {
		uint64_t which = o->cqe[i].data - (uint64_t)(100 * step);

		if (which < 1 || which > (uint64_t)n || !has_notification(&requests[which - 1]))
			continue;
		promised += (o->cqe[i].flags & IORING_CQE_F_MORE) != 0;
		promised -= (o->cqe[i].flags & IORING_CQE_F_NOTIF) != 0 && promised != 0;
	}
	return promised;
}

/* Takes completions until none has come for a while. */
static void collect(struct io_uring *ring, struct outcome *o, unsigned wanted, int patience_ms, const struct request *requests, int n, int step)
{
	int slept = 0;

	while (o->cqes < CQES_KEPT) {
		int waits_ms = owed(o, requests, n, step) ? 32 * patience_ms : o->cqes < wanted ? 8 * patience_ms : patience_ms;
		struct __kernel_timespec ts = { 0, waits_ms % 1000 * 1000000LL };
		struct io_uring_cqe *cqe;
		int ret;

		ts.tv_sec = waits_ms / 1000;
		ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);
		/* The end of the other side's last ring can interrupt a wait of this one. */
		if (ret == -EINTR)
			continue;
		/* A ring that polls does not wait where there is nothing to poll for: others may still be at it. */
		if (ret && ring->flags & IORING_SETUP_IOPOLL && slept++ < 4 * patience_ms) {
			usleep(250);
			continue;
		}
		if (ret)
			break;
		keep(ring, o, cqe);
		io_uring_cqe_seen(ring, cqe);
	}
}

/* A ring that does not submit all ends a submission at an SQE that is refused. */
static void submit_all(struct io_uring *ring, struct outcome *o)
{
	if (ring->flags & IORING_SETUP_SQPOLL) {
		o->submit[o->submits++] = io_uring_submit(ring);
		/* Its thread takes them when it gets to them, and goes on by itself. */
		for (int i = 0; i < 100000 && io_uring_sq_ready(ring); i++)
			usleep(20);
		return;
	}
	while (io_uring_sq_ready(ring) && o->submits < SUBMITS_KEPT)
		o->submit[o->submits++] = io_uring_submit(ring);
}

static void cancel_all(struct io_uring *ring, struct outcome *o)
{
	struct io_uring_sqe *sqe;

	sqe = io_uring_get_sqe(ring);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->fd = -1;
	sqe->cancel_flags = IORING_ASYNC_CANCEL_ANY;
	sqe->user_data = CANCELLER;
	submit_all(ring, o);
}

/* The request of a step before this one that a completion belongs to: what followed a cancelled one in a hard link may wait until now. */
static const struct request *earlier(const struct request *requests, int step, uint64_t data)
{
	uint64_t at = data / 100, which = data % 100;

	return at < (uint64_t)step && which >= 1 && which <= REQUESTS ? requests - (step - (int)at) * REQUESTS + which - 1 : NULL;
}

/* One step on one side; the requests of the steps before lie before its own. */
static void run_step(struct io_uring *ring, struct io_uring *other, struct world *w, const struct request *requests, int n, int step,
		     struct outcome *o, int patience_ms)
{
	struct io_uring_cqe *cqe;

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < n; i++)
		fill(io_uring_get_sqe(ring), &requests[i], w, step, i);
	submit_all(ring, o);
	collect(ring, o, (unsigned)n, patience_ms, requests, n, step);
	/* Whatever still waits is cancelled. */
	cancel_all(ring, o);
	collect(ring, o, o->cqes + 1, patience_ms, requests, n, step);
	/* Messages to the other ring. */
	while (o->cqes < CQES_KEPT && !io_uring_peek_cqe(other, &cqe)) {
		keep(other, o, cqe);
		io_uring_cqe_seen(other, cqe);
	}
	for (unsigned i = 0; i < o->cqes; i++) {
		struct cqe *c = &o->cqe[i];
		uint64_t which = c->data - (uint64_t)(100 * step);
		const struct request *r = which >= 1 && which <= (uint64_t)n ? &requests[which - 1] : earlier(requests, step, c->data);

		/* What the kernel leaves there may be another request's. */
		if (!r || !(r->op == IORING_OP_NOP && r->op_flags & IORING_NOP_CQE32))
			c->extra[0] = c->extra[1] = 0;
		if (!r || c->res < 0)
			continue;
		/* A descriptor's number says nothing; it is given back at once. */
		if (makes_a_descriptor(r)) {
			close(c->res);
			c->res = 0;
		}
	}
	for (int i = 0; i < n; i++) {
		const struct request *r = &requests[i];
		int *fds = (int *)(void *)w->buf[step][i];
		bool went_well = true;

		for (unsigned k = 0; k < o->cqes; k++)
			if (o->cqe[k].data == (uint64_t)(100 * step + i + 1) && o->cqe[k].res < 0)
				went_well = false;
		if (r->op == IORING_OP_PIPE && fds[0] > 2 && fds[0] < 1024 && fds[1] < 1024) {
			close(fds[0]);
			close(fds[1]);
			fds[0] = fds[1] = 0;
		}
		if (r->op == IORING_OP_FILES_UPDATE)
			fds[0] = 0;
		if (r->op == IORING_OP_CLOSE && went_well && r->thing < OTHER_RING && fcntl(w->fd[r->thing], F_GETFD) < 0)
			w->fd[r->thing] = GONE;
	}
	qsort(o->cqe, o->cqes, sizeof(o->cqe[0]), by_data);
}

static bool same_places(struct world *w, int step)
{
	for (int i = 0; i < REQUESTS; i++) {
		const struct place *a = &w[0].place[step][i], *b = &w[1].place[step][i];

		if (a->msg.msg_flags != b->msg.msg_flags || a->msg.msg_namelen != b->msg.msg_namelen ||
		    a->msg.msg_controllen != b->msg.msg_controllen || a->stx.stx_size != b->stx.stx_size ||
		    a->stx.stx_mode != b->stx.stx_mode || a->stx.stx_nlink != b->stx.stx_nlink)
			return false;
	}
	return memcmp(w[0].buf[step], w[1].buf[step], sizeof(w[0].buf[step])) == 0 &&
	       memcmp(w[0].block[step], w[1].block[step], sizeof(w[0].block[step])) == 0;
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
	bool same = a->submits == b->submits && !memcmp(a->submit, b->submit, sizeof(a->submit));

	/* Memory out of reach is noticed when it is read: by the kernel often before the SQE is accepted, which ends a submission. */
	for (unsigned i = 0; i < a->cqes; i++)
		same |= a->cqe[i].res == -EFAULT;
	return same && a->cqes == b->cqes && !memcmp(a->cqe, b->cqe, a->cqes * sizeof(a->cqe[0]));
}

/* --------------------------------------------------------------------------------------------------------------------- programs */

/* Registration between steps. */
static int change_tables(struct io_uring *ring, struct world *w, unsigned how)
{
	struct iovec whole[2] = { { w->buf, sizeof(w->buf) }, { w->buf[1], BUFFER } };
	int two[2] = { w->fd[SOCK_A], -1 };

	switch (how) {
	case 0: return io_uring_unregister_files(ring);
	case 1: return io_uring_register_files(ring, w->fd, CLOSED - 2);
	case 2: return io_uring_register_files_update(ring, SOCK_B, two, 2);
	case 3: return io_uring_register_files_update(ring, CLOSED - 3, two, 2);
	case 4: return io_uring_unregister_buffers(ring);
	case 5: return io_uring_register_buffers(ring, whole, 2);
	case 6: return io_uring_register_buffers_update_tag(ring, 1, whole, NULL, 1);
	case 7: return io_uring_register_files_sparse(ring, 4);
	default: return 0;
	}
}

/* Makes of rings; the first is the most frequent. */
static const unsigned ring_flags[] = {
	IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SUBMIT_ALL,
	0,
	IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER,
	IORING_SETUP_CQE32,
	IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_NO_SQARRAY,
	IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_CQE_MIXED | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_CQE_MIXED | IORING_SETUP_CQSIZE,
	IORING_SETUP_CQE_MIXED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
	IORING_SETUP_SQPOLL | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER,
	IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF | IORING_SETUP_CQE32,
	IORING_SETUP_IOPOLL | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL,
	IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL,
	IORING_SETUP_R_DISABLED | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_ATTACH_WQ | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_NO_MMAP | IORING_SETUP_REGISTERED_FD_ONLY | IORING_SETUP_SUBMIT_ALL,
};

enum { MAKES = sizeof(ring_flags) / sizeof(ring_flags[0]) };

/* Direct I/O of a polling ring, on this disk and driver. */
static bool disk_can_be_polled;

/* How many requests of each opcode programs have made, in all processes; the last one counts those that are none. */
static uint64_t *made;

static int make_ring(struct io_uring *ring, unsigned flags, const struct io_uring *other)
{
	struct io_uring_params p = { .flags = flags, .cq_entries = flags & IORING_SETUP_CQSIZE ? 8 : 0 };
	int ret;

	/* Milliseconds that a thread of its own stays awake for nothing. */
	p.sq_thread_idle = 1;
	p.wq_fd = (uint32_t)other->ring_fd;
	ret = io_uring_queue_init_params(8, ring, &p);
	if (!ret && flags & IORING_SETUP_R_DISABLED)
		ret = io_uring_enable_rings(ring);
	return ret;
}

static void print_side(int side, const struct outcome *o)
{
	printf("    %-6s:", uring_rs_backend_name(backends[side]));
	for (unsigned i = 0; i < o->submits; i++)
		printf(" submit=%d", o->submit[i]);
	for (unsigned i = 0; i < o->cqes; i++) {
		printf(" %llu=%d/%#x", (unsigned long long)o->cqe[i].data, o->cqe[i].res, o->cqe[i].flags);
		if (o->cqe[i].extra[0] || o->cqe[i].extra[1])
			printf("+%#llx,%#llx", (unsigned long long)o->cqe[i].extra[0], (unsigned long long)o->cqe[i].extra[1]);
	}
	printf("\n");
}

/* Where the program is that runs, for the case that it does not end. */
static struct { uint64_t seed; int step, side; } now_at;

static void no_end(int signal)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "program %llu: no end within 40 s, step %d, %s\n", (unsigned long long)now_at.seed, now_at.step,
			   uring_rs_backend_name(backends[now_at.side]));

	(void)signal;
	if (write(STDOUT_FILENO, text, (size_t)len) != len)
		_exit(2);
	_exit(1);
}

/* True where both backends agree on program `seed`. */
static bool run_program(uint64_t seed, int patience_ms, bool verbose)
{
	static struct world w[SIDES];
	static struct outcome o[SIDES];
	struct io_uring ring[SIDES], other[SIDES];
	struct request all[STEPS][REQUESTS] = { 0 };
	struct ring_kind kind = { 0 };
	bool same = true;

	now_at.seed = seed;
	alarm(40);
	state = seed * 0x9e3779b97f4a7c15ULL + 0x1234567;
	for (int i = 0; i < 4; i++)
		rnd();
	kind.flags = ring_flags[below(MAKES)];
	kind.transfers = !(kind.flags & IORING_SETUP_IOPOLL) || disk_can_be_polled;
	for (int side = 0; side < SIDES; side++) {
		make_world(&w[side], side);
		uring_rs_set_backend(backends[side]);
		if (io_uring_queue_init(8, &other[side], 0) || make_ring(&ring[side], kind.flags, &other[side]))
			die("io_uring_queue_init");
		if (change_tables(&ring[side], &w[side], 1) || change_tables(&ring[side], &w[side], 5))
			die("registering tables");
		/* Another name of it, out of the way of the numbers in tables like all others. */
		w[side].other_ring = other[side].ring_fd;
		w[side].fd[OTHER_RING] = fcntl(other[side].ring_fd, F_DUPFD, w[side].fd[EVENTFD]);
	}
	for (int step = 0; step < STEPS && same; step++) {
		struct request *requests = all[step];
		unsigned how = one_in(4) ? below(8) : 8;
		int count, changed[SIDES];

		kind.is_new = step == 0;
		count = make_step(requests, &kind);
		for (int i = 0; i < count; i++) {
			kind.drained |= (requests[i].flags & IOSQE_IO_DRAIN) != 0;
			kind.hard |= (requests[i].flags & IOSQE_IO_HARDLINK) != 0;
			kind.met |= requests[i].op == IORING_OP_CONNECT;
			kind.notified |= has_notification(&requests[i]);
			if (requests[i].thing == FILE_DIRECT || requests[i].other == FILE_DIRECT)
				w[0].direct_touched = w[1].direct_touched = true;
			__atomic_fetch_add(&made[requests[i].op < IORING_OP_LAST ? requests[i].op : IORING_OP_LAST], 1, __ATOMIC_RELAXED);
		}
		for (int side = 0; side < SIDES; side++) {
			now_at.step = step;
			now_at.side = side;
			changed[side] = change_tables(&ring[side], &w[side], how);
			run_step(&ring[side], &other[side], &w[side], requests, count, step, &o[side], patience_ms);
		}
		same = changed[0] == changed[1] && same_outcome(&o[0], &o[1]) && same_places(w, step) && same_files(w);
		if (verbose) {
			printf("  step %d of program %llu, ring flags %#x: %s\n", step, (unsigned long long)seed, kind.flags,
			       same ? "alike" : "DIFFERENT");
			for (int i = 0; i < count; i++)
				show(&requests[i], i);
			for (int side = 0; side < SIDES; side++)
				print_side(side, &o[side]);
			if (changed[0] != changed[1])
				printf("    change %u of the tables: %d, %d\n", how, changed[0], changed[1]);
			if (!same)
				printf("    files %s, memory %s\n", same_files(w) ? "alike" : "differ",
				       same_places(w, step) ? "alike" : "differs");
		}
	}
	for (int side = 0; side < SIDES; side++) {
		close(w[side].fd[OTHER_RING]);
		io_uring_queue_exit(&ring[side]);
		io_uring_queue_exit(&other[side]);
		drop_world(&w[side]);
	}
	alarm(0);
	/* In one piece, as several processes write. */
	fflush(stdout);
	return same;
}

/*
 * A machine that stalls for longer than a step has patience makes a difference once, a wrong answer makes it every time: a program counts
 * when it differs four times in a row,
 * with more patience each time.
 */
static bool differs(uint64_t seed, bool verbose)
{
	for (int i = 0; i < 4; i++)
		if (run_program(seed, 2 << 2 * i, verbose || i == 3))
			return false;
	return true;
}

/* Every `jobs`th program from `first` on, in a directory of its own. */
static uint64_t run_programs(uint64_t first, uint64_t end, uint64_t jobs, bool verbose)
{
	char dir[] = "/tmp/uring-differential-XXXXXX", command[64];
	uint64_t different = 0;

	if (!mkdtemp(dir) || chdir(dir))
		die("mkdtemp");
	for (uint64_t seed = first; seed < end && different < 10; seed += jobs)
		different += differs(seed, verbose);
	if (chdir("/"))
		die("chdir");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		fprintf(stderr, "%s stays\n", dir);
	return different;
}

/* Reads directly on a polling ring of the kernel's. */
static bool can_be_polled(void)
{
	char path[] = "/tmp/uring-differential-XXXXXX";
	static unsigned char block[BLOCK] __attribute__((aligned(BLOCK)));
	struct io_uring_cqe *cqe = NULL;
	struct io_uring ring;
	bool can = false;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, block, BLOCK) != BLOCK || fsync(fd))
		die(path);
	close(fd);
	fd = open(path, O_RDONLY | O_DIRECT);
	unlink(path);
	uring_rs_set_backend(URING_RS_BACKEND_KERNEL);
	if (fd >= 0 && !io_uring_queue_init(2, &ring, IORING_SETUP_IOPOLL)) {
		io_uring_prep_read(io_uring_get_sqe(&ring), fd, block, BLOCK, 0);
		can = io_uring_submit_and_wait(&ring, 1) == 1 && !io_uring_wait_cqe(&ring, &cqe) && cqe->res == BLOCK;
		io_uring_queue_exit(&ring);
	}
	if (fd >= 0)
		close(fd);
	return can;
}

/* The engine accepts this setup flag, alone or with one that it needs. */
static bool takes_setup_flag(unsigned flag)
{
	static const unsigned companions[] = {
		0, IORING_SETUP_SQPOLL, IORING_SETUP_IOPOLL, IORING_SETUP_COOP_TASKRUN, IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_NO_MMAP,
	};

	for (unsigned i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
		struct io_uring_params p = { .flags = flag | companions[i], .cq_entries = 16 };
		struct io_uring ring;
		int ret = io_uring_queue_init_params(8, &ring, &p);

		if (!ret)
			io_uring_queue_exit(&ring);
		if (ret != -EINVAL)
			return true;
	}
	return false;
}

/* What the engine says that it serves and no program has: opcodes, and flags of rings. Returns how many. */
static unsigned left_out(bool enough)
{
	unsigned used = 0, missing = 0;
	struct io_uring_probe *probe;

	uring_rs_set_backend(URING_RS_BACKEND_USER);
	probe = io_uring_get_probe();
	if (!probe)
		die("io_uring_get_probe");
	for (int op = 0; op <= probe->last_op; op++) {
		if (!io_uring_opcode_supported(probe, op) || (is_made((uint8_t)op) && (!enough || made[op])))
			continue;
		printf("opcode %d is served, and no program has it\n", op);
		missing++;
	}
	io_uring_free_probe(probe);
	for (int i = 0; i < MAKES; i++)
		used |= ring_flags[i];
	for (int bit = 0; bit < 32; bit++) {
		if (used & 1U << bit || !takes_setup_flag(1U << bit))
			continue;
		printf("setup flag %#x is served, and no program has it\n", 1U << bit);
		missing++;
	}
	return missing;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, programs = 2000, different = 0, jobs = 4;
	bool verbose = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--programs") && i + 1 < argc)
			programs = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--jobs") && i + 1 < argc)
			jobs = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--show"))
			verbose = true;
		else
			return fprintf(stderr, "usage: differential [--seed N] [--programs N] [--jobs N] [--show]\n"), 2;
	}
	if (jobs < 1 || jobs > 64)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, no_end);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	made = mmap(NULL, (IORING_OP_LAST + 1) * sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		die("mmap");
	disk_can_be_polled = can_be_polled();
	if (!disk_can_be_polled)
		printf("the driver of /tmp cannot be polled: polling rings are compared without direct I/O\n");
	fflush(stdout);
	/* Most of a program's time is waiting, so several run at the same time. */
	for (uint64_t job = 0; job < jobs; job++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (!pid)
			exit((int)run_programs(seed + job, seed + programs, jobs, verbose));
	}
	for (uint64_t job = 0; job < jobs; job++) {
		int status;

		if (wait(&status) < 0)
			die("wait");
		if (!WIFEXITED(status)) {
			printf("a process ended by signal %d\n", WTERMSIG(status));
			different++;
		} else {
			different += (uint64_t)WEXITSTATUS(status);
		}
	}
	printf("%llu programs from %llu on: %llu different\n", (unsigned long long)programs, (unsigned long long)seed,
	       (unsigned long long)different);
	/* A few programs cannot have everything. */
	return left_out(programs >= 2000) || different != 0;
}
