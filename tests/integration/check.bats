#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check: it says before what run would say after, all at once, and changes nothing.
load helpers

setup() {
	need_knarr
	setup_bundle
}
teardown() { [ -z "${TMP:-}" ] || teardown_bundle; }

FIXTURES=$BATS_TEST_DIRNAME/../fixtures
rt_check() { run -"${1:-0}" rt check "${@:2}" "$BUNDLE"; }
# The verdicts of check and run are the same; run's program is one that ends at once.
agrees() { # file
	local c=0 r=0
	cp "$1" "$BUNDLE/config.json"
	rt check "$BUNDLE" </dev/null >"$TMP/check" 2>&1 || c=$?
	timeout 10 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/run" 2>&1 || r=$?
	# What the program itself answers does not count.
	if [ "$r" != 0 ] && ! grep -q . "$TMP/run"; then r=0; fi
	[ $((c != 0)) = $((r != 0)) ] || {
		echo "$(basename "$1"): check $c, run $r" >&2
		sed 's/^/check: /' "$TMP/check" >&2
		sed 's/^/run: /' "$TMP/run" >&2
		return 1
	}
}

@test "a sound bundle: no finding, exit 0, and nothing is made" {
	set_args /bin/true
	rt_check 0
	[ -z "$output" ]
	[ ! -e "$ROOT" ]
}

@test "the broken fixtures: the verdict is that of run" {
	local f failed=0
	for f in "$FIXTURES"/broken/*.json; do agrees "$f" || failed=1; done
	[ $failed = 0 ]
}

@test "the broken fixtures: each finding has its place" {
	local f
	for f in "$FIXTURES"/broken/*.json; do
		cp "$f" "$BUNDLE/config.json"
		run rt check "$BUNDLE"
		[ "$status" -ne 0 ]
		[[ $output =~ config.json:[0-9]+:[0-9]+:\ error: ]] || { echo "$f: $output"; return 1; }
	done
}

@test "the valid fixtures: the verdict is that of run" {
	local f failed=0
	for f in "$FIXTURES"/valid/*.json; do
		# Where they are: with our rootfs and a program that ends at once.
		jq '.root.path = "rootfs" | .process.terminal = false | .process.args = ["/bin/true"]' "$f" >"$TMP/f.json"
		agrees "$TMP/f.json" || { echo "^ $f" >&2; failed=1; }
	done
	[ $failed = 0 ]
}

@test "every problem at once" {
	config '.process.args = ["/bin/absent"] | .process.cwd = "/etc/passwd" | .mounts += [{destination: "/m", type: "bind", source: $s}]
		| .hooks.createRuntime = [{path: $h}]' --arg s "$H/no-source" --arg h "$H/no-hook"
	rt_check 1
	assert_output_has /bin/absent /etc/passwd "$H/no-source" "$H/no-hook"
}

@test "a typo is answered with the nearest word" {
	config '.process.noNewPrivilege = true | .linux.maskedPath = []'
	set_args /bin/true
	rt_check 0
	assert_output_has "warning" noNewPrivileges maskedPaths
	config '.linux.namespaces[0].type = "pidd"'
	rt_check 1
	assert_output_has "did you mean" pid
}

@test "--json: the same as one array" {
	config '.process.args = ["/bin/absent"] | .process.cwdd = "x"'
	run --separate-stderr rt check --json "$BUNDLE"
	[ "$status" -ne 0 ]
	echo "$output" | jq -e 'map(select(.level == "error" and (.msg | contains("/bin/absent")) and .line > 0 and .column > 0)) | length == 1'
	echo "$output" | jq -e 'map(select(.level == "warning")) | length >= 1'
}

@test "--json: a sound bundle is an empty array" {
	set_args /bin/true
	run --separate-stderr rt check --json "$BUNDLE"
	[ "$status" = 0 ]
	[ "$output" = "[]" ]
}

# same JQ-FILTER...: the verdict is that of run for what the host has to say.
same() {
	write_spec
	set_args /bin/true
	config "$@"
	cp "$BUNDLE/config.json" "$TMP/same.json"
	agrees "$TMP/same.json"
}

@test "the host's refusals: the verdict is that of run" {
	local failed=0
	same '.root.path = "absent"' || failed=1
	same '.process.args = ["absent"]' || failed=1
	same '.process.args = ["/etc"]' || failed=1
	same '.process.args = ["/etc/passwd"]' || failed=1
	same '.process.args = ["bin/true"]' || failed=1
	same '.process.args = ["true"] | .process.env = ["PATH=/nowhere"]' || failed=1
	same '.process.cwd = "/etc/passwd"' || failed=1
	same '.process.cwd = "/absent/below"' || failed=1
	same '.process.apparmorProfile = "absent-profile"' || failed=1
	same '.process.selinuxLabel = "a:b:c:s0"' || failed=1
	same '.linux.mountLabel = "a:b:c:s0"' || failed=1
	same '.linux.intelRdt = {closID: "x"}' || failed=1
	same '.linux.netDevices = {"knarr-absent": {}}' || failed=1
	same '.linux.namespaces += [{type: "time", path: "/proc/self/ns/net"}]' || failed=1
	same '(.linux.namespaces[] | select(.type == "network")).path = "/nowhere"' || failed=1
	same '.linux.sysctl = {"kernel.core_pattern": "x"}' || failed=1
	same '.linux.sysctl = {"net.ipv4.ip_forward": "0"}' || failed=1
	same '.linux.sysctl = {"net.absent.key": "0"}' || failed=1
	same '.mounts += [{destination: "/m", type: "nonsensefs", source: "x"}]' || failed=1
	same '.mounts += [{destination: "/proc/sys", type: "tmpfs", source: "x"}]' || failed=1
	same '.mounts += [{destination: "/", type: "tmpfs", source: "x"}]' || failed=1
	same '.hooks.prestart = [{path: "/bin/absent"}]' || failed=1
	same '.hooks.startContainer = [{path: "/bin/absent"}]' || failed=1
	same '.hooks.createContainer = [{path: "/bin/absent"}]' || failed=1
	same '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["bind"], action: "SCMP_ACT_NOTIFY"}], listenerPath: "/nowhere"}' || failed=1
	same '.linux.resources.memory = {limit: 100000000}' || failed=1
	same '.linux.resources.unified = {"nonsense.max": "1"}' || failed=1
	same '.linux.cgroupsPath = "/a/b"' || failed=1
	same '.process.scheduler = {policy: "SCHED_BATCH"}' || failed=1
	same '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "900-901"}' || failed=1
	same '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "900,0"}' || failed=1
	same '.mounts += [{destination: "/etc", source: "/etc/hosts", type: "bind", options: ["bind"]}]' || failed=1
	same '.mounts += [{destination: "/etc/passwd", source: "/etc", type: "bind", options: ["bind"]}]' || failed=1
	same '.mounts += [{destination: "/etc/passwd", source: "tmpfs", type: "tmpfs"}]' || failed=1
	same '.mounts += [{destination: "/etc/passwd/x", source: "tmpfs", type: "tmpfs"}]' || failed=1
	same '.mounts += [{destination: "/tmp", source: "tmpfs", type: "tmpfs"}, {destination: "/tmp/f", source: "/etc/hosts", type: "bind", options: ["bind"]}]' || failed=1
	mkdir "$BUNDLE/rootfs/tmp/f"
	ln -s tmp "$BUNDLE/rootfs/link"
	same '.mounts += [{destination: "/tmp/f", source: "/etc/hosts", type: "bind", options: ["bind"]}]' || failed=1
	same '.mounts += [{destination: "/link/f", source: "/etc/hosts", type: "bind", options: ["bind"]}]' || failed=1
	same '.mounts += [{destination: "/tmp", source: "tmpfs", type: "tmpfs"}, {destination: "/link/f", source: "/etc/hosts", type: "bind", options: ["bind"]}]' || failed=1
	[ $failed = 0 ]
}

# same_for_user UID GID GROUPS: the verdict on /d/program, whose modes and owners the caller has set.
same_for_user() {
	same '.process.args = ["/d/program", "umask"] | .process.user = {uid: $u, gid: $g, additionalGids: $a} | .process.capabilities = {}' \
		--argjson u "$1" --argjson g "$2" --argjson a "[$3]"
}

@test "a program below a mount: the image's own file there says nothing" {
	local failed=0 d=$BUNDLE/rootfs/d
	mkdir "$d" "$H/v"
	cp "$BUNDLE/rootfs/bin/busybox" "$H/v/true"
	ln -s d "$BUNDLE/rootfs/link"
	echo "no program" >"$d/true"
	same '.process.args = ["/d/true"]' || failed=1
	same '.mounts += [{destination: "/d", type: "bind", source: $v, options: ["rbind"]}] | .process.args = ["/d/true"]' --arg v "$H/v" || failed=1
	chmod 755 "$d/true"
	mkdir "$d/dir"
	echo "a script" >"$H/v/dir"
	same '.mounts += [{destination: "/d/", type: "bind", source: $v, options: ["rbind"]}] | .process.args = ["/link/true"]' --arg v "$H/v" || failed=1
	rm "$d/true"
	mkdir "$d/true"
	same '.mounts += [{destination: "/d", type: "bind", source: $v, options: ["rbind"]}] | .process.args = ["/link/true"]' --arg v "$H/v" || failed=1
	same '.mounts += [{destination: "/d", type: "bind", source: $v, options: ["rbind"]}] | .process.env = ["PATH=/link"] | .process.args = ["true"]' --arg v "$H/v" || failed=1
	same '.mounts += [{destination: "/link/true", type: "bind", source: $v, options: ["rbind"]}] | .process.args = ["/d/true"]' --arg v "$H/v/true" || failed=1
	same '.process.args = ["/link/true"]' || failed=1
	[ $failed = 0 ]
}

@test "a program that its user may not execute: the verdict is that of run" {
	need_root
	local failed=0 d=$BUNDLE/rootfs/d
	mkdir "$d"
	cp "$PROBE" "$d/program"
	local mode
	for mode in "755 1000 1000 755" "700 0 0 755" "755 0 0 700" "755 1000 0 077" "750 0 50 755" "755 0 50 710" "755 0 1000 650" "711 0 0 701"; do
		set -- $mode
		chown 0:0 "$d" "$d/program"
		chmod "$1" "$d"
		chown "$2:$3" "$d/program"
		chmod "$4" "$d/program"
		echo "directory $1, program $2:$3 $4"
		same_for_user 1000 1000 '' || failed=1
		same_for_user 1000 1000 50 || failed=1
		same_for_user 0 0 '' || failed=1
		same_for_user 2000 2000 1000 || failed=1
	done
	chmod 755 "$d" "$d/program"
	chown 0:0 "$d/program"
	chmod 700 "$BUNDLE/rootfs"
	same_for_user 1000 1000 '' || failed=1
	chmod 755 "$BUNDLE/rootfs"
	[ $failed = 0 ]
}
