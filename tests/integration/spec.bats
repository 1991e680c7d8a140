#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# spec: a first config.json that works.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "spec writes a config that runs a shell" {
	rm "$BUNDLE/config.json"
	cd "$BUNDLE"
	if is_root; then rt spec; else rt spec --rootless; fi
	jq -e '.ociVersion and .process.args == ["sh"] and .root.path == "rootfs" and (.process.terminal == true)' config.json
	config '.process.terminal = false'
	run -0 bash -c "echo 'echo from-shell' | \"\$RT\" --root '$ROOT' run '$ID'"
	[ "$output" = from-shell ]
	cd /
}

@test "spec refuses to overwrite" {
	cp "$BUNDLE/config.json" "$TMP/before"
	cd "$BUNDLE"
	run -1 rt spec
	assert_output_has config.json
	cmp config.json "$TMP/before"
	cd /
}

@test "spec --bundle, --file" {
	mkdir "$TMP/other"
	rt spec --bundle "$TMP/other"
	jq -e .process "$TMP/other/config.json"
	cd "$TMP/other"
	rt spec --file named.json
	jq -e .process named.json
	cd /
}

@test "spec --rootless has a user namespace that maps the caller" {
	mkdir "$TMP/other"
	rt spec --rootless --bundle "$TMP/other"
	jq -e --argjson u "$(id -u)" --argjson g "$(id -g)" 'any(.linux.namespaces[]; .type == "user") and .linux.uidMappings[0].hostID == $u and .linux.gidMappings[0].hostID == $g' "$TMP/other/config.json"
}

@test "spec into a folder that is not there" {
	run -1 rt spec --bundle "$TMP/none"
	assert_output_has "$TMP/none"
}
