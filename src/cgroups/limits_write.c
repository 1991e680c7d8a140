/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits -> files of one cgroup: check, write, and replace with the old values kept. Host half.
 *
 * A file that is not there means one of two things, and the message says which: its controller is not enabled for
 * this cgroup, or the kernel was built or booted without that part of the controller.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/limits.h"
#include "cgroups/tree.h"

void limit_target(const struct limit *l, int dirfd, const char **ret_file, const char **ret_value)
{
	bool alt = l->alt_file && tree_has_file(dirfd, l->alt_file);

	*ret_file = alt ? l->alt_file : l->file;
	*ret_value = alt ? l->alt_value : l->value;
}

static bool has_controller(int dirfd, const char *controller)
{
	char list[256];

	if (STREQ(controller, "cgroup"))
		return true;
	return tree_read(dirfd, "cgroup.controllers", list, sizeof(list)) >= 0 &&
	       tree_has_word(list, controller);
}

static int fail_missing(const struct limit *l, int dirfd, const char *path, const char *file,
			struct error *err)
{
	int r;

	if (has_controller(dirfd, l->controller))
		r = error_fail(
			err, ERROR_UNSUPPORTED, 0,
			"cgroup '%s' has no file '%s': this kernel was built or started without it",
			path, file);
	else
		r = error_fail(
			err, ERROR_UNSUPPORTED, 0,
			"controller '%s' is not available in cgroup '%s', so '%s' cannot be set",
			l->controller, path, file);
	error_add_step(err, "cgroup-limits");
	error_add_subject(err, file);
	error_add_origin(err, l->origin);
	return r;
}

static int fail_write(const struct limit *l, int r, const char *path, const char *file,
		      const char *value, struct error *err)
{
	error_set(err, -r, "cannot write '%s' to '%s' of cgroup '%s'", value, file, path);
	error_add_step(err, "cgroup-limits");
	error_add_syscall(err, "write");
	error_add_subject(err, file);
	error_add_origin(err, l->origin);
	return r;
}

/* With best, a limit that cannot be had is a warning. */
static int tolerate(int r, bool best, const struct error *e, struct error *err)
{
	char text[1024];

	if (!best) {
		if (err)
			*err = *e;
		return r;
	}
	log_warning("%s, ignoring", error_format(e, text, sizeof(text)));
	return 0;
}

int limits_check(const struct limits *l, int dirfd, const char *path, bool best, struct error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct limit *limit = &l->items[i];
		const char *file, *value;
		struct error e = { 0 };
		int r;

		limit_target(limit, dirfd, &file, &value);
		if ((limit->flags & LIMIT_OPTIONAL) || tree_has_file(dirfd, file))
			continue;
		r = tolerate(fail_missing(limit, dirfd, path, file, &e), best, &e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A file keyed by device takes one line a write; unified values may hold many. */
static int write_lines(int dirfd, const char *file, const char *value)
{
	int r = 0;

	if (!strchr(value, '\n'))
		return tree_write(dirfd, file, value);
	while (*value && r >= 0) {
		size_t len = strcspn(value, "\n");
		_cleanup_free_ char *line = mem_strndup(value, len);

		if (len)
			r = tree_write(dirfd, file, line);
		value += len + (value[len] == '\n');
	}
	return r;
}

static int write_value(const struct limit *l, int dirfd, const char *file, const char *value)
{
	return l->flags & LIMIT_UNIFIED ? write_lines(dirfd, file, value)
					: tree_write(dirfd, file, value);
}

/*
 * quota >= burst must hold at every moment, so the order of the two depends on the values in force: a quota that
 * the old burst forbids is written after the new burst.
 */
static int write_quota(const struct limits *l, size_t i, int dirfd)
{
	const struct limit *quota = &l->items[i];
	int r = tree_write(dirfd, quota->file, quota->value);

	if (r != -EINVAL || i + 1 >= l->count || !STREQ(l->items[i + 1].file, "cpu.max.burst"))
		return r;
	if (tree_write(dirfd, l->items[i + 1].file, l->items[i + 1].value) < 0)
		return r;
	return tree_write(dirfd, quota->file, quota->value);
}

static int write_one(const struct limits *l, size_t i, int dirfd, const char *path, bool early,
		     struct error *err)
{
	const struct limit *limit = &l->items[i];
	const char *file, *value;
	int r;

	if (limit->flags & LIMIT_DROPPED)
		return 0;
	limit_target(limit, dirfd, &file, &value);
	if (early && (limit->flags & LIMIT_LATE))
		value = limit->early;
	r = STREQ(file, "cpu.max") ? write_quota(l, i, dirfd)
				   : write_value(limit, dirfd, file, value);
	if (r >= 0)
		return 0;
	if (r == -ENOENT && (limit->flags & LIMIT_OPTIONAL))
		return 0;
	/* Creating a file is what cgroupfs refuses with EACCES, and what a missing one may answer with. */
	if (r == -ENOENT || (r == -EACCES && !tree_has_file(dirfd, file)))
		return fail_missing(limit, dirfd, path, file, err);
	return fail_write(limit, r, path, file, value, err);
}

int limits_write(const struct limits *l, int dirfd, const char *path, bool best, struct error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		struct error e = { 0 };
		int r = write_one(l, i, dirfd, path, true, &e);

		if (r < 0)
			r = tolerate(r, best, &e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int limits_write_late(const struct limits *l, int dirfd, const char *path, bool best,
		      struct error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		struct error e = { 0 };
		int r = l->items[i].flags & LIMIT_LATE ? write_one(l, i, dirfd, path, false, &e)
						       : 0;

		/* The early value has met a missing file, too; that has no errno. */
		if (r >= 0 || (best && e.code == 0))
			continue;
		r = tolerate(r, best, &e, err);
		if (r < 0)
			return r;
	}
	return 0;
}

void limits_repeat(const struct limits *l, int dirfd, const char *path)
{
	for (size_t i = 0; i < l->count; i++) {
		const char *file, *value;
		int r;

		limit_target(&l->items[i], dirfd, &file, &value);
		r = tree_has_file(dirfd, file) ? write_one(l, i, dirfd, path, false, NULL) : 0;
		if (r < 0)
			log_warning("cannot write '%s' of cgroup '%s': %s, ignoring", file, path,
				    errno_text(-r));
	}
}

/* ---- replace: all or nothing --------------------------------------------------------------- */

/* The text that puts "KEY ..." back, where each line of a file belongs to a device: its old line, or its default. */
static char *restore_keyed(const char *file, const char *old, const char *value)
{
	size_t len = strcspn(value, " ");

	for (const char *line = old; line && *line;
	     line = strchr(line, '\n'), line += line ? 1 : 0) {
		if (strncmp(line, value, len) == 0 && line[len] == ' ')
			return mem_strndup(line, strcspn(line, "\n"));
	}
	if (STREQ(file, "io.max"))
		return text_printf("%.*s rbps=max wbps=max riops=max wiops=max", (int)len, value);
	if (STREQ(file, "rdma.max"))
		return text_printf("%.*s hca_handle=max hca_object=max", (int)len, value);
	return text_printf("%.*s default", (int)len, value);
}

static bool is_keyed(const char *file)
{
	return STREQ(file, "io.max") || STREQ(file, "rdma.max") || STREQ(file, "io.weight") ||
	       STREQ(file, "io.bfq.weight");
}

static void restore(const struct limit *l, int dirfd, const char *old)
{
	const char *file, *value;
	int r;

	if (!old)
		return;
	limit_target(l, dirfd, &file, &value);
	if (is_keyed(file) && !(l->flags & LIMIT_UNIFIED)) {
		_cleanup_free_ char *line = restore_keyed(file, old, value);

		r = tree_write(dirfd, file, line);
	} else {
		r = write_lines(dirfd, file, old);
	}
	if (r < 0)
		log_warning("cannot restore '%s' of the cgroup: %s, ignoring", file,
			    errno_text(-r));
}

static void olds_free(char **olds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(olds[i]);
	free(olds);
}

int limits_replace(const struct limits *l, int dirfd, const char *path, struct error *err)
{
	char **olds;
	size_t done;
	int r = limits_check(l, dirfd, path, false, err);

	if (r < 0)
		return r;
	olds = mem_alloc_array(l->count + 1, sizeof(*olds));
	for (size_t i = 0; i < l->count; i++) {
		const char *file, *value;
		size_t len;

		limit_target(&l->items[i], dirfd, &file, &value);
		if (tree_read_all(dirfd, file, &olds[i]) < 0)
			olds[i] = NULL; /* write-only or optional: nothing to go back to */
		len = olds[i] ? strlen(olds[i]) : 0;
		if (len && olds[i][len - 1] == '\n')
			olds[i][len - 1] = '\0';
	}
	for (done = 0; done < l->count && r == 0; done++)
		r = write_one(l, done, dirfd, path, false, err);
	/* Twice, since the old quota may only be possible with the old burst and the other way round. */
	for (unsigned pass = 0; r < 0 && pass < 2; pass++) {
		for (size_t i = done; i-- > 0;)
			restore(&l->items[i], dirfd, olds[i]);
	}
	olds_free(olds, l->count);
	return r;
}
