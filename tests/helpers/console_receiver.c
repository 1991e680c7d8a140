/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console_receiver: the caller's side of --console-socket, as an engine's monitor plays it.
 *
 *   console_receiver SOCKET [ROWS COLS]
 *
 * Listens on SOCKET and prints "listening"; takes one connection, prints "payload N fds M" with the bytes of the
 * message and the number of its descriptors, sets the terminal's size if one is given, and copies what the container
 * writes to stdout until the terminal is hung up. What comes in on stdin goes to the container.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "console_receiver: %s: %s\n", what, strerror(errno));
	return 1;
}

static int receive(int conn)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	char data[4096];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) - 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(conn, &msg, 0);
	struct cmsghdr *c;
	int fd = -1, count = 0;

	if (n < 0)
		return -1;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count += (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	printf("payload %zd fds %d\n", n, count);
	fflush(stdout);
	return fd;
}

static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n <= 0)
		return 0;
	return write(to, buf, (size_t)n) == n;
}

static void relay(int master)
{
	struct pollfd p[2] = { { .fd = master, .events = POLLIN }, { .fd = 0, .events = POLLIN } };

	for (;;) {
		if (poll(p, 2, -1) < 0)
			return;
		if (p[0].revents && !copy(master, 1))
			return;
		if (p[1].revents && !copy(0, master))
			p[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener, conn, master;

	if (argc < 2 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "usage: console_receiver SOCKET [ROWS COLS]\n");
		return 2;
	}
	strcpy(addr.sun_path, argv[1]);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 1) < 0)
		return fail("cannot listen");
	printf("listening\n");
	fflush(stdout);
	conn = accept(listener, NULL, NULL);
	if (conn < 0)
		return fail("cannot accept");
	master = receive(conn);
	close(conn);
	close(listener);
	if (master < 0)
		return fail("no descriptor came");
	if (argc >= 4) {
		struct winsize size = { .ws_row = (unsigned short)atoi(argv[2]),
					.ws_col = (unsigned short)atoi(argv[3]) };

		if (ioctl(master, TIOCSWINSZ, &size) < 0)
			return fail("cannot set the size");
	}
	relay(master);
	return 0;
}
