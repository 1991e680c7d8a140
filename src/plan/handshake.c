/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of legal handshake steps. Compiled into both halves, so that neither can disagree
 * with the other about whose turn it is.
 */
#include "knarr/handshake.h"
#include "knarr/plan.h"

#define BIT(step) (1u << (step))

static const char *const step_names[STEP_COUNT] = {
	[STEP_NONE] = "none",         [STEP_GO] = "go",
	[STEP_NETNS] = "netns",       [STEP_FORKED] = "forked",
	[STEP_HOOKS] = "hooks",       [STEP_HOOKS_DONE] = "hooks-done",
	[STEP_CONSOLE] = "console",   [STEP_READY] = "ready",
	[STEP_START] = "start",       [STEP_RUNNING] = "running",
	[STEP_LISTENER] = "listener", [STEP_LISTENER_DONE] = "listener-done",
	[STEP_FAILED] = "failed",     [STEP_DEBUG] = "debug",
	[STEP_TIMING] = "timing",
};

/*
 * What may come after a step, by sender. The step is the last one of either side; DEBUG and TIMING
 * do not count as one. NONE is the start of a connection: on the gate connection the first packet
 * is START, sent by `start`. GO comes before FORKED when the first clone makes the user namespace,
 * and after it when OP_FORK does. A late fork (exec) comes after CONSOLE. NETNS, which excludes
 * OP_FORK, may come while C is at work, but C takes it before it says anything. START may come early,
 * too; C takes it after READY.
 */
static const struct {
	uint32_t host, child;
} successors[STEP_COUNT] = {
	[STEP_NONE] = { BIT(STEP_GO) | BIT(STEP_NETNS) | BIT(STEP_START),
			BIT(STEP_FORKED) | BIT(STEP_HOOKS) | BIT(STEP_CONSOLE) | BIT(STEP_READY) },
	[STEP_NETNS] = { BIT(STEP_START), BIT(STEP_HOOKS) | BIT(STEP_CONSOLE) | BIT(STEP_READY) },
	[STEP_GO] = { BIT(STEP_NETNS) | BIT(STEP_START),
		      BIT(STEP_FORKED) | BIT(STEP_HOOKS) | BIT(STEP_CONSOLE) | BIT(STEP_READY) },
	[STEP_FORKED] = { BIT(STEP_GO), BIT(STEP_HOOKS) | BIT(STEP_CONSOLE) | BIT(STEP_READY) },
	[STEP_HOOKS] = { BIT(STEP_HOOKS_DONE), 0 },
	[STEP_HOOKS_DONE] = { 0, BIT(STEP_CONSOLE) | BIT(STEP_READY) },
	[STEP_CONSOLE] = { 0, BIT(STEP_FORKED) | BIT(STEP_READY) },
	[STEP_READY] = { BIT(STEP_START), BIT(STEP_RUNNING) },
	[STEP_START] = { 0, BIT(STEP_READY) | BIT(STEP_RUNNING) },
	[STEP_RUNNING] = { 0, BIT(STEP_LISTENER) },
	[STEP_LISTENER] = { BIT(STEP_LISTENER_DONE), 0 },
};

const char *handshake_step_name(enum handshake_step step)
{
	return (unsigned)step < STEP_COUNT ? step_names[step] : "unknown";
}

bool handshake_may_follow(enum handshake_step last, enum handshake_step next, bool from_child)
{
	if ((unsigned)last >= STEP_COUNT || (unsigned)next >= STEP_COUNT || last == STEP_FAILED)
		return false;
	if (next == STEP_FAILED || next == STEP_DEBUG || next == STEP_TIMING)
		return from_child;
	return ((from_child ? successors[last].child : successors[last].host) & BIT(next)) != 0;
}

static enum handshake_step step_of(const struct plan_header *p, const struct plan_op *op)
{
	const struct plan_arg_seccomp *filter;

	switch (op->type) {
	case OP_FORK:
		return STEP_FORKED;
	case OP_HOOKS_RUNTIME:
		return STEP_HOOKS;
	case OP_CONSOLE:
		return STEP_CONSOLE;
	case OP_GATE:
		return STEP_READY;
	case OP_SECCOMP:
		filter = plan_at(p, op->arg);
		return filter && (filter->flags & PLAN_SECCOMP_LISTENER) ? STEP_LISTENER
									 : STEP_NONE;
	default:
		return STEP_NONE;
	}
}

enum handshake_step handshake_owed(const struct plan_header *p, uint32_t *op)
{
	const struct plan_op *ops = plan_ops(p);

	for (; *op < p->op_count; (*op)++) {
		enum handshake_step step = step_of(p, &ops[*op]);

		if (step != STEP_NONE)
			return step;
	}
	return STEP_NONE;
}
