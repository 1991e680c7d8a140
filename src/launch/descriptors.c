/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptors: what came with a step of the handshake: is it what was due (R28)? Host half.
 *
 * In exec the process that sends stands in the container's pid namespace. A container with CAP_SYS_PTRACE can stop it, take
 * its socket with pidfd_getfd(2) and send anything: a device, a directory, a file of a filesystem that it serves itself, a
 * pidfd of a host process (SO_PEERPIDFD of a host socket gives one).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch_private.h"

/* The multiplexer: its major and minor number are the same on every devpts (Documentation/admin-guide/devices.txt). */
enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

/* A file's own name would begin with its path. */
bool launch_is_listener(int fd)
{
	static const char expected[] = "anon_inode:seccomp notify";
	char name[32], target[sizeof(expected) + 1];
	ssize_t len;

	(void)text_format(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlinkat(AT_FDCWD, name, target, sizeof(target));
	return len == (ssize_t)sizeof(expected) - 1 && memcmp(target, expected, (size_t)len) == 0;
}

/* An ioctl(2) only once the numbers of the device say who will answer it. */
int launch_pty_number(int fd)
{
	struct uapi_statx st;
	int number;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | UAPI_STATX_DONT_SYNC, UAPI_STATX_TYPE, &st) <
	    0)
		return -errno;
	if (!S_ISCHR(st.mode) || st.rdev_major != PTMX_MAJOR || st.rdev_minor != PTMX_MINOR)
		return -ENOTTY;
	return ioctl(fd, TIOCGPTN, &number) < 0 ? -errno : number;
}

/* In our own pid namespace. */
static pid_t pid_of_pidfd(int pidfd)
{
	char name[32], text[512];
	const char *line;

	(void)text_format(name, sizeof(name), "/proc/self/fdinfo/%d", pidfd);
	if (io_read_small_at(AT_FDCWD, name, text, sizeof(text)) < 0)
		return -ESRCH;
	line = strstr(text, "\nPid:");
	return line ? (pid_t)strtol(line + 5, NULL, 10) : -ESRCH;
}

/* A child made with CLONE_PARENT by a child of ours is ours. waitid(2) fails for all others, and takes nothing away here. */
pid_t launch_own_child(int pidfd)
{
	siginfo_t info;
	pid_t pid;

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
		return -errno;
	pid = pid_of_pidfd(pidfd);
	return pid > 0 ? pid : -ESRCH;
}
