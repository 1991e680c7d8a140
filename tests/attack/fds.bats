#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Descriptors, working directories and program files: no way back to the host by something that was left open.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

@test "T14 no working directory through a descriptor, at run" {
	local n
	ln -s /proc/self/fd "$BUNDLE/rootfs/fds"
	set_args /bin/probe cwd
	for n in {3..40}; do
		config '.process.cwd = $d' --arg d "/proc/self/fd/$n"
		go
		[ "$status" -ne 0 ] || { echo "fd $n: $output" >&2; return 1; }
		[[ $output != /* ]]
	done
	for n in {3..20}; do
		config '.process.cwd = $d' --arg d "/fds/$n/../../.."
		go
		[ "$status" -ne 0 ] || { echo "fd $n: $output" >&2; return 1; }
	done
}

@test "T14 no working directory through a descriptor, at exec" {
	local n
	ln -s /proc/self/fd "$BUNDLE/rootfs/fds"
	start_sleeper
	for n in {3..40}; do
		run rt exec --cwd "/proc/self/fd/$n" "$ID" /bin/probe cwd
		[ "$status" -ne 0 ] || { echo "fd $n: $output" >&2; return 1; }
		run rt exec --cwd "/fds/$n" "$ID" /bin/probe cwd
		[ "$status" -ne 0 ] || { echo "link, fd $n: $output" >&2; return 1; }
	done
}

@test "T15 descriptors of the caller do not reach the program" {
	set_args /bin/probe fds
	exec 20</ 21>>"$H/marker" 22<"$TMP"
	go
	echo "$status: $output"
	[ "$status" = 0 ]
	[ -z "$output" ]
	start_sleeper
	run -0 rt exec "$ID" /bin/probe fds
	[ -z "$output" ]
	exec 20<&- 21>&- 22<&-
}

@test "T15 a hook of the container's side has no descriptor of ours" {
	cat >"$TMP/hook" <<SH
#!/bin/sh
cat >/dev/null
for f in /proc/self/fd/*; do case \$(readlink "\$f") in '' | */hook) ;; *) echo "\${f##*/}" ;; esac; done >"$TMP/fds"
SH
	chmod 755 "$TMP/hook"
	config '.hooks = {createContainer: [{path: $p, timeout: 10, env: ["PATH=/usr/bin:/bin"]}]}' --arg p "$TMP/hook"
	set_args /bin/probe fds
	works
	echo "hook: $(tr '\n' ' ' <"$TMP/fds")"
	[ "$(grep -vxE '[012]' "$TMP/fds" | wc -l)" -le 1 ] # where the shell keeps its own output meanwhile
	[ "$(grep -cxE '[012]' "$TMP/fds")" -ge 2 ]
}

@test "T15 --preserve-fds hands over what was announced and nothing else" {
	set_args /bin/probe fds
	status=0
	output=$(timeout 20 "$RT" --root "$ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" 3<"$TMP/bundle/config.json" 4<"$H/marker" 5</ 6<"$H" </dev/null 2>&1) || status=$?
	echo "$status: $output"
	[ "$status" = 0 ]
	[ "$(cut -d' ' -f1 <<<"$output" | tr '\n' ' ')" = "3 4 " ]
}

@test "T15 a program is not found through a descriptor" {
	local n
	exec 20</ 21<"$BUNDLE/rootfs/bin/probe"
	for n in {3..12} 20 21; do
		set_args "/proc/self/fd/$n" cwd
		go
		[ "$status" -ne 0 ] || { echo "fd $n: $output" >&2; return 1; }
		set_args "/proc/self/fd/$n/bin/sh" -c 'echo host'
		go
		[ "$status" -ne 0 ] || { echo "fd $n: $output" >&2; return 1; }
	done
	exec 20<&- 21<&-
}

@test "T16 the runtime's file is not reached as the program" {
	# a copy: a runtime that fails here is overwritten
	cp "$RT" "$TMP/$(basename "$RT")"
	RT=$TMP/$(basename "$RT")
	local before
	before=$(md5sum <"$RT")
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	ln -s /proc/self/exe "$BUNDLE/rootfs/self"
	for program in /proc/self/exe /script /self; do
		set_args "$program" --version
		go
		echo "$program: $status: $output"
		[[ $output != *"$(basename "$RT") version"* ]]
	done
	[ "$(md5sum <"$RT")" = "$before" ]
}

@test "T16 the runtime's file is not written through a process that enters" {
	cp "$RT" "$TMP/$(basename "$RT")"
	RT=$TMP/$(basename "$RT")
	local before i spy
	before=$(md5sum <"$RT")
	config '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"])'
	set_args /bin/probe sleep 100
	rt_create && rt start "$ID"
	rt exec "$ID" /bin/probe overwrite 60 >"$TMP/spy" 2>&1 3>&- &
	spy=$!
	sleep 0.2
	for ((i = 0; i < ROUNDS; i++)); do rt exec "$ID" /bin/true >/dev/null 2>&1 3>&- || true; done
	touch "$BUNDLE/rootfs/tmp/enough"
	wait $spy || true
	cat "$TMP/spy"
	grep -q '^seen' "$TMP/spy"
	[ "$(md5sum <"$RT")" = "$before" ]
	! grep -q overwritten "$TMP/spy" || return 1
}

@test "T17 a process that enters shows no directory of the host" {
	local i spy
	config '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"])'
	set_args /bin/probe sleep 100
	rt_create && rt start "$ID"
	rt exec "$ID" /bin/probe spy 60 >"$TMP/spy" 2>&1 3>&- &
	spy=$!
	sleep 0.2
	for ((i = 0; i < ROUNDS; i++)); do timeout 10 "$RT" --root "$ROOT" exec "$ID" /bin/true >/dev/null 2>&1 3>&- || true; done
	touch "$BUNDLE/rootfs/tmp/enough"
	wait $spy || true
	sort "$TMP/spy" | uniq -c | sort -rn | head -5
	grep -q '^seen [1-9]' "$TMP/spy"
	! grep -q '^directory' "$TMP/spy" || return 1
}

@test "T17 without CAP_SYS_PTRACE nobody attaches to a process that enters" {
	local i spy
	config '.process.capabilities |= map_values(["CAP_KILL"])'
	set_args /bin/probe sleep 100
	rt_create && rt start "$ID"
	rt exec "$ID" /bin/probe spy 60 >"$TMP/spy" 2>&1 3>&- &
	spy=$!
	sleep 0.2
	for ((i = 0; i < ROUNDS; i++)); do timeout 10 "$RT" --root "$ROOT" exec "$ID" /bin/true >/dev/null 2>&1 3>&- || true; done
	touch "$BUNDLE/rootfs/tmp/enough"
	wait $spy || true
	sort "$TMP/spy" | uniq -c | sort -rn | head -5
	! grep -q '^attached\|^directory' "$TMP/spy" || return 1
}

@test "T47 nothing of the image is run or loaded by the runtime" {
	local p
	for p in usr/bin/newuidmap usr/bin/newgidmap usr/sbin/criu usr/bin/criu sbin/modprobe bin/knarr-init; do
		mkdir -p "$BUNDLE/rootfs/$(dirname $p)"
		printf '#!/bin/sh\necho evil >>/evil\n' >"$BUNDLE/rootfs/$p"
		chmod 755 "$BUNDLE/rootfs/$p"
	done
	mkdir -p "$BUNDLE/rootfs/lib" "$BUNDLE/rootfs/etc"
	echo /lib/evil.so >"$BUNDLE/rootfs/etc/ld.so.preload"
	echo garbage >"$BUNDLE/rootfs/lib/evil.so"
	echo garbage >"$BUNDLE/rootfs/lib/libnss_files.so.2"
	echo '{"process":{"args":["/evil"]}}' >"$BUNDLE/rootfs/config.json"
	printf '[Exec]\nParameters=/evil\n' >"$BUNDLE/rootfs.nspawn"
	config '.process.env += ["HOME=/a\nroot2:x:0:0::/:/bin/sh"]'
	set_sh 'cat /etc/passwd; ls /evil'
	go
	echo "$status: $output"
	[[ $output != *root2* ]]
	[ ! -e "$BUNDLE/rootfs/evil" ]
}
