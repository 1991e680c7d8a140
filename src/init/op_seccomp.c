/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call filter, as late as possible. Runs in the container half. Descriptors are closed
 * before it, since it may forbid that. Without no_new_privs loading it takes CAP_SYS_ADMIN, which
 * is given up right after.
 */
#include <errno.h>
#include <linux/filter.h>
#include <unistd.h>

#include "init/init.h"

static int hand_over_listener(const struct init *in, int listener, struct error *err)
{
	int r = channel_send(in, STEP_LISTENER, 0, NULL, listener);

	if (r >= 0)
		r = channel_expect(in, STEP_LISTENER_DONE);
	if (r < 0) {
		init_fail(err, r, "sendmsg", NULL, "cannot hand the seccomp listener over");
		error_add_remedy(
			err,
			"a profile that notifies for sendmsg, recvfrom or close cannot be started");
	}
	return r;
}

static int drop_sys_admin(const struct init *in, struct error *err)
{
	const struct plan_arg_identity *id = in->identity;
	uint64_t effective = 0, permitted = 0, inheritable = 0;
	int r;

	if (!id || !(id->flags & PLAN_IDENTITY_KEEP_SYS_ADMIN))
		return 0;
	r = sys_capset(id->effective, id->permitted, id->inheritable);
	if (r >= 0)
		r = sys_capget(&effective, &permitted, &inheritable);
	if (r >= 0 && (effective != id->effective || permitted != id->permitted ||
		       inheritable != id->inheritable))
		r = -ESTALE;
	if (r < 0) {
		init_fail(err, r, "capset", NULL,
			  "cannot give up CAP_SYS_ADMIN after loading the filter");
		error_add_remedy(
			err, "without noNewPrivileges the profile has to allow capset and capget");
	}
	return r;
}

static struct sock_fprog program_of(const struct init *in, const struct plan_arg_seccomp *arg)
{
	return (struct sock_fprog){
		.len = (unsigned short)arg->insn_count,
		.filter = (struct sock_filter *)(uintptr_t)plan_at(in->plan, arg->insns),
	};
}

static int load(const struct plan_arg_seccomp *arg, struct sock_fprog *program)
{
	unsigned flags = arg->filter_flags;
	int r;

	if (arg->flags & PLAN_SECCOMP_LISTENER) {
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		/* There is one thread; the two flags go together only with this one. */
		if (flags & SECCOMP_FILTER_FLAG_TSYNC)
			flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	}
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, program);
	if (r == -EINVAL && (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) &&
	    fallback_take(FALLBACK_SECCOMP_KILLABLE))
		r = sys_seccomp(SECCOMP_SET_MODE_FILTER,
				flags & ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program);
	return r;
}

int seccomp_load_for_hook(const struct init *in)
{
	const struct plan_op *ops = plan_ops(in->plan);

	for (uint32_t i = in->index + 1; i < in->plan->op_count; i++) {
		if (ops[i].type != OP_SECCOMP)
			continue;
		struct plan_arg_seccomp arg =
			*(const struct plan_arg_seccomp *)init_arg(in, &ops[i]);
		struct sock_fprog program = program_of(in, &arg);

		arg.flags &= ~(unsigned)PLAN_SECCOMP_LISTENER;
		arg.filter_flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		return load(&arg, &program);
	}
	return 0;
}

int op_seccomp(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_seccomp *arg = init_arg(in, op);
	struct sock_fprog program = program_of(in, arg);
	int r = exec_prepare(in, err);

	if (r >= 0)
		r = init_close_descriptors(in, err);
	if (r < 0)
		return r;
	r = load(arg, &program);
	if (r < 0) {
		init_fail(err, r, "seccomp", NULL, "cannot load the seccomp filter");
		if (r == -EACCES)
			error_add_remedy(err, "it needs noNewPrivileges, or CAP_SYS_ADMIN");
		else if (r == -EBUSY)
			error_add_remedy(
				err,
				"an outer runtime has a seccomp listener on this process already");
		return r;
	}
	if (arg->flags & PLAN_SECCOMP_LISTENER) {
		_cleanup_close_ int listener = r;

		r = hand_over_listener(in, listener, err);
		if (r < 0)
			return r;
	}
	return drop_sys_admin(in, err);
}
