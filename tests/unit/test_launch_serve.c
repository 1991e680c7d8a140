/* SPDX-License-Identifier: Apache-2.0 */
/* The receiving side of the handshake, with forged packets: what a hostile container half may send (R28). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch_private.h"

static struct {
	struct plan_header header;
	struct plan_op ops[8];
} plan;
static const char *console_name;
static char console_text[64];
static int peer;

/* A launch whose plan has these ops and whose process is a child that waits to be killed. */
static struct launch launch_of(const uint16_t *types, uint32_t count)
{
	struct launch l = { .gate_fd = -EBADF, .oom_score_adj = INT32_MIN };
	int pair[2];

	memset(&plan, 0, sizeof(plan));
	plan.header.ops = offsetof(__typeof__(plan), ops);
	plan.header.op_count = count;
	for (uint32_t i = 0; i < count; i++) {
		plan.ops[i] = (struct plan_op){ .type = types[i], .fd = -1 };
		plan.header.flags |= types[i] == OP_FORK ? PLAN_HAS_FORK : 0;
	}
	l.plan.header = &plan.header;
	assert_return_code(sock_pair(pair), 0);
	l.socket = pair[0];
	peer = pair[1];
	l.process.pid = fork();
	if (l.process.pid == 0)
		for (;;)
			pause();
	l.process.fd = sys_pidfd_open(l.process.pid, 0);
	assert_true(l.process.fd >= 0);
	return l;
}
#define LAUNCH(...)                                  \
	launch_of((const uint16_t[]){ __VA_ARGS__ }, \
		  sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

static void end(struct launch *l)
{
	if (l->process.pid > 0) {
		(void)kill(l->process.pid, SIGKILL);
		(void)waitpid(l->process.pid, NULL, 0);
	}
	fd_close(l->process.fd);
	fd_close(l->socket);
	peer = fd_close(peer);
}

static void say_with(enum handshake_step step, const int *fds, unsigned nfds)
{
	struct handshake_packet packet = { .version = HANDSHAKE_VERSION, .step = step };

	assert_return_code(sock_send(peer, &packet, sizeof(packet), fds, nfds), 0);
}
static void say(enum handshake_step step, int fd)
{
	say_with(step, &fd, fd >= 0);
}

static void refused(struct launch *l, const char *text)
{
	struct error err = { 0 };

	assert_true(launch_serve_until_ready(l, &err) < 0);
	assert_non_null(strstr(err.text, text));
	end(l);
}

static void a_step_that_the_plan_has_not(void **state)
{
	struct launch l = LAUNCH(OP_GATE, OP_EXEC);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	say(STEP_FORKED, fd);
	refused(&l, "'forked' may not come now");
	l = LAUNCH(OP_GATE, OP_EXEC);
	say(STEP_CONSOLE, fd);
	refused(&l, "'console' may not come now");
	l = LAUNCH(OP_GATE, OP_EXEC);
	say(STEP_HOOKS, -1);
	refused(&l, "'hooks' may not come now");
	fd_close(fd);
}

static void a_step_before_its_time_or_left_out(void **state)
{
	struct launch l = LAUNCH(OP_CONSOLE, OP_FORK, OP_GATE, OP_EXEC);
	int fd = sys_pidfd_open(getpid(), 0);

	(void)state;
	say(STEP_FORKED, fd);
	refused(&l, "'forked' may not come now");
	l = LAUNCH(OP_CONSOLE, OP_GATE, OP_EXEC);
	say(STEP_READY, -1);
	refused(&l, "'ready' may not come now");
	fd_close(fd);
}

static void descriptors_that_are_not_due(void **state)
{
	static const enum handshake_step none[] = { STEP_READY, STEP_FAILED, STEP_DEBUG,
						    STEP_TIMING };
	int fds[2] = { open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), open("/", O_RDONLY) };
	struct launch l;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		l = LAUNCH(OP_GATE, OP_EXEC);
		say(none[i], fds[1]);
		refused(&l, "came with a descriptor");
	}
	l = LAUNCH(OP_CONSOLE, OP_GATE, OP_EXEC);
	say_with(STEP_CONSOLE, fds, 2);
	refused(&l, "came with more than one descriptor");
	l = LAUNCH(OP_CONSOLE, OP_GATE, OP_EXEC);
	say(STEP_CONSOLE, -1);
	refused(&l, "came with no descriptor");
	fd_close(fds[0]);
	fd_close(fds[1]);
}

/* Neither a stranger, nor ourselves, nor the process that speaks, nor what is no pidfd. */
static void only_a_child_of_ours_is_adopted(void **state)
{
	int fds[4] = { sys_pidfd_open(getppid(), 0), sys_pidfd_open(getpid(), 0), -1,
		       open("/dev/null", O_RDONLY | O_CLOEXEC) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct launch l = LAUNCH(OP_FORK, OP_GATE, OP_EXEC);

		if (i == 2)
			fds[i] = sys_pidfd_open(l.process.pid, 0);
		assert_true(fds[i] >= 0);
		say(STEP_FORKED, fds[i]);
		refused(&l, "no child of ours");
		fd_close(fds[i]);
	}
}

static void a_child_of_ours_is_adopted_once(void **state)
{
	struct launch l = LAUNCH(OP_FORK, OP_GATE, OP_EXEC);
	pid_t child = fork(), first = l.process.pid;
	int fd;

	(void)state;
	if (child == 0)
		for (;;)
			pause();
	fd = sys_pidfd_open(child, 0);
	say(STEP_FORKED, fd);
	say(STEP_FORKED, fd);
	assert_return_code(kill(first, SIGKILL), 0);
	refused(&l, "'forked' may not come now");
	assert_int_equal(waitpid(child, NULL, WNOHANG), -1); /* end() has waited for it */
	fd_close(fd);
}

static int on_console(struct launch *l, int fd, const char *name, struct error *err)
{
	(void)l;
	(void)fd;
	(void)err;
	text_copy(console_text, sizeof(console_text), name);
	console_name = console_text;
	return 0;
}

static void only_the_master_of_a_pty_is_a_console(void **state)
{
	static const char *const wrong[] = { "/", "/dev/null", "/proc/self/stat" };
	struct launch l;
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		l = LAUNCH(OP_CONSOLE, OP_GATE, OP_EXEC);
		l.on_console = on_console;
		fd = open(wrong[i], O_RDONLY | O_CLOEXEC);
		say(STEP_CONSOLE, fd);
		refused(&l, "no terminal came");
		assert_null(console_name);
		fd_close(fd);
	}
	l = LAUNCH(OP_CONSOLE, OP_GATE, OP_EXEC);
	l.on_console = on_console;
	fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	say(STEP_CONSOLE, fd);
	say(STEP_READY, -1);
	assert_return_code(launch_serve_until_ready(&l, NULL), 0);
	assert_memory_equal(console_name, "/dev/pts/", 9);
	fd_close(fd);
	end(&l);
}

static void remarks_have_an_end(void **state)
{
	struct launch l = LAUNCH(OP_GATE, OP_EXEC);
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct handshake_packet packet = { .version = HANDSHAKE_VERSION,
						   .step = STEP_TIMING };

		fd_close(l.socket); /* what it sends has one reader only */
		for (int i = 0; i < 100000; i++)
			if (sock_send(peer, &packet, sizeof(packet), NULL, 0) < 0)
				break;
		_exit(0);
	}
	refused(&l, "too many remarks");
	assert_int_equal(waitpid(child, &status, 0), child);
}

/* Somebody else may hold the other end of the socket: the end of the process counts. */
static void the_process_ends_without_eof(void **state)
{
	struct launch l = LAUNCH(OP_GATE, OP_EXEC);
	struct error err = { 0 };

	(void)state;
	assert_return_code(kill(l.process.pid, SIGKILL), 0);
	assert_true(launch_serve_until_ready(&l, &err) < 0);
	assert_non_null(strstr(err.text, "was killed by signal 9"));
	end(&l);
}

static void eof_is_no_success_while_the_listener_is_owed(void **state)
{
	static struct {
		struct plan_header header;
		struct plan_op ops[2];
		struct plan_arg_seccomp filter;
	} notifying = { .header = { .op_count = 2, .ops = offsetof(__typeof__(notifying), ops) },
			.ops = { { .type = OP_GATE },
				 { .type = OP_SECCOMP,
				   .arg = offsetof(__typeof__(notifying), filter) } },
			.filter = { .flags = PLAN_SECCOMP_LISTENER } };
	struct launch l = LAUNCH(OP_GATE, OP_EXEC);
	struct error err = { 0 };

	(void)state;
	l.plan.header = &notifying.header;
	say(STEP_READY, -1);
	assert_return_code(launch_serve_until_ready(&l, &err), 0);
	say(STEP_RUNNING, -1);
	peer = fd_close(peer);
	(void)kill(l.process.pid, SIGKILL);
	assert_true(launch_serve_until_exec(&l, &err) < 0);
	end(&l);
}

/* At the start gate: takes one packet, answers with one of this version (0: none), and lives on or ends. */
static void at_the_gate(uint32_t version, bool lives, const char *text, enum handshake_step last)
{
	struct launch l = { .socket = -EBADF, .gate_fd = -EBADF };
	char dir[] = "/tmp/knarr-gate-XXXXXX";
	struct error err = { 0 };
	int dirfd, gate;

	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gate = sock_listen_at(SOCK_SEQPACKET, dirfd, "gate");
	assert_true(gate >= 0);
	l.process.pid = fork();
	if (l.process.pid == 0) {
		struct handshake_packet packet;
		int fd = accept(gate, NULL, NULL);

		(void)recv(fd, &packet, sizeof(packet), 0);
		packet = (struct handshake_packet){ .version = version, .step = STEP_RUNNING };
		if (version)
			(void)send(fd, &packet, sizeof(packet), 0);
		(void)close(fd);
		while (lives)
			pause();
		_exit(0);
	}
	l.process.fd = sys_pidfd_open(l.process.pid, 0);
	assert_true(launch_open_gate(&l, dirfd, &err) < 0);
	assert_non_null(strstr(err.text, text));
	assert_int_equal(l.last_step, last);
	end(&l);
	(void)unlinkat(dirfd, "gate", 0);
	fd_close(gate);
	fd_close(dirfd);
	assert_return_code(rmdir(dir), errno);
}

static void a_gate_of_another_build_stays(void **state)
{
	(void)state;
	at_the_gate(0, true, "another build", STEP_NONE);
	at_the_gate(HANDSHAKE_VERSION + 1, true, "another build", STEP_NONE);
	at_the_gate(0, false, "ended before its program ran", STEP_START);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_that_the_plan_has_not),
		cmocka_unit_test(a_step_before_its_time_or_left_out),
		cmocka_unit_test(descriptors_that_are_not_due),
		cmocka_unit_test(only_a_child_of_ours_is_adopted),
		cmocka_unit_test(a_child_of_ours_is_adopted_once),
		cmocka_unit_test(only_the_master_of_a_pty_is_a_console),
		cmocka_unit_test(remarks_have_an_end),
		cmocka_unit_test(the_process_ends_without_eof),
		cmocka_unit_test(eof_is_no_success_while_the_listener_is_owed),
		cmocka_unit_test(a_gate_of_another_build_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
