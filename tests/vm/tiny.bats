#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The least memory in which a static program starts. The limit is the container's own: memory.limit of the config.
load helpers

tiny_bundle() { # KIB
	config '.linux.resources = {memory: {limit: ($k * 1024), swap: ($k * 1024)}} | .process.args = ["/bin/probe", "umask"]
		| del(.linux.seccomp)' --argjson k "$1"
}

@test "a static program runs under memory.max of 512 KiB" {
	need_root
	tiny_bundle 512
	rt_run 0
}

@test "a static program runs under memory.max of 256 KiB" {
	need_root
	tiny_bundle 256
	rt_run 0
}
