/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel: one file a kernel interface. Every function returns >= 0 or -errno, says nothing and
 * decides nothing. Used by both halves, so nothing here allocates unless it says so.
 */
#ifndef KNARR_KERNEL_H
#define KNARR_KERNEL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

#include "knarr/uapi.h"

/* ---- syscalls.c ----------------------------------------------------------------------- */

/* clone3(2) with fork semantics (no CLONE_VM); returns the pid in the parent, 0 in the child. */
pid_t sys_clone3(struct uapi_clone_args *args);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_memfd_create(const char *name, unsigned flags);
int sys_setns(int fd, int nstype);
int sys_unshare(uint64_t flags);
int sys_pivot_root(const char *new_root, const char *put_old);
/* keyctl(KEYCTL_JOIN_SESSION_KEYRING): a fresh session keyring; -ENOSYS where the kernel has none. */
int sys_join_session_keyring(const char *name);
int sys_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);
int sys_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
/*
 * Every signal to its default, none blocked. By raw calls: the C libraries keep signals of their own (32 and 33), which
 * their wrappers refuse to touch and which an exec would hand on all the same.
 */
void sys_reset_signals(void);
/* Brings the loopback device of our network namespace up; the kernel then gives it its addresses. */
int sys_loopback_up(void);
int sys_seccomp(unsigned op, unsigned flags, void *arg);
/* The id of the mount that fd lies on. */
int sys_mount_id(int fd, uint64_t *ret_id);
/* One that is never given again while the kernel runs; 0 where the kernel (before 6.8) has none. */
int sys_mount_unique_id(int fd, uint64_t *ret_id);

/* ---- sealed.c: bytes as a descriptor that nobody can change (R7) ------------------------ */

/* To be executed with AT_EMPTY_PATH: a sealed memfd, or where those are not executed a file on a private read-only tmpfs. */
int sealed_program(const char *name, const void *data, size_t len);
int sealed_data(const char *name, const void *data, size_t len);

/* ---- safe_path.c: the only way to touch a name below a root (R1, R8, R12) -------------- */

enum safe_flags {
	SAFE_NOFOLLOW = 1u << 0, /* the last component must not be a link (-ELOOP) */
	SAFE_BENEATH = 1u << 1,  /* no link and no mount crossing at all: cgroup files (R12) */
	SAFE_DIRECTORY = 1u << 2,
};
/*
 * Resolves path inside rootfd (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS) to an O_PATH|O_CLOEXEC fd.
 * openat2(2) is retried on EAGAIN; where it is missing or filtered (ENOSYS, EPERM), a component walk with its own
 * link counter (40) gives the same verdicts.
 */
int safe_open(int rootfd, const char *path, unsigned flags);
/* The same, then opened with open(2) flags for i/o (reopened by O_PATH fd; regular file or directory only; O_NONBLOCK). */
int safe_open_io(int rootfd, const char *path, int oflags);
/*
 * Parent directory of path, resolved in rootfd, and its last component (copied to name[256]); missing parents are made
 * with dir_mode when mkdirs is set. A dangling link in the middle is followed in root and its target made (C2).
 * -EINVAL if the path names the root itself.
 */
int safe_open_parent(int rootfd, const char *path, bool mkdirs, mode_t dir_mode, char name[256]);
enum safe_kind { SAFE_MAKE_DIR, SAFE_MAKE_FILE };
/*
 * Opens path as O_PATH, making it (and its parents) if absent: a directory, or an empty regular file, mode as given.
 * *ret_made (may be NULL) tells whether the last component was made. With SAFE_NOFOLLOW an existing link is -ELOOP.
 */
int safe_make(int rootfd, const char *path, enum safe_kind kind, mode_t mode, unsigned flags,
	      bool *ret_made);

/* ---- mount_api.c: fd-based mounts (R2) ------------------------------------------------- */

int mount_fsopen(const char *fstype);
int mount_fsconfig_string(int fsfd, const char *key, const char *value);
int mount_fsconfig_flag(int fsfd, const char *key);
int mount_fsconfig_create(int fsfd);
/* Kernel's own words about the last failure on fsfd into buf ("" if none). */
void mount_fs_message(int fsfd, char *buf, size_t size);
int mount_fsmount(int fsfd, uint64_t attrs);
int mount_open_tree(int dirfd, const char *path, unsigned flags);
int mount_move(int from_fd, int to_fd); /* both by empty path */
/* mount_setattr(2) on an fd; recursive with AT_RECURSIVE. userns_fd < 0: none. propagation 0: unchanged (else MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE). */
int mount_set_attributes(int fd, bool recursive, uint64_t set, uint64_t clear, uint64_t propagation,
			 int userns_fd);
int mount_umount_detach_cwd(void);

/* ---- mount_identity.c: a mount that cannot be confused with another -------------------------- */

struct mount_identity {
	uint64_t id;              /* 0: none */
	uint64_t unique_id;       /* 0 before Linux 6.8, where an id may be given again */
	uint64_t device, inode;   /* of its root */
	uint64_t mount_namespace; /* inode of ours at that time; 0: unknown */
};
/* Of the mount on whose root fd stands, attached or not yet. */
int mount_identity_of(int fd, struct mount_identity *ret);
bool mount_identity_equal(const struct mount_identity *a, const struct mount_identity *b);
/* Is it somewhere in our mount namespace, covered or not? 1, 0, or -errno. */
int mount_identity_is_here(const struct mount_identity *m);
/* Was the mount with this id (of now) mounted on m, or on something that was? 1, 0, or -errno. */
int mount_identity_carries(const struct mount_identity *m, uint64_t id);

/* ---- remedy.c: the one file here that says something ------------------------------------------ */

/* To an error that is filled already: what can be done about a clone(2) or unshare(2) of these namespaces that failed with r. */
void remedy_namespaces(int r, uint64_t namespaces, struct error *err);
/* The same for MOUNT_ATTR_IDMAP. */
void remedy_idmap(int r, struct error *err);

/* ---- interrupt.c: waits that a user may break off ----------------------------------------- */

/*
 * For a program that blocks signals and may still have to end: gives SIGINT, SIGTERM, SIGHUP and SIGQUIT, where they have
 * their default action, a handler that notes them.
 */
void interrupt_prepare(void);
/* Takes that back: from here on nothing is broken off, such as the hooks that clean up. */
void interrupt_end(void);
/*
 * poll(2), during which those four are let in where they are blocked and interrupt_prepare() was called: -EINTR then, else what poll
 * returns or -errno. A caller that did not prepare never sees -EINTR; 0 may come before the timeout has passed.
 */
int interrupt_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
/* The signal that broke a wait off, 0: none did. */
int interrupt_signal(void);

/* ---- userns.c ---------------------------------------------------------------------------- */

/* Are we in the initial user namespace? 1, 0, or -errno without a /proc that tells. */
int userns_is_initial(void);

/* ---- nsfs.c: namespaces as files ------------------------------------------------------------- */

enum { NSFS_USER, NSFS_MOUNT, NSFS_KINDS = 8 };
struct nsfs_kind {
	uint64_t flag; /* CLONE_NEW* */
	const char *file;
	const char *after_join; /* what setns(2) changes for the caller */
};
extern const struct nsfs_kind nsfs_kinds[NSFS_KINDS];
/* The folder of a process' namespaces (0: our own); it stays usable over a setns(2). */
int nsfs_open(pid_t pid);
int nsfs_inode(int nsfd, const char *file, uint64_t *ret);
/* The inode of the user namespace that owns it. -EPERM where that is none of ours nor below. */
int nsfs_owner(int nsfd, const char *file, uint64_t *ret);

/* ---- procfs.c: the private handle (R3) -------------------------------------------------- */

/*
 * A procfs that nobody can have mounted over: fsopen("proc"), else a detached clone of /proc without submounts, else
 * /proc itself when it is procfs and its own root. Returns an O_CLOEXEC directory fd.
 */
int procfs_open(void);
/* The last of these: an LSM may refuse what is done through a mount that is attached nowhere (EACCES). */
int procfs_open_attached(void);
/* Is fd in a procfs, and is it the root of one? */
bool procfs_is(int fd);
bool procfs_is_root(int fd);
/* Opens NAME below procfd: no links (except a path starting "self/" or "thread-self/"), same mount, regular file. */
int procfs_open_file(int procfd, const char *name, int oflags);
int procfs_write(int procfd, const char *name, const char *text);
ssize_t procfs_read(int procfd, const char *name, char *buf, size_t size);

/* ---- pidref.c: a process that cannot be confused with another (R22) ---------------------- */

struct pidref {
	pid_t pid;
	int fd;              /* pidfd, or -EBADF */
	uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks since boot */
};
enum pidref_state { PIDREF_ALIVE, PIDREF_ZOMBIE, PIDREF_GONE };
/* Opens pid and verifies that its start time is start_time (0: any). -ESRCH if it is gone or another. */
int pidref_open(pid_t pid, uint64_t start_time, struct pidref *ret);
void pidref_close(struct pidref *p);
int pidref_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time);
/* Zombie or dead counts as not alive. */
enum pidref_state pidref_state(pid_t pid, uint64_t start_time);
int pidref_signal(const struct pidref *p, int sig);
/* Waits until the process has ended; -ETIMEDOUT. */
int pidref_wait(const struct pidref *p, int timeout_ms);
/* Boot id as text, 36 characters + NUL. */
int boot_id_read(char buf[37]);

/* ---- bpf.c: cgroup device programs ------------------------------------------------------- */

int bpf_prog_load_cgroup_device(const void *insns, unsigned count, char *log, size_t log_size);
int bpf_prog_attach_cgroup(int prog_fd, int cgroup_fd, int replace_fd, unsigned flags);
int bpf_prog_detach_cgroup(int prog_fd, int cgroup_fd);
int bpf_prog_query_cgroup(int cgroup_fd, uint32_t *ids, unsigned *count);
int bpf_prog_fd_by_id(uint32_t id);

#endif
