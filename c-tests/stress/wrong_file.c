/* SPDX-License-Identifier: MIT */
/*
 * The wrong file: a program closes a descriptor and gets its number for another file while requests on the old one are under way. Each file is
 * known by the bytes that it carries. A request brings bytes of the file it was made for or none, and another file neither loses bytes
 * nor gets any.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "stress.h"

enum { PLACES = 32, LENGTH = 16, PLAIN = 4096 };

/* A stream, both of whose ends are kept open under other numbers, or only the far one. */
struct stream {
	int near, far;
	uint64_t id;
	bool is_socket;
};

static struct io_uring ring;
static atomic_ulong handed_in, came_back, reused, delivered;
static uint64_t random_state = 1, ids;

static struct stream stream_up(bool is_socket)
{
	struct stream s = { .id = ++ids, .is_socket = is_socket };
	int fds[2];

	if (is_socket)
		SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	else
		SYS(pipe2(fds, O_CLOEXEC));
	s.near = fds[0];
	s.far = fds[1];
	return s;
}

static void stamp(uint64_t *bytes, uint64_t id)
{
	bytes[0] = id;
	bytes[1] = ~id;
}

static void put(int fd, uint64_t id)
{
	uint64_t bytes[LENGTH / 8];

	stamp(bytes, id);
	CHECK_EQ(write(fd, bytes, LENGTH), LENGTH);
}

static int waiting_bytes(int fd)
{
	int n = 0;

	SYS(ioctl(fd, FIONREAD, &n));
	return n;
}

static struct io_uring_sqe *prepare(uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(&ring);

	sqe->user_data = data;
	atomic_fetch_add(&handed_in, 1);
	return sqe;
}

/* The answer to a request, which may have to be cancelled; what else came is none of its business. */
static int answer(uint64_t data)
{
	int res = 0;
	bool found = false;

	while (!found || atomic_load(&came_back) < atomic_load(&handed_in)) {
		struct io_uring_cqe *cqe = cqe_of(&ring);

		if (cqe->user_data == data) {
			CHECK(!found);
			found = true;
			res = cqe->res;
		}
		io_uring_cqe_seen(&ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
	return res;
}

static void settle(void)
{
	struct __kernel_timespec ts = { .tv_nsec = 200000 };
	struct io_uring_cqe *cqe;

	/* Lets whatever is ready be done, without taking it. */
	(void)io_uring_wait_cqes(&ring, &cqe, 8, &ts, NULL);
}

/* A read waits on a number; the number becomes another file, both get bytes. */
static void reads(uint64_t r)
{
	bool keep = r & 1, socket = r & 2, other_is_plain = r & 4, plain_read = r & 8, late = r & 16;
	struct stream a = stream_up(socket), b = stream_up(r & 32);
	uint64_t got[LENGTH / 8] = { 0 }, second[LENGTH / 8] = { 0 }, want[LENGTH / 8];
	int number = a.near, kept = keep ? (int)SYS(fcntl(a.near, F_DUPFD_CLOEXEC, 3)) : -1, other, res;
	struct io_uring_sqe *sqe = prepare(1);

	if (socket && !plain_read)
		io_uring_prep_recv(sqe, number, got, LENGTH, 0);
	else
		io_uring_prep_read(sqe, number, got, LENGTH, 0);
	CHECK_EQ(OK(io_uring_submit(&ring)), 1);
	if (r & 64)
		settle();
	if (other_is_plain) {
		other = scratch_file(PLAIN, 0);
		put(other, ids + 1000000);
		SYS(lseek(other, 0, SEEK_SET));
	} else {
		other = b.near;
	}
	if (!late)
		SYS(dup2(other, number));
	/* Bytes for the old file, if anybody can read them, and for the new. */
	if (keep)
		put(a.far, a.id);
	if (late)
		SYS(dup2(other, number));
	atomic_fetch_add(&reused, 1);
	if (!other_is_plain)
		put(b.far, b.id);
	settle();
	settle();
	/* A request on the new file, made while the old one waits. */
	if (!other_is_plain && (r & 128)) {
		put(b.far, b.id);
		io_uring_prep_read(prepare(3), number, second, LENGTH, 0);
	}
	io_uring_prep_cancel64(prepare(2), 1, 0);
	OK(io_uring_submit(&ring));
	res = answer(1);
	stamp(want, a.id);
	if (res > 0) {
		CHECK_EQ(res, LENGTH);
		if (memcmp(got, want, LENGTH))
			fail("a read of stream %llu brought bytes of %llu", (unsigned long long)a.id, (unsigned long long)got[0]);
		atomic_fetch_add(&delivered, 1);
	} else if (got[0] || got[1]) {
		fail("a read of stream %llu that ended with %d brought bytes of %llu", (unsigned long long)a.id, res, (unsigned long long)got[0]);
	}
	if (other_is_plain) {
		CHECK_EQ(SYS(lseek(other, 0, SEEK_CUR)), 0);
		close(other);
	} else {
		CHECK_EQ(waiting_bytes(b.near), LENGTH);
		stamp(want, b.id);
		if ((r & 128) && memcmp(second, want, LENGTH))
			fail("a read of the new file %llu brought bytes of %llu", (unsigned long long)b.id, (unsigned long long)second[0]);
	}
	if (kept >= 0) {
		CHECK_EQ(waiting_bytes(kept), res > 0 ? 0 : LENGTH);
		close(kept);
	}
	close(number);
	close(a.far);
	close(b.near);
	close(b.far);
}

/*
 * The number becomes another file just when the first is ready, while a thread of the library's may be about to read it: rings with a
 * registered eventfd have such a thread. Nobody waits in the library.
 */
static void races(uint64_t r)
{
	struct stream a = stream_up(r & 1), b = stream_up(r & 2);
	uint64_t got[LENGTH / 8] = { 0 }, want[LENGTH / 8];
	int number = a.near, res;

	put(b.far, b.id);
	io_uring_prep_read(prepare(1), number, got, LENGTH, 0);
	CHECK_EQ(OK(io_uring_submit(&ring)), 1);
	put(a.far, a.id);
	for (unsigned i = 0; i < (r >> 8) % 4096; i++)
		__asm__ volatile("");
	SYS(dup2(b.near, number));
	atomic_fetch_add(&reused, 1);
	io_uring_prep_cancel64(prepare(2), 1, 0);
	OK(io_uring_submit(&ring));
	res = answer(1);
	stamp(want, a.id);
	if (res > 0) {
		if (memcmp(got, want, LENGTH))
			fail("a read of stream %llu brought bytes of %llu", (unsigned long long)a.id, (unsigned long long)got[0]);
		atomic_fetch_add(&delivered, 1);
	}
	CHECK_EQ(waiting_bytes(b.near), LENGTH);
	close(number);
	close(a.far);
	close(b.near);
	close(b.far);
}

/* A write waits on a number, as its pipe is full; the number becomes another pipe, and the first gets room. */
static void writes(uint64_t r)
{
	struct stream a = stream_up(r & 1), b = stream_up(r & 2);
	int number = a.far, kept = (int)SYS(fcntl(a.far, F_DUPFD_CLOEXEC, 3)), res;
	static char filler[4096];
	uint64_t bytes[LENGTH / 8];

	SYS(fcntl(kept, F_SETFL, O_NONBLOCK));
	while (write(kept, filler, sizeof(filler)) > 0)
		;
	while (write(kept, filler, 1) > 0)
		;
	stamp(bytes, a.id);
	/* Back to a file that waits: a write to one in the other mode would not wait on some kernels. */
	SYS(fcntl(kept, F_SETFL, 0));
	io_uring_prep_write(prepare(1), number, bytes, LENGTH, 0);
	CHECK_EQ(OK(io_uring_submit(&ring)), 1);
	if (r & 64)
		settle();
	SYS(dup2(b.far, number));
	atomic_fetch_add(&reused, 1);
	/* Room in the old one: all that was in it is taken out. */
	SYS(fcntl(a.near, F_SETFL, O_NONBLOCK));
	while (read(a.near, filler, sizeof(filler)) > 0)
		;
	settle();
	io_uring_prep_cancel64(prepare(2), 1, 0);
	OK(io_uring_submit(&ring));
	res = answer(1);
	if (res > 0)
		atomic_fetch_add(&delivered, 1);
	if (waiting_bytes(b.near))
		fail("a write to stream %llu went to %llu", (unsigned long long)a.id, (unsigned long long)b.id);
	close(kept);
	close(number);
	close(a.near);
	close(b.near);
	close(b.far);
}

/*
 * Reads of a plain file that is not in memory: somebody has to wait for the disk, and the number becomes another file meanwhile. Not with
 * IOSQE_ASYNC: then the kernel, too, looks for the file only when a worker begins.
 */
static void cold_reads(uint64_t r)
{
	enum { MANY = 24 };
	static char blocks[MANY][PLAIN], content[MANY * PLAIN];
	int a = scratch_file(0, 0), b = scratch_file(0, 0);
	int number = (int)SYS(fcntl(a, F_DUPFD_CLOEXEC, 3));

	for (int i = 0; i < 2; i++) {
		int fd = i ? b : a;

		memset(content, i ? 'b' : 'a', sizeof(content));
		CHECK_EQ(write(fd, content, sizeof(content)), sizeof(content));
		SYS(fdatasync(fd));
		CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
		CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		memset(blocks[i], 0, PLAIN);
		io_uring_prep_read(prepare(10 + i), number, blocks[i], PLAIN, i * PLAIN);
	}
	CHECK_EQ(OK(io_uring_submit(&ring)), MANY);
	if (r & 2)
		SYS(dup2(b, number));
	else
		close(number);
	atomic_fetch_add(&reused, 1);
	while (atomic_load(&came_back) < atomic_load(&handed_in)) {
		struct io_uring_cqe *cqe = cqe_of(&ring);
		unsigned i = (unsigned)cqe->user_data - 10;

		CHECK(i < MANY);
		for (int j = 0; j < cqe->res; j++)
			if (blocks[i][j] != 'a')
				fail("a read of one file brought '%c', which is the other's", blocks[i][j]);
		if (cqe->res > 0)
			atomic_fetch_add(&delivered, 1);
		else
			CHECK_EQ(cqe->res, -EBADF);
		io_uring_cqe_seen(&ring, cqe);
		atomic_fetch_add(&came_back, 1);
		progress();
	}
	if (r & 2)
		close(number);
	close(a);
	close(b);
}

void run_wrong_file(double seconds)
{
	double until = now_s() + seconds / 2;
	unsigned before = descriptors(), turn = 0;
	int event = (int)SYS(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

	watch_count("handed in", &handed_in);
	watch_count("came back", &came_back);
	ring_up(&ring, 64, 0, 0);
	for (; now_s() < until; turn++) {
		uint64_t r = random_u64(&random_state);

		if (turn % 4 == 0)
			writes(r);
		else if (turn % 32 == 1)
			cold_reads(r);
		else
			reads(r);
	}
	ring_down(&ring);
	ring_up(&ring, 64, 0, 0);
	OK(io_uring_register_eventfd(&ring, event));
	for (until = now_s() + seconds / 2; now_s() < until;)
		races(random_u64(&random_state));
	ring_down(&ring);
	close(event);
	no_descriptor_left(before);
	printf("     %lu numbers used anew, %lu requests served all the same\n", atomic_load(&reused), atomic_load(&delivered));
}
