#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# the command line: every form that callers write, and the exit statuses that they read.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "flags before and behind the id, repeated, with one dash, with =" {
	set_args /bin/echo ok
	run -0 rt run --bundle "$BUNDLE" "$ID"
	run -0 rt run "$ID" --bundle "$BUNDLE"
	[ "$output" = ok ]
	run -0 rt run --bundle /nowhere --bundle="$BUNDLE" "$ID"
	[ "$output" = ok ]
	run -0 rt run -bundle "$BUNDLE" "$ID"
	[ "$output" = ok ]
	run -0 rt run -b "$BUNDLE" "$ID"
	run -0 "$RT" run --root "$ROOT" -b "$BUNDLE" "$ID"
	[ "$output" = ok ]
	run -0 "$RT" --root=/nowhere --root="$ROOT" run -b "$BUNDLE" "$ID"
	[ "$output" = ok ]
	run -0 rt run --no-new-keyring=false --bundle "$BUNDLE" -no-subreaper "$ID"
	[ "$output" = ok ]
	run -0 rt run --bundle "$BUNDLE" -- "$ID"
	[ "$output" = ok ]
}

@test "what belongs to the program is not ours" {
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run -0 rt exec "$ID" /bin/echo --detach -t --root x
	[ "$output" = "--detach -t --root x" ]
}

@test "exit statuses of misuse" {
	run -0 "$RT"
	run -0 "$RT" --help
	[ -n "$output" ]
	run -0 "$RT" run --help
	[ -n "$output" ]
	run -3 "$RT" bogus
	assert_output_has bogus
	run -1 "$RT" run --bogus x
	assert_output_has "flag provided but not defined" bogus
	run -1 "$RT" run --bundle
	assert_output_has "flag needs an argument" bundle
	run -1 "$RT" run
	run -1 "$RT" run a b
	run -1 "$RT" --log-format xml list
	assert_output_has xml
	run -1 "$RT" --root '' list
}

@test "exec fails with 255" {
	run -255 rt exec none /bin/true
	assert_output_has "does not exist"
}

@test "--version: one line with the word, the commit, the specification" {
	run -0 "$RT" --version
	[[ ${lines[0]} == "knarr version "* ]]
	[ "$(grep -c version <<<"$output")" = 1 ]
	grep -q '^commit: ' <<<"$output"
	grep -q '^spec: 1\.' <<<"$output"
	local first=$output
	run -0 "$RT" -v
	[ "$output" = "$first" ]
}

@test "features: pure JSON with what engines look for" {
	run -0 --separate-stderr "$RT" features
	[ -z "$stderr" ]
	jq -e '.ociVersionMin and .ociVersionMax and (.mountOptions | index("rro")) and (.linux.namespaces | index("user")) and .linux.mountExtensions.idmap.enabled
		and (.hooks | length == 6) and .linux.cgroup.v2 and (.linux.capabilities | index("CAP_KILL")) and .linux.seccomp.enabled' <<<"$output"
	[[ $output != *'\/'* ]]
}

@test "checkpoint and restore are not offered" {
	run "$RT" checkpoint --help
	[ "$status" -ne 0 ]
	run "$RT" restore --lsm-mount-context
	[ "$status" -ne 0 ]
}

@test "help names every command, each has its own" {
	local c
	for c in create start state kill delete run exec list ps pause resume update events spec features; do
		"$RT" --help | grep -qw "$c"
		"$RT" "$c" --help >"$TMP/help"
		[ -s "$TMP/help" ]
	done
}

@test "stdout that is full is an error" {
	[ -w /dev/full ] || skip "no /dev/full"
	run bash -c '"$RT" features >/dev/full'
	[ "$status" -ne 0 ]
}

@test "--log to a folder that is not there is an error that is said" {
	run -1 rt --log "$TMP/none/log" list
	assert_output_has "$TMP/none/log"
}

@test "--debug produces output" {
	set_args /bin/sleep 60
	# The filter has words of its own.
	config 'del(.linux.seccomp)'
	rt --debug create --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1
	grep -q '^debug: ' "$TMP/out"
	rt start "$ID"
	run -0 rt --debug exec "$ID" true
	[[ $output == debug:* ]]
	rt --debug --log "$TMP/log" --log-format json exec "$ID" true
	jq -se 'all(.[]; .level == "debug" and (.msg | length) > 0) and length > 0' "$TMP/log"
}

@test "the default state root" {
	need_root
	set_args /bin/true
	run -0 "$RT" run --bundle "$BUNDLE" "$ID"
	run -0 env XDG_RUNTIME_DIR= "$RT" run --bundle "$BUNDLE" "$ID"
	run -0 env -i "$RT" run --bundle "$BUNDLE" "$ID"
}
