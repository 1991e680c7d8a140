/* SPDX-License-Identifier: Apache-2.0 */
/* passwd.c is a part of the container half, which is no library: it is compiled into this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "init/passwd.c"

static char scratch[64];
static int root;

static int set_up(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/knarr-passwd-XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return mkdirat(root, "etc", 0755);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlinkat(root, "etc/passwd", 0);
	(void)unlinkat(root, "etc/group", 0);
	(void)unlinkat(root, "etc", AT_REMOVEDIR);
	fd_close(root);
	return rmdir(scratch);
}

static void put(const char *name, const char *text, size_t len)
{
	int fd;

	(void)unlinkat(root, name, 0);
	fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, len), 0);
	fd_close(fd);
}

static void users(void **state)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "# comment\n"
				   ":x:7:7::/:\n"
				   "short:x:8\n"
				   "bad:x:-1:0::/:/bin/sh\n"
				   "big:x:4294967295:0::/:/bin/sh\n"
				   "wrap:x:4294967296:0::/:/bin/sh\n"
				   "spaced:x: 5:5::/:/bin/sh\n"
				   "1000:x:0:0::/trap:/bin/sh\n"
				   "bob:x:1000:1001:Bob:/home/bob:/bin/sh\n"
				   "bob:x:0:0:again:/root:/bin/sh\n"
				   "noshell:x:12:13:gecos:/n\n"
				   "last:x:4294967294:9::/last:/bin/sh";
	struct passwd_entry e;

	(void)state;
	put("etc/passwd", text, sizeof(text) - 1);
	assert_int_equal(passwd_find_name(root, "root", &e), 0);
	assert_int_equal(e.uid, 0);
	assert_string_equal(e.home, "/root");
	assert_int_equal(passwd_find_name(root, "bob", &e), 0);
	assert_int_equal(e.uid, 1000);
	assert_int_equal(e.gid, 1001);
	assert_string_equal(e.home, "/home/bob");
	assert_int_equal(passwd_find_uid(root, 1000, &e), 0);
	assert_string_equal(e.name, "bob");
	assert_int_equal(passwd_find_name(root, "noshell", &e), 0);
	assert_int_equal(e.gid, 13);
	assert_int_equal(passwd_find_name(root, "last", &e), 0);
	assert_int_equal(e.uid, 4294967294u);
	for (const char *const *p = (const char *const[]){ "", "#", "short", "bad", "big", "wrap",
							   "spaced", "bo", "bobb", NULL };
	     *p; p++)
		if (passwd_find_name(root, *p, &e) != -ENOENT)
			fail_msg("'%s' was found", *p);
	assert_int_equal(passwd_find_uid(root, 5, &e), -ENOENT);
}

static void groups(void **state)
{
	static const char text[] =
		"root:x:0:\nwheel:x:10:root,bob\nnobob:x:11:bobby,abob,bo\ndisk:x:6:bob\nend:x:12:x,bob\nbare:x:13\n";
	uint32_t gids[8], gid = 99;

	(void)state;
	put("etc/group", text, sizeof(text) - 1);
	assert_int_equal(group_find_name(root, "disk", &gid), 0);
	assert_int_equal(gid, 6);
	assert_int_equal(group_find_name(root, "bare", &gid), 0);
	assert_int_equal(gid, 13);
	assert_int_equal(group_find_name(root, "none", &gid), -ENOENT);
	assert_int_equal(group_find_member(root, "bob", gids, ARRAY_SIZE(gids)), 3);
	assert_int_equal(gids[0], 10);
	assert_int_equal(gids[1], 6);
	assert_int_equal(gids[2], 12);
	assert_int_equal(group_find_member(root, "bob", gids, 3), 3);
	assert_int_equal(group_find_member(root, "bob", gids, 2), -E2BIG);
	assert_int_equal(group_find_member(root, "alice", gids, 2), -ENOENT);
}

/* Lines around the length of the buffer: too long is no line, the one after it is. */
static void long_lines(void **state)
{
	static char text[3 * PASSWD_MAX_LINE];
	struct passwd_entry e;

	(void)state;
	for (int extra = -60; extra <= 60; extra++) {
		size_t len = (size_t)(PASSWD_MAX_LINE + extra);

		memset(text, 'x', len);
		memcpy(text, "bob:x:0:0::/evil:", 17);
		text[len++] = '\n';
		len += (size_t)sprintf(text + len, "al:x:5:6::/al:\n");
		put("etc/passwd", text, len);
		assert_int_equal(passwd_find_name(root, "al", &e), 0);
		assert_int_equal(e.gid, 6);
		assert_int_equal(passwd_find_name(root, "bob", &e), extra < 0 ? 0 : -ENOENT);
	}
	/* A tail that looks like a line of its own belongs to the line before it. */
	memset(text, 'x', 2 * PASSWD_MAX_LINE);
	memcpy(text + PASSWD_MAX_LINE, "bob:x:0:0::/evil:", 17);
	text[2 * PASSWD_MAX_LINE] = '\n';
	put("etc/passwd", text, 2 * PASSWD_MAX_LINE + 1);
	assert_int_equal(passwd_find_name(root, "bob", &e), -ENOENT);
	put("etc/passwd", "bob:x\0:0:0::/:\nbob:x:3:3::/:\n", 30);
	assert_int_equal(passwd_find_name(root, "bob", &e), 0);
	assert_int_equal(e.uid, 3);
}

static void hostile_files(void **state)
{
	struct passwd_entry e;
	struct timespec a, b;
	int fd;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &a);
	(void)unlinkat(root, "etc/passwd", 0);
	assert_int_equal(passwd_find_name(root, "bob", &e), -ENOENT);
	assert_int_equal(mkfifoat(root, "etc/passwd", 0644), 0);
	assert_int_equal(passwd_find_name(root, "bob", &e), -EINVAL);
	(void)unlinkat(root, "etc/passwd", 0);
	assert_int_equal(symlinkat("/dev/zero", root, "etc/passwd"),
			 0); /* inside the root there is none */
	assert_int_equal(passwd_find_name(root, "bob", &e), -ENOENT);
	put("etc/passwd", "", 0);
	assert_int_equal(passwd_find_name(root, "bob", &e), -ENOENT);
	fd = openat(root, "etc/passwd", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, 8ll << 30), 0);
	fd_close(fd);
	assert_int_equal(passwd_find_name(root, "bob", &e), -EFBIG);
	fd = openat(root, "etc/passwd", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, PASSWD_MAX_SIZE), 0);
	fd_close(fd);
	assert_int_equal(passwd_find_name(root, "bob", &e), -ENOENT);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true(b.tv_sec - a.tv_sec <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users),
		cmocka_unit_test(groups),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(hostile_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
