/* SPDX-License-Identifier: MIT */
/*
 * What uring_rs has beyond liburing. Programs that must also run on liburing leave this header out.
 */
#ifndef URING_RS_H
#define URING_RS_H

#include "uring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What can serve a ring. */
#define URING_RS_BACKEND_AUTO 0   /* the kernel; the engine where the kernel refuses io_uring with ENOSYS, EPERM or EACCES */
#define URING_RS_BACKEND_KERNEL 1 /* the kernel's io_uring, with its errors */
#define URING_RS_BACKEND_USER 2   /* the library's own engine, over plain system calls */

/*
 * What serves a ring that is set up: URING_RS_BACKEND_KERNEL or URING_RS_BACKEND_USER.
 */
int uring_rs_backend(const struct io_uring *ring);

/*
 * Chooses what serves the rings that this process makes from now on: one of URING_RS_BACKEND_*. Whoever starts a program chooses by
 * the environment: URING_RS_BACKEND=auto, kernel or user; without a choice it is auto.
 *
 * Returns 0, or -EINVAL for a number that is none.
 */
int uring_rs_set_backend(int backend);

/*
 * The name of a backend, "auto", "kernel" or "user"; NULL for a number that is none.
 */
const char *uring_rs_backend_name(int backend);

#ifdef __cplusplus
}
#endif

#endif
