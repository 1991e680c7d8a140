#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.namespaces joined by path, in combinations, and time offsets.
load helpers

setup() { setup_bundle; }
teardown() {
	[ -z "${HOLDER:-}" ] || kill "$HOLDER" 2>/dev/null || true
	teardown_bundle
}

# hold FLAG...: a process with namespaces of its own; its files are /proc/$HOLDER/ns/*.
hold() {
	need_root
	need_tool unshare
	unshare "$@" --kill-child sleep 60 3>&- &
	HOLDER=$!
	sleep 0.3
	# With --fork the holder is the child.
	HELD=$(pgrep -P "$HOLDER" -x sleep || echo "$HOLDER")
}
ns() { readlink "/proc/$HELD/ns/$1"; }
# path TYPE FILE: joins it.
path() { config '.linux.namespaces |= (map(select(.type != $t)) + [{type: $t, path: $p}])' --arg t "$1" --arg p "/proc/$HELD/ns/$2"; }
# links FILE...: what the program has.
links() { set_sh "for i in $*; do probe symlink /proc/self/ns/\$i; done"; }

@test "network, ipc and uts are joined by path" {
	hold --fork --net --ipc --uts
	path network net
	path ipc ipc
	path uts uts
	config 'del(.hostname)'
	links net ipc uts
	rt_run 0
	[ "${lines[0]}" = "$(ns net)" ]
	[ "${lines[1]}" = "$(ns ipc)" ]
	[ "${lines[2]}" = "$(ns uts)" ]
}

@test "a new namespace is another one than the host's, no namespace is the host's" {
	local i=0 n of=(ipc uts mnt pid cgroup)
	! is_root || of+=(net) # the rootless config shares the host's network
	links "${of[@]}"
	rt_run 0
	for n in "${of[@]}"; do
		[ "${lines[i]}" != "$(readlink /proc/self/ns/$n)" ]
		i=$((i + 1))
	done
	is_root || return 0
	config '.linux.namespaces |= map(select(.type == "mount" or .type == "pid")) | del(.hostname)'
	links net ipc uts cgroup
	rt_run 0
	i=0
	for n in net ipc uts cgroup; do
		[ "${lines[i]}" = "$(readlink /proc/self/ns/$n)" ]
		i=$((i + 1))
	done
}

@test "pid is joined by path" {
	hold --fork --pid
	path pid pid
	links pid
	rt_run 0
	[ "${lines[0]}" = "$(ns pid)" ]
}

@test "cgroup is joined by path" {
	hold --fork --cgroup
	path cgroup cgroup
	links cgroup
	rt_run 0
	[ "${lines[0]}" = "$(ns cgroup)" ]
}

@test "time is joined by path" {
	hold --fork --time --boottime 5000
	path time time
	config 'del(.linux.timeOffsets)'
	links time
	rt_run 0
	[ "${lines[0]}" = "$(readlink /proc/$HELD/ns/time)" ]
}

@test "timeOffsets" {
	need_root
	[ -e /proc/self/timens_offsets ] || skip "this kernel has no time namespaces"
	config '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 1000, nanosecs: 5}, boottime: {secs: 2000}}'
	set_args probe clock
	rt_run 0
	[[ $(tr -s ' ' <<<"${lines[0]}") == "monotonic 1000 5" ]]
	[[ $(tr -s ' ' <<<"${lines[1]}") == "boottime 2000 0" ]]
}

@test "a namespace file of another type is named" {
	need_root
	HELD=self
	path network ipc
	fails_with /proc/self/ns/ipc network
}

@test "a namespace file that is not there is named" {
	need_root
	config '(.linux.namespaces[] | select(.type == "network")).path = "/nowhere/net"'
	fails_with /nowhere/net
}

@test "a file that is no namespace is named" {
	need_root
	config '(.linux.namespaces[] | select(.type == "network")).path = "/etc/passwd"'
	fails_with /etc/passwd
}
@test "user, pid and network of one owner are joined by path" {
	hold --fork --user --map-root-user --pid --net
	path user user
	path pid pid
	path network net
	config 'del(.mounts[] | select(.type == "cgroup" or .type == "mqueue")) | (.mounts[] | select(.type == "devpts")).options -= ["gid=5"] | del(.linux.uidMappings, .linux.gidMappings)'
	links user pid net
	rt_run 0
	[ "${lines[0]}" = "$(ns user)" ]
	[ "${lines[1]}" = "$(ns pid)" ]
	[ "${lines[2]}" = "$(ns net)" ]
}

