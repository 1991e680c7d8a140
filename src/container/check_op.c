/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_op: what the kernel would say to an operation of the plan, asked without doing it. Host half.
 *
 * A filesystem context that is never created is no mount, so it tells whether type and words are known. What an
 * ordinary user may not ask stays unasked: `run` says it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "container/check_op.h"
#include "knarr/kernel.h"

static int try_word(int fsfd, const char *word)
{
	const char *equals = strchr(word, '=');
	_cleanup_free_ char *key = NULL;

	if (!equals)
		return mount_fsconfig_flag(fsfd, word);
	key = text_printf("%.*s", (int)(equals - word), word);
	return mount_fsconfig_string(fsfd, key, equals + 1);
}

static int check_filesystem(const struct plan_header *p, const struct plan_arg_mount *arg,
			    struct error *err)
{
	const char *type = plan_string(p, arg->fstype), *target = plan_string(p, arg->target);
	_cleanup_close_ int fsfd = mount_fsopen(type);

	if (fsfd == -ENODEV)
		return error_fail(err, ERROR_UNSUPPORTED, ENODEV, "cannot mount '%s' on '%s'", type,
				  target);
	/* Other types look at devices and directories while they are configured. */
	if (fsfd < 0 || !STREQ(type, "tmpfs"))
		return 0;
	for (uint32_t i = 0; i < arg->data.count; i++) {
		const char *word = plan_array_item(p, &arg->data, i);

		if (try_word(fsfd, word) != -EINVAL)
			continue;
		return error_fail(err, ERROR_CONFIG, EINVAL,
				  "cannot mount '%s' on '%s': option '%s' is not taken", type,
				  target, word);
	}
	return 0;
}

/* Keys of one network device, which may come with the container, cannot be known before. */
static int check_sysctl(const struct plan_header *p, const struct plan_arg_sysctl *arg,
			struct error *err)
{
	const char *key = plan_string(p, arg->key);
	_cleanup_free_ char *path = text_printf("/proc/sys/%s", key);

	if (strstr(key, "/conf/") || strstr(key, "/neigh/") ||
	    faccessat(AT_FDCWD, path, F_OK, 0) == 0)
		return 0;
	return error_fail(err, ERROR_UNSUPPORTED, ENOENT, "this kernel has no sysctl '%s' here",
			  key);
}

int check_op(const struct plan_header *p, const struct plan_op *op, struct error *err)
{
	int r = 0;

	if (op->type == OP_MOUNT)
		r = check_filesystem(p, plan_at(p, op->arg), err);
	else if (op->type == OP_SYSCTL)
		r = check_sysctl(p, plan_at(p, op->arg), err);
	if (r < 0)
		error_add_origin(err, plan_string(p, op->origin));
	return r;
}
