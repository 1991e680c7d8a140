/* SPDX-License-Identifier: Apache-2.0 */
/* create: make the container and leave it at its start gate. Host half. */
#include "cli/command.h"

static const struct option rows[] = {
	CREATE_FLAG_ROWS,
};

static int run(const struct invocation *inv, struct error *err)
{
	struct create_options opt = *(const struct create_options *)inv->options;

	opt.id = inv->args[0];
	return container_create(&inv->context, &opt, err);
}

const struct command command_create = {
	.name = "create",
	.args = "ID",
	.summary = "create a container; its program waits for start",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct create_options, rows),
	.run = run,
};
