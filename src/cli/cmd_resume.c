/* SPDX-License-Identifier: Apache-2.0 */
/* resume: thaw the cgroup. Host half. */
#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	return container_resume(&inv->context, inv->args[0], err);
}

const struct command command_resume = {
	.name = "resume",
	.args = "ID",
	.summary = "let the processes of a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
