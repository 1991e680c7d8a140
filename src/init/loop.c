/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op loop. Runs in the container half: each op by its function, in the plan's order, the first
 * failure ends it and is sent with the op's name and origin. Also what all ops share.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "init/init.h"

static init_op *const op_table[OP_TYPE_COUNT] = {
	[OP_JOIN] = op_join,
	[OP_TIME_OFFSETS] = op_time_offsets,
	[OP_FORK] = op_fork,
	[OP_UNSHARE] = op_unshare,
	[OP_NETNS] = op_netns,
	[OP_LOOPBACK] = op_loopback,
	[OP_SYSCTL] = op_sysctl,
	[OP_HOSTNAME] = op_hostname,
	[OP_DOMAINNAME] = op_domainname,
	[OP_ROOT] = op_root,
	[OP_MOUNT] = op_mount,
	[OP_BIND] = op_bind,
	[OP_DEVICE] = op_device,
	[OP_SYMLINK] = op_symlink,
	[OP_HOOKS_RUNTIME] = op_hooks_runtime,
	[OP_HOOKS] = op_hooks,
	[OP_CONSOLE] = op_console,
	[OP_MAKE_CWD] = op_make_cwd,
	[OP_MASK] = op_mask,
	[OP_READONLY] = op_readonly,
	[OP_ROOT_READONLY] = op_root_readonly,
	[OP_UNMOUNT] = op_unmount,
	[OP_PIVOT] = op_pivot,
	[OP_SESSION] = op_session,
	[OP_KEYRING] = op_keyring,
	[OP_RLIMIT] = op_rlimit,
	[OP_SCHEDULER] = op_scheduler,
	[OP_IO_PRIORITY] = op_io_priority,
	[OP_MEMORY_POLICY] = op_memory_policy,
	[OP_AFFINITY] = op_affinity,
	[OP_PERSONALITY] = op_personality,
	[OP_LABEL] = op_label,
	[OP_UMASK] = op_umask,
	[OP_NO_NEW_PRIVS] = op_no_new_privs,
	[OP_IDENTITY] = op_identity,
	[OP_CWD] = op_cwd,
	[OP_LOOKUP] = op_lookup,
	[OP_GATE] = op_gate,
	[OP_HOOKS_START] = op_hooks_start,
	[OP_SECCOMP] = op_seccomp,
	[OP_EXEC] = op_exec,
};

int init_fail(struct error *err, int r, const char *call, const char *subject, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)error_vset(err, -r, fmt, ap);
	va_end(ap);
	error_add_syscall(err, call);
	error_add_subject(err, subject);
	return r;
}

int init_forbid_tracing(struct error *err)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0
		       ? init_fail(err, -errno, "prctl", NULL,
				   "cannot keep others from tracing this process")
		       : 0;
}

int init_source(struct init *in, const struct plan_op *op)
{
	int fd;

	if (!(op->flags & PLAN_OP_OPEN_HERE))
		return op->fd >= 0 ? op->fd : -EBADF;
	fd = in->opened[in->index];
	in->opened[in->index] = -EBADF;
	return fd;
}

int init_open_slash(void)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int init_root(const struct init *in, int *ret_own)
{
	int fd;

	*ret_own = -EBADF;
	if (in->root_fd >= 0)
		return in->root_fd;
	fd = init_open_slash();
	if (fd >= 0)
		*ret_own = fd;
	return fd;
}

int init_procfs(struct init *in, struct error *err)
{
	if (in->procfs_fd >= 0)
		return in->procfs_fd;
	in->procfs_fd = procfs_open();
	if (in->procfs_fd < 0)
		return init_fail(err, in->procfs_fd, "fsopen", NULL,
				 "cannot open a private procfs");
	return in->procfs_fd;
}

static int open_tree_here(const struct init *in, const struct plan_op *op)
{
	unsigned flags = OPEN_TREE_CLONE;

	switch (op->type) {
	case OP_ROOT: {
		const struct plan_arg_root *arg = init_arg(in, op);

		return mount_open_tree(AT_FDCWD, init_string(in, arg->path), flags | AT_RECURSIVE);
	}
	case OP_BIND: {
		const struct plan_arg_bind *arg = init_arg(in, op);
		const char *source = init_string(in, arg->source);

		if (arg->flags & PLAN_MOUNT_SOURCE_LATE)
			return -EBADF;
		if (arg->flags & PLAN_MOUNT_COPY_SYMLINK) {
			char link[1];

			/* A link goes as the link itself; anything else is cloned. */
			if (readlinkat(AT_FDCWD, source, link, sizeof(link)) >= 0) {
				int fd = open(source, O_PATH | O_NOFOLLOW | O_CLOEXEC);

				return fd < 0 ? -errno : fd;
			}
		}
		flags |= arg->flags & PLAN_MOUNT_RECURSIVE ? AT_RECURSIVE : 0;
		flags |= arg->flags & PLAN_MOUNT_SRC_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
		return mount_open_tree(AT_FDCWD, source, flags);
	}
	case OP_DEVICE: {
		const struct plan_arg_device *arg = init_arg(in, op);

		return arg->flags & PLAN_DEVICE_BIND
			       ? mount_open_tree(AT_FDCWD, init_string(in, arg->path), flags)
			       : -EBADF;
	}
	default:
		return -EBADF;
	}
}

void init_open_sources(struct init *in)
{
	const struct plan_op *ops = plan_ops(in->plan);

	for (uint32_t i = in->index; i < in->plan->op_count; i++)
		if (ops[i].flags & PLAN_OP_OPEN_HERE)
			in->opened[i] = open_tree_here(in, &ops[i]);
}

char **init_vector(const struct init *in, const struct plan_array *array, unsigned extra)
{
	size_t size = ((size_t)array->count + extra + 1) * sizeof(char *);
	char **vector =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (vector == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < array->count; i++)
		vector[i] = (char *)(uintptr_t)plan_array_item(in->plan, array, i);
	return vector;
}

int init_close_descriptors(struct init *in, struct error *err)
{
	unsigned first = 3 + in->plan->preserve_fds;
	int r = 0;

	if (in->descriptors_closed)
		return 0;
	for (uint32_t i = 0; i < in->plan->preserve_fds; i++) {
		int fd = 3 + (int)i;

		if (in->passed[i / 8] & 1u << i % 8)
			r = fcntl(fd, F_SETFD, 0) < 0 ? -errno : r;
		else if (fd != in->socket)
			fd_close(fd);
	}
	if (r >= 0 && in->socket >= 0 && (unsigned)in->socket >= first) {
		r = sys_close_range(first, (unsigned)in->socket - 1, 0);
		first = (unsigned)in->socket + 1;
	}
	if (r >= 0)
		r = sys_close_range(first, ~0u, 0);
	if (r < 0)
		return init_fail(err, r, "close_range", NULL, "cannot close descriptors");
	in->descriptors_closed = true;
	return 0;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Concessions that the plan makes, op by op. */
static bool is_forgiven(const struct init *in, const struct plan_op *op, const struct error *err)
{
	bool denied = err->code == EPERM || err->code == EACCES;

	if (fallback_refused())
		return false;
	if (!(op->flags & PLAN_OP_OPTIONAL) && !((op->flags & PLAN_OP_IGNORE_DENIED) && denied))
		return false;
	channel_debug(in, "%s: %s (errno %d), ignoring", plan_op_name(op->type), err->text,
		      err->code);
	return true;
}

/* Mounting is what outer profiles forbid, and the kernel does not say who refused. */
static bool is_mount_refusal(const struct plan_op *op, const struct error *err)
{
	return err->code == EPERM && op->type >= OP_ROOT && op->type <= OP_PIVOT &&
	       op->type != OP_DEVICE &&
	       (text_has_prefix(err->syscall, "fs") || text_has_prefix(err->syscall, "mount") ||
		STREQ(err->syscall, "open_tree") || STREQ(err->syscall, "move_mount") ||
		STREQ(err->syscall, "pivot_root"));
}

static int fail_op(const struct init *in, const struct plan_op *op, int r, struct error *err)
{
	fallback_explain(err);
	error_add_step(err, plan_op_name(op->type));
	error_add_origin(err, init_string(in, op->origin));
	if (err->code == ENOSYS)
		error_add_remedy(
			err,
			"the system call is missing or filtered: Linux 5.14 is needed, and an outer seccomp profile that allows it");
	else if (is_mount_refusal(op, err))
		error_add_remedy(
			err,
			"CAP_SYS_ADMIN is missing, or an outer seccomp or AppArmor profile forbids it, or "
			"the host hides parts of its own");
	channel_send_error(in, err);
	return r;
}

/* Once every namespace is entered and before anything is mounted. */
static int enter(struct init *in, struct error *err)
{
	int r = init_finish_joins(in, true, err);

	if (r < 0)
		return r;
	init_open_sources(in);
	in->inside = true;
	return 0;
}

int init_run(struct init *in)
{
	const struct plan_op *ops = plan_ops(in->plan);
	const bool timing = in->plan->flags & PLAN_TIMING;
	struct error err;

	for (in->index = 0; in->index < in->plan->op_count; in->index++) {
		const struct plan_op *op = &ops[in->index];
		uint64_t start = timing ? now() : 0;
		int r = 0;

		err.code = 0;
		err.class = ERROR_NONE;
		if (!in->inside && op->type > OP_FORK)
			r = enter(in, &err);
		if (r >= 0)
			r = op_table[op->type](in, op, &err);
		/* Where the failure was tolerated. */
		if (r >= 0 && fallback_refused())
			r = init_fail(&err, -EOPNOTSUPP, NULL, NULL, "cannot go on");
		if (r < 0 && !is_forgiven(in, op, &err)) {
			init_undo_mounts(in, &err);
			return fail_op(in, op, r, &err);
		}
		if (timing)
			channel_send_timing(in, now() - start);
	}
	return 0;
}
