/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups: the container's cgroup (v2 only) over three drivers. Host half.
 *
 * A cgroup is found and touched only below a verified cgroup2 root fd (R12). The cgroup2 mount is found in
 * mountinfo, wherever it is: the unified tree, or the extra cgroup2 mount of a hybrid host.
 */
#ifndef KNARR_CGROUPS_H
#define KNARR_CGROUPS_H

#include "knarr/base.h"
#include "knarr/spec.h"

enum cgroup_driver { CGROUP_NONE, CGROUP_FS, CGROUP_SYSTEMD };

/* The host's cgroup2 tree. */
struct cgroup_host {
	int root_fd; /* O_PATH directory of the cgroup2 mount, -EBADF if there is none */
	char mount_point[256];
	char mount_root[256]; /* what of the tree that mount shows, "/" usually */
	bool unified;         /* nothing but v2 on this host */
	int flaw; /* without root_fd: why a mount that is there could not be opened, or 0 */
};
int cgroup_host_open(struct cgroup_host *ret,
		     struct error *err); /* a host without cgroup2: root_fd < 0, returns 0 */
void cgroup_host_close(struct cgroup_host *h);
/* Our own cgroup ("/user.slice/...") as seen through that mount. */
int cgroup_own_path(const struct cgroup_host *host, char *buf, size_t size);

/* What is asked for. */
struct cgroup_request {
	enum cgroup_driver driver;
	const char *id;
	const char *cgroups_path; /* linux.cgroupsPath or NULL */
	const struct spec_resources *resources;
	const struct spec_map *
		annotations; /* org.systemd.property.*, run.oci.systemd.subgroup, run.oci.delegate-cgroup */
	bool rootless;    /* an ordinary user: its delegated tree only */
	bool has_nodes;   /* the program can make device nodes, or gets some of linux.devices */
	bool limits_best; /* --limits=best: limits that cannot be had are warnings */
	bool owner_set; /* delegate: chown the cgroup to these host ids (rw cgroup mount with a private cgroup namespace) */
	uint32_t owner_uid, owner_gid;
	bool devices_first; /* cgroupfs: the device program is in force before there is a process */
	/* cgroupfs: it comes into force once the nodes of linux.devices are made (cgroup_attach_devices), as rules may deny making them */
	bool devices_last;
};

/* What was made; everything that later commands need is in the state record. */
struct cgroup {
	enum cgroup_driver driver;
	int fd; /* O_PATH|O_DIRECTORY of the cgroup init lives in, -EBADF if none (yet) */
	int dir_fd; /* the same of path where that is a parent of the leaf; <= 0: there is no sub-cgroup */
	char path[1024]; /* of the container ("/knarr/ID"); "" if none */
	char leaf[1152]; /* where init lives: path, or a sub-cgroup of it */
	char scope[512]; /* systemd unit, "" otherwise */
	bool made;       /* we made it, so we remove it */
	/*
	 * Inode of path's directory, 0: unknown. It is the kernel's cgroup id, of which none is given twice while a kernel
	 * runs; every mount of the tree shows the same.
	 */
	uint64_t inode;
};

/*
 * Decides driver, path, leaf and scope without any side effect (fd stays -EBADF), so that they can be recorded before
 * cgroup_create() makes the first of them.
 */
int cgroup_resolve(const struct cgroup_host *host, const struct cgroup_request *req,
		   struct cgroup *ret, struct error *err);
/* The same, with the path that systemd gives the scope of that name: where to look for one that is not recorded. */
int cgroup_guess(const struct cgroup_host *host, const struct cgroup_request *req,
		 struct cgroup *ret, struct error *err);
/*
 * cgroupfs: makes the cgroup, enables controllers down the path, writes every limit; fd is then ready for clone3.
 * systemd: cannot make it before there is a process: see cgroup_attach(). none: no-op.
 * Errors carry the origin of the limit. On failure nothing is left.
 */
int cgroup_create(const struct cgroup_host *host, const struct cgroup_request *req,
		  struct cgroup *ret, struct error *err);
/*
 * systemd: makes the scope with pid in it and applies what systemd has no property for. cgroupfs: writes what could
 * not be in force before there was a process (pids.max = 0), and attaches the device program, which takes the kernel
 * long enough to be done while the process is at work. To be called in both cases, once pid is in cg->fd and before
 * anything of the container's runs; on failure the caller ends pid, then calls cgroup_remove().
 */
int cgroup_attach(const struct cgroup_host *host, const struct cgroup_request *req,
		  struct cgroup *cg, pid_t pid, struct error *err);
/* With devices_last: attaches the device program. Before the container's program may run; otherwise nothing. */
int cgroup_attach_devices(const struct cgroup_request *req, const struct cgroup *cg,
			  struct error *err);
/*
 * Opens what a state record names. -ENOENT if it is gone; -ESTALE if inode is not 0 and a cgroup of another inode has the
 * path now: ret->inode is then that one's, and nothing is open.
 */
int cgroup_open(const struct cgroup_host *host, enum cgroup_driver driver, const char *path,
		const char *leaf, const char *scope, uint64_t inode, struct cgroup *ret,
		struct error *err);
/* The inode of the open cgroup, 0 where none is open. */
uint64_t cgroup_inode(const struct cgroup *cg);
/* Closes a cgroup whose directory was removed by somebody else: its path and its unit may be another container's by now. */
void cgroup_close_removed(struct cgroup *cg);
void cgroup_close(struct cgroup *cg);

int cgroup_kill(const struct cgroup *cg, struct error *err); /* cgroup.kill, all of the subtree */
int cgroup_signal_all(const struct cgroup *cg, int sig,
		      struct error *err); /* every process of the subtree, frozen meanwhile */
/* Freezes or thaws and waits for cgroup.events; thaws again on failure. */
int cgroup_freeze(const struct cgroup *cg, bool frozen, int timeout_ms, struct error *err);
/* Has it been asked to freeze, by this cgroup's own setting? */
bool cgroup_is_frozen(const struct cgroup *cg);
/* Do the processes stand still, by this setting or by one of a cgroup above or of the sub-cgroup of init? */
bool cgroup_stands_still(const struct cgroup *cg);
/* The path of the nearest other cgroup, above or the sub-cgroup of init, that is set to freeze; false if none is. */
bool cgroup_frozen_elsewhere(const struct cgroup_host *host, const struct cgroup *cg, char *buf,
			     size_t size);
/* malloc'd list of all pids of the subtree. */
int cgroup_pids(const struct cgroup *cg, pid_t **ret_pids, size_t *ret_count);
/*
 * Removes the cgroup bottom-up (and stops the scope) after waiting on cgroup.events; on -EBUSY or -ETIMEDOUT the
 * error names the processes, their state and what they wait for.
 */
int cgroup_remove(const struct cgroup_host *host, struct cgroup *cg, int timeout_ms,
		  struct error *err);
/* One attempt, for a container whose process has ended; false if there is anything left in it or below. */
bool cgroup_remove_empty(const struct cgroup_host *host, struct cgroup *cg);
/* All values are checked before the first write; on failure the old ones are back. */
int cgroup_update(const struct cgroup_host *host, struct cgroup *cg,
		  const struct spec_resources *res, struct error *err);
/* For exec: the fd to clone into; sub ("" = leaf) is a path below the container's cgroup, no "..", no links (T26). */
int cgroup_open_sub(const struct cgroup *cg, const char *sub, int *ret_fd, struct error *err);
/*
 * The same for an exec that names none: the leaf, or the cgroup of init below it where the leaf takes no processes, as
 * when the container's own service manager passes its controllers on.
 */
int cgroup_open_exec(const struct cgroup_host *host, const struct cgroup *cg, pid_t init,
		     int *ret_fd, struct error *err);
/* The limits in force as one JSON object (malloc'd), {"memory.max": "67108864", ...}; NULL where none is. */
char *cgroup_limits_json(const struct cgroup *cg);
/* One JSON object (malloc'd), the "data" of runc's events --stats (CLI contract 1.8). */
int cgroup_stats_json(const struct cgroup *cg, char **ret, struct error *err);
/* Waits for OOM kills and for the end of a cgroup. None since the opening is missed, also none between two waits. */
enum cgroup_event { CGROUP_EVENT_NONE, CGROUP_EVENT_OOM, CGROUP_EVENT_EMPTY };
struct cgroup_watch {
	const struct cgroup *cgroup;
	int events_fd, memory_fd; /* cgroup.events, memory.events (-EBADF without the controller) */
	uint64_t oom_kills;       /* seen so far */
};
int cgroup_watch_open(const struct cgroup *cg, struct cgroup_watch *ret, struct error *err);
/* Blocks until one of them, or timeout_ms. */
int cgroup_watch_next(struct cgroup_watch *w, int timeout_ms, enum cgroup_event *ret,
		      struct error *err);
void cgroup_watch_close(struct cgroup_watch *w);
bool cgroup_oom_killed(const struct cgroup *cg); /* memory.events oom_kill > 0 */
/* For check and features: can this request be honoured? No side effects. */
int cgroup_check(const struct cgroup_host *host, const struct cgroup_request *req,
		 struct error *err);

bool cgroup_systemd_built(void);
/*
 * Pure: does an annotation org.systemd.property.* act upon the container's own unit only, and give it nothing that its
 * caller would have to give? Other unit properties start and stop units of the host, run programs or reserve resources.
 */
bool cgroup_annotation_is_harmless(const char *key, const char *value);

/* Conversions (pure; documented with their sources in limits.c). */
uint64_t cgroup_cpu_shares_to_weight(uint64_t shares);
uint64_t cgroup_blkio_weight_to_io(uint64_t weight);

/* Device rules -> BPF cgroup device program (pure). insns: malloc'd struct bpf_insn[]. */
int cgroup_device_program(const struct spec_resources *res, void **ret_insns, unsigned *ret_count,
			  struct error *err);

/* ---- resctrl.c: linux.intelRdt (config-linux.md, "IntelRdt") ---- */

struct resctrl {
	char group[512];    /* class of service, below the filesystem's root */
	char monitor[1100]; /* monitoring group, "" if none */
	char remove[1100];  /* directory that delete has to remove, "" if none */
};
/* The mounted resctrl filesystem, O_PATH; refused with the reason where there is none. */
int resctrl_root_open(struct error *err);
/* Makes or checks the class, writes or compares its schemata, makes the monitoring group. Undone on failure. */
int resctrl_create(int root_fd, const struct spec_intel_rdt *rdt, const char *id,
		   struct resctrl *ret, struct error *err);
int resctrl_assign(int root_fd, const struct resctrl *r, pid_t pid, struct error *err);
void resctrl_remove(int root_fd, const char *path);

#endif
