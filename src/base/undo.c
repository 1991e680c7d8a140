/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes kernel-visible effects back when a later step fails. Host half only; the stack lives in the frame of the
 * verb. A process killed with SIGKILL runs none of this: for that there is the "creating" record on disk.
 */
#include <stdlib.h>

#include "knarr/base.h"
#include "knarr/fault.h"

/* Fault points "undo-1", "undo-2", ...: each effect has just been made, and dies with nobody to take it back. */
static void die_at_depth(unsigned depth)
{
	char name[16];

	if (text_format(name, sizeof(name), "undo-%u", depth) > 0)
		fault_point(name);
}

void undo_push(struct undo *u, void (*run)(void *arg), void *arg)
{
	/* An effect without its undo must not go unnoticed: a verb with more effects than entries is a bug. */
	if (u->count >= ARRAY_SIZE(u->entries))
		abort();
	u->entries[u->count++] = (struct undo_entry){ .run = run, .arg = arg };
	die_at_depth(u->count);
}

void undo_disarm(struct undo *u)
{
	u->count = 0;
}

void undo_run(struct undo *u)
{
	/* Each entry is off the stack before it runs, so that none can run twice. */
	while (u->count > 0) {
		struct undo_entry e = u->entries[--u->count];

		e.run(e.arg);
	}
}
