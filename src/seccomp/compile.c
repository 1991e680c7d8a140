/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp -> BPF, by libseccomp. Host half, on a cache miss.
 *
 * What the specification leaves open follows what profiles are written against:
 * - The native architecture is always part of the filter, those of the profile are added. A call by any
 *   other one (or by x32 numbers when x32 is not listed) ends the process.
 * - A rule whose action is the default action changes nothing; libseccomp refuses it, so it is left out.
 * - A name that libseccomp does not know cannot be filtered by number: with a number above the newest one
 *   of the profile it is answered ENOSYS (unknown.c), so leaving it out does not open anything.
 * - Conditions of one rule are all required, except where two of them look at the same argument: then each
 *   condition counts alone, as libseccomp cannot hold them together and profiles rely on it.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"
#include "knarr/kernel.h"

#define ARCHS_MAX 32
#define ERRNO_MAX 4095u
/* All architectures number calls alike from 424 on (Linux 5.1); below, numbers say nothing about age. */
#define LAST_OLD_NUMBER 423u
/* x32 has calls of its own up to 547. */
#define LAST_OLD_X32 547u
#define X32_BIT 0x40000000u
/* ARM's private calls (cacheflush, set_tls) lie here. */
#define ARM_PRIVATE 0x000f0000u

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

struct compile {
	const struct filter_library *lib;
	const struct spec_seccomp *spec;
	scmp_filter_ctx ctx;
	uint32_t default_action; /* with data */
	bool fail_unknown;
	uint32_t archs[ARCHS_MAX];
	uint32_t newest[ARCHS_MAX]; /* highest number that the profile names, per architecture */
	size_t arch_count;
	struct program_call *calls;
	size_t call_count;
	bool has_narrow;
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
static int complete_action(uint32_t action, bool errno_set, uint32_t value, const struct jnode *node, uint32_t *ret,
			   struct error *err)
{
	if (action != SCMP_ACT_ERRNO(0) && action != SCMP_ACT_TRACE(0)) {
		if (errno_set)
			return add_place(err, node,
					 error_fail(err, ERROR_CONFIG, 0, "this seccomp action takes no errno value"));
		*ret = action;
		return 0;
	}
	if (!errno_set)
		value = EPERM;
	if (value > (action == SCMP_ACT_ERRNO(0) ? ERRNO_MAX : 65535u))
		return add_place(err, node, error_fail(err, ERROR_CONFIG, 0, "errno value %u is out of range", value));
	*ret = action | value;
	return 0;
}

/* ---- architectures -------------------------------------------------------------------------- */

static int add_arch(struct compile *c, const char *word, struct error *err)
{
	uint32_t token = filter_library_arch(c->lib, word);
	int r;

	if (!token) {
		r = error_fail(err, ERROR_UNSUPPORTED, 0, "this libseccomp does not know the architecture '%s'", word);
		return add_place(err, c->spec->architectures.node, r);
	}
	for (size_t i = 0; i < c->arch_count; i++) {
		if (c->archs[i] == token)
			return 0;
	}
	if (c->arch_count == ARCHS_MAX)
		return add_place(err, c->spec->architectures.node,
				 error_fail(err, ERROR_CONFIG, 0, "too many seccomp architectures"));
	r = c->lib->seccomp_arch_add(c->ctx, token);
	if (r < 0 && r != -EEXIST) {
		r = error_fail(err, ERROR_UNSUPPORTED, -r, "cannot add the architecture '%s' to the seccomp filter%s", word,
			       r == -EDOM ? ": its byte order is not this machine's" : "");
		return add_place(err, c->spec->architectures.node, r);
	}
	c->archs[c->arch_count++] = token;
	return 0;
}

static int add_archs(struct compile *c, struct error *err)
{
	c->archs[c->arch_count++] = c->lib->seccomp_arch_native();
	for (size_t i = 0; i < c->spec->architectures.count; i++) {
		int r = add_arch(c, c->spec->architectures.items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}


/* ---- rules ------------------------------------------------------------------------------------ */

/* The bits of a value that a 32-bit argument can have; false if no such argument can ever match as written. */
static bool narrow_value(uint64_t value, uint64_t *ret)
{
	*ret = value & UINT32_MAX;
	return value >> 32 == 0 || value >> 32 == UINT32_MAX; /* the latter: a negative number, sign-extended */
}

/* Whether the comparison can be made with 32 bits; then it is rewritten for that. */
static bool narrow_condition(struct scmp_arg_cmp *c)
{
	uint64_t a, b;

	if (c->op == SCMP_CMP_MASKED_EQ) {
		/* A mask has no sign; what it says about the upper half cannot hold or fail there. */
		a = c->datum_a & UINT32_MAX;
		b = c->datum_b & UINT32_MAX;
		if ((c->datum_b & c->datum_a) >> 32)
			return false;
		c->datum_a = a;
		c->datum_b = b & a;
		return true;
	}
	if (!narrow_value(c->datum_a, &a))
		return false;
	c->datum_a = a;
	if (c->op == SCMP_CMP_EQ) {
		c->op = SCMP_CMP_MASKED_EQ;
		c->datum_b = a;
		c->datum_a = UINT32_MAX;
	}
	return true;
}

static bool is_big_endian(uint32_t arch)
{
	return !(arch & __AUDIT_ARCH_LE);
}

static bool has_call(const struct compile *c, uint32_t arch, uint32_t nr)
{
	for (size_t i = 0; i < c->call_count; i++) {
		if (c->calls[i].arch == arch && c->calls[i].nr == nr)
			return true;
	}
	return false;
}

/* Remembers, for width.c, how the arguments of this call are compared on each 64-bit architecture. */
static void note_call(struct compile *c, const char *name, unsigned narrow)
{
	for (size_t i = 0; i < c->arch_count; i++) {
		int nr;

		if (!(c->archs[i] & __AUDIT_ARCH_64BIT))
			continue;
		nr = c->lib->seccomp_syscall_resolve_name_arch(c->archs[i], name);
		if (nr < 0 || has_call(c, c->archs[i], (uint32_t)nr))
			continue;
		c->calls = mem_grow(c->calls, c->call_count + 1, sizeof(*c->calls));
		c->calls[c->call_count++] = (struct program_call){
			.arch = c->archs[i], .nr = (uint32_t)nr, .big_endian = is_big_endian(c->archs[i]), .narrow = narrow
		};
	}
}

static void note_number(struct compile *c, const char *name)
{
	for (size_t i = 0; i < c->arch_count; i++) {
		int nr = c->lib->seccomp_syscall_resolve_name_arch(c->archs[i], name);

		if (nr >= 0 && (uint32_t)nr > c->newest[i])
			c->newest[i] = (uint32_t)nr;
	}
}

static int add_rule(struct compile *c, const struct spec_seccomp_rule *rule, uint32_t action, const char *name, int nr,
		    const struct scmp_arg_cmp *conditions, size_t count, struct error *err)
{
	/* Not the "exact" form: a call that one of the architectures lacks is left out there. */
	int r = c->lib->seccomp_rule_add_array(c->ctx, action, nr, (unsigned)count, conditions);

	if (r >= 0 || r == -EEXIST)
		return 0;
	r = error_fail(err, ERROR_CONFIG, -r, "libseccomp cannot express the rule for '%s'", name);
	error_add_subject(err, name);
	return add_place(err, rule->node, r);
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

/* Narrow only if every condition of the profile on this argument of this call is: they share code. */
static unsigned narrow_of(const struct compile *c, const char *name)
{
	unsigned narrow = narrow_args(name);

	for (size_t i = 0; narrow && i < c->spec->rule_count; i++) {
		const struct spec_seccomp_rule *rule = &c->spec->rules[i];
		bool named = false;

		for (size_t n = 0; rule->arg_count && n < rule->names.count && !named; n++)
			named = STREQ(rule->names.items[n], name);
		for (size_t a = 0; named && a < rule->arg_count; a++) {
			const struct spec_seccomp_arg *arg = &rule->args[a];
			struct scmp_arg_cmp try = { arg->index, (enum scmp_compare)arg->op, arg->value, arg->value_two };

			if (arg->index < 6 && !narrow_condition(&try))
				narrow &= ~(1u << arg->index);
		}
	}
	return narrow;
}

static int add_conditional(struct compile *c, const struct spec_seccomp_rule *rule, uint32_t action, const char *name, int nr,
			   struct error *err)
{
	bool alone = same_argument_twice(rule);
	unsigned narrow = narrow_of(c, name);
	struct scmp_arg_cmp conditions[6];
	size_t n = 0;
	int r;

	note_call(c, name, narrow);
	c->has_narrow |= narrow != 0;
	if (alone)
		log_debug("seccomp rule for '%s' looks at one argument more than once: each condition counts alone", name);
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct spec_seccomp_arg *arg = &rule->args[i];

		conditions[n] = (struct scmp_arg_cmp){ arg->index, (enum scmp_compare)arg->op, arg->value, arg->value_two };
		if (narrow & (1u << arg->index))
			(void)narrow_condition(&conditions[n]);
		if (!alone) {
			n++;
			continue;
		}
		r = add_rule(c, rule, action, name, nr, conditions, 1, err);
		if (r < 0)
			return r;
	}
	return alone ? 0 : add_rule(c, rule, action, name, nr, conditions, n, err);
}

static int add_name(struct compile *c, const struct spec_seccomp_rule *rule, uint32_t action, const char *name,
		    struct error *err)
{
	int nr = c->lib->seccomp_syscall_resolve_name(name), r;

	if (nr == __NR_SCMP_ERROR) {
		if (!c->fail_unknown) {
			log_debug("seccomp: libseccomp does not know the system call '%s', skipped", name);
			return 0;
		}
		r = error_fail(err, ERROR_UNSUPPORTED, 0, "libseccomp does not know the system call '%s'", name);
		error_add_subject(err, name);
		return add_place(err, rule->names.node ? rule->names.node : rule->node, r);
	}
	note_number(c, name);
	if (action == c->default_action)
		return 0;
	if (rule->arg_count)
		return add_conditional(c, rule, action, name, nr, err);
	return add_rule(c, rule, action, name, nr, NULL, 0, err);
}

static int add_rules(struct compile *c, struct error *err)
{
	for (size_t i = 0; i < c->spec->rule_count; i++) {
		const struct spec_seccomp_rule *rule = &c->spec->rules[i];
		uint32_t action;
		int r = complete_action(rule->action, rule->errno_ret_set, rule->errno_ret, rule->node, &action, err);

		for (size_t a = 0; r == 0 && a < rule->arg_count; a++) {
			if (rule->args[a].index > 5 || rule->args[a].op < SCMP_CMP_NE || rule->args[a].op > SCMP_CMP_MASKED_EQ)
				r = add_place(err, rule->args[a].node ? rule->args[a].node : rule->node,
					      error_fail(err, ERROR_CONFIG, 0, "there is no such seccomp argument or operator"));
		}
		for (size_t n = 0; r == 0 && n < rule->names.count; n++)
			r = add_name(c, rule, action, rule->names.items[n], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the program ------------------------------------------------------------------------------ */

static int export_program(struct compile *c, struct program *ret, struct error *err)
{
	_cleanup_close_ int fd = sys_memfd_create("filter", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	_cleanup_free_ char *bytes = NULL;
	size_t len;
	int r;

	if (fd == -EINVAL) /* MFD_NOEXEC_SEAL is of Linux 6.3 */
		fd = sys_memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return error_set(err, -fd, "cannot make a buffer for the seccomp filter");
	r = c->lib->seccomp_export_bpf(c->ctx, fd);
	if (r < 0)
		return error_set(err, -r, "libseccomp cannot make the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, errno, "cannot read the seccomp filter");
	r = io_read_fd(fd, 1u << 20, &bytes, &len);
	if (r < 0)
		return error_set(err, -r, "cannot read the seccomp filter");
	if (len == 0 || len % sizeof(*ret->insns))
		return error_fail(err, ERROR_INTERNAL, 0, "libseccomp made a seccomp filter of %zu bytes", len);
	ret->count = len / sizeof(*ret->insns);
	ret->insns = (struct sock_filter *)(void *)TAKE_PTR(bytes);
	return 0;
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

/*
 * "Newer than the profile": above the highest number that the profile names, at least 424. Older calls that
 * a short profile does not name get its default action: their author knew them.
 */
static void answer_unknown(struct compile *c, struct program *p)
{
	struct program_range ranges[2 * ARCHS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->arch_count; i++) {
		uint32_t token = c->archs[i], newest = max_u32(c->newest[i], number_base(token) + LAST_OLD_NUMBER);

		if (token == SCMP_ARCH_X32)
			continue; /* shares the arch value of x86_64 */
		ranges[n++] = (struct program_range){ .arch = token, .newest = newest };
		if (token == SCMP_ARCH_ARM && newest < ARM_PRIVATE)
			ranges[n++] = (struct program_range){ .arch = token, .base = ARM_PRIVATE, .newest = UINT32_MAX };
		if (token != SCMP_ARCH_X86_64)
			continue;
		/* Not listed: libseccomp's own test for x32 decides. */
		ranges[n++] = (struct program_range){ .arch = token, .base = X32_BIT, .newest = UINT32_MAX };
		for (size_t x = 0; x < c->arch_count; x++) {
			if (c->archs[x] == SCMP_ARCH_X32)
				ranges[n - 1].newest = max_u32(c->newest[x], X32_BIT + LAST_OLD_X32);
		}
	}
	program_answer_unknown(p, ranges, n);
}

static bool default_refuses(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ERRNO:
		return (action & SECCOMP_RET_DATA) != ENOSYS; /* it does it already */
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	default:
		return false; /* allow, log, trace, notify: others decide about every call */
	}
}

static int finish_program(struct compile *c, struct program *p, struct error *err)
{
	int r = export_program(c, p, err);

	if (r < 0)
		return r;
	if (c->has_narrow && program_narrow(p, c->calls, c->call_count))
		log_warning("seccomp: a condition on a 32-bit argument shares code with one on a 64-bit argument and looks at all 64 bits");
	if (default_refuses(c->default_action))
		answer_unknown(c, p);
	if (p->count > BPF_MAXINSNS) {
		r = error_fail(err, ERROR_UNSUPPORTED, 0, "the seccomp filter has %zu instructions, the kernel takes %d", p->count,
			       BPF_MAXINSNS);
		error_add_remedy(err, "name fewer architectures or fewer rules with arguments");
		return r;
	}
	return 0;
}

static void set_attributes(struct compile *c)
{
	/* What may be compiled does not depend on the kernel that happens to run here; the load tells. */
	for (unsigned level = 7; level >= 5; level--) {
		if (c->lib->seccomp_api_set(level) == 0)
			break;
	}
	/* A thread that is killed alone leaves a process that nobody can reason about. */
	(void)c->lib->seccomp_attr_set(c->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* Binary search over the numbers (2.5); without it the filter is slower, not other. */
	(void)c->lib->seccomp_attr_set(c->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

static int compile_in(struct compile *c, struct program *p, struct error *err)
{
	int r;

	set_attributes(c);
	r = add_archs(c, err);
	if (r == 0)
		r = add_rules(c, err);
	if (r == 0)
		r = finish_program(c, p, err);
	return r;
}

int profile_compile(const struct filter_library *lib, const struct spec_seccomp *s, bool fail_unknown, struct program *ret,
		    struct error *err)
{
	struct compile c = { .lib = lib, .spec = s, .fail_unknown = fail_unknown };
	struct program p = { 0 };
	int r = complete_action(s->default_action, s->default_errno_set, s->default_errno, s->node, &c.default_action, err);

	if (r < 0)
		return r;
	c.ctx = lib->seccomp_init(c.default_action);
	if (!c.ctx)
		return add_place(err, s->node,
				 error_fail(err, ERROR_CONFIG, 0, "libseccomp does not take the default action 0x%x", c.default_action));
	r = compile_in(&c, &p, err);
	lib->seccomp_release(c.ctx);
	free(c.calls);
	if (r < 0) {
		program_done(&p);
		return add_place(err, NULL, r);
	}
	*ret = p;
	return 0;
}
