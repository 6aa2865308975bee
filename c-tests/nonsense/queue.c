/* SPDX-License-Identifier: MIT */
/* SQEs, submitting, waiting, completions, buffer rings and received messages. */
#include "nonsense.h"

#include <sys/socket.h>

static struct io_uring_cqe *cqe;
static struct __kernel_timespec no_time;
static struct __kernel_timespec bad_time = { 0, -1 };
static struct __kernel_timespec long_bad_time = { -1, 1000000000 };

/* The answer of a wait, and whether it handed out a CQE: that would be a wonder. */
static long long waited(int ret)
{
	return cqe ? 4711000 + ret : ret;
}

/* A request for the ring's next submit. */
static struct io_uring *with_nop(struct io_uring *ring)
{
	io_uring_prep_nop(io_uring_get_sqe(ring));
	return ring;
}

static struct io_uring *without_cq_flags(void)
{
	struct io_uring *ring = RING;

	ring->cq.kflags = NULL;
	return ring;
}

static struct io_uring *old_full_and_closed(void)
{
	struct io_uring *ring = ring_full();

	ring->features = 0;
	ring->enter_ring_fd = -1;
	return ring;
}

#define DISABLED ring_with(IORING_SETUP_R_DISABLED)

static void rows_sqes(void)
{
	LIBRARY(io_uring_get_sqe, "a full SQ", io_uring_get_sqe(ring_full()) != NULL);
	LIBRARY(_io_uring_get_sqe, "a full SQ", _io_uring_get_sqe(ring_full()) != NULL);
	LIBRARY(io_uring_get_sqe, "a closed descriptor", io_uring_get_sqe(ring_closed()) != NULL);
	LIBRARY(io_uring_get_sqe128, "a ring without large SQEs", io_uring_get_sqe128(RING) != NULL);
	LIBRARY(io_uring_sq_ready, "a full SQ", io_uring_sq_ready(ring_full()));
	LIBRARY(io_uring_sq_space_left, "a full SQ", io_uring_sq_space_left(ring_full()));
	LIBRARY(io_uring_load_sq_head, "a closed descriptor", io_uring_load_sq_head(ring_closed()));
	LIBRARY(io_uring_sqe_shift, "a ring that was never made", io_uring_sqe_shift(ring_never_made()));
	LIBRARY(io_uring_sqe_shift_from_flags, "every flag", io_uring_sqe_shift_from_flags(~0U));
	LIBRARY(io_uring_cqe_shift, "a ring that was never made", io_uring_cqe_shift(ring_never_made()));
	LIBRARY(io_uring_cqe_shift_from_flags, "every flag", io_uring_cqe_shift_from_flags(~0U));
	LIBRARY(io_uring_sqring_wait, "a ring without SQ thread", io_uring_sqring_wait(ring_full()));
	LIBRARY(io_uring_sqring_wait, "the same, closed", io_uring_sqring_wait(ring_closed()));
	KERNEL(__io_uring_sqring_wait, "a ring without SQ thread", __io_uring_sqring_wait(RING));
	KERNEL(__io_uring_sqring_wait, "a closed descriptor", __io_uring_sqring_wait(ring_closed()));
	KERNEL(__io_uring_sqring_wait, "a device", __io_uring_sqring_wait(ring_of_null_device()));
}

static void rows_submit(void)
{
	LIBRARY(io_uring_submit, "nothing to submit", io_uring_submit(RING));
	LIBRARY(io_uring_submit, "nothing to submit, a closed descriptor", io_uring_submit(ring_closed()));
	KERNEL(io_uring_submit, "a closed descriptor", io_uring_submit(with_nop(ring_closed())));
	KERNEL(io_uring_submit, "a device", io_uring_submit(with_nop(ring_of_null_device())));
	KERNEL(io_uring_submit, "a disabled ring", io_uring_submit(with_nop(DISABLED)));
	LIBRARY(io_uring_submit_and_wait, "nothing at all, a closed descriptor", io_uring_submit_and_wait(ring_closed(), 0));
	KERNEL(io_uring_submit_and_wait, "a closed descriptor", io_uring_submit_and_wait(ring_closed(), 1));
	KERNEL(io_uring_submit_and_wait, "UINT_MAX completions of a device", io_uring_submit_and_wait(ring_of_null_device(), UINT_MAX));
	KERNEL(io_uring_submit_and_wait, "a disabled ring", io_uring_submit_and_wait(DISABLED, 1));
	KERNEL(io_uring_submit_and_get_events, "nothing to submit", io_uring_submit_and_get_events(RING));
	KERNEL(io_uring_submit_and_get_events, "a closed descriptor", io_uring_submit_and_get_events(ring_closed()));
	KERNEL(io_uring_submit_and_get_events, "a device", io_uring_submit_and_get_events(ring_of_null_device()));
	KERNEL(io_uring_get_events, "a closed descriptor", io_uring_get_events(ring_closed()));
	KERNEL(io_uring_get_events, "a device", io_uring_get_events(ring_of_null_device()));
	KERNEL(io_uring_get_events, "a disabled ring", io_uring_get_events(DISABLED));

	KERNEL(io_uring_submit_and_wait_timeout, "no time", waited(io_uring_submit_and_wait_timeout(RING, &cqe, 1, &no_time, NULL)));
	KERNEL(io_uring_submit_and_wait_timeout, "a bad time", waited(io_uring_submit_and_wait_timeout(RING, &cqe, 1, &bad_time, NULL)));
	KERNEL(io_uring_submit_and_wait_timeout, "a bad time with a request",
	       waited(io_uring_submit_and_wait_timeout(with_nop(RING), &cqe, 2, &bad_time, NULL)));
	LIBRARY(io_uring_submit_and_wait_timeout, "nothing at all",
		waited(io_uring_submit_and_wait_timeout(RING, &cqe, 0, &bad_time, NULL)));
	LIBRARY(io_uring_submit_and_wait_timeout, "nothing at all, without time",
		waited(io_uring_submit_and_wait_timeout(ring_closed(), &cqe, 0, NULL, NULL)));
	KERNEL(io_uring_submit_and_wait_timeout, "a closed descriptor",
	       waited(io_uring_submit_and_wait_timeout(ring_closed(), &cqe, UINT_MAX, &no_time, NULL)));
	KERNEL(io_uring_submit_and_wait_timeout, "a request, a closed descriptor",
	       (waited(io_uring_submit_and_wait_timeout(with_nop(ring_closed()), &cqe, 1, NULL, NULL))));
	KERNEL(io_uring_submit_and_wait_timeout, "a time out of reach",
	       waited(io_uring_submit_and_wait_timeout(RING, &cqe, 1, (struct __kernel_timespec *)no_memory, NULL)));
	KERNEL(io_uring_submit_and_wait_timeout, "a signal mask out of reach",
	       waited(io_uring_submit_and_wait_timeout(RING, &cqe, 1, &no_time, (sigset_t *)no_memory)));
	LIBRARY(io_uring_submit_and_wait_min_timeout, "a kernel without the feature",
		waited(io_uring_submit_and_wait_min_timeout(ring_of_old_kernel(0), &cqe, 1, &no_time, 1, NULL)));
	KERNEL(io_uring_submit_and_wait_min_timeout, "a bad time",
	       waited(io_uring_submit_and_wait_min_timeout(RING, &cqe, 1, &long_bad_time, 1, NULL)));
	KERNEL(io_uring_submit_and_wait_min_timeout, "a device",
	       waited(io_uring_submit_and_wait_min_timeout(ring_of_null_device(), &cqe, 1, &no_time, UINT_MAX, NULL)));
	LIBRARY(io_uring_submit_and_wait_reg, "a kernel without the feature",
		waited(io_uring_submit_and_wait_reg(ring_of_old_kernel(0), &cqe, 1, 0)));
	KERNEL(io_uring_submit_and_wait_reg, "nothing registered", waited(io_uring_submit_and_wait_reg(RING, &cqe, 1, 0)));
	KERNEL(io_uring_submit_and_wait_reg, "entry INT_MAX", waited(io_uring_submit_and_wait_reg(RING, &cqe, 1, INT_MAX)));
	KERNEL(io_uring_submit_and_wait_reg, "entry -1", waited(io_uring_submit_and_wait_reg(RING, &cqe, 1, -1)));
	KERNEL(io_uring_submit_and_wait_reg, "a closed descriptor", waited(io_uring_submit_and_wait_reg(ring_closed(), &cqe, 1, 0)));
	LIBRARY(io_uring_submit_and_wait_reg, "nothing to wait for", waited(io_uring_submit_and_wait_reg(RING, &cqe, 0, 0)));
}

static void rows_wait(void)
{
	LIBRARY(io_uring_peek_cqe, "an empty CQ", waited(io_uring_peek_cqe(RING, &cqe)));
	LIBRARY(io_uring_peek_cqe, "a closed descriptor", waited(io_uring_peek_cqe(ring_closed(), &cqe)));
	LIBRARY(__io_uring_peek_cqe, "an empty CQ, and nobody who counts", waited(__io_uring_peek_cqe(RING, &cqe, NULL)));
	LIBRARY(io_uring_peek_batch_cqe, "room for none", io_uring_peek_batch_cqe(RING, NULL, 0));
	LIBRARY(io_uring_peek_batch_cqe, "room for UINT_MAX", io_uring_peek_batch_cqe(RING, &cqe, UINT_MAX));
	LIBRARY(io_uring_peek_batch_cqe, "a closed descriptor", io_uring_peek_batch_cqe(ring_closed(), &cqe, 1));
	KERNEL(io_uring_wait_cqe, "a closed descriptor", waited(io_uring_wait_cqe(ring_closed(), &cqe)));
	KERNEL(io_uring_wait_cqe, "a device", waited(io_uring_wait_cqe(ring_of_null_device(), &cqe)));
	KERNEL(io_uring_wait_cqe, "a disabled ring", waited(io_uring_wait_cqe(DISABLED, &cqe)));
	LIBRARY(io_uring_wait_cqe_nr, "none", waited(io_uring_wait_cqe_nr(RING, &cqe, 0)));
	KERNEL(io_uring_wait_cqe_nr, "UINT_MAX of a closed ring", waited(io_uring_wait_cqe_nr(ring_closed(), &cqe, UINT_MAX)));
	KERNEL(io_uring_wait_cqe_timeout, "no time", waited(io_uring_wait_cqe_timeout(RING, &cqe, &no_time)));
	KERNEL(io_uring_wait_cqe_timeout, "a bad time", waited(io_uring_wait_cqe_timeout(RING, &cqe, &bad_time)));
	KERNEL(io_uring_wait_cqe_timeout, "another bad time", waited(io_uring_wait_cqe_timeout(RING, &cqe, &long_bad_time)));
	KERNEL(io_uring_wait_cqe_timeout, "a closed descriptor", waited(io_uring_wait_cqe_timeout(ring_closed(), &cqe, &no_time)));
	KERNEL(io_uring_wait_cqe_timeout, "NULL, a closed descriptor", waited(io_uring_wait_cqe_timeout(ring_closed(), &cqe, NULL)));
	KERNEL(io_uring_wait_cqes, "no time", waited(io_uring_wait_cqes(RING, &cqe, UINT_MAX, &no_time, NULL)));
	LIBRARY(io_uring_wait_cqes, "none, no time", waited(io_uring_wait_cqes(RING, &cqe, 0, &no_time, NULL)));
	LIBRARY(io_uring_wait_cqes, "none, NULL", waited(io_uring_wait_cqes(RING, &cqe, 0, NULL, NULL)));
	KERNEL(io_uring_wait_cqes, "a signal mask out of reach",
	       waited(io_uring_wait_cqes(RING, &cqe, 1, NULL, (sigset_t *)no_memory)));
	KERNEL(io_uring_wait_cqes, "a full SQ on a kernel without the feature, closed",
	       waited(io_uring_wait_cqes(old_full_and_closed(), &cqe, 1, &no_time, NULL)));
	LIBRARY(io_uring_wait_cqes_min_timeout, "a kernel without the feature",
		waited(io_uring_wait_cqes_min_timeout(ring_of_old_kernel(IORING_FEAT_EXT_ARG), &cqe, 1, &no_time, 1, NULL)));
	KERNEL(io_uring_wait_cqes_min_timeout, "no time", waited(io_uring_wait_cqes_min_timeout(RING, &cqe, 1, &no_time, 0, NULL)));
	KERNEL(io_uring_wait_cqes_min_timeout, "a closed descriptor",
	       waited(io_uring_wait_cqes_min_timeout(ring_closed(), &cqe, 1, NULL, UINT_MAX, NULL)));
	LIBRARY(__io_uring_get_cqe, "nothing at all", waited(__io_uring_get_cqe(RING, &cqe, 0, 0, NULL)));
	KERNEL(__io_uring_get_cqe, "UINT_MAX to submit, closed", waited(__io_uring_get_cqe(ring_closed(), &cqe, UINT_MAX, UINT_MAX, NULL)));
	KERNEL(__io_uring_get_cqe, "a device", waited(__io_uring_get_cqe(ring_of_null_device(), &cqe, 1, 1, NULL)));
}

static unsigned advanced(unsigned nr)
{
	struct io_uring *ring = RING;

	io_uring_cq_advance(ring, nr);
	return io_uring_cq_ready(ring);
}

static unsigned seen_null(void)
{
	struct io_uring *ring = RING;

	io_uring_cqe_seen(ring, NULL);
	return io_uring_cq_ready(ring);
}

static bool iterated(void)
{
	struct io_uring_cqe_iter iter = io_uring_cqe_iter_init(RING);

	return io_uring_cqe_iter_next(&iter, &cqe) || cqe;
}

static int toggled(bool on)
{
	struct io_uring *ring = without_cq_flags();

	return io_uring_cq_eventfd_toggle(ring, on);
}

static struct io_uring_cqe *all_ones(void)
{
	return (struct io_uring_cqe *)memset(memory, 0xff, sizeof(struct io_uring_cqe));
}

static void rows_cqes(void)
{
	LIBRARY(io_uring_cq_ready, "a closed descriptor", io_uring_cq_ready(ring_closed()));
	LIBRARY(io_uring_cq_has_overflow, "a closed descriptor", io_uring_cq_has_overflow(ring_closed()));
	LIBRARY(io_uring_cq_advance, "none", advanced(0));
	LIBRARY(io_uring_cq_advance, "one that is not there", advanced(1));
	LIBRARY(io_uring_cqe_seen, "NULL", seen_null());
	LIBRARY(io_uring_cqe_iter_init, "an empty CQ", iterated());
	LIBRARY(io_uring_cqe_iter_next, "an empty CQ", iterated());
	LIBRARY(io_uring_cqe_nr, "every flag", io_uring_cqe_nr(all_ones()));
	LIBRARY(io_uring_cqe_get_data, "all ones", io_uring_cqe_get_data(all_ones()) == (void *)UINTPTR_MAX);
	LIBRARY(io_uring_cqe_get_data64, "all ones", io_uring_cqe_get_data64(all_ones()));
	LIBRARY(io_uring_cq_eventfd_enabled, "a kernel without the flag", io_uring_cq_eventfd_enabled(without_cq_flags()));
	LIBRARY(io_uring_cq_eventfd_toggle, "on, a kernel without the flag", toggled(true));
	LIBRARY(io_uring_cq_eventfd_toggle, "off, a kernel without the flag", toggled(false));
	LIBRARY(io_uring_set_iowait, "a kernel without the feature", io_uring_set_iowait(ring_of_old_kernel(0), false));
}

static struct msghdr *lengths(size_t name, size_t control)
{
	static struct msghdr msgh;

	msgh.msg_namelen = (socklen_t)name;
	msgh.msg_controllen = control;
	return &msgh;
}

#define OUT ((struct io_uring_recvmsg_out *)memory)

static void rows_messages(void)
{
	LIBRARY(io_uring_recvmsg_validate, "a length of 0", io_uring_recvmsg_validate(memory, 0, lengths(0, 0)) != NULL);
	LIBRARY(io_uring_recvmsg_validate, "a negative length", io_uring_recvmsg_validate(memory, -1, lengths(0, 0)) != NULL);
	LIBRARY(io_uring_recvmsg_validate, "INT_MIN", io_uring_recvmsg_validate(memory, INT_MIN, lengths(0, 0)) != NULL);
	LIBRARY(io_uring_recvmsg_validate, "a byte too few", io_uring_recvmsg_validate(memory, 47, lengths(16, 16)) != NULL);
	LIBRARY(io_uring_recvmsg_validate, "just enough", io_uring_recvmsg_validate(memory, 48, lengths(16, 16)) != NULL);
	LIBRARY(io_uring_recvmsg_validate, "room for more control data than there is",
		io_uring_recvmsg_validate(memory, INT_MAX, lengths(0, (size_t)INT_MAX)) != NULL);
	LIBRARY(io_uring_recvmsg_name, "a message of nothing", (char *)io_uring_recvmsg_name(OUT) - memory);
	LIBRARY(io_uring_recvmsg_payload, "no name, no control data", (char *)io_uring_recvmsg_payload(OUT, lengths(0, 0)) - memory);
	LIBRARY(io_uring_recvmsg_payload_length, "nothing behind the head", io_uring_recvmsg_payload_length(OUT, 16, lengths(0, 0)));
	LIBRARY(io_uring_recvmsg_cmsg_firsthdr, "no control data", io_uring_recvmsg_cmsg_firsthdr(OUT, lengths(0, 0)) != NULL);
	LIBRARY(io_uring_recvmsg_cmsg_nexthdr, "a control message of no length",
		io_uring_recvmsg_cmsg_nexthdr(OUT, lengths(0, 64), (struct cmsghdr *)(memory + 16)) != NULL);
}

#define BUFS ((struct io_uring_buf_ring *)memory)

static int tail_after(int count)
{
	io_uring_buf_ring_advance(BUFS, count);
	return BUFS->tail;
}

static int both_after(struct io_uring *ring, int cqes, int bufs)
{
	__io_uring_buf_ring_cq_advance(ring, BUFS, cqes, bufs);
	return BUFS->tail * 1000 + (int)io_uring_cq_ready(ring);
}

static int same_after(struct io_uring *ring, int count)
{
	io_uring_buf_ring_cq_advance(ring, BUFS, count);
	return BUFS->tail * 1000 + (int)io_uring_cq_ready(ring);
}

static void rows_buffers(void)
{
	LIBRARY(io_uring_buf_ring_mask, "no entries", io_uring_buf_ring_mask(0));
	LIBRARY(io_uring_buf_ring_mask, "UINT_MAX entries", io_uring_buf_ring_mask(UINT_MAX));
	NOTHING(io_uring_buf_ring_init, "a ring of zeros", io_uring_buf_ring_init(BUFS));
	NOTHING(io_uring_buf_ring_add, "a NULL buffer, before the first", io_uring_buf_ring_add(BUFS, NULL, UINT_MAX, USHRT_MAX, 7, -1));
	LIBRARY(io_uring_buf_ring_advance, "none", tail_after(0));
	LIBRARY(io_uring_buf_ring_advance, "-1", tail_after(-1));
	LIBRARY(io_uring_buf_ring_advance, "INT_MAX", tail_after(INT_MAX));
	LIBRARY(__io_uring_buf_ring_cq_advance, "no CQE, -1 buffers", both_after(RING, 0, -1));
	LIBRARY(io_uring_buf_ring_cq_advance, "none", same_after(RING, 0));
}

void rows_queue(void)
{
	rows_sqes();
	rows_submit();
	rows_wait();
	rows_cqes();
	rows_messages();
	rows_buffers();
}
