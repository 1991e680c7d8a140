/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private procfs (R3). Runs in both halves. A write to a procfs file that somebody mounted over
 * or redirected is a lost label or a changed host, so files are reached only below an instance that
 * is attached nowhere, and every open is checked: procfs, the same mount, a regular file, no link
 * on the way.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

enum { PROC_ROOT_INO = 1 };

bool procfs_is(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == UAPI_PROC_MAGIC;
}

bool procfs_is_root(int fd)
{
	struct stat st;

	return procfs_is(fd) && fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INO;
}

static int open_new(void)
{
	_cleanup_close_ int fs = mount_fsopen("proc");
	int r;

	if (fs < 0)
		return fs;
	r = mount_fsconfig_create(fs);
	if (r < 0)
		return r;
	return mount_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Without AT_RECURSIVE a clone leaves behind whatever is mounted over parts of it. */
static int open_clone(void)
{
	_cleanup_close_ int fd =
		mount_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | AT_SYMLINK_NOFOLLOW);

	if (fd < 0)
		return fd;
	return procfs_is_root(fd) ? TAKE_FD(fd) : -ENOTSUP;
}

int procfs_open_attached(void)
{
	_cleanup_close_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return procfs_is_root(fd) ? TAKE_FD(fd) : -ENOTSUP;
}

int procfs_open(void)
{
	int fd = open_new();

	if (fd < 0)
		fd = open_clone();
	if (fd < 0 && fallback_take(FALLBACK_PRIVATE_PROCFS))
		fd = procfs_open_attached();
	return fd;
}

/*
 * "self" and "thread-self" are links whose text the kernel makes for the caller: digits, or digits
 * "/task/" digits.
 */
static int resolve_self(int procfd, const char *name, char *buf, size_t size)
{
	size_t len = strcspn(name, "/");
	char link[16];
	ssize_t n;

	if (!text_has_prefix(name, "self/") && !text_has_prefix(name, "thread-self/"))
		return text_format(buf, size, "%s", name);
	memcpy(link, name, len);
	link[len] = '\0';
	n = readlinkat(procfd, link, buf, size - 1);
	if (n < 0)
		return -errno;
	if (n == 0 || buf[0] < '1' || buf[0] > '9')
		return -ENOTSUP;
	return text_format(buf + n, size - (size_t)n, "%s", name + len);
}

int procfs_open_file(int procfd, const char *name, int oflags)
{
	_cleanup_close_ int path_fd = -EBADF, fd = -EBADF;
	char path[256];
	struct stat st;
	char *last;
	int r;

	r = resolve_self(procfd, name, path, sizeof(path));
	if (r < 0)
		return r;
	path_fd = safe_open(procfd, path, SAFE_BENEATH);
	if (path_fd < 0)
		return path_fd;
	if (fstat(path_fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || !procfs_is(path_fd))
		return -ENOTSUP;
	path_fd = fd_close(path_fd);
	/*
	 * Again for i/o, below the same parent: on an instance of our own there is nobody who could
	 * swap it.
	 */
	last = strrchr(path, '/');
	if (last) {
		*last++ = '\0';
		path_fd = safe_open(procfd, path, SAFE_BENEATH | SAFE_DIRECTORY);
		if (path_fd < 0)
			return path_fd;
	}
	fd = openat(last ? path_fd : procfd, last ? last : path,
		    oflags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return procfs_is(fd) ? TAKE_FD(fd) : -ENOTSUP;
}

int procfs_write(int procfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = procfs_open_file(procfd, name, O_WRONLY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = write(fd, text, len); /* one write: each is an order of its own to the kernel */
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

ssize_t procfs_read(int procfd, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = procfs_open_file(procfd, name, O_RDONLY);
	size_t len = 0;

	if (fd < 0)
		return fd;
	if (size == 0)
		return -ENOBUFS;
	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			if (len > 0 && buf[len - 1] == '\n')
				len--;
			buf[len] = '\0';
			return (ssize_t)len;
		}
		len += (size_t)n;
	}
	return -ENOBUFS;
}
