/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root, and what is hidden or made read-only in it; and lexical paths. Host half, pure: a
 * cleaned path says where a name points as text, links are the container half's business
 * (safe_path.c).
 */
#include <string.h>

#include "knarr/uapi.h"
#include "plan/plan_build.h"

char *path_clean(const char *path)
{
	size_t len = strlen(path), out = 0;
	char *clean = mem_alloc(len + 2);

	for (size_t i = 0; i < len;) {
		size_t part = strcspn(path + i, "/");

		if (part == 2 && path[i] == '.' && path[i + 1] == '.') {
			while (out > 0 && clean[--out] != '/')
				;
		} else if (part > 0 && !(part == 1 && path[i] == '.')) {
			clean[out++] = '/';
			memcpy(clean + out, path + i, part);
			out += part;
		}
		i += part + 1;
	}
	if (out == 0)
		clean[out++] = '/';
	clean[out] = '\0';
	return clean;
}

char *path_join_clean(const char *base, const char *path)
{
	if (path[0] == '/')
		return path_clean(path);
	_cleanup_free_ char *joined = text_printf("%s/%s", base, path);

	return path_clean(joined);
}

const char *path_below(const char *path, const char *base)
{
	size_t len = strlen(base);

	if (STREQ(base, "/"))
		return path + 1;
	if (strncmp(path, base, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return path + len;
	return path[len] == '/' ? path + len + 1 : NULL;
}

/* fd: the container's root, to which the namespaces would not lead the process of an exec. */
void root_plan_exec(struct builder *b)
{
	struct plan_arg_root arg = { .path = plan_buffer_string(&b->buf, "/"),
				     .flags = PLAN_ROOT_SHARED };

	builder_op(b, OP_ROOT, 0, b->origin_default, &arg, sizeof(arg));
	/* The pty comes from the container's devpts. */
	console_plan(b, false);
	builder_op(b, OP_PIVOT, 0, b->origin_default, NULL, 0);
}

static int plan_shared_root(struct builder *b)
{
	const struct spec *s = b->spec;
	struct plan_arg_root arg = { .path = plan_buffer_string(&b->buf, b->root),
				     .flags = PLAN_ROOT_SHARED };

	builder_op(b, OP_ROOT, 0,
		   builder_origin(b, s->root.path_node ? s->root.path_node : s->root.node), &arg,
		   sizeof(arg));
	return 0;
}

/*
 * The old tree first loses its way back to the host: slave unless the config says otherwise, always
 * with everything below, since a submount that stayed shared would carry the container's mounts
 * out. "unbindable" is for the new root: the old tree has to be bound from.
 */
int root_plan(struct builder *b)
{
	const struct spec *s = b->spec;
	uint64_t old = s->rootfs_propagation;
	unsigned flags = b->opt->no_pivot ? PLAN_ROOT_NO_PIVOT : 0;

	if (!s->namespaces[NS_MOUNT].present)
		return plan_shared_root(b);
	/* They run before the root switch, and what they mount they mount below the rootfs by its path. */
	if (s->hooks[HOOK_PRESTART].count || s->hooks[HOOK_CREATE_RUNTIME].count ||
	    s->hooks[HOOK_CREATE_CONTAINER].count)
		flags |= PLAN_ROOT_IN_PLACE;

	if (old == 0)
		old = MS_SLAVE;
	else if (old == MS_UNBINDABLE)
		old = MS_PRIVATE;
	struct plan_arg_root arg = {
		.propagation = old,
		.propagation_recursive = 1,
		.path = plan_buffer_string(&b->buf, b->root),
		.flags = flags,
	};

	builder_op(b, OP_ROOT, rootless_open_flags(b),
		   builder_origin(b, s->root.path_node ? s->root.path_node : s->root.node), &arg,
		   sizeof(arg));
	return 0;
}

/* A path that is named twice would be covered twice. */
static bool is_repeated(const struct spec_string_list *list, size_t index, const char *path)
{
	for (size_t i = 0; i < index; i++) {
		_cleanup_free_ char *earlier = path_clean(list->items[i]);

		if (STREQ(earlier, path))
			return true;
	}
	return false;
}

static int plan_list(struct builder *b, enum plan_op_type type, const struct spec_string_list *list,
		     const char *property)
{
	const struct jnode *node = list->node ? list->node->first : NULL;

	for (size_t i = 0; i < list->count; i++, node = node ? node->next : NULL) {
		_cleanup_free_ char *path = path_clean(list->items[i]);

		if (is_repeated(list, i, path))
			continue;
		if (list->items[i][0] != '/')
			return builder_refuse(b, ERROR_CONFIG, node ? node : list->node,
					      "'%s' in '%s' is not an absolute path",
					      list->items[i], property);
		if (STREQ(path, "/"))
			return builder_refuse(b, ERROR_CONFIG, node ? node : list->node,
					      "'%s' cannot hold the container's root", property);
		struct plan_arg_path arg = { .path = plan_buffer_string(&b->buf, path) };

		builder_op(b, type, PLAN_OP_IGNORE_MISSING,
			   builder_origin(b, node ? node : list->node), &arg, sizeof(arg));
	}
	return 0;
}

int paths_plan(struct builder *b)
{
	const struct spec *s = b->spec;
	int r;

	if ((r = plan_list(b, OP_MASK, &s->masked_paths, "maskedPaths")) < 0 ||
	    (r = plan_list(b, OP_READONLY, &s->readonly_paths, "readonlyPaths")) < 0)
		return r;
	for (size_t i = 0; i < b->late_count; i++) {
		struct plan_arg_path arg = { .path = plan_buffer_string(&b->buf, b->late[i].path),
					     .flags = PLAN_PATH_REMOUNT };

		builder_op(b, OP_READONLY, 0, builder_origin(b, b->late[i].node), &arg,
			   sizeof(arg));
	}
	if (s->root.readonly || s->rootfs_propagation) {
		struct plan_arg_root_readonly arg = {
			.attr_set = s->root.readonly ? MOUNT_ATTR_RDONLY : 0,
			.propagation = s->rootfs_propagation,
			.propagation_recursive = s->rootfs_propagation_recursive,
		};

		builder_op(b, OP_ROOT_READONLY, 0,
			   builder_origin(b, s->root.readonly ? s->root.readonly_node
							      : jnode_get(s->linux_node,
									  "rootfsPropagation")),
			   &arg, sizeof(arg));
	}
	builder_op(b, OP_PIVOT, 0,
		   b->opt->no_pivot ? plan_buffer_string(&b->buf, "--no-pivot") : b->origin_default,
		   NULL, 0);
	return 0;
}
