/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch: starting a process, from the plan to the moment that its program runs. Host half.
 *
 * The order of the handshake is in knarr/handshake.h. Whatever fails here leaves no process behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/fault.h"
#include "knarr/namespaces.h"
#include "launch/launch_private.h"

/* How long the end of a process may take that nothing keeps: one that joined the namespaces; one that was killed. */
enum { STAGE_END_MS = 10000, KILLED_END_MS = 5000, UNDO_MS = 2000, REAP_STEP_MS = 5 };

/*
 * A tracer is told of the end first, and the parent only when the tracer has taken note (ptrace(2)). The container may have
 * one, which takes its time: the process is dead then, and whoever inherits it from us will reap it.
 */
bool launch_reap(struct launch *l, int timeout_ms, int *ret_status)
{
	int64_t deadline = clock_ms() + timeout_ms;
	int status = 0;
	pid_t r = 0;

	if (pidref_wait(&l->process, timeout_ms) == 0) {
		while ((r = waitpid(l->process.pid, &status, WNOHANG | __WALL)) == 0 &&
		       clock_ms() < deadline)
			(void)poll(NULL, 0, REAP_STEP_MS);
	}
	if (r <= 0)
		return false;
	if (ret_status)
		*ret_status = status;
	pidref_close(&l->process);
	l->process.pid = 0;
	return true;
}

static void launch_kill(struct launch *l)
{
	if (l->process.pid <= 0)
		return;
	/* It takes back what it has mounted in the container once nobody listens any more. */
	if (l->plan.header->flags & PLAN_MOUNTS) {
		l->socket = fd_close(l->socket);
		(void)pidref_wait(&l->process, UNDO_MS);
	}
	(void)pidref_signal(&l->process, SIGKILL);
	if (!launch_reap(l, KILLED_END_MS, NULL))
		log_warning("process %d was killed but cannot be reaped, ignoring",
			    (int)l->process.pid);
	pidref_close(&l->process);
	l->process.pid = 0;
}

int launch_explain_oom_score(const struct launch *l, int r, struct error *err)
{
	error_set(err, -r, "cannot set oom_score_adj to %d", l->oom_score_adj);
	error_add_origin(err, "/process/oomScoreAdj");
	error_add_step(err, "oom-score");
	if (r == -EACCES || r == -EPERM)
		error_add_remedy(err, "a value below the caller's own needs CAP_SYS_RESOURCE");
	return r;
}

static int write_oom_score(struct launch *l, int procfd, struct error *err)
{
	char name[48], text[16];
	int r;

	(void)text_format(name, sizeof(name), "%d/oom_score_adj", l->process.pid);
	(void)text_format(text, sizeof(text), "%d", l->oom_score_adj);
	r = procfs_write(procfd, name, text);
	return r < 0 ? launch_explain_oom_score(l, r, err) : 0;
}

/* A fork inherits the score, but only a first process that waits for us has it before it forks. */
static bool score_is_due(const struct launch *l, bool first)
{
	bool fork = l->plan.header->flags & PLAN_HAS_FORK;

	if (l->oom_score_adj == INT_MIN || launch_writes_own_score(l))
		return false;
	return first ? !fork || launch_waits_for_go(l) : !launch_waits_for_go(l);
}

/* What is done to the new process from outside before it may go on. */
static int prepare_process(struct launch *l, bool write_maps, bool write_score, struct error *err)
{
	_cleanup_close_ int procfd = -EBADF;
	int r;

	if (write_maps || write_score) {
		procfd = procfs_open();
		if (procfd < 0)
			return error_set(err, -procfd, "cannot open a private procfs");
	}
	if (write_maps) {
		r = idmap_write(procfd, l->process.pid, &l->spec->uid_maps, &l->spec->gid_maps,
				err);
		if (r < 0)
			return r;
	}
	return write_score ? write_oom_score(l, procfd, err) : 0;
}

static int announce_process(struct launch *l, struct error *err)
{
	char state;
	int r;

	r = pidref_stat(l->process.pid, &state, &l->process.start_time);
	if (r < 0)
		return error_set(err, -r, "cannot examine the container's process");
	return l->on_process ? l->on_process(l, err) : 0;
}

static const struct plan_arg_netns *wanted_network(const struct launch *l)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_op *ops = plan_ops(p);

	for (uint32_t i = 0; i < p->op_count; i++)
		if (ops[i].type == OP_NETNS)
			return plan_at(p, ops[i].arg);
	return NULL;
}

/* The container half mounts while this is at work. It gets the namespace as soon as there is one. */
static int loopback_up(struct error *err)
{
	int r = sys_loopback_up();

	return r < 0 ? error_set(err, -r, "cannot bring the loopback device up") : 0;
}

static int give_network(struct launch *l, struct error *err)
{
	const struct plan_arg_netns *wanted = wanted_network(l);
	_cleanup_close_ int made = -EBADF;
	int own, r, back;

	if (!wanted)
		return 0;
	r = network_namespace_enter(&own, &made, err);
	if (r >= 0)
		r = launch_send_fd(l, STEP_NETNS, made, err);
	if (r >= 0 && made >= 0 && (wanted->flags & PLAN_NETNS_LOOPBACK))
		r = loopback_up(err);
	back = network_namespace_leave(own, r < 0 ? NULL : err);
	return r < 0 ? r : back;
}

/* Whoever waits is woken late: two processes that take turns lose more time to it than to what they do. */
static int start_early(struct launch *l, struct error *err)
{
	return l->start_early ? launch_send_fd(l, STEP_START, -EBADF, err) : 0;
}

/* The first process: maps (unless its child will have them), scope, record; then GO if it waits, and perhaps START. */
static int release_first(struct launch *l, struct error *err)
{
	bool fork = l->plan.header->flags & PLAN_HAS_FORK;
	int r;

	if (l->cgroup && l->cgroup_request) {
		r = cgroup_attach(l->cgroup_host, l->cgroup_request, l->cgroup, l->process.pid,
				  err);
		if (r < 0)
			return r;
	}
	fault_point("attached");
	r = prepare_process(l, launch_first_in_userns(l), score_is_due(l, true), err);
	if (r < 0)
		return r;
	if (!fork) {
		r = announce_process(l, err);
		if (r < 0)
			return r;
	}
	if (launch_waits_for_go(l)) {
		r = launch_send(l, STEP_GO, l->process.pid, err);
		r = r < 0 ? r : give_network(l, err);
		if (r < 0)
			return r;
	}
	return start_early(l, err);
}

int launch_adopt(struct launch *l, int pidfd, struct error *err)
{
	_cleanup_close_ int owned = pidfd;
	pid_t pid = launch_own_child(pidfd);
	bool born_in_userns;
	int r;

	/* Nobody else's process is signalled, given an oom_score_adj or id maps. */
	if (pid < 0 || pid == l->process.pid)
		return error_fail(err, ERROR_INTERNAL, 0,
				  "no child of ours came with the handshake step 'forked'");
	if (!launch_reap(l, STAGE_END_MS, NULL)) {
		(void)sys_pidfd_send_signal(owned, SIGKILL);
		return error_fail(err, ERROR_INTERNAL, 0,
				  "the process that joined the namespaces does not end");
	}
	l->process = (struct pidref){ .pid = pid, .fd = TAKE_FD(owned) };
	born_in_userns = (l->plan.header->flags & PLAN_NEW_USERNS) && !launch_first_in_userns(l);
	r = prepare_process(l, born_in_userns, score_is_due(l, false), err);
	if (r < 0)
		return r;
	r = announce_process(l, err);
	if (r < 0)
		return r;
	return born_in_userns ? launch_send(l, STEP_GO, pid, err) : 0;
}

/* After every source was opened (R2): what is attached now is in none of them. */
static int attach_shared_root(struct launch *l, struct error *err)
{
	const struct plan_header *p = l->plan.header;
	const struct plan_op *ops = plan_ops(p);
	const struct plan_arg_root *arg;
	struct mount_identity identity;
	uint32_t i = 0;
	int r;

	while (i < p->op_count && ops[i].type != OP_ROOT)
		i++;
	if (i == p->op_count || (p->flags & PLAN_EXEC))
		return 0;
	arg = plan_at(p, ops[i].arg);
	if (!(arg->flags & PLAN_ROOT_SHARED))
		return 0;
	r = shared_root_prepare(ops[i].fd, plan_string(p, arg->path), &identity, err);
	if (r >= 0)
		r = l->on_root(l, &identity, err);
	fault_point("root-recorded");
	if (r >= 0)
		r = shared_root_attach(ops[i].fd, plan_string(p, arg->path), err);
	fault_point("root-attached");
	if (r < 0) {
		error_add_step(err, plan_op_name(OP_ROOT));
		error_add_origin(err, plan_string(p, ops[i].origin));
	}
	return r;
}

static int spawn(struct launch *l, struct error *err)
{
	_cleanup_close_ int image = -EBADF, plan = -EBADF, child_socket = -EBADF;
	int pair[2], r;

	r = sock_pair(pair);
	if (r < 0)
		return error_set(err, -r, "cannot make a socket pair");
	l->socket = pair[0];
	child_socket = pair[1];
	r = launch_open_sources(l, err);
	if (r >= 0)
		r = launch_replace_null(l, err);
	if (r >= 0)
		r = attach_shared_root(l, err);
	if (r < 0)
		return r;
	l->plan.header->socket_fd = child_socket;
	launch_give_stdio(l);
	image = launch_image_open(err);
	if (image < 0)
		return image;
	plan = launch_plan_memfd(l->plan.header, err);
	if (plan < 0)
		return plan;
	r = launch_spawn(l, image, plan, child_socket, err);
	fault_point("cloned");
	if (r >= 0 && !launch_waits_for_go(l))
		r = give_network(l, err);
	fault_point("network");
	return r;
}

int launch_start(struct launch *l, struct error *err)
{
	int r;

	l->process = (struct pidref){ .fd = -EBADF };
	l->socket = -EBADF;
	l->null_fd = -EBADF;
	l->devices_attached = false;
	l->last_step = STEP_NONE;
	l->next_op = l->remarks = 0;
	r = spawn(l, err);
	launch_close_sources(l);
	l->null_fd = fd_close(l->null_fd);
	if (r >= 0) {
		log_debug("process %d runs a plan of %u steps", (int)l->process.pid,
			  l->plan.header->op_count);
		r = release_first(l, err);
		r = r < 0 ? launch_prefer_death(l, r, err) : r;
	}
	if (r >= 0)
		r = launch_serve_until_ready(l, err);
	if (r < 0)
		launch_kill(l);
	else
		log_debug("process %d is ready for its program", (int)l->process.pid);
	return r;
}

int launch_release(struct launch *l, bool start, struct error *err)
{
	int r = start && !l->start_early ? launch_send(l, STEP_START, l->process.pid, err) : 0;

	if (r >= 0)
		r = launch_serve_until_exec(l, err);
	if (r < 0)
		launch_kill(l);
	l->socket = fd_close(l->socket);
	return r;
}

int launch_open_gate(struct launch *l, int state_dirfd, struct error *err)
{
	int r;

	l->last_step = STEP_NONE;
	l->socket = sock_connect_at(SOCK_SEQPACKET, state_dirfd, "gate");
	if (l->socket == -ECONNREFUSED || l->socket == -ENOENT)
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start a container that has stopped");
	if (l->socket < 0)
		return error_set(err, -l->socket,
				 "cannot reach the container's process at its start gate");
	r = launch_send(l, STEP_START, l->process.pid, err);
	if (r >= 0)
		r = launch_serve_until_exec(l, err);
	l->socket = fd_close(l->socket);
	return r;
}

void launch_done(struct launch *l)
{
	l->socket = fd_close(l->socket);
	pidref_close(&l->process);
	plan_done(&l->plan);
}
