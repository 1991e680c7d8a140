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

# Making these takes minutes, which no single test has: it happens once, before the first one, and the result is kept.
setup_file() {
	local cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/knarr-tests log=$BATS_FILE_TMPDIR/log
	[ "$(id -u)" = 0 ] && command -v mmdebstrap >/dev/null || return 0
	mkdir -p "$cache"
	exec 7>"$cache/lock"
	flock -w 240 7 || return 0
	if [ ! -e "$cache/debian/usr/bin/perl" ]; then
		rm -rf --one-file-system "$cache/debian" "$cache/debian.new"
		timeout 200 mmdebstrap --variant=minbase --format=directory bookworm "$cache/debian.new" </dev/null >"$log" 2>&1 3>&- 7>&- &&
			mv "$cache/debian.new" "$cache/debian" || tail -n3 "$log" | sed 's/^/# mmdebstrap: /' >&3
	fi
	if [ -e "$cache/debian" ] && [ ! -e "$cache/image/index.json" ] && command -v buildah >/dev/null; then
		rm -rf --one-file-system "$cache/image" "$cache/image.new"
		timeout 200 bash -eu -c 'make_image "$1" "$2"' - "$cache/debian" "$cache/image.new" </dev/null >"$log" 2>&1 3>&- 7>&- &&
			mv "$cache/image.new" "$cache/image" || tail -n3 "$log" | sed 's/^/# buildah: /' >&3
	fi
	local flag
	for flag in "" --rootless; do
		[ -e "$cache/image/index.json" ] && [ ! -e "$cache/bundle$flag" ] && command -v umoci >/dev/null || continue
		rm -rf --one-file-system "$cache/bundle.new"
		# shellcheck disable=SC2086 # no flag is no word
		timeout 200 umoci unpack $flag --image "$cache/image:latest" "$cache/bundle.new" </dev/null >"$log" 2>&1 3>&- 7>&- &&
			mv "$cache/bundle.new" "$cache/bundle$flag" || tail -n3 "$log" | sed 's/^/# umoci: /' >&3
	done
	exec 7>&-
}

# make_image ROOTFS LAYOUT: an OCI image of it, by buildah and without any registry.
make_image() {
	local dir container
	dir=$(mktemp -d "${TMPDIR:-/tmp}/buildah.XXXXXX")
	b() { buildah --root "$dir/root" --runroot "$dir/run" --storage-driver vfs "$@"; }
	container=$(b from scratch)
	b add -q "$container" "$1" /
	b config --env GREETING=hello --workingdir /srv --cmd '["/bin/sh", "-c", "echo $GREETING from $PWD; exit 6"]' "$container"
	b commit -q --disable-compression "$container" "oci:$2:latest"
	rm -rf --one-file-system "$dir"
}
export -f make_image

# debian: the root file system that setup_file made.
debian() {
	need_root
	need_tool mmdebstrap
	[ -e "$CACHE/debian/usr/bin/perl" ]
	config '.root.path = $p | .process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]' --arg p "$CACHE/debian"
}

# image [--rootless]: the bundle that umoci made of the image.
image() {
	need_root
	need_tool buildah
	need_tool umoci
	cp "$CACHE/bundle${1:-}/config.json" "$BUNDLE/config.json"
	config '.process.terminal = false | .root.path = $p' --arg p "$CACHE/bundle${1:-}/rootfs"
}

@test "runc spec" {
	need_root
	peer_spec runc
	set_sh 'echo hello; exit 3'
	rt_run 3
	[ "$output" = hello ]
}

@test "crun spec" {
	need_root
	peer_spec crun
	set_sh 'echo hello; exit 3'
	rt_run 3
	[ "$output" = hello ]
}

@test "runc spec --rootless, crun spec --rootless" {
	local peer
	for peer in runc crun; do
		peer_spec $peer --rootless
		# crun leaves the maps to whoever runs it.
		config '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}]' --argjson u "$(id -u)" --argjson g "$(id -g)"
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
		# Their mount sources, cgroups and limits are of another machine, their profiles cut to a few calls.
		config '.root.path = "rootfs" | .process.terminal = false | .mounts |= map(select(.type != "bind")) | del(.linux.cgroupsPath) | del(.linux.resources) | del(.hooks)
			| .process.cwd = "/" | del(.process.apparmorProfile, .process.rlimits, .linux.seccomp) | .linux.namespaces |= map(del(.path))'
		set_sh 'echo hello; exit 3'
		# Mount points are made by the root of a user namespace.
		chmod 755 "$BATS_RUN_TMPDIR" "$TMP" "$BUNDLE"
		chown -R "$(jq -r '"\(.linux.uidMappings[0].hostID // 0):\(.linux.gidMappings[0].hostID // 0)"' "$BUNDLE/config.json")" "$BUNDLE/rootfs"
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

@test "an image by buildah, unpacked by umoci" {
	image
	run -6 rt run --bundle "$BUNDLE" "$ID"
	[ "$output" = "hello from /srv" ]
	set_args /usr/bin/perl -e 'print 6*7, "\n"'
	rt_run 0
	[ "$output" = 42 ]
}

@test "an image by buildah, unpacked by umoci --rootless" {
	image --rootless
	run -6 rt run --bundle "$BUNDLE" "$ID"
	[ "$output" = "hello from /srv" ]
}
