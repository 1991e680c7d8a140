#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ids, sysctls, cgroup paths and the text of config.json itself: hostile values end in an error, and early.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

@test "T27 ids that are paths or flags are refused by every command" {
	local id cmd
	set_args /bin/true
	mkdir -p "$TMP/x"
	for id in '' . .. a/b ../x /abs "$(printf 'i%.0s' {1..1025})" $'a\nb' 'ä' 'a b' '-rf'; do
		for cmd in 'create --bundle B' 'run --bundle B' state start kill 'delete --force' pause exec; do
			status=0
			# shellcheck disable=SC2086
			output=$(timeout 10 "$RT" --root "$ROOT" ${cmd/B/$BUNDLE} "$id" </dev/null 2>&1) || status=$?
			# deleting by force what cannot be there is no failure for some callers
			[ "$status" -ne 0 ] || [[ $cmd == delete* && $id != */* ]] || { echo "$cmd '$id': $output" >&2; return 1; }
		done
	done
	[ -d "$TMP/x" ]
	[ -z "$(ls "$ROOT" 2>/dev/null)" ]
}

@test "T29 sysctls that reach the host are refused" {
	local key value
	while read -r key value; do
		write_spec
		set_args /bin/true
		config '.linux.sysctl = {($k): $v}' --arg k "$key" --arg v "$value"
		refused "$key" || { echo "$key" >&2; return 1; }
	done <<-'END'
		kernel.core_pattern |x
		net/../kernel/core_pattern |x
		net..x 1
		net.../kernel/core_pattern |x
		kernel.sysrq 1
		vm.drop_caches 0
		fs.mqueue/../../kernel/core_pattern |x
		/net/ipv4/ip_forward/../../../kernel/core_pattern |x
	END
	write_spec
	set_args /bin/true
	config '.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
	refused kernel.shmmax
	write_spec
	set_args /bin/true
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	refused net.ipv4.ip_forward
}

@test "T29 a value is one value" {
	config '.linux.sysctl = {"kernel.shm_rmid_forced": "1+kernel.core_pattern=|x"}'
	set_args /bin/true
	refused shm_rmid_forced
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1\nkernel.core_pattern=|x"}'
	go
	host_same
}

@test "T33 340 lines of id maps, a mebibyte of arguments, 10000 variables" {
	config '.process.args = ["/bin/sh", "-c", "echo ${#V9999} $#", "sh"] + [range(100) | ("x" * 10000)] | .process.env += [range(10000) | "V\(.)=abc"]'
	works
	[ "$output" = "3 100" ]
	write_spec
	config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [range(340) | {"containerID": ., "hostID": (100000 + . * 2), "size": 1}] |
		.linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$BUNDLE/rootfs" "$BATS_RUN_TMPDIR"
	chown -R 100000:100000 "$BUNDLE/rootfs"
	set_sh 'wc -l </proc/self/uid_map; readlink /proc/self/ns/user'
	go
	echo "$status: ${output:0:500}"
	if [ "$status" -eq 0 ]; then
		[ "$(head -n1 <<<"$output")" = 340 ]
		[ "$(tail -n1 <<<"$output")" != "$(readlink /proc/self/ns/user)" ]
	fi
	config '.linux.uidMappings += [{"containerID": 500, "hostID": 200000, "size": 1}]'
	refused
}

@test "T33 a string of 70 KiB and many mounts work or are refused" {
	local want
	config '.process.env += ["BIG=" + ("y" * 70000)] | .hostname = null | del(.hostname)'
	set_sh 'echo ${#BIG}; readlink /proc/self/ns/mnt'
	works
	[ "$(head -n1 <<<"$output")" = 70000 ]
	[ "$(tail -n1 <<<"$output")" != "$(readlink /proc/self/ns/mnt)" ]
	write_spec
	config '.mounts += [range(500) | {"destination": "/m/\(.)", "type": "bind", "source": $s, "options": ["bind", "ro"]}]' --arg s "$H/marker"
	set_sh 'grep -c " /m/" /proc/self/mountinfo'
	works
	[ "$output" = 500 ]
	config '.hostname = ("h" * 70000)'
	refused
}

json_refused() {
	local start end
	start=$(date +%s%N)
	status=0
	output=$(ulimit -v 2000000; timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 3>&-) || status=$?
	end=$(date +%s%N)
	echo "$1: $status after $(((end - start) / 1000000)) ms: ${output:0:300}"
	[ "$status" -ne 0 ] && [ "$status" -lt 124 ] && [ $((end - start)) -lt 5000000000 ] && assert_clean
}

@test "T34 JSON that is deep, huge, doubled or broken is refused" {
	local c=$BUNDLE/config.json
	set_args /bin/true
	cp "$c" "$TMP/good"
	{ printf '{"ociVersion":"1.0.2","annotations":'; printf '[%.0s' {1..100000}; } >"$c"
	json_refused depth
	{ head -c -2 "$TMP/good"; printf ',"padding":"'; head -c 100000000 /dev/zero | tr '\0' x; printf '"}'; } >"$c"
	json_refused size
	{ cat "$TMP/good"; printf '{"root":{"path":"/"}}'; } >"$c"
	json_refused trailing
	{ cat "$TMP/good"; printf '\0'; } >"$c"
	json_refused nul
	printf '{"ociVersion":"1.0.2","process":{"cwd":"/","args":["/bin/true"],"args":["/bin/false"],"user":{"uid":0,"gid":0}},"root":{"path":"rootfs"}}' >"$c"
	json_refused "args twice"
	printf '{"ociVersion":"1.0.2","process":{"cwd":"/","args":["/bin/true"],"user":{"uid":0,"gid":0}},"root":{"path":"rootfs"},"root":{"path":"/"}}' >"$c"
	json_refused "root twice"
	jq -c '.process.cwd = "/\u0000x"' "$TMP/good" >"$c"
	json_refused "NUL in a path"
	jq -c '.process.cwd = "/BAD"' "$TMP/good" | sed 's/BAD/\xff\xfe/' >"$c"
	json_refused "bad UTF-8"
	jq -c '.process.user.uid = 7777' "$TMP/good" | sed 's/7777/1e400/' >"$c"
	json_refused 1e400
	: >"$c"
	json_refused empty
	printf '[]' >"$c"
	json_refused array
}

@test "T25 cgroup paths that climb make nothing elsewhere" {
	local p cg before
	cg=$(cgroup2_mount)
	[ -n "$cg" ] || skip "no cgroup2 here"
	before=$(find "$cg" -maxdepth 3 -type d | wc -l)
	for p in ../../evil /../../evil /a/../../../evil $'/a\nb' '..'; do
		write_spec
		set_args /bin/true
		config '.linux.cgroupsPath = $p' --arg p "$p"
		go
		echo "$p: $status: $output"
		[ ! -d "$cg/../evil" ] && [ ! -d "$(dirname "$cg")/evil" ]
		rmdir "$cg"/evil "$cg"/a 2>/dev/null || true
	done
	write_spec
	set_args /bin/true
	config '.linux.resources.hugepageLimits = [{"pageSize": "../../x", "limit": 1}]'
	refused
	[ "$(find "$cg" -maxdepth 3 -type d | wc -l)" -le "$((before + 2))" ]
}

@test "T28 a state root that others can write, or that is a link, is refused" {
	need_knarr
	set_args /bin/true
	mkdir -m 0777 "$TMP/open"
	chmod 0777 "$TMP/open"
	run "$RT" --root "$TMP/open" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
	mkdir -m 700 "$TMP/theirs"
	chown 12345 "$TMP/theirs"
	run "$RT" --root "$TMP/theirs" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$status" -ne 0 ]
}

@test "T45 no abstract sockets" {
	config '.linux.namespaces |= map(select(.type != "network"))'
	local before
	before=$(grep -c ' @' /proc/net/unix || true)
	start_sleeper
	[ "$(grep -c ' @' /proc/net/unix || true)" -le "$before" ]
}
