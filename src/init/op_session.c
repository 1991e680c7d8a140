/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program inherits from its starter: session, terminal, stdio, signals, keyring, umask,
 * no_new_privs. Runs in the container half, after the root switch. Always a session of its own:
 * without one, a program could push input into the terminal of whoever started it (R9).
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

static int take_terminal(struct init *in, struct error *err)
{
	if (ioctl(in->console_fd, TIOCSCTTY, 0) < 0)
		return init_fail(err, -errno, "ioctl", NULL,
				 "cannot make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(in->console_fd, fd) < 0)
			return init_fail(err, -errno, "dup2", NULL,
					 "cannot put the terminal on descriptor %d", fd);
	in->console_fd = fd_close(in->console_fd);
	return 0;
}

int op_session(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_session *arg = init_arg(in, op);

	sys_reset_signals();
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return init_fail(err, -errno, "prctl", NULL,
				 "cannot outlive the host half: its death would send a signal");
	if (setsid() < 0 && getsid(0) != getpid())
		return init_fail(err, -errno, "setsid", NULL, "cannot start a session");
	if (arg->terminal && in->console_fd >= 0)
		return take_terminal(in, err);
	return 0;
}

/* By name, so that an exec into this container joins the ring of its first process. */
int op_keyring(struct init *in, const struct plan_op *op, struct error *err)
{
	char name[256];
	int r;

	(void)op;
	if (text_format(name, sizeof(name), "_ses.%s", init_string(in, in->plan->id)) < 0)
		r = sys_join_session_keyring(NULL);
	else
		r = sys_join_session_keyring(name);
	/*
	 * No keyrings in this kernel, or behind an outer filter, which then stands before the
	 * program as well.
	 */
	if (r >= 0 || ((r == -ENOSYS || r == -EPERM) && fallback_take(FALLBACK_SESSION_KEYRING)))
		return 0;
	init_fail(err, r, "keyctl", NULL, "cannot make a session keyring");
	if (r == -EDQUOT)
		error_add_remedy(
			err,
			"the quota of keys is used up (kernel.keys.maxkeys); --no-new-keyring keeps the caller's keyring");
	return r;
}

int op_umask(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_umask *arg = init_arg(in, op);

	(void)err;
	(void)umask((mode_t)arg->mask & 0777);
	return 0;
}

int op_no_new_privs(struct init *in, const struct plan_op *op, struct error *err)
{
	(void)in;
	(void)op;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return init_fail(err, -errno, "prctl", NULL, "cannot set no_new_privs");
	return 0;
}
