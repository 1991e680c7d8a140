/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of linux.intelRdt on a tree of plain files. Such a tree does not fill a new directory with the kernel's
 * files, so a schema can be written to a group that was there before, and fails in one that was not.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "knarr/base.h"
#include "knarr/cgroups.h"

struct tree {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct tree *t = mem_alloc(sizeof(*t));

	strcpy(t->path, "/tmp/knarr-resctrl.XXXXXX");
	assert_non_null(mkdtemp(t->path));
	t->fd = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
	assert_int_equal(mkdirat(t->fd, "mon_groups", 0755), 0);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *t = *state;
	_cleanup_free_ char *command = text_printf("rm -rf '%s'", t->path);

	assert_int_equal(system(command), 0);
	close(t->fd);
	free(t);
	return 0;
}

static void put(const struct tree *t, const char *name, const char *text)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* A class of service as the kernel makes it. */
static void make_group(const struct tree *t, const char *name, const char *schemata)
{
	_cleanup_free_ char *monitors = text_printf("%s/mon_groups", name);
	_cleanup_free_ char *file = text_printf("%s/schemata", name);
	_cleanup_free_ char *tasks = text_printf("%s/tasks", name);

	assert_int_equal(mkdirat(t->fd, name, 0755), 0);
	assert_int_equal(mkdirat(t->fd, monitors, 0755), 0);
	put(t, file, schemata);
	put(t, tasks, "");
}

static void expect_text(const struct tree *t, const char *name, const char *text)
{
	_cleanup_free_ char *found = NULL;
	size_t len;

	assert_int_equal(io_read_file_at(t->fd, name, 4096, &found, &len), 0);
	assert_string_equal(found, text);
}

static bool exists(const struct tree *t, const char *name)
{
	return faccessat(t->fd, name, F_OK, 0) == 0;
}

static void a_class_named_after_the_container(void **state)
{
	const struct tree *t = *state;
	struct spec_intel_rdt rdt = { .present = true };
	struct resctrl r;

	assert_int_equal(resctrl_create(t->fd, &rdt, "box", &r, NULL), 0);
	assert_true(exists(t, "box"));
	assert_string_equal(r.group, "box");
	assert_string_equal(r.monitor, "");
	assert_string_equal(r.remove, "box");
	resctrl_remove(t->fd, r.remove);
	assert_false(exists(t, "box"));
	resctrl_remove(t->fd, r.remove); /* it is gone already: nothing to say */
	resctrl_remove(t->fd, "");
}

static void a_class_by_name_has_to_exist(void **state)
{
	const struct tree *t = *state;
	struct spec_intel_rdt rdt = { .present = true, .clos_id = "shared" };
	struct error err = { .text = "" };
	struct resctrl r;

	assert_true(resctrl_create(t->fd, &rdt, "box", &r, &err) < 0);
	assert_string_equal(err.text, "there is no class of service 'shared'");
	assert_string_equal(err.origin, "/linux/intelRdt/closID");
	assert_false(exists(t, "shared"));

	make_group(t, "shared", "L3:0=f\n");
	assert_int_equal(resctrl_create(t->fd, &rdt, "box", &r, &err), 0);
	assert_string_equal(r.group, "shared");
	assert_string_equal(r.remove, "");
}

static void schemata_are_compared_where_the_class_exists(void **state)
{
	static const struct {
		const char *l3, *bandwidth;
		bool same;
	} cases[] = {
		{ "L3:0=7f0;1=1f", NULL, true },  { "L3:1=1f;0=7f0", NULL, true },
		{ "L3:0=7F0", NULL, true },       { "L3:0=07f0", NULL, true },
		{ NULL, "MB:0=70;1=20", true },   { "L3:0=7f0", "MB:1=20", true },
		{ "L3:0=7f", NULL, false },       { "L3:0=7f0;2=1f", NULL, false },
		{ "L2:0=7f0", NULL, false },      { NULL, "MB:0=7", false },
		{ "L3:0=7f0", "MB:0=10", false }, { "nonsense", NULL, false },
	};
	const struct tree *t = *state;

	make_group(t, "shared", "    MB:0=70;1=20\n    L3:0=7f0;1=1f\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec_intel_rdt rdt = { .present = true,
					      .clos_id = "shared",
					      .l3_cache_schema = cases[i].l3,
					      .mem_bw_schema = cases[i].bandwidth };
		struct error err = { .text = "" };
		struct resctrl r;
		int ret = resctrl_create(t->fd, &rdt, "box", &r, &err);

		if ((ret >= 0) != cases[i].same)
			fail_msg("case %zu: %d %s", i, ret, err.text);
		if (!cases[i].same)
			assert_non_null(strstr(err.text, "its schemata are not"));
	}
	/* nothing of it was written or removed */
	expect_text(t, "shared/schemata", "    MB:0=70;1=20\n    L3:0=7f0;1=1f\n");
}

static void schemata_are_written_to_the_containers_own_class(void **state)
{
	const struct tree *t = *state;
	struct spec_intel_rdt rdt = { .present = true, .l3_cache_schema = "L3:0=3" };
	struct resctrl r;

	make_group(t, "box", "");
	assert_int_equal(resctrl_create(t->fd, &rdt, "box", &r, NULL), 0);
	expect_text(t, "box/schemata", "L3:0=3\n");
	/* it was there before: not ours to remove */
	assert_string_equal(r.remove, "");
}

static void a_class_that_cannot_be_filled_is_undone(void **state)
{
	static const char *const names[] = { NULL, "shared" };
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct spec_intel_rdt rdt = { .present = true,
					      .clos_id = names[i],
					      .l3_cache_schema = "L3:0=3" };
		struct error err = { .text = "" };
		struct resctrl r;

		assert_true(resctrl_create(t->fd, &rdt, "box", &r, &err) < 0);
		assert_string_equal(err.origin, "/linux/intelRdt/l3CacheSchema");
		assert_false(exists(t, names[i] ? names[i] : "box"));
	}
}

static void monitoring(void **state)
{
	const struct tree *t = *state;
	struct spec_intel_rdt rdt = { .present = true,
				      .clos_id = "shared",
				      .enable_monitoring = true };
	struct resctrl r;

	make_group(t, "shared", "");
	assert_int_equal(resctrl_create(t->fd, &rdt, "box", &r, NULL), 0);
	assert_true(exists(t, "shared/mon_groups/box"));
	assert_string_equal(r.monitor, "shared/mon_groups/box");
	assert_string_equal(r.remove, "shared/mon_groups/box");
	put(t, "shared/mon_groups/box/tasks", "");
	assert_int_equal(resctrl_assign(t->fd, &r, 4321, NULL), 0);
	expect_text(t, "shared/tasks", "4321");
	expect_text(t, "shared/mon_groups/box/tasks", "4321");
	assert_int_equal(unlinkat(t->fd, "shared/mon_groups/box/tasks", 0), 0);
	resctrl_remove(t->fd, r.remove);
	assert_false(exists(t, "shared/mon_groups/box"));
	assert_true(exists(t, "shared"));

	rdt.clos_id = "/";
	assert_int_equal(resctrl_create(t->fd, &rdt, "box", &r, NULL), 0);
	assert_string_equal(r.group, "/");
	assert_string_equal(r.monitor, "mon_groups/box");
	assert_true(exists(t, "mon_groups/box"));
}

static void names_that_lead_elsewhere(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "../x", "/x", ".hidden" };
	const struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct spec_intel_rdt rdt = { .present = true, .clos_id = names[i] };
		struct error err = { .text = "" };
		struct resctrl r;

		assert_true(resctrl_create(t->fd, &rdt, "box", &r, &err) < 0);
		assert_non_null(strstr(err.text, "is no name of a class of service"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_class_named_after_the_container, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_class_by_name_has_to_exist, set_up, tear_down),
		cmocka_unit_test_setup_teardown(schemata_are_compared_where_the_class_exists,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(schemata_are_written_to_the_containers_own_class,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_class_that_cannot_be_filled_is_undone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(monitoring, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_lead_elsewhere, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
