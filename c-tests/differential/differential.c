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
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <uring_rs.h>

enum { SIDES = 2, CQES_KEPT = 96, SUBMITS_KEPT = 8, CANCELLER = 1000, GONE = 9999 };

static const int backends[SIDES] = { URING_RS_BACKEND_KERNEL, URING_RS_BACKEND_USER };

struct cqe {
	uint64_t data;
	int32_t res;
	uint32_t flags;
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
	int p[2], q[2], s[2];

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
	if (pipe2(p, 0) || pipe2(q, 0) || socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		die("pipe");
	w->fd[PIPE_R] = p[0];
	w->fd[PIPE_W] = p[1];
	w->fd[PIPE2_R] = q[0];
	w->fd[PIPE2_W] = q[1];
	w->fd[SOCK_A] = s[0];
	w->fd[SOCK_B] = s[1];
	w->fd[DIRECTORY] = open(w->dir, O_RDONLY | O_DIRECTORY);
	w->fd[LISTENER] = socket(AF_UNIX, SOCK_STREAM, 0);
	/* Bound to a name of the kernel's choice. */
	if (bind(w->fd[LISTENER], &un, sizeof(sa_family_t)) || listen(w->fd[LISTENER], 4))
		die("listen");
	w->listener_len = sizeof(w->listener);
	if (getsockname(w->fd[LISTENER], (struct sockaddr *)&w->listener, &w->listener_len))
		die("getsockname");
	w->fd[UNCONNECTED] = socket(AF_UNIX, SOCK_STREAM, 0);
	w->fd[EPOLL] = epoll_create1(0);
	w->fd[EVENTFD] = eventfd(0, 0);
	w->fd[OTHER_RING] = w->fd[CLOSED] = GONE;
	w->fd[NEGATIVE] = -1;
	w->word[0] = w->word[1] = 5;
	memset(w->buf, 0xee, sizeof(w->buf));
}

static void drop_world(struct world *w)
{
	static const char *const names[] = { "file", "new", "other" };

	/* A program may have made a directory where a file was, or moved one into the other. */
	for (int i = 0; i < 9; i++) {
		char inner[32];

		unlinkat(w->fd[DIRECTORY], names[i % 3], 0);
		for (int k = 0; k < 3; k++) {
			snprintf(inner, sizeof(inner), "%s/%s", names[i % 3], names[k]);
			if (unlinkat(w->fd[DIRECTORY], inner, 0))
				unlinkat(w->fd[DIRECTORY], inner, AT_REMOVEDIR);
		}
		unlinkat(w->fd[DIRECTORY], names[i % 3], AT_REMOVEDIR);
	}
	for (int i = 0; i < OTHER_RING; i++)
		if (w->fd[i] != GONE)
			close(w->fd[i]);
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

static void keep(struct outcome *o, const struct io_uring_cqe *cqe)
{
	struct cqe *kept = &o->cqe[o->cqes++];

	*kept = (struct cqe){ cqe->user_data, cqe->res, cqe->flags & ~(uint32_t)IORING_CQE_F_SOCK_NONEMPTY };
	/* How many it found depends on whether the kernel has one in a worker by then, and so does how that one ends. */
	if (cqe->user_data == CANCELLER)
		kept->res = 0;
	/* -512 is what a system call restarts with; a splice of the kernel's threads lets it through. */
	if (cqe->res == -EINTR || cqe->res == -512)
		kept->res = -ECANCELED;
}

/* Takes completions until none has come for a while. */
static void collect(struct io_uring *ring, struct outcome *o, unsigned wanted, int patience_ms)
{
	while (o->cqes < CQES_KEPT) {
		struct __kernel_timespec ts = { 0, (o->cqes < wanted ? 8 * patience_ms : patience_ms) * 1000000LL };
		struct io_uring_cqe *cqe;
		int ret = io_uring_wait_cqe_timeout(ring, &cqe, &ts);

		/* The end of the other side's last ring can interrupt a wait of this one. */
		if (ret == -EINTR)
			continue;
		if (ret)
			break;
		keep(o, cqe);
		io_uring_cqe_seen(ring, cqe);
	}
}

/* A ring that does not submit all ends a submission at an SQE that is refused. */
static void submit_all(struct io_uring *ring, struct outcome *o)
{
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

/* One step on one side. */
static void run_step(struct io_uring *ring, struct io_uring *other, struct world *w, const struct request *requests, int n, int step,
		     struct outcome *o, int patience_ms)
{
	struct io_uring_cqe *cqe;

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < n; i++)
		fill(io_uring_get_sqe(ring), &requests[i], w, step, i);
	submit_all(ring, o);
	collect(ring, o, (unsigned)n, patience_ms);
	/* Whatever still waits is cancelled. */
	cancel_all(ring, o);
	collect(ring, o, o->cqes + 1, patience_ms);
	/* Messages to the other ring. */
	while (o->cqes < CQES_KEPT && !io_uring_peek_cqe(other, &cqe)) {
		keep(o, cqe);
		io_uring_cqe_seen(other, cqe);
	}
	for (unsigned i = 0; i < o->cqes; i++) {
		struct cqe *c = &o->cqe[i];
		uint64_t which = c->data - (uint64_t)(100 * step);
		const struct request *r = which >= 1 && which <= (uint64_t)n ? &requests[which - 1] : NULL;

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

static bool same_files(struct world *w)
{
	unsigned char a[1024], b[1024];
	ssize_t n = pread(w[0].fd[FILE_RW], a, sizeof(a), 0), m = pread(w[1].fd[FILE_RW], b, sizeof(b), 0);

	return n == m && (n <= 0 || memcmp(a, b, (size_t)n) == 0);
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
	return memcmp(w[0].buf[step], w[1].buf[step], sizeof(w[0].buf[step])) == 0;
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
	case 2: return io_uring_register_files_update(ring, 2, two, 2);
	case 3: return io_uring_register_files_update(ring, CLOSED - 3, two, 2);
	case 4: return io_uring_unregister_buffers(ring);
	case 5: return io_uring_register_buffers(ring, whole, 2);
	case 6: return io_uring_register_buffers_update_tag(ring, 1, whole, NULL, 1);
	case 7: return io_uring_register_files_sparse(ring, 4);
	default: return 0;
	}
}

static const unsigned ring_flags[] = {
	IORING_SETUP_SUBMIT_ALL, IORING_SETUP_SUBMIT_ALL, IORING_SETUP_SUBMIT_ALL, 0, IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_CQE32, IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL, IORING_SETUP_NO_SQARRAY,
	IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL,
};

static void print_side(int side, const struct outcome *o)
{
	printf("    %-6s:", uring_rs_backend_name(backends[side]));
	for (unsigned i = 0; i < o->submits; i++)
		printf(" submit=%d", o->submit[i]);
	for (unsigned i = 0; i < o->cqes; i++)
		printf(" %llu=%d/%#x", (unsigned long long)o->cqe[i].data, o->cqe[i].res, o->cqe[i].flags);
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
	bool same = true, drained = false;
	unsigned flags;

	now_at.seed = seed;
	alarm(40);
	state = seed * 0x9e3779b97f4a7c15ULL + 0x1234567;
	for (int i = 0; i < 4; i++)
		rnd();
	flags = ring_flags[below(sizeof(ring_flags) / sizeof(ring_flags[0]))];
	for (int side = 0; side < SIDES; side++) {
		struct io_uring_params p = { .flags = flags, .cq_entries = flags & IORING_SETUP_CQSIZE ? 8 : 0 };

		make_world(&w[side], side);
		uring_rs_set_backend(backends[side]);
		if (io_uring_queue_init_params(8, &ring[side], &p) || io_uring_queue_init(8, &other[side], 0))
			die("io_uring_queue_init");
		if (change_tables(&ring[side], &w[side], 1) || change_tables(&ring[side], &w[side], 5))
			die("registering tables");
		w[side].fd[OTHER_RING] = other[side].ring_fd;
	}
	for (int step = 0; step < STEPS && same; step++) {
		struct request requests[REQUESTS];
		unsigned how = one_in(4) ? below(8) : 8;
		int count = make_step(requests, drained), changed[SIDES];

		for (int i = 0; i < count; i++)
			drained |= (requests[i].flags & IOSQE_IO_DRAIN) != 0;

		for (int side = 0; side < SIDES; side++) {
			now_at.step = step;
			now_at.side = side;
			changed[side] = change_tables(&ring[side], &w[side], how);
			run_step(&ring[side], &other[side], &w[side], requests, count, step, &o[side], patience_ms);
		}
		same = changed[0] == changed[1] && same_outcome(&o[0], &o[1]) && same_places(w, step) && same_files(w);
		if (verbose) {
			printf("  step %d of program %llu, ring flags %#x: %s\n", step, (unsigned long long)seed, flags,
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
	return different != 0;
}
