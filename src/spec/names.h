/* SPDX-License-Identifier: Apache-2.0 */
/* names: the vocabulary of the specification as tables word -> kernel or library constant. */
#ifndef KNARR_SPEC_NAMES_H
#define KNARR_SPEC_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct name_value {
	const char *name; /* NULL ends a table */
	uint64_t value;
};

extern const struct name_value spec_namespace_names[];       /* enum spec_ns */
extern const struct name_value spec_rlimit_names[];          /* RLIMIT_* */
extern const struct name_value spec_scheduler_policies[];    /* SCHED_* */
extern const struct name_value spec_scheduler_flags[];       /* SCHED_FLAG_* */
extern const struct name_value spec_io_classes[];            /* IOPRIO_CLASS_* */
extern const struct name_value spec_memory_modes[];          /* MPOL_* */
extern const struct name_value spec_memory_flags[];          /* MPOL_F_* */
extern const struct name_value spec_personality_domains[];   /* PER_* */
extern const struct name_value spec_propagation_names[];     /* MS_*, with MS_REC for the r forms */
extern const struct name_value spec_seccomp_actions[];       /* SECCOMP_RET_* without data */
extern const struct name_value spec_seccomp_operators[];     /* enum scmp_compare */
extern const struct name_value spec_seccomp_flags[];         /* SECCOMP_FILTER_FLAG_* */
extern const struct name_value spec_seccomp_architectures[]; /* no value: the word itself is kept */
extern const struct name_value spec_capability_names[];      /* capability number */

bool name_lookup(const struct name_value *table, const char *word, uint64_t *ret);
/* The word of the table that was probably meant, or NULL. */
const char *name_nearest(const struct name_value *table, const char *word);

#endif
