/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands the notification descriptor of a filter to the seccomp agent (config-linux.md, "The Container
 * Process State"). Host half. One connection, one state; the descriptor travels with its first bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "knarr/seccomp.h"

/* An agent that does not read must not hold a create for ever. */
#define AGENT_TIMEOUT_S 10

static ssize_t send_first(int sock, const char *data, size_t len, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (char *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int send_all(int sock, const char *data, size_t len, int fd)
{
	ssize_t n = send_first(sock, data, len, fd);

	while (n >= 0 && (size_t)n < len) {
		data += n;
		len -= (size_t)n;
		n = send(sock, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
	}
	return n < 0 ? (int)n : 0;
}

int filter_send_listener(const char *listener_path, const char *process_state_json, int listener_fd,
			 struct error *err)
{
	struct timeval timeout = { .tv_sec = AGENT_TIMEOUT_S };
	_cleanup_close_ int sock = sock_connect_path(SOCK_STREAM, listener_path);
	int r = sock;

	if (r >= 0) {
		(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		r = send_all(sock, process_state_json, strlen(process_state_json), listener_fd);
		if (r < 0)
			r = error_set(err, r == -EAGAIN ? ETIMEDOUT : -r,
				      "cannot send the seccomp descriptor to '%s'", listener_path);
	} else {
		r = error_set(err, -r, "cannot connect to the seccomp agent '%s'", listener_path);
	}
	if (r < 0) {
		error_add_step(err, "seccomp");
		error_add_subject(err, listener_path);
		error_add_origin(err, "/linux/seccomp/listenerPath");
	}
	return r;
}
