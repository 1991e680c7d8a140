/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fds: hygiene of descriptors and of memory before anything is started (R5, R6). Host half.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "launch/launch_private.h"

/* What we open ourselves beside the preserved ones, before open.c raises the limit. */
#define OWN_FDS 16

static int make_room(uint32_t preserve)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	return preserve + OWN_FDS > limit.rlim_cur ? -EMFILE : 0;
}

int launch_protect_fds(uint32_t preserve, struct error *err)
{
	_cleanup_close_ int null_fd = -EBADF;
	int r;

	r = make_room(preserve);
	if (r < 0)
		return error_fail(
			err, ERROR_USAGE, -r,
			"the limit of open files (RLIMIT_NOFILE) is too low for %u preserved and %u own",
			preserve, OWN_FDS);
	r = sys_close_range(3 + preserve, ~0u, CLOSE_RANGE_CLOEXEC);
	if (r < 0)
		return error_set(err, -r, "cannot mark file descriptors close-on-exec");
	for (int fd = 3; fd < 3 + (int)preserve; fd++) {
		/*
		 * What the caller passed came through an execve, so it is not marked. What is marked
		 * we opened ourselves in a hole, before this: it must not survive.
		 */
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* A hole: callers close gaps by counting over them, so it is no error. */
		if (null_fd < 0) {
			null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
			if (null_fd < 0)
				return error_set(err, errno, "cannot open '/dev/null'");
			if (null_fd == fd) {
				null_fd = -EBADF; /* stays open until we exit */
				continue;
			}
		}
		if (dup3(null_fd, fd, O_CLOEXEC) < 0)
			return error_set(err, errno, "cannot reserve file descriptor %d", fd);
	}
	return 0;
}

void launch_protect_memory(void)
{
	if (geteuid() == 0)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void launch_raise_limits(const struct spec_process *process)
{
	for (size_t i = 0; i < process->rlimit_count; i++) {
		const struct spec_rlimit *wanted = &process->rlimits[i];
		struct rlimit now;

		if (getrlimit(wanted->resource, &now) < 0)
			continue;
		if (now.rlim_max < wanted->hard) {
			now.rlim_max = wanted->hard;
			(void)setrlimit(wanted->resource, &now);
		}
		/*
		 * The soft one stays, as it is ours until we exit; but the late fork of an exec is the program's user's,
		 * who is counted, and has only ours yet.
		 */
		if (wanted->resource != RLIMIT_NPROC || now.rlim_cur >= wanted->soft)
			continue;
		now.rlim_cur = wanted->soft;
		(void)setrlimit(wanted->resource, &now);
	}
}
