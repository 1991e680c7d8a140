/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of the host, or of the container itself, at another place. Runs in the container half. The
 * source is a detached clone that was taken before the container's first mount (R2); only a source
 * that lies below an earlier mount of the same config is opened in its turn, and then by name
 * inside the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

static int open_late_source(struct init *in, const struct plan_arg_bind *arg)
{
	const char *source = init_string(in, arg->source);
	_cleanup_close_ int own = -EBADF, fd = -EBADF;
	int rootfd = init_root(in, &own);
	unsigned flags = OPEN_TREE_CLONE | AT_EMPTY_PATH;

	if (rootfd < 0)
		return rootfd;
	fd = safe_open(rootfd, source, arg->flags & PLAN_MOUNT_SRC_NOFOLLOW ? SAFE_NOFOLLOW : 0);
	if (fd < 0)
		return fd;
	return mount_open_tree(fd, "",
			       flags | (arg->flags & PLAN_MOUNT_RECURSIVE ? AT_RECURSIVE : 0));
}

/* Any other source was given its map before it was passed. */
static int map_ids(struct init *in, const struct plan_op *op, int tree, struct error *err)
{
	const struct plan_arg_bind *arg = init_arg(in, op);
	const char *source = init_string(in, arg->source);
	_cleanup_close_ int userns = op->fd;
	int r = mount_set_attributes(tree, arg->flags & PLAN_MOUNT_RIDMAP, MOUNT_ATTR_IDMAP, 0, 0,
				     userns);

	if (r < 0) {
		init_fail(err, r, "mount_setattr", source, "cannot id-map the mount of '%s'",
			  source);
		remedy_idmap(r, err);
	}
	return r;
}

/*
 * copy-symlink: the link is made again in the container. One that says the same is there already is
 * fine.
 */
static int copy_link(struct init *in, int link, const char *target, struct error *err)
{
	_cleanup_close_ int own = -EBADF, parent = -EBADF;
	int rootfd = init_root(in, &own);
	char text[PATH_MAX], there[PATH_MAX], name[256];
	ssize_t len = readlinkat(link, "", text, sizeof(text) - 1), n;

	if (len < 0)
		return init_fail(err, -errno, "readlinkat", target,
				 "cannot read the link that is to be copied to '%s'", target);
	text[len] = '\0';
	parent = rootfd < 0 ? rootfd : safe_open_parent(rootfd, target, true, 0755, name);
	if (parent < 0)
		return init_fail(err, parent, "openat2", target,
				 "cannot make the directory of '%s'", target);
	if (symlinkat(text, parent, name) == 0)
		return 0;
	if (errno == EEXIST) {
		n = readlinkat(parent, name, there, sizeof(there));
		if (n == len && memcmp(there, text, (size_t)len) == 0)
			return 0;
		errno = EEXIST;
	}
	return init_fail(err, -errno, "symlinkat", target, "cannot copy the link '%s' to '%s'",
			 text, target);
}

static int attach(struct init *in, const struct plan_arg_bind *arg, int *tree,
		  const struct stat *st, struct error *err)
{
	const struct init_attrs attrs = {
		.set = arg->attr_set,
		.clear = arg->attr_clear,
		.rec_set = arg->rec_attr_set,
		.rec_clear = arg->rec_attr_clear,
	};
	const char *path = init_string(in, arg->target);
	bool directory = S_ISDIR(st->st_mode);
	_cleanup_close_ int target = -EBADF;
	int r = mount_attrs_apply(*tree, &attrs, mount_tree_propagation(in));

	if (r < 0)
		return init_fail(err, r, "mount_setattr", path,
				 "cannot set the attributes of the mount at '%s'", path);
	target = mount_point_open(in, path, directory ? SAFE_MAKE_DIR : SAFE_MAKE_FILE,
				  directory ? 0755 : 0644, arg->flags & PLAN_MOUNT_DEST_NOFOLLOW,
				  procfs_is_root(*tree), NULL, err);
	if (target < 0)
		return target;
	r = mount_attach(*tree, target, path, err);
	if (r < 0)
		return r;
	if (arg->propagation)
		r = mount_set_attributes(*tree, arg->flags & PLAN_MOUNT_PROPAGATION_REC, 0, 0,
					 arg->propagation, -1);
	init_keep_attached(in, tree);
	return r < 0 ? init_fail(err, r, "mount_setattr", path,
				 "cannot set the propagation of the mount at '%s'", path)
		     : 0;
}

int op_bind(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_bind *arg = init_arg(in, op);
	const char *source = init_string(in, arg->source);
	_cleanup_close_ int tree = arg->flags & PLAN_MOUNT_SOURCE_LATE ? open_late_source(in, arg)
								       : init_source(in, op);
	struct stat st;

	if (tree == -ENOENT && (op->flags & PLAN_OP_IGNORE_MISSING))
		return 0;
	if (tree < 0) {
		init_fail(err, tree, "open_tree", source,
			  tree == -ENOENT ? "mount source '%s' does not exist"
					  : "cannot open mount source '%s'",
			  source);
		error_add_origin_member(err, init_string(in, op->origin), "source");
		return tree;
	}
	if (fstat(tree, &st) < 0)
		return init_fail(err, -errno, "fstat", source, "cannot examine mount source '%s'",
				 source);
	if (S_ISLNK(st.st_mode) && (arg->flags & PLAN_MOUNT_COPY_SYMLINK))
		return copy_link(in, tree, init_string(in, arg->target), err);
	if ((arg->flags & PLAN_MOUNT_SOURCE_LATE) && (arg->flags & PLAN_MOUNT_IDMAP)) {
		int r = map_ids(in, op, tree, err);

		if (r < 0)
			return r;
	}
	return attach(in, arg, &tree, &st, err);
}
