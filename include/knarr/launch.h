/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch: the host half of starting a process: open what the plan names, clone, run the handshake.
 */
#ifndef KNARR_LAUNCH_H
#define KNARR_LAUNCH_H

#include <sys/resource.h>

#include "knarr/base.h"
#include "knarr/cgroups.h"
#include "knarr/handshake.h"
#include "knarr/kernel.h"
#include "knarr/plan.h"
#include "knarr/spec.h"

/* The container half, as the build embeds it (src/init/image.S): a static program in [init_image, init_image_end). */
extern const unsigned char init_image[];
extern const unsigned char init_image_end[];

/* image.c: it as an executable descriptor: a sealed memfd, or a private read-only tmpfs. */
int launch_image_open(struct error *err);
/* Facts about this host and this process that the plan builder needs. */
int launch_host_facts(const struct spec *spec, const char *bundle, struct plan_host *ret,
		      struct error *err);
/*
 * Fd hygiene at the start of a verb that starts a process (R5): everything above stdio is close-on-exec, except 3 .. 3+preserve-1; holes
 * among those are plugged so that no descriptor of ours can land there.
 */
int launch_protect_fds(uint32_t preserve, struct error *err);
/* No longer traceable (R6). An ordinary user's process stays so, since its child inherits the flag and would then not get its id maps. */
void launch_protect_memory(void);
/*
 * Raises our own hard limits to what the program gets: the child inherits them, and in a user namespace of its own it
 * could not. What cannot be raised is reported by the child.
 */
void launch_raise_limits(const struct spec_process *process);

/*
 * shared_root.c: takes away what a container without a mount namespace has mounted in the caller's: the mount m at path
 * and all that is mounted on it, and no other. Nothing if it is gone already; -EBUSY, -EINVAL if it cannot be reached.
 */
int shared_root_detach(const char *path, const struct mount_identity *m, struct error *err);

struct launch {
	struct plan plan;
	const struct spec *spec; /* borrowed; id maps of bind mounts and of the container */
	const struct cgroup_host *cgroup_host;
	const struct cgroup_request
		*cgroup_request; /* NULL: do not attach after the clone (exec) */
	struct cgroup *cgroup;   /* fd >= 0: clone straight into it */
	int join_fd;             /* exec: pidfd of the container's init (borrowed), or -EBADF */
	int join_root;           /* exec: root of the container's init (borrowed), or -EBADF */
	int notify_dir;          /* directory of the notify socket (borrowed), or -EBADF */
	int gate_fd;             /* listening socket for PLAN_GATE_SOCKET, or -EBADF */
	/* The rootfs is about to be attached in our own mount namespace; what on_root fails with keeps it from that. */
	int (*on_root)(struct launch *l, const struct mount_identity *root, struct error *err);
	/* callbacks, each in P while C waits, on_process while it goes on unless hold is set; may be NULL */
	int (*on_process)(struct launch *l,
			  struct error *err); /* pid is known (record it); before HOOKS */
	int (*on_hooks)(struct launch *l, struct error *err);
	int (*on_console)(struct launch *l, int master_fd, const char *name, struct error *err);
	int (*on_listener)(struct launch *l, int listener_fd, struct error *err);
	void *context;
	int oom_score_adj;    /* written before the process goes on; INT_MIN: left alone */
	int null_fd;          /* stands in for the caller's null device; set by launch_start */
	unsigned null_mask;   /* bit n: for descriptor n */
	struct rlimit nofile; /* the caller's RLIMIT_NOFILE; set by launch_start */
	bool hold; /* on_process must be done before the process goes on (devices to move, a scope to make) */
	/*
	 * Nothing is left to do between READY and START: START is sent as soon as the host half has done its part, and C does not
	 * wait at its gate. Only for plans in which C asks nothing (no OP_FORK, OP_HOOKS_RUNTIME, OP_CONSOLE).
	 */
	bool start_early;
	bool devices_attached; /* cgroup_attach_devices() was called; cleared by launch_start */
	/* results */
	struct pidref process;         /* pidfd of the container's process */
	int socket;                    /* handshake, open until launch_done */
	enum handshake_step last_step; /* of either side */
	uint32_t next_op;              /* the ops before it have sent the steps that they owe */
	uint32_t remarks;              /* DEBUG and TIMING packets so far */
};
/* Up to READY. On failure the child is dead and reaped, and err is the child's own record where it sent one. */
int launch_start(struct launch *l, struct error *err);
/* Sends START on the handshake socket (PLAN_GATE_HANDSHAKE; not with PLAN_GATE_NONE) unless it was sent early, then waits for execve (EOF). Failure as in launch_start. */
int launch_release(struct launch *l, bool start, struct error *err);
void launch_done(struct launch *l);
/*
 * `start`: START on the gate of a created container, then EOF or the failure record. Needs l->process and on_listener
 * only; l->plan may be empty.
 */
int launch_open_gate(struct launch *l, int state_dirfd, struct error *err);

#endif
