/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GVariant text -> values: what annotations org.systemd.property.* hold ("uint64 30", "['a.service']"). Pure. Host half.
 *
 * A type stands before a value as a word ("uint64 5") or as a string ("@as []"); a number without one is an int32,
 * or a double if it has a point or an exponent. Items of an array have the type of its first.
 */
#include <errno.h>
#include <string.h>

#include "cgroups/gvariant.h"

#define DEPTH_MAX 8
#define ITEMS_MAX 1024

struct parser {
	struct arena *arena;
	const char *p;
	const char *expected; /* the first thing that was missing */
	unsigned depth;
};

static const struct {
	const char *word;
	char type;
} keywords[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' }, { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' }, { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' },
};

static int parse_value(struct parser *ps, const char *type, struct gvariant *ret);

static int expect(struct parser *ps, const char *what)
{
	if (!ps->expected)
		ps->expected = what;
	return -EINVAL;
}

static void skip_space(struct parser *ps)
{
	ps->p += strspn(ps->p, " \t\n");
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Takes word when it stands here and ends here. */
static bool take_word(struct parser *ps, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(ps->p, word, len) != 0 || is_word_char(ps->p[len]))
		return false;
	ps->p += len;
	skip_space(ps);
	return true;
}

/* Length of one complete type at the start of s, 0 if there is none. */
static size_t type_length(const char *s, unsigned depth)
{
	size_t len = 1;

	if (depth > DEPTH_MAX || !*s)
		return 0;
	if (strchr("bynqiuxtds", *s))
		return 1;
	if (*s == 'a') {
		size_t item = type_length(s + 1, depth + 1);

		return item ? item + 1 : 0;
	}
	if (*s != '(')
		return 0;
	while (s[len] != ')') {
		size_t item = type_length(s + len, depth + 1);

		if (!item)
			return 0;
		len += item;
	}
	return len + 1;
}

/* ---- strings ------------------------------------------------------------------------------- */

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int parse_code_point(struct parser *ps, unsigned digits, char *out, size_t *len)
{
	uint32_t c = 0;

	for (; digits; digits--, ps->p++) {
		char d = *ps->p;

		if (d >= '0' && d <= '9')
			c = c << 4 | (uint32_t)(d - '0');
		else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
			c = c << 4 | (uint32_t)((d | 0x20) - 'a' + 10);
		else
			return expect(ps, "hexadecimal digits");
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return expect(ps, "a character of Unicode other than NUL");
	*len += put_utf8(out + *len, c);
	return 0;
}

static int parse_escape(struct parser *ps, char *out, size_t *len)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	char c = *ps->p;
	const char *at;

	if (!c)
		return expect(ps, "the rest of a string");
	ps->p++;
	if (c == 'u' || c == 'U')
		return parse_code_point(ps, c == 'u' ? 4 : 8, out, len);
	at = strchr(from, c);
	out[(*len)++] = at ? to[at - from] : c;
	return 0;
}

static int parse_string(struct parser *ps, struct gvariant *ret)
{
	char quote = *ps->p, *out;
	size_t len = 0;

	if (quote != '\'' && quote != '"')
		return expect(ps, "a quoted string");
	/* An escape is never shorter than what it stands for. */
	out = arena_alloc(ps->arena, strlen(ps->p) + 1);
	ps->p++;
	while (*ps->p != quote) {
		if (!*ps->p)
			return expect(ps, "the closing quote of a string");
		if (*ps->p != '\\') {
			out[len++] = *ps->p++;
			continue;
		}
		ps->p++;
		if (parse_escape(ps, out, &len) < 0)
			return -EINVAL;
	}
	ps->p++;
	out[len] = '\0';
	*ret = (struct gvariant){ .type = 's', .text = out, .signature = "s" };
	return 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int parse_double(struct parser *ps, const char *word, size_t len, struct gvariant *ret)
{
	double value = 0, unit = 1;
	bool negative = *word == '-';
	const char *end = word + len;
	int64_t exponent = 0;

	word += *word == '-' || *word == '+';
	for (; word < end && *word >= '0' && *word <= '9'; word++)
		value = value * 10 + (*word - '0');
	if (word < end && *word == '.') {
		for (word++; word < end && *word >= '0' && *word <= '9'; word++)
			value += (*word - '0') * (unit /= 10);
	}
	if (word < end && (*word | 0x20) == 'e') {
		word++;
		word += *word == '+';
		if (num_parse_i64_len(word, (size_t)(end - word), &exponent) < 0 ||
		    exponent > 308 || exponent < -308)
			return expect(ps, "a number");
		word = end;
	}
	if (word != end)
		return expect(ps, "a number");
	for (; exponent > 0; exponent--)
		value *= 10;
	for (; exponent < 0; exponent++)
		value /= 10;
	*ret = (struct gvariant){ .type = 'd',
				  .real = negative ? -value : value,
				  .signature = "d" };
	return 0;
}

/* Decimal, 0x hexadecimal or 0 octal digits. */
static int parse_digits(const char *s, size_t len, uint64_t *ret)
{
	unsigned base = 10;
	uint64_t value = 0;

	if (len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x')
		base = 16, s += 2, len -= 2;
	else if (len > 1 && s[0] == '0')
		base = 8, s++, len--;
	for (size_t i = 0; i < len; i++) {
		unsigned d = s[i] >= '0' && s[i] <= '9' ? (unsigned)(s[i] - '0') : 99;

		if (d == 99 && (s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'f')
			d = (unsigned)((s[i] | 0x20) - 'a' + 10);
		if (d >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, d, &value))
			return -ERANGE;
	}
	*ret = value;
	return len ? 0 : -EINVAL;
}

static int parse_integer(struct parser *ps, const char *word, size_t len, char type,
			 struct gvariant *ret)
{
	static const struct {
		char type;
		const char *signature;
		uint64_t positive, negative; /* largest absolute values */
	} ranges[] = {
		{ 'y', "y", UINT8_MAX, 0 },  { 'n', "n", INT16_MAX, (uint64_t)INT16_MAX + 1 },
		{ 'q', "q", UINT16_MAX, 0 }, { 'i', "i", INT32_MAX, (uint64_t)INT32_MAX + 1 },
		{ 'u', "u", UINT32_MAX, 0 }, { 'x', "x", INT64_MAX, (uint64_t)INT64_MAX + 1 },
		{ 't', "t", UINT64_MAX, 0 },
	};
	bool negative = *word == '-', sign = *word == '-' || *word == '+';
	uint64_t value;

	if (parse_digits(word + sign, len - sign, &value) < 0)
		return expect(ps, "a whole number");
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (ranges[i].type != type)
			continue;
		if (value > (negative ? ranges[i].negative : ranges[i].positive))
			return expect(ps, "a number within the range of its type");
		*ret = (struct gvariant){ .type = type,
					  .number = negative ? 0 - value : value,
					  .signature = ranges[i].signature };
		return 0;
	}
	return expect(ps, "a value of another type");
}

static int parse_number(struct parser *ps, char type, struct gvariant *ret)
{
	const char *word = ps->p;
	size_t len = strspn(word, "+-0123456789abcdefABCDEFxX.");
	bool hex = len > 2 && memchr(word, 'x', len);
	bool real = memchr(word, '.', len) ||
		    (!hex && (memchr(word, 'e', len) || memchr(word, 'E', len)));

	if (!len)
		return expect(ps, "a value");
	ps->p += len;
	if (type == 'd' || (!type && real))
		return parse_double(ps, word, len, ret);
	return parse_integer(ps, word, len, type ? type : 'i', ret);
}

/* ---- containers -------------------------------------------------------------------------------- */

static int parse_items(struct parser *ps, char close, const char *type, bool tuple,
		       struct gvariant *ret)
{
	struct gvariant items[16], *heap = items;
	size_t room = ARRAY_SIZE(items), count = 0;

	skip_space(ps);
	while (*ps->p != close) {
		size_t len = tuple && type ? type_length(type, 0) : 0;

		if (count == room) {
			struct gvariant *more = arena_alloc(ps->arena, room * 4 * sizeof(*more));

			if (room >= ITEMS_MAX)
				return expect(ps, "fewer items");
			memcpy(more, heap, count * sizeof(*more));
			heap = more;
			room *= 4;
		}
		if (parse_value(ps,
				tuple ? (len ? arena_strndup(ps->arena, type, len) : NULL) : type,
				&heap[count]) < 0)
			return -EINVAL;
		if (tuple)
			type = len ? type + len : NULL;
		else
			type = heap[count].signature; /* the first item's, from now on */
		count++;
		skip_space(ps);
		if (*ps->p == ',')
			ps->p++;
		else if (*ps->p != close)
			return expect(ps, close == ']' ? "',' or ']'" : "',' or ')'");
		skip_space(ps);
	}
	ps->p++;
	ret->items = arena_alloc(ps->arena, (count + 1) * sizeof(*heap));
	memcpy(ret->items, heap, count * sizeof(*heap));
	ret->count = count;
	return 0;
}

static int parse_array(struct parser *ps, const char *type, struct gvariant *ret)
{
	struct gvariant v = { .type = 'a' };

	if (type && type[0] != 'a')
		return expect(ps, "a value of another type");
	ps->p++;
	if (parse_items(ps, ']', type ? type + 1 : NULL, false, &v) < 0)
		return -EINVAL;
	if (!v.count && !type)
		return expect(ps, "the type of an empty array, as in '@as []'");
	v.signature = type ? type : arena_printf(ps->arena, "a%s", v.items[0].signature);
	*ret = v;
	return 0;
}

static int parse_tuple(struct parser *ps, const char *type, struct gvariant *ret)
{
	struct gvariant v = { .type = '(' };
	const char *signature = "(";

	if (type && type[0] != '(')
		return expect(ps, "a value of another type");
	ps->p++;
	if (parse_items(ps, ')', type ? type + 1 : NULL, true, &v) < 0)
		return -EINVAL;
	for (size_t i = 0; i < v.count; i++)
		signature = arena_printf(ps->arena, "%s%s", signature, v.items[i].signature);
	v.signature = arena_printf(ps->arena, "%s)", signature);
	if (!v.count || (type && !STREQ(type, v.signature)))
		return expect(ps, "as many items as the tuple's type has");
	*ret = v;
	return 0;
}

/* ---- values -------------------------------------------------------------------------------------- */

static int parse_untyped(struct parser *ps, const char *type, struct gvariant *ret)
{
	bool value = strncmp(ps->p, "true", 4) == 0;

	if (*ps->p == '[')
		return parse_array(ps, type, ret);
	if (*ps->p == '(')
		return parse_tuple(ps, type, ret);
	if (*ps->p == '\'' || *ps->p == '"')
		return type && type[0] != 's' ? expect(ps, "a value of another type")
					      : parse_string(ps, ret);
	if (take_word(ps, "true") || take_word(ps, "false")) {
		*ret = (struct gvariant){ .type = 'b', .number = value, .signature = "b" };
		return type && type[0] != 'b' ? expect(ps, "a value of another type") : 0;
	}
	if (type && !strchr("ynqiuxtd", type[0]))
		return expect(ps, "a value of another type");
	return parse_number(ps, type ? type[0] : '\0', ret);
}

/* type: the complete type that is known already, or NULL. */
static int parse_value(struct parser *ps, const char *type, struct gvariant *ret)
{
	const char *own = NULL;
	int r;

	if (++ps->depth > DEPTH_MAX)
		return expect(ps, "a value that is nested less deeply");
	skip_space(ps);
	if (*ps->p == '@') {
		size_t len = type_length(++ps->p, 0);

		if (!len)
			return expect(ps, "a type such as 'as' or 't'");
		own = arena_strndup(ps->arena, ps->p, len);
		ps->p += len;
		skip_space(ps);
	}
	for (size_t i = 0; i < ARRAY_SIZE(keywords) && !own; i++) {
		if (take_word(ps, keywords[i].word))
			own = arena_strndup(ps->arena, &keywords[i].type, 1);
	}
	if (own && type && !STREQ(own, type))
		return expect(ps, "a value of another type");
	r = parse_untyped(ps, own ? own : type, ret);
	ps->depth--;
	return r;
}

int gvariant_parse(struct arena *arena, const char *text, struct gvariant *ret,
		   const char **ret_expected)
{
	struct parser ps = { .arena = arena, .p = text };
	struct gvariant v;
	int r = parse_value(&ps, NULL, &v);

	if (r == 0) {
		skip_space(&ps);
		if (*ps.p)
			r = expect(&ps, "the end of the value");
	}
	if (r < 0) {
		*ret_expected = ps.expected;
		return r;
	}
	*ret = v;
	return 0;
}

int gvariant_seconds(const struct gvariant *v, uint64_t *ret_usec)
{
	if (v->type == 'd') {
		if (!(v->real >= 0) || v->real > 1e12)
			return -ERANGE;
		*ret_usec = (uint64_t)(v->real * 1e6 + 0.5);
		return 0;
	}
	if (!strchr("ynqiuxt", v->type))
		return -EINVAL;
	if (strchr("nix", v->type) && (int64_t)v->number < 0)
		return -ERANGE;
	return __builtin_mul_overflow(v->number, (uint64_t)1000000, ret_usec) ? -ERANGE : 0;
}
