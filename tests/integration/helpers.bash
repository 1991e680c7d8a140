# SPDX-License-Identifier: Apache-2.0
# Common ground of the bats files. RT is the runtime under test: any OCI runtime, so that the attack tests can be
# run on others, too. PROBE is the static program that looks from inside a container (tests/helpers/probe.c).
#
# Every test gets a bundle of its own in $BUNDLE, a state root in $ROOT and a scratch directory $H outside the
# bundle. After each test nothing may be left: no process, mount, cgroup, state.

bats_require_minimum_version 1.5.0

HELPERS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$HELPERS_DIR/../.." && pwd)
: "${RT:=$(command -v knarr || echo "$TOP/knarr")}"
: "${PROBE:=$TOP/tests/helpers/probe}"
# Where the compiled helpers lie: console_receiver, pty.
: "${HELPERS:=$(dirname "$PROBE")}"
export RT PROBE HELPERS

is_knarr() { [[ $(basename "$RT") == knarr* ]]; }
is_root() { [ "$(id -u)" = 0 ]; }
need_root() { is_root || skip "needs root"; }
need_knarr() { is_knarr || skip "is about knarr's own interface"; }

# Where the cgroup2 tree is mounted, "" if nowhere.
cgroup2_mount() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }
has_controller() { grep -qw "$1" "$(cgroup2_mount)/cgroup.controllers" 2>/dev/null; }
need_controller() { has_controller "$1" || skip "no cgroup v2 controller '$1' on this host"; }

setup_bundle() {
	TMP=$(mktemp -d "${BATS_RUN_TMPDIR:-/tmp}/t.XXXXXX")
	BUNDLE=$TMP/bundle
	ROOT=$TMP/root
	H=$TMP/host
	ID=test-$$-$BATS_TEST_NUMBER-$RANDOM
	mkdir -p "$BUNDLE/rootfs"/{bin,proc,sys,dev,etc,tmp,root} "$H"
	chmod 1777 "$BUNDLE/rootfs/tmp"
	echo marker >"$H/marker"
	cp "$(busybox_path)" "$BUNDLE/rootfs/bin/busybox"
	for a in sh cat ls echo sleep true false id hostname mount umount ps kill env pwd stat touch mkdir grep test readlink dd ln rm head wc tr cut sync sed awk printf; do
		ln -sf busybox "$BUNDLE/rootfs/bin/$a"
	done
	[ ! -e "$PROBE" ] || cp "$PROBE" "$BUNDLE/rootfs/bin/probe"
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$BUNDLE/rootfs/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\nstaff:x:50:user\n' >"$BUNDLE/rootfs/etc/group"
	write_spec
	trap - ERR
}

busybox_path() {
	local p
	for p in /bin/busybox /usr/bin/busybox; do [ -x "$p" ] && { echo "$p"; return; }; done
}

# The base config: the runtime's own, without a terminal; an ordinary user gets the rootless one.
write_spec() {
	local flags=()
	is_root || flags+=(--rootless)
	rm -f "$BUNDLE/config.json"
	(cd "$BUNDLE" && "$RT" spec "${flags[@]}")
	config '.process.terminal = false | del(.process.rlimits)'
}

# config FILTER [JQ-ARGS...]: edits config.json in place.
config() {
	local filter=$1
	shift
	# jq 1.6 counts in doubles, which would change "unlimited".
	jq "$filter" "$BUNDLE/config.json" "$@" | sed 's/18446744073709552000/18446744073709551615/' >"$BUNDLE/config.new" && mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}
set_args() { config '.process.args = $args' --argjson args "$(jq -n --args '$ARGS.positional' -- "$@")"; }
set_sh() { set_args /bin/sh -c "$1"; }

rt() { "$RT" --root "$ROOT" "$@"; }
# knarr acts upon some annotations only when it is told to; others know no such flag.
ALLOW=()
! is_knarr || ALLOW=(--annotations=all)
# Runs the bundle in the foreground.
rt_run() { run -"${1:-0}" rt run --bundle "$BUNDLE" "${@:2}" "$ID"; }
rt_create() { rt create --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err"; }
status_of() { rt state "${1:-$ID}" | jq -r .status; }
pid_of() { rt state "${1:-$ID}" | jq -r .pid; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
# Gone, or dead and not yet reaped by whoever is its parent now.
process_ended() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }
is_status() { [ "$(status_of 2>/dev/null)" = "$1" ]; }

teardown_bundle() {
	local id left=0
	[ -n "${TMP:-}" ] || return 0
	if [ -d "$ROOT" ]; then
		for id in $(ls "$ROOT" 2>/dev/null); do "$RT" --root "$ROOT" delete --force "$id" >/dev/null 2>&1 || true; done
	fi
	assert_clean || left=1
	rm -rf --one-file-system "$TMP" 2>/dev/null || true
	return $left
}

# No state, no cgroup of this id, no mount that was not there.
assert_clean() {
	local cg ids
	ids=$(ls "$ROOT" 2>/dev/null || true)
	[ -z "$ids" ] || { echo "state left: $ids" >&2; return 1; }
	cg=$(cgroup2_mount)
	if [ -n "$cg" ] && is_root; then
		# find fails where another container's cgroup goes away under it.
		cg=$(find "$cg" -maxdepth 4 -type d -name "*$ID*" 2>/dev/null) || true
		[ -z "$cg" ] || { echo "cgroup left: $cg" >&2; return 1; }
	fi
	! grep -F "$TMP/" /proc/self/mountinfo >&2 || { echo "mounts left" >&2; return 1; }
	[ "$(cat "$H/marker")" = marker ] || { echo "the host's marker was changed" >&2; return 1; }
}
# A build with --enable-test-hooks ends itself where KNARR_TEST_KILL_AT says.
has_test_hooks() { is_knarr && grep -qa KNARR_TEST_KILL_AT "$RT"; }
need_test_hooks() { has_test_hooks || skip "needs test hooks"; }
need_tool() { command -v "$1" >/dev/null || skip "needs $1"; }
need_helper() { [ -x "$HELPERS/$1" ] || skip "needs the helper $1"; }

# place_of JQ-PATH: "config.json:LINE" where the value of a compact text stands is for the caller to know; this is the
# number of the line that holds TEXT for the first time.
line_of() { grep -nF -- "$1" "$BUNDLE/config.json" | head -n1 | cut -d: -f1; }

# fails_with TEXT...: run fails in the foreground and with create, names every TEXT, and leaves nothing.
fails_with() {
	run rt run --bundle "$BUNDLE" "$ID" </dev/null
	echo "run: status $status: $output"
	[ "$status" -ne 0 ] || return 1
	assert_output_has "$@" || return 1
	assert_clean || return 1
	run rt create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null
	echo "create: status $status: $output"
	[ "$status" -ne 0 ] || return 1
	assert_output_has "$@" || return 1
	[ ! -e "$TMP/pid" ] || { echo "a pid file was left" >&2; return 1; }
	assert_clean
}

# The last line of stderr-or-both holds all of the given texts.
assert_output_has() {
	local t
	for t in "$@"; do
		[[ $output == *"$t"* ]] || { echo "missing: $t" >&2; echo "output: $output" >&2; return 1; }
	done
}
# A user namespace whose ids are the host's, plus 100000. The rootfs has to be reachable for it.
add_userns() {
	need_root
	config '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	chmod 755 "$TMP" "$BUNDLE" "$H" "$BATS_RUN_TMPDIR"
	chown -Rh 100000:100000 "$BUNDLE/rootfs"
}
