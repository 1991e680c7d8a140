/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KNARR_SUPERVISE_INPUT_END_H
#define KNARR_SUPERVISE_INPUT_END_H

/* The end of an input that is no terminal, as the program behind a terminal is told of it. */
struct input_end {
	unsigned typed;
	int wait_ms;
};

void input_end_init(struct input_end *e);
/* Types the end of input when all that came before was read. Returns the time for poll(2) to come back after, -1: never. */
int input_end_type(struct input_end *e, int master, int slave);

#endif
