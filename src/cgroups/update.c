/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New limits for a running container: all of them or none. Host half.
 *
 * Everything that can be checked is checked before the first write: the text, the files, the controllers, and, where
 * it is asked for, that a smaller memory limit would not end the container at once.
 */
#include <errno.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"

static int check_usage(const struct cgroup *cg, const struct spec_resources *res, struct error *err)
{
	const struct spec_int *limit = &res->memory.limit;
	char pointer[192];
	uint64_t usage;

	if (!res->memory.check_before_update.present || !res->memory.check_before_update.value ||
	    !limit->present || limit->value <= 0)
		return 0;
	if (tree_read_u64(cgroup_dir(cg), "memory.current", &usage) < 0 ||
	    usage <= (uint64_t)limit->value)
		return 0;
	error_fail(err, ERROR_CONFIG, 0,
		   "the memory limit of %lld bytes is below what the container uses, %llu bytes",
		   (long long)limit->value, (unsigned long long)usage);
	error_add_step(err, "cgroup-update");
	if (limit->node)
		error_add_origin(err, jnode_pointer(limit->node, pointer, sizeof(pointer)));
	return -EINVAL;
}

static void read_current(const struct cgroup *cg, struct limits_current *ret)
{
	if (tree_read(cgroup_dir(cg), "cpu.max", ret->cpu_max, sizeof(ret->cpu_max)) < 0)
		ret->cpu_max[0] = '\0';
	if (tree_read_u64(cgroup_dir(cg), "memory.max", &ret->memory_max) < 0)
		ret->memory_max = UINT64_MAX;
}

/* The same files with the values of now, for a unit that has to be told that nothing has changed after all. */
static void read_old(const struct limits *limits, int dirfd, struct limits *ret)
{
	*ret = (struct limits){ .arena = arena_new(),
				.items = mem_alloc_array(limits->count + 1, sizeof(*ret->items)) };
	for (size_t i = 0; i < limits->count; i++) {
		_cleanup_free_ char *text = NULL;
		struct limit old = limits->items[i];

		if (tree_read_all(dirfd, old.file, &text) < 0)
			continue;
		old.value = arena_strndup(ret->arena, text, strcspn(text, "\n"));
		ret->items[ret->count++] = old;
	}
}

static int apply(const struct cgroup *cg, const struct limits *limits,
		 const struct spec_resources *res, struct error *err)
{
	struct limits old;
	int r;

	read_old(limits, cgroup_dir(cg), &old);
	/* The unit first: it writes the same files, and must not do so after the exact values are there. */
	r = cg->driver == CGROUP_SYSTEMD && cg->scope[0] ? systemd_set(cg, limits, err) : 0;
	if (r >= 0)
		r = limits_replace(limits, cgroup_dir(cg), cg->path, err);
	if (r >= 0 && res->device_count && cg->fd >= 0) {
		r = device_replace(cg->fd, res, cg->leaf, err);
		if (r < 0)
			(void)limits_replace(&old, cgroup_dir(cg), cg->path, NULL);
	}
	if (r < 0 && cg->driver == CGROUP_SYSTEMD && cg->scope[0])
		(void)systemd_set(cg, &old, NULL);
	if (r >= 0 && cg->driver == CGROUP_SYSTEMD && cg->dir_fd > 0)
		limits_repeat(limits, cg->fd, cg->leaf);
	limits_done(&old);
	return r < 0 ? r : 0;
}

int cgroup_update(const struct cgroup_host *host, struct cgroup *cg,
		  const struct spec_resources *res, struct error *err)
{
	struct limits_current current = { .memory_max = UINT64_MAX };
	char needed[CONTROLLERS_MAX], reason[512] = "", available[CONTROLLERS_MAX] = "";
	struct limits limits;
	int r;

	if (cgroup_dir(cg) < 0) {
		error_fail(err, ERROR_UNSUPPORTED, 0,
			   "the container has no cgroup, so its limits cannot be changed");
		error_add_step(err, "cgroup-update");
		return -EINVAL;
	}
	read_current(cg, &current);
	r = limits_build(res, &current, &limits, err);
	if (r < 0)
		return r;
	r = check_usage(cg, res, err);
	if (r >= 0 && limits.count) {
		/* A limit of a kind that create did not need: its controller may be off further up. */
		controllers_needed(&limits, needed);
		controllers_enable_down(host->root_fd, cg->path, needed, reason, sizeof(reason));
		(void)tree_read(cgroup_dir(cg), "cgroup.controllers", available, sizeof(available));
		r = controllers_check(&limits, available, cg->path, reason, false, err);
	}
	if (r >= 0)
		r = limits_check(&limits, cgroup_dir(cg), cg->path, false, err);
	if (r >= 0)
		r = apply(cg, &limits, res, err);
	limits_done(&limits);
	return r < 0 ? r : 0;
}
