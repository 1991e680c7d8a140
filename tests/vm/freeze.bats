#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause and resume, and what ends a container when its first process cannot or does not matter.
load helpers

@test "pause stops everything, resume lets it go on, both drivers" {
	need_root
	for flags in "" --systemd-cgroup; do
		RT_FLAGS=($flags)
		idle_container
		rt pause "$ID"
		is_status paused
		value cgroup.events | grep -q 'frozen 1'
		run rt pause "$ID"
		[ "$status" -ne 0 ]
		run rt exec "$ID" /bin/true
		[ "$status" -ne 0 ]
		assert_output_has paused
		rt resume "$ID"
		is_status running
		in_container /bin/true
		run rt resume "$ID"
		[ "$status" -ne 0 ]
		rt delete -f "$ID"
	done
}

@test "a paused container can be killed and deleted" {
	need_root
	idle_container
	rt pause "$ID"
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	rt delete "$ID"
	idle_container
	rt pause "$ID"
	rt delete -f "$ID"
	is_gone "$PID"
}

@test "a shared pid namespace: what outlives init dies by kill --all and by delete" {
	need_root
	config '.linux.namespaces |= map(select(.type != "pid"))'
	set_sh 'sleep 500 & sleep 501 & exit 0'
	start_container
	wait_for 20 is_status stopped
	[ -n "$(<"$CG/cgroup.procs")" ]
	rt kill --all "$ID" KILL
	wait_for 10 is_empty "$CG"
	rt delete "$ID"
	start_container
	wait_for 20 is_status stopped
	rt delete "$ID"
	[ ! -e "$CG" ]
}
