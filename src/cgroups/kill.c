/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals to everything in a cgroup. Host half.
 *
 * SIGKILL is one write to cgroup.kill: it reaches what forks at that moment, and frozen processes too. Any other
 * signal has to be sent one by one, so the cgroup is frozen meanwhile: nobody forks away from the list, and no pid of
 * the list can come to mean another process except by SIGKILL from outside, which the second look at the list finds.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"
#include "knarr/kernel.h"

#define FREEZE_TIMEOUT_MS 500
#define ROUNDS_MAX 16
#define CHUNK 128 /* pidfds at a time */

int cgroup_kill(const struct cgroup *cg, struct error *err)
{
	int dirfd = cgroup_dir(cg);
	int r = dirfd < 0 ? -ENOENT : tree_write(dirfd, "cgroup.kill", "1");

	if (r >= 0)
		return 0;
	if (dirfd >= 0 && (r == -ENODEV || (r == -ENOENT && !tree_has_file(dirfd, "cgroup.procs"))))
		return 0; /* gone, and every process with it */
	if (r == -ENOENT && dirfd >= 0)
		error_fail(err, ERROR_UNSUPPORTED, ENOENT,
			   "cgroup '%s' has no cgroup.kill: this needs Linux 5.14", cg->path);
	else if (dirfd < 0)
		error_fail(err, ERROR_UNSUPPORTED, ENOENT,
			   "the container has no cgroup, so not all of its processes are known");
	else
		error_set(err, -r, "cannot kill the processes of cgroup '%s'", cg->path);
	error_add_step(err, "cgroup-kill");
	error_add_subject(err, cg->path);
	return r;
}

static int compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int sorted_pids(const struct cgroup *cg, pid_t **ret, size_t *ret_count)
{
	int r = cgroup_pids(cg, ret, ret_count);

	if (r >= 0 && *ret_count)
		qsort(*ret, *ret_count, sizeof(**ret), compare);
	return r;
}

static bool contains(const pid_t *pids, size_t count, pid_t pid)
{
	return count && bsearch(&pid, pids, count, sizeof(pid), compare);
}

/*
 * Signals what of pids is still in the cgroup once it is held by a pidfd: a pid that was taken over by a stranger
 * meanwhile is not in the second list.
 */
static int signal_chunk(const struct cgroup *cg, const pid_t *pids, size_t count, int sig)
{
	int fds[CHUNK];
	_cleanup_free_ pid_t *now = NULL;
	size_t now_count = 0;
	int r, first = 0;

	for (size_t i = 0; i < count; i++)
		fds[i] = sys_pidfd_open(pids[i], 0);
	r = sorted_pids(cg, &now, &now_count);
	for (size_t i = 0; i < count; i++) {
		if (r >= 0 && fds[i] >= 0 && contains(now, now_count, pids[i])) {
			int sent = sys_pidfd_send_signal(fds[i], sig);

			if (sent < 0 && sent != -ESRCH && !first)
				first = sent;
		} else if (fds[i] < 0 && fds[i] != -ESRCH && !first) {
			first = fds[i];
		}
		fd_close(fds[i]);
	}
	return r < 0 ? r : first;
}

/* One round: what is in the cgroup and not in done. Returns how many were new, and done is the new list. */
static int signal_round(const struct cgroup *cg, int sig, pid_t **done, size_t *done_count)
{
	pid_t *pids = NULL, *fresh;
	size_t count = 0, fresh_count = 0;
	int r = sorted_pids(cg, &pids, &count);

	if (r < 0)
		return r;
	fresh = mem_alloc_array(count + 1, sizeof(*fresh));
	for (size_t i = 0; i < count; i++) {
		if (!contains(*done, *done_count, pids[i]))
			fresh[fresh_count++] = pids[i];
	}
	for (size_t i = 0; i < fresh_count && r >= 0; i += CHUNK)
		r = signal_chunk(cg, fresh + i, fresh_count - i < CHUNK ? fresh_count - i : CHUNK,
				 sig);
	free(fresh);
	free(*done);
	*done = pids;
	*done_count = count;
	return r < 0 ? r : fresh_count > 0;
}

int cgroup_signal_all(const struct cgroup *cg, int sig, struct error *err)
{
	_cleanup_free_ pid_t *done = NULL;
	size_t done_count = 0;
	bool was_frozen, thaw = false;
	int r = 1;

	if (sig == SIGKILL && cgroup_dir(cg) >= 0)
		return cgroup_kill(cg, err);
	if (cgroup_dir(cg) < 0) {
		error_fail(err, ERROR_UNSUPPORTED, ENOENT,
			   "the container has no cgroup, so not all of its processes are known");
		error_add_step(err, "cgroup-kill");
		return -ENOENT;
	}
	was_frozen = cgroup_is_frozen(cg);
	/* Without the freezer (a stuck process, a foreign owner) the rounds go on until nobody is new. */
	if (sig != 0 && !was_frozen)
		thaw = cgroup_freeze(cg, true, FREEZE_TIMEOUT_MS, NULL) >= 0;
	for (unsigned round = 0; r > 0 && round < ROUNDS_MAX; round++)
		r = signal_round(cg, sig, &done, &done_count);
	if (thaw)
		(void)tree_write(cgroup_dir(cg), "cgroup.freeze", "0");
	if (r >= 0 || r == -ENODEV || r == -ENOENT)
		return 0;
	error_set(err, -r, "cannot signal the processes of cgroup '%s'", cg->path);
	error_add_step(err, "cgroup-kill");
	error_add_subject(err, cg->path);
	return r;
}
