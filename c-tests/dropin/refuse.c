/* SPDX-License-Identifier: MIT */
/*
 * refuse ERRNO PROGRAM ARGUMENT...: runs a program under a seccomp filter that answers the three io_uring system calls with that errno
 * ("EPERM" as Docker does, or "ENOSYS" as a kernel built without io_uring), and all others as usual.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The calls have these numbers on every architecture but alpha and mips. */
enum { SETUP = 425, REGISTER = 427 };

int main(int argc, char **argv)
{
	unsigned error;

	if (argc < 3) {
		fprintf(stderr, "usage: refuse EPERM|ENOSYS PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	error = strcmp(argv[1], "ENOSYS") == 0 ? ENOSYS : EPERM;

	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SETUP, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, REGISTER, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("refuse: seccomp");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
