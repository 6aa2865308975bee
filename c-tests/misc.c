/* SPDX-License-Identifier: MIT */
/* The rest of the requests: NOP's extras, splice and tee, pipes, futexes, children, messages between rings, socket commands. */
#include "test.h"

#include <linux/futex.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- NOP ----------------------------------------------------------------------------------------------------------------------- */

TEST(a_nop_can_be_told_its_result)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	need_kernel_with(IORING_OP_FUTEX_WAIT, "IORING_NOP_INJECT_RESULT");
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->nop_flags = IORING_NOP_INJECT_RESULT;
	sqe->len = 12345;
	CHECK_EQ(run_one(&ring), 12345);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->nop_flags = IORING_NOP_INJECT_RESULT;
	sqe->len = (unsigned)-ENOSPC;
	CHECK_EQ(run_one(&ring), -ENOSPC);
	io_uring_queue_exit(&ring);
}

TEST(a_nop_with_unknown_flags_or_priority_is_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->nop_flags = 1u << 30;
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->ioprio = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(unknown_opcodes_are_refused)
{
	struct io_uring_probe *probe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	probe = io_uring_get_probe_ring(&ring);
	CHECK(probe != NULL);
	for (int op = probe->last_op + 1; op < 256; op += 13) {
		struct io_uring_sqe *sqe = sqe_of(&ring);

		io_uring_prep_nop(sqe);
		sqe->opcode = (uint8_t)op;
		CHECK_EQ(run_one(&ring), -EINVAL);
	}
	io_uring_free_probe(probe);
	io_uring_queue_exit(&ring);
}

TEST(an_unknown_personality_is_refused)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->personality = 99;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- splice, tee, pipe ----------------------------------------------------------------------------------------------------------- */

TEST(data_is_spliced_between_files_and_pipes)
{
	enum { SIZE = 8000 };
	static unsigned char back[SIZE];
	struct io_uring ring;
	int from = file_with_pattern("from", SIZE), to = file_empty("to"), fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_splice(sqe_of(&ring), from, 0, fds[1], -1, SIZE, 0);
	CHECK_EQ(run_one(&ring), SIZE);
	io_uring_prep_splice(sqe_of(&ring), fds[0], -1, to, 100, SIZE, 0);
	CHECK_EQ(run_one(&ring), SIZE);
	CHECK_EQ(pread(to, back, SIZE, 100), SIZE);
	check_pattern(back, SIZE, 0);
	/* From the middle, and at the end of the file. */
	io_uring_prep_splice(sqe_of(&ring), from, 7000, fds[1], -1, SIZE, 0);
	CHECK_EQ(run_one(&ring), 1000);
	read_all(fds[0], back, 1000);
	check_pattern(back, 1000, 7000);
	io_uring_prep_splice(sqe_of(&ring), from, SIZE, fds[1], -1, SIZE, 0);
	CHECK_EQ(run_one(&ring), 0);
	/* Without an offset the file's position counts. */
	SYS(lseek(from, 5000, SEEK_SET));
	io_uring_prep_splice(sqe_of(&ring), from, -1, fds[1], -1, 500, 0);
	CHECK_EQ(run_one(&ring), 500);
	CHECK_EQ(lseek(from, 0, SEEK_CUR), 5500);
	io_uring_queue_exit(&ring);
}

TEST(a_splice_names_a_registered_file_as_its_source)
{
	struct io_uring ring;
	unsigned char buf[64];
	int from = file_with_pattern("from", 64), fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files(&ring, &from, 1), 0);
	io_uring_prep_splice(sqe_of(&ring), 0, 0, fds[1], -1, 64, SPLICE_F_FD_IN_FIXED);
	CHECK_EQ(run_one(&ring), 64);
	read_all(fds[0], buf, 64);
	check_pattern(buf, 64, 0);
	io_uring_prep_splice(sqe_of(&ring), 5, 0, fds[1], -1, 64, SPLICE_F_FD_IN_FIXED);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(a_splice_from_an_empty_pipe_waits)
{
	struct io_uring ring;
	char buf[8];
	int a[2], b[2];

	pipe_up(a);
	pipe_up(b);
	ring_up(&ring, 8, 0);
	io_uring_prep_splice(sqe_of(&ring), a[0], -1, b[1], -1, 64, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	write_all(a[1], "data", 4);
	CHECK_EQ(reap(&ring).res, 4);
	read_all(b[0], buf, 4);
	CHECK_MEM(buf, "data", 4);
	io_uring_queue_exit(&ring);
}

TEST(tee_copies_and_leaves_the_data)
{
	struct io_uring ring;
	char buf[8];
	int a[2], b[2];

	pipe_up(a);
	pipe_up(b);
	ring_up(&ring, 8, 0);
	write_all(a[1], "data", 4);
	io_uring_prep_tee(sqe_of(&ring), a[0], b[1], 64, 0);
	CHECK_EQ(run_one(&ring), 4);
	read_all(b[0], buf, 4);
	CHECK_MEM(buf, "data", 4);
	read_all(a[0], buf, 4);
	CHECK_MEM(buf, "data", 4);
	io_uring_queue_exit(&ring);
}

TEST(bad_splices_are_refused)
{
	struct io_uring ring;
	int file = file_with_pattern("f", 64), other = file_empty("g"), fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_splice(sqe_of(&ring), NO_FD, -1, fds[1], -1, 64, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_splice(sqe_of(&ring), file, 0, NO_FD, -1, 64, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_splice(sqe_of(&ring), file, 0, other, 0, 64, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_splice(sqe_of(&ring), file, 0, fds[1], -1, 64, 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_tee(sqe_of(&ring), file, fds[1], 64, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_tee(sqe_of(&ring), NO_FD, fds[1], 64, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(a_pipe_is_made_by_a_request)
{
	struct io_uring ring;
	char buf[4];
	int fds[2] = { -1, -1 };

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_PIPE);
	io_uring_prep_pipe(sqe_of(&ring), fds, O_CLOEXEC);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	write_all(fds[1], "pipe", 4);
	read_all(fds[0], buf, 4);
	CHECK_MEM(buf, "pipe", 4);
	io_uring_prep_pipe(sqe_of(&ring), fds, 1 << 30);
	CHECK_EQ(run_one(&ring), -EINVAL);
	{
		struct census before = census_take();

		io_uring_prep_pipe(sqe_of(&ring), (int *)8, 0);
		CHECK_EQ(run_one(&ring), -EFAULT);
		census_same(__FILE__, __LINE__, &before, 1);
	}
	io_uring_queue_exit(&ring);
}

/* ---- futexes ------------------------------------------------------------------------------------------------------------------- */

/* FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, which older system headers lack. */
#define FUTEX_WORD (2 | 128)

static void futex_wait(struct io_uring *ring, uint32_t *word, uint32_t value, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_futex_wait(sqe, word, value, FUTEX_BITSET_MATCH_ANY, FUTEX_WORD, 0);
	sqe->user_data = data;
}

static int futex_wake(struct io_uring *ring, uint32_t *word, unsigned n)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_futex_wake(sqe, word, n, FUTEX_BITSET_MATCH_ANY, FUTEX_WORD, 0);
	sqe->user_data = 1000;
	submit(ring, 1);
	return 0;
}

TEST(a_futex_wait_sleeps_until_it_is_woken)
{
	struct answer a[4];
	struct io_uring ring;
	uint32_t word = 5;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	futex_wait(&ring, &word, 5, 1);
	futex_wait(&ring, &word, 5, 2);
	futex_wait(&ring, &word, 5, 3);
	submit(&ring, 3);
	check_quiet(&ring);
	/* The first to wait is the first to be woken. */
	futex_wake(&ring, &word, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].data, 1);
	CHECK_EQ(a[0].res, 0);
	CHECK_EQ(a[1].res, 1);
	futex_wake(&ring, &word, 10);
	reap_sorted(&ring, a, 3);
	CHECK_EQ(a[0].res, 0);
	CHECK_EQ(a[1].res, 0);
	CHECK_EQ(a[2].res, 2);
	futex_wake(&ring, &word, 10);
	CHECK_EQ(reap_data(&ring, 1000), 0);
	io_uring_queue_exit(&ring);
}

static long plain_wake(uint32_t *word)
{
	return syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

TEST(a_futex_wait_is_woken_by_the_system_call_too)
{
	struct io_uring ring;
	uint32_t word = 5;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	futex_wait(&ring, &word, 5, 1);
	submit(&ring, 1);
	__atomic_store_n(&word, 6, __ATOMIC_SEQ_CST);
	WAIT_UNTIL(plain_wake(&word) == 1);
	CHECK_EQ(reap_data(&ring, 1), 0);
	io_uring_queue_exit(&ring);
}

static void *sleep_on(void *arg)
{
	syscall(SYS_futex, arg, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, NULL, NULL, 0);
	return NULL;
}

TEST(a_futex_wake_wakes_a_thread_in_the_system_call)
{
	struct io_uring ring;
	pthread_t thread;
	uint32_t word = 5;
	int woken = 0;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	CHECK_EQ(pthread_create(&thread, NULL, sleep_on, &word), 0);
	while (!woken) {
		futex_wake(&ring, &word, 1);
		woken = reap_data(&ring, 1000);
		CHECK_CMP(woken, >=, 0);
		sleep_ms(1);
	}
	pthread_join(thread, NULL);
	io_uring_queue_exit(&ring);
}

TEST(a_futex_wait_with_another_value_is_eagain)
{
	struct io_uring ring;
	uint32_t word = 5;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	futex_wait(&ring, &word, 6, 1);
	CHECK_EQ(run_one(&ring), -EAGAIN);
	io_uring_prep_futex_wait(sqe_of(&ring), (uint32_t *)8, 5, FUTEX_BITSET_MATCH_ANY, FUTEX_WORD, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_futex_wait(sqe_of(&ring), &word, 5, FUTEX_BITSET_MATCH_ANY, 1 << 20, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_futex_wait(sqe_of(&ring), &word, 5, 0, FUTEX_WORD, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_futex_wait_can_be_cancelled)
{
	struct io_uring_sqe *sqe;
	struct answer a[2];
	struct io_uring ring;
	uint32_t word = 5;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAIT);
	futex_wait(&ring, &word, 5, 1);
	submit(&ring, 1);
	sqe = sqe_of(&ring);
	io_uring_prep_cancel64(sqe, 1, 0);
	sqe->user_data = 2;
	submit(&ring, 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	/* 6.18 tells how many it cancelled, which it does for no other request; 0 would be as good. */
	CHECK(a[1].res == 0 || a[1].res == 1);
	/* Nobody waits any more. */
	CHECK_EQ(plain_wake(&word), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_wait_on_several_futexes_tells_which_one_woke)
{
	struct futex_waitv waits[3];
	struct answer a[2];
	struct io_uring ring;
	uint32_t words[3] = { 1, 2, 3 };

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FUTEX_WAITV);
	memset(waits, 0, sizeof(waits));
	for (int i = 0; i < 3; i++) {
		waits[i].uaddr = (uintptr_t)&words[i];
		waits[i].val = words[i];
		waits[i].flags = FUTEX_WORD;
	}
	io_uring_prep_futex_waitv(sqe_of(&ring), waits, 3, 0);
	ring.sq.sqes[0].user_data = 1;
	submit(&ring, 1);
	check_quiet(&ring);
	futex_wake(&ring, &words[2], 1);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, 2);
	CHECK_EQ(a[1].res, 1);
	waits[1].val = 77;
	io_uring_prep_futex_waitv(sqe_of(&ring), waits, 3, 0);
	CHECK_EQ(run_one(&ring), -EAGAIN);
	io_uring_prep_futex_waitv(sqe_of(&ring), waits, 0, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

/* ---- children ------------------------------------------------------------------------------------------------------------------ */

TEST(a_child_s_end_completes_a_waitid)
{
	struct io_uring ring;
	siginfo_t info;
	int hold[2];
	char byte;
	pid_t pid;

	pipe_up(hold);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_WAITID);
	io_uring_prep_waitid(sqe_of(&ring), P_ALL, 0, &info, WEXITED, 0);
	CHECK_EQ(run_one(&ring), -ECHILD);
	pid = (pid_t)SYS(fork());
	if (!pid) {
		close(hold[1]);
		if (read(hold[0], &byte, 1) < 0)
			_exit(1);
		_exit(42);
	}
	memset(&info, 0, sizeof(info));
	io_uring_prep_waitid(sqe_of(&ring), P_PID, pid, &info, WEXITED, 0);
	submit(&ring, 1);
	check_quiet(&ring);
	close(hold[1]);
	CHECK_EQ(reap(&ring).res, 0);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_status, 42);
	/* Reaped. */
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), -1);
	CHECK_EQ(errno, ECHILD);
	io_uring_prep_waitid(sqe_of(&ring), P_PID, pid, &info, WEXITED, 1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_link_timeout_says_that_it_ended_a_waitid)
{
	struct __kernel_timespec ts = { .tv_nsec = 10000000 };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a[2];
	siginfo_t info;
	pid_t pid;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_WAITID);
	pid = (pid_t)SYS(fork());
	if (!pid) {
		pause();
		_exit(0);
	}
	sqe = sqe_of(&ring);
	io_uring_prep_waitid(sqe, P_PID, pid, &info, WEXITED, 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 1;
	sqe = sqe_of(&ring);
	io_uring_prep_link_timeout(sqe, &ts, 0);
	sqe->user_data = 2;
	submit(&ring, 2);
	reap_sorted(&ring, a, 2);
	CHECK_EQ(a[0].res, -ECANCELED);
	/* How many it ended, as a cancel of such a request answers. */
	CHECK_EQ(a[1].res, 1);
	SYS(kill(pid, SIGKILL));
	SYS(waitpid(pid, NULL, 0));
	io_uring_queue_exit(&ring);
}

/* ---- messages between rings ------------------------------------------------------------------------------------------------------ */

TEST(a_message_becomes_a_completion_of_another_ring)
{
	struct io_uring here, there;
	struct answer a;

	ring_up(&here, 8, 0);
	ring_up(&there, 8, 0);
	need_op(&here, IORING_OP_MSG_RING);
	io_uring_prep_msg_ring(sqe_of(&here), there.ring_fd, 4321, 0x123456789abcdef, 0);
	CHECK_EQ(run_one(&here), 0);
	a = reap(&there);
	CHECK_EQ(a.data, 0x123456789abcdef);
	CHECK_EQ(a.res, 4321);
	CHECK_EQ(a.flags, 0);
	/* With flags for the other side's completion. */
	io_uring_prep_msg_ring_cqe_flags(sqe_of(&here), there.ring_fd, 1, 2, 0, 0x40);
	CHECK_EQ(run_one(&here), 0);
	a = reap(&there);
	CHECK_EQ(a.res, 1);
	CHECK_EQ(a.data, 2);
	CHECK_EQ(a.flags, 0x40);
	/* To itself. */
	io_uring_prep_msg_ring(sqe_of(&here), here.ring_fd, 7, 8, 0);
	submit(&here, 1);
	{
		struct answer both[2];

		reap_sorted(&here, both, 2);
		CHECK_EQ(both[1].data, 8);
		CHECK_EQ(both[1].res, 7);
	}
	io_uring_queue_exit(&there);
	io_uring_queue_exit(&here);
}

struct receiver {
	unsigned flags;
	int fd;
};

static void *receive(void *arg)
{
	struct receiver *r = (struct receiver *)arg;
	struct io_uring ring;

	ring_up(&ring, 8, r->flags);
	__atomic_store_n(&r->fd, ring.ring_fd, __ATOMIC_RELEASE);
	CHECK_EQ(reap_data(&ring, 6), 5);
	io_uring_queue_exit(&ring);
	return NULL;
}

TEST(a_message_wakes_a_ring_that_sleeps)
{
	static const unsigned flags[] = { 0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_MSG_RING);
	for (int i = 0; i < 2; i++) {
		struct receiver r = { flags[i], -1 };
		pthread_t thread;

		CHECK_EQ(pthread_create(&thread, NULL, receive, &r), 0);
		WAIT_UNTIL(__atomic_load_n(&r.fd, __ATOMIC_ACQUIRE) >= 0);
		/* Time to fall asleep; a message before that is delivered just as well. */
		sleep_ms(20);
		io_uring_prep_msg_ring(sqe_of(&ring), r.fd, 5, 6, 0);
		CHECK_EQ(run_one(&ring), 0);
		pthread_join(thread, NULL);
	}
	io_uring_queue_exit(&ring);
}

TEST(bad_messages_are_refused)
{
	struct io_uring here, there;
	int fds[2];

	pipe_up(fds);
	ring_up(&here, 8, 0);
	ring_up(&there, 8, 0);
	need_op(&here, IORING_OP_MSG_RING);
	io_uring_prep_msg_ring(sqe_of(&here), fds[0], 1, 2, 0);
	CHECK_EQ(run_one(&here), -EBADFD);
	CHECK_EQ(io_uring_register_files(&here, fds, 1), 0);
	for (int i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = sqe_of(&here);

		io_uring_prep_msg_ring(sqe, i, 1, 2, 0);
		sqe->flags |= IOSQE_FIXED_FILE;
		CHECK_EQ(run_one(&here), i ? -EBADF : -EBADFD);
	}
	io_uring_prep_msg_ring(sqe_of(&here), NO_FD, 1, 2, 0);
	CHECK_EQ(run_one(&here), -EBADF);
	io_uring_prep_msg_ring(sqe_of(&here), there.ring_fd, 1, 2, 1 << 20);
	CHECK_EQ(run_one(&here), -EINVAL);
	check_quiet(&there);
	io_uring_queue_exit(&there);
	io_uring_queue_exit(&here);
}

/* ---- socket commands ------------------------------------------------------------------------------------------------------------- */

TEST(socket_commands_ask_and_set)
{
	struct io_uring ring;
	int sv[2], value = 0, on = 1;
	socklen_t len = sizeof(value);

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_URING_CMD);
	need_kernel_with(IORING_OP_FUTEX_WAIT, "socket commands");
	write_all(sv[1], "12345", 5);
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_SIOCINQ, sv[0], 0, 0, NULL, 0);
	CHECK_EQ(run_one(&ring), 5);
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_SIOCOUTQ, sv[0], 0, 0, NULL, 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_SETSOCKOPT, sv[0], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	CHECK_EQ(run_one(&ring), 0);
	SYS(getsockopt(sv[0], SOL_SOCKET, SO_KEEPALIVE, &value, &len));
	CHECK_EQ(value, 1);
	value = 0;
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_GETSOCKOPT, sv[0], SOL_SOCKET, SO_TYPE, &value, sizeof(value));
	CHECK_EQ(run_one(&ring), sizeof(value));
	CHECK_EQ(value, SOCK_STREAM);
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_GETSOCKOPT, sv[0], SOL_SOCKET, 9999, &value, sizeof(value));
	CHECK_EQ(run_one(&ring), -ENOPROTOOPT);
	/* Only the options of the socket level can be read. */
	io_uring_prep_cmd_sock(sqe_of(&ring), SOCKET_URING_OP_GETSOCKOPT, sv[0], IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value));
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_prep_cmd_sock(sqe_of(&ring), 999, sv[0], 0, 0, NULL, 0);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

TEST(a_socket_command_tells_its_names)
{
	struct sockaddr_in got, want;
	socklen_t len = sizeof(got), want_len = sizeof(want);
	struct io_uring_sqe *sqe, copy;
	struct io_uring ring;
	int sv[2], ret;

	tcp_pair(sv);
	ring_up(&ring, 8, 0);
	for (int peer = 0; peer < 2; peer++) {
		memset(&got, 0, sizeof(got));
		len = sizeof(got);
		sqe = sqe_of(&ring);
		io_uring_prep_cmd_getsockname(sqe, sv[0], (struct sockaddr *)&got, &len, peer);
		copy = *sqe;
		ret = run_one(&ring);
		if (ret == -EOPNOTSUPP && raw_run(0, &copy) == -EOPNOTSUPP)
			test_skip("the kernel does not know SOCKET_URING_OP_GETSOCKNAME");
		CHECK_EQ(ret, 0);
		if (peer)
			SYS(getpeername(sv[0], (struct sockaddr *)&want, &want_len));
		else
			SYS(getsockname(sv[0], (struct sockaddr *)&want, &want_len));
		CHECK_EQ(len, sizeof(got));
		CHECK_MEM(&got, &want, sizeof(got));
	}
	io_uring_queue_exit(&ring);
}

TEST(a_command_to_what_takes_none_is_eopnotsupp)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_URING_CMD);
	sqe = sqe_of(&ring);
	io_uring_prep_uring_cmd(sqe, 1, fds[0]);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
	io_uring_prep_cmd_discard(sqe_of(&ring), file_with_pattern("f", 4096), 0, 4096);
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
#ifdef BLOCK_URING_CMD_ZONE_RESET_ALL
	io_uring_prep_cmd_zone_reset_all(sqe_of(&ring), file_with_pattern("g", 4096));
	CHECK_EQ(run_one(&ring), -EOPNOTSUPP);
#endif
	sqe = sqe_of(&ring);
	io_uring_prep_uring_cmd(sqe, 1, 9999);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}
