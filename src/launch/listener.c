/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener: is it one? Host half. In exec the descriptor comes from a process that stands in the container's pid namespace
 * already, and a container with CAP_SYS_PTRACE may have its hand in that. What is passed on to the receiver, with the
 * container's state and in our name, is to be a seccomp listener and no device, directory or socket.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "launch/launch_private.h"

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
