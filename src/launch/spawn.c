/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn: clone3 into the namespaces and the cgroup, and the few steps of the new process until it executes the
 * container half. spawn_child() runs in the child, everything else in the host half.
 *
 * The child is a fork (no CLONE_VM, R6) and never returns into the parent's frames.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/capability.h>

#include "launch/launch_private.h"

bool launch_first_in_userns(const struct launch *l)
{
	return l->plan.header->clone_flags & CLONE_NEWUSER;
}

bool launch_waits_for_go(const struct launch *l)
{
	return l->hold || launch_first_in_userns(l);
}

bool launch_writes_own_score(const struct launch *l)
{
	bool forks_freely = (l->plan.header->flags & PLAN_HAS_FORK) && !launch_waits_for_go(l);

	/* What a process forks that waits for nobody may be at its program before we could write its score. */
	return l->oom_score_adj != INT_MIN && !launch_first_in_userns(l) &&
	       (geteuid() != 0 || forks_freely);
}

static _noreturn_ void child_fail(int socket, int errnum, const char *call, const char *sentence)
{
	struct handshake_packet packet = { .version = HANDSHAKE_VERSION, .step = STEP_FAILED };

	error_set(&packet.error, errnum, "%s", sentence);
	error_add_syscall(&packet.error, call);
	error_add_step(&packet.error, "spawn");
	(void)sock_send(socket, &packet, sizeof(packet), NULL, 0);
	_exit(1);
}

static void child_forbid_tracing(int socket)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		child_fail(socket, errno, "prctl",
			   "cannot keep others from tracing the container half");
}

/* As long as the file is ours. */
static void child_set_own_score(const struct launch *l, int socket)
{
	struct handshake_packet packet = { .version = HANDSHAKE_VERSION, .step = STEP_FAILED };
	_cleanup_close_ int procfd = procfs_open_attached();
	char text[16];
	int r = procfd;

	(void)text_format(text, sizeof(text), "%d", l->oom_score_adj);
	if (r >= 0)
		r = procfs_write(procfd, "self/oom_score_adj", text);
	if (r >= 0)
		return;
	(void)launch_explain_oom_score(l, r, &packet.error);
	(void)sock_send(socket, &packet, sizeof(packet), NULL, 0);
	_exit(1);
}

static void child_wait_for_go(int socket)
{
	struct handshake_packet packet;
	unsigned nfds = 0;

	/* EOF: the host half is gone, and it undoes what it made or leaves a record of it. */
	if (sock_recv(socket, &packet, sizeof(packet), NULL, &nfds, -1) <= 0 ||
	    packet.step != STEP_GO)
		_exit(1);
}

/*
 * execve() recomputes capabilities from the uid: a process whose uid is not 0 in its user namespace, or not mapped at
 * all, loses them. Taking the set-up ids first and raising the ambient set keeps them.
 */
static void child_enter_userns(const struct plan_header *p, int socket)
{
	uint64_t effective, permitted, inheritable;

	/* Denied with a single-id map: the list is then the caller's and checked later. */
	if (!(p->flags & PLAN_KEEP_GROUPS))
		(void)setgroups(0, NULL);
	if (setresgid(p->setup_gid, p->setup_gid, p->setup_gid) < 0)
		child_fail(socket, errno, "setresgid",
			   "cannot take the set-up group of the user namespace");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		child_fail(socket, errno, "prctl", "cannot keep capabilities");
	if (setresuid(p->setup_uid, p->setup_uid, p->setup_uid) < 0)
		child_fail(socket, errno, "setresuid",
			   "cannot take the set-up user of the user namespace");
	if (sys_capget(&effective, &permitted, &inheritable) < 0 ||
	    sys_capset(permitted, permitted, permitted) < 0)
		child_fail(socket, errno, "capset", "cannot raise the inheritable capabilities");
	for (unsigned cap = 0; cap < 64; cap++)
		if (permitted & (1ull << cap))
			(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
}

/* Before anything of the container's is near. */
static void child_replace_null(const struct launch *l, int socket)
{
	for (int fd = 0; fd <= 2; fd++)
		if ((l->null_mask & 1u << fd) && dup2(l->null_fd, fd) < 0)
			child_fail(socket, errno, "dup2", "cannot replace the null device");
}

static void keep_over_exec(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, 0);
}

static _noreturn_ void spawn_child(struct launch *l, int image_fd, char *name, int plan_fd,
				   char *number, int socket)
{
	struct plan_header *p = l->plan.header;
	struct plan_op *ops = plan_ops(p);
	char *argv[] = { name, number, NULL };
	char *envp[] = { NULL };

	/* With this end open here as well, the death of the host half would be no EOF, and the wait for GO without end. */
	l->socket = fd_close(l->socket);
	child_replace_null(l, socket);
	if (launch_writes_own_score(l))
		child_set_own_score(l, socket);
	/*
	 * From here on nobody in the container may trace us or read our memory (R6). The files below /proc/PID of a process that is
	 * not dumpable belong to root, though, and a parent that is an ordinary user has yet to write the id maps there.
	 */
	if (!launch_first_in_userns(l))
		child_forbid_tracing(socket);
	if (launch_waits_for_go(l))
		child_wait_for_go(socket);
	if (launch_first_in_userns(l))
		child_enter_userns(p, socket);
	child_forbid_tracing(socket); /* taking ids has made us dumpable again */
	for (uint32_t i = 0; i < p->op_count; i++)
		keep_over_exec(ops[i].fd);
	keep_over_exec(socket);
	keep_over_exec(plan_fd);
	(void)setrlimit(RLIMIT_NOFILE, &l->nofile); /* open.c may have raised it */
	(void)sys_execveat(image_fd, "", argv, envp, AT_EMPTY_PATH);
	child_fail(socket, errno, "execveat", "cannot execute the container half");
}

static int explain_clone_failure(const struct launch *l, int r, struct error *err)
{
	error_set(err, -r, "cannot create the container's process");
	error_add_syscall(err, "clone3");
	if (r == -EACCES || r == -EBUSY)
		error_add_remedy(err, "the process may not be made in cgroup '%s'",
				 l->cgroup ? l->cgroup->leaf : "");
	else
		remedy_namespaces(r, l->plan.header->clone_flags, err);
	return r;
}

int launch_spawn(struct launch *l, int image_fd, int plan_fd, int child_socket, struct error *err)
{
	struct plan_header *p = l->plan.header;
	int pidfd = -EBADF;
	struct uapi_clone_args args = {
		.flags = p->clone_flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	char name[] = "knarr-init", number[12];
	pid_t pid;

	/* Formatted here: in the child it would cost six page faults. */
	(void)text_format(number, sizeof(number), "%d", plan_fd);
	if (l->cgroup && l->cgroup->fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)l->cgroup->fd;
	}
	pid = sys_clone3(&args);
	if (pid < 0)
		return explain_clone_failure(l, pid, err);
	if (pid == 0)
		spawn_child(l, image_fd, name, plan_fd, number, child_socket);
	l->process = (struct pidref){ .pid = pid, .fd = pidfd };
	return 0;
}
