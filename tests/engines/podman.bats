#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman as root with knarr, by contrib/containers.conf, in the machine of tests/vm.
load helpers

setup_file() {
	load helpers
	need_machine
	need_tool podman
	setup_podman
	# The log of an engine's calls that fail goes to stderr; warnings of unused networks do not help.
	podman rm -fa -t 0 >/dev/null 2>&1 || true
}
setup() {
	need_machine
	export CONTAINERS_CONF_OVERRIDE=$STORE/containers.conf
}
teardown() { podman rm -fa -t 0 >/dev/null 2>&1 || true; }

# prun ARGS...: a container without a network, removed at its end.
prun() { podman run --rm --network none "$@"; }
gone() { ! podman container exists "$1"; }

@test "podman: knarr is the runtime, its version is shown" {
	run -0 podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	has "knarr /usr/local/bin/knarr" "knarr version"
}

@test "podman: run: output, status, nothing left" {
	run -3 --separate-stderr prun "$IMAGE" sh -c 'echo out; cat /proc/self/cgroup; exit 3'
	has out
	[ -z "$stderr" ]
	run -0 bash -c 'echo in | podman run --rm -i --network none "$1" cat' - "$IMAGE"
	[ "$output" = in ]
	run -0 "$HELPERS/pty" 21 55 podman run --rm -it --network none "$IMAGE" sh -c 'test -t 0 && probe winsize' </dev/null
	has "21 55"
	# Podman looks for it in this very place.
	no_state_left /run/knarr
}

@test "podman: 126 and 127" {
	run -127 prun "$IMAGE" nonexistent
	has nonexistent "executable file not found"
	run -127 prun "$IMAGE" /bin/nonexistent
	grep -qi "no such file or directory" <<<"$output"
	run -126 prun "$IMAGE" /etc
	grep -qi "permission denied" <<<"$output"
	no_state_left /run/knarr
}

@test "podman: a container's life: run -d, exec, exec -it, pause, logs, stop" {
	podman run -d --name life --network none --stop-timeout 30 "$IMAGE" sh -c 'trap "echo term; exit 7" TERM; echo up; while :; do sleep 0.2; done'
	run -0 podman exec -e A=b -w /tmp -u 1000 life sh -c 'id -u; pwd; echo $A'
	[ "$output" = $'1000\n/tmp\nb' ]
	run -9 podman exec life sh -c 'exit 9'
	run -127 podman exec life nonexistent
	run -126 podman exec life /etc
	run -0 "$HELPERS/pty" 33 99 podman exec -it life sh -c 'test -t 0 && probe winsize' </dev/null
	has "33 99"
	podman pause life
	[ "$(podman inspect --format '{{.State.Status}}' life)" = paused ]
	podman unpause life
	# The program can be replaced while containers run.
	cp "$RT" "$RT.new" && mv "$RT.new" "$RT"
	podman stop life
	[ "$(podman inspect --format '{{.State.ExitCode}}' life)" = 7 ]
	run -0 podman logs life
	[ "$output" = $'up\nterm' ]
	podman start life
	podman kill -s KILL life
	run podman wait life
	[ "$(podman inspect --format '{{.State.ExitCode}}' life)" = 137 ]
	run -0 --separate-stderr podman rm -f life
	[ -z "$stderr" ]
	no_state_left /run/knarr
}

@test "podman: limits are in force, and updated" {
	podman run -d --name limits --network none --memory 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 40 "$IMAGE" sleep 1000
	local cg
	cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' limits)/cgroup")
	[[ $cg == *libpod-* ]]
	[ -e "$cg/memory.max" ] && [ "$(cat "$cg/memory.max")" != max ] || cg=${cg%/container}
	[ "$(cat "$cg/memory.max")" = 67108864 ]
	[ "$(cat "$cg/memory.low")" = 33554432 ]
	[ "$(cat "$cg/cpu.max")" = "50000 100000" ]
	[ "$(cat "$cg/pids.max")" = 40 ]
	podman update --memory 96m --pids-limit 50 limits
	[ "$(cat "$cg/memory.max")" = 100663296 ]
	[ "$(cat "$cg/pids.max")" = 50 ]
	run -0 podman exec limits cat /sys/fs/cgroup/memory.max
	[ "$output" = 100663296 ]
	run -0 podman stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' limits
	has limits
	run -0 podman top limits pid comm
	has sleep
	podman rm -f -t 0 limits
	[ ! -e "$cg" ]
}

@test "podman: devices, tmpfs, read-only, capabilities, security options, init, sysctl, ulimit" {
	run -0 prun --init --device /dev/fuse --tmpfs /scratch:size=1m,mode=1777 --read-only --cap-drop all --cap-add chown \
		--security-opt no-new-privileges --sysctl kernel.msgmax=4096 --ulimit nofile=77:88 --hostname boat -v "$STORE:/in:ro" \
		"$IMAGE" sh -c 'probe stat /dev/fuse; touch /scratch/x && echo tmpfs; touch /x 2>/dev/null || echo readonly; probe caps; probe status NoNewPrivs
			cat /proc/1/comm /proc/sys/kernel/msgmax; ulimit -n; hostname; touch /in/x 2>/dev/null || echo bound; mount | grep -c scratch'
	has char tmpfs readonly 4096 77 boat bound
	grep -qi 'CapEff:.0*1$' <<<"$output"
	grep -q 'NoNewPrivs:.1' <<<"$output"
	grep -qE 'catatonit|podman-init' <<<"$output"
}

@test "podman: the host's cgroup namespace, a parent, one CPU, a bridge, overlay volumes, masks, systemd's mounts; out of memory" {
	mkdir -p "$STORE/over"
	run -0 podman run --rm --cgroupns host --cgroup-parent knarrtest.slice --cpuset-cpus 0 --oom-score-adj 321 --shm-size 2m --umask 0027 --group-add 77 \
		--device-cgroup-rule 'c 1:3 r' --security-opt mask=/proc/cmdline --security-opt proc-opts=hidepid=2 -v "$STORE/over:/over:O" --systemd always \
		"$IMAGE" sh -c 'cat /proc/self/cgroup; cat "/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)/cgroup.procs" >/dev/null && echo found; echo cpus $(nproc); cat /proc/self/oom_score_adj; umask; id -G; grep " /proc " /proc/mounts
			touch /over/x && echo upper; wc -c /proc/cmdline; cat /proc/net/dev; touch /run/x && echo run; grep " /dev/shm " /proc/mounts'
	has knarrtest.slice/libpod- found "cpus 1" 321 0027 " 77" hidepid upper "0 /proc/cmdline" eth0 run size=2048k
	[ ! -e "$STORE/over/x" ]
	podman run --name oom --network none --memory 16m "$IMAGE" sh -c 'x=$(cat /dev/zero | head -c 60000000 | tr "\0" a)' || status=$?
	[ "$status" = 137 ]
	[ "$(podman inspect --format '{{.State.OOMKilled}}' oom)" = true ]
}

@test "podman: seccomp and apparmor unconfined, a profile of one's own, privileged, masks" {
	cat >"$STORE/seccomp.json" <<-'J'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
	J
	run -0 prun --security-opt "seccomp=$STORE/seccomp.json" --security-opt apparmor=unconfined --security-opt unmask=/proc/acpi \
		"$IMAGE" sh -c 'mkdir /tmp/x || echo refused; probe status Seccomp'
	has refused
	grep -q 'Seccomp:.2' <<<"$output"
	run -0 prun --security-opt seccomp=unconfined --privileged "$IMAGE" sh -c 'probe status Seccomp; ls /dev/vda; mount -t tmpfs t /tmp && echo mounted'
	has /dev/vda mounted
	grep -q 'Seccomp:.0' <<<"$output"
}

@test "podman: user namespaces: auto, id maps, idmapped volumes" {
	grep -q ^containers: /etc/subuid || { echo containers:1000000:1000000 >>/etc/subuid; echo containers:1000000:1000000 >>/etc/subgid; }
	run -0 prun --userns=auto "$IMAGE" sh -c 'cat /proc/self/uid_map; id -u'
	has 1024
	run -0 prun --uidmap 0:200000:5000 --gidmap 0:200000:5000 "$IMAGE" sh -c 'cat /proc/self/uid_map; echo hi >/tmp/f && stat -c %u /tmp/f'
	has 200000
	# root's own groups stay outside unless the engine is told to hand --annotations on
	run -0 setpriv --groups 4242 podman run --rm --network none --uidmap 0:200000:5000 --gidmap 0:200000:5000 --group-add keep-groups "$IMAGE" grep Groups: /proc/self/status
	[[ $output != *65534* ]]
	mkdir -p "$STORE/vol"
	touch "$STORE/vol/f"
	run -0 prun --uidmap 0:200000:5000 --gidmap 0:200000:5000 -v "$STORE/vol:/v:idmap" "$IMAGE" stat -c %u /v/f
	[ "$output" = 0 ]
}

@test "podman: a pod shares its namespaces" {
	podman pod create --name ship --network none --share net,ipc,uts,pid --infra-image "$IMAGE"
	podman run -d --pod ship --name a "$IMAGE" sleep 1000
	podman run -d --pod ship --name b "$IMAGE" sleep 1000
	local n pids
	mapfile -t pids < <(podman inspect --format '{{.State.Pid}}' a b)
	for n in net ipc uts pid; do
		[ "$(readlink "/proc/${pids[0]}/ns/$n")" = "$(readlink "/proc/${pids[1]}/ns/$n")" ]
		[ "$(readlink "/proc/${pids[0]}/ns/$n")" != "$(readlink "/proc/self/ns/$n")" ]
	done
	[ "$(readlink "/proc/${pids[0]}/ns/mnt")" != "$(readlink "/proc/${pids[1]}/ns/mnt")" ]
	run -0 podman exec b ps
	has "sleep 100000" "sleep 1000"
	run -0 podman pod rm -f -t 0 ship
}

@test "podman: healthcheck, restart, the host's pid namespace" {
	podman run -d --name health --network none --health-cmd 'test -e /tmp/well' --health-interval disable "$IMAGE" sleep 1000
	run podman healthcheck run health
	[ "$status" = 1 ]
	podman exec health touch /tmp/well
	run -0 podman healthcheck run health
	podman restart -t 0 health
	[ "$(podman inspect --format '{{.State.Status}}' health)" = running ]
	podman run -d --name hostpid --network none --pid host "$IMAGE" sh -c 'sleep 777.5 & exec sleep 777.25'
	wait_for 20 pgrep -f 'sleep 777[.]5'
	podman rm -f -t 0 hostpid
	! pgrep -f 'sleep 777' || return 1
}

@test "podman: a restart policy" {
	podman run -d --name again --network none --restart on-failure:2 "$IMAGE" sh -c 'echo turn; exit 1'
	ended() { [ "$(podman inspect --format '{{.State.Status}} {{.RestartCount}}' again)" = "exited 2" ]; }
	wait_for 120 ended
	[ "$(podman logs again | grep -c turn)" = 3 ]
	no_state_left /run/knarr
}

@test "podman: cp into and out of a running container, also through its tmpfs; commit" {
	podman run -d --name cargo --network none --tmpfs /hold "$IMAGE" sh -c 'echo out >/hold/out; exec sleep 1000'
	echo in >"$STORE/in"
	podman cp "$STORE/in" cargo:/hold/in
	podman cp "$STORE/in" cargo:/root/in
	run -0 podman exec cargo cat /hold/in /root/in
	[ "$output" = $'in\nin' ]
	rm -f "$STORE/out"
	podman cp cargo:/hold/out "$STORE/out"
	[ "$(cat "$STORE/out")" = out ]
	podman commit -q --pause cargo localhost/committed
	[ "$(podman inspect --format '{{.State.Status}}' cargo)" = running ]
	run -0 prun localhost/committed sh -c 'cat /root/in; ls /hold'
	[ "$output" = in ]
	podman rmi localhost/committed
}

@test "podman: --sdnotify, socket activation" {
	python3 - "$STORE/notify" <<-'P' >"$STORE/notified" 3>&- &
		import os, socket, sys
		try: os.unlink(sys.argv[1])
		except FileNotFoundError: pass
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(120)
		while True:
		    d = s.recv(4096).decode()
		    print(d, flush=True)
		    if "READY=1" in d: break
	P
	local server=$!
	wait_for 20 test -S "$STORE/notify"
	NOTIFY_SOCKET=$STORE/notify podman run -d --name ready --sdnotify conmon --network none "$IMAGE" sleep 1000
	wait_for 60 grep -q READY=1 "$STORE/notified"
	grep -q MAINPID= "$STORE/notified"
	wait "$server" || true
	run -0 env LISTEN_FDS=1 bash -c 'exec 3</etc/passwd; LISTEN_PID=$$ exec podman run --rm --network none "$1" sh -c "echo \$LISTEN_FDS; head -n1 <&3"' - "$IMAGE"
	has 1 root:
}

@test "podman: preserved descriptors, no cgroup" {
	run -0 bash -c 'exec 9</etc/passwd; exec podman run --rm --network none --preserve-fd 9 "$1" sh -c "head -n1 <&9"' - "$IMAGE"
	has root:
	run -0 prun --cgroups=disabled "$IMAGE" sh -c 'echo ran'
	has ran
}

@test "podman: cgroupfs" {
	podman --cgroup-manager cgroupfs run -d --name fs --network none --memory 48m "$IMAGE" sleep 1000
	local cg
	cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' fs)/cgroup")
	[ "$(cat "$cg/memory.max")" = 50331648 ]
	run -0 podman --cgroup-manager cgroupfs exec fs echo in
	[ "$output" = in ]
	podman --cgroup-manager cgroupfs pause fs
	podman --cgroup-manager cgroupfs unpause fs
	run -0 --separate-stderr podman --cgroup-manager cgroupfs rm -f -t 0 fs
	[ -z "$stderr" ]
	[ ! -e "$cg" ]
}

@test "podman: build, and kube play" {
	mkdir -p "$STORE/build"
	printf 'FROM %s\nRUN echo built >/built && id -u\nUSER 1000\nRUN id -u >/tmp/who\n' "$IMAGE" >"$STORE/build/Containerfile"
	run -0 podman build -q --network none --pull=never -t built "$STORE/build"
	run -0 prun localhost/built cat /built /tmp/who
	[ "$output" = $'built\n1000' ]
	printf 'FROM %s\nRUN exit 4\n' "$IMAGE" >"$STORE/build/Containerfile"
	run podman build -q --network none --pull=never -t broken "$STORE/build"
	[ "$status" -ne 0 ]
	has "exit status 4"
	cat >"$STORE/pod.yaml" <<-Y
		apiVersion: v1
		kind: Pod
		metadata: {name: play}
		spec:
		  containers:
		  - name: one
		    image: $IMAGE
		    imagePullPolicy: Never
		    command: [sleep, "1000"]
		    resources: {limits: {memory: 64Mi}}
	Y
	podman kube play --network none "$STORE/pod.yaml"
	run -0 podman exec play-one echo played
	[ "$output" = played ]
	podman kube down "$STORE/pod.yaml" || podman pod rm -f -t 0 play
}

@test "podman: a service that Quadlet makes: a split cgroup, readiness told by the program, its end" {
	mkdir -p /etc/containers/systemd
	cat >/etc/containers/systemd/knarrtest.container <<-U
		[Container]
		Image=$IMAGE
		Pull=never
		Network=none
		Notify=true
		PodmanArgs=--memory 64m
		Exec=sh -c 'trap "exit 0" TERM; notify send READY=1; while :; do sleep 0.2; done'
		[Service]
		Environment=CONTAINERS_CONF_OVERRIDE=$STORE/containers.conf
		TimeoutStartSec=300
	U
	systemctl daemon-reload
	systemctl start knarrtest.service
	run -0 podman inspect --format '{{.OCIRuntime}} {{.State.Pid}}' systemd-knarrtest
	[[ $output == "knarr "* ]]
	run -0 cat "/proc/${output#knarr }/cgroup"
	has system.slice/knarrtest.service/libpod-payload-
	[ "$(cat "/sys/fs/cgroup${output#0::}/memory.max")" = 67108864 ]
	systemctl stop knarrtest.service
	[ "$(systemctl show -P Result knarrtest.service)" = success ]
	[ ! -e /sys/fs/cgroup/system.slice/knarrtest.service ]
	rm /etc/containers/systemd/knarrtest.container
	systemctl daemon-reload
}
