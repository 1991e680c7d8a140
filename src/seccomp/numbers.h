/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that a profile's names stand for, asked of libseccomp in one question. */
#ifndef KNARR_SECCOMP_NUMBERS_H
#define KNARR_SECCOMP_NUMBERS_H

#include "knarr/seccomp.h"

struct filter_numbers {
	char version[16]; /* libseccomp's */
	size_t columns;   /* the native architecture, then one for each of the profile's list */
	uint32_t *archs;  /* [columns] tokens (SCMP_ARCH_*), 0: unknown to this libseccomp */
	int32_t *
		numbers; /* [names of all rules, in their order][columns]; __NR_SCMP_ERROR: unknown */
};
int filter_numbers_ask(const struct spec_seccomp *s, struct filter_numbers *ret, struct error *err);
void filter_numbers_done(struct filter_numbers *n);

#endif
