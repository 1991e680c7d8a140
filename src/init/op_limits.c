/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and the execution domain. Runs in the container half. */
#include <errno.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "init/init.h"

static const char *const limit_names[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

int op_rlimit(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_rlimit *arg = init_arg(in, op);
	const uint64_t limit[2] = { arg->soft, arg->hard }; /* struct rlimit64 of the kernel */
	const char *name = arg->resource < ARRAY_SIZE(limit_names) ? limit_names[arg->resource]
								   : "a resource limit";
	int r;

	if (syscall(SYS_prlimit64, 0, arg->resource, limit, NULL) == 0)
		return 0;
	r = -errno;
	init_fail(err, r, "prlimit64", name, "cannot set %s to %llu:%llu", name,
		  (unsigned long long)arg->soft, (unsigned long long)arg->hard);
	if (r == -EPERM)
		error_add_remedy(
			err,
			"raising a hard limit needs CAP_SYS_RESOURCE, and RLIMIT_NOFILE ends at fs.nr_open");
	return r;
}

int op_personality(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_personality *arg = init_arg(in, op);

	if (syscall(SYS_personality, (unsigned long)arg->domain) < 0)
		return init_fail(err, -errno, "personality", NULL,
				 "cannot set the execution domain %#llx",
				 (unsigned long long)arg->domain);
	return 0;
}
