/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile's filter: from the cache, or compiled and put there. Host half (R20).
 *
 * The key of the cache is a hash over the decoded profile, so two texts that mean the same share an entry,
 * and over whatever else decides about the program: this build and the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cache.h"
#include "compile.h"
#include "words.h"

#ifndef KNARR_VERSION
#define KNARR_VERSION "unknown"
#endif

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* ---- key ---------------------------------------------------------------------------------------- */

/*
 * Every text with its length before it, every number in a form that says where it ends (seven bits a byte): no two
 * profiles give the same bytes.
 */
static void hash_u64(struct sha256 *s, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	sha256_add(s, bytes, n);
}

static void hash_text(struct sha256 *s, const char *text)
{
	size_t len = strlen(text);

	hash_u64(s, len);
	sha256_add(s, text, len);
}

static void hash_list(struct sha256 *s, const struct spec_string_list *list)
{
	hash_u64(s, list->count);
	for (size_t i = 0; i < list->count; i++)
		hash_text(s, list->items[i]);
}

static void hash_rule(struct sha256 *s, const struct spec_seccomp_rule *rule)
{
	hash_list(s, &rule->names);
	hash_u64(s, rule->action);
	hash_u64(s, rule->errno_ret_set ? 1 + (uint64_t)rule->errno_ret : 0);
	hash_u64(s, rule->arg_count);
	for (size_t i = 0; i < rule->arg_count; i++) {
		hash_u64(s, rule->args[i].index);
		hash_u64(s, rule->args[i].op);
		hash_u64(s, rule->args[i].value);
		hash_u64(s, rule->args[i].value_two);
	}
}

static void make_key(const struct spec_seccomp *spec, bool fail_unknown, uint8_t key[SHA256_SIZE])
{
	struct utsname u;
	struct sha256 s;

	if (uname(&u) < 0)
		memset(&u, 0, sizeof(u));
	sha256_init(&s);
	hash_text(&s, KNARR_VERSION);
	hash_u64(&s, FILTER_COMPILE_VERSION);
	hash_text(&s, u.machine);
	hash_u64(&s, fail_unknown);
	hash_u64(&s, spec->default_action);
	hash_u64(&s, spec->default_errno_set ? 1 + (uint64_t)spec->default_errno : 0);
	hash_u64(&s, spec->flags);
	hash_list(&s, &spec->architectures);
	hash_u64(&s, spec->rule_count);
	for (size_t i = 0; i < spec->rule_count; i++)
		hash_rule(&s, &spec->rules[i]);
	sha256_finish(&s, key);
}

static void key_name(const uint8_t key[SHA256_SIZE], char name[2 * SHA256_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_SIZE; i++) {
		name[2 * i] = digits[key[i] >> 4];
		name[2 * i + 1] = digits[key[i] & 15];
	}
	name[2 * SHA256_SIZE] = '\0';
}

/* ---- load flags ----------------------------------------------------------------------------------- */

static bool uses_notify(const struct spec_seccomp *s)
{
	for (size_t i = 0; i < s->rule_count; i++) {
		if (s->rules[i].action == SECCOMP_RET_USER_NOTIF &&
		    s->default_action != SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return s->default_action == SECCOMP_RET_USER_NOTIF;
}

static int load_flags(const struct spec_seccomp *s, bool listener, uint32_t *ret, struct error *err)
{
	const char *const *words = filter_flags_known();
	uint32_t flags = s->flags;

	for (size_t i = 0; words[i]; i++) {
		if (!(flags & filter_flag_value(words[i])) || filter_flag_supported(words[i]))
			continue;
		return error_fail(err, ERROR_UNSUPPORTED, 0,
				  "this kernel does not support the seccomp flag '%s'", words[i]);
	}
	/* The kernel answers EINVAL to it without a listener; it has no meaning there. */
	if (!listener)
		flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	/* Both return a number, a descriptor or a thread id: the kernel wants it told apart (Linux 5.7). */
	if (listener && flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	*ret = flags;
	return 0;
}

/* ---- public ----------------------------------------------------------------------------------------- */

/* The directory must be ours alone: a stranger's entry is refused by itself, a stranger's unlink is not. */
static bool is_usable_cache(int cache_fd)
{
	struct stat st;

	return cache_fd >= 0 && fstat(cache_fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & 0022);
}

static int compile_filter(const struct spec_seccomp *s, bool fail_unknown, struct filter *ret,
			  char *library, size_t size, struct error *err)
{
	struct filter_numbers numbers;
	int r = filter_numbers_ask(s, &numbers, err);

	if (r < 0)
		return r;
	text_copy(library, size, numbers.version);
	r = profile_compile(&numbers, s, fail_unknown, ret, err);
	filter_numbers_done(&numbers);
	return r;
}

int filter_compile(const struct spec_seccomp *s, int cache_fd, bool fail_unknown,
		   struct filter *ret, struct error *err)
{
	char name[2 * SHA256_SIZE + 1], library[16] = "";
	struct filter f = { .listener = uses_notify(s) };
	bool cached = is_usable_cache(cache_fd);
	uint8_t key[SHA256_SIZE];
	uint32_t flags = 0;
	int r;

	r = load_flags(s, f.listener, &flags, err);
	if (r < 0)
		return r;
	make_key(s, fail_unknown, key);
	key_name(key, name);
	if (cached && filter_file_read(cache_fd, name, key, &f) == 0) {
		*ret = f;
		return 0;
	}
	r = compile_filter(s, fail_unknown, &f, library, sizeof(library), err);
	if (r < 0) {
		filter_done(&f);
		return r;
	}
	f.flags = flags;
	/* A filter that lacks rules is made anew, so that each start says so. */
	if (cached && f.unknown_count == 0) {
		filter_cache_trim(cache_fd);
		r = filter_file_write(cache_fd, name, key, library, &f);
		if (r < 0)
			log_info("cannot store the seccomp filter in the cache: %s, ignoring",
				 errno_text(-r));
	}
	*ret = f;
	return 0;
}

void filter_done(struct filter *f)
{
	free(f->insns);
	free(f->unknown);
	memset(f, 0, sizeof(*f));
}
