/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths, and the root's own attributes. Runs in the container half.
 *
 * What covers a path is ours, never something that the image could have put in its place (R13): for
 * directories one empty read-only tmpfs for all of them, for files a null device, known by its
 * numbers. The first use is attached and later ones are clones of it, since a clone can only be
 * taken of what is attached, and it brings its attributes along.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "init/init.h"

#define MASK_ATTRS ((uint64_t)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC))

static int clone_of(int fd, bool recursive)
{
	return mount_open_tree(fd, "",
			       OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
}

/* Opens what is to be covered; 1: it is not there, and need not be. */
static int open_path(struct init *in, const struct plan_op *op, const char *path, int *ret_fd,
		     struct error *err)
{
	_cleanup_close_ int own = -EBADF;
	int rootfd = init_root(in, &own);

	*ret_fd = rootfd < 0 ? rootfd : safe_open(rootfd, path, 0);
	if (*ret_fd >= 0)
		return 0;
	if ((*ret_fd == -ENOENT || *ret_fd == -ENOTDIR) && (op->flags & PLAN_OP_IGNORE_MISSING))
		return 1;
	return init_fail(err, *ret_fd, "openat2", path, "cannot open '%s'", path);
}

int new_tmpfs(uint64_t attrs)
{
	_cleanup_close_ int fs = mount_fsopen("tmpfs");
	int r = fs;

	if (r >= 0)
		r = mount_fsconfig_string(fs, "mode", "0755");
	if (r >= 0)
		r = mount_fsconfig_string(fs, "nr_inodes", "2");
	if (r >= 0)
		r = mount_fsconfig_string(fs, "size", "4k");
	if (r >= 0)
		r = mount_fsconfig_create(fs);
	return r < 0 ? r : mount_fsmount(fs, attrs);
}

int new_empty_tmpfs(void)
{
	return new_tmpfs(MASK_ATTRS | MOUNT_ATTR_NODEV);
}

/* The node that OP_DEVICE made, else the host's, which is still in view. */
static int new_null(struct init *in)
{
	_cleanup_close_ int host = -EBADF, tree = -EBADF;
	struct stat st;
	int r;

	if (in->null_fd < 0)
		host = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (in->null_fd < 0 && host < 0)
		return -errno;
	tree = clone_of(in->null_fd >= 0 ? in->null_fd : host, false);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return -ENODEV;
	/* Read-only does not keep anybody from writing to a device, but from changing its mode. */
	r = mount_set_attributes(tree, false, MASK_ATTRS, 0, mount_tree_propagation(in), -1);
	return r < 0 ? r : TAKE_FD(tree);
}

static int same_mask(int mask, const struct stat *st)
{
	struct stat other;

	return mask >= 0 && fstat(mask, &other) == 0 && other.st_dev == st->st_dev &&
	       other.st_ino == st->st_ino;
}

int op_mask(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int target = -EBADF, tree = -EBADF;
	bool directory, first;
	struct stat st;
	int r = open_path(in, op, path, &target, err);

	if (r != 0)
		return r < 0 ? r : 0;
	if (fstat(target, &st) < 0)
		return init_fail(err, -errno, "fstat", path, "cannot examine '%s'", path);
	directory = S_ISDIR(st.st_mode);
	if (directory && same_mask(in->empty_fd, &st))
		return 0; /* named twice */
	first = directory ? in->empty_fd < 0 : !in->null_is_mask;
	if (first)
		tree = directory ? new_empty_tmpfs() : new_null(in);
	else
		tree = clone_of(directory ? in->empty_fd : in->null_fd, false);
	if (tree < 0)
		return init_fail(err, tree, directory ? "fsopen" : "open_tree", path,
				 "cannot make the mask for '%s'", path);
	r = mount_move(tree, target);
	if (r < 0)
		return init_fail(err, r, "move_mount", path, "cannot mask '%s'", path);
	if (first && directory) {
		in->empty_fd = TAKE_FD(tree);
	} else if (first) {
		fd_close(in->null_fd);
		in->null_fd = TAKE_FD(tree);
		in->null_is_mask = true;
	}
	return 0;
}

/*
 * The mount that was filled meanwhile. OP_MOUNT has kept it: its name may lead elsewhere by now. These ops stand in
 * the order of the mounts, so it is the first that is left.
 */
static int make_filled_mount_readonly(struct init *in, const char *path, struct error *err)
{
	const struct plan_op *ops = plan_ops(in->plan);
	int r = -EBADF;

	for (uint32_t i = 0; i < in->index; i++) {
		const struct plan_arg_mount *arg = init_arg(in, &ops[i]);

		if (ops[i].type != OP_MOUNT || !(arg->flags & PLAN_MOUNT_READONLY_LATE) ||
		    in->opened[i] < 0)
			continue;
		r = mount_set_attributes(in->opened[i], false, MOUNT_ATTR_RDONLY, 0, 0, -1);
		in->opened[i] = fd_close(in->opened[i]);
		break;
	}
	return r < 0 ? init_fail(err, r, "mount_setattr", path,
				 "cannot make the mount at '%s' read-only", path)
		     : 0;
}

/*
 * Everything below becomes read-only as well: what a host's procfs carries, such as binfmt_misc, is
 * no less writable.
 */
int op_readonly(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int target = -EBADF, tree = -EBADF;
	int r;

	if (arg->flags & PLAN_PATH_REMOUNT)
		return make_filled_mount_readonly(in, path, err);
	r = open_path(in, op, path, &target, err);
	if (r != 0)
		return r < 0 ? r : 0;
	tree = clone_of(target, true);
	if (tree < 0)
		return init_fail(err, tree, "open_tree", path, "cannot clone '%s'", path);
	r = mount_set_attributes(tree, true, MOUNT_ATTR_RDONLY, 0, 0, -1);
	if (r < 0)
		return init_fail(err, r, "mount_setattr", path, "cannot make '%s' read-only", path);
	r = mount_move(tree, target);
	return r < 0 ? init_fail(err, r, "move_mount", path, "cannot make '%s' read-only", path)
		     : 0;
}

/* Propagation waits for the switch: pivot_root refuses a new root that is shared. */
int op_root_readonly(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_root_readonly *arg = init_arg(in, op);
	int r = 0;

	in->new_propagation = arg->propagation;
	in->new_propagation_recursive = arg->propagation_recursive;
	if (arg->attr_set)
		r = mount_set_attributes(in->root_fd, false, arg->attr_set, 0, 0, -1);
	return r < 0 ? init_fail(err, r, "mount_setattr", "/",
				 "cannot set the attributes of the container's root")
		     : 0;
}
