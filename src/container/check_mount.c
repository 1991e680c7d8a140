/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_mount: is there what a mount of the plan takes from the host, and does it fit where it goes? Host half; mounts
 * nothing.
 *
 * A directory goes on a directory, anything else on something else; what is missing in the rootfs is made, and fits.
 * Below an earlier mount lies what nobody knows before it is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/check_mount.h"
#include "knarr/kernel.h"

static const struct plan_arg_bind *bind_of(const struct plan_header *p, const struct plan_op *op)
{
	return op->type == OP_BIND ? plan_at(p, op->arg) : NULL;
}

static int stat_source(const struct plan_header *p, const struct plan_arg_bind *arg,
		       struct stat *ret)
{
	const char *path = plan_string(p, arg->source);
	int r = arg->flags & (PLAN_MOUNT_SRC_NOFOLLOW | PLAN_MOUNT_COPY_SYMLINK) ? lstat(path, ret)
										 : stat(path, ret);

	return r < 0 ? -errno : 0;
}

int check_mount_source(const struct plan_header *p, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_bind *arg = bind_of(p, op);
	const char *path;
	struct stat st;
	int r;

	/* Those inside the container cannot be known before; our own are made by then. */
	if (!arg || (arg->flags & (PLAN_MOUNT_NOTIFY | PLAN_MOUNT_SOURCE_LATE)))
		return 0;
	r = stat_source(p, arg, &st);
	if (r == 0)
		return 0;
	path = plan_string(p, arg->source);
	error_set(err, -r,
		  r == -ENOENT ? "mount source '%s' does not exist"
			       : "cannot open mount source '%s'",
		  path);
	error_add_origin_member(err, plan_string(p, op->origin), "source");
	return r;
}

static const char *target_of(const struct plan_header *p, const struct plan_op *op)
{
	if (op->type == OP_MOUNT)
		return plan_string(p, ((const struct plan_arg_mount *)plan_at(p, op->arg))->target);
	return op->type == OP_BIND ? plan_string(p, bind_of(p, op)->target) : NULL;
}

static bool is_covered(const struct plan_header *p, uint32_t before, const char *path)
{
	for (uint32_t i = 0; i < before; i++) {
		const char *target = target_of(p, &plan_ops(p)[i]);
		size_t len = target ? strlen(target) : 0;

		if (len > 1 && strncmp(path, target, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

const char *check_path_inside(int root, int fd, char buf[PATH_MAX])
{
	char name[32], top[PATH_MAX];
	ssize_t top_len, len;

	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", root);
	top_len = readlink(name, top, sizeof(top));
	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, buf, PATH_MAX - 1);
	if (top_len <= 0 || len < top_len || memcmp(buf, top, (size_t)top_len) != 0)
		return NULL;
	buf[len] = '\0';
	return top_len == 1 ? buf : buf + top_len;
}

/* 1: a directory, 0: something else, negative: nobody knows. */
static int source_is_directory(const struct plan_header *p, const struct plan_op *op)
{
	const struct plan_arg_bind *arg = bind_of(p, op);
	struct stat st;

	if (!arg || (arg->flags & PLAN_MOUNT_NOTIFY))
		return 1;
	if ((arg->flags & PLAN_MOUNT_SOURCE_LATE) || stat_source(p, arg, &st) < 0 ||
	    S_ISLNK(st.st_mode))
		return -1;
	return S_ISDIR(st.st_mode);
}

int check_mount_place(const struct plan_header *p, const struct plan_op *op, int root,
		      struct error *err)
{
	const char *target = target_of(p, op), *inside;
	uint32_t index = (uint32_t)(op - plan_ops(p));
	_cleanup_close_ int fd = -EBADF;
	char buf[PATH_MAX];
	struct stat st;
	int directory;

	if (!target || is_covered(p, index, target))
		return 0;
	fd = safe_open(root, target, 0);
	if (fd == -ENOTDIR) {
		error_fail(err, ERROR_CONFIG, ENOTDIR, "cannot make mount point '%s'", target);
		error_add_origin(err, plan_string(p, op->origin));
		return -EINVAL;
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	inside = check_path_inside(root, fd, buf);
	directory = source_is_directory(p, op);
	if (!inside || is_covered(p, index, inside) || directory < 0 ||
	    directory == S_ISDIR(st.st_mode))
		return 0;
	error_fail(err, ERROR_CONFIG, directory ? ENOTDIR : EISDIR,
		   directory
			   ? "mount point '%s' is not a directory"
			   : "mount point '%s' is a directory, what is to be mounted there is not",
		   target);
	error_add_origin(err, plan_string(p, op->origin));
	return -EINVAL;
}
