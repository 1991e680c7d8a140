/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random overlapping profiles: each verdict of our filter beside the one of libseccomp's, and beside the plain meaning
 * that src/seccomp/compile.c and emit.h define. The filters run in the simulator.
 *
 * Our filter has to equal the plain meaning, without exception. Where it differs from libseccomp's, a row of the
 * exceptions table has to hold. SEED=N takes other profiles, ROUNDS=N more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/seccomp.h"
#include "filter_profile.h"
#include "filter_simulator.h"

#define ROUNDS 1500
#define SAMPLES 60
#define RULES_MAX 10

static const char *const names[] = { "chmod",  "openat", "mknod", "setuid", "chown",
				     "socket", "prctl",  "ioctl", "mmap",   "ptrace" };

/* ---- libseccomp ---------------------------------------------------------------------------------- */

#define FUNCTIONS(X)                    \
	X(seccomp_init)                 \
	X(seccomp_release)              \
	X(seccomp_arch_add)             \
	X(seccomp_attr_set)             \
	X(seccomp_rule_add_array)       \
	X(seccomp_export_bpf)           \
	X(seccomp_syscall_resolve_name) \
	X(seccomp_syscall_resolve_name_arch)

static struct {
#define MEMBER(name) __typeof__(name) *name;
	FUNCTIONS(MEMBER)
#undef MEMBER
} lib;

static int load_library(void **state)
{
	void *handle = dlopen("libseccomp.so.2", RTLD_NOW);

	(void)state;
	if (!handle)
		return -1;
#define LOAD(name)                                           \
	lib.name = (__typeof__(name) *)dlsym(handle, #name); \
	if (!lib.name)                                       \
		return -1;
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* ---- profiles ------------------------------------------------------------------------------------- */

static uint32_t seed;

static uint32_t pick(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* A small number, and now and then bits above it. */
static uint64_t pick_value(void)
{
	static const uint64_t low[] = { 0, 1, 2, 16, 22, 40, 04755, 0xffff };
	uint64_t v = low[pick(ARRAY_SIZE(low))];
	unsigned kind = pick(16);

	return kind > 4 ? v : kind ? v | 1ull << (8 + 8 * kind) : v | UINT64_MAX << 16;
}

static const uint32_t actions[] = {
	SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
	SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW,
};

struct profile {
	struct spec_seccomp s;
	struct spec_seccomp_rule rules[RULES_MAX];
	struct spec_seccomp_arg args[RULES_MAX][3];
	const char *name[RULES_MAX][2];
};

static const char *const archs[] = { "SCMP_ARCH_X86", "SCMP_ARCH_X32", NULL };

static uint32_t pick_action(void)
{
	return actions[pick(ARRAY_SIZE(actions))];
}

static void pick_rule(struct profile *p, unsigned i, unsigned calls)
{
	struct spec_seccomp_rule *rule = &p->rules[i];
	bool twice = pick(20) == 0;

	p->name[i][0] = names[(pick(2) + calls) % ARRAY_SIZE(names)];
	p->name[i][1] = NULL;
	*rule = (struct spec_seccomp_rule){
		.names = { p->name[i], 1, NULL },
		.action = pick(3)                                   ? pick_action()
			  : p->s.default_action ^ SECCOMP_RET_ALLOW ? SECCOMP_RET_ALLOW
								    : SECCOMP_RET_ERRNO,
		.args = p->args[i],
		.arg_count = pick(8) ? 1 + pick(3) : 0,
	};
	if (rule->action == SECCOMP_RET_ERRNO) {
		rule->errno_ret_set = true;
		rule->errno_ret = 1 + pick(3);
	}
	for (unsigned a = 0; a < rule->arg_count; a++)
		p->args[i][a] = (struct spec_seccomp_arg){ .index = twice ? 0 : a,
							   .op = 1 + pick(7),
							   .value = pick_value(),
							   .value_two = pick_value() };
}

static void pick_profile(struct profile *p)
{
	unsigned calls = pick(ARRAY_SIZE(names));

	memset(p, 0, sizeof(*p));
	p->s = (struct spec_seccomp){
		.present = true,
		.default_action = pick(2)   ? pick_action()
				  : pick(2) ? SECCOMP_RET_ALLOW
					    : SECCOMP_RET_ERRNO,
		.architectures = { (const char **)(uintptr_t)archs, 2, NULL },
		.rules = p->rules,
		.rule_count = 1 + pick(RULES_MAX),
	};
	for (unsigned i = 0; i < p->s.rule_count; i++)
		pick_rule(p, i, calls);
}

static uint32_t whole_action(uint32_t action, bool set, uint32_t value)
{
	if (action != SECCOMP_RET_ERRNO && action != SECCOMP_RET_TRACE)
		return action;
	return action | (set ? value : EPERM);
}

static uint32_t rule_action(const struct spec_seccomp_rule *r)
{
	return whole_action(r->action, r->errno_ret_set, r->errno_ret);
}

static uint32_t default_action(const struct profile *p)
{
	return whole_action(p->s.default_action, p->s.default_errno_set, p->s.default_errno);
}

/* ---- the plain meaning -------------------------------------------------------------------------------- */

struct call {
	uint32_t token, arch, nr;
	const char *name;
	uint64_t args[3];
};

/* How many bits of each argument the kernel reads. */
static unsigned width(const struct call *c, unsigned index)
{
	static const struct {
		const char *name;
		unsigned char x86_64[3], x32[3], i386[3];
	} table[] = {
		{ "chmod", { 64, 16, 64 }, { 64, 16, 64 }, { 32, 16, 32 } },
		{ "openat", { 32, 64, 32 }, { 32, 64, 32 }, { 32, 32, 32 } },
		{ "mknod", { 64, 16, 32 }, { 64, 16, 32 }, { 32, 16, 32 } },
		{ "setuid", { 32, 64, 64 }, { 32, 64, 64 }, { 16, 32, 32 } },
		{ "chown", { 64, 32, 32 }, { 64, 32, 32 }, { 32, 16, 16 } },
		{ "socket", { 32, 32, 32 }, { 32, 32, 32 }, { 32, 32, 32 } },
		{ "prctl", { 32, 64, 64 }, { 32, 64, 64 }, { 32, 32, 32 } },
		{ "ioctl", { 32, 32, 64 }, { 32, 32, 32 }, { 32, 32, 32 } },
		{ "mmap", { 64, 64, 64 }, { 64, 64, 64 }, { 32, 32, 32 } },
		{ "ptrace", { 64, 64, 64 }, { 32, 32, 32 }, { 32, 32, 32 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].name, c->name) == 0)
			return c->token == SCMP_ARCH_X86_64 ? table[i].x86_64[index]
			       : c->token == SCMP_ARCH_X32  ? table[i].x32[index]
							    : table[i].i386[index];
	}
	fail_msg("no widths of %s", c->name);
	return 0;
}

static uint64_t low_bits(unsigned bits)
{
	return bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
}

static bool compares(unsigned op, uint64_t v, uint64_t value, uint64_t two)
{
	switch (op) {
	case NE:
		return v != value;
	case LT:
		return v < value;
	case LE:
		return v <= value;
	case EQ:
		return v == value;
	case GE:
		return v >= value;
	case GT:
		return v > value;
	default:
		return (v & value) == (two & value);
	}
}

/* Sign-extended to 32 or 64 bits. */
static bool is_negative(uint64_t value, uint64_t low)
{
	return (value | low) == UINT64_MAX || (value | low) == UINT32_MAX;
}

/* bits 64: as libseccomp compares. */
static bool holds(const struct spec_seccomp_arg *a, uint64_t v, unsigned bits)
{
	uint64_t low = low_bits(bits), value = a->value, two = a->value_two;

	if (a->op == MASKED_EQ) {
		two &= value;
		if (is_negative(value, low) && is_negative(two, low)) {
			two &= low;
			value &= low;
		}
	} else if (is_negative(value, low)) {
		value &= low;
	}
	return compares(a->op, v & low, value, two);
}

static bool is_twice(const struct spec_seccomp_rule *r)
{
	return r->arg_count > 1 && r->args[0].index == r->args[1].index;
}

/* exact: the bits that the kernel reads; else the whole register. */
static bool rule_holds(const struct spec_seccomp_rule *r, const struct call *c, bool exact)
{
	bool all = true, any = false;

	if (strcmp(r->names.items[0], c->name) != 0)
		return false;
	for (size_t i = 0; i < r->arg_count; i++) {
		unsigned index = r->args[i].index;
		bool h = holds(&r->args[i], c->args[index], exact ? width(c, index) : 64);

		all = all && h;
		any = any || h;
	}
	return is_twice(r) ? any : all;
}

static bool stricter(uint32_t a, uint32_t b)
{
	static const uint32_t full = SECCOMP_RET_ACTION_FULL;
	unsigned x = 0, y = 0;

	while (actions[x] != (a & full))
		x++;
	while (actions[y] != (b & full))
		y++;
	return x < y;
}

/* A rule without conditions that decides alone, NULL: there is none. */
static const struct spec_seccomp_rule *find_alone(const struct profile *p, const struct call *c)
{
	for (size_t i = 0; i < p->s.rule_count; i++) {
		const struct spec_seccomp_rule *r = &p->rules[i];

		if (r->arg_count == 0 && strcmp(r->names.items[0], c->name) == 0 &&
		    rule_action(r) != default_action(p))
			return r;
	}
	return NULL;
}

static bool is_left_out(const struct profile *p, const struct spec_seccomp_rule *r)
{
	return rule_action(r) == default_action(p) && (r->arg_count == 0 || is_twice(r));
}

static uint32_t meaning(const struct profile *p, const struct call *c)
{
	const struct spec_seccomp_rule *alone = find_alone(p, c);
	bool found = false;
	uint32_t v = 0;

	if (alone)
		return rule_action(alone);
	for (size_t i = 0; i < p->s.rule_count; i++) {
		const struct spec_seccomp_rule *r = &p->rules[i];

		if (is_left_out(p, r) || !rule_holds(r, c, true))
			continue;
		if (!found || stricter(rule_action(r), v))
			v = rule_action(r);
		found = true;
	}
	return found ? v : default_action(p);
}

/* ---- differences ------------------------------------------------------------------------------------------ */

enum { SAME, GENERATOR, WIDTH, STRICTEST, DEFAULT_RULE, DATA, VALUE_OF_64_BITS, UNEXPLAINED, ROWS };

static const char *const reasons[] = {
	[SAME] = "the same verdict",
	[GENERATOR] =
		"libseccomp's verdict is that of no rule that holds: its code for several rules is wrong",
	[WIDTH] =
		"the kernel reads fewer bits than libseccomp compares: the verdict follows the kernel",
	[STRICTEST] =
		"several rules hold: ours takes the strictest, libseccomp goes by the shape of the conditions",
	[DEFAULT_RULE] =
		"a conditional rule for the default action counts, as the strictest; callers of libseccomp leave it out",
	[DATA] = "several rules with the same action hold: ours gives the data of the first",
	[VALUE_OF_64_BITS] =
		"a 32-bit architecture: libseccomp cuts the value of a rule to 32 bits",
	[UNEXPLAINED] = "UNEXPLAINED",
};
static unsigned counts[ROWS], endless;

/* Whether libseccomp could mean v: the action of a rule that holds by its comparisons. */
static bool is_plausible(const struct profile *p, const struct call *c, uint32_t v)
{
	const struct spec_seccomp_rule *alone = find_alone(p, c);
	bool any = false;

	if (alone)
		return rule_action(alone) == v;
	for (size_t i = 0; i < p->s.rule_count; i++) {
		const struct spec_seccomp_rule *r = &p->rules[i];

		if (rule_action(r) == default_action(p) || !rule_holds(r, c, false))
			continue;
		any = true;
		if (rule_action(r) == v)
			return true;
	}
	return !any && v == default_action(p);
}

static bool has_wide_value(const struct profile *p, const struct call *c)
{
	for (size_t i = 0; i < p->s.rule_count; i++) {
		for (size_t a = 0; a < p->rules[i].arg_count; a++) {
			const struct spec_seccomp_arg *arg = &p->rules[i].args[a];

			if (strcmp(p->name[i][0], c->name) == 0 &&
			    (arg->value >> 32 || (arg->op == MASKED_EQ && arg->value_two >> 32)))
				return true;
		}
	}
	return false;
}

static int classify(const struct profile *p, const struct call *c, uint32_t ours, uint32_t theirs)
{
	bool width_matters = false, default_rule = false;

	if (ours == theirs)
		return SAME;
	for (size_t i = 0; i < p->s.rule_count; i++) {
		const struct spec_seccomp_rule *r = &p->rules[i];

		width_matters = width_matters || rule_holds(r, c, true) != rule_holds(r, c, false);
		default_rule = default_rule || (rule_action(r) == default_action(p) &&
						rule_holds(r, c, true) && r->arg_count);
	}
	if (width_matters)
		return WIDTH;
	if (c->token == SCMP_ARCH_X86 && has_wide_value(p, c))
		return VALUE_OF_64_BITS;
	if (!is_plausible(p, c, theirs))
		return GENERATOR;
	if (stricter(ours, theirs))
		return default_rule && ours == default_action(p) ? DEFAULT_RULE : STRICTEST;
	if ((ours & SECCOMP_RET_ACTION_FULL) == (theirs & SECCOMP_RET_ACTION_FULL))
		return DATA;
	return UNEXPLAINED;
}

/* ---- both filters ------------------------------------------------------------------------------------------ */

static struct filter compile(const struct profile *p)
{
	struct filter f = { 0 };
	struct error err = { 0 };

	if (filter_compile(&p->s, -EBADF, false, &f, &err) < 0)
		fail_msg("compile: %s", err.text);
	return f;
}

static int add_to_library(scmp_filter_ctx ctx, const struct profile *p,
			  const struct spec_seccomp_rule *r)
{
	int nr = lib.seccomp_syscall_resolve_name(r->names.items[0]), result = 0;
	struct scmp_arg_cmp args[3];

	for (size_t i = 0; i < r->arg_count; i++) {
		const struct spec_seccomp_arg *a = &r->args[i];

		args[i] = (struct scmp_arg_cmp){ .arg = a->index,
						 .op = (enum scmp_compare)a->op,
						 .datum_a = a->value,
						 .datum_b = a->value_two };
	}
	if (rule_action(r) == default_action(p))
		return 0;
	if (!is_twice(r))
		return lib.seccomp_rule_add_array(ctx, rule_action(r), nr, (unsigned)r->arg_count,
						  args);
	for (size_t i = 0; i < r->arg_count && result == 0; i++)
		result = lib.seccomp_rule_add_array(ctx, rule_action(r), nr, 1, &args[i]);
	return result;
}

/* Writes libseccomp's filter to fd. */
static int export_by_library(const struct profile *p, int fd)
{
	scmp_filter_ctx ctx = lib.seccomp_init(default_action(p));
	int r = lib.seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	if (r == 0)
		r = lib.seccomp_arch_add(ctx, SCMP_ARCH_X86);
	if (r == 0)
		r = lib.seccomp_arch_add(ctx, SCMP_ARCH_X32);
	for (size_t i = 0; i < p->s.rule_count && r == 0; i++)
		r = add_to_library(ctx, p, &p->rules[i]);
	return r == 0 ? lib.seccomp_export_bpf(ctx, fd) : r;
}

/*
 * false: libseccomp refuses the profile, and so do its callers. It runs in a process of its own, since on some
 * profiles it never comes to an end.
 */
static bool compile_by_library(const struct profile *p, struct filter *f)
{
	const struct itimerval limit = { .it_value = { .tv_usec = 200000 } };
	int fd = memfd_create("bpf", MFD_CLOEXEC), status;
	pid_t pid = fork();
	off_t size;

	assert_true(fd >= 0 && pid >= 0);
	if (pid == 0) {
		setitimer(ITIMER_VIRTUAL, &limit, NULL);
		_exit(export_by_library(p, fd) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	endless += WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM;
	if (status == 0) {
		size = lseek(fd, 0, SEEK_END);
		f->count = (uint32_t)((size_t)size / sizeof(struct sock_filter));
		f->insns = malloc((size_t)size);
		assert_non_null(f->insns);
		assert_int_equal(pread(fd, f->insns, (size_t)size, 0), size);
	}
	close(fd);
	return status == 0;
}

static struct call pick_call(const char *name)
{
	static const uint32_t tokens[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X32, SCMP_ARCH_X86 };
	struct call c = { .token = tokens[pick(3)], .name = name };
	int nr = lib.seccomp_syscall_resolve_name_arch(c.token, name);

	if (nr == -101)
		nr = 359; /* socket; the other way in is tested by test_filter.c */
	assert_true(nr >= 0);
	c.nr = (uint32_t)nr;
	c.arch = c.token == SCMP_ARCH_X86 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
	for (unsigned i = 0; i < 3; i++) {
		c.args[i] = pick_value();
		if (c.token == SCMP_ARCH_X86)
			c.args[i] &= UINT32_MAX; /* there are no more bits */
	}
	return c;
}

static void show(const struct profile *p, const struct call *c)
{
	print_message("default 0x%x\n", default_action(p));
	for (size_t i = 0; i < p->s.rule_count; i++) {
		const struct spec_seccomp_rule *r = &p->rules[i];

		print_message("%s: 0x%x", r->names.items[0], rule_action(r));
		for (size_t a = 0; a < r->arg_count; a++)
			print_message(" [%u op %u 0x%llx 0x%llx]", r->args[a].index, r->args[a].op,
				      (unsigned long long)r->args[a].value,
				      (unsigned long long)r->args[a].value_two);
		print_message("\n");
	}
	print_message("arch 0x%x %s(0x%llx, 0x%llx, 0x%llx)\n", c->token, c->name,
		      (unsigned long long)c->args[0], (unsigned long long)c->args[1],
		      (unsigned long long)c->args[2]);
}

static void compare_profile(unsigned round, uint32_t first, const struct profile *p,
			    const struct filter *ours, const struct filter *theirs)
{
	for (unsigned t = 0; t < SAMPLES; t++) {
		struct call c = pick_call(p->name[pick((uint32_t)p->s.rule_count)][0]);
		uint32_t want = meaning(p, &c);
		uint32_t v = verdict(ours, c.arch, c.nr, c.args[0], c.args[1], c.args[2]);
		uint32_t other;
		int row;

		if (v != want) {
			show(p, &c);
			fail_msg("SEED=%u round %u: 0x%x, not 0x%x", first, round, v, want);
		}
		if (!theirs->insns)
			continue;
		other = verdict(theirs, c.arch, c.nr, c.args[0], c.args[1], c.args[2]);
		row = classify(p, &c, v, other);
		counts[row]++;
		if (row == UNEXPLAINED) {
			show(p, &c);
			fail_msg("SEED=%u round %u: ours 0x%x, libseccomp's 0x%x", first, round, v,
				 other);
		}
	}
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void random_profiles(void **state)
{
	uint32_t first = number_of("SEED", 20260801);
	unsigned refused = 0, rounds = number_of("ROUNDS", ROUNDS);

	(void)state;
	seed = first;
	for (unsigned round = 0; round < rounds; round++) {
		struct profile p;
		struct filter ours, theirs = { 0 };

		pick_profile(&p);
		ours = compile(&p);
		refused += !compile_by_library(&p, &theirs);
		compare_profile(round, first, &p, &ours, &theirs);
		filter_done(&ours);
		free(theirs.insns);
	}
	print_message("%u profiles: libseccomp refuses %u, and does not end for %u\n", rounds,
		      refused - endless, endless);
	for (unsigned i = 0; i < ROWS; i++)
		print_message("%8u %s\n", counts[i], reasons[i]);
	/* The test would say nothing if rows swallowed everything. */
	assert_true(counts[SAME] > (counts[WIDTH] + counts[STRICTEST] + counts[GENERATOR]) / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_profiles),
	};

#ifndef __x86_64__
	return 77; /* numbers and architectures of this file are those of x86_64 */
#endif
	return cmocka_run_group_tests(tests, load_library, NULL);
}
