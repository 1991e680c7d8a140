/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill: a signal to the container's first process, or to all of its processes. Host half.
 *
 * Without a pid namespace of its own the end of init ends nothing else, so SIGKILL then goes to the whole cgroup.
 * Callers do that after init is dead, too, and expect it to work.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "container/container_private.h"

static int kill_all(const struct found *f, int signal, struct error *err)
{
	return signal == SIGKILL ? cgroup_kill(&f->cgroup, err)
				 : cgroup_signal_all(&f->cgroup, signal, err);
}

static int kill_init(const struct found *f, int signal, struct error *err)
{
	struct pidref init;
	int r;

	if (f->status == STATUS_STOPPED)
		return error_fail(err, ERROR_CONFLICT, 0, "container not running");
	r = found_process(f, &init, err);
	if (r < 0)
		return r;
	r = pidref_signal(&init, signal);
	pidref_close(&init);
	if (r == -ESRCH)
		return error_fail(err, ERROR_CONFLICT, 0, "container not running");
	if (r < 0)
		return error_set(err, -r, "cannot signal the container's process");
	return 0;
}

int container_kill(const struct container_context *ctx, const char *id, int signal, bool all,
		   struct error *err)
{
	struct found f;
	int r;

	r = found_peek(ctx, id, &f, err);
	if (r >= 0) {
		bool own_pidns = f.state.namespaces & CLONE_NEWPID;

		if (f.cgroup.fd >= 0 && (all || (signal == SIGKILL && !own_pidns)))
			r = kill_all(&f, signal, err);
		else if (all && f.cgroup_error && f.status != STATUS_STOPPED)
			r = found_require_cgroup(&f, err); /* not all of them are known */
		else
			r = kill_init(&f, signal, err);
		/* --all on a container that is all gone: nothing was left to signal. */
		if (r < 0 && all && f.status == STATUS_STOPPED)
			r = 0;
	}
	found_done(&f);
	return r;
}
