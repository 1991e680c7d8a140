#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# plan and check: they tell, and change nothing.
load helpers

setup() {
	setup_bundle
	need_knarr
}
teardown() { teardown_bundle; }

# What can change: the state root, the cgroups, the mounts, the bundle.
picture() {
	ls -lAR --time-style=+ "$TMP" | grep -v picture
	find "$(cgroup2_mount)" -maxdepth 3 -type d -name "*$ID*" 2>/dev/null
	grep -F "$TMP" /proc/self/mountinfo || true
}

@test "plan changes nothing, not even the state root" {
	picture >"$TMP/../before.$$"
	run -0 rt plan "$BUNDLE"
	[ -n "$output" ]
	[ ! -e "$ROOT" ]
	picture >"$TMP/../after.$$"
	cmp "$TMP/../before.$$" "$TMP/../after.$$"
	rm -f "$TMP/../before.$$" "$TMP/../after.$$"
}

@test "plan is stable: twice the same" {
	rt plan "$BUNDLE" >"$TMP/a"
	rt plan "$BUNDLE" >"$TMP/b"
	cmp "$TMP/a" "$TMP/b"
	grep -q '/mounts/0' "$TMP/a"
	grep -q pivot "$TMP/a"
}

@test "plan runs no hook and says where a config is wrong" {
	printf '#!/bin/sh\ntouch "%s/ran"\n' "$H" >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks.prestart = [{path: $p}]' --arg p "$H/hook"
	run -0 rt plan "$BUNDLE"
	[ ! -e "$H/ran" ]
	config '.mounts[0].destination = 7'
	run -1 rt plan "$BUNDLE"
	assert_output_has config.json: destination
}

@test "check: a good bundle, a bad one, unknown fields" {
	set_args /bin/true
	run -0 rt check "$BUNDLE"
	config '.proces = {} '
	run rt check "$BUNDLE"
	assert_output_has proces
	write_spec
	config '.root.path = "nowhere"'
	run rt check "$BUNDLE"
	[ "$status" -ne 0 ]
	assert_output_has nowhere
	[ ! -e "$ROOT" ]
}
