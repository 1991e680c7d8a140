/* SPDX-License-Identifier: Apache-2.0 */
/* delete: remove what a container leaves behind. Host half. */
#include <errno.h>

#include "cli/command.h"

struct delete_flags {
	bool force, regex;
};

static const struct option rows[] = {
	{ offsetof(struct delete_flags, force), OPTION_BOOL, 'f', "force", "",
	  "kill the container first; one that does not exist is no error" },
	{ offsetof(struct delete_flags, regex), OPTION_BOOL, 'r', "regex", "",
	  "ID is an extended regular expression over container ids" },
};

/* Callers send `delete --force` for everything they once tried to create: nothing there is what they want. */
static int delete_one(const struct container_context *ctx, const char *id, const void *arg,
		      struct error *err)
{
	const struct delete_flags *flags = arg;
	struct error own = { 0 };
	int r;

	r = container_delete(ctx, id, flags->force, &own);
	if (r == -ENOENT && flags->force && own.class == ERROR_NOT_FOUND)
		return 0;
	if (r < 0 && err)
		*err = own;
	return r;
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct delete_flags *flags = inv->options;

	if (flags->regex)
		return match_containers(&inv->context, inv->args[0], delete_one, flags, err);
	return delete_one(&inv->context, inv->args[0], flags, err);
}

const struct command command_delete = {
	.name = "delete",
	.args = "ID",
	.summary = "remove a container that has stopped",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct delete_flags, rows),
	.run = run,
};
