/* SPDX-License-Identifier: MIT */
/*
 * Operations on names of files, DEPTH of them at a time. An operation is one request.
 *
 *	dir=PATH depth=N
 *	what=stat	statx of DEPTH files, sizes checked
 *	what=open	openat of DEPTH files, then close
 *	what=rename	renameat of DEPTH files, to and fro
 *	what=mkdir	mkdirat and unlinkat of DEPTH directories
 *	by=ring
 *	by=loop		the system calls, one after the other
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_DEPTH 256

enum what { STAT, OPEN, RENAME, MKDIR, WHATS };

static const char *const names[WHATS] = { "stat", "open", "rename", "mkdir" };

static struct io_uring ring;
static enum what what;
static unsigned depth;
static int by_loop, dir = -1;
static char dir_path[512];
static char here[MOST_DEPTH][16], there[MOST_DEPTH][16];
static struct statx stats[MOST_DEPTH];
static int fds[MOST_DEPTH];
static int is_there;

static void make_file(unsigned i)
{
	int fd = openat(dir, here[i], O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)i + 1))
		die("%s: %s", here[i], strerror(errno));
	close(fd);
}

static void setup(void)
{
	const char *name = param("what", "stat");
	unsigned i;
	int ret;

	depth = (unsigned)param_number("depth", 32);
	by_loop = param_is("by", "loop");
	while (what < WHATS && strcmp(name, names[what]))
		what = (enum what)(what + 1);
	if (what == WHATS || !depth || depth > MOST_DEPTH)
		die("what=%s depth=%u?", name, depth);
	/* A directory of its own: the lock of a shared one would be measured too. */
	snprintf(dir_path, sizeof(dir_path), "%s/paths.%ld", param("dir", "/tmp"), (long)getpid());
	if (mkdir(dir_path, 0700))
		die("%s: %s", dir_path, strerror(errno));
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < depth; i++) {
		snprintf(here[i], sizeof(here[i]), "a%u", i);
		snprintf(there[i], sizeof(there[i]), "b%u", i);
		if (what != MKDIR)
			make_file(i);
	}
	if (by_loop)
		return;
	ret = io_uring_queue_init(depth, &ring, 0);
	if (ret == -ENOSYS || ret == -EPERM || ret == -EACCES)
		ret = -EPERM;
	if (ret) {
		for (i = 0; i < depth && what != MKDIR; i++)
			unlinkat(dir, here[i], 0);
		rmdir(dir_path);
		if (ret == -EPERM)
			skip("no ring: %s", strerror(-ret));
		die("no ring: %s", strerror(-ret));
	}
}

/* What is done with file i in the first half of a round, or the second. */
static void prepare(struct io_uring_sqe *sqe, unsigned i, int second)
{
	switch (what) {
	case STAT:
		io_uring_prep_statx(sqe, dir, here[i], 0, STATX_SIZE, &stats[i]);
		break;
	case OPEN:
		if (second)
			io_uring_prep_close(sqe, fds[i]);
		else
			io_uring_prep_openat(sqe, dir, here[i], O_RDONLY | O_CLOEXEC, 0);
		break;
	case RENAME:
		io_uring_prep_renameat(sqe, dir, second ? there[i] : here[i], dir, second ? here[i] : there[i], 0);
		break;
	default:
		if (second)
			io_uring_prep_unlinkat(sqe, dir, here[i], AT_REMOVEDIR);
		else
			io_uring_prep_mkdirat(sqe, dir, here[i], 0700);
		break;
	}
}

static int call(unsigned i, int second)
{
	switch (what) {
	case STAT:
		return statx(dir, here[i], 0, STATX_SIZE, &stats[i]);
	case OPEN:
		return second ? close(fds[i]) : openat(dir, here[i], O_RDONLY | O_CLOEXEC);
	case RENAME:
		return second ? renameat(dir, there[i], dir, here[i]) : renameat(dir, here[i], dir, there[i]);
	default:
		return second ? unlinkat(dir, here[i], AT_REMOVEDIR) : mkdirat(dir, here[i], 0700);
	}
}

static void take_result(unsigned i, int second, int res)
{
	int wants_number = what == OPEN && !second;

	if (wants_number ? res < 0 : res != 0)
		die("%s of file %u: %s", names[what], i, strerror(res < 0 ? -res : 0));
	if (wants_number)
		fds[i] = res;
}

static void half_round(int second)
{
	struct io_uring_cqe *cqe;
	unsigned i, head, seen = 0;
	int ret;

	if (by_loop) {
		for (i = 0; i < depth; i++) {
			ret = call(i, second);
			take_result(i, second, ret < 0 ? -errno : ret);
		}
		return;
	}
	for (i = 0; i < depth; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		if (!sqe)
			die("no SQE");
		prepare(sqe, i, second);
		sqe->user_data = i;
	}
	ret = io_uring_submit_and_wait(&ring, depth);
	if (ret != (int)depth)
		die("submit and wait: %d", ret);
	io_uring_for_each_cqe(&ring, head, cqe) {
		take_result((unsigned)cqe->user_data, second, cqe->res);
		seen++;
	}
	if (seen != depth)
		die("%u of %u completions", seen, depth);
	io_uring_cq_advance(&ring, seen);
}

static uint64_t run(uint64_t ops)
{
	uint64_t done;

	for (done = 0; done < ops; done += depth) {
		half_round(is_there);
		is_there = what == STAT ? 0 : !is_there;
	}
	return done;
}

static void check(void)
{
	struct stat status;
	unsigned i;

	for (i = 0; i < depth; i++) {
		if (what == STAT && stats[i].stx_size != i + 1)
			die("statx of file %u says %llu bytes", i, (unsigned long long)stats[i].stx_size);
		if (what == OPEN && is_there && (fstat(fds[i], &status) || status.st_size != (off_t)i + 1))
			die("openat opened another file");
		if (what == RENAME && fstatat(dir, is_there ? there[i] : here[i], &status, 0))
			die("file %u is not where it should be", i);
		if (what == MKDIR && (fstatat(dir, here[i], &status, 0) == 0) != is_there)
			die("directory %u is not what it should be", i);
	}
	memset(stats, 0, sizeof(stats));
}

static void finish(void)
{
	unsigned i;

	if (is_there)
		half_round(1);
	for (i = 0; i < depth && what != MKDIR; i++)
		unlinkat(dir, here[i], 0);
	if (rmdir(dir_path))
		die("%s: %s", dir_path, strerror(errno));
	if (!by_loop)
		io_uring_queue_exit(&ring);
}

int main(int argc, char **argv)
{
	static const struct bench bench = { .setup = setup, .run = run, .check = check, .finish = finish };

	return bench_main(argc, argv, &bench);
}
