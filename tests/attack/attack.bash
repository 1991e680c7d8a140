# SPDX-License-Identifier: Apache-2.0
# Common ground of the attack tests. They run on any OCI runtime (RT=/path/of/it): a hostile image or a hostile
# neighbour on the one side, marker files of the host in $H on the other. ROUNDS is how often a race is run.
: "${ROUNDS:=300}"

setup_attack() {
	is_root || skip "needs root"
	setup_bundle
	mkdir -p "$H/dev" "$H/sub"
	echo secret >"$H/secret"
	chmod 600 "$H/secret"
	echo x >"$H/sub/file"
	RACERS=()
	trap_host
}
# What the host must look like afterwards: call it again after the test has laid out its own bait in $H.
trap_host() {
	H_BEFORE=$(snap "$H")
	CORE_PATTERN=$(cat /proc/sys/kernel/core_pattern)
}
teardown_attack() {
	local left=0 pid
	[ -n "${TMP:-}" ] || return 0
	for pid in "${RACERS[@]}"; do kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; done
	host_same || left=1
	teardown_bundle || left=1
	return $left
}

# Type, mode, owner, size, link, name and content of everything below a directory.
snap() {
	(cd "$1" && find . -xdev -printf '%y %m %U:%G %s %l %p\n' | sort
	 find "$1" -xdev -type f -print0 | sort -z | xargs -0r md5sum)
}
host_same() {
	[ "$(snap "$H")" = "$H_BEFORE" ] || { echo "the host was changed:"; diff <(echo "$H_BEFORE") <(snap "$H"); return 1; } >&2
	[ "$(cat /proc/sys/kernel/core_pattern)" = "$CORE_PATTERN" ] || {
		echo "core_pattern was changed" >&2
		# a runtime that fails here has just changed this machine
		echo "$CORE_PATTERN" >/proc/sys/kernel/core_pattern
		return 1
	}
}

# race A B: exchanges two names until the test ends.
race() {
	need_helper racer
	"$HELPERS/racer" "$1" "$2" 100 3>&- &
	RACERS+=($!)
}

# go: one start in the foreground; its output in $output, its status in $status. Quicker than bats' run.
go() {
	status=0
	output=$(timeout 20 "$RT" --root "$ROOT" run --bundle "$BUNDLE" "$@" "$ID" </dev/null 2>&1) || status=$?
}

# refused TEXT...: no start, a message that names what is wrong, and a host as before. The texts are knarr's.
refused() {
	go
	echo "status $status: $output"
	[ "$status" -ne 0 ] || { echo "it was started" >&2; return 1; }
	! is_knarr || assert_output_has "$@" || return 1
	assert_clean && host_same
}
works() {
	go
	echo "status $status: $output"
	[ "$status" -eq 0 ]
}
add_mount() { config '.mounts += [$m]' --argjson m "$1"; }
drop_mounts_below() { config '.mounts |= map(select(.destination == $d or (.destination | startswith($d + "/")) | not))' --arg d "$1"; }
# A container that stays, in the background of the test.
start_sleeper() {
	set_args /bin/probe sleep 100
	rt_create "$@" || { cat "$TMP/err"; return 1; }
	rt start "$ID"
}
inode() { stat -L -c '%Hd:%Ld %i' "$1"; }
