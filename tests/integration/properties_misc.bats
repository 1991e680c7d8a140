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
