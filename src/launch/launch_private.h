/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_LAUNCH_PRIVATE_H
#define KNARR_LAUNCH_PRIVATE_H

#include "knarr/launch.h"

/* open.c: opens what the plan's ops name on the host; fds go into the ops. */
int launch_open_sources(struct launch *l, struct error *err);
void launch_close_sources(struct launch *l);

/*
 * shared_root.c: makes the clone of the rootfs private and tells what will be attached; then attaches it at its own path in
 * our mount namespace.
 */
int shared_root_prepare(int tree, const char *path, struct mount_identity *ret, struct error *err);
int shared_root_attach(int tree, const char *path, struct error *err);

/*
 * stdio.c: opens the null device that takes the place of the caller's in the new process (null_fd, null_mask), where
 * descriptors 0 to 2 are one that the container could change.
 */
int launch_replace_null(struct launch *l, struct error *err);
/*
 * In a user namespace whose maps the config has, the container half cannot change the owner of what a host's id owns: gives it to the
 * program's user. Without one the container half does it. What the kernel refuses stays as it is.
 */
void launch_give_stdio(const struct launch *l);

/* descriptors.c: what came with a step (R28). None of these asks the filesystem of the descriptor, which may never answer. */
bool launch_is_listener(int fd);
/* The number of the terminal whose master fd is, or -errno. */
int launch_pty_number(int fd);
/* The pid behind the pidfd of a child of ours, ended or not; or -errno. A pidfd of anybody else is refused. */
pid_t launch_own_child(int pidfd);

/* serve.c: the better reason of a failure r outside: the end of the process, or what it said before. */
int launch_prefer_death(struct launch *l, int r, struct error *err);
/* serve.c: what the process says, until READY and until execve. Public for the tests. */
int launch_serve_until_ready(struct launch *l, struct error *err);
int launch_serve_until_exec(struct launch *l, struct error *err);
/* launch.c: the end of our child: its status, or false if a tracer keeps it (ptrace(2)) or it goes on. */
bool launch_reap(struct launch *l, int timeout_ms, int *ret_status);
/* launch.c: what is done to the process that FORKED told of, before it goes on. */
int launch_adopt(struct launch *l, int pidfd, struct error *err);

/* image.c: a sealed memfd with the plan's bytes. */
int launch_plan_memfd(const struct plan_header *header, struct error *err);

/* spawn.c: clones the first process of the container half. child_socket is closed in the parent. */
int launch_spawn(struct launch *l, int image_fd, int plan_fd, int child_socket, struct error *err);
/* The new user namespace is made by the first clone; otherwise by the child of OP_FORK, if there is one. */
bool launch_first_in_userns(const struct launch *l);
/* Whether the cloned process waits for GO before it executes the container half. */
bool launch_waits_for_go(const struct launch *l);

/*
 * Whether the cloned process sets its own oom_score_adj: the files of a process that is not dumpable belong to root, so an
 * ordinary user's host half would come too late.
 */
bool launch_writes_own_score(const struct launch *l);
/* launch.c: the sentence for it; returns r. */
int launch_explain_oom_score(const struct launch *l, int r, struct error *err);

/* steps.c: one packet in either direction, checked against the table of successors. */
int launch_send(struct launch *l, enum handshake_step step, int32_t value, struct error *err);
/* For a process that does not wait: the end of the other side is no error here. fd may be -EBADF. */
int launch_send_fd(struct launch *l, enum handshake_step step, int fd, struct error *err);
/* Only at the gate: the other side does not take our START, which has changed nothing. Returns a negative value. */
int launch_refuse_build(struct launch *l, struct error *err);
/*
 * Returns the step. FORKED, CONSOLE and LISTENER come with one descriptor, in *ret_fd; any other step with one is an error. STEP_NONE
 * on EOF, and when the process has ended. FAILED is turned into err and a negative value.
 */
int launch_receive(struct launch *l, struct handshake_packet *packet, int *ret_fd,
		   struct error *err);

#endif
