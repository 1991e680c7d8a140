#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A step of the container half that does not happen is an error, or a fallback with a name: never silence.
load ../integration/helpers

setup() {
	setup_bundle
	need_root
	need_knarr
	need_tool strace
}
teardown() { teardown_bundle; }

# calls CALL ARGUMENT: the calls of that name of the process that makes one with this argument, one a line.
calls() {
	rm -rf "$TMP/trace"
	mkdir "$TMP/trace"
	strace -ff -qq -e signal=none -e trace="$1" -o "$TMP/trace/p" "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 3>&- || return 1
	cat "$(grep -l "$2" "$TMP"/trace/p.* | head -n1)"
}
# with CALL HOW COMMAND...: strace's words for what that call does instead.
with() {
	echo "$1 $2"
	run timeout -s KILL 30 strace -f -qq -o /dev/null -e trace="$1" -e inject="$1:$2" "$RT" --root "$ROOT" "${@:3}" </dev/null 3>&-
	echo "status $status: $output"
}
container_with() { with "$1" "$2" "${@:3}" run --bundle "$BUNDLE" "$ID"; }
fails_for() { [ "$status" != 0 ] && [[ $output == *"$1"* && $output != *RAN* ]]; }

@test "prctl: whatever option the kernel refuses, no program runs" {
	local option n
	set_sh 'echo RAN'
	calls prctl PR_CAPBSET_DROP | grep -v PR_GET_NAME | sed 's/^prctl(\(PR_CAP_AMBIENT, \)\?\([A-Z_]*\).*/\2/' >"$TMP/calls"
	[ "$(grep -c PR_SET_DUMPABLE "$TMP/calls")" -ge 4 ]
	# The first of each option, and each that keeps others from tracing us (R6).
	awk '$1 == "PR_SET_DUMPABLE" || !seen[$1]++ { print NR, $1 }' "$TMP/calls" >"$TMP/tried"
	while read -r n option; do
		echo "$option"
		container_with prctl "error=EACCES:when=$n"
		fails_for ""
	done <"$TMP/tried"
}

@test "capabilities are read back: the bounding and the ambient set" {
	local n
	config '.process.capabilities |= (.ambient = ["CAP_KILL"] | .inheritable = ["CAP_KILL"] | .permitted += ["CAP_KILL"] | .effective += ["CAP_KILL"] | .bounding += ["CAP_KILL"])'
	set_sh 'echo RAN'
	calls prctl PR_CAPBSET_DROP >"$TMP/calls"
	for call in "CAPBSET_DROP, CAP_SYS_MODULE" "CAP_AMBIENT_RAISE, CAP_KILL"; do
		n=$(grep -n "$call" "$TMP/calls" | cut -d: -f1)
		[ -n "$n" ]
		container_with prctl "retval=0:when=$n"
		fails_for "read back"
	done
}

@test "getcwd: a working directory that the kernel does not name is refused" {
	set_args /bin/echo RAN
	container_with getcwd error=ERANGE
	fails_for chdir
}

@test "poll: a hook is not waited for without its timeout" {
	need_root
	local start=$SECONDS
	config '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo $i; sleep 0.05; done; exec sleep 30"], timeout: 20}]'
	set_sh 'echo RAN'
	# The host half makes fewer.
	container_with poll error=ENOMEM:when=15
	fails_for "hook"
	[[ $output == *"Cannot allocate memory"* ]]
	[ $((SECONDS - start)) -lt 15 ]
}

@test "tmpcopyup: a file does not lose its access control list" {
	local acl='import os,struct,sys
e=lambda tag,perm,i=0xffffffff: struct.pack("<HHI",tag,perm,i)
os.setxattr(sys.argv[1],"system.posix_acl_access",struct.pack("<I",2)+e(1,6)+e(2,0,1234)+e(4,4)+e(16,4)+e(32,4))'
	mkdir "$BUNDLE/rootfs/data"
	echo x >"$BUNDLE/rootfs/data/file"
	python3 -c "$acl" "$BUNDLE/rootfs/data/file" 2>/dev/null || skip "no access control lists here"
	config '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	set_sh 'cat /data/file && echo RAN'
	container_with fsetxattr error=EOPNOTSUPP
	fails_for "access control list"
	container_with flistxattr error=ERANGE
	fails_for "cannot copy"
	run -0 rt run --bundle "$BUNDLE" "$ID" </dev/null
	[[ $output == *RAN* ]]
}

@test "mounts add: a mount that cannot be taken back is named" {
	set_args /bin/sleep 100
	rt_create
	rt start "$ID"
	jq -n --arg s "$H" '[{destination: "/tmp", type: "bind", source: $s, options: ["bind"]}, {destination: "/etc/passwd/no", type: "bind", source: $s, options: ["bind"]}]' >"$TMP/mounts.json"
	with umount2 error=EBUSY mounts add "$ID" "$TMP/mounts.json"
	fails_for "'/tmp' stays"
}

@test "exec --user: a user with more groups than there is room for is refused" {
	local i
	set_args /bin/sleep 100
	rt_create
	rt start "$ID"
	# A number is asked for nowhere.
	rm -f "$BUNDLE/rootfs/etc/passwd"
	mkdir "$BUNDLE/rootfs/etc/passwd"
	echo 'one:x:1001:' >"$BUNDLE/rootfs/etc/group"
	run -0 rt exec --user 1000:one "$ID" /bin/id -g </dev/null
	[ "$output" = 1001 ]
	rmdir "$BUNDLE/rootfs/etc/passwd"
	echo 'many:x:1000:1000::/:/bin/sh' >"$BUNDLE/rootfs/etc/passwd"
	for ((i = 2000; i < 2257; i++)); do echo "g$i:x:$i:many"; done >"$BUNDLE/rootfs/etc/group"
	run rt exec --user many "$ID" /bin/echo RAN </dev/null
	fails_for groups
	sed -i '$d' "$BUNDLE/rootfs/etc/group"
	run -0 rt exec --user many "$ID" /bin/id -G </dev/null
	[ "$(wc -w <<<"$output")" = 257 ]
}

# shared OPTION...: --no-pivot where mounts are shared and a tmpfs hides a procfs of the host.
shared() {
	run timeout 60 unshare -m --propagation private sh -c '
		mount -t tmpfs below "$1" && mkdir -p "$1/proc" && mount -t proc proc "$1/proc" && mount -t tmpfs over "$1" && mount --make-rshared / && shift && exec "$@"' - \
		"$H" "$RT" --root "$ROOT" "$@" run --no-pivot --bundle "$BUNDLE" "$ID" </dev/null
	echo "$*: status $status: $output"
}
@test "--no-pivot: a procfs of the host that stays is told, and --require=old-tree forbids it" {
	config '.linux.rootfsPropagation = "shared"'
	set_sh 'echo RAN'
	shared
	[ "$status" = 0 ] && [ "$output" = RAN ]
	shared --debug
	[ "$status" = 0 ] && [[ $output == *"no old-tree: "* ]]
	shared --require=old-tree
	fails_for "'old-tree' is missing, which --require names"
}

@test "--no-pivot: a procfs of the host whose path is too long is an error" {
	set_sh 'echo RAN'
	local deep='import ctypes,os,sys
libc=ctypes.CDLL(None,use_errno=True)
os.chdir(sys.argv[1])
for i in range(22):
    os.mkdir("d"*200)
    os.chdir("d"*200)
os.mkdir("proc")
sys.exit(9 if libc.mount(b"proc",b"proc",b"proc",0,None) else 0)'
	run timeout 60 unshare -m --propagation private sh -c 'mount -t tmpfs deep "$1" && python3 -c "$2" "$1" || exit 9; shift 2; exec "$@"' - \
		"$H" "$deep" "$RT" --root "$ROOT" run --no-pivot --bundle "$BUNDLE" "$ID" </dev/null
	echo "status $status: $output"
	[ "$status" != 9 ]
	fails_for "too long"
}
