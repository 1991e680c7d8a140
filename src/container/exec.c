/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: another process in a running container. Host half.
 *
 * It enters by one setns() on init's pidfd and is cloned straight into the container's cgroup. The pid file is written
 * only when the program runs, since callers take its existence for success.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "container/container_private.h"
#include "container/exec_process.h"
#include "knarr/console.h"
#include "knarr/supervise.h"

struct exec {
	const struct container_context *ctx;
	const struct exec_options *opt;
	struct found found;
	struct spec *spec; /* the container's */
	struct exec_process process;
	struct pidref init;
	int root; /* of init, where no mount namespace leads to it */
	struct filter filter;
	struct cgroup cgroup; /* fd only */
	struct launch launch;
	uint32_t listen_fds;
	int console_master;
};

static int check_status(const struct exec *e, struct error *err)
{
	switch (e->found.status) {
	case STATUS_STOPPED:
		return error_fail(err, ERROR_CONFLICT, 0, "cannot exec in a stopped container");
	case STATUS_CREATING:
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot exec in a container whose creation has not finished");
	case STATUS_PAUSED:
		return e->opt->ignore_paused ? 0 : found_refuse_paused(&e->found, "exec in", err);
	default:
		return 0;
	}
}

static int check_terminal(const struct exec *e, struct error *err)
{
	bool terminal = e->process.process.terminal;

	if (e->opt->console_socket && !terminal)
		return error_fail(err, ERROR_USAGE, 0,
				  "--console-socket is given but no terminal is asked for");
	if (terminal && e->opt->detach && !e->opt->console_socket)
		return error_fail(
			err, ERROR_USAGE, 0,
			"a terminal is asked for and the process is detached: --console-socket is needed");
	return 0;
}

/* The program may ask for the size before we hold the terminal, so it is made in the size of ours. */
static void take_size(struct exec *e)
{
	struct spec_process *p = &e->process.process;
	struct winsize size;

	if (!p->terminal || e->opt->console_socket || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	p->console_width = size.ws_col;
	p->console_height = size.ws_row;
}

static int compile_filter(struct exec *e, struct error *err)
{
	_cleanup_close_ int cache = -EBADF;

	int r = listener_check(e->spec, err);

	if (r < 0 || !e->spec->seccomp.present)
		return r;
	cache = openat(e->found.root.fd, ".cache", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return filter_compile(&e->spec->seccomp, cache, false, &e->filter, err);
}

static int build_plan(struct exec *e, struct error *err)
{
	struct found_namespaces namespaces;
	struct plan_host host;
	int r = found_namespaces(&e->found, e->spec, &namespaces, err);
	struct plan_options options = {
		.id = e->opt->id,
		.preserve_fds = e->opt->preserve_fds,
		.listen_fds = e->listen_fds,
		.gate = PLAN_GATE_NONE,
		.timing = e->ctx->timing,
		.log_level = log_level(),
		.require = e->ctx->require,
		.process = &e->process.process,
		.exec_user = e->process.user_name,
		.exec_namespaces = namespaces.set,
		.exec_inodes = namespaces.inodes,
		.exec_userns = namespaces.set & CLONE_NEWUSER,
		.exec_fork = namespaces.set & (CLONE_NEWPID | CLONE_NEWUSER),
		.filter = e->filter.insns,
		.filter_count = e->filter.count,
		.filter_flags = e->filter.flags,
		.filter_listener = e->filter.listener,
		.keep_groups = annotation_is_on(e->spec, "run.oci.keep_original_groups"),
	};

	if (r < 0)
		return r;
	r = launch_host_facts(e->spec, e->found.state.bundle, &host, err);
	if (r < 0)
		return r;
	return plan_build_exec(e->spec, &host, &options, &e->launch.plan, err);
}

/* Through a link of procfs, which follows no name; the pid meant our process if that is still there. */
static int open_root(struct exec *e, struct error *err)
{
	_cleanup_close_ int procfd = -EBADF;
	char name[32];
	int r;

	if (e->spec->namespaces[NS_MOUNT].present)
		return 0;
	r = procfd = procfs_open();
	if (r >= 0) {
		(void)text_format(name, sizeof(name), "%d/root", e->init.pid);
		e->root = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = e->root < 0 ? -errno : pidref_signal(&e->init, 0);
	}
	return r < 0 ? error_set(err, -r, "cannot open the container's root") : 0;
}

static int prepare(struct exec *e, struct error *err)
{
	int r;

	r = found_open(e->ctx, e->opt->id, &e->found, err);
	if (r >= 0)
		r = check_status(e, err);
	if (r >= 0)
		r = found_spec(&e->found, &e->spec, err);
	if (r >= 0)
		r = exec_process_read(&e->process, e->spec, e->opt, err);
	if (r >= 0)
		r = check_terminal(e, err);
	if (r >= 0)
		take_size(e);
	if (r >= 0)
		r = found_process(&e->found, &e->init, err);
	if (r >= 0)
		r = open_root(e, err);
	if (r >= 0)
		r = compile_filter(e, err);
	if (r >= 0)
		r = build_plan(e, err);
	return r;
}

static int on_console(struct launch *l, int master, const char *name, struct error *err)
{
	struct exec *e = l->context;

	if (e->opt->console_socket)
		return console_send(e->opt->console_socket, name, master, err);
	e->console_master = fcntl(master, F_DUPFD_CLOEXEC, 3);
	if (e->console_master < 0)
		return error_set(err, errno, "cannot keep the terminal");
	console_relay_to(e->console_master, STDOUT_FILENO);
	return 0;
}

/*
 * It is in the container's cgroup, where `kill --all` and `delete` find it. A container that can keep it from going on must not
 * keep them waiting for the lock.
 */
static int on_process(struct launch *l, struct error *err)
{
	struct exec *e = l->context;

	(void)err;
	state_dir_unlock(&e->found.dir);
	return 0;
}

static int on_listener(struct launch *l, int fd, struct error *err)
{
	struct exec *e = l->context;

	return listener_deliver(e->spec, &e->found.state, l->process.pid, fd, err);
}

static int enter_cgroup(struct exec *e, struct error *err)
{
	const struct state *state = &e->found.state;
	int r;

	if (state->cgroup_driver == CGROUP_NONE || !state->cgroup_path || !state->cgroup_path[0]) {
		if (e->opt->cgroup)
			return error_fail(err, ERROR_USAGE, 0,
					  "--cgroup is given but the container has no cgroup");
		return 0;
	}
	/* From here on without it is no way to go on: its limits and its device program would not hold. */
	if (e->found.cgroup_error)
		return found_require_cgroup(&e->found, err);
	e->cgroup.driver = e->found.cgroup.driver;
	if (e->opt->cgroup)
		r = cgroup_open_sub(&e->found.cgroup, e->opt->cgroup, &e->cgroup.fd, err);
	else
		r = cgroup_open_exec(&e->found.cgroup_host, &e->found.cgroup, e->init.pid,
				     &e->cgroup.fd, err);
	/* A frozen sub-cgroup: the process would stand still before its program, and we with it. */
	if (r >= 0 && !e->opt->ignore_paused && cgroup_stands_still(&e->cgroup))
		r = error_fail(err, ERROR_CONFLICT, 0, "cannot exec in a frozen cgroup");
	return r;
}

static int start(struct exec *e, struct error *err)
{
	struct launch *l = &e->launch;
	const struct spec_process *p = &e->process.process;
	int r;

	launch_protect_memory();
	launch_raise_limits(p);
	r = launch_protect_fds(e->opt->preserve_fds + e->listen_fds, err);
	if (r >= 0)
		r = enter_cgroup(e, err);
	if (r < 0)
		return r;
	l->spec = e->spec;
	l->cgroup = &e->cgroup;
	l->join_fd = e->init.fd;
	l->join_root = e->root;
	l->on_process = on_process;
	l->on_console = on_console;
	l->on_listener = on_listener;
	l->context = e;
	l->oom_score_adj = p->oom_score_adj_set ? p->oom_score_adj : INT_MIN;
	/* The program runs when somebody resumes the container, who needs the lock for that. */
	if (e->found.status == STATUS_PAUSED)
		state_dir_unlock(&e->found.dir);
	r = launch_start(l, err);
	/* READY says that the program was found; only EOF says that it runs. */
	if (r >= 0)
		r = launch_release(l, false, err);
	return r;
}

static int hand_over(struct exec *e, struct error *err)
{
	int r = 0;

	if (e->opt->pidfd_socket)
		r = pidfd_send(e->opt->pidfd_socket, e->launch.process.fd, "setns", err);
	if (r >= 0 && e->opt->pid_file)
		r = pid_file_write(e->opt->pid_file, e->launch.process.pid, err);
	if (r < 0)
		(void)pidref_signal(&e->launch.process, SIGKILL);
	return r;
}

static int follow(struct exec *e, int *ret_status, struct error *err)
{
	struct supervise supervise = {
		.process = &e->launch.process,
		.console_master = e->console_master,
	};

	return supervise_run(&supervise, ret_status, err);
}

static void exec_done(struct exec *e)
{
	launch_done(&e->launch);
	e->console_master = fd_close(e->console_master);
	e->cgroup.fd = fd_close(e->cgroup.fd);
	pidref_close(&e->init);
	e->root = fd_close(e->root);
	filter_done(&e->filter);
	exec_process_done(&e->process);
	e->spec = spec_free(e->spec);
	found_done(&e->found);
}

int container_exec(const struct container_context *ctx, const struct exec_options *opt,
		   int *ret_status, struct error *err)
{
	struct exec e = {
		.ctx = ctx,
		.opt = opt,
		.console_master = -EBADF,
		.cgroup = { .fd = -EBADF },
		.init = { .fd = -EBADF },
		.root = -EBADF,
		.launch = { .socket = -EBADF,
			    .gate_fd = -EBADF,
			    .join_fd = -EBADF,
			    .process = { .fd = -EBADF } },
		.listen_fds = listen_fds_inherited(),
	};
	int r;

	*ret_status = 0;
	r = prepare(&e, err);
	if (r >= 0 && !opt->detach)
		r = supervise_prepare(err);
	if (r >= 0) {
		/* Others may use the container while the program runs. */
		r = start(&e, err);
		state_dir_close(&e.found.dir);
	}
	if (r >= 0)
		r = hand_over(&e, err);
	if (r >= 0 && !opt->detach) {
		log_flush();
		r = follow(&e, ret_status, err);
	}
	exec_done(&e);
	return r;
}
