/* SPDX-License-Identifier: MIT */
/*
 * The registration calls as bare system calls, each after the manual of
 * io_uring_register(2): the yardstick where liburing is not at hand.
 */
#define _GNU_SOURCE
#include "arguments_run.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int answer(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

static int raw_register(int fd, unsigned op, const void *arg, unsigned nr)
{
	return answer(syscall(__NR_io_uring_register, fd, op, arg, nr));
}

static int on_ring(struct io_uring *r, unsigned op, const void *arg, unsigned nr)
{
	if (r->int_flags & REG_REG_RING)
		return raw_register(r->enter_ring_fd, op | IORING_REGISTER_USE_REGISTERED_RING, arg, nr);
	return raw_register(r->ring_fd, op, arg, nr);
}

/* A table of files may have to be larger than the soft limit of descriptors. */
static int with_file_limit(struct io_uring *r, unsigned op, const void *arg, unsigned size, unsigned nr)
{
	int ret = on_ring(r, op, arg, size);
	struct rlimit limit;

	if (ret != -EMFILE)
		return ret;
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < nr) {
		limit.rlim_cur += nr;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return on_ring(r, op, arg, size);
}

static int raw_io_uring_setup(unsigned n, struct io_uring_params *p)
{
	return answer(syscall(__NR_io_uring_setup, n, p));
}

static int raw_io_uring_enter2(unsigned fd, unsigned n, unsigned m, unsigned flags, void *a, size_t s)
{
	return answer(syscall(__NR_io_uring_enter, fd, n, m, flags, a, s));
}

static int raw_io_uring_enter(unsigned fd, unsigned n, unsigned m, unsigned flags, sigset_t *s)
{
	return raw_io_uring_enter2(fd, n, m, flags, s, 8);
}

static int raw_io_uring_register(unsigned fd, unsigned op, const void *a, unsigned n)
{
	return raw_register((int)fd, op, a, n);
}

static int raw_io_uring_register_buffers(RING, const struct iovec *v, unsigned n)
{
	return on_ring(r, IORING_REGISTER_BUFFERS, v, n);
}

static int raw_io_uring_register_buffers_tags(RING, const struct iovec *v, const __u64 *t, unsigned n)
{
	struct io_uring_rsrc_register a = { .nr = n, .data = (uintptr_t)v, .tags = (uintptr_t)t };

	return on_ring(r, IORING_REGISTER_BUFFERS2, &a, sizeof(a));
}

static int raw_io_uring_register_buffers_sparse(RING, unsigned n)
{
	struct io_uring_rsrc_register a = { .nr = n, .flags = IORING_RSRC_REGISTER_SPARSE };

	return on_ring(r, IORING_REGISTER_BUFFERS2, &a, sizeof(a));
}

static int raw_io_uring_register_buffers_update_tag(RING, unsigned off, const struct iovec *v, const __u64 *t, unsigned n)
{
	struct io_uring_rsrc_update2 a = { .offset = off, .data = (uintptr_t)v, .tags = (uintptr_t)t, .nr = n };

	return on_ring(r, IORING_REGISTER_BUFFERS_UPDATE, &a, sizeof(a));
}

static int raw_io_uring_unregister_buffers(RING)
{
	return on_ring(r, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

static int raw_io_uring_register_files(RING, const int *f, unsigned n)
{
	return with_file_limit(r, IORING_REGISTER_FILES, f, n, n);
}

static int raw_io_uring_register_files_tags(RING, const int *f, const __u64 *t, unsigned n)
{
	struct io_uring_rsrc_register a = { .nr = n, .data = (uintptr_t)f, .tags = (uintptr_t)t };

	return with_file_limit(r, IORING_REGISTER_FILES2, &a, sizeof(a), n);
}

static int raw_io_uring_register_files_sparse(RING, unsigned n)
{
	struct io_uring_rsrc_register a = { .nr = n, .flags = IORING_RSRC_REGISTER_SPARSE };

	return with_file_limit(r, IORING_REGISTER_FILES2, &a, sizeof(a), n);
}

static int raw_io_uring_register_files_update(RING, unsigned off, const int *f, unsigned n)
{
	struct io_uring_rsrc_update a = { .offset = off, .data = (uintptr_t)f };

	return on_ring(r, IORING_REGISTER_FILES_UPDATE, &a, n);
}

static int raw_io_uring_register_files_update_tag(RING, unsigned off, const int *f, const __u64 *t, unsigned n)
{
	struct io_uring_rsrc_update2 a = { .offset = off, .data = (uintptr_t)f, .tags = (uintptr_t)t, .nr = n };

	return on_ring(r, IORING_REGISTER_FILES_UPDATE2, &a, sizeof(a));
}

static int raw_io_uring_unregister_files(RING)
{
	return on_ring(r, IORING_UNREGISTER_FILES, NULL, 0);
}

static int raw_io_uring_register_file_alloc_range(RING, unsigned off, unsigned len)
{
	struct io_uring_file_index_range a = { .off = off, .len = len };

	return on_ring(r, IORING_REGISTER_FILE_ALLOC_RANGE, &a, 0);
}

static int raw_io_uring_register_eventfd(RING, int fd)
{
	return on_ring(r, IORING_REGISTER_EVENTFD, &fd, 1);
}

static int raw_io_uring_register_eventfd_async(RING, int fd)
{
	return on_ring(r, IORING_REGISTER_EVENTFD_ASYNC, &fd, 1);
}

static int raw_io_uring_unregister_eventfd(RING)
{
	return on_ring(r, IORING_UNREGISTER_EVENTFD, NULL, 0);
}

static int raw_io_uring_register_probe(RING, struct io_uring_probe *p, unsigned n)
{
	return on_ring(r, IORING_REGISTER_PROBE, p, n);
}

static int raw_io_uring_register_personality(RING)
{
	return on_ring(r, IORING_REGISTER_PERSONALITY, NULL, 0);
}

static int raw_io_uring_unregister_personality(RING, int id)
{
	return on_ring(r, IORING_UNREGISTER_PERSONALITY, NULL, (unsigned)id);
}

static int raw_io_uring_register_restrictions(RING, struct io_uring_restriction *a, unsigned n)
{
	return on_ring(r, IORING_REGISTER_RESTRICTIONS, a, n);
}

static int raw_io_uring_enable_rings(RING)
{
	return on_ring(r, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

static int raw_io_uring_register_iowq_aff(RING, size_t n, const cpu_set_t *m)
{
	/* The system call takes 32 bits, and half of their numbers are too many bytes for a mask. */
	return n >> 31 ? -EINVAL : on_ring(r, IORING_REGISTER_IOWQ_AFF, m, (unsigned)n);
}

static int raw_io_uring_unregister_iowq_aff(RING)
{
	return on_ring(r, IORING_UNREGISTER_IOWQ_AFF, NULL, 0);
}

static int raw_io_uring_register_iowq_max_workers(RING, unsigned *v)
{
	return on_ring(r, IORING_REGISTER_IOWQ_MAX_WORKERS, v, 2);
}

static int raw_io_uring_register_ring_fd(RING)
{
	struct io_uring_rsrc_update a = { .offset = ~0U, .data = (__u64)r->ring_fd };
	int ret;

	if (r->int_flags & REG_RING)
		return -EEXIST;
	ret = on_ring(r, IORING_REGISTER_RING_FDS, &a, 1);
	if (ret == 1) {
		r->enter_ring_fd = (int)a.offset;
		r->int_flags |= REG_RING | (r->features & IORING_FEAT_REG_REG_RING ? REG_REG_RING : 0);
	}
	return ret;
}

static int raw_io_uring_unregister_ring_fd(RING)
{
	struct io_uring_rsrc_update a = { .offset = (unsigned)r->enter_ring_fd };
	int ret;

	if (!(r->int_flags & REG_RING))
		return -EINVAL;
	ret = on_ring(r, IORING_UNREGISTER_RING_FDS, &a, 1);
	if (ret == 1) {
		r->enter_ring_fd = r->ring_fd;
		r->int_flags = 0;
	}
	return ret;
}

static int raw_io_uring_register_buf_ring(RING, struct io_uring_buf_reg *a, unsigned flags)
{
	a->flags |= (__u16)flags;
	return on_ring(r, IORING_REGISTER_PBUF_RING, a, 1);
}

static int raw_io_uring_unregister_buf_ring(RING, int bgid)
{
	struct io_uring_buf_reg a = { .bgid = (__u16)bgid };

	return on_ring(r, IORING_UNREGISTER_PBUF_RING, &a, 1);
}

static int raw_io_uring_buf_ring_head(RING, int bgid, uint16_t *head)
{
	struct io_uring_buf_status a = { .buf_group = (__u32)bgid };
	int ret = on_ring(r, IORING_REGISTER_PBUF_STATUS, &a, 1);

	if (!ret)
		*head = (uint16_t)a.head;
	return ret;
}

static struct io_uring_buf_ring *raw_io_uring_setup_buf_ring(RING, unsigned n, int bgid, unsigned flags, int *err)
{
	size_t size = (size_t)n * sizeof(struct io_uring_buf);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	struct io_uring_buf_reg a = { .ring_addr = (uintptr_t)memory, .ring_entries = n, .bgid = (__u16)bgid, .flags = (__u16)flags };

	if (memory == MAP_FAILED) {
		*err = -errno;
		return NULL;
	}
	*err = on_ring(r, IORING_REGISTER_PBUF_RING, &a, 1);
	if (!*err)
		return memory;
	munmap(memory, size);
	return NULL;
}

static int raw_io_uring_free_buf_ring(RING, struct io_uring_buf_ring *b, unsigned n, int bgid)
{
	int ret = raw_io_uring_unregister_buf_ring(r, bgid);

	if (!ret)
		munmap(b, (size_t)n * sizeof(struct io_uring_buf));
	return ret;
}

static int raw_io_uring_register_sync_cancel(RING, struct io_uring_sync_cancel_reg *a)
{
	return on_ring(r, IORING_REGISTER_SYNC_CANCEL, a, 1);
}

static int raw_io_uring_register_sync_msg(struct io_uring_sqe *sqe)
{
	return raw_register(-1, IORING_REGISTER_SEND_MSG_RING, sqe, 1);
}

static int raw_io_uring_register_napi(RING, struct io_uring_napi *a)
{
	return on_ring(r, IORING_REGISTER_NAPI, a, 1);
}

static int raw_io_uring_unregister_napi(RING, struct io_uring_napi *a)
{
	return on_ring(r, IORING_UNREGISTER_NAPI, a, 1);
}

static int raw_io_uring_register_clock(RING, struct io_uring_clock_register *a)
{
	return on_ring(r, IORING_REGISTER_CLOCK, a, 0);
}

static int raw_io_uring_register_region(RING, struct io_uring_mem_region_reg *a)
{
	return on_ring(r, IORING_REGISTER_MEM_REGION, a, 1);
}

static int raw_io_uring_register_wait_reg(RING, struct io_uring_reg_wait *a, int n)
{
	/* Superseded by io_uring_register_region() before any kernel had it. */
	(void)r, (void)a, (void)n;
	return -EINVAL;
}

static int raw_io_uring_register_ifq(RING, struct io_uring_zcrx_ifq_reg *a)
{
	return on_ring(r, IORING_REGISTER_ZCRX_IFQ, a, 1);
}

static int raw_io_uring_register_zcrx_ctrl(RING, struct zcrx_ctrl *a)
{
	return on_ring(r, IORING_REGISTER_ZCRX_CTRL, a, 0);
}

static int raw_io_uring_register_bpf_filter(RING, struct io_uring_bpf *a)
{
	return on_ring(r, IORING_REGISTER_BPF_FILTER, a, 1);
}

static int raw_io_uring_register_bpf_filter_task(struct io_uring_bpf *a)
{
	return raw_register(-1, IORING_REGISTER_BPF_FILTER, a, 1);
}

static int raw_io_uring_register_query(struct io_uring_query_hdr *a)
{
	return raw_register(-1, IORING_REGISTER_QUERY, a, 0);
}

static int raw___io_uring_clone_buffers_offset(struct io_uring *d, struct io_uring *s, unsigned o, unsigned p, unsigned n, unsigned flags)
{
	struct io_uring_clone_buffers a = { .src_fd = (__u32)s->ring_fd, .flags = flags, .src_off = p, .dst_off = o, .nr = n };

	/* The registered index where the source has one, its descriptor else. */
	if ((flags & IORING_REGISTER_SRC_REGISTERED) && (s->int_flags & REG_REG_RING))
		a.src_fd = (__u32)s->enter_ring_fd;
	else
		a.flags &= ~(unsigned)IORING_REGISTER_SRC_REGISTERED;
	return on_ring(d, IORING_REGISTER_CLONE_BUFFERS, &a, 1);
}

static int raw_io_uring_clone_buffers_offset(struct io_uring *d, struct io_uring *s, unsigned o, unsigned p, unsigned n, unsigned flags)
{
	return raw___io_uring_clone_buffers_offset(d, s, o, p, n, flags | IORING_REGISTER_SRC_REGISTERED);
}

static int raw___io_uring_clone_buffers(struct io_uring *d, struct io_uring *s, unsigned flags)
{
	return raw___io_uring_clone_buffers_offset(d, s, 0, 0, 0, flags);
}

static int raw_io_uring_clone_buffers(struct io_uring *d, struct io_uring *s)
{
	return raw___io_uring_clone_buffers(d, s, IORING_REGISTER_SRC_REGISTERED);
}

/* ---- Rings, as far as the above needs them: a descriptor and the features, nothing mapped ---- */

static int raw_io_uring_queue_init_params(unsigned n, RING, struct io_uring_params *p)
{
	unsigned asked = p->flags;
	int fd;

	memset(r, 0, sizeof(*r));
	/* Without memory of the program's own there is no ring but by its descriptor. */
	if (asked & IORING_SETUP_REGISTERED_FD_ONLY)
		return -EINVAL;
	/* Without the array of SQ indices where the kernel can do so. */
	p->flags |= IORING_SETUP_NO_SQARRAY;
	fd = raw_io_uring_setup(n, p);
	if (fd == -EINVAL && !(asked & IORING_SETUP_NO_SQARRAY)) {
		p->flags = asked;
		fd = raw_io_uring_setup(n, p);
	}
	if (fd < 0)
		return fd;
	r->flags = p->flags;
	r->features = p->features;
	r->ring_fd = r->enter_ring_fd = fd;
	return 0;
}

static int raw_io_uring_queue_init(unsigned n, RING, unsigned flags)
{
	struct io_uring_params p = { .flags = flags };

	return raw_io_uring_queue_init_params(n, r, &p);
}

static int raw_io_uring_close_ring_fd(RING)
{
	if (!(r->features & IORING_FEAT_REG_REG_RING))
		return -EOPNOTSUPP;
	if (!(r->int_flags & REG_RING))
		return -EINVAL;
	if (r->ring_fd == -1)
		return -EBADF;
	/* In any case the number is gone. */
	(void)syscall(SYS_close, r->ring_fd);
	r->ring_fd = -1;
	return 1;
}

static void raw_io_uring_queue_exit(RING)
{
	if (r->int_flags & REG_RING)
		raw_io_uring_unregister_ring_fd(r);
	close(r->ring_fd);
}

#define ROW(type, name, params, args) .name = raw_##name,
const struct api raw_api = {
	.io_uring_queue_init = raw_io_uring_queue_init,
	.io_uring_queue_init_params = raw_io_uring_queue_init_params,
	.io_uring_queue_exit = raw_io_uring_queue_exit,
	.io_uring_close_ring_fd = raw_io_uring_close_ring_fd,
	REGISTER_API(ROW)
};
