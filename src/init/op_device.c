/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and links below /dev. Runs in the container half, by names in directories that are
 * held, never through a link. Where no node may be made (a user namespace), the host's node is
 * bound, and only if it is the very device.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/init.h"

static mode_t node_type(uint32_t type)
{
	return type == 'c' ? S_IFCHR : type == 'b' ? S_IFBLK : S_IFIFO;
}

static bool is_node(const struct stat *st, const struct plan_arg_device *arg)
{
	mode_t type = node_type(arg->type);

	return (st->st_mode & S_IFMT) == type &&
	       (type == S_IFIFO || st->st_rdev == makedev(arg->major, arg->minor));
}

/*
 * What is there already stays if it is the device, with the owner and mode that somebody gave it.
 */
static int check_existing(int parent, const char *name, const struct plan_arg_device *arg,
			  const char *path, struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return init_fail(err, -errno, "fstatat", path, "cannot examine '%s'", path);
	if (is_node(&st, arg))
		return 0;
	return init_fail(err, -EEXIST, "mknodat", path,
			 "'%s' is there already and is not the device %c %u:%u", path,
			 (char)arg->type, arg->major, arg->minor);
}

static int make_node(struct init *in, int parent, const char *name,
		     const struct plan_arg_device *arg, const char *path, struct error *err)
{
	_cleanup_close_ int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return init_fail(err, -errno, "openat", path, "cannot examine device '%s'", path);
	if (!is_node(&st, arg))
		return init_fail(err, -ESTALE, NULL, path,
				 "device '%s' was replaced while it was made", path);
	if ((st.st_uid != arg->uid || st.st_gid != arg->gid) &&
	    fchownat(fd, "", arg->uid, arg->gid, AT_EMPTY_PATH) < 0)
		return init_fail(err, -errno, "fchownat", path, "cannot give device '%s' to %u:%u",
				 path, arg->uid, arg->gid);
	/* Masked files are covered by a null device; this one is known to be one (R13). */
	if (in->null_fd < 0 && arg->type == 'c' && st.st_rdev == makedev(1, 3))
		in->null_fd = TAKE_FD(fd);
	return 0;
}

/* Devices keep no set-uid bits and are not executed, wherever the host had them (C11). */
static int bind_node(struct init *in, int tree, const struct plan_arg_device *arg, const char *path,
		     uint64_t more_attrs, struct error *err)
{
	const struct init_attrs attrs = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
						 more_attrs };
	_cleanup_close_ int target = -EBADF;
	struct stat st;
	int r;

	if (fstat(tree, &st) < 0)
		return init_fail(err, -errno, "fstat", path,
				 "cannot examine device '%s' of the host", path);
	if (!is_node(&st, arg)) {
		error_fail(err, ERROR_CONFIG, ENODEV, "'%s' of the host is not the device %c %u:%u",
			   path, (char)arg->type, arg->major, arg->minor);
		return -ENODEV;
	}
	r = mount_attrs_apply(tree, &attrs, mount_tree_propagation(in));
	if (r < 0)
		return init_fail(err, r, "mount_setattr", path,
				 "cannot set the attributes of device '%s'", path);
	target = mount_point_open(in, path, SAFE_MAKE_FILE, 0644, true, false, NULL, err);
	return target < 0 ? target : mount_attach(tree, target, path, err);
}

int op_device(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_device *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int own = -EBADF, parent = -EBADF, tree = init_source(in, op);
	char name[256];
	int rootfd, r;

	if (arg->flags & PLAN_DEVICE_BIND) {
		if (tree == -ENOENT && (op->flags & PLAN_OP_IGNORE_MISSING))
			return 0;
		if (tree < 0)
			return init_fail(
				err, tree, "open_tree", path,
				"cannot open device '%s' of the host, and no node can be made here",
				path);
		return bind_node(in, tree, arg, path, 0, err);
	}
	rootfd = init_root(in, &own);
	parent = rootfd < 0 ? rootfd : safe_open_parent(rootfd, path, true, 0755, name);
	if (parent < 0)
		return init_fail(err, parent, "openat2", path,
				 "cannot open the directory of device '%s'", path);
	if (mknodat(parent, name, node_type(arg->type) | (arg->mode & 07777),
		    makedev(arg->major, arg->minor)) == 0)
		return make_node(in, parent, name, arg, path, err);
	r = -errno;
	if (r == -EEXIST)
		return check_existing(parent, name, arg, path, err);
	if (r == -EPERM && in->root_fd >= 0) {
		fd_close(tree);
		tree = mount_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
		if (tree >= 0 && fallback_take(FALLBACK_DEVICE_NODE)) {
			channel_debug(in, "device '%s' cannot be made, binding the host's", path);
			/* The container's root may own the host's node: read-only, it can be used and not changed. */
			return bind_node(in, tree, arg, path, MOUNT_ATTR_RDONLY, err);
		}
	}
	return init_fail(err, r, "mknodat", path, "cannot make device '%s'", path);
}

int op_symlink(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_symlink *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int own = -EBADF, parent = -EBADF;
	int rootfd = init_root(in, &own);
	char name[256];

	parent = rootfd < 0 ? rootfd : safe_open_parent(rootfd, path, true, 0755, name);
	if (parent < 0)
		return init_fail(err, parent, "openat2", path,
				 "cannot open the directory of link '%s'", path);
	/* Images bring these names themselves. */
	if (symlinkat(init_string(in, arg->target), parent, name) < 0 && errno != EEXIST)
		return init_fail(err, -errno, "symlinkat", path, "cannot make link '%s'", path);
	return 0;
}
