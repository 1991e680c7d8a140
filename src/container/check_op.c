/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_op: what the kernel would say to an operation of the plan, asked without doing it. Host half.
 *
 * A filesystem context that is never created is no mount, so it tells whether type and words are known.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/check_op.h"
#include "knarr/kernel.h"

enum { WORDS_MAX = 200 }; /* an exit status tells which one */

static int try_word(int fsfd, const char *word)
{
	const char *equals = strchr(word, '=');
	_cleanup_free_ char *key = NULL;

	if (!equals)
		return mount_fsconfig_flag(fsfd, word);
	key = text_printf("%.*s", (int)(equals - word), word);
	return mount_fsconfig_string(fsfd, key, equals + 1);
}

enum { VERDICT_GOOD, VERDICT_NO_TYPE, VERDICT_NOT_ALLOWED, VERDICT_WORD }; /* VERDICT_WORD + i */

static int ask_kernel(const struct plan_header *p, const struct plan_arg_mount *arg)
{
	const char *type = plan_string(p, arg->fstype);
	_cleanup_close_ int fsfd = mount_fsopen(type);

	if (fsfd < 0)
		return fsfd == -ENODEV  ? VERDICT_NO_TYPE
		       : fsfd == -EPERM ? VERDICT_NOT_ALLOWED
					: VERDICT_GOOD;
	/* Other types look at devices and directories while they are configured. */
	if (!STREQ(type, "tmpfs"))
		return VERDICT_GOOD;
	for (uint32_t i = 0; i < arg->data.count && i < WORDS_MAX; i++)
		if (try_word(fsfd, plan_array_item(p, &arg->data, i)) == -EINVAL)
			return VERDICT_WORD + (int)i;
	return VERDICT_GOOD;
}

/* An ordinary user may ask in a user namespace, as the container would: a child makes one and goes away with it. */
static int ask_in_userns(const struct plan_header *p, const struct plan_arg_mount *arg)
{
	struct uapi_clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNS,
					.exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	int status = 0;

	if (pid == 0)
		_exit(ask_kernel(p, arg));
	if (pid < 0)
		return VERDICT_NOT_ALLOWED;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return VERDICT_NOT_ALLOWED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : VERDICT_NOT_ALLOWED;
}

static int check_filesystem(const struct plan_header *p, const struct plan_arg_mount *arg,
			    struct error *err)
{
	const char *type = plan_string(p, arg->fstype), *target = plan_string(p, arg->target);
	int verdict = ask_kernel(p, arg);

	if (verdict == VERDICT_NOT_ALLOWED)
		verdict = ask_in_userns(p, arg);
	if (verdict == VERDICT_NO_TYPE)
		return error_fail(err, ERROR_UNSUPPORTED, ENODEV, "cannot mount '%s' on '%s'", type,
				  target);
	if (verdict >= VERDICT_WORD)
		return error_fail(
			err, ERROR_CONFIG, EINVAL,
			"cannot mount '%s' on '%s': option '%s' is not taken", type, target,
			plan_array_item(p, &arg->data, (uint32_t)(verdict - VERDICT_WORD)));
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

/* The next range of a list as in cpuset files ("0-3,8"); false at its end. */
static bool next_range(const char **list, unsigned long *ret_first, unsigned long *ret_last)
{
	char *end;

	if (**list < '0' || **list > '9')
		return false;
	*ret_first = *ret_last = strtoul(*list, &end, 10);
	if (*end == '-')
		*ret_last = strtoul(end + 1, &end, 10);
	*list = *end == ',' ? end + 1 : end;
	return true;
}

static bool lists_meet(const char *a, const char *b)
{
	unsigned long a_first, a_last, b_first, b_last;

	while (next_range(&a, &a_first, &a_last))
		for (const char *p = b; next_range(&p, &b_first, &b_last);)
			if (a_first <= b_last && b_first <= a_last)
				return true;
	return false;
}

/* The kernel leaves out the nodes that are not there, and refuses a policy without any. */
static int check_memory_policy(const struct plan_header *p,
			       const struct plan_arg_memory_policy *arg, struct error *err)
{
	static const char key[] = "\nMems_allowed_list:\t";
	const char *nodes = plan_string(p, arg->nodes), *allowed;
	char status[8192];

	if (!nodes[0] ||
	    io_read_small_at(AT_FDCWD, "/proc/self/status", status, sizeof(status)) < 0)
		return 0;
	allowed = strstr(status, key);
	if (!allowed || lists_meet(nodes, allowed + strlen(key)))
		return 0;
	allowed += strlen(key);
	return error_fail(err, ERROR_UNSUPPORTED, EINVAL,
			  "cannot set the memory policy for nodes '%s': there are only '%.*s'",
			  nodes, (int)strcspn(allowed, "\n"), allowed);
}

int check_op(const struct plan_header *p, const struct plan_op *op, struct error *err)
{
	int r = 0;

	if (op->type == OP_MOUNT)
		r = check_filesystem(p, plan_at(p, op->arg), err);
	else if (op->type == OP_SYSCTL)
		r = check_sysctl(p, plan_at(p, op->arg), err);
	else if (op->type == OP_MEMORY_POLICY)
		r = check_memory_policy(p, plan_at(p, op->arg), err);
	if (r < 0)
		error_add_origin(err, plan_string(p, op->origin));
	return r;
}
