/* SPDX-License-Identifier: Apache-2.0 */
/* update: new limits for a container that exists. Host half. */
#include "container/container_private.h"

int container_update(const struct container_context *ctx, const char *id,
		     const struct spec_resources *res, struct error *err)
{
	struct found f;
	int r;

	r = found_open(ctx, id, &f, err);
	if (r >= 0 && f.status == STATUS_STOPPED)
		r = error_fail(err, ERROR_CONFLICT, 0, "container not running");
	if (r >= 0)
		r = found_require_cgroup(&f, err);
	if (r >= 0)
		r = cgroup_update(&f.cgroup_host, &f.cgroup, res, err);
	found_done(&f);
	return r;
}
