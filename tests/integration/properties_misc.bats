#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is left: names, sysctl, resctrl, annotations.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "hostname and domainname" {
	config '.hostname = "some-host" | .domainname = "some.domain"'
	set_sh 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname'
	rt_run 0
	[ "${lines[0]}" = some-host ]
	[ "${lines[1]}" = some.domain ]
}

@test "sysctl: keys of the container's namespaces" {
	need_root
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77", "kernel.msgmax": "4242", "fs.mqueue.msg_max": "17"}'
	set_sh 'cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max'
	rt_run 0
	[ "${lines[0]}" = 77 ]
	[ "${lines[1]}" = 4242 ]
	[ "${lines[2]}" = 17 ]
}

@test "sysctl: keys of the host are refused" {
	local k
	for k in kernel.core_pattern kernel.panic vm.swappiness fs.file-max kernel.hostname; do
		config '.linux.sysctl = {($k): "1"}' --arg k $k
		fails_with $k
	done
}

@test "sysctl: a value that the kernel refuses is named" {
	need_root
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "nonsense"}'
	fails_with ip_default_ttl nonsense
}

@test "intelRdt is refused where the host has no resctrl" {
	! grep -q " resctrl " /proc/mounts || skip "this host has resctrl"
	config '.linux.intelRdt = {closID: "group", l3CacheSchema: "L3:0=f"}'
	fails_with intelRdt resctrl
}

@test "annotations appear in the state" {
	config '.annotations = {"a.b/c": "d e"}'
	set_args /bin/sleep 30
	rt_create
	[ "$(rt state "$ID" | jq -r '.annotations["a.b/c"]')" = "d e" ]
}

@test "run.oci.hooks.stdout and stderr get the output of hooks" {
	need_knarr
	printf '#!/bin/sh\necho to-stdout\necho to-stderr >&2\n' >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $h}] | .annotations = {"run.oci.hooks.stdout": $o, "run.oci.hooks.stderr": $e}' \
		--arg h "$H/hook" --arg o "$H/out" --arg e "$H/err"
	set_args /bin/true
	rt_run 0
	rt_run 0
	[ "$(cat "$H/out")" = $'to-stdout\nto-stdout' ]
	[ "$(cat "$H/err")" = $'to-stderr\nto-stderr' ]
}

@test "run.oci.mount_context_type without SELinux: mountLabel is refused all the same" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is enabled on this host"
	config '.linux.mountLabel = "a:b:c:s0" | .annotations = {"run.oci.mount_context_type": "rootcontext"}'
	fails_with SELinux
}

@test "run.oci.pidfd_receiver gets the pidfd" {
	need_tool python3
	config '.annotations = {"run.oci.pidfd_receiver": $p}' --arg p "$H/receiver"
	set_args /bin/true
	python3 - "$H/receiver" >"$TMP/got" 3>&- <<'P' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind(sys.argv[1])
s.listen(1)
s.settimeout(10)
c, _ = s.accept()
data, fds, _, _ = socket.recv_fds(c, 100, 1)
print(data.decode(), open("/proc/self/fdinfo/%d" % fds[0]).read())
P
	receiver=$!
	wait_for 5 test -S "$H/receiver"
	rt_run 0
	wait "$receiver" # bats has children of its own
	grep -q '^Pid:' "$TMP/got"
}
