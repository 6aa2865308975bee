/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_PARAMS 32

static char **params;
static int nr_params;
static int param_used[MOST_PARAMS];

int latency_wanted;

static void complain(const char *format, va_list arguments)
{
	fflush(stdout);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	/* Other threads and children may be in the middle of something: no handlers. */
	_exit(1);
}

void skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	_exit(77);
}

const char *param(const char *name, const char *otherwise)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < nr_params; i++) {
		if (!strncmp(params[i], name, len) && params[i][len] == '=') {
			param_used[i] = 1;
			return params[i] + len + 1;
		}
	}
	return otherwise;
}

uint64_t param_number(const char *name, uint64_t otherwise)
{
	const char *text = param(name, NULL);
	char *end;
	uint64_t number;

	if (!text)
		return otherwise;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (errno || end == text || *end)
		die("%s=%s is not a number", name, text);
	return number;
}

int param_is(const char *name, const char *value)
{
	return !strcmp(param(name, ""), value);
}

static void no_param_left(void)
{
	int i;

	for (i = 0; i < nr_params; i++) {
		if (!param_used[i])
			die("%s: no such parameter", params[i]);
	}
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Of all threads: those of the engine, and the kernel's workers of this process. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned long rss_kib(void)
{
	unsigned long total, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &total, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %u: %s", cpu, strerror(errno));
}

uint64_t raise_descriptor_limit(void)
{
	struct rlimit limit = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };

	/* Who has the right to it raises the hard limit too. */
	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		if (getrlimit(RLIMIT_NOFILE, &limit))
			return 1024;
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

void wait_readable(int epoll)
{
	struct epoll_event event;
	int ret;

	do
		ret = epoll_wait(epoll, &event, 1, 10000);
	while (ret < 0 && errno == EINTR);
	if (ret != 1)
		die("a descriptor that ought to get readable does not");
}

int open_data(int flags, uint64_t *blocks)
{
	const char *path = param("file", NULL);
	struct stat status;
	int fd;

	if (!path)
		die("no file=");
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EINVAL && (flags & O_DIRECT))
			skip("%s: this file system has no O_DIRECT", path);
		die("%s: %s", path, strerror(errno));
	}
	if (fstat(fd, &status) || status.st_size < (off_t)DATA_BLOCK)
		die("%s is no data file", path);
	*blocks = (uint64_t)status.st_size / DATA_BLOCK;
	return fd;
}

/*
 * Latencies, in buckets that are never wider than a thirty-second of what they
 * hold: the exponent of the value, and the five bits after its highest.
 */
#define SUB_BITS 5
#define NR_BUCKETS ((64 - SUB_BITS + 1) << SUB_BITS)

static uint64_t buckets[NR_BUCKETS];
static uint64_t latency_count, latency_max;

void latency_add(uint64_t ns)
{
	unsigned index = (unsigned)ns;

	if (ns >> SUB_BITS) {
		unsigned exponent = 63 - (unsigned)__builtin_clzll(ns);
		unsigned shift = exponent - SUB_BITS;

		index = ((shift + 1) << SUB_BITS) + (unsigned)((ns >> shift) & ((1u << SUB_BITS) - 1));
	}
	buckets[index]++;
	latency_count++;
	if (ns > latency_max)
		latency_max = ns;
}

/* The middle of the bucket that holds the given share of all. */
static uint64_t latency_at(double share)
{
	uint64_t wanted = (uint64_t)(share * (double)latency_count), seen = 0, value;
	unsigned index, shift;

	for (index = 0; index < NR_BUCKETS; index++) {
		seen += buckets[index];
		if (seen > wanted)
			break;
	}
	if (index < 1u << SUB_BITS || index == NR_BUCKETS)
		return index < NR_BUCKETS ? index : latency_max;
	shift = (index >> SUB_BITS) - 1;
	value = (uint64_t)((1u << SUB_BITS) + (index & ((1u << SUB_BITS) - 1))) << shift;
	value += (1ull << shift) >> 1;
	return value < latency_max ? value : latency_max;
}

/* How long an operation takes, of what has been seen last. */
static double ns_per_op = 1;

/* Operations until `ns` have gone by; returns how many. What is expected is corrected on the way, as the machine may have been away just before. */
static uint64_t run_for(const struct bench *bench, uint64_t ns)
{
	uint64_t began = now_ns(), elapsed = 0, total = 0;

	do {
		uint64_t ops = (uint64_t)((double)(ns - elapsed) / ns_per_op), done, before = elapsed;

		done = bench->run(ops ? ops : 1);
		if (!done || done < ops)
			die("only %llu operations of %llu", (unsigned long long)done, (unsigned long long)ops);
		elapsed = now_ns() - began;
		ns_per_op = (double)(elapsed - before + 1) / (double)done;
		total += done;
	} while (elapsed < ns - ns / 10);
	return total;
}

/* More and more operations until they take `ns`. */
static void warm_up(const struct bench *bench, uint64_t ns)
{
	uint64_t ops = 1, wall, done;

	for (;;) {
		wall = now_ns();
		done = bench->run(ops);
		wall = now_ns() - wall;
		if (wall >= ns)
			break;
		ops = wall < ns / 16 ? ops * 4 : ops * 2;
	}
	if (bench->check)
		bench->check();
	ns_per_op = (double)wall / (double)done;
}

static void measure(const struct bench *bench, uint64_t ns)
{
	uint64_t cpu = cpu_ns(), wall = now_ns(), ops = run_for(bench, ns);

	wall = now_ns() - wall;
	cpu = cpu_ns() - cpu;
	if (!latency_wanted)
		printf("time %llu %llu %llu %lu\n", (unsigned long long)ops, (unsigned long long)wall, (unsigned long long)cpu, rss_kib());
	if (bench->check)
		bench->check();
}

/* For whoever counts system calls: they are between the two that this program makes for nothing else. */
static void run_counted(const struct bench *bench, uint64_t ops)
{
	getppid();
	bench->run(ops);
	getppid();
	if (bench->check)
		bench->check();
}

static void converse(const struct bench *bench)
{
	char line[64];

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		unsigned long long number;

		if (sscanf(line, "time %llu", &number) == 1 && number) {
			measure(bench, number);
		} else if (sscanf(line, "latency %llu", &number) == 1 && number) {
			memset(buckets, 0, sizeof(buckets));
			latency_count = latency_max = 0;
			latency_wanted = 1;
			measure(bench, number);
			latency_wanted = 0;
			if (!latency_count)
				die("this program times no single operations");
			printf("latency %llu %llu %llu %llu %llu %llu %llu\n", (unsigned long long)latency_count,
			       (unsigned long long)latency_at(0.5), (unsigned long long)latency_at(0.9),
			       (unsigned long long)latency_at(0.99), (unsigned long long)latency_at(0.999),
			       (unsigned long long)latency_at(0.9999), (unsigned long long)latency_max);
		} else {
			break;
		}
		fflush(stdout);
	}
}

int bench_main(int argc, char **argv, const struct bench *bench)
{
	const char *cpu;
	uint64_t ops, warm;

	params = argv + 1;
	nr_params = argc - 1;
	if (nr_params > MOST_PARAMS)
		die("too many parameters");
	ops = param_number("ops", 0);
	warm = param_number("warm", 10000000);
	cpu = param("cpu", NULL);
	if (cpu)
		pin((unsigned)param_number("cpu", 0));
	bench->setup();
	no_param_left();
	if (ops) {
		run_counted(bench, ops);
	} else {
		warm_up(bench, warm);
		converse(bench);
	}
	if (bench->finish)
		bench->finish();
	return 0;
}
