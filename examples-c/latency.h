/* SPDX-License-Identifier: MIT */
/*
 * latency.h - a histogram for latencies in nanoseconds: exact below 128, then
 * 64 buckets for each power of two, so a percentile is right within 1.6 %.
 */
#ifndef URING_EXAMPLE_LATENCY_H
#define URING_EXAMPLE_LATENCY_H

#include <stdint.h>
#include <stdio.h>

enum { LATENCY_BUCKETS = 58 * 64 + 64 };

struct latency {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[LATENCY_BUCKETS];
};

static inline void latency_add(struct latency *latency, uint64_t ns)
{
	unsigned shift = ns < 128 ? 0 : 57 - (unsigned)__builtin_clzll(ns);

	/* ns >> shift lies in 64..127: seven significant bits */
	latency->buckets[shift * 64 + (ns >> shift)]++;
	latency->count++;
	if (ns > latency->max_ns)
		latency->max_ns = ns;
}

/* The latency that `percent` of the samples did not exceed. */
static inline uint64_t latency_percentile(const struct latency *latency, double percent)
{
	uint64_t rank = (uint64_t)((double)latency->count * percent / 100.0);
	uint64_t seen = 0;

	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->buckets[i];
		if (seen > rank) {
			unsigned shift = i < 128 ? 0 : i / 64 - 1;
			uint64_t upper = (((uint64_t)i - shift * 64 + 1) << shift) - 1;

			return upper < latency->max_ns ? upper : latency->max_ns;
		}
	}
	return latency->max_ns;
}

static inline void latency_print(const struct latency *latency)
{
	static const struct {
		const char *name;
		double percent;
	} marks[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 } };

	printf("  latency  ");
	for (unsigned i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		printf("%s %.1f  ", marks[i].name,
		       (double)latency_percentile(latency, marks[i].percent) / 1e3);
	printf("max %.1f microseconds\n", (double)latency->max_ns / 1e3);
}

#endif
