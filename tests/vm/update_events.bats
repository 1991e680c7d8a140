#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update and events on a kernel with every controller.
load helpers

@test "update: every flag" {
	need_root
	idle_container
	rt update --memory 32m --memory-swap 48m --memory-reservation 8m --pids-limit 7 --cpu-share 512 --cpu-quota 20000 \
		--cpu-period 50000 --cpu-burst 10000 --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	is_value memory.max 33554432
	is_value memory.swap.max 16777216
	is_value memory.low 8388608
	is_value pids.max 7
	is_value cpu.max "20000 50000"
	is_value cpu.max.burst 10000
	is_value cpuset.cpus 0
	is_value cpuset.mems 0
	[ "$(value cpu.weight)" -lt 100 ]
	rt update --cpu-quota 30000 "$ID"
	is_value cpu.max "30000 50000"
	rt update --memory -1 --memory-swap -1 --pids-limit -1 --cpu-quota -1 "$ID"
	is_value memory.max max
	is_value pids.max max
	is_value cpu.max "max 50000"
	rt update --cpu-burst 0 --cpu-idle 1 "$ID"
	is_value cpu.idle 1
}

@test "update: JSON from a file and from standard input" {
	need_root
	idle_container
	echo '{"pids": {"limit": 4}}' >"$TMP/r"
	rt update -r "$TMP/r" "$ID"
	is_value pids.max 4
	rt update -r - "$ID" <<<'{"pids": {"limit": 5}, "unified": {"memory.high": "8388608"}}'
	is_value pids.max 5
	is_value memory.high 8388608
}

@test "update: one bad value, and all old ones are back" {
	need_root
	for flags in "" --systemd-cgroup; do
		RT_FLAGS=($flags)
		idle_container '{"pids": {"limit": 9}, "memory": {"limit": 67108864}}'
		run rt update -r - "$ID" <<<'{"memory": {"limit": 33554432}, "pids": {"limit": 3}, "unified": {"memory.high": "lots"}}'
		[ "$status" -ne 0 ]
		assert_output_has "memory.high"
		is_value memory.max 67108864
		is_value pids.max 9
		run rt update --pids-limit 3 --cpuset-cpus 99 "$ID"
		[ "$status" -ne 0 ]
		is_value pids.max 9
		rt delete -f "$ID"
	done
}

@test "events --stats: the keys that callers read" {
	need_root
	idle_container '{"memory": {"limit": 33554432, "swap": 50331648}, "pids": {"limit": 9}}'
	rt events --stats "$ID" >"$TMP/stats"
	jq -e '.type == "stats" and (.data | (.cpu.usage.total > 0) and (.cpu.throttling | type == "object")
		and (.cpu.psi.some | has("avg10", "total") or (has("avg10") and has("total")))
		and .memory.usage.limit == 33554432 and .memory.usage.usage > 0 and .memory.swap.limit == 50331648
		and (.memory.raw.anon | type == "number") and (.memory.psi.full.total | type == "number")
		and .pids.current == 1 and .pids.limit == 9 and (.cpuset.cpus | type == "array")
		and (.hugetlb["2MB"] | type == "object") and (.blkio.psi | type == "object") and .network_interfaces == null)' \
		"$TMP/stats" || { cat "$TMP/stats"; false; }
	# As the kernel writes them, with two places.
	! grep -qE '"avg(10|60|300)":[0-9]+\.[0-9]{3}' "$TMP/stats" || return 1
}

@test "events: an OOM kill is told, and the stream ends when the container does" {
	need_root
	set_sh 'sleep 3; x=a; while :; do x=$x$x$x$x; done'
	resources '{"memory": {"limit": 8388608, "swap": 8388608}}'
	start_container
	run timeout 60 "$RT" --root "$ROOT" events --interval 100s "$ID"
	[ "$status" = 0 ]
	grep -q '"type":"oom"' <<<"$output"
	run rt events --stats "$ID"
	[ "$status" -ne 0 ]
}
