/* SPDX-License-Identifier: MIT */
/* The calls that a program consists of. */
#define _GNU_SOURCE
#include "arguments_run.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void poke32(unsigned at, uint32_t value)
{
	memcpy(arena + at, &value, sizeof(value));
}

static void poke64(unsigned at, uint64_t value)
{
	memcpy(arena + at, &value, sizeof(value));
}

/* ---- Calls that need a library ---- */

static void nop(struct run *run)
{
	struct io_uring *r = &run->ring;
	struct __kernel_timespec ts = { 0, 0 };
	struct io_uring_cqe *cqe = NULL;
	struct io_uring_sqe *sqe;
	int ret;

	/* Its thread takes the request whenever it likes. */
	if (r->flags & IORING_SETUP_SQPOLL)
		return;
	sqe = io_uring_get_sqe(r);
	record(run, "io_uring_get_sqe", "library only: not NULL", sqe != NULL);
	if (!sqe)
		return;
	io_uring_prep_nop(sqe);
	io_uring_sqe_set_data64(sqe, 7);
	record(run, "io_uring_submit", "library only: returns", run->api->io_uring_submit(r));
	record(run, "io_uring_get_events", "library only: returns", run->api->io_uring_get_events(r));
	ret = run->api->io_uring_wait_cqe_timeout(r, &cqe, &ts);
	record(run, "io_uring_wait_cqe_timeout", "library only: returns", ret);
	if (ret || !cqe)
		return;
	record(run, "io_uring_wait_cqe_timeout", "library only: data", (int64_t)cqe->user_data);
	record(run, "io_uring_wait_cqe_timeout", "library only: res", cqe->res);
	record(run, "io_uring_wait_cqe_timeout", "library only: flags", cqe->flags);
	io_uring_cqe_seen(r, cqe);
}

static void wait_without_time(struct run *run)
{
	struct __kernel_timespec ts = { 0, input_one_in(&run->in, 4) ? -1 : 0 };
	struct io_uring_cqe *cqe = NULL;
	unsigned n = input_below(&run->in, 3), least = some(run);
	int index = (int)some(run);

	record(run, "io_uring_wait_cqes_min_timeout", "library only: returns",
	       run->api->io_uring_wait_cqes_min_timeout(&run->ring, &cqe, n, &ts, least % 100, NULL));
	/* Nothing is registered there, as a rule: an entry that exists has no time limit. */
	if (n == 0)
		record(run, "io_uring_submit_and_wait_reg", "library only: returns",
		       run->api->io_uring_submit_and_wait_reg(&run->ring, &cqe, 0, index));
}

static void library_call(struct run *run, unsigned what)
{
	struct io_uring *r = &run->ring;
	struct io_uring_probe *probe;
	struct io_uring_params p;
	unsigned entries;

	switch (what) {
	case 0:
		entries = some_entries(run);
		record(run, "io_uring_mlock_size", "library only: returns",
		       run->api->io_uring_mlock_size(entries, some_setup_flags(run)));
		return;
	case 1:
		entries = some_entries(run);
		some_params(run, &p);
		record(run, "io_uring_mlock_size_params", "library only: returns", run->api->io_uring_mlock_size_params(entries, &p));
		record(run, "io_uring_mlock_size_params", "library only: params", hash(&p, sizeof(p)));
		return;
	case 2:
		probe = run->api->io_uring_get_probe_ring(r);
		record(run, "io_uring_get_probe_ring", "library only: not NULL", probe != NULL);
		if (probe)
			record(run, "io_uring_get_probe_ring", "library only: content",
			       hash(probe, sizeof(*probe) + 256 * sizeof(probe->ops[0])));
		run->api->io_uring_free_probe(probe);
		return;
	case 3:
		record(run, "io_uring_ring_dontfork", "library only: returns", run->api->io_uring_ring_dontfork(r));
		return;
	case 4:
		record(run, "io_uring_set_iowait", "library only: returns",
		       run->api->io_uring_set_iowait(r, input_one_in(&run->in, 2)));
		record(run, "io_uring_set_iowait", "library only: int_flags", r->int_flags & ~OURS_ALONE);
		return;
	case 5:
	case 6:
		nop(run);
		return;
	default:
		wait_without_time(run);
		return;
	}
}

/* ---- Registration ---- */

static void buffers_or_files(struct run *run, unsigned what)
{
	struct io_uring *r = &run->ring;
	unsigned n = some(run), off = some(run);

	switch (what) {
	case 0:
		CALL(io_uring_register_buffers, r, some_iovecs(run, n), n);
		break;
	case 1:
		CALL(io_uring_register_buffers_tags, r, some_iovecs(run, n), some_tags(run), n);
		break;
	case 2:
		CALL(io_uring_register_buffers_sparse, r, n);
		break;
	case 3:
		CALL(io_uring_register_buffers_update_tag, r, off, some_iovecs(run, n), some_tags(run), n);
		break;
	case 4:
		CALL(io_uring_unregister_buffers, r);
		break;
	case 5:
		CALL(io_uring_register_files, r, some_files(run, n), n);
		break;
	case 6:
		CALL(io_uring_register_files_tags, r, some_files(run, n), some_tags(run), n);
		break;
	case 7:
		CALL(io_uring_register_files_sparse, r, n);
		break;
	case 8:
		CALL(io_uring_register_files_update, r, off, some_files(run, n), n);
		break;
	case 9:
		CALL(io_uring_register_files_update_tag, r, off, some_files(run, n), some_tags(run), n);
		break;
	case 10:
		CALL(io_uring_unregister_files, r);
		break;
	default:
		CALL(io_uring_register_file_alloc_range, r, off, n);
		break;
	}
}

static void buf_rings(struct run *run, unsigned what)
{
	struct io_uring *r = &run->ring;
	int bgid = input_one_in(&run->in, 2) ? 1 : (int)some(run), err = 4711;
	unsigned n = input_one_in(&run->in, 3) ? some(run) : 1U << input_below(&run->in, 17);
	unsigned flags = input_one_in(&run->in, 2) ? 0 : input_one_in(&run->in, 2) ? 1U << input_below(&run->in, 20) : some(run);
	struct io_uring_buf_ring *br;
	uint16_t head = 4711;

	switch (what) {
	case 0:
		/* The library reads and writes this one itself. */
		fill_arena(run);
		if (input_one_in(&run->in, 2)) {
			struct io_uring_buf_reg reg = { .ring_addr = (uintptr_t)arena + 4096U * input_below(&run->in, 4),
							.ring_entries = n,
							.bgid = (__u16)bgid };
			memcpy(arena, &reg, sizeof(reg));
		}
		CALL(io_uring_register_buf_ring, r, (void *)arena, flags);
		break;
	case 1:
		CALL(io_uring_unregister_buf_ring, r, bgid);
		break;
	case 2:
		CALL(io_uring_buf_ring_head, r, bgid, &head);
		record(run, "io_uring_buf_ring_head", "head", head);
		break;
	case 3:
		br = run->api->io_uring_setup_buf_ring(r, n, bgid, flags, &err);
		record(run, "io_uring_setup_buf_ring", "not NULL", br != NULL);
		record(run, "io_uring_setup_buf_ring", "err", err);
		if (!br)
			break;
		record(run, "io_uring_setup_buf_ring", "tail", br->tail);
		/* One at a time is kept; the others stay mapped, as the program would have them. */
		if (run->buf_ring.br)
			CALL(io_uring_free_buf_ring, r, br, n, bgid);
		else
			run->buf_ring.br = br, run->buf_ring.nr = n, run->buf_ring.bgid = bgid;
		break;
	default:
		if (!run->buf_ring.br)
			break;
		err = run->api->io_uring_free_buf_ring(r, run->buf_ring.br, run->buf_ring.nr, run->buf_ring.bgid);
		record(run, "io_uring_free_buf_ring", "returns", err);
		if (!err)
			run->buf_ring.br = NULL;
		break;
	}
}

static void two_rings(struct run *run)
{
	struct io_uring *r = &run->ring, *other = other_ring(run);
	unsigned what = input_below(&run->in, 4), flags = some(run), dst = some(run), src = some(run), n = some(run);

	if (input_one_in(&run->in, 2))
		CALL(io_uring_register_buffers, other, some_iovecs(run, 3), 3);
	if (input_one_in(&run->in, 8)) {
		struct io_uring *swap = r;

		r = other;
		other = swap;
	}
	switch (what) {
	case 0:
		CALL(io_uring_clone_buffers, r, other);
		break;
	case 1:
		CALL(__io_uring_clone_buffers, r, other, flags);
		break;
	case 2:
		CALL(io_uring_clone_buffers_offset, r, other, dst, src, n, flags);
		break;
	default:
		CALL(__io_uring_clone_buffers_offset, r, other, dst, src, n, flags);
		break;
	}
}

static void region(struct run *run)
{
	void *arg = some_pointer(run);

	if (arg == arena && input_one_in(&run->in, 2)) {
		struct io_uring_region_desc desc = { .user_addr = (uintptr_t)ring_memory, .size = 4096 };

		desc.flags = input_below(&run->in, 3);
		if (input_one_in(&run->in, 2))
			desc.size = input_number(&run->in);
		if (input_one_in(&run->in, 4))
			desc.user_addr = 0;
		memcpy(arena + 256, &desc, sizeof(desc));
		poke64(0, (uintptr_t)arena + 256);
		poke64(8, input_below(&run->in, 3));
	}
	CALL(io_uring_register_region, &run->ring, arg);
}

static void query(struct run *run)
{
	void *arg = some_pointer(run);

	if (arg == arena && input_one_in(&run->in, 2)) {
		struct io_uring_query_hdr hdr = { .query_data = (uintptr_t)arena + 256 };

		hdr.query_op = input_below(&run->in, 5);
		hdr.size = 8 * input_below(&run->in, 12);
		if (input_one_in(&run->in, 4))
			hdr.next_entry = (uintptr_t)no_access;
		memcpy(arena, &hdr, sizeof(hdr));
	}
	CALL(io_uring_register_query, arg);
}

static void restrictions(struct run *run)
{
	unsigned n = input_one_in(&run->in, 8) ? some(run) : input_below(&run->in, 6);
	void *arg = some_pointer(run);

	for (unsigned i = 0; arg == arena && i < n && i < 8; i++) {
		struct io_uring_restriction rule = { .opcode = (__u16)input_below(&run->in, 6) };

		rule.sqe_op = input_u8(&run->in) % 70;
		memcpy(arena + i * sizeof(rule), &rule, sizeof(rule));
	}
	CALL(io_uring_register_restrictions, &run->ring, arg, n);
}

static void message(struct run *run)
{
	void *arg = some_pointer(run);

	if (arg == arena && input_one_in(&run->in, 2)) {
		arena[0] = IORING_OP_MSG_RING;
		poke32(4, (uint32_t)some_fd(run));
	}
	CALL(io_uring_register_sync_msg, arg);
}

static void control(struct run *run, unsigned what)
{
	struct io_uring *r = &run->ring;
	void *arg;

	switch (what) {
	case 0:
		CALL(io_uring_register_eventfd, r, some_fd(run));
		break;
	case 1:
		CALL(io_uring_register_eventfd_async, r, some_fd(run));
		break;
	case 2:
		CALL(io_uring_unregister_eventfd, r);
		break;
	case 3:
		arg = some_pointer(run);
		if (input_one_in(&run->in, 2))
			memset(arena, 0, ARGS_SIZE);
		CALL(io_uring_register_probe, r, arg, some(run));
		break;
	case 4:
		CALL(io_uring_register_personality, r);
		break;
	case 5:
		CALL(io_uring_unregister_personality, r, (int)some(run));
		break;
	case 6:
		restrictions(run);
		break;
	case 7:
		CALL(io_uring_enable_rings, r);
		break;
	case 8:
		arg = some_pointer(run);
		CALL(io_uring_register_iowq_aff, r, input_one_in(&run->in, 3) ? input_number(&run->in) : 8, arg);
		break;
	case 9:
		CALL(io_uring_unregister_iowq_aff, r);
		break;
	case 10:
		/* It answers with the limits before, which the process keeps from one ring to the next. */
		raw_api.io_uring_register_iowq_max_workers(r, (unsigned[]){ 3, 5 });
		CALL(io_uring_register_iowq_max_workers, r, some_pointer(run));
		break;
	case 11:
		run->has_index = true;
		CALL(io_uring_register_ring_fd, r);
		record_ring(run, "io_uring_register_ring_fd");
		break;
	case 12:
		CALL(io_uring_unregister_ring_fd, r);
		record_ring(run, "io_uring_unregister_ring_fd");
		break;
	case 13:
		CALL(io_uring_register_sync_cancel, r, some_pointer(run));
		break;
	case 14:
		message(run);
		break;
	case 15:
		CALL(io_uring_register_napi, r, some_pointer(run));
		break;
	case 16:
		CALL(io_uring_unregister_napi, r, some_pointer(run));
		break;
	case 17:
		CALL(io_uring_register_clock, r, some_pointer(run));
		break;
	case 18:
		region(run);
		break;
	case 19:
		CALL(io_uring_register_wait_reg, r, some_pointer(run), (int)some(run));
		break;
	case 20:
		CALL(io_uring_register_ifq, r, some_pointer(run));
		break;
	case 21:
		CALL(io_uring_register_zcrx_ctrl, r, some_pointer(run));
		break;
	case 22:
		CALL(io_uring_register_bpf_filter, r, some_pointer(run));
		break;
	case 23:
		/* One that the kernel accepts would stay with this process for good. */
		arg = some_pointer(run);
		CALL(io_uring_register_bpf_filter_task, arg == arena ? (void *)no_access : arg);
		break;
	case 24:
		query(run);
		break;
	default:
		two_rings(run);
		break;
	}
}

/* The three system calls, with any descriptor, opcode and flags. */
static void raw_call(struct run *run, unsigned what)
{
	int fd = input_one_in(&run->in, 3) ? some_fd(run) : run->ring.ring_fd;
	unsigned op = input_below(&run->in, 48), flags = input_one_in(&run->in, 3) ? some(run) : 1U << input_below(&run->in, 10);
	struct io_uring_params p;
	int ret;

	switch (what) {
	case 0:
		if (input_one_in(&run->in, 8))
			op = (unsigned)input_number(&run->in);
		if (input_one_in(&run->in, 8))
			op |= IORING_REGISTER_USE_REGISTERED_RING;
		/*
		 * Without a ring some opcodes are for the whole process and for good, on kernels after this library too: those that
		 * only answer are enough. And what belongs to one ring and its library goes through the library.
		 */
		if (fd < 0 && op != IORING_REGISTER_SEND_MSG_RING && op != IORING_REGISTER_QUERY)
			op = 1000;
		if (op == IORING_REGISTER_RESIZE_RINGS || op == IORING_REGISTER_RING_FDS || op == IORING_UNREGISTER_RING_FDS)
			op = 1000;
		CALL(io_uring_register, (unsigned)fd, op, some_pointer(run), some(run));
		break;
	case 1:
		CALL(io_uring_enter, (unsigned)fd, input_below(&run->in, 3), 0, flags, some_pointer(run));
		break;
	case 2:
		CALL(io_uring_enter2, (unsigned)fd, 0, 0, flags, some_pointer(run),
		     input_one_in(&run->in, 2) ? 24 : (size_t)input_number(&run->in));
		break;
	default:
		some_params(run, &p);
		/* Its memory would have to be one that may be written to. */
		p.flags &= ~(unsigned)IORING_SETUP_NO_MMAP;
		ret = run->api->io_uring_setup(some_entries(run), input_one_in(&run->in, 4) ? (void *)no_access : &p);
		record(run, "io_uring_setup", "returns", ret < 0 ? ret : 1);
		record_params(run, "io_uring_setup", &p);
		if (ret >= 0)
			close(ret);
		break;
	}
}

/* Other sizes for the ring. */
static void resize(struct run *run)
{
	struct io_uring_params p;
	int ret;

	if (beyond_raw(run))
		return;
	some_params(run, &p);
	if (!input_one_in(&run->in, 4))
		p.flags &= IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
	p.sq_entries = some_entries(run);
	ret = run->api->io_uring_resize_rings(&run->ring, &p);
	run->is_resized = true;
	record(run, "io_uring_resize_rings", "returns", ret);
	record_params(run, "io_uring_resize_rings", &p);
	record_ring(run, "io_uring_resize_rings");
}

void call(struct run *run)
{
	unsigned what = input_below(&run->in, 64);

	if (what < 12)
		buffers_or_files(run, what);
	else if (what < 17)
		buf_rings(run, what - 12);
	else if (what < 43)
		control(run, what - 17);
	else if (what < 49)
		raw_call(run, what < 46 ? 0 : what - 45);
	else if (what == 49)
		CALL(io_uring_close_ring_fd, &run->ring);
	else if (what == 50)
		resize(run);
	else if (what == 51 && run->ring.ring_fd >= 0)
		/* A descriptor that is closed behind the library's back. */
		record(run, "close", "returns", close(run->ring.ring_fd));
	else if (run->api != &raw_api)
		library_call(run, (what - 52) % 8);
}
