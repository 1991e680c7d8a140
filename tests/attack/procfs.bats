#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Nothing may cover the container's procfs: what is read and written there decides about confinement.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

@test "T4 mounts on and below procfs are refused" {
	local d m
	mkdir -p "$H/fake/self/attr"
	trap_host
	for d in /proc /proc/self/attr /proc/sys /proc/./x/../self /proc/net/dev /proc//1 /proc/sys/net/ipv4/ip_default_ttl /x/../proc/sys; do
		for m in "{\"type\":\"tmpfs\",\"source\":\"tmpfs\"}" "{\"type\":\"bind\",\"source\":\"$H/fake\",\"options\":[\"rbind\"]}"; do
			write_spec
			set_args /bin/true
			add_mount "$(jq -c --arg d "$d" '. + {destination: $d}' <<<"$m")"
			refused "$d" || { echo "not refused: $d $m"; return 1; }
		done
	done
}

@test "T4 the files that only tell about the machine may be covered" {
	local f
	echo mine >"$H/mine"
	trap_host
	set_sh 'cat /proc/cpuinfo /proc/meminfo /proc/stat /proc/uptime /proc/loadavg /proc/diskstats /proc/swaps'
	for f in cpuinfo meminfo stat uptime loadavg diskstats swaps; do
		add_mount "{\"destination\":\"/proc/$f\",\"type\":\"bind\",\"source\":\"$H/mine\",\"options\":[\"bind\",\"ro\"]}"
	done
	works
	[ "$output" = "$(printf 'mine\nmine\nmine\nmine\nmine\nmine\nmine')" ]
}

# There is no inode to compare with yet; a link of the image's leads to the place all the same.
@test "T4 nothing but a procfs is mounted at /proc where the image has none" {
	local d m
	rmdir "$BUNDLE/rootfs/proc"
	ln -s / "$BUNDLE/rootfs/up"
	ln -s /proc "$BUNDLE/rootfs/link"
	mkdir "$H/fake"
	echo mine >"$H/fake/mine"
	trap_host
	for d in /up/proc /link; do
		for m in '{"type":"tmpfs","source":"tmpfs"}' "{\"type\":\"bind\",\"source\":\"$H/fake\",\"options\":[\"rbind\"]}"; do
			write_spec
			set_args /bin/true
			config '.mounts |= map(select(.type != "proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
			add_mount "$(jq -c --arg d "$d" '. + {destination: $d}' <<<"$m")"
			refused "$d" || { echo "not refused: $d $m"; return 1; }
			rmdir "$BUNDLE/rootfs/proc" 2>/dev/null || true
		done
	done
}
