/* SPDX-License-Identifier: Apache-2.0 */
/* exec: one more process for a running container. Host half. */
#include <errno.h>
#include <string.h>

#include "cli/command.h"

struct exec_flags {
	struct exec_options exec;
	struct option_list env, caps, gids;
	enum tristate tty;
};

#define FIELD(member) offsetof(struct exec_flags, member)

static const struct option rows[] = {
	{ FIELD(exec.process_file), OPTION_STRING, 'p', "process", "FILE",
	  "take the whole process object (args, env, user, ...) from this JSON file" },
	{ FIELD(exec.detach), OPTION_BOOL, 'd', "detach", "",
	  "return as soon as the program runs" },
	{ FIELD(tty), OPTION_TRISTATE, 't', "tty", "", "give the program a terminal" },
	{ FIELD(exec.cwd), OPTION_STRING, 0, "cwd", "DIR", "working directory in the container" },
	{ FIELD(env), OPTION_LIST, 'e', "env", "NAME=VALUE",
	  "add an environment variable (repeatable)" },
	{ FIELD(exec.user), OPTION_STRING, 'u', "user", "USER[:GROUP]",
	  "run as this user, by number or by name in the container" },
	{ FIELD(gids), OPTION_LIST, 'g', "additional-gids", "GID",
	  "add a supplementary group (repeatable)" },
	{ FIELD(caps), OPTION_LIST, 'c', "cap", "CAP", "add a capability (repeatable)" },
	{ FIELD(exec.no_new_privs), OPTION_BOOL, 0, "no-new-privs", "",
	  "set no_new_privs for the program" },
	{ FIELD(exec.process_label), OPTION_STRING, 0, "process-label", "LABEL",
	  "SELinux label of the program" },
	{ FIELD(exec.apparmor), OPTION_STRING, 0, "apparmor", "PROFILE",
	  "AppArmor profile of the program" },
	{ FIELD(exec.cgroup), OPTION_STRING, 0, "cgroup", "PATH",
	  "start in this cgroup below the container's" },
	{ FIELD(exec.ignore_paused), OPTION_BOOL, 0, "ignore-paused", "",
	  "start in a paused container; the program runs when it is resumed" },
	{ FIELD(exec.console_socket), OPTION_STRING, 0, "console-socket", "SOCKET",
	  "send the terminal's descriptor to this unix socket" },
	{ FIELD(exec.pidfd_socket), OPTION_STRING, 0, "pidfd-socket", "SOCKET",
	  "send a pidfd of the new process to this unix socket" },
	{ FIELD(exec.pid_file), OPTION_STRING, 0, "pid-file", "FILE",
	  "write the process id of the new process here" },
	{ FIELD(exec.preserve_fds), OPTION_U32, 0, "preserve-fds", "N",
	  "pass N more descriptors, from 3 on, to the program" },
	{ 0, OPTION_IGNORED, 0, "no-subreaper", "", "accepted and ignored" },
};

static int parse_gids(const struct option_list *texts, uint32_t **ret, struct error *err)
{
	_cleanup_free_ uint32_t *gids = mem_alloc_array(texts->count, sizeof(*gids));

	for (size_t i = 0; i < texts->count; i++) {
		if (num_parse_id(texts->items[i], &gids[i]) < 0) {
			error_fail(
				err, ERROR_USAGE, 0,
				"invalid value '%s' for flag --additional-gids: expected a group id",
				texts->items[i]);
			return -EINVAL;
		}
	}
	*ret = TAKE_PTR(gids);
	return 0;
}

static int check_env(const struct option_list *env, struct error *err)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i]) {
			error_fail(err, ERROR_USAGE, 0,
				   "invalid value '%s' for flag --env: expected NAME=VALUE",
				   env->items[i]);
			return -EINVAL;
		}
	}
	return 0;
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct exec_flags *flags = inv->options;
	struct exec_options opt = flags->exec;
	_cleanup_free_ uint32_t *gids = NULL;
	int status = 0, r;

	if (inv->arg_count < 2 && !opt.process_file) {
		error_fail(err, ERROR_USAGE, 0, "'exec' needs a command or --process FILE");
		return -EINVAL;
	}
	r = check_env(&flags->env, err);
	if (r >= 0 && flags->gids.count > 0)
		r = parse_gids(&flags->gids, &gids, err);
	if (r < 0)
		return r;
	opt.id = inv->args[0];
	opt.args = opt.process_file ? NULL : inv->args + 1;
	opt.env = flags->env.items;
	opt.caps = flags->caps.items;
	opt.additional_gids = gids;
	opt.additional_gid_count = flags->gids.count;
	opt.tty = flags->tty == TRISTATE_TRUE;
	opt.tty_set = flags->tty != TRISTATE_UNSET;
	r = container_exec(&inv->context, &opt, &status, err);
	return r < 0 ? r : status;
}

const struct command command_exec = {
	.name = "exec",
	.args = "ID COMMAND [ARGUMENT...]",
	.summary = "run another program in a running container",
	.min_args = 1,
	.max_args = COMMAND_ARGS_MANY,
	.stop_after = 1,
	.failure = 255,
	COMMAND_OPTIONS(struct exec_flags, rows),
	.run = run,
};
