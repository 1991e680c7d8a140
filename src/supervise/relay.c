/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay: bytes from one descriptor to another, without O_NONBLOCK. Host half.
 *
 * The flag would belong to the open file, which the caller shares with us and with others, so each read and write is
 * preceded by poll(2) instead, and a write is never larger than PIPE_BUF, which POLLOUT promises room for.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "supervise/relay.h"

void relay_init(struct relay *r, int from, int to)
{
	r->from = to >= 0 ? from : -1;
	r->to = to;
	r->start = r->end = 0;
	r->source_ended = false;
}

static bool has_data(const struct relay *r)
{
	return r->start < r->end;
}

bool relay_is_open(const struct relay *r)
{
	return r->from >= 0 && (has_data(r) || !r->source_ended);
}

void relay_poll(const struct relay *r, struct pollfd *from, struct pollfd *to)
{
	bool open = relay_is_open(r);

	*from = (struct pollfd){ .fd = open && !r->source_ended && !has_data(r) ? r->from : -1,
				 .events = POLLIN };
	*to = (struct pollfd){ .fd = open && has_data(r) ? r->to : -1, .events = POLLOUT };
}

static void fill(struct relay *r)
{
	ssize_t n = read(r->from, r->data, sizeof(r->data));

	r->start = r->end = 0;
	if (n > 0)
		r->end = r->to >= 0 ? (size_t)n : 0; /* without a reader it is dropped */
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		r->source_ended = true; /* EIO: the last slave of a pty is closed */
}

static void empty(struct relay *r)
{
	size_t len = r->end - r->start;
	ssize_t n = write(r->to, r->data + r->start, len < PIPE_BUF ? len : PIPE_BUF);

	if (n > 0) {
		r->start += (size_t)n;
	} else if (n < 0 && errno != EINTR && errno != EAGAIN) {
		/* The reader is gone. The writer must not wait for it: what comes is read on, and dropped. */
		r->to = -1;
		r->start = r->end;
	}
}

void relay_move(struct relay *r, const struct pollfd *from, const struct pollfd *to)
{
	if (to->fd >= 0 && to->revents)
		empty(r);
	if (from->fd >= 0 && from->revents)
		fill(r);
}

void relay_drain(struct relay *r)
{
	for (;;) {
		struct pollfd from = { .fd = r->from, .events = POLLIN };

		while (r->to >= 0 && has_data(r))
			empty(r);
		if (r->to < 0 || r->source_ended || poll(&from, 1, 0) <= 0 ||
		    !(from.revents & (POLLIN | POLLHUP)))
			return;
		fill(r);
	}
}
