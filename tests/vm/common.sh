# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is read by the scripts of this folder, which source it
#
# Where things lie, and how Debian packages come here.
set -eu
export HOME="${HOME:-/root}"
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
CACHE=${KNARR_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/knarr-vm}
SUITE=trixie
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
	echo "vm: $*" >&2
	exit 125
}

# The Debian mirror that this machine's apt uses, or the one that the caller names.
mirror() {
	local m=${KNARR_VM_MIRROR:-}
	[ -n "$m" ] || m=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
		sed 's/#.*//' | grep -oE '[a-z+]+://[^] ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
	[ -n "$m" ] || die "no Debian mirror in this machine's apt sources: name one in KNARR_VM_MIRROR"
	echo "${m%/}"
}

# hash_of FILE...: a short name for what these files make.
hash_of() {
	cat "$@" | sha256sum | cut -c1-16
}

# debs RELEASE FOLDER PACKAGE...: unpacks packages of another release under a folder. apt works
# on lists and caches of its own; those of the machine stay as they are.
debs() (
	rel=$1 to=$2
	shift 2
	a=$CACHE/apt/$rel
	mkdir -p "$a"/{lists/partial,cache/archives/partial,parts,get} "$to"
	echo "deb [signed-by=$KEYRING] $(mirror) $rel main" >"$a/sources.list"
	cat >"$a/apt.conf" <<-X
		Dir::State::Lists "$a/lists";
		Dir::Cache "$a/cache";
		Dir::Etc::sourcelist "$a/sources.list";
		Dir::Etc::sourceparts "$a/parts";
		Dir::Etc::preferencesparts "$a/parts";
		Dir::State::status "/dev/null";
		APT::Sandbox::User "root";
	X
	export APT_CONFIG=$a/apt.conf
	apt-get -qq update
	rm -f "$a"/get/*.deb
	cd "$a/get"
	apt-get -q download "$@" >&2
	for d in "$a"/get/*.deb; do dpkg-deb -x "$d" "$to"; done
	rm -rf "$a"
)
