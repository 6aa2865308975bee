/* SPDX-License-Identifier: MIT */
/*
 * A few of upstream's test programs call functions that upstream keeps inside its static archive; no shared library of anybody
 * exports them. Upstream links its tests to that archive. Here the programs are linked to a shared library, upstream's or ours, so
 * they get these stand-ins instead, built of public calls: the same source in every column of the table, and what it calls is what
 * the column tests.
 */
#include <liburing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int __io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *p, void *buf, size_t buf_size);
void io_uring_unmap_rings(struct io_uring_sq *sq, struct io_uring_cq *cq);

/* A ring whose SQ array stays in use: the public calls ask for NO_SQARRAY by themselves, this one takes the flags as they are. */
int __io_uring_queue_init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *p, void *buf, size_t buf_size)
{
	/* These need private bits of the ring, which only the library itself may set. */
	const unsigned beyond = IORING_SETUP_NO_MMAP | (1U << 15) /* REGISTERED_FD_ONLY */ | IORING_SETUP_IOPOLL;
	unsigned i;
	int fd, ret;

	if (buf || buf_size || (p->flags & beyond)) {
		fprintf(stderr, "internals.c: setup flags %#x are beyond the stand-in\n", p->flags);
		abort();
	}
	fd = io_uring_setup(entries, p);
	if (fd < 0)
		return fd;
	ret = io_uring_queue_mmap(fd, p, ring);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	/* Libraries differ in how much of this io_uring_queue_mmap() has filled in. */
	ring->flags = p->flags;
	ring->features = p->features;
	ring->ring_fd = ring->enter_ring_fd = fd;
	if (!(p->flags & (1U << 16)) /* NO_SQARRAY */) {
		for (i = 0; i < ring->sq.ring_entries; i++)
			ring->sq.array[i] = i;
	}
	return 0;
}

void io_uring_unmap_rings(struct io_uring_sq *sq, struct io_uring_cq *cq)
{
	void *shared = sq->ring_ptr;

	if (sq->ring_sz)
		munmap(sq->ring_ptr, sq->ring_sz);
	if (cq->ring_sz && cq->ring_ptr && cq->ring_ptr != shared)
		munmap(cq->ring_ptr, cq->ring_sz);
}
