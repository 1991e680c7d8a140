/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd driver: a transient scope holds the container, and we own what is below it (Delegate=yes). Host half.
 *
 * A scope is made around a process, so nothing exists before attach: the process waits, the scope is started with
 * it, it is moved one level down, and then it may go on. That level exists since a cgroup with processes of its own
 * cannot pass controllers to children, and it keeps our device program on a cgroup that systemd never touches.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/bus.h"
#include "cgroups/bus_address.h"
#include "cgroups/driver.h"
#include "cgroups/host.h"
#include "cgroups/tree.h"

#define DEFAULT_SUBGROUP "container" /* CRI-O looks for this name */

/* Everything that can be refused before there is a process. */
int systemd_check(const struct cgroup_request *req, struct error *err)
{
	struct scope_properties properties = { 0 };
	struct scope_name name;
	int r = scope_name_parse(req->cgroups_path, req->id, bus_is_user(req->rootless), &name,
				 err);

	r = r < 0 ? r : scope_properties_add_annotations(&properties, req->annotations, err);
	scope_properties_done(&properties);
	return r < 0 ? r : bus_check(bus_is_user(req->rootless), err);
}

int systemd_create(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *ret, struct error *err)
{
	struct limits limits;
	struct scope_name name;
	char sub[128];
	int r = systemd_check(req, err);

	(void)host;
	r = r < 0 ? r : request_leaf(req, DEFAULT_SUBGROUP, sub, sizeof(sub), err);
	r = r < 0 ? r : limits_build(req->resources, NULL, &limits, err);
	if (r < 0)
		return r;
	limits_done(&limits);
	r = scope_name_parse(req->cgroups_path, req->id, bus_is_user(req->rootless), &name, err);
	if (r < 0)
		return r;
	ret->driver = CGROUP_SYSTEMD;
	text_copy(ret->scope, sizeof(ret->scope), name.unit);
	return 0;
}

static int start_scope(const struct cgroup_request *req, const struct limits *limits, pid_t pid,
		       struct error *err)
{
	_cleanup_(scope_properties_done) struct scope_properties properties = { 0 };
	bool user = bus_is_user(req->rootless);
	char description[1100];
	struct scope_name name;
	struct bus_scope scope = {
		.unit = name.unit,
		.slice = name.slice,
		.description = description,
		.pid = pid,
		.properties = &properties,
	};
	int r = scope_name_parse(req->cgroups_path, req->id, user, &name, err);

	if (r < 0)
		return r;
	snprintf(description, sizeof(description), "knarr container %s", req->id);
	scope_properties_add_limits(&properties, limits);
	r = scope_properties_add_annotations(&properties, req->annotations, err);
	return r < 0 ? r : bus_start_scope(user, &scope, err);
}

/* "/a.slice/a-b.slice/UNIT", below wherever the manager's own tree begins. */
static int expected_place(const struct cgroup_request *req, char *buf, size_t size)
{
	struct scope_name name;
	char slice[1024];
	int r = scope_name_parse(req->cgroups_path, req->id, bus_is_user(req->rootless), &name,
				 NULL);

	r = r < 0 ? r : scope_slice_path(name.slice, slice, sizeof(slice));
	return r < 0 ? r : text_format(buf, size, "%s/%s", slice, name.unit);
}

int systemd_guess(const struct cgroup_request *req, struct cgroup *cg)
{
	char place[sizeof(cg->path) - 128], manager[128] = "";
	int r = expected_place(req, place, sizeof(place));

	if (r >= 0 && bus_is_user(req->rootless))
		r = text_format(manager, sizeof(manager),
				"/user.slice/user-%u.slice/user@%u.service", geteuid(), geteuid());
	return r < 0 ? r : text_format(cg->path, sizeof(cg->path), "%s%s", manager, place);
}

/* The kernel knows where systemd put the process; asking systemd would be another round trip. */
static int find_scope(const struct cgroup_host *host, const struct cgroup_request *req,
		      struct cgroup *cg, pid_t pid, struct error *err)
{
	char place[1300];
	int r = host_own_path(pid, host->mount_root, cg->path, sizeof(cg->path));

	if (r < 0 || expected_place(req, place, sizeof(place)) < 0 ||
	    !text_has_suffix(cg->path, place)) {
		error_fail(err, ERROR_SYSTEM, r < 0 ? -r : 0,
			   "process %d is not in unit '%s' after its start but in cgroup '%s'",
			   (int)pid, cg->scope, r < 0 ? "?" : cg->path);
		error_add_step(err, "cgroup-systemd");
		cg->path[0] = '\0';
		return r < 0 ? r : -EINVAL;
	}
	cg->dir_fd = tree_open(host->root_fd, cg->path);
	if (cg->dir_fd < 0)
		return error_set(err, -cg->dir_fd, "cannot open cgroup '%s'", cg->path);
	cg->made = true;
	return 0;
}

static int move_down(const struct cgroup_host *host, const struct cgroup_request *req,
		     struct cgroup *cg, pid_t pid, struct error *err)
{
	char sub[sizeof(cg->leaf) - sizeof(cg->path)], number[24];
	unsigned made = 0;
	int r = request_leaf(req, DEFAULT_SUBGROUP, sub, sizeof(sub), err);

	if (r < 0)
		return r;
	snprintf(cg->leaf, sizeof(cg->leaf), "%s%s", cg->path, sub);
	if (!sub[0]) {
		cg->fd = TAKE_FD(cg->dir_fd);
		return 0;
	}
	r = controllers_make_path(host->root_fd, cg->leaf, "", &made, NULL, 0, err);
	if (r < 0)
		return r;
	cg->fd = tree_open(host->root_fd, cg->leaf);
	if (cg->fd < 0)
		return error_set(err, -cg->fd, "cannot open cgroup '%s'", cg->leaf);
	snprintf(number, sizeof(number), "%d", (int)pid);
	r = tree_write(cg->fd, "cgroup.procs", number);
	if (r < 0) {
		error_set(err, -r, "cannot move process %d to cgroup '%s'", (int)pid, cg->leaf);
		error_add_step(err, "cgroup-systemd");
		error_add_subject(err, cg->leaf);
		return r;
	}
	return 0;
}

/* systemd accepts a property whose controller it was not given, so the files are what counts. */
static int apply_limits(const struct cgroup_host *host, const struct cgroup_request *req,
			const struct cgroup *cg, struct limits *limits, struct error *err)
{
	char needed[CONTROLLERS_MAX], available[CONTROLLERS_MAX] = "";
	int dirfd = cgroup_dir(cg), r;

	if (!limits->count)
		return 0;
	/* Delegate=yes passes on what systemd knows; hugetlb and rdma it neither enables nor disables. */
	controllers_needed(limits, needed);
	controllers_enable_down(host->root_fd, cg->path, needed, NULL, 0);
	(void)tree_read(dirfd, "cgroup.controllers", available, sizeof(available));
	r = controllers_check(limits, available, cg->path,
			      "systemd was not given it, or does not pass it to this manager",
			      req->limits_best, err);
	r = r < 0 ? r : limits_write(limits, dirfd, cg->path, req->limits_best, err);
	return r < 0 ? r : limits_write_late(limits, dirfd, cg->path, req->limits_best, err);
}

int systemd_attach(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *cg, pid_t pid, struct error *err)
{
	struct limits limits;
	int r = limits_build(req->resources, NULL, &limits, err);

	if (r < 0)
		return r;
	r = start_scope(req, &limits, pid, err);
	/* Until then a unit of that name is another container's: it is not stopped. */
	cg->made = r >= 0;
	r = r < 0 ? r : find_scope(host, req, cg, pid, err);
	r = r < 0 ? r : move_down(host, req, cg, pid, err);
	r = r < 0 ? r : apply_limits(host, req, cg, &limits, err);
	if (r >= 0 && cg->dir_fd > 0) {
		controllers_pass_on(host->root_fd, cg->dir_fd, cg->leaf);
		/* The root of what the container sees of the tree: programs read there how much they have. */
		limits_repeat(&limits, cg->fd, cg->leaf);
	}
	r = r < 0 ? r : device_attach(cg->fd, req, cg->leaf, err);
	r = r < 0 ? r : owner_apply(cg->fd, req, cg->leaf, err);
	limits_done(&limits);
	return r;
}

int systemd_stop(const struct cgroup *cg, struct error *err)
{
	return bus_stop_unit(bus_is_user(false), cg->scope, err);
}

int systemd_set(const struct cgroup *cg, const struct limits *limits, struct error *err)
{
	_cleanup_(scope_properties_done) struct scope_properties properties = { 0 };

	scope_properties_add_limits(&properties, limits);
	if (!properties.count)
		return 0;
	return bus_set_properties(bus_is_user(false), cg->scope, &properties, err);
}
