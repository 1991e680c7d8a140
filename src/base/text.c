/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text without surprises: formatting that reports what does not fit, UTF-8, spelling. Runs in both halves; only
 * text_printf(), which the container half lacks, allocates.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "knarr/base.h"

int text_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (r < 0)
		return -EINVAL;
	return (size_t)r < size ? r : -ENAMETOOLONG;
}

void text_copy(char *buf, size_t size, const char *src)
{
	size_t len, dots;

	if (size == 0)
		return;
	len = strnlen(src, size);
	if (len < size) {
		memmove(buf, src, len + 1);
		return;
	}
	dots = size > 3 ? 3 : size - 1;
	len = size - 1 - dots;
	/* Do not leave half a UTF-8 character before the dots. */
	while (len > 0 && ((unsigned char)src[len] & 0xc0) == 0x80)
		len--;
	memmove(buf, src, len);
	memset(buf + len, '.', dots);
	buf[len + dots] = '\0';
}

bool text_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_has_suffix(const char *s, const char *suffix)
{
	size_t len = strlen(s), suffix_len = strlen(suffix);

	return len >= suffix_len && memcmp(s + len - suffix_len, suffix, suffix_len) == 0;
}

/* Length of the character at p (at most left bytes), 0 if it is no well-formed UTF-8: overlong, surrogate, > U+10FFFF. */
static size_t utf8_character(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return p[0] != 0;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (left < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return len;
}

size_t text_character(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;

	if (p[0] < 0x80)
		return p[0] >= 0x20 && p[0] != 0x7f;
	len = utf8_character(p, strnlen(s, 4));
	return p[0] == 0xc2 && p[1] < 0xa0 ? 0 : len;
}

char *text_sanitize(char *s)
{
	for (char *p = s; *p != '\0';) {
		size_t n = text_character(p);

		if (n == 0)
			*p = *p == '\n' || *p == '\t' ? ' ' : '?';
		p += n ? n : 1;
	}
	return s;
}

/* Nearly all text is ASCII: eight bytes at a time, none of them 0 and none above 0x7f. */
static size_t ascii_prefix(const unsigned char *p, size_t len)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	size_t n = 0;

	for (uint64_t word; len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, p + n, sizeof(word));
		if (((word - ones) | word) & tops)
			break;
	}
	return n;
}

bool text_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t plain = ascii_prefix(p, len);

	p += plain;
	len -= plain;
	while (len > 0) {
		size_t n = utf8_character(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
		if (n > 1 || len < sizeof(uint64_t))
			continue;
		plain = ascii_prefix(p, len);
		p += plain;
		len -= plain;
	}
	return true;
}

enum { NEAREST_MAX = 64 };

/* Levenshtein distance with two rows; NEAREST_MAX for words too long to be a slip of the finger. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[2][NEAREST_MAX + 1];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > NEAREST_MAX || len_b > NEAREST_MAX)
		return NEAREST_MAX;
	for (size_t j = 0; j <= len_b; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned *above = rows[(i - 1) % 2], *row = rows[i % 2];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return rows[len_a % 2][len_b];
}

const char *text_nearest(const char *word, const char *const *words)
{
	const char *nearest = NULL;
	unsigned best = 3;

	for (; *words; words++) {
		unsigned distance = edit_distance(word, *words);

		if (distance < best && 2 * distance < strlen(word)) {
			best = distance;
			nearest = *words;
		}
	}
	return nearest;
}

#ifndef KNARR_CONTAINER_HALF
static bool is_leap_year(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

char *text_utc(char buf[TEXT_UTC_SIZE], int64_t seconds)
{
	static const unsigned char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t second = seconds > 0 ? seconds : 0, day = second / 86400, year = 1970;
	int month = 0;

	second %= 86400;
	for (; day >= (is_leap_year(year) ? 366 : 365); year++)
		day -= is_leap_year(year) ? 366 : 365;
	for (;; month++) {
		int length = lengths[month] + (month == 1 && is_leap_year(year));

		if (day < length)
			break;
		day -= length;
	}
	(void)text_format(buf, TEXT_UTC_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year,
			  month + 1, (int)day + 1, (int)(second / 3600), (int)(second / 60 % 60),
			  (int)(second % 60));
	return buf;
}

char *text_printf(const char *fmt, ...)
{
	char *text;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = mem_alloc(r < 0 ? 1 : (size_t)r + 1);
	if (r >= 0) {
		va_start(ap, fmt);
		vsnprintf(text, (size_t)r + 1, fmt, ap);
		va_end(ap);
	}
	return text;
}
#endif
