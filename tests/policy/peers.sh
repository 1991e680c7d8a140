#!/bin/bash
# tests/policy/peers.sh [FOLDER]: puts crun and runc of a Debian release under FOLDER/bin, with the libraries of
# that release, and prints the folder. The default folder lies in the cache of tests/vm and is made once.
#
#   PEERS_SUITE   the release (default: that of tests/vm)
#
# crun of Debian 12 needs CAP_SYS_RESOURCE, which a build machine in a container may lack: newer releases do not.
# Both programs start themselves again by /proc/self/exe, so each names its loader: patchelf writes it.
. "$(dirname "$(readlink -f "$0")")/../vm/common.sh"

suite=${PEERS_SUITE:-$SUITE}
packages="crun runc libc6 libsystemd0 libseccomp2 libcap2 libyajl2 libgcc-s1 libgcrypt20 libgpg-error0
	liblzma5 libzstd1 liblz4-1"
[ "$suite" != sid ] || packages="$packages libjson-c5 libblake3-0 libtbb12 libstdc++6"
to=${1:-$CACHE/peers-$suite-$(hash_of "$0")}

if [ ! -e "$to/complete" ]; then
	command -v patchelf >/dev/null || die "patchelf is missing: install the package of that name"
	new=$to.$$
	trap 'rm -rf "$new"' EXIT
	# shellcheck disable=SC2086 # a list of words
	debs "$suite" "$new/root" $packages >&2
	mkdir -p "$new/bin"
	libraries=$(dirname "$(find "$new/root/usr/lib" -name 'libseccomp.so.2' | head -n 1)")
	loader=$(find "$new/root" -name 'ld-linux-*.so.*' | head -n 1)
	for f in usr/bin/crun usr/sbin/runc; do
		p=$new/bin/$(basename "$f")
		cp "$new/root/$f" "$p"
		# The folder gets its name last: both are told the name that it will have.
		patchelf --set-interpreter "$to${loader#"$new"}" --force-rpath --set-rpath "$to${libraries#"$new"}" "$p"
	done
	: >"$new/complete"
	rm -rf "$to"
	mv "$new" "$to"
fi
for p in crun runc; do
	"$to/bin/$p" --version >/dev/null || die "$to/bin/$p does not start"
done
echo "$to"
