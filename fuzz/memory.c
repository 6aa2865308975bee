/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: what else makes no system call. The accessors of a buffer that a
 * multishot recvmsg filled, buffer rings, probes, and functions of numbers alone:
 * inline, exported and, where it is at hand, liburing's own. Buffers are
 * allocations of their own and exactly as large as they must be, so that a step
 * outside shows under a sanitizer.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uring.h>

#define OUT struct io_uring_recvmsg_out *o
#define MSG struct msghdr *m
#define BUF_RING struct io_uring_buf_ring *b

/* Also in liburing's library. */
#define SHARED_API(X)                                                                                                  \
	X(struct io_uring_recvmsg_out *, io_uring_recvmsg_validate, (void *p, int n, MSG), (p, n, m))                  \
	X(void *, io_uring_recvmsg_name, (OUT), (o))                                                                   \
	X(void *, io_uring_recvmsg_payload, (OUT, MSG), (o, m))                                                        \
	X(unsigned, io_uring_recvmsg_payload_length, (OUT, int n, MSG), (o, n, m))                                     \
	X(struct cmsghdr *, io_uring_recvmsg_cmsg_firsthdr, (OUT, MSG), (o, m))                                        \
	X(struct cmsghdr *, io_uring_recvmsg_cmsg_nexthdr, (OUT, MSG, struct cmsghdr * c), (o, m, c))                  \
	X(void, io_uring_buf_ring_init, (BUF_RING), (b))                                                               \
	X(int, io_uring_buf_ring_mask, (__u32 n), (n))                                                                 \
	X(void, io_uring_buf_ring_add,                                                                                 \
	  (BUF_RING, void *p, unsigned len, unsigned short bid, int mask, int offset), (b, p, len, bid, mask, offset)) \
	X(void, io_uring_buf_ring_advance, (BUF_RING, int n), (b, n))                                                  \
	X(int, io_uring_opcode_supported, (const struct io_uring_probe *p, int op), (p, op))                           \
	X(void *, io_uring_cqe_get_data, (const struct io_uring_cqe *c), (c))                                          \
	X(__u64, io_uring_cqe_get_data64, (const struct io_uring_cqe *c), (c))                                         \
	X(unsigned, io_uring_cqe_nr, (const struct io_uring_cqe *c), (c))                                              \
	X(bool, io_uring_check_version, (int major, int minor), (major, minor))                                        \
	X(ssize_t, io_uring_memory_size, (unsigned n, unsigned flags), (n, flags))                                     \
	X(ssize_t, io_uring_memory_size_params, (unsigned n, struct io_uring_params *p), (n, p))

/* Inline in liburing, without a function in its library. */
#define HEADER_API(X)                                                                                                  \
	X(unsigned, io_uring_cqe_shift_from_flags, (unsigned flags), (flags))                                          \
	X(unsigned, io_uring_sqe_shift_from_flags, (unsigned flags), (flags))

struct api {
#define MEMBER(type, name, params, args) type(*name) params;
	SHARED_API(MEMBER) HEADER_API(MEMBER)
};

#define INLINED(type, name, params, args)                                                                              \
	static type inlined_##name params                                                                              \
	{                                                                                                              \
		return name args;                                                                                      \
	}
SHARED_API(INLINED)
HEADER_API(INLINED)

#define INLINED_ROW(type, name, params, args) .name = inlined_##name,
#define EXPORTED_ROW(type, name, params, args) .name = name,
static const struct api inlined = { SHARED_API(INLINED_ROW) HEADER_API(INLINED_ROW) };
static const struct api exported = { SHARED_API(EXPORTED_ROW) HEADER_API(EXPORTED_ROW) };
static struct api upstream;

static const struct api *const apis[] = { &inlined, &exported, &upstream };
static const char *const api_names[] = { "inline", "exported", "liburing" };
static unsigned nr_apis = 2;

static struct fuzz_count messages = { "received messages taken apart", 0, NULL };
static struct fuzz_count control = { "control messages found in them", 0, NULL };
static struct fuzz_count additions = { "steps of buffer rings", 0, NULL };
static struct fuzz_count numbers = { "other calls with random arguments", 0, NULL };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	if (upstream_is_there()) {
#define UPSTREAM_ROW(type, name, params, args)                                                                         \
	{                                                                                                              \
		void *f = upstream_function(#name);                                                                    \
		if (!f)                                                                                                \
			fuzz_fail("liburing's library has no %s", #name);                                              \
		memcpy(&upstream.name, &f, sizeof(f));                                                                 \
	}
		SHARED_API(UPSTREAM_ROW)
		upstream.io_uring_cqe_shift_from_flags = inlined_io_uring_cqe_shift_from_flags;
		upstream.io_uring_sqe_shift_from_flags = inlined_io_uring_sqe_shift_from_flags;
		nr_apis = 3;
	}
	fuzz_count_register(&messages);
	fuzz_count_register(&control);
	fuzz_count_register(&additions);
	fuzz_count_register(&numbers);
	return 0;
}

/* ---- Received messages ---- */

enum { MOST_SAID = 64 };

struct answers {
	unsigned nr;
	long long says[MOST_SAID];
};

static void say(struct answers *to, long long number)
{
	if (to->nr < MOST_SAID)
		to->says[to->nr++] = number;
}

/* A place in the buffer. */
static void say_place(struct answers *to, const void *start, const void *place)
{
	say(to, place ? (const char *)place - (const char *)start : -1000000);
}

static void same(const char *what, const struct answers *answers, unsigned nr)
{
	for (unsigned i = 1; i < nr; i++) {
		const struct answers *a = &answers[0], *b = &answers[i];

		if (a->nr == b->nr && !memcmp(a->says, b->says, a->nr * sizeof(a->says[0])))
			continue;
		for (unsigned j = 0; j < a->nr || j < b->nr; j++)
			fprintf(stderr, "  %lld %lld\n", j < a->nr ? a->says[j] : 0, j < b->nr ? b->says[j] : 0);
		fuzz_fail("%s: %s (left) and %s differ", what, api_names[0], api_names[i]);
	}
}

static void take_apart(const struct api *api, uint8_t *buf, int len, struct msghdr *msgh, bool walk, struct answers *to)
{
	struct io_uring_recvmsg_out *o = api->io_uring_recvmsg_validate(buf, len, msgh);
	struct cmsghdr *cmsg;

	say_place(to, buf, o);
	if (!o)
		return;
	say_place(to, buf, api->io_uring_recvmsg_name(o));
	/* Lengths that wrap round are compared above, by what was accepted; there is no place to compare behind them. */
	if (msgh->msg_controllen >> 40)
		return;
	say_place(to, buf, api->io_uring_recvmsg_payload(o, msgh));
	say(to, api->io_uring_recvmsg_payload_length(o, len, msgh));
	if (!walk)
		return;
	cmsg = api->io_uring_recvmsg_cmsg_firsthdr(o, msgh);
	while (cmsg && to->nr < MOST_SAID) {
		say_place(to, buf, cmsg);
		if (api == &inlined)
			control.nr++;
		cmsg = api->io_uring_recvmsg_cmsg_nexthdr(o, msgh, cmsg);
	}
}

/*
 * Lengths of control messages that make sense, so that a walk gets further than one step; and a last one that does not. True where
 * that one is so long that the address of the next message wraps round: liburing goes on there, before the buffer.
 */
static bool write_lengths(struct input *in, uint8_t *at, const uint8_t *end)
{
	while (at + sizeof(struct cmsghdr) <= end) {
		size_t len = sizeof(struct cmsghdr) + input_below(in, 24);

		if (input_one_in(in, 4)) {
			len = (size_t)input_number(in);
			memcpy(at, &len, sizeof(len));
			return len > SIZE_MAX / 2;
		}
		memcpy(at, &len, sizeof(len));
		at += (len + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1);
	}
	return false;
}

static void message(struct input *in)
{
	static struct answers answers[3];
	struct io_uring_recvmsg_out *out;
	struct msghdr msgh;
	size_t before;
	uint8_t *buf;
	bool walk, wraps = false;
	unsigned nr = nr_apis;
	int len;

	memset(&msgh, 0, sizeof(msgh));
	/* A multiple of the word size, as that of every socket address with room for its padding: else what follows is misaligned. */
	msgh.msg_namelen = 8 * input_below(in, 20);
	msgh.msg_controllen = 8 * input_below(in, 30);
	before = sizeof(*out) + msgh.msg_namelen + msgh.msg_controllen;
	len = (int)before + (int)input_below(in, 40);
	walk = !input_one_in(in, 3);
	if (!walk) {
		/* Any lengths, though nothing may be read then but the head. */
		msgh.msg_namelen = (socklen_t)input_number(in);
		msgh.msg_controllen = (size_t)input_number(in);
		len = (int)input_number(in);
		before = 0;
	}
	buf = calloc(1, before + sizeof(*out) + 40);
	buf = buf ? realloc(buf, walk ? (size_t)len : sizeof(*out)) : NULL;
	if (!buf)
		abort();
	if (walk) {
		input_bytes(in, buf, before < 32 ? before : 32);
		wraps = write_lengths(in, buf + sizeof(*out) + msgh.msg_namelen, buf + before);
	}
	out = (void *)buf;
	/* The kernel never says that it wrote more than there was room for. */
	out->controllen = walk ? input_below(in, (uint32_t)msgh.msg_controllen + 1) : 0;

	if (wraps && nr > 2)
		nr = 2;
	memset(answers, 0, sizeof(answers));
	for (unsigned i = 0; i < nr; i++)
		take_apart(apis[i], buf, len, &msgh, walk, &answers[i]);
	same("a received message", answers, nr);
	messages.nr++;
	free(buf);
}

/* ---- Buffer rings ---- */

static void buf_ring(struct input *in)
{
	unsigned entries = 1U << input_below(in, 5);
	size_t size = entries * sizeof(struct io_uring_buf);
	struct io_uring_buf *rings[3] = { NULL }, *want = calloc(1, size);
	unsigned steps = 1 + input_below(in, 12);
	uint16_t tail = (uint16_t)-input_u8(in);
	int mask = (int)entries - 1;

	if (!want)
		abort();
	want[0].resv = tail;
	for (unsigned i = 0; i < nr_apis; i++) {
		rings[i] = calloc(1, size);
		if (!rings[i])
			abort();
		rings[i][0].resv = tail;
		if (apis[i]->io_uring_buf_ring_mask(entries) != mask)
			fuzz_fail("%s: io_uring_buf_ring_mask(%u)", api_names[i], entries);
	}
	while (steps--) {
		unsigned what = input_below(in, 16), len = (unsigned)input_number(in), index;
		int count = (int)input_below(in, 300) - 20, offset = (int)(input_number(in) % 200000) - 100000;
		uint64_t addr = input_number(in);
		uint16_t bid = (uint16_t)input_number(in);

		if (what < 10) {
			index = (unsigned)(tail + offset) % entries;
			want[index].addr = addr;
			want[index].len = len;
			want[index].bid = bid;
		} else if (what < 15) {
			want[0].resv = tail = (uint16_t)(tail + count);
		} else {
			want[0].resv = tail = 0;
		}
		for (unsigned i = 0; i < nr_apis; i++) {
			struct io_uring_buf_ring *br = (void *)rings[i];

			if (what < 10)
				apis[i]->io_uring_buf_ring_add(br, (void *)(uintptr_t)addr, len, bid, mask, offset);
			else if (what < 15)
				apis[i]->io_uring_buf_ring_advance(br, count);
			else
				apis[i]->io_uring_buf_ring_init(br);
			if (memcmp(rings[i], want, size))
				fuzz_fail("%s: a buffer ring of %u entries after step %u (tail %u, offset %d, count %d)", api_names[i],
					  entries, what, tail, offset, count);
		}
		additions.nr++;
	}
	free(want);
	for (unsigned i = 0; i < nr_apis; i++)
		free(rings[i]);
}

/* ---- Numbers ---- */

static void plain_calls(struct input *in)
{
	static struct answers answers[3];
	unsigned n = (unsigned)input_number(in), flags = (unsigned)input_number(in);
	int major = (int)input_number(in), minor = (int)input_number(in), op = (int)input_number(in);
	struct io_uring_probe *probe = NULL;
	struct io_uring_params p;
	struct io_uring_cqe cqe;

	if (input_one_in(in, 2))
		n %= 70000;
	memset(&p, 0, sizeof(p));
	p.flags = flags;
	p.cq_entries = (unsigned)input_number(in) % (input_one_in(in, 2) ? 140000 : ~0U);
	if (input_one_in(in, 2))
		p.flags |= IORING_SETUP_CQSIZE;
	if (input_one_in(in, 2))
		p.flags |= IORING_SETUP_CLAMP;
	input_bytes(in, &cqe, sizeof(cqe));
	if (posix_memalign((void **)&probe, 8, sizeof(*probe) + 256 * sizeof(probe->ops[0])))
		abort();
	memset(probe, 0, sizeof(*probe));
	probe->last_op = input_u8(in);
	for (int i = 0; i < 256; i++)
		probe->ops[i].flags = (uint16_t)(cqe.user_data >> (i % 32));
	if (input_one_in(in, 2))
		op = (int)input_below(in, 260) - 2;
	if (input_one_in(in, 2)) {
		major = 2;
		minor = 10 + (int)input_below(in, 10);
	}

	memset(answers, 0, sizeof(answers));
	for (unsigned i = 0; i < nr_apis; i++) {
		const struct api *api = apis[i];
		struct answers *to = &answers[i];

		say(to, api->io_uring_memory_size(n, p.flags & ~(unsigned)IORING_SETUP_CQSIZE));
		say(to, api->io_uring_memory_size(n, p.flags));
		say(to, api->io_uring_memory_size_params(n, &p));
		say(to, api->io_uring_check_version(major, minor));
		say(to, api->io_uring_opcode_supported(probe, op));
		say(to, api->io_uring_buf_ring_mask(n));
		say(to, (long long)(uintptr_t)api->io_uring_cqe_get_data(&cqe));
		say(to, (long long)api->io_uring_cqe_get_data64(&cqe));
		say(to, api->io_uring_cqe_nr(&cqe));
		say(to, api->io_uring_cqe_shift_from_flags(flags));
		say(to, api->io_uring_sqe_shift_from_flags(flags));
	}
	same("sizes (flags, flags, params), version, opcode, mask, data, data64, nr, shifts", answers, nr_apis);
	numbers.nr++;
	free(probe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	while (!input_is_empty(&in)) {
		switch (input_below(&in, 3)) {
		case 0:
			message(&in);
			break;
		case 1:
			buf_ring(&in);
			break;
		default:
			plain_calls(&in);
			break;
		}
	}
	return 0;
}
