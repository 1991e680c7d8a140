/* SPDX-License-Identifier: Apache-2.0 */
/* pause: pause and resume, by the freezer of the container's cgroup. Host half. */
#include <errno.h>

#include "container/container_private.h"

#define FREEZE_TIMEOUT_MS 10000

static int set_frozen(const struct container_context *ctx, const char *id, bool frozen,
		      struct error *err)
{
	enum state_status wanted = frozen ? STATUS_RUNNING : STATUS_PAUSED;
	struct found f;
	int r;

	r = found_open(ctx, id, &f, err);
	if (r >= 0 && f.status != wanted && !(frozen && f.status == STATUS_CREATED))
		r = error_fail(err, ERROR_CONFLICT, 0,
			       f.status == STATUS_STOPPED ? "container not running"
			       : frozen                   ? "container not running or created: %s"
							  : "container not paused: %s",
			       state_status_name(f.status));
	if (r >= 0 && f.cgroup.fd < 0)
		r = error_fail(err, ERROR_UNSUPPORTED, 0,
			       "the container has no cgroup of its own that could be frozen");
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
