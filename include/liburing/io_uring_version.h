/* SPDX-License-Identifier: MIT */
/*
 * The version of the interface that this header describes. A program that
 * must know which version of the library it runs on asks
 * io_uring_major_version() and io_uring_minor_version() instead.
 */
#ifndef LIBURING_VERSION_H
#define LIBURING_VERSION_H

#define IO_URING_VERSION_MAJOR 2
#define IO_URING_VERSION_MINOR 15

/*
 * True, also in an #if, when the header is older than major.minor: the
 * compile-time twin of io_uring_check_version().
 */
#define IO_URING_CHECK_VERSION(major, minor)                                   \
	((major) > IO_URING_VERSION_MAJOR ||                                   \
	 ((major) == IO_URING_VERSION_MAJOR &&                                 \
	  (minor) > IO_URING_VERSION_MINOR))

#endif
