/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of hooks, in order, and the sentence about the one that failed. Host half.
 *
 * Hooks are numbered from 0, as in their JSON pointer and in the text that runc's users know.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "process.h"

/* Room for the tail of the output in a sentence of one line; the rest goes to the debug log. */
#define MESSAGE_TAIL 400

static void describe_end(const struct spec_hook *hook, const struct hook_result *res, char *buf,
			 size_t size)
{
	int status = res->wait_status;

	if (res->timed_out)
		(void)text_format(buf, size, "killed after its timeout of %u s", hook->timeout_s);
	else if (WIFSIGNALED(status))
		(void)text_format(buf, size, "killed by signal %d%s after %llu ms",
				  WTERMSIG(status), WCOREDUMP(status) ? " (core dumped)" : "",
				  (unsigned long long)res->duration_ms);
	else
		(void)text_format(buf, size, "exit status %d after %llu ms", WEXITSTATUS(status),
				  (unsigned long long)res->duration_ms);
}

static int hook_failed(const struct spec_hook *hook, enum spec_hook_kind kind, size_t index,
		       const struct hook_result *res, struct error *err)
{
	char end[96], tail[MESSAGE_TAIL];
	int r;

	if (res->exec_errno) {
		r = error_fail(err, ERROR_HOOK, res->exec_errno,
			       "error running %s hook #%zu: '%s': cannot execute",
			       spec_hook_name(kind), index, hook->path);
		error_add_syscall(err, res->exec_step);
		return r;
	}
	describe_end(hook, res, end, sizeof(end));
	tail_line(&res->output, tail, sizeof(tail));
	if (res->output.len)
		log_debug("output of %s hook #%zu '%s': %s%s", spec_hook_name(kind), index,
			  hook->path, res->output.cut ? "..." : "", res->output.text);
	return error_fail(err, ERROR_HOOK, 0, "error running %s hook #%zu: '%s': %s%s%s",
			  spec_hook_name(kind), index, hook->path, end, tail[0] ? ": " : "", tail);
}

static void add_place(const struct spec_hook *hook, struct error *err)
{
	char pointer[192];

	error_add_step(err, "hook");
	error_add_subject(err, hook->path);
	if (hook->node)
		error_add_origin(err, jnode_pointer(hook->node, pointer, sizeof(pointer)));
}

int hooks_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *state_json,
	      int cwd_fd, const struct hook_output *out, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct spec_hook *hook = &list->items[i];
		struct hook_result res;
		int r;

		r = hook_process_run(hook, state_json, cwd_fd, out, &res, err);
		if (r < 0) {
			error_prefix(err, "error running %s hook #%zu", spec_hook_name(kind), i);
		} else if (res.exec_errno || res.timed_out || res.wait_status != 0) {
			r = hook_failed(hook, kind, i, &res, err);
		} else {
			log_debug("%s hook #%zu '%s' took %llu ms", spec_hook_name(kind), i,
				  hook->path, (unsigned long long)res.duration_ms);
			continue;
		}
		add_place(hook, err);
		return r;
	}
	return 0;
}
