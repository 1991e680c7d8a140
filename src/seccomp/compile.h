/* SPDX-License-Identifier: Apache-2.0 */
/* Profile -> program, by libseccomp and program.h. */
#ifndef KNARR_SECCOMP_COMPILE_H
#define KNARR_SECCOMP_COMPILE_H

#include "knarr/seccomp.h"
#include "library.h"
#include "program.h"

/* Counted up whenever the same profile gives another program: cached entries of before are not used then. */
#define FILTER_COMPILE_VERSION 1u

int profile_compile(const struct filter_library *lib, const struct spec_seccomp *s, bool fail_unknown, struct program *ret,
		    struct error *err);

#endif
