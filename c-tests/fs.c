/* SPDX-License-Identifier: MIT */
/* Files by name and by descriptor: open, close, stat, rename, link, unlink, extended attributes, sync, sizes, advice. */
#include "test.h"

#include <linux/falloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* ---- open and close ------------------------------------------------------------------------------------------------------------ */

TEST(files_are_opened_and_closed)
{
	struct io_uring ring;
	char buf[8];
	int fd, dir;

	close(file_with_pattern("f", 8));
	SYS(mkdir("d", 0700));
	ring_up(&ring, 8, 0);
	io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, "f", O_RDONLY | O_CLOEXEC, 0);
	fd = run_one(&ring);
	CHECK_CMP(fd, >=, 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	read_all(fd, buf, 8);
	check_pattern(buf, 8, 0);
	io_uring_prep_close(sqe_of(&ring), fd);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(!fd_is_open(fd));
	io_uring_prep_close(sqe_of(&ring), fd);
	CHECK_EQ(run_one(&ring), -EBADF);
	/* Relative to a directory, created with a mode. */
	umask(0);
	dir = (int)SYS(open("d", O_PATH | O_DIRECTORY));
	io_uring_prep_openat(sqe_of(&ring), dir, "new", O_RDWR | O_CREAT | O_EXCL, 0640);
	fd = run_one(&ring);
	CHECK_CMP(fd, >=, 0);
	{
		struct stat st;

		SYS(stat("d/new", &st));
		CHECK_EQ(st.st_mode & 07777, 0640);
	}
	io_uring_prep_openat(sqe_of(&ring), dir, "new", O_RDWR | O_CREAT | O_EXCL, 0640);
	CHECK_EQ(run_one(&ring), -EEXIST);
	io_uring_prep_open(sqe_of(&ring), "f", O_RDONLY, 0);
	CHECK_CMP(run_one(&ring), >=, 0);
	io_uring_queue_exit(&ring);
}

TEST(bad_opens_are_refused_as_by_the_system_call)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	close(file_empty("f"));
	ring_up(&ring, 8, 0);
	io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, "missing", O_RDONLY, 0);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, "f/x", O_RDONLY, 0);
	CHECK_EQ(run_one(&ring), -ENOTDIR);
	io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, ".", O_RDWR, 0);
	CHECK_EQ(run_one(&ring), -EISDIR);
	io_uring_prep_openat(sqe_of(&ring), NO_FD, "f", O_RDONLY, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_openat(sqe_of(&ring), AT_FDCWD, (char *)8, O_RDONLY, 0);
	CHECK_EQ(run_one(&ring), -EFAULT);
	sqe = sqe_of(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "f", O_RDONLY, 0);
	sqe->buf_index = 1;
	CHECK_EQ(run_one(&ring), -EINVAL);
	sqe = sqe_of(&ring);
	io_uring_prep_openat(sqe, AT_FDCWD, "f", O_RDONLY, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(openat2_resolves_as_told)
{
	struct open_how how = { .flags = O_RDONLY };
	struct io_uring_sqe *sqe;
	struct io_uring ring;

	close(file_with_pattern("f", 8));
	SYS(symlink("f", "s"));
	ring_up(&ring, 8, 0);
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, "s", &how);
	CHECK_CMP(run_one(&ring), >=, 0);
	how.resolve = RESOLVE_NO_SYMLINKS;
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, "s", &how);
	CHECK_EQ(run_one(&ring), -ELOOP);
	how.resolve = RESOLVE_BENEATH;
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, "/dev/null", &how);
	CHECK_EQ(run_one(&ring), -EXDEV);
	how.resolve = 1ull << 40;
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, "f", &how);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_openat2(sqe_of(&ring), AT_FDCWD, "f", (struct open_how *)8);
	CHECK_EQ(run_one(&ring), -EFAULT);
	how = (struct open_how){ .flags = O_RDONLY };
	sqe = sqe_of(&ring);
	io_uring_prep_openat2(sqe, AT_FDCWD, "f", &how);
	sqe->len = 8;
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(the_ring_s_own_descriptor_cannot_be_closed_by_a_request)
{
	struct io_uring ring;

	ring_up(&ring, 8, 0);
	io_uring_prep_close(sqe_of(&ring), ring.ring_fd);
	CHECK_EQ(run_one(&ring), -EBADF);
	CHECK(fd_is_open(ring.ring_fd));
	io_uring_prep_close(sqe_of(&ring), -1);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_nop(sqe_of(&ring));
	CHECK_EQ(run_one(&ring), 0);
	io_uring_queue_exit(&ring);
}

/* ---- names --------------------------------------------------------------------------------------------------------------------- */

TEST(statx_tells_what_stat_tells)
{
	struct io_uring ring;
	struct statx stx;
	struct stat st;

	close(file_with_pattern("f", 4321));
	SYS(symlink("f", "s"));
	SYS(stat("f", &st));
	ring_up(&ring, 8, 0);
	memset(&stx, 0xff, sizeof(stx));
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "s", 0, STATX_BASIC_STATS, &stx);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(stx.stx_size, 4321);
	CHECK_EQ(stx.stx_ino, st.st_ino);
	CHECK_EQ(stx.stx_mode, st.st_mode);
	CHECK_EQ(stx.stx_mtime.tv_sec, st.st_mtim.tv_sec);
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "s", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(S_ISLNK(stx.stx_mode));
	/* A descriptor alone. */
	io_uring_prep_statx(sqe_of(&ring), (int)SYS(open("f", O_RDONLY)), "", AT_EMPTY_PATH, STATX_SIZE, &stx);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(stx.stx_size, 4321);
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "missing", 0, STATX_SIZE, &stx);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "f", 0, STATX_SIZE, (struct statx *)8);
	CHECK_EQ(run_one(&ring), -EFAULT);
	io_uring_prep_statx(sqe_of(&ring), AT_FDCWD, "f", 1 << 30, STATX_SIZE, &stx);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(names_are_renamed_linked_and_removed)
{
	struct io_uring ring;
	struct stat st;
	char target[16];
	int d;

	close(file_empty("a"));
	SYS(mkdir("d", 0700));
	d = (int)SYS(open("d", O_RDONLY | O_DIRECTORY));
	ring_up(&ring, 8, 0);
	io_uring_prep_rename(sqe_of(&ring), "a", "b");
	CHECK_EQ(run_one(&ring), 0);
	CHECK(!exists("a") && exists("b"));
	io_uring_prep_rename(sqe_of(&ring), "a", "c");
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_renameat(sqe_of(&ring), AT_FDCWD, "b", d, "b", 0);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(exists("d/b"));
	close(file_empty("x"));
	io_uring_prep_renameat(sqe_of(&ring), AT_FDCWD, "x", d, "b", RENAME_NOREPLACE);
	CHECK_EQ(run_one(&ring), -EEXIST);
	io_uring_prep_renameat(sqe_of(&ring), AT_FDCWD, "x", d, "b", 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);

	io_uring_prep_link(sqe_of(&ring), "x", "hard", 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_linkat(sqe_of(&ring), AT_FDCWD, "x", d, "hard", 0);
	CHECK_EQ(run_one(&ring), 0);
	SYS(stat("d/hard", &st));
	CHECK_EQ(st.st_nlink, 3);
	io_uring_prep_linkat(sqe_of(&ring), AT_FDCWD, "x", d, "hard", 0);
	CHECK_EQ(run_one(&ring), -EEXIST);

	io_uring_prep_symlink(sqe_of(&ring), "somewhere", "soft");
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_symlinkat(sqe_of(&ring), "elsewhere", d, "soft");
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(readlink("d/soft", target, sizeof(target)), 9);
	CHECK_MEM(target, "elsewhere", 9);
	io_uring_prep_symlink(sqe_of(&ring), "somewhere", "soft");
	CHECK_EQ(run_one(&ring), -EEXIST);

	io_uring_prep_mkdir(sqe_of(&ring), "e", 0700);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_mkdirat(sqe_of(&ring), d, "e", 0711);
	CHECK_EQ(run_one(&ring), 0);
	SYS(stat("d/e", &st));
	CHECK(S_ISDIR(st.st_mode));
	io_uring_prep_mkdir(sqe_of(&ring), "e", 0700);
	CHECK_EQ(run_one(&ring), -EEXIST);

	io_uring_prep_unlink(sqe_of(&ring), "e", 0);
	CHECK_EQ(run_one(&ring), -EISDIR);
	io_uring_prep_unlink(sqe_of(&ring), "e", AT_REMOVEDIR);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(!exists("e"));
	io_uring_prep_unlinkat(sqe_of(&ring), AT_FDCWD, "d", AT_REMOVEDIR);
	CHECK_EQ(run_one(&ring), -ENOTEMPTY);
	io_uring_prep_unlinkat(sqe_of(&ring), d, "soft", 0);
	CHECK_EQ(run_one(&ring), 0);
	CHECK(!exists("d/soft"));
	io_uring_prep_unlink(sqe_of(&ring), "missing", 0);
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_unlink(sqe_of(&ring), "x", 1 << 20);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(a_name_may_change_once_it_is_submitted)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	char name[8] = "first";

	ring_up(&ring, 8, 0);
	sqe = sqe_of(&ring);
	io_uring_prep_mkdir(sqe, name, 0700);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	submit(&ring, 1);
	memcpy(name, "other", 5);
	CHECK_EQ(reap(&ring).res, 0);
	CHECK(exists("first"));
	CHECK(!exists("other"));
	io_uring_queue_exit(&ring);
}

/* ---- extended attributes ------------------------------------------------------------------------------------------------------- */

TEST(extended_attributes_are_set_and_read)
{
	struct io_uring ring;
	char value[16];
	int fd = file_empty("f");

	if (setxattr("f", "user.probe", "x", 1, 0))
		test_skip("the file system of the temporary directory has no extended attributes: %s", strerror(errno));
	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_SETXATTR);
	io_uring_prep_setxattr(sqe_of(&ring), "user.one", "first", "f", 0, 5);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fsetxattr(sqe_of(&ring), fd, "user.two", "second", 0, 6);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fgetxattr(sqe_of(&ring), fd, "user.one", value, sizeof(value));
	CHECK_EQ(run_one(&ring), 5);
	CHECK_MEM(value, "first", 5);
	io_uring_prep_getxattr(sqe_of(&ring), "user.two", value, "f", sizeof(value));
	CHECK_EQ(run_one(&ring), 6);
	CHECK_MEM(value, "second", 6);
	/* The length alone, too little room, a missing name, a second creation. */
	io_uring_prep_getxattr(sqe_of(&ring), "user.two", NULL, "f", 0);
	CHECK_EQ(run_one(&ring), 6);
	io_uring_prep_getxattr(sqe_of(&ring), "user.two", value, "f", 3);
	CHECK_EQ(run_one(&ring), -ERANGE);
	io_uring_prep_fgetxattr(sqe_of(&ring), fd, "user.none", value, sizeof(value));
	CHECK_EQ(run_one(&ring), -ENODATA);
	io_uring_prep_fsetxattr(sqe_of(&ring), fd, "user.two", "again", XATTR_CREATE, 5);
	CHECK_EQ(run_one(&ring), -EEXIST);
	io_uring_prep_getxattr(sqe_of(&ring), "user.two", value, "missing", sizeof(value));
	CHECK_EQ(run_one(&ring), -ENOENT);
	io_uring_prep_fgetxattr(sqe_of(&ring), NO_FD, "user.two", value, sizeof(value));
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

/* ---- sync, size, advice ---------------------------------------------------------------------------------------------------------- */

TEST(files_are_synced_whole_and_in_part)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int fds[2], fd = file_with_pattern("f", 100000);

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_fsync(sqe_of(&ring), fd, 0);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fsync(sqe_of(&ring), fd, IORING_FSYNC_DATASYNC);
	CHECK_EQ(run_one(&ring), 0);
	sqe = sqe_of(&ring);
	io_uring_prep_fsync(sqe, fd, 0);
	sqe->off = 4096;
	sqe->len = 4096;
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_sync_file_range(sqe_of(&ring), fd, 8192, 4096, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fsync(sqe_of(&ring), fd, 1 << 10);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_sync_file_range(sqe_of(&ring), fd, 0, 0, 1 << 10);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_fsync(sqe_of(&ring), fds[0], 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_sync_file_range(sqe_of(&ring), fds[0], 0, 0, SYNC_FILE_RANGE_WRITE);
	CHECK_EQ(run_one(&ring), -ESPIPE);
	close(fd);
	io_uring_prep_fsync(sqe_of(&ring), fd, 0);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_queue_exit(&ring);
}

TEST(space_is_allocated_and_punched)
{
	struct io_uring ring;
	unsigned char buf[4096];
	struct stat st;
	int ro, fd = file_with_pattern("f", 16384);

	ring_up(&ring, 8, 0);
	io_uring_prep_fallocate(sqe_of(&ring), fd, 0, 0, 65536);
	CHECK_EQ(run_one(&ring), 0);
	SYS(fstat(fd, &st));
	CHECK_EQ(st.st_size, 65536);
	io_uring_prep_fallocate(sqe_of(&ring), fd, FALLOC_FL_KEEP_SIZE, 0, 131072);
	CHECK_EQ(run_one(&ring), 0);
	SYS(fstat(fd, &st));
	CHECK_EQ(st.st_size, 65536);
	io_uring_prep_fallocate(sqe_of(&ring), fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(pread(fd, buf, 4096, 4096), 4096);
	for (int i = 0; i < 4096; i++)
		CHECK_EQ(buf[i], 0);
	CHECK_EQ(pread(fd, buf, 4096, 8192), 4096);
	check_pattern(buf, 4096, 8192);
	ro = (int)SYS(open("f", O_RDONLY));
	io_uring_prep_fallocate(sqe_of(&ring), ro, 0, 0, 4096);
	CHECK_EQ(run_one(&ring), -EBADF);
	io_uring_prep_fallocate(sqe_of(&ring), fd, 0, 0, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(ftruncate_cuts_and_extends)
{
	struct io_uring ring;
	struct stat st;
	int ro, fd = file_with_pattern("f", 1000);

	ring_up(&ring, 8, 0);
	need_op(&ring, IORING_OP_FTRUNCATE);
	io_uring_prep_ftruncate(sqe_of(&ring), fd, 300);
	CHECK_EQ(run_one(&ring), 0);
	SYS(fstat(fd, &st));
	CHECK_EQ(st.st_size, 300);
	io_uring_prep_ftruncate(sqe_of(&ring), fd, 5000000000ll);
	CHECK_EQ(run_one(&ring), 0);
	SYS(fstat(fd, &st));
	CHECK_EQ(st.st_size, 5000000000ll);
	ro = (int)SYS(open("f", O_RDONLY));
	io_uring_prep_ftruncate(sqe_of(&ring), ro, 0);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_ftruncate(sqe_of(&ring), fd, -1);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_queue_exit(&ring);
}

TEST(advice_on_files_is_taken)
{
	struct io_uring ring;
	int fds[2], fd = file_with_pattern("f", 8192);

	pipe_up(fds);
	ring_up(&ring, 8, 0);
	io_uring_prep_fadvise(sqe_of(&ring), fd, 0, 4096, POSIX_FADV_WILLNEED);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fadvise64(sqe_of(&ring), fd, 0, 8192, POSIX_FADV_DONTNEED);
	CHECK_EQ(run_one(&ring), 0);
	io_uring_prep_fadvise(sqe_of(&ring), fd, 0, 4096, 77);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_fadvise(sqe_of(&ring), fds[0], 0, 4096, POSIX_FADV_NORMAL);
	CHECK_EQ(run_one(&ring), -ESPIPE);
	io_uring_queue_exit(&ring);
}

TEST(advice_on_memory_is_taken)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *area = (unsigned char *)pages(4 * page);
	struct io_uring ring;

	memset(area, 1, 4 * page);
	ring_up(&ring, 8, 0);
	io_uring_prep_madvise(sqe_of(&ring), area, page, MADV_DONTNEED);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(area[0], 0);
	CHECK_EQ(area[page], 1);
	io_uring_prep_madvise64(sqe_of(&ring), area + page, 2 * page, MADV_DONTNEED);
	CHECK_EQ(run_one(&ring), 0);
	CHECK_EQ(area[2 * page], 0);
	CHECK_EQ(area[3 * page], 1);
	io_uring_prep_madvise(sqe_of(&ring), area, page, 7777);
	CHECK_EQ(run_one(&ring), -EINVAL);
	io_uring_prep_madvise(sqe_of(&ring), area + 1, page, MADV_DONTNEED);
	CHECK_EQ(run_one(&ring), -EINVAL);
	SYS(munmap(area, page));
	io_uring_prep_madvise(sqe_of(&ring), area, page, MADV_DONTNEED);
	CHECK_EQ(run_one(&ring), -ENOMEM);
	io_uring_queue_exit(&ring);
}

TEST(a_chain_of_requests_builds_writes_and_publishes_a_file)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct answer a[3];
	char buf[8];
	int fd;

	ring_up(&ring, 8, 0);
	fd = file_empty("draft");
	sqe = sqe_of(&ring);
	io_uring_prep_write(sqe, fd, "content", 7, 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 1;
	sqe = sqe_of(&ring);
	io_uring_prep_fsync(sqe, fd, 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 2;
	sqe = sqe_of(&ring);
	io_uring_prep_rename(sqe, "draft", "final");
	sqe->user_data = 3;
	submit(&ring, 3);
	for (int i = 0; i < 3; i++) {
		a[i] = reap(&ring);
		/* A link's completions come in its order. */
		CHECK_EQ(a[i].data, i + 1);
	}
	CHECK_EQ(a[0].res, 7);
	CHECK_EQ(a[1].res, 0);
	CHECK_EQ(a[2].res, 0);
	fd = (int)SYS(open("final", O_RDONLY));
	read_all(fd, buf, 7);
	CHECK_MEM(buf, "content", 7);
	io_uring_queue_exit(&ring);
}
