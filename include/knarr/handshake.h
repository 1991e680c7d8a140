/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake: the packets between the host half (P) and the container half (C) on one SOCK_SEQPACKET pair, and
 * between `start` (T) and C on the gate connection. Shared by both halves. The table of legal successors is in
 * src/plan/handshake.c; an illegal step, EOF before its time, or a wrong version is an error on either side.
 *
 *   P                          C
 *   (plan lies in a sealed memfd, its number is C's argv[1])
 *   GO            ------>          only with a new user namespace: maps are written
 *   NETNS         ------>          (fd: network namespace) only with OP_NETNS; without fd: C makes it itself
 *                 <------      FORKED    (fd: pidfd) only with OP_FORK; the sender ends, its child goes on
 *                 <------      HOOKS     prestart and createRuntime are due
 *   HOOKS_DONE    ------>
 *                 <------      CONSOLE   (fd: pty master)
 *                 <------      READY     at the gate; the program was found
 *   START         ------>          PLAN_GATE_HANDSHAKE only; before READY where P has nothing to do in between
 *                 <------      RUNNING   only the filter and execve are left
 *                 <------      LISTENER  (fd: seccomp notify), then waits for
 *   LISTENER_DONE ------>
 *                 (EOF after RUNNING: execve closed the socket: the program runs)
 *   at any time   <------      FAILED    struct error in the payload; then EOF
 *   at any time   <------      DEBUG, TIMING
 *
 * What comes from C is hostile input (R28). FORKED, HOOKS, CONSOLE, READY and LISTENER come once each, in the order of the plan's ops
 * and only from a plan that has them. Only those drawn with (fd) bring a descriptor, exactly one, and the host half looks at it: a
 * child of ours, the master of a pty, a seccomp listener. Anything else ends the launch.
 *
 * On the gate connection T sends START and gets LISTENER, FAILED, TIMING, or EOF by the same rules.
 */
#ifndef KNARR_HANDSHAKE_H
#define KNARR_HANDSHAKE_H

#include <stdint.h>

#include "knarr/base.h"

#define HANDSHAKE_VERSION 2u

enum handshake_step {
	STEP_NONE,
	STEP_GO,
	STEP_NETNS,
	STEP_FORKED,
	STEP_HOOKS,
	STEP_HOOKS_DONE,
	STEP_CONSOLE,
	STEP_READY,
	STEP_START,
	STEP_RUNNING,
	STEP_LISTENER,
	STEP_LISTENER_DONE,
	STEP_FAILED,
	STEP_DEBUG,
	STEP_TIMING,
	STEP_COUNT
};

struct handshake_packet {
	uint32_t version; /* HANDSHAKE_VERSION */
	uint32_t step;
	uint32_t op;   /* index of the op concerned */
	int32_t value; /* step-specific: exit status of a hook; DEBUG: 0, or 1 + enum fallback */
	uint64_t nsec; /* TIMING: what the op took */
	union {
		struct error error; /* FAILED */
		char text[512];     /* DEBUG; CONSOLE: pts name */
	};
};

struct plan_header;

const char *handshake_step_name(enum handshake_step step);
/*
 * The step that the container half owes next by its plan, from op *op on: each comes once, in the order of the ops, and only
 * from a plan that has it. FORKED, HOOKS, CONSOLE, READY or LISTENER; STEP_NONE: none is left. *op becomes the op that owes it.
 */
enum handshake_step handshake_owed(const struct plan_header *p, uint32_t *op);
/* May `next` follow `last` when sent by the container half (from_child) or the host half? */
bool handshake_may_follow(enum handshake_step last, enum handshake_step next, bool from_child);

#endif
