/* SPDX-License-Identifier: Apache-2.0 */
/* features: what this build can do, for the callers that ask before they use it. Host half. */
#include "cli/command.h"

static int run(const struct invocation *inv, struct error *err)
{
	_cleanup_free_ char *json = NULL;
	int r;

	(void)inv;
	r = container_features(&json, err);
	return r < 0 ? r : output_line(json, err);
}

const struct command command_features = {
	.name = "features",
	.summary = "print what this build supports as JSON",
	.run = run,
};
