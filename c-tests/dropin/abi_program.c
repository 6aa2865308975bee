/* SPDX-License-Identifier: MIT */
/*
 * An ordinary program of the liburing 2.3 time, to be compiled with one library's header and run on another's. What it prints
 * depends on what was done only: no times, no addresses, no descriptor numbers.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <liburing.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CHECK(what, got, want)                                                                                         \
	do {                                                                                                           \
		long got_ = (long)(got), want_ = (long)(want);                                                         \
		printf("%s: %ld\n", what, got_);                                                                       \
		if (got_ != want_) {                                                                                   \
			printf("  expected %ld\n", want_);                                                             \
			failures++;                                                                                    \
		}                                                                                                      \
	} while (0)

static int failures;

/* Takes the next completion, whichever it is, and gives its result for the user data that is looked for. */
static int take(struct io_uring *ring, unsigned long long data)
{
	struct io_uring_cqe *cqe;
	int ret = io_uring_wait_cqe(ring, &cqe);

	if (ret < 0)
		return ret;
	ret = cqe->user_data == data ? cqe->res : -EXDEV;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

static struct io_uring_sqe *next(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		puts("no SQE");
		exit(2);
	}
	return sqe;
}

static void nops_and_batches(void)
{
	struct io_uring_cqe *cqe, *batch[16];
	struct io_uring ring;
	unsigned head, n = 0, sum = 0, i;

	CHECK("init", io_uring_queue_init(8, &ring, 0), 0);
	CHECK("SQ entries", io_uring_sq_space_left(&ring), 8);
	for (i = 0; i < 8; i++) {
		io_uring_prep_nop(next(&ring));
		/* the SQE just prepared */
		ring.sq.sqes[i & (*ring.sq.kring_mask)].user_data = i + 1;
	}
	CHECK("full SQ", io_uring_get_sqe(&ring) == NULL, 1);
	CHECK("ready", io_uring_sq_ready(&ring), 8);
	CHECK("submit", io_uring_submit(&ring), 8);
	CHECK("CQ ready", io_uring_cq_ready(&ring), 8);
	CHECK("batch", io_uring_peek_batch_cqe(&ring, batch, 3), 3);
	for (i = 0; i < 3; i++)
		sum += (unsigned)batch[i]->user_data;
	io_uring_cq_advance(&ring, 3);
	io_uring_for_each_cqe(&ring, head, cqe) {
		sum += (unsigned)cqe->user_data;
		n++;
	}
	io_uring_cq_advance(&ring, n);
	CHECK("iterated", n, 5);
	CHECK("sum", sum, 36);
	CHECK("peek on empty", io_uring_peek_cqe(&ring, &cqe), -EAGAIN);
	io_uring_queue_exit(&ring);
}

static void timeouts(void)
{
	struct __kernel_timespec ts = { .tv_sec = 0, .tv_nsec = 2000000 };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	CHECK("init", io_uring_queue_init(4, &ring, 0), 0);
	CHECK("wait_cqe_timeout", io_uring_wait_cqe_timeout(&ring, &cqe, &ts), -ETIME);
	sqe = next(&ring);
	io_uring_prep_timeout(sqe, &ts, 0, 0);
	io_uring_sqe_set_data64(sqe, 5);
	CHECK("submit_and_wait", io_uring_submit_and_wait(&ring, 1), 1);
	CHECK("timeout", take(&ring, 5), -ETIME);
	sqe = next(&ring);
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 6);
	CHECK("submit_and_wait_timeout", io_uring_submit_and_wait_timeout(&ring, &cqe, 1, &ts, NULL), 1);
	CHECK("nop", take(&ring, 6), 0);
	io_uring_queue_exit(&ring);
}

static void files(void)
{
	char name[] = "abi-program-XXXXXX";
	char out[4096], in[4096], fixed[4096];
	struct iovec iov = { .iov_base = out, .iov_len = sizeof(out) }, fixed_iov = { .iov_base = fixed, .iov_len = sizeof(fixed) };
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fd = mkstemp(name);

	if (fd < 0) {
		perror("mkstemp");
		exit(2);
	}
	unlink(name);
	memset(out, 'u', sizeof(out));
	memset(in, 0, sizeof(in));
	memset(fixed, 0, sizeof(fixed));
	CHECK("init", io_uring_queue_init(16, &ring, 0), 0);
	CHECK("register files", io_uring_register_files(&ring, &fd, 1), 0);
	CHECK("register buffers", io_uring_register_buffers(&ring, &fixed_iov, 1), 0);
	CHECK("register files again", io_uring_register_files(&ring, &fd, 1), -EBUSY);

	sqe = next(&ring);
	io_uring_prep_writev(sqe, fd, &iov, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, 1);
	sqe = next(&ring);
	io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, 2);
	sqe = next(&ring);
	io_uring_prep_read(sqe, 0, in, sizeof(in), 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_IO_LINK);
	io_uring_sqe_set_data64(sqe, 3);
	sqe = next(&ring);
	io_uring_prep_read_fixed(sqe, fd, fixed, sizeof(fixed), 0, 0);
	io_uring_sqe_set_data64(sqe, 4);
	CHECK("submit chain", io_uring_submit(&ring), 4);
	CHECK("writev", take(&ring, 1), 4096);
	CHECK("fsync", take(&ring, 2), 0);
	CHECK("read", take(&ring, 3), 4096);
	CHECK("read fixed", take(&ring, 4), 4096);
	CHECK("same", memcmp(in, out, sizeof(in)) == 0 && memcmp(fixed, out, sizeof(in)) == 0, 1);

	CHECK("unregister buffers", io_uring_unregister_buffers(&ring), 0);
	CHECK("unregister files", io_uring_unregister_files(&ring), 0);
	CHECK("unregister files again", io_uring_unregister_files(&ring), -ENXIO);
	io_uring_queue_exit(&ring);
	close(fd);
}

static void sockets_and_polls(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	eventfd_t count = 0;
	char hello[8] = "hello", got[8] = "";
	int pair[2], event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (event < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		perror("socketpair");
		exit(2);
	}
	CHECK("init", io_uring_queue_init(8, &ring, 0), 0);
	CHECK("register eventfd", io_uring_register_eventfd(&ring, event), 0);
	CHECK("register ring fd", io_uring_register_ring_fd(&ring), 1);
	sqe = next(&ring);
	io_uring_prep_poll_add(sqe, pair[1], POLLIN);
	io_uring_sqe_set_data64(sqe, 1);
	sqe = next(&ring);
	io_uring_prep_poll_add(sqe, pair[0], POLLIN);
	io_uring_sqe_set_data64(sqe, 2);
	CHECK("submit polls", io_uring_submit(&ring), 2);
	CHECK("nothing yet", io_uring_cq_ready(&ring), 0);
	sqe = next(&ring);
	io_uring_prep_send(sqe, pair[0], hello, sizeof(hello), 0);
	io_uring_sqe_set_data64(sqe, 3);
	CHECK("submit send", io_uring_submit_and_wait(&ring, 2), 1);
	{
		int first = take(&ring, 3), second = take(&ring, 1);

		/* The poll and the send may complete in either order. */
		CHECK("send and poll", (first == 8 && second == POLLIN) || (first == -EXDEV && second == -EXDEV), 1);
	}
	sqe = next(&ring);
	io_uring_prep_recv(sqe, pair[1], got, sizeof(got), 0);
	io_uring_sqe_set_data64(sqe, 4);
	CHECK("submit recv", io_uring_submit(&ring), 1);
	CHECK("recv", take(&ring, 4), 8);
	CHECK("same", memcmp(got, hello, sizeof(got)), 0);
	sqe = next(&ring);
	io_uring_prep_cancel64(sqe, 2, 0);
	io_uring_sqe_set_data64(sqe, 5);
	CHECK("submit cancel", io_uring_submit_and_wait(&ring, 2), 1);
	{
		int first = take(&ring, 2), second = take(&ring, 5);

		CHECK("cancelled", (first == -ECANCELED && second == 0) || (first == -EXDEV && second == -EXDEV), 1);
	}
	CHECK("eventfd counted", eventfd_read(event, &count) == 0 && count > 0, 1);
	CHECK("unregister ring fd", io_uring_unregister_ring_fd(&ring), 1);
	CHECK("unregister eventfd", io_uring_unregister_eventfd(&ring), 0);
	io_uring_queue_exit(&ring);
	close(pair[0]);
	close(pair[1]);
	close(event);
}

static void probes_and_errors(void)
{
	struct io_uring_params p;
	struct io_uring_probe *probe = io_uring_get_probe();
	struct io_uring ring;

	CHECK("probe", probe != NULL, 1);
	if (probe) {
		CHECK("knows READ", io_uring_opcode_supported(probe, IORING_OP_READ), 1);
		CHECK("knows 255", io_uring_opcode_supported(probe, 255), 0);
		io_uring_free_probe(probe);
	}
	/* Programs free it themselves as well. */
	free(io_uring_get_probe());
	CHECK("no entries", io_uring_queue_init(0, &ring, 0), -EINVAL);
	CHECK("too many", io_uring_queue_init(1U << 20, &ring, 0), -EINVAL);
	memset(&p, 0, sizeof(p));
	p.flags = 1U << 31;
	CHECK("unknown flag", io_uring_queue_init_params(8, &ring, &p), -EINVAL);
	memset(&p, 0, sizeof(p));
	p.flags = IORING_SETUP_CQSIZE;
	p.cq_entries = 64;
	CHECK("CQ size", io_uring_queue_init_params(8, &ring, &p), 0);
	CHECK("CQ entries", *ring.cq.kring_entries, 64);
	CHECK("features", (p.features & IORING_FEAT_NODROP) && ring.features == p.features, 1);
	CHECK("dontfork", io_uring_ring_dontfork(&ring), 0);
	CHECK("mlock size", io_uring_mlock_size(8, 0) >= 0, 1);
	io_uring_queue_exit(&ring);
}

int main(void)
{
	printf("struct io_uring: %zu\n", sizeof(struct io_uring));
	nops_and_batches();
	timeouts();
	files();
	sockets_and_polls();
	probes_and_errors();
	puts(failures ? "failed" : "all as expected");
	return failures != 0;
}
