/* SPDX-License-Identifier: Apache-2.0 */
/* The identities in a record, values that no build writes, and what is left of a record that is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "knarr/state.h"

struct place {
	char dir[32], path[64];
	struct state_root root;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/knarr-state-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/a/root", p->dir);
	assert_int_equal(state_root_open(p->path, true, &p->root, NULL), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[64];

	state_root_close(&p->root);
	snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

#define IDENTITIES                                                                                       \
	"\"bootId\":\"b\",\"startTime\":12,\"cgroupDriver\":1,\"cgroupPath\":\"/a\",\"cgroupInode\":77," \
	"\"namespaceInodeUser\":5,\"namespaceInodeTime\":6"

static void save_text(struct place *p, const char *text, struct state_dir *ret)
{
	assert_int_equal(state_dir_make(&p->root, "c", ret, NULL), 0);
	assert_int_equal(state_save_file(ret, "state.json", text, strlen(text), NULL), 0);
}

static void remove_it(struct state_dir *d)
{
	assert_int_equal(state_dir_remove(d, NULL), 0);
	state_dir_close(d);
}

static void identities_are_kept(void **state)
{
	struct place *p = *state;
	struct state s = { .id = strdup("c1"), .pid = 4711 }, t = { 0 };
	struct state_dir d;

	s.cgroup_inode = UINT64_MAX;
	for (size_t i = 0; i < NSFS_KINDS; i++)
		s.namespace_inodes[i] = 100 + i;
	assert_int_equal(state_dir_make(&p->root, "c1", &d, NULL), 0);
	assert_int_equal(state_save(&d, &s, NULL), 0);
	assert_int_equal(state_load(&d, &t, NULL), 0);
	assert_true(t.cgroup_inode == UINT64_MAX);
	for (size_t i = 0; i < NSFS_KINDS; i++)
		assert_true(t.namespace_inodes[i] == 100 + i);
	state_done(&s);
	state_done(&t);
	remove_it(&d);
	/* A record of an older build has none of them. */
	save_text(p, "{\"version\":1,\"id\":\"c\",\"pid\":5,\"cgroupPath\":\"/a\"}", &d);
	assert_int_equal(state_load(&d, &t, NULL), 0);
	assert_true(t.cgroup_inode == 0);
	assert_true(t.namespace_inodes[NSFS_USER] == 0);
	state_done(&t);
	remove_it(&d);
}

static void hostile_identities_are_damage(void **state)
{
	static const char *const members[] = {
		"\"cgroupInode\":18446744073709551616",
		"\"cgroupInode\":-1",
		"\"cgroupInode\":\"77\"",
		"\"cgroupInode\":1.5",
		"\"cgroupInode\":[77]",
		"\"namespaceInodeUser\":true",
		"\"namespaceInodeMount\":-4026531837",
		"\"namespaceInodeTime\":1e999",
		"\"namespaces\":{}",
		"\"startTime\":99999999999999999999",
		"\"cgroupDriver\":4294967297",
		"\"bootId\":7",
		"\"creating\":0",
		"\"cgroupPath\":null,\"cgroupLeaf\":[]",
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		_cleanup_free_ char *text =
			text_printf("{\"version\":1,\"id\":\"c\",\"pid\":5,%s}", members[i]);
		struct error err = { 0 };
		struct state_dir d;
		struct state s;

		save_text(p, text, &d);
		if (state_load(&d, &s, &err) >= 0 || !strstr(err.text, "damaged"))
			fail_msg("%s: %s", members[i], err.text);
		remove_it(&d);
	}
}

/* Pid 0 and 1 are never a container that runs: the one is nobody, the other began at another time. */
static void pids_of_others_are_stopped(void **state)
{
	static const int pids[] = { 0, 1, INT32_MAX };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		_cleanup_free_ char *text = text_printf(
			"{\"version\":1,\"id\":\"c\",\"pid\":%d,\"startTime\":18446744073709551615}",
			pids[i]);
		struct state_dir d;
		struct state s;

		save_text(p, text, &d);
		assert_int_equal(state_load(&d, &s, NULL), 0);
		assert_int_equal(state_status(&d, &s), STATUS_STOPPED);
		state_done(&s);
		remove_it(&d);
	}
}

static void what_is_left_is_salvaged(void **state)
{
	static const char whole[] = "{\"version\":1,\"id\":\"c\",\"pid\":4711," IDENTITIES
				    ",\"creating\":7,\"annotations\":{\"rootfs\":\"/x\"}}";
	struct place *p = *state;
	struct state_dir d;
	struct state s;

	save_text(p, whole, &d);
	state_salvage(&d, &s);
	assert_string_equal(s.id, "c");
	assert_int_equal(s.pid, 4711);
	assert_true(s.start_time == 12);
	assert_string_equal(s.boot_id, "b");
	assert_string_equal(s.cgroup_path, "/a");
	assert_true(s.cgroup_inode == 77);
	assert_true(s.namespace_inodes[NSFS_USER] == 5);
	assert_null(s.rootfs); /* named by an annotation only */
	assert_int_equal(s.annotations.count, 0);
	state_done(&s);
	remove_it(&d);
	/* Torn anywhere: each member is whole or unknown. */
	for (size_t len = 0; len < strlen(whole); len++) {
		_cleanup_free_ char *text = text_printf("%.*s", (int)len, whole);

		save_text(p, text, &d);
		state_salvage(&d, &s);
		assert_true(s.pid == 0 || s.pid == 4711);
		assert_true(s.start_time == 0 || s.start_time == 12);
		assert_true(s.cgroup_inode == 0 || s.cgroup_inode == 77);
		assert_true(!s.boot_id || STREQ(s.boot_id, "b"));
		assert_true(!s.cgroup_path || STREQ(s.cgroup_path, "/a"));
		state_done(&s);
		remove_it(&d);
	}
}

static void what_is_not_its_own_is_not_salvaged(void **state)
{
	static const char *const records[] = {
		"",
		"[]",
		"{\"pid\":4711," IDENTITIES "}",
		"{\"id\":\"other\",\"pid\":4711," IDENTITIES "}",
		"{\"id\":7,\"pid\":4711," IDENTITIES "}",
		"{\"id\":\"c\",\"pid\":\"4711\"}",
		"{\"id\":\"c\",\"pid\":-4711}",
		"{\"id\":\"c\",\"pid\":99999999999}",
		"{\"id\":\"c\",\"pid\":471",
		"{\"id\":\"c\",\"bundle\":\"\\\"pid\\\":4711,\"}",
		"{\"id\":\"c\",\"annotations\":{\"pid\":4711}}",
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		struct state_dir d;
		struct state s;

		save_text(p, records[i], &d);
		state_salvage(&d, &s);
		if (s.pid != 0 || s.start_time != 0)
			fail_msg("%s: pid %d", records[i], s.pid);
		state_done(&s);
		remove_it(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(identities_are_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_identities_are_damage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pids_of_others_are_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_left_is_salvaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_its_own_is_not_salvaged, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
