/* SPDX-License-Identifier: MIT */
/* What the cases build their scenes from: rings, the kernel asked directly, leak counts, files, sockets, signals, filters. */
#include "test.h"

#include <arpa/inet.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/wait.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

/* ---- rings ------------------------------------------------------------------------------------------------------------------- */

/*
 * The kernel gives the memory of a ring back a moment after its end, and counts it until then against what a user may lock: a user
 * without privileges who makes large rings one after the other has to wait for that.
 */
static int init_params(unsigned entries, struct io_uring *ring, struct io_uring_params *p)
{
	struct io_uring_params asked = *p;
	int ret;

	for (int tries = 0;; tries++) {
		ret = io_uring_queue_init_params(entries, ring, p);
		if (ret != -ENOMEM || !geteuid() || tries == 500)
			return ret;
		*p = asked;
		sleep_ms(10);
	}
}

void test_ring_up(const char *file, int line, struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p;
	int ret;

	test_at(file, line);
	ret = io_uring_queue_init(entries, ring, flags);
	if (ret == -ENOMEM) {
		memset(&p, 0, sizeof(p));
		p.flags = flags;
		ret = init_params(entries, ring, &p);
	}
	if (ret)
		test_fail(file, line, "io_uring_queue_init(%u, ring, 0x%x) gave %d (%s)", entries, flags, ret, strerror(-ret));
}

void test_ring_up_params(const char *file, int line, struct io_uring *ring, unsigned entries, struct io_uring_params *p)
{
	unsigned flags = p->flags;
	int ret;

	test_at(file, line);
	ret = init_params(entries, ring, p);
	if (ret == -EINVAL && !kernel_knows_setup_flags(flags))
		test_skip("the kernel does not know the setup flags 0x%x", flags);
	if (ret)
		test_fail(file, line, "io_uring_queue_init_params(%u, ring, flags 0x%x) gave %d (%s)", entries, flags, ret, strerror(-ret));
}

void test_ring_up_or_skip(const char *file, int line, struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	test_ring_up_params(file, line, ring, entries, &p);
}

struct io_uring_sqe *test_sqe_of(const char *file, int line, struct io_uring *ring)
{
	struct io_uring_sqe *sqe;

	test_at(file, line);
	sqe = io_uring_get_sqe(ring);
	if (!sqe)
		test_fail(file, line, "io_uring_get_sqe() gave NULL");
	return sqe;
}

struct answer test_reap(const char *file, int line, struct io_uring *ring)
{
	struct io_uring_cqe *cqe = NULL;
	struct answer a;
	int ret;

	test_at(file, line);
	ret = io_uring_wait_cqe(ring, &cqe);
	if (ret)
		test_fail(file, line, "io_uring_wait_cqe() gave %d (%s)", ret, strerror(-ret));
	a.data = cqe->user_data;
	a.res = cqe->res;
	a.flags = cqe->flags;
	io_uring_cqe_seen(ring, cqe);
	return a;
}

int test_reap_data(const char *file, int line, struct io_uring *ring, uint64_t data)
{
	struct answer a = test_reap(file, line, ring);

	if (a.data != data)
		test_fail(file, line, "the completion carries %llu, not %llu (its result: %d)", (unsigned long long)a.data,
			  (unsigned long long)data, a.res);
	return a.res;
}

static int by_data(const void *a, const void *b)
{
	uint64_t x = ((const struct answer *)a)->data, y = ((const struct answer *)b)->data;

	return (x > y) - (x < y);
}

void test_reap_sorted(const char *file, int line, struct io_uring *ring, struct answer *answers, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		answers[i] = test_reap(file, line, ring);
	qsort(answers, n, sizeof(*answers), by_data);
}

void test_submit(const char *file, int line, struct io_uring *ring, int n)
{
	test_at(file, line);
	test_eq(file, line, "io_uring_submit()", "the number of prepared requests", io_uring_submit(ring), n);
}

int test_run_one(const char *file, int line, struct io_uring *ring)
{
	test_submit(file, line, ring, 1);
	return test_reap(file, line, ring).res;
}

void test_quiet(const char *file, int line, struct io_uring *ring)
{
	struct io_uring_cqe *cqe = NULL;
	int ret;

	test_at(file, line);
	ret = io_uring_get_events(ring);
	if (ret < 0)
		test_fail(file, line, "io_uring_get_events() gave %d (%s)", ret, strerror(-ret));
	ret = io_uring_peek_cqe(ring, &cqe);
	if (!ret)
		test_fail(file, line, "a completion nobody expects: data %llu, result %d, flags 0x%x", (unsigned long long)cqe->user_data,
			  cqe->res, cqe->flags);
	if (ret != -EAGAIN)
		test_fail(file, line, "io_uring_peek_cqe() on an empty CQ gave %d (%s), not -EAGAIN", ret, strerror(-ret));
}

void test_need_op(const char *file, int line, struct io_uring *ring, int op, const char *text)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool known;

	test_at(file, line);
	if (!probe)
		test_fail(file, line, "io_uring_get_probe_ring() gave NULL");
	known = io_uring_opcode_supported(probe, op);
	io_uring_free_probe(probe);
	if (known)
		return;
	if (!kernel_knows_op(op))
		test_skip("the kernel does not know %s", text);
	test_fail(file, line, "the library's probe does not know %s, the kernel's does", text);
}

void test_need_feature(const char *file, int line, const struct io_uring *ring, unsigned feature, const char *text)
{
	test_at(file, line);
	if (ring->features & feature)
		return;
	if (!kernel_has_feature(feature))
		test_skip("the kernel lacks %s", text);
	test_fail(file, line, "the ring lacks %s, one of the kernel's has it", text);
}

/* ---- the kernel -------------------------------------------------------------------------------------------------------------- */

int raw_setup(unsigned entries, struct io_uring_params *p)
{
	int ret = (int)syscall(SYS_io_uring_setup, entries, p);

	return ret < 0 ? -errno : ret;
}

int raw_enter(int fd, unsigned to_submit, unsigned min_complete, unsigned flags, void *arg, size_t size)
{
	int ret = (int)syscall(SYS_io_uring_enter, fd, to_submit, min_complete, flags, arg, size);

	return ret < 0 ? -errno : ret;
}

int raw_register(int fd, unsigned opcode, const void *arg, unsigned nr)
{
	int ret = (int)syscall(SYS_io_uring_register, fd, opcode, arg, nr);

	return ret < 0 ? -errno : ret;
}

int raw_run(unsigned setup_flags, const struct io_uring_sqe *sqe)
{
	struct io_uring_params p;
	struct io_uring_cqe *cqe;
	size_t size;
	char *rings;
	void *sqes;
	int fd, ret;

	memset(&p, 0, sizeof(p));
	p.flags = setup_flags;
	fd = raw_setup(1, &p);
	if (fd < 0)
		return fd;
	size = p.cq_off.cqes + p.cq_entries * sizeof(*cqe);
	if (size < p.sq_off.array + sizeof(unsigned))
		size = p.sq_off.array + sizeof(unsigned);
	rings = (char *)mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	if (rings == MAP_FAILED || sqes == MAP_FAILED)
		FAIL("no memory for a ring");
	memcpy(sqes, sqe, sizeof(*sqe));
	*(unsigned *)(rings + p.sq_off.array) = 0;
	*(unsigned *)(rings + p.sq_off.tail) = 1;
	ret = raw_enter(fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	cqe = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	/* A polling ring may come back without a completion. */
	while (ret >= 0 && !io_uring_smp_load_acquire((unsigned *)(rings + p.cq_off.tail)))
		ret = raw_enter(fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (ret >= 0)
		ret = cqe->res;
	munmap(sqes, sizeof(*sqe));
	munmap(rings, size);
	close(fd);
	return ret;
}

static bool refuses_io_uring(int ret)
{
	return ret == -ENOSYS || ret == -EPERM || ret == -EACCES;
}

bool kernel_knows_setup_flags(unsigned flags)
{
	struct io_uring_params p;
	int fd;

	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.sq_thread_idle = 1;
	if (flags & IORING_SETUP_SQ_REWIND)
		p.flags |= IORING_SETUP_NO_SQARRAY;
	if (flags & IORING_SETUP_CQSIZE)
		p.cq_entries = 16;
	fd = raw_setup(4, &p);
	if (fd < 0)
		return fd != -EINVAL;
	if (!(flags & IORING_SETUP_REGISTERED_FD_ONLY))
		close(fd);
	return true;
}

bool kernel_has_feature(unsigned feature)
{
	struct io_uring_params p;
	int fd;

	memset(&p, 0, sizeof(p));
	fd = raw_setup(1, &p);
	if (fd < 0)
		return refuses_io_uring(fd);
	close(fd);
	return p.features & feature;
}

bool kernel_knows_op(int op)
{
	struct io_uring_probe *probe;
	struct io_uring_params p;
	bool known;
	int fd;

	memset(&p, 0, sizeof(p));
	fd = raw_setup(1, &p);
	if (fd < 0)
		return refuses_io_uring(fd);
	probe = (struct io_uring_probe *)calloc(1, sizeof(*probe) + 256 * sizeof(probe->ops[0]));
	known = !raw_register(fd, IORING_REGISTER_PROBE, probe, 256) && op <= probe->last_op &&
		(probe->ops[op].flags & IO_URING_OP_SUPPORTED);
	free(probe);
	close(fd);
	return known;
}

/*
 * An unknown opcode answers -EINVAL whatever it is given. A known one, given a wild pointer, has something else to say on a ring of
 * the right kind with the right number of arguments.
 */
static bool asked_kernel_knows_register(unsigned opcode)
{
	static const unsigned kinds[] = { 0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN };
	bool known = false;

	for (int kind = 0; kind < 2 && !known; kind++) {
		struct io_uring_params p;
		int fd;

		memset(&p, 0, sizeof(p));
		p.flags = kinds[kind];
		fd = raw_setup(1, &p);
		if (fd < 0)
			return refuses_io_uring(fd);
		for (unsigned nr = 0; nr < 2; nr++)
			known |= raw_register(fd, opcode, (const void *)8, nr) != -EINVAL;
		close(fd);
	}
	return known;
}

/*
 * In a child: a process that has once had a ring of the kernel's finds its waits in epoll_wait interrupted when that ring is taken
 * down, and the case that asks may be about waiting.
 */
bool kernel_knows_register(unsigned opcode)
{
	pid_t child = (pid_t)SYS(fork());
	int status;

	if (!child)
		_exit(asked_kernel_knows_register(opcode));
	SYS(waitpid(child, &status, 0));
	return WIFEXITED(status) && WEXITSTATUS(status);
}

/* ---- leaks ------------------------------------------------------------------------------------------------------------------- */

/* Reads a file of /proc whole with plain system calls: nothing here may allocate. */
static size_t slurp(const char *path, char *buf, size_t size)
{
	size_t got = 0;
	ssize_t n;
	int fd = (int)SYS(open(path, O_RDONLY | O_CLOEXEC));

	while ((n = read(fd, buf + got, size - 1 - got)) > 0)
		got += n;
	close(fd);
	buf[got] = 0;
	return got;
}

struct census census_take(void)
{
	static char text[1 << 20];
	struct census c = { 0, 0, 0 };

	for (int fd = 0; fd < 20000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			c.fds++;
	slurp("/proc/self/maps", text, sizeof(text));
	for (char *line = text, *end; *line; line = end + 1) {
		unsigned long long from, to;

		end = strchr(line, '\n');
		if (!end)
			break;
		*end = 0;
		if (strstr(line, "[heap]") || strstr(line, "[stack"))
			continue;
		if (sscanf(line, "%llx-%llx", &from, &to) != 2)
			continue;
		c.maps++;
		c.bytes += to - from;
	}
	return c;
}

void census_same(const char *file, int line, const struct census *before, int runs)
{
	struct census now = census_take();
	unsigned long long grown = now.bytes > before->bytes ? now.bytes - before->bytes : 0;

	/* A thread that allocates for the first time may get an arena from glibc: 64 MiB of addresses, reserved and not used. */
	grown %= 64ULL << 20;
	test_at(file, line);
	if (now.fds != before->fds)
		test_fail(file, line, "%d runs left %d descriptors behind", runs, now.fds - before->fds);
	if (now.maps - before->maps >= runs)
		test_fail(file, line, "%d runs left %d mappings behind", runs, now.maps - before->maps);
	if (grown >= 4096ULL * runs)
		test_fail(file, line, "%d runs left %llu mapped bytes behind", runs, grown);
}

bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* ---- files and sockets ------------------------------------------------------------------------------------------------------- */

unsigned char pattern_byte(uint64_t offset)
{
	/* Differs between neighbours and between the same places of different pages. */
	return (unsigned char)(offset * 131 + (offset >> 8) * 17 + (offset >> 16) + 1);
}

void pattern_fill(void *buf, size_t len, uint64_t offset)
{
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] = pattern_byte(offset + i);
}

void test_pattern(const char *file, int line, const void *buf, size_t len, uint64_t offset)
{
	test_at(file, line);
	for (size_t i = 0; i < len; i++)
		if (((const unsigned char *)buf)[i] != pattern_byte(offset + i))
			test_fail(file, line, "byte %zu of %zu (offset %llu) is 0x%02x, not 0x%02x", i, len, (unsigned long long)offset,
				  ((const unsigned char *)buf)[i], pattern_byte(offset + i));
}

int file_empty(const char *name)
{
	return (int)SYS(open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
}

int file_with_pattern(const char *name, size_t size)
{
	int fd = file_empty(name);
	unsigned char buf[4096];

	for (size_t done = 0; done < size;) {
		size_t n = size - done < sizeof(buf) ? size - done : sizeof(buf);

		pattern_fill(buf, n, done);
		write_all(fd, buf, n);
		done += n;
	}
	SYS(lseek(fd, 0, SEEK_SET));
	return fd;
}

void pipe_up(int fds[2])
{
	SYS(pipe2(fds, O_CLOEXEC));
}

void pair_up(int type, int fds[2])
{
	SYS(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds));
}

int tcp_listener(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int one = 1, fd = (int)SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	memset(addr, 0, sizeof(*addr));
	addr->sin_family = AF_INET;
	addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	SYS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	SYS(bind(fd, (struct sockaddr *)addr, sizeof(*addr)));
	SYS(listen(fd, 64));
	SYS(getsockname(fd, (struct sockaddr *)addr, &len));
	return fd;
}

void tcp_pair(int fds[2])
{
	struct sockaddr_in addr;
	int one = 1, listener = tcp_listener(&addr);

	fds[0] = (int)SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	SYS(connect(fds[0], (struct sockaddr *)&addr, sizeof(addr)));
	fds[1] = (int)SYS(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	SYS(setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	SYS(setsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	close(listener);
}

void read_all(int fd, void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		long n = SYS(read(fd, (char *)buf + done, len - done));

		if (!n)
			FAIL("the end came after %zu of %zu bytes", done, len);
		done += n;
	}
}

void write_all(int fd, const void *buf, size_t len)
{
	for (size_t done = 0; done < len;)
		done += SYS(write(fd, (const char *)buf + done, len - done));
}

void *pages(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		FAIL("mmap of %zu bytes: %s", len, strerror(errno));
	return p;
}

/* ---- time, signals, threads -------------------------------------------------------------------------------------------------- */

struct __kernel_timespec timespec_ms(unsigned ms)
{
	struct __kernel_timespec ts;

	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (long long)(ms % 1000) * 1000000;
	return ts;
}

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sleep_ms(unsigned ms)
{
	struct timespec ts = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

volatile sig_atomic_t signals_seen;

static void on_signal(int sig)
{
	(void)sig;
	signals_seen++;
}

void count_signal(int sig)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_signal;
	SYS(sigaction(sig, &act, NULL));
}

struct pest {
	pthread_t victim, thread;
	int sig;
	unsigned every_ms;
	int stop;
};

static void *pester(void *arg)
{
	struct pest *pest = (struct pest *)arg;

	while (!__atomic_load_n(&pest->stop, __ATOMIC_ACQUIRE)) {
		sleep_ms(pest->every_ms);
		pthread_kill(pest->victim, pest->sig);
	}
	return NULL;
}

struct pest *pest_start(int sig, unsigned every_ms)
{
	struct pest *pest = (struct pest *)calloc(1, sizeof(*pest));
	sigset_t all, before;

	pest->victim = pthread_self();
	pest->sig = sig;
	pest->every_ms = every_ms;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (pthread_create(&pest->thread, NULL, pester, pest))
		FAIL("no thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pest;
}

void pest_stop(struct pest *pest)
{
	__atomic_store_n(&pest->stop, 1, __ATOMIC_RELEASE);
	pthread_join(pest->thread, NULL);
	free(pest);
}

struct call {
	void (*f)(void *);
	void *arg;
};

static void *make_call(void *arg)
{
	struct call *call = (struct call *)arg;

	call->f(call->arg);
	return NULL;
}

void in_thread(void (*f)(void *), void *arg)
{
	struct call call = { f, arg };
	pthread_t thread;

	if (pthread_create(&thread, NULL, make_call, &call))
		FAIL("no thread");
	pthread_join(thread, NULL);
}

/* ---- filters ----------------------------------------------------------------------------------------------------------------- */

static void install_filter(struct sock_filter *code, unsigned len)
{
	struct sock_fprog prog = { (unsigned short)len, code };

	SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SYS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
}

void refuse_io_uring(int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)err),
	};

	install_filter(code, sizeof(code) / sizeof(code[0]));
}

/*
 * The runner of the suite writes docker_allowed.h from abi/docker-seccomp.tsv: the numbers of the system calls that Docker's default
 * profile lets through, as far as this architecture has them.
 */
#if defined(__has_include)
#if __has_include("docker_allowed.h")
#define HAVE_DOCKER_PROFILE
#endif
#endif

#ifdef HAVE_DOCKER_PROFILE
static const int docker_allowed[] = {
#include "docker_allowed.h"
};

static void filter_like_docker(void)
{
	enum { CALLS = sizeof(docker_allowed) / sizeof(docker_allowed[0]) };
	static struct sock_filter code[2 * CALLS + 24];
	unsigned n = 0;

#define EMIT(...) code[n++] = (struct sock_filter)__VA_ARGS__
	EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
#ifdef SYS_clone3
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
#endif
	/* No new namespaces. */
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
	EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1));
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	/* Neither AF_ALG nor AF_VSOCK. */
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5));
	EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_ALG, 1, 0));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_VSOCK, 0, 1));
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	for (unsigned i = 0; i < CALLS; i++) {
		EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)docker_allowed[i], 0, 1));
		EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	}
	EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
#undef EMIT
	install_filter(code, n);
}
#else
static void filter_like_docker(void)
{
	FAIL("this build of the tests does not know Docker's profile: docker_allowed.h was missing");
}
#endif

void test_filter_from_environment(void);

void test_filter_from_environment(void)
{
	const char *name = getenv("URING_TEST_SECCOMP");

	if (!name || !*name)
		return;
	if (!strcmp(name, "enosys"))
		refuse_io_uring(ENOSYS);
	else if (!strcmp(name, "eperm"))
		refuse_io_uring(EPERM);
	else if (!strcmp(name, "eacces"))
		refuse_io_uring(EACCES);
	else if (!strcmp(name, "docker"))
		filter_like_docker();
	else
		FAIL("URING_TEST_SECCOMP=%s is none of enosys, eperm, eacces, docker", name);
}
