#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# identity: verbs act upon the container that create made, and on nothing that only has its names (R29).
load helpers

setup() {
	setup_bundle
	OTHER=other-$ID
	set_args /bin/sleep 1000
}
teardown() {
	[ -z "${PARENT:-}" ] || [ ! -e "$PARENT/cgroup.freeze" ] || echo 0 >"$PARENT/cgroup.freeze"
	teardown_bundle
	[ -z "${PARENT:-}" ] || rmdir "$PARENT" 2>/dev/null || true
}

need_cgroup2() { is_root && [ -n "$(cgroup2_mount)" ] || skip "needs root and cgroup2"; }
start_one() {
	rt create --bundle "$BUNDLE" "$1" </dev/null >"$TMP/out-$1" 2>&1
	rt start "$1"
}
# Two containers, the second with the cgroupsPath of the first, which has ended.
reused_path() {
	need_cgroup2
	config '.linux.cgroupsPath = $p' --arg p "/knarr-$ID"
	start_one "$ID"
	rt kill "$ID" KILL
	wait_for 10 is_status stopped
	rmdir "$(cgroup2_mount)/knarr-$ID" 2>/dev/null || true
	start_one "$OTHER"
	[ "$(status_of "$OTHER")" = running ]
}
edit_record() { # ID FILTER
	jq -c "$2" "$ROOT/$1/state.json" >"$TMP/record" && cp "$TMP/record" "$ROOT/$1/state.json"
}

@test "delete of a stopped container leaves the next one in its cgroup alone" {
	reused_path
	for force in "" --force; do
		cp -a "$ROOT/$ID" "$TMP/saved"
		rt delete $force "$ID"
		[ "$(status_of "$OTHER")" = running ]
		cp -a "$TMP/saved" "$ROOT/$ID" && rm -rf "$TMP/saved"
	done
	rt delete "$ID"
	rt kill --all "$OTHER" 0
}

@test "kill --all and ps of a stopped container do not see the next one in its cgroup" {
	need_knarr
	reused_path
	rt kill --all "$ID" KILL
	[ "$(status_of "$OTHER")" = running ]
	run rt ps -f json "$ID"
	[[ "$output" != *"$(pid_of "$OTHER")"* ]]
	rt delete "$ID"
	[ "$(status_of "$OTHER")" = running ]
}

@test "a running container whose cgroup is another's: what acts upon the cgroup is refused and says so" {
	need_knarr
	need_cgroup2
	start_one "$ID"
	edit_record "$ID" '.cgroupInode += 1'
	for verb in "pause $ID" "update --pids-limit 50 $ID" "events --stats $ID" "ps $ID" "kill --all $ID TERM" "exec $ID /bin/true"; do
		run rt $verb
		echo "$verb: $status $output"
		[ "$status" -ne 0 ]
		assert_output_has "is no longer the container's: its inode is"
	done
	[ "$(status_of)" = running ]
	# It ends by its process; the cgroup is not ours to remove.
	rt delete --force "$ID"
	local left
	left=$(find "$(cgroup2_mount)" -maxdepth 4 -type d -name "*$ID*")
	[ -n "$left" ]
	wait_for 5 rmdir "$left"
}

@test "a record of an earlier boot does not speak of today's cgroups" {
	need_knarr
	reused_path
	edit_record "$ID" '.bootId = "00000000-0000-4000-8000-000000000000"'
	edit_record "$ID" ".cgroupInode = $(stat -c %i "$(cgroup2_mount)/knarr-$ID")"
	rt kill --all "$ID" KILL
	rt delete "$ID"
	[ "$(status_of "$OTHER")" = running ]
}

@test "a creation that was cut off does not kill who is in the cgroup it names" {
	need_knarr
	reused_path
	edit_record "$ID" '.creating = true | .pid = 0 | .startTime = 0 | .cgroupInode = 0'
	run rt delete --force "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	[ "$(status_of "$OTHER")" = running ]
	rt delete --force "$OTHER"
	rt delete --force "$ID"
}

@test "a record of an older build, without identities, still leads to its container" {
	need_knarr
	need_cgroup2
	start_one "$ID"
	edit_record "$ID" 'del(.cgroupInode) | with_entries(select(.key | startswith("namespace") | not)) + {namespaces: .namespaces}'
	rt exec "$ID" /bin/true
	rt pause "$ID"
	[ "$(status_of)" = paused ]
	rt resume "$ID"
	rt delete --force "$ID"
}

@test "paused before its start: state says so, start and exec refuse at once, resume works" {
	need_cgroup2
	rt_create
	rt pause "$ID"
	[ "$(status_of)" = paused ]
	for verb in "start $ID" "exec $ID /bin/true"; do
		run timeout 10 "$RT" --root "$ROOT" $verb
		echo "$verb: $status $output"
		[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
		[[ "$output" == *paused* ]]
	done
	run rt pause "$ID"
	[ "$status" -ne 0 ]
	rt resume "$ID"
	[ "$(status_of)" = created ]
	rt start "$ID"
	[ "$(status_of)" = running ]
	run rt resume "$ID"
	[ "$status" -ne 0 ]
}

@test "paused before its start, then deleted by force" {
	need_cgroup2
	rt_create
	rt pause "$ID"
	run rt delete "$ID"
	[ "$status" -ne 0 ]
	rt delete --force "$ID"
}

@test "a frozen cgroup above: state says so, start, exec and resume refuse and name it" {
	need_knarr
	need_cgroup2
	PARENT=$(cgroup2_mount)/parent-$$
	mkdir "$PARENT"
	config '.linux.cgroupsPath = $p' --arg p "/parent-$$/c-$ID"
	rt_create
	echo 1 >"$PARENT/cgroup.freeze"
	wait_for 5 is_status paused
	for verb in "start $ID" "exec $ID /bin/true" "resume $ID"; do
		run timeout 10 "$RT" --root "$ROOT" $verb
		echo "$verb: $status $output"
		[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
		assert_output_has "cgroup '/parent-$$'"
	done
	rt pause "$ID"
	echo 0 >"$PARENT/cgroup.freeze"
	[ "$(status_of)" = paused ]
	rt resume "$ID"
	rt start "$ID"
	echo 1 >"$PARENT/cgroup.freeze"
	wait_for 5 is_status paused
	run timeout 10 "$RT" --root "$ROOT" exec "$ID" /bin/true
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	run timeout 10 "$RT" --root "$ROOT" start "$ID"
	assert_output_has "already running"
	echo 0 >"$PARENT/cgroup.freeze"
	wait_for 5 is_status running
	rt delete --force "$ID"
}

@test "exec into a frozen sub-cgroup is refused at once" {
	need_knarr
	need_cgroup2
	start_one "$ID"
	local cg
	cg=$(find "$(cgroup2_mount)" -maxdepth 4 -type d -name "*$ID*" | head -n1)
	mkdir "$cg/sub"
	echo 1 >"$cg/sub/cgroup.freeze"
	run timeout 10 "$RT" --root "$ROOT" exec --cgroup sub "$ID" /bin/true
	echo "$status $output"
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	assert_output_has "frozen"
	echo 0 >"$cg/sub/cgroup.freeze"
	rt exec --cgroup sub "$ID" /bin/true
}

# ---- namespaces

# The container's first process enters namespaces of its own making, says so, and waits.
unshare_as() { # UID, CAPABILITIES (JSON), ARGUMENTS of unshare
	local uid=$1 caps=$2
	shift 2
	ln -sf busybox "$BUNDLE/rootfs/bin/unshare"
	config 'del(.linux.seccomp) | .process.user = {uid: $u, gid: $u} | .root.readonly = false | .process.capabilities = {bounding: $c, effective: $c, permitted: $c}' --argjson u "$uid" --argjson c "$caps"
	set_sh "exec unshare $* /bin/sh -c 'echo >/tmp/moved; exec sleep 1000'"
}

@test "exec does not follow a process without privilege into namespaces of its own making" {
	need_knarr
	need_root
	unshare_as 1000 '[]' -r -m
	start_one "$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/moved" || skip "this host lets nobody make user namespaces"
	for user in 0 1000; do
		run rt exec --user $user "$ID" /bin/true
		echo "$status $output"
		[ "$status" -ne 0 ]
		assert_output_has "has left the mount namespace that it was created in"
	done
	echo '[{"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"}]' >"$TMP/mounts.json"
	run rt mounts add "$ID" "$TMP/mounts.json"
	echo "$output"
	[ "$status" -ne 0 ]
	assert_output_has "has left the mount namespace"
	[ "$(status_of)" = running ]
	rt kill "$ID" KILL
}

@test "exec goes on where the process moved but the namespaces of the container are still the same" {
	need_root
	unshare_as 1000 '[]' -r
	start_one "$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/moved" || skip "this host lets nobody make user namespaces"
	run -0 rt exec --user 0 "$ID" /bin/sh -c 'readlink /proc/self/ns/user'
	[ "$output" = "$(readlink /proc/self/ns/user)" ]
}

@test "exec follows a process that had the privilege of the container, as with other runtimes" {
	need_root
	unshare_as 0 '["CAP_SYS_ADMIN"]' -m
	start_one "$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/moved"
	run -0 rt exec "$ID" /bin/sh -c 'readlink /proc/self/ns/mnt'
	[ "$output" = "$(readlink /proc/$(pid_of)/ns/mnt)" ]
}

@test "exec into a user namespace: the process may not lead it to one below" {
	need_knarr
	need_root
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE"
	unshare_as 1000 '[]' -r
	start_one "$ID" || cat "$TMP/out-$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/moved" || { cat "$TMP/out-$ID"; false; }
	run rt exec "$ID" /bin/true
	echo "$status $output"
	[ "$status" -ne 0 ]
	assert_output_has "has left the user namespace"
}

@test "exec: every kind of namespace is recorded, made or joined" {
	need_knarr
	need_root
	start_one "$ID"
	rt exec "$ID" /bin/true
	local pid inode
	pid=$(pid_of)
	for pair in Mount:mnt Pid:pid Ipc:ipc Uts:uts User:user; do
		inode=$(jq ".namespaceInode${pair%:*}" "$ROOT/$ID/state.json")
		# 0: the container half made it after the record was written, so that its owner has to do.
		[[ $pair != User:* && $pair != Pid:* && $inode = 0 ]] || [ "$inode" = "$(stat -L -c %i "/proc/$pid/ns/${pair#*:}")" ]
	done
	# A second container that joins them all, and exec into that.
	config '.linux.namespaces |= map(. + {path: "/proc/\($p)/ns/\({mount: "mnt", network: "net"}[.type] // .type)"} | select(.type != "mount" and .type != "cgroup")) | .linux.namespaces += [{type: "mount"}] | del(.hostname)' --argjson p "$pid"
	start_one "$OTHER"
	rt exec "$OTHER" /bin/true
	for pair in Pid:pid Ipc:ipc Uts:uts Network:net; do
		[ "$(jq ".namespaceInode${pair%:*}" "$ROOT/$OTHER/state.json")" = "$(stat -L -c %i "/proc/$pid/ns/${pair#*:}")" ]
	done
	rt delete --force "$OTHER"
}

@test "exec: a process that moves between the comparison and the join is noticed" {
	need_knarr
	need_root
	need_tool strace
	config 'del(.linux.seccomp) | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | .root.readonly = false'
	set_sh 'trap "exec unshare -r -m /bin/sh -c \"echo >/tmp/moved; exec sleep 1000\"" USR1; echo >/tmp/ready; while :; do sleep 0.1; done'
	start_one "$ID"
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/ready"
	strace -f -o /dev/null -e trace=setns -e inject=setns:delay_enter=3000000 "$RT" --root "$ROOT" exec --user 0 "$ID" /bin/echo ran >"$TMP/exec" 2>&1 3>&- &
	local tracer=$!
	# The process is in the cgroup of the container before it joins.
	wait_for 10 eval '[ "$(rt ps -f json "$ID" | jq length)" -gt 1 ]' || true
	sleep 0.5
	rt kill "$ID" USR1
	wait_for 10 test -e "$BUNDLE/rootfs/tmp/moved" || skip "this host lets nobody make user namespaces"
	wait "$tracer" && rc=0 || rc=$?
	cat "$TMP/exec"
	[ "$rc" -ne 0 ]
	grep -q "moved to another mount namespace meanwhile" "$TMP/exec"
	! grep -qx ran "$TMP/exec"
}

# ---- damaged records

# damage HOW: what is left of the record of the container ID, which runs with process PID.
damage() {
	PID=$(jq .pid "$ROOT/$ID/state.json")
	case $1 in
	empty) : >"$ROOT/$ID/state.json" ;;
	torn) head -c $(($(grep -bo '"cgroupDriver"' "$ROOT/$ID/state.json" | cut -d: -f1))) "$ROOT/$ID/state.json" >"$TMP/torn" && cp "$TMP/torn" "$ROOT/$ID/state.json" ;;
	type) sed -i 's/"creating":false/"creating":7/' "$ROOT/$ID/state.json" ;;
	newer) sed -i 's/"version":1,/"version":2,/' "$ROOT/$ID/state.json" ;;
	esac
	run ! rt state "$ID"
}

@test "delete --force of a damaged record kills the process that is left" {
	need_knarr
	need_cgroup2
	local how path
	for path in "" "/knarr-$ID"; do
		[ -z "$path" ] || config '.linux.cgroupsPath = $p' --arg p "$path"
		for how in empty torn type newer; do
			rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
			[ $how = empty ] || rt start "$ID"
			damage $how
			run rt delete --force "$ID"
			echo "record $how, path '$path': $status $output"
			[ "$status" = 0 ]
			process_ended "$PID"
			assert_clean
		done
	done
}

@test "delete --force of a damaged record without a cgroup says that something may be running" {
	need_knarr
	need_root
	ROOT_ARGS="--cgroup-manager disabled"
	for how in empty torn; do
		"$RT" --root "$ROOT" $ROOT_ARGS create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		damage $how
		run "$RT" --root "$ROOT" $ROOT_ARGS delete --force "$ID"
		echo "$how: $status $output"
		if [ $how = torn ]; then
			[ "$status" = 0 ]
			process_ended "$PID"
		else
			[ "$status" -ne 0 ]
			assert_output_has "a process waits at its start gate"
			! process_ended "$PID"
			kill -KILL "$PID"
			wait_for 5 process_ended "$PID"
			run -0 "$RT" --root "$ROOT" $ROOT_ARGS delete --force "$ID" || rm -rf "${ROOT:?}/$ID"
		fi
	done
}

@test "delete --force of a damaged record leaves strangers alone" {
	need_knarr
	need_cgroup2
	config '.linux.cgroupsPath = $p' --arg p "/knarr-$ID"
	rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt kill "$ID" KILL
	wait_for 10 is_status stopped
	rmdir "$(cgroup2_mount)/knarr-$ID" 2>/dev/null || true
	sleep 0.1
	rt create --bundle "$BUNDLE" "$OTHER" </dev/null >/dev/null 2>&1
	cp "$ROOT/$ID/state.json" "$TMP/whole"
	damage empty
	run rt delete --force "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	assert_output_has "may still be running"
	[ "$(status_of "$OTHER")" = created ]
	# The pid of a stranger, in a record that is another's, of an earlier boot, or torn within the number.
	local stranger start
	sleep 1000 3>&- &
	stranger=$!
	start=$(cut -d' ' -f22 "/proc/$stranger/stat")
	rt delete --force "$OTHER"
	for edit in '.id = "elsewhere"' '.bootId = "00000000-0000-4000-8000-000000000000"' '.startTime += 1' '.startTime = 0'; do
		rm -rf "${ROOT:?}/$ID"
		mkdir -m 700 "$ROOT/$ID"
		jq -c ".pid = $stranger | .startTime = $start | .creating = 7 | $edit" "$TMP/whole" >"$ROOT/$ID/state.json"
		run rt delete --force "$ID"
		echo "$edit: $status $output"
		[ "$status" = 0 ]
		kill -0 "$stranger"
	done
	kill "$stranger"
}

# ---- recorded pids

@test "a record with the pid of a stranger: no verb touches the stranger" {
	need_cgroup2
	start_one "$ID"
	rt kill "$ID" KILL
	wait_for 10 is_status stopped
	local stranger start boot edit
	sleep 1000 3>&- &
	stranger=$!
	start=$(cut -d' ' -f22 "/proc/$stranger/stat")
	boot=$(cat /proc/sys/kernel/random/boot_id)
	for edit in ".startTime = $((start + 1))" ".startTime = $((start - 1))" ".startTime = $start | .bootId = \"00000000-0000-4000-8000-000000000000\"" ".startTime = $start | .bootId = \"${boot^^}\""; do
		edit_record "$ID" ".pid = $stranger | $edit"
		[ "$(status_of)" = stopped ]
		[ "$(rt state "$ID" | jq .pid)" = 0 ]
		for verb in "kill $ID KILL" "exec $ID /bin/true" "pause $ID" "start $ID" "events --stats $ID"; do
			run rt $verb
			echo "$edit: $verb: $status $output"
			[ "$status" -ne 0 ]
			kill -0 "$stranger"
		done
		rt kill --all "$ID" KILL
		run rt ps -f json "$ID"
		[[ "$output" != *"$stranger"* ]]
		cp -a "$ROOT/$ID" "$TMP/saved"
		rt delete --force "$ID"
		kill -0 "$stranger"
		cp -a "$TMP/saved" "$ROOT/$ID" && rm -rf "$TMP/saved"
	done
	rt delete "$ID"
	kill -0 "$stranger"
	kill "$stranger"
}
