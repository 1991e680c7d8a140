/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpcopyup: a new tmpfs starts with what the directory below it holds. Runs in the container half,
 * before the tmpfs is attached. The content is the image's, so nothing is followed: every name is
 * opened below its directory by O_NOFOLLOW, and depth is bounded. Size is bounded by the tmpfs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "init/init.h"

enum { DEPTH_MAX = 64, NAMES_SIZE = 2048, VALUE_SIZE = 4096 };

struct kernel_dirent {
	uint64_t ino, offset;
	uint16_t length;
	unsigned char type;
	char name[];
};

/*
 * Those that the tmpfs takes. Of most it need not take all: a file without them permits no more than with them. A lost list
 * of access control would.
 */
static int copy_xattrs(int from, int to)
{
	char names[NAMES_SIZE], value[VALUE_SIZE];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n = fgetxattr(from, names + at, value, sizeof(value));

		if (n >= 0 && fsetxattr(to, names + at, value, (size_t)n, 0) == 0)
			continue;
		if (text_has_prefix(names + at, "system.posix_acl_"))
			return -errno;
	}
	return 0;
}

/* Owner first: chown clears the set-id bits and file capabilities. */
static int copy_metadata(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r;

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	(void)futimens(to, times);
	return r;
}

static int copy_content(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	_cleanup_close_ int from = openat(from_dir, name,
					  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
						  O_CLOEXEC),
			    to = -EBADF;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESTALE; /* swapped since it was looked at */
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_content(from, to);
	return r < 0 ? r : copy_metadata(from, to, &st);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t len = readlinkat(from_dir, name, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	if (symlinkat(text, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/*
 * Sockets, FIFOs, devices. Where nodes may not be made, they are left out, as their absence is what
 * the tmpfs would have shown.
 */
static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : -errno;
	return fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_directory(int from, int to, unsigned depth);

static int copy_subdirectory(int from_dir, int to_dir, const char *name, unsigned depth)
{
	_cleanup_close_ int from = openat(from_dir, name,
					  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
			    to = -EBADF;
	struct stat st;
	int r;

	if (from < 0 || fstat(from, &st) < 0 || mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = copy_directory(from, to, depth + 1);
	return r < 0 ? r : copy_metadata(from, to, &st);
}

static int copy_entry(int from_dir, int to_dir, const char *name, unsigned depth)
{
	struct stat st;

	if (STREQ(name, ".") || STREQ(name, ".."))
		return 0;
	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return copy_subdirectory(from_dir, to_dir, name, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(from_dir, to_dir, name);
	if (S_ISLNK(st.st_mode))
		return copy_link(from_dir, to_dir, name, &st);
	return copy_node(to_dir, name, &st);
}

static int copy_directory(int from, int to, unsigned depth)
{
	char buf[4096] __attribute__((aligned(8)));

	if (depth > DEPTH_MAX)
		return -ELOOP;
	for (;;) {
		long n = syscall(SYS_getdents64, from, buf, sizeof(buf));

		if (n <= 0)
			return n < 0 ? -errno : 0;
		for (long at = 0; at < n;) {
			const struct kernel_dirent *entry = (const void *)(buf + at);
			int r = copy_entry(from, to, entry->name, depth);

			if (r < 0)
				return r;
			at += entry->length;
		}
	}
}

int copy_up(int from_fd, int to_fd, struct error *err)
{
	_cleanup_close_ int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = from < 0 || to < 0 ? -errno : copy_directory(from, to, 0);

	if (r >= 0)
		return 0;
	init_fail(err, r, NULL, NULL, "cannot copy the covered directory into the new tmpfs");
	if (r == -EOPNOTSUPP)
		error_add_remedy(err, "a tmpfs of this kernel holds no access control list");
	if (r == -ENOSPC)
		error_add_remedy(err, "the size of the tmpfs is too small for its content");
	return r;
}
