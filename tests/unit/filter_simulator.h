/* SPDX-License-Identifier: Apache-2.0 */
/* Classic BPF over struct seccomp_data, as the kernel runs it: the judge of compiled filters. Include after cmocka.h. */
#ifndef KNARR_TESTS_FILTER_SIMULATOR_H
#define KNARR_TESTS_FILTER_SIMULATOR_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#include "knarr/seccomp.h"

static uint32_t load_word(const struct seccomp_data *d, uint32_t k)
{
	uint32_t v;

	assert_true(k % 4 == 0 && k + 4 <= sizeof(*d));
	memcpy(&v, (const char *)d + k, 4);
	return v;
}

static uint32_t simulate(const struct filter *f, const struct seccomp_data *d)
{
	const struct sock_filter *p = f->insns;
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };

	for (uint32_t pc = 0; pc < f->count; pc++) {
		const struct sock_filter *i = &p[pc];
		bool t;

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load_word(d, i->k);
			continue;
		case BPF_LD | BPF_IMM:
			a = i->k;
			continue;
		case BPF_LD | BPF_MEM:
			a = mem[i->k];
			continue;
		case BPF_ST:
			mem[i->k] = a;
			continue;
		case BPF_LDX | BPF_IMM:
			x = i->k;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		}
		assert_int_equal(BPF_CLASS(i->code), BPF_JMP);
		assert_int_equal(BPF_SRC(i->code), BPF_K);
		switch (BPF_OP(i->code)) {
		case BPF_JEQ:
			t = a == i->k;
			break;
		case BPF_JGT:
			t = a > i->k;
			break;
		case BPF_JGE:
			t = a >= i->k;
			break;
		case BPF_JSET:
			t = a & i->k;
			break;
		default:
			fail_msg("instruction %u: code 0x%x", pc, i->code);
			return 0;
		}
		pc += t ? i->jt : i->jf;
	}
	(void)x;
	fail_msg("ran off the end");
	return 0;
}

static uint32_t verdict(const struct filter *f, uint32_t arch, uint32_t nr, uint64_t a0,
			uint64_t a1, uint64_t a2)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch, .args = { a0, a1, a2 } };

	return simulate(f, &d);
}

#define X64(f, nr, ...) verdict((f), AUDIT_ARCH_X86_64, (nr), __VA_ARGS__)

#endif
