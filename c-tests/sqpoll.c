/* SPDX-License-Identifier: MIT */
/* Rings with a submission thread: it takes requests without a system call, sleeps when idle, and is woken by the library. */
#include "test.h"

#include <dirent.h>
#include <sched.h>
#include <sys/time.h>

enum { IDLE_MS = 20 };

static void sqpoll_up(struct io_uring *ring, unsigned entries, unsigned idle_ms)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL, .sq_thread_idle = idle_ms };

	ring_up_params(ring, entries, &p);
}

static void nop(struct io_uring *ring, uint64_t data)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_nop(sqe);
	sqe->user_data = data;
}

static bool sleeps(struct io_uring *ring)
{
	return IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_NEED_WAKEUP;
}

TEST(the_thread_takes_requests)
{
	struct io_uring ring;

	sqpoll_up(&ring, 8, 2000);
	for (int i = 0; i < 200; i++) {
		nop(&ring, i);
		CHECK_CMP(io_uring_submit(&ring), >=, 0);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(an_idle_thread_sleeps_and_submit_wakes_it)
{
	struct io_uring ring;

	sqpoll_up(&ring, 8, IDLE_MS);
	for (int i = 0; i < 5; i++) {
		WAIT_UNTIL(sleeps(&ring));
		nop(&ring, i);
		CHECK_EQ(io_uring_submit(&ring), 1);
		CHECK_EQ(reap_data(&ring, i), 0);
	}
	io_uring_queue_exit(&ring);
}

TEST(an_idle_thread_is_woken_by_each_way_to_submit)
{
	struct __kernel_timespec ts = timespec_ms(20000);
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	sqpoll_up(&ring, 8, IDLE_MS);
	WAIT_UNTIL(sleeps(&ring));
	nop(&ring, 1);
	CHECK_CMP(io_uring_submit_and_wait(&ring, 1), >=, 0);
	CHECK_EQ(reap_data(&ring, 1), 0);
	WAIT_UNTIL(sleeps(&ring));
	nop(&ring, 2);
	CHECK_CMP(io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), >=, 0);
	CHECK_EQ(reap_data(&ring, 2), 0);
	WAIT_UNTIL(sleeps(&ring));
	nop(&ring, 3);
	CHECK_CMP(io_uring_submit_and_get_events(&ring), >=, 0);
	CHECK_EQ(reap_data(&ring, 3), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_full_queue_is_waited_for)
{
	enum { N = 2000 };
	struct io_uring ring;
	uint64_t seen = 0;

	sqpoll_up(&ring, 4, IDLE_MS);
	for (uint64_t i = 0; i < N; i++) {
		struct io_uring_cqe *cqe;
		struct io_uring_sqe *sqe;

		while (!(sqe = io_uring_get_sqe(&ring))) {
			CHECK_CMP(io_uring_submit(&ring), >=, 0);
			CHECK_CMP(io_uring_sqring_wait(&ring), >=, 0);
		}
		io_uring_prep_nop(sqe);
		sqe->user_data = i;
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			CHECK_EQ(cqe->user_data, seen++);
			io_uring_cqe_seen(&ring, cqe);
		}
	}
	CHECK_CMP(io_uring_submit(&ring), >=, 0);
	while (seen < N)
		CHECK_EQ(reap_data(&ring, seen++), 0);
	io_uring_queue_exit(&ring);
}

TEST(room_in_the_queue_is_not_waited_for)
{
	struct io_uring ring;

	sqpoll_up(&ring, 4, IDLE_MS);
	CHECK_EQ(io_uring_sqring_wait(&ring), 0);
	io_uring_queue_exit(&ring);
}

TEST(real_work_is_done_by_the_thread)
{
	enum { BLOCK = 4096, N = 32 };
	static unsigned char buf[N][BLOCK];
	struct io_uring ring;
	char text[4];
	int fds[2], fd = file_with_pattern("f", N * BLOCK);

	pipe_up(fds);
	sqpoll_up(&ring, N, IDLE_MS);
	for (int i = 0; i < N; i++)
		io_uring_prep_read(sqe_of(&ring), fd, buf[i], BLOCK, i * BLOCK);
	CHECK_CMP(io_uring_submit(&ring), >=, 0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(reap(&ring).res, BLOCK);
	check_pattern(buf, sizeof(buf), 0);
	/* Also what has to wait, and what comes when the thread sleeps. */
	io_uring_prep_read(sqe_of(&ring), fds[0], text, 4, 0);
	CHECK_CMP(io_uring_submit(&ring), >=, 0);
	WAIT_UNTIL(sleeps(&ring));
	write_all(fds[1], "data", 4);
	CHECK_EQ(reap(&ring).res, 4);
	io_uring_queue_exit(&ring);
}

TEST(the_thread_can_be_bound_to_a_cpu)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, .sq_thread_idle = IDLE_MS };
	struct io_uring ring;
	int cpu = sched_getcpu();

	p.sq_thread_cpu = cpu < 0 ? 0 : cpu;
	ring_up_params(&ring, 8, &p);
	nop(&ring, 1);
	CHECK_CMP(io_uring_submit(&ring), >=, 0);
	CHECK_EQ(reap_data(&ring, 1), 0);
	io_uring_queue_exit(&ring);
	/* A CPU that does not exist. */
	p = (struct io_uring_params){ .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, .sq_thread_cpu = 100000 };
	CHECK_EQ(io_uring_queue_init_params(8, &ring, &p), -EINVAL);
}

TEST(two_rings_share_a_thread)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ, .sq_thread_idle = IDLE_MS };
	struct io_uring first, second;

	sqpoll_up(&first, 8, IDLE_MS);
	p.wq_fd = first.ring_fd;
	ring_up_params(&second, 8, &p);
	for (int i = 0; i < 20; i++) {
		nop(&first, i);
		nop(&second, i);
		CHECK_CMP(io_uring_submit(&first), >=, 0);
		CHECK_CMP(io_uring_submit(&second), >=, 0);
		CHECK_EQ(reap_data(&first, i), 0);
		CHECK_EQ(reap_data(&second, i), 0);
	}
	io_uring_queue_exit(&first);
	nop(&second, 1);
	CHECK_CMP(io_uring_submit(&second), >=, 0);
	CHECK_EQ(reap_data(&second, 1), 0);
	io_uring_queue_exit(&second);
}

TEST(flags_that_do_not_go_with_a_thread_are_refused)
{
	static const unsigned flags[] = {
		IORING_SETUP_SQ_AFF,
		IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_SQPOLL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ };
	struct io_uring plain, ring;

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		CHECK_EQ(io_uring_queue_init(8, &ring, flags[i]), -EINVAL);
	/* There is no thread to share. */
	ring_up(&plain, 8, 0);
	p.wq_fd = plain.ring_fd;
	CHECK_EQ(io_uring_queue_init_params(8, &ring, &p), -EINVAL);
	io_uring_queue_exit(&plain);
}

TEST(a_disabled_ring_s_thread_waits)
{
	struct io_uring ring;
	int ret;

	ring_up(&ring, 8, IORING_SETUP_SQPOLL | IORING_SETUP_R_DISABLED);
	nop(&ring, 1);
	ret = io_uring_submit(&ring);
	/* A thread that sleeps already is not woken. */
	CHECK(ret == 1 || ret == -EBADFD);
	sleep_ms(30);
	CHECK_EQ(io_uring_sq_ready(&ring), 1);
	CHECK_EQ(io_uring_cq_ready(&ring), 0);
	CHECK_EQ(io_uring_enable_rings(&ring), 0);
	CHECK_EQ(reap_data(&ring, 1), 0);
	io_uring_queue_exit(&ring);
}

TEST(a_ring_ends_while_its_thread_is_busy)
{
	for (int round = 0; round < 20; round++) {
		static unsigned char buf[8][4096];
		struct io_uring ring;
		char byte;
		int fds[2], fd = file_with_pattern("f", sizeof(buf));

		pipe_up(fds);
		sqpoll_up(&ring, 64, IDLE_MS);
		for (int i = 0; i < 8; i++) {
			io_uring_prep_read(sqe_of(&ring), fd, buf[i], sizeof(buf[i]), i * sizeof(buf[i]));
			io_uring_prep_read(sqe_of(&ring), fds[0], &byte, 1, 0);
		}
		CHECK_CMP(io_uring_submit(&ring), >=, 0);
		io_uring_queue_exit(&ring);
		close(fds[0]);
		close(fds[1]);
		close(fd);
	}
}

TEST(rings_with_a_thread_leave_nothing_behind)
{
	struct io_uring ring;

	CHECK_NO_LEAK(10, {
		sqpoll_up(&ring, 8, IDLE_MS);
		nop(&ring, 1);
		CHECK_CMP(io_uring_submit(&ring), >=, 0);
		CHECK_EQ(reap_data(&ring, 1), 0);
		io_uring_queue_exit(&ring);
	});
}

static void interrupted(int unused)
{
	(void)unused;
}

TEST(a_signal_ends_the_wait_for_room_in_the_queue)
{
	/* Calls are to be restarted, if they can be. */
	struct sigaction action = { .sa_handler = interrupted, .sa_flags = SA_RESTART };
	struct itimerval soon = { .it_value = { .tv_usec = 100000 } };
	struct io_uring ring;

	SYS(sigaction(SIGALRM, &action, NULL));
	sqpoll_up(&ring, 4, IDLE_MS);
	WAIT_UNTIL(sleeps(&ring));
	/* Queued without a word to the thread, which sleeps on. */
	for (int i = 0; i < 4; i++)
		nop(&ring, i);
	io_uring_smp_store_release(ring.sq.ktail, ring.sq.sqe_tail);
	SYS(setitimer(ITIMER_REAL, &soon, NULL));
	CHECK_EQ(io_uring_sqring_wait(&ring), 0);
	CHECK_EQ(io_uring_sq_space_left(&ring), 0);
	CHECK_EQ(io_uring_submit(&ring), 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(reap_data(&ring, i), 0);
	io_uring_queue_exit(&ring);
}

/* How many of the process's threads are workers, and how many of those may use no more than one CPU. */
static int workers(int *bound)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *entry;
	int found = 0;

	CHECK(tasks != NULL);
	*bound = 0;
	while ((entry = readdir(tasks)) != NULL) {
		char path[300], name[32] = "";
		cpu_set_t cpus;
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		comm = fopen(path, "r");
		if (comm && fgets(name, sizeof(name), comm) && !strncmp(name, "iou-wrk-", 8) &&
		    !sched_getaffinity(atoi(entry->d_name), sizeof(cpus), &cpus)) {
			found++;
			*bound += CPU_COUNT(&cpus) == 1;
		}
		if (comm)
			fclose(comm);
	}
	closedir(tasks);
	return found;
}

TEST(workers_are_not_bound_to_the_cpu_of_the_thread_that_submits)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, .sq_thread_idle = IDLE_MS };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	cpu_set_t cpus;
	int bound;

	SYS(sched_getaffinity(0, sizeof(cpus), &cpus));
	if (CPU_COUNT(&cpus) < 2)
		test_skip("there is one CPU for all threads");
	while (!CPU_ISSET(p.sq_thread_cpu, &cpus))
		p.sq_thread_cpu++;
	ring_up_params(&ring, 8, &p);
	sqe = sqe_of(&ring);
	io_uring_prep_fsync(sqe, file_empty("f"), 0);
	sqe->flags |= IOSQE_ASYNC;
	CHECK_CMP(io_uring_submit(&ring), >=, 0);
	CHECK_EQ(reap(&ring).res, 0);
	CHECK_CMP(workers(&bound), >=, 1);
	CHECK_EQ(bound, 0);
	io_uring_queue_exit(&ring);
}
