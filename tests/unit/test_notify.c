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
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "knarr/supervise.h"

/* A manager's socket, a state directory with ours, and a program's end of it. */
struct scene {
	char path[64], address[80];
	int root, dir, manager, program;
	struct notify notify;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	text_copy(s->path, sizeof(s->path), "/tmp/knarr-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	(void)text_format(s->address, sizeof(s->address), "%s/manager", s->path);
	s->root = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->manager = sock_bind_at(SOCK_DGRAM, s->root, "manager", 0600);
	s->notify = (struct notify){ .address = s->address, .fd = -EBADF, .main_pid = 4711 };
	if (s->root < 0 || s->manager < 0 || notify_make_dir(s->root, &s->dir, NULL) < 0 ||
	    notify_bind(&s->notify, s->root, NULL) < 0)
		return -1;
	s->program = sock_connect_at(SOCK_DGRAM, s->dir, "notify.sock");
	*state = s;
	return s->program < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	notify_close(&s->notify);
	(void)unlinkat(s->dir, "notify.sock", 0);
	(void)unlinkat(s->root, "notify", AT_REMOVEDIR);
	(void)unlinkat(s->root, "manager", 0);
	fd_close(s->program);
	fd_close(s->manager);
	fd_close(s->dir);
	fd_close(s->root);
	(void)rmdir(s->path);
	free(s);
	return 0;
}

static void say(struct scene *s, const char *text)
{
	assert_return_code(send(s->program, text, strlen(text), 0), errno);
}

static void assert_told(struct scene *s, const char *expected)
{
	char text[5000];
	ssize_t n = recv(s->manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (!expected) {
		assert_int_equal(n, -1);
		return;
	}
	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void test_lines(void **state)
{
	static const struct {
		const char *said, *told;
	} rows[] = {
		{ "STATUS=a", "STATUS=a" },
		{ "STATUS=a\n", "STATUS=a" },
		{ "\n\nSTATUS=a\n\nERRNO=1\n", "STATUS=a\nERRNO=1" },
		{ "MAINPID=1\nSTATUS=a\nFDSTORE=1\nSTOPPING=1", "STATUS=a\nSTOPPING=1" },
		{ "STATUS=MAINPID=1", "STATUS=MAINPID=1" },
		{ "XSTATUS=a", NULL },
		{ "STATUS", NULL },
		{ "", NULL },
		{ "\n", NULL },
		{ "NOTIFYACCESS=all", NULL },
		{ "BARRIER=1", NULL },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		say(s, rows[i].said);
		assert_true(notify_relay(&s->notify));
		assert_told(s, rows[i].told);
		assert_false(notify_relay(&s->notify));
	}
	assert_false(s->notify.ready);
}

static void test_main_pid_once(void **state)
{
	struct scene *s = *state;

	say(s, "READY=0");
	assert_true(notify_relay(&s->notify));
	assert_told(s, "READY=0");
	assert_false(s->notify.ready);
	for (int i = 0; i < 2; i++) {
		say(s, "READY=1");
		assert_true(notify_relay(&s->notify));
		assert_true(s->notify.ready);
		assert_told(s, "READY=1");
		assert_told(s, i == 0 ? "MAINPID=4711" : NULL);
	}
}

static void test_no_text(void **state)
{
	struct scene *s = *state;
	char long_text[4098];

	assert_return_code(send(s->program, "STATUS=a\0READY=1", 16, 0), errno);
	assert_true(notify_relay(&s->notify));
	assert_told(s, NULL);
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text, "STATUS=", 7);
	long_text[4097] = '\0';
	say(s, long_text);
	assert_true(notify_relay(&s->notify));
	assert_told(s, NULL);
	long_text[4096] = '\0';
	say(s, long_text);
	assert_true(notify_relay(&s->notify));
	assert_told(s, long_text);
}

/* The other end of a pipe that came along is closed by our taking the message. */
static void test_descriptors_are_closed(void **state)
{
	struct scene *s = *state;
	int ends[2];
	char c;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(sock_send(s->program, "BARRIER=1", 9, &ends[1], 1), 0);
	fd_close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), -1);
	assert_true(notify_relay(&s->notify));
	assert_int_equal(read(ends[0], &c, 1), 0);
	fd_close(ends[0]);
}

static void test_manager_gone(void **state)
{
	struct scene *s = *state;

	s->manager = fd_close(s->manager);
	say(s, "READY=1");
	assert_true(notify_relay(&s->notify));
	assert_true(s->notify.ready);
	assert_false(s->notify.told);
}

/* Who has stopped reading is waited for once, and not once a message. */
static void test_manager_stuck(void **state)
{
	struct scene *s = *state;
	int other = sock_connect_at(SOCK_DGRAM, s->root, "manager");
	int64_t begin = clock_ms();
	char text[16];

	assert_return_code(other, -other);
	while (send(other, "x", 1, MSG_DONTWAIT) == 1)
		;
	for (int i = 0; i < 4; i++) {
		say(s, "STATUS=a");
		assert_true(notify_relay(&s->notify));
	}
	assert_true(s->notify.stuck);
	assert_in_range(clock_ms() - begin, 0, 9000);
	/* It reads again. */
	while (recv(s->manager, text, sizeof(text), MSG_DONTWAIT) == 1)
		;
	say(s, "STATUS=b");
	assert_true(notify_relay(&s->notify));
	assert_told(s, "STATUS=b");
	assert_false(s->notify.stuck);
	fd_close(other);
}

static void test_modes(void **state)
{
	struct scene *s = *state;
	mode_t mask = umask(0077);
	struct stat st;

	assert_int_equal(fstat(s->dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	/* A second bind takes the place of what a killed start left. */
	notify_close(&s->notify);
	assert_int_equal(notify_bind(&s->notify, s->root, NULL), 0);
	assert_int_equal(fstatat(s->dir, "notify.sock", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	assert_true(S_ISSOCK(st.st_mode));
	(void)umask(mask);
}

static void test_address(void **state)
{
	static const char *const bad[] = {
		"", "/", "@", "relative", "vsock:2:1", "/nobody/there", "@nobody there"
	};
	struct scene *s = *state;

	unsetenv("NOTIFY_SOCKET");
	assert_null(notify_address());
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		setenv("NOTIFY_SOCKET", bad[i], 1);
		assert_null(notify_address());
	}
	setenv("NOTIFY_SOCKET", s->address, 1);
	assert_string_equal(notify_address(), s->address);
	s->manager = fd_close(s->manager);
	assert_null(notify_address());
	unsetenv("NOTIFY_SOCKET");
}

/* Without a pidfd, as behind a filter that refuses pidfd_open(2), the end is seen all the same. */
static void test_wait_without_pidfd(void **state)
{
	struct scene *s = *state;
	struct pidref process;
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	assert_int_equal(pidref_open(pid, 0, &process), 0);
	process.fd = fd_close(process.fd);
	assert_int_equal(kill(pid, SIGKILL), 0);
	(void)alarm(10); /* instead of a hang */
	assert_int_equal(notify_wait(&s->notify, &process, NULL), 0);
	(void)alarm(0);
	assert_false(s->notify.ready);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void chatter(int fd)
{
	for (;;)
		(void)send(fd, "X=1", 3, 0);
}

/* Somebody else who holds the socket and does not stop keeps nobody from seeing the end. */
static void test_wait_among_chatter(void **state)
{
	struct scene *s = *state;
	struct pidref process;
	pid_t pid = fork(), other;

	if (pid == 0)
		_exit(0);
	other = fork();
	if (other == 0)
		chatter(s->program);
	assert_int_equal(pidref_open(pid, 0, &process), 0);
	(void)alarm(30);
	assert_int_equal(notify_wait(&s->notify, &process, NULL), 0);
	(void)alarm(0);
	assert_int_equal(kill(other, SIGKILL), 0);
	pidref_close(&process);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

/* A program that ends without a word does not keep the caller waiting; what it said before is told. */
static void test_wait_for_end(void **state)
{
	struct scene *s = *state;
	struct pidref process;
	int go[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)!read(go[0], &c, 1);
		(void)send(s->program, "STATUS=a", 8, 0);
		(void)send(s->program, "STATUS=b", 8, 0);
		_exit(0);
	}
	assert_int_equal(pidref_open(pid, 0, &process), 0);
	assert_int_equal(write(go[1], "x", 1), 1);
	fd_close(go[0]);
	fd_close(go[1]);
	/* Nobody answers a barrier here. */
	s->manager = fd_close(s->manager);
	assert_int_equal(notify_wait(&s->notify, &process, NULL), 0);
	assert_false(s->notify.ready);
	assert_false(notify_relay(&s->notify));
	pidref_close(&process);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The barrier lies in the queue, or its descriptor is kept: the caller comes back all the same, and soon. */
static void test_wait_for_no_answer(void **state)
{
	struct scene *s = *state;
	struct timespec before, after;
	struct pidref process;
	pid_t pid = fork();

	if (pid == 0) {
		(void)send(s->program, "READY=1", 7, 0);
		_exit(0);
	}
	assert_int_equal(pidref_open(pid, 0, &process), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	assert_int_equal(notify_wait(&s->notify, &process, NULL), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_true(s->notify.ready);
	assert_in_range(after.tv_sec - before.tv_sec, 4, 9);
	pidref_close(&process);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_main_pid_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_descriptors_are_closed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_manager_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_manager_stuck, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_address, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wait_without_pidfd, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wait_among_chatter, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wait_for_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wait_for_no_answer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
