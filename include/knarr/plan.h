/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: every decision about a container process, as data.
 *
 * A plan is one flat buffer: header, ops, argument structs, strings. Offsets are relative to its start; 0 means
 * "absent". In memory and on the wire (a sealed memfd that the container half maps) it is the same bytes. The
 * container half validates every offset (plan_validate.c) before it uses one.
 *
 * This header is the format, shared by both halves; the builder's interface is at the end (host half only).
 */
#ifndef KNARR_PLAN_H
#define KNARR_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_MAGIC 0x6b6e6172u /* "knar" */
#define PLAN_VERSION 7u
#define PLAN_MAX_SIZE (64u << 20)

/*
 * Ops, in the only order in which they may stand (plan_validate holds the phases to it).
 * Phase 1, "stage": by the process that the host half cloned, still outside the container where namespaces are joined.
 * Phase 2, "build": inside all namespaces, old root still there. Phase 3, "inside": after the root switch.
 * Phase 4, "drop": identity. Phase 5, "final": at and after the start gate.
 */
enum plan_op_type {
	OP_INVALID,
	/* phase 1 */
	OP_JOIN, /* setns to fd; joins the kernel refuses for lack of privilege are retried after the user namespace */
	OP_TIME_OFFSETS, /* unshare the time namespace and write its offsets */
	OP_FORK,         /* go on in a child (CLONE_PARENT), with new namespaces */
	/* phase 2 */
	OP_UNSHARE, /* namespaces that the first clone did not make; of the cgroup only once the process is in it */
	OP_NETNS, /* enter the new network namespace that the host half makes meanwhile (STEP_NETNS) */
	OP_LOOPBACK, /* bring lo up in a new network namespace */
	OP_SYSCTL,
	OP_HOSTNAME,
	OP_DOMAINNAME,
	OP_ROOT,   /* propagation of the old tree; attach the rootfs tree (fd), if it is not */
	OP_MOUNT,  /* a new filesystem */
	OP_BIND,   /* a tree (fd opened by the host half, or by path here when PLAN_OP_OPEN_HERE) */
	OP_DEVICE, /* device node, or bind of the host's node (fd) */
	OP_SYMLINK,
	OP_HOOKS_RUNTIME, /* ask the host half to run prestart and createRuntime hooks */
	OP_HOOKS,         /* run createContainer hooks here */
	OP_CONSOLE,  /* allocate the pty, bind /dev/console, send the master to the host half */
	OP_MAKE_CWD, /* the working directory, where it is missing; the root is still writable */
	OP_MASK,
	OP_READONLY,
	OP_ROOT_READONLY, /* remount the root read-only, or set its propagation */
	OP_UNMOUNT,       /* mounts remove: the mount at a path of the running container */
	OP_PIVOT,
	/* phase 3 */
	OP_SESSION, /* setsid, controlling terminal, stdio */
	OP_KEYRING,
	OP_RLIMIT,
	OP_SCHEDULER,
	OP_IO_PRIORITY,
	OP_MEMORY_POLICY,
	OP_AFFINITY,
	OP_PERSONALITY,
	OP_LABEL, /* apparmor or selinux, written through the private procfs and read back */
	OP_UMASK,
	OP_NO_NEW_PRIVS,
	/* phase 4 */
	OP_IDENTITY, /* groups, gid, uid, capabilities; read back */
	OP_CWD,
	OP_LOOKUP, /* find the program (R: at create, since callers derive 126/127 from it) */
	/* phase 5 */
	OP_GATE,        /* report READY and wait for start */
	OP_HOOKS_START, /* startContainer hooks */
	OP_SECCOMP,
	OP_EXEC, /* close everything but stdio and preserved fds, execve */
	OP_TYPE_COUNT
};

/* Where the program finds the socket for its sd_notify(3) messages, as with others (NOTIFY_SOCKET). */
#define PLAN_NOTIFY_DIR "/run/notify"
#define PLAN_NOTIFY_NAME "notify.sock"

enum plan_op_flags {
	/* the source is opened by the container half (no privilege in the host half) */
	PLAN_OP_OPEN_HERE = 1u << 0,
	PLAN_OP_IGNORE_MISSING = 1u << 1, /* "not there" is no error (masked paths) */
	/* EPERM/EACCES is no error; a rootless concession, named in the printed plan */
	PLAN_OP_IGNORE_DENIED = 1u << 2,
	PLAN_OP_OPTIONAL = 1u << 3, /* any kernel refusal is a debug line */
};

struct plan_op {
	uint16_t type;
	uint16_t flags;
	int32_t fd; /* descriptor opened by the host half, same number in the container half; -1 none */
	uint32_t origin; /* string: JSON pointer into config.json, or "default", or "--flag" */
	uint32_t arg;    /* offset of struct plan_arg_<type>, 8-aligned; 0 if the op has none */
};

struct plan_header {
	uint32_t magic, version, size;
	uint32_t op_count, ops; /* array of struct plan_op */
	uint32_t flags;         /* enum plan_flags */
	uint64_t clone_flags;   /* CLONE_NEW* of the first clone3 (by the host half) */
	int32_t socket_fd;      /* handshake; filled by launch */
	int32_t log_level;      /* enum log_level: debug records are sent to the host half */
	uint32_t preserve_fds;  /* fds 3 .. 3+n-1 stay open (holes allowed) */
	uint32_t id;            /* string: container id */
	/* ids to take first inside a new or joined user namespace: 0, or the lowest mapped */
	uint32_t setup_uid, setup_gid;
	/* offsets of struct plan_id_maps of a new user namespace, 0: none; for the printed plan, P writes them from the spec */
	uint32_t uid_maps, gid_maps;
	uint32_t require; /* bits (1 << enum fallback) whose absence is an error */
	uint32_t pad;     /* 0 */
};
enum plan_flags {
	/*
	 * GO (maps are written) is waited for by the process that is born in the new user namespace, before anything else:
	 * right after the first clone when header.clone_flags has CLONE_NEWUSER; in the child of OP_FORK when OP_FORK's
	 * clone_flags has it. Exactly one of the two has.
	 */
	PLAN_NEW_USERNS = 1u << 0,
	PLAN_USERNS = 1u << 1, /* the container is in a user namespace that is not the caller's */
	PLAN_ROOTLESS = 1u << 2,
	PLAN_EXEC = 1u << 3,   /* exec into a running container */
	PLAN_TIMING = 1u << 4, /* report the time of each op */
	PLAN_NEW_PIDNS = 1u << 5,
	PLAN_HAS_FORK = 1u << 6, /* contains OP_FORK: the host half expects STEP_FORKED */
	/* mounts add: no OP_ROOT (targets are below "/" of the joined namespace), no OP_EXEC; ends after OP_GATE (kind none) with exit status 0 */
	PLAN_MOUNTS = 1u << 7,
	/*
	 * exec: OP_FORK, the OP_RLIMITs and OP_SESSION come right after OP_IDENTITY, in this order, so that what enters the
	 * container's pid namespace has the program's ids and capabilities already. The limits come after the fork, as RLIMIT_NPROC
	 * would count the process that forks; the host half has raised the hard ones, and lowering needs no privilege.
	 */
	PLAN_LATE_FORK = 1u << 8,
	/* run.oci.keep_original_groups: the supplementary groups stay, also on the way into a user namespace */
	PLAN_KEEP_GROUPS = 1u << 9,
};

struct plan_array {
	uint32_t count, items;
}; /* items: offset of uint32_t[count], each a string offset */

#define PLAN_JOIN_KINDS 8
struct plan_arg_join {
	uint64_t nstype;
	uint32_t path; /* or "" for a pidfd: nstype is then a mask */
	uint32_t deferrable;
	/* What a pidfd must lead to, in the order of nsfs_kinds; 0: whatever it is. The process may move at any time. */
	uint64_t inodes[PLAN_JOIN_KINDS];
};
struct plan_arg_time_offsets {
	int64_t monotonic_secs, boottime_secs;
	uint32_t monotonic_nsecs, boottime_nsecs, has_monotonic, has_boottime;
};
struct plan_arg_fork {
	uint64_t clone_flags;
};
struct plan_arg_unshare {
	uint64_t clone_flags;
};
enum plan_netns_flags { PLAN_NETNS_LOOPBACK = 1u << 0 }; /* its maker brings lo up as well */
struct plan_arg_netns {
	uint32_t flags, pad;
};
struct plan_arg_sysctl {
	uint32_t key; /* "net/ipv4/ip_forward" */
	uint32_t value;
};
struct plan_arg_name {
	uint32_t name;
};
enum plan_root_flags {
	PLAN_ROOT_NO_PIVOT = 1u << 0,
	/* attached at its own path, where hooks that enter the mount namespace look for it */
	PLAN_ROOT_IN_PLACE = 1u << 1,
	/*
	 * No mount namespace of the container's own: fd is the rootfs as the host half has attached it, or in a plan for exec the
	 * container's root. Nothing of the old tree is touched, and the switch is a chroot(2).
	 */
	PLAN_ROOT_SHARED = 1u << 2,
};
struct plan_arg_root {
	uint64_t
		propagation; /* of the old tree before anything: MS_SLAVE default; MS_SHARED keeps peers */
	uint32_t propagation_recursive;
	uint32_t path; /* absolute rootfs path: messages, and the source under PLAN_OP_OPEN_HERE */
	uint32_t flags;
	uint32_t pad;
};
enum plan_mount_flags {
	PLAN_MOUNT_RECURSIVE = 1u << 0,
	PLAN_MOUNT_COPY_UP = 1u << 1,
	PLAN_MOUNT_SRC_NOFOLLOW = 1u << 2,
	PLAN_MOUNT_DEST_NOFOLLOW = 1u << 3, /* always on for proc and sysfs (T1, T2) */
	PLAN_MOUNT_COPY_SYMLINK = 1u << 4,
	/* the host half applies the id map to the tree before it is passed; with SOURCE_LATE it passes a user namespace instead */
	PLAN_MOUNT_IDMAP = 1u << 5,
	PLAN_MOUNT_RIDMAP = 1u << 6,
	/* proc/sysfs/cgroup2: when the kernel refuses a new instance, bind the host's (rec): /proc, /sys, for cgroup2 the cgroup2 mount; the latter two read-only with everything below (R12) */
	PLAN_MOUNT_FALLBACK_BIND = 1u << 7,
	PLAN_MOUNT_INHERIT_MODE =
		1u << 8, /* tmpfs without mode=: takes the mode of the directory it covers (C3) */
	PLAN_MOUNT_PROPAGATION_REC = 1u << 9,
	/* source lies below an earlier mount of this config: opened in its turn, by path in the root (source is a path inside the root) */
	PLAN_MOUNT_SOURCE_LATE = 1u << 10,
	/* OP_BIND of the directory of the notify socket: launch supplies the fd where it can */
	PLAN_MOUNT_NOTIFY = 1u << 11,
	/* devpts: gid= was left out, that group is not mapped (printed, nothing to do) */
	PLAN_MOUNT_GID_DROPPED = 1u << 12,
	/* OP_MOUNT: the mount is kept, and the OP_READONLY that remounts makes it read-only by its descriptor (R31) */
	PLAN_MOUNT_READONLY_LATE = 1u << 13,
};
struct plan_arg_mount { /* OP_MOUNT */
	uint32_t fstype, source, target;
	struct plan_array
		data; /* "key=value" or "flag" words for fsconfig; superblock words ("ro", "sync", ...) first */
	uint32_t flags;
	uint32_t mode; /* of a made mount point directory (0755) */
	uint32_t pad;
	uint64_t attr_set, attr_clear, rec_attr_set, rec_attr_clear;
	uint64_t propagation; /* 0: private */
};
struct plan_arg_bind { /* OP_BIND */
	uint32_t source, target;
	uint32_t flags;
	uint32_t uid_maps, gid_maps; /* offsets of struct plan_id_maps, 0: those of the container */
	uint32_t pad;
	uint64_t attr_set, attr_clear, rec_attr_set, rec_attr_clear;
	uint64_t propagation;
};
struct plan_id_maps {
	uint32_t count, pad;
	struct {
		uint32_t container, host, size;
	} items[];
};
enum plan_device_flags {
	PLAN_DEVICE_BIND = 1u << 0 /* bind the host's node: mknod is not allowed here */
};
struct plan_arg_device {
	uint32_t path;
	uint32_t type; /* 'c' 'b' 'p' */
	uint32_t major, minor, mode, uid, gid;
	uint32_t flags;
};
struct plan_arg_symlink {
	uint32_t target, path;
};
enum plan_hook_flags {
	PLAN_HOOK_PROCESS_ENV = 1u
				<< 0 /* env is the program's, and so is the HOME that was found */
};
struct plan_hook {
	uint32_t path;
	struct plan_array args, env;
	uint32_t timeout_s, index, origin;
	uint32_t flags, pad;
};
struct plan_arg_hooks {
	uint32_t kind;
	uint32_t count;
	uint32_t hooks; /* array of struct plan_hook */
	uint32_t
		state; /* string: the state JSON for stdin; launch patches the pid by building it late */
};
struct plan_arg_console {
	uint32_t width, height;
	uint32_t bind_console; /* /dev/console is made */
	uint32_t uid;
};
enum plan_path_flags {
	PLAN_PATH_REMOUNT =
		1u
		<< 0 /* OP_READONLY: the mount that is at path becomes read-only, without its submounts and without a bind ("ro" on a /dev or tmpfs that is filled first) */
};
struct plan_arg_path {
	uint32_t path;
	uint32_t flags;
}; /* make-cwd, mask, readonly, unmount, cwd */
struct plan_arg_root_readonly {
	uint64_t attr_set, propagation;
	uint32_t propagation_recursive, pad;
};
struct plan_arg_session {
	uint32_t terminal, pad;
};
struct plan_arg_rlimit {
	uint32_t resource, pad;
	uint64_t soft, hard;
};
struct plan_arg_scheduler {
	uint32_t policy;
	int32_t nice, priority;
	uint32_t pad;
	uint64_t flags, runtime, deadline, period;
};
struct plan_arg_io_priority {
	uint32_t class, priority;
};
struct plan_arg_memory_policy {
	uint32_t mode, flags;
	uint32_t nodes; /* list text */
	uint32_t pad;
};
struct plan_arg_affinity {
	uint32_t cpus; /* list text; "" = all allowed */
};
struct plan_arg_personality {
	uint64_t domain;
};
enum plan_lsm { PLAN_LSM_APPARMOR = 1, PLAN_LSM_SELINUX = 2, PLAN_LSM_SELINUX_KEYCREATE = 3 };
struct plan_arg_label {
	uint32_t lsm;
	uint32_t label;
};
struct plan_arg_umask {
	uint32_t mask;
};
enum plan_identity_flags {
	PLAN_IDENTITY_KEEP_GROUPS = 1u << 0, /* run.oci.keep_original_groups */
	PLAN_IDENTITY_NO_SETGROUPS =
		1u << 1, /* setgroups is denied in this user namespace: the list must be empty */
	/* capabilities object present (absent: all sets empty too, see plan_identity.c) */
	PLAN_IDENTITY_SET_CAPS = 1u << 2,
	PLAN_IDENTITY_KEEP_SYS_ADMIN =
		1u << 3, /* seccomp is loaded later without no_new_privs: OP_SECCOMP drops it */
};
struct plan_arg_identity {
	uint32_t uid, gid;
	/* array of uint32_t: the whole list, primary gid included; with user set, only what comes on top of the resolved primary gid */
	uint32_t group_count, groups;
	uint32_t flags;
	uint32_t
		user; /* string "name[:group]" to resolve in the container's passwd (exec --user); 0: use ids */
	uint64_t bounding, effective, inheritable, permitted, ambient;
};
struct plan_arg_lookup {
	uint32_t program;
	uint32_t path_env; /* value of PATH in process.env, 0: default path */
};
enum plan_gate_kind {
	PLAN_GATE_SOCKET = 1 /* op fd is a listening socket in the state dir */,
	PLAN_GATE_HANDSHAKE = 2 /* wait for START on the handshake socket */,
	PLAN_GATE_NONE = 3 /* report READY, go on */
};
struct plan_arg_gate {
	uint32_t kind;
	uint32_t pad;
};
enum plan_seccomp_flags { PLAN_SECCOMP_LISTENER = 1u << 0 };
struct plan_arg_seccomp {
	uint32_t filter_flags; /* SECCOMP_FILTER_FLAG_* */
	uint32_t flags;
	uint32_t insn_count, insns; /* struct sock_filter[] */
};
enum plan_exec_flags {
	PLAN_EXEC_SET_HOME = 1u << 0 /* no HOME in env: from the container's passwd, else "/" */
};
struct plan_arg_exec {
	struct plan_array args, env;
	uint32_t flags;
	uint32_t pad;
};

static inline const char *plan_string(const struct plan_header *p, uint32_t offset)
{
	return offset ? (const char *)p + offset : "";
}
static inline const void *plan_at(const struct plan_header *p, uint32_t offset)
{
	return offset ? (const char *)p + offset : (const void *)0;
}
static inline struct plan_op *plan_ops(const struct plan_header *p)
{
	return (struct plan_op *)((char *)(uintptr_t)p + p->ops);
}
static inline const char *plan_array_item(const struct plan_header *p, const struct plan_array *a,
					  uint32_t i)
{
	return plan_string(p, ((const uint32_t *)plan_at(p, a->items))[i]);
}

/* "mount", "no-new-privs", ... */
const char *plan_op_name(enum plan_op_type type);
/* Bounds, alignment, terminated strings, phase order; 0 or -EINVAL with *ret_op = index of the bad op (or -1 for the header). Compiled into both halves; no allocation. */
int plan_validate(const void *buf, size_t size, int *ret_op);

/* ======== host half only ======== */

#ifndef KNARR_CONTAINER_HALF

#include "knarr/base.h"
#include "knarr/spec.h"

/* What the builder has to know of the host; gathered by launch (plan makes no system call). */
struct plan_host {
	uint32_t euid, egid;
	bool privileged; /* CAP_SYS_ADMIN in the initial user namespace, or in ours with real mount rights */
	bool in_userns; /* we ourselves run in a user namespace (nested or rootless under podman unshare) */
	bool can_mknod;
	bool cgroup_ns_supported;
	char bundle[4096];      /* absolute */
	char cgroup_root[256];  /* where cgroup2 is mounted on the host */
	uint32_t ngroups;       /* supplementary groups of the caller other than egid */
	bool apparmor, selinux; /* enabled on this host */
	uint32_t last_cap;      /* highest capability the kernel knows */
};

struct plan_options {
	const char *id;
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	uint32_t
		listen_fds; /* adds LISTEN_FDS/LISTEN_PID to env when process.env lacks them; header.preserve_fds = preserve_fds + listen_fds */
	/* directory that is bound as PLAN_NOTIFY_DIR, its socket named in the program's environment; NULL: none */
	const char *notify_dir;
	enum plan_gate_kind gate;
	bool timing;
	int log_level;
	uint32_t require; /* bits (1 << enum fallback) */
	/* exec */
	const struct spec_process *process; /* replaces spec->process when set */
	const char *exec_user;              /* "name[:group]" not resolved yet, or NULL */
	bool exec_fork; /* exec: pid and user namespaces need a fork after setns */
	uint64_t
		exec_namespaces; /* CLONE_NEW* mask of namespaces the container does not share with us */
	const uint64_t *
		exec_inodes; /* of them, in the order of nsfs_kinds, for the comparison after the join; NULL: none */
	bool exec_userns; /* the container has a user namespace of its own */
	/* compiled seccomp filter (struct sock_filter[]), or NULL */
	const void *filter;
	uint32_t filter_count;
	uint32_t filter_flags;
	bool filter_listener;
	bool mounts_remove; /* plan_build_mounts: unmount the destinations instead */
	const char *
		hook_state; /* state JSON ("creating") for createContainer hooks; the container half puts its own pid for "pid":0 */
	const char *hook_state_created; /* the same with "created", for startContainer hooks */
	/* opt-ins: see R16 */
	bool keep_groups;
};

struct plan {
	struct plan_header *header; /* malloc'd, header->size bytes */
};

/*
 * Pure: no system call, same input same bytes. Refuses with class config (the combination is wrong), unsupported or
 * permission, with origin set. The spec may be freed afterwards.
 */
int plan_build_create(const struct spec *spec, const struct plan_host *host,
		      const struct plan_options *opt, struct plan *ret, struct error *err);
int plan_build_exec(const struct spec *spec, const struct plan_host *host,
		    const struct plan_options *opt, struct plan *ret, struct error *err);
/* mounts add of a running container: joins its mount namespace and attaches. */
int plan_build_mounts(const struct spec *spec, const struct plan_host *host,
		      const struct plan_options *opt, struct plan *ret, struct error *err);
void plan_done(struct plan *p);

/*
 * What the plan changes in the container's namespace of this kind: a sysctl's key, "hostname" or "domainname". NULL:
 * nothing. Such a namespace must not be the caller's own.
 */
const char *plan_change_in(const struct plan_header *p, enum spec_ns ns);

/* Stable text: one line an op, "  NN  name  details  # origin". json: an array of objects for tools. */
void plan_print(const struct plan_header *p, struct buf *out);

#endif
#endif
