/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole reads and writes on descriptors, and small files below a directory descriptor. Runs in both halves; what
 * allocates is left out of the container half. Names are opened as they are: whoever opens below a root file system
 * wants kernel/safe_path.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"

int fd_close(int fd)
{
	int saved = errno;

	/* Linux frees the number even when close() says EINTR: never again. */
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -EBADF;
}

int io_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* As read(2), without EINTR. */
static ssize_t read_some(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int io_read_all(int fd, void *buf, size_t len)
{
	char *p = buf;

	while (len > 0) {
		ssize_t n = read_some(fd, p, len);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int io_write_text_at(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = -EBADF;
	size_t len = strlen(text);
	ssize_t n;

	fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0)
		return -errno;
	/* A kernel file takes one write as one order: the rest of a short one would be another order. */
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

ssize_t io_read_small_at(int dirfd, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = -EBADF;
	size_t len = 0;

	if (size == 0)
		return -ENOBUFS;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n = read_some(fd, buf + len, size - len);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -ENOBUFS;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return (ssize_t)len;
}

#ifndef KNARR_CONTAINER_HALF
int io_read_fd(int fd, size_t max, char **ret_buf, size_t *ret_len)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, cap = 4096;
	struct stat st;

	/* One byte more than a regular file holds, so that its end is seen without growing. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uint64_t)st.st_size <= max)
		cap = (size_t)st.st_size + 2;
	buf = mem_grow(NULL, cap, 1);
	for (;;) {
		ssize_t n = read_some(fd, buf + len, cap - len - 1);

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		if (len + 1 == cap) {
			buf = mem_grow(buf, cap, 2);
			cap *= 2;
		}
	}
	buf[len] = '\0';
	*ret_buf = TAKE_PTR(buf);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int io_read_file_at(int dirfd, const char *name, size_t max, char **ret_buf, size_t *ret_len)
{
	_cleanup_close_ int fd = -EBADF;

	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return io_read_fd(fd, max, ret_buf, ret_len);
}

/* A new file beside name; a leftover of a dead process that had our pid makes way. */
static int open_temporary(int dirfd, const char *temporary)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	fd = openat(dirfd, temporary, flags, 0600);
	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, temporary, 0) == 0)
		fd = openat(dirfd, temporary, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* ".NAME.PID" in the directory of NAME. */
static char *temporary_name(const char *name)
{
	const char *slash = strrchr(name, '/');
	int dir_len = slash ? (int)(slash - name) + 1 : 0;

	return text_printf("%.*s.%s.%d", dir_len, name, name + dir_len, (int)getpid());
}

static int stage_file(int dirfd, const char *name, mode_t mode, const void *buf, size_t len,
		      bool durable)
{
	_cleanup_free_ char *temporary = temporary_name(name);
	_cleanup_close_ int fd = open_temporary(dirfd, temporary);
	int r;

	if (fd < 0)
		return fd;
	r = io_write_all(fd, buf, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || (durable && fsync(fd) < 0)))
		r = -errno;
	/* Best effort: the failure before it is the one to tell. */
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return r;
}

int io_commit_at(int dirfd, const char *name)
{
	_cleanup_free_ char *temporary = temporary_name(name);
	int r = renameat(dirfd, temporary, dirfd, name) < 0 ? -errno : 0;

	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return r;
}

/*
 * rename(2) replaces the name in one step, so a reader sees the old bytes or the new ones. That is so after a power cut
 * as well only with the fsync before it, which a disk answers in milliseconds: for what outlives the boot.
 */
static int replace_file(int dirfd, const char *name, mode_t mode, const void *buf, size_t len,
			bool durable)
{
	int r = stage_file(dirfd, name, mode, buf, len, durable);

	return r < 0 ? r : io_commit_at(dirfd, name);
}

int io_stage_volatile_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len)
{
	return stage_file(dirfd, name, mode, buf, len, false);
}

int io_replace_file_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len)
{
	return replace_file(dirfd, name, mode, buf, len, true);
}

int io_replace_volatile_at(int dirfd, const char *name, mode_t mode, const void *buf, size_t len)
{
	return replace_file(dirfd, name, mode, buf, len, false);
}
#endif

bool io_may_be_given(int fd, const struct stat *st, uid_t caller)
{
	int flags = fcntl(fd, F_GETFL);

	if (S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode))
		return true;
	return S_ISREG(st->st_mode) && st->st_uid == caller && flags >= 0 &&
	       (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH);
}
