/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: setup and registration against the kernel. A program of calls
 * with random numbers, structures and pointers (arguments_program.c) runs with our
 * library, with nothing but system calls (arguments_raw.c) and, where it is at
 * hand, with liburing's library; each in a process of its own that has run the
 * same programs before, since the kernel keeps limits and tables per process.
 * The transcripts are equal: every return value, everything written back, the
 * fields of the ring, and no descriptor left open.
 *
 * Our library runs in this process, where libFuzzer sees its coverage.
 */
#define _GNU_SOURCE
#include "arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

enum { MOST_INPUT = 4096 };

/* Seen by the parent and a worker. */
struct shared {
	size_t size;
	uint8_t data[MOST_INPUT];
	struct transcript transcript;
};

struct worker {
	const char *name;
	const struct api *api;
	bool is_raw;
	struct shared *shared;
	int go, done;
};

#define OURS_ROW(type, name, params, args) .name = name,
const struct api our_api = { SETUP_API(OURS_ROW) REGISTER_API(OURS_ROW) };
static struct api upstream;

static struct worker workers[] = { { .name = "system calls", .api = &raw_api, .is_raw = true },
				   { .name = "liburing", .api = &upstream } };
static unsigned nr_workers = 1;

static struct fuzz_count programs = { "programs of setup and registration", 0, NULL };
static struct fuzz_count rings = { "of them made a ring", 0, NULL };
static struct fuzz_count again = { "times that one had to run again, as the kernel was short of something", 0, NULL };
static struct fuzz_count answers_raw = { "records compared with bare system calls", 0, NULL };
static struct fuzz_count answers_upstream = { "records compared with liburing's library", 0, NULL };

static void work(struct worker *w, int go, int done)
{
	char byte;

	arguments_start();
	/* Never outlive the parent. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(go, &byte, 1) == 1) {
		arguments_run(w->api, w->shared->data, w->shared->size, &w->shared->transcript);
		if (write(done, "", 1) != 1)
			break;
	}
	_exit(0);
}

static void start(struct worker *w)
{
	int go[2], done[2];
	pid_t pid;

	w->shared = mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED || pipe(go) || pipe(done)) {
		perror("a worker");
		exit(2);
	}
	/* Out of the way of the descriptors that the programs use. */
	w->go = dup2(go[1], FIRST_PIPE + 2 * (int)(w - workers));
	w->done = dup2(done[0], FIRST_PIPE + 2 * (int)(w - workers) + 1);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		int in = dup2(go[0], LAST_PIPE - 1), out = dup2(done[1], LAST_PIPE);

		for (int fd = 3; fd < 60; fd++)
			close(fd);
		for (int fd = FIRST_PIPE; fd < LAST_PIPE - 1; fd++)
			close(fd);
		work(w, in, out);
	}
	close(go[0]);
	close(go[1]);
	close(done[0]);
	close(done[1]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct io_uring ring;

	(void)argc, (void)argv;
	if (upstream_is_there()) {
#define UPSTREAM_ROW(type, name, params, args)                                                                         \
	{                                                                                                              \
		void *f = upstream_function(#name);                                                                    \
		memcpy(&upstream.name, &f, sizeof(f));                                                                 \
		if (!f && strcmp(#name, "io_uring_buf_ring_head"))                                                     \
			fuzz_fail("liburing's library has no %s", #name);                                              \
	}
		SETUP_API(UPSTREAM_ROW)
		REGISTER_API(UPSTREAM_ROW)
		/* Its ffi library lacks this one. */
		if (!upstream.io_uring_buf_ring_head)
			upstream.io_uring_buf_ring_head = raw_api.io_uring_buf_ring_head;
		nr_workers = 2;
	}
	arguments_prepare();
	for (unsigned i = 0; i < nr_workers; i++)
		start(&workers[i]);
	if (io_uring_queue_init(1, &ring, 0))
		fprintf(stderr, "no io_uring on this machine: only refusals are compared\n");
	else
		io_uring_queue_exit(&ring);
	arguments_start();
	fuzz_count_register(&programs);
	fuzz_count_register(&rings);
	fuzz_count_register(&again);
	fuzz_count_register(&answers_raw);
	fuzz_count_register(&answers_upstream);
	return 0;
}

static bool library_only(const struct record *record)
{
	return !strncmp(record->what, "library only", 12);
}

static void show(const struct transcript *t, unsigned upto)
{
	for (unsigned i = 0; i < t->nr && i <= upto; i++) {
		const struct record *r = &t->records[i];

		if (strcmp(r->what, "arena") || i == upto)
			fprintf(stderr, "  %s: %s: %lld\n", r->call, r->what, (long long)r->value);
	}
}

/* False where the transcripts differ; where that is final it is the end. */
static bool compare(const struct worker *w, const struct transcript *a, bool final)
{
	const struct transcript *b = &w->shared->transcript;
	unsigned i, j = 0, end = w->is_raw && a->raw_ends ? a->raw_ends - 1 : a->nr;

	for (i = 0; i < end; i++) {
		const struct record *x = &a->records[i], *y = &b->records[j];

		if (w->is_raw && library_only(x))
			continue;
		if (j < b->nr && x->call == y->call && x->what == y->what && x->value == y->value) {
			j++;
			*(w->is_raw ? &answers_raw.nr : &answers_upstream.nr) += 1;
			continue;
		}
		if (!final)
			return false;
		show(a, i);
		for (unsigned k = j; k < b->nr && k < j + 4; k++)
			fprintf(stderr, "  %s: %s: %s: %lld\n", w->name, b->records[k].call, b->records[k].what,
				(long long)b->records[k].value);
		fuzz_fail("the transcripts of our library (above) and %s (below) differ", w->name);
	}
	if (!(w->is_raw && a->raw_ends) && j != b->nr) {
		if (final)
			fuzz_fail("with %s the program went on: %s: %s", w->name, b->records[j].call, b->records[j].what);
		return false;
	}
	return true;
}

static void begin(struct worker *w, const uint8_t *data, size_t size)
{
	w->shared->size = size;
	memcpy(w->shared->data, data, size);
	if (write(w->go, "", 1) != 1)
		fuzz_fail("the process of %s is gone", w->name);
}

static void finish(struct worker *w)
{
	char byte;

	if (read(w->done, &byte, 1) != 1)
		fuzz_fail("the process of %s is gone", w->name);
}

/* All at once: true where the transcripts are equal. */
static bool run_together(const uint8_t *data, size_t size, struct transcript *transcript)
{
	bool same = true;

	for (unsigned i = 0; i < nr_workers; i++)
		begin(&workers[i], data, size);
	arguments_run(&our_api, data, size, transcript);
	for (unsigned i = 0; i < nr_workers; i++) {
		finish(&workers[i]);
		same = compare(&workers[i], transcript, false) && same;
	}
	return same;
}

/*
 * One after the other, with time between them. The processes share the limit of locked memory, and the kernel gives back what rings
 * had a while after they have ended: large rings can be refused for want of it. The limit is the user's, so other programs count too.
 */
static bool run_apart(const uint8_t *data, size_t size, struct transcript *transcript, unsigned pause_us, bool final)
{
	bool same = true;

	usleep(pause_us);
	arguments_run(&our_api, data, size, transcript);
	for (unsigned i = 0; i < nr_workers; i++) {
		usleep(pause_us);
		begin(&workers[i], data, size);
		finish(&workers[i]);
		same = compare(&workers[i], transcript, final) && same;
	}
	again.nr++;
	return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct transcript transcript;

	if (size > MOST_INPUT)
		size = MOST_INPUT;
	if (!run_together(data, size, &transcript)) {
		unsigned pause_us = 20000, tries = 0;

		/* What differs each time is a difference. */
		while (!run_apart(data, size, &transcript, pause_us, tries == 7)) {
			pause_us = pause_us < 500000 ? 3 * pause_us : pause_us;
			tries++;
		}
	}
	programs.nr++;
	for (unsigned i = 0; i < transcript.nr; i++) {
		if (!strcmp(transcript.records[i].what, RING_FLAGS)) {
			rings.nr++;
			break;
		}
	}
	return 0;
}
