/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/limits.h"
#include "cgroups/tree.h"
#include "knarr/cgroups.h"

static struct error err;

/* "FILE=VALUE;FILE=VALUE;" of a resources object. */
static const char *build_with(const char *json, const struct limits_current *current)
{
	static char out[4096];
	struct spec *spec = NULL;
	struct limits l;
	size_t used = 0;

	err = (struct error){ 0 };
	if (spec_parse_resources(json, strlen(json), "resources", &spec, &err) < 0)
		return "not parsed";
	if (limits_build(&spec->resources, current, &l, &err) < 0) {
		spec_free(spec);
		return "refused";
	}
	out[0] = '\0';
	for (size_t i = 0; i < l.count; i++) {
		assert_true(l.items[i].origin[0] == '/');
		assert_int_equal(strncmp(l.items[i].file, l.items[i].controller,
					 strlen(l.items[i].controller)),
				 0);
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s=%s;", l.items[i].file,
					 l.items[i].value);
	}
	limits_done(&l);
	spec_free(spec);
	return out;
}

static const char *build(const char *json)
{
	return build_with(json, NULL);
}

static void nothing_asks_for_nothing(void **state)
{
	(void)state;
	assert_string_equal(build("{}"), "");
	assert_string_equal(
		build("{\"memory\":{\"limit\":0},\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0}}"),
		"");
}

static void memory(void **state)
{
	(void)state;
	assert_string_equal(
		build("{\"memory\":{\"limit\":1000,\"reservation\":500,\"swap\":1500}}"),
		"memory.max=1000;memory.low=500;memory.swap.max=500;");
	assert_string_equal(build("{\"memory\":{\"limit\":1000,\"swap\":-1}}"),
			    "memory.max=1000;memory.swap.max=max;");
	assert_string_equal(build("{\"memory\":{\"limit\":1000,\"swap\":1000}}"),
			    "memory.max=1000;memory.swap.max=0;");
	assert_string_equal(build("{\"memory\":{\"limit\":-1}}"),
			    "memory.max=max;memory.swap.max=max;");
	assert_string_equal(
		build("{\"memory\":{\"kernel\":5,\"useHierarchy\":false,\"disableOOMKiller\":false}}"),
		"");
}

static void memory_that_v2_or_sense_refuses(void **state)
{
	struct spec_resources less = { .memory = { .limit = { .present = true, .value = 9 },
						   .swap = { .present = true, .value = 8 } } };
	struct limits l;

	(void)state;
	assert_true(limits_build(&less, NULL, &l, &err) < 0);
	assert_string_equal(build("{\"memory\":{\"swap\":500}}"), "refused");
	assert_int_equal(err.class, ERROR_CONFIG);
	assert_string_equal(err.origin, "/memory/swap");
	assert_string_equal(build("{\"memory\":{\"swappiness\":10}}"), "refused");
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
	assert_string_equal(err.origin, "/memory/swappiness");
	assert_string_equal(build("{\"memory\":{\"disableOOMKiller\":true}}"), "refused");
}

static void updates_merge_with_what_is_in_force(void **state)
{
	struct limits_current now = { .cpu_max = "25000 50000", .memory_max = 1000 };
	struct spec_resources swap_only = { .memory.swap = { .present = true, .value = 1500 } };
	struct limits l;

	(void)state;
	assert_int_equal(limits_build(&swap_only, &now, &l, &err), 0);
	assert_string_equal(l.items[0].value, "500");
	limits_done(&l);
	assert_true(limits_build(&swap_only, NULL, &l, &err) <
		    0); /* at create there is no limit to subtract */
	assert_string_equal(build_with("{\"cpu\":{\"quota\":10000}}", &now),
			    "cpu.max=10000 50000;");
	assert_string_equal(build_with("{\"cpu\":{\"period\":20000}}", &now),
			    "cpu.max=25000 20000;");
	swap_only.memory.limit = (struct spec_int){ .present = true, .value = -1 };
	assert_true(limits_build(&swap_only, &now, &l, &err) < 0);
}

static void cpu(void **state)
{
	(void)state;
	assert_string_equal(
		build("{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":200000,\"burst\":1000}}"),
		"cpu.weight=100;cpu.max=50000 200000;cpu.max.burst=1000;");
	assert_string_equal(build("{\"cpu\":{\"quota\":-1}}"), "cpu.max=max 100000;");
	assert_string_equal(build("{\"cpu\":{\"period\":5000}}"), "cpu.max=max 5000;");
	assert_string_equal(build("{\"cpu\":{\"idle\":1,\"shares\":512}}"), "cpu.idle=1;");
	assert_string_equal(build("{\"cpu\":{\"idle\":0,\"shares\":2}}"),
			    "cpu.idle=0;cpu.weight=1;");
	assert_string_equal(build("{\"cpu\":{\"cpus\":\"0-1,3\",\"mems\":\"0\"}}"),
			    "cpuset.cpus=0-1,3;cpuset.mems=0;");
	assert_string_equal(build("{\"cpu\":{\"realtimeRuntime\":100}}"), "refused");
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
	assert_string_not_equal(build("{\"cpu\":{\"cpus\":\"0\\n1\"}}"), "cpuset.cpus=0\n1;");
}

static void pids(void **state)
{
	(void)state;
	assert_string_equal(build("{\"pids\":{\"limit\":10}}"), "pids.max=10;");
	assert_string_equal(build("{\"pids\":{\"limit\":-1}}"), "pids.max=max;");
	assert_string_equal(build("{\"pids\":{\"limit\":0}}"), "pids.max=0;");
}

static void block_io(void **state)
{
	(void)state;
	assert_string_equal(
		build("{\"blockIO\":{\"weight\":10,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}]}}"),
		"io.weight=default 1;io.weight=8:0 10000;");
	assert_string_equal(
		build("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":600}],"
		      "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}"),
		"io.max=8:16 rbps=600;io.max=8:16 wiops=max;");
	assert_string_equal(build("{\"blockIO\":{\"leafWeight\":100}}"), "refused");
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
}

static void huge_pages_rdma_network(void **state)
{
	(void)state;
	assert_string_equal(build("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9}]}"),
			    "hugetlb.2MB.max=9;hugetlb.2MB.rsvd.max=9;");
	assert_string_not_equal(
		build("{\"hugepageLimits\":[{\"pageSize\":\"../../x\",\"limit\":9}]}"), "");
	assert_true(err.text[0] != '\0');
	assert_string_equal(build("{\"rdma\":{\"mlx\":{\"hcaHandles\":3,\"hcaObjects\":4}}}"),
			    "rdma.max=mlx hca_handle=3 hca_object=4;");
	assert_string_equal(build("{\"network\":{\"classID\":7}}"), "refused");
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
	assert_string_equal(
		build("{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]}}"),
		"refused");
}

static void unified(void **state)
{
	static const char *const bad[] = { "cgroup.procs", "cgroup.kill", "memory.reclaim" };
	char json[128];

	(void)state;
	assert_string_equal(
		build("{\"pids\":{\"limit\":4},\"unified\":{\"pids.max\":\"7\",\"hugetlb.1GB.max\":\"0\"}}"),
		"pids.max=4;pids.max=7;hugetlb.1GB.max=0;");
	assert_string_equal(build("{\"unified\":{\"new.thing\":\"x\"}}"), "new.thing=x;");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(json, sizeof(json), "{\"unified\":{\"%s\":\"1\"}}", bad[i]);
		assert_string_equal(build(json), "refused");
	}
	/* Refused by the reader already, or by the list. */
	assert_string_not_equal(build("{\"unified\":{\"../x.y\":\"1\"}}"), "../x.y=1;");
	assert_string_not_equal(build("{\"unified\":{\"memory\":\"1\"}}"), "memory=1;");
	assert_string_not_equal(build("{\"unified\":{\"a/b.c\":\"1\"}}"), "a/b.c=1;");
}

static void cpu_shares_keep_ends_and_default(void **state)
{
	static const uint64_t points[][2] = { { 3, 2 },       { 10, 4 },        { 100, 17 },
					      { 512, 59 },    { 2048, 174 },    { 4096, 303 },
					      { 10000, 627 }, { 100000, 4340 }, { 262143, 10000 } };
	uint64_t hash = 0xcbf29ce484222325u;

	(void)state;
	assert_int_equal(cgroup_cpu_shares_to_weight(0), 0);
	assert_int_equal(cgroup_cpu_shares_to_weight(1), 1);
	assert_int_equal(cgroup_cpu_shares_to_weight(2), 1);
	assert_int_equal(cgroup_cpu_shares_to_weight(1024), 100);
	assert_int_equal(cgroup_cpu_shares_to_weight(262144), 10000);
	assert_int_equal(cgroup_cpu_shares_to_weight(UINT64_MAX), 10000);
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		assert_int_equal(cgroup_cpu_shares_to_weight(points[i][0]), points[i][1]);
	/* All of them, against a hash (FNV-1a) of what the formula gives in another language's library. */
	for (uint64_t shares = 3; shares < 262144; shares++) {
		uint64_t weight = cgroup_cpu_shares_to_weight(shares);

		hash = (hash ^ (weight & 255)) * 0x100000001b3u;
		hash = (hash ^ (weight >> 8)) * 0x100000001b3u;
	}
	assert_true(hash == 0x46deffb76f4bf656u);
}

static void blkio_weights(void **state)
{
	(void)state;
	assert_int_equal(cgroup_blkio_weight_to_io(0), 0);
	assert_int_equal(cgroup_blkio_weight_to_io(10), 1);
	assert_int_equal(cgroup_blkio_weight_to_io(1000), 10000);
}

/* ---- writing, in a directory of plain files ---- */

static int make_cgroup(char *dir)
{
	static const char *const files[] = { "memory.max", "pids.max", "io.bfq.weight", "io.weight",
					     "io.max" };
	int fd;

	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fd_close(openat(fd, files[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return fd;
}

static void put(int fd, const char *file, const char *text)
{
	int f = openat(fd, file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(f, text, strlen(text)), (ssize_t)strlen(text));
	close(f);
}

static void remove_cgroup(int fd, const char *dir)
{
	static const char *const files[] = { "memory.max", "pids.max", "io.bfq.weight", "io.weight",
					     "io.max" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(fd, files[i], 0);
	fd_close(fd);
	assert_int_equal(rmdir(dir), 0);
}

static void bfq_is_preferred_where_it_is(void **state)
{
	struct limit l = { .file = "io.weight",
			   .value = "default 1",
			   .alt_file = "io.bfq.weight",
			   .alt_value = "default 10" };
	char dir[] = "/tmp/knarr-limits-XXXXXX";
	const char *file, *value;
	int fd = make_cgroup(dir);

	(void)state;
	limit_target(&l, fd, &file, &value);
	assert_string_equal(file, "io.bfq.weight");
	assert_string_equal(value, "default 10");
	unlinkat(fd, "io.bfq.weight", 0);
	limit_target(&l, fd, &file, &value);
	assert_string_equal(file, "io.weight");
	remove_cgroup(fd, dir);
}

static void a_missing_file_names_its_controller(void **state)
{
	struct limit item = {
		.controller = "rdma", .file = "rdma.max", .value = "x", .origin = "/rdma/x"
	};
	struct limits l = { .items = &item, .count = 1 };
	char dir[] = "/tmp/knarr-limits-XXXXXX";
	int fd = make_cgroup(dir);

	(void)state;
	err = (struct error){ 0 };
	assert_true(limits_write(&l, fd, "/c", false, &err) < 0);
	assert_int_equal(err.class, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "controller 'rdma' is not available in cgroup '/c'"));
	assert_string_equal(err.origin, "/rdma/x");
	assert_int_equal(limits_write(&l, fd, "/c", true, &err), 0);
	item.flags = LIMIT_OPTIONAL;
	assert_int_equal(limits_write(&l, fd, "/c", false, &err), 0);
	remove_cgroup(fd, dir);
}

static void early_values_come_first(void **state)
{
	struct limit item = { .controller = "pids",
			      .file = "pids.max",
			      .value = "0",
			      .early = "1",
			      .flags = LIMIT_LATE };
	struct limits l = { .items = &item, .count = 1 };
	char dir[] = "/tmp/knarr-limits-XXXXXX", text[16];
	int fd = make_cgroup(dir);

	(void)state;
	assert_int_equal(limits_write(&l, fd, "/c", false, NULL), 0);
	assert_true(tree_read(fd, "pids.max", text, sizeof(text)) > 0);
	assert_string_equal(text, "1");
	assert_int_equal(limits_write_late(&l, fd, "/c", false, NULL), 0);
	assert_true(tree_read(fd, "pids.max", text, sizeof(text)) > 0);
	assert_string_equal(text, "0");
	/* Where the controller is not there, strict says so, and best has said it before. */
	item.file = "absent.max";
	assert_true(limits_write_late(&l, fd, "/c", false, NULL) < 0);
	assert_int_equal(limits_write_late(&l, fd, "/c", true, NULL), 0);
	item.flags |= LIMIT_DROPPED;
	assert_int_equal(limits_write(&l, fd, "/c", false, NULL), 0);
	remove_cgroup(fd, dir);
}

/* What went well early and fails later nobody has heard of yet; and a warning is no error. */
static void a_late_value_that_fails_is_said(void **state)
{
	struct limit item = { .controller = "pids",
			      .file = "pids.max",
			      .value = "0",
			      .early = "1",
			      .flags = LIMIT_LATE };
	struct limits l = { .items = &item, .count = 1 };
	char dir[] = "/tmp/knarr-limits-XXXXXX", said[256] = "", log_path[64];
	int fd = make_cgroup(dir), log_fd;
	const struct error untouched = { 0 };

	(void)state;
	err = (struct error){ 0 };
	(void)text_format(log_path, sizeof(log_path), "%s/log", dir);
	assert_int_equal(limits_write(&l, fd, "/c", true, &err), 0);
	assert_int_equal(unlinkat(fd, "pids.max", 0), 0);
	assert_int_equal(mkdirat(fd, "pids.max", 0700), 0);
	assert_int_equal(log_open(log_path, LOG_FORMAT_TEXT, LOG_LEVEL_WARNING, &err), 0);
	assert_int_equal(limits_write_late(&l, fd, "/c", true, &err), 0);
	assert_int_equal(log_open(NULL, LOG_FORMAT_TEXT, LOG_LEVEL_ERROR, &err), 0);
	assert_memory_equal(&err, &untouched, sizeof(err));
	log_fd = openat(fd, "log", O_RDONLY | O_CLOEXEC);
	assert_true(read(log_fd, said, sizeof(said) - 1) > 0);
	assert_non_null(strstr(said, "'pids.max'"));
	assert_non_null(strstr(said, "ignoring"));
	fd_close(log_fd);
	assert_true(limits_write_late(&l, fd, "/c", false, &err) < 0);
	assert_non_null(strstr(err.text, "pids.max"));
	assert_int_equal(unlinkat(fd, "log", 0), 0);
	assert_int_equal(unlinkat(fd, "pids.max", AT_REMOVEDIR), 0);
	remove_cgroup(fd, dir);
}

static void a_failed_update_puts_the_old_values_back(void **state)
{
	struct limit items[] = {
		{ .controller = "memory", .file = "memory.max", .value = "2000" },
		{ .controller = "io", .file = "io.max", .value = "8:0 rbps=77" },
		{ .controller = "pids", .file = "pids.max", .value = "9" },
	};
	struct limits l = { .items = items, .count = 3 };
	char dir[] = "/tmp/knarr-limits-XXXXXX", text[64];
	int fd = make_cgroup(dir);

	(void)state;
	put(fd, "memory.max", "1000\n");
	put(fd, "io.max", "8:0 rbps=11\n");
	/* A link is not opened for writing by anything here; a directory makes the write fail for root as well. */
	unlinkat(fd, "pids.max", 0);
	assert_int_equal(mkdirat(fd, "pids.max", 0700), 0);
	err = (struct error){ 0 };
	assert_true(limits_replace(&l, fd, "/c", &err) < 0);
	assert_non_null(strstr(err.text, "pids.max"));
	assert_true(tree_read(fd, "memory.max", text, sizeof(text)) > 0);
	text[4] = '\0';
	assert_string_equal(text, "1000");
	assert_true(tree_read(fd, "io.max", text, sizeof(text)) > 0);
	text[11] = '\0';
	assert_string_equal(text, "8:0 rbps=11");
	unlinkat(fd, "pids.max", AT_REMOVEDIR);
	remove_cgroup(fd, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asks_for_nothing),
		cmocka_unit_test(memory),
		cmocka_unit_test(memory_that_v2_or_sense_refuses),
		cmocka_unit_test(updates_merge_with_what_is_in_force),
		cmocka_unit_test(cpu),
		cmocka_unit_test(pids),
		cmocka_unit_test(block_io),
		cmocka_unit_test(huge_pages_rdma_network),
		cmocka_unit_test(unified),
		cmocka_unit_test(cpu_shares_keep_ends_and_default),
		cmocka_unit_test(blkio_weights),
		cmocka_unit_test(bfq_is_preferred_where_it_is),
		cmocka_unit_test(a_missing_file_names_its_controller),
		cmocka_unit_test(early_values_come_first),
		cmocka_unit_test(a_late_value_that_fails_is_said),
		cmocka_unit_test(a_failed_update_puts_the_old_values_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
