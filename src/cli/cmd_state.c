/* SPDX-License-Identifier: Apache-2.0 */
/* state: the OCI state document of one container. Host half. */
#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	_cleanup_free_ char *json = NULL;
	int r;

	r = container_state(&inv->context, inv->args[0], &json, err);
	return r < 0 ? r : output_line(json, err);
}

const struct command command_state = {
	.name = "state",
	.args = "ID",
	.summary = "print the state of a container as JSON",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
