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

# The least limit in KiB under which RUNTIME runs it. In a cgroup that is named, since not every runtime removes its own.
least() {
	local k
	for k in 128 192 256 512 1024 2048 4096 6144 8192 16384; do
		tiny_bundle $k
		if timeout 60 "$1" --root "$TMP/other" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1; then
			echo $k
			return
		fi
		"$1" --root "$TMP/other" delete -f "$ID" >/dev/null 2>&1 || true
		rmdir "/sys/fs/cgroup/tiny-$ID" 2>/dev/null || true
	done
	echo more
}

@test "the least limit is no larger than that of the peers" {
	need_root
	config '.ociVersion = "1.2.0" | .linux.cgroupsPath = $p' --arg p "/tiny-$ID"
	ours=$(least "$RT")
	echo "# least memory.max in KiB: knarr $ours" >&3
	for peer in crun runc; do
		command -v $peer >/dev/null || continue
		theirs=$(least $peer)
		echo "# least memory.max in KiB: $peer $theirs" >&3
		[ "$theirs" = more ] || [ "$ours" -le "$theirs" ]
	done
}
