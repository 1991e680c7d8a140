/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli: one command line from argv to an exit status. Host half.
 *
 * The log is opened before any error is reported, the errors of the command line included: callers read it, not
 * stderr, and a log file that is missing hides every reason from them.
 */
#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "cli/command.h"
#include "knarr/cli.h"
#include "knarr/kernel.h"

#define EXIT_UNKNOWN_COMMAND 3

static enum log_level wanted_level(const struct global_options *g)
{
	if (g->debug || (g->log_level && STREQ(g->log_level, "debug")))
		return LOG_LEVEL_DEBUG;
	if (g->log_level && STREQ(g->log_level, "info"))
		return LOG_LEVEL_INFO;
	return g->log_level && STREQ(g->log_level, "error") ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

static int open_log(const struct global_options *g, struct error *err)
{
	enum log_format format = g->log_format && STREQ(g->log_format, "json") ? LOG_FORMAT_JSON
									       : LOG_FORMAT_TEXT;

	if (!g->log_level)
		log_hold_warnings();
	/* --log "" is what a caller writes that has no file to offer. */
	return log_open(g->log && g->log[0] ? g->log : NULL, format, wanted_level(g), err);
}

static int check_word(const char *flag, const char *value, const char *words, struct error *err)
{
	return value ? option_check_word(flag, value, words, err) : 0;
}

/* Global flags whose values are words. */
static int fill_context(const struct global_options *g, struct container_context *ctx,
			struct error *err)
{
	if (check_word("log-format", g->log_format, "text|json", err) < 0 ||
	    check_word("log-level", g->log_level, "error|warning|info|debug", err) < 0 ||
	    check_word("cgroup-manager", g->cgroup_manager, "cgroupfs|systemd|disabled", err) < 0 ||
	    check_word("limits", g->limits, "strict|best", err) < 0)
		return -EINVAL;
	if (g->root && !g->root[0]) {
		error_fail(err, ERROR_USAGE, 0,
			   "invalid value '' for flag --root: expected a directory");
		return -EINVAL;
	}
	*ctx = (struct container_context){
		.root = g->root,
		.driver = CGROUP_FS,
		.limits_best = g->limits && STREQ(g->limits, "best"),
		.timing = g->timing,
	};
	if (g->annotations &&
	    option_parse_words("annotations", g->annotations, container_annotation_word,
			       &ctx->annotations, err) < 0)
		return -EINVAL;
	if (g->require &&
	    option_parse_words("require", g->require, fallback_word, &ctx->require, err) < 0)
		return -EINVAL;
	fallback_init(ctx->require, fallback_log, NULL);
	if (g->systemd_cgroup != TRISTATE_UNSET) {
		ctx->driver_set = true;
		if (g->systemd_cgroup == TRISTATE_TRUE)
			ctx->driver = CGROUP_SYSTEMD;
	}
	if (g->cgroup_manager) {
		ctx->driver_set = true;
		ctx->driver = g->cgroup_manager[0] == 's'   ? CGROUP_SYSTEMD
			      : g->cgroup_manager[0] == 'd' ? CGROUP_NONE
							    : CGROUP_FS;
	}
	return 0;
}

static int print_information(const struct invocation *inv, struct error *err)
{
	_cleanup_(buf_done) struct buf out = { 0 };

	if (inv->action == ACTION_VERSION)
		version_print(&out);
	else if (inv->action == ACTION_DUMP)
		help_dump(&command_table, &out);
	else
		help_print(&command_table, inv->command, &out);
	return output_text(out.data, err);
}

static int run(struct invocation *inv, struct error *err)
{
	const struct command *c = inv->command;
	int r;

	r = fill_context(&inv->global, &inv->context, err);
	if (r < 0)
		return r;
	/* Callers probe for checkpoint and restore by the success of `checkpoint --help`. */
	if (c && (c->flags & COMMAND_UNSUPPORTED) && inv->action != ACTION_DUMP &&
	    inv->action != ACTION_VERSION)
		return c->run(inv, err);
	if (!c || inv->action != ACTION_RUN)
		return print_information(inv, err);
	return c->run(inv, err);
}

int cli_main(int argc, char **argv)
{
	alignas(max_align_t) char storage[COMMAND_OPTIONS_MAX] = { 0 };
	struct invocation inv;
	struct error err = { 0 }, log_err = { 0 };
	int r;

	r = options_parse(&command_table, argc, argv, storage, &inv, &err);
	if (open_log(&inv.global, &log_err) < 0 && r >= 0) {
		err = log_err;
		r = -EINVAL;
	}
	if (r >= 0)
		r = run(&inv, &err);
	options_done(inv.command, storage);
	if (r >= 0) {
		log_flush();
		return r;
	}
	fallback_explain(&err);
	log_error(&err);
	if (inv.unknown_command)
		return EXIT_UNKNOWN_COMMAND;
	/* As if the signal had ended us where nothing blocks it: the status does not depend on when it came. */
	if (interrupt_signal() > 0)
		return 128 + interrupt_signal();
	if (inv.command && inv.command->failure && err.class != ERROR_USAGE)
		return inv.command->failure;
	return 1;
}
