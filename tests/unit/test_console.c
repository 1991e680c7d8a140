/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's way to its receiver, and our own terminal's modes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "knarr/console.h"

static char dir[32];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/knarr-console-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void master_arrives_once(void **state)
{
	char path[64], data[64];
	union {
		char buf[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	int master, slave, server, peer, got;
	struct stat a, b;
	struct cmsghdr *c;

	(void)state;
	snprintf(path, sizeof(path), "%s/s", dir);
	server = listen_at(path, 1);
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	/* Nobody has accepted yet, and it returns. */
	assert_int_equal(console_send(path, "/dev/pts/7", master, NULL), 0);
	peer = accept(server, NULL, NULL);
	assert_int_equal(recvmsg(peer, &msg, 0), strlen("/dev/pts/7"));
	assert_memory_equal(data, "/dev/pts/7", strlen("/dev/pts/7"));
	c = CMSG_FIRSTHDR(&msg);
	assert_non_null(c);
	assert_int_equal(c->cmsg_type, SCM_RIGHTS);
	assert_int_equal(c->cmsg_len, CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(c), sizeof(got));
	assert_int_equal(fstat(got, &a), 0);
	assert_int_equal(fstat(master, &b), 0);
	assert_int_equal(a.st_rdev, b.st_rdev);
	assert_null(CMSG_NXTHDR(&msg, c));
	msg.msg_controllen = sizeof(control.buf);
	assert_int_equal(recvmsg(peer, &msg, 0), 0); /* one message, then the end */
	close(got);
	close(peer);

	/* An empty name still carries a byte for the descriptor. */
	assert_int_equal(console_send(path, "", master, NULL), 0);
	peer = accept(server, NULL, NULL);
	msg.msg_controllen = sizeof(control.buf);
	assert_int_equal(recvmsg(peer, &msg, 0), 1);
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(got));
	close(got);
	close(peer);
	close(server);
	close(master);
	close(slave);
}

static void never_waits(void **state)
{
	char path[64];
	struct error err = { 0 };
	int server, r = 0;

	(void)state;
	alarm(20);
	snprintf(path, sizeof(path), "%s/full", dir);
	server = listen_at(path, 0);
	for (unsigned i = 0; i < 20 && r == 0; i++)
		r = console_send(path, "x", 0, &err);
	assert_int_equal(r, -EAGAIN);
	close(server);
	alarm(0);
}

static void failures_name_the_socket(void **state)
{
	struct error err = { 0 };
	char path[400];

	(void)state;
	assert_int_equal(console_send("/nonexistent/sock", "x", 0, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/sock"));
	assert_string_equal(err.origin, "--console-socket");
	snprintf(path, sizeof(path), "%s/%0200d", dir, 0);
	assert_int_equal(console_send(path, "x", 0, &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/dead", dir);
	close(listen_at(path, 1));
	assert_int_equal(console_send(path, "x", 0, &err), -ECONNREFUSED);
}

static void raw_and_back(void **state)
{
	struct console_saved saved;
	struct termios before, t;
	int master, slave, p[2];

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &before), 0);
	assert_int_equal(console_raw(slave, &saved), 0);
	assert_int_equal(tcgetattr(slave, &t), 0);
	assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG), 0);
	assert_int_equal(t.c_oflag & OPOST, 0);
	console_restore(&saved);
	assert_int_equal(tcgetattr(slave, &t), 0);
	assert_int_equal(t.c_lflag, before.c_lflag);
	assert_int_equal(t.c_oflag, before.c_oflag);
	console_restore(&saved); /* only once */
	close(master);
	close(slave);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(console_raw(p[0], &saved), -ENOTTY);
	console_restore(&saved);
	close(p[0]);
	close(p[1]);
}

static void sizes(void **state)
{
	struct winsize w = { .ws_col = 132, .ws_row = 43 };
	int a, as, b, bs;

	(void)state;
	assert_int_equal(openpty(&a, &as, NULL, NULL, NULL), 0);
	assert_int_equal(openpty(&b, &bs, NULL, NULL, NULL), 0);
	assert_int_equal(ioctl(a, TIOCSWINSZ, &w), 0);
	w.ws_col = w.ws_row = 0;
	assert_int_equal(console_copy_size(as, b), 0);
	assert_int_equal(ioctl(bs, TIOCGWINSZ, &w), 0);
	assert_int_equal(w.ws_col, 132);
	assert_int_equal(w.ws_row, 43);
	close(a);
	close(as);
	close(b);
	close(bs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(master_arrives_once),
		cmocka_unit_test(never_waits),
		cmocka_unit_test(failures_name_the_socket),
		cmocka_unit_test(raw_and_back),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
