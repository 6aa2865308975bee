/* SPDX-License-Identifier: MIT */
/*
 * Requests of one submission that read or write a file piece after piece. The engine may do them in one system call; each must be answered
 * as if it had been alone. Every case runs several rounds: what is known of a file changes how requests on it are done.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { PIECES = 100, PIECE = 512, ROUNDS = 4 };

static unsigned char data[PIECES * PIECE];

/* Sorted by user_data: they were numbered from 0 on. */
static void results(struct io_uring *ring, struct answer *answers, unsigned n)
{
	submit(ring, (int)n);
	reap_sorted(ring, answers, n);
	for (unsigned i = 0; i < n; i++)
		CHECK_EQ(answers[i].data, i);
	check_quiet(ring);
}

static struct io_uring_sqe *prep_piece(struct io_uring *ring, bool writes, int fd, unsigned char *at, unsigned len, uint64_t off, uint64_t number)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	if (writes)
		io_uring_prep_write(sqe, fd, at, len, off);
	else
		io_uring_prep_read(sqe, fd, at, len, off);
	io_uring_sqe_set_data64(sqe, number);
	return sqe;
}

TEST(pieces_of_a_file_read_in_one_submission_each_get_their_own)
{
	static struct answer a[PIECES];
	struct io_uring ring;
	int fd = file_with_pattern("f", sizeof(data));

	ring_up(&ring, 128, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memset(data, 0, sizeof(data));
		/* In two halves of memory, the other way round: what is next to each other in the file is not in memory. */
		for (unsigned i = 0; i < PIECES; i++)
			prep_piece(&ring, false, fd, data + (i + PIECES / 2) % PIECES * PIECE, PIECE, i * PIECE, i);
		results(&ring, a, PIECES);
		for (unsigned i = 0; i < PIECES; i++) {
			CHECK_EQ(a[i].res, PIECE);
			check_pattern(data + (i + PIECES / 2) % PIECES * PIECE, PIECE, i * PIECE);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(pieces_of_a_file_written_in_one_submission_all_arrive)
{
	static struct answer a[PIECES];
	static unsigned char back[sizeof(data)];
	struct io_uring ring;
	int fd = file_empty("f");

	ring_up(&ring, 128, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		const uint64_t base = round * 1000;

		pattern_fill(data, sizeof(data), base);
		for (unsigned i = 0; i < PIECES; i++)
			prep_piece(&ring, true, fd, data + i * PIECE, PIECE, base + i * PIECE, i);
		results(&ring, a, PIECES);
		for (unsigned i = 0; i < PIECES; i++)
			CHECK_EQ(a[i].res, PIECE);
		CHECK_EQ(pread(fd, back, sizeof(back), (off_t)base), (long)sizeof(back));
		check_pattern(back, sizeof(back), base);
	}
	io_uring_queue_exit(&ring);
}

TEST(the_piece_at_the_end_of_a_file_is_short_and_those_behind_it_empty)
{
	struct answer a[8];
	struct io_uring ring;
	int fd = file_with_pattern("f", 3 * PIECE + 100);

	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memset(data, 0, sizeof(data));
		for (unsigned i = 0; i < 8; i++)
			prep_piece(&ring, false, fd, data + i * PIECE, PIECE, i * PIECE, i);
		results(&ring, a, 8);
		for (unsigned i = 0; i < 8; i++)
			CHECK_EQ(a[i].res, i < 3 ? PIECE : i == 3 ? 100 : 0);
		check_pattern(data, 3 * PIECE + 100, 0);
		for (unsigned i = 3 * PIECE + 100; i < 8 * PIECE; i++)
			CHECK_EQ(data[i], 0);
	}
	io_uring_queue_exit(&ring);
}

/* One page that can be used, and behind it one that cannot. */
static unsigned char *page_before_nothing(void)
{
	unsigned char *area = pages(8192);

	SYS(mprotect(area + 4096, 4096, PROT_NONE));
	return area;
}

static void bad_memory_in_the_middle(bool writes)
{
	struct answer a[6];
	struct io_uring ring;
	unsigned char *edge = page_before_nothing();
	int fd = file_with_pattern("f", 6 * PIECE);

	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		/* The third is bad from its first byte on, the fifth from its middle on. */
		unsigned char *at[6] = { data, data + PIECE, edge + 4096, data + 3 * PIECE, edge + 4096 - PIECE / 2, data + 5 * PIECE };

		pattern_fill(data, sizeof(data), 0);
		pattern_fill(edge, 4096, 4 * PIECE - 4096 + PIECE / 2);
		for (unsigned i = 0; i < 6; i++)
			prep_piece(&ring, writes, fd, at[i], PIECE, i * PIECE, i);
		results(&ring, a, 6);
		for (unsigned i = 0; i < 6; i++) {
			if (i == 2)
				CHECK_EQ(a[i].res, -EFAULT);
			else if (i == 4)
				CHECK(a[i].res == PIECE / 2 || a[i].res == -EFAULT);
			else
				CHECK_EQ(a[i].res, PIECE);
		}
		check_pattern(data, 2 * PIECE, 0);
		check_pattern(data + 3 * PIECE, PIECE, 3 * PIECE);
		check_pattern(data + 5 * PIECE, PIECE, 5 * PIECE);
	}
	/* What was written was what was there. */
	memset(data, 0, sizeof(data));
	CHECK_EQ(pread(fd, data, 6 * PIECE, 0), 6 * PIECE);
	check_pattern(data, 6 * PIECE, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_piece_with_bad_memory_fails_alone_when_read)
{
	bad_memory_in_the_middle(false);
}

TEST(a_piece_with_bad_memory_fails_alone_when_written)
{
	bad_memory_in_the_middle(true);
}

TEST(a_link_between_pieces_holds)
{
	struct answer a[6];
	struct io_uring ring;
	int fd = file_with_pattern("f", 3 * PIECE + 10);

	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 6; i++) {
			struct io_uring_sqe *sqe = prep_piece(&ring, false, fd, data + i * PIECE, PIECE, i * PIECE, i);

			/* 2 -> 3 -> 4: the read of 3 is short and breaks the link. */
			if (i == 2 || i == 3)
				sqe->flags = IOSQE_IO_LINK;
		}
		results(&ring, a, 6);
		CHECK_EQ(a[0].res, PIECE);
		CHECK_EQ(a[1].res, PIECE);
		CHECK_EQ(a[2].res, PIECE);
		CHECK_EQ(a[3].res, 10);
		CHECK_EQ(a[4].res, -ECANCELED);
		CHECK_EQ(a[5].res, 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_silent_piece_among_others_is_done_and_says_nothing)
{
	struct answer a[5];
	struct io_uring ring;
	int fd = file_with_pattern("f", 6 * PIECE);

	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memset(data, 0, sizeof(data));
		for (unsigned i = 0; i < 6; i++) {
			struct io_uring_sqe *sqe = prep_piece(&ring, false, fd, data + i * PIECE, PIECE, i * PIECE, i);

			if (i == 3)
				sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
		}
		submit(&ring, 6);
		reap_sorted(&ring, a, 5);
		check_quiet(&ring);
		for (unsigned i = 0; i < 5; i++) {
			CHECK_EQ(a[i].data, i < 3 ? i : i + 1);
			CHECK_EQ(a[i].res, PIECE);
		}
		check_pattern(data, 6 * PIECE, 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(pieces_that_only_look_like_neighbours_keep_to_themselves)
{
	struct answer a[8];
	struct io_uring ring;
	int fd = file_with_pattern("f", 8 * PIECE), other = file_with_pattern("g", PIECE), fds[2];

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		memset(data, 0, sizeof(data));
		pattern_fill(data + 4 * PIECE, PIECE, 100 * PIECE);
		write_all(fds[1], "pipe", 4);
		prep_piece(&ring, false, fd, data, PIECE, 0, 0);
		prep_piece(&ring, false, fd, data + PIECE, 0, PIECE, 1);             /* empty */
		prep_piece(&ring, false, fd, data + PIECE, PIECE, PIECE, 2);
		prep_piece(&ring, false, other, data + 2 * PIECE, PIECE, 2 * PIECE, 3); /* another file */
		prep_piece(&ring, false, fd, data + 3 * PIECE, PIECE, 3 * PIECE, 4);
		prep_piece(&ring, true, fd, data + 4 * PIECE, PIECE, 4 * PIECE, 5);  /* a write */
		prep_piece(&ring, false, fd, data + 5 * PIECE, PIECE, 5 * PIECE, 6);
		prep_piece(&ring, false, fds[0], data + 7 * PIECE, PIECE, 6 * PIECE, 7); /* a pipe has no places */
		results(&ring, a, 8);
		CHECK_EQ(a[1].res, 0);
		CHECK_EQ(a[3].res, 0);
		CHECK_EQ(a[7].res, 4);
		for (unsigned i = 0; i < 7; i++)
			if (i != 1 && i != 3)
				CHECK_EQ(a[i].res, PIECE);
		check_pattern(data, 2 * PIECE, 0);
		check_pattern(data + 3 * PIECE, PIECE, 3 * PIECE);
		check_pattern(data + 5 * PIECE, PIECE, 5 * PIECE);
		CHECK_EQ(pread(fd, data, PIECE, 4 * PIECE), PIECE);
		check_pattern(data, PIECE, 100 * PIECE);
		CHECK_MEM(data + 7 * PIECE, "pipe", 4);
	}
	io_uring_queue_exit(&ring);
}

TEST(pieces_appended_to_a_file_are_there_once)
{
	struct answer a[8];
	struct io_uring ring;
	bool seen[ROUNDS * 8] = { false };
	int fd = (int)SYS(open("f", O_RDWR | O_CREAT | O_APPEND, 0600));

	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 8; i++) {
			memset(data + i * PIECE, (int)(round * 8 + i + 1), PIECE);
			prep_piece(&ring, true, fd, data + i * PIECE, PIECE, i * PIECE, i);
		}
		results(&ring, a, 8);
		for (unsigned i = 0; i < 8; i++)
			CHECK_EQ(a[i].res, PIECE);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_END), ROUNDS * 8 * PIECE);
	for (unsigned i = 0; i < ROUNDS * 8; i++) {
		CHECK_EQ(pread(fd, data, PIECE, i * PIECE), PIECE);
		for (unsigned k = 1; k < PIECE; k++)
			CHECK_EQ(data[k], data[0]);
		CHECK(data[0] >= 1 && data[0] <= ROUNDS * 8 && !seen[data[0] - 1]);
		seen[data[0] - 1] = true;
	}
	io_uring_queue_exit(&ring);
}

TEST(the_piece_at_the_limit_of_file_sizes_is_cut_and_the_next_refused)
{
	struct rlimit limit;
	struct answer a[4];
	struct io_uring ring;
	int fd = file_empty("f");

	SYS(getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = 2 * PIECE + 100;
	signal(SIGXFSZ, SIG_IGN);
	SYS(setrlimit(RLIMIT_FSIZE, &limit));
	ring_up(&ring, 16, 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 4; i++)
			prep_piece(&ring, true, fd, data + i * PIECE, PIECE, i * PIECE, i);
		results(&ring, a, 4);
		CHECK_EQ(a[0].res, PIECE);
		CHECK_EQ(a[1].res, PIECE);
		CHECK_EQ(a[2].res, 100);
		CHECK_EQ(a[3].res, -EFBIG);
	}
	io_uring_queue_exit(&ring);
}

TEST(more_pieces_than_the_cq_has_room_for_lose_nothing)
{
	static struct answer a[3 * 16];
	struct io_uring_params p = { .flags = IORING_SETUP_CQSIZE, .cq_entries = 16 };
	struct io_uring ring;
	int fd = file_with_pattern("f", 16 * PIECE);

	ring_up_params(&ring, 16, &p);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 16; i++)
			prep_piece(&ring, false, fd, data + i * PIECE, PIECE, i * PIECE, round * 16 + i);
		submit(&ring, 16);
	}
	reap_sorted(&ring, a, 3 * 16);
	for (unsigned i = 0; i < 3 * 16; i++) {
		CHECK_EQ(a[i].data, i);
		CHECK_EQ(a[i].res, PIECE);
	}
	io_uring_queue_exit(&ring);
}
