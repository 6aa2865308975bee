/* SPDX-License-Identifier: MIT */
/* Inputs and reports of the fuzz targets. */
#include "fuzz.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool input_is_empty(const struct input *in)
{
	return in->at == in->end;
}

void input_bytes(struct input *in, void *to, size_t len)
{
	size_t left = (size_t)(in->end - in->at);
	size_t some = len < left ? len : left;

	if (some)
		memcpy(to, in->at, some);
	memset((char *)to + some, 0, len - some);
	in->at += some;
}

uint8_t input_u8(struct input *in)
{
	return in->at == in->end ? 0 : *in->at++;
}

uint32_t input_u32(struct input *in)
{
	uint32_t number;

	input_bytes(in, &number, sizeof(number));
	return number;
}

uint64_t input_u64(struct input *in)
{
	uint64_t number;

	input_bytes(in, &number, sizeof(number));
	return number;
}

uint32_t input_below(struct input *in, uint32_t n)
{
	return (n <= 256 ? input_u8(in) : input_u32(in)) % n;
}

bool input_one_in(struct input *in, uint32_t n)
{
	/* Not at 0: what a used-up input decides should be the usual case. */
	return input_below(in, n) == n - 1;
}

uint64_t input_number(struct input *in)
{
	uint8_t kind = input_u8(in);

	switch (kind % 8) {
	case 0:
		return input_u8(in);
	case 1:
		/* Around a power of two, from both sides. */
		return (UINT64_C(1) << (input_u8(in) % 64)) + (uint64_t)(kind >> 3) % 3 - 1;
	case 2:
		return (uint64_t)-(int64_t)(kind >> 3);
	case 3:
		return input_u32(in);
	case 4:
		/* A small number whose upper half is not its sign. */
		return (uint64_t)input_u32(in) << 32 | input_u8(in);
	case 5:
		return (uint64_t)(int64_t)(int32_t)input_u32(in);
	default:
		return input_u64(in);
	}
}

static struct fuzz_count *first_count;

static void print_counts(void)
{
	for (struct fuzz_count *count = first_count; count; count = count->next)
		fprintf(stderr, "%12llu %s\n", (unsigned long long)count->nr, count->what);
}

void fuzz_count_register(struct fuzz_count *count)
{
	struct fuzz_count **end = &first_count;

	if (!first_count)
		atexit(print_counts);
	while (*end)
		end = &(*end)->next;
	*end = count;
}

void fuzz_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "\nDIFFERENCE: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

static void *upstream(void)
{
	static void *library;
	static bool tried;
	const char *path = getenv("URING_UPSTREAM");

	if (!tried && path && *path) {
		/* Its own calls must stay among its own functions. */
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!library) {
			fprintf(stderr, "%s\n", dlerror());
			exit(2);
		}
	}
	tried = true;
	return library;
}

void *upstream_function(const char *name)
{
	void *library = upstream();

	return library ? dlsym(library, name) : NULL;
}

bool upstream_is_there(void)
{
	return upstream() != NULL;
}
