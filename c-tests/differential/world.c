/* SPDX-License-Identifier: MIT */
/* What a program works on: files, pipes, sockets and the like, the same for each backend. */
#include "differential.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	/* No descriptor has the number of a place in a table: one used as the other is refused, on both sides. */
	LOWEST = 64,
	DIRECT_SIZE = 4 * BLOCK,
};

/* Moves a descriptor out of the way. */
static int high(int fd)
{
	int moved = fcntl(fd, F_DUPFD, LOWEST);

	if (fd < 0 || moved < 0)
		die("a descriptor of the world's");
	close(fd);
	return moved;
}

/* A connected pair of TCP sockets that leave nothing behind when they are closed. */
static void tcp_pair(int fds[2])
{
	static struct sockaddr_in addr = { .sin_family = AF_INET };
	static int listener = -1;
	struct linger abort = { 1, 0 };
	socklen_t len = sizeof(addr);

	if (listener < 0) {
		addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		listener = high(socket(AF_INET, SOCK_STREAM, 0));
		if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&addr, &len))
			die("a TCP listener");
	}
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fds[0], (struct sockaddr *)&addr, len) || (fds[1] = accept(listener, NULL, NULL)) < 0)
		die("a TCP connection");
	for (int i = 0; i < 2; i++)
		if (setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)))
			die("SO_LINGER");
}

/* Two UDP sockets that send to each other. */
static void udp_pair(int fds[2])
{
	struct sockaddr_in addr[2];
	socklen_t len = sizeof(addr[0]);

	for (int i = 0; i < 2; i++) {
		addr[i] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (bind(fds[i], (struct sockaddr *)&addr[i], len) || getsockname(fds[i], (struct sockaddr *)&addr[i], &len))
			die("a UDP socket");
	}
	for (int i = 0; i < 2; i++)
		if (connect(fds[i], (struct sockaddr *)&addr[!i], len))
			die("a UDP connection");
}

/* The file for direct I/O lies on the disk, which takes its time: it is made anew only where a program has touched it. */
static void make_direct_file(struct world *w, int side)
{
	static unsigned char pattern[DIRECT_SIZE] __attribute__((aligned(BLOCK)));
	static bool kept[SIDES];
	char path[96];
	int fd;

	/* Beside the directory, in which requests rename and remove. */
	snprintf(path, sizeof(path), "%s.direct", w->dir);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	/* A file system may have no direct I/O: then it is a file like the others. */
	if (fd < 0)
		fd = open(path, O_RDWR | O_CREAT, 0600);
	w->fd[FILE_DIRECT] = high(fd);
	for (int i = 0; i < DIRECT_SIZE; i++)
		pattern[i] = (unsigned char)(i * 7 + 1 + i / 256);
	if (!kept[side] || w->direct_touched) {
		if (pwrite(w->fd[FILE_DIRECT], pattern, DIRECT_SIZE, 0) != DIRECT_SIZE || ftruncate(w->fd[FILE_DIRECT], DIRECT_SIZE))
			die("write");
	}
	kept[side] = true;
}

static void make_files(struct world *w)
{
	unsigned char pattern[256];
	char path[96];

	for (int i = 0; i < 256; i++)
		pattern[i] = (unsigned char)(i * 7 + 1);
	snprintf(path, sizeof(path), "%s/file", w->dir);
	w->fd[FILE_RW] = high(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
	if (write(w->fd[FILE_RW], pattern, 256) != 256)
		die("write");
	w->fd[FILE_RO] = high(open(path, O_RDONLY));
}

void make_world(struct world *w, int side)
{
	struct sockaddr un = { .sa_family = AF_UNIX };
	bool direct_touched = w->direct_touched;
	int pairs[5][2];

	memset(w, 0, sizeof(*w));
	w->direct_touched = direct_touched;
	snprintf(w->dir, sizeof(w->dir), "d%d", side);
	if (mkdir(w->dir, 0700) && errno != EEXIST)
		die("mkdir");
	make_files(w);
	make_direct_file(w, side);
	w->direct_touched = false;
	if (pipe2(pairs[0], 0) || pipe2(pairs[1], 0) || socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[2]))
		die("pipe");
	tcp_pair(pairs[3]);
	udp_pair(pairs[4]);
	for (int i = 0; i < 10; i++)
		w->fd[PIPE_R + i] = high(pairs[i / 2][i % 2]);
	w->fd[DIRECTORY] = high(open(w->dir, O_RDONLY | O_DIRECTORY));
	w->fd[LISTENER] = high(socket(AF_UNIX, SOCK_STREAM, 0));
	/* Bound to a name of the kernel's choice. */
	if (bind(w->fd[LISTENER], &un, sizeof(sa_family_t)) || listen(w->fd[LISTENER], 4))
		die("listen");
	w->listener_len = sizeof(w->listener);
	if (getsockname(w->fd[LISTENER], (struct sockaddr *)&w->listener, &w->listener_len))
		die("getsockname");
	w->fd[UNCONNECTED] = high(socket(AF_UNIX, SOCK_STREAM, 0));
	w->fd[EPOLL] = high(epoll_create1(0));
	w->fd[EVENTFD] = high(eventfd(0, 0));
	w->fd[OTHER_RING] = w->fd[CLOSED] = GONE;
	w->fd[NEGATIVE] = -1;
	w->word[0] = w->word[1] = 5;
	memset(w->buf, 0xee, sizeof(w->buf));
	memset(w->block, 0xdd, sizeof(w->block));
}

void drop_world(struct world *w)
{
	static const char *const names[] = { "file", "new", "other" };

	/* A program may have made a directory where a file was, or moved one into the other. */
	for (int i = 0; i < 9; i++) {
		char inner[32];

		unlinkat(w->fd[DIRECTORY], names[i % 3], 0);
		for (int k = 0; k < 3; k++) {
			snprintf(inner, sizeof(inner), "%s/%s", names[i % 3], names[k]);
			if (unlinkat(w->fd[DIRECTORY], inner, 0))
				unlinkat(w->fd[DIRECTORY], inner, AT_REMOVEDIR);
		}
		unlinkat(w->fd[DIRECTORY], names[i % 3], AT_REMOVEDIR);
	}
	for (int i = 0; i < OTHER_RING; i++)
		if (w->fd[i] != GONE)
			close(w->fd[i]);
}

bool same_files(struct world *w)
{
	static const enum thing files[] = { FILE_RW, FILE_DIRECT };
	static unsigned char bytes[SIDES][2 * DIRECT_SIZE] __attribute__((aligned(BLOCK)));

	for (int i = 0; i < (w[0].direct_touched ? 2 : 1); i++) {
		ssize_t got[SIDES];

		for (int side = 0; side < SIDES; side++)
			got[side] = pread(w[side].fd[files[i]], bytes[side], sizeof(bytes[side]), 0);
		if (got[0] != got[1] || (got[0] > 0 && memcmp(bytes[0], bytes[1], (size_t)got[0]) != 0))
			return false;
	}
	return true;
}
