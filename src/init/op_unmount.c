/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that go away again: those that "mounts remove" names, and what a failing "mounts add" has
 * attached so far. Runs in the container half.
 *
 * There is no umount by descriptor. What we attached is left through itself: "." of a process that
 * stands in it. What is named is left through its parent directory, which was resolved inside of
 * the root and is held, and by its last name, which is no link: a container can put no other mount
 * there, since a mount point cannot be renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

static int stand_in_parent(struct init *in, const char *path, char name[256])
{
	_cleanup_close_ int own = -EBADF, parent = -EBADF, target = -EBADF;
	uint64_t inside, outside;
	int rootfd = init_root(in, &own), r;

	if (rootfd < 0)
		return rootfd;
	parent = safe_open_parent(rootfd, path, false, 0, name);
	if (parent < 0)
		return parent;
	target = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return -errno;
	if ((r = sys_mount_id(parent, &outside)) < 0 || (r = sys_mount_id(target, &inside)) < 0)
		return r;
	if (inside == outside)
		return -EINVAL;
	return fchdir(parent) < 0 ? -errno : 0;
}

static int unmount_failed(const char *path, int r, const char *call, struct error *err)
{
	if (r == -EINVAL)
		return init_fail(err, r, NULL, path, "there is no mount at '%s' to remove", path);
	init_fail(err, r, call, path, "cannot remove the mount at '%s'", path);
	if (r == -EPERM)
		error_add_remedy(
			err,
			"a mount that came with the container's user namespace is locked in its place");
	return r;
}

/* All are examined before the first goes. */
static int examine(struct init *in, struct error *err)
{
	const struct plan_op *ops = plan_ops(in->plan);
	char name[256];

	for (uint32_t i = in->index; i < in->plan->op_count && ops[i].type == OP_UNMOUNT; i++) {
		const struct plan_arg_path *arg = init_arg(in, &ops[i]);
		const char *path = init_string(in, arg->path);
		int r = stand_in_parent(in, path, name);

		if (r < 0) {
			error_add_origin(err, init_string(in, ops[i].origin));
			return unmount_failed(path, r, "openat2", err);
		}
	}
	return 0;
}

int op_unmount(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	bool first = in->index == 0 || plan_ops(in->plan)[in->index - 1].type != OP_UNMOUNT;
	char name[256];
	int r = first ? examine(in, err) : 0;

	if (r < 0)
		return r;
	r = stand_in_parent(in, path, name);
	if (r >= 0 && umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		r = -errno;
	if (chdir("/") < 0 && r >= 0)
		r = -errno;
	return r < 0 ? unmount_failed(path, r, "umount2", err) : 0;
}

void init_keep_attached(struct init *in, int *tree)
{
	if (in->plan->flags & PLAN_MOUNTS)
		in->opened[in->index] = TAKE_FD(*tree);
}

/* A directory can be stood in; the mount of a file is left by the name in its held parent. */
static void undo_attached(struct init *in, int tree, const char *path, struct error *err)
{
	char name[256];
	int r = 0;

	if (fchdir(tree) == 0)
		r = umount2(".", MNT_DETACH) < 0 ? -errno : 0;
	else if ((r = stand_in_parent(in, path, name)) >= 0)
		r = umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
	if (r < 0)
		error_add_remedy(err, "the mount at '%s' stays (errno %d): remove it", path, -r);
}

void init_undo_mounts(struct init *in, struct error *err)
{
	const struct plan_op *ops = plan_ops(in->plan);

	if (!(in->plan->flags & PLAN_MOUNTS))
		return;
	for (uint32_t i = in->index + 1; i-- > 0;) {
		const struct plan_arg_mount *mount = init_arg(in, &ops[i]);
		const struct plan_arg_bind *bind = init_arg(in, &ops[i]);
		int tree = in->opened[i];

		in->opened[i] = -EBADF;
		if (tree < 0)
			continue;
		if (ops[i].type == OP_MOUNT)
			undo_attached(in, tree, init_string(in, mount->target), err);
		else if (ops[i].type == OP_BIND)
			undo_attached(in, tree, init_string(in, bind->target), err);
		fd_close(tree);
	}
	(void)chdir("/"); /* the process ends */
}
