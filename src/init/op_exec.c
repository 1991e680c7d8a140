/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last op: the program. Runs in the container half and does not return from success; the socket
 * is closed by the exec, which is how its other end learns that the program runs.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
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

struct string_sizes {
	size_t total; /* as the kernel counts: each string with its end and its pointer */
	size_t largest;
	const char *name; /* of the largest */
};

static void add_strings(struct string_sizes *sizes, char *const *strings)
{
	for (; *strings; strings++) {
		size_t len = strlen(*strings) + 1;

		sizes->total += len + sizeof(char *);
		if (len <= sizes->largest)
			continue;
		sizes->largest = len;
		sizes->name = *strings;
	}
}

/* execve(2), "Limits on size of arguments and environment". */
static int explain_size(const struct init *in, const char *shown, struct error *err)
{
	const size_t most_one = 32 * 4096, least_all = 32 * 4096, most_all = 6u << 20;
	struct string_sizes sizes = { 0 };
	struct rlimit stack = { .rlim_cur = RLIM_INFINITY };
	size_t limit = most_all;
	char name[64];

	add_strings(&sizes, in->exec_args);
	add_strings(&sizes, in->exec_env);
	(void)getrlimit(RLIMIT_STACK, &stack);
	if (stack.rlim_cur / 4 < limit)
		limit = stack.rlim_cur / 4 > least_all ? stack.rlim_cur / 4 : least_all;
	text_copy(name, sizeof(name), sizes.name ? sizes.name : "");
	name[strcspn(name, "=")] = '\0';
	if (sizes.largest > most_one) {
		error_fail(err, ERROR_PROGRAM, E2BIG,
			   "exec: \"%s\": '%s' has %zu bytes, the limit of one string is %zu",
			   shown, name, sizes.largest, most_one);
	} else {
		error_fail(
			err, ERROR_PROGRAM, E2BIG,
			"exec: \"%s\": the arguments and the environment have %zu bytes, the limit is %zu",
			shown, sizes.total, limit);
		error_add_remedy(err,
				 "shorten the largest, '%s' of %zu bytes, or raise RLIMIT_STACK",
				 name, sizes.largest);
	}
	error_add_syscall(err, "execve");
	error_add_subject(err, shown);
	return -E2BIG;
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
	if (errno == E2BIG)
		return explain_size(in, in->exec_args[0], err);
	return program_explain(in->program, in->exec_args[0], errno, err);
}
