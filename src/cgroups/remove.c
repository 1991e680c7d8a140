/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a cgroup, and telling what keeps it when it stays. Host half.
 *
 * rmdir answers EBUSY while a process is inside or below; cgroup.events changes when the last one has gone, so this
 * waits there and never sleeps and tries again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"
#include "knarr/kernel.h"

#define SETTLE_MS 20
#define MANAGER_MS 300

static int fail(const struct cgroup *cg, int r, struct error *err)
{
	char who[600];

	describe_processes(cgroup_dir(cg), who, sizeof(who));
	if (r == -ETIMEDOUT || r == -EBUSY)
		error_fail(err, ERROR_TIMEOUT, -r,
			   "cannot remove cgroup '%s': processes in it did not end%s", cg->path,
			   who);
	else
		error_set(err, -r, "cannot remove cgroup '%s'%s", cg->path, who);
	error_add_step(err, "cgroup-remove");
	error_add_syscall(err, "rmdir");
	error_add_subject(err, cg->path);
	return r;
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

/* One attempt, once nobody is inside. */
static int remove_tree(int root_fd, const struct cgroup *cg)
{
	int r = tree_remove_path(root_fd, cg->path);

	if (r != -EBUSY && r != -ENOTEMPTY)
		return r;
	r = tree_remove_children(cgroup_dir(cg));
	if (r < 0 && !is_gone(r))
		return r;
	return tree_remove_path(root_fd, cg->path);
}

static int wait_and_remove(int root_fd, const struct cgroup *cg, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;

	for (;;) {
		int r = tree_wait_event(cgroup_dir(cg), "populated", 0, tree_left_ms(deadline));

		if (is_gone(r))
			return 0;
		if (r < 0)
			return r;
		r = remove_tree(root_fd, cg);
		if (r >= 0 || is_gone(r))
			return 0;
		if (r != -EBUSY)
			return r;
		/* Somebody got in between the two: either it shows up as populated, or it has gone again already. */
		if (tree_left_ms(deadline) == 0)
			return -EBUSY;
		(void)tree_wait_event(cgroup_dir(cg), "populated", 1, SETTLE_MS);
	}
}

bool cgroup_remove_empty(const struct cgroup_host *host, struct cgroup *cg)
{
	if (cg->driver != CGROUP_FS || cgroup_dir(cg) < 0 || host->root_fd < 0 ||
	    tree_remove_path(host->root_fd, cg->path) < 0)
		return false;
	cgroup_close(cg);
	return true;
}

int cgroup_remove(const struct cgroup_host *host, struct cgroup *cg, int timeout_ms,
		  struct error *err)
{
	struct error stop = { 0 };
	char text[1024];
	int r = 0, stopped = 0;

	if (cg->driver == CGROUP_NONE)
		return 0;
	/*
	 * Ending the unit first lets its manager remove what it made; whatever is left is removed here. Without its cgroup the
	 * unit has ended, and one of that name is another container's. A creation that has just started it knows no path yet.
	 */
	if (cg->driver == CGROUP_SYSTEMD && cg->scope[0] &&
	    (cgroup_dir(cg) >= 0 || (!cg->path[0] && cg->made)))
		stopped = systemd_stop(cg, &stop);
	/* Unheard, it still sees that the unit is empty, but not if the cgroup is taken away before it looks. */
	if (stopped < 0 && cgroup_dir(cg) >= 0 &&
	    tree_wait_event(cgroup_dir(cg), "populated", 0, timeout_ms) == 0)
		(void)tree_wait_event(cgroup_dir(cg), "populated", 1, MANAGER_MS);
	if (cg->path[0] && host->root_fd >= 0 && cgroup_dir(cg) >= 0)
		r = wait_and_remove(host->root_fd, cg, timeout_ms);
	if (r < 0)
		return fail(cg, r, err);
	/* A unit without processes and without a cgroup ends by itself: a silent manager must not keep the container. */
	if (stopped < 0)
		log_warning("%s, ignoring", error_format(&stop, text, sizeof(text)));
	cgroup_close(cg);
	return 0;
}
