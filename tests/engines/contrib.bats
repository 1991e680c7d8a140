#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The snippets of contrib/ that no other file here puts to use: each by the program that reads it, where Debian has it.
load helpers

setup() { need_machine; }

@test "contrib: dockerd takes daemon.json as it is" {
	run -0 dockerd --validate --config-file "$CONTRIB/docker/daemon.json"
	has "configuration OK"
}

@test "contrib: AppArmor takes the profile, knarr runs by it, and a container's own profile comes after it" {
	local b=$BATS_TEST_TMPDIR/bundle
	apparmor_parser -Q "$CONTRIB/apparmor/knarr"
	apparmor_parser -r "$CONTRIB/apparmor/knarr"
	mkdir -p "$b/rootfs/bin" "$b/rootfs/proc"
	cp "$(command -v busybox)" "$b/rootfs/bin"
	"$RT" spec --bundle "$b"
	jq '.process.terminal = false | .process.args = ["/bin/busybox", "cat", "/proc/self/attr/current"]' "$b/config.json" >"$b/config.new"
	mv "$b/config.new" "$b/config.json"
	run -0 "$RT" run --bundle "$b" "labelled-$$" </dev/null
	[ "$output" = "knarr (unconfined)" ]
	apparmor_parser -R "$CONTRIB/apparmor/knarr"
	run -0 "$RT" run --bundle "$b" "labelled-$$" </dev/null
	[ "$output" = unconfined ]
}

@test "contrib: CRI-O's handler, containerd's and the RuntimeClass have one name and one program" {
	run -0 python3 - "$CONTRIB" <<-'P'
		import sys, tomllib
		def toml(name):
		    with open(sys.argv[1] + "/" + name, "rb") as f: return tomllib.load(f)
		crio = toml("crio/knarr.conf")["crio"]["runtime"]
		print(crio["default_runtime"], crio["runtimes"]["knarr"]["runtime_path"], crio["runtimes"]["knarr"]["runtime_type"])
		two = toml("containerd/config.toml")["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]
		one = toml("containerd/config-1.toml")["plugins"]["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]
		assert one["knarr"] == two["knarr"]
		print(one["knarr"]["options"]["BinaryName"])
	P
	[ "$output" = $'knarr /usr/local/bin/knarr oci\n/usr/local/bin/knarr' ]
	grep -qx 'handler: knarr' "$CONTRIB/kubernetes/runtimeclass.yaml"
}
