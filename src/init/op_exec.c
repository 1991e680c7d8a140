/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last op: the program. Runs in the container half and does not return from success; the socket
 * is closed by the exec, which is how its other end learns that the program runs.
 */
#include <errno.h>
#include <unistd.h>

#include "init/init.h"

int op_exec(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_exec *arg = init_arg(in, op);
	char **args = init_vector(in, &arg->args, 0), **env = init_vector(in, &arg->env, 1);
	int r = init_close_descriptors(in, err);

	if (r < 0)
		return r;
	if (!args || !env)
		return init_fail(err, -ENOMEM, "mmap", NULL,
				 "no memory for the arguments of the program");
	if (in->home[0])
		env[arg->env.count] = in->home;
	(void)execve(in->program, args, env);
	return program_explain(in->program, args[0], errno, err);
}
