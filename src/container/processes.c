/* SPDX-License-Identifier: Apache-2.0 */
/* processes: the pids of a container, for ps. Host half. */
#include "container/container_private.h"

int container_pids(const struct container_context *ctx, const char *id, pid_t **ret,
		   size_t *ret_count, struct error *err)
{
	struct found f;
	int r;

	*ret = NULL;
	*ret_count = 0;
	r = found_peek(ctx, id, &f, err);
	if (r >= 0 && f.cgroup.fd >= 0) {
		r = cgroup_pids(&f.cgroup, ret, ret_count);
		if (r < 0)
			error_set(err, -r, "cannot read the processes of cgroup '%s'",
				  f.cgroup.path);
	} else if (r >= 0 && f.status != STATUS_STOPPED && f.cgroup_error) {
		r = found_require_cgroup(&f, err);
	} else if (r >= 0 && f.status != STATUS_STOPPED) {
		/* Without a cgroup only init is known for certain. */
		*ret = mem_alloc(sizeof(**ret));
		(*ret)[0] = f.state.pid;
		*ret_count = 1;
	}
	found_done(&f);
	return r;
}
