/* SPDX-License-Identifier: MIT */
/*
 * Rows of requests that end as they are submitted, and what may stand between them; numbers that name another file from one
 * request to the next.
 */

#include "test.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int do_read(struct io_uring *ring, int fd, void *buf, unsigned len, uint64_t off)
{
	io_uring_prep_read(sqe_of(ring), fd, buf, len, off);
	return run_one(ring);
}

enum { BLOCK = 64, BLOCKS = 128 };

/* Reads block AT, or asks for nothing, in turns. */
static void prepare_one(struct io_uring *ring, int fd, unsigned char (*buf)[BLOCK], unsigned at)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	if (at % 3 == 2)
		io_uring_prep_nop(sqe);
	else
		io_uring_prep_read(sqe, fd, buf[at], BLOCK, (at * 5 % BLOCKS) * BLOCK);
	sqe->user_data = at;
}

static void check_one(struct answer a, unsigned char (*buf)[BLOCK], unsigned at)
{
	CHECK_EQ(a.data, at);
	CHECK_EQ(a.res, at % 3 == 2 ? 0 : BLOCK);
	if (at % 3 != 2)
		check_pattern(buf[at], BLOCK, (at * 5 % BLOCKS) * BLOCK);
}

TEST(cached_reads_and_nops_end_in_the_order_of_their_submission)
{
	static unsigned char buf[BLOCKS][BLOCK];
	struct io_uring ring;
	int fd = file_with_pattern("f", BLOCK * BLOCKS);

	ring_up(&ring, BLOCKS, 0);
	for (int round = 0; round < 3; round++) {
		memset(buf, 0, sizeof(buf));
		for (unsigned i = 0; i < BLOCKS; i++)
			prepare_one(&ring, fd, buf, i);
		submit(&ring, BLOCKS);
		for (unsigned i = 0; i < BLOCKS; i++)
			check_one(reap(&ring), buf, i);
	}
	io_uring_queue_exit(&ring);
}

TEST(the_order_is_kept_where_the_queue_has_no_room)
{
	static unsigned char buf[BLOCKS][BLOCK];
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 16 };
	struct io_uring ring;
	int fd = file_with_pattern("f", BLOCK * BLOCKS);

	ring_up_params(&ring, 16, &p);
	for (unsigned first = 0; first < BLOCKS - 16; first += 14) {
		for (unsigned i = first; i < first + 14; i++)
			prepare_one(&ring, fd, buf, i);
		submit(&ring, 14);
	}
	for (unsigned i = 0; i < BLOCKS - 16; i++)
		check_one(reap(&ring), buf, i);
	check_quiet(&ring);
	io_uring_queue_exit(&ring);
}

TEST(each_read_of_a_row_has_its_own_answer)
{
	enum { FULL, SHORT, END, FAULT, CLOSED, NOTHING, KINDS };
	static unsigned char buf[8 * KINDS][BLOCK];
	struct io_uring ring;
	int fd = file_with_pattern("f", 10 * BLOCK + 24), closed = dup(fd);

	ring_up(&ring, 8 * KINDS, 0);
	close(closed);
	for (int round = 0; round < 3; round++) {
		memset(buf, 0, sizeof(buf));
		for (unsigned i = 0; i < 8 * KINDS; i++) {
			struct io_uring_sqe *sqe = sqe_of(&ring);
			unsigned kind = (i * 5 + i / KINDS) % KINDS;
			void *to = kind == FAULT ? (void *)8 : buf[i];

			io_uring_prep_read(sqe, kind == CLOSED ? closed : fd, to, kind == NOTHING ? 0 : BLOCK,
					   kind == SHORT ? 10 * BLOCK : kind == END ? 99 * BLOCK : BLOCK);
			sqe->user_data = kind << 16 | i;
		}
		submit(&ring, 8 * KINDS);
		for (unsigned i = 0; i < 8 * KINDS; i++) {
			static const int wanted[] = { BLOCK, 24, 0, -EFAULT, -EBADF, 0 };
			struct answer a = reap(&ring);
			unsigned kind = (unsigned)(a.data >> 16);

			CHECK_CMP(kind, <, KINDS);
			CHECK_EQ(a.res, wanted[kind]);
			if (kind == FULL)
				check_pattern(buf[a.data & 0xffff], BLOCK, BLOCK);
			if (kind == SHORT)
				check_pattern(buf[a.data & 0xffff], 24, 10 * BLOCK);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(fixed_files_of_a_row_are_looked_up_each_time)
{
	static unsigned char buf[32][BLOCK];
	struct io_uring ring;
	int fds[2] = { file_with_pattern("f", BLOCK * BLOCKS), -1 };
	int other = file_with_pattern("g", BLOCK * BLOCKS), none = -1;

	ring_up(&ring, 32, 0);
	CHECK_EQ(io_uring_register_files(&ring, fds, 2), 0);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 32; i++) {
			struct io_uring_sqe *sqe = sqe_of(&ring);

			io_uring_prep_read(sqe, i % 8 == 7, buf[i], BLOCK, i * BLOCK);
			sqe->flags |= IOSQE_FIXED_FILE;
			sqe->user_data = i;
		}
		submit(&ring, 32);
		for (unsigned i = 0; i < 32; i++) {
			struct answer a = reap(&ring);

			CHECK_EQ(a.res, a.data % 8 == 7 ? -EBADF : BLOCK);
			if (a.res > 0)
				check_pattern(buf[a.data], BLOCK, a.data * BLOCK);
		}
	}
	CHECK_EQ(io_uring_register_files_update(&ring, 0, &none, 1), 1);
	CHECK_EQ(io_uring_register_files_update(&ring, 1, &other, 1), 1);
	for (unsigned i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_read(sqe, (int)i, buf[i], BLOCK, 3 * BLOCK);
		sqe->flags |= IOSQE_FIXED_FILE;
		sqe->user_data = i;
	}
	submit(&ring, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, a.data == 0 ? -EBADF : BLOCK);
	}
	check_pattern(buf[1], BLOCK, 3 * BLOCK);
	io_uring_queue_exit(&ring);
}

TEST(fixed_buffers_of_a_row_are_checked_each_time)
{
	enum { GOOD, BEYOND, NONE, SHORT, KINDS };
	static unsigned char buf[2][32 * BLOCK];
	struct iovec vectors[2] = { { buf[0], sizeof(buf[0]) }, { buf[1], sizeof(buf[1]) } };
	struct io_uring ring;
	int fd = file_with_pattern("f", BLOCK * BLOCKS);

	ring_up(&ring, 32, 0);
	CHECK_EQ(io_uring_register_buffers(&ring, vectors, 2), 0);
	CHECK_EQ(io_uring_register_files(&ring, &fd, 1), 0);
	for (int round = 0; round < 4; round++) {
		memset(buf, 0, sizeof(buf));
		for (unsigned i = 0; i < 32; i++) {
			struct io_uring_sqe *sqe = sqe_of(&ring);
			unsigned kind = i % 8 == 5 ? BEYOND : i % 8 == 6 ? NONE : i % 8 == 7 ? SHORT : GOOD;
			unsigned char *to = buf[i % 2] + i * BLOCK;

			/* A file's end, a byte too many, a buffer that is not there; the others one after the other. */
			io_uring_prep_read_fixed(sqe, round % 2 ? 0 : fd, kind == BEYOND ? buf[i % 2] + 31 * BLOCK + 1 : to, BLOCK,
						 kind == SHORT ? BLOCKS * BLOCK - 9 : i * BLOCK, kind == NONE ? 2 : (int)i % 2);
			if (round % 2)
				sqe->flags |= IOSQE_FIXED_FILE;
			sqe->user_data = kind << 16 | i;
		}
		submit(&ring, 32);
		for (unsigned i = 0; i < 32; i++) {
			static const int wanted[] = { BLOCK, -EFAULT, -EFAULT, 9 };
			struct answer a = reap(&ring);
			unsigned kind = (unsigned)(a.data >> 16), at = (unsigned)(a.data & 0xffff);

			CHECK_CMP(kind, <, KINDS);
			CHECK_EQ(a.res, wanted[kind]);
			if (kind == GOOD)
				check_pattern(buf[at % 2] + at * BLOCK, BLOCK, at * BLOCK);
		}
	}
	io_uring_queue_exit(&ring);
}

/* ---- a number and its files ----------------------------------------------------------------------------------------------------- */

static void read_as_pipe(struct io_uring *ring, int fd, uint64_t offset)
{
	char buf[8];
	int fds[2];

	pipe_up(fds);
	SYS(dup2(fds[0], fd));
	for (int i = 0; i < 3; i++) {
		write_all(fds[1], "abcdef", 6);
		CHECK_EQ(do_read(ring, fd, buf, 2, offset), 2);
		CHECK_MEM(buf, "ab", 2);
		CHECK_EQ(do_read(ring, fd, buf, sizeof(buf), offset), 4);
		CHECK_MEM(buf, "cdef", 4);
		io_uring_prep_read(sqe_of(ring), fd, buf, sizeof(buf), offset);
		submit(ring, 1);
		check_quiet(ring);
		write_all(fds[1], "late", 4);
		CHECK_EQ(reap(ring).res, 4);
		CHECK_MEM(buf, "late", 4);
	}
	close(fds[1]);
	CHECK_EQ(do_read(ring, fd, buf, sizeof(buf), offset), 0);
	close(fds[0]);
}

static void read_as_file(struct io_uring *ring, int fd)
{
	unsigned char buf[BLOCK];
	int file = file_with_pattern("f", 10 * BLOCK);

	SYS(dup2(file, fd));
	CHECK_EQ(do_read(ring, fd, buf, BLOCK, 2 * BLOCK), BLOCK);
	check_pattern(buf, BLOCK, 2 * BLOCK);
	CHECK_EQ(do_read(ring, fd, buf, BLOCK, -1), BLOCK);
	check_pattern(buf, BLOCK, 0);
	CHECK_EQ(do_read(ring, fd, buf, BLOCK, -1), BLOCK);
	check_pattern(buf, BLOCK, BLOCK);
	CHECK_EQ(do_read(ring, fd, buf, BLOCK, 10 * BLOCK - 8), 8);
	close(file);
}

static void read_as_socket(struct io_uring *ring, int fd, uint64_t offset)
{
	char buf[8];
	int ends[2];

	SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	SYS(dup2(ends[0], fd));
	write_all(ends[1], "socket", 6);
	CHECK_EQ(do_read(ring, fd, buf, sizeof(buf), offset), 6);
	CHECK_MEM(buf, "socket", 6);
	io_uring_prep_read(sqe_of(ring), fd, buf, sizeof(buf), offset);
	submit(ring, 1);
	check_quiet(ring);
	write_all(ends[1], "more", 4);
	CHECK_EQ(reap(ring).res, 4);
	close(ends[0]);
	close(ends[1]);
}

static void read_as_eventfd(struct io_uring *ring, int fd, uint64_t offset)
{
	uint64_t count = 0;
	int event = eventfd(5, EFD_CLOEXEC);

	SYS(event);
	SYS(dup2(event, fd));
	CHECK_EQ(do_read(ring, fd, &count, sizeof(count), offset), 8);
	CHECK_EQ(count, 5);
	io_uring_prep_read(sqe_of(ring), fd, &count, sizeof(count), offset);
	submit(ring, 1);
	check_quiet(ring);
	SYS(eventfd_write(event, 7));
	CHECK_EQ(reap(ring).res, 8);
	CHECK_EQ(count, 7);
	close(event);
}

TEST(a_number_is_read_as_what_it_names_now)
{
	struct io_uring ring;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	SYS(fd);
	for (int placed = 0; placed < 2; placed++) {
		uint64_t offset = placed ? 0 : (uint64_t)-1;

		ring_up(&ring, 8, 0);
		for (int round = 0; round < 3; round++) {
			read_as_pipe(&ring, fd, offset);
			read_as_file(&ring, fd);
			read_as_pipe(&ring, fd, offset);
			read_as_socket(&ring, fd, offset);
			read_as_eventfd(&ring, fd, offset);
			read_as_file(&ring, fd);
			read_as_socket(&ring, fd, offset);
			read_as_pipe(&ring, fd, offset);
			read_as_eventfd(&ring, fd, offset);
		}
		io_uring_queue_exit(&ring);
	}
}
