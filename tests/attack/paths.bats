#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Links, loops and exchanged names in an image or a shared volume must lead nowhere but into the container.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

@test "T1 a link where procfs belongs is refused" {
	rmdir "$BUNDLE/rootfs/proc"
	mkdir "$BUNDLE/rootfs/bad-proc"
	ln -s /bad-proc "$BUNDLE/rootfs/proc"
	set_args /bin/true
	refused "/proc"
}

@test "T2 a link where sysfs belongs is refused" {
	rmdir "$BUNDLE/rootfs/sys"
	mkdir "$BUNDLE/rootfs/bad-sys"
	ln -s /bad-sys "$BUNDLE/rootfs/sys"
	set_args /bin/true
	refused "/sys"
}

@test "T2 a file where procfs belongs is refused" {
	rmdir "$BUNDLE/rootfs/proc"
	echo >"$BUNDLE/rootfs/proc"
	set_args /bin/true
	refused "/proc"
}

@test "T3 a mount point that leads into procfs by a link is refused" {
	ln -s /proc "$BUNDLE/rootfs/a"
	set_args /bin/true
	for d in /a/self /a/sys /a /a/tty/driver; do
		write_spec
		set_args /bin/true
		add_mount "{\"destination\":\"$d\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"
		refused "$d"
	done
}

@test "T6 an exchanged mount point does not redirect the source of a later mount" {
	mkdir -p "$TMP/v/x" "$TMP/vols/inner" "$TMP/v2"
	ln -s "$TMP/vols" "$TMP/v/y"
	ln -s / "$TMP/v2/inner"
	add_mount "{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"$TMP/v\",\"options\":[\"rbind\"]}"
	add_mount "{\"destination\":\"/v/x\",\"type\":\"bind\",\"source\":\"$TMP/v2\",\"options\":[\"rbind\"]}"
	add_mount "{\"destination\":\"/got\",\"type\":\"bind\",\"source\":\"$TMP/vols/inner\",\"options\":[\"bind\"]}"
	set_args /bin/probe inode /got
	race "$TMP/v/x" "$TMP/v/y"
	local host i started=0
	host=$(inode /)
	for ((i = 0; i < ROUNDS; i++)); do
		go
		[[ $output != "$host" ]] || { echo "round $i: the host's root" >&2; return 1; }
		[ $status != 0 ] || started=$((started + 1))
	done
	echo "started $started of $ROUNDS"
	[ $started -gt 0 ]
}

@test "T6 a source below an earlier mount of the same container stays inside" {
	mkdir -p "$TMP/v/x"
	ln -s / "$TMP/v/y"
	add_mount "{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"$TMP/v\",\"options\":[\"rbind\"]}"
	add_mount "{\"destination\":\"/got\",\"type\":\"bind\",\"source\":\"$BUNDLE/rootfs/v/x\",\"options\":[\"bind\"]}"
	set_args /bin/probe inode /got
	race "$TMP/v/x" "$TMP/v/y"
	local host i
	host=$(inode /)
	for ((i = 0; i < ROUNDS; i++)); do
		go
		[[ $output != "$host" ]] || { echo "round $i: the host's root" >&2; return 1; }
	done
}

@test "T7 mount points are not made through an exchanged parent" {
	mkdir -p "$TMP/v/a"
	ln -s "$H" "$TMP/v/b"
	add_mount "{\"destination\":\"/V\",\"type\":\"bind\",\"source\":\"$TMP/v\",\"options\":[\"rbind\"]}"
	add_mount '{"destination":"/V/a/n1","type":"tmpfs","source":"tmpfs"}'
	add_mount "{\"destination\":\"/V/a/n2\",\"type\":\"bind\",\"source\":\"$BUNDLE/config.json\",\"options\":[\"bind\"]}"
	set_args /bin/true
	race "$TMP/v/a" "$TMP/v/b"
	local i started=0
	for ((i = 0; i < ROUNDS; i++)); do
		go
		[ $status != 0 ] || started=$((started + 1))
		rm -rf "$TMP"/v/a/n1 "$TMP"/v/a/n2 2>/dev/null || true
	done
	echo "started $started of $ROUNDS"
	host_same
}

@test "T35 endless and expanding links end in an error" {
	local i d
	ln -s loop2 "$BUNDLE/rootfs/loop1"
	ln -s loop1 "$BUNDLE/rootfs/loop2"
	mkdir -p "$BUNDLE/rootfs/d"
	for ((i = 0; i < 45; i++)); do
		ln -s "$(printf 'e%d/' $((i + 1)) $((i + 1)) $((i + 1)) $((i + 1)))." "$BUNDLE/rootfs/e$i"
	done
	ln -s "$(printf './%.0s' {1..2000})e1" "$BUNDLE/rootfs/long"
	for d in /loop1 /loop1/x /e0 /e0/x "/$(printf 'a%.0s' {1..256})" "/$(printf 'abcdefgh/%.0s' {1..600})x"; do
		write_spec
		set_args /bin/true
		add_mount "{\"destination\":\"$d\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"
		refused
		write_spec
		set_args /bin/true
		config '.process.cwd = $d' --arg d "$d"
		refused
	done
}

@test "T35 slashes too many, and names of 255 bytes, are fine" {
	local n
	n=$(printf 'n%.0s' {1..255})
	mkdir "$BUNDLE/rootfs/w"
	add_mount '{"destination":"//w///","type":"tmpfs","source":"tmpfs"}'
	add_mount "{\"destination\":\"/w/$n\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}"
	set_sh "ls -d /w/$n && cd /w"
	config '.process.cwd = "//w//"'
	works
}

@test "T38 a working directory that is made is made in the container, whatever leads to it" {
	local cwd
	ln -s "$H" "$BUNDLE/rootfs/away"
	ln -s "../../../../../../../../../..$H/dangling" "$BUNDLE/rootfs/out"
	for cwd in /away/new "/../../../../../../../..$H/up" /out /out/below /proc/self/root/new /proc/1/cwd/new; do
		set_args /bin/true
		config '.process.cwd = $d' --arg d "$cwd"
		run rt run --bundle "$BUNDLE" "$ID" </dev/null
		host_same
		[ ! -e /new ]
	done
}

@test "T38 the image gets its mount points and nothing else, through no link" {
	local p
	for p in etc/hostname etc/hosts etc/resolv.conf etc/mtab krun_config.json .krun_config.json run; do
		ln -s "$H/new-$(basename $p)" "$BUNDLE/rootfs/$p"
	done
	ln -s "$H/new-core" "$BUNDLE/rootfs/core"
	snap "$BUNDLE/rootfs" | grep -v ' \./dev' >"$TMP/before"
	set_args /bin/true
	config '.hostname = "named"'
	works
	snap "$BUNDLE/rootfs" | grep -v ' \./dev' >"$TMP/after"
	diff "$TMP/before" "$TMP/after"
}

@test "T49 the host's root as a volume is the host's root, or is refused" {
	need_tool unshare
	touch "$H/ns"
	trap_host
	add_mount '{"destination":"/host","type":"bind","source":"/","options":["rbind"]}'
	set_args /bin/probe inode /host
	local host
	host=$(inode /)
	run unshare -m --propagation slave sh -c 'mount --bind /proc/self/ns/net "$1" && exec "$2" --root "$3" run --bundle "$4" "$5"' sh "$H/ns" "$RT" "$ROOT" "$BUNDLE" "$ID"
	echo "status $status: $output; host is $host"
	[ "$status" -ne 0 ] || [ "$output" = "$host" ]
}

# Its layers are longer than fsconfig(2) takes them. The other name leads to a mount of the same container.
@test "T50 a tmpfs that is filled first becomes read-only, and no other mount does" {
	mkdir -p "$TMP/v/x" "$TMP/v/y"
	add_mount "{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"$TMP/v\",\"options\":[\"rbind\"]}"
	add_mount '{"destination":"/v/y","type":"tmpfs","source":"other"}'
	add_mount '{"destination":"/v/x","type":"tmpfs","source":"filled","options":["ro"]}'
	add_mount "{\"destination\":\"/v/x/sub\",\"type\":\"bind\",\"source\":\"$H\",\"options\":[\"rbind\"]}"
	set_args /bin/cat /proc/self/mountinfo
	race "$TMP/v/x" "$TMP/v/y"
	local started=0
	for ((i = 0; i < ROUNDS; i++)); do
		go
		[ $status = 0 ] || continue
		started=$((started + 1))
		! grep ' - tmpfs filled ' <<<"$output" | grep -v ' ro,' || { echo "round $i: it stayed writable"; echo "$output"; return 1; }
		! grep ' - tmpfs other ' <<<"$output" | grep ' ro,' || { echo "round $i: another became read-only"; echo "$output"; return 1; }
	done
	echo "started $started of $ROUNDS"
	[ $started -gt 0 ]
}

@test "T50 the attributes of an overlay with long options go to no other mount" {
	local layers="" i
	mkdir -p "$TMP/v/x" "$TMP/v/y" "$TMP/up" "$TMP/work"
	mkdir -p "$TMP/$(printf 'l%.0s' {1..200})"/{a,b}
	for i in a b; do layers+=${layers:+:}$TMP/$(printf 'l%.0s' {1..200})/$i; done
	[ ${#layers} -gt 256 ]
	add_mount "{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"$TMP/v\",\"options\":[\"rbind\"]}"
	add_mount '{"destination":"/v/y","type":"tmpfs","source":"other"}'
	add_mount "{\"destination\":\"/v/x\",\"type\":\"overlay\",\"source\":\"over\",\"options\":[\"lowerdir=$layers\",\"nosuid\",\"nodev\",\"noexec\"]}"
	set_args /bin/cat /proc/self/mountinfo
	race "$TMP/v/x" "$TMP/v/y"
	local started=0
	for ((i = 0; i < ROUNDS; i++)); do
		go
		[ $status = 0 ] || continue
		started=$((started + 1))
		! grep ' - overlay over ' <<<"$output" | grep -v 'nosuid,nodev,noexec' || { echo "round $i: the overlay lost them"; echo "$output"; return 1; }
		! grep ' - tmpfs other ' <<<"$output" | grep nosuid || { echo "round $i: another mount got them"; echo "$output"; return 1; }
		[ "$(grep -c ' - overlay over ' <<<"$output")" = 1 ]
		! grep -F ' /v' <<<"$output" | grep -F ' tmpfs none ' || return 1
	done
	echo "started $started of $ROUNDS"
	[ $started -gt 0 ]
}
