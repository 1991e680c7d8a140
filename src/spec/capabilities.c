/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capabilities: names -> bit sets. config.md: a name that maps to nothing is logged, never an error, so it is
 * kept aside and the plan decides. Host half; pure.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "spec/sections.h"

#define PREFIX "CAP_"

int spec_capability_number(const char *name)
{
	if (strncasecmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	for (const struct name_value *n = spec_capability_names; n->name; n++)
		if (strcasecmp(n->name + strlen(PREFIX), name) == 0)
			return (int)n->value;
	return -1;
}

const char *spec_capability_name(int number)
{
	for (const struct name_value *n = spec_capability_names; n->name; n++)
		if (number >= 0 && n->value == (uint64_t)number)
			return n->name;
	return NULL;
}

static void add_unknown(struct decode *d, struct spec_string_list *list, const char *name)
{
	const char **items;

	for (size_t i = 0; i < list->count; i++)
		if (STREQ(list->items[i], name))
			return;
	items = arena_alloc(d->arena, (list->count + 2) * sizeof(*items));
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = arena_strndup(d->arena, name, strlen(name));
	list->items = items;
}

static void report_unknown(struct decode *d, const struct jnode *item)
{
	char full[64];
	const char *nearest;

	if (!decode_warning(d, item, "unknown capability '%.60s'", item->text))
		return;
	(void)snprintf(full, sizeof(full), "%s%.50s",
		       strncasecmp(item->text, PREFIX, strlen(PREFIX)) == 0 ? "" : PREFIX,
		       item->text);
	for (char *s = full; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
	nearest = name_nearest(spec_capability_names, full);
	if (nearest)
		decode_remedy(d, "did you mean '%s'?", nearest);
}

static int decode_set(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_capabilities *caps = &d->spec->process.capabilities;
	uint64_t *set = target;
	int result = 0;

	for (const struct jnode *item = node->first; item; item = item->next) {
		int r = decode_type(d, item, ROW_STRING);
		int number;

		if (r < 0)
			return r;
		result |= r;
		if (r)
			continue;
		number = spec_capability_number(item->text);
		if (number >= 0) {
			*set |= UINT64_C(1) << number;
			continue;
		}
		add_unknown(d, &caps->unknown, item->text);
		report_unknown(d, item);
	}
	return result;
}

int decode_capabilities(struct decode *d, const struct jnode *node, void *target)
{
#define SET(x) #x, ROW_STRINGS, decode_set, offsetof(struct spec_capabilities, x), 0, 0
	static const struct row rows[] = {
		{ SET(bounding) },  { SET(effective) }, { SET(inheritable) },
		{ SET(permitted) }, { SET(ambient) },
	};
#undef SET
	struct spec_capabilities *caps = target;

	caps->present = true;
	caps->node = node;
	return DECODE_OBJECT(d, node, rows, caps);
}
