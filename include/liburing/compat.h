/* SPDX-License-Identifier: MIT */
/*
 * Kernel types and constants that the interface mentions and that the build
 * host's headers may lack: they are old, or there are none (a bare musl tree).
 * What the host has is included, what it lacks is defined here, so that the
 * host's own header may come before or after this one.
 */
#ifndef LIBURING_COMPAT_H
#define LIBURING_COMPAT_H

#include <stdint.h>
#include <sys/types.h>

#ifdef __has_include
#if __has_include(<linux/types.h>)
#include <linux/types.h>
#define URING_HAVE_LINUX_TYPES_H 1
#endif
#if __has_include(<linux/fs.h>)
#include <linux/fs.h>
#define URING_HAVE_LINUX_FS_H 1
#endif
#if __has_include(<linux/time_types.h>)
#include <linux/time_types.h>
#define URING_HAVE_LINUX_TIME_TYPES_H 1
#endif
#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define URING_HAVE_LINUX_OPENAT2_H 1
#endif
#if __has_include(<linux/futex.h>)
#include <linux/futex.h>
#endif
#if __has_include(<linux/blkdev.h>)
#include <linux/blkdev.h>
#endif
#endif

#ifndef URING_HAVE_LINUX_TYPES_H
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef int32_t __s32;
__extension__ typedef long long __s64;
__extension__ typedef unsigned long long __u64;
#endif

#ifndef __aligned_u64
#define __aligned_u64 __u64 __attribute__((__aligned__(8)))
#endif

/* The flags of preadv2() and pwritev2(); <linux/fs.h> has it since 4.13. */
#ifndef URING_HAVE_LINUX_FS_H
typedef int __kernel_rwf_t;
#endif

/* A 64-bit timespec on every architecture; <linux/time_types.h> is from 5.1. */
#ifndef URING_HAVE_LINUX_TIME_TYPES_H
struct __kernel_timespec {
	__s64 tv_sec;
	__s64 tv_nsec;
};
#endif

/* Keeps a later <linux/io_uring.h> from including <linux/time_types.h>. */
#ifndef UAPI_LINUX_IO_URING_H_SKIP_LINUX_TIME_TYPES_H
#define UAPI_LINUX_IO_URING_H_SKIP_LINUX_TIME_TYPES_H 1
#endif

/* Since 5.6 in <linux/openat2.h>. */
#ifndef URING_HAVE_LINUX_OPENAT2_H
struct open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};
#endif

/* <linux/futex.h> has these three together since 5.16. */
#ifndef FUTEX_32
#define FUTEX_32 2
#define FUTEX_WAITV_MAX 128
struct futex_waitv {
	__u64 val;
	__u64 uaddr;
	__u32 flags;
	__u32 __reserved;
};
#endif

/* Since 6.7: the flags of the futex operations. */
#ifndef FUTEX2_SIZE_U32
#define FUTEX2_SIZE_U8 0x00
#define FUTEX2_SIZE_U16 0x01
#define FUTEX2_SIZE_U32 0x02
#define FUTEX2_SIZE_U64 0x03
#define FUTEX2_NUMA 0x04
#define FUTEX2_PRIVATE FUTEX_PRIVATE_FLAG
#define FUTEX2_SIZE_MASK 0x03
#endif
#ifndef FUTEX_PRIVATE_FLAG
#define FUTEX_PRIVATE_FLAG 128
#endif
#ifndef FUTEX_BITSET_MATCH_ANY
#define FUTEX_BITSET_MATCH_ANY 0xffffffff
#endif

/* What block devices understand as IORING_OP_URING_CMD: _IO(0x12, 0) and on. */
#ifndef BLOCK_URING_CMD_DISCARD
#define BLOCK_URING_CMD_DISCARD 0x1200
#endif
#ifndef BLOCK_URING_CMD_ZONE_RESET_ALL
#define BLOCK_URING_CMD_ZONE_RESET_ALL 0x1201
#endif

/*
 * C libraries show siginfo_t, sigset_t and idtype_t only to programs that ask
 * for POSIX or more; -std=c99 alone does not. In glibc each has a header of its
 * own, which works at any time. musl has to be asked when <signal.h> is included
 * for the first time, so that is done here, and the question taken back: the
 * program's own headers show what the program asked for.
 */
#ifdef __GLIBC__
#include <bits/types/siginfo_t.h>
#include <bits/types/sigset_t.h>
#include <bits/types/idtype_t.h>
#ifndef __id_t_defined
typedef __id_t id_t;
#define __id_t_defined
#endif
#else
#if defined(__STRICT_ANSI__) && !defined(_POSIX_C_SOURCE) &&                   \
	!defined(_XOPEN_SOURCE) && !defined(_BSD_SOURCE) &&                    \
	!defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L
#define URING_ASKED_FOR_POSIX 1
#endif
#include <signal.h>
#include <sys/wait.h>
#ifdef URING_ASKED_FOR_POSIX
#undef URING_ASKED_FOR_POSIX
#undef _POSIX_C_SOURCE
#endif
#endif

#endif
