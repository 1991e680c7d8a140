/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rootfs becomes a mount of our namespace. Runs in the container half, in the old root.
 *
 * First the old tree loses its way back to the host. Then the rootfs, a detached clone, is attached
 * on top of "/" itself: a name that is resolved from our root does not cross a mount on that very
 * root, so the old tree stays in view until OP_PIVOT, while pivot_root finds its new root below the
 * old one. The mount that carries it is private: nothing that is attached there is seen elsewhere.
 * Whoever enters the namespace from outside, however, starts on top of all that is mounted on "/".
 * Hooks do so and look for the rootfs at its path on the host; for them it is attached there.
 * Without a mount namespace of our own the host half has attached it (shared_root.c) and nothing is
 * done to the old tree.
 * The descriptor of the tree is from here on the root of all names (R1).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "init/init.h"

uint64_t mount_tree_propagation(const struct init *in)
{
	return in->old_propagation == MS_SHARED ? 0 : in->old_propagation;
}

static int detach_from_host(const struct init *in, const struct plan_arg_root *arg, int old,
			    struct error *err)
{
	int r = mount_set_attributes(old, arg->propagation_recursive, 0, 0, in->old_propagation,
				     -1);

	if (r >= 0 && in->old_propagation != MS_PRIVATE)
		r = mount_set_attributes(old, false, 0, 0, MS_PRIVATE, -1);
	if (r < 0) {
		init_fail(err, r, "mount_setattr", "/",
			  "cannot set the propagation of the old root");
		if (r == -EINVAL)
			error_add_remedy(
				err,
				"'/' is not a mount point: a container cannot be started from a chroot");
	}
	return r;
}

/*
 * The clone is a peer of the host's mount where that is shared. Even where the container's mounts
 * are to be shared, its own root must not be: what is mounted in it would appear in the rootfs
 * directory of the host.
 */
static int detach_tree(const struct init *in, int tree, const char *path, struct error *err)
{
	uint64_t propagation = mount_tree_propagation(in);
	int r;

	if (propagation)
		r = mount_set_attributes(tree, true, 0, 0, propagation, -1);
	else
		r = mount_set_attributes(tree, false, 0, 0, MS_PRIVATE, -1);
	if (r < 0)
		init_fail(err, r, "mount_setattr", path,
			  "cannot set the propagation of rootfs '%s'", path);
	return r;
}

struct place {
	uint64_t mount;
	struct init_inode inode;
};

static int identify(int fd, struct place *ret)
{
	struct stat st;
	int r = sys_mount_id(fd, &ret->mount);

	if (r >= 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r >= 0)
		ret->inode = (struct init_inode){ .dev = st.st_dev, .ino = st.st_ino };
	return r;
}

/* The directory that is the root of the mount in which fd stands: ".." leads out of it, or nowhere. */
static int mount_root_of(int fd)
{
	_cleanup_close_ int at = fcntl(fd, F_DUPFD_CLOEXEC, 3), parent = -EBADF;
	struct place here, above;
	int r = at < 0 ? -errno : identify(at, &here);

	while (r >= 0) {
		parent = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = parent < 0 ? -errno : identify(parent, &above);
		if (r >= 0 && (above.mount != here.mount || (above.inode.ino == here.inode.ino &&
							     above.inode.dev == here.inode.dev)))
			return TAKE_FD(at);
		fd_close(at);
		at = TAKE_FD(parent);
		here = above;
	}
	return r;
}

/* By the path that the host half opened; it must still lead to the same directory. */
static int attach_in_place(int tree, const char *path)
{
	_cleanup_close_ int place = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), carrier = -EBADF;
	struct stat st, there;
	int r;

	if (place < 0 || fstat(place, &there) < 0 || fstat(tree, &st) < 0)
		return -errno;
	if (st.st_dev != there.st_dev || st.st_ino != there.st_ino)
		return -ESTALE;
	carrier = mount_root_of(place);
	r = carrier < 0 ? carrier : mount_set_attributes(carrier, false, 0, 0, MS_PRIVATE, -1);
	return r < 0 ? r : mount_move(tree, place);
}

static int attach_over_root(struct init *in, int tree, int old)
{
	int r = mount_move(tree, old);

	in->attached_over_root = r >= 0;
	return r;
}

/* The other place is the second choice: whoever is root in the namespace may not be able to get to the path. */
static int attach_tree(struct init *in, const struct plan_arg_root *arg, int tree, int old,
		       struct error *err)
{
	const char *path = init_string(in, arg->path);
	bool in_place = arg->flags & PLAN_ROOT_IN_PLACE;
	int r = in_place ? attach_in_place(tree, path) : attach_over_root(in, tree, old);

	if (r < 0) {
		channel_debug(in, "rootfs attached at its second place (errno %d)", -r);
		r = in_place ? attach_over_root(in, tree, old) : attach_in_place(tree, path);
	}
	return r < 0 ? init_fail(err, r, "move_mount", path, "cannot attach rootfs '%s'", path) : 0;
}

/* Where there is none yet, or a link, mount_point.c looks again before each mount. */
static int remember_proc(struct init *in, struct error *err)
{
	int r = mount_point_proc(in->root_fd, &in->proc);

	if (r >= 0)
		return 0;
	init_fail(err, r, "openat2", "/proc", "cannot examine the container's /proc");
	mount_explain_closed_root(in->root_fd, err);
	return r;
}

static int take_over(struct init *in, const struct plan_arg_root *arg, int tree, struct error *err)
{
	_cleanup_close_ int old = init_open_slash();
	int r;

	if (old < 0)
		return init_fail(err, old, "open", "/", "cannot open the old root");
	if ((r = detach_from_host(in, arg, old, err)) < 0 ||
	    (r = detach_tree(in, tree, init_string(in, arg->path), err)) < 0)
		return r;
	return attach_tree(in, arg, tree, old, err);
}

int op_root(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_root *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int tree = init_source(in, op);
	struct stat st;
	int r;

	if (tree < 0)
		return init_fail(err, tree, "open_tree", path,
				 tree == -ENOENT ? "rootfs '%s' does not exist"
						 : "cannot open rootfs '%s'",
				 path);
	if (fstat(tree, &st) < 0)
		return init_fail(err, -errno, "fstat", path, "cannot examine rootfs '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return init_fail(err, -ENOTDIR, NULL, path, "rootfs '%s' is not a directory", path);
	in->old_propagation = arg->propagation ? arg->propagation : MS_SLAVE;
	in->no_pivot = arg->flags & PLAN_ROOT_NO_PIVOT;
	in->shared_mounts = arg->flags & PLAN_ROOT_SHARED;
	r = in->shared_mounts ? 0 : take_over(in, arg, tree, err);
	if (r < 0)
		return r;
	r = sys_mount_id(tree, &in->root_mount);
	if (r < 0)
		return init_fail(err, r, "statx", path, "cannot identify the mount of rootfs '%s'",
				 path);
	in->root = (struct init_inode){ .dev = st.st_dev, .ino = st.st_ino };
	in->root_fd = TAKE_FD(tree);
	return remember_proc(in, err);
}
