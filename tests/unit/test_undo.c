/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/base.h"

struct step {
	char *trail;
	char name;
};

static void leave(void *arg)
{
	struct step *s = arg;
	size_t len = strlen(s->trail);

	s->trail[len] = s->name;
	s->trail[len + 1] = '\0';
}

static void failure_runs_in_reverse_once(void **state)
{
	char trail[8] = "";
	struct step a = { trail, 'a' }, b = { trail, 'b' }, c = { trail, 'c' };
	struct undo u = { 0 };

	(void)state;
	undo_push(&u, leave, &a);
	undo_push(&u, leave, &b);
	undo_push(&u, leave, &c);
	undo_run(&u);
	assert_string_equal(trail, "cba");
	undo_run(&u);
	assert_string_equal(trail, "cba");
}

static void success_disarms(void **state)
{
	char trail[8] = "";
	struct step a = { trail, 'a' };

	(void)state;
	{
		_cleanup_(undo_run) struct undo u = { 0 };

		undo_push(&u, leave, &a);
		undo_disarm(&u);
	}
	assert_string_equal(trail, "");
	{
		_cleanup_(undo_run) struct undo u = { 0 };

		undo_push(&u, leave, &a);
	}
	assert_string_equal(trail, "a");
}

static void run_again(void *arg)
{
	undo_run(arg);
}

static void an_entry_that_runs_the_stack_does_not_run_twice(void **state)
{
	char trail[8] = "";
	struct step a = { trail, 'a' };
	struct undo u = { 0 };

	(void)state;
	undo_push(&u, leave, &a);
	undo_push(&u, run_again, &u);
	undo_run(&u);
	assert_string_equal(trail, "a");
}

static void a_full_stack_is_a_bug(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		struct undo u = { 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		for (size_t i = 0; i <= ARRAY_SIZE(u.entries); i++)
			undo_push(&u, leave, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void fault_points_obey_the_build(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct undo u = { 0 };

		setenv("KNARR_TEST_KILL_AT", "undo-2", 1);
		undo_push(&u, leave, NULL);
		undo_push(&u, leave, NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
#ifdef KNARR_TEST_HOOKS
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
#else
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_runs_in_reverse_once),
		cmocka_unit_test(success_disarms),
		cmocka_unit_test(an_entry_that_runs_the_stack_does_not_run_twice),
		cmocka_unit_test(a_full_stack_is_a_bug),
		cmocka_unit_test(fault_points_obey_the_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
