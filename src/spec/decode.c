/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode: the row walker and the reporting of problems. Host half; pure.
 *
 * A null is read as an absent member: writers in Go emit it for an empty list or pointer, and no member of the
 * specification gives null a meaning of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/decode.h"

#define MAX_FINDINGS 1000 /* a record is large, and nobody reads further */

static const struct {
	enum jtype type;
	const char *text;
} row_types[] = {
	[ROW_STRING] = { JSTRING, "a string" },
	[ROW_INTEGER] = { JNUMBER, "an integer" },
	[ROW_BOOL] = { JBOOL, "true or false" },
	[ROW_OBJECT] = { JOBJECT, "an object" },
	[ROW_STRINGS] = { JARRAY, "an array of strings" },
	[ROW_INTEGERS] = { JARRAY, "an array of integers" },
	[ROW_OBJECTS] = { JARRAY, "an array of objects" },
	[ROW_MAP] = { JOBJECT, "an object" },
};

/* ---- names --------------------------------------------------------------------------- */

const char *decode_name(const struct decode *d, const struct jnode *node, char *buf, size_t size)
{
	const struct jnode *chain[JREAD_MAX_DEPTH];
	unsigned n = 0;
	size_t len = 0;

	for (; node && node->parent && n < ARRAY_SIZE(chain); node = node->parent)
		chain[n++] = node;
	if (n == 0) {
		text_copy(buf, size, d->doc ? d->doc->name : "");
		return buf;
	}
	while (n > 0) {
		const struct jnode *at = chain[--n];
		const char *key = at->key;
		int r;

		if (!key)
			r = snprintf(buf + len, size - len, "[%u]", at->index);
		else if (key[0] && !strpbrk(key, ". []'"))
			r = snprintf(buf + len, size - len, "%s%s", len ? "." : "", key);
		else
			r = snprintf(buf + len, size - len, "[%s]", key);
		if (r < 0 || (size_t)r >= size - len)
			break;
		len += (size_t)r;
	}
	return buf;
}

/* ---- reporting ----------------------------------------------------------------------- */

static struct spec_finding *finding_add(struct decode *d)
{
	struct spec_findings *f = d->findings;

	f->items = mem_grow(f->items, f->count + 1, sizeof(*f->items));
	f->items[f->count] = (struct spec_finding){ .warning = false };
	return &f->items[f->count++];
}

static int report(struct decode *d, const struct jnode *node, enum error_class class,
		  const char *text)
{
	struct error *err = d->err;
	bool stop = !d->findings;

	d->errors++;
	if (d->findings) {
		err = &finding_add(d)->error;
		stop = d->findings->count >= MAX_FINDINGS;
	}
	(void)error_fail(err, class, 0, "%s", text);
	(void)error_at_node(err, d->doc, node);
	return stop ? -EINVAL : DECODE_SKIP;
}

int decode_error(struct decode *d, const struct jnode *node, const char *fmt, ...)
{
	char text[sizeof(d->err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return report(d, node, ERROR_CONFIG, text);
}

int decode_unsupported(struct decode *d, const struct jnode *node, const char *fmt, ...)
{
	char text[sizeof(d->err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return report(d, node, ERROR_UNSUPPORTED, text);
}

void decode_remedy(struct decode *d, const char *fmt, ...)
{
	struct error *err = d->findings ? &d->findings->items[d->findings->count - 1].error
					: d->err;
	char text[sizeof(err->remedy)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_add_remedy(err, "%s", text);
}

static bool remark(struct decode *d, const struct jnode *node, enum log_level level,
		   const char *fmt, va_list ap)
{
	char text[sizeof(d->err->text)];
	struct spec_finding *f;

	if (!d->findings && !log_enabled(level))
		return false;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	if (!d->findings) {
		if (level == LOG_LEVEL_WARNING)
			log_warning("%s, ignoring", text);
		else
			log_info("%s", text);
		return false;
	}
	if (d->findings->count >= MAX_FINDINGS)
		return false;
	f = finding_add(d);
	f->warning = true;
	(void)error_fail(&f->error, ERROR_CONFIG, 0, "%s", text);
	(void)error_at_node(&f->error, d->doc, node);
	return true;
}

bool decode_warning(struct decode *d, const struct jnode *node, const char *fmt, ...)
{
	va_list ap;
	bool kept;

	va_start(ap, fmt);
	kept = remark(d, node, LOG_LEVEL_WARNING, fmt, ap);
	va_end(ap);
	return kept;
}

void decode_notice(struct decode *d, const struct jnode *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)remark(d, node, LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

int decode_missing(struct decode *d, const struct jnode *object, const char *member)
{
	if (!object->parent)
		return decode_error(d, object, "'%s' is missing", member);
	return decode_error(d, object, "'%s.%s' is missing", DECODE_NAME(d, object), member);
}

/* A member that no row knows: it must be ignored (config.md, "Extensibility"), but a misspelling deserves a word. */
static void report_unknown(struct decode *d, const struct jnode *node, const struct row *rows,
			   size_t count)
{
	const char *words[64], *nearest;
	struct error *err;
	size_t n = 0;

	if (!d->findings) {
		if (log_enabled(LOG_LEVEL_DEBUG))
			log_debug("unknown property '%s', ignoring", DECODE_NAME(d, node));
		return;
	}
	if (!decode_warning(d, node, "unknown property '%s'", DECODE_NAME(d, node)))
		return;
	err = &d->findings->items[d->findings->count - 1].error;
	jdoc_place(d->doc, node->key_offset, &err->line, &err->column);
	for (; n < count && n + 1 < ARRAY_SIZE(words); n++)
		words[n] = rows[n].name;
	words[n] = NULL;
	nearest = text_nearest(node->key, words);
	if (nearest)
		decode_remedy(d, "did you mean '%s'?", nearest);
}

/* ---- walking ------------------------------------------------------------------------- */

int decode_type(struct decode *d, const struct jnode *node, enum row_type type)
{
	if (type == ROW_ANY || node->type == row_types[type].type)
		return 0;
	return decode_error(d, node, "'%s' must be %s, not %s", DECODE_NAME(d, node),
			    row_types[type].text, jtype_name(node->type));
}

static int decode_row(struct decode *d, const struct jnode *node, const struct row *row,
		      char *target)
{
	int r;

	if (row->flags & ROW_FOREIGN) {
		(void)decode_warning(
			d, node,
			"'%s' has no meaning on Linux or was withdrawn from the specification",
			DECODE_NAME(d, node));
		return 0;
	}
	r = decode_type(d, node, row->type);
	if (r)
		return r;
	if (row->node_offset)
		*(const struct jnode **)(void *)(target + row->node_offset) = node;
	return row->handler(d, node, target + row->offset);
}

int decode_object(struct decode *d, const struct jnode *node, const struct row *rows, size_t count,
		  void *target)
{
	uint64_t seen = 0;
	int result = 0;
	int r;

	r = decode_type(d, node, ROW_OBJECT);
	if (r)
		return r;
	for (const struct jnode *m = node->first; m; m = m->next) {
		size_t i = 0;

		while (i < count && !STREQ(rows[i].name, m->key))
			i++;
		if (i == count) {
			report_unknown(d, m, rows, count);
			continue;
		}
		if (m->type == JNULL)
			continue;
		seen |= UINT64_C(1) << i;
		r = decode_row(d, m, &rows[i], target);
		if (r < 0)
			return r;
		result |= r;
	}
	for (size_t i = 0; i < count; i++) {
		if (!(rows[i].flags & ROW_MANDATORY) || (seen & UINT64_C(1) << i))
			continue;
		r = decode_missing(d, node, rows[i].name);
		if (r < 0)
			return r;
		result |= r;
	}
	return result;
}

void *decode_room(struct decode *d, const struct jnode *node, size_t size)
{
	return node->count ? arena_alloc(d->arena, node->count * size) : NULL;
}

int decode_each(struct decode *d, const struct jnode *node, void *items, size_t size,
		decode_handler *handler)
{
	char *target = items;
	int result = 0;

	for (const struct jnode *item = node->first; item; item = item->next, target += size) {
		int r = handler(d, item, target);

		if (r < 0)
			return r;
		result |= r;
	}
	return result;
}
