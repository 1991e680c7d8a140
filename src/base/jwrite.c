/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON output of the host half: jansson holds the tree, in the order the keys were put, and this file writes it.
 * jansson's own writer is not used because its integers are signed: an unlimited rlimit, 2^64-1, has no place in them.
 * The only file that includes jansson.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "knarr/base.h"

/*
 * First byte of a string node that stands for the digits of a number that jansson could not hold. It is never part of UTF-8, and
 * every other string here is UTF-8.
 */
#define RAW_DIGITS '\xff'

static json_t *tree(struct jwrite *w)
{
	return (json_t *)w;
}

static struct jwrite *checked(json_t *node)
{
	/* A NULL from jansson, which is given nothing invalid here, can only mean that memory is out. */
	if (!node)
		mem_exhausted();
	return (struct jwrite *)node;
}

/* Unseeded, jansson reads /dev/urandom for its hash table; the kernel gave us 16 random bytes at exec. */
static void seed_once(void)
{
	const unsigned char *random = (const unsigned char *)(uintptr_t)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (random)
		memcpy(&seed, random + 8, sizeof(seed));
	json_object_seed(seed ? seed : 1); /* only the first call counts */
}

struct jwrite *jwrite_object(void)
{
	seed_once();
	return checked(json_object());
}

struct jwrite *jwrite_array(void)
{
	return checked(json_array());
}

/* A copy of s in which every byte that is no UTF-8 became U+FFFD: JSON has no other place for it. */
static char *clean_utf8(const char *s)
{
	struct buf b = { 0 };

	buf_add(&b, "", 0);
	while (*s != '\0') {
		size_t len = 1;

		while (len < 4 && s[len] != '\0' && !text_is_utf8(s, len))
			len++;
		if (text_is_utf8(s, len)) {
			buf_add(&b, s, len);
			s += len;
		} else {
			buf_add_str(&b, "\xef\xbf\xbd");
			s++;
		}
	}
	return b.data;
}

static json_t *string_node(const char *s)
{
	_cleanup_free_ char *clean = NULL;

	if (text_is_utf8(s, strlen(s)))
		return json_string_nocheck(s);
	clean = clean_utf8(s);
	return json_string_nocheck(clean);
}

static void put(struct jwrite *o, const char *key, json_t *node)
{
	_cleanup_free_ char *clean = NULL;

	checked(node);
	if (json_is_array(tree(o))) {
		if (json_array_append_new(tree(o), node) < 0)
			mem_exhausted();
		return;
	}
	key = key ? key : "";
	if (!text_is_utf8(key, strlen(key)))
		key = clean = clean_utf8(key);
	if (json_object_set_new_nocheck(tree(o), key, node) < 0)
		mem_exhausted();
}

void jwrite_string(struct jwrite *o, const char *key, const char *value)
{
	put(o, key, value ? string_node(value) : json_null());
}

void jwrite_uint(struct jwrite *o, const char *key, uint64_t value)
{
	char digits[32];

	if (value <= INT64_MAX) {
		put(o, key, json_integer((json_int_t)value));
		return;
	}
	snprintf(digits, sizeof(digits), "%c%" PRIu64, RAW_DIGITS, value);
	put(o, key, json_string_nocheck(digits));
}

void jwrite_int(struct jwrite *o, const char *key, int64_t value)
{
	put(o, key, json_integer(value));
}

void jwrite_real(struct jwrite *o, const char *key, double value)
{
	/* JSON has neither infinity nor NaN. */
	put(o, key, isfinite(value) ? json_real(value) : json_null());
}

void jwrite_bool(struct jwrite *o, const char *key, bool value)
{
	put(o, key, json_boolean(value));
}

void jwrite_null(struct jwrite *o, const char *key)
{
	put(o, key, json_null());
}

void jwrite_put(struct jwrite *o, const char *key, struct jwrite *value)
{
	put(o, key, tree(value));
}

/* From jread's tree, where numbers are still the digits of the text: they come out as they went in. */
static json_t *node_of(const struct jnode *n)
{
	json_t *node;
	_cleanup_free_ char *digits = NULL;

	switch (n->type) {
	case JBOOL:
		return json_boolean(n->boolean);
	case JNUMBER:
		digits = text_printf("%c%s", RAW_DIGITS, n->text);
		return json_string_nocheck(digits);
	case JSTRING:
		return json_string_nocheck(n->text);
	case JARRAY:
		node = json_array();
		break;
	case JOBJECT:
		node = json_object();
		break;
	default:
		return json_null();
	}
	for (const struct jnode *child = n->first; child; child = child->next)
		put(checked(node), child->key, node_of(child));
	return node;
}

struct jwrite *jwrite_parsed(const char *text)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;

	if (!text || jread_parse(text, strlen(text), "text", &doc, NULL) < 0)
		return checked(json_null());
	return checked(node_of(doc->root));
}

/* ---- text ---- */

/* How many bytes stand for themselves. Control characters do not, U+007F to U+009F neither: a terminal obeys them. */
static size_t plain_span(const char *s)
{
	size_t n = 0, len;

	while (s[n] != '"' && s[n] != '\\' && (len = text_character(s + n)) > 0)
		n += len;
	return n;
}

static void write_string(struct buf *b, const char *s)
{
	static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	buf_add_str(b, "\"");
	for (; *s != '\0'; s++) {
		size_t plain = plain_span(s);
		const char *at;

		buf_add(b, s, plain);
		s += plain;
		if (*s == '\0')
			break;
		at = strchr(special, *s);
		if (at) {
			char escape[2] = { '\\', letters[at - special] };

			buf_add(b, escape, 2);
		} else {
			if (*s == '\xc2')
				s++; /* U+0080 to U+009F: the second byte is the number */
			buf_printf(b, "\\u%04x", (unsigned)(unsigned char)*s);
		}
	}
	buf_add_str(b, "\"");
}

/* The shortest digits that read back as the same value, with a mark that this is no integer. */
static void write_real(struct buf *b, double value)
{
	char digits[40];

	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	buf_add_str(b, digits);
	if (!strpbrk(digits, ".e"))
		buf_add_str(b, ".0");
}

static void new_line(struct buf *b, int indent, int depth)
{
	if (indent > 0)
		buf_printf(b, "\n%*s", indent * depth, "");
}

static void write_node(struct buf *b, json_t *node, int indent, int depth);

static void write_object(struct buf *b, json_t *node, int indent, int depth)
{
	bool first = true;

	buf_add_str(b, "{");
	for (void *i = json_object_iter(node); i; i = json_object_iter_next(node, i)) {
		if (!first)
			buf_add_str(b, ",");
		first = false;
		new_line(b, indent, depth + 1);
		write_string(b, json_object_iter_key(i));
		buf_add_str(b, indent > 0 ? ": " : ":");
		write_node(b, json_object_iter_value(i), indent, depth + 1);
	}
	if (!first)
		new_line(b, indent, depth);
	buf_add_str(b, "}");
}

static void write_array(struct buf *b, json_t *node, int indent, int depth)
{
	size_t count = json_array_size(node);

	buf_add_str(b, "[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_str(b, ",");
		new_line(b, indent, depth + 1);
		write_node(b, json_array_get(node, i), indent, depth + 1);
	}
	if (count > 0)
		new_line(b, indent, depth);
	buf_add_str(b, "]");
}

static void write_node(struct buf *b, json_t *node, int indent, int depth)
{
	switch (json_typeof(node)) {
	case JSON_OBJECT:
		write_object(b, node, indent, depth);
		break;
	case JSON_ARRAY:
		write_array(b, node, indent, depth);
		break;
	case JSON_STRING:
		if (json_string_value(node)[0] == RAW_DIGITS)
			buf_add_str(b, json_string_value(node) + 1);
		else
			write_string(b, json_string_value(node));
		break;
	case JSON_INTEGER:
		buf_printf(b, "%" PRId64, (int64_t)json_integer_value(node));
		break;
	case JSON_REAL:
		write_real(b, json_real_value(node));
		break;
	case JSON_TRUE:
		buf_add_str(b, "true");
		break;
	case JSON_FALSE:
		buf_add_str(b, "false");
		break;
	case JSON_NULL:
		buf_add_str(b, "null");
		break;
	}
}

char *jwrite_text(struct jwrite *root, int indent)
{
	struct buf b = { 0 };

	write_node(&b, tree(root), indent, 0);
	json_decref(tree(root));
	return b.data;
}
