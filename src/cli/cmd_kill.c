/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal for the first process of a container, or for all of them. Host half. */
#include <errno.h>
#include <signal.h>

#include "cli/command.h"

struct kill_flags {
	bool all, regex;
};

struct kill_request {
	int signal;
	bool all;
};

static const struct option rows[] = {
	{ offsetof(struct kill_flags, all), OPTION_BOOL, 'a', "all", "",
	  "signal every process of the container, also when the first one is gone" },
	{ offsetof(struct kill_flags, regex), OPTION_BOOL, 'r', "regex", "",
	  "ID is an extended regular expression over container ids" },
};

static int kill_one(const struct container_context *ctx, const char *id, const void *arg,
		    struct error *err)
{
	const struct kill_request *request = arg;

	return container_kill(ctx, id, request->signal, request->all, err);
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct kill_flags *flags = inv->options;
	struct kill_request request = { .signal = SIGTERM, .all = flags->all };

	if (inv->arg_count > 1)
		request.signal = signal_parse(inv->args[1]);
	if (request.signal < 0) {
		error_fail(err, ERROR_USAGE, 0, "unknown signal \"%s\"", inv->args[1]);
		return -EINVAL;
	}
	if (flags->regex)
		return match_containers(&inv->context, inv->args[0], kill_one, &request, err);
	return kill_one(&inv->context, inv->args[0], &request, err);
}

const struct command command_kill = {
	.name = "kill",
	.args = "ID [SIGNAL]",
	.summary = "send a signal (default: TERM) to a container",
	.min_args = 1,
	.max_args = 2,
	.stop_after = 1,
	COMMAND_OPTIONS(struct kill_flags, rows),
	.run = run,
};
