/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: the bytes of an input read as numbers, and the
 * report of a difference.
 *
 * A target is a function that libFuzzer calls with an input. Without libFuzzer
 * the program in driver.c calls it with random inputs.
 */
#ifndef URING_FUZZ_H
#define URING_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The target: called with an input, any number of times; 0 always. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Called once before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* ---- Inputs ---- */

/* What is left of an input. One that is used up goes on with zeros. */
struct input {
	const uint8_t *at;
	const uint8_t *end;
};

bool input_is_empty(const struct input *in);
void input_bytes(struct input *in, void *to, size_t len);
uint8_t input_u8(struct input *in);
uint32_t input_u32(struct input *in);
uint64_t input_u64(struct input *in);
/* 0 .. n - 1; n is not 0. */
uint32_t input_below(struct input *in, uint32_t n);
/* True once in n. */
bool input_one_in(struct input *in, uint32_t n);
/* A number of any size, often one at which arithmetic breaks. */
uint64_t input_number(struct input *in);

/* ---- Reports ---- */

/* Says what is wrong, and ends the process so that the input is kept. */
__attribute__((__noreturn__, __format__(printf, 1, 2))) void fuzz_fail(const char *format, ...);

/* Counts what was compared; printed when the program ends. */
struct fuzz_count {
	const char *what;
	uint64_t nr;
	struct fuzz_count *next;
};
void fuzz_count_register(struct fuzz_count *count);

/*
 * A function of liburing's own library, where that is at hand (URING_UPSTREAM
 * names the file of its ffi library), else NULL.
 */
void *upstream_function(const char *name);
bool upstream_is_there(void);

#endif
