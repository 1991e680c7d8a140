#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rootless: an ordinary user's containers. Root runs the cases as the user knarr-test, an ordinary user as itself.
load helpers

setup() {
	setup_bundle
	if is_root; then
		id knarr-test >/dev/null 2>&1 || useradd --create-home knarr-test 2>/dev/null || skip "needs root that may add the user knarr-test"
		AS=(setpriv --reuid knarr-test --regid knarr-test --init-groups --reset-env)
		WHO=knarr-test
		mkdir -m 700 "$TMP/run"
		chmod 755 "$BATS_RUN_TMPDIR" "$TMP"
		"${AS[@]}" test -x "$RT" || skip "needs root to have a program that others may run"
		chown -R knarr-test: "$TMP"
	else
		AS=()
		WHO=$(id -un)
	fi
	"${AS[@]}" unshare -U true 2>/dev/null || skip "no user namespaces for ordinary users here"
	as "$RT" --root "$ROOT" spec --rootless --file "$BUNDLE/config.rootless"
	mv -f "$BUNDLE/config.rootless" "$BUNDLE/config.json"
	config '.process.terminal = false'
	chmod 644 "$BUNDLE/config.json"
}
teardown() {
	# The state is the user's.
	[ -z "${WHO:-}" ] || [ ! -d "$ROOT" ] || as "$RT" --root "$ROOT" delete --force "$ID" || true
	teardown_bundle
}
as() { (cd "$TMP" && "${AS[@]}" "$@"); }
run_as() { run -"$1" as "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"; }
edit() {
	config "$@"
	chmod 644 "$BUNDLE/config.json"
}

@test "spec --rootless runs: root inside, the user outside" {
	edit '.process.args = ["/bin/sh", "-c", "/bin/probe ids; cat /proc/self/uid_map | tr -s \" \"; exit 15"]'
	run_as 15
	assert_output_has "uid=0,0,0" "0 $(id -u "$WHO") 1"
}

@test "create, start, exec, kill, delete" {
	edit '.process.args = ["/bin/sleep", "60"]'
	as "$RT" --root "$ROOT" create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null >/dev/null 2>"$TMP/err" || { cat "$TMP/err"; return 1; }
	[ "$(stat -c %U "/proc/$(cat "$TMP/pid")")" = "$WHO" ] || true
	as "$RT" --root "$ROOT" start "$ID"
	run -4 as "$RT" --root "$ROOT" exec "$ID" /bin/sh -c 'exit 4'
	as "$RT" --root "$ROOT" kill "$ID" KILL
	stopped() { [ "$(as "$RT" --root "$ROOT" state "$ID" | jq -r .status)" = stopped ]; }
	wait_for 20 stopped
	as "$RT" --root "$ROOT" delete "$ID"
}

@test "ranges of /etc/subuid by newuidmap" {
	need_tool newuidmap
	local sub
	sub=$(awk -F: -v w="$WHO" '$1 == w {print $2 ":" $3; exit}' /etc/subuid 2>/dev/null)
	[ -n "$sub" ] || skip "needs root to give the user a range in /etc/subuid"
	edit '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}, {containerID: 1, hostID: $s, size: 1000}] | .linux.gidMappings = [{containerID: 0, hostID: $g, size: 1}, {containerID: 1, hostID: $s, size: 1000}]
		| .process.user = {uid: 7, gid: 8} | .process.args = ["/bin/probe", "ids"]' \
		--argjson u "$(id -u "$WHO")" --argjson g "$(id -g "$WHO")" --argjson s "${sub%:*}"
	run as "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == "uid=7,7,7 gid=8,8,8 "* ]]
}

@test "a range that is not the user's is refused and says so" {
	edit '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 5}]'
	run as "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" = 1 ]
	assert_output_has config.json:
	[ -z "$(ls "$ROOT" 2>/dev/null)" ]
}

@test "the default state root is in XDG_RUNTIME_DIR" {
	mkdir -p "$TMP/run"
	chmod 700 "$TMP/run"
	! is_root || chown knarr-test: "$TMP/run"
	edit '.process.args = ["/bin/true"]'
	run -0 as env XDG_RUNTIME_DIR="$TMP/run" "$RT" run --bundle "$BUNDLE" "$ID"
	[ -d "$TMP/run/knarr" ]
}

@test "exec takes the oom_score_adj of the config" {
	edit '.process.oomScoreAdj = 123 | .process.args = ["/bin/sleep", "60"]'
	as "$RT" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>"$TMP/err" || { cat "$TMP/err"; return 1; }
	run -0 as "$RT" --root "$ROOT" exec "$ID" /bin/cat /proc/self/oom_score_adj
	assert_output_has 123
}

@test "--require: what an ordinary user cannot have is named" {
	need_knarr
	edit '.process.args = ["/bin/true"]'
	run_as 0
	[ -z "$output" ]
	run -0 as "$RT" --root "$ROOT" --debug run --bundle "$BUNDLE" "$ID"
	# Without privilege a procfs of one's own takes a user namespace first.
	assert_output_has "no private-procfs: "
	run -1 as "$RT" --root "$ROOT" --require=private-procfs run --bundle "$BUNDLE" "$ID"
	assert_output_has "'private-procfs' is missing, which --require names"
	run -1 as "$RT" --root "$ROOT" --require=all run --bundle "$BUNDLE" "$ID"
	assert_output_has "which --require names"
}

@test "--require=cgroup: a user with no place for cgroups, or with one" {
	need_knarr
	edit '.process.args = ["/bin/true"] | del(.linux.resources)'
	run -0 as "$RT" --root "$ROOT" --log-level=info run --bundle "$BUNDLE" "$ID"
	if [[ $output == *"info: no cgroup: "* ]]; then
		run -1 as "$RT" --root "$ROOT" --require=cgroup run --bundle "$BUNDLE" "$ID"
		assert_output_has "'cgroup' is missing, which --require names"
	else
		run -0 as "$RT" --root "$ROOT" --require=cgroup run --bundle "$BUNDLE" "$ID"
		# There is one, but no right to load a program.
		edit '.linux.resources.devices = [{allow: false, access: "rwm"}]'
		run_as 0
		run -1 as "$RT" --root "$ROOT" --require=device-program run --bundle "$BUNDLE" "$ID"
		assert_output_has "'device-program' is missing, which --require names"
	fi
}

@test "the null device that an ordinary user passes is out of the container's reach" {
	local before
	is_root || skip "needs root that may make a device node"
	mknod -m 666 "$TMP/null" c 1 3
	before=$(stat -c '%a %u:%g %Y' "$TMP/null")
	edit '.process.args = ["/bin/sh", "-c", "busybox chmod 600 /proc/self/fd/0 2>&1; busybox chown 1 /proc/self/fd/0 2>&1; cat"]'
	run -0 as "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$TMP/null"
	[[ $output == *"not permitted"* || $output == *"ead-only"* ]]
	[ "$(stat -c '%a %u:%g %Y' "$TMP/null")" = "$before" ]
	# a node that the user owns is replaced
	chown "$WHO" "$TMP/null"
	before=$(stat -c '%a %u:%g %Y' "$TMP/null")
	run -0 as "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$TMP/null"
	echo "$output"
	[[ $output == *"ead-only"* ]]
	[ "$(stat -c '%a %u:%g %Y' "$TMP/null")" = "$before" ]
}
