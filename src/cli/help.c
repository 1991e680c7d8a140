/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help: the command table as text, for people (--help) and for the lints and completion generators
 * (--dump-commands). Host half.
 */
#include <string.h>

#include "cli/command.h"

#define HELP_INDENT 32

static bool is_hidden(const struct option *o)
{
	return o->help[0] == '\0';
}

static void add_spaces(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_add(out, " ", 1);
}

static void add_option(const struct option *o, struct buf *out)
{
	size_t start = out->len;

	if (o->letter)
		buf_printf(out, "  -%c, ", o->letter);
	else
		buf_add_str(out, "      ");
	buf_printf(out, "--%s", o->name);
	if (o->value[0])
		buf_printf(out, " %s", o->value);
	if (out->len - start >= HELP_INDENT - 1) {
		buf_add_str(out, "\n");
		start = out->len;
	}
	add_spaces(out, HELP_INDENT - (out->len - start));
	buf_printf(out, "%s\n", o->help);
}

static void add_options(const char *title, const struct option *rows, unsigned count,
			struct buf *out)
{
	buf_printf(out, "\n%s:\n", title);
	for (unsigned i = 0; i < count; i++) {
		if (!is_hidden(&rows[i]))
			add_option(&rows[i], out);
	}
}

void help_usage(const struct command *command, struct buf *out)
{
	buf_printf(out, "knarr [GLOBAL OPTION...] %s%s%s%s", command->name,
		   command->option_count ? " [OPTION...]" : "", command->args[0] ? " " : "",
		   command->args);
}

static void print_overview(const struct command_table *table, struct buf *out)
{
	buf_add_str(
		out,
		"Usage: knarr [GLOBAL OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\n"
		"Runs containers as the OCI runtime specification describes them: a bundle is a directory\n"
		"with a config.json and a root filesystem.\n\nCommands:\n");
	for (const struct command *const *c = table->commands; *c; c++) {
		if (!((*c)->flags & (COMMAND_HIDDEN | COMMAND_UNSUPPORTED)))
			buf_printf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
	}
	add_options("Global options", table->globals, table->global_count, out);
	buf_add_str(
		out,
		"\n'knarr COMMAND --help' describes one command; so does the manual page knarr-COMMAND(1).\n");
}

void help_print(const struct command_table *table, const struct command *command, struct buf *out)
{
	if (!command || (command->flags & COMMAND_HIDDEN)) {
		print_overview(table, out);
		return;
	}
	buf_add_str(out, "Usage: ");
	help_usage(command, out);
	buf_printf(out, "\n\n%s\n", command->summary);
	if (command->option_count)
		add_options("Options", command->options, command->option_count, out);
	buf_printf(out, "\nGlobal options: see 'knarr --help'. Manual page: knarr-%s(1).\n",
		   command->name);
}

static void dump_option(const char *kind, const char *owner, const struct option *o,
			struct buf *out)
{
	if (is_hidden(o))
		return;
	buf_printf(out, "%s\t%s\t%s\t%c\t%s\t%s\n", kind, owner, o->name,
		   o->letter ? o->letter : '-', o->value[0] ? o->value : "-", o->help);
}

void help_dump(const struct command_table *table, struct buf *out)
{
	for (unsigned i = 0; i < table->global_count; i++)
		dump_option("global", "-", &table->globals[i], out);
	for (const struct command *const *c = table->commands; *c; c++) {
		if ((*c)->flags & (COMMAND_HIDDEN | COMMAND_UNSUPPORTED))
			continue;
		buf_printf(out, "command\t%s\t%s\t%s\n", (*c)->name,
			   (*c)->args[0] ? (*c)->args : "-", (*c)->summary);
		for (unsigned i = 0; i < (*c)->option_count; i++)
			dump_option("option", (*c)->name, &(*c)->options[i], out);
	}
}
