#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.resources on a kernel with every controller: the value in the kernel's file, and what it does.
load helpers

@test "memory.limit is memory.max, and ends what exceeds it with the reason 'oom'" {
	need_root
	set_sh 'sleep 0.2; x=a; while :; do x=$x$x$x$x; done'
	resources '{"memory": {"limit": 16777216, "swap": 16777216}}'
	start_container
	is_value memory.max 16777216
	wait_for 60 is_status stopped
	rt state "$ID" >"$TMP/state"
	jq -e '.oomKilled == true and .limits["memory.max"] == "16777216"' "$TMP/state"
	# In the foreground the reason is told, and the status is that of the signal.
	rt delete "$ID"
	rt_run 137
	assert_output_has "out of memory"
}

@test "a container that was not short of memory is not said to have been" {
	need_root
	resources '{"memory": {"limit": 33554432}}'
	set_args /bin/sleep 1000
	start_container
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	[ "$(rt state "$ID" | jq .oomKilled)" = null ]
	set_args /bin/true
	rt delete "$ID"
	rt_run 0
	[ -z "$output" ]
}

@test "memory: reservation, swap and unlimited values" {
	need_root
	idle_container '{"memory": {"limit": 33554432, "reservation": 8388608, "swap": 50331648}}'
	is_value memory.low 8388608
	is_value memory.swap.max 16777216
	rt delete -f "$ID"
	idle_container '{"memory": {"limit": -1, "swap": -1, "reservation": 0}}'
	is_value memory.max max
	is_value memory.swap.max max
	is_value memory.low 0
}

@test "memory: what v2 cannot do is refused with its place" {
	need_root
	resources '{"memory": {"limit": 33554432, "disableOOMKiller": true}}'
	refused "disableOOMKiller"
	resources '{"memory": {"limit": 33554432, "swappiness": 10}}'
	refused "swappiness"
	resources '{"memory": {"swap": 33554432}}'
	refused "'swap'"
	resources '{"memory": {"limit": 33554432, "swap": 1048576}}'
	refused "linux.resources.memory.swap"
}

@test "memory.checkBeforeUpdate refuses a limit below what is used" {
	need_root
	set_sh 'dd if=/dev/zero of=/tmp/f bs=1M count=8 2>/dev/null; echo done >/tmp/done; sleep 1000'
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}] | .root.readonly = false'
	resources '{"memory": {"limit": 67108864}}'
	start_container
	wait_for 20 eval '[ "$(value memory.current)" -gt 8000000 ]'
	echo '{"memory": {"limit": 4194304, "checkBeforeUpdate": true}}' >"$TMP/r"
	run rt update -r "$TMP/r" "$ID"
	[ "$status" -ne 0 ]
	assert_output_has "below what the container uses"
	is_value memory.max 67108864
}

@test "cpu: shares, quota, period, burst and idle" {
	need_root
	idle_container '{"cpu": {"shares": 1024, "quota": 20000, "period": 50000, "burst": 10000}}'
	is_value cpu.max "20000 50000"
	is_value cpu.max.burst 10000
	[ "$(value cpu.weight)" -ge 39 ] && [ "$(value cpu.weight)" -le 100 ]
	rt delete -f "$ID"
	config 'del(.linux.resources.cpu)'
	idle_container '{"cpu": {"idle": 1}}'
	is_value cpu.idle 1
	rt delete -f "$ID"
	resources '{"cpu": {"quota": 10000, "burst": 20000}}'
	refused "burst"
}

@test "cpu.quota throttles, as cpu.stat tells" {
	need_root
	set_sh 'while :; do :; done'
	resources '{"cpu": {"quota": 5000, "period": 100000}}'
	start_container
	wait_for 20 eval '[ "$(value cpu.stat | sed -n "s/^nr_throttled //p")" -ge 2 ]'
}

@test "cpu: cpus and mems" {
	need_root
	set_sh 'cat /proc/self/status | grep _allowed_list; sleep 1000'
	resources '{"cpu": {"cpus": "1", "mems": "0"}}'
	start_container
	is_value cpuset.cpus.effective 1
	is_value cpuset.mems.effective 0
	wait_for 10 grep -q 'Cpus_allowed_list:.1$' "/proc/$PID/status"
	rt delete -f "$ID"
	resources '{"cpu": {"cpus": "77"}}'
	refused "cpuset.cpus"
	resources '{"cpu": {"cpus": "zero"}}'
	refused "0-3,7"
}

@test "cpu: realtime limits of v1 are refused" {
	need_root
	resources '{"cpu": {"realtimeRuntime": 1000}}'
	refused "realtime"
}

@test "pids.limit refuses a fork" {
	need_root
	resources '{"pids": {"limit": 3}}'
	set_sh 'sleep 5 & sleep 5 & sleep 5 & sleep 5 & echo all'
	rt_run 2 || rt_run 1 || [ "$status" -ne 0 ]
	assert_output_has "fork"
	idle_container
	is_value pids.max 3
}

@test "pids.limit: 0 forbids every fork, -1 none" {
	need_root
	resources '{"pids": {"limit": 0}}'
	set_sh '(echo no) || echo refused'
	run rt run --bundle "$BUNDLE" "$ID"
	[[ $output != *no$'\n'* ]]
	assert_output_has fork
	idle_container
	is_value pids.max 0
	rt delete -f "$ID"
	idle_container '{"pids": {"limit": -1}}'
	is_value pids.max max
}

@test "blockIO: weight and throttle of a device" {
	need_root
	dev=$(lsblk -dno MAJ:MIN /dev/vda | tr -d ' ')
	echo bfq >/sys/block/vda/queue/scheduler 2>/dev/null || true
	resources "$(jq -n --arg d "$dev" '($d | split(":") | map(tonumber)) as [$a, $b] | {blockIO: {
		throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1048576}],
		throttleWriteBpsDevice: [{major: $a, minor: $b, rate: 2097152}],
		throttleReadIOPSDevice: [{major: $a, minor: $b, rate: 100}],
		throttleWriteIOPSDevice: [{major: $a, minor: $b, rate: 200}]}}')"
	idle_container
	is_value io.max "$dev rbps=1048576 wbps=2097152 riops=100 wiops=200"
	rt delete -f "$ID"
	config 'del(.linux.resources.blockIO)'
	resources '{"blockIO": {"weight": 500}}'
	set_args /bin/sleep 1000
	if start_container; then
		[ "$(value io.bfq.weight 2>/dev/null)" = "default 500" ] || [ "$(value io.weight)" != "default 100" ]
	else
		# A kernel without BFQ and iocost has no file for it: an error that says so.
		grep -q "io\..*weight" "$TMP/err"
	fi
	rt delete -f "$ID"
	resources '{"blockIO": {"weight": 5}}'
	refused "10 to 1000"
	resources '{"blockIO": {"leafWeight": 100}}'
	refused "leafWeight"
}

@test "blockIO: a throttled read takes its time" {
	need_root
	dev=$(lsblk -dno MAJ:MIN /dev/vda | tr -d ' ')
	dd if=/dev/urandom of="$BUNDLE/rootfs/blob" bs=1M count=2 2>/dev/null
	sync
	echo 1 >/proc/sys/vm/drop_caches
	resources "$(jq -n --arg d "$dev" '($d | split(":") | map(tonumber)) as [$a, $b] |
		{blockIO: {throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1048576}]}}')"
	set_args /bin/dd if=/blob of=/dev/null bs=1M iflag=direct
	start=$(date +%s%N)
	rt_run 0
	[ $((($(date +%s%N) - start) / 1000000)) -ge 1200 ]
}

@test "hugepageLimits: the value, the reservations, and a bad size" {
	need_root
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	idle_container
	is_value hugetlb.2MB.max 4194304
	is_value hugetlb.2MB.rsvd.max 4194304
	rt delete -f "$ID"
	resources '{"hugepageLimits": [{"pageSize": "3MB", "limit": 4194304}]}'
	refused "hugetlb.3MB.max"
}

@test "rdma: a device that is not there is the kernel's error, with the file" {
	need_root
	resources '{"rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 1000}}}'
	refused "rdma.max"
	resources '{"rdma": {"a b": {"hcaHandles": 3}}}'
	refused "cannot be the name of a device"
}

@test "unified: any file of the cgroup, last and as it is" {
	need_root
	resources '{"memory": {"limit": 67108864}, "unified": {"memory.high": "33554432", "memory.max": "50331648",
		"cgroup.max.descendants": "5", "memory.oom.group": "1", "misc.max": ""}}'
	config 'del(.linux.resources.unified["misc.max"])'
	idle_container
	is_value memory.high 33554432
	is_value memory.max 50331648
	is_value cgroup.max.descendants 5
	is_value memory.oom.group 1
}

@test "unified: names that are no limits are refused" {
	need_root
	for key in "../memory.max" "a/b.c" "cgroup.procs" "cgroup.kill" "cgroup.freeze" "cgroup.subtree_control" "memory.reclaim" \
		"nodot" "memory..max" "memory.max "; do
		config '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		refused "unified" || refused "cgroup" || { echo "key: $key"; false; }
	done
	config '.linux.resources.unified = {"memory.nosuch": "1"}'
	refused "memory.nosuch"
	config '.linux.resources.unified = {"nosuch.max": "1"}'
	refused "nosuch"
	config '.linux.resources.unified = {"memory.max": "lots"}'
	refused "memory.max"
}

@test "devices: allowed ones open, others do not, in a device node of the container" {
	need_root
	mknod "$BUNDLE/rootfs/mem" c 1 1
	mknod "$BUNDLE/rootfs/zero" c 1 5
	mknod "$BUNDLE/rootfs/fuse" c 10 229
	mknod "$BUNDLE/rootfs/disk" b 254 0
	resources '{"devices": [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]}'
	set_args /bin/sleep 1000
	start_container
	[ "$(in_container /bin/probe open-r /mem)" = EPERM ]
	[ "$(in_container /bin/probe open-r /disk)" = EPERM ]
	[ "$(in_container /bin/probe open-w /zero)" = open ]
	[ "$(in_container /bin/probe open-r /fuse)" = open ]
	[ "$(in_container /bin/probe open-w /fuse)" = EPERM ]
	[ "$(in_container /bin/probe open-w /dev/null)" = open ]
}

@test "--limits=best makes a warning of what cannot be had" {
	need_root
	resources '{"unified": {"nosuch.max": "1"}, "pids": {"limit": 9}}'
	set_args /bin/sleep 1000
	RT_FLAGS=(--limits=best --log-level=warning)
	start_container
	grep -q nosuch "$TMP/err"
	is_value pids.max 9
}
