/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jread: JSON text -> a tree of nodes with byte offsets and raw digits. Host half.
 *
 * yajl's streaming parser finds the tokens; this file keeps what it drops: where a value stands, the digits of a
 * number as they were written, and everything that two parsers could read differently (duplicate names, lone
 * surrogates, NUL), which is refused. No recursion anywhere: the nesting is an array of JREAD_MAX_DEPTH entries.
 * The sentence of a syntax error comes from our own state, since yajl knows only "unallowed token".
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "knarr/base.h"

struct level {
	struct jnode *node;
	struct jnode *last; /* its youngest child */
};

struct reader {
	struct jdoc *doc;
	struct error *err;
	yajl_handle yajl;
	struct level levels[JREAD_MAX_DEPTH];
	unsigned depth;
	unsigned nodes;
	const char *key; /* member name that waits for its value */
	uint32_t key_offset;
	size_t end;  /* just behind the last token that was reported */
	bool opened; /* that token was a '{' or '[' */
	bool failed; /* err is set: a callback refused */
};

/* ---- refusing ------------------------------------------------------------------------ */

static void place_error(struct error *err, const struct jdoc *doc, size_t offset)
{
	if (!err)
		return;
	text_copy(err->file, sizeof(err->file), doc->name);
	jdoc_place(doc, (uint32_t)offset, &err->line, &err->column);
}

static int refuse(struct reader *r, size_t offset, const char *fmt, ...) _printf_(3, 4);
static int refuse(struct reader *r, size_t offset, const char *fmt, ...)
{
	char text[sizeof(r->err->text)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)error_fail(r->err, ERROR_CONFIG, 0, "%s", text);
	place_error(r->err, r->doc, offset);
	r->failed = true;
	return 0; /* what a yajl callback returns to stop */
}

static size_t skip_space(const struct jdoc *doc, size_t at)
{
	while (at < doc->source_len && strchr(" \t\r\n", doc->source[at]) && doc->source[at])
		at++;
	return at;
}

/* Names what stands at `at` for a message: "'}'", "'tru'", "the end of the text". */
static void found_text(const struct jdoc *doc, size_t at, char *buf, size_t size)
{
	const char *s = doc->source + at;
	size_t n = 0;

	if (at >= doc->source_len) {
		text_copy(buf, size, "the end of the text");
		return;
	}
	if (*s == '"') {
		text_copy(buf, size, "a string");
		return;
	}
	while (n < 24 && at + n < doc->source_len &&
	       (isalnum((unsigned char)s[n]) || strchr("_+-.", s[n])) && s[n])
		n++;
	if (n)
		(void)snprintf(buf, size, "'%.*s'", (int)n, s);
	else if (isprint((unsigned char)*s))
		(void)snprintf(buf, size, "'%c'", *s);
	else
		(void)snprintf(buf, size, "byte 0x%02x", (unsigned char)*s);
}

/* A string token that yajl could not read, starting at its opening quote. */
static void refuse_string(struct reader *r, size_t at)
{
	const struct jdoc *doc = r->doc;

	for (size_t i = at + 1; i < doc->source_len; i++) {
		unsigned char c = (unsigned char)doc->source[i];

		if (c == '"')
			break;
		if (c < 0x20) {
			(void)refuse(
				r, i,
				"invalid JSON: a line break or control character (0x%02x) inside a string",
				c);
			return;
		}
		if (c != '\\')
			continue;
		c = (unsigned char)doc->source[++i];
		if (i >= doc->source_len)
			break;
		if (!strchr("\"\\/bfnrtu", c) || !c) {
			(void)refuse(r, i - 1,
				     "invalid JSON: unknown escape '\\%c' inside a string",
				     isprint(c) ? c : '?');
			return;
		}
		if (c == 'u' && strspn(doc->source + i + 1, "0123456789abcdefABCDEF") < 4) {
			(void)refuse(r, i - 1, "invalid JSON: '\\u' takes four hexadecimal digits");
			return;
		}
	}
	(void)refuse(r, at, "invalid JSON: a string that starts here is not closed");
}

/* Finds the token behind the last good one, and says what should have stood there. */
static void refuse_syntax(struct reader *r)
{
	const struct jdoc *doc = r->doc;
	const struct jnode *container = r->depth ? r->levels[r->depth - 1].node : NULL;
	bool object = container && container->type == JOBJECT;
	size_t at = skip_space(doc, r->end);
	const char *expected;
	char found[64];

	if (r->key) {
		expected = "':' after a member's name";
		if (doc->source[at] == ':') {
			at = skip_space(doc, at + 1);
			expected = "a value after ':'";
		}
	} else if (!container) {
		expected = doc->root ? "the end of the text" : "a value";
	} else if (r->opened) {
		expected = object ? "a member's name in double quotes, or '}'" : "a value, or ']'";
	} else if (doc->source[at] == ',') {
		at = skip_space(doc, at + 1);
		expected = object ? "a member's name in double quotes after ','"
				  : "a value after ','";
	} else {
		expected = object ? "',' or '}'" : "',' or ']'";
	}
	if (at < doc->source_len && doc->source[at] == '"' && !strchr("':,t", expected[0])) {
		refuse_string(r, at);
		return;
	}
	found_text(doc, at, found, sizeof(found));
	(void)refuse(r, at, "invalid JSON: expected %s, found %s", expected, found);
	if (doc->source[at] == '/' && at < doc->source_len)
		error_add_remedy(r->err, "JSON has no comments");
	else if (doc->source[at] == '\'' && at < doc->source_len)
		error_add_remedy(r->err, "JSON strings take double quotes");
}

/* ---- the checks that yajl does not make ---------------------------------------------- */

static int check_encoding(struct reader *r)
{
	const struct jdoc *doc = r->doc;
	size_t i = 0;

	if (doc->source_len >= 3 && memcmp(doc->source, "\xef\xbb\xbf", 3) == 0) {
		(void)refuse(r, 0, "invalid JSON: the text starts with a byte order mark");
		return -EINVAL;
	}
	if (text_is_utf8(doc->source, doc->source_len))
		return 0;
	while (i < doc->source_len) {
		size_t n = 1;

		while (n <= 4 && i + n <= doc->source_len && !text_is_utf8(doc->source + i, n))
			n++;
		if (n > 4 || i + n > doc->source_len)
			break;
		i += n;
	}
	if (i < doc->source_len && !doc->source[i])
		(void)refuse(r, i, "invalid JSON: a NUL byte in the text");
	else
		(void)refuse(r, i, "invalid JSON: the text is not valid UTF-8");
	return -EINVAL;
}

/*
 * The opening quote of the string that ends at `end` (behind its closing quote): inside a string every quote has an
 * odd number of backslashes before it, and none can stand before the opening one.
 */
static size_t string_start(const struct jdoc *doc, size_t end)
{
	size_t at = end - 1;

	while (at > 0) {
		size_t slashes = 0;

		at--;
		if (doc->source[at] != '"')
			continue;
		while (slashes < at && doc->source[at - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			break;
	}
	return at;
}

static uint32_t hex4(const char *s)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v = v * 16 + (uint32_t)(isdigit((unsigned char)s[i]) ? s[i] - '0'
								     : (s[i] | 0x20) - 'a' + 10);
	return v;
}

/* yajl turns a lone surrogate into '?' and lets \u0000 pass; both change what was written. */
static int check_escapes(struct reader *r, size_t start, size_t end)
{
	const char *s = r->doc->source;

	for (size_t i = start; i + 1 < end; i++) {
		uint32_t code;

		if (s[i] != '\\')
			continue;
		if (s[++i] != 'u' || i + 4 >= end)
			continue;
		code = hex4(s + i + 1);
		if (code == 0)
			return refuse(
				r, i - 1,
				"a string holds a NUL character, which no path and no argument can");
		if (code >= 0xdc00 && code <= 0xdfff)
			return refuse(r, i - 1, "invalid JSON: half of a surrogate pair");
		if (code >= 0xd800 && code <= 0xdbff) {
			if (i + 10 >= end || s[i + 5] != '\\' || s[i + 6] != 'u' ||
			    hex4(s + i + 7) < 0xdc00 || hex4(s + i + 7) > 0xdfff)
				return refuse(r, i - 1, "invalid JSON: half of a surrogate pair");
			i += 6;
		}
		i += 4;
	}
	return 1;
}

static int compare_keys(const void *a, const void *b)
{
	const struct jnode *x = *(const struct jnode *const *)a,
			   *y = *(const struct jnode *const *)b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* Sorted, not hashed: no choice of names makes it slow. Reports the duplicate that comes first in the text. */
static int check_duplicates(struct reader *r, const struct jnode *object)
{
	_cleanup_free_ const struct jnode **members = NULL;
	const struct jnode *found = NULL;
	uint32_t n = 0;

	if (object->count < 2)
		return 1;
	members = mem_alloc_array(object->count, sizeof(*members));
	for (const struct jnode *m = object->first; m; m = m->next)
		members[n++] = m;
	qsort(members, n, sizeof(*members), compare_keys);
	for (uint32_t i = 1; i < n; i++)
		if (STREQ(members[i - 1]->key, members[i]->key) &&
		    (!found || members[i]->offset < found->offset))
			found = members[i];
	if (!found)
		return 1;
	return refuse(r, found->key_offset, "duplicate member '%.200s' in one object", found->key);
}

/* ---- yajl's callbacks ---------------------------------------------------------------- */

/* Byte offset just behind the token that is being reported. */
static size_t token_end(const struct reader *r)
{
	return yajl_get_bytes_consumed(r->yajl);
}

static struct jnode *add_node(struct reader *r, enum jtype type, size_t start)
{
	struct level *level = r->depth ? &r->levels[r->depth - 1] : NULL;
	struct jnode *node;

	if (++r->nodes > JREAD_MAX_NODES) {
		(void)refuse(r, start, "more than %u JSON values in one text", JREAD_MAX_NODES);
		return NULL;
	}
	node = arena_alloc(r->doc->arena, sizeof(*node));
	node->type = type;
	node->offset = (uint32_t)start;
	node->key = r->key;
	node->key_offset = r->key ? r->key_offset : 0;
	r->key = NULL;
	r->opened = false;
	r->end = token_end(r);
	if (!level) {
		r->doc->root = node;
		return node;
	}
	node->parent = level->node;
	node->index = level->node->count++;
	if (level->last)
		level->last->next = node;
	else
		level->node->first = node;
	level->last = node;
	return node;
}

static int add_scalar(struct reader *r, enum jtype type, const char *text, size_t len, size_t start)
{
	struct jnode *node = add_node(r, type, start);

	if (!node)
		return 0;
	node->text = arena_strndup(r->doc->arena, text, len);
	node->text_len = (uint32_t)len;
	return 1;
}

static int on_null(void *ctx)
{
	struct reader *r = ctx;

	return add_scalar(r, JNULL, "null", 4, token_end(r) - 4);
}

static int on_boolean(void *ctx, int value)
{
	struct reader *r = ctx;
	size_t len = value ? 4 : 5;
	struct jnode *node = add_node(r, JBOOL, token_end(r) - len);

	if (!node)
		return 0;
	node->text = value ? "true" : "false";
	node->text_len = (uint32_t)len;
	node->boolean = value;
	return 1;
}

static int on_number(void *ctx, const char *digits, size_t len)
{
	struct reader *r = ctx;

	return add_scalar(r, JNUMBER, digits, len, token_end(r) - len);
}

static int on_string(void *ctx, const unsigned char *text, size_t len)
{
	struct reader *r = ctx;
	size_t end = token_end(r), start = string_start(r->doc, end);

	if (!check_escapes(r, start, end))
		return 0;
	return add_scalar(r, JSTRING, (const char *)text, len, start);
}

static int on_key(void *ctx, const unsigned char *text, size_t len)
{
	struct reader *r = ctx;
	size_t end = token_end(r), start = string_start(r->doc, end);

	if (!check_escapes(r, start, end))
		return 0;
	r->key = arena_strndup(r->doc->arena, (const char *)text, len);
	r->key_offset = (uint32_t)start;
	r->end = end;
	r->opened = false;
	return 1;
}

static int open_level(struct reader *r, enum jtype type)
{
	size_t start = token_end(r) - 1;
	struct jnode *node;

	if (r->depth >= JREAD_MAX_DEPTH)
		return refuse(r, start, "JSON is nested deeper than %d levels", JREAD_MAX_DEPTH);
	node = add_node(r, type, start);
	if (!node)
		return 0;
	r->levels[r->depth++] = (struct level){ .node = node };
	r->opened = true;
	return 1;
}

static int on_object(void *ctx)
{
	return open_level(ctx, JOBJECT);
}

static int on_array(void *ctx)
{
	return open_level(ctx, JARRAY);
}

static int on_end(void *ctx)
{
	struct reader *r = ctx;
	const struct jnode *node = r->levels[--r->depth].node;

	r->end = token_end(r);
	r->opened = false;
	return node->type == JOBJECT ? check_duplicates(r, node) : 1;
}

static const yajl_callbacks reader_callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_end,
};

/* ---- documents ----------------------------------------------------------------------- */

static int read_tree(struct reader *r)
{
	yajl_status status;

	if (check_encoding(r) < 0)
		return -EINVAL;
	r->yajl = yajl_alloc(&reader_callbacks, NULL, r);
	if (!r->yajl)
		return error_set(r->err, ENOMEM, "cannot read '%s'", r->doc->name);
	/* The space behind the text ends a number that stands last, so that its offset is one of this text. */
	status = yajl_parse(r->yajl, (const unsigned char *)r->doc->source, r->doc->source_len + 1);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(r->yajl);
	yajl_free(r->yajl);
	if (status == yajl_status_ok && !r->failed)
		return 0;
	if (!r->failed)
		refuse_syntax(r);
	return -EINVAL;
}

int jread_parse(const char *text, size_t len, const char *name, struct jdoc **ret,
		struct error *err)
{
	_cleanup_(jdoc_freep) struct jdoc *doc = NULL;
	struct reader reader;
	int r;

	if (len > JREAD_MAX_SIZE)
		return error_fail(err, ERROR_CONFIG, EFBIG, "'%s' is larger than %u MiB", name,
				  JREAD_MAX_SIZE >> 20);
	doc = mem_alloc(sizeof(*doc));
	doc->arena = arena_new();
	doc->source = mem_alloc(len + 2);
	memcpy(doc->source, text, len);
	doc->source[len] = ' ';
	doc->source_len = len;
	/* Of a long path the end says more than the beginning. */
	if (strlen(name) >= sizeof(doc->name) && strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	text_copy(doc->name, sizeof(doc->name), name);

	reader = (struct reader){ .doc = doc, .err = err };
	r = read_tree(&reader);
	doc->source[len] = '\0';
	if (r < 0)
		return r;
	*ret = TAKE_PTR(doc);
	return 0;
}

int jread_file_at(int dirfd, const char *path, const char *name, struct jdoc **ret,
		  struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = io_read_file_at(dirfd, path, JREAD_MAX_SIZE, &text, &len);
	if (r == -EFBIG)
		return error_fail(err, ERROR_CONFIG, EFBIG, "'%s' is larger than %u MiB", name,
				  JREAD_MAX_SIZE >> 20);
	if (r < 0) {
		r = error_set(err, -r, "cannot read '%s'", name);
		error_add_subject(err, path);
		return r;
	}
	return jread_parse(text, len, name, ret, err);
}

struct jdoc *jdoc_free(struct jdoc *doc)
{
	if (!doc)
		return NULL;
	(void)arena_free(doc->arena);
	free(doc->source);
	free(doc);
	return NULL;
}
