/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "knarr/base.h"

static struct tail kept;

static const char *line_of(const char *text, size_t size)
{
	static char buf[64];

	memset(&kept, 0, sizeof(kept));
	tail_keep(&kept, text, strlen(text));
	tail_line(&kept, buf, size);
	return buf;
}

static void one_line(void **state)
{
	(void)state;
	assert_string_equal(line_of("", 32), "");
	assert_string_equal(line_of("said\n", 32), "said");
	assert_string_equal(line_of("\n one\n\n\ttwo\033[0m\x7f \n", 32), "one two [0m");
	assert_string_equal(line_of(" \n\t", 32), "");
}

static void too_long_for_the_line(void **state)
{
	(void)state;
	assert_string_equal(line_of("0123456789abcdef", 12), "...89abcdef");
	assert_string_equal(line_of("0123456789a", 16), "0123456789a");
	/* Half of the umlaut would be left. */
	assert_string_equal(line_of("0123456\xc3\xa4"
				    "89abcd",
				    11),
			    "...89abcd");
	assert_string_equal(line_of("no \xff text", 32), "no ? text");
}

static void keeps_the_end(void **state)
{
	static char big[TAIL_SIZE * 2];
	char buf[16];

	(void)state;
	memset(big, 'a', sizeof(big));
	memset(&kept, 0, sizeof(kept));
	tail_keep(&kept, "xyz", 3);
	assert_false(kept.cut);
	tail_keep(&kept, big, TAIL_SIZE - 2);
	assert_true(kept.cut);
	assert_int_equal(kept.len, TAIL_SIZE);
	assert_int_equal(kept.text[0], 'y');
	assert_int_equal(strlen(kept.text), TAIL_SIZE);
	tail_keep(&kept, big, sizeof(big));
	assert_int_equal(kept.len, TAIL_SIZE);
	assert_int_equal(kept.text[0], 'a');
	tail_keep(&kept, "end", 3);
	tail_line(&kept, buf, sizeof(buf));
	assert_string_equal(buf, "...aaaaaaaaaend");
	/* Exactly what there is room for is all of it. */
	memset(&kept, 0, sizeof(kept));
	tail_keep(&kept, big, TAIL_SIZE);
	assert_false(kept.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line),
		cmocka_unit_test(too_long_for_the_line),
		cmocka_unit_test(keeps_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
