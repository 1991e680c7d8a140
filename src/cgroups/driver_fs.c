/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroupfs driver: directories are made and files written by us. Host half.
 *
 * Everything is in place before the process is: it is then cloned straight into the cgroup, since moving a running
 * process takes a lock that stops every fork and exit of the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"
#include "knarr/fault.h"

struct create {
	const struct cgroup_host *host;
	const struct cgroup_request *req;
	struct cgroup *cg;
	struct limits limits;
	unsigned made;      /* components of path */
	unsigned leaf_made; /* components of leaf */
	char reason[1200];
};

/* A cgroup that others use, or that is frozen, would tie this container to them (runc's callers expect a refusal). */
static int refuse_used(int dirfd, const char *path, struct error *err)
{
	char events[256];
	uint64_t populated = 0, frozen = 0;
	char who[400] = "";
	const char *flaw;
	int r;

	if (tree_read(dirfd, "cgroup.events", events, sizeof(events)) < 0) {
		flaw = "is the root of the tree";
	} else {
		(void)tree_key_u64(events, "populated", &populated);
		(void)tree_key_u64(events, "frozen", &frozen);
		if (!populated && !frozen)
			return 0;
		flaw = populated ? "has processes already" : "is frozen";
		if (populated)
			describe_processes(dirfd, who, sizeof(who));
	}
	r = error_fail(err, ERROR_CONFLICT, EBUSY,
		       "cgroup '%s' %s, so no container can be made in it%s", path, flaw, who);
	error_add_step(err, "cgroup-create");
	error_add_origin(err, "/linux/cgroupsPath");
	error_add_subject(err, path);
	return r;
}

static int refuse_threaded(int dirfd, const char *path, struct error *err)
{
	char type[64];
	int r;

	if (tree_read(dirfd, "cgroup.type", type, sizeof(type)) < 0 || STREQ(type, "domain") ||
	    STREQ(type, "domain threaded"))
		return 0;
	r = error_fail(
		err, ERROR_UNSUPPORTED, 0,
		"cgroup '%s' is of type '%s': below a threaded cgroup there is no place for whole processes",
		path, type);
	error_add_step(err, "cgroup-create");
	error_add_origin(err, "/linux/cgroupsPath");
	error_add_subject(err, path);
	return r;
}

/* Where an ordinary user may make cgroups; 1 when it has no place but asks for no limit either. */
static int rootless_base(struct create *c, char *base, size_t size, struct error *err)
{
	char own[512];
	bool busy = false;
	int r = owner_delegated(c->host, base, size, &busy);

	if (r >= 0) {
		if (busy)
			snprintf(
				c->reason, sizeof(c->reason),
				"cgroup '%s' has processes of its own and so cannot pass controllers on",
				*base ? base : "/");
		return 0;
	}
	if (!c->limits.count || c->req->limits_best)
		return 1;
	if (cgroup_own_path(c->host, own, sizeof(own)) < 0)
		text_copy(own, sizeof(own), "?");
	error_fail(
		err, ERROR_PERMISSION, 0,
		"limits need a cgroup that this user may write to, and no parent of '%s' is one, so '%s' cannot be set",
		own, c->limits.items[0].file);
	error_add_step(err, "cgroup-create");
	error_add_origin(err, c->limits.items[0].origin);
	error_add_remedy(
		err,
		"use --cgroup-manager systemd, or start from a delegated scope: systemd-run --user --scope -p Delegate=yes");
	return -EINVAL;
}

static void undo(struct create *c)
{
	struct cgroup *cg = c->cg;

	if (c->leaf_made)
		controllers_unmake_path(c->host->root_fd, cg->leaf, c->leaf_made);
	if (c->made)
		controllers_unmake_path(c->host->root_fd, cg->path, c->made);
	cgroup_close(cg);
	cgroup_clear(cg);
}

/* A sub-cgroup that the payload owns, below the one that carries the limits. */
static int make_leaf(struct create *c, int dirfd, struct error *err)
{
	struct cgroup *cg = c->cg;
	char sub[sizeof(cg->leaf) - sizeof(cg->path)];
	int r = request_leaf(c->req, NULL, sub, sizeof(sub), err);

	if (r < 0)
		return r;
	snprintf(cg->leaf, sizeof(cg->leaf), "%s%s", cg->path, sub);
	if (!sub[0])
		return 0;
	r = controllers_make_path(c->host->root_fd, cg->leaf, "", &c->leaf_made, NULL, 0, err);
	if (r < 0)
		return r;
	controllers_pass_on(c->host->root_fd, dirfd, cg->leaf);
	cg->fd = tree_open(c->host->root_fd, cg->leaf);
	if (cg->fd < 0)
		return error_set(err, -cg->fd, "cannot open cgroup '%s'", cg->leaf);
	return 0;
}

static int fill(struct create *c, struct error *err)
{
	struct cgroup *cg = c->cg;
	int r = refuse_threaded(cg->dir_fd, cg->path, err);

	if (r == 0)
		r = refuse_used(cg->dir_fd, cg->path, err);
	if (r == 0 && c->limits.count) {
		char available[CONTROLLERS_MAX] = "";

		(void)tree_read(cg->dir_fd, "cgroup.controllers", available, sizeof(available));
		r = controllers_check(&c->limits, available, cg->path, c->reason,
				      c->req->limits_best, err);
	}
	r = r < 0 ? r : limits_write(&c->limits, cg->dir_fd, cg->path, c->req->limits_best, err);
	r = r < 0 ? r : make_leaf(c, cg->dir_fd, err);
	if (r < 0)
		return r;
	if (cg->fd < 0)
		cg->fd = TAKE_FD(cg->dir_fd); /* one descriptor for both */
	if (c->req->devices_first)
		r = device_attach(cg->fd, c->req, cg->leaf, err);
	return r < 0 ? r : owner_apply(cg->fd, c->req, cg->leaf, err);
}

static int make(struct create *c, const char *base, struct error *err)
{
	char wanted[CONTROLLERS_MAX], refused[512] = "";
	struct cgroup *cg = c->cg;
	int r = path_choose(c->req->cgroups_path, c->req->id, base, cg->path, sizeof(cg->path),
			    err);

	if (r < 0)
		return r;
	controllers_needed(&c->limits, wanted);
	r = controllers_make_path(c->host->root_fd, cg->path, wanted, &c->made, refused,
				  sizeof(refused), err);
	if (r < 0)
		return r;
	if (refused[0])
		text_copy(c->reason, sizeof(c->reason), refused);
	fault_point("cgroup-made");
	cg->made = c->made > 0;
	cg->dir_fd = tree_open(c->host->root_fd, cg->path);
	if (cg->dir_fd < 0) {
		error_set(err, -cg->dir_fd, "cannot open cgroup '%s'", cg->path);
		error_add_origin(err, "/linux/cgroupsPath");
		return cg->dir_fd;
	}
	return 0;
}

int fs_create(const struct cgroup_host *host, const struct cgroup_request *req, struct cgroup *ret,
	      struct error *err)
{
	struct create c = { .host = host, .req = req, .cg = ret };
	char base[1024] = "";
	struct error e = { 0 };
	int r = limits_build(req->resources, NULL, &c.limits, err);

	if (r < 0)
		return r;
	if (req->rootless && !(req->cgroups_path && req->cgroups_path[0] == '/'))
		r = rootless_base(&c, base, sizeof(base), &e);
	if (r == 0)
		r = make(&c, base, &e);
	if (r == 0)
		r = fill(&c, &e);
	if (r != 0)
		undo(&c);
	/* A user without a place for cgroups, and without limits, runs without. */
	if ((r == -EACCES || r == -EPERM || r == -EROFS) && req->rootless &&
	    (!c.limits.count || req->limits_best))
		r = 1;
	if (r > 0 && !fallback_take(FALLBACK_CGROUP))
		r = error_fail(&e, ERROR_PERMISSION, 0, "this user can make no cgroup");
	limits_done(&c.limits);
	if (r == 0)
		ret->driver = CGROUP_FS;
	else if (r < 0 && err)
		*err = e;
	return r < 0 ? r : 0;
}
