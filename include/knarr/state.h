/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: the record of a container on disk, ROOT/ID/ (R17). Host half. The kernel is asked first; the file is a hint.
 *
 *   ROOT/ID/state.json   0600  the record, with a version in it; written by rename
 *   ROOT/ID/config.json  0600  the config as it was at create
 *   ROOT/ID/gate         0600  socket, only while the container waits for start: created <=> it exists
 *   ROOT/ID/notify/      0711  directory that the container sees, with the socket of NOTIFY_SOCKET; only if that was set
 *   ROOT/.cache/         0700  compiled seccomp filters by content hash
 */
#ifndef KNARR_STATE_H
#define KNARR_STATE_H

#include "knarr/base.h"
#include "knarr/kernel.h"
#include "knarr/spec.h"

#define STATE_VERSION 1

enum state_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED
};
const char *state_status_name(enum state_status s);

struct state {                                        /* strings are malloc'd, or NULL */
	char *id, *bundle, *rootfs, *owner, *created; /* created: RFC 3339 with fraction, UTC */
	char *oci_version;
	char *boot_id;
	pid_t pid; /* 0 before the process exists */
	uint64_t start_time;
	int cgroup_driver; /* enum cgroup_driver */
	char *cgroup_path, *cgroup_leaf, *cgroup_scope;
	uint64_t
		cgroup_inode; /* of cgroup_path; 0 before it is known, and in records of older builds */
	bool creating;        /* record of a create that has not finished */
	uint64_t namespaces; /* CLONE_NEW* mask not shared with the host */
	/*
	 * Of its namespaces, in the order of nsfs_kinds; 0: shared, made too late to be seen, or a record of an older build.
	 * The user namespace is always there, its own or the one that it shares.
	 */
	uint64_t namespace_inodes[NSFS_KINDS];
	char *intel_rdt;           /* resctrl directory we made, or NULL */
	char *allowed_annotations; /* those that --annotations named at create, with commas; or NULL */
	struct mount_identity
		root_mount; /* what we attached in the caller's mount namespace; id 0: nothing */
	struct spec_map annotations; /* malloc'd */
};
void state_done(struct state *s);

/* The state root: opened once, O_DIRECTORY|O_NOFOLLOW, made 0700 if absent, owner and mode verified. */
struct state_root {
	int fd;
	char path[4096];
};
/* path NULL: --root's default. make false: a missing default root is returned as fd = -EBADF with 0. */
int state_root_open(const char *path, bool make, struct state_root *ret, struct error *err);
void state_root_close(struct state_root *r);
/* "/run/knarr", or $XDG_RUNTIME_DIR/knarr for an ordinary user or inside a user namespace with that variable set and non-empty. */
int state_root_default(char *buf, size_t size);

/* The directory of one container, locked (flock on the directory fd) until closed. */
struct state_dir {
	int fd;
	const struct state_root *root;
	char id[1025];
};
/* Makes ROOT/ID; -EEXIST: "container with given ID already exists". */
int state_dir_make(const struct state_root *root, const char *id, struct state_dir *ret,
		   struct error *err);
/* -ENOENT: "container does not exist". */
int state_dir_open(const struct state_root *root, const char *id, bool lock, struct state_dir *ret,
		   struct error *err);
void state_dir_close(struct state_dir *d);
/*
 * The lock alone, given back for the time that a foreground program runs and taken again: -ENOENT if somebody deleted
 * the container meanwhile.
 */
void state_dir_unlock(const struct state_dir *d);
int state_dir_lock(const struct state_dir *d, struct error *err);
/* Does another command hold it? Only to decide what to do before waiting: the answer is old at once. For an unlocked d. */
bool state_dir_is_locked(const struct state_dir *d);
int state_dir_remove(
	struct state_dir *d,
	struct error *err); /* every file in it (no links followed), then the directory */

int state_save(const struct state_dir *d, const struct state *s, struct error *err);
/* The same in two steps: the staged record is not seen before it is committed. */
int state_stage(const struct state_dir *d, const struct state *s, struct error *err);
int state_commit(const struct state_dir *d, struct error *err);
/* Reads any version this build knows; a record it cannot read is an error that names the file. */
int state_load(const struct state_dir *d, struct state *ret, struct error *err);
/* Does this answer of state_load() mean a damaged or missing record, or could it not be read at this moment? */
bool state_record_is_bad(int r);
/*
 * What can still be read of a damaged record; the rest is zero. All of it is zero where it is not known to be this
 * container's. Annotations are left out. Always followed by state_done().
 */
void state_salvage(const struct state_dir *d, struct state *ret);
int state_save_file(const struct state_dir *d, const char *name, const void *data, size_t len,
		    struct error *err);
/*
 * Asks the kernel: pid + start time + boot id, zombie = stopped, gate present = created. Never STATUS_PAUSED: only the
 * caller knows the cgroup (cgroup_is_frozen() of a running container).
 */
enum state_status state_status(const struct state_dir *d, const struct state *s);
/* Nothing in the kernel that the record names is meant when it was written before the last boot. */
bool state_is_of_this_boot(const struct state *s);
/*
 * malloc'd JSON: keys in runc's order (ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner).
 * For hooks (compact, '/' unescaped) and for `state` (2-space indent).
 */
char *state_json(const struct state *s, enum state_status status, bool pretty);
/* The same for `state`, which also tells "limits" (JSON text of an object, NULL: none) and, when it is so, "oomKilled". */
char *state_json_more(const struct state *s, enum state_status status, const char *limits,
		      bool oom_killed);

/* Ids in the root, sorted, malloc'd. Names starting with '.' are skipped. */
int state_list(const struct state_root *root, char ***ret_ids, size_t *ret_count,
	       struct error *err);

#endif
