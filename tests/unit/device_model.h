/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What device rules mean by config-linux.md, and a machine that runs the program made from them. The unit test and
 * the fuzz target compare the two. Include after assert_int_equal, assert_in_range and fail_msg.
 */
#ifndef KNARR_TESTS_DEVICE_MODEL_H
#define KNARR_TESTS_DEVICE_MODEL_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "knarr/cgroups.h"

enum { R = 1, W = 2, M = 4 }; /* as the spec counts */

struct access {
	char type;
	uint32_t major, minor;
	unsigned access;
};

/* ---- a machine that runs what the program may consist of, and refuses everything else ---- */

static uint32_t kernel_access(unsigned access)
{
	return (access & R ? BPF_DEVCG_ACC_READ : 0) | (access & W ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & M ? BPF_DEVCG_ACC_MKNOD : 0);
}

static uint64_t run(const struct bpf_insn *insns, unsigned count, const struct access *a)
{
	const struct bpf_cgroup_dev_ctx ctx = {
		.access_type = kernel_access(a->access) << 16 |
			       (a->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = a->major,
		.minor = a->minor,
	};
	uint64_t regs[11] = {
		[0] = 0xdead, [2] = ~0ull, [3] = ~0ull, [4] = ~0ull, [5] = ~0ull, [6] = ~0ull
	};

	for (unsigned pc = 0, steps = 0; pc < count && steps < 100000; pc++, steps++) {
		const struct bpf_insn *i = &insns[pc];
		uint64_t *dst = &regs[i->dst_reg];
		uint32_t value;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(i->src_reg, 1);
			assert_in_range(i->off, 0, sizeof(ctx) - 4);
			memcpy(&value, (const char *)&ctx + i->off, sizeof(value));
			*dst = value;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			*dst = (uint64_t)(int64_t)i->imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			*dst = regs[i->src_reg];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*dst = (uint32_t)*dst & (uint32_t)i->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*dst = (uint32_t)*dst >> i->imm;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			pc += (uint32_t)*dst != (uint32_t)i->imm ? (unsigned)i->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			pc += (uint32_t)*dst == (uint32_t)i->imm ? (unsigned)i->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			pc += (unsigned)i->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return regs[0];
		default:
			fail_msg("instruction %u has code %#x", pc, i->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

/* ---- what config-linux.md says, one access bit at a time ---- */

static bool is_default(const struct access *a, unsigned bit)
{
	static const uint32_t numbers[][2] = { { 1, 3 }, { 1, 5 }, { 1, 7 }, { 1, 8 },
					       { 1, 9 }, { 5, 0 }, { 5, 2 }, { 10, 200 } };

	if (bit == M)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (a->type == 'c' && a->major == numbers[i][0] && a->minor == numbers[i][1])
			return true;
	}
	return a->type == 'c' && a->major == 136;
}

static bool has_number(const struct spec_device_rule *r)
{
	return r->major >= 0 || r->minor >= 0;
}

static bool has_access(const struct spec_device_rule *r, unsigned bit)
{
	return (r->access & bit) || !r->access || (!r->allow && r->type == 'a' && !has_number(r));
}

static bool meet(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || a == b;
}

/* A deny rule with numbers for all accesses that takes nothing away leaves mknod alone. */
static bool takes_mknod_away(const struct spec_device_rule *rules, size_t i)
{
	const struct spec_device_rule *r = &rules[i];

	if (r->access && r->access != (R | W | M))
		return true;
	while (i-- > 0) {
		const struct spec_device_rule *b = &rules[i];

		if (!b->allow && b->type == 'a' && !has_number(b))
			return false;
		if (b->allow && has_access(b, M) &&
		    (b->type == 'a' || r->type == 'a' || b->type == r->type) &&
		    meet(b->major, r->major) && meet(b->minor, r->minor))
			return true;
	}
	return false;
}

static bool oracle_bit(const struct spec_resources *res, const struct access *a, unsigned bit)
{
	bool implied = is_default(a, bit), allowed = implied;

	for (size_t i = 0; i < res->device_count; i++) {
		const struct spec_device_rule *r = &res->devices[i];

		if ((r->type != 'a' && r->type != a->type) ||
		    (r->major >= 0 && r->major != a->major) ||
		    (r->minor >= 0 && r->minor != a->minor) || !has_access(r, bit))
			continue;
		if (implied && !r->allow && !has_number(r))
			continue;
		if (bit == M && !r->allow && has_number(r) && !takes_mknod_away(res->devices, i))
			continue;
		allowed = r->allow;
	}
	return allowed;
}

static bool oracle(const struct spec_resources *res, const struct access *a)
{
	for (unsigned bit = 1; bit <= 4; bit <<= 1) {
		if ((a->access & bit) && !oracle_bit(res, a, bit))
			return false;
	}
	return true;
}

#endif
