/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main: what must hold before the first line of real work, in the host half.
 *
 * A runtime is started some hundred times a minute on a busy host: nothing here, and nothing on the way to a
 * verb, touches the locale, allocates, or reads a file.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/cli.h"

/*
 * R19: never as a set-user-ID, set-group-ID or file-capability program. The kernel tells by AT_SECURE, which
 * security modules also set on a change of domain; for somebody who is root with all ids, only that can be
 * the reason, and nothing was gained by the exec.
 */
static bool was_raised(void)
{
	if (!getauxval(AT_SECURE))
		return false;
	return getauxval(AT_UID) || getauxval(AT_EUID) || getauxval(AT_GID) != getauxval(AT_EGID);
}

/*
 * A caller may close descriptors 0 to 2. The next open would then land there, and messages would be written
 * into a state file or a cgroup. One poll(2) tells for all three; the lowest free number is always the one missing.
 */
static bool fill_standard_fds(void)
{
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) < 0)
		return true; /* out of memory: the next call will say so */
	for (int i = 0; i < 3; i++) {
		if ((fds[i].revents & POLLNVAL) && open("/dev/null", O_RDWR) != i)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const char refusal[] =
		"knarr: refusing to run with the privileges of another user (set-user-ID or file capabilities)\n";

	if (was_raised()) {
		(void)!write(STDERR_FILENO, refusal, sizeof(refusal) - 1);
		return 1;
	}
	if (!fill_standard_fds())
		return 1;
	/* A caller may have us ignore it, and that survives an exec: nobody could then wait for a hook or a helper. */
	(void)signal(SIGCHLD, SIG_DFL);
	return cli_main(argc, argv);
}
