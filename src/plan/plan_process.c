/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process itself, after the root switch: session, limits, scheduling, labels, and at the end
 * the program. Host half, pure. oomScoreAdj has no op: the host half writes it, which needs no
 * procfs in the container.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_build.h"

#define SCMP_ALLOW 0x7fff0000u /* SCMP_ACT_ALLOW */

void console_plan(struct builder *b, bool bind_console)
{
	const struct spec_process *p = b->process;

	if (!p->terminal)
		return;
	struct plan_arg_console arg = {
		.width = p->console_width,
		.height = p->console_height,
		.bind_console = bind_console,
		.uid = p->user.uid,
	};

	builder_op(b, OP_CONSOLE, 0, builder_origin(b, p->terminal_node), &arg, sizeof(arg));
}

static void plan_session(struct builder *b)
{
	struct plan_arg_session arg = { .terminal = b->process->terminal };

	builder_op(b, OP_SESSION, 0, builder_origin(b, b->process->terminal_node), &arg,
		   sizeof(arg));
}

static void add_label(struct builder *b, enum plan_lsm lsm, const char *label,
		      const struct jnode *node)
{
	struct plan_arg_label arg = { .lsm = lsm, .label = plan_buffer_string(&b->buf, label) };

	builder_op(b, OP_LABEL, 0, builder_origin(b, node), &arg, sizeof(arg));
}

/* A kernel without keyrings is no reason not to run (op_keyring says so); keeping the caller's keys in silence would be. */
static void plan_keyring(struct builder *b)
{
	if (b->opt->no_new_keyring)
		return;
	if (b->process->selinux_label)
		add_label(b, PLAN_LSM_SELINUX_KEYCREATE, b->process->selinux_label,
			  b->process->selinux_node);
	builder_op(b, OP_KEYRING, 0, b->origin_default, NULL, 0);
}

static int plan_rlimits(struct builder *b)
{
	const struct spec_process *p = b->process;

	for (size_t i = 0; i < p->rlimit_count; i++) {
		const struct spec_rlimit *l = &p->rlimits[i];

		if (l->soft > l->hard)
			return builder_refuse(b, ERROR_CONFIG, l->node,
					      "the soft limit of '%s' is above its hard limit",
					      l->name);
		struct plan_arg_rlimit arg = { .resource = (uint32_t)l->resource,
					       .soft = l->soft,
					       .hard = l->hard };

		builder_op(b, OP_RLIMIT, 0, builder_origin(b, l->node), &arg, sizeof(arg));
	}
	return 0;
}

static void plan_scheduling(struct builder *b)
{
	const struct spec_scheduler *s = &b->process->scheduler;
	const struct spec_io_priority *io = &b->process->io_priority;
	const struct spec_memory_policy *mem = &b->spec->memory_policy;

	if (s->present) {
		struct plan_arg_scheduler arg = {
			.policy = s->policy,
			.nice = s->nice,
			.priority = s->priority,
			.flags = s->flags,
			.runtime = s->runtime,
			.deadline = s->deadline,
			.period = s->period,
		};

		builder_op(b, OP_SCHEDULER, 0, builder_origin(b, s->node), &arg, sizeof(arg));
	}
	if (io->present) {
		struct plan_arg_io_priority arg = { .class = io->class, .priority = io->priority };

		builder_op(b, OP_IO_PRIORITY, 0, builder_origin(b, io->node), &arg, sizeof(arg));
	}
	if (mem->present) {
		struct plan_arg_memory_policy arg = {
			.mode = mem->mode,
			.flags = mem->flags,
			.nodes = plan_buffer_string(&b->buf, mem->nodes),
		};

		builder_op(b, OP_MEMORY_POLICY, 0, builder_origin(b, mem->node), &arg, sizeof(arg));
	}
}

static void add_affinity(struct builder *b, const char *cpus, unsigned flags,
			 const struct jnode *node)
{
	struct plan_arg_affinity arg = { .cpus = plan_buffer_string(&b->buf, cpus) };

	builder_op(b, OP_AFFINITY, flags, builder_origin(b, node), &arg, sizeof(arg));
}

/*
 * exec only. The process is born in the container's cgroup, whose CPUs may exclude the initial
 * ones, hence optional; in the end stand the final ones, or all that the cgroup allows instead of
 * what the caller happened to be pinned to (C17).
 */
static void plan_affinity(struct builder *b)
{
	const struct spec_process *p = b->process;

	if (p->cpu_affinity_initial)
		add_affinity(b, p->cpu_affinity_initial, PLAN_OP_OPTIONAL, p->affinity_node);
	if (p->cpu_affinity_final)
		add_affinity(b, p->cpu_affinity_final, 0, p->affinity_node);
	else
		add_affinity(b, "", PLAN_OP_OPTIONAL, p->affinity_node);
}

/* A label that cannot be applied is an error, never a silent start without one (R4). */
static int plan_labels(struct builder *b)
{
	const struct spec_process *p = b->process;

	if (p->apparmor_profile && b->host->apparmor)
		add_label(b, PLAN_LSM_APPARMOR, p->apparmor_profile, p->apparmor_node);
	else if (p->apparmor_profile && !STREQ(p->apparmor_profile, "unconfined"))
		return builder_refuse(
			b, ERROR_UNSUPPORTED, p->apparmor_node,
			"'apparmorProfile' is '%s', but AppArmor is not enabled on this host",
			p->apparmor_profile);
	if (!p->selinux_label)
		return 0;
	add_label(b, PLAN_LSM_SELINUX, p->selinux_label, p->selinux_node);
	return 0;
}

int process_plan(struct builder *b, bool exec)
{
	const struct spec_process *p = b->process;
	int r;

	if (p->selinux_label && !b->host->selinux)
		return builder_refuse(
			b, ERROR_UNSUPPORTED, p->selinux_node,
			"'selinuxLabel' is given, but SELinux is not enabled on this host");
	if (!b->late_fork)
		plan_session(b);
	plan_keyring(b);
	if (!b->late_fork && (r = plan_rlimits(b)) < 0)
		return r;
	plan_scheduling(b);
	if (exec)
		plan_affinity(b);
	if (b->spec->personality.present) {
		struct plan_arg_personality arg = { .domain = b->spec->personality.domain };

		builder_op(b, OP_PERSONALITY, 0, builder_origin(b, b->spec->personality.node), &arg,
			   sizeof(arg));
	}
	if ((r = plan_labels(b)) < 0)
		return r;
	struct plan_arg_umask mask = { .mask = p->user.umask_set ? p->user.umask : 0022 };

	builder_op(b, OP_UMASK, 0, builder_origin(b, p->user.umask_set ? p->user.node : NULL),
		   &mask, sizeof(mask));
	if (p->no_new_privileges)
		builder_op(b, OP_NO_NEW_PRIVS, 0,
			   builder_origin(b, jnode_get(p->node, "noNewPrivileges")), NULL, 0);
	return 0;
}

int process_plan_late(struct builder *b)
{
	int r = plan_rlimits(b);

	if (r == 0)
		plan_session(b);
	return r;
}

static const char *env_value(const struct spec_process *p, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	/* The last assignment counts, as exec's --env is appended. */
	for (size_t i = 0; i < p->env.count; i++)
		if (strncmp(p->env.items[i], name, len) == 0 && p->env.items[i][len] == '=')
			value = p->env.items[i] + len + 1;
	return value;
}

/* Images name working directories that no layer of theirs has. exec makes none: there it is a slip of the hand. */
void process_plan_make_place(struct builder *b)
{
	const struct spec_process *p = b->process;
	struct plan_arg_path cwd = { .path = plan_buffer_string(&b->buf, p->cwd) };

	if (!STREQ(p->cwd, "/"))
		builder_op(b, OP_MAKE_CWD, 0, builder_origin(b, p->cwd_node), &cwd, sizeof(cwd));
}

void process_plan_place(struct builder *b)
{
	const struct spec_process *p = b->process;
	struct plan_arg_path cwd = { .path = plan_buffer_string(&b->buf, p->cwd) };
	struct plan_arg_lookup lookup = {
		.program = plan_buffer_string(&b->buf, p->args.items[0]),
		.path_env = plan_buffer_string(&b->buf, env_value(p, "PATH")),
	};

	builder_op(b, OP_CWD, 0, builder_origin(b, p->cwd_node), &cwd, sizeof(cwd));
	builder_op(b, OP_LOOKUP, 0, builder_origin(b, p->args_node), &lookup, sizeof(lookup));
}

void process_plan_gate(struct builder *b, enum plan_gate_kind kind)
{
	struct plan_arg_gate arg = { .kind = kind };

	builder_op(b, OP_GATE, 0, b->origin_default, &arg, sizeof(arg));
}

static int plan_seccomp(struct builder *b)
{
	const struct spec_seccomp *s = &b->spec->seccomp;
	const struct plan_options *opt = b->opt;

	if (!opt->filter || opt->filter_count == 0) {
		if (!s->present || (s->default_action == SCMP_ALLOW && s->rule_count == 0))
			return 0;
		return builder_refuse(b, ERROR_INTERNAL, s->node,
				      "'linux.seccomp' was not compiled into a filter");
	}
	struct plan_arg_seccomp arg = {
		.filter_flags = opt->filter_flags,
		.flags = opt->filter_listener ? PLAN_SECCOMP_LISTENER : 0,
		.insn_count = opt->filter_count,
		.insns = plan_buffer_bytes(&b->buf, opt->filter, (size_t)opt->filter_count * 8, 8),
	};

	builder_op(b, OP_SECCOMP, 0, builder_origin(b, s->node), &arg, sizeof(arg));
	return 0;
}

struct assignment {
	const char *text;
	size_t name_len, index;
	bool overridden;
};

static int by_name_and_index(const void *left, const void *right)
{
	const struct assignment *a = left, *b = right;
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int r = memcmp(a->text, b->text, len);

	if (r == 0)
		r = (a->name_len > b->name_len) - (a->name_len < b->name_len);
	return r ? r : (a->index > b->index) - (a->index < b->index);
}

static int by_index(const void *left, const void *right)
{
	const struct assignment *a = left, *b = right;

	return (a->index > b->index) - (a->index < b->index);
}

/* A name that is given twice would reach the program twice, and which one counts is then the program's guess. */
static size_t last_assignments(const struct spec_string_list *env, const char **ret)
{
	_cleanup_free_ struct assignment *all = mem_alloc_array(env->count, sizeof(*all));
	size_t count = 0;

	for (size_t i = 0; i < env->count; i++)
		all[i] = (struct assignment){ .text = env->items[i],
					      .name_len = strcspn(env->items[i], "="),
					      .index = i };
	qsort(all, env->count, sizeof(*all), by_name_and_index);
	for (size_t i = 0; i + 1 < env->count; i++)
		all[i].overridden = all[i].name_len == all[i + 1].name_len &&
				    memcmp(all[i].text, all[i + 1].text, all[i].name_len) == 0;
	qsort(all, env->count, sizeof(*all), by_index);
	for (size_t i = 0; i < env->count; i++)
		/* An empty HOME is as good as none. */
		if (!all[i].overridden && !STREQ(all[i].text, "HOME="))
			ret[count++] = all[i].text;
	return count;
}

/* What the image says of a socket of its own is not true here. */
static size_t replace_notify_socket(const char **env, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!text_has_prefix(env[i], "NOTIFY_SOCKET="))
			env[kept++] = env[i];
	env[kept++] = "NOTIFY_SOCKET=" PLAN_NOTIFY_DIR "/" PLAN_NOTIFY_NAME;
	return kept;
}

/* process.env, each name once, the notify socket, and the socket activation variables that it lacks. */
struct plan_array process_plan_env(struct builder *b)
{
	const struct spec_process *p = b->process;
	_cleanup_free_ const char **env = mem_alloc_array(p->env.count + 3, sizeof(*env));
	size_t count = p->env.count > 0 ? last_assignments(&p->env, env) : 0;
	char fds[32];

	if (b->opt->notify_dir)
		count = replace_notify_socket(env, count);
	if (b->opt->listen_fds > 0) {
		(void)snprintf(fds, sizeof(fds), "LISTEN_FDS=%u", b->opt->listen_fds);
		if (!env_value(p, "LISTEN_FDS"))
			env[count++] = fds;
		if (!env_value(p, "LISTEN_PID"))
			env[count++] = "LISTEN_PID=1";
	}
	return plan_buffer_array(&b->buf, env, count);
}

static bool has_home(const struct spec_process *p)
{
	const char *home = env_value(p, "HOME");

	return home && home[0];
}

int process_plan_final(struct builder *b)
{
	const struct spec_process *p = b->process;
	struct plan_arg_exec arg;
	int r = plan_seccomp(b);

	if (r < 0)
		return r;
	arg = (struct plan_arg_exec){
		.args = plan_buffer_array(&b->buf, p->args.items, p->args.count),
		.env = process_plan_env(b),
		.flags = has_home(p) ? 0 : PLAN_EXEC_SET_HOME,
	};
	builder_op(b, OP_EXEC, 0, builder_origin(b, p->args_node), &arg, sizeof(arg));
	return 0;
}
