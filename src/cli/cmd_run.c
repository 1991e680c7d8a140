/* SPDX-License-Identifier: Apache-2.0 */
/* run: create, start, and in the foreground be what the program is: its status is ours. Host half. */
#include "cli/command.h"

static const struct option rows[] = {
	CREATE_FLAG_ROWS,
	{ offsetof(struct create_options, detach), OPTION_BOOL, 'd', "detach", "",
	  "return as soon as the program runs" },
	{ offsetof(struct create_options, keep), OPTION_BOOL, 0, "keep", "",
	  "do not delete the container when its program has ended" },
};

static int run(const struct invocation *inv, struct error *err)
{
	struct create_options opt = *(const struct create_options *)inv->options;
	int status = 0, r;

	opt.id = inv->args[0];
	r = container_run(&inv->context, &opt, &status, err);
	return r < 0 ? r : status;
}

const struct command command_run = {
	.name = "run",
	.args = "ID",
	.summary = "create and start a container and wait for its program",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct create_options, rows),
	.run = run,
};
