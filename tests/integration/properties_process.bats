#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# process.*: what the program has of it.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

allow_nice() { config '.process.capabilities |= with_entries(.value += ["CAP_SYS_NICE"])'; }

@test "apparmorProfile is refused where there is no AppArmor" {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || skip "AppArmor is enabled on this host"
	config '.process.apparmorProfile = "some-profile"'
	fails_with apparmorProfile AppArmor
}

@test "selinuxLabel is refused where there is no SELinux" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is enabled on this host"
	config '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	fails_with selinuxLabel SELinux
}

@test "scheduler: SCHED_OTHER and SCHED_BATCH with a nice value" {
	config '.process.scheduler = {policy: "SCHED_OTHER", nice: 7}'
	set_args probe sched
	rt_run 0
	[[ $output == "policy=0 nice=7 "* ]]
	config '.process.scheduler = {policy: "SCHED_BATCH", nice: 3}'
	rt_run 0
	[[ $output == "policy=3 nice=3 "* ]]
}

@test "scheduler: SCHED_IDLE" {
	config '.process.scheduler = {policy: "SCHED_IDLE"}'
	set_args probe sched
	rt_run 0
	[[ $output == "policy=5 "* ]]
}

# A group without real-time budget may not have such tasks.
sched_or_skip() {
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || [[ $output != *"not permitted"* && $output != *"busy"* ]] ||
		skip "the kernel does not give real-time scheduling here: $output"
	[ "$status" = 0 ]
}

@test "scheduler: SCHED_FIFO and SCHED_RR with a priority" {
	need_root
	config '.process.scheduler = {policy: "SCHED_FIFO", priority: 10}'
	set_args probe sched
	sched_or_skip
	[[ $output == "policy=1 "*" priority=10 "* ]]
	config '.process.scheduler = {policy: "SCHED_RR", priority: 20, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	sched_or_skip
	[[ $output == "policy=2 "*" priority=20 flags=1 "* ]]
}

@test "scheduler: SCHED_DEADLINE" {
	need_root
	config '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 10000000, period: 20000000}'
	set_args probe sched
	sched_or_skip
	[[ $output == "policy=6 "*"runtime=1000000 deadline=10000000 period=20000000" ]]
}

@test "scheduler: a policy that no kernel has is refused" {
	config '.process.scheduler = {policy: "SCHED_ISO"}'
	fails_with SCHED_ISO
	config '.process.scheduler = {policy: "SCHED_NONSENSE"}'
	fails_with SCHED_NONSENSE
}

@test "ioPriority: the classes" {
	config '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	set_args probe ioprio
	rt_run 0
	[ "$output" = "2 6" ]
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	rt_run 0
	[[ $output == "3 "* ]]
	config '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
	rt_run 0
	[[ $output == "3 "* ]]
	if is_root; then
		config '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 1}'
		rt_run 0
		[ "$output" = "1 1" ]
	fi
}

@test "personality: LINUX and LINUX32" {
	config '.linux.personality = {domain: "LINUX32"}'
	set_args probe personality
	rt_run 0
	[ "$output" = 0x8 ]
	config '.linux.personality = {domain: "LINUX"}'
	rt_run 0
	[ "$output" = 0 ] || [ "$output" = 0x0 ]
}

@test "personality holds in exec, too" {
	config '.linux.personality = {domain: "LINUX32"}'
	set_args /bin/sleep 30
	rt_create
	rt start "$ID"
	run rt exec "$ID" probe personality
	[ "$output" = 0x8 ]
}

@test "memoryPolicy: the modes and flags" {
	[ -e /proc/self/numa_maps ] || skip "this kernel has no NUMA"
	# The default profile does not let the probe ask.
	config 'del(.linux.seccomp) | .linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0"}'
	set_args probe mempolicy
	rt_run 0
	[ "$output" = "3 0x1" ]
	config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	rt_run 0
	[ "$output" = "$((2 | 1 << 15)) 0x1" ]
	config '.linux.memoryPolicy = {mode: "MPOL_PREFERRED", nodes: "0"}'
	rt_run 0
	[[ $output == "1 "* ]]
	config '.linux.memoryPolicy = {mode: "MPOL_LOCAL"}'
	rt_run 0
	[[ $output == "4 "* || $output == "1 "* ]]
	config '.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}'
	rt_run 0
	[[ $output == "0 "* ]]
}

@test "memoryPolicy: what cannot be is refused" {
	config '.linux.memoryPolicy = {mode: "MPOL_BIND"}'
	fails_with nodes
	config '.linux.memoryPolicy = {mode: "MPOL_NONSENSE"}'
	fails_with MPOL_NONSENSE
}

@test "oomScoreAdj" {
	config '.process.oomScoreAdj = 321'
	set_args /bin/cat /proc/self/oom_score_adj
	rt_run 0
	[ "$output" = 321 ]
	config 'del(.process.oomScoreAdj)'
	rt_run 0
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

# The kernel keeps the lowest score that privilege has set, and lets others go down to that.
@test "oomScoreAdj below the caller's" {
	local own lower
	own=$(cat /proc/self/oom_score_adj)
	lower=$((own > -1000 ? own - 1 : own))
	set_args /bin/cat /proc/self/oom_score_adj
	config '.process.oomScoreAdj = $n' --argjson n $lower
	if (echo $lower >/proc/self/oom_score_adj) 2>/dev/null; then
		rt_run 0
		[ "$output" = $lower ]
	else
		fails_with "cannot set oom_score_adj to $lower" "CAP_SYS_RESOURCE"
	fi
}

@test "user: uid, gid, additionalGids, umask" {
	need_root
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 1002], umask: 23}'
	set_sh 'probe ids; probe umask'
	rt_run 0
	[ "${lines[0]}" = "uid=1000,1000,1000 gid=1001,1001,1001 groups=5,1001,1002" ]
	[ "${lines[1]}" = 0027 ]
	config '.process.user = {uid: 1000, gid: 1001}'
	rt_run 0
	[ "${lines[0]}" = "uid=1000,1000,1000 gid=1001,1001,1001 groups=1001" ]
	[ "${lines[1]}" = 0022 ]
}

@test "run.oci.keep_original_groups keeps the caller's groups" {
	need_root
	need_tool setpriv
	set_args probe ids
	run setpriv --groups 4242 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[[ $output == *" groups=0" ]]
	config '.annotations["run.oci.keep_original_groups"] = "1"'
	# root's groups are the machine's: not unless it says so
	if is_knarr; then
		run setpriv --groups 4242 "$RT" --root "$ROOT" --log-level=warning run --bundle "$BUNDLE" "$ID"
		[[ $output == *"'run.oci.keep_original_groups' is ignored"*" groups=0" ]]
	fi
	run setpriv --groups 4242 "$RT" --root "$ROOT" "${ALLOW[@]}" run --bundle "$BUNDLE" "$ID"
	[[ $output == *"groups="*4242* ]]
	# Also on the way into a user namespace, where this one has no name.
	add_userns
	run setpriv --groups 4242 "$RT" --root "$ROOT" "${ALLOW[@]}" run --bundle "$BUNDLE" "$ID"
	[[ $output == *" groups=65534" ]]
}

@test "capabilities: each set is as given" {
	need_root
	config '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], permitted: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]} | .process.user = {uid: 1000, gid: 1000}'
	set_args probe caps
	rt_run 0
	# A user's exec keeps what is ambient.
	[[ $output == *"CapPrm:	0000000000000020"* ]]
	[[ $output == *"CapAmb:	0000000000000020"* ]]
	[[ $output == *"CapInh:	0000000000000020"* ]]
	[[ $output == *"CapBnd:	00000000000000a1"* ]]
}

@test "rlimits: soft and hard" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 111, hard: 222}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	set_sh 'probe rlimit NOFILE; probe rlimit CORE'
	rt_run 0
	[ "${lines[0]}" = "111 222" ]
	[ "${lines[1]}" = "0 0" ]
}

@test "rlimits: unlimited is the largest number" {
	need_root
	(ulimit -Hl unlimited) 2>/dev/null || skip "needs CAP_SYS_RESOURCE"
	config '.process.rlimits = [{type: "RLIMIT_MEMLOCK", soft: 18446744073709551615, hard: 18446744073709551615}]'
	set_args probe rlimit MEMLOCK
	rt_run 0
	[ "$output" = "18446744073709551615 18446744073709551615" ]
}

@test "noNewPrivileges" {
	config '.process.noNewPrivileges = true'
	set_args probe status NoNewPrivs
	rt_run 0
	[[ $output == *1 ]]
	config '.process.noNewPrivileges = false'
	rt_run 0
	[[ $output == *"$(awk '/^NoNewPrivs:/ {print $2}' /proc/self/status)" ]]
}

@test "execCPUAffinity: the final one holds in exec" {
	config '.process.execCPUAffinity = {initial: "0", final: "0"}'
	set_args /bin/sleep 30
	rt_create
	rt start "$ID"
	run rt exec "$ID" probe affinity
	[[ $output == *:?0 ]]
	jq '.process | .args = ["probe", "affinity"] | .execCPUAffinity = {final: "1"}' "$BUNDLE/config.json" >"$TMP/p.json"
	[ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
	run rt exec --process "$TMP/p.json" "$ID"
	[[ $output == *:?1 ]]
}

@test "execCPUAffinity does not touch the container's own program" {
	[ "$(nproc)" -gt 1 ] || skip "needs two CPUs"
	config '.process.execCPUAffinity = {initial: "0", final: "0"}'
	set_args probe affinity
	rt_run 0
	[ "$output" = "$(grep Cpus_allowed_list: /proc/self/status)" ]
}

@test "consoleSize" {
	need_helper console_receiver
	config '.process.terminal = true | .process.consoleSize = {height: 33, width: 77}'
	set_args probe winsize
	rt create --help >/dev/null
	"$HELPERS/console_receiver" "$H/console" >"$TMP/console" 2>&1 3>&- &
	local p=$!
	wait_for 5 test -S "$H/console"
	rt create --bundle "$BUNDLE" --console-socket "$H/console" "$ID" </dev/null
	rt start "$ID"
	wait_for 10 grep -q "33 77" "$TMP/console" || { cat "$TMP/console"; kill $p; return 1; }
	kill $p 2>/dev/null || true
}

@test "a session keyring of its own, unless --no-new-keyring" {
	need_root
	set_args probe keyring
	run keyctl_session_of_host
	rt_run 0
	[[ $output =~ ^[0-9]+\ keys=[0-9]+$ ]] || skip "the kernel has no keyrings here: $output"
	local own=${output%% *}
	run rt run --no-new-keyring --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[ "${output%% *}" != "$own" ]
	[ "${output%% *}" = "$("$PROBE" keyring | cut -d' ' -f1)" ]
}
keyctl_session_of_host() { "$PROBE" keyring; }

@test "env is process.env and no more" {
	set_args /bin/env
	export SECRET_OF_CALLER=1 _OCI_SYNCPIPE=9
	rt_run 0
	[[ $output != *SECRET* && $output != *_OCI* ]]
	[[ $output == *PATH* ]]
}
