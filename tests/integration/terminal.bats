#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# terminals: the console socket of engines, and a person's terminal in the foreground.
load helpers

setup() {
	setup_bundle
	need_helper console_receiver
	config '.process.terminal = true'
}
teardown() {
	[ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
	teardown_bundle
}

# receiver [ROWS COLS]: plays the engine; what the container writes lands in $TMP/console.
receiver() {
	rm -f "$TMP/s" "$TMP/in"
	mkfifo "$TMP/in"
	"$HELPERS/console_receiver" "$TMP/s" "$@" <"$TMP/in" >"$TMP/console" 2>&1 3>&- &
	RECEIVER=$!
	exec 8>"$TMP/in"
	wait_for 20 test -S "$TMP/s"
}
shows() { grep -q -- "$1" "$TMP/console"; }

@test "console socket: one message with data and one descriptor" {
	receiver
	set_sh 'test -t 0 && test -t 1 && test -t 2 && echo all-tty; sleep 0.2'
	rt_create --console-socket "$TMP/s"
	wait_for 20 shows payload
	grep -qE '^payload [1-9][0-9]* fds 1$' "$TMP/console"
	rt start "$ID"
	wait_for 20 shows all-tty
}

@test "console socket: the size set by the receiver, and SIGWINCH" {
	receiver 33 101
	set_sh 'read x; /bin/probe winsize'
	rt_create --console-socket "$TMP/s"
	wait_for 20 shows payload
	rt start "$ID"
	echo go >&8
	wait_for 20 shows '33 101'
}

@test "console socket: input arrives, echo and line discipline work" {
	receiver
	set_sh 'read x; echo "got <$x>"'
	rt_create --console-socket "$TMP/s"
	rt start "$ID"
	echo "typed words" >&8
	wait_for 20 shows 'got <typed words>'
}

@test "console socket: process.consoleSize" {
	receiver
	config '.process.consoleSize = {height: 41, width: 97}'
	set_args /bin/probe winsize
	rt_create --console-socket "$TMP/s"
	rt start "$ID"
	wait_for 20 shows '41 97'
}

@test "console socket: the terminal is the session's, /dev/console is it, /dev/tty opens" {
	receiver
	set_sh 'exec 5<>/dev/tty && echo tty-opens; /bin/probe stat /dev/console; readlink /proc/self/fd/0; ls -l /dev/ptmx; cat /proc/self/stat | cut -d" " -f1,6'
	rt_create --console-socket "$TMP/s"
	rt start "$ID"
	wait_for 20 shows /dev/pts/0
	wait_for 20 shows tty-opens
	shows '^char'
}

@test "console socket: the terminal belongs to the program's user" {
	need_root
	receiver
	config '.process.user = {uid: 1000, gid: 1000}'
	set_sh '/bin/probe stat /dev/pts/0; echo done'
	rt_create --console-socket "$TMP/s"
	rt start "$ID"
	wait_for 20 shows done
	grep -E '^char 06[0-9]0 1000 ' "$TMP/console"
}

@test "exec with a console socket" {
	config '.process.terminal = false'
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	receiver
	rt exec --tty --detach --console-socket "$TMP/s" "$ID" /bin/sh -c 'test -t 1 && echo exec-tty' </dev/null
	wait_for 20 shows exec-tty
}

@test "console socket: nobody listens" {
	set_args /bin/true
	run -1 rt create --bundle "$BUNDLE" --console-socket "$TMP/none" "$ID" </dev/null
	assert_output_has "$TMP/none" "No such file"
	assert_clean
}

@test "console socket: given without a terminal, or missing with one" {
	set_args /bin/true
	run -1 rt create --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has console-socket process.terminal config.json:
	run -1 rt run -d --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has console-socket
	config '.process.terminal = false'
	run -1 rt create --bundle "$BUNDLE" --console-socket "$TMP/s" "$ID" </dev/null
	assert_output_has console-socket
	assert_clean
}

@test "console socket: a path longer than a socket address" {
	local deep=$TMP/$(printf 'd%.0s' {1..60})/$(printf 'e%.0s' {1..60})
	mkdir -p "$deep"
	(cd "$deep" && exec "$HELPERS/console_receiver" s </dev/null >"$TMP/console" 2>&1 3>&-) &
	RECEIVER=$!
	wait_for 20 test -S "$deep/s"
	set_sh 'echo far; sleep 0.2'
	rt_create --console-socket "$deep/s"
	rt start "$ID"
	wait_for 20 shows far
}

@test "foreground: a terminal, its size, the exit status, the settings restored" {
	need_helper pty
	set_sh 'test -t 0 && /bin/probe winsize; exit 17'
	run -17 "$HELPERS/pty" 37 111 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has "37 111" "terminal echo=1 canon=1"
}

@test "foreground: a new size arrives as SIGWINCH" {
	need_helper pty
	set_sh 'trap "/bin/probe winsize; exit 0" WINCH; echo ready; i=0; while [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done; exit 1'
	mkfifo "$TMP/in"
	"$HELPERS/pty" 24 80 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$TMP/in" >"$TMP/console" 2>&1 3>&- &
	local pty=$! rc=0
	exec 8>"$TMP/in"
	wait_for 10 shows ready
	echo "RESIZE 50 132" >&8
	wait_for 20 shows '50 132'
	wait "$pty" || rc=$?
	[ "$rc" = 0 ]
}

@test "foreground: what is typed arrives, ctrl-c is the container's" {
	need_helper pty
	set_sh 'trap "echo got-int; exit 9" INT; echo ready; while read x; do echo "line <$x>"; done; while :; do sleep 0.05; done'
	mkfifo "$TMP/in"
	"$HELPERS/pty" 24 80 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$TMP/in" >"$TMP/console" 2>&1 3>&- &
	local pty=$! rc=0
	exec 8>"$TMP/in"
	wait_for 10 shows ready
	echo words >&8
	wait_for 20 shows 'line <words>'
	printf '\003' >&8
	wait_for 20 shows got-int
	wait "$pty" || rc=$?
	[ "$rc" = 9 ]
}

@test "foreground: without a terminal of ours the program still has one" {
	set_sh 'test -t 1 && echo inner-tty; read x; echo "<$x>"'
	run bash -c "echo piped | \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	[ "$status" = 0 ]
	assert_output_has inner-tty "<piped>"
}

# ends_with TEXT INPUT: what comes through a pipe ends for the program, too.
ends_with() {
	run -0 bash -c "printf '$2' | timeout 20 \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	assert_output_has "$1"
}

@test "foreground: the end of an input that is no terminal reaches the program" {
	need_knarr
	set_sh 'while read x; do echo "line <$x>"; done; echo "rest <$x>"'
	ends_with 'rest <>' 'one\ntwo\n'
	ends_with 'rest <two>' 'one\ntwo'
	set_sh 'cat; echo; cat; echo both ended'
	ends_with 'both ended' 'word'
	# An interactive shell reads characters, not lines.
	set_args /bin/sh
	ends_with '' ''
	ends_with hello 'echo hel""lo\n'
}

@test "foreground: lines that go into a file or a pipe end as the program ended them" {
	need_helper pty
	set_sh 'test -t 1 && echo first; echo second'
	rt run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/lines"
	[ "$(cat "$TMP/lines")" = $'first\nsecond' ]
	# On a terminal, which is raw meanwhile, it is the container's that returns the carriage.
	"$HELPERS/pty" 24 80 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/lines"
	grep -q $'^second\r$' "$TMP/lines"
	config '.process.terminal = false'
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	rt exec -t "$ID" sh -c 'test -t 1 && echo third' </dev/null >"$TMP/lines"
	[ "$(cat "$TMP/lines")" = third ]
}

@test "foreground: much output comes completely" {
	set_sh 'i=0; while [ $i -lt 3000 ]; do echo "line $i of many that fill the buffers"; i=$((i+1)); done'
	run -0 rt run --bundle "$BUNDLE" "$ID" </dev/null
	[ ${#lines[@]} = 3000 ]
	[[ ${lines[2999]} == "line 2999"* ]]
}

@test "foreground: exec -t" {
	need_helper pty
	config '.process.terminal = false'
	set_args /bin/sleep 60
	rt_create
	rt start "$ID"
	run -19 "$HELPERS/pty" 30 90 "$RT" --root "$ROOT" exec -t "$ID" /bin/sh -c 'test -t 0 && /bin/probe winsize; exit 19' </dev/null
	assert_output_has "30 90" "terminal echo=1 canon=1"
}
