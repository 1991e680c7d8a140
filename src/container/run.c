/* SPDX-License-Identifier: Apache-2.0 */
/* run: create, start, supervise and delete in one process, which spares the start gate's socket. Host half. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/container_private.h"
#include "knarr/fault.h"
#include "knarr/supervise.h"

static int start(struct setup *s, struct error *err)
{
	int r = launch_release(&s->launch, true, err);

	if (r < 0) {
		error_locate(err, s->spec->doc);
		return r;
	}
	/*
	 * From here on others ask for the container's state, kill and even delete it while the program runs; a poststart
	 * hook may be the first of them.
	 */
	state_dir_unlock(&s->dir);
	return poststart_run(s->spec, &s->state, err);
}

/* The undo stack speaks of names; somebody who deleted the container meanwhile has undone all of it. */
static void fail_started(struct setup *s)
{
	struct error ignored;

	if (state_dir_lock(&s->dir, &ignored) == -ENOENT)
		undo_disarm(&s->undo);
}

static int follow(struct setup *s, int *ret_status, struct error *err)
{
	struct supervise supervise = {
		.process = &s->launch.process,
		.notify = s->notify.fd >= 0 ? &s->notify : NULL,
		.console_master = s->console_master,
	};

	/* We are what the service manager should signal, and what it should wait for: we pass signals on, and clean up. */
	s->notify.main_pid = getpid();
	return supervise_run(&supervise, ret_status, err);
}

/* The kernel's kill leaves the status of any other SIGKILL, and the cgroup that knows better is about to go. */
static void tell_oom(const struct setup *s, int status)
{
	struct error err = { 0 };

	if (status != 128 + SIGKILL || !cgroup_oom_killed(&s->cgroup))
		return;
	error_fail(&err, ERROR_SYSTEM, 0, "container %s was killed by the kernel: out of memory",
		   s->opt->id);
	log_error(&err);
}

/* The process has ended: everything that was made goes, in the order of `delete`. */
static int dispose(struct setup *s, struct error *err)
{
	struct found f = {
		.root = s->root,
		.dir = s->dir,
		.state = s->state,
		.cgroup_host = s->cgroup_host,
		.cgroup = s->cgroup,
		.status = STATUS_STOPPED,
	};
	int r;

	/* The poststop hooks are not to be cut short by a second request to end. */
	interrupt_end();
	r = state_dir_lock(&s->dir, err);
	if (r == -ENOENT)
		return 0; /* `delete --force` did it already */
	if (r < 0)
		return r;
	cgroup_close_removed(&f.cgroup);
	r = container_destroy(&f, s->spec, false, err);
	/* What is borrowed here is released by setup_done(); the descriptors may have been closed on the way. */
	s->dir = f.dir;
	s->cgroup = f.cgroup;
	return r;
}

static int run_foreground(struct setup *s, int *ret_status, struct error *err)
{
	int r, status = 0;

	r = supervise_prepare(err);
	if (r >= 0)
		r = setup_execute(s, err);
	if (r < 0)
		return r;
	r = start(s, err);
	log_flush();
	if (r >= 0)
		r = follow(s, &status, err);
	if (r < 0) {
		fail_started(s);
		return r;
	}
	undo_disarm(&s->undo);
	tell_oom(s, status);
	if (!s->opt->keep)
		r = dispose(s, err);
	*ret_status = status;
	return r;
}

/* With a NOTIFY_SOCKET `run -d` means "and it is ready". A program that ends before it is leaves its status. */
static int wait_until_ready(struct setup *s, int *ret_status, struct error *err)
{
	siginfo_t info = { 0 };
	int r;

	if (s->notify.fd < 0)
		return 0;
	s->notify.main_pid = s->launch.process.pid;
	r = notify_wait(&s->notify, &s->launch.process, err);
	if (r < 0 || s->notify.ready)
		return r;
	/* Not reaped: it is the container's record that tells of it. */
	if (waitid(P_PIDFD, (id_t)s->launch.process.fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid)
		*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

static int run_detached(struct setup *s, int *ret_status, struct error *err)
{
	int r;

	r = setup_execute(s, err);
	if (r < 0)
		return r;
	r = start(s, err);
	fault_point("started");
	if (r < 0) {
		fail_started(s);
		return r;
	}
	undo_disarm(&s->undo);
	log_flush();
	return wait_until_ready(s, ret_status, err);
}

int container_run(const struct container_context *ctx, const struct create_options *opt,
		  int *ret_status, struct error *err)
{
	struct setup s = { .ctx = ctx, .opt = opt, .gate = PLAN_GATE_HANDSHAKE };
	int r;

	*ret_status = 0;
	r = setup_prepare(&s, err);
	if (r >= 0)
		r = opt->detach ? run_detached(&s, ret_status, err)
				: run_foreground(&s, ret_status, err);
	setup_done(&s);
	return r;
}
