/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's cgroup2 tree: which mount it is, and where in it we are. Host half.
 *
 * /sys/fs/cgroup is a convention only: a hybrid host has cgroup2 beside the v1 hierarchies, and a container may have
 * it anywhere. mountinfo says where; the descriptor is then verified, since a mount may be hidden under another.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroups/host.h"
#include "cgroups/tree.h"
#include "knarr/kernel.h"

/* Copies a field of mountinfo, in which space, tab, newline and backslash are octal. */
static int copy_field(char *buf, size_t size, const char *field, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char c = field[i];

		if (c == '\\' && i + 3 < len && field[i + 1] >= '0' && field[i + 1] <= '3') {
			c = (char)((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
				   (field[i + 3] - '0'));
			i += 3;
		}
		if (used + 1 >= size)
			return -ENAMETOOLONG;
		buf[used++] = c;
	}
	buf[used] = '\0';
	return 0;
}

/* Field n (from 0) of a line. */
static const char *field(const char *line, const char *end, unsigned n, size_t *ret_len)
{
	const char *p = line;

	while (n-- && p < end) {
		p = memchr(p, ' ', (size_t)(end - p));
		p = p ? p + 1 : end;
	}
	*ret_len = 0;
	while (p + *ret_len < end && p[*ret_len] != ' ')
		(*ret_len)++;
	return p;
}

/* "ID PARENT MAJ:MIN ROOT POINT OPTIONS [TAGS...] - TYPE SOURCE OPTIONS" */
static bool parse_mount(const char *line, const char *end, struct host_mount *ret)
{
	const char *dash = line, *text;
	size_t len;

	do {
		dash = memchr(dash, ' ', (size_t)(end - dash));
		if (!dash || end - dash < 11)
			return false;
		dash++;
	} while (strncmp(dash, "- ", 2) != 0);
	if (strncmp(dash, "- cgroup2 ", 10) != 0)
		return false;
	text = field(line, end, 3, &len);
	if (copy_field(ret->root, sizeof(ret->root), text, len) < 0)
		return false;
	text = field(line, end, 4, &len);
	return copy_field(ret->point, sizeof(ret->point), text, len) == 0;
}

/* The usual place first, then a mount of the whole tree, then whatever there is. */
static int mount_rank(const struct host_mount *m)
{
	return (STREQ(m->point, "/sys/fs/cgroup") ? 2 : 0) + (STREQ(m->root, "/") ? 1 : 0);
}

size_t host_parse_mounts(const char *mountinfo, struct host_mount *ret, size_t max)
{
	size_t count = 0;

	for (const char *line = mountinfo; *line && count < max;) {
		const char *end = strchrnul(line, '\n');
		struct host_mount m;

		if (parse_mount(line, end, &m)) {
			size_t i = count++;

			for (; i > 0 && mount_rank(&ret[i - 1]) < mount_rank(&m); i--)
				ret[i] = ret[i - 1];
			ret[i] = m;
		}
		line = *end ? end + 1 : end;
	}
	return count;
}

int host_parse_own(const char *text, const char *mount_root, char *buf, size_t size)
{
	for (const char *line = text, *next; *line; line = next) {
		size_t len = strcspn(line, "\n"), skip = strlen(mount_root);

		next = line + len + (line[len] != '\0');
		if (strncmp(line, "0::/", 4) != 0)
			continue;
		line += 3;
		len -= 3;
		if (len > 10 && strncmp(line + len - 10, " (deleted)", 10) == 0)
			len -= 10;
		/* A mount of a part of the tree: the same place as seen through it. */
		if (!STREQ(mount_root, "/") && strncmp(line, mount_root, skip) == 0 &&
		    (line[skip] == '/' || len == skip)) {
			line += skip;
			len -= skip;
		}
		return text_format(buf, size, "%.*s", (int)(len ? len : 1), len ? line : "/");
	}
	return -ENOENT;
}

static int read_proc(int procfd, const char *name, char **ret)
{
	_cleanup_close_ int fd = procfs_open_file(procfd, name, O_RDONLY);

	return fd < 0 ? fd : io_read_fd(fd, 16u << 20, ret, NULL);
}

static int open_mount(const struct host_mount *m)
{
	_cleanup_close_ int fd = open(m->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	while (fstatfs(fd, &fs) < 0)
		if (errno != EINTR)
			return -errno;
	return fs.f_type == CGROUP2_SUPER_MAGIC ? TAKE_FD(fd) : -ENOENT;
}

int host_own_path(pid_t pid, const char *mount_root, char *buf, size_t size)
{
	_cleanup_close_ int procfd = procfs_open();
	_cleanup_free_ char *text = NULL;
	char name[40];
	int r;

	if (procfd < 0)
		return procfd;
	snprintf(name, sizeof(name), pid ? "%d/cgroup" : "self/cgroup", (int)pid);
	r = read_proc(procfd, name, &text);
	return r < 0 ? r : host_parse_own(text, mount_root, buf, size);
}

/*
 * The usual machine without mountinfo, whose private procfs is a fifth of a start's time: the root of the tree, which
 * is the one cgroup without cgroup.events, at the usual place.
 */
static int open_usual(struct cgroup_host *ret)
{
	const struct host_mount usual = { .root = "/", .point = "/sys/fs/cgroup" };
	_cleanup_close_ int fd = open_mount(&usual);

	if (fd < 0 || tree_has_file(fd, "cgroup.events"))
		return -ENOENT;
	ret->root_fd = TAKE_FD(fd);
	text_copy(ret->mount_point, sizeof(ret->mount_point), usual.point);
	text_copy(ret->mount_root, sizeof(ret->mount_root), usual.root);
	ret->unified = true;
	return 0;
}

int cgroup_host_open(struct cgroup_host *ret, struct error *err)
{
	_cleanup_close_ int procfd = -EBADF;
	_cleanup_free_ char *mountinfo = NULL;
	struct host_mount mounts[8];
	size_t count;
	int r;

	*ret = (struct cgroup_host){ .root_fd = -EBADF };
	if (open_usual(ret) == 0)
		return 0;
	procfd = procfs_open();
	r = procfd < 0 ? procfd : read_proc(procfd, "self/mountinfo", &mountinfo);
	if (r < 0)
		return error_set(err, -r, "cannot read the mounts of this process");
	count = host_parse_mounts(mountinfo, mounts, ARRAY_SIZE(mounts));
	for (size_t i = 0; i < count && ret->root_fd < 0; i++) {
		int fd = open_mount(&mounts[i]);

		if (fd < 0) {
			r = fd;
			continue;
		}
		ret->root_fd = fd;
		text_copy(ret->mount_point, sizeof(ret->mount_point), mounts[i].point);
		text_copy(ret->mount_root, sizeof(ret->mount_root), mounts[i].root);
		ret->unified = STREQ(mounts[i].point, "/sys/fs/cgroup");
	}
	/* A tree that cannot be seen from here is as good as none; one that fails at this moment is not. */
	if (ret->root_fd < 0 &&
	    (r == -EIO || r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -EINTR))
		return error_set(err, -r, "cannot open the cgroup2 tree");
	if (ret->root_fd < 0 && r < 0)
		ret->flaw = r;
	return 0;
}

int cgroup_own_path(const struct cgroup_host *host, char *buf, size_t size)
{
	return host_own_path(0, host->mount_root, buf, size);
}

void cgroup_host_close(struct cgroup_host *h)
{
	h->root_fd = fd_close(h->root_fd);
}
