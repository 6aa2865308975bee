/* SPDX-License-Identifier: MIT */
/*
 * The helpers that work on rings, on memory that this program lays out as a kernel would: no system call is made. Compiled with the
 * helpers inlined, and with URING_NO_INLINE, when the same calls reach the functions that the library exports.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uring.h>

#if defined(URING_NO_INLINE) == defined(URING_INLINE)
#error "either the bodies are there or they are not"
#endif

static int failures;

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("line %d: %s\n", __LINE__, #condition);         \
			failures++;                                            \
		}                                                              \
	} while (0)

#define SQ_ENTRIES 8u
#define CQ_ENTRIES 16u

/* Memory as a kernel shares it, big enough for 128-byte SQEs and 32-byte CQEs. */
static struct {
	unsigned sq_head, sq_tail, sq_flags;
	unsigned cq_head, cq_tail, cq_flags;
	struct io_uring_sqe sqes[2 * SQ_ENTRIES];
	struct io_uring_cqe *cqes;
} kernel;

static struct io_uring ring;

/* Memory without a type of its own, zeroed. */
static void *room(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

static void set_up(unsigned flags)
{
	struct io_uring_cqe *cqes = kernel.cqes;

	if (!cqes)
		cqes = (struct io_uring_cqe *)room(2 * CQ_ENTRIES * 16);
	memset(cqes, 0, 2 * CQ_ENTRIES * 16);
	memset(&kernel, 0, sizeof(kernel));
	kernel.cqes = cqes;
	/* Old contents, which get_sqe must clear away where it says so. */
	memset(kernel.sqes, 0xa5, sizeof(kernel.sqes));
	memset(&ring, 0, sizeof(ring));

	ring.flags = flags;
	ring.features = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;
	/* No descriptor. (-1 has a meaning of its own to io_uring_register.) */
	ring.ring_fd = ring.enter_ring_fd = INT_MAX;

	ring.sq.khead = &kernel.sq_head;
	ring.sq.ktail = &kernel.sq_tail;
	ring.sq.kflags = &kernel.sq_flags;
	ring.sq.sqes = kernel.sqes;
	ring.sq.ring_entries = SQ_ENTRIES;
	ring.sq.ring_mask = SQ_ENTRIES - 1;

	ring.cq.khead = &kernel.cq_head;
	ring.cq.ktail = &kernel.cq_tail;
	ring.cq.kflags = &kernel.cq_flags;
	ring.cq.cqes = kernel.cqes;
	ring.cq.ring_entries = CQ_ENTRIES;
	ring.cq.ring_mask = CQ_ENTRIES - 1;
}

/* Both rings begin as if very many requests had gone through: indices wrap. */
static void age(unsigned sq, unsigned cq)
{
	kernel.sq_head = kernel.sq_tail = sq;
	ring.sq.sqe_head = ring.sq.sqe_tail = sq;
	kernel.cq_head = kernel.cq_tail = cq;
}

/* The 16-byte slot of a CQE. */
static struct io_uring_cqe *slot(unsigned index)
{
	return kernel.cqes + index;
}

/* Posts as the kernel does: a big CQE never wraps, a filler takes the gap. */
static void post(__u64 user_data, int res, unsigned flags)
{
	unsigned index = kernel.cq_tail & ring.cq.ring_mask;
	unsigned shift = ring.flags & IORING_SETUP_CQE32 ? 1 : 0;
	struct io_uring_cqe *cqe = slot(index << shift);

	cqe->user_data = user_data;
	cqe->res = res;
	cqe->flags = flags;
	kernel.cq_tail += flags & IORING_CQE_F_32 ? 2 : 1;
}

static void a_fresh_sqe_is_cleared_where_helpers_leave_off(void)
{
	struct io_uring_sqe *sqe, want;

	set_up(0);
	sqe = io_uring_get_sqe(&ring);
	CHECK(sqe == &kernel.sqes[0]);
	memset(&want, 0xa5, sizeof(want));
	io_uring_initialize_sqe(&want);
	CHECK(!memcmp(sqe, &want, sizeof(want)));
	CHECK(sqe->flags == 0 && sqe->ioprio == 0 && sqe->rw_flags == 0);
	CHECK(sqe->buf_index == 0 && sqe->personality == 0);
	CHECK(sqe->file_index == 0 && sqe->addr3 == 0);
	CHECK(sqe->user_data == 0xa5a5a5a5a5a5a5a5ULL && sqe->opcode == 0xa5);
}

static void sqes_come_in_ring_order_until_the_sq_is_full(void)
{
	unsigned first[] = { 0, 5, UINT_MAX - 2 };
	unsigned i, n;

	for (n = 0; n < sizeof(first) / sizeof(first[0]); n++) {
		set_up(0);
		age(first[n], 0);
		for (i = 0; i < SQ_ENTRIES; i++) {
			CHECK(io_uring_sq_ready(&ring) == i);
			CHECK(io_uring_sq_space_left(&ring) == SQ_ENTRIES - i);
			CHECK(io_uring_get_sqe(&ring) ==
			      &kernel.sqes[(first[n] + i) & 7]);
		}
		CHECK(io_uring_get_sqe(&ring) == NULL);
		CHECK(_io_uring_get_sqe(&ring) == NULL);
		CHECK(io_uring_sq_space_left(&ring) == 0);

		/* The kernel consumes two: as many are free again. */
		kernel.sq_head += 2;
		CHECK(io_uring_load_sq_head(&ring) == first[n] + 2);
		CHECK(io_uring_sq_space_left(&ring) == 2);
		CHECK(io_uring_get_sqe(&ring) == &kernel.sqes[first[n] & 7]);
		CHECK(io_uring_get_sqe(&ring) != NULL);
		CHECK(io_uring_get_sqe(&ring) == NULL);
	}
}

static void big_sqes_take_two_slots_of_memory_and_one_index(void)
{
	unsigned i;

	set_up(IORING_SETUP_SQE128);
	CHECK(io_uring_sqe_shift(&ring) == 1);
	for (i = 0; i < SQ_ENTRIES; i++) {
		struct io_uring_sqe *sqe = i & 1 ? io_uring_get_sqe(&ring)
						 : io_uring_get_sqe128(&ring);

		CHECK(sqe == &kernel.sqes[2 * i]);
	}
	CHECK(io_uring_get_sqe128(&ring) == NULL);
}

static void a_rewinding_ring_counts_from_zero(void)
{
	unsigned i;

	set_up(IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQ_REWIND);
	for (i = 0; i < SQ_ENTRIES; i++)
		CHECK(io_uring_get_sqe(&ring) == &kernel.sqes[i]);
	CHECK(io_uring_get_sqe(&ring) == NULL);
	CHECK(io_uring_load_sq_head(&ring) == 0);

	/* After a submission the library sets the tail back. */
	ring.sq.sqe_head = ring.sq.sqe_tail = 0;
	CHECK(io_uring_sq_ready(&ring) == 0);
	CHECK(io_uring_get_sqe(&ring) == &kernel.sqes[0]);
}

static void a_128_byte_sqe_of_a_mixed_ring_takes_two_neighbours(void)
{
	struct io_uring_sqe *sqe;

	set_up(0);
	CHECK(io_uring_get_sqe128(&ring) == NULL);
	CHECK(io_uring_sq_ready(&ring) == 0);

	set_up(IORING_SETUP_SQE_MIXED);
	CHECK(io_uring_sqe_shift(&ring) == 0);
	CHECK(io_uring_get_sqe128(&ring) == &kernel.sqes[0]);
	CHECK(io_uring_get_sqe(&ring) == &kernel.sqes[2]);
	sqe = io_uring_get_sqe128(&ring);
	CHECK(sqe == &kernel.sqes[3]);
	CHECK(sqe && sqe->flags == 0 && sqe->rw_flags == 0);
	CHECK(io_uring_get_sqe128(&ring) == &kernel.sqes[5]);
	CHECK(io_uring_sq_ready(&ring) == 7);

	/* One slot is left, the last: no filler without room for the pair. */
	CHECK(io_uring_get_sqe128(&ring) == NULL);
	CHECK(io_uring_sq_ready(&ring) == 7);
	kernel.sq_head = 1;
	CHECK(io_uring_get_sqe128(&ring) == NULL);
	kernel.sq_head = 2;
	CHECK(io_uring_get_sqe128(&ring) == &kernel.sqes[0]);
	CHECK(kernel.sqes[7].opcode == IORING_OP_NOP);
	CHECK(kernel.sqes[7].flags == IOSQE_CQE_SKIP_SUCCESS);
	CHECK(io_uring_sq_ready(&ring) == 8);

	/* One free slot in the middle is too few, and needs no filler. */
	set_up(IORING_SETUP_SQE_MIXED);
	age(4, 0);
	while (io_uring_sq_ready(&ring) < SQ_ENTRIES - 1)
		CHECK(io_uring_get_sqe(&ring) != NULL);
	CHECK(io_uring_get_sqe128(&ring) == NULL);
	CHECK(io_uring_sq_space_left(&ring) == 1);
	CHECK(io_uring_get_sqe(&ring) == &kernel.sqes[3]);

	/* The filler is put in on the way, too. */
	set_up(IORING_SETUP_SQE_MIXED);
	age(7, 0);
	CHECK(io_uring_get_sqe128(&ring) == &kernel.sqes[0]);
	CHECK(kernel.sqes[7].flags == IOSQE_CQE_SKIP_SUCCESS);
	CHECK(io_uring_sq_ready(&ring) == 3);
}

static void without_an_sq_thread_there_is_nothing_to_wait_for(void)
{
	set_up(0);
	while (io_uring_get_sqe(&ring))
		;
	CHECK(io_uring_sqring_wait(&ring) == 0);

	set_up(IORING_SETUP_SQPOLL);
	CHECK(io_uring_sqring_wait(&ring) == 0);
	kernel.sq_head = UINT_MAX;
	CHECK(io_uring_load_sq_head(&ring) == UINT_MAX);
	CHECK(io_uring_sq_ready(&ring) == 1);
}

static void a_peek_gives_the_first_cqe_and_takes_nothing(void)
{
	struct io_uring_cqe *cqe;
	unsigned available = 99;

	set_up(0);
	cqe = slot(3);
	age(0, UINT_MAX);
	CHECK(__io_uring_peek_cqe(&ring, &cqe, &available) == 0);
	CHECK(cqe == NULL && available == 0);
	cqe = slot(3);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == -EAGAIN && cqe == NULL);

	post(11, 1, 0);
	post(12, 2, 0);
	CHECK(io_uring_cq_ready(&ring) == 2);
	CHECK(__io_uring_peek_cqe(&ring, &cqe, &available) == 0);
	CHECK(cqe == slot(15) && cqe->user_data == 11 && available == 2);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0 && cqe == slot(15));
	CHECK(io_uring_wait_cqe(&ring, &cqe) == 0 && cqe == slot(15));
	CHECK(io_uring_wait_cqe_nr(&ring, &cqe, 2) == 0 && cqe == slot(15));
	CHECK(io_uring_cq_ready(&ring) == 2);

	io_uring_cqe_seen(&ring, cqe);
	CHECK(kernel.cq_head == 0);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0 && cqe == slot(0));
	io_uring_cqe_seen(&ring, NULL);
	io_uring_cq_advance(&ring, 0);
	CHECK(kernel.cq_head == 0);
	io_uring_cq_advance(&ring, 1);
	CHECK(kernel.cq_head == 1 && io_uring_cq_ready(&ring) == 0);
}

static void big_cqes_take_two_slots_of_memory_and_one_index(void)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0;

	set_up(IORING_SETUP_CQE32);
	CHECK(io_uring_cqe_shift(&ring) == 1);
	age(0, CQ_ENTRIES - 1);
	post(1, 0, 0);
	post(2, 0, 0);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0);
	CHECK(cqe == slot(2 * (CQ_ENTRIES - 1)) && cqe->user_data == 1);
	CHECK(io_uring_cqe_nr(cqe) == 1);
	io_uring_for_each_cqe(&ring, head, cqe) {
		CHECK(head == CQ_ENTRIES - 1 + seen);
		CHECK(cqe->user_data == ++seen);
	}
	CHECK(seen == 2);
	io_uring_cqe_seen(&ring, cqe);
	CHECK(io_uring_cq_ready(&ring) == 1);
}

static void cqes_of_two_sizes_share_a_mixed_ring(void)
{
	struct io_uring_cqe *cqe;
	unsigned head, seen = 0, slots = 0;
	struct io_uring_cqe_iter iter;

	set_up(IORING_SETUP_CQE_MIXED);
	CHECK(io_uring_cqe_shift(&ring) == 0);
	age(0, CQ_ENTRIES - 4);
	post(1, 0, 0);
	post(2, 0, IORING_CQE_F_32);
	post(0, 0, IORING_CQE_F_SKIP); /* slot 15: a big one would wrap */
	post(3, 0, IORING_CQE_F_32);
	post(4, 0, 0);

	io_uring_for_each_cqe(&ring, head, cqe) {
		CHECK(head == CQ_ENTRIES - 4 + slots);
		slots += io_uring_cqe_nr(cqe);
		if (cqe->flags & IORING_CQE_F_SKIP)
			continue;
		CHECK(cqe->user_data == ++seen);
	}
	CHECK(seen == 4 && slots == 7 && io_uring_cq_ready(&ring) == 7);

	iter = io_uring_cqe_iter_init(&ring);
	CHECK(iter.head == CQ_ENTRIES - 4 && iter.tail - iter.head == 7);
	CHECK(iter.mask == CQ_ENTRIES - 1 && iter.shift == 0);
	CHECK(io_uring_cqe_iter_next(&iter, &cqe) && cqe == slot(12));
	CHECK(io_uring_cqe_iter_next(&iter, &cqe) && cqe == slot(13));
	CHECK(io_uring_cqe_nr(cqe) == 2 && iter.head == CQ_ENTRIES - 1);

	/* A peek never shows the filler, and takes it out of the way. */
	for (seen = 1; seen <= 4; seen++) {
		CHECK(io_uring_peek_cqe(&ring, &cqe) == 0);
		CHECK(cqe->user_data == seen);
		io_uring_cqe_seen(&ring, cqe);
	}
	CHECK(io_uring_cq_ready(&ring) == 0);
	CHECK(kernel.cq_head == CQ_ENTRIES + 3);
}

static void the_skip_bit_means_nothing_in_other_rings(void)
{
	struct io_uring_cqe *cqe;

	set_up(0);
	post(7, 0, IORING_CQE_F_SKIP);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0 && cqe->user_data == 7);
}

static void timeouts_of_the_library_stay_hidden(void)
{
	struct io_uring_cqe *cqe;
	unsigned available;

	/* Kernels that take a timeout in io_uring_enter() have none. */
	set_up(0);
	post(LIBURING_UDATA_TIMEOUT, -ETIME, 0);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0);
	CHECK(cqe->user_data == LIBURING_UDATA_TIMEOUT);

	/* Others: satisfied by completions, it says 0 and is passed over. */
	set_up(0);
	ring.features = 0;
	post(LIBURING_UDATA_TIMEOUT, 0, 0);
	post(5, 0, 0);
	CHECK(__io_uring_peek_cqe(&ring, &cqe, &available) == 0);
	CHECK(cqe == slot(1) && available == 1 && kernel.cq_head == 1);

	/* Run out, it is the answer of this look and gone at the next. */
	set_up(0);
	ring.features = 0;
	post(LIBURING_UDATA_TIMEOUT, -ETIME, 0);
	post(6, 0, 0);
	CHECK(__io_uring_peek_cqe(&ring, &cqe, NULL) == -ETIME);
	CHECK(cqe == NULL && kernel.cq_head == 1);
	CHECK(__io_uring_peek_cqe(&ring, &cqe, NULL) == 0 && cqe == slot(1));

	/* To a program that asked for no timeout it means nothing. */
	set_up(0);
	ring.features = 0;
	post(LIBURING_UDATA_TIMEOUT, -ETIME, 0);
	post(8, 0, 0);
	CHECK(io_uring_peek_cqe(&ring, &cqe) == 0 && cqe->user_data == 8);
}

static void overflow_and_eventfd_flags_are_seen(void)
{
	set_up(0);
	CHECK(!io_uring_cq_has_overflow(&ring));
	kernel.sq_flags = IORING_SQ_CQ_OVERFLOW | IORING_SQ_NEED_WAKEUP;
	CHECK(io_uring_cq_has_overflow(&ring));
	kernel.sq_flags = IORING_SQ_NEED_WAKEUP;
	CHECK(!io_uring_cq_has_overflow(&ring));

	CHECK(io_uring_cq_eventfd_enabled(&ring));
	CHECK(io_uring_cq_eventfd_toggle(&ring, true) == 0);
	CHECK(kernel.cq_flags == 0);
	CHECK(io_uring_cq_eventfd_toggle(&ring, false) == 0);
	CHECK(kernel.cq_flags == IORING_CQ_EVENTFD_DISABLED);
	CHECK(!io_uring_cq_eventfd_enabled(&ring));
	CHECK(io_uring_cq_eventfd_toggle(&ring, false) == 0);
	CHECK(io_uring_cq_eventfd_toggle(&ring, true) == 0);
	CHECK(kernel.cq_flags == 0);

	/* Kernels before 5.8 have no such flags. */
	ring.cq.kflags = NULL;
	CHECK(io_uring_cq_eventfd_enabled(&ring));
	CHECK(io_uring_cq_eventfd_toggle(&ring, true) == 0);
	CHECK(io_uring_cq_eventfd_toggle(&ring, false) == -EOPNOTSUPP);
}

static void user_data_goes_through_as_pointer_and_as_number(void)
{
	struct io_uring_sqe sqe;
	struct io_uring_cqe *cqe;

	set_up(0);
	cqe = slot(0);
	io_uring_sqe_set_data(&sqe, &sqe);
	cqe->user_data = sqe.user_data;
	CHECK(io_uring_cqe_get_data(cqe) == &sqe);
	io_uring_sqe_set_data64(&sqe, 0xfedcba9876543210ULL);
	cqe->user_data = sqe.user_data;
	CHECK(io_uring_cqe_get_data64(cqe) == 0xfedcba9876543210ULL);
}

static void shifts_follow_the_setup_flags(void)
{
	CHECK(io_uring_cqe_shift_from_flags(0) == 0);
	CHECK(io_uring_cqe_shift_from_flags(IORING_SETUP_CQE32) == 1);
	CHECK(io_uring_cqe_shift_from_flags(~IORING_SETUP_CQE32) == 0);
	CHECK(io_uring_sqe_shift_from_flags(0) == 0);
	CHECK(io_uring_sqe_shift_from_flags(IORING_SETUP_SQE128) == 1);
	CHECK(io_uring_sqe_shift_from_flags(~IORING_SETUP_SQE128) == 0);
}

static void buffers_are_added_after_the_tail_and_shown_by_advancing_it(void)
{
	static char memory[4];
	size_t size = 4 * sizeof(struct io_uring_buf);
	struct io_uring_buf *bufs = (struct io_uring_buf *)room(size);
	struct io_uring_buf_ring *br = (struct io_uring_buf_ring *)(void *)bufs;
	int mask = io_uring_buf_ring_mask(4);
	int i;

	set_up(0);
	CHECK(mask == 3 && io_uring_buf_ring_mask(32768) == 32767);
	memset(bufs, 0xa5, size);
	io_uring_buf_ring_init(br);
	CHECK(br->tail == 0 && bufs[0].resv == 0);

	/* Slot 0 holds the tail as well: adding leaves it alone. */
	io_uring_buf_ring_advance(br, 2);
	for (i = 0; i < 4; i++)
		io_uring_buf_ring_add(br, memory + i, 10u + (unsigned)i,
				      (unsigned short)(20 + i), mask, i);
	CHECK(br->tail == 2);
	for (i = 0; i < 4; i++) {
		struct io_uring_buf *buf = &bufs[(2 + i) & mask];

		CHECK(buf->addr == (__u64)(uintptr_t)(memory + i));
		CHECK(buf->len == 10u + (unsigned)i && buf->bid == 20 + i);
		CHECK(buf->resv == (buf == bufs ? 2 : 0xa5a5));
	}

	/* The tail counts modulo 2^16. */
	br->tail = 65535;
	io_uring_buf_ring_add(br, memory, 1, 2, mask, 1);
	CHECK(bufs[0].len == 1 && br->tail == 65535);
	io_uring_buf_ring_advance(br, 3);
	CHECK(br->tail == 2);

	post(1, 0, 0);
	post(2, 0, 0);
	post(3, 0, 0);
	io_uring_buf_ring_cq_advance(&ring, br, 1);
	CHECK(br->tail == 3 && kernel.cq_head == 1);
	__io_uring_buf_ring_cq_advance(&ring, br, 2, 1);
	CHECK(br->tail == 4 && kernel.cq_head == 3);

	/* The kernel is asked, on a ring that it does not know. */
	CHECK(io_uring_buf_ring_available(&ring, br, 1) == -EBADF);
	free(bufs);
}

/* A recvmsg buffer: header, 16 bytes of name, 64 of control data, payload. */
static void parts_of_a_received_message_are_found(void)
{
	struct io_uring_recvmsg_out *o;
	struct cmsghdr *first, *second;
	struct msghdr msg;
	char *base = (char *)room(256);
	int buf_len = 16 + 16 + 64 + 20;

	memset(&msg, 0, sizeof(msg));
	msg.msg_namelen = 16;
	msg.msg_controllen = 64;

	CHECK(io_uring_recvmsg_validate(base, -1, &msg) == NULL);
	CHECK(io_uring_recvmsg_validate(base, 16 + 16 + 63, &msg) == NULL);
	o = io_uring_recvmsg_validate(base, 16 + 16 + 64, &msg);
	CHECK((char *)o == base);
	CHECK(io_uring_recvmsg_payload_length(o, 16 + 16 + 64, &msg) == 0);
	CHECK(io_uring_recvmsg_payload_length(o, 16, &msg) == 0);
	CHECK(io_uring_recvmsg_payload_length(o, -1, &msg) == 0);

	CHECK((char *)io_uring_recvmsg_name(o) == base + 16);
	CHECK((char *)io_uring_recvmsg_payload(o, &msg) == base + 96);
	CHECK(io_uring_recvmsg_payload_length(o, buf_len, &msg) == 20);

	/* No control data, or less than one header of it. */
	CHECK(io_uring_recvmsg_cmsg_firsthdr(o, &msg) == NULL);
	o->controllen = sizeof(struct cmsghdr) - 1;
	CHECK(io_uring_recvmsg_cmsg_firsthdr(o, &msg) == NULL);

	/* Two messages: 4 and 8 bytes of data. */
	o->controllen = CMSG_SPACE(4) + CMSG_SPACE(8);
	first = io_uring_recvmsg_cmsg_firsthdr(o, &msg);
	CHECK((char *)first == base + 32);
	first->cmsg_len = CMSG_LEN(4);
	second = (struct cmsghdr *)(void *)(base + 32 + CMSG_SPACE(4));
	second->cmsg_len = CMSG_LEN(8);
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, first) == second);
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, second) == NULL);

	/* A length that leads out of the data ends the walk. */
	second->cmsg_len = CMSG_LEN(8) + 1;
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, first) == NULL);
	second->cmsg_len = (size_t)-1;
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, first) == NULL);
	first->cmsg_len = (size_t)-8;
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, first) == NULL);
	first->cmsg_len = sizeof(struct cmsghdr) - 1;
	CHECK(io_uring_recvmsg_cmsg_nexthdr(o, &msg, first) == NULL);
	free(base);
}

static void a_probe_answers_for_opcodes_in_and_out_of_its_range(void)
{
	struct io_uring_probe *probe = (struct io_uring_probe *)room(
		sizeof(*probe) + 4 * sizeof(struct io_uring_probe_op));

	probe->last_op = 3;
	probe->ops_len = 4;
	probe->ops[0].flags = IO_URING_OP_SUPPORTED;
	probe->ops[2].flags = 0xfffe;
	probe->ops[3].flags = 0xffff;
	CHECK(io_uring_opcode_supported(probe, 0) == 1);
	CHECK(io_uring_opcode_supported(probe, 1) == 0);
	CHECK(io_uring_opcode_supported(probe, 2) == 0);
	CHECK(io_uring_opcode_supported(probe, 3) == 1);
	CHECK(io_uring_opcode_supported(probe, 4) == 0);
	CHECK(io_uring_opcode_supported(probe, INT_MAX) == 0);
	CHECK(io_uring_opcode_supported(probe, -1) == 0);
	free(probe);
}

int main(void)
{
	a_fresh_sqe_is_cleared_where_helpers_leave_off();
	sqes_come_in_ring_order_until_the_sq_is_full();
	big_sqes_take_two_slots_of_memory_and_one_index();
	a_rewinding_ring_counts_from_zero();
	a_128_byte_sqe_of_a_mixed_ring_takes_two_neighbours();
	without_an_sq_thread_there_is_nothing_to_wait_for();
	a_peek_gives_the_first_cqe_and_takes_nothing();
	big_cqes_take_two_slots_of_memory_and_one_index();
	cqes_of_two_sizes_share_a_mixed_ring();
	the_skip_bit_means_nothing_in_other_rings();
	timeouts_of_the_library_stay_hidden();
	overflow_and_eventfd_flags_are_seen();
	user_data_goes_through_as_pointer_and_as_number();
	shifts_follow_the_setup_flags();
	buffers_are_added_after_the_tail_and_shown_by_advancing_it();
	parts_of_a_received_message_are_found();
	a_probe_answers_for_opcodes_in_and_out_of_its_range();

	if (failures) {
		printf("%d checks failed\n", failures);
		return EXIT_FAILURE;
	}
	printf("all checks passed\n");
	return EXIT_SUCCESS;
}
