/* SPDX-License-Identifier: MIT */
/* Registration: on rings that are none, with NULL and with sizes out of range. */
#include "nonsense.h"

/* The same call on each ring that is none. */
#define ON_NO_RING(function, ...)                                                                                      \
	do {                                                                                                           \
		struct io_uring *r;                                                                                    \
		KERNEL(function, "a closed descriptor", (r = ring_closed(), function(__VA_ARGS__)));                   \
		KERNEL(function, "a device", (r = ring_of_null_device(), function(__VA_ARGS__)));                      \
		KERNEL(function, "a ring that was never made", (r = ring_never_made(), function(__VA_ARGS__)));        \
	} while (0)

#define ARG(type) ((type *)(void *)memory)
#define BAD(type) ((type *)(void *)no_memory)

static struct iovec *iovec_of(void *base, size_t len)
{
	struct iovec *v = ARG(struct iovec);

	v->iov_base = base;
	v->iov_len = len;
	return v;
}

static int *file_of(int fd)
{
	*ARG(int) = fd;
	return ARG(int);
}

static void rows_register_buffers(void)
{
	ON_NO_RING(io_uring_register_buffers, r, iovec_of(memory, 4096), 1);
	KERNEL(io_uring_register_buffers, "NULL", io_uring_register_buffers(RING, NULL, 1));
	KERNEL(io_uring_register_buffers, "out of reach", io_uring_register_buffers(RING, BAD(struct iovec), 1));
	KERNEL(io_uring_register_buffers, "none", io_uring_register_buffers(RING, ARG(struct iovec), 0));
	KERNEL(io_uring_register_buffers, "too many", io_uring_register_buffers(RING, ARG(struct iovec), 16385));
	KERNEL(io_uring_register_buffers, "UINT_MAX", io_uring_register_buffers(RING, ARG(struct iovec), UINT_MAX));
	KERNEL(io_uring_register_buffers, "NULL with a length", io_uring_register_buffers(RING, iovec_of(NULL, 4096), 1));
	KERNEL(io_uring_register_buffers, "no length", io_uring_register_buffers(RING, iovec_of(memory, 0), 1));
	KERNEL(io_uring_register_buffers, "SIZE_MAX", io_uring_register_buffers(RING, iovec_of(memory, SIZE_MAX), 1));
	KERNEL(io_uring_register_buffers, "memory out of reach", io_uring_register_buffers(RING, iovec_of(no_memory, 64), 1));
	ON_NO_RING(io_uring_register_buffers_tags, r, iovec_of(memory, 4096), NULL, 1);
	KERNEL(io_uring_register_buffers_tags, "NULL", io_uring_register_buffers_tags(RING, NULL, NULL, 1));
	KERNEL(io_uring_register_buffers_tags, "tags out of reach",
	       io_uring_register_buffers_tags(RING, iovec_of(memory, 4096), BAD(__u64), 1));
	KERNEL(io_uring_register_buffers_tags, "UINT_MAX", io_uring_register_buffers_tags(RING, ARG(struct iovec), NULL, UINT_MAX));
	ON_NO_RING(io_uring_register_buffers_sparse, r, 8);
	KERNEL(io_uring_register_buffers_sparse, "none", io_uring_register_buffers_sparse(RING, 0));
	KERNEL(io_uring_register_buffers_sparse, "INT_MAX", io_uring_register_buffers_sparse(RING, INT_MAX));
	ON_NO_RING(io_uring_register_buffers_update_tag, r, 0, iovec_of(memory, 4096), NULL, 1);
	KERNEL(io_uring_register_buffers_update_tag, "without a table",
	       io_uring_register_buffers_update_tag(RING, 0, iovec_of(memory, 4096), NULL, 1));
	KERNEL(io_uring_register_buffers_update_tag, "UINT_MAX at UINT_MAX",
	       io_uring_register_buffers_update_tag(RING, UINT_MAX, NULL, NULL, UINT_MAX));
	ON_NO_RING(io_uring_unregister_buffers, r);
	KERNEL(io_uring_unregister_buffers, "without a table", io_uring_unregister_buffers(RING));
}

static void rows_register_files(void)
{
	ON_NO_RING(io_uring_register_files, r, file_of(0), 1);
	KERNEL(io_uring_register_files, "NULL", io_uring_register_files(RING, NULL, 1));
	KERNEL(io_uring_register_files, "none", io_uring_register_files(RING, file_of(0), 0));
	KERNEL(io_uring_register_files, "descriptor 999", io_uring_register_files(RING, file_of(999), 1));
	KERNEL(io_uring_register_files, "descriptor -1", io_uring_register_files(RING, file_of(-1), 1));
	KERNEL(io_uring_register_files, "descriptor INT_MIN", io_uring_register_files(RING, file_of(INT_MIN), 1));
	KERNEL(io_uring_register_files, "UINT_MAX", io_uring_register_files(RING, file_of(0), UINT_MAX));
	KERNEL(io_uring_register_files, "more than descriptors are allowed", io_uring_register_files(RING, file_of(0), 1025));
	ON_NO_RING(io_uring_register_files_tags, r, file_of(0), NULL, 1);
	KERNEL(io_uring_register_files_tags, "NULL", io_uring_register_files_tags(RING, NULL, NULL, 1));
	KERNEL(io_uring_register_files_tags, "UINT_MAX", io_uring_register_files_tags(RING, file_of(0), NULL, UINT_MAX));
	ON_NO_RING(io_uring_register_files_sparse, r, 8);
	KERNEL(io_uring_register_files_sparse, "none", io_uring_register_files_sparse(RING, 0));
	KERNEL(io_uring_register_files_sparse, "UINT_MAX", io_uring_register_files_sparse(RING, UINT_MAX));
	KERNEL(io_uring_register_files_sparse, "above the soft limit", io_uring_register_files_sparse(RING, 257));
	KERNEL(io_uring_register_files_sparse, "above the hard limit", io_uring_register_files_sparse(RING, 1025));
	ON_NO_RING(io_uring_register_files_update, r, 0, file_of(0), 1);
	KERNEL(io_uring_register_files_update, "without a table", io_uring_register_files_update(RING, 0, file_of(0), 1));
	KERNEL(io_uring_register_files_update, "UINT_MAX at UINT_MAX", io_uring_register_files_update(RING, UINT_MAX, NULL, UINT_MAX));
	ON_NO_RING(io_uring_register_files_update_tag, r, 0, file_of(0), NULL, 1);
	KERNEL(io_uring_register_files_update_tag, "without a table",
	       io_uring_register_files_update_tag(RING, 0, file_of(0), NULL, 1));
	ON_NO_RING(io_uring_unregister_files, r);
	KERNEL(io_uring_unregister_files, "without a table", io_uring_unregister_files(RING));
	ON_NO_RING(io_uring_register_file_alloc_range, r, 0, 1);
	KERNEL(io_uring_register_file_alloc_range, "without a table", io_uring_register_file_alloc_range(RING, 0, 1));
	KERNEL(io_uring_register_file_alloc_range, "UINT_MAX at UINT_MAX",
	       io_uring_register_file_alloc_range(RING, UINT_MAX, UINT_MAX));
}

static int buf_ring(struct io_uring *r, void *addr, unsigned entries, unsigned bgid, unsigned flags)
{
	struct io_uring_buf_reg *reg = ARG(struct io_uring_buf_reg);

	reg->ring_addr = (__u64)(uintptr_t)addr;
	reg->ring_entries = entries;
	reg->bgid = (__u16)bgid;
	return io_uring_register_buf_ring(r, reg, flags);
}

static int setup_buf_ring(struct io_uring *r, unsigned entries, int bgid, unsigned flags)
{
	int err = 4711;

	return io_uring_setup_buf_ring(r, entries, bgid, flags, &err) ? 4712 : err;
}

static int twice(void)
{
	struct io_uring *r = RING;

	return setup_buf_ring(r, 8, 1, 0) == 4712 ? setup_buf_ring(r, 8, 1, 0) : 4713;
}

static int head_untouched(struct io_uring *r)
{
	uint16_t head = 4711;
	int ret = io_uring_buf_ring_head(r, 1, &head);

	return head == 4711 ? ret : 4712;
}

#define PAGE (memory + 4096)

static void rows_register_buf_rings(void)
{
	KERNEL(io_uring_register_buf_ring, "a closed descriptor", buf_ring(ring_closed(), PAGE, 8, 1, 0));
	KERNEL(io_uring_register_buf_ring, "a device", buf_ring(ring_of_null_device(), PAGE, 8, 1, 0));
	KERNEL(io_uring_register_buf_ring, "no memory", buf_ring(RING, NULL, 8, 1, 0));
	KERNEL(io_uring_register_buf_ring, "memory out of reach", buf_ring(RING, no_memory, 8, 1, 0));
	KERNEL(io_uring_register_buf_ring, "off a page's start", buf_ring(RING, PAGE + 16, 8, 1, 0));
	KERNEL(io_uring_register_buf_ring, "no entries", buf_ring(RING, PAGE, 0, 1, 0));
	KERNEL(io_uring_register_buf_ring, "no power of two", buf_ring(RING, PAGE, 7, 1, 0));
	KERNEL(io_uring_register_buf_ring, "65536 entries", buf_ring(RING, PAGE, 65536, 1, 0));
	KERNEL(io_uring_register_buf_ring, "UINT_MAX entries", buf_ring(RING, PAGE, UINT_MAX, 1, 0));
	KERNEL(io_uring_register_buf_ring, "every flag", buf_ring(RING, PAGE, 8, 1, UINT_MAX));
	KERNEL(io_uring_register_buf_ring, "a flag beyond 16 bits", buf_ring(RING, PAGE, 8, 1, 1U << 16));
	ON_NO_RING(io_uring_unregister_buf_ring, r, 1);
	KERNEL(io_uring_unregister_buf_ring, "a group that is not there", io_uring_unregister_buf_ring(RING, 1));
	KERNEL(io_uring_unregister_buf_ring, "group INT_MAX", io_uring_unregister_buf_ring(RING, INT_MAX));
	KERNEL(io_uring_buf_ring_head, "a closed descriptor", head_untouched(ring_closed()));
	KERNEL(io_uring_buf_ring_head, "a device", head_untouched(ring_of_null_device()));
	KERNEL(io_uring_buf_ring_head, "a group that is not there", head_untouched(RING));
	KERNEL(io_uring_buf_ring_available, "a closed descriptor",
	       io_uring_buf_ring_available(ring_closed(), ARG(struct io_uring_buf_ring), 1));
	KERNEL(io_uring_buf_ring_available, "a group that is not there",
	       io_uring_buf_ring_available(RING, ARG(struct io_uring_buf_ring), 1));
	KERNEL(io_uring_setup_buf_ring, "a closed descriptor", setup_buf_ring(ring_closed(), 8, 1, 0));
	KERNEL(io_uring_setup_buf_ring, "a device", setup_buf_ring(ring_of_null_device(), 8, 1, 0));
	KERNEL(io_uring_setup_buf_ring, "no entries", setup_buf_ring(RING, 0, 1, 0));
	KERNEL(io_uring_setup_buf_ring, "no power of two", setup_buf_ring(RING, 7, 1, 0));
	KERNEL(io_uring_setup_buf_ring, "65536 entries", setup_buf_ring(RING, 65536, 1, 0));
	KERNEL(io_uring_setup_buf_ring, "every flag", setup_buf_ring(RING, 8, 1, UINT_MAX));
	KERNEL(io_uring_setup_buf_ring, "a group that is there", twice());
	KERNEL(io_uring_free_buf_ring, "a closed descriptor",
	       io_uring_free_buf_ring(ring_closed(), ARG(struct io_uring_buf_ring), 8, 1));
	KERNEL(io_uring_free_buf_ring, "a group that is not there",
	       io_uring_free_buf_ring(RING, ARG(struct io_uring_buf_ring), 8, 1));
}

static int registered_twice(void)
{
	struct io_uring *r = RING;

	io_uring_register_ring_fd(r);
	return io_uring_register_ring_fd(r);
}

static int submitted_without_any(void)
{
	struct io_uring *r = ring_registered();

	io_uring_unregister_ring_fd(r);
	io_uring_prep_nop(io_uring_get_sqe(r));
	return io_uring_submit(r);
}

static int restricted(struct io_uring *r, unsigned nr)
{
	return io_uring_register_restrictions(r, ARG(struct io_uring_restriction), nr);
}

#define DISABLED ring_with(IORING_SETUP_R_DISABLED)

static void rows_control(void)
{
	ON_NO_RING(io_uring_register_eventfd, r, 1);
	KERNEL(io_uring_register_eventfd, "descriptor -1", io_uring_register_eventfd(RING, -1));
	KERNEL(io_uring_register_eventfd, "descriptor INT_MAX", io_uring_register_eventfd(RING, INT_MAX));
	KERNEL(io_uring_register_eventfd, "what is no eventfd", io_uring_register_eventfd(RING, 1));
	ON_NO_RING(io_uring_register_eventfd_async, r, 1);
	KERNEL(io_uring_register_eventfd_async, "descriptor -1", io_uring_register_eventfd_async(RING, -1));
	ON_NO_RING(io_uring_unregister_eventfd, r);
	KERNEL(io_uring_unregister_eventfd, "without one", io_uring_unregister_eventfd(RING));
	ON_NO_RING(io_uring_register_personality, r);
	ON_NO_RING(io_uring_unregister_personality, r, 1);
	KERNEL(io_uring_unregister_personality, "one that is not there", io_uring_unregister_personality(RING, 1));
	KERNEL(io_uring_unregister_personality, "INT_MIN", io_uring_unregister_personality(RING, INT_MIN));
	KERNEL(io_uring_register_restrictions, "a closed descriptor", restricted(ring_closed(), 1));
	KERNEL(io_uring_register_restrictions, "a ring that is enabled", restricted(RING, 1));
	KERNEL(io_uring_register_restrictions, "NULL", io_uring_register_restrictions(DISABLED, NULL, 1));
	KERNEL(io_uring_register_restrictions, "none", restricted(DISABLED, 0));
	KERNEL(io_uring_register_restrictions, "UINT_MAX", restricted(DISABLED, UINT_MAX));
	ON_NO_RING(io_uring_enable_rings, r);
	KERNEL(io_uring_enable_rings, "a ring that is enabled", io_uring_enable_rings(RING));
	ON_NO_RING(io_uring_register_iowq_aff, r, 8, ARG(cpu_set_t));
	LIBRARY(io_uring_register_iowq_aff, "2 GiB", io_uring_register_iowq_aff(RING, (size_t)1 << 31, ARG(cpu_set_t)));
	LIBRARY(io_uring_register_iowq_aff, "SIZE_MAX", io_uring_register_iowq_aff(RING, SIZE_MAX, ARG(cpu_set_t)));
	LIBRARY(io_uring_register_iowq_aff, "2 GiB, a closed descriptor",
		io_uring_register_iowq_aff(ring_closed(), (size_t)1 << 31, ARG(cpu_set_t)));
	KERNEL(io_uring_register_iowq_aff, "NULL", io_uring_register_iowq_aff(RING, 8, NULL));
	KERNEL(io_uring_register_iowq_aff, "no size", io_uring_register_iowq_aff(RING, 0, ARG(cpu_set_t)));
	KERNEL(io_uring_register_iowq_aff, "no CPU", io_uring_register_iowq_aff(RING, 8, ARG(cpu_set_t)));
	ON_NO_RING(io_uring_unregister_iowq_aff, r);
	ON_NO_RING(io_uring_register_iowq_max_workers, r, ARG(unsigned));
	KERNEL(io_uring_register_iowq_max_workers, "NULL", io_uring_register_iowq_max_workers(RING, NULL));
	KERNEL(io_uring_register_iowq_max_workers, "UINT_MAX",
	       io_uring_register_iowq_max_workers(RING, (unsigned *)memset(memory, 0xff, 8)));
	ON_NO_RING(io_uring_register_ring_fd, r);
	LIBRARY(io_uring_register_ring_fd, "a ring that is registered", registered_twice());
	ON_NO_RING(io_uring_unregister_ring_fd, r);
	LIBRARY(io_uring_unregister_ring_fd, "a ring that is not registered", io_uring_unregister_ring_fd(RING));
	KERNEL(io_uring_unregister_ring_fd, "a ring without descriptor", io_uring_unregister_ring_fd(ring_registered()));
	KERNEL(io_uring_submit, "a ring whose last descriptor was unregistered", submitted_without_any());
}

static int cloned(struct io_uring *dst, struct io_uring *src, unsigned src_off, unsigned dst_off, unsigned nr, unsigned flags)
{
	return __io_uring_clone_buffers_offset(dst, src, dst_off, src_off, nr, flags);
}

static void rows_structures(void)
{
	struct io_uring *one;

	ON_NO_RING(io_uring_register_sync_cancel, r, ARG(struct io_uring_sync_cancel_reg));
	KERNEL(io_uring_register_sync_cancel, "NULL", io_uring_register_sync_cancel(RING, NULL));
	KERNEL(io_uring_register_sync_cancel, "all ones",
	       io_uring_register_sync_cancel(RING, (struct io_uring_sync_cancel_reg *)memset(memory, 0xff, 64)));
	KERNEL(io_uring_register_sync_msg, "NULL", io_uring_register_sync_msg(NULL));
	KERNEL(io_uring_register_sync_msg, "another request", io_uring_register_sync_msg(ARG(struct io_uring_sqe)));
	KERNEL(io_uring_register_sync_msg, "all ones",
	       io_uring_register_sync_msg((struct io_uring_sqe *)memset(memory, 0xff, 64)));
	ON_NO_RING(io_uring_register_napi, r, ARG(struct io_uring_napi));
	KERNEL(io_uring_register_napi, "NULL", io_uring_register_napi(RING, NULL));
	KERNEL(io_uring_register_napi, "all ones", io_uring_register_napi(RING, (struct io_uring_napi *)memset(memory, 0xff, 64)));
	ON_NO_RING(io_uring_unregister_napi, r, ARG(struct io_uring_napi));
	KERNEL(io_uring_unregister_napi, "out of reach", io_uring_unregister_napi(RING, BAD(struct io_uring_napi)));
	ON_NO_RING(io_uring_register_clock, r, ARG(struct io_uring_clock_register));
	KERNEL(io_uring_register_clock, "NULL", io_uring_register_clock(RING, NULL));
	KERNEL(io_uring_register_clock, "a clock that is not",
	       io_uring_register_clock(RING, (struct io_uring_clock_register *)memset(memory, 0xff, 4)));
	ON_NO_RING(io_uring_register_region, r, ARG(struct io_uring_mem_region_reg));
	KERNEL(io_uring_register_region, "NULL", io_uring_register_region(RING, NULL));
	KERNEL(io_uring_register_region, "all zeros", io_uring_register_region(RING, ARG(struct io_uring_mem_region_reg)));
	LIBRARY(io_uring_register_wait_reg, "NULL", io_uring_register_wait_reg(RING, NULL, INT_MAX));
	LIBRARY(io_uring_register_wait_reg, "no ring", io_uring_register_wait_reg(NULL, NULL, 0));
	ON_NO_RING(io_uring_register_ifq, r, ARG(struct io_uring_zcrx_ifq_reg));
	KERNEL(io_uring_register_ifq, "NULL", io_uring_register_ifq(RING, NULL));
	ON_NO_RING(io_uring_register_zcrx_ctrl, r, ARG(struct zcrx_ctrl));
	KERNEL(io_uring_register_zcrx_ctrl, "NULL", io_uring_register_zcrx_ctrl(RING, NULL));
	ON_NO_RING(io_uring_register_bpf_filter, r, ARG(struct io_uring_bpf));
	KERNEL(io_uring_register_bpf_filter, "NULL", io_uring_register_bpf_filter(RING, NULL));
	KERNEL(io_uring_register_bpf_filter_task, "NULL", io_uring_register_bpf_filter_task(NULL));
	KERNEL(io_uring_register_query, "NULL", io_uring_register_query(NULL));
	KERNEL(io_uring_register_query, "out of reach", io_uring_register_query(BAD(struct io_uring_query_hdr)));

	/* The first ring is made first, so that its descriptor cannot be the one that the second lost. */
	KERNEL(io_uring_clone_buffers, "to a closed descriptor", (one = RING, io_uring_clone_buffers(ring_closed(), one)));
	KERNEL(io_uring_clone_buffers, "to a device", (one = RING, io_uring_clone_buffers(ring_of_null_device(), one)));
	KERNEL(io_uring_clone_buffers, "to a ring that was never made", (one = RING, io_uring_clone_buffers(ring_never_made(), one)));
	KERNEL(io_uring_clone_buffers, "from a closed descriptor", (one = RING, io_uring_clone_buffers(one, ring_closed())));
	KERNEL(io_uring_clone_buffers, "from a device", (one = RING, io_uring_clone_buffers(one, ring_of_null_device())));
	KERNEL(io_uring_clone_buffers, "from itself", (one = RING, io_uring_clone_buffers(one, one)));
	KERNEL(io_uring_clone_buffers, "none", io_uring_clone_buffers(RING, RING));
	KERNEL(io_uring_clone_buffers_offset, "none at UINT_MAX",
	       io_uring_clone_buffers_offset(RING, RING, UINT_MAX, UINT_MAX, UINT_MAX, 0));
	KERNEL(__io_uring_clone_buffers, "every flag", __io_uring_clone_buffers(RING, RING, ~0U));
	KERNEL(__io_uring_clone_buffers_offset, "from a ring that was never made", cloned(RING, ring_never_made(), 0, 0, 1, 0));
}

void rows_register(void)
{
	rows_register_buffers();
	rows_register_files();
	rows_register_buf_rings();
	rows_control();
	rows_structures();
}
