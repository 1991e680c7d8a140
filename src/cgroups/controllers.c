/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Controllers: enabling them down a path, and saying why one is not there. Host half.
 *
 * A controller works in a cgroup when every ancestor lists it in cgroup.subtree_control, and a cgroup that has
 * processes of its own cannot list any (the root excepted): that is the EBUSY here. Enabling takes a lock that every
 * fork of the machine waits for, so what is on already is never written again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/driver.h"
#include "cgroups/tree.h"
#include "knarr/kernel.h"

/* Worth having without a limit: `events`, engines' statistics and their OOM detection read them. */
static const char *const accounting[] = { "cpu", "io", "memory", "pids" };

static void add_word(char list[CONTROLLERS_MAX], const char *word)
{
	size_t used = strlen(list);

	if (!tree_has_word(list, word) && used + strlen(word) + 2 < CONTROLLERS_MAX)
		snprintf(list + used, CONTROLLERS_MAX - used, "%s%s", used ? " " : "", word);
}

void controllers_needed(const struct limits *limits, char needed[CONTROLLERS_MAX])
{
	needed[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		add_word(needed, accounting[i]);
	for (size_t i = 0; i < limits->count; i++) {
		if (!STREQ(limits->items[i].controller, "cgroup"))
			add_word(needed, limits->items[i].controller);
	}
}

/* The words of wanted that are in have and not yet in on, each with a '+'. */
static void missing_words(const char *wanted, const char *have, const char *on,
			  char out[CONTROLLERS_MAX])
{
	char word[64];
	size_t used = 0;

	out[0] = '\0';
	for (const char *p = wanted; *p;) {
		size_t len = strcspn(p, " ");

		if (len && len < sizeof(word)) {
			memcpy(word, p, len);
			word[len] = '\0';
			if (tree_has_word(have, word) && !tree_has_word(on, word) &&
			    used + len + 3 < CONTROLLERS_MAX)
				used += (size_t)snprintf(out + used, CONTROLLERS_MAX - used,
							 "%s+%s", used ? " " : "", word);
		}
		p += len;
		p += strspn(p, " ");
	}
}

static void explain(int dirfd, const char *path, int r, char *reason, size_t size)
{
	const char *shown = *path ? path : "/";
	char pids[64], first[24];

	if (!reason || reason[0])
		return;
	if (r == -EBUSY && tree_read(dirfd, "cgroup.procs", pids, sizeof(pids)) != 0) {
		pids[sizeof(pids) - 1] = '\0';
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(pids, "\n"), pids);
		snprintf(
			reason, size,
			"cgroup '%s' has processes of its own (such as %s) and so cannot pass controllers on",
			shown, first[0] ? first : "?");
		return;
	}
	if (r == -EOPNOTSUPP || r == -EINVAL) {
		char type[64];

		if (tree_read(dirfd, "cgroup.type", type, sizeof(type)) > 0 &&
		    !STREQ(type, "domain")) {
			snprintf(reason, size, "cgroup '%s' is threaded ('%s')", shown, type);
			return;
		}
	}
	snprintf(reason, size, "cannot write to cgroup.subtree_control of cgroup '%s': %s", shown,
		 errno_text(-r));
}

/* Enables wanted for the children of dirfd, as far as possible. */
static void enable(int dirfd, const char *path, const char *wanted, char *reason,
		   size_t reason_size)
{
	char have[CONTROLLERS_MAX], on[CONTROLLERS_MAX], todo[CONTROLLERS_MAX];
	int r;

	if (tree_read(dirfd, "cgroup.controllers", have, sizeof(have)) <= 0)
		return;
	if (tree_read(dirfd, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return;
	missing_words(wanted, have, on, todo);
	if (!todo[0])
		return;
	r = tree_write(dirfd, "cgroup.subtree_control", todo);
	if (r >= 0)
		return;
	explain(dirfd, path, r, reason, reason_size);
	if (!strchr(todo, ' ') || r == -EBUSY || r == -EACCES || r == -EROFS)
		return;
	/* The kernel takes all or none: one that cannot be had must not cost the others. */
	for (char *save = NULL, *word = strtok_r(todo, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		r = tree_write(dirfd, "cgroup.subtree_control", word);
		if (r < 0)
			log_debug("controller '%s' cannot be enabled below '%s': %s", word + 1,
				  *path ? path : "/", errno_text(-r));
	}
}

void controllers_unmake_path(int root_fd, const char *path, unsigned made)
{
	char rest[1152];

	text_copy(rest, sizeof(rest), path);
	for (; made; made--) {
		char *slash = strrchr(rest, '/');
		int r = tree_remove_path(root_fd, rest);

		/* Somebody else may have begun to use what we made: then it is theirs. */
		if (r < 0 && r != -EBUSY && r != -ENOTEMPTY && r != -ENOENT)
			log_warning("cannot remove cgroup '%s': %s, ignoring", rest,
				    errno_text(-r));
		if (!slash)
			return;
		*slash = '\0';
	}
}

struct descent {
	int root_fd;
	const char *wanted;
	bool make;
	char *reason;
	size_t reason_size;
	char done[1152]; /* what is there or made by now */
	unsigned made;   /* the last components of done that were made now */
};

/* Enters the next component of *path: the descriptor of it, or -ENODATA at the end. */
static int descend_step(struct descent *d, int fd, const char **path)
{
	size_t len = strcspn(*path += strspn(*path, "/"), "/"), used = strlen(d->done);
	char name[256];
	int r;

	if (!len)
		return -ENODATA;
	if (len >= sizeof(name) || used + len + 2 > sizeof(d->done))
		return -ENAMETOOLONG;
	memcpy(name, *path, len);
	name[len] = '\0';
	*path += len;
	enable(fd, d->done, d->wanted, d->reason, d->reason_size);
	r = d->make ? tree_make(fd, name) : 0;
	if (r < 0)
		return r;
	d->made += (unsigned)r;
	snprintf(d->done + used, sizeof(d->done) - used, "/%s", name);
	return safe_open(fd, name, SAFE_BENEATH | SAFE_DIRECTORY);
}

/* Walks path; on failure what was made is gone again. */
static int descend(struct descent *d, const char *path)
{
	_cleanup_close_ int fd = tree_open(d->root_fd, "/");

	while (fd >= 0) {
		int next = descend_step(d, fd, &path);

		fd_close(fd);
		fd = next;
	}
	if (fd == -ENODATA)
		return 0;
	controllers_unmake_path(d->root_fd, d->done, d->made);
	return fd;
}

void controllers_enable_down(int root_fd, const char *path, const char *wanted, char *reason,
			     size_t reason_size)
{
	struct descent d = {
		.root_fd = root_fd, .wanted = wanted, .reason = reason, .reason_size = reason_size
	};

	if (reason_size)
		reason[0] = '\0';
	(void)descend(&d, path);
}

void controllers_pass_on(int root_fd, int dirfd, const char *leaf)
{
	char have[CONTROLLERS_MAX];

	if (tree_read(dirfd, "cgroup.controllers", have, sizeof(have)) > 0)
		controllers_enable_down(root_fd, leaf, have, NULL, 0);
}

/*
 * In the usual case the parent is there and passes on everything that the host has: two reads instead of a walk, and
 * none where nothing is wanted.
 */
static int make_in_parent(int root_fd, const char *path, const char *wanted)
{
	char have[CONTROLLERS_MAX], on[CONTROLLERS_MAX], todo[CONTROLLERS_MAX], parent[1024];
	_cleanup_close_ int fd = -EBADF;
	const char *name = strrchr(path, '/');

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
	fd = tree_open(root_fd, parent);
	if (fd < 0)
		return fd;
	if (!wanted[0])
		return tree_make(fd, name + 1);
	if (tree_read(root_fd, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    tree_read(fd, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return -ENODATA;
	missing_words(wanted, have, on, todo);
	if (todo[0])
		return -ENODATA;
	return tree_make(fd, name + 1);
}

static int fail_make(int r, const char *path, struct error *err)
{
	error_set(err, -r, "cannot make cgroup '%s'", path);
	error_add_step(err, "cgroup-create");
	error_add_syscall(err, "mkdir");
	error_add_subject(err, path);
	error_add_origin(err, "/linux/cgroupsPath");
	if (r == -EACCES || r == -EPERM)
		error_add_remedy(
			err,
			"choose a cgroup that was delegated to this user, or use --cgroup-manager systemd");
	else if (r == -EROFS)
		error_add_remedy(err, "the cgroup2 file system is mounted read-only here");
	else if (r == -EAGAIN)
		error_add_remedy(
			err, "a limit of depth or number (cgroup.max.*) of a parent was reached");
	return r;
}

int controllers_make_path(int root_fd, const char *path, const char *wanted, unsigned *ret_made,
			  char *reason, size_t reason_size, struct error *err)
{
	int r = make_in_parent(root_fd, path, wanted);

	*ret_made = r > 0 ? 1 : 0;
	if (reason_size)
		reason[0] = '\0';
	if (r >= 0)
		return 0;
	/* A parent that another container's end removes between two steps is made again. */
	for (unsigned tries = 0; tries < 8; tries++) {
		struct descent d = {
			.root_fd = root_fd,
			.wanted = wanted,
			.make = true,
			.reason = reason,
			.reason_size = reason_size,
		};

		r = descend(&d, path);
		*ret_made = d.made;
		if (r >= 0)
			return 0;
		if (r != -ENOENT)
			break;
	}
	*ret_made = 0;
	return fail_make(r, path, err);
}

int controllers_check(struct limits *limits, const char *available, const char *path,
		      const char *reason, bool best, struct error *err)
{
	for (size_t i = 0; i < limits->count; i++) {
		struct limit *l = &limits->items[i];
		struct error e = { 0 };
		char text[1024];
		int r;

		if ((l->flags & LIMIT_OPTIONAL) || STREQ(l->controller, "cgroup") ||
		    tree_has_word(available, l->controller))
			continue;
		r = error_fail(
			&e, ERROR_UNSUPPORTED, 0,
			"controller '%s' is not available in cgroup '%s', so '%s' cannot be set: %s",
			l->controller, path, l->file,
			reason && reason[0] ? reason
					    : "no parent has it in its cgroup.controllers");
		error_add_step(&e, "cgroup-limits");
		error_add_subject(&e, l->controller);
		error_add_origin(&e, l->origin);
		if (!best) {
			error_add_remedy(
				&e,
				"remove the limit, delegate the controller, or use --limits=best");
			if (err)
				*err = e;
			return r;
		}
		log_warning("%s, ignoring", error_format(&e, text, sizeof(text)));
		l->flags |= LIMIT_DROPPED;
	}
	return 0;
}
