/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict numbers. strtol() and friends skip spaces, take signs, stop at rubbish and depend on errno; each of these
 * has made a user id out of something that was none. Runs in both halves.
 */
#include <errno.h>
#include <string.h>

#include "knarr/base.h"

int num_parse_u64_len(const char *s, size_t len, uint64_t *ret)
{
	uint64_t value = 0;

	if (!s || len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s[i] - '0'), &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int num_parse_u64(const char *s, uint64_t *ret)
{
	return s ? num_parse_u64_len(s, strlen(s), ret) : -EINVAL;
}

int num_parse_i64_len(const char *s, size_t len, int64_t *ret)
{
	uint64_t value;
	bool negative;
	int r;

	if (!s || len == 0)
		return -EINVAL;
	negative = s[0] == '-';
	r = num_parse_u64_len(s + negative, len - negative, &value);
	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int num_parse_i64(const char *s, int64_t *ret)
{
	return s ? num_parse_i64_len(s, strlen(s), ret) : -EINVAL;
}

int num_parse_u32(const char *s, uint32_t *ret)
{
	uint64_t value;
	int r = num_parse_u64(s, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

/* 2^32-1 is (uid_t)-1, which every system call reads as "leave unchanged". */
int num_parse_id(const char *s, uint32_t *ret)
{
	uint32_t value;
	int r = num_parse_u32(s, &value);

	if (r < 0)
		return r;
	if (value == UINT32_MAX)
		return -ERANGE;
	*ret = value;
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The suffix of a size as a power of two, or -EINVAL. */
static int size_shift(const char *suffix)
{
	static const char letters[] = "kmgtp";
	const char *letter;

	if (suffix[0] == '\0' || (lower(suffix[0]) == 'b' && suffix[1] == '\0'))
		return 0;
	letter = strchr(letters, lower(suffix[0]));
	if (!letter)
		return -EINVAL;
	suffix++;
	if (lower(suffix[0]) == 'i' && lower(suffix[1]) == 'b')
		suffix++;
	if (lower(suffix[0]) == 'b')
		suffix++;
	if (suffix[0] != '\0')
		return -EINVAL;
	return 10 * (int)(letter - letters + 1);
}

int num_parse_size(const char *s, int64_t *ret, bool *ret_unlimited)
{
	uint64_t value;
	size_t digits;
	bool unlimited;
	int shift, r;

	if (!s)
		return -EINVAL;
	unlimited = STREQ(s, "-1");
	if (unlimited) {
		*ret = INT64_MAX;
	} else {
		digits = strspn(s, "0123456789");
		shift = size_shift(s + digits);
		if (shift < 0)
			return shift;
		r = num_parse_u64_len(s, digits, &value);
		if (r < 0)
			return r;
		if (value > (uint64_t)INT64_MAX >> shift)
			return -ERANGE;
		*ret = (int64_t)(value << shift);
	}
	if (ret_unlimited)
		*ret_unlimited = unlimited;
	return 0;
}

struct unit {
	char name[3];
	uint64_t ns;
};

/* Length of the unit's name at s, 0 if there is none. */
static size_t unit_at(const char *s, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", UINT64_C(60) * 1000000000 },
		{ "h", UINT64_C(3600) * 1000000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (text_has_prefix(s, units[i].name)) {
			*ret_ns = units[i].ns;
			return strlen(units[i].name);
		}
	}
	return 0;
}

/* value += digits * unit, and the digits behind the point at a tenth of the unit each; no floating point. */
static int add_quantity(const char *digits, size_t whole, size_t fraction, uint64_t unit,
			uint64_t *value)
{
	const char *p = digits + whole + 1;
	uint64_t n = 0, part;
	int r;

	if (whole > 0) {
		r = num_parse_u64_len(digits, whole, &n);
		if (r < 0)
			return r;
	}
	if (__builtin_mul_overflow(n, unit, &part) || __builtin_add_overflow(*value, part, value))
		return -ERANGE;
	for (size_t i = 0; i < fraction; i++) {
		unit /= 10;
		if (__builtin_add_overflow(*value, unit * (uint64_t)(p[i] - '0'), value))
			return -ERANGE;
	}
	return 0;
}

int num_parse_duration(const char *s, uint64_t *ret_ns)
{
	static const char digits[] = "0123456789";
	uint64_t value = 0, unit;
	bool first = true;
	int r;

	if (!s || s[0] == '\0')
		return -EINVAL;
	while (*s != '\0') {
		size_t whole = strspn(s, digits);
		size_t fraction = s[whole] == '.' ? strspn(s + whole + 1, digits) : 0;
		const char *end = s + whole + (s[whole] == '.') + fraction;
		size_t name;

		if (whole + fraction == 0)
			return -EINVAL;
		name = unit_at(end, &unit);
		if (name == 0) {
			if (*end != '\0' || !first)
				return -EINVAL;
			unit = 1000000000;
		}
		r = add_quantity(s, whole, fraction, unit, &value);
		if (r < 0)
			return r;
		s = end + name;
		first = false;
	}
	*ret_ns = value;
	return 0;
}
