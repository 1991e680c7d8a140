/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec: config.json as C structures (OCI runtime specification 1.3, config.md and config-linux.md).
 *
 * Reading is rows of {name, type, handler, offset} over the jread tree. Everything lives in the
 * spec's arena; strings and arrays are borrowed from it. Each object that a message may have to
 * point at keeps its jnode ("node", NULL when it did not come from config.json).
 * Values are validated for type, range and vocabulary here; what a kernel or a user can do is not
 * known here (plan and launch know).
 */
#ifndef KNARR_SPEC_H
#define KNARR_SPEC_H

#include "knarr/base.h"

struct spec_string_list {
	const char **items; /* NULL-terminated */
	size_t count;
	const struct jnode *node;
};

struct spec_key_value {
	const char *key, *value;
	const struct jnode *node;
	bool off; /* an annotation that the caller has not allowed: shown, and not acted upon */
};
struct spec_map {
	struct spec_key_value *items;
	size_t count;
};

struct spec_id_map {
	uint32_t container, host, size;
	const struct jnode *node;
};
struct spec_id_maps {
	struct spec_id_map *items;
	size_t count;
	const struct jnode *node; /* NULL: property absent */
};
/* The host id of an id of the container; false if it is not mapped. ret may be NULL. */
bool spec_id_to_host(const struct spec_id_maps *maps, uint32_t id, uint32_t *ret);

/* ---- mounts ---- */

enum spec_mount_flags {
	SPEC_MOUNT_BIND = 1u << 0,
	SPEC_MOUNT_RECURSIVE = 1u << 1, /* rbind */
	SPEC_MOUNT_COPY_UP = 1u << 2,   /* tmpcopyup */
	SPEC_MOUNT_IDMAP = 1u << 3,     /* idmap: mappings given or those of the container */
	SPEC_MOUNT_RIDMAP = 1u << 4,    /* with the submounts */
	SPEC_MOUNT_COPY_SYMLINK =
		1u << 5, /* copy-symlink: a source that is a link is made again as a link */
	SPEC_MOUNT_SRC_NOFOLLOW = 1u << 6,
	SPEC_MOUNT_DEST_NOFOLLOW = 1u << 7,
};

struct spec_mount {
	const char *destination; /* as written; relative ones are below "/" */
	const char *type;        /* "" if absent; "bind" implied by bind and rbind */
	const char *source; /* NULL if absent; relative bind sources are relative to the bundle */
	struct spec_string_list options;
	/* decoded from options */
	unsigned flags;                /* enum spec_mount_flags */
	uint64_t attr_set, attr_clear; /* MOUNT_ATTR_*: this mount; atime modes included */
	/* the r* forms: with submounts; applied first, then attr_* */
	uint64_t rec_attr_set, rec_attr_clear;
	/* superblock words of a new filesystem: MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME, MS_SILENT, MS_I_VERSION */
	uint64_t sb_flags_set, sb_flags_clear;
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	bool propagation_recursive;
	const char *data; /* remaining words, comma-joined: filesystem options; "" if none */
	struct spec_id_maps uid_maps, gid_maps; /* explicit, or from idmap=/ridmap= text */
	const struct jnode *node, *destination_node, *source_node, *type_node;
};

/* ---- process ---- */

struct spec_rlimit {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
	const struct jnode *node;
};

struct spec_capabilities { /* bit n = capability number n */
	bool present;
	uint64_t bounding, effective, inheritable, permitted, ambient;
	struct spec_string_list unknown; /* names this build does not know */
	const struct jnode *node;
};

struct spec_user {
	uint32_t uid, gid;
	uint32_t *additional_gids;
	size_t additional_gid_count;
	bool umask_set;
	uint32_t umask;
	const char *username; /* Windows' field; ignored */
	const struct jnode *node;
};

struct spec_scheduler {
	bool present;
	uint32_t policy; /* SCHED_* */
	int32_t nice, priority;
	uint64_t flags;                     /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* ns */
	const struct jnode *node;
};

struct spec_io_priority {
	bool present;
	uint32_t class, priority; /* IOPRIO_CLASS_*, 0..7 */
	const struct jnode *node;
};

struct spec_process {
	bool present;
	bool terminal;
	uint32_t console_width, console_height; /* 0 = unset */
	struct spec_user user;
	struct spec_string_list args; /* never empty when present */
	struct spec_string_list env;
	const char *cwd;
	struct spec_capabilities capabilities;
	struct spec_rlimit *rlimits;
	size_t rlimit_count;
	bool no_new_privileges;
	const char *apparmor_profile, *selinux_label; /* NULL if absent or "" */
	bool oom_score_adj_set;
	int32_t oom_score_adj;
	struct spec_scheduler scheduler;
	struct spec_io_priority io_priority;
	const char *cpu_affinity_initial, *cpu_affinity_final; /* exec only; NULL if absent */
	const struct jnode *node, *args_node, *cwd_node, *oom_node, *apparmor_node, *selinux_node,
		*affinity_node, *terminal_node;
};

/* ---- hooks ---- */

enum spec_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KIND_COUNT
};

struct spec_hook {
	const char *path;             /* absolute */
	struct spec_string_list args; /* argv incl. argv[0]; empty: {path} */
	struct spec_string_list env;
	uint32_t timeout_s; /* 0 = none */
	const struct jnode *node;
};
struct spec_hook_list {
	struct spec_hook *items;
	size_t count;
};

/* ---- linux ---- */

enum spec_ns {
	NS_USER,
	NS_MOUNT,
	NS_PID,
	NS_NETWORK,
	NS_IPC,
	NS_UTS,
	NS_CGROUP,
	NS_TIME,
	NS_COUNT
};
struct spec_namespace {
	bool present;
	const char *path; /* NULL: a new one */
	const struct jnode *node;
};

struct spec_device { /* linux.devices */
	char type;   /* 'c' 'b' 'p' ('u' reads as 'c') */
	const char *path;
	uint32_t major, minor;
	uint32_t mode; /* permission bits, default 0666 */
	uint32_t uid, gid;
	const struct jnode *node;
};

struct spec_net_device {
	const char *host_name, *name; /* name may hold %d */
	const struct jnode *node;
};

struct spec_time_offset {
	bool present;
	int64_t secs;
	uint32_t nanosecs;
	const struct jnode *node;
};

struct spec_device_rule { /* linux.resources.devices */
	bool allow;
	char type;            /* 'a' 'b' 'c' */
	int64_t major, minor; /* -1 = any */
	unsigned access;      /* 1 = r, 2 = w, 4 = m */
	const struct jnode *node;
};

struct spec_int {
	bool present;
	int64_t value;
	const struct jnode *node;
};
struct spec_uint {
	bool present;
	uint64_t value;
	const struct jnode *node;
};
struct spec_bool {
	bool present;
	bool value;
	const struct jnode *node;
};
struct spec_text {
	const char *value;
	const struct jnode *node;
}; /* value NULL: absent */

struct spec_blkio_device {
	uint32_t major, minor;
	bool weight_set, leaf_weight_set;
	uint32_t weight, leaf_weight;
	uint64_t rate;
	const struct jnode *node;
};
struct spec_blkio_devices {
	struct spec_blkio_device *items;
	size_t count;
};
struct spec_hugepage_limit {
	const char *page_size;
	uint64_t limit;
	const struct jnode *node;
};
struct spec_rdma {
	const char *device;
	struct spec_uint hca_handles, hca_objects;
	const struct jnode *node;
};
struct spec_net_prio {
	const char *name;
	uint32_t priority;
	const struct jnode *node;
};

struct spec_resources {
	bool present;
	const struct jnode *node;
	struct spec_device_rule *devices;
	size_t device_count;
	struct { /* bytes, -1 = unlimited */
		struct spec_int limit, reservation, swap, kernel, kernel_tcp;
		struct spec_uint swappiness;
		struct spec_bool disable_oom_killer, use_hierarchy, check_before_update;
	} memory;
	struct {
		struct spec_uint shares, period, burst, realtime_period;
		struct spec_int quota, realtime_runtime, idle;
		struct spec_text cpus, mems;
	} cpu;
	struct spec_int pids_limit; /* negative: unlimited; 0: nothing may be forked */
	struct {
		struct spec_uint weight, leaf_weight;
		struct spec_blkio_devices weight_device, read_bps, write_bps, read_iops, write_iops;
	} blkio;
	struct spec_hugepage_limit *hugepages;
	size_t hugepage_count;
	struct {
		struct spec_uint class_id;
		struct spec_net_prio *priorities;
		size_t priority_count;
		const struct jnode *node;
	} network;
	struct spec_rdma *rdma;
	size_t rdma_count;
	struct spec_map unified;
};

struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	uint32_t op; /* enum scmp_compare */
	const struct jnode *node;
};
struct spec_seccomp_rule {
	struct spec_string_list names;
	uint32_t action; /* SCMP_ACT_* without data; SECCOMP_RET_* values as libseccomp has them */
	bool errno_ret_set;
	uint32_t errno_ret;
	struct spec_seccomp_arg *args;
	size_t arg_count;
	const struct jnode *node;
};
struct spec_seccomp {
	bool present;
	uint32_t default_action;
	bool default_errno_set;
	uint32_t default_errno;
	struct spec_string_list architectures; /* "SCMP_ARCH_*" words, known ones only */
	uint32_t flags;                        /* SECCOMP_FILTER_FLAG_* */
	const char *listener_path, *listener_metadata;
	struct spec_seccomp_rule *rules;
	size_t rule_count;
	const struct jnode *node;
};

struct spec_intel_rdt {
	bool present;
	const char *clos_id, *l3_cache_schema, *mem_bw_schema; /* NULL if absent */
	struct spec_string_list schemata;
	bool enable_monitoring;
	const struct jnode *node;
};

struct spec_memory_policy {
	bool present;
	uint32_t mode;     /* MPOL_* */
	uint32_t flags;    /* MPOL_F_* */
	const char *nodes; /* list text or NULL */
	const struct jnode *node;
};

struct spec {
	struct jdoc *doc;    /* owned */
	struct arena *arena; /* owned */
	const char *oci_version;
	struct {
		const char *path;
		bool readonly;
		const struct jnode *node, *path_node, *readonly_node;
	} root;
	struct spec_mount *mounts;
	size_t mount_count;
	struct spec_process process;
	const char *hostname, *domainname;
	const struct jnode *hostname_node, *domainname_node;
	struct spec_map annotations;
	struct spec_hook_list hooks[HOOK_KIND_COUNT];

	struct spec_namespace namespaces[NS_COUNT];
	struct spec_id_maps uid_maps, gid_maps;
	struct spec_device *devices;
	size_t device_count;
	struct spec_net_device *net_devices;
	size_t net_device_count;
	const char *cgroups_path; /* NULL if absent */
	const struct jnode *cgroups_path_node;
	struct spec_resources resources;
	struct spec_map sysctl;
	struct spec_seccomp seccomp;
	uint64_t rootfs_propagation; /* MS_* or 0 */
	bool rootfs_propagation_recursive;
	struct spec_string_list masked_paths, readonly_paths;
	const char *mount_label;
	struct spec_intel_rdt intel_rdt;
	struct spec_memory_policy memory_policy;
	struct {
		bool present;
		uint32_t domain;
		const struct jnode *node;
	} personality;
	struct spec_time_offset time_monotonic, time_boottime;
	const struct jnode *linux_node, *mount_label_node;
};

/*
 * A list of everything found wrong, for `check`; load functions that are given none stop at the first error.
 * Warnings are unknown properties (ignored, as config.md "Extensibility" demands), with "did you mean".
 */
struct spec_finding {
	bool warning;
	struct error error; /* with file, line, column, origin */
};
struct spec_findings {
	struct spec_finding *items;
	size_t count;
};
void spec_findings_done(struct spec_findings *f);

/*
 * Reads and validates config.json below bundle_fd (name is usually "config.json").
 * findings NULL: stops at the first error. Else every problem is collected and the return value is still -EINVAL
 * if one was an error (*ret_spec is then NULL).
 */
int spec_load(int bundle_fd, const char *name, struct spec **ret_spec,
	      struct spec_findings *findings, struct error *err);
int spec_parse(const char *text, size_t len, const char *name, struct spec **ret_spec,
	       struct spec_findings *findings, struct error *err);
struct spec *spec_free(struct spec *s);
static inline void spec_freep(struct spec **s)
{
	*s = spec_free(*s);
}
/* A lone process object (exec --process), a lone resources object (update --resources), a lone mounts array (mounts add). */
int spec_parse_process(const char *text, size_t len, const char *name, struct spec **ret_spec,
		       struct error *err);
int spec_parse_resources(const char *text, size_t len, const char *name, struct spec **ret_spec,
			 struct error *err);
int spec_parse_mounts(const char *text, size_t len, const char *name, struct spec **ret_spec,
		      struct error *err);
/* The array of mounts remove: each element needs a destination, and nothing else of it is judged. */
int spec_parse_unmounts(const char *text, size_t len, const char *name, struct spec **ret_spec,
			struct error *err);

const char *spec_annotation(const struct spec *s, const char *key); /* NULL if absent or off */
/* Who gets the descriptor of SCMP_ACT_NOTIFY: listenerPath, annotation run.oci.seccomp.receiver; NULL if neither names one. */
const char *spec_seccomp_receiver(const struct spec *s);
/* Refuses a profile that needs a receiver where the configuration names none; for callers who know of no other. */
int spec_check_listener(const struct spec *s, struct error *err);
/* "pid" <-> NS_PID; JSON names of config-linux.md. */
const char *spec_ns_name(enum spec_ns ns);
uint64_t spec_ns_clone_flag(enum spec_ns ns);
const char *spec_hook_name(enum spec_hook_kind kind); /* "createRuntime" */
/* Capability number of "CAP_X" (any case, with or without the prefix), -1 if unknown; and back. */
int spec_capability_number(const char *name);
const char *spec_capability_name(int number);
/* The decoder of mount option words, also for the fuzzer: fills the decoded fields of m from m->options. */
int spec_mount_decode_options(struct arena *arena, struct spec_mount *m, const struct jdoc *doc,
			      struct error *err);
/* All mount option words this build knows (for features); NULL-terminated. */
const char *const *spec_mount_option_names(void);
/* MPOL_* words of linux.memoryPolicy; NULL-terminated. */
const char *const *spec_memory_policy_modes(void);
const char *const *spec_memory_policy_flags(void);
/* Container id rule (CLI-contract: [A-Za-z0-9_+.-], not starting with '.' or '-', at most 1024 bytes; -EINVAL with a sentence). */
int spec_check_id(const char *id, struct error *err);

#endif
