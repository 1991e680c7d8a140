/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks. Host half, pure. prestart and createRuntime run in the host half, the plan only says when;
 * createContainer and startContainer run in the container half and travel with the plan. poststart
 * and poststop are no part of it.
 */
#include <string.h>

#include "plan/plan_build.h"

int hooks_plan_runtime(struct builder *b)
{
	const struct spec_hook_list *pre = &b->spec->hooks[HOOK_PRESTART];
	const struct spec_hook_list *runtime = &b->spec->hooks[HOOK_CREATE_RUNTIME];
	const struct jnode *node;

	if (pre->count + runtime->count == 0)
		return 0;
	node = pre->count ? pre->items[0].node : runtime->items[0].node;
	builder_op(b, OP_HOOKS_RUNTIME, 0, builder_origin(b, node), NULL, 0);
	return 0;
}

int hooks_plan(struct builder *b, enum spec_hook_kind kind)
{
	const struct spec_hook_list *list = &b->spec->hooks[kind];

	if (list->count == 0)
		return 0;
	_cleanup_free_ struct plan_hook *hooks = mem_alloc_array(list->count, sizeof(*hooks));

	for (size_t i = 0; i < list->count; i++) {
		const struct spec_hook *h = &list->items[i];
		const char *const only_path[] = { h->path };

		/* It runs where the program will, and without an environment of its own in the program's. */
		bool inherits = kind == HOOK_START_CONTAINER && h->env.count == 0;

		hooks[i] = (struct plan_hook){
			.path = plan_buffer_string(&b->buf, h->path),
			.args = h->args.count
					? plan_buffer_array(&b->buf, h->args.items, h->args.count)
					: plan_buffer_array(&b->buf, only_path, 1),
			.env = inherits ? process_plan_env(b)
					: plan_buffer_array(&b->buf, h->env.items, h->env.count),
			.flags = inherits ? PLAN_HOOK_PROCESS_ENV : 0,
			.timeout_s = h->timeout_s,
			.index = (uint32_t)i,
			.origin = builder_origin(b, h->node),
		};
	}
	struct plan_arg_hooks arg = {
		.kind = kind,
		.count = (uint32_t)list->count,
		.hooks = plan_buffer_bytes(&b->buf, hooks, list->count * sizeof(*hooks), 8),
		.state = plan_buffer_string(&b->buf, kind == HOOK_START_CONTAINER &&
								     b->opt->hook_state_created
							     ? b->opt->hook_state_created
							     : b->opt->hook_state),
	};

	builder_op(b, kind == HOOK_START_CONTAINER ? OP_HOOKS_START : OP_HOOKS, 0,
		   builder_origin(b, list->items[0].node), &arg, sizeof(arg));
	return 0;
}
