/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's cgroup: which driver makes it, how later commands find it again. Host half.
 *
 * Once made, a cgroup is directories and files under every driver; only making, moving in, removing and keeping a
 * service manager informed differ.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/host.h"
#include "cgroups/tree.h"

void cgroup_clear(struct cgroup *cg)
{
	*cg = (struct cgroup){ .driver = CGROUP_NONE, .fd = -EBADF, .dir_fd = -EBADF };
}

void cgroup_close(struct cgroup *cg)
{
	cg->fd = fd_close(cg->fd);
	/* 0 is a caller's initialiser, never one of ours: the standard descriptors are open before anything else. */
	if (cg->dir_fd > 0)
		fd_close(cg->dir_fd);
	cg->dir_fd = -EBADF;
}

static int fail_no_tree(const struct cgroup_request *req, struct error *err)
{
	int r = error_fail(
		err, ERROR_UNSUPPORTED, 0,
		"no cgroup2 file system is mounted here, so container '%s' can have no cgroup",
		req->id);

	error_add_step(err, "cgroup-create");
	error_add_remedy(err, "mount -t cgroup2 none DIR, or use --cgroup-manager disabled");
	return r;
}

/* Can the request go without a cgroup? Only when it limits nothing, or when limits may be given up. */
static int without_tree(const struct cgroup_request *req, struct cgroup *ret, struct error *err)
{
	struct limits limits;
	int r = limits_build(req->resources, NULL, &limits, err);
	bool needed = r == 0 && limits.count > 0;

	if (r < 0)
		return r;
	limits_done(&limits);
	if (!req->rootless || (needed && !req->limits_best))
		return fail_no_tree(req, err);
	ret->driver = CGROUP_NONE;
	return fallback_take(FALLBACK_CGROUP) ? 0 : fail_no_tree(req, err);
}

/* --cgroup-manager disabled: nothing is made, so what a limit asks for would be dropped in silence. */
static int none_create(const struct cgroup_request *req, struct error *err)
{
	struct limits limits;
	bool denies = false;
	int r = device_check_none(req, &denies, err);

	if (r < 0)
		return r;
	if (denies && req->has_nodes && !req->rootless)
		log_warning(
			"no cgroup is used (--cgroup-manager disabled): device rules do not apply, ignoring");
	if (denies && !fallback_take(FALLBACK_DEVICE_PROGRAM))
		return error_fail(err, ERROR_UNSUPPORTED, 0,
				  "device rules need a cgroup, and none is used");
	r = limits_build(req->resources, NULL, &limits, err);
	if (r < 0)
		return r;
	if (limits.count)
		log_warning(
			"no cgroup is used (--cgroup-manager disabled): '%s' and other limits do not apply, ignoring",
			limits.items[0].file);
	limits_done(&limits);
	return 0;
}

int cgroup_create(const struct cgroup_host *host, const struct cgroup_request *req,
		  struct cgroup *ret, struct error *err)
{
	cgroup_clear(ret);
	if (req->driver == CGROUP_NONE)
		return none_create(req, err);
	if (host->root_fd < 0)
		return without_tree(req, ret, err);
	return req->driver == CGROUP_SYSTEMD ? systemd_create(host, req, ret, err)
					     : fs_create(host, req, ret, err);
}

/* pids.max = 0 can be in force only once init is inside. */
static int fs_attach(const struct cgroup_request *req, const struct cgroup *cg, struct error *err)
{
	struct limits limits;
	int r;

	if (!req->devices_first && !req->devices_last) {
		r = device_attach(cg->fd, req, cg->leaf, err);
		if (r < 0)
			return r;
	}
	if (!req->resources || !req->resources->pids_limit.present ||
	    req->resources->pids_limit.value != 0)
		return 0;
	r = limits_build(req->resources, NULL, &limits, err);
	if (r < 0)
		return r;
	r = limits_write_late(&limits, cgroup_dir(cg), cg->path, req->limits_best, err);
	limits_done(&limits);
	return r;
}

int cgroup_attach(const struct cgroup_host *host, const struct cgroup_request *req,
		  struct cgroup *cg, pid_t pid, struct error *err)
{
	if (cg->driver == CGROUP_SYSTEMD)
		return systemd_attach(host, req, cg, pid, err);
	return cg->driver == CGROUP_FS ? fs_attach(req, cg, err) : 0;
}

int cgroup_attach_devices(const struct cgroup_request *req, const struct cgroup *cg,
			  struct error *err)
{
	if (cg->driver != CGROUP_FS || !req->devices_last)
		return 0;
	return device_attach(cg->fd, req, cg->leaf, err);
}

uint64_t cgroup_inode(const struct cgroup *cg)
{
	struct stat st;

	return cgroup_dir(cg) < 0 || fstat(cgroup_dir(cg), &st) < 0 ? 0 : st.st_ino;
}

void cgroup_close_removed(struct cgroup *cg)
{
	if (cgroup_dir(cg) >= 0 && !tree_has_file(cgroup_dir(cg), "cgroup.procs"))
		cgroup_close(cg);
}

static int refuse_other(const struct cgroup *cg, uint64_t inode, struct error *err)
{
	error_fail(
		err, ERROR_CONFLICT, 0,
		"cgroup '%s' is no longer the container's: its inode is %llu, that of the container was %llu",
		cg->path, (unsigned long long)cg->inode, (unsigned long long)inode);
	error_add_subject(err, cg->path);
	return -ESTALE;
}

int cgroup_open(const struct cgroup_host *host, enum cgroup_driver driver, const char *path,
		const char *leaf, const char *scope, uint64_t inode, struct cgroup *ret,
		struct error *err)
{
	struct stat st;
	int r;

	cgroup_clear(ret);
	ret->driver = driver;
	text_copy(ret->scope, sizeof(ret->scope), scope ? scope : "");
	if (driver == CGROUP_NONE || !path || !*path)
		return 0;
	ret->made = true;
	if (text_format(ret->path, sizeof(ret->path), "%s", path) < 0 ||
	    text_format(ret->leaf, sizeof(ret->leaf), "%s", leaf && *leaf ? leaf : path) < 0)
		return error_set(err, ENAMETOOLONG, "cannot open cgroup '%s'", path);
	if (host->root_fd < 0)
		return error_fail(err, ERROR_NOT_FOUND, ENOENT,
				  "cannot open cgroup '%s': no cgroup2 file system is mounted here",
				  path);
	ret->dir_fd = tree_open(host->root_fd, ret->path);
	if (ret->dir_fd < 0) {
		r = ret->dir_fd;
		error_set(err, -r, "cannot open cgroup '%s'", path);
		error_add_subject(err, path);
		return r;
	}
	if (fstat(ret->dir_fd, &st) < 0) {
		r = error_set(err, errno, "cannot examine cgroup '%s'", path);
		error_add_subject(err, path);
		cgroup_close(ret);
		return r;
	}
	ret->inode = st.st_ino;
	if (inode && ret->inode != inode) {
		cgroup_close(ret);
		return refuse_other(ret, inode, err);
	}
	if (STREQ(ret->path, ret->leaf)) {
		ret->fd = TAKE_FD(ret->dir_fd);
		return 0;
	}
	/*
	 * The leaf may have gone with its processes while the rest is still there to be removed. It is looked for in the
	 * directory that was compared.
	 */
	if (text_has_prefix(ret->leaf, ret->path))
		ret->fd = tree_open(ret->dir_fd, ret->leaf + strlen(ret->path));
	return 0;
}

int cgroup_open_sub(const struct cgroup *cg, const char *sub, int *ret_fd, struct error *err)
{
	int fd, r;

	/* "/" is the container's own, as it is for whoever sees it from inside. */
	while (sub && *sub == '/')
		sub++;
	r = path_check_sub(sub ? sub : "", "cgroup", "--cgroup", err);
	if (r < 0)
		return r;
	if (cg->fd < 0) {
		error_fail(err, ERROR_NOT_FOUND, ENOENT, "the container has no cgroup");
		error_add_origin(err, "--cgroup");
		return -ENOENT;
	}
	fd = tree_open(cg->fd, sub ? sub : "");
	if (fd < 0) {
		error_set(err, -fd, "cannot open cgroup '%s' below '%s'", sub, cg->leaf);
		error_add_origin(err, "--cgroup");
		error_add_subject(err, sub);
		return fd;
	}
	*ret_fd = fd;
	return 0;
}

/* The "no internal processes" rule of cgroups(7): clone3() would answer EBUSY. */
static bool takes_processes(const struct cgroup *cg)
{
	char enabled[CONTROLLERS_MAX];

	return cg->fd >= 0 &&
	       tree_read(cg->fd, "cgroup.subtree_control", enabled, sizeof(enabled)) >= 0 &&
	       !enabled[0];
}

int cgroup_open_exec(const struct cgroup_host *host, const struct cgroup *cg, pid_t init,
		     int *ret_fd, struct error *err)
{
	size_t len = strlen(cg->path);
	char path[sizeof(cg->leaf)];
	int r;

	if (takes_processes(cg))
		return cgroup_open_sub(cg, "", ret_fd, err);
	r = host_own_path(init, host->mount_root, path, sizeof(path));
	if (r >= 0 && (strncmp(path, cg->path, len) != 0 || (path[len] && path[len] != '/')))
		r = -EXDEV;
	if (r >= 0)
		r = tree_open(cgroup_dir(cg), path + len);
	if (r < 0) {
		error_set(err, -r, "cannot enter the container's cgroup '%s'", cg->leaf);
		error_add_step(err, "cgroup-exec");
		error_add_subject(err, cg->leaf);
		return r;
	}
	*ret_fd = r;
	return 0;
}

bool cgroup_oom_killed(const struct cgroup *cg)
{
	_cleanup_free_ char *text = NULL;
	uint64_t kills = 0;

	if (cgroup_dir(cg) < 0 || tree_read_all(cgroup_dir(cg), "memory.events", &text) < 0)
		return false;
	return tree_key_u64(text, "oom_kill", &kills) == 0 && kills > 0;
}
