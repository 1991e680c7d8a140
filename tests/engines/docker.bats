#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# dockerd with knarr as its default runtime, by contrib/docker/daemon.json, in the machine of tests/vm.
load helpers

setup_file() {
	load helpers
	need_machine
	need_tool dockerd
	make_docker_archive
	mkdir -p /etc/docker
	# No bridge: the machine has no network; the rest is the snippet.
	jq '. + {bridge: "none", iptables: false, "live-restore": true}' "$CONTRIB/docker/daemon.json" >/etc/docker/daemon.json
	systemctl restart containerd docker
	docker load -q -i "$STORE/docker.tar"
}
setup() { need_machine; }
teardown() {
	local c
	c=$(docker ps -aq 2>/dev/null)
	# shellcheck disable=SC2086 # a list of ids
	[ -z "$c" ] || docker rm -f $c >/dev/null 2>&1 || true
}
teardown_file() { [ -z "${KNARR_IN_VM:-}" ] || systemctl stop docker docker.socket containerd 2>/dev/null || true; }

drun() { docker run --rm --network none "$@"; }
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(docker inspect --format '{{.State.Pid}}' "$1")/cgroup")"; }
limit_dir() {
	local at
	at=$(cgroup_of "$1")
	[ "$(cat "$at/memory.max")" != max ] || at=${at%/container}
	echo "$at"
}

@test "docker: the daemon knows the runtime" {
	run -0 docker info --format '{{.DefaultRuntime}} {{json .Runtimes}}'
	has knarr /usr/local/bin/knarr
}

@test "docker: run: output, status, 126 and 127" {
	run -3 "$HELPERS/pty" 21 55 docker run --rm -it --network none "$IMAGE" sh -c 'echo out; test -t 0 && probe winsize; cat /proc/self/attr/current; exit 3' </dev/null
	has out "21 55" docker-default
	run -0 bash -c 'echo in | docker run --rm -i --network none --privileged --security-opt seccomp=unconfined --cgroupns host "$1" sh -c "cat; cat /proc/self/cgroup; ls /dev/vda"' - "$IMAGE"
	has in docker- /dev/vda
	run -127 drun "$IMAGE" nonexistent
	has "executable file not found"
	run -126 drun "$IMAGE" /etc
	run -127 drun "$IMAGE" /bin/nonexistent
	no_state_left /run/docker/runtime-runc/moby
}

@test "docker: a container's life: exec, -t, top, stats, pause, daemon restarted, stop" {
	docker run -d --name life --network none "$IMAGE" sh -c 'trap "echo term; exit 7" TERM; echo up; while :; do sleep 0.2; done' >/dev/null
	run -9 docker exec -u 1000 -w /tmp -e A=b life sh -c 'id -u; pwd; echo $A; exit 9'
	has 1000 /tmp b
	run docker exec life nonexistent
	[ "$status" = 127 ] || [ "$status" = 126 ] # the latter before Docker 27
	has "executable file not found"
	run -126 docker exec life /etc
	run -0 "$HELPERS/pty" 33 99 docker exec -it life sh -c 'test -t 0 && echo terminal' </dev/null
	has terminal
	run -0 docker top life
	has "while :"
	run -0 docker stats --no-stream --format '{{.Name}} {{.PIDs}}' life
	has life
	docker pause life
	[ "$(docker inspect --format '{{.State.Status}}' life)" = paused ]
	docker unpause life
	systemctl restart docker
	[ "$(docker inspect --format '{{.State.Status}}' life)" = running ]
	run -0 docker exec life echo after
	[ "$output" = after ]
	docker stop -t 30 life
	[ "$(docker inspect --format '{{.State.ExitCode}}' life)" = 7 ]
	run -0 docker logs life
	[ "$output" = $'up\nterm' ]
}

@test "docker: limits, update, --cgroup-parent, options" {
	docker run --init -d --name limits --network none --memory 64m --memory-swap 128m --cpus 0.5 --pids-limit 40 --cgroup-parent knarrtest.slice \
		--device /dev/fuse --tmpfs /scratch --read-only --cap-drop ALL --security-opt no-new-privileges --ulimit nofile=77:88 "$IMAGE" sleep 1000
	local cg
	cg=$(limit_dir limits)
	[[ $cg == */knarrtest.slice/* ]]
	[ "$(cat "$cg/memory.max") $(cat "$cg/memory.swap.max") $(cat "$cg/cpu.max") $(cat "$cg/pids.max")" = "67108864 67108864 50000 100000 40" ]
	docker update --memory 96m --memory-swap 192m --pids-limit 50 limits
	[ "$(cat "$cg/memory.max") $(cat "$cg/pids.max")" = "100663296 50" ]
	run -0 docker exec limits sh -c 'ulimit -n; touch /scratch/x && echo tmpfs; touch /x 2>/dev/null || echo readonly; probe stat /dev/fuse; probe caps'
	has 77 tmpfs readonly char
	grep -qi 'CapEff:.0*$' <<<"$output"
	docker rm -f limits
	[ ! -e "$cg" ]
	run -137 docker run --name oom --network none --memory 16m "$IMAGE" sh -c 'x=$(cat /dev/zero | head -c 60000000 | tr "\0" a)'
	[ "$(docker inspect --format '{{.State.OOMKilled}}' oom)" = true ]
}

@test "docker: a restart policy" {
	docker run -d --name again --network none --restart on-failure:2 "$IMAGE" sh -c 'echo turn; exit 1' >/dev/null
	ended() { [ "$(docker inspect --format '{{.State.Status}} {{.RestartCount}}' again)" = "exited 2" ]; }
	wait_for 120 ended
	[ "$(docker logs again | grep -c turn)" = 3 ]
}

@test "docker: build by the classic builder" {
	mkdir -p "$STORE/dbuild"
	printf 'FROM %s\nRUN echo built >/built\n' "$IMAGE" >"$STORE/dbuild/Dockerfile"
	DOCKER_BUILDKIT=0 docker build -q --network none -t built "$STORE/dbuild"
	run -0 drun built cat /built
	[ "$output" = built ]
}
