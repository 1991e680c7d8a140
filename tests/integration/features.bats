#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# features: valid by the specification's schema, and true.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

@test "the document has what features.md asks for" {
	run --separate-stderr rt features
	[ "$status" = 0 ]
	echo "$output" | jq -e '.ociVersionMin and .ociVersionMax and (.hooks | length == 6) and (.mountOptions | length > 40)
		and (.linux.namespaces | length == 8) and .linux.cgroup and .linux.seccomp.enabled != null'
}

@test "the document is valid by the specification's schema" {
	need_tool python3
	python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
	local schema=${OCI_SCHEMA:-/usr/share/oci-runtime-spec/schema}
	[ -e "$schema/features-schema.json" ] || skip "OCI_SCHEMA names no folder with features-schema.json"
	rt features >"$TMP/features.json"
	python3 - "$schema" "$TMP/features.json" <<'P'
import json, os, sys
import jsonschema
folder = sys.argv[1]
schema = json.load(open(os.path.join(folder, "features-schema.json")))
resolver = jsonschema.RefResolver("file://" + folder + "/", schema)
jsonschema.Draft4Validator(schema, resolver=resolver).validate(json.load(open(sys.argv[2])))
P
}

@test "each mount option that is named is taken" {
	need_knarr
	local w
	for w in $(rt features | jq -r '.mountOptions[]'); do
		case $w in bind | rbind | idmap | ridmap | copy-symlink | tmpcopyup) continue ;; esac
		echo "$w"
	done | jq -Rn '[inputs]' >"$TMP/words"
	# As a bind mount, which takes no word that is not known.
	config '.mounts += [{destination: "/m", type: "bind", source: $s, options: (["bind"] + $w[0])}]' --arg s "$H" --slurpfile w "$TMP/words"
	set_args /bin/true
	run rt plan --bundle "$BUNDLE"
	[ "$status" = 0 ]
}

@test "each seccomp action, operator, architecture and flag that is named is taken" {
	need_knarr
	rt features >"$TMP/f"
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: $f[0].linux.seccomp.archs, listenerPath: "/x",
		flags: ($f[0].linux.seccomp.supportedFlags // []), syscalls: [($f[0].linux.seccomp.actions[] | {names: ["bind"], action: .}),
		($f[0].linux.seccomp.operators[] | {names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: .}]})]}' --slurpfile f "$TMP/f"
	run rt plan --bundle "$BUNDLE"
	echo "$output" | tail -3
	[ "$status" = 0 ]
}

@test "annotations that change what is done are listed by their whole names" {
	need_knarr
	rt features | jq -e '.potentiallyUnsafeConfigAnnotations | index("org.systemd.property.") != null and index("run.oci.hooks.stdout") != null
		and index("run.oci.keep_original_groups") != null and index("run.oci.") == null'
	local w
	for w in $(rt features | jq -r '.annotations["dev.knarr.annotations.off"] | split(",")[]'); do
		rt features | jq -e --arg w "$w" '.potentiallyUnsafeConfigAnnotations | index($w) != null'
		rt --annotations="$w" features >/dev/null
	done
}

@test "the annotations of the document are strings" {
	rt features | jq -e '(.annotations // {}) | all(type == "string")'
}
