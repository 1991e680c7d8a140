#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device nodes, /dev itself and the terminal, in images that lay bait at their names.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

console() {
	need_helper console_receiver
	config '.process.terminal = true'
	"$HELPERS/console_receiver" "$TMP/console" >"$TMP/console.out" 2>&1 </dev/null 3>&- &
	RACERS+=($!)
	wait_for 5 test -S "$TMP/console"
}

@test "T8 a /dev that is a link to the host changes nothing there" {
	local link
	drop_mounts_below /dev
	rm -rf "$BUNDLE/rootfs/dev"
	echo p >"$H/dev/ptmx"; echo c >"$H/dev/console"; echo n >"$H/dev/null"
	trap_host
	set_args /bin/true
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	for link in "$H/dev" "../../../../../../../..$H/dev"; do
		ln -sfn "$link" "$BUNDLE/rootfs/dev"
		go; echo "$status: $output"
		host_same
		config '.linux.devices = [{"path": "/dev/evil", "type": "c", "major": 1, "minor": 5}]'
		go; echo "$status: $output"
		host_same
		rm -rf "$BUNDLE/rootfs${H%%/t.*}"
	done
}

@test "T9 a null device that is a link to the host's stays the host's" {
	drop_mounts_below /dev
	mknod -m 600 "$H/null" c 1 3
	chown 4321:4321 "$H/null"
	rm -f "$BUNDLE/rootfs/dev/null"
	ln -s "$H/null" "$BUNDLE/rootfs/dev/null"
	trap_host
	config '.process.user = {"uid": 1000, "gid": 1000} | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	set_args /bin/probe stdio
	go
	echo "$status: $output; bait is $(inode "$H/null")"
	host_same
	[[ $output != *"$(inode "$H/null")"* ]]
}

@test "T10 a console that is a link to the host makes nothing there" {
	local ro
	drop_mounts_below /dev/pts
	drop_mounts_below /dev
	mkdir -p "$BUNDLE/rootfs/dev/pts"
	rm -f "$BUNDLE/rootfs/dev/console"
	ln -s "$H/new" "$BUNDLE/rootfs/dev/console"
	add_mount '{"destination":"/dev/pts","type":"devpts","source":"devpts","options":["newinstance","ptmxmode=0666"]}'
	set_args /bin/probe stat /dev/console
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	for ro in false true; do
		rm -f "$TMP/console"
		console
		config '.root.readonly = $ro' --argjson ro $ro
		run rt create --bundle "$BUNDLE" --console-socket "$TMP/console" "$ID" </dev/null
		echo "$status: $output"
		[ ! -e "$H/new" ]
		if [ "$status" = 0 ]; then
			# it is a terminal of the container, or nothing is
			local pid
			pid=$(pid_of)
			[ ! -e "/proc/$pid/root/dev/console" ] || [[ $(stat -L -c '%t' "/proc/$pid/root/dev/console") =~ ^8[89a-f]$ ]]
			rt delete --force "$ID"
		fi
		host_same
	done
}

@test "T48 a device path that climbs or follows a link stays inside" {
	local path
	mkdir -p "$TMP/away"
	ln -s "$H" "$BUNDLE/rootfs/l"
	for path in "/dev/../../../../../../..$H/x" "/l/x" "/dev/../l/y"; do
		write_spec
		set_args /bin/true
		config '.linux.devices = [{"path": $p, "type": "c", "major": 1, "minor": 5, "fileMode": 438}]' --arg p "$path"
		go
		echo "$path: $status: $output"
		host_same
	done
}
