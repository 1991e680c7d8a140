#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# inputs: bundles that none of us wrote: other runtimes' `spec`, engines' config.json, a distribution's root.
load helpers

CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/knarr-tests
FIXTURES=$TOP/tests/fixtures/valid

setup() { setup_bundle; }
teardown() { teardown_bundle; }

# peer_spec NAME FLAGS...: that runtime's own output, or the one that was kept.
peer_spec() {
	local name=$1 kept=$FIXTURES/$1-spec.json
	shift
	rm -f "$BUNDLE/config.json"
	[ $# = 0 ] || kept=$FIXTURES/$name-spec-rootless.json
	if command -v "$name" >/dev/null; then
		(cd "$BUNDLE" && "$name" spec "$@")
	else
		cp "$kept" "$BUNDLE/config.json"
	fi
	config '.process.terminal = false'
}

# debian: a root file system made once and kept.
debian() {
	need_root
	need_tool mmdebstrap
	if [ ! -e "$CACHE/debian/usr/bin/perl" ]; then
		mkdir -p "$CACHE"
		rm -rf --one-file-system "$CACHE/debian"
		timeout 100 mmdebstrap --variant=minbase --format=directory bookworm "$CACHE/debian.new" >"$TMP/mmdebstrap" 2>&1 ||
			skip "needs root and mmdebstrap that works here: $(tail -n1 "$TMP/mmdebstrap")"
		mv "$CACHE/debian.new" "$CACHE/debian"
	fi
	config '.root.path = $p | .process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]' --arg p "$CACHE/debian"
}

@test "runc spec" {
	need_root
	peer_spec runc
	set_sh 'echo hello; exit 3'
	run rt run --bundle "$BUNDLE" "$ID"; echo "$output"; [ "$status" = 3 ]
	[ "$output" = hello ]
}

@test "crun spec" {
	need_root
	peer_spec crun
	set_sh 'echo hello; exit 3'
	run rt run --bundle "$BUNDLE" "$ID"; echo "$output"; [ "$status" = 3 ]
	[ "$output" = hello ]
}

@test "runc spec --rootless, crun spec --rootless" {
	local peer
	for peer in runc crun; do
		peer_spec $peer --rootless
		config '.linux.uidMappings[0].hostID = $u | .linux.gidMappings[0].hostID = $g' --argjson u "$(id -u)" --argjson g "$(id -g)"
		set_sh 'echo hello; exit 3'
		rt_run 3
		[ "$output" = hello ]
	done
}

@test "podman's config.json and containerd's" {
	need_root
	local kind
	for kind in podman ctr; do
		cp "$FIXTURES/$kind-like.json" "$BUNDLE/config.json"
		# Their mount sources and cgroups are of another machine.
		config '.root.path = "rootfs" | .process.terminal = false | .mounts |= map(select(.type != "bind")) | del(.linux.cgroupsPath) | del(.linux.resources) | del(.hooks)
			| .process.cwd = "/" | .linux.namespaces |= map(del(.path))'
		set_sh 'echo hello; exit 3'
		run rt run --bundle "$BUNDLE" "$ID"
		echo "$kind: $output"
		[ "$status" = 3 ]
	done
}

@test "Debian: perl, apt-get, a shell" {
	debian
	set_args perl -e 'print 6*7, "\n"'
	rt_run 0
	[ "$output" = 42 ]
	set_args apt-get --version
	rt_run 0
	[[ $output == apt\ * ]]
	set_args /bin/bash -c 'echo $BASH_VERSION; id -u'
	rt_run 0
	[ "${lines[-1]}" = 0 ]
}

@test "Debian: a shell with a terminal" {
	debian
	need_helper pty
	config '.process.terminal = true'
	set_args /bin/bash -c 'tty; stty size; exit 5'
	run -5 "$HELPERS/pty" 25 77 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has /dev/pts/0 "25 77"
}
