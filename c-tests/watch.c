/* SPDX-License-Identifier: MIT */
/* Programs that submit and then look at nothing but the CQ's memory. */
#include "test.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Completions that are there, by the program's own reading of the memory. */
static unsigned there(const struct io_uring *ring)
{
	return __atomic_load_n(ring->cq.ktail, __ATOMIC_ACQUIRE) - *ring->cq.khead;
}

static struct answer take(struct io_uring *ring)
{
	struct io_uring_cqe *cqe = &ring->cq.cqes[*ring->cq.khead & ring->cq.ring_mask];
	struct answer a = { .data = cqe->user_data, .res = cqe->res, .flags = cqe->flags };

	__atomic_store_n(ring->cq.khead, *ring->cq.khead + 1, __ATOMIC_RELEASE);
	return a;
}

/* Looks again and again, as long as it takes. */
static struct answer watch(struct io_uring *ring)
{
	while (!there(ring))
		;
	return take(ring);
}

TEST(what_waits_for_a_descriptor_completes_for_who_only_looks)
{
	struct io_uring ring;
	char got[8];
	int fds[2], pair[2];

	ring_up(&ring, 16, 0);
	pipe_up(fds);
	pair_up(SOCK_STREAM, pair);
	for (int i = 0; i < 20; i++) {
		io_uring_prep_poll_add(sqe_of(&ring), fds[0], POLLIN);
		submit(&ring, 1);
		CHECK_EQ(there(&ring), 0);
		write_all(fds[1], "x", 1);
		CHECK_EQ(watch(&ring).res, POLLIN);
		read_all(fds[0], got, 1);

		io_uring_prep_recv(sqe_of(&ring), pair[0], got, 3, 0);
		submit(&ring, 1);
		write_all(pair[1], "abc", 3);
		CHECK_EQ(watch(&ring).res, 3);
		CHECK_MEM(got, "abc", 3);

		io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
		submit(&ring, 1);
		write_all(fds[1], "z", 1);
		CHECK_EQ(watch(&ring).res, 1);
		CHECK_EQ(got[0], 'z');
	}
	io_uring_queue_exit(&ring);
}

TEST(times_pass_for_who_only_looks)
{
	struct __kernel_timespec ts = timespec_ms(5), guard = timespec_ms(5);
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	uint64_t start = now_ms();
	char byte;
	int fds[2];

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	io_uring_prep_timeout(sqe_of(&ring), &ts, 3, IORING_TIMEOUT_MULTISHOT);
	submit(&ring, 1);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(watch(&ring).res, -ETIME);
	CHECK_CMP(now_ms() - start, >=, 14);
	sqe = sqe_of(&ring);
	io_uring_prep_read(sqe, fds[0], &byte, 1, 0);
	sqe->flags = IOSQE_IO_LINK;
	io_uring_prep_link_timeout(sqe_of(&ring), &guard, 0);
	submit(&ring, 2);
	CHECK_EQ(watch(&ring).res + watch(&ring).res, -ECANCELED - ETIME);
	io_uring_queue_exit(&ring);
}

TEST(what_one_completion_begins_goes_on_for_who_only_looks)
{
	struct io_uring ring;
	char got[4];
	int fds[2], file = file_with_pattern("f", 100);

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	ring.sq.sqes[0].flags = IOSQE_IO_LINK;
	io_uring_prep_fsync(sqe_of(&ring), file, 0);
	ring.sq.sqes[1].flags = IOSQE_IO_LINK;
	io_uring_prep_read(sqe_of(&ring), fds[0], got + 1, 1, 0);
	submit(&ring, 3);
	write_all(fds[1], "x", 1);
	CHECK_EQ(watch(&ring).res, 1);
	CHECK_EQ(watch(&ring).res, 0);
	sleep_ms(20);
	CHECK_EQ(there(&ring), 0);
	write_all(fds[1], "y", 1);
	CHECK_EQ(watch(&ring).res, 1);
	io_uring_queue_exit(&ring);
}

TEST(many_that_become_ready_at_once_all_complete_for_who_only_looks)
{
	enum { N = 300 };
	static int fds[N][2];
	unsigned sum = 0;
	struct io_uring ring;

	ring_up(&ring, 512, 0);
	for (int i = 0; i < N; i++) {
		fds[i][0] = (int)SYS(eventfd(0, 0));
		io_uring_prep_poll_add(sqe_of(&ring), fds[i][0], POLLIN);
		ring.sq.sqes[i].user_data = i;
	}
	submit(&ring, N);
	for (int i = 0; i < N; i++)
		SYS(eventfd_write(fds[i][0], 1));
	for (int i = 0; i < N; i++)
		sum += (unsigned)watch(&ring).data;
	CHECK_EQ(sum, N * (N - 1) / 2);
	io_uring_queue_exit(&ring);
}

TEST(a_wait_does_not_end_the_watching)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char got[4];
	int fds[2], other[2];

	pipe_up(fds);
	pipe_up(other);
	ring_up(&ring, 16, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	io_uring_prep_read(sqe_of(&ring), other[0], got + 1, 1, 0);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 3);
	CHECK_EQ(io_uring_peek_cqe(&ring, &cqe), 0);
	io_uring_cqe_seen(&ring, cqe);
	for (int i = 0; i < 5; i++) {
		write_all(fds[1], "x", 1);
		CHECK_EQ(watch(&ring).res, 1);
		/* Now it waits in the ring, and then it looks again. */
		io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
		write_all(fds[1], "x", 1);
		CHECK_EQ(io_uring_submit_and_wait(&ring, 1), 1);
		CHECK_EQ(take(&ring).res, 1);
		io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
		submit(&ring, 1);
	}
	io_uring_queue_exit(&ring);
}

/* Its completions come when it enters, and not before. */
TEST(work_that_is_deferred_waits_for_the_program)
{
	struct io_uring ring;
	char got[4];
	int fds[2];

	pipe_up(fds);
	ring_up_or_skip(&ring, 16, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	submit(&ring, 1);
	write_all(fds[1], "x", 1);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(there(&ring), 0);
		sleep_ms(2);
	}
	io_uring_get_events(&ring);
	CHECK_EQ(there(&ring), 1);
	CHECK_EQ(take(&ring).res, 1);
	io_uring_queue_exit(&ring);
}

static void watches(void *unused)
{
	struct io_uring ring;
	char got[4];
	int fds[2];

	(void)unused;
	pipe_up(fds);
	ring_up(&ring, 16, 0);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	submit(&ring, 1);
	write_all(fds[1], "x", 1);
	CHECK_EQ(watch(&ring).res, 1);
	io_uring_queue_exit(&ring);
	close(fds[0]);
	close(fds[1]);
}

TEST(a_child_is_looked_after_too)
{
	int status;

	watches(NULL);
	if (!SYS(fork())) {
		watches(NULL);
		_exit(5);
	}
	watches(NULL);
	SYS(wait(&status));
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 5);
}

TEST(looking_leaves_nothing_behind)
{
	CHECK_NO_LEAK(20, watches(NULL));
}

/* Rings end while what they wait for becomes ready. */
TEST(a_ring_may_end_at_any_moment_of_its_being_looked_after)
{
	char got[4];
	int fds[2];

	pipe_up(fds);
	for (int i = 0; i < 300; i++) {
		struct io_uring ring;

		ring_up(&ring, 16, 0);
		io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
		io_uring_prep_poll_add(sqe_of(&ring), fds[0], POLLIN);
		submit(&ring, 2);
		write_all(fds[1], "x", 1);
		for (uint64_t until = now_ms() + i % 4; now_ms() < until;)
			;
		io_uring_queue_exit(&ring);
	}
}

/* How often the other threads of this process have gone to sleep. */
static unsigned long sleeps_of_others(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned long sum = 0, n;
	struct dirent *entry;
	char path[300], line[100];

	CHECK(tasks);
	while ((entry = readdir(tasks))) {
		FILE *status;

		if (atoi(entry->d_name) == (int)syscall(SYS_gettid) || entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		status = fopen(path, "r");
		while (status && fgets(line, sizeof(line), status))
			if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1)
				sum += n;
		if (status)
			fclose(status);
	}
	closedir(tasks);
	return sum;
}

TEST(nothing_runs_while_everything_waits)
{
	struct __kernel_timespec ts = timespec_ms(100000);
	struct io_uring ring;
	char got[4], big[4096];
	unsigned long before;
	int fds[2], file = file_with_pattern("f", 5000);

	pipe_up(fds);
	ring_up(&ring, 16, 0);
	/* Something of each kind has completed before. */
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	io_uring_prep_timeout(sqe_of(&ring), &(struct __kernel_timespec){ .tv_nsec = 1 }, 0, 0);
	io_uring_prep_read(sqe_of(&ring), file, big, sizeof(big), 0);
	submit(&ring, 3);
	write_all(fds[1], "x", 1);
	for (int i = 0; i < 3; i++)
		watch(&ring);
	io_uring_prep_read(sqe_of(&ring), fds[0], got, 1, 0);
	io_uring_prep_poll_multishot(sqe_of(&ring), fds[0], POLLIN);
	io_uring_prep_timeout(sqe_of(&ring), &ts, 0, 0);
	submit(&ring, 3);
	sleep_ms(50);
	before = sleeps_of_others();
	sleep_ms(400);
	CHECK_CMP(sleeps_of_others() - before, <=, 2);
	io_uring_queue_exit(&ring);
}
