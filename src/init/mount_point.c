/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where mounts go and which attributes they get. Runs in the container half, below the descriptor
 * of the rootfs.
 *
 * A mount over procfs, or over the directory that will hold it, would let a volume imitate files
 * that later decide about labels and sysctls (R3). So /proc takes nothing but a procfs, and in it
 * only some files that tell about the machine and decide nothing may be covered. What a name leads
 * to is compared as an inode, never as text.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "init/init.h"

static const char *const coverable[] = {
	"proc/cpuinfo",
	"proc/diskstats",
	"proc/meminfo",
	"proc/stat",
	"proc/swaps",
	"proc/uptime",
	"proc/loadavg",
	"proc/slabinfo",
	"proc/sys/kernel/ns_last_pid",
	"proc/sys/crypto/fips_enabled",
};

static bool is_inode(const struct stat *st, const struct init_inode *inode)
{
	return inode->ino != 0 && st->st_dev == inode->dev && st->st_ino == inode->ino;
}

static bool is_coverable(int rootfd, const struct stat *st)
{
	for (size_t i = 0; i < ARRAY_SIZE(coverable); i++) {
		_cleanup_close_ int fd = safe_open(rootfd, coverable[i], SAFE_NOFOLLOW);
		struct stat other;

		if (fd >= 0 && fstat(fd, &other) == 0 && other.st_dev == st->st_dev &&
		    other.st_ino == st->st_ino)
			return true;
	}
	return false;
}

int mount_point_proc(int rootfd, struct init_inode *ret)
{
	_cleanup_close_ int fd = safe_open(rootfd, "proc", SAFE_NOFOLLOW);
	struct stat st;

	*ret = (struct init_inode){ .ino = 0 };
	if (fd == -ENOENT || fd == -ELOOP)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	*ret = (struct init_inode){ .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

/* The directory that was there at first, and the one that is there now: the image may have had none. */
static int is_place_of_proc(const struct init *in, int rootfd, const struct stat *st)
{
	struct init_inode present;
	int r = mount_point_proc(rootfd, &present);

	return r < 0 ? r : is_inode(st, &in->proc) || is_inode(st, &present);
}

static int check_target(struct init *in, int rootfd, int target, const char *path, bool procfs,
			struct error *err)
{
	struct stat st;
	int r;

	if (fstat(target, &st) < 0)
		return init_fail(err, -errno, "fstat", path, "cannot examine mount point '%s'",
				 path);
	if (is_inode(&st, &in->root))
		return init_fail(err, -EINVAL, NULL, path,
				 "mount point '%s' is the container's root", path);
	if (procfs_is(target)) {
		if (procfs_is_root(target) ? procfs : is_coverable(rootfd, &st))
			return 0;
	} else {
		r = procfs ? 0 : is_place_of_proc(in, rootfd, &st);
		if (r < 0)
			return init_fail(err, r, "openat2", path,
					 "cannot compare mount point '%s' with /proc", path);
		if (r == 0)
			return 0;
	}
	error_fail(err, ERROR_CONFIG, EINVAL, "mount point '%s' is part of the container's procfs",
		   path);
	error_add_subject(err, path);
	error_add_remedy(err, "only a procfs may be mounted there");
	return -EINVAL;
}

/* A link itself as the place of something that is no directory ("dest-nofollow"). */
static int open_link(int rootfd, const char *path)
{
	char name[256];
	_cleanup_close_ int parent = safe_open_parent(rootfd, path, false, 0, name);
	int fd;

	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The usual slip with user namespaces: the rootfs belongs to an id that is not the container's, and is closed to others. */
void mount_explain_closed_root(int rootfd, struct error *err)
{
	_cleanup_close_ int fd = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		error_add_remedy(err, "the container's root may not enter the root filesystem; "
				      "give it to the id that the id maps name");
}

int mount_point_open(struct init *in, const char *path, enum safe_kind kind, mode_t mode,
		     bool nofollow, bool procfs, bool *ret_made, struct error *err)
{
	_cleanup_close_ int own = -EBADF, fd = -EBADF;
	int rootfd = init_root(in, &own), r;
	bool made = false;

	if (rootfd < 0)
		return init_fail(err, rootfd, "open", "/", "cannot open the container's root");
	fd = safe_make(rootfd, path, kind, mode, nofollow ? SAFE_NOFOLLOW : 0, &made);
	if (fd == -ELOOP && nofollow && kind == SAFE_MAKE_FILE)
		fd = open_link(rootfd, path);
	if (fd == -ELOOP && nofollow)
		return init_fail(err, fd, "openat2", path, "mount point '%s' is a symbolic link",
				 path);
	if (fd == -ENOTDIR && kind == SAFE_MAKE_DIR)
		return init_fail(err, fd, "openat2", path, "mount point '%s' is not a directory",
				 path);
	if (fd == -EISDIR)
		return init_fail(
			err, fd, "openat2", path,
			"mount point '%s' is a directory, what is to be mounted there is not",
			path);
	if (fd < 0) {
		init_fail(err, fd, "openat2", path, "cannot make mount point '%s'", path);
		if (fd == -EACCES)
			mount_explain_closed_root(rootfd, err);
		return fd;
	}
	r = check_target(in, rootfd, fd, path, procfs, err);
	if (r < 0)
		return r;
	if (ret_made)
		*ret_made = made;
	return TAKE_FD(fd);
}

int mount_attach(int tree, int target, const char *path, struct error *err)
{
	int r = mount_move(tree, target);

	return r < 0 ? init_fail(err, r, "move_mount", path, "cannot attach a mount at '%s'", path)
		     : 0;
}

/* The attributes that a mount has, as far as a user namespace can lock them. */
static uint64_t current_attrs(int fd)
{
	struct statvfs fs;
	uint64_t attrs = 0;

	if (fstatvfs(fd, &fs) < 0)
		return ~0ull;
	attrs |= fs.f_flag & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	attrs |= fs.f_flag & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0;
	attrs |= fs.f_flag & ST_NODEV ? MOUNT_ATTR_NODEV : 0;
	attrs |= fs.f_flag & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0;
	attrs |= fs.f_flag & ST_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0;
	return attrs;
}

static int set_attrs(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation)
{
	int r;

	if (!set && !clear && !propagation)
		return 0;
	r = mount_set_attributes(fd, recursive, set, clear, propagation, -1);
	if (r != -EPERM || !clear)
		return r;
	/*
	 * An outer user namespace locked some of them. They only ever restrict, so they stay; which
	 * they are in a whole tree nobody says, so there all stay. The access time is locked as
	 * one.
	 */
	clear &= recursive ? 0 : ~current_attrs(fd) & ~(uint64_t)MOUNT_ATTR__ATIME;
	set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	if (!set && !clear && !propagation)
		return 0;
	return mount_set_attributes(fd, recursive, set, clear, propagation, -1);
}

int mount_attrs_apply(int tree, const struct init_attrs *attrs, uint64_t tree_propagation)
{
	int r = set_attrs(tree, true, attrs->rec_set, attrs->rec_clear, tree_propagation);

	return r < 0 ? r : set_attrs(tree, false, attrs->set, attrs->clear, 0);
}
