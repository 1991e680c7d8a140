/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phase 1: into the namespaces. Runs in the process that the host half cloned; after OP_FORK in its
 * child.
 *
 * Kernel rules: joining a namespace needs privilege in the user namespace that owns it, so what is
 * refused first may be allowed once the user namespace is entered. A joined pid namespace, and time
 * offsets, take effect for children only; the child is made with CLONE_PARENT, so that it is the
 * host half's child too, and inherits the exit signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init/init.h"

static const char *namespace_name(uint64_t nstype)
{
	switch (nstype) {
	case CLONE_NEWUSER:
		return "user";
	case CLONE_NEWPID:
		return "pid";
	case CLONE_NEWNS:
		return "mount";
	case CLONE_NEWNET:
		return "network";
	case CLONE_NEWIPC:
		return "ipc";
	case CLONE_NEWUTS:
		return "uts";
	case CLONE_NEWCGROUP:
		return "cgroup";
	case CLONE_NEWTIME:
		return "time";
	default:
		return "container's";
	}
}

/*
 * It may be denied in a user namespace for good, and the caller may lack the privilege outside of it; the groups are
 * then settled, or refused, by OP_IDENTITY.
 */
static void drop_groups(const struct init *in)
{
	if (!(in->plan->flags & PLAN_KEEP_GROUPS))
		(void)syscall(SYS_setgroups, 0, NULL);
}

/* The ids are taken by raw calls: musl's wrappers speak to threads first. */
int init_take_setup_ids(const struct init *in, struct error *err)
{
	const uint32_t uid = in->plan->setup_uid, gid = in->plan->setup_gid;

	drop_groups(in);
	if (syscall(SYS_setresgid, gid, gid, gid) < 0)
		return init_fail(err, -errno, "setresgid", NULL,
				 "cannot take group %u of the user namespace for the set-up", gid);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || syscall(SYS_setresuid, uid, uid, uid) < 0)
		return init_fail(err, -errno, "setresuid", NULL,
				 "cannot take user %u of the user namespace for the set-up", uid);
	uint64_t effective, permitted, inheritable;
	int r = sys_capget(&effective, &permitted, &inheritable);

	if (r >= 0)
		r = sys_capset(permitted, permitted, inheritable);
	if (r < 0)
		return init_fail(err, r, "capset", NULL,
				 "cannot keep capabilities in the user namespace");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return init_fail(err, -errno, "prctl", NULL,
				 "cannot let capabilities go with the next change of user");
	/* A change of ids makes a process dumpable again (R6). */
	return init_forbid_tracing(err);
}

static int join_failed(const struct init *in, const struct plan_arg_join *arg, int r,
		       struct error *err)
{
	const char *path = init_string(in, arg->path);

	if (path[0] == '\0') {
		init_fail(err, r, "setns", NULL, "cannot join the container's namespaces");
		if (r == -ESRCH)
			error_add_remedy(err, "its process has ended");
	} else if (r == -EINVAL && arg->nstype != CLONE_NEWUSER) {
		init_fail(err, r, "setns", path, "'%s' is not a %s namespace that can be joined",
			  path, namespace_name(arg->nstype));
	} else {
		init_fail(err, r, "setns", path, "cannot join the %s namespace '%s'",
			  namespace_name(arg->nstype), path);
		if (r == -EINVAL)
			error_add_remedy(err,
					 "a process cannot join the user namespace that it is in");
	}
	return r;
}

/*
 * The process was in the namespaces that the host half compared, and may have moved since; a setns(2) by pidfd enters
 * what it is in now. Our own do not change any more.
 */
static int verify_join(int nsfd, const struct plan_arg_join *arg, struct error *err)
{
	_Static_assert(PLAN_JOIN_KINDS == NSFS_KINDS, "one inode a kind");

	for (size_t i = 0; i < NSFS_KINDS; i++) {
		uint64_t inode;
		int r;

		if (!arg->inodes[i] || !(arg->nstype & nsfs_kinds[i].flag))
			continue;
		r = nsfs_inode(nsfd, nsfs_kinds[i].after_join, &inode);
		if (r < 0)
			return init_fail(err, r, "fstatat", NULL,
					 "cannot compare the %s namespace after joining it",
					 namespace_name(nsfs_kinds[i].flag));
		if (inode != arg->inodes[i])
			return error_fail(
				err, ERROR_CONFLICT, 0,
				"the container's process moved to another %s namespace meanwhile",
				namespace_name(nsfs_kinds[i].flag));
	}
	return 0;
}

static bool has_inodes(const struct plan_arg_join *arg)
{
	for (size_t i = 0; i < PLAN_JOIN_KINDS; i++)
		if (arg->inodes[i])
			return true;
	return false;
}

static int join(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_join *arg = init_arg(in, op);
	_cleanup_close_ int nsfd = -EBADF;
	int fd = op->fd, r;

	if (has_inodes(arg)) {
		nsfd = nsfs_open(0);
		if (nsfd < 0)
			return init_fail(err, nsfd, "open", NULL, "cannot open /proc/self/ns");
	}
	if (op->flags & PLAN_OP_OPEN_HERE) {
		const char *path = init_string(in, arg->path);

		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return init_fail(err, -errno, "open", path, "cannot open namespace '%s'",
					 path);
	}
	if (arg->nstype & CLONE_NEWUSER)
		drop_groups(in);
	r = sys_setns(fd, (int)arg->nstype);
	if (r == -EPERM && arg->deferrable && op->fd >= 0)
		return 1;
	fd_close(fd);
	if (r < 0)
		return join_failed(in, arg, r, err);
	r = nsfd >= 0 ? verify_join(nsfd, arg, err) : 0;
	if (r < 0)
		return r;
	return arg->nstype & CLONE_NEWUSER ? init_take_setup_ids(in, err) : 0;
}

int op_join(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_join *arg = init_arg(in, op);
	int r = join(in, op, err);

	if (r < 0)
		return r;
	if (r > 0) {
		in->opened[in->index] = -EPERM; /* to be retried */
		return 0;
	}
	return arg->nstype & CLONE_NEWUSER ? init_finish_joins(in, false, err) : 0;
}

int init_finish_joins(struct init *in, bool at_last, struct error *err)
{
	const struct plan_op *ops = plan_ops(in->plan);

	for (uint32_t i = 0; i < in->plan->op_count && ops[i].type <= OP_FORK; i++) {
		const struct plan_arg_join *arg = init_arg(in, &ops[i]);
		int r;

		if (ops[i].type != OP_JOIN || in->opened[i] != -EPERM)
			continue;
		r = join(in, &ops[i], err);
		if (r < 0)
			return r;
		if (r == 0)
			in->opened[i] = -EBADF;
		else if (at_last) {
			error_add_origin(err, init_string(in, ops[i].origin));
			return join_failed(in, arg, -EPERM, err);
		}
	}
	return 0;
}

int op_time_offsets(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_time_offsets *arg = init_arg(in, op);
	_cleanup_close_ int procfd = -EBADF;
	char text[128];
	int len = 0, r;

	r = sys_unshare(CLONE_NEWTIME);
	if (r < 0)
		return init_fail(err, r, "unshare", NULL, "cannot make a time namespace");
	text[0] = '\0';
	if (arg->has_monotonic)
		len = text_format(text, sizeof(text), "monotonic %lld %u\n",
				  (long long)arg->monotonic_secs, arg->monotonic_nsecs);
	if (arg->has_boottime)
		(void)text_format(text + len, sizeof(text) - (size_t)len, "boottime %lld %u\n",
				  (long long)arg->boottime_secs, arg->boottime_nsecs);
	/* Not the one of the container: we are still in the pid namespace of the host half. */
	procfd = procfs_open();
	if (procfd < 0)
		return init_fail(err, procfd, "fsopen", NULL, "cannot open a private procfs");
	r = procfs_write(procfd, "self/timens_offsets", text);
	if (r == -EACCES && fallback_take(FALLBACK_PRIVATE_PROCFS)) {
		fd_close(procfd);
		procfd = procfs_open_attached();
		r = procfd < 0 ? r : procfs_write(procfd, "self/timens_offsets", text);
	}
	if (r < 0) {
		init_fail(err, r, "write", "timens_offsets",
			  "cannot set the clock offsets of the time namespace");
		if (r == -ERANGE)
			error_add_remedy(
				err,
				"a clock would go below zero or beyond what the kernel allows");
	}
	return r < 0 ? r : 0;
}

/*
 * The stage process ends here. Its child waits for one byte, so that FORKED is sent before anything
 * of the child's.
 */
static _noreturn_ void hand_over(struct init *in, pid_t pid, int pidfd, int go)
{
	int r = channel_send(in, STEP_FORKED, pid, NULL, pidfd);

	if (r >= 0 && write(go, "", 1) == 1)
		_exit(0);
	(void)sys_pidfd_send_signal(pidfd, SIGKILL);
	_exit(1);
}

static int clone_failed(int r, uint64_t flags, struct error *err)
{
	init_fail(err, r, "clone3", NULL,
		  "cannot create the container's process in its namespaces");
	if (r == -ENOMEM)
		error_add_remedy(err,
				 "the first process of the joined pid namespace may have ended");
	else
		remedy_namespaces(r, flags, err);
	return r;
}

int op_fork(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_fork *arg = init_arg(in, op);
	int pidfd = -EBADF, go[2], r;
	struct uapi_clone_args args = {
		.flags = CLONE_PARENT | CLONE_PIDFD | arg->clone_flags,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	pid_t pid;
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		return init_fail(err, -errno, "pipe2", NULL, "cannot make a pipe");
	pid = sys_clone3(&args);
	if (pid < 0)
		return clone_failed(pid, arg->clone_flags, err);
	if (pid > 0)
		hand_over(in, pid, pidfd, go[1]);
	fd_close(go[1]);
	if (io_read_all(go[0], &byte, 1) < 0)
		_exit(1);
	fd_close(go[0]);
	if (arg->clone_flags & CLONE_NEWUSER) {
		r = channel_expect(in, STEP_GO);
		if (r < 0)
			_exit(1); /* the host half is gone, and so is what it would have told */
		r = init_take_setup_ids(in, err);
		if (r < 0)
			return r;
	}
	return init_finish_joins(in, false, err);
}

static void unshare_failed(int r, uint64_t flags, struct error *err)
{
	if (flags & (flags - 1))
		init_fail(err, r, "unshare", NULL, "cannot make the container's namespaces");
	else
		init_fail(err, r, "unshare", NULL, "cannot make a %s namespace",
			  namespace_name(flags));
	remedy_namespaces(r, flags, err);
}

int op_unshare(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_unshare *arg = init_arg(in, op);
	int r = sys_unshare(arg->clone_flags);

	if (r < 0)
		unshare_failed(r, arg->clone_flags, err);
	return r;
}
