#!/bin/bash
# sudo scripts/quickstart.sh: on a fresh Debian or Ubuntu, installs what the build needs (packages,
# by apt), builds knarr in build/, runs a first container and shows what it was kept apart from.
. "$(dirname "$(readlink -f "$0")")/common.sh"

# shellcheck disable=SC2086 # lists of words
apt_install $BUILD_PACKAGES $RUN_PACKAGES
as_owner mkdir -p "$LOGS"
trap give_back EXIT
echo "building (log: build/logs/build.log)"
"$TOP/scripts/build.sh" >"$LOGS/build.log" 2>&1 </dev/null || {
	tail -n 30 "$LOGS/build.log" >&2
	die "the build failed, see build/logs/build.log"
}
"$BUILD/knarr" --version

work=$(mktemp -d "${TMPDIR:-/tmp}/knarr-quickstart.XXXXXX")
chmod 755 "$work"
trap 'rm -rf --one-file-system "$work"; give_back' EXIT

# One line each: what a program can see of its host.
cat >"$work/look" <<'X'
echo "host name|$(hostname)"
echo "own process id|$$"
echo "processes in sight|$(ls -d /proc/[0-9]* | wc -l)"
echo "mounts in sight|$(wc -l </proc/self/mounts)"
echo "network interfaces|$(ls /sys/class/net | tr '\n' ' ')"
echo "entries of /dev|$(ls /dev | wc -l)"
echo "capabilities|$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)"
echo "new privileges possible|$(sed -n 's/^NoNewPrivs:[^0-9]*//p' /proc/self/status | sed 's/0/yes/; s/1/no/')"
X
"$TOP/scripts/bundle.sh" "$work/bundle" sh /look
cp "$work/look" "$work/bundle/rootfs/look"
sh "$work/look" >"$work/outside"
echo "running: knarr run --bundle $work/bundle hello"
"$BUILD/knarr" run --bundle "$work/bundle" "hello-$$" </dev/null >"$work/inside" || die "the container did not run"

echo
paste -d'|' "$work/outside" "$work/inside" |
	awk -F'|' 'BEGIN {printf "%-24s  %-20s  %s\n", "", "outside", "inside"} {printf "%-24s  %-20s  %s\n", $1, $2, $4}'
cat <<X

It works. From here:
  sudo make -C build install             puts knarr into /usr/local/bin
  sudo scripts/bundle.sh DIR             makes a bundle to play with; cd DIR, sudo knarr run NAME
  sudo knarr plan DIR                    tells what would be done for it, and changes nothing
  sudo scripts/check.sh                  runs all tests
README.md has the lines that make Podman, containerd, Docker and others use it.
X
