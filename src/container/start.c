/* SPDX-License-Identifier: Apache-2.0 */
/* start: opens the gate of a created container and waits until its program runs. Host half. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "container/container_private.h"
#include "knarr/fault.h"

struct start {
	struct found found;
	struct spec *spec;
	struct launch launch;
	struct notify notify;
};

static int on_listener(struct launch *l, int fd, struct error *err)
{
	struct start *s = l->context;

	return listener_deliver(s->spec, &s->found.state, l->process.pid, fd, err);
}

static int check_status(const struct found *f, struct error *err)
{
	switch (f->status) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start a container that has stopped");
	case STATUS_PAUSED:
		if (f->waits_for_start)
			return found_refuse_paused(f, "start", err);
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start an already running container");
	case STATUS_CREATING:
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start a container whose creation has not finished");
	default:
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start an already running container");
	}
}

/* As `create` planned it. Who makes a container without the variable and starts it with one asks for what it cannot do. */
static int bind_notify(struct start *s, struct error *err)
{
	int r;

	s->notify.address = notify_address();
	if (!s->notify.address)
		return 0;
	s->notify.main_pid = s->found.state.pid;
	r = notify_bind(&s->notify, s->found.dir.fd, err);
	if (r != -ENOENT)
		return r;
	log_warning("container %s was created without NOTIFY_SOCKET, ignoring that of start",
		    s->found.state.id);
	return 0;
}

static int open_gate(struct start *s, struct error *err)
{
	struct found *f = &s->found;
	int r;

	r = found_spec(f, &s->spec, err);
	/* Before the gate: behind it nobody could take the listener any more, and the program would be lost. */
	if (r >= 0 && (r = listener_check(s->spec, err)) < 0)
		error_locate(err, s->spec->doc);
	if (r < 0)
		return r;
	r = found_process(f, &s->launch.process, err);
	if (r < 0)
		return error_fail(err, ERROR_CONFLICT, 0,
				  "cannot start a container that has stopped");
	s->launch.on_listener = on_listener;
	s->launch.context = s;
	r = bind_notify(s, err);
	if (r < 0)
		return r;
	fault_point("start-gate");
	r = launch_open_gate(&s->launch, f->dir.fd, err);
	fault_point("start-opened");
	/* A start that was killed between START and the unlink below leaves a gate that nobody listens at. */
	if (r < 0 && s->launch.last_step == STEP_NONE && err->class == ERROR_CONFLICT &&
	    pidref_state(f->state.pid, f->state.start_time) == PIDREF_ALIVE) {
		r = error_fail(err, ERROR_CONFLICT, 0, "cannot start an already running container");
		(void)unlinkat(f->dir.fd, "gate", 0);
	}
	/* Once START was taken, the process runs or is dead: nothing listens any more. Without, it still waits. */
	if (s->launch.last_step != STEP_NONE)
		(void)unlinkat(f->dir.fd, "gate", 0);
	if (r < 0)
		error_locate(err, s->spec->doc);
	return r;
}

int container_start(const struct container_context *ctx, const char *id, struct error *err)
{
	struct start s = {
		.launch = { .socket = -EBADF, .gate_fd = -EBADF, .process = { .fd = -EBADF } },
		.notify = { .fd = -EBADF },
	};
	int r;

	r = found_open(ctx, id, &s.found, err);
	if (r >= 0)
		r = check_status(&s.found, err);
	if (r >= 0)
		r = open_gate(&s, err);
	if (r >= 0) {
		/* The hooks may be commands on this very container. */
		state_dir_unlock(&s.found.dir);
		r = poststart_run(s.spec, &s.found.state, err);
		if (r < 0)
			(void)pidref_signal(&s.launch.process, SIGKILL);
		else if (s.notify.fd >= 0) {
			log_flush();
			r = notify_wait(&s.notify, &s.launch.process, err);
		}
	}
	notify_close(&s.notify);
	launch_done(&s.launch);
	s.spec = spec_free(s.spec);
	found_done(&s.found);
	return r;
}
