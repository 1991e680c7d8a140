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

/* One line of printable text: the last bytes of the output, control characters become blanks. */
static void one_line_tail(const struct hook_result *res, char *buf, size_t size)
{
	size_t len = res->tail_len, start, n = 0;
	bool blank = true;

	while (len && (unsigned char)res->tail[len - 1] <= ' ')
		len--;
	start = len > size - 4 ? len - (size - 4) : 0;
	/* Not in the middle of a UTF-8 character. */
	while (start && start < len && ((unsigned char)res->tail[start] & 0xC0) == 0x80)
		start++;
	if (start || res->tail_cut) {
		memcpy(buf, "...", 3);
		n = 3;
	}
	for (size_t i = start; i < len && n + 1 < size; i++) {
		unsigned char c = (unsigned char)res->tail[i];

		if (c <= ' ' || c == 0x7f) {
			if (!blank)
				buf[n++] = ' ';
			blank = true;
		} else {
			buf[n++] = (char)c;
			blank = false;
		}
	}
	buf[n] = '\0';
	if (!text_is_utf8(buf, n)) {
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)buf[i] >= 0x80)
				buf[i] = '?';
		}
	}
}

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
	one_line_tail(res, tail, sizeof(tail));
	if (res->tail_len)
		log_debug("output of %s hook #%zu '%s': %s%s", spec_hook_name(kind), index,
			  hook->path, res->tail_cut ? "..." : "", res->tail);
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
