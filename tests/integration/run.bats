#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: the exit status, signals, what the program finds around it.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

# start_run [FLAGS...]: run in the background; $RUN is the runtime's pid, its output in $TMP/out.
start_run() {
	# Not through a function: $! must be the runtime itself.
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err" 3>&- &
	RUN=$!
}
says() { grep -q "$1" "$TMP/out"; }
# ends_with STATUS: waits here, since a subshell has no children to wait for.
ends_with() {
	local rc=0
	wait "$RUN" || rc=$?
	[ "$rc" = "$1" ] || { echo "status $rc" >&2; return 1; }
}

@test "the exit status of the program is ours" {
	set_sh 'exit 0'
	rt_run 0
	[ -z "$output" ]
	set_sh 'exit 37'
	rt_run 37
	[ -z "$output" ]
	set_sh 'exit 255'
	rt_run 255
}

@test "a program that a signal kills gives 128+n" {
	is_root || skip "needs root: without it the first process of a pid namespace is no different, root covers it"
	# A first process of a pid namespace cannot signal itself to death: it shares the host's.
	config '.linux.namespaces |= map(select(.type != "pid"))'
	set_sh 'kill -TERM $$'
	rt_run 143
	set_sh 'kill -KILL $$'
	rt_run 137
	set_sh 'kill -SEGV $$'
	rt_run 139
}

@test "stdout and stderr are apart, stdin arrives" {
	set_sh 'read x; echo "out $x"; echo "err $x" >&2'
	run bash -c "echo hello | \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID' 2>'$TMP/err'"
	[ "$status" = 0 ]
	[ "$output" = "out hello" ]
	[ "$(cat "$TMP/err")" = "err hello" ]
}

@test "binary data passes unchanged" {
	set_args /bin/cat
	head -c 300000 /dev/urandom >"$TMP/data"
	rt run --bundle "$BUNDLE" "$ID" <"$TMP/data" >"$TMP/back"
	cmp "$TMP/data" "$TMP/back"
}

@test "signals are forwarded to the program" {
	set_sh 'trap "echo got-term; exit 5" TERM; trap "echo got-usr1" USR1; trap "echo got-hup" HUP; echo ready; while :; do sleep 0.05; done'
	start_run
	wait_for 10 says ready
	kill -USR1 "$RUN"
	wait_for 10 says got-usr1
	kill -HUP "$RUN"
	wait_for 10 says got-hup
	kill -TERM "$RUN"
	ends_with 5
	says got-term
}

@test "a signal that kills the program gives 128+n from outside, too" {
	set_args /bin/sleep 60
	start_run
	wait_for 10 is_status running
	rt kill "$ID" KILL
	ends_with 137
}

@test "many signals at once do not end the supervisor" {
	set_sh 'trap "" USR1 USR2; echo ready; i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done; exit 9'
	start_run
	wait_for 10 says ready
	for i in 1 2 3 4 5 6 7 8 9 10; do
		kill -USR1 "$RUN"
		kill -USR2 "$RUN"
		kill -CHLD "$RUN"
	done
	ends_with 9
}

@test "SIGCHLD ignored by the caller does not lose the status" {
	set_sh 'exit 12'
	run bash -c "trap '' CHLD; exec \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	[ "$status" = 12 ]
}

@test "the program starts with default signal dispositions and an empty mask" {
	set_args /bin/probe sigmask
	run bash -c "trap '' PIPE HUP TERM USR1; exec \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	[ "$status" = 0 ]
	assert_output_has "SigBlk:	0000000000000000" "SigIgn:	0000000000000000"
}

@test "orphans of a shared pid namespace are reaped and gone afterwards" {
	need_root
	config '.linux.namespaces |= map(select(.type != "pid"))'
	set_sh '(sleep 0.3 & sleep 61.37 &) ; sleep 0.6; exit 3'
	run -3 rt run --bundle "$BUNDLE" "$ID"
	run pgrep -f 'sleep 61[.]37'
	if [ "$status" = 0 ]; then
		kill $output
		# Without a cgroup of its own nothing tells whose child it was.
		[ -z "$(cgroup2_mount)" ]
	fi
}

@test "the end of the first process ends the others" {
	set_sh 'sleep 62.91 & exit 4'
	rt_run 4
	run -1 pgrep -f 'sleep 62[.]91'
}

@test "an open pipe held by a child of the program does not hold run" {
	set_sh 'sleep 63.17 & echo done; exit 0'
	run timeout 10 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	[ "$output" = done ]
}

@test "run leaves nothing behind" {
	set_args /bin/true
	rt_run 0
	run rt state "$ID"
	[ "$status" = 1 ]
	assert_output_has "container does not exist"
}

@test "--keep leaves a stopped container" {
	set_sh 'exit 6'
	rt_run 6 --keep
	[ "$(status_of)" = stopped ]
	[ "$(pid_of)" = 0 ]
	rt delete "$ID"
	run -1 rt state "$ID"
}

@test "-d returns at once, the program goes on" {
	set_args /bin/sleep 60
	rt run -d --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null >/dev/null 2>&1
	[ "$(status_of)" = running ]
	[ "$(cat "$TMP/pid")" = "$(pid_of)" ]
	kill -0 "$(cat "$TMP/pid")"
	run -1 rt delete "$ID"
	assert_output_has "cannot delete container $ID that is not stopped: running"
	rt delete --force "$ID"
}

@test "-d with a program that is not there fails and leaves nothing" {
	set_args /no/such
	run -1 rt run -d --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID"
	assert_output_has 'exec: "/no/such"' 'no such file or directory'
	[ ! -e "$TMP/pid" ]
	assert_clean
}

@test "arguments arrive as they are" {
	set_args /bin/sh -c 'for a; do printf "<%s>" "$a"; done' sh '' 'a b' '*' $'new\nline' 'ümlaut' '--flag=x'
	rt_run 0
	[ "$output" = $'<><a b><*><new\nline><ümlaut><--flag=x>' ]
}

@test "the environment is the config's and nothing else" {
	config '.process.env = ["PATH=/bin","A=1","EMPTY=","SP=a b=c"]'
	set_args /bin/env
	FOREIGN=leak run -0 rt run --bundle "$BUNDLE" "$ID"
	assert_output_has A=1 EMPTY= "SP=a b=c"
	[[ $output != *leak* ]]
	[[ $output != *KNARR* ]]
}

@test "HOME comes from passwd when it is not set" {
	config '.process.env = ["PATH=/bin"]'
	set_sh 'echo $HOME'
	rt_run 0
	[ "$output" = /root ]
	# a relative one is kept, as other runtimes do
	printf 'root:x:0:0:root:some/dir:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	rt_run 0
	[ "$output" = some/dir ]
	printf 'root:x:0:0:root::/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	rt_run 0
	[ "$output" = / ]
}

@test "PATH of the config finds the program" {
	mkdir "$BUNDLE/rootfs/opt"
	printf '#!/bin/sh\necho found\n' >"$BUNDLE/rootfs/opt/tool"
	chmod +x "$BUNDLE/rootfs/opt/tool"
	config '.process.env = ["PATH=/nowhere:/opt:/bin"]'
	set_args tool
	rt_run 0
	[ "$output" = found ]
}

@test "a program relative to the working directory" {
	mkdir "$BUNDLE/rootfs/opt"
	printf '#!/bin/sh\necho found\n' >"$BUNDLE/rootfs/opt/tool"
	chmod +x "$BUNDLE/rootfs/opt/tool"
	config '.process.cwd = "/opt"'
	set_args ./tool
	rt_run 0
	[ "$output" = found ]
}

@test "the working directory" {
	mkdir -p "$BUNDLE/rootfs/srv/www"
	config '.process.cwd = "/srv/www"'
	set_args /bin/pwd
	rt_run 0
	[ "$output" = /srv/www ]
}

@test "a working directory that is missing is made, in a read-only root too" {
	config '.process.cwd = "/srv/new/www" | .root.readonly = true'
	set_args /bin/sh -c 'pwd; stat -c "%a %u" . ..; ! mkdir x 2>/dev/null'
	rt_run 0
	[ "$output" = $'/srv/new/www\n755 0\n755 0' ]
	[ -d "$BUNDLE/rootfs/srv/new/www" ]
	# With the root of a volume.
	mkdir "$TMP/volume"
	config '.process.cwd = "/data/new" | .mounts += [{destination: "/data", type: "bind", source: $s, options: ["bind"]}]' --arg s "$TMP/volume"
	set_args /bin/pwd
	rt_run 0
	[ "$output" = /data/new ]
	[ -d "$TMP/volume/new" ]
}

@test "exec: a missing working directory is an error" {
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run rt exec --cwd /absent "$ID" pwd
	[ "$status" -ne 0 ]
	assert_output_has /absent "o such file"
	[ ! -e "$BUNDLE/rootfs/absent" ]
}

@test "a working directory that only the runtime may enter, and one that only the user may" {
	need_root
	mkdir -p "$BUNDLE/rootfs/srv/closed"
	chmod 700 "$BUNDLE/rootfs/srv/closed"
	config '.process.cwd = "/srv/closed" | .process.user = {uid: 1000, gid: 1000}'
	set_args /bin/sh -c 'pwd; ls . 2>/dev/null || echo closed'
	rt_run 0
	[ "$output" = $'/srv/closed\nclosed' ]
	# Root in it, without the right to pass everywhere.
	chown 1000 "$BUNDLE/rootfs/srv/closed"
	config '.process.capabilities = {bounding: [], permitted: [], effective: []}'
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run -0 rt exec --user 0 "$ID" pwd
	[ "$output" = /srv/closed ]
}

@test "the environment has each name once; an empty HOME is none" {
	config '.process.env = ["ONE=first", "PATH=/bin", "ONE=", "HOME=/x", "HOME=", "ON=2", "TWO=a=b", "TWO=c=d"]'
	set_args env
	rt_run 0
	[ "$(sort <<<"$output")" = $'HOME=/root\nON=2\nONE=\nPATH=/bin\nTWO=c=d' ]
}

@test "user without a group: root's" {
	config '.process.user = {uid: 0}'
	set_args id -g
	rt_run 0
	[ "$output" = 0 ]
}

@test "user and groups" {
	need_root
	config '.process.user = {uid: 1000, gid: 1001, additionalGids: [50, 7]}'
	set_args /bin/probe ids
	rt_run 0
	[[ $output == "uid=1000,1000,1000 gid=1001,1001,1001 groups="* ]]
	[[ $output == *50* ]]
	[[ $output == *7* ]]
}

@test "no descriptor of the caller or the runtime is open" {
	set_args /bin/probe fds
	exec 9</etc/passwd
	run -0 rt run --bundle "$BUNDLE" "$ID" 3>&- 4>&-
	exec 9<&-
	[ -z "$output" ]
}

@test "--preserve-fds passes descriptors, gaps are skipped" {
	set_sh 'cat <&3; cat <&5'
	echo three >"$TMP/three"
	echo five >"$TMP/five"
	run bash -c "exec 3<'$TMP/three' 4<&- 5<'$TMP/five'; exec \"\$RT\" --root '$ROOT' run --preserve-fds 3 --bundle '$BUNDLE' '$ID'"
	[ "$status" = 0 ]
	[ "$output" = $'three\nfive' ]
}

@test "LISTEN_FDS descriptors pass and LISTEN_PID is the program's" {
	set_sh 'echo $LISTEN_FDS $LISTEN_PID $$; cat <&3'
	echo three >"$TMP/three"
	run bash -c "exec 3<'$TMP/three'; export LISTEN_FDS=1; exec env LISTEN_PID=\$\$ \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	[ "$status" = 0 ]
	assert_output_has three
	[[ ${lines[0]} == "1 1 1" ]]
}

@test "closed standard descriptors are no obstacle" {
	set_sh 'exit 8'
	run bash -c "exec \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID' <&- >&- 2>&-"
	[ "$status" = 8 ]
}

@test "run from another directory, --bundle relative, and from the bundle itself" {
	set_args /bin/echo here
	cd "$TMP"
	run -0 rt run --bundle bundle "$ID"
	[ "$output" = here ]
	cd "$BUNDLE"
	run -0 rt run "$ID"
	[ "$output" = here ]
	cd /
}

@test "--config takes a file of another name" {
	set_args /bin/echo other
	mv "$BUNDLE/config.json" "$TMP/elsewhere.json"
	run -0 rt run --bundle "$BUNDLE" --config "$TMP/elsewhere.json" "$ID"
	[ "$output" = other ]
}

@test "a read-only root" {
	config '.root.readonly = true'
	set_sh 'touch /x 2>&1; touch /dev/shm/x && echo shm-ok'
	rt_run 0
	assert_output_has "Read-only file system" shm-ok
	[ ! -e "$BUNDLE/rootfs/x" ]
}

@test "a writable root" {
	config '.root.readonly = false'
	set_sh 'echo text >/x'
	rt_run 0
	[ "$(cat "$BUNDLE/rootfs/x")" = text ]
}

@test "a root that is a symbolic link" {
	mv "$BUNDLE/rootfs" "$BUNDLE/real"
	ln -s real "$BUNDLE/rootfs"
	set_args /bin/echo linked
	rt_run 0
	[ "$output" = linked ]
}

@test "the same id again after it has ended" {
	set_args /bin/true
	rt_run 0
	rt_run 0
}

@test "/proc/self/exe of the program is the program, pid is 1" {
	set_sh 'readlink /proc/1/exe; echo $$'
	rt_run 0
	assert_output_has /bin/busybox
	[ "${lines[1]}" = 1 ]
}

@test "five at once" {
	set_sh 'sleep 0.2; exit 11'
	local pids=() i rc
	for i in 1 2 3 4 5; do
		rt run --bundle "$BUNDLE" "$ID-$i" </dev/null >/dev/null 2>"$TMP/err-$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		rc=0
		wait "$i" || rc=$?
		[ "$rc" = 11 ] || { cat "$TMP"/err-*; return 1; }
	done
}
