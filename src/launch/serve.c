/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve: the host half's answers to what the process says, from the clone to execve. Host half.
 *
 * In exec the process stands in the container from its fork on, and what it says is hostile input (R28): steps.c takes only the
 * step that the plan has next, and here each descriptor is looked at before it is used.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch_private.h"

/* From EOF on the handshake to the end of the process. The one follows from the other, unless somebody shut the socket down. */
enum { END_MS = 2000 };

/* Within the time of its exit: what talks to it fails a moment before it can be waited for. */
static bool has_ended(pid_t pid)
{
	for (unsigned i = 0; i < 20; i++) {
		siginfo_t info = { 0 };

		if (pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			return true;
		(void)usleep(5000);
	}
	return false;
}

/* The cgroup of a scope is gone with its last process, and with it the count of OOM kills. */
static void explain_kill(const struct launch *l, int sig, struct error *err)
{
	bool limited = l->cgroup_request && l->cgroup_request->resources &&
		       l->cgroup_request->resources->memory.limit.present;

	if (l->cgroup && cgroup_oom_killed(l->cgroup))
		error_add_remedy(err, "out of memory: the memory limit is too low even to start");
	else if (sig == SIGKILL && limited)
		error_add_remedy(err, "out of memory, probably: raise the memory limit");
}

/* EOF where a step was due: how the process ended is all that there is to say. What goes on is killed by the caller. */
static int explain_death(struct launch *l, struct error *err)
{
	int status = 0;

	if (!launch_reap(l, END_MS, &status))
		return error_fail(err, ERROR_SYSTEM, 0,
				  "the container's process left the handshake before its time");
	if (WIFSIGNALED(status)) {
		error_fail(
			err, ERROR_SYSTEM, 0,
			"the container's process was killed by signal %d (%s) while it was set up",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
		explain_kill(l, WTERMSIG(status), err);
		return -EINVAL;
	}
	return error_fail(err, ERROR_SYSTEM, 0,
			  "the container's process ended with status %d while it was set up",
			  WEXITSTATUS(status));
}

/*
 * A step outside failed. A process that ended meanwhile is the cause, and what it said before counts most. The rest
 * (a broken pipe, a cgroup that went away with it) only follows from that.
 */
int launch_prefer_death(struct launch *l, int r, struct error *err)
{
	struct handshake_packet packet;
	struct error own = { 0 };
	int fd = -EBADF, step;

	if (l->process.pid <= 0 || (l->plan.header->flags & PLAN_HAS_FORK) ||
	    !has_ended(l->process.pid))
		return r;
	do {
		fd_close(fd);
		step = launch_receive(l, &packet, &fd, &own);
	} while (step > STEP_NONE);
	fd_close(fd);
	if (step == STEP_NONE)
		return explain_death(l, err);
	if (own.class != ERROR_NONE && err)
		*err = own;
	return step;
}

/* Hooks may change the program that they find; so it is there before them, and before anything of the container's runs. */
static int attach_devices(struct launch *l, struct error *err)
{
	if (l->devices_attached || !l->cgroup || !l->cgroup_request)
		return 0;
	l->devices_attached = true;
	return cgroup_attach_devices(l->cgroup_request, l->cgroup, err);
}

static int run_hooks(struct launch *l, struct error *err)
{
	int r = attach_devices(l, err);

	if (r >= 0 && l->on_hooks)
		r = l->on_hooks(l, err);
	return r < 0 ? r : launch_send(l, STEP_HOOKS_DONE, l->process.pid, err);
}

/* The name is made here: what the process says about it goes to nobody. */
static int serve_console(struct launch *l, int master, struct error *err)
{
	char name[32];
	int number = launch_pty_number(master);

	if (number < 0)
		return error_fail(err, ERROR_INTERNAL, 0,
				  "no terminal came with the handshake step 'console'");
	(void)text_format(name, sizeof(name), "/dev/pts/%d", number);
	return l->on_console ? l->on_console(l, master, name, err) : 0;
}

int launch_serve_until_ready(struct launch *l, struct error *err)
{
	struct handshake_packet packet;

	for (;;) {
		_cleanup_close_ int fd = -EBADF;
		int r = launch_receive(l, &packet, &fd, err);

		switch (r) {
		case STEP_FORKED:
			r = launch_adopt(l, TAKE_FD(fd), err);
			break;
		case STEP_HOOKS:
			r = run_hooks(l, err);
			break;
		case STEP_CONSOLE:
			r = serve_console(l, fd, err);
			break;
		case STEP_READY:
			return attach_devices(l, err);
		case STEP_NONE:
			return explain_death(l, err);
		default:
			if (r >= 0)
				r = error_fail(err, ERROR_INTERNAL, 0,
					       "handshake step '%s' is not expected here",
					       handshake_step_name(r));
		}
		if (r < 0)
			return r;
	}
}

static int serve_listener(struct launch *l, int fd, struct error *err)
{
	int r;

	if (!launch_is_listener(fd))
		r = error_fail(err, ERROR_INTERNAL, 0,
			       "no seccomp listener came with the handshake step 'listener'");
	else if (l->on_listener)
		r = l->on_listener(l, fd, err);
	else
		r = error_fail(err, ERROR_INTERNAL, 0, "nobody takes the seccomp listener");
	return r < 0 ? r : launch_send(l, STEP_LISTENER_DONE, 0, err);
}

/* EOF before RUNNING: the process died in a startContainer hook, or was killed at its gate. */
static int explain_no_program(struct launch *l, struct error *err)
{
	if (l->plan.header)
		return explain_death(l, err);
	/* It did not take START, and waits at its gate as before. */
	if (l->last_step == STEP_START && pidref_wait(&l->process, END_MS) != 0)
		return launch_refuse_build(l, err);
	return error_fail(err, ERROR_SYSTEM, 0,
			  "the container's process ended before its program ran");
}

/* A plan without a program (mounts add) ends after READY. A filter that notifies is nothing without its listener. */
static bool may_end(const struct launch *l, bool running)
{
	uint32_t op = l->next_op;

	if (!l->plan.header)
		return running;
	if (l->plan.header->flags & PLAN_MOUNTS)
		return true;
	return running && handshake_owed(l->plan.header, &op) == STEP_NONE;
}

/* From START to EOF, which execve() causes by closing the socket. */
int launch_serve_until_exec(struct launch *l, struct error *err)
{
	struct handshake_packet packet = { 0 };
	bool running = false, again = false;

	for (;;) {
		_cleanup_close_ int fd = -EBADF;
		int r = launch_receive(l, &packet, &fd, err);

		/* The mounts stay by now: what failed on our side is tried again before it is said that they are not there. */
		if (r < 0 && !again && packet.step != STEP_FAILED && l->plan.header &&
		    (l->plan.header->flags & PLAN_MOUNTS)) {
			again = true;
			continue;
		}
		if (r == STEP_NONE)
			return may_end(l, running) ? 0 : explain_no_program(l, err);
		if (r == STEP_RUNNING)
			running = true;
		else if (r == STEP_LISTENER)
			r = serve_listener(l, fd, err);
		else if (r >= 0)
			r = error_fail(err, ERROR_INTERNAL, 0,
				       "handshake step '%s' is not expected here",
				       handshake_step_name(r));
		if (r < 0)
			return r;
	}
}
