/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can a request be honoured here? The answer of create without its effects, for `check` and `features`. Host half.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/device.h"
#include "cgroups/driver.h"
#include "cgroups/tree.h"

/* The deepest ancestor of path that is there. */
static int open_existing(int root_fd, const char *path, char *found, size_t size)
{
	text_copy(found, size, path);
	for (;;) {
		char *slash = strrchr(found, '/');
		int fd = tree_open(root_fd, found);

		if (fd >= 0 || fd != -ENOENT || !slash)
			return fd;
		*slash = '\0';
	}
}

/* What the tree has to give: any parent may enable what the root has, unless it is busy, which create finds. */
static int check_controllers(const struct cgroup_host *host, const struct cgroup_request *req,
			     const char *path, struct limits *limits, struct error *err)
{
	char available[CONTROLLERS_MAX] = "", found[1152];
	_cleanup_close_ int fd = open_existing(host->root_fd, path, found, sizeof(found));

	if (fd < 0)
		return error_set(err, -fd, "cannot open cgroup '%s'", found);
	(void)tree_read(req->rootless ? fd : host->root_fd, "cgroup.controllers", available,
			sizeof(available));
	return controllers_check(limits, available, path, NULL, req->limits_best, err);
}

static int check_path(const struct cgroup_host *host, const struct cgroup_request *req,
		      struct limits *limits, struct error *err)
{
	char path[1024], base[1024] = "";
	bool busy = false;
	int r;

	if (req->rootless && owner_delegated(host, base, sizeof(base), &busy) < 0 && !limits->count)
		return 0;
	r = path_choose(req->cgroups_path, req->id, base, path, sizeof(path), err);
	return r < 0 ? r : check_controllers(host, req, path, limits, err);
}

int cgroup_check(const struct cgroup_host *host, const struct cgroup_request *req,
		 struct error *err)
{
	_cleanup_(device_rules_done) struct device_rules rules = { 0 };
	struct limits limits;
	bool denies = false;
	char sub[256];
	int r = limits_build(req->resources, NULL, &limits, err);

	if (r < 0)
		return r;
	r = device_rules_build(req->resources, &rules, err);
	r = r < 0 ? r : request_leaf(req, "container", sub, sizeof(sub), err);
	if (r == 0 && req->driver == CGROUP_NONE)
		r = device_check_none(req, &denies, err);
	if (r == 0 && req->driver == CGROUP_SYSTEMD)
		r = systemd_check(req, err);
	if (r == 0 && req->driver != CGROUP_NONE && host->root_fd < 0 &&
	    !(req->rootless && !limits.count))
		r = error_fail(err, ERROR_UNSUPPORTED, 0, "no cgroup2 file system is mounted here");
	else if (r == 0 && req->driver == CGROUP_FS && host->root_fd >= 0)
		r = check_path(host, req, &limits, err);
	else if (r == 0 && req->driver == CGROUP_SYSTEMD)
		r = check_controllers(host, req, "/", &limits, err);
	limits_done(&limits);
	return r;
}
