/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jnode: walking a document that jread has built: members, JSON pointers, and the line and column of a node, which are
 * counted from its byte offset when a message needs them. Host half; pure.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "knarr/base.h"

/* ---- nodes --------------------------------------------------------------------------- */

const struct jnode *jnode_get(const struct jnode *object, const char *key)
{
	if (!object || object->type != JOBJECT)
		return NULL;
	for (const struct jnode *m = object->first; m; m = m->next)
		if (STREQ(m->key, key))
			return m;
	return NULL;
}

const char *jtype_name(enum jtype type)
{
	static const char *const names[] = {
		[JNULL] = "null",       [JBOOL] = "a boolean", [JNUMBER] = "a number",
		[JSTRING] = "a string", [JARRAY] = "an array", [JOBJECT] = "an object",
	};

	return (size_t)type < ARRAY_SIZE(names) ? names[type] : "a value";
}

/* "/" + one reference token: '~' and '/' of a name are written ~0 and ~1. Returns the new length. */
static size_t pointer_add(char *buf, size_t size, size_t len, const struct jnode *node)
{
	char digits[16];
	const char *s = node->key;

	if (!s) {
		(void)snprintf(digits, sizeof(digits), "%u", node->index);
		s = digits;
	}
	if (len + 1 < size)
		buf[len++] = '/';
	for (; *s; s++) {
		const char *out = *s == '~' ? "~0" : *s == '/' ? "~1" : NULL;
		size_t n = out ? 2 : 1;

		if (len + n >= size)
			break;
		memcpy(buf + len, out ? out : s, n);
		len += n;
	}
	buf[len] = '\0';
	return len;
}

const char *jnode_pointer(const struct jnode *node, char *buf, size_t size)
{
	const struct jnode *chain[JREAD_MAX_DEPTH + 1];
	unsigned n = 0;
	size_t len = 0;

	if (!size)
		return buf;
	buf[0] = '\0';
	for (; node && node->parent && n < ARRAY_SIZE(chain); node = node->parent)
		chain[n++] = node;
	while (n > 0)
		len = pointer_add(buf, size, len, chain[--n]);
	return buf;
}

/* Does the reference token [s, s+len) name this child? */
static bool token_names(const char *s, size_t len, const struct jnode *child)
{
	char token[64];

	/* compared in written form, so that nothing has to be unescaped */
	if (!child->key) {
		(void)snprintf(token, sizeof(token), "%u", child->index);
		return strlen(token) == len && memcmp(token, s, len) == 0;
	}
	for (const char *k = child->key; *k; k++) {
		const char *written = *k == '~' ? "~0" : *k == '/' ? "~1" : NULL;
		size_t n = written ? 2 : 1;

		if (len < n || memcmp(s, written ? written : k, n) != 0)
			return false;
		s += n;
		len -= n;
	}
	return len == 0;
}

const struct jnode *jdoc_find(const struct jdoc *doc, const char *pointer)
{
	const struct jnode *node = doc->root;

	while (*pointer == '/') {
		const char *token = pointer + 1;
		size_t len = strcspn(token, "/");
		const struct jnode *child = node->first;

		while (child && !token_names(token, len, child))
			child = child->next;
		if (!child)
			break;
		node = child;
		pointer = token + len;
	}
	return node;
}

/* ---- places -------------------------------------------------------------------------- */

void jdoc_place(const struct jdoc *doc, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column)
{
	uint32_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < doc->source_len; i++) {
		unsigned char c = (unsigned char)doc->source[i];

		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) { /* a column is a character, not a byte */
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

static void place_error(struct error *err, const struct jdoc *doc, size_t offset)
{
	if (!err)
		return;
	if (!err->file[0])
		text_copy(err->file, sizeof(err->file), doc->name);
	if (!err->line)
		jdoc_place(doc, (uint32_t)offset, &err->line, &err->column);
}

int error_at_node(struct error *err, const struct jdoc *doc, const struct jnode *node)
{
	char pointer[sizeof(err->origin)];

	if (!err)
		return -EINVAL;
	if (doc && node) {
		place_error(err, doc, node->offset);
		error_add_origin(err, jnode_pointer(node, pointer, sizeof(pointer)));
	}
	return err->code ? -err->code : -EINVAL;
}

void error_locate(struct error *err, const struct jdoc *doc)
{
	if (!err || !doc || err->line || err->origin[0] != '/')
		return;
	place_error(err, doc, jdoc_find(doc, err->origin)->offset);
}
