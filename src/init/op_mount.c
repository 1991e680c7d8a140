/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new filesystem. Runs in the container half: fsopen, fsconfig word by word, fsmount with its
 * attributes, and only then is it attached, from descriptor to descriptor (R2). The kernel's own
 * words about a refused option go into the error.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "init/init.h"

enum {
	CONFIG_VALUE_MAX = 255,
	CONFIG_KEY_MAX = 64
}; /* fsconfig(2) takes strings of less than 256 bytes */

#define FSMOUNT_ATTRS                                                                              \
	((uint64_t)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
		    MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW))

struct filesystem {
	const struct plan_arg_mount *arg;
	const char *fstype, *source, *target, *origin;
	int target_fd;
	bool made;   /* the mount point */
	mode_t mode; /* of the directory it covers */
};

static int mount_failed(const struct filesystem *f, int fsfd, int r, const char *call,
			struct error *err)
{
	char message[256] = "";

	if (fsfd >= 0)
		mount_fs_message(fsfd, message, sizeof(message));
	init_fail(err, r, call, f->target, "cannot mount '%s' on '%s'%s%s", f->fstype, f->target,
		  message[0] ? ": " : "", message);
	if (r == -ENODEV) {
		error_add_remedy(err, "this kernel has no filesystem '%s'", f->fstype);
		error_add_origin_member(err, f->origin, "type");
	}
	return r;
}

/* "key=value" or "flag" */
static int configure_word(int fsfd, const char *word)
{
	const char *equals = strchr(word, '=');
	char key[CONFIG_KEY_MAX];

	if (!equals)
		return mount_fsconfig_flag(fsfd, word);
	if ((size_t)(equals - word) >= sizeof(key))
		return -EINVAL;
	memcpy(key, word, (size_t)(equals - word));
	key[equals - word] = '\0';
	return mount_fsconfig_string(fsfd, key, equals + 1);
}

static bool needs_old_call(const struct init *in, const struct filesystem *f)
{
	for (uint32_t i = 0; i < f->arg->data.count; i++) {
		const char *equals = strchr(plan_array_item(in->plan, &f->arg->data, i), '=');

		if (equals && strlen(equals + 1) > CONFIG_VALUE_MAX)
			return true;
	}
	return strlen(f->source) > CONFIG_VALUE_MAX;
}

static int configure(const struct init *in, const struct filesystem *f, int fsfd, struct error *err)
{
	char mode[16];
	int r = 0;

	if (f->source[0])
		r = mount_fsconfig_string(fsfd, "source", f->source);
	for (uint32_t i = 0; r >= 0 && i < f->arg->data.count; i++)
		r = configure_word(fsfd, plan_array_item(in->plan, &f->arg->data, i));
	if (r >= 0 && (f->arg->flags & PLAN_MOUNT_INHERIT_MODE) && !f->made) {
		(void)text_format(mode, sizeof(mode), "%o", (unsigned)f->mode & 07777);
		r = mount_fsconfig_string(fsfd, "mode", mode);
	}
	if (r < 0)
		return mount_failed(f, fsfd, r, "fsconfig", err);
	r = mount_fsconfig_create(fsfd);
	return r < 0 ? mount_failed(f, fsfd, r, "fsconfig", err) : 0;
}

static int make_filesystem(const struct init *in, const struct filesystem *f, uint64_t attrs,
			   struct error *err)
{
	_cleanup_close_ int fsfd = mount_fsopen(f->fstype);
	int r;

	if (fsfd < 0)
		return mount_failed(f, -1, fsfd, "fsopen", err);
	r = configure(in, f, fsfd, err);
	if (r < 0)
		return r;
	r = mount_fsmount(fsfd, attrs);
	return r < 0 ? mount_failed(f, fsfd, r, "fsmount", err) : r;
}

/* The words as one text, as mount(2) takes them. */
static int join_words(const struct init *in, const struct filesystem *f, char *data, size_t size,
		      struct error *err)
{
	size_t len = 0;

	for (uint32_t i = 0; i < f->arg->data.count; i++) {
		const char *word = plan_array_item(in->plan, &f->arg->data, i);
		size_t n = strlen(word);

		if (len + n + 2 > size)
			return init_fail(err, -E2BIG, NULL, f->target,
					 "the options of the mount at '%s' are longer than a page",
					 f->target);
		if (len > 0)
			data[len++] = ',';
		memcpy(data + len, word, n);
		len += n;
	}
	data[len] = '\0';
	return 0;
}

/*
 * In place, a directory of a tmpfs of ours: mounts on it as our current directory, and takes a detached clone of what
 * is then behind its name. No name of the container is looked up.
 */
static int mount_in_place(const struct filesystem *f, int place, const char *data,
			  struct error *err)
{
	_cleanup_close_ int dir = -EBADF, fd = -EBADF;
	uint64_t ours, made;
	int r;

	if (mkdirat(place, "m", 0700) < 0)
		return init_fail(err, -errno, "mkdirat", f->target,
				 "cannot make a place for the mount at '%s'", f->target);
	dir = openat(place, "m", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fchdir(dir) < 0)
		return init_fail(err, -errno, "fchdir", f->target,
				 "cannot enter the place for the mount at '%s'", f->target);
	if (mount(f->source[0] ? f->source : f->fstype, ".", f->fstype, 0, data) < 0)
		return mount_failed(f, -1, -errno, "mount", err);
	fd = openat(place, "m", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : sys_mount_id(place, &ours);
	if (r >= 0)
		r = sys_mount_id(fd, &made);
	if (r >= 0 && ours == made)
		r = -ESTALE;
	if (r >= 0)
		r = mount_open_tree(fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	return r < 0 ? init_fail(err, r, "open_tree", f->target, "cannot clone the mount for '%s'",
				 f->target)
		     : r;
}

/*
 * Options too long for fsconfig(2), such as overlay's layers, go through mount(2), which needs an attached place. It
 * is a private tmpfs that covers the mount point for a moment. What was mounted there goes on as a detached clone, so
 * that its attributes are set, and it is attached, by descriptors alone (R31).
 */
static int mount_by_old_call(const struct init *in, const struct filesystem *f, struct error *err)
{
	_cleanup_close_ int place = -EBADF, tree = -EBADF;
	char data[4096];
	int r = join_words(in, f, data, sizeof(data), err), left;

	if (r < 0)
		return r;
	place = new_tmpfs(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	r = place < 0 ? place : mount_move(place, f->target_fd);
	if (r < 0)
		return init_fail(err, r, "move_mount", f->target,
				 "cannot make a place for the mount at '%s'", f->target);
	r = mount_set_attributes(place, false, 0, 0, MS_PRIVATE, -1);
	if (r < 0)
		(void)init_fail(err, r, "mount_setattr", f->target,
				"cannot make a place for the mount at '%s'", f->target);
	else
		r = tree = mount_in_place(f, place, data, err);
	left = fchdir(place) < 0 ? -errno : mount_umount_detach_cwd();
	if (left >= 0 && chdir("/") < 0)
		left = -errno;
	if (r >= 0 && left < 0)
		r = init_fail(err, left, "umount2", f->target,
			      "cannot leave the place for the mount at '%s'", f->target);
	return r < 0 ? r : TAKE_FD(tree);
}

/* ---- the host's instance, where no new one is allowed ------------------------------------ */

static bool is_of_type(int fd, const char *fstype)
{
	struct statfs fs;

	if (STREQ(fstype, "proc"))
		return procfs_is_root(fd);
	return fstatfs(fd, &fs) == 0 &&
	       fs.f_type == (STREQ(fstype, "sysfs") ? UAPI_SYSFS_MAGIC : UAPI_CGROUP2_MAGIC);
}

static int clone_host_instance(const struct filesystem *f)
{
	const char *const places[] = {
		STREQ(f->fstype, "proc")    ? "/proc"
		: STREQ(f->fstype, "sysfs") ? "/sys"
					    : "/sys/fs/cgroup",
		"/sys/fs/cgroup/unified", /* a hybrid host's cgroup2 */
	};
	int fd = -ENOENT;

	/* Any other type has no place of its own on the host: the target's name is the container's. */
	if (!STREQ(f->fstype, "proc") && !STREQ(f->fstype, "sysfs") && !STREQ(f->fstype, "cgroup2"))
		return -ENOENT;

	for (size_t i = 0; i < (STREQ(f->fstype, "cgroup2") ? 2 : 1); i++) {
		fd = mount_open_tree(AT_FDCWD, places[i], OPEN_TREE_CLONE | AT_RECURSIVE);
		if (fd < 0 || is_of_type(fd, f->fstype))
			break;
		fd = fd_close(fd);
	}
	return fd == -EBADF ? -ENOENT : fd;
}

static bool is_refusal(int r)
{
	return r == -EPERM || r == -EACCES || r == -EBUSY || r == -EINVAL;
}

static enum fallback fallback_of(const char *fstype)
{
	return STREQ(fstype, "proc")    ? FALLBACK_NEW_PROC
	       : STREQ(fstype, "sysfs") ? FALLBACK_NEW_SYSFS
					: FALLBACK_NEW_CGROUP;
}

static int bind_host_instance(struct init *in, const struct filesystem *f, int r, struct error *err)
{
	struct init_attrs attrs = {
		.set = f->arg->attr_set,
		.clear = f->arg->attr_clear,
		.rec_set = f->arg->rec_attr_set,
		.rec_clear = f->arg->rec_attr_clear,
	};
	_cleanup_close_ int tree = clone_host_instance(f);
	int applied;

	if (tree < 0 || !fallback_take(fallback_of(f->fstype)))
		return r; /* the first refusal is the one to tell */
	/* Read-only holds for all of it: below the host's /sys there are its cgroups (R12). */
	attrs.rec_set |= attrs.set & MOUNT_ATTR_RDONLY;
	if (!STREQ(f->fstype, "proc")) {
		attrs.rec_set |= MOUNT_ATTR_RDONLY;
		attrs.clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		attrs.rec_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	applied = mount_attrs_apply(tree, &attrs, mount_tree_propagation(in));
	if (applied < 0)
		return init_fail(err, applied, "mount_setattr", f->target,
				 "cannot set the attributes of the mount at '%s'", f->target);
	channel_debug(in, "a new '%s' for '%s' is refused (errno %d), using the host's", f->fstype,
		      f->target, -r);
	err->code = 0;
	err->class = ERROR_NONE;
	return TAKE_FD(tree);
}

/* ---- the op -------------------------------------------------------------------------------- */

static int finish_tree(const struct filesystem *f, int tree, uint64_t set, struct error *err)
{
	int r = 0;

	if (f->arg->flags & PLAN_MOUNT_COPY_UP) {
		r = copy_up(f->target_fd, tree, err);
		if (r < 0)
			return r;
	}
	if (set)
		r = mount_set_attributes(tree, false, set,
					 set & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0, 0, -1);
	if (r < 0)
		return init_fail(err, r, "mount_setattr", f->target,
				 "cannot set the attributes of the mount at '%s'", f->target);
	return 0;
}

static int open_tree_of(struct init *in, const struct filesystem *f, struct error *err)
{
	const struct plan_arg_mount *arg = f->arg;
	uint64_t attrs = (arg->attr_set | arg->rec_attr_set) & FSMOUNT_ATTRS, later = 0;
	_cleanup_close_ int tree = -EBADF;
	int r;

	if (arg->flags & PLAN_MOUNT_COPY_UP) {
		later = attrs & MOUNT_ATTR_RDONLY;
		attrs &= ~later;
	}
	if (needs_old_call(in, f)) {
		tree = mount_by_old_call(in, f, err);
		later = attrs | later;
	} else {
		tree = make_filesystem(in, f, attrs, err);
		if ((arg->flags & PLAN_MOUNT_FALLBACK_BIND) && is_refusal(tree)) {
			tree = bind_host_instance(in, f, tree, err);
			return TAKE_FD(tree);
		}
	}
	if (tree < 0)
		return tree;
	r = finish_tree(f, tree, later, err);
	return r < 0 ? r : TAKE_FD(tree);
}

int op_mount(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_mount *arg = init_arg(in, op);
	struct filesystem f = {
		.arg = arg,
		.fstype = init_string(in, arg->fstype),
		.source = init_string(in, arg->source),
		.target = init_string(in, arg->target),
		.origin = init_string(in, op->origin),
	};
	_cleanup_close_ int tree = -EBADF, target = -EBADF;
	struct stat st;
	int r;

	target = mount_point_open(in, f.target, SAFE_MAKE_DIR, arg->mode ? arg->mode : 0755,
				  arg->flags & PLAN_MOUNT_DEST_NOFOLLOW, STREQ(f.fstype, "proc"),
				  &f.made, err);
	if (target < 0)
		return target;
	if (fstat(target, &st) < 0)
		return init_fail(err, -errno, "fstat", f.target, "cannot examine mount point '%s'",
				 f.target);
	f.target_fd = target;
	f.mode = st.st_mode;
	tree = open_tree_of(in, &f, err);
	if (tree < 0)
		return tree;
	r = mount_attach(tree, target, f.target, err);
	if (r < 0)
		return r;
	if (arg->propagation) {
		r = mount_set_attributes(tree, arg->flags & PLAN_MOUNT_PROPAGATION_REC, 0, 0,
					 arg->propagation, -1);
		if (r < 0)
			(void)init_fail(err, r, "mount_setattr", f.target,
					"cannot set the propagation of the mount at '%s'",
					f.target);
	}
	init_keep_attached(in, &tree);
	if (arg->flags & PLAN_MOUNT_READONLY_LATE)
		in->opened[in->index] = TAKE_FD(tree);
	return r;
}
