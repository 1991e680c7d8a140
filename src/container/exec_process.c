/* SPDX-License-Identifier: Apache-2.0 */
/* exec_process: what exec shall start, from a process.json or from flags over the container's own process. Host half. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "container/exec_process.h"

#define PROCESS_FILE_MAX (4u << 20)

static int read_file(struct exec_process *ret, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	r = io_read_file_at(AT_FDCWD, path, PROCESS_FILE_MAX, &text, &len);
	if (r < 0) {
		error_set(err, -r, "cannot read the process file '%s'", path);
		error_add_origin(err, "--process");
		return r;
	}
	return spec_parse_process(text, len, path, &ret->file, err);
}

/* What a process.json leaves out is as in the container. */
static void inherit(struct spec_process *p, const struct spec_process *base)
{
	if (!p->capabilities.present)
		p->capabilities = base->capabilities;
	if (!p->rlimit_count) {
		p->rlimits = base->rlimits;
		p->rlimit_count = base->rlimit_count;
	}
	if (!p->apparmor_profile)
		p->apparmor_profile = base->apparmor_profile;
	if (!p->selinux_label)
		p->selinux_label = base->selinux_label;
}

static size_t list_length(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* base followed by more, NULL-terminated, in the arena. */
static struct spec_string_list join_lists(struct arena *a, const struct spec_string_list *base,
					  const char *const *more)
{
	size_t n = list_length(more);
	struct spec_string_list ret = { .count = base->count + n, .node = base->node };

	ret.items = arena_alloc(a, (ret.count + 1) * sizeof(*ret.items));
	for (size_t i = 0; i < base->count; i++)
		ret.items[i] = base->items[i];
	for (size_t i = 0; i < n; i++)
		ret.items[base->count + i] = more[i];
	return ret;
}

static int bad_user(const char *text, struct error *err)
{
	error_fail(err, ERROR_USAGE, 0,
		   "'%s' is no user: expected UID, UID:GID, NAME or NAME:GROUP", text);
	error_add_origin(err, "--user");
	return -EINVAL;
}

static bool looks_numeric(const char *s)
{
	return strchr("0123456789+-. \t", s[0]) != NULL;
}

/*
 * Numbers are never names (R11): a part that starts like a number must be a valid id. A part that is left out keeps
 * the container's. A name is resolved in the container, by the container half.
 */
static int apply_user(struct exec_process *ret, const char *text, struct error *err)
{
	_cleanup_free_ char *uid_text = mem_strdup(text);
	struct spec_user *user = &ret->process.user;
	char *gid_text = strchr(uid_text, ':');
	bool by_name = false;

	if (gid_text)
		*gid_text++ = '\0';
	if ((!uid_text[0] && !gid_text) || (gid_text && !gid_text[0]))
		return bad_user(text, err);
	if (uid_text[0] && looks_numeric(uid_text)) {
		if (num_parse_id(uid_text, &user->uid) < 0)
			return bad_user(text, err);
	} else if (uid_text[0]) {
		by_name = true;
	}
	if (gid_text && looks_numeric(gid_text)) {
		if (num_parse_id(gid_text, &user->gid) < 0)
			return bad_user(text, err);
	} else if (gid_text) {
		by_name = true;
	}
	if (by_name)
		ret->user_name = mem_strdup(text);
	return 0;
}

static int apply_caps(struct spec_process *p, const char *const *caps, struct error *err)
{
	for (size_t i = 0; caps && caps[i]; i++) {
		int n = spec_capability_number(caps[i]);

		if (n < 0) {
			error_fail(err, ERROR_USAGE, 0, "unknown capability '%s'", caps[i]);
			error_add_origin(err, "--cap");
			return -EINVAL;
		}
		/* Never the inheritable or ambient set: files in the container would pass it on (R10). */
		p->capabilities.bounding |= 1ull << n;
		p->capabilities.effective |= 1ull << n;
		p->capabilities.permitted |= 1ull << n;
		p->capabilities.present = true;
	}
	return 0;
}

static void apply_gids(struct spec_process *p, struct arena *a, const struct exec_options *opt)
{
	size_t n = p->user.additional_gid_count + opt->additional_gid_count;
	uint32_t *gids;

	if (!opt->additional_gid_count)
		return;
	gids = arena_alloc(a, n * sizeof(*gids));
	for (size_t i = 0; i < p->user.additional_gid_count; i++)
		gids[i] = p->user.additional_gids[i];
	for (size_t i = 0; i < opt->additional_gid_count; i++)
		gids[p->user.additional_gid_count + i] = opt->additional_gids[i];
	p->user.additional_gids = gids;
	p->user.additional_gid_count = n;
}

static int from_flags(struct exec_process *ret, struct spec *base, const struct exec_options *opt,
		      struct error *err)
{
	struct spec_process *p = &ret->process;
	struct spec_string_list none = { 0 };

	*p = base->process;
	p->args = join_lists(base->arena, &none, opt->args);
	if (!p->args.count)
		return error_fail(err, ERROR_USAGE, 0, "exec needs a command or --process FILE");
	p->env = join_lists(base->arena, &base->process.env, opt->env);
	p->terminal = opt->tty;
	return 0;
}

int exec_process_read(struct exec_process *ret, struct spec *base, const struct exec_options *opt,
		      struct error *err)
{
	struct spec_process *p = &ret->process;
	int r;

	if (opt->process_file) {
		r = read_file(ret, opt->process_file, err);
		if (r < 0)
			return r;
		*p = ret->file->process;
		inherit(p, &base->process);
		if (opt->tty_set)
			p->terminal = opt->tty;
	} else {
		r = from_flags(ret, base, opt, err);
		if (r < 0)
			return r;
	}
	if (opt->cwd)
		p->cwd = opt->cwd;
	if (opt->no_new_privs)
		p->no_new_privileges = true;
	if (opt->apparmor)
		p->apparmor_profile = opt->apparmor;
	if (opt->process_label)
		p->selinux_label = opt->process_label;
	apply_gids(p, base->arena, opt);
	r = apply_caps(p, opt->caps, err);
	if (r >= 0 && opt->user)
		r = apply_user(ret, opt->user, err);
	return r;
}

void exec_process_done(struct exec_process *p)
{
	p->file = spec_free(p->file);
	free(p->user_name);
	p->user_name = NULL;
}
