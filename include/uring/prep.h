/* SPDX-License-Identifier: MIT */
/*
 * Bodies of the helpers that fill an SQE: files, polls, timeouts, buffers,
 * messages. What all of them share is in inline.h, which includes this.
 */
#ifndef URING_PREP_H
#define URING_PREP_H

#ifndef URING_INLINE_H
#error "include <uring.h>: this is a part of it"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Read and write ---- */

URING_INLINE void io_uring_prep_readv(struct io_uring_sqe *sqe, int fd,
				      const struct iovec *iovecs,
				      unsigned nr_vecs, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READV, sqe, fd, iovecs, nr_vecs, offset);
}

URING_INLINE void io_uring_prep_readv2(struct io_uring_sqe *sqe, int fd,
				       const struct iovec *iovecs,
				       unsigned nr_vecs, __u64 offset, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_readv(sqe, fd, iovecs, nr_vecs, offset);
	sqe->rw_flags = flags;
}

URING_INLINE void io_uring_prep_readv_fixed(struct io_uring_sqe *sqe, int fd,
					    const struct iovec *iovecs,
					    unsigned nr_vecs, __u64 offset,
					    int flags, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_readv2(sqe, fd, iovecs, nr_vecs, offset, flags);
	sqe->opcode = IORING_OP_READV_FIXED;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_read_fixed(struct io_uring_sqe *sqe, int fd,
					   void *buf, unsigned nbytes,
					   __u64 offset, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ_FIXED, sqe, fd, buf, nbytes, offset);
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_writev(struct io_uring_sqe *sqe, int fd,
				       const struct iovec *iovecs,
				       unsigned nr_vecs, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITEV, sqe, fd, iovecs, nr_vecs, offset);
}

URING_INLINE void io_uring_prep_writev2(struct io_uring_sqe *sqe, int fd,
					const struct iovec *iovecs,
					unsigned nr_vecs, __u64 offset,
					int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_writev(sqe, fd, iovecs, nr_vecs, offset);
	sqe->rw_flags = flags;
}

URING_INLINE void io_uring_prep_writev_fixed(struct io_uring_sqe *sqe, int fd,
					     const struct iovec *iovecs,
					     unsigned nr_vecs, __u64 offset,
					     int flags, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_writev2(sqe, fd, iovecs, nr_vecs, offset, flags);
	sqe->opcode = IORING_OP_WRITEV_FIXED;
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_write_fixed(struct io_uring_sqe *sqe, int fd,
					    const void *buf, unsigned nbytes,
					    __u64 offset, int buf_index) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITE_FIXED, sqe, fd, buf, nbytes, offset);
	sqe->buf_index = (__u16)buf_index;
}

URING_INLINE void io_uring_prep_read(struct io_uring_sqe *sqe, int fd,
				     void *buf, unsigned nbytes, __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ, sqe, fd, buf, nbytes, offset);
}

/* Multishot reads always take their buffers from a group. */
URING_INLINE void io_uring_prep_read_multishot(struct io_uring_sqe *sqe, int fd,
					       unsigned nbytes, __u64 offset,
					       int buf_group) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_READ_MULTISHOT, sqe, fd, NULL, nbytes,
			 offset);
	sqe->buf_group = (__u16)buf_group;
	sqe->flags = IOSQE_BUFFER_SELECT;
}

URING_INLINE void io_uring_prep_write(struct io_uring_sqe *sqe, int fd,
				      const void *buf, unsigned nbytes,
				      __u64 offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WRITE, sqe, fd, buf, nbytes, offset);
}

URING_INLINE void io_uring_prep_splice(struct io_uring_sqe *sqe, int fd_in,
				       int64_t off_in, int fd_out,
				       int64_t off_out, unsigned int nbytes,
				       unsigned int splice_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SPLICE, sqe, fd_out, NULL, nbytes,
			 (__u64)off_out);
	sqe->splice_off_in = (__u64)off_in;
	sqe->splice_fd_in = fd_in;
	sqe->splice_flags = splice_flags;
}

URING_INLINE void io_uring_prep_tee(struct io_uring_sqe *sqe, int fd_in,
				    int fd_out, unsigned int nbytes,
				    unsigned int splice_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TEE, sqe, fd_out, NULL, nbytes, 0);
	sqe->splice_off_in = 0;
	sqe->splice_fd_in = fd_in;
	sqe->splice_flags = splice_flags;
}

/* ---- Files and directories ---- */

URING_INLINE void io_uring_prep_openat(struct io_uring_sqe *sqe, int dfd,
				       const char *path, int flags,
				       mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_OPENAT, sqe, dfd, path, mode, 0);
	sqe->open_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_openat_direct(struct io_uring_sqe *sqe, int dfd,
					      const char *path, int flags,
					      mode_t mode, unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat(sqe, dfd, path, flags, mode);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_open(struct io_uring_sqe *sqe, const char *path,
				     int flags, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_openat(sqe, __URING_AT_FDCWD, path, flags, mode);
}

URING_INLINE void io_uring_prep_open_direct(struct io_uring_sqe *sqe,
					    const char *path, int flags,
					    mode_t mode, unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat_direct(sqe, __URING_AT_FDCWD, path, flags, mode,
				    file_index);
}

URING_INLINE void io_uring_prep_openat2(struct io_uring_sqe *sqe, int dfd,
					const char *path,
					const struct open_how *how) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_OPENAT2, sqe, dfd, path,
			 (unsigned)sizeof(*how), uring_ptr_to_u64(how));
}

URING_INLINE void io_uring_prep_openat2_direct(struct io_uring_sqe *sqe,
					       int dfd, const char *path,
					       const struct open_how *how,
					       unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_openat2(sqe, dfd, path, how);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_close(struct io_uring_sqe *sqe, int fd)
	LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_CLOSE, sqe, fd, NULL, 0, 0);
}

/* A slot that exists: there is nothing to allocate here. */
URING_INLINE void io_uring_prep_close_direct(struct io_uring_sqe *sqe,
					     unsigned file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_close(sqe, 0);
	__io_uring_set_target_fixed_file(sqe, file_index);
}

/* The fd is an index into the registered files, whatever flags said before. */
URING_INLINE void io_uring_prep_fixed_fd_install(struct io_uring_sqe *sqe,
						 int fd, unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FIXED_FD_INSTALL, sqe, fd, NULL, 0, 0);
	sqe->flags = IOSQE_FIXED_FILE;
	__uring_sqe(sqe)->install_fd_flags = flags;
}

/* fds may be NULL for a removal of none; the slots start at offset. */
URING_INLINE void io_uring_prep_files_update(struct io_uring_sqe *sqe, int *fds,
					     unsigned nr_fds, int offset) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FILES_UPDATE, sqe, -1, fds, nr_fds,
			 (__u64)offset);
}

URING_INLINE void io_uring_prep_pipe(struct io_uring_sqe *sqe, int *fds,
				     int pipe_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_PIPE, sqe, 0, fds, 0, 0);
	__uring_sqe(sqe)->pipe_flags = (__u32)pipe_flags;
}

URING_INLINE void io_uring_prep_pipe_direct(struct io_uring_sqe *sqe, int *fds,
					    int pipe_flags,
					    unsigned int file_index) LIBURING_NOEXCEPT
{
	io_uring_prep_pipe(sqe, fds, pipe_flags);
	__uring_set_new_fixed_file(sqe, file_index);
}

URING_INLINE void io_uring_prep_fsync(struct io_uring_sqe *sqe, int fd,
				      unsigned fsync_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FSYNC, sqe, fd, NULL, 0, 0);
	sqe->fsync_flags = fsync_flags;
}

URING_INLINE void io_uring_prep_sync_file_range(struct io_uring_sqe *sqe,
						int fd, unsigned len,
						__u64 offset, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SYNC_FILE_RANGE, sqe, fd, NULL, len, offset);
	sqe->sync_range_flags = (__u32)flags;
}

/* The 64-bit length goes where an address would. */
URING_INLINE void io_uring_prep_fallocate(struct io_uring_sqe *sqe, int fd,
					  int mode, __u64 offset, __u64 len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FALLOCATE, sqe, fd, NULL, (unsigned)mode,
			 offset);
	sqe->addr = len;
}

#ifdef _GNU_SOURCE
URING_INLINE void io_uring_prep_ftruncate(struct io_uring_sqe *sqe, int fd,
					  loff_t len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FTRUNCATE, sqe, fd, NULL, 0, (__u64)len);
}
#endif

URING_INLINE void io_uring_prep_fadvise(struct io_uring_sqe *sqe, int fd,
					__u64 offset, __u32 len, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FADVISE, sqe, fd, NULL, len, offset);
	sqe->fadvise_advice = (__u32)advice;
}

/* The kernel takes the length from addr, and from len where addr is 0. */
URING_INLINE void io_uring_prep_fadvise64(struct io_uring_sqe *sqe, int fd,
					  __u64 offset, off_t len, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FADVISE, sqe, fd, NULL, 0, offset);
	sqe->addr = (__u64)len;
	sqe->fadvise_advice = (__u32)advice;
}

URING_INLINE void io_uring_prep_madvise(struct io_uring_sqe *sqe, void *addr,
					__u32 length, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MADVISE, sqe, -1, addr, length, 0);
	sqe->fadvise_advice = (__u32)advice;
}

/* Here it looks at off first, as addr is taken. */
URING_INLINE void io_uring_prep_madvise64(struct io_uring_sqe *sqe, void *addr,
					  off_t length, int advice) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MADVISE, sqe, -1, addr, 0, (__u64)length);
	sqe->fadvise_advice = (__u32)advice;
}

URING_INLINE void io_uring_prep_statx(struct io_uring_sqe *sqe, int dfd,
				      const char *path, int flags,
				      unsigned mask, struct statx *statxbuf) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_STATX, sqe, dfd, path, mask,
			 uring_ptr_to_u64(statxbuf));
	sqe->statx_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_unlinkat(struct io_uring_sqe *sqe, int dfd,
					 const char *path, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_UNLINKAT, sqe, dfd, path, 0, 0);
	__uring_sqe(sqe)->unlink_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_unlink(struct io_uring_sqe *sqe,
				       const char *path, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_unlinkat(sqe, __URING_AT_FDCWD, path, flags);
}

URING_INLINE void io_uring_prep_renameat(struct io_uring_sqe *sqe, int olddfd,
					 const char *oldpath, int newdfd,
					 const char *newpath,
					 unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_RENAMEAT, sqe, olddfd, oldpath,
			 (unsigned)newdfd, uring_ptr_to_u64(newpath));
	__uring_sqe(sqe)->rename_flags = flags;
}

URING_INLINE void io_uring_prep_rename(struct io_uring_sqe *sqe,
				       const char *oldpath, const char *newpath) LIBURING_NOEXCEPT
{
	io_uring_prep_renameat(sqe, __URING_AT_FDCWD, oldpath, __URING_AT_FDCWD,
			       newpath, 0);
}

URING_INLINE void io_uring_prep_mkdirat(struct io_uring_sqe *sqe, int dfd,
					const char *path, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MKDIRAT, sqe, dfd, path, mode, 0);
}

URING_INLINE void io_uring_prep_mkdir(struct io_uring_sqe *sqe,
				      const char *path, mode_t mode) LIBURING_NOEXCEPT
{
	io_uring_prep_mkdirat(sqe, __URING_AT_FDCWD, path, mode);
}

URING_INLINE void io_uring_prep_symlinkat(struct io_uring_sqe *sqe,
					  const char *target, int newdirfd,
					  const char *linkpath) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SYMLINKAT, sqe, newdirfd, target, 0,
			 uring_ptr_to_u64(linkpath));
}

URING_INLINE void io_uring_prep_symlink(struct io_uring_sqe *sqe,
					const char *target,
					const char *linkpath) LIBURING_NOEXCEPT
{
	io_uring_prep_symlinkat(sqe, target, __URING_AT_FDCWD, linkpath);
}

URING_INLINE void io_uring_prep_linkat(struct io_uring_sqe *sqe, int olddfd,
				       const char *oldpath, int newdfd,
				       const char *newpath, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LINKAT, sqe, olddfd, oldpath,
			 (unsigned)newdfd, uring_ptr_to_u64(newpath));
	__uring_sqe(sqe)->hardlink_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_link(struct io_uring_sqe *sqe,
				     const char *oldpath, const char *newpath,
				     int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_linkat(sqe, __URING_AT_FDCWD, oldpath, __URING_AT_FDCWD,
			     newpath, flags);
}

URING_INLINE void io_uring_prep_getxattr(struct io_uring_sqe *sqe,
					 const char *name, char *value,
					 const char *path, unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_GETXATTR, sqe, 0, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(path);
	__uring_sqe(sqe)->xattr_flags = 0;
}

URING_INLINE void io_uring_prep_setxattr(struct io_uring_sqe *sqe,
					 const char *name, const char *value,
					 const char *path, int flags,
					 unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_SETXATTR, sqe, 0, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->addr3 = uring_ptr_to_u64(path);
	__uring_sqe(sqe)->xattr_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_fgetxattr(struct io_uring_sqe *sqe, int fd,
					  const char *name, char *value,
					  unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FGETXATTR, sqe, fd, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->xattr_flags = 0;
}

URING_INLINE void io_uring_prep_fsetxattr(struct io_uring_sqe *sqe, int fd,
					  const char *name, const char *value,
					  int flags, unsigned int len) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FSETXATTR, sqe, fd, name, len,
			 uring_ptr_to_u64(value));
	__uring_sqe(sqe)->xattr_flags = (__u32)flags;
}

/* ---- Poll and epoll ---- */

/* The kernel reads the low half of the mask first, on every machine. */
URING_INLINE unsigned __io_uring_prep_poll_mask(unsigned poll_mask)
	LIBURING_NOEXCEPT
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	poll_mask = (poll_mask << 16) | (poll_mask >> 16);
#endif
	return poll_mask;
}

URING_INLINE void io_uring_prep_poll_add(struct io_uring_sqe *sqe, int fd,
					 unsigned poll_mask) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_ADD, sqe, fd, NULL, 0, 0);
	__uring_sqe(sqe)->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

URING_INLINE void io_uring_prep_poll_multishot(struct io_uring_sqe *sqe, int fd,
					       unsigned poll_mask) LIBURING_NOEXCEPT
{
	io_uring_prep_poll_add(sqe, fd, poll_mask);
	sqe->len = IORING_POLL_ADD_MULTI;
}

URING_INLINE void io_uring_prep_poll_remove(struct io_uring_sqe *sqe,
					    __u64 user_data) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
}

URING_INLINE void io_uring_prep_poll_update(struct io_uring_sqe *sqe,
					    __u64 old_user_data,
					    __u64 new_user_data,
					    unsigned poll_mask, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_POLL_REMOVE, sqe, -1, NULL, flags,
			 new_user_data);
	sqe->addr = old_user_data;
	__uring_sqe(sqe)->poll32_events = __io_uring_prep_poll_mask(poll_mask);
}

URING_INLINE void io_uring_prep_epoll_ctl(struct io_uring_sqe *sqe, int epfd,
					  int fd, int op,
					  const struct epoll_event *ev) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_EPOLL_CTL, sqe, epfd, ev, (unsigned)op,
			 (unsigned)fd);
}

URING_INLINE void io_uring_prep_epoll_wait(struct io_uring_sqe *sqe, int fd,
					   struct epoll_event *events,
					   int maxevents, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_EPOLL_WAIT, sqe, fd, events,
			 (unsigned)maxevents, 0);
	sqe->rw_flags = (int)flags;
}

/* ---- Timeouts and cancellation ---- */

URING_INLINE void io_uring_prep_timeout(struct io_uring_sqe *sqe,
					const struct __kernel_timespec *ts,
					unsigned count, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT, sqe, -1, ts, 1, count);
	sqe->timeout_flags = flags;
}

URING_INLINE void io_uring_prep_timeout_remove(struct io_uring_sqe *sqe,
					       __u64 user_data, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->timeout_flags = flags;
}

URING_INLINE void
io_uring_prep_timeout_update(struct io_uring_sqe *sqe,
			     const struct __kernel_timespec *ts,
			     __u64 user_data, unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_TIMEOUT_REMOVE, sqe, -1, NULL, 0,
			 uring_ptr_to_u64(ts));
	sqe->addr = user_data;
	sqe->timeout_flags = flags | IORING_TIMEOUT_UPDATE;
}

URING_INLINE void io_uring_prep_link_timeout(struct io_uring_sqe *sqe,
					     const struct __kernel_timespec *ts,
					     unsigned flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_LINK_TIMEOUT, sqe, -1, ts, 1, 0);
	sqe->timeout_flags = flags;
}

URING_INLINE void io_uring_prep_cancel64(struct io_uring_sqe *sqe,
					 __u64 user_data, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, -1, NULL, 0, 0);
	sqe->addr = user_data;
	sqe->cancel_flags = (__u32)flags;
}

URING_INLINE void io_uring_prep_cancel(struct io_uring_sqe *sqe,
				       const void *user_data, int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_cancel64(sqe, uring_ptr_to_u64(user_data), flags);
}

URING_INLINE void io_uring_prep_cancel_fd(struct io_uring_sqe *sqe, int fd,
					  unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_ASYNC_CANCEL, sqe, fd, NULL, 0, 0);
	sqe->cancel_flags = flags | IORING_ASYNC_CANCEL_FD;
}

/* ---- Buffers ---- */

/* The number of buffers goes where a descriptor would. */
URING_INLINE void io_uring_prep_provide_buffers(struct io_uring_sqe *sqe,
						void *addr, int len, int nr,
						int bgid, int bid) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_PROVIDE_BUFFERS, sqe, nr, addr,
			 (unsigned)len, (__u64)bid);
	sqe->buf_group = (__u16)bgid;
}

URING_INLINE void io_uring_prep_remove_buffers(struct io_uring_sqe *sqe, int nr,
					       int bgid) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_REMOVE_BUFFERS, sqe, nr, NULL, 0, 0);
	sqe->buf_group = (__u16)bgid;
}

/* ---- Messages to other rings, futexes, processes ---- */

URING_INLINE void io_uring_prep_msg_ring(struct io_uring_sqe *sqe, int fd,
					 unsigned int len, __u64 data,
					 unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_MSG_RING, sqe, fd, NULL, len, data);
	__uring_sqe(sqe)->msg_ring_flags = flags;
}

URING_INLINE void io_uring_prep_msg_ring_cqe_flags(struct io_uring_sqe *sqe,
						   int fd, unsigned int len,
						   __u64 data,
						   unsigned int flags,
						   unsigned int cqe_flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring(sqe, fd, len, data,
			       IORING_MSG_RING_FLAGS_PASS | flags);
	__uring_sqe(sqe)->file_index = cqe_flags;
}

URING_INLINE void io_uring_prep_msg_ring_fd(struct io_uring_sqe *sqe, int fd,
					    int source_fd, int target_fd,
					    __u64 data, unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring(sqe, fd, 0, data, flags);
	sqe->addr = IORING_MSG_SEND_FD;
	__uring_sqe(sqe)->addr3 = (__u64)source_fd;
	__uring_set_new_fixed_file(sqe, (unsigned)target_fd);
}

URING_INLINE void io_uring_prep_msg_ring_fd_alloc(struct io_uring_sqe *sqe,
						  int fd, int source_fd,
						  __u64 data,
						  unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_msg_ring_fd(sqe, fd, source_fd,
				  (int)IORING_FILE_INDEX_ALLOC, data, flags);
}

/* The futex's own flags (its size, whether it is private) go into fd. */
URING_INLINE void io_uring_prep_futex_wake(struct io_uring_sqe *sqe,
					   const uint32_t *futex, uint64_t val,
					   uint64_t mask, uint32_t futex_flags,
					   unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAKE, sqe, (int)futex_flags, futex, 0,
			 val);
	__uring_sqe(sqe)->futex_flags = flags;
	__uring_sqe(sqe)->addr3 = mask;
}

URING_INLINE void io_uring_prep_futex_wait(struct io_uring_sqe *sqe,
					   const uint32_t *futex, uint64_t val,
					   uint64_t mask, uint32_t futex_flags,
					   unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAIT, sqe, (int)futex_flags, futex, 0,
			 val);
	__uring_sqe(sqe)->futex_flags = flags;
	__uring_sqe(sqe)->addr3 = mask;
}

URING_INLINE void io_uring_prep_futex_waitv(struct io_uring_sqe *sqe,
					    const struct futex_waitv *futex,
					    uint32_t nr_futex,
					    unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_FUTEX_WAITV, sqe, 0, futex, nr_futex, 0);
	__uring_sqe(sqe)->futex_flags = flags;
}

URING_INLINE void io_uring_prep_waitid(struct io_uring_sqe *sqe,
				       idtype_t idtype, id_t id,
				       siginfo_t *infop, int options,
				       unsigned int flags) LIBURING_NOEXCEPT
{
	io_uring_prep_rw(IORING_OP_WAITID, sqe, (int)id, NULL,
			 (unsigned)idtype, uring_ptr_to_u64(infop));
	__uring_sqe(sqe)->waitid_flags = flags;
	__uring_sqe(sqe)->file_index = (__u32)options;
}

#ifdef __cplusplus
}
#endif

#endif
