#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Attacks that need the whole cgroup tree, and the label of AppArmor.
load helpers

@test "T24: nothing below /sys/fs/cgroup is writable unless the config grants it with a private cgroup namespace" {
	for way in shared private-ro sys-rbind; do
		write_config_of "$way"
		set_sh 'mount -t sysfs x /nowhere 2>/dev/null; n=0; for f in $(find /sys/fs/cgroup -maxdepth 3 -type f | head -n 200); do
			n=$((n + 1)); (printf "" >>$f) 2>/dev/null && echo "writable: $f"; done; [ $n -gt 10 ] && echo tried'
		rt_run 0
		[ "$output" = tried ] || { echo "$way: $output"; false; }
		cp "$TMP/config.was" "$BUNDLE/config.json"
	done
}
write_config_of() {
	cp "$BUNDLE/config.json" "$TMP/config.was"
	[ -e "$BUNDLE/rootfs/bin/find" ] || ln -s busybox "$BUNDLE/rootfs/bin/find"
	case $1 in
	shared) config '.linux.namespaces |= map(select(.type != "cgroup"))' ;;
	sys-rbind) config '.mounts |= map(select(.destination | startswith("/sys") | not)) + [{"destination": "/sys", "source": "/sys",
		"type": "bind", "options": ["rbind", "ro"]}] | .linux.namespaces |= map(select(.type != "cgroup"))' ;;
	esac
}

@test "T25: paths and page sizes that lead elsewhere are refused, and nothing is made" {
	need_root
	before=$(find /sys/fs/cgroup -type d | wc -l)
	for p in "/../vm-x" "../vm-x" "a/../../vm-x" $'a\nb' "/a:b" "/" "a/./b"; do
		config '.linux.cgroupsPath = $p' --arg p "$p"
		refused cgroup || { echo "path: $p"; false; }
	done
	config '.linux.cgroupsPath = "a\u0000b"'
	refused config.json
	config 'del(.linux.cgroupsPath)'
	for s in ../../x "../vm-x" /x $'a\nb' a:b; do
		config '.annotations = {"run.oci.delegate-cgroup": $s}' --arg s "$s"
		run rt --annotations=run.oci.delegate-cgroup run --bundle "$BUNDLE" "$ID" </dev/null
		[ "$status" -ne 0 ] || { echo "sub-cgroup: $s"; false; }
		assert_output_has cgroup
	done
	config 'del(.annotations)'
	resources '{"hugepageLimits": [{"pageSize": "../../x", "limit": 1}]}'
	refused "page size"
	[ "$(find /sys/fs/cgroup -type d | wc -l)" -le $((before + 1)) ]
}

@test "T26: exec --cgroup stays below the container" {
	need_root
	idle_container
	mkdir "$CG/sub"
	for p in ../.. .. a/../../b /../x "${CG#/sys/fs/cgroup}" nosuch; do
		run rt exec --cgroup "$p" "$ID" /bin/true
		[ "$status" -ne 0 ] || { echo "taken: $p"; false; }
	done
	run rt exec --cgroup sub "$ID" /bin/cat /proc/self/cgroup
	[[ $output == *"/sub" ]]
}

@test "T43: device verdicts stay the same over update and a reload of systemd" {
	need_root
	mknod "$BUNDLE/rootfs/mem" c 1 1
	mknod "$BUNDLE/rootfs/fuse" c 10 229
	resources '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]}'
	for flags in "" --systemd-cgroup; do
		RT_FLAGS=($flags)
		idle_container
		for turn in before update reload; do
			[ $turn != update ] || rt update --memory 64m "$ID"
			[ $turn != reload ] || systemctl daemon-reload
			run in_container /bin/sh -c 'probe open-w /mem; probe open-r /fuse; probe open-w /fuse; probe open-w /dev/null'
			[ "${lines[*]}" = "EPERM open EPERM open" ] || { echo "$flags $turn: $output"; false; }
		done
		rt delete -f "$ID"
	done
}

@test "AppArmor: the profile is on the program, and on what exec starts (T5 without the race)" {
	need_root
	[ -e /sys/kernel/security/apparmor/.load ] || skip "needs AppArmor"
	printf 'profile knarr-test flags=(attach_disconnected,mediate_deleted) {\n file,\n capability,\n network,\n mount,\n signal,\n ptrace,\n unix,\n}\n' >"$TMP/profile"
	apparmor_parser -r "$TMP/profile"
	config '.process.apparmorProfile = "knarr-test"'
	set_args /bin/probe attr
	rt_run 0
	[ "$output" = "knarr-test (enforce)" ]
	idle_container
	[ "$(in_container /bin/probe attr)" = "knarr-test (enforce)" ]
	rt delete -f "$ID"
	config '.process.apparmorProfile = "knarr-no-such-profile"'
	refused "knarr-no-such-profile"
}

# is_confined COMMAND...: the program that it starts has the profile.
is_confined() {
	run "$@" </dev/null
	[ "$status" = 0 ] && [ "$output" = "knarr-test (enforce)" ] || { echo "$*: $status: $output"; false; }
}

@test "AppArmor: the profile is on the program in every combination of new, joined and entered namespaces" {
	need_root
	[ -e /sys/kernel/security/apparmor/.load ] || skip "needs AppArmor"
	printf 'profile knarr-test flags=(attach_disconnected,mediate_deleted) {\n file,\n capability,\n network,\n mount,\n signal,\n ptrace,\n unix,\n}\n' >"$TMP/profile"
	apparmor_parser -r "$TMP/profile"
	config '.process.apparmorProfile = "knarr-test"'
	cp "$BUNDLE/config.json" "$TMP/config.plain"
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	scheduler=$(jq -nc '{args: ["/bin/probe", "attr"], cwd: "/", user: {uid: 0, gid: 0}, apparmorProfile: "knarr-test", scheduler: {policy: "SCHED_BATCH", nice: 1}}')
	echo "$scheduler" >"$TMP/scheduled.json"
	for way in plain userns nopid; do
		cp "$TMP/config.plain" "$BUNDLE/config.json"
		case $way in
		userns)
			config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = .linux.uidMappings'
			chown -R 100000:100000 "$BUNDLE/rootfs"
			;;
		nopid) config '.linux.namespaces |= map(select(.type != "pid"))' ;;
		esac
		set_args /bin/probe attr
		is_confined rt run --bundle "$BUNDLE" "$ID"
		idle_container
		is_confined rt exec "$ID" /bin/probe attr
		is_confined rt exec --user 1000:1000 "$ID" /bin/probe attr
		is_confined rt exec --process "$TMP/scheduled.json" "$ID"
		# a second container that joins what the first one has
		pid=$(pid_of)
		for joined in $([ $way != userns ] || echo "user user,pid,ipc") $([ $way = nopid ] || [ $way = userns ] || echo "pid pid,ipc"); do
			config '.linux.namespaces |= map(if .type as $t | $j | split(",") | index($t) then .path = "/proc/\($pid)/ns/\(.type)" else . end) | del(.linux.uidMappings, .linux.gidMappings)' --arg j "$joined" --arg pid "$pid"
			set_args /bin/probe attr
			run rt run --bundle "$BUNDLE" "$ID-joined" </dev/null
			[ "$output" = "knarr-test (enforce)" ] || { echo "$way joined $joined: $status: $output"; false; }
			config '.linux.namespaces |= map(del(.path))'
		done
		rt delete -f "$ID"
		chown -R 0:0 "$BUNDLE/rootfs"
	done
}
