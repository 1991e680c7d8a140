# SPDX-License-Identifier: Apache-2.0
# mounts add and mounts remove: the mounts of a container that runs.

load helpers

setup() {
	need_knarr
	need_root
	setup_bundle
	mkdir "$BUNDLE/rootfs/added"
	: >"$BUNDLE/rootfs/file"
	set_args /bin/sleep 60
}
teardown() { teardown_bundle; }

start_container() {
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err"
}
inside() { rt exec "$ID" "$@"; }
mounts() { # add|remove JSON
	echo "$2" >"$TMP/mounts.json"
	rt mounts "$1" "$ID" "$TMP/mounts.json"
}
userns() {
	config '.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1000}] |
		.linux.gidMappings = [{containerID: 0, hostID: 300000, size: 1000}]'
	chown 300000:300000 "$BUNDLE/rootfs"
}

@test "a bind mount and a tmpfs are added, and removed again" {
	start_container
	mounts add '[{"destination": "/added", "source": "'"$H"'", "options": ["rbind", "ro"]},
		{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k", "mode=700"]}]'
	[ "$(inside cat /added/marker)" = marker ]
	run -1 inside touch /added/new
	[ "$(inside stat -c %a /tmp)" = 700 ]
	mounts remove '[{"destination": "/added"}, {"destination": "/tmp"}]'
	run -1 inside cat /added/marker
	[ "$(inside stat -c %a /tmp)" = 1777 ]
}

@test "the mount of a file, and one above another, are removed by their names" {
	start_container
	local list='[{"destination": "/file", "source": "'"$H"'/marker", "options": ["bind"]},
		{"destination": "/added", "type": "tmpfs"},
		{"destination": "/added/below", "source": "'"$H"'", "options": ["bind"]}]'
	mounts add "$list"
	[ "$(inside cat /file)" = marker ]
	[ "$(inside cat /added/below/marker)" = marker ]
	mounts remove "$list"
	[ -z "$(inside cat /file)" ]
	run -1 inside ls /added/below
}

@test "what was attached goes again when a later mount fails" {
	start_container
	run -1 mounts add '[{"destination": "/tmp", "type": "tmpfs", "options": ["mode=700"]},
		{"destination": "/file", "source": "'"$H"'/marker", "options": ["bind"]},
		{"destination": "/read-only-root", "type": "tmpfs"}]'
	[[ $output == *"/read-only-root"* && $output == *"mounts.json:3:"* ]]
	[ "$(inside stat -c %a /tmp)" = 1777 ]
	[ -z "$(inside cat /file)" ]
}

@test "remove: nothing goes unless all of them are mounts" {
	start_container
	run -1 mounts remove '[{"destination": "/dev/shm"}, {"destination": "/added"}]'
	[[ $output == *"no mount at '/added'"* ]]
	inside grep -q ' /dev/shm ' /proc/self/mountinfo
}

@test "a container with a user namespace: a new filesystem is its own, not the host's" {
	userns
	start_container
	mounts add '[{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
		{"destination": "/added", "source": "'"$H"'", "options": ["rbind", "ro"]}]'
	[ "$(inside stat -c %u:%g /tmp)" = 0:0 ]
	inside touch /tmp/file
	[ "$(inside cat /added/marker)" = marker ]
	mounts remove '[{"destination": "/tmp"}]'
	run -1 inside cat /tmp/file
}

@test "a new filesystem is made in the container's namespaces, not in the caller's" {
	local mq="knarr-test-$$" mount
	config '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'
	start_container
	mount=$(mktemp -d "$TMP/mq.XXXXXX")
	# A queue of the caller's ipc namespace, in a mount namespace that ends with the command.
	run -0 unshare -m --propagation private sh -c 'mount -t mqueue mq "$1" && : >"$1/$2" && "$3" --root "$4" mounts add "$5" "$6"; r=$?; rm -f "$1/$2"; exit $r' - \
		"$mount" "$mq" "$RT" "$ROOT" "$ID" <(echo '[{"destination": "/added", "type": "mqueue"}]')
	run -0 inside ls /added
	[[ $output != *"$mq"* ]]
	run -0 inside sh -c ': >/added/own; ls /dev/mqueue'
	[ "$output" = own ]
	[ -n "$(cgroup2_mount)" ] || return 0
	mounts add '[{"destination": "/tmp", "type": "cgroup2"}]'
	run -0 inside sh -c 'cat /tmp/cgroup.procs; grep " /tmp " /proc/self/mountinfo'
	[ "${lines[0]}" != 0 ]
	[[ $output == *" / /tmp ro,"* ]]
}

@test "a new procfs or sysfs is refused: it would lack the container's masks" {
	local type
	start_container
	for type in proc sysfs; do
		run -1 mounts add '[{"destination": "/added", "type": "'$type'", "source": "x", "options": ["ro"]}]'
		assert_output_has "cannot add a new '$type' to a running container" "mounts.json:1:" "config.json"
		run -1 mounts add '[{"destination": "/'${type%fs}'", "type": "'$type'"}]'
	done
	run -1 mounts add '[{"destination": "/proc", "source": "/proc", "options": ["rbind"]}]'
	run -0 inside sh -c 'grep -cE " - (proc|sysfs) " /proc/self/mountinfo; grep -c " /added " /proc/self/mountinfo || true'
	[ "${lines[1]}" = 0 ]
}

@test "a container with a user namespace: a new mqueue is its own" {
	userns
	start_container
	mounts add '[{"destination": "/added", "type": "mqueue"}]'
	inside sh -c ': >/added/own && ls /dev/mqueue/own'
}

@test "a container in the caller's mount namespace: refused, the mounts would be the host's" {
	config '.linux.namespaces |= map(select(.type != "mount"))'
	start_container
	run -1 mounts add '[{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	[[ $output == *"mount namespace"* ]]
}

@test "what cannot be added leaves nothing: missing source, target outside, stopped container" {
	start_container
	run -1 mounts add '[{"destination": "/added", "source": "'"$H"'/none", "options": ["bind"]}]'
	[[ $output == *"$H/none"* ]]
	inside ls /
	ln -s /proc/1/root "$BUNDLE/rootfs/tmp/link"
	run -1 mounts add '[{"destination": "/tmp/link/x", "source": "'"$H"'", "options": ["bind"]}]'
	run inside cat /proc/self/mountinfo
	[[ $output != *"$H"* ]]
	run -1 mounts add '[{"destination": "/tmp", "type": "tmpfs", "options": ["mode=zzz"]}]'
	run -1 mounts remove '[{"destination": "/added"}]'
	rt kill "$ID" KILL
	wait_for 5 is_stopped
	run -1 mounts add '[{"destination": "/tmp", "type": "tmpfs"}]'
}
is_stopped() { [ "$(status_of)" = stopped ]; }

@test "a hook that asks for the container being made is refused, not left waiting" {
	cat >"$H/hook" <<-X
		#!/bin/sh
		cat >/dev/null
		timeout 10 "$RT" --root "$ROOT" pause "$ID" 2>"$H/answer"
		echo \$? >>"$H/answer"
		timeout 10 "$RT" --root "$ROOT" delete "$ID" 2>"$H/deleted"
		echo \$? >>"$H/deleted"
	X
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/hook"
	set_args /bin/true
	rt_run 0
	grep -q 'has not finished' "$H/answer"
	[ "$(tail -n 1 "$H/answer")" = 1 ]
	grep -q 'has not finished' "$H/deleted"
	[ "$(tail -n 1 "$H/deleted")" = 1 ]
}
