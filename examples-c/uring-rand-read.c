/* SPDX-License-Identifier: MIT */
/*
 * uring-rand-read - how many random reads a second does this file give?
 *
 * Keeps `depth` reads of one block each in flight, at random places, and
 * measures how long each takes from its submission to its completion. Without
 * --direct this mostly measures the page cache; with it, the device.
 */
#include "example.h"
#include "latency.h"

#include <sys/stat.h>

struct request {
	char *buffer;
	uint64_t offset;
	uint64_t submitted_ns;
};

struct bench {
	struct io_uring ring;
	const char *name;
	int fd;
	bool direct;

	unsigned depth;
	unsigned block_size;
	uint64_t seconds;
	uint64_t reads_max;	/* 0: as many as the time allows */

	uint64_t blocks_total;	/* whole blocks in the file */
	struct request *requests;
	char *buffers;
	unsigned in_flight;
	uint64_t reads_started;
	uint64_t random_state;
	uint64_t deadline_ns;

	struct latency latency;
};

/* splitmix64 (Steele, Lea, Flood): short, quick, and good enough to scatter reads. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void queue_read(struct bench *bench, struct request *request)
{
	struct io_uring_sqe *sqe = next_sqe(&bench->ring);

	io_uring_prep_read(sqe, bench->fd, request->buffer, bench->block_size, request->offset);
	io_uring_sqe_set_data(sqe, request);
}

/* Starts a read at a new random place, if there is time and need for one more. */
static void start_read(struct bench *bench, struct request *request, uint64_t now)
{
	if (now >= bench->deadline_ns ||
	    (bench->reads_max != 0 && bench->reads_started == bench->reads_max))
		return;
	request->offset = next_random(&bench->random_state) % bench->blocks_total *
			  bench->block_size;
	request->submitted_ns = now;
	bench->reads_started++;
	bench->in_flight++;
	queue_read(bench, request);
}

static void read_done(struct bench *bench, struct request *request, int res, uint64_t now)
{
	if (try_again(res)) {
		queue_read(bench, request);	/* its clock keeps running */
		return;
	}
	if (res < 0)
		fail(res, "cannot read '%s' at byte %llu", bench->name,
		     (unsigned long long)request->offset);
	if ((unsigned)res != bench->block_size)
		fail(0, "a read of '%s' at byte %llu gave %d bytes instead of %u: has it shrunk?",
		     bench->name, (unsigned long long)request->offset, res, bench->block_size);
	latency_add(&bench->latency, now - request->submitted_ns);
	bench->in_flight--;
	start_read(bench, request, now);
}

static void run(struct bench *bench)
{
	uint64_t now = now_ns();

	bench->deadline_ns = now + bench->seconds * 1000000000u;
	for (unsigned i = 0; i < bench->depth; i++)
		start_read(bench, &bench->requests[i], now);

	while (bench->in_flight > 0) {
		struct io_uring_cqe *cqe;
		unsigned head, count = 0;

		submit_and_wait(&bench->ring);
		now = now_ns();		/* one look at the clock for all that completed */
		io_uring_for_each_cqe(&bench->ring, head, cqe) {
			read_done(bench, io_uring_cqe_get_data(cqe), cqe->res, now);
			count++;
		}
		io_uring_cq_advance(&bench->ring, count);
	}
}

/* ------------------------------------------------------------------- setup */

/*
 * Some file systems refuse O_DIRECT when the file is opened, others at the
 * first read: try both, and read through the page cache where it is refused.
 */
static void open_file(struct bench *bench)
{
	struct stat info;

	bench->fd = open(bench->name, O_RDONLY | O_CLOEXEC);
	if (bench->fd < 0 || fstat(bench->fd, &info) < 0)
		fail(errno, "cannot open '%s'", bench->name);
	if (S_ISBLK(info.st_mode))
		info.st_size = lseek(bench->fd, 0, SEEK_END);
	else if (!S_ISREG(info.st_mode))
		fail(0, "'%s' is neither a file nor a block device", bench->name);
	bench->blocks_total = (uint64_t)info.st_size / bench->block_size;
	if (bench->blocks_total == 0)
		fail(0, "'%s' is smaller than one block of %u bytes", bench->name,
		     bench->block_size);

	if (bench->direct) {
		int fd = open(bench->name, O_RDONLY | O_CLOEXEC | O_DIRECT);

		if (fd >= 0 && pread(fd, bench->buffers, bench->block_size, 0) >= 0) {
			close(bench->fd);
			bench->fd = fd;
			return;
		}
		complain(errno, "'%s' cannot be read with O_DIRECT", bench->name);
		hint("reading through the page cache instead");
		bench->direct = false;
		if (fd >= 0)
			close(fd);
	}
}

static void make_requests(struct bench *bench)
{
	bench->requests = allocate(64, bench->depth * sizeof(*bench->requests));
	bench->buffers = allocate(4096, (size_t)bench->depth * bench->block_size);
	for (unsigned i = 0; i < bench->depth; i++)
		bench->requests[i].buffer = bench->buffers + (size_t)i * bench->block_size;
}

static void print_help(void)
{
	puts("Usage: uring-rand-read [options] FILE\n"
	     "Read a file at random places; print reads per second and their latency.\n"
	     "\n"
	     "  -d, --depth N      reads in flight at once (default 32)\n"
	     "  -b, --block SIZE   bytes in a read (default 4K)\n"
	     "  -s, --seconds N    for how long (default 5)\n"
	     "  -n, --ops N        end after so many reads\n"
	     "  -D, --direct       bypass the page cache (O_DIRECT)\n"
	     "  -r, --seed N       another sequence of places\n"
	     "  -h, --help         print this");
}

static void parse_options(struct bench *bench, int argc, char **argv)
{
	static const struct option options[] = {
		{ "depth", required_argument, NULL, 'd' },
		{ "block", required_argument, NULL, 'b' },
		{ "seconds", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'n' },
		{ "direct", no_argument, NULL, 'D' },
		{ "seed", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "d:b:s:n:Dr:h", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			bench->depth = (unsigned)parse_count(optarg, "--depth", 1, 4096);
			break;
		case 'b':
			bench->block_size = (unsigned)parse_count(optarg, "--block", 1, 16 << 20);
			break;
		case 's':
			bench->seconds = parse_count(optarg, "--seconds", 1, 86400);
			break;
		case 'n':
			bench->reads_max = parse_count(optarg, "--ops", 1, UINT64_MAX);
			break;
		case 'D':
			bench->direct = true;
			break;
		case 'r':
			bench->random_state = parse_count(optarg, "--seed", 0, UINT64_MAX);
			break;
		case 'h':
			print_help();
			exit(finish(0));
		default:
			bad_usage();
		}
	}
	if (argc - optind != 1) {
		complain(0, "expected one file");
		bad_usage();
	}
	bench->name = argv[optind];
}

int main(int argc, char **argv)
{
	static struct bench bench = { .depth = 32, .block_size = 4096, .seconds = 5 };

	guard_standard_fds();
	parse_options(&bench, argc, argv);
	open_ring(&bench.ring, bench.depth);
	make_requests(&bench);
	open_file(&bench);

	uint64_t started_ns = now_ns();
	run(&bench);
	uint64_t elapsed_ns = now_ns() - started_ns;
	double reads = (double)bench.latency.count;

	printf("%.0f random reads of %s in %.2f s, depth %u, %s (%s backend)\n", reads,
	       format_block(bench.block_size).s, (double)elapsed_ns / 1e9, bench.depth,
	       bench.direct ? "O_DIRECT" : "through the page cache", backend_name(&bench.ring));
	printf("  rate     %.0f IOPS, %s/s\n", per_second(reads, elapsed_ns),
	       format_bytes(per_second(reads * bench.block_size, elapsed_ns)).s);
	latency_print(&bench.latency);

	io_uring_queue_exit(&bench.ring);
	close(bench.fd);
	free(bench.buffers);
	free(bench.requests);
	return finish(0);
}
