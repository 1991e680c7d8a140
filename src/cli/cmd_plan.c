/* SPDX-License-Identifier: Apache-2.0 */
/* plan: print what create would do, in order, and do nothing. Host half. */
#include "cli/command.h"

/* The rows of create find their fields because its structure stands first. */
struct plan_flags {
	struct create_options create;
	const char *id;
};

static const struct option rows[] = {
	CREATE_FLAG_ROWS,
	{ offsetof(struct plan_flags, id), OPTION_STRING, 0, "id", "ID",
	  "id that the container would have (default: plan)" },
};

static int run(const struct invocation *inv, struct error *err)
{
	const struct plan_flags *flags = inv->options;
	struct create_options opt = flags->create;
	_cleanup_free_ char *text = NULL;
	int r;

	opt.id = flags->id ? flags->id : "plan";
	if (inv->arg_count > 0)
		opt.bundle = inv->args[0];
	r = container_plan(&inv->context, &opt, &text, err);
	return r < 0 ? r : output_text(text, err);
}

const struct command command_plan = {
	.name = "plan",
	.args = "[BUNDLE]",
	.summary = "print what create would do, step by step, and change nothing",
	.max_args = 1,
	COMMAND_OPTIONS(struct plan_flags, rows),
	.run = run,
};
