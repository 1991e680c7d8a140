/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every case runs twice: with openat2(2), and after a seccomp filter has taken it away, which
 * leaves the walk by components. The verdicts must be the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static char scratch[64];
static int outside, root; /* the directory above the root, and the root */

static void make_file(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(io_write_all(fd, text, strlen(text)), 0);
	fd_close(fd);
}

static void make_dir(int dir, const char *name)
{
	assert_true(mkdirat(dir, name, 0755) == 0 || errno == EEXIST);
}

static void make_link(int dir, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, dir, name), 0);
}

static void make_chain(const char *prefix, int length)
{
	char from[32], to[32];

	for (int i = 0; i < length; i++) {
		snprintf(from, sizeof(from), "%s%d", prefix, i);
		snprintf(to, sizeof(to), "%s%d", prefix, i + 1);
		make_link(root, to, from);
	}
	snprintf(to, sizeof(to), "%s%d", prefix, length);
	make_dir(root, to);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/knarr-safe-path-XXXXXX");
	assert_non_null(mkdtemp(scratch));
	umask(0);
	outside = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	make_dir(outside, "root");
	make_dir(outside, "host");
	make_file(outside, "host/secret", "secret");
	root = openat(outside, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	make_dir(root, "a");
	make_dir(root, "a/b");
	make_dir(root, "a/b/c");
	make_file(root, "a/file", "content");
	make_link(root, "/a", "abs");
	make_link(root, "a/b", "rel");
	make_link(root, "../../../../../a/b", "up");
	make_link(root, "../host", "escape");
	make_link(root, "/a/file", "filelink");
	make_link(root, "a/file/", "fileslash");
	make_link(root, "a/b/", "dirslash");
	make_link(root, "loop2", "loop1");
	make_link(root, "loop1", "loop2");
	make_link(root, "/new/deep/er", "dangling");
	make_link(root, "..", "a/parent");
	assert_int_equal(mkfifoat(root, "fifo", 0644), 0);
	make_chain("ok", 40);
	make_chain("long", 41);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	fd_close(root);
	fd_close(outside);
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* path resolves to the inode that is real below the root. */
static void assert_opens(const char *path, unsigned flags, const char *real)
{
	int fd = safe_open(root, path, flags);
	struct stat a, b;

	if (fd < 0)
		fail_msg("'%s': errno %d instead of '%s'", path, -fd, real);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstatat(root, real, &b, AT_SYMLINK_NOFOLLOW), 0);
	if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
		fail_msg("'%s' is not '%s'", path, real);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close(fd);
}

static void assert_refused(const char *path, unsigned flags, int errnum)
{
	int fd = safe_open(root, path, flags);

	if (fd != -errnum)
		fail_msg("'%s' (flags %u): %d instead of %d", path, flags, fd, -errnum);
}

static void open_stays_inside(void **state)
{
	(void)state;
	assert_opens("/", 0, ".");
	assert_opens("", 0, ".");
	assert_opens(".", 0, ".");
	assert_opens("..", 0, ".");
	assert_opens("/../../..", 0, ".");
	assert_opens("a", 0, "a");
	assert_opens("/a/b", 0, "a/b");
	assert_opens("//a///b//", 0, "a/b");
	assert_opens("/./a/./b/.", 0, "a/b");
	assert_opens("/a/b/../file", 0, "a/file");
	assert_opens("/a/b/c/../../b/c", 0, "a/b/c");
	assert_opens("/../a", 0, "a");
	assert_opens("abs/b", 0, "a/b");
	assert_opens("abs/../rel/c", 0, "a/b/c");
	assert_opens("rel/..", 0, "a");
	assert_opens("up/c", 0, "a/b/c");
	assert_opens("a/parent/a/parent/abs", 0, "a");
	assert_opens("filelink", 0, "a/file");
	assert_opens("dirslash/c", 0, "a/b/c");
	assert_opens("ok0", 0, "ok40");
	assert_opens("fifo", 0, "fifo");
	assert_refused("escape/secret", 0, ENOENT);
	assert_refused("/escape", 0, ENOENT);
}

static void open_refuses(void **state)
{
	char name[300], path[PATH_MAX + 16];

	(void)state;
	assert_refused("nothing", 0, ENOENT);
	assert_refused("nothing/..", 0, ENOENT);
	assert_refused("dangling", 0, ENOENT);
	assert_refused("a/file/x", 0, ENOTDIR);
	assert_refused("a/file/", 0, ENOTDIR);
	assert_refused("a/file/.", 0, ENOTDIR);
	assert_refused("a/file/..", 0, ENOTDIR);
	assert_refused("filelink/", 0, ENOTDIR);
	assert_refused("fileslash", 0, ENOTDIR);
	assert_refused("a/file", SAFE_DIRECTORY, ENOTDIR);
	assert_refused("loop1", 0, ELOOP);
	assert_refused("loop1/x", 0, ELOOP);
	assert_refused("long0", 0, ELOOP);
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	assert_refused(name, 0, ENAMETOOLONG);
	name[255] = '\0';
	assert_refused(name, 0, ENOENT);
	memset(path, '/', sizeof(path));
	memcpy(path + PATH_MAX, "a", 2);
	assert_refused(path, 0, ENAMETOOLONG);
}

static void open_nofollow(void **state)
{
	(void)state;
	assert_refused("abs", SAFE_NOFOLLOW, ELOOP);
	assert_refused("abs/", SAFE_NOFOLLOW, ELOOP);
	assert_refused("abs/.", SAFE_NOFOLLOW, ELOOP);
	assert_refused("abs//.//", SAFE_NOFOLLOW | SAFE_DIRECTORY, ELOOP);
	assert_refused("dangling", SAFE_NOFOLLOW, ELOOP);
	assert_refused("filelink", SAFE_NOFOLLOW, ELOOP);
	assert_opens("abs/b", SAFE_NOFOLLOW, "a/b");
	assert_opens("a/b/", SAFE_NOFOLLOW, "a/b");
}

static void open_beneath(void **state)
{
	int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_opens("a/b", SAFE_BENEATH, "a/b");
	assert_opens("a/b/../file", SAFE_BENEATH, "a/file");
	assert_opens(".", SAFE_BENEATH, ".");
	assert_refused("/a", SAFE_BENEATH, EXDEV);
	assert_refused("/", SAFE_BENEATH, EXDEV);
	assert_refused("..", SAFE_BENEATH, EXDEV);
	assert_refused("a/../..", SAFE_BENEATH, EXDEV);
	assert_refused("rel", SAFE_BENEATH, ELOOP);
	assert_refused("rel/c", SAFE_BENEATH, ELOOP);
	assert_refused("filelink", SAFE_BENEATH | SAFE_NOFOLLOW, ELOOP);
	assert_int_equal(safe_open(host, "proc/version", SAFE_BENEATH), -EXDEV);
	fd_close(host);
}

static void magic_links_are_none(void **state)
{
	static const char *const magic[] = { "/proc/self/fd/0",        "/proc/self/exe",
					     "/proc/self/cwd",         "/proc/self/root/etc",
					     "/proc/thread-self/fd/0", "/proc/self/ns/mnt" };
	int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		if (safe_open(host, magic[i], 0) != -ELOOP)
			fail_msg("'%s' was followed", magic[i]);
	fd = safe_open(host, "/proc/self/status", 0);
	assert_true(fd >= 0);
	fd_close(fd);
	fd = safe_open(host, "/proc/mounts", 0);
	assert_true(fd >= 0);
	fd_close(fd);
	fd_close(host);
}

static void io_opens_files_and_directories_only(void **state)
{
	char buf[16] = "";
	int fd;

	(void)state;
	fd = safe_open_io(root, "abs/file", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "content");
	fd_close(fd);
	fd = safe_open_io(root, "rel", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	fd_close(fd);
	assert_int_equal(safe_open_io(root, "fifo", O_RDONLY), -EINVAL);
	assert_int_equal(safe_open_io(root, "filelink", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_int_equal(safe_open_io(root, "a/none", O_RDWR), -ENOENT);
	assert_int_equal(safe_open_io(root, "a/none", O_RDWR | O_CREAT), -EINVAL);
	make_file(root, "a/cut", "to be cut");
	fd = safe_open_io(root, "/a/cut", O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	fd_close(fd);
}

/* Makes path and checks that it is what real is now. */
static void assert_makes(const char *path, enum safe_kind kind, unsigned flags, bool expect_made,
			 const char *real)
{
	bool made = !expect_made;
	int fd = safe_make(root, path, kind, kind == SAFE_MAKE_DIR ? 0751 : 0640, flags, &made);
	struct stat a, b;

	if (fd < 0)
		fail_msg("'%s': errno %d", path, -fd);
	assert_int_equal(made, expect_made);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstatat(root, real, &b, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	assert_int_equal(S_ISDIR(a.st_mode) != 0, kind == SAFE_MAKE_DIR);
	if (expect_made)
		assert_int_equal(a.st_mode & 0777, kind == SAFE_MAKE_DIR ? 0751 : 0640);
	fd_close(fd);
}

static void make_what_is_absent(void **state)
{
	struct stat st;

	(void)state;
	assert_makes("/m/n/o", SAFE_MAKE_DIR, 0, true, "m/n/o");
	assert_makes("/m/n/o/", SAFE_MAKE_DIR, 0, false, "m/n/o");
	assert_makes("m//n/./f", SAFE_MAKE_FILE, 0, true, "m/n/f");
	assert_makes("abs/made/here", SAFE_MAKE_DIR, SAFE_NOFOLLOW, true, "a/made/here");
	assert_makes("m/x/../y", SAFE_MAKE_DIR, 0, true, "m/y");
	assert_makes("/../../m/z", SAFE_MAKE_DIR, 0, true, "m/z");
	assert_makes("fifo", SAFE_MAKE_FILE, 0, false, "fifo");
	assert_int_equal(fstatat(root, "m", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(safe_make(root, "a/file", SAFE_MAKE_DIR, 0755, 0, NULL), -ENOTDIR);
	assert_int_equal(safe_make(root, "a/b", SAFE_MAKE_FILE, 0644, 0, NULL), -EISDIR);
	assert_int_equal(safe_make(root, "a/b/", SAFE_MAKE_FILE, 0644, 0, NULL), -EISDIR);
	assert_int_equal(safe_make(root, "a/file/x", SAFE_MAKE_DIR, 0755, 0, NULL), -ENOTDIR);
	assert_int_equal(safe_make(root, "loop1/x", SAFE_MAKE_DIR, 0755, 0, NULL), -ELOOP);
	assert_int_equal(safe_make(root, "abs", SAFE_MAKE_DIR, 0755, SAFE_NOFOLLOW, NULL), -ELOOP);
	assert_int_equal(safe_make(root, "dangling", SAFE_MAKE_DIR, 0755, SAFE_NOFOLLOW, NULL),
			 -ELOOP);
}

static void make_follows_dangling_links_inside(void **state)
{
	struct stat st;

	(void)state;
	assert_makes("dangling", SAFE_MAKE_DIR, 0, true, "new/deep/er");
	assert_makes("dangling/file", SAFE_MAKE_FILE, 0, true, "new/deep/er/file");
	assert_makes("escape/there", SAFE_MAKE_DIR, 0, true, "host/there");
	assert_int_equal(fstatat(outside, "host/there", &st, 0), -1);
	assert_int_equal(fstatat(root, "dangling", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void make_keeps_setgid(void **state)
{
	struct stat st;

	(void)state;
	make_dir(root, "sg");
	assert_int_equal(fchmodat(root, "sg", 02775, 0), 0);
	assert_makes("sg/sub/dir", SAFE_MAKE_DIR, 0, true, "sg/sub/dir");
	assert_int_equal(fstatat(root, "sg/sub/dir", &st, 0), 0);
	assert_true(st.st_mode & S_ISGID);
}

static void parent_and_name(void **state)
{
	char name[256];
	struct stat a, b;
	int fd;

	(void)state;
	fd = safe_open_parent(root, "/abs/b/leaf/", false, 0, name);
	assert_true(fd >= 0);
	assert_string_equal(name, "leaf");
	assert_int_equal(fstat(fd, &a) | fstatat(root, "a/b", &b, 0), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	fd_close(fd);
	fd = safe_open_parent(root, "leaf", false, 0, name);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &a) | fstat(root, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	fd_close(fd);
	fd = safe_open_parent(root, "/p/q/leaf", true, 0750, name);
	assert_true(fd >= 0);
	fd_close(fd);
	assert_int_equal(fstatat(root, "p/q", &a, 0), 0);
	assert_int_equal(a.st_mode & 07777, 0750);
	assert_int_equal(safe_open_parent(root, "/none/leaf", false, 0, name), -ENOENT);
	assert_int_equal(safe_open_parent(root, "/", true, 0755, name), -EINVAL);
	assert_int_equal(safe_open_parent(root, "", true, 0755, name), -EINVAL);
	assert_int_equal(safe_open_parent(root, "/a/..", true, 0755, name), -EINVAL);
}

/* A link chain whose expansion passes every buffer is an error, never a wrong place. */
static void long_expansions_end(void **state)
{
	char target[3000] = "", name[16];
	int r;

	(void)state;
	for (int i = 0; i < 990; i++)
		strcat(target, "a/.");
	memcpy(target, "x1/", 3);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		snprintf(target, 4, "x%02d", i + 1);
		target[3] = '/';
		(void)unlinkat(root, name, 0);
		make_link(root, target, name);
	}
	r = safe_open(root, "x0", 0);
	assert_true(r == -ENAMETOOLONG || r == -ENOENT || r == -ELOOP);
	r = safe_make(root, "x0", SAFE_MAKE_DIR, 0755, 0, NULL);
	fd_close(r);
}

/* Somebody swaps a directory with a link to the outside while names below it are made. */
static void a_race_stays_inside(void **state)
{
	pid_t racer;
	DIR *dir;

	(void)state;
	make_dir(root, "v");
	make_dir(root, "v/x");
	make_link(root, "../../host", "v/y");
	racer = fork();
	if (racer == 0) {
		for (;;)
			(void)syscall(SYS_renameat2, root, "v/x", root, "v/y",
				      2u /* RENAME_EXCHANGE */);
	}
	for (int i = 0; i < 3000; i++) {
		char path[32];
		int fd;

		snprintf(path, sizeof(path), "v/x/n%d/m", i % 300);
		fd = safe_make(root, path, i & 1 ? SAFE_MAKE_DIR : SAFE_MAKE_FILE, 0755, 0, NULL);
		fd_close(fd);
		fd = safe_open(root, "v/x/secret", 0);
		assert_true(fd < 0);
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	dir = fdopendir(openat(outside, "host", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_name[0] != '.')
			assert_string_equal(e->d_name, "secret");
	closedir(dir);
}

static bool taken_away;

/* Only the owner may read without touching the time of access. */
static void a_refusal_of_the_file_is_no_missing_call(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		int slash = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		if (safe_open_io(slash, "etc/passwd", O_RDONLY | O_NOATIME) != -EPERM)
			_exit(3);
		_exit(taken_away == !(fallback_missing() & (1u << FALLBACK_OPENAT2)));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void take_openat2_away(int errnum)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };
	struct uapi_open_how how = { .flags = O_PATH };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ||
	    syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)) >= 0 || errno != errnum) {
		fprintf(stderr, "cannot take openat2 away\n");
		exit(1);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(open_stays_inside),
		CASE(open_refuses),
		CASE(open_nofollow),
		CASE(open_beneath),
		CASE(magic_links_are_none),
		CASE(io_opens_files_and_directories_only),
		CASE(make_what_is_absent),
		CASE(make_follows_dangling_links_inside),
		CASE(make_keeps_setgid),
		CASE(parent_and_name),
		CASE(long_expansions_end),
		CASE(a_race_stays_inside),
		CASE(a_refusal_of_the_file_is_no_missing_call),
	};
	int failed = cmocka_run_group_tests_name("with openat2", tests, NULL, NULL);

	take_openat2_away(EPERM);
	taken_away = true;
	failed += cmocka_run_group_tests_name("without openat2", tests, NULL, NULL);
	return failed;
}
