/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cgroup.c dispatches to, and what the drivers share.
 */
#ifndef KNARR_CGROUPS_DRIVER_H
#define KNARR_CGROUPS_DRIVER_H

#include "cgroups/limits.h"
#include "knarr/cgroups.h"

/* The container's own cgroup: its parent of the leaf where there is one. Borrowed; -EBADF for none. */
static inline int cgroup_dir(const struct cgroup *cg)
{
	return cg->dir_fd > 0 ? cg->dir_fd : cg->fd;
}
void cgroup_clear(struct cgroup *cg);

/* ---- paths.c: pure ---- */

/*
 * linux.cgroupsPath of the cgroupfs driver as an absolute path below base ("" for the root): "/a/b" is taken as it
 * is, "a/b" is put below base, NULL gives BASE/knarr/ID. Refused: "..", ".", control characters, ':', names that are
 * too long.
 */
int path_choose(const char *cgroups_path, const char *id, const char *base, char *buf, size_t size,
		struct error *err);
/* A relative path of sub-cgroups, as an annotation or --cgroup gives it. origin may be NULL. */
int path_check_sub(const char *sub, const char *what, const char *origin, struct error *err);
/* An id as one file name: itself, or a prefix with a hash when it is longer than max. */
void path_id_name(const char *id, size_t max, char *buf, size_t size);

/* ---- annotations ---- */

/* The path of init's cgroup below the container's own from the annotations; fallback is the driver's default. */
int request_leaf(const struct cgroup_request *req, const char *fallback, char *buf, size_t size,
		 struct error *err);

/* ---- controllers.c ---- */

#define CONTROLLERS_MAX 256
/* The controllers that the limits need, and those worth having for statistics, as "cpu memory". */
void controllers_needed(const struct limits *limits, char needed[CONTROLLERS_MAX]);
/*
 * Makes path below root_fd and enables wanted controllers in each parent on the way, as far as the host lets us.
 * *ret_made: how many of the last components were made now; on failure they are gone again.
 * reason (may be NULL) is filled with why a wanted controller could not be enabled, "" if none was refused.
 */
int controllers_make_path(int root_fd, const char *path, const char *wanted, unsigned *ret_made,
			  char *reason, size_t reason_size, struct error *err);
void controllers_unmake_path(int root_fd, const char *path, unsigned made);
/* Enables wanted controllers for the children of each cgroup on path's way, path itself excluded. */
void controllers_enable_down(int root_fd, const char *path, const char *wanted, char *reason,
			     size_t reason_size);
/* Enables on the way from dirfd to the leaf below it whatever dirfd has. */
void controllers_pass_on(int root_fd, int dirfd, const char *leaf);
/* Controllers that the kernel has in the v2 tree but a limit needs elsewhere: checks limits against the list. */
int controllers_check(struct limits *limits, const char *available, const char *path,
		      const char *reason, bool best, struct error *err);

/* ---- pids.c, describe.c ---- */

/* As cgroup_pids(), of the cgroup dirfd and all below it; -EBADF: nobody. */
int pids_below(int dirfd, pid_t **ret_pids, size_t *ret_count);
/* ": PID 'COMM' (state S), ... and N more", or "" if there is nobody to see. */
void describe_processes(int dirfd, char *buf, size_t size);

/* ---- owner.c: delegation ---- */

int owner_apply(int dirfd, const struct cgroup_request *req, const char *path, struct error *err);
/* Is this process an ordinary user, or root of a user namespace only? */
bool owner_is_unprivileged(void);
/* Nearest cgroup of our own that we may make children in ("" = root); *ret_busy: it has processes of its own. */
int owner_delegated(const struct cgroup_host *host, char *buf, size_t size, bool *ret_busy);

/* ---- device_attach.c ---- */

/* Without a cgroup there is no program: refuses rules that deny what the container could open without one. */
int device_check_none(const struct cgroup_request *req, bool *ret_denies, struct error *err);

/* Attaches the device program of the request to dirfd; a rootless caller goes without. */
int device_attach(int dirfd, const struct cgroup_request *req, const char *path, struct error *err);
/* Replaces what is attached, with no moment without a program. */
int device_replace(int dirfd, const struct spec_resources *res, const char *path,
		   struct error *err);

/* ---- the drivers ---- */

int fs_create(const struct cgroup_host *host, const struct cgroup_request *req, struct cgroup *ret,
	      struct error *err);
int systemd_create(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *ret, struct error *err);
int systemd_attach(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *cg, pid_t pid, struct error *err);
/* Stops the unit; a missing one is success. */
int systemd_stop(const struct cgroup *cg, struct error *err);
/* Sets what has a property, so that a reload of systemd does not undo the files. */
int systemd_set(const struct cgroup *cg, const struct limits *limits, struct error *err);
/* The path of the scope as systemd would choose it. */
int systemd_guess(const struct cgroup_request *req, struct cgroup *cg);
int systemd_check(const struct cgroup_request *req, struct error *err);

#endif
