#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Masked and read-only paths: what hides a file is the runtime's own, and is never left out in silence.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

# A /dev that somebody else prepared.
prepared_dev() {
	mkdir -p "$TMP/dev"
	rm -f "$TMP/dev/null"
	drop_mounts_below /dev
	add_mount "{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$TMP/dev\",\"options\":[\"rbind\"]}"
	config '.linux.maskedPaths = ["/proc/kcore"] | .linux.readonlyPaths = []'
	set_args /bin/probe stat /proc/kcore
}
masked_or_refused() {
	[ "$status" -ne 0 ] || [[ $output == "char "*" 1:3 "* ]] || { echo "not masked: $output" >&2; return 1; }
}

@test "T11 the image's null device, if it is none, is no mask" {
	prepared_dev
	ln -s /proc/sys/kernel/printk_ratelimit_burst "$TMP/dev/null"
	go; echo "$status: $output"; masked_or_refused
	rm "$TMP/dev/null"; echo >"$TMP/dev/null"
	go; echo "$status: $output"; masked_or_refused
	rm "$TMP/dev/null"; mknod "$TMP/dev/null" c 1 5
	go; echo "$status: $output"; masked_or_refused
	rm "$TMP/dev/null"; mkdir "$TMP/dev/null"
	go; echo "$status: $output"; masked_or_refused
	rmdir "$TMP/dev/null"
	go; echo "$status: $output"; masked_or_refused
}

@test "T12 a null device that is exchanged meanwhile is no mask" {
	prepared_dev
	mknod "$TMP/dev/null" c 1 3
	ln -s /proc/sys/kernel/printk_ratelimit_burst "$TMP/dev/other"
	race "$TMP/dev/null" "$TMP/dev/other"
	local i started=0
	for ((i = 0; i < ROUNDS; i++)); do
		go
		masked_or_refused || { echo "round $i"; return 1; }
		[ $status != 0 ] || started=$((started + 1))
	done
	echo "started $started of $ROUNDS"
}

@test "T13 every kind of masked path is covered, a missing one is no error" {
	mkdir -p "$BUNDLE/rootfs/m/dir" "$BUNDLE/rootfs/m/other"
	echo secret >"$BUNDLE/rootfs/m/file"
	echo secret >"$BUNDLE/rootfs/m/dir/f"
	echo secret >"$BUNDLE/rootfs/m/behind"
	echo secret >"$BUNDLE/rootfs/m/other/f"
	ln -s /m/behind "$BUNDLE/rootfs/m/link"
	ln -s ../m/other "$BUNDLE/rootfs/m/dirlink"
	mkdir -p "$H/m"
	trap_host
	config '.linux.maskedPaths = ["/m/missing", "/m/missing/below", "/m/file/below", "/m/file", "/m/file", "/m/dir", "/m/dir", "/m/link", "/m/dirlink", "/proc/kcore"]'
	set_sh 'cat /m/file /m/behind /m/link /m/dir/f /m/other/f /m/dirlink/f 2>/dev/null; ls -A /m/dir /m/other; echo x >/m/dir/x; echo done'
	works
	[[ $output != *secret* ]]
	[[ $output == *done ]]
}

@test "T13 masks hold without a null device in the container" {
	drop_mounts_below /dev
	mkdir -p "$TMP/emptydev"
	add_mount "{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$TMP/emptydev\",\"options\":[\"rbind\",\"ro\"]}"
	echo secret >"$BUNDLE/rootfs/file"
	config '.linux.maskedPaths = ["/file"]'
	set_sh 'cat /file; echo done'
	go
	echo "$status: $output"
	[ "$status" -ne 0 ] || [ "$output" = done ]
}

@test "T13 a host whose null device is none: its file is no mask, and a mask that cannot be made is an error" {
	[ "$(id -u)" = 0 ] || skip "needs root of the host"
	prepared_dev
	echo secret >"$BUNDLE/rootfs/file"
	echo other >"$TMP/other"
	config '.linux.maskedPaths = ["/file"]'
	set_sh 'cat /file; echo started'
	run unshare --mount sh -c 'mount --bind "$0" /dev/null && exec "$@"' "$TMP/other" \
		"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$status: $output"
	[ "$status" -ne 0 ]
	[[ $output == *"cannot make the mask for '/file'"* ]]
	[[ $output != *started* ]]
}

@test "T50 read-only paths: links, missing ones, mounts, and what is mounted below" {
	mkdir -p "$BUNDLE/rootfs/r/real" "$BUNDLE/rootfs/r/b"
	mkdir -p "$TMP/vol/sub"
	ln -s /r/real "$BUNDLE/rootfs/r/link"
	add_mount "{\"destination\":\"/r/b\",\"type\":\"bind\",\"source\":\"$TMP/vol\",\"options\":[\"rbind\"]}"
	add_mount '{"destination":"/r/b/sub","type":"tmpfs","source":"tmpfs"}'
	config '.linux.readonlyPaths = ["/r/link", "/r/missing", "/r/b"] | .root.readonly = false'
	set_sh 'for f in /r/real/f /r/b/f /r/b/sub/f; do (echo x >$f) 2>/dev/null && echo "wrote $f"; done; echo x >/tmp/ok && echo end'
	works
	[ "$output" = end ]
}

@test "T50 the read-only parts of procfs are" {
	set_sh 'for f in /proc/sys/kernel/domainname /proc/sysrq-trigger /proc/sys/vm/drop_caches; do (echo >$f) 2>/dev/null && echo "wrote $f"; done; echo end'
	config '.process.capabilities = ({"bounding": ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]} | .effective = .bounding | .permitted = .bounding)'
	works
	[ "$output" = end ]
}
