#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mounts: what `spec`, engines and image tools write into config.json.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

mount_add() { config '.mounts += [{destination: $d, source: $s, type: $t, options: $o}]' --arg d "$1" --arg s "$2" --arg t "$3" --argjson o "$(jq -n --args '$ARGS.positional' -- "${@:4}")"; }
# What mountinfo says of a mount point inside: options of the mount, "-", type, source, options of the file system.
info_of() { set_sh "awk '\$5 == \"$1\" {\$1=\$2=\$3=\$4=\"\"; print}' /proc/self/mountinfo"; }

@test "the base set: proc, dev, devpts, shm, mqueue, sysfs" {
	set_args /bin/cat /proc/self/mountinfo
	rt_run 0
	local m
	for m in "/proc .* - proc" "/dev .* - tmpfs" "/dev/pts .* - devpts" "/dev/shm .* - tmpfs" "/dev/mqueue .* - mqueue" "/sys .*"; do
		grep -qE " $m" <<<"$output" || { echo "missing: $m"; echo "$output"; return 1; }
	done
	! grep -q "$TMP/host" <<<"$output" || return 1
}

@test "the standard devices and links" {
	set_sh 'for d in null zero full random urandom tty; do echo $d $(/bin/probe stat /dev/$d | cut -d" " -f1); done; for l in fd stdin stdout stderr ptmx; do echo $l $(readlink /dev/$l); done; echo x >/dev/null; head -c 3 /dev/zero | wc -c'
	rt_run 0
	assert_output_has "null char" "zero char" "full char" "random char" "urandom char" "tty char" \
		"fd /proc/self/fd" "stdin /proc/self/fd/0" "stdout /proc/self/fd/1" "stderr /proc/self/fd/2" "ptmx pts/ptmx"
	[ "${lines[-1]}" = 3 ]
}

@test "bind: read-write and read-only" {
	mkdir "$H/dir"
	echo old >"$H/dir/f"
	mount_add /rw "$H/dir" bind bind rw
	mount_add /ro "$H/dir" bind bind ro
	set_sh 'cat /ro/f; echo new >/rw/f; echo no >/ro/f; cat /ro/f'
	run rt run --bundle "$BUNDLE" "$ID"
	assert_output_has old new "Read-only file system"
	[ "$(cat "$H/dir/f")" = new ]
}

@test "bind: a file, onto one that has to be made" {
	echo words >"$H/file"
	mount_add /deep/er/file "$H/file" none bind ro
	set_args /bin/cat /deep/er/file
	config '.root.readonly = false'
	rt_run 0
	[ "$output" = words ]
}

@test "bind: relative source is relative to the bundle" {
	mkdir "$BUNDLE/data"
	echo here >"$BUNDLE/data/f"
	mount_add /data data bind bind
	set_args /bin/cat /data/f
	rt_run 0
	[ "$output" = here ]
}

@test "bind: flags of the mount" {
	mkdir "$H/dir"
	mount_add /x "$H/dir" bind bind nosuid nodev noexec ro
	info_of /x
	rt_run 0
	assert_output_has nosuid nodev noexec ro
}

@test "bind versus rbind: what lies below; rro" {
	need_root
	config '.mounts += [{destination: "/t", source: "tmpfs", type: "tmpfs"}]'
	mkdir -p "$H/tree/sub"
	# A private mount namespace holds the nested mount.
	cat >"$TMP/go" <<SH
mount -t tmpfs sub "$H/tree/sub" && echo below >"$H/tree/sub/f" && exec "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
SH
	mount_add /b "$H/tree" bind bind
	mount_add /r "$H/tree" bind rbind
	mount_add /o "$H/tree" bind rbind rro
	set_sh 'cat /b/sub/f; cat /r/sub/f; echo w >/r/sub/g && echo rw-ok; echo w >/o/sub/h'
	run unshare -m --propagation private sh "$TMP/go"
	assert_output_has "/b/sub/f" below rw-ok "/o/sub/h" "Read-only"
}

# Runs on runc and crun as well: each row is what both show. What mountinfo says of the top and of the mount below.
@test "a later option takes back an earlier one only where runc and crun do so" {
	need_root
	mkdir -p "$H/tree"
	local rows=(
		"rbind rprivate ro bind|ro,relatime|rw,relatime" # CRI-O
		"bind rbind|rw,relatime|rw,relatime"
		"rbind rro rw|ro,relatime|ro,relatime"
		"rbind rnosuid suid|rw,nosuid,relatime|rw,nosuid,relatime"
		"rbind rnodev dev|rw,nodev,relatime|rw,nodev,relatime"
		"rbind rnoexec exec|rw,noexec,relatime|rw,noexec,relatime"
		"rbind noatime relatime|rw,noatime|rw,relatime"
		"rbind strictatime noatime|rw|rw,relatime"
		"bind ro|ro,relatime|"
	) row words i
	for i in "${!rows[@]}"; do
		IFS='|' read -r words _ _ <<<"${rows[i]}"
		mount_add "/m$i" "$H/tree" bind $words
		mkdir "$BUNDLE/rootfs/m$i"
	done
	set_args /bin/cat /proc/self/mountinfo
	run -0 unshare -m --propagation private sh -c 'mount -t tmpfs top "$1" && mkdir "$1/sub" && mount -t tmpfs sub "$1/sub" && exec "$2" --root "$3" run --bundle "$4" "$5"' - \
		"$H/tree" "$RT" "$ROOT" "$BUNDLE" "$ID" </dev/null
	for i in "${!rows[@]}"; do
		row="${rows[i]%%|*}|$(awk -v p="/m$i" '$5 == p { print $6 }' <<<"$output")|$(awk -v p="/m$i/sub" '$5 == p { print $6 }' <<<"$output")"
		[ "$row" = "${rows[i]}" ] || { echo "is: $row, not: ${rows[i]}"; return 1; }
	done
}

@test "a bind mount ignores options that are not its own, with a warning" {
	need_knarr
	mount_add /m "$H" bind rbind z U cached mode=755
	set_args /bin/cat /m/marker
	run -0 --separate-stderr rt --log-level warning run --bundle "$BUNDLE" "$ID"
	[ "$output" = marker ]
	[[ $stderr == *"'cached' has no meaning for a bind mount"* ]]
	run rt check --bundle "$BUNDLE"
	assert_output_has "mount option 'z' has no meaning for a bind mount" "config.json:"
}

@test "bind: over a link in the root stays inside" {
	mkdir "$H/dir" "$BUNDLE/rootfs/real"
	echo in >"$H/dir/f"
	ln -s /real "$BUNDLE/rootfs/link"
	mount_add /link "$H/dir" bind bind
	set_args /bin/cat /real/f
	rt_run 0
	[ "$output" = in ]
}

@test "tmpfs: size, mode, flags" {
	mount_add /t1 tmpfs tmpfs nosuid nodev mode=1750 size=1m
	set_sh '/bin/probe stat /t1; grep " /t1 " /proc/self/mountinfo; dd if=/dev/zero of=/t1/f bs=1024 count=2000 2>&1; true'
	rt_run 0
	assert_output_has "dir 1750" nosuid nodev size=1024k "No space left"
}

@test "tmpfs: tmpcopyup" {
	mkdir -p "$BUNDLE/rootfs/var/lib"
	echo kept >"$BUNDLE/rootfs/var/lib/f"
	chmod 751 "$BUNDLE/rootfs/var/lib"
	mount_add /var/lib tmpfs tmpfs tmpcopyup
	set_sh 'cat /var/lib/f; echo more >/var/lib/g; /bin/probe stat /var/lib'
	rt_run 0
	assert_output_has kept
	[ ! -e "$BUNDLE/rootfs/var/lib/g" ]
}

@test "devpts: a new instance with its modes" {
	set_sh 'ls /dev/pts; /bin/probe stat /dev/pts/ptmx; grep " /dev/pts " /proc/self/mountinfo'
	rt_run 0
	assert_output_has "char 0666" ptmxmode=666
	[ "${lines[0]}" = ptmx ]
}

@test "mqueue and shm work" {
	set_sh 'touch /dev/mqueue/q && echo mq; echo x >/dev/shm/f && echo shm'
	rt_run 0
	assert_output_has mq shm
}

@test "cgroup: a read-only view of the container's own" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree"
	config '.mounts |= map(select(.type != "cgroup" and .type != "cgroup2")) | .mounts += [{destination: "/sys/fs/cgroup", source: "cgroup", type: "cgroup", options: ["nosuid","noexec","nodev","relatime","ro"]}]
		| .linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
	set_sh 'grep " /sys/fs/cgroup " /proc/self/mountinfo; cat /proc/self/cgroup | grep ^0; cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x'
	run rt run --bundle "$BUNDLE" "$ID"
	assert_output_has cgroup2 "0::/" "Read-only file system"
	grep -qx 1 <<<"$output"
}

@test "cgroup: read-write in a cgroup namespace" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree"
	config '.mounts |= map(select(.type != "cgroup" and .type != "cgroup2")) | .mounts += [{destination: "/sys/fs/cgroup", source: "cgroup", type: "cgroup", options: ["rw"]}]
		| .linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
	set_sh 'mkdir /sys/fs/cgroup/x && echo made'
	rt_run 0
	[ "$output" = made ]
}

@test "--no-pivot: a procfs or sysfs of the host that lies under another mount is none to go by, either" {
	need_root
	ln -sf busybox "$BUNDLE/rootfs/bin/unshare"
	config 'del(.linux.seccomp) | .process.capabilities[] = ["CAP_SETFCAP", "CAP_SYS_CHROOT"] | .linux.maskedPaths = ["/proc/keys", "/sys/kernel"]'
	set_sh 'unshare -Urmpf sh -c "echo nested; mount -t proc none /proc; mount -t sysfs none /sys"; echo end'
	local propagation
	for propagation in "" slave private; do
		config 'del(.linux.rootfsPropagation)'
		[ -z "$propagation" ] || config '.linux.rootfsPropagation = $p' --arg p "$propagation"
		# Not the host's own namespace: what is mounted here is seen by nobody else.
		run -0 unshare -m --propagation private sh -c '
			mount -t tmpfs below "$1" && mkdir -p "$1/a/proc" "$1/sys" && mount -t proc proc "$1/a/proc" && mount -t sysfs sysfs "$1/sys" &&
			mount -t tmpfs over "$1/a" && mount -t tmpfs over "$1" && mount -t tmpfs over "$1" && mount --make-rshared / &&
			"$2" --root "$3" run --no-pivot --bundle "$4" "$5" && umount "$1" && umount "$1" && umount "$1/a" && ls "$1/a/proc/self/stat"' - \
			"$H" "$RT" "$ROOT" "$BUNDLE" "$ID" </dev/null
		echo "$propagation: $output"
		[ "$(grep -c "not permitted\|denied" <<<"$output")" = 2 ]
		[[ $output == *nested*end*"$H/a/proc/self/stat"* ]]
	done
}

@test "a nested user namespace gets no bare procfs or sysfs, with --no-pivot neither" {
	need_root
	local flag propagation
	ln -sf busybox "$BUNDLE/rootfs/bin/unshare"
	mkdir "$H/proc"
	config 'del(.linux.seccomp) | .process.capabilities[] = ["CAP_SETFCAP", "CAP_SYS_CHROOT"] | .linux.maskedPaths = ["/proc/keys", "/sys/kernel"]'
	set_sh 'unshare -Urmpf sh -c "echo nested; mount -t proc none /proc; mount -t sysfs none /sys"; ls /proc/self/stat; ls -d /sys/class'
	for propagation in private shared slave; do
		config '.linux.rootfsPropagation = $p' --arg p "$propagation"
		for flag in "" --no-pivot; do
			# One more, somewhere: it goes with the namespace, whatever happens. Peers, but none outside of it.
			run unshare -m --propagation private sh -c 'mount --make-rshared / && mount -t proc proc "$1" && shift && "$@" && test -e "$0/self/stat" && test -e /proc/self/stat' "$H/proc" "$H/proc" \
				"$RT" --root "$ROOT" run $flag --bundle "$BUNDLE" "$ID" </dev/null
			echo "$flag $propagation: $output"
			[ "$status" = 0 ]
			[ "${lines[0]}" = nested ]
			[[ ${lines[1]} == mount:* && ${lines[2]} == mount:* ]]
			[ "${lines[3]}" = /proc/self/stat ]
			[ "${lines[4]}" = /sys/class ]
		done
	done
}

@test "masked and read-only paths" {
	need_root
	config '.linux.maskedPaths = ["/proc/kcore", "/proc/acpi", "/proc/keys", "/no/such"] | .linux.readonlyPaths = ["/proc/sys", "/proc/bus", "/no/such"]'
	set_sh 'head -c1 /proc/keys | wc -c; echo 1 >/proc/sys/kernel/domainname; ls /proc/acpi 2>/dev/null | wc -l'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = 0 ]
	assert_output_has "Read-only file system"
	[ "${lines[-1]}" = 0 ]
}

@test "rootfs propagation" {
	need_root
	config '.linux.rootfsPropagation = "rslave"'
	set_sh 'awk "\$5 == \"/\"" /proc/self/mountinfo'
	rt_run 0
	config '.linux.rootfsPropagation = "private"'
	rt_run 0
	[[ $output != *shared:* && $output != *master:* ]]
	config '.linux.rootfsPropagation = "shared"'
	rt_run 0
	[[ $output == *shared:* ]]
}

@test "a bind mount of one container is not seen by the host" {
	mount_add /mnt-in "$H" bind bind
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	! grep -q mnt-in /proc/self/mountinfo || return 1
	grep -q mnt-in "/proc/$(pid_of)/mountinfo"
}

@test "the order of mounts is kept: one below another, one over another" {
	mount_add /a tmpfs tmpfs
	mount_add /a/b tmpfs tmpfs
	mount_add /a/b "$H" bind bind
	set_sh 'grep -c " /a/b " /proc/self/mountinfo; cat /a/b/marker'
	rt_run 0
	[ "${lines[0]}" = 2 ]
	[ "${lines[1]}" = marker ]
}

@test "id-mapped bind mount" {
	need_root
	mkdir "$H/dir"
	echo x >"$H/dir/f"
	chown 5000:5000 "$H/dir/f"
	config '.mounts += [{destination: "/i", source: $s, type: "bind", options: ["bind"], uidMappings: [{containerID: 5000, hostID: 1000, size: 1}], gidMappings: [{containerID: 5000, hostID: 1000, size: 1}]}]' --arg s "$H/dir"
	set_args /bin/probe stat /i/f
	run rt run --bundle "$BUNDLE" "$ID"
	echo "$output"
	# Not every file system can: then the error says so.
	if [ "$status" = 0 ]; then
		[[ $output == *" 1000 1000 "* ]]
	else
		assert_output_has idmap
	fi
}
