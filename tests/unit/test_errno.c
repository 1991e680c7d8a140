/* SPDX-License-Identifier: Apache-2.0 */
/* The table against the C library that the words are known from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "knarr/base.h"

static void the_usual_words(void **state)
{
	(void)state;
	assert_string_equal(errno_name(ENOENT), "ENOENT");
	assert_string_equal(errno_text(ENOENT), "No such file or directory");
	assert_string_equal(errno_name(EHWPOISON), "EHWPOISON");
	assert_string_equal(errno_text(EHWPOISON), "Memory page has hardware error");
}

static void unknown_numbers(void **state)
{
	(void)state;
	assert_null(errno_name(0));
	assert_null(errno_name(4000));
	assert_string_equal(errno_text(-1), "unknown error");
}

static void all_of_glibc(void **state)
{
	(void)state;
#ifdef __GLIBC__
	for (int i = 1; i <= EHWPOISON; i++) {
		const char *name = strerrorname_np(i);

		if (!name)
			continue;
		assert_string_equal(errno_text(i), strerrordesc_np(i));
		assert_string_equal(errno_name(i), name);
	}
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_words),
		cmocka_unit_test(unknown_numbers),
		cmocka_unit_test(all_of_glibc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
