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
#define URING_RS_BACKEND_KERNEL 1 /* the kernel's io_uring */
#define URING_RS_BACKEND_USER 2   /* reserved: an engine in the library itself; no ring has it yet */

/*
 * What serves a ring that is set up: one of URING_RS_BACKEND_*.
 */
int uring_rs_backend(const struct io_uring *ring);

/*
 * The name of a backend, "kernel"; NULL for a number that is none.
 */
const char *uring_rs_backend_name(int backend);

#ifdef __cplusplus
}
#endif

#endif
