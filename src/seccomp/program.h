/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to a filter program after libseccomp has made it: arguments that the kernel reads with 32
 * bits, and the answer to system calls that are newer than the profile.
 */
#ifndef KNARR_SECCOMP_PROGRAM_H
#define KNARR_SECCOMP_PROGRAM_H

#include <linux/filter.h>

#include "knarr/base.h"

struct program {
	struct sock_filter *insns; /* malloc'd */
	size_t count;
};
static inline void program_done(struct program *p)
{
	free(p->insns);
	p->insns = NULL;
	p->count = 0;
}

/* ---- narrow.c ---- */

/* Bit i: the kernel reads only the low 32 bits of argument i of this system call, on 64-bit machines. */
unsigned narrow_args(const char *syscall_name);

/* ---- width.c ---- */

/* A system call of a 64-bit architecture that the profile compares arguments of. */
struct program_call {
	uint32_t arch, nr; /* as in struct seccomp_data */
	bool big_endian;
	unsigned narrow;   /* bit i: argument i is compared with 32 bits */
};
/*
 * Makes the comparisons of narrow arguments blind to the upper half. Where a comparison is shared with a
 * call that needs all 64 bits, it is left alone and counted in the return value.
 */
unsigned program_narrow(struct program *p, const struct program_call *calls, size_t count);

/* ---- unknown.c ---- */

/* Numbers from base on (up to the next range's base) are known up to newest; above that: ENOSYS. */
struct program_range {
	uint32_t arch, base, newest;
};
/* Puts the test for unknown numbers in front. Ranges of one arch must be neighbours. */
void program_answer_unknown(struct program *p, const struct program_range *ranges, size_t count);

#endif
