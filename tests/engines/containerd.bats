#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd's runc.v2 shim with knarr as its binary, in the machine of tests/vm.
load helpers

setup_file() {
	load helpers
	need_machine
	need_tool containerd
	make_docker_archive
	mkdir -p /etc/containerd
	# The snippet of the release that is here.
	case $(containerd --version) in
	*" 1."*) cp "$CONTRIB/containerd/config-1.toml" /etc/containerd/config.toml ;;
	*) cp "$CONTRIB/containerd/config.toml" /etc/containerd/config.toml ;;
	esac
	# The image that holds a pod's namespaces would come from a network.
	printf '[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "%s"\n' "$IMAGE" >>/etc/containerd/config.toml
	systemctl restart containerd
	ctr version >/dev/null
	ctr image import "$STORE/docker.tar" >/dev/null
	ctr -n k8s.io image import "$STORE/docker.tar" >/dev/null
}
setup() { need_machine; }
teardown() {
	local t
	for t in $(ctr task ls -q 2>/dev/null); do ctr task kill -s KILL "$t" || true; wait_for 20 is_task "$t" STOPPED || true; ctr task rm "$t" || true; done
	for t in $(ctr container ls -q 2>/dev/null); do ctr container rm "$t" || true; done
}
teardown_file() { [ -z "${KNARR_IN_VM:-}" ] || systemctl stop containerd docker 2>/dev/null || true; }

cri() { python3 "$BATS_TEST_DIRNAME/cri.py" "$@"; }
is_task() { ctr task ls | grep -qE "^$1 .*$2"; }
start_task() { ctr run --runc-binary "$RT" -d "$IMAGE" "$@" >/dev/null; }

@test "containerd: the configuration names the runtime, and it is read" {
	run -0 containerd config dump
	has knarr /usr/local/bin/knarr
}

@test "containerd: run: output and status; errors of create are the runtime's words" {
	run -5 ctr run --runc-binary "$RT" --rm "$IMAGE" run sh -c 'echo out; exit 5'
	has out
	run -1 ctr run --runc-binary "$RT" --rm "$IMAGE" missing nonexistent
	has 'exec: "nonexistent": executable file not found in $PATH'
	run -0 "$HELPERS/pty" 31 88 ctr run --runc-binary "$RT" --rm -t --uidmap 0:100000:1000 --gidmap 0:100000:1000 "$IMAGE" mapped \
		sh -c 'test -t 0 && cat /proc/self/uid_map && id -u && stat -c %u /bin/busybox' </dev/null
	grep -q "0 *100000 *1000" <<<"$output"
	no_state_left /run/containerd/runc/default
}

@test "containerd: exec, ps, metrics, pause, kill, delete; containerd restarted and the bundle's config gone meanwhile" {
	start_task life sh -c 'trap "exit 9" TERM; while :; do sleep 0.2; done'
	run -0 ctr task exec --exec-id e1 --cwd /tmp life pwd
	[ "$output" = /tmp ]
	run -6 ctr task exec --exec-id e2 life sh -c 'exit 6'
	run ctr task exec --exec-id e3 life /none
	[ "$status" -ne 0 ]
	has /none "no such file or directory"
	run -0 "$HELPERS/pty" 31 88 ctr task exec -t --exec-id e4 life sh -c 'test -t 0 && echo terminal' </dev/null
	has terminal
	run -0 ctr task ps life
	has PID "$(ctr task ls | awk '$1 == "life" {print $2}')"
	run -0 ctr task metrics life
	has pids.current
	ctr task pause life
	is_task life PAUSED
	rm /run/containerd/io.containerd.runtime.v2.task/default/life/config.json
	systemctl restart containerd
	wait_for 60 is_task life PAUSED
	ctr task resume life
	is_task life RUNNING
	run -0 ctr task exec --exec-id e5 life echo after
	[ "$output" = after ]
	ctr task kill -s TERM life
	wait_for 30 is_task life STOPPED
	run ctr task delete life
	has "exit code 9"
	ctr container delete life
	no_state_left /run/containerd/runc/default
}

@test "containerd: without a pid namespace the end of init takes the rest; the systemd driver; limits" {
	ctr run --runc-binary "$RT" --runc-systemd-cgroup --cgroup system.slice:knarr:scoped --memory-limit 67108864 --with-ns pid:/proc/1/ns/pid -d \
		"$IMAGE" scoped sh -c 'sleep 888.5 & exec sleep 888.25'
	wait_for 20 pgrep -f 'sleep 888[.]5'
	[ "$(cat /sys/fs/cgroup/system.slice/knarr-scoped.scope/memory.max)" = 67108864 ]
	ctr task kill -s KILL scoped
	wait_for 30 is_task scoped STOPPED
	none() { ! pgrep -f 'sleep 888[.]5'; }
	wait_for 10 none
	run ctr task delete scoped
	ctr container delete scoped
	[ ! -e /sys/fs/cgroup/system.slice/knarr-scoped.scope ]
	no_state_left /run/containerd/runc/default
}

@test "containerd: the CRI plugin: a pod by the handler's name, a container in it, exec, limits, their end" {
	local pod sandbox config c at
	sandbox='{"metadata": {"name": "ship", "uid": "u1", "namespace": "knarr"}, "linux": {"cgroup_parent": "knarrpods.slice",
		"security_context": {"namespace_options": {"network": 2}}}}'
	config=$(jq -nc --arg image "$IMAGE" '{metadata: {name: "one"}, image: {image: $image}, command: ["sh", "-c", "trap \"exit 7\" TERM; while :; do sleep 0.2; done"],
		linux: {resources: {memory_limit_in_bytes: 67108864}, security_context: {capabilities: {drop_capabilities: ["ALL"]}}}}')
	pod=$(cri RunPodSandbox "{\"config\": $sandbox, \"runtime_handler\": \"knarr\"}" | jq -r .pod_sandbox_id)
	[ -e "/run/containerd/runc/k8s.io/$pod/state.json" ]
	c=$(cri CreateContainer "{\"pod_sandbox_id\": \"$pod\", \"config\": $config, \"sandbox_config\": $sandbox}" | jq -r .container_id)
	cri StartContainer "{\"container_id\": \"$c\"}"
	run -0 cri ExecSync "{\"container_id\": \"$c\", \"cmd\": [\"sh\", \"-c\", \"probe caps; exit 6\"]}"
	[ "$(jq -c .exit_code <<<"$output")" = 6 ]
	jq -r .stdout <<<"$output" | grep -qi 'CapEff:.0*$'
	at=/sys/fs/cgroup/knarrpods.slice/cri-containerd-$c.scope
	[ "$(cat "$at/memory.max")" = 67108864 ]
	cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {\"memory_limit_in_bytes\": 100663296}}"
	[ "$(cat "$at/memory.max")" = 100663296 ]
	cri StopContainer "{\"container_id\": \"$c\", \"timeout\": 30}"
	[ "$(cri ContainerStatus "{\"container_id\": \"$c\"}" | jq -c .status.exit_code)" = 7 ]
	cri RemoveContainer "{\"container_id\": \"$c\"}"
	cri StopPodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
	cri RemovePodSandbox "{\"pod_sandbox_id\": \"$pod\"}"
	[ ! -e "$at" ]
	no_state_left /run/containerd/runc/k8s.io
}
