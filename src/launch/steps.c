/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps: packets of the handshake as the host half sends and receives them. Host half.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "launch/launch_private.h"

enum {
	REMARKS_MAX = 1024,
	REMARKS_PER_OP = 16,
	LOOK_MS = 500,    /* how often the state of a process that says nothing is looked at */
	STOPPED_MAX = 20, /* so many times stopped, one look after the other */
};

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

/* Of steps that the plan owes, only the next one (R28). On the gate connection there is no plan, and the table alone decides. */
static bool is_due(struct launch *l, enum handshake_step step)
{
	const struct plan_header *p = l->plan.header;

	if (step != STEP_FORKED && step != STEP_HOOKS && step != STEP_CONSOLE &&
	    step != STEP_READY && step != STEP_LISTENER)
		return true;
	if (!p)
		return step == STEP_LISTENER;
	if (handshake_owed(p, &l->next_op) != step)
		return false;
	l->next_op++;
	return true;
}

static bool brings_descriptor(enum handshake_step step)
{
	return step == STEP_FORKED || step == STEP_CONSOLE || step == STEP_LISTENER;
}

/* The gate stays: who created the container can still open it. */
int launch_refuse_build(struct launch *l, struct error *err)
{
	l->last_step = STEP_NONE;
	error_fail(err, ERROR_SYSTEM, 0,
		   "the container was created by another build of knarr, or by another user");
	error_add_remedy(err, "start it as it was created, or delete it and create it again");
	return -EINVAL;
}

static int check_packet(struct launch *l, const struct handshake_packet *packet, ssize_t len,
			unsigned nfds, struct error *err)
{
	if (!l->plan.header && len >= (ssize_t)sizeof(packet->version) &&
	    packet->version != HANDSHAKE_VERSION)
		return launch_refuse_build(l, err);
	if (len != (ssize_t)sizeof(*packet) || packet->version != HANDSHAKE_VERSION ||
	    packet->step >= STEP_COUNT)
		return error_fail(err, ERROR_INTERNAL, 0,
				  "a malformed packet from the container's process");
	if (!handshake_may_follow(l->last_step, packet->step, true) || !is_due(l, packet->step))
		return error_fail(err, ERROR_INTERNAL, 0, "handshake step '%s' may not come now",
				  handshake_step_name(packet->step));
	if (nfds != brings_descriptor(packet->step))
		return error_fail(err, ERROR_INTERNAL, 0,
				  "handshake step '%s' came with %s descriptor",
				  handshake_step_name(packet->step),
				  nfds == 0   ? "no"
				  : nfds == 1 ? "a"
					      : "more than one");
	return 0;
}

/* The record comes from a process that stood in the container. */
static int take_failure(const struct handshake_packet *packet, struct error *err)
{
	struct error failure = packet->error;
	int r = error_received(&failure);

	if (err)
		*err = failure;
	return r;
}

/* Each op can be timed, and says little else: more is said to keep us. */
static int count_remark(struct launch *l, struct error *err)
{
	uint32_t ops = l->plan.header ? l->plan.header->op_count : 0;

	if (l->remarks++ < REMARKS_MAX + REMARKS_PER_OP * ops)
		return 0;
	return error_fail(err, ERROR_INTERNAL, 0, "too many remarks from the container's process");
}

static void pass_remark_on(const struct launch *l, struct handshake_packet *packet)
{
	if (packet->step == STEP_TIMING) {
		report_timing(l, packet);
		return;
	}
	packet->text[sizeof(packet->text) - 1] = '\0';
	if (packet->value > 0 && packet->value <= FALLBACK_COUNT)
		fallback_log(NULL, (enum fallback)(packet->value - 1));
	else
		log_debug("%s", packet->text);
}

/* By a signal or by a tracer. A frozen process is neither: it goes on when the container is resumed. */
static bool is_stopped(const struct launch *l)
{
	uint64_t start_time;
	char state;

	return l->plan.header && l->process.pid > 0 &&
	       pidref_stat(l->process.pid, &state, &start_time) == 0 &&
	       (state == 'T' || state == 't');
}

/*
 * 1: there is a packet, or EOF; 0: the process has ended without one, though somebody else may hold its end of the socket. A
 * process that the container keeps stopped is not waited for without limit.
 */
static int wait_for_packet(const struct launch *l, struct error *err)
{
	struct pollfd p[] = { { .fd = l->socket, .events = POLLIN },
			      { .fd = l->process.fd, .events = POLLIN } };

	for (unsigned stopped = 0; stopped < STOPPED_MAX;) {
		int r = interrupt_poll(p, ARRAY_SIZE(p), LOOK_MS);

		if (r == -EINTR)
			return error_fail(err, ERROR_SYSTEM, EINTR,
					  "a signal ended us before the container's program ran");
		if (r < 0)
			return error_set(err, -r, "cannot wait for the container's process");
		if (p[0].revents)
			return 1;
		/* What it sent before it ended is there by now. */
		if (p[1].revents)
			return poll(p, 1, 0) > 0;
		stopped = is_stopped(l) ? stopped + 1 : 0;
	}
	return error_fail(err, ERROR_SYSTEM, 0,
			  "the container's process is kept stopped by a signal or a tracer");
}

static int receive_packet(struct launch *l, struct handshake_packet *packet, int *ret_fd,
			  struct error *err)
{
	int fds[2] = { -EBADF, -EBADF }; /* one more than is ever due */
	unsigned nfds = ARRAY_SIZE(fds);
	ssize_t len;
	int r = wait_for_packet(l, err);

	if (r <= 0)
		return r;
	len = sock_recv(l->socket, packet, sizeof(*packet), fds, &nfds, -1);
	if (len == 0 || len == -ECONNRESET)
		return 0;
	if (len < 0)
		return error_set(err, (int)-len, "cannot hear from the container's process");
	r = check_packet(l, packet, len, nfds, err);
	if (r >= 0)
		*ret_fd = TAKE_FD(fds[0]);
	fd_close(fds[0]);
	fd_close(fds[1]);
	return r < 0 ? r : 1;
}

int launch_receive(struct launch *l, struct handshake_packet *packet, int *ret_fd,
		   struct error *err)
{
	*ret_fd = -EBADF;
	for (;;) {
		int r = receive_packet(l, packet, ret_fd, err);

		if (r <= 0)
			return r < 0 ? r : STEP_NONE;
		switch (packet->step) {
		case STEP_DEBUG:
		case STEP_TIMING:
			r = count_remark(l, err);
			if (r < 0)
				return r;
			pass_remark_on(l, packet);
			continue;
		case STEP_FAILED:
			return take_failure(packet, err);
		default:
			l->last_step = packet->step;
			return (int)packet->step;
		}
	}
}
