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

/* listener.c */
bool launch_is_listener(int fd);

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
/* Returns the step; received descriptors in *ret_fd (or -EBADF). STEP_NONE on EOF. FAILED is turned into err and a negative value. */
int launch_receive(struct launch *l, struct handshake_packet *packet, int *ret_fd,
		   struct error *err);

#endif
