/* SPDX-License-Identifier: MIT */
/* The name that programs written for liburing include. */
#include "uring.h"
