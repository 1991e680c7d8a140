/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c: the spellings of signals that callers use. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cli/command.h"

static void test_known(void **state)
{
	static const struct {
		const char *text;
		int number;
	} cases[] = {
		{ "0", 0 },
		{ "9", 9 },
		{ "64", 64 },
		{ "TERM", SIGTERM },
		{ "SIGTERM", SIGTERM },
		{ "sigterm", SIGTERM },
		{ "term", SIGTERM },
		{ "KILL", SIGKILL },
		{ "HUP", SIGHUP },
		{ "WINCH", SIGWINCH },
		{ "STKFLT", SIGSTKFLT },
		{ "VTALRM", SIGVTALRM },
		{ "CLD", SIGCHLD },
		{ "POLL", SIGPOLL },
		{ "SYS", SIGSYS },
		{ "RTMIN", 34 },
		{ "SIGRTMIN+3", 37 },
		{ "rtmin+30", 64 },
		{ "RTMAX", 64 },
		{ "RTMAX-1", 63 },
		{ "SIGRTMAX-30", 34 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(signal_parse(cases[i].text), cases[i].number);
}

static void test_unknown(void **state)
{
	static const char *const cases[] = {
		"",           "SIG",      "FOO",      "65",
		"-9",         "+9",       "9 ",       "TERMX",
		"SIGSIGTERM", "RTMIN+31", "RTMIN-1",  "RTMAX+1",
		"RTMIN+",     "RTMIN+x",  "RTMAX-31", "RTMIN+4294967296",
		"KIL",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(signal_parse(cases[i]), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
