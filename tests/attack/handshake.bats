#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# handshake: a container with CAP_SYS_PTRACE speaks in the place of a process that enters it (R28). tests/helpers/hijack.c is
# the container. What it sends is refused, harms no process, and keeps nobody waiting.
load ../integration/helpers
load attack

setup() {
	need_knarr
	setup_attack
	need_helper hijack
	# A readable /proc/PID/exe of what is not dumpable takes CAP_SYS_PTRACE as well.
	config '.process.capabilities = ({"bounding": ["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"]} | .effective = .bounding | .permitted = .bounding) |
		.process.oomScoreAdj = 500 | .root.readonly = false | del(.linux.seccomp)'
	cp "$HELPERS/hijack" "$BUNDLE/rootfs/bin/hijack"
	RESULT=$BUNDLE/rootfs/tmp/result
}
teardown() { teardown_attack; }

# hijack MODE [COMMAND of the runtime...]: executes in the container until its process is caught; $output, $status and $took
# are of that time.
hijack() {
	local mode=$1 i start
	shift
	set_args /bin/hijack "$mode" /tmp/result
	rt_create
	rt start "$ID"
	wait_for 5 grep -q ready "$RESULT"
	for ((i = 0; i < 200; i++)); do
		start=$(date +%s)
		run timeout --kill-after=5 45 "$RT" --root "$ROOT" --log-level debug exec "$@" "$ID" /bin/true </dev/null
		took=$(($(date +%s) - start))
		! grep -q caught "$RESULT" || break
	done
	cat "$RESULT"
	echo "$took s"
	grep -q caught "$RESULT"
}
victim_lives() {
	wait_for 10 grep -q -e alive -e dead "$RESULT"
	grep -qx 'alive 500' "$RESULT"
}

@test "a forged terminal and the pidfd of another process: refused, the process lives" {
	hijack forked
	[ "$status" = 255 ]
	[[ $output == *"handshake step 'console' may not come now"* ]]
	victim_lives
}

@test "a directory for a terminal, where none was planned" {
	hijack console
	[ "$status" = 255 ]
	[[ $output == *"handshake step 'console' may not come now"* ]]
	victim_lives
}

@test "a descriptor that is not due ends the start" {
	hijack failed
	[ "$status" = 255 ]
	[[ $output == *"handshake step 'failed' came with a descriptor"* ]]
	victim_lives
}

@test "a handshake that is shut down keeps nobody waiting" {
	hijack shut
	[ "$status" = 255 ]
	[ "$took" -lt 20 ]
	[[ $output == *"left the handshake before its time"* ]]
	victim_lives
}

@test "remarks without end are not listened to" {
	hijack flood
	[ "$status" = 255 ]
	[ "$took" -lt 20 ]
	[[ $output == *"too many remarks from the container's process"* ]]
	victim_lives
}

@test "a process that is kept stopped is given up" {
	hijack stop
	[ "$status" = 255 ]
	[ "$took" -lt 30 ]
	[[ $output == *"kept stopped by a signal or a tracer"* ]]
	victim_lives
}

@test "while a process is kept stopped others use the container, and TERM ends exec" {
	set_args /bin/hijack stop /tmp/result
	rt_create
	rt start "$ID"
	wait_for 5 grep -q ready "$RESULT"
	local i pid status=0
	for ((i = 0; i < 200; i++)); do
		"$RT" --root "$ROOT" exec "$ID" /bin/true </dev/null >/dev/null 2>&1 3>&- &
		pid=$!
		sleep 0.3
		! grep -q caught "$RESULT" || break
		wait $pid || true
	done
	grep -q caught "$RESULT"
	run -0 timeout 3 "$RT" --root "$ROOT" kill "$ID" 0
	kill -TERM $pid
	SECONDS=0
	wait $pid || status=$?
	[ "$status" = 143 ]
	[ $SECONDS -lt 8 ]
	run -0 timeout 10 "$RT" --root "$ROOT" delete --force "$ID"
}
