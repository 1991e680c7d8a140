/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled filters: used, bounded, and believed only when nobody else can have written it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filter_profile.h"
#include "seccomp/cache.h"

static int make_cache(char dir[32])
{
	int fd;

	strcpy(dir, "/tmp/knarr-filter-XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static unsigned list_cache(int fd, char name[256], bool remove)
{
	DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned n = 0;
	struct dirent *e;

	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, 256, "%s", e->d_name);
		if (remove)
			unlinkat(fd, e->d_name, 0);
		n++;
	}
	closedir(dir);
	return n;
}

static ino_t inode_of(int fd, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static void cache_is_used_and_not_believed(void **state)
{
	const struct spec_seccomp s = { .present = true,
					.default_action = SECCOMP_RET_ERRNO,
					RULES({ .names = LIST("getpid"), .action = ALLOW }) };
	struct filter first = { 0 }, f = { 0 };
	char dir[32], name[256];
	struct stat st;
	ino_t inode;
	int cache = make_cache(dir), fd;
	struct sock_filter bad = { .code = BPF_RET | BPF_K, .k = ALLOW };

	(void)state;
	assert_int_equal(filter_compile(&s, cache, false, &first, NULL), 0);
	assert_int_equal(list_cache(cache, name, false), 1);
	assert_int_equal(strlen(name), 64);
	assert_int_equal(fstatat(cache, name, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	inode = st.st_ino;

	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	assert_int_equal(inode_of(cache, name), inode); /* a miss would have replaced it */
	assert_int_equal(f.count, first.count);
	assert_memory_equal(f.insns, first.insns, f.count * sizeof(struct sock_filter));
	filter_done(&f);

	/* One instruction changed. */
	fd = openat(cache, name, O_WRONLY);
	assert_int_equal(pwrite(fd, &bad, sizeof(bad), st.st_size - (off_t)sizeof(bad)),
			 sizeof(bad));
	close(fd);
	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	assert_memory_equal(f.insns, first.insns, f.count * sizeof(struct sock_filter));
	assert_int_not_equal(inode_of(cache, name), inode);
	filter_done(&f);

	/* Cut, readable for others, a link, another profile's entry. */
	assert_int_equal(fstatat(cache, name, &st, 0), 0);
	fd = openat(cache, name, O_WRONLY);
	assert_int_equal(ftruncate(fd, st.st_size - 8), 0);
	close(fd);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), -EINVAL);
	assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0);
	filter_done(&f);
	assert_int_equal(fchmodat(cache, name, 0644, 0), 0);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), -EPERM);
	assert_int_equal(fchmodat(cache, name, 0600, 0), 0);
	assert_int_equal(symlinkat(name, cache, "link"), 0);
	assert_int_equal(filter_file_read(cache, "link", NULL, &f), -ELOOP);
	assert_int_equal(filter_file_read(cache, name, (const uint8_t[SHA256_SIZE]){ 1 }, &f),
			 -EINVAL);
	assert_int_equal(filter_file_read(cache, name, NULL, &f), 0);
	filter_done(&f);

	filter_done(&first);
	(void)list_cache(cache, name, true);
	close(cache);
	rmdir(dir);
}

static void cache_differs_by_meaning(void **state)
{
	struct spec_seccomp s = {
		.present = true,
		.default_action = SECCOMP_RET_ERRNO,
		RULES({ .names = LIST("getpid", "socket"), .action = ALLOW, ARGS(ARG(0, EQ, 1)) })
	};
	char dir[32], name[256];
	int cache = make_cache(dir);
	struct filter f;
	unsigned entries = 0;

	(void)state;
#define EXPECT_NEW()                                                             \
	do {                                                                     \
		assert_int_equal(filter_compile(&s, cache, false, &f, NULL), 0); \
		filter_done(&f);                                                 \
		assert_int_equal(list_cache(cache, name, false), ++entries);     \
	} while (0)
	EXPECT_NEW();
	s.rules[0].args[0].value = 2;
	EXPECT_NEW();
	s.rules[0].args[0].op = NE;
	EXPECT_NEW();
	s.default_errno_set = true;
	s.default_errno = EPERM;
	EXPECT_NEW();
	s.flags = SECCOMP_FILTER_FLAG_LOG;
	EXPECT_NEW();
	s.architectures = (struct spec_string_list)LIST("SCMP_ARCH_X86");
	EXPECT_NEW();
	s.rules[0].names = (struct spec_string_list)LIST("getpid", "socketpair");
	EXPECT_NEW();
	(void)list_cache(cache, name, true);
	close(cache);
	rmdir(dir);
}

static void cache_is_bounded(void **state)
{
	struct sock_filter insn = { .code = BPF_RET | BPF_K, .k = ALLOW };
	struct filter f = { .insns = &insn, .count = 1 };
	char dir[32], name[256];
	int cache = make_cache(dir);

	(void)state;
	for (unsigned i = 0; i < FILTER_CACHE_ENTRIES + 5; i++) {
		snprintf(name, sizeof(name), "entry%u", i);
		filter_cache_trim(cache);
		assert_int_equal(filter_file_write(cache, name, NULL, "0", &f), 0);
	}
	assert_int_equal(faccessat(cache, "entry0", F_OK, 0), -1);
	assert_int_equal(faccessat(cache, name, F_OK, 0), 0);
	assert_int_equal(list_cache(cache, name, true), FILTER_CACHE_ENTRIES);
	close(cache);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cache_is_used_and_not_believed),
		cmocka_unit_test(cache_differs_by_meaning),
		cmocka_unit_test(cache_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
