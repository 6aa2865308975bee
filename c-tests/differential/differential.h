/* SPDX-License-Identifier: MIT */
/* What the parts of the differential test share. differential.c says what it does. */
#ifndef URING_DIFFERENTIAL_H
#define URING_DIFFERENTIAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <uring.h>

enum { SIDES = 2, STEPS = 3, REQUESTS = 6, BUFFER = 64, BLOCK = 4096, GONE = 9999 };

/* Descriptors that a request may name; the last two name nothing. */
enum thing {
	FILE_RW, FILE_RO, FILE_DIRECT, PIPE_R, PIPE_W, PIPE2_R, PIPE2_W, SOCK_A, SOCK_B, TCP_A, TCP_B, UDP_A, UDP_B, DIRECTORY, LISTENER,
	UNCONNECTED, EPOLL, EVENTFD, OTHER_RING, CLOSED, NEGATIVE, THINGS
};

/* What addr, addr2 or addr3 becomes. */
enum memory { NUMBER, BYTES, ALIGNED, VECTORS, WILD, PATH, NEW_PATH, TIME, MESSAGE, NAME, EVENT, WORD, WORDS, HOW, ATTRIBUTE, STATUS, THING };

/* Times that a request may name. */
enum when { SOON, LATER, NEVER_WAS, LONG_AGO, TIMES };
extern struct __kernel_timespec times[TIMES];

/* What a program works on; one for each backend. */
struct world {
	int fd[THINGS];
	/* The number that the other ring has by itself. */
	int other_ring;
	char dir[64];
	struct sockaddr_un listener;
	socklen_t listener_len;
	unsigned char buf[STEPS][REQUESTS][BUFFER];
	unsigned char block[STEPS][REQUESTS][BLOCK] __attribute__((aligned(BLOCK)));
	/* The program has had to do with the file for direct I/O. */
	bool direct_touched;
	/* What requests read or fill beside their buffer. */
	struct place {
		struct iovec iov[2];
		struct msghdr msg;
		struct epoll_event event;
		struct open_how how;
		struct futex_waitv waiters[2];
		struct statx stx;
	} place[STEPS][REQUESTS];
	uint32_t word[2];
};

struct request {
	uint8_t op, flags;
	uint16_t ioprio;
	enum thing thing, other;
	enum memory memory, second, third;
	uint64_t addr, off, addr3;
	uint32_t len, op_flags, file_index;
	uint16_t buf_index, personality;
};

/* Random numbers of the program that runs. */
uint64_t rnd(void);
unsigned below(unsigned n);
bool one_in(unsigned n);

void die(const char *what);

/* world.c: one side's world, as new; and whether both sides' files hold the same. */
void make_world(struct world *w, int side);
void drop_world(struct world *w);
bool same_files(struct world *w);

/* A ring as far as its requests go. */
struct ring_kind {
	unsigned flags;
	/* It has drained: anything may be with the kernel's own threads. */
	bool drained;
	/* It has sent without copying. */
	bool notified;
	/* It had hard links, whose rest goes on after what was cancelled. */
	bool hard;
	/* Somebody may have connected. */
	bool met;
	/* No step was before. */
	bool is_new;
	/* Direct I/O on it ends alike on both backends: not where the kernel's driver cannot be polled. */
	bool transfers;
};

/* Chooses the requests of a step so that its outcome is determined; returns how many. */
int make_step(struct request *requests, const struct ring_kind *kind);
/* The SQE of request `i` of a step. */
void fill(struct io_uring_sqe *sqe, const struct request *r, struct world *w, int step, int i);
/* Programs make requests with this opcode. */
bool is_made(uint8_t op);
/* A request that promises a second completion of its own. */
bool has_notification(const struct request *r);
/* A request that answers with a descriptor. */
bool makes_a_descriptor(const struct request *r);
void show(const struct request *r, int i);

#endif
