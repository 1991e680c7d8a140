/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps: packets of the handshake as the host half sends and receives them. Host half.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "launch/launch_private.h"

static int send_step(struct launch *l, enum handshake_step step, int32_t value, int fd,
		     struct error *err)
{
	struct handshake_packet packet;
	int r;

	if (!handshake_may_follow(l->last_step, step, false))
		return error_fail(err, ERROR_INTERNAL, 0, "handshake step '%s' may not be sent now",
				  handshake_step_name(step));
	memset(&packet, 0, sizeof(packet));
	packet.version = HANDSHAKE_VERSION;
	packet.step = step;
	packet.value = value;
	r = sock_send(l->socket, &packet, sizeof(packet), &fd, fd >= 0);
	if (r < 0)
		return error_set(err, -r, "the container's process is gone");
	l->last_step = step;
	return 0;
}

int launch_send(struct launch *l, enum handshake_step step, int32_t value, struct error *err)
{
	return send_step(l, step, value, -EBADF, err);
}

int launch_send_fd(struct launch *l, enum handshake_step step, int fd, struct error *err)
{
	int r = send_step(l, step, 0, fd, err);

	/* The other side may have failed meanwhile; why is in its packets, which are read next. */
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

static void report_timing(const struct launch *l, const struct handshake_packet *packet)
{
	const struct plan_header *p = l->plan.header;

	if (!p || packet->op >= p->op_count)
		return;
	log_timing("%3u  %-16s %8.1f us  # %s", packet->op,
		   plan_op_name(plan_ops(p)[packet->op].type), (double)packet->nsec / 1000.0,
		   plan_string(p, plan_ops(p)[packet->op].origin));
}

static int check_packet(struct launch *l, const struct handshake_packet *packet, ssize_t len,
			struct error *err)
{
	if (len != (ssize_t)sizeof(*packet) || packet->version != HANDSHAKE_VERSION ||
	    packet->step >= STEP_COUNT)
		return error_fail(err, ERROR_INTERNAL, 0,
				  "a malformed packet from the container's process");
	if (!handshake_may_follow(l->last_step, packet->step, true))
		return error_fail(err, ERROR_INTERNAL, 0, "handshake step '%s' may not come now",
				  handshake_step_name(packet->step));
	return 0;
}

/* The record comes from a process that stood in the container: its strings are terminated here, not trusted to be. */
static int take_failure(const struct handshake_packet *packet, struct error *err)
{
	if (err) {
		*err = packet->error;
		err->step[sizeof(err->step) - 1] = '\0';
		err->syscall[sizeof(err->syscall) - 1] = '\0';
		err->file[sizeof(err->file) - 1] = '\0';
		err->origin[sizeof(err->origin) - 1] = '\0';
		err->subject[sizeof(err->subject) - 1] = '\0';
		err->text[sizeof(err->text) - 1] = '\0';
		err->remedy[sizeof(err->remedy) - 1] = '\0';
		if (err->class == ERROR_NONE || err->class > ERROR_INTERNAL)
			err->class = ERROR_SYSTEM;
	}
	return packet->error.code > 0 ? -packet->error.code : -EINVAL;
}

int launch_receive(struct launch *l, struct handshake_packet *packet, int *ret_fd,
		   struct error *err)
{
	for (;;) {
		struct pollfd readable = { .fd = l->socket, .events = POLLIN };
		int fds[1] = { -EBADF };
		unsigned nfds = 1;
		ssize_t len;
		int r = interrupt_poll(&readable, 1, -1);

		*ret_fd = -EBADF;
		if (r == -EINTR)
			return error_fail(err, ERROR_SYSTEM, EINTR,
					  "a signal ended us before the container's program ran");
		len = sock_recv(l->socket, packet, sizeof(*packet), fds, &nfds, -1);

		*ret_fd = nfds ? fds[0] : -EBADF;
		if (len == 0 || len == -ECONNRESET)
			return STEP_NONE;
		r = len < 0 ? error_set(err, (int)-len, "cannot hear from the container's process")
			    : check_packet(l, packet, len, err);
		if (r < 0) {
			*ret_fd = fd_close(*ret_fd);
			return r;
		}
		/* Only these three bring one; any other would pile up here. */
		if (packet->step != STEP_FORKED && packet->step != STEP_CONSOLE &&
		    packet->step != STEP_LISTENER)
			*ret_fd = fd_close(*ret_fd);
		switch (packet->step) {
		case STEP_DEBUG:
			packet->text[sizeof(packet->text) - 1] = '\0';
			if (packet->value > 0 && packet->value <= FALLBACK_COUNT)
				fallback_log(NULL, (enum fallback)(packet->value - 1));
			else
				log_debug("%s", packet->text);
			continue;
		case STEP_TIMING:
			report_timing(l, packet);
			continue;
		case STEP_FAILED:
			return take_failure(packet, err);
		default:
			l->last_step = packet->step;
			return (int)packet->step;
		}
	}
}
