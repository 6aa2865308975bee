/* SPDX-License-Identifier: MIT */
/* The processes of the rows, and the rings that they use. */
#include "nonsense.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

char *memory, *no_memory;

static int answer_to;

bool row_begin(const char *function, const char *what, const char *who)
{
	char answer[256] = "";
	size_t len = 0;
	ssize_t some;
	int fds[2], status;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds))
		exit(2);
	pid = fork();
	if (pid < 0)
		exit(2);
	if (!pid) {
		close(fds[0]);
		answer_to = fds[1];
		/* A hang is an answer too, and not ours. */
		alarm(20);
		return true;
	}
	close(fds[1]);
	while ((some = read(fds[0], answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)some;
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		snprintf(answer, sizeof(answer), "signal %d", WTERMSIG(status));
	printf("%s\t%s\t%s\t%s\n", function, what, who, answer);
	return false;
}

static void row_text(const char *text)
{
	if (write(answer_to, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
	_exit(0);
}

void row_number(long long answer)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", answer);
	row_text(text);
	_exit(1);
}

void row_bytes(const void *bytes, size_t len)
{
	char text[256];

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
	row_text(text);
	_exit(1);
}

struct io_uring *ring_with(unsigned flags)
{
	static struct io_uring rings[4];
	static unsigned nr;
	struct io_uring *ring = &rings[nr++ % 4];

	if (io_uring_queue_init(8, ring, flags))
		row_text("no ring");
	return ring;
}

struct io_uring *ring_closed(void)
{
	struct io_uring *ring = ring_with(0);

	close(ring->ring_fd);
	return ring;
}

struct io_uring *ring_registered(void)
{
	struct io_uring *ring = ring_with(0);

	if (io_uring_register_ring_fd(ring) != 1 || io_uring_close_ring_fd(ring) != 1)
		row_text("no ring");
	return ring;
}

struct io_uring *ring_of_null_device(void)
{
	struct io_uring *ring = ring_with(0);
	int fd = open("/dev/null", O_RDWR);

	close(ring->ring_fd);
	ring->ring_fd = ring->enter_ring_fd = fd;
	return ring;
}

struct io_uring *ring_never_made(void)
{
	static struct io_uring ring;

	memset(&ring, 0, sizeof(ring));
	ring.ring_fd = ring.enter_ring_fd = -1;
	return &ring;
}

struct io_uring *ring_of_old_kernel(unsigned features)
{
	struct io_uring *ring = ring_with(0);

	ring->features = features;
	return ring;
}

struct io_uring *ring_full(void)
{
	struct io_uring *ring = ring_with(0);

	while (io_uring_get_sqe(ring))
		;
	return ring;
}

int main(void)
{
	struct rlimit files = { 256, 1024 };

	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	memory = (char *)mmap(NULL, MEMORY_SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 2;
	no_memory = memory + MEMORY_SIZE;
	if (mprotect(no_memory, 4096, PROT_NONE))
		return 2;
	/* A line that is none of the table's: whether there is io_uring here. */
	if (row_begin("# a ring", "nothing odd", "kernel"))
		row_number(RING != NULL);
	rows_setup();
	rows_queue();
	rows_register();
	rows_prep();
	return 0;
}
