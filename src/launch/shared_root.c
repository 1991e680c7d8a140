/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_root: the rootfs of a container without a mount namespace of its own. Host half.
 *
 * Such a container mounts in the caller's namespace. All of that goes below one mount, a clone of the rootfs on the rootfs
 * itself: it is private, so nothing mounted in it is seen in other namespaces, and to detach it undoes everything at once.
 * Its identity is known, and recorded, before it is attached anywhere; only the mount with this identity is ever detached.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/launch_private.h"

static int fail(struct error *err, int r, const char *call, const char *path, const char *sentence)
{
	error_set(err, -r, "%s '%s'", sentence, path);
	error_add_syscall(err, call);
	error_add_subject(err, path);
	return r;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* By the path that the tree was cloned from; it must still lead to the same directory, and not to our own root. */
static int open_place(int tree, const char *path)
{
	_cleanup_close_ int place = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st, there, root;

	if (place < 0 || fstat(place, &there) < 0 || fstat(tree, &st) < 0 ||
	    fstatat(AT_FDCWD, "/", &root, 0) < 0)
		return -errno;
	if (!is_same(&st, &there))
		return -ESTALE;
	return is_same(&there, &root) ? -EBUSY : TAKE_FD(place);
}

/* What is attached below a shared mount becomes shared: it is made private once more. */
int shared_root_attach(int tree, const char *path, struct error *err)
{
	_cleanup_close_ int place = open_place(tree, path);
	int r;

	if (place < 0)
		return fail(err, place, "open", path, "cannot attach rootfs");
	r = mount_move(tree, place);
	if (r < 0)
		return fail(err, r, "move_mount", path, "cannot attach rootfs");
	r = mount_set_attributes(tree, true, 0, 0, MS_PRIVATE, -1);
	return r < 0 ? fail(err, r, "mount_setattr", path, "cannot set the propagation of rootfs")
		     : 0;
}

/* The clone of a shared mount is its peer. */
int shared_root_prepare(int tree, const char *path, struct mount_identity *ret, struct error *err)
{
	int r = mount_set_attributes(tree, true, 0, 0, MS_PRIVATE, -1);

	if (r < 0)
		return fail(err, r, "mount_setattr", path, "cannot set the propagation of rootfs");
	r = mount_identity_of(tree, ret);
	return r < 0 ? fail(err, r, "statx", path, "cannot identify the mount of rootfs") : 0;
}

/* There is no umount by descriptor: we leave it through itself. */
static int detach(int fd)
{
	_cleanup_close_ int cwd = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (cwd < 0 || fchdir(fd) < 0)
		return -errno;
	r = mount_umount_detach_cwd();
	return fchdir(cwd) < 0 ? -errno : r;
}

static int explain_hidden(const char *path, const struct mount_identity *m, struct error *err)
{
	struct mount_identity here = { 0 };
	_cleanup_close_ int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0 && mount_identity_of(root, &here) >= 0 && m->mount_namespace &&
	    here.mount_namespace != m->mount_namespace) {
		error_fail(err, ERROR_CONFLICT, 0,
			   "rootfs '%s' was mounted in another mount namespace", path);
		error_add_remedy(
			err,
			"delete the container there, or with --force if that namespace is gone");
		return -EINVAL;
	}
	if (mount_identity_is_here(m) == 0)
		return 0;
	error_fail(err, ERROR_CONFLICT, EBUSY,
		   "what was mounted for the container on rootfs '%s' lies under another mount",
		   path);
	error_add_remedy(err, "unmount what was mounted there since");
	return -EBUSY;
}

/* 1: the path leads to another mount, which is not ours to take. */
static int detach_top(const char *path, const struct mount_identity *m, bool *ret_done)
{
	_cleanup_close_ int fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct mount_identity top;
	int r = fd < 0 ? -errno : mount_identity_of(fd, &top);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 1 : r;
	*ret_done = mount_identity_equal(&top, m);
	if (!*ret_done && mount_identity_carries(m, top.id) <= 0)
		return 1;
	return detach(fd);
}

/* What somebody in the container has mounted over its root comes off first. */
int shared_root_detach(const char *path, const struct mount_identity *m, struct error *err)
{
	bool done = m->id == 0;
	int r = 0;

	while (r == 0 && !done)
		r = detach_top(path, m, &done);
	if (r > 0)
		return explain_hidden(path, m, err);
	return r < 0 ? fail(err, r, "umount2", path, "cannot unmount rootfs") : 0;
}
