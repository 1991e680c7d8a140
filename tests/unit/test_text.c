/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "knarr/base.h"

static void format_reports_what_does_not_fit(void **state)
{
	char buf[4];

	(void)state;
	assert_int_equal(text_format(buf, sizeof(buf), "%d", 123), 3);
	assert_string_equal(buf, "123");
	assert_int_equal(text_format(buf, sizeof(buf), "%d", 1234), -ENAMETOOLONG);
	assert_string_equal(buf, "123");
}

static void copy_cuts_with_dots(void **state)
{
	char buf[8];

	(void)state;
	text_copy(buf, sizeof(buf), "1234567");
	assert_string_equal(buf, "1234567");
	text_copy(buf, sizeof(buf), "12345678");
	assert_string_equal(buf, "1234...");
	text_copy(buf, 3, "12345678");
	assert_string_equal(buf, "..");
	text_copy(buf, 1, "12345678");
	assert_string_equal(buf, "");
	text_copy(buf, 0, "x");
}

static void copy_cuts_between_characters(void **state)
{
	char buf[8];

	(void)state;
	text_copy(buf, sizeof(buf), "123\xc3\xa4\xc3\xb6\xc3\xbc");
	assert_string_equal(buf, "123...");
}

static void prefix_and_suffix(void **state)
{
	(void)state;
	assert_true(text_has_prefix("abc", "ab"));
	assert_true(text_has_prefix("abc", ""));
	assert_false(text_has_prefix("ab", "abc"));
	assert_true(text_has_suffix("abc", "bc"));
	assert_true(text_has_suffix("abc", ""));
	assert_false(text_has_suffix("bc", "abc"));
	assert_false(text_has_suffix("abc", "ab"));
}

static void utf8_is_well_formed(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xe2\x82",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"a\xe2\x28\xa1",
	};
	static const char *const good[] = {
		"",
		"abc",
		"\xc3\xa4",
		"\xe2\x82\xac",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(text_is_utf8(bad[i], strlen(bad[i])));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(text_is_utf8(good[i], strlen(good[i])));
	assert_false(text_is_utf8("a\0b", 3));
}

static void nearest_finds_slips_only(void **state)
{
	static const char *const words[] = { "create", "start", "state", "delete", "run", NULL };

	(void)state;
	assert_string_equal(text_nearest("craete", words), "create");
	assert_string_equal(text_nearest("strat", words), "start");
	assert_string_equal(text_nearest("delet", words), "delete");
	assert_string_equal(text_nearest("rum", words), "run");
	assert_null(text_nearest("x", words));
	assert_null(text_nearest("", words));
	assert_null(text_nearest("checkpoint", words));
	assert_null(text_nearest(
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		words));
}

static void printf_allocates(void **state)
{
	char *s = text_printf("%s-%d", "a", 5), *empty = text_printf("%s", "");

	(void)state;
	assert_string_equal(s, "a-5");
	assert_string_equal(empty, "");
	free(s);
	free(empty);
}

static void utc_is_the_civil_date(void **state)
{
	char buf[TEXT_UTC_SIZE];

	(void)state;
	assert_string_equal(text_utc(buf, 0), "1970-01-01T00:00:00");
	assert_string_equal(text_utc(buf, -5), "1970-01-01T00:00:00");
	assert_string_equal(text_utc(buf, 68169599), "1972-02-28T23:59:59");
	assert_string_equal(text_utc(buf, 68169600), "1972-02-29T00:00:00");
	assert_string_equal(text_utc(buf, 951868799), "2000-02-29T23:59:59");
	assert_string_equal(text_utc(buf, 1735689599), "2024-12-31T23:59:59");
	assert_string_equal(text_utc(buf, 4107542400), "2100-03-01T00:00:00");
	/* Days of four centuries, against the C library's. */
	for (int64_t day = 0; day < 146097; day += 13) {
		time_t t = (time_t)(day * 86400 + day % 86400);
		char expected[TEXT_UTC_SIZE];
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
		assert_string_equal(text_utc(buf, t), expected);
	}
}

static void what_a_terminal_obeys_is_replaced(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "plain \xc3\xa9 \xc2\xa0 \xe2\x82\xac", "plain \xc3\xa9 \xc2\xa0 \xe2\x82\xac" },
		{ "a\nb\tc", "a b c" },
		{ "\033[31m\x7f\r", "?[31m??" },
		{ "\xc2\x9b[m\xc2\x80\xc2\x9f", "??[m????" },
		{ "\x9b[m\x80\xff", "?[m??" },
		{ "\xe2\x82", "??" },
		{ "\xc2", "?" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char text[32];

		(void)text_copy(text, sizeof(text), pairs[i][0]);
		assert_string_equal(text_sanitize(text), pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_reports_what_does_not_fit),
		cmocka_unit_test(copy_cuts_with_dots),
		cmocka_unit_test(copy_cuts_between_characters),
		cmocka_unit_test(prefix_and_suffix),
		cmocka_unit_test(utf8_is_well_formed),
		cmocka_unit_test(nearest_finds_slips_only),
		cmocka_unit_test(printf_allocates),
		cmocka_unit_test(utc_is_the_civil_date),
		cmocka_unit_test(what_a_terminal_obeys_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
