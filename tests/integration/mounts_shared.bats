#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container without a mount namespace of its own: what it mounts is in the caller's, below its rootfs and nowhere else,
# and is gone with it.
load helpers

setup() {
	need_root
	setup_bundle
	config '.linux.namespaces |= map(select(.type != "mount")) | del(.linux.rootfsPropagation)'
	set_args /bin/sleep 60
}
teardown() {
	[ -z "${OUTER:-}" ] || umount -l "$OUTER" || true
	teardown_bundle
}

start_container() { rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err"; }
inside() { rt exec "$ID" "$@"; }
mounts_of_host() { grep -cF " $BUNDLE/rootfs" /proc/self/mountinfo || true; }
# The bundle on a shared mount of its own, and a second namespace that receives its mounts.
outer() {
	mkdir "$TMP/outer"
	mount -t tmpfs tmpfs "$TMP/outer"
	OUTER=$TMP/outer
	mount --make-shared "$OUTER"
	cp -a "$BUNDLE" "$OUTER/bundle"
	BUNDLE=$OUTER/bundle
}

@test "run: rootfs and mounts are the container's, a hook of the host runs, nothing is left" {
	printf '#!/bin/sh\ncat >/dev/null; touch %s\n' "$H/hooked" >"$H/hook"
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/hook"
	set_sh 'ls /; cat /proc/1/comm; echo x >/dev/null && echo null; ls /root/../..'
	rt_run 0
	[[ $output == *$'proc\n'* && $output == *$'sh\nnull\n'* && $output != *"usr"* ]]
	[ -e "$H/hooked" ]
	assert_clean
}

@test "its mounts are the caller's while it lives, and go with delete" {
	need_knarr
	start_container
	[ "$(mounts_of_host)" -gt 3 ]
	# A new procfs: the container's own pid namespace.
	[ "$(cat "$BUNDLE/rootfs/proc/1/comm")" = sleep ]
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	rt delete "$ID"
	[ "$(mounts_of_host)" = 0 ]
	[ -z "$(ls "$BUNDLE/rootfs/proc")" ]
}

@test "the host's mounts and their propagation stay as they are" {
	local before
	outer
	# Other tests mount meanwhile: the root, and what the bundle lies on.
	lines() { awk -v o="$OUTER" '$5 == "/" || index($5, o) == 1' /proc/self/mountinfo; }
	before=$(lines)
	[[ $before == *shared:* ]]
	set_sh 'cat /proc/self/mountinfo'
	rt_run 0
	[ "$(lines)" = "$before" ]
}

@test "masked and read-only paths, and a read-only root" {
	need_knarr
	mkdir "$BUNDLE/rootfs/hidden" "$BUNDLE/rootfs/fixed"
	touch "$BUNDLE/rootfs/hidden/secret"
	config '.linux.maskedPaths += ["/hidden"] | .linux.readonlyPaths += ["/fixed"] | .root.readonly = true'
	set_sh 'ls /hidden; touch /fixed/x || echo fixed; touch /x || echo root; touch /dev/shm/x && echo writable'
	rt_run 0
	[[ $output != *secret* && $output == *fixed* && $output == *root* && $output == *writable* ]]
	touch "$BUNDLE/rootfs/x"
}

@test "exec comes to the container's root, by any set of namespaces" {
	need_knarr
	echo "$ID" >"$BUNDLE/rootfs/name"
	start_container
	[ "$(inside cat /name)" = "$ID" ]
	[ "$(inside sh -c 'cat /../../name; cat /proc/1/comm')" = "$ID"$'\n'sleep ]
	[ "$(rt exec --cwd /tmp "$ID" pwd)" = /tmp ]
	need_helper pty
	run -0 "$HELPERS/pty" 24 80 "$RT" --root "$ROOT" exec -t "$ID" readlink /proc/self/fd/0 </dev/null
	[[ $output == */dev/pts/0* ]]
	rt delete --force "$ID"
	config '.linux.namespaces = []|del(.hostname)|.mounts|=map(select(.type!="cgroup" and .type!="mqueue"))'
	start_container
	[ "$(inside cat /name)" = "$ID" ]
}

@test "exec and delete from another mount namespace" {
	need_knarr
	echo "$ID" >"$BUNDLE/rootfs/name"
	start_container
	[ "$(unshare -m "$RT" --root "$ROOT" exec "$ID" cat /name)" = "$ID" ]
	run -1 unshare -m "$RT" --root "$ROOT" mounts add "$ID" /dev/stdin <<<'[{"destination": "/tmp", "type": "tmpfs"}]'
	[[ $output == *"mount namespace"* ]]
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	run -1 unshare -m "$RT" --root "$ROOT" delete "$ID"
	[[ $output == *"another mount namespace"* ]]
	[ "$(mounts_of_host)" -gt 3 ]
	rt delete "$ID"
	assert_clean
}

@test "delete --force of a container whose mount namespace has gone" {
	need_knarr
	unshare -m "$RT" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	run -0 rt --log-level warning delete --force "$ID"
	[[ $output == *"another mount namespace"*ignoring* ]]
	run -1 rt state "$ID"
}

@test "a mount that fails takes the earlier ones with it" {
	config '.mounts += [{destination: "/a", type: "tmpfs"}, {destination: "/b", source: $s, options: ["bind"]},
		{destination: "/c", type: "tmpfs", options: ["mode=zzz"]}]' --arg s "$H"
	fails_with /c mode
	config 'del(.mounts[] | select(.destination == "/c"))'
	set_args /none
	rt_run 1
}

@test "what is mounted over the container's root, or in it, goes as well" {
	need_knarr
	start_container
	mount -t tmpfs over "$BUNDLE/rootfs"
	mount -t tmpfs over "$BUNDLE/rootfs"
	mkdir "$BUNDLE/rootfs/x"
	mount -t tmpfs in "$BUNDLE/rootfs/x"
	rt delete --force "$ID"
	assert_clean
}

@test "delete takes no mount that is not the container's" {
	need_knarr
	start_container
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	umount -l "$BUNDLE/rootfs"
	mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	rt delete "$ID"
	[ "$(mounts_of_host)" = 1 ]
	umount "$BUNDLE/rootfs"
}

@test "delete does not follow the rootfs to another place" {
	need_knarr
	start_container
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	mount -t tmpfs other "$H"
	mv "$BUNDLE" "$TMP/moved"
	mkdir "$BUNDLE"
	ln -s "$H" "$BUNDLE/rootfs"
	run -1 rt delete "$ID"
	[[ $output == *"under another mount"* ]]
	grep -qF " $H " /proc/self/mountinfo
	umount "$H"
	rm -r "$BUNDLE"
	mv "$TMP/moved" "$BUNDLE"
	rt delete "$ID"
	assert_clean
}

@test "a place that another mount hides: delete says so and can be repeated" {
	need_knarr
	start_container
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	mount -t tmpfs over "$BUNDLE"
	run -1 rt delete "$ID"
	[[ $output == *"under another mount"* ]]
	umount "$BUNDLE"
	rt delete "$ID"
}

# Looked at anew each time: a process needs a moment to get there.
in_other_namespace() { [ "$(readlink "/proc/$1/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]; }

@test "below a shared mount: nothing of the inside is seen by its peers, and their copy goes, too" {
	need_knarr
	outer
	unshare -m --propagation unchanged sleep 50 3>&- &
	PEER=$!
	wait_for 20 in_other_namespace "$PEER"
	start_container
	[ "$(grep -cF " $BUNDLE/rootfs/" /proc/$PEER/mountinfo)" = 0 ]
	run -0 grep -F " $BUNDLE/rootfs " /proc/self/mountinfo
	[[ $output != *shared:* && $output != *master:* ]]
	rt delete --force "$ID"
	run -1 grep -F " $BUNDLE/rootfs" /proc/$PEER/mountinfo
	kill "$PEER"
	wait "$PEER" || true
}

@test "a volume receives the host's mounts, and sends none" {
	need_knarr
	mkdir "$TMP/volume"
	mount -t tmpfs volume "$TMP/volume"
	OUTER=$TMP/volume
	mount --make-shared "$OUTER"
	mkdir "$OUTER/a" "$OUTER/b"
	config '.mounts += [{destination: "/v", source: $s, options: ["rbind"]}]' --arg s "$OUTER"
	start_container
	mount -t tmpfs a "$OUTER/a"
	touch "$OUTER/a/seen"
	[ "$(inside ls /v/a)" = seen ]
	mount -t tmpfs b "$BUNDLE/rootfs/v/b"
	run -1 grep -F " $OUTER/b " /proc/self/mountinfo
	rt delete --force "$ID"
	grep -qF " $OUTER/a " /proc/self/mountinfo
	umount "$OUTER/a"
}

@test "refused: a user namespace, a propagation of the root, the caller's own root" {
	need_knarr
	cp "$BUNDLE/config.json" "$TMP/good"
	config '.linux.rootfsPropagation = "private"'
	fails_with rootfsPropagation "no mount namespace" config.json:
	cp "$TMP/good" "$BUNDLE/config.json"
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 300000, size: 1000}]'
	fails_with "user namespace" config.json:
	cp "$TMP/good" "$BUNDLE/config.json"
	config '.root.path = "/"'
	fails_with "caller's root" config.json:
	mkdir "$TMP/link"
	ln -s / "$TMP/link/slash"
	config '.root.path = $p' --arg p "$TMP/link/slash"
	fails_with "cannot attach rootfs"
}

@test "killed at each point of its own, delete --force leaves nothing" {
	need_test_hooks
	local p
	for p in root-recorded root-attached cloned process ready saved started; do
		KNARR_TEST_KILL_AT=$p rt run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ] || { echo "passes no $p"; return 1; }
		rt delete --force "$ID"
		[ "$(mounts_of_host)" = 0 ]
	done
	for p in delete-hooks delete-mounts; do
		start_container
		KNARR_TEST_KILL_AT=$p rt delete --force "$ID" >/dev/null 2>&1 && rc=0 || rc=$?
		[ $rc = 137 ]
		rt delete --force "$ID"
		[ "$(mounts_of_host)" = 0 ]
	done
}
