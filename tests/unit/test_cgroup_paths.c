/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cgroups/driver.h"
#include "cgroups/host.h"

static char path[1024];

static int choose(const char *text, const char *base)
{
	struct error err = { 0 };
	int r = path_choose(text, "id1", base, path, sizeof(path), &err);

	if (r < 0) {
		assert_int_equal(err.class, ERROR_CONFIG);
		assert_string_equal(err.origin, "/linux/cgroupsPath");
	}
	return r;
}

static void a_place_is_chosen(void **state)
{
	(void)state;
	assert_int_equal(choose("/a/b", "/user"), 0);
	assert_string_equal(path, "/a/b");
	assert_int_equal(choose("//a///b/", ""), 0);
	assert_string_equal(path, "/a/b");
	assert_int_equal(choose("a/b", ""), 0);
	assert_string_equal(path, "/a/b");
	assert_int_equal(choose("a", "/user.slice/x"), 0);
	assert_string_equal(path, "/user.slice/x/a");
	assert_int_equal(choose(NULL, ""), 0);
	assert_string_equal(path, "/knarr/id1");
	assert_int_equal(choose("", "/u"), 0);
	assert_string_equal(path, "/u/knarr/id1");
	assert_int_equal(choose("/...", ""), 0);
}

static void hostile_paths_are_refused(void **state)
{
	static const char *const bad[] = { "..", "../x",   "/a/../b", "/a/..",  "/..",
					   ".",  "/a/./b", "/a\nb",   "/a\x7f", "/",
					   "//", "a:b:c",  "/a:b",    "\x01",   "/a/b/." };
	char longest[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (choose(bad[i], "") >= 0)
			fail_msg("'%s' gave '%s'", bad[i], path);
	}
	memset(longest, 'x', 256);
	longest[256] = '\0';
	assert_true(choose(longest, "") < 0);
	longest[255] = '\0';
	assert_int_equal(choose(longest, ""), 0);
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
	char longest[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 100 ? 'x' : '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_true(choose(longest, "") < 0);
}

static void sub_cgroups(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(path_check_sub("a/b", "sub-cgroup", NULL, &err), 0);
	assert_int_equal(path_check_sub("", "sub-cgroup", NULL, &err), 0);
	assert_true(path_check_sub("../x", "sub-cgroup", NULL, &err) < 0);
	assert_true(path_check_sub("/x", "sub-cgroup", NULL, &err) < 0);
	assert_true(path_check_sub("a/../../b", "sub-cgroup", NULL, &err) < 0);
	assert_true(path_check_sub("a\nb", "sub-cgroup", NULL, &err) < 0);
}

static void leaves(void **state)
{
	struct spec_key_value items[] = { { .key = "run.oci.systemd.subgroup", .value = "box" },
					  { .key = "run.oci.delegate-cgroup", .value = "own" } };
	struct spec_map map = { items, 2 };
	struct cgroup_request req = { .driver = CGROUP_SYSTEMD, .annotations = &map };
	struct error err = { 0 };
	char leaf[128];

	(void)state;
	assert_int_equal(request_leaf(&req, "container", leaf, sizeof(leaf), &err), 0);
	assert_string_equal(leaf, "/box/own");
	req.driver = CGROUP_FS;
	assert_int_equal(request_leaf(&req, NULL, leaf, sizeof(leaf), &err), 0);
	assert_string_equal(leaf, "/own");
	req = (struct cgroup_request){ .driver = CGROUP_SYSTEMD };
	assert_int_equal(request_leaf(&req, "container", leaf, sizeof(leaf), &err), 0);
	assert_string_equal(leaf, "/container");
	req.annotations = &map;
	map.count = 1;
	items[0].value = "";
	assert_int_equal(request_leaf(&req, "container", leaf, sizeof(leaf), &err), 0);
	assert_string_equal(leaf, "");
	items[0].value = "../up";
	assert_true(request_leaf(&req, "container", leaf, sizeof(leaf), &err) < 0);
	assert_int_equal(err.class, ERROR_CONFIG);
	items[0].off = true;
	assert_int_equal(request_leaf(&req, "container", leaf, sizeof(leaf), &err), 0);
	assert_string_equal(leaf, "/container");
}

static void long_ids_become_one_name(void **state)
{
	char id[1025], a[256], b[256];

	(void)state;
	memset(id, 'x', 1024);
	id[1024] = '\0';
	path_id_name(id, 255, a, sizeof(a));
	id[1023] = 'y';
	path_id_name(id, 255, b, sizeof(b));
	assert_int_equal(strlen(a), 255);
	assert_string_not_equal(a, b);
	path_id_name("short", 255, a, sizeof(a));
	assert_string_equal(a, "short");
}

static const char mountinfo[] =
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
	"40 31 0:37 /part /mnt/with\\040space rw shared:5 master:1 - cgroup2 cgroup2 rw\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
	"42 31 0:38 / /not - a rw - ext4 cgroup2 rw\n";

static void cgroup2_mounts_are_found_wherever_they_are(void **state)
{
	struct host_mount m[4];

	(void)state;
	assert_int_equal(host_parse_mounts(mountinfo, m, 4), 2);
	assert_string_equal(m[0].point, "/sys/fs/cgroup/unified");
	assert_string_equal(m[0].root, "/");
	assert_string_equal(m[1].point, "/mnt/with space");
	assert_string_equal(m[1].root, "/part");
	assert_int_equal(
		host_parse_mounts(
			"40 31 0:37 / /c rw - cgroup2 c rw\n41 1 0:3 / /sys/fs/cgroup rw - cgroup2 c rw",
			m, 4),
		2);
	assert_string_equal(m[0].point, "/sys/fs/cgroup");
	assert_int_equal(host_parse_mounts("", m, 4), 0);
	assert_int_equal(host_parse_mounts("garbage\n- cgroup2 \n1 2 3", m, 4), 0);
}

static void our_own_cgroup(void **state)
{
	static const char text[] = "12:pids:/other\n1:name=systemd:/x\n0::/user.slice/a b\n";
	char buf[64];

	(void)state;
	assert_true(host_parse_own(text, "/", buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, "/user.slice/a b");
	assert_true(host_parse_own("0::/docker/abc/sub\n", "/docker/abc", buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, "/sub");
	assert_true(host_parse_own("0::/docker/abc\n", "/docker/abc", buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, "/");
	assert_true(host_parse_own("0::/docker/abcd\n", "/docker/abc", buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, "/docker/abcd");
	assert_int_equal(host_parse_own("1:name=systemd:/\n", "/", buf, sizeof(buf)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_chosen),
		cmocka_unit_test(hostile_paths_are_refused),
		cmocka_unit_test(a_path_that_does_not_fit_is_refused),
		cmocka_unit_test(sub_cgroups),
		cmocka_unit_test(leaves),
		cmocka_unit_test(long_ids_become_one_name),
		cmocka_unit_test(cgroup2_mounts_are_found_wherever_they_are),
		cmocka_unit_test(our_own_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
