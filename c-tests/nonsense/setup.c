/* SPDX-License-Identifier: MIT */
/* Setup, the end of rings, sizes, probes, versions, raw system calls. */
#include "nonsense.h"

#include <fcntl.h>
#include <unistd.h>

static struct io_uring ring;
static struct io_uring_params p;

static int init_params(unsigned entries, unsigned flags, unsigned cq_entries)
{
	p.flags = flags;
	p.cq_entries = cq_entries;
	return io_uring_queue_init_params(entries, &ring, &p);
}

static int init_mem(unsigned entries, size_t offset, size_t size)
{
	return io_uring_queue_init_mem(entries, &ring, &p, memory + offset, size);
}

static size_t needed(unsigned entries)
{
	p.flags = IORING_SETUP_NO_SQARRAY;
	return (size_t)io_uring_memory_size_params(entries, &p);
}

static int bad_reserved(void)
{
	p.resv[1] = 1;
	return io_uring_queue_init_params(8, &ring, &p);
}

static int attach(int fd)
{
	p.flags = IORING_SETUP_ATTACH_WQ;
	p.wq_fd = (unsigned)fd;
	return io_uring_queue_init_params(8, &ring, &p);
}

static int thread_on(unsigned cpu, unsigned flags)
{
	p.flags = flags;
	p.sq_thread_cpu = cpu;
	return io_uring_queue_init_params(8, &ring, &p);
}

static void rows_init(void)
{
	KERNEL(io_uring_queue_init, "no entries", io_uring_queue_init(0, &ring, 0));
	KERNEL(io_uring_queue_init, "one entry too many", io_uring_queue_init(32769, &ring, 0));
	KERNEL(io_uring_queue_init, "INT_MAX entries", io_uring_queue_init(INT_MAX, &ring, 0));
	KERNEL(io_uring_queue_init, "UINT_MAX entries", io_uring_queue_init(UINT_MAX, &ring, 0));
	KERNEL(io_uring_queue_init, "UINT_MAX entries, clamped", io_uring_queue_init(UINT_MAX, &ring, IORING_SETUP_CLAMP));
	KERNEL(io_uring_queue_init, "no entries, clamped", io_uring_queue_init(0, &ring, IORING_SETUP_CLAMP));
	KERNEL(io_uring_queue_init, "an unknown flag", io_uring_queue_init(8, &ring, 1U << 31));
	KERNEL(io_uring_queue_init, "every flag", io_uring_queue_init(8, &ring, ~0U));
	KERNEL(io_uring_queue_init, "a CQ size that is not given", io_uring_queue_init(8, &ring, IORING_SETUP_CQSIZE));
	KERNEL(io_uring_queue_init, "to attach to descriptor 0", io_uring_queue_init(8, &ring, IORING_SETUP_ATTACH_WQ));
	KERNEL(io_uring_queue_init, "task work deferred for many issuers",
	       io_uring_queue_init(8, &ring, IORING_SETUP_DEFER_TASKRUN));
	KERNEL(io_uring_queue_init, "task work deferred to the SQ thread",
	       io_uring_queue_init(8, &ring, IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN));
	KERNEL(io_uring_queue_init, "a flag for task work that is not set up", io_uring_queue_init(8, &ring, IORING_SETUP_TASKRUN_FLAG));
	KERNEL(io_uring_queue_init, "both ways of large SQEs",
	       io_uring_queue_init(8, &ring, IORING_SETUP_SQE128 | IORING_SETUP_SQE_MIXED));
	KERNEL(io_uring_queue_init, "both ways of large CQEs",
	       io_uring_queue_init(8, &ring, IORING_SETUP_CQE32 | IORING_SETUP_CQE_MIXED));
	KERNEL(io_uring_queue_init, "polling by both sides' names", io_uring_queue_init(8, &ring, IORING_SETUP_HYBRID_IOPOLL));
	LIBRARY(io_uring_queue_init, "a registered descriptor alone",
		io_uring_queue_init(8, &ring, IORING_SETUP_REGISTERED_FD_ONLY));
	LIBRARY(io_uring_queue_init, "own memory, and no entries", io_uring_queue_init(0, &ring, IORING_SETUP_NO_MMAP));
	LIBRARY(io_uring_queue_init, "own memory, and too many entries", io_uring_queue_init(32769, &ring, IORING_SETUP_NO_MMAP));
	LIBRARY(io_uring_queue_init, "own memory beyond a huge page",
		io_uring_queue_init(32768, &ring, IORING_SETUP_NO_MMAP | IORING_SETUP_SQE128));

	KERNEL(io_uring_queue_init_params, "no entries", init_params(0, 0, 0));
	KERNEL(io_uring_queue_init_params, "a CQ without entries", init_params(8, IORING_SETUP_CQSIZE, 0));
	KERNEL(io_uring_queue_init_params, "a CQ smaller than the SQ", init_params(16, IORING_SETUP_CQSIZE, 7));
	KERNEL(io_uring_queue_init_params, "a CQ too large", init_params(8, IORING_SETUP_CQSIZE, 65537));
	KERNEL(io_uring_queue_init_params, "a CQ of UINT_MAX entries", init_params(8, IORING_SETUP_CQSIZE, UINT_MAX));
	KERNEL(io_uring_queue_init_params, "the same, clamped", init_params(8, IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, UINT_MAX));
	KERNEL(io_uring_queue_init_params, "something reserved", bad_reserved());
	KERNEL(io_uring_queue_init_params, "to attach to descriptor -1", attach(-1));
	KERNEL(io_uring_queue_init_params, "to attach to a device", attach(open("/dev/null", O_RDWR)));
	KERNEL(io_uring_queue_init_params, "a CPU for no thread", thread_on(0, IORING_SETUP_SQ_AFF));
	KERNEL(io_uring_queue_init_params, "a thread on CPU INT_MAX", thread_on(INT_MAX, IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF));
	LIBRARY(io_uring_queue_init_params, "own memory, a CQ too large",
		init_params(8, IORING_SETUP_NO_MMAP | IORING_SETUP_CQSIZE, 65537));

	LIBRARY(io_uring_queue_init_mem, "no entries", init_mem(0, 0, MEMORY_SIZE));
	LIBRARY(io_uring_queue_init_mem, "INT_MAX entries", init_mem(INT_MAX, 0, MEMORY_SIZE));
	LIBRARY(io_uring_queue_init_mem, "memory of no size", init_mem(8, 0, 0));
	LIBRARY(io_uring_queue_init_mem, "a byte too few", init_mem(8, 0, needed(8) - 1));
	KERNEL(io_uring_queue_init_mem, "just enough", init_mem(8, 0, needed(8)));
	KERNEL(io_uring_queue_init_mem, "more than there is", init_mem(8, 0, SIZE_MAX));
	KERNEL(io_uring_queue_init_mem, "off a page's start", init_mem(8, 64, MEMORY_SIZE - 64));
	KERNEL(io_uring_queue_init_mem, "memory out of reach",
	       io_uring_queue_init_mem(8, &ring, &p, no_memory, MEMORY_SIZE));
	KERNEL(io_uring_queue_init_mem, "no memory: the library maps some", io_uring_queue_init_mem(8, &ring, &p, NULL, 0));
}

static int map_fd(int fd, unsigned sq_entries)
{
	int ring_fd = io_uring_setup(8, &p);

	p.sq_entries = sq_entries;
	return io_uring_queue_mmap(fd == INT_MIN ? ring_fd : fd, &p, &ring);
}

static int resize(struct io_uring *r, unsigned flags, unsigned sq_entries, unsigned cq_entries)
{
	p.flags = flags;
	p.sq_entries = sq_entries;
	p.cq_entries = cq_entries;
	return io_uring_resize_rings(r, &p);
}

static int resize_own_memory(void)
{
	if (init_mem(8, 0, MEMORY_SIZE) < 0)
		return -4711;
	return resize(&ring, 0, 16, 0);
}

static int close_twice(void)
{
	struct io_uring *r = ring_registered();

	return io_uring_close_ring_fd(r);
}

static int exit_and_look(struct io_uring *r)
{
	int fd = r->ring_fd;

	io_uring_queue_exit(r);
	return fd >= 0 && fcntl(fd, F_GETFD) >= 0;
}

#define DEFERRED ring_with(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static void rows_life(void)
{
	LIBRARY(io_uring_queue_mmap, "descriptor -1", map_fd(-1, 8));
	LIBRARY(io_uring_queue_mmap, "a closed descriptor", map_fd(999, 8));
	KERNEL(io_uring_queue_mmap, "a device", map_fd(open("/dev/null", O_RDWR), 8));
	KERNEL(io_uring_queue_mmap, "parameters that are all zero", (memset(&p, 0, sizeof(p)), io_uring_queue_mmap(RING->ring_fd, &p, &ring)));
	KERNEL(io_uring_queue_mmap, "entries whose size has more than 32 bits", map_fd(INT_MIN, 1U << 27));
	LIBRARY(io_uring_queue_exit, "a ring", exit_and_look(RING));
	LIBRARY(io_uring_queue_exit, "a ring closed already", exit_and_look(ring_closed()));
	LIBRARY(io_uring_queue_exit, "a ring that was never made", exit_and_look(ring_never_made()));
	LIBRARY(io_uring_queue_exit, "a ring without descriptor", exit_and_look(ring_registered()));
	LIBRARY(io_uring_ring_dontfork, "a ring that was never made", io_uring_ring_dontfork(ring_never_made()));
	LIBRARY(io_uring_ring_dontfork, "a ring closed already", io_uring_ring_dontfork(ring_closed()));
	LIBRARY(io_uring_close_ring_fd, "a ring that was never made", io_uring_close_ring_fd(ring_never_made()));
	LIBRARY(io_uring_close_ring_fd, "a kernel without the feature", io_uring_close_ring_fd(ring_of_old_kernel(0)));
	LIBRARY(io_uring_close_ring_fd, "a ring that is not registered", io_uring_close_ring_fd(RING));
	KERNEL(io_uring_close_ring_fd, "once more", close_twice());

	KERNEL(io_uring_resize_rings, "a ring without deferred task work", resize(RING, 0, 16, 0));
	LIBRARY(io_uring_resize_rings, "a ring in the program's memory", (RING, resize_own_memory()));
	KERNEL(io_uring_resize_rings, "no entries", resize(DEFERRED, 0, 0, 0));
	KERNEL(io_uring_resize_rings, "INT_MAX entries", resize(DEFERRED, 0, INT_MAX, 0));
	KERNEL(io_uring_resize_rings, "the same, clamped", resize(DEFERRED, IORING_SETUP_CLAMP, INT_MAX, 0));
	KERNEL(io_uring_resize_rings, "a CQ smaller than the SQ", resize(DEFERRED, IORING_SETUP_CQSIZE, 64, 32));
	KERNEL(io_uring_resize_rings, "every flag", resize(DEFERRED, ~0U, 16, 16));
	KERNEL(io_uring_resize_rings, "a closed descriptor", resize(ring_closed(), 0, 16, 0));
	KERNEL(io_uring_resize_rings, "a device", resize(ring_of_null_device(), 0, 16, 0));
}

static ssize_t size_of(unsigned entries, unsigned flags, unsigned cq_entries)
{
	p.flags = flags;
	p.cq_entries = cq_entries;
	return io_uring_memory_size_params(entries, &p);
}

static ssize_t mlock_of(unsigned entries, unsigned flags, unsigned cq_entries)
{
	p.flags = flags;
	p.cq_entries = cq_entries;
	return io_uring_mlock_size_params(entries, &p);
}

static void rows_sizes(void)
{
	LIBRARY(io_uring_memory_size, "no entries", io_uring_memory_size(0, 0));
	LIBRARY(io_uring_memory_size, "one entry too many", io_uring_memory_size(32769, 0));
	LIBRARY(io_uring_memory_size, "INT_MAX entries", io_uring_memory_size(INT_MAX, 0));
	LIBRARY(io_uring_memory_size, "UINT_MAX entries", io_uring_memory_size(UINT_MAX, 0));
	/* In pages of the kernel's size. */
	KERNEL(io_uring_memory_size, "UINT_MAX entries, clamped", io_uring_memory_size(UINT_MAX, IORING_SETUP_CLAMP));
	LIBRARY(io_uring_memory_size, "a CQ size that is not given", io_uring_memory_size(8, IORING_SETUP_CQSIZE));
	LIBRARY(io_uring_memory_size, "every flag", io_uring_memory_size(8, ~0U));
	KERNEL(io_uring_memory_size, "every flag but a CQ size", io_uring_memory_size(8, ~(unsigned)IORING_SETUP_CQSIZE));
	LIBRARY(io_uring_memory_size_params, "no entries", size_of(0, 0, 0));
	LIBRARY(io_uring_memory_size_params, "a CQ smaller than the SQ", size_of(16, IORING_SETUP_CQSIZE, 7));
	LIBRARY(io_uring_memory_size_params, "a CQ of UINT_MAX entries", size_of(8, IORING_SETUP_CQSIZE, UINT_MAX));
	KERNEL(io_uring_memory_size_params, "the same, clamped", size_of(8, IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP, UINT_MAX));
	KERNEL(io_uring_memory_size_params, "every flag", size_of(32768, ~0U, 65536));
	KERNEL(io_uring_mlock_size, "no entries", io_uring_mlock_size(0, 0));
	KERNEL(io_uring_mlock_size, "INT_MAX entries", io_uring_mlock_size(INT_MAX, 0));
	KERNEL(io_uring_mlock_size, "every flag", io_uring_mlock_size(8, ~0U));
	KERNEL(io_uring_mlock_size_params, "no entries", mlock_of(0, 0, 0));
	KERNEL(io_uring_mlock_size_params, "a CQ smaller than the SQ", mlock_of(16, IORING_SETUP_CQSIZE, 7));
}

static int probe_with(unsigned nr)
{
	return io_uring_register_probe(RING, (struct io_uring_probe *)memory, nr);
}

static void rows_probes(void)
{
	KERNEL(io_uring_get_probe, "nothing odd", (RING, io_uring_get_probe()->last_op >= 49));
	KERNEL(io_uring_get_probe_ring, "a closed descriptor", io_uring_get_probe_ring(ring_closed()) != NULL);
	KERNEL(io_uring_get_probe_ring, "a device", io_uring_get_probe_ring(ring_of_null_device()) != NULL);
	LIBRARY(io_uring_get_probe_ring, "a ring that was never made", io_uring_get_probe_ring(ring_never_made()) != NULL);
	NOTHING(io_uring_free_probe, "NULL", io_uring_free_probe(NULL));
	KERNEL(io_uring_register_probe, "NULL", io_uring_register_probe(RING, NULL, 256));
	KERNEL(io_uring_register_probe, "memory out of reach", io_uring_register_probe(RING, (struct io_uring_probe *)no_memory, 256));
	KERNEL(io_uring_register_probe, "no room", probe_with(0));
	KERNEL(io_uring_register_probe, "room for too many", probe_with(257));
	KERNEL(io_uring_register_probe, "room for UINT_MAX", probe_with(UINT_MAX));
	KERNEL(io_uring_register_probe, "what is not zero", (memset(memory, 1, 4096), probe_with(16)));
	KERNEL(io_uring_register_probe, "a closed descriptor",
	       io_uring_register_probe(ring_closed(), (struct io_uring_probe *)memory, 256));
	KERNEL(io_uring_register_probe, "a device",
	       io_uring_register_probe(ring_of_null_device(), (struct io_uring_probe *)memory, 256));
	LIBRARY(io_uring_opcode_supported, "opcode -1", io_uring_opcode_supported((struct io_uring_probe *)memory, -1));
	LIBRARY(io_uring_opcode_supported, "opcode INT_MAX", io_uring_opcode_supported((struct io_uring_probe *)memory, INT_MAX));
	LIBRARY(io_uring_opcode_supported, "opcode INT_MIN", io_uring_opcode_supported((struct io_uring_probe *)memory, INT_MIN));
	LIBRARY(io_uring_opcode_supported, "one beyond the last", io_uring_opcode_supported((struct io_uring_probe *)memory, 1));
}

static void rows_versions(void)
{
	LIBRARY(io_uring_major_version, "nothing odd", io_uring_major_version());
	LIBRARY(io_uring_minor_version, "nothing odd", io_uring_minor_version());
	LIBRARY(io_uring_check_version, "its own", io_uring_check_version(2, 15));
	LIBRARY(io_uring_check_version, "the next", io_uring_check_version(2, 16));
	LIBRARY(io_uring_check_version, "INT_MAX", io_uring_check_version(INT_MAX, INT_MAX));
	LIBRARY(io_uring_check_version, "INT_MIN", io_uring_check_version(INT_MIN, INT_MIN));
	LIBRARY(io_uring_check_version, "a minor of INT_MAX", io_uring_check_version(1, INT_MAX));
	LIBRARY(io_uring_check_version, "a minor of INT_MIN", io_uring_check_version(3, INT_MIN));
}

#define DEVICE ((unsigned)open("/dev/null", O_RDWR))
#define FD ((unsigned)RING->ring_fd)

static void rows_calls(void)
{
	KERNEL(io_uring_setup, "NULL", io_uring_setup(8, NULL));
	KERNEL(io_uring_setup, "memory out of reach", io_uring_setup(8, (struct io_uring_params *)no_memory));
	KERNEL(io_uring_setup, "no entries", io_uring_setup(0, &p));
	KERNEL(io_uring_setup, "UINT_MAX entries", io_uring_setup(UINT_MAX, &p));
	KERNEL(io_uring_enter, "descriptor UINT_MAX", io_uring_enter(UINT_MAX, 0, 0, 0, NULL));
	KERNEL(io_uring_enter, "a device", io_uring_enter(DEVICE, 0, 0, 0, NULL));
	KERNEL(io_uring_enter, "every flag", io_uring_enter(FD, 0, 0, ~0U, NULL));
	KERNEL(io_uring_enter, "a registered index out of range", io_uring_enter(16, 0, 0, IORING_ENTER_REGISTERED_RING, NULL));
	KERNEL(io_uring_enter, "a registered index that is empty", io_uring_enter(3, 0, 0, IORING_ENTER_REGISTERED_RING, NULL));
	KERNEL(io_uring_enter, "UINT_MAX SQEs of an empty SQ", io_uring_enter(FD, UINT_MAX, 0, 0, NULL));
	KERNEL(io_uring_enter, "a signal mask out of reach", io_uring_enter(FD, 0, 1, IORING_ENTER_GETEVENTS, (sigset_t *)no_memory));
	KERNEL(io_uring_enter2, "descriptor UINT_MAX", io_uring_enter2(UINT_MAX, 0, 0, 0, NULL, 0));
	KERNEL(io_uring_enter2, "an argument of no size", io_uring_enter2(FD, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, memory, 0));
	KERNEL(io_uring_enter2, "an argument of SIZE_MAX bytes",
	       io_uring_enter2(FD, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, memory, SIZE_MAX));
	KERNEL(io_uring_enter2, "a NULL argument", io_uring_enter2(FD, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, NULL, 24));
	KERNEL(io_uring_enter2, "a signal mask of a wrong size", io_uring_enter2(FD, 0, 1, IORING_ENTER_GETEVENTS, memory, 7));
	KERNEL(io_uring_register, "descriptor UINT_MAX", io_uring_register(UINT_MAX, IORING_REGISTER_PROBE, memory, 1));
	KERNEL(io_uring_register, "a device", io_uring_register(DEVICE, IORING_REGISTER_PROBE, memory, 1));
	KERNEL(io_uring_register, "opcode INT_MAX", io_uring_register(FD, INT_MAX, NULL, 0));
	KERNEL(io_uring_register, "opcode UINT_MAX", io_uring_register(FD, UINT_MAX, NULL, 0));
	KERNEL(io_uring_register, "UINT_MAX arguments", io_uring_register(FD, IORING_REGISTER_FILES, memory, UINT_MAX));
	KERNEL(io_uring_register, "an argument where none belongs", io_uring_register(FD, IORING_UNREGISTER_FILES, memory, 1));
}

void rows_setup(void)
{
	rows_init();
	rows_life();
	rows_sizes();
	rows_probes();
	rows_versions();
	rows_calls();
}
