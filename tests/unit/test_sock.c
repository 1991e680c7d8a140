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
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "knarr/base.h"

struct scratch {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));

	text_copy(s->path, sizeof(s->path), "/tmp/knarr-unit.XXXXXX");
	if (!mkdtemp(s->path))
		return -1;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = s;
	return s->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct scratch *s = *state;
	int r;

	unlinkat(s->fd, "gate", 0);
	unlinkat(s->fd, "link", 0);
	close(s->fd);
	r = rmdir(s->path);
	free(s);
	return r;
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void packets_keep_their_borders(void **state)
{
	char buf[16];
	int fds[2];

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(sock_send(fds[0], "abc", 3, NULL, 0), 0);
	assert_int_equal(sock_send(fds[0], "de", 2, NULL, 0), 0);
	assert_int_equal(sock_recv(fds[1], buf, sizeof(buf), NULL, NULL, 1000), 3);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(sock_recv(fds[1], buf, sizeof(buf), NULL, NULL, 1000), 2);
	assert_int_equal(sock_send(fds[0], "0123456789", 10, NULL, 0), 0);
	assert_int_equal(sock_recv(fds[1], buf, 4, NULL, NULL, 1000), -EMSGSIZE);
	close(fds[0]);
	assert_int_equal(sock_recv(fds[1], buf, sizeof(buf), NULL, NULL, 1000), 0);
	assert_int_equal(sock_send(fds[1], "x", 1, NULL, 0), -EPIPE);
	close(fds[1]);
}

static void waiting_has_an_end(void **state)
{
	char c;
	int fds[2];

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	assert_int_equal(sock_recv(fds[0], &c, 1, NULL, NULL, 0), -ETIMEDOUT);
	assert_int_equal(sock_recv(fds[0], &c, 1, NULL, NULL, 20), -ETIMEDOUT);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(sock_recv(fds[0], &c, 1, NULL, NULL, 20), -EBADF);
}

static void descriptors_arrive_closed_on_exec(void **state)
{
	struct stat a, b;
	int pair[2], pipes[2], got[4];
	unsigned n = ARRAY_SIZE(got);
	char c;

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(sock_send(pair[0], "x", 1, pipes, 2), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, got, &n, 1000), 1);
	assert_int_equal(n, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
		assert_int_equal(fstat(pipes[i], &a), 0);
		assert_int_equal(fstat(got[i], &b), 0);
		assert_true(a.st_ino == b.st_ino);
		close(got[i]);
		close(pipes[i]);
	}
	n = ARRAY_SIZE(got);
	assert_int_equal(sock_send(pair[0], "x", 1, NULL, 0), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, got, &n, 1000), 1);
	assert_int_equal(n, 0);
	close(pair[0]);
	close(pair[1]);
}

static void surplus_descriptors_are_closed(void **state)
{
	int pair[2], many[9], got[1];
	unsigned n = 1, before;
	char c;

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = 0;
	before = open_fds();
	assert_int_equal(sock_send(pair[0], "x", 1, many, 9), -EINVAL);
	assert_int_equal(sock_send(pair[0], "x", 1, many, 8), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, got, &n, 1000), 1);
	assert_int_equal(n, 1);
	assert_int_equal(open_fds(), before + 1);
	close(got[0]);
	assert_int_equal(sock_send(pair[0], "x", 1, many, 8), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, NULL, NULL, 1000), 1);
	assert_int_equal(open_fds(), before);
	/* A packet that is refused for its size leaves no descriptor behind. */
	n = 1;
	assert_int_equal(sock_send(pair[0], "xy", 2, many, 8), 0);
	assert_int_equal(sock_recv(pair[1], &c, 1, got, &n, 1000), -EMSGSIZE);
	assert_int_equal(open_fds(), before);
	close(pair[0]);
	close(pair[1]);
}

/* The peer dies with a packet of ours unread, after it told us why. */
static void last_words_survive_a_reset(void **state)
{
	char buf[16];
	int pair[2];

	(void)state;
	assert_int_equal(sock_pair(pair), 0);
	assert_int_equal(sock_send(pair[0], "never read", 10, NULL, 0), 0);
	assert_int_equal(sock_send(pair[1], "why", 3, NULL, 0), 0);
	close(pair[1]);
	assert_int_equal(sock_recv(pair[0], buf, sizeof(buf), NULL, NULL, 1000), 3);
	assert_memory_equal(buf, "why", 3);
	assert_int_equal(sock_recv(pair[0], buf, sizeof(buf), NULL, NULL, 1000), 0);
	close(pair[0]);
}

static void talk(int listener, int client)
{
	char buf[4];
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(client >= 0);
	assert_true(server >= 0);
	assert_int_equal(sock_send(client, "hi", 2, NULL, 0), 0);
	assert_int_equal(sock_recv(server, buf, sizeof(buf), NULL, NULL, 1000), 2);
	close(server);
	close(client);
}

static void listening_below_a_directory(void **state)
{
	struct scratch *s = *state;
	mode_t old = umask(0);
	struct stat st;
	int listener;

	listener = sock_listen_at(SOCK_SEQPACKET, s->fd, "gate");
	umask(old);
	assert_true(listener >= 0);
	assert_int_equal(fstatat(s->fd, "gate", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	talk(listener, sock_connect_at(SOCK_SEQPACKET, s->fd, "gate"));
	assert_int_equal(sock_listen_at(SOCK_SEQPACKET, s->fd, "gate"), -EADDRINUSE);
	assert_int_equal(sock_listen_at(SOCK_SEQPACKET, s->fd, "a/b"), -EINVAL);
	assert_int_equal(sock_connect_at(SOCK_SEQPACKET, s->fd, "none"), -ENOENT);
	assert_int_equal(symlinkat("gate", s->fd, "link"), 0);
	assert_true(sock_connect_at(SOCK_SEQPACKET, s->fd, "link") < 0);
	close(listener);
	assert_int_equal(sock_connect_at(SOCK_SEQPACKET, s->fd, "gate"), -ECONNREFUSED);
}

static void paths_of_any_length(void **state)
{
	struct scratch *s = *state;
	char path[512], name[201];
	int deep, listener;

	memset(name, 'd', 200);
	name[200] = '\0';
	assert_int_equal(mkdirat(s->fd, name, 0700), 0);
	deep = openat(s->fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(deep >= 0);
	listener = sock_listen_at(SOCK_STREAM, deep, "gate");
	assert_true(listener >= 0);
	text_format(path, sizeof(path), "%s/%s/gate", s->path, name);
	talk(listener, sock_connect_path(SOCK_STREAM, path));
	text_format(path, sizeof(path), "%s/%s/none", s->path, name);
	assert_int_equal(sock_connect_path(SOCK_STREAM, path), -ENOENT);
	assert_int_equal(sock_connect_path(SOCK_STREAM, ""), -ENOENT);
	close(listener);
	assert_int_equal(unlinkat(deep, "gate", 0), 0);
	close(deep);
	assert_int_equal(unlinkat(s->fd, name, AT_REMOVEDIR), 0);
	listener = sock_listen_at(SOCK_STREAM, s->fd, "gate");
	text_format(path, sizeof(path), "%s/gate", s->path);
	talk(listener, sock_connect_path(SOCK_STREAM, path));
	close(listener);
}

static void addresses(void **state)
{
	struct scratch *s = *state;
	struct sockaddr_un abstract = { .sun_family = AF_UNIX };
	_cleanup_close_ int plain = sock_bind_at(SOCK_DGRAM, s->fd, "gate", 0622);
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[200];
	struct stat st;
	int fd, len;

	assert_true(plain >= 0 && listener >= 0);
	assert_int_equal(fstatat(s->fd, "gate", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0622);
	text_format(text, sizeof(text), "%s/gate", s->path);
	fd = sock_connect_address(SOCK_DGRAM, text);
	assert_true(fd >= 0);
	close(fd);
	/* "@name" and "@name" with a NUL behind it are two names. */
	len = text_format(text, sizeof(text), "@knarr-unit-%d", getpid());
	memcpy(abstract.sun_path + 1, text + 1, (size_t)len - 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&abstract,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
			 0);
	fd = sock_connect_address(SOCK_DGRAM, text);
	assert_true(fd >= 0);
	close(fd);
	text[len - 1]++;
	assert_int_equal(sock_connect_address(SOCK_DGRAM, text), -ECONNREFUSED);
	memset(text, 'x', sizeof(text));
	text[0] = '@';
	text[109] = '\0';
	assert_int_equal(sock_connect_address(SOCK_DGRAM, text), -ENAMETOOLONG);
	text[108] = '\0';
	assert_int_equal(sock_connect_address(SOCK_DGRAM, text), -ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_keep_their_borders),
		cmocka_unit_test(waiting_has_an_end),
		cmocka_unit_test(descriptors_arrive_closed_on_exec),
		cmocka_unit_test(surplus_descriptors_are_closed),
		cmocka_unit_test(last_words_survive_a_reset),
		cmocka_unit_test_setup_teardown(listening_below_a_directory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paths_of_any_length, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
