/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint, restore: known to callers, who probe for them; this build has neither. Host half. */
#include <errno.h>

#include "cli/command.h"

struct restore_flags {
	const char *lsm_mount_context;
};

/* The probe of a pod restore is this flag without a value: it reads the complaint. */
static const struct option restore_rows[] = {
	{ offsetof(struct restore_flags, lsm_mount_context), OPTION_STRING, 0, "lsm-mount-context",
	  "CONTEXT", "" },
};

static int run(const struct invocation *inv, struct error *err)
{
	error_fail(err, ERROR_UNSUPPORTED, 0, "%s is not supported by this build",
		   inv->command->name);
	return -EOPNOTSUPP;
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.summary = "save a container to disk",
	.flags = COMMAND_UNSUPPORTED,
	.max_args = COMMAND_ARGS_MANY,
	.run = run,
};

const struct command command_restore = {
	.name = "restore",
	.args = "ID",
	.summary = "bring a saved container back",
	.flags = COMMAND_UNSUPPORTED,
	.max_args = COMMAND_ARGS_MANY,
	COMMAND_OPTIONS(struct restore_flags, restore_rows),
	.run = run,
};
