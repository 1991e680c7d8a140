#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where a mechanism is missing: something else is done that comes to the same, or the error is clear; what was done is in
# the log; and with --require it is not done. An outer filter takes system calls away, as an old kernel would.
load helpers

setup() {
	setup_bundle
	need_knarr
	need_helper deny
	case $(uname -m) in
	x86_64) NR_MKNOD=133,259 NR_KEYCTL=250 NR_MEMFD=319 NR_STATX=332 ;;
	*) NR_MKNOD=33 NR_KEYCTL=219 NR_MEMFD=279 NR_STATX=291 ;;
	esac
	NR_OPEN_TREE=428 NR_MOVE_MOUNT=429 NR_FSOPEN=430 NR_PIDFD_OPEN=434 NR_CLONE3=435 NR_CLOSE_RANGE=436 NR_OPENAT2=437 NR_MOUNT_SETATTR=442
}
teardown() { teardown_bundle; }

# without ERRNO NR[,NR...] GLOBAL-FLAG...: runs the bundle where these calls are missing.
without() {
	run timeout 60 "$HELPERS/deny" "$1" "$2" "$RT" --root "$ROOT" "${@:3}" run --bundle "$BUNDLE" "$ID" </dev/null
	echo "errno $1 for $2, ${*:3}: status $status: $output"
}
# falls_back WORD ERRNO NR [FLAG...]: it works and says so; with --require it fails and names the word, and leaves nothing.
# WARNED is what a run says of the config at the default level.
falls_back() {
	without "$2" "$3" "${@:4}"
	[ "$status" = 0 ] && [ "$output" = "${WARNED:-}" ] || return 1
	without "$2" "$3" --debug "${@:4}"
	[ "$status" = 0 ] && [[ $output == *": no $1: "* ]] || return 1
	is_required "$@" || return 1
	without "$2" "$3" --require=all "${@:4}"
	[ "$status" != 0 ] && [[ $output == *"--require names"* ]]
}
is_required() {
	without "$2" "$3" "--require=$1" "${@:4}"
	[ "$status" != 0 ] && [[ $output == *"'$1' is missing, which --require names"* ]] || return 1
	assert_clean
}

@test "T36 with each of the newer system calls missing, run works or says why" {
	need_root
	local errno nr
	set_args /bin/true
	for errno in 38 1; do
		for nr in $NR_OPENAT2 $NR_OPEN_TREE $NR_FSOPEN $NR_MOVE_MOUNT $NR_MOUNT_SETATTR $NR_CLOSE_RANGE $NR_PIDFD_OPEN $NR_CLONE3 $NR_STATX; do
			without $errno $nr
			if [ "$status" = 0 ]; then
				[ -z "$output" ]
			else
				# One line, of what was tried; the call itself is in the record.
				[ "${#lines[@]}" = 1 ]
				[[ $output == *cannot* ]]
				[[ $output == *"Function not implemented"* || $output == *"Operation not permitted"* ]]
			fi
			assert_clean
		done
	done
}

@test "--require=all: an ordinary container lacks nothing, unless features says so" {
	need_root
	set_args /bin/true
	local missing
	missing=$(rt features | jq -r '.annotations["dev.knarr.missing"]')
	# Inside an outer filter some are missing, and then that is what is said.
	if [ -z "$missing" ]; then
		run -0 rt --require=all run --bundle "$BUNDLE" "$ID"
		[ -z "$output" ]
	else
		run -1 rt --require=all run --bundle "$BUNDLE" "$ID"
		assert_output_has "which --require names"
	fi
}

@test "--require: a word that is none is a usage error with all there are" {
	run -1 rt --require=openat list
	assert_output_has "unknown word 'openat'" "did you mean 'openat2'?"
	for w in $(rt features | jq -r '.annotations["dev.knarr.require"] | split(",")[]'); do
		assert_output_has "$w"
		rt --require="$w" features >/dev/null
	done
	run -1 rt --require=openat2,nonsense list
	assert_output_has "unknown word 'nonsense'"
}

@test "--require is a part of the plan" {
	set_args /bin/true
	run -0 rt --require=pidfd,openat2 plan --bundle "$BUNDLE"
	assert_output_has "require=openat2,pidfd"
	run -0 rt plan --bundle "$BUNDLE"
	[[ $output != *require=* ]]
}

@test "features names what is missing" {
	run -0 --separate-stderr "$HELPERS/deny" 38 $NR_OPENAT2,$NR_CLOSE_RANGE,$NR_PIDFD_OPEN,$NR_CLONE3,$NR_KEYCTL "$RT" features
	jq -e '.annotations["dev.knarr.missing"] | split(",") | index("openat2") != null and index("close-range") != null and index("pidfd") != null
		and index("clone3") != null and index("session-keyring") != null' <<<"$output"
	# Each is a word of --require.
	jq -e '.annotations | (.["dev.knarr.missing"] | split(",")) - (.["dev.knarr.require"] | split(",")) == []' <<<"$output"
}

@test "check says what is required and missing" {
	need_root
	set_args /bin/true
	run -0 rt --require=close-range,session-keyring check "$BUNDLE"
	[ -z "$output" ]
	run -0 "$HELPERS/deny" 38 $NR_CLOSE_RANGE,$NR_KEYCTL "$RT" check "$BUNDLE"
	[ -z "$output" ]
	run -1 "$HELPERS/deny" 38 $NR_CLOSE_RANGE,$NR_KEYCTL "$RT" --require=close-range,session-keyring,openat2 check "$BUNDLE"
	assert_output_has "error: 'close-range' is missing" "error: 'session-keyring' is missing" "2 errors found"
	[[ $output != *openat2* ]]
}

@test "openat2" {
	need_root
	set_args /bin/true
	falls_back openat2 38 $NR_OPENAT2
	falls_back openat2 1 $NR_OPENAT2
}

@test "close-range: and no descriptor is left over" {
	need_root
	set_args probe fds
	without 38 $NR_CLOSE_RANGE
	[ "$status" = 0 ]
	[ "$(grep -c . <<<"$output")" = "$(rt run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 | cat | grep -c .)" ]
	set_args /bin/true
	falls_back close-range 38 $NR_CLOSE_RANGE
	falls_back close-range 1 $NR_CLOSE_RANGE
}

@test "close-range: what only the container half misses is said all the same" {
	need_root
	set_args /bin/true
	# The host half leaves the preserved descriptors alone, so it begins higher.
	run "$HELPERS/deny" 38 "$NR_CLOSE_RANGE=3" "$RT" --root "$ROOT" --require=close-range run --preserve-fds 1 --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	assert_output_has "close-on-exec" "'close-range' is missing, which --require names"
	assert_clean
	run -0 "$HELPERS/deny" 38 "$NR_CLOSE_RANGE=3" "$RT" --root "$ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" </dev/null
}

@test "clone3: into no cgroup it can be done without, into one it is an error" {
	need_root
	set_args /bin/true
	falls_back clone3 38 $NR_CLONE3 --cgroup-manager=disabled
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller: there is no tree"
	without 38 $NR_CLONE3
	[ "$status" != 0 ]
	assert_output_has "cannot create the container's process" "Function not implemented"
}

@test "session-keyring" {
	need_root
	set_args /bin/true
	falls_back session-keyring 38 $NR_KEYCTL
	falls_back session-keyring 1 $NR_KEYCTL
	without 38 $NR_KEYCTL --log-level=info
	assert_output_has "info: no session-keyring: "
	run -0 "$HELPERS/deny" 38 $NR_KEYCTL "$RT" --root "$ROOT" --require=session-keyring run --no-new-keyring --bundle "$BUNDLE" "$ID"
}

@test "exec-memfd" {
	need_root
	# The plan needs a memfd as well, so a container that starts takes a host with vm.memfd_noexec=2.
	without 13 $NR_MEMFD --debug
	assert_output_has "no exec-memfd: "
	is_required exec-memfd 13 $NR_MEMFD
}

@test "device-node" {
	need_root
	set_args /bin/sh -c 'echo x >/dev/null'
	falls_back device-node 1 $NR_MKNOD
	without 1 $NR_MKNOD --log-level=info
	assert_output_has "info: no device-node: "
	# the node is the host's, and the container's root is its owner
	set_args /bin/sh -c 'busybox chmod 666 /dev/full && echo changed'
	without 1 $NR_MKNOD
	[[ $output == *"Read-only file system"* && $output != *changed* ]]
}

@test "new-cgroup: the host's tree, read-only" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller: there is no tree"
	# With nothing else that is made by fsopen.
	config '.mounts = [{destination: "/tmp", type: "cgroup", source: "cgroup"}] | del(.linux.maskedPaths) | del(.linux.readonlyPaths)'
	set_args /bin/sh -c 'test -e /tmp/cgroup.controllers && ! mkdir /tmp/new 2>/dev/null'
	falls_back new-cgroup 1 $NR_FSOPEN
}

in_userns() {
	config '.linux.namespaces |= map(select(.type != $n)) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))' --arg n "$1"
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$BUNDLE/rootfs"
}
# No call is missing: the kernel refuses these by its own rules. 1000 is no system call.
@test "new-sysfs: a user namespace with the host's network" {
	need_root
	in_userns network
	set_args /bin/true
	falls_back new-sysfs 38 1000
}

@test "new-proc: a user namespace with the host's pids" {
	need_root
	in_userns pid
	set_args /bin/true
	falls_back new-proc 38 1000
}

@test "device-node: a caller without CAP_MKNOD" {
	need_root
	set_args /bin/true
	config '.process.capabilities = {}'
	run -0 setpriv --bounding-set -mknod "$RT" --root "$ROOT" --debug run --bundle "$BUNDLE" "$ID"
	assert_output_has "no device-node: "
	run -1 setpriv --bounding-set -mknod "$RT" --root "$ROOT" --require=device-node run --bundle "$BUNDLE" "$ID"
	assert_output_has "'device-node' is missing, which --require names"
	assert_clean
}

@test "pidfd: a container is found by its pid and start time, unless a pidfd is required" {
	need_root
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run -1 "$HELPERS/deny" 38 $NR_PIDFD_OPEN "$RT" --root "$ROOT" --require=pidfd kill "$ID" KILL
	assert_output_has "'pidfd' is missing, which --require names"
	run -1 "$HELPERS/deny" 38 $NR_PIDFD_OPEN "$RT" --root "$ROOT" --require=pidfd delete --force "$ID"
	assert_output_has "'pidfd' is missing, which --require names"
	run -0 "$HELPERS/deny" 38 $NR_PIDFD_OPEN "$RT" --root "$ROOT" --debug kill "$ID" KILL
	assert_output_has "no pidfd: "
	wait_for 20 is_status stopped
	run -0 "$HELPERS/deny" 38 $NR_PIDFD_OPEN "$RT" --root "$ROOT" delete "$ID"
}

@test "seccomp-names: rules that would have refused, for calls that nobody knows" {
	need_root
	set_args /bin/true
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["no_such_call", "getppid"], action: "SCMP_ACT_ERRNO"}]}'
	WARNED="warning: unknown system call 'no_such_call' in a seccomp rule that refuses it, ignoring"
	falls_back seccomp-names 38 1000
	# A rule that permits is no protection.
	config '.linux.seccomp.defaultAction = "SCMP_ACT_LOG" | .linux.seccomp.syscalls[0].action = "SCMP_ACT_ALLOW"'
	run -0 rt --require=seccomp-names run --bundle "$BUNDLE" "$ID"
}
