/* SPDX-License-Identifier: Apache-2.0 */
/* Values on the wire, and the loader as it is: a process that answers one question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/library.h"

static void values_come_back(void **state)
{
	struct buf b = { 0 };
	struct wire w;
	size_t len;

	(void)state;
	wire_put_u64(&b, UINT64_MAX);
	wire_put_text(&b, "");
	wire_put_text(&b, "three words here");
	wire_put_bytes(&b, "\0\1", 2);
	w = wire_of(&b);
	assert_true(wire_get_u64(&w) == UINT64_MAX);
	assert_string_equal(wire_get_text(&w), "");
	assert_string_equal(wire_get_text(&w), "three words here");
	assert_int_equal(wire_end(&w), -EPROTO); /* something is left */
	assert_memory_equal(wire_get_bytes(&w, &len), "\0\1", 2);
	assert_int_equal(len, 2);
	assert_int_equal(wire_end(&w), 0);
	buf_done(&b);
}

static void nothing_is_read_past_the_end(void **state)
{
	struct buf b = { 0 };
	struct wire w = wire_of(&b);
	size_t len;

	(void)state;
	assert_int_equal(wire_end(&w), 0);
	assert_int_equal(wire_get_u64(&w), 0);
	assert_int_equal(wire_end(&w), -EPROTO);

	wire_put_u64(&b, 1000); /* a length that is not there */
	buf_add(&b, "abc", 4);
	w = wire_of(&b);
	assert_string_equal(wire_get_text(&w), "");
	assert_int_equal(wire_get_u64(&w), 0); /* and nothing behind it */
	assert_int_equal(wire_end(&w), -EPROTO);
	w = wire_of(&b);
	assert_null(wire_get_bytes(&w, &len));
	assert_int_equal(len, 0);
	buf_done(&b);
}

static void text_must_end(void **state)
{
	static const char *const bad[] = { "abc", "a\0c" };
	static const size_t lens[] = { 3, 4 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf b = { 0 };
		struct wire w;

		wire_put_bytes(&b, bad[i], lens[i]);
		w = wire_of(&b);
		assert_string_equal(wire_get_text(&w), "");
		assert_true(w.broken);
		buf_done(&b);
	}
}

static unsigned count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void facts_leave_nothing(void **state)
{
	struct library_facts facts;
	unsigned before = count_fds();

	(void)state;
	assert_int_equal(library_facts(&facts), 0);
	assert_int_equal(count_fds(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	assert_int_equal(errno, ECHILD);
}

/* Long questions do not fit into a socket's buffer at once. */
static void long_question(void **state)
{
	enum { NAMES = 100000 };
	struct buf asked = { 0 }, answer = { 0 };
	struct error err = { 0 };
	struct wire w;

	(void)state;
	wire_put_u64(&asked, 1);
	wire_put_text(&asked, "SCMP_ARCH_NONE");
	wire_put_u64(&asked, NAMES);
	for (unsigned i = 0; i < NAMES; i++)
		wire_put_text(&asked, i % 2 ? "read" : "no_such_call");
	assert_int_equal(library_ask(LIBRARY_SYSCALLS, &asked, NULL, 0, &answer, &err), 0);
	w = wire_of(&answer);
	assert_true(wire_get_text(&w)[0] != '\0');
	assert_true(wire_get_u64(&w) != 0); /* the native architecture */
	assert_true(wire_get_u64(&w) == 0); /* one that does not exist */
	for (unsigned i = 0; i < NAMES; i++) {
		int native = (int)wire_get_u64(&w);

		assert_true(i % 2 ? native >= 0 : native < 0);
		assert_true((int)wire_get_u64(&w) < 0);
	}
	assert_int_equal(wire_end(&w), 0);
	buf_done(&asked);
	buf_done(&answer);
}

static void refusals_are_told(void **state)
{
	static const enum library_question questions[] = { LIBRARY_SYSCALLS, LIBRARY_DEVICES,
							   LIBRARY_STOP, LIBRARY_QUESTION_COUNT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		struct buf asked = { 0 }, answer = { 0 };
		struct error err = { 0 };

		wire_put_u64(&asked, 1000);
		assert_true(library_ask(questions[i], &asked, NULL, 0, &answer, &err) < 0);
		assert_true(err.text[0] != '\0');
		assert_int_equal(answer.len, 0);
		buf_done(&asked);
		buf_done(&answer);
	}
}

static void unreachable_bus(void **state)
{
	struct buf asked = { 0 }, answer = { 0 };
	struct library_facts facts;
	struct error err = { 0 };

	(void)state;
	if (library_facts(&facts) < 0 || !facts.systemd) {
		print_message("needs libsystemd\n");
		skip();
	}
	wire_put_text(&asked, "unix:path=/nonexistent/bus");
	wire_put_text(&asked, "knarr.scope");
	assert_true(library_ask(LIBRARY_STOP, &asked, NULL, 0, &answer, &err) < 0);
	assert_string_equal(err.subject, "unix:path=/nonexistent/bus");
	assert_string_equal(err.step, "cgroup-systemd");
	buf_done(&asked);
	buf_done(&answer);
}

/* Returns in the child only by its exit. */
static _noreturn_ void ask_silent_bus(const char *path)
{
	_cleanup_free_ char *address = text_printf("unix:path=%s", path);
	struct buf asked = { 0 }, answer = { 0 };
	struct error err = { 0 };

	(void)setpgid(0, 0);
	(void)signal(SIGINT, SIG_IGN);
	wire_put_text(&asked, address);
	wire_put_text(&asked, "knarr.scope");
	if (library_ask(LIBRARY_STOP, &asked, NULL, 0, &answer, &err) >= 0)
		_exit(1);
	_exit(strstr(err.text, "without an answer") ? 2 : 0);
}

/* Ctrl-C reaches the whole process group; the loader leaves it to knarr. */
static void signals_are_the_callers(void **state)
{
	char dir[] = "/tmp/knarr-library.XXXXXX", path[64];
	struct library_facts facts;
	int dirfd, listener, connection, status;
	pid_t pid;

	(void)state;
	if (library_facts(&facts) < 0 || !facts.systemd) {
		print_message("needs libsystemd\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	assert_true(text_format(path, sizeof(path), "%s/bus", dir) > 0);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listener = sock_listen_at(SOCK_STREAM, dirfd, "bus");
	assert_true(listener >= 0);
	pid = fork();
	if (pid == 0)
		ask_silent_bus(path);
	connection = accept(listener, NULL, NULL);
	assert_true(connection >= 0);
	assert_int_equal(kill(-pid, SIGINT), 0);
	assert_int_equal(close(connection), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(listener);
	close(dirfd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back), cmocka_unit_test(nothing_is_read_past_the_end),
		cmocka_unit_test(text_must_end),    cmocka_unit_test(facts_leave_nothing),
		cmocka_unit_test(long_question),    cmocka_unit_test(refusals_are_told),
		cmocka_unit_test(unreachable_bus),  cmocka_unit_test(signals_are_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
