/* SPDX-License-Identifier: Apache-2.0 */
/* fallback.c: the table of words, and what a site is told with and without --require. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "knarr/base.h"

struct heard {
	unsigned count;
	enum fallback last;
};

static void hear(void *context, enum fallback f)
{
	struct heard *h = context;

	h->count++;
	h->last = f;
	errno = ENOTTY; /* as a sendmsg to nobody may */
}

/* Words are names in an interface: lower case, unlike each other, and none of them the one for all. */
static void the_words(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; fallback_word(n); n++) {
		const char *word = fallback_word(n);

		assert_true(strlen(word) > 3 && strlen(word) < 24);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(word));
		assert_string_not_equal(word, "all");
		for (unsigned i = 0; i < n; i++)
			assert_string_not_equal(word, fallback_word(i));
	}
	assert_int_equal(n, FALLBACK_COUNT);
	assert_true(n <= 32);
}

static void each_is_reported_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FALLBACK_COUNT; i++) {
		struct heard h = { 0 };
		fallback_init(0, hear, &h);
		assert_int_equal(fallback_missing(), 0);
		for (int n = 0; n < 3; n++) {
			errno = EPERM;
			assert_true(fallback_take(i));
			assert_int_equal(errno, EPERM);
		}
		assert_int_equal(h.count, 1);
		assert_int_equal(h.last, i);
		assert_int_equal(fallback_missing(), 1u << i);
		assert_false(fallback_refused());
	}
}

static void what_is_required_is_refused(void **state)
{
	struct error err = { 0 };
	struct heard h = { 0 };
	char text[512];

	(void)state;
	fallback_init(1u << FALLBACK_OPENAT2 | 1u << FALLBACK_PIDFD, hear, &h);
	assert_true(fallback_is_required(FALLBACK_PIDFD));
	assert_false(fallback_is_required(FALLBACK_CGROUP));
	assert_true(fallback_take(FALLBACK_CGROUP));
	assert_false(fallback_refused());
	error_set(&err, ENOENT, "something else");
	fallback_explain(&err);
	assert_string_equal(err.text, "something else");

	assert_false(fallback_take(FALLBACK_OPENAT2));
	assert_false(fallback_take(FALLBACK_PIDFD));
	assert_true(fallback_refused());
	assert_int_equal(h.count, 1); /* the cgroup: a refusal is an error, not a record */
	error_set(&err, ENOSYS, "cannot open '/x'");
	fallback_explain(&err);
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
	assert_string_equal(
		error_format(&err, text, sizeof(text)),
		"'openat2' is missing, which --require names: cannot open '/x': Function not implemented");
	fallback_explain(NULL);
	assert_int_equal(fallback_missing(),
			 1u << FALLBACK_CGROUP | 1u << FALLBACK_OPENAT2 | 1u << FALLBACK_PIDFD);
}

static char *log_of(enum fallback f)
{
	char path[] = "/tmp/knarr-fallback-XXXXXX", *text = NULL;
	int fd = mkstemp(path);
	struct error err;

	assert_true(fd >= 0);
	assert_int_equal(log_open(path, LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, &err), 0);
	fallback_log(NULL, f);
	assert_int_equal(log_open(NULL, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	assert_int_equal(io_read_fd(fd, 4096, &text, NULL), 0);
	fd_close(fd);
	(void)unlink(path);
	return text;
}

static void each_has_a_record(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FALLBACK_COUNT; i++) {
		_cleanup_free_ char *text = log_of(i);
		_cleanup_free_ char *begin = text_printf("msg=\"no %s: ", fallback_word(i));
		const char *at = strstr(text, begin);

		assert_non_null(at);
		assert_true(strlen(at + strlen(begin)) > 20);
		assert_true(!!strstr(text, "level=info") != !!strstr(text, "level=debug"));
	}
}

/* Before it is initialised, and with nobody who listens. */
static void nobody_listens(void **state)
{
	(void)state;
	fallback_init(0, NULL, NULL);
	assert_true(fallback_take(FALLBACK_CLONE3));
	assert_false(fallback_refused());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words),         cmocka_unit_test(each_is_reported_once),
		cmocka_unit_test(each_has_a_record), cmocka_unit_test(what_is_required_is_refused),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
