/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of sd_notify(3), for tests/integration/notify.bats.
 *
 *   notify receive ADDRESS   a service manager's end: prints "listening", then each message on a line, '|' for newline,
 *                            with the sender's pid behind it; closes the descriptors of a message; ends with SIGTERM
 *   notify send WORD...      a service's end: sends each word to $NOTIFY_SOCKET, '|' for newline; "sleep:MS" sleeps
 *   notify barrier           sends BARRIER=1 with a pipe and waits for its other end to close: "done", or "timeout"
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGE_SIZE = 8192, LIFETIME_S = 120, BARRIER_MS = 5000 };

static socklen_t parse_address(const char *text, struct sockaddr_un *ret)
{
	size_t len = strlen(text);

	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (len >= sizeof(ret->sun_path)) {
		fprintf(stderr, "notify: the address is too long\n");
		exit(1);
	}
	memcpy(ret->sun_path, text, len);
	if (text[0] != '@')
		return sizeof(*ret);
	ret->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static void translate(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

static void print_message(struct msghdr *msg, char *text)
{
	pid_t sender = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS)
			sender = ((struct ucred *)CMSG_DATA(c))->pid;
		if (c->cmsg_type == SCM_RIGHTS)
			close(*(int *)CMSG_DATA(c));
	}
	translate(text, '\n', '|');
	printf("%s from %d\n", text, sender);
}

static int receive(const char *address)
{
	struct sockaddr_un name;
	socklen_t len = parse_address(address, &name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&name, len) < 0)
		return fail("notify: bind");
	alarm(LIFETIME_S);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	for (;;) {
		char text[MESSAGE_SIZE];
		char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))]
			__attribute__((aligned(sizeof(size_t))));
		struct iovec iov = { .iov_base = text, .iov_len = sizeof(text) - 1 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

		if (n < 0)
			return fail("notify: recvmsg");
		text[n] = '\0';
		print_message(&msg, text);
	}
}

static int open_socket(void)
{
	const char *address = getenv("NOTIFY_SOCKET");
	struct sockaddr_un name;
	socklen_t len;
	int fd;

	if (!address) {
		puts("NOTIFY_SOCKET is not set");
		exit(3);
	}
	len = parse_address(address, &name);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, len) < 0)
		exit(fail("notify: connect"));
	return fd;
}

static int send_words(char **words)
{
	int fd = open_socket();

	for (; *words; words++) {
		if (strncmp(*words, "sleep:", 6) == 0) {
			usleep((useconds_t)atoi(*words + 6) * 1000);
			continue;
		}
		translate(*words, '|', '\n');
		if (send(fd, *words, strlen(*words), MSG_NOSIGNAL) < 0)
			return fail("notify: send");
	}
	return 0;
}

static int barrier(void)
{
	char text[] = "BARRIER=1",
	     control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t)))) = { 0 };
	struct iovec iov = { .iov_base = text, .iov_len = strlen(text) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd = open_socket(), ends[2];
	struct pollfd p;

	if (pipe(ends) < 0)
		return fail("notify: pipe");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &ends[1], sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
		return fail("notify: sendmsg");
	close(ends[1]);
	p = (struct pollfd){ .fd = ends[0], .events = POLLHUP };
	puts(poll(&p, 1, BARRIER_MS) > 0 ? "done" : "timeout");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "receive") == 0)
		return receive(argv[2]);
	if (argc > 2 && strcmp(argv[1], "send") == 0)
		return send_words(argv + 2);
	if (argc == 2 && strcmp(argv[1], "barrier") == 0)
		return barrier();
	fprintf(stderr, "usage: notify receive ADDRESS | send WORD... | barrier\n");
	return 2;
}
