#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# crash: the runtime is killed at each of its fault points; `delete --force` leaves nothing, and may be said twice.
load helpers

setup() {
	setup_bundle
	need_test_hooks
	set_args /bin/sleep 77.31
	printf '#!/bin/sh\ncat >/dev/null\n' >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/hook"
}
teardown() { teardown_bundle; }

gone() { ! pgrep -f 'sleep 77[.]31' >/dev/null; }

# after_crash: what every crash must allow.
after_crash() {
	run rt state "$ID"
	run rt list -q
	run rt delete --force "$ID"
	echo "$1: first delete: $status $output"
	[ "$status" = 0 ] || return 1
	run rt delete --force "$ID"
	[ "$status" = 0 ] || return 1
	[ -z "$output" ] || return 1
	[ -z "$(ls "$ROOT" 2>/dev/null)" ] || { ls "$ROOT"; return 1; }
	assert_clean || return 1
	wait_for 3 gone || { echo "$1: a process is left" >&2; return 1; }
}

# points VERB...: every name that the verb passes, by trying the known ones.
POINTS="made recorded cgroup-made cgroup cloned network attached process hooks console ready saved pid-file started undo-1 undo-2 undo-3 undo-4 undo-5"

@test "create, killed at each point" {
	local p hit=0
	for p in $POINTS; do
		KNARR_TEST_KILL_AT=$p rt create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ] && hit=$((hit + 1)) || echo "create passes no '$p' ($rc)"
		after_crash "create at $p"
	done
	[ $hit -ge 8 ]
}

@test "run -d, killed at each point" {
	local p hit=0
	for p in $POINTS; do
		KNARR_TEST_KILL_AT=$p rt run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ] && hit=$((hit + 1))
		after_crash "run at $p"
	done
	[ $hit -ge 8 ]
}

@test "the same id can be used after a crash and delete --force" {
	local p
	for p in recorded cgroup process saved; do
		KNARR_TEST_KILL_AT=$p rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 || true
		rt delete --force "$ID"
		rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		[ "$(status_of)" = created ]
		rt delete --force "$ID"
	done
}

@test "delete, killed at each point, can be repeated" {
	local p hit=0
	for p in delete-killed delete-cgroup delete-hooks delete-record; do
		rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		KNARR_TEST_KILL_AT=$p rt delete --force "$ID" >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ] && hit=$((hit + 1)) || echo "delete passes no '$p' ($rc)"
		after_crash "delete at $p"
	done
	[ $hit = 4 ]
}

@test "start, killed before and after the gate" {
	local p hit=0
	for p in start-gate start-opened; do
		rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		KNARR_TEST_KILL_AT=$p rt start "$ID" >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ] && hit=$((hit + 1))
		after_crash "start at $p"
	done
	[ $hit = 2 ]
}

@test "a foreground run that is killed leaves a container that can be deleted" {
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local run=$!
	wait_for 10 is_status running
	kill -KILL "$run"
	wait "$run" 2>/dev/null || true
	after_crash "foreground run"
}

@test "a killed create without any record is taken by delete --force" {
	mkdir -p -m 700 "$ROOT" && chmod 700 "$ROOT"
	mkdir -m 700 "$ROOT/$ID"
	after_crash "empty directory"
}

# The state directory is not synchronised to disk: after a power cut its files may be there and empty.
@test "records that a power cut left empty are taken by delete --force" {
	rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt kill "$ID" KILL
	wait_for 10 is_status stopped
	: >"$ROOT/$ID/config.json"
	rt state "$ID" >/dev/null
	rt delete "$ID"
	mkdir -m 700 "$ROOT/$ID"
	: >"$ROOT/$ID/state.json"
	: >"$ROOT/$ID/config.json"
	run ! rt state "$ID"
	[[ "$output" == *"delete --force"* ]]
	after_crash "empty records"
}
