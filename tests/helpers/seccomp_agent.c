/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp_agent: a receiver of seccomp notifications, for the tests.
 *
 *   seccomp_agent SOCKET STATE-FILE ERRNO COUNT
 *
 * Listens on SOCKET, takes one connection, writes the container process state to STATE-FILE, and answers COUNT
 * notifications with ERRNO (0: "let it go on").
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int connection, int out)
{
	char data[65536], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(connection, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = -1;

	if (n > 0 && cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	while (n > 0) {
		if (write(out, data, (size_t)n) != n)
			return -1;
		n = read(connection, data, sizeof(data));
	}
	return fd;
}

static int answer(int fd, int number)
{
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return -1;
	response.id = request.id;
	response.error = -number;
	response.flags = number ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), connection, out, fd;

	if (argc != 5 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	strcpy(address.sun_path, argv[1]);
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(sock, 4) < 0)
		return 2;
	alarm(60);
	connection = accept(sock, NULL, NULL);
	out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fd = receive(connection, out);
	close(out);
	close(connection);
	if (fd < 0)
		return 3;
	for (int i = 0; i < atoi(argv[4]); i++)
		if (answer(fd, atoi(argv[3])) < 0)
			return 4;
	return 0;
}
