/* SPDX-License-Identifier: MIT */
/*
 * Bodies of the helpers for sockets and for the commands of drivers, and of
 * those that read what a multishot recvmsg has left in a buffer.
 */
#ifndef URING_PREP_NET_H
#define URING_PREP_NET_H

#ifndef URING_INLINE_H
#error "include <uring.h>: this is a part of it"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Network ---- */

URING_INLINE void io_uring_prep_accept(struct io_uring_sqe *sqe, int fd,
				       struct sockaddr *addr,
				       socklen_t *addrlen, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ACCEPT, sqe, fd, addr, 0,
			 uring_ptr_to_u64(addrlen));
	sqe->accept_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_accept_direct(struct io_uring_sqe *sqe, int fd,
					      struct sockaddr *addr,
					      socklen_t *addrlen, int flags,
					      unsigned int file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_multishot_accept(struct io_uring_sqe *sqe,
						 int fd, struct sockaddr *addr,
						 socklen_t *addrlen, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_accept(sqe, fd, addr, addrlen, flags);
	sqe->ioprio |= IORING_ACCEPT_MULTISHOT;
}

URING_INLINE void
io_uring_prep_multishot_accept_direct(struct io_uring_sqe *sqe, int fd,
				      struct sockaddr *addr, socklen_t *addrlen,
				      int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_multishot_accept(sqe, fd, addr, addrlen, flags);
	__uring_set_new_fixed_file(sqe, IORING_FILE_INDEX_ALLOC);
}

URING_INLINE void io_uring_prep_connect(struct io_uring_sqe *sqe, int fd,
					const struct sockaddr *addr,
					socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_CONNECT, sqe, fd, addr, 0, addrlen);
}

URING_INLINE void io_uring_prep_bind(struct io_uring_sqe *sqe, int fd,
				     const struct sockaddr *addr,
				     socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_BIND, sqe, fd, addr, 0, addrlen);
}

URING_INLINE void io_uring_prep_listen(struct io_uring_sqe *sqe, int fd,
				       int backlog) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LISTEN, sqe, fd, NULL, (unsigned)backlog, 0);
}

URING_INLINE void io_uring_prep_shutdown(struct io_uring_sqe *sqe, int fd,
					 int how) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SHUTDOWN, sqe, fd, NULL, (unsigned)how, 0);
}

URING_INLINE void io_uring_prep_socket(struct io_uring_sqe *sqe, int domain,
				       int type, int protocol,
				       unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SOCKET, sqe, domain, NULL,
			 (unsigned)protocol, (__u64)type);
	sqe->rw_flags = (int)flags;
}

URING_INLINE void io_uring_prep_socket_direct(struct io_uring_sqe *sqe,
					      int domain, int type,
					      int protocol, unsigned file_index,
					      unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_socket(sqe, domain, type, protocol, flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_socket_direct_alloc(struct io_uring_sqe *sqe,
						    int domain, int type,
						    int protocol,
						    unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_socket(sqe, domain, type, protocol, flags);
	__uring_set_new_fixed_file(sqe, IORING_FILE_INDEX_ALLOC);
}

/* The SQE holds 32 bits of the length of a send or receive. */
URING_INLINE void io_uring_prep_send(struct io_uring_sqe *sqe, int sockfd,
				     const void *buf, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SEND, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_send_bundle(struct io_uring_sqe *sqe,
					    int sockfd, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_send(sqe, sockfd, NULL, len, flags);
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
}

URING_INLINE void io_uring_prep_send_set_addr(struct io_uring_sqe *sqe,
					      const struct sockaddr *dest_addr,
					      __u16 addr_len) LIBURING_NOEXCEPT
{
	sqe->off = uring_ptr_to_u64(dest_addr);
	__uring_sqe(sqe)->addr_len = addr_len;
}

URING_INLINE void io_uring_prep_sendto(struct io_uring_sqe *sqe, int sockfd,
				       const void *buf, size_t len, int flags,
				       const struct sockaddr *addr,
				       socklen_t addrlen) LIBURING_NOEXCEPT
{
	io_uring_prep_send(sqe, sockfd, buf, len, flags);
	io_uring_prep_send_set_addr(sqe, addr, (__u16)addrlen);
}

URING_INLINE void io_uring_prep_send_zc(struct io_uring_sqe *sqe, int sockfd,
					const void *buf, size_t len, int flags,
					unsigned zc_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SEND_ZC, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
	sqe->ioprio = (__u16)zc_flags;
}

URING_INLINE void io_uring_prep_send_zc_fixed(struct io_uring_sqe *sqe,
					      int sockfd, const void *buf,
					      size_t len, int flags,
					      unsigned zc_flags,
					      unsigned buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_send_zc(sqe, sockfd, buf, len, flags, zc_flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_sendmsg(struct io_uring_sqe *sqe, int fd,
					const struct msghdr *msg,
					unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SENDMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

URING_INLINE void io_uring_prep_sendmsg_zc(struct io_uring_sqe *sqe, int fd,
					   const struct msghdr *msg,
					   unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_sendmsg(sqe, fd, msg, flags);
	sqe->opcode = IORING_OP_SENDMSG_ZC;
}

URING_INLINE void io_uring_prep_sendmsg_zc_fixed(struct io_uring_sqe *sqe,
						 int fd,
						 const struct msghdr *msg,
						 unsigned flags,
						 unsigned buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_sendmsg_zc(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECVSEND_FIXED_BUF;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_recv(struct io_uring_sqe *sqe, int sockfd,
				     void *buf, size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RECV, sqe, sockfd, buf, (__u32)len, 0);
	sqe->msg_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_recv_multishot(struct io_uring_sqe *sqe,
					       int sockfd, void *buf,
					       size_t len, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_recv(sqe, sockfd, buf, len, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

URING_INLINE void io_uring_prep_recvmsg(struct io_uring_sqe *sqe, int fd,
					struct msghdr *msg, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RECVMSG, sqe, fd, msg, 1, 0);
	sqe->msg_flags = flags;
}

URING_INLINE void io_uring_prep_recvmsg_multishot(struct io_uring_sqe *sqe,
						  int fd, struct msghdr *msg,
						  unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_recvmsg(sqe, fd, msg, flags);
	sqe->ioprio |= IORING_RECV_MULTISHOT;
}

/* ---- Multishot recvmsg: the parts of a filled buffer ---- */

/*
 * A buffer holds the header, then as much room for the name and for control
 * data as msgh asked for (used or not), then the payload.
 */

/* The header, or NULL when buf_len cannot even hold what stands before data. */
URING_INLINE struct io_uring_recvmsg_out *
io_uring_recvmsg_validate(void *buf, int buf_len, struct msghdr *msgh)
	LIBURING_NOEXCEPT
{
	size_t left = (size_t)buf_len;

	if (buf_len < 0 || left < sizeof(struct io_uring_recvmsg_out))
		return NULL;

	/* Taken off one by one: a sum of the lengths could wrap. */
	left -= sizeof(struct io_uring_recvmsg_out);
	if ((size_t)msgh->msg_namelen > left)
		return NULL;
	left -= (size_t)msgh->msg_namelen;
	if ((size_t)msgh->msg_controllen > left)
		return NULL;
	return (struct io_uring_recvmsg_out *)buf;
}

URING_INLINE void *io_uring_recvmsg_name(struct io_uring_recvmsg_out *o)
	LIBURING_NOEXCEPT
{
	return (void *)(o + 1);
}

URING_INLINE void *io_uring_recvmsg_payload(struct io_uring_recvmsg_out *o,
					    struct msghdr *msgh) LIBURING_NOEXCEPT
{
	return (void *)((unsigned char *)io_uring_recvmsg_name(o) +
			msgh->msg_namelen + msgh->msg_controllen);
}

/* What is left of buf_len after the parts before the payload; 0 if they fill it. */
URING_INLINE unsigned int
io_uring_recvmsg_payload_length(struct io_uring_recvmsg_out *o, int buf_len,
				struct msghdr *msgh) LIBURING_NOEXCEPT
{
	uintptr_t begin = (uintptr_t)io_uring_recvmsg_payload(o, msgh);
	uintptr_t end = (uintptr_t)o + (uintptr_t)buf_len;

	return buf_len < 0 || begin >= end ? 0 : (unsigned int)(end - begin);
}

/* The first control message, or NULL when there is none. */
URING_INLINE struct cmsghdr *
io_uring_recvmsg_cmsg_firsthdr(struct io_uring_recvmsg_out *o,
			       struct msghdr *msgh) LIBURING_NOEXCEPT
{
	if (o->controllen < sizeof(struct cmsghdr))
		return NULL;
	return (struct cmsghdr *)(void *)((unsigned char *)
						  io_uring_recvmsg_name(o) +
					  msgh->msg_namelen);
}

/* The control message after cmsg, or NULL when no whole one follows. */
URING_INLINE struct cmsghdr *
io_uring_recvmsg_cmsg_nexthdr(struct io_uring_recvmsg_out *o,
			      struct msghdr *msgh, struct cmsghdr *cmsg) LIBURING_NOEXCEPT
{
	unsigned char *first =
		(unsigned char *)io_uring_recvmsg_cmsg_firsthdr(o, msgh);
	size_t align = sizeof(size_t) - 1;
	size_t left, step, len = (size_t)cmsg->cmsg_len;

	if (!first || len < sizeof(struct cmsghdr))
		return NULL;

	/* Compared as sizes: no sum of an untrusted length can wrap. */
	left = o->controllen - (size_t)((unsigned char *)cmsg - first);
	if (len > left)
		return NULL;
	step = (len + align) & ~align;
	if (step > left || left - step < sizeof(struct cmsghdr))
		return NULL;
	left -= step;

	cmsg = (struct cmsghdr *)(void *)((unsigned char *)cmsg + step);
	len = (size_t)cmsg->cmsg_len;
	if (len > left || ((len + align) & ~align) > left)
		return NULL;
	return cmsg;
}

/* ---- Commands for a file's own driver ---- */

URING_INLINE void __io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int op,
					    __u32 cmd_op, int fd) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(op, sqe, fd, NULL, 0, 0);
	__uring_sqe(sqe)->cmd_op = cmd_op;
}

URING_INLINE void io_uring_prep_uring_cmd(struct io_uring_sqe *sqe, int cmd_op,
					  int fd) LIBURING_NOEXCEPT
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD, (__u32)cmd_op, fd);
}

URING_INLINE void io_uring_prep_uring_cmd128(struct io_uring_sqe *sqe,
					     int cmd_op, int fd) LIBURING_NOEXCEPT
{
	__io_uring_prep_uring_cmd(sqe, IORING_OP_URING_CMD128, (__u32)cmd_op,
				  fd);
}

URING_INLINE void io_uring_prep_cmd_sock(struct io_uring_sqe *sqe, int cmd_op,
					 int fd, int level, int optname,
					 void *optval, int optlen) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, cmd_op, fd);
	__uring_sqe(sqe)->level = (__u32)level;
	__uring_sqe(sqe)->optname = (__u32)optname;
	__uring_sqe(sqe)->optval = uring_ptr_to_u64(optval);
	__uring_sqe(sqe)->optlen = (__u32)optlen;
}

/* peer: 0 for the socket's own name, 1 for that of the other end. */
URING_INLINE void io_uring_prep_cmd_getsockname(struct io_uring_sqe *sqe,
						int fd,
						struct sockaddr *sockaddr,
						socklen_t *sockaddr_len,
						int peer) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, SOCKET_URING_OP_GETSOCKNAME, fd);
	sqe->addr = uring_ptr_to_u64(sockaddr);
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(sockaddr_len);
	__uring_sqe(sqe)->optlen = (__u32)peer;
}

URING_INLINE void io_uring_prep_cmd_discard(struct io_uring_sqe *sqe, int fd,
					    uint64_t offset, uint64_t nbytes) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_DISCARD, fd);
	sqe->addr = offset;
	__uring_sqe(sqe)->addr3 = nbytes;
}

URING_INLINE void io_uring_prep_cmd_zone_reset_all(struct io_uring_sqe *sqe,
						   int fd) LIBURING_NOEXCEPT
{
	io_uring_prep_uring_cmd(sqe, BLOCK_URING_CMD_ZONE_RESET_ALL, fd);
}

#ifdef __cplusplus
}
#endif

#endif
