/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules -> instructions of a BPF_PROG_TYPE_CGROUP_DEVICE program. Pure. Host half.
 *
 * The kernel runs it at open and mknod with {access << 16 | type, major, minor} and refuses on 0. An access may ask
 * for several things at once (open for reading and writing): r2 holds what no rule has decided yet.
 *
 * Loading is most of what the program costs, and the verifier's time grows with the paths it has to follow. So rules
 * that decide alike about all that is open, which come in long runs, become one decision by type, then major, then
 * minor, with one exit: the usual program has half the instructions of one block a rule and loads in
 * less than half the time.
 * Comparisons are of 32 bits, for a sign-extended operand would never equal a minor above 2^31.
 */
#include <stdio.h>
#include <string.h>

#include "cgroups/device.h"
#include "knarr/cgroups.h"

enum {
	REG_RESULT = BPF_REG_0,
	REG_CONTEXT = BPF_REG_1,
	REG_ACCESS = BPF_REG_2,
	REG_TYPE = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
	REG_SCRATCH = BPF_REG_6
};

/* Where a jump goes; its distance is filled in when the place is reached. */
enum target { NOWHERE, TO_ALLOW, TO_DENY, TO_NEXT_RULE, TO_NEXT_TYPE, TO_NEXT_MAJOR };

#define RULE_INSNS_MAX 8
#define FRAME_INSNS_MAX 16

struct program {
	struct bpf_insn *insns;
	enum target *targets;
	unsigned count;
	uint32_t decided; /* accesses that nothing is left to say about, for no device */
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	p->insns[p->count++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
	};
}

static void emit_load(struct program *p, uint8_t dst, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, REG_CONTEXT, (int16_t)offset, 0);
}

static void emit_jump(struct program *p, enum target target)
{
	p->targets[p->count] = target;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0, 0);
}

static void emit_if(struct program *p, uint8_t condition, uint8_t reg, int64_t value,
		    enum target target)
{
	p->targets[p->count] = target;
	emit(p, BPF_JMP32 | condition | BPF_K, reg, 0, 0, (int32_t)(uint32_t)value);
}

/* The place is here: true if somebody jumps to it. */
static bool arrive(struct program *p, enum target target)
{
	bool any = false;

	for (unsigned i = 0; i < p->count; i++) {
		if (p->targets[i] != target)
			continue;
		p->insns[i].off = (int16_t)(p->count - i - 1);
		p->targets[i] = NOWHERE;
		any = true;
	}
	return any;
}

static void emit_verdict(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, REG_RESULT, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- a rule that decides about some of what is open ------------------------------------ */

static void emit_partial(struct program *p, const struct device_rule *rule)
{
	bool every = !rule->type && rule->major < 0 && rule->minor < 0;

	if (rule->type)
		emit_if(p, BPF_JNE, REG_TYPE, rule->type, TO_NEXT_RULE);
	if (rule->major >= 0)
		emit_if(p, BPF_JNE, REG_MAJOR, rule->major, TO_NEXT_RULE);
	if (rule->minor >= 0)
		emit_if(p, BPF_JNE, REG_MINOR, rule->minor, TO_NEXT_RULE);
	if (rule->allow) {
		/* With nothing left to decide, all of it is allowed. */
		emit(p, BPF_ALU | BPF_AND | BPF_K, REG_ACCESS, 0, 0, (int32_t)~rule->access);
		emit_if(p, BPF_JEQ, REG_ACCESS, 0, TO_ALLOW);
	} else {
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_SCRATCH, REG_ACCESS, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, REG_SCRATCH, 0, 0, (int32_t)rule->access);
		emit_if(p, BPF_JNE, REG_SCRATCH, 0, TO_DENY);
	}
	(void)arrive(p, TO_NEXT_RULE);
	if (every)
		p->decided |= rule->access;
}

/* ---- a run of rules that decide alike about all that is open --------------------------- */

static bool has_type(const struct device_rule *rules, size_t count, uint32_t type)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i].type == type)
			return true;
	}
	return false;
}

/* Is rules[i] the first of its type and major? */
static bool is_first(const struct device_rule *rules, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (rules[j].type == rules[i].type && rules[j].major == rules[i].major)
			return false;
	}
	return true;
}

/* A device of this major that no minor matches leaves the type: no other major can match it. */
static void emit_major(struct program *p, const struct device_rule *rules, size_t count,
		       const struct device_rule *first, enum target verdict)
{
	emit_if(p, BPF_JNE, REG_MAJOR, first->major, TO_NEXT_MAJOR);
	for (size_t i = 0; i < count; i++) {
		const struct device_rule *r = &rules[i];

		if (r->type == first->type && r->major == first->major && r->minor >= 0)
			emit_if(p, BPF_JEQ, REG_MINOR, r->minor, verdict);
	}
	emit_jump(p, TO_NEXT_TYPE);
	(void)arrive(p, TO_NEXT_MAJOR);
}

/* True if every device of the type is decided about. */
static bool emit_type(struct program *p, const struct device_rule *rules, size_t count,
		      uint32_t type, enum target verdict)
{
	bool every = false;

	if (type)
		emit_if(p, BPF_JNE, REG_TYPE, type, TO_NEXT_TYPE);
	for (size_t i = 0; i < count; i++) {
		const struct device_rule *r = &rules[i];

		if (r->type != type)
			continue;
		if (r->major < 0 && r->minor < 0)
			every = true;
		else if (r->major < 0)
			emit_if(p, BPF_JEQ, REG_MINOR, r->minor, verdict);
		else if (r->minor < 0)
			emit_if(p, BPF_JEQ, REG_MAJOR, r->major, verdict);
	}
	for (size_t i = 0; i < count && !every; i++) {
		if (rules[i].type == type && rules[i].major >= 0 && rules[i].minor >= 0 &&
		    is_first(rules, i))
			emit_major(p, rules, count, &rules[i], verdict);
	}
	if (every)
		emit_jump(p, verdict);
	(void)arrive(p, TO_NEXT_TYPE);
	return every;
}

/* True if nothing behind it can be reached: the verifier refuses dead code. */
static bool emit_run(struct program *p, const struct device_rule *rules, size_t count)
{
	static const uint32_t types[] = { BPF_DEVCG_DEV_CHAR, BPF_DEVCG_DEV_BLOCK, 0 };
	enum target verdict = rules[0].allow ? TO_ALLOW : TO_DENY;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (has_type(rules, count, types[i]) &&
		    emit_type(p, rules, count, types[i], verdict) && !types[i])
			return true;
	}
	return false;
}

static bool is_total(const struct program *p, const struct device_rule *rule)
{
	return (rule->access | p->decided) == DEVICE_ACCESS_ALL;
}

static void emit_prologue(struct program *p)
{
	emit_load(p, REG_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_TYPE, REG_ACCESS, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, REG_TYPE, 0, 0, 0xffff);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, REG_ACCESS, 0, 0, 16);
	emit_load(p, REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

void device_program_build(const struct device_rules *r, struct bpf_insn **ret_insns,
			  unsigned *ret_count)
{
	size_t room = r->count * RULE_INSNS_MAX + FRAME_INSNS_MAX;
	_cleanup_free_ enum target *targets = mem_alloc_array(room, sizeof(*targets));
	struct program p = { .insns = mem_alloc_array(room, sizeof(struct bpf_insn)),
			     .targets = targets };
	bool ended = false;

	emit_prologue(&p);
	for (size_t i = 0; i < r->count && !ended;) {
		size_t run = 0;

		while (i + run < r->count && is_total(&p, &r->items[i + run]) &&
		       r->items[i + run].allow == r->items[i].allow)
			run++;
		if (run)
			ended = emit_run(&p, &r->items[i], run);
		else
			emit_partial(&p, &r->items[i]);
		i += run ? run : 1;
	}
	if (arrive(&p, TO_DENY) || !ended)
		emit_verdict(&p, false);
	if (arrive(&p, TO_ALLOW))
		emit_verdict(&p, true);
	*ret_insns = p.insns;
	*ret_count = p.count;
}

int cgroup_device_program(const struct spec_resources *res, void **ret_insns, unsigned *ret_count,
			  struct error *err)
{
	struct device_rules rules;
	struct bpf_insn *insns;
	int r = device_rules_build(res, &rules, err);

	if (r < 0)
		return r;
	device_program_build(&rules, &insns, ret_count);
	device_rules_done(&rules);
	*ret_insns = insns;
	return 0;
}
