/* SPDX-License-Identifier: MIT */
/* Random requests, and which of them may meet in one step. */
#include "differential.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct __kernel_timespec times[TIMES] = { { 0, 1000000 }, { 1000, 0 }, { -1, 0 }, { 1, 0 } };

/* The kernel's header has it, liburing's has not: a NOP whose descriptor is a place in the table. */
enum { NOP_FIXED_FILE = 1U << 2 };
/* A write that is not to be torn, which older headers do not name. */
enum { RWF_ATOMIC_FLAG = 0x40 };

static enum thing any_thing(void)
{
	return (enum thing)below(THINGS);
}

static enum thing mostly(enum thing wanted)
{
	return one_in(6) ? any_thing() : wanted;
}

static const uint8_t ops[] = {
	IORING_OP_NOP, IORING_OP_READ, IORING_OP_READ, IORING_OP_WRITE, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV,
	IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED, IORING_OP_READV_FIXED, IORING_OP_WRITEV_FIXED, IORING_OP_FSYNC,
	IORING_OP_SYNC_FILE_RANGE, IORING_OP_FALLOCATE, IORING_OP_FTRUNCATE, IORING_OP_FADVISE, IORING_OP_MADVISE, IORING_OP_POLL_ADD,
	IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE, IORING_OP_SEND, IORING_OP_RECV, IORING_OP_SENDMSG, IORING_OP_RECVMSG, IORING_OP_SHUTDOWN,
	IORING_OP_TIMEOUT, IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE, IORING_OP_LINK_TIMEOUT, IORING_OP_ASYNC_CANCEL, IORING_OP_STATX,
	IORING_OP_OPENAT, IORING_OP_OPENAT2, IORING_OP_MKDIRAT, IORING_OP_UNLINKAT, IORING_OP_RENAMEAT, IORING_OP_SYMLINKAT,
	IORING_OP_LINKAT, IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_BIND, IORING_OP_LISTEN, IORING_OP_SOCKET, IORING_OP_CLOSE,
	IORING_OP_SPLICE, IORING_OP_TEE, IORING_OP_PIPE, IORING_OP_FSETXATTR, IORING_OP_SETXATTR, IORING_OP_FGETXATTR, IORING_OP_GETXATTR,
	IORING_OP_EPOLL_CTL, IORING_OP_EPOLL_WAIT, IORING_OP_WAITID, IORING_OP_FUTEX_WAIT, IORING_OP_FUTEX_WAKE, IORING_OP_FUTEX_WAITV,
	IORING_OP_MSG_RING, IORING_OP_URING_CMD, IORING_OP_FILES_UPDATE, IORING_OP_SEND_ZC, IORING_OP_SENDMSG_ZC, IORING_OP_LAST,
};

/* What a ring that polls for the end of I/O takes; anything else it refuses. */
static const uint8_t polled_ops[] = {
	IORING_OP_NOP, IORING_OP_READ, IORING_OP_WRITE, IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
	IORING_OP_READV_FIXED, IORING_OP_WRITEV_FIXED, IORING_OP_MSG_RING, IORING_OP_FILES_UPDATE,
};

bool is_made(uint8_t op)
{
	return op != IORING_OP_LAST && memchr(ops, op, sizeof(ops)) != NULL;
}

static bool is_send(uint8_t op)
{
	return op == IORING_OP_SEND || op == IORING_OP_SENDMSG || op == IORING_OP_SEND_ZC || op == IORING_OP_SENDMSG_ZC;
}

bool has_notification(const struct request *r)
{
	return r->op == IORING_OP_SEND_ZC || r->op == IORING_OP_SENDMSG_ZC;
}

static bool is_fixed(uint8_t op)
{
	return op == IORING_OP_READ_FIXED || op == IORING_OP_WRITE_FIXED || op == IORING_OP_READV_FIXED || op == IORING_OP_WRITEV_FIXED;
}

static bool is_transfer(uint8_t op)
{
	return is_fixed(op) || op == IORING_OP_READ || op == IORING_OP_WRITE || op == IORING_OP_READV || op == IORING_OP_WRITEV;
}

static void make_transfer(struct request *r)
{
	bool vectors = r->op == IORING_OP_READV || r->op == IORING_OP_WRITEV || r->op == IORING_OP_READV_FIXED ||
		       r->op == IORING_OP_WRITEV_FIXED;

	r->memory = vectors ? VECTORS : BYTES;
	r->len = vectors ? 1 + below(2) : 1 + below(BUFFER);
	r->off = one_in(4) ? (uint64_t)-1 : below(300);
	/* Past the page cache: whole sectors, most of the time. */
	if (!vectors && (r->thing == FILE_DIRECT || one_in(8))) {
		r->thing = mostly(FILE_DIRECT);
		r->memory = ALIGNED;
		r->len = one_in(8) ? 1 + below(BLOCK) : 512 * (1 + below(BLOCK / 512));
		r->off = one_in(8) ? r->off : 512 * below(5 * BLOCK / 512);
	}
	if (is_fixed(r->op))
		r->buf_index = (uint16_t)(one_in(8) ? below(4) : 0);
	if (one_in(8))
		r->op_flags = one_in(2) ? RWF_NOWAIT : RWF_DSYNC;
}

static void make_socket_request(struct request *r)
{
	static const enum thing peers[] = { SOCK_A, SOCK_B, TCP_A, TCP_B, UDP_A, UDP_B };

	switch (r->op) {
	case IORING_OP_SEND:
	case IORING_OP_RECV:
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
		r->thing = mostly(peers[below(6)]);
		r->memory = r->op == IORING_OP_SEND || r->op == IORING_OP_RECV || r->op == IORING_OP_SEND_ZC ? BYTES : MESSAGE;
		r->len = r->memory == BYTES ? 1 + below(BUFFER) : 1;
		if (one_in(4))
			r->op_flags = one_in(2) ? MSG_DONTWAIT : one_in(2) ? MSG_PEEK : MSG_WAITALL;
		if (one_in(8) && r->thing >= SOCK_A && r->thing <= UDP_B)
			r->ioprio = IORING_RECVSEND_POLL_FIRST;
		if (one_in(8) && (r->op == IORING_OP_SEND || r->op == IORING_OP_SEND_ZC)) {
			r->ioprio |= IORING_SEND_VECTORIZED;
			r->memory = VECTORS;
			r->len = below(3);
		}
		if (has_notification(r) && one_in(2))
			r->ioprio |= one_in(2) ? IORING_SEND_ZC_REPORT_USAGE : IORING_RECVSEND_FIXED_BUF;
		break;
	case IORING_OP_ACCEPT:
		r->thing = mostly(LISTENER);
		if (one_in(4))
			r->op_flags = one_in(2) ? SOCK_NONBLOCK : SOCK_CLOEXEC;
		if (one_in(8))
			r->ioprio = IORING_ACCEPT_DONTWAIT;
		break;
	case IORING_OP_CONNECT:
	case IORING_OP_BIND:
		r->thing = mostly(UNCONNECTED);
		r->memory = NAME;
		break;
	case IORING_OP_LISTEN:
		r->thing = mostly(one_in(2) ? LISTENER : UNCONNECTED);
		r->len = below(4);
		break;
	case IORING_OP_SHUTDOWN:
		r->thing = mostly(peers[below(6)]);
		r->len = below(4);
		break;
	case IORING_OP_SOCKET:
		r->off = one_in(8) ? below(8) : SOCK_STREAM;
		break;
	default: /* IORING_OP_URING_CMD: off is the command, addr level and option, addr3 the value, file_index its length. */
		r->thing = mostly(one_in(2) ? peers[below(6)] : LISTENER);
		r->off = one_in(8) ? 6 + below(9) : below(4);
		if (r->off >= SOCKET_URING_OP_GETSOCKOPT) {
			static const int options[] = { SO_TYPE, SO_RCVBUF, SO_SNDBUF, SO_REUSEADDR, SO_ACCEPTCONN, SO_DOMAIN, SO_ERROR, 9999 };

			r->addr = SOL_SOCKET | (uint64_t)options[below(8)] << 32;
			r->third = BYTES;
			r->file_index = one_in(6) ? below(8) : 4;
		}
		break;
	}
}

static void make_path_request(struct request *r)
{
	r->thing = mostly(DIRECTORY);
	r->memory = PATH;
	r->addr = below(5);
	switch (r->op) {
	case IORING_OP_STATX:
		r->second = STATUS;
		r->len = STATX_SIZE | STATX_MODE | STATX_NLINK;
		if (one_in(4))
			r->op_flags = AT_SYMLINK_NOFOLLOW;
		break;
	case IORING_OP_OPENAT:
		r->len = 0600;
		r->op_flags = one_in(3) ? O_RDWR : one_in(3) ? O_RDWR | O_CREAT : one_in(3) ? O_DIRECTORY : O_NOFOLLOW;
		break;
	case IORING_OP_OPENAT2:
		r->second = HOW;
		r->off = below(6);
		r->len = one_in(8) ? below(64) : sizeof(struct open_how);
		break;
	case IORING_OP_MKDIRAT: r->len = 0700; break;
	case IORING_OP_UNLINKAT: r->op_flags = one_in(2) ? AT_REMOVEDIR : 0; break;
	case IORING_OP_RENAMEAT:
	case IORING_OP_LINKAT:
		r->other = mostly(DIRECTORY);
		r->second = NEW_PATH;
		r->off = below(5);
		if (one_in(4))
			r->op_flags = 1U << below(3);
		break;
	default: /* IORING_OP_SYMLINKAT: the descriptor is that of the new name. */
		r->second = NEW_PATH;
		r->off = below(5);
		break;
	}
}

static void make_timed_request(struct request *r)
{
	r->thing = NEGATIVE;
	switch (r->op) {
	case IORING_OP_TIMEOUT:
	case IORING_OP_LINK_TIMEOUT:
		r->memory = TIME;
		r->addr = one_in(12) ? NEVER_WAS : one_in(2) ? SOON : LATER;
		r->len = 1;
		if (one_in(6)) {
			r->addr = LONG_AGO;
			r->op_flags = IORING_TIMEOUT_ABS | (one_in(2) ? IORING_TIMEOUT_BOOTTIME : one_in(2) ? IORING_TIMEOUT_REALTIME : 0);
		} else if (r->op == IORING_OP_TIMEOUT && one_in(4)) {
			r->op_flags = IORING_TIMEOUT_MULTISHOT;
			r->off = 1 + below(3);
		}
		if (one_in(6))
			r->op_flags |= IORING_TIMEOUT_ETIME_SUCCESS;
		break;
	case IORING_OP_TIMEOUT_REMOVE:
		r->addr = 1 + below(REQUESTS);
		if (one_in(2)) {
			r->second = TIME;
			r->off = one_in(4) ? NEVER_WAS : one_in(2) ? LATER : SOON;
			r->op_flags = IORING_TIMEOUT_UPDATE | (one_in(3) ? IORING_LINK_TIMEOUT_UPDATE : 0);
		}
		break;
	default: /* IORING_OP_WAITID of no child of ours. */
		r->len = below(3);
		r->thing = NEGATIVE;
		r->file_index = WEXITED | (one_in(4) ? WNOHANG : 0) | (one_in(8) ? 1U << below(31) : 0);
		break;
	}
}

static void make_request_about_others(struct request *r)
{
	if (r->op == IORING_OP_POLL_ADD) {
		r->op_flags = POLLIN | (one_in(3) ? POLLOUT : 0) | (one_in(6) ? POLLRDHUP : 0);
		if (one_in(3))
			r->len = IORING_POLL_ADD_MULTI;
		return;
	}
	r->thing = NEGATIVE;
	r->addr = 1 + below(REQUESTS);
	if (r->op == IORING_OP_POLL_REMOVE && one_in(2)) {
		r->len = 1U << (1 + below(2)) | (one_in(3) ? IORING_POLL_UPDATE_EVENTS | IORING_POLL_UPDATE_USER_DATA : 0);
		r->off = r->len & IORING_POLL_UPDATE_USER_DATA ? 500 + r->addr : 0;
		r->op_flags = r->len & IORING_POLL_UPDATE_EVENTS ? POLLOUT | POLLIN : 0;
	} else if (r->op == IORING_OP_ASYNC_CANCEL && one_in(2)) {
		static const uint32_t how[] = {
			IORING_ASYNC_CANCEL_ALL, IORING_ASYNC_CANCEL_FD, IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL,
			IORING_ASYNC_CANCEL_OP, IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ALL, IORING_ASYNC_CANCEL_ANY,
			IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP, IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_FD,
		};

		r->op_flags = how[below(8)];
		if (r->op_flags & IORING_ASYNC_CANCEL_FD)
			r->thing = any_thing();
		if (r->op_flags & IORING_ASYNC_CANCEL_OP)
			r->len = one_in(2) ? IORING_OP_POLL_ADD : IORING_OP_RECV;
	}
}

/* A request that makes sense, mostly. */
static struct request make_request(const struct ring_kind *kind)
{
	bool polls = kind->flags & IORING_SETUP_IOPOLL && !one_in(4);
	struct request r = { 0 };

	r.op = polls ? polled_ops[below(sizeof(polled_ops))] : ops[below(sizeof(ops))];
	r.thing = any_thing();
	r.other = NEGATIVE;
	switch (r.op) {
	case IORING_OP_READ:
	case IORING_OP_WRITE:
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_READV_FIXED:
	case IORING_OP_WRITEV_FIXED: make_transfer(&r); break;
	case IORING_OP_SEND:
	case IORING_OP_RECV:
	case IORING_OP_SENDMSG:
	case IORING_OP_RECVMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
	case IORING_OP_ACCEPT:
	case IORING_OP_CONNECT:
	case IORING_OP_BIND:
	case IORING_OP_LISTEN:
	case IORING_OP_SHUTDOWN:
	case IORING_OP_SOCKET:
	case IORING_OP_URING_CMD: make_socket_request(&r); break;
	case IORING_OP_STATX:
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_MKDIRAT:
	case IORING_OP_UNLINKAT:
	case IORING_OP_RENAMEAT:
	case IORING_OP_LINKAT:
	case IORING_OP_SYMLINKAT: make_path_request(&r); break;
	case IORING_OP_TIMEOUT:
	case IORING_OP_LINK_TIMEOUT:
	case IORING_OP_TIMEOUT_REMOVE:
	case IORING_OP_WAITID: make_timed_request(&r); break;
	case IORING_OP_POLL_ADD:
	case IORING_OP_POLL_REMOVE:
	case IORING_OP_ASYNC_CANCEL: make_request_about_others(&r); break;
	case IORING_OP_FALLOCATE:
		r.off = below(300);
		r.addr = 1 + below(300);
		r.len = one_in(6) ? below(4) : 0;
		break;
	case IORING_OP_FTRUNCATE: r.off = below(300); break;
	case IORING_OP_CLOSE: r.thing = any_thing(); break;
	case IORING_OP_SPLICE:
	case IORING_OP_TEE:
		r.thing = one_in(2) ? PIPE2_W : FILE_RW;
		r.other = one_in(2) ? PIPE_R : FILE_RO;
		r.off = r.thing == FILE_RW ? below(100) : (uint64_t)-1;
		r.addr = r.other == FILE_RO ? below(100) : (uint64_t)-1;
		r.len = 1 + below(BUFFER);
		r.op_flags = SPLICE_F_NONBLOCK;
		if (r.op == IORING_OP_TEE)
			r.off = r.addr = 0;
		break;
	case IORING_OP_PIPE:
		r.thing = NEGATIVE;
		r.memory = BYTES;
		r.op_flags = one_in(2) ? O_CLOEXEC : one_in(2) ? O_NONBLOCK : 0;
		break;
	case IORING_OP_FSETXATTR:
	case IORING_OP_FGETXATTR:
	case IORING_OP_SETXATTR:
	case IORING_OP_GETXATTR:
		/* addr names the attribute, addr2 its value, addr3 the path. */
		r.thing = mostly(FILE_RW);
		r.memory = ATTRIBUTE;
		r.second = BYTES;
		r.len = below(16);
		if (r.op == IORING_OP_SETXATTR || r.op == IORING_OP_GETXATTR) {
			r.third = PATH;
			r.addr3 = below(5);
		}
		if ((r.op == IORING_OP_SETXATTR || r.op == IORING_OP_FSETXATTR) && one_in(3))
			r.op_flags = 1 + below(3);
		break;
	case IORING_OP_EPOLL_CTL:
		r.thing = mostly(EPOLL);
		r.other = any_thing();
		r.second = THING;
		r.memory = EVENT;
		r.len = one_in(8) ? below(6) : EPOLL_CTL_ADD + below(3);
		break;
	case IORING_OP_EPOLL_WAIT:
		r.thing = mostly(EPOLL);
		r.memory = BYTES;
		r.len = 1 + below(4);
		break;
	case IORING_OP_FUTEX_WAIT:
	case IORING_OP_FUTEX_WAKE:
		/* off is the value, or how many; addr3 the mask; the descriptor the flags. */
		r.thing = THINGS;
		r.memory = WORD;
		r.addr = below(2);
		r.off = one_in(3) ? 5 : 1;
		r.addr3 = FUTEX_BITSET_MATCH_ANY;
		break;
	case IORING_OP_FUTEX_WAITV:
		r.thing = NEGATIVE;
		r.memory = WORDS;
		r.off = one_in(3);
		r.len = one_in(6) ? below(200) : 1 + below(2);
		break;
	case IORING_OP_MSG_RING:
		r.thing = mostly(OTHER_RING);
		r.addr = one_in(8) ? below(4) : 0;
		r.off = 700 + below(9);
		r.len = below(1000);
		if (one_in(3)) {
			r.op_flags = one_in(2) ? IORING_MSG_RING_CQE_SKIP : IORING_MSG_RING_FLAGS_PASS;
			r.file_index = r.op_flags == IORING_MSG_RING_FLAGS_PASS ? 1U << below(16) : 0;
		}
		break;
	case IORING_OP_FILES_UPDATE:
		r.thing = NEGATIVE;
		r.memory = BYTES;
		r.off = one_in(6) ? below(100) : below(THINGS);
		r.len = 1 + below(2);
		break;
	case IORING_OP_NOP:
		r.len = below(100);
		if (one_in(3))
			r.op_flags = below(64);
		r.off = rnd();
		r.addr = rnd();
		break;
	default: r.len = below(100); break;
	}
	/* And now and then something that does not. */
	if (one_in(14))
		r.memory = WILD;
	if (one_in(60))
		r.second = WILD;
	if (one_in(20))
		r.op_flags = (uint32_t)rnd() & (one_in(2) ? 0xff : 0xffffffff) & ~(uint32_t)RWF_HIPRI;
	if (one_in(24))
		r.buf_index = (uint16_t)below(3);
	if (one_in(24))
		r.file_index = below(3);
	if (one_in(24))
		r.ioprio = (uint16_t)(1 << below(16));
	if (one_in(24))
		r.personality = (uint16_t)below(4);
	if (one_in(24) && r.second == NUMBER)
		r.off = rnd();
	if (one_in(24))
		r.len = one_in(2) ? (uint32_t)rnd() : 0;
	/* Not into or out of what lies behind the buffer; a length that is negative to the kernel is refused before. */
	if (r.memory == BYTES && r.len > BUFFER && ((!is_send(r.op) && r.op != IORING_OP_RECV) || r.len <= INT32_MAX))
		r.len %= BUFFER + 1;
	if (r.memory == ALIGNED && r.len > BLOCK)
		r.len %= BLOCK + 1;
	if (one_in(40))
		r.addr3 = rnd();
	if (one_in(8))
		r.flags |= IOSQE_ASYNC;
	if (one_in(16))
		r.flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (one_in(8))
		r.flags |= IOSQE_FIXED_FILE;
	if (one_in(24))
		r.flags |= IOSQE_IO_DRAIN;
	if (one_in(100))
		r.flags |= IOSQE_BUFFER_SELECT;
	return r;
}

/* ------------------------------------------------------------------------------------------------------------------------- SQEs */

static bool names_another(const struct request *r)
{
	return r->op == IORING_OP_POLL_REMOVE || r->op == IORING_OP_TIMEOUT_REMOVE || r->op == IORING_OP_ASYNC_CANCEL;
}

static uint64_t address(enum memory memory, uint64_t number, const struct request *r, struct world *w, int step, int i)
{
	static const char *const names[] = { "file", "new", "missing/x", "other", "." };
	struct place *place = &w->place[step][i];

	switch (memory) {
	case BYTES: return (uintptr_t)w->buf[step][i];
	case ALIGNED: return (uintptr_t)w->block[step][i];
	case VECTORS: return (uintptr_t)place->iov;
	case WILD: return 0x10;
	case PATH:
	case NEW_PATH: return (uintptr_t)names[number % 5];
	case TIME: return (uintptr_t)&times[number % TIMES];
	case MESSAGE: return (uintptr_t)&place->msg;
	case NAME: return (uintptr_t)&w->listener;
	case EVENT: return (uintptr_t)&place->event;
	case WORD: return (uintptr_t)&w->word[number % 2];
	case WORDS: return (uintptr_t)place->waiters;
	case HOW: return (uintptr_t)&place->how;
	case ATTRIBUTE: return (uintptr_t) "user.attribute";
	case STATUS: return (uintptr_t)&place->stx;
	case THING: return (uint64_t)w->fd[r->other];
	case NUMBER: break;
	}
	return number;
}

static void fill_place(const struct request *r, struct world *w, int step, int i)
{
	static const uint64_t opens[] = { O_RDONLY, O_RDWR | O_CREAT, O_DIRECTORY, O_PATH, O_TMPFILE | O_RDWR, 1ULL << 40 };
	struct place *place = &w->place[step][i];

	place->iov[0] = (struct iovec){ w->buf[step][i], 24 };
	place->iov[1] = (struct iovec){ w->buf[step][i] + 24, BUFFER - 24 };
	place->msg = (struct msghdr){ .msg_iov = place->iov, .msg_iovlen = 2 };
	place->event = (struct epoll_event){ .events = EPOLLIN, .data = { .u64 = (uint64_t)i } };
	place->how = (struct open_how){ .flags = opens[r->off % 6], .mode = opens[r->off % 6] & O_CREAT ? 0600 : 0 };
	for (int k = 0; k < 2; k++)
		place->waiters[k] = (struct futex_waitv){ .val = 5 + (r->off && k), .uaddr = (uintptr_t)&w->word[k], .flags = FUTEX2_SIZE_U32 };
	/* Descriptors to put into the table. */
	if (r->op == IORING_OP_FILES_UPDATE) {
		int fds[2] = { w->fd[FILE_RW], -1 };

		memcpy(w->buf[step][i], fds, sizeof(fds));
	} else if (r->op == IORING_OP_URING_CMD) {
		memset(w->buf[step][i], 0, BUFFER);
	}
}

void fill(struct io_uring_sqe *sqe, const struct request *r, struct world *w, int step, int i)
{
	fill_place(r, w, step, i);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = r->op;
	sqe->flags = r->flags;
	sqe->ioprio = r->ioprio;
	/* The table holds each thing at its own number. */
	if (r->thing == THINGS)
		sqe->fd = FUTEX2_SIZE_U32 | FUTEX2_PRIVATE;
	else
		sqe->fd = r->flags & IOSQE_FIXED_FILE && r->thing < CLOSED && r->op != IORING_OP_EPOLL_CTL ? (int)r->thing : w->fd[r->thing];
	if (r->op == IORING_OP_SOCKET)
		sqe->fd = AF_UNIX;
	if (r->op == IORING_OP_ASYNC_CANCEL && r->op_flags & IORING_ASYNC_CANCEL_FD_FIXED)
		sqe->fd = (int)r->thing;
	sqe->addr = address(r->memory, r->addr, r, w, step, i);
	sqe->off = address(r->second, r->off, r, w, step, i);
	sqe->len = r->len;
	sqe->rw_flags = (__kernel_rwf_t)r->op_flags;
	sqe->user_data = (uint64_t)(100 * step + i + 1);
	/* The numbers of other requests are those of this step. */
	if (names_another(r) && r->memory == NUMBER)
		sqe->addr += (uint64_t)(100 * step);
	sqe->buf_index = r->buf_index;
	sqe->personality = r->personality;
	sqe->file_index = r->file_index;
	switch (r->op) {
	/* Nobody closes a ring by a request: this number is known to be one's. */
	case IORING_OP_CLOSE: sqe->fd = r->thing == OTHER_RING ? w->other_ring : sqe->fd; break;
	case IORING_OP_CONNECT: sqe->off = w->listener_len; break;
	case IORING_OP_BIND: sqe->off = sizeof(sa_family_t); break;
	case IORING_OP_RENAMEAT:
	case IORING_OP_LINKAT: sqe->len = (uint32_t)w->fd[r->other]; break;
	case IORING_OP_SPLICE:
	case IORING_OP_TEE: sqe->splice_fd_in = r->op_flags & SPLICE_F_FD_IN_FIXED ? (int)r->other : w->fd[r->other]; break;
	case IORING_OP_NOP: sqe->fd = r->op_flags & NOP_FIXED_FILE ? (int)r->thing : sqe->fd; break;
	default: break;
	}
	sqe->addr3 = address(r->third, r->addr3, r, w, step, i);
}

bool makes_a_descriptor(const struct request *r)
{
	return r->op == IORING_OP_ACCEPT || r->op == IORING_OP_SOCKET || r->op == IORING_OP_OPENAT || r->op == IORING_OP_OPENAT2;
}

void show(const struct request *r, int i)
{
	printf("    %d: op %u flags %#x thing %d other %d memory %u/%u/%u addr %#llx off %#llx addr3 %#llx len %u op_flags %#x buf_index %u "
	       "file_index %u ioprio %#x personality %u\n",
	       i + 1, r->op, r->flags, r->thing, r->other, r->memory, r->second, r->third, (unsigned long long)r->addr,
	       (unsigned long long)r->off, (unsigned long long)r->addr3, r->len, r->op_flags, r->buf_index, r->file_index, r->ioprio,
	       r->personality);
}

/* ------------------------------------------------------------------------------------------------------------------------ steps */

/* What neither backend determines, or what only one of them does (docs/fuzzing.md names these). */
static bool is_left_to_chance(const struct request *r)
{
	bool direct = makes_a_descriptor(r) || r->op == IORING_OP_PIPE;

	/* Direct descriptors, bundles, and multishot requests on sockets, are not served. */
	if (direct && r->file_index)
		return true;
	if ((r->ioprio & (IORING_RECV_MULTISHOT | IORING_RECVSEND_BUNDLE) && (r->op == IORING_OP_RECV || r->op == IORING_OP_RECVMSG)) ||
	    (r->ioprio & IORING_RECVSEND_BUNDLE && is_send(r->op)))
		return true;
	if (r->flags & IOSQE_BUFFER_SELECT)
		return true;
	/* The kernel waits for such a file before it says that it cannot be read. */
	if ((r->thing == EPOLL || r->thing == OTHER_RING) && (is_transfer(r->op) || r->op == IORING_OP_SPLICE))
		return true;
	/* What a request that was cancelled says of itself: the kernel's futexes count that as a success. */
	if (r->flags & IOSQE_CQE_SKIP_SUCCESS && (r->op == IORING_OP_FUTEX_WAIT || r->op == IORING_OP_FUTEX_WAITV))
		return true;
	/* Files without a call for vectors have an order of their own for what is wrong with a request. */
	if (r->thing == EVENTFD && (is_fixed(r->op) || (is_transfer(r->op) && (r->op_flags || !r->len))))
		return true;
	/* The engine's ring stays readable a little longer. */
	if ((r->thing == OTHER_RING && r->op == IORING_OP_POLL_ADD) || (r->other == OTHER_RING && r->op == IORING_OP_EPOLL_CTL))
		return true;
	/* What is held back by a drain is done by the kernel's own threads, which wait all the same. */
	if (r->op_flags & RWF_NOWAIT && (r->op == IORING_OP_WRITE || r->op == IORING_OP_WRITEV || is_fixed(r->op)))
		return true;
	if (r->op == IORING_OP_ACCEPT && r->ioprio & IORING_ACCEPT_MULTISHOT)
		return true;
	if (r->op == IORING_OP_TIMEOUT && r->op_flags & IORING_TIMEOUT_MULTISHOT && (r->flags & IOSQE_CQE_SKIP_SUCCESS || !r->off || r->off > 3))
		return true;
	/* Numbers that may be descriptors of this process, and structures larger than any. */
	if ((r->op == IORING_OP_EPOLL_CTL && (r->thing != EPOLL || r->second != THING)) || (r->op == IORING_OP_OPENAT2 && r->len > 64))
		return true;
	/* Nothing to write, to a socket that has nobody to write to. */
	if (is_transfer(r->op) && !r->len && (r->thing == LISTENER || r->thing == UNCONNECTED || r->op_flags))
		return true;
	/* Which of several errors: not to wait, or not to be torn, comes before a place that no file has; memory for the vectors before their number. */
	if (r->op_flags & (RWF_NOWAIT | RWF_ATOMIC_FLAG) && r->off > 1000 && r->off != (uint64_t)-1)
		return true;
	if ((r->op == IORING_OP_READV_FIXED || r->op == IORING_OP_WRITEV_FIXED) && r->len > 1024)
		return true;
	/* A flag that only the kernel's own 32-bit calls may set reaches the socket there; and who peeks until all is there counts it many times. */
	if ((r->op_flags & 1U << 31 || !(~r->op_flags & (MSG_PEEK | MSG_WAITALL))) && (r->op == IORING_OP_RECVMSG || r->op == IORING_OP_RECV || is_send(r->op)))
		return true;
	/* To wait first is no matter for the kernel's own threads. */
	if (r->flags & IOSQE_ASYNC && r->ioprio)
		return true;
	/* How much of memory without an end goes out; and addresses, which are not the same on both sides. */
	if ((has_notification(r) && r->len > INT32_MAX) || (is_send(r->op) && r->memory == VECTORS && !(r->ioprio & IORING_SEND_VECTORIZED)))
		return true;
	/* Where direct I/O at the file's own position leaves that. */
	if (r->thing == FILE_DIRECT && is_transfer(r->op) && r->off == (uint64_t)-1)
		return true;
	/* A wild request of these could wait for or change what is not ours. */
	if ((r->op == IORING_OP_MADVISE && r->memory == NUMBER && r->addr) || (r->op == IORING_OP_SOCKET && r->personality))
		return true;
	return false;
}

enum {
	TREE = 1, PIPES = 2, MORE_PIPES = 4, SOCKETS = 8, STREAMS = 16, DATAGRAMS = 32, MEETING = 64, SIGNALS = 128, TABLE = 256, MESSAGES = 512,
	WORDS_OF_FUTEXES = 1024, DISK = 2048,
	ANY_SOCKETS = SOCKETS | STREAMS | DATAGRAMS,
};

static unsigned touches_thing(enum thing thing)
{
	switch (thing) {
	case FILE_RW:
	case FILE_RO:
	case DIRECTORY: return TREE;
	case PIPE_R:
	case PIPE_W: return PIPES;
	case PIPE2_R:
	case PIPE2_W: return MORE_PIPES;
	case SOCK_A:
	case SOCK_B: return SOCKETS;
	case TCP_A:
	case TCP_B: return STREAMS;
	case UDP_A:
	case UDP_B: return DATAGRAMS;
	case FILE_DIRECT: return DISK;
	case LISTENER:
	case UNCONNECTED: return MEETING;
	case EPOLL: return PIPES | MORE_PIPES | ANY_SOCKETS | MEETING | SIGNALS | MESSAGES;
	case EVENTFD: return SIGNALS;
	case OTHER_RING: return MESSAGES;
	default: return 0;
	}
}

/* Two requests of a step that are not linked may meet in any order: they must not touch the same thing. */
static unsigned touches(const struct request *r)
{
	unsigned what = touches_thing(r->thing) | touches_thing(r->other);

	if (r->memory == PATH || r->third == PATH)
		what |= TREE;
	if (r->op == IORING_OP_FILES_UPDATE)
		what |= TABLE | TREE;
	if (r->flags & IOSQE_FIXED_FILE && r->thing < CLOSED)
		what |= TABLE;
	if (r->op == IORING_OP_FUTEX_WAIT || r->op == IORING_OP_FUTEX_WAKE || r->op == IORING_OP_FUTEX_WAITV)
		what |= WORDS_OF_FUTEXES;
	return what;
}

/* The listener may have a connection: the engine leaves it to a thread to accept that. */
static bool may_meet;

/* Completes at once or waits for an event that does not come: no thread is in it that a cancellation could meet. */
static bool stays_put(const struct request *r)
{
	if (r->flags & (IOSQE_ASYNC | IOSQE_IO_DRAIN))
		return false;
	if (r->op == IORING_OP_POLL_ADD)
		return r->len == 0;
	if (r->op == IORING_OP_TIMEOUT)
		return r->addr == LATER && !r->op_flags;
	if (r->op == IORING_OP_ACCEPT)
		return !may_meet;
	return r->op == IORING_OP_NOP || r->op == IORING_OP_POLL_ADD || r->op == IORING_OP_RECV || r->op == IORING_OP_RECVMSG;
}

/* Ends soon, whatever else there is. */
static bool ends(const struct request *r)
{
	if (r->op == IORING_OP_TIMEOUT)
		return r->addr == SOON && !r->op_flags;
	return r->op != IORING_OP_EPOLL_CTL && r->op != IORING_OP_LINK_TIMEOUT && r->op != IORING_OP_MSG_RING && r->op != IORING_OP_WAITID &&
	       r->op != IORING_OP_FUTEX_WAIT && r->op != IORING_OP_FUTEX_WAITV && r->op != IORING_OP_POLL_ADD && !names_another(r) &&
	       !(touches(r) & ~(unsigned)(TREE | TABLE | DISK)) && !(r->op_flags & RWF_NOWAIT);
}

/* A timeout that counts completions. */
static bool counts(const struct request *r)
{
	return r->op == IORING_OP_TIMEOUT && (r->off || r->second != NUMBER) && !(r->op_flags & IORING_TIMEOUT_MULTISHOT);
}

static bool fits(const struct request *requests, int n, const struct request *r, bool linked)
{
	/* Cancelling is determined only for what cannot have completed, and for others than itself: linked steps leave it out. */
	if (names_another(r) && (r->addr == (uint64_t)(n + 1) || linked || r->flags & (IOSQE_ASYNC | IOSQE_IO_DRAIN)))
		return false;
	/* In a link the kernel's own threads may have it, which do not wait; and a closed descriptor's number is there for the next. */
	if (linked && (r->ioprio || r->op == IORING_OP_CLOSE || ((r->op_flags & (MSG_WAITALL | MSG_ERRQUEUE) || !r->len) && touches(r) & ANY_SOCKETS) ||
		        (r->op_flags & RWF_NOWAIT && is_transfer(r->op)) || r->op == IORING_OP_EPOLL_WAIT))
		return false;
	/* Behind a silent timeout, or two silent ones, the kernel may leave the rest of a link until the next submission. */
	if (linked && n && requests[n - 1].flags & IOSQE_CQE_SKIP_SUCCESS &&
	    (requests[n - 1].op == IORING_OP_TIMEOUT || (n > 1 && requests[n - 2].flags & IOSQE_CQE_SKIP_SUCCESS)))
		return false;
	/* The kernel's futexes end a wait that is cancelled as one that went well: the link goes on. */
	if (linked && (r->op == IORING_OP_FUTEX_WAIT || r->op == IORING_OP_FUTEX_WAITV))
		return false;
	/* A guard that is over before it begins, one of a silent request, and one of what the kernel's own threads may have by then. */
	if (r->op == IORING_OP_LINK_TIMEOUT && (n > 1 || r->addr == LONG_AGO || (n && requests[n - 1].flags & IOSQE_CQE_SKIP_SUCCESS)))
		return false;
	/* A guard that runs out while the disk or a thread of the kernel's takes its time. */
	if (r->op == IORING_OP_LINK_TIMEOUT && r->addr == SOON && n && !stays_put(&requests[n - 1]))
		return false;
	if (has_notification(r) && r->flags & IOSQE_IO_DRAIN)
		return false;
	for (int i = 0; i < n; i++)
		if ((has_notification(r) && requests[i].flags & IOSQE_IO_DRAIN) || (has_notification(&requests[i]) && r->flags & IOSQE_IO_DRAIN))
			return false;
	/* A drain waits for everything before it, and holds back what would cancel that. */
	if (r->flags & IOSQE_IO_DRAIN && linked)
		return false;
	for (int i = 0; i < n; i++)
		if ((r->flags & IOSQE_IO_DRAIN && !ends(&requests[i])) || (requests[i].flags & IOSQE_IO_DRAIN && !ends(r)))
			return false;
	if (r->flags & IOSQE_IO_DRAIN && !ends(r))
		return false;
	/* Two clocks that run out at the same time. */
	if (n && r->op == IORING_OP_LINK_TIMEOUT && requests[n - 1].op == IORING_OP_TIMEOUT)
		return false;
	if (counts(r) && n)
		return false;
	for (int i = 0; i < n && !linked; i++) {
		bool by_number = r->op != IORING_OP_ASYNC_CANCEL || !r->op_flags;

		if (touches(&requests[i]) & touches(r))
			return false;
		if (names_another(r) && !(by_number && r->addr != (uint64_t)(i + 1)) && !stays_put(&requests[i]))
			return false;
		if (counts(&requests[i]))
			return false;
	}
	return true;
}

/* A poll that stays, and what it is to see. */
static int make_watched_step(struct request *requests)
{
	static const struct { enum thing watched, cause; uint8_t op; } ways[] = {
		{ PIPE_R, PIPE_W, IORING_OP_WRITE }, { SOCK_A, SOCK_B, IORING_OP_SEND }, { TCP_A, TCP_B, IORING_OP_SEND },
		{ UDP_A, UDP_B, IORING_OP_SEND }, { EVENTFD, EVENTFD, IORING_OP_WRITE }, { LISTENER, UNCONNECTED, IORING_OP_CONNECT },
		{ SOCK_A, SOCK_B, IORING_OP_SHUTDOWN },
	};
	unsigned way = below(sizeof(ways) / sizeof(ways[0]));
	struct request poll = { .op = IORING_OP_POLL_ADD, .thing = ways[way].watched, .other = NEGATIVE, .op_flags = POLLIN };
	struct request cause = { .op = ways[way].op, .thing = ways[way].cause, .other = NEGATIVE };

	poll.len = one_in(4) ? 0 : IORING_POLL_ADD_MULTI;
	poll.op_flags |= one_in(4) ? POLLRDHUP : 0;
	cause.memory = cause.op == IORING_OP_CONNECT ? NAME : cause.op == IORING_OP_SHUTDOWN ? NUMBER : BYTES;
	cause.len = cause.op == IORING_OP_CONNECT ? 0 : cause.op == IORING_OP_SHUTDOWN ? SHUT_WR : 8;
	poll.flags = one_in(4) ? IOSQE_FIXED_FILE : 0;
	cause.flags = one_in(4) ? IOSQE_FIXED_FILE : 0;
	requests[0] = poll;
	requests[1] = cause;
	return 2;
}

int make_step(struct request *requests, const struct ring_kind *kind)
{
	int n = 0, wanted = 1 + (int)below(REQUESTS);
	bool linked = one_in(2);

	may_meet = kind->met;
	/* What is ready before has a completion of its own, with which the kernel counts another. */
	if (kind->is_new && one_in(8) && !(kind->flags & IORING_SETUP_IOPOLL))
		return make_watched_step(requests);

	/* Some steps have room for no more. */
	for (int tries = 0; n < wanted && (n == 0 || tries < 300); tries++) {
		struct request r = make_request(kind);

		/* From its first drain on a ring of the kernel's may leave anything to its threads, where it cannot be found at once. */
		if (kind->drained && names_another(&r))
			continue;
		if (is_left_to_chance(&r) || !fits(requests, n, &r, linked))
			continue;
		/* After a send that copies nothing the kernel may hold back for ever what comes after a drain; and of a hard link something
		 * may wait still. */
		if (has_notification(&r) ? kind->drained : (kind->notified || kind->hard) && r.flags & IOSQE_IO_DRAIN)
			continue;
		if (!kind->transfers && is_transfer(r.op) && r.thing == FILE_DIRECT)
			continue;
		/* The last one may turn out to be linked to the next step's first: the submission ends the link. */
		if (linked && n + 1 < wanted)
			r.flags |= one_in(4) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
		else if (!linked && r.op == IORING_OP_LINK_TIMEOUT && one_in(2))
			continue;
		requests[n++] = r;
	}
	return n;
}
