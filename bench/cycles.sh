#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many containers, many at a time, and what they leave: nothing, or exit status 1.
#
#   bench/cycles.sh [COUNT [AT_A_TIME]]      (2000, 32)
#
# Needs root, busybox (static) and a cgroup2 tree at /sys/fs/cgroup, or anywhere in mountinfo. On a host whose tree is
# shared, run it in a view of its own: `unshare -mC` with a cgroup2 mount on /sys/fs/cgroup. RT is the runtime.
set -u
COUNT=${1:-2000}
JOBS=${2:-32}
RT=${RT:-knarr}
TMP=$(mktemp -d)
trap 'rm -rf --one-file-system "$TMP"' EXIT

tree=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
mkdir -p "$TMP/bundle/rootfs"/{bin,proc,sys,dev} "$TMP/root"
cp "$(command -v busybox)" "$TMP/bundle/rootfs/bin/true"
(cd "$TMP/bundle" && "$RT" spec) || exit 2
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"\/bin\/true"/' "$TMP/bundle/config.json"
export RT TMP

cgroups() { find "$tree" -type d -path "*cycle-$$-*" 2>/dev/null | wc -l; }
mounts() { grep -c "$TMP" /proc/self/mountinfo; }
processes() { pgrep -f -c "cycle-$$-[0-9]"; }

: >"$TMP/failed"
start=$(date +%s%N)
# shellcheck disable=SC2016 # expanded by the inner shell
seq "$COUNT" | xargs -P "$JOBS" -I{} sh -c '"$RT" --root "$TMP/root" run --bundle "$TMP/bundle" "cycle-'$$'-{}" </dev/null ||
	echo {} >>"$TMP/failed"'
end=$(date +%s%N)

failed=$(wc -l <"$TMP/failed")
states=$(find "$TMP/root" -mindepth 1 -maxdepth 1 ! -name '.*' | wc -l)
echo "cycles $COUNT, $JOBS at a time: $(((end - start) / 1000000)) ms, $(((end - start) / 1000 / COUNT)) us each"
echo "failed $failed; left: states $states, cgroups $(cgroups), mounts $(mounts), processes $(processes)"
[ "$failed $states $(cgroups) $(mounts) $(processes)" = "0 0 0 0 0" ]
