/* SPDX-License-Identifier: Apache-2.0 */
/* help: the same as --help. Host half. */
#include <errno.h>

#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	_cleanup_(buf_done) struct buf out = { 0 };
	const struct command *c = NULL;

	if (inv->arg_count > 0) {
		c = command_find(&command_table, inv->args[0]);
		if (!c) {
			error_fail(err, ERROR_USAGE, 0, "unknown command '%s'", inv->args[0]);
			return -EINVAL;
		}
	}
	help_print(&command_table, c, &out);
	return output_text(out.data, err);
}

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "print help",
	.flags = COMMAND_HIDDEN,
	.max_args = 1,
	.run = run,
};
