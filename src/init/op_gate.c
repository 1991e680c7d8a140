/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start gate. Runs in the container half, with everything done that can fail early. READY ends
 * the host half's create; then a container waits on its listening socket for `start`, whose
 * connection lives until execve closes it: its end tells that the program runs, a record on it
 * tells why not.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/init.h"

static void end_by_signal(int sig)
{
	_exit(128 + sig);
}

/*
 * The first process of a pid namespace ignores what it does not handle, and a created container is
 * to be killable politely.
 */
static void accept_signals(void)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM };
	struct sigaction action = { .sa_handler = end_by_signal };

	if (getpid() != 1)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void)sigaction(ending[i], &action, NULL);
}

static int peer_uid(int fd, uid_t *ret)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*ret = peer.uid;
	return 0;
}

/*
 * Until somebody with the right to it says START. Whoever else connects, or goes away again,
 * changes nothing.
 */
static int wait_on_socket(struct init *in, int listener, uid_t owner, struct error *err)
{
	for (;;) {
		uid_t uid = (uid_t)-1;

		in->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (in->socket < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			return init_fail(err, -errno, "accept4", NULL, "cannot wait for 'start'");
		}
		if (peer_uid(in->socket, &uid) >= 0 && uid == owner &&
		    channel_expect(in, STEP_START) >= 0)
			return 0;
		in->socket = fd_close(in->socket);
	}
}

static int wait_on_handshake(struct init *in, struct error *err)
{
	int r = channel_expect(in, STEP_START);

	if (r < 0)
		return init_fail(err, r, "recv", NULL, "nobody started the program");
	return 0;
}

int op_gate(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_gate *arg = init_arg(in, op);
	_cleanup_close_ int listener = op->fd >= 0 ? op->fd : -EBADF;
	uid_t owner = (uid_t)-1;
	int r;

	if (arg->kind == PLAN_GATE_SOCKET) {
		r = peer_uid(in->socket, &owner);
		if (r < 0)
			return init_fail(err, r, "getsockopt", NULL,
					 "cannot tell who made this container");
		accept_signals();
	}
	r = channel_send(in, STEP_READY, 0, NULL, -1);
	if (r < 0)
		return init_fail(err, r, "sendmsg", NULL, "nobody waits for this container");
	if (arg->kind == PLAN_GATE_NONE)
		return 0;
	if (arg->kind == PLAN_GATE_HANDSHAKE)
		return wait_on_handshake(in, err);
	in->socket = fd_close(in->socket);
	return wait_on_socket(in, listener, owner, err);
}
