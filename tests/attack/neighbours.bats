#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers and people beside this one: what they share with it, and what was left of them.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

@test "T30 an imitation of procfs on a shared volume gets no sysctl" {
	local i host shared=$TMP/shared
	host=$(cat /proc/sys/net/ipv4/ip_default_ttl)
	mkdir -p "$shared/a/sys/net/ipv4" "$shared/b"
	echo 0 >"$shared/a/sys/net/ipv4/ip_default_ttl"
	race "$shared/a" "$shared/b"
	set_sh 'cat /proc/sys/net/ipv4/ip_default_ttl'
	add_mount "{\"destination\":\"/shared\",\"type\":\"bind\",\"source\":\"$shared\",\"options\":[\"rbind\",\"rw\"]}"
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	# a link where the container's procfs is to be
	rmdir "$BUNDLE/rootfs/proc"
	ln -s /shared/a "$BUNDLE/rootfs/proc"
	for ((i = 0; i < ROUNDS / 10; i++)); do
		go
		[ "$status" -ne 0 ] || [ "$output" = 77 ] || { echo "round $i: $output" >&2; return 1; }
	done
	rm "$BUNDLE/rootfs/proc"
	mkdir "$BUNDLE/rootfs/proc"
	for ((i = 0; i < ROUNDS / 10; i++)); do
		go
		[ "$status" = 0 ]
		[ "$output" = 77 ] || { echo "round $i: $output" >&2; return 1; }
	done
	[ "$(cat /proc/sys/net/ipv4/ip_default_ttl)" = "$host" ]
	# nothing was written into the imitation
	kill "${RACERS[0]}"
	wait "${RACERS[0]}" || true
	run cat "$shared"/[ab]/sys/net/ipv4/ip_default_ttl
	[ "$output" = 0 ]
}

@test "T31 names that move in a shared /dev do not become the console" {
	need_helper console_receiver
	local i dev=$TMP/dev
	mkdir -p "$dev/pts" "$dev/other"
	mount -t tmpfs -o mode=755 tmpfs "$dev"
	mkdir "$dev/pts" "$dev/shm" "$dev/mqueue"
	: >"$dev/console"
	ln -s "$H/marker" "$dev/link"
	ln -s pts/ptmx "$dev/ptmx"
	race "$dev/console" "$dev/link"
	drop_mounts_below /dev
	add_mount "{\"destination\":\"/dev\",\"type\":\"bind\",\"source\":\"$dev\",\"options\":[\"rbind\",\"rw\"]}"
	add_mount '{"destination":"/dev/pts","type":"devpts","source":"devpts","options":["newinstance","ptmxmode=0666","mode=0620"]}'
	config '.process.terminal = true'
	set_args /bin/probe stat /dev/console
	for ((i = 0; i < ROUNDS / 10; i++)); do
		"$HELPERS/console_receiver" "$TMP/s" </dev/null >"$TMP/console" 2>&1 3>&- &
		RACERS+=($!)
		wait_for 5 test -S "$TMP/s"
		go --detach --console-socket "$TMP/s"
		if [ "$status" = 0 ]; then
			# the racer may have moved the link to that name since; it leads nowhere but into the container
			wait_for 5 grep -q '0:0\|[0-9]:[0-9]' "$TMP/console"
			grep -qE '^link |^char .* (13[6-9]|14[0-3]):[0-9]+' "$TMP/console" || { cat "$TMP/console" >&2; umount -l "$dev"; return 1; }
		fi
		rt delete --force "$ID"
		rm -f "$TMP/s"
	done
	kill "${RACERS[0]}"
	umount -l "$dev"
}

@test "T32 no input is pushed into the terminal of whoever starts it" {
	need_helper pty
	set_args /bin/probe tiocsti
	# terminal off: stdin is the person's terminal itself
	run "$HELPERS/pty" 24 80 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	echo "$output"
	[[ $output == *EPERM* || $output == *EIO* || $output == *ENOTTY* ]]
	# with one: the byte lands in the container's, and not in ours behind it
	config '.process.terminal = true'
	cat >"$TMP/person" <<-X
		#!/bin/sh
		"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		stty -icanon min 0 time 2
		echo "queue: <\$(dd bs=100 count=1 2>/dev/null)>"
	X
	chmod 755 "$TMP/person"
	run "$HELPERS/pty" 24 80 "$TMP/person" </dev/null
	echo "$output"
	[[ $output == *"queue: <>"* ]]
}

@test "T39 a set-user-id copy ends at once, as does one with file capabilities" {
	local user=65534 copy=$TMP/$(basename "$RT")
	chmod 755 "$TMP"
	cp "$RT" "$copy"
	chown root "$copy"
	chmod 4755 "$copy"
	if grep -q nosuid <<<"$(findmnt -no OPTIONS -T "$copy")"; then skip "no set-user-id programs here"; fi
	run setpriv --reuid "$user" --regid "$user" --clear-groups "$copy" --root "$TMP/r" list
	echo "$status: $output"
	[ "$status" -ne 0 ]
	! is_knarr || [[ $output == *"set-user-ID"* ]]
	chmod 755 "$copy"
	need_tool setcap
	setcap cap_sys_admin+ep "$copy" || skip "no file capabilities here"
	run setpriv --reuid "$user" --regid "$user" --clear-groups "$copy" --root "$TMP/r" list
	echo "$status: $output"
	[ "$status" -ne 0 ]
}

# In a pid namespace of the test's own, where the next pid can be chosen.
@test "T51 a stranger who gets the pid of a dead container is left alone" {
	need_tool unshare
	set_args /bin/probe sleep 100
	cat >"$TMP/inner" <<-'X'
		set -eu
		"$RT" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		"$RT" --root "$ROOT" start "$ID"
		pid=$("$RT" --root "$ROOT" state "$ID" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
		kill -9 "$pid"
		while [ -d "/proc/$pid" ] && ! grep -q "^State:.Z" "/proc/$pid/status" 2>/dev/null; do sleep 0.05; done
		i=0
		while [ $i -lt 200 ]; do
			i=$((i + 1))
			[ ! -d "/proc/$pid" ] || { sleep 0.05; continue; }
			echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid 2>/dev/null || { echo "cannot choose"; exit 0; }
			sleep 50 &
			stranger=$!
			[ "$stranger" != "$pid" ] || break
			kill "$stranger"
		done
		[ "$stranger" = "$pid" ] || { echo "cannot choose"; exit 0; }
		echo "state $("$RT" --root "$ROOT" state "$ID" | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p')"
		"$RT" --root "$ROOT" kill "$ID" KILL 2>/dev/null && echo "kill said yes" || :
		"$RT" --root "$ROOT" delete --force "$ID"
		kill -0 "$stranger" && ! grep -q '^State:.Z' "/proc/$stranger/status" && echo "stranger lives"
		kill "$stranger"
	X
	export ROOT BUNDLE ID
	# init of the namespace reaps, so that the dead container's pid becomes free
	run timeout 60 unshare --pid --fork --mount-proc --kill-child bash "$TMP/inner"
	echo "$output"
	[ "$output" != "cannot choose" ] || skip "the pid could not be had again"
	[ "${lines[0]}" = "state stopped" ]
	[[ $output == *"stranger lives"* ]]
	[[ $output != *"kill said yes"* ]] || ! is_knarr
}

@test "T54 the caller's session keyring is not the container's" {
	local mine
	mine=$("$PROBE" keyring)
	[[ $mine =~ ^[0-9]+\ keys=[0-9]+$ ]] || skip "the kernel has no keyrings here: $mine"
	set_args /bin/probe keyring
	works
	[ "${output%% *}" != "${mine%% *}" ]
	start_sleeper
	run -0 rt exec "$ID" /bin/probe keyring
	[ "${output%% *}" != "${mine%% *}" ]
}
