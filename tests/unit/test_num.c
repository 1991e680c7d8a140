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

#include "knarr/base.h"

static void u64_is_strict(void **state)
{
	static const char *const bad[] = { "",    " 1", "1 ",  "+1",  "-1",
					   "0x1", "1a", "1.0", "\t1", "1\n" };
	uint64_t v = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(num_parse_u64(bad[i], &v), -EINVAL);
	assert_int_equal(num_parse_u64(NULL, &v), -EINVAL);
	assert_int_equal(num_parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(num_parse_u64("99999999999999999999999", &v), -ERANGE);
	assert_int_equal(num_parse_u64("99999999999999999999999x", &v), -EINVAL);
	assert_true(v == 42);
	assert_int_equal(num_parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_parse_u64("0", &v), 0);
	assert_true(v == 0);
	assert_int_equal(num_parse_u64_len("123456", 3, &v), 0);
	assert_true(v == 123);
	assert_int_equal(num_parse_u64_len("123", 0, &v), -EINVAL);
}

static void i64_has_both_ends(void **state)
{
	int64_t v = 42;

	(void)state;
	assert_int_equal(num_parse_i64("-9223372036854775808", &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(num_parse_i64("9223372036854775807", &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(num_parse_i64("-1", &v), 0);
	assert_true(v == -1);
	assert_int_equal(num_parse_i64("9223372036854775808", &v), -ERANGE);
	assert_int_equal(num_parse_i64("-9223372036854775809", &v), -ERANGE);
	assert_int_equal(num_parse_i64("-", &v), -EINVAL);
	assert_int_equal(num_parse_i64("--1", &v), -EINVAL);
	assert_int_equal(num_parse_i64("", &v), -EINVAL);
	assert_int_equal(num_parse_i64_len("-12x", 3, &v), 0);
	assert_true(v == -12);
}

static void ids_end_below_minus_one(void **state)
{
	uint32_t v = 42;

	(void)state;
	assert_int_equal(num_parse_id("4294967295", &v), -ERANGE);
	assert_int_equal(num_parse_id("4294967296", &v), -ERANGE);
	assert_int_equal(num_parse_id("-1", &v), -EINVAL);
	assert_int_equal(num_parse_id("root", &v), -EINVAL);
	assert_int_equal(v, 42);
	assert_int_equal(num_parse_id("4294967294", &v), 0);
	assert_true(v == 4294967294u);
	assert_int_equal(num_parse_u32("4294967295", &v), 0);
	assert_true(v == UINT32_MAX);
	assert_int_equal(num_parse_u32("4294967296", &v), -ERANGE);
}

static void sizes_have_suffixes(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "512b", 512 },
		{ "1k", 1024 },
		{ "1K", 1024 },
		{ "1kb", 1024 },
		{ "1KiB", 1024 },
		{ "64m", 64 << 20 },
		{ "64MB", 64 << 20 },
		{ "2g", INT64_C(2) << 30 },
		{ "3t", INT64_C(3) << 40 },
		{ "8191P", INT64_C(8191) << 50 },
	};
	static const char *const bad[] = { "",   "k",   "1x",   "1kk", "1ki", "1 k",
					   "-2", "-1k", "1.5g", "1bk", "1ib" };
	int64_t v;
	bool unlimited;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		unlimited = true;
		assert_int_equal(num_parse_size(good[i].text, &v, &unlimited), 0);
		assert_true(v == good[i].value);
		assert_false(unlimited);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(num_parse_size(bad[i], &v, &unlimited), -EINVAL);
	assert_int_equal(num_parse_size("8192p", &v, &unlimited), -ERANGE);
	assert_int_equal(num_parse_size("9223372036854775808", &v, &unlimited), -ERANGE);
	assert_int_equal(num_parse_size("-1", &v, &unlimited), 0);
	assert_true(v == INT64_MAX && unlimited);
	assert_int_equal(num_parse_size("1", &v, NULL), 0);
}

static void durations_add_up(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "30", UINT64_C(30000000000) },
		{ "1.5s", 1500000000 },
		{ "250ms", 250000000 },
		{ "5m", UINT64_C(300000000000) },
		{ "1h", UINT64_C(3600000000000) },
		{ "1m30s", UINT64_C(90000000000) },
		{ "1h0.5m", UINT64_C(3630000000000) },
		{ "0", 0 },
		{ "0.25", 250000000 },
		{ ".5s", 500000000 },
		{ "10us", 10000 },
		{ "7ns", 7 },
		{ "0.000000001s", 1 },
		{ "0.0000000001s", 0 },
		{ "1.s", 1000000000 },
	};
	static const char *const bad[] = { "",    "s", "1m30", "1x",    "-1s", "1s ",
					   " 1s", ".", ".s",   "1..5s", "1d",  "1e3" };
	uint64_t v = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(num_parse_duration(good[i].text, &v), 0);
		assert_true(v == good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(num_parse_duration(bad[i], &v), -EINVAL);
	assert_int_equal(num_parse_duration(NULL, &v), -EINVAL);
	assert_int_equal(num_parse_duration("5124096h", &v), -ERANGE);
	assert_int_equal(num_parse_duration("18446744073s1s", &v), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64_is_strict),           cmocka_unit_test(i64_has_both_ends),
		cmocka_unit_test(ids_end_below_minus_one), cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(durations_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
