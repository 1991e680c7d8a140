#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# faults: what failing system calls have taught, each a loop over the calls of one command. tests/faults/faults.py goes
# through all commands and all calls.
load helpers

setup() {
	setup_bundle
	need_root
	need_knarr
	need_helper inject
	set_args /bin/probe sleep 1000
}
teardown() { teardown_bundle; }

# calls ROLE: how many the last command under inject made.
calls() { awk -v r="$1" '$1 == "calls" && $2 == r {print $3}' "$TMP/report"; }
# Its output goes to a file: a container that is left would keep a pipe open.
inject() { timeout 20 "$HELPERS/inject" -r "$TMP/report" "$@" </dev/null >"$TMP/out" 2>&1 3>&-; }

@test "the host half is killed before it lets the first process go: delete --force ends, and nothing is left" {
	local n last
	add_userns
	inject "$RT" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID"
	last=$(calls host)
	rt delete --force "$ID"
	for n in $(seq $((last / 3)) "$last"); do
		run inject -f "host:$n:kill" "$RT" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID"
		run -0 timeout 10 "$RT" --root "$ROOT" delete --force "$ID"
		run -0 timeout 10 "$RT" --root "$ROOT" delete --force "$ID"
		[ -z "$output" ]
		assert_clean
	done
}

@test "delete --force says 0 only when the process is gone, whatever call fails" {
	local n=0 pid
	while :; do
		n=$((n + 1))
		rt run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
		pid=$(pid_of)
		run inject -f "host:$n:5" "$RT" --root "$ROOT" delete --force "$ID"
		echo "call $n: $status $(cat "$TMP/out")"
		if [ "$status" = 0 ]; then
			wait_for 2 process_ended "$pid"
			assert_clean
		else
			[ -s "$TMP/out" ]
			rt delete --force "$ID"
		fi
		grep -q '^hit' "$TMP/report" || break
	done
	[ $n -gt 20 ]
}

@test "a full disk below the state root" {
	mkdir -p "$TMP/small"
	mount -t tmpfs -o size=4k,nr_inodes=3 tmpfs "$TMP/small"
	set_args /bin/probe cwd
	run "$RT" --root "$TMP/small/r" run --bundle "$BUNDLE" "$ID"
	echo "$status: $output"
	[ "$status" != 0 ]
	[[ $output == *"No space left on device"* ]]
	run -0 "$RT" --root "$TMP/small/r" delete --force "$ID"
	[ ! -e "$TMP/small/r/$ID" ]
	umount "$TMP/small"
	assert_clean
}
