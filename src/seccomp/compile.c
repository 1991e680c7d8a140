/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp -> decisions per architecture and number, for emit.c. Host half, on a cache miss.
 *
 * libseccomp gives the numbers, not the code: its generator (2.5.4) gets conditions of several rules for one
 * call wrong ("a < 1" or "a < 2^32 + 1" refuses 2; other pairs allow what no rule allows), refuses some that
 * overlap, and cannot compare 32 bits. What the specification leaves open follows what profiles are written
 * against:
 * - The native architecture is always part of the filter, those of the profile are added. A call by any
 *   other one (or by x32 numbers when x32 is not listed) ends the process.
 * - A rule without conditions decides its call alone, the first of several. A rule without conditions whose action
 *   is the default action is left out. Both are as libseccomp and its callers have it, and profiles rely on them.
 * - Otherwise the strictest action of the rules that hold counts, in the kernel's order of actions; among
 *   equal actions the first rule's data. libseccomp orders rules by their operators and arguments instead, so
 *   that there a rule for one value passes by a rule for a range, whichever is the stricter one.
 * - Conditions of one rule are all required, except where two of them look at the same argument: then each
 *   counts alone.
 * - A name that libseccomp does not know is skipped: its number is above the newest one of the profile, and
 *   those are answered ENOSYS, which C libraries take as "use the older call". EPERM, the usual default,
 *   would make them fail.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h> /* tokens and marks; nothing of it is called */
#include <string.h>

#include "compile.h"
#include "emit.h"
#include "mux.h"
#include "narrow.h"

#define ARCHS_MAX 4
#define ERRNO_MAX 4095u
/* All architectures number calls alike from 424 on (Linux 5.1); below, numbers say nothing about age. */
#define LAST_OLD_NUMBER 423u
/* x32 has calls of its own up to 547. */
#define LAST_OLD_X32 547u
#define X32_BIT 0x40000000u
/* ARM's private calls (cacheflush, set_tls) lie here. */
#define ARM_PRIVATE 0x000f0000u

/* One architecture of the profile; x32 shares its emit_arch with x86_64. */
struct target {
	uint32_t token;
	size_t column;   /* of compile.numbers */
	uint32_t newest; /* highest number that the profile names */
	struct emit_arch *out;
};

struct compile {
	const struct filter_numbers *numbers;
	const int32_t *row; /* of the next name */
	const struct spec_seccomp *spec;
	struct arena *arena;
	uint32_t default_action; /* with data */
	bool fail_unknown;
	struct filter *filter;
	struct target targets[ARCHS_MAX];
	size_t target_count;
	struct emit_arch out[ARCHS_MAX];
	size_t caps[ARCHS_MAX]; /* room in out[].rules */
	size_t out_count;
};

static int add_place(struct error *err, const struct jnode *node, int r)
{
	char pointer[192];

	error_add_step(err, "seccomp");
	if (node)
		error_add_origin(err, jnode_pointer(node, pointer, sizeof(pointer)));
	return r;
}

/* Adds the errno to an action; EPERM is the specification's default. */
static int complete_action(uint32_t action, bool errno_set, uint32_t value,
			   const struct jnode *node, uint32_t *ret, struct error *err)
{
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE) {
		if (errno_set)
			return add_place(err, node,
					 error_fail(err, ERROR_CONFIG, 0,
						    "this seccomp action takes no errno value"));
		*ret = action;
		return 0;
	}
	if (!errno_set)
		value = EPERM;
	if (value > (action == SECCOMP_RET_ERRNO ? ERRNO_MAX : SECCOMP_RET_DATA))
		return add_place(
			err, node,
			error_fail(err, ERROR_CONFIG, 0, "errno value %u is out of range", value));
	*ret = action | value;
	return 0;
}

/* ---- architectures -------------------------------------------------------------------------- */

/* Whether a kernel of the native architecture runs programs of the other one. */
static bool is_reachable(uint32_t native, uint32_t token)
{
	static const struct {
		uint32_t native, token;
	} pairs[] = {
		{ SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
		{ SCMP_ARCH_X86_64, SCMP_ARCH_X32 },
		{ SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
		{ SCMP_ARCH_S390X, SCMP_ARCH_S390 },
		{ SCMP_ARCH_PPC64, SCMP_ARCH_PPC },
		{ SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS },
		{ SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64N32 },
		{ SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL },
		{ SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64N32 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (pairs[i].native == native && pairs[i].token == token)
			return true;
	}
	return false;
}

static void add_target(struct compile *c, size_t column)
{
	uint32_t token = c->numbers->archs[column];
	struct target *t = &c->targets[c->target_count];

	for (size_t i = 0; i < c->target_count; i++) {
		if (c->targets[i].token == token)
			return;
	}
	c->target_count++;
	t->token = token;
	t->column = column;
	if (token == SCMP_ARCH_X32) {
		t->out = &c->out[0]; /* reachable from x86_64 only, which is the first */
		return;
	}
	t->out = &c->out[c->out_count++];
	t->out->arch = token;
	t->out->big_endian = !(token & __AUDIT_ARCH_LE);
}

static void add_targets(struct compile *c)
{
	add_target(c, 0);
	for (size_t i = 1; i < c->numbers->columns; i++) {
		/* Profiles list what exists anywhere; a program of another machine does not run here. */
		if (is_reachable(c->numbers->archs[0], c->numbers->archs[i]))
			add_target(c, i);
	}
}

/* ---- rules ------------------------------------------------------------------------------------ */

/* A negative number, sign-extended to 32 or 64 bits by whoever wrote the profile. The kernel sees its low bits. */
static bool is_negative(uint64_t value, uint64_t low)
{
	return (value | low) == UINT64_MAX || (value | low) == UINT32_MAX;
}

static struct emit_condition make_condition(const struct spec_seccomp_arg *arg, unsigned bits)
{
	struct emit_condition k = {
		.index = arg->index, .op = arg->op, .value = arg->value, .bits = bits
	};
	uint64_t low = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;

	if (is_negative(k.value, low))
		k.value &= low;
	return k;
}

/* A mask and a number that are both sign-extended lose their upper bits. Other upper bits never hold. */
static struct emit_condition make_masked_condition(const struct spec_seccomp_arg *arg,
						   unsigned bits)
{
	uint64_t low = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	struct emit_condition k = {
		.index = arg->index,
		.op = arg->op,
		.value = arg->value,
		.masked = arg->value_two & arg->value, /* the mask decides what can be asked for */
		.bits = bits
	};

	if (is_negative(k.value, low) && is_negative(k.masked, low)) {
		k.value &= low;
		k.masked &= low;
	}
	return k;
}

static void push_rule(struct compile *c, struct target *t, uint32_t nr, uint32_t action,
		      const struct emit_condition *conditions, size_t count)
{
	struct emit_arch *out = t->out;
	size_t *cap = &c->caps[out - c->out];

	if (out->rule_count == *cap) {
		*cap = *cap ? 2 * *cap : 64;
		out->rules = mem_grow(out->rules, *cap, sizeof(*out->rules));
	}
	out->rules[out->rule_count++] = (struct emit_rule){ .nr = nr,
							    .action = action,
							    .conditions = conditions,
							    .condition_count = (uint32_t)count };
}

static bool same_argument_twice(const struct spec_seccomp_rule *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->arg_count; i++) {
		if (seen & (1u << rule->args[i].index))
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static void push_spec_rule(struct compile *c, struct target *t,
			   const struct spec_seccomp_rule *rule, uint32_t action, const char *name,
			   uint32_t nr)
{
	struct emit_condition *conditions = NULL;

	if (rule->arg_count)
		conditions = arena_alloc(c->arena, rule->arg_count * sizeof(*conditions));
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct spec_seccomp_arg *arg = &rule->args[i];
		unsigned bits = argument_bits(t->token, name, arg->index);

		conditions[i] = arg->op == EMIT_MASKED_EQ ? make_masked_condition(arg, bits)
							  : make_condition(arg, bits);
	}
	if (!same_argument_twice(rule)) {
		push_rule(c, t, nr, action, conditions, rule->arg_count);
		return;
	}
	log_debug(
		"seccomp rule for '%s' looks at one argument more than once: each condition counts alone",
		name);
	for (size_t i = 0; i < rule->arg_count; i++)
		push_rule(c, t, nr, action, &conditions[i], 1);
}

/* Leaves out what was pushed for this call of a multiplexer. */
static void drop_mux_rules(struct emit_arch *out, const struct mux *mux)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->rule_count; i++) {
		const struct emit_rule *rule = &out->rules[i];

		if (rule->mux == EMIT_MUX_NONE || rule->nr != mux->nr ||
		    rule->conditions->masked != mux->call)
			out->rules[kept++] = *rule;
	}
	out->rule_count = kept;
}

static bool is_mux_decided(const struct emit_arch *out, const struct mux *mux)
{
	for (size_t i = 0; i < out->rule_count; i++) {
		const struct emit_rule *rule = &out->rules[i];

		if (rule->mux == EMIT_MUX_ALONE && rule->nr == mux->nr &&
		    rule->conditions->masked == mux->call)
			return true;
	}
	return false;
}

/*
 * The multiplexer's arguments lie in memory, which no filter reads. A rule with conditions is left out there
 * if it permits, and taken without them if it forbids: it must not be passed by the other way in. A rule
 * without conditions decides its call alone, here too.
 */
static void push_mux_rule(struct compile *c, struct target *t, const struct spec_seccomp_rule *rule,
			  uint32_t action, const struct mux *mux)
{
	struct emit_condition *k;

	if (is_mux_decided(t->out, mux) ||
	    (rule->arg_count && !emit_is_stricter(action, c->default_action)))
		return;
	if (!rule->arg_count)
		drop_mux_rules(t->out, mux);
	k = arena_alloc(c->arena, sizeof(*k));
	*k = (struct emit_condition){
		.op = EMIT_MASKED_EQ, .value = mux->mask, .masked = mux->call, .bits = 32
	};
	push_rule(c, t, mux->nr, action, k, 1);
	t->out->rules[t->out->rule_count - 1].mux = rule->arg_count ? EMIT_MUX_CONDITION
								    : EMIT_MUX_ALONE;
}

static void note_number(struct target *t, int nr)
{
	if (nr < 0 || (t->token == SCMP_ARCH_ARM && (uint32_t)nr >= ARM_PRIVATE))
		return;
	if ((uint32_t)nr > t->newest)
		t->newest = (uint32_t)nr;
}

static void add_call(struct compile *c, struct target *t, const struct spec_seccomp_rule *rule,
		     uint32_t action, const char *name, int nr)
{
	struct mux mux;
	bool is_mux = t->token == SCMP_ARCH_X86 && mux_find_i386(nr, &mux);

	if (is_mux)
		nr = mux.direct;
	note_number(t, nr);
	if (action == c->default_action && (!rule->arg_count || same_argument_twice(rule)))
		return;
	if (nr >= 0) /* other negative numbers: not on this architecture */
		push_spec_rule(c, t, rule, action, name, (uint32_t)nr);
	if (is_mux)
		push_mux_rule(c, t, rule, action, &mux);
}

/* A call that was to be permitted is refused then, which no rule relies on not to happen. */
static bool skip_name(struct compile *c, const struct spec_seccomp_rule *rule, uint32_t action,
		      const char *name)
{
	struct filter *f = c->filter;

	if (!emit_is_stricter(action, c->default_action)) {
		log_debug("seccomp: libseccomp does not know the system call '%s', skipped", name);
		return true;
	}
	if (!fallback_take(FALLBACK_SECCOMP_NAMES))
		return false;
	log_warning("unknown system call '%s' in a seccomp rule that refuses it, ignoring", name);
	f->unknown = mem_grow(f->unknown, f->unknown_count + 1, sizeof(*f->unknown));
	f->unknown[f->unknown_count++] =
		(struct filter_unknown){ .name = name,
					 .node = rule->names.node ? rule->names.node : rule->node };
	return true;
}

static int add_name(struct compile *c, const struct spec_seccomp_rule *rule, uint32_t action,
		    const char *name, const int32_t *row, struct error *err)
{
	for (size_t i = 0; i < c->target_count; i++) {
		int nr = row[c->targets[i].column], r;

		if (nr != __NR_SCMP_ERROR) {
			add_call(c, &c->targets[i], rule, action, name, nr);
			continue;
		}
		if (!c->fail_unknown && skip_name(c, rule, action, name))
			return 0;
		r = error_fail(err, ERROR_UNSUPPORTED, 0,
			       "libseccomp does not know the system call '%s'", name);
		error_add_subject(err, name);
		return add_place(err, rule->names.node ? rule->names.node : rule->node, r);
	}
	return 0;
}

static int check_args(const struct spec_seccomp_rule *rule, struct error *err)
{
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct spec_seccomp_arg *arg = &rule->args[i];

		if (arg->index <= 5 && arg->op >= EMIT_NE && arg->op <= EMIT_MASKED_EQ)
			continue;
		return add_place(err, arg->node ? arg->node : rule->node,
				 error_fail(err, ERROR_CONFIG, 0,
					    "there is no such seccomp argument or operator"));
	}
	return 0;
}

static int add_rules(struct compile *c, struct error *err)
{
	for (size_t i = 0; i < c->spec->rule_count; i++) {
		const struct spec_seccomp_rule *rule = &c->spec->rules[i];
		uint32_t action;
		int r = complete_action(rule->action, rule->errno_ret_set, rule->errno_ret,
					rule->node, &action, err);

		if (r == 0)
			r = check_args(rule, err);
		for (size_t n = 0; r == 0 && n < rule->names.count; n++) {
			r = add_name(c, rule, action, rule->names.items[n], c->row, err);
			c->row += c->numbers->columns;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- numbers that no rule names ----------------------------------------------------------------- */

static bool default_refuses(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	default:
		return false; /* allow, log, trace, notify: others decide about every call */
	}
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Where the numbers of an architecture begin. */
static uint32_t number_base(uint32_t token)
{
	switch (token) {
	case SCMP_ARCH_MIPS:
	case SCMP_ARCH_MIPSEL:
		return 4000;
	case SCMP_ARCH_MIPS64:
	case SCMP_ARCH_MIPSEL64:
		return 5000;
	case SCMP_ARCH_MIPS64N32:
	case SCMP_ARCH_MIPSEL64N32:
		return 6000;
	default:
		return 0;
	}
}

static void add_range(struct emit_arch *a, uint32_t start, uint32_t action)
{
	a->ranges[a->range_count++] = (struct emit_range){ .start = start, .action = action };
}

/*
 * "Newer than the profile": above the highest number that the profile names, at least 424. Older calls that
 * a short profile does not name get its default action: their author knew them.
 */
static void add_ranges(struct compile *c)
{
	uint32_t unknown = default_refuses(c->default_action) ? SECCOMP_RET_ERRNO | ENOSYS
							      : c->default_action;
	const struct target *x32 = NULL;

	for (size_t i = 0; i < c->target_count; i++) {
		struct target *t = &c->targets[i];

		if (t->token == SCMP_ARCH_X32) {
			x32 = t;
			continue;
		}
		add_range(t->out, 0, c->default_action);
		add_range(t->out, max_u32(t->newest, number_base(t->token) + LAST_OLD_NUMBER) + 1,
			  unknown);
		if (t->token == SCMP_ARCH_ARM)
			add_range(t->out, ARM_PRIVATE, c->default_action);
	}
	if (c->out[0].arch != SCMP_ARCH_X86_64)
		return;
	add_range(&c->out[0], X32_BIT, x32 ? c->default_action : SECCOMP_RET_KILL_PROCESS);
	if (x32)
		add_range(&c->out[0], max_u32(x32->newest, X32_BIT + LAST_OLD_X32) + 1, unknown);
	/* -1 has the x32 bit and is no x32 call: what a tracer writes to skip one. */
	add_range(&c->out[0], UINT32_MAX, unknown);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int compile_in(struct compile *c, struct error *err)
{
	const struct spec_seccomp *s = c->spec;
	struct sock_filter *insns;
	size_t count;
	int r = complete_action(s->default_action, s->default_errno_set, s->default_errno, s->node,
				&c->default_action, err);

	if (r < 0)
		return r;
	add_targets(c);
	r = add_rules(c, err);
	if (r < 0)
		return r;
	add_ranges(c);
	/* A thread that is killed alone leaves a process that nobody can reason about. */
	emit_program(c->out, c->out_count, SECCOMP_RET_KILL_PROCESS, &insns, &count);
	if (count <= BPF_MAXINSNS) {
		c->filter->insns = insns;
		c->filter->count = (uint32_t)count;
		return 0;
	}
	r = error_fail(err, ERROR_UNSUPPORTED, 0,
		       "the seccomp filter has %zu instructions, the kernel takes %d", count,
		       BPF_MAXINSNS);
	error_add_remedy(err, "name fewer architectures or fewer rules with conditions");
	free(insns);
	return add_place(err, s->node, r);
}

int profile_compile(const struct filter_numbers *numbers, const struct spec_seccomp *s,
		    bool fail_unknown, struct filter *ret, struct error *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct compile c = { .numbers = numbers,
			     .row = numbers->numbers,
			     .spec = s,
			     .arena = arena,
			     .fail_unknown = fail_unknown,
			     .filter = ret };
	int r = compile_in(&c, err);

	for (size_t i = 0; i < c.out_count; i++)
		free(c.out[i].rules);
	return r;
}
