/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loopback device of a new network namespace. Runs in the container half; the kernel gives it
 * its addresses when it comes up.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "init/init.h"

int op_loopback(struct init *in, const struct plan_op *op, struct error *err)
{
	/* Any socket takes the requests for devices, and this kind is in every kernel. */
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	(void)in;
	(void)op;
	if (fd < 0)
		return init_fail(err, -errno, "socket", NULL, "cannot make a socket");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return init_fail(err, -errno, "ioctl", "lo", "cannot find the loopback device");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return init_fail(err, -errno, "ioctl", "lo", "cannot bring the loopback device up");
	return 0;
}
