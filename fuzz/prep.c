/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: every helper that writes an SQE. With the same arguments and the
 * same bytes in the SQE before, the inline body, the function that the library
 * exports and, where it is at hand, liburing's own function leave the same bytes
 * behind, and none of them writes beyond the SQE.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <uring.h>

#define MAX_NUMBERS 8
/* The SQE, and as much again that nobody may touch. */
#define ROOM 128

struct helper {
	const char *name;
	unsigned numbers; /* arguments beside the SQE */
	void (*inlined)(struct io_uring_sqe *sqe, const uint64_t *a);
	void (*pointed)(void (*f)(void), struct io_uring_sqe *sqe, const uint64_t *a);
	void (*exported)(void);
	void (*upstream)(void);
};

/* Made by prep_calls.awk. */
#include "prep_calls.h"

#define NR_HELPERS (sizeof(helpers) / sizeof(helpers[0]))

static struct fuzz_count calls = { "calls of a preparation helper, inline and exported", 0, NULL };
static struct fuzz_count calls_upstream = { "of them also of liburing's own function", 0, NULL };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	unsigned found = 0;

	(void)argc, (void)argv;
	for (size_t i = 0; i < NR_HELPERS; i++) {
		void *f = upstream_function(helpers[i].name);

		memcpy(&helpers[i].upstream, &f, sizeof(f));
		found += f != NULL;
		if (helpers[i].numbers > MAX_NUMBERS)
			abort();
	}
	fprintf(stderr, "%zu helpers, %u of them also in liburing's library\n", NR_HELPERS, found);
	fuzz_count_register(&calls);
	fuzz_count_register(&calls_upstream);
	return 0;
}

static void hex(char *to, const uint8_t *bytes)
{
	for (int i = 0; i < ROOM; i++)
		snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static void same(const struct helper *h, const uint64_t *a, const uint8_t *before, const uint8_t *x, const uint8_t *y,
		 const char *x_name, const char *y_name)
{
	char was[2 * ROOM + 1], x_text[2 * ROOM + 1], y_text[2 * ROOM + 1];

	if (!memcmp(x, y, ROOM))
		return;
	hex(was, before);
	hex(x_text, x);
	hex(y_text, y);
	fprintf(stderr, "%s, arguments beside the SQE:", h->name);
	for (unsigned i = 0; i < h->numbers; i++)
		fprintf(stderr, " 0x%llx", (unsigned long long)a[i]);
	fuzz_fail("%s and %s leave different bytes\n  before    %s\n  %-9s %s\n  %-9s %s", x_name, y_name, was, x_name, x_text,
		  y_name, y_text);
}

static void one_call(struct input *in)
{
	const struct helper *h = &helpers[input_below(in, NR_HELPERS)];
	_Alignas(64) uint8_t before[ROOM], inlined[ROOM], exported[ROOM], upstream[ROOM];
	uint64_t a[MAX_NUMBERS];

	for (int i = 0; i < MAX_NUMBERS; i++)
		a[i] = i < (int)h->numbers ? input_number(in) : 0;
	input_bytes(in, before, sizeof(before));

	memcpy(inlined, before, ROOM);
	h->inlined((void *)inlined, a);
	if (memcmp(inlined + 64, before + 64, ROOM - 64))
		fuzz_fail("%s writes beyond its SQE", h->name);

	memcpy(exported, before, ROOM);
	h->pointed(h->exported, (void *)exported, a);
	same(h, a, before, inlined, exported, "inline", "exported");
	calls.nr++;

	if (h->upstream) {
		memcpy(upstream, before, ROOM);
		h->pointed(h->upstream, (void *)upstream, a);
		same(h, a, before, inlined, upstream, "inline", "liburing");
		calls_upstream.nr++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	while (!input_is_empty(&in))
		one_call(&in);
	return 0;
}
