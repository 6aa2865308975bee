/* SPDX-License-Identifier: MIT */
/*
 * A small test framework for the C tests.
 *
 * A program is a list of cases:
 *
 *	TEST(a_full_submission_queue_gives_null)
 *	{
 *		...
 *		CHECK_EQ(got, want);
 *	}
 *
 * `prog --list` prints the cases, `prog CASE` runs one, `prog` runs them all. A case runs in a child process of its own, inside an
 * empty directory of its own, under a time limit: a crash or a hang is one failed case and nothing more. The exit code is 0 for a
 * pass, 77 for a skip and 1 for a failure.
 *
 * Facts about a case stand behind its name:
 *
 *	.part2 = true           needs what a first user-space engine does not serve (provided buffers, multishot requests other than
 *	                        poll and timeout, bundles, direct descriptors, personalities)
 *	.kernel_only = "why"    makes sense only on rings that the kernel serves
 *	.needs_kernel = "why"   makes io_uring system calls by itself, so it needs a kernel that lets it
 *	.limit_s = 60           another time limit than the usual one
 *
 * With URING_TEST_LIMIT_S in the environment every case has that time limit.
 *
 * With URING_TEST_SECCOMP=enosys, eperm, eacces or docker, a filter that refuses the io_uring system calls is put in place before the
 * case starts.
 */
#ifndef URING_TEST_H
#define URING_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <uring.h>

#ifdef __cplusplus
extern "C" {
#endif

struct test_case {
	const char *name;
	void (*run)(void);
	bool part2;
	const char *kernel_only;
	const char *needs_kernel;
	unsigned limit_s;
	struct test_case *next;
};

void test_register(struct test_case *c);

#define TEST(NAME, ...)                                                                             \
	static void NAME(void);                                                                     \
	__attribute__((constructor)) static void test_register_##NAME(void)                         \
	{                                                                                           \
		static struct test_case c = { .name = #NAME, .run = NAME, __VA_ARGS__ };            \
		test_register(&c);                                                                  \
	}                                                                                           \
	static void NAME(void)

/* ---- verdicts ---------------------------------------------------------------------------------------------------------------- */

#define TEST_NORETURN __attribute__((__noreturn__))

void test_fail(const char *file, int line, const char *format, ...) TEST_NORETURN __attribute__((__format__(printf, 3, 4)));

/* Ends the case as skipped. Only for what the kernel, not the library, lacks. */
void test_skip(const char *format, ...) TEST_NORETURN __attribute__((__format__(printf, 1, 2)));

/* Remembers where the case is, so that a hang or a crash can be placed. */
void test_at(const char *file, int line);

void test_eq(const char *file, int line, const char *got_text, const char *want_text, long long got, long long want);
void test_cmp(const char *file, int line, bool holds, const char *text, long long a, long long b);
void test_mem(const char *file, int line, const char *text, const void *got, const void *want, size_t len);
void test_str(const char *file, int line, const char *text, const char *got, const char *want);

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(cond)                                                                                 \
	do {                                                                                        \
		test_at(__FILE__, __LINE__);                                                        \
		if (!(cond))                                                                        \
			test_fail(__FILE__, __LINE__, "this does not hold: %s", #cond);             \
	} while (0)
#define CHECK_EQ(got, want) test_eq(__FILE__, __LINE__, #got, #want, (long long)(got), (long long)(want))
#define CHECK_PTR(got, want) test_eq(__FILE__, __LINE__, #got, #want, (long long)(intptr_t)(got), (long long)(intptr_t)(want))
#define CHECK_CMP(a, op, b)                                                                         \
	do {                                                                                        \
		long long cmp_a = (long long)(a), cmp_b = (long long)(b);                           \
		test_cmp(__FILE__, __LINE__, cmp_a op cmp_b, #a " " #op " " #b, cmp_a, cmp_b);      \
	} while (0)
#define CHECK_MEM(got, want, len) test_mem(__FILE__, __LINE__, #got " == " #want, got, want, len)
#define CHECK_STR(got, want) test_str(__FILE__, __LINE__, #got " == " #want, got, want)

/* For a system call of the test's own that must work; gives its result. */
#define SYS(call) test_sys(__FILE__, __LINE__, #call, (long)(call))
long test_sys(const char *file, int line, const char *text, long result);

/* ---- rings ------------------------------------------------------------------------------------------------------------------- */

/* A completion, copied out of the ring. */
struct answer {
	uint64_t data;
	int res;
	unsigned flags;
};

/* io_uring_queue_init(), which must work. */
#define ring_up(ring, entries, flags) test_ring_up(__FILE__, __LINE__, ring, entries, flags)
void test_ring_up(const char *file, int line, struct io_uring *ring, unsigned entries, unsigned flags);

/* io_uring_queue_init_params(), which must work, unless the kernel does not know one of the flags: then the case is skipped. */
#define ring_up_params(ring, entries, p) test_ring_up_params(__FILE__, __LINE__, ring, entries, p)
void test_ring_up_params(const char *file, int line, struct io_uring *ring, unsigned entries, struct io_uring_params *p);

/* The same with flags alone. */
#define ring_up_or_skip(ring, entries, flags) test_ring_up_or_skip(__FILE__, __LINE__, ring, entries, flags)
void test_ring_up_or_skip(const char *file, int line, struct io_uring *ring, unsigned entries, unsigned flags);

/* io_uring_get_sqe(), which must not give NULL. */
#define sqe_of(ring) test_sqe_of(__FILE__, __LINE__, ring)
struct io_uring_sqe *test_sqe_of(const char *file, int line, struct io_uring *ring);

/* Waits for a completion and consumes it. */
#define reap(ring) test_reap(__FILE__, __LINE__, ring)
struct answer test_reap(const char *file, int line, struct io_uring *ring);

/* Waits for a completion that must carry `data`, and gives its result. */
#define reap_data(ring, data) test_reap_data(__FILE__, __LINE__, ring, data)
int test_reap_data(const char *file, int line, struct io_uring *ring, uint64_t data);

/* Waits for n completions, in any order, and sorts them by their data. */
#define reap_sorted(ring, answers, n) test_reap_sorted(__FILE__, __LINE__, ring, answers, n)
void test_reap_sorted(const char *file, int line, struct io_uring *ring, struct answer *answers, unsigned n);

/* Submits; it must take exactly n requests. */
#define submit(ring, n) test_submit(__FILE__, __LINE__, ring, n)
void test_submit(const char *file, int line, struct io_uring *ring, int n);

/* Submits the one request that was prepared, waits for its completion and gives the result. */
#define run_one(ring) test_run_one(__FILE__, __LINE__, ring)
int test_run_one(const char *file, int line, struct io_uring *ring);

/* No completion is there, also after the library looked at what the kernel may still hold back. */
#define check_quiet(ring) test_quiet(__FILE__, __LINE__, ring)
void test_quiet(const char *file, int line, struct io_uring *ring);

/* Skips the case where both the library's probe and the kernel's say that `op` is unknown; fails it where only the library's does. */
#define need_op(ring, op) test_need_op(__FILE__, __LINE__, ring, op, #op)
void test_need_op(const char *file, int line, struct io_uring *ring, int op, const char *text);

/* Skips the case where both the ring and a ring of the kernel's lack this feature; fails it where only the ring does. */
#define need_feature(ring, feature) test_need_feature(__FILE__, __LINE__, ring, feature, #feature)
void test_need_feature(const char *file, int line, const struct io_uring *ring, unsigned feature, const char *text);

/* Skips the case on a kernel without this opcode: one too old for something that came with it or before it. */
#define need_kernel_with(op, what)                                                                  \
	do {                                                                                        \
		if (!kernel_knows_op(op))                                                           \
			test_skip("the kernel does not know %s", what);                             \
	} while (0)

/* ---- the kernel, asked without the library: -errno on failure ------------------------------------------------------------------ */

int raw_setup(unsigned entries, struct io_uring_params *p);
int raw_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t size);
int raw_register(int fd, unsigned opcode, const void *arg, unsigned nr);
/* Runs one request on a ring of its own, set up with these flags, and gives the result. */
int raw_run(unsigned setup_flags, const struct io_uring_sqe *sqe);
/* Does the kernel set up a ring with these flags? A refusal for another reason than the flags counts as yes. */
bool kernel_knows_setup_flags(unsigned flags);
/* Has a ring of the kernel's this feature? One that refuses io_uring is taken to have them all. */
bool kernel_has_feature(unsigned feature);
/* Does the kernel know this opcode, or this registration opcode? One that refuses io_uring is taken to know everything. */
bool kernel_knows_op(int op);
bool kernel_knows_register(unsigned opcode);

/* ---- leaks ------------------------------------------------------------------------------------------------------------------- */

/* What a process holds: its descriptors, its mappings and their bytes (heap and stacks aside). */
struct census {
	int fds;
	int maps;
	unsigned long long bytes;
};

struct census census_take(void);
void census_same(const char *file, int line, const struct census *before, int runs);

/*
 * Runs a statement a few times to warm up what may be allocated once, then `runs` times more, and fails if that left a descriptor or
 * as many mappings or pages as there were runs.
 */
#define CHECK_NO_LEAK(runs, statement)                                                              \
	do {                                                                                        \
		for (int leak_i = 0; leak_i < 3; leak_i++)                                          \
			statement;                                                                  \
		struct census leak_before = census_take();                                          \
		for (int leak_i = 0; leak_i < (runs); leak_i++)                                     \
			statement;                                                                  \
		census_same(__FILE__, __LINE__, &leak_before, runs);                                \
	} while (0)

/* A number that no descriptor has, however many are allowed. */
enum { NO_FD = 0x7ffffff0 };

/* Is this descriptor open? */
bool fd_is_open(int fd);

/* ---- files, sockets, time ---------------------------------------------------------------------------------------------------- */

/* A byte that depends on its place, so that misplaced data shows. */
unsigned char pattern_byte(uint64_t offset);
void pattern_fill(void *buf, size_t len, uint64_t offset);
#define check_pattern(buf, len, offset) test_pattern(__FILE__, __LINE__, buf, len, offset)
void test_pattern(const char *file, int line, const void *buf, size_t len, uint64_t offset);

/* A new file in the case's directory, open for reading and writing, holding `size` bytes of the pattern. */
int file_with_pattern(const char *name, size_t size);
int file_empty(const char *name);

void pipe_up(int fds[2]);
/* A connected pair of AF_UNIX sockets. */
void pair_up(int type, int fds[2]);
/* A listening TCP socket on 127.0.0.1, on a port that the system chose. */
int tcp_listener(struct sockaddr_in *addr);
/* A connected pair of TCP sockets. */
void tcp_pair(int fds[2]);
/* Reads or writes all of it with plain system calls. */
void read_all(int fd, void *buf, size_t len);
void write_all(int fd, const void *buf, size_t len);

struct __kernel_timespec timespec_ms(unsigned ms);
uint64_t now_ms(void);
void sleep_ms(unsigned ms);
/* Waits until the condition holds; the time limit of the case ends a vain wait. */
#define WAIT_UNTIL(cond)                                                                            \
	do {                                                                                        \
		test_at(__FILE__, __LINE__);                                                        \
		while (!(cond))                                                                     \
			sleep_ms(1);                                                                \
	} while (0)

/* Installs a handler without SA_RESTART that only counts. */
void count_signal(int sig);
extern volatile sig_atomic_t signals_seen;
/* Sends `sig` to the calling thread every few milliseconds, from a thread that has it blocked, until stopped. */
struct pest;
struct pest *pest_start(int sig, unsigned every_ms);
void pest_stop(struct pest *pest);

/* Calls f(arg) in a new thread and waits for its end. */
void in_thread(void (*f)(void *), void *arg);

/* ---- filters ----------------------------------------------------------------------------------------------------------------- */

/* From here on the three io_uring system calls fail with this errno. */
void refuse_io_uring(int err);

/* A page-aligned anonymous mapping. */
void *pages(size_t len);

#ifdef __cplusplus
}
#endif

#endif
