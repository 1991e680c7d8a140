/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open: descriptors for what the plan names on the host: namespaces, the rootfs, mount sources, device nodes. Host half.
 *
 * All are taken before the container half makes its first mount (R2), so that no mount of the container can redirect a
 * source. A detached clone is no part of any namespace yet; the container half attaches it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "knarr/namespaces.h"
#include "launch/launch_private.h"

static int open_join(const struct launch *l, struct plan_op *op, struct error *err)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_arg_join *arg = plan_at(p, op->arg);
	const char *path = plan_string(p, arg->path), *change;
	int r;

	if (!path[0]) {
		op->fd = fcntl(l->join_fd, F_DUPFD_CLOEXEC, 3);
		return op->fd >= 0 ? 0
				   : error_set(err, errno, "cannot pass the container's pidfd on");
	}
	for (enum spec_ns ns = 0; ns < NS_COUNT; ns++) {
		if (spec_ns_clone_flag(ns) != arg->nstype)
			continue;
		r = namespace_open(path, ns, &op->fd, err);
		change = plan_change_in(p, ns);
		return r < 0 || !change ? r : namespace_refuse_own(op->fd, ns, change, err);
	}
	return error_fail(err, ERROR_INTERNAL, 0, "unknown namespace type in the plan");
}

static int open_root(const struct launch *l, struct plan_op *op, struct error *err)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_arg_root *arg = plan_at(p, op->arg);
	const char *path = plan_string(p, arg->path);

	if (p->flags & PLAN_EXEC) {
		op->fd = fcntl(l->join_root, F_DUPFD_CLOEXEC, 3);
		return op->fd >= 0 ? 0
				   : error_set(err, errno, "cannot pass the container's root on");
	}
	op->fd =
		mount_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (op->fd >= 0)
		return 0;
	error_set(err, -op->fd,
		  op->fd == -ENOENT ? "rootfs '%s' does not exist" : "cannot open rootfs '%s'",
		  path);
	error_add_syscall(err, "open_tree");
	error_add_subject(err, path);
	return -err->code;
}

/* The maps of a mount as the plan has them, in the form that the namespaces folder takes. */
static int copy_maps(const struct plan_header *p, uint32_t offset, struct spec_id_maps *ret)
{
	const struct plan_id_maps *maps = plan_at(p, offset);

	ret->count = maps->count;
	ret->node = NULL;
	ret->items = mem_alloc_array(maps->count, sizeof(*ret->items));
	for (uint32_t i = 0; i < maps->count; i++)
		ret->items[i] = (struct spec_id_map){
			.container = maps->items[i].container,
			.host = maps->items[i].host,
			.size = maps->items[i].size,
		};
	return 0;
}

static int explain_idmap_failure(int r, const char *path, struct error *err)
{
	error_fail(err, ERROR_UNSUPPORTED, -r, "cannot id-map the mount of '%s'", path);
	error_add_syscall(err, "mount_setattr");
	error_add_subject(err, path);
	remedy_idmap(r, err);
	return -err->code;
}

/* The user namespace that the container joins, among what was opened already; -EBADF: none. */
static int joined_userns(const struct plan_header *p)
{
	const struct plan_op *ops = plan_ops(p);

	for (uint32_t i = 0; i < p->op_count; i++) {
		const struct plan_arg_join *arg = plan_at(p, ops[i].arg);

		if (ops[i].type == OP_JOIN && arg->nstype == CLONE_NEWUSER)
			return ops[i].fd;
	}
	return -EBADF;
}

/* A user namespace with the maps of the mount, else with those of the container. */
static int make_idmap_namespace(const struct plan_header *p, const struct plan_arg_bind *arg,
				const struct launch *l, struct error *err)
{
	struct spec_id_maps uids, gids;
	bool own = arg->uid_maps && arg->gid_maps;
	int userns;

	if (own) {
		copy_maps(p, arg->uid_maps, &uids);
		copy_maps(p, arg->gid_maps, &gids);
	} else {
		uids = l->spec->uid_maps;
		gids = l->spec->gid_maps;
	}
	userns = idmap_namespace(&uids, &gids, err);
	if (own) {
		free(uids.items);
		free(gids.items);
	}
	return userns;
}

static int apply_idmap(const struct plan_header *p, const struct plan_arg_bind *arg,
		       const struct launch *l, int tree, struct error *err)
{
	bool of_container = !(arg->uid_maps && arg->gid_maps);
	int joined = of_container && l->spec->uid_maps.count == 0 ? joined_userns(p) : -EBADF;
	_cleanup_close_ int made = joined < 0 ? make_idmap_namespace(p, arg, l, err) : -EBADF;
	int userns = joined < 0 ? made : joined, r;

	if (userns < 0)
		return userns;
	r = mount_set_attributes(tree, arg->flags & PLAN_MOUNT_RIDMAP, MOUNT_ATTR_IDMAP, 0, 0,
				 userns);
	return r < 0 ? explain_idmap_failure(r, plan_string(p, arg->source), err) : 0;
}

/* The tree is not there yet: the container half gets the user namespace whose maps it is to have. */
static int open_late_maps(struct launch *l, struct plan_op *op, const struct plan_arg_bind *arg,
			  struct error *err)
{
	if (!(arg->flags & PLAN_MOUNT_IDMAP))
		return 0;
	op->fd = make_idmap_namespace(l->plan.header, arg, l, err);
	return op->fd < 0 ? op->fd : 0;
}

/* Below a descriptor of the state directory, not by its path (R17). */
static int open_notify(struct launch *l, const char *path, struct plan_op *op, struct error *err)
{
	op->fd = mount_open_tree(l->notify_dir, "",
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return op->fd >= 0 ? 0 : error_set(err, -op->fd, "cannot clone the mount of '%s'", path);
}

/* copy-symlink: a source that is a link is passed as the link itself. Returns 1 if it was one. */
static int open_symlink(const char *path, struct plan_op *op)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISLNK(st.st_mode))
		return 0;
	op->fd = TAKE_FD(fd);
	return 1;
}

static int open_bind(struct launch *l, struct plan_op *op, struct error *err)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_arg_bind *arg = plan_at(p, op->arg);
	const char *path = plan_string(p, arg->source);
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (arg->flags & PLAN_MOUNT_NOTIFY)
		return open_notify(l, path, op, err);
	if ((arg->flags & PLAN_MOUNT_COPY_SYMLINK) && open_symlink(path, op))
		return 0;
	if (arg->flags & PLAN_MOUNT_RECURSIVE)
		flags |= AT_RECURSIVE;
	if (arg->flags & PLAN_MOUNT_SRC_NOFOLLOW)
		flags |= AT_SYMLINK_NOFOLLOW;
	op->fd = mount_open_tree(AT_FDCWD, path, flags);
	if (op->fd < 0) {
		error_set(err, -op->fd,
			  op->fd == -ENOENT ? "mount source '%s' does not exist"
					    : "cannot open mount source '%s'",
			  path);
		error_add_syscall(err, "open_tree");
		error_add_subject(err, path);
		error_add_origin_member(err, plan_string(p, op->origin), "source");
		return -err->code;
	}
	if (arg->flags & (PLAN_MOUNT_IDMAP | PLAN_MOUNT_RIDMAP))
		return apply_idmap(p, arg, l, op->fd, err);
	return 0;
}

static int open_device(const struct plan_header *p, struct plan_op *op, struct error *err)
{
	const struct plan_arg_device *arg = plan_at(p, op->arg);
	const char *path = plan_string(p, arg->path);
	struct stat st;

	if (!(arg->flags & PLAN_DEVICE_BIND))
		return 0;
	op->fd = mount_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (op->fd < 0) {
		error_set(err, -op->fd,
			  "cannot open device '%s' of the host, and no node can be made here",
			  path);
		error_add_subject(err, path);
		return -err->code;
	}
	if (fstat(op->fd, &st) < 0)
		return error_set(err, errno, "cannot examine device '%s'", path);
	if ((arg->type == 'c' && !S_ISCHR(st.st_mode)) ||
	    (arg->type == 'b' && !S_ISBLK(st.st_mode)) ||
	    st.st_rdev != makedev(arg->major, arg->minor))
		return error_fail(err, ERROR_CONFIG, 0,
				  "'%s' of the host is not the device %c %u:%u", path,
				  (char)arg->type, arg->major, arg->minor);
	return 0;
}

/* One descriptor a source: a config with thousands of mounts needs more than the usual soft limit. */
static void raise_fd_limit(struct launch *l, uint32_t ops)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	l->nofile = limit; /* the container gets what the caller had */
	if (ops < 512)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_source(struct launch *l, struct plan_op *op, struct error *err)
{
	const struct plan_header *p = l->plan.header;

	switch (op->type) {
	case OP_JOIN:
		return open_join(l, op, err);
	case OP_ROOT:
		return open_root(l, op, err);
	case OP_BIND: {
		const struct plan_arg_bind *arg = plan_at(p, op->arg);

		return arg->flags & PLAN_MOUNT_SOURCE_LATE ? open_late_maps(l, op, arg, err)
							   : open_bind(l, op, err);
	}
	case OP_DEVICE:
		return open_device(p, op, err);
	case OP_GATE: {
		const struct plan_arg_gate *arg = plan_at(p, op->arg);

		if (arg->kind == PLAN_GATE_SOCKET)
			op->fd = l->gate_fd;
		return 0;
	}
	default:
		return 0;
	}
}

int launch_open_sources(struct launch *l, struct error *err)
{
	struct plan_header *p = l->plan.header;
	struct plan_op *ops = plan_ops(p);

	raise_fd_limit(l, p->op_count);
	for (uint32_t i = 0; i < p->op_count; i++) {
		int r;

		if (ops[i].flags & PLAN_OP_OPEN_HERE)
			continue;
		r = open_source(l, &ops[i], err);
		if (r >= 0)
			continue;
		error_add_step(err, plan_op_name(ops[i].type));
		error_add_origin(err, plan_string(p, ops[i].origin));
		if (r == -EMFILE)
			error_add_remedy(
				err,
				"the limit of open files (RLIMIT_NOFILE) is too low for this many mounts");
		return r;
	}
	return 0;
}

void launch_close_sources(struct launch *l)
{
	struct plan_op *ops = plan_ops(l->plan.header);

	for (uint32_t i = 0; i < l->plan.header->op_count; i++)
		if (ops[i].fd >= 0 && ops[i].type != OP_GATE)
			ops[i].fd = fd_close(ops[i].fd);
}
