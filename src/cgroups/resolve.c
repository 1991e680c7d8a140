/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a container's cgroup will be, decided before anything is made, so that a record of it can be written first.
 * Host half; no side effects.
 */
#include <stdio.h>
#include <string.h>

#include "cgroups/driver.h"

static int resolve_fs(const struct cgroup_host *host, const struct cgroup_request *req,
		      struct cgroup *ret, struct error *err)
{
	char base[1024] = "", sub[sizeof(ret->leaf) - sizeof(ret->path)];
	bool busy;
	int r;

	/* An ordinary user without a place of its own: cgroup_create() says whether that will do. */
	if (req->rootless && !(req->cgroups_path && req->cgroups_path[0] == '/') &&
	    owner_delegated(host, base, sizeof(base), &busy) < 0)
		return 0;
	r = path_choose(req->cgroups_path, req->id, base, ret->path, sizeof(ret->path), err);
	if (r >= 0)
		r = request_leaf(req, NULL, sub, sizeof(sub), err);
	if (r < 0)
		return r;
	(void)snprintf(ret->leaf, sizeof(ret->leaf), "%s%s", ret->path, sub);
	ret->driver = CGROUP_FS;
	return 0;
}

int cgroup_resolve(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *ret, struct error *err)
{
	cgroup_clear(ret);
	if (req->driver == CGROUP_NONE || host->root_fd < 0)
		return 0;
	return req->driver == CGROUP_SYSTEMD ? systemd_create(host, req, ret, err)
					     : resolve_fs(host, req, ret, err);
}

int cgroup_guess(const struct cgroup_host *host, const struct cgroup_request *req,
		 struct cgroup *ret, struct error *err)
{
	int r = cgroup_resolve(host, req, ret, err);

	return r < 0 || ret->driver != CGROUP_SYSTEMD ? r : systemd_guess(req, ret);
}

bool cgroup_systemd_built(void)
{
#ifdef HAVE_SYSTEMD
	return true;
#else
	return false;
#endif
}
