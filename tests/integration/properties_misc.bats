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

# own TYPE FILE: the container joins the caller's own namespace of this type. A namespace around it keeps the host's.
own() {
	config 'del(.hostname) | del(.domainname) | del(.linux.sysctl) |
		.linux.namespaces = [.linux.namespaces[] | select(.type != $t)] + [{type: $t, path: ("/proc/self/ns/" + $f)}]' --arg t "$1" --arg f "$2"
}
refused_of_own() { # WHAT FILE
	local before
	before=$(cat "$2")
	run unshare --uts --ipc --net sh -c 'before=$(cat "$1"); "$2" --root "$3" run --bundle "$4" "$5"; r=$?; [ "$(cat "$1")" = "$before" ] || exit 99; exit $r' \
		sh "$2" "$RT" "$ROOT" "$BUNDLE" "$ID"
	[ "$status" -ne 0 ] && [ "$status" -ne 99 ]
	[[ $output == *"$1"*host* ]]
	[ "$(cat "$2")" = "$before" ]
	run rt check "$BUNDLE"
	[ "$status" -ne 0 ]
	[[ $output == *"$1"*"own"* ]]
}

@test "sysctl, hostname, domainname: a namespace to join that is the caller's own is refused" {
	need_root
	need_knarr # runc refuses the network namespace alone
	set_args /bin/true
	own network net
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	refused_of_own net/ipv4/ip_default_ttl /proc/sys/net/ipv4/ip_default_ttl
	own ipc ipc
	config '.linux.sysctl = {"kernel.shmmni": "4095"}'
	refused_of_own kernel/shmmni /proc/sys/kernel/shmmni
	config '.linux.sysctl = {"fs.mqueue.msg_max": "11"}'
	refused_of_own fs/mqueue/msg_max /proc/sys/fs/mqueue/msg_max
	own uts uts
	config '.linux.sysctl = {"kernel.domainname": "some"}'
	refused_of_own kernel/domainname /proc/sys/kernel/domainname
	own uts uts
	config '.hostname = "some-host"'
	refused_of_own hostname /proc/sys/kernel/hostname
	own uts uts
	config '.domainname = "some.domain"'
	refused_of_own domainname /proc/sys/kernel/domainname
	# Without a change it is joined.
	own uts uts
	rt_run 0
}

@test "sysctl, hostname: in a namespace of another process that is joined" {
	need_root
	unshare --uts --net sleep 60 3>&- &
	local p=$!
	wait_for 5 sh -c "[ \"\$(readlink /proc/$p/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
	config '.linux.namespaces = [.linux.namespaces[] | select(.type != "network" and .type != "uts")] +
		[{type: "network", path: $n}, {type: "uts", path: $u}] | .hostname = "some-host" |
		.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}' --arg n "/proc/$p/ns/net" --arg u "/proc/$p/ns/uts"
	set_sh 'cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_default_ttl'
	rt_run 0
	kill "$p"
	[ "${lines[0]}" = some-host ]
	[ "${lines[1]}" = 77 ]
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
	rt_run 0 --annotations=run.oci.hooks.stdout,run.oci.hooks.stderr
	rt_run 0 --annotations=all
	[ "$(cat "$H/out")" = $'to-stdout\nto-stdout' ]
	[ "$(cat "$H/err")" = $'to-stderr\nto-stderr' ]
}

@test "T37 annotations that widen power do nothing until the caller names them" {
	need_knarr
	printf '#!/bin/sh\necho said\necho said >&2\n' >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks = {createRuntime: [{path: $h}], poststart: [{path: $h}], poststop: [{path: $h}]} | .annotations = {"run.oci.hooks.stdout": $o, "run.oci.hooks.stderr": $o,
		"run.oci.pidfd_receiver": $n, "run.oci.seccomp.receiver": $n, "run.oci.delegate-cgroup": "below"}' --arg h "$H/hook" --arg o "$H/out" --arg n "$H/nobody"
	set_args /bin/sleep 60
	rt_create
	jq -e '.annotations["run.oci.hooks.stdout"]' <<<"$(rt state "$ID")"
	[ "$(jq '[.. | strings | select(endswith("/below"))] | length' "$ROOT/$ID/state.json")" = 0 ]
	rt start "$ID"
	rt delete --force "$ID"
	[ ! -e "$H/out" ]
	# One that is named does not bring the others with it.
	set_args /bin/true
	rt_run 0 --annotations=run.oci.hooks.stdout
	[ "$(sort -u "$H/out")" = said ]
	[ "$(wc -l <"$H/out")" = 3 ]
}

@test "what --annotations allowed at create holds for start and delete, and no more" {
	need_knarr
	printf '#!/bin/sh\necho said\necho said >&2\n' >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks = {createRuntime: [{path: $h}], poststart: [{path: $h}], poststop: [{path: $h}]} |
		.annotations = {"run.oci.hooks.stdout": $o, "run.oci.hooks.stderr": $e}' --arg h "$H/hook" --arg o "$H/out" --arg e "$H/err"
	set_args /bin/sleep 60
	rt_create --annotations=run.oci.hooks.stdout
	[ "$(wc -l <"$H/out")" = 1 ]
	rt start "$ID"
	[ "$(wc -l <"$H/out")" = 2 ]
	rt delete --force "$ID"
	[ "$(wc -l <"$H/out")" = 3 ]
	[ ! -e "$H/err" ]
	# A later caller may allow more, for itself.
	rt_create --annotations=run.oci.hooks.stdout
	rt delete --annotations=run.oci.hooks.stderr --force "$ID"
	[ "$(wc -l <"$H/out")" = 5 ]
	[ "$(wc -l <"$H/err")" = 1 ]
}

@test "an annotation that is off: a warning in the log and in check, and it stays in the state of hooks" {
	need_knarr
	printf '#!/bin/sh\ncat >%s/state\n' "$H" >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $h}] | .annotations = {"run.oci.hooks.stderr": $x, "run.oci.keep_original_groups": "0"}' --arg h "$H/hook" --arg x "$H/x"
	set_args /bin/true
	rt_run 0 --log-level=error
	[ -z "$output" ]
	[ "$(jq -r '.annotations["run.oci.hooks.stderr"]' "$H/state")" = "$H/x" ]
	rt_run 0
	assert_output_has "warning: annotation 'run.oci.hooks.stderr' is ignored" "config.json:" "--annotations=run.oci.hooks.stderr"
	[[ $output != *keep_original_groups* ]]
	rt_run 0 --log-level=warning --annotations=run.oci.hooks.stdout,run.oci.hooks.stderr
	[[ $output != *annotation* ]]
	run -0 --separate-stderr rt check --json "$BUNDLE"
	jq -e 'length == 1 and .[0].level == "warning" and (.[0].msg | contains("run.oci.hooks.stderr")) and .[0].line > 0 and
		.[0].origin == "/annotations/run.oci.hooks.stderr"' <<<"$output"
	run -0 --separate-stderr rt check --annotations=all --json "$BUNDLE"
	[ "$output" = "[]" ]
}

@test "--annotations: a name that is none is a usage error with the nearest" {
	need_knarr
	run -1 rt --annotations=run.oci.hooks.stdot list
	assert_output_has "unknown word 'run.oci.hooks.stdot'" "did you mean 'run.oci.hooks.stdout'?" run.oci.pidfd_receiver
	run -1 rt --annotations=run.oci. list
	assert_output_has run.oci.delegate-cgroup all
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
	rt_run 0 "${ALLOW[@]}"
	wait "$receiver" # bats has children of its own
	grep -q '^Pid:' "$TMP/got"
}
