/* SPDX-License-Identifier: MIT */
/*
 * Random inputs for a target, where libFuzzer is not at hand or a run has to
 * take the same course every time. It understands the few options of libFuzzer
 * that run.sh uses:
 *
 *	-runs=N -max_total_time=SECONDS -seed=N -max_len=N   FILE...
 *
 * Files are replayed, once each. An input at which the target aborts or crashes
 * is written to crash-SEED-RUN.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_LEN 4096

static uint8_t input[MAX_LEN];
static size_t input_len;
static char crash_file[80];

static uint64_t random_state;

/* splitmix64: every seed, 0 too, starts a good sequence. */
static uint64_t random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Each run has a seed of its own, so that any one of them can be repeated. */
static void random_input(uint64_t seed, uint64_t run, size_t max_len)
{
	random_state = seed * 0x2545f4914f6cdd1d + run;
	/* Short ones are as likely as long ones: they are the easier read when they fail. */
	input_len = 1 + random_u64() % (1 + random_u64() % max_len);
	for (size_t i = 0; i < input_len; i += 8) {
		uint64_t number = random_u64();

		memcpy(input + i, &number, input_len - i < 8 ? input_len - i : 8);
	}
}

static void keep_input(int sig)
{
	int fd = open(crash_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	static const char said[] = "the input is kept in ";

	if (fd >= 0 && write(fd, input, input_len) == (ssize_t)input_len) {
		if (write(2, said, sizeof(said) - 1) < 0 || write(2, crash_file, strlen(crash_file)) < 0 || write(2, "\n", 1) < 0)
			_exit(1);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static uint64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec;
}

static void replay(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, input, sizeof(input));

	if (len < 0) {
		perror(path);
		exit(2);
	}
	close(fd);
	input_len = (size_t)len;
	fprintf(stderr, "replaying %s, %zu bytes\n", path, input_len);
	snprintf(crash_file, sizeof(crash_file), "crash-replayed");
	LLVMFuzzerTestOneInput(input, input_len);
}

static bool option(const char *arg, const char *name, uint64_t *value)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len))
		return false;
	*value = strtoull(arg + len, NULL, 0);
	return true;
}

int main(int argc, char **argv)
{
	static const int deadly[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM };
	uint64_t runs = 100000, limit_s = 0, seed = 1, max_len = 512, run, start;
	bool replayed = false;

	LLVMFuzzerInitialize(&argc, &argv);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		signal(deadly[i], keep_input);

	for (int i = 1; i < argc; i++) {
		if (option(argv[i], "-runs=", &runs) || option(argv[i], "-max_total_time=", &limit_s) ||
		    option(argv[i], "-seed=", &seed) || option(argv[i], "-max_len=", &max_len))
			continue;
		if (argv[i][0] == '-') {
			fprintf(stderr, "unknown option: %s\n", argv[i]);
			return 2;
		}
		replay(argv[i]);
		replayed = true;
	}
	if (replayed)
		return 0;
	if (!max_len || max_len > MAX_LEN)
		max_len = MAX_LEN;

	fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
	start = now_s();
	for (run = 0; run < runs; run++) {
		if (limit_s && run % 64 == 0 && now_s() - start >= limit_s)
			break;
		snprintf(crash_file, sizeof(crash_file), "crash-%llu-%llu", (unsigned long long)seed, (unsigned long long)run);
		random_input(seed, run, (size_t)max_len);
		/* A hang is a failure as well. */
		alarm(60);
		LLVMFuzzerTestOneInput(input, input_len);
	}
	alarm(0);
	fprintf(stderr, "Done %llu runs in %llu second(s)\n", (unsigned long long)run, (unsigned long long)(now_s() - start));
	return 0;
}
