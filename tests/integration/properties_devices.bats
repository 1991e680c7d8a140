#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.devices and linux.netDevices.
load helpers

setup() { setup_bundle; }
teardown() {
	ip link del "kn$$" 2>/dev/null || true
	teardown_bundle
}

@test "the default devices and links" {
	set_sh 'for i in null zero full random urandom tty; do probe stat /dev/$i; done; for i in fd stdin stdout stderr ptmx; do probe symlink /dev/$i; done; echo x >/dev/null'
	rt_run 0
	[[ ${lines[0]} == "char 0666 "*" 1:3 "* ]]
	[[ ${lines[1]} == "char 0666 "*" 1:5 "* ]]
	[[ ${lines[2]} == "char 0666 "*" 1:7 "* ]]
	[[ ${lines[3]} == "char 0666 "*" 1:8 "* ]]
	[[ ${lines[4]} == "char 0666 "*" 1:9 "* ]]
	[[ ${lines[5]} == "char 0666 "*" 5:0 "* ]]
	[ "${lines[6]}" = /proc/self/fd ]
	[ "${lines[7]}" = /proc/self/fd/0 ]
	[ "${lines[8]}" = /proc/self/fd/1 ]
	[ "${lines[9]}" = /proc/self/fd/2 ]
	[[ ${lines[10]} == *pts/ptmx ]]
}

@test "devices: c, b, u and p with mode, uid and gid" {
	need_root
	config '.linux.devices = [
		{path: "/dev/c", type: "c", major: 1, minor: 3, fileMode: 384, uid: 7, gid: 8},
		{path: "/dev/sub/b", type: "b", major: 7, minor: 0, fileMode: 416, uid: 1, gid: 2},
		{path: "/dev/u", type: "u", major: 1, minor: 5},
		{path: "/dev/p", type: "p", fileMode: 420}]'
	set_sh 'for i in c sub/b u p; do probe stat /dev/$i; done'
	rt_run 0
	[[ ${lines[0]} == "char 0600 7 8 1:3 "* ]]
	[[ ${lines[1]} == "block 0640 1 2 7:0 "* ]]
	[[ ${lines[2]} == "char "*" 1:5 "* ]]
	[[ ${lines[3]} == "fifo 0644 "* ]]
}

@test "devices: the mode is not cut by the umask" {
	need_root
	config '.linux.devices = [{path: "/dev/c", type: "c", major: 1, minor: 3, fileMode: 438}]'
	set_args probe stat /dev/c
	umask 077
	rt_run 0
	[[ $output == "char 0666 "* ]]
}

@test "devices outside of /dev" {
	need_root
	config '.linux.devices = [{path: "/some/where", type: "c", major: 1, minor: 3}]'
	set_args probe stat /some/where
	rt_run 0
	[[ $output == "char "*" 1:3 "* ]]
}

@test "devices are bound from the host in a user namespace" {
	need_root
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$BATS_RUN_TMPDIR"
	chown -Rh 100000:100000 "$BUNDLE/rootfs"
	set_sh 'probe stat /dev/null; echo x >/dev/null; head -c 3 /dev/zero | wc -c'
	rt_run 0
	[[ ${lines[0]} == "char "*" 1:3 "* ]]
	[ "${lines[1]}" -eq 3 ]
}

@test "devices are bound from the host in a user namespace: only the very device" {
	need_root
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 3}]'
	chmod 755 "$TMP" "$BUNDLE" "$BATS_RUN_TMPDIR"
	chown -Rh 100000:100000 "$BUNDLE/rootfs"
	set_sh 'echo started'
	rt_run 1
	[[ $output == *"is not the device c 1:3"* ]]
	[[ $output != *started* ]]
}

@test "a /dev of the host is left as it is" {
	need_root
	config '.mounts |= map(select(.destination | startswith("/dev") | not)) | .mounts += [{destination: "/dev", type: "bind", source: "/dev", options: ["rbind", "rprivate"]}]'
	set_args probe stat /dev/null
	local before after
	before=$(ls /dev | sort | tr '\n' ' ')
	rt_run 0
	after=$(ls /dev | sort | tr '\n' ' ')
	[[ $output == "char 0666 0 0 1:3 "* ]]
	[ "$before" = "$after" ]
}

@test "a device type that is none is refused" {
	config '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 3}]'
	fails_with "x"
}

# nodes TYPE:MAJOR:MINOR...: nodes in the rootfs, which the program of the container opens; made outside, where no rule holds.
nodes() {
	local n type major minor paths=()
	need_root
	mkdir -p "$BUNDLE/rootfs/n"
	for n in "$@"; do
		IFS=: read -r type major minor <<<"$n"
		mknod -m 666 "$BUNDLE/rootfs/n/$n" "$type" "$major" "$minor"
		paths+=("/n/$n")
	done
	set_args probe device "${paths[@]}"
	# to read kmsg takes CAP_SYSLOG, and mknod is asked of the rules only
	config '.root.readonly = false | .process.capabilities |= map_values(. + ["CAP_MKNOD", "CAP_SYSLOG"] | unique) | .process.capabilities.ambient = []'
}
# verdicts RULES LINE...: what the container finds with these rules, a line a node.
verdicts() {
	config '.linux.resources.devices = $r' --argjson r "$1"
	shift
	rt_run 0
	echo "$output"
	[ "$output" = "$(printf '%s\n' "$@")" ]
}
DENY_ALL='{"allow": false, "access": "rwm"}' ALLOW_ALL='{"allow": true, "access": "rwm"}'
KMSG='"type": "c", "major": 1, "minor": 11' NULL='"type": "c", "major": 1, "minor": 3'

@test "device rules: a listed device opens as far as its rule says" {
	nodes c:1:11 b:8:0
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	verdicts "[]" "c 1:11 ---m" "b 8:0 ---m"
	verdicts "[$DENY_ALL]" "c 1:11 ---m" "b 8:0 ---m"
	verdicts "[$DENY_ALL, {\"allow\": true, $KMSG, \"access\": \"r\"}]" "c 1:11 r--m" "b 8:0 ---m"
	verdicts "[$DENY_ALL, {\"allow\": true, $KMSG, \"access\": \"rwm\"}]" "c 1:11 rwbm" "b 8:0 ---m"
}

@test "device rules: a rule that denies a listed device by name does" {
	nodes c:1:11 b:8:0
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}]'
	verdicts "[$DENY_ALL, {\"allow\": false, $KMSG}]" "c 1:11 ---m" "b 8:0 ---m"
	verdicts "[{\"allow\": false, $KMSG}, $DENY_ALL]" "c 1:11 ---m" "b 8:0 ---m"
	verdicts "[$ALLOW_ALL, {\"allow\": false, $KMSG}]" "c 1:11 ----" "b 8:0 rwbm"
	verdicts "[$ALLOW_ALL, {\"allow\": false, $KMSG, \"access\": \"w\"}]" "c 1:11 r--m" "b 8:0 rwbm"
	verdicts "[{\"allow\": false, $KMSG}, $ALLOW_ALL]" "c 1:11 rwbm" "b 8:0 rwbm"
}

@test "device rules: a later rule overrides, wildcards match, and a to-all denial spares the defaults" {
	nodes c:1:3 c:240:7 b:8:0
	verdicts "[$DENY_ALL, {\"allow\": true, \"type\": \"c\", \"major\": 240, \"access\": \"rwm\"}]" "c 1:3 rwbm" "c 240:7 rwbm" "b 8:0 ---m"
	verdicts "[{\"allow\": true, \"type\": \"c\", \"major\": 240, \"access\": \"rwm\"}, $DENY_ALL]" "c 1:3 rwbm" "c 240:7 ---m" "b 8:0 ---m"
	verdicts "[$ALLOW_ALL, {\"allow\": false, \"type\": \"c\", \"access\": \"rwm\"}]" "c 1:3 rwbm" "c 240:7 ---m" "b 8:0 rwbm"
	verdicts "[$ALLOW_ALL, {\"allow\": false, \"access\": \"r\"}]" "c 1:3 rwbm" "c 240:7 ---m" "b 8:0 ---m"
}

@test "device rules: what denies a default device by name outranks its implied grant" {
	nodes c:1:3 c:1:5
	verdicts "[$DENY_ALL, {\"allow\": false, $NULL, \"access\": \"w\"}]" "c 1:3 r--m" "c 1:5 rwbm"
	verdicts "[$ALLOW_ALL, {\"allow\": false, $NULL, \"access\": \"w\"}]" "c 1:3 r--m" "c 1:5 rwbm"
	verdicts "[$DENY_ALL, {\"allow\": true, $NULL, \"access\": \"r\"}]" "c 1:3 rwbm" "c 1:5 rwbm"
}

@test "device rules: a listed device that may not be made by the program is made, and denied, every time" {
	need_root
	config '.linux.devices = [{path: "/dev/listed", type: "c", major: 1, minor: 11}]'
	config ".linux.resources.devices = [$DENY_ALL, {\"allow\": true, $KMSG, \"access\": \"rwm\"}, {\"allow\": false, $KMSG, \"access\": \"rwm\"}]"
	set_args /bin/probe device /dev/listed
	local i
	for i in {1..30}; do
		rt_run 0
		[ "$output" = "c 1:11 ----" ] || [ "$output" = "c 1:11 ---" ] || { echo "$i: $output"; return 1; }
	done
}

@test "device rules: the same after update" {
	need_root
	nodes c:1:11
	config '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11}] | .process.args = ["/bin/sleep", "100"]'
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	rt_create
	rt start "$ID"
	run -0 rt exec "$ID" /bin/probe device /n/c:1:11
	[ "$output" = "c 1:11 rwbm" ]
	echo "{\"devices\": [$DENY_ALL, {\"allow\": true, $KMSG, \"access\": \"r\"}]}" >"$TMP/r.json"
	rt update --resources "$TMP/r.json" "$ID"
	run -0 rt exec "$ID" /bin/probe device /n/c:1:11 /dev/kmsg
	[[ $output == "c 1:11 r--m"* ]]
	echo "{\"devices\": [$DENY_ALL, {\"allow\": false, $KMSG, \"access\": \"rwm\"}]}" >"$TMP/r.json"
	rt update --resources "$TMP/r.json" "$ID"
	run -0 rt exec "$ID" /bin/probe device /n/c:1:11
	[ "$output" = "c 1:11 ---m" ]
}

@test "device rules without a cgroup: refused where the container could open what they deny" {
	need_knarr
	need_root
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}]'
	set_args /bin/true
	run -0 rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	run -1 rt --cgroup-manager disabled --require=device-program run --bundle "$BUNDLE" "$ID"
	assert_output_has device-program
	config '.process.capabilities.bounding += ["CAP_MKNOD"]'
	run -1 rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	assert_output_has "device rules need a cgroup" "--limits=best"
	run -1 rt --cgroup-manager disabled check --bundle "$BUNDLE"
	assert_output_has "device rules need a cgroup"
	run -0 rt --log-level=warning --cgroup-manager disabled --limits=best run --bundle "$BUNDLE" "$ID"
	assert_output_has "device rules do not apply"
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	run -0 rt --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
	[ -z "$output" ]
}

need_link() {
	need_root
	need_tool ip
	ip link add "kn$$" type dummy 2>/dev/null || ip link add "kn$$" type veth peer name "knp$$" 2>/dev/null || skip "the kernel makes no network device here"
	ip addr add 192.0.2.7/24 dev "kn$$"
	ip link set "kn$$" up
}

@test "netDevices: moved with its address, and up" {
	need_link
	config '.linux.netDevices = {($n): {}}' --arg n "kn$$"
	set_args probe netdev "kn$$"
	rt_run 0
	[ "${lines[0]}" = up ]
	[[ $output == *192.0.2.7* ]]
}

@test "netDevices: renamed" {
	need_link
	config '.linux.netDevices = {($n): {name: "inside0"}}' --arg n "kn$$"
	set_args probe netdev inside0
	rt_run 0
	[ "${lines[0]}" = up ]
	[[ $output == *192.0.2.7* ]]
}

@test "netDevices: a name with %d gets a number" {
	need_link
	config '.linux.netDevices = {($n): {name: "in%d"}}' --arg n "kn$$"
	set_args probe netdev in0
	rt_run 0
	[ "${lines[0]}" = up ]
}

@test "netDevices: one that is not there is named" {
	need_root
	config '.linux.netDevices = {"knarr-absent": {}}'
	fails_with knarr-absent
}

@test "netDevices: not without a network namespace" {
	need_root
	config '.linux.netDevices = {"lo": {}} | .linux.namespaces |= map(select(.type != "network"))'
	fails_with netDevices
}
