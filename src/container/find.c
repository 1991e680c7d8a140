/* SPDX-License-Identifier: Apache-2.0 */
/* find: a container that exists: its record, its cgroup, its process and what the kernel says of them. Host half. */
#include <errno.h>
#include <string.h>

#include "container/container_private.h"

/*
 * By its path, and compared with the recorded inode. A record of an older build has none: the path has to do then, as it
 * had to for that build.
 */
void found_open_cgroup(struct found *f)
{
	const struct state *s = &f->state;
	int r;

	f->cgroup_error = 0;
	f->cgroup_is_other = false;
	if (s->cgroup_driver == CGROUP_NONE)
		return;
	r = cgroup_host_open(&f->cgroup_host, &f->cgroup_flaw);
	/* A tree that is there but closed to us may hold the container's cgroup. */
	if (r >= 0 && f->cgroup_host.root_fd < 0 && f->cgroup_host.flaw)
		r = error_set(&f->cgroup_flaw, -f->cgroup_host.flaw,
			      "cannot open the cgroup2 tree");
	if (r < 0)
		f->cgroup_error = r;
	if (r < 0 || f->cgroup_host.root_fd < 0)
		return;
	/* A cgroup that is gone is no error: the container is dead then, or was never finished. */
	r = cgroup_open(&f->cgroup_host, s->cgroup_driver, s->cgroup_path ? s->cgroup_path : "",
			s->cgroup_leaf ? s->cgroup_leaf : "",
			s->cgroup_scope ? s->cgroup_scope : "", s->cgroup_inode, &f->cgroup,
			&f->cgroup_flaw);
	/* Inodes begin anew with each boot, so those of two boots may be equal. */
	if (r >= 0 && f->cgroup.path[0] && !state_is_of_this_boot(s)) {
		cgroup_close(&f->cgroup);
		error_fail(
			&f->cgroup_flaw, ERROR_CONFLICT, 0,
			"cgroup '%s' is not the container's: the container ended with an earlier boot",
			f->cgroup.path);
		r = -ESTALE;
	}
	if (r >= 0)
		return;
	f->cgroup.fd = -EBADF;
	f->cgroup_is_other = r == -ESTALE;
	if (r != -ENOENT && r != -ENODEV)
		f->cgroup_error = r;
}

static void ask_status(struct found *f)
{
	f->status = state_status(&f->dir, &f->state);
	f->waits_for_start = f->status == STATUS_CREATED;
	if ((f->status == STATUS_RUNNING || f->waits_for_start) && cgroup_stands_still(&f->cgroup))
		f->status = STATUS_PAUSED;
}

enum find_lock {
	FIND_UNLOCKED,
	FIND_LOCKED,
	FIND_LOCKED_UNLESS_CREATING,
};

/* Whoever creates it holds the lock for as long as its hooks run, and the caller may be one of those. */
static int refuse_while_creating(const struct state_dir *dir, struct error *err)
{
	struct error ignored;
	struct state state;
	bool creating;

	if (!state_dir_is_locked(dir) || state_load(dir, &state, &ignored) < 0)
		return 0;
	creating = state.creating;
	state_done(&state);
	return creating ? error_fail(err, ERROR_CONFLICT, 0,
				     "the creation of container '%s' has not finished", dir->id)
			: 0;
}

static int open_directory(const struct state_root *root, const char *id, enum find_lock lock,
			  struct state_dir *ret, struct error *err)
{
	int r;

	if (lock != FIND_LOCKED_UNLESS_CREATING)
		return state_dir_open(root, id, lock == FIND_LOCKED, ret, err);
	r = state_dir_open(root, id, false, ret, err);
	if (r >= 0)
		r = refuse_while_creating(ret, err);
	return r < 0 ? r : state_dir_lock(ret, err);
}

static int find(const struct container_context *ctx, const char *id, enum find_lock lock,
		struct found *ret, struct error *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->ctx = ctx;
	ret->root.fd = ret->dir.fd = ret->cgroup.fd = ret->cgroup_host.root_fd = -EBADF;
	r = spec_check_id(id, err);
	if (r >= 0)
		r = state_root_open(ctx->root, false, &ret->root, err);
	if (r < 0)
		return r;
	if (ret->root.fd < 0)
		return error_fail(err, ERROR_NOT_FOUND, ENOENT, "container does not exist");
	r = open_directory(&ret->root, id, lock, &ret->dir, err);
	if (r < 0)
		return r;
	r = state_load(&ret->dir, &ret->state, err);
	if (r == -ENOENT && lock == FIND_UNLOCKED) {
		/* Somebody has begun to write it or to remove the container: wait for them. */
		r = state_dir_lock(&ret->dir, err);
		if (r >= 0)
			r = state_load(&ret->dir, &ret->state, err);
		state_dir_unlock(&ret->dir);
	}
	if (r < 0)
		return r;
	found_open_cgroup(ret);
	ask_status(ret);
	return 0;
}

int found_open(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err)
{
	return find(ctx, id, FIND_LOCKED_UNLESS_CREATING, ret, err);
}

int found_open_waiting(const struct container_context *ctx, const char *id, struct found *ret,
		       struct error *err)
{
	return find(ctx, id, FIND_LOCKED, ret, err);
}

int found_peek(const struct container_context *ctx, const char *id, struct found *ret,
	       struct error *err)
{
	return find(ctx, id, FIND_UNLOCKED, ret, err);
}

void found_done(struct found *f)
{
	cgroup_close(&f->cgroup);
	cgroup_host_close(&f->cgroup_host);
	state_dir_close(&f->dir);
	state_done(&f->state);
	state_root_close(&f->root);
}

int found_spec(const struct found *f, struct spec **ret, struct error *err)
{
	struct container_context ctx = *f->ctx;
	enum log_level level = log_level();
	int r;

	/* What is not honoured was said at create. */
	if (level < LOG_LEVEL_DEBUG)
		log_set_level(LOG_LEVEL_ERROR);
	r = spec_load(f->dir.fd, "config.json", ret, NULL, err);
	ctx.annotations |= annotations_allowed_by(&f->state);
	if (r >= 0)
		annotations_restrict(*ret, &ctx);
	log_set_level(level);
	return r;
}

int found_require_running(const struct found *f, const char *verb, struct error *err)
{
	if (f->status == STATUS_RUNNING)
		return 0;
	return error_fail(err, ERROR_CONFLICT, 0, "cannot %s a%s container", verb,
			  f->status == STATUS_STOPPED   ? " stopped"
			  : f->status == STATUS_PAUSED  ? " paused"
			  : f->status == STATUS_CREATED ? " created"
							: " half-created");
}

int found_require_cgroup(const struct found *f, struct error *err)
{
	if (f->cgroup.fd >= 0)
		return 0;
	if (!f->cgroup_error)
		return error_fail(err, ERROR_UNSUPPORTED, 0,
				  "the container has no cgroup of its own");
	if (err)
		*err = f->cgroup_flaw;
	return f->cgroup_error;
}

int found_refuse_paused(const struct found *f, const char *verb, struct error *err)
{
	char path[sizeof(f->cgroup.leaf)];

	error_fail(err, ERROR_CONFLICT, 0, "cannot %s a paused container", verb);
	if (cgroup_is_frozen(&f->cgroup))
		error_add_remedy(err, "`knarr resume %s` lets it go on", f->state.id);
	else if (cgroup_frozen_elsewhere(&f->cgroup_host, &f->cgroup, path, sizeof(path)))
		error_add_remedy(err, "write 0 to cgroup.freeze of cgroup '%s', which is frozen",
				 path);
	return -EINVAL;
}

int found_process(const struct found *f, struct pidref *ret, struct error *err)
{
	int r = pidref_open(f->state.pid, f->state.start_time, ret);

	if (r == -ESRCH)
		return error_fail(err, ERROR_CONFLICT, 0, "container not running");
	return r < 0 ? error_set(err, -r, "cannot open process %d of the container", f->state.pid)
		     : 0;
}
