/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new network namespace and its loopback device. Runs in the container half.
 */
#include <sched.h>

#include "init/init.h"

static int bring_loopback_up(struct error *err)
{
	int r = sys_loopback_up();

	return r < 0 ? init_fail(err, r, "ioctl", "lo", "cannot bring the loopback device up") : 0;
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
		if (r < 0 && own)
			remedy_namespaces(r, CLONE_NEWNET, err);
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
