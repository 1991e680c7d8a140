/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "knarr/base.h"

static void check_text(struct jwrite *root, int indent, const char *expected)
{
	char *text = jwrite_text(root, indent);

	assert_string_equal(text, expected);
	free(text);
}

static void keys_keep_their_order(void **state)
{
	struct jwrite *o = jwrite_object(), *a = jwrite_array();

	(void)state;
	jwrite_string(o, "z", "1");
	jwrite_bool(o, "a", true);
	jwrite_null(o, "m");
	jwrite_string(a, NULL, "x");
	jwrite_int(a, NULL, -5);
	jwrite_put(a, NULL, jwrite_object());
	jwrite_put(a, NULL, jwrite_array());
	jwrite_put(o, "b", a);
	jwrite_bool(o, "c", false);
	jwrite_string(o, "none", NULL);
	check_text(
		o, 0,
		"{\"z\":\"1\",\"a\":true,\"m\":null,\"b\":[\"x\",-5,{},[]],\"c\":false,\"none\":null}");
}

static void numbers_have_all_64_bits(void **state)
{
	struct jwrite *a = jwrite_array();

	(void)state;
	jwrite_uint(a, NULL, UINT64_MAX);
	jwrite_uint(a, NULL, UINT64_C(1) << 63);
	jwrite_uint(a, NULL, INT64_MAX);
	jwrite_int(a, NULL, INT64_MIN);
	jwrite_uint(a, NULL, 0);
	check_text(
		a, 0,
		"[18446744073709551615,9223372036854775808,9223372036854775807,-9223372036854775808,0]");
}

static void reals_read_back(void **state)
{
	struct jwrite *a = jwrite_array();

	(void)state;
	jwrite_real(a, NULL, 0.1);
	jwrite_real(a, NULL, 1);
	jwrite_real(a, NULL, 1e300);
	jwrite_real(a, NULL, 1.0 / 3);
	jwrite_real(a, NULL, NAN);
	jwrite_real(a, NULL, INFINITY);
	check_text(a, 0, "[0.1,1.0,1e+300,0.3333333333333333,null,null]");
}

static void strings_are_escaped_but_for_the_slash(void **state)
{
	struct jwrite *o = jwrite_object();

	(void)state;
	jwrite_string(o, "/p", "/a\"\\\b\f\n\r\t\x01\x1f\x7f\xc2\x85\xc2\x9b\xc2\xa0\xc3\xa4");
	check_text(
		o, 0,
		"{\"/p\":\"/a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\\u0085\\u009b\xc2\xa0\xc3\xa4\"}");
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
	struct jwrite *o = jwrite_object();

	(void)state;
	jwrite_string(o, "k\xff",
		      "a\xff"
		      "b\xe2\x82");
	/* Must not be taken for the mark of raw digits. */
	jwrite_string(o, "n",
		      "\xff"
		      "123");
	check_text(o, 0,
		   "{\"k\xef\xbf\xbd\":\"a\xef\xbf\xbd"
		   "b\xef\xbf\xbd\xef\xbf\xbd\",\"n\":\"\xef\xbf\xbd"
		   "123\"}");
}

static void indented_text(void **state)
{
	struct jwrite *o = jwrite_object(), *a = jwrite_array();

	(void)state;
	jwrite_int(a, NULL, 1);
	jwrite_int(a, NULL, 2);
	jwrite_put(o, "a", a);
	jwrite_put(o, "e", jwrite_object());
	check_text(o, 2, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}");
	check_text(jwrite_object(), 4, "{}");
}

static void a_key_put_twice_is_there_once(void **state)
{
	struct jwrite *o = jwrite_object();

	(void)state;
	jwrite_int(o, "a", 1);
	jwrite_int(o, "b", 2);
	jwrite_int(o, "a", 3);
	check_text(o, 0, "{\"a\":3,\"b\":2}");
}

static void parsed_text_comes_out_as_it_went_in(void **state)
{
	static const char text[] =
		"{\"z\":18446744073709551615,\"a\":[1.50,-3,1e400,\"/\\n\",true,false,null,{}],"
		"\"b\":{\"c\":[]}}";
	struct jwrite *o = jwrite_object();

	(void)state;
	check_text(jwrite_parsed(text), 0, text);
	jwrite_put(o, "x", jwrite_parsed("[1]"));
	jwrite_put(o, "y", jwrite_parsed("[1"));
	jwrite_put(o, "z", jwrite_parsed(NULL));
	check_text(o, 1, "{\n \"x\": [\n  1\n ],\n \"y\": null,\n \"z\": null\n}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_keep_their_order),
		cmocka_unit_test(numbers_have_all_64_bits),
		cmocka_unit_test(reals_read_back),
		cmocka_unit_test(strings_are_escaped_but_for_the_slash),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
		cmocka_unit_test(indented_text),
		cmocka_unit_test(a_key_put_twice_is_there_once),
		cmocka_unit_test(parsed_text_comes_out_as_it_went_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
