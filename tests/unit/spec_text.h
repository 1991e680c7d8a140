/* SPDX-License-Identifier: Apache-2.0 */
/* spec_text: what the tests of src/spec share: a text read well, and a text refused at a place with a sentence. */
#ifndef TESTS_SPEC_TEXT_H
#define TESTS_SPEC_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "knarr/spec.h"

/* A config whose members besides the two mandatory ones are `more`, which starts on line 2. */
static inline char *config_with(const char *more)
{
	return text_printf("{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}\n%s}", more);
}

static inline struct spec *spec_good(const char *more)
{
	_cleanup_free_ char *text = config_with(more);
	struct spec *s = NULL;
	struct error err = { .text = "" };
	char line[2048];

	if (spec_parse(text, strlen(text), "config.json", &s, NULL, &err) < 0)
		fail_msg("%s\n%s", more, error_format(&err, line, sizeof(line)));
	assert_non_null(s);
	return s;
}

/* Refused, and the whole message holds `sentence`; column 0: the place is of no interest. */
static inline void spec_bad_at(const char *more, const char *sentence, unsigned line,
			       unsigned column)
{
	_cleanup_free_ char *text = config_with(more);
	_cleanup_(spec_freep) struct spec *s = NULL;
	struct error err = { .text = "" };
	char message[2048];

	if (spec_parse(text, strlen(text), "config.json", &s, NULL, &err) >= 0)
		fail_msg("read, but should be refused: %s", more);
	assert_null(s);
	assert_true(err.class == ERROR_CONFIG || err.class == ERROR_UNSUPPORTED);
	error_format(&err, message, sizeof(message));
	if (!strstr(message, sentence))
		fail_msg("%s\nsays: %s\nshould say: %s", more, message, sentence);
	if (column && (err.line != line || err.column != column))
		fail_msg("%s\nat %u:%u, should be at %u:%u", more, err.line, err.column, line,
			 column);
}

static inline void spec_bad(const char *more, const char *sentence)
{
	spec_bad_at(more, sentence, 0, 0);
}

static inline struct spec *linux_good(const char *members)
{
	_cleanup_free_ char *more = text_printf(",\"linux\":{%s}", members);

	return spec_good(more);
}

static inline void linux_bad(const char *members, const char *sentence)
{
	_cleanup_free_ char *more = text_printf(",\"linux\":{%s}", members);

	spec_bad(more, sentence);
}

#endif
