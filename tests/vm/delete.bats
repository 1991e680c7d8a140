#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is left after the end of a container: nothing.
load helpers

cgroups() { find /sys/fs/cgroup -type d | wc -l; }

@test "100 containers, eight at a time, leave no cgroup, mount, process or state" {
	need_root
	set_args /bin/true
	before=$(cgroups)
	rt run --bundle "$BUNDLE" "$ID" # makes the common parent
	before=$(cgroups)
	seq 100 | xargs -P 8 -I{} "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID-{}"
	[ "$(cgroups)" = "$before" ]
	[ -z "$(ls "$ROOT")" ]
	! pgrep -f "$ID" || return 1
}

@test "a fork bomb dies with its container" {
	need_root
	resources '{"pids": {"limit": 40}}'
	set_sh 'b() { b | b & }; b 2>/dev/null; sleep 1000'
	start_container
	wait_for 20 eval '[ "$(value pids.peak)" -ge 30 ]'
	rt delete -f "$ID"
	[ ! -e "$CG" ]
}

@test "processes that left the session, stopped themselves or ignore signals die with the container" {
	need_root
	ln -s busybox "$BUNDLE/rootfs/bin/setsid"
	ln -s busybox "$BUNDLE/rootfs/bin/nohup"
	for flags in "" --systemd-cgroup; do
		RT_FLAGS=($flags)
		config '.linux.namespaces |= map(select(.type != "pid"))'
		set_sh 'setsid sleep 700 & (trap "" TERM HUP INT; exec sleep 701) & sleep 702 & kill -STOP $!; echo x >/dev/null; exec sleep 703'
		start_container
		wait_for 10 eval '[ "$(wc -l <"$CG/cgroup.procs")" -ge 4 ]'
		pids=$(<"$CG/cgroup.procs")
		rt delete -f "$ID"
		for p in $pids; do is_gone "$p"; done
		[ ! -e "$CG" ]
	done
}

@test "sub-cgroups that the container made are removed" {
	need_root
	idle_container
	mkdir -p "$CG/x/y/z" "$CG/w"
	rt delete -f "$ID"
	[ ! -e "$CG" ]
}

@test "T44: killed at each step of create, delete --force cleans up, twice" {
	need_root
	need_test_hooks
	for flags in "" --systemd-cgroup; do
		RT_FLAGS=($flags)
		for at in recorded cgroup-made cgroup process ready saved; do
			run env KNARR_TEST_KILL_AT=$at "$RT" --root "$ROOT" "${RT_FLAGS[@]}" create --bundle "$BUNDLE" "$ID" </dev/null
			echo "$flags $at: $status $output"
			# cgroup-made is a step of the other driver only.
			[ "$status" = 137 ] || [ "$flags $at" = "--systemd-cgroup cgroup-made" ]
			rt delete --force "$ID"
			assert_clean
			run rt delete "$ID"
			[ "$status" -ne 0 ]
			assert_output_has "does not exist"
			rt delete --force "$ID"
		done
	done
}
