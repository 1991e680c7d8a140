/* SPDX-License-Identifier: Apache-2.0 */
/* pause: freeze the cgroup. Host half. */
#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	return container_pause(&inv->context, inv->args[0], err);
}

const struct command command_pause = {
	.name = "pause",
	.args = "ID",
	.summary = "stop every process of a container without their notice",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
