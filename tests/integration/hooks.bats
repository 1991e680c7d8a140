#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# hooks: six kinds, their order, what they are told, and what happens when one fails.
load helpers

setup() {
	setup_bundle
	LOG=$TMP/log
	: >"$LOG"
	chmod 666 "$LOG"
	cat >"$H/hook" <<SH
#!/bin/sh
# hook NAME [STATUS]: one line, the state on stdin to a file of its own
cat >"$H/state-\$1"
echo "\$1" >>"$LOG"
[ -z "\$2" ] || { echo "words of \$1"; echo "and on stderr" >&2; exit "\$2"; }
SH
	chmod 755 "$H/hook"
}
teardown() { teardown_bundle; }

# hook KIND NAME [STATUS]: appends one that runs on the host's side of the file system.
hook() { config '.hooks[$k] += [{path: $p, args: (["hook"] + $args)}]' --arg k "$1" --arg p "$H/hook" --argjson args "$(jq -n --args '$ARGS.positional' -- "${@:2}")"; }
lines_of_log() { tr '\n' ' ' <"$LOG"; }

@test "the six kinds in their order" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind $kind
	done
	# In the container's file system: its own script, which tells by stdout.
	mkdir -p "$BUNDLE/rootfs/hooks"
	printf '#!/bin/sh\ncat >/tmp/state-startContainer\necho startContainer >>/tmp/log\n' >"$BUNDLE/rootfs/hooks/h"
	chmod 755 "$BUNDLE/rootfs/hooks/h"
	config '.hooks.startContainer = [{path: "/hooks/h"}]
		| .root.readonly = false
		| .mounts += [{destination: "/shared", source: $log, type: "bind", options: ["bind"]}]' --arg log "$LOG"
	printf '#!/bin/sh\ncat >/tmp/state-startContainer\necho startContainer >>/shared\n' >"$BUNDLE/rootfs/hooks/h"
	set_sh 'echo program >>/shared; sleep 0.4'
	rt_run 0
	echo "log: $(lines_of_log)"
	[ "$(lines_of_log)" = "prestart createRuntime createContainer startContainer program poststart poststop " ] ||
		[ "$(lines_of_log)" = "prestart createRuntime createContainer startContainer poststart program poststop " ]
	[ -s "$BUNDLE/rootfs/tmp/state-startContainer" ]
}

@test "create runs the first three, start the next two, delete the last" {
	hook prestart prestart
	hook createRuntime createRuntime
	hook createContainer createContainer
	hook poststart poststart
	hook poststop poststop
	set_args /bin/sleep 60
	rt_create
	[ "$(lines_of_log)" = "prestart createRuntime createContainer " ]
	rt start "$ID"
	[ "$(lines_of_log)" = "prestart createRuntime createContainer poststart " ]
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	rt delete "$ID"
	[ "$(lines_of_log)" = "prestart createRuntime createContainer poststart poststop " ]
}

@test "stdin: the state, compact, with '/' as it is" {
	local kind
	config '.annotations = {"org.example/x": "y/z"}'
	for kind in prestart createRuntime createContainer poststart poststop; do hook $kind $kind; done
	set_sh 'sleep 0.2'
	rt_run 0
	for kind in prestart createRuntime createContainer poststart poststop; do
		echo "$kind: $(cat "$H/state-$kind")"
		[ "$(wc -l <"$H/state-$kind")" -le 1 ]
		! grep -q '\\/' "$H/state-$kind" || return 1
		! grep -q '": ' "$H/state-$kind" || return 1
		jq -e --arg id "$ID" --arg b "$(readlink -f "$BUNDLE")" '.id == $id and .bundle == $b and .ociVersion and .annotations["org.example/x"] == "y/z"' "$H/state-$kind"
	done
	jq -e '.pid > 1 and (.status == "creating" or .status == "created")' "$H/state-prestart"
	jq -e '.pid > 1 and (.status == "creating" or .status == "created")' "$H/state-createRuntime"
	jq -e '.status == "creating" or .status == "created"' "$H/state-createContainer"
	jq -e '.pid > 1 and .status == "running"' "$H/state-poststart"
	jq -e '.status == "stopped"' "$H/state-poststop"
}

@test "args, env and the working directory of a hook" {
	cat >"$H/tell" <<SH
#!/bin/sh
{ echo "0=\$0 args=\$*"; echo "A=\$A HOME=\$HOME"; pwd; } >"$H/told"
SH
	chmod 755 "$H/tell"
	config '.hooks.createRuntime = [{path: $p, args: ["zero", "one", "two words"], env: ["A=b", "PATH=/usr/bin:/bin"]}]' --arg p "$H/tell"
	set_args /bin/true
	HOME=/leak rt_run 0
	cat "$H/told"
	grep -q 'args=one two words' "$H/told"
	grep -q 'A=b HOME=$' "$H/told"
	grep -qx "$(readlink -f "$BUNDLE")" "$H/told"
}

@test "a startContainer hook without an environment has the program's" {
	mkdir -p "$BUNDLE/rootfs/hooks"
	printf '#!/bin/sh\nenv >/tmp/env-$1\n' >"$BUNDLE/rootfs/hooks/h"
	chmod 755 "$BUNDLE/rootfs/hooks/h"
	config '.root.readonly = false | .process.env = ["PATH=/bin", "ONE=two", "ONE=three"] |
		.hooks.startContainer = [{path: "/hooks/h", args: ["h", "none"]}, {path: "/hooks/h", args: ["h", "own"], env: ["PATH=/bin", "A=b"]}]'
	set_args /bin/true
	rt_run 0
	[ "$(sed '/^\(PWD\|SHLVL\|_\)=/d' "$BUNDLE/rootfs/tmp/env-none" | sort)" = $'HOME=/root\nONE=three\nPATH=/bin' ]
	[ "$(sed '/^\(PWD\|SHLVL\|_\)=/d' "$BUNDLE/rootfs/tmp/env-own" | sort)" = $'A=b\nPATH=/bin' ]
}

@test "a hook of the runtime's side sees the namespaces by its pid" {
	cat >"$H/ns" <<SH
#!/bin/sh
pid=\$(sed 's/.*"pid":\([0-9]*\).*/\1/')
readlink /proc/\$pid/ns/net >"$H/net"
SH
	chmod 755 "$H/ns"
	config '.hooks.prestart = [{path: $p}]' --arg p "$H/ns"
	set_sh 'readlink /proc/self/ns/net'
	rt_run 0
	if [ "$(jq '[.linux.namespaces[] | select(.type == "network")] | length' "$BUNDLE/config.json")" = 1 ]; then
		[ "$output" = "$(cat "$H/net")" ]
		[ "$output" != "$(readlink /proc/self/ns/net)" ]
	fi
}

@test "hooks before the root switch find the rootfs at its path, and what they mount stays" {
	need_root
	need_tool nsenter
	local rootfs
	rootfs=$(readlink -f "$BUNDLE")/rootfs
	echo runtime >"$H/runtime"
	echo container >"$H/container"
	touch "$rootfs/etc/runtime" "$rootfs/etc/container"
	cat >"$H/enter" <<SH
#!/bin/sh
pid=\$(sed 's/.*"pid":\([0-9]*\).*/\1/')
exec nsenter -t \$pid -m mount --bind "$H/runtime" "$rootfs/etc/runtime"
SH
	cat >"$H/inside" <<SH
#!/bin/sh
pwd >"$H/cwd"
exec mount --bind "$H/container" ./etc/container
SH
	chmod 755 "$H/enter" "$H/inside"
	config '.hooks = {createRuntime: [{path: $r, env: ["PATH=/usr/bin:/bin"]}], createContainer: [{path: $c, env: ["PATH=/usr/bin:/bin"]}]}' \
		--arg r "$H/enter" --arg c "$H/inside"
	set_args cat /etc/runtime /etc/container
	local propagation
	for propagation in private shared rshared slave; do
		config '.linux.rootfsPropagation = $p' --arg p "$propagation"
		rt_run 0
		[ "$output" = $'runtime\ncontainer' ]
		[ "$(cat "$H/cwd")" = "$rootfs" ]
		! grep -F "$rootfs" /proc/self/mountinfo || return 1
	done
	config 'del(.linux.rootfsPropagation)'
	rt_run 0 --no-pivot
	[ "$output" = $'runtime\ncontainer' ]
	# The rootfs is a mount itself, as an engine's is.
	mount --bind "$rootfs" "$rootfs"
	mount --make-shared "$rootfs"
	rt_run 0
	umount "$rootfs"
	[ "$output" = $'runtime\ncontainer' ]
}

@test "a failing hook stops: its status, its output, its place; poststop runs" {
	local kind
	for kind in prestart createRuntime createContainer; do
		write_spec
		: >"$LOG"
		hook $kind first
		hook $kind second 42
		hook $kind third
		hook poststop poststop
		set_args /bin/echo program
		run -1 rt run --bundle "$BUNDLE" "$ID"
		echo "$kind: $output"
		assert_output_has "$kind hook" "$H/hook" "exit status 42" "words of second" "and on stderr" "config.json:"
		[[ $output != *"program"$'\n'* ]]
		[ "$(lines_of_log)" = "first second poststop " ]
		assert_clean
	done
}

@test "a failing startContainer hook stops before the program" {
	printf '#!/bin/sh\necho words of it\nexit 7\n' >"$BUNDLE/rootfs/bin/bad"
	chmod 755 "$BUNDLE/rootfs/bin/bad"
	config '.hooks.startContainer = [{path: "/bin/bad"}]'
	hook poststop poststop
	set_args /bin/echo program-ran
	run -1 rt run --bundle "$BUNDLE" "$ID"
	assert_output_has "startContainer hook" "exit status 7" "words of it" "config.json:"
	[[ $output != *program-ran* ]]
	assert_clean
	rt_create
	run -1 rt start "$ID"
	assert_output_has "startContainer hook" "exit status 7" "words of it"
	wait_for 20 is_status stopped
}

@test "a failing poststart hook stops the container" {
	hook poststart good
	hook poststart bad 3
	hook poststop poststop
	set_args /bin/sleep 60
	run -1 rt run -d --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has "poststart hook" "exit status 3" "words of bad"
	[ "$(lines_of_log)" = "good bad poststop " ] || { lines_of_log; return 1; }
	assert_clean
	: >"$LOG"
	rt_create
	run -1 rt start "$ID"
	assert_output_has "poststart hook" "exit status 3"
	wait_for 20 is_status stopped
}

@test "poststop hooks run all, a failing one is no failure" {
	hook poststop one 1
	hook poststop two
	hook poststop three 3
	set_sh 'exit 5'
	rt_run 5
	[ "$(grep -c "^warning: error running poststop hook" <<<"$output")" = 2 ]
	[ "$(lines_of_log)" = "one two three " ]
	: >"$LOG"
	set_args /bin/sleep 60
	rt_create
	run -0 rt delete --force "$ID"
	[ "$(grep -c "^warning: error running poststop hook" <<<"$output")" = 2 ]
	assert_output_has "exit status 1" "exit status 3"
	[ "$(lines_of_log)" = "one two three " ]
	rt_create
	run -0 rt --log "$TMP/records" --log-format json delete --force "$ID"
	[ -z "$output" ]
	[ "$(jq -rs 'map(select(.level == "warning")) | length' "$TMP/records")" = 2 ]
	rt_create
	run -0 rt --log-level error delete --force "$ID"
	[ -z "$output" ]
}

@test "a timeout kills the hook's whole group" {
	printf '#!/bin/sh\necho before\nsleep 66.53 &\nsleep 66.54\n' >"$H/slow"
	chmod 755 "$H/slow"
	config '.hooks.createRuntime = [{path: $p, timeout: 1}]' --arg p "$H/slow"
	set_args /bin/true
	local start=$SECONDS
	run -1 rt run --bundle "$BUNDLE" "$ID"
	[ $((SECONDS - start)) -lt 6 ]
	assert_output_has createRuntime timeout before config.json:
	# Killed, they may still be on their way out.
	wait_for 5 bash -c '! pgrep -f "sleep 66[.]5[34]"'
	assert_clean
}

@test "a hook that is killed, that is missing, that is no program" {
	printf '#!/bin/sh\nkill -9 $$\n' >"$H/dies"
	chmod 755 "$H/dies"
	echo text >"$H/plain"
	chmod 644 "$H/plain"
	set_args /bin/true
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/dies"
	fails_with createRuntime "signal 9" config.json:
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/none"
	fails_with createRuntime "$H/none" "No such file" config.json:
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/plain"
	fails_with createRuntime "$H/plain" "Permission denied" config.json:
	config '.hooks.createRuntime = [{path: "relative"}]'
	fails_with relative config.json:
}

@test "a hook that does not read its state is no failure" {
	printf '#!/bin/sh\nexec <&-\nexit 0\n' >"$H/deaf"
	chmod 755 "$H/deaf"
	config '.hooks.createRuntime = [{path: $p}] | .annotations = {big: ("x" * 200000)}' --arg p "$H/deaf"
	set_args /bin/true
	rt_run 0
}

@test "a hook that leaves a process with its output open does not hold us" {
	printf '#!/bin/sh\nsleep 67.31 &\nexit 0\n' >"$H/daemon"
	chmod 755 "$H/daemon"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/daemon"
	set_args /bin/true
	local start=$SECONDS
	run -0 rt run --bundle "$BUNDLE" "$ID"
	pkill -f 'sleep 67[.]31' || true
	[ $((SECONDS - start)) -lt 10 ]
}

@test "much output of a hook does not hold it" {
	printf '#!/bin/sh\nhead -c 1000000 /dev/zero | tr "\\0" a\nhead -c 300000 /dev/zero | tr "\\0" b >&2\nexit 4\n' >"$H/loud"
	chmod 755 "$H/loud"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/loud"
	set_args /bin/true
	run -1 timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	assert_output_has "exit status 4" bbbb
	[ ${#output} -lt 2000 ]
}

@test "a poststart hook may be a command on its own container" {
	printf '#!/bin/sh\nexec "%s" --root "%s" exec "%s" /bin/sh -c "exit 0"\n' "$RT" "$ROOT" "$ID" >"$H/calls"
	chmod 755 "$H/calls"
	config '.hooks.poststart = [{path: $p, timeout: 10}]' --arg p "$H/calls"
	set_args /bin/sleep 30
	rt_create
	rt start "$ID"
	rt delete --force "$ID"
	rt run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	rt delete --force "$ID"
}

@test "delete --force does not wait for a startContainer hook that does not end" {
	config '.hooks.startContainer = [{path: "/bin/sleep", args: ["sleep", "50"]}]'
	set_args /bin/true
	rt_create
	"$RT" --root "$ROOT" start "$ID" >/dev/null 2>&1 3>&- &
	local starter=$! start=$SECONDS
	sleep 0.5
	timeout 20 "$RT" --root "$ROOT" delete --force "$ID"
	[ $((SECONDS - start)) -lt 15 ]
	wait "$starter" || true
	run -1 rt state "$ID"
}

# A foreground run whose hook of this kind hangs is asked to end.
ended_in_hook() { # kind signal
	cat >"$H/hang" <<-'X'
		#!/bin/sh
		echo $$ >"$1"
		exec sleep 100
	X
	chmod 755 "$H/hang"
	config '.hooks = {($k): [{path: $p, args: ["hang", $f]}]}' --arg k "$1" --arg p "$H/hang" --arg f "$H/pid"
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err" 3>&- &
	local pid=$! status=0
	wait_for 10 test -s "$H/pid"
	kill "-$2" $pid
	wait_for 10 process_ended $pid
	wait $pid || status=$?
	[ "$status" = $((128 + $(kill -l "$2"))) ]
	grep -q 'a signal ended us' "$TMP/err"
	assert_clean
}

@test "a run that is asked to end while a hook hangs ends, and the hook with it" {
	need_root
	is_knarr || skip "is about knarr's own interface"
	ended_in_hook createRuntime TERM
	process_ended "$(cat "$H/pid")"
	rm "$H/pid"
	ended_in_hook poststart TERM
	process_ended "$(cat "$H/pid")"
	rm "$H/pid"
	ended_in_hook createContainer HUP # its pid is the container's, and dies with it
}
