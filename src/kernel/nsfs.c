/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces as files of procfs: which one is it, and which user namespace owns it? Both halves.
 *
 * The inode of a namespace is given again once the namespace is gone. Its owner cannot be forged: a process that has no
 * privilege in a user namespace makes only namespaces that a new user namespace below owns.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knarr/base.h"
#include "knarr/kernel.h"

/* ioctl_ns(2) */
#define NSFS_GET_USERNS _IO(0xb7, 0x1)

const struct nsfs_kind nsfs_kinds[NSFS_KINDS] = {
	{ CLONE_NEWUSER, "user", "user" },
	{ CLONE_NEWNS, "mnt", "mnt" },
	{ CLONE_NEWPID, "pid", "pid_for_children" },
	{ CLONE_NEWNET, "net", "net" },
	{ CLONE_NEWIPC, "ipc", "ipc" },
	{ CLONE_NEWUTS, "uts", "uts" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup" },
	{ CLONE_NEWTIME, "time", "time" },
};

int nsfs_open(pid_t pid)
{
	_cleanup_close_ int procfd = procfs_open_attached();
	char name[32] = "self/ns";
	int fd;

	if (procfd < 0)
		return procfd;
	if (pid)
		(void)text_format(name, sizeof(name), "%d/ns", (int)pid);
	fd = openat(procfd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int nsfs_inode(int nsfd, const char *file, uint64_t *ret)
{
	struct stat st;

	if (fstatat(nsfd, file, &st, 0) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

int nsfs_owner(int nsfd, const char *file, uint64_t *ret)
{
	_cleanup_close_ int fd = openat(nsfd, file, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int owner = -EBADF;
	struct stat st;

	if (fd < 0)
		return -errno;
	owner = ioctl(fd, NSFS_GET_USERNS);
	if (owner < 0 || fstat(owner, &st) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}
