#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# errors: each one names its true cause and the place in config.json, fails, and leaves nothing behind.
load helpers

setup() {
	setup_bundle
	set_args /bin/true
}
teardown() { teardown_bundle; }

# at JQ-PATH-EXPRESSION: "config.json:LINE:" of that value in the file as jq wrote it, one value a line.
at_text() {
	local n
	n=$(line_of "$1")
	[ -n "$n" ] || return 1
	echo "config.json:$n:"
}

@test "config.json: missing" {
	rm "$BUNDLE/config.json"
	fails_with config.json "No such file"
}

@test "bundle: missing" {
	run -1 rt run --bundle "$TMP/none" "$ID"
	assert_output_has "$TMP/none" "does not exist"
	run -1 rt create --bundle "$TMP/none" "$ID"
	assert_output_has "$TMP/none" "does not exist"
}

@test "config.json: JSON syntax" {
	printf '{\n  "ociVersion": "1.0.0",\n  "process": {,}\n}\n' >"$BUNDLE/config.json"
	fails_with config.json:3:
	printf '{\n  "ociVersion": "1.0.0"' >"$BUNDLE/config.json"
	fails_with config.json:2:
	: >"$BUNDLE/config.json"
	fails_with config.json
	printf '{"ociVersion": "1.0.0"} x' >"$BUNDLE/config.json"
	fails_with config.json:1:
}

@test "config.json: a duplicate key" {
	printf '{\n"ociVersion": "1.0.0",\n"hostname": "a",\n"hostname": "b"}\n' >"$BUNDLE/config.json"
	fails_with config.json:4: hostname duplicate
}

@test "config.json: wrong types" {
	config '.process.args = "sh"'
	fails_with "$(at_text '"args"')" args array string
	set_args /bin/true
	config '.process.terminal = "no"'
	fails_with "$(at_text '"terminal"')" terminal "true or false"
	config '.process.terminal = false | .process.user.uid = "root"'
	fails_with "$(at_text '"uid"')" uid integer
	config '.process.user.uid = 0 | .mounts = {}'
	fails_with "$(at_text '"mounts"')" mounts array
	config '.mounts = [] | .process.env = ["A=b", 7]'
	fails_with config.json: env string
}

@test "config.json: a number out of range" {
	config '.process.user.uid = 4294967295'
	fails_with "$(at_text '"uid"')" 4294967295
	config '.process.user.uid = -1'
	fails_with "$(at_text '"uid"')" "not -1"
	config '.process.user.uid = 1.5'
	fails_with "$(at_text '"uid"')" 1.5
	config '.process.user.uid = 99999999999999999999'
	fails_with "$(at_text '"uid"')"
}

@test "namespaces: an unknown type, the same twice, a relative path" {
	config '.linux.namespaces += [{type: "quantum"}]'
	fails_with "$(at_text quantum)" quantum
	write_spec
	config '.linux.namespaces += [{type: "uts"}]'
	fails_with config.json: uts
	write_spec
	config '.linux.namespaces |= map(if .type == "uts" then .path = "relative/ns" else . end)'
	fails_with "$(at_text relative/ns)" relative/ns
}

@test "namespaces: a path that is missing or of another type" {
	need_root
	config '.linux.namespaces |= map(if .type == "ipc" then .path = "/no/such/ns" else . end)'
	fails_with "$(at_text /no/such/ns)" /no/such/ns "No such file"
	write_spec
	config '.linux.namespaces |= map(if .type == "ipc" then .path = "/proc/self/ns/uts" else . end)'
	fails_with "$(at_text /proc/self/ns/uts)" /proc/self/ns/uts
}

@test "capabilities: an unknown one is dropped with a warning" {
	config '.process.capabilities.bounding += ["CAP_TELEPORT"]'
	run -0 rt run --bundle "$BUNDLE" "$ID"
	assert_output_has "warning: " CAP_TELEPORT
	run -0 rt --log-level error run --bundle "$BUNDLE" "$ID"
	[ -z "$output" ]
}

@test "mounts: an unknown option for a bind, an unknown file system" {
	config '.mounts += [{destination: "/x", source: "tmpfs", type: "tmpfs", options: ["bogusoption=1"]}]'
	fails_with config.json: bogusoption
	write_spec
	config '.mounts += [{destination: "/x", source: "none", type: "nosuchfs"}]'
	fails_with "$(at_text nosuchfs)" nosuchfs "/x" "No such device"
}

@test "mounts: source missing" {
	config '.mounts += [{destination: "/x", source: "/no/such/source", type: "bind", options: ["bind"]}]'
	fails_with "$(at_text /no/such/source)" /no/such/source "No such file"
}

@test "mounts: a target through a link that leaves the root stays inside" {
	mkdir -p "$TMP/outside"
	ln -s "$TMP/outside" "$BUNDLE/rootfs/way"
	ln -s ../../../../../../../../../../.. "$BUNDLE/rootfs/up"
	config '.mounts += [{destination: "/way/in", source: "tmpfs", type: "tmpfs"},
		{destination: "/up/tmp/here", source: "tmpfs", type: "tmpfs"}]'
	set_sh 'grep -c " /tmp/here " /proc/self/mountinfo; grep -c outside/in /proc/self/mountinfo'
	run rt run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ -z "$(ls "$TMP/outside")" ]
	[ ! -e /tmp/here ]
	if [ "$status" = 0 ]; then [ "${lines[0]}" = 1 ] && [ "${lines[1]}" = 1 ]; fi
}

@test "mounts: the destination is a file where a folder is needed" {
	echo file >"$BUNDLE/rootfs/plain"
	config '.mounts += [{destination: "/plain", source: "tmpfs", type: "tmpfs"}]'
	fails_with config.json: /plain "not a directory"
}

@test "program: not found, by name and by path" {
	set_args nosuchprogram
	fails_with 'exec: "nosuchprogram": executable file not found in $PATH' config.json:
	set_args /no/such/program
	fails_with 'exec: "/no/such/program"' "no such file or directory" config.json:
	set_args ''
	fails_with 'exec: "": executable file not found in $PATH' config.json:
}

@test "program: not executable, a directory" {
	echo text >"$BUNDLE/rootfs/plain"
	chmod 644 "$BUNDLE/rootfs/plain"
	set_args /plain
	fails_with 'exec: "/plain": ' config.json:
	[[ ${output,,} == *"permission denied"* ]]
	set_args /etc
	fails_with 'exec: "/etc": is a directory' config.json:
	[[ ${output,,} == *"permission denied"* ]]
}

@test "program: of another architecture, a script without its interpreter, no format" {
	printf '\177ELF\001\001\001\0\0\0\0\0\0\0\0\0\002\0\050\0\001\0\0\0' >"$BUNDLE/rootfs/foreign"
	head -c 200 /dev/zero >>"$BUNDLE/rootfs/foreign"
	chmod 755 "$BUNDLE/rootfs/foreign"
	set_args /foreign
	run rt run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	assert_output_has /foreign "xec format error"
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	set_args /script
	run rt run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	assert_output_has /script "o such file"
	assert_clean
}

@test "start tells why the program does not run" {
	printf '#!/no/interpreter\n' >"$BUNDLE/rootfs/script"
	chmod 755 "$BUNDLE/rootfs/script"
	set_args /script
	run rt create --bundle "$BUNDLE" "$ID" </dev/null
	if [ "$status" = 0 ]; then
		run rt start "$ID"
		[ "$status" -ne 0 ]
	fi
	assert_output_has /script "o such file"
}

@test "cwd: cannot be made, not absolute" {
	config '.process.cwd = "/proc/no/such"'
	fails_with "$(at_text '"cwd"')" /proc/no/such
	config '.process.cwd = "relative"'
	fails_with "$(at_text '"cwd"')" cwd relative
}

@test "cwd: a file" {
	echo x >"$BUNDLE/rootfs/plain"
	config '.process.cwd = "/plain"'
	fails_with "$(at_text '"cwd"')" /plain "Not a directory"
}

@test "rootfs: missing, a file" {
	config '.root.path = "nowhere"'
	fails_with "$(at_text nowhere)" nowhere "No such file"
	echo x >"$BUNDLE/plain"
	config '.root.path = "plain"'
	fails_with config.json: plain "not a directory"
}

@test "a cgroup controller that is missing" {
	need_root
	[ -n "$(cgroup2_mount)" ] || skip "no cgroup v2 controller tree"
	! has_controller memory || skip "no cgroup v2 controller is missing here"
	config '.linux.resources = {memory: {limit: 104857600}}'
	fails_with "$(at_text '"limit"')" memory controller
}

@test "rlimit: above the hard limit" {
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 50}]'
	fails_with config.json: rlimits "soft limit (100) above the hard limit (50)"
	config '.process.rlimits = [{type: "RLIMIT_BOGUS", soft: 1, hard: 1}]'
	fails_with "$(at_text RLIMIT_BOGUS)" RLIMIT_BOGUS
	config '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1000000000000, hard: 1000000000000}]'
	fails_with config.json: RLIMIT_NOFILE
}

@test "sysctl: not of a namespace of the container" {
	need_root
	config '.linux.sysctl = {"kernel.panic": "1"}'
	fails_with "$(at_text kernel.panic)" kernel.panic
}

@test "seccomp: an unknown action" {
	config '.linux.seccomp = {defaultAction: "SCMP_ACT_BOGUS"}'
	fails_with "$(at_text SCMP_ACT_BOGUS)" SCMP_ACT_BOGUS
}

@test "id in use; container missing" {
	set_args /bin/sleep 60
	rt_create
	run -1 rt create --bundle "$BUNDLE" "$ID"
	assert_output_has "container with given ID already exists"
	local verb
	for verb in start state kill pause resume ps delete "exec none /bin/true;" "update" "events"; do
		case $verb in
		exec*) run rt exec none /bin/true ;;
		update) run rt update --memory 100M none ;;
		*) run rt "$verb" none ;;
		esac
		echo "$verb: $status $output"
		[ "$status" -ne 0 ]
		assert_output_has "container does not exist"
	done
}

@test "no permission to make a user namespace" {
	need_root
	[ -w /proc/sys/user/max_user_namespaces ] || skip "needs root of the host: user.max_user_namespaces is not writable"
	# The limit counts per user namespace: a private one of its own keeps the host's as it is.
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	run unshare -Ur bash -c "echo 0 >/proc/sys/user/max_user_namespaces && exec \"\$RT\" --root '$ROOT' run --bundle '$BUNDLE' '$ID'"
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"user namespace"* ]]
	[[ $output == *"max_user_namespaces"* || $output == *"No space left"* ]]
}

@test "text log: the record in the file, the message on stderr" {
	config '.root.path = "nowhere"'
	run -1 rt --log "$TMP/log" create --bundle "$BUNDLE" "$ID"
	[ ${#lines[@]} = 1 ]
	assert_output_has nowhere config.json:
	[ "$(wc -l <"$TMP/log")" = 1 ]
	grep -q nowhere "$TMP/log"
	grep -qE '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}' "$TMP/log"
	grep -q error "$TMP/log"
}

@test "JSON log: exactly one object, RFC3339 time, appended" {
	config '.root.path = "nowhere"'
	run -1 rt --log "$TMP/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ ${#lines[@]} = 1 ]
	[ "$(wc -l <"$TMP/log")" = 1 ]
	jq -se 'length == 1 and .[0].level == "error" and (.[0].msg | contains("nowhere")) and
		(.[0].time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"))' "$TMP/log"
	run -1 rt --log="$TMP/log" --log-format=json start none
	jq -se 'length == 2 and (.[1].msg | contains("container does not exist"))' "$TMP/log"
}

@test "JSON log: a good run writes nothing, but the file is there" {
	run -0 rt --log "$TMP/log" --log-format json run --bundle "$BUNDLE" "$ID"
	[ -z "$output" ]
	[ -e "$TMP/log" ]
	[ ! -s "$TMP/log" ]
}

@test "JSON log: errors of the command line land in it" {
	run -1 rt --log "$TMP/log" --log-format json create --no-such-flag "$ID"
	jq -se 'length == 1 and (.[0].msg | contains("no-such-flag"))' "$TMP/log"
}

@test "JSON log: hostile bytes in a name stay one valid object" {
	set_args $'/no/such\n"quoted"\tü\e[31m'
	run -1 rt --log "$TMP/log" --log-format json create --bundle "$BUNDLE" "$ID"
	[ "$(wc -l <"$TMP/log")" = 1 ]
	jq -se 'length == 1' "$TMP/log"
	[[ $output != *$'\e'* ]]
}

@test "a rootfs that is closed to the container's root, or to who checks it" {
	need_root
	need_knarr
	# outside of the folders of bats, which are closed themselves
	OPEN=$(mktemp -d /tmp/knarr-closed.XXXXXX)
	chmod 755 "$OPEN"
	cp -r "$BUNDLE" "$OPEN/b"
	chmod 700 "$OPEN/b/rootfs"
	jq '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' "$BUNDLE/config.json" >"$OPEN/b/config.json"
	run rt run --bundle "$OPEN/b" "$ID"
	local first=$output
	cp "$RT" "$OPEN/knarr"
	run setpriv --reuid 65533 --regid 65533 --clear-groups "$OPEN/knarr" check "$OPEN/b"
	rm -rf "$OPEN"
	[[ $output == *"cannot look into rootfs"*"ermission denied"* && $output != *PATH* ]]
	[[ $first == *"config.json:"*"may not enter the root filesystem"* ]]
}

@test "arguments that are too large: the size, the limit and the largest are named" {
	need_knarr
	jq '.process.env += ["BIG=" + ("x" * 140000)]' "$BUNDLE/config.json" >"$TMP/one.json"
	run -1 rt run --bundle "$BUNDLE" --config "$TMP/one.json" "$ID"
	assert_output_has "'BIG' has 140005 bytes, the limit of one string is 131072" "Argument list too long"
	jq '.process.env += [range(70) | "V\(.)=" + ("x" * 100000)]' "$BUNDLE/config.json" >"$TMP/all.json"
	run -1 rt run --bundle "$BUNDLE" --config "$TMP/all.json" "$ID"
	assert_output_has "the arguments and the environment have 70" "the limit is " "shorten the largest, 'V10' of 100005 bytes"
}

@test "few file descriptors are enough" {
	need_knarr
	local n
	config 'del(.process.rlimits)'
	set_args /bin/true
	for n in 20 24 32 48; do
		# what bats has open would count
		run bash -c 'for f in {3..19}; do eval "exec $f>&-"; done; ulimit -Sn "$1"; shift; exec "$@"' bash "$n" "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		echo "$n: $status $output"
		[ "$status" = 0 ]
	done
}

# What a terminal obeys: ESC, DEL, and U+0080 to U+009F, in UTF-8 or as one byte.
steers_no_terminal() {
	python3 -c '
import re, sys
text = open(sys.argv[1], "rb").read()
rest = re.sub(rb"[\xc3-\xf4][\x80-\xbf]+|\xc2[\xa0-\xbf]", b"", text)
sys.exit(bool(re.search(rb"[^\n\t\x20-\x7e]", rest)))' "$1"
}

@test "shown names steer no terminal: errors, debug lines, the log, the plan" {
	local name='m\u009b31m\u001b[1m\u007f'
	config '.mounts += [{destination: "/'"$name"'", type: "tmpfs", source: "'"$name"'"}]'
	rt --log-level debug plan "$BUNDLE" >"$TMP/plan"
	grep -q 'm\\xc2\\x9b31m' "$TMP/plan"
	steers_no_terminal "$TMP/plan"
	rt --log-level debug run --bundle "$BUNDLE" "$ID" >"$TMP/debug" 2>&1 || true
	steers_no_terminal "$TMP/debug"
	config '.mounts[-1] |= (.type = "bind" | .options = ["bind"] | .source = "/nowhere/'"$name"'")'
	for format in text json; do
		rt --log "$TMP/log" --log-format $format run --bundle "$BUNDLE" "$ID" >"$TMP/error" 2>&1 || true
		grep -q nowhere "$TMP/error"
		steers_no_terminal "$TMP/error"
		grep -q nowhere "$TMP/log"
		steers_no_terminal "$TMP/log"
		rm "$TMP/log"
	done
}

@test "the output of a hook steers no terminal" {
	cat >"$H/hook" <<'EOF'
#!/bin/sh
printf 'first\nlast\233m\302\233m\033[1m' >&2
exit 3
EOF
	chmod 755 "$H/hook"
	config '.hooks.createRuntime = [{path: $p}]' --arg p "$H/hook"
	rt --log-level debug run --bundle "$BUNDLE" "$ID" >"$TMP/error" 2>&1 || true
	grep -q last "$TMP/error"
	steers_no_terminal "$TMP/error"
}
