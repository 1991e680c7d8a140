/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: argv -> struct invocation, by rows. Host half, no side effects.
 *
 * What the callers of other runtimes write is accepted in all its forms: --flag value, --flag=value, -flag,
 * -fVALUE, bundled letters, --flag=false, the same flag twice (the last one wins), global flags behind the verb,
 * flags behind the id. Where the rest of the line belongs to a program of the container, parsing stops at the id.
 *
 * An error does not end the reading: `knarr --bogus --log FILE create` must be reported in FILE.
 */
#include <errno.h>
#include <string.h>

#include "cli/command.h"

struct parser {
	const struct command_table *table;
	struct invocation *ret;
	void *storage;
	char **argv;
	int argc, next;
	unsigned operands; /* moved to argv[1], argv[2], ... */
	bool only_operands;
	bool failed;
	struct error *err;
};

/* The rows of one flag and the structure that its offset refers to. */
struct target {
	const struct option *option;
	void *base;
};

static void fail(struct parser *p, const char *remedy, const char *fmt, ...) _printf_(3, 4);
static void fail(struct parser *p, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	if (p->failed)
		return;
	p->failed = true;
	va_start(ap, fmt);
	error_vset(p->err, 0, fmt, ap);
	va_end(ap);
	if (p->err)
		p->err->class = ERROR_USAGE;
	if (remedy)
		error_add_remedy(p->err, "%s", remedy);
}

static const struct option *find_name(const struct option *rows, unsigned count, const char *name,
				      size_t len)
{
	for (unsigned i = 0; i < count; i++) {
		if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
			return &rows[i];
	}
	return NULL;
}

static const struct option *find_letter(const struct option *rows, unsigned count, char letter)
{
	for (unsigned i = 0; i < count; i++) {
		if (rows[i].letter == letter)
			return &rows[i];
	}
	return NULL;
}

/* The verb's own flags hide global ones of the same name. */
static struct target find_target(const struct parser *p, const char *name, size_t len, char letter)
{
	const struct command *c = p->ret->command;
	struct target t = { .base = p->storage };

	if (c)
		t.option = letter ? find_letter(c->options, c->option_count, letter)
				  : find_name(c->options, c->option_count, name, len);
	if (!t.option) {
		t.base = &p->ret->global;
		t.option = letter ? find_letter(p->table->globals, p->table->global_count, letter)
				  : find_name(p->table->globals, p->table->global_count, name, len);
	}
	return t;
}

static bool takes_value(const struct option *o)
{
	return o->kind == OPTION_STRING || o->kind == OPTION_LIST || o->kind == OPTION_U32 ||
	       o->kind == OPTION_IGNORED_VALUE;
}

/* In the spellings that callers' flag packages write. */
static int bool_parse(const char *s, bool *ret)
{
	static const char yes[][6] = { "true", "True", "TRUE", "t", "T", "1" };
	static const char no[][6] = { "false", "False", "FALSE", "f", "F", "0" };

	for (unsigned i = 0; i < ARRAY_SIZE(yes); i++) {
		if (STREQ(s, yes[i]) || STREQ(s, no[i])) {
			*ret = STREQ(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static void list_add(struct option_list *l, const char *value)
{
	l->items = mem_grow(l->items, l->count + 2, sizeof(*l->items));
	l->items[l->count++] = value;
	l->items[l->count] = NULL;
}

static void store_bool(struct parser *p, struct target t, const char *value)
{
	char *field = (char *)t.base + t.option->offset;
	bool on = true;

	if (value && bool_parse(value, &on) < 0) {
		fail(p, NULL, "invalid value '%s' for flag --%s: expected true or false", value,
		     t.option->name);
		return;
	}
	switch ((enum option_kind)t.option->kind) {
	case OPTION_BOOL:
		*(bool *)field = on;
		break;
	case OPTION_TRISTATE:
		*(enum tristate *)(void *)field = on ? TRISTATE_TRUE : TRISTATE_FALSE;
		break;
	case OPTION_HELP:
		if (on && p->ret->action == ACTION_RUN)
			p->ret->action = ACTION_HELP;
		break;
	case OPTION_VERSION:
		if (on)
			p->ret->action = ACTION_VERSION;
		break;
	case OPTION_DUMP:
		p->ret->action = ACTION_DUMP;
		break;
	default:
		break;
	}
}

static void store_value(struct parser *p, struct target t, const char *value)
{
	char *field = (char *)t.base + t.option->offset;

	switch ((enum option_kind)t.option->kind) {
	case OPTION_STRING:
		*(const char **)(void *)field = value;
		break;
	case OPTION_LIST:
		list_add((struct option_list *)(void *)field, value);
		break;
	case OPTION_U32:
		if (num_parse_u32(value, (uint32_t *)(void *)field) < 0)
			fail(p, NULL, "invalid value '%s' for flag --%s: expected a number", value,
			     t.option->name);
		break;
	default:
		break;
	}
}

/* value: the text behind '=' or behind a letter, or NULL. */
static void take(struct parser *p, struct target t, const char *value)
{
	if (!takes_value(t.option)) {
		store_bool(p, t, value);
		return;
	}
	if (!value && p->next < p->argc)
		value = p->argv[p->next++];
	if (value)
		store_value(p, t, value);
	else
		fail(p, NULL, "flag needs an argument: --%s", t.option->name);
}

static void report_unknown(struct parser *p, const char *name)
{
	const char *words[96];
	const struct command *c = p->ret->command;
	const char *near;
	unsigned n = 0;
	char text[64], remedy[96];

	/* What this build does not offer has no flags; the verb itself is the error. */
	if (c && (c->flags & COMMAND_UNSUPPORTED))
		return;
	for (unsigned i = 0; c && i < c->option_count && n < ARRAY_SIZE(words) - 1; i++)
		words[n++] = c->options[i].name;
	for (unsigned i = 0; i < p->table->global_count && n < ARRAY_SIZE(words) - 1; i++)
		words[n++] = p->table->globals[i].name;
	words[n] = NULL;
	text_copy(text, sizeof(text), name);
	text[strcspn(text, "=")] = '\0';
	near = text_nearest(text, words);
	if (near && strlen(text) > 1)
		(void)text_format(remedy, sizeof(remedy), "did you mean '--%s'?", near);
	else
		(void)text_format(remedy, sizeof(remedy), "see 'knarr %s%s--help'",
				  c ? c->name : "", c ? " " : "");
	fail(p, remedy, "flag provided but not defined: -%s", text);
}

/* "-abc", "-aVALUE", "-a=VALUE": letters; false if one of them is unknown. */
static bool take_letters(struct parser *p, const char *letters)
{
	for (const char *l = letters; *l; l++) {
		struct target t = find_target(p, NULL, 0, *l);

		if (!t.option)
			return false;
		if (takes_value(t.option))
			break;
		if (l[1] == '=')
			break;
	}
	for (const char *l = letters; *l; l++) {
		struct target t = find_target(p, NULL, 0, *l);

		if (takes_value(t.option) || l[1] == '=') {
			const char *value = l[1] ? l + 1 : NULL;

			take(p, t, value && *value == '=' ? value + 1 : value);
			return true;
		}
		take(p, t, NULL);
	}
	return true;
}

static void take_flag(struct parser *p, const char *arg)
{
	bool two = arg[1] == '-';
	const char *name = arg + (two ? 2 : 1);
	size_t len = strcspn(name, "=");
	struct target t = { 0 };

	/* A single letter behind two dashes is a letter as well: some flag packages write it so. */
	if (len > 1)
		t = find_target(p, name, len, 0);
	else if (two && len == 1)
		t = find_target(p, NULL, 0, name[0]);
	if (t.option)
		take(p, t, name[len] == '=' ? name + len + 1 : NULL);
	else if (two || !take_letters(p, name))
		report_unknown(p, name);
}

static void report_unknown_command(struct parser *p, const char *name)
{
	const char *words[32], *near;
	char remedy[48];
	unsigned n = 0;

	for (; p->table->commands[n] && n < ARRAY_SIZE(words) - 1; n++)
		words[n] = p->table->commands[n]->name;
	words[n] = NULL;
	near = text_nearest(name, words);
	if (near)
		(void)text_format(remedy, sizeof(remedy), "did you mean '%s'?", near);
	fail(p, near ? remedy : "see 'knarr --help'", "unknown command '%s'", name);
	p->ret->unknown_command = true;
}

static void take_operand(struct parser *p, char *arg)
{
	struct invocation *inv = p->ret;
	unsigned stop_after;

	if (!inv->command && !inv->unknown_command) {
		inv->command = command_find(p->table, arg);
		if (!inv->command)
			report_unknown_command(p, arg);
		return;
	}
	p->argv[++p->operands] = arg;
	stop_after = inv->command ? inv->command->stop_after : 0;
	if (stop_after && p->operands == stop_after && !p->only_operands) {
		p->only_operands = true;
		/* `exec ID -- program`: the dashes belong to us. */
		if (p->next < p->argc && STREQ(p->argv[p->next], "--"))
			p->next++;
	}
}

static void check_count(struct parser *p)
{
	const struct command *c = p->ret->command;
	_cleanup_(buf_done) struct buf usage = { 0 };

	if (!c || p->failed || (c->flags & COMMAND_UNSUPPORTED) || p->ret->action != ACTION_RUN)
		return;
	if (p->operands >= c->min_args && p->operands <= c->max_args)
		return;
	buf_add_str(&usage, "usage: ");
	help_usage(c, &usage);
	if (c->min_args == c->max_args)
		fail(p, usage.data, "'%s' needs exactly %u argument%s, got %u", c->name,
		     c->min_args, c->min_args == 1 ? "" : "s", p->operands);
	else
		fail(p, usage.data, "'%s' needs at %s %u argument%s, got %u", c->name,
		     p->operands < c->min_args ? "least" : "most",
		     p->operands < c->min_args ? c->min_args : c->max_args,
		     (p->operands < c->min_args ? c->min_args : c->max_args) == 1 ? "" : "s",
		     p->operands);
}

int options_parse(const struct command_table *table, int argc, char **argv, void *storage,
		  struct invocation *ret, struct error *err)
{
	struct parser p = {
		.table = table,
		.ret = ret,
		.storage = storage,
		.argv = argv,
		.argc = argc,
		.next = 1,
		.err = err,
	};

	memset(ret, 0, sizeof(*ret));
	while (p.next < argc) {
		char *arg = argv[p.next++];

		if (p.only_operands || arg[0] != '-' || arg[1] == '\0')
			take_operand(&p, arg);
		else if (STREQ(arg, "--"))
			p.only_operands = ret->command != NULL;
		else
			take_flag(&p, arg);
	}
	check_count(&p);
	if (argc > 0) {
		argv[p.operands + 1] = NULL;
		ret->args = (const char *const *)(argv + 1);
	}
	ret->arg_count = p.operands;
	ret->options = storage;
	return p.failed ? -EINVAL : 0;
}

void options_done(const struct command *command, void *storage)
{
	if (!command)
		return;
	for (unsigned i = 0; i < command->option_count; i++) {
		if (command->options[i].kind == OPTION_LIST) {
			struct option_list *l =
				(void *)((char *)storage + command->options[i].offset);

			free(l->items);
			*l = (struct option_list){ 0 };
		}
	}
}

int option_check_word(const char *flag, const char *value, const char *words, struct error *err)
{
	size_t len = strlen(value);

	for (const char *w = words; *w; w += strcspn(w, "|"), w += *w == '|') {
		if (strcspn(w, "|") == len && strncmp(w, value, len) == 0)
			return 0;
	}
	error_fail(err, ERROR_USAGE, 0, "invalid value '%s' for flag --%s: expected %s", value,
		   flag, words);
	return -EINVAL;
}

static int find_word(const char *text, size_t len, const char *(*word)(unsigned n))
{
	for (unsigned i = 0; word(i); i++)
		if (strlen(word(i)) == len && strncmp(word(i), text, len) == 0)
			return (int)i;
	return -EINVAL;
}

static int refuse_word(const char *flag, const char *text, size_t len,
		       const char *(*word)(unsigned n), struct error *err)
{
	_cleanup_free_ char *given = mem_strndup(text, len);
	_cleanup_(buf_done) struct buf list = { 0 };
	const char *words[33] = { NULL }, *near;

	for (unsigned i = 0; word(i) && i < ARRAY_SIZE(words) - 1; i++) {
		words[i] = word(i);
		buf_printf(&list, ", %s", words[i]);
	}
	error_fail(err, ERROR_USAGE, 0, "unknown word '%s' for flag --%s: expected all%s", given,
		   flag, list.data);
	near = text_nearest(given, words);
	if (near)
		error_add_remedy(err, "did you mean '%s'?", near);
	return -EINVAL;
}

static uint32_t all_words(const char *(*word)(unsigned n))
{
	uint32_t mask = 0;

	for (unsigned i = 0; word(i); i++)
		mask |= 1u << i;
	return mask;
}

int option_parse_words(const char *flag, const char *value, const char *(*word)(unsigned n),
		       uint32_t *ret, struct error *err)
{
	uint32_t mask = 0;

	for (const char *text = value; *text;) {
		size_t len = strcspn(text, ",");
		int n = find_word(text, len, word);

		if (n >= 0)
			mask |= 1u << n;
		else if (len == 3 && strncmp(text, "all", 3) == 0)
			mask = all_words(word);
		else
			return refuse_word(flag, text, len, word, err);
		text += len;
		text += *text == ',';
	}
	*ret = mask;
	return 0;
}
