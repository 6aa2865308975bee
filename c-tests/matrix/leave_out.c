/* SPDX-License-Identifier: MIT */
/*
 * Linked into the C tests in front of test_register() (ld's --wrap): the cases named in URING_TOOL_LEAVE_OUT, with a space before and
 * behind each name, are not in the program. left_out.tsv says which those are, and why.
 */
#include "../test.h"

void __real_test_register(struct test_case *c);
void __wrap_test_register(struct test_case *c);

void __wrap_test_register(struct test_case *c)
{
	const char *names = getenv("URING_TOOL_LEAVE_OUT");
	char name[256];

	snprintf(name, sizeof(name), " %s ", c->name);
	if (!names || !strstr(names, name))
		__real_test_register(c);
}
