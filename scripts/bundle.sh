#!/bin/bash
# bundle.sh FOLDER [COMMAND...]: makes a bundle there, with busybox as its root file system and the
# configuration that "knarr spec" writes; the command replaces the shell that it would start.
# KNARR names the runtime; else the one in build/, or in PATH.
set -eu
[ $# -gt 0 ] || {
	sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
dir=$1
shift
knarr=${KNARR:-$top/build/knarr}
[ -x "$knarr" ] || knarr=$(command -v knarr) || {
	echo "bundle.sh: no knarr: name it in KNARR" >&2
	exit 1
}
busybox=$(command -v busybox) || {
	echo "bundle.sh: busybox is missing (package busybox-static)" >&2
	exit 1
}

root=$dir/rootfs
mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr,var}
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
"$busybox" --list | while read -r applet; do
	[ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
ln -sfn ../bin "$root/usr/bin"

flags=()
[ "$(id -u)" = 0 ] || flags+=(--rootless)
[ $# = 0 ] || flags+=(--terminal=false -- "$@")
rm -f "$dir/config.json"
"$knarr" spec --bundle "$dir" "${flags[@]}"
