/* SPDX-License-Identifier: MIT */
/*
 * Linked into the C tests when they run under a sanitizer or valgrind, in front of census_same() (ld's --wrap): these tools map memory of
 * their own at any time, so mappings tell nothing about a leak. Descriptors still do.
 */
#include "../test.h"

void __wrap_census_same(const char *file, int line, const struct census *before, int runs);

void __wrap_census_same(const char *file, int line, const struct census *before, int runs)
{
	int left = census_take().fds - before->fds;

	if (left)
		test_fail(file, line, "%d runs left %d descriptors behind", runs, left);
}
