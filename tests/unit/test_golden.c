/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden plans: each folder of tests/golden/cases holds a config.json, the facts and options
 * ("key=value" lines), and the printed plan, or the refusal, that must come of them.
 * A file of the same name in tests/fuzz/corpus/plan_validate is the plan itself, where the fuzzer
 * begins. KNARR_GOLDEN_UPDATE=1 writes both anew; read the diff.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "knarr/plan.h"

struct golden {
	struct plan_host host;
	struct plan_options opt;
	char kind[16];
	char *process_file;
	char *texts[8];
	size_t text_count;
	uint64_t filter[16];
};

static const char *keep(struct golden *g, const char *s)
{
	assert_true(g->text_count < ARRAY_SIZE(g->texts));
	return g->texts[g->text_count++] = mem_strdup(s);
}

static uint64_t namespace_set(const char *list)
{
	uint64_t set = 0;

	for (int ns = 0; ns < NS_COUNT; ns++)
		if (strstr(list, spec_ns_name((enum spec_ns)ns)))
			set |= spec_ns_clone_flag((enum spec_ns)ns);
	return set;
}

static bool set_number(struct golden *g, const char *key, uint32_t value)
{
	const struct {
		const char *key;
		uint32_t *target;
	} numbers[] = {
		{ "euid", &g->host.euid },
		{ "egid", &g->host.egid },
		{ "ngroups", &g->host.ngroups },
		{ "last_cap", &g->host.last_cap },
		{ "preserve_fds", &g->opt.preserve_fds },
		{ "listen_fds", &g->opt.listen_fds },
		{ "filter", &g->opt.filter_count },
		{ "filter_flags", &g->opt.filter_flags },
	};
	const struct {
		const char *key;
		bool *target;
	} switches[] = {
		{ "privileged", &g->host.privileged },
		{ "in_userns", &g->host.in_userns },
		{ "can_mknod", &g->host.can_mknod },
		{ "cgroup_ns", &g->host.cgroup_ns_supported },
		{ "apparmor", &g->host.apparmor },
		{ "selinux", &g->host.selinux },
		{ "no_pivot", &g->opt.no_pivot },
		{ "no_new_keyring", &g->opt.no_new_keyring },
		{ "timing", &g->opt.timing },
		{ "exec_fork", &g->opt.exec_fork },
		{ "exec_userns", &g->opt.exec_userns },
		{ "filter_listener", &g->opt.filter_listener },
		{ "keep_groups", &g->opt.keep_groups },
		{ "mounts_remove", &g->opt.mounts_remove },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (STREQ(key, numbers[i].key)) {
			*numbers[i].target = value;
			return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (STREQ(key, switches[i].key)) {
			*switches[i].target = value != 0;
			return true;
		}
	return false;
}

static void set_option(struct golden *g, const char *key, const char *value)
{
	uint32_t number;

	if (STREQ(key, "kind"))
		text_copy(g->kind, sizeof(g->kind), value);
	else if (STREQ(key, "bundle"))
		text_copy(g->host.bundle, sizeof(g->host.bundle), value);
	else if (STREQ(key, "cgroup_root"))
		text_copy(g->host.cgroup_root, sizeof(g->host.cgroup_root), value);
	else if (STREQ(key, "exec_user"))
		g->opt.exec_user = keep(g, value);
	else if (STREQ(key, "hook_state"))
		g->opt.hook_state = keep(g, value);
	else if (STREQ(key, "notify_dir"))
		g->opt.notify_dir = keep(g, value);
	else if (STREQ(key, "process"))
		g->process_file = (char *)(uintptr_t)keep(g, value);
	else if (STREQ(key, "exec_namespaces"))
		g->opt.exec_namespaces = namespace_set(value);
	else if (STREQ(key, "gate"))
		g->opt.gate = STREQ(value, "socket")      ? PLAN_GATE_SOCKET
			      : STREQ(value, "handshake") ? PLAN_GATE_HANDSHAKE
							  : PLAN_GATE_NONE;
	else if (num_parse_u32(value, &number) < 0 || !set_number(g, key, number))
		fail_msg("unknown option '%s=%s'", key, value);
}

/* Root on an ordinary cgroup2 host; the case's options file changes that line by line. */
static void load_options(struct golden *g, char *text)
{
	*g = (struct golden){
		.host = { .privileged = true,
			  .can_mknod = true,
			  .cgroup_ns_supported = true,
			  .bundle = "/bundle",
			  .cgroup_root = "/sys/fs/cgroup",
			  .last_cap = 40 },
		.opt = { .id = "c1", .gate = PLAN_GATE_SOCKET, .hook_state = "{}" },
		.kind = "create",
	};
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *equals = strchr(line, '=');

		if (line[0] == '#')
			continue;
		assert_non_null(equals);
		*equals = '\0';
		set_option(g, line, equals + 1);
	}
	if (g->opt.filter_count) {
		assert_true(g->opt.filter_count <= ARRAY_SIZE(g->filter));
		g->opt.filter = g->filter;
	}
}

static int build(const struct golden *g, const struct spec *spec, struct plan *plan,
		 struct error *err)
{
	if (STREQ(g->kind, "exec"))
		return plan_build_exec(spec, &g->host, &g->opt, plan, err);
	if (STREQ(g->kind, "mounts"))
		return plan_build_mounts(spec, &g->host, &g->opt, plan, err);
	return plan_build_create(spec, &g->host, &g->opt, plan, err);
}

static void print_refusal(const struct error *err, struct buf *out)
{
	buf_printf(out, "refused: %s: %s", error_class_name((enum error_class)err->class),
		   err->text);
	if (err->remedy[0])
		buf_printf(out, "; %s", err->remedy);
	buf_printf(out, "  # %s\n", err->origin);
}

static char *read_text(int dirfd, const char *name, size_t *len)
{
	char *text = NULL;

	if (io_read_file_at(dirfd, name, JREAD_MAX_SIZE, &text, len) < 0)
		fail_msg("cannot read %s", name);
	return text;
}

/* A seed of another version would be refused by its first bytes, and the fuzzer would find no more. */
static void check_seed(int seeds_fd, const char *name, const struct plan_header *plan)
{
	_cleanup_free_ char *seed = NULL;
	size_t len;

	if (faccessat(seeds_fd, name, F_OK, 0) < 0)
		return;
	if (getenv("KNARR_GOLDEN_UPDATE"))
		assert_int_equal(io_replace_file_at(seeds_fd, name, 0644, plan, plan->size), 0);
	seed = read_text(seeds_fd, name, &len);
	if (len != plan->size || memcmp(seed, plan, len) != 0)
		fail_msg("the seed of the fuzzer with this plan is old");
}

/*
 * The plan of a case as text. It must be valid, the same twice, and independent of the spec it came
 * from.
 */
static void run_case(int dirfd, const char *name, int seeds_fd, struct buf *out)
{
	_cleanup_free_ char *options = NULL, *config = NULL, *process = NULL;
	struct spec *spec = NULL, *process_spec = NULL;
	struct plan plan = { 0 }, again = { 0 };
	struct error err = { 0 };
	struct golden g;
	size_t len;
	int r, bad;

	options = read_text(dirfd, "options", &len);
	load_options(&g, options);
	config = read_text(dirfd, "config.json", &len);
	if (!STREQ(g.kind, "mounts"))
		r = spec_parse(config, len, "config.json", &spec, NULL, &err);
	else if (g.opt.mounts_remove)
		r = spec_parse_unmounts(config, len, "config.json", &spec, &err);
	else
		r = spec_parse_mounts(config, len, "config.json", &spec, &err);
	if (r == 0 && g.process_file) {
		process = read_text(dirfd, g.process_file, &len);
		r = spec_parse_process(process, len, g.process_file, &process_spec, &err);
		if (r == 0)
			g.opt.process = &process_spec->process;
	}
	if (r < 0) {
		buf_add_str(out, "spec ");
		print_refusal(&err, out);
	} else if (build(&g, spec, &plan, &err) < 0) {
		print_refusal(&err, out);
	} else {
		assert_int_equal(build(&g, spec, &again, &err), 0);
		spec = spec_free(spec);
		r = plan_validate(plan.header, plan.header->size, &bad);
		if (r < 0)
			fail_msg("the plan is not valid: op %d", bad);
		assert_int_equal(plan.header->size, again.header->size);
		assert_memory_equal(plan.header, again.header, plan.header->size);
		check_seed(seeds_fd, name, plan.header);
		plan_print(plan.header, out);
	}
	plan_done(&plan);
	plan_done(&again);
	spec_free(spec);
	spec_free(process_spec);
	for (size_t i = 0; i < g.text_count; i++)
		free(g.texts[i]);
}

/* 1 if the case is as recorded. */
static int check_case(int cases_fd, const char *name, int seeds_fd)
{
	_cleanup_close_ int dirfd = openat(cases_fd, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *expected = NULL;
	struct buf out = { 0 };
	size_t len = 0;
	int same;

	assert_true(dirfd >= 0);
	run_case(dirfd, name, seeds_fd, &out);
	if (getenv("KNARR_GOLDEN_UPDATE"))
		assert_int_equal(io_replace_file_at(dirfd, "plan.txt", 0644, out.data, out.len), 0);
	expected = read_text(dirfd, "plan.txt", &len);
	same = len == out.len && memcmp(expected, out.data, len) == 0;
	if (!same)
		print_error("case %s\n---- expected\n%s---- got\n%s", name, expected, out.data);
	buf_done(&out);
	return same;
}

static void test_cases(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct dirent *entry;
	int count = 0, wrong = 0;
	int seeds_fd;
	DIR *dir;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/plan_validate",
		       srcdir ? srcdir : ".");
	seeds_fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	assert_true(seeds_fd >= 0);
	(void)snprintf(path, sizeof(path), "%s/tests/golden/cases", srcdir ? srcdir : ".");
	dir = opendir(path);
	if (!dir)
		fail_msg("cannot open %s", path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		wrong += !check_case(dirfd(dir), entry->d_name, seeds_fd);
	}
	closedir(dir);
	fd_close(seeds_fd);
	assert_true(count >= 25);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
