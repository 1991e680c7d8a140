#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The cgroup tree: nothing in it is writable that is not the container's own.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

writable='find /sys/fs/cgroup -type f 2>/dev/null | while read -r f; do [ ! -w "$f" ] || { : 2>/dev/null >>"$f" && echo "writable: $f"; }; done; mkdir /sys/fs/cgroup/evil 2>/dev/null && echo "made a cgroup"; echo end'

@test "T24 a shared cgroup tree is read-only" {
	cp "$(busybox_path)" "$BUNDLE/rootfs/bin/find"
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	set_sh "$writable"
	works
	[ "$output" = end ]
	config '.mounts |= map(select(.destination | startswith("/sys") | not)) + [{"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]}]'
	works
	[ "$output" = end ]
}

# The mounts of the tree that are not read-only, as the container sees them.
writable_trees='while read -r _ _ _ _ place options rest; do case " $rest" in *" - cgroup2 "*) ;; *) continue ;; esac; echo "tree $place"; case ",$options," in *,ro,*) ;; *) echo "writable $place" ;; esac; done </proc/self/mountinfo'

@test "T24 without a cgroup namespace the tree is read-only unless config.json says rw, in a bound /sys as well" {
	[ "$(id -u)" = 0 ] || skip "needs root of the host"
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	drop_mounts_below /sys/fs/cgroup
	add_mount '{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid"]}'
	set_sh "$writable_trees"
	works
	[[ $output == *"tree /sys/fs/cgroup"* ]]
	[[ $output != *writable* ]]
	drop_mounts_below /sys
	add_mount '{"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]}'
	works
	[[ $output == *"tree /sys/fs/cgroup"* ]]
	[[ $output != *writable* ]]
}

@test "T26 exec into a cgroup elsewhere is refused" {
	local p
	start_sleeper
	for p in ../.. ../../.. a/../../..; do
		run rt exec --cgroup "$p" "$ID" /bin/true
		echo "$p: $status: $output"
		[ "$status" -ne 0 ]
	done
}
