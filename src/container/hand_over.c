/* SPDX-License-Identifier: Apache-2.0 */
/* hand_over: what callers are given of a new process. Host half. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/container_private.h"

#define LISTEN_FDS_MAX 4096

/* Socket activation passes sockets, pipes, files and devices. A directory, or a place without access, leads into the host. */
static bool may_be_passed(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || (!(flags & O_PATH) && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode));
}

/* Meant for us only if LISTEN_PID is ours (sd_listen_fds(3)): the variables outlive an exec, the descriptors may not. */
uint32_t listen_fds_inherited(void)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	uint32_t n, meant;

	if (!count || !pid || num_parse_u32(pid, &meant) < 0 || meant != (uint32_t)getpid() ||
	    num_parse_u32(count, &n) < 0 || n > LISTEN_FDS_MAX)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		if (may_be_passed(3 + (int)i))
			continue;
		log_warning("descriptor %u of LISTEN_FDS is a directory or an O_PATH descriptor, "
			    "ignoring LISTEN_FDS",
			    3 + i);
		return 0;
	}
	return n;
}

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
	_cleanup_free_ char *dir_copy = mem_strdup(path), *name_copy = mem_strdup(path);
	_cleanup_close_ int dir = -EBADF;
	char text[16];
	int len, r;

	dir = open(dirname(dir_copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		error_set(err, errno, "cannot write the pid file '%s'", path);
		error_add_origin(err, "--pid-file");
		return -err->code;
	}
	/* Callers parse the whole content as a number: no newline. */
	len = text_format(text, sizeof(text), "%d", pid);
	r = io_replace_volatile_at(dir, basename(name_copy), 0644, text, (size_t)len);
	if (r < 0) {
		error_set(err, -r, "cannot write the pid file '%s'", path);
		error_add_origin(err, "--pid-file");
	}
	return r;
}

int pidfd_send(const char *socket_path, int pidfd, const char *text, struct error *err)
{
	_cleanup_close_ int fd = sock_connect_path(SOCK_STREAM, socket_path);
	int r = fd;

	if (r >= 0)
		r = sock_send(fd, text, strlen(text), &pidfd, 1);
	if (r < 0) {
		error_set(err, -r, "cannot send the pidfd to '%s'", socket_path);
		error_add_origin(err, "--pidfd-socket");
	}
	return r;
}
