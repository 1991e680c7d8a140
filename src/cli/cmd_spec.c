/* SPDX-License-Identifier: Apache-2.0 */
/* spec: write a config.json to start from. Host half. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/spec_flags.h"

#define FIELD(member) offsetof(struct spec_flags, member)

static const struct option rows[] = {
	{ FIELD(bundle), OPTION_STRING, 'b', "bundle", "DIR",
	  "directory to write config.json into (default: the current directory)" },
	{ FIELD(file), OPTION_STRING, 'f', "file", "FILE|-",
	  "write to this file, or to standard output" },
	{ FIELD(rootless), OPTION_BOOL, 0, "rootless", "",
	  "for an ordinary user: a user namespace with one's own id" },
	{ FIELD(args), OPTION_LIST, 0, "arg", "ARG",
	  "program and arguments, one a flag; or give them behind the flags" },
	{ FIELD(env), OPTION_LIST, 'e', "env", "NAME=VALUE", "environment variable (repeatable)" },
	{ FIELD(cwd), OPTION_STRING, 0, "cwd", "DIR", "working directory (default: /)" },
	{ FIELD(user), OPTION_STRING, 'u', "user", "UID[:GID]", "run as this user (default: 0:0)" },
	{ FIELD(terminal), OPTION_TRISTATE, 't', "terminal", "",
	  "give the program a terminal (default; --terminal=false: not)" },
	{ FIELD(caps), OPTION_LIST, 'c', "cap", "CAP",
	  "add a capability and the system calls it is for (repeatable)" },
	{ FIELD(seccomp), OPTION_STRING, 0, "seccomp", "default|none",
	  "system call filter (default: default)" },
	{ FIELD(rootfs), OPTION_STRING, 0, "rootfs", "DIR",
	  "root filesystem, relative to the bundle (default: rootfs)" },
	{ FIELD(read_only), OPTION_TRISTATE, 0, "read-only", "",
	  "read-only root (default; --read-only=false: not)" },
	{ FIELD(mounts), OPTION_LIST, 0, "mount", "SOURCE:DEST[:OPTIONS]",
	  "bind mount (repeatable)" },
	{ FIELD(hostname), OPTION_STRING, 0, "hostname", "NAME", "host name (default: knarr)" },
	{ FIELD(net), OPTION_STRING, 0, "net", "none|host",
	  "new network namespace (default) or the host's (default with --rootless)" },
	{ FIELD(memory), OPTION_STRING, 0, "memory", "BYTES", "memory limit; suffixes k, m, g" },
	{ FIELD(cpus), OPTION_STRING, 0, "cpus", "N",
	  "processors the container may keep busy, such as 1.5" },
	{ FIELD(pids), OPTION_STRING, 0, "pids", "N", "number of tasks" },
};

static int write_file(const struct spec_flags *f, const char *text, struct error *err)
{
	const char *name = f->file ? f->file : "config.json";
	_cleanup_close_ int dirfd = -EBADF, fd = -EBADF;
	int r;

	if (f->bundle) {
		dirfd = open(f->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dirfd < 0)
			return error_set(err, errno, "cannot open bundle '%s'", f->bundle);
	}
	/* Never over a file that somebody has edited. */
	fd = openat(f->bundle ? dirfd : AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0666);
	if (fd < 0) {
		r = error_set(err, errno, "cannot create '%s'", name);
		if (r == -EEXIST)
			error_add_remedy(err, "remove it first");
		return r;
	}
	r = io_write_all(fd, text, strlen(text));
	if (r >= 0)
		r = io_write_all(fd, "\n", 1);
	if (r < 0) {
		error_set(err, -r, "cannot write '%s'", name);
		(void)unlinkat(f->bundle ? dirfd : AT_FDCWD, name, 0);
		return r;
	}
	return 0;
}

static bool has_other_groups(void)
{
	int n = getgroups(0, NULL);
	_cleanup_free_ gid_t *groups = NULL;

	if (n <= 0)
		return false;
	groups = mem_alloc_array((size_t)n, sizeof(*groups));
	n = getgroups(n, groups);
	for (int i = 0; i < n; i++)
		if (groups[i] != getegid())
			return true;
	return false;
}

static int run(const struct invocation *inv, struct error *err)
{
	const struct spec_flags *flags = inv->options;
	_cleanup_(spec_template_done) struct spec_template t = { 0 };
	_cleanup_free_ char *text = NULL;
	int r;

	r = spec_flags_apply(flags, inv->args, &t, err);
	if (r < 0)
		return r;
	t.host_uid = (uint32_t)geteuid();
	t.host_gid = (uint32_t)getegid();
	/* Groups that cannot be dropped are a reason to refuse, unless the config says to keep them. */
	t.keep_groups = flags->rootless && geteuid() != 0 && has_other_groups();
	text = spec_template_text(&t);
	if (flags->file && STREQ(flags->file, "-"))
		return output_line(text, err);
	return write_file(flags, text, err);
}

const struct command command_spec = {
	.name = "spec",
	.args = "[-- PROGRAM [ARGUMENT...]]",
	.summary = "write a config.json to start from, safe by default",
	.max_args = COMMAND_ARGS_MANY,
	.stop_after = 1,
	COMMAND_OPTIONS(struct spec_flags, rows),
	.run = run,
};
