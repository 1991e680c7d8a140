/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules -> instructions of a BPF_PROG_TYPE_CGROUP_DEVICE program. Pure. Host half.
 *
 * The kernel runs it at open and mknod with {access << 16 | type, major, minor} and refuses on 0. An access may ask
 * for several things at once (open for reading and writing): r2 holds what no rule has decided yet. The program is a
 * straight line of blocks, one a rule, each skipped when the device is another; it ends in a refusal. Comparisons
 * are of 32 bits, for a sign-extended operand would never equal a minor above 2^31.
 */
#include <stdio.h>
#include <string.h>

#include "cgroups/device.h"
#include "knarr/cgroups.h"

enum { REG_RESULT = BPF_REG_0, REG_CONTEXT = BPF_REG_1, REG_ACCESS = BPF_REG_2, REG_TYPE = BPF_REG_3, REG_MAJOR = BPF_REG_4,
       REG_MINOR = BPF_REG_5, REG_SCRATCH = BPF_REG_6 };

#define RULE_INSNS_MAX 8
#define FRAME_INSNS_MAX 8

struct program {
	struct bpf_insn *insns;
	unsigned count;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	p->insns[p->count++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void emit_load(struct program *p, uint8_t dst, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, REG_CONTEXT, (int16_t)offset, 0);
}

static void emit_verdict(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, REG_RESULT, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Jumps whose target is the end of the block get their offset here. */
static void close_block(struct program *p, unsigned start)
{
	for (unsigned i = start; i < p->count; i++) {
		if (BPF_CLASS(p->insns[i].code) == BPF_JMP32 && p->insns[i].off == 0)
			p->insns[i].off = (int16_t)(p->count - i - 1);
	}
}

static void emit_unless(struct program *p, uint8_t reg, uint32_t value)
{
	emit(p, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

/* Returns true if nothing behind it can be reached: the verifier refuses dead code. */
static bool emit_rule(struct program *p, const struct device_rule *rule)
{
	unsigned start = p->count;

	if (rule->type)
		emit_unless(p, REG_TYPE, rule->type);
	if (rule->major >= 0)
		emit_unless(p, REG_MAJOR, (uint32_t)rule->major);
	if (rule->minor >= 0)
		emit_unless(p, REG_MINOR, (uint32_t)rule->minor);
	if (rule->access == DEVICE_ACCESS_ALL) {
		bool always = p->count == start;

		emit_verdict(p, rule->allow);
		close_block(p, start);
		return always;
	}
	if (rule->allow) {
		/* What is allowed is settled; with nothing left to decide, all of it is. */
		emit(p, BPF_ALU | BPF_AND | BPF_K, REG_ACCESS, 0, 0, (int32_t)~rule->access);
		emit_unless(p, REG_ACCESS, 0);
	} else {
		emit(p, BPF_ALU64 | BPF_MOV | BPF_X, REG_SCRATCH, REG_ACCESS, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, REG_SCRATCH, 0, 0, (int32_t)rule->access);
		emit(p, BPF_JMP32 | BPF_JEQ | BPF_K, REG_SCRATCH, 0, 0, 0);
	}
	emit_verdict(p, rule->allow);
	close_block(p, start);
	return false;
}

void device_program_build(const struct device_rules *r, struct bpf_insn **ret_insns, unsigned *ret_count)
{
	struct program p = { .insns = mem_alloc_array(r->count * RULE_INSNS_MAX + FRAME_INSNS_MAX, sizeof(struct bpf_insn)) };
	bool ended = false;

	emit_load(&p, REG_ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(&p, BPF_ALU64 | BPF_MOV | BPF_X, REG_TYPE, REG_ACCESS, 0, 0);
	emit(&p, BPF_ALU | BPF_AND | BPF_K, REG_TYPE, 0, 0, 0xffff);
	emit(&p, BPF_ALU | BPF_RSH | BPF_K, REG_ACCESS, 0, 0, 16);
	emit_load(&p, REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(&p, REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < r->count && !ended; i++)
		ended = emit_rule(&p, &r->items[i]);
	if (!ended)
		emit_verdict(&p, false);
	*ret_insns = p.insns;
	*ret_count = p.count;
}

int cgroup_device_program(const struct spec_resources *res, const struct spec_device *devices, size_t device_count, void **ret_insns,
			  unsigned *ret_count, struct error *err)
{
	struct device_rules rules;
	struct bpf_insn *insns;
	int r = device_rules_build(res, devices, device_count, &rules, err);

	if (r < 0)
		return r;
	device_program_build(&rules, &insns, ret_count);
	device_rules_done(&rules);
	*ret_insns = insns;
	return 0;
}
