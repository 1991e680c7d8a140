/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

static struct spec *resources_good(const char *members)
{
	_cleanup_free_ char *text = text_printf("\"resources\":{%s}", members);

	return linux_good(text);
}

static void resources_bad(const char *members, const char *sentence)
{
	_cleanup_free_ char *text = text_printf("\"resources\":{%s}", members);

	linux_bad(text, sentence);
}

static void device_rules(void **state)
{
	_cleanup_(spec_freep) struct spec *s = resources_good(
		"\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
		"{\"allow\":true,\"type\":\"b\",\"major\":-1,\"minor\":-1,\"access\":\"m\"},{\"allow\":true,\"type\":\"\",\"access\":\"\"}]");
	const struct spec_device_rule *r = s->resources.devices;

	(void)state;
	assert_int_equal(s->resources.device_count, 4);
	assert_true(!r[0].allow && r[0].type == 'a' && r[0].major == -1 && r[0].minor == -1 &&
		    r[0].access == 7);
	assert_true(r[1].allow && r[1].type == 'c' && r[1].major == 10 && r[1].minor == 229 &&
		    r[1].access == 3);
	assert_true(r[2].type == 'b' && r[2].major == -1 && r[2].access == 4);
	assert_true(r[3].type == 'a' && r[3].access == 7);
	resources_bad("\"devices\":[{\"access\":\"rwm\"}]",
		      "'linux.resources.devices[0].allow' is missing");
	resources_bad("\"devices\":[{\"allow\":true,\"type\":\"x\"}]",
		      "must be a, b or c, not 'x'");
	resources_bad("\"devices\":[{\"allow\":true,\"access\":\"rx\"}]",
		      "must be made of r, w and m, not 'rx'");
	resources_bad("\"devices\":[{\"allow\":true,\"major\":-2}]",
		      "must be between -1 and 4294967295, not -2");
}

static void memory(void **state)
{
	_cleanup_(spec_freep) struct spec *s = resources_good(
		"\"memory\":{\"limit\":536870912,\"reservation\":-1,\"swap\":9223372036854775807,\"kernel\":-1,\"kernelTCP\":0,\"swappiness\":100,"
		"\"disableOOMKiller\":false,\"useHierarchy\":true,\"checkBeforeUpdate\":true}");
	_cleanup_(spec_freep) struct spec *same =
		resources_good("\"memory\":{\"limit\":5,\"swap\":5}");
	_cleanup_(spec_freep) struct spec *free_swap =
		resources_good("\"memory\":{\"limit\":5,\"swap\":-1}");

	(void)state;
	assert_true(s->resources.memory.limit.present);
	assert_int_equal(s->resources.memory.limit.value, 536870912);
	assert_int_equal(s->resources.memory.reservation.value, -1);
	assert_true(s->resources.memory.swap.value == INT64_MAX);
	assert_int_equal(s->resources.memory.swappiness.value, 100);
	assert_true(s->resources.memory.disable_oom_killer.present &&
		    !s->resources.memory.disable_oom_killer.value);
	assert_true(s->resources.memory.check_before_update.value);
	assert_false(same->resources.memory.kernel.present);
	assert_non_null(same->resources.memory.swap.node);
	assert_int_equal(free_swap->resources.memory.swap.value, -1);
	resources_bad("\"memory\":{\"limit\":5,\"swap\":4}", "swap must be >= limit");
	resources_bad("\"memory\":{\"limit\":-1,\"swap\":4}", "swap must be >= limit");
	resources_bad(
		"\"memory\":{\"limit\":-2}",
		"'linux.resources.memory.limit' must be between -1 and 9223372036854775807, not -2");
	resources_bad("\"memory\":{\"limit\":9223372036854775808}", "must be between -1 and");
	resources_bad("\"memory\":{\"limit\":\"5m\"}",
		      "'linux.resources.memory.limit' must be an integer, not a string");
	resources_bad("\"memory\":{\"swappiness\":101}", "must be between 0 and 100");
	resources_bad("\"memory\":{\"limit\":1e9}", "without fraction and exponent, not 1e9");
}

static void cpu(void **state)
{
	_cleanup_(spec_freep) struct spec *s = resources_good(
		"\"cpu\":{\"shares\":1024,\"quota\":-1,\"burst\":5,\"period\":500000,\"realtimeRuntime\":950000,\"realtimePeriod\":1000000,"
		"\"cpus\":\"2-3, 5\",\"mems\":\"\",\"idle\":1},\"pids\":{\"limit\":-1}");

	(void)state;
	assert_int_equal(s->resources.cpu.shares.value, 1024);
	assert_int_equal(s->resources.cpu.quota.value, -1);
	assert_int_equal(s->resources.cpu.period.value, 500000);
	assert_int_equal(s->resources.cpu.realtime_runtime.value, 950000);
	assert_string_equal(s->resources.cpu.cpus.value, "2-3,5");
	assert_null(s->resources.cpu.mems.value);
	assert_int_equal(s->resources.cpu.idle.value, 1);
	assert_true(s->resources.pids_limit.present);
	assert_int_equal(s->resources.pids_limit.value, -1);
	resources_bad("\"cpu\":{\"quota\":10,\"burst\":11}",
		      "'linux.resources.cpu.burst' (11) must not be larger than quota (10)");
	resources_bad("\"cpu\":{\"cpus\":\"0-1\\n2\"}", "must be a list of CPUs such as 0-3,7");
	resources_bad("\"cpu\":{\"idle\":2}", "must be between 0 and 1");
	resources_bad("\"cpu\":{\"shares\":-1}",
		      "must be between 0 and 18446744073709551615, not -1");
	resources_bad("\"pids\":{\"limit\":true}",
		      "'linux.resources.pids.limit' must be an integer, not a boolean");
}

static void block_io(void **state)
{
	_cleanup_(spec_freep) struct spec *s = resources_good(
		"\"blockIO\":{\"weight\":10,\"leafWeight\":20,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":500,\"leafWeight\":300},"
		"{\"major\":8,\"minor\":16,\"weight\":500}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":18446744073709551615}],"
		"\"throttleWriteBpsDevice\":[],\"throttleReadIOPSDevice\":[{\"major\":1,\"minor\":2,\"rate\":3}],"
		"\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":300}]}");

	(void)state;
	assert_int_equal(s->resources.blkio.weight.value, 10);
	assert_int_equal(s->resources.blkio.leaf_weight.value, 20);
	assert_int_equal(s->resources.blkio.weight_device.count, 2);
	assert_true(s->resources.blkio.weight_device.items[0].leaf_weight_set);
	assert_false(s->resources.blkio.weight_device.items[1].leaf_weight_set);
	assert_int_equal(s->resources.blkio.weight_device.items[1].weight, 500);
	assert_true(s->resources.blkio.read_bps.items[0].rate == UINT64_MAX);
	assert_int_equal(s->resources.blkio.write_bps.count, 0);
	assert_int_equal(s->resources.blkio.read_iops.items[0].minor, 2);
	assert_int_equal(s->resources.blkio.write_iops.items[0].rate, 300);
	resources_bad("\"blockIO\":{\"weight\":65536}", "must be between 0 and 65535");
	resources_bad("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}",
		      "needs weight, leafWeight or both");
	resources_bad("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0}]}",
		      "'linux.resources.blockIO.throttleReadBpsDevice[0].rate' is missing");
}

static void the_others(void **state)
{
	_cleanup_(spec_freep) struct spec *s = resources_good(
		"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9223372036854772000},{\"pageSize\":\"64KB\",\"limit\":1}],"
		"\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]},"
		"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"rxe3\":{\"hcaObjects\":1}},"
		"\"unified\":{\"io.max\":\"259:0 rbps=2097152\\n253:0 rbps=1\",\"hugetlb.1GB.max\":\"1073741824\"}");

	(void)state;
	assert_int_equal(s->resources.hugepage_count, 2);
	assert_string_equal(s->resources.hugepages[1].page_size, "64KB");
	assert_int_equal(s->resources.network.class_id.value, 1048577);
	assert_string_equal(s->resources.network.priorities[0].name, "eth0");
	assert_int_equal(s->resources.network.priorities[0].priority, 500);
	assert_string_equal(s->resources.rdma[0].device, "mlx5_1");
	assert_int_equal(s->resources.rdma[0].hca_objects.value, 10000);
	assert_false(s->resources.rdma[1].hca_handles.present);
	assert_int_equal(s->resources.unified.count, 2);
	assert_string_equal(s->resources.unified.items[1].key, "hugetlb.1GB.max");
	resources_bad("\"rdma\":{\"a\":{}}",
		      "'linux.resources.rdma.a' needs hcaHandles, hcaObjects or both");
	resources_bad("\"rdma\":{\"a b\":{\"hcaObjects\":1}}",
		      "'a b' in 'rdma' cannot be the name of a device");
	resources_bad("\"network\":{\"classID\":4294967296}", "must be between 0 and 4294967295");
	resources_bad("\"unified\":{\"memory.max\":1}",
		      "'linux.resources.unified[memory.max]' must be a string, not a number");
}

static void names_that_become_files(void **state)
{
	static const char *const sizes[] = { "",     "0MB",    "02MB",         "2M",   "2mb",
					     "MB",   "2MB/..", "../../x",      "2MB ", " 2MB",
					     "-2MB", "2TB",    "99999999999MB" };
	static const char *const files[] = { "../memory.max", "a/b.c",         ".a",   "..",
					     "memory",        "memory.max\\n", "a b.c" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *text = text_printf(
			"\"hugepageLimits\":[{\"pageSize\":\"%s\",\"limit\":1}]", sizes[i]);

		resources_bad(
			text,
			"'linux.resources.hugepageLimits[0].pageSize' must be a page size such as 64KB, 2MB or 1GB");
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = text_printf("\"unified\":{\"%s\":\"1\"}", files[i]);

		resources_bad(text, "in 'unified' cannot be the name of a cgroup file");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_rules), cmocka_unit_test(memory),
		cmocka_unit_test(cpu),          cmocka_unit_test(block_io),
		cmocka_unit_test(the_others),   cmocka_unit_test(names_that_become_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
