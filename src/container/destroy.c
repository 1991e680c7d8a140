/* SPDX-License-Identifier: Apache-2.0 */
/*
 * destroy: the end of a container, the same after `run` and in `delete`. Host half.
 *
 * The order matters: processes, then the cgroup (which must be empty), then the hooks that undo what others set up, then
 * what is mounted in the caller's own mount namespace, and the record last, so that an interruption at any point leaves something that `delete --force` can finish.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "container/container_private.h"
#include "knarr/fault.h"
#include "knarr/hooks.h"

/* For a process whose parent was killed: it sees that at once. */
#define CUT_OFF_TIMEOUT_MS 2000

static int open_bundle(const struct state *state)
{
	/* The bundle may be gone by now; hooks then run in the root directory. */
	int fd = open(state->bundle ? state->bundle : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int run_list(const struct spec *spec, const struct spec_hook_list *list,
		    enum spec_hook_kind kind, const struct state *state, enum state_status status,
		    struct error *err)
{
	_cleanup_close_ int cwd = -EBADF;
	_cleanup_free_ char *json = NULL;
	struct hook_output output = hook_output_of(spec);

	if (!list->count)
		return 0;
	cwd = open_bundle(state);
	json = state_json(state, status, false);
	return hooks_run(list, kind, json, cwd, &output, err);
}

void poststop_run(const struct spec *spec, const struct state *state)
{
	const struct spec_hook_list *all = &spec->hooks[HOOK_POSTSTOP];

	for (size_t i = 0; i < all->count; i++) {
		struct spec_hook_list one = { .items = &all->items[i], .count = 1 };
		struct error err;
		char text[1024];

		if (run_list(spec, &one, HOOK_POSTSTOP, state, STATUS_STOPPED, &err) < 0)
			log_warning("%s, ignoring", error_format(&err, text, sizeof(text)));
	}
}

int poststart_run(const struct spec *spec, const struct state *state, struct error *err)
{
	return run_list(spec, &spec->hooks[HOOK_POSTSTART], HOOK_POSTSTART, state, STATUS_RUNNING,
			err);
}

/* 1: ret is the process; 0: there is none any more. */
static int open_process(const struct found *f, struct pidref *ret, struct error *err)
{
	int r;

	if (f->status == STATUS_STOPPED || f->state.pid <= 0)
		return 0;
	r = pidref_open(f->state.pid, f->state.start_time, ret);
	if (r < 0 && r != -ESRCH)
		return error_set(err, -r, "cannot open process %d of the container", f->state.pid);
	return r >= 0;
}

static int kill_process(struct pidref *init, struct error *err)
{
	int r;

	(void)pidref_signal(init, SIGKILL);
	r = pidref_wait(init, KILL_TIMEOUT_MS);
	pidref_close(init);
	if (r == -ETIMEDOUT) {
		error_fail(err, ERROR_TIMEOUT, ETIMEDOUT,
			   "process %d of the container does not die", init->pid);
		error_add_remedy(err, "it waits in the kernel: see /proc/%d/stack", init->pid);
		return -ETIMEDOUT;
	}
	return 0;
}

/*
 * A creation that was cut off before it had a process has not recorded which cgroup it made. Whoever is in one of that
 * path is another container's; a process of the creation ends by itself once its parent is gone.
 */
static bool may_kill_cgroup(const struct found *f)
{
	if (f->cgroup.fd < 0 && f->cgroup.dir_fd <= 0)
		return false;
	return f->state.cgroup_inode || !f->state.creating || f->state.pid > 0;
}

/* Whoever is still in a cgroup that cannot be opened must not outlive the record. What failed may work by now. */
static int require_cgroup(struct found *f, struct error *err)
{
	if (f->cgroup_is_other)
		return 0;
	if (f->cgroup_error < 0) {
		cgroup_close(&f->cgroup);
		cgroup_host_close(&f->cgroup_host);
		found_open_cgroup(f);
	}
	if (f->cgroup_error >= 0 || f->cgroup_is_other)
		return 0;
	*err = f->cgroup_flaw;
	error_add_step(err, "cgroup-remove");
	error_add_subject(err, f->state.cgroup_path ? f->state.cgroup_path : "");
	return f->cgroup_error;
}

static int remove_cgroup(struct found *f, struct error *err)
{
	int r = require_cgroup(f, err);

	if (r < 0)
		return r;
	if (f->cgroup.driver == CGROUP_NONE)
		return 0;
	if (f->cgroup_is_other) {
		log_debug("%s: it stays as it is", f->cgroup_flaw.text);
		return 0;
	}
	if (f->status == STATUS_STOPPED && cgroup_remove_empty(&f->cgroup_host, &f->cgroup))
		return 0;
	/*
	 * Also takes what a shared pid namespace has left alive, and works on a frozen cgroup. One that is gone, as a scope
	 * is once it is empty, has nobody left; its unit may still have to be told.
	 */
	r = may_kill_cgroup(f) ? cgroup_kill(&f->cgroup, err) : 0;
	if (r < 0)
		return r;
	return cgroup_remove(&f->cgroup_host, &f->cgroup,
			     may_kill_cgroup(f) ? KILL_TIMEOUT_MS : CUT_OFF_TIMEOUT_MS, err);
}

static void remove_resctrl(const struct state *state)
{
	_cleanup_close_ int root = -EBADF;

	if (!state->intel_rdt || !state->intel_rdt[0])
		return;
	root = resctrl_root_open(NULL);
	if (root >= 0)
		resctrl_remove(root, state->intel_rdt);
}

/* By force the record goes even if the mounts cannot: the namespace that holds them may have gone. */
static int unmount_root(const struct state *state, bool force, struct error *err)
{
	int r;

	if (!state_is_of_this_boot(state))
		return 0; /* it went with the kernel */
	r = shared_root_detach(state->rootfs, &state->root_mount, err);
	if (r >= 0 || !force)
		return r;
	log_warning("%s, ignoring", err->text);
	return 0;
}

int container_destroy(struct found *f, const struct spec *spec, bool force, struct error *err)
{
	struct pidref init;
	int r, alive = open_process(f, &init, err);

	if (alive < 0)
		return alive;
	if (f->status != STATUS_STOPPED && may_kill_cgroup(f))
		(void)cgroup_kill(&f->cgroup,
				  NULL); /* at once, so that nothing can fork ahead of us */
	r = alive ? kill_process(&init, err) : 0;
	fault_point("delete-killed");
	if (r >= 0)
		r = remove_cgroup(f, err);
	if (r < 0)
		return r;
	fault_point("delete-cgroup");
	remove_resctrl(&f->state);
	if (spec)
		poststop_run(spec, &f->state);
	fault_point("delete-hooks");
	r = unmount_root(&f->state, force, err);
	if (r < 0)
		return r;
	fault_point("delete-mounts");
	return state_dir_remove(&f->dir, err);
}
