/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root switch. Runs in the container half. Before it, everything is done by descriptors below
 * the rootfs; after it, no descriptor of a host directory is left (R5), and "/" is checked to be
 * the mount that was planned.
 *
 * pivot_root(".", ".") stacks the old root on the new one, without a directory to put it in; it is
 * detached through the descriptor that was opened before. Where peers of the host's mounts were
 * kept, they are cut first: detaching would unmount the host's. In the caller's own mount namespace
 * there is nothing to detach, and the switch concerns this process alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

static int pivot(const struct init *in, int old, struct error *err)
{
	int r = sys_pivot_root(".", ".");

	if (r < 0) {
		init_fail(err, r, "pivot_root", "/", "cannot switch to the container's root");
		if (r == -EINVAL)
			error_add_remedy(
				err,
				"on a root that cannot be left, such as an initramfs, --no-pivot is needed");
		return r;
	}
	if (in->old_propagation == MS_SHARED) {
		r = mount_set_attributes(old, true, 0, 0, MS_SLAVE, -1);
		if (r < 0)
			return init_fail(err, r, "mount_setattr", "/",
					 "cannot cut the old root off from the host");
	}
	if (fchdir(old) < 0)
		return init_fail(err, -errno, "fchdir", "/", "cannot reach the old root");
	r = mount_umount_detach_cwd();
	return r < 0 ? init_fail(err, r, "umount2", "/", "cannot detach the old root") : 0;
}

/* The container's root is the current directory. */
static int enter_root(struct error *err)
{
	return chroot(".") < 0 ? init_fail(err, -errno, "chroot", "/",
					   "cannot switch to the container's root")
			       : 0;
}

static int move_and_chroot(struct init *in, int old, struct error *err)
{
	int r = in->attached_over_root ? 0 : mount_move(in->root_fd, old);

	if (r < 0)
		return init_fail(err, r, "move_mount", "/",
				 "cannot move the container's root to '/'");
	/* Now nothing of the old tree carries the container's. */
	r = old_tree_hide(in, old, err);
	if (r < 0)
		return r;
	if (fchdir(in->root_fd) < 0)
		return init_fail(err, -errno, "fchdir", "/", "cannot enter the container's root");
	return enter_root(err);
}

static int verify(const struct init *in, struct error *err)
{
	_cleanup_close_ int root = init_open_slash();
	uint64_t id = 0;
	struct stat st;
	int r;

	if (root < 0 || fstat(root, &st) < 0)
		return init_fail(err, -errno, "open", "/", "cannot examine the new root");
	r = sys_mount_id(root, &id);
	if (r < 0 || id != in->root_mount || st.st_dev != in->root.dev || st.st_ino != in->root.ino)
		return init_fail(err, -ESTALE, NULL, "/",
				 "the new root is not the mount that was planned");
	if (in->new_propagation) {
		r = mount_set_attributes(root, in->new_propagation_recursive, 0, 0,
					 in->new_propagation, -1);
		if (r < 0)
			return init_fail(err, r, "mount_setattr", "/",
					 "cannot set the propagation of the root");
	}
	return 0;
}

int op_pivot(struct init *in, const struct plan_op *op, struct error *err)
{
	_cleanup_close_ int old = -EBADF;
	int r;

	(void)op;
	old = init_open_slash();
	if (old < 0 || fchdir(in->root_fd) < 0)
		return init_fail(err, -errno, "fchdir", "/", "cannot enter the container's root");
	r = in->shared_mounts ? enter_root(err)
	    : in->no_pivot    ? move_and_chroot(in, old, err)
			      : pivot(in, old, err);
	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return init_fail(err, -errno, "chdir", "/", "cannot enter the container's root");
	r = verify(in, err);
	in->root_fd = fd_close(in->root_fd);
	in->null_fd = fd_close(in->null_fd);
	in->empty_fd = fd_close(in->empty_fd);
	return r;
}
