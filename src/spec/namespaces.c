/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namespaces: linux.namespaces and the offsets of the time namespace. The array of the specification becomes one slot
 * a type, since duplicates are errors and order means nothing. Host half; pure.
 */
#include <string.h>

#include "spec/sections.h"

struct namespace_entry {
	uint64_t type;
	bool known;
	const char *path;
	const struct jnode *path_node;
};

static int namespace_type(struct decode *d, const struct jnode *node, void *target)
{
	struct namespace_entry *entry = target;
	int r = decode_word(d, node, spec_namespace_names, "namespace type", &entry->type);

	entry->known = r == 0;
	return r;
}

static int namespace_path(struct decode *d, const struct jnode *node, void *target)
{
	return node->text_len ? decode_absolute_path(d, node, target) : 0;
}

static int decode_namespace(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "type", ROW_STRING, namespace_type, 0, ROW_MANDATORY, 0 },
		{ "path", ROW_STRING, namespace_path, offsetof(struct namespace_entry, path), 0,
		  0 },
	};
	struct spec *s = target;
	struct namespace_entry entry = { .known = false };
	struct spec_namespace *ns;
	int r = DECODE_OBJECT(d, node, rows, &entry);

	if (r < 0 || !entry.known)
		return r;
	ns = &s->namespaces[entry.type];
	if (ns->present)
		return decode_error(d, node, "'%s' repeats the namespace type '%s'",
				    DECODE_NAME(d, node), spec_ns_name((enum spec_ns)entry.type));
	*ns = (struct spec_namespace){ .present = true, .path = entry.path, .node = node };
	return r;
}

int decode_namespaces(struct decode *d, const struct jnode *node, void *target)
{
	return decode_each(d, node, target, 0, decode_namespace);
}

/* ---- time ---------------------------------------------------------------------------- */

static int offset_nanosecs(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, 999999999, &value);

	*(uint32_t *)target = (uint32_t)value;
	return r;
}

static int decode_offset(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "secs", ROW_INTEGER, decode_int64, offsetof(struct spec_time_offset, secs), 0,
		  0 },
		{ "nanosecs", ROW_INTEGER, offset_nanosecs,
		  offsetof(struct spec_time_offset, nanosecs), 0, 0 },
	};
	struct spec_time_offset *offset = target;

	offset->present = true;
	offset->node = node;
	return DECODE_OBJECT(d, node, rows, offset);
}

int decode_time_offsets(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "monotonic", ROW_OBJECT, decode_offset, offsetof(struct spec, time_monotonic), 0,
		  0 },
		{ "boottime", ROW_OBJECT, decode_offset, offsetof(struct spec, time_boottime), 0,
		  0 },
	};

	/* The member names are clocks, that is values: one that the kernel cannot shift is an error, not an extension. */
	for (const struct jnode *m = node->first; m; m = m->next) {
		int r;

		if (STREQ(m->key, "monotonic") || STREQ(m->key, "boottime"))
			continue;
		r = decode_error(d, m, "'%.60s' is no clock that a time namespace can shift",
				 m->key);
		decode_remedy(d, "known are monotonic, boottime");
		return r;
	}
	return DECODE_OBJECT(d, node, rows, target);
}
