/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newuidmap and newgidmap as child processes. Host half.
 *
 * They are the administrator's programs: only absolute directories of PATH are searched, and a file that
 * others may write is passed over. What they print on failure is the only explanation there is, so it
 * becomes part of the message; the usual reason, no range for this user, is looked up as well.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define HELPER_OUTPUT_MAX 4096

static const struct helper {
	const char *program, *ranges, *usermod_flag;
} helpers[] = {
	[IDMAP_UID] = { "newuidmap", "/etc/subuid", "--add-subuids" },
	[IDMAP_GID] = { "newgidmap", "/etc/subgid", "--add-subgids" },
};

static bool is_trusted_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & S_IWOTH) &&
	       access(path, X_OK) == 0;
}

static int find_program(const char *name, char *buf, size_t size)
{
	const char *path = getenv("PATH");

	if (!path || !*path)
		path = DEFAULT_PATH;
	while (*path) {
		size_t len = strcspn(path, ":");

		if (path[0] == '/' && text_format(buf, size, "%.*s/%s", (int)len, path, name) > 0 &&
		    is_trusted_program(buf))
			return 0;
		path += len;
		path += *path == ':';
	}
	return -ENOENT;
}

/* name-or-uid:first:count */
static bool match_range(const char *line, void *arg)
{
	const char *const *names = arg; /* the user's name and uid */
	size_t len = strcspn(line, ":");

	for (size_t i = 0; i < 2; i++)
		if (strlen(names[i]) == len && strncmp(line, names[i], len) == 0)
			return true;
	return false;
}

static void add_range_remedy(const struct helper *h, struct error *err)
{
	char name[USER_NAME_SIZE], uid[USER_NAME_SIZE];
	const char *names[] = { name, uid };

	(void)text_format(uid, sizeof(uid), "%u", getuid());
	user_name(getuid(), name);
	if (user_file_find(h->ranges, match_range, names))
		return;
	error_add_remedy(
		err,
		"%s has no range for user '%s'; add one, for example with 'usermod %s 100000-165535 %s'",
		h->ranges, name, h->usermod_flag, name);
}

/* "newuidmap PID container host size ..." */
static char **build_argv(const struct helper *h, pid_t pid, const struct spec_id_maps *maps,
			 struct arena *arena)
{
	char **argv = arena_alloc(arena, (3 + 3 * maps->count) * sizeof(*argv));
	size_t n = 0;

	argv[n++] = arena_printf(arena, "%s", h->program);
	argv[n++] = arena_printf(arena, "%d", pid);
	for (size_t i = 0; i < maps->count; i++) {
		argv[n++] = arena_printf(arena, "%u", maps->items[i].container);
		argv[n++] = arena_printf(arena, "%u", maps->items[i].host);
		argv[n++] = arena_printf(arena, "%u", maps->items[i].size);
	}
	return argv;
}

/* Our descriptors are all O_CLOEXEC; the helper gets /dev/null and the write end of a pipe. */
static int spawn_program(const char *path, char **argv, int output_fd, pid_t *ret_pid)
{
	char *const env[] = { (char *)"PATH=" DEFAULT_PATH ":/usr/sbin:/sbin", (char *)"LC_ALL=C",
			      NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int r;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output_fd, 1);
	posix_spawn_file_actions_adddup2(&actions, output_fd, 2);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	r = posix_spawn(ret_pid, path, &actions, &attr, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

static int wait_program(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static void trim(char *s)
{
	size_t len = strlen(s);

	while (len && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
	for (; *s; s++) {
		if (iscntrl((unsigned char)*s))
			*s = ' ';
	}
}

int idmap_helper_run(enum idmap_kind kind, pid_t pid, const struct spec_id_maps *maps,
		     struct error *err)
{
	const struct helper *h = &helpers[kind];
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
	_cleanup_free_ char *output = NULL;
	char path[4096];
	int fds[2], status = 0, r;
	size_t len;
	pid_t child;

	if (find_program(h->program, path, sizeof(path)) < 0) {
		r = error_fail(err, ERROR_UNSUPPORTED, 0,
			       "cannot map ids without privilege: there is no '%s' in PATH",
			       h->program);
		error_add_remedy(
			err,
			"install newuidmap and newgidmap (package uidmap or shadow-utils), or map only your own id");
		return r;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe for '%s'", path);
	read_fd = fds[0];
	write_fd = fds[1];
	r = spawn_program(path, build_argv(h, pid, maps, arena), write_fd, &child);
	if (r < 0)
		return error_set(err, -r, "cannot run '%s'", path);
	write_fd = fd_close(write_fd);
	r = io_read_fd(read_fd, HELPER_OUTPUT_MAX, &output, &len);
	read_fd = fd_close(read_fd);
	if (r < 0)
		output = mem_strdup("");
	r = wait_program(child, &status);
	if (r < 0)
		return error_set(err, -r, "cannot wait for '%s'", path);
	if (status == 0)
		return 0;
	trim(output);
	r = error_fail(err, ERROR_PERMISSION, 0, "'%s' refused the id map (%s %d)%s%s", path,
		       WIFEXITED(status) ? "exit status" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		       *output ? ": " : "", output);
	add_range_remedy(h, err);
	return r;
}
