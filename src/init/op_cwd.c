/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The working directory (R8). Runs in the container half. It is entered twice: with all rights, and
 * as the program's user, whose view decides where it has one. Some directories are open to the one
 * only (a home of mode 0700 and a program of another user), some to the other (what belongs to an id
 * that the container half cannot pass for), and fchdir(2), too, asks for the rights of the moment.
 * No magic link is followed, so nothing leads through /proc/self/fd to a directory outside; the
 * answer of getcwd(2) is the last word.
 * A missing one is made before the root may become read-only.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "init/init.h"

static int enter(const char *path, const char **ret_call)
{
	_cleanup_close_ int root = init_open_slash(), dir = -EBADF;

	*ret_call = "openat2";
	dir = root < 0 ? root : safe_open(root, path, SAFE_DIRECTORY);
	if (dir < 0)
		return dir;
	*ret_call = "fchdir";
	return fchdir(dir) < 0 ? -errno : 0;
}

/* What else is wrong with the name is for op_cwd to say: not all that the program may enter is open to us. */
int op_make_cwd(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path);
	_cleanup_close_ int own = -EBADF, dir = -EBADF;
	int rootfd = init_root(in, &own);

	dir = rootfd < 0 ? rootfd : safe_open(rootfd, path, SAFE_DIRECTORY);
	if (dir != -ENOENT)
		return 0;
	dir = safe_make(rootfd, path, SAFE_MAKE_DIR, 0755, 0, NULL);
	if (dir < 0)
		return init_fail(err, dir, "mkdirat", path,
				 "cannot make the working directory \"%s\"", path);
	return 0;
}

void cwd_enter_early(struct init *in)
{
	const struct plan_op *ops = plan_ops(in->plan);

	for (uint32_t i = in->index + 1; i < in->plan->op_count; i++) {
		const struct plan_arg_path *arg = init_arg(in, &ops[i]);
		const char *call;

		if (ops[i].type == OP_CWD)
			in->cwd_entered = enter(init_string(in, arg->path), &call) == 0;
	}
}

int op_cwd(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_path *arg = init_arg(in, op);
	const char *path = init_string(in, arg->path), *call;
	char cwd[PATH_MAX];
	int r = enter(path, &call);

	if (r < 0 && !(r == -EACCES && in->cwd_entered))
		return init_fail(err, r, call, path, "chdir to \"%s\"", path);
	/* The kernel answers "(unreachable)..." for what is not below our root. */
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0)
		return init_fail(err, -errno, "getcwd", path, "chdir to \"%s\"", path);
	if (cwd[0] != '/')
		return init_fail(err, -EXDEV, "getcwd", path,
				 "working directory \"%s\" is outside of the container's root",
				 path);
	return 0;
}
