/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <errno.h>

static int check(const char *more, struct spec_findings *findings, struct error *err)
{
	_cleanup_free_ char *text = config_with(more);
	_cleanup_(spec_freep) struct spec *s = NULL;
	int r = spec_parse(text, strlen(text), "config.json", &s, findings, err);

	assert_int_equal(r == 0, s != NULL);
	return r;
}

static void expect(const struct spec_findings *f, size_t i, bool warning, const char *text,
		   const char *origin, unsigned column)
{
	assert_true(i < f->count);
	if (strcmp(f->items[i].error.text, text))
		fail_msg("finding %zu says: %s\nshould say: %s", i, f->items[i].error.text, text);
	assert_int_equal(f->items[i].warning, warning);
	assert_string_equal(f->items[i].error.origin, origin);
	assert_string_equal(f->items[i].error.file, "config.json");
	assert_int_equal(f->items[i].error.line, 2);
	assert_int_equal(f->items[i].error.column, column);
}

static void nothing_to_find(void **state)
{
	struct spec_findings f = { .count = 0 };

	(void)state;
	assert_int_equal(check(",\"hostname\":\"a\"", &f, NULL), 0);
	assert_int_equal(f.count, 0);
	spec_findings_done(&f);
}

static void unknown_properties_are_warnings(void **state)
{
	struct spec_findings f = { .count = 0 };

	(void)state;
	assert_int_equal(
		check(",\"hostnam\":\"a\",\"mounts\":[{\"destination\":\"/a\",\"type\":\"proc\",\"option\":[]}],\"zzzzzz\":{\"a\":[1]}",
		      &f, NULL),
		0);
	assert_int_equal(f.count, 3);
	expect(&f, 0, true, "unknown property 'hostnam'", "/hostnam", 2);
	assert_string_equal(f.items[0].error.remedy, "did you mean 'hostname'?");
	expect(&f, 1, true, "unknown property 'mounts[0].option'", "/mounts/0/option", 60);
	assert_string_equal(f.items[1].error.remedy, "did you mean 'options'?");
	expect(&f, 2, true, "unknown property 'zzzzzz'", "/zzzzzz", 74);
	assert_string_equal(f.items[2].error.remedy, "");
	spec_findings_done(&f);
}

static void other_warnings(void **state)
{
	struct spec_findings f = { .count = 0 };

	(void)state;
	assert_int_equal(
		check(",\"windows\":{\"a\":1},\"mounts\":[{\"destination\":\"a\",\"type\":\"proc\"}],"
		      "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"env\":[\"A\"],\"capabilities\":{\"bounding\":[\"cap_chow\"]},\"commandLine\":\"x\"},"
		      "\"linux\":{\"intelRdt\":{\"enableCMT\":true}}",
		      &f, NULL),
		0);
	assert_int_equal(f.count, 6);
	for (size_t i = 0; i < f.count; i++)
		assert_true(f.items[i].warning);
	assert_non_null(strstr(f.items[0].error.text, "'windows' has no meaning on Linux"));
	assert_non_null(strstr(f.items[1].error.text, "'mounts[0].destination' is relative ('a')"));
	assert_non_null(strstr(f.items[2].error.text, "'process.env[0]' has no '=': 'A'"));
	assert_string_equal(f.items[3].error.text, "unknown capability 'cap_chow'");
	assert_string_equal(f.items[3].error.remedy, "did you mean 'CAP_CHOWN'?");
	assert_non_null(strstr(f.items[4].error.text, "'process.commandLine' has no meaning"));
	assert_non_null(strstr(f.items[5].error.text, "'linux.intelRdt.enableCMT' has no meaning"));
	spec_findings_done(&f);
}

static void every_error_in_one_pass(void **state)
{
	struct spec_findings f = { .count = 0 };
	struct error err = { .text = "" };

	(void)state;
	assert_int_equal(
		check(",\"process\":{\"cwd\":7,\"args\":[],\"user\":{\"gid\":-1}},\"hostnam\":1,"
		      "\"mounts\":[{\"type\":\"proc\"},{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\",\"x\",\"y\"]}],"
		      "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}],\"namespaces\":[{\"type\":\"a\"},{\"type\":\"pid\"},{\"type\":\"pid\"}],"
		      "\"seccomp\":{\"defaultAction\":\"x\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"y\"}]}}",
		      &f, &err),
		-EINVAL);
	expect(&f, 0, false, "'process.cwd' must be a string, not a number", "/process/cwd", 19);
	assert_string_equal(err.text, f.items[0].error.text);
	expect(&f, 1, false, "'process.args' is empty, it must name a program", "/process/args",
	       28);
	expect(&f, 2, false, "'process.user.gid' must be between 0 and 4294967294, not -1",
	       "/process/user/gid", 45);
	expect(&f, 3, false, "'process.user.uid' is missing", "/process/user", 38);
	expect(&f, 4, true, "unknown property 'hostnam'", "/hostnam", 50);
	expect(&f, 5, false, "'mounts[0].destination' is missing", "/mounts/0", 72);
	expect(&f, 6, true, "mount option 'x' has no meaning for a bind mount",
	       "/mounts/1/options/1", 140);
	expect(&f, 7, true, "mount option 'y' has no meaning for a bind mount",
	       "/mounts/1/options/2", 144);
	assert_string_equal(f.items[8].error.origin, "/linux/namespaces/0/type");
	assert_string_equal(f.items[9].error.origin, "/linux/namespaces/2");
	assert_string_equal(f.items[10].error.origin, "/linux/seccomp/defaultAction");
	assert_string_equal(f.items[11].error.origin, "/linux/seccomp/syscalls/0/action");
	assert_string_equal(f.items[12].error.origin, "/linux/uidMappings");
	assert_int_equal(f.count, 13);
	spec_findings_done(&f);
}

static void a_text_that_is_no_json(void **state)
{
	struct spec_findings f = { .count = 0 };
	struct error err = { .text = "" };

	(void)state;
	assert_int_equal(check(",", &f, &err), -EINVAL);
	assert_int_equal(f.count, 1);
	assert_false(f.items[0].warning);
	assert_non_null(
		strstr(f.items[0].error.text,
		       "invalid JSON: expected a member's name in double quotes after ','"));
	assert_int_equal(f.items[0].error.line, 2);
	spec_findings_done(&f);
	assert_int_equal(f.count, 0);
}

static void findings_are_bounded(void **state)
{
	struct buf text = { .data = NULL };
	struct spec_findings f = { .count = 0 };

	(void)state;
	buf_add_str(&text, ",\"linux\":{\"maskedPaths\":[1");
	for (unsigned i = 0; i < 5000; i++)
		buf_add_str(&text, ",1");
	buf_add_str(&text, "]}");
	assert_int_equal(check(text.data, &f, NULL), -EINVAL);
	assert_int_equal(f.count, 1000);
	spec_findings_done(&f);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_find),
		cmocka_unit_test(unknown_properties_are_warnings),
		cmocka_unit_test(other_warnings),
		cmocka_unit_test(every_error_in_one_pass),
		cmocka_unit_test(a_text_that_is_no_json),
		cmocka_unit_test(findings_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
