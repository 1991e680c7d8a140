#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list: what engines build on.
load helpers

setup() { setup_bundle; }
teardown() { teardown_bundle; }

created() {
	rt_create "$@" || { cat "$TMP/err"; return 1; }
}
running() {
	set_args /bin/sleep 60
	created "$@"
	rt start "$ID"
}

@test "a cgroup with processes is refused, and up to five of them are named" {
	need_root
	local cg pids=() i
	cg=$(cgroup2_mount)
	[ -n "$cg" ] || skip "no cgroup v2 controller tree on this host"
	mkdir "$cg/used-$ID"
	for i in 1 2 3 4 5 6; do
		sleep 60 3>&- &
		pids+=($!)
		echo $! >"$cg/used-$ID/cgroup.procs"
	done
	config '.linux.cgroupsPath = $p' --arg p "/used-$ID"
	run rt run --bundle "$BUNDLE" "$ID"
	kill "${pids[@]}"
	wait "${pids[@]}" || true
	rmdir "$cg/used-$ID"
	[ "$status" -ne 0 ]
	assert_output_has "has processes already" " 'sleep' (state " "and 1 more"
	[ "$(grep -o "'sleep'" <<<"$output" | wc -l)" = 5 ]
	[[ $output == *": ${pids[0]} 'sleep'"* ]]
}

@test "--limits=best says once what cannot be had" {
	need_root
	local controller=nothing c
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree on this host"
	for c in pids rdma hugetlb; do has_controller $c || controller=$c; done
	case $controller in
	pids) config '.linux.resources = {pids: {limit: 0}}' ;;
	rdma) config '.linux.resources = {rdma: {mlx0: {hcaHandles: 2}}}' ;;
	hugetlb) config '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 0}]}' ;;
	*) config '.linux.resources = {unified: {"nosuch.max": "1"}}' ;;
	esac
	set_args /bin/true
	run rt run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 0 ]
	run -0 rt --limits=best --log-level=warning run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$(grep -c "cannot be set" <<<"$output")" = 1 ]
	[[ $output != *"use --limits=best"* ]]
}

@test "created, running, stopped, gone" {
	set_sh 'echo started; exec sleep 60'
	created
	[ "$(status_of)" = created ]
	[ ! -s "$TMP/out" ]
	rt start "$ID"
	wait_for 20 grep -q started "$TMP/out"
	[ "$(status_of)" = running ]
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	rt delete "$ID"
	run -1 rt state "$ID"
	assert_output_has "container does not exist"
	[ ! -s "$TMP/err" ]
}

@test "state is the specification's, with what engines read" {
	config '.annotations = {"a/b": "c/d", "org.example": "ü"}'
	running
	run -0 rt state "$ID"
	jq -e --arg id "$ID" --arg b "$(readlink -f "$BUNDLE")" '
		.id == $id and .bundle == $b and .status == "running" and (.pid | type) == "number" and
		(.ociVersion | test("^1[.]")) and .annotations["a/b"] == "c/d" and .annotations["org.example"] == "ü" and
		(.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]+)?Z$")) and .rootfs == $b + "/rootfs"' <<<"$output"
	[[ $output != *'\/'* ]]
	kill -0 "$(jq .pid <<<"$output")"
}

@test "the pid is the process that waits, in the container's namespaces" {
	set_args /bin/sleep 60
	created
	local pid
	pid=$(pid_of)
	[ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
	rt start "$ID"
	[ "$(pid_of)" = "$pid" ]
	wait_for 20 grep -q sleep "/proc/$pid/comm" || grep -qa sleep "/proc/$pid/cmdline"
}

@test "pid files: the digits and nothing else" {
	set_args /bin/sleep 60
	created --pid-file "$TMP/pid"
	[[ $(od -An -c "$TMP/pid" | tr -d ' \n') =~ ^[0-9]+$ ]]
	[ "$(cat "$TMP/pid")" = "$(pid_of)" ]
	[ "$(stat -c %s "$TMP/pid")" = "$(pid_of | tr -d '\n' | wc -c)" ]
}

@test "pid files: an existing one is replaced, a link is not followed" {
	set_args /bin/sleep 60
	echo "a longer old content that must go" >"$TMP/pid"
	created --pid-file "$TMP/pid"
	[ "$(cat "$TMP/pid")" = "$(pid_of)" ]
	rt delete --force "$ID"
	rm "$TMP/pid"
	ln -s "$H/marker" "$TMP/pid"
	created --pid-file "$TMP/pid"
	[ "$(cat "$H/marker")" = marker ]
	[ "$(cat "$TMP/pid")" = "$(pid_of)" ]
}

@test "pid files: relative to the caller, not to the bundle" {
	set_args /bin/sleep 60
	cd "$TMP"
	created --pid-file pid-here
	[ -s "$TMP/pid-here" ]
	cd /
}

@test "pid files: a folder that is not there fails and leaves nothing" {
	set_args /bin/sleep 60
	run -1 rt create --bundle "$BUNDLE" --pid-file "$TMP/none/pid" "$ID" </dev/null
	assert_output_has "$TMP/none/pid" "No such file"
	assert_clean
}

@test "create prints nothing and leaves no descriptor of ours open" {
	set_args /bin/sleep 60
	# A reader of the runtime's output sees its end although the container lives: only the container's own stdio is left.
	run timeout 10 bash -c "\"\$RT\" --root '$ROOT' create --bundle '$BUNDLE' '$ID' </dev/null 2>&1 >/dev/null | cat" 3>&-
	[ -z "$output" ] || true
	[ "$(status_of)" = created ]
}

@test "start twice, and after the end" {
	running
	run -1 rt start "$ID"
	assert_output_has "cannot start an already running container"
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	run -1 rt start "$ID"
	assert_output_has "cannot start a container that has stopped"
}

@test "kill: names, numbers, forms" {
	set_sh 'trap "echo hup" HUP; trap "echo usr1" USR1; trap "echo term" TERM; trap "echo rt" 36; echo ready; while :; do sleep 0.05; done'
	created
	rt start "$ID"
	wait_for 20 grep -q ready "$TMP/out"
	rt kill "$ID" HUP
	wait_for 20 grep -q hup "$TMP/out"
	rt kill "$ID" SIGUSR1
	wait_for 20 grep -q usr1 "$TMP/out"
	rt kill "$ID"
	wait_for 20 grep -q term "$TMP/out"
	: >"$TMP/out"
	rt kill "$ID" 10
	wait_for 20 grep -q usr1 "$TMP/out"
	rt kill "$ID" sigterm
	wait_for 20 grep -q term "$TMP/out"
	rt kill "$ID" RTMIN+2
	wait_for 20 grep -q rt "$TMP/out"
	rt kill "$ID" 0
	run -1 rt kill "$ID" BOGUS
	assert_output_has 'unknown signal "BOGUS"'
	run -1 rt kill "$ID" 99
	assert_output_has 'unknown signal "99"'
	rt kill "$ID" 9
}

@test "kill: a created container dies of TERM and KILL" {
	set_args /bin/sleep 60
	created
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	rt delete "$ID"
	created
	rt kill "$ID" TERM || true
	[ "$(status_of)" = created ] || [ "$(status_of)" = stopped ]
}

@test "kill: stopped and missing containers say so" {
	running
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	run -1 rt kill "$ID" TERM
	assert_output_has "container not running"
	run -1 rt kill none TERM
	assert_output_has "container does not exist"
}

@test "kill --all with a dead init takes what is left" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree: nothing tells whose process it is"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	set_sh 'sleep 64.23 & exec sleep 60'
	created
	rt start "$ID"
	wait_for 20 pgrep -f 'sleep 64[.]23'
	kill -KILL "$(pid_of)"
	wait_for 20 is_status stopped
	pgrep -f 'sleep 64[.]23'
	rt kill --all "$ID" KILL
	gone() { ! pgrep -f 'sleep 64[.]23' >/dev/null; }
	wait_for 20 gone
	rt kill --all "$ID" KILL
	rt delete "$ID"
}

@test "kill KILL without a pid namespace takes every process" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree: nothing tells whose process it is"
	config '.linux.namespaces |= map(select(.type != "pid"))'
	set_sh 'sleep 65.71 & exec sleep 60'
	created
	rt start "$ID"
	wait_for 20 pgrep -f 'sleep 65[.]71'
	rt kill "$ID" KILL
	gone() { ! pgrep -f 'sleep 65[.]71' >/dev/null; }
	wait_for 20 gone
}

@test "a zombie init is stopped" {
	set_args /bin/sleep 60
	# The parent of init never waits.
	cat >"$TMP/parent.py" <<'PY'
import ctypes, os, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # be the reaper
subprocess.check_call(sys.argv[1:], stdin=subprocess.DEVNULL)
print("up", flush=True)
time.sleep(20)
PY
	python3 "$TMP/parent.py" "$RT" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID" >"$TMP/parent" 2>&1 3>&- &
	local parent=$! pid
	wait_for 10 grep -q up "$TMP/parent"
	pid=$(pid_of)
	rt kill "$ID" KILL
	zombie() { grep -q '^State:.Z' "/proc/$pid/status"; }
	wait_for 20 zombie
	[ "$(status_of)" = stopped ]
	[ "$(pid_of)" = 0 ]
	run -1 rt kill "$ID" TERM
	assert_output_has "container not running"
	rt delete "$ID"
	kill "$parent"
}

@test "delete: running needs force, created does not" {
	running
	run -1 rt delete "$ID"
	assert_output_has "cannot delete container $ID that is not stopped: running"
	[ "$(status_of)" = running ]
	local pid
	pid=$(pid_of)
	run -0 rt delete --force "$ID"
	[ -z "$output" ]
	process_ended "$pid"
	set_args /bin/sleep 60
	created
	rt delete "$ID"
}

@test "delete --force twice, and of what never was: silent and 0" {
	running
	run -0 rt delete --force "$ID"
	[ -z "$output" ]
	run -0 rt delete --force "$ID"
	[ -z "$output" ]
	run -0 rt delete -f never-was
	[ -z "$output" ]
	run -1 rt delete never-was
	assert_output_has "does not exist"
}

@test "delete --regex takes the matching ones" {
	set_args /bin/sleep 60
	rt run -d --bundle "$BUNDLE" "$ID-a1" </dev/null >/dev/null 2>&1
	rt run -d --bundle "$BUNDLE" "$ID-a2" </dev/null >/dev/null 2>&1
	rt run -d --bundle "$BUNDLE" "$ID-b1" </dev/null >/dev/null 2>&1
	rt delete --force --regex "^$ID-a[0-9]$"
	[ "$(rt list -q)" = "$ID-b1" ]
}

@test "delete: a cgroup that cannot be reached is not taken for one that is gone" {
	need_root
	local cg
	cg=$(cgroup2_mount)
	[ -n "$cg" ] || skip "no cgroup v2 controller tree on this host"
	config '.linux.cgroupsPath = $p' --arg p "/parent-$ID/container"
	running
	rt kill "$ID" KILL
	wait_for 20 is_status stopped
	run unshare -m --propagation private sh -c 'mount -t tmpfs none "$1" && mkdir "$1/container" && shift && exec "$@"' \
		sh "$cg/parent-$ID" "$RT" --root "$ROOT" delete "$ID"
	[ "$status" -ne 0 ]
	assert_output_has "cannot open cgroup '/parent-$ID/container'"
	[ -d "$cg/parent-$ID/container" ]
	run -0 rt delete "$ID"
	[ ! -e "$cg/parent-$ID/container" ]
	rmdir "$cg/parent-$ID"
}

@test "delete works when the bundle is gone" {
	running
	rm -rf "$BUNDLE"
	rt delete --force "$ID"
	assert_clean
}

@test "list: table, json, quiet, empty" {
	run -1 rt list -q
	assert_output_has "$ROOT"
	mkdir -m 700 "$ROOT"
	run -0 rt list -q
	[ -z "$output" ]
	run -0 rt list --format json
	[ "$output" = null ]
	run -0 rt list
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER ]]
	running
	rt create --bundle "$BUNDLE" "$ID-two" </dev/null >/dev/null 2>&1
	run -0 rt list
	[ ${#lines[@]} = 3 ]
	assert_output_has "$ID" running created "$ID-two"
	run -0 rt list -q
	[ "$(sort <<<"$output")" = "$(printf '%s\n%s\n' "$ID" "$ID-two" | sort)" ]
	run -0 rt list --format=json
	[ ${#lines[@]} = 1 ]
	jq -e 'length == 2 and all(.[]; .id and .pid > 0 and .status and .bundle and .created and .ociVersion)' <<<"$output"
	[ "$(jq -r '.[0].owner' <<<"$output")" = "$(id -un)" ]
	run -0 rt list
	[[ "${lines[1]}" == *" $(id -un)" ]]
	run -1 rt list --format xml
	assert_output_has xml
}

@test "list skips an entry that cannot be read" {
	running
	mkdir -m 700 "$ROOT/broken"
	echo '{' >"$ROOT/broken/state.json"
	run -0 rt list -q
	assert_output_has "$ID"
	rt delete --force broken
	[ ! -e "$ROOT/broken" ]
}

@test "an id in use stays as it is" {
	running
	run -1 rt create --bundle "$BUNDLE" --pid-file "$TMP/pid2" "$ID" </dev/null
	assert_output_has "already exists"
	[ ! -e "$TMP/pid2" ]
	[ "$(status_of)" = running ]
	run -1 rt run --bundle "$BUNDLE" "$ID" </dev/null
	assert_output_has "already exists"
	[ "$(status_of)" = running ]
}

@test "ids: what is allowed" {
	set_args /bin/true
	local id
	for id in a A.b_c+d-9 0 "$(printf 'x%.0s' {1..200})"; do
		rt run --bundle "$BUNDLE" "$id" </dev/null
	done
	for id in . .. a/b ../x 'a b' '' 'ä' $'a\nb' /abs; do
		run rt run --bundle "$BUNDLE" -- "$id" </dev/null
		[ "$status" = 1 ] || { echo "accepted '$id'"; return 1; }
	done
}

@test "nobody waits: state, list, kill and delete while run is in the foreground" {
	set_args /bin/sleep 60
	"$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local run=$! rc=0
	wait_for 10 is_status running
	[ "$(timeout 5 "$RT" --root "$ROOT" list -q)" = "$ID" ]
	timeout 5 "$RT" --root "$ROOT" kill "$ID" 0
	timeout 5 "$RT" --root "$ROOT" exec "$ID" /bin/true
	timeout 5 "$RT" --root "$ROOT" delete --force "$ID"
	wait "$run" || rc=$?
	[ "$rc" = 137 ]
}

@test "a hook may ask for the state of its container" {
	printf '#!/bin/sh\ntimeout 5 "%s" --root "%s" state "%s"\n' "$RT" "$ROOT" "$ID" >"$H/ask"
	chmod 755 "$H/ask"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/ask"
	set_args /bin/true
	rt_run 0
}

@test "a changed config.json after create changes nothing" {
	set_args /bin/echo first
	created
	set_args /bin/echo second
	rt start "$ID"
	wait_for 20 grep -q . "$TMP/out"
	[ "$(cat "$TMP/out")" = first ]
}

@test "the state root is closed to others" {
	running
	[ "$(stat -c %a "$ROOT")" = 700 ] || [ "$(stat -c %a "$ROOT")" = 711 ]
	[ "$(stat -c %a "$ROOT/$ID")" = 700 ]
}

@test "pause and resume" {
	need_root
	[ -e "$(cgroup2_mount)/cgroup.procs" ] || skip "no cgroup v2 controller tree"
	running
	rt pause "$ID"
	[ "$(status_of)" = paused ]
	run rt exec "$ID" /bin/true
	[ "$status" != 0 ]
	assert_output_has "cannot exec in a paused container"
	rt resume "$ID"
	[ "$(status_of)" = running ]
	rt pause "$ID"
	rt delete --force "$ID"
	run -1 rt pause "$ID"
	assert_output_has "does not exist"
}

@test "ps: the processes of the container" {
	need_root
	[ -e "$(cgroup2_mount)/cgroup.procs" ] || skip "no cgroup v2 controller tree"
	running
	run -0 rt ps --format json "$ID"
	[ "$output" = "[$(pid_of)]" ]
	run -0 rt ps "$ID"
	[[ ${lines[0]} == *PID* ]]
	assert_output_has "$(pid_of)"
}

@test "two starts at once: one wins, the other says why" {
	set_args /bin/sleep 60
	created
	local a=0 b=0
	rt start "$ID" >"$TMP/a" 2>&1 3>&- &
	local first=$!
	rt start "$ID" >"$TMP/b" 2>&1 || b=$?
	wait "$first" || a=$?
	[ $((a + b)) = 1 ] || { cat "$TMP/a" "$TMP/b"; return 1; }
	[ "$(status_of)" = running ]
}

@test "update without any limit changes nothing and succeeds" {
	need_root
	set_args /bin/sleep 100
	rt_create
	rt start "$ID"
	run -0 rt update "$ID"
	[ -z "$output" ]
	echo '{}' >"$TMP/r.json"
	run -0 rt update --resources "$TMP/r.json" "$ID"
	run ! rt update none-such
}
