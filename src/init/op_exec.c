/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last op: the program. Runs in the container half and does not return from success; the socket
 * is closed by the exec, which is how its other end learns that the program runs.
 */
#include <errno.h>
#include <unistd.h>

#include "init/init.h"

/*
 * What execve() needs, before the filter is loaded, which may forbid to take memory or to send. OP_EXEC is the last op
 * (plan_validate).
 */
int exec_prepare(struct init *in, struct error *err)
{
	const struct plan_op *op = &plan_ops(in->plan)[in->plan->op_count - 1];
	const struct plan_arg_exec *arg = init_arg(in, op);
	int r;

	if (in->exec_args)
		return 0;
	in->exec_args = init_vector(in, &arg->args, 0);
	in->exec_env = init_vector(in, &arg->env, 1);
	if (!in->exec_args || !in->exec_env)
		return init_fail(err, -ENOMEM, "mmap", NULL,
				 "no memory for the arguments of the program");
	if (in->home[0])
		in->exec_env[arg->env.count] = in->home;
	/* Who waits could not tell our death from execve() without this: both close the socket. */
	r = channel_send(in, STEP_RUNNING, 0, NULL, -1);
	if (r < 0)
		return init_fail(err, r, "sendmsg", NULL, "nobody waits for the program any more");
	return 0;
}

int op_exec(struct init *in, const struct plan_op *op, struct error *err)
{
	int r = exec_prepare(in, err);

	(void)op;
	if (r >= 0)
		r = init_close_descriptors(in, err);
	if (r < 0)
		return r;
	(void)execve(in->program, in->exec_args, in->exec_env);
	return program_explain(in->program, in->exec_args[0], errno, err);
}
