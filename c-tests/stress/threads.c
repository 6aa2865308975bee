/* SPDX-License-Identifier: MIT */
/*
 * One ring and many threads: some submit under a lock, some wait, and reap under another, while signals come to all of them. And the same
 * while the process forks.
 */
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "stress.h"

enum { PRODUCERS = 3, REAPERS = 3, MOST_UNDER_WAY = 200, PIPES = 16 };

static struct io_uring ring;
static pthread_mutex_t submit_lock = PTHREAD_MUTEX_INITIALIZER, reap_lock = PTHREAD_MUTEX_INITIALIZER;
static int pipes[PIPES][2];
static atomic_bool stop, may_leave;
static atomic_ulong submitted, completed, signals_sent, interrupted, children;
/* A bit for each request under way, by its number: a completion that comes twice, or for nothing, is found. */
static atomic_uchar under_way[1 << 20];
static char read_into[PRODUCERS][64];
static struct __kernel_timespec soon = { .tv_nsec = 100000 };

static void on_signal(int sig)
{
	(void)sig;
}

static void prepare(struct io_uring_sqe *sqe, unsigned producer, uint64_t r)
{
	unsigned pipe = (unsigned)(r >> 8) % PIPES;

	switch (r % 8) {
	case 0:
	case 1:
	case 2:
		io_uring_prep_nop(sqe);
		break;
	case 3:
		io_uring_prep_timeout(sqe, &soon, 0, IORING_TIMEOUT_ETIME_SUCCESS);
		break;
	case 4:
		/* Always ready: there is room in the pipe. */
		io_uring_prep_poll_add(sqe, pipes[pipe][1], POLLOUT);
		break;
	case 5:
		io_uring_prep_write(sqe, pipes[pipe][1], "x", 1, 0);
		break;
	case 6:
		io_uring_prep_read(sqe, pipes[pipe][0], read_into[producer], 1, 0);
		break;
	default:
		io_uring_prep_fsync(sqe, pipes[pipe][0], 0);
		break;
	}
	if (r >> 32 & 1)
		sqe->flags |= IOSQE_ASYNC;
}

/*
 * A read needs a write: a producer makes them in turn, so that no more reads wait than writes are to come. Each request is one of 1 Mi numbers;
 * a number comes again only when so many others have been used.
 */
static void *produces(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	uint64_t random = me + 1;
	unsigned number = me;
	bool owes_read = false;
	unsigned owed_pipe = 0;

	while (!atomic_load(&stop) || owes_read) {
		uint64_t r = random_u64(&random);
		struct io_uring_sqe *sqe;

		if (atomic_load(&submitted) - atomic_load(&completed) > MOST_UNDER_WAY) {
			sched_yield();
			continue;
		}
		if (owes_read) {
			r = (r & ~0xfff07ULL & ~7ULL) | 6 | (uint64_t)owed_pipe << 8;
			owes_read = false;
		} else if (r % 8 == 5 || r % 8 == 6) {
			owed_pipe = (unsigned)(r >> 8) % PIPES;
			r = (r & ~0xfff07ULL & ~7ULL) | 5 | (uint64_t)owed_pipe << 8;
			owes_read = true;
		}
		pthread_mutex_lock(&submit_lock);
		sqe = sqe_of(&ring);
		prepare(sqe, me, r);
		sqe->user_data = number;
		if (atomic_exchange(&under_way[number], 1))
			fail("request %u is still under way after a million others", number);
		number = (number + PRODUCERS) % (sizeof(under_way) / PRODUCERS * PRODUCERS);
		CHECK_EQ(OK(io_uring_submit(&ring)), 1);
		atomic_fetch_add(&submitted, 1);
		pthread_mutex_unlock(&submit_lock);
	}
	/* With a thread end the requests that it has submitted. */
	while (!atomic_load(&may_leave))
		usleep(1000);
	return NULL;
}

/* Waits with the others; who finds something takes all there is. */
static void *reaps(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (unsigned turn = 0;; turn++) {
		struct __kernel_timespec limit = { .tv_sec = 60 };
		struct io_uring_cqe *cqe = NULL;
		int ret;

		if (turn % 3 == me % 3)
			ret = io_uring_wait_cqe_timeout(&ring, &cqe, &limit);
		else
			ret = io_uring_wait_cqe(&ring, &cqe);
		/* -ETIME: another thread was faster; a wait with a limit does not go on then. */
		if (ret == -EINTR || (ret == -ETIME && turn % 3 == me % 3)) {
			atomic_fetch_add(&interrupted, 1);
			continue;
		}
		if (ret < 0)
			fail("a wait: %s", strerror(-ret));
		pthread_mutex_lock(&reap_lock);
		while (io_uring_peek_cqe(&ring, &cqe) == 0) {
			uint64_t data = cqe->user_data;

			if (data == UINT64_MAX) {
				/* The end; it is left there for the other threads. */
				pthread_mutex_unlock(&reap_lock);
				return NULL;
			}
			CHECK(data < sizeof(under_way));
			if (cqe->res < 0 && cqe->res != -ETIME && cqe->res != -EINVAL)
				fail("request %llu: %s", (unsigned long long)data, strerror(-cqe->res));
			if (!atomic_exchange(&under_way[data], 0))
				fail("completion %llu came twice, or for nothing", (unsigned long long)data);
			io_uring_cqe_seen(&ring, cqe);
			atomic_fetch_add(&completed, 1);
			progress();
		}
		pthread_mutex_unlock(&reap_lock);
	}
}

static pthread_t everybody[PRODUCERS + REAPERS];

static void *pesters(void *arg)
{
	uint64_t random = 77;

	(void)arg;
	while (!atomic_load(&stop)) {
		uint64_t r = random_u64(&random);

		pthread_kill(everybody[r % (PRODUCERS + REAPERS)], r >> 16 & 1 ? SIGUSR1 : SIGUSR2);
		atomic_fetch_add(&signals_sent, 1);
		if (r >> 20 & 1)
			usleep((useconds_t)(r >> 24) % 300);
	}
	return NULL;
}

/* What a child does. It may find locks of the program's held: it touches none. */
static void child(unsigned kind)
{
	struct io_uring own;
	struct io_uring_cqe *cqe;

	/* No watchdog here. */
	alarm(20);
	if (kind % 4 == 0)
		_exit(0);
	if (kind % 4 == 1) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(9);
	}
	if (io_uring_queue_init(8, &own, 0))
		_exit(1);
	for (int i = 0; i < 50; i++) {
		io_uring_prep_nop(io_uring_get_sqe(&own));
		io_uring_get_sqe(&own)->opcode = IORING_OP_FSYNC;
		if (io_uring_submit_and_wait(&own, 2) != 2)
			_exit(2);
		for (int j = 0; j < 2; j++) {
			if (io_uring_peek_cqe(&own, &cqe))
				_exit(3);
			io_uring_cqe_seen(&own, cqe);
		}
	}
	/* Work for threads of its own. */
	io_uring_prep_timeout(io_uring_get_sqe(&own), &soon, 0, 0);
	if (io_uring_submit(&own) != 1 || io_uring_wait_cqe(&own, &cqe))
		_exit(4);
	if (cqe->res != -ETIME)
		_exit(5);
	/* The others leave it to the end of the process. */
	if (kind % 2)
		io_uring_queue_exit(&own);
	_exit(0);
}

static void *forks(void *arg)
{
	(void)arg;
	for (unsigned kind = 0; !atomic_load(&stop); kind++) {
		pid_t pid = fork();
		int status;

		CHECK(pid >= 0);
		if (pid == 0)
			child(kind);
		while (waitpid(pid, &status, 0) < 0)
			CHECK_EQ(errno, EINTR);
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			fail("child %u (kind %u): status %#x", kind, kind % 4, (unsigned)status);
		atomic_fetch_add(&children, 1);
		usleep(1000);
	}
	return NULL;
}

static void together(double seconds, void *(*other)(void *))
{
	struct sigaction plain = { .sa_handler = on_signal }, restarts = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	unsigned before = descriptors();
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	pthread_t third;

	watch_count("submitted", &submitted);
	watch_count("completed", &completed);
	watch_count("signals", &signals_sent);
	watch_count("children", &children);
	SYS(sigaction(SIGUSR1, &plain, NULL));
	SYS(sigaction(SIGUSR2, &restarts, NULL));
	for (int i = 0; i < PIPES; i++)
		SYS(pipe2(pipes[i], O_CLOEXEC));
	ring_up(&ring, 64, 0, 0);
	for (uintptr_t i = 0; i < REAPERS; i++)
		everybody[PRODUCERS + i] = start(reaps, (void *)i);
	for (uintptr_t i = 0; i < PRODUCERS; i++)
		everybody[i] = start(produces, (void *)i);
	third = start(other, NULL);
	for (double until = now_s() + seconds; now_s() < until;)
		usleep(50000);
	atomic_store(&stop, true);
	join(third);
	/* A producer may be on its way out of a submission yet. */
	for (unsigned long last = ~0UL; last != atomic_load(&submitted) || atomic_load(&completed) < last;) {
		last = atomic_load(&submitted);
		usleep(20000);
	}
	atomic_store(&may_leave, true);
	for (int i = 0; i < PRODUCERS; i++)
		join(everybody[i]);
	pthread_mutex_lock(&submit_lock);
	sqe = sqe_of(&ring);
	io_uring_prep_nop(sqe);
	sqe->user_data = UINT64_MAX;
	CHECK_EQ(OK(io_uring_submit(&ring)), 1);
	pthread_mutex_unlock(&submit_lock);
	for (int i = 0; i < REAPERS; i++)
		join(everybody[PRODUCERS + i]);
	CHECK_EQ(OK(io_uring_peek_cqe(&ring, &cqe)), 0);
	io_uring_cqe_seen(&ring, cqe);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(atomic_load(&completed), atomic_load(&submitted));
	ring_down(&ring);
	for (int i = 0; i < PIPES; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	no_descriptor_left(before);
	printf("     %lu requests, %lu signals, %lu waits interrupted, %lu children\n", atomic_load(&completed), atomic_load(&signals_sent),
	       atomic_load(&interrupted), atomic_load(&children));
}

void run_threads(double seconds)
{
	together(seconds, pesters);
}

void run_forks(double seconds)
{
	together(seconds, forks);
}
