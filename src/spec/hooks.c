/* SPDX-License-Identifier: Apache-2.0 */
/* hooks: the six lists of config.md, "POSIX-platform Hooks". Host half; pure. */
#include "spec/sections.h"

static int hook_timeout(struct decode *d, const struct jnode *node, void *target)
{
	uint64_t seconds = 0;
	int r = decode_unsigned(d, node, 1, INT32_MAX, &seconds);

	*(uint32_t *)target = (uint32_t)seconds;
	return r;
}

static int decode_hook(struct decode *d, const struct jnode *node, void *target)
{
	static const struct row rows[] = {
		{ "path", ROW_STRING, decode_absolute_path, offsetof(struct spec_hook, path),
		  ROW_MANDATORY, 0 },
		{ "args", ROW_STRINGS, decode_strings, offsetof(struct spec_hook, args), 0, 0 },
		{ "env", ROW_STRINGS, decode_strings, offsetof(struct spec_hook, env), 0, 0 },
		{ "timeout", ROW_INTEGER, hook_timeout, offsetof(struct spec_hook, timeout_s), 0,
		  0 },
	};
	struct spec_hook *hook = target;

	hook->node = node;
	return DECODE_OBJECT(d, node, rows, hook);
}

static int decode_hook_list(struct decode *d, const struct jnode *node, void *target)
{
	struct spec_hook_list *list = target;

	list->items = decode_room(d, node, sizeof(*list->items));
	list->count = node->count;
	return decode_each(d, node, list->items, sizeof(*list->items), decode_hook);
}

int decode_hooks(struct decode *d, const struct jnode *node, void *target)
{
#define LIST(name, kind) \
	name, ROW_OBJECTS, decode_hook_list, offsetof(struct spec, hooks[kind]), 0, 0
	static const struct row rows[] = {
		{ LIST("prestart", HOOK_PRESTART) },
		{ LIST("createRuntime", HOOK_CREATE_RUNTIME) },
		{ LIST("createContainer", HOOK_CREATE_CONTAINER) },
		{ LIST("startContainer", HOOK_START_CONTAINER) },
		{ LIST("poststart", HOOK_POSTSTART) },
		{ LIST("poststop", HOOK_POSTSTOP) },
	};
#undef LIST

	return DECODE_OBJECT(d, node, rows, target);
}
