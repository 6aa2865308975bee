/* SPDX-License-Identifier: MIT */
/* The list of scenarios, the watchdog, and what all of them use. See stress.h. */
#include <dirent.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <uring_rs.h>

#include "stress.h"

const struct scenario scenarios[] = {
	{ "storage", "several threads submit under a lock, one reaps; O_DIRECT and buffered; rings come and go", run_storage, 2.5 },
	{ "polls", "64 Ki polls that wait: fired, cancelled, left to the end of the ring", run_polls, 1 },
	{ "connections", "messages on 10 000 connections, each with a receive that waits", run_connections, 1 },
	{ "threads", "three threads submit, three wait, signals come to all of them, handlers of both kinds", run_threads, 1.5 },
	{ "forks", "the same while children are forked that exit, exec, or use rings of their own", run_forks, 1.5 },
	{ "chains", "links with silent requests, timeouts and cancellations: every wake-up comes from what follows", run_chains, 1.5 },
	{ "million", "a million requests of many kinds on one ring: memory and descriptors stay as they are", run_million, 0 },
	{ "eventfds", "the program sleeps on a registered eventfd only", run_eventfds, 1.5 },
	{ "watched", "the program sleeps in epoll on the ring's descriptor only, level- and edge-triggered", run_watched, 1.5 },
	{ "wrong_file", "descriptors closed and their numbers used anew under requests that wait", run_wrong_file, 1.5 },
	{ NULL, NULL, NULL, 0 },
};

enum { MOST_RINGS = 64, MOST_COUNTS = 32 };

static const struct scenario *running;
static atomic_ulong steps;
static atomic_int backend;
static _Atomic(const struct io_uring *) watched_rings[MOST_RINGS];
static struct {
	const char *name;
	const atomic_ulong *value;
} counts[MOST_COUNTS];
static atomic_int counts_used;
static atomic_flag dying = ATOMIC_FLAG_INIT;

void progress(void)
{
	atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed);
}

void watch_ring(const struct io_uring *ring)
{
	for (int i = 0; i < MOST_RINGS; i++) {
		const struct io_uring *none = NULL;

		if (atomic_compare_exchange_strong(&watched_rings[i], &none, ring))
			return;
	}
}

void unwatch_ring(const struct io_uring *ring)
{
	for (int i = 0; i < MOST_RINGS; i++) {
		const struct io_uring *this = ring;

		if (atomic_compare_exchange_strong(&watched_rings[i], &this, NULL))
			return;
	}
}

void watch_count(const char *name, const atomic_ulong *value)
{
	int i = atomic_fetch_add(&counts_used, 1);

	if (i < MOST_COUNTS) {
		counts[i].name = name;
		counts[i].value = value;
	}
}

/* One line of a file of /proc, its zeroes as spaces. */
static void print_file(const char *label, const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return;
	text[len] = 0;
	text[strcspn(text, "\n")] = 0;
	fprintf(stderr, " %s=%s", label, text);
}

static void print_state(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	fprintf(stderr, "  %lu steps, %u descriptors, %lu KiB\n", atomic_load(&steps), descriptors(), resident_kib());
	for (int i = 0; i < MOST_COUNTS && counts[i].name; i++)
		fprintf(stderr, "  %s: %lu\n", counts[i].name, atomic_load(counts[i].value));
	for (int i = 0; i < MOST_RINGS; i++) {
		const struct io_uring *ring = atomic_load(&watched_rings[i]);

		if (ring)
			fprintf(stderr, "  ring %d: sq head %u tail %u, cq head %u tail %u, flags %#x, overflow %u\n", ring->ring_fd,
				*ring->sq.khead, *ring->sq.ktail, *ring->cq.khead, *ring->cq.ktail, *ring->sq.kflags, *ring->cq.koverflow);
	}
	while (dir && (entry = readdir(dir))) {
		char path[400];

		if (entry->d_name[0] == '.')
			continue;
		fprintf(stderr, "  thread %s:", entry->d_name);
		for (const char *const *file = (const char *const[]){ "comm", "wchan", "syscall", NULL }; *file; file++) {
			snprintf(path, sizeof(path), "/proc/self/task/%s/%s", entry->d_name, *file);
			print_file(*file, path);
		}
		fputc('\n', stderr);
	}
	if (dir)
		closedir(dir);
}

void fail(const char *format, ...)
{
	va_list args;

	/* Several threads may find the same. */
	while (atomic_flag_test_and_set(&dying))
		pause();
	fprintf(stderr, "FAIL %s: ", running->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	print_state();
	_exit(1);
}

void skip(const char *format, ...)
{
	va_list args;

	printf("SKIP %s: ", running->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(77);
}

static void *watchdog(void *arg)
{
	unsigned long last = atomic_load(&steps);
	int still = 0;

	(void)arg;
	for (;;) {
		unsigned long now;

		sleep(1);
		now = atomic_load(&steps);
		still = now == last ? still + 1 : 0;
		last = now;
		if (still >= STALL_S)
			fail("nothing has come back for %d seconds", still);
	}
	return NULL;
}

void ring_up(struct io_uring *ring, unsigned entries, unsigned cq_entries, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	if (cq_entries) {
		p.flags |= IORING_SETUP_CQSIZE;
		p.cq_entries = cq_entries;
	}
	OK(io_uring_queue_init_params(entries, ring, &p));
	atomic_store(&backend, uring_rs_backend(ring));
	watch_ring(ring);
}

void ring_down(struct io_uring *ring)
{
	unwatch_ring(ring);
	io_uring_queue_exit(ring);
}

struct io_uring_sqe *sqe_of(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		OK(io_uring_submit(ring));
		sqe = io_uring_get_sqe(ring);
		CHECK(sqe);
	}
	return sqe;
}

struct io_uring_cqe *cqe_of(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = NULL;
	int ret;

	do
		ret = io_uring_wait_cqe(ring, &cqe);
	while (ret == -EINTR);
	if (ret < 0)
		fail("io_uring_wait_cqe: %s", strerror(-ret));
	CHECK(cqe);
	return cqe;
}

double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

uint64_t random_u64(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	/* There is none left to count them with. */
	if (!dir)
		return ~0U;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3;
}

void no_descriptor_left(unsigned before)
{
	enum { FOR_THE_PROCESS = 2 };
	unsigned now = descriptors();

	/* The end of a ring of the kernel's takes a while; workers that are ending may hold some for a moment. */
	for (int i = 0; i < 100 && now > before + FOR_THE_PROCESS; i++) {
		usleep(20000);
		now = descriptors();
	}
	if (now > before + FOR_THE_PROCESS)
		fail("%u descriptors are open, %u were before", now, before);
}

unsigned long resident_kib(void)
{
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return ~0UL;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		fail("/proc/self/statm was not understood");
	fclose(file);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

int scratch_file(off_t size, int flags)
{
	char path[] = "stress.XXXXXX";
	int made = (int)SYS(mkstemp(path)), fd;

	SYS(ftruncate(made, size));
	fd = open(path, O_RDWR | O_CLOEXEC | flags);
	if (fd < 0 && (flags & O_DIRECT)) {
		unlink(path);
		skip("no O_DIRECT in this directory: %s", strerror(errno));
	}
	CHECK(fd >= 0);
	close(made);
	SYS(unlink(path));
	return fd;
}

pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run, argument);

	if (err)
		fail("pthread_create: %s", strerror(err));
	return thread;
}

void join(pthread_t thread)
{
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

unsigned allow_descriptors(unsigned wanted)
{
	struct rlimit limit;

	SYS(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur < wanted) {
		struct rlimit higher = { wanted, limit.rlim_max > wanted ? limit.rlim_max : wanted };

		if (setrlimit(RLIMIT_NOFILE, &higher)) {
			higher = (struct rlimit){ limit.rlim_max, limit.rlim_max };
			SYS(setrlimit(RLIMIT_NOFILE, &higher));
		}
		SYS(getrlimit(RLIMIT_NOFILE, &limit));
	}
	return limit.rlim_cur > wanted ? wanted : (unsigned)limit.rlim_cur;
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[2]) : 0, began;
	const char *backend_name;

	if (argc < 2 || !strcmp(argv[1], "--list")) {
		for (const struct scenario *s = scenarios; s->name; s++)
			printf("%s\t%s\n", s->name, s->what);
		return argc < 2 ? 2 : 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	backend_name = getenv("URING_RS_BACKEND");
	for (running = scenarios; running->name && strcmp(running->name, argv[1]); running++)
		;
	if (!running->name) {
		fprintf(stderr, "%s: no scenario of this name: %s\n", argv[0], argv[1]);
		return 2;
	}
	if (backend_name && !strcmp(backend_name, "kernel") && syscall(SYS_io_uring_setup, 0, NULL) < 0 &&
	    (errno == ENOSYS || errno == EPERM || errno == EACCES))
		skip("this kernel refuses io_uring: %s", strerror(errno));
	if (seconds <= 0)
		seconds = running->seconds;
	start(watchdog, NULL);
	/* Should the watchdog itself stand still. */
	alarm((unsigned)seconds + 4 * STALL_S + 60);
	began = now_s();
	running->run(seconds);
	printf("ok   %s on %s: %lu steps in %.1f s\n", running->name, uring_rs_backend_name(atomic_load(&backend)), atomic_load(&steps), now_s() - began);
	return 0;
}
