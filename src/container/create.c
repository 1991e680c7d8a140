/* SPDX-License-Identifier: Apache-2.0 */
/* create: a container whose process waits at its start gate. Host half. */
#include "container/container_private.h"

int container_create(const struct container_context *ctx, const struct create_options *opt,
		     struct error *err)
{
	struct setup s = { .ctx = ctx, .opt = opt, .gate = PLAN_GATE_SOCKET };
	int r;

	r = setup_prepare(&s, err);
	if (r >= 0)
		r = setup_execute(&s, err);
	if (r >= 0)
		undo_disarm(&s.undo);
	setup_done(&s);
	return r;
}
