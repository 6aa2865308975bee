/* SPDX-License-Identifier: MIT */
/*
 * Calls every function of a library with what it should not get, and prints what came of it:
 *
 *	nonsense LIBRARY [--jobs N] [--milliseconds N] [--pairs 0] [ROW...]
 *
 *	row <tab> function <tab> what is odd <tab> outcome
 *
 * The functions and the types of their parameters come from c-tests/abi/functions.tsv; nonsense.sh makes a table of them, which is included
 * below. Each call is made by a process of its own, so a crash is an outcome as good as any other. An outcome is the signal, or that the
 * call still waits; else the return value, what changed in errno, in struct io_uring, in the counters of the ring, and in all memory that
 * the arguments point to. Addresses in it are relative to the ring and to that memory, so that the outcomes of two libraries can be
 * compared as text. Every row of one library is a row of any other, with the same number.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <liburing.h>

enum { PARAMS = 8, SLOT = 8192, OUTCOME = 960, SAID = 40, RING_BYTES = sizeof(struct io_uring) };
enum kind { RING, SQE, POINTER, NUMBER, FLAGS, OPCODE, DESCRIPTOR };
enum answer { NOTHING, SIGNED, UNSIGNED, ADDRESS, ITERATOR };

struct function {
	const char *name;
	uint64_t (*call)(void *function, const uint64_t *given);
	enum answer answer;
	/* Not a helper that only writes an SQE. */
	bool acts;
	int params;
	enum kind kind[PARAMS];
	uint64_t usual[PARAMS];
	const char *param[PARAMS];
};

/* Where a struct io_uring_cqe_iter goes that a function returns. */
static struct io_uring_cqe_iter *iterator(void);

#include "nonsense-table.h"

/* What a ring may have gone through before the call. */
enum state {
	FRESH, NO_POINTER, OUT_OF_REACH, ZEROS, ONES, CLOSED, EXITED, DEVICE, PREPARED, FULL, DONE, OVERFLOWN, BAD_HEAD, DISABLED, BIG,
	DEFERRED, REGISTERED, REGISTERED_ONLY, OLD, STATES
};
static const char *const state_names[STATES] = {
	"a ring", "NULL", "out of reach", "all zeros", "all ones", "descriptor closed", "exited", "a device's descriptor", "an SQE prepared",
	"SQ full", "CQEs waiting", "CQ overflown", "CQ head beyond tail", "disabled", "SQE128, CQE32", "DEFER_TASKRUN", "descriptor registered",
	"registered descriptor only", "no features",
};

/*
 * An odd argument. For a ring: its state. For a pointer: 0 NULL, 1 out of reach, 2 all zeros, 3 all ones, 4 the last four bytes before
 * memory that is out of reach, from 8 on one 32-bit word of it (ones and 1 in turn). For the rest: the number itself.
 */
struct odd {
	int param;
	uint64_t value;
};

struct row {
	const struct function *function;
	int odds;
	struct odd odd[2];
};

static struct row *rows;
static size_t nr_rows;

/* One for each row, in memory that children share with their parent. */
struct outcome {
	int returned;
	char text[OUTCOME];
};
static struct outcome *outcomes;

/* At the same place in every run, as its addresses go into SQEs: a slot for each parameter, one for what is returned, and a guard. */
static char *const arena = (char *)0x200000000000;
enum { ARENA = (PARAMS + 1) * SLOT };
static char *before;
static void *library;

static struct io_uring_cqe_iter *iterator(void)
{
	return (struct io_uring_cqe_iter *)(void *)(arena + PARAMS * SLOT);
}

static char *slot(int param)
{
	return arena + param * SLOT;
}

/* ------------------------------------------------------------------------------------------------------------------------- rows */

static void add_row(const struct function *f, int odds, struct odd a, struct odd b)
{
	if (nr_rows % 4096 == 0)
		rows = realloc(rows, (nr_rows + 4096) * sizeof(*rows));
	if (!rows)
		exit(2);
	rows[nr_rows++] = (struct row){ f, odds, { a, b } };
}

/* The odd values of a parameter, all of them or those that go into pairs. */
static int odd_values(const struct function *f, int param, bool few, uint64_t *values)
{
	static const uint64_t numbers[] = { 0, 1, (uint64_t)-1, 2, INT_MAX, (uint64_t)INT_MIN, 4095, 32768, 65536, INT64_MAX };
	int n = 0;

	switch (f->kind[param]) {
	case RING:
		for (int i = few ? 0 : 1; i < (few ? 1 : STATES); i++)
			values[n++] = (uint64_t)i;
		/* In pairs: on a ring that has something to say. */
		if (few) {
			values[n++] = DONE;
			values[n++] = CLOSED;
		}
		return n;
	case SQE:
	case POINTER:
		for (int i = 0; i < (few ? 4 : 5); i++)
			values[n++] = (uint64_t)i;
		for (int i = 0; i < 32 && !few && f->acts && f->kind[param] == POINTER; i++)
			values[n++] = (uint64_t)(8 + i);
		return n;
	case FLAGS:
		for (int i = 0; i < 32 && f->acts; i++)
			values[n++] = 1ULL << i;
		break;
	case OPCODE:
		for (uint64_t i = 0; i <= IORING_REGISTER_LAST + 1; i++)
			values[n++] = i;
		values[n++] = 1U << 31;
		break;
	case NUMBER:
	case DESCRIPTOR:
		break;
	}
	for (unsigned i = 0; i < (few ? 3 : sizeof(numbers) / sizeof(numbers[0])); i++)
		values[n++] = numbers[i];
	return n;
}

static void make_rows(bool pairs)
{
	static const struct odd none = { -1, 0 };
	uint64_t a[96], b[96];

	for (const struct function *f = functions; f < functions + sizeof(functions) / sizeof(functions[0]); f++) {
		add_row(f, 0, none, none);
		for (int p = 0; p < f->params; p++) {
			int n = odd_values(f, p, false, a);

			for (int i = 0; i < n; i++)
				add_row(f, 1, (struct odd){ p, a[i] }, none);
		}
		/* A helper that only writes an SQE has none: fuzz/ compares such calls in millions. */
		if (!f->acts || !pairs)
			continue;
		for (int p = 0; p < f->params; p++)
			for (int q = p + 1; q < f->params; q++) {
				int n = odd_values(f, p, true, a), m = odd_values(f, q, true, b);

				for (int i = 0; i < n; i++)
					for (int j = 0; j < m; j++)
						add_row(f, 2, (struct odd){ p, a[i] }, (struct odd){ q, b[j] });
			}
	}
}

static int say_odd(char *text, size_t room, const struct function *f, struct odd odd)
{
	static const char *const pointers[] = { "NULL", "out of reach", "zeros", "ones", "four bytes" };
	const char *name = f->param[odd.param];

	if (f->kind[odd.param] == RING)
		return snprintf(text, room, "%s: %s", name, state_names[odd.value]);
	if (f->kind[odd.param] != SQE && f->kind[odd.param] != POINTER)
		return snprintf(text, room, "%s = %lld", name, (long long)odd.value);
	if (odd.value < 8)
		return snprintf(text, room, "%s: %s", name, pointers[odd.value]);
	return snprintf(text, room, "%s: word %d %s", name, (int)(odd.value - 8) / 2, odd.value % 2 ? "one" : "ones");
}

static const char *say_row(const struct row *r)
{
	static char text[160];
	int n = 0;

	if (!r->odds)
		return "nothing";
	for (int i = 0; i < r->odds; i++)
		n += say_odd(text + n, sizeof(text) - (size_t)n, r->function, r->odd[i]), n += i + 1 < r->odds ? sprintf(text + n, ", ") : 0;
	return text;
}

/* ------------------------------------------------------------------------------------------------------------------- rings, before */

#define LIBRARY(name) ((__typeof__(&name))dlsym(library, #name))

static void give_up(const char *why)
{
	fprintf(stderr, "nonsense: %s\n", why);
	_exit(3);
}

static void make_ring(struct io_uring *ring, unsigned flags)
{
	if (LIBRARY(io_uring_queue_init)(8, ring, flags))
		give_up("no ring");
}

/* By hand, as not every library exports the helper. */
static void prepare_nop(struct io_uring *ring, uint64_t user_data)
{
	struct io_uring_sqe *sqe = &ring->sq.sqes[ring->sq.sqe_tail++ & *ring->sq.kring_mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->fd = -1;
	sqe->user_data = user_data;
}

static void complete_nops(struct io_uring *ring, int nr)
{
	for (int i = 0; i < nr; i++) {
		prepare_nop(ring, (uint64_t)(i + 1));
		if (LIBRARY(io_uring_submit)(ring) != 1)
			give_up("no submission");
	}
}

static int null_device(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Makes the ring in its slot what the state says; false where there is none to make. */
static void make_state(struct io_uring *ring, enum state state)
{
	unsigned flags = 0;

	if (state == ZEROS)
		return;
	if (state == ONES) {
		memset(ring, 0xff, sizeof(*ring));
		return;
	}
	if (state == DISABLED)
		flags = IORING_SETUP_R_DISABLED;
	else if (state == BIG)
		flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	else if (state == DEFERRED)
		flags = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER;
	make_ring(ring, flags);
	switch (state) {
	case CLOSED: close(ring->ring_fd); break;
	case EXITED: LIBRARY(io_uring_queue_exit)(ring); break;
	case DEVICE:
		close(ring->ring_fd);
		ring->ring_fd = ring->enter_ring_fd = null_device();
		break;
	case PREPARED: prepare_nop(ring, 77); break;
	case FULL:
		for (int i = 0; i < 8; i++)
			prepare_nop(ring, 77);
		break;
	case DONE: complete_nops(ring, 3); break;
	case OVERFLOWN: complete_nops(ring, 20); break;
	case BAD_HEAD: *ring->cq.khead = *ring->cq.ktail + 5; break;
	case REGISTERED:
	case REGISTERED_ONLY:
		if (LIBRARY(io_uring_register_ring_fd)(ring) != 1)
			give_up("no registered ring");
		if (state == REGISTERED_ONLY && LIBRARY(io_uring_close_ring_fd)(ring) != 1)
			give_up("no closed ring");
		break;
	case OLD: ring->features = 0; break;
	default: break;
	}
}

/* ------------------------------------------------------------------------------------------------------------------------ after */

static struct outcome *to;
static size_t at;

__attribute__((__format__(__printf__, 1, 2))) static void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to->text + at, OUTCOME - at, format, args);
	va_end(args);
	at += (size_t)n;
	if (at >= OUTCOME)
		at = OUTCOME - 1;
}

/* Rings that the struct io_uring of any slot knew before the call or knows after it. */
static struct span {
	uint64_t from, to;
	const char *name;
} spans[6 * PARAMS];
static int nr_spans;

static void add_spans(const struct io_uring *ring)
{
	uint64_t sq = (uintptr_t)ring->sq.ring_ptr, cq = (uintptr_t)ring->cq.ring_ptr, sqes = (uintptr_t)ring->sq.sqes;

	if (nr_spans + 3 > (int)(sizeof(spans) / sizeof(spans[0])))
		return;
	if (sq > 4096 && ring->sq.ring_sz < (1 << 30))
		spans[nr_spans++] = (struct span){ sq, sq + (ring->sq.ring_sz ? ring->sq.ring_sz : 4096), "ring" };
	if (cq > 4096 && cq != sq && ring->cq.ring_sz < (1 << 30))
		spans[nr_spans++] = (struct span){ cq, cq + (ring->cq.ring_sz ? ring->cq.ring_sz : 4096), "cq" };
	if (sqes > 4096 && sqes != UINT64_MAX)
		spans[nr_spans++] = (struct span){ sqes, sqes + 4096, "sqes" };
}

static void say_word(uint64_t word)
{
	for (int i = 0; i < nr_spans; i++)
		if (word >= spans[i].from && word < spans[i].to) {
			say("%s+%llu", spans[i].name, (unsigned long long)(word - spans[i].from));
			return;
		}
	if (word >= (uintptr_t)arena && word < (uintptr_t)arena + ARENA)
		say("arena+%llu", (unsigned long long)(word - (uintptr_t)arena));
	/* Anything else that looks like an address: of the heap, or of a mapping that nothing names. */
	else if (word >> 40 && word >> 47 == 0)
		say("address");
	else
		say("%llx", (unsigned long long)word);
}

static void say_number(int64_t number)
{
	if (number < 0 && number > -4096)
		say("%s", strerrorname_np((int)-number) ? strerrorname_np((int)-number) : "?");
	else
		say("%lld", (long long)number);
}

/* Read by the kernel, so that memory that is gone is no crash of this program. */
static bool peek(const void *from, void *into, size_t len)
{
	struct iovec local = { into, len }, remote = { (void *)(uintptr_t)from, len };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static void say_counters(const struct io_uring *ring)
{
	unsigned value[6];
	const unsigned *const counters[6] = { ring->sq.khead, ring->sq.ktail, ring->sq.kflags, ring->sq.kdropped, ring->cq.khead, ring->cq.ktail };

	for (int i = 0; i < 6; i++)
		if (!peek(counters[i], &value[i], sizeof(value[i])))
			return;
	/* Whether a polling thread sleeps already is a matter of time. */
	value[2] &= ~(unsigned)IORING_SQ_NEED_WAKEUP;
	say(" | sq %u-%u flags %#x dropped %u cq %u-%u", value[0], value[1], value[2], value[3], value[4], value[5]);
}

static void say_changes(void)
{
	static char after[ARENA];
	uint64_t rest = 0;
	int said = 0;

	/* A row where the call unmapped the arguments says just that. */
	if (!peek(arena, after, ARENA)) {
		say(" | arguments unmapped");
		return;
	}
	for (size_t i = 0; i < ARENA; i += 8) {
		uint64_t old, new;

		memcpy(&old, before + i, 8);
		memcpy(&new, after + i, 8);
		if (old == new)
			continue;
		if (said++ < SAID) {
			say("%s%u.%u=", said == 1 ? " | " : " ", (unsigned)(i / SLOT), (unsigned)(i % SLOT));
			say_word(new);
		} else {
			rest = (rest ^ new ^ i) * 0x100000001b3ULL;
		}
	}
	if (rest)
		say(" and %d more: %llx", said - SAID, (unsigned long long)rest);
}

/* ----------------------------------------------------------------------------------------------------------------------- a call */

static uint64_t pointer_to(int param, uint64_t odd)
{
	char *memory = slot(param);
	uint32_t word;

	switch (odd) {
	case 0: return 0;
	case 1: return (uintptr_t)(arena + ARENA);
	case 2: return (uintptr_t)memory;
	case 3: memset(memory, 0xff, 4096); return (uintptr_t)memory;
	case 4: return (uintptr_t)(arena + ARENA - 4);
	}
	word = odd % 2 ? 1 : UINT32_MAX;
	memcpy(memory + (odd - 8) / 2 * 4, &word, 4);
	return (uintptr_t)memory;
}

static _Noreturn void make_call(const struct row *r)
{
	const struct function *f = r->function;
	struct io_uring *first = NULL, own;
	uint64_t given[PARAMS] = { 0 }, answer;
	void *function;
	int ring_fd = -1;

	function = dlsym(library, f->name);
	for (int p = 0; p < f->params; p++) {
		const struct odd *odd = NULL;

		for (int i = 0; i < r->odds; i++)
			if (r->odd[i].param == p)
				odd = &r->odd[i];
		switch (f->kind[p]) {
		case RING:
			given[p] = (uintptr_t)slot(p);
			if (odd && odd->value == NO_POINTER)
				given[p] = 0;
			else if (odd && odd->value == OUT_OF_REACH)
				given[p] = (uintptr_t)(arena + ARENA);
			else if (odd || !strstr(f->name, "queue_init"))
				make_state((struct io_uring *)(void *)slot(p), odd ? (enum state)odd->value : FRESH);
			if (given[p] == (uintptr_t)slot(p)) {
				struct io_uring *ring = (struct io_uring *)(void *)slot(p);

				if (!first)
					first = ring;
				add_spans(ring);
			}
			break;
		case SQE:
		case POINTER: given[p] = pointer_to(p, odd ? odd->value : 2); break;
		case DESCRIPTOR:
			/* The descriptor of a ring that no argument names. */
			make_ring(&own, 0);
			add_spans(&own);
			ring_fd = own.ring_fd;
			given[p] = odd ? odd->value : (uint64_t)ring_fd;
			break;
		default: given[p] = odd ? odd->value : f->usual[p]; break;
		}
	}
	memcpy(before, arena, ARENA);
	errno = 4711;
	answer = f->call(function, given);
	{
		int error = errno;

		to->returned = 1;
		for (int p = 0; p < f->params; p++)
			if (f->kind[p] == RING && given[p] == (uintptr_t)slot(p)) {
				struct io_uring now;

				if (peek(slot(p), &now, sizeof(now)))
					add_spans(&now);
			}
		switch (f->answer) {
		case NOTHING:
		case ITERATOR: say("returns"); break;
		case SIGNED: say_number((int64_t)answer); break;
		case UNSIGNED: say("%llu", (unsigned long long)answer); break;
		case ADDRESS: say_word(answer); break;
		}
		if (error != 4711)
			say(" | errno %s", strerrorname_np(error));
		if (first && f->acts) {
			struct io_uring now;

			if (peek(first, &now, sizeof(now)))
				say_counters(&now);
		}
		if (ring_fd >= 0)
			say_counters(&own);
		say_changes();
	}
	to->returned = 2;
	_exit(0);
}

/* ------------------------------------------------------------------------------------------------------------------------- all */

static bool wanted(size_t row, int argc, char **argv)
{
	if (argc == 0)
		return true;
	for (int i = 0; i < argc; i++)
		if (strtoul(argv[i], NULL, 10) == row)
			return true;
	return false;
}

static void ended(size_t row, int status)
{
	struct outcome *o = &outcomes[row];
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	char text[OUTCOME];

	if (signal == SIGKILL && !o->returned)
		strcpy(text, "waits");
	else if (signal && !o->returned)
		snprintf(text, sizeof(text), "SIG%s", sigabbrev_np(signal));
	else if (o->returned != 2)
		snprintf(text, sizeof(text), "%.*s, then nothing (%#x)", OUTCOME - 40, o->text, status);
	else
		memcpy(text, o->text, sizeof(text));
	printf("%zu\t%s\t%s\t%s\n", row, rows[row].function->name, say_row(&rows[row]), text);
}

static void tick(int signal)
{
	(void)signal;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	/* A call that waits may block every signal meanwhile, but not SIGKILL. */
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	struct sigaction ticks = { .sa_handler = tick };
	struct rlimit files = { 256, 1024 }, no_core = { 0, 0 };
	int jobs = 4, milliseconds = 150, running = 0, first = 2, status;
	bool pairs = true;
	struct { pid_t pid; size_t row; int64_t until; } job[64] = { { 0, 0, 0 } };

	for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
		if (!strcmp(argv[first], "--jobs"))
			jobs = atoi(argv[first + 1]);
		else if (!strcmp(argv[first], "--milliseconds"))
			milliseconds = atoi(argv[first + 1]);
		else if (!strcmp(argv[first], "--pairs"))
			pairs = atoi(argv[first + 1]);
	}
	if (argc < 2 || jobs < 1 || jobs > 64 || milliseconds < 1)
		return fprintf(stderr, "usage: nonsense LIBRARY [--jobs N] [--milliseconds N] [--pairs 0] [ROW...]\n"), 2;
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return fprintf(stderr, "%s\n", dlerror()), 2;
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_CORE, &no_core);
	if (mmap(arena, ARENA + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != arena ||
	    mprotect(arena + ARENA, 4096, PROT_NONE))
		return perror("mmap"), 2;
	before = malloc(ARENA);
	make_rows(pairs);
	sigaction(SIGALRM, &ticks, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	outcomes = mmap(NULL, nr_rows * sizeof(*outcomes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!before || outcomes == MAP_FAILED)
		return 2;
	for (size_t row = 0; row < nr_rows || running;) {
		pid_t pid;

		if (row < nr_rows && running < jobs) {
			int j = 0;

			if (!wanted(row, argc - first, argv + first)) {
				row++;
				continue;
			}
			if (!dlsym(library, rows[row].function->name)) {
				strcpy(outcomes[row].text, "absent");
				outcomes[row].returned = 2;
				ended(row++, 0);
				continue;
			}
			while (job[j].pid)
				j++;
			fflush(stdout);
			pid = fork();
			if (pid < 0)
				return perror("fork"), 2;
			if (!pid) {
				to = &outcomes[row];
				make_call(&rows[row]);
			}
			job[j].pid = pid;
			job[j].row = row++;
			job[j].until = now_ms() + milliseconds;
			running++;
			continue;
		}
		pid = waitpid(-1, &status, 0);
		for (int j = 0; j < jobs && pid < 0; j++)
			if (job[j].pid && now_ms() >= job[j].until)
				kill(job[j].pid, SIGKILL);
		for (int j = 0; j < jobs; j++)
			if (job[j].pid == pid) {
				if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
					return 3;
				ended(job[j].row, status);
				job[j].pid = 0;
				running--;
			}
	}
	return 0;
}
