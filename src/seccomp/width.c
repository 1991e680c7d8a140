/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that the kernel truncates. Host half.
 *
 * seccomp_data has all 64 bits of a register, but ioctl(2), socket(2) and many more read an int from it.
 * A comparison of all 64 bits can then be passed by setting an upper bit that the kernel never looks at.
 * libseccomp compares both halves; for such arguments the load of the upper half is replaced by the
 * constant 0. It shares code between system calls, so the program is walked for each call that has
 * conditions, with its architecture and number as known values, to see which loads it comes by.
 */
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "program.h"

enum load_use { USED_NARROW = 1, USED_WIDE = 2 };

struct walk {
	const struct program *p;
	const struct program_call *call;
	uint8_t *uses;    /* per instruction: enum load_use */
	uint8_t *visited; /* per instruction: 1 = with an unknown accumulator, 2 = with nr, 4 = with arch */
	struct place {
		uint32_t pc, value;
		uint8_t state;
	} *todo;
	size_t todo_count;
};

enum { STATE_UNKNOWN = 1, STATE_NR = 2, STATE_ARCH = 4 };

/* Argument whose upper half is at this offset of seccomp_data, or -1. */
static int upper_half_of(uint32_t offset, bool big_endian)
{
	uint32_t first = offsetof(struct seccomp_data, args) + (big_endian ? 0 : 4);

	if (offset < first || (offset - first) % 8 || (offset - first) / 8 > 5)
		return -1;
	return (int)((offset - first) / 8);
}

static void push(struct walk *w, size_t pc, uint8_t state, uint32_t value)
{
	if (pc >= w->p->count || w->visited[pc] & state)
		return;
	w->visited[pc] |= state;
	w->todo[w->todo_count++] = (struct place){ .pc = (uint32_t)pc, .value = value, .state = state };
}

static void step_load(struct walk *w, const struct place *at, const struct sock_filter *insn)
{
	int arg = upper_half_of(insn->k, w->call->big_endian);

	if (insn->k == offsetof(struct seccomp_data, nr)) {
		push(w, at->pc + 1, STATE_NR, w->call->nr);
	} else if (insn->k == offsetof(struct seccomp_data, arch)) {
		push(w, at->pc + 1, STATE_ARCH, w->call->arch);
	} else {
		if (arg >= 0)
			w->uses[at->pc] |= w->call->narrow & (1u << arg) ? USED_NARROW : USED_WIDE;
		push(w, at->pc + 1, STATE_UNKNOWN, 0);
	}
}

static bool is_taken(unsigned op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return a & k;
	}
}

static void step(struct walk *w, const struct place *at)
{
	const struct sock_filter *insn = &w->p->insns[at->pc];
	bool taken;

	switch (BPF_CLASS(insn->code)) {
	case BPF_RET:
		return;
	case BPF_LD:
		if (insn->code == (BPF_LD | BPF_W | BPF_ABS))
			step_load(w, at, insn);
		else
			push(w, at->pc + 1, STATE_UNKNOWN, 0);
		return;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA) {
			push(w, (size_t)at->pc + 1 + insn->k, at->state, at->value);
			return;
		}
		taken = is_taken(BPF_OP(insn->code), at->value, insn->k);
		if (at->state == STATE_UNKNOWN || taken)
			push(w, (size_t)at->pc + 1 + insn->jt, at->state, at->value);
		if (at->state == STATE_UNKNOWN || !taken)
			push(w, (size_t)at->pc + 1 + insn->jf, at->state, at->value);
		return;
	default:
		push(w, at->pc + 1, STATE_UNKNOWN, 0);
	}
}

static void walk_call(struct walk *w)
{
	memset(w->visited, 0, w->p->count);
	w->todo_count = 0;
	push(w, 0, STATE_UNKNOWN, 0);
	while (w->todo_count) {
		struct place at = w->todo[--w->todo_count];

		step(w, &at);
	}
}

unsigned program_narrow(struct program *p, const struct program_call *calls, size_t count)
{
	struct walk w = { .p = p };
	unsigned shared = 0;

	if (!count || !p->count)
		return 0;
	w.uses = mem_alloc(p->count);
	w.visited = mem_alloc(p->count);
	w.todo = mem_alloc_array(3 * p->count, sizeof(*w.todo));
	for (size_t i = 0; i < count; i++) {
		w.call = &calls[i];
		walk_call(&w);
	}
	for (size_t i = 0; i < p->count; i++) {
		if (w.uses[i] == USED_NARROW)
			p->insns[i] = (struct sock_filter){ .code = BPF_LD | BPF_IMM, .k = 0 };
		shared += w.uses[i] == (USED_NARROW | USED_WIDE);
	}
	free(w.uses);
	free(w.visited);
	free(w.todo);
	return shared;
}
