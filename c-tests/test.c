/* SPDX-License-Identifier: MIT */
/* The runner of the C tests: cases, children, time limits, verdicts. What the cases use to build their scenes is in scene.c. */
#include "test.h"

#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_SKIP = 77 };
enum { USUAL_LIMIT_S = 40 };

static struct test_case *first_case;
static struct test_case **next_case = &first_case;
static const struct test_case *running;

/* Shared between the parent and the child that runs a case. */
static struct progress {
	char file[64];
	int line;
} *progress;

void test_filter_from_environment(void);

void test_register(struct test_case *c)
{
	*next_case = c;
	next_case = &c->next;
}

/* One write, so that lines of parallel processes do not mix. */
static void say(int fd, const char *format, va_list args)
{
	char text[2048];
	int len = vsnprintf(text, sizeof(text), format, args);

	if (len > (int)sizeof(text) - 1)
		len = sizeof(text) - 1;
	if (len > 0 && write(fd, text, len) < 0)
		_exit(EXIT_FAIL);
}

static void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(STDOUT_FILENO, format, args);
	va_end(args);
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

void test_at(const char *file, int line)
{
	if (!progress)
		return;
	snprintf(progress->file, sizeof(progress->file), "%s", base_name(file));
	progress->line = line;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	char reason[1500];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	tell("FAIL %s: %s:%d: %s\n", running ? running->name : "?", base_name(file), line, reason);
	_exit(EXIT_FAIL);
}

void test_skip(const char *format, ...)
{
	char reason[1500];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	tell("SKIP %s: %s\n", running ? running->name : "?", reason);
	_exit(EXIT_SKIP);
}

/* " (-ETIME)" for what looks like a negative errno. */
static const char *errno_hint(long long value, char *buf, size_t size)
{
	if (value >= 0 || value < -4095)
		return "";
	snprintf(buf, size, " (%s)", strerror((int)-value));
	return buf;
}

void test_eq(const char *file, int line, const char *got_text, const char *want_text, long long got, long long want)
{
	char got_hint[80], want_hint[80];

	test_at(file, line);
	if (got != want)
		test_fail(file, line, "%s is %lld%s, not %s, which is %lld%s", got_text, got, errno_hint(got, got_hint, sizeof(got_hint)),
			  want_text, want, errno_hint(want, want_hint, sizeof(want_hint)));
}

void test_cmp(const char *file, int line, bool holds, const char *text, long long a, long long b)
{
	test_at(file, line);
	if (!holds)
		test_fail(file, line, "%s does not hold for %lld and %lld", text, a, b);
}

void test_mem(const char *file, int line, const char *text, const void *got, const void *want, size_t len)
{
	const unsigned char *g = (const unsigned char *)got, *w = (const unsigned char *)want;

	test_at(file, line);
	for (size_t i = 0; i < len; i++)
		if (g[i] != w[i])
			test_fail(file, line, "%s differs at byte %zu of %zu: 0x%02x, not 0x%02x", text, i, len, g[i], w[i]);
}

void test_str(const char *file, int line, const char *text, const char *got, const char *want)
{
	test_at(file, line);
	if (strcmp(got, want))
		test_fail(file, line, "%s: \"%s\", not \"%s\"", text, got, want);
}

long test_sys(const char *file, int line, const char *text, long result)
{
	test_at(file, line);
	if (result < 0)
		test_fail(file, line, "%s failed: %s", text, strerror(errno));
	return result;
}

/* ---- running ----------------------------------------------------------------------------------------------------------------- */

static void list(void)
{
	for (const struct test_case *c = first_case; c; c = c->next) {
		printf("%s", c->name);
		if (c->part2)
			printf("\tpart2");
		if (c->kernel_only)
			printf("\tkernel_only=%s", c->kernel_only);
		if (c->needs_kernel)
			printf("\tneeds_kernel=%s", c->needs_kernel);
		printf("\n");
	}
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void child_of(const struct test_case *c, const char *dir)
{
	/* Whatever happens to the parent, no case outlives it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	if (chdir(dir))
		test_fail(__FILE__, __LINE__, "no directory %s: %s", dir, strerror(errno));
	test_filter_from_environment();
	c->run();
	_exit(EXIT_PASS);
}

/* A slow machine, or a checker that makes the program slow, may have another limit. */
static int limit_of(const struct test_case *c)
{
	const char *given = getenv("URING_TEST_LIMIT_S");

	if (given && atoi(given) > 0)
		return atoi(given);
	return c->limit_s ? (int)c->limit_s : USUAL_LIMIT_S;
}

static int run_case(const struct test_case *c)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX];
	struct pollfd end;
	int status, limit_s = limit_of(c);
	pid_t pid;

	running = c;
	snprintf(dir, sizeof(dir), "%s/uring-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		test_fail(__FILE__, __LINE__, "cannot make the directory %s: %s", dir, strerror(errno));
	progress = (struct progress *)mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		test_fail(__FILE__, __LINE__, "mmap: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		test_fail(__FILE__, __LINE__, "fork: %s", strerror(errno));
	if (!pid)
		child_of(c, dir);
	setpgid(pid, pid);

	end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	end.events = POLLIN;
	if (end.fd < 0)
		test_fail(__FILE__, __LINE__, "pidfd_open: %s", strerror(errno));
	if (poll(&end, 1, limit_s * 1000) == 0) {
		tell("FAIL %s: no end within %d s; last seen at %s:%d\n", c->name, limit_s, progress->file, progress->line);
		kill(-pid, SIGKILL);
		waitpid(pid, &status, 0);
		status = EXIT_FAIL << 8;
	} else {
		waitpid(pid, &status, 0);
		/* Children that the case left behind. */
		kill(-pid, SIGKILL);
	}
	close(end.fd);
	if (WIFSIGNALED(status))
		tell("FAIL %s: killed by signal %d (%s); last seen at %s:%d\n", c->name, WTERMSIG(status), strsignal(WTERMSIG(status)),
		     progress->file, progress->line);
	else if (WEXITSTATUS(status) != EXIT_PASS && WEXITSTATUS(status) != EXIT_SKIP && WEXITSTATUS(status) != EXIT_FAIL)
		tell("FAIL %s: ended by itself with status %d; last seen at %s:%d\n", c->name, WEXITSTATUS(status), progress->file,
		     progress->line);
	munmap(progress, sizeof(*progress));
	progress = NULL;
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	running = NULL;
	if (WIFSIGNALED(status))
		return EXIT_FAIL;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0, skipped = 0;

	if (argc > 1 && !strcmp(argv[1], "--list")) {
		list();
		return EXIT_PASS;
	}
	if (argc > 1) {
		for (const struct test_case *c = first_case; c; c = c->next)
			if (!strcmp(c->name, argv[1]))
				return run_case(c);
		fprintf(stderr, "%s: no such case: %s\n", argv[0], argv[1]);
		return EXIT_FAIL;
	}
	for (const struct test_case *c = first_case; c; c = c->next) {
		int code = run_case(c);

		if (code == EXIT_PASS) {
			tell("ok   %s\n", c->name);
			passed++;
		} else if (code == EXIT_SKIP) {
			skipped++;
		} else {
			failed++;
		}
	}
	tell("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return failed ? EXIT_FAIL : EXIT_PASS;
}
