/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fixtures/valid: configs as the engines and the peers write them, read without an error or a warning.
 * tests/fixtures/broken: NAME.json is refused, and the message of NAME.expect ("LINE:COLUMN SENTENCE") is given.
 */
#include "spec_text.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static int open_fixtures(const char *name)
{
	const char *top = getenv("srcdir");
	_cleanup_free_ char *path = text_printf("%s/tests/fixtures/%s", top ? top : ".", name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("cannot open %s", path);
	return fd;
}

static void check_broken(int dirfd, const char *name)
{
	_cleanup_(spec_freep) struct spec *s = NULL;
	_cleanup_free_ char *stem = mem_strndup(name, strlen(name) - strlen(".json"));
	_cleanup_free_ char *expect_name = text_printf("%s.expect", stem);
	_cleanup_free_ char *expect = NULL, *place = NULL, *text = NULL;
	_cleanup_free_ char *wanted = NULL;
	struct spec_findings findings = { .count = 0 };
	char message[2048];
	struct error err = { .text = "" };
	size_t len, expect_len;
	bool complete = true; /* refused by what the decoder knows */

	assert_int_equal(io_read_file_at(dirfd, name, JREAD_MAX_SIZE, &text, &len), 0);
	assert_int_equal(io_read_file_at(dirfd, expect_name, 4096, &expect, &expect_len), 0);
	expect[strcspn(expect, "\n")] = '\0';
	place = mem_strndup(expect, strcspn(expect, " "));
	wanted = text_printf("(config.json:%s)", place);

	if (spec_parse(text, len, "config.json", &s, NULL, &err) >= 0) {
		complete = false;
		if (spec_check_listener(s, &err) >= 0)
			fail_msg("%s is read, but should be refused", name);
	}
	error_format(&err, message, sizeof(message));
	if (!strstr(message, expect + strlen(place) + 1) || !strstr(message, wanted))
		fail_msg("%s\nsays: %s\nshould say: %s", name, message, expect);

	if (!complete)
		return;
	/* with findings the same comes first, and no warning besides */
	assert_true(spec_parse(text, len, "config.json", &s, &findings, &err) < 0);
	assert_true(findings.count >= 1 && findings.count <= 2);
	assert_string_equal(findings.items[0].error.text, err.text);
	for (size_t i = 0; i < findings.count; i++)
		assert_false(findings.items[i].warning);
	spec_findings_done(&findings);
}

static void check_valid(int dirfd, const char *name)
{
	_cleanup_(spec_freep) struct spec *s = NULL;
	struct spec_findings findings = { .count = 0 };
	struct error err = { .text = "" };
	char message[2048];

	if (spec_load(dirfd, name, &s, &findings, &err) < 0)
		fail_msg("%s: %s", name, error_format(&err, message, sizeof(message)));
	if (findings.count)
		fail_msg("%s: %s", name,
			 error_format(&findings.items[0].error, message, sizeof(message)));
	spec_findings_done(&findings);
	assert_true(s->process.present);
	assert_true(s->mount_count > 0);
}

static size_t each_json(const char *folder, void (*check)(int dirfd, const char *name))
{
	int dirfd = open_fixtures(folder);
	DIR *dir = fdopendir(dirfd);
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!text_has_suffix(entry->d_name, ".json"))
			continue;
		check(dirfd, entry->d_name);
		n++;
	}
	(void)closedir(dir);
	return n;
}

static void broken_configs_are_refused_with_a_place(void **state)
{
	(void)state;
	assert_true(each_json("broken", check_broken) >= 40);
}

static void valid_configs_are_read_without_a_word(void **state)
{
	(void)state;
	assert_true(each_json("valid", check_valid) >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_configs_are_refused_with_a_place),
		cmocka_unit_test(valid_configs_are_read_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
