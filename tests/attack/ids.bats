#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User and group ids, capabilities, no_new_privs, seccomp: exactly what was asked for, or an error.
load ../integration/helpers
load attack

setup() { setup_attack; }
teardown() { teardown_attack; }

default_caps() {
	config '.process.capabilities = ({"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]} | .effective = .bounding | .permitted = .bounding)'
}
cap() { awk -v k="$1:" '$1 == k {print $2}' <<<"$output"; }
none=0000000000000000

@test "T18 exec --cap leaves nothing to inherit" {
	default_caps
	start_sleeper
	run -0 rt exec --cap CAP_NET_RAW "$ID" /bin/probe caps
	[ "$(cap CapInh)" = $none ]
	[ "$(cap CapAmb)" = $none ]
	[ $((0x$(cap CapEff) & 0x2000)) != 0 ]
	run -0 rt exec --cap CAP_NET_RAW --user 1000 "$ID" /bin/probe caps
	[ "$(cap CapInh)" = $none ]
}

@test "T18 a file with inheritable capabilities gives nothing" {
	need_tool setcap
	default_caps
	cp "$PROBE" "$BUNDLE/rootfs/bin/capable"
	setcap cap_kill,cap_net_raw+i "$BUNDLE/rootfs/bin/capable" || skip "no file capabilities here"
	config '.process.user = {"uid": 1000, "gid": 1000}'
	set_args /bin/capable caps
	works
	[ "$(cap CapEff)" = $none ]
	[ "$(cap CapPrm)" = $none ]
}

@test "T19 a user who is not root has no capabilities" {
	default_caps
	config '.process.user = {"uid": 1000, "gid": 1000}'
	set_args /bin/probe caps
	works
	[ "$(cap CapEff)" = $none ] && [ "$(cap CapPrm)" = $none ] && [ "$(cap CapAmb)" = $none ] && [ "$(cap CapInh)" = $none ]
}

@test "T20 exec -u takes the very ids" {
	local want got u
	start_sleeper
	while read -r u want; do
		run -0 rt exec --user "$u" "$ID" /bin/probe ids
		got=${output%% groups*}
		[ "$got" = "$want" ] || { echo "$u: $output, wanted $want" >&2; return 1; }
	done <<-'END'
		1 uid=1,1,1 gid=0,0,0
		1:2 uid=1,1,1 gid=2,2,2
		0:5 uid=0,0,0 gid=5,5,5
		65534:65534 uid=65534,65534,65534 gid=65534,65534,65534
		4294967294:4294967294 uid=4294967294,4294967294,4294967294 gid=4294967294,4294967294,4294967294
	END
}

@test "T21 a number is never a name, and a wrong one never another" {
	local u
	printf '1000:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:0:0::/:/bin/sh\n+1:x:0:0::/:/bin/sh\n0x0:x:0:0::/:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	start_sleeper
	run -0 rt exec --user 1000 "$ID" /bin/probe ids
	[[ $output == uid=1000,* ]]
	for u in 4294967295 4294967296 -1 ' 0' 0x0 '' '1 ' 0:-1 0:4294967296 1: 99999999999999999999 18446744073709551616; do
		run rt exec --user="$u" "$ID" /bin/probe ids
		[ "$status" -ne 0 ] || { echo "'$u' was taken: $output" >&2; return 1; }
	done
	# a name that only looks like one may be looked up, as whom it names
	run rt exec --user=+1 "$ID" /bin/probe ids
	[ "$status" -ne 0 ] || [[ $output == uid=0,* ]]
	rt delete --force "$ID"
	for u in 4294967295 4294967296 -1 1.5 '"0"' 1e10; do
		write_spec
		set_args /bin/probe ids
		config '.process.user = {"uid": 7777, "gid": 0}'
		sed -i "s/7777/$u/" "$BUNDLE/config.json"
		go
		[ "$status" -ne 0 ] || { echo "$u was taken: $output" >&2; return 1; }
	done
}

@test "T22 groups are the configured ones and the primary, never the caller's" {
	need_tool setpriv
	config '.process.user = {"uid": 1000, "gid": 1000, "additionalGids": [100]}'
	set_args /bin/probe ids
	run -0 setpriv --groups 4,24,27 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$output"
	[ "$(sed 's/.*groups=//' <<<"$output" | tr , '\n' | sort -n | tr '\n' ' ')" = "100 1000 " ]
}

@test "T22 exec does not take the caller's groups along" {
	need_tool setpriv
	start_sleeper
	run -0 setpriv --groups 4,24,27 "$RT" --root "$ROOT" exec --user 1000:1000 "$ID" /bin/probe ids
	echo "$output"
	[[ ! ",${output##*groups=}," =~ ,(4|24|27), ]]
}

@test "T23 with one id mapped by an ordinary user setgroups is denied" {
	need_tool setpriv
	chmod 755 "$TMP" "$BATS_RUN_TMPDIR"
	chown -R 12345:12345 "$TMP"
	trap_host
	cp "$RT" "$TMP/$(basename "$RT")"
	RT=$TMP/$(basename "$RT")
	user() { setpriv --reuid 12345 --regid 12345 --clear-groups env HOME="$TMP" XDG_RUNTIME_DIR="$TMP" "$@"; }
	user test -x "$RT" || skip "another user cannot reach the bundle"
	rm "$BUNDLE/config.json"
	(cd "$BUNDLE" && user "$RT" spec --rootless)
	config '.process.terminal = false'
	set_sh 'cat /proc/self/setgroups'
	run user "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	echo "$status: $output"
	[ "$status" -eq 0 ] || [[ $output != *"Operation not permitted"*"clone"* ]] || skip "user namespaces are forbidden here"
	[ "$status" -eq 0 ]
	[[ $output == *deny ]]
}

@test "T42 no_new_privs as configured, at run and at exec" {
	local want
	for want in true false; do
		write_spec
		config '.process.noNewPrivileges = $w' --argjson w $want
		set_args /bin/probe status NoNewPrivs
		works
		[ "$(awk '{print $2}' <<<"$output")" = "$([ $want = true ] && echo 1 || echo 0)" ]
		start_sleeper
		run -0 rt exec "$ID" /bin/probe status NoNewPrivs
		[ "$(awk '{print $2}' <<<"$output")" = "$([ $want = true ] && echo 1 || echo 0)" ]
		rt delete --force "$ID"
	done
}

seccomp_case() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77, "args": [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}]}]}'
}

@test "T41 a filtered ioctl stays filtered with high bits set" {
	[ "$(uname -m)" = x86_64 ] || skip "this machine is not x86_64"
	seccomp_case
	set_args /bin/probe syscall 16 0 0x5412 0
	works
	[ "$output" = EBADFD ] || [ "$output" = unknown ]
	set_args /bin/probe syscall 16 0 0x100005412 0
	works
	[ "$output" = EBADFD ] || [ "$output" = unknown ]
	start_sleeper
	run -0 rt exec "$ID" /bin/probe syscall 16 0 0x100005412 0
	[ "$output" = EBADFD ] || [ "$output" = unknown ]
}

@test "T41 numbers of another ABI and unknown numbers do not get through" {
	[ "$(uname -m)" = x86_64 ] || skip "this machine is not x86_64"
	# mkdir is refused; so it must be by its x32 number, or not be there at all
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		"syscalls": [{"names": ["getpid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}'
	set_args /bin/probe syscall 39
	works
	[ "$output" = EPERM ]
	set_args /bin/probe syscall $((0x40000000 + 39))
	go
	echo "x32: $status: $output"
	[ "$status" -ne 0 ] || [[ $output == ENOSYS || $output == EPERM ]]
	# a list of what is allowed: newer calls look as if the kernel had none
	config '.linux.seccomp.defaultAction = "SCMP_ACT_ERRNO" | .linux.seccomp.syscalls = [{"names": ["read", "write", "openat", "close", "execve", "execveat",
		"exit_group", "exit", "brk", "mmap", "mprotect", "munmap", "fstat", "newfstatat", "uname", "arch_prctl", "set_tid_address", "set_robust_list",
		"rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "ioctl", "futex", "fcntl", "prctl", "capset", "capget", "setuid", "setgid", "setgroups",
		"setresuid", "setresgid", "sendmsg", "recvmsg", "sendto", "getdents64", "statx", "close_range", "chdir", "fchdir", "getcwd", "lseek", "fstatfs",
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getppid", "gettid", "clone", "epoll_ctl", "epoll_pwait", "nanosleep", "sigaltstack", "madvise",
		"tgkill", "faccessat2", "stat", "access", "openat2", "open", "pread64", "sched_yield", "getpid", "getuid", "geteuid", "setsid", "dup2", "dup3",
		"connect", "socket", "accept4", "write", "writev", "poll", "ppoll", "lstat", "sched_getaffinity", "getsockopt", "clock_gettime", "keyctl"], "action": "SCMP_ACT_ALLOW"}]'
	set_args /bin/probe syscall 4000
	works
	[ "$output" = ENOSYS ]
}

@test "T46 a passwd that is no file, or has no end, costs nothing" {
	local kind start
	start_sleeper
	rm -f "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/etc/group"
	for kind in fifo sparse zero device long; do
		rm -rf "$BUNDLE"/rootfs/etc/passwd "$BUNDLE"/rootfs/etc/group
		case $kind in
		fifo) mkfifo "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/etc/group" ;;
		sparse) truncate -s 8G "$BUNDLE/rootfs/etc/passwd" "$BUNDLE/rootfs/etc/group" ;;
		zero) ln -s /dev/zero "$BUNDLE/rootfs/etc/passwd"; ln -s /dev/zero "$BUNDLE/rootfs/etc/group" ;;
		device) mknod "$BUNDLE/rootfs/etc/passwd" c 1 5; mknod "$BUNDLE/rootfs/etc/group" c 1 5 ;;
		long) yes 'a:x:1:1:::' | head -c 20000000 >"$BUNDLE/rootfs/etc/passwd"; yes 'g:x:1:' | head -c 20000000 >"$BUNDLE/rootfs/etc/group" ;;
		esac
		start=$(date +%s%N)
		status=0
		output=$(ulimit -v 4000000; timeout 20 "$RT" --root "$ROOT" exec --user nobody "$ID" /bin/true </dev/null 2>&1 3>&-) || status=$?
		echo "$kind: $status after $((($(date +%s%N) - start) / 1000000)) ms: $output"
		[ "$status" -ne 0 ] && [ "$status" -ne 124 ]
		[ $(($(date +%s%N) - start)) -lt 5000000000 ]
	done
}

# The runtime reads these files with rights that the container has not.
@test "T46 a passwd or group that is a file of the kernel's is not read" {
	local file target
	need_root
	set_args /bin/probe sleep 100 $'\nghost:x:1234:1234::/:\n' $'\nghosts:x:4321:\n'
	rt_create
	rt start "$ID"
	for target in /proc/1/cmdline /proc/kmsg /sys/kernel/mm/transparent_hugepage/enabled; do
		for file in passwd group; do
			printf 'ghost:x:1000:1000::/:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
			rm -f "$BUNDLE/rootfs/etc/$file"
			ln -s "$target" "$BUNDLE/rootfs/etc/$file"
			[ $file = group ] || printf 'ghosts:x:4321:\n' >"$BUNDLE/rootfs/etc/group"
			status=0
			output=$(timeout 10 "$RT" --root "$ROOT" exec --user ghost:ghosts "$ID" /bin/probe ids </dev/null 2>&1 3>&-) || status=$?
			echo "$file -> $target: $status: $output"
			[ "$status" -ne 0 ]
			[ "$status" -ne 124 ]
			! is_knarr || [[ $output == *"/etc/$file"* ]]
			rm -f "$BUNDLE/rootfs/etc/$file"
		done
	done
}

# A container with CAP_SYS_PTRACE may attach to whatever stands in its pid namespace, and have its capabilities.
@test "exec: nobody in the container's pid namespace has more than the program, at no time" {
	need_helper watcher
	local i seen mask=$((0x80020)) # CAP_KILL, CAP_SYS_PTRACE
	config '.process.capabilities = ({"bounding": ["CAP_KILL", "CAP_SYS_PTRACE"]} | .effective = .bounding | .permitted = .bounding) |
		.process.noNewPrivileges = true | .root.readonly = false'
	cp "$HELPERS/watcher" "$BUNDLE/rootfs/bin/watcher"
	set_args /bin/watcher /tmp/seen
	rt_create
	rt start "$ID"
	wait_for 5 test -s "$BUNDLE/rootfs/tmp/seen"
	for ((i = 0; i < 40; i++)); do rt exec "$ID" /bin/true; done
	seen=$(cat "$BUNDLE/rootfs/tmp/seen")
	echo "seen: $seen"
	[ $((0x${seen% *} & mask)) != 0 ]
	[ $((0x${seen% *} & ~mask)) = 0 ]
}
