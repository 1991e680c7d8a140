/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling: CPU policy, I/O priority, NUMA memory policy, CPU affinity. Runs in the container
 * half, while it still has the privilege. Masks are as long as the list needs: there are machines
 * with more than 1024 CPUs (C17).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init/init.h"

enum {
	IOPRIO_WHO_PROCESS = 1,
	IOPRIO_CLASS_SHIFT = 13,
	MASK_BITS = 16384,
	WORD_BITS = 8 * sizeof(unsigned long)
};

struct mask {
	unsigned long words[MASK_BITS / WORD_BITS];
	unsigned bits; /* the highest set one, plus one */
};

static int parse_number(const char **p, uint32_t *ret)
{
	size_t len = strspn(*p, "0123456789");
	uint64_t value;

	if (len == 0 || num_parse_u64_len(*p, len, &value) < 0 || value >= MASK_BITS)
		return -EINVAL;
	*p += len;
	*ret = (uint32_t)value;
	return 0;
}

/* "0-3,7": the kernel's list format. */
static int parse_list(const char *p, struct mask *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (*p) {
		uint32_t first, last;

		if (parse_number(&p, &first) < 0)
			return -EINVAL;
		last = first;
		if (*p == '-') {
			p++;
			if (parse_number(&p, &last) < 0 || last < first)
				return -EINVAL;
		}
		for (uint32_t i = first; i <= last; i++)
			ret->words[i / WORD_BITS] |= 1ul << i % WORD_BITS;
		if (last >= ret->bits)
			ret->bits = last + 1;
		if (*p == ',')
			p++;
		else if (*p)
			return -EINVAL;
	}
	return ret->bits ? 0 : -EINVAL;
}

int op_scheduler(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_scheduler *arg = init_arg(in, op);
	struct uapi_sched_attr attr = {
		.size = sizeof(attr),
		.policy = arg->policy,
		.flags = arg->flags,
		.nice = arg->nice,
		.priority = (uint32_t)arg->priority,
		.runtime = arg->runtime,
		.deadline = arg->deadline,
		.period = arg->period,
	};
	int r;

	if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
		return 0;
	r = -errno;
	init_fail(err, r, "sched_setattr", NULL, "cannot set the scheduling policy");
	if (r == -EPERM)
		error_add_remedy(
			err,
			"it needs CAP_SYS_NICE, and for real-time policies a cgroup that has real-time runtime");
	else if (r == -EBUSY)
		error_add_remedy(err, "the deadline bandwidth of this machine is used up");
	return r;
}

int op_io_priority(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_io_priority *arg = init_arg(in, op);
	unsigned value = arg->class << IOPRIO_CLASS_SHIFT | arg->priority;

	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value) < 0)
		return init_fail(err, -errno, "ioprio_set", NULL, "cannot set the I/O priority");
	return 0;
}

int op_memory_policy(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_memory_policy *arg = init_arg(in, op);
	const char *nodes = init_string(in, arg->nodes);
	struct mask mask = { .bits = 0 };
	int r;

	if (nodes[0] && parse_list(nodes, &mask) < 0)
		return init_fail(err, -EINVAL, NULL, nodes, "'%s' is not a list of nodes", nodes);
	/* The kernel reads one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, (int)(arg->mode | arg->flags), mask.bits ? mask.words : NULL,
		    mask.bits ? (unsigned long)mask.bits + 1 : 0ul) == 0)
		return 0;
	r = -errno;
	init_fail(err, r, "set_mempolicy", nodes, "cannot set the memory policy for nodes '%s'",
		  nodes);
	if (r == -EINVAL)
		error_add_remedy(
			err,
			"a node is missing on this machine, or not allowed by the cgroup's cpuset.mems");
	return r;
}

int op_affinity(struct init *in, const struct plan_op *op, struct error *err)
{
	const struct plan_arg_affinity *arg = init_arg(in, op);
	const char *cpus = init_string(in, arg->cpus);
	struct mask mask;
	int r;

	if (!cpus[0]) {
		/* All there are: the kernel cuts it to what the cgroup allows. */
		memset(&mask, 0xff, sizeof(mask));
		mask.bits = MASK_BITS;
	} else if (parse_list(cpus, &mask) < 0) {
		return init_fail(err, -EINVAL, NULL, cpus, "'%s' is not a list of CPUs", cpus);
	}
	if (syscall(SYS_sched_setaffinity, 0,
		    ((unsigned long)mask.bits + WORD_BITS - 1) / WORD_BITS * sizeof(long),
		    mask.words) == 0)
		return 0;
	r = -errno;
	init_fail(err, r, "sched_setaffinity", cpus, "cannot bind the process to CPUs '%s'", cpus);
	if (r == -EINVAL)
		error_add_remedy(err,
				 "none of them is online and allowed by the cgroup's cpuset.cpus");
	return r;
}
