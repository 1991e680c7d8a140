/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"

struct scratch {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	text_copy(s->path, sizeof(s->path), "/tmp/knarr-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct scratch *s = *state;
	struct error err = { 0 };
	int r;

	log_open(NULL, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err);
	unlinkat(s->fd, "log", 0);
	unlinkat(s->fd, "stderr", 0);
	close(s->fd);
	r = rmdir(s->path);
	free(s);
	return r;
}

static char *log_path(struct scratch *s, const char *prefix)
{
	return text_printf("%s%s/log", prefix, s->path);
}

/* stderr goes to a file of the scratch directory between these two. */
static int catch_stderr(struct scratch *s)
{
	int saved = dup(STDERR_FILENO);
	int fd = openat(s->fd, "stderr", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	dup2(fd, STDERR_FILENO);
	close(fd);
	return saved;
}

static char *caught(struct scratch *s, int saved)
{
	char *text = NULL;

	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_int_equal(io_read_file_at(s->fd, "stderr", 1 << 20, &text, NULL), 0);
	return text;
}

static void fill(struct error *err)
{
	memset(err, 0, sizeof(*err));
	error_set(err, ENOENT, "cannot open '%s'", "/a \"b\"");
	error_add_step(err, "mount");
	error_add_syscall(err, "open_tree");
	error_add_origin(err, "/mounts/3/source");
	error_add_subject(err, "/a \"b\"");
	error_add_remedy(err, "make it");
	text_copy(err->file, sizeof(err->file), "config.json");
	err->line = 4;
	err->column = 2;
}

#define MESSAGE "cannot open '/a \"b\"': No such file or directory (config.json:4:2); make it"
#define ESCAPED "cannot open '/a \\\"b\\\"': No such file or directory (config.json:4:2); make it"

static void stderr_gets_the_bare_message(void **state)
{
	struct scratch *s = *state;
	struct error err;
	char *text;
	int saved;

	fill(&err);
	assert_int_equal(log_open(NULL, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	saved = catch_stderr(s);
	log_warning("unheard");
	log_debug("unheard");
	log_error(&err);
	text = caught(s, saved);
	assert_string_equal(text, MESSAGE "\n");
	free(text);
}

/* A name of the container's may hold escape sequences, with U+009B as well. */
static void a_terminal_gets_no_control_characters(void **state)
{
	struct scratch *s = *state;
	struct error err;
	char *text;
	int saved;

	assert_int_equal(log_open(NULL, LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, &err), 0);
	saved = catch_stderr(s);
	log_warning("a\033[1m\xc2\x9b"
		    "2m\x9b"
		    "3m\xc3\xa9\x9b\nb");
	log_debug("\x9b");
	log_timing("\x9b");
	text = caught(s, saved);
	assert_string_equal(text, "warning: a?[1m??2m?3m\xc3\xa9? b\ndebug: ?\n?\n");
	free(text);
}

static void json_has_the_keys_in_order(void **state)
{
	static const char head[] = "{\"level\":\"error\",\"msg\":\"" ESCAPED "\",\"time\":\"";
	static const char tail[] =
		"Z\",\"class\":\"not-found\",\"step\":\"mount\",\"syscall\":\"open_tree\",\"errno\":2,"
		"\"errno_name\":\"ENOENT\",\"origin\":\"/mounts/3/source\",\"file\":\"config.json\",\"line\":4,"
		"\"column\":2,\"subject\":\"/a \\\"b\\\"\",\"remedy\":\"make it\"}\n";
	struct scratch *s = *state;
	struct error err;
	char *text;
	int saved;

	fill(&err);
	assert_int_equal(log_open(NULL, LOG_FORMAT_JSON, LOG_LEVEL_ERROR, &err), 0);
	saved = catch_stderr(s);
	log_error(&err);
	text = caught(s, saved);
	assert_true(text_has_prefix(text, head));
	assert_true(text_has_suffix(text, tail));
	assert_int_equal(strlen(text),
			 sizeof(head) - 1 + strlen("2026-01-02T03:04:05") + sizeof(tail) - 1);
	free(text);
}

static void file_gets_the_record_and_stderr_the_message(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *path = log_path(s, "");
	_cleanup_free_ char *uri = log_path(s, "file:");
	struct error err;
	struct stat st;
	char *text;
	mode_t old = umask(022);
	int saved;

	fill(&err);
	assert_int_equal(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	umask(old);
	assert_int_equal(fstatat(s->fd, "log", &st, 0), 0); /* there before anything fails */
	assert_int_equal(st.st_mode & 07777, 0644);
	saved = catch_stderr(s);
	log_error(&err);
	/* Opened again it grows: nobody's record is lost. */
	assert_int_equal(log_open(uri, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	log_error(&err);
	text = caught(s, saved);
	assert_string_equal(text, MESSAGE "\n" MESSAGE "\n");
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "log", 1 << 20, &text, NULL), 0);
	assert_true(text_has_prefix(text, "time=\"2"));
	assert_true(text_has_suffix(text, "Z\" level=error msg=\"" ESCAPED "\"\n"));
	assert_non_null(strchr(strchr(text, '\n') + 1, '\n'));
	free(text);
}

static void debug_goes_to_the_file_and_timing_to_stderr(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *path = log_path(s, "");
	struct error err = { 0 };
	char *text;
	int saved;

	assert_int_equal(log_open(path, LOG_FORMAT_JSON, LOG_LEVEL_ERROR, &err), 0);
	assert_false(log_enabled(LOG_LEVEL_WARNING));
	log_set_level(LOG_LEVEL_DEBUG);
	assert_true(log_enabled(LOG_LEVEL_DEBUG));
	saved = catch_stderr(s);
	log_timing("%s took %d us", "mount", 5);
	errno = EXDEV;
	log_debug("x %d\n\xff", 1);
	assert_int_equal(errno, EXDEV);
	text = caught(s, saved);
	assert_string_equal(text, "mount took 5 us\n");
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "log", 1 << 20, &text, NULL), 0);
	assert_true(text_has_prefix(
		text, "{\"level\":\"debug\",\"msg\":\"x 1\\n\xef\xbf\xbd\",\"time\":\""));
	assert_true(text_has_suffix(text, "Z\"}\n"));
	free(text);
}

/* What holds once the outcome is known; the suite's other tests want records at once. */
static void with_held_warnings(struct scratch *s, const char *target, enum log_format format,
			       bool fails, char **ret_stderr)
{
	struct error err;
	int saved;

	fill(&err);
	assert_int_equal(log_open(target, format, LOG_LEVEL_WARNING, &err), 0);
	log_hold_warnings();
	saved = catch_stderr(s);
	log_warning("first %d", 1);
	log_warning("second \"x\"");
	if (fails)
		log_error(&err);
	else
		log_flush();
	log_flush(); /* nothing is said twice */
	*ret_stderr = caught(s, saved);
}

static void the_reason_comes_before_the_warnings(void **state)
{
	char *text;

	with_held_warnings(*state, NULL, LOG_FORMAT_TEXT, true, &text);
	assert_string_equal(text, MESSAGE "\nwarning: first 1\nwarning: second \"x\"\n");
	free(text);
	with_held_warnings(*state, NULL, LOG_FORMAT_TEXT, false, &text);
	assert_string_equal(text, "warning: first 1\nwarning: second \"x\"\n");
	free(text);
}

static size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

/* Engines take the one record of a failure for its reason. */
static void a_failure_is_one_json_record_with_its_warnings(void **state)
{
	static const char tail[] = ",\"warnings\":[\"first 1\",\"second \\\"x\\\"\"]}\n";
	struct scratch *s = *state;
	_cleanup_free_ char *path = log_path(s, "");
	char *text;

	with_held_warnings(s, path, LOG_FORMAT_JSON, true, &text);
	assert_string_equal(text, MESSAGE "\n");
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "log", 1 << 20, &text, NULL), 0);
	assert_int_equal(count_of(text, "\n"), 1);
	assert_true(text_has_prefix(text, "{\"level\":\"error\","));
	assert_true(text_has_suffix(text, tail));
	free(text);
}

static void warnings_of_a_success_go_to_the_log_alone(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *path = log_path(s, "");
	char *text;

	with_held_warnings(s, path, LOG_FORMAT_JSON, false, &text);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "log", 1 << 20, &text, NULL), 0);
	assert_int_equal(count_of(text, "{\"level\":\"warning\",\"msg\":\""), 2);
	assert_int_equal(count_of(text, "\n"), 2);
	assert_int_equal(count_of(text, "\"warnings\""), 0);
	free(text);
}

static void a_text_log_has_the_error_first(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *path = log_path(s, "");
	char *text;

	with_held_warnings(s, path, LOG_FORMAT_TEXT, true, &text);
	free(text);
	assert_int_equal(io_read_file_at(s->fd, "log", 1 << 20, &text, NULL), 0);
	assert_int_equal(count_of(text, "\n"), 3);
	assert_true(strstr(text, "level=error") < strstr(text, "level=warning"));
	free(text);
}

static void bad_targets_are_told(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(log_open("ftp:x", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), -EINVAL);
	assert_int_equal(err.class, ERROR_USAGE);
	memset(&err, 0, sizeof(err));
	assert_int_equal(log_open("/nonexistent/dir/log", LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "'/nonexistent/dir/log'"));
}

static void a_colon_in_a_path_is_no_target(void **state)
{
	struct scratch *s = *state;
	_cleanup_free_ char *path = text_printf("%s/a:b", s->path);
	struct error err = { 0 };

	assert_int_equal(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	assert_int_equal(unlinkat(s->fd, "a:b", 0), 0);
}

#define IN_SCRATCH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(stderr_gets_the_bare_message),
		IN_SCRATCH(a_terminal_gets_no_control_characters),
		IN_SCRATCH(json_has_the_keys_in_order),
		IN_SCRATCH(file_gets_the_record_and_stderr_the_message),
		IN_SCRATCH(debug_goes_to_the_file_and_timing_to_stderr),
		IN_SCRATCH(bad_targets_are_told),
		IN_SCRATCH(a_colon_in_a_path_is_no_target),
		/* From here on warnings are held. */
		IN_SCRATCH(the_reason_comes_before_the_warnings),
		IN_SCRATCH(a_failure_is_one_json_record_with_its_warnings),
		IN_SCRATCH(warnings_of_a_success_go_to_the_log_alone),
		IN_SCRATCH(a_text_log_has_the_error_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
