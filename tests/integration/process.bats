#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process: what the program is given beside its namespaces, as the kernel shows it.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

mask() { # NUMBER...: the mask of these capabilities as /proc shows it
	local n m=0
	for n; do m=$((m | 1 << n)); done
	printf '%016x' $m
}

@test "capabilities: the five sets are exactly the config's" {
	# KILL 5, NET_BIND_SERVICE 10, AUDIT_WRITE 29, CHOWN 0
	config '.process.capabilities = {bounding: ["CAP_KILL","CAP_CHOWN","CAP_NET_BIND_SERVICE","CAP_AUDIT_WRITE"], permitted: ["CAP_KILL","CAP_CHOWN","CAP_NET_BIND_SERVICE"],
		effective: ["CAP_KILL"], inheritable: ["CAP_NET_BIND_SERVICE"], ambient: ["CAP_NET_BIND_SERVICE"]} | .process.user = {uid: 0, gid: 0}'
	set_args /bin/probe caps
	rt_run 0
	echo "$output"
	assert_output_has "CapBnd:	$(mask 0 5 10 29)" "CapInh:	$(mask 10)" "CapAmb:	$(mask 10)"
}

@test "capabilities: none at all" {
	config 'del(.process.capabilities)'
	set_args /bin/probe caps
	rt_run 0
	assert_output_has "CapBnd:	0000000000000000" "CapPrm:	0000000000000000" "CapEff:	0000000000000000"
}

@test "capabilities: an ordinary user keeps the ambient ones only" {
	need_root
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = ({bounding: ["CAP_KILL","CAP_CHOWN"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]})'
	set_args /bin/probe caps
	rt_run 0
	assert_output_has "CapBnd:	$(mask 0 5)" "CapEff:	$(mask 5)" "CapPrm:	$(mask 5)" "CapAmb:	$(mask 5)"
}

@test "rlimits" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 512, hard: 600}, {type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_STACK", soft: 1048576, hard: 2097152}]'
	set_sh '/bin/probe rlimit NOFILE; /bin/probe rlimit CORE; /bin/probe rlimit STACK'
	rt_run 0
	[ "$output" = $'512 600\n0 0\n1048576 2097152' ]
}

@test "rlimits: 18446744073709551615 is unlimited" {
	need_root
	# jq would round the number.
	config '.process.rlimits = [{type: "RLIMIT_CPU", soft: "MAX", hard: "MAX"}]'
	sed -i 's/"MAX"/18446744073709551615/' "$BUNDLE/config.json"
	set_args /bin/probe rlimit CPU
	rt_run 0
	[ "$output" = "18446744073709551615 18446744073709551615" ]
}

@test "umask" {
	set_args /bin/probe umask
	config '.process.user.umask = 63'
	rt_run 0
	[ "$output" = 0077 ]
	config 'del(.process.user.umask)'
	(umask 0; rt run --bundle "$BUNDLE" "$ID") >"$TMP/out"
	[ "$(cat "$TMP/out")" = 0022 ]
}

@test "additional groups are exactly the config's" {
	need_root
	config '.process.user.additionalGids = [7, 50, 4000000000]'
	set_args /bin/probe ids
	rt_run 0
	[[ $output == *groups=7,50,4000000000 || $output == *groups=0,7,50,4000000000 ]]
	config 'del(.process.user.additionalGids)'
	rt_run 0
	[[ $output == *groups= || $output == *groups=0 ]]
}

@test "noNewPrivileges" {
	set_args /bin/probe status NoNewPrivs
	config '.process.noNewPrivileges = true'
	rt_run 0
	[ "$output" = "NoNewPrivs:	1" ]
	config '.process.noNewPrivileges = false'
	rt_run 0
	[ "$output" = "NoNewPrivs:	0" ]
}

@test "oomScoreAdj" {
	config '.process.oomScoreAdj = 321'
	set_args /bin/cat /proc/self/oom_score_adj
	rt_run 0
	[ "$output" = 321 ]
}

# seccomp RULES [DEFAULT]
seccomp() { config '.linux.seccomp = {defaultAction: $d, architectures: ["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64","SCMP_ARCH_RISCV64"], syscalls: $s}' --argjson s "$1" --arg d "${2:-SCMP_ACT_ALLOW}"; }

@test "seccomp: an errno of one's own, and the default one" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	seccomp '[{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":99},{"names":["getpgrp"],"action":"SCMP_ACT_ERRNO"}]'
	set_sh '/bin/probe syscall 110; /bin/probe syscall 111; /bin/probe status Seccomp:'
	rt_run 0
	[ "${lines[0]}" = EADDRNOTAVAIL ] || [ "${lines[0]}" = unknown ]
	[ "${lines[1]}" = EPERM ]
	[ "${lines[2]}" = "Seccomp:	2" ]
}

@test "seccomp: arguments" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	# getpriority(which, who): denied for PRIO_USER (2) alone
	seccomp '[{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":13,"args":[{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]'
	set_sh '/bin/probe syscall 140 2 0; /bin/probe syscall 140 0 0'
	rt_run 0
	[ "${lines[0]}" = EACCES ]
	[[ ${lines[1]} =~ ^[0-9]+$ ]]
}

@test "seccomp: a masked argument, several conditions" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	# personality: only when the low byte of the argument is 8
	seccomp '[{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":7,"args":[{"index":1,"value":255,"valueTwo":8,"op":"SCMP_CMP_MASKED_EQ"},{"index":0,"value":3,"op":"SCMP_CMP_LT"}]}]'
	set_sh '/bin/probe syscall 140 0 0x108; /bin/probe syscall 140 5 0x108; /bin/probe syscall 140 0 0'
	rt_run 0
	[ "${lines[0]}" = E2BIG ]
	[ "${lines[1]}" = EINVAL ]
	[[ ${lines[2]} =~ ^[0-9]+$ ]]
}

@test "seccomp: kill" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	# Not getppid: a shell calls that one itself.
	seccomp '[{"names":["getpriority"],"action":"SCMP_ACT_KILL_PROCESS"}]'
	set_sh '/bin/probe syscall 140; echo $?'
	run rt run --bundle "$BUNDLE" "$ID"
	[[ ${lines[-1]} == 159 ]]
}

@test "seccomp: with and without noNewPrivileges, for an ordinary user" {
	need_root
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	seccomp '[{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]'
	config '.process.user = {uid: 1000, gid: 1000} | del(.process.capabilities)'
	set_args /bin/probe syscall 110
	local nnp
	for nnp in true false; do
		config ".process.noNewPrivileges = $nnp"
		rt_run 0
		[ "$output" = EACCES ]
	done
}

@test "seccomp: exec has the same filter" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64's call numbers"
	seccomp '[{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]'
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run -0 rt exec "$ID" /bin/probe syscall 110
	[ "$output" = EACCES ]
}

@test "the program's identity is the memory's: no file of ours in /proc/self/exe or maps" {
	set_sh 'readlink /proc/self/exe; grep -c knarr /proc/self/maps'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = /bin/busybox ]
	[ "${lines[1]}" = 0 ]
}

@test "exec: args, env, cwd, user, status, signal" {
	set_args /bin/sleep 60
	mkdir -p "$BUNDLE/rootfs/srv"
	rt_create
	rt start "$ID"
	run -23 rt exec --env A=b --cwd /srv "$ID" /bin/sh -c 'echo $A; pwd; exit 23'
	[ "$output" = $'b\n/srv' ]
	run -143 rt exec "$ID" /bin/sh -c 'kill -TERM $$'
	run -0 rt exec "$ID" -- /bin/echo --flag -x
	[ "$output" = "--flag -x" ]
	run rt exec "$ID" /no/such
	[ "$status" = 255 ]
	assert_output_has 'exec: "/no/such"' "no such file"
	run rt exec "$ID" nosuch
	assert_output_has 'exec: "nosuch": executable file not found in $PATH'
	if is_root; then
		run -0 rt exec --user 1000:1000 "$ID" /bin/probe ids
		assert_output_has "uid=1000,1000,1000 gid=1000,1000,1000"
	fi
}

@test "exec: a process file, a pid file" {
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	jq '.process | .args = ["/bin/sh", "-c", "echo from-file; exec sleep 50"] | .env += ["X=1"]' "$BUNDLE/config.json" >"$TMP/process.json"
	rt exec --process "$TMP/process.json" --detach --pid-file "$TMP/pid" "$ID" </dev/null >"$TMP/o" 2>&1
	kill -0 "$(cat "$TMP/pid")"
	wait_for 20 grep -q from-file "$TMP/o"
	run rt exec --pid-file "$TMP/pid2" --detach "$ID" /no/such
	[ "$status" = 255 ]
	[ ! -e "$TMP/pid2" ]
}

# A service manager in the container does this; cgroups(7) then lets no process into the container's own cgroup.
@test "exec into a container that passes its controllers on" {
	need_root
	need_controller hugetlb
	config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]
		| (.mounts[] | select(.type | startswith("cgroup")) | .options) = ["nosuid", "noexec", "nodev"]
		| .linux.namespaces += (if any(.linux.namespaces[]; .type == "cgroup") then [] else [{type: "cgroup"}] end)'
	# An exec of ours may stand in the cgroup just then, which makes the kernel refuse.
	set_sh 'cd /sys/fs/cgroup && mkdir a && echo 1 >a/cgroup.procs; until echo +hugetlb >cgroup.subtree_control; do sleep 0.1; done; cd /; exec sleep 30'
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	inside() { [ "$(rt exec "$ID" /bin/sh -c 'grep ^0: /proc/self/cgroup' 2>/dev/null)" = 0::/a ]; }
	wait_for 10 inside
	rt delete --force "$ID"
}

# The program opens its own stdout again by name, as many log configurations do.
stdout_by_name() {
	set_sh 'echo a >/dev/stdout && echo b >>/proc/self/fd/1'
	rm -f "$TMP/file" "$TMP/exec"
	: >"$TMP/file"
	chmod 600 "$TMP/file"
	timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >>"$TMP/file" 2>"$TMP/err" || { cat "$TMP/err"; return 1; }
	timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 2>"$TMP/err" | grep -qx b || { cat "$TMP/err"; return 1; }
	set_args /bin/sleep 100
	rt_create && rt start "$ID"
	: >"$TMP/exec"
	chmod 600 "$TMP/exec"
	rt exec "$ID" /bin/sh -c 'echo a >/dev/stdout && echo b >>/proc/self/fd/1' </dev/null >>"$TMP/exec"
	rt exec "$ID" /bin/sh -c 'echo a >/dev/stdout' </dev/null | grep -qx a
	rt delete --force "$ID"
}

@test "an ordinary user in the container opens its stdout by name: a file, a pipe, also in a user namespace" {
	need_root
	config '.process.user = {"uid": 1000, "gid": 1000}'
	stdout_by_name
	[ "$(stat -c %u "$TMP/file")" = 1000 ]
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	stdout_by_name
	[ "$(stat -c %u "$TMP/file")" = 101000 ]
}
