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

static void set_derives_class_and_returns_negative(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, ENOENT, "cannot open '%s'", "/x"), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(err.class, ERROR_NOT_FOUND);
	assert_string_equal(err.text, "cannot open '/x'");
	assert_int_equal(error_set(NULL, EPERM, "nobody listens"), -EPERM);
	assert_int_equal(error_set(NULL, 0, "nobody listens"), -EINVAL);
}

static void set_forgets_what_was_there(void **state)
{
	struct error err;

	(void)state;
	memset(&err, 0xa5, sizeof(err)); /* an uninitialised record */
	assert_int_equal(error_set(&err, EACCES, "new"), -EACCES);
	assert_int_equal(err.class, ERROR_PERMISSION);
	assert_int_equal(err.line, 0);
	assert_string_equal(err.remedy, "");
	assert_string_equal(err.origin, "");
	assert_string_equal(err.text, "new");
}

static void fail_sets_the_class(void **state)
{
	struct error err = { .class = ERROR_SYSTEM };

	(void)state;
	assert_int_equal(error_fail(&err, ERROR_CONFLICT, EEXIST, "id in use"), -EEXIST);
	assert_int_equal(err.class, ERROR_CONFLICT);
	assert_int_equal(error_fail(&err, ERROR_CONFIG, 0, "wrong"), -EINVAL);
	assert_int_equal(err.class, ERROR_CONFIG);
}

static void arguments_may_lie_in_the_record(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, EIO, "inner");
	error_set(&err, EIO, "outer: %s", err.text);
	assert_string_equal(err.text, "outer: inner");
}

static void added_fields_do_not_overwrite(void **state)
{
	struct error err = { 0 };

	(void)state;
	error_set(&err, EIO, "x");
	error_add_step(&err, "mount");
	error_add_step(&err, "pivot");
	error_add_syscall(&err, "move_mount");
	error_add_syscall(&err, NULL);
	error_add_origin(&err, "/mounts/0");
	error_add_subject(&err, "/proc");
	error_add_remedy(&err, "try %d", 1);
	error_add_remedy(&err, "try %d", 2);
	error_add_step(NULL, "x");
	error_add_remedy(NULL, "x");
	error_prefix(NULL, "x");
	assert_string_equal(err.step, "mount");
	assert_string_equal(err.syscall, "move_mount");
	assert_string_equal(err.origin, "/mounts/0");
	assert_string_equal(err.subject, "/proc");
	assert_string_equal(err.remedy, "try 1");
}

static void prefix_stands_in_front(void **state)
{
	char huge[1000];
	struct error err = { 0 };

	(void)state;
	error_set(&err, EIO, "cannot read");
	error_prefix(&err, "hook '%s'", "h");
	assert_string_equal(err.text, "hook 'h': cannot read");
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	error_prefix(&err, "%s", huge);
	assert_string_equal(err.text, "hook 'h': cannot read");
}

static void long_text_is_cut(void **state)
{
	char huge[4096];
	struct error err = { 0 };

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	error_set(&err, EIO, "%s", huge);
	error_add_subject(&err, huge);
	error_prefix(&err, "p");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_true(text_has_suffix(err.subject, "..."));
}

static void format_puts_cause_place_and_remedy(void **state)
{
	char buf[512];
	struct error err = { 0 };

	(void)state;
	error_set(&err, ENOENT, "cannot open '/x'");
	assert_string_equal(error_format(&err, buf, sizeof(buf)),
			    "cannot open '/x': No such file or directory");
	text_copy(err.file, sizeof(err.file), "config.json");
	err.line = 3;
	err.column = 9;
	error_add_remedy(&err, "make it");
	assert_string_equal(
		error_format(&err, buf, sizeof(buf)),
		"cannot open '/x': No such file or directory (config.json:3:9); make it");
}

static void format_says_strerror_once(void **state)
{
	char buf[512];
	struct error err = { 0 };

	(void)state;
	error_set(&err, ENOENT, "'/bin/x': no such file or directory");
	assert_string_equal(error_format(&err, buf, sizeof(buf)),
			    "'/bin/x': no such file or directory");
	error_set(&err, 0, "container is not running");
	assert_string_equal(error_format(&err, buf, sizeof(buf)), "container is not running");
}

static void format_is_one_line_and_fits(void **state)
{
	char buf[16];
	struct error err = { 0 };

	(void)state;
	error_set(&err, 0, "a\nb\033c\td");
	assert_string_equal(error_format(&err, buf, sizeof(buf)), "a b?c d");
	/* U+009B in UTF-8 and as a byte begins an escape sequence, too. */
	error_set(&err, 0,
		  "a\xc2\x9b"
		  "31m\x9bk\xc3\xa9");
	assert_string_equal(error_format(&err, buf, sizeof(buf)), "a??31m?k\xc3\xa9");
	error_set(&err, ENOENT, "0123456789");
	error_format(&err, buf, sizeof(buf));
	assert_int_equal(strlen(buf), 15);
	assert_true(text_has_prefix(buf, "0123456789: "));
	buf[0] = 'z';
	error_format(&err, buf, 0);
	assert_int_equal(buf[0], 'z');
}

static void classes_have_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= ERROR_INTERNAL; i++)
		assert_true(strlen(error_class_name(i)) > 0);
	assert_string_equal(error_class_name(ERROR_NOT_FOUND), "not-found");
	assert_string_equal(error_class_name(1000), "internal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_derives_class_and_returns_negative),
		cmocka_unit_test(set_forgets_what_was_there),
		cmocka_unit_test(fail_sets_the_class),
		cmocka_unit_test(arguments_may_lie_in_the_record),
		cmocka_unit_test(added_fields_do_not_overwrite),
		cmocka_unit_test(prefix_stands_in_front),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(format_puts_cause_place_and_remedy),
		cmocka_unit_test(format_says_strerror_once),
		cmocka_unit_test(format_is_one_line_and_fits),
		cmocka_unit_test(classes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
