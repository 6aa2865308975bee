/* SPDX-License-Identifier: MIT */
/* Descriptors that exist only in the ring's table: opened, accepted, made, passed, installed, closed. */
#include "test.h"

static int read_slot(struct io_uring *ring, int slot, void *buf, unsigned len)
{
	struct io_uring_sqe *sqe = sqe_of(ring);

	io_uring_prep_read(sqe, slot, buf, len, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	return run_one(ring);
}

TEST(a_file_is_opened_into_a_slot_and_closed_there, .part2 = true)
{
	struct census before;
	struct io_uring ring;
	char buf[8];

	close(file_with_pattern("f", 8));
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 4), 0);
	before = census_take();
	io_uring_prep_openat_direct(sqe_of(&ring), AT_FDCWD, "f", O_RDONLY, 0, 2);
	CHECK_EQ(run_one(&ring), 0);
	/* No descriptor of the process was used. */
	CHECK_EQ(census_take().fds, before.fds);
	CHECK_EQ(read_slot(&ring, 2, buf, 8), 8);
	check_pattern(buf, 8, 0);
	io_uring_prep_close_direct(sqe_of(&ring), 2);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(read_slot(&ring, 2, buf, 8), -EBADF);
	io_uring_prep_close_direct(sqe_of(&ring), 2);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_close_direct(sqe_of(&ring), 99);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(the_kernel_picks_a_free_slot_when_asked, .part2 = true)
{
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring ring;
	char buf[8];
	unsigned seen = 0;

	close(file_with_pattern("f", 8));
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 4), 0);
	for (int i = 0; i < 4; i++) {
		int slot;

		if (i % 2)
			io_uring_prep_openat_direct(sqe_of(&ring), AT_FDCWD, "f", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC);
		else
			io_uring_prep_openat2_direct(sqe_of(&ring), AT_FDCWD, "f", &how, IORING_FILE_INDEX_ALLOC);
		slot = run_one(&ring);
		CHECK_CMP(slot, >=, 0);
		CHECK_CMP(slot, <, 4);
		seen |= 1u << slot;
		CHECK_EQ(read_slot(&ring, slot, buf, 8), 8);
	}
	CHECK_EQ(seen, 0xf);
	io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC);
	CHECK_EQ(run_one(&ring), -ENFILE);
	io_uring_queue_exit(&ring);
}

TEST(slots_are_picked_from_the_range_that_was_set, .part2 = true)
{
	struct io_uring ring;

	close(file_with_pattern("f", 8));
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_file_alloc_range(&ring, 0, 4), -EINVAL);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 8), 0);
	CHECK_EQ(io_uring_register_file_alloc_range(&ring, 5, 2), 0);
	for (int i = 0; i < 3; i++) {
		int ret;

		io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC);
		ret = run_one(&ring);
		if (i < 2)
			CHECK(ret == 5 || ret == 6);
		else
			CHECK_EQ(ret, -ENFILE);
	}
	CHECK_EQ(io_uring_register_file_alloc_range(&ring, 5, 4), -EINVAL);
	CHECK_EQ(io_uring_register_file_alloc_range(&ring, 0xffffffff, 2), -EOVERFLOW);
	io_uring_queue_exit(&ring);
}

TEST(opening_into_a_table_that_is_missing_or_too_small_is_refused, .part2 = true)
{
	struct io_uring ring;

	close(file_with_pattern("f", 8));
	ring_up(&ring, 8, 0);
	io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY, 0, 0);
	CHECK_EQ(run_one(&ring), -ENXIO);
	io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY, 0, IORING_FILE_INDEX_ALLOC);
	CHECK_CMP(run_one(&ring), <, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 4), 0);
	io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY, 0, 4);
	CHECK_EQ(run_one(&ring), -EINVAL);
	/* A slot has no close-on-exec. */
	io_uring_prep_open_direct(sqe_of(&ring), "f", O_RDONLY | O_CLOEXEC, 0, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_open_direct(sqe_of(&ring), "missing", O_RDONLY, 0, 0);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_queue_exit(&ring);
}

TEST(connections_are_accepted_into_slots, .part2 = true)
{
	struct sockaddr_in addr;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int listener = tcp_listener(&addr);
	char buf[4];

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 4), 0);
	for (int multishot = 0; multishot < 2; multishot++) {
		sqe = sqe_of(&ring);
		if (multishot)
			io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
		else
			io_uring_prep_accept_direct(sqe, listener, NULL, NULL, 0, 3);
		submit(&ring, 1);
		for (int i = 0; i <= multishot; i++) {
			int client = (int)SYS(socket(AF_INET, SOCK_STREAM, 0)), slot;
			struct answer a;

			SYS(connect(client, (struct sockaddr *)&addr, sizeof(addr)));
			a = reap(&ring);
			CHECK_CMP(a.res, >=, 0);
			CHECK_EQ(!!(a.flags & IORING_CQE_F_MORE), multishot);
			slot = multishot ? a.res : 3;
			write_all(client, "ping", 4);
			sqe = sqe_of(&ring);
			io_uring_prep_recv(sqe, slot, buf, 4, 0);
			io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
			CHECK_EQ(run_one(&ring), 4);
			CHECK_MEM(buf, "ping", 4);
		}
	}
	io_uring_queue_exit(&ring);
}

TEST(sockets_and_pipes_are_made_in_slots, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[4];
	int slots[2] = { -1, -1 }, slot;

	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 8), 0);
	io_uring_prep_socket_direct(sqe_of(&ring), AF_INET, SOCK_STREAM, 0, 6, 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_socket_direct_alloc(sqe_of(&ring), AF_INET, SOCK_STREAM, 0, 0);
	slot = run_one(&ring);
	CHECK_CMP(slot, >=, 0);
	CHECK(slot != 6);
	sqe = sqe_of(&ring);
	io_uring_prep_shutdown(sqe, slot, SHUT_RDWR);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), -ENOTCONN);
	need_op(&ring, IORING_OP_PIPE);
	io_uring_prep_pipe_direct(sqe_of(&ring), slots, 0, IORING_FILE_INDEX_ALLOC);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(slots[0] >= 0 && slots[0] < 8 && slots[1] >= 0 && slots[1] < 8 && slots[0] != slots[1]);
	sqe = sqe_of(&ring);
	io_uring_prep_write(sqe, slots[1], "pipe", 4, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), 4);
	CHECK_EQ(read_slot(&ring, slots[0], buf, 4), 4);
	CHECK_MEM(buf, "pipe", 4);
	io_uring_queue_exit(&ring);
}

TEST(a_slot_becomes_a_descriptor_again, .part2 = true)
{
	struct io_uring ring;
	char buf[8];
	int fd, file = file_with_pattern("f", 8);

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FIXED_FD_INSTALL);
	CHECK_EQ(io_uring_register_files(&ring, &file, 1), 0);
	close(file);
	io_uring_prep_fixed_fd_install(sqe_of(&ring), 0, 0);
	fd = run_one(&ring);
	CHECK_CMP(fd, >=, 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	read_all(fd, buf, 8);
	check_pattern(buf, 8, 0);
	io_uring_prep_fixed_fd_install(sqe_of(&ring), 0, IORING_FIXED_FD_NO_CLOEXEC);
	fd = run_one(&ring);
	CHECK_CMP(fd, >=, 0);
	CHECK(!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
	io_uring_prep_fixed_fd_install(sqe_of(&ring), 5, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_fixed_fd_install(sqe_of(&ring), 0, 1 << 10);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_file_is_passed_from_table_to_table, .part2 = true)
{
	struct io_uring here, there;
	struct answer a;
	char buf[8];
	int file = file_with_pattern("f", 8);

	ring_up(&here, 8, 0);
	ring_up(&there, 8, 0);
	CHECK_EQ(io_uring_register_files(&here, &file, 1), 0);
	CHECK_EQ(io_uring_register_files_sparse(&there, 4), 0);
	io_uring_prep_msg_ring_fd(sqe_of(&here), there.ring_fd, 0, 2, 77, 0);
	CHECK_EQ(run_one(&here), 0);
	CHECK_EQ(reap_data(&there, 77), 0);
	CHECK_EQ(read_slot(&there, 2, buf, 8), 8);
	check_pattern(buf, 8, 0);
	/* To a slot of its choice; the answer on both sides names it. */
	io_uring_prep_msg_ring_fd_alloc(sqe_of(&here), there.ring_fd, 0, 78, 0);
	submit(&here, 1);
	a = reap(&here);
	CHECK_CMP(a.res, >=, 0);
	CHECK_EQ(reap_data(&there, 78), a.res);
	CHECK_EQ(read_slot(&there, a.res, buf, 8), 8);
	io_uring_prep_msg_ring_fd(sqe_of(&here), there.ring_fd, 3, 2, 77, 0);
	CHECK_EQ(run_one(&here), -EBADF);
	io_uring_queue_exit(&there);
	io_uring_queue_exit(&here);
}

TEST(a_chain_opens_reads_and_closes_without_a_descriptor, .part2 = true)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char buf[8];

	close(file_with_pattern("f", 8));
	ring_up(&ring, 8, 0);
	CHECK_EQ(io_uring_register_files_sparse(&ring, 1), 0);
	for (int round = 0; round < 5; round++) {
		memset(buf, 0, sizeof(buf));
		sqe = sqe_of(&ring);
		io_uring_prep_open_direct(sqe, "f", O_RDONLY, 0, 0);
		sqe->flags |= IOSQE_IO_LINK;
		sqe->user_data = 1;
		sqe = sqe_of(&ring);
		io_uring_prep_read(sqe, 0, buf, 8, 0);
		sqe->flags |= IOSQE_IO_LINK | IOSQE_FIXED_FILE;
		sqe->user_data = 2;
		sqe = sqe_of(&ring);
		io_uring_prep_close_direct(sqe, 0);
		sqe->user_data = 3;
		submit(&ring, 3);
		CHECK_EQ(reap_data(&ring, 1), 0);
		CHECK_EQ(reap_data(&ring, 2), 8);
		CHECK_EQ(reap_data(&ring, 3), 0);
		check_pattern(buf, 8, 0);
	}
	io_uring_queue_exit(&ring);
}
