/* SPDX-License-Identifier: MIT */
/*
 * uring-cat - write files, pipes or standard input to standard output.
 *
 * The order of the bytes matters here, so there is one read and one write at a
 * time, but both run at once: while a write drains the filled buffers, reads
 * fill the empty ones. A write gathers all buffers filled in the meantime into
 * one vectored write.
 *
 *     buffers:   [ filled | filled | being read | empty ... ]
 *                  `-- one writev --'
 *
 * Offset -1 means "at the file position", which also suits pipes and terminals.
 */
#include "example.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { BUFFERS = 8, BUFFER_SIZE = 64 * 1024 };

static const uint64_t AT_FILE_POSITION = UINT64_MAX;

/* What a CQE answers. */
enum request { READ, WRITE, READABLE, WRITABLE };

struct buffer {
	char *data;
	unsigned start, end;	/* the bytes in it that are still to be written */
};

struct cat {
	struct io_uring ring;

	char **names;		/* inputs still to come */
	const char *name;	/* the current one, and its descriptor or -1 */
	int in;

	struct buffer buffers[BUFFERS];	/* a queue: `filled` of them, from `first` on */
	unsigned first, filled;
	struct iovec iovecs[BUFFERS];	/* stable while the write is in flight */
	bool reading, writing;
	int status;
};

/* ------------------------------------------------------------------ inputs */

/* `cat file >> file` would never end. */
static bool is_standard_output(int fd)
{
	struct stat in, out;

	return fstat(fd, &in) == 0 && fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(in.st_mode) &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

static void close_input(struct cat *cat)
{
	if (cat->in > STDIN_FILENO)
		close(cat->in);
	cat->in = -1;
}

/* Opens the next input that can be opened; false if there is none left. */
static bool open_input(struct cat *cat)
{
	while (cat->in < 0 && *cat->names != NULL) {
		cat->name = *cat->names++;
		if (strcmp(cat->name, "-") == 0) {
			cat->name = "standard input";
			cat->in = STDIN_FILENO;
		} else {
			cat->in = open(cat->name, O_RDONLY | O_CLOEXEC);
		}
		if (cat->in < 0) {
			complain(errno, "cannot open '%s'", cat->name);
			cat->status = 1;
		} else if (is_standard_output(cat->in)) {
			complain(0, "'%s' is also the output", cat->name);
			cat->status = 1;
			close_input(cat);
		}
	}
	return cat->in >= 0;
}

/* ------------------------------------------------------------- submissions */

static void start_read(struct cat *cat)
{
	struct buffer *buffer = &cat->buffers[(cat->first + cat->filled) % BUFFERS];
	struct io_uring_sqe *sqe = next_sqe(&cat->ring);

	io_uring_prep_read(sqe, cat->in, buffer->data, BUFFER_SIZE, AT_FILE_POSITION);
	io_uring_sqe_set_data64(sqe, READ);
	cat->reading = true;
}

static void start_write(struct cat *cat)
{
	struct io_uring_sqe *sqe = next_sqe(&cat->ring);

	for (unsigned i = 0; i < cat->filled; i++) {
		struct buffer *buffer = &cat->buffers[(cat->first + i) % BUFFERS];

		cat->iovecs[i].iov_base = buffer->data + buffer->start;
		cat->iovecs[i].iov_len = buffer->end - buffer->start;
	}
	io_uring_prep_writev(sqe, STDOUT_FILENO, cat->iovecs, cat->filled, AT_FILE_POSITION);
	io_uring_sqe_set_data64(sqe, WRITE);
	cat->writing = true;
}

/* Somebody made the descriptor non-blocking: wait until it is ready. */
static void start_poll(struct cat *cat, int fd, unsigned events, enum request request)
{
	struct io_uring_sqe *sqe = next_sqe(&cat->ring);

	io_uring_prep_poll_add(sqe, fd, events);
	io_uring_sqe_set_data64(sqe, request);
}

/* ------------------------------------------------------------- completions */

static void read_done(struct cat *cat, int res)
{
	if (res == -EAGAIN) {
		start_poll(cat, cat->in, POLLIN, READABLE);
		return;			/* still reading, in a way */
	}
	cat->reading = false;
	if (res > 0) {
		struct buffer *buffer = &cat->buffers[(cat->first + cat->filled) % BUFFERS];

		buffer->start = 0;
		buffer->end = (unsigned)res;
		cat->filled++;
	} else if (res != -EINTR) {
		if (res < 0) {
			complain(res, "cannot read '%s'", cat->name);
			cat->status = 1;
		}
		close_input(cat);	/* the end, or no hope: on to the next */
	}
}

static void write_done(struct cat *cat, int res)
{
	if (res == -EAGAIN) {
		start_poll(cat, STDOUT_FILENO, POLLOUT, WRITABLE);
		return;
	}
	if (res == -EPIPE)
		exit(1);		/* the reader went away, as in `uring-cat x | head` */
	if (res < 0 && res != -EINTR)
		fail(res, "cannot write to standard output");

	cat->writing = false;
	for (unsigned left = res > 0 ? (unsigned)res : 0; left > 0; ) {
		struct buffer *buffer = &cat->buffers[cat->first];
		unsigned here = buffer->end - buffer->start;

		if (left < here) {
			buffer->start += left;
			return;
		}
		left -= here;
		cat->first = (cat->first + 1) % BUFFERS;
		cat->filled--;
	}
}

static void on_completion(struct cat *cat, enum request request, int res)
{
	switch (request) {
	case READ:
		read_done(cat, res);
		break;
	case WRITE:
		write_done(cat, res);
		break;
	case READABLE:
		cat->reading = false;	/* ready, or in an error that the next read will name */
		break;
	case WRITABLE:
		cat->writing = false;
		break;
	}
}

static void run(struct cat *cat)
{
	for (;;) {
		struct io_uring_cqe *cqe;
		unsigned head, count = 0;

		if (!cat->reading && cat->filled < BUFFERS && open_input(cat))
			start_read(cat);
		if (!cat->writing && cat->filled > 0)
			start_write(cat);
		if (!cat->reading && !cat->writing)
			return;

		submit_and_wait(&cat->ring);
		io_uring_for_each_cqe(&cat->ring, head, cqe) {
			on_completion(cat, (enum request)io_uring_cqe_get_data64(cqe), cqe->res);
			count++;
		}
		io_uring_cq_advance(&cat->ring, count);
	}
}

int main(int argc, char **argv)
{
	static char standard_input[] = "-";
	static char *only_standard_input[] = { standard_input, NULL };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct cat cat = { .in = -1 };
	int option;

	guard_standard_fds();
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option != 'h')
			bad_usage();
		puts("Usage: uring-cat [FILE...]\n"
		     "Write each file to standard output. Without a file, or for '-', standard input.");
		return finish(0);
	}
	cat.names = optind < argc ? argv + optind : only_standard_input;

	open_ring(&cat.ring, 4);
	char *memory = allocate(4096, (size_t)BUFFERS * BUFFER_SIZE);
	for (unsigned i = 0; i < BUFFERS; i++)
		cat.buffers[i].data = memory + (size_t)i * BUFFER_SIZE;

	run(&cat);

	io_uring_queue_exit(&cat.ring);
	free(memory);
	return cat.status;
}
