#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Both cgroup drivers, as root and as the user "rootless": where the cgroup is, what is refused, what is left.
# runs as: root rootless
load helpers

path() { config '.linux.cgroupsPath = $p' --arg p "$1"; }
unit_of() { basename "${CG%/container}"; }
shown() { systemctl ${1:+"$1"} show -p "$2" --value "$3"; }

# ---- cgroupfs

@test "cgroupfs: an absolute path is made with its controllers, and goes again" {
	need_root
	path "/vm-$ID/a/b"
	idle_container '{"memory": {"limit": 33554432}}'
	[ "$CG" = "/sys/fs/cgroup/vm-$ID/a/b" ]
	grep -qw memory "/sys/fs/cgroup/vm-$ID/cgroup.subtree_control"
	grep -qw memory "/sys/fs/cgroup/vm-$ID/a/cgroup.subtree_control"
	is_value memory.max 33554432
	rt delete -f "$ID"
	[ ! -e "$CG" ]
	rmdir "/sys/fs/cgroup/vm-$ID/a" "/sys/fs/cgroup/vm-$ID"
}

@test "cgroupfs: a relative path lies below the root of the tree" {
	need_root
	path "vm-$ID"
	idle_container
	[ "$CG" = "/sys/fs/cgroup/vm-$ID" ]
}

@test "cgroupfs: a parent with processes cannot pass controllers on, and is told with one of them" {
	need_root
	mkdir "/sys/fs/cgroup/vm-$ID"
	sleep 1000 3>&- &
	echo $! >"/sys/fs/cgroup/vm-$ID/cgroup.procs"
	path "/vm-$ID/x"
	resources '{"memory": {"limit": 33554432}}'
	run rt run --bundle "$BUNDLE" "$ID"
	kill $!
	wait $! || true
	rmdir "/sys/fs/cgroup/vm-$ID"
	[ "$status" -ne 0 ]
	assert_output_has "has processes of its own" "$!"
}

@test "cgroupfs: a cgroup that is in use, frozen (T53) or threaded is refused" {
	need_root
	path "/vm-$ID"
	idle_container
	run rt run --bundle "$BUNDLE" "$ID-2"
	[ "$status" -ne 0 ]
	assert_output_has "has processes already" ": $PID '"
	kill -0 "$PID"
	rt delete -f "$ID"
	mkdir "/sys/fs/cgroup/vm-$ID"
	echo 1 >"/sys/fs/cgroup/vm-$ID/cgroup.freeze"
	run rt run --bundle "$BUNDLE" "$ID"
	rmdir "/sys/fs/cgroup/vm-$ID"
	[ "$status" -ne 0 ]
	assert_output_has "is frozen"
	mkdir -p "/sys/fs/cgroup/vm-$ID/t"
	echo threaded >"/sys/fs/cgroup/vm-$ID/t/cgroup.type"
	path "/vm-$ID/t"
	run rt run --bundle "$BUNDLE" "$ID"
	rmdir "/sys/fs/cgroup/vm-$ID/t" "/sys/fs/cgroup/vm-$ID"
	[ "$status" -ne 0 ]
	assert_output_has "threaded"
}

# ---- systemd

@test "systemd: a transient scope in its slice, the process in its sub-cgroup" {
	use_systemd
	path "vmtest-deep.slice:pre:$ID"
	idle_container
	[[ $CG == *"/vmtest.slice/vmtest-deep.slice/pre-$ID.scope/container" ]]
	user=$(is_root || echo --user)
	[ "$(shown "$user" Transient "pre-$ID.scope")" = yes ]
	[ "$(shown "$user" Delegate "pre-$ID.scope")" = yes ]
	rt delete -f "$ID"
	[ ! -e "$CG" ]
	[ "$(shown "$user" ActiveState "pre-$ID.scope")" = inactive ]
}

@test "systemd: the container reads its limits at the root of its cgroup tree, and updated ones" {
	use_systemd
	idle_container '{"memory": {"limit": 33554432}, "pids": {"limit": 40}}'
	[[ $CG == */container ]]
	limits_of() { paste -d ' ' "$1/memory.max" "$1/pids.max"; }
	[ "$(limits_of "$CG")" = "33554432 40" ]
	[ "$(limits_of "${CG%/container}")" = "33554432 40" ]
	rt update --memory 67108864 --pids-limit 50 "$ID"
	[ "$(limits_of "$CG")" = "67108864 50" ]
	[ "$(limits_of "${CG%/container}")" = "67108864 50" ]
	rt update --memory -1 --pids-limit -1 "$ID"
	[ "$(limits_of "$CG")" = "max max" ]
}

@test "systemd: empty parts have their defaults, an empty name and other forms are refused" {
	use_systemd
	usual=$(is_root && echo system.slice || echo user.slice)
	path "::$ID"
	idle_container
	[[ $CG == *"/$usual/$ID.scope/container" ]]
	rt delete -f "$ID"
	path ""
	idle_container
	[[ $CG == *"/$usual/knarr-$ID.scope/container" ]]
	rt delete -f "$ID"
	for p in "a.slice:b:" "a/b.slice:p:n" "/absolute" "x.slice:p" "x:p:n" "a--b.slice:p:n"; do
		path "$p"
		run rt run --bundle "$BUNDLE" "$ID"
		[ "$status" -ne 0 ] || { echo "$p was taken"; false; }
		assert_output_has "cgroup"
	done
}

@test "systemd: without a cgroup namespace the cgroup mount is the host's tree, and writable where root says so" {
	need_root
	use_systemd
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))
		| .mounts += [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": []}]'
	local write='echo 9 >"/sys/fs/cgroup$(cut -c 4- /proc/1/cgroup)/pids.max"'
	idle_container
	run in_container /bin/sh -c "$write"
	assert_output_has "$ID" "ead-only file system"
	rt delete -f "$ID"
	config '.mounts[-1].options = ["rw"]'
	idle_container
	run -0 in_container /bin/sh -c "$write"
	[ "$(cat "$CG/pids.max")" = 9 ]
}

@test "systemd: limits are properties too, and survive a reload (T43)" {
	need_root
	use_systemd
	idle_container '{"memory": {"limit": 33554432}, "pids": {"limit": 9}, "cpu": {"quota": 20000, "shares": 512, "cpus": "1"}}'
	u=$(unit_of)
	[ "$(shown "" MemoryMax "$u")" = 33554432 ]
	[ "$(shown "" TasksMax "$u")" = 9 ]
	[ "$(shown "" CPUQuotaPerSecUSec "$u")" = 200ms ]
	[ "$(shown "" AllowedCPUs "$u")" = 1 ]
	rt update --memory 64m --cpu-quota 33333 "$ID"
	systemctl daemon-reload
	is_value memory.max 67108864
	is_value pids.max 9
	[[ $(value cpu.max) == 3[34]*" 100000" ]]
}

@test "systemd: annotations are properties of the unit, bad ones are refused with their place" {
	need_root
	use_systemd
	config '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
		"org.systemd.property.KillSignal": "15", "org.systemd.property.Description": "\u0027my words\u0027"}'
	idle_container
	u=$(unit_of)
	[ "$(shown "" TimeoutStopUSec "$u")" = 7s ]
	[ "$(shown "" KillSignal "$u")" = 15 ]
	[ "$(shown "" Description "$u")" = "my words" ]
	rt delete -f "$ID"
	config '.annotations = {"org.systemd.property.Slice": "\u0027other.slice\u0027"}'
	RT_FLAGS+=(--annotations=org.systemd.property.)
	refused "cannot be chosen" "config.json:"
	config '.annotations = {"org.systemd.property.KillSignal": "["}'
	refused "invalid value" "config.json:"
}

@test "systemd: a create whose scope belongs to another container leaves that one alone" {
	use_systemd
	config '.linux.cgroupsPath = ":knarr:same-'"$ID"'"'
	idle_container
	run rt run --detach --bundle "$BUNDLE" "$ID-2" </dev/null
	[ "$status" -ne 0 ]
	[ "$(status_of)" = running ]
	grep -q "^State:.[^Z]" "/proc/$PID/status"
}

@test "systemd: delete works without --systemd-cgroup and without an environment" {
	use_systemd
	idle_container
	RT_FLAGS=()
	env -i ${XDG_RUNTIME_DIR:+XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR"} "$RT" --root "$ROOT" delete -f "$ID"
	[ ! -e "$CG" ]
	run systemctl $(is_root || echo --user) is-active "$(unit_of)"
	[ "$output" = inactive ]
}

@test "systemd: a container that died by itself, and took its scope along, is deleted" {
	use_systemd
	idle_container
	kill -KILL "$PID"
	wait_for 20 is_status stopped
	wait_for 20 eval '[ ! -e "${CG%/container}" ]'
	rt delete "$ID"
}

@test "systemd: no bus is an error that names it, and a silent one costs a bounded time" {
	use_systemd
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/none DBUS_SESSION_BUS_ADDRESS=unix:path=$TMP/none
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_output_has "$TMP/none"
	# It accepts and never answers.
	need_tool systemd-socket-activate
	systemd-socket-activate -l "$TMP/mute" sleep 1000 >/dev/null 2>&1 3>&- &
	receiver=$!
	wait_for 5 test -S "$TMP/mute"
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$TMP/mute DBUS_SESSION_BUS_ADDRESS=unix:path=$TMP/mute
	run timeout 100 "$RT" --root "$ROOT" --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	kill "$receiver" 2>/dev/null || true
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
	assert_output_has "did not answer"
}

# ---- an ordinary user

@test "rootless: a limit without a delegated cgroup is refused with what to do, or dropped with --limits=best" {
	! is_root || skip "is about an ordinary user"
	resources '{"memory": {"limit": 33554432}}'
	# A session's own scope belongs to root.
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	assert_output_has "systemd-run --user --scope -p Delegate=yes"
	set_args /bin/true
	RT_FLAGS=(--limits=best)
	rt_run 0
}

@test "rootless: limits hold in a delegated subtree, and through the user's systemd" {
	! is_root || skip "is about an ordinary user"
	set_sh 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; :'
	resources '{"memory": {"limit": 33554432}, "pids": {"limit": 9}}'
	run systemd-run --user --scope -q -p Delegate=yes sh -c '
		d=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); mkdir $d/me && echo $$ >$d/me/cgroup.procs &&
		exec "$@"' sh "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[ "$output" = $'33554432\n9' ]
	use_systemd
	idle_container
	is_value memory.max 33554432
	is_value pids.max 9
}
