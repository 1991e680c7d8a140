/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_SUPERVISE_RELAY_H
#define KNARR_SUPERVISE_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* One direction of a byte relay. What was read and not written yet waits in data. */
struct relay {
	int from, to;
	size_t start, end;
	bool source_ended;
	char data[16384];
};

void relay_init(struct relay *r, int from, int to);
/* True while the relay has something to wait for. */
bool relay_is_open(const struct relay *r);
/* Events that the relay waits for, into two pollfds (fd -1: none). */
void relay_poll(const struct relay *r, struct pollfd *from, struct pollfd *to);
/* Moves what can be moved without blocking. */
void relay_move(struct relay *r, const struct pollfd *from, const struct pollfd *to);
/* Moves all that is left to read, at the end of the process behind it. */
void relay_drain(struct relay *r);

#endif
