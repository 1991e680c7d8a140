/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init: what the ops of the container half share. This program is started from a sealed memfd with
 * the number of the plan's descriptor as its only argument, runs the plan's ops in order, and ends
 * as the user's program. It has no heap.
 */
#ifndef KNARR_INIT_H
#define KNARR_INIT_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "knarr/base.h"
#include "knarr/handshake.h"
#include "knarr/kernel.h"
#include "knarr/plan.h"

struct init_inode {
	dev_t dev;
	ino_t ino; /* 0: none */
};

struct init {
	const struct plan_header *plan;
	uint32_t index; /* of the op that runs */
	int socket;     /* the handshake, later the gate connection; -EBADF: nobody listens */
	int root_fd;    /* the rootfs from OP_ROOT to OP_PIVOT; before and after, "/" is the root */
	int procfs_fd;  /* private, of our own pid namespace; opened at need */
	int label_fd; /* a procfs that shows us, from before any join to OP_IDENTITY (op_label.c) */
	int label_attached_fd; /* the same as it was mounted at /proc then; -errno: none */
	int console_fd;        /* slave, from OP_CONSOLE to OP_SESSION */
	int null_fd;  /* O_PATH of a null device that we made, then of its first use as a mask */
	int empty_fd; /* the empty read-only tmpfs, attached at the first masked directory */
	int *opened; /* by op: descriptor opened ahead (PLAN_OP_OPEN_HERE), -EBADF, or the -errno it failed with */
	unsigned char *passed;        /* bit i: descriptor 3+i was open when we started */
	struct init_inode root, proc; /* the rootfs directory, and its "proc" */
	uint64_t root_mount;          /* mount id of the rootfs */
	uint64_t old_propagation;     /* MS_* of the old tree */
	uint64_t new_propagation;     /* MS_* of the root, set once it is the root; 0: none */
	bool new_propagation_recursive;
	bool no_pivot, shared_mounts, attached_over_root, null_is_mask;
	bool inside; /* every namespace is entered */
	bool descriptors_closed;
	bool cwd_entered; /* the working directory, before rights were dropped */
	const struct plan_arg_identity *identity; /* once it was taken */
	char program[PATH_MAX];                   /* what OP_LOOKUP found */
	char home[PATH_MAX];                      /* "HOME=...", for PLAN_EXEC_SET_HOME */
	char **exec_args, **exec_env;             /* by exec_prepare() */
};

/* One op: 0, or -errno with err filled. */
typedef int init_op(struct init *in, const struct plan_op *op, struct error *err);

init_op op_join, op_time_offsets, op_fork, op_unshare;               /* op_namespaces.c */
init_op op_netns, op_loopback;                                       /* op_network.c */
init_op op_sysctl;                                                   /* op_sysctl.c */
init_op op_hostname, op_domainname;                                  /* op_host.c */
init_op op_root;                                                     /* op_root.c */
init_op op_mount;                                                    /* op_mount.c */
init_op op_bind;                                                     /* op_bind.c */
init_op op_device, op_symlink;                                       /* op_device.c */
init_op op_hooks_runtime, op_hooks, op_hooks_start;                  /* op_hooks.c */
init_op op_console;                                                  /* op_console.c */
init_op op_mask, op_readonly, op_root_readonly;                      /* op_mask.c */
init_op op_unmount;                                                  /* op_unmount.c */
init_op op_pivot;                                                    /* op_pivot.c */
init_op op_session, op_keyring, op_umask, op_no_new_privs;           /* op_session.c */
init_op op_rlimit, op_personality;                                   /* op_limits.c */
init_op op_scheduler, op_io_priority, op_memory_policy, op_affinity; /* op_scheduler.c */
init_op op_label;                                                    /* op_label.c */
init_op op_identity;                                                 /* op_identity.c */
init_op op_make_cwd;                                                 /* op_cwd.c */
init_op op_cwd;                                                      /* op_cwd.c */
init_op op_lookup;                                                   /* op_lookup.c */
init_op op_gate;                                                     /* op_gate.c */
init_op op_seccomp;                                                  /* op_seccomp.c */
init_op op_exec;                                                     /* op_exec.c */

/* ---- loop.c --------------------------------------------------------------------------- */

/* Runs the plan; returns only from a plan without OP_EXEC, or -errno after the failure was sent. */
int init_run(struct init *in);
static inline const void *init_arg(const struct init *in, const struct plan_op *op)
{
	return plan_at(in->plan, op->arg);
}
static inline const char *init_string(const struct init *in, uint32_t offset)
{
	return plan_string(in->plan, offset);
}
/*
 * The descriptor of the op's source, from the host half or opened ahead; the caller owns it. -errno
 * of the attempt, -EBADF: none.
 */
int init_source(struct init *in, const struct plan_op *op);
/*
 * Fills err with the sentence, the call and the subject (both may be NULL); returns r, which is a
 * -errno.
 */
int init_fail(struct error *err, int r, const char *call, const char *subject, const char *fmt, ...)
	_printf_(5, 6);
/*
 * The root of the container: borrowed; *ret_own is closed by the caller (it stays -EBADF when
 * nothing was opened).
 */
int init_root(const struct init *in, int *ret_own);
/* "/" as O_PATH: the host's before OP_PIVOT, the container's after it. */
int init_open_slash(void);
/* The private procfs, borrowed. */
int init_procfs(struct init *in, struct error *err);
/* Takes the set-up ids of a user namespace that was just entered. */
int init_take_setup_ids(const struct init *in, struct error *err);
/* Retries joins that lacked privilege; at last the ones still refused are an error. */
int init_finish_joins(struct init *in, bool at_last, struct error *err);
/* Opens the sources that the host half left to us, before the first mount of the container (R2). */
void init_open_sources(struct init *in);
/*
 * The texts of an array and room for extra more, NULL-terminated, as execve takes them; NULL: no
 * memory.
 */
char **init_vector(const struct init *in, const struct plan_array *array, unsigned extra);
/* Makes what execve() needs; done once, before the filter. */
int exec_prepare(struct init *in, struct error *err);
/* Neither is this process traced nor its memory read (R6). A change of ids takes that back. */
int init_forbid_tracing(struct error *err);
/*
 * The plan of "mounts add": keeps what this op attached (taken out of *tree), so that
 * init_undo_mounts() can detach it after a later op's failure. Other plans: nothing.
 */
void init_keep_attached(struct init *in, int *tree);
/* A mount that cannot be detached is added to the error's remedies. */
void init_undo_mounts(struct init *in, struct error *err);
/* Closes every descriptor but stdio, the preserved ones and the socket (R5). */
int init_close_descriptors(struct init *in, struct error *err);

/* ---- channel.c ------------------------------------------------------------------------ */

int channel_send(const struct init *in, enum handshake_step step, int32_t value, const char *text,
		 int fd);
void channel_send_error(const struct init *in, const struct error *err);
void channel_send_timing(const struct init *in, uint64_t nsec);
/* A record of what is done without a mechanism (fallback_report); init is the struct init. */
void channel_fallback(void *init, enum fallback f);
/* A debug record; nothing unless the host half wants them. */
void channel_debug(const struct init *in, const char *fmt, ...) _printf_(2, 3);
/*
 * Waits for exactly this step. -EPIPE on end of file, -EPROTO on anything else. *ret_value may be
 * NULL.
 */
int channel_expect(const struct init *in, enum handshake_step step);
/* The same for a step that may bring a descriptor; *ret_fd is -EBADF without one. */
int channel_expect_fd(const struct init *in, enum handshake_step step, int *ret_fd);

/* ---- mount_point.c: targets and attributes -------------------------------------------- */

struct init_attrs {
	uint64_t set, clear, rec_set, rec_clear;
};
/* The directory below which a procfs goes. None, or a link: an inode of 0. */
int mount_point_proc(int rootfd, struct init_inode *ret);
/*
 * A mount point below the root as O_PATH, made if absent. procfs: what comes there is a whole
 * procfs; for anything else the container's procfs is refused as a target, but for a few files
 * (R3).
 */
int mount_point_open(struct init *in, const char *path, enum safe_kind kind, mode_t mode,
		     bool nofollow, bool procfs, bool *ret_made, struct error *err);
/*
 * As mount_set_attributes(); what an outer user namespace locked stays as it is instead of failing.
 */
int mount_attrs_apply(int tree, const struct init_attrs *attrs, uint64_t tree_propagation);
/*
 * What a tree cloned from the host gets: it receives the host's mounts and sends none, unless peers
 * are asked for. 0: keep.
 */
uint64_t mount_tree_propagation(const struct init *in);
/* After EACCES: adds the hint about a rootfs that the container's root user cannot search, where it is one. */
void mount_explain_closed_root(int rootfd, struct error *err);
/* Attaches a detached tree. */
int mount_attach(int tree, int target, const char *path, struct error *err);

/* ---- op_copyup.c ---------------------------------------------------------------------- */

/*
 * Copies the content of one directory into another: names, modes, owners, links, extended
 * attributes.
 */
int copy_up(int from_fd, int to_fd, struct error *err);

/* ---- passwd.c: the container's /etc/passwd and /etc/group (R15) ------------------------- */

enum { PASSWD_MAX_SIZE = 1 << 20, PASSWD_MAX_LINE = 4096, PASSWD_MAX_GROUPS = 256 };
struct passwd_entry {
	uint32_t uid, gid;
	char name[256];
	char home[PATH_MAX - 8];
};
/* -ENOENT: no such line; -EFBIG, -EINVAL: not a file to read. */
int passwd_find_name(int rootfd, const char *name, struct passwd_entry *ret);
int passwd_find_uid(int rootfd, uint32_t uid, struct passwd_entry *ret);
int group_find_name(int rootfd, const char *name, uint32_t *ret_gid);
/* Groups that list the user; returns how many. More than room: -E2BIG. */
int group_find_member(int rootfd, const char *user, uint32_t *gids, unsigned room);

/* ---- op_mask.c, old_tree.c ------------------------------------------------------------ */

/* A tmpfs with room for one directory, attached nowhere. */
int new_tmpfs(uint64_t attrs);
/* The same, read-only. */
int new_empty_tmpfs(void);
/* Detaches or covers each procfs and sysfs of the host; leaves us in one of them. */
int old_tree_hide(struct init *in, int old, struct error *err);

/* ---- op_seccomp.c --------------------------------------------------------------------- */

/*
 * In the process of a startContainer hook: the filter of the plan, if there is one. Nobody listens for a hook, so what
 * the profile notifies of fails with ENOSYS. errno tells why -1 was returned.
 */
int seccomp_load_for_hook(const struct init *in);

/* ---- op_label.c ----------------------------------------------------------------------- */

/* Before the first op: opens what OP_LABEL writes through, if one follows. */
int label_prepare(struct init *in, struct error *err);
void label_done(struct init *in);

/* ---- op_cwd.c ------------------------------------------------------------------------- */

/* Before rights are dropped: the program's user may not be able to enter it. */
void cwd_enter_early(struct init *in);

/* ---- op_lookup.c ---------------------------------------------------------------------- */

/* The error of a failed execve: what about the file is wrong. */
int program_explain(const char *program, const char *shown, int errnum, struct error *err);

#endif
