/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user namespace for its maps only: id-mapped mounts take the maps from a namespace, and no process
 * needs to live in it. Host half. A child of ours holds it until its descriptor is open.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "knarr/kernel.h"
#include "knarr/namespaces.h"

/* Ends when the parent closes its end, or dies. */
static _noreturn_ void wait_child(int read_fd, int write_fd)
{
	char c;

	(void)close(write_fd);
	while (read(read_fd, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int open_namespace(int procfd, pid_t pid, struct error *err)
{
	char name[32];
	int fd;

	(void)text_format(name, sizeof(name), "%d/ns/user", pid);
	fd = openat(procfd, name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd
		       : error_set(err, errno,
				   "cannot open the user namespace for an id-mapped mount");
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int idmap_namespace(const struct spec_id_maps *uids, const struct spec_id_maps *gids,
		    struct error *err)
{
	struct uapi_clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	_cleanup_close_ int procfd = procfs_open(), read_fd = -EBADF, write_fd = -EBADF;
	int fds[2], fd = -EBADF, r;
	pid_t pid;

	if (procfd < 0)
		return error_set(err, -procfd, "cannot open a procfs of our own");
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	read_fd = fds[0];
	write_fd = fds[1];
	pid = sys_clone3(&args);
	if (pid == 0)
		wait_child(read_fd, write_fd);
	if (pid < 0) {
		r = error_set(err, (int)-pid,
			      "cannot make a user namespace for an id-mapped mount");
		error_add_syscall(err, "clone3");
		return r;
	}
	r = idmap_write(procfd, pid, uids, gids, err);
	if (r == 0)
		r = fd = open_namespace(procfd, pid, err);
	write_fd = fd_close(write_fd);
	reap(pid);
	return r < 0 ? r : fd;
}
