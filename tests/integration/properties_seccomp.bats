#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.seccomp: each action, operator and flag, as the program feels it.
load helpers

setup() {
	setup_bundle
	case $(uname -m) in
	x86_64) NR_GETPPID=110 NR_PERSONALITY=135 NR_SETHOSTNAME=170 ;;
	*) NR_GETPPID=173 NR_PERSONALITY=92 NR_SETHOSTNAME=161 ;;
	esac
	config 'del(.linux.seccomp)'
}
teardown() {
	[ -z "${AGENT:-}" ] || kill "$AGENT" 2>/dev/null || true
	teardown_bundle
}

# rule ACTION NAME [JSON-OF-MORE]: everything else is allowed.
rule() {
	config '.linux.seccomp.defaultAction //= "SCMP_ACT_ALLOW" | .linux.seccomp.syscalls += [{names: [$n], action: $a} + $m]' \
		--arg a "$1" --arg n "$2" --argjson m "${3:-{\}}"
}
# agent ERRNO COUNT: a receiver on $H/agent that writes the state to $H/state.
agent() {
	need_helper seccomp_agent
	"$HELPERS/seccomp_agent" "$H/agent" "$H/state" "$1" "$2" 3>&- &
	AGENT=$!
	wait_for 5 test -S "$H/agent"
}

@test "SCMP_ACT_ERRNO gives EPERM, or errnoRet" {
	rule SCMP_ACT_ERRNO getppid
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EPERM ]
	config '.linux.seccomp.syscalls[0].errnoRet = 38'
	rt_run 0
	[ "$output" = ENOSYS ]
	config '.linux.seccomp.syscalls[0].errnoRet = 0'
	rt_run 0
	[ "$output" = 0 ]
}

@test "SCMP_ACT_KILL_PROCESS and SCMP_ACT_KILL kill with SIGSYS" {
	local a
	for a in SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL SCMP_ACT_KILL_THREAD; do
		config 'del(.linux.seccomp)'
		rule $a getppid
		set_args probe die $NR_GETPPID
		rt_run 0
		[ "$output" = "signal 31" ]
	done
}

@test "SCMP_ACT_TRAP sends SIGSYS" {
	rule SCMP_ACT_TRAP getppid
	set_args probe die $NR_GETPPID
	rt_run 0
	[ "$output" = "signal 31" ]
}

@test "SCMP_ACT_TRACE without a tracer gives ENOSYS" {
	rule SCMP_ACT_TRACE getppid '{"errnoRet": 5}'
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = ENOSYS ]
}

@test "SCMP_ACT_LOG and SCMP_ACT_ALLOW let a call through" {
	rule SCMP_ACT_LOG getppid
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = 0 ]
	config 'del(.linux.seccomp)'
	rule SCMP_ACT_ALLOW getppid
	rt_run 0
	[ "$output" = 0 ]
}

@test "defaultErrnoRet, with a list of what is allowed" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 95,
		syscalls: [{names: ["execve", "exit", "exit_group", "write", "writev", "brk", "arch_prctl", "mmap", "munmap", "mprotect",
		"set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "newfstatat", "fstat",
		"ioctl", "futex", "rt_sigprocmask", "rt_sigaction", "uname", "read", "close", "fcntl"], action: "SCMP_ACT_ALLOW"}]}'
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EOPNOTSUPP ]
}

@test "a call that is newer than the newest one of the profile gives ENOSYS" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO",
		syscalls: [{names: ["execve", "exit", "exit_group", "write", "writev", "brk", "arch_prctl", "mmap", "munmap", "mprotect",
		"set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "newfstatat", "fstat",
		"ioctl", "futex", "rt_sigprocmask", "rt_sigaction", "uname", "read", "close", "fcntl", "clone3", "openat2"], action: "SCMP_ACT_ALLOW"}]}'
	set_args probe syscall 9999
	rt_run 0
	[ "$output" = ENOSYS ]
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EPERM ]
}

@test "a name that the compiler does not know is skipped, or an error where the annotation says so" {
	need_knarr
	rule SCMP_ACT_ERRNO no_such_call_of_any_kernel
	set_args /bin/true
	rt_run 0
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "1"'
	fails_with no_such_call_of_any_kernel
	config '.annotations["run.oci.seccomp_fail_unknown_syscall"] = "0"'
	rt_run 0
}

@test "a misspelt name in a rule that refuses is warned of and a finding of check, in a rule that allows it is not" {
	need_knarr
	rule SCMP_ACT_ERRNO getpppid
	config '.process.capabilities.bounding += ["CAP_NONSENSE"]'
	set_args /bin/true
	local i
	for i in first second; do
		run --separate-stderr rt --log-level warning run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ]
		[[ $stderr == *"unknown system call 'getpppid'"* ]]
		[[ $stderr == *"unknown capability 'CAP_NONSENSE'"* ]]
	done
	run --separate-stderr rt --log-level warning check "$BUNDLE"
	[ "$status" = 0 ]
	[[ $output == *"config.json:"*": warning: "*"unknown system call 'getpppid'"* ]]
	[[ $output == *"warning: "*"unknown capability 'CAP_NONSENSE'"* ]]
	[ "$stderr" = "" ] # each once
	config '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ALLOW" | .linux.seccomp.defaultAction = "SCMP_ACT_LOG" |
		.process.capabilities.bounding -= ["CAP_NONSENSE"]'
	run --separate-stderr rt --log-level warning run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[ "$stderr" = "" ]
	run -0 rt check "$BUNDLE"
	[ "$output" = "" ]
}

@test "overlapping rules: the strictest that holds; a mode has 16 bits" {
	local nr=157 # prctl
	[ "$(uname -m)" = x86_64 ] || nr=167
	rule SCMP_ACT_ALLOW prctl '{"args": [{"index": 0, "value": 40, "op": "SCMP_CMP_LT"}]}'
	rule SCMP_ACT_KILL_PROCESS prctl '{"args": [{"index": 0, "value": 22, "op": "SCMP_CMP_EQ"}]}'
	rule SCMP_ACT_ERRNO fchmod '{"errnoRet": 95, "args": [{"index": 1, "value": 2541, "op": "SCMP_CMP_EQ"}]}'
	config '.linux.seccomp.defaultAction = "SCMP_ACT_LOG"'
	set_args probe die $nr 22
	rt_run 0
	[ "$output" = "signal 31" ]
	# libseccomp compares the whole register.
	need_knarr
	nr=91
	[ "$(uname -m)" = x86_64 ] || nr=52
	set_sh "probe syscall $nr -1 2541; probe syscall $nr -1 $((0x10000 | 2541)); probe syscall $nr -1 $((0x100000000 | 2541)); probe syscall $nr -1 493"
	rt_run 0
	[ "${lines[0]}" = EOPNOTSUPP ]
	[ "${lines[1]}" = EOPNOTSUPP ]
	[ "${lines[2]}" = EOPNOTSUPP ]
	[ "${lines[3]}" = EBADF ]
}

# operator OP VALUE [VALUE-TWO]: getpriority's first argument is compared; prints which of 0 1 2 3 are refused.
operator() {
	config 'del(.linux.seccomp)'
	rule SCMP_ACT_ERRNO personality "$(jq -nc --arg o "$1" --argjson v "$2" --argjson w "${3:-0}" \
		'{errnoRet: 38, args: [{index: 0, value: $v, valueTwo: $w, op: $o}]}')"
	set_sh "for i in 0 1 2 3; do probe syscall $NR_PERSONALITY \$((0xfffffff0 + i)) | grep -q ENOSYS && printf %s \$i; done; echo"
	rt_run 0
}

@test "the operators" {
	local b=4294967280
	operator SCMP_CMP_EQ $((b + 1)) && [ "$output" = 1 ]
	operator SCMP_CMP_NE $((b + 1)) && [ "$output" = 023 ]
	operator SCMP_CMP_LT $((b + 1)) && [ "$output" = 0 ]
	operator SCMP_CMP_LE $((b + 1)) && [ "$output" = 01 ]
	operator SCMP_CMP_GT $((b + 1)) && [ "$output" = 23 ]
	operator SCMP_CMP_GE $((b + 1)) && [ "$output" = 123 ]
	# value is the mask, valueTwo what is left of it
	operator SCMP_CMP_MASKED_EQ 1 1 && [ "$output" = 13 ]
}

@test "two conditions on different arguments must both hold, on the same one either" {
	rule SCMP_ACT_ERRNO getpriority '{"errnoRet": 38, "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 1, "op": "SCMP_CMP_EQ"}]}'
	local nr=140
	[ "$(uname -m)" = x86_64 ] || nr=141
	set_sh "probe syscall $nr 0 0; probe syscall $nr 0 1; probe syscall $nr 1 1"
	rt_run 0
	[ "${lines[0]}" != ENOSYS ]
	[ "${lines[1]}" = ENOSYS ]
	[ "${lines[2]}" != ENOSYS ]
	config 'del(.linux.seccomp)'
	rule SCMP_ACT_ERRNO getpriority '{"errnoRet": 38, "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}'
	set_sh "probe syscall $nr 0 0; probe syscall $nr 1 0; probe syscall $nr 2 0"
	rt_run 0
	[ "${lines[0]}" = ENOSYS ]
	[ "${lines[1]}" = ENOSYS ]
	[ "${lines[2]}" != ENOSYS ]
}

@test "the flags" {
	local f
	rule SCMP_ACT_ERRNO getppid
	set_args probe syscall $NR_GETPPID
	for f in SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW; do
		config '.linux.seccomp.flags = [$f]' --arg f $f
		rt_run 0
		[ "$output" = EPERM ]
	done
}

@test "an unknown flag, action, operator or architecture is named" {
	rule SCMP_ACT_ERRNO getppid
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NONSENSE"]'
	fails_with SECCOMP_FILTER_FLAG_NONSENSE
	config 'del(.linux.seccomp.flags) | .linux.seccomp.architectures = ["SCMP_ARCH_NONSENSE"]'
	fails_with SCMP_ARCH_NONSENSE
}

@test "several architectures: the 32 bit entry is filtered where its architecture is listed" {
	[ "$(uname -m)" = x86_64 ] || skip "is about the second system call table of x86"
	rule SCMP_ACT_ERRNO getppid '{"errnoRet": 95}'
	set_args probe call32 64
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || skip "this kernel has no 32 bit entry"
	[ "$output" = EOPNOTSUPP ]
	# An architecture that is not listed has no calls that could be allowed.
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64"]'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
}

@test "with and without noNewPrivileges" {
	need_root
	rule SCMP_ACT_ERRNO getppid
	set_sh "probe syscall $NR_GETPPID; probe status NoNewPrivs; probe status Seccomp:"
	config '.process.noNewPrivileges = true'
	rt_run 0
	[ "${lines[0]}" = EPERM ]
	[[ ${lines[1]} == *1 ]]
	[[ ${lines[2]} == *2 ]]
	config '.process.noNewPrivileges = false'
	rt_run 0
	[ "${lines[0]}" = EPERM ]
	[[ ${lines[1]} == *0 ]]
	[[ ${lines[2]} == *2 ]]
	# ... and for a user without any capability
	config '.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	rt_run 0
	[ "${lines[0]}" = EPERM ]
	[[ ${lines[1]} == *0 ]]
}

@test "without linux.seccomp there is no filter" {
	set_args probe status Seccomp:
	rt_run 0
	[[ $output == *"$(awk '/^Seccomp:/ {print $2}' /proc/self/status)" ]]
}

@test "the same filter in exec" {
	rule SCMP_ACT_ERRNO getppid '{"errnoRet": 95}'
	set_args /bin/sleep 30
	rt_create
	rt start "$ID"
	run rt exec "$ID" probe syscall $NR_GETPPID
	[ "$output" = EOPNOTSUPP ]
}

@test "a filter from the cache is the one that was compiled" {
	rule SCMP_ACT_ERRNO getppid '{"errnoRet": 95}'
	set_sh "probe syscall $NR_GETPPID; probe syscall $NR_PERSONALITY 4294967295"
	rt_run 0
	local first=$output
	rt_run 0
	[ "$output" = "$first" ]
	# another profile is another entry
	config '.linux.seccomp.syscalls[0].errnoRet = 38'
	rt_run 0
	[ "${lines[0]}" = ENOSYS ]
	rt_run 0
	[ "${lines[0]}" = ENOSYS ]
}

@test "a damaged cache entry is not used" {
	need_knarr
	rule SCMP_ACT_ERRNO getppid '{"errnoRet": 95}'
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EOPNOTSUPP ]
	local f
	for f in "$ROOT"/.cache/*; do head -c 40 /dev/zero >"$f"; done
	rt_run 0
	[ "$output" = EOPNOTSUPP ]
}

@test "SCMP_ACT_NOTIFY: listenerPath gets the descriptor, listenerMetadata and the state" {
	agent 95 1
	rule SCMP_ACT_NOTIFY getppid
	config '.linux.seccomp.listenerPath = $p | .linux.seccomp.listenerMetadata = "some words" | .annotations.key = "value"' --arg p "$H/agent"
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EOPNOTSUPP ]
	[ "$(jq -r .metadata "$H/state")" = "some words" ]
	[ "$(jq -c .fds "$H/state")" = '["seccompFd"]' ]
	[ "$(jq -r .state.id "$H/state")" = "$ID" ]
	# A filter without a need for privileges is loaded last, after the start.
	[ "$(jq -r .state.status "$H/state")" = running ]
	[ "$(jq -r .state.annotations.key "$H/state")" = value ]
	[ "$(jq -r .ociVersion "$H/state")" = "$(jq -r .ociVersion "$BUNDLE/config.json")" ]
	[ "$(jq -r .pid "$H/state")" -gt 1 ]
}

@test "SCMP_ACT_NOTIFY: the agent lets a call go on" {
	agent 0 1
	rule SCMP_ACT_NOTIFY getppid
	config '.linux.seccomp.listenerPath = $p' --arg p "$H/agent"
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = 0 ]
}

@test "SCMP_ACT_NOTIFY: of write, which handing the descriptor over does without" {
	agent 0 1
	rule SCMP_ACT_NOTIFY write
	config '.linux.seccomp.listenerPath = $p' --arg p "$H/agent"
	set_args /bin/echo words
	rt_run 0
	[ "$output" = words ]
}

@test "SCMP_ACT_NOTIFY without noNewPrivileges" {
	need_root
	agent 95 1
	rule SCMP_ACT_NOTIFY getppid
	config '.linux.seccomp.listenerPath = $p | .process.noNewPrivileges = false' --arg p "$H/agent"
	set_args probe syscall $NR_GETPPID
	rt_run 0
	[ "$output" = EOPNOTSUPP ]
}

@test "SCMP_ACT_NOTIFY without a receiver is refused" {
	rule SCMP_ACT_NOTIFY getppid
	fails_with listenerPath
	config '.linux.seccomp.listenerPath = $p' --arg p "$H/nobody"
	# The filter is loaded at the start: create alone does not need the agent.
	run timeout 30 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	assert_output_has "$H/nobody"
}

@test "run.oci.seccomp.receiver is a listenerPath" {
	agent 95 1
	rule SCMP_ACT_NOTIFY getppid
	config '.annotations["run.oci.seccomp.receiver"] = $p' --arg p "$H/agent"
	set_args probe syscall $NR_GETPPID
	rt_run 0 "${ALLOW[@]}"
	[ "$output" = EOPNOTSUPP ]
}

@test "RUN_OCI_SECCOMP_RECEIVER is a listenerPath" {
	agent 95 1
	rule SCMP_ACT_NOTIFY getppid
	set_args probe syscall $NR_GETPPID
	RUN_OCI_SECCOMP_RECEIVER=$H/agent rt_run 0
	[ "$output" = EOPNOTSUPP ]
}

@test "a start that knows of no receiver is refused before the gate, and the container waits on" {
	agent 95 1
	rule SCMP_ACT_NOTIFY getppid
	set_args probe syscall $NR_GETPPID
	RUN_OCI_SECCOMP_RECEIVER=$H/agent rt_create
	run -1 rt start "$ID"
	assert_output_has listenerPath config.json:
	[ "$(status_of)" = created ]
	RUN_OCI_SECCOMP_RECEIVER=$H/agent rt start "$ID"
	wait_for 5 grep -q EOPNOTSUPP "$TMP/out"
}

@test "a startContainer hook is under the filter, with and without no_new_privs" {
	local new_privs
	mkdir -p "$BUNDLE/rootfs/hooks"
	printf '#!/bin/sh\n/bin/probe syscall %s >/tmp/verdict\ngrep -E "^(Seccomp|Cap(Prm|Eff)):" /proc/self/status >>/tmp/verdict\n' $NR_GETPPID >"$BUNDLE/rootfs/hooks/h"
	chmod 755 "$BUNDLE/rootfs/hooks/h"
	rule SCMP_ACT_ERRNO getppid '{"errnoRet": 95}'
	set_args /bin/true
	config '.root.readonly = false | .hooks.startContainer = [{path: "/hooks/h"}] | .process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]}'
	for new_privs in true false; do
		config ".process.noNewPrivileges = $new_privs"
		rt_run 0
		[ "$(tr -s '\t\n' '  ' <"$BUNDLE/rootfs/tmp/verdict")" = "EOPNOTSUPP CapPrm: 0000000000000020 CapEff: 0000000000000020 Seccomp: 2 " ]
	done
}

@test "a startContainer hook has no agent: what the profile notifies of is missing to it" {
	mkdir -p "$BUNDLE/rootfs/hooks"
	printf '#!/bin/sh\n/bin/probe syscall %s >/tmp/verdict\n' $NR_GETPPID >"$BUNDLE/rootfs/hooks/h"
	chmod 755 "$BUNDLE/rootfs/hooks/h"
	agent 0 1
	rule SCMP_ACT_NOTIFY getppid
	config '.root.readonly = false | .linux.seccomp.listenerPath = $p | .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] | .hooks.startContainer = [{path: "/hooks/h"}]' --arg p "$H/agent"
	set_args /bin/true
	rt_run 0
	[ "$(cat "$BUNDLE/rootfs/tmp/verdict")" = ENOSYS ]
}
