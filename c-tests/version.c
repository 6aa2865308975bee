/* SPDX-License-Identifier: MIT */
/* The version, as numbers, as macros and as a question. */
#include "test.h"

#include <liburing.h>

#if !IO_URING_CHECK_VERSION(2, 15) && !IO_URING_CHECK_VERSION(1, 99) && IO_URING_CHECK_VERSION(2, 16) && IO_URING_CHECK_VERSION(3, 0)
#define MACRO_TELLS_APART 1
#else
#define MACRO_TELLS_APART 0
#endif

TEST(the_library_says_2_15)
{
	CHECK_EQ(io_uring_major_version(), 2);
	CHECK_EQ(io_uring_minor_version(), 15);
}

TEST(the_header_says_what_the_library_says)
{
	CHECK_EQ(IO_URING_VERSION_MAJOR, io_uring_major_version());
	CHECK_EQ(IO_URING_VERSION_MINOR, io_uring_minor_version());
}

TEST(a_check_is_true_for_versions_that_are_newer)
{
	CHECK(!io_uring_check_version(2, 15));
	CHECK(!io_uring_check_version(2, 0));
	CHECK(!io_uring_check_version(1, 99));
	CHECK(!io_uring_check_version(0, 0));
	CHECK(io_uring_check_version(2, 16));
	CHECK(io_uring_check_version(3, 0));
	CHECK(io_uring_check_version(3, 99));
}

TEST(the_macro_checks_in_the_preprocessor)
{
	CHECK(MACRO_TELLS_APART);
}

TEST(either_name_of_the_header_defines_the_same_guards)
{
#if !defined(LIB_URING_H) || !defined(LIBURING_HAVE_DATA64) || !defined(LINUX_IO_URING_H)
	FAIL("a guard is missing");
#endif
	CHECK_EQ(LIBURING_UDATA_TIMEOUT, ~0ull);
	CHECK_EQ(sizeof(struct io_uring), 216);
}
