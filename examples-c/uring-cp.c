/* SPDX-License-Identifier: MIT */
/*
 * uring-cp - copy a file, many blocks at a time.
 *
 * The file is cut into blocks. Each block is read and then written, and up to
 * `depth` blocks are under way at once, each at its own place:
 *
 *     idle -> reading -> writing -> idle
 *
 * With --link, the read and the write of a block are submitted together as a
 * linked pair: the kernel starts the write as soon as the read is complete,
 * without coming back to the program in between.
 */
#include "example.h"

#include <sys/stat.h>

enum step { READ, WRITE };

/* A block and its buffer. The buffer belongs to the kernel until the CQE is here. */
struct block {
	char *data;
	uint64_t offset;	/* its place in the file */
	unsigned length;	/* how much of the file it carries */
	unsigned done;		/* how much of that the current step has dealt with */
	struct block *next_idle;

	/* A linked pair answers with two CQEs; they are judged when both are here. */
	unsigned linked_pending;
	int read_res;
	int write_res;
	bool write_came_first;
};

struct copy {
	struct io_uring ring;
	const char *from, *to;
	int in, out;

	unsigned depth;
	unsigned block_size;
	bool linked;
	bool fsync;
	bool to_regular_file;
	bool show_progress;
	bool terminal;		/* is stderr one? */

	struct block *blocks;
	char *buffers;
	struct block *idle;
	unsigned in_flight;	/* blocks that are not idle */

	uint64_t size;		/* of the source, as far as its metadata tells */
	uint64_t limit;		/* blocks are started below this offset */
	uint64_t next_offset;
	uint64_t copied;
	bool end_seen;		/* a read found the end of the source */

	uint64_t started_ns;
	uint64_t progress_ns;	/* when the progress line was last drawn */
	unsigned quarters;	/* of the file, shown so far where there is no terminal */
};

/* ---------------------------------------------------------------- progress */

static void draw_bar(const struct copy *copy, double fraction, double rate)
{
	char bar[31];
	unsigned filled = (unsigned)(fraction * 30.0);

	for (unsigned i = 0; i < 30; i++)
		bar[i] = i < filled ? '#' : '-';
	bar[30] = '\0';
	fprintf(stderr, "\r  [%s] %3.0f %%  %s of %s  %s/s   ", bar, fraction * 100.0,
		format_bytes((double)copy->copied).s, format_bytes((double)copy->size).s,
		format_bytes(rate).s);
}

/*
 * On a terminal a bar, redrawn ten times a second; elsewhere, where a line
 * cannot be redrawn, a line for each quarter of the file.
 */
static void show_progress(struct copy *copy, bool last)
{
	if (!copy->show_progress)
		return;

	uint64_t now = now_ns();
	double rate = per_second((double)copy->copied, now - copy->started_ns);
	double fraction = copy->copied >= copy->size ?
		1.0 : (double)copy->copied / (double)copy->size;

	if (copy->terminal) {
		if (last || now - copy->progress_ns >= 100000000) {
			copy->progress_ns = now;
			draw_bar(copy, fraction, rate);
			if (last)
				fputc('\n', stderr);
		}
	} else if ((unsigned)(fraction * 4.0) > copy->quarters) {
		copy->quarters = (unsigned)(fraction * 4.0);
		fprintf(stderr, "  %3.0f %%  %s of %s  %s/s\n", fraction * 100.0,
			format_bytes((double)copy->copied).s, format_bytes((double)copy->size).s,
			format_bytes(rate).s);
	}
}

/* Ends the program and says what state the destination is in. */
static _Noreturn void copy_failed(const struct copy *copy, int error, enum step step,
				  const struct block *block)
{
	if (copy->show_progress && copy->terminal)
		fputc('\n', stderr);
	complain(error, "cannot %s '%s' at byte %llu", step == READ ? "read" : "write",
		 step == READ ? copy->from : copy->to,
		 (unsigned long long)(block->offset + block->done));
	if (error == -ENOSPC)
		hint("the file system of '%s' is full", copy->to);
	if (error == -EFBIG)
		hint("the file is larger than the file system or 'ulimit -f' allows");
	hint("'%s' is incomplete", copy->to);
	exit(1);
}

/* ------------------------------------------------------------- submissions */

/* Which block and which step a CQE answers: the index and one bit. */
static void tag(const struct copy *copy, struct io_uring_sqe *sqe,
		const struct block *block, enum step step)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)(block - copy->blocks) << 1 | (unsigned)step);
}

/* Queues what is left of the block's current step. */
static void queue_step(struct copy *copy, struct block *block, enum step step)
{
	struct io_uring_sqe *sqe = next_sqe(&copy->ring);
	char *data = block->data + block->done;
	unsigned length = block->length - block->done;
	uint64_t offset = block->offset + block->done;

	if (step == READ)
		io_uring_prep_read(sqe, copy->in, data, length, offset);
	else
		io_uring_prep_write(sqe, copy->out, data, length, offset);
	tag(copy, sqe, block, step);
}

/* Queues both steps of a fresh block; IOSQE_IO_LINK holds the write back until the read is done. */
static void queue_linked_pair(struct copy *copy, struct block *block)
{
	struct io_uring_sqe *sqe = next_sqe(&copy->ring);

	io_uring_prep_read(sqe, copy->in, block->data, block->length, block->offset);
	io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
	tag(copy, sqe, block, READ);

	sqe = next_sqe(&copy->ring);
	io_uring_prep_write(sqe, copy->out, block->data, block->length, block->offset);
	tag(copy, sqe, block, WRITE);

	block->linked_pending = 2;
	block->write_came_first = false;
}

/* Starts blocks until the depth is reached or the source is used up. */
static void start_blocks(struct copy *copy)
{
	while (copy->idle != NULL && !copy->end_seen) {
		if (copy->next_offset >= copy->limit) {
			/*
			 * All of the size seen at the start is under way. Sizes change, and
			 * files under /proc claim to be empty: only a read that finds
			 * nothing proves the end. Look there when all else is done.
			 */
			if (copy->in_flight > 0)
				return;
			copy->limit = copy->next_offset + copy->block_size;
		}

		struct block *block = copy->idle;
		uint64_t left = copy->limit - copy->next_offset;

		copy->idle = block->next_idle;
		copy->in_flight++;
		block->offset = copy->next_offset;
		block->length = left < copy->block_size ? (unsigned)left : copy->block_size;
		block->done = 0;
		copy->next_offset += block->length;

		/* Beyond the known size a read may find nothing, and then nothing is to be written. */
		if (copy->linked && copy->next_offset <= copy->size)
			queue_linked_pair(copy, block);
		else
			queue_step(copy, block, READ);
	}
}

/* ------------------------------------------------------------- completions */

static void block_finished(struct copy *copy, struct block *block)
{
	block->next_idle = copy->idle;
	copy->idle = block;
	copy->in_flight--;
}

static void write_done(struct copy *copy, struct block *block, int res)
{
	if (res < 0 && !try_again(res))
		copy_failed(copy, res, WRITE, block);
	if (res == 0)
		copy_failed(copy, -EIO, WRITE, block);	/* never repeat what makes no progress */
	if (res > 0) {
		block->done += (unsigned)res;
		copy->copied += (unsigned)res;
	}
	if (block->done < block->length)
		queue_step(copy, block, WRITE);		/* a short write: the rest */
	else
		block_finished(copy, block);
}

static void read_done(struct copy *copy, struct block *block, int res)
{
	if (res < 0 && !try_again(res))
		copy_failed(copy, res, READ, block);
	if (res > 0)
		block->done += (unsigned)res;
	if (res == 0) {
		copy->end_seen = true;
		block->length = block->done;
	}
	if (block->done < block->length) {
		queue_step(copy, block, READ);		/* a short read: the rest */
	} else if (block->length == 0) {
		block_finished(copy, block);
	} else {
		block->done = 0;
		queue_step(copy, block, WRITE);
	}
}

/*
 * Both CQEs of a linked pair are here. A short read breaks the link and the
 * write answers -ECANCELED; so does a failed one. And where a submit took only
 * the first of the two SQEs, the link was lost and the write may have run
 * before the read. In all these cases the block goes on one step at a time.
 */
static void linked_pair_done(struct copy *copy, struct block *block)
{
	bool linked_write_counts = block->read_res == (int)block->length &&
		block->write_res != -ECANCELED && !block->write_came_first;

	if (linked_write_counts)
		write_done(copy, block, block->write_res);
	else
		read_done(copy, block, block->read_res);
}

static void on_completion(struct copy *copy, uint64_t data, int res)
{
	struct block *block = &copy->blocks[data >> 1];
	enum step step = data & 1 ? WRITE : READ;

	if (block->linked_pending > 0) {
		if (step == READ) {
			block->read_res = res;
		} else {
			block->write_res = res;
			block->write_came_first = block->linked_pending == 2;
		}
		if (--block->linked_pending == 0)
			linked_pair_done(copy, block);
	} else if (step == READ) {
		read_done(copy, block, res);
	} else {
		write_done(copy, block, res);
	}
}

static void copy_blocks(struct copy *copy)
{
	while (start_blocks(copy), copy->in_flight > 0) {
		struct io_uring_cqe *cqe;
		unsigned head, count = 0;

		submit_and_wait(&copy->ring);
		io_uring_for_each_cqe(&copy->ring, head, cqe) {
			on_completion(copy, io_uring_cqe_get_data64(cqe), cqe->res);
			count++;
		}
		io_uring_cq_advance(&copy->ring, count);
		show_progress(copy, false);
	}
}

/* Waits until the copy is on the disk, and not only in the page cache. */
static void flush_to_disk(struct copy *copy)
{
	struct io_uring_cqe *cqe;
	int ret;

	io_uring_prep_fsync(next_sqe(&copy->ring), copy->out, 0);
	do
		submit_and_wait(&copy->ring);
	while (io_uring_peek_cqe(&copy->ring, &cqe) != 0);
	ret = cqe->res;
	io_uring_cqe_seen(&copy->ring, cqe);
	if (ret < 0)
		fail(ret, "cannot flush '%s' to the disk", copy->to);
}

/* ------------------------------------------------------------------- files */

/* Blocks are read and written at offsets, which pipes and terminals do not have. */
static void require_offsets(int fd, const char *name)
{
	if (lseek(fd, 0, SEEK_CUR) < 0) {
		complain(errno, "cannot read and write '%s' at offsets", name);
		hint("uring-cat copies pipes, terminals and sockets");
		exit(1);
	}
}

static void set_length(const struct copy *copy, uint64_t length)
{
	if (copy->to_regular_file && ftruncate(copy->out, (off_t)length) < 0)
		fail(errno, "cannot set the length of '%s'", copy->to);
}

static void open_files(struct copy *copy)
{
	struct stat from, to;

	copy->in = open(copy->from, O_RDONLY | O_CLOEXEC);
	if (copy->in < 0 || fstat(copy->in, &from) < 0)
		fail(errno, "cannot open '%s'", copy->from);
	if (S_ISDIR(from.st_mode))
		fail(EISDIR, "cannot copy '%s'", copy->from);
	require_offsets(copy->in, copy->from);
	if (S_ISBLK(from.st_mode))
		from.st_size = lseek(copy->in, 0, SEEK_END);
	copy->size = from.st_size > 0 ? (uint64_t)from.st_size : 0;
	copy->limit = copy->size;

	/* Emptied only after the check that it is not the source under another name. */
	copy->out = open(copy->to, O_WRONLY | O_CREAT | O_CLOEXEC, from.st_mode & 0777);
	if (copy->out < 0 || fstat(copy->out, &to) < 0)
		fail(errno, "cannot create '%s'", copy->to);
	if (from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		fail(0, "'%s' and '%s' are the same file", copy->from, copy->to);
	require_offsets(copy->out, copy->to);
	copy->to_regular_file = S_ISREG(to.st_mode);
	set_length(copy, 0);
}

static void make_blocks(struct copy *copy)
{
	copy->blocks = allocate(64, copy->depth * sizeof(*copy->blocks));
	copy->buffers = allocate(4096, (size_t)copy->depth * copy->block_size);
	for (unsigned i = copy->depth; i-- > 0; ) {
		copy->blocks[i].data = copy->buffers + (size_t)i * copy->block_size;
		copy->blocks[i].next_idle = copy->idle;
		copy->idle = &copy->blocks[i];
	}
}

/* -------------------------------------------------------------------- main */

static void print_help(void)
{
	puts("Usage: uring-cp [options] SOURCE DESTINATION\n"
	     "Copy a file with many reads and writes in flight.\n"
	     "\n"
	     "  -d, --depth N      blocks in flight at once (default 16)\n"
	     "  -b, --block SIZE   bytes in a block (default 256K)\n"
	     "  -l, --link         submit the read and the write of a block as a linked pair\n"
	     "  -f, --fsync        end when the data is on the disk\n"
	     "  -p, --progress     show the progress even if stderr is not a terminal\n"
	     "  -q, --quiet        print nothing but errors\n"
	     "  -h, --help         print this");
}

static bool parse_options(struct copy *copy, int argc, char **argv)
{
	static const struct option options[] = {
		{ "depth", required_argument, NULL, 'd' },
		{ "block", required_argument, NULL, 'b' },
		{ "link", no_argument, NULL, 'l' },
		{ "fsync", no_argument, NULL, 'f' },
		{ "progress", no_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	bool quiet = false;
	int option;

	copy->terminal = isatty(STDERR_FILENO);
	copy->show_progress = copy->terminal;
	while ((option = getopt_long(argc, argv, "d:b:lfpqh", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			copy->depth = (unsigned)parse_count(optarg, "--depth", 1, 4096);
			break;
		case 'b':
			copy->block_size = (unsigned)parse_count(optarg, "--block", 1, 64 << 20);
			break;
		case 'l':
			copy->linked = true;
			break;
		case 'f':
			copy->fsync = true;
			break;
		case 'p':
			copy->show_progress = true;
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			print_help();
			exit(finish(0));
		default:
			bad_usage();
		}
	}
	if (argc - optind != 2) {
		complain(0, "expected a source and a destination");
		bad_usage();
	}
	if (quiet)
		copy->show_progress = false;
	copy->from = argv[optind];
	copy->to = argv[optind + 1];
	return quiet;
}

int main(int argc, char **argv)
{
	struct copy copy = { .depth = 16, .block_size = 256 * 1024 };

	guard_standard_fds();
	bool quiet = parse_options(&copy, argc, argv);

	/* First the ring: where io_uring is refused, no file has been touched. */
	open_ring(&copy.ring, copy.linked ? 2 * copy.depth : copy.depth);
	open_files(&copy);
	make_blocks(&copy);

	copy.started_ns = now_ns();
	copy_blocks(&copy);
	/* A write that lost its link (see linked_pair_done) to a source that shrank went too far. */
	if (copy.linked)
		set_length(&copy, copy.copied);
	show_progress(&copy, true);
	if (copy.fsync)
		flush_to_disk(&copy);
	uint64_t elapsed_ns = now_ns() - copy.started_ns;

	if (close(copy.out) < 0)
		fail(errno, "cannot finish '%s'", copy.to);
	close(copy.in);
	if (!quiet)
		printf("%llu bytes in %.3f s, %s/s (%s backend, %u x %s%s%s)\n",
		       (unsigned long long)copy.copied, (double)elapsed_ns / 1e9,
		       format_bytes(per_second((double)copy.copied, elapsed_ns)).s,
		       backend_name(&copy.ring), copy.depth, format_block(copy.block_size).s,
		       copy.linked ? ", linked" : "", copy.fsync ? ", flushed" : "");

	io_uring_queue_exit(&copy.ring);
	free(copy.buffers);
	free(copy.blocks);
	return finish(0);
}
