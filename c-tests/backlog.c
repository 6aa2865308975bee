/* SPDX-License-Identifier: MIT */
/* Connecting to a Unix socket whose backlog is full: whoever may wait waits for room. */
#include "test.h"

#include <sys/time.h>
#include <sys/un.h>

enum { WHILE_MS = 60 };

/* A listener that has as many connections as it takes, and one more would have to wait. */
struct full {
	struct sockaddr_un addr;
	socklen_t len;
	int listener, first;
};

static struct full full_listener(int type)
{
	struct full f = { .addr = { .sun_family = AF_UNIX }, .len = sizeof(f.addr) };

	f.listener = (int)SYS(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
	/* A name of the kernel's choice. */
	SYS(bind(f.listener, (struct sockaddr *)&f.addr, sizeof(sa_family_t)));
	SYS(listen(f.listener, 0));
	SYS(getsockname(f.listener, (struct sockaddr *)&f.addr, &f.len));
	f.first = (int)SYS(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
	SYS(connect(f.first, (struct sockaddr *)&f.addr, f.len));
	return f;
}

static void empty(struct full *f)
{
	close(f->listener);
	close(f->first);
}

/* A request to connect that the ring has taken and not answered for a while. */
static void begin_to_connect(struct io_uring *ring, struct full *f, int fd, unsigned sqe_flags)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&f->addr, f->len);
	sqe->flags |= (uint8_t)sqe_flags;
	sqe->user_data = 1;
	submit(ring, 1);
	sleep_ms(WHILE_MS);
	check_quiet(ring);
}

static void check_goes_through(struct io_uring *ring, struct full *f, int fd)
{
	int second;
	char byte;

	close((int)SYS(accept(f->listener, NULL, NULL)));
	CHECK_EQ(reap_data(ring, 1), 0);
	second = (int)SYS(accept(f->listener, NULL, NULL));
	CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	write_all(fd, "x", 1);
	read_all(second, &byte, 1);
	CHECK_EQ(byte, 'x');
	close(second);
}

TEST(a_connect_waits_for_room_in_the_backlog)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 4; i++) {
		struct full f = full_listener(types[i % 2]);
		int fd = (int)SYS(socket(AF_UNIX, types[i % 2] | SOCK_CLOEXEC, 0));

		begin_to_connect(&ring, &f, fd, i < 2 ? 0 : IOSQE_ASYNC);
		check_goes_through(&ring, &f, fd);
		close(fd);
		empty(&f);
	}
	io_uring_queue_exit(&ring);
}

TEST(a_connect_of_a_registered_socket_waits_too)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, &fd, 1), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_connect(sqe, 0, (struct sockaddr *)&f.addr, f.len);
	sqe->flags |= IOSQE_FIXED_FILE;
	sqe->user_data = 1;
	submit(&ring, 1);
	sleep_ms(WHILE_MS);
	check_quiet(&ring);
	check_goes_through(&ring, &f, fd);
	io_uring_queue_exit(&ring);
	empty(&f);
}

TEST(a_connect_that_waits_can_be_cancelled)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	begin_to_connect(&ring, &f, fd, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, answers, 2);
	/* The kernel has it in a worker, which is interrupted. */
	CHECK(answers[0].res == -ECANCELED || answers[0].res == -EINTR);
	CHECK(answers[1].res == 0 || answers[1].res == -EALREADY);
	/* The socket is as new. */
	close((int)SYS(accept(f.listener, NULL, NULL)));
	io_uring_prep_connect(sqe_of(&ring), fd, (struct sockaddr *)&f.addr, f.len);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
	empty(&f);
}

TEST(a_ring_ends_while_a_connect_waits)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct io_uring ring;

	CHECK_NO_LEAK(4, {
		ring_up(&ring, 8, 0);
		begin_to_connect(&ring, &f, fd, 0);
		io_uring_queue_exit(&ring);
	});
	empty(&f);
}

TEST(a_waiting_connect_is_the_socket_s_and_not_the_number_s)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int other = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int kept = (int)SYS(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	begin_to_connect(&ring, &f, fd, 0);
	SYS(dup2(other, fd));
	check_goes_through(&ring, &f, kept);
	CHECK_EQ(getpeername(fd, (struct sockaddr *)&peer, &len), -1);
	CHECK_EQ(errno, ENOTCONN);
	io_uring_queue_exit(&ring);
	empty(&f);
}

TEST(a_connect_waits_as_long_as_its_socket_sends)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct timeval time = { .tv_usec = WHILE_MS * 1000 };
	struct io_uring ring;
	uint64_t before;

	SYS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)));
	ring_up(&ring, 8, 0);
	before = now_ms();
	io_uring_prep_connect(sqe_of(&ring), fd, (struct sockaddr *)&f.addr, f.len);
	CHECK_EQ(run_one(&ring), -EAGAIN);
	CHECK_CMP(now_ms() - before, >=, WHILE_MS - 1);
	io_uring_queue_exit(&ring);
	empty(&f);
}

TEST(a_socket_in_non_blocking_mode_does_not_wait_for_room)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	for (int i = 0; i < 2; i++) {
		sqe = sqe_of(&ring);
		io_uring_prep_connect(sqe, fd, (struct sockaddr *)&f.addr, f.len);
		sqe->flags |= i ? IOSQE_ASYNC : 0;
		CHECK_EQ(run_one(&ring), -EAGAIN);
	}
	io_uring_queue_exit(&ring);
	empty(&f);
}

TEST(a_linked_timeout_ends_the_wait_for_room)
{
	struct full f = full_listener(SOCK_STREAM);
	int fd = (int)SYS(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	struct __kernel_timespec ts = timespec_ms(WHILE_MS);
	struct io_uring_sqe *sqe;
	struct answer answers[2];
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_connect(sqe, fd, (struct sockaddr *)&f.addr, f.len);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 1;
	sqe = sqe_of(&ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	sqe->user_data = 2;
	submit(&ring, 2);
	reap_sorted(&ring, answers, 2);
	CHECK(answers[0].res == -ECANCELED || answers[0].res == -EINTR);
	/* 6.18 says that it found nothing, and has interrupted its worker. */
	CHECK(answers[1].res == -ETIME || answers[1].res == -ENOENT);
	io_uring_queue_exit(&ring);
	empty(&f);
}
