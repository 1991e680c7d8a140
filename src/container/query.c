/* SPDX-License-Identifier: Apache-2.0 */
/* query: state and list: what the records and the kernel say, changing nothing. Host half. */
#include <errno.h>
#include <string.h>

#include "container/container_private.h"

int container_state(const struct container_context *ctx, const char *id, char **ret_json,
		    struct error *err)
{
	_cleanup_free_ char *limits = NULL;
	struct found f;
	int r;

	r = found_peek(ctx, id, &f, err);
	if (r >= 0) {
		limits = cgroup_limits_json(&f.cgroup);
		*ret_json =
			state_json_more(&f.state, f.status, limits, cgroup_oom_killed(&f.cgroup));
	}
	found_done(&f);
	return r;
}

static void add_entry(struct container_list *list, struct found *f)
{
	struct container_entry *e;

	list->items = mem_grow(list->items, list->count + 1, sizeof(*list->items));
	e = &list->items[list->count++];
	e->state = f->state;
	e->status = f->status;
	memset(&f->state, 0, sizeof(f->state)); /* moved */
}

int container_list(const struct container_context *ctx, struct container_list *ret,
		   struct error *err)
{
	struct state_root root = { .fd = -EBADF };
	char **ids = NULL;
	size_t count = 0;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = state_root_open(ctx->root, false, &root, err);
	if (r < 0)
		return r;
	if (root.fd < 0) {
		if (ctx->root)
			return error_fail(err, ERROR_NOT_FOUND, ENOENT,
					  "state root '%s' does not exist", ctx->root);
		return 0;
	}
	r = state_list(&root, &ids, &count, err);
	state_root_close(&root);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct error skipped;
		struct found f;

		if (found_peek(ctx, ids[i], &f, &skipped) >= 0)
			add_entry(ret, &f);
		else if (skipped.class != ERROR_NOT_FOUND)
			log_warning("container '%s': %s, skipping", ids[i], skipped.text);
		found_done(&f);
	}
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
	return r;
}

void container_list_done(struct container_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		state_done(&l->items[i].state);
	free(l->items);
	l->items = NULL;
	l->count = 0;
}
