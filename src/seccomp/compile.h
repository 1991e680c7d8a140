/* SPDX-License-Identifier: Apache-2.0 */
/* Profile -> program. */
#ifndef KNARR_SECCOMP_COMPILE_H
#define KNARR_SECCOMP_COMPILE_H

#include "knarr/seccomp.h"
#include "numbers.h"

/* Counted up whenever the same profile gives another program: cached entries of before are not used then. */
#define FILTER_COMPILE_VERSION 2u

/* Sets the program of ret and its list of unknown calls, which is to be freed after a failure as well. */
int profile_compile(const struct filter_numbers *numbers, const struct spec_seccomp *s,
		    bool fail_unknown, struct filter *ret, struct error *err);

#endif
