/* SPDX-License-Identifier: Apache-2.0 */
/* spec_flags: the flags of `spec` -> struct spec_template. Pure, so that each of them is tested without a file. */
#include <errno.h>
#include <string.h>

#include "cli/spec_flags.h"

static int bad_value(const char *flag, const char *value, const char *expected, struct error *err)
{
	error_fail(err, ERROR_USAGE, 0, "invalid value '%s' for flag --%s: expected %s", value,
		   flag, expected);
	return -EINVAL;
}

/* UID[:GID] */
static int apply_user(const char *text, struct spec_template *t, struct error *err)
{
	const char *colon = strchr(text, ':');
	_cleanup_free_ char *uid = colon ? mem_strndup(text, (size_t)(colon - text))
					 : mem_strdup(text);

	if (num_parse_id(uid, &t->uid) < 0 || (colon && num_parse_id(colon + 1, &t->gid) < 0))
		return bad_value("user", text, "UID[:GID] in numbers", err);
	return 0;
}

/* "2", "1.5", "0.25": processors -> microseconds per period, in whole numbers. */
static int apply_cpus(const char *text, struct spec_template *t, struct error *err)
{
	size_t whole_len = strcspn(text, ".");
	const char *fraction = text[whole_len] == '.' ? text + whole_len + 1 : "";
	uint64_t whole, part = 0, scale = SPEC_TEMPLATE_CPU_PERIOD_US;

	if (num_parse_u64_len(text, whole_len, &whole) < 0 || whole > 1u << 20 ||
	    (text[whole_len] == '.' && num_parse_u64(fraction, &part) < 0))
		goto bad;
	for (const char *digit = fraction; *digit; digit++) {
		if (scale == 1)
			goto bad;
		scale /= 10;
	}
	t->cpu_quota_us = whole * SPEC_TEMPLATE_CPU_PERIOD_US + part * scale;
	/* The kernel's least quota is one millisecond. */
	if (t->cpu_quota_us >= 1000)
		return 0;
bad:
	return bad_value("cpus", text, "a number of processors such as 0.5 or 2", err);
}

static int apply_limits(const struct spec_flags *f, struct spec_template *t, struct error *err)
{
	bool unlimited = false;

	if (f->memory &&
	    (num_parse_size(f->memory, &t->memory, &unlimited) < 0 || unlimited || t->memory == 0))
		return bad_value("memory", f->memory, "a number of bytes such as 64m", err);
	if (f->pids && (num_parse_i64(f->pids, &t->pids) < 0 || t->pids <= 0))
		return bad_value("pids", f->pids, "a number of tasks", err);
	return f->cpus ? apply_cpus(f->cpus, t, err) : 0;
}

static int apply_capabilities(const struct option_list *names, struct spec_template *t,
			      struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		int number = spec_capability_number(names->items[i]);

		if (number < 0)
			return bad_value("cap", names->items[i], "the name of a capability", err);
		t->capabilities |= 1ull << number;
	}
	return 0;
}

/* SOURCE:DESTINATION[:OPTIONS] */
static int apply_mount(const char *text, struct spec_template_mount *m, struct error *err)
{
	const char *destination = strchr(text, ':'), *options;

	if (!destination || destination == text || destination[1] != '/')
		return bad_value("mount", text, "SOURCE:/DESTINATION[:OPTIONS]", err);
	destination++;
	options = strchr(destination, ':');
	m->source = mem_strndup(text, (size_t)(destination - 1 - text));
	m->destination = options ? mem_strndup(destination, (size_t)(options - destination))
				 : mem_strdup(destination);
	m->options = mem_strdup(options ? options + 1 : "");
	return 0;
}

static int apply_mounts(const struct option_list *texts, struct spec_template *t, struct error *err)
{
	int r = 0;

	if (texts->count == 0)
		return 0;
	t->mounts = mem_alloc_array(texts->count, sizeof(*t->mounts));
	for (size_t i = 0; i < texts->count && r >= 0; i++) {
		r = apply_mount(texts->items[i], &t->mounts[i], err);
		if (r >= 0)
			t->mount_count++;
	}
	return r;
}

static int check_env(const struct option_list *env, struct error *err)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->items[i], '=');

		if (!equals || equals == env->items[i])
			return bad_value("env", env->items[i], "NAME=VALUE", err);
	}
	return 0;
}

static int apply_words(const struct spec_flags *f, struct spec_template *t, struct error *err)
{
	int r = 0;

	if (f->net)
		r = option_check_word("net", f->net, "none|host", err);
	if (r >= 0 && f->seccomp)
		r = option_check_word("seccomp", f->seccomp, "default|none", err);
	if (r < 0)
		return r;
	if (f->cwd && f->cwd[0] != '/')
		return bad_value("cwd", f->cwd, "an absolute path", err);
	/* A user without privilege can use the host's network, not connect a new one to anything. */
	t->host_network = f->net ? STREQ(f->net, "host") : f->rootless;
	t->seccomp = !f->seccomp || STREQ(f->seccomp, "default");
	t->readonly = f->read_only != TRISTATE_FALSE;
	t->terminal = f->terminal != TRISTATE_FALSE;
	t->rootless = f->rootless;
	return 0;
}

int spec_flags_apply(const struct spec_flags *flags, const char *const *operands,
		     struct spec_template *ret, struct error *err)
{
	static const char *const default_args[] = { "sh", NULL };
	int r;

	*ret = (struct spec_template){
		.args = default_args,
		.env = flags->env.items,
		.cwd = flags->cwd ? flags->cwd : "/",
		.hostname = flags->hostname ? flags->hostname : "knarr",
		.rootfs = flags->rootfs ? flags->rootfs : "rootfs",
		.capabilities = SPEC_TEMPLATE_CAPABILITIES,
	};
	if (flags->args.count > 0 && operands && operands[0]) {
		error_fail(err, ERROR_USAGE, 0,
			   "the program is given twice: by --arg and as arguments");
		return -EINVAL;
	}
	if (flags->args.count > 0)
		ret->args = flags->args.items;
	else if (operands && operands[0])
		ret->args = operands;
	r = apply_words(flags, ret, err);
	if (r >= 0 && flags->user)
		r = apply_user(flags->user, ret, err);
	if (r >= 0)
		r = apply_limits(flags, ret, err);
	if (r >= 0)
		r = apply_capabilities(&flags->caps, ret, err);
	if (r >= 0)
		r = check_env(&flags->env, err);
	if (r >= 0)
		r = apply_mounts(&flags->mounts, ret, err);
	return r;
}
