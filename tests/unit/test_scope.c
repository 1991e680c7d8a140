/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cgroups/bus_address.h"
#include "cgroups/scope.h"

static struct scope_name name;

static int parse(const char *path, bool user)
{
	struct error err = { 0 };
	int r = scope_name_parse(path, "id1", user, &name, &err);

	if (r < 0)
		assert_int_equal(err.class, ERROR_CONFIG);
	return r;
}

static void unit_names(void **state)
{
	(void)state;
	assert_int_equal(parse("machine.slice:libpod:abc", false), 0);
	assert_string_equal(name.slice, "machine.slice");
	assert_string_equal(name.unit, "libpod-abc.scope");
	assert_int_equal(parse(":docker:abc", false), 0);
	assert_string_equal(name.slice, "system.slice");
	assert_int_equal(parse(":docker:abc", true), 0);
	assert_string_equal(name.slice, "user.slice");
	assert_int_equal(parse("a-b.slice::abc", true), 0);
	assert_string_equal(name.unit, "abc.scope");
	assert_int_equal(parse(NULL, false), 0);
	assert_string_equal(name.slice, "system.slice");
	assert_string_equal(name.unit, "knarr-id1.scope");
	assert_int_equal(parse(":p:a+b", false), 0);
	assert_string_equal(name.unit, "p-a\\x2bb.scope");
	assert_int_equal(parse("-.slice:p:n", false), 0);
}

static void bad_unit_names(void **state)
{
	static const char *const bad[] = { "/a/b",
					   "a",
					   "a:b",
					   "a.slice:b:",
					   "a.slice:b:c:d",
					   "a.scope:b:c",
					   ".slice:b:c",
					   "a--b.slice:b:c",
					   "-a.slice:b:c",
					   "a-.slice:b:c",
					   "../a.slice:b:c",
					   "a.slice:b/c:d",
					   "a.slice:b:c\n",
					   "a.slice:b:../c",
					   "a b.slice:c:d" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse(bad[i], false) >= 0)
			fail_msg("'%s' gave '%s' in '%s'", bad[i], name.unit, name.slice);
	}
}

static void long_names_fit(void **state)
{
	char path[600] = "a.slice:p:";
	struct scope_name other;

	(void)state;
	memset(path + strlen(path), 'x', 500);
	assert_int_equal(parse(path, false), 0);
	assert_in_range(strlen(name.unit), 200, 255);
	other = name;
	path[505] = 'y';
	assert_int_equal(parse(path, false), 0);
	assert_string_not_equal(name.unit, other.unit);
}

static void slices_nest_by_name(void **state)
{
	char buf[256];

	(void)state;
	assert_int_equal(scope_slice_path("a-b-c.slice", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/a.slice/a-b.slice/a-b-c.slice");
	assert_int_equal(scope_slice_path("system.slice", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/system.slice");
	assert_int_equal(scope_slice_path("-.slice", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_true(scope_slice_path("a", buf, sizeof(buf)) < 0);
}

static const struct scope_property *find(const struct scope_properties *p, const char *property)
{
	for (size_t i = 0; i < p->count; i++) {
		if (STREQ(p->items[i].name, property))
			return &p->items[i];
	}
	fail_msg("no property %s", property);
	return NULL;
}

static void limits_become_properties(void **state)
{
	struct limit items[] = {
		{ .file = "memory.max", .value = "1048576" },
		{ .file = "memory.swap.max", .value = "max" },
		{ .file = "cpu.max", .value = "25500 100000" },
		{ .file = "cpu.weight", .value = "42" },
		{ .file = "pids.max", .value = "0" },
		{ .file = "cpuset.cpus", .value = "0-2,9" },
		{ .file = "io.weight", .value = "default 77" },
		{ .file = "io.weight", .value = "8:0 5" },
		{ .file = "hugetlb.2MB.max", .value = "1" },
		{ .file = "memory.max", .value = "2097152" },
	};
	struct limits limits = { .items = items, .count = ARRAY_SIZE(items) };
	struct scope_properties p = { 0 };
	const struct scope_property *mask;

	(void)state;
	scope_properties_add_limits(&p, &limits);
	assert_int_equal(find(&p, "MemoryMax")->number, 2097152); /* the later one */
	assert_int_equal(find(&p, "MemorySwapMax")->number, UINT64_MAX);
	assert_int_equal(find(&p, "CPUQuotaPerSecUSec")->number,
			 260000); /* whole percent, upwards */
	assert_int_equal(find(&p, "CPUQuotaPeriodUSec")->number, 100000);
	assert_int_equal(find(&p, "CPUWeight")->number, 42);
	assert_int_equal(find(&p, "TasksMax")->number, 1);
	assert_int_equal(find(&p, "IOWeight")->number, 77);
	mask = find(&p, "AllowedCPUs");
	assert_int_equal(mask->byte_count, 2);
	assert_int_equal(mask->bytes[0], 0x07);
	assert_int_equal(mask->bytes[1], 0x02);
	assert_int_equal(p.count, 8);
	scope_properties_done(&p);
}

static int annotate(struct scope_properties *p, const char *key, const char *value,
		    struct error *err)
{
	struct spec_key_value item = { .key = key, .value = value };
	struct spec_map map = { &item, 1 };

	return scope_properties_add_annotations(p, &map, err);
}

static void an_annotation_lifts_no_limit(void **state)
{
	struct scope_properties p = { 0 };
	struct limit limit = { .file = "memory.max", .value = "1048576" };
	struct limits limits = { .items = &limit, .count = 1 };

	(void)state;
	scope_properties_add_limits(&p, &limits);
	assert_int_equal(
		annotate(&p, "org.systemd.property.MemoryMax", "uint64 18446744073709551615", NULL),
		0);
	assert_int_equal(annotate(&p, "org.systemd.property.TasksMax", "uint64 7", NULL), 0);
	assert_int_equal(find(&p, "MemoryMax")->kind, SCOPE_UINT64);
	assert_int_equal(find(&p, "MemoryMax")->number, 1048576);
	assert_int_equal(find(&p, "TasksMax")->variant.number, 7);
	scope_properties_done(&p);
}

static void annotations_become_properties(void **state)
{
	struct scope_properties p = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		annotate(&p, "org.systemd.property.TimeoutStopUSec", "uint64 10000000", &err), 0);
	assert_int_equal(find(&p, "TimeoutStopUSec")->variant.number, 10000000);
	assert_string_equal(find(&p, "TimeoutStopUSec")->variant.signature, "t");
	assert_int_equal(annotate(&p, "org.systemd.property.TimeoutStopSec", "2", &err), 0);
	assert_int_equal(p.count, 1);
	assert_int_equal(find(&p, "TimeoutStopUSec")->number, 2000000);
	assert_int_equal(annotate(&p, "org.systemd.property.After", "['x.service']", &err), 0);
	assert_int_equal(annotate(&p, "org.other.property.After", "nonsense", &err), 0);
	assert_int_equal(p.count, 2);
	assert_true(annotate(&p, "org.systemd.property.Slice", "'x.slice'", &err) < 0);
	assert_true(annotate(&p, "org.systemd.property.PIDs", "[uint32 1]", &err) < 0);
	assert_true(annotate(&p, "org.systemd.property.A", "1", &err) < 0);
	assert_true(annotate(&p, "org.systemd.property.Foo\nBar", "1", &err) < 0);
	assert_true(annotate(&p, "org.systemd.property.KillSignal", "1 2", &err) < 0);
	assert_non_null(strstr(err.text, "expected the end of the value"));
	scope_properties_done(&p);
}

static void bus_paths_are_escaped(void **state)
{
	char buf[32];

	(void)state;
	assert_int_equal(bus_address_escape("/run/user/1/bus", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/run/user/1/bus");
	assert_int_equal(bus_address_escape("/a,b;c d", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/a%2cb%3bc%20d");
	assert_true(bus_address_escape("/a,b;c d", buf, 8) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_names),
		cmocka_unit_test(bad_unit_names),
		cmocka_unit_test(long_names_fit),
		cmocka_unit_test(slices_nest_by_name),
		cmocka_unit_test(limits_become_properties),
		cmocka_unit_test(annotations_become_properties),
		cmocka_unit_test(an_annotation_lifts_no_limit),
		cmocka_unit_test(bus_paths_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
