/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace that no process lives in yet: made by going there and back. Host half.
 *
 * A socket names the namespace it was made in (SIOCGSKNS), which needs no path below /proc.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "knarr/kernel.h"
#include "knarr/namespaces.h"

static int current_namespace(void)
{
	_cleanup_close_ int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int fd = socket_fd < 0 ? -1 : ioctl(socket_fd, SIOCGSKNS);

	return fd < 0 ? -errno : fd;
}

int network_namespace_enter(int *ret_own, int *ret_made, struct error *err)
{
	_cleanup_close_ int own = current_namespace(), made = -EBADF;
	int r;

	*ret_own = *ret_made = -EBADF;
	/* The way back, tried before it is needed: an outer seccomp profile may know one call and not the other. */
	if (own < 0 || sys_setns(own, CLONE_NEWNET) < 0)
		return 0;
	r = sys_unshare(CLONE_NEWNET);
	if (r < 0) {
		error_set(err, -r, "cannot make a network namespace");
		error_add_syscall(err, "unshare");
		remedy_namespaces(r, CLONE_NEWNET, err);
		return r;
	}
	made = current_namespace();
	*ret_own = TAKE_FD(own);
	if (made < 0)
		return error_set(err, -made, "cannot open a new network namespace");
	*ret_made = TAKE_FD(made);
	return 0;
}

int network_namespace_leave(int own, struct error *err)
{
	int r = own < 0 ? 0 : sys_setns(own, CLONE_NEWNET);

	fd_close(own);
	return r < 0 ? error_set(err, -r, "cannot return from a new network namespace") : 0;
}
