#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# namespaces: new ones, joined ones, user namespaces with maps, time offsets, names of the host, loopback.
load helpers

setup() { setup_bundle; }
teardown() {
	[ -z "${HOLDER:-}" ] || kill "$HOLDER" 2>/dev/null || true
	teardown_bundle
}

ns_set() { config '.linux.namespaces = ((.linux.namespaces | map(select(.type != $t))) + [{type: $t} + (if $p == "" then {} else {path: $p} end)])' --arg t "$1" --arg p "${2:-}"; }
ns_drop() { config '.linux.namespaces |= map(select(.type != $t))' --arg t "$1"; }
# holder FLAGS: a process in namespaces of its own, to be joined.
holder() {
	unshare "$@" --fork sleep 60 3>&- &
	local unshare=$!
	wait_for 20 pgrep -P "$unshare" -x sleep
	HOLDER=$(pgrep -P "$unshare" -x sleep)
}

@test "new namespaces differ from the host's, absent ones are the host's" {
	set_sh 'for n in mnt uts ipc pid net cgroup time user; do echo $n $(readlink /proc/self/ns/$n); done'
	rt_run 0
	local type file
	for type in mount:mnt uts:uts ipc:ipc pid:pid network:net cgroup:cgroup time:time user:user; do
		file=${type#*:}
		if jq -e --arg t "${type%:*}" 'any(.linux.namespaces[]; .type == $t)' "$BUNDLE/config.json" >/dev/null; then
			! grep -qF "$(readlink /proc/self/ns/$file)" <<<"$output" || return 1
		else
			grep -qF "$(readlink /proc/self/ns/$file)" <<<"$output"
		fi
	done
}

@test "joined by path: network, ipc, uts" {
	need_root
	holder --net --ipc --uts
	ns_set network "/proc/$HOLDER/ns/net"
	ns_set ipc "/proc/$HOLDER/ns/ipc"
	ns_set uts "/proc/$HOLDER/ns/uts"
	config 'del(.hostname)'
	set_sh 'for n in net ipc uts; do readlink /proc/self/ns/$n; done'
	rt_run 0
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/net")" ]
	[ "${lines[1]}" = "$(readlink "/proc/$HOLDER/ns/ipc")" ]
	[ "${lines[2]}" = "$(readlink "/proc/$HOLDER/ns/uts")" ]
}

@test "joined by path: a pid namespace" {
	need_root
	holder --pid
	ns_set pid "/proc/$HOLDER/ns/pid"
	set_sh 'readlink /proc/self/ns/pid; echo $$; exit 21'
	rt_run 21
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/pid")" ]
	[ "${lines[1]}" -gt 1 ]
}

@test "joined by path: the namespaces of another container" {
	need_root
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	local first
	first=$(pid_of)
	ns_set network "/proc/$first/ns/net"
	ns_set ipc "/proc/$first/ns/ipc"
	set_sh 'readlink /proc/self/ns/net'
	run -0 rt run --bundle "$BUNDLE" "$ID-2"
	[ "$output" = "$(readlink "/proc/$first/ns/net")" ]
}

@test "a user namespace with maps: ids, ownership, no privilege outside" {
	need_root
	ns_set user
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 2000}] | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 2000}]'
	chmod 755 "$TMP" "$BUNDLE"
	chown -R 100000:200000 "$BUNDLE/rootfs"
	set_sh 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; /bin/probe ids; /bin/probe stat /bin/busybox; echo x >/made'
	config '.root.readonly = false'
	rt_run 0
	assert_output_has "0 100000 2000" "0 200000 2000" "uid=0,0,0 gid=0,0,0"
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/made")" = 100000:200000 ]
}

@test "a user namespace that leaves container id 0 out is refused, whoever the process is" {
	need_root
	ns_set user
	local key uid
	chmod 755 "$TMP" "$BUNDLE"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	set_args /bin/true
	for key in uidMappings gidMappings; do
		for uid in 0 1000; do
			config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 2000}] | .linux.gidMappings = .linux.uidMappings
				| .linux[$k] = [{containerID: 1000, hostID: 101000, size: 5}] | .process.user = {uid: $u, gid: $u}' --arg k $key --argjson u $uid
			if is_knarr; then
				fails_with "config.json:$(line_of "\"$key\""):" "'linux.$key' does not map container id 0"
			else
				fails_with
			fi
		done
	done
}

@test "a user namespace: an ordinary user inside, several ranges" {
	need_root
	ns_set user
	config '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 1000, hostID: 300000, size: 5}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 2000}] | .process.user = {uid: 1000, gid: 1000, additionalGids: [50]}'
	chmod 755 "$TMP" "$BUNDLE"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	set_args /bin/probe ids
	rt_run 0
	assert_output_has "uid=1000,1000,1000 gid=1000,1000,1000 groups="
	config '.process.user.uid = 500'
	fails_with config.json: 500
}

@test "a user namespace joined by path" {
	need_root
	holder --user --map-root-user --net
	ns_set user "/proc/$HOLDER/ns/user"
	ns_set network "/proc/$HOLDER/ns/net"
	# That namespace knows one id: the group of terminals is none of them.
	config '.mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
	set_sh 'readlink /proc/self/ns/user; /bin/probe ids'
	rt_run 0
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/user")" ]
}

@test "time offsets" {
	[ -e /proc/self/timens_offsets ] || skip "no time namespaces in this kernel"
	need_root
	ns_set time
	config '.linux.timeOffsets = {monotonic: {secs: 86400, nanosecs: 5}, boottime: {secs: 172800}}'
	set_sh 'cat /proc/self/timens_offsets | tr -s " "; cut -d. -f1 /proc/uptime'
	rt_run 0
	assert_output_has "monotonic 86400 5" "boottime 172800 0"
	[ "${lines[-1]}" -gt 172800 ]
}

@test "hostname and domainname" {
	config '.hostname = "inner.example" | .domainname = "d.example"'
	set_sh 'hostname; cat /proc/sys/kernel/domainname'
	rt_run 0
	[ "${lines[0]}" = inner.example ]
	[ "${lines[1]}" = d.example ]
	[ "$(hostname)" != inner.example ]
}

@test "a hostname without a uts namespace is refused" {
	ns_drop uts
	config '.hostname = "inner"'
	fails_with hostname config.json:
	[ "$(hostname)" != inner ]
}

@test "loopback is up in a new network namespace" {
	ns_set network
	set_sh 'cat /sys/class/net/lo/operstate /sys/class/net/lo/flags 2>/dev/null; grep -c 127.0.0.1 /proc/net/fib_trie'
	rt_run 0
	[ "${lines[-1]}" -gt 0 ]
	assert_output_has 0x9
}

@test "sysctls of the container's namespaces" {
	need_root
	config '.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.shmmni": "77", "net/ipv4/ip_forward": "1"}'
	set_sh 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_forward'
	rt_run 0
	[ "$output" = $'80\n77\n1' ]
	[ "$(cat /proc/sys/kernel/shmmni)" != 77 ]
}

@test "exec stands in the same namespaces" {
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	local pid n
	pid=$(pid_of)
	run -0 rt exec "$ID" /bin/sh -c 'for n in mnt uts ipc pid net cgroup user; do readlink /proc/self/ns/$n; done'
	local i=0
	for n in mnt uts ipc pid net cgroup user; do
		[ "${lines[$i]}" = "$(readlink "/proc/$pid/ns/$n")" ] || { echo "$n"; return 1; }
		i=$((i + 1))
	done
}
