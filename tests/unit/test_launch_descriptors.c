/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch_private.h"

/* In a child, since a filter stays. */
static void a_listener_is_one(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		struct sock_fprog program = { .len = 1, .filter = &allow };
		int fd;

		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
				 &program);
		_exit(fd < 0 ? 2 : !launch_is_listener(fd));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void nothing_else_is(void **state)
{
	char dir[] = "/tmp/knarr-listener-XXXXXX";
	int pair[2], dirfd;
	int fds[] = {
		open("/dev/null", O_RDWR | O_CLOEXEC),
		open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		eventfd(0, EFD_CLOEXEC),
		sys_pidfd_open(getpid(), 0),
		sys_memfd_create("seccomp notify", 1),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_false(launch_is_listener(fds[i]));
		fd_close(fds[i]);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_false(launch_is_listener(pair[0]));
	fd_close(pair[0]);
	fd_close(pair[1]);
	/* Not by its name. */
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pair[0] = openat(dirfd, "anon_inode:seccomp notify", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(pair[0] >= 0);
	assert_false(launch_is_listener(pair[0]));
	fd_close(pair[0]);
	(void)unlinkat(dirfd, "anon_inode:seccomp notify", 0);
	fd_close(dirfd);
	(void)rmdir(dir);
	assert_false(launch_is_listener(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_is_one),
		cmocka_unit_test(nothing_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
