/* SPDX-License-Identifier: MIT */
/*
 * uring-probe - what io_uring can do here: library, backend, kernel, features,
 * setup flags and operations.
 */
#include "example.h"

#include <sys/utsname.h>

struct name {
	unsigned value;
	const char *name;
};

static const struct name features[] = {
	{ IORING_FEAT_SINGLE_MMAP, "SINGLE_MMAP" },
	{ IORING_FEAT_NODROP, "NODROP" },
	{ IORING_FEAT_SUBMIT_STABLE, "SUBMIT_STABLE" },
	{ IORING_FEAT_RW_CUR_POS, "RW_CUR_POS" },
	{ IORING_FEAT_CUR_PERSONALITY, "CUR_PERSONALITY" },
	{ IORING_FEAT_FAST_POLL, "FAST_POLL" },
	{ IORING_FEAT_POLL_32BITS, "POLL_32BITS" },
	{ IORING_FEAT_SQPOLL_NONFIXED, "SQPOLL_NONFIXED" },
	{ IORING_FEAT_EXT_ARG, "EXT_ARG" },
	{ IORING_FEAT_NATIVE_WORKERS, "NATIVE_WORKERS" },
	{ IORING_FEAT_RSRC_TAGS, "RSRC_TAGS" },
	{ IORING_FEAT_CQE_SKIP, "CQE_SKIP" },
	{ IORING_FEAT_LINKED_FILE, "LINKED_FILE" },
	{ IORING_FEAT_REG_REG_RING, "REG_REG_RING" },
	{ IORING_FEAT_RECVSEND_BUNDLE, "RECVSEND_BUNDLE" },
	{ IORING_FEAT_MIN_TIMEOUT, "MIN_TIMEOUT" },
	{ IORING_FEAT_RW_ATTR, "RW_ATTR" },
	{ IORING_FEAT_NO_IOWAIT, "NO_IOWAIT" },
};

/* Each with the flags that the kernel wants beside it. */
static const struct name setup_flags[] = {
	{ IORING_SETUP_IOPOLL, "IOPOLL" },
	{ IORING_SETUP_SQPOLL, "SQPOLL" },
	{ IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF, "SQ_AFF" },
	{ IORING_SETUP_CQSIZE, "CQSIZE" },
	{ IORING_SETUP_CLAMP, "CLAMP" },
	{ IORING_SETUP_R_DISABLED, "R_DISABLED" },
	{ IORING_SETUP_SUBMIT_ALL, "SUBMIT_ALL" },
	{ IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN" },
	{ IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG, "TASKRUN_FLAG" },
	{ IORING_SETUP_SQE128, "SQE128" },
	{ IORING_SETUP_CQE32, "CQE32" },
	{ IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER" },
	{ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN" },
	{ IORING_SETUP_NO_SQARRAY, "NO_SQARRAY" },
	{ IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL, "HYBRID_IOPOLL" },
	{ IORING_SETUP_CQE_MIXED, "CQE_MIXED" },
	{ IORING_SETUP_SQE_MIXED, "SQE_MIXED" },
	{ IORING_SETUP_NO_SQARRAY | IORING_SETUP_SQ_REWIND, "SQ_REWIND" },
};

static const char *const operations[] = {
	[IORING_OP_NOP] = "NOP",
	[IORING_OP_READV] = "READV",
	[IORING_OP_WRITEV] = "WRITEV",
	[IORING_OP_FSYNC] = "FSYNC",
	[IORING_OP_READ_FIXED] = "READ_FIXED",
	[IORING_OP_WRITE_FIXED] = "WRITE_FIXED",
	[IORING_OP_POLL_ADD] = "POLL_ADD",
	[IORING_OP_POLL_REMOVE] = "POLL_REMOVE",
	[IORING_OP_SYNC_FILE_RANGE] = "SYNC_FILE_RANGE",
	[IORING_OP_SENDMSG] = "SENDMSG",
	[IORING_OP_RECVMSG] = "RECVMSG",
	[IORING_OP_TIMEOUT] = "TIMEOUT",
	[IORING_OP_TIMEOUT_REMOVE] = "TIMEOUT_REMOVE",
	[IORING_OP_ACCEPT] = "ACCEPT",
	[IORING_OP_ASYNC_CANCEL] = "ASYNC_CANCEL",
	[IORING_OP_LINK_TIMEOUT] = "LINK_TIMEOUT",
	[IORING_OP_CONNECT] = "CONNECT",
	[IORING_OP_FALLOCATE] = "FALLOCATE",
	[IORING_OP_OPENAT] = "OPENAT",
	[IORING_OP_CLOSE] = "CLOSE",
	[IORING_OP_FILES_UPDATE] = "FILES_UPDATE",
	[IORING_OP_STATX] = "STATX",
	[IORING_OP_READ] = "READ",
	[IORING_OP_WRITE] = "WRITE",
	[IORING_OP_FADVISE] = "FADVISE",
	[IORING_OP_MADVISE] = "MADVISE",
	[IORING_OP_SEND] = "SEND",
	[IORING_OP_RECV] = "RECV",
	[IORING_OP_OPENAT2] = "OPENAT2",
	[IORING_OP_EPOLL_CTL] = "EPOLL_CTL",
	[IORING_OP_SPLICE] = "SPLICE",
	[IORING_OP_PROVIDE_BUFFERS] = "PROVIDE_BUFFERS",
	[IORING_OP_REMOVE_BUFFERS] = "REMOVE_BUFFERS",
	[IORING_OP_TEE] = "TEE",
	[IORING_OP_SHUTDOWN] = "SHUTDOWN",
	[IORING_OP_RENAMEAT] = "RENAMEAT",
	[IORING_OP_UNLINKAT] = "UNLINKAT",
	[IORING_OP_MKDIRAT] = "MKDIRAT",
	[IORING_OP_SYMLINKAT] = "SYMLINKAT",
	[IORING_OP_LINKAT] = "LINKAT",
	[IORING_OP_MSG_RING] = "MSG_RING",
	[IORING_OP_FSETXATTR] = "FSETXATTR",
	[IORING_OP_SETXATTR] = "SETXATTR",
	[IORING_OP_FGETXATTR] = "FGETXATTR",
	[IORING_OP_GETXATTR] = "GETXATTR",
	[IORING_OP_SOCKET] = "SOCKET",
	[IORING_OP_URING_CMD] = "URING_CMD",
	[IORING_OP_SEND_ZC] = "SEND_ZC",
	[IORING_OP_SENDMSG_ZC] = "SENDMSG_ZC",
	[IORING_OP_READ_MULTISHOT] = "READ_MULTISHOT",
	[IORING_OP_WAITID] = "WAITID",
	[IORING_OP_FUTEX_WAIT] = "FUTEX_WAIT",
	[IORING_OP_FUTEX_WAKE] = "FUTEX_WAKE",
	[IORING_OP_FUTEX_WAITV] = "FUTEX_WAITV",
	[IORING_OP_FIXED_FD_INSTALL] = "FIXED_FD_INSTALL",
	[IORING_OP_FTRUNCATE] = "FTRUNCATE",
	[IORING_OP_BIND] = "BIND",
	[IORING_OP_LISTEN] = "LISTEN",
	[IORING_OP_RECV_ZC] = "RECV_ZC",
	[IORING_OP_EPOLL_WAIT] = "EPOLL_WAIT",
	[IORING_OP_READV_FIXED] = "READV_FIXED",
	[IORING_OP_WRITEV_FIXED] = "WRITEV_FIXED",
	[IORING_OP_PIPE] = "PIPE",
	[IORING_OP_NOP128] = "NOP128",
	[IORING_OP_URING_CMD128] = "URING_CMD128",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

_Static_assert(COUNT(operations) == IORING_OP_LAST, "each operation has its name here");

/* ------------------------------------------------------------------ layout */

/* Words under a heading, in lines of at most 78 columns. */
struct list {
	unsigned column;
};

static void list_word(struct list *list, const char *word)
{
	unsigned width = (unsigned)strlen(word);

	if (list->column == 0 || list->column + 1 + width > 78) {
		printf("%s   ", list->column == 0 ? "" : "\n");
		list->column = 3;
	}
	printf(" %s", word);
	list->column += 1 + width;
}

static void list_end(struct list *list)
{
	puts(list->column == 0 ? "    none" : "");
	list->column = 0;
}

/* ------------------------------------------------------------------- parts */

static void print_features(const struct io_uring *ring)
{
	struct list present = { 0 }, missing = { 0 };
	unsigned known = 0;

	puts("\nfeatures (IORING_FEAT_...)");
	for (unsigned i = 0; i < COUNT(features); i++) {
		known |= features[i].value;
		if (ring->features & features[i].value)
			list_word(&present, features[i].name);
	}
	list_end(&present);
	if ((ring->features & known) != known) {
		puts("  missing");
		for (unsigned i = 0; i < COUNT(features); i++)
			if (!(ring->features & features[i].value))
				list_word(&missing, features[i].name);
		list_end(&missing);
	}
	if (ring->features & ~known)
		printf("  newer than this program: 0x%x\n", ring->features & ~known);
}

static bool setup_accepts(unsigned flags)
{
	struct io_uring_params params = { .flags = flags };
	struct io_uring ring;

	if (flags & IORING_SETUP_CQSIZE)
		params.cq_entries = 8;
	if (io_uring_queue_init_params(4, &ring, &params) < 0)
		return false;
	io_uring_queue_exit(&ring);
	return true;
}

static void print_setup_flags(void)
{
	struct list accepted = { 0 }, refused = { 0 };
	bool works[COUNT(setup_flags)];
	bool all = true;

	puts("\nsetup flags (IORING_SETUP_...), tried one by one");
	for (unsigned i = 0; i < COUNT(setup_flags); i++) {
		works[i] = setup_accepts(setup_flags[i].value);
		if (works[i])
			list_word(&accepted, setup_flags[i].name);
		else
			all = false;
	}
	list_end(&accepted);
	if (!all) {
		puts("  refused");
		for (unsigned i = 0; i < COUNT(setup_flags); i++)
			if (!works[i])
				list_word(&refused, setup_flags[i].name);
		list_end(&refused);
	}
}

static int print_operations(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	struct list supported = { 0 }, missing = { 0 };
	unsigned count = 0;

	if (probe == NULL) {
		complain(0, "cannot ask for the supported operations");
		hint("kernels before 5.6 cannot be asked");
		return 1;
	}
	for (unsigned op = 0; op < COUNT(operations); op++)
		count += io_uring_opcode_supported(probe, (int)op) != 0;

	printf("\noperations (IORING_OP_...), %u of %zu\n", count, COUNT(operations));
	for (unsigned op = 0; op < COUNT(operations); op++)
		if (io_uring_opcode_supported(probe, (int)op))
			list_word(&supported, operations[op]);
	list_end(&supported);
	if (count < COUNT(operations)) {
		puts("  missing");
		for (unsigned op = 0; op < COUNT(operations); op++)
			if (!io_uring_opcode_supported(probe, (int)op))
				list_word(&missing, operations[op]);
		list_end(&missing);
	}
	if (probe->last_op >= COUNT(operations))
		printf("  newer than this program: up to number %u\n", probe->last_op);
	io_uring_free_probe(probe);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "brief", no_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct io_uring ring;
	struct utsname system;
	bool brief = false;
	int option, status;

	guard_standard_fds();
	while ((option = getopt_long(argc, argv, "bh", options, NULL)) != -1) {
		if (option == 'h') {
			puts("Usage: uring-probe [--brief]\n"
			     "Print what io_uring can do here. With --brief, one line.");
			return finish(0);
		}
		if (option != 'b')
			bad_usage();
		brief = true;
	}
	if (optind != argc) {
		complain(0, "unexpected argument '%s'", argv[optind]);
		bad_usage();
	}

	uname(&system);
	open_ring(&ring, 4);
	if (brief) {
		printf("%s backend, %s %s %s\n", backend_name(&ring), system.sysname,
		       system.release, system.machine);
		io_uring_queue_exit(&ring);
		return finish(0);
	}

	printf("library   speaks liburing %d.%d\n", io_uring_major_version(),
	       io_uring_minor_version());
	printf("backend   %s\n", backend_name(&ring));
	printf("kernel    %s %s %s\n", system.sysname, system.release, system.machine);
	print_features(&ring);
	print_setup_flags();
	status = print_operations(&ring);
	io_uring_queue_exit(&ring);
	return finish(status);
}
