/* SPDX-License-Identifier: Apache-2.0 */
/* pause: pause and resume, by the freezer of the container's cgroup. Host half. */
#include <errno.h>

#include "container/container_private.h"

#define FREEZE_TIMEOUT_MS 10000

/* A cgroup above that is frozen keeps the container where it is, whatever its own setting. */
static int refuse_frozen_elsewhere(const struct found *f, struct error *err)
{
	char path[sizeof(f->cgroup.leaf)];

	if (!cgroup_frozen_elsewhere(&f->cgroup_host, &f->cgroup, path, sizeof(path)))
		return 0;
	/* Its own setting goes all the same, so that it runs as soon as the other cgroup is thawed. */
	(void)cgroup_freeze(&f->cgroup, false, 0, NULL);
	error_fail(err, ERROR_CONFLICT, 0,
		   "cannot resume container '%s': cgroup '%s' is frozen, too", f->state.id, path);
	error_add_remedy(err, "write 0 to its cgroup.freeze");
	return -EINVAL;
}

/* What is frozen from elsewhere only may be paused: its own setting then outlasts the other. */
static bool may_change(const struct found *f, bool frozen)
{
	if (f->status == STATUS_PAUSED)
		return !frozen || !cgroup_is_frozen(&f->cgroup);
	return frozen && (f->status == STATUS_RUNNING || f->status == STATUS_CREATED);
}

static int set_frozen(const struct container_context *ctx, const char *id, bool frozen,
		      struct error *err)
{
	struct found f;
	int r;

	r = found_open(ctx, id, &f, err);
	if (r >= 0 && !may_change(&f, frozen))
		r = error_fail(err, ERROR_CONFLICT, 0,
			       f.status == STATUS_STOPPED ? "container not running"
			       : frozen                   ? "container not running or created: %s"
							  : "container not paused: %s",
			       state_status_name(f.status));
	if (r >= 0)
		r = found_require_cgroup(&f, err);
	if (r >= 0 && !frozen)
		r = refuse_frozen_elsewhere(&f, err);
	if (r >= 0)
		r = cgroup_freeze(&f.cgroup, frozen, FREEZE_TIMEOUT_MS, err);
	found_done(&f);
	return r;
}

int container_pause(const struct container_context *ctx, const char *id, struct error *err)
{
	return set_frozen(ctx, id, true, err);
}

int container_resume(const struct container_context *ctx, const char *id, struct error *err)
{
	return set_frozen(ctx, id, false, err);
}
