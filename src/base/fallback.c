/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fallback: what is done otherwise where this kernel, host or caller lacks a mechanism (R24). Runs in both halves.
 *
 * A fallback that nobody hears of is a guarantee that nobody has. So each has a word, its site asks here before it
 * goes on without, and a caller that would rather fail names the word with --require. The sites lie in the deepest
 * functions, which say nothing and know nobody; what was required and who listens is therefore kept here, set once at
 * the start of each half, beside the log the only state of file scope.
 */
#include <errno.h>

#include "knarr/base.h"

static const char words[FALLBACK_COUNT][20] = {
	[FALLBACK_EXEC_MEMFD] = "exec-memfd",
	[FALLBACK_OPENAT2] = "openat2",
	[FALLBACK_CLOSE_RANGE] = "close-range",
	[FALLBACK_CLONE3] = "clone3",
	[FALLBACK_PIDFD] = "pidfd",
	[FALLBACK_PRIVATE_PROCFS] = "private-procfs",
	[FALLBACK_SESSION_KEYRING] = "session-keyring",
	[FALLBACK_NEW_PROC] = "new-proc",
	[FALLBACK_NEW_SYSFS] = "new-sysfs",
	[FALLBACK_NEW_CGROUP] = "new-cgroup",
	[FALLBACK_DEVICE_NODE] = "device-node",
	[FALLBACK_CGROUP] = "cgroup",
	[FALLBACK_DEVICE_PROGRAM] = "device-program",
	[FALLBACK_SECCOMP_NAMES] = "seccomp-names",
	[FALLBACK_SECCOMP_KILLABLE] = "seccomp-killable",
	[FALLBACK_OLD_TREE] = "old-tree",
};

static struct {
	uint32_t required, missing;
	fallback_report *report;
	void *context;
	const char *refused; /* the first word */
} state;

const char *fallback_word(unsigned n)
{
	return n < FALLBACK_COUNT ? words[n] : NULL;
}

void fallback_init(uint32_t required, fallback_report *report, void *context)
{
	state.required = required;
	state.missing = 0;
	state.report = report;
	state.context = context;
	state.refused = NULL;
}

bool fallback_is_required(enum fallback f)
{
	return state.required & (1u << f);
}

uint32_t fallback_missing(void)
{
	return state.missing;
}

bool fallback_refused(void)
{
	return state.refused;
}

bool fallback_take(enum fallback f)
{
	int saved = errno;
	bool first = !(state.missing & (1u << f));

	state.missing |= 1u << f;
	if (fallback_is_required(f)) {
		if (!state.refused)
			state.refused = words[f];
		return false;
	}
	if (first && state.report)
		state.report(state.context, f);
	errno = saved;
	return true;
}

void fallback_explain(struct error *err)
{
	if (!err || !state.refused)
		return;
	error_prefix(err, "'%s' is missing, which --require names", state.refused);
	err->class = ERROR_UNSUPPORTED;
}

#ifndef KNARR_CONTAINER_HALF
static const struct {
	char text[80];
	bool weaker; /* the container is confined less than it could be, and not only by other means */
} without[FALLBACK_COUNT] = {
	[FALLBACK_EXEC_MEMFD] = { .text = "the container half is executed from a private read-only tmpfs" },
	[FALLBACK_OPENAT2] = { .text = "paths are walked component by component" },
	[FALLBACK_CLOSE_RANGE] = { .text = "descriptors are closed one by one" },
	[FALLBACK_CLONE3] = { .text = "processes are made by clone" },
	[FALLBACK_PIDFD] = { .text = "processes are known by pid and start time" },
	[FALLBACK_PRIVATE_PROCFS] = { .text = "the host's /proc is used as it is mounted" },
	[FALLBACK_SESSION_KEYRING] = { .text = "the caller's session keyring is kept",
				       .weaker = true },
	[FALLBACK_NEW_PROC] = { .text = "the host's /proc is bound into the container" },
	[FALLBACK_NEW_SYSFS] = { .text = "the host's /sys is bound into the container, read-only" },
	[FALLBACK_NEW_CGROUP] = { .text = "the host's cgroup tree is bound into the container, read-only" },
	[FALLBACK_DEVICE_NODE] = { .text = "device nodes of the host are bound", .weaker = true },
	[FALLBACK_CGROUP] = { .text = "the container runs in no cgroup of its own",
			      .weaker = true },
	[FALLBACK_DEVICE_PROGRAM] = { .text = "device rules are not applied: device nodes cannot be made" },
	/* The compiler warns of each name. */
	[FALLBACK_SECCOMP_NAMES] = { .text = "seccomp rules for unknown system calls are skipped" },
	[FALLBACK_SECCOMP_KILLABLE] = { .text = "waiting for a seccomp agent is not killable" },
	[FALLBACK_OLD_TREE] = { .text = "a procfs or sysfs of the host stays in the mount namespace",
				.weaker = true },
};

/* The container half has no words for this: it sends the number. */
void fallback_log(void *context, enum fallback f)
{
	(void)context;
	if (without[f].weaker)
		log_info("no %s: %s", words[f], without[f].text);
	else
		log_debug("no %s: %s", words[f], without[f].text);
}
#endif
