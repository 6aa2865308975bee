/* SPDX-License-Identifier: MIT */
/* Reading and writing files, pipes and directories: plain, vectored, fixed, with flags, and what bad requests answer. */
#include "test.h"

#include <sys/mman.h>
#include <sys/uio.h>

static int do_read(struct io_uring *ring, int fd, void *buf, unsigned len, uint64_t off)
{
	io_uring_prep_read(sqe_of(ring), fd, buf, len, off);
	return run_one(ring);
}

static int do_write(struct io_uring *ring, int fd, const void *buf, unsigned len, uint64_t off)
{
	io_uring_prep_write(sqe_of(ring), fd, buf, len, off);
	return run_one(ring);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */

TEST(a_file_is_read_at_any_offset)
{
	static const struct {
		unsigned off, len;
		int want;
	} cases[] = {
		{ 0, 4096, 4096 }, { 1, 1, 1 }, { 4095, 2, 2 }, { 10000, 90000, 90000 },
		{ 99990, 100, 10 }, { 100000, 1, 0 }, { 200000, 8, 0 }, { 5, 0, 0 },
	};
	static unsigned char buf[100000];
	struct io_uring ring;
	int fd = file_with_pattern("f", 100000);

	ring_up(&ring, 8, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(buf, 0, sizeof(buf));
		CHECK_EQ(do_read(&ring, fd, buf, cases[i].len, cases[i].off), cases[i].want);
		check_pattern(buf, cases[i].want, cases[i].off);
		if ((size_t)cases[i].want < sizeof(buf))
			CHECK_EQ(buf[cases[i].want], 0);
	}
	/* None of it moved the file position. */
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_file_is_written_at_any_offset)
{
	static unsigned char buf[70000], back[70000];
	struct io_uring ring;
	int fd = file_empty("f");

	ring_up(&ring, 8, 0);
	pattern_fill(buf, sizeof(buf), 5000);
	CHECK_EQ(do_write(&ring, fd, buf, sizeof(buf), 5000), (int)sizeof(buf));
	CHECK_EQ(lseek(fd, 0, SEEK_END), 75000);
	CHECK_EQ(pread(fd, back, sizeof(back), 5000), (long)sizeof(back));
	check_pattern(back, sizeof(back), 5000);
	/* The hole in front reads as zeroes. */
	CHECK_EQ(do_read(&ring, fd, back, 5000, 0), 5000);
	for (int i = 0; i < 5000; i++)
		CHECK_EQ(back[i], 0);
	CHECK_EQ(do_write(&ring, fd, buf, 0, 0), 0);
	io_uring_queue_exit(&ring);
}

TEST(an_offset_beyond_4_gib_is_kept_whole)
{
	const uint64_t far = (5ull << 32) + 123;
	unsigned char buf[64], back[64];
	struct io_uring ring;
	int fd = file_empty("f");

	ring_up(&ring, 8, 0);
	pattern_fill(buf, sizeof(buf), far);
	CHECK_EQ(do_write(&ring, fd, buf, sizeof(buf), far), 64);
	CHECK_EQ(lseek(fd, 0, SEEK_END), (long long)(far + 64));
	CHECK_EQ(do_read(&ring, fd, back, sizeof(back), far), 64);
	check_pattern(back, sizeof(back), far);
	io_uring_queue_exit(&ring);
}

TEST(offset_minus_one_uses_and_moves_the_file_position)
{
	unsigned char buf[300];
	struct io_uring ring;
	int fd = file_with_pattern("f", 1000);

	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, fd, buf, 300, -1), 300);
	check_pattern(buf, 300, 0);
	CHECK_EQ(do_read(&ring, fd, buf, 300, -1), 300);
	check_pattern(buf, 300, 300);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 600);
	pattern_fill(buf, 100, 7777);
	CHECK_EQ(do_write(&ring, fd, buf, 100, -1), 100);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 700);
	CHECK_EQ(do_read(&ring, fd, buf, 300, -1), 300);
	check_pattern(buf, 300, 700);
	CHECK_EQ(do_read(&ring, fd, buf, 300, -1), 0);
	CHECK_EQ(do_read(&ring, fd, buf, 100, 600), 100);
	check_pattern(buf, 100, 7777);
	io_uring_queue_exit(&ring);
}

TEST(an_append_file_grows_at_its_end_whatever_the_offset)
{
	struct io_uring ring;
	char back[6];
	int fd = (int)SYS(open("f", O_RDWR | O_CREAT | O_APPEND, 0600));

	ring_up(&ring, 8, 0);
	CHECK_EQ(do_write(&ring, fd, "abc", 3, 0), 3);
	CHECK_EQ(do_write(&ring, fd, "def", 3, 0), 3);
	CHECK_EQ(pread(fd, back, 6, 0), 6);
	CHECK_MEM(back, "abcdef", 6);
	io_uring_queue_exit(&ring);
}

static void vectors_of(struct iovec *vecs, unsigned n, unsigned char *area, size_t each)
{
	for (unsigned i = 0; i < n; i++) {
		vecs[i].iov_base = area + i * 2 * each;
		vecs[i].iov_len = each;
	}
}

TEST(vectored_reads_and_writes_scatter_and_gather)
{
	enum { N = 16, EACH = 700 };
	static unsigned char out[2 * N * EACH], in[2 * N * EACH];
	struct iovec ov[N], iv[N];
	struct io_uring ring;
	int fd = file_empty("f");

	ring_up(&ring, 8, 0);
	vectors_of(ov, N, out, EACH);
	vectors_of(iv, N, in, EACH);
	for (int i = 0; i < N; i++)
		pattern_fill(ov[i].iov_base, EACH, 100 + i * EACH);
	io_uring_prep_writev(sqe_of(&ring), fd, ov, N, 100);
	CHECK_EQ(run_one(&ring), N * EACH);
	io_uring_prep_readv(sqe_of(&ring), fd, iv, N, 100);
	CHECK_EQ(run_one(&ring), N * EACH);
	for (int i = 0; i < N; i++) {
		check_pattern(iv[i].iov_base, EACH, 100 + i * EACH);
		/* Between the vectors nothing was written. */
		CHECK_EQ(in[i * 2 * EACH + EACH], 0);
	}
	/* Short at the end of the file, in the middle of a vector. */
	io_uring_prep_readv(sqe_of(&ring), fd, iv, N, 100 + (N - 2) * EACH + 50);
	CHECK_EQ(run_one(&ring), 2 * EACH - 50);
	io_uring_prep_readv(sqe_of(&ring), fd, iv, 0, 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(the_iovecs_may_change_once_they_are_submitted)
{
	unsigned char buf[64];
	struct iovec iov = { .iov_base = buf, .iov_len = 8 };
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	memset(buf, 0, sizeof(buf));
	io_uring_prep_readv(sqe_of(&ring), fds[0], &iov, 1, 0);
	submit(&ring, 1);
	iov.iov_base = (void *)8;
	iov.iov_len = 1 << 30;
	write_all(fds[1], "12345678", 8);
	CHECK_EQ(reap(&ring).res, 8);
	CHECK_MEM(buf, "12345678", 8);
	io_uring_queue_exit(&ring);
}

TEST(more_vectors_than_the_limit_are_refused)
{
	static struct iovec vecs[1025];
	struct io_uring ring;
	char buf[1];
	int fd = file_with_pattern("f", 10);

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 1025; i++)
		vecs[i] = (struct iovec){ .iov_base = buf, .iov_len = 0 };
	io_uring_prep_readv(sqe_of(&ring), fd, vecs, 1024, 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_readv(sqe_of(&ring), fd, vecs, 1025, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(readv2_and_writev2_pass_their_flags)
{
	char buf[4];
	struct iovec iov = { .iov_base = buf, .iov_len = 4 };
	struct io_uring ring;
	int fd = file_with_pattern("f", 100);

	ring_up(&ring, 8, 0);
	memcpy(buf, "last", 4);
	io_uring_prep_writev2(sqe_of(&ring), fd, &iov, 1, 0, RWF_APPEND | RWF_DSYNC);
	CHECK_EQ(run_one(&ring), 4);
	CHECK_EQ(lseek(fd, 0, SEEK_END), 104);
	memset(buf, 0, 4);
	io_uring_prep_readv2(sqe_of(&ring), fd, &iov, 1, 100, 0);
	CHECK_EQ(run_one(&ring), 4);
	CHECK_MEM(buf, "last", 4);
	/* Polled I/O needs a ring for it. */
	io_uring_prep_readv2(sqe_of(&ring), fd, &iov, 1, 100, RWF_HIPRI);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_readv2(sqe_of(&ring), fd, &iov, 1, 0, 1 << 30);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_prep_writev2(sqe_of(&ring), fd, &iov, 1, 0, 1 << 30);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

TEST(many_reads_in_flight_all_find_their_place)
{
	enum { N = 256, EACH = 512 };
	static unsigned char buf[N][EACH];
	bool seen[N] = { false };
	struct io_uring ring;
	int fd = file_with_pattern("f", N * EACH);

	ring_up(&ring, N, 0);
	for (int i = 0; i < N; i++) {
		unsigned at = (i * 37) % N;
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_read(sqe, fd, buf[at], EACH, at * EACH);
		sqe->user_data = at;
		if (i % 5 == 0)
			io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	submit(&ring, N);
	for (int i = 0; i < N; i++) {
		struct answer a = reap(&ring);

		CHECK_EQ(a.res, EACH);
		CHECK_CMP(a.data, <, N);
		CHECK(!seen[a.data]);
		seen[a.data] = true;
	}
	check_pattern(buf, sizeof(buf), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_file_is_copied_with_reads_and_writes_in_flight)
{
	enum { SIZE = 3 * 1024 * 1024 + 777, BLOCK = 32768, DEPTH = 16 };
	static unsigned char blocks[DEPTH][BLOCK], back[SIZE];
	struct io_uring ring;
	int from = file_with_pattern("from", SIZE), to = file_empty("to");
	uint64_t at[DEPTH], next = 0;
	int busy = 0;

	ring_up(&ring, 2 * DEPTH, 0);
	for (int slot = 0; slot < DEPTH && next < SIZE; slot++, next += BLOCK, busy++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		at[slot] = next;
		io_uring_prep_read(sqe, from, blocks[slot], BLOCK, next);
		sqe->user_data = slot;
	}
	while (busy) {
		struct io_uring_sqe *sqe;
		struct answer a;
		int slot;

		CHECK_CMP(io_uring_submit_and_wait(&ring, 1), >=, 0);
		a = reap(&ring);
		slot = (int)(a.data % DEPTH);
		CHECK_EQ(a.res, SIZE - at[slot] < BLOCK ? SIZE - at[slot] : BLOCK);
		if (a.data < DEPTH) {
			sqe = sqe_of(&ring);
			io_uring_prep_write(sqe, to, blocks[slot], a.res, at[slot]);
			sqe->user_data = DEPTH + slot;
		} else if (next < SIZE) {
			sqe = sqe_of(&ring);
			at[slot] = next;
			io_uring_prep_read(sqe, from, blocks[slot], BLOCK, next);
			sqe->user_data = slot;
			next += BLOCK;
		} else {
			busy--;
		}
	}
	CHECK_EQ(pread(to, back, SIZE, 0), SIZE);
	CHECK_EQ(lseek(to, 0, SEEK_END), SIZE);
	check_pattern(back, SIZE, 0);
	io_uring_queue_exit(&ring);
}

TEST(a_file_opened_for_direct_io_is_read_and_written)
{
	enum { SIZE = 256 * 1024, BLOCK = 4096 };
	unsigned char *buf, *back = (unsigned char *)pages(SIZE);
	struct io_uring ring;
	int fd = open("f", O_RDWR | O_CREAT | O_DIRECT, 0600);

	if (fd < 0)
		test_skip("the file system of the temporary directory has no direct I/O: %s", strerror(errno));
	buf = (unsigned char *)pages(SIZE);
	pattern_fill(buf, SIZE, 0);
	ring_up(&ring, SIZE / BLOCK, 0);
	for (int i = 0; i < SIZE / BLOCK; i++)
		io_uring_prep_write(sqe_of(&ring), fd, buf + i * BLOCK, BLOCK, i * BLOCK);
	submit(&ring, SIZE / BLOCK);
	for (int i = 0; i < SIZE / BLOCK; i++)
		CHECK_EQ(reap(&ring).res, BLOCK);
	for (int i = 0; i < SIZE / BLOCK; i++)
		io_uring_prep_read(sqe_of(&ring), fd, back + i * BLOCK, BLOCK, i * BLOCK);
	submit(&ring, SIZE / BLOCK);
	for (int i = 0; i < SIZE / BLOCK; i++)
		CHECK_EQ(reap(&ring).res, BLOCK);
	check_pattern(back, SIZE, 0);
	/* At the end of the file, and misaligned: as pread() answers. */
	CHECK_EQ(do_read(&ring, fd, back, BLOCK, SIZE), 0);
	CHECK_EQ(do_read(&ring, fd, back + 1, 511, 3), pread(fd, back + 1, 511, 3) < 0 ? -errno : 511);
	io_uring_queue_exit(&ring);
}

TEST(a_pipe_in_the_place_of_a_file_opened_for_direct_io_is_waited_for)
{
	unsigned char *buf = (unsigned char *)pages(4096);
	struct io_uring ring;
	int fd, fds[2];

	close(file_with_pattern("f", 4096));
	fd = open("f", O_RDWR | O_DIRECT);
	if (fd < 0)
		test_skip("the file system of the temporary directory has no direct I/O: %s", strerror(errno));
	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, fd, buf, 4096, 0), 4096);
	pipe_up(fds);
	SYS(dup2(fds[0], fd));
	io_uring_prep_read(sqe_of(&ring), fd, buf, 4, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(fds[1], "abcd", 4);
	CHECK_EQ(reap(&ring).res, 4);
	CHECK_MEM(buf, "abcd", 4);
	io_uring_queue_exit(&ring);
}

/* ---- fixed buffers ------------------------------------------------------------------------------------------------------------- */

TEST(fixed_buffers_carry_reads_and_writes)
{
	enum { LEN = 16384 };
	unsigned char *area[2] = { (unsigned char *)pages(LEN), (unsigned char *)pages(LEN) };
	struct iovec iov[2] = { { area[0], LEN }, { area[1], LEN } };
	struct io_uring ring;
	int fd = file_empty("f");

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_buffers(&ring, iov, 2), 0);
	pattern_fill(area[0], LEN, 0);
	io_uring_prep_write_fixed(sqe_of(&ring), fd, area[0], LEN, 0, 0);
	CHECK_EQ(run_one(&ring), LEN);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area[1], LEN, 0, 1);
	CHECK_EQ(run_one(&ring), LEN);
	check_pattern(area[1], LEN, 0);
	/* A part from the middle. */
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area[0] + 5000, 1234, 777, 0);
	CHECK_EQ(run_one(&ring), 1234);
	check_pattern(area[0] + 5000, 1234, 777);
	check_pattern(area[0], 5000, 0);
	io_uring_queue_exit(&ring);
}

TEST(fixed_requests_outside_their_buffer_are_efault)
{
	enum { LEN = 8192 };
	unsigned char *area = (unsigned char *)pages(2 * LEN);
	struct iovec iov = { area, LEN };
	struct io_uring ring;
	int fd = file_with_pattern("f", 4 * LEN);

	ring_up(&ring, 8, 0);
	/* No table at all. */
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area, 10, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	/* An index beyond it. */
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area, 10, 0, 1);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area - 1, 10, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area + LEN - 5, 6, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area + LEN, 1, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, (void *)(UINTPTR_MAX - 4), 64, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area + LEN - 5, 5, 0, 0);
	CHECK_EQ(run_one(&ring), 5);
	CHECK_EQ(io_uring_unregister_buffers(&ring), 0);
	io_uring_prep_read_fixed(sqe_of(&ring), fd, area, 10, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(vectored_fixed_requests_stay_inside_one_registered_buffer)
{
	enum { LEN = 8192 };
	unsigned char *area = (unsigned char *)pages(2 * LEN);
	struct iovec iov = { area, LEN }, vecs[2] = { { area, 1000 }, { area + 4000, 2000 } };
	struct io_uring ring;
	int fd = file_with_pattern("f", LEN), to = file_empty("g");
	unsigned char back[3000];

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_READV_FIXED);
	CHECK_EQ(io_uring_register_buffers(&ring, &iov, 1), 0);
	io_uring_prep_readv_fixed(sqe_of(&ring), fd, vecs, 2, 50, 0, 0);
	CHECK_EQ(run_one(&ring), 3000);
	check_pattern(area, 1000, 50);
	check_pattern(area + 4000, 2000, 1050);
	io_uring_prep_writev_fixed(sqe_of(&ring), to, vecs, 2, 0, 0, 0);
	CHECK_EQ(run_one(&ring), 3000);
	CHECK_EQ(pread(to, back, 3000, 0), 3000);
	check_pattern(back, 3000, 50);
	vecs[1].iov_base = area + LEN - 100;
	io_uring_prep_readv_fixed(sqe_of(&ring), fd, vecs, 2, 0, 0, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

/* ---- fixed files --------------------------------------------------------------------------------------------------------------- */

TEST(a_registered_file_is_named_by_its_index)
{
	unsigned char buf[100];
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[3] = { file_with_pattern("a", 100), -1, file_empty("b") };

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, fds, 3), 0);
	/* The table holds the files; the descriptors may go. */
	close(fds[0]);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, 0, buf, 100, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), 100);
	check_pattern(buf, 100, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_write(sqe, 2, buf, 100, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), 100);
	CHECK_EQ(lseek(fds[2], 0, SEEK_END), 100);
	/* An empty slot, and none. */
	for (int index = 1; index < 5; index += 2) {
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, index, buf, 100, 0);
		io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
		CHECK_EQ(run_one(&ring), -EBADF);
	}
	CHECK_EQ(io_uring_unregister_files(&ring), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, 0, buf, 100, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- pipes --------------------------------------------------------------------------------------------------------------------- */

TEST(a_read_from_an_empty_pipe_waits_for_data)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	for (int nonblock = 0; nonblock < 2; nonblock++) {
		SYS(pipe2(fds, nonblock ? O_NONBLOCK : 0));
		ring_up(&ring, 8, 0);
		/* The offset means nothing on a pipe. */
		io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 4096);
		submit(&ring, 1);
		if (nonblock) {
			/* RWF_NOWAIT is the way to ask for -EAGAIN; O_NONBLOCK is not. */
			struct io_uring_sqe *sqe = sqe_of(&ring);

			check_quiet(&ring);
			io_uring_prep_read(sqe, fds[0], buf, sizeof(buf), 0);
			sqe->rw_flags = RWF_NOWAIT;
			CHECK_EQ(run_one(&ring), -EAGAIN);
		}
		check_quiet(&ring);
		write_all(fds[1], "data", 4);
		CHECK_EQ(reap(&ring).res, 4);
		CHECK_MEM(buf, "data", 4);
		io_uring_queue_exit(&ring);
		close(fds[0]);
		close(fds[1]);
	}
}

TEST(a_read_ends_with_zero_when_the_last_writer_goes)
{
	struct io_uring ring;
	char buf[8];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], buf, sizeof(buf), 0);
	submit(&ring, 1);
	check_quiet(&ring);
	close(fds[1]);
	CHECK_EQ(reap(&ring).res, 0);
	CHECK_EQ(do_read(&ring, fds[0], buf, sizeof(buf), 0), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_write_into_a_full_pipe_waits_for_room)
{
	static char chunk[4096], drain[65536];
	struct io_uring ring;
	int fds[2];
	long full = 0, n;

	SYS(pipe2(fds, O_NONBLOCK));
	while ((n = write(fds[1], chunk, sizeof(chunk))) > 0)
		full += n;
	ring_up(&ring, 8, 0);
	io_uring_prep_write(sqe_of(&ring), fds[1], chunk, sizeof(chunk), 0);
	submit(&ring, 1);
	check_quiet(&ring);
	CHECK_EQ(read(fds[0], drain, full < (long)sizeof(drain) ? full : (long)sizeof(drain)), full);
	CHECK_EQ(reap(&ring).res, (int)sizeof(chunk));
	io_uring_queue_exit(&ring);
}

TEST(a_write_into_a_pipe_without_readers_is_epipe)
{
	struct io_uring ring;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	pipe_up(fds);
	close(fds[0]);
	ring_up(&ring, 8, 0);
	CHECK_EQ(do_write(&ring, fds[1], "x", 1, 0), -EPIPE);
	io_uring_queue_exit(&ring);
}

TEST(every_pending_pipe_read_gets_a_byte_of_its_own)
{
	struct io_uring ring;
	char buf[6];
	int fds[2], seen = 0;

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	for (int i = 0; i < 6; i++) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_read(sqe, fds[0], &buf[i], 1, 0);
		sqe->user_data = i;
	}
	submit(&ring, 6);
	check_quiet(&ring);
	write_all(fds[1], "abcdef", 6);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(reap(&ring).res, 1);
	for (int i = 0; i < 6; i++)
		seen |= 1 << (buf[i] - 'a');
	CHECK_EQ(seen, 0x3f);
	io_uring_queue_exit(&ring);
}

/* ---- what bad requests answer ------------------------------------------------------------------------------------------------------ */

TEST(bad_descriptors_are_ebadf)
{
	struct io_uring ring;
	char buf[8];
	int ro, wo, gone = file_with_pattern("f", 8);

	ring_up(&ring, 8, 0);
	ro = (int)SYS(open("f", O_RDONLY));
	wo = (int)SYS(open("f", O_WRONLY));
	close(gone);
	CHECK_EQ(do_read(&ring, gone, buf, 8, 0), -EBADF);
	CHECK_EQ(do_read(&ring, -1, buf, 8, 0), -EBADF);
	CHECK_EQ(do_write(&ring, gone, buf, 8, 0), -EBADF);
	CHECK_EQ(do_write(&ring, ro, buf, 8, 0), -EBADF);
	CHECK_EQ(do_read(&ring, wo, buf, 8, 0), -EBADF);
	CHECK_EQ(do_read(&ring, (int)SYS(open(".", O_PATH)), buf, 8, 0), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(a_bad_buffer_is_efault)
{
	struct iovec bad = { (void *)8, 8 };
	struct io_uring ring;
	int fds[2], fd = file_with_pattern("f", 8192);

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, fd, (void *)8, 8, 0), -EFAULT);
	CHECK_EQ(do_read(&ring, fd, NULL, 8, 0), -EFAULT);
	CHECK_EQ(do_write(&ring, fd, (void *)8, 8, 0), -EFAULT);
	CHECK_EQ(do_write(&ring, fds[1], (void *)8, 8, 0), -EFAULT);
	io_uring_prep_readv(sqe_of(&ring), fd, &bad, 1, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_readv(sqe_of(&ring), fd, (struct iovec *)8, 1, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_writev(sqe_of(&ring), fd, (struct iovec *)8, 1, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_queue_exit(&ring);
}

TEST(a_buffer_that_ends_in_the_middle_gives_a_short_count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *area = (unsigned char *)pages(2 * page);
	struct io_uring ring;
	int fd = file_with_pattern("f", 4 * page);

	SYS(mprotect(area + page, page, PROT_NONE));
	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, fd, area, 2 * page, 0), page);
	check_pattern(area, page, 0);
	io_uring_queue_exit(&ring);
}

TEST(bad_offsets_and_flags_are_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int fd = file_with_pattern("f", 8);

	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, fd, buf, 8, (uint64_t)-2), -EINVAL);
	CHECK_EQ(do_write(&ring, fd, buf, 8, (uint64_t)-2), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fd, buf, 8, 0);
	sqe->rw_flags = 1 << 30;
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	/* A flag of the request that does not exist. */
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fd, buf, 8, 0);
	sqe->flags = 1 << 7;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_directory_is_not_read)
{
	struct io_uring ring;
	char buf[8];

	ring_up(&ring, 8, 0);
	CHECK_EQ(do_read(&ring, (int)SYS(open(".", O_RDONLY | O_DIRECTORY)), buf, 8, 0), -EISDIR);
	io_uring_queue_exit(&ring);
}

TEST(special_files_are_served)
{
	unsigned char buf[64];
	struct io_uring ring;
	int zero = (int)SYS(open("/dev/zero", O_RDWR)), null = (int)SYS(open("/dev/null", O_RDWR));

	ring_up(&ring, 8, 0);
	memset(buf, 1, sizeof(buf));
	CHECK_EQ(do_read(&ring, zero, buf, sizeof(buf), 0), 64);
	for (int i = 0; i < 64; i++)
		CHECK_EQ(buf[i], 0);
	CHECK_EQ(do_read(&ring, null, buf, sizeof(buf), 0), 0);
	CHECK_EQ(do_write(&ring, null, buf, sizeof(buf), 0), 64);
	CHECK_EQ(do_read(&ring, (int)SYS(open("/proc/self/stat", O_RDONLY)), buf, sizeof(buf), 0), 64);
	io_uring_queue_exit(&ring);
}

TEST(a_pipe_that_was_spliced_can_still_be_asked_not_to_wait)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];
	int from[2], to[2];

	pipe_up(from);
	pipe_up(to);
	ring_up(&ring, 8, 0);
	write_all(from[1], "abc", 3);
	io_uring_prep_splice(sqe_of(&ring), from[0], -1, to[1], -1, 3, 0);
	CHECK_EQ(run_one(&ring), 3);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, i ? from[0] : to[0], buf, sizeof(buf), 0);
		sqe->rw_flags = RWF_NOWAIT;
		CHECK_EQ(run_one(&ring), i ? -EAGAIN : 3);
	}
	CHECK_MEM(buf, "abc", 3);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		io_uring_prep_write(sqe, to[1], "def", 3, 0);
		sqe->rw_flags = RWF_NOWAIT;
		CHECK_EQ(run_one(&ring), 3);
	}
	read_all(to[0], buf, 6);
	CHECK_MEM(buf, "defdef", 6);
	io_uring_queue_exit(&ring);
}
