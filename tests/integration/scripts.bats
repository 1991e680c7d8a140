#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# scripts/: what a newcomer calls first.
load helpers

setup() { setup_bundle; }
teardown() {
	[ -z "${TREE:-}" ] || rm -rf "$TREE"
	teardown_bundle
}

@test "packages installed by root leave a checkout to its owner" {
	need_root
	TREE=$(mktemp -d /tmp/knarr-checkout.XXXXXX) # where another user gets to
	mkdir -p "$TMP/bin"
	cp -r "$TOP/scripts" "$TREE"
	chown -R 1000:1000 "$TREE"
	printf '#!/bin/sh\n' >"$TMP/bin/apt-get"
	printf '#!/bin/sh\necho not-installed\n' >"$TMP/bin/dpkg-query"
	chmod 755 "$TMP/bin"/*
	run -0 env PATH="$TMP/bin:$PATH" bash -c '. "$1"; apt_install some-package; as_owner touch "$BUILD/config.log"' - "$TREE/scripts/common.sh"
	assert_output_has "installing: some-package"
	[ "$(stat -c %u "$TREE/build" "$TREE/build/logs" "$TREE/build/config.log" | sort -u)" = 1000 ]
}

@test "bundle.sh: a bundle that runs, as whoever made it" {
	need_knarr
	need_tool busybox
	run -0 env KNARR="$RT" "$TOP/scripts/bundle.sh" "$TMP/made" sh -c 'echo made; exit 0'
	run -0 rt run --bundle "$TMP/made" "$ID"
	[ "$output" = made ]
	run -2 "$TOP/scripts/bundle.sh"
	assert_output_has "bundle.sh FOLDER"
}
