/* SPDX-License-Identifier: MIT */
/*
 * Linked into the C tests when they run under valgrind, in front of syscall() (ld's --wrap). Valgrind before 3.21 does not know pidfd_open,
 * with which the runner of the tests waits for a case's end. Here it gets a descriptor that becomes readable at that time just as
 * well: the end of a pipe, whose other end a thread closes.
 */
#include "../test.h"

#include <pthread.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <sys/wait.h>

long __real_syscall(long nr, ...);
long __wrap_syscall(long nr, ...);

struct watch {
	pid_t pid;
	int fd;
};

static void *watch_end(void *arg)
{
	struct watch watch = *(struct watch *)arg;
	siginfo_t info;

	free(arg);
	waitid(P_PID, (id_t)watch.pid, &info, WEXITED | WNOWAIT);
	close(watch.fd);
	return NULL;
}

static long pipe_for_end_of(pid_t pid)
{
	struct watch *watch = (struct watch *)malloc(sizeof(*watch));
	pthread_t thread;
	int fds[2];

	if (!watch || pipe2(fds, O_CLOEXEC))
		return -1;
	watch->pid = pid;
	watch->fd = fds[1];
	if (pthread_create(&thread, NULL, watch_end, watch))
		return -1;
	pthread_detach(thread);
	return fds[0];
}

long __wrap_syscall(long nr, ...)
{
	va_list args;
	long a[6], ret;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	ret = __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (nr == SYS_pidfd_open && ret < 0 && errno == ENOSYS)
		return pipe_for_end_of((pid_t)a[0]);
	return ret;
}
