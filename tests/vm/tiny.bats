#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The least memory in which a static program starts. The limit is the container's own: memory.limit of the config.
load helpers

tiny_bundle() { # KIB
	config '.linux.resources = {memory: {limit: ($k * 1024), swap: ($k * 1024)}} | .process.args = ["/bin/probe", "umask"]
		| del(.linux.seccomp)' --argjson k "$1"
}

@test "a static program runs under memory.max of 512 KiB" {
	need_root
	tiny_bundle 512
	rt_run 0
}

@test "a static program runs under memory.max of 256 KiB" {
	need_root
	tiny_bundle 256
	rt_run 0
}

# Printed for the reader, beside crun and runc where they are: least(RUNTIME) in KiB.
least() {
	local k
	for k in 128 192 256 320 384 512 768 1024 2048 4096 6144 8192 12288 16384; do
		tiny_bundle $k
		if timeout 60 "$1" --root "$TMP/other" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1; then
			echo $k
			return
		fi
		"$1" --root "$TMP/other" delete -f "$ID" >/dev/null 2>&1 || true
	done
	echo more
}

@test "the least limit is no larger than that of the peers" {
	need_root
	ours=$(least "$RT")
	echo "# least memory.max in KiB: knarr $ours" >&3
	for peer in crun runc; do
		command -v $peer >/dev/null || continue
		config '.ociVersion = "1.2.0"'
		theirs=$(least $peer)
		echo "# least memory.max in KiB: $peer $theirs" >&3
		[ "$theirs" = more ] || [ "$ours" -le "$theirs" ]
	done
}
