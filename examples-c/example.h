/* SPDX-License-Identifier: MIT */
/*
 * example.h - what the example programs share: errors that help, numbers with
 * a unit, a clock, and the three steps of every io_uring program (open a ring,
 * take an SQE, submit and wait).
 *
 * Each example is one .c file and this header:
 *
 *     cc $(pkg-config --cflags uring_rs) uring-cp.c $(pkg-config --libs uring_rs) -o uring-cp
 */
#ifndef URING_EXAMPLE_H
#define URING_EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* O_DIRECT, getopt_long and friends, also under -std=c11 */
#endif

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uring.h>
#include <uring_rs.h>

/* ------------------------------------------------------------------ errors */

/* One line on stderr: who, what was tried, and the text of `error` unless that is 0. */
__attribute__((format(printf, 2, 0)))
static inline void complain_va(int error, const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, format, args);
	if (error != 0)
		fprintf(stderr, ": %s", strerror(abs(error)));
	fputc('\n', stderr);
}

/* `error` may be an errno or, as a CQE carries it, a negative errno. */
__attribute__((format(printf, 2, 3)))
static inline void complain(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_va(error, format, args);
	va_end(args);
}

/* A second line under a complaint: what the reader can do about it. */
__attribute__((format(printf, 1, 2)))
static inline void hint(const char *format, ...)
{
	va_list args;

	fputs("  hint: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* Complains and ends the program with status 1. */
__attribute__((format(printf, 2, 3)))
static inline _Noreturn void fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_va(error, format, args);
	va_end(args);
	exit(1);
}

/* A wrong command line: status 2, as the shell's own tools do. */
static inline _Noreturn void bad_usage(void)
{
	fprintf(stderr, "Try '%s --help'.\n", program_invocation_short_name);
	exit(2);
}

/*
 * Call first in main(). A program started with stdin, stdout or stderr closed
 * would get those numbers for the next file it opens, and its messages would
 * end up in that file. Occupy them with a descriptor that fails every read
 * (0) or every write (1, 2), which is how a closed one answers too.
 */
static inline void guard_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
}

/* Call last in main(): a summary that did not reach stdout is a failure. */
static inline int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(errno, "cannot write to standard output");
		return 1;
	}
	return status;
}

/* ----------------------------------------------------------------- numbers */

/* Reads a count such as "64", "4K", "1M" or "2G" and checks its range. */
static inline uint64_t parse_count(const char *text, const char *what, uint64_t min, uint64_t max)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned shift = 0;

	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	bool digits = end != text && text[0] >= '0' && text[0] <= '9';

	if (*end != '\0' && (unit = strchr(units, *end)) != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (!digits || *end != '\0' || errno != 0 || value > max >> shift || value << shift < min) {
		complain(0, "%s: '%s' is not a number from %llu to %llu (K, M and G are understood)",
			 what, text, (unsigned long long)min, (unsigned long long)max);
		bad_usage();
	}
	return value << shift;
}

struct text {
	char s[32];
};

/* 268435456 -> "256.0 MiB" */
static inline struct text format_bytes(double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	struct text out;
	int unit = 0;

	while (bytes >= 1024 && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	snprintf(out.s, sizeof(out.s), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return out;
}

/* A block size as people say it: 262144 -> "256 KiB", 1000 -> "1000 B" */
static inline struct text format_block(unsigned bytes)
{
	struct text out;

	if (bytes % (1024 * 1024) == 0)
		snprintf(out.s, sizeof(out.s), "%u MiB", bytes / (1024 * 1024));
	else if (bytes % 1024 == 0)
		snprintf(out.s, sizeof(out.s), "%u KiB", bytes / 1024);
	else
		snprintf(out.s, sizeof(out.s), "%u B", bytes);
	return out;
}

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* `count` per second over `elapsed_ns`, without dividing by zero. */
static inline double per_second(double count, uint64_t elapsed_ns)
{
	return count * 1e9 / (double)(elapsed_ns != 0 ? elapsed_ns : 1);
}

static inline void *allocate(size_t alignment, size_t size)
{
	void *memory;
	int error = posix_memalign(&memory, alignment, size);

	if (error != 0)
		fail(error, "cannot allocate %zu bytes", size);
	memset(memory, 0, size);
	return memory;
}

/* ---------------------------------------------------------------- the ring */

/* Why io_uring_queue_init() failed, and what can be done about it. */
static inline void explain_setup_failure(int error)
{
	FILE *file;
	int disabled = -1;

	switch (abs(error)) {
	case ENOSYS:
		hint("the kernel has no io_uring (Linux has it since 5.1, unless built without\n"
		     "        CONFIG_IO_URING), or a seccomp filter answers in its place");
		break;
	case EPERM:
		file = fopen("/proc/sys/kernel/io_uring_disabled", "r");
		if (file != NULL) {
			if (fscanf(file, "%d", &disabled) != 1)
				disabled = -1;
			fclose(file);
		}
		if (disabled == 2)
			hint("io_uring is switched off: the sysctl kernel.io_uring_disabled is 2\n"
			     "        (the administrator switches it on: sysctl kernel.io_uring_disabled=0)");
		else if (disabled == 1)
			hint("io_uring is reserved: the sysctl kernel.io_uring_disabled is 1, so it takes\n"
			     "        CAP_SYS_ADMIN or membership in the group of kernel.io_uring_group");
		else
			hint("a seccomp filter refuses io_uring, as the default one of Docker and other\n"
			     "        container engines does (Docker: --security-opt seccomp=FILE changes it)");
		break;
	case EACCES:
		hint("a security module (SELinux, AppArmor) refuses io_uring to this program");
		break;
	case ENOMEM:
		hint("kernels before 5.12 charge rings to the locked-memory limit: see 'ulimit -l'");
		break;
	case EMFILE:
		hint("every descriptor is in use: see 'ulimit -n'");
		break;
	}
}

/* Sets up a ring with room for `entries` SQEs, or says why not and ends the program. */
static inline void open_ring(struct io_uring *ring, unsigned entries)
{
	int ret = io_uring_queue_init(entries, ring, 0);

	if (ret < 0) {
		complain(ret, "cannot set up an io_uring with %u entries", entries);
		explain_setup_failure(ret);
		exit(1);
	}
}

/* "kernel", or "user" where the library emulates io_uring. */
static inline const char *backend_name(const struct io_uring *ring)
{
	return uring_rs_backend_name(uring_rs_backend(ring));
}

/*
 * The next free SQE. The examples size their rings for every request they can
 * have outstanding, so the queue is never full.
 */
static inline struct io_uring_sqe *next_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (sqe == NULL)
		fail(0, "the submission queue is full although it was sized for all requests");
	return sqe;
}

/*
 * Submits what is queued and waits for a CQE. May return without one, so the
 * caller loops; then it simply calls again:
 *
 * - a submit may take only some of the SQEs; the others stay queued and go with
 *   the next call;
 * - EINTR: a signal arrived;
 * - EAGAIN, EBUSY: no memory for more requests just now, or the completion
 *   queue has overflowed. Reaping is the cure for both.
 */
static inline void submit_and_wait(struct io_uring *ring)
{
	int ret = io_uring_submit_and_wait(ring, 1);

	if (ret >= 0 || ret == -EINTR)
		return;
	if (ret != -EAGAIN && ret != -EBUSY)
		fail(ret, "cannot submit to the io_uring");
	if (io_uring_cq_ready(ring) == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* True if a request asks to be sent once more as it was. */
static inline bool try_again(int res)
{
	return res == -EAGAIN || res == -EINTR;
}

#endif
