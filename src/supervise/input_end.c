/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input_end: a file or pipe ends; a terminal does not, until somebody types its end-of-file character. Host half.
 *
 * The character ends one read(2) only, and a line that has no newline takes one for itself; so it is typed again whenever
 * it was read. Not before: a shell that leaves canonical mode would find a NUL in its place. And not for ever: a
 * service manager would start its console's login again each time.
 */
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "supervise/input_end.h"

enum { TYPED_MAX = 16, WAIT_FIRST_MS = 20, WAIT_MAX_MS = 1000 };

void input_end_init(struct input_end *e)
{
	e->typed = 0;
	e->wait_ms = WAIT_FIRST_MS;
}

int input_end_type(struct input_end *e, int master, int slave)
{
	struct pollfd unread = { .fd = slave, .events = POLLIN };
	struct termios t;

	if (e->typed == TYPED_MAX)
		return -1;
	if (poll(&unread, 1, 0) == 0 && tcgetattr(slave, &t) == 0 &&
	    write(master, &t.c_cc[VEOF], 1) == 1) {
		e->typed++;
		e->wait_ms = WAIT_FIRST_MS;
	} else if (e->wait_ms < WAIT_MAX_MS) {
		e->wait_ms *= 2;
	}
	return e->wait_ms;
}
