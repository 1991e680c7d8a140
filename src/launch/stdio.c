/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdio: the null device that the program gets instead of the caller's, and the owner of what it gets. Host half.
 *
 * Callers pass /dev/null as stdin, and often as all three. It is an inode of the host: a root in the container could change its
 * mode and owner through /proc/self/fd/0. The container's own /dev/null is no substitute, since the image or a neighbour
 * decides what it is. So the program gets a device node on a read-only tmpfs that is attached nowhere. The kernel writes to a
 * device whatever the mount says, but changes no inode through a read-only mount (EROFS).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include "launch/launch_private.h"

#define NULL_ATTRS ((uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC))
#define REACHING_CAPS \
	(1ull << CAP_CHOWN | 1ull << CAP_FOWNER | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_SYS_ADMIN)

static bool is_null(int fd, struct stat *ret)
{
	return fstat(fd, ret) == 0 && S_ISCHR(ret->st_mode) && ret->st_rdev == makedev(1, 3);
}

static int new_tmpfs(const char *context)
{
	_cleanup_close_ int fs = mount_fsopen("tmpfs");
	int r = fs;

	if (r >= 0)
		r = mount_fsconfig_string(fs, "mode", "0755");
	if (r >= 0)
		r = mount_fsconfig_string(fs, "nr_inodes", "4");
	if (r >= 0 && context && context[0])
		r = mount_fsconfig_string(fs, "context", context);
	if (r >= 0)
		r = mount_fsconfig_create(fs);
	return r < 0 ? r : mount_fsmount(fs, NULL_ATTRS);
}

/* Below "dev", so that readlink(2) of /proc/self/fd/0 tells the usual name. */
static int make_null(const char *context)
{
	_cleanup_close_ int mount = new_tmpfs(context), fd = -EBADF;
	struct stat st;
	mode_t mask;
	int r = mount;

	if (r < 0)
		return r;
	mask = umask(0);
	if (mkdirat(mount, "dev", 0755) < 0 ||
	    mknodat(mount, "dev/null", S_IFCHR | 0666, makedev(1, 3)) < 0)
		r = -errno;
	(void)umask(mask);
	if (r >= 0)
		r = mount_set_attributes(mount, false, MOUNT_ATTR_RDONLY, 0, 0, -1);
	if (r < 0)
		return r;
	fd = openat(mount, "dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return is_null(fd, &st) ? TAKE_FD(fd) : -ENODEV;
}

/* The host's, through a mount that is read-only. What is opened is the very inode that was examined. */
static int clone_null(void)
{
	_cleanup_close_ int tree = mount_open_tree(
		AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	struct stat st;
	char name[32];
	int r, fd;

	if (tree < 0)
		return tree;
	if (!is_null(tree, &st))
		return -ENODEV;
	r = mount_set_attributes(tree, false, NULL_ATTRS | MOUNT_ATTR_RDONLY, 0, MS_PRIVATE, -1);
	if (r < 0)
		return r;
	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", tree);
	fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (is_null(fd, &st))
		return fd;
	fd_close(fd);
	return -ENODEV;
}

static _noreturn_ void clone_child(int socket)
{
	int fd = clone_null(), code = fd < 0 ? -fd : 0;

	(void)sock_send(socket, &code, sizeof(code), &fd, fd >= 0);
	_exit(0);
}

/* Who may not mount may do so in a user namespace, whose mounts are copies of ours. It needs no maps. */
static int clone_null_by_child(void)
{
	struct uapi_clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS,
					.exit_signal = SIGCHLD };
	int pair[2], code = EPIPE, fds[1] = { -EBADF }, r = sock_pair(pair);
	unsigned nfds = 1;
	pid_t pid;

	if (r < 0)
		return r;
	pid = sys_clone3(&args);
	if (pid == 0)
		clone_child(pair[1]);
	fd_close(pair[1]);
	if (pid > 0) {
		if (sock_recv(pair[0], &code, sizeof(code), fds, &nfds, -1) != sizeof(code) ||
		    (code == 0 && nfds == 0))
			code = EPIPE;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_close(pair[0]);
	if (pid < 0 || code != 0)
		return pid < 0 ? pid : -code;
	return fds[0];
}

/*
 * An ordinary user may make no mount here. The container then has at most this user's power, and that does not reach an inode of
 * another owner: no capability of ours, and none of a user namespace that does not map the owner.
 */
static bool is_out_of_reach(const struct stat *st)
{
	uint64_t effective, permitted, inheritable;

	return sys_capget(&effective, &permitted, &inheritable) >= 0 &&
	       !(permitted & REACHING_CAPS) && st->st_uid != geteuid();
}

static bool is_refusal(int r)
{
	return r == -EPERM || r == -EACCES || r == -ENODEV || r == -EINVAL;
}

int launch_replace_null(struct launch *l, struct error *err)
{
	bool reachable = false;
	struct stat st;
	int r;

	l->null_fd = -EBADF;
	l->null_mask = 0;
	for (int fd = 0; fd <= 2; fd++) {
		if (!is_null(fd, &st))
			continue;
		l->null_mask |= 1u << fd;
		reachable = reachable || !is_out_of_reach(&st);
	}
	if (!reachable) {
		l->null_mask = 0;
		return 0;
	}
	r = make_null(l->spec ? l->spec->mount_label : NULL);
	/* No privilege for a device node, such as in a user namespace, or no tmpfs. */
	if (r < 0 && is_refusal(r))
		r = clone_null();
	if (r < 0 && is_refusal(r))
		r = clone_null_by_child();
	if (r < 0) {
		error_set(err, -r, "cannot make a null device for the program");
		error_add_remedy(err,
				 "pass pipes instead of '/dev/null' as stdin, stdout and stderr");
		error_add_step(err, "stdio");
		return r;
	}
	l->null_fd = r;
	return 0;
}

static const struct plan_arg_identity *planned_identity(const struct plan_header *p)
{
	const struct plan_op *ops = plan_ops(p);
	const struct plan_arg_identity *arg = NULL;

	for (uint32_t i = 0; i < p->op_count; i++) {
		if (ops[i].type == OP_CONSOLE)
			return NULL; /* a terminal takes the place of all three */
		if (ops[i].type == OP_IDENTITY)
			arg = plan_at(p, ops[i].arg);
	}
	return arg && !arg->user ? arg : NULL;
}

static bool host_id(const struct spec_id_maps *maps, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct spec_id_map *m = &maps->items[i];

		if (id < m->container || id - m->container >= m->size)
			continue;
		*ret = m->host + (id - m->container);
		return true;
	}
	return false;
}

void launch_give_stdio(const struct launch *l)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_arg_identity *id = planned_identity(p);
	struct stat st;
	uint32_t uid;

	if (!id || !(p->flags & PLAN_USERNS) || !l->spec ||
	    !host_id(&l->spec->uid_maps, id->uid, &uid))
		return;
	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == uid || !io_may_be_given(fd, &st, geteuid()))
			continue;
		if (fchown(fd, uid, (gid_t)-1) < 0)
			log_debug("descriptor %d keeps its owner (errno %d)", fd, errno);
	}
}
