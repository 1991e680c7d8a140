#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The null device that a caller passes as stdio. The program gets a null device that is no inode of the host.
load ../integration/helpers
load attack

# A null device of the host's that the test may lose.
setup() {
	setup_attack
	mknod -m 666 "$H/null" c 1 3
	trap_host
	config '.process.capabilities |= map_values(["CAP_CHOWN", "CAP_FOWNER", "CAP_DAC_OVERRIDE", "CAP_MKNOD"]) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	cat >"$TMP/attack.sh" <<-'END'
		for fd in 0 1 2; do
			busybox chmod 604 /proc/self/fd/$fd; busybox chown 1234:1234 /proc/self/fd/$fd
			touch -d @1000000 /proc/self/fd/$fd
		done
		exit 0
	END
	install -m 755 "$TMP/attack.sh" "$BUNDLE/rootfs/bin/attack"
}
teardown() { teardown_attack; }

in_userns() {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$BUNDLE/rootfs"
}
host_null() { stat -c '%F %a %u:%g %Y %t:%T' "$H/null"; }
# attack COMMAND...: a runtime's command with the null device as its stdio.
attack() {
	local before
	before=$(host_null)
	timeout 20 "$RT" --root "$ROOT" "$@" <"$H/null" >"$H/null" 2>"$H/null" 3>&- || echo "status $?"
	echo "before $before, after $(host_null)"
	[ "$(host_null)" = "$before" ] && host_same
}
run_attack() { set_args /bin/sh /bin/attack; attack run --bundle "$BUNDLE" "$ID"; }

@test "stdio: the caller's null device stays the host's" {
	run_attack
}

@test "stdio: the same where /dev is a link" {
	rm -rf "$BUNDLE/rootfs/dev"
	mkdir "$BUNDLE/rootfs/devices"
	ln -s devices "$BUNDLE/rootfs/dev"
	run_attack
	drop_mounts_below /dev
	run_attack
}

@test "stdio: the same with an empty /dev, and with one that is nodev" {
	mkdir "$TMP/empty"
	drop_mounts_below /dev
	add_mount "$(jq -nc --arg s "$TMP/empty" '{destination: "/dev", type: "none", source: $s, options: ["rbind", "ro"]}')"
	run_attack
	drop_mounts_below /dev
	add_mount '{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=755"]}'
	run_attack
}

@test "stdio: the same without any devices in the container" {
	drop_mounts_below /dev
	rm -rf "$BUNDLE/rootfs/dev"
	run_attack
}

@test "stdio: the same in a user namespace" {
	in_userns
	run_attack
	mkdir "$TMP/empty"
	drop_mounts_below /dev
	add_mount "$(jq -nc --arg s "$TMP/empty" '{destination: "/dev", type: "none", source: $s, options: ["rbind", "ro"]}')"
	run_attack
}

@test "stdio: exec into a container whose root removed or replaced its null device" {
	start_sleeper
	attack exec "$ID" /bin/sh /bin/attack
	rt exec "$ID" /bin/rm /dev/null
	attack exec "$ID" /bin/sh /bin/attack
	rt exec "$ID" /bin/sh -c 'busybox mknod -m 666 /dev/null c 1 5'
	attack exec "$ID" /bin/sh /bin/attack
	rt exec "$ID" /bin/sh -c 'rm /dev/null; ln -s zero /dev/null'
	attack exec "$ID" /bin/sh /bin/attack
	attack exec --user 0 -d "$ID" /bin/sh /bin/attack
	rt exec "$ID" /bin/sh -c 'rm /dev/null; mkdir /dev/null'
	attack exec "$ID" /bin/sh /bin/attack
}

@test "stdio: what the program gets is a null device, also when it opens it again" {
	local u
	for u in 0 1000; do
		config '.process.user = {"uid": $u, "gid": $u}' --argjson u $u
		set_sh 'echo x >/proc/self/fd/0 && echo x >>/dev/stdin && [ -z "$(cat /proc/self/fd/0)" ] && [ -z "$(cat)" ] && stat -L -c "%F %t:%T" /proc/self/fd/0 && readlink /proc/self/fd/0'
		run timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$H/null"
		echo "$status: $output"
		[ "$status" = 0 ]
		[[ $output == *"character special file 1:3"*"/dev/null" ]]
	done
}

# as_caller SETPRIV-OPTIONS...: the attack by a runtime of less privilege, whose /dev/null is the test's as well.
as_caller() {
	local real=$RT
	need_tool setpriv
	RT=$TMP/caller
	printf '#!/bin/sh\nmount --bind %s /dev/null || exit 99\nexec setpriv %s %s "$@"\n' "$H/null" "$*" "$real" >"$TMP/inner"
	printf '#!/bin/sh\nexec unshare -m sh %s "$@"\n' "$TMP/inner" >"$RT"
	chmod 755 "$RT"
	run_attack || return 1
	set_sh 'echo x >/proc/self/fd/0 && [ -z "$(cat)" ] && stat -L -c "%F %t:%T" /proc/self/fd/0'
	run timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$H/null"
	RT=$real
	echo "$status: $output"
	[ "$status" = 0 ] && [[ $output == *"character special file 1:3"* ]]
}

@test "stdio: the same for a caller that may make no device node" {
	config '.process.capabilities |= map_values(["CAP_CHOWN", "CAP_FOWNER"])'
	as_caller --bounding-set -mknod
}

@test "stdio: the same for a caller that may not mount, in a user namespace whose root owns the node" {
	write_spec
	(cd "$BUNDLE" && rm config.json && "$RT" spec --rootless)
	config '.process.terminal = false | .process.capabilities |= map_values(["CAP_CHOWN", "CAP_FOWNER"]) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	chmod 755 "$TMP" "$BUNDLE" "$BATS_RUN_TMPDIR"
	as_caller --bounding-set -sys_admin
}

@test "stdio: a file that the caller only reads and another user's file keep their owner" {
	local u
	for u in '' userns; do
		[ -z "$u" ] || in_userns
		config '.process.user = {"uid": 1000, "gid": 1000}'
		set_args /bin/true
		echo text >"$TMP/mine"; echo text >"$TMP/other"
		chown 4321:4321 "$TMP/other"
		timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$TMP/mine" >>"$TMP/other" 2>&1
		[ "$(stat -c %u "$TMP/mine")" = 0 ]
		[ "$(stat -c %u "$TMP/other")" = 4321 ]
	done
}
