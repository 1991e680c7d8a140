/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete: a container and everything that it left. Host half.
 *
 * With --force it also takes what half a create left after a crash, and an absent container is no error.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "container/container_private.h"

/*
 * No readable record: what else is left has to do. A record that cannot be read at this moment may be whole: its
 * container would live on without one.
 */
static int delete_unreadable(struct found *f, bool force, int r, struct error *err)
{
	struct error ignored;
	struct spec *spec = NULL;

	if (!force || !state_record_is_bad(r))
		return r; /* err is state_load()'s */
	if (found_spec(f, &spec, &ignored) < 0)
		spec = NULL;
	r = found_salvage(f, spec, r, err);
	if (r >= 0)
		r = container_destroy(f, spec, true, err);
	spec = spec_free(spec);
	return r;
}

static int check_status(const struct found *f, bool force, struct error *err)
{
	if (force || f->status == STATUS_STOPPED || f->status == STATUS_CREATED)
		return 0;
	error_fail(err, ERROR_CONFLICT, 0, "cannot delete container %s that is not stopped: %s",
		   f->state.id, state_status_name(f->status));
	error_add_remedy(err, "`knarr delete --force` kills it first");
	return -EINVAL;
}

/*
 * Whoever holds the lock may wait for the very process that is to go, such as a start whose hook in the container does
 * not end. That wait ends with the process.
 */
static void kill_if_locked(const struct container_context *ctx, const char *id)
{
	struct state_root root = { .fd = -EBADF };
	struct state_dir dir = { .fd = -EBADF };
	struct error ignored;
	struct pidref init;
	struct found f;
	bool locked = false;

	if (state_root_open(ctx->root, false, &root, &ignored) >= 0 &&
	    state_dir_open(&root, id, false, &dir, &ignored) >= 0)
		locked = state_dir_is_locked(&dir);
	state_dir_close(&dir);
	state_root_close(&root);
	if (!locked)
		return;
	if (found_peek(ctx, id, &f, &ignored) >= 0 && f.status != STATUS_STOPPED &&
	    found_process(&f, &init, &ignored) >= 0) {
		(void)pidref_signal(&init, SIGKILL);
		pidref_close(&init);
	}
	found_done(&f);
}

int container_delete(const struct container_context *ctx, const char *id, bool force,
		     struct error *err)
{
	struct found f;
	struct spec *spec = NULL;
	int r;

	if (force)
		kill_if_locked(ctx, id);
	/* By force it waits for a creation to fail; without, the caller may be one of its hooks. */
	r = force ? found_open_waiting(ctx, id, &f, err) : found_open(ctx, id, &f, err);
	if (r < 0) {
		if (f.dir.fd >= 0)
			r = delete_unreadable(&f, force, r, err);
		else if (r == -ENOENT && force)
			r = 0;
		found_done(&f);
		return r;
	}
	r = check_status(&f, force, err);
	if (r >= 0) {
		struct error ignored;

		/* Without its config the container's poststop hooks are unknown; that must not keep it from being deleted. */
		if (found_spec(&f, &spec, &ignored) < 0)
			spec = NULL;
		r = container_destroy(&f, spec, force, err);
	}
	spec = spec_free(spec);
	found_done(&f);
	return r;
}
