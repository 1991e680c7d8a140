/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libseccomp, opened with dlopen on a cache miss and for features. Host half. The handle is kept for
 * the rest of the process: the library hands out pointers into itself.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "knarr/seccomp.h"
#include "library.h"

#ifndef KNARR_SONAME_SECCOMP
#define KNARR_SONAME_SECCOMP "libseccomp.so.2"
#endif

int filter_library_load(struct filter_library *ret, struct error *err)
{
	struct filter_library lib = { .handle =
					      dlopen(KNARR_SONAME_SECCOMP, RTLD_NOW | RTLD_LOCAL) };
	int r;

	if (!lib.handle) {
		r = error_fail(err, ERROR_UNSUPPORTED, 0,
			       "cannot load %s, which seccomp profiles need: %s",
			       KNARR_SONAME_SECCOMP, dlerror());
		error_add_remedy(err, "install libseccomp");
		return r;
	}
#define X(name)                                                                         \
	lib.name = (__typeof__(lib.name))dlsym(lib.handle, #name);                      \
	if (!lib.name)                                                                  \
		return error_fail(err, ERROR_UNSUPPORTED, 0, "%s has no function '%s'", \
				  KNARR_SONAME_SECCOMP, #name);
	FILTER_LIBRARY_FUNCTIONS(X)
#undef X
	*ret = lib;
	return 0;
}

uint32_t filter_library_arch(const struct filter_library *lib, const char *word)
{
	char name[32];
	size_t i = 0;

	if (!text_has_prefix(word, "SCMP_ARCH_"))
		return 0;
	word += strlen("SCMP_ARCH_");
	for (; word[i] && i + 1 < sizeof(name); i++)
		name[i] = (char)tolower((unsigned char)word[i]);
	name[i] = '\0';
	return lib->seccomp_arch_resolve_name(name);
}

int filter_library_version(char *buf, size_t size)
{
	const struct scmp_version *v;
	struct filter_library lib;
	int r = filter_library_load(&lib, NULL);

	if (r < 0)
		return r;
	v = lib.seccomp_version();
	return v ? text_format(buf, size, "%u.%u.%u", v->major, v->minor, v->micro) : -EINVAL;
}
