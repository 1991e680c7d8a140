/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets of the host half: packets with descriptors, and names of any length. sun_path ends at 108 bytes, state
 * and bundle paths do not, so longer ones are reached through /proc/self/fd.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "knarr/base.h"

enum {
	SEND_MAX_FDS = 8,
	KERNEL_MAX_FDS = 253, /* SCM_MAX_FD: nobody can send more in one packet */
};

int sock_pair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

/* A stream may take less than all of it; the descriptors went with the first byte. */
static int send_rest(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int sock_send(int fd, const void *buf, size_t len, const int *fds, unsigned nfds)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * SEND_MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (nfds > SEND_MAX_FDS)
		return -EINVAL;
	if (nfds > 0) {
		struct cmsghdr *c = &control.header;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return send_rest(fd, (const char *)buf + n, len - (size_t)n);
}

/* Until fd is readable (or at its end); deadline < 0: for ever. */
static int wait_readable(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - clock_ms();
		int r;

		if (deadline >= 0 && left < 0)
			left = 0;
		r = poll(&p, 1, (int)left);
		if (r > 0)
			return p.revents & POLLNVAL ? -EBADF : 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* Moves the descriptors of msg to fds (room for room), closes the surplus; returns how many were kept. */
static unsigned take_fds(struct msghdr *msg, int *fds, unsigned room)
{
	unsigned kept = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (kept < room)
				fds[kept++] = fd;
			else
				fd_close(fd);
		}
	}
	return kept;
}

/*
 * A peer that ends with packets of ours unread leaves ECONNRESET on this end, once, in front of what it sent before
 * it ended. That may be the record of its failure, so read on: the queue and then EOF follow.
 */
static ssize_t receive(int fd, struct msghdr *msg, int64_t deadline)
{
	size_t control = msg->msg_controllen;
	bool reset = false;

	for (;;) {
		ssize_t n;
		int r = wait_readable(fd, deadline);

		if (r < 0)
			return r;
		msg->msg_controllen = control;
		n = recvmsg(fd, msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0)
			return n;
		if (errno == ECONNRESET && !reset)
			reset = true;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

ssize_t sock_recv(int fd, void *buf, size_t size, int *fds, unsigned *nfds, int timeout_ms)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * KERNEL_MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	unsigned room = fds && nfds ? *nfds : 0, kept;
	ssize_t n;

	n = receive(fd, &msg, timeout_ms < 0 ? -1 : clock_ms() + timeout_ms);
	if (n < 0)
		return n;
	kept = take_fds(&msg, fds, room);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (unsigned i = 0; i < kept; i++)
			fds[i] = fd_close(fds[i]);
		/* There was room for all descriptors, so the kernel had none left to give us. */
		return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : -EMFILE;
	}
	if (nfds)
		*nfds = kept;
	return n;
}

static int connect_to(int type, const struct sockaddr_un *address, socklen_t len)
{
	_cleanup_close_ int fd = -EBADF;
	int r;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	do
		r = connect(fd, (const struct sockaddr *)address, len);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : TAKE_FD(fd);
}

/* connect(2) follows the magic link of an O_PATH descriptor to the socket itself, however long its name is. */
static int connect_inode(int type, int inode_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	r = text_format(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", inode_fd);
	if (r < 0)
		return r;
	return connect_to(type, &address, sizeof(address));
}

int sock_connect_path(int type, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;

	if (path[0] == '\0')
		return -ENOENT; /* the kernel would take it for an unnamed socket */
	if (text_format(address.sun_path, sizeof(address.sun_path), "%s", path) >= 0)
		return connect_to(type, &address, sizeof(address));
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return connect_inode(type, fd);
}

int sock_connect_at(int type, int dirfd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;

	fd = openat(dirfd, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	return connect_inode(type, fd);
}

int sock_connect_address(int type, const char *address)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	size_t len = strlen(address);

	if (address[0] != '@')
		return sock_connect_path(type, address);
	if (len > sizeof(name.sun_path))
		return -ENAMETOOLONG;
	/* Every byte counts in an abstract name, so its length is told exactly. */
	memcpy(name.sun_path + 1, address + 1, len - 1);
	return connect_to(type, &name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

int sock_bind_at(int type, int dirfd, const char *name, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;
	mode_t mask;
	int r;

	if (name[0] == '\0' || strchr(name, '/'))
		return -EINVAL;
	if (dirfd == AT_FDCWD)
		r = text_format(address.sun_path, sizeof(address.sun_path), "%s", name);
	else
		r = text_format(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
				dirfd, name);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/*
	 * bind(2) gives the name the mode of the socket's inode, less the umask: there is no moment in which others could
	 * connect, and no second step that could meet another file under this name.
	 */
	if (fchmod(fd, mode) < 0)
		return -errno;
	mask = umask(0);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	(void)umask(mask);
	return r < 0 ? r : TAKE_FD(fd);
}

int sock_listen_at(int type, int dirfd, const char *name)
{
	_cleanup_close_ int fd = sock_bind_at(type, dirfd, name, 0600);
	int r;

	if (fd < 0)
		return fd;
	if (listen(fd, 16) < 0) {
		r = -errno;
		/* Best effort: the failure before it is the one to tell. */
		(void)unlinkat(dirfd, name, 0);
		return r;
	}
	return TAKE_FD(fd);
}
