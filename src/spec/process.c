/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: the program, its user, terminal, scheduling and labels (config.md, "Process"). Host half; pure.
 */
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>

#include "spec/sections.h"

/* ---- terminal ------------------------------------------------------------------------ */

static int console_side(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, UINT16_MAX, &value); /* struct winsize holds 16 bits */

	if (r == 0)
		*(uint32_t *)target = (uint32_t)value;
	return r;
}

static int decode_console_size(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "height", ROW_INTEGER, console_side,
		  offsetof(struct spec_process, console_height), ROW_MANDATORY, 0 },
		{ "width", ROW_INTEGER, console_side, offsetof(struct spec_process, console_width),
		  ROW_MANDATORY, 0 },
	};

	return DECODE_OBJECT(d, node, rows, target);
}

/* ---- user ---------------------------------------------------------------------------- */

static int decode_groups(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_user *user = target;

	user->additional_gids = decode_room(d, node, sizeof(*user->additional_gids));
	user->additional_gid_count = node->count;
	return decode_each(d, node, user->additional_gids, sizeof(*user->additional_gids),
			   decode_id);
}

static int decode_umask(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_user *user = target;
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, 0777, &value);

	user->umask_set = true;
	user->umask = (uint32_t)value;
	if (r)
		decode_remedy(d, "the umask is written in decimal: 0022 is 18, 0777 is 511");
	return r;
}

static int decode_user(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "uid", ROW_INTEGER, decode_id, offsetof(struct spec_user, uid), ROW_MANDATORY,
		  0 },
		/* Mandatory by the specification, but others take root's for a missing one. */
		{ "gid", ROW_INTEGER, decode_id, offsetof(struct spec_user, gid), 0, 0 },
		{ "umask", ROW_INTEGER, decode_umask, 0, 0, 0 },
		{ "additionalGids", ROW_INTEGERS, decode_groups, 0, 0, 0 },
		{ "username", ROW_STRING, decode_string, offsetof(struct spec_user, username), 0,
		  0 },
	};
	struct spec_user *user = target;

	user->node = node;
	return DECODE_OBJECT(d, node, rows, user);
}

/* ---- scheduling ---------------------------------------------------------------------- */

static int scheduler_policy(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t policy = 0;
	int r = decode_word(d, node, spec_scheduler_policies, "scheduling policy", &policy);

	*(uint32_t *)target = (uint32_t)policy;
	if (r == 0 && STREQ(node->text, "SCHED_ISO"))
		return decode_unsupported(
			d, node,
			"the scheduling policy 'SCHED_ISO' was never implemented by Linux");
	return r;
}

static int scheduler_flags(struct decode *d, const struct jnode *node, void *target)
{
	return decode_word_flags(d, node, spec_scheduler_flags, "scheduling flag", target);
}

static int scheduler_nice(struct decode *d, const struct jnode *node, void *target)
{
	int64_t value = 0;
	int r = decode_signed(d, node, -20, 19, &value);

	*(int32_t *)target = (int32_t)value;
	return r;
}

static int scheduler_priority(struct decode *d, const struct jnode *node, void *target)
{
	int64_t value = 0;
	int r = decode_signed(d, node, 0, 99, &value);

	*(int32_t *)target = (int32_t)value;
	return r;
}

static int decode_scheduler(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "policy", ROW_STRING, scheduler_policy, offsetof(struct spec_scheduler, policy),
		  ROW_MANDATORY, 0 },
		{ "nice", ROW_INTEGER, scheduler_nice, offsetof(struct spec_scheduler, nice), 0,
		  0 },
		{ "priority", ROW_INTEGER, scheduler_priority,
		  offsetof(struct spec_scheduler, priority), 0, 0 },
		{ "flags", ROW_STRINGS, scheduler_flags, offsetof(struct spec_scheduler, flags), 0,
		  0 },
		{ "runtime", ROW_INTEGER, decode_uint64, offsetof(struct spec_scheduler, runtime),
		  0, 0 },
		{ "deadline", ROW_INTEGER, decode_uint64, offsetof(struct spec_scheduler, deadline),
		  0, 0 },
		{ "period", ROW_INTEGER, decode_uint64, offsetof(struct spec_scheduler, period), 0,
		  0 },
	};
	struct spec_scheduler *s = target;
	uint64_t period;
	int r;

	s->present = true;
	s->node = node;
	r = DECODE_OBJECT(d, node, rows, s);
	if (r || s->policy != SCHED_DEADLINE)
		return r;
	/* sched(7): runtime <= deadline <= period, and a period of 0 means the deadline */
	period = s->period ? s->period : s->deadline;
	if (!s->runtime || s->runtime > s->deadline || s->deadline > period)
		return decode_error(
			d, node, "SCHED_DEADLINE needs 0 < runtime <= deadline <= period in '%s'",
			DECODE_NAME(d, node));
	return 0;
}

static int io_class(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t class = 0;
	int r = decode_word(d, node, spec_io_classes, "I/O scheduling class", &class);

	*(uint32_t *)target = (uint32_t) class;
	return r;
}

static int io_level(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t value = 0;
	int r = decode_unsigned(d, node, 0, 7, &value);

	*(uint32_t *)target = (uint32_t)value;
	return r;
}

static int decode_io_priority(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "class", ROW_STRING, io_class, offsetof(struct spec_io_priority, class),
		  ROW_MANDATORY, 0 },
		/* The idle class has none. */
		{ "priority", ROW_INTEGER, io_level, offsetof(struct spec_io_priority, priority), 0,
		  0 },
	};
	struct spec_io_priority *p = target;

	p->present = true;
	p->node = node;
	return DECODE_OBJECT(d, node, rows, p);
}

static int affinity_list(struct decode *d, const struct jnode *node, void *target)
{
	return decode_number_list(d, node, "CPUs", target);
}

static int decode_affinity(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "initial", ROW_STRING, affinity_list,
		  offsetof(struct spec_process, cpu_affinity_initial), 0, 0 },
		{ "final", ROW_STRING, affinity_list,
		  offsetof(struct spec_process, cpu_affinity_final), 0, 0 },
	};

	return DECODE_OBJECT(d, node, rows, target);
}

static int decode_oom_score(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_process *p = target;
	int64_t value = 0;
	int r = decode_signed(d, node, -1000, 1000, &value); /* OOM_SCORE_ADJ_MIN, _MAX */

	p->oom_score_adj_set = true;
	p->oom_score_adj = (int32_t)value;
	return r;
}

/* ---- process ------------------------------------------------------------------------- */

static int decode_args(struct decode *d, const struct jnode *node, void *target)
{
	int r;

	if (!node->count)
		return decode_error(d, node, "'%s' is empty, it must name a program",
				    DECODE_NAME(d, node));
	r = decode_strings(d, node, target);
	if (r)
		return r;
	if (!node->first->text_len)
		return decode_error(
			d, node->first,
			"exec: \"\": executable file not found in $PATH, since '%s' is empty",
			DECODE_NAME(d, node->first));
	return 0;
}

static int decode_env(struct decode *d, const struct jnode *node, void *target)
{
	int r = decode_strings(d, node, target);

	if (r)
		return r;
	for (const struct jnode *item = node->first; item; item = item->next)
		if (!strchr(item->text, '='))
			(void)decode_warning(d, item, "'%s' has no '=': '%.100s'",
					     DECODE_NAME(d, item), item->text);
	return 0;
}

int decode_process(struct decode *d, const struct jnode *node, void *target)
{
#define FIELD(x) offsetof(struct spec_process, x)
	static const struct row rows[] = {
		{ "terminal", ROW_BOOL, decode_bool, FIELD(terminal), 0, FIELD(terminal_node) },
		{ "consoleSize", ROW_OBJECT, decode_console_size, 0, 0, 0 },
		{ "user", ROW_OBJECT, decode_user, FIELD(user), 0, 0 },
		{ "args", ROW_STRINGS, decode_args, FIELD(args), ROW_MANDATORY, FIELD(args_node) },
		{ "env", ROW_STRINGS, decode_env, FIELD(env), 0, 0 },
		{ "cwd", ROW_STRING, decode_absolute_path, FIELD(cwd), ROW_MANDATORY,
		  FIELD(cwd_node) },
		{ "capabilities", ROW_OBJECT, decode_capabilities, FIELD(capabilities), 0, 0 },
		{ "rlimits", ROW_OBJECTS, decode_rlimits, 0, 0, 0 },
		{ "noNewPrivileges", ROW_BOOL, decode_bool, FIELD(no_new_privileges), 0, 0 },
		{ "apparmorProfile", ROW_STRING, decode_line_set, FIELD(apparmor_profile), 0,
		  FIELD(apparmor_node) },
		{ "selinuxLabel", ROW_STRING, decode_line_set, FIELD(selinux_label), 0,
		  FIELD(selinux_node) },
		{ "oomScoreAdj", ROW_INTEGER, decode_oom_score, 0, 0, FIELD(oom_node) },
		{ "scheduler", ROW_OBJECT, decode_scheduler, FIELD(scheduler), 0, 0 },
		{ "ioPriority", ROW_OBJECT, decode_io_priority, FIELD(io_priority), 0, 0 },
		{ "execCPUAffinity", ROW_OBJECT, decode_affinity, 0, 0, FIELD(affinity_node) },
		{ "commandLine", ROW_ANY, NULL, 0, ROW_FOREIGN, 0 },
	};
#undef FIELD
	struct spec_process *p = target;

	p->present = true;
	p->node = node;
	return DECODE_OBJECT(d, node, rows, p);
}
