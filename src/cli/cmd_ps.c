/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps: the processes of a container, as their host ids or in the words of the host's ps(1). Host half.
 *
 * The rows of ps are chosen by the PID column that its header names, so that any selection of columns works as long
 * as it has one. Where there is no ps, the ids alone are printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"

#define PS_OUTPUT_MAX (64u << 20)
#define STATUS_NO_PROGRAM 127

extern char **environ;

struct ps_flags {
	const char *format;
};

static const struct option rows[] = {
	{ offsetof(struct ps_flags, format), OPTION_STRING, 'f', "format", "table|json",
	  "form of the output (default: table)" },
};

/* Runs the host's ps and returns what it printed; -ENOENT if there is none. */
static int run_host_ps(const char *const *args, char **ret_text, struct error *err)
{
	static const char *const default_args[] = { "-ef", NULL };
	_cleanup_close_ int reader = -EBADF, writer = -EBADF;
	_cleanup_free_ char *text = NULL;
	posix_spawn_file_actions_t actions;
	char *argv[64] = { (char *)"ps" };
	int fds[2], status, r, n;
	size_t len;
	pid_t pid;

	if (!args[0])
		args = default_args;
	for (n = 0; args[n]; n++) {
		if (n + 2 >= (int)ARRAY_SIZE(argv))
			return error_set(err, E2BIG, "too many arguments for ps");
		argv[n + 1] = (char *)(uintptr_t)args[n];
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe for ps");
	reader = fds[0];
	writer = fds[1];
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, writer, STDOUT_FILENO);
	r = posix_spawnp(&pid, "ps", &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	writer = fd_close(writer);
	if (r != 0)
		return r == ENOENT ? -ENOENT : error_set(err, r, "cannot run ps");
	r = io_read_fd(reader, PS_OUTPUT_MAX, &text, &len);
	reader = fd_close(reader);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return error_set(err, -r, "cannot read the output of ps");
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NO_PROGRAM)
		return -ENOENT;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_fail(err, ERROR_SYSTEM, 0, "ps failed: exit status %d",
				  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	*ret_text = TAKE_PTR(text);
	return 0;
}

/* The n-th word of a line; false if it has fewer. */
static bool find_word(const char *line, unsigned n, const char **ret, size_t *ret_len)
{
	static const char blank[] = " \t";

	for (;; n--) {
		size_t len;

		line += strspn(line, blank);
		len = strcspn(line, " \t\n");
		if (len == 0)
			return false;
		if (n == 0) {
			*ret = line;
			*ret_len = len;
			return true;
		}
		line += len;
	}
}

static bool has_pid(const pid_t *pids, size_t count, const char *word, size_t len)
{
	uint64_t pid;

	if (num_parse_u64_len(word, len, &pid) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if ((uint64_t)pids[i] == pid)
			return true;
	}
	return false;
}

static int select_rows(const char *text, const pid_t *pids, size_t count, struct buf *out,
		       struct error *err)
{
	const char *word;
	unsigned column = 0;
	size_t len;

	while (find_word(text, column, &word, &len) && !(len == 3 && strncmp(word, "PID", 3) == 0))
		column++;
	if (!find_word(text, column, &word, &len)) {
		error_fail(err, ERROR_USAGE, 0,
			   "the output of ps has no PID column to choose rows by");
		return -EINVAL;
	}
	for (bool header = true; *text; header = false) {
		size_t line = strcspn(text, "\n"), start = out->len;

		if (header ||
		    (find_word(text, column, &word, &len) && has_pid(pids, count, word, len))) {
			buf_add(out, text, line);
			text_sanitize(out->data + start); /* a container chooses its arguments */
			buf_add_str(out, "\n");
		}
		text += line + (text[line] == '\n');
	}
	return 0;
}

static void add_pids(const pid_t *pids, size_t count, struct buf *out)
{
	buf_add_str(out, "PID\n");
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%d\n", (int)pids[i]);
}

static void add_json(const pid_t *pids, size_t count, struct buf *out)
{
	if (count == 0) {
		buf_add_str(out, "null\n");
		return;
	}
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%d", i == 0 ? "[" : ",", (int)pids[i]);
	buf_add_str(out, "]\n");
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct ps_flags *flags = inv->options;
	const char *format = flags->format ? flags->format : "table";
	_cleanup_free_ pid_t *pids = NULL;
	_cleanup_free_ char *text = NULL;
	_cleanup_(buf_done) struct buf out = { 0 };
	size_t count = 0;
	int r;

	r = option_check_word("format", format, "table|json", err);
	if (r >= 0)
		r = container_pids(&inv->context, inv->args[0], &pids, &count, err);
	if (r < 0)
		return r;
	if (STREQ(format, "json")) {
		add_json(pids, count, &out);
		return output_text(out.data, err);
	}
	r = run_host_ps(inv->args + 1, &text, err);
	if (r == -ENOENT) {
		add_pids(pids, count, &out);
		r = 0;
	} else if (r >= 0) {
		r = select_rows(text, pids, count, &out, err);
	}
	return r < 0 ? r : output_text(out.data, err);
}

const struct command command_ps = {
	.name = "ps",
	.args = "ID [PS-OPTION...]",
	.summary = "list the processes of a container",
	.min_args = 1,
	.max_args = COMMAND_ARGS_MANY,
	.stop_after = 1,
	COMMAND_OPTIONS(struct ps_flags, rows),
	.run = run,
};
