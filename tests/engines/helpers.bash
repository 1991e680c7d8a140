# SPDX-License-Identifier: Apache-2.0
# Common ground of the tests with real engines. They change the machine's configuration, so they run in the machine
# of tests/vm only. Everything is made here: the image holds busybox and the probe, nothing comes from a network.
#
# The machine is emulated and engines are large programs: one container serves for as many looks as it can.

bats_require_minimum_version 1.5.0

IMAGE=docker.io/library/knarr-test:latest
CONTRIB=${CONTRIB:-/opt/knarr/contrib}
STORE=/var/tmp/knarr-engines-$(id -u)

need_machine() {
	[ -n "${KNARR_IN_VM:-}" ] || skip "runs in the machine of tests/vm"
	[ -d "$CONTRIB" ] || skip "needs contrib/ at $CONTRIB"
}
need_tool() { command -v "$1" >/dev/null || skip "needs $1"; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
has() {
	local t
	for t in "$@"; do
		[[ $output == *"$t"* ]] || { echo "missing: $t" >&2; echo "output: $output" >&2; return 1; }
	done
}
show() { echo "status $status: $output"; }

# Makes $STORE/image.tar, the root file system, once.
make_image() {
	local a r=$STORE/rootfs
	[ ! -e "$STORE/image.tar" ] || return 0
	mkdir -p "$r"/{bin,etc,tmp,root,proc,sys,dev}
	chmod 1777 "$r/tmp"
	cp "$(command -v busybox)" "$r/bin/busybox"
	cp "$PROBE" "$HELPERS/notify" "$r/bin"
	for a in sh cat ls echo sleep true false id hostname mount env pwd stat touch mkdir grep test readlink head wc tr cut sed awk kill ps nproc; do
		ln -sf busybox "$r/bin/$a"
	done
	printf '#!/bin/sh\nexec sleep 100000\n' >"$r/pause"
	chmod 755 "$r/pause"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/:/bin/sh\n' >"$r/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$r/etc/group"
	tar -C "$r" -cf "$STORE/image.tar.part" .
	mv "$STORE/image.tar.part" "$STORE/image.tar"
}
# Podman's and Buildah's store, and the snippet of contrib/ that makes knarr their runtime.
setup_podman() {
	make_image
	cp "$CONTRIB/containers.conf" "$STORE/containers.conf"
	export CONTAINERS_CONF_OVERRIDE=$STORE/containers.conf
	podman image exists "$IMAGE" || podman import -q --change 'CMD ["/pause"]' "$STORE/image.tar" "$IMAGE"
}
# An archive that `ctr image import` and `docker load` read.
make_docker_archive() {
	setup_podman
	[ -e "$STORE/docker.tar" ] || podman save -q --format docker-archive -o "$STORE/docker.tar" "$IMAGE"
}
no_state_left() { [ -z "$(ls "$1" 2>/dev/null)" ] || { ls -la "$1" >&2; return 1; }; }
