/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets to and from the host half (or `start`, on the gate connection). Runs in the container
 * half. A packet goes out whole or not at all; nothing here waits except channel_expect().
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/init.h"

static int send_packet(const struct init *in, const struct handshake_packet *packet, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)packet, .iov_len = sizeof(*packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (in->socket < 0)
		return -ENOTCONN;
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
	}
	do
		n = sendmsg(in->socket, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void packet_init(const struct init *in, struct handshake_packet *packet,
			enum handshake_step step)
{
	memset(packet, 0, sizeof(*packet));
	packet->version = HANDSHAKE_VERSION;
	packet->step = step;
	packet->op = in->index;
}

int channel_send(const struct init *in, enum handshake_step step, int32_t value, const char *text,
		 int fd)
{
	struct handshake_packet packet;

	packet_init(in, &packet, step);
	packet.value = value;
	if (text)
		text_copy(packet.text, sizeof(packet.text), text);
	return send_packet(in, &packet, fd);
}

void channel_send_error(const struct init *in, const struct error *err)
{
	struct handshake_packet packet;

	packet_init(in, &packet, STEP_FAILED);
	packet.error = *err;
	(void)send_packet(in, &packet, -1); /* whoever was to hear it is gone */
}

void channel_send_timing(const struct init *in, uint64_t nsec)
{
	struct handshake_packet packet;

	packet_init(in, &packet, STEP_TIMING);
	packet.nsec = nsec;
	(void)send_packet(in, &packet, -1);
}

void channel_fallback(void *init, enum fallback f)
{
	const struct init *in = init;

	if (in->plan->log_level >= LOG_LEVEL_INFO)
		(void)channel_send(in, STEP_DEBUG, 1 + (int32_t)f, NULL, -1);
}

void channel_debug(const struct init *in, const char *fmt, ...)
{
	struct handshake_packet packet;
	va_list ap;

	if (in->plan->log_level < LOG_LEVEL_DEBUG)
		return;
	packet_init(in, &packet, STEP_DEBUG);
	va_start(ap, fmt);
	(void)vsnprintf(packet.text, sizeof(packet.text), fmt, ap);
	va_end(ap);
	(void)send_packet(in, &packet, -1);
}

static int check_packet(const struct handshake_packet *packet, ssize_t n, enum handshake_step step)
{
	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	if (n != (ssize_t)sizeof(*packet) || packet->version != HANDSHAKE_VERSION ||
	    packet->step != (uint32_t)step)
		return -EPROTO;
	return 0;
}

int channel_expect(const struct init *in, enum handshake_step step)
{
	struct handshake_packet packet;
	ssize_t n;

	/* No room for descriptors: the kernel drops what a peer should not have sent. */
	do
		n = recv(in->socket, &packet, sizeof(packet), MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	return check_packet(&packet, n, step);
}

int channel_expect_fd(const struct init *in, enum handshake_step step, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))]; /* for one: the kernel drops the rest */
	} control;
	struct handshake_packet packet;
	struct iovec iov = { .iov_base = &packet, .iov_len = sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct cmsghdr *c;
	ssize_t n;

	*ret_fd = -EBADF;
	do {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		n = recvmsg(in->socket, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return check_packet(&packet, n, step);
}
