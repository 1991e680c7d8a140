#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts: each option word and each kind of source, looked at from inside.
load helpers

setup() { setup_bundle; }
teardown() {
	# A test may have mounted below $H.
	umount -R "$H/tree" 2>/dev/null || true
	teardown_bundle
}

# add_mount DESTINATION TYPE SOURCE [OPTION...]
add_mount() {
	local d=$1 t=$2 s=$3
	shift 3
	config '.mounts += [{destination: $d, type: $t, source: $s, options: $o}]' --arg d "$d" --arg t "$t" --arg s "$s" \
		--argjson o "$(jq -n --args '$ARGS.positional' -- "$@")"
}
# The options of the mount on PATH, as the kernel has them.
mnt() { set_args probe mnt "$1"; }
has_word() { [[ ",${output%% *}," == *",$1,"* ]] || { echo "no '$1' in: $output" >&2; return 1; }; }
has_no_word() { [[ ",${output%% *}," != *",$1,"* ]] || { echo "'$1' in: $output" >&2; return 1; }; }
# A directory with a mount below it: $H/tree and $H/tree/sub.
make_tree() {
	need_root
	mkdir "$H/tree"
	mount -t tmpfs tree "$H/tree"
	mkdir "$H/tree/sub"
	mount -t tmpfs sub "$H/tree/sub"
	echo top >"$H/tree/file"
	echo sub >"$H/tree/sub/file"
}

@test "ro, nosuid, nodev, noexec, nosymfollow and nodiratime of a new filesystem" {
	add_mount /m tmpfs tmpfs ro nosuid nodev noexec nosymfollow nodiratime
	mnt /m
	rt_run 0
	for w in ro nosuid nodev noexec nosymfollow nodiratime; do has_word $w; done
}

@test "the positive words clear what stood before them" {
	add_mount /m tmpfs tmpfs ro rw nosuid suid nodev dev noexec exec nosymfollow symfollow nodiratime diratime
	mnt /m
	rt_run 0
	has_word rw
	# An ordinary user's filesystems may not have devices; the kernel adds that by itself.
	for w in nosuid noexec nosymfollow nodiratime; do has_no_word $w; done
	! is_root || has_no_word nodev
}

@test "ro, nosuid, nodev, noexec, nosymfollow and nodiratime of a bind mount" {
	mkdir "$H/d"
	local words=(ro nosuid nodev noexec nosymfollow)
	# The kernel locks the atime mode of a mount that came into a user namespace.
	! is_root || words+=(nodiratime)
	add_mount /m bind "$H/d" bind "${words[@]}"
	mnt /m
	rt_run 0
	for w in "${words[@]}"; do has_word "$w"; done
}

@test "a bind mount keeps the flags of its source that no word contradicts" {
	need_root
	mkdir "$H/tree"
	mount -t tmpfs source "$H/tree"
	mount -o remount,bind,ro,nosuid,noexec,noatime "$H/tree"
	add_mount /m bind "$H/tree" bind
	add_mount /n bind "$H/tree" bind nodev rprivate
	add_mount /o bind "$H/tree" bind rw exec atime
	for p in /m /n; do
		mnt $p
		rt_run 0
		for w in ro nosuid noexec noatime; do has_word $w; done
	done
	has_word nodev
	mnt /o
	rt_run 0
	for w in rw nosuid relatime; do has_word $w; done
	for w in noexec noatime; do has_no_word $w; done
}

@test "a destination that begins like the rootfs is a path in the container" {
	local rootfs
	rootfs=$(readlink -f "$BUNDLE")/rootfs
	add_mount "$rootfs/m" tmpfs tmpfs
	set_sh "probe mnt $rootfs/m; probe stat /m || true"
	config '.root.readonly = false'
	rt_run 0
	[[ ${lines[0]} == rw,* ]]
	[ "${lines[1]}" = ENOENT ]
}

@test "the last of two words that contradict each other wins" {
	add_mount /m tmpfs tmpfs rw ro exec noexec
	mnt /m
	rt_run 0
	has_word ro
	has_word noexec
}

@test "the atime modes" {
	local w
	for w in noatime relatime strictatime; do
		write_spec
		add_mount /m tmpfs tmpfs $w
		mnt /m
		rt_run 0
		case $w in
		strictatime) has_no_word relatime && has_no_word noatime ;;
		*) has_word $w ;;
		esac
	done
	write_spec
	add_mount /m tmpfs tmpfs noatime atime
	mnt /m
	rt_run 0
	has_no_word noatime
	write_spec
	add_mount /m tmpfs tmpfs strictatime nostrictatime
	mnt /m
	rt_run 0
	has_word relatime
}

@test "noexec is felt" {
	add_mount /m tmpfs tmpfs noexec mode=1777
	set_sh 'cp /bin/busybox /m/ 2>/dev/null || cat /bin/busybox >/m/busybox; chmod 755 /m/busybox 2>/dev/null || busybox chmod 755 /m/busybox; /m/busybox true'
	rt_run 126
}

@test "the recursive words change the mounts below, too" {
	make_tree
	add_mount /m bind "$H/tree" rbind rro rnosuid rnodev rnoexec rnosymfollow rnodiratime rnoatime
	for p in /m /m/sub; do
		mnt $p
		rt_run 0
		for w in ro nosuid nodev noexec nosymfollow nodiratime noatime; do has_word $w; done
	done
}

@test "the plain words change the top alone" {
	make_tree
	add_mount /m bind "$H/tree" rbind ro nosuid noexec
	mnt /m
	rt_run 0
	for w in ro nosuid noexec; do has_word $w; done
	mnt /m/sub
	rt_run 0
	for w in ro nosuid noexec; do has_no_word $w; done
}

@test "the recursive positive words clear it below, too" {
	make_tree
	mount -o remount,bind,nosuid,nodev,noexec,nosymfollow,nodiratime,noatime "$H/tree"
	mount -o remount,bind,nosuid,nodev,noexec,nosymfollow,nodiratime,noatime "$H/tree/sub"
	add_mount /m bind "$H/tree" rbind rrw rsuid rdev rexec rsymfollow rdiratime rrelatime
	for p in /m /m/sub; do
		mnt $p
		rt_run 0
		for w in nosuid nodev noexec nosymfollow nodiratime noatime; do has_no_word $w; done
	done
	write_spec
	add_mount /m bind "$H/tree" rbind rstrictatime
	mnt /m/sub
	rt_run 0
	has_no_word noatime
	has_no_word relatime
}

@test "a plain word does not loosen what a recursive one restricts" {
	make_tree
	add_mount /m bind "$H/tree" rbind rro rw
	set_sh '! touch /m/x 2>/dev/null && ! touch /m/sub/x 2>/dev/null'
	rt_run 0
}

@test "bind takes the top alone, rbind the mounts below, too" {
	make_tree
	add_mount /m bind "$H/tree" bind
	set_args /bin/cat /m/sub/file
	rt_run 1
	write_spec
	add_mount /m bind "$H/tree" rbind
	set_args /bin/cat /m/sub/file
	rt_run 0
	[ "$output" = sub ]
}

@test "a bind mount without a word for it is bound by its type" {
	echo data >"$H/f"
	config '.mounts += [{destination: "/m", type: "bind", source: $s}]' --arg s "$H/f"
	set_args /bin/cat /m
	rt_run 0
	[ "$output" = data ]
}

@test "propagation words of mounts" {
	local w
	for w in private slave shared unbindable; do
		write_spec
		add_mount /m tmpfs tmpfs $w
		mnt /m
		rt_run 0
		case $w in
		shared) [[ $output == *shared:* ]] ;;
		unbindable) [[ $output == *" unbindable "* ]] ;;
		*) [[ $output != *shared:* && $output != *unbindable* ]] ;;
		esac
	done
}

@test "propagation words reach the mounts below with r" {
	make_tree
	add_mount /m bind "$H/tree" rbind rshared
	mnt /m/sub
	rt_run 0
	[[ $output == *shared:* ]]
	write_spec
	add_mount /m bind "$H/tree" rbind runbindable
	mnt /m/sub
	rt_run 0
	[[ $output == *" unbindable "* ]]
	write_spec
	mount --make-shared "$H/tree/sub"
	add_mount /m bind "$H/tree" rbind rslave
	mnt /m/sub
	rt_run 0
	[[ $output == *master:* && $output != *shared:* ]]
	write_spec
	add_mount /m bind "$H/tree" rbind rprivate
	mnt /m/sub
	rt_run 0
	[[ $output != *master:* && $output != *shared:* ]]
}

@test "a slave mount gets what the host mounts later" {
	need_root
	mkdir "$H/tree"
	mount -t tmpfs tree "$H/tree"
	mount --make-shared "$H/tree"
	mkdir "$H/tree/later"
	add_mount /m bind "$H/tree" rbind rslave
	set_sh 'i=0; while ! test -e /m/later/file && test $i -lt 100; do sleep 0.05; i=$((i + 1)); done; cat /m/later/file'
	rt run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1 3>&- &
	wait_for 10 is_status running
	mount -t tmpfs later "$H/tree/later"
	echo arrived >"$H/tree/later/file"
	wait $!
	grep -q arrived "$TMP/out"
}

@test "idmap: a mount with the container's mappings" {
	add_userns
	mkdir "$H/d"
	touch "$H/d/root" "$H/d/five"
	chown 5:6 "$H/d/five"
	add_mount /m bind "$H/d" bind idmap
	set_sh 'probe stat /m/root; probe stat /m/five; touch /m/new'
	rt_run 0
	[[ ${lines[0]} == "file "*" 0 0 "* ]]
	[[ ${lines[1]} == "file "*" 5 6 "* ]]
	[ "$(stat -c %u:%g "$H/d/new")" = 0:0 ]
}

@test "idmap: without it the host's ids are not mapped" {
	add_userns
	mkdir "$H/d"
	touch "$H/d/root"
	add_mount /m bind "$H/d" bind
	set_args probe stat /m/root
	rt_run 0
	[[ $output == "file "*" 65534 65534 "* ]]
}

@test "idmap: explicit mappings without a user namespace" {
	need_root
	mkdir "$H/d"
	touch "$H/d/f"
	chown 1000:1000 "$H/d/f"
	add_mount /m bind "$H/d" bind
	config '.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 2000, size: 1}], gidMappings: [{containerID: 1000, hostID: 3000, size: 1}]}'
	set_args probe stat /m/f
	rt_run 0
	[[ $output == "file "*" 2000 3000 "* ]]
}

@test "idmap: explicit mappings with a user namespace" {
	add_userns
	mkdir "$H/d"
	touch "$H/d/f"
	chown 1000:1000 "$H/d/f"
	add_mount /m bind "$H/d" bind idmap
	config '.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 100007, size: 1}], gidMappings: [{containerID: 1000, hostID: 100008, size: 1}]}'
	set_args probe stat /m/f
	rt_run 0
	[[ $output == "file "*" 7 8 "* ]]
}

@test "idmap: the mappings of a user namespace that is joined" {
	add_userns
	mkdir "$H/d"
	touch "$H/d/f"
	chown 5:6 "$H/d/f"
	set_args sleep 60
	rt_create
	rt start "$ID"
	config '(.linux.namespaces[] | select(.type == "user")).path = $p | del(.linux.uidMappings, .linux.gidMappings)' --arg p "/proc/$(pid_of)/ns/user"
	add_mount /m bind "$H/d" bind idmap
	set_args probe stat /m/f
	run rt run --bundle "$BUNDLE" "$ID-2" </dev/null
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "file "*" 5 6 "* ]]
}

@test "idmap: a source that lies below an earlier mount of the config" {
	make_tree
	mkdir "$BUNDLE/rootfs/v"
	chown 1000:1000 "$H/tree/file" "$H/tree/sub/file"
	add_mount /v bind "$H/tree" rbind
	add_mount /m bind rootfs/v rbind
	config '.mounts[-1] += {uidMappings: [{containerID: 1000, hostID: 2000, size: 1}], gidMappings: [{containerID: 1000, hostID: 3000, size: 1}]}'
	set_sh 'probe stat /m/file; probe stat /m/sub/file; probe stat /v/file'
	rt_run 0
	[[ ${lines[0]} == "file "*" 2000 3000 "* ]]
	[[ ${lines[1]} == "file "*" 1000 1000 "* ]]
	[[ ${lines[2]} == "file "*" 1000 1000 "* ]]
	config '.mounts[-1].options = ["rbind", "ridmap"]'
	rt_run 0
	[[ ${lines[0]} == "file "*" 2000 3000 "* ]]
	[[ ${lines[1]} == "file "*" 2000 3000 "* ]]
	[ "$(stat -c %u:%g "$H/tree/file")" = 1000:1000 ]
}

@test "idmap: a source below an earlier mount, where the container may not map it" {
	need_root
	mkdir -p "$H/d/sub" "$BUNDLE/rootfs/v"
	local maps='{uidMappings: [{containerID: 1000, hostID: 100007, size: 1}], gidMappings: [{containerID: 1000, hostID: 100008, size: 1}]}'
	add_mount /v proc proc
	add_mount /m bind rootfs/v rbind
	config ".mounts[-1] += $maps"
	fails_with "cannot id-map" "/v" "does not support" config.json:
	config 'del(.mounts[-1,-2])'
	add_userns
	add_mount /v bind "$H/d" rbind
	add_mount /m bind rootfs/v/sub rbind
	config ".mounts[-1] += $maps"
	fails_with "user namespace" "id-mapped" config.json:
}

@test "idmap maps the top alone, ridmap the mounts below, too" {
	add_userns
	make_tree
	add_mount /m bind "$H/tree" rbind idmap
	set_sh 'probe stat /m/file; probe stat /m/sub/file'
	rt_run 0
	[[ ${lines[0]} == "file "*" 0 0 "* ]]
	[[ ${lines[1]} == "file "*" 65534 65534 "* ]]
	config '.mounts[-1].options = ["rbind", "ridmap"]'
	rt_run 0
	[[ ${lines[0]} == "file "*" 0 0 "* ]]
	[[ ${lines[1]} == "file "*" 0 0 "* ]]
}

@test "idmap=: mappings in the option word" {
	need_root
	mkdir "$H/d"
	touch "$H/d/f"
	add_mount /m bind "$H/d" bind 'idmap=uids=0-2000-10;gids=0-3000-10'
	set_args probe stat /m/f
	rt_run 0
	[[ $output == "file "*" 2000 3000 "* ]]
}

@test "idmap without any mapping is refused" {
	need_root
	mkdir "$H/d"
	add_mount /m bind "$H/d" bind idmap
	fails_with "/m" "id mapping"
}

@test "tmpcopyup fills a tmpfs with what it covers" {
	mkdir -p "$BUNDLE/rootfs/etc/sub"
	echo deep >"$BUNDLE/rootfs/etc/sub/f"
	chmod 0640 "$BUNDLE/rootfs/etc/sub/f"
	ln -s sub/f "$BUNDLE/rootfs/etc/link"
	mkfifo "$BUNDLE/rootfs/etc/fifo"
	add_mount /etc tmpfs tmpfs tmpcopyup
	set_sh 'cat /etc/sub/f; probe symlink /etc/link; probe stat /etc/sub/f; probe stat /etc/fifo; touch /etc/new; probe mnt /etc'
	rt_run 0
	[ "${lines[0]}" = deep ]
	[ "${lines[1]}" = sub/f ]
	[[ ${lines[2]} == "file 0640 "* ]]
	[[ ${lines[3]} == "fifo "* ]]
	[[ ${lines[4]} == *" tmpfs "* ]]
	[ ! -e "$BUNDLE/rootfs/etc/new" ]
}

@test "tmpcopyup with ro is read-only and full" {
	echo data >"$BUNDLE/rootfs/etc/f"
	add_mount /etc tmpfs tmpfs tmpcopyup ro
	set_sh 'cat /etc/f; probe open-w /etc/f'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = data ]
	[ "${lines[1]}" = EROFS ]
}

@test "the data words of a tmpfs" {
	add_mount /m tmpfs tmpfs size=64k nr_inodes=50 mode=0711
	is_root && config '.mounts[-1].options += ["uid=7", "gid=8"]'
	set_sh 'probe stat /m; probe mnt /m; busybox dd if=/dev/zero of=/m/f bs=1k count=100 2>/dev/null || echo full'
	rt_run 0
	! is_root || [[ ${lines[0]} == "dir 0711 7 8 "* ]]
	[[ ${lines[0]} == "dir 0711 "* ]]
	[[ ${lines[1]} == *size=64k* && ${lines[1]} == *nr_inodes=50* ]]
	[ "${lines[2]}" = full ]
}

@test "a tmpfs without a mode has that of the directory below" {
	mkdir -m 0750 "$BUNDLE/rootfs/m"
	add_mount /m tmpfs tmpfs
	set_args probe stat /m
	rt_run 0
	[[ $output == "dir 0750 "* ]]
}

@test "a word that the filesystem does not know is an error that names it" {
	add_mount /m tmpfs tmpfs nonsense=1
	fails_with nonsense /m
}

@test "a filesystem that the kernel does not know is an error that names it" {
	add_mount /m nonsensefs none
	fails_with nonsensefs
}

@test "an overlay" {
	need_root
	mkdir "$H/lower" "$H/upper" "$H/work"
	echo low >"$H/lower/f"
	# What bats keeps its files on may be no upper layer.
	mount -t tmpfs x "$H/upper" && mkdir "$H/upper/u" "$H/upper/w"
	add_mount /m overlay overlay "lowerdir=$H/lower" "upperdir=$H/upper/u" "workdir=$H/upper/w"
	set_sh 'cat /m/f; echo new >/m/g; probe mnt /m'
	run rt run --bundle "$BUNDLE" "$ID"
	local up
	up=$(cat "$H/upper/u/g" 2>/dev/null || true)
	umount "$H/upper"
	echo "$output"
	[ "$status" = 0 ]
	[ "${lines[0]}" = low ]
	[[ ${lines[1]} == *" overlay "* ]]
	[ "$up" = new ]
}

@test "mqueue, devpts and ramfs" {
	need_root
	add_mount /q mqueue mqueue nosuid noexec nodev
	add_mount /r ramfs ramfs
	set_sh 'probe mnt /q; probe mnt /dev/pts; probe mnt /r'
	rt_run 0
	[[ ${lines[0]} == *"- mqueue "* ]]
	[[ ${lines[1]} == *"- devpts "* ]]
	[[ ${lines[2]} == *"- ramfs "* ]]
}

@test "sync, dirsync and lazytime are the superblock's" {
	need_root
	add_mount /m tmpfs tmpfs sync dirsync lazytime
	mnt /m
	rt_run 0
	[[ ${output##* - } == *sync* && ${output##* - } == *dirsync* && ${output##* - } == *lazytime* ]]
}

@test "a relative destination is below the root" {
	add_mount some/where tmpfs tmpfs
	mnt /some/where
	rt_run 0
	[[ $output == *" tmpfs "* ]]
}

@test "a destination with dots, slashes and links stays in the root" {
	ln -s /../../../elsewhere "$BUNDLE/rootfs/link"
	add_mount /link tmpfs tmpfs
	mnt /elsewhere
	rt_run 0
	[[ $output == *" tmpfs "* ]]
	[ ! -e "$BUNDLE/elsewhere" ]
}

@test "a relative source is relative to the bundle" {
	echo data >"$BUNDLE/beside"
	add_mount /m bind beside bind
	set_args /bin/cat /m
	rt_run 0
	[ "$output" = data ]
}

@test "bind of a file, a socket, a fifo and a device" {
	local p
	echo data >"$H/file"
	mkfifo "$H/fifo"
	"$HELPERS/seccomp_agent" "$H/socket" /dev/null 0 0 3>&- &
	p=$!
	wait_for 5 test -S "$H/socket"
	add_mount /new/file bind "$H/file" bind
	add_mount /new/fifo bind "$H/fifo" bind
	add_mount /new/socket bind "$H/socket" bind
	add_mount /new/null bind /dev/null bind
	set_sh 'for i in file fifo socket null; do probe stat /new/$i; done; cat /new/file; echo x >/new/null'
	run rt run --bundle "$BUNDLE" "$ID"
	kill $p
	[ "$status" = 0 ]
	[[ ${lines[0]} == "file "* ]]
	[[ ${lines[1]} == "fifo "* ]]
	[[ ${lines[2]} == "socket "* ]]
	[[ ${lines[3]} == "char "*" 1:3 "* ]]
	[ "${lines[4]}" = data ]
}

@test "a bind source that is not there is an error that names it" {
	add_mount /m bind "$H/absent" bind
	fails_with "$H/absent"
}

@test "a bind of a link follows it; src-nofollow refuses or binds the link itself" {
	echo data >"$H/target"
	ln -s target "$H/link"
	add_mount /m bind "$H/link" bind
	set_args /bin/cat /m
	rt_run 0
	[ "$output" = data ]
	write_spec
	add_mount /m bind "$H/link" bind src-nofollow
	set_args probe stat /m
	run rt run --bundle "$BUNDLE" "$ID"
	if [ "$status" = 0 ]; then
		[[ $output == "link "* ]]
	else
		[[ $output == *"$H/link"* ]]
	fi
}

@test "copy-symlink makes the same link in the container" {
	ln -s ../some/target "$H/link"
	add_mount /m bind "$H/link" bind copy-symlink
	set_args probe symlink /m
	rt_run 0
	[ "$output" = ../some/target ]
}

@test "copy-symlink of what is no link is a bind mount" {
	echo data >"$H/f"
	add_mount /m bind "$H/f" bind copy-symlink
	set_args /bin/cat /m
	rt_run 0
	[ "$output" = data ]
}

@test "dest-nofollow does not follow a link at the destination" {
	mkdir "$BUNDLE/rootfs/real"
	ln -s real "$BUNDLE/rootfs/link"
	echo data >"$H/f"
	mkdir "$H/d"
	add_mount /link bind "$H/d" bind dest-nofollow
	set_args probe mnt /real
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	[ "${output}" = none ] || [[ $output == *"/link"* ]]
}

@test "a source below an earlier mount is that mount's" {
	mkdir -p "$BUNDLE/rootfs/data"
	echo behind >"$BUNDLE/rootfs/data/f"
	mkdir "$H/d"
	echo front >"$H/d/f"
	add_mount /data bind "$H/d" bind
	add_mount /again bind "$BUNDLE/rootfs/data/f" bind
	set_args /bin/cat /again
	rt_run 0
	[ "$output" = front ]
}

@test "later mounts cover earlier ones" {
	add_mount /m tmpfs first size=64k
	add_mount /m tmpfs second size=128k
	mnt /m
	rt_run 0
	[[ $output == *size=128k* ]]
}

@test "an idmap of a filesystem that is no bind mount is refused clearly" {
	need_root
	add_mount /m tmpfs tmpfs
	config '.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 1000, size: 1}], gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}'
	fails_with /m "id mapping"
}

@test "cgroup: read-only and writable with a cgroup namespace" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup2 mount on this host"
	config 'del(.mounts[] | select(.type == "cgroup"))'
	add_mount /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime ro
	set_sh 'cat /proc/self/cgroup | grep ^0::; probe mnt /sys/fs/cgroup; mkdir /sys/fs/cgroup/sub 2>/dev/null || echo refused; cat /sys/fs/cgroup/cgroup.procs | head -n 1'
	rt_run 0
	[ "${lines[0]}" = 0::/ ]
	[[ ${lines[1]} == "ro,"*"- cgroup2 "* ]]
	[ "${lines[2]}" = refused ]
	[ "${lines[3]}" = 1 ]
	config '.mounts[-1].options -= ["ro"]'
	set_sh 'probe mnt /sys/fs/cgroup; mkdir /sys/fs/cgroup/sub && echo made'
	rt_run 0
	[[ ${lines[0]} == "rw,"*"- cgroup2 "* ]]
	[ "${lines[1]}" = made ]
}

@test "cgroup: without a cgroup namespace it shows the host's tree, where /proc/PID/cgroup leads to the container's own" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup2 mount on this host"
	local word
	set_sh 'own=/sys/fs/cgroup$(grep ^0:: /proc/self/cgroup | cut -c 4-); probe mnt /sys/fs/cgroup; cat $own/cgroup.procs | head -n 1; { mkdir $own/sub 2>/dev/null && busybox rmdir $own/sub; } || echo refused
		[ $own -ef /sys/fs/cgroup ] || echo below'
	for word in relatime ro; do
		config 'del(.mounts[] | select(.type == "cgroup")) | .linux.namespaces |= map(select(.type != "cgroup"))'
		add_mount /sys/fs/cgroup cgroup cgroup nosuid noexec nodev $word
		rt_run 0
		[[ ${lines[0]} == "ro,"*"- cgroup2 "* ]]
		[ "${lines[1]}" = 1 ]
		[ "${lines[2]}" = refused ]
		[ "${lines[3]}" = below ]
	done
	# only the machine's root, and only with the word
	config 'del(.mounts[] | select(.type == "cgroup"))'
	add_mount /sys/fs/cgroup cgroup cgroup nosuid noexec nodev rw
	rt_run 0
	[[ ${lines[0]} == "rw,"*"- cgroup2 "* ]]
	[ "${lines[2]}" = below ]
	add_userns
	run -0 rt --log-level=warning run --bundle "$BUNDLE" "$ID"
	[[ ${lines[0]} == *"warning: the cgroup tree on '/sys/fs/cgroup' is read-only although"* ]]
	[[ ${lines[1]} == "ro,"*"- cgroup2 "* ]]
	[ "${lines[3]}" = refused ]
}

@test "proc shows the container's own processes" {
	set_sh 'echo /proc/[0-9]*'
	rt_run 0
	[[ $output == "/proc/1" || $output == "/proc/1 /proc/2" ]]
}

@test "the words of a proc mount" {
	need_root
	config '(.mounts[] | select(.type == "proc")).options = ["nosuid", "noexec", "nodev", "hidepid=2"] | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mnt /proc
	rt_run 0
	has_word nosuid
	[[ $output == *hidepid=* ]]
}

@test "proc and sysfs in a user namespace" {
	add_userns
	set_sh 'probe mnt /proc; probe mnt /sys; cat /proc/self/uid_map | tr -s " "'
	rt_run 0
	[[ ${lines[0]} == *"- proc "* ]]
	[[ ${lines[1]} == *"- sysfs "* ]]
	[[ ${lines[2]} == *"0 100000 65536"* ]]
}

@test "sysfs without a network namespace of one's own" {
	need_root
	config '.linux.namespaces |= map(select(.type != "network"))'
	set_sh 'probe mnt /sys; ls /sys/class/net'
	rt_run 0
	[[ ${lines[0]} == ro,*"- sysfs "* ]]
	for i in $(ls /sys/class/net); do [[ $output == *"$i"* ]]; done
}

@test "sysfs with a user namespace and the host's network is bound, read-only with all below it" {
	add_userns
	config '.linux.namespaces |= map(select(.type != "network"))'
	set_sh 'probe mnt /sys; grep " /sys/" /proc/self/mountinfo | cut -d" " -f6 | grep -v "^ro" | grep -c . ; true'
	rt_run 0
	[[ ${lines[0]} == ro,*"- sysfs "* ]]
	[ "${lines[1]}" = 0 ]
}

@test "rootfsPropagation: shared, slave, private, unbindable" {
	need_root
	local w
	for w in shared slave private unbindable rshared rslave rprivate runbindable; do
		write_spec
		config '.linux.rootfsPropagation = $w' --arg w $w
		mnt /
		rt_run 0
		case $w in
		*shared) [[ $output == *shared:* ]] ;;
		*unbindable) [[ $output == *" unbindable "* ]] ;;
		*) [[ $output != *shared:* && $output != *unbindable* ]] ;;
		esac
	done
}

@test "root.readonly" {
	config '.root.readonly = true'
	set_sh 'probe mnt /; probe open-w /etc/passwd; touch /dev/x && echo dev'
	rt_run 0
	[[ ${lines[0]} == ro,* ]]
	[ "${lines[1]}" = EROFS ]
	[ "${lines[2]}" = dev ]
	config '.root.readonly = false'
	set_sh 'touch /etc/x; probe mnt /'
	rt_run 0
	[[ $output == rw,* ]]
}

@test "maskedPaths: a file, a directory and what is not there" {
	echo secret >"$BUNDLE/rootfs/etc/file"
	mkdir "$BUNDLE/rootfs/etc/dir"
	echo secret >"$BUNDLE/rootfs/etc/dir/f"
	config '.linux.maskedPaths = ["/etc/file", "/etc/dir", "/absent"]'
	set_sh 'cat /etc/file; ls /etc/dir; touch /etc/dir/x 2>/dev/null || echo refused; probe stat /absent'
	run rt run --bundle "$BUNDLE" "$ID"
	[ "${lines[0]}" = refused ]
	[ "${lines[1]}" = ENOENT ]
}

@test "maskedPaths and readonlyPaths: what is named twice is covered once" {
	echo secret >"$BUNDLE/rootfs/etc/file"
	mkdir "$BUNDLE/rootfs/etc/dir"
	config '.linux.maskedPaths = ["/etc/file", "/etc/dir", "/etc//file", "/etc/file"] | .linux.readonlyPaths = ["/tmp", "/tmp/"]'
	set_sh 'for p in /etc/file /etc/dir /tmp; do grep -c " $p " /proc/self/mountinfo; done'
	rt_run 0
	[ "$output" = $'1\n1\n1' ]
}

@test "readonlyPaths: with the mounts below" {
	mkdir "$BUNDLE/rootfs/etc/dir"
	echo data >"$BUNDLE/rootfs/etc/dir/f"
	add_mount /etc/dir/sub tmpfs tmpfs
	config '.linux.readonlyPaths = ["/etc/dir", "/absent"]'
	set_sh 'cat /etc/dir/f; probe open-w /etc/dir/f; touch /etc/dir/sub/x 2>/dev/null || echo refused'
	rt_run 0
	[ "${lines[0]}" = data ]
	[ "${lines[1]}" = EROFS ]
	[ "${lines[2]}" = refused ]
}

@test "mountLabel is refused where there is no SELinux" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is enabled on this host"
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	fails_with linux.mountLabel SELinux
}

@test "1000 bind mounts" {
	echo data >"$H/f"
	config '.mounts += [range(1000) | {destination: "/many/\(.)", type: "bind", source: $s, options: ["bind", "ro"]}]' --arg s "$H/f"
	set_sh 'grep -c " /many/" /proc/self/mountinfo; cat /many/999'
	rt_run 0
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = data ]
}
