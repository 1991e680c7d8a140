/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static pid_t sleeper(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, name, 0, 0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	fd_close(ready[0]);
	fd_close(ready[1]);
	return pid;
}

static void names_do_not_confuse(void **state)
{
	static const char *const names[] = { "plain", "with space", "a) Z 1 2 (", "))))",
					     "\n1 2 3" };
	uint64_t mine, start;
	char s;

	(void)state;
	assert_int_equal(pidref_stat(getpid(), &s, &mine), 0);
	assert_int_equal(s, 'R');
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		pid_t pid = sleeper(names[i]);

		assert_int_equal(pidref_stat(pid, &s, &start), 0);
		assert_true(s == 'S' || s == 'R');
		assert_true(start >= mine && start < mine + 100000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void life_of_a_process(void **state)
{
	pid_t pid = sleeper("life");
	struct pidref ref;
	uint64_t start;

	(void)state;
	assert_int_equal(pidref_open(pid, 0, &ref), 0);
	assert_int_equal(ref.pid, pid);
	assert_true(ref.fd >= 0);
	start = ref.start_time;
	assert_int_equal(pidref_state(pid, start), PIDREF_ALIVE);
	assert_int_equal(pidref_state(pid, 0), PIDREF_ALIVE);
	assert_int_equal(pidref_wait(&ref, 20), -ETIMEDOUT);
	assert_int_equal(pidref_signal(&ref, 0), 0);
	assert_int_equal(pidref_signal(&ref, SIGKILL), 0);
	assert_int_equal(pidref_wait(&ref, 5000), 0);
	assert_int_equal(pidref_state(pid, start), PIDREF_ZOMBIE);
	waitpid(pid, NULL, 0);
	assert_int_equal(pidref_state(pid, start), PIDREF_GONE);
	assert_int_equal(pidref_signal(&ref, SIGKILL), -ESRCH);
	pidref_close(&ref);
	assert_int_equal(ref.fd, -EBADF);
	pidref_close(&ref);
	assert_int_equal(pidref_open(pid, 0, &ref), -ESRCH);
}

static void another_process_is_refused(void **state)
{
	pid_t pid = sleeper("other");
	struct pidref ref = { .fd = 4711 }, right;

	(void)state;
	assert_int_equal(pidref_open(pid, 0, &right), 0);
	assert_int_equal(pidref_open(pid, right.start_time + 1, &ref), -ESRCH);
	assert_int_equal(ref.fd, 4711); /* untouched */
	assert_int_equal(pidref_state(pid, right.start_time + 1), PIDREF_GONE);
	assert_int_equal(pidref_open(pid, right.start_time, &ref), 0);
	pidref_close(&ref);
	assert_int_equal(pidref_open(0, 0, &ref), -ESRCH);
	assert_int_equal(pidref_open(-1, 0, &ref), -ESRCH);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pidref_close(&right);
}

/* Where pidfds are filtered, the start time guards each signal. */
static void without_a_pidfd(void **state)
{
	pid_t pid = sleeper("nofd");
	struct pidref ref = { .pid = pid, .fd = -EBADF }, stranger;
	char s;

	(void)state;
	assert_int_equal(pidref_stat(pid, &s, &ref.start_time), 0);
	stranger = ref;
	stranger.start_time++;
	assert_int_equal(pidref_signal(&stranger, SIGKILL), -ESRCH);
	assert_int_equal(pidref_wait(&ref, 12), -ETIMEDOUT);
	assert_int_equal(pidref_wait(&stranger, 0), 0);
	assert_int_equal(pidref_signal(&ref, SIGKILL), 0);
	assert_int_equal(pidref_wait(&ref, 5000), 0);
	waitpid(pid, NULL, 0);
}

static void boot_id(void **state)
{
	char a[37], b[37];

	(void)state;
	assert_int_equal(boot_id_read(a), 0);
	assert_int_equal(boot_id_read(b), 0);
	assert_int_equal(strlen(a), 36);
	assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
	assert_string_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_do_not_confuse),
		cmocka_unit_test(life_of_a_process),
		cmocka_unit_test(another_process_is_refused),
		cmocka_unit_test(without_a_pidfd),
		cmocka_unit_test(boot_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
