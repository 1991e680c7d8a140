/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for an OOM kill or for the end of a cgroup: both files wake pollers when they change. Host half.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"

/* Reading also arms the next poll. */
static int read_key(int fd, const char *key, uint64_t *ret)
{
	char text[512];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return fd < 0 ? -EBADF : -errno;
	text[n] = '\0';
	return tree_key_u64(text, key, ret);
}

int cgroup_watch_open(const struct cgroup *cg, struct cgroup_watch *ret, struct error *err)
{
	struct cgroup_watch w = { .cgroup = cg, .events_fd = -EBADF, .memory_fd = -EBADF };

	if (cgroup_dir(cg) < 0)
		return error_fail(err, ERROR_UNSUPPORTED, ENOENT,
				  "the container has no cgroup to watch");
	w.events_fd = openat(cgroup_dir(cg), "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (w.events_fd < 0 && errno != ENOENT && errno != ENODEV)
		return error_set(err, errno, "cannot open cgroup.events of cgroup '%s'", cg->path);
	w.memory_fd = openat(cgroup_dir(cg), "memory.events", O_RDONLY | O_CLOEXEC);
	(void)read_key(w.memory_fd, "oom_kill", &w.oom_kills);
	*ret = w;
	return 0;
}

void cgroup_watch_close(struct cgroup_watch *w)
{
	w->events_fd = fd_close(w->events_fd);
	w->memory_fd = fd_close(w->memory_fd);
}

/* What has happened since the last look. */
static enum cgroup_event look(struct cgroup_watch *w)
{
	uint64_t kills = w->oom_kills, populated = 1;

	if (read_key(w->memory_fd, "oom_kill", &kills) == 0 && kills > w->oom_kills) {
		w->oom_kills = kills;
		return CGROUP_EVENT_OOM;
	}
	if (read_key(w->events_fd, "populated", &populated) < 0 || !populated)
		return CGROUP_EVENT_EMPTY; /* unreadable: the cgroup has been removed */
	return CGROUP_EVENT_NONE;
}

int cgroup_watch_next(struct cgroup_watch *w, int timeout_ms, enum cgroup_event *ret,
		      struct error *err)
{
	int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;

	for (;;) {
		struct pollfd p[2] = { { .fd = w->events_fd, .events = POLLPRI },
				       { .fd = w->memory_fd, .events = POLLPRI } };
		int r;

		*ret = look(w);
		if (*ret != CGROUP_EVENT_NONE)
			return 0;
		r = poll(p, 2, tree_left_ms(deadline));
		if (r < 0 && errno != EINTR)
			return error_set(err, errno, "cannot watch cgroup '%s'", w->cgroup->path);
		if (r == 0)
			return 0;
	}
}
