/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The working directory (R8). Runs in the container half, as the program's user, whose view
 * decides. No magic link is followed, so nothing leads through /proc/self/fd to a directory
 * outside; the answer of getcwd(2) is the last word.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "init/init.h"

int op_cwd(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int root = init_open_slash(), dir = -EBADF;
	char cwd[PATH_MAX];

	dir = root < 0 ? root : safe_open(root, path, SAFE_DIRECTORY);
	if (dir < 0)
		return init_fail(err, dir, "openat2", path, "chdir to \"%s\"", path);
	if (fchdir(dir) < 0)
		return init_fail(err, -errno, "fchdir", path, "chdir to \"%s\"", path);
	/* The kernel answers "(unreachable)..." for what is not below our root. */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0) {
		if (errno != ERANGE)
			return init_fail(err, -errno, "getcwd", path, "chdir to \"%s\"", path);
	} else if (cwd[0] != '/') {
		return init_fail(err, -EXDEV, "getcwd", path,
				 "working directory \"%s\" is outside of the container's root",
				 path);
	}
	return 0;
}
