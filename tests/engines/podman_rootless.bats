#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Podman as an ordinary user with knarr, in the machine of tests/vm: under systemd's user session, and with cgroupfs.
load helpers

setup_file() {
	load helpers
	need_machine
	need_tool podman
	[ "$(id -u)" != 0 ] || skip "is for an ordinary user: BATS_USER=rootless"
	setup_podman
}
setup() {
	need_machine
	[ "$(id -u)" != 0 ] || skip "is for an ordinary user: BATS_USER=rootless"
	export CONTAINERS_CONF_OVERRIDE=$STORE/containers.conf
}
teardown() { [ "$(id -u)" = 0 ] || podman rm -fa -t 0 >/dev/null 2>&1 || true; }
prun() { podman run --rm --network none "$@"; }

@test "podman rootless: run, status, 126 and 127, nothing left" {
	run -3 --separate-stderr prun "$IMAGE" sh -c 'id -u; exit 3'
	has 0
	[ -z "$stderr" ]
	run -127 prun "$IMAGE" nonexistent
	run -126 prun "$IMAGE" /etc
	no_state_left "$XDG_RUNTIME_DIR/knarr"
}

@test "podman rootless: systemd: a scope of the user's, limits, exec, pause, stop" {
	podman run -d --name life --network none --memory 64m --pids-limit 40 --stop-timeout 30 "$IMAGE" sh -c 'trap "exit 7" TERM; while :; do sleep 0.2; done'
	local cg
	cg=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(podman inspect --format '{{.State.Pid}}' life)/cgroup")
	[[ $cg == */user@*libpod-*.scope* ]]
	[ "$(cat "$cg/memory.max")" != max ] || cg=${cg%/container}
	[ "$(cat "$cg/memory.max") $(cat "$cg/pids.max")" = "67108864 40" ]
	run -9 podman exec life sh -c 'exit 9'
	run -0 "$HELPERS/pty" 33 99 podman exec -it life sh -c 'test -t 0 && probe winsize' </dev/null
	has "33 99"
	podman pause life
	podman unpause life
	podman update --memory 96m life
	[ "$(cat "$cg/memory.max")" = 100663296 ]
	podman stop life
	[ "$(podman inspect --format '{{.State.ExitCode}}' life)" = 7 ]
	run -0 --separate-stderr podman rm -f life
	[ -z "$stderr" ]
	[ ! -e "$cg" ]
	no_state_left "$XDG_RUNTIME_DIR/knarr"
}

@test "podman rootless: keep-id, auto, keep-groups, volumes, options" {
	run -0 prun --userns keep-id -v "$STORE:/in:ro" "$IMAGE" sh -c 'id -u; stat -c %u /in/image.tar'
	[ "$output" = $'1000\n1000' ]
	run -0 prun --userns auto:size=2000 "$IMAGE" cat /proc/self/uid_map
	has 2000
	run -0 prun --group-add keep-groups "$IMAGE" id
	run -0 prun --tmpfs /scratch --read-only --cap-drop all --security-opt no-new-privileges --hostname boat --device /dev/null:/dev/nothing \
		"$IMAGE" sh -c 'touch /scratch/x && echo tmpfs; touch /x 2>/dev/null || echo readonly; hostname; probe stat /dev/nothing'
	has tmpfs readonly boat char
}

@test "podman rootless: the default network: an interface, and a port of the host that leads into the container" {
	need_tool pasta
	podman run -d --name harbour -p 18080:8080 "$IMAGE" sh -c 'while :; do echo ahoy | busybox nc -l -p 8080; done'
	run -0 podman exec harbour cat /proc/net/dev
	[ "$(grep -c : <<<"$output")" -ge 2 ] # lo and one more
	hails() { [ "$(busybox nc -w 5 127.0.0.1 18080 </dev/null)" = ahoy ]; }
	wait_for 60 hails
}

@test "podman rootless: a restart policy" {
	podman run -d --name again --network none --restart on-failure:1 "$IMAGE" sh -c 'exit 1'
	ended() { [ "$(podman inspect --format '{{.State.Status}} {{.RestartCount}}' again)" = "exited 1" ]; }
	wait_for 120 ended
	no_state_left "$XDG_RUNTIME_DIR/knarr"
}

@test "podman rootless: cgroupfs, and no cgroup" {
	podman --cgroup-manager cgroupfs run -d --name fs --network none "$IMAGE" sleep 1000
	run -0 podman --cgroup-manager cgroupfs exec fs echo in
	[ "$output" = in ]
	run -0 --separate-stderr podman --cgroup-manager cgroupfs rm -f -t 0 fs
	[ -z "$stderr" ]
	run -0 prun --cgroups=disabled "$IMAGE" echo ran
	has ran
}

@test "podman rootless: a pod, and a build" {
	podman pod create --name ship --network none --infra-image "$IMAGE"
	podman run -d --pod ship --name a "$IMAGE" sleep 1000
	[ "$(podman exec a readlink /proc/self/ns/ipc)" != "$(readlink /proc/self/ns/ipc)" ]
	run -0 podman pod rm -f -t 0 ship
	mkdir -p "$STORE/build"
	printf 'FROM %s\nRUN echo built >/built && id -u\n' "$IMAGE" >"$STORE/build/Containerfile"
	run -0 podman build -q --network none --pull=never -t built "$STORE/build"
	run -0 prun localhost/built cat /built
	[ "$output" = built ]
}
