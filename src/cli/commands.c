/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands: the table of verbs and of global flags. Whatever is said here once appears in dispatch, in --help, in
 * the check of the manual pages and in shell completion. The order is that of --help: a container's life first.
 */
#include <string.h>

#include "cli/command.h"

#define FIELD(member) offsetof(struct global_options, member)

static const struct option global_rows[] = {
	{ FIELD(root), OPTION_STRING, 0, "root", "DIR",
	  "directory of the containers' state (default: /run/knarr, for a user $XDG_RUNTIME_DIR/knarr)" },
	{ FIELD(log), OPTION_STRING, 0, "log", "FILE",
	  "append log records to FILE, syslog:ID or journald:ID (default: stderr)" },
	{ FIELD(log_format), OPTION_STRING, 0, "log-format", "text|json",
	  "form of log records (default: text)" },
	{ FIELD(log_level), OPTION_STRING, 0, "log-level", "error|warning|info|debug",
	  "least severity that is logged (default: warning)" },
	{ FIELD(debug), OPTION_BOOL, 0, "debug", "", "the same as --log-level=debug" },
	{ FIELD(systemd_cgroup), OPTION_TRISTATE, 0, "systemd-cgroup", "",
	  "let systemd make the cgroup; cgroupsPath is then SLICE:PREFIX:NAME" },
	{ FIELD(cgroup_manager), OPTION_STRING, 0, "cgroup-manager", "cgroupfs|systemd|disabled",
	  "who makes the cgroup (default: cgroupfs)" },
	{ FIELD(rootless), OPTION_STRING, 0, "rootless", "true|false|auto",
	  "accepted and ignored: privileges are always probed" },
	{ FIELD(limits), OPTION_STRING, 0, "limits", "strict|best",
	  "whether a limit that cannot be had is an error (default) or a warning" },
	{ FIELD(require), OPTION_STRING, 0, "require", "LIST",
	  "comma-separated mechanisms whose absence is an error instead of a fallback" },
	{ FIELD(annotations), OPTION_STRING, 0, "annotations", "LIST",
	  "comma-separated annotations that are acted upon though they widen a container's power, or all" },
	{ FIELD(timing), OPTION_BOOL, 0, "timing", "", "print to stderr what each step took" },
	{ 0, OPTION_VERSION, 'v', "version", "", "print the version and exit" },
	{ 0, OPTION_VERSION, 'V', "", "", "" },
	{ 0, OPTION_HELP, 'h', "help", "", "print help, of the command if there is one, and exit" },
	{ 0, OPTION_DUMP, 0, "dump-commands", "", "" },
};

static const struct command *const commands[] = {
	&command_run,        &command_create,
	&command_start,      &command_exec,
	&command_state,      &command_list,
	&command_ps,         &command_kill,
	&command_pause,      &command_resume,
	&command_update,     &command_events,
	&command_delete,     &command_mounts,
	&command_spec,       &command_check,
	&command_plan,       &command_features,
	&command_checkpoint, &command_restore,
	&command_help,       NULL,
};

const struct command_table command_table = {
	.globals = global_rows,
	.global_count = ARRAY_SIZE(global_rows),
	.commands = commands,
};

const struct command *command_find(const struct command_table *table, const char *name)
{
	for (const struct command *const *c = table->commands; *c; c++) {
		if (STREQ((*c)->name, name))
			return *c;
	}
	return NULL;
}
