/* SPDX-License-Identifier: Apache-2.0 */
/* events: statistics and out-of-memory notices, one JSON object a line. Host half. */
#include <errno.h>

#include "cli/command.h"

#define INTERVAL_DEFAULT_NS 5000000000ull

struct events_flags {
	const char *interval;
	bool stats;
};

static const struct option rows[] = {
	{ offsetof(struct events_flags, interval), OPTION_STRING, 0, "interval", "DURATION",
	  "time between two records, such as 500ms or 1m (default: 5s)" },
	{ offsetof(struct events_flags, stats), OPTION_BOOL, 0, "stats", "",
	  "print one statistics record and end" },
};

static int emit(const char *line)
{
	return output_line(line, NULL);
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct events_flags *flags = inv->options;
	uint64_t interval = INTERVAL_DEFAULT_NS;

	if (flags->interval &&
	    (num_parse_duration(flags->interval, &interval) < 0 || interval == 0)) {
		error_fail(
			err, ERROR_USAGE, 0,
			"invalid value '%s' for flag --interval: expected a duration above 0 such as 5s",
			flags->interval);
		return -EINVAL;
	}
	return container_events(&inv->context, inv->args[0], flags->stats, interval, emit, err);
}

const struct command command_events = {
	.name = "events",
	.args = "ID",
	.summary = "print statistics and out-of-memory events of a container",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct events_flags, rows),
	.run = run,
};
