/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: the union of what callers of other runtimes write, on a table of its own and on the real one. */
#include <errno.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

struct flags {
	const char *bundle;
	struct option_list env;
	bool detach, keep;
	enum tristate tty;
	uint32_t preserve;
};

static const struct option rows[] = {
	{ offsetof(struct flags, bundle), OPTION_STRING, 'b', "bundle", "DIR", "help" },
	{ offsetof(struct flags, env), OPTION_LIST, 'e', "env", "K=V", "help" },
	{ offsetof(struct flags, detach), OPTION_BOOL, 'd', "detach", "", "help" },
	{ offsetof(struct flags, keep), OPTION_BOOL, 'k', "keep", "", "help" },
	{ offsetof(struct flags, tty), OPTION_TRISTATE, 't', "tty", "", "help" },
	{ offsetof(struct flags, preserve), OPTION_U32, 0, "preserve-fds", "N", "help" },
	{ 0, OPTION_IGNORED, 0, "no-subreaper", "", "help" },
	{ 0, OPTION_IGNORED_VALUE, 0, "network-lock", "M", "help" },
};

static const struct option probe_rows[] = {
	{ offsetof(struct flags, bundle), OPTION_STRING, 0, "lsm-mount-context", "C", "" },
};

static const struct command run_command = {
	.name = "run",
	.args = "ID",
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS(struct flags, rows),
};
static const struct command exec_command = {
	.name = "exec",
	.args = "ID CMD",
	.min_args = 1,
	.max_args = COMMAND_ARGS_MANY,
	.stop_after = 1,
	COMMAND_OPTIONS(struct flags, rows),
};
static const struct command restore_command = {
	.name = "restore",
	.flags = COMMAND_UNSUPPORTED,
	COMMAND_OPTIONS(struct flags, probe_rows),
};

static const struct command *const commands[] = { &run_command, &exec_command, &restore_command,
						  NULL };

struct line {
	alignas(max_align_t) char storage[COMMAND_OPTIONS_MAX];
	struct invocation inv;
	struct error err;
	const struct flags *flags;
	char *argv[32];
	int argc, result;
};

static void parse(struct line *l, const char *const *words)
{
	struct command_table table = command_table;

	table.commands = commands;
	memset(l, 0, sizeof(*l));
	l->argv[l->argc++] = (char *)"knarr";
	for (; *words; words++)
		l->argv[l->argc++] = (char *)(uintptr_t)*words;
	l->result = options_parse(&table, l->argc, l->argv, l->storage, &l->inv, &l->err);
	l->flags = l->inv.options;
}

#define PARSE(l, ...) parse(&(l), (const char *const[]){ __VA_ARGS__, NULL })
#define DONE(l) options_done((l).inv.command, (l).storage)

static void test_forms_of_values(void **state)
{
	static const char *const forms[][6] = {
		{ "run", "--bundle", "/b", "id" }, { "run", "--bundle=/b", "id" },
		{ "run", "-bundle", "/b", "id" },  { "run", "-bundle=/b", "id" },
		{ "run", "-b", "/b", "id" },       { "run", "-b/b", "id" },
		{ "run", "-b=/b", "id" },          { "run", "id", "--bundle", "/b" },
		{ "run", "id", "-b", "/b" },       { "run", "-db", "/b", "id" },
		{ "run", "--b", "/b", "id" },      { "run", "--bundle=/x", "-b/b", "id" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct line l;

		parse(&l, forms[i]);
		assert_int_equal(l.result, 0);
		assert_string_equal(l.flags->bundle, "/b");
		assert_int_equal(l.inv.arg_count, 1);
		assert_string_equal(l.inv.args[0], "id");
		assert_null(l.inv.args[1]);
	}
}

static void test_booleans(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "run", "-dk", "id");
	assert_true(l.flags->detach && l.flags->keep);
	PARSE(l, "run", "--detach=false", "--keep=true", "-t=false", "id");
	assert_int_equal(l.result, 0);
	assert_true(!l.flags->detach && l.flags->keep && l.flags->tty == TRISTATE_FALSE);
	PARSE(l, "run", "--detach", "--detach=0", "id");
	assert_false(l.flags->detach);
	assert_int_equal(l.flags->tty, TRISTATE_UNSET);
	PARSE(l, "run", "--detach=maybe", "id");
	assert_int_equal(l.result, -EINVAL);
	assert_non_null(strstr(l.err.text, "maybe"));
}

static void test_lists_and_numbers(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "run", "-e", "A=1,2", "--env=B=--x", "--env", "-C=", "--preserve-fds", "7",
	      "-no-subreaper", "--network-lock", "skip", "id");
	assert_int_equal(l.result, 0);
	assert_int_equal(l.flags->env.count, 3);
	assert_string_equal(l.flags->env.items[0], "A=1,2");
	assert_string_equal(l.flags->env.items[1], "B=--x");
	assert_string_equal(l.flags->env.items[2], "-C=");
	assert_null(l.flags->env.items[3]);
	assert_int_equal(l.flags->preserve, 7);
	DONE(l);
	PARSE(l, "run", "--preserve-fds", "-1", "id");
	assert_int_equal(l.result, -EINVAL);
}

static void test_globals_anywhere(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "--root=/a", "--systemd-cgroup", "--root", "/b", "--systemd-cgroup", "run",
	      "--log", "f", "id", "--debug");
	assert_int_equal(l.result, 0);
	assert_string_equal(l.inv.global.root, "/b");
	assert_string_equal(l.inv.global.log, "f");
	assert_true(l.inv.global.debug);
	assert_int_equal(l.inv.global.systemd_cgroup, TRISTATE_TRUE);
	PARSE(l, "-v");
	assert_int_equal(l.inv.action, ACTION_VERSION);
	PARSE(l, "-V");
	assert_int_equal(l.inv.action, ACTION_VERSION);
	PARSE(l, "run", "-h");
	assert_int_equal(l.result, 0);
	assert_int_equal(l.inv.action, ACTION_HELP);
	assert_ptr_equal(l.inv.command, &run_command);
}

static void test_program_of_the_container(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "exec", "-t", "id", "ls", "-l", "--root", "--", "-d");
	assert_int_equal(l.result, 0);
	assert_int_equal(l.inv.arg_count, 6);
	assert_string_equal(l.inv.args[2], "-l");
	assert_string_equal(l.inv.args[4], "--");
	assert_null(l.inv.global.root);
	assert_false(l.flags->detach);
	PARSE(l, "exec", "id", "--", "-d", "x");
	assert_int_equal(l.inv.arg_count, 3);
	assert_string_equal(l.inv.args[1], "-d");
	PARSE(l, "exec", "--", "-id", "--", "x");
	assert_int_equal(l.inv.arg_count, 3);
	assert_string_equal(l.inv.args[0], "-id");
	assert_string_equal(l.inv.args[1], "--");
	PARSE(l, "run", "--", "-id");
	assert_int_equal(l.result, 0);
	assert_string_equal(l.inv.args[0], "-id");
}

static void test_errors(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "run", "--bundel", "id");
	assert_int_equal(l.result, -EINVAL);
	assert_string_equal(l.err.text, "flag provided but not defined: -bundel");
	assert_string_equal(l.err.remedy, "did you mean '--bundle'?");
	assert_int_equal(l.err.class, ERROR_USAGE);
	PARSE(l, "run", "-dz", "id");
	assert_string_equal(l.err.text, "flag provided but not defined: -dz");
	assert_false(l.flags->detach);
	PARSE(l, "run", "id", "--bundle");
	assert_string_equal(l.err.text, "flag needs an argument: --bundle");
	PARSE(l, "run", "id", "-db");
	assert_string_equal(l.err.text, "flag needs an argument: --bundle");
	PARSE(l, "run");
	assert_int_equal(l.result, -EINVAL);
	assert_non_null(strstr(l.err.text, "needs exactly 1 argument, got 0"));
	PARSE(l, "run", "a", "b");
	assert_int_equal(l.result, -EINVAL);
	PARSE(l, "rum", "a");
	assert_true(l.inv.unknown_command);
	assert_string_equal(l.err.remedy, "did you mean 'run'?");
}

/* The log is opened by what stands behind an error as well, and the first error is the one that counts. */
static void test_reading_goes_on_behind_an_error(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "--bogus", "rum", "--log", "f", "--log-format=json", "x", "--more");
	assert_int_equal(l.result, -EINVAL);
	assert_string_equal(l.err.text, "flag provided but not defined: -bogus");
	assert_string_equal(l.inv.global.log, "f");
	assert_string_equal(l.inv.global.log_format, "json");
	PARSE(l, "exec", "--bogus", "id", "--log", "f");
	assert_null(l.inv.global.log);
}

static void test_unsupported(void **state)
{
	struct line l;

	(void)state;
	PARSE(l, "restore", "--lsm-mount-context");
	assert_string_equal(l.err.text, "flag needs an argument: --lsm-mount-context");
	PARSE(l, "restore", "--image-path", "x", "-no-subreaper", "id");
	assert_int_equal(l.result, 0);
}

static void test_empty(void **state)
{
	struct line l;

	(void)state;
	parse(&l, (const char *const[]){ NULL });
	assert_int_equal(l.result, 0);
	assert_null(l.inv.command);
	assert_int_equal(l.inv.arg_count, 0);
	PARSE(l, "--", "run", "x");
	assert_ptr_equal(l.inv.command, &run_command);
}

static void check_rows(const struct option *o, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(o[i].name[sizeof(o[i].name) - 1], '\0');
		assert_int_equal(o[i].value[sizeof(o[i].value) - 1], '\0');
		assert_int_equal(o[i].help[sizeof(o[i].help) - 1], '\0');
		for (unsigned j = 0; j < i; j++) {
			assert_false(o[i].letter && o[i].letter == o[j].letter);
			assert_string_not_equal(o[i].name, o[j].name);
		}
	}
}

/* Texts that fill their field have no end; two rows of one name hide each other. */
static void test_real_table(void **state)
{
	(void)state;
	check_rows(command_table.globals, command_table.global_count);
	for (const struct command *const *c = command_table.commands; *c; c++) {
		assert_int_equal((*c)->name[sizeof((*c)->name) - 1], '\0');
		assert_int_equal((*c)->args[sizeof((*c)->args) - 1], '\0');
		assert_int_equal((*c)->summary[sizeof((*c)->summary) - 1], '\0');
		assert_non_null((*c)->run);
		check_rows((*c)->options, (*c)->option_count);
	}
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(option_check_word("f", "json", "table|json", NULL), 0);
	assert_int_equal(option_check_word("f", "table", "table|json", NULL), 0);
	assert_int_equal(option_check_word("f", "tab", "table|json", NULL), -EINVAL);
	assert_int_equal(option_check_word("f", "", "table|json", NULL), -EINVAL);
	assert_int_equal(option_check_word("f", "table|json", "table|json", NULL), -EINVAL);
}

static const char *letter_word(unsigned n)
{
	static const char *const words[] = { "alpha", "beta", "gamma", NULL };

	return words[n];
}

static void test_word_lists(void **state)
{
	static const struct {
		const char *text;
		uint32_t mask;
	} good[] = {
		{ "", 0 },          { "alpha", 1 }, { "gamma,alpha", 5 }, { "beta,", 2 },
		{ "beta,beta", 2 }, { "all", 7 },   { "alpha,all", 7 },   { "all,alpha", 7 },
	};
	static const char *const bad[] = { "alph",       "alphax",      "ALPHA", ",alpha",
					   "alpha beta", "alpha,,beta", "a",     "allalpha" };
	struct error err;
	char text[512];
	uint32_t mask;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		mask = 77;
		assert_int_equal(option_parse_words("f", good[i].text, letter_word, &mask, NULL),
				 0);
		assert_int_equal(mask, good[i].mask);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		mask = 77;
		assert_int_equal(option_parse_words("f", bad[i], letter_word, &mask, &err),
				 -EINVAL);
		assert_int_equal(err.class, ERROR_USAGE);
		assert_int_equal(mask, 77);
	}
	(void)option_parse_words("f", "alpha,betta", letter_word, &mask, &err);
	assert_string_equal(error_format(&err, text, sizeof(text)),
			    "unknown word 'betta' for flag --f: expected all, alpha, beta, gamma; "
			    "did you mean 'beta'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_values),
		cmocka_unit_test(test_booleans),
		cmocka_unit_test(test_lists_and_numbers),
		cmocka_unit_test(test_globals_anywhere),
		cmocka_unit_test(test_program_of_the_container),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_reading_goes_on_behind_an_error),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_real_table),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_word_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
