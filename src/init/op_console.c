/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal. Runs in the container half, on the container's own devpts instance (R9): the
 * multiplexer is opened in a directory that is known to be devpts, the slave comes from the kernel
 * by TIOCGPTPEER and never by its name, and /dev/console is bound from descriptor to descriptor.
 * The master goes to the host half.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/init.h"

static int open_multiplexer(int rootfd)
{
	_cleanup_close_ int dir = safe_open(rootfd, "/dev/pts", SAFE_DIRECTORY), fd = -EBADF;
	struct statfs fs;
	struct stat st;

	if (dir < 0)
		return dir;
	if (fstatfs(dir, &fs) < 0)
		return -errno;
	if (fs.f_type != UAPI_DEVPTS_MAGIC)
		return -ENOTTY;
	fd = openat(dir, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2) ? TAKE_FD(fd) : -ENOTTY;
}

static int open_slave(int master)
{
	int lock = 0, fd;

	if (ioctl(master, TIOCSPTLCK, &lock) < 0)
		return -errno;
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * A fresh file, or one that is there and is no link. On a read-only /dev without it there is no
 * /dev/console (C9): 1.
 */
static int open_console_place(int rootfd, int *ret_fd)
{
	char name[256];
	_cleanup_close_ int parent = safe_open_parent(rootfd, "/dev/console", true, 0755, name),
			    made = -EBADF;
	struct stat st;

	if (parent < 0)
		return parent;
	made = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0 && errno == EROFS)
		return 1;
	if (made < 0 && errno != EEXIST)
		return -errno;
	*ret_fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

static int bind_console(struct init *in, int rootfd, int slave, struct error *err)
{
	_cleanup_close_ int place = -EBADF, tree = -EBADF;
	int r = open_console_place(rootfd, &place);

	if (r == 1) {
		channel_debug(in, "no '/dev/console': '/dev' is read-only");
		return 0;
	}
	if (r == -ELOOP)
		return init_fail(err, r, "openat", "/dev/console",
				 "'/dev/console' is a symbolic link");
	if (r < 0)
		return init_fail(err, r, "openat", "/dev/console", "cannot make '/dev/console'");
	tree = mount_open_tree(slave, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		return init_fail(err, tree, "open_tree", "/dev/console",
				 "cannot bind the terminal to '/dev/console'");
	return mount_attach(tree, place, "/dev/console", err);
}

static int prepare(int master, int slave, const struct plan_arg_console *arg, struct error *err)
{
	struct winsize size = { .ws_col = (unsigned short)arg->width,
				.ws_row = (unsigned short)arg->height };

	if (arg->width && arg->height && ioctl(master, TIOCSWINSZ, &size) < 0)
		return init_fail(err, -errno, "ioctl", NULL, "cannot set the size of the terminal");
	/*
	 * An id that is not mapped, or a devpts of somebody else: the terminal works for its opener
	 * all the same.
	 */
	if (arg->uid != 0 && fchown(slave, arg->uid, (gid_t)-1) < 0 && errno != EINVAL &&
	    errno != EPERM)
		return init_fail(err, -errno, "fchown", NULL, "cannot give the terminal to user %u",
				 arg->uid);
	return 0;
}

int op_console(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_console *arg = init_arg(in, op);
	_cleanup_close_ int own = -EBADF, master = -EBADF, slave = -EBADF;
	int rootfd = init_root(in, &own), r;
	unsigned number;
	char name[32];

	master = rootfd < 0 ? rootfd : open_multiplexer(rootfd);
	if (master < 0) {
		init_fail(err, master, "openat", "/dev/pts/ptmx",
			  "cannot open '/dev/pts/ptmx' of the container");
		if (master == -ENOTTY || master == -ENOENT)
			error_add_remedy(err,
					 "a terminal needs a mount of type devpts at /dev/pts");
		return master;
	}
	slave = open_slave(master);
	if (slave < 0 || ioctl(master, TIOCGPTN, &number) < 0)
		return init_fail(err, slave < 0 ? slave : -errno, "ioctl", NULL,
				 "cannot open the terminal");
	r = prepare(master, slave, arg, err);
	if (r >= 0 && arg->bind_console)
		r = bind_console(in, rootfd, slave, err);
	if (r < 0)
		return r;
	(void)text_format(name, sizeof(name), "/dev/pts/%u", number);
	r = channel_send(in, STEP_CONSOLE, 0, name, master);
	if (r < 0)
		return init_fail(err, r, "sendmsg", NULL, "cannot hand the terminal over");
	in->console_fd = TAKE_FD(slave);
	return 0;
}
