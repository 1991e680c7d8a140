/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the ops, as the printed plan, failures and timings say them. Compiled into both
 * halves.
 */
#include "knarr/plan.h"

static const char *const op_names[OP_TYPE_COUNT] = {
	[OP_INVALID] = "invalid",
	[OP_JOIN] = "join",
	[OP_TIME_OFFSETS] = "time-offsets",
	[OP_FORK] = "fork",
	[OP_UNSHARE] = "unshare",
	[OP_NETNS] = "netns",
	[OP_LOOPBACK] = "loopback",
	[OP_SYSCTL] = "sysctl",
	[OP_HOSTNAME] = "hostname",
	[OP_DOMAINNAME] = "domainname",
	[OP_ROOT] = "root",
	[OP_MOUNT] = "mount",
	[OP_BIND] = "bind",
	[OP_DEVICE] = "device",
	[OP_SYMLINK] = "symlink",
	[OP_HOOKS_RUNTIME] = "hooks-runtime",
	[OP_HOOKS] = "hooks",
	[OP_CONSOLE] = "console",
	[OP_MAKE_CWD] = "make-cwd",
	[OP_MASK] = "mask",
	[OP_READONLY] = "readonly",
	[OP_ROOT_READONLY] = "root-readonly",
	[OP_UNMOUNT] = "unmount",
	[OP_PIVOT] = "pivot",
	[OP_SESSION] = "session",
	[OP_KEYRING] = "keyring",
	[OP_RLIMIT] = "rlimit",
	[OP_SCHEDULER] = "scheduler",
	[OP_IO_PRIORITY] = "io-priority",
	[OP_MEMORY_POLICY] = "memory-policy",
	[OP_AFFINITY] = "affinity",
	[OP_PERSONALITY] = "personality",
	[OP_LABEL] = "label",
	[OP_UMASK] = "umask",
	[OP_NO_NEW_PRIVS] = "no-new-privs",
	[OP_IDENTITY] = "identity",
	[OP_CWD] = "cwd",
	[OP_LOOKUP] = "lookup",
	[OP_GATE] = "gate",
	[OP_HOOKS_START] = "hooks-start",
	[OP_SECCOMP] = "seccomp",
	[OP_EXEC] = "exec",
};

const char *plan_op_name(enum plan_op_type type)
{
	if ((unsigned)type >= OP_TYPE_COUNT)
		return op_names[OP_INVALID];
	return op_names[type];
}
