/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: SQEs of random bytes. Rings of any flags get requests of any opcode, with wild pointers, closed descriptors and lengths of
 * 4 GiB, and now and then counters that the program has spoiled. What has to hold, on the kernel as on the engine:
 *
 * - each request that was taken from the SQ ends by one completion, or by none where it asked for that (IOSQE_CQE_SKIP_SUCCESS);
 * - everything ends when it is cancelled, and io_uring_queue_exit() comes back;
 * - no descriptor stays behind, nothing outside the memory that was named is written (the sanitizers and guard pages look).
 *
 * URING_FUZZ_BACKEND=kernel runs it on the kernel's rings, which says whether what is asked for here is right. The answers themselves are
 * compared by c-tests/differential.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <uring.h>
#include <uring_rs.h>

enum { ARENA = 64 << 10, GUARD_SHIFT = 33, MOST_REQUESTS = 24, MOST_FILE = 1 << 20, SOFT_FILES = 1024, PATIENCE_S = 10 };
/* Descriptors of an input, from this number on; the engine's own lie in the upper half of those allowed. */
enum { FIRST_FD = 100, ENGINE_FD = SOFT_FILES / 2 };
enum { FD_FILE, FD_READ_ONLY, FD_DIRECT, FD_PIPE_R, FD_PIPE_W, FD_FULL_R, FD_FULL_W, FD_STREAM_A, FD_STREAM_B, FD_DGRAM_A, FD_DGRAM_B,
       FD_UNIX_LISTENER, FD_TCP_LISTENER, FD_TCP, FD_EVENT, FD_EPOLL, FD_DIR, FD_TIMER, FD_PATH, FD_RING, FD_CLOSED, FDS };

/* The arena begins with structures that pointers can name, each in a slot of its own. */
enum { SLOT = 512 };
enum { AT_VECTORS, AT_LONG_VECTORS, AT_BAD_VECTORS, AT_MESSAGE, AT_BAD_MESSAGE, AT_TCP_ADDRESS, AT_UNIX_ADDRESS, AT_SOON, AT_LATE, AT_BAD_TIME,
       AT_NAME, AT_OTHER_NAME, AT_DEEP_NAME, AT_UP, AT_EMPTY_NAME, AT_LONG_NAME, AT_HOW, AT_BAD_HOW, AT_WAITV, AT_EPOLL_EVENT, AT_XATTR,
       AT_NUMBERS, AT_BYTES, SLOTS = 32 };

struct request {
	struct io_uring_sqe sqe;
	unsigned seen;
	int res;
	bool may_be_silent;
};

static struct fuzz_count programs = { "programs of requests", 0, NULL };
static struct fuzz_count taken = { "requests that a ring has taken", 0, NULL };
static struct fuzz_count answered = { "completions", 0, NULL };
static struct fuzz_count went_well = { "of them of requests that did something", 0, NULL };
static struct fuzz_count spoiled = { "programs that spoil the ring's counters", 0, NULL };

static uint8_t *arena, *read_only, *no_access;
static uint64_t mark;
static bool on_kernel;
static bool was_open[ENGINE_FD];
/* What the engine may keep for the process; a leak soon exceeds it. */
enum { MOST_ENGINE_FDS = 16 };
static char directory[] = "/tmp/uring-requests.XXXXXX";

/* ---- The process ---- */

static void drop_capabilities(void)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	uint32_t none[6] = { 0 };

	/* Requests may ask for what only root is allowed, and that for the whole machine. */
	if (syscall(SYS_capset, &header, none))
		perror("capset");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void *reserve(size_t size, int access)
{
	void *memory = mmap(NULL, size, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	return memory;
}

static void wipe_directory(void)
{
	DIR *dir = opendir(directory);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    unlinkat(dirfd(dir), entry->d_name, 0))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

static void leave(void)
{
	wipe_directory();
	rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *backend = getenv("URING_FUZZ_BACKEND");
	struct rlimit files = { SOFT_FILES, SOFT_FILES }, size = { MOST_FILE, MOST_FILE };

	(void)argc;
	(void)argv;
	drop_capabilities();
	setrlimit(RLIMIT_NOFILE, &files);
	/* Behind the arena lies nothing, as far as a length of 4 GiB reaches. */
	arena = reserve((size_t)1 << GUARD_SHIFT, PROT_NONE);
	no_access = arena + ARENA;
	read_only = reserve(4096, PROT_READ);
	if (mprotect(arena, ARENA, PROT_READ | PROT_WRITE) || !mkdtemp(directory)) {
		perror(directory);
		exit(2);
	}
	atexit(leave);
	on_kernel = backend && !strcmp(backend, "kernel");
	uring_rs_set_backend(on_kernel ? URING_RS_BACKEND_KERNEL : URING_RS_BACKEND_USER);
	/* Messages that requests send to their own ring must not look like completions; libFuzzer finds constants out. */
	mark = ((uint64_t)getpid() << 40) ^ (uint64_t)time(NULL) << 8;
	setrlimit(RLIMIT_FSIZE, &size);
	fuzz_count_register(&programs);
	fuzz_count_register(&taken);
	fuzz_count_register(&answered);
	fuzz_count_register(&went_well);
	fuzz_count_register(&spoiled);
	return 0;
}

/* ---- What requests work on ---- */

static void put(int thing, int fd)
{
	if (fd < 0 || dup2(fd, FIRST_FD + thing) < 0)
		fuzz_fail("descriptor %d: %s", thing, strerror(errno));
	close(fd);
}

static void put_pair(int thing, int fds[2])
{
	put(thing, fds[0]);
	put(thing + 1, fds[1]);
}

static void open_things(void)
{
	struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	struct sockaddr_in local = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static char page[4096];
	int pair[2], fd;

	put(FD_FILE, memfd_create("file", MFD_CLOEXEC));
	if (write(FIRST_FD + FD_FILE, page, sizeof(page)) < 0)
		fuzz_fail("write: %s", strerror(errno));
	put(FD_READ_ONLY, open("/dev/zero", O_RDONLY));
	fd = open(directory, O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	put(FD_DIRECT, fd < 0 ? open(directory, O_TMPFILE | O_RDWR, 0600) : fd);
	if (pipe(pair))
		fuzz_fail("pipe: %s", strerror(errno));
	put_pair(FD_PIPE_R, pair);
	if (pipe2(pair, O_NONBLOCK))
		fuzz_fail("pipe2: %s", strerror(errno));
	put_pair(FD_FULL_R, pair);
	while (write(FIRST_FD + FD_FULL_W, page, sizeof(page)) > 0)
		;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		fuzz_fail("socketpair: %s", strerror(errno));
	put_pair(FD_STREAM_A, pair);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		fuzz_fail("socketpair: %s", strerror(errno));
	put_pair(FD_DGRAM_A, pair);
	put(FD_UNIX_LISTENER, socket(AF_UNIX, SOCK_STREAM, 0));
	bind(FIRST_FD + FD_UNIX_LISTENER, (struct sockaddr *)&unnamed, sizeof(unnamed.sun_family));
	listen(FIRST_FD + FD_UNIX_LISTENER, 4);
	put(FD_TCP_LISTENER, socket(AF_INET, SOCK_STREAM, 0));
	bind(FIRST_FD + FD_TCP_LISTENER, (struct sockaddr *)&local, sizeof(local));
	listen(FIRST_FD + FD_TCP_LISTENER, 4);
	put(FD_TCP, socket(AF_INET, SOCK_STREAM, 0));
	put(FD_EVENT, eventfd(0, 0));
	put(FD_EPOLL, epoll_create1(0));
	put(FD_DIR, open(directory, O_RDONLY | O_DIRECTORY));
	put(FD_TIMER, timerfd_create(CLOCK_MONOTONIC, 0));
	put(FD_PATH, open(directory, O_PATH));
}

static void *slot(int at)
{
	return arena + at * SLOT;
}

static void fill_arena(void)
{
	struct iovec *vectors = slot(AT_VECTORS), *many = slot(AT_LONG_VECTORS), *bad = slot(AT_BAD_VECTORS);
	struct msghdr *message = slot(AT_MESSAGE), *bad_message = slot(AT_BAD_MESSAGE);
	struct sockaddr_in *tcp = slot(AT_TCP_ADDRESS);
	struct sockaddr_un *local = slot(AT_UNIX_ADDRESS);
	struct __kernel_timespec *soon = slot(AT_SOON), *late = slot(AT_LATE), *bad_time = slot(AT_BAD_TIME);
	struct open_how *how = slot(AT_HOW), *bad_how = slot(AT_BAD_HOW);
	struct futex_waitv *words = slot(AT_WAITV);
	struct epoll_event *event = slot(AT_EPOLL_EVENT);
	socklen_t len = sizeof(*tcp);

	memset(arena, 0, SLOTS * SLOT);
	for (unsigned i = 0; i < 4; i++)
		vectors[i] = (struct iovec){ slot(AT_BYTES), 16 << i };
	for (unsigned i = 0; i < SLOT / sizeof(*many); i++)
		many[i] = (struct iovec){ slot(AT_BYTES), i };
	bad[0] = (struct iovec){ slot(AT_BYTES), 8 };
	bad[1] = (struct iovec){ no_access, 8 };
	bad[2] = (struct iovec){ slot(AT_BYTES), (size_t)-1 };
	*message = (struct msghdr){ .msg_iov = vectors, .msg_iovlen = 2 };
	*bad_message = (struct msghdr){ .msg_name = no_access, .msg_namelen = 1 << 20, .msg_iov = bad, .msg_iovlen = 3,
					.msg_control = read_only, .msg_controllen = 64 };
	getsockname(FIRST_FD + FD_TCP_LISTENER, (struct sockaddr *)tcp, &len);
	local->sun_family = AF_UNIX;
	soon->tv_nsec = 50000;
	late->tv_sec = 100;
	bad_time->tv_nsec = -1;
	strcpy(slot(AT_NAME), "name");
	strcpy(slot(AT_OTHER_NAME), "other");
	strcpy(slot(AT_DEEP_NAME), "name/other");
	strcpy(slot(AT_UP), ".");
	memset(slot(AT_LONG_NAME), 'x', SLOT - 1);
	*how = (struct open_how){ .flags = O_RDWR | O_CREAT, .mode = 0600 };
	bad_how->flags = bad_how->resolve = ~0ull;
	for (unsigned i = 0; i < 4; i++)
		words[i] = (struct futex_waitv){ .uaddr = (uintptr_t)slot(AT_NUMBERS) + 4 * i, .flags = 2 };
	event->events = EPOLLIN | EPOLLET;
	strcpy(slot(AT_XATTR), "user.fuzz");
}

/* ---- Requests ---- */

static uint64_t some_pointer(struct input *in)
{
	unsigned kind = input_below(in, 48);

	if (kind < AT_BYTES)
		return (uintptr_t)slot((int)kind);
	switch (kind) {
	case 40:
		return 0;
	case 41:
		return input_u8(in);
	case 42:
		return (uintptr_t)read_only;
	case 43:
		return (uintptr_t)no_access;
	case 44:
		return UINT64_C(0xffff800000000000) + input_u8(in);
	case 45:
		return UINT64_C(0x0123456789abcdef);
	case 46:
		return (uintptr_t)no_access - input_u8(in);
	default:
		return (uintptr_t)slot(AT_BYTES) + input_u8(in);
	}
}

/* A number that is nobody's address. */
static uint64_t some_number(struct input *in)
{
	uint64_t number = input_number(in);

	return number >= 65536 && number < UINT64_C(1) << 47 ? number | UINT64_C(1) << 62 : number;
}

static uint64_t some_value(struct input *in)
{
	switch (input_below(in, 4)) {
	case 0:
		return some_pointer(in);
	case 1:
		return some_number(in);
	case 2:
		return FIRST_FD + input_below(in, FDS);
	default:
		return 0;
	}
}

/* What a well-meant request of an opcode has. */
enum field { ZERO, NUMBER, BYTES, VECTORS, MESSAGE, TIME, TCP_ADDRESS, PATH, HOW, ATTRIBUTE, EVENT, WORDS, THING, ITSELF };
static const struct usual {
	uint8_t addr, off, addr3;
	/* The first of the descriptors that make sense, and how many do. */
	uint8_t fd, nr_fds;
	uint8_t len;
} usual[IORING_OP_LAST] = {
	[IORING_OP_READV] = { VECTORS, NUMBER, 0, FD_FILE, FD_TIMER + 1, 4 },
	[IORING_OP_WRITEV] = { VECTORS, NUMBER, 0, FD_FILE, FD_TIMER + 1, 4 },
	[IORING_OP_FSYNC] = { ZERO, NUMBER, 0, FD_FILE, 5, 99 },
	[IORING_OP_READ_FIXED] = { BYTES, NUMBER, 0, FD_FILE, FD_TIMER + 1, 99 },
	[IORING_OP_WRITE_FIXED] = { BYTES, NUMBER, 0, FD_FILE, FD_TIMER + 1, 99 },
	[IORING_OP_POLL_ADD] = { ZERO, ZERO, 0, FD_FILE, FDS, 0 },
	[IORING_OP_POLL_REMOVE] = { ITSELF, NUMBER, 0, FD_FILE, 1, 3 },
	[IORING_OP_SYNC_FILE_RANGE] = { ZERO, NUMBER, 0, FD_FILE, 3, 99 },
	[IORING_OP_SENDMSG] = { MESSAGE, ZERO, 0, FD_STREAM_A, 7, 1 },
	[IORING_OP_RECVMSG] = { MESSAGE, ZERO, 0, FD_STREAM_A, 7, 1 },
	[IORING_OP_TIMEOUT] = { TIME, NUMBER, 0, FD_FILE, 1, 1 },
	[IORING_OP_TIMEOUT_REMOVE] = { ITSELF, TIME, 0, FD_FILE, 1, 0 },
	[IORING_OP_ACCEPT] = { ZERO, ZERO, 0, FD_UNIX_LISTENER, 3, 0 },
	[IORING_OP_ASYNC_CANCEL] = { ITSELF, ZERO, 0, FD_FILE, FDS, 0 },
	[IORING_OP_LINK_TIMEOUT] = { TIME, ZERO, 0, FD_FILE, 1, 1 },
	[IORING_OP_CONNECT] = { TCP_ADDRESS, NUMBER, 0, FD_TCP, 1, 0 },
	[IORING_OP_FALLOCATE] = { NUMBER, NUMBER, 0, FD_FILE, 3, 0 },
	[IORING_OP_OPENAT] = { PATH, ZERO, 0, FD_DIR, 1, 0 },
	[IORING_OP_CLOSE] = { ZERO, ZERO, 0, FD_FILE, FDS, 0 },
	[IORING_OP_FILES_UPDATE] = { WORDS, NUMBER, 0, FD_FILE, 1, 2 },
	[IORING_OP_STATX] = { PATH, BYTES, 0, FD_DIR, 1, 0 },
	[IORING_OP_READ] = { BYTES, NUMBER, 0, FD_FILE, FD_TIMER + 1, 99 },
	[IORING_OP_WRITE] = { BYTES, NUMBER, 0, FD_FILE, FD_TIMER + 1, 99 },
	[IORING_OP_FADVISE] = { ZERO, NUMBER, 0, FD_FILE, 3, 99 },
	[IORING_OP_MADVISE] = { BYTES, ZERO, 0, FD_FILE, 1, 99 },
	[IORING_OP_SEND] = { BYTES, ZERO, 0, FD_STREAM_A, 7, 99 },
	[IORING_OP_RECV] = { BYTES, ZERO, 0, FD_STREAM_A, 7, 99 },
	[IORING_OP_OPENAT2] = { PATH, HOW, 0, FD_DIR, 1, sizeof(struct open_how) },
	[IORING_OP_EPOLL_CTL] = { EVENT, THING, 0, FD_EPOLL, 1, 3 },
	[IORING_OP_SPLICE] = { NUMBER, NUMBER, 0, FD_FILE, FD_TIMER + 1, 99 },
	[IORING_OP_TEE] = { ZERO, ZERO, 0, FD_PIPE_W, 4, 99 },
	[IORING_OP_SHUTDOWN] = { ZERO, ZERO, 0, FD_STREAM_A, 7, 2 },
	[IORING_OP_RENAMEAT] = { PATH, PATH, 0, FD_DIR, 1, 0 },
	[IORING_OP_UNLINKAT] = { PATH, ZERO, 0, FD_DIR, 1, 0 },
	[IORING_OP_MKDIRAT] = { PATH, ZERO, 0, FD_DIR, 1, 255 },
	[IORING_OP_SYMLINKAT] = { PATH, PATH, 0, FD_DIR, 1, 0 },
	[IORING_OP_LINKAT] = { PATH, PATH, 0, FD_DIR, 1, 0 },
	[IORING_OP_MSG_RING] = { ZERO, NUMBER, 0, FD_RING, 1, 9 },
	[IORING_OP_FSETXATTR] = { ATTRIBUTE, BYTES, 0, FD_FILE, 3, 99 },
	[IORING_OP_SETXATTR] = { ATTRIBUTE, BYTES, PATH, FD_DIR, 1, 99 },
	[IORING_OP_FGETXATTR] = { ATTRIBUTE, BYTES, 0, FD_FILE, 3, 99 },
	[IORING_OP_GETXATTR] = { ATTRIBUTE, BYTES, PATH, FD_DIR, 1, 99 },
	[IORING_OP_SOCKET] = { ZERO, NUMBER, 0, FD_FILE, 1, 2 },
	[IORING_OP_URING_CMD] = { NUMBER, NUMBER, 0, FD_STREAM_A, 7, 0 },
	[IORING_OP_FUTEX_WAIT] = { WORDS, NUMBER, NUMBER, FD_FILE, 1, 0 },
	[IORING_OP_FUTEX_WAKE] = { WORDS, NUMBER, NUMBER, FD_FILE, 1, 0 },
	[IORING_OP_FUTEX_WAITV] = { WORDS, ZERO, 0, FD_FILE, 1, 4 },
	[IORING_OP_FTRUNCATE] = { ZERO, NUMBER, 0, FD_FILE, 3, 0 },
	[IORING_OP_BIND] = { TCP_ADDRESS, NUMBER, 0, FD_STREAM_A, 7, 0 },
	[IORING_OP_LISTEN] = { ZERO, ZERO, 0, FD_UNIX_LISTENER, 3, 9 },
	[IORING_OP_EPOLL_WAIT] = { BYTES, ZERO, 0, FD_EPOLL, 1, 9 },
	[IORING_OP_PIPE] = { BYTES, ZERO, 0, FD_FILE, 1, 0 },
};

static uint64_t field(struct input *in, enum field what)
{
	unsigned which = input_u8(in);

	switch (what) {
	case ZERO:
		return 0;
	case NUMBER:
		return which % 128;
	case BYTES:
		return (uintptr_t)slot(AT_BYTES) + which % 64;
	case VECTORS:
		return (uintptr_t)slot(AT_VECTORS + (int)(which % 3));
	case MESSAGE:
		return (uintptr_t)slot(AT_MESSAGE);
	case TIME:
		return (uintptr_t)slot(AT_SOON + (int)(which % 2));
	case TCP_ADDRESS:
		return (uintptr_t)slot(AT_TCP_ADDRESS);
	case PATH:
		return (uintptr_t)slot(AT_NAME + (int)(which % 4));
	case HOW:
		return (uintptr_t)slot(AT_HOW);
	case ATTRIBUTE:
		return (uintptr_t)slot(AT_XATTR);
	case EVENT:
		return (uintptr_t)slot(AT_EPOLL_EVENT);
	case WORDS:
		return (uintptr_t)slot(which % 2 ? AT_WAITV : AT_NUMBERS);
	case THING:
		return FIRST_FD + which % FDS;
	default:
		return mark ^ which % MOST_REQUESTS;
	}
}

/* As a program would write it, in most of its parts. */
static void usual_request(struct input *in, struct io_uring_sqe *sqe)
{
	const struct usual *way = &usual[sqe->opcode];

	if (way->nr_fds)
		sqe->fd = FIRST_FD + way->fd + (int)input_below(in, way->nr_fds);
	sqe->addr = field(in, way->addr);
	sqe->off = field(in, way->off);
	sqe->addr3 = way->addr3 ? field(in, way->addr3) : 0;
	sqe->len = way->len ? input_below(in, way->len + 1u) : 0;
	if (sqe->opcode == IORING_OP_OPENAT2)
		sqe->len = way->len;
	if (sqe->opcode == IORING_OP_OPENAT || input_one_in(in, 4))
		sqe->rw_flags = (int)input_u8(in);
	if (sqe->opcode == IORING_OP_SPLICE || sqe->opcode == IORING_OP_TEE)
		sqe->splice_fd_in = FIRST_FD + (int)input_below(in, FDS);
}

static void wild_request(struct input *in, struct io_uring_sqe *sqe)
{
	sqe->ioprio = input_one_in(in, 4) ? (uint16_t)input_number(in) : 0;
	/* Never AT_FDCWD: this target stays in its own directory. */
	sqe->fd = input_one_in(in, 12) ? -1 - (int)input_below(in, 64) : FIRST_FD + (int)input_below(in, FDS);
	sqe->off = some_value(in);
	sqe->addr = input_one_in(in, 6) ? some_value(in) : some_pointer(in);
	sqe->len = input_one_in(in, 3) ? (uint32_t)input_number(in) : input_below(in, 20);
	sqe->rw_flags = input_one_in(in, 3) ? (int)input_number(in) : 0;
	sqe->buf_index = input_one_in(in, 3) ? (uint16_t)input_number(in) : 0;
	sqe->personality = input_one_in(in, 24) ? (uint16_t)input_number(in) : 0;
	sqe->file_index = input_one_in(in, 3) ? (uint32_t)some_value(in) : 0;
	sqe->addr3 = input_one_in(in, 3) ? some_value(in) : 0;
	sqe->__pad2[0] = input_one_in(in, 24) ? input_u64(in) : 0;
}

static void some_request(struct input *in, struct io_uring_sqe *sqe)
{
	static const uint8_t usual_flags[] = { 0, 0, 0, 0, IOSQE_IO_LINK, IOSQE_ASYNC, IOSQE_IO_HARDLINK, IOSQE_IO_DRAIN,
					       IOSQE_CQE_SKIP_SUCCESS, IOSQE_FIXED_FILE };

	sqe->opcode = (uint8_t)input_below(in, IORING_OP_LAST + 2);
	sqe->flags = input_one_in(in, 8) ? input_u8(in) : usual_flags[input_below(in, sizeof(usual_flags))];
	/* On 6.18 a drain can wait for ever behind requests that were refused. */
	if (on_kernel)
		sqe->flags &= (uint8_t)~IOSQE_IO_DRAIN;
	if (sqe->opcode >= IORING_OP_LAST || input_one_in(in, 3))
		wild_request(in, sqe);
	else
		usual_request(in, sqe);
	if (sqe->flags & IOSQE_FIXED_FILE)
		sqe->fd = (int)input_below(in, 6);
	else if (sqe->opcode == IORING_OP_SOCKET)
		sqe->fd = (int)input_below(in, 12);
	/* Any other child may be somebody else's. */
	if (sqe->opcode == IORING_OP_WAITID)
		sqe->fd = getpid();
}

/* Closes what requests have opened, which lies below the engine's own; answers how many the engine has. */
static unsigned clean_descriptors(void)
{
	unsigned nr = 0;

	for (int fd = 0; fd < SOFT_FILES; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		if (fd >= ENGINE_FD)
			nr++;
		else if (!was_open[fd])
			close(fd);
	}
	return nr;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void cancel_all(struct io_uring *ring)
{
	struct io_uring_sync_cancel_reg reg;

	memset(&reg, 0, sizeof(reg));
	reg.flags = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY;
	reg.timeout.tv_nsec = 1000000;
	io_uring_register_sync_cancel(ring, &reg);
}

static void show(const struct request *requests, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		const struct request *request = &requests[i];
		const struct io_uring_sqe *sqe = &request->sqe;

		fprintf(stderr, "%2u: opcode %u flags %#x ioprio %#x fd %d off %#llx addr %#llx len %#x rw_flags %#x buf_index %u personality %u "
				"file_index %#x addr3 %#llx: ", i, sqe->opcode, sqe->flags, sqe->ioprio, sqe->fd,
			(unsigned long long)sqe->off, (unsigned long long)sqe->addr, sqe->len, (unsigned)sqe->rw_flags, sqe->buf_index,
			sqe->personality, sqe->file_index, (unsigned long long)sqe->addr3);
		if (request->seen)
			fprintf(stderr, "%d\n", request->res);
		else
			fputs(request->may_be_silent ? "silent\n" : "NO END\n", stderr);
	}
}

/* Zero-copy sends answer, and tell later that the memory is free. After some errors the kernel leaves out one of the two, or F_MORE. */
static bool ends(struct request *request, const struct io_uring_cqe *cqe)
{
	if (request->sqe.opcode == IORING_OP_SEND_ZC || request->sqe.opcode == IORING_OP_SENDMSG_ZC)
		return !request->seen;
	return !(cqe->flags & IORING_CQE_F_MORE);
}

static void note(struct io_uring *ring, struct request *requests, unsigned nr)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(ring, &cqe)) {
		uint64_t number = cqe->user_data ^ mark;

		answered.nr++;
		if (number < nr) {
			went_well.nr += cqe->res >= 0;
			if (ends(&requests[number], cqe) && requests[number].seen++) {
				show(requests, nr);
				fuzz_fail("request %u has ended twice: the second time with %d, flags %#x", (unsigned)number, cqe->res, cqe->flags);
			}
			requests[number].res = cqe->res;
		}
		io_uring_cqe_seen(ring, cqe);
	}
}

static unsigned unfinished(const struct request *requests, unsigned nr)
{
	unsigned left = 0;

	for (unsigned i = 0; i < nr; i++)
		left += !requests[i].seen && !requests[i].may_be_silent;
	return left;
}

/* Waits until every request has ended, with a hand. */
static void see_them_end(struct io_uring *ring, struct request *requests, unsigned nr)
{
	struct __kernel_timespec a_moment = { .tv_nsec = 300000 };
	double until = now() + PATIENCE_S;

	note(ring, requests, nr);
	while (unfinished(requests, nr)) {
		struct io_uring_cqe *cqe;

		io_uring_wait_cqe_timeout(ring, &cqe, &a_moment);
		note(ring, requests, nr);
		if (!unfinished(requests, nr))
			break;
		cancel_all(ring);
		if (a_moment.tv_nsec < 20000000)
			a_moment.tv_nsec *= 2;
		if (now() > until) {
			show(requests, nr);
			fuzz_fail("requests that do not end when all is cancelled");
		}
	}
}

static bool make_ring(struct input *in, struct io_uring *ring)
{
	static const unsigned flags[] = { 0, 0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
					  IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_SUBMIT_ALL, IORING_SETUP_CQE32,
					  IORING_SETUP_SQE128, IORING_SETUP_NO_SQARRAY };
	unsigned chosen = flags[input_below(in, 8)] | flags[input_below(in, 8)];
	int ret = io_uring_queue_init(1 + input_below(in, 16), ring, chosen);

	if (ret == -ENOMEM)
		return false;
	if (ret)
		fuzz_fail("a ring with flags %#x: %s", chosen, strerror(-ret));
	return true;
}

static void register_things(struct io_uring *ring)
{
	int files[4] = { FIRST_FD + FD_FILE, FIRST_FD + FD_STREAM_A, -1, FIRST_FD + FD_PIPE_R };
	struct iovec buffers[2] = { { slot(AT_BYTES), SLOT }, { arena + ARENA / 2, ARENA / 2 } };

	io_uring_register_files(ring, files, 4);
	io_uring_register_buffers(ring, buffers, 2);
}

/* The program writes where it should not. */
static void spoil(struct input *in, struct io_uring *ring)
{
	unsigned value = (unsigned)input_number(in);

	switch (input_below(in, 5)) {
	case 0:
		if (!(ring->flags & IORING_SETUP_NO_SQARRAY))
			ring->sq.array[value & ring->sq.ring_mask] = (unsigned)input_number(in);
		break;
	case 1:
		*ring->sq.khead = value;
		break;
	case 2:
		*ring->cq.khead = value;
		break;
	case 3:
		*ring->cq.ktail = value;
		break;
	default:
		*ring->sq.ktail = value;
		*ring->sq.kflags = (unsigned)input_number(in);
	}
	spoiled.nr++;
}

static void run(struct input *in)
{
	struct request requests[MOST_REQUESTS];
	struct io_uring ring;
	unsigned nr = 0;
	bool is_spoiled = false;

	memset(requests, 0, sizeof(requests));
	if (!make_ring(in, &ring))
		return;
	if (dup2(ring.ring_fd, FIRST_FD + FD_RING) < 0)
		fuzz_fail("dup2: %s", strerror(errno));
	register_things(&ring);
	for (unsigned batch = 0; batch < 3 && !input_is_empty(in); batch++) {
		unsigned first = nr, wanted = 1 + input_below(in, 8), in_chain = 0;
		bool silent = false;
		int ret;

		for (unsigned i = 0; i < wanted && nr < MOST_REQUESTS; i++) {
			struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

			if (!sqe)
				break;
			io_uring_initialize_sqe(sqe);
			some_request(in, sqe);
			sqe->user_data = mark ^ nr;
			requests[nr].sqe = *sqe;
			/* Where one of a chain is silent, others of it can be: a link timeout, and what a failure ends. */
			silent |= sqe->flags & IOSQE_CQE_SKIP_SUCCESS;
			for (unsigned j = nr - in_chain; j <= nr; j++)
				requests[j].may_be_silent |= silent;
			if (sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)) {
				in_chain++;
			} else {
				in_chain = 0;
				silent = false;
			}
			nr++;
		}
		if (input_one_in(in, 40)) {
			spoil(in, &ring);
			is_spoiled = true;
		}
		ret = input_one_in(in, 4) ? io_uring_submit_and_get_events(&ring) : io_uring_submit(&ring);
		if (is_spoiled)
			continue;
		/* What the ring did not take stays in the SQ; and so does the rest of this program. */
		if (io_uring_sq_ready(&ring)) {
			taken.nr += nr - first - io_uring_sq_ready(&ring);
			nr -= io_uring_sq_ready(&ring);
			break;
		}
		if (ret < 0 && nr != first)
			fuzz_fail("submit is %d, and nothing is left in the SQ", ret);
		taken.nr += nr - first;
		if (input_one_in(in, 2))
			note(&ring, requests, nr);
		if (input_one_in(in, 6))
			see_them_end(&ring, requests, nr);
	}
	if (is_spoiled) {
		struct __kernel_timespec a_moment = { .tv_nsec = 100000 };
		struct io_uring_cqe *cqe;

		io_uring_wait_cqe_timeout(&ring, &cqe, &a_moment);
	} else if (!input_one_in(in, 8)) {
		see_them_end(&ring, requests, nr);
	}
	io_uring_queue_exit(&ring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned left;

	/* libFuzzer has handlers of its own, and opens descriptors now and then. */
	if (!programs.nr) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGXFSZ, SIG_IGN);
	}
	for (int fd = 0; fd < ENGINE_FD; fd++)
		was_open[fd] = fcntl(fd, F_GETFD) >= 0;
	open_things();
	fill_arena();
	run(&in);
	left = clean_descriptors();
	if (left > MOST_ENGINE_FDS)
		fuzz_fail("the engine has %u descriptors when its rings have ended", left);
	if (programs.nr++ % 64 == 0)
		wipe_directory();
	return 0;
}
