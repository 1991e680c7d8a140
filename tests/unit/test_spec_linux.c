/* SPDX-License-Identifier: Apache-2.0 */
#include "spec_text.h"

#include <linux/mempolicy.h>
#include <linux/mount.h>

#define MAP(c, h, s) "{\"containerID\":" #c ",\"hostID\":" #h ",\"size\":" #s "}"
#define USERNS "\"namespaces\":[{\"type\":\"user\"}],"

static void namespaces(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"/run/netns/a\"},{\"type\":\"ipc\",\"path\":\"\"},"
		"{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"user\"},{\"type\":\"cgroup\"},{\"type\":\"time\"}]");

	(void)state;
	for (int i = 0; i < NS_COUNT; i++)
		assert_true(s->namespaces[i].present && s->namespaces[i].node);
	assert_string_equal(s->namespaces[NS_NETWORK].path, "/run/netns/a");
	assert_null(s->namespaces[NS_PID].path);
	assert_null(s->namespaces[NS_IPC].path);
	linux_bad("\"namespaces\":[{\"type\":\"pidd\"}]",
		  "unknown namespace type 'pidd' in 'linux.namespaces[0].type'");
	linux_bad("\"namespaces\":[{\"type\":\"pidd\"}]", "did you mean 'pid'?");
	linux_bad("\"namespaces\":[{\"type\":\"zone\"}]",
		  "known are user, mount, pid, network, ipc, uts, cgroup, time");
	linux_bad("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]",
		  "'linux.namespaces[1]' repeats the namespace type 'pid'");
	linux_bad("\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc/1/ns/pid\"}]",
		  "'linux.namespaces[0].path' must be an absolute path");
	linux_bad("\"namespaces\":[{\"path\":\"/a\"}]", "'linux.namespaces[0].type' is missing");
	linux_bad("\"namespaces\":[\"pid\"]",
		  "'linux.namespaces[0]' must be an object, not a string");
}

static void id_maps(void **state)
{
	_cleanup_(spec_freep) struct spec *s =
		linux_good(USERNS "\"uidMappings\":[" MAP(0, 1000, 1) "," MAP(
			1, 100000, 65536) "],\"gidMappings\":[" MAP(0, 4294967294, 1) "]");

	(void)state;
	assert_int_equal(s->uid_maps.count, 2);
	assert_int_equal(s->uid_maps.items[1].host, 100000);
	assert_int_equal(s->uid_maps.items[1].size, 65536);
	assert_true(s->gid_maps.items[0].host == 4294967294u);
	assert_non_null(s->uid_maps.node);
	linux_bad(USERNS "\"uidMappings\":[" MAP(0, 1, 0) "]",
		  "a line of 'linux.uidMappings' maps no id: its size is 0");
	linux_bad(USERNS "\"uidMappings\":[" MAP(0, 4294967294, 2) "]", "ends above id 4294967294");
	linux_bad(USERNS "\"uidMappings\":[" MAP(4294967295, 1, 1) "]",
		  "'linux.uidMappings[0].containerID' must be between 0 and 4294967294");
	linux_bad(USERNS "\"gidMappings\":[" MAP(0, 100, 10) "," MAP(10, 109, 1) "]",
		  "lines 0 and 1 of 'linux.gidMappings' overlap: both hold host id 109");
	linux_bad(USERNS "\"gidMappings\":[{\"containerID\":0,\"size\":1}]",
		  "'linux.gidMappings[0].hostID' is missing");
	linux_bad("\"uidMappings\":[" MAP(0, 1000, 1) "]",
		  "'linux.uidMappings' maps ids, but 'linux.namespaces' has no user namespace");
}

static void too_many_lines(void **state)
{
	struct buf text = { .data = NULL };

	(void)state;
	buf_add_str(&text, USERNS "\"uidMappings\":[");
	for (unsigned i = 0; i < 341; i++)
		buf_printf(&text, "%s{\"containerID\":%u,\"hostID\":%u,\"size\":1}", i ? "," : "",
			   i, 1000 + i);
	buf_add_str(&text, "]");
	linux_bad(text.data, "'linux.uidMappings' has 341 lines, the kernel takes 340");
	buf_done(&text);
}

static void devices(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"fileMode\":438,\"uid\":1,\"gid\":2},"
		"{\"path\":\"/dev/sda\",\"type\":\"b\",\"major\":8,\"minor\":0,\"fileMode\":25008},{\"path\":\"/p\",\"type\":\"p\"},"
		"{\"path\":\"/u\",\"type\":\"u\",\"major\":4095,\"minor\":1048575,\"fileMode\":8630}]");

	(void)state;
	assert_int_equal(s->device_count, 4);
	assert_string_equal(s->devices[0].path, "/dev/fuse");
	assert_int_equal(s->devices[0].type, 'c');
	assert_int_equal(s->devices[0].major, 10);
	assert_int_equal(s->devices[0].minor, 229);
	assert_int_equal(s->devices[0].mode, 0666);
	assert_int_equal(s->devices[0].uid, 1);
	assert_int_equal(s->devices[0].gid, 2);
	assert_int_equal(s->devices[1].mode, 0660); /* 060660: S_IFBLK beside "type": "b" */
	assert_int_equal(s->devices[2].type, 'p');
	assert_int_equal(s->devices[2].mode, 0666);
	assert_int_equal(s->devices[3].type, 'c');
	assert_int_equal(s->devices[3].mode, 0666); /* 020666 */
	linux_bad("\"devices\":[{\"path\":\"dev/a\",\"type\":\"c\",\"major\":1,\"minor\":1}]",
		  "'linux.devices[0].path' must be an absolute path");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"char\",\"major\":1,\"minor\":1}]",
		  "'linux.devices[0].type' must be c, u, b or p, not 'char'");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"\",\"major\":1,\"minor\":1}]",
		  "must be c, u, b or p, not ''");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"minor\":1}]",
		  "'linux.devices[0].major' is missing");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"b\",\"major\":1}]",
		  "'linux.devices[0].minor' is missing");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"major\":4096,\"minor\":1}]",
		  "must be between 0 and 4095");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"major\":-1,\"minor\":1}]",
		  "must be between 0 and 4095, not -1");
	linux_bad("\"devices\":[{\"path\":\"/a\",\"type\":\"p\",\"fileMode\":8192}]",
		  "'linux.devices[0].fileMode' is 8192, which has more than permission bits");
	linux_bad(
		"\"devices\":[{\"path\":\"/a\",\"type\":\"c\",\"major\":1,\"minor\":1,\"fileMode\":24996}]",
		"more than permission bits");
	linux_bad("\"devices\":[{\"type\":\"p\"}]", "'linux.devices[0].path' is missing");
}

static void net_devices(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"netDevices\":{\"eth0\":{\"name\":\"c0\"},\"eth1\":{},\"eth2\":{\"name\":\"x%d\"},\"eth3\":{\"name\":\"x%d\"}}");

	(void)state;
	assert_int_equal(s->net_device_count, 4);
	assert_string_equal(s->net_devices[0].host_name, "eth0");
	assert_string_equal(s->net_devices[0].name, "c0");
	assert_string_equal(s->net_devices[1].name, "eth1");
	assert_string_equal(s->net_devices[3].name, "x%d");
	linux_bad("\"netDevices\":{\"eth0\":{\"name\":\"a/b\"}}",
		  "'linux.netDevices.eth0.name' must be the name of a network interface");
	linux_bad("\"netDevices\":{\"eth0\":{\"name\":\"0123456789012345\"}}", "at most 15 bytes");
	linux_bad("\"netDevices\":{\"eth0\":{\"name\":\"a%s\"}}",
		  "must be the name of a network interface");
	linux_bad("\"netDevices\":{\"eth0\":{\"name\":\"%d%d\"}}",
		  "must be the name of a network interface");
	linux_bad("\"netDevices\":{\"et%d\":{}}",
		  "'et%d' in 'linux.netDevices' cannot be the name of a network interface");
	linux_bad("\"netDevices\":{\"..\":{}}", "cannot be the name");
	linux_bad("\"netDevices\":{\"\":{}}", "cannot be the name");
	linux_bad("\"netDevices\":{\"a b\":{}}", "cannot be the name");
	linux_bad("\"netDevices\":{\"eth0\":{\"name\":\"a\"},\"eth1\":{\"name\":\"a\"}}",
		  "two network devices are to be named 'a'");
	linux_bad("\"netDevices\":{\"eth0\":\"a\"}",
		  "'linux.netDevices.eth0' must be an object, not a string");
}

static void time_offsets(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"timeOffsets\":{\"monotonic\":{\"secs\":-172800,\"nanosecs\":999999999},\"boottime\":{}}");

	(void)state;
	assert_true(s->time_monotonic.present && s->time_boottime.present);
	assert_int_equal(s->time_monotonic.secs, -172800);
	assert_int_equal(s->time_monotonic.nanosecs, 999999999);
	linux_bad("\"timeOffsets\":{\"realtime\":{\"secs\":1}}",
		  "'realtime' is no clock that a time namespace can shift");
	linux_bad("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}",
		  "must be between 0 and 999999999");
	linux_bad("\"timeOffsets\":{\"boottime\":{\"secs\":9223372036854775808}}",
		  "must be between -9223372036854775808 and 9223372036854775807");
}

static void small_members(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"cgroupsPath\":\"system.slice:knarr:a\",\"sysctl\":{\"net.a\":\"1\"},\"rootfsPropagation\":\"rslave\","
		"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\",\"/proc/bus\"],\"mountLabel\":\"l\","
		"\"personality\":{\"domain\":\"LINUX32\",\"flags\":[]}");
	_cleanup_(spec_freep) struct spec *empty =
		linux_good("\"cgroupsPath\":\"\",\"rootfsPropagation\":\"\",\"mountLabel\":\"\"");

	(void)state;
	assert_string_equal(s->cgroups_path, "system.slice:knarr:a");
	assert_non_null(s->cgroups_path_node);
	assert_string_equal(s->sysctl.items[0].key, "net.a");
	assert_string_equal(s->sysctl.items[0].value, "1");
	assert_int_equal(s->rootfs_propagation, MS_SLAVE);
	assert_true(s->rootfs_propagation_recursive);
	assert_string_equal(s->masked_paths.items[0], "/proc/kcore");
	assert_int_equal(s->readonly_paths.count, 2);
	assert_string_equal(s->mount_label, "l");
	assert_true(s->personality.present);
	assert_int_equal(s->personality.domain, 8);
	assert_non_null(s->personality.node);
	assert_null(empty->cgroups_path);
	assert_null(empty->mount_label);
	assert_int_equal(empty->rootfs_propagation, 0);
	linux_bad("\"cgroupsPath\":\"/a\\nb\"", "'linux.cgroupsPath' must not contain line breaks");
	linux_bad("\"cgroupsPath\":\"/a/../b\"",
		  "'linux.cgroupsPath' must not have '..' as a component");
	linux_bad("\"cgroupsPath\":\"../b\"", "must not have '..' as a component");
	linux_bad("\"cgroupsPath\":\"/a/./b\"", "must not have '.' as a component");
	linux_bad("\"sysctl\":{\"a\":1}", "'linux.sysctl.a' must be a string, not a number");
	linux_bad("\"sysctl\":{\"\":\"1\"}", "'linux.sysctl' has a member with an empty name");
	linux_bad("\"rootfsPropagation\":\"shard\"", "did you mean 'shared'?");
	linux_bad("\"maskedPaths\":[\"/a\",\"proc\"]",
		  "'linux.maskedPaths[1]' must be an absolute path, not 'proc'");
	linux_bad("\"readonlyPaths\":[\"\"]", "'linux.readonlyPaths[0]' must be an absolute path");
	linux_bad("\"mountLabel\":\"a\\nb\"", "'linux.mountLabel' must not contain line breaks");
	linux_bad("\"personality\":{\"domain\":\"BSD\"}", "unknown execution domain 'BSD'");
	linux_bad("\"personality\":{\"flags\":[]}", "'linux.personality.domain' is missing");
	linux_bad("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}", "must be empty");
}

static void resctrl(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"intelRdt\":{\"closID\":\"g\",\"l3CacheSchema\":\"L3:0=7f0\",\"memBwSchema\":\"MB:0=20\",\"schemata\":[\"L2:0=f\"],"
		"\"enableMonitoring\":true}");
	_cleanup_(spec_freep) struct spec *root = linux_good("\"intelRdt\":{\"closID\":\"/\"}");

	(void)state;
	assert_true(s->intel_rdt.present && s->intel_rdt.enable_monitoring);
	assert_string_equal(s->intel_rdt.clos_id, "g");
	assert_string_equal(s->intel_rdt.l3_cache_schema, "L3:0=7f0");
	assert_string_equal(s->intel_rdt.mem_bw_schema, "MB:0=20");
	assert_string_equal(s->intel_rdt.schemata.items[0], "L2:0=f");
	assert_string_equal(root->intel_rdt.clos_id, "/");
	linux_bad("\"intelRdt\":{\"closID\":\"../x\"}",
		  "'linux.intelRdt.closID' must be a directory name or '/'");
	linux_bad("\"intelRdt\":{\"closID\":\"..\"}", "must be a directory name or '/'");
	linux_bad("\"intelRdt\":{\"l3CacheSchema\":\"L3:0=f\\nMB:0=1\"}",
		  "'linux.intelRdt.l3CacheSchema' must not contain line breaks");
	linux_bad("\"intelRdt\":{\"memBwSchema\":\"L3:0=f\"}",
		  "'linux.intelRdt.memBwSchema' must start with 'MB:'");
	linux_bad("\"intelRdt\":{\"memBwSchema\":\"MB:0=1\\n\"}", "must not contain line breaks");
	linux_bad("\"intelRdt\":{\"schemata\":[\"a\",\"b\\n\"]}",
		  "'linux.intelRdt.schemata[1]' must not contain line breaks");
}

static void memory_policy(void **state)
{
	_cleanup_(spec_freep) struct spec *s = linux_good(
		"\"memoryPolicy\":{\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":\"2-3\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}");

	(void)state;
	assert_true(s->memory_policy.present);
	assert_int_equal(s->memory_policy.mode, 6);
	assert_int_equal(s->memory_policy.flags, MPOL_F_STATIC_NODES);
	assert_string_equal(s->memory_policy.nodes, "2-3");
	linux_bad("\"memoryPolicy\":{\"mode\":\"MPOL_BINDD\",\"nodes\":\"0\"}",
		  "did you mean 'MPOL_BIND'?");
	linux_bad("\"memoryPolicy\":{\"nodes\":\"0\"}", "'linux.memoryPolicy.mode' is missing");
	linux_bad("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}",
		  "the memory policy MPOL_BIND needs 'nodes'");
	linux_bad("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}",
		  "the memory policy MPOL_LOCAL takes no nodes");
	linux_bad("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"x\"}",
		  "must be a list of memory nodes such as 0-3,7, not 'x'");
	linux_bad(
		"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_X\"]}",
		"unknown memory policy flag 'MPOL_F_X'");
	linux_bad(
		"\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\"]}",
		"exclude each other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespaces),     cmocka_unit_test(id_maps),
		cmocka_unit_test(too_many_lines), cmocka_unit_test(devices),
		cmocka_unit_test(net_devices),    cmocka_unit_test(time_offsets),
		cmocka_unit_test(small_members),  cmocka_unit_test(resctrl),
		cmocka_unit_test(memory_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
