/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mechanisms: which of those that --require names this host lacks, as far as that can be asked without a container.
 * Host half.
 *
 * Nothing is inferred from versions: the functions that have a fallback are called, and say themselves that they took it.
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/container_private.h"

static void try_clone(void)
{
	struct uapi_clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		_exit(0);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Of this process, which ends right after. */
static void try_keyring(void)
{
	int r = sys_join_session_keyring(NULL);

	if (r == -ENOSYS || r == -EPERM)
		(void)fallback_take(FALLBACK_SESSION_KEYRING);
}

uint32_t mechanisms_missing(void)
{
	struct pidref self;

	fd_close(safe_open(AT_FDCWD, ".", 0));
	(void)sys_close_range(~0u - 1, ~0u - 1, CLOSE_RANGE_CLOEXEC); /* there is none */
	fd_close(procfs_open());
	if (pidref_open(getpid(), 0, &self) >= 0)
		pidref_close(&self);
	fd_close(launch_image_open(NULL));
	try_clone();
	try_keyring();
	if (!filter_flag_supported("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
		(void)fallback_take(FALLBACK_SECCOMP_KILLABLE);
	return fallback_missing();
}
