/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what create would do, as text, without doing any of it. Host half. */
#include "container/container_private.h"

int container_plan(const struct container_context *ctx, const struct create_options *opt,
		   char **ret_text, struct error *err)
{
	struct setup s = { .ctx = ctx, .opt = opt, .gate = PLAN_GATE_NONE };
	struct buf text = { 0 };
	int r;

	r = setup_prepare(&s, err);
	if (r >= 0) {
		plan_print(s.launch.plan.header, &text);
		*ret_text = text.data ? text.data : mem_strdup("");
	}
	setup_done(&s);
	return r;
}
