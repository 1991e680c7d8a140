/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the links of /dev (config-linux.md, "Default Devices"; runtime-linux.md, "Dev
 * symbolic links"). Host half, pure. A /dev that the config binds is complete as it is: nothing is
 * put into what may be the host's own.
 */
#include <string.h>

#include "plan/plan_build.h"

static const struct {
	const char *path;
	uint32_t major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const struct {
	const char *path, *target;
} default_links[] = {
	{ "/dev/fd", "/proc/self/fd" },       { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
};

static void device_add(struct builder *b, const struct plan_arg_device *template, const char *path,
		       uint32_t origin)
{
	struct plan_arg_device arg = *template;

	arg.path = plan_buffer_string(&b->buf, path);
	arg.flags = rootless_device_flags(b, (char)arg.type);
	builder_op(b, OP_DEVICE, (arg.flags & PLAN_DEVICE_BIND) ? rootless_open_flags(b) : 0,
		   origin, &arg, sizeof(arg));
}

/* Is there something of the config at this very path? */
static bool is_mounted(const struct builder *b, const char *path)
{
	for (size_t i = 0; i < b->spec->mount_count; i++)
		if (STREQ(b->destinations[i], path))
			return true;
	return false;
}

static bool same_device(const struct spec_device *x, const struct spec_device *y)
{
	return x->type == y->type && x->major == y->major && x->minor == y->minor &&
	       x->mode == y->mode && x->uid == y->uid && x->gid == y->gid;
}

/* The index of an earlier entry for the same path, or count. */
static size_t find_path(char *const *paths, size_t count, const char *path)
{
	size_t i = 0;

	while (i < count && !STREQ(paths[i], path))
		i++;
	return i;
}

/*
 * What the runtime sets up in another way: ptmx is a link to the container's devpts, the console is
 * its pty.
 */
static bool is_made_otherwise(const struct builder *b, const struct spec_device *d,
			      const char *path)
{
	if (d->type != 'c' || d->major != 5)
		return false;
	return (d->minor == 2 && STREQ(path, "/dev/ptmx")) ||
	       (d->minor == 1 && STREQ(path, "/dev/console") && b->process->terminal);
}

static int plan_configured(struct builder *b, char **paths)
{
	for (size_t i = 0; i < b->spec->device_count; i++) {
		const struct spec_device *d = &b->spec->devices[i];
		const char *below;
		size_t twin;

		paths[i] = path_join_clean("/", d->path);
		below = path_below(paths[i], "/dev");
		if (STREQ(paths[i], "/") || (below && below[0] == '\0') ||
		    path_below(paths[i], "/proc"))
			return builder_refuse(b, ERROR_CONFIG, d->node,
					      "there can be no device at '%s'", d->path);
		twin = find_path(paths, i, paths[i]);
		if (twin < i) {
			if (same_device(&b->spec->devices[twin], d))
				continue;
			return builder_refuse(b, ERROR_CONFIG, d->node,
					      "two different devices are given for '%s'", d->path);
		}
		if ((below && b->dev_ready) || is_made_otherwise(b, d, paths[i]))
			continue;
		struct plan_arg_device arg = {
			.type = (uint32_t)d->type,
			.major = d->major,
			.minor = d->minor,
			.mode = d->mode,
			.uid = d->uid,
			.gid = d->gid,
		};

		device_add(b, &arg, paths[i], builder_origin(b, d->node));
	}
	return 0;
}

static void plan_defaults(struct builder *b, char *const *paths)
{
	size_t count = b->spec->device_count;

	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++) {
		const char *path = default_devices[i].path;
		struct plan_arg_device arg = { .type = 'c',
					       .major = default_devices[i].major,
					       .minor = default_devices[i].minor,
					       .mode = 0666 };

		if (find_path(paths, count, path) == count && !is_mounted(b, path))
			device_add(b, &arg, path, b->origin_default);
	}
}

static void plan_links(struct builder *b, char *const *paths)
{
	size_t count = b->spec->device_count;

	for (size_t i = 0; i < ARRAY_SIZE(default_links); i++) {
		const char *path = default_links[i].path;
		size_t at = find_path(paths, count, path);

		if ((at < count && !is_made_otherwise(b, &b->spec->devices[at], path)) ||
		    is_mounted(b, path))
			continue;
		struct plan_arg_symlink arg = {
			.target = plan_buffer_string(&b->buf, default_links[i].target),
			.path = plan_buffer_string(&b->buf, path),
		};

		builder_op(b, OP_SYMLINK, 0, b->origin_default, &arg, sizeof(arg));
	}
}

int devices_plan(struct builder *b)
{
	size_t count = b->spec->device_count;
	char **paths = mem_alloc_array(count, sizeof(*paths));
	int r = plan_configured(b, paths);

	if (r == 0 && !b->dev_ready) {
		plan_defaults(b, paths);
		plan_links(b, paths);
	}
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
	return r;
}
