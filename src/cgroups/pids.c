/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a cgroup and of all below it. Host half.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"

struct list {
	pid_t *pids;
	size_t count;
};

static int collect(int dirfd, void *context)
{
	struct list *list = context;
	_cleanup_free_ char *text = NULL;
	int r = tree_read_all(dirfd, "cgroup.procs", &text);

	/* A threaded cgroup refuses: its processes are listed by the domain above it. */
	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	for (char *save = NULL, *word = strtok_r(text, "\n", &save); word;
	     word = strtok_r(NULL, "\n", &save)) {
		uint32_t pid;

		if (num_parse_u32(word, &pid) < 0 || pid == 0)
			continue; /* 0: of a pid namespace that cannot be seen from here */
		list->pids = mem_grow(list->pids, list->count + 1, sizeof(*list->pids));
		list->pids[list->count++] = (pid_t)pid;
	}
	return 0;
}

int pids_below(int dirfd, pid_t **ret_pids, size_t *ret_count)
{
	struct list list = { 0 };
	int r = dirfd < 0 ? 0 : tree_walk(dirfd, collect, &list);

	if (r < 0 && r != -ENOENT && r != -ENODEV) {
		free(list.pids);
		return r;
	}
	*ret_pids = list.pids;
	*ret_count = list.count;
	return 0;
}

int cgroup_pids(const struct cgroup *cg, pid_t **ret_pids, size_t *ret_count)
{
	return pids_below(cgroup_dir(cg), ret_pids, ret_count);
}
