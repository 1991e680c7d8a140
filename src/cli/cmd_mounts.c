/* SPDX-License-Identifier: Apache-2.0 */
/* mounts: add mounts to a running container, or take them away. Host half. */
#include <errno.h>
#include <string.h>

#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	const char *verb = inv->args[0];

	if (!STREQ(verb, "add") && !STREQ(verb, "remove")) {
		error_fail(err, ERROR_USAGE, 0, "'mounts' knows add and remove, not '%s'", verb);
		return -EINVAL;
	}
	return container_mounts(&inv->context, inv->args[1], STREQ(verb, "add"), inv->args[2], err);
}

const struct command command_mounts = {
	.name = "mounts",
	.args = "add|remove ID FILE",
	.summary = "add mounts to a running container or remove them",
	.min_args = 3,
	.max_args = 3,
	.run = run,
};
