/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cgroups/gvariant.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena = arena_free(arena);
	return 0;
}

static struct gvariant parse(const char *text)
{
	const char *expected = "nothing";
	struct gvariant v = { 0 };

	if (gvariant_parse(arena, text, &v, &expected) < 0)
		fail_msg("'%s': expected %s", text, expected);
	return v;
}

static void refused(const char *text)
{
	const char *expected = NULL;
	struct gvariant v;

	if (gvariant_parse(arena, text, &v, &expected) == 0)
		fail_msg("'%s' was taken as %s", text, v.signature);
	assert_non_null(expected);
}

static void numbers_have_the_type_that_is_said(void **state)
{
	(void)state;
	assert_int_equal(parse("5").type, 'i');
	assert_int_equal(parse("uint64 5").type, 't');
	assert_int_equal(parse("uint64 5").number, 5);
	assert_int_equal(parse("@t 0x10").number, 16);
	assert_int_equal(parse("uint64 18446744073709551615").number, UINT64_MAX);
	assert_int_equal((int64_t)parse("int16 -32768").number, -32768);
	assert_int_equal((int64_t)parse("-7").number, -7);
	assert_int_equal(parse(" byte 010 ").number, 8);
	assert_true(parse("2.5").real > 2.49 && parse("2.5").real < 2.51);
	assert_int_equal(parse("2.5").type, 'd');
	assert_true(parse("-1e3").real < -999.9);
	assert_int_equal(parse("double 3").type, 'd');
}

static void numbers_out_of_range_are_refused(void **state)
{
	(void)state;
	refused("2147483648");
	refused("byte 256");
	refused("byte -1");
	refused("uint64 18446744073709551616");
	refused("uint32 -1");
	refused("int64 9223372036854775808");
	refused("0x");
	refused("1x2");
	refused("--1");
	refused("1.2.3");
	refused("1e999");
}

static void words_and_strings(void **state)
{
	(void)state;
	assert_int_equal(parse("true").number, 1);
	assert_int_equal(parse("false").number, 0);
	assert_int_equal(parse("false").type, 'b');
	assert_string_equal(parse("'SIGTERM'").text, "SIGTERM");
	assert_string_equal(parse("\"it's\"").text, "it's");
	assert_string_equal(parse("'a\\'b\\n\\u00e9'").text, "a'b\n\xc3\xa9");
	assert_string_equal(parse("string 'x'").text, "x");
	refused("'open");
	refused("'x\\");
	refused("'\\u0000'");
	refused("'\\ud800'");
	refused("truely");
	refused("");
	refused("'a' 'b'");
	refused("uint64 'a'");
	refused("boolean 1");
}

static void arrays(void **state)
{
	struct gvariant v;

	(void)state;
	v = parse("['a.service', 'b.service']");
	assert_string_equal(v.signature, "as");
	assert_int_equal(v.count, 2);
	assert_string_equal(v.items[1].text, "b.service");
	v = parse("@as []");
	assert_string_equal(v.signature, "as");
	assert_int_equal(v.count, 0);
	v = parse("[uint64 1, 2]");
	assert_string_equal(v.signature, "at");
	assert_int_equal(v.items[1].type, 't');
	v = parse("@a(ss) [('/dev/null', 'rw')]");
	assert_string_equal(v.items[0].items[1].text, "rw");
	refused("[]");
	refused("['a', 1]");
	refused("['a' 'b']");
	refused("@as [1]");
	refused("[");
	refused("@a []");
	refused("@as 'x'");
	refused("[[[[[[[[[[1]]]]]]]]]]");
}

static void long_arrays_keep_all_items(void **state)
{
	struct buf b = { 0 };
	struct gvariant v;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		buf_printf(&b, "%c%u", i ? ',' : '[', i);
	buf_add_str(&b, "]");
	v = parse(b.data);
	buf_done(&b);
	assert_int_equal(v.count, 200);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(v.items[i].number, i);
}

static void tuples(void **state)
{
	struct gvariant v;

	(void)state;
	v = parse("('a', uint32 2, [true])");
	assert_string_equal(v.signature, "(suab)");
	assert_int_equal(v.count, 3);
	assert_string_equal(parse("@(st) ('a', 1)").signature, "(st)");
	refused("()");
	refused("@(ss) ('a')");
	refused("('a'");
}

static void seconds_become_microseconds(void **state)
{
	struct gvariant v;
	uint64_t usec = 0;

	(void)state;
	v = parse("1.5");
	assert_int_equal(gvariant_seconds(&v, &usec), 0);
	assert_int_equal(usec, 1500000);
	v = parse("uint64 10");
	assert_int_equal(gvariant_seconds(&v, &usec), 0);
	assert_int_equal(usec, 10000000);
	v = parse("-1");
	assert_int_equal(gvariant_seconds(&v, &usec), -ERANGE);
	v = parse("uint64 18446744073709551615");
	assert_int_equal(gvariant_seconds(&v, &usec), -ERANGE);
	v = parse("'10s'");
	assert_int_equal(gvariant_seconds(&v, &usec), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_the_type_that_is_said),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(words_and_strings),
		cmocka_unit_test(arrays),
		cmocka_unit_test(long_arrays_keep_all_items),
		cmocka_unit_test(tuples),
		cmocka_unit_test(seconds_become_microseconds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
