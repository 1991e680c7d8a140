/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete: a container and everything that it left. Host half.
 *
 * With --force it also takes what half a create left after a crash, and an absent container is no error.
 */
#include <errno.h>
#include <string.h>

#include "container/container_private.h"

/* No readable record: the process is unknown, only the directory can go. */
static int delete_unreadable(struct found *f, bool force, struct error *err)
{
	if (!force || f->dir.fd < 0)
		return -EINVAL; /* err is state_load()'s */
	return state_dir_remove(&f->dir, err);
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

int container_delete(const struct container_context *ctx, const char *id, bool force,
		     struct error *err)
{
	struct found f;
	struct spec *spec = NULL;
	int r;

	r = found_open(ctx, id, &f, err);
	if (r < 0) {
		if (f.dir.fd >= 0)
			r = delete_unreadable(&f, force, err);
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
		r = container_destroy(&f, spec, err);
	}
	spec = spec_free(spec);
	found_done(&f);
	return r;
}
