/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state root: one directory, opened once, below which every container has its own. Host half.
 *
 * Whoever can write here can plant records, sockets and filters, so the directory is verified on its
 * descriptor, after the open: a check on the path would speak about another directory a moment later.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/state.h"

int state_root_default(char *buf, size_t size)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	bool usable = runtime_dir && runtime_dir[0] == '/';
	uid_t euid = geteuid();

	if (euid != 0)
		return usable ? text_format(buf, size, "%s/knarr", runtime_dir)
			      : text_format(buf, size, "/run/user/%u/knarr", euid);
	/* Root of a login session has the variable as well, and shares containers with all of root. */
	if (usable && userns_is_initial() == 0)
		return text_format(buf, size, "%s/knarr", runtime_dir);
	return text_format(buf, size, "/run/knarr");
}

/* Absolute, without trailing slashes: O_NOFOLLOW has no effect on "link/". */
static int root_path(const char *path, char *buf, size_t size)
{
	int len;

	if (path[0] == '/') {
		len = text_format(buf, size, "%s", path);
	} else {
		_cleanup_free_ char *cwd = getcwd(NULL, 0);

		if (!cwd)
			return -errno;
		len = text_format(buf, size, "%s/%s", STREQ(cwd, "/") ? "" : cwd, path);
	}
	if (len < 0)
		return len;
	while (len > 1 && buf[len - 1] == '/')
		buf[--len] = '\0';
	return len;
}

static int make_parents(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		int r = 0;

		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			r = -errno;
		*p = '/';
		/* A parent that exists behind a denied one is found by the mkdir of the last component. */
		if (r < 0 && r != -EACCES && r != -EROFS && r != -EPERM)
			return r;
	}
	return 0;
}

static int make_root(char *path, struct error *err)
{
	int r;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	r = -errno;
	if (r == -ENOENT) {
		r = make_parents(path);
		if (r == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
			r = -errno;
	}
	if (r == 0)
		return 0;
	r = error_set(err, -r, "cannot make the state root '%s'", path);
	error_add_subject(err, path);
	error_add_syscall(err, "mkdir");
	error_add_remedy(err, "choose a directory you own with --root%s",
			 geteuid() ? ", or set XDG_RUNTIME_DIR" : "");
	return r;
}

static int verify_root(int fd, const char *path, struct error *err)
{
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "cannot examine the state root '%s'", path);
	if (st.st_uid != geteuid())
		r = error_fail(err, ERROR_PERMISSION, EPERM,
			       "the state root '%s' belongs to uid %u, not to uid %u", path,
			       st.st_uid, geteuid());
	else if (st.st_mode & (S_IWGRP | S_IWOTH))
		r = error_fail(err, ERROR_PERMISSION, EPERM,
			       "the state root '%s' is writable for others (mode %04o)", path,
			       (unsigned)(st.st_mode & 07777));
	if (r < 0) {
		error_add_subject(err, path);
		error_add_remedy(err, "use a directory that only you can write to");
	}
	return r;
}

int state_root_open(const char *path, bool make, struct state_root *ret, struct error *err)
{
	struct state_root root = { .fd = -EBADF };
	_cleanup_close_ int fd = -EBADF;
	char buf[sizeof(root.path)];
	int r;

	if (!path) {
		r = state_root_default(buf, sizeof(buf));
		if (r < 0)
			return error_set(err, -r, "the path of the default state root is too long");
	}
	r = root_path(path ? path : buf, root.path, sizeof(root.path));
	if (r < 0)
		return error_set(err, -r, "cannot make the state root '%s' an absolute path",
				 path ? path : buf);
	if (STREQ(root.path, "/"))
		return error_fail(err, ERROR_USAGE, 0, "the state root must not be '/'");
	if (make) {
		r = make_root(root.path, err);
		if (r < 0)
			return r;
	}
	fd = open(root.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT && !make && !path) {
			*ret = root;
			return 0;
		}
		if (errno == ENOENT)
			r = error_fail(err, ERROR_NOT_FOUND, ENOENT,
				       "the state root '%s' does not exist", root.path);
		else if (errno == ELOOP || errno == ENOTDIR)
			r = error_fail(err, ERROR_PERMISSION, errno,
				       "the state root '%s' is a link or no directory", root.path);
		else
			r = error_set(err, errno, "cannot open the state root '%s'", root.path);
		error_add_subject(err, root.path);
		return r;
	}
	r = verify_root(fd, root.path, err);
	if (r < 0)
		return r;
	root.fd = TAKE_FD(fd);
	*ret = root;
	return 0;
}

void state_root_close(struct state_root *r)
{
	r->fd = fd_close(r->fd);
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_container_entry(int fd, const struct dirent *e)
{
	struct stat st;

	if (e->d_name[0] == '.' || spec_check_id(e->d_name, NULL) < 0)
		return false;
	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int state_list(const struct state_root *root, char ***ret_ids, size_t *ret_count, struct error *err)
{
	char **ids = NULL;
	size_t count = 0, cap = 0;
	struct dirent *e;
	DIR *dir;
	int fd;

	*ret_ids = NULL;
	*ret_count = 0;
	if (root->fd < 0)
		return 0;
	/* A descriptor of its own: readdir moves the offset that dup'd descriptors share. */
	fd = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot list the state root '%s'", root->path);
	dir = fdopendir(fd);
	if (!dir) {
		int saved = errno;

		fd_close(fd);
		return error_set(err, saved, "cannot list the state root '%s'", root->path);
	}
	while ((e = readdir(dir))) {
		if (!is_container_entry(fd, e))
			continue;
		if (count == cap) {
			cap = cap ? 2 * cap : 32;
			ids = mem_grow(ids, cap, sizeof(*ids));
		}
		ids[count++] = mem_strdup(e->d_name);
	}
	closedir(dir);
	if (count)
		qsort(ids, count, sizeof(*ids), compare_ids);
	*ret_ids = ids;
	*ret_count = count;
	return 0;
}
