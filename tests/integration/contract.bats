#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What engines pass, parse and match, without an engine: exec in all its forms, the log, the records, the answers.
load helpers

setup() {
	setup_bundle
	need_knarr
}
teardown() {
	[ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
	teardown_bundle
}

running() {
	set_args /bin/sleep 60
	rt_create "$@" || { cat "$TMP/err"; return 1; }
	rt start "$ID"
}
need_cgroup() {
	need_root
	[ -e "$(cgroup2_mount)/cgroup.procs" ] || skip "no cgroup v2 controller tree"
}
# process FILTER: a process object as engines write it for exec, changed by the filter.
process() {
	jq -n '{args: ["/bin/sh", "-c", "id"], cwd: "/", env: ["PATH=/bin", "A=b"], user: {uid: 0, gid: 0}, terminal: false}' |
		jq "$1" >"$TMP/process.json"
}
# one_record FILE: exactly one JSON object, an error, with a message and RFC 3339 time.
one_record() {
	[ "$(wc -l <"$1")" = 1 ] || { cat "$1" >&2; return 1; }
	jq -se 'length == 1 and .[0].level == "error" and (.[0].msg | length) > 0 and
		(.[0].time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]+)?(Z|[+-][0-9:]{5})$"))' "$1" >/dev/null || { cat "$1" >&2; return 1; }
}

# ---- exec ----

@test "exec: everything behind the id belongs to the command" {
	running
	run -0 rt exec "$ID" /bin/echo -n --help -t
	[ "$output" = "--help -t" ]
	run -0 rt exec "$ID" -- /bin/echo two
	[ "$output" = two ]
}

@test "exec: cwd, env, the container's own environment" {
	config '.process.env = ["PATH=/bin", "BASE=1", "OVER=old"]'
	running
	run -0 rt exec --cwd /tmp -e OVER=new --env=MORE=2 "$ID" sh -c 'pwd; echo $BASE $OVER $MORE'
	[ "$output" = $'/tmp\n1 new 2' ]
	run -0 rt exec -e X= "$ID" sh -c 'echo "[${X-unset}]"'
	[ "$output" = "[]" ]
	run -255 rt exec --cwd /none "$ID" true
	assert_output_has /none "No such file"
}

@test "exec: the user by number and by name, with groups" {
	need_root
	running
	run -0 rt exec -u 1000:50 "$ID" probe ids
	[[ $output == *1000*50* ]]
	run -0 rt exec --user user "$ID" id -u
	[ "$output" = 1000 ]
	run -0 rt exec --user user "$ID" id -g
	[ "$output" = 1000 ]
	run -0 rt exec --user user:staff "$ID" id -g
	[ "$output" = 50 ]
	run -0 rt exec --user 1000:1000 -g 50 --additional-gids 77 "$ID" id -G
	[ "$output" = "1000 50 77" ]
	run -255 rt exec --user nobody-there "$ID" id
	assert_output_has nobody-there
	rt exec --user user "$ID" sh -c '[ "$HOME" = /home/user ]'
}

@test "exec: capabilities and no_new_privs" {
	config '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]} | .process.noNewPrivileges = false'
	running
	run -0 rt exec "$ID" probe caps
	grep -qi 'CapEff:.0*20$' <<<"$output"
	run -0 rt exec --cap CAP_CHOWN -c CAP_SYS_CHROOT "$ID" probe caps
	grep -qi 'CapEff:.0*40021$' <<<"$output"
	run -0 rt exec --no-new-privs "$ID" probe status NoNewPrivs
	[[ $output == *1* ]]
	run rt exec --cap CAP_NONE "$ID" true
	[ "$status" -ne 0 ]
	assert_output_has CAP_NONE
}

@test "exec: a process file is the whole process" {
	running
	process '.args = ["/bin/sh", "-c", "pwd; env; umask"] | .cwd = "/tmp" | .user.umask = 63'
	run -0 rt exec --process "$TMP/process.json" "$ID"
	assert_output_has /tmp A=b 0077
	[[ $output != *TERM=* ]]
	process '.args = ["/bin/sh", "-c", "exit 42"]'
	run -42 rt exec -p "$TMP/process.json" "$ID"
	process 'del(.cwd)'
	run -255 rt exec -p "$TMP/process.json" "$ID"
	assert_output_has cwd
	process '.args = []'
	run -255 rt exec -p "$TMP/process.json" "$ID"
	assert_output_has args
	run -255 rt exec -p "$TMP/none.json" "$ID"
	assert_output_has none.json
	echo '{' >"$TMP/process.json"
	run -255 rt exec -p "$TMP/process.json" "$ID"
	assert_output_has process.json
}

@test "exec: a process file's user, groups, rlimits, capabilities" {
	need_root
	running
	process '.args = ["/bin/sh", "-c", "id -u; id -G; ulimit -n; probe caps"] | .user = {uid: 1000, gid: 50, additionalGids: [50, 60]} |
		.rlimits = [{type: "RLIMIT_NOFILE", soft: 99, hard: 99}] | .capabilities = {bounding: [], effective: [], permitted: []} | .noNewPrivileges = true'
	run -0 rt exec -p "$TMP/process.json" "$ID"
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = "50 60" ]
	[ "${lines[2]}" = 99 ]
	grep -qi 'CapBnd:.0*$' <<<"$output"
}

@test "exec: the caller's limit of processes does not count where the process file has a higher one" {
	need_root
	running
	process '.args = ["/bin/sh", "-c", "sleep 100 & sleep 100 & sleep 100"] | .user = {uid: 64321, gid: 0}'
	rt exec -d -p "$TMP/process.json" "$ID" </dev/null >"$TMP/out" 2>&1 3>&-
	process '.args = ["/bin/sh", "-c", "ulimit -u"] | .user = {uid: 64321, gid: 0} | .rlimits = [{type: "RLIMIT_NPROC", soft: 500, hard: 500}]'
	run -0 prlimit --nproc=2:500 "$RT" --root "$ROOT" exec -p "$TMP/process.json" "$ID"
	[ "$output" = 500 ]
}

@test "exec: exit codes" {
	running
	run -7 rt exec "$ID" sh -c 'exit 7'
	run -143 rt exec "$ID" sh -c 'kill -TERM $$'
	run -137 rt exec "$ID" sh -c 'kill -KILL $$'
	run -255 rt exec "$ID" nonexistent
	assert_output_has 'exec: "nonexistent": executable file not found in $PATH'
	run -255 rt exec "$ID" /bin/nonexistent
	assert_output_has /bin/nonexistent
	assert_output_has "no such file or directory"
	run -255 rt exec "$ID" /etc
	assert_output_has "is a directory"
	grep -qi 'permission denied' <<<"$output"
	run -255 rt exec "$ID" /etc/passwd
	grep -qi 'permission denied' <<<"$output"
	run -255 rt exec "$ID" ''
	assert_output_has "executable file not found in"
	run -255 rt exec none true
	assert_output_has "container does not exist"
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	run -255 rt exec "$ID" true
	assert_output_has "cannot exec in a stopped container"
}

@test "exec: detached, with a pid file that names a live process" {
	running
	rt exec -d --pid-file "$TMP/pid" "$ID" sleep 30 </dev/null >/dev/null 2>&1
	[[ $(od -An -c "$TMP/pid" | tr -d ' \n') =~ ^[0-9]+$ ]]
	kill -0 "$(cat "$TMP/pid")"
	[ "$(readlink "/proc/$(cat "$TMP/pid")/ns/mnt")" = "$(readlink "/proc/$(pid_of)/ns/mnt")" ]
	# One that is there already, as a temporary file of the caller.
	: >"$TMP/pid2"
	rt exec -d --pid-file "$TMP/pid2" "$ID" sleep 30 </dev/null >/dev/null 2>&1
	[ -s "$TMP/pid2" ]
}

@test "exec: a failure never leaves a pid file" {
	running
	local args
	for args in nonexistent /etc /bin/none; do
		run -255 rt exec -d --pid-file "$TMP/pid" "$ID" "$args" </dev/null
		[ ! -e "$TMP/pid" ]
	done
	printf '#!/bin/no-such-interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	run -255 rt exec -d --pid-file "$TMP/pid" "$ID" /bin/script </dev/null
	[ ! -e "$TMP/pid" ]
	run -255 rt exec --pid-file "$TMP/none/pid" "$ID" true </dev/null
	assert_output_has "$TMP/none/pid"
}

@test "exec: preserved descriptors, with a hole among them" {
	running
	run -0 bash -c 'exec 3>&- 4</dev/null 5>&- 6</dev/null 7</dev/null; exec "$RT" --root "$1" exec --preserve-fds 4 "$2" probe fds' - "$ROOT" "$ID"
	[ "$(awk '{print $1}' <<<"$output" | paste -sd' ')" = "4 6" ]
}

@test "create: preserved descriptors, with a hole among them" {
	set_args /bin/probe fds
	run -0 bash -c 'exec 3>&- 4</dev/null 5>&- 6</dev/null 7</dev/null; exec "$RT" --root "$1" run --preserve-fds 4 --bundle "$2" "$3"' - "$ROOT" "$BUNDLE" "$ID"
	[ "$(awk '{print $1}' <<<"$output" | paste -sd' ')" = "4 6" ]
}

@test "LISTEN_FDS: passed on, together with --preserve-fds, whoever LISTEN_PID names" {
	set_args /bin/probe fds
	run -0 bash -c 'exec 3</dev/null 4</dev/null; LISTEN_FDS=2 LISTEN_PID=1 "$RT" --root "$1" run --preserve-fds 2 --bundle "$2" "$3"' - "$ROOT" "$BUNDLE" "$ID"
	[ "$(awk '{print $1}' <<<"$output" | paste -sd' ')" = "3 4" ]
}

@test "LISTEN_FDS of another process, or with a directory, passes nothing: run and exec" {
	set_args /bin/probe fds
	run -0 bash -c 'exec 3</; LISTEN_FDS=1 LISTEN_PID=1 exec "$RT" --root "$1" run --bundle "$2" "$3"' - "$ROOT" "$BUNDLE" "$ID"
	[ "$output" = "" ]
	run -0 bash -c 'exec 3</; LISTEN_FDS=1 exec "$RT" --root "$1" run --bundle "$2" "$3"' - "$ROOT" "$BUNDLE" "$ID"
	[ "$output" = "" ]
	run -0 bash -c 'exec 3</; LISTEN_FDS=1 exec env LISTEN_PID=$$ "$RT" --root "$1" run --bundle "$2" "$3" 2>/dev/null' - "$ROOT" "$BUNDLE" "$ID"
	[ "$output" = "" ]
	running
	run -0 bash -c 'exec 3</; LISTEN_FDS=1 LISTEN_PID=1 exec "$RT" --root "$1" exec "$2" /bin/probe fds' - "$ROOT" "$ID"
	[ "$output" = "" ]
}

@test "exec: in a paused container, and --ignore-paused" {
	need_cgroup
	running
	rt pause "$ID"
	run -255 rt exec "$ID" true
	assert_output_has "cannot exec in a paused container"
	timeout 10 "$RT" --root "$ROOT" exec --ignore-paused "$ID" echo late >"$TMP/late" 3>&- &
	local background=$!
	sleep 0.3
	[ ! -s "$TMP/late" ]
	timeout 10 "$RT" --root "$ROOT" resume "$ID"
	wait "$background"
	[ "$(cat "$TMP/late")" = late ]
}

@test "exec: a terminal by process file and console socket, and in the foreground" {
	need_helper console_receiver
	need_helper pty
	running
	"$HELPERS/console_receiver" "$TMP/s" 31 77 </dev/null >"$TMP/console" 2>&1 3>&- &
	RECEIVER=$!
	wait_for 5 test -S "$TMP/s"
	process '.terminal = true | .args = ["/bin/sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo three; sleep 0.2"]'
	rt exec --process "$TMP/process.json" --detach --console-socket "$TMP/s" --pid-file "$TMP/pid" "$ID" </dev/null
	wait_for 5 grep -q three "$TMP/console"
	grep -qE '^payload [1-9][0-9]* fds 1$' "$TMP/console"
	process '.terminal = true | .args = ["/bin/probe", "winsize"] | .cwd = "/"'
	run -0 "$HELPERS/pty" 43 121 "$RT" --root "$ROOT" exec --process "$TMP/process.json" "$ID" </dev/null
	assert_output_has "43 121"
}

@test "exec: signals to the caller in the foreground arrive" {
	running
	"$RT" --root "$ROOT" exec "$ID" sh -c 'trap "echo got-term; exit 5" TERM; echo ready; while :; do sleep 0.05; done' >"$TMP/exec" 2>&1 </dev/null 3>&- &
	local caller=$! rc=0
	wait_for 5 grep -q ready "$TMP/exec"
	kill -TERM "$caller"
	wait "$caller" || rc=$?
	[ "$rc" = 5 ]
	grep -q got-term "$TMP/exec"
}

@test "exec: many at once" {
	running
	local i pids=()
	for i in 1 2 3 4 5 6; do
		rt exec "$ID" sh -c "exit $i" </dev/null 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6; do
		local rc=0
		wait "${pids[i - 1]}" || rc=$?
		[ "$rc" = "$i" ]
	done
}

@test "rlimits above the caller's, in a user namespace" {
	need_root
	prlimit --nofile=900:900 prlimit --nofile=900:901 true 2>/dev/null || skip "needs CAP_SYS_RESOURCE"
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 65536}]'
	config '.linux.gidMappings = .linux.uidMappings | .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 900, "hard": 5000}]'
	set_sh 'ulimit -Hn; sleep 60'
	prlimit --nofile=900:900 "$RT" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1
	wait_for 5 grep -q 5000 "$TMP/out"
	run -0 prlimit --nofile=900:900 "$RT" --root "$ROOT" exec "$ID" sh -c 'ulimit -n; ulimit -Hn'
	[ "$output" = $'900\n5000' ]
}

# ---- what is read from the outside ----

@test "ps: table and json, with what was exec'd; a stopped container is empty" {
	need_cgroup
	running
	rt exec -d --pid-file "$TMP/pid" "$ID" sleep 30 </dev/null >/dev/null 2>&1
	run -0 rt ps --format json "$ID"
	[ ${#lines[@]} = 1 ]
	[ "$(jq -c sort <<<"$output")" = "$(jq -nc --argjson a "$(pid_of)" --argjson b "$(cat "$TMP/pid")" '[$a, $b] | sort')" ]
	run -0 rt ps --format table "$ID"
	[[ ${lines[0]} == *PID* ]]
	[ ${#lines[@]} = 3 ]
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	run -0 rt ps --format json "$ID"
	[ "$output" = null ] || [ "$output" = "[]" ]
	run -1 rt ps none
	assert_output_has "does not exist"
	run -1 rt ps --format xml "$ID"
}

@test "events --stats: one object with the members that monitors read" {
	need_cgroup
	running
	run -0 rt events --stats "$ID"
	[ ${#lines[@]} = 1 ]
	jq -e --arg id "$ID" '.type == "stats" and .id == $id and (.data | has("cpu") and has("memory") and has("pids"))' <<<"$output"
	run -1 rt events --stats --interval 0 "$ID"
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	run -1 rt events --stats "$ID"
}

@test "update: resources from stdin, in both spellings, and from a file" {
	need_cgroup
	need_controller pids
	config '.linux.resources.pids = {limit: 50}'
	running
	local cg
	cg=$(cgroup2_mount)$(awk -F: '$1 == 0 {print $3}' "/proc/$(pid_of)/cgroup")
	run -0 rt update --resources=- "$ID" <<<'{"pids": {"limit": 33}}'
	[ -z "$output" ]
	[ "$(cat "$cg/pids.max")" = 33 ]
	run -0 rt update --resources - "$ID" <<<'{"pids": {"limit": 34}}'
	[ "$(cat "$cg/pids.max")" = 34 ]
	echo '{"pids": {"limit": 35}}' >"$TMP/resources"
	rt update -r "$TMP/resources" "$ID"
	[ "$(cat "$cg/pids.max")" = 35 ]
	rt update --pids-limit 36 "$ID"
	[ "$(cat "$cg/pids.max")" = 36 ]
}

@test "update: a broken document changes nothing and says where" {
	need_root
	running
	run -1 rt update --resources=- "$ID" <<<'{"pids": '
	[ -n "$output" ]
	run -1 rt update --resources=- "$ID" <<<'{"memory": {"limit": "many"}}'
	assert_output_has limit
	run -1 rt update --resources "$TMP/none" "$ID"
	assert_output_has "$TMP/none"
	[ "$(status_of)" = running ]
}

@test "features: pure JSON on stdout with what engines ask for" {
	run -0 --separate-stderr rt features
	[ -z "$stderr" ]
	jq -e '(.ociVersionMin | startswith("1.")) and (.ociVersionMax | startswith("1.")) and
		(.mountOptions | index("rro") and index("rbind") and index("idmap")) and
		(.linux.namespaces | index("user") and index("mount") and index("cgroup")) and
		.linux.mountExtensions.idmap.enabled and .linux.cgroup.v2 and .linux.cgroup.systemd != null and
		(.hooks | index("prestart") and index("poststop")) and (.linux.capabilities | index("CAP_SYS_ADMIN")) and
		.linux.seccomp.enabled' <<<"$output"
}

@test "--version: one line with the word, a commit, the specification" {
	run -0 --separate-stderr "$RT" --version
	[ -z "$stderr" ]
	[[ ${lines[0]} =~ ^[a-z]+\ version\ [0-9] ]]
	[ "$(grep -c version <<<"$output")" = 1 ]
	grep -q '^commit: ' <<<"$output"
	grep -q '^spec: 1' <<<"$output"
	run -0 "$RT" -v
}

@test "checkpoint and restore are not offered" {
	run "$RT" checkpoint --help
	[ "$status" -ne 0 ]
	run "$RT" restore --lsm-mount-context
	[ "$status" -ne 0 ]
	run "$RT" restore --image-path /x -no-subreaper x
	[ "$status" -ne 0 ]
}

@test "a missing value of a flag says so" {
	run "$RT" create --bundle
	[ "$status" -ne 0 ]
	[[ $output == *"flag needs an argument"* || $output == *"requires an argument"* ]]
	run "$RT" --no-such-flag state x
	[ "$status" -ne 0 ]
	assert_output_has no-such-flag
}

# ---- the log ----

@test "a failure is one JSON record in the log and the same words first on stderr" {
	set_args /nonexistent
	run -1 --separate-stderr rt --log "$TMP/log" --log-format json create --bundle "$BUNDLE" "$ID" </dev/null
	one_record "$TMP/log"
	[[ $stderr == *'exec: "/nonexistent"'* ]]
	[[ $(jq -r .msg "$TMP/log") == *'exec: "/nonexistent"'* ]]
	rm "$TMP/log"
	run -1 rt --log="$TMP/log" --log-format=json start none
	one_record "$TMP/log"
	run -1 rt --log "$TMP/log" --log-format json kill none 9
	[ "$(wc -l <"$TMP/log")" = 2 ]
	jq -se 'length == 2 and .[1].level == "error"' "$TMP/log"
}

@test "a wrong flag, too, is in the log" {
	run "$RT" --root "$ROOT" --log "$TMP/log" --log-format json create --no-such-flag x
	[ "$status" -ne 0 ]
	one_record "$TMP/log"
	rm "$TMP/log"
	run "$RT" --no-such-flag --log "$TMP/log" --log-format json create x
	[ "$status" -ne 0 ]
	one_record "$TMP/log"
}

@test "success is silent, in the log as well" {
	set_args /bin/sleep 60
	rt --log "$TMP/log" --log-format json create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null >"$TMP/all" 2>&1
	local verb
	for verb in start "exec $ID true" "kill $ID KILL"; do
		case $verb in
		start) set -- start "$ID" ;;
		exec*) set -- exec "$ID" true ;;
		kill*) set -- kill "$ID" KILL ;;
		esac
		rt --log "$TMP/log" --log-format json "$@" </dev/null >>"$TMP/all" 2>&1
	done
	wait_for 5 is_status stopped
	rt --log "$TMP/log" --log-format json delete "$ID" >>"$TMP/all" 2>&1
	[ ! -s "$TMP/all" ]
	[ ! -s "$TMP/log" ]
}

@test "flags given twice: the last counts" {
	set_args /bin/true
	rt --log "$TMP/log1" --root="$TMP/other" --log "$TMP/log2" --root="$ROOT" --log-format json run --bundle "$BUNDLE" "$ID" </dev/null
	[ ! -e "$TMP/other" ]
	run -1 rt --log "$TMP/log1" --log "$TMP/log2" state none
	[ ! -s "$TMP/log1" ]
	[ -s "$TMP/log2" ]
}

# ---- the environment of callers ----

@test "almost no environment: as engines call delete, kill and state" {
	running
	env -i "$RT" --root "$ROOT" state "$ID" >/dev/null
	env -i XDG_RUNTIME_DIR= "$RT" --root "$ROOT" exec "$ID" true
	env -i XDG_RUNTIME_DIR= "$RT" --root "$ROOT" kill "$ID" 9
	wait_for 5 is_status stopped
	run -0 env -i XDG_RUNTIME_DIR= "$RT" --root "$ROOT" delete --force "$ID"
	[ -z "$output" ]
}

@test "the default root does not move with an empty XDG_RUNTIME_DIR" {
	need_root
	run -1 env -i XDG_RUNTIME_DIR= "$RT" state "$ID"
	assert_output_has "does not exist"
	run -1 env -i "$RT" state "$ID"
	assert_output_has "does not exist"
}

@test "a signal that the caller ignores is not ignored in the container" {
	set_args /bin/probe status SigIgn
	run -0 bash -c 'trap "" PIPE HUP; exec "$RT" --root "$1" run --bundle "$2" "$3"' - "$ROOT" "$BUNDLE" "$ID"
	[[ $output =~ SigIgn:[[:space:]]*0000000000000000 ]]
}

@test "no process keeps the runtime's stdio once the container has its own" {
	set_sh 'exec >/dev/null 2>&1 </dev/null; sleep 60'
	local t=$SECONDS
	# The reader ends when all writers have: after start only the shell's redirection stands between.
	"$RT" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null > >(cat >/dev/null; echo end >"$TMP/eof") 2>&1 3>&-
	rt start "$ID"
	wait_for 10 test -s "$TMP/eof"
	[ "$(status_of)" = running ]
}

@test "create leaves one process: its parent is the reaper of the caller" {
	set_args /bin/sleep 60
	cat >"$TMP/parent.py" <<'PY'
import ctypes, os, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
# The container keeps its stdio: were it ours, whoever reads ours would wait for its end.
null = subprocess.DEVNULL
subprocess.check_call(sys.argv[1:], stdin=null, stdout=null, stderr=null)
children = open("/proc/self/task/%d/children" % os.getpid()).read().split()
print(" ".join(children), flush=True)
PY
	run -0 python3 "$TMP/parent.py" "$RT" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	[ "$output" = "$(pid_of)" ]
}

# ---- what outlives a call ----

@test "the record of an earlier version is readable" {
	local dir=$ROOT/old
	mkdir -m 700 "$ROOT"
	mkdir -m 700 "$dir"
	install -m 600 "$TOP/tests/fixtures/state/v1-identities.json" "$dir/state.json"
	run -0 rt state old
	jq -e '.status == "stopped" and .pid == 0 and .annotations.pid == "1"' <<<"$output"
	run -0 rt delete --force old
	mkdir -m 700 "$dir"
	install -m 600 "$TOP/tests/fixtures/state/v1.json" "$dir/state.json"
	run -0 rt state old
	jq -e '.id == "old" and .status == "stopped" and .pid == 0 and .bundle == "/var/lib/engine/old" and .annotations.kept == "yes"' <<<"$output"
	run -0 rt list -q
	[ "$output" = old ]
	run -1 rt kill old TERM
	assert_output_has "container not running"
	run -0 rt delete old
	[ ! -e "$dir" ]
}

@test "a record of a later version is refused, and can be deleted by force" {
	mkdir -m 700 "$ROOT"
	mkdir -m 700 "$ROOT/new"
	jq '.version = 1000 | .id = "new"' "$TOP/tests/fixtures/state/v1.json" >"$ROOT/new/state.json"
	chmod 600 "$ROOT/new/state.json"
	run -1 rt state new
	assert_output_has record 1000
	rt delete --force new
	[ ! -e "$ROOT/new" ]
}

@test "another copy of the program goes on with what one began" {
	cp "$RT" "$TMP/knarr-one"
	set_args /bin/sleep 60
	"$TMP/knarr-one" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	# As package managers replace a program: the name leads to another file.
	rm "$TMP/knarr-one"
	rt start "$ID"
	run -0 rt exec "$ID" echo again
	[ "$output" = again ]
	cp "$RT" "$TMP/knarr-two"
	"$TMP/knarr-two" --root "$ROOT" kill "$ID" KILL
	wait_for 5 is_status stopped
	rt delete "$ID"
}

@test "the program's file can be overwritten while containers run" {
	cp "$RT" "$TMP/knarr-one"
	set_args /bin/sleep 60
	"$TMP/knarr-one" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
	# Nothing of it is being executed, so this is not "text file busy".
	cat "$RT" >"$TMP/knarr-one"
	"$TMP/knarr-one" --root "$ROOT" exec "$ID" true
}

@test "exec, kill and delete without the bundle" {
	running
	mv "$BUNDLE/config.json" "$TMP/moved.json"
	run -0 rt exec "$ID" echo still
	[ "$output" = still ]
	rt kill "$ID" KILL
	wait_for 5 is_status stopped
	rm -rf "$BUNDLE"
	run -0 rt state "$ID"
	run -0 rt delete "$ID"
	[ -z "$output" ]
}

@test "delete, then delete --force: as the shim's cleanup does" {
	running
	rt kill "$ID" 9
	wait_for 5 is_status stopped
	run -0 rt kill --all "$ID" 9
	[ -z "$output" ]
	run -0 rt delete "$ID"
	run -0 rt delete --force "$ID"
	[ -z "$output" ]
}

@test "a failed create leaves nothing for delete --force to complain about" {
	set_args /nonexistent
	run -1 rt create --bundle "$BUNDLE" "$ID" </dev/null
	assert_clean
	run -0 rt delete --force "$ID"
	[ -z "$output" ]
}

@test "annotations for systemd's scope change nothing without systemd" {
	config '.annotations = {"org.systemd.property.KillSignal": "15", "org.systemd.property.TimeoutStopUSec": "uint64 10000000", "org.opencontainers.image.stopSignal": "15"}'
	set_args /bin/true
	rt run --bundle "$BUNDLE" "$ID" </dev/null
}

@test "a failure is the only record of a JSON log file, warnings or not, and comes first on stderr" {
	config '.process.capabilities.bounding += ["CAP_TELEPORT"] | .process.args = ["/no/such/program"]'
	run -1 rt --log "$TMP/log" --log-format json create --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$(jq -s length "$TMP/log")" = 1 ]
	jq -e '.level == "error" and (.msg | contains("/no/such/program")) and (.warnings | length) == 1 and (.warnings[0] | contains("CAP_TELEPORT"))' "$TMP/log"
	[[ $output != *TELEPORT* ]]
	run -1 rt create --bundle "$BUNDLE" "$ID"
	[[ ${lines[0]} == *"/no/such/program"* ]]
	[[ ${lines[1]} == "warning: "*CAP_TELEPORT* ]]
}

@test "later verbs do not repeat what create has warned of" {
	config '.process.capabilities.bounding += ["CAP_TELEPORT"] | .annotations = {"run.oci.keep_original_groups": "1"}'
	set_args /bin/sleep 100
	rt create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$TMP/err"
	grep -q TELEPORT "$TMP/err"
	for verb in "start $ID" "exec $ID /bin/true" "state $ID" "kill $ID KILL"; do
		"$RT" --root "$ROOT" $verb </dev/null >/dev/null 2>"$TMP/err"
		[ ! -s "$TMP/err" ]
	done
	wait_for 10 is_status stopped
	"$RT" --root "$ROOT" delete "$ID" 2>"$TMP/err"
	[ ! -s "$TMP/err" ]
}
