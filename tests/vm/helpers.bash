# SPDX-License-Identifier: Apache-2.0
# Common ground of the tests that need a machine of their own: every cgroup controller, systemd, AppArmor. They run in
# the machine of tests/vm and in none that others use, since they reload its service manager and fill its tables.

load ../integration/helpers

# Programs start slowly in an emulated machine: one bundle is made for a file, and copied for each test.
setup_file() {
	[ -n "${KNARR_IN_VM:-}" ] || return 0
	setup_bundle
	mv "$BUNDLE" "$BATS_FILE_TMPDIR/bundle"
}
setup() {
	[ -n "${KNARR_IN_VM:-}" ] || skip "runs in the machine of tests/vm"
	need_knarr
	RT_FLAGS=()
	TMP=$BATS_TEST_TMPDIR
	BUNDLE=$TMP/bundle
	ROOT=$TMP/root
	H=$TMP/host
	ID=test-$$-$BATS_TEST_NUMBER-$RANDOM
	cp -a "$BATS_FILE_TMPDIR/bundle" "$TMP"
	mkdir "$H"
	echo marker >"$H/marker"
	MOUNTS_BEFORE=$(wc -l </proc/self/mountinfo)
}
teardown() { teardown_bundle; }

# As in the integration tests, with the options of this test's driver.
rt() { "$RT" --root "$ROOT" "${RT_FLAGS[@]}" "$@"; }
use_systemd() { RT_FLAGS=(--systemd-cgroup); }

# Starts the bundle in the background; sets PID and CG, the folder of the cgroup that its first process is in.
start_container() {
	rt run --detach --pid-file "$TMP/pid" --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$TMP/out" 2>"$TMP/err" || {
		cat "$TMP/err" >&2
		return 1
	}
	PID=$(<"$TMP/pid")
	CG=$(<"/proc/$PID/cgroup")
	CG=/sys/fs/cgroup${CG#0::}
}
idle_container() {
	config '.process.args = ["/bin/sleep", "1000"] | .linux.resources += $r' --argjson r "${1:-null}"
	start_container
}
resources() { config '.linux.resources += $r' --argjson r "$1"; }
# value FILE: what the container's cgroup holds; with systemd's driver the limits are one level up.
value() {
	local at=$CG
	[ "${RT_FLAGS[*]}" != --systemd-cgroup ] || at=${CG%/container}
	echo "$(<"$at/$1")"
}
is_value() {
	local now
	now=$(value "$1") || return 1
	[ "$now" = "$2" ] || { echo "$1 is '$now', not '$2'" >&2; return 1; }
}
in_container() { rt exec "$ID" "$@"; }
is_gone() { [ ! -e "/proc/$1" ]; }
is_empty() { [ -z "$(cat "$1/cgroup.procs" 2>/dev/null)" ]; }
# refused TEXT...: the bundle is refused and nothing is left.
refused() {
	run rt run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" -ne 0 ] || { echo "not refused: $output" >&2; return 1; }
	assert_output_has "$@" && assert_clean
}
