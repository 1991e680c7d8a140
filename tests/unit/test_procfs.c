/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

static int procfd;

static int set_up(void **state)
{
	(void)state;
	procfd = procfs_open();
	return procfd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	fd_close(procfd);
	return 0;
}

static void it_is_procfs(void **state)
{
	struct statfs fs;

	(void)state;
	assert_int_equal(fstatfs(procfd, &fs), 0);
	assert_int_equal(fs.f_type, UAPI_PROC_MAGIC);
	assert_int_equal(fcntl(procfd, F_GETFD), FD_CLOEXEC);
	fd_close(procfs_open_attached());
}

static void only_regular_files_without_links(void **state)
{
	static const struct {
		const char *name;
		int errnum;
	} refused[] = {
		{ "mounts", ELOOP },     { "self", ELOOP },          { "self/exe", ELOOP },
		{ "self/fd/0", ELOOP },  { "self/fd", ENOTSUP },     { "sys", ENOTSUP },
		{ "../version", EXDEV }, { "/version", EXDEV },      { "none", ENOENT },
		{ "selfish/x", ENOENT }, { "self/../../..", EXDEV },
	};
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		fd = procfs_open_file(procfd, refused[i].name, O_RDONLY);
		if (fd != -refused[i].errnum)
			fail_msg("'%s': %d instead of %d", refused[i].name, fd, -refused[i].errnum);
	}
	fd = procfs_open_file(procfd, "version", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close(fd);
}

static void write_and_read_back(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(procfs_write(procfd, "self/comm", "first"), 0);
	assert_int_equal(procfs_read(procfd, "self/comm", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "first");
	assert_int_equal(procfs_write(procfd, "thread-self/comm", "second"), 0);
	assert_int_equal(prctl(PR_GET_NAME, buf, 0, 0, 0), 0);
	assert_string_equal(buf, "second");
	assert_int_equal(procfs_read(procfd, "self/comm", buf, 4), -ENOBUFS);
	assert_int_equal(procfs_read(procfd, "self/comm", buf, 7), -ENOBUFS);
	assert_int_equal(procfs_read(procfd, "self/comm", buf, 8), 6);
	assert_int_equal(procfs_write(procfd, "self/none", "x"), -ENOENT);
}

/* In a child, since the mount namespace is one way. 0: right, 77: no privilege. */
static int overmounted_child(void)
{
	char plain[64] = "", private[64] = "";
	int fd;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("/etc/passwd", "/proc/sys/kernel/ostype", NULL, MS_BIND, NULL) < 0)
		return 77;
	if (io_read_small_at(AT_FDCWD, "/proc/sys/kernel/ostype", plain, sizeof(plain)) >= 0 &&
	    STREQ(plain, "Linux"))
		return 1; /* the trap is not set */
	fd = procfs_open();
	if (fd < 0 || procfs_read(fd, "sys/kernel/ostype", private, sizeof(private)) < 0)
		return 2;
	return STREQ(private, "Linux") ? 0 : 3;
}

static void what_is_mounted_over_is_not_seen(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(overmounted_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_procfs),
		cmocka_unit_test(only_regular_files_without_links),
		cmocka_unit_test(write_and_read_back),
		cmocka_unit_test(what_is_mounted_over_is_not_seen),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
