/* SPDX-License-Identifier: Apache-2.0 */
/* list: all containers of the state root, as a table, as JSON, or their ids alone. Host half. */
#include <string.h>

#include "cli/command.h"

struct list_flags {
	const char *format;
	bool quiet;
};

static const struct option rows[] = {
	{ offsetof(struct list_flags, format), OPTION_STRING, 'f', "format", "table|json",
	  "form of the output (default: table)" },
	{ offsetof(struct list_flags, quiet), OPTION_BOOL, 'q', "quiet", "",
	  "print ids only, one a line" },
};

enum { COLUMNS = 6 };

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

/* The record has the number; people, and those who parse the table of runc or crun, expect the name. */
static void name_owners(struct container_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct state *s = &list->items[i].state;
		char name[USER_NAME_SIZE];
		uint32_t uid;

		if (!s->owner || num_parse_u32(s->owner, &uid) < 0)
			continue;
		user_name(uid, name);
		free(s->owner);
		s->owner = mem_strdup(name);
	}
}

static void add_table(const struct container_list *list, struct buf *out)
{
	static const char *const titles[COLUMNS] = { "ID",     "PID",     "STATUS",
						     "BUNDLE", "CREATED", "OWNER" };
	size_t rows_count = list->count + 1;
	_cleanup_free_ const char **cells = mem_alloc_array(rows_count * COLUMNS, sizeof(*cells));
	_cleanup_free_ char(*pids)[16] = mem_alloc_array(rows_count, sizeof(*pids));

	for (size_t c = 0; c < COLUMNS; c++)
		cells[c] = titles[c];
	for (size_t i = 0; i < list->count; i++) {
		const struct container_entry *e = &list->items[i];
		const char **row = cells + (i + 1) * COLUMNS;
		bool alive = e->status != STATUS_STOPPED && e->status != STATUS_CREATING;

		(void)text_format(pids[i], sizeof(pids[i]), "%d", alive ? (int)e->state.pid : 0);
		row[0] = text_or_empty(e->state.id);
		row[1] = pids[i];
		row[2] = state_status_name(e->status);
		row[3] = text_or_empty(e->state.bundle);
		row[4] = text_or_empty(e->state.created);
		row[5] = text_or_empty(e->state.owner);
	}
	output_table(cells, rows_count, COLUMNS, out);
}

static void add_json(const struct container_list *list, struct buf *out)
{
	if (list->count == 0) {
		buf_add_str(out, "null\n");
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		_cleanup_free_ char *json =
			state_json(&list->items[i].state, list->items[i].status, false);

		buf_add_str(out, i == 0 ? "[" : ",");
		buf_add_str(out, json);
	}
	buf_add_str(out, "]\n");
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct list_flags *flags = inv->options;
	const char *format = flags->format ? flags->format : "table";
	_cleanup_(container_list_done) struct container_list list = { 0 };
	_cleanup_(buf_done) struct buf out = { 0 };
	int r;

	r = option_check_word("format", format, "table|json", err);
	if (r >= 0)
		r = container_list(&inv->context, &list, err);
	if (r < 0)
		return r;
	name_owners(&list);
	if (flags->quiet) {
		for (size_t i = 0; i < list.count; i++)
			buf_printf(&out, "%s\n", list.items[i].state.id);
	} else if (STREQ(format, "json")) {
		add_json(&list, &out);
	} else {
		add_table(&list, &out);
	}
	return out.len ? output_text(out.data, err) : 0;
}

const struct command command_list = {
	.name = "list",
	.summary = "list containers",
	COMMAND_OPTIONS(struct list_flags, rows),
	.run = run,
};
