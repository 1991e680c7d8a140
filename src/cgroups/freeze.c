/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing: cgroup.freeze is a wish, cgroup.events says when it has come true. Host half.
 *
 * A task in an uninterruptible sleep freezes when it wakes, so there is a deadline, and a cgroup whose freezing did
 * not succeed is thawed again: left half frozen it could be neither used nor ended.
 */
#include <errno.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"

static int fail(const struct cgroup *cg, int r, bool frozen, struct error *err)
{
	const char *verb = frozen ? "freeze" : "thaw";

	if (r == -ETIMEDOUT)
		error_fail(err, ERROR_TIMEOUT, ETIMEDOUT,
			   "cannot %s cgroup '%s': its processes did not stop in time", verb,
			   cg->path);
	else if (r == -ENODEV || r == -ENOENT)
		error_fail(err, ERROR_NOT_FOUND, -r, "cannot %s cgroup '%s': it is gone", verb,
			   cg->path);
	else
		error_set(err, -r, "cannot %s cgroup '%s'", verb, cg->path);
	error_add_step(err, "cgroup-freeze");
	error_add_subject(err, cg->path);
	return r;
}

int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct error *err)
{
	int dirfd = cgroup_dir(cg);
	int r;

	if (dirfd < 0)
		return error_fail(err, ERROR_UNSUPPORTED, ENOTSUP,
				  "the container has no cgroup, so it cannot be %s",
				  frozen ? "paused" : "resumed");
	r = tree_write(dirfd, "cgroup.freeze", frozen ? "1" : "0");
	if (r >= 0)
		r = tree_wait_event(dirfd, "frozen", frozen, timeout_ms);
	if (r >= 0)
		return 0;
	if (frozen)
		(void)tree_write(dirfd, "cgroup.freeze", "0");
	return fail(cg, r, frozen, err);
}

bool cgroup_stands_still(const struct cgroup *cg)
{
	int fd = cg->fd >= 0 ? cg->fd : cgroup_dir(cg);
	_cleanup_free_ char *events = NULL;
	uint64_t frozen = 0;

	if (cgroup_is_frozen(cg))
		return true;
	/* The event of the innermost: it knows of every setting on the way to it. */
	return fd >= 0 && tree_read_all(fd, "cgroup.events", &events) >= 0 &&
	       tree_key_u64(events, "frozen", &frozen) >= 0 && frozen == 1;
}

static bool is_set_to_freeze(int root_fd, const char *path)
{
	_cleanup_close_ int fd = tree_open(root_fd, path);
	uint64_t frozen = 0;

	return fd >= 0 && tree_read_u64(fd, "cgroup.freeze", &frozen) >= 0 && frozen == 1;
}

bool cgroup_frozen_elsewhere(const struct cgroup_host *host, const struct cgroup *cg, char *buf,
			     size_t size)
{
	if (host->root_fd < 0 || text_format(buf, size, "%s", cg->leaf) < 0)
		return false;
	for (char *end = buf + strlen(buf); end > buf; end = strrchr(buf, '/')) {
		*end = '\0';
		if (buf[0] && !STREQ(buf, cg->path) && is_set_to_freeze(host->root_fd, buf))
			return true;
	}
	return false;
}

bool cgroup_is_frozen(const struct cgroup *cg)
{
	uint64_t frozen = 0;

	/* The setting, not the event: pause has been asked for, and only resume ends it. */
	return cgroup_dir(cg) >= 0 &&
	       tree_read_u64(cgroup_dir(cg), "cgroup.freeze", &frozen) == 0 && frozen == 1;
}
