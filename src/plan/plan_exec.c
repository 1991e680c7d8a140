/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: a process into a running container. Host half, pure. One setns(2) on the pidfd of the
 * container's process joins everything (R6); from there it is the second half of create, over the
 * same ops.
 */
#include "plan/plan_build.h"

/*
 * Whoever stands in the container's pid namespace can be attached to by a container that has
 * CAP_SYS_PTRACE, so nothing more powerful than the program should. Only a scheduling policy cannot
 * wait: to set it takes privilege, and a deadline or a reset on fork would not survive the fork.
 */
static bool can_fork_late(const struct builder *b)
{
	return b->opt->exec_fork && !b->process->scheduler.present;
}

static int build_process(struct builder *b)
{
	int r;

	if (!b->process->present)
		return builder_refuse(b, ERROR_CONFIG, NULL,
				      "'process' is missing: there is no program to run");
	b->late_fork = can_fork_late(b);
	namespaces_plan_exec(b);
	/*
	 * The pty comes from the container's devpts; its /dev/console belongs to its first process.
	 */
	if (b->spec->namespaces[NS_MOUNT].present)
		console_plan(b, false);
	else
		root_plan_exec(b);
	if ((r = process_plan(b, true)) < 0 || (r = identity_plan(b)) < 0)
		return r;
	if (b->late_fork) {
		namespaces_plan_exec_fork(b);
		if ((r = process_plan_late(b)) < 0)
			return r;
	}
	process_plan_place(b);
	process_plan_gate(b, b->opt->gate);
	return process_plan_final(b);
}

int plan_build_exec(const struct spec *spec, const struct plan_host *host,
		    const struct plan_options *opt, struct plan *ret, struct error *err)
{
	struct builder b;
	int r = builder_init(&b, spec, host, opt, err);

	if (r < 0)
		return r;
	plan_buffer_header(&b.buf)->flags |= PLAN_EXEC;
	b.userns = opt->exec_userns;
	r = build_process(&b);
	if (r == 0)
		r = builder_finish(&b, ret);
	builder_done(&b);
	return r;
}
