/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code generator for filters. Host half.
 *
 * Per architecture: numbers are cut into segments with one decision each, found by binary search with jge,
 * so a call costs about log2(segments) instructions. A decision is a ret, or the rules of one call in order:
 * conditions, ret, next rule. Offsets of conditional jumps have 8 bits; what may lie farther is reached
 * over a ja. Every piece of code ends in ret, so that a piece may be moved after it was made.
 *
 * The order of comparisons within 64 bits is: upper half decides unless it is equal, then the lower half.
 */
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "emit.h"

struct code {
	struct sock_filter *insns;
	size_t count, cap;
};

struct segment {
	uint32_t start, action;
	const struct emit_rule *rules; /* NULL: action decides */
	size_t rule_count;
};

/* Where a comparison goes on: resolved when its rule is complete. */
enum { TO_NEXT_CONDITION = 254, TO_NEXT_RULE = 255 };

static void insn(struct code *c, unsigned code, uint32_t k, unsigned if_true, unsigned if_false)
{
	if (c->count == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 256;
		c->insns = mem_grow(c->insns, c->cap, sizeof(*c->insns));
	}
	c->insns[c->count++] = (struct sock_filter){
		.code = (uint16_t)code, .jt = (uint8_t)if_true, .jf = (uint8_t)if_false, .k = k
	};
}

static void load(struct code *c, size_t offset)
{
	insn(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void ret(struct code *c, uint32_t action)
{
	insn(c, BPF_RET | BPF_K, action, 0, 0);
}

static void jump(struct code *c, unsigned op, uint32_t k, unsigned if_true, unsigned if_false)
{
	insn(c, BPF_JMP | op | BPF_K, k, if_true, if_false);
}

/* ---- conditions ------------------------------------------------------------------------------- */

static void load_half(struct code *c, const struct emit_condition *k, bool upper, bool big_endian)
{
	size_t offset = offsetof(struct seccomp_data, args) + 8 * k->index;

	if (upper && k->bits < 64) {
		insn(c, BPF_LD | BPF_IMM, 0, 0, 0);
		return;
	}
	load(c, offset + (upper != big_endian ? 4 : 0));
	if (k->bits == 16)
		insn(c, BPF_ALU | BPF_AND | BPF_K, UINT16_MAX, 0, 0);
}

/* Less and greater: two tests of the upper half, one of the lower. */
static void emit_ordering(struct code *c, const struct emit_condition *k, bool big_endian)
{
	uint32_t upper = (uint32_t)(k->value >> 32), lower = (uint32_t)k->value;
	bool greater = k->op == EMIT_GT || k->op == EMIT_GE;
	unsigned above = greater ? TO_NEXT_CONDITION : TO_NEXT_RULE;
	unsigned below = greater ? TO_NEXT_RULE : TO_NEXT_CONDITION;

	load_half(c, k, true, big_endian);
	jump(c, BPF_JGT, upper, above, 0);
	jump(c, BPF_JEQ, upper, 0, below);
	load_half(c, k, false, big_endian);
	/* v >= x and v < x ask the same question, and so do v > x and v <= x. */
	jump(c, k->op == EMIT_GE || k->op == EMIT_LT ? BPF_JGE : BPF_JGT, lower, above, below);
}

static void emit_mask_half(struct code *c, const struct emit_condition *k, bool upper,
			   bool big_endian)
{
	unsigned shift = upper ? 32 : 0;

	load_half(c, k, upper, big_endian);
	insn(c, BPF_ALU | BPF_AND | BPF_K, (uint32_t)(k->value >> shift), 0, 0);
	jump(c, BPF_JEQ, (uint32_t)(k->masked >> shift), 0, TO_NEXT_RULE);
}

static void emit_condition(struct code *c, const struct emit_condition *k, bool big_endian)
{
	uint32_t upper = (uint32_t)(k->value >> 32), lower = (uint32_t)k->value;

	switch (k->op) {
	case EMIT_EQ:
		load_half(c, k, true, big_endian);
		jump(c, BPF_JEQ, upper, 0, TO_NEXT_RULE);
		load_half(c, k, false, big_endian);
		jump(c, BPF_JEQ, lower, 0, TO_NEXT_RULE);
		return;
	case EMIT_NE:
		load_half(c, k, true, big_endian);
		jump(c, BPF_JEQ, upper, 0, TO_NEXT_CONDITION);
		load_half(c, k, false, big_endian);
		jump(c, BPF_JEQ, lower, TO_NEXT_RULE, 0);
		return;
	case EMIT_MASKED_EQ:
		if (k->value >> 32)
			emit_mask_half(c, k, true, big_endian);
		emit_mask_half(c, k, false, big_endian);
		return;
	default:
		emit_ordering(c, k, big_endian);
	}
}

/* Replaces one kind of target in the jumps of [from, to) by the distance to "to". */
static void resolve(struct code *c, size_t from, unsigned target)
{
	size_t to = c->count;

	for (size_t i = from; i < to; i++) {
		struct sock_filter *f = &c->insns[i];

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->jt == target)
			f->jt = (uint8_t)(to - i - 1);
		if (f->jf == target)
			f->jf = (uint8_t)(to - i - 1);
	}
}

/* At most 6 conditions of 7 instructions: distances stay far below the two reserved numbers. */
static void emit_rule(struct code *c, const struct emit_rule *rule, bool big_endian)
{
	size_t begin = c->count;

	for (uint32_t i = 0; i < rule->condition_count; i++) {
		size_t condition = c->count;

		emit_condition(c, &rule->conditions[i], big_endian);
		resolve(c, condition, TO_NEXT_CONDITION);
	}
	ret(c, rule->action);
	resolve(c, begin, TO_NEXT_RULE);
}

/* ---- numbers ----------------------------------------------------------------------------------- */

bool emit_is_stricter(uint32_t action, uint32_t than)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
	       (int32_t)(than & SECCOMP_RET_ACTION_FULL);
}

/* The strictest rule of a number stands first: the first that holds decides then. */
static int compare_rules(const void *a, const void *b)
{
	const struct emit_rule *x = a, *y = b;

	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	if (emit_is_stricter(x->action, y->action))
		return -1;
	if (emit_is_stricter(y->action, x->action))
		return 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_rules(struct emit_arch *a)
{
	for (size_t i = 0; i < a->rule_count; i++)
		a->rules[i].order = (uint32_t)i;
	if (a->rule_count)
		qsort(a->rules, a->rule_count, sizeof(*a->rules), compare_rules);
}

/*
 * A rule without conditions decides its call alone, the first of several, as with libseccomp. Profiles rely on it:
 * Podman's default profile allows setns(2) in one list and refuses it in a later one.
 */
static struct segment decide_call(const struct emit_rule *rules, size_t count, uint32_t otherwise)
{
	const struct emit_rule *first = NULL;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].condition_count == 0 && (!first || rules[i].order < first->order))
			first = &rules[i];
	}
	if (first)
		return (struct segment){ .start = rules->nr, .action = first->action };
	/* The last rules say what is said anyway. */
	while (count && rules[count - 1].action == otherwise)
		count--;
	if (count == 0)
		return (struct segment){ .start = rules->nr, .action = otherwise };
	return (struct segment){
		.start = rules->nr, .action = otherwise, .rules = rules, .rule_count = count
	};
}

static void add_segment(struct segment *list, size_t *count, struct segment s)
{
	struct segment *last = *count ? &list[*count - 1] : NULL;

	if (last && last->start == s.start)
		*last = s; /* a range that begins where a call is named */
	else
		list[(*count)++] = s;
}

/* Neighbours with the same action become one. */
static size_t merge_segments(struct segment *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n && !list[i].rules && !list[n - 1].rules &&
		    list[i].action == list[n - 1].action)
			continue;
		list[n++] = list[i];
	}
	return n;
}

static size_t build_segments(const struct emit_arch *a, struct segment *list)
{
	size_t n = 0, range = 0;

	for (size_t i = 0; i < a->rule_count;) {
		uint32_t nr = a->rules[i].nr;
		size_t same = 1;

		while (i + same < a->rule_count && a->rules[i + same].nr == nr)
			same++;
		while (range < a->range_count && a->ranges[range].start <= nr) {
			add_segment(list, &n,
				    (struct segment){ .start = a->ranges[range].start,
						      .action = a->ranges[range].action });
			range++;
		}
		add_segment(list, &n, decide_call(a->rules + i, same, a->ranges[range - 1].action));
		if (nr != UINT32_MAX)
			add_segment(list, &n,
				    (struct segment){ .start = nr + 1,
						      .action = a->ranges[range - 1].action });
		i += same;
	}
	for (; range < a->range_count; range++)
		add_segment(list, &n,
			    (struct segment){ .start = a->ranges[range].start,
					      .action = a->ranges[range].action });
	return merge_segments(list, n);
}

/* Makes room for a ja behind the jump at "at", whose target is now too far away. */
static void lengthen_jump(struct code *c, size_t at)
{
	size_t distance = c->count - at - 1;

	insn(c, 0, 0, 0, 0);
	memmove(c->insns + at + 2, c->insns + at + 1, (c->count - at - 2) * sizeof(*c->insns));
	c->insns[at].jt = 0;
	c->insns[at].jf = 1;
	c->insns[at + 1] =
		(struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t)distance };
}

/* Depth: log2 of the number of segments. */
static void emit_search(struct code *c, const struct segment *list, size_t count, bool big_endian)
{
	size_t middle = count / 2, at;

	if (count == 1) {
		for (size_t i = 0; i < list->rule_count; i++)
			emit_rule(c, &list->rules[i], big_endian);
		ret(c, list->action);
		return;
	}
	at = c->count;
	jump(c, BPF_JGE, list[middle].start, 0, 0);
	emit_search(c, list, middle, big_endian);
	if (c->count - at - 1 > 255)
		lengthen_jump(c, at);
	else
		c->insns[at].jt = (uint8_t)(c->count - at - 1);
	emit_search(c, list + middle, count - middle, big_endian);
}

static void emit_arch(struct code *c, struct emit_arch *a)
{
	struct segment *list =
		mem_alloc_array(2 * a->rule_count + a->range_count + 1, sizeof(*list));
	size_t at = c->count;

	sort_rules(a);
	jump(c, BPF_JEQ, a->arch, 1, 0);
	insn(c, BPF_JMP | BPF_JA, 0, 0, 0);
	load(c, offsetof(struct seccomp_data, nr));
	emit_search(c, list, build_segments(a, list), a->big_endian);
	c->insns[at + 1].k = (uint32_t)(c->count - at - 2);
	free(list);
}

void emit_program(struct emit_arch *archs, size_t count, uint32_t bad_arch_action,
		  struct sock_filter **ret_insns, size_t *ret_count)
{
	struct code c = { 0 };

	load(&c, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++)
		emit_arch(&c, &archs[i]);
	ret(&c, bad_arch_action);
	*ret_insns = c.insns;
	*ret_count = c.count;
}
