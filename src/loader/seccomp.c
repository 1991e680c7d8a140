/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp as a dictionary: numbers of architectures and system calls for their names. */
#include <ctype.h>
#include <dlfcn.h>
#include <seccomp.h>
#include <string.h>

#include "loader.h"

#ifndef KNARR_SONAME_SECCOMP
#define KNARR_SONAME_SECCOMP "libseccomp.so.2"
#endif

#define FUNCTIONS(X)                         \
	X(seccomp_arch_native)               \
	X(seccomp_arch_resolve_name)         \
	X(seccomp_syscall_resolve_name_arch) \
	X(seccomp_version)

struct library {
	void *handle;
#define MEMBER(name) __typeof__(name) *name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static int load_library(struct library *lib, struct error *err)
{
	lib->handle = dlopen(KNARR_SONAME_SECCOMP, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle) {
		int r = error_fail(err, ERROR_UNSUPPORTED, 0,
				   "cannot load %s, which seccomp profiles need: %s",
				   KNARR_SONAME_SECCOMP, dlerror());

		error_add_remedy(err, "install libseccomp");
		return r;
	}
#define LOAD(name)                                                                      \
	lib->name = (__typeof__(name) *)dlsym(lib->handle, #name);                      \
	if (!lib->name)                                                                 \
		return error_fail(err, ERROR_UNSUPPORTED, 0, "%s has no function '%s'", \
				  KNARR_SONAME_SECCOMP, #name);
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* Token of an "SCMP_ARCH_*" word, 0 if this libseccomp does not know it. */
static uint32_t find_arch(const struct library *lib, const char *word)
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

/* Token 0 would mean the native architecture. */
static int find_number(const struct library *lib, uint32_t token, const char *name)
{
	return token ? lib->seccomp_syscall_resolve_name_arch(token, name) : __NR_SCMP_ERROR;
}

static void format_version(const struct library *lib, char *buf, size_t size)
{
	const struct scmp_version *v = lib->seccomp_version();

	(void)text_format(buf, size, "%u.%u.%u", v->major, v->minor, v->micro);
}

void loader_seccomp_facts(char *version, size_t size, bool *ret_2_6_archs)
{
	struct library lib;

	version[0] = '\0';
	*ret_2_6_archs = false;
	if (load_library(&lib, NULL) < 0)
		return;
	format_version(&lib, version, size);
	*ret_2_6_archs = find_arch(&lib, "SCMP_ARCH_LOONGARCH64") != 0;
}

/*
 * count, architecture words; count, names -> version; native token; a token for each word; for each name its number on
 * the native architecture and on that of each word.
 */
int loader_syscalls(struct loader_call *c, struct error *err)
{
	_cleanup_free_ uint32_t *tokens = NULL;
	char version[16];
	struct library lib;
	uint64_t count = wire_get_u64(&c->in), names;
	int r = load_library(&lib, err);

	if (r < 0)
		return r;
	format_version(&lib, version, sizeof(version));
	wire_put_text(&c->out, version);
	tokens = mem_alloc_array(count + 1, sizeof(*tokens));
	tokens[0] = lib.seccomp_arch_native();
	for (uint64_t i = 1; i <= count && !c->in.broken; i++)
		tokens[i] = find_arch(&lib, wire_get_text(&c->in));
	for (uint64_t i = 0; i <= count; i++)
		wire_put_u64(&c->out, tokens[i]);
	names = wire_get_u64(&c->in);
	for (uint64_t n = 0; n < names && !c->in.broken; n++) {
		const char *name = wire_get_text(&c->in);

		for (uint64_t i = 0; i <= count; i++)
			wire_put_u64(&c->out, (uint64_t)find_number(&lib, tokens[i], name));
	}
	return wire_end(&c->in);
}
