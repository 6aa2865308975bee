/* SPDX-License-Identifier: MIT */
/* The ends that a process, a thread or a ring may come to while requests are in flight: fork, exec, exit, signals, threads that go. */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <uring_rs.h>

extern char **environ;

/* ---- requests of every kind that wait ------------------------------------------------------------------------------------------- */

enum { READ = 1, ASYNC_READ, RECV, POLL, TIMEOUT, SPLICE, ACCEPT, FUTEX, KINDS = FUTEX };

struct scene {
	int pipe[2], poll_pipe[2], splice_from[2], splice_to[2], pair[2], listener;
	struct sockaddr_in addr;
	struct __kernel_timespec ts;
	char got[3][8];
	uint32_t word;
	bool has_futex;
};

/* Those that differ by who does the work: with a thread that submits, a part of it is always somewhere else. */
static const unsigned kinds[] = { 0, IORING_SETUP_SQPOLL };
enum { KINDS_OF_RINGS = 2 };

/* Submits, and waits until a thread that submits has taken it all. It may have left some of what came before. */
static void send_off(struct io_uring *ring, int n)
{
	CHECK_CMP(io_uring_submit(ring), >=, n);
	while (io_uring_sq_ready(ring))
		sched_yield();
}

static void scene_begin(struct io_uring *ring, struct scene *s)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	struct io_uring_sqe *sqe;

	memset(s, 0, sizeof(*s));
	CHECK(probe);
	s->has_futex = io_uring_opcode_supported(probe, IORING_OP_FUTEX_WAIT);
	io_uring_free_probe(probe);
	pipe_up(s->pipe);
	pipe_up(s->poll_pipe);
	pipe_up(s->splice_from);
	pipe_up(s->splice_to);
	pair_up(SOCK_STREAM, s->pair);
	s->listener = tcp_listener(&s->addr);
	s->ts = timespec_ms(1000000);
	sqe = sqe_of(ring);
	io_uring_prep_read(sqe, s->pipe[0], s->got[0], 1, 0);
	sqe->user_data = READ;
	sqe = sqe_of(ring);
	io_uring_prep_read(sqe, s->pipe[0], s->got[1], 1, 0);
	sqe->flags = IOSQE_ASYNC;
	sqe->user_data = ASYNC_READ;
	sqe = sqe_of(ring);
	io_uring_prep_recv(sqe, s->pair[0], s->got[2], 1, 0);
	sqe->user_data = RECV;
	sqe = sqe_of(ring);
	io_uring_prep_poll_add(sqe, s->poll_pipe[0], POLLIN);
	sqe->user_data = POLL;
	sqe = sqe_of(ring);
	io_uring_prep_timeout(sqe, &s->ts, 0, 0);
	sqe->user_data = TIMEOUT;
	sqe = sqe_of(ring);
	io_uring_prep_splice(sqe, s->splice_from[0], -1, s->splice_to[1], -1, 1, 0);
	sqe->user_data = SPLICE;
	sqe = sqe_of(ring);
	io_uring_prep_accept(sqe, s->listener, NULL, NULL, 0);
	sqe->user_data = ACCEPT;
	if (s->has_futex) {
		sqe = sqe_of(ring);
		io_uring_prep_futex_wait(sqe, &s->word, 0, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, 0);
		sqe->user_data = FUTEX;
	}
	send_off(ring, KINDS - !s->has_futex);
	check_quiet(ring);
}

/* They all wait still, and each ends as it should. */
static void scene_end(struct io_uring *ring, struct scene *s)
{
	const int want[KINDS + 1] = { [READ] = 1, [ASYNC_READ] = 1, [RECV] = 1, [POLL] = POLLIN, [TIMEOUT] = 0, [SPLICE] = 1 };
	int client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0));
	int n = KINDS - !s->has_futex;
	struct io_uring_sqe *sqe;
	struct answer a[KINDS + 1];

	check_quiet(ring);
	write_all(s->pipe[1], "ab", 2);
	write_all(s->pair[1], "c", 1);
	write_all(s->poll_pipe[1], "p", 1);
	write_all(s->splice_from[1], "d", 1);
	SYS(connect(client, (struct sockaddr *)&s->addr, sizeof(s->addr)));
	sqe = sqe_of(ring);
	io_uring_prep_timeout_remove(sqe, TIMEOUT, 0);
	sqe->user_data = 0;
	if (s->has_futex) {
		sqe = sqe_of(ring);
		io_uring_prep_futex_wake(sqe, &s->word, 1, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, 0);
		sqe->user_data = 0;
	}
	send_off(ring, 1 + s->has_futex);
	n++;
	n += s->has_futex;
	for (int i = 0; i < n; i++) {
		struct answer got = reap(ring);

		CHECK_CMP(got.data, <=, KINDS);
		a[got.data] = got;
	}
	for (int i = READ; i < SPLICE + 1; i++)
		CHECK_EQ(a[i].res, i == TIMEOUT ? -ECANCELED : want[i]);
	CHECK_CMP(a[ACCEPT].res, >=, 0);
	if (s->has_futex)
		CHECK_EQ(a[FUTEX].res, 0);
	CHECK_EQ(s->got[0][0] + s->got[1][0], 'a' + 'b');
	CHECK_EQ(s->got[2][0], 'c');
	close(client);
	close(a[ACCEPT].res);
	close(s->listener);
	for (int i = 0; i < 2; i++) {
		close(s->pipe[i]);
		close(s->poll_pipe[i]);
		close(s->splice_from[i]);
		close(s->splice_to[i]);
		close(s->pair[i]);
	}
	check_quiet(ring);
}

/* The status with which a child ends that calls f(arg) and returns from it. */
static int child(void (*f)(void *), void *arg)
{
	pid_t pid = (pid_t)SYS(fork());
	int status;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		f(arg);
		_exit(0);
	}
	SYS(waitpid(pid, &status, 0));
	return status;
}

static void ring_works(void *unused)
{
	struct io_uring ring;
	struct scene s;

	(void)unused;
	ring_up(&ring, 16, 0);
	scene_begin(&ring, &s);
	scene_end(&ring, &s);
	CHECK_CMP(({
			  io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, ".", O_RDONLY, 0);
			  run_one(&ring);
		  }),
		  >=, 0);
	io_uring_queue_exit(&ring);
}

/* ---- fork ------------------------------------------------------------------------------------------------------------------------ */

TEST(a_child_makes_rings_of_its_own_and_its_parent_s_go_on)
{
	struct io_uring ring;
	struct scene s;

	for (unsigned kind = 0; kind < KINDS_OF_RINGS; kind++) {
		ring_up(&ring, 16, kinds[kind]);
		scene_begin(&ring, &s);
		CHECK_EQ(child(ring_works, NULL), 0);
		scene_end(&ring, &s);
		io_uring_queue_exit(&ring);
	}
}

static void child_of_child(void *ring)
{
	ring_works(NULL);
	CHECK_EQ(child(ring_works, NULL), 0);
	io_uring_queue_exit((struct io_uring *)ring);
}

TEST(a_grandchild_makes_rings_and_a_child_ends_its_copy_of_its_parent_s)
{
	struct io_uring ring;
	struct scene s;

	for (unsigned kind = 0; kind < KINDS_OF_RINGS; kind++) {
		ring_up(&ring, 16, kinds[kind]);
		scene_begin(&ring, &s);
		CHECK_EQ(child(child_of_child, &ring), 0);
		scene_end(&ring, &s);
		io_uring_queue_exit(&ring);
	}
}

enum { SERVED = 31, REFUSED };

/* Tries what a process does with a ring, on one that it has inherited. */
static void uses_an_inherited_ring(void *arg)
{
	struct io_uring *ring = (struct io_uring *)arg;
	struct __kernel_timespec ts = timespec_ms(1);
	struct io_uring_cqe *cqe;
	int refused = 0, none = -1;

	for (int i = 0; i < 3; i++) {
		struct io_uring_sqe *sqe = sqe_of(ring);

		io_uring_prep_nop(sqe);
		sqe->user_data = 100 + i;
		refused += io_uring_submit(ring) == -EOPNOTSUPP;
	}
	if (!refused)
		_exit(SERVED);
	CHECK_EQ(refused, 3);
	CHECK_EQ(io_uring_submit_and_wait(ring, 1), -EOPNOTSUPP);
	CHECK_EQ(io_uring_get_events(ring), -EOPNOTSUPP);
	CHECK_EQ(io_uring_wait_cqe_timeout(ring, &cqe, &ts), -EOPNOTSUPP);
	CHECK_EQ(io_uring_register_files(ring, &none, 1), -EOPNOTSUPP);
	CHECK_EQ(io_uring_register_ring_fd(ring), -EOPNOTSUPP);
	CHECK_EQ(io_uring_enter(ring->ring_fd, 1, 0, 0, NULL), -EOPNOTSUPP);
	_exit(REFUSED);
}

TEST(a_child_is_served_on_its_parent_s_ring_or_refused_and_leaves_no_trace)
{
	struct io_uring ring;
	struct scene s;
	int status;

	ring_up(&ring, 16, 0);
	scene_begin(&ring, &s);
	status = child(uses_an_inherited_ring, &ring);
	if (uring_rs_backend(&ring) == URING_RS_BACKEND_KERNEL) {
		CHECK_EQ(WEXITSTATUS(status), SERVED);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(reap(&ring).data, 100 + i);
		/* Of what the child has taken from the SQ this process knows nothing. */
		ring.sq.sqe_head = ring.sq.sqe_tail = *ring.sq.ktail;
	} else {
		CHECK_EQ(WEXITSTATUS(status), REFUSED);
	}
	scene_end(&ring, &s);
	io_uring_queue_exit(&ring);
}

static void ends_by_exit(void *unused)
{
	(void)unused;
	exit(7);
}

static void is_killed(void *unused)
{
	(void)unused;
	raise(SIGKILL);
}

TEST(a_child_s_end_leaves_its_parent_s_requests_alone)
{
	struct io_uring ring;
	struct scene s;

	for (unsigned kind = 0; kind < KINDS_OF_RINGS; kind++) {
		ring_up(&ring, 16, kinds[kind]);
		scene_begin(&ring, &s);
		CHECK_EQ(WEXITSTATUS(child(ends_by_exit, NULL)), 7);
		CHECK_EQ(WTERMSIG(child(is_killed, NULL)), SIGKILL);
		scene_end(&ring, &s);
		io_uring_queue_exit(&ring);
	}
}

TEST(other_programs_start_while_requests_wait)
{
	char *const args[] = { (char *)"sh", (char *)"-c", (char *)"exit 5", NULL };
	struct io_uring ring;
	struct scene s;
	char text[8];
	FILE *out;
	pid_t pid;
	int status;

	for (unsigned kind = 0; kind < KINDS_OF_RINGS; kind++) {
		ring_up(&ring, 16, kinds[kind]);
		scene_begin(&ring, &s);
		CHECK_EQ(WEXITSTATUS(system("exit 3")), 3);
		out = popen("echo hello", "r");
		CHECK(out && fgets(text, sizeof(text), out));
		CHECK_EQ(pclose(out), 0);
		CHECK_STR(text, "hello\n");
		CHECK_EQ(posix_spawn(&pid, "/bin/sh", NULL, NULL, args, environ), 0);
		SYS(waitpid(pid, &status, 0));
		CHECK_EQ(WEXITSTATUS(status), 5);
		pid = vfork();
		if (!pid)
			_exit(9);
		SYS(waitpid(pid, &status, 0));
		CHECK_EQ(WEXITSTATUS(status), 9);
		scene_end(&ring, &s);
		io_uring_queue_exit(&ring);
	}
}

struct busy {
	pthread_t thread;
	bool stop;
	unsigned rounds;
};

/* The next result, whatever interrupts the wait for it. */
static int reap_on(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int ret;

	do
		ret = io_uring_wait_cqe(ring, &cqe);
	while (ret == -EINTR);
	CHECK_EQ(ret, 0);
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* Makes rings, uses them and ends them. */
static void *keeps_busy(void *arg)
{
	struct busy *busy = (struct busy *)arg;
	struct io_uring ring;
	char byte;
	int fds[2];

	pipe_up(fds);
	while (!__atomic_load_n(&busy->stop, __ATOMIC_RELAXED)) {
		ring_up(&ring, 8, 0);
		for (int i = 0; i < 20; i++) {
			io_uring_prep_read(sqe_of(&ring), fds[0], &byte, 1, 0);
			submit(&ring, 1);
			io_uring_prep_fsync(sqe_of(&ring), fds[0], 0);
			write_all(fds[1], "x", 1);
			submit(&ring, 1);
			CHECK_EQ(reap_on(&ring) + reap_on(&ring), 1 - EINVAL);
		}
		io_uring_queue_exit(&ring);
		busy->rounds++;
	}
	return NULL;
}

static void busy_begin(struct busy *busy, int n)
{
	memset(busy, 0, n * sizeof(*busy));
	for (int i = 0; i < n; i++)
		CHECK_EQ(pthread_create(&busy[i].thread, NULL, keeps_busy, &busy[i]), 0);
}

/* Each has got somewhere meanwhile. */
static void busy_end(struct busy *busy, int n)
{
	for (int i = 0; i < n; i++) {
		__atomic_store_n(&busy[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(busy[i].thread, NULL);
		CHECK_CMP(busy[i].rounds, >=, 1);
	}
}

TEST(children_are_made_while_other_threads_are_inside_the_library)
{
	struct busy busy[2];
	struct io_uring ring;
	struct scene s;

	ring_up(&ring, 16, 0);
	scene_begin(&ring, &s);
	busy_begin(busy, 2);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(child(ring_works, NULL), 0);
	busy_end(busy, 2);
	scene_end(&ring, &s);
	io_uring_queue_exit(&ring);
}

/* ---- exec ------------------------------------------------------------------------------------------------------------------------ */

/*
 * A copy of this process with a ring and requests in flight becomes another program, which looks what it has got. Without flags for a ring it
 * has something to find.
 */
static void becomes_another(void *arg)
{
	struct io_uring ring;
	struct scene s;

	/* What the case itself has open is not the question. */
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (arg) {
		ring_up(&ring, 16, *(unsigned *)arg);
		scene_begin(&ring, &s);
	} else {
		SYS(eventfd(0, 0));
	}
	execl("/bin/sh", "sh", "-c", "for fd in /proc/self/fd/*; do case $(readlink $fd) in anon_inode*) exit 4; esac; done; exit 6", NULL);
}

TEST(a_program_that_is_started_in_place_gets_nothing_of_a_ring)
{
	for (unsigned kind = 0; kind < KINDS_OF_RINGS; kind++) {
		unsigned flags = kinds[kind];

		CHECK_EQ(WEXITSTATUS(child(becomes_another, &flags)), 6);
	}
	CHECK_EQ(WEXITSTATUS(child(becomes_another, NULL)), 4);
}

/* ---- exit ------------------------------------------------------------------------------------------------------------------------ */

enum way { BY_RETURN, BY_EXIT, BY_EXIT_AT_ONCE, BY_SIGNAL };

struct ending {
	enum way way;
	bool from_handler;
	bool waits;
	unsigned flags;
};

static struct ending ending;

static void end_now(int sig)
{
	(void)sig;
	switch (ending.way) {
	case BY_EXIT:
		exit(11);
	case BY_EXIT_AT_ONCE:
		_exit(11);
	default:
		signal(SIGTERM, SIG_DFL);
		raise(SIGTERM);
	}
}

static void ends_with_requests(void *unused)
{
	struct itimerval soon = { .it_value = { .tv_usec = 20000 } };
	struct sigaction action;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	struct scene s;

	(void)unused;
	ring_up(&ring, 16, ending.flags);
	scene_begin(&ring, &s);
	if (!ending.from_handler) {
		end_now(0);
		return;
	}
	memset(&action, 0, sizeof(action));
	action.sa_handler = end_now;
	sigemptyset(&action.sa_mask);
	SYS(sigaction(SIGALRM, &action, NULL));
	SYS(sigaction(SIGTERM, &action, NULL));
	SYS(setitimer(ITIMER_REAL, &soon, NULL));
	for (;;) {
		/* The signal comes while the library waits, or in the middle of its work. */
		if (ending.waits) {
			io_uring_wait_cqe(&ring, &cqe);
			continue;
		}
		if (ending.flags & IORING_SETUP_SQPOLL)
			while (io_uring_sq_space_left(&ring) < 2)
				io_uring_sqring_wait(&ring);
		io_uring_prep_nop(sqe_of(&ring));
		io_uring_prep_poll_add(sqe_of(&ring), s.pipe[1], POLLOUT);
		send_off(&ring, 2);
		while (!io_uring_peek_cqe(&ring, &cqe))
			io_uring_cqe_seen(&ring, cqe);
	}
}

TEST(a_process_ends_with_requests_in_flight)
{
	for (int i = 0; i < 3 * 2 * 2 * KINDS_OF_RINGS; i++) {
		uint64_t start = now_ms();
		int status;

		ending.way = (enum way)(BY_EXIT + i % 3);
		ending.from_handler = i / 3 % 2;
		ending.waits = i / 6 % 2;
		ending.flags = kinds[i / 12];
		status = child(ends_with_requests, NULL);
		if (ending.way == BY_SIGNAL)
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		else
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 11);
		CHECK_CMP(now_ms() - start, <, 5000);
	}
}

static void ends_while_threads_work(void *unused)
{
	struct busy busy[3];

	(void)unused;
	busy_begin(busy, 3);
	sleep_ms(10);
	exit(12);
}

TEST(a_process_ends_while_its_threads_are_inside_the_library)
{
	for (int i = 0; i < 30; i++)
		CHECK_EQ(WEXITSTATUS(child(ends_while_threads_work, NULL)), 12);
}

/* ---- threads --------------------------------------------------------------------------------------------------------------------- */

static void *submits_and_goes(void *arg)
{
	struct io_uring *ring = (struct io_uring *)arg;

	submit(ring, 3);
	pthread_exit(NULL);
}

TEST(a_ring_outlives_the_thread_that_submitted)
{
	struct __kernel_timespec ts = timespec_ms(30);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	pthread_t thread;
	char byte;
	int fds[2];

	ring_up(&ring, 16, 0);
	pipe_up(fds);
	io_uring_prep_nop(sqe_of(&ring));
	sqe = sqe_of(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	sqe->user_data = 1;
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->user_data = 2;
	CHECK_EQ(pthread_create(&thread, NULL, submits_and_goes, &ring), 0);
	pthread_join(thread, NULL);
	CHECK_EQ(reap(&ring).res, 0);
	CHECK_EQ(reap_data(&ring, 1), -ETIME);
	check_quiet(&ring);
	write_all(fds[1], "x", 1);
	/* The kernel has nobody to do it for any more; the engine does it all the same. */
	CHECK_EQ(reap_data(&ring, 2), uring_rs_backend(&ring) == URING_RS_BACKEND_USER ? 1 : -ECANCELED);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

static void changes_user(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++) {
		/* The C library asks every thread of the process to take part. */
		SYS(setuid(getuid()));
		SYS(setresgid(-1, getgid(), -1));
		sleep_ms(1);
	}
}

TEST(every_thread_takes_part_when_the_user_is_set)
{
	struct busy busy[2];
	struct io_uring ring;
	struct scene s;

	ring_up(&ring, 16, 0);
	scene_begin(&ring, &s);
	busy_begin(busy, 2);
	in_thread(changes_user, NULL);
	busy_end(busy, 2);
	scene_end(&ring, &s);
	io_uring_queue_exit(&ring);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------------------------- */

static void closes_by_hand(void)
{
	struct io_uring old, ring;
	char got[2];
	int fds[2], number, file;

	pipe_up(fds);
	ring_up(&old, 8, 0);
	number = old.ring_fd;
	io_uring_prep_read(sqe_of(&old), fds[0], got, 1, 0);
	io_uring_prep_poll_add(sqe_of(&old), fds[0], POLLIN);
	submit(&old, 2);
	SYS(close(number));
	/* The number is a file's, and that file is left alone. */
	file = (int)SYS(dup(fds[1]));
	CHECK_EQ(file, number);
	write_all(file, "ab", 2);
	read_all(fds[0], got, 1);
	close(file);
	/* The number is a ring's again. */
	ring_up(&ring, 8, 0);
	CHECK_EQ(ring.ring_fd, number);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	io_uring_prep_nop(sqe_of(&ring));
	submit(&ring, 2);
	reap(&ring);
	old.ring_fd = -1;
	io_uring_queue_exit(&old);
	io_uring_prep_nop(sqe_of(&ring));
	submit(&ring, 1);
	reap(&ring);
	io_uring_queue_exit(&ring);
	close(fds[0]);
	close(fds[1]);
}

TEST(a_ring_s_number_is_used_again_after_a_close_by_hand)
{
	int fds;

	closes_by_hand();
	fds = census_take().fds;
	for (int i = 0; i < 20; i++)
		closes_by_hand();
	CHECK_EQ(census_take().fds, fds);
}

/* ---- signals --------------------------------------------------------------------------------------------------------------------- */

static void is_stopped(void *arg)
{
	int *fds = (int *)arg;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char byte;
	int ret;

	ring_up(&ring, 8, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], &byte, 1, 0);
	submit(&ring, 1);
	do
		ret = io_uring_wait_cqe(&ring, &cqe);
	while (ret == -EINTR);
	CHECK_EQ(ret, 0);
	CHECK_EQ(cqe->res, 1);
	_exit(21);
}

TEST(a_process_that_is_stopped_goes_on_where_it_was)
{
	int fds[2], status;
	pid_t pid;

	pipe_up(fds);
	pid = (pid_t)SYS(fork());
	if (!pid)
		is_stopped(fds);
	for (int i = 0; i < 5; i++) {
		sleep_ms(10);
		SYS(kill(pid, SIGSTOP));
		SYS(waitpid(pid, &status, WUNTRACED));
		CHECK(WIFSTOPPED(status));
		if (i == 4)
			write_all(fds[1], "x", 1);
		SYS(kill(pid, SIGCONT));
	}
	SYS(waitpid(pid, &status, 0));
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 21);
}

static struct io_uring *handlers_ring;
static volatile sig_atomic_t handled, refused;

/* Uses the ring that the interrupted thread may be working on. */
static void enters_again(int sig)
{
	int ret;

	(void)sig;
	ret = io_uring_enter(handlers_ring->ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
	if (ret == -EAGAIN)
		refused++;
	else if (ret)
		_exit(99);
	handled++;
}

TEST(a_handler_that_enters_the_ring_it_interrupted_is_not_locked_out_for_ever)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned done = 0, queued = 0;

	ring_up(&ring, 64, 0);
	handlers_ring = &ring;
	memset(&action, 0, sizeof(action));
	action.sa_handler = enters_again;
	action.sa_flags = SA_RESTART;
	SYS(sigaction(SIGALRM, &action, NULL));
	SYS(setitimer(ITIMER_REAL, &often, NULL));
	while (handled < 500) {
		for (int i = 0; i < 32; i++)
			io_uring_prep_nop(sqe_of(&ring));
		submit(&ring, 32);
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			io_uring_cqe_seen(&ring, cqe);
			done++;
		}
		queued += 32;
	}
	SYS(setitimer(ITIMER_REAL, &never, NULL));
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		io_uring_cqe_seen(&ring, cqe);
		done++;
	}
	CHECK_EQ(done, queued);
	/* The kernel runs no handler inside of its calls. */
	if (uring_rs_backend(&ring) == URING_RS_BACKEND_KERNEL)
		CHECK_EQ(refused, 0);
	io_uring_queue_exit(&ring);
}

/* Uses a ring of its own. */
static void enters_another(int sig)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(handlers_ring);
	struct io_uring_cqe *cqe;

	(void)sig;
	if (!sqe)
		_exit(97);
	io_uring_prep_nop(sqe);
	sqe->user_data = handled;
	if (io_uring_submit(handlers_ring) != 1 || io_uring_peek_cqe(handlers_ring, &cqe) || cqe->user_data != (uint64_t)handled)
		_exit(98);
	io_uring_cqe_seen(handlers_ring, cqe);
	handled++;
}

TEST(a_handler_has_a_ring_of_its_own)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	struct io_uring ring, own;
	struct sigaction action;
	char got[2];
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 64, 0);
	ring_up(&own, 8, 0);
	handlers_ring = &own;
	enters_another(0);
	memset(&action, 0, sizeof(action));
	action.sa_handler = enters_another;
	action.sa_flags = SA_RESTART;
	SYS(sigaction(SIGALRM, &action, NULL));
	SYS(setitimer(ITIMER_REAL, &often, NULL));
	while (handled < 500) {
		io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
		submit(&ring, 1);
		CHECK_EQ(write(fds[1], "x", 1), 1);
		CHECK_EQ(reap_on(&ring), 1);
	}
	SYS(setitimer(ITIMER_REAL, &never, NULL));
	io_uring_queue_exit(&own);
	io_uring_queue_exit(&ring);
}
