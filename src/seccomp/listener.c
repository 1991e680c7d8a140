/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hands the notification descriptor of a filter to the seccomp agent (config-linux.md, "The Container
 * Process State"). Host half. One connection, one state; the descriptor travels with its first bytes.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "knarr/seccomp.h"

/* An agent that does not read must not hold a create for ever. */
#define AGENT_TIMEOUT_S 10

int filter_send_listener(const char *listener_path, const char *process_state_json, int listener_fd,
			 struct error *err)
{
	struct timeval timeout = { .tv_sec = AGENT_TIMEOUT_S };
	_cleanup_close_ int sock = sock_connect_path(SOCK_STREAM, listener_path);
	int r = sock;

	if (r >= 0) {
		(void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
		r = sock_send(sock, process_state_json, strlen(process_state_json), &listener_fd,
			      1);
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
