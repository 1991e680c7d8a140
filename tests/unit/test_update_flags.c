/* SPDX-License-Identifier: Apache-2.0 */
/* update_flags.c: flags of update become the JSON that --resources would have read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"

static void expect(struct update_flags flags, const char *json)
{
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };

	assert_int_equal(update_flags_text(&flags, &text, &err), 0);
	assert_string_equal(text, json);
}

static void refuse(struct update_flags flags, int result, const char *part)
{
	char *text = NULL;
	struct error err = { 0 };

	assert_int_equal(update_flags_text(&flags, &text, &err), result);
	assert_null(text);
	assert_non_null(strstr(err.text, part));
}

static void test_values(void **state)
{
	(void)state;
	expect((struct update_flags){ .memory = "64m" }, "{\"memory\":{\"limit\":67108864}}");
	expect((struct update_flags){ .memory = "-1", .memory_swap = "-1" },
	       "{\"memory\":{\"limit\":-1,\"swap\":-1}}");
	expect((struct update_flags){ .memory_reservation = "1G" },
	       "{\"memory\":{\"reservation\":1073741824}}");
	expect((struct update_flags){ .cpu_quota = "-1", .cpu_period = "100000" },
	       "{\"cpu\":{\"quota\":-1,\"period\":100000}}");
	expect((struct update_flags){ .cpuset_cpus = "0-2,7", .cpuset_mems = "0" },
	       "{\"cpu\":{\"cpus\":\"0-2,7\",\"mems\":\"0\"}}");
	expect((struct update_flags){ .pids_limit = "-1" }, "{\"pids\":{\"limit\":-1}}");
	expect((struct update_flags){ .memory = "1k",
				      .cpu_share = "1024",
				      .cpu_idle = "1",
				      .cpu_burst = "5",
				      .cpu_rt_period = "9",
				      .cpu_rt_runtime = "8",
				      .pids_limit = "20",
				      .blkio_weight = "100" },
	       "{\"memory\":{\"limit\":1024},\"cpu\":{\"shares\":1024,\"burst\":5,\"realtimeRuntime\":8,"
	       "\"realtimePeriod\":9,\"idle\":1},\"pids\":{\"limit\":20},\"blockIO\":{\"weight\":100}}");
	expect((struct update_flags){ .kernel_memory = "1m" }, "{}");
}

static void test_errors(void **state)
{
	(void)state;
	refuse((struct update_flags){ .memory = "lots" }, -EINVAL, "'lots' for flag --memory");
	refuse((struct update_flags){ .memory = "1m", .cpu_period = "-5" }, -EINVAL,
	       "--cpu-period");
	refuse((struct update_flags){ .pids_limit = "" }, -EINVAL, "--pids-limit");
	refuse((struct update_flags){ .cpu_share = "99999999999999999999" }, -EINVAL,
	       "--cpu-share");
	refuse((struct update_flags){ .l3_cache_schema = "L3:0=f" }, -EOPNOTSUPP, "schema");
}

/* One path: what the flags make is what the reader of config.json takes. */
static void test_parsed_back(void **state)
{
	struct update_flags flags = {
		.memory = "64m", .cpu_share = "2048", .pids_limit = "-1", .cpuset_cpus = "0"
	};
	_cleanup_(spec_freep) struct spec *spec = NULL;
	_cleanup_free_ char *text = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(update_flags_text(&flags, &text, &err), 0);
	assert_int_equal(spec_parse_resources(text, strlen(text), "flags", &spec, &err), 0);
	assert_true(spec->resources.memory.limit.present);
	assert_int_equal(spec->resources.memory.limit.value, 64 << 20);
	assert_int_equal(spec->resources.cpu.shares.value, 2048);
	assert_int_equal(spec->resources.pids_limit.value, -1);
	assert_string_equal(spec->resources.cpu.cpus.value, "0");
	assert_false(spec->resources.cpu.quota.present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_parsed_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
