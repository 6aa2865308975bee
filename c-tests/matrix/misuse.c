/* SPDX-License-Identifier: MIT */
/*
 * Mistakes that a sanitizer or valgrind has to report although a ring is in between: a silent tool would also be without false alarms.
 *
 *	misuse freed        an SQE is filled in memory that has been given back      (AddressSanitizer)
 *	misuse overflow     a helper is told to write behind the program's array     (AddressSanitizer)
 *	misuse misaligned   an SQE is where no SQE can be                            (UndefinedBehaviorSanitizer)
 *	misuse unread       the bytes that a request did not ask for are used        (memcheck)
 *	misuse unasked      a buffer is used though no request ever filled it        (memcheck)
 *
 * Ends with 0 if nobody stops it, and with 2 if it cannot do what it should.
 */
#include <uring.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 64 };

static int use(const char *bytes)
{
	/* A branch that depends on the bytes is what memcheck looks for. */
	if (bytes[0] == 'x')
		puts("x");
	else
		puts("another");
	return 0;
}

/* Half of the buffer is asked for. */
static int read_half(char *buf)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = open("/dev/zero", O_RDONLY);

	if (fd < 0 || io_uring_queue_init(4, &ring, 0))
		return 2;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, fd, buf, SIZE / 2, 0);
	if (io_uring_submit(&ring) != 1 || io_uring_wait_cqe(&ring, &cqe) || cqe->res != SIZE / 2)
		return 2;
	io_uring_cqe_seen(&ring, cqe);
	io_uring_queue_exit(&ring);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mistake = argc > 1 ? argv[1] : "";
	/* Behind volatile, so that the compiler does not see what is coming. */
	char *volatile memory = (char *)malloc(SIZE);
	char *buf = memory;

	if (!buf)
		return 2;
	if (!strcmp(mistake, "freed")) {
		free(memory);
		io_uring_prep_nop((struct io_uring_sqe *)(void *)buf);
		return 0;
	}
	if (!strcmp(mistake, "overflow")) {
		struct io_uring_cqe *cqes[2] = { NULL, NULL };
		struct io_uring_cqe **volatile behind = cqes + 2;
		struct io_uring ring;

		if (io_uring_queue_init(4, &ring, 0))
			return 2;
		io_uring_prep_nop(io_uring_get_sqe(&ring));
		io_uring_submit(&ring);
		return io_uring_peek_cqe(&ring, behind);
	}
	if (!strcmp(mistake, "misaligned")) {
		io_uring_prep_nop((struct io_uring_sqe *)(void *)(buf + 1));
		return 0;
	}
	if (!strcmp(mistake, "unread")) {
		int ret = read_half(buf);

		return ret ? ret : use(buf + SIZE / 2);
	}
	if (!strcmp(mistake, "unasked"))
		return use(buf);
	return 2;
}
