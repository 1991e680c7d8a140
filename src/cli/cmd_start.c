/* SPDX-License-Identifier: Apache-2.0 */
/* start: open the gate of a created container. Host half. */
#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	return container_start(&inv->context, inv->args[0], err);
}

const struct command command_start = {
	.name = "start",
	.args = "ID",
	.summary = "run the program of a created container",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
