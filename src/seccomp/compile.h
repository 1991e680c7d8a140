/* SPDX-License-Identifier: Apache-2.0 */
/* Profile -> program. */
#ifndef KNARR_SECCOMP_COMPILE_H
#define KNARR_SECCOMP_COMPILE_H

#include <linux/filter.h>

#include "knarr/seccomp.h"
#include "numbers.h"

/* Counted up whenever the same profile gives another program: cached entries of before are not used then. */
#define FILTER_COMPILE_VERSION 1u

int profile_compile(const struct filter_numbers *numbers, const struct spec_seccomp *s,
		    bool fail_unknown, struct sock_filter **ret_insns, size_t *ret_count,
		    struct error *err);

#endif
