#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Buildah calls the runtime itself: create, start, state, kill, delete; by contrib/containers.conf, in the machine of tests/vm.
load helpers

setup_file() {
	load helpers
	need_machine
	need_tool buildah
	setup_podman
}
setup() {
	need_machine
	export CONTAINERS_CONF_OVERRIDE=$STORE/containers.conf
	# Without a daemon's help it would take what the command line says, so it says it.
	export BUILDAH_RUNTIME=$RT
}
teardown() { buildah rm -a >/dev/null 2>&1 || true; }

@test "buildah: run: output, status, the user, the work directory" {
	c=$(buildah from --pull=never "$IMAGE")
	run -0 buildah run --isolation oci --network none "$c" -- sh -c 'echo out; id -u'
	[ "$output" = $'out\n0' ]
	run -4 buildah run --isolation oci --network none "$c" -- sh -c 'exit 4'
	run -0 buildah run --isolation oci --network none --user 1000 --workingdir /tmp "$c" -- sh -c 'id -u; pwd'
	[ "$output" = $'1000\n/tmp' ]
	run buildah run --isolation oci --network none "$c" -- nonexistent
	[ "$status" -ne 0 ]
	has nonexistent "executable file not found"
	run -0 "$HELPERS/pty" 33 99 buildah run --isolation oci --network none -t "$c" -- sh -c 'test -t 0 && echo terminal' </dev/null
	has terminal
}

@test "buildah: build with a mount" {
	mkdir -p "$STORE/bbuild"
	echo secret >"$STORE/bbuild/file"
	printf 'FROM %s\nRUN --mount=type=bind,target=/ctx cat /ctx/file >/copied\nRUN echo two >>/copied\n' "$IMAGE" >"$STORE/bbuild/Containerfile"
	run -0 buildah build -q --isolation oci --network none --pull=never -t bbuilt "$STORE/bbuild"
	c=$(buildah from --pull=never localhost/bbuilt)
	run -0 buildah run --isolation oci --network none "$c" -- cat /copied
	[ "$output" = $'secret\ntwo' ]
}
