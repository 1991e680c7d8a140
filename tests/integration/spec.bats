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

@test "spec --rootless keeps groups that cannot be dropped, and says so in the config" {
	need_root
	id knarr-test >/dev/null 2>&1 || skip "needs root that has added the user knarr-test"
	local base=(setpriv --reuid knarr-test --regid knarr-test)
	chmod 755 "$BATS_RUN_TMPDIR" "$TMP"
	chown -R knarr-test: "$TMP"
	cd /
	"${base[@]}" --groups "$(id -g knarr-test),4321" "$RT" spec --rootless --file - >"$TMP/with.json"
	[ "$(jq -r '.annotations["run.oci.keep_original_groups"]' "$TMP/with.json")" = 1 ]
	"${base[@]}" --clear-groups "$RT" spec --rootless --file - | jq -e 'has("annotations") | not'
	jq '.process.terminal = false | .process.args = ["/bin/probe", "ids"] | del(.process.rlimits)' "$TMP/with.json" |
		sed 's/18446744073709552000/18446744073709551615/' >"$BUNDLE/config.new"
	mv "$BUNDLE/config.new" "$BUNDLE/config.json"
	chmod 644 "$BUNDLE/config.json"
	run "${base[@]}" --groups "$(id -g knarr-test),4321" --reset-env "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "uid=0,0,0 gid=0,0,0 "* ]]
}

@test "spec into a folder that is not there" {
	run -1 rt spec --bundle "$TMP/none"
	assert_output_has "$TMP/none"
}
