#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What hardening must not break: each of these once did somewhere.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

tmpfs_at() { add_mount "{\"destination\":\"$1\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"; }

@test "C1 an absolute link in the middle of a mount point" {
	mkdir -p "$BUNDLE/rootfs/run" "$BUNDLE/rootfs/var"
	ln -s /run "$BUNDLE/rootfs/var/run"
	tmpfs_at /var/run/x
	set_sh 'grep -c " /run/x " /proc/self/mountinfo'
	works
	[ "$output" = 1 ]
}

@test "C2 a dangling link as mount point" {
	ln -s /later/dir "$BUNDLE/rootfs/link"
	ln -s /later/file "$BUNDLE/rootfs/flink"
	tmpfs_at /link
	add_mount "{\"destination\":\"/flink\",\"type\":\"bind\",\"source\":\"$H/marker\",\"options\":[\"bind\"]}"
	set_sh 'cat /later/file; grep -c " /later/dir " /proc/self/mountinfo'
	works
	[ "$output" = $'marker\n1' ]
}

@test "C3 a tmpfs without a mode takes that of its directory" {
	mkdir "$BUNDLE/rootfs/data"
	chmod 1750 "$BUNDLE/rootfs/data"
	tmpfs_at /data
	set_sh 'stat -c %a /data /dev/shm'
	works
	[ "$output" = $'1750\n1777' ]
}

@test "C4 directories that are made keep the group of their parent" {
	mkdir "$BUNDLE/rootfs/p"
	chown 0:50 "$BUNDLE/rootfs/p"
	chmod 2775 "$BUNDLE/rootfs/p"
	tmpfs_at /p/q/r
	set_args /bin/true
	works
	[ "$(stat -c '%a %g' "$BUNDLE/rootfs/p/q")" = "2755 50" ]
}

@test "C5 sysctls behind an AppArmor profile" {
	[ -d /sys/kernel/security/apparmor ] || skip "needs AppArmor"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	set_sh 'cat /proc/sys/net/ipv4/ip_forward'
	works
	[ "$output" = 1 ]
}

@test "C7 a host that renames all the time" {
	local i
	mkdir -p "$BUNDLE/rootfs/a/b" "$TMP/r1" "$TMP/r2"
	race "$TMP/r1" "$TMP/r2"
	tmpfs_at /a/b/../b/../c
	set_args /bin/true
	for ((i = 0; i < 40; i++)); do works; done
}

@test "C8 an outer filter that does not know openat2" {
	need_helper deny
	local nr=437 errno
	ln -s /tmp "$BUNDLE/rootfs/t"
	tmpfs_at /t/x/y
	set_sh 'grep -c " /tmp/x/y " /proc/self/mountinfo'
	for errno in 38 1; do
		run "$HELPERS/deny" $errno $nr "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		echo "errno $errno: $status: $output"
		[ "$status" = 0 ] && [ "$output" = 1 ]
	done
}

@test "C9 a terminal with a read-only root and a read-only /dev" {
	need_helper console_receiver
	config '.process.terminal = true | .root.readonly = true'
	set_args /bin/probe stat /dev/console
	"$HELPERS/console_receiver" "$TMP/console" >"$TMP/console.out" 2>&1 </dev/null 3>&- &
	RACERS+=($!)
	wait_for 5 test -S "$TMP/console"
	rt create --bundle "$BUNDLE" --console-socket "$TMP/console" "$ID" </dev/null
	rt start "$ID"
	wait_for 5 grep -q char "$TMP/console.out"
}

in_userns() {
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

@test "C10 a read-only /sys stays read-only where it is the host's" {
	in_userns
	config '.linux.namespaces |= map(select(.type != "network")) | .mounts |= map(if .destination == "/sys" then .options = ["nosuid", "noexec", "nodev", "ro"] else . end | select(.destination != "/sys/fs/cgroup"))'
	set_sh "awk '\$5 == \"/sys\" || index(\$5, \"/sys/\") == 1 { print \$5, \$6 }' /proc/self/mountinfo"
	works
	[[ $output == "/sys ro,"* ]]
	! grep -v ' ro,' <<<"$output" || return 1
}

@test "C11 devices of the host keep nosuid and noexec" {
	in_userns
	set_sh "awk '\$5 == \"/dev/null\" { print \$6 }' /proc/self/mountinfo"
	works
	[[ $output == *nosuid* && $output == *noexec* ]]
}

@test "C12 the roots of proc, sysfs and mqueue keep their modes" {
	set_sh 'stat -c %a /proc /sys /dev/mqueue'
	works
	[ "$output" = $'555\n555\n1777' ]
}

@test "C13 inside a user namespace with the identity map" {
	need_tool unshare
	set_sh 'echo inside'
	mkfifo "$TMP/go"
	unshare --user sh -c 'read x <"$1"; shift; exec unshare --mount --cgroup --pid --fork --mount-proc "$@"' sh \
		"$TMP/go" "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >"$TMP/out" 2>&1 3>&- &
	local pid=$!
	other_userns() { [ "$(readlink /proc/$pid/ns/user)" != "$(readlink /proc/self/ns/user)" ]; }
	wait_for 5 other_userns
	echo '0 0 4294967295' >"/proc/$pid/uid_map"
	echo '0 0 4294967295' >"/proc/$pid/gid_map"
	echo >"$TMP/go"
	wait $pid || { cat "$TMP/out"; return 1; }
	grep -q inside "$TMP/out"
}

@test "C14 a mount that the host adds later appears in a slave mount" {
	need_tool unshare
	mkdir -p "$TMP/shared/later"
	add_mount "{\"destination\":\"/vol\",\"type\":\"bind\",\"source\":\"$TMP/shared\",\"options\":[\"rbind\",\"rslave\"]}"
	config '.linux.rootfsPropagation = "rslave"'
	set_args /bin/probe sleep 100
	run unshare -m --propagation slave sh -c '
		mount --bind "$1" "$1" && mount --make-shared "$1" || exit 9
		"$2" --root "$3" create --bundle "$4" "$5" </dev/null >/dev/null 2>&1 && "$2" --root "$3" start "$5" || exit 8
		mount -t tmpfs none "$1/later" && touch "$1/later/seen"
		"$2" --root "$3" exec "$5" /bin/ls /vol/later
		"$2" --root "$3" delete --force "$5"' sh "$TMP/shared" "$RT" "$ROOT" "$BUNDLE" "$ID"
	echo "$status: $output"
	[[ $output == *seen* ]]
}

@test "C15 tun is among the allowed devices" {
	[ -c /dev/net/tun ] || skip "no /dev/net/tun on this host"
	config '.linux.devices = [{"path": "/dev/net/tun", "type": "c", "major": 10, "minor": 200, "fileMode": 438}]'
	set_args /bin/probe open-w /dev/net/tun
	works
}

@test "C16 sockets, FIFOs and devices as read-only mounts" {
	mkfifo "$H/fifo"
	mknod "$H/node" c 1 3
	python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$H/sock" 2>/dev/null || need_tool python3
	trap_host
	local n
	for n in fifo node sock; do
		add_mount "{\"destination\":\"/in/$n\",\"type\":\"bind\",\"source\":\"$H/$n\",\"options\":[\"rbind\",\"rro\"]}"
	done
	set_sh 'stat -c %F /in/fifo /in/node /in/sock; cat /in/node'
	if ! is_knarr; then config '.mounts |= map(if (.options // []) | index("rro") then .options = ["rbind", "ro"] else . end)'; fi
	works
	[ "$output" = $'fifo\ncharacter special file\nsocket' ]
}

@test "C18 setgroups works inside when the maps are root's" {
	in_userns
	set_sh 'cat /proc/self/setgroups'
	works
	[ "$output" = allow ]
}

@test "C20 callers with closed descriptors or null devices" {
	set_args /bin/true
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <&- >&- 2>&- 3>&-
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>/dev/null 3>&-
	in_userns
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>/dev/null 3>&-
}

@test "T52 a mount of the container does not reach the host, whatever the propagation" {
	need_tool unshare
	local p
	mkdir -p "$BUNDLE/rootfs/mnt"
	for p in private slave shared rprivate rslave rshared; do
		config '.linux.rootfsPropagation = $p' --arg p $p
		config '.process.capabilities |= map_values(["CAP_SYS_ADMIN"]) | del(.linux.seccomp) | .root.readonly = false'
		set_sh 'mount -t tmpfs none /mnt; awk "\$5 == \"/\" { print \$7 }" /proc/self/mountinfo'
		run unshare -m --propagation shared sh -c '"$1" --root "$2" run --bundle "$3" "$4" </dev/null; echo "host: $(grep -c "$3" /proc/self/mountinfo)"' sh "$RT" "$ROOT" "$BUNDLE" "$ID"
		echo "$p: $status: $output"
		[[ $output == *"host: 0" ]]
		[[ $output != *denied* ]] || return 1
		case $p in
		*shared) [[ $output == *shared:* ]] ;;
		*private) [[ $output != *shared:* && $output != *master:* ]] ;;
		*slave) [[ $output != *shared:* ]] ;;
		esac
	done
}
