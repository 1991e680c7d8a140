/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <linux/mount.h>

#define MOUNTS(x) ",\"mounts\":[" x "]"
#define MAP(c, h, s) "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #s "}"

static void mounts(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(MOUNTS(
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"data\",\"type\":\"none\",\"source\":\"vol\",\"options\":[\"rbind\",\"ro\",\"rprivate\"]},"
		"{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"size=1m\",\"mode=700\"]}"));

	(void)state;
	assert_int_equal(s->mount_count, 3);
	assert_string_equal(s->mounts[0].destination, "/proc");
	assert_string_equal(s->mounts[0].type, "proc");
	assert_string_equal(s->mounts[0].source, "proc");
	assert_string_equal(s->mounts[0].data, "");
	assert_non_null(s->mounts[0].destination_node);
	assert_non_null(s->mounts[0].source_node);
	assert_non_null(s->mounts[0].type_node);
	assert_string_equal(s->mounts[1].destination, "data");
	assert_string_equal(s->mounts[1].type, "bind");
	assert_int_equal(s->mounts[1].flags, SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE);
	assert_int_equal(s->mounts[1].attr_set, MOUNT_ATTR_RDONLY);
	assert_int_equal(s->mounts[1].propagation, MS_PRIVATE);
	assert_true(s->mounts[1].propagation_recursive);
	assert_null(s->mounts[2].source);
	assert_string_equal(s->mounts[2].data, "size=1m,mode=700");
}

static void mounts_refused(void **state)
{
	(void)state;
	spec_bad_at(MOUNTS("{\"type\":\"proc\"}"), "'mounts[0].destination' is missing", 2, 12);
	spec_bad(MOUNTS("{\"destination\":\"\",\"type\":\"proc\"}"),
		 "'mounts[0].destination' is empty");
	spec_bad(MOUNTS("{\"destination\":7,\"type\":\"proc\"}"),
		 "'mounts[0].destination' must be a string, not a number");
	spec_bad(MOUNTS("{\"destination\":\"/a\"}"),
		 "'mounts[0]' has neither a type nor the option 'bind' or 'rbind'");
	spec_bad(MOUNTS("{\"destination\":\"/a\",\"options\":[\"bind\"]}"),
		 "'mounts[0]' is a bind mount without a source");
	spec_bad(MOUNTS("{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"\"}"),
		 "'mounts[0]' is a bind mount without a source");
	spec_bad(MOUNTS("{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":\"ro\"}"),
		 "'mounts[0].options' must be an array of strings, not a string");
	spec_bad(MOUNTS("{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[1]}"),
		 "'mounts[0].options[0]' must be a string, not a number");
	spec_bad_at(
		MOUNTS("{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/b\",\"options\":[\"ro\",\"rwo\"]}"),
		"bad mount option 'rwo'", 2, 76);
	spec_bad(MOUNTS("{\"destination\":\"/a\",\"type\":\"proc\",\"options\":[\"tmpcopyup\"]}"),
		 "'mounts[0]' has the option 'tmpcopyup', but its type is 'proc'");
	spec_bad(",\"mounts\":{}", "'mounts' must be an array of objects, not an object");
	spec_bad(MOUNTS("7"), "'mounts[0]' must be an object, not a number");
}

static void id_mapped(void **state)
{
	_cleanup_(spec_freep) struct spec *s = spec_good(MOUNTS(
		"{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"rbind\",\"ridmap\"],\"uidMappings\":[" MAP(
			0, 1000,
			10) "],"
			    "\"gidMappings\":[" MAP(
				    0, 2000,
				    10) "]},"
					"{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"rbind\"],\"uidMappings\":[" MAP(
						0, 1000, 10) "],"
							     "\"gidMappings\":[" MAP(0, 2000,
										     10) "]}"));

	(void)state;
	assert_int_equal(s->mounts[0].flags,
			 SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE | SPEC_MOUNT_RIDMAP);
	assert_int_equal(s->mounts[0].gid_maps.items[0].host, 2000);
	assert_int_equal(s->mounts[1].flags,
			 SPEC_MOUNT_BIND | SPEC_MOUNT_RECURSIVE | SPEC_MOUNT_IDMAP);
	spec_bad(
		MOUNTS("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\"],\"uidMappings\":[" MAP(
			0, 1, 1) "]}"),
		"'mounts[0]' maps uids, but no gids");
	spec_bad(
		MOUNTS("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\"],\"gidMappings\":[" MAP(
			0, 1, 1) "]}"),
		"'mounts[0]' maps gids, but no uids");
	spec_bad(
		MOUNTS("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\"],\"uidMappings\":[" MAP(
			0, 1, 2) "," MAP(1, 9, 2) "]}"),
		"lines 0 and 1 of 'mounts[0].uidMappings' overlap: both hold container id 1");
	spec_bad(
		MOUNTS("{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\",\"idmap=uids=0-1-1;gids=0-1-1\"],"
		       "\"uidMappings\":[" MAP(0, 1, 1) "],\"gidMappings\":[" MAP(0, 1, 1) "]}"),
		"mapped twice, or also by uidMappings");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts),
		cmocka_unit_test(mounts_refused),
		cmocka_unit_test(id_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
