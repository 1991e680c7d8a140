/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values: the handlers of plain values: text, paths, numbers, words of the specification, lists of numbers.
 * Host half; pure. Numbers are read from their digits, so that 64 bits arrive whole and 1.0 or 1e3 are refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spec/decode.h"

/* ---- text ---------------------------------------------------------------------------- */

int decode_string(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_type(d, node, ROW_STRING);

	if (r)
		return r;
	*(const char **)target = arena_strndup(d->arena, node->text, node->text_len);
	return 0;
}

int decode_string_set(struct decode *d, const struct jnode *node, void *target)
{
	return node->text_len ? decode_string(d, node, target) : 0;
}

int decode_absolute_path(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_string(d, node, target);

	if (r)
		return r;
	if (node->text[0] != '/')
		return decode_error(d, node, "'%s' must be an absolute path, not '%.200s'",
				    DECODE_NAME(d, node), node->text);
	return 0;
}

static int string_list(struct decode *d, const struct jnode *node, struct spec_string_list *list,
		       decode_handler *item)
{
	list->items = arena_alloc(d->arena, ((size_t)node->count + 1) * sizeof(*list->items));
	list->count = node->count;
	list->node = node;
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = "";
	return decode_each(d, node, list->items, sizeof(*list->items), item);
}

int decode_strings(struct decode *d, const struct jnode *node, void *target)
{
	return string_list(d, node, target, decode_string);
}

int decode_absolute_paths(struct decode *d, const struct jnode *node, void *target)
{
	return string_list(d, node, target, decode_absolute_path);
}

static int map_item(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_key_value *item = target;

	item->node = node;
	item->key = arena_strndup(d->arena, node->key, strlen(node->key));
	item->value = "";
	if (!node->key[0])
		return decode_error(d, node, "'%s' has a member with an empty name",
				    DECODE_NAME(d, node->parent));
	return decode_string(d, node, &item->value);
}

int decode_map(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_map *map = target;

	map->items = decode_room(d, node, sizeof(*map->items));
	map->count = node->count;
	return decode_each(d, node, map->items, sizeof(*map->items), map_item);
}

int decode_one_line(struct decode *d, const struct jnode *node)
{
	for (const char *s = node->text; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return decode_error(
				d, node,
				"'%s' must not contain line breaks or other control characters",
				DECODE_NAME(d, node));
	return 0;
}

int decode_line_set(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_one_line(d, node);

	return r ? r : decode_string_set(d, node, target);
}

/* ---- numbers ------------------------------------------------------------------------- */

int decode_bool(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_type(d, node, ROW_BOOL);

	if (r)
		return r;
	*(bool *)target = node->boolean;
	return 0;
}

int decode_spec_bool(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_bool *b = target;

	b->present = true;
	b->node = node;
	return decode_bool(d, node, &b->value);
}

static int check_integer(struct decode *d, const struct jnode *node)
{
	int r = decode_type(d, node, ROW_INTEGER);

	if (r)
		return r;
	if (strpbrk(node->text, ".eE"))
		return decode_error(
			d, node,
			"'%s' must be an integer, written without fraction and exponent, not %.40s",
			DECODE_NAME(d, node), node->text);
	return 0;
}

int decode_unsigned(struct decode *d, const struct jnode *node, uint64_t min, uint64_t max,
		    uint64_t *ret)
{
	uint64_t value;
	int r = check_integer(d, node);

	if (r)
		return r;
	if (num_parse_u64_len(node->text, node->text_len, &value) < 0 || value < min || value > max)
		return decode_error(d, node,
				    "'%s' must be between %" PRIu64 " and %" PRIu64 ", not %.40s",
				    DECODE_NAME(d, node), min, max, node->text);
	*ret = value;
	return 0;
}

int decode_signed(struct decode *d, const struct jnode *node, int64_t min, int64_t max,
		  int64_t *ret)
{
	int64_t value;
	int r = check_integer(d, node);

	if (r)
		return r;
	if (num_parse_i64_len(node->text, node->text_len, &value) < 0 || value < min || value > max)
		return decode_error(d, node,
				    "'%s' must be between %" PRIi64 " and %" PRIi64 ", not %.40s",
				    DECODE_NAME(d, node), min, max, node->text);
	*ret = value;
	return 0;
}

int decode_uint64(struct decode *d, const struct jnode *node, void *target)
{
	return decode_unsigned(d, node, 0, UINT64_MAX, target);
}

int decode_int64(struct decode *d, const struct jnode *node, void *target)
{
	return decode_signed(d, node, INT64_MIN, INT64_MAX, target);
}

int decode_uint32(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value;
	int r = decode_unsigned(d, node, 0, UINT32_MAX, &value);

	if (r == 0)
		*(uint32_t *)target = (uint32_t)value;
	return r;
}

int decode_id(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value;
	/* 2^32-1 is -1 to the kernel: "leave as it is" */
	int r = decode_unsigned(d, node, 0, UINT32_MAX - 1, &value);

	if (r == 0)
		*(uint32_t *)target = (uint32_t)value;
	return r;
}

int decode_spec_uint(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_uint *u = target;

	u->present = true;
	u->node = node;
	return decode_unsigned(d, node, 0, UINT64_MAX, &u->value);
}

int decode_spec_uint32(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_uint *u = target;

	u->present = true;
	u->node = node;
	return decode_unsigned(d, node, 0, UINT32_MAX, &u->value);
}

int decode_spec_int(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_int *i = target;

	i->present = true;
	i->node = node;
	return decode_signed(d, node, INT64_MIN, INT64_MAX, &i->value);
}

/* ---- words --------------------------------------------------------------------------- */

/* Short tables are listed whole; long ones would drown the message. */
static void suggest_word(struct decode *d, const struct name_value *table, const char *word)
{
	const char *nearest = name_nearest(table, word);
	char list[200] = "";
	size_t len = 0;

	if (nearest) {
		decode_remedy(d, "did you mean '%s'?", nearest);
		return;
	}
	for (; table->name; table++) {
		int r = snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
				 table->name);

		if (r < 0 || (size_t)r >= sizeof(list) - len)
			return;
		len += (size_t)r;
	}
	decode_remedy(d, "known are %s", list);
}

int decode_word(struct decode *d, const struct jnode *node, const struct name_value *table,
		const char *what, uint64_t *ret)
{
	int r = decode_type(d, node, ROW_STRING);

	if (r || name_lookup(table, node->text, ret))
		return r;
	r = decode_error(d, node, "unknown %s '%.100s' in '%s'", what, node->text,
			 DECODE_NAME(d, node));
	suggest_word(d, table, node->text);
	return r;
}

int decode_word_flags(struct decode *d, const struct jnode *node, const struct name_value *table,
		      const char *what, uint64_t *ret)
{
	int result = 0;

	for (const struct jnode *item = node->first; item; item = item->next) {
		uint64_t flag = 0;
		int r = decode_word(d, item, table, what, &flag);

		if (r < 0)
			return r;
		result |= r;
		*ret |= flag;
	}
	return result;
}

/* One "N" or "N-M"; moves *s behind it. */
static bool read_range(const char **s)
{
	uint64_t bounds[2];

	for (unsigned i = 0; i < 2; i++) {
		size_t len = strspn(*s, "0123456789");

		if (num_parse_u64_len(*s, len, &bounds[i]) < 0 || bounds[i] > UINT16_MAX)
			return false;
		*s += len;
		if (i == 1 || **s != '-')
			return i == 0 || bounds[0] <= bounds[1];
		(*s)++;
	}
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number_list(const char *s)
{
	do {
		if (!read_range(&s))
			return false;
	} while (*s++ == ',');
	return !s[-1];
}

int decode_number_list(struct decode *d, const struct jnode *node, const char *what,
		       const char **ret)
{
	char *text;
	const char *s;
	bool split = false; /* a space inside a number */
	size_t n = 0;
	int r = decode_type(d, node, ROW_STRING);

	if (r)
		return r;
	text = arena_alloc(d->arena, node->text_len + 1);
	for (s = node->text; *s; s++) {
		if (*s == ' ')
			continue;
		split = split || (n && s[-1] == ' ' && is_digit(text[n - 1]) && is_digit(*s));
		text[n++] = *s;
	}
	if (!n)
		return 0;
	if (split || !is_number_list(text))
		return decode_error(d, node,
				    "'%s' must be a list of %s such as 0-3,7, not '%.100s'",
				    DECODE_NAME(d, node), what, node->text);
	*ret = text;
	return 0;
}
