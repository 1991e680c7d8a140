/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp as a table of pointers: numbers and names of system calls and architectures. */
#ifndef KNARR_SECCOMP_LIBRARY_H
#define KNARR_SECCOMP_LIBRARY_H

#include <seccomp.h>

#include "knarr/base.h"

#define FILTER_LIBRARY_FUNCTIONS(X)          \
	X(seccomp_arch_native)               \
	X(seccomp_arch_resolve_name)         \
	X(seccomp_syscall_resolve_name_arch) \
	X(seccomp_version)

struct filter_library {
	void *handle;
#define X(name) __typeof__(name) *name;
	FILTER_LIBRARY_FUNCTIONS(X)
#undef X
};
int filter_library_load(struct filter_library *ret, struct error *err);
/* Token of an "SCMP_ARCH_*" word, 0 if this libseccomp does not know it. */
uint32_t filter_library_arch(const struct filter_library *lib, const char *word);

#endif
