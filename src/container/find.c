/* SPDX-License-Identifier: Apache-2.0 */
/* find: a container that exists: its record, its cgroup, its process and what the kernel says of them. Host half. */
#include <errno.h>
#include <string.h>

#include "container/container_private.h"

static void open_cgroup(struct found *f)
{
	struct error ignored;
	const struct state *s = &f->state;

	if (s->cgroup_driver == CGROUP_NONE)
		return;
	if (cgroup_host_open(&f->cgroup_host, &ignored) < 0 || f->cgroup_host.root_fd < 0)
		return;
	/* A cgroup that is gone is no error: the container is dead then, or was never finished. */
	if (cgroup_open(&f->cgroup_host, s->cgroup_driver, s->cgroup_path ? s->cgroup_path : "",
			s->cgroup_leaf ? s->cgroup_leaf : "",
			s->cgroup_scope ? s->cgroup_scope : "", &f->cgroup, &ignored) < 0)
		f->cgroup.fd = -EBADF;
}

static int find(const struct container_context *ctx, const char *id, bool lock, struct found *ret,
		struct error *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->root.fd = ret->dir.fd = ret->cgroup.fd = ret->cgroup_host.root_fd = -EBADF;
	r = spec_check_id(id, err);
	if (r >= 0)
		r = state_root_open(ctx->root, false, &ret->root, err);
	if (r < 0)
		return r;
	if (ret->root.fd < 0)
		return error_fail(err, ERROR_NOT_FOUND, ENOENT, "container does not exist");
	r = state_dir_open(&ret->root, id, lock, &ret->dir, err);
	if (r < 0)
		return r;
	r = state_load(&ret->dir, &ret->state, err);
	if (r == -ENOENT && !lock) {
		/* Somebody has begun to write it or to remove the container: wait for them. */
		r = state_dir_lock(&ret->dir, err);
		if (r >= 0)
			r = state_load(&ret->dir, &ret->state, err);
		state_dir_unlock(&ret->dir);
	}
	if (r < 0)
		return r;
	ret->status = state_status(&ret->dir, &ret->state);
	open_cgroup(ret);
	if (ret->status == STATUS_RUNNING && cgroup_is_frozen(&ret->cgroup))
		ret->status = STATUS_PAUSED;
	return 0;
}

int found_open(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err)
{
	return find(ctx, id, true, ret, err);
}

int found_peek(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err)
{
	return find(ctx, id, false, ret, err);
}

void found_done(struct found *f)
{
	cgroup_close(&f->cgroup);
	cgroup_host_close(&f->cgroup_host);
	state_dir_close(&f->dir);
	state_done(&f->state);
	state_root_close(&f->root);
}

int found_spec(const struct found *f, struct spec **ret, struct error *err)
{
	return spec_load(f->dir.fd, "config.json", ret, NULL, err);
}

int found_require_running(const struct found *f, const char *verb, struct error *err)
{
	if (f->status == STATUS_RUNNING)
		return 0;
	return error_fail(err, ERROR_CONFLICT, 0, "cannot %s a%s container", verb,
			  f->status == STATUS_STOPPED   ? " stopped"
			  : f->status == STATUS_PAUSED  ? " paused"
			  : f->status == STATUS_CREATED ? " created"
							: " half-created");
}

int found_process(const struct found *f, struct pidref *ret, struct error *err)
{
	int r = pidref_open(f->state.pid, f->state.start_time, ret);

	if (r < 0)
		return error_fail(err, ERROR_CONFLICT, 0, "container not running");
	return 0;
}
