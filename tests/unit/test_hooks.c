/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks as shell scripts: what they get, how they end, and that none of them can hold us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "knarr/hooks.h"

static char dir[32];
static int dir_fd;

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/knarr-hooks-XXXXXX");
	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	close(dir_fd);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int run_timeout(const char *script, unsigned timeout_s, const struct hook_output *out,
		       const char *json, struct error *err)
{
	const char *args[] = { "sh", "-c", script, NULL },
		   *env[] = { "PATH=/usr/bin:/bin", "A=b", NULL };
	struct spec_hook hook = { .path = "/bin/sh",
				  .args = { args, 3, NULL },
				  .env = { env, 2, NULL },
				  .timeout_s = timeout_s };
	struct spec_hook_list list = { &hook, 1 };

	return hooks_run(&list, HOOK_CREATE_RUNTIME, json, dir_fd, out, err);
}

static int run(const char *script, struct error *err)
{
	return run_timeout(script, 0, NULL, "{\"id\":\"x\"}", err);
}

static void read_file(const char *name, char *buf, size_t size)
{
	ssize_t n = io_read_small_at(dir_fd, name, buf, size);

	if (n < 0)
		fail_msg("no %s: %s", name, strerror((int)-n));
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void gets_state_cwd_env_and_nothing_else(void **state)
{
	struct error err = { 0 };
	char buf[512];
	int leak = dup(0); /* not CLOEXEC */

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(
		run("cat > in; env > env; pwd > cwd; ls -l /proc/self/fd > fds; grep SigIgn /proc/self/status > sig",
		    &err),
		0);
	signal(SIGPIPE, SIG_DFL);
	close(leak);
	read_file("in", buf, sizeof(buf));
	assert_string_equal(buf, "{\"id\":\"x\"}");
	read_file("cwd", buf, sizeof(buf));
	assert_string_equal(buf, dir);
	read_file("env", buf, sizeof(buf));
	assert_non_null(strstr(buf, "A=b"));
	assert_null(strstr(buf, "HOME="));
	read_file("fds", buf, sizeof(buf));
	assert_null(strstr(buf, " 4 ->"));
	assert_null(strstr(buf, "report"));
	read_file("sig", buf, sizeof(buf));
	assert_non_null(strstr(buf, "0000000000000000"));
}

static void failure_is_told(void **state)
{
	struct error err = { 0 };
	struct jdoc *doc = NULL;
	const char *text = "{\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/sh\"}]}}";
	const char *args[] = { "sh", "-c", "echo out; echo 'bad thing\tx' >&2; exit 3", NULL };
	struct spec_hook hooks[2] = { { .path = "/bin/true" },
				      { .path = "/bin/sh", .args = { args, 3, NULL } } };
	struct spec_hook_list list = { hooks, 2 };

	(void)state;
	assert_int_equal(jread_parse(text, strlen(text), "config.json", &doc, &err), 0);
	hooks[1].node = jdoc_find(doc, "/hooks/createRuntime/0");
	assert_true(hooks_run(&list, HOOK_CREATE_RUNTIME, "{}", dir_fd, NULL, &err) < 0);
	assert_int_equal(err.class, ERROR_HOOK);
	assert_non_null(
		strstr(err.text, "error running createRuntime hook #1: '/bin/sh': exit status 3"));
	assert_non_null(strstr(err.text, "out bad thing x"));
	assert_string_equal(err.subject, "/bin/sh");
	assert_string_equal(err.origin, "/hooks/createRuntime/0");
	jdoc_free(doc);

	assert_true(run("kill -SEGV $$", &err) < 0);
	assert_non_null(strstr(err.text, "signal 11"));
}

static void missing_program(void **state)
{
	struct spec_hook hook = { .path = "/nonexistent/hook" };
	struct spec_hook_list list = { &hook, 1 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(hooks_run(&list, HOOK_POSTSTOP, "{}", -EBADF, NULL, &err), -ENOENT);
	assert_int_equal(err.class, ERROR_HOOK);
	assert_non_null(strstr(err.text, "error running poststop hook #0"));
	assert_string_equal(err.syscall, "execve");
}

static void first_failure_stops(void **state)
{
	const char *touch[] = { "sh", "-c", "touch second", NULL };
	struct spec_hook hooks[2] = { { .path = "/bin/false" },
				      { .path = "/bin/sh", .args = { touch, 3, NULL } } };
	struct spec_hook_list list = { hooks, 2 };

	(void)state;
	assert_true(hooks_run(&list, HOOK_PRESTART, "{}", dir_fd, NULL, NULL) < 0);
	assert_int_equal(faccessat(dir_fd, "second", F_OK, 0), -1);
}

static void much_output_keeps_the_end(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run("head -c 1048576 /dev/zero | tr '\\0' x; exit 0", &err), 0);
	assert_true(run("head -c 1048576 /dev/zero | tr '\\0' x; echo the-end; exit 1", &err) < 0);
	assert_non_null(strstr(err.text, "the-end"));
	assert_non_null(strstr(err.text, "..."));
	assert_true(run("printf '\\303\\050\\377'; exit 1", &err) < 0);
	assert_true(text_is_utf8(err.text, strlen(err.text)));
}

static void unread_big_state_is_fine(void **state)
{
	char *json = malloc(1 << 20);

	(void)state;
	memset(json, ' ', 1 << 20);
	json[(1 << 20) - 1] = '\0';
	assert_int_equal(run_timeout("exit 0", 0, NULL, json, NULL), 0);
	assert_int_equal(run_timeout("wc -c > size", 0, NULL, json, NULL), 0);
	free(json);
}

/* The pipe stays open in a child that lives on. */
static void daemon_does_not_hold_us(void **state)
{
	char pid[32];
	double begin = seconds();

	(void)state;
	assert_int_equal(run("sleep 30 & echo $! > pid; exit 0", NULL), 0);
	assert_true(seconds() - begin < 10);
	read_file("pid", pid, sizeof(pid));
	assert_int_equal(kill(atoi(pid), SIGKILL), 0); /* it was left alive */
}

static void timeout_kills_the_group(void **state)
{
	struct error err = { 0 };
	double begin = seconds();
	char pid[32];

	(void)state;
	assert_true(run_timeout("trap '' TERM; sleep 31 & echo $! > pid; echo waiting; sleep 32", 1,
				NULL, "{}", &err) < 0);
	assert_true(seconds() - begin < 10);
	assert_non_null(strstr(err.text, "timeout of 1 s"));
	assert_non_null(strstr(err.text, "waiting"));
	read_file("pid", pid, sizeof(pid));
	for (unsigned i = 0; i < 50 && kill(atoi(pid), 0) == 0; i++) {
		char path[64], stat[256] = "";
		FILE *f;

		/* Killed, and nobody's child but a slow reaper's. */
		snprintf(path, sizeof(path), "/proc/%d/stat", atoi(pid));
		f = fopen(path, "re");
		if (!f || !fgets(stat, sizeof(stat), f) || strstr(stat, ") Z")) {
			if (f)
				fclose(f);
			return;
		}
		fclose(f);
		usleep(100000);
	}
	assert_int_equal(kill(atoi(pid), 0), -1);
}

static void output_files(void **state)
{
	char out[64], err_path[64], buf[64];
	const struct hook_output output = { out, err_path };

	(void)state;
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(err_path, sizeof(err_path), "%s/err", dir);
	assert_int_equal(run_timeout("echo a; echo b >&2", 0, &output, "{}", NULL), 0);
	assert_int_equal(run_timeout("echo c; echo d >&2", 0, &output, "{}", NULL), 0);
	read_file("out", buf, sizeof(buf));
	assert_string_equal(buf, "a\nc");
	read_file("err", buf, sizeof(buf));
	assert_string_equal(buf, "b\nd");
}

static void closed_stdio(void **state)
{
	char buf[64];
	int saved[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		close(i);
	}
	int r = run("cat > in2; echo x; echo y >&2", NULL);

	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	assert_int_equal(r, 0);
	read_file("in2", buf, sizeof(buf));
	assert_string_equal(buf, "{\"id\":\"x\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_state_cwd_env_and_nothing_else),
		cmocka_unit_test(failure_is_told),
		cmocka_unit_test(missing_program),
		cmocka_unit_test(first_failure_stops),
		cmocka_unit_test(much_output_keeps_the_end),
		cmocka_unit_test(unread_big_state_is_fine),
		cmocka_unit_test(daemon_does_not_hold_us),
		cmocka_unit_test(timeout_kills_the_group),
		cmocka_unit_test(output_files),
		cmocka_unit_test(closed_stdio),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
