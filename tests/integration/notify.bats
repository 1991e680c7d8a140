#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# notify: with NOTIFY_SOCKET in the caller's environment, the program's sd_notify(3) messages reach the caller's service
# manager. tests/helpers/notify.c is both ends.
load helpers

setup() {
	setup_bundle
	need_helper notify
	cp "$HELPERS/notify" "$BUNDLE/rootfs/bin/notify"
	RECEIVER=
}
teardown() {
	[ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
	teardown_bundle
}

# receive [ADDRESS]: a service manager at NOTIFY_SOCKET; what it gets is in $TMP/got.
receive() {
	export NOTIFY_SOCKET=${1:-$H/manager}
	"$HELPERS/notify" receive "$NOTIFY_SOCKET" >"$TMP/got" 3>&- &
	RECEIVER=$!
	wait_for 10 grep -q listening "$TMP/got"
}
# The messages without their senders.
messages() { sed -n 's/ from [0-9]*$//p' "$TMP/got"; }
got() {
	messages
	[ "$(messages)" = "$(printf '%s\n' "$@")" ]
}
has_got() { [ "$(messages | wc -l)" -ge "$1" ]; }
senders() { sed -n 's/.* from //p' "$TMP/got" | sort -u; }
# run -d and start wait; a hang is a failure and not a hang of the suite. No pipe of the test's may stay open.
detached() { timeout 30 "$RT" --root "$ROOT" "$@" </dev/null >"$TMP/out" 2>"$TMP/err" 3>&-; }

@test "run: messages are handed on while the program runs, with our own pid as the main one" {
	receive
	set_args /bin/notify send 'STATUS=starting' 'READY=1|STATUS=up' 'WATCHDOG=1' 'RELOADING=1|MONOTONIC_USEC=7' 'READY=1' 'EXTEND_TIMEOUT_USEC=1000000' 'ERRNO=2' 'STOPPING=1|STATUS=bye'
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1 3>&- &
	local pid=$!
	wait $pid
	wait_for 5 has_got 9
	got STATUS=starting 'READY=1|STATUS=up' "MAINPID=$pid" WATCHDOG=1 'RELOADING=1|MONOTONIC_USEC=7' READY=1 EXTEND_TIMEOUT_USEC=1000000 ERRNO=2 'STOPPING=1|STATUS=bye'
	[ "$(senders)" = $pid ]
}

@test "run: the program's last words are not lost" {
	receive
	set_sh 'for i in 1 2 3 4 5 6 7 8; do /bin/notify send STATUS=$i; done; exit 4'
	rt_run 4
	wait_for 5 has_got 8
	got STATUS={1,2,3,4,5,6,7,8}
}

@test "run: what would let the container speak for the service is not handed on" {
	receive
	set_args /bin/notify send 'MAINPID=1' 'FDSTORE=1|FDNAME=x' 'NOTIFYACCESS=all' 'FDSTOREREMOVE=1' 'X_FOO=1|STATUS=kept|MAINPID=1' 'BARRIER=1' '' 'STATUS' 'STATUS=end'
	rt_run 0
	wait_for 5 has_got 2
	got STATUS=kept STATUS=end
}

@test "run: a message without end is dropped, not cut" {
	receive
	set_sh '/bin/notify send "STATUS=$(head -c 5000 /dev/zero | tr "\\0" x)" && /bin/notify send STATUS=end'
	rt_run 0
	wait_for 5 has_got 1
	got STATUS=end
}

@test "the program's barrier is answered" {
	receive
	set_args /bin/notify barrier
	rt_run 0
	[ "$output" = done ]
}

@test "run -d returns when the program is ready" {
	receive
	set_args /bin/notify send 'STATUS=wait' 'sleep:700' 'READY=1' 'sleep:20000'
	detached run -d --bundle "$BUNDLE" "$ID"
	wait_for 5 has_got 4
	got STATUS=wait READY=1 "MAINPID=$(pid_of)" BARRIER=1
	[ "$(status_of)" = running ]
	rt kill "$ID" KILL
}

@test "run -d: a program that ends before it is ready leaves its status" {
	receive
	set_sh '/bin/notify send STATUS=failing ERRNO=5; exit 7'
	run -7 detached run -d --bundle "$BUNDLE" "$ID"
	got STATUS=failing ERRNO=5 BARRIER=1
	[ "$(status_of)" = stopped ]
}

@test "create and start: start returns when the program is ready" {
	receive
	set_args /bin/notify send 'sleep:500' 'READY=1|STATUS=up' 'sleep:20000'
	detached create --bundle "$BUNDLE" "$ID"
	got ""
	detached start "$ID"
	wait_for 5 has_got 3
	got 'READY=1|STATUS=up' "MAINPID=$(pid_of)" BARRIER=1
	rt kill "$ID" KILL
}

@test "start: returns when the program ends without a word" {
	receive
	set_args /bin/sh -c 'exit 3'
	detached create --bundle "$BUNDLE" "$ID"
	detached start "$ID"
	got ""
}

@test "a terminating signal ends a start that waits, not the container" {
	receive
	set_args /bin/sleep 20
	detached create --bundle "$BUNDLE" "$ID"
	"$RT" --root "$ROOT" start "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local pid=$! status=0
	wait_for 5 is_status running
	kill $pid
	# Not in a subshell, as run has it: bash says 255 there of a child that it has not reaped before.
	wait $pid || status=$?
	[ "$status" = 143 ]
	[ "$(status_of)" = running ]
	rt kill "$ID" KILL
}

@test "an abstract address, as service managers have it" {
	receive "@knarr-test-$ID"
	set_args /bin/notify send READY=1
	rt_run 0
	wait_for 5 has_got 2
	[ "$(messages | head -n1)" = READY=1 ]
}

@test "a path longer than sun_path" {
	receive
	local long=$H/$(printf 'd%.0s' {1..120})
	mkdir "$long"
	ln -s "$H/manager" "$long/socket"
	export NOTIFY_SOCKET=$long/socket
	set_args /bin/notify send READY=1
	rt_run 0
	wait_for 5 has_got 2
	[ "$(messages | head -n1)" = READY=1 ]
}

@test "the program sees /run/notify/notify.sock, whatever its image says, and cannot write there" {
	receive
	config '.process.env += ["NOTIFY_SOCKET=/of/the/image", "B=2"] | .root.readonly = false'
	set_sh 'env | grep -e NOTIFY -e ^B=; touch /run/notify/x; rm -f /run/notify/notify.sock; mkdir /run/notify/d; grep -c " /run/notify ro,nosuid,nodev,noexec" /proc/self/mountinfo'
	rt_run 0
	[ "$(grep -c NOTIFY_SOCKET= <<<"$output")" = 1 ]
	assert_output_has NOTIFY_SOCKET=/run/notify/notify.sock B=2 "touch: /run/notify/x" "rm: can't remove" "mkdir: can't create"
	[ "${lines[-1]}" = 1 ]
}

@test "an ordinary user of the container gets through, under any umask" {
	need_root
	receive
	set_args /bin/notify send READY=1
	config '.process.user = {uid: 1000, gid: 1000}'
	(umask 0077 && rt run --bundle "$BUNDLE" "$ID")
	config '.process.user = {uid: 4000000, gid: 4000000}'
	(umask 0 && rt run --bundle "$BUNDLE" "$ID")
	wait_for 5 has_got 4
	[ "$(messages | grep -c READY=1)" = 2 ]
}

@test "a user namespace gets through: its root, and a user in it" {
	need_root
	receive
	chown -R 100000:100000 "$BUNDLE/rootfs"
	set_args /bin/notify send READY=1
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	rt_run 0
	config '.process.user = {uid: 1000, gid: 1000}'
	rt_run 0
	wait_for 5 has_got 4
	[ "$(messages | grep -c READY=1)" = 2 ]
}

@test "a read-only root, and a read-only tmpfs on /run" {
	receive
	set_args /bin/notify send READY=1
	config '.root.readonly = true'
	rt_run 0
	config '.mounts += [{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["ro", "mode=755"]}]'
	rt_run 0
	wait_for 5 has_got 4
	[ "$(messages | grep -c READY=1)" = 2 ]
	set_sh 'touch /run/x'
	run rt run --bundle "$BUNDLE" "$ID"
	assert_output_has "Read-only file system"
}

@test "/run as a link that leaves the root stays inside" {
	receive
	ln -s "../../../..$H" "$BUNDLE/rootfs/run"
	mkdir -p "$BUNDLE/rootfs$H"
	config '.root.readonly = false'
	set_args /bin/notify send READY=1
	rt_run 0
	wait_for 5 has_got 2
	[ ! -e "$H/notify" ]
	[ -d "$BUNDLE/rootfs$H/notify" ]
}

@test "no NOTIFY_SOCKET, an empty one, no address, nobody there: as if there were none" {
	set_sh 'env; ls /run'
	local value
	for value in unset '' relative/path @ / "$H/nobody" "@nobody-$ID" vsock:2:1; do
		echo "NOTIFY_SOCKET=$value"
		if [ "$value" = unset ]; then unset NOTIFY_SOCKET; else export NOTIFY_SOCKET=$value; fi
		run timeout 30 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		# what cannot be used is told to the caller, and the container knows nothing of it
		[[ $(grep -v '^warning: ' <<<"$output") != *[Nn][Oo][Tt][Ii][Ff][Yy]* ]]
	done
}

@test "start without the socket of create, and the other way round" {
	set_args /bin/true
	receive
	detached create --bundle "$BUNDLE" "$ID"
	(unset NOTIFY_SOCKET && detached start "$ID")
	rt delete --force "$ID"
	(unset NOTIFY_SOCKET && detached create --bundle "$BUNDLE" "$ID")
	detached start "$ID"
	got ""
}

@test "a start whose program cannot run says so, and does not wait" {
	receive
	set_args /bin/notify send READY=1
	detached create --bundle "$BUNDLE" "$ID"
	echo nonsense >"$BUNDLE/rootfs/bin/notify"
	run ! detached start "$ID"
	grep -q notify "$TMP/err"
	got ""
}

@test "delete --force removes a container whose create was killed" {
	need_test_hooks
	receive
	set_args /bin/true
	local point
	for point in made recorded cgroup process ready saved; do
		KNARR_TEST_KILL_AT=$point detached create --bundle "$BUNDLE" "$ID" || true
		rt delete --force "$ID"
		assert_clean
	done
	detached create --bundle "$BUNDLE" "$ID"
	KNARR_TEST_KILL_AT=start-gate detached start "$ID" || true
	detached start "$ID"
}

@test "check takes the socket's directory for granted" {
	need_knarr
	receive
	set_args /bin/true
	run -0 rt check "$BUNDLE"
	[ -z "$output" ]
	rm -r "$BUNDLE/rootfs/run" 2>/dev/null || true
	touch "$BUNDLE/rootfs/run"
	run -1 rt check "$BUNDLE"
	assert_output_has /run/notify
}

@test "plan shows the mount and where it comes from" {
	need_knarr
	receive
	run -0 rt plan --bundle "$BUNDLE"
	[[ $output == *"bind /run/notify"*"own-notify"*"# NOTIFY_SOCKET"* ]]
	[[ $output == *"NOTIFY_SOCKET=/run/notify/notify.sock"* ]]
}
