/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions about system calls -> a classic BPF program. Pure: no library, no system call. */
#ifndef KNARR_SECCOMP_EMIT_H
#define KNARR_SECCOMP_EMIT_H

#include <linux/filter.h>

#include "knarr/base.h"

enum emit_op {
	EMIT_NE = 1,
	EMIT_LT,
	EMIT_LE,
	EMIT_EQ,
	EMIT_GE,
	EMIT_GT,
	EMIT_MASKED_EQ
}; /* as in libseccomp */

struct emit_condition {
	uint32_t index;  /* argument, 0..5 */
	uint32_t op;     /* enum emit_op */
	uint64_t value;  /* EMIT_MASKED_EQ: the mask */
	uint64_t masked; /* EMIT_MASKED_EQ: what has to be left */
	uint32_t
		bits; /* 64, 32 or 16: what the kernel reads, from the lowest; the others count as 0 */
};

/* Rules that stand for a call behind a multiplexer (mux.h). emit_program() does not look at it. */
enum emit_mux { EMIT_MUX_NONE, EMIT_MUX_CONDITION, EMIT_MUX_ALONE };

/*
 * "nr, when all conditions hold: action."
 *
 * If a number has a rule without conditions, the first of these decides, and no other rule counts. Otherwise the
 * strictest action of the rules that hold counts (emit_is_stricter()), and the first of these where only the data differ.
 */
struct emit_rule {
	uint32_t nr, action;
	const struct emit_condition *conditions; /* at most 6 */
	uint32_t condition_count;
	uint32_t order; /* set by emit_program() */
	enum emit_mux mux;
};

/*
 * The kernel's own precedence (seccomp(2)): kill process, kill thread, trap, errno, notify, trace, log, allow. Data
 * do not count.
 */
bool emit_is_stricter(uint32_t action, uint32_t than);

/* What happens to numbers from start on that no rule decides. The first range starts at 0; ascending. */
struct emit_range {
	uint32_t start, action;
};

struct emit_arch {
	uint32_t arch; /* seccomp_data.arch */
	bool big_endian;
	struct emit_rule *rules;
	size_t rule_count;
	struct emit_range ranges[6];
	size_t range_count;
};

/*
 * Sorts the rules of each arch by number. Calls of other architectures get bad_arch_action. The program is
 * malloc'd and may be longer than the kernel takes.
 */
void emit_program(struct emit_arch *archs, size_t count, uint32_t bad_arch_action,
		  struct sock_filter **ret_insns, size_t *ret_count);

#endif
