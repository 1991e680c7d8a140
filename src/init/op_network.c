/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new network namespace and its loopback device. Runs in the container half.
 *
 * The kernel gives the loopback device its addresses when it comes up.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "init/init.h"

static int bring_loopback_up(struct error *err)
{
	/* Any socket takes the requests for devices, and this kind is in every kernel. */
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0)
		return init_fail(err, -errno, "socket", NULL, "cannot make a socket");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return init_fail(err, -errno, "ioctl", "lo", "cannot find the loopback device");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return init_fail(err, -errno, "ioctl", "lo", "cannot bring the loopback device up");
	return 0;
}

/* It comes from the host half, unless that may make it but not return from it. */
int op_netns(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_netns *arg = init_arg(in, op);
	int fd, r = channel_expect_fd(in, STEP_NETNS, &fd);
	bool own = r >= 0 && fd < 0;

	if (r < 0)
		init_fail(err, r, "recvmsg", NULL, "no network namespace came from the host half");
	if (r >= 0) {
		r = own ? sys_unshare(CLONE_NEWNET) : sys_setns(fd, CLONE_NEWNET);
		if (r < 0)
			init_fail(err, r, own ? "unshare" : "setns", NULL,
				  "cannot enter a new network namespace");
	}
	fd_close(fd);
	return r >= 0 && own && (arg->flags & PLAN_NETNS_LOOPBACK) ? bring_loopback_up(err) : r;
}

int op_loopback(struct init *in, const struct plan_op *op, struct error *err)
{
	(void)in;
	(void)op;
	return bring_loopback_up(err);
}
